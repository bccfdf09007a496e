/*
 * Groups that select pods of Kubernetes by their namespace and labels: which of them hold others,
 * which may share a pod. Knows the keys of the binding, no manifest.
 */
#include <stdlib.h>
#include <string.h>

#include "output.h"

const char *flowrules_pods_namespace(const flowrules_output *out, const char *network) {
    const char *own = flowrules_binding_value(out, network, "namespace", 0);
    if (own != NULL || flowrules_binding_label(out, network, "namespace-labels", 0) != NULL)
        return own;
    return flowrules_output_setting(out, "namespace");
}

/* The value of a label that a network's pods must have, or NULL. */
static const char *label_value(const flowrules_output *out, const char *network, const char *key,
                               const char *label) {
    const char *own;
    for (size_t i = 0; (own = flowrules_binding_label(out, network, key, i)) != NULL; i++)
        if (strcmp(own, label) == 0)
            return flowrules_binding_value(out, network, key, i);
    return NULL;
}

/* Does every label that wide asks for stand in narrow too, with the same value? */
static bool labels_cover(const flowrules_output *out, const char *wide, const char *narrow,
                         const char *key) {
    const char *label;
    for (size_t i = 0; (label = flowrules_binding_label(out, wide, key, i)) != NULL; i++) {
        const char *value = label_value(out, narrow, key, label);
        if (value == NULL || strcmp(value, flowrules_binding_value(out, wide, key, i)) != 0)
            return false;
    }
    return true;
}

static bool is_every_namespace(const char *name) {
    return name == NULL || strcmp(name, "any") == 0;
}

bool flowrules_pods_cover(const flowrules_output *out, const char *wide, const char *narrow) {
    const char *outer = flowrules_pods_namespace(out, wide);
    const char *inner = flowrules_pods_namespace(out, narrow);
    if (!is_every_namespace(outer) && (inner == NULL || strcmp(outer, inner) != 0))
        return false;
    return labels_cover(out, wide, narrow, "namespace-labels") &&
           labels_cover(out, wide, narrow, "pods");
}

/* Is there a label for which the two ask for different values? */
static bool labels_differ(const flowrules_output *out, const char *a, const char *b,
                          const char *key) {
    const char *label;
    for (size_t i = 0; (label = flowrules_binding_label(out, a, key, i)) != NULL; i++) {
        const char *value = label_value(out, b, key, label);
        if (value != NULL && strcmp(value, flowrules_binding_value(out, a, key, i)) != 0)
            return true;
    }
    return false;
}

bool flowrules_pods_may_meet(const flowrules_output *out, const char *a, const char *b) {
    const char *first = flowrules_pods_namespace(out, a);
    const char *second = flowrules_pods_namespace(out, b);
    if (!is_every_namespace(first) && !is_every_namespace(second) && strcmp(first, second) != 0)
        return false;
    return !labels_differ(out, a, b, "namespace-labels") && !labels_differ(out, a, b, "pods");
}

uint16_t flowrules_pods_port(const flowrules_output *out, const char *network, uint16_t port) {
    const char *label;
    for (size_t i = 0; (label = flowrules_binding_label(out, network, "target-ports", i)) != NULL;
         i++)
        if (strtoul(label, NULL, 10) == port)
            return (uint16_t)strtoul(flowrules_binding_value(out, network, "target-ports", i), NULL,
                                     10);
    return port;
}

/* ---- what is protected --------------------------------------------------------------------- */

/* Is a network pods and nothing else, by labels of its own or a namespace's name? */
static bool is_pods(const flowrules_output *out, const char *network) {
    bool pods = flowrules_binding_value(out, network, "pods", 0) != NULL;
    bool service = flowrules_binding_value(out, network, "service", 0) != NULL;
    return (pods || (flowrules_binding_value(out, network, "namespace", 0) != NULL && !service)) &&
           flowrules_binding_value(out, network, "namespace-labels", 0) == NULL &&
           flowrules_binding_value(out, network, "entities", 0) == NULL &&
           flowrules_binding_value(out, network, "nodes", 0) == NULL;
}

/* Is it within one of the groups of a set; strictly: and that one is not within it? */
static bool is_within(const flowrules_output *out, fr_set set, const char *network, bool strictly) {
    struct flowrules_set view = {&out->plan->view.sets, set};
    for (size_t i = 0; i < flowrules_set_atom_count(view); i++) {
        struct flowrules_atom atom = flowrules_set_atom(view, i);
        if (atom.kind == FLOWRULES_ATOM_GROUP && is_pods(out, atom.name) &&
            flowrules_pods_cover(out, atom.name, network) &&
            !(strictly && flowrules_pods_cover(out, network, atom.name)))
            return true;
    }
    return false;
}

static flowrules_status add_set(struct fr_plan *plan, fr_set *sum, fr_set set) {
    *sum = fr_set_union(&plan->view.sets, *sum, set);
    return *sum == FR_SET_NONE ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

flowrules_status fr_protect_pods(struct fr_plan *plan) {
    const flowrules_output *out = fr_plan_asker(plan);
    fr_set own = plan->protects.set;
    if (out == NULL)
        return fr_no_memory(plan->context);
    plan->widest_pods = FR_SET_EMPTY;
    for (uint32_t i = 0; own != FR_SET_ANY && i < plan->policy->networks.count; i++) {
        struct fr_end end;
        const char *name = FR_POLICY_TEXT(
            plan->policy, fr_vec_at(&plan->policy->networks, struct fr_network, i)->name);
        if (!is_pods(out, name) || !is_within(out, own, name, false))
            continue;
        FR_TRY(fr_view_network(&plan->view, i, &end));
        FR_TRY(add_set(plan, &plan->protects.set, end.set));
        if (!is_within(out, own, name, true))
            FR_TRY(add_set(plan, &plan->widest_pods, end.set));
    }
    return FLOWRULES_OK;
}
