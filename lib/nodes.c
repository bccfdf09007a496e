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

static const flowrules_node *read_file(flowrules_input *in, size_t file) {
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

/* ---- XML ----------------------------------------------------------------------------------- */

/*
 * libxml2 calls back for each element and text, in the order of the file, and makes no tree of its
 * own. Whatever it reports makes the whole document an error: of a document that is cut short,
 * because memory ran out or it is not well-formed, nothing is kept.
 */

#define XML_DEPTH_MAX      128u /* elements in elements; a PAN-OS configuration's nest about 20 */
#define XML_ATTRIBUTES_MAX 256u /* of one element: libxml2 compares each with all others */
#define XML_NAMESPACES_MAX 256u /* in force at one place: each element looks through them */

struct open_element {
    flowrules_node *node;
    size_t text; /* where its text begins */
    unsigned namespaces;
};

struct xml_reading {
    flowrules_input *in;
    size_t file;
    xmlParserCtxt *parser;
    struct open_element open[XML_DEPTH_MAX];
    unsigned depth, namespaces;
    struct fr_vec text; /* chars: of each open element what it holds so far, the innermost last */
    flowrules_node *root;
    bool ended; /* libxml2 has come to the end */
};

/* Where libxml2 is, back by some characters of the line. */
static struct flowrules_place xml_place(const struct xml_reading *r, size_t back) {
    const xmlParserInput *input = r->parser->input;
    size_t column = input == NULL || input->col < 0 ? 0 : (size_t)input->col;
    uint32_t line = input == NULL || input->line < 0 ? 0 : (uint32_t)input->line;
    return (struct flowrules_place){r->file, line, column > back ? (uint32_t)(column - back) : 0};
}

/* Stops reading, for good. */
static void stop_xml(struct xml_reading *r) {
    xmlStopParser(r->parser);
}

static const char *copy_xml(flowrules_input *in, const xmlChar *text) {
    const char *plain = text == NULL ? "" : (const char *)text;
    return flowrules_input_copy(in, plain, strlen(plain));
}

/* An attribute is five pointers: name, prefix, namespace, where its value begins and ends. */
static void copy_attributes(flowrules_input *in, flowrules_node *node, int count,
                            const xmlChar **attributes) {
    for (int i = 0; i < count; i++, attributes += 5) {
        struct attribute *kept = flowrules_input_alloc(in, sizeof *kept);
        if (kept == NULL)
            return;
        kept->name = copy_xml(in, attributes[0]);
        kept->value = flowrules_input_copy(in, (const char *)attributes[3],
                                           (size_t)(attributes[4] - attributes[3]));
        kept->next = node->attributes;
        node->attributes = kept;
    }
}

static bool is_bounded(struct xml_reading *r, int namespaces) {
    r->namespaces += (unsigned)namespaces;
    if (r->depth == XML_DEPTH_MAX)
        flowrules_input_error(r->in, xml_place(r, 0), NULL, "elements nest deeper than %u",
                              XML_DEPTH_MAX);
    else if (r->namespaces > XML_NAMESPACES_MAX)
        flowrules_input_error(r->in, xml_place(r, 0), NULL,
                              "more than %u namespaces are declared here", XML_NAMESPACES_MAX);
    else
        return true;
    return false;
}

/* libxml2 fixes the parameters. NOLINTNEXTLINE(readability-function-size) */
static void xml_element_begins(void *user, const xmlChar *name, const xmlChar *prefix,
                               const xmlChar *namespace, int namespace_count,
                               const xmlChar **namespaces, int attribute_count, int defaulted,
                               const xmlChar **attributes) {
    struct xml_reading *r = user;
    struct flowrules_place at = xml_place(r, 0);
    (void)prefix, (void)namespace, (void)namespaces, (void)defaulted;
    at.column = 0;
    flowrules_node *node =
        is_bounded(r, namespace_count) ? new_node(r->in, FLOWRULES_NODE_MAP, at) : NULL;
    if (node == NULL) {
        stop_xml(r);
        return;
    }
    node->key = copy_xml(r->in, name);
    copy_attributes(r->in, node, attribute_count, attributes);
    if (r->depth == 0)
        r->root = node;
    else
        append(r->open[r->depth - 1].node, node);
    r->open[r->depth++] = (struct open_element){node, r->text.count, (unsigned)namespace_count};
}

/* The text of an element, without the blanks around it. */
static void xml_element_ends(void *user, const xmlChar *name, const xmlChar *prefix,
                             const xmlChar *namespace) {
    static const char blanks[] = " \t\r\n";
    struct xml_reading *r = user;
    (void)name, (void)prefix, (void)namespace;
    if (r->depth == 0)
        return;
    const struct open_element *open = &r->open[--r->depth];
    const char *text = r->text.items;
    size_t from = open->text, to = r->text.count;
    while (from < to && memchr(blanks, text[from], sizeof blanks - 1) != NULL)
        from++;
    while (to > from && memchr(blanks, text[to - 1], sizeof blanks - 1) != NULL)
        to--;
    if (to > from)
        open->node->text = flowrules_input_copy(r->in, text + from, to - from);
    r->text.count = open->text;
    r->namespaces -= open->namespaces;
}

static void xml_text(void *user, const xmlChar *text, int length) {
    struct xml_reading *r = user;
    size_t size = length < 0 ? 0 : (size_t)length;
    if (r->depth == 0 || size == 0)
        return;
    if (!fr_vec_reserve(&r->text, size)) {
        r->in->failed = true;
        stop_xml(r);
        return;
    }
    memcpy(fr_vec_at(&r->text, char, r->text.count), text, size);
    r->text.count += size;
}

/* No configuration has one, and what entities stand for is read nowhere. */
static void refuse_dtd(struct xml_reading *r, struct flowrules_place at) {
    flowrules_input_error(r->in, at,
                          "take the declaration out, and write what its entities stand for",
                          "a document type declaration (DTD) is not read");
}

static void xml_dtd(void *user, const xmlChar *name, const xmlChar *external,
                    const xmlChar *system) {
    struct xml_reading *r = user;
    (void)name, (void)external, (void)system;
    refuse_dtd(r, xml_place(r, 0));
    stop_xml(r);
}

/* libxml2 asks for all but the five of XML itself. It stands behind the reference. */
static xmlEntity *xml_entity(void *user, const xmlChar *name) {
    struct xml_reading *r = user;
    if (!flowrules_input_failed(r->in))
        flowrules_input_error(r->in, xml_place(r, strlen((const char *)name) + 2),
                              "write what it stands for in its place",
                              "the entity reference '&%.80s;' is not read", (const char *)name);
    stop_xml(r);
    return NULL;
}

static void xml_ends(void *user) {
    struct xml_reading *r = user;
    r->ended = true;
}

/* What libxml2 says of the first error, on one line. */
static void tell_xml_error(flowrules_input *in, size_t file, const xmlError *error) {
    struct flowrules_place at = {file, 0, 0};
    const char *message = "it is not XML";
    if (error != NULL && error->message != NULL) {
        at.line = error->line < 0 ? 0 : (uint32_t)error->line;
        at.column = error->int2 < 0 ? 0 : (uint32_t)error->int2;
        message = error->message;
    }
    flowrules_input_error(in, at, NULL, "%.*s", (int)strcspn(message, "\n"), message);
}

/* Has libxml2 read all of it, and had nothing to say? */
static bool is_whole(const struct xml_reading *r) {
    const xmlParserCtxt *p = r->parser;
    return p->errNo == XML_ERR_OK && p->wellFormed != 0 && p->nsWellFormed != 0 && r->ended &&
           r->root != NULL && r->depth == 0;
}

static void be_silent(void *user, const char *format, ...) {
    (void)user;
    (void)format;
}

static void be_silent_too(void *user, xmlError *error) {
    (void)user;
    (void)error;
}

/*
 * Out of memory, libxml2 prints to standard error, whatever the parser's own handlers are. The
 * handlers of this thread are put back behind it.
 */
static void parse_silently(struct xml_reading *r, const char *text, int size) {
    const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    xmlGenericErrorFunc generic = xmlGenericError;
    xmlStructuredErrorFunc structured = xmlStructuredError;
    void *generic_user = xmlGenericErrorContext, *structured_user = xmlStructuredErrorContext;
    xmlSetGenericErrorFunc(NULL, be_silent);
    xmlSetStructuredErrorFunc(NULL, NULL);
    r->parser = xmlNewParserCtxt();
    if (r->parser != NULL) {
        xmlSAXHandler *sax = r->parser->sax;
        memset(sax, 0, sizeof *sax);
        sax->initialized = XML_SAX2_MAGIC;
        sax->startElementNs = xml_element_begins;
        sax->endElementNs = xml_element_ends;
        sax->characters = sax->cdataBlock = sax->ignorableWhitespace = xml_text;
        sax->internalSubset = xml_dtd;
        sax->getEntity = xml_entity;
        sax->endDocument = xml_ends;
        sax->serror = be_silent_too;
        r->parser->userData = r;
        xmlDoc *none = xmlCtxtReadMemory(r->parser, text, size, NULL, NULL, options);
        xmlFreeDoc(none);
    }
    xmlSetGenericErrorFunc(generic_user, generic);
    xmlSetStructuredErrorFunc(structured_user, structured);
}

/* ---- XML: before libxml2 sees it ------------------------------------------------------------ */

static struct flowrules_place place_in(const char *text, const char *at, size_t file) {
    struct flowrules_place place = {file, 1, 1};
    for (; text < at; text++) {
        place.line += *text == '\n' ? 1 : 0;
        place.column = *text == '\n' ? 1 : place.column + 1;
    }
    return place;
}

/* What is neither a tag nor a declaration, with what ends it. */
static const struct {
    const char *begin, *end;
} passed_over[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};

/* Behind a comment, a section or an instruction; at where there is none; NULL: it does not end. */
static const char *pass_over(const char *at, const char *end) {
    for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++) {
        size_t length = strlen(passed_over[i].begin), tail = strlen(passed_over[i].end);
        if ((size_t)(end - at) < length || memcmp(at, passed_over[i].begin, length) != 0)
            continue;
        for (at += length; (size_t)(end - at) >= tail; at++)
            if (memcmp(at, passed_over[i].end, tail) == 0)
                return at + tail;
        return NULL;
    }
    return at;
}

/* Behind a tag; *attributes is how many it has. */
static const char *pass_tag(const char *at, const char *end, size_t *attributes) {
    char quote = '\0';
    *attributes = 0;
    for (at++; at < end && (quote != '\0' || *at != '>'); at++) {
        *attributes += quote == '\0' && *at == '=' ? 1 : 0;
        if (quote == '\0' && (*at == '"' || *at == '\''))
            quote = *at;
        else if (*at == quote)
            quote = '\0';
    }
    return at;
}

/* Refuses what is not read at all, and what would take time that grows with its square. */
static bool check_markup(flowrules_input *in, size_t file, const char *text, size_t size) {
    const char *end = text + size, *at = text;
    while (at != NULL && at < end && (at = memchr(at, '<', (size_t)(end - at))) != NULL) {
        const char *behind = pass_over(at, end);
        size_t attributes = 0;
        if (behind == at && end - at > 1 && at[1] == '!') {
            struct xml_reading r = {.in = in};
            refuse_dtd(&r, place_in(text, at, file));
            return false;
        }
        if (behind == at)
            behind = pass_tag(at, end, &attributes);
        if (attributes > XML_ATTRIBUTES_MAX) {
            flowrules_input_error(in, place_in(text, at, file), NULL,
                                  "an element has more than %u attributes", XML_ATTRIBUTES_MAX);
            return false;
        }
        at = behind;
    }
    return true;
}

const flowrules_node *flowrules_input_xml(flowrules_input *in, size_t file) {
    size_t size;
    const char *text = flowrules_input_text(in, file, &size);
    if (text == NULL || size > INT32_MAX) {
        struct flowrules_place whole = {file, 0, 0};
        flowrules_input_error(in, whole, NULL, "it is larger than XML is read");
        return NULL;
    }
    if (!check_markup(in, file, text, size))
        return NULL;
    struct xml_reading r = {.in = in, .file = file};
    fr_vec_init(&r.text, &in->context->allocator, 1);
    parse_silently(&r, text, (int)size);
    const xmlError *error = r.parser == NULL ? NULL : xmlCtxtGetLastError(r.parser);
    bool memory = r.parser == NULL || r.parser->errNo == XML_ERR_NO_MEMORY ||
                  (error != NULL && error->code == XML_ERR_NO_MEMORY);
    in->failed = in->failed || (memory && !in->invalid);
    bool whole = !flowrules_input_failed(in) && is_whole(&r);
    if (!whole && !flowrules_input_failed(in))
        tell_xml_error(in, file, error);
    xmlFreeParserCtxt(r.parser);
    fr_vec_free(&r.text);
    return whole ? r.root : NULL;
}
