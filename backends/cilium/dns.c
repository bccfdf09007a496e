/*
 * What cilium's pods do about names: whom they ask the DNS, and what of the flows and their denies
 * is about it; the baseline, for a comparison.
 */
#include "cilium.h"

#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/pods.h"
#include "flowrules/kits/whole.h"

bool fr_cilium_is_entities(const flowrules_plan *plan, const char *network) {
    return flowrules_binding_value(plan, network, "entities", 0) != NULL;
}

uint16_t fr_cilium_dns_port(const flowrules_plan *plan) {
    return (uint16_t)flowrules_plan_number(plan, "dns-port");
}

bool fr_cilium_holds_dns(const flowrules_plan *plan, int protocol, struct flowrules_ports ports) {
    uint16_t port = fr_cilium_dns_port(plan);
    return (protocol == 6 || protocol == 17) && ports.first <= port && ports.last >= port;
}

/* ---- who asks the DNS ---------------------------------------------------------------------- */

/* How a set is about the cluster's own DNS: not at all, maybe or with some pods of it, with all. */
enum about_dns { DNS_APART, DNS_PARTLY, DNS_WHOLE };

/* How the requirements, or labels, of a key are about what has a label with this value. */
static enum about_dns about_labels(const flowrules_plan *plan, const char *network, const char *key,
                                   const char *label, const char *value) {
    enum about_dns about = DNS_WHOLE;
    const char *text;
    for (size_t i = 0; (text = flowrules_binding_value(plan, network, key, i)) != NULL; i++) {
        const char *own = flowrules_binding_label(plan, network, key, i);
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
static enum about_dns about_kube_dns(const flowrules_plan *plan, const char *network) {
    static const struct {
        const char *key, *label, *value;
    } asked[] = {
        {"namespace-labels", "kubernetes.io/metadata.name", "kube-system"},
        {"namespace-where", "kubernetes.io/metadata.name", "kube-system"},
        {"pods", "k8s-app", "kube-dns"},
        {"pods-where", "k8s-app", "kube-dns"},
    };
    const char *namespace = flowrules_pods_one_namespace(plan, network);
    enum about_dns least = DNS_WHOLE;
    if (namespace != NULL && strcmp(namespace, "kube-system") != 0)
        return DNS_APART;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        enum about_dns own =
            about_labels(plan, network, asked[i].key, asked[i].label, asked[i].value);
        least = own < least ? own : least;
    }
    return least;
}

static enum about_dns about_atom(const flowrules_plan *plan, struct flowrules_atom atom) {
    const char *dns = flowrules_plan_setting(plan, "dns"), *entity;
    if (atom.kind != FLOWRULES_ATOM_GROUP)
        return DNS_APART;
    for (size_t i = 0; (entity = flowrules_binding_value(plan, atom.name, "entities", i)) != NULL;
         i++)
        if (strcmp(entity, "cluster") == 0)
            return DNS_WHOLE;
    if (fr_cilium_is_entities(plan, atom.name))
        return DNS_APART;
    if (dns == NULL)
        return about_kube_dns(plan, atom.name);
    if (flowrules_pods_cover(plan, atom.name, dns))
        return DNS_WHOLE;
    return flowrules_pods_may_meet(plan, atom.name, dns) ? DNS_PARTLY : DNS_APART;
}

static enum about_dns about_dns(const flowrules_plan *plan, struct flowrules_set set) {
    enum about_dns most = flowrules_set_has_all_atoms(set) ? DNS_WHOLE : DNS_APART;
    for (size_t i = 0; i < flowrules_set_atom_count(set) && most != DNS_WHOLE; i++) {
        enum about_dns own = about_atom(plan, flowrules_set_atom(set, i));
        most = own > most ? own : most;
    }
    return most;
}

/* Is a flow about questions to some DNS, as its ports say: UDP to the DNS' own? */
static bool is_for_dns(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    static const struct flowrules_ports all = {0, 65535};
    for (size_t i = 0; i < flow->service_count; i++) {
        const struct flowrules_service *service = &flow->services[i];
        if (service->protocol == 17 && service->destination_port_count == 0)
            return fr_cilium_holds_dns(plan, 17, all);
        for (size_t p = 0; p < service->destination_port_count; p++)
            if (service->protocol == 17 &&
                fr_cilium_holds_dns(plan, 17, service->destination_ports[p]))
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

void fr_cilium_add_asking(const flowrules_plan *plan, const struct flowrules_rule *flow,
                          struct fr_cilium_asking *a) {
    if (flow->action == FLOWRULES_DENY || flow->direction == FLOWRULES_INGRESS)
        return;
    a->reaches_names = a->reaches_names || has_names_in(flow->destination);
    /* One for every protocol has no list of ports, in which the proxy would be named. */
    if (!is_for_dns(plan, flow))
        return;
    a->of_any = true;
    a->of_cluster = a->of_cluster || about_dns(plan, flow->destination) == DNS_WHOLE;
}

/* ---- the baseline, for a comparison -------------------------------------------------------- */

enum { KEYS_MAX = 64 }; /* our own: labels of one network */

/* The pods of a network as a group. */
static struct flowrules_set group_of(const flowrules_plan *plan, flowrules_input *in,
                                     const char *network) {
    static const char *const own[] = {"namespace-labels", "namespace-where", "pods", "pods-where"};
    struct flowrules_group_key keys[KEYS_MAX];
    const char *namespace = flowrules_pods_one_namespace(plan, network), *value;
    size_t count = 0;
    if (namespace != NULL)
        keys[count++] = (struct flowrules_group_key){"namespace", NULL, namespace};
    for (size_t k = 0; k < sizeof own / sizeof own[0]; k++)
        for (size_t i = 0; count < KEYS_MAX &&
                           (value = flowrules_binding_value(plan, network, own[k], i)) != NULL;
             i++)
            keys[count++] = (struct flowrules_group_key){
                own[k], flowrules_binding_label(plan, network, own[k], i), value};
    return flowrules_input_group(in, keys, count);
}

static bool has_network(struct flowrules_set set, const char *network) {
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++)
        if (strcmp(flowrules_set_atom(set, i).name, network) == 0)
            return true;
    return false;
}

static bool covers_network(const flowrules_plan *plan, struct flowrules_set set,
                           const char *network) {
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++)
        if (flowrules_pods_cover(plan, flowrules_set_atom(set, i).name, network))
            return true;
    return false;
}

/* Do pods that reach names lack a flow to the cluster's own DNS? */
static bool needs_dns(const flowrules_plan *plan, const char *network) {
    struct fr_cilium_asking own = {false, false, false}, all = own;
    struct flowrules_rule flow;
    for (size_t i = 0; flowrules_plan_flow(plan, i, &flow); i++) {
        if (has_network(flow.source, network))
            fr_cilium_add_asking(plan, &flow, &own);
        if (covers_network(plan, flow.source, network))
            fr_cilium_add_asking(plan, &flow, &all);
    }
    return own.reaches_names && !all.of_cluster;
}

/* Do some of the pods of a deny reach names? */
static bool denies_namers(const flowrules_plan *plan, const struct flowrules_rule *deny) {
    struct flowrules_rule flow;
    for (size_t i = 0; flowrules_plan_flow(plan, i, &flow); i++) {
        if (flow.action == FLOWRULES_DENY || flow.direction == FLOWRULES_INGRESS ||
            !has_names_in(flow.destination))
            continue;
        for (size_t a = 0; a < flowrules_set_atom_count(flow.source); a++)
            for (size_t b = 0; b < flowrules_set_atom_count(deny->source); b++)
                if (flowrules_pods_may_meet(plan, flowrules_set_atom(flow.source, a).name,
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

static bool says_dns_port(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    uint16_t port = fr_cilium_dns_port(plan);
    for (size_t i = 0; i < flow->service_count; i++) {
        const struct flowrules_service *service = &flow->services[i];
        if (service->destination_port_count == 0 && service->protocol != 1 &&
            service->protocol != 58)
            return true;
        for (size_t p = 0; p < service->destination_port_count; p++)
            if (service->destination_ports[p].first <= port &&
                service->destination_ports[p].last >= port)
                return true;
    }
    return false;
}

const char *fr_cilium_denies_dns(const flowrules_plan *plan) {
    struct flowrules_rule flow;
    for (size_t i = 0; flowrules_plan_flow(plan, i, &flow); i++)
        if (flow.action == FLOWRULES_DENY && flow.direction == FLOWRULES_EGRESS &&
            says_dns_port(plan, &flow) && about_dns(plan, flow.destination) != DNS_APART)
            return flow.name;
    return NULL;
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

bool fr_cilium_has_addresses(struct flowrules_set set) {
    return !flowrules_set_is_any(set) && (flowrules_set_range_count(set, FLOWRULES_IPV4) > 0 ||
                                          flowrules_set_range_count(set, FLOWRULES_IPV6) > 0);
}

/* A CIDR never matches nodes, and a deny beats every allow, that to the DNS too. */
const char *fr_cilium_warns(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    if (flow->direction == FLOWRULES_EGRESS && is_for_nodes(flow) &&
        fr_cilium_has_addresses(flow->destination))
        return "in Cilium, an address never matches a node or the API server of its own cluster: "
               "if the destination is one, give its network cilium: {entities: [kube-apiserver]}, "
               "or [host, remote-node]";
    if (flow->action == FLOWRULES_ALLOW || flow->direction == FLOWRULES_INGRESS ||
        !(is_for_dns(plan, flow) || says_every_protocol(flow)) ||
        about_dns(plan, flow->destination) == DNS_APART || !denies_namers(plan, flow))
        return NULL;
    return "it denies the cluster's DNS to pods that connect to names, so these names never "
           "resolve";
}

/* These ports of every protocol that has some. */
static void set_services(struct flowrules_service services[3],
                         const struct flowrules_ports *ports) {
    static const int protocols[] = {6, 17, 132};
    for (size_t i = 0; i < 3; i++)
        services[i] = (struct flowrules_service){.protocol = protocols[i],
                                                 .destination_ports = ports,
                                                 .destination_port_count = 1,
                                                 .icmp_type = -1,
                                                 .icmp_code = -1};
}

static bool has_denies(const flowrules_plan *plan) {
    struct flowrules_rule flow;
    for (size_t i = 0; flowrules_plan_flow(plan, i, &flow); i++)
        if (flow.action == FLOWRULES_DENY)
            return true;
    return false;
}

/* Port 0, which denies may leave over of all ports where they are taken out: it can't be said. */
static void leave_port_zero(const flowrules_plan *plan, flowrules_input *in) {
    static const struct flowrules_ports zero = {0, 0};
    struct flowrules_service services[3];
    set_services(services, &zero);
    struct flowrules_read_rule rule = {.verdict = FLOWRULES_OUTSIDE,
                                       .source = flowrules_input_any(in),
                                       .destination = flowrules_input_any(in),
                                       .services = services,
                                       .service_count = 3};
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        rule.direction = d;
        if (flowrules_plan_permits(plan) && flowrules_plan_enforces(plan, d) && has_denies(plan))
            flowrules_input_rule(in, &rule);
    }
}

void fr_cilium_baseline(const flowrules_plan *plan, flowrules_input *in) {
    static const struct flowrules_group_key kube_dns[] = {{"namespace", NULL, "kube-system"},
                                                          {"pods", "k8s-app", "kube-dns"}};
    struct flowrules_set all = flowrules_plan_protects(plan);
    const char *dns = flowrules_plan_setting(plan, "dns");
    uint16_t own = fr_cilium_dns_port(plan);
    uint16_t port = dns != NULL ? flowrules_pods_port(plan, dns, own) : own;
    struct flowrules_ports ports = {port, port};
    struct flowrules_service services[3];
    set_services(services, &ports);
    struct flowrules_read_rule rule = {.direction = FLOWRULES_EGRESS,
                                       .verdict = FLOWRULES_PASS,
                                       .destination = dns != NULL
                                                          ? group_of(plan, in, dns)
                                                          : flowrules_input_group(in, kube_dns, 2),
                                       .services = services,
                                       .service_count = 3};
    bool on = flowrules_plan_has(plan, FLOWRULES_BASELINE_DNS) &&
              flowrules_plan_enforces(plan, FLOWRULES_EGRESS);
    for (size_t i = 0; on && i < flowrules_set_atom_count(all); i++) {
        const char *network = flowrules_set_atom(all, i).name;
        rule.source = group_of(plan, in, network);
        if (needs_dns(plan, network))
            flowrules_input_rule(in, &rule);
    }
    leave_port_zero(plan, in);
}
