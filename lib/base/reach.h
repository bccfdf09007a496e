/*
 * Intervals around flows, which show for most pairs that they are disjoint, without their sets.
 */
#ifndef FR_REACH_H
#define FR_REACH_H

#include "addresses.h"
#include "services.h"

/* Intervals that hold a source and a destination, protocols and destination ports. */
struct fr_reach {
    uint64_t first[2], last[2];
    uint16_t protocol_first, protocol_last, port_first, port_last;
};

/* Names and groups can have any address. */
struct fr_reach fr_reach_of(const struct fr_sets *sets, const fr_set ends[2],
                            const struct fr_service_terms *service);

/* False if no packet can be within both. */
static inline bool fr_reaches_meet(const struct fr_reach *a, const struct fr_reach *b) {
    return a->first[1] <= b->last[1] && b->first[1] <= a->last[1] && a->first[0] <= b->last[0] &&
           b->first[0] <= a->last[0] && a->port_first <= b->port_last &&
           b->port_first <= a->port_last && a->protocol_first <= b->protocol_last &&
           b->protocol_first <= a->protocol_last;
}

#endif
