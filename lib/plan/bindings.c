/*
 * Where a set of addresses and names is, as the bindings of the policy's networks tell a backend.
 * Reading one binding of one network is output.c's.
 */
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/whole.h"
#include "view.h"

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
        *slot = (struct fr_bound){end.set, end.set, value->value};
        plan->bound_all = fr_set_union(&plan->view.sets, plan->bound_all, end.set);
        if (plan->bound_all == FR_SET_NONE)
            return false;
    }
    return true;
}

static const struct fr_bound *bound_at(const struct fr_plan *plan, size_t i) {
    return fr_vec_at(&plan->bound, struct fr_bound, i);
}

static bool forget_bound(struct fr_plan *plan) {
    plan->bound.count = 0;
    plan->bound_key = NULL;
    fr_no_memory(plan->context);
    return false;
}

/* An address stands where the narrowest network that holds it does: 10.1.0.0/16, not 10.0.0.0/8. */
static bool leave_narrower(struct fr_plan *plan, struct fr_bound *wide) {
    struct fr_sets *sets = &plan->view.sets;
    for (size_t i = 0; i < plan->bound.count && wide->own != FR_SET_NONE; i++) {
        fr_set inner = bound_at(plan, i)->set;
        if (inner != wide->set && fr_set_covers(sets, wide->set, inner))
            wide->own = fr_set_subtract(sets, wide->own, inner);
    }
    return wide->own != FR_SET_NONE;
}

bool fr_bound_list(struct fr_plan *plan, const char *key) {
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
        if (binding != NULL && !add_network(plan, i, binding, key))
            return forget_bound(plan);
    }
    for (size_t i = 0; i < plan->bound.count; i++)
        if (!leave_narrower(plan, fr_vec_at(&plan->bound, struct fr_bound, i)))
            return forget_bound(plan);
    return true;
}

const char *flowrules_set_binding(const flowrules_output *out, struct flowrules_set set,
                                  const char *key, size_t index) {
    struct fr_plan *plan = out->plan;
    if (!fr_bound_list(plan, key))
        return NULL;
    for (size_t i = 0; i < plan->bound.count; i++) {
        const struct fr_bound *b = bound_at(plan, i);
        bool told = false;
        if (!fr_set_overlaps(&plan->view.sets, b->own, set.id))
            continue;
        for (size_t k = 0; k < i && !told; k++)
            told = bound_at(plan, k)->value == b->value &&
                   fr_set_overlaps(&plan->view.sets, bound_at(plan, k)->own, set.id);
        if (!told && index-- == 0)
            return FR_POLICY_TEXT(plan->policy, b->value);
    }
    return NULL;
}

bool flowrules_output_binds(const flowrules_output *out, const char *key) {
    return fr_bound_list(out->plan, key) && out->plan->bound.count > 0;
}

bool flowrules_set_bound(const flowrules_output *out, struct flowrules_set set, const char *key) {
    struct fr_plan *plan = out->plan;
    return fr_bound_list(plan, key) && fr_set_covers(&plan->view.sets, plan->bound_all, set.id);
}

/* How many addresses of a family a set holds: IPv6 by the upper half of each address. */
static uint64_t extent(struct flowrules_set set, enum flowrules_family family) {
    uint64_t sum = 0;
    for (size_t i = 0; i < flowrules_set_range_count(set, family); i++) {
        struct flowrules_range r = flowrules_set_range(set, family, i);
        sum += family == FLOWRULES_IPV4 ? r.last.lo - r.first.lo : r.last.hi - r.first.hi;
    }
    return sum;
}

/* Any, or any less a few networks: it is in no place in particular. */
static bool is_most(struct flowrules_set set) {
    return flowrules_set_is_any(set) || extent(set, FLOWRULES_IPV4) > UINT32_MAX / 2 ||
           extent(set, FLOWRULES_IPV6) > UINT64_MAX / 2;
}

/* All that the rules that allow have at one end. A deny at the wrong place lets nothing pass. */
static fr_set ends_of_allows(struct fr_plan *plan, enum flowrules_end end) {
    struct fr_builder builder;
    fr_set last = FR_SET_EMPTY;
    fr_builder_init(&builder, &plan->context->allocator);
    for (size_t g = 0; g < plan->groups.count; g++) {
        const struct fr_group *group = fr_vec_at(&plan->groups, struct fr_group, g);
        size_t count = group->view.action == FLOWRULES_ALLOW ? group->view.rule_count : 0;
        for (size_t i = 0; i < count; i++) {
            const struct fr_rule *rule =
                fr_vec_at(&plan->rules, struct fr_rule, group->first_rule + i);
            fr_set set = end == FLOWRULES_SOURCE ? rule->source : rule->destination;
            struct flowrules_set view = {&plan->view.sets, set};
            if (set != last && !is_most(view))
                fr_builder_set(&builder, &plan->view.sets, set);
            last = set;
        }
    }
    fr_set all = fr_builder_finish(&builder, &plan->view.sets);
    fr_builder_free(&builder);
    return all;
}

/* The first range of a set, or its first name, as text; NULL when out of memory. */
static const char *first_as_text(struct fr_plan *plan, fr_set set) {
    struct flowrules_set view = {&plan->view.sets, set};
    struct flowrules_writer w;
    size_t size;
    bool has4 = flowrules_set_range_count(view, FLOWRULES_IPV4) > 0;
    if (!has4 && flowrules_set_range_count(view, FLOWRULES_IPV6) == 0)
        return flowrules_set_atom_count(view) > 0 ? flowrules_set_atom(view, 0).name : "";
    struct flowrules_range range =
        flowrules_set_range(view, has4 ? FLOWRULES_IPV4 : FLOWRULES_IPV6, 0);
    fr_writer_init(&w, &plan->context->allocator, false);
    flowrules_write_range(&w, &range);
    char *text = fr_writer_text(&w, &size);
    const char *kept = text == NULL ? NULL : fr_arena_printf(&plan->arena, "%s", text);
    fr_free(&plan->context->allocator, text);
    fr_writer_free(&w);
    return kept;
}

const char *flowrules_output_unbound_meeting(flowrules_output *out, const char *key) {
    struct fr_plan *plan = out->plan;
    struct fr_sets *sets = &plan->view.sets;
    if (!fr_bound_list(plan, key))
        return NULL;
    fr_set from = ends_of_allows(plan, FLOWRULES_SOURCE);
    fr_set to = ends_of_allows(plan, FLOWRULES_DESTINATION);
    fr_set both = fr_set_subtract(sets, fr_set_intersect(sets, from, to), plan->bound_all);
    if (both == FR_SET_EMPTY)
        return NULL;
    const char *text = both == FR_SET_NONE ? NULL : first_as_text(plan, both);
    out->failed = out->failed || text == NULL;
    return text;
}

/* What a rule of some families says of an end: any stays any (see fr_split_families). */
fr_set fr_end_for(struct fr_plan *plan, fr_set set, unsigned families) {
    struct fr_sets *sets = &plan->view.sets;
    if (set == FR_SET_ANY || families == FLOWRULES_BOTH_FAMILIES)
        return set;
    enum flowrules_family family = (families & 1u) != 0 ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
    enum flowrules_family other = family == FLOWRULES_IPV4 ? FLOWRULES_IPV6 : FLOWRULES_IPV4;
    struct flowrules_set view = {sets, set};
    if (flowrules_set_is_all(view, family) && fr_set_head(sets, set)->all_atoms != 0)
        return FR_SET_ANY;
    fr_set rest = fr_set_family(sets, set, other);
    return rest == FR_SET_NONE ? rest : fr_set_subtract(sets, set, rest);
}

struct flowrules_set flowrules_output_ends(const flowrules_output *out, enum flowrules_end end) {
    struct fr_plan *plan = out->plan;
    struct fr_builder builder;
    bool good = true;
    fr_builder_init(&builder, &plan->context->allocator);
    for (size_t i = 0; good && i < plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        unsigned families = fr_plan_families(plan, part->source) &
                            fr_plan_families(plan, part->destination) & plan->can->families &
                            fr_service_get(&plan->policy->services, part->service)->families;
        fr_set set =
            fr_end_for(plan, end == FLOWRULES_SOURCE ? part->source : part->destination, families);
        good = set != FR_SET_NONE;
        if (good && families != 0)
            fr_builder_set(&builder, &plan->view.sets, set);
    }
    fr_set all = fr_builder_finish(&builder, &plan->view.sets);
    fr_builder_free(&builder);
    good = good && all != FR_SET_NONE;
    if (!good)
        fr_no_memory(plan->context);
    return (struct flowrules_set){&plan->view.sets, good ? all : FR_SET_EMPTY};
}
