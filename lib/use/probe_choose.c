/*
 * Chooses the connections that test the flows of a policy from one place: the flows from there, the
 * hosts and ports that can be tried, and those that cannot. Knows no script.
 */
#include "probe.h"

#include <stdio.h>
#include <string.h>

#include "plan.h"

/* Kinds of things that can't be tried are told up to this many of a flow. */
#define GAPS_MOST 8u

/* A host that is named by the option try, perhaps for one network alone. */
struct attempt {
    const char *text;
    fr_set set;
    unsigned families;
    uint32_t network; /* or UINT32_MAX */
    bool used;
};

struct host {
    const char *text;
    fr_set set;
    unsigned families;
};

/* A deny flow, as sets. */
struct denial {
    uint32_t flow;
    fr_set source, destination;
};

struct choosing {
    struct flowrules_probe *probe;
    flowrules_context *context;
    const flowrules_policy *policy;
    struct fr_view view;
    fr_set from;            /* any where it is not given */
    flowrules_plan *plan;   /* of the target, or NULL */
    struct fr_vec leaving;  /* bool: by flow, does it leave what the target protects? */
    struct fr_vec attempts; /* struct attempt */
    struct fr_vec denials;  /* struct denial */
    /* Of the flow, or the packets of an assertion, at hand. */
    const struct fr_flow *flow;
    const struct fr_asserted *asserted; /* their destination; NULL: of a flow */
    struct fr_span exceptions;          /* of the assertion */
    bool deny;
    fr_set source;
    struct fr_end destination;
    unsigned families;
    struct fr_vec hosts; /* struct host */
    struct fr_vec gaps;  /* struct fr_step */
    struct fr_map seen;  /* by set: a host that is known already */
    size_t more;         /* hosts and gaps beyond what is kept */
    flowrules_status status;
};

flowrules_status fr_probe_no_value(flowrules_context *context, const char *value, const char *key,
                                   const char *hint) {
    fr_error(&context->diagnostics, FR_OPTION_VALUE, FR_NOWHERE, hint,
             "'%.255s' is not a valid value for the option '%s'", value, key);
    return FLOWRULES_USAGE;
}

/* ---- hosts ------------------------------------------------------------------------------- */

static const char *range_text(struct choosing *c, const struct flowrules_range *range) {
    struct flowrules_writer w;
    fr_writer_init(&w, &c->context->allocator, false);
    flowrules_write_range(&w, range);
    return fr_writer_keep(&w, &c->probe->arena);
}

static void keep_status(struct choosing *c, bool good) {
    if (!good && c->status == FLOWRULES_OK)
        c->status = fr_no_memory(c->context);
}

static void add_host(struct choosing *c, const struct host *host) {
    uint32_t known;
    if (host->set == FR_SET_NONE || host->text == NULL) {
        keep_status(c, false);
        return;
    }
    if ((host->families & c->families) == 0 || fr_map_get(&c->seen, host->set, &known))
        return;
    struct host *slot = fr_vec_push(&c->hosts);
    keep_status(c, slot != NULL && fr_map_put(&c->seen, host->set, 1));
    if (slot != NULL)
        *slot = *host;
}

/* Tells what of the flow can't be tried. Each text once; texts are looked for among few. */
static void add_gap(struct choosing *c, const char *what, const char *why) {
    for (size_t i = 0; what != NULL && i < c->gaps.count; i++)
        if (strcmp(fr_vec_at(&c->gaps, struct fr_step, i)->what, what) == 0)
            return;
    if (c->gaps.count >= GAPS_MOST) {
        c->more++;
        return;
    }
    struct fr_step *slot = what == NULL ? NULL : fr_vec_push(&c->gaps);
    keep_status(c, slot != NULL);
    if (slot != NULL)
        *slot = (struct fr_step){FR_STEP_NONE, 0, what, why};
}

static fr_set range_set(struct fr_view *view, const struct flowrules_range *range) {
    fr_builder_range(&view->builder, range);
    return fr_builder_finish(&view->builder, &view->sets);
}

static void add_range(struct choosing *c, const struct flowrules_range *range) {
    bool single = fr_ip_compare(range->first, range->last) == 0;
    unsigned families = FLOWRULES_FAMILY_BIT(range->family);
    if ((families & c->families) == 0)
        return;
    if (!single) {
        if (c->gaps.count < GAPS_MOST)
            add_gap(c, range_text(c, range), "it is not a single address; name one with --try");
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
    struct host host = {range_text(c, range), range_set(&c->view, range), families};
    add_host(c, &host);
}

/* The name of a Service inside the cluster, where a network is bound to one; else NULL. */
static const char *service_name(const struct choosing *c, const char *network) {
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
static void add_group(struct choosing *c, uint32_t index) {
    const struct fr_network *network = fr_vec_at(&c->policy->networks, struct fr_network, index);
    const char *name = FR_POLICY_TEXT(c->policy, network->name);
    const char *service = c->probe->format == FR_PROBE_KUBERNETES ? service_name(c, name) : NULL;
    if (service != NULL) {
        struct host host = {service, fr_view_other_name(&c->view, service),
                            FLOWRULES_BOTH_FAMILIES};
        add_host(c, &host);
        return;
    }
    add_gap(c, name, "only its platform knows its addresses; name a host with --try NETWORK=HOST");
}

/* The hosts that the option try names for a network; were there any? */
static bool add_attempts_of(struct choosing *c, uint32_t network) {
    bool any = false;
    for (size_t i = 0; i < c->attempts.count; i++) {
        struct attempt *a = fr_vec_at(&c->attempts, struct attempt, i);
        if (a->network != network)
            continue;
        struct host host = {a->text, a->set, a->families};
        add_host(c, &host);
        a->used = any = true;
    }
    return any;
}

static void add_asserted(struct choosing *c, const struct fr_asserted *asserted);

static void add_peer(void *user, const struct fr_peer *peer) {
    struct choosing *c = user;
    const flowrules_policy *policy = c->policy;
    struct flowrules_range range = {FLOWRULES_IPV4, {0, peer->ref}, {0, peer->ref}};
    struct host host = {NULL, FR_SET_NONE, FLOWRULES_BOTH_FAMILIES};
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
        add_asserted(c, &fr_vec_at(&policy->zones, struct fr_zone, peer->ref)->asserted);
        return;
    case FR_PEER_BROKEN:
        return;
    }
}

/* The hosts in an end of an assertion; in zones are no zones. */
static void add_asserted(struct choosing *c, const struct fr_asserted *asserted) {
    if (asserted->rest)
        add_gap(c, "any", "it is not a single host; name one with --try");
    else
        fr_view_walk(&c->view, asserted->members, FR_WALK_ALL, add_peer, c);
}

/* Is a host part of a destination: as an address or name of it, or below a wildcard? */
static bool holds(struct choosing *c, fr_set destination, const struct attempt *attempt) {
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

/* The hosts of the flow's destination, in the order of the file, behind those of the option. */
static flowrules_status find_hosts(struct choosing *c) {
    for (size_t i = 0; i < c->attempts.count; i++) {
        struct attempt *a = fr_vec_at(&c->attempts, struct attempt, i);
        if (a->network != UINT32_MAX || !holds(c, c->destination.set, a))
            continue;
        struct host host = {a->text, a->set, a->families};
        add_host(c, &host);
        a->used = true;
    }
    if (c->asserted != NULL)
        add_asserted(c, c->asserted);
    else
        fr_view_walk(&c->view, c->flow->destination, FR_WALK_ALL, add_peer, c);
    keep_status(c, !c->view.sets.failed);
    return c->status;
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
static const char *term_text(struct choosing *c, const struct fr_term *t) {
    const char *protocol = fr_protocol_name(t->protocol);
    if (!fr_protocol_has_ports(t->protocol) || t->destination_last - t->destination_first == 65535)
        return fr_arena_printf(&c->probe->arena, "%s", protocol);
    if (t->destination_first == t->destination_last)
        return fr_arena_printf(&c->probe->arena, "%s %u", protocol, t->destination_first);
    return fr_arena_printf(&c->probe->arena, "%s %u-%u", protocol, t->destination_first,
                           t->destination_last);
}

/* Why nothing of a term can be tried, or NULL. */
static const char *hopeless(const struct fr_term *t) {
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
static enum fr_step_kind step_kind(const struct fr_term *t, const struct host *host,
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

/* ---- denies ------------------------------------------------------------------------------ */

static flowrules_status find_denials(struct choosing *c) {
    for (uint32_t i = 0; i < c->policy->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&c->policy->flows, struct fr_flow, i);
        struct fr_end ends[2];
        if (!flow->deny || flow->expired)
            continue;
        FR_TRY(fr_view_end(&c->view, flow->source, false, &ends[0]));
        FR_TRY(fr_view_end(&c->view, flow->destination, false, &ends[1]));
        struct denial *slot = fr_vec_push(&c->denials);
        if (slot == NULL)
            return fr_no_memory(c->context);
        *slot = (struct denial){i, ends[0].set, ends[1].set};
    }
    return FLOWRULES_OK;
}

/* The deny that says no to this, whatever source of the flow it comes from; or NULL. */
static const struct fr_flow *denier(struct choosing *c, const struct host *host, unsigned protocol,
                                    unsigned port) {
    /* Where ports have their source, ICMP has its type; a client's port is some high one. */
    unsigned source = protocol == FR_ICMP ? 8 : protocol == FR_ICMPV6 ? 128 : 50000;
    for (size_t i = 0; i < c->denials.count; i++) {
        const struct denial *d = fr_vec_at(&c->denials, struct denial, i);
        const struct fr_flow *flow = fr_vec_at(&c->policy->flows, struct fr_flow, d->flow);
        if (fr_set_covers(&c->view.sets, d->source, c->source) &&
            fr_set_overlaps(&c->view.sets, d->destination, host->set) &&
            fr_service_has(&c->policy->services, flow->service, protocol, source, port))
            return flow;
    }
    return NULL;
}

/* The flow that an exception in force lets pass, where a connection may be one of it; or NULL. */
static const struct fr_flow *excepted(struct choosing *c, const struct host *host,
                                      unsigned protocol, unsigned port) {
    unsigned source = protocol == FR_ICMP ? 8 : protocol == FR_ICMPV6 ? 128 : 50000;
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
            fr_view_end(&c->view, flow->destination, false, &ends[1]) != FLOWRULES_OK)
            keep_status(c, false);
        else if (fr_set_overlaps(&c->view.sets, ends[0].set, c->source) &&
                 fr_set_overlaps(&c->view.sets, ends[1].set, host->set) &&
                 fr_service_has(&c->policy->services, flow->service, protocol, source, port))
            return flow;
    }
    return NULL;
}

/* The flow because of which a connection is not tried, or NULL. */
static const struct fr_flow *opponent(struct choosing *c, const struct host *host,
                                      unsigned protocol, unsigned port) {
    if (c->asserted == NULL)
        return c->deny ? NULL : denier(c, host, protocol, port);
    return c->deny ? excepted(c, host, protocol, port) : NULL;
}

/* ---- the steps of a flow ------------------------------------------------------------------- */

static void add_step(struct choosing *c, const struct fr_step *step) {
    struct fr_step *slot = fr_vec_push(&c->probe->steps);
    keep_status(c, slot != NULL);
    if (slot != NULL)
        *slot = *step;
}

static const char *step_words[] = {
    [FR_STEP_TCP] = "tcp",         [FR_STEP_TLS] = "tls", [FR_STEP_DNS_UDP] = "dns udp",
    [FR_STEP_DNS_TCP] = "dns tcp", [FR_STEP_NTP] = "ntp", [FR_STEP_PING4] = "ping",
    [FR_STEP_PING6] = "ping",
};

/* One term at one host; counts it where the flow has enough steps already. */
static void try_term(struct choosing *c, const struct host *host, const struct fr_term *t,
                     size_t first) {
    bool icmp = fr_protocol_is_icmp(t->protocol);
    /* Nothing listens on port 0: of a range from there, it is the next one. */
    uint16_t port = icmp ? 0 : t->destination_first == 0 ? 1 : t->destination_first;
    enum fr_step_kind kind = step_kind(t, host, port);
    if (kind == FR_STEP_NONE)
        return;
    if (c->probe->steps.count - first >= c->probe->most) {
        c->more++;
        return;
    }
    const struct fr_flow *against = opponent(c, host, t->protocol, icmp ? 0 : port);
    if (against == NULL) {
        struct fr_step step = {kind, port, host->text, NULL};
        add_step(c, &step);
        return;
    }
    add_gap(c, fr_arena_printf(&c->probe->arena, "%s %s %u", step_words[kind], host->text, port),
            fr_arena_printf(&c->probe->arena,
                            against->deny ? "the policy denies it: %.100s"
                                          : "an exception is made for it: %.100s",
                            FR_POLICY_TEXT(c->policy, against->name)));
}

static void try_hosts(struct choosing *c, size_t first) {
    const struct fr_service_terms *terms = fr_service_get(&c->policy->services, c->flow->service);
    for (uint32_t t = 0; t < terms->count; t++) {
        const struct fr_term *term = &terms->terms[t];
        const char *why = hopeless(term);
        if (why != NULL)
            add_gap(c, term_text(c, term), why);
        else if (!fr_protocol_is_icmp(term->protocol) &&
                 term->destination_first != term->destination_last && c->hosts.count > 0)
            add_gap(c, term_text(c, term), "only the first port of a range is tried");
    }
    for (size_t h = 0; h < c->hosts.count; h++)
        for (uint32_t t = 0; t < terms->count; t++)
            if (hopeless(&terms->terms[t]) == NULL)
                try_term(c, fr_vec_at(&c->hosts, struct host, h), &terms->terms[t], first);
}

static unsigned families_of(const struct fr_view *view, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&view->sets, set);
    return head->all_atoms != 0 || head->atoms > 0 ? FLOWRULES_BOTH_FAMILIES
                                                   : fr_set_families(&view->sets, set);
}

static void begin_probe(struct choosing *c) {
    c->gaps.count = c->more = 0;
}

/* What is tried of a flow, or of some packets of an assertion; first: its first step. */
static flowrules_status try_packets(struct choosing *c, size_t first) {
    c->hosts.count = 0;
    fr_map_free(&c->seen);
    c->families = families_of(&c->view, c->source) &
                  fr_service_get(&c->policy->services, c->flow->service)->families;
    FR_TRY(find_hosts(c));
    try_hosts(c, first);
    return c->status;
}

/* Adds what was chosen from the first step on. */
static flowrules_status end_probe(struct choosing *c, size_t first, struct fr_probed_flow probed) {
    for (size_t i = 0; i < c->gaps.count; i++)
        add_step(c, fr_vec_at(&c->gaps, struct fr_step, i));
    if (c->more > 0) {
        struct fr_step step = {FR_STEP_NONE, 0,
                               fr_arena_printf(&c->probe->arena, "%zu more", c->more),
                               "left out, since there are many; --most sets how many are tried"};
        keep_status(c, step.what != NULL);
        add_step(c, &step);
    }
    struct fr_probed_flow *slot = fr_vec_push(&c->probe->flows);
    keep_status(c, slot != NULL);
    probed.steps = (struct fr_span){(uint32_t)first, (uint32_t)(c->probe->steps.count - first)};
    if (slot != NULL)
        *slot = probed;
    return c->status;
}

static flowrules_status probe_flow(struct choosing *c, uint32_t index) {
    size_t first = c->probe->steps.count;
    c->asserted = NULL;
    c->deny = c->flow->deny;
    begin_probe(c);
    FR_TRY(try_packets(c, first));
    return end_probe(c, first,
                     (struct fr_probed_flow){.flow = index,
                                             .name = FR_POLICY_TEXT(c->policy, c->flow->name),
                                             .about = FR_POLICY_TEXT(c->policy, c->flow->purpose),
                                             .deny = c->deny});
}

/* ---- which flows ----------------------------------------------------------------------------- */

static bool is_named(const struct choosing *c, const struct fr_flow *flow) {
    for (size_t i = 0; i < c->probe->only.count; i++)
        if (strcmp(*fr_vec_at(&c->probe->only, const char *, i),
                   FR_POLICY_TEXT(c->policy, flow->name)) == 0)
            return true;
    return c->probe->only.count == 0;
}

/*
 * Does the flow begin where the test is to run? A deny has to hold for all of that place, and
 * where the place is not known, for every source there is.
 */
static flowrules_status begins_here(struct choosing *c, uint32_t index, bool *here) {
    struct fr_end source;
    const struct fr_flow *flow = c->flow;
    *here = false;
    if (flow->expired || !is_named(c, flow) ||
        (flow->deny && c->plan != NULL && c->plan->permits) || /* others may let it pass */
        (c->leaving.count > 0 && !*fr_vec_at(&c->leaving, bool, index)))
        return FLOWRULES_OK;
    FR_TRY(fr_view_end(&c->view, flow->source, false, &source));
    c->source = fr_set_intersect(&c->view.sets, source.set, c->from);
    if (c->source == FR_SET_NONE)
        return fr_no_memory(c->context);
    *here = c->source != FR_SET_EMPTY;
    bool chosen = c->probe->only.count > 0 || c->leaving.count > 0;
    if (flow->deny && !(chosen && c->from == FR_SET_ANY))
        *here = fr_set_covers(&c->view.sets, source.set, c->from);
    return FLOWRULES_OK;
}

static flowrules_status probe_flows(struct choosing *c) {
    for (uint32_t i = 0; i < c->policy->flows.count; i++) {
        bool here;
        c->flow = fr_vec_at(&c->policy->flows, struct fr_flow, i);
        FR_TRY(begins_here(c, i, &here));
        if (!here)
            continue;
        FR_TRY(fr_view_end(&c->view, c->flow->destination, false, &c->destination));
        FR_TRY(probe_flow(c, i));
    }
    if (c->probe->flows.count > 0)
        return FLOWRULES_OK;
    fr_error(&c->context->diagnostics, FR_PROBE_EMPTY, FR_NOWHERE,
             "'flowrules explain' shows the flows; without from, target and flow, all are tried",
             "no flow is left to probe");
    return FLOWRULES_USAGE;
}

/* ---- which assertions ------------------------------------------------------------------------ */

/* What members or exceptions come to, with the zones that are named in them. */
static flowrules_status zone_set(struct choosing *c, uint32_t index, fr_set *set);

static flowrules_status add_span(struct choosing *c, struct fr_span span, fr_set *set) {
    struct fr_end end = {FR_SET_EMPTY, 0};
    if (span.count > 0)
        FR_TRY(fr_view_end(&c->view, span, false, &end));
    *set = end.set;
    for (uint32_t i = 0; i < span.count; i++) {
        const struct fr_peer *peer = fr_vec_at(&c->policy->peers, struct fr_peer, span.first + i);
        fr_set zone;
        if (peer->kind != FR_PEER_ZONE)
            continue;
        FR_TRY(zone_set(c, peer->ref, &zone));
        *set = fr_set_union(&c->view.sets, *set, zone);
    }
    return *set == FR_SET_NONE ? fr_no_memory(c->context) : FLOWRULES_OK;
}

static flowrules_status asserted_set(struct choosing *c, const struct fr_asserted *asserted,
                                     fr_set *set) {
    fr_set except;
    *set = FR_SET_ANY;
    if (!asserted->rest)
        FR_TRY(add_span(c, asserted->members, set));
    FR_TRY(add_span(c, asserted->except, &except));
    *set = fr_set_subtract(&c->view.sets, *set, except);
    return *set == FR_SET_NONE ? fr_no_memory(c->context) : FLOWRULES_OK;
}

/* A zone; one that is all-else is what no other has. */
static flowrules_status zone_set(struct choosing *c, uint32_t index, fr_set *set) {
    const struct fr_vec *zones = &c->policy->zones;
    const struct fr_zone *zone = fr_vec_at(zones, struct fr_zone, index);
    FR_TRY(asserted_set(c, &zone->asserted, set));
    for (size_t i = 0; zone->all_else && i < zones->count; i++) {
        const struct fr_zone *other = fr_vec_at(zones, struct fr_zone, i);
        fr_set own;
        if (other->all_else)
            continue;
        FR_TRY(asserted_set(c, &other->asserted, &own));
        *set = fr_set_subtract(&c->view.sets, *set, own);
    }
    return *set == FR_SET_NONE ? fr_no_memory(c->context) : FLOWRULES_OK;
}

/* Do some packets begin here? What must never pass has to hold for all of this place. */
static flowrules_status asserted_here(struct choosing *c, const struct fr_packets *packets,
                                      bool *here) {
    fr_set source;
    FR_TRY(asserted_set(c, &packets->ends[0], &source));
    c->source = fr_set_intersect(&c->view.sets, source, c->from);
    *here = c->deny ? fr_set_covers(&c->view.sets, source, c->from) : c->source != FR_SET_EMPTY;
    return c->source == FR_SET_NONE ? fr_no_memory(c->context) : FLOWRULES_OK;
}

static flowrules_status probe_assertion(struct choosing *c, size_t number) {
    const struct fr_assertion *a = fr_vec_at(&c->policy->assertions, struct fr_assertion, number);
    size_t first = c->probe->steps.count;
    bool any = false;
    c->exceptions = a->exceptions;
    c->deny = a->kind == FR_ASSERT_NEVER;
    begin_probe(c);
    for (uint32_t i = 0; i < a->packets.count && a->kind != FR_ASSERT_ONLY; i++) {
        const struct fr_packets *packets =
            fr_vec_at(&c->policy->packets, struct fr_packets, a->packets.first + i);
        bool here;
        FR_TRY(asserted_here(c, packets, &here));
        if (!here)
            continue;
        any = true;
        c->flow = &packets->flow;
        c->asserted = &packets->ends[1];
        FR_TRY(asserted_set(c, c->asserted, &c->destination.set));
        FR_TRY(try_packets(c, first));
    }
    struct fr_probed_flow probed = {.flow = UINT32_MAX,
                                    .name = fr_assertion_id(&c->probe->arena, c->policy, number),
                                    .about = FR_POLICY_TEXT(c->policy, a->because),
                                    .kind = fr_assertion_words[a->kind],
                                    .deny = c->deny};
    if (probed.name == NULL)
        return fr_no_memory(c->context);
    return any ? end_probe(c, first, probed) : FLOWRULES_OK;
}

static flowrules_status probe_assertions(struct choosing *c) {
    static const char of_flows[] = "assertions are not those of a target or a flow; give 'from'";
    if (c->probe->target != NULL)
        return fr_probe_no_value(c->context, c->probe->target, "target", of_flows);
    if (c->probe->only.count > 0)
        return fr_probe_no_value(c->context, *fr_vec_at(&c->probe->only, const char *, 0), "flow",
                                 of_flows);
    for (size_t i = 0; i < c->policy->assertions.count; i++)
        FR_TRY(probe_assertion(c, i));
    if (c->probe->flows.count > 0)
        return FLOWRULES_OK;
    fr_error(&c->context->diagnostics, FR_PROBE_EMPTY, FR_NOWHERE,
             "a 'must' from this place is tried, and a 'never' that holds for all of this place; "
             "'from' says which place it is",
             "no assertion is left to probe");
    return FLOWRULES_USAGE;
}

/* ---- options that speak of the policy ---------------------------------------------------------
 */

static const char *next_flow(const void *user, size_t i) {
    const flowrules_policy *policy = user;
    return i < policy->flows.count ? flowrules_flow_name(policy, i) : NULL;
}

/* The hint for a word that is none of the policy's: what is like it, or else what there may be. */
static flowrules_status unknown_word(struct choosing *c, const char *key, const char *word,
                                     const char *near, const char *otherwise) {
    char hint[320];
    bool meant = fr_did_you_mean(hint, sizeof hint, near);
    return fr_probe_no_value(c->context, word, key, meant ? hint : otherwise);
}

static bool find_network(const struct choosing *c, const char *name, size_t length,
                         uint32_t *index) {
    fr_string word = fr_strings_find(&c->policy->strings, name, length);
    return word != 0 && fr_map_get(&c->policy->network_by_name, word, index);
}

static flowrules_status read_from(struct choosing *c) {
    const char *from = c->probe->from;
    struct flowrules_range range;
    unsigned length;
    uint32_t index;
    struct fr_end end;
    c->from = FR_SET_ANY;
    if (from == NULL || strcmp(from, "any") == 0)
        return FLOWRULES_OK;
    if (find_network(c, from, strlen(from), &index)) {
        FR_TRY(fr_view_network(&c->view, index, &end));
        c->from = end.set;
        return FLOWRULES_OK;
    }
    if (fr_range_parse(from, strlen(from), &range, &length) == FR_RANGE_OK) {
        c->from = range_set(&c->view, &range);
        return c->from == FR_SET_NONE ? fr_no_memory(c->context) : FLOWRULES_OK;
    }
    return unknown_word(c, "from", from, fr_nearest(from, fr_network_candidate, c->policy),
                        "a network of the policy, or an address");
}

static flowrules_status read_only(struct choosing *c) {
    for (size_t i = 0; i < c->probe->only.count; i++) {
        const char *name = *fr_vec_at(&c->probe->only, const char *, i);
        uint32_t flow;
        fr_string word = fr_strings_find(&c->policy->strings, name, strlen(name));
        if (!fr_policy_find_flow(c->policy, word, &flow))
            return unknown_word(c, "flow", name, fr_nearest(name, next_flow, c->policy),
                                "the name of a flow of the policy");
    }
    return FLOWRULES_OK;
}

/* A single address, or a name, into an attempt. */
static flowrules_status read_host(struct choosing *c, const char *whole, const char *text,
                                  struct attempt *attempt) {
    static const char form[] = "an address or a name, or NETWORK=HOST: cluster-dns=172.30.0.10";
    struct flowrules_range range;
    unsigned length;
    char name[FR_FQDN_MAX + 3];
    struct fr_name_checker *checker;
    enum fr_range_form how = fr_range_parse(text, strlen(text), &range, &length);
    if (how == FR_RANGE_OK && fr_ip_compare(range.first, range.last) == 0) {
        attempt->text = range_text(c, &range);
        attempt->set = range_set(&c->view, &range);
        attempt->families = FLOWRULES_FAMILY_BIT(range.family);
    } else if (how == FR_RANGE_NOT_ADDRESS) {
        FR_TRY(fr_name_checker_new(&checker, c->context));
        enum fr_name_form is = fr_name_canonical(checker, text, strlen(text), name);
        fr_name_checker_free(checker);
        if (is != FR_NAME_OK)
            return is == FR_NAME_NO_MEMORY ? fr_no_memory(c->context)
                                           : fr_probe_no_value(c->context, whole, "try", form);
        attempt->text = fr_arena_text(&c->probe->arena, name, strlen(name));
        attempt->set =
            attempt->text == NULL ? FR_SET_NONE : fr_view_other_name(&c->view, attempt->text);
        attempt->families = FLOWRULES_BOTH_FAMILIES;
    } else {
        return fr_probe_no_value(c->context, whole, "try", form);
    }
    return attempt->text == NULL || attempt->set == FR_SET_NONE ? fr_no_memory(c->context)
                                                                : FLOWRULES_OK;
}

static flowrules_status read_tries(struct choosing *c) {
    for (size_t i = 0; i < c->probe->tries.count; i++) {
        const char *whole = *fr_vec_at(&c->probe->tries, const char *, i);
        const char *equals = strchr(whole, '=');
        struct attempt *slot = fr_vec_push(&c->attempts);
        if (slot == NULL)
            return fr_no_memory(c->context);
        slot->network = UINT32_MAX;
        if (equals != NULL && !find_network(c, whole, (size_t)(equals - whole), &slot->network))
            return fr_probe_no_value(c->context, whole, "try",
                                     "write a network of the policy before '='");
        FR_TRY(read_host(c, whole, equals != NULL ? equals + 1 : whole, slot));
    }
    return FLOWRULES_OK;
}

/* The flows that leave what a target protects, or that pass through it. */
static flowrules_status read_target(struct choosing *c) {
    if (c->probe->target == NULL)
        return FLOWRULES_OK;
    FR_TRY(fr_plan_new(&c->plan, c->context, c->policy, c->probe->target));
    for (size_t i = 0; i < c->policy->flows.count; i++)
        if (fr_vec_push(&c->leaving) == NULL)
            return fr_no_memory(c->context);
    for (size_t i = 0; i < c->plan->scoped.count; i++) {
        const struct fr_scoped *s = fr_vec_at(&c->plan->scoped, struct fr_scoped, i);
        if (s->direction != FLOWRULES_INGRESS)
            *fr_vec_at(&c->leaving, bool, s->flow) = true;
    }
    return FLOWRULES_OK;
}

static flowrules_status check_used(struct choosing *c) {
    for (size_t i = 0; i < c->attempts.count; i++)
        if (!fr_vec_at(&c->attempts, struct attempt, i)->used)
            return fr_probe_no_value(c->context, *fr_vec_at(&c->probe->tries, const char *, i),
                                     "try", "no selected flow has it in its destination");
    return FLOWRULES_OK;
}

static flowrules_status choose(struct choosing *c) {
    FR_TRY(read_from(c));
    FR_TRY(read_only(c));
    FR_TRY(read_target(c));
    FR_TRY(read_tries(c));
    FR_TRY(find_denials(c));
    FR_TRY((c->probe->asserted ? probe_assertions : probe_flows)(c));
    return check_used(c);
}

flowrules_status fr_probe_choose(struct flowrules_probe *probe) {
    const struct fr_allocator *allocator = &probe->context->allocator;
    struct choosing c = {.probe = probe, .context = probe->context, .policy = probe->policy};
    const struct fr_view_mode mode = {
        .names = true, .wildcards = FLOWRULES_WILDCARDS_BELOW, .every_group = true};
    fr_vec_init(&c.leaving, allocator, sizeof(bool));
    fr_vec_init(&c.attempts, allocator, sizeof(struct attempt));
    fr_vec_init(&c.denials, allocator, sizeof(struct denial));
    fr_vec_init(&c.hosts, allocator, sizeof(struct host));
    fr_vec_init(&c.gaps, allocator, sizeof(struct fr_step));
    fr_map_init(&c.seen, allocator);
    probe->flows.count = probe->steps.count = 0;
    flowrules_status status = fr_view_init(&c.view, probe->policy, &mode);
    if (status == FLOWRULES_OK)
        status = choose(&c);
    fr_plan_free(c.plan);
    fr_view_free(&c.view);
    fr_map_free(&c.seen);
    struct fr_vec *all[] = {&c.leaving, &c.attempts, &c.denials, &c.hosts, &c.gaps};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        fr_vec_free(all[i]);
    return status;
}

const struct fr_binding *fr_probe_pods(const struct flowrules_probe *probe) {
    return probe->from == NULL ? NULL : fr_policy_binding(probe->policy, probe->from, "kubernetes");
}
