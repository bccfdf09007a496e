/*
 * Ordered clauses as flows of a policy, where order does not count: what a configuration allows
 * and denies, each part with the clause that it comes from.
 */
#ifndef FR_IMPORT_FLOWS_H
#define FR_IMPORT_FLOWS_H

#include "meaning.h"
#include "reach.h"

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
    fr_set interfaces[2]; /* by which its packets come and go; 0: any */
    fr_service service;
    struct fr_reach reach; /* of ends and service */
    uint8_t kind;          /* enum fr_import_kind */
    bool idle;             /* a deny of what no flow allows */
    bool matters;          /* of a comment: what passes depends on the doubt */
    bool ordered;  /* a deny that spares the allows before it in its list, which it may meet */
    uint32_t list; /* of a deny: the one of the direction that it is in */
    const uint32_t *places; /* in each list so far: of an allow, and of a deny in its own */
};

static inline bool fr_import_is_flow(const struct fr_import_flow *flow) {
    return flow->kind == FR_IMPORT_ALLOW || flow->kind == FR_IMPORT_DENY;
}

/* All that there is is blocked, or passes. */
extern const struct fr_clause fr_import_block_all, fr_import_pass_all;

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

/* What becomes of a deny behind allows that it may meet. */
enum fr_import_way {
    FR_IMPORT_CUTS,   /* it is a deny without them, or cut out of the allows behind it */
    FR_IMPORT_SPARES, /* it is a deny that spares them */
    FR_IMPORT_BLOCKS  /* likewise, also a deny of everything that other clauses follow */
};

/* What finding flows came across, of all directions together. */
struct fr_import_found {
    const struct fr_clause *too_many; /* at which it becomes more parts than are told, or NULL */
    bool orders;                      /* a deny is behind an allow that it may meet */
    bool rest;                        /* no list of names tells some interfaces */
    /* An allow with a name or group and a deny behind it that may hold it, which is cut all the
     * same; NULL: there is none. */
    const struct fr_clause *allow, *deny;
};

/*
 * Appends the flows of a direction (struct fr_import_flow) to a list, but for the clauses that
 * consumed has. Where found->too_many is set, the list is not complete.
 */
flowrules_status fr_import_flows(flowrules_meaning *m, enum flowrules_direction direction,
                                 enum fr_import_way way, const bool *consumed, struct fr_vec *flows,
                                 struct fr_import_found *found);

/* Is an allow before a deny, in the list of the deny? */
static inline bool fr_import_is_before(const struct fr_import_flow *allow,
                                       const struct fr_import_flow *deny) {
    return allow->direction == deny->direction &&
           allow->places[deny->list] < deny->places[deny->list];
}

/* Sets where a flow lies, whose ends and service have changed. */
void fr_import_reach(const flowrules_meaning *m, struct fr_import_flow *flow);

/* The same as below, of flows whose reaches meet. */
bool fr_import_sets_may_meet(const flowrules_meaning *m, const struct fr_import_flow *a,
                             const struct fr_import_flow *b);

/* Have two flows something in common, as far as is known of names and groups? */
static inline bool fr_import_may_meet(const flowrules_meaning *m, const struct fr_import_flow *a,
                                      const struct fr_import_flow *b) {
    return fr_reaches_meet(&a->reach, &b->reach) && fr_import_sets_may_meet(m, a, b);
}

#endif
