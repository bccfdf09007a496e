/*
 * Adds groups, rules, refusals and sets of names to the rules of a plan. Decides nothing.
 */
#include "rules.h"

struct fr_group *fr_rules_group(struct fr_rules *rules, const struct flowrules_group *view) {
    struct fr_group *group = fr_vec_push(&rules->groups);
    if (group == NULL)
        return NULL;
    group->view = *view;
    group->first_rule = (uint32_t)rules->rules.count;
    return group;
}

flowrules_status fr_rules_add(struct fr_rules *rules, const struct fr_rule *rule) {
    struct fr_rule *slot = fr_vec_push(&rules->rules);
    if (slot == NULL || rule->flows == UINT32_MAX)
        return fr_no_memory(rules->plan->context);
    *slot = *rule;
    return FLOWRULES_OK;
}

/* ---- what is refused ----------------------------------------------------------------------- */

const struct fr_verdict *fr_rules_verdict(const struct fr_rules *rules, uint32_t flow) {
    uint32_t index;
    if (fr_map_get(&rules->refused_at, flow + 1, &index))
        return &fr_vec_at(&rules->refusals, struct fr_refusal, index)->verdict;
    return fr_vec_at(&rules->plan->verdicts, struct fr_verdict, flow);
}

flowrules_status fr_rules_refuse(struct fr_rules *rules, uint32_t flow, struct fr_why why) {
    const flowrules_plan *plan = rules->plan;
    if (fr_rules_verdict(rules, flow)->fidelity == FR_FIDELITY_REFUSED)
        return FLOWRULES_OK;
    uint32_t index = (uint32_t)rules->refusals.count;
    struct fr_refusal *slot = fr_vec_push(&rules->refusals);
    if (why.text == NULL || slot == NULL || !fr_map_put(&rules->refused_at, flow + 1, index))
        return fr_no_memory(plan->context);
    *slot = (struct fr_refusal){flow, fr_verdict_refused(plan, why)};
    return FLOWRULES_OK;
}

/* ---- sets of names ------------------------------------------------------------------------- */

bool fr_use_names(struct fr_rules *rules, fr_set set, unsigned families) {
    const struct fr_domains *domains = &rules->plan->domains;
    uint32_t number = fr_named_set_index(domains, set), index;
    if (!fr_map_get(&rules->used_at, number + 1, &index)) {
        index = (uint32_t)rules->used_names.count;
        struct fr_used_names *slot = fr_vec_push(&rules->used_names);
        if (slot == NULL || !fr_map_put(&rules->used_at, number + 1, index))
            return false;
        slot->set = number;
    }
    fr_vec_at(&rules->used_names, struct fr_used_names, index)->families |= families;
    return true;
}

unsigned fr_used_families(const struct fr_rules *rules, uint32_t set) {
    uint32_t index;
    return fr_map_get(&rules->used_at, set + 1, &index)
               ? fr_vec_at(&rules->used_names, struct fr_used_names, index)->families
               : 0;
}
