/*
 * Reads EgressFirewalls: our manifest, and what oc gets. Knows the API k8s.ovn.org/v1, in which the
 * first rule that matches decides and what none matches passes. Facts without another source: the
 * CRD of ovn-kubernetes, go-controller/pkg/crd/egressfirewall/v1.
 */
#include <string.h>

#include "objects.h"

enum { RULES_MAX = 8000 }; /* what comes later is ignored: ovn-kubernetes, docs of EgressFirewall */

/* ---- destinations -------------------------------------------------------------------------- */

static void name_node(const char *name, struct fr_constraint *constraint) {
    constraint->key = "nodes";
    constraint->label = name;
}

static struct flowrules_set read_nodes(struct fr_objects *r, const flowrules_node *selector) {
    struct fr_selection s = {.all = NULL};
    fr_objects_selection_labels(r, &s, selector, name_node);
    if (s.count == 0 && s.unclear == NULL)
        fr_objects_selection_add(r, &s, "nodes", NULL, "any");
    return fr_objects_selection_is_clear(r, &s) ? fr_objects_selection_set(r, &s)
                                                : flowrules_input_none(r->in);
}

/* "*.example.com" is one label below here, and any number in a policy, where it is narrowed. */
static struct flowrules_set read_name(struct fr_objects *r, const flowrules_node *node) {
    const char *name = fr_objects_text(r, node);
    if (name == NULL)
        return flowrules_input_none(r->in);
    bool wildcard = strncmp(name, "*.", 2) == 0;
    if (wildcard && flowrules_input_define(r->in, 1, "dns-name-resolver", r))
        flowrules_input_found(r->in, "dns-name-resolver", "true");
    if (wildcard)
        flowrules_input_note(
            r->in, flowrules_node_place(node),
            "'%.260s' matches one label here, but any number of labels in a policy", name);
    return flowrules_input_name(r->in, flowrules_node_place(node), name);
}

static struct flowrules_set read_destination(struct fr_objects *r, const flowrules_node *to) {
    static const char *const known[] = {"cidrSelector", "dnsName", "nodeSelector", NULL};
    struct flowrules_set none = flowrules_input_none(r->in);
    size_t count = 0;
    if (!fr_objects_is_map(r, to, "a mapping with cidrSelector, dnsName or nodeSelector"))
        return none;
    fr_objects_doubt_others(r, to, known);
    for (size_t i = 0; i < 3; i++)
        count += flowrules_node_get(to, known[i]) != NULL ? 1 : 0;
    if (count != 1) {
        flowrules_input_error(r->in, flowrules_node_place(to), NULL,
                              "a rule needs one of cidrSelector, dnsName and nodeSelector");
        return none;
    }
    if (flowrules_node_get(to, "cidrSelector") != NULL)
        return fr_objects_prefix(r, flowrules_node_get(to, "cidrSelector"));
    if (flowrules_node_get(to, "dnsName") != NULL)
        return read_name(r, flowrules_node_get(to, "dnsName"));
    return read_nodes(r, flowrules_node_get(to, "nodeSelector"));
}

/* ---- ports --------------------------------------------------------------------------------- */

/* Both are required. */
static bool read_port(struct fr_objects *r, const flowrules_node *item,
                      struct flowrules_service *service) {
    static const char *const known[] = {"protocol", "port", NULL};
    struct flowrules_ports *ports = flowrules_input_alloc(r->in, sizeof *ports);
    long long number;
    if (ports == NULL || !fr_objects_is_map(r, item, "a mapping with protocol and port"))
        return false;
    fr_objects_doubt_others(r, item, known);
    const flowrules_node *port = flowrules_node_get(item, "port");
    const char *word = flowrules_node_text(flowrules_node_get(item, "protocol"));
    int protocol = fr_objects_equals(word, "TCP")    ? 6
                   : fr_objects_equals(word, "UDP")  ? 17
                   : fr_objects_equals(word, "SCTP") ? 132
                                                     : -1;
    if (protocol < 0 || flowrules_node_quoted(port) ||
        !flowrules_node_number(port, 1, 65535, &number)) {
        flowrules_input_error(r->in, flowrules_node_place(item),
                              "{protocol: TCP, port: 443}; there are UDP and SCTP too",
                              "a port needs a protocol and a number from 1 to 65535");
        return false;
    }
    *ports = (struct flowrules_ports){(uint16_t)number, (uint16_t)number};
    *service = (struct flowrules_service){.protocol = protocol,
                                          .destination_ports = ports,
                                          .destination_port_count = 1,
                                          .icmp_type = -1,
                                          .icmp_code = -1};
    return true;
}

static void read_ports(struct fr_objects *r, const flowrules_node *rule,
                       struct flowrules_read_rule *pass) {
    const flowrules_node *first = fr_objects_list(r, rule, "ports");
    size_t items = flowrules_node_count(flowrules_node_get(rule, "ports")), count = 0;
    if (first == NULL)
        return;
    struct flowrules_service *services = flowrules_input_alloc(r->in, items * sizeof *services);
    for (const flowrules_node *n = first; n != NULL && !flowrules_input_failed(r->in);
         n = flowrules_node_next(n))
        if (read_port(r, n, &services[count]))
            count++;
    pass->services = services;
    pass->service_count = count;
}

/* ---- rules --------------------------------------------------------------------------------- */

/* Rules that wait: one for all addresses of a family may be half of one for everything. */
struct held {
    struct flowrules_read_rule rule;
    bool any;
};

static bool is_whole_family(const struct flowrules_read_rule *rule, enum flowrules_family family) {
    return rule->service_count == 0 && flowrules_set_is_all(rule->destination, family) &&
           flowrules_set_range_count(
               rule->destination, family == FLOWRULES_IPV4 ? FLOWRULES_IPV6 : FLOWRULES_IPV4) == 0;
}

static bool are_everything(const struct flowrules_read_rule *a,
                           const struct flowrules_read_rule *b) {
    return a->verdict == b->verdict && a->doubt == NULL && b->doubt == NULL &&
           ((is_whole_family(a, FLOWRULES_IPV4) && is_whole_family(b, FLOWRULES_IPV6)) ||
            (is_whole_family(a, FLOWRULES_IPV6) && is_whole_family(b, FLOWRULES_IPV4)));
}

static void release(struct fr_objects *r, struct held *held) {
    if (held->any && !flowrules_input_failed(r->in))
        flowrules_input_rule(r->in, &held->rule);
    held->any = false;
}

/* Two rules in a row for all addresses, a family each, are one for all that has an address. */
static void add_rule(struct fr_objects *r, struct held *held,
                     const struct flowrules_read_rule *rule) {
    if (held->any && are_everything(&held->rule, rule)) {
        held->rule.destination = flowrules_input_any(r->in);
        return;
    }
    release(r, held);
    *held = (struct held){*rule, true};
}

static void read_rule(struct fr_objects *r, const struct fr_object *object,
                      const flowrules_node *rule, struct held *held) {
    static const char *const known[] = {"type", "to", "ports", NULL};
    if (!fr_objects_is_map(r, rule, "a mapping with type and to"))
        return;
    fr_objects_hold(r);
    fr_objects_doubt_others(r, rule, known);
    const flowrules_node *type = flowrules_node_get(rule, "type");
    const char *word = flowrules_node_text(type);
    if (!fr_objects_equals(word, "Allow") && !fr_objects_equals(word, "Deny")) {
        flowrules_input_error(r->in, flowrules_node_place(type != NULL ? type : rule),
                              "Allow or Deny", "'%.40s' is not a valid type of a rule",
                              word == NULL ? "..." : word);
        return;
    }
    struct flowrules_read_rule read =
        fr_objects_between(object, FLOWRULES_EGRESS, flowrules_input_any(r->in),
                           read_destination(r, flowrules_node_get(rule, "to")));
    read.verdict = strcmp(word, "Allow") == 0 ? FLOWRULES_PASS : FLOWRULES_BLOCK;
    read.at = flowrules_node_place(rule);
    read.name = NULL; /* that of the object is always the same */
    read_ports(r, rule, &read);
    read.doubt = r->doubt;
    if (r->doubt != NULL)
        read.at = r->doubt_at;
    if (!flowrules_input_failed(r->in))
        add_rule(r, held, &read);
}

/*
 * Of several, those of namespaces in which the target protects nothing are left out; an import
 * chooses one after the other.
 */
static bool is_targets(struct fr_objects *r, const struct fr_object *object) {
    struct flowrules_group_key key = {"namespace", NULL, object->namespace};
    const char *chosen = flowrules_input_setting(r->in, "namespace");
    if (chosen != NULL && object->namespace != NULL)
        return strcmp(chosen, object->namespace) == 0;
    return object->namespace == NULL || flowrules_input_may_protect(r->in, &key, 1);
}

static void read_firewall(struct fr_objects *r, const struct fr_object *object) {
    struct held held = {.any = false};
    size_t count = 0;
    if (!is_targets(r, object))
        return;
    if (!flowrules_input_define(r->in, 0, "firewall", r)) {
        flowrules_input_error(r->in, object->at, "use one of them, or a target",
                              "the files have several EgressFirewalls, each for its own namespace");
        return;
    }
    if (!fr_objects_is_map(r, object->spec != NULL ? object->spec : object->root, "a spec"))
        return;
    if (object->namespace != NULL)
        flowrules_input_is_of(
            r->in,
            flowrules_input_group(
                r->in, &(struct flowrules_group_key){"namespace", NULL, object->namespace}, 1));
    r->directions = FR_EGRESS_BIT;
    for (const flowrules_node *n = fr_objects_list(r, object->spec, "egress");
         n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next(n)) {
        if (++count > RULES_MAX)
            fr_objects_doubt(r, flowrules_node_place(n),
                             "this rule is after the 8000th rule and is ignored");
        else
            read_rule(r, object, n, &held);
        r->holds_doubts = false;
    }
    release(r, &held);
}

static bool is_firewall(const struct fr_object *object) {
    return strcmp(object->kind, "EgressFirewall") == 0 &&
           strcmp(object->api, "k8s.ovn.org/v1") == 0;
}

/* Each namespace's may be a target. */
static void tell_choice(struct fr_objects *r, const struct fr_object *object) {
    if (is_firewall(object) && object->namespace != NULL)
        flowrules_input_choice(r->in, "namespace", object->namespace, NULL);
}

static void visit(struct fr_objects *r, const struct fr_object *object) {
    r->directions = FR_EGRESS_BIT;
    if (is_firewall(object))
        read_firewall(r, object);
    else
        fr_objects_other(r, object);
}

/* What no rule matches passes, and so does all of a namespace without an EgressFirewall. */
void fr_openshift_read(flowrules_input *in) {
    struct fr_objects choices = {.in = in, .visit = tell_choice};
    struct fr_objects r = {.in = in, .visit = visit};
    if (flowrules_input_target(in) == NULL)
        fr_objects_each(&choices);
    if (!flowrules_input_failed(in))
        fr_objects_each(&r);
    struct flowrules_read_rule rest = {.direction = FLOWRULES_EGRESS,
                                       .verdict = FLOWRULES_PASS,
                                       .source = flowrules_input_any(in),
                                       .destination = flowrules_input_any(in)};
    if (!flowrules_input_failed(in))
        flowrules_input_rule(in, &rest);
}
