/*
 * Dispatches: the ranges of one end, cut where the set of any group begins or ends. Each leads to
 * the class of groups that contain it. So one lookup replaces hundreds of jumps.
 */
#include <stdlib.h>
#include <string.h>

#include "lookup.h"

/* Classes may name this many groups for each group there is; beyond, jumps are the smaller evil. */
#define MEMBERS_PER_GROUP 8u

/* Where a group's set begins to hold, or no longer holds (the address after its range). */
struct edge {
    struct flowrules_ip at;
    uint32_t group;
    bool begins, past_end; /* past_end: after the last address there is */
};

struct sweep {
    const flowrules_plan *plan;
    struct fr_rules *rules;
    struct fr_dispatch *dispatch;
    enum flowrules_family family;
    struct fr_vec edges;
    struct fr_vec active; /* uint32_t: groups, sorted */
    struct fr_map class_by_hash;
    size_t members_max;
    bool too_large;
};

static int compare_edges(const void *left, const void *right) {
    const struct edge *a = left, *b = right;
    if (a->past_end != b->past_end)
        return a->past_end ? 1 : -1;
    int order = fr_ip_compare(a->at, b->at);
    if (order != 0)
        return order;
    return a->begins != b->begins ? (a->begins ? 1 : -1)
                                  : (a->group > b->group) - (a->group < b->group);
}

static flowrules_status add_edges(struct sweep *s, uint32_t index) {
    const struct fr_group *group = fr_vec_at(&s->rules->groups, struct fr_group, index);
    size_t count = flowrules_set_range_count(group->view.match, s->family);
    for (size_t i = 0; i < count; i++) {
        struct flowrules_range range = flowrules_set_range(group->view.match, s->family, i);
        bool last = fr_ip_compare(range.last, fr_ip_max(s->family)) == 0;
        if (!fr_vec_reserve(&s->edges, 2))
            return fr_no_memory(s->plan->context);
        *(struct edge *)fr_vec_push(&s->edges) = (struct edge){range.first, index, true, false};
        *(struct edge *)fr_vec_push(&s->edges) =
            (struct edge){last ? range.last : fr_ip_next(range.last), index, false, last};
    }
    return FLOWRULES_OK;
}

/* Puts a group into the sorted list of those that hold, or takes it out. */
static flowrules_status toggle(struct sweep *s, const struct edge *edge) {
    size_t at = 0;
    while (at < s->active.count && *fr_vec_at(&s->active, uint32_t, at) < edge->group)
        at++;
    if (edge->begins) {
        if (fr_vec_push(&s->active) == NULL)
            return fr_no_memory(s->plan->context);
        uint32_t *slot = fr_vec_at(&s->active, uint32_t, at);
        memmove(slot + 1, slot, (s->active.count - 1 - at) * sizeof *slot);
        *slot = edge->group;
    } else {
        uint32_t *slot = fr_vec_at(&s->active, uint32_t, at);
        memmove(slot, slot + 1, (s->active.count - 1 - at) * sizeof *slot);
        s->active.count--;
    }
    return FLOWRULES_OK;
}

static bool is_class(const struct sweep *s, uint32_t index) {
    const struct fr_class *class = fr_vec_at(&s->dispatch->classes, struct fr_class, index);
    return class->count == s->active.count &&
           memcmp(fr_vec_at(&s->dispatch->members, uint32_t, class->first), s->active.items,
                  s->active.count * sizeof(uint32_t)) == 0;
}

static flowrules_status new_class(struct sweep *s, uint32_t *index) {
    struct fr_dispatch *d = s->dispatch;
    struct fr_class *class = fr_vec_push(&d->classes);
    if (class == NULL || !fr_vec_reserve(&d->members, s->active.count))
        return fr_no_memory(s->plan->context);
    *index = (uint32_t)d->classes.count - 1;
    *class = (struct fr_class){(uint32_t)d->members.count, (uint32_t)s->active.count};
    for (size_t i = 0; i < s->active.count; i++)
        *(uint32_t *)fr_vec_push(&d->members) = *fr_vec_at(&s->active, uint32_t, i);
    s->too_large = d->members.count > s->members_max;
    return FLOWRULES_OK;
}

/* The class of the groups that hold now. */
static flowrules_status class_of_active(struct sweep *s, uint32_t *index) {
    uint32_t hash = fr_hash(s->active.items, s->active.count * sizeof(uint32_t)) | 1u;
    if (fr_map_get(&s->class_by_hash, hash, index) && is_class(s, *index))
        return FLOWRULES_OK;
    FR_TRY(new_class(s, index));
    return fr_map_put(&s->class_by_hash, hash, *index) ? FLOWRULES_OK
                                                       : fr_no_memory(s->plan->context);
}

static flowrules_status add_range(struct sweep *s, struct flowrules_ip first,
                                  struct flowrules_ip last) {
    uint32_t class_index;
    FR_TRY(class_of_active(s, &class_index));
    struct fr_dispatch_range *slot = fr_vec_push(&s->dispatch->ranges);
    if (slot == NULL)
        return fr_no_memory(s->plan->context);
    *slot = (struct fr_dispatch_range){{s->family, first, last}, class_index};
    return FLOWRULES_OK;
}

static flowrules_status sweep_edges(struct sweep *s) {
    const struct edge *edges = s->edges.items;
    for (size_t i = 0, next; i < s->edges.count && !s->too_large; i = next) {
        for (next = i; next < s->edges.count && edges[next].past_end == edges[i].past_end &&
                       fr_ip_compare(edges[next].at, edges[i].at) == 0;
             next++)
            FR_TRY(toggle(s, &edges[next]));
        if (s->active.count == 0 || next == s->edges.count)
            continue;
        struct flowrules_ip last =
            edges[next].past_end ? edges[next].at : fr_ip_previous(edges[next].at);
        FR_TRY(add_range(s, edges[i].at, last));
    }
    return FLOWRULES_OK;
}

static flowrules_status run(struct sweep *s, size_t first, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (fr_vec_at(&s->rules->groups, struct fr_group, first + i)->view.dispatched)
            FR_TRY(add_edges(s, (uint32_t)(first + i)));
    if (s->edges.count > 1)
        qsort(s->edges.items, s->edges.count, sizeof(struct edge), compare_edges);
    return sweep_edges(s);
}

/* Enters the finished dispatch, or makes its groups reachable by jumps. */
static flowrules_status finish(struct sweep *s, size_t first, size_t count) {
    struct fr_rules *rules = s->rules;
    const struct flowrules_group *group = &fr_vec_at(&rules->groups, struct fr_group, first)->view;
    struct fr_dispatch *d = s->dispatch;
    if (s->too_large || d->ranges.count == 0) {
        for (size_t i = 0; i < count; i++)
            fr_vec_at(&rules->groups, struct fr_group, first + i)->view.dispatched = false;
        return FLOWRULES_OK;
    }
    d->view = (struct flowrules_dispatch){
        .name = fr_label_unique(&rules->names, &rules->arena, fr_direction_label(group->direction),
                                group->end == FLOWRULES_SOURCE ? "by_source" : "by_destination",
                                s->family == FLOWRULES_IPV4 ? "_v4" : "_v6"),
        .action = group->action,
        .direction = group->direction,
        .family = s->family,
        .end = group->end,
        .range_count = d->ranges.count,
        .class_count = d->classes.count,
        .ranges = d,
        .classes = d,
        .passage = group->passage,
    };
    d->after_group = (uint32_t)(first + count - 1);
    return d->view.name == NULL ? fr_no_memory(rules->plan->context) : FLOWRULES_OK;
}

flowrules_status fr_dispatch_make(struct fr_rules *rules, enum flowrules_family family,
                                  size_t first, size_t count) {
    const struct fr_allocator *allocator = &rules->plan->context->allocator;
    struct sweep s = {.plan = rules->plan,
                      .rules = rules,
                      .dispatch = fr_arena_zalloc(&rules->arena, sizeof(struct fr_dispatch)),
                      .family = family,
                      .members_max = 4096 + MEMBERS_PER_GROUP * count};
    struct fr_dispatch **slot = fr_vec_push(&rules->dispatches);
    if (s.dispatch == NULL || slot == NULL) {
        rules->dispatches.count -= slot != NULL;
        return fr_no_memory(rules->plan->context);
    }
    *slot = s.dispatch;
    s.dispatch->rules = rules;
    fr_vec_init(&s.dispatch->ranges, allocator, sizeof(struct fr_dispatch_range));
    fr_vec_init(&s.dispatch->classes, allocator, sizeof(struct fr_class));
    fr_vec_init(&s.dispatch->members, allocator, sizeof(uint32_t));
    fr_vec_init(&s.edges, allocator, sizeof(struct edge));
    fr_vec_init(&s.active, allocator, sizeof(uint32_t));
    fr_map_init(&s.class_by_hash, allocator);
    flowrules_status status = run(&s, first, count);
    if (status == FLOWRULES_OK)
        status = finish(&s, first, count);
    fr_vec_free(&s.edges);
    fr_vec_free(&s.active);
    fr_map_free(&s.class_by_hash);
    return status;
}

/* ---- what a backend reads ------------------------------------------------------------------ */

struct flowrules_range flowrules_dispatch_range(const struct flowrules_dispatch *d, size_t index) {
    const struct fr_dispatch *dispatch = d->ranges;
    return fr_vec_at(&dispatch->ranges, struct fr_dispatch_range, index)->range;
}

size_t flowrules_dispatch_class(const struct flowrules_dispatch *d, size_t range) {
    const struct fr_dispatch *dispatch = d->ranges;
    return fr_vec_at(&dispatch->ranges, struct fr_dispatch_range, range)->class_index;
}

const struct flowrules_group *flowrules_dispatch_group(const struct flowrules_dispatch *d,
                                                       size_t class_index, size_t index) {
    const struct fr_dispatch *dispatch = d->classes;
    const struct fr_class *class = fr_vec_at(&dispatch->classes, struct fr_class, class_index);
    if (index >= class->count)
        return NULL;
    uint32_t group = *fr_vec_at(&dispatch->members, uint32_t, class->first + index);
    return &fr_vec_at(&dispatch->rules->groups, struct fr_group, group)->view;
}
