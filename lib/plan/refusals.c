/*
 * Reports what a target can't say, and what to do about it.
 */
#include <stdio.h>
#include <string.h>

#include "pins.h"
#include "view.h"

/* Words of reasons; they hold spaces, and so are never a part of a name of the user's. */
static bool speaks_of(const struct fr_verdict *verdict, const char *words) {
    return strstr(verdict->reason, words) != NULL;
}

/* NULL when out of memory: the message goes without. */
static const char *domain_hint(struct fr_plan *plan) {
    static const char accept[] = "accept it with 'allow-loss: [{flow: NAME, loss: widen}]'";
    if (plan->exact_domains)
        return fr_arena_printf(&plan->arena,
                               "another flow asks for these: let this one have both, or %s in the "
                               "target",
                               accept);
    return fr_arena_printf(&plan->arena,
                           "ask for 'NAME' and '*.NAME' both, %s%s%sor %s in the target",
                           plan->can->names_exact_by == NULL ? "" : "set '",
                           plan->can->names_exact_by == NULL ? "" : plan->can->names_exact_by,
                           plan->can->names_exact_by == NULL ? "" : ": true', ", accept);
}

/* Would the flow be said, narrowed as it may be, if the lock file knew a name of it? */
static bool lacks_names(const struct fr_plan *plan, uint32_t index,
                        const struct fr_verdict *verdict) {
    bool deny = fr_vec_at(&plan->policy->flows, struct fr_flow, index)->deny;
    return speaks_of(verdict, "and a wildcard has none") && fr_may_cut(plan, index, deny);
}

/* The command that pins the names; NULL when out of memory, and then there is no hint. */
static const char *resolve_hint(struct fr_plan *plan) {
    const flowrules_policy *policy = plan->policy;
    const char *path = fr_diagnostics_file_name(&plan->context->diagnostics, policy->first_file);
    const char *lock = plan->context->lock;
    bool named = path != NULL && path[0] != '<'; /* "<stdin>" is no path */
    bool chosen = lock != NULL && strcmp(lock, "none") != 0;
    return fr_arena_printf(&plan->arena, "run 'flowrules resolve %s%s%s'%s",
                           named ? path : "POLICY", chosen ? " --lock " : "", chosen ? lock : "",
                           policy->lock.present ? ", or add the addresses to the lock file"
                                                : ", which makes the lock file");
}

/* What to do about a reason for a refusal, where the target's settings don't matter. */
static const struct {
    const char *words, *hint;
} refusal_hints[] = {
    {"no order of rules says", "spare both flows in one of the denies, or deny less"},
    {"can't be taken out of it", "deny less, or leave the deny out with 'select'"},
    {"the flows that it spares", "deny and spare single networks and protocols"},
    {"the denies leave of it", "deny and allow single networks and protocols"},
    {"the denies cut it", "deny and allow single networks and protocols"},
    {"is 'any' less some addresses",
     "deny 'any', or 0.0.0.0/0 and \"::/0\" less the exception for addresses alone"},
    {"takes a part of a group", "make networks of the parts, each with a group of its own"},
    {"of another platform", "give the network 'members' too, or leave the flow out with 'select'"},
    {"labels that exclude each other", NULL}, /* these say so themselves */
    {"what is protected here must be pods", NULL},
    {"its namespace is not known", NULL},
    {"a deny would not hold for both",
     "make two networks of it, one with the group and one with the addresses"},
    {"names are refused",
     "write 'names: pinned' in the target: a name is then its addresses in the lock file"},
    {"does not resolve names",
     "write 'names: pinned' in the target: a name is then its addresses in the lock file"},
    {"a deny by name",
     "write 'names: pinned' in the target: a name is then its addresses in the lock file"},
    {"a name can't be the source",
     "write 'names: pinned' in the target: a name is then its addresses in the lock file"},
};

static const char *refusal_hint(struct fr_plan *plan, uint32_t index,
                                const struct fr_verdict *verdict) {
    bool deny = fr_vec_at(&plan->policy->flows, struct fr_flow, index)->deny;
    if (verdict->fidelity == FR_FIDELITY_UNRESOLVED)
        return resolve_hint(plan);
    if (verdict->hint != NULL)
        return verdict->hint;
    if (lacks_names(plan, index, verdict))
        return "the lock file knows no name below it: list the names, or pin some with "
               "'flowrules resolve POLICY NAME'";
    if (speaks_of(verdict, "a wildcard of this backend"))
        return deny != (plan->can->wildcards == FLOWRULES_WILDCARDS_AND_SELF)
                   ? "list the names, or accept it with "
                     "'allow-loss: [{flow: NAME, loss: widen}]' in the target"
                   : "list the names, or accept it with "
                     "'allow-loss: [{flow: NAME, loss: narrow}]' in the target";
    if (fr_speaks_of_domains(verdict->reason))
        return domain_hint(plan);
    if (speaks_of(verdict, " wildcard"))
        return deny ? "list the names, or accept that only those that the lock file knows are "
                      "denied with 'allow-loss: [{flow: NAME, loss: widen}]' in the target"
                    : "list the names, or accept the names that the lock file knows with "
                      "'allow-loss: [{flow: NAME, loss: narrow}]' in the target";
    if (speaks_of(verdict, "all of the protocol passes") ||
        speaks_of(verdict, "a rule here holds for all of them"))
        return deny ? "accept it with 'allow-loss: [{flow: NAME, loss: narrow}]' in the target"
                    : "accept it with 'allow-loss: [{flow: NAME, loss: widen}]' in the target";
    for (size_t i = 0; i < sizeof refusal_hints / sizeof refusal_hints[0]; i++)
        if (speaks_of(verdict, refusal_hints[i].words))
            return refusal_hints[i].hint;
    return "say it in other words, or leave the flow out with 'select'";
}

static void report_verdict(struct fr_plan *plan, uint32_t index, const struct fr_verdict *verdict) {
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
    about.hint = refusal_hint(plan, index, verdict);
    if (verdict->fidelity == FR_FIDELITY_UNRESOLVED)
        about.id = FR_NAME_NOT_PINNED;
    if (about.id == FR_NAME_NOT_PINNED && fr_report_unpinned(plan, flow, &about))
        return;
    fr_report(&plan->context->diagnostics, &about, "target '%s' can't say flow '%s': %s",
              plan->name, name, verdict->reason);
}

flowrules_status fr_plan_report(struct fr_plan *plan) {
    for (uint32_t i = 0; i < plan->verdicts.count; i++) {
        const struct fr_verdict *verdict = fr_vec_at(&plan->verdicts, struct fr_verdict, i);
        switch (verdict->fidelity) {
        case FR_NARROWED:
        case FR_WIDENED:
        case FR_FIDELITY_REFUSED:
        case FR_FIDELITY_UNRESOLVED:
            report_verdict(plan, i, verdict);
            break;
        case FR_EXACT:
        case FR_NATIVE:
        case FR_PINNED:
        case FR_FIDELITY_EXPIRED:
        case FR_OUT_OF_SCOPE:
            break;
        }
    }
    if (plan->refused > 0)
        return FLOWRULES_REFUSED;
    return plan->unresolved > 0 ? FLOWRULES_UNRESOLVED : fr_plan_warn(plan);
}

flowrules_status fr_plan_check(struct fr_plan *plan) {
    uint32_t reported = 0;
    for (uint32_t i = 0; reported < plan->refused && i < plan->verdicts.count; i++) {
        const struct fr_verdict *verdict = fr_vec_at(&plan->verdicts, struct fr_verdict, i);
        if (verdict->fidelity != FR_FIDELITY_REFUSED || lacks_names(plan, i, verdict))
            continue;
        report_verdict(plan, i, verdict);
        reported++;
    }
    if (reported > 0)
        return FLOWRULES_REFUSED;
    return plan->refused + plan->unresolved > 0 ? FLOWRULES_UNRESOLVED : FLOWRULES_OK;
}

flowrules_status fr_plan_lower_reported(struct fr_plan *plan) {
    flowrules_status status = fr_plan_lower(plan);
    return status == FLOWRULES_REFUSED ? fr_plan_check(plan) : status;
}
