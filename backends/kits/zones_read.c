/*
 * Finds the addresses of zones, by the bindings of the policy's networks and the settings from-zone
 * and to-zone (docs/MODEL.md, Groups), and what a target does not decide. Reads the zones of a rule
 * as the addresses in them.
 */
#include "zones.h"

#include <string.h>

#include "flowrules/kits/whole.h"

static bool is_any(const char *zone) {
    return strcmp(zone, "any") == 0;
}

/* own are the zones of what no network places. */
static void find(flowrules_input *in, const char *from, const char *to, struct fr_zones *zones) {
    size_t names = 0, sets = 0;
    const char *zone;
    *zones = (struct fr_zones){.own = {from, to}, .unplaced = flowrules_input_any(in)};
    flowrules_input_bound(in, "zone", "", &zones->known);
    for (; (zone = flowrules_input_bound_value(in, "zone", zones->count)) != NULL; zones->count++) {
        zones->names =
            flowrules_input_grow(in, zones->names, &names, zones->count, sizeof *zones->names);
        zones->sets =
            flowrules_input_grow(in, zones->sets, &sets, zones->count, sizeof *zones->sets);
        if (zones->names == NULL || zones->sets == NULL) {
            zones->count = 0;
            return;
        }
        zones->names[zones->count] = zone;
        zones->sets[zones->count] = flowrules_input_bound(in, "zone", zone, &zones->known);
    }
    struct flowrules_set placed = flowrules_input_unite(in, zones->sets, zones->count);
    zones->unplaced = flowrules_input_subtract(in, zones->unplaced, placed);
}

/* ---- zones that packets are in -------------------------------------------------------------- */

static void name_zone(flowrules_input *in, struct fr_zone_list *named, const char *name) {
    if (!is_any(name))
        fr_zones_add(in, named, name);
}

/* At first there are those that the policy names. */
static void begin_matching(flowrules_input *in, struct fr_zones *zones) {
    const char *name;
    *zones = (struct fr_zones){.matched = true};
    for (size_t i = 0; (name = flowrules_input_bound_value(in, "zone", i)) != NULL; i++)
        name_zone(in, &zones->named, name);
}

struct flowrules_set fr_zones_set(flowrules_input *in, const struct fr_zone_list *list) {
    struct flowrules_set all = {NULL, 0};
    struct flowrules_set *sets = flowrules_input_alloc(in, (list->count + 1) * sizeof *sets);
    if (sets == NULL || fr_zones_has(list, "any"))
        return all;
    for (size_t i = 0; i < list->count; i++)
        sets[i] = flowrules_input_zone(in, list->names[i]);
    return flowrules_input_unite(in, sets, list->count);
}

/* Nothing is decided between two zones without a name here, which may be one; and with all, nothing
 * of such a zone, since there is none. */
static void leave_others(flowrules_input *in, const struct fr_zones *zones, bool all) {
    static const struct flowrules_set anywhere = {NULL, 0};
    struct flowrules_set others = flowrules_input_subtract(in, flowrules_input_interfaces(in),
                                                           fr_zones_set(in, &zones->named));
    struct flowrules_read_rule rule = {.direction = FLOWRULES_FORWARD,
                                       .verdict = FLOWRULES_OUTSIDE,
                                       .source = flowrules_input_any(in),
                                       .destination = flowrules_input_any(in)};
    rule.interfaces[0] = others;
    rule.interfaces[1] = all ? anywhere : others;
    flowrules_input_rule(in, &rule);
    rule.interfaces[0] = anywhere;
    rule.interfaces[1] = others;
    if (all)
        flowrules_input_rule(in, &rule);
}

/* Of two configurations that are compared, either may name zones that the other does not. */
static void match_zones(flowrules_input *in, struct fr_zones *zones,
                        const struct fr_zone_list *named, const struct fr_zone_list *declared) {
    bool imports = flowrules_input_imports(in), all = declared->count > 0;
    begin_matching(in, zones);
    flowrules_input_found(in, "match-zones", "true");
    for (size_t i = 0; i < named->count; i++)
        name_zone(in, &zones->named, named->names[i]);
    for (size_t i = 0; i < declared->count; i++)
        name_zone(in, &zones->named, declared->names[i]);
    if (imports && !all)
        flowrules_input_note(in, (struct flowrules_place){0, 0, 0},
                             "no zone is declared: there may be others than those of the rules");
    if (imports || flowrules_input_target(in) != NULL)
        leave_others(in, zones, all);
}

/* ---- zones that networks are in ------------------------------------------------------------- */

/* pair: the two zones between which all is that is allowed, or NULL where there are several. */
static void choose_pair(flowrules_input *in, struct fr_zones *zones, const char *const *pair) {
    static const char *const keys[] = {"from-zone", "to-zone"};
    if (zones->known || (zones->own[0] != NULL && zones->own[1] != NULL))
        return;
    zones->zoneless = pair == NULL;
    for (int end = 0; end < 2; end++)
        if (zones->own[end] == NULL) {
            zones->own[end] = pair == NULL ? NULL : pair[end];
            flowrules_input_found(in, keys[end], pair == NULL ? "any" : pair[end]);
        }
    if (zones->zoneless)
        flowrules_input_doubt(in, (struct flowrules_place){0, 0, 0}, FLOWRULES_FORWARD,
                              "the rules are between several zones with unknown addresses: choose "
                              "two zones with the settings from-zone and to-zone");
}

void fr_zones_see(flowrules_input *in, struct fr_zones_seen *seen, enum flowrules_end end,
                  const char *zone, bool allows) {
    name_zone(in, &seen->named, zone);
    seen->narrow[end] = seen->narrow[end] || !is_any(zone);
    if (allows && seen->pair[end] == NULL)
        seen->pair[end] = zone;
    seen->several = seen->several || (allows && strcmp(seen->pair[end], zone) != 0);
}

/* Is all that is allowed between one pair, and no rule about less? */
static bool is_one_pair(const struct fr_zones_seen *seen) {
    bool one = !seen->several;
    for (int end = 0; end < 2 && one; end++)
        one = seen->pair[end] != NULL && !(is_any(seen->pair[end]) && seen->narrow[end]);
    return one;
}

void fr_zones_choose(flowrules_input *in, struct fr_zones *zones, const struct fr_zones_seen *seen,
                     const struct fr_zone_list *declared) {
    bool one = is_one_pair(seen);
    find(in, flowrules_input_setting(in, "from-zone"), flowrules_input_setting(in, "to-zone"),
         zones);
    if (strcmp(flowrules_input_setting(in, "match-zones"), "true") == 0 ||
        (!zones->known && zones->own[0] == NULL && zones->own[1] == NULL &&
         (!one || !flowrules_input_imports(in))))
        match_zones(in, zones, &seen->named, declared);
    else
        choose_pair(in, zones, one ? seen->pair : NULL);
}

void fr_zones_add(flowrules_input *in, struct fr_zone_list *list, const char *name) {
    if (fr_zones_has(list, name))
        return;
    list->names =
        flowrules_input_grow(in, list->names, &list->capacity, list->count, sizeof *list->names);
    if (list->names == NULL)
        list->count = 0;
    else
        list->names[list->count++] = name;
}

bool fr_zones_has(const struct fr_zone_list *list, const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->names[i], name) == 0)
            return true;
    return false;
}

/* The zones that are in the list, or are not, united. */
static struct flowrules_set unite_zones(flowrules_input *in, const struct fr_zones *zones,
                                        const struct fr_zone_list *list, bool listed) {
    struct flowrules_set *sets = flowrules_input_alloc(in, (zones->count + 1) * sizeof *sets);
    size_t count = 0;
    for (size_t i = 0; sets != NULL && i < zones->count; i++)
        if (fr_zones_has(list, zones->names[i]) == listed)
            sets[count++] = zones->sets[i];
    return flowrules_input_unite(in, sets, count);
}

/* A network may be bound to several zones: it is in the list whole where all of them are. */
static struct flowrules_set surely_in(flowrules_input *in, const struct fr_zones *zones,
                                      enum flowrules_end end, const struct fr_zone_list *list) {
    struct flowrules_set all = flowrules_input_any(in);
    if (fr_zones_has(list, "any"))
        return all;
    all = flowrules_input_subtract(in, all, unite_zones(in, zones, list, false));
    if (zones->own[end] == NULL || !fr_zones_has(list, zones->own[end]))
        all = flowrules_input_subtract(in, all, zones->unplaced);
    return all;
}

static struct flowrules_set maybe_in(flowrules_input *in, const struct fr_zones *zones,
                                     enum flowrules_end end, const struct fr_zone_list *list) {
    const char *own = zones->own[end];
    if (fr_zones_has(list, "any"))
        return flowrules_input_any(in);
    struct flowrules_set both[] = {unite_zones(in, zones, list, true), zones->unplaced};
    bool unplaced = own != NULL && (is_any(own) || fr_zones_has(list, own));
    return flowrules_input_unite(in, both, unplaced ? 2 : 1);
}

static const struct fr_territory *limits_of(flowrules_input *in, const struct fr_zones *zones,
                                            unsigned kind, enum flowrules_end end,
                                            const struct fr_zone_list *list) {
    const char *key = zones->zoneless ? NULL : end == FLOWRULES_SOURCE ? "from" : "to";
    for (size_t i = 0; key != NULL && i < list->count; i++)
        key = flowrules_input_print(in, "%s\n%s", key, list->names[i]);
    struct fr_territory *limits = key == NULL ? NULL : flowrules_input_lookup(in, kind, key);
    if (key == NULL || limits != NULL || !(limits = flowrules_input_alloc(in, sizeof *limits)))
        return limits;
    limits->surely = surely_in(in, zones, end, list);
    limits->maybe = maybe_in(in, zones, end, list);
    flowrules_input_define(in, kind, key, limits);
    return limits;
}

bool fr_zones_limit(flowrules_input *in, const struct fr_zones *zones, unsigned kind,
                    enum flowrules_end end, const struct fr_zone_list *list,
                    struct fr_territory *left) {
    const struct fr_territory *at = limits_of(in, zones, kind, end, list);
    if (at == NULL)
        return true;
    left->surely = flowrules_input_intersect(in, left->surely, at->surely);
    left->maybe = flowrules_input_intersect(in, left->maybe, at->maybe);
    return at->maybe.id == at->surely.id || left->maybe.id == left->surely.id;
}

/* ---- within a zone ------------------------------------------------------------------------- */

/* All that a zone may hold, where it is known by its name. */
static struct flowrules_set zone_set(flowrules_input *in, const struct fr_zones *zones,
                                     enum flowrules_end end, const char *name) {
    struct fr_zone_list one = {&name, 1, 1};
    struct flowrules_set both[] = {unite_zones(in, zones, &one, true), zones->unplaced};
    bool unplaced = zones->own[end] != NULL && strcmp(zones->own[end], name) == 0;
    return flowrules_input_unite(in, both, unplaced ? 2 : 1);
}

/* The zones of networks, and of what none places. */
static void list_zones(flowrules_input *in, const struct fr_zones *zones,
                       struct fr_zone_list *all) {
    *all = (struct fr_zone_list){NULL, 0, 0};
    for (size_t i = 0; i < zones->named.count; i++)
        fr_zones_add(in, all, zones->named.names[i]);
    for (size_t i = 0; i < zones->count; i++)
        fr_zones_add(in, all, zones->names[i]);
    for (int end = 0; end < 2; end++)
        if (zones->own[end] != NULL)
            fr_zones_add(in, all, zones->own[end]);
}

struct fr_zone_list fr_zones_spread(flowrules_input *in, const struct fr_zones *zones,
                                    const struct fr_zone_list *list) {
    struct fr_zone_list all;
    if (!fr_zones_has(list, "any"))
        return *list;
    list_zones(in, zones, &all);
    return all;
}

/* What comes from a zone and goes to it. */
static void rule_within(flowrules_input *in, const struct fr_zones *zones, const char *zone,
                        struct flowrules_read_rule rule) {
    struct flowrules_set *ends[] = {&rule.source, &rule.destination};
    for (int end = 0; end < 2; end++)
        if (zones->matched) {
            *ends[end] = flowrules_input_any(in);
            rule.interfaces[end] = flowrules_input_zone(in, zone);
        } else {
            *ends[end] = zone_set(in, zones, (enum flowrules_end)end, zone);
        }
    flowrules_input_rule(in, &rule);
}

void fr_zones_within(flowrules_input *in, const struct fr_zones *zones, const char *name,
                     enum flowrules_verdict verdict) {
    const struct flowrules_read_rule rule = {
        .direction = FLOWRULES_FORWARD, .verdict = verdict, .name = zones->matched ? name : NULL};
    struct fr_zone_list all;
    list_zones(in, zones, &all);
    for (size_t i = 0; all.names != NULL && i < all.count; i++)
        if (!is_any(all.names[i])) /* nobody knows which it is */
            rule_within(in, zones, all.names[i], rule);
}

void fr_zones_rest(flowrules_input *in, enum flowrules_verdict verdict) {
    struct flowrules_read_rule rule = {.direction = FLOWRULES_FORWARD,
                                       .verdict = verdict,
                                       .source = flowrules_input_any(in),
                                       .destination = flowrules_input_any(in)};
    flowrules_input_rule(in, &rule);
}

/* ---- what a target has no say over ---------------------------------------------------------- */

/* The pairs of zones that flows are between. */
static void close_flows(const flowrules_plan *plan, struct fr_zone_pairs *pairs) {
    struct flowrules_rule flow;
    for (size_t i = 0; flowrules_plan_flow(plan, i, &flow); i++)
        fr_zones_close(plan, pairs, flow.source, flow.destination);
    fr_zones_close_rest(plan, pairs);
}

static void leave_out(flowrules_input *in, struct flowrules_set source,
                      struct flowrules_set destination) {
    struct flowrules_read_rule rule = {.direction = FLOWRULES_FORWARD,
                                       .verdict = FLOWRULES_OUTSIDE,
                                       .source = source,
                                       .destination = destination};
    flowrules_input_rule(in, &rule);
}

/* Is all closed from one zone to another? The zone "any" is every zone. */
static bool is_closed(const struct fr_zone_pairs *pairs, const char *from, const char *to) {
    for (size_t i = 0; i < pairs->count; i++)
        for (size_t k = 0; k < pairs->count; k++)
            if (pairs->closed[i][k] &&
                (is_any(pairs->zones[i]) || strcmp(pairs->zones[i], from) == 0) &&
                (is_any(pairs->zones[k]) || strcmp(pairs->zones[k], to) == 0))
                return true;
    return false;
}

/* Leaves out what comes from a zone and goes to one to which no flow does. */
static void leave_out_from(flowrules_input *in, const struct fr_zones *zones,
                           const struct fr_zone_list *all, const struct fr_zone_pairs *pairs,
                           const char *from) {
    struct flowrules_set *sets = flowrules_input_alloc(in, (all->count + 1) * sizeof *sets);
    size_t count = 0;
    for (size_t k = 0; sets != NULL && k < all->count; k++)
        if (!is_closed(pairs, from, all->names[k]))
            sets[count++] = zone_set(in, zones, FLOWRULES_DESTINATION, all->names[k]);
    leave_out(in, zone_set(in, zones, FLOWRULES_SOURCE, from),
              flowrules_input_unite(in, sets, count));
}

/* With match-zones: all is decided, but what is between two zones that the policy does not name
 * where no last rule denies the rest. */
static void match_baseline(flowrules_input *in, struct fr_zones *zones, bool rest) {
    begin_matching(in, zones);
    if (!rest)
        leave_others(in, zones, false);
}

void fr_zones_baseline(const flowrules_plan *plan, flowrules_input *in, struct fr_zones *zones,
                       bool rest) {
    struct fr_zone_list all;
    struct flowrules_set any = flowrules_input_any(in);
    if (fr_zones_match(plan)) {
        match_baseline(in, zones, rest);
        return;
    }
    struct fr_zone_pairs *pairs = flowrules_input_alloc(in, sizeof *pairs);
    find(in, fr_zones_own(plan, FLOWRULES_SOURCE), fr_zones_own(plan, FLOWRULES_DESTINATION),
         zones);
    list_zones(in, zones, &all);
    if (pairs == NULL)
        return;
    close_flows(plan, pairs);
    for (size_t i = 0; all.names != NULL && i < all.count; i++)
        leave_out_from(in, zones, &all, pairs, all.names[i]);
    if (zones->own[FLOWRULES_SOURCE] == NULL)
        leave_out(in, zones->unplaced, any);
    if (zones->own[FLOWRULES_DESTINATION] == NULL)
        leave_out(in, any, zones->unplaced);
}
