/*
 * The addresses of networks at interfaces, each where the narrowest network has it.
 */
#include "spoofed.h"

#include <string.h>

#include "owners.h"

struct sources {
    flowrules_plan *plan;
    struct fr_sets *sets;
    struct fr_vec list; /* struct fr_placed: networks at interfaces */
};

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

static flowrules_status list_networks(struct sources *s) {
    flowrules_plan *plan = s->plan;
    for (uint32_t i = 0; i < plan->policy->networks.count; i++) {
        struct fr_placed placed;
        fr_set set;
        FR_TRY(fr_network_place(&plan->stores->placing, i, &placed));
        if (placed.interfaces == FR_SET_ANY)
            continue;
        FR_TRY(find_addresses(plan, i, &set));
        struct fr_placed *slot = set == FR_SET_EMPTY ? NULL : fr_vec_push(&s->list);
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
 * A narrower network at other interfaces keeps its addresses, and those of two that only overlap
 * may come by the interfaces of either, and are not looked at.
 */
static bool leave_own(struct sources *s) {
    struct fr_placed *list = s->list.items;
    struct fr_owner *owners = fr_arena_alloc(s->plan->arena, (s->list.count + 1) * sizeof *owners);
    for (size_t i = 0; owners != NULL && i < s->list.count; i++)
        owners[i] = (struct fr_owner){list[i].set, list[i].interfaces};
    bool good = owners != NULL && fr_leave_own(s->sets, &s->plan->view->builder,
                                               &s->plan->context->allocator, owners, s->list.count);
    for (size_t i = 0; good && i < s->list.count; i++)
        list[i].set = owners[i].set;
    return good;
}

/* ---- addresses by their interfaces ----------------------------------------------------------- */

static bool is_listed(const flowrules_plan *plan, const struct fr_placed *placed) {
    bool listed = placed->set == FR_SET_EMPTY;
    for (size_t i = 0; i < plan->own_sources.count && !listed; i++)
        listed =
            fr_vec_at(&plan->own_sources, struct fr_placed, i)->interfaces == placed->interfaces;
    return listed;
}

/* Lists what is at the same interfaces as a network, the first of them. */
static bool add_own(struct sources *s, size_t first) {
    struct fr_builder *builder = &s->plan->view->builder;
    struct fr_placed own = *fr_vec_at(&s->list, struct fr_placed, first);
    for (size_t i = first; i < s->list.count; i++) {
        const struct fr_placed *other = fr_vec_at(&s->list, struct fr_placed, i);
        if (other->interfaces == own.interfaces)
            fr_builder_set(builder, s->sets, other->set);
    }
    own.set = fr_builder_finish(builder, s->sets);
    struct fr_placed *slot = own.set == FR_SET_NONE ? NULL : fr_vec_push(&s->plan->own_sources);
    if (slot != NULL)
        *slot = own;
    return slot != NULL;
}

static flowrules_status find_sources(struct sources *s) {
    FR_TRY(list_networks(s));
    bool good = leave_own(s);
    for (size_t i = 0; i < s->list.count && good; i++)
        good = is_listed(s->plan, fr_vec_at(&s->list, struct fr_placed, i)) || add_own(s, i);
    return good ? FLOWRULES_OK : fr_no_memory(s->plan->context);
}

flowrules_status fr_find_own_sources(flowrules_plan *plan) {
    const char *value = fr_plan_setting(plan, FR_SPOOFING_SETTING);
    struct sources s = {.plan = plan, .sets = &plan->view->sets};
    if (value == NULL || strcmp(value, "true") != 0 || !fr_placing_says(&plan->stores->placing))
        return FLOWRULES_OK;
    fr_vec_init(&s.list, &plan->context->allocator, sizeof(struct fr_placed));
    flowrules_status status = find_sources(&s);
    fr_vec_free(&s.list);
    return status;
}

const char *flowrules_plan_interface(const flowrules_plan *plan, size_t index) {
    const struct fr_vec *named = &plan->stores->placing.named;
    return index < named->count ? FR_POLICY_TEXT(plan->policy, *fr_vec_at(named, fr_string, index))
                                : NULL;
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
