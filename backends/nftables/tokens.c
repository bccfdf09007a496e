/*
 * The tokens of nft's own text, across the files that it includes and the variables that it
 * defines. No file is opened: an include is looked for among those that were handed in.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Variables that stand for variables may double what is read with each. */
enum { EXPANSIONS_MAX = 1000000 };

/* ---- tokens -------------------------------------------------------------------------------- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_word(char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '/' || c == '-' || c == '*';
}

/* An IPv6 address that begins here ends there; the same place when there is none. */
static const char *after_ipv6(const struct nftables_parser *p, const char *from) {
    const char *c = from;
    unsigned colons = 0;
    while (c < p->source.end && (is_hex(*c) || *c == ':' || (*c == '.' && colons > 0)))
        colons += *c++ == ':';
    bool ends = c >= p->source.end || !is_letter(*c);
    return colons >= 2 && ends ? c : from;
}

static const char *after_word(const struct nftables_parser *p, const char *from) {
    const char *c = after_ipv6(p, from);
    if (c > from && c + 1 < p->source.end && *c == '-' && after_ipv6(p, c + 1) > c + 1)
        return after_ipv6(p, c + 1);
    while (c < p->source.end && is_word(*c))
        c++;
    return c;
}

/* Blanks, comments, and ends of lines that a \ joins. */
static void skip_blanks(struct nftables_parser *p) {
    while (p->source.at < p->source.end) {
        if (*p->source.at == ' ' || *p->source.at == '\t' || *p->source.at == '\r') {
            p->source.at++;
        } else if (*p->source.at == '#') {
            const char *feed = memchr(p->source.at, '\n', (size_t)(p->source.end - p->source.at));
            p->source.at = feed ? feed : p->source.end;
        } else if (*p->source.at == '\\' && p->source.at + 1 < p->source.end &&
                   p->source.at[1] == '\n') {
            p->source.at += 2;
            p->source.line++;
            p->source.line_start = p->source.at;
        } else {
            return;
        }
    }
}

static void read_string(struct nftables_parser *p, struct nftables_token *token) {
    const char *text = p->source.at + 1;
    const char *quote = memchr(text, '"', (size_t)(p->source.end - text));
    const char *feed = memchr(text, '\n', (size_t)(p->source.end - text));
    token->kind = TOKEN_STRING;
    token->text = text;
    if (!quote || (feed && feed < quote)) {
        p->token = *token;
        flowrules_input_error(p->in, p->token.at, NULL, "a quote opens here and does not end");
        token->kind = TOKEN_END;
        p->source.at = p->source.end;
        return;
    }
    token->length = (size_t)(quote - text);
    p->source.at = quote + 1;
}

static void read_symbol(struct nftables_parser *p, struct nftables_token *token) {
    static const struct {
        char text[3];
        int symbol;
    } pairs[] = {{"==", EQUAL}, {"!=", UNEQUAL}, {">=", AT_LEAST}, {"<=", AT_MOST}};
    token->kind = TOKEN_SYMBOL;
    token->symbol = (unsigned char)*p->source.at;
    token->length = 1;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (p->source.at + 1 < p->source.end && memcmp(p->source.at, pairs[i].text, 2) == 0) {
            token->symbol = pairs[i].symbol;
            token->length = 2;
        }
    }
    p->source.at += token->length;
}

/* ---- variables ----------------------------------------------------------------------------- */

/* Puts a text before what goes on. */
static void push(struct nftables_parser *p, const struct nftables_source *source) {
    if (p->depth == NFTABLES_SOURCES_MAX) {
        flowrules_input_error(p->in, p->token.at, NULL,
                              "variables and files are nested more than %d deep",
                              (int)NFTABLES_SOURCES_MAX);
        return;
    }
    p->outer[p->depth++] = p->source;
    p->source = *source;
}

static const struct nftables_definition *find_definition(const struct nftables_parser *p,
                                                         const char *name, size_t length) {
    const struct nftables_definition *d = p->source.is_variable ? p->source.known : p->known;
    while (d && (strlen(d->name) != length || memcmp(d->name, name, length) != 0))
        d = d->before;
    return d && d->text ? d : NULL;
}

/* Reads what $NAME stands for in its place. */
static void expand(struct nftables_parser *p, const struct nftables_token *token) {
    const char *name = p->source.at + 1, *c = name;
    while (c < p->source.end && (is_letter(*c) || is_digit(*c)))
        c++;
    const struct nftables_definition *d = find_definition(p, name, (size_t)(c - name));
    p->source.at = c;
    if (!d) {
        flowrules_input_error(p->in, token->at, "use the output of nft list ruleset",
                              "no line before this defines '$%.*s'",
                              (int)(c - name < 80 ? c - name : 80), name);
        return;
    }
    if (++p->expansions > EXPANSIONS_MAX) {
        flowrules_input_error(p->in, token->at, NULL, "variables are used more than %d times",
                              (int)EXPANSIONS_MAX);
        return;
    }
    if (!p->source.is_variable)
        p->variable_at = token->at;
    push(p, &(struct nftables_source){.file = p->source.file,
                                      .at = d->text,
                                      .end = d->end,
                                      .line_start = d->text,
                                      .line = 1,
                                      .is_variable = true,
                                      .known = d->before});
}

/* Reads one token of the source at hand, which has not ended. */
static void read_token(struct nftables_parser *p, struct nftables_token *token) {
    if (*p->source.at == '\n') {
        token->kind = TOKEN_NEWLINE;
        p->source.line++;
        p->source.line_start = ++p->source.at;
        return;
    }
    if (*p->source.at == '"') {
        read_string(p, token);
        return;
    }
    const char *at = p->source.at, *end = after_word(p, at);
    bool lone = end == at || (end == at + 1 && !is_letter(*at) && !is_digit(*at) && *at != '*');
    bool minus = *at == '-' && !(end > at + 1 && is_digit(at[1]));
    if (lone || minus) {
        read_symbol(p, token);
        return;
    }
    token->kind = TOKEN_WORD;
    token->length = (size_t)(end - at);
    p->source.at = end;
}

static bool begins_variable(const struct nftables_parser *p) {
    return !p->raw && *p->source.at == '$' && p->source.at + 1 < p->source.end &&
           is_letter(p->source.at[1]);
}

static struct flowrules_place place_in(const struct nftables_source *s) {
    if (!s->places)
        return (struct flowrules_place){s->file, s->line, (uint32_t)(s->at - s->line_start) + 1};
    const struct nftables_at *at = &s->places[s->at - s->text];
    return (struct flowrules_place){s->file, at->line, at->column};
}

void fr_nftables_next(struct nftables_parser *p) {
    for (;;) {
        skip_blanks(p);
        const struct nftables_source *s = &p->source;
        struct nftables_token token = {.text = s->at, .at = p->variable_at};
        if (!s->is_variable)
            token.at = place_in(s);
        bool ended = s->at >= s->end, was_variable = s->is_variable;
        if (flowrules_input_failed(p->in) || (ended && p->depth == 0)) {
            token.kind = TOKEN_END;
        } else if (ended) {
            p->source = p->outer[--p->depth];
            if (was_variable)
                continue;
            token.kind = TOKEN_NEWLINE; /* the end of an included file ends a statement */
        } else if (begins_variable(p)) {
            expand(p, &token);
            continue;
        } else {
            read_token(p, &token);
        }
        p->token = token;
        return;
    }
}

/* ---- tokens -------------------------------------------------------------------------------- */

bool fr_nftables_is(const struct nftables_parser *p, const char *word) {
    size_t length = strlen(word);
    return p->token.kind == TOKEN_WORD && p->token.length == length &&
           memcmp(p->token.text, word, length) == 0;
}

bool fr_nftables_is_symbol(const struct nftables_parser *p, int symbol) {
    return p->token.kind == TOKEN_SYMBOL && p->token.symbol == symbol;
}

bool fr_nftables_accept(struct nftables_parser *p, const char *word) {
    bool found = fr_nftables_is(p, word);
    if (found)
        fr_nftables_next(p);
    return found;
}

bool fr_nftables_accept_symbol(struct nftables_parser *p, int symbol) {
    bool found = fr_nftables_is_symbol(p, symbol);
    if (found)
        fr_nftables_next(p);
    return found;
}

/* Does a statement or rule end here? */
bool fr_nftables_at_end(const struct nftables_parser *p) {
    return p->token.kind == TOKEN_END || p->token.kind == TOKEN_NEWLINE ||
           fr_nftables_is_symbol(p, ';') || fr_nftables_is_symbol(p, '}');
}

void fr_nftables_skip_lines(struct nftables_parser *p) {
    while (p->token.kind == TOKEN_NEWLINE)
        fr_nftables_next(p);
}

void fr_nftables_unexpected(struct nftables_parser *p, const char *wanted) {
    if (flowrules_input_failed(p->in))
        return;
    if (p->token.kind == TOKEN_END)
        flowrules_input_error(p->in, p->token.at, NULL, "the file ends, but %s is expected",
                              wanted);
    else if (p->token.kind == TOKEN_NEWLINE)
        flowrules_input_error(p->in, p->token.at, NULL, "the line ends, but %s is expected",
                              wanted);
    else
        flowrules_input_error(p->in, p->token.at, NULL, "'%.*s' is here, but %s is expected",
                              (int)(p->token.length < 80 ? p->token.length : 80), p->token.text,
                              wanted);
}

bool fr_nftables_expect(struct nftables_parser *p, char symbol) {
    char wanted[] = {'\'', symbol, '\'', '\0'};
    if (fr_nftables_accept_symbol(p, symbol))
        return true;
    fr_nftables_unexpected(p, wanted);
    return false;
}

/* A word or string as a text of its own, behind which the parser goes on; NULL after an error. */
char *fr_nftables_take_name(struct nftables_parser *p, const char *wanted) {
    if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_STRING) {
        fr_nftables_unexpected(p, wanted);
        return NULL;
    }
    char *name = flowrules_input_copy(p->in, p->token.text, p->token.length);
    fr_nftables_next(p);
    return name;
}

/* Skips to where the statement ends, or a block that begins here does. */
void fr_nftables_skip_statement(struct nftables_parser *p) {
    unsigned depth = 0;
    while (p->token.kind != TOKEN_END && (depth > 0 || !fr_nftables_at_end(p))) {
        depth += fr_nftables_is_symbol(p, '{') ? 1u : 0u;
        depth -= fr_nftables_is_symbol(p, '}') ? 1u : 0u;
        fr_nftables_next(p);
    }
}

/* ---- include and define -------------------------------------------------------------------- */

enum { PATH_PART_MAX = 256 };

/* The last part of a path before its end, which goes to the front of that part. */
static bool last_part(const char *path, const char **end, char part[PATH_PART_MAX]) {
    const char *from = *end;
    while (from > path && from[-1] != '/')
        from--;
    size_t length = (size_t)(*end - from);
    if (length >= PATH_PART_MAX)
        return false;
    memcpy(part, from, length);
    part[length] = '\0';
    *end = from;
    return true;
}

/*
 * How many parts of a file's name, from its end on, are as the path of an include has them; 0: it
 * is another file. Configurations are often handed in from another folder than they belong to.
 */
static unsigned parts_in_common(const char *name, const char *path, bool *all) {
    const char *name_end = name + strlen(name), *path_end = path + strlen(path);
    for (unsigned count = 0;; count++) {
        char own[PATH_PART_MAX], asked[PATH_PART_MAX];
        *all = false;
        if (!last_part(name, &name_end, own) || !last_part(path, &path_end, asked))
            return count;
        bool upwards = strcmp(asked, ".") == 0 || strcmp(asked, "..") == 0;
        if (!upwards && fnmatch(asked, own, FNM_PERIOD) != 0)
            return count;
        *all = true;
        if (upwards || name_end == name || path_end == path)
            return count + !upwards;
        name_end--;
        path_end--;
    }
}

/* The path of an include whose word begins at a place of a text; false where that is none. */
static bool path_at(const char *text, const char *at, char path[1024]) {
    const char *before = at, *quote = at + strlen("include");
    while (before > text && (before[-1] == ' ' || before[-1] == '\t'))
        before--;
    if (before > text && before[-1] != '\n' && before[-1] != ';')
        return false;
    quote += strspn(quote, " \t");
    size_t length = *quote == '"' ? strcspn(quote + 1, "\"\n") : 0;
    if (length == 0 || length >= 1024)
        return false;
    memcpy(path, quote + 1, length);
    path[length] = '\0';
    return true;
}

bool fr_nftables_is_included(const flowrules_input *in, size_t file) {
    char path[1024];
    bool all;
    for (size_t i = 0; i < flowrules_input_file_count(in); i++) {
        size_t size;
        const char *text = flowrules_input_text(in, i, &size);
        for (const char *at = text; i != file && (at = strstr(at, "include")) != NULL; at++)
            if (path_at(text, at, path) &&
                parts_in_common(flowrules_input_file_name(in, file), path, &all) > 0)
                return true;
    }
    return false;
}

struct named_file {
    const char *name;
    size_t file;
    bool all; /* nothing in its name speaks against it */
};

static int compare_names(const void *a, const void *b) {
    const struct named_file *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* The files that fit an include best, in the order in which nft reads them. */
static struct named_file *find_files(struct nftables_parser *p, const char *path, size_t *count) {
    size_t files = flowrules_input_file_count(p->in);
    struct named_file *found = flowrules_input_alloc(p->in, files * sizeof *found);
    unsigned best = 1;
    *count = 0;
    for (size_t i = 0; found && i < files; i++) {
        struct named_file file = {.name = flowrules_input_file_name(p->in, i), .file = i};
        unsigned parts = i == p->source.file ? 0 : parts_in_common(file.name, path, &file.all);
        if (parts > best)
            *count = 0;
        if (parts < best)
            continue;
        best = parts;
        found[(*count)++] = file;
    }
    if (found)
        qsort(found, *count, sizeof *found, compare_names);
    return found;
}

static bool is_wildcard(const char *path) {
    return strpbrk(path, "*?[") != NULL;
}

/* A wildcard need not match any file; whether it does cannot be determined here. */
static void include_nothing(struct nftables_parser *p, struct flowrules_place at,
                            const char *path) {
    if (!is_wildcard(path)) {
        flowrules_input_error(p->in, at,
                              "give this file too, or use the output of nft list ruleset",
                              "'%.200s' is included, but is not one of the given files", path);
        return;
    }
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++)
        flowrules_input_doubt(
            p->in, at, d,
            "it is not known what passes: '%.200s' is included, but no given file matches", path);
}

static void include_file(struct nftables_parser *p, struct flowrules_place at,
                         const struct named_file *file) {
    size_t size;
    const char *text = flowrules_input_text(p->in, file->file, &size);
    if (!file->all)
        flowrules_input_note(p->in, at, "'%.200s' is read as the included file", file->name);
    for (unsigned i = 0; i < p->depth; i++) {
        if (p->outer[i].file != file->file || p->outer[i].is_variable)
            continue;
        flowrules_input_error(p->in, at, NULL, "'%.200s' includes itself", file->name);
        return;
    }
    push(p, &(struct nftables_source){
                .file = file->file, .at = text, .end = text + size, .line_start = text, .line = 1});
}

/* "/etc/nftables.d/web.nft", or a pattern of such paths */
static void take_include(struct nftables_parser *p) {
    struct flowrules_place at = p->token.at;
    const char *path = p->token.kind == TOKEN_STRING
                           ? flowrules_input_copy(p->in, p->token.text, p->token.length)
                           : NULL;
    size_t count = 0;
    if (!path) {
        fr_nftables_unexpected(p, "the name of a file in quotes");
        return;
    }
    struct named_file *files = find_files(p, path, &count);
    if (files && count == 0)
        include_nothing(p, at, path);
    if (count > 1 && !is_wildcard(path))
        flowrules_input_error(p->in, at, NULL, "'%.200s' may be '%.100s' or '%.100s'", path,
                              files[0].name, files[1].name);
    for (size_t i = count; i-- > 0 && !flowrules_input_failed(p->in);)
        include_file(p, at, &files[i]);
    fr_nftables_next(p);
}

/* NAME = value: all up to the end of the statement, as it is written. */
static void take_definition(struct nftables_parser *p) {
    char *name = fr_nftables_take_name(p, "the name of a variable");
    struct nftables_definition *d = flowrules_input_alloc(p->in, sizeof *d);
    unsigned braces = 0;
    p->raw = true;
    if (name && d && fr_nftables_expect(p, '=')) {
        *d = (struct nftables_definition){.name = name, .before = p->known};
        d->text = d->end = p->token.kind == TOKEN_STRING ? p->token.text - 1 : p->token.text;
        while (p->token.kind != TOKEN_END && (braces > 0 || !fr_nftables_at_end(p))) {
            braces += fr_nftables_is_symbol(p, '{') ? 1u : 0u;
            braces -= fr_nftables_is_symbol(p, '}') ? 1u : 0u;
            d->end = p->source.at;
            fr_nftables_next(p);
        }
        p->known = d;
    }
    p->raw = false;
}

static void take_undefine(struct nftables_parser *p) {
    char *name = fr_nftables_take_name(p, "the name of a variable");
    struct nftables_definition *d = flowrules_input_alloc(p->in, sizeof *d);
    if (!name || !d)
        return;
    *d = (struct nftables_definition){.name = name, .before = p->known};
    p->known = d;
}

void fr_nftables_skip_separators(struct nftables_parser *p) {
    while (!flowrules_input_failed(p->in)) {
        if (p->token.kind == TOKEN_NEWLINE || fr_nftables_is_symbol(p, ';'))
            fr_nftables_next(p);
        else if (fr_nftables_accept(p, "include"))
            take_include(p);
        else if (fr_nftables_accept(p, "define") || fr_nftables_accept(p, "redefine"))
            take_definition(p);
        else if (fr_nftables_accept(p, "undefine"))
            take_undefine(p);
        else
            return;
    }
}
