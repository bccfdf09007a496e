/*
 * Reads XML as trees with places, with expat; no other file includes its header. Knows no
 * document's meaning.
 *
 * expat calls back for each element and text, in the order of the file. Any error that it reports
 * makes the whole document an error: if memory runs out, or the document is not well-formed,
 * nothing of it is kept.
 */
#include <limits.h>
#include <string.h>

#include <expat.h>

#include "nodes.h"

/* From version 2.9 on, what told places in a long gives way to functions of 64 bits. */
#if XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION < 9
#define XML_GetCurrentLineNumber64   XML_GetCurrentLineNumber
#define XML_GetCurrentColumnNumber64 XML_GetCurrentColumnNumber
#define XML_GetCurrentByteIndex64    XML_GetCurrentByteIndex
#endif

#define XML_DEPTH_MAX 128u /* elements in elements; a PAN-OS configuration's nest about 20 */

struct open_element {
    flowrules_node *node;
    size_t text; /* where its text begins */
};

struct xml_reading {
    flowrules_input *in;
    size_t file;
    XML_Parser parser;
    struct open_element open[XML_DEPTH_MAX];
    unsigned depth;
    struct fr_vec text; /* chars: of each open element what it holds so far, the innermost last */
    flowrules_node *root;
};

/* ---- memory -------------------------------------------------------------------------------- */

/* expat's functions for memory take no user data; it reads a document in one call. */
static _Thread_local const struct fr_allocator *current;

static void *xml_get(size_t size) {
    return fr_malloc(current, size);
}

static void *xml_resize(void *block, size_t size) {
    return fr_realloc(current, block, size);
}

static void xml_free(void *block) {
    fr_free(current, block);
}

/* ---- reading ------------------------------------------------------------------------------- */

static struct flowrules_place xml_place(const struct xml_reading *r) {
    return (struct flowrules_place){r->file, (uint32_t)XML_GetCurrentLineNumber64(r->parser),
                                    (uint32_t)XML_GetCurrentColumnNumber64(r->parser) + 1};
}

/* Stops reading, for good. */
static void stop_xml(struct xml_reading *r) {
    XML_StopParser(r->parser, XML_FALSE);
}

static const char *copy_xml(flowrules_input *in, const XML_Char *text) {
    return flowrules_input_copy(in, text, strlen(text));
}

/* The name without its prefix: what is looked for has names without. */
static const char *copy_name(flowrules_input *in, const XML_Char *name) {
    const XML_Char *colon = strchr(name, ':');
    return copy_xml(in, colon == NULL ? name : colon + 1);
}

static bool declares_prefix(const XML_Char *name) {
    return strncmp(name, "xmlns:", 6) == 0;
}

/* expat gives names and values in turn, then NULL. */
static void copy_attributes(flowrules_input *in, flowrules_node *node,
                            const XML_Char **attributes) {
    for (; *attributes != NULL; attributes += 2) {
        if (declares_prefix(attributes[0]))
            continue;
        struct fr_attribute *kept = flowrules_input_alloc(in, sizeof *kept);
        if (kept == NULL)
            return;
        kept->name = copy_name(in, attributes[0]);
        kept->value = copy_xml(in, attributes[1]);
        kept->next = node->attributes;
        node->attributes = kept;
    }
}

static void xml_element_begins(void *user, const XML_Char *name, const XML_Char **attributes) {
    struct xml_reading *r = user;
    struct flowrules_place at = xml_place(r);
    if (r->depth == XML_DEPTH_MAX) {
        flowrules_input_error(r->in, at, NULL, "elements are nested more than %u levels deep",
                              XML_DEPTH_MAX);
        stop_xml(r);
        return;
    }
    at.column = 0;
    flowrules_node *node = fr_node_new(r->in, FLOWRULES_NODE_MAP, at);
    if (node == NULL) {
        stop_xml(r);
        return;
    }
    node->key = copy_name(r->in, name);
    copy_attributes(r->in, node, attributes);
    if (r->depth == 0)
        r->root = node;
    else
        fr_node_append(r->open[r->depth - 1].node, node);
    r->open[r->depth++] = (struct open_element){node, r->text.count};
}

/* The text of an element, without the blanks around it. */
static void xml_element_ends(void *user, const XML_Char *name) {
    static const char blanks[] = " \t\r\n";
    struct xml_reading *r = user;
    (void)name;
    if (r->depth == 0) /* expat was stopped at this element, and ends it all the same */
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
}

static void xml_text(void *user, const XML_Char *text, int length) {
    struct xml_reading *r = user;
    size_t size = length < 0 ? 0 : (size_t)length;
    if (!fr_vec_reserve(&r->text, size)) {
        r->in->failed = true;
        stop_xml(r);
        return;
    }
    if (size > 0)
        memcpy(fr_vec_at(&r->text, char, r->text.count), text, size);
    r->text.count += size;
}

/* No configuration has one, and what entities stand for is read nowhere. */
static void xml_dtd(void *user, const XML_Char *name, const XML_Char *system,
                    const XML_Char *public, int internal) {
    struct xml_reading *r = user;
    (void)name, (void)system, (void)public, (void)internal;
    flowrules_input_error(r->in, xml_place(r),
                          "remove the declaration, and write the text of its entities instead",
                          "a document type declaration (DTD) is not supported");
    stop_xml(r);
}

/* ---- what is wrong with it ------------------------------------------------------------------- */

/* A reference to an entity stands where expat has stopped: & NAME ; */
static void tell_entity(struct xml_reading *r, const char *text, size_t size) {
    int64_t index = XML_GetCurrentByteIndex64(r->parser);
    size_t at = index < 0 || (uint64_t)index >= size ? size : (size_t)index;
    size_t length = strcspn(text + at, "; \t\r\n<>");
    flowrules_input_error(r->in, xml_place(r), "write its text instead",
                          "the entity reference '%.*s;' is not supported",
                          (int)(length < 80 ? length : 80), text + at);
}

static void tell_xml_error(struct xml_reading *r, const char *text, size_t size) {
    enum XML_Error error = XML_GetErrorCode(r->parser);
    const flowrules_node *inner = r->depth == 0 ? NULL : r->open[r->depth - 1].node;
    if (error == XML_ERROR_UNDEFINED_ENTITY)
        tell_entity(r, text, size);
    else if (error == XML_ERROR_NO_ELEMENTS && inner != NULL)
        flowrules_input_error(r->in, xml_place(r), "give the whole document",
                              "the document ends inside the element '%.80s' that begins in line %u",
                              inner->key, (unsigned)inner->at.line);
    else if (error == XML_ERROR_TAG_MISMATCH && inner != NULL)
        flowrules_input_error(
            r->in, xml_place(r), NULL,
            "this end tag does not match the element '%.80s' that begins in line %u", inner->key,
            (unsigned)inner->at.line);
    else
        flowrules_input_error(r->in, xml_place(r), NULL, "this is not well-formed XML: %s",
                              XML_ErrorString(error));
}

/* ---- a document ------------------------------------------------------------------------------ */

static void set_handlers(struct xml_reading *r) {
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, xml_element_begins, xml_element_ends);
    XML_SetCharacterDataHandler(r->parser, xml_text);
    XML_SetStartDoctypeDeclHandler(r->parser, xml_dtd);
}

/* Reads the text; the root, or NULL where something of it is wrong, which is told. */
static const flowrules_node *parse(struct xml_reading *r, const char *text, size_t size) {
    set_handlers(r);
    enum XML_Status status = XML_Parse(r->parser, text, (int)size, XML_TRUE);
    if (status != XML_STATUS_OK && XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY)
        r->in->failed = true;
    if (status != XML_STATUS_OK && !flowrules_input_failed(r->in))
        tell_xml_error(r, text, size);
    return flowrules_input_failed(r->in) ? NULL : r->root;
}

const flowrules_node *flowrules_input_xml(flowrules_input *in, size_t file) {
    static const XML_Memory_Handling_Suite memory = {xml_get, xml_resize, xml_free};
    size_t size;
    const char *text = flowrules_input_text(in, file, &size);
    if (text == NULL || size > INT_MAX) {
        struct flowrules_place whole = {file, 0, 0};
        flowrules_input_error(in, whole, NULL, "the XML document is too large");
        return NULL;
    }
    const struct fr_allocator *before = current;
    current = &in->context->allocator;
    struct xml_reading r = {.in = in, .file = file};
    fr_vec_init(&r.text, current, 1);
    r.parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    const flowrules_node *root = NULL;
    if (r.parser == NULL)
        in->failed = true;
    else
        root = parse(&r, text, size);
    XML_ParserFree(r.parser);
    fr_vec_free(&r.text);
    current = before;
    return root;
}
