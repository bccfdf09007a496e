/*
 * What a value of a document means: itself or, in a template (ARM) and in Terraform's JSON, what it
 * refers to, with the few expressions that names and lists are made of there. All else that is
 * computed is not known. Knows nothing of groups and rules.
 * Source: learn.microsoft.com/azure/azure-resource-manager/templates/syntax and
 * template-expressions.
 */
#include "read.h"

#include <string.h>
#include <strings.h>

#include "flowrules/kits/terraform.h"

enum { DEPTH_MAX = 8, TEXT_MAX = 1024 };

/* ---- expressions --------------------------------------------------------------------------- */

/* An expression that is being evaluated: parameters('x'), variables('x'), concat(...), 'text'. */
struct expression {
    struct fr_azure_nsg_reader *r;
    const char *at;
    unsigned depth;
    char text[TEXT_MAX]; /* what it comes to */
    size_t length;
    const flowrules_node *node; /* what it refers to where it is nothing else */
    bool bad;
};

static void skip_blanks(struct expression *e) {
    e->at += strspn(e->at, " \t\r\n");
}

static bool take_character(struct expression *e, char c) {
    skip_blanks(e);
    if (*e->at != c)
        return false;
    e->at++;
    return true;
}

static void append(struct expression *e, const char *text) {
    size_t length = strlen(text);
    if (length >= TEXT_MAX - e->length) {
        e->bad = true;
        return;
    }
    memcpy(e->text + e->length, text, length + 1);
    e->length += length;
}

/* 'text', with '' for an apostrophe. */
static bool take_text(struct expression *e) {
    if (!take_character(e, '\''))
        return false;
    for (; *e->at != '\0' && !(e->at[0] == '\'' && e->at[1] != '\''); e->at++) {
        char one[2] = {*e->at, '\0'};
        if (*e->at == '\'')
            e->at++;
        append(e, one);
    }
    e->bad = e->bad || *e->at != '\'';
    e->at += *e->at == '\'' ? 1 : 0;
    return true;
}

static void evaluate(struct expression *e);

/* What a parameter's default or a variable is; its text goes to the end of e's. */
static void take_reference(struct expression *e, const char *section, const char *key) {
    size_t begin = e->length;
    e->bad = e->bad || !take_text(e) || !take_character(e, ')');
    if (e->bad)
        return;
    const flowrules_node *node =
        flowrules_node_get(flowrules_node_get(e->r->document, section), e->text + begin);
    if (key != NULL)
        node = flowrules_node_get(node, key);
    e->length = begin;
    e->text[begin] = '\0';
    e->node = node;
    const char *text = flowrules_node_text(node);
    if (node == NULL) {
        e->bad = true;
    } else if (text != NULL && text[0] == '[' && text[1] != '[') {
        const char *after = e->at;
        e->at = text + 1;
        evaluate(e);
        e->bad = e->bad || !take_character(e, ']');
        e->at = after;
    } else if (text != NULL) {
        append(e, text[0] == '[' ? text + 1 : text);
    }
}

static void take_concatenation(struct expression *e) {
    do
        evaluate(e);
    while (!e->bad && take_character(e, ','));
    e->node = NULL;
    e->bad = e->bad || !take_character(e, ')');
}

static bool take_word(struct expression *e, const char *word) {
    skip_blanks(e);
    if (strncasecmp(e->at, word, strlen(word)) != 0)
        return false;
    e->at += strlen(word);
    return true;
}

static void evaluate(struct expression *e) {
    e->node = NULL;
    if (++e->depth > DEPTH_MAX)
        e->bad = true;
    if (e->bad)
        return;
    if (take_word(e, "parameters("))
        take_reference(e, "parameters", "defaultValue");
    else if (take_word(e, "variables("))
        take_reference(e, "variables", NULL);
    else if (take_word(e, "concat("))
        take_concatenation(e);
    else if (!take_text(e))
        e->bad = true;
    e->depth--;
}

/* Evaluates "[...]"; false where it can't be known. */
static bool evaluate_all(struct expression *e, const char *text) {
    e->at = text + 1;
    evaluate(e);
    bool whole = !e->bad && take_character(e, ']');
    skip_blanks(e);
    return whole && *e->at == '\0';
}

static const char *evaluate_text(struct fr_azure_nsg_reader *r, const char *expression) {
    struct expression e = {.r = r};
    if (!evaluate_all(&e, expression) || (e.node != NULL && flowrules_node_text(e.node) == NULL))
        return NULL;
    return flowrules_input_copy(r->in, e.text, e.length);
}

static const flowrules_node *refer(struct fr_azure_nsg_reader *r, const char *expression) {
    struct expression e = {.r = r};
    return evaluate_all(&e, expression) ? e.node : NULL;
}

/* ---- values -------------------------------------------------------------------------------- */

const flowrules_node *fr_azure_nsg_value(struct fr_azure_nsg_reader *r,
                                         const flowrules_node *node) {
    const char *text = flowrules_node_text(node);
    if (flowrules_node_kind(node) == FLOWRULES_NODE_NULL)
        return NULL;
    if (r->form == FR_AZURE_NSG_TERRAFORM)
        return flowrules_terraform_value(r->in, r->document, node);
    if (r->form == FR_AZURE_NSG_TEMPLATE && text != NULL && text[0] == '[' && text[1] != '[')
        return refer(r, text);
    return node;
}

const char *fr_azure_nsg_text(struct fr_azure_nsg_reader *r, const flowrules_node *node) {
    const char *text = flowrules_node_text(node);
    if (text == NULL || r->form == FR_AZURE_NSG_PLAIN)
        return text;
    if (r->form == FR_AZURE_NSG_TERRAFORM)
        return flowrules_terraform_text(r->in, flowrules_terraform_value(r->in, r->document, node));
    if (text[0] != '[')
        return text;
    return text[1] == '[' ? text + 1 : evaluate_text(r, text);
}
