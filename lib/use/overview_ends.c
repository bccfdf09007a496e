/*
 * Gathers the ends of flows: which zones each is in, whether it is the Internet, which names of the
 * lock file it has; and counts the flows between zones.
 */
#include <string.h>

#include "overview.h"
#include "special.h"

/* ---- the ends of flows --------------------------------------------------------------------- */

static flowrules_status add_end(struct fr_overview *o, const struct fr_overview_end *end,
                                fr_string key, uint32_t *number) {
    struct fr_overview_end *slot = fr_vec_add(&o->ends);
    if (slot == NULL || end->name == NULL || key == 0 ||
        !fr_map_put(&o->end_of, key, (uint32_t)o->ends.count - 1))
        return fr_no_memory(o->context);
    *slot = *end;
    *number = (uint32_t)o->ends.count - 1;
    return FLOWRULES_OK;
}

/* A name may be that of a network and of a host: the kind stands before it. */
static fr_string key_of(struct fr_overview *o, unsigned kind, const char *name) {
    char *text = fr_arena_printf(&o->arena, "%u %s", kind, name);
    return text == NULL ? 0 : fr_strings_add(&o->keys, text, strlen(text));
}

static flowrules_status add_networks(struct fr_overview *o) {
    for (uint32_t i = 0; i < o->policy->networks.count; i++) {
        const struct fr_network *network = fr_vec_at(&o->policy->networks, struct fr_network, i);
        struct fr_overview_end end = {.name = FR_POLICY_TEXT(o->policy, network->name),
                                      .network = network,
                                      .peer = FR_NO_NUMBER,
                                      .within = FR_NO_NUMBER,
                                      .kind = FR_PEER_NETWORK};
        uint32_t number;
        FR_TRY(add_end(o, &end, key_of(o, FR_PEER_NETWORK, end.name), &number));
    }
    return FLOWRULES_OK;
}

static flowrules_status find_end(struct fr_overview *o, uint32_t peer, uint32_t *number) {
    const struct fr_peer *p = fr_vec_at(&o->policy->peers, struct fr_peer, peer);
    struct fr_overview_end end = {.name = fr_overview_peer(&o->arena, o->policy, p),
                                  .peer = peer,
                                  .within = FR_NO_NUMBER,
                                  .kind = p->kind};
    if (p->kind == FR_PEER_ADDRESS4)
        end.kind = FR_PEER_RANGE;
    fr_string key = end.name == NULL ? 0 : key_of(o, end.kind, end.name);
    if (key != 0 && fr_map_get(&o->end_of, key, number))
        return FLOWRULES_OK;
    return add_end(o, &end, key, number);
}

/* The ends of a list, each once; number: of the list, from 1. */
static flowrules_status add_peers(struct fr_overview *o, struct fr_span peers, uint32_t number,
                                  struct fr_span *ends) {
    for (uint32_t i = 0; i < peers.count; i++) {
        uint32_t end = 0;
        FR_TRY(find_end(o, peers.first + i, &end));
        uint32_t *listed = &fr_vec_at(&o->ends, struct fr_overview_end, end)->listed;
        if (*listed != number && !fr_overview_number(o, ends, end))
            return fr_no_memory(o->context);
        *listed = number;
    }
    return FLOWRULES_OK;
}

/* The words for a service, of which there are few for many flows. */
static flowrules_status find_service(struct fr_overview *o, struct fr_map *known,
                                     fr_service service, const char **words) {
    uint32_t flow;
    if (fr_map_get(known, service + 1, &flow)) {
        *words = fr_vec_at(&o->flows, struct fr_overview_flow, flow)->service;
        return FLOWRULES_OK;
    }
    *words = fr_overview_service(&o->arena, o->policy, service);
    if (*words == NULL || !fr_map_put(known, service + 1, (uint32_t)o->flows.count - 1))
        return fr_no_memory(o->context);
    return FLOWRULES_OK;
}

static flowrules_status add_flows(struct fr_overview *o, struct fr_map *services) {
    for (size_t i = 0; i < o->policy->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&o->policy->flows, struct fr_flow, i);
        struct fr_overview_flow *slot = fr_vec_push(&o->flows);
        if (slot == NULL)
            return fr_no_memory(o->context);
        FR_TRY(add_peers(o, flow->source, 2 * (uint32_t)i + 1, &slot->ends[0]));
        FR_TRY(add_peers(o, flow->destination, 2 * (uint32_t)i + 2, &slot->ends[1]));
        FR_TRY(find_service(o, services, flow->service, &slot->service));
    }
    return FLOWRULES_OK;
}

/* ---- zones and the Internet ---------------------------------------------------------------- */

/* What an end is seen with. */
struct seeing {
    struct fr_overview *o;
    struct fr_asserting *work;
    const struct fr_assert_source *zones; /* or NULL */
    fr_set all_zones;
    fr_set special; /* addresses that nobody on the Internet has */
};

/* Addresses of special use, and of IPv6 all but 2000::/3 (RFC 4291, 2.4). */
static fr_set special_addresses(struct fr_asserting *work) {
    struct fr_builder *b = &work->view.builder;
    struct flowrules_range range;
    for (size_t i = 0; fr_special_range(i, &range); i++)
        fr_builder_range(b, &range);
    struct flowrules_ip global = {(uint64_t)2 << 60, 0};
    range = (struct flowrules_range){FLOWRULES_IPV6, {0, 0}, fr_ip_previous(global)};
    fr_builder_range(b, &range);
    range =
        (struct flowrules_range){FLOWRULES_IPV6, fr_ip_next(fr_ip_last(FLOWRULES_IPV6, global, 3)),
                                 fr_ip_max(FLOWRULES_IPV6)};
    fr_builder_range(b, &range);
    return fr_builder_finish(b, &work->view.sets);
}

/* More of the Internet than one owner has: a /8 of IPv4, or a /16 of IPv6. */
static bool is_wide(const struct seeing *s, fr_set set) {
    fr_set open = fr_set_subtract(&s->work->view.sets, set, s->special);
    struct flowrules_set view = {&s->work->view.sets, open};
    uint64_t four = 0, six = 0;
    for (size_t i = 0; i < flowrules_set_range_count(view, FLOWRULES_IPV4); i++) {
        struct flowrules_range range = flowrules_set_range(view, FLOWRULES_IPV4, i);
        four += range.last.lo - range.first.lo + 1;
    }
    for (size_t i = 0; i < flowrules_set_range_count(view, FLOWRULES_IPV6); i++) {
        struct flowrules_range range = flowrules_set_range(view, FLOWRULES_IPV6, i);
        six += range.last.hi - range.first.hi;
    }
    return four > (uint64_t)1 << 24 || six > (uint64_t)1 << 48;
}

static flowrules_status see_zones(const struct seeing *s, fr_set set, struct fr_overview_end *end) {
    struct fr_sets *sets = &s->work->view.sets;
    bool outside = false, rest = false;
    for (uint32_t i = 0; s->zones != NULL && i < s->zones->zones.count; i++) {
        const struct fr_zone *zone = fr_vec_at(&s->zones->policy->zones, struct fr_zone, i);
        bool in =
            fr_set_overlaps(sets, set, fr_vec_at(&s->zones->zones, struct fr_bounds, i)->parts);
        if (in && !fr_overview_number(s->o, &end->zones, i))
            return fr_no_memory(s->o->context);
        rest = rest || zone->all_else;
        outside = outside || (in && zone->all_else);
    }
    end->unknown = s->zones != NULL && set != FR_SET_ANY &&
                   fr_set_subtract(sets, set, s->all_zones) != FR_SET_EMPTY;
    end->outside = rest ? outside : is_wide(s, set);
    return FLOWRULES_OK;
}

/* Ends and networks that are compared; of more, nobody sees the groups of a map through. */
#define COMPARED_MOST ((uint64_t)100 * 1000 * 1000)

/* The smallest network that has all of a set; the networks are the first of the ends. */
static uint32_t find_network(const struct seeing *s, const fr_set *networks, fr_set set) {
    const struct fr_sets *sets = &s->work->view.sets;
    uint32_t best = FR_NO_NUMBER;
    for (uint32_t i = 0; i < s->o->policy->networks.count && set != FR_SET_EMPTY; i++)
        if (networks[i] != FR_SET_ANY && fr_set_covers(sets, networks[i], set) &&
            (best == FR_NO_NUMBER || fr_set_covers(sets, networks[best], networks[i])))
            best = i;
    return best;
}

static flowrules_status see_end(const struct seeing *s, uint32_t index, fr_set *networks) {
    struct fr_overview_end *end = fr_vec_at(&s->o->ends, struct fr_overview_end, index);
    struct fr_span peer = {end->peer, 1};
    fr_set set;
    if (end->network != NULL) {
        FR_TRY(fr_asserting_network(s->work, index, &set));
        networks[index] = set;
    } else {
        FR_TRY(fr_asserting_span(s->work, peer, &set));
        if ((uint64_t)s->o->ends.count * s->o->policy->networks.count <= COMPARED_MOST)
            end->within = find_network(s, networks, set);
    }
    return see_zones(s, set, end);
}

static flowrules_status see_ends(struct seeing *s) {
    size_t count = s->o->policy->networks.count;
    fr_set *networks = fr_arena_alloc(&s->o->arena, (count + 1) * sizeof *networks);
    if (networks == NULL)
        return fr_no_memory(s->o->context);
    for (uint32_t i = 0; i < s->o->ends.count; i++)
        FR_TRY(see_end(s, i, networks));
    return s->work->view.sets.failed ? fr_no_memory(s->o->context) : FLOWRULES_OK;
}

/* ---- names of the lock file ---------------------------------------------------------------- */

/* The end whose names are looked for. */
struct pinning {
    struct fr_overview *o;
    struct fr_span *pins;
    uint32_t *listed; /* for each name, the last end that has it, from 1 */
    uint32_t number;  /* of the end */
    bool failed;
};

static void add_pin(struct pinning *p, uint32_t name) {
    if (p->listed[name] != p->number && !fr_overview_number(p->o, p->pins, name))
        p->failed = true;
    p->listed[name] = p->number;
}

static void pin_peer(void *user, const struct fr_peer *peer) {
    struct pinning *p = user;
    const struct fr_lock *lock = &p->o->policy->lock;
    const char *text = FR_POLICY_TEXT(p->o->policy, peer->ref);
    const struct fr_locked_name *all = lock->names.items;
    const struct fr_locked_name *found =
        peer->kind == FR_PEER_NAME ? fr_lock_find(lock, text) : NULL;
    if (found != NULL)
        add_pin(p, (uint32_t)(found - all));
    for (uint32_t i = 0; peer->kind == FR_PEER_WILDCARD && i < lock->names.count; i++)
        if (fr_name_is_below(fr_strings_text(&lock->strings, all[i].name), text))
            add_pin(p, i);
}

static flowrules_status find_pins(struct fr_overview *o, struct fr_view *view) {
    static const unsigned kinds = 1u << FR_PEER_NAME | 1u << FR_PEER_WILDCARD;
    size_t names = o->policy->lock.names.count;
    struct pinning p = {.o = o,
                        .listed = fr_arena_zalloc(&o->arena, (names + 1) * sizeof *p.listed)};
    if (p.listed == NULL)
        return fr_no_memory(o->context);
    for (uint32_t i = 0; i < o->ends.count && names > 0 && !p.failed; i++) {
        struct fr_overview_end *end = fr_vec_at(&o->ends, struct fr_overview_end, i);
        struct fr_span peer = {end->peer, 1};
        p.pins = &end->pins;
        p.number = i + 1;
        fr_view_walk(view, end->network != NULL ? end->network->members : peer, kinds, pin_peer,
                     &p);
    }
    return p.failed ? fr_no_memory(o->context) : FLOWRULES_OK;
}

/* ---- cells between zones ------------------------------------------------------------------- */

static struct fr_overview_cell *cell_at(const struct fr_overview *o, size_t from, size_t to) {
    return fr_vec_at(&o->cells, struct fr_overview_cell, from * fr_overview_zones(o) + to);
}

/* Marks the zones of one side of a flow. */
static void mark_zones(const struct fr_overview *o, struct fr_span ends, bool *marks) {
    memset(marks, 0, fr_overview_zones(o));
    for (uint32_t i = 0; i < ends.count; i++) {
        struct fr_span zones =
            fr_vec_at(&o->ends, struct fr_overview_end, fr_overview_at(o, ends, i))->zones;
        for (uint32_t k = 0; k < zones.count; k++)
            marks[fr_overview_at(o, zones, k)] = true;
    }
}

static void count_flow(struct fr_overview *o, size_t flow, bool *from, bool *to) {
    const struct fr_overview_flow *f = fr_vec_at(&o->flows, struct fr_overview_flow, flow);
    bool deny = fr_vec_at(&o->policy->flows, struct fr_flow, flow)->deny;
    size_t zones = fr_overview_zones(o);
    mark_zones(o, f->ends[0], from);
    mark_zones(o, f->ends[1], to);
    for (size_t x = 0; x < zones; x++)
        for (size_t y = 0; y < zones && from[x]; y++) {
            struct fr_overview_cell *cell = cell_at(o, x, y);
            cell->allows += to[y] && !deny;
            cell->denies += to[y] && deny;
        }
}

static flowrules_status fill_matrix(struct fr_overview *o) {
    size_t zones = fr_overview_zones(o);
    for (size_t i = 0; i < zones * zones; i++)
        if (fr_vec_push(&o->cells) == NULL)
            return fr_no_memory(o->context);
    for (size_t i = 0; i < (zones == 0 ? 0 : o->zones_of->matrix.count); i++) {
        const struct fr_matrix_cell *listed =
            fr_vec_at(&o->zones_of->matrix, struct fr_matrix_cell, i);
        struct fr_overview_cell *cell = cell_at(o, listed->zones[0], listed->zones[1]);
        cell->services = fr_overview_service(&o->arena, o->zones_of, listed->flow.service);
        if (cell->services == NULL)
            return fr_no_memory(o->context);
    }
    return FLOWRULES_OK;
}

static flowrules_status count_flows(struct fr_overview *o) {
    size_t zones = fr_overview_zones(o);
    bool *marks = fr_arena_zalloc(&o->arena, 2 * zones + 1);
    if (marks == NULL)
        return fr_no_memory(o->context);
    for (size_t i = 0; i < o->flows.count; i++)
        if (!fr_vec_at(&o->policy->flows, struct fr_flow, i)->expired)
            count_flow(o, i, marks, marks + zones);
    return FLOWRULES_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static flowrules_status see(struct fr_overview *o, struct fr_asserting *work,
                            struct fr_assert_source *own, struct fr_assert_source *zones) {
    struct seeing s = {.o = o, .work = work, .zones = zones, .all_zones = FR_SET_EMPTY};
    FR_TRY(fr_assert_source_names(own));
    if (zones != NULL && zones != own)
        FR_TRY(fr_assert_source_names(zones));
    if (zones != NULL)
        FR_TRY(fr_assert_source_zones(zones));
    for (size_t i = 0; zones != NULL && i < zones->zones.count; i++)
        s.all_zones = fr_set_union(&work->view.sets, s.all_zones,
                                   fr_vec_at(&zones->zones, struct fr_bounds, i)->parts);
    s.special = special_addresses(work);
    FR_TRY(see_ends(&s));
    return find_pins(o, &work->view);
}

/* The zones are those of the policy, or those of the first file of assertions that has some. */
static flowrules_status open_sources(struct fr_overview *o, struct fr_asserting *work) {
    struct fr_assert_source own, other, *zones = NULL;
    flowrules_status status = fr_assert_source_init(&own, work, o->policy);
    if (o->zones_of == o->policy)
        zones = &own;
    if (o->zones_of != NULL && o->zones_of != o->policy && status == FLOWRULES_OK) {
        zones = &other;
        status = fr_assert_source_init(&other, work, o->zones_of);
    }
    if (status == FLOWRULES_OK)
        status = see(o, work, &own, zones);
    if (zones == &other)
        fr_assert_source_free(&other);
    fr_assert_source_free(&own);
    return status;
}

flowrules_status fr_overview_ends(struct fr_overview *o) {
    struct fr_asserting work;
    struct fr_map services;
    fr_map_init(&services, &o->context->allocator);
    flowrules_status status = add_networks(o);
    if (status == FLOWRULES_OK)
        status = add_flows(o, &services);
    fr_map_free(&services);
    FR_TRY(status);
    status = fr_asserting_init(&work, o->context, o->policy, &o->arena, &fr_asserting_mode);
    if (status == FLOWRULES_OK)
        status = open_sources(o, &work);
    fr_asserting_free(&work);
    FR_TRY(status);
    FR_TRY(fill_matrix(o));
    return count_flows(o);
}
