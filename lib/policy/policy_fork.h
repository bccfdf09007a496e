/*
 * Policies made of another one: with the same flows, or with some of them.
 */
#ifndef FR_POLICY_FORK_H
#define FR_POLICY_FORK_H

#include "policy.h"

/* Some flows of a policy, and what its denies spare of them. */
struct fr_some_flows {
    struct fr_vec flows;       /* struct fr_flow */
    struct fr_vec spare_lists; /* struct fr_span */
    struct fr_vec spared;      /* struct fr_spared */
};

void fr_some_flows_init(struct fr_some_flows *some, const struct fr_allocator *allocator);
void fr_some_flows_free(struct fr_some_flows *some);
/* Takes the flows with these numbers (uint32_t, ascending). */
flowrules_status fr_some_flows_take(struct fr_some_flows *some, const flowrules_policy *policy,
                                    const struct fr_vec *numbers);
/*
 * Makes shown the policy with these flows alone. It owns nothing and is not freed: it is valid
 * until the policy or the flows change. What names flows by their numbers elsewhere (losses,
 * findings that are accepted) is not about its flows.
 */
void fr_some_flows_show(const struct fr_some_flows *some, const flowrules_policy *policy,
                        flowrules_policy *shown);

/* Makes a fork of a policy (fr_policy_fork) with the flows of these numbers alone. */
flowrules_status fr_policy_fork_of(flowrules_policy **fork, const flowrules_policy *base,
                                   const struct fr_vec *numbers);

#endif
