/*
 * Lists of flows, by number: a number below that of the first list is a flow.
 */
#ifndef FR_FLOW_LISTS_H
#define FR_FLOW_LISTS_H

#include "memory.h"

struct fr_flow_lists {
    uint32_t first;        /* the number of the first list */
    struct fr_vec lists;   /* struct fr_span of members */
    struct fr_vec members; /* uint32_t */
};

void fr_flow_lists_init(struct fr_flow_lists *lists, const struct fr_allocator *allocator,
                        size_t first);
void fr_flow_lists_free(struct fr_flow_lists *lists);
/* The number of a list of flows: the flow itself, or a list of at least two. UINT32_MAX: no memory.
 */
uint32_t fr_flows_list(struct fr_flow_lists *lists, const uint32_t *flows, size_t count);
size_t fr_flows_count(const struct fr_flow_lists *lists, uint32_t number);
uint32_t fr_flows_at(const struct fr_flow_lists *lists, uint32_t number, size_t index);
/* Those of two that have a number, where the numbers of joined go on behind those of lists. */
static inline const struct fr_flow_lists *fr_flows_in(const struct fr_flow_lists *lists,
                                                      const struct fr_flow_lists *joined,
                                                      uint32_t number) {
    return number < joined->first ? lists : joined;
}

#endif
