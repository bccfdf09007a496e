/*
 * Lint: what its checks share. lint.c opens it, calls the checks and closes it; each check is in a
 * file of its own.
 */
#ifndef FR_LINT_H
#define FR_LINT_H

#include "finding_table.h"
#include "findings.h"
#include "flows.h"

/* The flows as some target sees them: their sources and destinations as sets. */
struct fr_sight {
    struct fr_view view;
    struct fr_vec ends; /* fr_set[2], for each flow */
};

struct fr_linter {
    flowrules_context *context;
    const flowrules_policy *policy;
    flowrules_findings *findings;
    /*
     * The first: networks are their members, names and groups without addresses are atoms. Others:
     * those of the platforms of targets, where networks are groups.
     */
    struct fr_sight *sights;
    size_t sight_count;
    struct fr_vec placed; /* uint8_t, for each flow: bit e: end e may be at some interfaces alone */
    struct fr_vec covered;    /* uint8_t, for each flow: others cover it */
    struct fr_strings wanted; /* names that targets pin, once the targets were checked */
    struct fr_vec shared;     /* struct fr_shared, while names are checked */
};

static inline const struct fr_flow *fr_lint_flow(const struct fr_linter *l, size_t index) {
    return fr_vec_at(&l->policy->flows, struct fr_flow, index);
}

/* True for a flow that is part of the policy today. */
static inline bool fr_lint_counts(const struct fr_flow *flow) {
    return flow->usable && !flow->expired;
}

static inline const fr_set *fr_sight_ends(const struct fr_sight *sight, size_t flow) {
    return fr_vec_at(&sight->ends, fr_set, 2 * flow);
}

/* A finding about a flow, a network, a service or a target, at its place. */
struct fr_finding fr_about_flow(const struct fr_linter *l, enum fr_finding_id id,
                                flowrules_severity severity, size_t flow);
struct fr_finding fr_about_network(const struct fr_linter *l, enum fr_finding_id id,
                                   flowrules_severity severity, size_t network);
struct fr_finding fr_about_service(const struct fr_linter *l, enum fr_finding_id id,
                                   flowrules_severity severity, size_t service);
struct fr_finding fr_about_target(const struct fr_linter *l, enum fr_finding_id id,
                                  flowrules_severity severity, size_t target);

/* The name of a flow, and of the file of a place, for messages. */
const char *fr_lint_name(const struct fr_linter *l, size_t flow);
const char *fr_lint_file(const struct fr_linter *l, struct fr_at at);

/* True if a set has names or groups, of which nobody here knows the addresses. */
bool fr_lint_has_atoms(const struct fr_sight *sight, fr_set set);

/* The checks. Each reports what it finds; NO_MEMORY, or OK. */
flowrules_status fr_lint_covers(struct fr_linter *l);  /* FL0101, 0102, 0104, 0106 */
flowrules_status fr_lint_denies(struct fr_linter *l);  /* FL0103 */
flowrules_status fr_lint_joins(struct fr_linter *l);   /* FL0105 */
flowrules_status fr_lint_unused(struct fr_linter *l);  /* FL0201 to FL0203 */
flowrules_status fr_lint_twice(struct fr_linter *l);   /* FL0204 to FL0207 */
flowrules_status fr_lint_wide(struct fr_linter *l);    /* FL03, FL0401 */
flowrules_status fr_lint_care(struct fr_linter *l);    /* FL05 */
flowrules_status fr_lint_targets(struct fr_linter *l); /* FL07 */
flowrules_status fr_lint_names(struct fr_linter *l);   /* FL06, after the targets */

#endif
