/*
 * Chooses the connections of some packets: the hosts and ports that can be tried, and those that
 * cannot. Knows no flows.
 */
#include "probe_choose.h"

#include <stdio.h>
#include <string.h>

/* Kinds of things that can't be tried are told up to this many of a flow. */
#define GAPS_MOST 8u

flowrules_status fr_probe_no_value(flowrules_context *context, const char *value, const char *key,
                                   const char *hint) {
    fr_error(&context->diagnostics, FR_OPTION_VALUE, FR_NOWHERE, hint,
             "'%.255s' is not a valid value for the option '%s'", value, key);
    return FLOWRULES_USAGE;
}

/* ---- hosts ------------------------------------------------------------------------------- */

const char *fr_probe_range_text(struct fr_choosing *c, const struct flowrules_range *range) {
    struct flowrules_writer w;
    fr_writer_init(&w, &c->context->allocator, false);
    flowrules_write_range(&w, range);
    return fr_writer_keep(&w, &c->probe->arena);
}

void fr_probe_keep(struct fr_choosing *c, bool good) {
    if (!good && c->status == FLOWRULES_OK)
        c->status = fr_no_memory(c->context);
}

/* Tells what of the flow can't be tried. Each text once; texts are looked for among few. */
static void add_gap(struct fr_choosing *c, const char *what, const char *why) {
    for (size_t i = 0; what != NULL && i < c->gaps.count; i++)
        if (strcmp(fr_vec_at(&c->gaps, struct fr_step, i)->what, what) == 0)
            return;
    if (c->gaps.count >= GAPS_MOST) {
        c->more++;
        return;
    }
    struct fr_step *slot = what == NULL ? NULL : fr_vec_push(&c->gaps);
    fr_probe_keep(c, slot != NULL);
    if (slot != NULL)
        *slot = (struct fr_step){FR_STEP_NONE, 0, what, why};
}

static void add_host(struct fr_choosing *c, const struct fr_probe_host *host) {
    uint32_t known;
    if (host->set == FR_SET_NONE || host->text == NULL) {
        fr_probe_keep(c, false);
        return;
    }
    if ((host->families & c->families) == 0 || fr_map_get(&c->seen, host->set, &known))
        return;
    if (c->samples && c->from != FR_SET_ANY && fr_set_overlaps(&c->view.sets, host->set, c->from)) {
        add_gap(c, host->text, "it is in the place where the script runs");
        return;
    }
    struct fr_probe_host *slot = fr_vec_push(&c->hosts);
    fr_probe_keep(c, slot != NULL && fr_map_put(&c->seen, host->set, 1));
    if (slot != NULL)
        *slot = *host;
}

fr_set fr_probe_range_set(struct fr_view *view, const struct flowrules_range *range) {
    fr_builder_range(&view->builder, range);
    return fr_builder_finish(&view->builder, &view->sets);
}

static void add_range(struct fr_choosing *c, const struct flowrules_range *range) {
    bool single = fr_ip_compare(range->first, range->last) == 0;
    unsigned families = FLOWRULES_FAMILY_BIT(range->family);
    if ((families & c->families) == 0)
        return;
    if (!single) {
        if (c->gaps.count < GAPS_MOST)
            add_gap(c, fr_probe_range_text(c, range),
                    "it is not a single address; name one with --try");
        else
            c->more++;
        return;
    }
    if (!fr_set_has_ip(&c->view.sets, c->destination.set, range->family, range->first))
        return; /* an exception takes it away */
    if (c->hosts.count >= c->probe->most) {
        c->more++;
        return;
    }
    struct fr_probe_host host = {fr_probe_range_text(c, range), fr_probe_range_set(&c->view, range),
                                 families};
    add_host(c, &host);
}

/* The name of a Service inside the cluster, where a network is bound to one; else NULL. */
static const char *service_name(const struct fr_choosing *c, const char *network) {
    const flowrules_policy *policy = c->policy;
    const struct fr_binding *binding = fr_policy_binding(policy, network, "kubernetes");
    const char *service = NULL, *namespace_name = NULL;
    for (uint32_t i = 0; binding != NULL && i < binding->values.count; i++) {
        const struct fr_binding_value *v =
            fr_vec_at(&policy->binding_values, struct fr_binding_value, binding->values.first + i);
        if (strcmp(FR_POLICY_TEXT(policy, v->key), "service") == 0)
            service = FR_POLICY_TEXT(policy, v->value);
        if (strcmp(FR_POLICY_TEXT(policy, v->key), "namespace") == 0)
            namespace_name = FR_POLICY_TEXT(policy, v->value);
    }
    if (service == NULL || namespace_name == NULL)
        return NULL;
    return fr_arena_printf(&c->probe->arena, "%s.%s.svc", service, namespace_name);
}

/* A network that is a platform's group: nothing tells its addresses. */
static void add_group(struct fr_choosing *c, uint32_t index) {
    const struct fr_network *network = fr_vec_at(&c->policy->networks, struct fr_network, index);
    const char *name = FR_POLICY_TEXT(c->policy, network->name);
    const char *service = c->probe->format == FR_PROBE_KUBERNETES ? service_name(c, name) : NULL;
    if (service != NULL) {
        struct fr_probe_host host = {service, fr_view_other_name(&c->view, service),
                                     FLOWRULES_BOTH_FAMILIES};
        add_host(c, &host);
        return;
    }
    add_gap(c, name, "only its platform knows its addresses; name a host with --try NETWORK=HOST");
}

/* The hosts that the option try names for a network; were there any? */
static bool add_attempts_of(struct fr_choosing *c, uint32_t network) {
    bool any = false;
    for (size_t i = 0; i < c->attempts.count; i++) {
        struct fr_attempt *a = fr_vec_at(&c->attempts, struct fr_attempt, i);
        if (a->network != network)
            continue;
        struct fr_probe_host host = {a->text, a->set, a->families};
        add_host(c, &host);
        a->used = any = true;
    }
    return any;
}

static void add_peer(void *user, const struct fr_peer *peer) {
    struct fr_choosing *c = user;
    const flowrules_policy *policy = c->policy;
    struct flowrules_range range = {FLOWRULES_IPV4, {0, peer->ref}, {0, peer->ref}};
    struct fr_probe_host host = {NULL, FR_SET_NONE, FLOWRULES_BOTH_FAMILIES};
    switch ((enum fr_peer_kind)peer->kind) {
    case FR_PEER_ANY:
        add_gap(c, "any", "it is not a single host; name one with --try");
        return;
    case FR_PEER_NETWORK:
        if (!add_attempts_of(c, peer->ref) &&
            fr_vec_at(&policy->networks, struct fr_network, peer->ref)->members.count == 0)
            add_group(c, peer->ref);
        return;
    case FR_PEER_ADDRESS4:
        add_range(c, &range);
        return;
    case FR_PEER_RANGE:
        add_range(c, fr_vec_at(&policy->ranges, struct flowrules_range, peer->ref));
        return;
    case FR_PEER_NAME:
        if (c->hosts.count >= c->probe->most) {
            c->more++;
            return;
        }
        host.text = FR_POLICY_TEXT(policy, peer->ref);
        host.set = fr_view_name(&c->view, host.text);
        if (fr_set_overlaps(&c->view.sets, c->destination.set, host.set))
            add_host(c, &host);
        return;
    case FR_PEER_WILDCARD:
        add_gap(c, fr_arena_printf(&c->probe->arena, "*.%s", FR_POLICY_TEXT(policy, peer->ref)),
                "it is a wildcard; name a host below it with --try");
        return;
    case FR_PEER_ZONE:
        fr_probe_asserted_hosts(c, &fr_vec_at(&policy->zones, struct fr_zone, peer->ref)->asserted);
        return;
    case FR_PEER_BROKEN:
        return;
    }
}

/* In zones are no zones. */
void fr_probe_asserted_hosts(struct fr_choosing *c, const struct fr_asserted *asserted) {
    if (asserted->rest)
        add_gap(c, "any", "it is not a single host; name one with --try");
    else
        fr_view_walk(&c->view, asserted->members, FR_WALK_ALL, add_peer, c);
}

/* Is a host part of a destination: as an address or name of it, or below a wildcard? */
static bool holds(struct fr_choosing *c, fr_set destination, const struct fr_attempt *attempt) {
    struct flowrules_set set = {&c->view.sets, destination};
    if (fr_set_overlaps(&c->view.sets, destination, attempt->set))
        return true;
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++) {
        struct flowrules_atom atom = flowrules_set_atom(set, i);
        if (atom.kind == FLOWRULES_ATOM_WILDCARD && fr_name_is_below(attempt->text, atom.name))
            return true;
    }
    return false;
}

static unsigned families_of(const struct fr_view *view, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&view->sets, set);
    return head->all_atoms != 0 || head->atoms > 0 ? FLOWRULES_BOTH_FAMILIES
                                                   : fr_set_families(&view->sets, set);
}

void fr_probe_no_hosts(struct fr_choosing *c) {
    unsigned families = 0;
    for (size_t i = 0; i < c->terms.count; i++)
        families |= fr_protocol_families(fr_vec_at(&c->terms, struct fr_term, i)->protocol);
    c->hosts.count = 0;
    fr_map_free(&c->seen);
    c->families = families_of(&c->view, c->source) & families;
}

void fr_probe_tried_hosts(struct fr_choosing *c) {
    for (size_t i = 0; i < c->attempts.count; i++) {
        struct fr_attempt *a = fr_vec_at(&c->attempts, struct fr_attempt, i);
        if (a->network != UINT32_MAX || !holds(c, c->destination.set, a))
            continue;
        struct fr_probe_host host = {a->text, a->set, a->families};
        add_host(c, &host);
        a->used = true;
    }
}

void fr_probe_hosts(struct fr_choosing *c, struct fr_span items) {
    fr_view_walk(&c->view, items, FR_WALK_ALL, add_peer, c);
}

/* Of a family, as many as there is room for. */
static void add_named_of(struct fr_choosing *c, struct flowrules_set set,
                         enum flowrules_family family) {
    for (size_t i = 0; i < flowrules_set_range_count(set, family); i++) {
        struct flowrules_range all = flowrules_set_range(set, family, i), one = all;
        for (bool last = false; !last && c->hosts.count < c->probe->most;) {
            last = fr_ip_compare(one.first, all.last) == 0;
            one.last = one.first;
            add_range(c, &one);
            one.first = fr_ip_next(one.first);
        }
    }
}

void fr_probe_named_hosts(struct fr_choosing *c) {
    fr_set both = fr_set_intersect(&c->view.sets, c->named, c->destination.set);
    if (c->from != FR_SET_ANY)
        both = fr_set_subtract(&c->view.sets, both, c->from);
    fr_probe_keep(c, both != FR_SET_NONE);
    if (both == FR_SET_NONE)
        return;
    add_named_of(c, (struct flowrules_set){&c->view.sets, both}, FLOWRULES_IPV4);
    add_named_of(c, (struct flowrules_set){&c->view.sets, both}, FLOWRULES_IPV6);
}

/* ---- ports ------------------------------------------------------------------------------- */

/* Ports on which TLS begins with the first byte: IANA's, and those of the field's usage. */
static const uint16_t tls_ports[] = {
    443,  465,  563,  636,  853,  989,  990,  992,  993,  995,  2376, 3269,
    4433, 5061, 5223, 5671, 5986, 6443, 6514, 6697, 8443, 8883, 9443, 10250,
};

static enum fr_step_kind tcp_kind(uint16_t port) {
    if (port == 53)
        return FR_STEP_DNS_TCP;
    for (size_t i = 0; i < sizeof tls_ports / sizeof tls_ports[0]; i++)
        if (tls_ports[i] == port)
            return FR_STEP_TLS;
    return FR_STEP_TCP;
}

/* What a term is in words, for what can't be tried: "udp 514". */
static const char *term_text(struct fr_choosing *c, const struct fr_term *t) {
    const char *protocol = fr_protocol_name(t->protocol);
    if (!fr_protocol_has_ports(t->protocol) || t->destination_last - t->destination_first == 65535)
        return fr_arena_printf(&c->probe->arena, "%s", protocol);
    if (t->destination_first == t->destination_last)
        return fr_arena_printf(&c->probe->arena, "%s %u", protocol, t->destination_first);
    return fr_arena_printf(&c->probe->arena, "%s %u-%u", protocol, t->destination_first,
                           t->destination_last);
}

const char *fr_probe_hopeless(const struct fr_term *t) {
    bool ping = (t->protocol == FR_ICMP && t->source_first <= 8 && t->source_last >= 8) ||
                (t->protocol == FR_ICMPV6 && t->source_first <= 128 && t->source_last >= 128);
    if (fr_protocol_is_icmp(t->protocol))
        return ping && t->destination_first == 0 ? NULL : "ping cannot test this";
    if (t->protocol != FR_TCP && t->protocol != FR_UDP)
        return t->protocol == FR_PROTOCOL_ANY ? "no port to try"
                                              : "the usual tools of a machine cannot test this";
    if (t->source_first != 0 || t->source_last != 65535)
        return "it needs a certain source port";
    if (t->destination_last - t->destination_first == 65535)
        return "no port to try";
    if (t->protocol == FR_UDP && t->destination_first != 53 && t->destination_first != 123)
        return "cannot be tested: UDP gives no answer, except DNS and NTP";
    return NULL;
}

/* The step that tries a term at a host; FR_STEP_NONE: the host has no part in it. */
static enum fr_step_kind step_kind(const struct fr_term *t, const struct fr_probe_host *host,
                                   uint16_t port) {
    if (t->protocol == FR_ICMP)
        return (host->families & FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4)) != 0 ? FR_STEP_PING4
                                                                            : FR_STEP_NONE;
    if (t->protocol == FR_ICMPV6)
        return (host->families & FLOWRULES_FAMILY_BIT(FLOWRULES_IPV6)) != 0 ? FR_STEP_PING6
                                                                            : FR_STEP_NONE;
    if (t->protocol == FR_UDP)
        return port == 53 ? FR_STEP_DNS_UDP : FR_STEP_NTP;
    return tcp_kind(port);
}

bool fr_probe_serves(const struct fr_choosing *c, fr_service service, unsigned protocol,
                     unsigned port) {
    /* Where ports have their source, ICMP has its type; a client's port is some high one. */
    unsigned source = protocol == FR_ICMP ? 8 : protocol == FR_ICMPV6 ? 128 : 50000;
    return fr_service_has(&c->policy->services, service, protocol, source, port);
}

/* ---- the steps of a flow ------------------------------------------------------------------- */

static void add_step(struct fr_choosing *c, const struct fr_step *step) {
    struct fr_step *slot = fr_vec_push(&c->probe->steps);
    fr_probe_keep(c, slot != NULL);
    if (slot != NULL)
        *slot = *step;
}

static const char *step_words[] = {
    [FR_STEP_TCP] = "tcp",         [FR_STEP_TLS] = "tls", [FR_STEP_DNS_UDP] = "dns udp",
    [FR_STEP_DNS_TCP] = "dns tcp", [FR_STEP_NTP] = "ntp", [FR_STEP_PING4] = "ping",
    [FR_STEP_PING6] = "ping",
};

/* One term at one host; counts it where the flow has enough steps already. */
static void try_term(struct fr_choosing *c, const struct fr_probe_host *host,
                     const struct fr_term *t, size_t first) {
    bool icmp = fr_protocol_is_icmp(t->protocol);
    /* Nothing listens on port 0: of a range from there, it is the next one. */
    uint16_t port = icmp ? 0 : t->destination_first == 0 ? 1 : t->destination_first;
    enum fr_step_kind kind = step_kind(t, host, port);
    if (kind == FR_STEP_NONE)
        return;
    const char *against = c->against(c, host, t->protocol, icmp ? 0 : port);
    struct fr_step step = {kind, port, host->text, NULL};
    if (against == NULL && c->probe->steps.count - first >= c->probe->most)
        c->more++;
    else if (against == NULL)
        add_step(c, &step);
    else if (against[0] != '\0')
        add_gap(c,
                fr_arena_printf(&c->probe->arena, "%s %s %u", step_words[kind], host->text, port),
                against);
}

/* What of the terms cannot be tried, or not as a whole. */
static void add_term_gaps(struct fr_choosing *c) {
    for (size_t t = 0; t < c->terms.count && !c->samples; t++) {
        const struct fr_term *term = fr_vec_at(&c->terms, struct fr_term, t);
        const char *why = fr_probe_hopeless(term);
        if (why != NULL)
            add_gap(c, term_text(c, term), why);
        else if (!fr_protocol_is_icmp(term->protocol) &&
                 term->destination_first != term->destination_last && c->hosts.count > 0)
            add_gap(c, term_text(c, term), "only the first port of a range is tried");
    }
}

flowrules_status fr_probe_try(struct fr_choosing *c, size_t first) {
    fr_probe_keep(c, !c->view.sets.failed);
    add_term_gaps(c);
    for (size_t h = 0; h < c->hosts.count && c->status == FLOWRULES_OK; h++)
        for (size_t t = 0; t < c->terms.count; t++) {
            const struct fr_term *term = fr_vec_at(&c->terms, struct fr_term, t);
            if (fr_probe_hopeless(term) == NULL)
                try_term(c, fr_vec_at(&c->hosts, struct fr_probe_host, h), term, first);
        }
    return c->status;
}

void fr_probe_begin(struct fr_choosing *c) {
    c->gaps.count = c->more = 0;
}

flowrules_status fr_probe_terms(struct fr_choosing *c, fr_service service) {
    c->terms.count = 0;
    c->samples = false;
    return fr_service_list(&c->policy->services, service, &c->terms) ? FLOWRULES_OK
                                                                     : fr_no_memory(c->context);
}

flowrules_status fr_probe_end(struct fr_choosing *c, size_t first, struct fr_probed_flow probed) {
    for (size_t i = 0; i < c->gaps.count; i++)
        add_step(c, fr_vec_at(&c->gaps, struct fr_step, i));
    if (c->more > 0) {
        struct fr_step step = {FR_STEP_NONE, 0,
                               fr_arena_printf(&c->probe->arena, "%zu more", c->more),
                               "left out, since there are many; --most sets how many are tried"};
        fr_probe_keep(c, step.what != NULL);
        add_step(c, &step);
    }
    struct fr_probed_flow *slot = fr_vec_push(&c->probe->flows);
    fr_probe_keep(c, slot != NULL);
    probed.steps = (struct fr_span){(uint32_t)first, (uint32_t)(c->probe->steps.count - first)};
    if (slot != NULL)
        *slot = probed;
    return c->status;
}
