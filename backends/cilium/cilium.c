/*
 * cilium: CiliumNetworkPolicy manifests, one for each group of protected pods: the rules of all its
 * flows in both directions, and what none of them allows is denied. Knows the API cilium.io/v2, its
 * names and its entities; knows no L7 policy but that of DNS, without which it learns no names.
 * Facts without another source: cilium pkg/policy/api/rule_validation.go, pkg/policy/api/entity.go.
 */
#include "cilium.h"

#include <stdio.h>
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/flows.h"
#include "flowrules/kits/pods.h"
#include "flowrules/kits/whole.h"

#define NO_PODS                                                                                    \
    "this platform can protect only pods: a network with a group 'cilium: {namespace: ..., pods: " \
    "...}' or 'kubernetes: ...'"

static const struct flowrules_manifest manifest = {
    .api = "cilium.io/v2",
    .kind = "CiliumNetworkPolicy",
    .plural = "ciliumnetworkpolicies",
    .selector = "endpointSelector",
    .label_prefix = "k8s:",
    .proviso = "",
    .permits =
        "permits for pods that others protect too.\n"
        "# They close no pods, by enableDefaultDeny, and what no policy allows passes where none\n"
        "# of the others does. Cilium before 1.16, and an agent with\n"
        "# enable-non-default-deny-policies false, don't heed it: there they would close the pods",
    .no_pods = NO_PODS,
};

enum {
    PORTS_MAX = 40,       /* maxPorts in rule_validation.go: in one entry of toPorts */
    FIELDS_MAX = 40,      /* maxICMPFields: in one entry of icmps */
    PROTECTED_MAX = 4096, /* our own: what is remembered of each */
    ITEMS_MAX = 200000    /* our own: bytes of rules in a manifest; more go into a further one */
};

/*
 * The parts of the open manifest: its four lists, by direction and action, and of each the flows of
 * its items; the same of the rule that is written; the flows of all lists.
 */
enum {
    LISTS = 4,
    PART_LISTS = 0,
    PART_NAMES = LISTS,
    PART_RULE = 2 * LISTS,
    PART_RULE_NAMES,
    PART_ALL
};

struct state {
    bool open, several; /* several: of other flows than the first ones, too */
    flowrules_flows first, last[LISTS];
    const char *pods; /* the network that it protects */
    unsigned number;  /* from 1, of the manifests for these pods */
    bool names;       /* some rule is by name: DNS goes through the proxy */
    struct fr_cilium_asking asking[PROTECTED_MAX]; /* by the first network of the same pods */
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

static unsigned list_of(enum flowrules_direction direction, enum flowrules_action action) {
    return (unsigned)direction * 2 + (action == FLOWRULES_ALLOW ? 1 : 0); /* denies first */
}

static bool has_value(const flowrules_plan *plan, const char *network, const char *key) {
    return flowrules_binding_value(plan, network, key, 0) != NULL;
}

/*
 * A selector without a namespace would be of the policy's own, and one that only excludes some
 * would select what is no pod: there is always one that pods have.
 */
static void write_pods(const flowrules_plan *plan, flowrules_writer *w, const char *network) {
    static const char indent[] = "            ";
    const char *namespace = flowrules_pods_one_namespace(plan, network);
    const char *head = "        - ";
    if (namespace || has_value(plan, network, "namespace-labels") ||
        flowrules_binding_label(plan, network, "pods", 0)) {
        flowrules_writef(w, "%smatchLabels:\n", head);
        head = "          ";
    }
    if (namespace) {
        flowrules_writef(w, "%s\"k8s:io.kubernetes.pod.namespace\": ", indent);
        flowrules_yaml_write(w, namespace);
        flowrules_write(w, "\n");
    }
    flowrules_yaml_labels(w, plan, network, "namespace-labels", indent, NAMESPACES_LABEL);
    flowrules_yaml_labels(w, plan, network, "pods", indent, manifest.label_prefix);
    if (!namespace || has_value(plan, network, "namespace-where") ||
        has_value(plan, network, "pods-where"))
        flowrules_writef(w, "%smatchExpressions:\n", head);
    if (!namespace)
        flowrules_writef(w, "%s- {key: \"k8s:io.kubernetes.pod.namespace\", operator: Exists}\n",
                         indent);
    flowrules_yaml_expressions(w, plan, network, "namespace-where", indent, NAMESPACES_LABEL);
    flowrules_yaml_expressions(w, plan, network, "pods-where", indent, manifest.label_prefix);
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

/* A port as it is where the packets arrive; pods: the network that maps it, or NULL. */
static struct flowrules_ports arriving(const flowrules_plan *plan, struct flowrules_ports ports,
                                       const char *pods) {
    if (pods && ports.first == ports.last)
        ports.first = ports.last = flowrules_pods_port(plan, pods, ports.first);
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
    write_port(l->w, protocol_word(protocol),
               arriving(flowrules_output_plan(l->out), ports, l->pods), &l->count);
}

/* A range that holds the port of the DNS: the port itself, or what is below and above it. */
static void list_around_dns(struct port_list *l, int protocol, struct flowrules_ports ports) {
    uint16_t dns = fr_cilium_dns_port(flowrules_output_plan(l->out));
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
        if (l->proxied &&
            fr_cilium_holds_dns(flowrules_output_plan(l->out), service->protocol, ports))
            list_around_dns(l, service->protocol, ports);
        else if (l->kind == PORTS_OTHER)
            list_port(l, service->protocol, ports);
    }
    if (service->destination_port_count > 0)
        return;
    if (l->kind == PORTS_OTHER)
        write_port(l->w, protocol_word(service->protocol), every, &l->count);
    else if (l->proxied &&
             fr_cilium_holds_dns(flowrules_output_plan(l->out), service->protocol, all))
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

/* Both families whole are what Cilium calls the world: what is no pod and no node. */
static bool is_world(struct flowrules_set peers) {
    return flowrules_set_is_all(peers, FLOWRULES_IPV4) &&
           flowrules_set_is_all(peers, FLOWRULES_IPV6);
}

/* The kind of a name or group; PEER_KINDS where its ports put it into an item of its own. */
static enum peer_kind atom_kind(const flowrules_plan *plan, const struct flowrules_rule *rule,
                                struct flowrules_atom atom) {
    if (atom.kind != FLOWRULES_ATOM_GROUP)
        return PEERS_NAMES;
    if (fr_cilium_is_entities(plan, atom.name))
        return PEERS_ENTITIES;
    return rule->direction == FLOWRULES_EGRESS && flowrules_pods_map_ports(plan, atom.name)
               ? PEER_KINDS
               : PEERS_ENDPOINTS;
}

static bool has_peers(const flowrules_plan *plan, const struct flowrules_rule *rule,
                      struct flowrules_set peers, enum peer_kind kind) {
    if (flowrules_set_is_any(peers))
        return kind == PEERS_ENTITIES;
    if (kind == PEERS_ENTITIES && (flowrules_set_has_all_atoms(peers) || is_world(peers)))
        return true;
    if (kind == PEERS_CIDRS)
        return !is_world(peers) && (flowrules_set_range_count(peers, FLOWRULES_IPV4) ||
                                    flowrules_set_range_count(peers, FLOWRULES_IPV6));
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++)
        if (atom_kind(plan, rule, flowrules_set_atom(peers, i)) == kind)
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

static void write_atom(const flowrules_plan *plan, flowrules_writer *w,
                       struct flowrules_atom atom) {
    const char *entity;
    if (atom.kind == FLOWRULES_ATOM_GROUP && !fr_cilium_is_entities(plan, atom.name))
        write_pods(plan, w, atom.name);
    for (size_t i = 0; atom.kind == FLOWRULES_ATOM_GROUP &&
                       (entity = flowrules_binding_value(plan, atom.name, "entities", i)) != NULL;
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

static void open_item(flowrules_output *out, flowrules_writer *w, const struct flowrules_rule *rule,
                      enum peer_kind kind) {
    flowrules_writer *names = flowrules_output_part(out, PART_RULE_NAMES);
    flowrules_write(names, flowrules_writer_size(names) > 0 ? "; " : "");
    flowrules_write_flows(names, out, &flowrules_yaml_quoted, rule->flows);
    flowrules_write(w, "    - ");
    flowrules_writer_origin(w, rule->flows);
    flowrules_writef(w, "%s%s:\n", peer_prefix[rule->direction], peer_suffix[kind]);
}

static void write_peers(flowrules_output *out, flowrules_writer *w,
                        const struct flowrules_rule *rule, enum peer_kind kind) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct flowrules_set peers = flowrules_rule_peers(rule);
    open_item(out, w, rule, kind);
    if (kind == PEERS_ENTITIES)
        write_own_entities(w, peers);
    if (kind == PEERS_CIDRS) {
        write_blocks(w, peers, FLOWRULES_IPV4);
        write_blocks(w, peers, FLOWRULES_IPV6);
    }
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++)
        if (atom_kind(plan, rule, flowrules_set_atom(peers, i)) == kind)
            write_atom(plan, w, flowrules_set_atom(peers, i));
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
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct flowrules_set peers = flowrules_rule_peers(rule);
    const char *own_ports = rule->direction == FLOWRULES_INGRESS ? pods : NULL;
    for (int kind = 0; kind < PEER_KINDS; kind++) {
        if (!has_peers(plan, rule, peers, (enum peer_kind)kind))
            continue;
        write_peers(out, w, rule, (enum peer_kind)kind);
        write_part(out, w, rule, part, own_ports);
    }
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++) {
        struct flowrules_atom atom = flowrules_set_atom(peers, i);
        if (atom_kind(plan, rule, atom) != PEER_KINDS)
            continue;
        open_item(out, w, rule, PEERS_ENDPOINTS);
        write_pods(plan, w, atom.name);
        write_part(out, w, rule, part, atom.name);
    }
}

/* ---- manifests ----------------------------------------------------------------------------- */

/* That the pods of this protected network have a manifest; false where that was known. */
static bool note_manifest(flowrules_output *out, size_t index) {
    char text[40];
    snprintf(text, sizeof text, "%zu", index);
    return flowrules_output_once(out, text);
}

static bool is_empty(flowrules_output *out, unsigned part) {
    return flowrules_writer_size(flowrules_output_part(out, part)) == 0;
}

/*
 * An item that is of no flow, in a list. The text stands in its place among the flows of the items,
 * where the manifest has any.
 */
static flowrules_writer *open_own_item(flowrules_output *out, unsigned list, const char *text,
                                       const char *network) {
    const struct state *s = flowrules_output_state(out);
    flowrules_writer *names = flowrules_output_part(out, PART_NAMES + list);
    if (s->open) {
        flowrules_write(names, flowrules_writer_size(names) > 0 ? "; " : "");
        flowrules_write(names, text);
        flowrules_write_user(names, &flowrules_yaml_quoted, network);
    }
    return flowrules_output_part(out, PART_LISTS + list);
}

static void write_dns(flowrules_output *out, const char *network) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *dns = flowrules_plan_setting(plan, "dns");
    uint16_t port = fr_cilium_dns_port(plan);
    flowrules_writer *w =
        open_own_item(out, list_of(FLOWRULES_EGRESS, FLOWRULES_ALLOW), "DNS of ", network);
    flowrules_write(w, "    # DNS, for the names above\n    - toEndpoints:\n");
    if (dns)
        write_pods(plan, w, dns);
    else
        flowrules_write(w, "        - matchLabels:\n"
                           "            \"k8s:io.kubernetes.pod.namespace\": kube-system\n"
                           "            \"k8s:k8s-app\": kube-dns\n");
    flowrules_writef(w,
                     "      toPorts:\n        - ports:\n            - port: \"%u\"\n"
                     "              protocol: ANY\n          rules:\n            dns:\n"
                     "              - matchPattern: \"*\"\n",
                     dns ? flowrules_pods_port(plan, dns, port) : port);
}

/*
 * Denies the directions that have no rule of these pods, unless a policy for more pods does. none
 * is an entity that nothing is: such a rule denies by default, and allows nothing.
 */
static void write_default_denies(flowrules_output *out, size_t index) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    if (flowrules_plan_permits(plan) || flowrules_pods_are_repeated(plan, index))
        return;
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++)
        if (flowrules_plan_enforces(plan, d) &&
            is_empty(out, PART_LISTS + list_of(d, FLOWRULES_ALLOW)) &&
            is_empty(out, PART_LISTS + list_of(d, FLOWRULES_DENY)))
            flowrules_writef(open_own_item(out, list_of(d, FLOWRULES_ALLOW), "-", ""),
                             "    - %sEntities: [none]\n", peer_prefix[d]);
}

/* What pods do about names; who they ask, under a wider network's name too. */
static struct fr_cilium_asking asking_of(const flowrules_plan *plan, const struct state *s,
                                         size_t index) {
    struct flowrules_set all = flowrules_plan_protects(plan);
    struct fr_cilium_asking a = s->asking[index];
    const char *own = flowrules_set_atom(all, index).name;
    for (size_t i = 0; a.reaches_names && i < flowrules_set_atom_count(all) && i < PROTECTED_MAX;
         i++) {
        const struct fr_cilium_asking *wide = &s->asking[i];
        if (wide->of_any && flowrules_pods_cover(plan, flowrules_set_atom(all, i).name, own)) {
            a.of_any = true;
            a.of_cluster = a.of_cluster || wide->of_cluster;
        }
    }
    return a;
}

/* Do pods that reach names lack a flow to the cluster's own DNS? */
static bool needs_dns(const flowrules_plan *plan, const struct state *s, size_t index) {
    struct fr_cilium_asking a = asking_of(plan, s, index);
    return a.reaches_names && !a.of_cluster;
}

/* Of pods, what is of no flow of theirs. Are there rules for it that pass something? */
static bool write_rest(flowrules_output *out, const char *network, size_t index) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct state *s = flowrules_output_state(out);
    const char *denier = flowrules_plan_permits(plan) ? fr_cilium_denies_dns(plan) : NULL;
    bool dns =
        s->names && flowrules_plan_has(plan, FLOWRULES_BASELINE_DNS) && needs_dns(plan, s, index);
    if (dns && denier != NULL)
        flowrules_output_refuse(out,
                                "'baseline: [dns]' would permit to the pods of '%s' some packets "
                                "that flow '%s' denies: add a flow to the DNS for them",
                                network, denier);
    if (dns)
        write_dns(out, network);
    write_default_denies(out, index);
    return dns;
}

static void gather_names(flowrules_output *out) {
    flowrules_writer *all = flowrules_output_part(out, PART_ALL);
    for (unsigned i = 0; i < LISTS; i++) {
        if (!is_empty(out, PART_NAMES + i))
            flowrules_write(all, is_empty(out, PART_ALL) ? "" : "; ");
        flowrules_write_part(all, flowrules_output_part(out, PART_NAMES + i));
    }
}

static bool has_lists(flowrules_output *out) {
    bool any = false;
    for (unsigned i = 0; i < LISTS; i++)
        any = any || !is_empty(out, PART_LISTS + i);
    return any;
}

/* What the parts hold, under a selector: their lists in the order that the reader takes. */
static void write_lists(flowrules_output *out, flowrules_writer *w) {
    if (flowrules_plan_permits(flowrules_output_plan(out)))
        flowrules_write(w, "  enableDefaultDeny: {egress: false, ingress: false}\n");
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++)
        for (int a = FLOWRULES_DENY; a >= FLOWRULES_ALLOW; a--) {
            unsigned part =
                PART_LISTS + list_of((enum flowrules_direction)d, (enum flowrules_action)a);
            if (is_empty(out, part))
                continue;
            flowrules_writef(w, "  %s:\n", list_key[d][a]);
            flowrules_write_part(w, flowrules_output_part(out, part));
        }
}

static void close_manifest(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    flowrules_writer *w = file(out);
    char word[40];
    if (!s->open)
        return;
    size_t index = flowrules_pods_protected(flowrules_output_plan(out), s->pods);
    if (s->number == 1)
        s->several = write_rest(out, s->pods, index) || s->several;
    snprintf(word, sizeof word, s->number > 1 ? "-rules-%u." : "-rules.", s->number);
    gather_names(out);
    flowrules_manifest_of_rules(w, out, &manifest, word, index,
                                flowrules_output_part(out, PART_ALL),
                                s->several ? NULL : &s->first);
    write_lists(out, w);
    (void)note_manifest(out, index);
    s->open = false;
}

/* Moves the rule that was written to its list. */
static void add_rule(flowrules_output *out, struct state *s, const struct flowrules_rule *r) {
    unsigned list = list_of(r->direction, r->action);
    flowrules_writer *w = flowrules_output_part(out, PART_LISTS + list);
    flowrules_writer *names = flowrules_output_part(out, PART_NAMES + list);
    if (flowrules_writer_size(w) == 0 || !flowrules_flows_are_same(s->last[list], r->flows)) {
        flowrules_write(w, "    # ");
        flowrules_write_notes(w, out, &flowrules_yaml_comment, FLOWRULES_NOTES, r->flows, NULL);
        flowrules_write(w, "\n");
    }
    flowrules_write(names, flowrules_writer_size(names) > 0 ? "; " : "");
    flowrules_write_part(names, flowrules_output_part(out, PART_RULE_NAMES));
    flowrules_write_part(w, flowrules_output_part(out, PART_RULE));
    s->last[list] = r->flows;
    s->several = s->several || !flowrules_flows_are_same(r->flows, s->first);
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    struct state *s = flowrules_output_state(out);
    flowrules_writer *w = flowrules_output_part(out, PART_RULE);
    const char *pods = flowrules_set_atom(flowrules_rule_protected(r), 0).name;
    bool same = s->open && flowrules_pods_are_same(flowrules_output_plan(out), s->pods, pods);
    size_t size = 0;
    for (int part = 0; part < PARTS; part++)
        if (has_part(r, (enum part)part))
            write_items(out, w, r, pods, (enum part)part);
    for (unsigned i = 0; i < LISTS; i++)
        size += flowrules_writer_size(flowrules_output_part(out, PART_LISTS + i));
    if (!same || (size > 0 && size + flowrules_writer_size(w) > ITEMS_MAX)) {
        unsigned number = same ? s->number + 1 : 1;
        close_manifest(out);
        s->open = true;
        s->several = false;
        s->first = r->flows;
        s->pods = pods;
        s->number = number;
    }
    add_rule(out, s, r);
}

/* ---- what can't be said -------------------------------------------------------------------- */

static const char *refuses_service(const flowrules_plan *plan, const struct flowrules_rule *flow,
                                   const struct flowrules_service *service) {
    if (is_icmp(service->protocol) && service->icmp_type < 0)
        return "this platform cannot match all of ICMP\n"
               "list the types";
    if (service->icmp_code >= 0)
        return "this platform cannot match ICMP codes\n"
               "remove them";
    for (size_t p = 0; p < service->destination_port_count; p++) {
        if (service->destination_ports[p].first == 0)
            return "this platform cannot match port 0: it means every port";
        if (flowrules_pods_hide_port(plan, flow->destination, service->destination_ports[p]))
            return "a range of ports holds one of 'target-ports'\nname them one by one";
    }
    return NULL;
}

static const char *refuses(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    const char *why = flowrules_pods_refuse_ends(plan, flow, NO_PODS "\n");
    for (size_t i = 0; i < flow->service_count && !why; i++)
        why = refuses_service(plan, flow, &flow->services[i]);
    return why;
}

/* ---- pods without rules of their own -------------------------------------------------------- */

static void check_dns(flowrules_output *out, const struct state *s, size_t index) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct fr_cilium_asking a = asking_of(plan, s, index);
    if (!a.reaches_names || a.of_any || flowrules_plan_has(plan, FLOWRULES_BASELINE_DNS))
        return;
    flowrules_output_refuse(out,
                            "the pods of '%s' connect to names, but no flow lets them ask the DNS: "
                            "add a flow over UDP, or %s",
                            flowrules_set_atom(flowrules_plan_protects(plan), index).name,
                            flowrules_plan_permits(plan) ? "write 'baseline: [dns]'"
                                                         : "keep the baseline");
}

/* A network's pods that have no manifest yet. */
static void write_others(flowrules_output *out, const char *network, size_t index) {
    bool dns = write_rest(out, network, index);
    if (has_lists(out)) {
        flowrules_manifest_of_network(file(out), out, &manifest, dns ? "-dns." : "-default-deny.",
                                      index);
        write_lists(out, file(out));
    }
}

static void end(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct state *s = flowrules_output_state(out);
    struct flowrules_set all = flowrules_plan_protects(plan);
    close_manifest(out);
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++) {
        const char *network = flowrules_set_atom(all, i).name;
        if (flowrules_pods_protected(plan, network) != i)
            continue;
        if (s->names)
            check_dns(out, s, i);
        if (note_manifest(out, i))
            write_others(out, network, i);
    }
    flowrules_manifest_end(file(out), out);
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
        if (fr_cilium_has_addresses(flowrules_output_set(out, i)))
            return true;
    return false;
}

/* Remembers of the protected pods what their rules do about names. */
static void note_asking(flowrules_output *out, struct state *s) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct flowrules_rule r;
    const char *last = NULL;
    size_t place = 0;
    for (size_t i = 0; flowrules_output_rule(out, i, &r); i++) {
        const char *pods = flowrules_set_atom(flowrules_rule_protected(&r), 0).name;
        if (pods != last)
            place = flowrules_pods_protected(plan, pods);
        last = pods;
        if (place < PROTECTED_MAX)
            fr_cilium_add_asking(plan, &r, &s->asking[place]);
    }
}

static void begin(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct state *s = flowrules_output_state(out);
    flowrules_writer *w = file(out);
    const char *dns = flowrules_plan_setting(plan, "dns");
    flowrules_manifest_head(w, out, &manifest);
    if (flowrules_set_atom_count(flowrules_plan_protects(plan)) > PROTECTED_MAX)
        flowrules_output_refuse(out, "more than %d protected networks", PROTECTED_MAX);
    if (dns && (fr_cilium_is_entities(plan, dns) || flowrules_pods_unselectable(plan, dns)))
        flowrules_output_refuse(out, "'dns: %s' is not a network of pods", dns);
    if (any_addresses(out))
        flowrules_write(
            w, "# Addresses (CIDRs) match what is outside the cluster: never its pods, nodes "
               "or API server,\n# whichever theirs are. Nodes and the API server are "
               "entities: kubelets, say, and probes.\n");
    s->names = has_names(out);
    if (s->names)
        note_asking(out, s);
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
     .help = "namespace of networks whose binding has none"},
    {.key = "instance",
     .type = "name",
     .help = "a word that is unique in the cluster: names begin with it, and the label "
             "app.kubernetes.io/instance has it; default the target's name"},
    {.key = "dns",
     .type = "name",
     .help = "the network of the cluster's DNS, for pods that connect to names but have no flow to "
             "the DNS; default the pods k8s-app: kube-dns of kube-system"},
    {.key = "dns-port",
     .type = "integer 1 65535",
     .fallback = "53",
     .help = "the port of the DNS in flows"},
    {.key = NULL},
};

static const struct flowrules_setting bindings[] = {
    {.key = "namespace",
     .type = "namespace",
     .help = "namespace of the pods; any: all namespaces; default: the target's setting"},
    {.key = "namespace-labels",
     .type = "selector",
     .help = "labels that the namespace must also have"},
    {.key = "namespace-where",
     .type = "requirements",
     .help = "requirements for the namespace's labels, as in pods-where"},
    {.key = "pods", .type = "selector", .help = "labels of the pods; any, or not given: all pods"},
    {.key = "pods-where",
     .type = "requirements",
     .help = "requirements for the pods' labels, in the syntax of kubectl -l: gpu, \"!gpu\", tier "
             "in (web, api), tier notin (db)"},
    {.key = "service",
     .aside = true,
     .type = "namespace",
     .help = "the Service in front of the pods, for people"},
    {.key = "target-ports",
     .aside = true,
     .type = "ports",
     .help = "ports of that Service and of its pods if they differ, for example {53: 5353}"},
    {.key = "entities",
     .type = "list choice world|cluster|host|remote-node|kube-apiserver|ingress|health|init|"
             "unmanaged",
     .help = "instead of pods: Cilium's entities"},
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
                     .permits = true,
                     .permits_note = "the other policies for these pods; all of it passes where "
                                     "none of them closes the direction",
                     .families = FLOWRULES_BOTH_FAMILIES,
                     .mixed_families = true,
                     .names = true,
                     .wildcards = FLOWRULES_WILDCARDS_ONE_LABEL,
                     .groups = true,
                     .pod_groups = true,
                     .one_protected = true,
                     .protected_whole = true,
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
    .warns = fr_cilium_warns,
    .read = fr_cilium_read,
    .baseline = fr_cilium_baseline,
};
