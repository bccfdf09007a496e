/*
 * Makes rules from the flows of a plan, by the lowering that the target needs; creates and frees
 * rules.
 */
#include <string.h>

#include "entrances.h"
#include "needs.h"
#include "rules.h"

/* ---- the life of rules --------------------------------------------------------------------- */

static void init(struct fr_rules *rules, const flowrules_plan *plan) {
    const struct fr_allocator *allocator = &plan->context->allocator;
    memset(rules, 0, sizeof *rules);
    rules->plan = plan;
    fr_arena_init(&rules->arena, allocator);
    fr_flow_lists_init(&rules->flows, allocator, plan->policy->flows.count);
    fr_vec_init(&rules->rules, allocator, sizeof(struct fr_rule));
    fr_vec_init(&rules->turns, allocator, sizeof(struct fr_turn));
    fr_vec_init(&rules->groups, allocator, sizeof(struct fr_group));
    fr_vec_init(&rules->tables, allocator, sizeof(struct fr_table *));
    fr_vec_init(&rules->dispatches, allocator, sizeof(struct fr_dispatch *));
    fr_labels_init(&rules->names, allocator);
    fr_labels_init(&rules->short_names[0], allocator);
    fr_labels_init(&rules->short_names[1], allocator);
    fr_vec_init(&rules->used_names, allocator, sizeof(struct fr_used_names));
    fr_map_init(&rules->used_at, allocator);
    fr_vec_init(&rules->refusals, allocator, sizeof(struct fr_refusal));
    fr_map_init(&rules->refused_at, allocator);
}

static void free_tables(struct fr_rules *rules) {
    for (size_t i = 0; i < rules->tables.count; i++)
        fr_vec_free(&(*fr_vec_at(&rules->tables, struct fr_table *, i))->elements);
    for (size_t i = 0; i < rules->dispatches.count; i++) {
        struct fr_dispatch *d = *fr_vec_at(&rules->dispatches, struct fr_dispatch *, i);
        fr_vec_free(&d->ranges);
        fr_vec_free(&d->classes);
        fr_vec_free(&d->members);
    }
}

void fr_rules_free(struct fr_rules *rules) {
    if (rules == NULL)
        return;
    struct fr_vec *lists[] = {&rules->rules,   &rules->turns,      &rules->groups,
                              &rules->tables,  &rules->dispatches, &rules->used_names,
                              &rules->refusals};
    free_tables(rules);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        fr_vec_free(lists[i]);
    fr_flow_lists_free(&rules->flows);
    fr_labels_free(&rules->names);
    fr_labels_free(&rules->short_names[0]);
    fr_labels_free(&rules->short_names[1]);
    fr_map_free(&rules->used_at);
    fr_map_free(&rules->refused_at);
    fr_arena_free(&rules->arena);
    fr_free(&rules->plan->context->allocator, rules);
}

void fr_rules_end(struct fr_rules *rules, struct fr_flow_lists *flows) {
    *flows = rules->flows;
    fr_flow_lists_init(&rules->flows, &rules->plan->context->allocator, flows->first);
    fr_rules_free(rules);
}

/* ---- lowering ------------------------------------------------------------------------------ */

static flowrules_status lower(struct fr_rules *rules) {
    FR_TRY(fr_note_needs(rules));
    FR_TRY(fr_note_entrances(rules));
    FR_TRY((rules->plan->can->lookup ? fr_lower_lookup : fr_lower_rules)(rules));
    FR_TRY(fr_plan_memory(rules->plan));
    if (rules->refusals.count > 0)
        return FLOWRULES_REFUSED;
    fr_rules_fingerprint(rules);
    return FLOWRULES_OK;
}

flowrules_status fr_rules_make(struct fr_rules **rules, const flowrules_plan *plan) {
    *rules = NULL;
    struct fr_rules *made = fr_malloc(&plan->context->allocator, sizeof *made);
    if (made == NULL)
        return fr_no_memory(plan->context);
    init(made, plan);
    flowrules_status status = lower(made);
    if (status == FLOWRULES_OK || status == FLOWRULES_REFUSED)
        *rules = made;
    else
        fr_rules_free(made);
    return status;
}

flowrules_status fr_rules_make_reported(struct fr_rules **rules, const flowrules_plan *plan) {
    flowrules_status status = fr_rules_make(rules, plan);
    if (status != FLOWRULES_REFUSED)
        return status;
    for (uint32_t i = 0; i < plan->verdicts.count; i++)
        if (fr_rules_verdict(*rules, i)->fidelity == FR_FIDELITY_REFUSED)
            fr_report_verdict(plan, i, fr_rules_verdict(*rules, i));
    fr_rules_free(*rules);
    *rules = NULL;
    return status;
}
