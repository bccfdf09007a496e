/*
 * openshift: the EgressFirewall of one namespace. Knows the API k8s.ovn.org/v1, in which the first
 * rule that matches decides and what none matches passes; knows neither pods nor what comes in.
 * Facts without another source: the CRD of ovn-kubernetes, dist/templates.
 */
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/flows.h"
#include "flowrules/kits/pods.h"
#include "objects.h"

enum {
    RULES_MAX = 8000,     /* what comes later is ignored: ovn-kubernetes, docs of EgressFirewall */
    OBJECT_MAX = 1572864, /* etcd's default, --max-request-bytes: of one object */
    RULE_BYTES = 96,      /* about, of a rule as JSON without its ports */
    PORT_BYTES = 36,      /* of a port */
    PORTS_HELD = 1024 /* our own, so that no match of OVN grows without bound: ports of one rule */
};

struct port {
    int protocol;
    uint16_t number;
};

/* The core gives a rule for each port: those that differ in nothing else are held for one. */
struct state {
    bool open, every_protocol;
    enum flowrules_action action;
    flowrules_flows flows;
    struct flowrules_set destination;
    size_t port_count, rules, ports_written;
    struct port ports[PORTS_HELD];
};

static flowrules_writer *file(flowrules_output *out) {
    return flowrules_output_file(out, ".yaml", false);
}

/* ---- rules --------------------------------------------------------------------------------- */

static const char *const type_word[] = {"Allow", "Deny"};

static const char *protocol_word(int protocol) {
    return protocol == 6 ? "TCP" : protocol == 17 ? "UDP" : "SCTP";
}

static void open_item(flowrules_writer *w, struct state *s) {
    flowrules_write(w, "    - ");
    flowrules_writer_origin(w, s->flows);
    flowrules_writef(w, "type: %s\n      to:\n", type_word[s->action]);
    s->rules++;
}

static void close_item(flowrules_writer *w, struct state *s) {
    if (s->every_protocol)
        return;
    s->ports_written += s->port_count;
    flowrules_write(w, "      ports:\n");
    for (size_t i = 0; i < s->port_count; i++)
        flowrules_writef(w, "        - {protocol: %s, port: %u}\n",
                         protocol_word(s->ports[i].protocol), s->ports[i].number);
}

static void write_blocks(flowrules_writer *w, struct state *s, enum flowrules_family family) {
    static const char *const everywhere[] = {"0.0.0.0/0", "::/0"};
    size_t count = flowrules_set_range_count(s->destination, family);
    if (flowrules_set_is_any(s->destination)) {
        open_item(w, s);
        flowrules_writef(w, "        cidrSelector: \"%s\"\n", everywhere[family]);
        close_item(w, s);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct flowrules_range range = flowrules_set_range(s->destination, family, i), prefix;
        while (flowrules_range_next_prefix(&range, &prefix)) {
            open_item(w, s);
            flowrules_write(w, "        cidrSelector: \"");
            flowrules_write_prefix(w, &prefix);
            flowrules_write(w, "\"\n");
            close_item(w, s);
        }
    }
}

static void write_nodes(const flowrules_plan *plan, flowrules_writer *w, const char *network) {
    bool labels = flowrules_binding_label(plan, network, "nodes", 0) != NULL;
    bool where = flowrules_binding_value(plan, network, "nodes-where", 0) != NULL;
    flowrules_writef(w, "        nodeSelector:%s", labels || where ? "\n" : " {} # every node\n");
    if (labels)
        flowrules_write(w, "          matchLabels:\n");
    flowrules_yaml_labels(w, plan, network, "nodes", "            ", "");
    if (where)
        flowrules_write(w, "          matchExpressions:\n");
    flowrules_yaml_expressions(w, plan, network, "nodes-where", "            ", "");
}

static void write_atom(const flowrules_plan *plan, flowrules_writer *w, struct state *s,
                       struct flowrules_atom atom) {
    open_item(w, s);
    if (atom.kind == FLOWRULES_ATOM_GROUP) {
        write_nodes(plan, w, atom.name);
    } else {
        flowrules_write(w, atom.kind == FLOWRULES_ATOM_NAME ? "        dnsName: \""
                                                            : "        dnsName: \"*.");
        flowrules_write_user(w, &flowrules_yaml_quoted, atom.name);
        flowrules_write(w, "\"\n");
    }
    close_item(w, s);
}

/* Writes what was held: a rule for each name, block and group of the destination. */
static void flush(flowrules_output *out, struct state *s) {
    flowrules_writer *w = file(out);
    if (!s->open)
        return;
    flowrules_write(w, "    # ");
    flowrules_writer_origin(w, s->flows);
    flowrules_write_notes(w, out, &flowrules_yaml_comment, FLOWRULES_NOTES, s->flows, NULL);
    flowrules_write(w, "\n");
    for (size_t i = 0; i < flowrules_set_atom_count(s->destination); i++)
        write_atom(flowrules_output_plan(out), w, s, flowrules_set_atom(s->destination, i));
    write_blocks(w, s, FLOWRULES_IPV4);
    write_blocks(w, s, FLOWRULES_IPV6);
    s->open = false;
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    struct state *s = flowrules_output_state(out);
    const struct flowrules_service *service = &r->services[0];
    bool same = s->open && flowrules_flows_are_same(s->flows, r->flows) && s->action == r->action &&
                s->destination.id == r->destination.id && !s->every_protocol &&
                service->protocol >= 0 && s->port_count < PORTS_HELD;
    if (!same) {
        flush(out, s);
        s->open = true;
        s->every_protocol = service->protocol < 0;
        s->action = r->action;
        s->flows = r->flows;
        s->destination = r->destination;
        s->port_count = 0;
    }
    if (service->protocol >= 0)
        s->ports[s->port_count++] =
            (struct port){service->protocol, service->destination_ports[0].first};
}

/* ---- what can't be said -------------------------------------------------------------------- */

/* dnsName in the CRD: letters, digits and '-' alone between the dots. */
static bool is_host_name(const char *name) {
    static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    return name[strspn(name, fit)] == '\0';
}

static const char *refuses_atom(const flowrules_plan *plan, struct flowrules_atom atom) {
    if (atom.kind == FLOWRULES_ATOM_GROUP)
        return NULL; /* nodes: groups of pods are out of scope */
    if (atom.kind == FLOWRULES_ATOM_WILDCARD && !flowrules_plan_flag(plan, "dns-name-resolver"))
        return "a wildcard needs a cluster with DNSNameResolver\nwhere it has that, set "
               "'dns-name-resolver: true'";
    return is_host_name(atom.name) ? NULL
                                   : "names on this platform have only letters, digits and '-'";
}

static const char *refuses(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    const char *why = NULL;
    for (size_t i = 0; i < flowrules_set_atom_count(flow->destination) && !why; i++)
        why = refuses_atom(plan, flowrules_set_atom(flow->destination, i));
    for (size_t i = 0; i < flow->service_count && !why; i++) {
        const struct flowrules_service *service = &flow->services[i];
        if (service->protocol >= 0 && service->destination_port_count == 0)
            why = "this platform cannot match every port of a protocol\n"
                  "list the ports, or use 'any' protocol";
        for (size_t p = 0; p < service->destination_port_count; p++)
            if (service->destination_ports[p].first == 0)
                why = "this platform cannot match port 0: ports are 1 to 65535";
    }
    return why;
}

/* ---- the namespace ------------------------------------------------------------------------- */

static bool is_pods(const flowrules_plan *plan, struct flowrules_atom atom) {
    return atom.kind == FLOWRULES_ATOM_GROUP &&
           !flowrules_binding_value(plan, atom.name, "nodes", 0) &&
           !flowrules_binding_value(plan, atom.name, "nodes-where", 0) &&
           flowrules_binding_value(plan, atom.name, "namespace", 0);
}

/* The network that is every pod of the namespace, or NULL with the reason refused. */
static const char *whole_namespace(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct flowrules_set all = flowrules_plan_protects(plan);
    const char *whole = NULL, *namespace = NULL;
    bool one = flowrules_set_range_count(all, FLOWRULES_IPV4) == 0 &&
               flowrules_set_range_count(all, FLOWRULES_IPV6) == 0;
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++) {
        struct flowrules_atom atom = flowrules_set_atom(all, i);
        const char *own =
            is_pods(plan, atom) ? flowrules_binding_value(plan, atom.name, "namespace", 0) : "any";
        one = one && strcmp(own, "any") != 0 && (!namespace || strcmp(own, namespace) == 0);
        namespace = own;
        if (!flowrules_binding_label(plan, atom.name, "pods", 0) &&
            !flowrules_binding_value(plan, atom.name, "pods-where", 0) &&
            !flowrules_binding_value(plan, atom.name, "namespace-labels", 0) &&
            !flowrules_binding_value(plan, atom.name, "namespace-where", 0) &&
            (!flowrules_binding_value(plan, atom.name, "service", 0) ||
             flowrules_binding_value(plan, atom.name, "pods", 0)))
            whole = atom.name;
    }
    if (!one || !namespace)
        flowrules_output_refuse(out,
                                "an EgressFirewall applies to one namespace: protect a network "
                                "with a group 'kubernetes: {namespace: NAME, pods: any}'");
    else if (!whole)
        flowrules_output_refuse(out,
                                "an EgressFirewall applies to every pod of its namespace: also "
                                "protect a network 'kubernetes: {namespace: %s, pods: any}'",
                                namespace);
    return one ? whole : NULL;
}

/* ---- the file ------------------------------------------------------------------------------ */

static void write_head(flowrules_output *out, flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *target = flowrules_plan_target(plan);
    flowrules_yaml_title(w, plan);
    flowrules_writef(w,
                     "# Target %s, version %s: what no rule allows to leave the cluster\n"
                     "# from this namespace is denied. Traffic between pods is not its business.\n"
                     "# The API server is outside too: pods that use it need a flow to it.\n",
                     target, flowrules_output_fingerprint(out));
    flowrules_write_shuts(w, out, "# ", "\n");
    flowrules_write_pinned_day(w, plan, "# ", ".\n");
    flowrules_writef(
        w,
        "# Try with:  oc diff --server-side -f %s.yaml\n"
        "# Load with: oc apply --server-side -f %s.yaml\n"
        "#   A namespace has one EgressFirewall: this replaces it whole, and can be repeated.\n",
        target, target);
}

static void begin(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = file(out);
    const char *network = whole_namespace(out);
    if (!flowrules_plan_enforces(plan, FLOWRULES_EGRESS))
        flowrules_output_refuse(out, "an EgressFirewall has no ingress: remove 'direction'");
    if (!network)
        return;
    write_head(out, w);
    flowrules_write(w, "# Undo with: oc delete egressfirewall default -n ");
    flowrules_write_user(w, &flowrules_yaml_comment,
                         flowrules_binding_value(plan, network, "namespace", 0));
    flowrules_write(w, "\n---\napiVersion: k8s.ovn.org/v1\nkind: EgressFirewall\n"
                       "metadata:\n  name: default\n  namespace: ");
    flowrules_yaml_write(w, flowrules_binding_value(plan, network, "namespace", 0));
    flowrules_write(w, "\n  labels:\n    app.kubernetes.io/managed-by: flowrules\n"
                       "  annotations:\n    flowrules/target: ");
    flowrules_yaml_write(w, flowrules_plan_target(plan));
    flowrules_write(w, "\n    flowrules/version: ");
    flowrules_yaml_write(w, flowrules_output_fingerprint(out));
    flowrules_write(w, "\nspec:\n  egress:\n");
}

static void end(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    flush(out, s);
    flowrules_write(file(out), "    # What no rule allows; without these it would pass.\n"
                               "    - type: Deny\n      to:\n        cidrSelector: \"0.0.0.0/0\"\n"
                               "    - type: Deny\n      to:\n        cidrSelector: \"::/0\"\n");
    size_t bytes = s->rules * RULE_BYTES + s->ports_written * PORT_BYTES;
    if (bytes > OBJECT_MAX)
        flowrules_output_refuse(out,
                                "about %zu bytes, but etcd takes at most %d for an object: use "
                                "larger prefixes, fewer ports, or every port",
                                bytes, OBJECT_MAX);
    if (s->rules + 2 > RULES_MAX)
        flowrules_output_refuse(out,
                                "%zu rules, but an EgressFirewall ignores rules after %d: use "
                                "larger prefixes, or fewer names",
                                s->rules + 2, RULES_MAX);
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct flowrules_setting settings[] = {
    {.key = "dns-name-resolver",
     .type = "boolean",
     .fallback = "false",
     .help = "the cluster has the feature DNSNameResolver: wildcards that match one label"},
    {.key = NULL},
};

static const struct flowrules_setting bindings[] = {
    {.key = "namespace", .type = "namespace", .help = "a namespace, with all its pods"},
    {.key = "nodes", .type = "selector", .help = "labels of nodes, as a destination"},
    {.key = "nodes-where",
     .type = "requirements",
     .help = "requirements for the nodes' labels, in the syntax of kubectl -l: gpu, \"!gpu\", zone "
             "in (a, b), zone notin (c)"},
    {.key = NULL},
};

static const struct flowrules_limit limits[] = {
    {"rules of a namespace", RULES_MAX, "ovn-kubernetes: later rules are ignored"},
    {"bytes of an object", OBJECT_MAX, "etcd.io/docs dev-guide/limit: --max-request-bytes"},
    {"ports of a rule", PORTS_HELD, "flowrules: the CRD has no limit; more ports are more rules"},
    {"EgressFirewalls of a namespace", 1, "the CRD: metadata.name is ^default$"},
    {.name = NULL},
};

static const uint8_t protocols[] = {6, 17, 132}; /* TCP, UDP, SCTP */

static const struct flowrules_format formats[] = {
    {.name = "yaml", .help = "a manifest for oc apply", .begin = begin, .rule = rule, .end = end},
    {.name = NULL},
};

extern const struct flowrules_backend flowrules_backend_openshift;
const struct flowrules_backend flowrules_backend_openshift = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "openshift",
    .title = "OpenShift EgressFirewall",
    .description =
        "The EgressFirewall of a namespace: traffic that leaves the cluster, by address or name",
    .capabilities = {.placement = FLOWRULES_ATTACHED,
                     .evaluation = FLOWRULES_FIRST_MATCH,
                     .permits_note =
                         "an EgressFirewall is the only one of its namespace, and what it does not "
                         "deny passes",
                     .families = FLOWRULES_BOTH_FAMILIES,
                     .mixed_families = true,
                     .no_ingress = true,
                     .implicit_end = true,
                     .names = true,
                     .wildcards = FLOWRULES_WILDCARDS_ONE_LABEL,
                     .groups = true,
                     .pod_groups = true,
                     .far_groups = "nodes|nodes-where",
                     .far_groups_note = "an EgressFirewall does not decide traffic between pods",
                     .no_port_ranges = true,
                     .prefixes = true,
                     .protocols = protocols,
                     .protocol_count = sizeof protocols},
    .state_size = sizeof(struct state),
    .formats = formats,
    .settings = settings,
    .bindings = bindings,
    .bindings_of = "kubernetes",
    .limits = limits,
    .refuses = refuses,
    .read = fr_openshift_read,
};
