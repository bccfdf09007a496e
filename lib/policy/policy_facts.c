/*
 * Binds references to the networks of a policy, and evaluates the networks: cycles, addresses,
 * whether they have names. Knows only the names of flows, and no targets.
 */
#include <stdio.h>
#include <string.h>

#include "policy_resolve.h"
#include "registry.h"
#include "settings.h"
#include "slips.h"

/* Errors with a suggestion at most. */
#define SUGGESTIONS_MAX 100u

struct fr_at fr_ref_at(const struct fr_binder *r, const struct fr_peer *peer, const char *name) {
    struct fr_at at = fr_peer_at(r->policy, peer);
    at.length = (uint32_t)strlen(name);
    return at;
}

const char *fr_suggestion(const struct fr_binder *r, const char *name,
                          const char *(*next)(const void *user, size_t i)) {
    return r->diagnostics->error_count < SUGGESTIONS_MAX ? fr_nearest(name, next, r->policy) : NULL;
}

struct fr_peer *fr_peer_in(const flowrules_policy *policy, struct fr_span span, uint32_t i) {
    return fr_vec_at(&policy->peers, struct fr_peer, span.first + i);
}

static const char *next_flow(const void *user, size_t i) {
    const flowrules_policy *policy = user;
    if (i >= policy->flows.count)
        return NULL;
    const char *name = FR_POLICY_TEXT(policy, fr_vec_at(&policy->flows, struct fr_flow, i)->name);
    return name == NULL ? "" : name;
}

static void report_no_flow(struct fr_binder *r, const char *name, struct fr_at at) {
    char hint[300];
    if (!fr_did_you_mean(hint, sizeof hint, fr_suggestion(r, name, next_flow)))
        snprintf(hint, sizeof hint, "the name of a flow under flows");
    fr_error(r->diagnostics, FR_VALUE_UNKNOWN, at, hint, "there is no flow '%.80s'", name);
}

void fr_report_unknown_flow(struct fr_binder *r, fr_string name, struct fr_at at) {
    report_no_flow(r, FR_POLICY_TEXT(r->policy, name), at);
}

void fr_report_no_flow(struct fr_binder *r, const char *name) {
    report_no_flow(r, name, FR_NOWHERE);
}

/* ---- references to networks ---------------------------------------------------------------- */

static void bind_peer(struct fr_binder *r, struct fr_peer *peer) {
    if (peer->kind != FR_PEER_NETWORK)
        return;
    flowrules_policy *policy = r->policy;
    uint32_t index;
    if (fr_map_get(&policy->network_by_name, peer->ref, &index)) {
        peer->ref = index;
        fr_vec_at(&policy->networks, struct fr_network, index)->used = true;
        return;
    }
    const char *name = FR_POLICY_TEXT(policy, peer->ref);
    const char *near = fr_suggestion(r, name, fr_network_candidate);
    char hint[FR_SLIP_MAX];
    snprintf(hint, sizeof hint, "define it under networks; a DNS name has a dot ('%.63s.')", name);
    if (!fr_did_you_mean(hint, sizeof hint, near))
        fr_slip_end(name, hint);
    fr_error(r->diagnostics, FR_NETWORK_UNKNOWN, fr_ref_at(r, peer, name), hint,
             "there is no network '%s'", name);
    peer->kind = FR_PEER_BROKEN;
}

/* ---- cycles -------------------------------------------------------------------------------- */

struct path {
    uint32_t network[FR_NETWORK_DEPTH_MAX];
    unsigned depth;
};

static void report_cycle(struct fr_binder *r, const struct path *path, struct fr_peer *peer) {
    const char *name = flowrules_network_name(r->policy, peer->ref);
    char way[400] = "";
    unsigned i = 0, named = 0;
    while (path->network[i] != peer->ref)
        i++;
    for (; i < path->depth; i++, named++) {
        size_t used = strlen(way);
        if (named < 4)
            snprintf(way + used, sizeof way - used, "%s -> ",
                     flowrules_network_name(r->policy, path->network[i]));
        else if (named == 4)
            snprintf(way + used, sizeof way - used, "... -> ");
    }
    fr_error(r->diagnostics, FR_NETWORK_CYCLE, fr_ref_at(r, peer, name),
             named > 1 ? "remove one of these networks from another" : "take it out",
             named > 1 ? "networks contain each other in a loop: %s%s"
                       : "a network contains itself: %s%s",
             way, name);
    peer->kind = FR_PEER_BROKEN;
}

static void report_depth(struct fr_binder *r, struct fr_peer *peer) {
    const char *name = flowrules_network_name(r->policy, peer->ref);
    fr_error(r->diagnostics, FR_NETWORK_DEPTH, fr_ref_at(r, peer, name),
             "put their members into one network", "networks are nested more than %u levels deep",
             FR_NETWORK_DEPTH_MAX);
    peer->kind = FR_PEER_BROKEN;
}

static void visit(struct fr_binder *r, struct path *path, uint32_t index);

/* How deep the networks in a span nest; what nests too deep, or contains itself, is cut off. */
static unsigned visit_span(struct fr_binder *r, struct path *path, struct fr_span span) {
    unsigned deepest = 0;
    for (uint32_t i = 0; i < span.count; i++) {
        struct fr_peer *peer = fr_peer_in(r->policy, span, i);
        if (peer->kind != FR_PEER_NETWORK)
            continue;
        const struct fr_network *inner =
            fr_vec_at(&r->policy->networks, struct fr_network, peer->ref);
        if (inner->visit == 1)
            report_cycle(r, path, peer);
        else if (inner->visit == 0 && path->depth < FR_NETWORK_DEPTH_MAX)
            visit(r, path, peer->ref);
        if (peer->kind == FR_PEER_BROKEN)
            continue;
        if (inner->visit == 0 || inner->depth >= FR_NETWORK_DEPTH_MAX)
            report_depth(r, peer);
        else if (inner->depth > deepest)
            deepest = inner->depth;
    }
    return deepest;
}

/* Depth first, so that every network is evaluated after what it contains. */
static void visit(struct fr_binder *r, struct path *path, uint32_t index) {
    struct fr_network *network = fr_vec_at(&r->policy->networks, struct fr_network, index);
    network->visit = 1;
    path->network[path->depth++] = index;
    unsigned members = visit_span(r, path, network->members);
    unsigned except = visit_span(r, path, network->except);
    path->depth--;
    network->depth = (uint8_t)(1 + (members > except ? members : except));
    network->visit = 2;
}

void fr_bind_peers(struct fr_binder *r, size_t first) {
    for (size_t i = first; i < r->policy->peers.count; i++)
        bind_peer(r, fr_vec_at(&r->policy->peers, struct fr_peer, i));
}

void fr_bind_networks(struct fr_binder *r) {
    fr_bind_peers(r, 0);
    struct path path = {.depth = 0};
    for (uint32_t i = 0; i < r->policy->networks.count; i++)
        if (fr_vec_at(&r->policy->networks, struct fr_network, i)->visit == 0)
            visit(r, &path, i);
}

/* ---- what networks come to ----------------------------------------------------------------- */

static flowrules_status network_facts(struct fr_binder *r, uint32_t index,
                                      const struct fr_facts **facts);

/* Adds one item to the builder's set and to what is known of it. */
static flowrules_status add_peer(struct fr_binder *r, struct fr_builder *b,
                                 const struct fr_peer *peer, struct fr_facts *sum) {
    const struct fr_facts *inner;
    struct flowrules_range range;
    switch ((enum fr_peer_kind)peer->kind) {
    case FR_PEER_ANY:
        fr_builder_set(b, &r->sets, FR_SET_ANY);
        return FLOWRULES_OK;
    case FR_PEER_NETWORK:
        FR_TRY(network_facts(r, peer->ref, &inner));
        fr_builder_set(b, &r->sets, inner->set);
        sum->families |= inner->families;
        sum->symbolic = sum->symbolic || inner->symbolic;
        sum->placed = sum->placed || inner->placed;
        sum->broken = sum->broken || inner->broken;
        return FLOWRULES_OK;
    case FR_PEER_ADDRESS4:
        range = (struct flowrules_range){FLOWRULES_IPV4, {0, peer->ref}, {0, peer->ref}};
        fr_builder_range(b, &range);
        return FLOWRULES_OK;
    case FR_PEER_RANGE:
        fr_builder_range(b, fr_vec_at(&r->policy->ranges, struct flowrules_range, peer->ref));
        return FLOWRULES_OK;
    case FR_PEER_NAME:
    case FR_PEER_WILDCARD:
        sum->families |= FLOWRULES_BOTH_FAMILIES;
        sum->symbolic = true;
        return FLOWRULES_OK;
    case FR_PEER_ZONE:
    case FR_PEER_BROKEN:
        sum->families |= FLOWRULES_BOTH_FAMILIES;
        sum->broken = true;
        return FLOWRULES_OK;
    }
    return FLOWRULES_OK;
}

flowrules_status fr_span_facts(struct fr_binder *r, struct fr_span span, struct fr_facts *sum) {
    struct fr_builder builder;
    fr_builder_init(&builder, &r->context->allocator);
    flowrules_status status = FLOWRULES_OK;
    for (uint32_t i = 0; status == FLOWRULES_OK && i < span.count; i++)
        status = add_peer(r, &builder, fr_peer_in(r->policy, span, i), sum);
    if (status == FLOWRULES_OK)
        sum->set = fr_builder_finish(&builder, &r->sets);
    fr_builder_free(&builder);
    return status == FLOWRULES_OK && r->sets.failed ? fr_no_memory(r->context) : status;
}

/* The place of the first item of a span that is a name, or holds names or groups. */
static struct fr_at symbolic_at(const struct fr_binder *r, struct fr_span span) {
    for (uint32_t i = 0; i < span.count; i++) {
        const struct fr_peer *peer = fr_peer_in(r->policy, span, i);
        if (peer->kind == FR_PEER_NAME)
            return fr_ref_at(r, peer, FR_POLICY_TEXT(r->policy, peer->ref));
        if (peer->kind == FR_PEER_NETWORK &&
            fr_vec_at(&r->facts, struct fr_facts, peer->ref)->symbolic)
            return fr_ref_at(r, peer, flowrules_network_name(r->policy, peer->ref));
        if (peer->kind == FR_PEER_WILDCARD)
            return fr_peer_at(r->policy, peer);
    }
    return fr_peer_at(r->policy, fr_peer_in(r->policy, span, 0));
}

static flowrules_status subtract_except(struct fr_binder *r, const struct fr_network *network,
                                        struct fr_facts *facts) {
    struct fr_facts except = {.set = FR_SET_EMPTY};
    if (network->except.count == 0)
        return FLOWRULES_OK;
    FR_TRY(fr_span_facts(r, network->except, &except));
    facts->broken = facts->broken || except.broken;
    if (except.symbolic) {
        fr_error(r->diagnostics, FR_EXCEPT, symbolic_at(r, network->except),
                 "the addresses of a name change, so an exception cannot have names",
                 "'except' takes only addresses, and networks of addresses");
        return FLOWRULES_OK;
    }
    bool had = facts->set != FR_SET_EMPTY;
    facts->set = fr_set_subtract(&r->sets, facts->set, except.set);
    if (had && facts->set == FR_SET_EMPTY && !facts->symbolic && !facts->broken)
        fr_error(r->diagnostics, FR_NETWORK_EMPTY,
                 fr_peer_at(r->policy, fr_peer_in(r->policy, network->except, 0)),
                 "remove the network, or the exception",
                 "the exceptions of network '%s' leave nothing",
                 FR_POLICY_TEXT(r->policy, network->name));
    return FLOWRULES_OK;
}

/* Is a network a group of the platform by this binding, rather than addresses somewhere? */
static bool is_group(const flowrules_policy *policy, const struct fr_binding *binding,
                     const struct flowrules_backend *backend) {
    bool group = backend == NULL || backend->bindings == NULL || binding->values.count == 0;
    for (uint32_t i = 0; i < binding->values.count && !group; i++) {
        const struct fr_binding_value *value =
            fr_vec_at(&policy->binding_values, struct fr_binding_value, binding->values.first + i);
        const struct flowrules_setting *setting =
            fr_binding_find(backend, FR_POLICY_TEXT(policy, value->key));
        group = setting == NULL || !setting->aside;
    }
    return group;
}

/* Do interfaces, or zones, of the backend's bindings count for some target? */
static bool places_count(const flowrules_policy *policy, const struct flowrules_backend *backend) {
    const char *by = backend->capabilities.interfaces_by;
    for (size_t i = 0; by != NULL && i < policy->settings.count; i++) {
        const struct fr_setting_value *setting =
            fr_vec_at(&policy->settings, struct fr_setting_value, i);
        if (strcmp(FR_POLICY_TEXT(policy, setting->key), by) == 0 &&
            strcmp(FR_POLICY_TEXT(policy, setting->value), "true") == 0)
            return true;
    }
    return by == NULL && backend->capabilities.interfaces != NULL;
}

/* What the bindings of a network say of it. */
static struct fr_facts binding_facts(const struct fr_binder *r, const struct fr_network *network) {
    struct fr_facts facts = {.set = FR_SET_EMPTY, .placed = network->placed};
    for (uint32_t i = 0; i < network->bindings.count; i++) {
        const struct fr_binding *binding =
            fr_vec_at(&r->policy->bindings, struct fr_binding, network->bindings.first + i);
        const struct flowrules_backend *backend =
            fr_registry_find(r->context, FR_POLICY_TEXT(r->policy, binding->platform));
        facts.symbolic = facts.symbolic || is_group(r->policy, binding, backend);
        facts.placed = facts.placed || (backend != NULL && places_count(r->policy, backend));
    }
    return facts;
}

static flowrules_status network_facts(struct fr_binder *r, uint32_t index,
                                      const struct fr_facts **facts) {
    struct fr_facts *slot = fr_vec_at(&r->facts, struct fr_facts, index);
    *facts = slot;
    if (slot->set != FR_SET_NONE)
        return FLOWRULES_OK;
    slot->set = FR_SET_EMPTY; /* cycles are cut: they were reported */
    const struct fr_network *network = fr_vec_at(&r->policy->networks, struct fr_network, index);
    struct fr_facts sum = binding_facts(r, network);
    if (network->members.count == 0 && network->bindings.count == 0)
        fr_error(r->diagnostics, FR_NETWORK_EMPTY, network->at,
                 "add 'members', or a group of a platform", "network '%s' has no members",
                 FR_POLICY_TEXT(r->policy, network->name));
    FR_TRY(fr_span_facts(r, network->members, &sum));
    FR_TRY(subtract_except(r, network, &sum));
    if (network->bindings.count > 0 && network->members.count == 0)
        sum.families = FLOWRULES_BOTH_FAMILIES;
    sum.families |= fr_set_families(&r->sets, sum.set);
    *slot = sum;
    return FLOWRULES_OK;
}

flowrules_status fr_evaluate_networks(struct fr_binder *r) {
    if (!fr_vec_reserve(&r->facts, r->policy->networks.count))
        return fr_no_memory(r->context);
    for (size_t i = 0; i < r->policy->networks.count; i++)
        ((struct fr_facts *)fr_vec_push(&r->facts))->set = FR_SET_NONE;
    const struct fr_facts *facts;
    for (uint32_t i = 0; i < r->policy->networks.count; i++)
        FR_TRY(network_facts(r, i, &facts));
    return FLOWRULES_OK;
}
