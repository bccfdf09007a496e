/*
 * paloalto: which zones the ends of a flow are in, as the bindings of networks and the settings
 * from-zone and to-zone tell, and hence between which pairs of zones a target decides
 * (docs/MODEL.md). Knows no syntax.
 */
#include "zones.h"

#include <string.h>

const char *fr_paloalto_own_zone(const flowrules_output *out, enum flowrules_end end) {
    return flowrules_output_setting(out, end == FLOWRULES_SOURCE ? "from-zone" : "to-zone");
}

const char *fr_paloalto_zone_at(const flowrules_output *out, struct flowrules_set set,
                                enum flowrules_end end, size_t index) {
    const char *own = fr_paloalto_own_zone(out, end);
    size_t bound = 0;
    bool told = false;
    for (const char *zone; (zone = flowrules_set_binding(out, set, "zone", bound)); bound++) {
        if (bound == index)
            return zone;
        told = told || (own && strcmp(zone, own) == 0);
    }
    if (index > bound || told || flowrules_set_bound(out, set, "zone"))
        return NULL;
    return own;
}

/* A place in the table; 0 where there is none left. */
static size_t place_of(struct fr_paloalto_pairs *pairs, const char *zone) {
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->zones[i], zone) == 0)
            return i;
    if (pairs->count == FR_PALOALTO_ZONES_MAX) {
        pairs->full = true;
        return 0;
    }
    pairs->zones[pairs->count] = zone;
    return pairs->count++;
}

bool fr_paloalto_is_broad(struct flowrules_set set) {
    return flowrules_set_is_any(set) || flowrules_set_is_all(set, FLOWRULES_IPV4) ||
           flowrules_set_is_all(set, FLOWRULES_IPV6);
}

void fr_paloalto_close(const flowrules_output *out, struct fr_paloalto_pairs *pairs,
                       struct flowrules_set source, struct flowrules_set destination) {
    bool broad = fr_paloalto_is_broad(source) || fr_paloalto_is_broad(destination);
    const char *from, *to;
    for (size_t i = 0; (from = fr_paloalto_zone_at(out, source, FLOWRULES_SOURCE, i)); i++)
        for (size_t k = 0; (to = fr_paloalto_zone_at(out, destination, FLOWRULES_DESTINATION, k));
             k++) {
            bool stays = strcmp(from, to) == 0 && strcmp(from, "any") != 0;
            size_t a = place_of(pairs, from), b = place_of(pairs, to);
            pairs->closed[a][b] = pairs->closed[a][b] || !stays || !broad;
        }
}

bool fr_paloalto_denies_rest(const flowrules_output *out) {
    return !flowrules_output_permits(out) && flowrules_output_flag(out, "explicit-deny");
}

void fr_paloalto_close_rest(const flowrules_output *out, struct fr_paloalto_pairs *pairs) {
    const char *from = fr_paloalto_own_zone(out, FLOWRULES_SOURCE);
    const char *to = fr_paloalto_own_zone(out, FLOWRULES_DESTINATION);
    if (pairs->count == 0 && from && to) {
        size_t i = place_of(pairs, from), k = place_of(pairs, to);
        pairs->closed[i][k] = true;
    }
    if (strcmp(flowrules_output_setting(out, "intrazone"), "all") == 0)
        for (size_t i = 0; i < pairs->count; i++)
            pairs->closed[i][i] = true;
}

bool fr_paloalto_closes(const struct fr_paloalto_pairs *pairs, const char *from, const char *to) {
    for (size_t i = 0; i < pairs->count; i++)
        for (size_t k = 0; k < pairs->count; k++)
            if (pairs->closed[i][k] &&
                (strcmp(pairs->zones[i], "any") == 0 || strcmp(pairs->zones[i], from) == 0) &&
                (strcmp(pairs->zones[k], "any") == 0 || strcmp(pairs->zones[k], to) == 0))
                return true;
    return false;
}
