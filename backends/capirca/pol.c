/*
 * Reads the text of a policy, "term NAME { keyword:: words }", and of what it includes.
 */
#include <string.h>

#include "read.h"

/* A file that is read; the one that includes it goes on behind it. */
struct frame {
    const char *at, *end, *line_start;
    size_t file;
    uint32_t line;
};

enum kind { WORD, KEY, OPEN, CLOSE, END };

struct token {
    enum kind kind;
    const char *text;
    struct flowrules_place at;
};

struct parser {
    struct fr_capirca *r;
    struct frame frames[FR_CAPIRCA_DEPTH_MAX + 1];
    unsigned depth;
    struct token token;
};

static bool open_file(struct parser *p, size_t file) {
    size_t size;
    const char *text = flowrules_input_text(p->r->in, file, &size);
    p->frames[p->depth] = (struct frame){text, text + size, text, file, 1};
    return text != NULL;
}

static struct flowrules_place place(const struct frame *f) {
    return (struct flowrules_place){f->file, f->line, (uint32_t)(f->at - f->line_start) + 1};
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static void step(struct frame *f) {
    if (*f->at++ == '\n') {
        f->line++;
        f->line_start = f->at;
    }
}

/* Nothing but blanks is before it in its line. */
static bool begins_line(const struct frame *f) {
    for (const char *c = f->line_start; c < f->at; c++)
        if (!is_blank(*c))
            return false;
    return true;
}

/* "#include 'path'", else a comment: goes behind the line. */
static void skip_comment(struct parser *p) {
    struct frame *f = &p->frames[p->depth];
    struct flowrules_place at = place(f);
    static const char word[] = "#include";
    bool includes = begins_line(f) && (size_t)(f->end - f->at) > sizeof word - 1 &&
                    strncmp(f->at, word, sizeof word - 1) == 0 &&
                    (f->at[sizeof word - 1] == ' ' || f->at[sizeof word - 1] == '\t');
    const char *from = f->at + (includes ? sizeof word : 0);
    while (f->at < f->end && *f->at != '\n')
        f->at++;
    if (!includes)
        return;
    while (from < f->at && (is_blank(*from) || *from == '\'' || *from == '"'))
        from++;
    const char *to = from;
    while (to < f->at && !is_blank(*to) && *to != '\'' && *to != '"')
        to++;
    const char *path = flowrules_input_copy(p->r->in, from, (size_t)(to - from));
    size_t file = path == NULL ? SIZE_MAX : fr_capirca_include(p->r, path, at, p->depth);
    if (file == SIZE_MAX)
        return;
    p->depth++;
    if (!open_file(p, file))
        p->depth--;
}

/* Goes to the next token; false at the end of all files. */
static bool skip_blanks(struct parser *p) {
    while (!flowrules_input_failed(p->r->in)) {
        struct frame *f = &p->frames[p->depth];
        if (f->at >= f->end) {
            if (p->depth == 0)
                return false;
            p->depth--;
        } else if (*f->at == '#') {
            skip_comment(p);
        } else if (is_blank(*f->at)) {
            step(f);
        } else {
            return true;
        }
    }
    return false;
}

static void read_quoted(struct parser *p, struct frame *f) {
    const char *from = ++f->at;
    while (f->at < f->end && *f->at != '"') {
        if (*f->at == '\\' && f->at + 1 < f->end && f->at[1] == '"')
            f->at++;
        step(f);
    }
    p->token.text = flowrules_input_copy(p->r->in, from, (size_t)(f->at - from));
    if (f->at >= f->end)
        flowrules_input_error(p->r->in, p->token.at, "end the text with a quote",
                              "a quote opens here and does not end");
    else
        f->at++;
}

/* How long a keyword with its "::" is; 0: it is a word, an address say. */
static size_t key_length(const struct frame *f, size_t *name) {
    const char *c = f->at;
    bool hex = true;
    while (c < f->end && ((*c >= 'a' && *c <= 'z') || *c == '-' || *c == '_')) {
        hex = hex && *c >= 'a' && *c <= 'f';
        c++;
    }
    *name = (size_t)(c - f->at);
    while (c < f->end && (*c == ' ' || *c == '\t'))
        c++;
    return *name > 0 && !hex && f->end - c >= 2 && c[0] == ':' && c[1] == ':'
               ? (size_t)(c - f->at) + 2
               : 0;
}

static void read_word(struct parser *p, struct frame *f) {
    size_t name, length = key_length(f, &name);
    p->token.kind = length > 0 ? KEY : WORD;
    if (length == 0) {
        while (f->at + length < f->end && !is_blank(f->at[length]) &&
               strchr("{}\"#", f->at[length]) == NULL)
            length++;
        name = length;
    }
    p->token.text = flowrules_input_copy(p->r->in, f->at, name);
    f->at += length;
}

static void advance(struct parser *p) {
    p->token = (struct token){.kind = END, .text = "", .at = place(&p->frames[p->depth])};
    if (!skip_blanks(p))
        return;
    struct frame *f = &p->frames[p->depth];
    p->token.at = place(f);
    if (*f->at == '{' || *f->at == '}') {
        p->token.kind = *f->at == '{' ? OPEN : CLOSE;
        p->token.text = *f->at == '{' ? "{" : "}";
        f->at++;
    } else if (*f->at == '"') {
        p->token.kind = WORD;
        read_quoted(p, f);
    } else {
        read_word(p, f);
    }
    if (p->token.text == NULL)
        p->token.kind = END;
}

/* The fields between braces. */
static void read_fields(struct parser *p, struct fr_capirca_block *block, bool header) {
    struct flowrules_place at = block->at;
    struct fr_capirca_field *field = NULL;
    if (p->token.kind != OPEN) {
        flowrules_input_error(p->r->in, p->token.at, NULL, "'{' is missing before '%.60s'",
                              p->token.text);
        return;
    }
    for (advance(p); p->token.kind != CLOSE && !flowrules_input_failed(p->r->in); advance(p)) {
        if (p->token.kind == KEY) {
            const struct fr_capirca_keyword *keyword =
                fr_capirca_keyword(p->r, p->token.text, p->token.at, header);
            field =
                keyword == NULL ? NULL : fr_capirca_add_field(p->r, block, keyword, p->token.at);
        } else if (p->token.kind == WORD && field != NULL) {
            fr_capirca_add_word(p->r, field, p->token.text, p->token.at);
        } else if (p->token.kind == END) {
            flowrules_input_error(p->r->in, at, "a '}' is missing", "this does not end");
        } else {
            flowrules_input_error(p->r->in, p->token.at, "a keyword is followed by '::'",
                                  "a keyword is expected, not '%.60s'", p->token.text);
        }
    }
    advance(p);
}

static void read_block(struct parser *p) {
    struct flowrules_place at = p->token.at;
    bool header = strcmp(p->token.text, "header") == 0;
    if (p->token.kind != WORD || (!header && strcmp(p->token.text, "term") != 0)) {
        flowrules_input_error(p->r->in, at, NULL, "'header' or 'term' is expected, not '%.60s'",
                              p->token.text);
        return;
    }
    advance(p);
    const char *name = p->token.text;
    if (!header && p->token.kind != WORD) {
        flowrules_input_error(p->r->in, p->token.at, NULL, "the name of the term is missing");
        return;
    }
    if (!header)
        advance(p);
    struct fr_capirca_filter *filter = header ? fr_capirca_add_filter(p->r, at) : NULL;
    struct fr_capirca_block *block =
        header ? filter == NULL ? NULL : &filter->header : fr_capirca_add_term(p->r, name, at);
    if (block != NULL)
        read_fields(p, block, header);
    if (block != NULL && !header)
        fr_capirca_check_term(p->r, block);
}

void fr_capirca_read_pol(struct fr_capirca *r, size_t file) {
    struct parser p = {.r = r};
    size_t before = r->count;
    if (!open_file(&p, file))
        return;
    advance(&p);
    while (p.token.kind != END && !flowrules_input_failed(r->in)) {
        if (r->count == before && strcmp(p.token.text, "term") == 0) {
            flowrules_input_error(r->in, p.token.at, "begin the file with a header and its targets",
                                  "there is no header before this term");
            return;
        }
        read_block(&p);
    }
}
