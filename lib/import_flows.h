/*
 * Ordered clauses as flows of a policy, where order does not count: what a configuration allows
 * and denies, each part with the clause that it comes from.
 */
#ifndef FR_IMPORT_FLOWS_H
#define FR_IMPORT_FLOWS_H

#include "meaning.h"

/* Parts that the allows of a configuration may fall into. */
#define FR_IMPORT_PARTS_MAX ((size_t)1000000)

enum fr_import_kind {
    FR_IMPORT_ALLOW,
    FR_IMPORT_DENY,
    FR_IMPORT_LEFT_OUT, /* no flow, a comment: an allow in doubt */
    FR_IMPORT_KEPT,     /* likewise: a deny in doubt, the flow of which follows, if any */
    FR_IMPORT_TAKEN     /* likewise: denies in doubt may take all of this allow */
};

struct fr_import_flow {
    const struct fr_clause *clause;
    enum flowrules_direction direction;
    fr_set ends[2];
    fr_service service;
    uint8_t kind; /* enum fr_import_kind */
    bool idle;    /* a deny of what no flow allows */
    bool matters; /* of a comment: what passes depends on the doubt */
};

static inline bool fr_import_is_flow(const struct fr_import_flow *flow) {
    return flow->kind == FR_IMPORT_ALLOW || flow->kind == FR_IMPORT_DENY;
}

/* What a direction has of a baseline, and whether it lets TCP in midstream pass. */
struct fr_import_baseline {
    unsigned parts; /* enum flowrules_baseline, bits */
    bool mid_stream;
    bool passes; /* all kinds of packets but the new ones pass, as where nothing is enforced */
};

/*
 * Finds what the lists of a direction let pass, or drop, as a baseline does before all else;
 * consumed has a bool for each clause of all stages, in order, and is set where the baseline says
 * it.
 */
flowrules_status fr_import_find_baseline(flowrules_meaning *m, enum flowrules_direction direction,
                                         struct fr_import_baseline *baseline, bool *consumed);

/*
 * Appends the flows of a direction (struct fr_import_flow) to a list, but for the clauses that
 * consumed has. *too_many is set to the clause at which it becomes more parts than are told; the
 * list is not complete then.
 */
flowrules_status fr_import_flows(flowrules_meaning *m, enum flowrules_direction direction,
                                 const bool *consumed, struct fr_vec *flows,
                                 const struct fr_clause **too_many);

/* Have a flow and a box something in common, as far as is known of names and groups? */
bool fr_import_may_meet(const flowrules_meaning *m, const struct fr_import_flow *flow,
                        const fr_set ends[2], fr_service service);

#endif
