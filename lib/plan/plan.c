/*
 * Creates and frees plans: what a target enforces of the policy, and how exactly it expresses each
 * flow.
 */
#include <string.h>

#include "crossings.h"
#include "pieces.h"
#include "scope.h"
#include "target.h"

static bool open_stores(flowrules_plan *plan, const struct fr_allocator *allocator) {
    struct fr_stores *stores = fr_malloc(allocator, sizeof *stores);
    plan->stores = stores;
    if (stores == NULL)
        return false;
    memset(stores, 0, sizeof *stores);
    fr_arena_init(&stores->arena, allocator);
    fr_vec_init(&stores->spelled, allocator, sizeof(struct fr_spelled));
    fr_vec_init(&stores->bound, allocator, sizeof(struct fr_bound_list *));
    fr_placing_init(&stores->placing, plan->policy, &stores->view, &stores->arena);
    plan->arena = &stores->arena;
    plan->view = &stores->view;
    plan->services = &stores->services;
    return fr_services_init(&stores->services, allocator);
}

static void free_stores(struct fr_stores *stores) {
    for (size_t i = 0; i < stores->bound.count; i++)
        fr_vec_free(&(*fr_vec_at(&stores->bound, struct fr_bound_list *, i))->bound);
    fr_vec_free(&stores->bound);
    fr_placing_free(&stores->placing);
    fr_vec_free(&stores->spelled);
    if (stores->have_view)
        fr_view_free(&stores->view);
    fr_services_free(&stores->services);
    fr_arena_free(&stores->arena);
}

static void init_lists(flowrules_plan *plan, const struct fr_allocator *allocator) {
    fr_vec_init(&plan->verdicts, allocator, sizeof(struct fr_verdict));
    fr_vec_init(&plan->scoped, allocator, sizeof(struct fr_scoped));
    fr_vec_init(&plan->others, allocator, sizeof(struct fr_others));
    fr_vec_init(&plan->own_sources, allocator, sizeof(struct fr_placed));
    fr_vec_init(&plan->crossings, allocator, sizeof(struct fr_crossing));
    fr_vec_init(&plan->missed, allocator, sizeof(struct fr_missed));
    fr_domains_init(&plan->domains, allocator);
}

flowrules_status fr_plan_new(flowrules_plan **plan, flowrules_context *context,
                             const flowrules_policy *policy, const char *spec) {
    const struct fr_allocator *allocator = &context->allocator;
    *plan = NULL;
    flowrules_plan *p = fr_malloc(allocator, sizeof *p);
    if (p == NULL)
        return fr_no_memory(context);
    memset(p, 0, sizeof *p);
    p->context = context;
    p->policy = policy;
    init_lists(p, allocator);
    flowrules_status status = open_stores(p, allocator) ? FLOWRULES_OK : fr_no_memory(context);
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

void fr_plan_free(flowrules_plan *plan) {
    if (plan == NULL)
        return;
    struct fr_vec *lists[] = {&plan->verdicts,  &plan->scoped,      &plan->others,
                              &plan->crossings, &plan->own_sources, &plan->missed};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        fr_vec_free(lists[i]);
    fr_domains_free(&plan->domains);
    if (plan->stores != NULL)
        free_stores(plan->stores);
    fr_free(&plan->context->allocator, plan->stores);
    fr_free(&plan->context->allocator, plan);
}
