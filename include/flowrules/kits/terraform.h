/* flowrules: reading Terraform's JSON. */
#ifndef FLOWRULES_KITS_TERRAFORM_H
#define FLOWRULES_KITS_TERRAFORM_H

#include <stdbool.h>

#include "../reader.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A nested block of Terraform, or whatever else is one mapping or a list of them: the first, then
 * the next one until NULL.
 */
FLOWRULES_API const flowrules_node *flowrules_node_block(const flowrules_node *node);
FLOWRULES_API const flowrules_node *flowrules_node_next_block(const flowrules_node *block);

/* True if a document is Terraform's JSON: a mapping with resource, variable ... at its top. */
FLOWRULES_API bool flowrules_terraform_is(const flowrules_node *document);
/*
 * Calls each with own for every block of a section ("resource", "data", "variable", ...), in order.
 * type is NULL if the section has only names; name is also NULL if it has none.
 */
typedef void flowrules_terraform_visit(void *own, const char *type, const char *name,
                                       const flowrules_node *block);
FLOWRULES_API void flowrules_terraform_each(const flowrules_node *document, const char *section,
                                            flowrules_terraform_visit *each, void *own);
/* The text of a scalar with "$${" as "${"; NULL if Terraform computes a part of it. */
FLOWRULES_API const char *flowrules_terraform_text(flowrules_input *in, const flowrules_node *node);
/* The reference of a template that has nothing else: "var.x" of "${var.x}"; or NULL. */
FLOWRULES_API const char *flowrules_terraform_expression(flowrules_input *in,
                                                         const flowrules_node *node);

/*
 * The value of an argument: the node itself, or the default of its variable ("${var.x}",
 * "${var.x[0]}"); NULL if it is null or Terraform computes it.
 */
FLOWRULES_API const flowrules_node *flowrules_terraform_value(flowrules_input *in,
                                                              const flowrules_node *document,
                                                              const flowrules_node *node);

#ifdef __cplusplus
}
#endif

#endif
