/*
 * Intervals around the sets and services of flows. IPv4 addresses come first, then IPv6 addresses
 * by their first 63 bits. Names and groups can have any address.
 */
#include "reach.h"

static uint64_t place_of(enum flowrules_family family, struct flowrules_ip ip) {
    return family == FLOWRULES_IPV4 ? ip.lo : UINT64_C(1) << 63 | ip.hi >> 1;
}

static void reach_end(const struct fr_sets *sets, fr_set set, uint64_t *first, uint64_t *last) {
    const struct fr_set_head *head = fr_set_head(sets, set);
    struct flowrules_set view = {sets, set};
    bool known = set != FR_SET_ANY && head->atoms == 0 && head->all_atoms == 0;
    *first = known ? UINT64_MAX : 0;
    *last = known ? 0 : UINT64_MAX;
    for (int f = 0; f < 2 && known; f++) {
        enum flowrules_family family = (enum flowrules_family)f;
        size_t count = flowrules_set_range_count(view, family);
        if (count == 0)
            continue;
        uint64_t low = place_of(family, flowrules_set_range(view, family, 0).first);
        uint64_t high = place_of(family, flowrules_set_range(view, family, count - 1).last);
        *first = low < *first ? low : *first;
        *last = high > *last ? high : *last;
    }
}

struct fr_reach fr_reach_of(const struct fr_sets *sets, const fr_set ends[2],
                            const struct fr_service_terms *service) {
    struct fr_reach reach = {.protocol_first = UINT16_MAX, .port_first = UINT16_MAX};
    for (unsigned e = 0; e < 2; e++)
        reach_end(sets, ends[e], &reach.first[e], &reach.last[e]);
    for (uint32_t i = 0; i < service->count; i++) {
        const struct fr_term *t = &service->terms[i];
        bool any = t->protocol == FR_PROTOCOL_ANY;
        uint16_t low = any ? 0 : t->protocol, high = any ? UINT16_MAX : t->protocol;
        reach.protocol_first = low < reach.protocol_first ? low : reach.protocol_first;
        reach.protocol_last = high > reach.protocol_last ? high : reach.protocol_last;
        reach.port_first =
            t->destination_first < reach.port_first ? t->destination_first : reach.port_first;
        reach.port_last =
            t->destination_last > reach.port_last ? t->destination_last : reach.port_last;
    }
    return reach;
}
