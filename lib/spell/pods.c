/*
 * Groups of pods at the ends of flows: what can be selected and protected, what is denied by
 * default. Knows the keys of the binding and the protected networks; writes nothing.
 */
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/pods.h"
#include "output.h"

struct flowrules_set flowrules_rule_protected(const struct flowrules_rule *rule) {
    return rule->direction == FLOWRULES_EGRESS ? rule->source : rule->destination;
}

struct flowrules_set flowrules_rule_peers(const struct flowrules_rule *rule) {
    return rule->direction == FLOWRULES_EGRESS ? rule->destination : rule->source;
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

static bool has_addresses(struct flowrules_set set) {
    return flowrules_set_range_count(set, FLOWRULES_IPV4) > 0 ||
           flowrules_set_range_count(set, FLOWRULES_IPV6) > 0;
}

/* ---- one group ----------------------------------------------------------------------------- */

static bool has_key(const flowrules_output *out, const char *network, const char *key) {
    return flowrules_binding_value(out, network, key, 0) != NULL;
}

const char *flowrules_pods_one_namespace(const flowrules_output *out, const char *network) {
    const char *name = flowrules_pods_namespace(out, network);
    return name != NULL && strcmp(name, "any") != 0 ? name : NULL;
}

const char *flowrules_pods_unprotectable(const flowrules_output *out, const char *network) {
    const char *why = flowrules_pods_unselectable(out, network);
    if (why != NULL)
        return why;
    if (has_key(out, network, "entities"))
        return "a policy applies to pods, not to entities";
    if (has_key(out, network, "namespace-labels") || has_key(out, network, "namespace-where"))
        return "a policy belongs to one namespace: give its name, not its labels";
    if (flowrules_pods_one_namespace(out, network) == NULL)
        return "a policy belongs to one namespace: protected pods cannot be in any namespace";
    return NULL;
}

/* ---- the ends of a flow -------------------------------------------------------------------- */

/* Is a peer shut in the other direction, by the default deny of pods that it is among? */
static bool is_shut(const flowrules_output *out, const struct flowrules_rule *flow,
                    const char *peer) {
    struct flowrules_set all = flowrules_output_protects(out);
    if (flow->action == FLOWRULES_DENY || has_key(out, peer, "entities") || holds(all, peer) ||
        !flowrules_output_enforces(out, flow->direction == FLOWRULES_EGRESS ? FLOWRULES_INGRESS
                                                                            : FLOWRULES_EGRESS))
        return false;
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++)
        if (flowrules_pods_cover(out, flowrules_set_atom(all, i).name, peer))
            return true;
    return false;
}

const char *flowrules_pods_refuse_ends(const flowrules_output *out,
                                       const struct flowrules_rule *flow, const char *no_pods) {
    struct flowrules_set own = flowrules_rule_protected(flow), peers = flowrules_rule_peers(flow);
    const char *why = NULL;
    if (flowrules_set_has_all_atoms(own) || has_addresses(own))
        return no_pods;
    for (size_t i = 0; i < flowrules_set_atom_count(own) && why == NULL; i++)
        why = is_group(own, i) ? flowrules_pods_unprotectable(out, flowrules_set_atom(own, i).name)
                               : no_pods;
    for (size_t i = 0; i < flowrules_set_atom_count(peers) && why == NULL; i++) {
        const char *peer = flowrules_set_atom(peers, i).name;
        if (!is_group(peers, i))
            continue; /* a name that is not pinned: the core tells */
        why = flowrules_pods_unselectable(out, peer);
        if (why == NULL && is_shut(out, flow, peer))
            why = "the pods on its other side are protected under another network: add that "
                  "network to 'protects'";
    }
    return why == fr_no_namespace ? FR_NO_NAMESPACE "\n" : why; /* it says what to do */
}

bool flowrules_pods_hide_port(const flowrules_output *out, struct flowrules_set destination,
                              struct flowrules_ports ports) {
    for (size_t i = 0; i < flowrules_set_atom_count(destination); i++) {
        const char *network = flowrules_set_atom(destination, i).name;
        if (ports.first == ports.last || !flowrules_pods_map_ports(out, network))
            continue;
        for (unsigned p = ports.first; p <= ports.last; p++)
            if (flowrules_pods_port(out, network, (uint16_t)p) != p)
                return true;
    }
    return false;
}

/* ---- what is protected --------------------------------------------------------------------- */

void flowrules_pods_check_protected(flowrules_output *out, const char *no_pods) {
    struct flowrules_set all = flowrules_output_protects(out);
    if (flowrules_set_atom_count(all) == 0 || has_addresses(all))
        flowrules_output_refuse(out, "%s", no_pods);
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++) {
        const char *network = flowrules_set_atom(all, i).name;
        const char *why = is_group(all, i) ? flowrules_pods_unprotectable(out, network) : no_pods;
        if (why != NULL)
            flowrules_output_refuse(out, "'%s' cannot be protected: %s", network, why);
    }
}

size_t flowrules_pods_protected(const flowrules_output *out, const char *network) {
    struct flowrules_set all = flowrules_output_protects(out);
    size_t count = flowrules_set_atom_count(all), i = 0;
    while (i < count && !flowrules_pods_are_same(out, flowrules_set_atom(all, i).name, network))
        i++;
    return i;
}

bool flowrules_pods_are_repeated(const flowrules_output *out, size_t index) {
    struct flowrules_set all = flowrules_output_protects(out);
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++)
        if (fr_pods_precede(out, all, i, index))
            return true;
    return false;
}
