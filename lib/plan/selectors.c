/*
 * Groups that select pods of Kubernetes by namespace and labels: decides which contain others, and
 * which may share a pod. Knows the keys of the binding, and no manifest.
 */
#include <stdlib.h>
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "requirements.h"
#include "view.h"

/* Does a network say which namespaces it is in, by labels? */
static bool has_namespaces(const flowrules_plan *plan, const char *network) {
    return flowrules_binding_value(plan, network, "namespace-labels", 0) != NULL ||
           flowrules_binding_value(plan, network, "namespace-where", 0) != NULL;
}

const char *flowrules_pods_namespace(const flowrules_plan *plan, const char *network) {
    const char *own = flowrules_binding_value(plan, network, "namespace", 0);
    if (own != NULL || has_namespaces(plan, network))
        return own;
    return flowrules_plan_setting(plan, "namespace");
}

/* ---- what can be selected ------------------------------------------------------------------ */

static bool has_key(const flowrules_plan *plan, const char *network, const char *key) {
    return flowrules_binding_value(plan, network, key, 0) != NULL;
}

static bool is_bound(const flowrules_plan *plan, const char *network) {
    static const char *const keys[] = {"namespace", "namespace-labels", "namespace-where",
                                       "pods",      "pods-where",       "service"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (has_key(plan, network, keys[i]))
            return true;
    return false;
}

const char fr_no_namespace[] = FR_NO_NAMESPACE;

const char *flowrules_pods_unselectable(const flowrules_plan *plan, const char *network) {
    if (has_key(plan, network, "entities"))
        return is_bound(plan, network) ? "a group has 'entities' or pods, not both" : NULL;
    if (!is_bound(plan, network))
        return "it does not select pods";
    if (has_key(plan, network, "service") && !has_key(plan, network, "pods") &&
        !has_key(plan, network, "pods-where"))
        return "a NetworkPolicy sees the pods behind a Service, not the Service: add its 'pods'";
    if (flowrules_pods_namespace(plan, network) == NULL &&
        !has_key(plan, network, "namespace-labels") && !has_key(plan, network, "namespace-where"))
        return fr_no_namespace;
    return NULL;
}

bool flowrules_pods_map_ports(const flowrules_plan *plan, const char *network) {
    return flowrules_binding_label(plan, network, "target-ports", 0) != NULL;
}

/* ---- what is asked of labels --------------------------------------------------------------- */

/* Puts what a network asks of labels behind the others of a list; false when out of memory. */
static bool add_requirements(const flowrules_plan *plan, const char *network, struct fr_vec *list) {
    static const char *const keys[] = {"namespace-labels", "namespace-where", "pods", "pods-where"};
    const char *namespace = flowrules_pods_namespace(plan, network), *value;
    struct fr_requirement r;
    bool good = true;
    if (namespace != NULL && fr_requirement_of("namespace", NULL, namespace, &r))
        good = fr_requirement_push(list, &r);
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        for (size_t i = 0;
             good && (value = flowrules_binding_value(plan, network, keys[k], i)) != NULL; i++)
            if (fr_requirement_of(keys[k], flowrules_binding_label(plan, network, keys[k], i),
                                  value, &r))
                good = fr_requirement_push(list, &r);
    return good;
}

/* What two networks ask, that of the second from index *second on. */
static bool list_both(const flowrules_plan *plan, const char *first, const char *second,
                      struct fr_vec *list, size_t *second_at) {
    fr_vec_init(list, &plan->context->allocator, sizeof(struct fr_requirement));
    bool good = add_requirements(plan, first, list);
    *second_at = list->count;
    good = good && add_requirements(plan, second, list);
    if (!good)
        fr_no_memory(plan->context);
    return good;
}

bool flowrules_pods_cover(const flowrules_plan *plan, const char *wide, const char *narrow) {
    struct fr_vec list;
    size_t count;
    bool covers = list_both(plan, narrow, wide, &list, &count);
    const struct fr_requirement *all = list.items;
    for (size_t i = count; covers && i < list.count; i++)
        covers = fr_requirements_imply(all, count, &all[i]);
    fr_vec_free(&list);
    return covers;
}

bool flowrules_pods_may_meet(const flowrules_plan *plan, const char *a, const char *b) {
    struct fr_vec list;
    size_t second;
    bool meet = true;
    if (list_both(plan, a, b, &list, &second)) {
        const struct fr_requirement *all = list.items;
        for (size_t i = 0; meet && i < list.count; i++)
            meet = fr_requirements_can_hold(all, list.count, &all[i]);
    }
    fr_vec_free(&list);
    return meet;
}

uint16_t flowrules_pods_port(const flowrules_plan *plan, const char *network, uint16_t port) {
    const char *label;
    for (size_t i = 0; (label = flowrules_binding_label(plan, network, "target-ports", i)) != NULL;
         i++)
        if (strtoul(label, NULL, 10) == port)
            return (uint16_t)strtoul(flowrules_binding_value(plan, network, "target-ports", i),
                                     NULL, 10);
    return port;
}

/* ---- what is protected --------------------------------------------------------------------- */

static bool has_nodes(const flowrules_plan *plan, const char *network) {
    return flowrules_binding_value(plan, network, "nodes", 0) != NULL ||
           flowrules_binding_value(plan, network, "nodes-where", 0) != NULL;
}

/* Is a network pods and nothing else, by labels of its own or a namespace's name? */
static bool is_pods(const flowrules_plan *plan, const char *network) {
    bool pods = flowrules_binding_value(plan, network, "pods", 0) != NULL ||
                flowrules_binding_value(plan, network, "pods-where", 0) != NULL;
    bool service = flowrules_binding_value(plan, network, "service", 0) != NULL;
    return (pods || (flowrules_binding_value(plan, network, "namespace", 0) != NULL && !service)) &&
           !has_namespaces(plan, network) &&
           flowrules_binding_value(plan, network, "entities", 0) == NULL &&
           !has_nodes(plan, network);
}

/* Is it within one of the groups of a set; strictly: and that one is not within it? */
static bool is_within(const flowrules_plan *plan, fr_set set, const char *network, bool strictly) {
    struct flowrules_set view = {&plan->view->sets, set};
    for (size_t i = 0; i < flowrules_set_atom_count(view); i++) {
        struct flowrules_atom atom = flowrules_set_atom(view, i);
        if (atom.kind == FLOWRULES_ATOM_GROUP && is_pods(plan, atom.name) &&
            flowrules_pods_cover(plan, atom.name, network) &&
            !(strictly && flowrules_pods_cover(plan, network, atom.name)))
            return true;
    }
    return false;
}

flowrules_status fr_protect_pods(flowrules_plan *plan) {
    struct fr_sets *sets = &plan->view->sets;
    fr_set own = plan->protects.set;
    plan->widest_pods = FR_SET_EMPTY;
    for (uint32_t i = 0; own != FR_SET_ANY && i < plan->policy->networks.count; i++) {
        struct fr_end end;
        const char *name = FR_POLICY_TEXT(
            plan->policy, fr_vec_at(&plan->policy->networks, struct fr_network, i)->name);
        if (!is_pods(plan, name) || !is_within(plan, own, name, false))
            continue;
        FR_TRY(fr_view_network(plan->view, i, &end));
        plan->protects.set = fr_set_union(sets, plan->protects.set, end.set);
        if (!is_within(plan, own, name, true))
            plan->widest_pods = fr_set_union(sets, plan->widest_pods, end.set);
    }
    return fr_plan_memory(plan);
}

/* ---- protected pods at the ends of flows --------------------------------------------------- */

/* Does a group say, by namespaces and labels, which pods it is? */
static bool selects_pods(const flowrules_plan *plan, struct flowrules_atom atom) {
    return atom.kind == FLOWRULES_ATOM_GROUP &&
           flowrules_pods_unselectable(plan, atom.name) == NULL &&
           flowrules_binding_value(plan, atom.name, "entities", 0) == NULL &&
           !has_nodes(plan, atom.name);
}

static bool holds_pods(const flowrules_plan *plan, struct flowrules_set end, const char *pods) {
    for (size_t i = 0; i < flowrules_set_atom_count(end); i++)
        if (selects_pods(plan, flowrules_set_atom(end, i)) &&
            flowrules_pods_cover(plan, flowrules_set_atom(end, i).name, pods))
            return true;
    return false;
}

bool flowrules_pods_are_same(const flowrules_plan *plan, const char *a, const char *b) {
    return strcmp(a, b) == 0 ||
           (flowrules_pods_cover(plan, a, b) && flowrules_pods_cover(plan, b, a));
}

bool fr_pods_precede(const flowrules_plan *plan, struct flowrules_set set, size_t i, size_t index) {
    const char *other = flowrules_set_atom(set, i).name, *own = flowrules_set_atom(set, index).name;
    return i != index && flowrules_pods_cover(plan, other, own) &&
           (i < index || !flowrules_pods_cover(plan, own, other));
}

/* Is another protected group that the end holds as wide as this one? Then that one speaks for it.
 */
static bool is_spoken_for(const flowrules_plan *plan, struct flowrules_set own,
                          struct flowrules_set end, size_t index) {
    for (size_t i = 0; i < flowrules_set_atom_count(own); i++)
        if (fr_pods_precede(plan, own, i, index) &&
            holds_pods(plan, end, flowrules_set_atom(own, i).name))
            return true;
    return false;
}

fr_set fr_scope_pods(const flowrules_plan *plan, fr_set end, fr_set inside) {
    struct fr_sets *sets = &plan->view->sets;
    struct flowrules_set own = {sets, plan->protects.set}, all = {sets, end},
                         known = {sets, inside};
    struct fr_builder builder;
    if (flowrules_set_atom_count(all) == 0)
        return inside;
    fr_builder_init(&builder, &plan->context->allocator);
    fr_builder_set(&builder, sets, inside);
    for (size_t i = 0; i < flowrules_set_atom_count(own); i++) {
        struct flowrules_atom atom = flowrules_set_atom(own, i);
        if (selects_pods(plan, atom) && holds_pods(plan, all, atom.name) &&
            !holds_pods(plan, known, atom.name) && !is_spoken_for(plan, own, all, i))
            fr_builder_atom(&builder, fr_set_atoms(fr_set_head(sets, own.id))[i]);
    }
    fr_set set = fr_builder_finish(&builder, sets);
    fr_builder_free(&builder);
    return set;
}

/* A group of an end that may share some pods with a protected one that the end does not hold. */
static bool strays(const flowrules_plan *plan, fr_set end, const char **stray, const char **home) {
    struct flowrules_set own = {&plan->view->sets, plan->protects.set};
    struct flowrules_set all = {&plan->view->sets, end};
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++) {
        struct flowrules_atom atom = flowrules_set_atom(all, i);
        if (!selects_pods(plan, atom) ||
            fr_set_has_atom(&plan->view->sets, own.id,
                            fr_set_atoms(fr_set_head(&plan->view->sets, end))[i]))
            continue;
        for (size_t k = 0; k < flowrules_set_atom_count(own); k++) {
            *stray = atom.name;
            *home = flowrules_set_atom(own, k).name;
            if (flowrules_pods_may_meet(plan, *stray, *home) && !holds_pods(plan, all, *home))
                return true;
        }
    }
    return false;
}

/* Is one part of the flow all of it? Then it is enforced there, whatever other names pods have. */
static bool has_whole_part(const flowrules_plan *plan, const fr_set ends[2], size_t first) {
    for (size_t i = first; i < plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        if (part->source == ends[0] && part->destination == ends[1])
            return true;
    }
    return false;
}

const char *fr_pods_missed(const flowrules_plan *plan, const struct fr_flow *flow,
                           const fr_set ends[2], size_t first) {
    const char *stray, *home;
    bool missed = false, partly = !flow->deny && plan->scoped.count > first;
    if (!plan->can->pod_groups || has_whole_part(plan, ends, first))
        return NULL;
    if (plan->enforces[FLOWRULES_EGRESS])
        missed = strays(plan, ends[0], &stray, &home);
    if (!missed && plan->enforces[FLOWRULES_INGRESS])
        missed = strays(plan, ends[1], &stray, &home);
    return missed
               ? fr_arena_printf(plan->arena,
                                 "pods of '%s' may also be pods of the protected '%s'%s: add '%s' "
                                 "to 'protects', or use labels that exclude each other",
                                 stray, home, partly ? ", for which the flow is denied" : "", stray)
               : NULL;
}
