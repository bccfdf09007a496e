/*
 * Documents as trees with places: YAML and JSON (a subset of it) through yaml.h, XML by libxml2,
 * which no other file sees. Knows no document's meaning.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "input.h"
#include "yaml.h"

struct attribute {
    const char *name, *value;
    struct attribute *next;
};

struct flowrules_node {
    enum flowrules_node_kind kind;
    bool quoted;
    struct flowrules_place at;
    const char *key, *text;
    struct attribute *attributes;
    struct flowrules_node *first, *last, *next;
    size_t count;
};

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
    for (const struct attribute *a = node == NULL ? NULL : node->attributes; a != NULL; a = a->next)
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

static flowrules_node *new_node(flowrules_input *in, enum flowrules_node_kind kind,
                                struct flowrules_place at) {
    flowrules_node *node = flowrules_input_alloc(in, sizeof *node);
    if (node != NULL) {
        node->kind = kind;
        node->at = at;
    }
    return node;
}

static void append(flowrules_node *parent, flowrules_node *child) {
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
        append(list, child);
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
                          "the key '%.120s' stands twice in a mapping", *text);
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
            append(map, child);
    }
}

static flowrules_status read_value(struct reading *r, const struct fr_value *value,
                                   flowrules_node **node) {
    enum flowrules_node_kind kind = value->kind == FR_MAPPING    ? FLOWRULES_NODE_MAP
                                    : value->kind == FR_SEQUENCE ? FLOWRULES_NODE_LIST
                                    : fr_value_is_null(value)    ? FLOWRULES_NODE_NULL
                                                                 : FLOWRULES_NODE_TEXT;
    *node = new_node(r->in, kind, place_of(r, value));
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
        append(list, child);
    }
}

const flowrules_node *flowrules_input_documents(flowrules_input *in, size_t file) {
    struct reading r = {.in = in, .file = file};
    struct fr_input input = {0};
    const char *text = flowrules_input_text(in, file, &input.size);
    flowrules_node *list = new_node(in, FLOWRULES_NODE_LIST, (struct flowrules_place){file, 0, 0});
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

/* ---- XML ----------------------------------------------------------------------------------- */

/* Elements may nest this deep; a PAN-OS configuration's nest about 20. */
#define XML_DEPTH_MAX 128u

static const char *copy_xml(flowrules_input *in, const xmlChar *text) {
    const char *plain = text == NULL ? "" : (const char *)text;
    return flowrules_input_copy(in, plain, strlen(plain));
}

static void copy_attributes(flowrules_input *in, flowrules_node *node, xmlNode *element) {
    for (xmlAttr *a = element->properties; a != NULL; a = a->next) {
        struct attribute *kept = flowrules_input_alloc(in, sizeof *kept);
        xmlChar *value = xmlNodeListGetString(element->doc, a->children, 1);
        if (kept != NULL) {
            kept->name = copy_xml(in, a->name);
            kept->value = copy_xml(in, value);
            kept->next = node->attributes;
            node->attributes = kept;
        }
        xmlFree(value);
    }
}

/* The text of an element, without the blanks around it. */
static void copy_text(flowrules_input *in, flowrules_node *node, const xmlNode *text) {
    static const char blanks[] = " \t\r\n";
    const char *from = text->content == NULL ? "" : (const char *)text->content;
    from += strspn(from, blanks);
    size_t length = strlen(from);
    while (length > 0 && strchr(blanks, from[length - 1]) != NULL)
        length--;
    if (length == 0)
        return;
    node->text = node->text == NULL
                     ? flowrules_input_copy(in, from, length)
                     : flowrules_input_print(in, "%s%.*s", node->text, (int)length, from);
}

static flowrules_node *copy_element(flowrules_input *in, size_t file, xmlNode *element,
                                    unsigned depth) {
    long line = xmlGetLineNo(element);
    struct flowrules_place at = {file, line < 0 ? 0 : (uint32_t)line, 0};
    if (depth > XML_DEPTH_MAX) {
        flowrules_input_error(in, at, NULL, "elements nest deeper than %u", XML_DEPTH_MAX);
        return NULL;
    }
    flowrules_node *node = new_node(in, FLOWRULES_NODE_MAP, at);
    if (node == NULL)
        return NULL;
    node->key = copy_xml(in, element->name);
    copy_attributes(in, node, element);
    for (xmlNode *n = element->children; n != NULL; n = n->next) {
        if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE)
            copy_text(in, node, n);
        flowrules_node *child =
            n->type == XML_ELEMENT_NODE ? copy_element(in, file, n, depth + 1) : NULL;
        if (child != NULL)
            append(node, child);
    }
    return flowrules_input_failed(in) ? NULL : node;
}

/* What libxml2 says of the first error, on one line. */
static void tell_xml_error(flowrules_input *in, size_t file, const xmlError *error) {
    struct flowrules_place at = {file, 0, 0};
    const char *message = "it is not XML";
    if (error != NULL && error->code == XML_ERR_NO_MEMORY) {
        in->failed = true;
        return;
    }
    if (error != NULL && error->message != NULL) {
        at.line = error->line < 0 ? 0 : (uint32_t)error->line;
        at.column = error->int2 < 0 ? 0 : (uint32_t)error->int2;
        message = error->message;
    }
    flowrules_input_error(in, at, NULL, "%.*s", (int)strcspn(message, "\n"), message);
}

static void be_silent(void *user, const char *format, ...) {
    (void)user;
    (void)format;
}

const flowrules_node *flowrules_input_xml(flowrules_input *in, size_t file) {
    size_t size;
    const char *text = flowrules_input_text(in, file, &size);
    const int options =
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES;
    if (text == NULL || size > INT32_MAX) {
        struct flowrules_place whole = {file, 0, 0};
        flowrules_input_error(in, whole, NULL, "it is larger than XML is read");
        return NULL;
    }
    xmlParserCtxt *parser = xmlNewParserCtxt();
    flowrules_node *root = NULL;
    if (parser == NULL) {
        in->failed = true;
        return NULL;
    }
    parser->sax->error = be_silent;
    parser->sax->warning = be_silent;
    xmlDoc *document = xmlCtxtReadMemory(parser, text, (int)size, NULL, NULL, options);
    xmlNode *element = document == NULL ? NULL : xmlDocGetRootElement(document);
    if (element == NULL)
        tell_xml_error(in, file, xmlCtxtGetLastError(parser));
    else
        root = copy_element(in, file, element, 1);
    xmlFreeDoc(document);
    xmlFreeParserCtxt(parser);
    return root;
}
