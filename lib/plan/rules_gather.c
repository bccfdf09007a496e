/*
 * Sorts rules of the same protected pods next to each other, for platforms that keep them in one
 * object, by direction or whole. Pods are the same if two networks select the same ones.
 */
#include <stdlib.h>

#include "drafts.h"
#include "flowrules/kits/pods.h"
#include "view.h"

struct gathering {
    const flowrules_plan *plan;
    struct fr_map rank_of; /* by the protected end: its place in pods */
    struct fr_vec pods;    /* const char *: the first network of each selection */
};

/* The place of a selection, new or known; false when out of memory. */
static bool rank_of(struct gathering *g, fr_set end, uint32_t *rank) {
    struct flowrules_set view = {&g->plan->view->sets, end};
    if (fr_map_get(&g->rank_of, end, rank))
        return true;
    const char *network =
        flowrules_set_atom_count(view) > 0 ? flowrules_set_atom(view, 0).name : NULL;
    for (*rank = 0; network != NULL && *rank < g->pods.count; ++*rank)
        if (flowrules_pods_are_same(g->plan, *fr_vec_at(&g->pods, const char *, *rank), network))
            return fr_map_put(&g->rank_of, end, *rank);
    const char **slot = network == NULL ? NULL : fr_vec_push(&g->pods);
    if (slot != NULL)
        *slot = network;
    return (network == NULL || slot != NULL) && fr_map_put(&g->rank_of, end, *rank);
}

struct place {
    uint32_t rank, index, group;
};

static int by_place(const void *left, const void *right) {
    const struct place *a = left, *b = right;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static bool reorder(struct fr_drafts *d, struct gathering *g, struct place *places) {
    for (uint32_t i = 0; i < d->list.count; i++) {
        const struct fr_rule *rule = fr_vec_at(&d->list, struct fr_rule, i);
        places[i].index = i;
        if (!rank_of(g, d->direction == FLOWRULES_EGRESS ? rule->source : rule->destination,
                     &places[i].rank))
            return false;
    }
    qsort(places, d->list.count, sizeof *places, by_place);
    d->next.count = 0;
    if (!fr_vec_reserve(&d->next, d->list.count))
        return false;
    for (size_t i = 0; i < d->list.count; i++)
        *(struct fr_rule *)fr_vec_push(&d->next) =
            *fr_vec_at(&d->list, struct fr_rule, places[i].index);
    struct fr_vec swap = d->list;
    d->list = d->next;
    d->next = swap;
    return true;
}

static uint32_t group_count(const struct fr_rules *rules, uint32_t group) {
    return (uint32_t)fr_vec_at(&rules->groups, struct fr_group, group)->view.rule_count;
}

/* Lists the rules of all groups, by their place and then as they are. */
static bool list_whole(struct fr_rules *rules, struct gathering *g, struct place *places) {
    size_t count = 0;
    for (uint32_t i = 0; i < rules->groups.count; i++) {
        const struct fr_group *group = fr_vec_at(&rules->groups, struct fr_group, i);
        for (uint32_t r = 0; r < group_count(rules, i); r++, count++) {
            const struct fr_rule *rule =
                fr_vec_at(&rules->rules, struct fr_rule, group->first_rule + r);
            places[count].index = group->first_rule + r;
            places[count].group = i;
            if (!rank_of(
                    g, group->view.direction == FLOWRULES_EGRESS ? rule->source : rule->destination,
                    &places[count].rank))
                return false;
        }
    }
    qsort(places, count, sizeof *places, by_place);
    for (size_t i = 0; i < count; i++)
        *(struct fr_turn *)fr_vec_push(&rules->turns) =
            (struct fr_turn){places[i].group, places[i].index};
    return true;
}

flowrules_status fr_gather_whole(struct fr_rules *rules) {
    const flowrules_plan *plan = rules->plan;
    const struct fr_allocator *allocator = &plan->context->allocator;
    struct gathering g = {.plan = plan};
    size_t count = rules->rules.count;
    if (!plan->can->protected_whole || count == 0)
        return FLOWRULES_OK;
    struct place *places = fr_malloc(allocator, count * sizeof *places);
    fr_map_init(&g.rank_of, allocator);
    fr_vec_init(&g.pods, allocator, sizeof(const char *));
    bool good =
        places != NULL && fr_vec_reserve(&rules->turns, count) && list_whole(rules, &g, places);
    fr_map_free(&g.rank_of);
    fr_vec_free(&g.pods);
    fr_free(allocator, places);
    return good ? FLOWRULES_OK : fr_no_memory(plan->context);
}

flowrules_status fr_gather_rules(struct fr_drafts *d) {
    const struct fr_allocator *allocator = &d->plan->context->allocator;
    struct gathering g = {.plan = d->plan};
    if (!d->can->protected_together || d->list.count < 2)
        return FLOWRULES_OK;
    struct place *places = fr_malloc(allocator, d->list.count * sizeof *places);
    fr_map_init(&g.rank_of, allocator);
    fr_vec_init(&g.pods, allocator, sizeof(const char *));
    bool good = places != NULL && reorder(d, &g, places);
    fr_map_free(&g.rank_of);
    fr_vec_free(&g.pods);
    fr_free(allocator, places);
    return good ? FLOWRULES_OK : fr_no_memory(d->plan->context);
}
