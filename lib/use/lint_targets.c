/*
 * Finds flows that no target enforces, and targets that enforce no flow; and notes which names
 * targets pin, while their plans are there.
 */
#include <string.h>

#include "lint.h"
#include "pins.h"

struct enforced {
    bool *flows; /* of each: some target enforces it */
    bool any_target;
};

static size_t note_flows(struct enforced *enforced, const flowrules_plan *plan) {
    size_t count = 0;
    for (size_t i = 0; i < plan->verdicts.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, i);
        enum fr_fidelity fidelity = fr_vec_at(&plan->verdicts, struct fr_verdict, i)->fidelity;
        if (fidelity == FR_OUT_OF_SCOPE || fidelity == FR_FIDELITY_EXPIRED)
            continue;
        count++;
        if (!plan->can->every_group && !(flow->deny && plan->permits)) /* which close nothing */
            enforced->flows[i] = true;
    }
    return count;
}

/* 'select: none' is a target that enforces no flow on purpose. */
static flowrules_status check_idle(struct fr_linter *l, size_t index, size_t flows) {
    const struct fr_target *target = fr_vec_at(&l->policy->targets, struct fr_target, index);
    struct fr_finding finding = fr_about_target(l, FR_TARGET_IDLE, FLOWRULES_WARNING, index);
    finding.hint = "correct 'select' or 'protects'; 'select: none' says that it is on purpose";
    if (flows > 0 || target->select_none)
        return FLOWRULES_OK;
    return fr_finding_add(l->findings, &finding, "target '%s' enforces no flow",
                          FR_POLICY_TEXT(l->policy, target->name));
}

/* A target that can't be planned is reported in the messages; all flows may be its own. */
static flowrules_status check_target(struct fr_linter *l, struct enforced *enforced, size_t index) {
    flowrules_plan *plan;
    flowrules_status status =
        fr_plan_new(&plan, l->context, l->policy, flowrules_target_name(l->policy, index));
    if (status == FLOWRULES_NO_MEMORY)
        return status;
    if (status != FLOWRULES_OK) {
        memset(enforced->flows, true, l->policy->flows.count);
        return FLOWRULES_OK;
    }
    enforced->any_target = enforced->any_target || !plan->can->every_group;
    size_t flows = note_flows(enforced, plan);
    if (l->policy->lock.present)
        status = fr_wanted_by_plan(&l->wanted, plan);
    fr_plan_free(plan);
    return status == FLOWRULES_OK ? check_idle(l, index, flows) : status;
}

static flowrules_status check_flows(struct fr_linter *l, const struct enforced *enforced) {
    for (size_t i = 0; enforced->any_target && i < l->policy->flows.count; i++) {
        const struct fr_flow *flow = fr_lint_flow(l, i);
        struct fr_finding finding = fr_about_flow(l, FR_FLOW_NOT_ENFORCED, FLOWRULES_WARNING, i);
        finding.hint = "check 'select', 'protects' and 'direction' of the targets, and the source "
                       "and destination of the flow";
        if (fr_lint_counts(flow) && !flow->shadowed && !enforced->flows[i])
            FR_TRY(fr_finding_add(l->findings, &finding, "no target enforces flow '%s'",
                                  fr_lint_name(l, i)));
    }
    return FLOWRULES_OK;
}

flowrules_status fr_lint_targets(struct fr_linter *l) {
    size_t flows = l->policy->flows.count;
    struct enforced enforced = {fr_malloc(&l->context->allocator, flows + 1), false};
    if (enforced.flows == NULL)
        return fr_no_memory(l->context);
    memset(enforced.flows, false, flows);
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < l->policy->targets.count && status == FLOWRULES_OK; i++)
        status = check_target(l, &enforced, i);
    if (status == FLOWRULES_OK)
        status = check_flows(l, &enforced);
    fr_free(&l->context->allocator, enforced.flows);
    return status;
}
