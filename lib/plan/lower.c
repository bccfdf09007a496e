/*
 * From a plan's flows to its rules, by the lowering that the target asks for.
 */
#include "entrances.h"
#include "needs.h"

/* The rules hold all that spelling needs; a reading of them is weighed against the denies. */
static flowrules_status keep_denies(struct fr_plan *plan) {
    struct fr_vec all = plan->scoped;
    bool good = true;
    fr_vec_init(&plan->scoped, &plan->context->allocator, sizeof(struct fr_scoped));
    for (size_t i = 0; i < all.count && good; i++) {
        const struct fr_scoped *part = fr_vec_at(&all, struct fr_scoped, i);
        struct fr_scoped *slot = part->deny ? fr_vec_push(&plan->scoped) : NULL;
        good = !part->deny || slot != NULL;
        if (slot != NULL)
            *slot = *part;
    }
    fr_vec_free(&all);
    return good ? FLOWRULES_OK : fr_no_memory(plan->context);
}

flowrules_status fr_plan_lower(struct fr_plan *plan) {
    FR_TRY(fr_note_needs(plan));
    FR_TRY(fr_note_entrances(plan));
    flowrules_status status = plan->can->lookup ? fr_lower_lookup(plan) : fr_lower_rules(plan);
    flowrules_status kept = keep_denies(plan);
    status = status == FLOWRULES_OK ? kept : status;
    return status == FLOWRULES_OK && plan->refused > 0 ? FLOWRULES_REFUSED : status;
}
