/*
 * Groups of pods as sources and destinations: what can be selected and protected, what is denied by
 * default. Knows the keys of the binding and the protected networks; writes nothing.
 */
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/pods.h"
#include "output.h"
#include "view.h"

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

static bool has_key(const flowrules_plan *plan, const char *network, const char *key) {
    return flowrules_binding_value(plan, network, key, 0) != NULL;
}

const char *flowrules_pods_one_namespace(const flowrules_plan *plan, const char *network) {
    const char *name = flowrules_pods_namespace(plan, network);
    return name != NULL && strcmp(name, "any") != 0 ? name : NULL;
}

const char *flowrules_pods_unprotectable(const flowrules_plan *plan, const char *network) {
    const char *why = flowrules_pods_unselectable(plan, network);
    if (why != NULL)
        return why;
    if (has_key(plan, network, "entities"))
        return "a policy applies to pods, not to entities";
    if (has_key(plan, network, "namespace-labels") || has_key(plan, network, "namespace-where"))
        return "a policy belongs to one namespace: give its name, not its labels";
    if (flowrules_pods_one_namespace(plan, network) == NULL)
        return "a policy belongs to one namespace: protected pods cannot be in any namespace";
    return NULL;
}

/* ---- the ends of a flow -------------------------------------------------------------------- */

/* Is a peer shut in the other direction, by the default deny of pods that it is among? */
static bool is_shut(const flowrules_plan *plan, const struct flowrules_rule *flow,
                    const char *peer) {
    struct flowrules_set all = flowrules_plan_protects(plan);
    if (flow->action == FLOWRULES_DENY || has_key(plan, peer, "entities") || holds(all, peer) ||
        !flowrules_plan_enforces(plan, flow->direction == FLOWRULES_EGRESS ? FLOWRULES_INGRESS
                                                                           : FLOWRULES_EGRESS))
        return false;
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++)
        if (flowrules_pods_cover(plan, flowrules_set_atom(all, i).name, peer))
            return true;
    return false;
}

const char *flowrules_pods_refuse_ends(const flowrules_plan *plan,
                                       const struct flowrules_rule *flow, const char *no_pods) {
    struct flowrules_set own = flowrules_rule_protected(flow), peers = flowrules_rule_peers(flow);
    const char *why = NULL;
    if (flowrules_set_has_all_atoms(own) || has_addresses(own))
        return no_pods;
    for (size_t i = 0; i < flowrules_set_atom_count(own) && why == NULL; i++)
        why = is_group(own, i) ? flowrules_pods_unprotectable(plan, flowrules_set_atom(own, i).name)
                               : no_pods;
    for (size_t i = 0; i < flowrules_set_atom_count(peers) && why == NULL; i++) {
        const char *peer = flowrules_set_atom(peers, i).name;
        if (!is_group(peers, i))
            continue; /* a name that is not pinned: the core tells */
        why = flowrules_pods_unselectable(plan, peer);
        if (why == NULL && is_shut(plan, flow, peer))
            why = "the pods on its other side are protected under another network: add that "
                  "network to 'protects'";
    }
    return why == fr_no_namespace ? FR_NO_NAMESPACE "\n" : why; /* it says what to do */
}

bool flowrules_pods_hide_port(const flowrules_plan *plan, struct flowrules_set destination,
                              struct flowrules_ports ports) {
    for (size_t i = 0; i < flowrules_set_atom_count(destination); i++) {
        const char *network = flowrules_set_atom(destination, i).name;
        if (ports.first == ports.last || !flowrules_pods_map_ports(plan, network))
            continue;
        for (unsigned p = ports.first; p <= ports.last; p++)
            if (flowrules_pods_port(plan, network, (uint16_t)p) != p)
                return true;
    }
    return false;
}

/* ---- what is protected --------------------------------------------------------------------- */

void flowrules_pods_check_protected(flowrules_output *out, const char *no_pods) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct flowrules_set all = flowrules_plan_protects(plan);
    if (flowrules_set_atom_count(all) == 0 || has_addresses(all))
        flowrules_output_refuse(out, "%s", no_pods);
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++) {
        const char *network = flowrules_set_atom(all, i).name;
        const char *why = is_group(all, i) ? flowrules_pods_unprotectable(plan, network) : no_pods;
        if (why != NULL)
            flowrules_output_refuse(out, "'%s' cannot be protected: %s", network, why);
    }
}

size_t flowrules_pods_protected(const flowrules_plan *plan, const char *network) {
    struct flowrules_set all = flowrules_plan_protects(plan);
    size_t count = flowrules_set_atom_count(all), i = 0;
    while (i < count && !flowrules_pods_are_same(plan, flowrules_set_atom(all, i).name, network))
        i++;
    return i;
}

bool flowrules_pods_are_repeated(const flowrules_plan *plan, size_t index) {
    struct flowrules_set all = flowrules_plan_protects(plan);
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++)
        if (fr_pods_precede(plan, all, i, index))
            return true;
    return false;
}
