/*
 * Ends, services and bindings in the words of a policy.
 */
#include "overview.h"

#define PORT_LAST 65535u

/* ---- ends ---------------------------------------------------------------------------------- */

static const char *range_text(struct fr_arena *arena, const struct flowrules_range *range) {
    struct flowrules_writer w;
    fr_writer_init(&w, arena->allocator, false);
    flowrules_write_range(&w, range);
    return fr_writer_keep(&w, arena);
}

const char *fr_overview_peer(struct fr_arena *arena, const flowrules_policy *policy,
                             const struct fr_peer *peer) {
    struct flowrules_range range = {FLOWRULES_IPV4, {0, peer->ref}, {0, peer->ref}};
    switch ((enum fr_peer_kind)peer->kind) {
    case FR_PEER_NETWORK:
        return FR_POLICY_TEXT(policy,
                              fr_vec_at(&policy->networks, struct fr_network, peer->ref)->name);
    case FR_PEER_ADDRESS4:
        return range_text(arena, &range);
    case FR_PEER_RANGE:
        return range_text(arena, fr_vec_at(&policy->ranges, struct flowrules_range, peer->ref));
    case FR_PEER_NAME:
        return FR_POLICY_TEXT(policy, peer->ref);
    case FR_PEER_WILDCARD:
        return fr_arena_printf(arena, "*.%s", FR_POLICY_TEXT(policy, peer->ref));
    case FR_PEER_ZONE:
        return FR_POLICY_TEXT(policy, fr_vec_at(&policy->zones, struct fr_zone, peer->ref)->name);
    case FR_PEER_ANY:
    case FR_PEER_BROKEN:
        break;
    }
    return "any";
}

const char *fr_overview_binding(struct fr_arena *arena, const flowrules_policy *policy,
                                const struct fr_binding *binding) {
    struct flowrules_writer w;
    fr_writer_init(&w, arena->allocator, false);
    flowrules_write(&w, FR_POLICY_TEXT(policy, binding->platform));
    for (uint32_t i = 0; i < binding->values.count; i++) {
        const struct fr_binding_value *v =
            fr_vec_at(&policy->binding_values, struct fr_binding_value, binding->values.first + i);
        flowrules_write(&w, i == 0 ? ": " : ", ");
        flowrules_write(&w, FR_POLICY_TEXT(policy, v->key));
        if (v->label != 0) {
            flowrules_write(&w, ".");
            flowrules_write(&w, FR_POLICY_TEXT(policy, v->label));
        }
        flowrules_write(&w, "=");
        flowrules_write(&w, FR_POLICY_TEXT(policy, v->value));
    }
    return fr_writer_keep(&w, arena);
}

/* ---- services ------------------------------------------------------------------------------ */

static bool has_every_source(const struct fr_term *term) {
    return term->source_first == 0 && term->source_last == PORT_LAST;
}

static bool has_every_destination(const struct fr_term *term) {
    return term->destination_first == 0 && term->destination_last == PORT_LAST;
}

static void write_type(struct flowrules_writer *w, const struct fr_term *term) {
    const char *name = fr_icmp_type_name(term->protocol, term->source_first);
    if (has_every_source(term))
        return;
    if (term->source_first == term->source_last && name != NULL)
        flowrules_writef(w, " %s", name);
    else
        flowrules_write(w, " type ");
    if (term->source_first != term->source_last || name == NULL)
        flowrules_write_ports(w, (struct flowrules_ports){term->source_first, term->source_last},
                              "-");
    if (!has_every_destination(term)) {
        flowrules_write(w, " code ");
        flowrules_write_ports(
            w, (struct flowrules_ports){term->destination_first, term->destination_last}, "-");
    }
}

/* Does a term go on where the one before it ended: "tcp/80,443"? */
static bool continues(const struct fr_term *before, const struct fr_term *term) {
    return before != NULL && before->protocol == term->protocol &&
           fr_protocol_has_ports(term->protocol) && has_every_source(before) &&
           has_every_source(term) && !has_every_destination(before) && !has_every_destination(term);
}

static void write_ports(struct flowrules_writer *w, const struct fr_term *term, bool further) {
    if (!has_every_destination(term)) {
        flowrules_write(w, further ? "," : "/");
        flowrules_write_ports(
            w, (struct flowrules_ports){term->destination_first, term->destination_last}, "-");
    }
    if (!has_every_source(term)) {
        flowrules_write(w, " from ");
        flowrules_write_ports(w, (struct flowrules_ports){term->source_first, term->source_last},
                              "-");
    }
}

static void write_term(struct flowrules_writer *w, const struct fr_term *before,
                       const struct fr_term *term) {
    bool further = continues(before, term);
    if (!further) {
        flowrules_write(w, before != NULL ? ", " : "");
        flowrules_write(w, fr_protocol_name(term->protocol));
    }
    if (fr_protocol_is_icmp(term->protocol))
        write_type(w, term);
    else if (fr_protocol_has_ports(term->protocol))
        write_ports(w, term, further);
}

/* The name that the policy has for exactly this service, or NULL. */
static const char *name_of(const flowrules_policy *policy, fr_service service) {
    for (size_t i = 0; i < policy->definitions.count; i++) {
        const struct fr_service_definition *d =
            fr_vec_at(&policy->definitions, struct fr_service_definition, i);
        if (d->service == service)
            return FR_POLICY_TEXT(policy, d->name);
    }
    return NULL;
}

const char *fr_overview_service(struct fr_arena *arena, const flowrules_policy *policy,
                                fr_service service) {
    const struct fr_service_terms *terms = fr_service_get(&policy->services, service);
    const char *name = name_of(policy, service);
    struct flowrules_writer w;
    if (service == FR_SERVICE_ANY)
        return "any";
    fr_writer_init(&w, arena->allocator, false);
    if (name != NULL) {
        flowrules_write(&w, name);
        flowrules_write(&w, " (");
    }
    for (uint32_t i = 0; i < terms->count; i++)
        write_term(&w, i == 0 ? NULL : &terms->terms[i - 1], &terms->terms[i]);
    flowrules_write(&w, name != NULL ? ")" : "");
    return fr_writer_keep(&w, arena);
}
