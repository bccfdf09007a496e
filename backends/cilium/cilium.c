/*
 * cilium: CiliumNetworkPolicy manifests, one for each flow and protected group, and one that denies
 * the rest for each group. Knows the API cilium.io/v2, its names and its entities; knows no L7
 * policy but that of DNS, without which it learns no names. Facts without another source: cilium
 * pkg/policy/api/rule_validation.go, pkg/policy/api/entity.go.
 */
#include <string.h>

#include "objects.h"

static const struct flowrules_manifest manifest = {
    .api = "cilium.io/v2",
    .kind = "CiliumNetworkPolicy",
    .plural = "ciliumnetworkpolicies",
    .selector = "endpointSelector",
    .label_prefix = "k8s:",
    .proviso = "",
    .no_pods = "what is protected here must be pods: a network with a group "
               "'cilium: {namespace: ..., pods: ...}' or 'kubernetes: ...'",
};

enum {
    PORTS_MAX = 40,      /* maxPorts in rule_validation.go: in one entry of toPorts */
    FIELDS_MAX = 40,     /* maxICMPFields: in one entry of icmps */
    PROTECTED_MAX = 4096 /* our own: what is remembered of each */
};

/* What the flows of a network's pods do about names. */
struct asking {
    bool reaches_names;
    bool of_any;     /* they may ask some DNS, and the proxy hears it */
    bool of_cluster; /* they may ask all pods of the cluster's own */
};

struct state {
    /* What the open manifest is for; its rules stand in one list. */
    bool open;
    flowrules_flows flows;
    enum flowrules_direction direction;
    const char *pods;                    /* the network that it protects */
    bool names;                          /* some rule is by name: DNS goes through the proxy */
    struct asking asking[PROTECTED_MAX]; /* by place among the protected networks */
};

static const char *const list_key[][2] = {
    [FLOWRULES_EGRESS] = {[FLOWRULES_ALLOW] = "egress", [FLOWRULES_DENY] = "egressDeny"},
    [FLOWRULES_INGRESS] = {[FLOWRULES_ALLOW] = "ingress", [FLOWRULES_DENY] = "ingressDeny"},
};
static const char *const peer_prefix[] = {"to", "from"};

static flowrules_writer *file(flowrules_output *out) {
    return flowrules_output_file(out, ".yaml", false);
}

/* ---- selectors ----------------------------------------------------------------------------- */

#define NAMESPACES_LABEL "k8s:io.cilium.k8s.namespace.labels."

static bool has_value(const flowrules_output *out, const char *network, const char *key) {
    return flowrules_binding_value(out, network, key, 0) != NULL;
}

/*
 * A selector without a namespace would be of the policy's own, and one that only excludes some
 * would select what is no pod: there is always one that pods have.
 */
static void write_pods(flowrules_output *out, flowrules_writer *w, const char *network) {
    static const char indent[] = "            ";
    const char *namespace = flowrules_pods_one_namespace(out, network);
    const char *head = "        - ";
    if (namespace || has_value(out, network, "namespace-labels") ||
        flowrules_binding_label(out, network, "pods", 0)) {
        flowrules_writef(w, "%smatchLabels:\n", head);
        head = "          ";
    }
    if (namespace) {
        flowrules_writef(w, "%s\"k8s:io.kubernetes.pod.namespace\": ", indent);
        flowrules_yaml_write(w, namespace);
        flowrules_write(w, "\n");
    }
    flowrules_yaml_labels(w, out, network, "namespace-labels", indent, NAMESPACES_LABEL);
    flowrules_yaml_labels(w, out, network, "pods", indent, manifest.label_prefix);
    if (!namespace || has_value(out, network, "namespace-where") ||
        has_value(out, network, "pods-where"))
        flowrules_writef(w, "%smatchExpressions:\n", head);
    if (!namespace)
        flowrules_writef(w, "%s- {key: \"k8s:io.kubernetes.pod.namespace\", operator: Exists}\n",
                         indent);
    flowrules_yaml_expressions(w, out, network, "namespace-where", indent, NAMESPACES_LABEL);
    flowrules_yaml_expressions(w, out, network, "pods-where", indent, manifest.label_prefix);
}

/* ---- ports --------------------------------------------------------------------------------- */

static bool is_icmp(int protocol) {
    return protocol == 1 || protocol == 58;
}

static const char *protocol_word(int protocol) {
    return protocol == 6 ? "TCP" : protocol == 17 ? "UDP" : "SCTP";
}

/* What is said in one list of ports: the questions to the DNS, or all that is no such question. */
enum port_kind { PORTS_DNS, PORTS_OTHER };

static uint16_t dns_port(const flowrules_output *out) {
    return (uint16_t)flowrules_output_number(out, "dns-port");
}

static bool holds_dns(const flowrules_output *out, int protocol, struct flowrules_ports ports) {
    uint16_t port = dns_port(out);
    return (protocol == 6 || protocol == 17) && ports.first <= port && ports.last >= port;
}

/* A port as it is where the packets arrive; pods: the network that maps it, or NULL. */
static struct flowrules_ports arriving(const flowrules_output *out, struct flowrules_ports ports,
                                       const char *pods) {
    if (pods && ports.first == ports.last)
        ports.first = ports.last = flowrules_pods_port(out, pods, ports.first);
    return ports;
}

/* Begins a new list of ports where the last is full. */
static void write_port(flowrules_writer *w, const char *protocol, struct flowrules_ports ports,
                       size_t *count) {
    if ((*count)++ % PORTS_MAX == 0)
        flowrules_write(w, "        - ports:\n");
    flowrules_writef(w, "            - port: \"%u\"\n", ports.first);
    if (ports.last > ports.first)
        flowrules_writef(w, "              endPort: %u\n", ports.last);
    flowrules_writef(w, "              protocol: %s\n", protocol);
}

/* A list of ports in the making, of one kind. */
struct port_list {
    flowrules_output *out;
    flowrules_writer *w;
    const char *pods; /* whose ports they are, or NULL */
    enum port_kind kind;
    bool proxied; /* questions to the DNS stand apart */
    size_t count;
};

static void list_port(struct port_list *l, int protocol, struct flowrules_ports ports) {
    write_port(l->w, protocol_word(protocol), arriving(l->out, ports, l->pods), &l->count);
}

/* A range that holds the port of the DNS: the port itself, or what is below and above it. */
static void list_around_dns(struct port_list *l, int protocol, struct flowrules_ports ports) {
    uint16_t dns = dns_port(l->out);
    if (l->kind == PORTS_DNS) {
        list_port(l, protocol, (struct flowrules_ports){dns, dns});
        return;
    }
    if (ports.first < dns)
        list_port(l, protocol, (struct flowrules_ports){ports.first, (uint16_t)(dns - 1)});
    if (ports.last > dns)
        list_port(l, protocol, (struct flowrules_ports){(uint16_t)(dns + 1), ports.last});
}

/* Port "0" is every port of the protocol; that of the DNS beside it is more specific. */
static void list_service(struct port_list *l, const struct flowrules_service *service) {
    static const struct flowrules_ports every = {0, 0}, all = {0, 65535};
    for (size_t p = 0; p < service->destination_port_count; p++) {
        struct flowrules_ports ports = service->destination_ports[p];
        if (l->proxied && holds_dns(l->out, service->protocol, ports))
            list_around_dns(l, service->protocol, ports);
        else if (l->kind == PORTS_OTHER)
            list_port(l, service->protocol, ports);
    }
    if (service->destination_port_count > 0)
        return;
    if (l->kind == PORTS_OTHER)
        write_port(l->w, protocol_word(service->protocol), every, &l->count);
    else if (l->proxied && holds_dns(l->out, service->protocol, all))
        list_around_dns(l, service->protocol, all);
}

static void write_ports(flowrules_output *out, flowrules_writer *w,
                        const struct flowrules_rule *rule, const char *pods, enum port_kind kind) {
    const struct state *s = flowrules_output_state(out);
    struct port_list l = {.out = out,
                          .w = w,
                          .pods = pods,
                          .kind = kind,
                          .proxied = s->names && rule->action == FLOWRULES_ALLOW &&
                                     rule->direction == FLOWRULES_EGRESS};
    for (size_t i = 0; i < rule->service_count; i++)
        if (!is_icmp(rule->services[i].protocol))
            list_service(&l, &rule->services[i]);
    if (kind == PORTS_DNS && l.count > 0)
        flowrules_write(w, "          rules:\n            dns:\n"
                           "              - matchPattern: \"*\"\n");
}

static void write_icmp(flowrules_writer *w, const struct flowrules_rule *rule) {
    size_t count = 0;
    flowrules_write(w, "      icmps:\n");
    for (size_t i = 0; i < rule->service_count; i++) {
        const struct flowrules_service *service = &rule->services[i];
        if (!is_icmp(service->protocol))
            continue;
        if (count++ % FIELDS_MAX == 0)
            flowrules_write(w, "        - fields:\n");
        flowrules_writef(w, "            - {family: %s, type: %d}\n",
                         service->protocol == 1 ? "IPv4" : "IPv6", service->icmp_type);
    }
}

/* ---- peers --------------------------------------------------------------------------------- */

/* An item of a rule list has peers of one kind alone. */
enum peer_kind { PEERS_ENTITIES, PEERS_ENDPOINTS, PEERS_CIDRS, PEERS_NAMES, PEER_KINDS };

static const char *const peer_suffix[] = {"Entities", "Endpoints", "CIDR", "FQDNs"};

static bool is_entities(const flowrules_output *out, const char *network) {
    return flowrules_binding_value(out, network, "entities", 0) != NULL;
}

/* Both families whole are what Cilium calls the world: what is no pod and no node. */
static bool is_world(struct flowrules_set peers) {
    return flowrules_set_is_all(peers, FLOWRULES_IPV4) &&
           flowrules_set_is_all(peers, FLOWRULES_IPV6);
}

/* The kind of a name or group; PEER_KINDS where its ports put it into an item of its own. */
static enum peer_kind atom_kind(const flowrules_output *out, const struct flowrules_rule *rule,
                                struct flowrules_atom atom) {
    if (atom.kind != FLOWRULES_ATOM_GROUP)
        return PEERS_NAMES;
    if (is_entities(out, atom.name))
        return PEERS_ENTITIES;
    return rule->direction == FLOWRULES_EGRESS && flowrules_pods_map_ports(out, atom.name)
               ? PEER_KINDS
               : PEERS_ENDPOINTS;
}

static bool has_peers(const flowrules_output *out, const struct flowrules_rule *rule,
                      struct flowrules_set peers, enum peer_kind kind) {
    if (flowrules_set_is_any(peers))
        return kind == PEERS_ENTITIES;
    if (kind == PEERS_ENTITIES && (flowrules_set_has_all_atoms(peers) || is_world(peers)))
        return true;
    if (kind == PEERS_CIDRS)
        return !is_world(peers) && (flowrules_set_range_count(peers, FLOWRULES_IPV4) ||
                                    flowrules_set_range_count(peers, FLOWRULES_IPV6));
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++)
        if (atom_kind(out, rule, flowrules_set_atom(peers, i)) == kind)
            return true;
    return false;
}

static void write_blocks(flowrules_writer *w, struct flowrules_set set,
                         enum flowrules_family family) {
    size_t count = flowrules_set_range_count(set, family);
    for (size_t i = 0; i < count; i++) {
        struct flowrules_range range = flowrules_set_range(set, family, i), prefix;
        while (flowrules_range_next_prefix(&range, &prefix)) {
            flowrules_write(w, "        - \"");
            flowrules_write_prefix(w, &prefix);
            flowrules_write(w, "\"\n");
        }
    }
}

/* all is everything; what is left of it without some addresses is the cluster and blocks. */
static void write_own_entities(flowrules_writer *w, struct flowrules_set peers) {
    if (flowrules_set_is_any(peers))
        flowrules_write(w, "        - all\n");
    else if (flowrules_set_has_all_atoms(peers))
        flowrules_write(w, "        - cluster\n");
    else if (is_world(peers))
        flowrules_write(w, "        - world\n");
}

static void write_atom(flowrules_output *out, flowrules_writer *w, struct flowrules_atom atom) {
    const char *entity;
    if (atom.kind == FLOWRULES_ATOM_GROUP && !is_entities(out, atom.name))
        write_pods(out, w, atom.name);
    for (size_t i = 0; atom.kind == FLOWRULES_ATOM_GROUP &&
                       (entity = flowrules_binding_value(out, atom.name, "entities", i)) != NULL;
         i++) {
        flowrules_write(w, "        - ");
        flowrules_write_user(w, &flowrules_yaml_quoted, entity); /* one of a list of words */
        flowrules_write(w, "\n");
    }
    if (atom.kind == FLOWRULES_ATOM_GROUP)
        return;
    flowrules_write(w, atom.kind == FLOWRULES_ATOM_NAME ? "        - matchName: \""
                                                        : "        - matchPattern: \"*.");
    flowrules_write_user(w, &flowrules_yaml_quoted, atom.name);
    flowrules_write(w, "\"\n");
}

static void open_item(flowrules_writer *w, const struct flowrules_rule *rule, enum peer_kind kind) {
    flowrules_write(w, "    - ");
    flowrules_writer_origin(w, rule->flows);
    flowrules_writef(w, "%s%s:\n", peer_prefix[rule->direction], peer_suffix[kind]);
}

static void write_peers(flowrules_output *out, flowrules_writer *w,
                        const struct flowrules_rule *rule, enum peer_kind kind) {
    struct flowrules_set peers = flowrules_rule_peers(rule);
    open_item(w, rule, kind);
    if (kind == PEERS_ENTITIES)
        write_own_entities(w, peers);
    if (kind == PEERS_CIDRS) {
        write_blocks(w, peers, FLOWRULES_IPV4);
        write_blocks(w, peers, FLOWRULES_IPV6);
    }
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++)
        if (atom_kind(out, rule, flowrules_set_atom(peers, i)) == kind)
            write_atom(out, w, flowrules_set_atom(peers, i));
}

/* ---- who asks the DNS ---------------------------------------------------------------------- */

/* How a set is about the cluster's own DNS: not at all, maybe or with some pods of it, with all. */
enum about_dns { DNS_APART, DNS_PARTLY, DNS_WHOLE };

/* How the requirements, or labels, of a key are about what has a label with this value. */
static enum about_dns about_labels(const flowrules_output *out, const char *network,
                                   const char *key, const char *label, const char *value) {
    enum about_dns about = DNS_WHOLE;
    const char *text;
    for (size_t i = 0; (text = flowrules_binding_value(out, network, key, i)) != NULL; i++) {
        const char *own = flowrules_binding_label(out, network, key, i);
        bool requirement = strstr(key, "-where") != NULL;
        if (own == NULL && !requirement)
            continue; /* any */
        if (own != NULL ? strcmp(own, label) == 0 && strcmp(text, value) != 0
                        : !flowrules_requirement_allows(text, label, value))
            return DNS_APART;
        if (own != NULL ? strcmp(own, label) != 0 : !flowrules_requirement_is_of(text, label))
            about = DNS_PARTLY;
    }
    return about;
}

/* The default DNS, pods k8s-app: kube-dns of kube-system, beside the selector of a network. */
static enum about_dns about_kube_dns(const flowrules_output *out, const char *network) {
    static const struct {
        const char *key, *label, *value;
    } asked[] = {
        {"namespace-labels", "kubernetes.io/metadata.name", "kube-system"},
        {"namespace-where", "kubernetes.io/metadata.name", "kube-system"},
        {"pods", "k8s-app", "kube-dns"},
        {"pods-where", "k8s-app", "kube-dns"},
    };
    const char *namespace = flowrules_pods_one_namespace(out, network);
    enum about_dns least = DNS_WHOLE;
    if (namespace != NULL && strcmp(namespace, "kube-system") != 0)
        return DNS_APART;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        enum about_dns own =
            about_labels(out, network, asked[i].key, asked[i].label, asked[i].value);
        least = own < least ? own : least;
    }
    return least;
}

static enum about_dns about_atom(const flowrules_output *out, struct flowrules_atom atom) {
    const char *dns = flowrules_output_setting(out, "dns"), *entity;
    if (atom.kind != FLOWRULES_ATOM_GROUP)
        return DNS_APART;
    for (size_t i = 0; (entity = flowrules_binding_value(out, atom.name, "entities", i)) != NULL;
         i++)
        if (strcmp(entity, "cluster") == 0)
            return DNS_WHOLE;
    if (is_entities(out, atom.name))
        return DNS_APART;
    if (dns == NULL)
        return about_kube_dns(out, atom.name);
    if (flowrules_pods_cover(out, atom.name, dns))
        return DNS_WHOLE;
    return flowrules_pods_may_meet(out, atom.name, dns) ? DNS_PARTLY : DNS_APART;
}

static enum about_dns about_dns(const flowrules_output *out, struct flowrules_set set) {
    enum about_dns most = flowrules_set_has_all_atoms(set) ? DNS_WHOLE : DNS_APART;
    for (size_t i = 0; i < flowrules_set_atom_count(set) && most != DNS_WHOLE; i++) {
        enum about_dns own = about_atom(out, flowrules_set_atom(set, i));
        most = own > most ? own : most;
    }
    return most;
}

/* Is a flow about questions to some DNS, as its ports say: UDP to the DNS' own? */
static bool is_for_dns(const flowrules_output *out, const struct flowrules_rule *flow) {
    static const struct flowrules_ports all = {0, 65535};
    for (size_t i = 0; i < flow->service_count; i++) {
        const struct flowrules_service *service = &flow->services[i];
        if (service->protocol == 17 && service->destination_port_count == 0)
            return holds_dns(out, 17, all);
        for (size_t p = 0; p < service->destination_port_count; p++)
            if (service->protocol == 17 && holds_dns(out, 17, service->destination_ports[p]))
                return true;
    }
    return false;
}

static bool has_names_in(struct flowrules_set set) {
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++)
        if (flowrules_set_atom(set, i).kind != FLOWRULES_ATOM_GROUP)
            return true;
    return false;
}

/* Adds what a flow, or a rule, lets its pods do about names. */
static void add_asking(const flowrules_output *out, const struct flowrules_rule *flow,
                       struct asking *a) {
    if (flow->action == FLOWRULES_DENY || flow->direction == FLOWRULES_INGRESS)
        return;
    a->reaches_names = a->reaches_names || has_names_in(flow->destination);
    /* One for every protocol has no list of ports, in which the proxy would be named. */
    if (!is_for_dns(out, flow))
        return;
    a->of_any = true;
    a->of_cluster = a->of_cluster || about_dns(out, flow->destination) == DNS_WHOLE;
}

/* ---- rules --------------------------------------------------------------------------------- */

/* What the services of one item may be together: nothing (every protocol), ports, or ICMP. */
enum part { PART_EVERY, PART_PORTS, PART_ICMP, PARTS };

static bool has_part(const struct flowrules_rule *rule, enum part part) {
    bool has[PARTS] = {false, false, false};
    for (size_t i = 0; i < rule->service_count; i++) {
        int protocol = rule->services[i].protocol;
        has[protocol < 0 ? PART_EVERY : is_icmp(protocol) ? PART_ICMP : PART_PORTS] = true;
    }
    return has[part] && (part == PART_EVERY || !has[PART_EVERY]);
}

static void write_part(flowrules_output *out, flowrules_writer *w,
                       const struct flowrules_rule *rule, enum part part, const char *pods) {
    if (part == PART_ICMP)
        write_icmp(w, rule);
    if (part != PART_PORTS)
        return;
    flowrules_write(w, "      toPorts:\n");
    write_ports(out, w, rule, pods, PORTS_DNS);
    write_ports(out, w, rule, pods, PORTS_OTHER);
}

static void write_items(flowrules_output *out, flowrules_writer *w,
                        const struct flowrules_rule *rule, const char *pods, enum part part) {
    struct flowrules_set peers = flowrules_rule_peers(rule);
    const char *own_ports = rule->direction == FLOWRULES_INGRESS ? pods : NULL;
    for (int kind = 0; kind < PEER_KINDS; kind++) {
        if (!has_peers(out, rule, peers, (enum peer_kind)kind))
            continue;
        write_peers(out, w, rule, (enum peer_kind)kind);
        write_part(out, w, rule, part, own_ports);
    }
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++) {
        struct flowrules_atom atom = flowrules_set_atom(peers, i);
        if (atom_kind(out, rule, atom) != PEER_KINDS)
            continue;
        open_item(w, rule, PEERS_ENDPOINTS);
        write_pods(out, w, atom.name);
        write_part(out, w, rule, part, atom.name);
    }
}

static void open_rule(flowrules_output *out, flowrules_writer *w,
                      const struct flowrules_rule *rule) {
    flowrules_manifest_of_flows(w, out, &manifest, rule);
    flowrules_writef(w, "  %s:\n", list_key[rule->direction][rule->action]);
    /* The annotations have the flow itself. */
    const char *more =
        flowrules_output_notes(out, &flowrules_yaml_comment,
                               FLOWRULES_NOTE_PINS | FLOWRULES_NOTE_LOSSES, rule->flows, NULL);
    if (more[0] != '\0')
        flowrules_writef(w, "    # %s\n", more);
}

/* Remembers of the protected pods what their rules do about names. */
static void note_asking(flowrules_output *out, struct state *s, const struct flowrules_rule *rule,
                        const char *pods) {
    struct flowrules_set all = flowrules_output_protects(out);
    size_t count = flowrules_set_atom_count(all), place = 0;
    while (place < count && strcmp(flowrules_set_atom(all, place).name, pods) != 0)
        place++;
    if (s->names && place < count && place < PROTECTED_MAX) /* more were refused at the head */
        add_asking(out, rule, &s->asking[place]);
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    struct state *s = flowrules_output_state(out);
    flowrules_writer *w = file(out);
    const char *pods = flowrules_set_atom(flowrules_rule_protected(r), 0).name;
    if (!s->open || s->flows != r->flows || s->direction != r->direction || s->pods != pods) {
        open_rule(out, w, r);
        s->open = true;
        s->flows = r->flows;
        s->direction = r->direction;
        s->pods = pods;
    }
    for (int part = 0; part < PARTS; part++)
        if (has_part(r, (enum part)part))
            write_items(out, w, r, pods, (enum part)part);
    note_asking(out, s, r, pods);
}

/* ---- what can't be said -------------------------------------------------------------------- */

static const char *refuses_service(const flowrules_output *out, const struct flowrules_rule *flow,
                                   const struct flowrules_service *service) {
    if (is_icmp(service->protocol) && service->icmp_type < 0)
        return "all of ICMP can't be said here\nname its types";
    if (service->icmp_code >= 0)
        return "ICMP codes can't be told apart here\nleave them out";
    for (size_t p = 0; p < service->destination_port_count; p++) {
        if (service->destination_ports[p].first == 0)
            return "port 0 can't be said here: it means every port";
        if (flowrules_pods_hide_port(out, flow->destination, service->destination_ports[p]))
            return "a range of ports holds one of 'target-ports'\nname them one by one";
    }
    return NULL;
}

static const char *refuses(const flowrules_output *out, const struct flowrules_rule *flow) {
    const char *why = flowrules_pods_refuse_ends(out, flow, manifest.no_pods);
    for (size_t i = 0; i < flow->service_count && !why; i++)
        why = refuses_service(out, flow, &flow->services[i]);
    return why;
}

/* ---- default denies and DNS ---------------------------------------------------------------- */

/* none is an entity that nothing is: such a rule denies by default, and allows nothing. */
static void write_default_deny(flowrules_output *out, size_t index) {
    flowrules_writer *w = file(out);
    flowrules_manifest_of_network(w, out, &manifest, "-default-deny.", index);
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++)
        if (flowrules_output_enforces(out, d))
            flowrules_writef(w, "  %s:\n    - %sEntities: [none]\n", list_key[d][FLOWRULES_ALLOW],
                             peer_prefix[d]);
}

static void write_dns(flowrules_output *out, size_t index) {
    flowrules_writer *w = file(out);
    const char *dns = flowrules_output_setting(out, "dns");
    uint16_t port = dns_port(out);
    flowrules_manifest_of_network(w, out, &manifest, "-dns.", index);
    flowrules_write(w, "  egress:\n    - toEndpoints:\n");
    if (dns)
        write_pods(out, w, dns);
    else
        flowrules_write(w, "        - matchLabels:\n"
                           "            \"k8s:io.kubernetes.pod.namespace\": kube-system\n"
                           "            \"k8s:k8s-app\": kube-dns\n");
    flowrules_writef(w,
                     "      toPorts:\n        - ports:\n            - port: \"%u\"\n"
                     "              protocol: ANY\n          rules:\n            dns:\n"
                     "              - matchPattern: \"*\"\n",
                     dns ? flowrules_pods_port(out, dns, port) : port);
}

/* What pods do about names, under their own network's name; who they ask, under a wider one's too.
 */
static struct asking asking_of(const flowrules_output *out, const struct state *s,
                               struct flowrules_set all, size_t index) {
    struct asking a = s->asking[index];
    const char *own = flowrules_set_atom(all, index).name;
    for (size_t i = 0; a.reaches_names && i < flowrules_set_atom_count(all) && i < PROTECTED_MAX;
         i++) {
        const struct asking *wide = &s->asking[i];
        if (wide->of_any && flowrules_pods_cover(out, flowrules_set_atom(all, i).name, own)) {
            a.of_any = true;
            a.of_cluster = a.of_cluster || wide->of_cluster;
        }
    }
    return a;
}

static void end(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    struct flowrules_set all = flowrules_output_protects(out);
    bool baseline = flowrules_output_has(out, FLOWRULES_BASELINE_DNS);
    for (size_t i = 0; i < flowrules_set_atom_count(all) && i < PROTECTED_MAX; i++) {
        struct asking a = asking_of(out, s, all, i);
        if (a.reaches_names && !baseline && !a.of_any)
            flowrules_output_refuse(out,
                                    "the pods of '%s' reach names, and no flow lets them ask the "
                                    "DNS: add one over UDP, or leave the baseline on",
                                    flowrules_set_atom(all, i).name);
        if (a.reaches_names && baseline && !a.of_cluster)
            write_dns(out, i);
    }
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++)
        if (!flowrules_pods_are_repeated(out, i))
            write_default_deny(out, i);
}

/* ---- the baseline, for a comparison -------------------------------------------------------- */

enum { KEYS_MAX = 64 }; /* our own: labels of one network */

/* The pods of a network as a group. */
static struct flowrules_set group_of(const flowrules_output *out, flowrules_input *in,
                                     const char *network) {
    static const char *const own[] = {"namespace-labels", "namespace-where", "pods", "pods-where"};
    struct flowrules_group_key keys[KEYS_MAX];
    const char *namespace = flowrules_pods_one_namespace(out, network), *value;
    size_t count = 0;
    if (namespace != NULL)
        keys[count++] = (struct flowrules_group_key){"namespace", NULL, namespace};
    for (size_t k = 0; k < sizeof own / sizeof own[0]; k++)
        for (size_t i = 0;
             count < KEYS_MAX && (value = flowrules_binding_value(out, network, own[k], i)) != NULL;
             i++)
            keys[count++] = (struct flowrules_group_key){
                own[k], flowrules_binding_label(out, network, own[k], i), value};
    return flowrules_input_group(in, keys, count);
}

static bool has_network(struct flowrules_set set, const char *network) {
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++)
        if (strcmp(flowrules_set_atom(set, i).name, network) == 0)
            return true;
    return false;
}

static bool covers_network(const flowrules_output *out, struct flowrules_set set,
                           const char *network) {
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++)
        if (flowrules_pods_cover(out, flowrules_set_atom(set, i).name, network))
            return true;
    return false;
}

/* Do pods that reach names lack a flow to the cluster's own DNS? */
static bool needs_dns(const flowrules_output *out, const char *network) {
    struct asking own = {false, false, false}, all = own;
    struct flowrules_rule flow;
    for (size_t i = 0; flowrules_output_flow(out, i, &flow); i++) {
        if (has_network(flow.source, network))
            add_asking(out, &flow, &own);
        if (covers_network(out, flow.source, network))
            add_asking(out, &flow, &all);
    }
    return own.reaches_names && !all.of_cluster;
}

/* Do some of the pods of a deny reach names? */
static bool denies_namers(const flowrules_output *out, const struct flowrules_rule *deny) {
    struct flowrules_rule flow;
    for (size_t i = 0; flowrules_output_flow(out, i, &flow); i++) {
        if (flow.action == FLOWRULES_DENY || flow.direction == FLOWRULES_INGRESS ||
            !has_names_in(flow.destination))
            continue;
        for (size_t a = 0; a < flowrules_set_atom_count(flow.source); a++)
            for (size_t b = 0; b < flowrules_set_atom_count(deny->source); b++)
                if (flowrules_pods_may_meet(out, flowrules_set_atom(flow.source, a).name,
                                            flowrules_set_atom(deny->source, b).name))
                    return true;
    }
    return false;
}

static bool says_every_protocol(const struct flowrules_rule *flow) {
    for (size_t i = 0; i < flow->service_count; i++)
        if (flow->services[i].protocol < 0)
            return true;
    return false;
}

/* Ports of the API server and the kubelets, by Kubernetes' page "Ports and Protocols". */
static bool is_for_nodes(const struct flowrules_rule *flow) {
    static const uint16_t ports[] = {6443, 10250};
    for (size_t i = 0; i < flow->service_count; i++)
        for (size_t p = 0; p < flow->services[i].destination_port_count; p++)
            for (size_t n = 0; n < sizeof ports / sizeof *ports; n++)
                if (flow->services[i].protocol == 6 &&
                    flow->services[i].destination_ports[p].first == ports[n] &&
                    flow->services[i].destination_ports[p].last == ports[n])
                    return true;
    return false;
}

static bool has_addresses(struct flowrules_set set) {
    return !flowrules_set_is_any(set) && (flowrules_set_range_count(set, FLOWRULES_IPV4) > 0 ||
                                          flowrules_set_range_count(set, FLOWRULES_IPV6) > 0);
}

/* A CIDR never matches nodes, and a deny beats every allow, that to the DNS too. */
static const char *warns(const flowrules_output *out, const struct flowrules_rule *flow) {
    if (flow->direction == FLOWRULES_EGRESS && is_for_nodes(flow) &&
        has_addresses(flow->destination))
        return "to Cilium an address is never a node or the API server of its own cluster: where "
               "the "
               "destination is one, give its network cilium: {entities: [kube-apiserver]}, or "
               "[host, "
               "remote-node]";
    if (flow->action == FLOWRULES_ALLOW || flow->direction == FLOWRULES_INGRESS ||
        !(is_for_dns(out, flow) || says_every_protocol(flow)) ||
        about_dns(out, flow->destination) == DNS_APART || !denies_namers(out, flow))
        return NULL;
    return "it shuts the cluster's DNS to pods that reach names, which then never resolve";
}

static void baseline(const flowrules_output *out, flowrules_input *in) {
    static const struct flowrules_group_key kube_dns[] = {{"namespace", NULL, "kube-system"},
                                                          {"pods", "k8s-app", "kube-dns"}};
    struct flowrules_set all = flowrules_output_protects(out);
    const char *dns = flowrules_output_setting(out, "dns");
    uint16_t own = dns_port(out);
    uint16_t port = dns != NULL ? flowrules_pods_port(out, dns, own) : own;
    struct flowrules_ports ports = {port, port};
    struct flowrules_service services[3];
    for (size_t i = 0; i < 3; i++)
        services[i] = (struct flowrules_service){.protocol = (int[]){6, 17, 132}[i],
                                                 .destination_ports = &ports,
                                                 .destination_port_count = 1,
                                                 .icmp_type = -1,
                                                 .icmp_code = -1};
    struct flowrules_read_rule rule = {.direction = FLOWRULES_EGRESS,
                                       .verdict = FLOWRULES_PASS,
                                       .destination = dns != NULL
                                                          ? group_of(out, in, dns)
                                                          : flowrules_input_group(in, kube_dns, 2),
                                       .services = services,
                                       .service_count = 3};
    bool on = flowrules_output_has(out, FLOWRULES_BASELINE_DNS) &&
              flowrules_output_enforces(out, FLOWRULES_EGRESS);
    for (size_t i = 0; on && i < flowrules_set_atom_count(all); i++) {
        const char *network = flowrules_set_atom(all, i).name;
        rule.source = group_of(out, in, network);
        if (needs_dns(out, network))
            flowrules_input_rule(in, &rule);
    }
}

/* ---- the head ------------------------------------------------------------------------------ */

static bool has_names(flowrules_output *out) {
    for (size_t i = 0; i < flowrules_output_set_count(out); i++) {
        struct flowrules_set set = flowrules_output_set(out, i);
        for (size_t k = 0; k < flowrules_set_atom_count(set); k++)
            if (flowrules_set_atom(set, k).kind != FLOWRULES_ATOM_GROUP)
                return true;
    }
    return false;
}

static bool any_addresses(flowrules_output *out) {
    for (size_t i = 0; i < flowrules_output_set_count(out); i++)
        if (has_addresses(flowrules_output_set(out, i)))
            return true;
    return false;
}

static void begin(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    flowrules_writer *w = file(out);
    const char *dns = flowrules_output_setting(out, "dns");
    flowrules_manifest_head(w, out, &manifest);
    if (flowrules_set_atom_count(flowrules_output_protects(out)) > PROTECTED_MAX)
        flowrules_output_refuse(out, "more than %d protected networks", PROTECTED_MAX);
    if (dns && (is_entities(out, dns) || flowrules_pods_unselectable(out, dns)))
        flowrules_output_refuse(out, "'dns: %s' is no network of pods", dns);
    if (any_addresses(out))
        flowrules_write(
            w, "# Addresses (CIDRs) match what is outside the cluster: never its pods, nodes "
               "or API server,\n# whichever theirs are. Nodes and the API server are "
               "entities: kubelets, say, and probes.\n");
    s->names = has_names(out);
    if (s->names)
        flowrules_write(w,
                        "# Names are learnt from the pods' own questions to the DNS, which pass "
                        "Cilium's proxy.\n"
                        "# Any name may be asked for (matchPattern \"*\"): pods try their search "
                        "domains first, as in\n"
                        "# NAME.NAMESPACE.svc.cluster.local. An answer opens the name that was "
                        "asked for alone.\n");
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct flowrules_setting settings[] = {
    {.key = "namespace",
     .type = "namespace",
     .help = "of the networks whose group has none of its own"},
    {.key = "instance",
     .type = "name",
     .help = "a word that no other policy in the cluster has: names begin with it, the label "
             "app.kubernetes.io/instance has it; default the target's name"},
    {.key = "dns",
     .type = "name",
     .help = "the network of the cluster's DNS, for pods that reach names though no flow lets "
             "them ask; default the pods k8s-app: kube-dns of kube-system"},
    {.key = "dns-port",
     .type = "integer 1 65535",
     .fallback = "53",
     .help = "the port of the DNS, as flows have it"},
    {.key = NULL},
};

static const struct flowrules_setting bindings[] = {
    {.key = "namespace",
     .type = "namespace",
     .help = "the pods' namespace; any: all; absent: the target's setting"},
    {.key = "namespace-labels", .type = "selector", .help = "labels that the namespace has too"},
    {.key = "namespace-where",
     .type = "requirements",
     .help = "what else is asked of the namespace's labels, as in pods-where"},
    {.key = "pods", .type = "selector", .help = "labels of the pods; any, or absent: all of them"},
    {.key = "pods-where",
     .type = "requirements",
     .help = "what else is asked of the pods' labels, all of it, as kubectl's -l has it: gpu, "
             "\"!gpu\", tier in (web, api), tier notin (db)"},
    {.key = "service",
     .aside = true,
     .type = "namespace",
     .help = "the Service before the pods, for people"},
    {.key = "target-ports",
     .aside = true,
     .type = "ports",
     .help = "ports of that Service with the pods' own where they differ, such as {53: 5353}"},
    {.key = "entities",
     .type = "list choice world|cluster|host|remote-node|kube-apiserver|ingress|health|init|"
             "unmanaged",
     .help = "instead of pods: what Cilium knows by a word"},
    {.key = NULL},
};

static const struct flowrules_limit limits[] = {
    {"bytes of a name", 253, "DNS-1123 subdomain, kubernetes.io: object names and IDs"},
    {"bytes of a label's value", 63, "kubernetes.io: labels and selectors"},
    {"ports in one list", PORTS_MAX, "maxPorts, cilium pkg/policy/api/rule_validation.go"},
    {"ICMP types in one list", FIELDS_MAX,
     "maxICMPFields, cilium pkg/policy/api/rule_validation.go"},
    {"bytes of a manifest", FLOWRULES_MANIFEST_BYTES,
     "TotalAnnotationSizeLimitB, k8s.io/apimachinery pkg/api/validation/objectmeta.go: kubectl "
     "apply keeps a copy in an annotation"},
    {.name = NULL},
};

static const uint8_t protocols[] = {1, 6, 17, 58, 132}; /* ICMP, TCP, UDP, ICMPv6, SCTP */

static const struct flowrules_format formats[] = {
    {.name = "yaml",
     .help = "manifests for kubectl apply",
     .begin = begin,
     .rule = rule,
     .end = end},
    {.name = NULL},
};

extern const struct flowrules_backend flowrules_backend_cilium;
const struct flowrules_backend flowrules_backend_cilium = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "cilium",
    .title = "CiliumNetworkPolicy",
    .description = "CiliumNetworkPolicy manifests: pods, entities, addresses and DNS names",
    .capabilities = {.placement = FLOWRULES_ATTACHED,
                     .evaluation = FLOWRULES_FIRST_MATCH,
                     .denies = FLOWRULES_DENIES_FIRST,
                     .permits_note =
                         "a policy closes the pods that it selects to all that it does not allow",
                     .families = FLOWRULES_BOTH_FAMILIES,
                     .mixed_families = true,
                     .names = true,
                     .wildcards = FLOWRULES_WILDCARDS_ONE_LABEL,
                     .groups = true,
                     .pod_groups = true,
                     .one_protected = true,
                     .baseline = FLOWRULES_BASELINE_DNS,
                     .baseline_behind = true,
                     .prefixes = true,
                     .protocols = protocols,
                     .protocol_count = sizeof protocols,
                     .no_port_zero = true,
                     .icmp_types = true,
                     .name_max = 189, /* 253 without the instance and a '-' */
                     .name_extra = "-",
                     .name_lower = true},
    .state_size = sizeof(struct state),
    .formats = formats,
    .settings = settings,
    .bindings = bindings,
    .bindings_of = "kubernetes",
    .limits = limits,
    .refuses = refuses,
    .warns = warns,
    .read = fr_cilium_read,
    .baseline = baseline,
};
