/*
 * Finds addresses that are a source and a destination outside of the networks with a binding: no
 * rule can say where they are.
 */
#include "flowrules/kits/bindings.h"
#include "output.h"

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
static fr_set ends_of_allows(const struct fr_rules *rules, enum flowrules_end end) {
    struct fr_sets *sets = &rules->plan->view->sets;
    struct fr_builder builder;
    fr_set last = FR_SET_EMPTY;
    fr_builder_init(&builder, &rules->plan->context->allocator);
    for (size_t g = 0; g < rules->groups.count; g++) {
        const struct fr_group *group = fr_vec_at(&rules->groups, struct fr_group, g);
        size_t count = group->view.action == FLOWRULES_ALLOW ? group->view.rule_count : 0;
        for (size_t i = 0; i < count; i++) {
            const struct fr_rule *rule =
                fr_vec_at(&rules->rules, struct fr_rule, group->first_rule + i);
            fr_set set = end == FLOWRULES_SOURCE ? rule->source : rule->destination;
            struct flowrules_set view = {sets, set};
            if (set != last && !is_most(view))
                fr_builder_set(&builder, sets, set);
            last = set;
        }
    }
    fr_set all = fr_builder_finish(&builder, sets);
    fr_builder_free(&builder);
    return all;
}

/* The first range of a set, or its first name, as text; NULL when out of memory. */
static const char *first_as_text(const flowrules_plan *plan, fr_set set) {
    struct flowrules_set view = {&plan->view->sets, set};
    struct flowrules_writer w;
    bool has4 = flowrules_set_range_count(view, FLOWRULES_IPV4) > 0;
    if (!has4 && flowrules_set_range_count(view, FLOWRULES_IPV6) == 0)
        return flowrules_set_atom_count(view) > 0 ? flowrules_set_atom(view, 0).name : "";
    struct flowrules_range range =
        flowrules_set_range(view, has4 ? FLOWRULES_IPV4 : FLOWRULES_IPV6, 0);
    fr_writer_init(&w, &plan->context->allocator, false);
    flowrules_write_range(&w, &range);
    return fr_writer_keep(&w, plan->arena);
}

const char *flowrules_output_unbound_meeting(flowrules_output *out, const char *key) {
    const flowrules_plan *plan = out->plan;
    struct fr_sets *sets = &plan->view->sets;
    const struct fr_bound_list *list = fr_bound_list(plan, key);
    if (list == NULL)
        return NULL;
    fr_set from = ends_of_allows(out->rules, FLOWRULES_SOURCE);
    fr_set to = ends_of_allows(out->rules, FLOWRULES_DESTINATION);
    fr_set both = fr_set_subtract(sets, fr_set_intersect(sets, from, to), list->all);
    if (both == FR_SET_EMPTY)
        return NULL;
    const char *text = first_as_text(plan, both);
    out->failed = out->failed || text == NULL;
    return text;
}
