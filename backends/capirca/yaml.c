/*
 * Reads policies, includes and definitions that are written in YAML.
 */
#include <string.h>

#include "read.h"

/* A file of the list of filters, or of terms, that is read. */
struct level {
    struct fr_capirca *r;
    unsigned depth;
};

static bool is(const flowrules_node *node, const char *key) {
    return strcmp(flowrules_node_key(node), key) == 0;
}

static void refuse(struct fr_capirca *r, const flowrules_node *node, const char *what) {
    flowrules_input_error(r->in, flowrules_node_place(node), NULL, "%s", what);
}

static bool must_be(struct fr_capirca *r, const flowrules_node *node, enum flowrules_node_kind kind,
                    const char *otherwise) {
    if (flowrules_node_kind(node) == kind)
        return true;
    refuse(r, node, otherwise);
    return false;
}

/* ---- fields -------------------------------------------------------------------------------- */

/* Each word of a text. */
static void add_words(struct fr_capirca *r, struct fr_capirca_field *field,
                      const flowrules_node *node) {
    const char *text = flowrules_node_text(node);
    static const char blanks[] = " \t\r\n";
    for (text += text == NULL ? 0 : strspn(text, blanks); text != NULL && *text != '\0';) {
        size_t length = strcspn(text, blanks);
        fr_capirca_add_word(r, field, flowrules_input_copy(r->in, text, length),
                            flowrules_node_place(node));
        text += length;
        text += strspn(text, blanks);
    }
}

static void add_text(struct fr_capirca *r, struct fr_capirca_field *field,
                     const flowrules_node *node) {
    if (flowrules_node_text(node) != NULL)
        fr_capirca_add_word(r, field, flowrules_node_text(node), flowrules_node_place(node));
}

/* The words of a value; of a mapping, of each key and its value. */
static void add_value(struct fr_capirca *r, struct fr_capirca_field *field,
                      const flowrules_node *value) {
    bool map = flowrules_node_kind(value) == FLOWRULES_NODE_MAP;
    if (field == NULL)
        return;
    if (field->keyword->key == FR_CAPIRCA_COMMENT) {
        add_text(r, field, value);
        return;
    }
    if (!map && flowrules_node_kind(value) != FLOWRULES_NODE_LIST) {
        add_words(r, field, value);
        return;
    }
    for (const flowrules_node *n = flowrules_node_first(value); n != NULL;
         n = flowrules_node_next(n)) {
        if (map)
            fr_capirca_add_word(r, field, flowrules_node_key(n), flowrules_node_place(n));
        if (flowrules_node_kind(n) == FLOWRULES_NODE_MAP ||
            flowrules_node_kind(n) == FLOWRULES_NODE_LIST)
            refuse(r, n, "words are expected here");
        else
            add_words(r, field, n);
    }
}

/* A target, or a text for a platform, is a field of its own. */
static void read_each(struct fr_capirca *r, struct fr_capirca_block *block,
                      const struct fr_capirca_keyword *keyword, const flowrules_node *value) {
    if (!must_be(r, value, FLOWRULES_NODE_MAP, "a platform and its words are expected here"))
        return;
    for (const flowrules_node *n = flowrules_node_first(value); n != NULL;
         n = flowrules_node_next(n)) {
        struct fr_capirca_field *field =
            fr_capirca_add_field(r, block, keyword, flowrules_node_place(n));
        if (field == NULL)
            return;
        fr_capirca_add_word(r, field, flowrules_node_key(n), flowrules_node_place(n));
        if (keyword->key == FR_CAPIRCA_VERBATIM)
            add_text(r, field, n);
        else
            add_value(r, field, n);
    }
}

static void read_field(struct fr_capirca *r, struct fr_capirca_block *block,
                       const flowrules_node *value, bool header) {
    const char *name = flowrules_node_key(value);
    const struct fr_capirca_keyword *keyword =
        fr_capirca_keyword(r, header && strcmp(name, "targets") == 0 ? "target" : name,
                           flowrules_node_place(value), header);
    if (keyword == NULL)
        return;
    if (keyword->key == FR_CAPIRCA_TARGET || keyword->key == FR_CAPIRCA_VERBATIM)
        read_each(r, block, keyword, value);
    else
        add_value(r, fr_capirca_add_field(r, block, keyword, flowrules_node_place(value)), value);
}

/* ---- terms and filters --------------------------------------------------------------------- */

static void read_filters(struct level l, const flowrules_node *filters);
static void read_terms(struct level l, const flowrules_node *terms);

/* The only document of a file; NULL after an error. */
static const flowrules_node *read_root(struct fr_capirca *r, size_t file) {
    const flowrules_node *documents =
        file == SIZE_MAX ? NULL : flowrules_input_documents(r->in, file);
    const flowrules_node *root = flowrules_node_first(documents);
    const flowrules_node *second = root == NULL ? NULL : flowrules_node_next(root);
    if (second == NULL)
        return root == NULL ? documents : root;
    refuse(r, second, "a file may have one document, and this is its second");
    return NULL;
}

/* Terms or filters of a file that an item names. */
static void include(struct level l, const flowrules_node *item, bool filters) {
    const flowrules_node *path = flowrules_node_get(item, "include");
    const char *text = flowrules_node_text(path);
    if (text == NULL) {
        refuse(l.r, path, "the name of a file is expected here");
        return;
    }
    for (const flowrules_node *n = flowrules_node_first(item); n != NULL;
         n = flowrules_node_next(n))
        if (!is(n, "include"))
            refuse(l.r, n, "nothing may be beside 'include'");
    size_t file = fr_capirca_include(l.r, text, flowrules_node_place(path), l.depth);
    const flowrules_node *root = read_root(l.r, file);
    if (root == NULL)
        return;
    const char *const keys[] = {filters ? "filters_include_only" : "terms", "filters"};
    const flowrules_node *list = flowrules_node_get(root, keys[0]);
    if (list == NULL && filters)
        list = flowrules_node_get(root, keys[1]);
    l.depth++;
    if (list == NULL)
        flowrules_input_error(l.r->in, flowrules_node_place(path), NULL,
                              "the included file has no '%s'", keys[0]);
    else if (filters)
        read_filters(l, list);
    else
        read_terms(l, list);
}

static void read_term(struct level l, const flowrules_node *node) {
    const flowrules_node *name = flowrules_node_get(node, "name");
    if (flowrules_node_text(name) == NULL) {
        refuse(l.r, node, "a term needs a name");
        return;
    }
    struct fr_capirca_block *term =
        fr_capirca_add_term(l.r, flowrules_node_text(name), flowrules_node_place(name));
    for (const flowrules_node *n = flowrules_node_first(node); n != NULL && term != NULL;
         n = flowrules_node_next(n))
        if (!is(n, "name"))
            read_field(l.r, term, n, false);
    if (term != NULL)
        fr_capirca_check_term(l.r, term);
}

static void read_terms(struct level l, const flowrules_node *terms) {
    if (!must_be(l.r, terms, FLOWRULES_NODE_LIST, "a list of terms is expected here"))
        return;
    for (const flowrules_node *n = flowrules_node_first(terms);
         n != NULL && !flowrules_input_failed(l.r->in); n = flowrules_node_next(n)) {
        if (!must_be(l.r, n, FLOWRULES_NODE_MAP, "a term is expected here"))
            return;
        if (flowrules_node_get(n, "include") != NULL)
            include(l, n, false);
        else
            read_term(l, n);
    }
}

static void read_filter(struct level l, const flowrules_node *node) {
    const flowrules_node *header = flowrules_node_get(node, "header");
    const flowrules_node *terms = flowrules_node_get(node, "terms");
    if (header == NULL) {
        refuse(l.r, node, "a filter needs a header and terms");
        return;
    }
    if (!must_be(l.r, header, FLOWRULES_NODE_MAP, "a filter needs a header and terms"))
        return;
    struct fr_capirca_filter *filter = fr_capirca_add_filter(l.r, flowrules_node_place(header));
    if (filter == NULL)
        return;
    for (const flowrules_node *n = flowrules_node_first(header); n != NULL;
         n = flowrules_node_next(n))
        read_field(l.r, &filter->header, n, true);
    for (const flowrules_node *n = flowrules_node_first(node); n != NULL;
         n = flowrules_node_next(n))
        if (!is(n, "header") && !is(n, "terms"))
            refuse(l.r, n, "a filter has 'header' and 'terms', and nothing else");
    if (terms == NULL)
        refuse(l.r, node, "a filter needs a header and terms");
    else
        read_terms(l, terms);
}

static void read_filters(struct level l, const flowrules_node *filters) {
    if (!must_be(l.r, filters, FLOWRULES_NODE_LIST, "a list of filters is expected here"))
        return;
    for (const flowrules_node *n = flowrules_node_first(filters);
         n != NULL && !flowrules_input_failed(l.r->in); n = flowrules_node_next(n)) {
        if (flowrules_node_get(n, "include") != NULL)
            include(l, n, true);
        else
            read_filter(l, n);
    }
}

void fr_capirca_read_yaml(struct fr_capirca *r, size_t file) {
    const flowrules_node *root = read_root(r, file);
    struct level level = {r, 0};
    if (root == NULL)
        return;
    if (!must_be(r, root, FLOWRULES_NODE_MAP,
                 "'filters', 'terms', 'networks' or 'services' is expected here"))
        return;
    fr_capirca_read_yaml_names(r, root);
    for (const flowrules_node *n = flowrules_node_first(root);
         n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next(n)) {
        if (is(n, "filters"))
            read_filters(level, n);
        else if (is(n, "terms") || is(n, "filters_include_only"))
            r->files[file].part = true;
        else if (!is(n, "networks") && !is(n, "services"))
            refuse(r, n, "'filters', 'terms', 'networks' or 'services' is expected here");
    }
}
