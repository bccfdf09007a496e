/*
 * The names whose addresses the targets of a policy need, and those in a network.
 */
#include "wanted.h"

flowrules_status fr_wanted_by_target(struct fr_strings *names, const flowrules_policy *policy,
                                     const char *target) {
    flowrules_plan *plan;
    FR_TRY(fr_plan_new(&plan, policy->context, policy, target));
    flowrules_status status = fr_wanted_by_plan(names, plan);
    fr_plan_free(plan);
    return status;
}

/* All names, for a policy that has no targets. */
static flowrules_status wanted_by_nobody(struct fr_strings *names, const flowrules_policy *policy) {
    struct fr_view_mode mode = {.names = false};
    struct fr_view view;
    flowrules_status status = fr_view_init(&view, policy, &mode);
    bool good = status != FLOWRULES_OK || fr_gather_names(names, &view, policy->protects, true);
    for (size_t i = 0; good && status == FLOWRULES_OK && i < policy->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&policy->flows, struct fr_flow, i);
        good = flow->expired || fr_gather_names_of_flow(names, &view, flow, true);
    }
    fr_view_free(&view);
    return good ? status : fr_no_memory(policy->context);
}

flowrules_status fr_wanted_by_policy(struct fr_strings *names, const flowrules_policy *policy) {
    if (policy->targets.count == 0)
        return wanted_by_nobody(names, policy);
    for (size_t i = 0; i < policy->targets.count; i++)
        FR_TRY(fr_wanted_by_target(names, policy, flowrules_target_name(policy, i)));
    return FLOWRULES_OK;
}

flowrules_status fr_names_in_network(struct fr_strings *names, const flowrules_policy *policy,
                                     uint32_t network) {
    struct fr_view_mode mode = {.names = false};
    struct fr_view view;
    flowrules_status status = fr_view_init(&view, policy, &mode);
    bool good =
        status != FLOWRULES_OK ||
        fr_gather_names(names, &view,
                        fr_vec_at(&policy->networks, struct fr_network, network)->members, true);
    fr_view_free(&view);
    return good ? status : fr_no_memory(policy->context);
}
