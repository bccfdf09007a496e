/*
 * Terraform's JSON (.tf.json): where blocks stand in a document, and which strings are templates.
 * Knows no provider's resources. Source: Terraform, "JSON Configuration Syntax".
 */
#include <string.h>

#include "flowrules/backend.h"
#include "flowrules/kits/terraform.h"
#include "flowrules/reader.h"

/* The sections of a document, with the number of labels before a block's body. */
static const struct {
    const char *name;
    unsigned labels;
} sections[] = {
    {"resource", 2}, {"data", 2},      {"variable", 1}, {"module", 1}, {"output", 1},
    {"provider", 1}, {"terraform", 0}, {"locals", 0},   {"moved", 0},  {"import", 0},
};

bool flowrules_terraform_is(const flowrules_node *document) {
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (flowrules_node_get(document, sections[i].name) != NULL)
            return true;
    return false;
}

/* A mapping stands for a list of itself, wherever blocks are. */
const flowrules_node *flowrules_node_block(const flowrules_node *node) {
    if (flowrules_node_kind(node) == FLOWRULES_NODE_LIST)
        return flowrules_node_first(node);
    return flowrules_node_kind(node) == FLOWRULES_NODE_NULL ? NULL : node;
}

const flowrules_node *flowrules_node_next_block(const flowrules_node *block) {
    return flowrules_node_key(block) == NULL ? flowrules_node_next(block) : NULL;
}

/* Visits the blocks below so many labels; labels holds those above, the nearest last. */
static void visit(const flowrules_node *node, unsigned below, const char *labels[2],
                  flowrules_terraform_visit *each, void *own) {
    for (const flowrules_node *b = flowrules_node_block(node); b != NULL;
         b = flowrules_node_next_block(b)) {
        if (below == 0)
            each(own, labels[0], labels[1], b);
        for (const flowrules_node *n = below == 0 ? NULL : flowrules_node_first(b); n != NULL;
             n = flowrules_node_next(n)) {
            const char *inner[2] = {labels[1], flowrules_node_key(n)};
            if (inner[1] != NULL && strcmp(inner[1], "//") != 0)
                visit(n, below - 1, inner, each, own);
        }
    }
}

void flowrules_terraform_each(const flowrules_node *document, const char *section,
                              flowrules_terraform_visit *each, void *own) {
    const char *labels[2] = {NULL, NULL};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strcmp(sections[i].name, section) == 0)
            visit(flowrules_node_get(document, section), sections[i].labels, labels, each, own);
}

/* Does a template's marker, "${" or "%{", begin here? */
static bool is_marker(const char *text) {
    return (text[0] == '$' || text[0] == '%') && text[1] == '{';
}

const char *flowrules_terraform_text(flowrules_input *in, const flowrules_node *node) {
    const char *text = flowrules_node_text(node);
    if (text == NULL || (strstr(text, "${") == NULL && strstr(text, "%{") == NULL))
        return text;
    char *plain = flowrules_input_alloc(in, strlen(text) + 1), *out = plain;
    for (; plain != NULL && *text != '\0'; text++) {
        if (is_marker(text))
            return NULL;
        if (text[0] == text[1] && is_marker(text + 1)) {
            *out++ = *text++;
            text++; /* $${ stands for ${ */
        }
        *out++ = *text;
    }
    return plain;
}

const char *flowrules_terraform_expression(flowrules_input *in, const flowrules_node *node) {
    const char *text = flowrules_node_text(node);
    size_t length = text == NULL ? 0 : strlen(text);
    if (length < 3 || strncmp(text, "${", 2) != 0 || text[length - 1] != '}' ||
        strpbrk(text + 2, "{\"") != NULL || strchr(text, '}') != text + length - 1)
        return NULL;
    return flowrules_input_copy(in, text + 2, length - 3);
}

/* The default of the variable of "var.NAME" or "var.NAME[INDEX]"; NULL when it has none. */
static const flowrules_node *variable_default(flowrules_input *in, const flowrules_node *document,
                                              const char *expression) {
    const char *name = expression + strlen("var.");
    size_t length = strcspn(name, "[");
    unsigned index = 0;
    const char *key = flowrules_input_copy(in, name, length);
    const flowrules_node *value = NULL;
    for (const flowrules_node *b = flowrules_node_block(flowrules_node_get(document, "variable"));
         b != NULL && value == NULL && key != NULL; b = flowrules_node_next_block(b))
        value = flowrules_node_get(flowrules_node_block(flowrules_node_get(b, key)), "default");
    if (name[length] == '\0')
        return value;
    const char *end = strchr(name, ']');
    if (end == NULL || end[1] != '\0' ||
        !flowrules_parse_number(name + length + 1, (size_t)(end - name) - length - 1, UINT16_MAX,
                                &index) ||
        flowrules_node_kind(value) != FLOWRULES_NODE_LIST)
        return NULL;
    for (value = flowrules_node_first(value); value != NULL && index > 0; index--)
        value = flowrules_node_next(value);
    return value;
}

const flowrules_node *flowrules_terraform_value(flowrules_input *in, const flowrules_node *document,
                                                const flowrules_node *node) {
    const char *expression = flowrules_terraform_expression(in, node);
    if (flowrules_node_kind(node) == FLOWRULES_NODE_TEXT &&
        flowrules_terraform_text(in, node) == NULL)
        node = expression != NULL && strncmp(expression, "var.", 4) == 0
                   ? variable_default(in, document, expression)
                   : NULL;
    /* A default is no template: what it says stands there. */
    return flowrules_node_kind(node) == FLOWRULES_NODE_NULL ? NULL : node;
}
