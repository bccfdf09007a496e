/*
 * Finds the zones of the source and destination of a flow, by the bindings of networks and the
 * settings from-zone and to-zone, and the pairs of zones that a target decides (docs/MODEL.md).
 */
#include "zones.h"

#include <string.h>

#include "flowrules/kits/bindings.h"

bool fr_zones_match(const flowrules_plan *plan) {
    return flowrules_plan_flag(plan, "match-zones");
}

/* Those of an end, none where no network says one. */
static struct flowrules_interfaces zones_of(const struct flowrules_passage *passage,
                                            enum flowrules_end end) {
    if (passage == NULL)
        return (struct flowrules_interfaces){.count = 0};
    return end == FLOWRULES_SOURCE ? passage->enters : passage->leaves;
}

const char *fr_zones_own(const flowrules_plan *plan, enum flowrules_end end) {
    return flowrules_plan_setting(plan, end == FLOWRULES_SOURCE ? "from-zone" : "to-zone");
}

const char *fr_zones_at(const flowrules_plan *plan, struct flowrules_set set,
                        enum flowrules_end end, size_t index) {
    const char *own = fr_zones_own(plan, end);
    size_t bound = 0;
    bool told = false;
    for (const char *zone; (zone = flowrules_set_binding(plan, set, "zone", bound)); bound++) {
        if (bound == index)
            return zone;
        told = told || (own && strcmp(zone, own) == 0);
    }
    if (index > bound || told || flowrules_set_bound(plan, set, "zone"))
        return NULL;
    return own;
}

bool fr_zones_at_any(const flowrules_plan *plan, struct flowrules_set set, enum flowrules_end end) {
    const char *zone;
    for (size_t i = 0; (zone = fr_zones_at(plan, set, end, i)); i++)
        if (strcmp(zone, "any") == 0)
            return true;
    return false;
}

const struct flowrules_passage *fr_zones_group(flowrules_output *out,
                                               const struct flowrules_group *group,
                                               const struct fr_zone_words *words) {
    for (int end = 0; group->passage != NULL && end < 2; end++) {
        struct flowrules_interfaces zones = zones_of(group->passage, (enum flowrules_end)end);
        for (size_t i = 0; i < zones.count; i++)
            if (!words->is_name(zones.names[i]))
                flowrules_output_refuse(out, "the network's zone '%.80s' cannot be written: %s",
                                        zones.names[i], words->bad_name);
    }
    return group->passage;
}

const char *fr_zones_told(const flowrules_plan *plan, const struct flowrules_passage *passage,
                          struct flowrules_set set, enum flowrules_end end, size_t index) {
    struct flowrules_interfaces zones = zones_of(passage, end);
    if (index < zones.count)
        return zones.names[index];
    if (!fr_zones_match(plan) && !fr_zones_at_any(plan, set, end))
        return fr_zones_at(plan, set, end, index);
    return index == 0 && zones.count == 0 ? "any" : NULL;
}

/* A place in the table; 0 where there is none left. */
static size_t place_of(struct fr_zone_pairs *pairs, const char *zone) {
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->zones[i], zone) == 0)
            return i;
    if (pairs->count == FR_ZONES_MAX) {
        pairs->full = true;
        return 0;
    }
    pairs->zones[pairs->count] = zone;
    return pairs->count++;
}

static bool is_broad(struct flowrules_set set) {
    return flowrules_set_is_any(set) || flowrules_set_is_all(set, FLOWRULES_IPV4) ||
           flowrules_set_is_all(set, FLOWRULES_IPV6);
}

void fr_zones_close(const flowrules_plan *plan, struct fr_zone_pairs *pairs,
                    struct flowrules_set source, struct flowrules_set destination) {
    if (fr_zones_match(plan))
        return;
    bool broad = is_broad(source) || is_broad(destination);
    const char *from, *to;
    for (size_t i = 0; (from = fr_zones_at(plan, source, FLOWRULES_SOURCE, i)); i++)
        for (size_t k = 0; (to = fr_zones_at(plan, destination, FLOWRULES_DESTINATION, k)); k++) {
            bool stays = strcmp(from, to) == 0 && strcmp(from, "any") != 0;
            size_t a = place_of(pairs, from), b = place_of(pairs, to);
            pairs->closed[a][b] = pairs->closed[a][b] || !stays || !broad;
        }
}

void fr_zones_close_rest(const flowrules_plan *plan, struct fr_zone_pairs *pairs) {
    const char *from = fr_zones_own(plan, FLOWRULES_SOURCE);
    const char *to = fr_zones_own(plan, FLOWRULES_DESTINATION);
    if (fr_zones_match(plan))
        from = to = "any";
    if (pairs->count == 0 && from && to) {
        size_t i = place_of(pairs, from), k = place_of(pairs, to);
        pairs->closed[i][k] = true;
    }
    const char *intrazone = flowrules_plan_setting(plan, "intrazone");
    if (intrazone != NULL && strcmp(intrazone, "all") == 0)
        for (size_t i = 0; i < pairs->count; i++)
            pairs->closed[i][i] = true;
}

void fr_zones_deny_rest(flowrules_output *out, struct fr_zone_pairs *pairs,
                        const struct fr_zone_words *words) {
    fr_zones_close_rest(flowrules_output_plan(out), pairs);
    if (pairs->full)
        flowrules_output_refuse(out, "its %s are between more than %d zones", words->rules,
                                FR_ZONES_MAX);
    if (pairs->count == 0)
        flowrules_output_refuse(out, "%s", words->no_pair);
}

bool fr_zones_rejects(const flowrules_plan *plan) {
    return strcmp(flowrules_plan_setting(plan, "deny-with"), "reject") == 0;
}

const struct flowrules_setting fr_zones_bindings[] = {
    {.key = "zone",
     .aside = true,
     .type = "list text",
     .help = "the zones that the network's addresses are in"},
    {.key = NULL},
};

/* ---- what can't be said ---------------------------------------------------------------------- */

bool fr_zones_is_name(const char *text, const char *extra, size_t most) {
    for (const char *c = text; *c != '\0'; c++)
        if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9') &&
            !strchr(extra, *c))
            return false;
    return text[0] != '\0' && strlen(text) <= most;
}

/* Is an end in a zone by from-zone or to-zone alone? */
static bool is_unbound(const flowrules_plan *plan, struct flowrules_set set) {
    return flowrules_set_binding(plan, set, "zone", 0) == NULL &&
           !flowrules_set_bound(plan, set, "zone");
}

/* Do both ends fall into one zone, though others than they are said to be in zones? */
static bool falls_within(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    const char *from = fr_zones_own(plan, FLOWRULES_SOURCE);
    const char *to = fr_zones_own(plan, FLOWRULES_DESTINATION);
    return from && to && strcmp(from, to) == 0 && strcmp(from, "any") != 0 &&
           is_unbound(plan, flow->source) && is_unbound(plan, flow->destination) &&
           flowrules_plan_binds(plan, "zone");
}

const char *fr_zones_refuse(const flowrules_plan *plan, const struct flowrules_rule *flow,
                            const struct fr_zone_words *words) {
    if (fr_zones_match(plan))
        return NULL;
    for (int end = FLOWRULES_SOURCE; end <= FLOWRULES_DESTINATION; end++) {
        struct flowrules_set set = end == FLOWRULES_SOURCE ? flow->source : flow->destination;
        if (!flowrules_set_bound(plan, set, "zone") && !fr_zones_own(plan, (enum flowrules_end)end))
            return words->no_zone[end];
        const char *zone;
        for (size_t i = 0; (zone = fr_zones_at(plan, set, (enum flowrules_end)end, i)); i++)
            if (!words->is_name(zone))
                return words->bad_name;
    }
    return falls_within(plan, flow) ? words->same_zone : NULL;
}

/* Where zones are given by networks, addresses that no network places may have been forgotten. */
static bool is_forgotten(const flowrules_plan *plan, struct flowrules_set set) {
    return flowrules_set_range_count(set, FLOWRULES_IPV4) +
                   flowrules_set_range_count(set, FLOWRULES_IPV6) >
               0 &&
           !is_broad(set) && !flowrules_set_bound(plan, set, "zone");
}

const char *fr_zones_warn(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    bool source = is_forgotten(plan, flow->source);
    if (fr_zones_match(plan) || (!source && !is_forgotten(plan, flow->destination)) ||
        !flowrules_plan_binds(plan, "zone"))
        return NULL;
    return source ? "addresses of the source are in no network with a zone, so 'from-zone' is used "
                    "for them"
                  : "addresses of the destination are in no network with a zone, so 'to-zone' is "
                    "used for them";
}

void fr_zones_check(flowrules_output *out, const struct fr_zone_words *words) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *from = fr_zones_own(plan, FLOWRULES_SOURCE);
    const char *to = fr_zones_own(plan, FLOWRULES_DESTINATION);
    bool match = fr_zones_match(plan);
    if (match && (from || to))
        flowrules_output_refuse(out, "%s", words->no_setting);
    if (match || !from || !to || strcmp(from, to) == 0 || strcmp(from, "any") == 0 ||
        strcmp(to, "any") == 0)
        return;
    const char *both = flowrules_output_unbound_meeting(out, "zone");
    if (both)
        flowrules_output_refuse(
            out,
            "%s is a source, in zone '%s' (from-zone), and a destination, in zone '%s' (to-zone): "
            "give its network a zone, %s: {zone: NAME}, or {zone: [%s, %s]} if it may be in either",
            both, from, to, words->backend, from, to);
}
