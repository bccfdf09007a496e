/*
 * Checks a policy: reports what rendering each target would refuse or warn of, and flows that no
 * target enforces.
 */
#include <string.h>

#include "needs.h"
#include "pins.h"
#include "proxies.h"
#include "render.h"

/* Which flows some target enforces, a bool for each; NULL where no target closes anything. */
struct enforced {
    bool *flows;
    bool any_target;
};

static void note_enforced(struct enforced *enforced, const flowrules_plan *plan) {
    if (plan->can->every_group) /* a listing closes nothing */
        return;
    enforced->any_target = true;
    for (size_t i = 0; i < plan->verdicts.count; i++) {
        bool deny = fr_vec_at(&plan->policy->flows, struct fr_flow, i)->deny;
        if (fr_vec_at(&plan->verdicts, struct fr_verdict, i)->fidelity != FR_OUT_OF_SCOPE &&
            !(deny && plan->permits)) /* what it does not permit, others may */
            enforced->flows[i] = true;
    }
}

static void warn_of_unenforced(flowrules_context *context, const flowrules_policy *policy,
                               const struct enforced *enforced) {
    for (size_t i = 0; enforced->any_target && i < policy->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&policy->flows, struct fr_flow, i);
        const char *name = FR_POLICY_TEXT(policy, flow->name);
        struct fr_about about = {.severity = FLOWRULES_WARNING,
                                 .id = FR_NOT_ENFORCED,
                                 .at = fr_flow_place(policy, flow),
                                 .flow = name,
                                 .hint = "check 'select', 'protects' and 'direction' of the "
                                         "targets, and the source and destination of the flow"};
        if (!flow->expired && !flow->shadowed && !enforced->flows[i]) /* shadowed: FR0320 */
            fr_report(&context->diagnostics, &about, "no target enforces flow '%s'", name);
    }
}

/* What rendering warns of. */
static flowrules_status warn_of_target(const flowrules_plan *plan) {
    FR_TRY(fr_plan_warn(plan));
    return fr_warn_of_needs(plan);
}

/* What a lock file lacks is no fault of the policy, and hides what else there is to be found. */
static flowrules_status check_target(flowrules_context *context, const flowrules_policy *policy,
                                     const char *target, struct enforced *enforced) {
    flowrules_plan *plan;
    struct fr_rules *rules;
    flowrules_artifact *artifact;
    FR_TRY(fr_plan_new(&plan, context, policy, target));
    note_enforced(enforced, plan);
    flowrules_status status = fr_plan_check(plan);
    if (status == FLOWRULES_OK)
        status = warn_of_target(plan);
    else if (fr_warn_of_age(plan) != FLOWRULES_OK)
        status = FLOWRULES_NO_MEMORY;
    if (status == FLOWRULES_OK) {
        status = fr_rules_make_reported(&rules, plan);
        if (status == FLOWRULES_OK) {
            status = fr_render(&artifact, rules, NULL);
            flowrules_artifact_free(artifact);
        }
    }
    fr_plan_free(plan);
    return status == FLOWRULES_UNRESOLVED ? FLOWRULES_OK : status;
}

static flowrules_status check_targets(flowrules_context *context, const flowrules_policy *policy,
                                      struct enforced *enforced) {
    flowrules_status worst = FLOWRULES_OK;
    for (size_t i = 0; i < flowrules_target_count(policy); i++) {
        flowrules_status status =
            check_target(context, policy, flowrules_target_name(policy, i), enforced);
        if (status == FLOWRULES_NO_MEMORY)
            return status;
        if (status != FLOWRULES_OK && status != FLOWRULES_REFUSED) /* its scope is not known */
            memset(enforced->flows, true, policy->flows.count);
        if (worst == FLOWRULES_OK || status == FLOWRULES_INVALID)
            worst = status;
    }
    return worst;
}

flowrules_status flowrules_check(flowrules_context *context, const flowrules_policy *policy) {
    struct enforced enforced = {fr_malloc(&context->allocator, policy->flows.count + 1), false};
    if (enforced.flows == NULL)
        return fr_no_memory(context);
    memset(enforced.flows, false, policy->flows.count);
    flowrules_status status = check_targets(context, policy, &enforced);
    if (status != FLOWRULES_NO_MEMORY)
        warn_of_unenforced(context, policy, &enforced);
    if (fr_proxies_tell(policy, false) != FLOWRULES_OK)
        status = FLOWRULES_NO_MEMORY;
    fr_free(&context->allocator, enforced.flows);
    return context->diagnostics.out_of_memory ? FLOWRULES_NO_MEMORY : status;
}
