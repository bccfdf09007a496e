/*
 * Questions to a plan besides those of backends.
 */
#ifndef FR_VIEW_H
#define FR_VIEW_H

#include "plan.h"

/* True if group i of a set, a wider one or an equal, earlier one, has the pods of group index. */
bool fr_pods_precede(const flowrules_plan *plan, struct flowrules_set set, size_t i, size_t index);

/* What flowrules_pods_unselectable says of pods in a namespace that is not known (selectors.c). */
#define FR_NO_NAMESPACE "its namespace is not known: give the network, or the target, a 'namespace'"
extern const char fr_no_namespace[sizeof FR_NO_NAMESPACE];

#endif
