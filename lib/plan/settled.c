/*
 * Tells apart the addresses that are at some interfaces, at others, or where it is not known.
 */
#include "settled.h"

#include <string.h>

#include "owners.h"

/* The sides on which an address is of some interfaces. */
enum side { THERE, ELSEWHERE, EITHER };

static flowrules_status check(const struct fr_placing *p, fr_set set) {
    return set == FR_SET_NONE ? fr_no_memory(p->policy->context) : FLOWRULES_OK;
}

static enum side side_of(const struct fr_placing *p, fr_set interfaces, fr_set own) {
    const struct fr_sets *sets = &p->view->sets;
    if (fr_set_covers(sets, interfaces, own))
        return THERE;
    return fr_set_overlaps(sets, interfaces, own) ? EITHER : ELSEWHERE;
}

/* Of each family, so that a network is not wider than another in one of them alone. */
static flowrules_status add_owners(struct fr_placing *p, fr_set set, enum side side,
                                   struct fr_vec *owners) {
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        fr_set part = fr_set_family(&p->view->sets, set, f);
        FR_TRY(check(p, part));
        struct fr_owner *slot = part == FR_SET_EMPTY ? NULL : fr_vec_push(owners);
        if (slot == NULL && part != FR_SET_EMPTY)
            return fr_no_memory(p->policy->context);
        if (slot != NULL)
            *slot = (struct fr_owner){part, (uint32_t)side};
    }
    return FLOWRULES_OK;
}

static flowrules_status list_owners(struct fr_placing *p, fr_set interfaces,
                                    struct fr_vec *owners) {
    for (uint32_t i = 0; i < p->policy->networks.count; i++) {
        const struct fr_vec *parts;
        FR_TRY(fr_network_parts(p, i, false, &parts));
        for (size_t k = 0; k < parts->count; k++) {
            struct fr_placed part = *fr_vec_at(parts, struct fr_placed, k);
            if (part.interfaces != FR_SET_ANY)
                FR_TRY(add_owners(p, part.set, side_of(p, interfaces, part.interfaces), owners));
        }
    }
    return FLOWRULES_OK;
}

/* The addresses that owners on a side have. */
static flowrules_status unite_side(struct fr_placing *p, const struct fr_vec *owners,
                                   enum side side, fr_set *set) {
    struct fr_builder *builder = &p->view->builder;
    for (size_t i = 0; i < owners->count; i++) {
        const struct fr_owner *owner = fr_vec_at(owners, struct fr_owner, i);
        if (owner->side == (uint32_t)side)
            fr_builder_set(builder, &p->view->sets, owner->set);
    }
    *set = fr_builder_finish(builder, &p->view->sets);
    return check(p, *set);
}

/* Addresses that some networks have, and none has alone, may be on either side. */
static flowrules_status look_around(struct fr_placing *p, struct fr_vec *owners,
                                    struct fr_seen *seen) {
    struct fr_sets *sets = &p->view->sets;
    fr_set all = FR_SET_EMPTY, there;
    for (size_t i = 0; i < owners->count; i++)
        fr_builder_set(&p->view->builder, sets, fr_vec_at(owners, struct fr_owner, i)->set);
    all = fr_builder_finish(&p->view->builder, sets);
    FR_TRY(check(p, all));
    if (!fr_leave_own(sets, &p->view->builder, &p->policy->context->allocator, owners->items,
                      owners->count))
        return fr_no_memory(p->policy->context);
    FR_TRY(unite_side(p, owners, THERE, &there));
    FR_TRY(unite_side(p, owners, ELSEWHERE, &seen->elsewhere));
    seen->open = fr_set_subtract(sets, all, there);
    FR_TRY(check(p, seen->open));
    seen->open = fr_set_subtract(sets, seen->open, seen->elsewhere);
    return check(p, seen->open);
}

static flowrules_status see_from(struct fr_placing *p, fr_set interfaces, struct fr_seen *seen) {
    struct fr_vec owners;
    for (size_t i = 0; i < p->seen.count; i++) {
        *seen = *fr_vec_at(&p->seen, struct fr_seen, i);
        if (seen->interfaces == interfaces)
            return FLOWRULES_OK;
    }
    fr_vec_init(&owners, &p->policy->context->allocator, sizeof(struct fr_owner));
    *seen = (struct fr_seen){.interfaces = interfaces};
    flowrules_status status = list_owners(p, interfaces, &owners);
    if (status == FLOWRULES_OK)
        status = look_around(p, &owners, seen);
    fr_vec_free(&owners);
    struct fr_seen *slot = status == FLOWRULES_OK ? fr_vec_push(&p->seen) : NULL;
    if (slot == NULL)
        return status == FLOWRULES_OK ? fr_no_memory(p->policy->context) : status;
    *slot = *seen;
    return FLOWRULES_OK;
}

/* Any less some addresses is addresses alone: nobody knows which names and groups lie in them. */
static flowrules_status take_away(struct fr_placing *p, fr_set gone, fr_set *set) {
    struct fr_sets *sets = &p->view->sets;
    *set = fr_set_subtract(sets, *set, gone);
    FR_TRY(check(p, *set));
    if (fr_set_head(sets, *set)->all_atoms != 0)
        *set = fr_set_union(sets, fr_set_family(sets, *set, FLOWRULES_IPV4),
                            fr_set_family(sets, *set, FLOWRULES_IPV6));
    return check(p, *set);
}

flowrules_status fr_settle(struct fr_placing *p, const struct fr_placed *part,
                           struct fr_settled_part *settled) {
    struct fr_sets *sets = &p->view->sets;
    struct fr_seen seen;
    *settled = (struct fr_settled_part){part->set, FR_SET_EMPTY, false};
    if (part->interfaces == FR_SET_ANY)
        return FLOWRULES_OK;
    FR_TRY(see_from(p, part->interfaces, &seen));
    settled->less = fr_set_overlaps(sets, part->set, seen.elsewhere);
    if (settled->less)
        FR_TRY(take_away(p, seen.elsewhere, &settled->set));
    settled->open = fr_set_intersect(sets, settled->set, seen.open);
    return check(p, settled->open);
}

/*
 * What all parts of an end have, and is at the interfaces of some of them: of two networks with the
 * same addresses, one is enough to leave open where these are, and both are not.
 */
static flowrules_status find_common(struct fr_placing *p, const struct fr_placed_end *end,
                                    fr_set *common) {
    struct fr_sets *sets = &p->view->sets;
    fr_set interfaces = FR_SET_EMPTY;
    struct fr_settled_part together;
    *common = FR_SET_ANY;
    for (size_t i = 0; i < end->count; i++) {
        if (end->parts[i].interfaces == FR_SET_ANY)
            continue;
        interfaces = fr_set_union(sets, interfaces, end->parts[i].interfaces);
        FR_TRY(check(p, interfaces));
        *common = fr_set_intersect(sets, *common, end->parts[i].set);
        FR_TRY(check(p, *common));
    }
    const struct fr_placed part = {.interfaces = interfaces, .set = *common};
    FR_TRY(fr_settle(p, &part, &together));
    *common = fr_set_subtract(sets, together.set, together.open);
    return check(p, *common);
}

flowrules_status fr_settle_end(struct fr_placing *p, const struct fr_placed_end *end,
                               struct fr_settled_part *settled) {
    struct fr_sets *sets = &p->view->sets;
    fr_set sure = FR_SET_EMPTY;
    *settled = (struct fr_settled_part){FR_SET_EMPTY, FR_SET_EMPTY, false};
    for (size_t i = 0; i < end->count; i++) {
        struct fr_settled_part one;
        FR_TRY(fr_settle(p, &end->parts[i], &one));
        settled->less = settled->less || one.less;
        settled->set = fr_set_union(sets, settled->set, one.set);
        FR_TRY(check(p, settled->set));
        sure = fr_set_union(sets, sure, fr_set_subtract(sets, one.set, one.open));
        FR_TRY(check(p, sure));
    }
    settled->open = fr_set_subtract(sets, settled->set, sure);
    FR_TRY(check(p, settled->open));
    if (settled->open == FR_SET_EMPTY || end->count < 2)
        return FLOWRULES_OK;
    FR_TRY(find_common(p, end, &sure));
    settled->open = fr_set_subtract(sets, settled->open, sure);
    return check(p, settled->open);
}
