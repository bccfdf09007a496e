/*
 * The addresses of networks at interfaces, each where the narrowest network has it.
 */
#include "spoofed.h"

#include <string.h>

/* Addresses alone, of a network that is not all of a family. */
static flowrules_status find_addresses(const flowrules_plan *plan, uint32_t index, fr_set *set) {
    struct fr_sets *sets = &plan->view->sets;
    struct fr_end end;
    FR_TRY(fr_view_network(plan->view, index, &end));
    struct flowrules_set view = {sets, end.set};
    *set = FR_SET_EMPTY;
    if (!flowrules_set_is_all(view, FLOWRULES_IPV4) && !flowrules_set_is_all(view, FLOWRULES_IPV6))
        *set = fr_set_union(sets, fr_set_family(sets, end.set, FLOWRULES_IPV4),
                            fr_set_family(sets, end.set, FLOWRULES_IPV6));
    return *set == FR_SET_NONE ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

static flowrules_status list_networks(flowrules_plan *plan, struct fr_vec *list) {
    for (uint32_t i = 0; i < plan->policy->networks.count; i++) {
        struct fr_placed placed;
        fr_set set;
        FR_TRY(fr_network_place(&plan->stores->placing, i, &placed));
        if (placed.interfaces == FR_SET_ANY)
            continue;
        FR_TRY(find_addresses(plan, i, &set));
        struct fr_placed *slot = set == FR_SET_EMPTY ? NULL : fr_vec_push(list);
        if (slot == NULL && set != FR_SET_EMPTY)
            return fr_no_memory(plan->context);
        if (slot == NULL)
            continue;
        *slot = placed;
        slot->set = set;
    }
    return FLOWRULES_OK;
}

/*
 * What a network has by itself: a narrower one at other interfaces keeps its addresses, and those
 * of two that only overlap may come by the interfaces of either, and are not looked at.
 */
static fr_set own_part(const flowrules_plan *plan, const struct fr_vec *list, size_t number) {
    struct fr_sets *sets = &plan->view->sets;
    const struct fr_placed *own = fr_vec_at(list, struct fr_placed, number);
    fr_set left = own->set;
    for (size_t i = 0; i < list->count && left != FR_SET_NONE; i++) {
        const struct fr_placed *other = fr_vec_at(list, struct fr_placed, i);
        bool inside = other->set != own->set && fr_set_covers(sets, other->set, own->set);
        if (other->interfaces != own->interfaces && !inside &&
            fr_set_overlaps(sets, other->set, own->set))
            left = fr_set_subtract(sets, left, other->set);
    }
    return left;
}

/* Adds addresses to those of the same interfaces. */
static flowrules_status add_own(flowrules_plan *plan, const struct fr_placed *placed, fr_set set) {
    struct fr_placed *known = NULL;
    if (set == FR_SET_NONE)
        return fr_no_memory(plan->context);
    for (size_t i = 0; i < plan->own_sources.count && known == NULL; i++) {
        struct fr_placed *p = fr_vec_at(&plan->own_sources, struct fr_placed, i);
        known = p->interfaces == placed->interfaces ? p : NULL;
    }
    if (set == FR_SET_EMPTY)
        return FLOWRULES_OK;
    if (known == NULL) {
        known = fr_vec_push(&plan->own_sources);
        if (known == NULL)
            return fr_no_memory(plan->context);
        *known = *placed;
        known->set = FR_SET_EMPTY;
    }
    known->set = fr_set_union(&plan->view->sets, known->set, set);
    return known->set == FR_SET_NONE ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

flowrules_status fr_find_own_sources(flowrules_plan *plan) {
    const char *value = fr_plan_setting(plan, FR_SPOOFING_SETTING);
    struct fr_vec list;
    if (value == NULL || strcmp(value, "true") != 0 || !fr_placing_says(&plan->stores->placing))
        return FLOWRULES_OK;
    fr_vec_init(&list, &plan->context->allocator, sizeof(struct fr_placed));
    flowrules_status status = list_networks(plan, &list);
    for (size_t i = 0; i < list.count && status == FLOWRULES_OK; i++)
        status = add_own(plan, fr_vec_at(&list, struct fr_placed, i), own_part(plan, &list, i));
    fr_vec_free(&list);
    return status;
}

bool flowrules_plan_own_source(const flowrules_plan *plan, size_t index, struct flowrules_set *set,
                               struct flowrules_interfaces *interfaces) {
    if (index >= plan->own_sources.count)
        return false;
    const struct fr_placed *own = fr_vec_at(&plan->own_sources, struct fr_placed, index);
    *set = (struct flowrules_set){&plan->view->sets, own->set};
    *interfaces = own->spelled;
    return true;
}
