/*
 * Finds the bindings of a set of addresses and names: those of the policy's networks that overlap
 * it. view.c reads one binding of one network.
 */
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/whole.h"
#include "view.h"

/* The values that one network has for the key of a list. */
static bool add_network(const flowrules_plan *plan, struct fr_bound_list *list, uint32_t index,
                        const struct fr_binding *binding) {
    const flowrules_policy *policy = plan->policy;
    for (uint32_t i = 0; i < binding->values.count; i++) {
        const struct fr_binding_value *value =
            fr_vec_at(&policy->binding_values, struct fr_binding_value, binding->values.first + i);
        struct fr_end end;
        if (strcmp(FR_POLICY_TEXT(policy, value->key), list->key) != 0)
            continue;
        struct fr_bound *slot = fr_vec_push(&list->bound);
        if (slot == NULL || fr_view_network(plan->view, index, &end) != FLOWRULES_OK)
            return false;
        *slot = (struct fr_bound){end.set, end.set, value->value};
        list->all = fr_set_union(&plan->view->sets, list->all, end.set);
    }
    return true;
}

static const struct fr_bound *bound_at(const struct fr_bound_list *list, size_t i) {
    return fr_vec_at(&list->bound, struct fr_bound, i);
}

/* An address stands where the narrowest network that holds it does: 10.1.0.0/16, not 10.0.0.0/8. */
static void leave_narrower(const flowrules_plan *plan, const struct fr_bound_list *list,
                           struct fr_bound *wide) {
    struct fr_sets *sets = &plan->view->sets;
    for (size_t i = 0; i < list->bound.count; i++) {
        fr_set inner = bound_at(list, i)->set;
        if (inner != wide->set && fr_set_covers(sets, wide->set, inner))
            wide->own = fr_set_subtract(sets, wide->own, inner);
    }
}

static bool fill_bound(const flowrules_plan *plan, struct fr_bound_list *list) {
    const flowrules_policy *policy = plan->policy;
    for (uint32_t i = 0; i < policy->networks.count; i++) {
        const struct fr_network *network = fr_vec_at(&policy->networks, struct fr_network, i);
        const struct fr_binding *binding =
            fr_policy_binding(policy, FR_POLICY_TEXT(policy, network->name), plan->backend->name);
        if (binding != NULL && !add_network(plan, list, i, binding))
            return false;
    }
    for (size_t i = 0; i < list->bound.count; i++)
        leave_narrower(plan, list, fr_vec_at(&list->bound, struct fr_bound, i));
    return fr_plan_memory(plan) == FLOWRULES_OK;
}

const struct fr_bound_list *fr_bound_list(const flowrules_plan *plan, const char *key) {
    struct fr_vec *known = &plan->stores->bound;
    for (size_t i = 0; i < known->count; i++) {
        const struct fr_bound_list *list = *fr_vec_at(known, struct fr_bound_list *, i);
        if (strcmp(list->key, key) == 0)
            return list;
    }
    struct fr_bound_list made = {.key = fr_arena_text(plan->arena, key, strlen(key)),
                                 .all = FR_SET_EMPTY};
    struct fr_bound_list *kept = fr_arena_alloc(plan->arena, sizeof *kept), **slot = NULL;
    fr_vec_init(&made.bound, &plan->context->allocator, sizeof(struct fr_bound));
    if (made.key != NULL && kept != NULL && fill_bound(plan, &made))
        slot = fr_vec_push(known);
    if (slot == NULL) {
        fr_vec_free(&made.bound);
        fr_no_memory(plan->context);
        return NULL;
    }
    *kept = made;
    return *slot = kept;
}

const char *flowrules_set_binding(const flowrules_plan *plan, struct flowrules_set set,
                                  const char *key, size_t index) {
    const struct fr_sets *sets = &plan->view->sets;
    const struct fr_bound_list *list = fr_bound_list(plan, key);
    for (size_t i = 0; list != NULL && i < list->bound.count; i++) {
        const struct fr_bound *b = bound_at(list, i);
        bool told = false;
        if (!fr_set_overlaps(sets, b->own, set.id))
            continue;
        for (size_t k = 0; k < i && !told; k++)
            told = bound_at(list, k)->value == b->value &&
                   fr_set_overlaps(sets, bound_at(list, k)->own, set.id);
        if (!told && index-- == 0)
            return FR_POLICY_TEXT(plan->policy, b->value);
    }
    return NULL;
}

bool flowrules_plan_binds(const flowrules_plan *plan, const char *key) {
    const struct fr_bound_list *list = fr_bound_list(plan, key);
    return list != NULL && list->bound.count > 0;
}

bool flowrules_set_bound(const flowrules_plan *plan, struct flowrules_set set, const char *key) {
    const struct fr_bound_list *list = fr_bound_list(plan, key);
    return list != NULL && fr_set_covers(&plan->view->sets, list->all, set.id);
}

/* What a rule of some families says of an end: any stays any (see fr_split_families). */
fr_set fr_end_for(const flowrules_plan *plan, fr_set set, unsigned families) {
    struct fr_sets *sets = &plan->view->sets;
    if (set == FR_SET_ANY || families == FLOWRULES_BOTH_FAMILIES)
        return set;
    enum flowrules_family family = (families & 1u) != 0 ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
    enum flowrules_family other = family == FLOWRULES_IPV4 ? FLOWRULES_IPV6 : FLOWRULES_IPV4;
    struct flowrules_set view = {sets, set};
    if (flowrules_set_is_all(view, family) && fr_set_head(sets, set)->all_atoms != 0)
        return FR_SET_ANY;
    return fr_set_subtract(sets, set, fr_set_family(sets, set, other));
}

struct flowrules_set flowrules_plan_ends(const flowrules_plan *plan, enum flowrules_end end) {
    struct fr_builder builder;
    fr_builder_init(&builder, &plan->context->allocator);
    for (size_t i = 0; i < plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        unsigned families = fr_plan_families(plan, part->source) &
                            fr_plan_families(plan, part->destination) & plan->can->families &
                            fr_service_get(&plan->policy->services, part->service)->families;
        fr_set set =
            fr_end_for(plan, end == FLOWRULES_SOURCE ? part->source : part->destination, families);
        if (families != 0)
            fr_builder_set(&builder, &plan->view->sets, set);
    }
    fr_set all = fr_builder_finish(&builder, &plan->view->sets);
    fr_builder_free(&builder);
    return (struct flowrules_set){&plan->view->sets, all};
}
