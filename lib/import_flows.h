/*
 * Ordered clauses as flows of a policy, where order does not count: what a configuration allows
 * and denies, each part with the clause that it comes from.
 */
#ifndef FR_IMPORT_FLOWS_H
#define FR_IMPORT_FLOWS_H

#include "meaning.h"

/* Parts that the allows of a configuration may fall into. */
#define FR_IMPORT_PARTS_MAX ((size_t)1000000)

struct fr_import_flow {
    const struct fr_clause *clause;
    enum flowrules_direction direction;
    fr_set ends[2];
    fr_service service;
    bool deny;
};

/*
 * Appends the flows of a direction (struct fr_import_flow) to a list. *too_many is set to the
 * clause at which it becomes more parts than are told, or than a policy can tell apart; the list is
 * not complete then.
 */
flowrules_status fr_import_flows(flowrules_meaning *m, enum flowrules_direction direction,
                                 struct fr_vec *flows, const struct fr_clause **too_many);

/* Is it an allow without a name of what path-MTU discovery needs, as baselines have it? */
bool fr_import_is_path_mtu(const flowrules_meaning *m, const struct fr_import_flow *flow);

#endif
