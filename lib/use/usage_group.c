/*
 * Counters that count for the same flows, in groups: what a history compares.
 */
#include <string.h>

#include "usage.h"

/* "=name\n" of a flow that has all packets, "~name\n" of one that has some. */
static const char *key_of(struct fr_usage_now *now, const struct fr_span *span) {
    const struct fr_usage_share *list = fr_vec_at(&now->shares, struct fr_usage_share, span->first);
    size_t size = 1, used = 0;
    for (uint32_t i = 0; i < span->count; i++)
        size += strlen(list[i].name) + 2;
    char *key = fr_arena_alloc(&now->arena, size);
    for (uint32_t i = 0; i < span->count && key != NULL; i++) {
        size_t length = strlen(list[i].name);
        key[used++] = list[i].whole ? '=' : '~';
        memcpy(key + used, list[i].name, length);
        used += length;
        key[used++] = '\n';
    }
    if (key != NULL)
        key[used] = '\0';
    return key;
}

struct grouping {
    struct fr_usage_now *now;
    struct fr_strings keys;
    struct fr_map group_of; /* key -> group + 1 */
    struct fr_vec groups;   /* uint32_t, for each counter: its group, or UINT32_MAX */
};

static flowrules_status put_into_group(struct grouping *g, uint32_t counter) {
    struct fr_usage_now *now = g->now;
    const struct fr_span *span = fr_vec_at(&now->spans, struct fr_span, counter);
    uint32_t *slot = fr_vec_add(&g->groups), group;
    if (slot == NULL)
        return fr_no_memory(now->context);
    *slot = UINT32_MAX;
    if (span->count == 0)
        return FLOWRULES_OK;
    const char *key = key_of(now, span);
    fr_string known = key == NULL ? 0 : fr_strings_add(&g->keys, key, strlen(key));
    if (known == 0)
        return fr_no_memory(now->context);
    if (!fr_map_get(&g->group_of, known, &group)) {
        struct fr_usage_group *fresh = fr_vec_push(&now->groups);
        group = (uint32_t)now->groups.count;
        if (fresh == NULL || !fr_map_put(&g->group_of, known, group))
            return fr_no_memory(now->context);
        *fresh = (struct fr_usage_group){*span, {0, 0}, key};
    }
    *slot = group - 1;
    fr_vec_at(&now->groups, struct fr_usage_group, group - 1)->counters.count++;
    return FLOWRULES_OK;
}

/* The counters of each group behind those of the one before it. */
static flowrules_status order_counters(struct grouping *g) {
    struct fr_usage_now *now = g->now;
    uint32_t total = 0;
    for (size_t i = 0; i < now->groups.count; i++) {
        struct fr_usage_group *group = fr_vec_at(&now->groups, struct fr_usage_group, i);
        group->counters.first = total;
        total += group->counters.count;
        group->counters.count = 0;
    }
    if (!fr_vec_reserve(&now->order, total))
        return fr_no_memory(now->context);
    now->order.count = total;
    for (uint32_t i = 0; i < g->groups.count; i++) {
        uint32_t own = *fr_vec_at(&g->groups, uint32_t, i);
        if (own == UINT32_MAX)
            continue;
        struct fr_span *span = &fr_vec_at(&now->groups, struct fr_usage_group, own)->counters;
        *fr_vec_at(&now->order, uint32_t, span->first + span->count++) = i;
    }
    return FLOWRULES_OK;
}

flowrules_status fr_usage_group(struct fr_usage_now *now) {
    const struct fr_allocator *allocator = &now->context->allocator;
    struct grouping g = {.now = now};
    flowrules_status status = FLOWRULES_OK;
    fr_strings_init(&g.keys, allocator);
    fr_map_init(&g.group_of, allocator);
    fr_vec_init(&g.groups, allocator, sizeof(uint32_t));
    for (uint32_t i = 0; i < now->counters.count && status == FLOWRULES_OK; i++)
        status = put_into_group(&g, i);
    if (status == FLOWRULES_OK)
        status = order_counters(&g);
    fr_strings_free(&g.keys);
    fr_map_free(&g.group_of);
    fr_vec_free(&g.groups);
    return status;
}
