/*
 * kubernetes: NetworkPolicy manifests, one for each group of protected pods and direction: the
 * rules of all its flows, and what none of them allows is denied. Knows the API
 * networking.k8s.io/v1; knows no CNI, none of which need enforce it. Facts without another source:
 * kubernetes pkg/apis/networking/validation.
 */
#include <stdio.h>
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/flows.h"
#include "flowrules/kits/pods.h"
#include "flowrules/kits/whole.h"
#include "objects.h"

#define NO_PODS                                                                                    \
    "this platform can protect only pods: a network with a group 'kubernetes: {namespace: ..., "   \
    "pods: ...}'"

static const struct flowrules_manifest manifest = {
    .api = "networking.k8s.io/v1",
    .kind = "NetworkPolicy",
    .plural = "networkpolicies",
    .selector = "podSelector",
    .label_prefix = "",
    .proviso = ",\n# where the cluster's network enforces policies",
    .no_pods = NO_PODS,
};

/* Every namespace has it, with its name (KEP-2161). */
#define NAMESPACE_LABEL "kubernetes.io/metadata.name"

/* The parts of the open manifest: the items of its rules, and the names of their flows. */
enum { PART_ITEMS, PART_NAMES };

/* Bytes of items in a manifest; more go into a further one: policies for the same pods add up. */
enum { ITEMS_MAX = 200000 };

struct state {
    /* What the open manifest is for; its rules stand in one list. */
    bool open, several; /* several: of other flows than the first ones, too */
    flowrules_flows first, last;
    enum flowrules_direction direction;
    const char *pods; /* the network that it protects */
    unsigned number;  /* from 1, of the manifests for these pods and direction */
};

static const char *const direction_word[] = {"Egress", "Ingress"};
static const char *const direction_key[] = {"egress", "ingress"};
static const char *const peers_key[] = {"to", "from"};

static flowrules_writer *file(flowrules_output *out) {
    return flowrules_output_file(out, ".yaml", false);
}

/* ---- selectors ----------------------------------------------------------------------------- */

/* Labels (of a key, or NULL) with their values, then requirements, as lines of a selector. */
static void write_selector(const flowrules_plan *plan, flowrules_writer *w, const char *network,
                           const char *labels, const char *where) {
    static const char indent[] = "              ";
    if (labels && flowrules_binding_label(plan, network, labels, 0)) {
        flowrules_write(w, "            matchLabels:\n");
        flowrules_yaml_labels(w, plan, network, labels, indent, "");
    }
    if (flowrules_binding_value(plan, network, where, 0))
        flowrules_write(w, "            matchExpressions:\n");
    flowrules_yaml_expressions(w, plan, network, where, indent, "");
}

static void write_namespaces(const flowrules_plan *plan, flowrules_writer *w, const char *network) {
    const char *namespace = flowrules_pods_one_namespace(plan, network);
    bool labels = flowrules_binding_label(plan, network, "namespace-labels", 0) != NULL;
    bool where = flowrules_binding_value(plan, network, "namespace-where", 0) != NULL;
    flowrules_write(w, "        - namespaceSelector:");
    flowrules_write(w, namespace || labels || where ? "\n" : " {}\n");
    if (namespace) {
        flowrules_writef(w, "            matchLabels:\n              %s: ", NAMESPACE_LABEL);
        flowrules_yaml_write(w, namespace);
        flowrules_write(w, "\n");
    }
    if (namespace && labels)
        flowrules_yaml_labels(w, plan, network, "namespace-labels", "              ", "");
    write_selector(plan, w, network, namespace ? NULL : "namespace-labels", "namespace-where");
}

/* Both selectors in one item: pods with these labels in these namespaces. */
static void write_pods(const flowrules_plan *plan, flowrules_writer *w, const char *network) {
    write_namespaces(plan, w, network);
    if (!flowrules_binding_label(plan, network, "pods", 0) &&
        !flowrules_binding_value(plan, network, "pods-where", 0))
        return;
    flowrules_write(w, "          podSelector:\n");
    write_selector(plan, w, network, "pods", "pods-where");
}

static size_t prefix_count(struct flowrules_range range) {
    struct flowrules_range prefix;
    size_t count = 0;
    while (flowrules_range_next_prefix(&range, &prefix))
        count++;
    return count;
}

/* Is a family said shorter by what the set lacks of it? */
static bool is_mostly_all(struct flowrules_set set, enum flowrules_family family) {
    struct flowrules_range gap;
    size_t held = 0, lacked = 0, ranges = flowrules_set_range_count(set, family);
    for (size_t i = 0; i < ranges; i++)
        held += prefix_count(flowrules_set_range(set, family, i));
    for (size_t i = 0; lacked < held && flowrules_set_gap(set, family, i, &gap); i++)
        lacked += prefix_count(gap);
    return lacked < held && lacked > 0;
}

static void write_prefixes(flowrules_writer *w, struct flowrules_range range, const char *before) {
    struct flowrules_range prefix;
    while (flowrules_range_next_prefix(&range, &prefix)) {
        flowrules_write(w, before);
        flowrules_write_prefix(w, &prefix);
        flowrules_write(w, "\"\n");
    }
}

static void write_blocks(flowrules_writer *w, struct flowrules_set set,
                         enum flowrules_family family) {
    static const char *const every_address[] = {"0.0.0.0/0", "::/0"};
    size_t count = flowrules_set_range_count(set, family);
    struct flowrules_range gap;
    if (is_mostly_all(set, family)) {
        flowrules_writef(w, "        - ipBlock:\n            cidr: \"%s\"\n            except:\n",
                         every_address[family]);
        for (size_t i = 0; flowrules_set_gap(set, family, i, &gap); i++)
            write_prefixes(w, gap, "              - \"");
        return;
    }
    for (size_t i = 0; i < count; i++)
        write_prefixes(w, flowrules_set_range(set, family, i),
                       "        - ipBlock:\n            cidr: \"");
}

/* ---- ports --------------------------------------------------------------------------------- */

static const char *protocol_word(int protocol) {
    return protocol == 6 ? "TCP" : protocol == 17 ? "UDP" : "SCTP";
}

static void write_port(const flowrules_plan *plan, flowrules_writer *w, int protocol,
                       struct flowrules_ports ports, const char *pods) {
    unsigned first = ports.first;
    if (pods && ports.first == ports.last)
        first = flowrules_pods_port(plan, pods, ports.first);
    flowrules_writef(w, "        - protocol: %s\n          port: %u\n", protocol_word(protocol),
                     first);
    if (ports.last > ports.first && ports.last > first)
        flowrules_writef(w, "          endPort: %u\n", ports.last);
}

static bool says_every_protocol(const struct flowrules_rule *rule) {
    for (size_t i = 0; i < rule->service_count; i++)
        if (rule->services[i].protocol < 0)
            return true;
    return false;
}

/* pods: the network whose own ports stand behind those of its Service, or NULL. No list is every
 * protocol. */
static void write_ports(const flowrules_plan *plan, flowrules_writer *w,
                        const struct flowrules_rule *rule, const char *pods) {
    if (says_every_protocol(rule))
        return;
    flowrules_write(w, "      ports:\n");
    for (size_t i = 0; i < rule->service_count; i++) {
        const struct flowrules_service *service = &rule->services[i];
        for (size_t p = 0; p < service->destination_port_count; p++)
            write_port(plan, w, service->protocol, service->destination_ports[p], pods);
        if (service->destination_port_count == 0)
            flowrules_writef(w, "        - protocol: %s\n", protocol_word(service->protocol));
    }
}

/* ---- rules --------------------------------------------------------------------------------- */

/* Opens an item of the rule list; it goes on with its peers, or is empty: anything, anywhere. */
static void open_item(flowrules_output *out, flowrules_writer *w, const struct flowrules_rule *rule,
                      const char *before, const char *after) {
    flowrules_writer *names = flowrules_output_part(out, PART_NAMES);
    flowrules_write(names, flowrules_writer_size(names) > 0 ? "; " : "");
    flowrules_write_flows(names, out, &flowrules_yaml_quoted, rule->flows);
    flowrules_write(w, "    - ");
    flowrules_writer_origin(w, rule->flows);
    flowrules_writef(w, "%s%s%s\n", before, peers_key[rule->direction], after);
}

/* The peers whose ports are those of the flow: addresses, and pods without ports of their own. */
static bool has_plain_peers(const flowrules_plan *plan, const struct flowrules_rule *rule,
                            struct flowrules_set peers) {
    if (flowrules_set_has_all_atoms(peers) || flowrules_set_range_count(peers, FLOWRULES_IPV4) ||
        flowrules_set_range_count(peers, FLOWRULES_IPV6))
        return true;
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++)
        if (rule->direction == FLOWRULES_INGRESS ||
            !flowrules_pods_map_ports(plan, flowrules_set_atom(peers, i).name))
            return true;
    return false;
}

static void write_plain_peers(const flowrules_plan *plan, flowrules_writer *w,
                              const struct flowrules_rule *rule, struct flowrules_set peers) {
    write_blocks(w, peers, FLOWRULES_IPV4);
    write_blocks(w, peers, FLOWRULES_IPV6);
    if (flowrules_set_has_all_atoms(peers))
        flowrules_write(w, "        - namespaceSelector: {}\n");
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++) {
        const char *network = flowrules_set_atom(peers, i).name;
        if (rule->direction == FLOWRULES_INGRESS || !flowrules_pods_map_ports(plan, network))
            write_pods(plan, w, network);
    }
}

static void write_items(flowrules_output *out, flowrules_writer *w,
                        const struct flowrules_rule *rule, const char *pods) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct flowrules_set peers = flowrules_rule_peers(rule);
    const char *own_ports = rule->direction == FLOWRULES_INGRESS ? pods : NULL;
    if (flowrules_set_is_any(peers)) {
        open_item(out, w, rule, says_every_protocol(rule) ? "{} # " : "# ", " anywhere");
        write_ports(plan, w, rule, own_ports);
        return;
    }
    if (has_plain_peers(plan, rule, peers)) {
        open_item(out, w, rule, "", ":");
        write_plain_peers(plan, w, rule, peers);
        write_ports(plan, w, rule, own_ports);
    }
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++) {
        const char *network = flowrules_set_atom(peers, i).name;
        if (rule->direction == FLOWRULES_INGRESS || !flowrules_pods_map_ports(plan, network))
            continue;
        open_item(out, w, rule, "", ":");
        write_pods(plan, w, network);
        write_ports(plan, w, rule, network);
    }
}

/* "egress 3": that the pods of this protected network have a policy of this direction. */
static bool is_first(flowrules_output *out, enum flowrules_direction direction, size_t index) {
    char text[40];
    snprintf(text, sizeof text, "%s %zu", direction_key[direction], index);
    return flowrules_output_once(out, text);
}

static void close_manifest(flowrules_output *out, struct state *s) {
    flowrules_writer *w = file(out);
    char word[40];
    if (!s->open)
        return;
    size_t index = flowrules_pods_protected(flowrules_output_plan(out), s->pods);
    snprintf(word, sizeof word, s->number > 1 ? "-%s-%u." : "-%s.", direction_key[s->direction],
             s->number);
    flowrules_manifest_of_rules(w, out, &manifest, word, index,
                                flowrules_output_part(out, PART_NAMES),
                                s->several ? NULL : &s->first);
    flowrules_writef(w, "  policyTypes: [%s]\n  %s:\n", direction_word[s->direction],
                     direction_key[s->direction]);
    flowrules_write_part(w, flowrules_output_part(out, PART_ITEMS));
    (void)is_first(out, s->direction, index);
    s->open = false;
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    struct state *s = flowrules_output_state(out);
    flowrules_writer *w = flowrules_output_part(out, PART_ITEMS);
    const char *pods = flowrules_set_atom(flowrules_rule_protected(r), 0).name;
    bool same = s->open && s->direction == r->direction &&
                flowrules_pods_are_same(flowrules_output_plan(out), s->pods, pods);
    if (!same || flowrules_writer_size(w) > ITEMS_MAX) {
        unsigned number = same ? s->number + 1 : 1;
        close_manifest(out, s);
        *s = (struct state){.open = true,
                            .first = r->flows,
                            .direction = r->direction,
                            .pods = pods,
                            .number = number};
    }
    if (flowrules_writer_size(w) == 0 || !flowrules_flows_are_same(s->last, r->flows)) {
        flowrules_write(w, "    # ");
        flowrules_write_notes(w, out, &flowrules_yaml_comment, FLOWRULES_NOTES, r->flows, NULL);
        flowrules_write(w, "\n");
    }
    s->last = r->flows;
    s->several = s->several || !flowrules_flows_are_same(r->flows, s->first);
    write_items(out, w, r, pods);
}

/* ---- what can't be said -------------------------------------------------------------------- */

static const char *refuses_ports(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    for (size_t i = 0; i < flow->service_count; i++) {
        const struct flowrules_service *service = &flow->services[i];
        for (size_t p = 0; p < service->destination_port_count; p++) {
            if (service->destination_ports[p].first == 0)
                return "this platform cannot match port 0: ports are 1 to 65535";
            if (flowrules_pods_hide_port(plan, flow->destination, service->destination_ports[p]))
                return "a range of ports holds one of 'target-ports'\nname them one by one";
        }
    }
    return NULL;
}

static const char *refuses(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    const char *why = flowrules_pods_refuse_ends(plan, flow, NO_PODS "\n");
    if (!why)
        why = refuses_ports(plan, flow);
    return why;
}

/* ---- head and default denies --------------------------------------------------------------- */

/* For the directions of which the pods have no policy yet. */
static void write_default_deny(flowrules_output *out, size_t index) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = file(out);
    bool ingress =
        flowrules_plan_enforces(plan, FLOWRULES_INGRESS) && is_first(out, FLOWRULES_INGRESS, index);
    bool egress =
        flowrules_plan_enforces(plan, FLOWRULES_EGRESS) && is_first(out, FLOWRULES_EGRESS, index);
    if (!ingress && !egress)
        return;
    flowrules_manifest_of_network(w, out, &manifest, "-default-deny.", index);
    flowrules_writef(w, "  policyTypes: [%s%s%s]\n", ingress ? "Ingress" : "",
                     ingress && egress ? ", " : "", egress ? "Egress" : "");
}

static void begin(flowrules_output *out) {
    flowrules_manifest_head(file(out), out, &manifest);
}

static void end(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    size_t count = flowrules_set_atom_count(flowrules_plan_protects(plan));
    close_manifest(out, flowrules_output_state(out));
    for (size_t i = 0; i < count; i++)
        if (!flowrules_pods_are_repeated(plan, i))
            write_default_deny(out, i);
    flowrules_manifest_end(file(out), out);
}

static bool has_denies(const flowrules_plan *plan) {
    struct flowrules_rule flow;
    for (size_t i = 0; flowrules_plan_flow(plan, i, &flow); i++)
        if (flow.action == FLOWRULES_DENY)
            return true;
    return false;
}

/* The API has no port 0, which a deny may leave over of all ports: nothing is said of it then. */
static void baseline(const flowrules_plan *plan, flowrules_input *in) {
    static const struct flowrules_ports zero = {0, 0};
    struct flowrules_service services[3];
    for (size_t i = 0; i < 3; i++)
        services[i] = (struct flowrules_service){.protocol = (int[]){6, 17, 132}[i],
                                                 .destination_ports = &zero,
                                                 .destination_port_count = 1,
                                                 .icmp_type = -1,
                                                 .icmp_code = -1};
    struct flowrules_read_rule rule = {.verdict = FLOWRULES_OUTSIDE,
                                       .source = flowrules_input_any(in),
                                       .destination = flowrules_input_any(in),
                                       .services = services,
                                       .service_count = 3};
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        rule.direction = d;
        if (flowrules_plan_enforces(plan, d) && has_denies(plan))
            flowrules_input_rule(in, &rule);
    }
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
    {.key = NULL},
};

static const struct flowrules_limit limits[] = {
    {"bytes of a name", 253, "DNS-1123 subdomain, kubernetes.io: object names and IDs"},
    {"bytes of a label's value", 63, "kubernetes.io: labels and selectors"},
    {"bytes of a manifest", FLOWRULES_MANIFEST_BYTES,
     "TotalAnnotationSizeLimitB, k8s.io/apimachinery pkg/api/validation/objectmeta.go: kubectl "
     "apply keeps a copy in an annotation"},
    {.name = NULL},
};

static const uint8_t protocols[] = {6, 17, 132}; /* TCP, UDP, SCTP */

static const struct flowrules_format formats[] = {
    {.name = "yaml",
     .help = "manifests for kubectl apply",
     .begin = begin,
     .rule = rule,
     .end = end},
    {.name = NULL},
};

extern const struct flowrules_backend flowrules_backend_kubernetes;
const struct flowrules_backend flowrules_backend_kubernetes = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "kubernetes",
    .title = "Kubernetes NetworkPolicy",
    .description = "NetworkPolicy manifests: pods by their labels, addresses by blocks",
    .capabilities = {.placement = FLOWRULES_ATTACHED,
                     .evaluation = FLOWRULES_ALLOW_UNION,
                     .permits_note =
                         "a NetworkPolicy closes the pods that it selects to all that it does not "
                         "allow",
                     .families = FLOWRULES_BOTH_FAMILIES,
                     .mixed_families = true,
                     .groups = true,
                     .pod_groups = true,
                     .one_protected = true,
                     .protected_together = true,
                     .prefixes = true,
                     .protocols = protocols,
                     .protocol_count = sizeof protocols,
                     .no_port_zero = true,
                     .name_max = 189, /* 253 without the instance and a '-' */
                     .name_extra = "-",
                     .name_lower = true},
    .state_size = sizeof(struct state),
    .formats = formats,
    .settings = settings,
    .bindings = bindings,
    .limits = limits,
    .refuses = refuses,
    .read = fr_kubernetes_read,
    .baseline = baseline,
};
