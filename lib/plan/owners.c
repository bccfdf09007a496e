/*
 * Leaves to each owner of addresses those that are its own: claims in the order of addresses, and
 * what each owner loses by those of others that overlap its own.
 */
#include "owners.h"

#include <stdlib.h>

/* A range of addresses that an owner has. */
struct claim {
    struct flowrules_range range;
    uint32_t owner;
};

/* Addresses that are not an owner's own, since another has them too. */
struct loss {
    uint32_t owner;
    fr_set gone;
};

struct claims {
    struct fr_sets *sets;
    struct fr_builder *builder;
    struct fr_owner *owners;
    size_t count;
    struct fr_vec list;   /* struct claim, in the order of addresses */
    struct fr_vec losses; /* struct loss, in the order of owners */
};

static int by_address(const void *a, const void *b) {
    const struct flowrules_range *x = &((const struct claim *)a)->range;
    const struct flowrules_range *y = &((const struct claim *)b)->range;
    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    return fr_ip_compare(x->first, y->first);
}

static int by_owner(const void *a, const void *b) {
    const struct loss *x = a, *y = b;
    return x->owner < y->owner ? -1 : x->owner > y->owner;
}

static bool list_claims(struct claims *c, enum flowrules_family family) {
    for (size_t i = 0; i < c->count; i++) {
        struct flowrules_set set = {c->sets, c->owners[i].set};
        for (size_t k = 0; k < flowrules_set_range_count(set, family); k++) {
            struct claim *claim = fr_vec_push(&c->list);
            if (claim == NULL)
                return false;
            *claim = (struct claim){flowrules_set_range(set, family, k), (uint32_t)i};
        }
    }
    return true;
}

/* A narrower owner on another side keeps its addresses, and two that only overlap lose both. */
static bool note_loss(struct claims *c, uint32_t owner, uint32_t other) {
    const struct fr_owner *own = &c->owners[owner], *its = &c->owners[other];
    if (own->side == its->side ||
        (its->set != own->set && fr_set_covers(c->sets, its->set, own->set)))
        return true;
    struct loss *loss = fr_vec_push(&c->losses);
    if (loss != NULL)
        *loss = (struct loss){owner, its->set};
    return loss != NULL;
}

/* Claims that begin within one of their own overlap it: only these are looked at. */
static bool find_losses(struct claims *c) {
    const struct claim *claims = c->list.items;
    for (size_t i = 0; i < c->list.count; i++)
        for (size_t k = i + 1; k < c->list.count; k++) {
            if (claims[k].range.family != claims[i].range.family ||
                fr_ip_compare(claims[k].range.first, claims[i].range.last) > 0)
                break;
            if (!note_loss(c, claims[i].owner, claims[k].owner) ||
                !note_loss(c, claims[k].owner, claims[i].owner))
                return false;
        }
    return true;
}

/* Leaves to each owner what is its own. */
static bool take_losses(struct claims *c) {
    const struct loss *losses = c->losses.items;
    for (size_t i = 0; i < c->losses.count;) {
        uint32_t owner = losses[i].owner;
        fr_set *own = &c->owners[owner].set;
        for (; i < c->losses.count && losses[i].owner == owner; i++)
            fr_builder_set(c->builder, c->sets, losses[i].gone);
        *own = fr_set_subtract(c->sets, *own, fr_builder_finish(c->builder, c->sets));
        if (*own == FR_SET_NONE)
            return false;
    }
    return true;
}

static bool leave_own(struct claims *c) {
    if (!list_claims(c, FLOWRULES_IPV4) || !list_claims(c, FLOWRULES_IPV6))
        return false;
    if (c->list.count > 0)
        qsort(c->list.items, c->list.count, sizeof(struct claim), by_address);
    if (!find_losses(c))
        return false;
    if (c->losses.count > 0)
        qsort(c->losses.items, c->losses.count, sizeof(struct loss), by_owner);
    return take_losses(c);
}

bool fr_leave_own(struct fr_sets *sets, struct fr_builder *builder,
                  const struct fr_allocator *allocator, struct fr_owner *owners, size_t count) {
    struct claims c = {.sets = sets, .builder = builder, .owners = owners, .count = count};
    fr_vec_init(&c.list, allocator, sizeof(struct claim));
    fr_vec_init(&c.losses, allocator, sizeof(struct loss));
    bool good = leave_own(&c);
    fr_vec_free(&c.list);
    fr_vec_free(&c.losses);
    return good;
}
