/*
 * Which flows go through a proxy: those of TCP that are allowed from its networks, to what is not
 * in its bypass list. Names are compared as names, whatever addresses they have.
 */
#include "proxies.h"

#include <string.h>

#include "flows.h"
#include "writer.h"

/* So many flows of a proxy are named. */
#define NAMED_MOST 20u

/* A proxy in the making: its sets, and what is said of it. */
struct proxied {
    struct fr_view *view;
    const struct fr_proxy *proxy;
    struct fr_end from, bypass;
    struct fr_vec names;         /* const struct fr_peer *: the names of the bypass list */
    size_t names_all, names_out; /* of the flow at hand: its names, and those in the list */
    size_t through;
    bool failed;
    struct flowrules_writer list;
};

enum way { WAY_OUTSIDE, WAY_DIRECT, WAY_PARTLY, WAY_THROUGH };

/* Is each name of inner, which may be a wildcard, one of outer? */
static bool has_name(const struct proxied *p, const struct fr_peer *outer,
                     const struct fr_peer *inner) {
    const char *a = FR_POLICY_TEXT(p->view->policy, outer->ref);
    const char *b = FR_POLICY_TEXT(p->view->policy, inner->ref);
    size_t own = strlen(a), length = strlen(b);
    bool same = own == length && memcmp(a, b, own) == 0;
    if (outer->kind == FR_PEER_NAME)
        return inner->kind == FR_PEER_NAME && same;
    return (same && inner->kind == FR_PEER_WILDCARD) ||
           (length > own && b[length - own - 1] == '.' && memcmp(b + length - own, a, own) == 0);
}

static bool is_name(const struct fr_peer *peer) {
    return peer->kind == FR_PEER_NAME || peer->kind == FR_PEER_WILDCARD;
}

static void keep_name(void *user, const struct fr_peer *peer) {
    struct proxied *p = user;
    if (!is_name(peer) || p->failed)
        return;
    const struct fr_peer **slot = fr_vec_add(&p->names);
    p->failed = slot == NULL;
    if (slot != NULL)
        *slot = peer;
}

static void count_name(void *user, const struct fr_peer *peer) {
    struct proxied *p = user;
    if (!is_name(peer))
        return;
    p->names_all++;
    for (size_t i = 0; i < p->names.count; i++) {
        if (!has_name(p, *fr_vec_at(&p->names, const struct fr_peer *, i), peer))
            continue;
        p->names_out++;
        return;
    }
}

/* The addresses of a set, without names and groups. */
static fr_set addresses_of(struct fr_sets *sets, fr_set set) {
    return fr_set_union(sets, fr_set_family(sets, set, FLOWRULES_IPV4),
                        fr_set_family(sets, set, FLOWRULES_IPV6));
}

static bool is_proxied(const flowrules_policy *policy, const struct fr_flow *flow) {
    static const struct fr_term tcp = {FR_TCP, 0, UINT16_MAX, 0, UINT16_MAX};
    return !flow->deny && !flow->expired &&
           fr_service_meets(&policy->services, flow->service, &tcp);
}

static flowrules_status find_way(struct proxied *p, const struct fr_flow *flow, enum way *way) {
    struct fr_sets *sets = &p->view->sets;
    struct fr_end source, destination;
    *way = WAY_OUTSIDE;
    if (!is_proxied(p->view->policy, flow))
        return FLOWRULES_OK;
    FR_TRY(fr_view_end(p->view, flow->source, false, &source));
    FR_TRY(fr_view_end(p->view, flow->destination, false, &destination));
    if (!fr_set_overlaps(sets, source.set, p->from.set))
        return FLOWRULES_OK;
    p->names_all = 0;
    p->names_out = 0;
    fr_view_walk(p->view, flow->destination, FR_WALK_NAMES, count_name, p);
    fr_set own = addresses_of(sets, destination.set), out = addresses_of(sets, p->bypass.set);
    bool addresses = fr_set_families(sets, own) != 0 && !fr_set_covers(sets, out, own);
    bool direct = p->names_out > 0 || fr_set_overlaps(sets, own, out);
    bool all = p->bypass.set == FR_SET_ANY; /* names and groups too */
    bool through = addresses || p->names_all > p->names_out;
    *way = all || !through ? WAY_DIRECT : direct ? WAY_PARTLY : WAY_THROUGH;
    return FLOWRULES_OK;
}

static flowrules_status find_flows(struct proxied *p) {
    const flowrules_policy *policy = p->view->policy;
    for (size_t i = 0; i < policy->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&policy->flows, struct fr_flow, i);
        enum way way;
        FR_TRY(find_way(p, flow, &way));
        if (way < WAY_PARTLY)
            continue;
        if (p->through++ < NAMED_MOST)
            flowrules_writef(&p->list, "%s%s%s", p->through > 1 ? ", " : "",
                             FR_POLICY_TEXT(policy, flow->name),
                             way == WAY_PARTLY ? " (in part)" : "");
    }
    if (p->through > NAMED_MOST)
        flowrules_writef(&p->list, ", and %zu more", p->through - NAMED_MOST);
    return FLOWRULES_OK;
}

static flowrules_status tell(struct proxied *p, bool flows) {
    flowrules_context *context = p->view->context;
    const flowrules_policy *policy = p->view->policy;
    const char *name = FR_POLICY_TEXT(policy, p->proxy->name);
    struct fr_about about = {.severity = FLOWRULES_NOTE, .at = p->proxy->at, .id = FR_PROXY_FLOWS};
    size_t size;
    char *list = fr_writer_text(&p->list, &size);
    if (list == NULL)
        return fr_no_memory(context);
    if (p->through == 0) {
        about.severity = FLOWRULES_WARNING;
        about.id = FR_PROXY_UNUSED;
        about.hint = "check 'from' and 'bypass', or remove the proxy";
        fr_report(&context->diagnostics, &about, "no flow goes through the proxy '%s'", name);
    } else if (flows) {
        fr_report(&context->diagnostics, &about, "through the proxy '%s': %s", name, list);
    }
    fr_free(&context->allocator, list);
    return FLOWRULES_OK;
}

static flowrules_status tell_proxy(struct fr_view *view, const struct fr_proxy *proxy, bool flows) {
    struct proxied p = {.view = view, .proxy = proxy};
    fr_vec_init(&p.names, &view->context->allocator, sizeof(const struct fr_peer *));
    fr_writer_init(&p.list, &view->context->allocator, false);
    flowrules_status status = fr_view_end(view, proxy->from, false, &p.from);
    if (status == FLOWRULES_OK)
        status = fr_view_end(view, proxy->bypass, false, &p.bypass);
    if (status == FLOWRULES_OK)
        fr_view_walk(view, proxy->bypass, FR_WALK_NAMES, keep_name, &p);
    if (status == FLOWRULES_OK)
        status = p.failed ? fr_no_memory(view->context) : find_flows(&p);
    if (status == FLOWRULES_OK)
        status = view->sets.failed ? fr_no_memory(view->context) : tell(&p, flows);
    fr_writer_free(&p.list);
    fr_vec_free(&p.names);
    return status;
}

flowrules_status fr_proxies_tell(const flowrules_policy *policy, bool flows) {
    static const struct fr_view_mode mode = {
        .names = true, .wildcards = FLOWRULES_WILDCARDS_BELOW, .every_group = true};
    struct fr_view view;
    if (policy->proxies.count == 0)
        return FLOWRULES_OK;
    flowrules_status status = fr_view_init(&view, policy, &mode);
    for (size_t i = 0; i < policy->proxies.count && status == FLOWRULES_OK; i++)
        status = tell_proxy(&view, fr_vec_at(&policy->proxies, struct fr_proxy, i), flows);
    fr_view_free(&view);
    return status;
}
