/*
 * Reports what a target cannot express, and what to do about it.
 */
#include <string.h>

#include "pins.h"
#include "view.h"

/* NULL when out of memory: the message goes without. */
static const char *domain_hint(const flowrules_plan *plan) {
    static const char accept[] = "accept it with 'allow-loss: [{flow: NAME, loss: widen}]'";
    if (plan->exact_domains)
        return fr_arena_printf(
            plan->arena, "another flow allows these: allow both in this flow, or %s in the target",
            accept);
    return fr_arena_printf(plan->arena, "allow both 'NAME' and '*.NAME', %s%s%sor %s in the target",
                           plan->can->names_exact_by == NULL ? "" : "set '",
                           plan->can->names_exact_by == NULL ? "" : plan->can->names_exact_by,
                           plan->can->names_exact_by == NULL ? "" : ": true', ", accept);
}

/* The command that pins the names; NULL when out of memory, and then there is no hint. */
static const char *resolve_hint(const flowrules_plan *plan) {
    const flowrules_policy *policy = plan->policy;
    const char *path = fr_diagnostics_file_name(&plan->context->diagnostics, policy->first_file);
    const char *lock = plan->context->lock;
    bool named = path != NULL && path[0] != '<'; /* "<stdin>" is no path */
    bool chosen = lock != NULL && strcmp(lock, "none") != 0;
    return fr_arena_printf(plan->arena, "run 'flowrules resolve %s%s%s'%s", named ? path : "POLICY",
                           chosen ? " --lock " : "", chosen ? lock : "",
                           policy->lock.present ? ", or add the addresses to the lock file"
                                                : ", which writes the lock file");
}

/* NULL: the reason itself tells it. */
static const char *refusal_hint(const flowrules_plan *plan, const struct fr_verdict *verdict) {
    if (verdict->fidelity == FR_FIDELITY_UNRESOLVED)
        return resolve_hint(plan);
    if (verdict->why == FR_WHY_BELOW_TOO || verdict->why == FR_WHY_SELF_TOO)
        return domain_hint(plan);
    const char *hint = verdict->hint != NULL ? verdict->hint : fr_reason_hint(verdict->why);
    if (hint == NULL)
        return "write the flow in another way, or leave it out with 'select'";
    return hint[0] == '\0' ? NULL : hint;
}

/* told: the names without an address that were told before. */
static void report_verdict(const flowrules_plan *plan, uint32_t index,
                           const struct fr_verdict *verdict, struct fr_strings *told) {
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, index);
    const char *name = FR_POLICY_TEXT(plan->policy, flow->name);
    struct fr_about about = {.severity = FLOWRULES_ERROR,
                             .id = FR_REFUSED,
                             .at = fr_flow_place(plan->policy, flow),
                             .flow = name,
                             .target = plan->name};
    if (verdict->fidelity == FR_NARROWED || verdict->fidelity == FR_WIDENED) {
        about.severity = FLOWRULES_NOTE;
        about.id = FR_LOSS_ACCEPTED;
        fr_report(&plan->context->diagnostics, &about, "flow '%s' is %s on target '%s': %s", name,
                  fr_fidelity_word(verdict->fidelity), plan->name, verdict->reason);
        return;
    }
    about.hint = refusal_hint(plan, verdict);
    if (verdict->fidelity == FR_FIDELITY_UNRESOLVED)
        about.id = FR_NAME_NOT_PINNED;
    if (about.id == FR_NAME_NOT_PINNED && fr_report_unpinned(plan, flow, &about, told))
        return;
    fr_report(&plan->context->diagnostics, &about, "target '%s' cannot express flow '%s': %s",
              plan->name, name, verdict->reason);
}

flowrules_status fr_plan_report(const flowrules_plan *plan) {
    struct fr_strings told;
    fr_strings_init(&told, &plan->context->allocator);
    for (uint32_t i = 0; i < plan->verdicts.count; i++) {
        const struct fr_verdict *verdict = fr_vec_at(&plan->verdicts, struct fr_verdict, i);
        switch (verdict->fidelity) {
        case FR_NARROWED:
        case FR_WIDENED:
        case FR_FIDELITY_REFUSED:
        case FR_FIDELITY_UNRESOLVED:
            report_verdict(plan, i, verdict, &told);
            break;
        case FR_EXACT:
        case FR_NATIVE:
        case FR_PINNED:
        case FR_FIDELITY_EXPIRED:
        case FR_OUT_OF_SCOPE:
            break;
        }
    }
    fr_strings_free(&told);
    if (plan->refused > 0)
        return FLOWRULES_REFUSED;
    return plan->unresolved > 0 ? FLOWRULES_UNRESOLVED : fr_plan_warn(plan);
}

void fr_report_verdict(const flowrules_plan *plan, uint32_t flow,
                       const struct fr_verdict *verdict) {
    report_verdict(plan, flow, verdict, NULL); /* no name is without an address here */
}

flowrules_status fr_plan_check(const flowrules_plan *plan) {
    uint32_t reported = 0;
    for (uint32_t i = 0; reported < plan->refused && i < plan->verdicts.count; i++) {
        const struct fr_verdict *verdict = fr_vec_at(&plan->verdicts, struct fr_verdict, i);
        if (verdict->fidelity != FR_FIDELITY_REFUSED || verdict->why == FR_WHY_WILDCARD_NOT_PINNED)
            continue;
        fr_report_verdict(plan, i, verdict);
        reported++;
    }
    if (reported > 0)
        return FLOWRULES_REFUSED;
    return plan->refused + plan->unresolved > 0 ? FLOWRULES_UNRESOLVED : FLOWRULES_OK;
}
