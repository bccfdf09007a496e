/*
 * Denies of pods, for targets that have only allows: what they subtract from an allow, and which
 * pods of the rest a deny may select by another name. To the algebra of sets two groups are two
 * atoms; their selectors say whether they share pods.
 */
#include "drafts.h"
#include "flowrules/kits/pods.h"
#include "view.h"

static bool is_group(struct flowrules_set set, size_t i) {
    return flowrules_set_atom(set, i).kind == FLOWRULES_ATOM_GROUP;
}

/* Do the two have the same ports of their own behind those of a Service? */
static bool same_ports(const flowrules_plan *plan, const char *a, const char *b) {
    return !flowrules_pods_map_ports(plan, a) && !flowrules_pods_map_ports(plan, b);
}

static bool is_within(const flowrules_plan *plan, struct flowrules_set wide, const char *pods,
                      bool ports) {
    for (size_t i = 0; i < flowrules_set_atom_count(wide); i++) {
        const char *name = flowrules_set_atom(wide, i).name;
        if (is_group(wide, i) && flowrules_pods_cover(plan, name, pods) &&
            (!ports || same_ports(plan, name, pods)))
            return true;
    }
    return false;
}

/* One end of a deny with the groups of an allow that are within it. */
static fr_set with_narrower(const flowrules_plan *plan, fr_set deny, fr_set allow, bool ports) {
    struct fr_sets *sets = &plan->view->sets;
    struct flowrules_set wide = {sets, deny}, all = {sets, allow};
    struct fr_builder builder;
    if (flowrules_set_atom_count(wide) == 0 || flowrules_set_atom_count(all) == 0)
        return deny;
    fr_builder_init(&builder, &plan->context->allocator);
    fr_builder_set(&builder, sets, deny);
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++)
        if (is_group(all, i) && is_within(plan, wide, flowrules_set_atom(all, i).name, ports))
            fr_builder_atom(&builder, fr_set_atoms(fr_set_head(sets, allow))[i]);
    fr_set set = fr_builder_finish(&builder, sets);
    fr_builder_free(&builder);
    return set;
}

flowrules_status fr_widen_pods(const flowrules_plan *plan, const struct fr_box *allow,
                               struct fr_box *deny) {
    for (size_t i = 0; i < 2; i++)
        deny->ends[i] = with_narrower(plan, deny->ends[i], allow->ends[i], i == 1);
    return fr_plan_memory(plan);
}

/* ---- what may be left unseen --------------------------------------------------------------- */

/* Two groups, of an allow and of a deny, that may share a pod. */
struct meeting {
    const char *allowed, *denied;
    bool mapped; /* their ports can't be compared */
};

/* Have the two ends something in common, as sets or by a pod? */
static bool ends_meet(const flowrules_plan *plan, fr_set allow, fr_set deny, struct meeting *m) {
    struct flowrules_set a = {&plan->view->sets, allow}, b = {&plan->view->sets, deny};
    if (fr_set_overlaps(&plan->view->sets, allow, deny))
        return true;
    for (size_t i = 0; i < flowrules_set_atom_count(a); i++)
        for (size_t k = 0; is_group(a, i) && k < flowrules_set_atom_count(b); k++) {
            const char *x = flowrules_set_atom(a, i).name, *y = flowrules_set_atom(b, k).name;
            if (!is_group(b, k) || !flowrules_pods_may_meet(plan, x, y))
                continue;
            *m = (struct meeting){x, y, m->mapped || !same_ports(plan, x, y)};
            return true;
        }
    return false;
}

static bool terms_meet(const struct fr_term *a, const struct fr_term *b, bool mapped) {
    struct fr_term both;
    return fr_terms_meet(a, b, &both) ||
           (mapped && (a->protocol == b->protocol || a->protocol == FR_PROTOCOL_ANY ||
                       b->protocol == FR_PROTOCOL_ANY));
}

const char *fr_pods_escape(const flowrules_plan *plan, const struct fr_box *left,
                           const struct fr_box *deny, uint32_t flow) {
    struct meeting m = {NULL, NULL, false};
    if (!ends_meet(plan, left->ends[0], deny->ends[0], &m))
        return NULL;
    m.mapped = false; /* the ports are the destination's */
    if (!ends_meet(plan, left->ends[1], deny->ends[1], &m) || m.allowed == NULL ||
        !terms_meet(&left->term, &deny->term, m.mapped))
        return NULL;
    const struct fr_flow *of = fr_vec_at(&plan->policy->flows, struct fr_flow, flow);
    return fr_arena_printf(plan->arena,
                           "pods of '%s' may also be pods of '%s', which '%s' denies: give the two "
                           "networks labels that exclude each other",
                           m.allowed, m.denied, FR_POLICY_TEXT(plan->policy, of->name));
}
