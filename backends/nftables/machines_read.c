/*
 * Reads the files that put rulesets onto machines: Butane, Ignition, MachineConfig, the modules of
 * NixOS and the tasks of Ansible that machines.c writes. Of the first three, what others wrote is
 * read too. A ruleset counts if a unit that is enabled loads it.
 */
#include <stdlib.h>
#include <string.h>

#include "machines.h"
#include "text.h"

static void doubt_all(flowrules_input *in, struct flowrules_place at, const char *why,
                      const char *name) {
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++)
        flowrules_input_doubt(in, at, d, "it is not known what passes: %s '%.200s'", why, name);
}

/* ---- a text within a file ------------------------------------------------------------------ */

/* A text, and where each byte and its end stand in the file. */
struct inner {
    char *text;
    size_t size;
    struct nftables_at *places;
};

static bool make_inner(flowrules_input *in, size_t size, struct inner *inner) {
    inner->text = flowrules_input_alloc(in, size + 1);
    inner->places = flowrules_input_alloc(in, (size + 1) * sizeof *inner->places);
    inner->size = 0;
    return inner->text && inner->places;
}

static void add_byte(struct inner *inner, char byte, struct nftables_at at) {
    inner->text[inner->size] = byte;
    inner->places[inner->size++] = at;
}

static void read_inner(struct netfilter *nf, size_t file, const struct inner *inner,
                       struct nftables_at end) {
    inner->places[inner->size] = end;
    fr_nftables_read_source(nf, &(struct nftables_source){.file = file,
                                                          .text = inner->text,
                                                          .places = inner->places,
                                                          .at = inner->text,
                                                          .end = inner->text + inner->size,
                                                          .line_start = inner->text,
                                                          .line = 1});
}

/* A place of a file as it is written. */
struct cursor {
    const char *at, *end;
    struct nftables_at place;
};

static void step(struct cursor *c) {
    if (*c->at++ == '\n')
        c->place = (struct nftables_at){c->place.line + 1, 1};
    else
        c->place.column++;
}

static struct cursor cursor_at(flowrules_input *in, struct flowrules_place at) {
    size_t size;
    const char *text = flowrules_input_text(in, at.file, &size);
    struct cursor c = {text, text + size, {1, 1}};
    while (c.at < c.end &&
           (c.place.line < at.line || (c.place.line == at.line && c.place.column < at.column)))
        step(&c);
    return c;
}

/* The blanks that the lines of a block begin with. */
static unsigned block_indent(struct cursor *c) {
    unsigned indent = 0;
    while (c->at < c->end && *c->at != '\n')
        step(c);
    if (c->at < c->end)
        step(c);
    for (const char *at = c->at; at < c->end && (*at == ' ' || *at == '\n'); at++)
        indent = *at == '\n' ? 0 : indent + 1;
    return indent;
}

/* What a scalar of YAML may have that its text does not: how lines are joined, a CR. */
static bool is_between(char c, bool block) {
    return c == '\r' || (!block && (c == '\\' || c == '\n' || c == ' '));
}

/*
 * Where the bytes of a scalar stand: from the first on that is written in another way (an escape,
 * say), all stand where the scalar does.
 */
static void place_scalar(flowrules_input *in, const flowrules_node *node, struct inner *inner) {
    const char *text = flowrules_node_text(node);
    struct cursor c = cursor_at(in, flowrules_node_place(node));
    const struct nftables_at start = c.place;
    bool block = c.at < c.end && *c.at == '|', begins = true, follows = true;
    unsigned indent = block ? block_indent(&c) : 0;
    if (c.at < c.end && (*c.at == '"' || *c.at == '\''))
        step(&c);
    for (const char *at = text; *at; at++) {
        for (unsigned i = 0; follows && begins && i < indent && c.at < c.end && *c.at == ' '; i++)
            step(&c);
        while (follows && c.at < c.end && *c.at != *at && is_between(*c.at, block))
            step(&c);
        follows = follows && c.at < c.end && *c.at == *at;
        add_byte(inner, *at, follows ? c.place : start);
        if (follows)
            step(&c);
        begins = *at == '\n';
    }
}

/* ---- URLs with the data themselves (RFC 2397) ---------------------------------------------- */

static int hex_value(char c) {
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return found ? (int)(found - digits) : -1;
}

static int base64_value(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Both overwrite the text with what it stands for, from a byte on; false where it is none. */
static bool decode_percent(struct inner *inner, size_t from) {
    size_t size = inner->size;
    inner->size = 0;
    for (size_t i = from; i < size; i++) {
        const struct nftables_at place = inner->places[i];
        if (inner->text[i] != '%') {
            add_byte(inner, inner->text[i], place);
            continue;
        }
        int high = i + 1 < size ? hex_value(inner->text[i + 1]) : -1;
        int low = i + 2 < size ? hex_value(inner->text[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        add_byte(inner, (char)(high * 16 + low), place);
        i += 2;
    }
    return true;
}

static bool decode_base64(struct inner *inner, size_t from) {
    size_t size = inner->size;
    unsigned bits = 0, count = 0;
    inner->size = 0;
    while (size > from && inner->text[size - 1] == '=')
        size--;
    for (size_t i = from; i < size; i++) {
        int value = base64_value(inner->text[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (unsigned)value) & 0xffffu;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        add_byte(inner, (char)(bits >> count & 0xffu), inner->places[i]);
    }
    return true;
}

static bool decode_url(struct inner *inner) {
    const char *comma = strchr(inner->text, ',');
    if (strncmp(inner->text, "data:", 5) != 0 || !comma)
        return false;
    size_t from = (size_t)(comma - inner->text) + 1;
    bool base64 = comma - inner->text >= 7 && memcmp(comma - 7, ";base64", 7) == 0;
    bool good = base64 ? decode_base64(inner, from) : decode_percent(inner, from);
    return good && !memchr(inner->text, '\0', inner->size);
}

/* ---- files and units of Ignition ----------------------------------------------------------- */

/* What a machine gets: the storage and systemd of a configuration. */
struct machine {
    struct netfilter *nf;
    const flowrules_node *files, *units;
    size_t loaded; /* rulesets so far */
};

static const char *text_of(const flowrules_node *node, const char *key) {
    const char *text = flowrules_node_text(flowrules_node_get(node, key));
    return text ? text : "";
}

static void read_contents(struct machine *m, const flowrules_node *file) {
    flowrules_input *in = m->nf->in;
    const flowrules_node *contents = flowrules_node_get(file, "contents");
    const flowrules_node *source = flowrules_node_get(contents, "source");
    const flowrules_node *text = flowrules_node_get(contents, "inline");
    const flowrules_node *node = flowrules_node_text(text) ? text : source;
    struct flowrules_place at = flowrules_node_place(node ? node : file);
    const char *packed = text_of(contents, "compression");
    struct inner inner;
    if (*packed) {
        flowrules_input_error(in, at, "use the output of nft list ruleset",
                              "the contents of '%.200s' are compressed (%.20s)",
                              text_of(file, "path"), packed);
        return;
    }
    if (!flowrules_node_text(node)) {
        flowrules_input_error(in, at, "use the output of nft list ruleset",
                              "the contents of '%.200s' are not in this file",
                              text_of(file, "path"));
        return;
    }
    if (!make_inner(in, strlen(flowrules_node_text(node)), &inner))
        return;
    place_scalar(in, node, &inner);
    if (node == source && !decode_url(&inner)) {
        flowrules_input_error(in, at, "use the output of nft list ruleset",
                              "the contents of '%.200s' are not a URL with data in it, data:...",
                              text_of(file, "path"));
        return;
    }
    read_inner(m->nf, at.file, &inner,
               inner.size > 0 ? inner.places[inner.size - 1]
                              : (struct nftables_at){at.line, at.column});
    m->loaded++;
}

/* The kinds of names that the input keeps: paths of files, and of those that were read. */
enum { FILE_PATHS = 8, READ_PATHS };

static void define_files(struct machine *m) {
    for (const flowrules_node *file = flowrules_node_first(m->files); file;
         file = flowrules_node_next(file))
        if (!flowrules_input_define(m->nf->in, FILE_PATHS, text_of(file, "path"), (void *)file))
            doubt_all(m->nf->in, flowrules_node_place(file), "there is another file",
                      text_of(file, "path"));
}

static bool is_enabled(const flowrules_node *unit) {
    return strcmp(text_of(unit, "enabled"), "true") == 0 &&
           strcmp(text_of(unit, "mask"), "true") != 0;
}

static void load(struct machine *m, const flowrules_node *unit, const char *path) {
    flowrules_input *in = m->nf->in;
    const flowrules_node *file = flowrules_input_lookup(in, FILE_PATHS, path);
    const char *name = text_of(unit, "name");
    if (!file)
        doubt_all(in, flowrules_node_place(unit), "a ruleset that is not in this file is loaded by",
                  name);
    else if (!is_enabled(unit))
        flowrules_input_note(in, flowrules_node_place(unit),
                             "the unit '%.200s' is not enabled: what it loads is left out", name);
    else if (!flowrules_input_define(in, READ_PATHS, path, (void *)file))
        doubt_all(in, flowrules_node_place(unit), "a ruleset is loaded once more by", name);
    else
        read_contents(m, file);
}

/* The path behind -f in the line of a unit that starts nft; NULL where there is none. */
static const char *path_in(const char *line, size_t size, size_t *length) {
    static const char *const options[] = {" -f ", " --file "};
    for (size_t i = 0; i < size; i++)
        for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
            size_t own = strlen(options[k]);
            if (size - i < own || memcmp(line + i, options[k], own) != 0)
                continue;
            const char *path = line + i + own;
            *length = 0;
            while (path + *length < line + size && !strchr(" \t\r;'\"", path[*length]))
                ++*length;
            return *length > 0 ? path : NULL;
        }
    return NULL;
}

static bool has_word(const char *line, size_t size, const char *word) {
    size_t length = strlen(word);
    for (size_t i = 0; i + length <= size; i++)
        if (memcmp(line + i, word, length) == 0)
            return true;
    return false;
}

static bool starts_nft(const char *line, size_t size) {
    return size > 9 && memcmp(line, "ExecStart", 9) == 0 && !has_word(line, size, " -c ") &&
           (has_word(line, size, "nft ") || has_word(line, size, "iptables"));
}

static void read_unit(struct machine *m, const flowrules_node *unit) {
    const char *text = text_of(unit, "contents");
    if (!*text && strcmp(text_of(unit, "name"), "nftables.service") == 0 && is_enabled(unit))
        load(m, unit, "/etc/sysconfig/nftables.conf");
    while (*text && !flowrules_input_failed(m->nf->in)) {
        size_t size = strcspn(text, "\n"), length = 0;
        const char *path = starts_nft(text, size) ? path_in(text, size, &length) : NULL;
        const char *copy = path ? flowrules_input_copy(m->nf->in, path, length) : NULL;
        if (copy)
            load(m, unit, copy);
        else if (starts_nft(text, size) && is_enabled(unit))
            doubt_all(m->nf->in, flowrules_node_place(unit), "rules are changed by the unit",
                      text_of(unit, "name"));
        text += size + (text[size] == '\n');
    }
}

static void read_config(struct machine *m, const flowrules_node *config) {
    m->files = flowrules_node_get(flowrules_node_get(config, "storage"), "files");
    m->units = flowrules_node_get(flowrules_node_get(config, "systemd"), "units");
    define_files(m);
    for (const flowrules_node *unit = flowrules_node_first(m->units);
         unit && !flowrules_input_failed(m->nf->in); unit = flowrules_node_next(unit))
        read_unit(m, unit);
}

/* A document: a configuration, a MachineConfig, or a list of these. */
static void read_document(struct machine *m, const flowrules_node *document) {
    const flowrules_node *items = flowrules_node_get(document, "items");
    const flowrules_node *within =
        flowrules_node_get(flowrules_node_get(document, "spec"), "config");
    read_config(m, within ? within : document);
    for (const flowrules_node *item = flowrules_node_first(items); item;
         item = flowrules_node_next(item))
        read_config(m, flowrules_node_get(flowrules_node_get(item, "spec"), "config"));
}

static void read_documents(struct netfilter *nf, size_t file) {
    struct machine m = {.nf = nf};
    const flowrules_node *documents = flowrules_input_documents(nf->in, file);
    for (const flowrules_node *d = flowrules_node_first(documents); d; d = flowrules_node_next(d))
        read_document(&m, d);
    if (documents && m.loaded == 0 && !flowrules_input_failed(nf->in))
        flowrules_input_error(nf->in, (struct flowrules_place){file, 0, 0},
                              "a unit that is enabled has to start nft -f with a file of it",
                              "no unit of this file loads a ruleset");
}

/* ---- what is read only as it was written ---------------------------------------------------- */

/* What a template has for a target in place of a piece; nothing for the ruleset. */
static const char *text_of_piece(const struct flowrules_piece *piece, const char *target,
                                 const char *unit) {
    if (piece->text || piece->when) /* what depends on something is in comments */
        return piece->when ? "" : piece->text;
    return strcmp(piece->field, "TARGET") == 0 ? target
           : strcmp(piece->field, "UNIT") == 0 ? unit
                                               : "";
}

static const char *expand(flowrules_input *in, const struct flowrules_piece *pieces,
                          const char *target, const char *unit) {
    size_t size = 1;
    for (const struct flowrules_piece *p = pieces; p->field || p->text; p++)
        size += strlen(text_of_piece(p, target, unit));
    char *text = flowrules_input_alloc(in, size), *end = text;
    for (const struct flowrules_piece *p = pieces; text && (p->field || p->text); p++) {
        size_t length = strlen(text_of_piece(p, target, unit));
        memcpy(end, text_of_piece(p, target, unit), length);
        end += length;
    }
    return text; /* it is zeroed, and so ends */
}

/* Takes the blanks in front of a line; false where nothing is left, or a comment. */
static bool trim(const char **line, size_t *length) {
    while (*length > 0 && **line == ' ') {
        ++*line;
        --*length;
    }
    return *length > 0 && **line != '#';
}

/* The next line of a text that counts; false at its end. */
static bool next_line(const char **text, const char **line, size_t *length) {
    while (**text) {
        *line = *text;
        *length = strcspn(*text, "\n");
        *text += *length + ((*text)[*length] == '\n');
        if (trim(line, length))
            return true;
    }
    return false;
}

/* The target that a file is for: behind the sign, up to .nft; "" where it is not to be found. */
static const char *target_in(flowrules_input *in, size_t file, const char *sign) {
    static const char inner[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t size;
    const char *found = strstr(flowrules_input_text(in, file, &size), sign);
    const char *target = found ? found + strlen(sign) : "";
    size_t length = strspn(target, inner);
    bool good = length > 4 && memcmp(target + length - 4, ".nft", 4) == 0;
    return good ? flowrules_input_copy(in, target, length - 4) : "";
}

/*
 * Doubts the first line that is not the template's, with the lines from first to last left out, and
 * what the file does not have of it. Comments and empty lines do not count.
 */
static void check_written(flowrules_input *in, size_t file, const struct flowrules_piece *pieces,
                          const char *target, uint32_t first, uint32_t last) {
    const char *unit = target ? expand(in, fr_nftables_unit, target, "") : NULL;
    const char *text = unit ? expand(in, pieces, target, unit) : NULL, *known;
    struct flowrules_line line = {.file = file};
    size_t known_length;
    while (text && flowrules_input_line(in, &line)) {
        const char *own = line.text;
        size_t length = line.length;
        if ((line.number >= first && line.number <= last) || !trim(&own, &length))
            continue;
        if (next_line(&text, &known, &known_length) && length == known_length &&
            memcmp(own, known, length) == 0)
            continue;
        doubt_all(in, (struct flowrules_place){file, line.number, 1},
                  "flowrules did not write this line of", flowrules_input_file_name(in, file));
        return;
    }
    if (text && next_line(&text, &known, &known_length))
        doubt_all(in, (struct flowrules_place){file, line.number, 1},
                  "lines are missing at the end of", flowrules_input_file_name(in, file));
}

static void check_tasks(flowrules_input *in, size_t file) {
    check_written(in, file, fr_nftables_tasks, target_in(in, file, "dest: /etc/flowrules/"), 0, 0);
    for (size_t i = 0; i < flowrules_input_file_count(in); i++) {
        size_t size;
        if (i != file && strstr(flowrules_input_text(in, i, &size), "table inet "))
            return;
    }
    flowrules_input_error(in, (struct flowrules_place){file, 0, 0}, "also give the .nft file",
                          "the ruleset that these tasks copy is missing");
}

/* ---- Nix ------------------------------------------------------------------------------------ */

/* Takes '' and what it says of what follows; false at the end of the string. */
static bool take_nix_escape(struct cursor *c, struct inner *inner) {
    struct nftables_at at = c->place;
    char next = c->end - c->at > 2 ? c->at[2] : '\0';
    if (next != '\\' && next != '\'' && next != '$')
        return false;
    for (int i = 0; i < 3; i++)
        step(c);
    if (next == '\'') {
        add_byte(inner, '\'', at);
        add_byte(inner, '\'', at);
    } else if (next == '$') {
        add_byte(inner, '$', at);
    } else if (c->at < c->end) {
        add_byte(inner, *c->at, at);
        step(c);
    }
    return true;
}

/* The text up to the two ' that end it; false where it does not end, or has an expression. */
static bool take_nix_text(struct cursor *c, struct inner *inner) {
    while (c->at < c->end) {
        bool two = c->end - c->at > 1 && c->at[0] == '\'' && c->at[1] == '\'';
        if (two && !take_nix_escape(c, inner))
            return true;
        if (two)
            continue;
        if (c->end - c->at > 1 && c->at[0] == '$' && c->at[1] == '{')
            return false;
        add_byte(inner, *c->at, c->place);
        step(c);
    }
    return false;
}

static void read_nixos(struct netfilter *nf, size_t file) {
    static const char opens[] = ".text = ''\n";
    size_t size;
    const char *text = flowrules_input_text(nf->in, file, &size), *open = strstr(text, opens);
    struct cursor c = cursor_at(nf->in, (struct flowrules_place){file, 1, 1});
    struct inner inner;
    while (open && c.at < open + sizeof opens - 1)
        step(&c);
    uint32_t first = c.place.line;
    if (!make_inner(nf->in, size, &inner))
        return;
    if (!open || !take_nix_text(&c, &inner)) {
        flowrules_input_error(nf->in, (struct flowrules_place){file, c.place.line, c.place.column},
                              "use the output of nft list ruleset",
                              "only a module of NixOS that flowrules wrote is read");
        return;
    }
    check_written(nf->in, file, fr_nftables_module,
                  target_in(nf->in, file, "environment.etc.\"flowrules/"), first, c.place.line - 1);
    read_inner(nf, file, &inner, c.place);
}

/* ---- which ---------------------------------------------------------------------------------- */

enum kind { NO_MACHINE, DOCUMENTS, NIXOS, TASKS };

static enum kind kind_of_line(const char *text, size_t length) {
    static const struct {
        const char *sign;
        bool whole;
        enum kind kind;
    } signs[] = {{"variant: ", false, DOCUMENTS},
                 {"kind: MachineConfig", true, DOCUMENTS},
                 {"environment.etc.\"flowrules/", false, NIXOS},
                 {"ansible.builtin.", false, TASKS}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t own = strlen(signs[i].sign);
        if (length >= own && memcmp(text, signs[i].sign, own) == 0 &&
            (!signs[i].whole || length == own))
            return signs[i].kind;
    }
    return NO_MACHINE;
}

static enum kind kind_of(flowrules_input *in, size_t file) {
    struct flowrules_line line = {.file = file};
    size_t size;
    const char *text = flowrules_input_text(in, file, &size);
    if (text[strspn(text, " \t\r\n")] == '{')
        return !strstr(text, "\"nftables\":") && strstr(text, "\"ignition\":") ? DOCUMENTS
                                                                               : NO_MACHINE;
    for (unsigned i = 0; i < 100 && flowrules_input_line(in, &line); i++) {
        size_t blanks = strspn(line.text, " ");
        enum kind kind = blanks < line.length
                             ? kind_of_line(line.text + blanks, line.length - blanks)
                             : NO_MACHINE;
        if (kind != NO_MACHINE)
            return kind;
    }
    return NO_MACHINE;
}

bool fr_nftables_is_machine(flowrules_input *in, size_t file) {
    return kind_of(in, file) != NO_MACHINE;
}

void fr_nftables_read_machine(struct netfilter *nf, size_t file) {
    enum kind kind = kind_of(nf->in, file);
    if (kind == DOCUMENTS)
        read_documents(nf, file);
    else if (kind == NIXOS)
        read_nixos(nf, file);
    else
        check_tasks(nf->in, file);
}
