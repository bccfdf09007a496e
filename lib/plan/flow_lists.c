/*
 * Lists of flows, by number.
 */
#include "flow_lists.h"

#include "policy.h"

void fr_flow_lists_init(struct fr_flow_lists *lists, const struct fr_allocator *allocator,
                        size_t first) {
    lists->first = (uint32_t)first;
    fr_vec_init(&lists->lists, allocator, sizeof(struct fr_span));
    fr_vec_init(&lists->members, allocator, sizeof(uint32_t));
}

void fr_flow_lists_free(struct fr_flow_lists *lists) {
    fr_vec_free(&lists->lists);
    fr_vec_free(&lists->members);
}

size_t fr_flows_count(const struct fr_flow_lists *lists, uint32_t number) {
    return number < lists->first
               ? 1
               : fr_vec_at(&lists->lists, struct fr_span, number - lists->first)->count;
}

uint32_t fr_flows_at(const struct fr_flow_lists *lists, uint32_t number, size_t index) {
    if (number < lists->first)
        return number;
    struct fr_span span = *fr_vec_at(&lists->lists, struct fr_span, number - lists->first);
    return *fr_vec_at(&lists->members, uint32_t, span.first + index);
}

uint32_t fr_flows_list(struct fr_flow_lists *lists, const uint32_t *flows, size_t count) {
    if (count == 1)
        return flows[0];
    struct fr_span span = {(uint32_t)lists->members.count, (uint32_t)count};
    if (!fr_vec_reserve(&lists->members, count))
        return UINT32_MAX;
    for (size_t i = 0; i < count; i++)
        *(uint32_t *)fr_vec_push(&lists->members) = flows[i];
    struct fr_span *slot = fr_vec_push(&lists->lists);
    if (slot == NULL)
        return UINT32_MAX;
    *slot = span;
    return lists->first + (uint32_t)lists->lists.count - 1;
}
