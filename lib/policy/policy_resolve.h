/*
 * What binding the names of a policy finds out about its networks (policy_facts.c), for checks that
 * stand in files of their own.
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
    bool placed;       /* may be at some interfaces alone */
    bool broken;       /* it holds an item with a reported error: it is not checked further */
};

/* Item i of a span. */
struct fr_peer *fr_peer_in(const flowrules_policy *policy, struct fr_span span, uint32_t i);
/* The place of a reference to a name of the policy's own. */
struct fr_at fr_ref_at(const struct fr_binder *r, const struct fr_peer *peer, const char *name);
/*
 * The candidate nearest to a name, or NULL. It looks at all names, so that a large file full of
 * slips gets no more than some.
 */
const char *fr_suggestion(const struct fr_binder *r, const char *name,
                          const char *(*next)(const void *user, size_t i));

/* Opens a binder; it is to be closed whatever the result is. */
flowrules_status fr_binder_open(struct fr_binder *r, flowrules_policy *policy);
void fr_binder_close(struct fr_binder *r);

/* Binds the references to networks among the items from a first one on. */
void fr_bind_peers(struct fr_binder *r, size_t first);
/* Binds references to networks; what is unknown, nests too deep or contains itself is reported. */
void fr_bind_networks(struct fr_binder *r);
/* Finds the facts of every network, once all are bound. */
flowrules_status fr_evaluate_networks(struct fr_binder *r);
/* What the items of a span come to together, added to *sum but for the set, which is theirs. */
flowrules_status fr_span_facts(struct fr_binder *r, struct fr_span span, struct fr_facts *sum);

/* Finds the networks of places, gives them the places' bindings, and the places of targets. */
flowrules_status fr_bind_places(struct fr_binder *r);
/* Checks the interfaces that a target has at places, once its backend is known. */
void fr_check_target_places(struct fr_binder *r, const struct fr_target *target);

/*
 * The union of the services that a flow names (policy_uses.c); terms: struct fr_term, for its own
 * use.
 */
flowrules_status fr_bind_service(struct fr_binder *r, struct fr_flow *flow, struct fr_vec *terms);
/*
 * Binds the service of a flow, and checks whether a packet can match it, and its expiry; terms as
 * above.
 */
flowrules_status fr_bind_flow(struct fr_binder *r, struct fr_flow *flow, struct fr_vec *terms);
/* Binds the names in zones, assertions and the matrix (assert_bind.c). */
flowrules_status fr_bind_assertions(struct fr_binder *r);

/* Reports that no flow has this name, and suggests the nearest one. */
void fr_report_unknown_flow(struct fr_binder *r, fr_string name, struct fr_at at);
/* The same for a name that a program gave, without a place. */
void fr_report_no_flow(struct fr_binder *r, const char *name);
/* Binds the flows that denies spare (policy_spares.c). */
flowrules_status fr_bind_spares(struct fr_binder *r);
/* The same of one flow; flows: numbers by name, UINT32_MAX for a flow that is no longer there. */
void fr_bind_spares_of(struct fr_binder *r, const struct fr_map *flows, const struct fr_flow *deny);
/* Reports a flow that a deny names and cannot spare. */
void fr_check_spared(struct fr_binder *r, const struct fr_flow *deny,
                     const struct fr_spared *spared);
/* Warns of flows that a deny covers; once all networks were evaluated (policy_shadows.c). */
flowrules_status fr_warn_of_shadowed(struct fr_binder *r);
/* How many denies of a policy with so many flows are looked at, so that it takes little time. */
size_t fr_shadows_most(size_t flows);

#endif
