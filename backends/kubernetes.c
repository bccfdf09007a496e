/*
 * kubernetes: NetworkPolicy manifests, one for each flow and protected group, and one that denies
 * the rest for each group. Knows the API networking.k8s.io/v1; knows no CNI, none of which need
 * enforce it. Facts without another source: kubernetes pkg/apis/networking/validation.
 */
#include "flowrules/backend.h"

#include <string.h>

/* Inside double quotes, YAML 1.2 (7.3.1) knows \ and " alone as special. */
static const struct flowrules_escape quoted_escape = {
    .keep = " !#$%&'()*+,-./:;<=>?@[]^_`{|}~",
    .escape = "\"\\",
    .before = '\\',
    .replace = '?',
    .utf8 = true,
    .max_bytes = 1024,
};
static const struct flowrules_escape comment_escape = {
    .keep = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    .replace = '?',
    .utf8 = true,
    .max_bytes = 1024,
};

struct state {
    /* What the open manifest is for; its rules stand in one list. */
    bool open;
    flowrules_flows flows;
    enum flowrules_direction direction;
    const char *pods; /* the network that it protects */
};

static const char *const direction_word[] = {"Egress", "Ingress"};
static const char *const direction_key[] = {"egress", "ingress"};
static const char *const peers_key[] = {"to", "from"};

static flowrules_writer *file(flowrules_output *out) {
    return flowrules_output_file(out, ".yaml", false);
}

static void write_quoted(flowrules_writer *w, const char *user_text) {
    flowrules_write(w, "\"");
    flowrules_write_user(w, &quoted_escape, user_text);
    flowrules_write(w, "\"");
}

static const char *instance(const flowrules_output *out) {
    const char *setting = flowrules_output_setting(out, "instance");
    return setting ? setting : flowrules_output_target(out);
}

/* ---- metadata ------------------------------------------------------------------------------ */

/* The names of flows' policies have no dot; those of default denies have one. */
static void open_manifest(flowrules_output *out, flowrules_writer *w, const char *kind,
                          const char *name, const char *network) {
    flowrules_write(w, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
                       "metadata:\n  name: \"");
    flowrules_write_user(w, &quoted_escape, instance(out));
    flowrules_write(w, kind);
    flowrules_write_user(w, &quoted_escape, name);
    flowrules_write(w, "\"\n  namespace: ");
    write_quoted(w, flowrules_pods_namespace(out, network));
    flowrules_write(w, "\n  labels:\n    app.kubernetes.io/managed-by: flowrules\n"
                       "    app.kubernetes.io/instance: ");
    write_quoted(w, instance(out));
    flowrules_write(w, "\n  annotations:\n");
}

static void annotate(flowrules_writer *w, const char *key, const char *user_text) {
    if (!user_text)
        return;
    flowrules_writef(w, "    flowrules/%s: ", key);
    write_quoted(w, user_text);
    flowrules_write(w, "\n");
}

static void annotate_flows(flowrules_output *out, flowrules_writer *w, flowrules_flows flows) {
    flowrules_write(w, "    flowrules/flows: \"");
    flowrules_writer_origin(w, flows);
    flowrules_write_flows(w, out, &quoted_escape, flows);
    flowrules_write(w, "\"\n");
    if (flowrules_flows_count(out, flows) > 1)
        return;
    annotate(w, "purpose", flowrules_flows_purpose(out, flows, 0));
    annotate(w, "owner", flowrules_flows_owner(out, flows, 0));
    annotate(w, "ticket", flowrules_flows_ticket(out, flows, 0));
    annotate(w, "expires", flowrules_flows_expires(out, flows, 0));
}

/* ---- selectors ----------------------------------------------------------------------------- */

static void write_labels(flowrules_output *out, flowrules_writer *w, const char *indent,
                         const char *network, const char *key) {
    const char *label;
    for (size_t i = 0; (label = flowrules_binding_label(out, network, key, i)) != NULL; i++) {
        flowrules_write(w, indent);
        write_quoted(w, label);
        flowrules_write(w, ": ");
        write_quoted(w, flowrules_binding_value(out, network, key, i));
        flowrules_write(w, "\n");
    }
}

static bool every_namespace(const char *name) {
    return strcmp(name, "any") == 0;
}

static void write_pod_selector(flowrules_output *out, flowrules_writer *w, const char *network) {
    flowrules_write(w, "spec:\n  podSelector:");
    if (!flowrules_binding_label(out, network, "pods", 0)) {
        flowrules_write(w, " {} # every pod of the namespace\n");
        return;
    }
    flowrules_write(w, "\n    matchLabels:\n");
    write_labels(out, w, "      ", network, "pods");
}

/* Both selectors in one item: pods with these labels in these namespaces. */
static void write_pods(flowrules_output *out, flowrules_writer *w, const char *network) {
    const char *namespace = flowrules_pods_namespace(out, network);
    bool labels = flowrules_binding_label(out, network, "namespace-labels", 0) != NULL;
    bool named = namespace && !every_namespace(namespace);
    flowrules_write(w, "        - namespaceSelector:");
    flowrules_write(w, named || labels ? "\n            matchLabels:\n" : " {}\n");
    if (named) {
        flowrules_write(w, "              kubernetes.io/metadata.name: ");
        write_quoted(w, namespace);
        flowrules_write(w, "\n");
    }
    write_labels(out, w, "              ", network, "namespace-labels");
    if (flowrules_binding_label(out, network, "pods", 0)) {
        flowrules_write(w, "          podSelector:\n            matchLabels:\n");
        write_labels(out, w, "              ", network, "pods");
    }
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

/* A range that begins with 0 is what a deny left over: the API has no port 0 (1-65535). */
static void write_port(flowrules_output *out, flowrules_writer *w, int protocol,
                       struct flowrules_ports ports, const char *pods) {
    unsigned first = ports.first == 0 ? 1u : ports.first;
    if (pods && ports.first == ports.last)
        first = flowrules_pods_port(out, pods, ports.first);
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
static void write_ports(flowrules_output *out, flowrules_writer *w,
                        const struct flowrules_rule *rule, const char *pods) {
    if (says_every_protocol(rule))
        return;
    flowrules_write(w, "      ports:\n");
    for (size_t i = 0; i < rule->service_count; i++) {
        const struct flowrules_service *service = &rule->services[i];
        for (size_t p = 0; p < service->destination_port_count; p++)
            write_port(out, w, service->protocol, service->destination_ports[p], pods);
        if (service->destination_port_count == 0)
            flowrules_writef(w, "        - protocol: %s\n", protocol_word(service->protocol));
    }
}

/* ---- rules --------------------------------------------------------------------------------- */

static struct flowrules_set protected_end(const struct flowrules_rule *rule) {
    return rule->direction == FLOWRULES_EGRESS ? rule->source : rule->destination;
}

static struct flowrules_set peer_end(const struct flowrules_rule *rule) {
    return rule->direction == FLOWRULES_EGRESS ? rule->destination : rule->source;
}

static bool has_target_ports(const flowrules_output *out, const char *network) {
    return flowrules_binding_label(out, network, "target-ports", 0) != NULL;
}

/* Opens an item of the rule list; it goes on with its peers, or is empty: anything, anywhere. */
static void open_item(flowrules_writer *w, const struct flowrules_rule *rule, const char *before,
                      const char *after) {
    flowrules_write(w, "    - ");
    flowrules_writer_origin(w, rule->flows);
    flowrules_writef(w, "%s%s%s\n", before, peers_key[rule->direction], after);
}

/* The peers whose ports are those of the flow: addresses, and pods without ports of their own. */
static bool has_plain_peers(const flowrules_output *out, const struct flowrules_rule *rule,
                            struct flowrules_set peers) {
    if (flowrules_set_has_all_atoms(peers) || flowrules_set_range_count(peers, FLOWRULES_IPV4) ||
        flowrules_set_range_count(peers, FLOWRULES_IPV6))
        return true;
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++)
        if (rule->direction == FLOWRULES_INGRESS ||
            !has_target_ports(out, flowrules_set_atom(peers, i).name))
            return true;
    return false;
}

static void write_plain_peers(flowrules_output *out, flowrules_writer *w,
                              const struct flowrules_rule *rule, struct flowrules_set peers) {
    write_blocks(w, peers, FLOWRULES_IPV4);
    write_blocks(w, peers, FLOWRULES_IPV6);
    if (flowrules_set_has_all_atoms(peers))
        flowrules_write(w, "        - namespaceSelector: {}\n");
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++) {
        const char *network = flowrules_set_atom(peers, i).name;
        if (rule->direction == FLOWRULES_INGRESS || !has_target_ports(out, network))
            write_pods(out, w, network);
    }
}

static void write_items(flowrules_output *out, flowrules_writer *w,
                        const struct flowrules_rule *rule, const char *pods) {
    struct flowrules_set peers = peer_end(rule);
    const char *own_ports = rule->direction == FLOWRULES_INGRESS ? pods : NULL;
    if (flowrules_set_is_any(peers)) {
        open_item(w, rule, says_every_protocol(rule) ? "{} # " : "# ", " anywhere");
        write_ports(out, w, rule, own_ports);
        return;
    }
    if (has_plain_peers(out, rule, peers)) {
        open_item(w, rule, "", ":");
        write_plain_peers(out, w, rule, peers);
        write_ports(out, w, rule, own_ports);
    }
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++) {
        const char *network = flowrules_set_atom(peers, i).name;
        if (rule->direction == FLOWRULES_INGRESS || !has_target_ports(out, network))
            continue;
        open_item(w, rule, "", ":");
        write_pods(out, w, network);
        write_ports(out, w, rule, network);
    }
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    struct state *s = flowrules_output_state(out);
    flowrules_writer *w = file(out);
    const char *pods = flowrules_set_atom(protected_end(r), 0).name;
    bool same = s->open && s->flows == r->flows && s->direction == r->direction && s->pods == pods;
    if (!same) {
        *s = (struct state){true, r->flows, r->direction, pods};
        open_manifest(out, w, "-", r->name, pods);
        annotate_flows(out, w, r->flows);
        write_pod_selector(out, w, pods);
        flowrules_writef(w, "  policyTypes: [%s]\n  %s:\n", direction_word[r->direction],
                         direction_key[r->direction]);
    }
    write_items(out, w, r, pods);
}

/* ---- what can't be said -------------------------------------------------------------------- */

static bool is_bound(const flowrules_output *out, const char *network) {
    static const char *const keys[] = {"namespace", "namespace-labels", "pods", "service"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (flowrules_binding_value(out, network, keys[i], 0))
            return true;
    return false;
}

/* Why a network of pods can't be selected, or NULL. */
static const char *unselectable(const flowrules_output *out, const char *network) {
    bool labels = flowrules_binding_value(out, network, "namespace-labels", 0) != NULL;
    if (!is_bound(out, network))
        return "it is no group of pods";
    if (flowrules_binding_value(out, network, "service", 0) &&
        !flowrules_binding_value(out, network, "pods", 0))
        return "policies see the pods behind a Service, not the Service: give its 'pods' too";
    if (!flowrules_pods_namespace(out, network) && !labels)
        return "its namespace is not known: give the network, or the target, a 'namespace'";
    return NULL;
}

/* Why pods can't be protected, or NULL. */
static const char *unprotectable(const flowrules_output *out, const char *network) {
    const char *why = unselectable(out, network);
    if (why)
        return why;
    if (flowrules_binding_value(out, network, "namespace-labels", 0))
        return "a policy stands in one namespace: its name is needed, not its labels";
    if (every_namespace(flowrules_pods_namespace(out, network)))
        return "a policy stands in one namespace: what it protects can't be in any";
    return NULL;
}

static bool is_group(struct flowrules_set set, size_t i) {
    return flowrules_set_atom(set, i).kind == FLOWRULES_ATOM_GROUP;
}

static bool holds(struct flowrules_set set, const char *network) {
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++)
        if (strcmp(flowrules_set_atom(set, i).name, network) == 0)
            return true;
    return false;
}

/* Is a peer shut in the other direction, by the default deny of pods that it is among? */
static bool is_shut(const flowrules_output *out, const struct flowrules_rule *flow,
                    const char *peer) {
    struct flowrules_set all = flowrules_output_protects(out);
    if (flow->action == FLOWRULES_DENY || holds(all, peer) ||
        !flowrules_output_enforces(out, flow->direction == FLOWRULES_EGRESS ? FLOWRULES_INGRESS
                                                                            : FLOWRULES_EGRESS))
        return false;
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++)
        if (flowrules_pods_cover(out, flowrules_set_atom(all, i).name, peer))
            return true;
    return false;
}

static const char no_pods[] = "what is protected here must be pods: a network with a group "
                              "'kubernetes: {namespace: ..., pods: ...}'";

static const char *refuses_ends(const flowrules_output *out, const struct flowrules_rule *flow) {
    struct flowrules_set own = protected_end(flow), peers = peer_end(flow);
    const char *why = NULL;
    if (flowrules_set_is_any(own) || flowrules_set_has_all_atoms(own) ||
        flowrules_set_range_count(own, FLOWRULES_IPV4) ||
        flowrules_set_range_count(own, FLOWRULES_IPV6))
        return no_pods;
    for (size_t i = 0; i < flowrules_set_atom_count(own) && !why; i++)
        why = is_group(own, i) ? unprotectable(out, flowrules_set_atom(own, i).name) : no_pods;
    for (size_t i = 0; i < flowrules_set_atom_count(peers) && !why; i++) {
        const char *peer = flowrules_set_atom(peers, i).name;
        if (!is_group(peers, i))
            continue; /* a name that is not pinned: the core tells */
        why = unselectable(out, peer);
        if (!why && is_shut(out, flow, peer))
            why = "its other end is among the protected pods under another name: add that "
                  "network to 'protects' too";
    }
    return why;
}

/* Does a range of ports hold one that the pods have under another number? */
static bool hides_target_port(const flowrules_output *out, struct flowrules_set destination,
                              struct flowrules_ports ports) {
    for (size_t i = 0; i < flowrules_set_atom_count(destination); i++)
        for (unsigned p = ports.first; ports.first < ports.last && p <= ports.last; p++)
            if (has_target_ports(out, flowrules_set_atom(destination, i).name) &&
                flowrules_pods_port(out, flowrules_set_atom(destination, i).name, (uint16_t)p) != p)
                return true;
    return false;
}

static const char *refuses_ports(const flowrules_output *out, const struct flowrules_rule *flow) {
    for (size_t i = 0; i < flow->service_count; i++) {
        const struct flowrules_service *service = &flow->services[i];
        for (size_t p = 0; p < service->destination_port_count; p++) {
            if (service->destination_ports[p].first == 0)
                return "port 0 can't be said here: ports are 1 to 65535";
            if (hides_target_port(out, flow->destination, service->destination_ports[p]))
                return "a range of ports holds one of 'target-ports': name them one by one";
        }
    }
    return NULL;
}

/*
 * Denies are taken out of the allows network by network. That is no deny where a pod may be
 * reached by an allow for another network.
 */
static const char *refuses_deny(const flowrules_output *out, const struct flowrules_rule *flow) {
    struct flowrules_set own = protected_end(flow), all = flowrules_output_protects(out);
    struct flowrules_set peers = peer_end(flow);
    for (size_t i = 0; i < flowrules_set_atom_count(peers); i++)
        if (is_group(peers, i))
            return "there are only allows here, and another network may select the same pods";
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++) {
        const char *other = flowrules_set_atom(all, i).name;
        for (size_t k = 0; k < flowrules_set_atom_count(own) && !holds(own, other); k++)
            if (flowrules_pods_may_meet(out, other, flowrules_set_atom(own, k).name))
                return "there are only allows here, and another protected network may select the "
                       "same pods";
    }
    return NULL;
}

static const char *refuses(const flowrules_output *out, const struct flowrules_rule *flow) {
    const char *why = refuses_ends(out, flow);
    if (!why)
        why = refuses_ports(out, flow);
    if (!why && flow->action == FLOWRULES_DENY)
        why = refuses_deny(out, flow);
    return why;
}

/* ---- default denies ------------------------------------------------------------------------ */

/* Is what this network selects denied with another one's pods, or with an equal, earlier one's? */
static bool is_covered(const flowrules_output *out, struct flowrules_set all, size_t index) {
    const char *own = flowrules_set_atom(all, index).name;
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++) {
        const char *other = flowrules_set_atom(all, i).name;
        if (i != index && flowrules_pods_cover(out, other, own) &&
            (i < index || !flowrules_pods_cover(out, own, other)))
            return true;
    }
    return false;
}

/* A label of RFC 1123, as which names of networks mostly stand. */
static bool is_label(const char *text) {
    size_t length = strlen(text);
    size_t fit = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && length <= 63 && fit == length && text[0] != '-' && text[length - 1] != '-';
}

/* A network whose name is no label goes by its place: networks begin with a letter. */
static void write_default_deny(flowrules_output *out, struct flowrules_set all, size_t index) {
    flowrules_writer *w = file(out);
    const char *network = flowrules_set_atom(all, index).name;
    char place[24], *digit = place + sizeof place - 1;
    *digit = '\0';
    for (size_t n = index + 1; n > 0; n /= 10)
        *--digit = (char)('0' + n % 10);
    open_manifest(out, w, "-default-deny.", is_label(network) ? network : digit, network);
    annotate(w, "network", network);
    annotate(w, "version", flowrules_output_fingerprint(out));
    write_pod_selector(out, w, network);
    bool ingress = flowrules_output_enforces(out, FLOWRULES_INGRESS);
    bool egress = flowrules_output_enforces(out, FLOWRULES_EGRESS);
    flowrules_writef(w, "  policyTypes: [%s%s%s]\n", ingress ? "Ingress" : "",
                     ingress && egress ? ", " : "", egress ? "Egress" : "");
}

static void end(flowrules_output *out) {
    struct flowrules_set all = flowrules_output_protects(out);
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++)
        if (!is_covered(out, all, i))
            write_default_deny(out, all, i);
}

/* ---- the head ------------------------------------------------------------------------------ */

static void check_target(flowrules_output *out) {
    struct flowrules_set all = flowrules_output_protects(out);
    if (!is_label(instance(out)))
        flowrules_output_refuse(out,
                                "'%s' can't be part of a name: give 'instance', lower-case "
                                "letters, digits and '-'",
                                instance(out));
    if (flowrules_set_atom_count(all) == 0 || flowrules_set_range_count(all, FLOWRULES_IPV4) ||
        flowrules_set_range_count(all, FLOWRULES_IPV6))
        flowrules_output_refuse(out, "%s", no_pods);
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++) {
        const char *network = flowrules_set_atom(all, i).name;
        const char *why = is_group(all, i) ? unprotectable(out, network) : no_pods;
        if (why)
            flowrules_output_refuse(out, "'%s' can't be protected: %s", network, why);
    }
}

static void write_own_labels(flowrules_output *out, flowrules_writer *w) {
    flowrules_write(w, "#     -l app.kubernetes.io/managed-by=flowrules,"
                       "app.kubernetes.io/instance=");
    flowrules_write_user(w, &comment_escape, instance(out));
}

static void begin(flowrules_output *out) {
    flowrules_writer *w = file(out);
    const char *title = flowrules_output_title(out), *target = flowrules_output_target(out);
    check_target(out);
    if (title) {
        flowrules_write(w, "# ");
        flowrules_write_user(w, &comment_escape, title);
        flowrules_write(w, "\n");
    }
    flowrules_writef(
        w,
        "# Target %s, version %s: what no policy allows the protected pods is denied,\n"
        "# where the cluster's network enforces policies.\n"
        "# Try with:  kubectl diff -f %s.yaml\n"
        "# Load with: kubectl apply -f %s.yaml --prune \\\n",
        target, flowrules_output_fingerprint(out), target, target);
    write_own_labels(out, w);
    flowrules_write(w, " \\\n#     --prune-allowlist=networking.k8s.io/v1/NetworkPolicy\n"
                       "#   It replaces what an earlier version left in these namespaces, and can "
                       "be repeated.\n"
                       "# Undo with: kubectl delete networkpolicies --all-namespaces \\\n");
    write_own_labels(out, w);
    flowrules_write(w, "\n# Ports are the pods' own: a Service's are translated before policies "
                       "see them.\n");
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
    {.key = NULL},
};

static const struct flowrules_setting bindings[] = {
    {.key = "namespace",
     .type = "namespace",
     .help = "the pods' namespace; any: all; absent: the target's setting"},
    {.key = "namespace-labels", .type = "selector", .help = "labels that the namespace has too"},
    {.key = "pods", .type = "selector", .help = "labels of the pods; any, or absent: all of them"},
    {.key = "service", .type = "namespace", .help = "the Service before the pods, for people"},
    {.key = "target-ports",
     .type = "ports",
     .help = "ports of that Service with the pods' own where they differ, such as {53: 5353}"},
    {.key = NULL},
};

static const struct flowrules_limit limits[] = {
    {"bytes of a name", 253, "DNS-1123 subdomain, kubernetes.io: object names and IDs"},
    {"bytes of a label's value", 63, "kubernetes.io: labels and selectors"},
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
                     .families = FLOWRULES_BOTH_FAMILIES,
                     .mixed_families = true,
                     .groups = true,
                     .pod_groups = true,
                     .one_protected = true,
                     .prefixes = true,
                     .protocols = protocols,
                     .protocol_count = sizeof protocols,
                     .name_max = 189, /* 253 without the instance and a '-' */
                     .name_extra = "-",
                     .name_lower = true},
    .state_size = sizeof(struct state),
    .formats = formats,
    .settings = settings,
    .bindings = bindings,
    .limits = limits,
    .refuses = refuses,
};
