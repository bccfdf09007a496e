/*
 * Reads network security groups from templates (ARM) and from Terraform's JSON: where groups and
 * rules are in them. What a value there means, read_values.c knows.
 * Source: learn.microsoft.com/azure/azure-resource-manager/templates/syntax and
 * template-expressions; the documentation of the provider hashicorp/azurerm.
 */
#include "read.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "flowrules/kits/terraform.h"

static const char group_type[] = "Microsoft.Network/networkSecurityGroups";

static bool equals(const char *a, const char *b) {
    return a != NULL && b != NULL && strcasecmp(a, b) == 0;
}

/* ---- templates ----------------------------------------------------------------------------- */

bool fr_azure_nsg_is_template(const flowrules_node *document) {
    return flowrules_node_get(document, "resources") != NULL;
}

static void read_resources(struct fr_azure_nsg_reader *r, const flowrules_node *resources,
                           const char *parent);

/* The group of a name that could not be evaluated: one of its own. */
static struct fr_azure_nsg_group *named_group(struct fr_azure_nsg_reader *r, const char *name,
                                              const flowrules_node *node) {
    const char *text = flowrules_node_text(flowrules_node_get(node, "name"));
    if (name == NULL)
        name = text == NULL ? "" : text;
    return fr_azure_nsg_group_of(r, name, flowrules_node_place(node));
}

static void take_group(struct fr_azure_nsg_reader *r, const flowrules_node *node) {
    const char *name = fr_azure_nsg_text(r, flowrules_node_get(node, "name"));
    struct fr_azure_nsg_group *group = named_group(r, name, node);
    const flowrules_node *list =
        flowrules_node_get(flowrules_node_get(node, "properties"), "securityRules");
    if (group == NULL)
        return;
    group->whole = true;
    if (flowrules_node_get(node, "copy") != NULL && r->rules && group->chosen)
        fr_azure_nsg_doubt(r, node, "copies of a resource are not computed");
    const flowrules_node *value = fr_azure_nsg_value(r, list);
    if (value == NULL && list != NULL && r->rules && group->chosen)
        fr_azure_nsg_doubt(r, list, "these rules are not known before the template is deployed");
    fr_azure_nsg_take_list(r, group, value);
    read_resources(r, flowrules_node_get(node, "resources"), group->name);
}

/* A rule as a resource: named GROUP/RULE, or RULE inside the group's. */
static void take_rule(struct fr_azure_nsg_reader *r, const flowrules_node *node,
                      const char *parent) {
    const char *name = fr_azure_nsg_text(r, flowrules_node_get(node, "name"));
    const char *slash = name == NULL ? NULL : strchr(name, '/');
    const char *group_name = parent;
    if (slash != NULL)
        group_name = flowrules_input_copy(r->in, name, (size_t)(slash - name));
    if (group_name == NULL) {
        if (r->rules)
            fr_azure_nsg_doubt(
                r, node,
                "it is not known to which group this rule belongs before the template is deployed");
        return;
    }
    struct fr_azure_nsg_group *group =
        fr_azure_nsg_group_of(r, group_name, flowrules_node_place(node));
    if (flowrules_node_get(node, "copy") != NULL && r->rules && group != NULL && group->chosen)
        fr_azure_nsg_doubt(r, node, "copies of a resource are not computed");
    fr_azure_nsg_take(r, group, node, slash != NULL ? slash + 1 : name);
}

/* A template within the template has parameters and variables of its own. */
static void take_deployment(struct fr_azure_nsg_reader *r, const flowrules_node *node) {
    const flowrules_node *outer = r->document;
    const flowrules_node *inner =
        flowrules_node_get(flowrules_node_get(node, "properties"), "template");
    if (inner != NULL) {
        r->document = inner;
        read_resources(r, flowrules_node_get(inner, "resources"), NULL);
        r->document = outer;
    } else if (r->rules) {
        fr_azure_nsg_doubt(r, node, "the linked template is not read");
    }
}

static void take_resource(struct fr_azure_nsg_reader *r, const flowrules_node *node,
                          const char *parent) {
    const char *type = flowrules_node_text(flowrules_node_get(node, "type"));
    char rule_type[sizeof group_type + sizeof "/securityRules"];
    snprintf(rule_type, sizeof rule_type, "%s/securityRules", group_type);
    if (equals(type, group_type))
        take_group(r, node);
    else if (equals(type, rule_type) || (parent != NULL && equals(type, "securityRules")))
        take_rule(r, node, parent);
    else if (equals(type, "Microsoft.Resources/deployments"))
        take_deployment(r, node);
    else
        read_resources(r, flowrules_node_get(node, "resources"), NULL);
}

/* A list; with symbolic names, a mapping. The nesting of documents is limited. */
static void read_resources(struct fr_azure_nsg_reader *r, const flowrules_node *resources,
                           const char *parent) {
    for (const flowrules_node *n = flowrules_node_first(resources);
         n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next(n))
        take_resource(r, n, parent);
}

void fr_azure_nsg_read_template(struct fr_azure_nsg_reader *r) {
    read_resources(r, flowrules_node_get(r->document, "resources"), NULL);
}

/* ---- Terraform ----------------------------------------------------------------------------- */

/* Does Terraform make any number of it? */
static bool is_repeated(struct fr_azure_nsg_reader *r, const struct fr_azure_nsg_group *group,
                        const flowrules_node *block) {
    bool repeated = flowrules_node_get(block, "count") != NULL ||
                    flowrules_node_get(block, "for_each") != NULL ||
                    flowrules_node_get(block, "dynamic") != NULL;
    if (repeated && r->rules && (group == NULL || group->chosen))
        fr_azure_nsg_doubt(r, block, "count, for_each and dynamic blocks are not computed");
    return repeated;
}

/* The name of azurerm_network_security_group.LABEL, or LABEL where that is computed. */
static const char *name_of_label(struct fr_azure_nsg_reader *r, const char *label, size_t length) {
    const char *key = flowrules_input_copy(r->in, label, length);
    const flowrules_node *kind = flowrules_node_get(flowrules_node_get(r->document, "resource"),
                                                    "azurerm_network_security_group");
    const flowrules_node *block =
        flowrules_node_block(key == NULL ? NULL : flowrules_node_get(kind, key));
    const char *name = fr_azure_nsg_text(r, flowrules_node_get(block, "name"));
    return name != NULL ? name : key;
}

static void take_terraform_group(void *own, const char *type, const char *label,
                                 const flowrules_node *block) {
    struct fr_azure_nsg_reader *r = own;
    if (!equals(type, "azurerm_network_security_group"))
        return;
    const char *name = fr_azure_nsg_text(r, flowrules_node_get(block, "name"));
    struct fr_azure_nsg_group *group =
        fr_azure_nsg_group_of(r, name != NULL ? name : label, flowrules_node_place(block));
    const flowrules_node *list = flowrules_node_get(block, "security_rule");
    if (group != NULL)
        group->whole = true;
    const flowrules_node *value = fr_azure_nsg_value(r, list);
    is_repeated(r, group, block);
    if (value == NULL && list != NULL && r->rules && group != NULL && group->chosen)
        fr_azure_nsg_doubt(r, list, "these rules are not known before Terraform has run");
    fr_azure_nsg_take_list(r, group, value);
}

/* The group that azurerm_network_security_rule names; NULL where that can't be told. */
static const char *group_of_rule(struct fr_azure_nsg_reader *r, const flowrules_node *block) {
    static const char reference[] = "azurerm_network_security_group.";
    const flowrules_node *node = flowrules_node_get(block, "network_security_group_name");
    const char *name = fr_azure_nsg_text(r, node);
    const char *expression = flowrules_terraform_expression(r->in, node);
    if (name != NULL || expression == NULL ||
        strncmp(expression, reference, sizeof reference - 1) != 0)
        return name;
    const char *label = expression + sizeof reference - 1;
    size_t length = strcspn(label, ".[");
    return equals(label + length, ".name") ? name_of_label(r, label, length) : NULL;
}

static void take_terraform_rule(void *own, const char *type, const char *label,
                                const flowrules_node *block) {
    struct fr_azure_nsg_reader *r = own;
    (void)label;
    if (!equals(type, "azurerm_network_security_rule") || flowrules_input_failed(r->in))
        return;
    const char *name = group_of_rule(r, block);
    if (name == NULL) {
        if (r->rules)
            fr_azure_nsg_doubt(
                r, block,
                "it is not known to which group this rule belongs before Terraform has run");
        return;
    }
    struct fr_azure_nsg_group *group = fr_azure_nsg_group_of(r, name, flowrules_node_place(block));
    if (!is_repeated(r, group, block))
        fr_azure_nsg_take(r, group, block, NULL);
}

static void take_terraform_module(void *own, const char *type, const char *label,
                                  const flowrules_node *block) {
    struct fr_azure_nsg_reader *r = own;
    (void)type;
    (void)label;
    if (r->rules)
        fr_azure_nsg_doubt(r, block, "the contents of this module are not read");
}

void fr_azure_nsg_read_terraform(struct fr_azure_nsg_reader *r) {
    flowrules_terraform_each(r->document, "resource", take_terraform_group, r);
    flowrules_terraform_each(r->document, "resource", take_terraform_rule, r);
    flowrules_terraform_each(r->document, "module", take_terraform_module, r);
}
