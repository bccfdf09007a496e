/*
 * What binding the names of a policy finds out about its networks, for checks that stand in files
 * of their own.
 */
#ifndef FR_POLICY_RESOLVE_H
#define FR_POLICY_RESOLVE_H

#include "policy.h"

struct fr_binder {
    flowrules_policy *policy;
    flowrules_context *context;
    struct fr_diagnostics *diagnostics;
    struct fr_sets sets;
    struct fr_vec facts; /* struct fr_facts, one for each network */
};

/* What a network comes to: its addresses, and what else is in it. */
struct fr_facts {
    fr_set set;
    unsigned families; /* that it may have addresses of: names and groups may have both */
    bool symbolic;     /* holds names or platform groups */
    bool broken;       /* holds what was reported as wrong: more can't be said of it */
};

/* What the items of a span come to together, added to *sum but for the set, which is theirs. */
flowrules_status fr_span_facts(struct fr_binder *r, struct fr_span span, struct fr_facts *sum);

/* There is no flow of this name: reports it, with the nearest that there is. */
void fr_report_unknown_flow(struct fr_binder *r, fr_string name, struct fr_at at);
/* Binds the flows that denies spare (policy_spares.c). */
flowrules_status fr_bind_spares(struct fr_binder *r);
/* Warns of flows that a deny covers; once all networks were evaluated (policy_shadows.c). */
flowrules_status fr_warn_of_shadowed(struct fr_binder *r);

#endif
