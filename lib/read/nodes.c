/*
 * Reads documents as trees with places: YAML and JSON (a subset of it) with yaml.h; XML has xml.c.
 * Knows no document's meaning.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nodes.h"
#include "yaml.h"

/* ---- looking ------------------------------------------------------------------------------- */

enum flowrules_node_kind flowrules_node_kind(const flowrules_node *node) {
    return node == NULL ? FLOWRULES_NODE_NULL : node->kind;
}

struct flowrules_place flowrules_node_place(const flowrules_node *node) {
    return node == NULL ? (struct flowrules_place){0, 0, 0} : node->at;
}

const flowrules_node *flowrules_node_get(const flowrules_node *node, const char *key) {
    if (node == NULL || node->kind != FLOWRULES_NODE_MAP)
        return NULL;
    for (const flowrules_node *n = node->first; n != NULL; n = n->next)
        if (n->key != NULL && strcmp(n->key, key) == 0)
            return n;
    return NULL;
}

const flowrules_node *flowrules_node_first(const flowrules_node *node) {
    return node == NULL ? NULL : node->first;
}

const flowrules_node *flowrules_node_next(const flowrules_node *node) {
    return node == NULL ? NULL : node->next;
}

size_t flowrules_node_count(const flowrules_node *node) {
    return node == NULL ? 0 : node->count;
}

const char *flowrules_node_key(const flowrules_node *node) {
    return node == NULL ? NULL : node->key;
}

const char *flowrules_node_text(const flowrules_node *node) {
    return node == NULL ? NULL : node->text;
}

bool flowrules_node_quoted(const flowrules_node *node) {
    return node != NULL && node->quoted;
}

const char *flowrules_node_attribute(const flowrules_node *node, const char *name) {
    for (const struct fr_attribute *a = node == NULL ? NULL : node->attributes; a != NULL;
         a = a->next)
        if (strcmp(a->name, name) == 0)
            return a->value;
    return NULL;
}

bool flowrules_node_number(const flowrules_node *node, long long low, long long high,
                           long long *number) {
    const char *text = flowrules_node_text(node);
    char *end;
    if (text == NULL || !((text[0] >= '0' && text[0] <= '9') || text[0] == '-') ||
        strlen(text) > 18)
        return false;
    *number = strtoll(text, &end, 10);
    return *end == '\0' && end != text && *number >= low && *number <= high;
}

/* ---- building ------------------------------------------------------------------------------ */

flowrules_node *fr_node_new(flowrules_input *in, enum flowrules_node_kind kind,
                            struct flowrules_place at) {
    flowrules_node *node = flowrules_input_alloc(in, sizeof *node);
    if (node != NULL) {
        node->kind = kind;
        node->at = at;
    }
    return node;
}

void fr_node_append(flowrules_node *parent, flowrules_node *child) {
    if (parent->last == NULL)
        parent->first = child;
    else
        parent->last->next = child;
    parent->last = child;
    parent->count++;
}

/* ---- YAML and JSON ------------------------------------------------------------------------- */

struct reading {
    flowrules_input *in;
    struct fr_yaml *yaml;
    size_t file;
    struct fr_strings keys; /* the number of a mapping and a key of it */
    uint32_t mappings;      /* that have begun */
};

static flowrules_status read_value(struct reading *r, const struct fr_value *value,
                                   flowrules_node **node);

static struct flowrules_place place_of(const struct reading *r, const struct fr_value *value) {
    return (struct flowrules_place){r->file, value->at.line, value->at.column};
}

static flowrules_status read_list(struct reading *r, flowrules_node *list) {
    for (;;) {
        struct fr_value item;
        bool more;
        flowrules_node *child;
        FR_TRY(fr_yaml_item(r->yaml, &item, &more));
        if (!more)
            return FLOWRULES_OK;
        FR_TRY(read_value(r, &item, &child));
        fr_node_append(list, child);
    }
}

/* Does the key stand in the mapping already? If not, it does from now on. */
static flowrules_status note_key(struct reading *r, uint32_t mapping, const struct fr_value *key,
                                 bool *known) {
    size_t size = sizeof mapping + key->length;
    char *text = flowrules_input_alloc(r->in, size);
    if (text == NULL)
        return FLOWRULES_NO_MEMORY;
    memcpy(text, &mapping, sizeof mapping);
    memcpy(text + sizeof mapping, key->text, key->length);
    *known = fr_strings_find(&r->keys, text, size) != 0;
    return *known || fr_strings_add(&r->keys, text, size) != 0 ? FLOWRULES_OK : FLOWRULES_NO_MEMORY;
}

/* A key stands once in a mapping; one that came through a merge key gives way. */
static flowrules_status read_key(struct reading *r, uint32_t mapping, const struct fr_value *key,
                                 const char **text, bool *kept) {
    bool known;
    FR_TRY(note_key(r, mapping, key, &known));
    *text = flowrules_input_copy(r->in, key->text, key->length);
    *kept = !known;
    if (*text == NULL)
        return FLOWRULES_NO_MEMORY;
    if (!known || key->merged)
        return FLOWRULES_OK;
    flowrules_input_error(r->in, place_of(r, key), "keep one of them",
                          "a mapping has the key '%.120s' twice", *text);
    return FLOWRULES_INVALID;
}

static flowrules_status read_map(struct reading *r, flowrules_node *map) {
    struct fr_merges merges = {.count = 0};
    uint32_t mapping = r->mappings++;
    for (;;) {
        struct fr_value key, value;
        bool more, kept;
        const char *text;
        flowrules_node *child;
        FR_TRY(fr_yaml_key(r->yaml, &merges, &key, &more));
        if (!more)
            return FLOWRULES_OK;
        FR_TRY(read_key(r, mapping, &key, &text, &kept));
        FR_TRY(fr_yaml_next(r->yaml, &value));
        FR_TRY(read_value(r, &value, &child));
        child->key = text;
        if (kept)
            fr_node_append(map, child);
    }
}

static flowrules_status read_value(struct reading *r, const struct fr_value *value,
                                   flowrules_node **node) {
    enum flowrules_node_kind kind = value->kind == FR_MAPPING    ? FLOWRULES_NODE_MAP
                                    : value->kind == FR_SEQUENCE ? FLOWRULES_NODE_LIST
                                    : fr_value_is_null(value)    ? FLOWRULES_NODE_NULL
                                                                 : FLOWRULES_NODE_TEXT;
    *node = fr_node_new(r->in, kind, place_of(r, value));
    if (*node == NULL)
        return FLOWRULES_NO_MEMORY;
    if (kind == FLOWRULES_NODE_MAP)
        return read_map(r, *node);
    if (kind == FLOWRULES_NODE_LIST)
        return read_list(r, *node);
    (*node)->quoted = value->quoted;
    if (kind == FLOWRULES_NODE_TEXT)
        (*node)->text = flowrules_input_copy(r->in, value->text, value->length);
    return kind == FLOWRULES_NODE_NULL || (*node)->text != NULL ? FLOWRULES_OK
                                                                : FLOWRULES_NO_MEMORY;
}

/* The value of four hex digits, or -1. */
static long hex4(const char *text, const char *end) {
    char digits[5] = "";
    if (end - text < 4)
        return -1;
    memcpy(digits, text, 4);
    return strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16) : -1;
}

/*
 * JSON writes a character beyond U+FFFF as two escapes (RFC 8259 section 7), which YAML does not
 * know: \uD83D\uDE00 becomes \U0001F600. A copy that differs in that alone.
 */
static char *join_surrogates(flowrules_input *in, const char *text, size_t *size) {
    char *copy = flowrules_input_alloc(in, *size + 1), *out = copy;
    const char *end = text + *size;
    for (const char *at = text; copy != NULL && at < end;) {
        long high = at + 1 < end && at[0] == '\\' && at[1] == 'u' ? hex4(at + 2, end) : -1;
        bool pair =
            high >= 0xD800 && high <= 0xDBFF && end - at >= 12 && at[6] == '\\' && at[7] == 'u';
        long low = pair ? hex4(at + 8, end) : -1;
        if (low >= 0xDC00 && low <= 0xDFFF) {
            long code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            out += snprintf(out, 11, "\\U%08lX", (unsigned long)code);
            at += 12;
        } else {
            *out++ = *at++;
            if (out[-1] == '\\' && at < end)
                *out++ = *at++;
        }
    }
    if (copy != NULL)
        *size = (size_t)(out - copy);
    return copy;
}

static flowrules_status read_documents(struct reading *r, flowrules_node *list) {
    for (;;) {
        struct fr_value value;
        flowrules_node *child;
        FR_TRY(fr_yaml_root(r->yaml, &value));
        if (value.kind == FR_STREAM_END)
            return FLOWRULES_OK;
        FR_TRY(read_value(r, &value, &child));
        fr_node_append(list, child);
    }
}

static const flowrules_node *read_file(flowrules_input *in, size_t file) {
    struct reading r = {.in = in, .file = file};
    struct fr_input input = {0};
    const char *text = flowrules_input_text(in, file, &input.size);
    flowrules_node *list =
        fr_node_new(in, FLOWRULES_NODE_LIST, (struct flowrules_place){file, 0, 0});
    if (text == NULL || list == NULL)
        return NULL;
    input.text = text;
    if (memchr(text, '\\', input.size) != NULL)
        input.text = join_surrogates(in, text, &input.size);
    uint32_t number = fr_vec_at(&in->config->files, struct fr_config_file, file)->number;
    fr_strings_init(&r.keys, &in->context->allocator);
    flowrules_status status = input.text == NULL
                                  ? FLOWRULES_NO_MEMORY
                                  : fr_yaml_open(&r.yaml, in->context, number, &input);
    if (status == FLOWRULES_OK) {
        status = read_documents(&r, list);
        fr_yaml_close(r.yaml);
    }
    fr_strings_free(&r.keys);
    in->invalid = in->invalid || status == FLOWRULES_INVALID;
    in->failed = in->failed || status == FLOWRULES_NO_MEMORY;
    return status == FLOWRULES_OK ? list : NULL;
}

/* Files are read once, also where a configuration is read several times. */
const flowrules_node *flowrules_input_documents(flowrules_input *in, size_t file) {
    size_t count = flowrules_input_file_count(in);
    if (in->documents == NULL)
        in->documents = flowrules_input_alloc(in, (count + 1) * sizeof(flowrules_node *));
    if (in->documents == NULL || file >= count)
        return NULL;
    if (in->documents[file] == NULL)
        in->documents[file] = read_file(in, file);
    return in->documents[file];
}
