/*
 * The addresses of networks at interfaces, each where the narrowest network has it.
 */
#include "spoofed.h"

#include <stdlib.h>
#include <string.h>

/* A range of addresses that a network has. */
struct claim {
    struct flowrules_range range;
    uint32_t network;
};

/* Addresses that are not a network's own, since another has them too. */
struct loss {
    uint32_t network;
    fr_set gone;
};

struct sources {
    flowrules_plan *plan;
    struct fr_sets *sets;
    struct fr_vec list;   /* struct fr_placed: networks at interfaces */
    struct fr_vec claims; /* struct claim, in the order of addresses */
    struct fr_vec losses; /* struct loss, in the order of networks */
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

/* ---- who has an address that several networks have ------------------------------------------- */

static int by_address(const void *a, const void *b) {
    const struct flowrules_range *x = &((const struct claim *)a)->range;
    const struct flowrules_range *y = &((const struct claim *)b)->range;
    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    return fr_ip_compare(x->first, y->first);
}

static int by_network(const void *a, const void *b) {
    const struct loss *x = a, *y = b;
    return x->network < y->network ? -1 : x->network > y->network;
}

static bool list_claims(struct sources *s, enum flowrules_family family) {
    for (size_t i = 0; i < s->list.count; i++) {
        struct flowrules_set set = {s->sets, fr_vec_at(&s->list, struct fr_placed, i)->set};
        for (size_t k = 0; k < flowrules_set_range_count(set, family); k++) {
            struct claim *claim = fr_vec_push(&s->claims);
            if (claim == NULL)
                return false;
            *claim = (struct claim){flowrules_set_range(set, family, k), (uint32_t)i};
        }
    }
    return true;
}

/*
 * A narrower network at other interfaces keeps its addresses, and those of two that only overlap
 * may come by the interfaces of either, and are not looked at.
 */
static bool note_loss(struct sources *s, uint32_t network, uint32_t other) {
    const struct fr_placed *own = fr_vec_at(&s->list, struct fr_placed, network);
    const struct fr_placed *its = fr_vec_at(&s->list, struct fr_placed, other);
    if (own->interfaces == its->interfaces ||
        (its->set != own->set && fr_set_covers(s->sets, its->set, own->set)))
        return true;
    struct loss *loss = fr_vec_push(&s->losses);
    if (loss != NULL)
        *loss = (struct loss){network, its->set};
    return loss != NULL;
}

/* Claims that begin within one of their own overlap it: only these are looked at. */
static bool find_losses(struct sources *s) {
    const struct claim *claims = s->claims.items;
    for (size_t i = 0; i < s->claims.count; i++)
        for (size_t k = i + 1; k < s->claims.count; k++) {
            if (claims[k].range.family != claims[i].range.family ||
                fr_ip_compare(claims[k].range.first, claims[i].range.last) > 0)
                break;
            if (!note_loss(s, claims[i].network, claims[k].network) ||
                !note_loss(s, claims[k].network, claims[i].network))
                return false;
        }
    return true;
}

/* Leaves to each network what is its own. */
static bool take_losses(struct sources *s) {
    struct fr_builder *builder = &s->plan->view->builder;
    const struct loss *losses = s->losses.items;
    for (size_t i = 0; i < s->losses.count;) {
        uint32_t network = losses[i].network;
        struct fr_placed *own = fr_vec_at(&s->list, struct fr_placed, network);
        for (; i < s->losses.count && losses[i].network == network; i++)
            fr_builder_set(builder, s->sets, losses[i].gone);
        own->set = fr_set_subtract(s->sets, own->set, fr_builder_finish(builder, s->sets));
        if (own->set == FR_SET_NONE)
            return false;
    }
    return true;
}

static bool leave_own(struct sources *s) {
    if (!list_claims(s, FLOWRULES_IPV4) || !list_claims(s, FLOWRULES_IPV6))
        return false;
    if (s->claims.count > 0)
        qsort(s->claims.items, s->claims.count, sizeof(struct claim), by_address);
    if (!find_losses(s))
        return false;
    if (s->losses.count > 0)
        qsort(s->losses.items, s->losses.count, sizeof(struct loss), by_network);
    return take_losses(s);
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
    const struct fr_allocator *allocator = &plan->context->allocator;
    struct sources s = {.plan = plan, .sets = &plan->view->sets};
    if (value == NULL || strcmp(value, "true") != 0 || !fr_placing_says(&plan->stores->placing))
        return FLOWRULES_OK;
    fr_vec_init(&s.list, allocator, sizeof(struct fr_placed));
    fr_vec_init(&s.claims, allocator, sizeof(struct claim));
    fr_vec_init(&s.losses, allocator, sizeof(struct loss));
    flowrules_status status = find_sources(&s);
    fr_vec_free(&s.list);
    fr_vec_free(&s.claims);
    fr_vec_free(&s.losses);
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
