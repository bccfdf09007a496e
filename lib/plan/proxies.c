/*
 * Which flows go through a proxy: those of TCP that are allowed from its networks, to what is not
 * in its bypass list. On ports of the web they do, on others they may. Names are compared as names,
 * whatever addresses they have.
 */
#include "proxies.h"

#include <string.h>

#include "flows.h"
#include "writer.h"

/* So many flows of a proxy are named. */
#define NAMED_MOST 20u

/* Flows of a proxy, as they are told. */
struct flow_list {
    struct flowrules_writer text;
    size_t count;
};

/* A proxy in the making: its sets, and what is said of it. */
struct proxied {
    struct fr_view *view;
    const struct fr_proxy *proxy;
    struct fr_end from, bypass;
    struct fr_vec names;         /* const struct fr_peer *: the names of the bypass list */
    size_t names_all, names_out; /* of the flow at hand: its names, and those in the list */
    bool failed;
    struct flow_list web, others; /* on ports of the web; on others */
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

static bool has_ports(const struct proxied *p, const struct fr_flow *flow, unsigned first,
                      unsigned last) {
    const struct fr_term tcp = {FR_TCP, 0, UINT16_MAX, (uint16_t)first, (uint16_t)last};
    return first <= last && fr_service_meets(&p->view->policy->services, flow->service, &tcp);
}

/*
 * What ports a flow has: those of the web that the proxy is for, those that it is not for (one for
 * HTTP is asked for nothing on a port of HTTPS), and others.
 */
struct flow_ports {
    bool web, not_served, others;
};

/* The ports of the web: http, https and http-alt of IANA, and 8443, which is usual. */
static struct flow_ports find_ports(const struct proxied *p, const struct fr_flow *flow) {
    static const struct {
        uint16_t port;
        bool https;
    } ports[] = {{80, false}, {443, true}, {8008, false}, {8080, false}, {8443, true}};
    unsigned next = 0;
    struct flow_ports found = {.web = false};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        unsigned port = ports[i].port;
        bool served = (ports[i].https ? p->proxy->https : p->proxy->http) != 0;
        if (has_ports(p, flow, port, port))
            *(served ? &found.web : &found.not_served) = true;
        found.others = found.others || has_ports(p, flow, next, port - 1);
        next = port + 1;
    }
    found.others = found.others || has_ports(p, flow, next, UINT16_MAX);
    return found;
}

static flowrules_status find_way(struct proxied *p, const struct fr_flow *flow, enum way *way) {
    struct fr_sets *sets = &p->view->sets;
    struct fr_end source, destination;
    *way = WAY_OUTSIDE;
    if (flow->deny || flow->expired)
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

static void add_flow(struct flow_list *list, const char *flow, bool partly) {
    if (list->count++ < NAMED_MOST)
        flowrules_writef(&list->text, "%s%s%s", list->count > 1 ? ", " : "", flow,
                         partly ? " (in part)" : "");
}

static flowrules_status find_flows(struct proxied *p) {
    const flowrules_policy *policy = p->view->policy;
    for (size_t i = 0; i < policy->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&policy->flows, struct fr_flow, i);
        const char *name = FR_POLICY_TEXT(policy, flow->name);
        enum way way = WAY_OUTSIDE;
        struct flow_ports ports = find_ports(p, flow);
        if (ports.web || ports.others)
            FR_TRY(find_way(p, flow, &way));
        if (way < WAY_PARTLY)
            continue;
        if (ports.web)
            add_flow(&p->web, name, way == WAY_PARTLY || ports.not_served || ports.others);
        if (ports.others)
            add_flow(&p->others, name, way == WAY_PARTLY || ports.not_served || ports.web);
    }
    return FLOWRULES_OK;
}

/* what: what is to be said of the flows of the list, if it has some. */
static flowrules_status tell_list(const struct proxied *p, struct flow_list *list,
                                  const char *what) {
    flowrules_context *context = p->view->context;
    const char *name = FR_POLICY_TEXT(p->view->policy, p->proxy->name);
    struct fr_about about = {.severity = FLOWRULES_NOTE, .at = p->proxy->at, .id = FR_PROXY_FLOWS};
    size_t size;
    if (list->count > NAMED_MOST)
        flowrules_writef(&list->text, ", and %zu more", list->count - NAMED_MOST);
    char *text = fr_writer_text(&list->text, &size);
    if (text == NULL)
        return fr_no_memory(context);
    if (list->count > 0)
        fr_report(&context->diagnostics, &about, "through the proxy '%s'%s: %s", name, what, text);
    fr_free(&context->allocator, text);
    return FLOWRULES_OK;
}

static flowrules_status tell(struct proxied *p, bool flows) {
    struct fr_about about = {.severity = FLOWRULES_WARNING,
                             .at = p->proxy->at,
                             .id = FR_PROXY_UNUSED,
                             .hint = "check 'from' and 'bypass', or remove the proxy"};
    if (p->web.count == 0 && p->others.count == 0)
        fr_report(&p->view->context->diagnostics, &about, "no flow goes through the proxy '%s'",
                  FR_POLICY_TEXT(p->view->policy, p->proxy->name));
    if (!flows)
        return FLOWRULES_OK;
    FR_TRY(tell_list(p, &p->web, ""));
    return tell_list(p, &p->others,
                     ", if their clients speak HTTP on ports that are not usual for it");
}

static flowrules_status tell_proxy(struct fr_view *view, const struct fr_proxy *proxy, bool flows) {
    struct proxied p = {.view = view, .proxy = proxy};
    fr_vec_init(&p.names, &view->context->allocator, sizeof(const struct fr_peer *));
    fr_writer_init(&p.web.text, &view->context->allocator, false);
    fr_writer_init(&p.others.text, &view->context->allocator, false);
    flowrules_status status = fr_view_end(view, proxy->from, false, &p.from);
    if (status == FLOWRULES_OK)
        status = fr_view_end(view, proxy->bypass, false, &p.bypass);
    if (status == FLOWRULES_OK)
        fr_view_walk(view, proxy->bypass, FR_WALK_NAMES, keep_name, &p);
    if (status == FLOWRULES_OK)
        status = p.failed ? fr_no_memory(view->context) : find_flows(&p);
    if (status == FLOWRULES_OK)
        status = view->sets.failed ? fr_no_memory(view->context) : tell(&p, flows);
    fr_writer_free(&p.web.text);
    fr_writer_free(&p.others.text);
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
