/*
 * flowrules: all flows and rules of a plan, before they are written.
 */
#ifndef FLOWRULES_KITS_WHOLE_H
#define FLOWRULES_KITS_WHOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "../backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The part of a flow in one direction, as a rule before anything is split or merged: index 0, 1 ...
 * until false. Valid until the next call.
 */
FLOWRULES_API bool flowrules_plan_flow(const flowrules_plan *plan, size_t index,
                                       struct flowrules_rule *flow);
/* The rules to be written, before the first one is: index 0, 1 ... until false. Likewise. */
FLOWRULES_API bool flowrules_output_rule(flowrules_output *out, size_t index,
                                         struct flowrules_rule *rule);
/* The union of the sources, or destinations, of all flows, in the families that both ends have. */
FLOWRULES_API struct flowrules_set flowrules_plan_ends(const flowrules_plan *plan,
                                                       enum flowrules_end end);

/* The number of rules of a direction and action, to check limits. */
FLOWRULES_API size_t flowrules_output_rule_count(const flowrules_output *out,
                                                 enum flowrules_direction direction,
                                                 enum flowrules_action action);

/*
 * Every set that is the source or destination of a rule, each once, in the order of first use,
 * without any; and every service of one protocol. For the objects that rules refer to.
 */
FLOWRULES_API size_t flowrules_output_set_count(flowrules_output *out);
FLOWRULES_API struct flowrules_set flowrules_output_set(flowrules_output *out, size_t index);
FLOWRULES_API size_t flowrules_output_service_count(flowrules_output *out);
FLOWRULES_API const struct flowrules_service *flowrules_output_service(flowrules_output *out,
                                                                       size_t index);
/*
 * True for the first call with this text, false from then on: for objects that are written where a
 * rule first needs them.
 */
FLOWRULES_API bool flowrules_output_once(flowrules_output *out, const char *text);

#ifdef __cplusplus
}
#endif

#endif
