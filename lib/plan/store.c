/*
 * Lookups and stores for all files that make a plan or its rules. Decides nothing.
 */
#include <string.h>

#include "pieces.h"

static const char *const fidelity_words[] = {
    [FR_EXACT] = "exact",
    [FR_NATIVE] = "native",
    [FR_PINNED] = "pinned",
    [FR_WIDENED] = "widened",
    [FR_NARROWED] = "narrowed",
    [FR_FIDELITY_REFUSED] = "refused",
    [FR_FIDELITY_UNRESOLVED] = "unresolved",
    [FR_FIDELITY_EXPIRED] = "expired",
    [FR_OUT_OF_SCOPE] = "out-of-scope",
};

const char *fr_fidelity_word(enum fr_fidelity fidelity) {
    return fidelity_words[fidelity];
}

flowrules_status fr_plan_memory(const flowrules_plan *plan) {
    bool failed = plan->view->sets.failed || plan->services->failed ||
                  plan->context->diagnostics.out_of_memory;
    return failed ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

/* ---- the target ---------------------------------------------------------------------------- */

const char *fr_plan_setting(const flowrules_plan *plan, const char *key) {
    return fr_target_setting(plan->policy, plan->target, key);
}

bool fr_may_lose(const flowrules_plan *plan, uint32_t flow, enum fr_loss loss) {
    for (uint32_t i = 0; i < plan->target->losses.count; i++) {
        const struct fr_loss_entry *entry =
            fr_vec_at(&plan->policy->losses, struct fr_loss_entry, plan->target->losses.first + i);
        if (entry->flow_index == flow && entry->loss == loss)
            return true;
    }
    return false;
}

bool fr_may_cut(const flowrules_plan *plan, uint32_t flow, bool deny) {
    bool more = plan->can->wildcards == FLOWRULES_WILDCARDS_AND_SELF;
    return fr_may_lose(plan, flow, deny != more ? FR_LOSS_WIDEN : FR_LOSS_NARROW);
}

unsigned fr_plan_families(const flowrules_plan *plan, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&plan->view->sets, set);
    const struct fr_view_mode *mode = &plan->view->mode;
    /* "Everything but" holds all names: nothing, where the target knows addresses alone. */
    bool atoms = head->all_atoms == 0 ? head->atoms > 0
                                      : mode->names || mode->wildcards || mode->every_group ||
                                            mode->platform != NULL || mode->bindings_of != NULL;
    return atoms ? FLOWRULES_BOTH_FAMILIES : fr_set_families(&plan->view->sets, set);
}

/* ---- services ------------------------------------------------------------------------------ */

static bool has_use(const struct fr_term *term, unsigned families, bool deny) {
    return (fr_protocol_families(term->protocol) & families) != 0 ||
           (deny && fr_protocol_is_header6(term->protocol));
}

/* Copies the terms of a service that families have a use for into the plan. */
static fr_service copy_service(const flowrules_plan *plan, const struct fr_service_terms *terms,
                               unsigned families, bool deny) {
    struct fr_service_builder kept;
    fr_service_begin(&kept, &plan->context->allocator);
    for (uint32_t i = 0; i < terms->count; i++)
        if (has_use(&terms->terms[i], families, deny))
            fr_service_add(&kept, &terms->terms[i]);
    return fr_service_finish(&kept, plan->services);
}

flowrules_status fr_plan_service(const flowrules_plan *plan, fr_service service, unsigned families,
                                 bool deny, fr_service *result) {
    *result = copy_service(plan, fr_service_get(&plan->policy->services, service), families, deny);
    return fr_plan_memory(plan);
}

flowrules_status fr_service_for(const flowrules_plan *plan, fr_service service, unsigned families,
                                bool deny, fr_service *result) {
    const struct fr_service_terms *terms = fr_service_get(plan->services, service);
    bool whole = true;
    for (uint32_t i = 0; i < terms->count; i++)
        whole = whole && has_use(&terms->terms[i], families, deny);
    *result = whole ? service : copy_service(plan, terms, families, deny);
    return fr_plan_memory(plan);
}

/* ---- what is refused --------------------------------------------------------------------- */

struct fr_verdict fr_verdict_refused(const flowrules_plan *plan, struct fr_why why) {
    if (why.text == NULL)
        fr_no_memory(plan->context);
    return (struct fr_verdict){.fidelity = FR_FIDELITY_REFUSED,
                               .reason = why.text == NULL ? "" : why.text,
                               .hint = why.hint,
                               .why = why.kind};
}

void fr_plan_refuse(flowrules_plan *plan, uint32_t flow, struct fr_why why) {
    struct fr_verdict *verdict = fr_vec_at(&plan->verdicts, struct fr_verdict, flow);
    if (verdict->fidelity == FR_FIDELITY_REFUSED)
        return; /* what was found first is told */
    plan->refused++;
    *verdict = fr_verdict_refused(plan, why);
}
