/*
 * Where a set of addresses and names is, as the bindings of the policy's networks tell a backend.
 * Reading one binding of one network is output.c's.
 */
#include <string.h>

#include "output.h"

/* The values that one network has for a key. */
static bool add_network(struct fr_plan *plan, uint32_t index, const struct fr_binding *binding,
                        const char *key) {
    const flowrules_policy *policy = plan->policy;
    for (uint32_t i = 0; i < binding->values.count; i++) {
        const struct fr_binding_value *value =
            fr_vec_at(&policy->binding_values, struct fr_binding_value, binding->values.first + i);
        struct fr_end end;
        if (strcmp(FR_POLICY_TEXT(policy, value->key), key) != 0)
            continue;
        struct fr_bound *slot = fr_vec_push(&plan->bound);
        if (slot == NULL || fr_view_network(&plan->view, index, &end) != FLOWRULES_OK)
            return false;
        *slot = (struct fr_bound){end.set, value->value};
        plan->bound_all = fr_set_union(&plan->view.sets, plan->bound_all, end.set);
        if (plan->bound_all == FR_SET_NONE)
            return false;
    }
    return true;
}

/* Lists the networks that are bound with a key; kept until another key is asked for. */
static bool list_bound(struct fr_plan *plan, const char *key) {
    const flowrules_policy *policy = plan->policy;
    if (plan->bound_key != NULL && strcmp(plan->bound_key, key) == 0)
        return true;
    plan->bound.count = 0;
    plan->bound_all = FR_SET_EMPTY;
    plan->bound_key = key;
    for (uint32_t i = 0; i < policy->networks.count; i++) {
        const struct fr_network *network = fr_vec_at(&policy->networks, struct fr_network, i);
        const struct fr_binding *binding =
            fr_policy_binding(policy, FR_POLICY_TEXT(policy, network->name), plan->backend->name);
        if (binding != NULL && !add_network(plan, i, binding, key)) {
            plan->bound.count = 0;
            plan->bound_key = NULL;
            fr_no_memory(plan->context);
            return false;
        }
    }
    return true;
}

static const struct fr_bound *bound_at(const struct fr_plan *plan, size_t i) {
    return fr_vec_at(&plan->bound, struct fr_bound, i);
}

static bool is_exact(const struct fr_plan *plan, fr_set set) {
    bool exact = false;
    for (size_t i = 0; i < plan->bound.count; i++)
        exact = exact || bound_at(plan, i)->set == set;
    return exact;
}

const char *flowrules_set_binding(const flowrules_output *out, struct flowrules_set set,
                                  const char *key, size_t index) {
    struct fr_plan *plan = out->plan;
    if (!list_bound(plan, key))
        return NULL;
    bool exact = is_exact(plan, set.id);
    for (size_t i = 0; i < plan->bound.count; i++) {
        const struct fr_bound *b = bound_at(plan, i);
        bool told = false;
        if (exact ? b->set != set.id : !fr_set_overlaps(&plan->view.sets, b->set, set.id))
            continue;
        for (size_t k = 0; k < i && !told; k++)
            told = bound_at(plan, k)->value == b->value &&
                   (exact ? bound_at(plan, k)->set == set.id
                          : fr_set_overlaps(&plan->view.sets, bound_at(plan, k)->set, set.id));
        if (!told && index-- == 0)
            return FR_POLICY_TEXT(plan->policy, b->value);
    }
    return NULL;
}

bool flowrules_set_bound(const flowrules_output *out, struct flowrules_set set, const char *key) {
    struct fr_plan *plan = out->plan;
    return list_bound(plan, key) && fr_set_covers(&plan->view.sets, plan->bound_all, set.id);
}
