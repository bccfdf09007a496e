/*
 * The life of a plan: what a target enforces of the policy, and how truly it can say each flow.
 */
#include <string.h>

#include "scope.h"
#include "target.h"
#include "view.h"

static void init_lists(struct fr_plan *plan, const struct fr_allocator *allocator) {
    fr_arena_init(&plan->arena, allocator);
    fr_strings_init(&plan->unpinned, allocator);
    fr_vec_init(&plan->verdicts, allocator, sizeof(struct fr_verdict));
    fr_vec_init(&plan->scoped, allocator, sizeof(struct fr_scoped));
    fr_vec_init(&plan->others, allocator, sizeof(struct fr_others));
    fr_vec_init(&plan->flow_lists, allocator, sizeof(struct fr_span));
    fr_vec_init(&plan->flow_members, allocator, sizeof(uint32_t));
    fr_vec_init(&plan->rules, allocator, sizeof(struct fr_rule));
    fr_vec_init(&plan->turns, allocator, sizeof(struct fr_turn));
    fr_vec_init(&plan->groups, allocator, sizeof(struct fr_group));
    fr_vec_init(&plan->tables, allocator, sizeof(struct fr_table *));
    fr_vec_init(&plan->dispatches, allocator, sizeof(struct fr_dispatch *));
    fr_vec_init(&plan->bound, allocator, sizeof(struct fr_bound));
    fr_vec_init(&plan->missed, allocator, sizeof(struct fr_missed));
    fr_vec_init(&plan->pinned.names, allocator, sizeof(const struct fr_locked_name *));
    fr_domains_init(&plan->domains, allocator);
    fr_labels_init(&plan->names, allocator);
    fr_labels_init(&plan->short_names[0], allocator);
    fr_labels_init(&plan->short_names[1], allocator);
}

flowrules_status fr_plan_new(struct fr_plan **plan, flowrules_context *context,
                             const flowrules_policy *policy, const char *spec) {
    const struct fr_allocator *allocator = &context->allocator;
    *plan = NULL;
    struct fr_plan *p = fr_malloc(allocator, sizeof *p);
    if (p == NULL)
        return fr_no_memory(context);
    memset(p, 0, sizeof *p);
    p->context = context;
    p->policy = policy;
    init_lists(p, allocator);
    flowrules_status status =
        fr_services_init(&p->services, allocator) ? FLOWRULES_OK : fr_no_memory(context);
    if (status == FLOWRULES_OK)
        status = fr_find_target(p, spec);
    if (status == FLOWRULES_OK)
        status = fr_scope_flows(p);
    if (status != FLOWRULES_OK) {
        fr_plan_free(p);
        return status;
    }
    *plan = p;
    return FLOWRULES_OK;
}

static void free_tables(struct fr_plan *plan) {
    for (size_t i = 0; i < plan->tables.count; i++)
        fr_vec_free(&(*fr_vec_at(&plan->tables, struct fr_table *, i))->elements);
    for (size_t i = 0; i < plan->dispatches.count; i++) {
        struct fr_dispatch *d = *fr_vec_at(&plan->dispatches, struct fr_dispatch *, i);
        fr_vec_free(&d->ranges);
        fr_vec_free(&d->classes);
        fr_vec_free(&d->members);
    }
}

void fr_plan_free(struct fr_plan *plan) {
    if (plan == NULL)
        return;
    struct fr_vec *lists[] = {
        &plan->verdicts, &plan->scoped,       &plan->others, &plan->flow_lists, &plan->flow_members,
        &plan->rules,    &plan->groups,       &plan->tables, &plan->dispatches, &plan->bound,
        &plan->missed,   &plan->pinned.names, &plan->turns};
    free_tables(plan);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        fr_vec_free(lists[i]);
    fr_domains_free(&plan->domains);
    fr_labels_free(&plan->names);
    fr_labels_free(&plan->short_names[0]);
    fr_labels_free(&plan->short_names[1]);
    if (plan->asker != NULL)
        fr_output_free(plan->asker);
    fr_free(&plan->context->allocator, plan->asker);
    if (plan->have_view)
        fr_view_free(&plan->view);
    fr_services_free(&plan->services);
    fr_strings_free(&plan->unpinned);
    fr_arena_free(&plan->arena);
    fr_free(&plan->context->allocator, plan);
}
