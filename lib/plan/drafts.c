/*
 * Drafts of rules: the list that the steps of a lowering push to.
 */
#include "drafts.h"

flowrules_status fr_drafts_push(struct fr_drafts *d, const struct fr_rule *rule) {
    struct fr_rule *slot = fr_vec_add(&d->next);
    if (slot == NULL)
        return fr_no_memory(d->plan->context);
    *slot = *rule;
    return fr_plan_memory(d->plan);
}
