/*
 * Chooses the connections that test the assertions of a policy: what has to be reachable from a
 * place, and samples of what must not be.
 */
#include "probe_choose.h"
#include "zones.h"

/* ---- what is not tried --------------------------------------------------------------------- */

/* The flow that an exception in force lets pass, where a connection may be one of it. */
static const char *excepted(struct fr_choosing *c, const struct fr_probe_host *host,
                            unsigned protocol, unsigned port) {
    for (uint32_t i = 0; i < c->exceptions.count; i++) {
        const struct fr_exception *e =
            fr_vec_at(&c->policy->exceptions, struct fr_exception, c->exceptions.first + i);
        struct fr_end ends[2];
        uint32_t number;
        if ((c->policy->as_of != FR_NO_DATE && c->policy->as_of > e->until) ||
            !fr_policy_find_flow(c->policy, e->flow, &number))
            continue;
        const struct fr_flow *flow = fr_vec_at(&c->policy->flows, struct fr_flow, number);
        if (fr_view_end(&c->view, flow->source, false, &ends[0]) != FLOWRULES_OK ||
            fr_view_end(&c->view, flow->destination, false, &ends[1]) != FLOWRULES_OK) {
            fr_probe_keep(c, false);
        } else if (fr_set_overlaps(&c->view.sets, ends[0].set, c->source) &&
                   fr_set_overlaps(&c->view.sets, ends[1].set, host->set) &&
                   fr_probe_serves(c, flow->service, protocol, port)) {
            const char *text =
                fr_arena_printf(&c->probe->arena, "an exception is made for it: %.100s",
                                FR_POLICY_TEXT(c->policy, flow->name));
            fr_probe_keep(c, text != NULL);
            return text;
        }
    }
    return NULL;
}

/* What is permitted from some of this place is not tried; nothing is to be said of it. */
static const char *permitted(struct fr_choosing *c, const struct fr_probe_host *host,
                             unsigned protocol, unsigned port) {
    for (size_t i = 0; i < c->permits.count; i++) {
        const struct fr_permit *permit = fr_vec_at(&c->permits, struct fr_permit, i);
        if (fr_set_overlaps(&c->view.sets, permit->source, c->from) &&
            fr_set_overlaps(&c->view.sets, permit->destination, host->set) &&
            fr_probe_serves(c, permit->service, protocol, port))
            return "";
    }
    return excepted(c, host, protocol, port);
}

static const char *nothing_against(struct fr_choosing *c, const struct fr_probe_host *host,
                                   unsigned protocol, unsigned port) {
    (void)c, (void)host, (void)protocol, (void)port;
    return NULL;
}

/* ---- sets ---------------------------------------------------------------------------------- */

/* The single addresses that the policy names: they are samples of what lies around them. */
static flowrules_status find_named(struct fr_choosing *c) {
    for (size_t i = 0; i < c->policy->peers.count; i++) {
        const struct fr_peer *peer = fr_vec_at(&c->policy->peers, struct fr_peer, i);
        struct flowrules_range range = {FLOWRULES_IPV4, {0, peer->ref}, {0, peer->ref}};
        if (peer->kind == FR_PEER_RANGE)
            range = *fr_vec_at(&c->policy->ranges, struct flowrules_range, peer->ref);
        if ((peer->kind == FR_PEER_RANGE || peer->kind == FR_PEER_ADDRESS4) &&
            fr_ip_compare(range.first, range.last) == 0)
            fr_builder_range(&c->view.builder, &range);
    }
    c->named = fr_builder_finish(&c->view.builder, &c->view.sets);
    return c->named == FR_SET_NONE ? fr_no_memory(c->context) : FLOWRULES_OK;
}

static flowrules_status find_zones(struct fr_choosing *c) {
    for (uint32_t i = 0; i < c->policy->zones.count; i++) {
        fr_set *slot = fr_vec_push(&c->zone_sets);
        if (slot == NULL)
            return fr_no_memory(c->context);
        FR_TRY(fr_zone_set(&c->view, i, slot));
    }
    return FLOWRULES_OK;
}

/* ---- ports ----------------------------------------------------------------------------------- */

/* One for each port that a service of the policy has: something may listen there. */
static flowrules_status find_known_terms(struct fr_choosing *c) {
    struct fr_map ports;
    bool good = true;
    fr_map_init(&ports, &c->context->allocator);
    for (uint32_t i = FR_SERVICE_ANY + 1; i < c->policy->services.list.count && good; i++) {
        const struct fr_service_terms *terms = fr_service_get(&c->policy->services, i);
        for (uint32_t t = 0; t < terms->count && good; t++) {
            const struct fr_term *term = &terms->terms[t];
            uint32_t key = (uint32_t)term->protocol << 16 | term->destination_first;
            uint32_t known;
            if (fr_probe_hopeless(term) != NULL || fr_map_get(&ports, key, &known))
                continue;
            struct fr_term *slot = fr_vec_push(&c->known_terms);
            good = slot != NULL && fr_map_put(&ports, key, 1);
            if (slot != NULL)
                *slot = *term;
        }
    }
    fr_map_free(&ports);
    return good ? FLOWRULES_OK : fr_no_memory(c->context);
}

static bool add_term(struct fr_choosing *c, const struct fr_term *term) {
    struct fr_term *slot = fr_vec_push(&c->terms);
    if (slot != NULL)
        *slot = *term;
    return slot != NULL;
}

/* What must never pass, with samples of what has no port of its own, such as all of TCP. */
static flowrules_status never_terms(struct fr_choosing *c, fr_service service) {
    const struct fr_service_terms *all = fr_service_get(&c->policy->services, service);
    c->terms.count = 0;
    for (uint32_t t = 0; t < all->count; t++) {
        size_t before = c->terms.count;
        const struct fr_term *term = &all->terms[t];
        bool sampled = fr_probe_hopeless(term) != NULL;
        for (size_t k = 0; sampled && k < c->known_terms.count; k++) {
            const struct fr_term *known = fr_vec_at(&c->known_terms, struct fr_term, k);
            if (fr_term_covers(term, known) && !add_term(c, known))
                return fr_no_memory(c->context);
        }
        if (c->terms.count == before && !add_term(c, term))
            return fr_no_memory(c->context);
    }
    return FLOWRULES_OK;
}

/* ---- must and never ------------------------------------------------------------------------ */

/* Do some packets begin here? What must never pass has to hold for all of this place. */
static flowrules_status begins_here(struct fr_choosing *c, const struct fr_packets *packets,
                                    bool *here) {
    fr_set source;
    FR_TRY(fr_asserted_set(&c->view, &packets->ends[0], &source));
    c->source = fr_set_intersect(&c->view.sets, source, c->from);
    *here = c->deny ? fr_set_covers(&c->view.sets, source, c->from) : c->source != FR_SET_EMPTY;
    return c->source == FR_SET_NONE ? fr_no_memory(c->context) : FLOWRULES_OK;
}

static flowrules_status probe_packets(struct fr_choosing *c, const struct fr_packets *packets,
                                      size_t first, bool *any) {
    const struct fr_asserted *to = &packets->ends[1];
    bool here;
    FR_TRY(begins_here(c, packets, &here));
    if (!here)
        return FLOWRULES_OK;
    *any = true;
    c->samples = false;
    if (c->deny)
        FR_TRY(never_terms(c, packets->flow.service));
    else
        FR_TRY(fr_probe_terms(c, packets->flow.service));
    FR_TRY(fr_asserted_set(&c->view, to, &c->destination.set));
    fr_probe_no_hosts(c);
    fr_probe_tried_hosts(c);
    fr_probe_asserted_hosts(c, to);
    if (c->deny) /* a host need not serve what it may be sent */
        fr_probe_named_hosts(c);
    return fr_probe_try(c, first);
}

/* ---- only and the matrix: all but what they permit ------------------------------------------- */

static flowrules_status permit(struct fr_choosing *c, fr_set source, fr_set destination,
                               fr_service service) {
    struct fr_permit *slot = fr_vec_push(&c->permits);
    if (slot == NULL)
        return fr_no_memory(c->context);
    *slot = (struct fr_permit){source, destination, service};
    return FLOWRULES_OK;
}

static flowrules_status begin_samples(struct fr_choosing *c) {
    c->deny = c->samples = true;
    c->against = permitted;
    c->source = c->from;
    c->terms.count = c->permits.count = 0;
    for (size_t i = 0; i < c->known_terms.count; i++)
        if (!add_term(c, fr_vec_at(&c->known_terms, struct fr_term, i)))
            return fr_no_memory(c->context);
    fr_probe_no_hosts(c);
    return FLOWRULES_OK;
}

/* Whatever its source is, nothing else may reach the destinations. */
static flowrules_status probe_only(struct fr_choosing *c, struct fr_span packets, size_t first) {
    FR_TRY(begin_samples(c));
    for (uint32_t i = 0; i < packets.count; i++) {
        const struct fr_packets *p =
            fr_vec_at(&c->policy->packets, struct fr_packets, packets.first + i);
        fr_set source;
        FR_TRY(fr_asserted_set(&c->view, &p->ends[0], &source));
        FR_TRY(fr_asserted_set(&c->view, &p->ends[1], &c->destination.set));
        FR_TRY(permit(c, source, c->destination.set, p->flow.service));
        fr_probe_tried_hosts(c);
        fr_probe_asserted_hosts(c, &p->ends[1]);
        fr_probe_named_hosts(c);
    }
    return fr_probe_try(c, first);
}

static fr_set zone_at(const struct fr_choosing *c, uint32_t zone) {
    return *fr_vec_at(&c->zone_sets, fr_set, zone);
}

/* What the matrix lists, and all within a zone that has no cell for itself. */
static flowrules_status permit_cells(struct fr_choosing *c) {
    const struct fr_vec *cells = &c->policy->matrix;
    for (size_t i = 0; i < cells->count; i++) {
        const struct fr_matrix_cell *cell = fr_vec_at(cells, struct fr_matrix_cell, i);
        FR_TRY(
            permit(c, zone_at(c, cell->zones[0]), zone_at(c, cell->zones[1]), cell->flow.service));
    }
    for (uint32_t zone = 0; zone < c->zone_sets.count; zone++) {
        bool inner = false;
        for (size_t i = 0; i < cells->count && !inner; i++) {
            const struct fr_matrix_cell *cell = fr_vec_at(cells, struct fr_matrix_cell, i);
            inner = cell->zones[0] == zone && cell->zones[1] == zone;
        }
        if (!inner)
            FR_TRY(permit(c, zone_at(c, zone), zone_at(c, zone), FR_SERVICE_ANY));
    }
    return FLOWRULES_OK;
}

/* Is all of this place in zones? Of other addresses the matrix says nothing. */
static flowrules_status is_zoned(struct fr_choosing *c, bool *zoned) {
    fr_set all = FR_SET_EMPTY;
    for (uint32_t i = 0; i < c->zone_sets.count; i++)
        all = fr_set_union(&c->view.sets, all, zone_at(c, i));
    *zoned = all != FR_SET_NONE && fr_set_covers(&c->view.sets, all, c->from);
    return all == FR_SET_NONE ? fr_no_memory(c->context) : FLOWRULES_OK;
}

/* What must not reach a zone from here. */
static flowrules_status probe_column(struct fr_choosing *c, uint32_t number) {
    const struct fr_zone *zone = fr_vec_at(&c->policy->zones, struct fr_zone, number);
    struct fr_asserted hosts = zone->asserted;
    struct fr_probed_flow probed = {.flow = UINT32_MAX, .kind = "matrix", .deny = true};
    size_t first = c->probe->steps.count;
    hosts.rest = hosts.rest || zone->all_else;
    probed.name =
        fr_arena_printf(&c->probe->arena, "matrix/%s", FR_POLICY_TEXT(c->policy, zone->name));
    if (probed.name == NULL)
        return fr_no_memory(c->context);
    fr_probe_begin(c);
    FR_TRY(begin_samples(c));
    FR_TRY(permit_cells(c));
    c->destination.set = zone_at(c, number);
    fr_probe_tried_hosts(c);
    fr_probe_asserted_hosts(c, &hosts);
    fr_probe_named_hosts(c);
    FR_TRY(fr_probe_try(c, first));
    return c->probe->steps.count > first ? fr_probe_end(c, first, probed) : FLOWRULES_OK;
}

static flowrules_status probe_matrix(struct fr_choosing *c) {
    bool zoned = false;
    c->exceptions = (struct fr_span){0, 0};
    if (c->policy->matrix_at.line != 0)
        FR_TRY(is_zoned(c, &zoned));
    for (uint32_t zone = 0; zoned && zone < c->zone_sets.count; zone++)
        FR_TRY(probe_column(c, zone));
    return FLOWRULES_OK;
}

/* ---- all of them --------------------------------------------------------------------------- */

static flowrules_status probe_assertion(struct fr_choosing *c, size_t number) {
    const struct fr_assertion *a = fr_vec_at(&c->policy->assertions, struct fr_assertion, number);
    size_t first = c->probe->steps.count;
    bool any = false;
    c->exceptions = a->exceptions;
    c->deny = a->kind != FR_ASSERT_MUST;
    c->against = c->deny ? excepted : nothing_against;
    fr_probe_begin(c);
    if (a->kind == FR_ASSERT_ONLY)
        FR_TRY(probe_only(c, a->packets, first));
    for (uint32_t i = 0; i < a->packets.count && a->kind != FR_ASSERT_ONLY; i++)
        FR_TRY(probe_packets(
            c, fr_vec_at(&c->policy->packets, struct fr_packets, a->packets.first + i), first,
            &any));
    struct fr_probed_flow probed = {.flow = UINT32_MAX,
                                    .name = fr_assertion_id(&c->probe->arena, c->policy, number),
                                    .about = FR_POLICY_TEXT(c->policy, a->because),
                                    .kind = fr_assertion_words[a->kind],
                                    .deny = c->deny};
    if (probed.name == NULL)
        return fr_no_memory(c->context);
    return any || c->probe->steps.count > first ? fr_probe_end(c, first, probed) : FLOWRULES_OK;
}

flowrules_status fr_probe_assertions(struct fr_choosing *c) {
    static const char of_flows[] = "assertions are not those of a target or a flow; give 'from'";
    if (c->probe->target != NULL)
        return fr_probe_no_value(c->context, c->probe->target, "target", of_flows);
    if (c->probe->only.count > 0)
        return fr_probe_no_value(c->context, *fr_vec_at(&c->probe->only, const char *, 0), "flow",
                                 of_flows);
    FR_TRY(find_named(c));
    FR_TRY(find_zones(c));
    FR_TRY(find_known_terms(c));
    for (size_t i = 0; i < c->policy->assertions.count; i++)
        FR_TRY(probe_assertion(c, i));
    FR_TRY(probe_matrix(c));
    if (c->probe->flows.count > 0)
        return FLOWRULES_OK;
    fr_error(&c->context->diagnostics, FR_PROBE_EMPTY, FR_NOWHERE,
             "a 'must' from this place is tried, and a 'never' that holds for all of this place; "
             "'from' says which place it is",
             "no assertion is left to probe");
    return FLOWRULES_USAGE;
}
