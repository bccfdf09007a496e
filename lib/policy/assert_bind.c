/*
 * Binds the names in zones, assertions and the matrix: zones, networks, services and flows. In
 * assertions, a name is a zone or else a network; in zones it is a network.
 */
#include <stdio.h>
#include <string.h>

#include "policy_resolve.h"
#include "slips.h"

/* ---- zones and networks -------------------------------------------------------------------- */

static bool find_zone(const flowrules_policy *policy, fr_string name, uint32_t *zone) {
    for (*zone = 0; *zone < policy->zones.count; ++*zone)
        if (fr_vec_at(&policy->zones, struct fr_zone, *zone)->name == name)
            return true;
    return false;
}

static const char *next_zone(const void *user, size_t i) {
    const flowrules_policy *policy = user;
    if (i >= policy->zones.count)
        return NULL;
    const char *name = FR_POLICY_TEXT(policy, fr_vec_at(&policy->zones, struct fr_zone, i)->name);
    return name == NULL ? "" : name;
}

/* The zones, then the networks. */
static const char *next_end(const void *user, size_t i) {
    const flowrules_policy *policy = user;
    return i < policy->zones.count ? next_zone(policy, i)
                                   : fr_network_candidate(policy, i - policy->zones.count);
}

static void report_unknown_end(struct fr_binder *r, struct fr_peer *peer, bool zones) {
    const char *name = FR_POLICY_TEXT(r->policy, peer->ref);
    const char *near = fr_suggestion(r, name, zones ? next_end : fr_network_candidate);
    char hint[FR_SLIP_MAX];
    snprintf(hint, sizeof hint,
             r->policy->of_owner ? "define it in this file: the policy's own networks are not used"
                                 : "define it under networks%s",
             zones ? " or zones" : "");
    if (!fr_did_you_mean(hint, sizeof hint, near))
        fr_slip_end(name, hint);
    fr_error(r->diagnostics, FR_NETWORK_UNKNOWN, fr_ref_at(r, peer, name), hint,
             zones ? "there is no zone or network '%s'" : "there is no network '%s'", name);
    peer->kind = FR_PEER_BROKEN;
}

/* zones: a name may be that of a zone. */
static void bind_ends(struct fr_binder *r, struct fr_span span, bool zones) {
    for (uint32_t i = 0; i < span.count; i++) {
        struct fr_peer *peer = fr_peer_in(r->policy, span, i);
        uint32_t index;
        if (peer->kind != FR_PEER_ZONE)
            continue;
        if (zones && find_zone(r->policy, peer->ref, &index)) {
            peer->ref = index;
        } else if (fr_map_get(&r->policy->network_by_name, peer->ref, &index)) {
            fr_vec_at(&r->policy->networks, struct fr_network, index)->used = true;
            peer->kind = FR_PEER_NETWORK;
            peer->ref = index;
        } else {
            report_unknown_end(r, peer, zones);
        }
    }
}

static void bind_asserted(struct fr_binder *r, const struct fr_asserted *asserted, bool zones) {
    bind_ends(r, asserted->members, zones);
    bind_ends(r, asserted->except, zones);
}

static void bind_zones(struct fr_binder *r) {
    const struct fr_zone *first = NULL;
    for (size_t i = 0; i < r->policy->zones.count; i++) {
        const struct fr_zone *zone = fr_vec_at(&r->policy->zones, struct fr_zone, i);
        bind_asserted(r, &zone->asserted, false);
        if (zone->all_else && first != NULL)
            fr_error(r->diagnostics, FR_KEY_CONFLICT, zone->at, "say which networks are in it",
                     "only one zone can be 'all-else': '%s' is it",
                     FR_POLICY_TEXT(r->policy, first->name));
        first = zone->all_else && first == NULL ? zone : first;
    }
}

/* ---- assertions ---------------------------------------------------------------------------- */

static flowrules_status bind_packets(struct fr_binder *r, struct fr_vec *terms) {
    for (size_t i = 0; i < r->policy->packets.count; i++) {
        struct fr_packets *packets = fr_vec_at(&r->policy->packets, struct fr_packets, i);
        for (size_t e = 0; e < 2; e++)
            bind_asserted(r, &packets->ends[e], true);
        FR_TRY(fr_bind_service(r, &packets->flow, terms));
    }
    return FLOWRULES_OK;
}

static void bind_exceptions(struct fr_binder *r) {
    for (size_t i = 0; i < r->policy->exceptions.count && !r->policy->of_owner; i++) {
        const struct fr_exception *exception =
            fr_vec_at(&r->policy->exceptions, struct fr_exception, i);
        uint32_t flow;
        if (exception->flow != 0 && !fr_policy_find_flow(r->policy, exception->flow, &flow))
            fr_report_unknown_flow(r, exception->flow, exception->flow_at);
    }
}

/* ---- the matrix ---------------------------------------------------------------------------- */

static void bind_cell_zone(struct fr_binder *r, struct fr_matrix_cell *cell, size_t side) {
    const char *name = FR_POLICY_TEXT(r->policy, cell->names[side]);
    struct fr_at at = side == 0 ? cell->row_at : fr_flow_place(r->policy, &cell->flow);
    char hint[160] = "define it under zones";
    if (name == NULL || find_zone(r->policy, cell->names[side], &cell->zones[side]))
        return;
    cell->flow.usable = false;
    fr_did_you_mean(hint, sizeof hint, fr_suggestion(r, name, next_zone));
    at.length = (uint32_t)strlen(name);
    fr_error(r->diagnostics, FR_NETWORK_UNKNOWN, at, hint, "there is no zone '%s'", name);
}

static flowrules_status bind_matrix(struct fr_binder *r, struct fr_vec *terms) {
    fr_string row = 0;
    if (r->policy->matrix_at.line > 0 && r->policy->zones.count == 0) {
        fr_error(r->diagnostics, FR_KEY_MISSING, r->policy->matrix_at,
                 "the rows and columns of the matrix are zones", "a matrix needs the key 'zones'");
        return FLOWRULES_OK;
    }
    for (size_t i = 0; i < r->policy->matrix.count; i++) {
        struct fr_matrix_cell *cell = fr_vec_at(&r->policy->matrix, struct fr_matrix_cell, i);
        if (cell->names[0] != row)
            bind_cell_zone(r, cell, 0);
        else
            cell->zones[0] = cell[-1].zones[0];
        row = cell->names[0];
        bind_cell_zone(r, cell, 1);
        FR_TRY(fr_bind_service(r, &cell->flow, terms));
    }
    return FLOWRULES_OK;
}

flowrules_status fr_bind_assertions(struct fr_binder *r) {
    struct fr_vec terms;
    fr_vec_init(&terms, &r->context->allocator, sizeof(struct fr_term));
    bind_zones(r);
    bind_ends(r, r->policy->lint.cleartext_in, true);
    flowrules_status status = bind_packets(r, &terms);
    bind_exceptions(r);
    if (status == FLOWRULES_OK)
        status = bind_matrix(r, &terms);
    fr_vec_free(&terms);
    return status;
}
