/*
 * Reads NetworkPolicies: our manifests, and what kubectl gets. Knows the API networking.k8s.io/v1:
 * policies that select a pod add up; what no policy selects is open. Facts without another source:
 * kubernetes pkg/apis/networking/types.go and validation.
 */
#include <string.h>

#include "objects.h"

static const char *const rules_key[] = {"egress", "ingress"};
static const char *const peers_key[] = {"to", "from"};

static void name_pods(const char *name, struct fr_constraint *constraint) {
    constraint->key = "pods";
    constraint->label = name;
}

static void name_namespaces(const char *name, struct fr_constraint *constraint) {
    constraint->key = "namespace-labels";
    constraint->label = name;
    if (strcmp(name, "kubernetes.io/metadata.name") == 0) {
        constraint->key = "namespace"; /* every namespace has it, with its name (KEP-2161) */
        constraint->label = NULL;
    }
}

/* ---- peers --------------------------------------------------------------------------------- */

static struct flowrules_set read_block(struct fr_objects *r, const flowrules_node *block) {
    static const char *const known[] = {"cidr", "except", NULL};
    struct flowrules_set none = flowrules_input_none(r->in);
    if (!fr_objects_is_map(r, block, "a mapping with cidr"))
        return none;
    fr_objects_doubt_others(r, block, known);
    const flowrules_node *cidr = flowrules_node_get(block, "cidr");
    struct flowrules_set set = fr_objects_prefix(r, cidr == NULL ? block : cidr);
    for (const flowrules_node *n = fr_objects_list(r, block, "except");
         n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next(n))
        set = flowrules_input_subtract(r->in, set, fr_objects_prefix(r, n));
    return set;
}

/* Both selectors in one item are one selection; pods alone are those of the own namespace. */
static struct flowrules_set read_selectors(struct fr_objects *r, const flowrules_node *peer,
                                           const char *namespace) {
    struct fr_selection s = {.all = NULL};
    const flowrules_node *spaces = flowrules_node_get(peer, "namespaceSelector");
    if (flowrules_node_kind(spaces) == FLOWRULES_NODE_NULL)
        fr_objects_selection_add(r, &s, "namespace", NULL, namespace);
    else
        fr_objects_selection_labels(r, &s, spaces, name_namespaces);
    fr_objects_selection_labels(r, &s, flowrules_node_get(peer, "podSelector"), name_pods);
    return fr_objects_selection_is_clear(r, &s) ? fr_objects_selection_set(r, &s)
                                                : flowrules_input_none(r->in);
}

static struct flowrules_set read_peer(struct fr_objects *r, const void *namespace,
                                      const flowrules_node *peer) {
    static const char *const known[] = {"ipBlock", "namespaceSelector", "podSelector", NULL};
    struct flowrules_set none = flowrules_input_none(r->in);
    bool has[3];
    if (!fr_objects_is_map(r, peer, "a mapping with ipBlock, podSelector or namespaceSelector"))
        return none;
    fr_objects_doubt_others(r, peer, known);
    for (size_t i = 0; i < 3; i++)
        has[i] = flowrules_node_kind(flowrules_node_get(peer, known[i])) != FLOWRULES_NODE_NULL;
    if (has[0] && !has[1] && !has[2])
        return read_block(r, flowrules_node_get(peer, "ipBlock"));
    if (!has[0] && (has[1] || has[2]))
        return read_selectors(r, peer, namespace);
    if (has[0])
        flowrules_input_error(r->in, flowrules_node_place(peer), "write two items",
                              "a peer has an ipBlock or selectors, not both");
    else if (flowrules_node_count(peer) == 0)
        flowrules_input_error(r->in, flowrules_node_place(peer),
                              "for any peer, write a rule without 'to' or 'from'",
                              "a peer needs an ipBlock or a selector");
    return none;
}

static struct fr_reach read_peers(struct fr_objects *r, const flowrules_node *rule, const char *key,
                                  const char *namespace) {
    struct flowrules_set any = flowrules_input_any(r->in);
    if (fr_objects_list(r, rule, key) == NULL)
        return (struct fr_reach){any, any};
    return fr_objects_reach(r, rule, key, read_peer, namespace);
}

/* ---- ports --------------------------------------------------------------------------------- */

static int read_protocol(struct fr_objects *r, const flowrules_node *node) {
    const char *text = flowrules_node_text(node);
    if (text == NULL || strcmp(text, "TCP") == 0)
        return 6;
    if (strcmp(text, "UDP") == 0)
        return 17;
    if (strcmp(text, "SCTP") == 0)
        return 132;
    flowrules_input_error(r->in, flowrules_node_place(node), "TCP, UDP or SCTP",
                          "'%.40s' is not a protocol of a NetworkPolicy", text);
    return -1;
}

static void doubt_port_name(struct fr_objects *r, const flowrules_node *port) {
    fr_objects_doubt(r, flowrules_node_place(port),
                     flowrules_input_print(
                         r->in,
                         "the pods define the number of the named port '%.40s': it is not known",
                         flowrules_node_text(port)));
}

/* False after an error. A name that only the pods know is a doubt: it may be any port. */
static bool read_numbers(struct fr_objects *r, const flowrules_node *item,
                         struct flowrules_ports *ports) {
    const flowrules_node *port = flowrules_node_get(item, "port");
    const flowrules_node *last = flowrules_node_get(item, "endPort");
    const char *text = flowrules_node_text(port);
    long long number, end;
    if (!flowrules_node_quoted(port) && flowrules_node_number(port, 1, 65535, &number)) {
        end = number;
        if (flowrules_node_kind(last) != FLOWRULES_NODE_NULL &&
            !flowrules_node_number(last, number, 65535, &end)) {
            flowrules_input_error(r->in, flowrules_node_place(last),
                                  "a number from 'port' to 65535",
                                  "'%.40s' is not a valid end of a port range",
                                  flowrules_node_text(last) ? flowrules_node_text(last) : "...");
            return false;
        }
        *ports = (struct flowrules_ports){(uint16_t)number, (uint16_t)end};
        return true;
    }
    if (text != NULL && strpbrk(text, "abcdefghijklmnopqrstuvwxyz") != NULL) {
        const char *protocol = flowrules_node_text(flowrules_node_get(item, "protocol"));
        uint16_t named;
        if (fr_objects_named_port(r, port, protocol == NULL ? "TCP" : protocol, &named)) {
            *ports = (struct flowrules_ports){named, named};
            return true;
        }
        doubt_port_name(r, port);
        *ports = (struct flowrules_ports){1, 65535};
        return true;
    }
    flowrules_input_error(r->in, flowrules_node_place(port),
                          "a number from 1 to 65535 without quotes, or a name",
                          "'%.40s' is not a valid port", text == NULL ? "..." : text);
    return false;
}

/* One entry of ports; false where nothing is known of it. */
static bool read_port(struct fr_objects *r, const flowrules_node *item,
                      struct flowrules_service *service) {
    static const char *const known[] = {"protocol", "port", "endPort", NULL};
    *service = (struct flowrules_service){.protocol = -1, .icmp_type = -1, .icmp_code = -1};
    if (!fr_objects_is_map(r, item, "a mapping with port and protocol"))
        return false;
    fr_objects_doubt_others(r, item, known);
    service->protocol = read_protocol(r, flowrules_node_get(item, "protocol"));
    if (flowrules_node_kind(flowrules_node_get(item, "port")) == FLOWRULES_NODE_NULL)
        return service->protocol >= 0;
    struct flowrules_ports *ports = flowrules_input_alloc(r->in, sizeof *ports);
    if (ports == NULL || service->protocol < 0 || !read_numbers(r, item, ports))
        return false;
    service->destination_ports = ports;
    service->destination_port_count = 1;
    return true;
}

/* No ports are all protocols. The first *sure of the services have no doubt; false after errors. */
static bool read_ports(struct fr_objects *r, const flowrules_node *rule,
                       struct flowrules_read_rule *pass, size_t *sure) {
    const flowrules_node *first = fr_objects_list(r, rule, "ports");
    size_t count = 0, items = flowrules_node_count(flowrules_node_get(rule, "ports"));
    *sure = 0;
    if (first == NULL)
        return !flowrules_input_failed(r->in);
    struct flowrules_service *services = flowrules_input_alloc(r->in, items * sizeof *services);
    for (const flowrules_node *n = first; n != NULL && !flowrules_input_failed(r->in);
         n = flowrules_node_next(n)) {
        struct fr_held before = fr_objects_hold(r);
        bool known = read_port(r, n, &services[count]);
        bool doubted = fr_objects_resume(r, before);
        if (known)
            fr_objects_sort_service(services, ++count, sure, doubted);
    }
    pass->services = services;
    pass->service_count = count;
    return count > 0 && !flowrules_input_failed(r->in);
}

/* ---- policies ------------------------------------------------------------------------------ */

/* What is read of one policy. */
struct policy {
    const struct fr_object *object;
    const char *namespace;
    struct flowrules_set own;
};

static void read_rule(struct fr_objects *r, const struct policy *p, const flowrules_node *rule,
                      const char *name, enum flowrules_direction direction) {
    const char *known[] = {peers_key[direction], "ports", NULL};
    if (!fr_objects_is_map(r, rule, "a mapping with peers and ports"))
        return;
    struct fr_sureness sure = {.policy = fr_objects_hold(r)};
    fr_objects_doubt_others(r, rule, known);
    sure.nothing = r->doubt != NULL;
    struct fr_reach peers = read_peers(r, rule, peers_key[direction], p->namespace);
    struct flowrules_read_rule pass = fr_objects_between(p->object, direction, p->own, peers.most);
    pass.at = flowrules_node_place(rule);
    pass.name = name ? name : pass.name;
    sure.peers = peers.sure;
    struct fr_port_owners owners = {.namespace = p->namespace};
    if (direction == FLOWRULES_INGRESS)
        owners.selector = flowrules_node_get(p->object->spec, "podSelector");
    else
        owners.peers = flowrules_node_get(rule, peers_key[direction]);
    r->port_owners =
        direction == FLOWRULES_INGRESS || flowrules_node_count(owners.peers) > 0 ? &owners : NULL;
    if (read_ports(r, rule, &pass, &sure.services))
        fr_objects_give(r, FR_PHASE_ALLOW, &pass, &sure);
    r->port_owners = NULL;
}

/* The directions that a policy is about: all policies are about ingress that don't say. */
static unsigned read_types(struct fr_objects *r, const flowrules_node *spec) {
    const flowrules_node *first = fr_objects_list(r, spec, "policyTypes");
    unsigned directions = 0;
    if (first == NULL)
        return flowrules_node_count(flowrules_node_get(spec, "egress")) > 0
                   ? FR_EGRESS_BIT | FR_INGRESS_BIT
                   : FR_INGRESS_BIT;
    for (const flowrules_node *n = first; n != NULL; n = flowrules_node_next(n)) {
        const char *type = flowrules_node_text(n);
        if (fr_objects_equals(type, "Egress"))
            directions |= FR_EGRESS_BIT;
        else if (fr_objects_equals(type, "Ingress"))
            directions |= FR_INGRESS_BIT;
        else
            flowrules_input_error(r->in, flowrules_node_place(n), "Ingress or Egress",
                                  "'%.40s' is not a valid type of a policy",
                                  type == NULL ? "..." : type);
    }
    return directions;
}

static struct flowrules_place place_of_rest(struct fr_objects *r, const struct fr_object *object) {
    const flowrules_node *types = flowrules_node_get(object->spec, "policyTypes");
    return fr_objects_place(r, types == NULL ? object->spec : types);
}

static void read_direction(struct fr_objects *r, const struct policy *p,
                           enum flowrules_direction direction) {
    const char *key = rules_key[direction];
    size_t count = flowrules_node_count(flowrules_node_get(p->object->spec, key)), index = 0;
    for (const flowrules_node *n = fr_objects_list(r, p->object->spec, key);
         n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next(n))
        read_rule(r, p, n, fr_objects_flows_of_rule(r, p->object, index++, count), direction);
    fr_objects_rest(r, p->object, direction, p->own, place_of_rest(r, p->object));
}

static void read_policy(struct fr_objects *r, const struct fr_object *object) {
    static const char *const known[] = {"podSelector", "policyTypes", "ingress", "egress", NULL};
    struct fr_selection s = {.all = NULL};
    struct policy p = {.object = object, .namespace = fr_objects_namespace(r, object)};
    if (p.namespace == NULL ||
        !fr_objects_is_map(r, object->spec ? object->spec : object->root, "a policy with a spec"))
        return;
    fr_objects_selection_add(r, &s, "namespace", NULL, p.namespace);
    fr_objects_selection_labels(r, &s, flowrules_node_get(object->spec, "podSelector"), name_pods);
    r->matters = fr_objects_selection_matters(r, &s);
    unsigned directions = r->directions = read_types(r, object->spec);
    fr_objects_hold(r);
    fr_objects_doubt_others(r, object->spec, known);
    if (!fr_objects_selection_is_clear(r, &s))
        return;
    p.own = fr_objects_selection_set(r, &s);
    if (object->network != NULL)
        flowrules_input_label(r->in, p.own, object->network, NULL);
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        r->directions = 1u << d;
        if ((directions & r->directions) != 0)
            read_direction(r, &p, (enum flowrules_direction)d);
    }
}

static void visit(struct fr_objects *r, const struct fr_object *object) {
    if (strcmp(object->kind, "NetworkPolicy") == 0 &&
        strcmp(object->api, "networking.k8s.io/v1") == 0)
        read_policy(r, object);
    else
        fr_objects_other(r, object);
}

void fr_kubernetes_read(flowrules_input *in) {
    struct fr_objects r = {.in = in, .visit = visit};
    fr_objects_note_workloads(&r);
    if (!flowrules_input_failed(in))
        fr_objects_each(&r);
    if (!flowrules_input_failed(in))
        fr_objects_finish(&r);
}
