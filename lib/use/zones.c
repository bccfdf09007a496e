/*
 * Zones as sets of addresses and atoms, as a view of the policy sees them.
 */
#include "zones.h"

flowrules_status fr_ends_set(struct fr_view *view, struct fr_span span, fr_set *set) {
    struct fr_end end = {FR_SET_EMPTY, 0};
    if (span.count > 0)
        FR_TRY(fr_view_end(view, span, false, &end));
    *set = end.set;
    for (uint32_t i = 0; i < span.count; i++) {
        const struct fr_peer *peer =
            fr_vec_at(&view->policy->peers, struct fr_peer, span.first + i);
        fr_set zone;
        if (peer->kind != FR_PEER_ZONE)
            continue;
        FR_TRY(fr_zone_set(view, peer->ref, &zone));
        *set = fr_set_union(&view->sets, *set, zone);
    }
    return *set == FR_SET_NONE ? fr_no_memory(view->context) : FLOWRULES_OK;
}

flowrules_status fr_asserted_set(struct fr_view *view, const struct fr_asserted *asserted,
                                 fr_set *set) {
    fr_set except;
    *set = FR_SET_ANY;
    if (!asserted->rest)
        FR_TRY(fr_ends_set(view, asserted->members, set));
    FR_TRY(fr_ends_set(view, asserted->except, &except));
    *set = fr_set_subtract(&view->sets, *set, except);
    return *set == FR_SET_NONE ? fr_no_memory(view->context) : FLOWRULES_OK;
}

flowrules_status fr_zone_set(struct fr_view *view, uint32_t index, fr_set *set) {
    const struct fr_vec *zones = &view->policy->zones;
    const struct fr_zone *zone = fr_vec_at(zones, struct fr_zone, index);
    FR_TRY(fr_asserted_set(view, &zone->asserted, set));
    for (size_t i = 0; zone->all_else && i < zones->count; i++) {
        const struct fr_zone *other = fr_vec_at(zones, struct fr_zone, i);
        fr_set own;
        if (other->all_else)
            continue;
        FR_TRY(fr_asserted_set(view, &other->asserted, &own));
        *set = fr_set_subtract(&view->sets, *set, own);
    }
    return *set == FR_SET_NONE ? fr_no_memory(view->context) : FLOWRULES_OK;
}
