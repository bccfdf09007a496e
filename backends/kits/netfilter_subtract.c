/*
 * What of boxes is left when a rule has taken other boxes out of its chain: a return, or a goto.
 */
#include <string.h>

#include "netfilter_walk.h"

/* More parts than these, and the rule is given as it is: a skip. */
enum { BOXES_MAX = 32, TERMS_MAX = 400 };

/* ---- terms --------------------------------------------------------------------------------- */

struct terms {
    struct netfilter_term *items;
    size_t count;
    bool full;
};

static void add_term(struct terms *terms, struct netfilter_term term) {
    if (terms->count < TERMS_MAX)
        terms->items[terms->count++] = term;
    else
        terms->full = true;
}

static bool meet(const struct netfilter_term *a, const struct netfilter_term *b) {
    return a->first_protocol <= b->last_protocol && b->first_protocol <= a->last_protocol &&
           a->source_first <= b->source_last && b->source_first <= a->source_last &&
           a->destination_first <= b->destination_last &&
           b->destination_first <= a->destination_last;
}

/* What of one term another one does not have: the protocols, then the ports, on either side. */
static void cut_term(struct terms *left, struct netfilter_term a, const struct netfilter_term *b) {
    struct netfilter_term part = a;
    if (!meet(&a, b)) {
        add_term(left, a);
        return;
    }
    if (a.first_protocol < b->first_protocol) {
        part.last_protocol = (uint8_t)(b->first_protocol - 1);
        add_term(left, part);
        a.first_protocol = b->first_protocol;
    }
    part = a;
    if (a.last_protocol > b->last_protocol) {
        part.first_protocol = (uint8_t)(b->last_protocol + 1);
        add_term(left, part);
        a.last_protocol = b->last_protocol;
    }
    part = a;
    if (a.source_first < b->source_first) {
        part.source_last = (uint16_t)(b->source_first - 1);
        add_term(left, part);
        a.source_first = b->source_first;
    }
    part = a;
    if (a.source_last > b->source_last) {
        part.source_first = (uint16_t)(b->source_last + 1);
        add_term(left, part);
        a.source_last = b->source_last;
    }
    part = a;
    if (a.destination_first < b->destination_first) {
        part.destination_last = (uint16_t)(b->destination_first - 1);
        add_term(left, part);
    }
    part = a;
    if (a.destination_last > b->destination_last) {
        part.destination_first = (uint16_t)(b->destination_last + 1);
        add_term(left, part);
    }
}

/* The terms of a without those of b, which are some: *empty where none is left. False: too many. */
static bool subtract_terms(struct netfilter_walk *walk, struct netfilter_terms a,
                           struct netfilter_terms b, struct netfilter_terms *rest, bool *empty) {
    static const struct netfilter_term any = {0, UINT8_MAX, 0, UINT16_MAX, 0, UINT16_MAX};
    struct terms from = {flowrules_input_alloc(walk->in, TERMS_MAX * sizeof any), 0, false};
    struct terms left = {flowrules_input_alloc(walk->in, TERMS_MAX * sizeof any), 0, false};
    if (!from.items || !left.items)
        return false;
    for (size_t i = 0; i < (a.count == 0 ? 1 : a.count); i++)
        add_term(&left, a.count == 0 ? any : a.items[i]);
    for (size_t k = 0; k < b.count && !left.full; k++) {
        struct terms swap = from;
        from = left;
        left = swap;
        left.count = 0;
        for (size_t i = 0; i < from.count; i++)
            cut_term(&left, from.items[i], &b.items[k]);
    }
    *rest = (struct netfilter_terms){left.items, left.count};
    *empty = left.count == 0;
    return !left.full && !from.full;
}

/* ---- boxes --------------------------------------------------------------------------------- */

/* Names can't be taken out of addresses, nor addresses out of names. */
static bool has_names(struct flowrules_set set) {
    return !flowrules_set_is_any(set) && flowrules_set_atom_count(set) > 0;
}

/* Adds what of the box another one does not take; what it does take is left in *box. */
static bool cut_ends(struct netfilter_walk *walk, struct netfilter_box *box,
                     const struct netfilter_box *taken, struct netfilter_boxes *left) {
    for (enum flowrules_end end = FLOWRULES_SOURCE; end <= FLOWRULES_DESTINATION; end++) {
        struct flowrules_set *own = end == FLOWRULES_SOURCE ? &box->source : &box->destination;
        struct flowrules_set other = end == FLOWRULES_SOURCE ? taken->source : taken->destination;
        if (flowrules_set_is_any(other) || own->id == other.id)
            continue;
        if (has_names(*own) || has_names(other))
            return false;
        struct netfilter_box part = *box;
        struct flowrules_set rest = flowrules_input_subtract(walk->in, *own, other);
        *(end == FLOWRULES_SOURCE ? &part.source : &part.destination) = rest;
        if (rest.id != walk->none.id)
            fr_netfilter_add_box(walk, left, &part);
        *own = flowrules_input_intersect(walk->in, *own, other);
    }
    return true;
}

static void cut_kinds(struct netfilter_walk *walk, struct netfilter_box *box,
                      const struct netfilter_box *taken, struct netfilter_boxes *left) {
    struct netfilter_box part = *box;
    part.families &= (uint8_t)~taken->families;
    if (part.families != 0)
        fr_netfilter_add_box(walk, left, &part);
    box->families &= taken->families;
    part = *box;
    part.kinds &= (uint8_t)~taken->kinds;
    if (part.kinds != 0)
        fr_netfilter_add_box(walk, left, &part);
    box->kinds &= taken->kinds;
    part = *box;
    part.kinds &= KIND_NEW;
    part.classes &= (uint8_t)~taken->classes;
    if (part.kinds != 0 && part.classes != 0)
        fr_netfilter_add_box(walk, left, &part);
}

/*
 * Adds what of the box comes or leaves by other interfaces than those of the one that is taken;
 * packets of the loopback interface are not among it. What it does take is left in *box.
 */
static void cut_interfaces(struct netfilter_walk *walk, struct netfilter_box *box,
                           const struct netfilter_box *taken, struct netfilter_boxes *left) {
    for (unsigned e = 0; e < 2; e++) {
        struct flowrules_set own = flowrules_set_is_any(box->interfaces[e])
                                       ? flowrules_input_interfaces(walk->in)
                                       : box->interfaces[e];
        struct netfilter_box part = *box;
        if (flowrules_set_is_any(taken->interfaces[e]))
            continue;
        part.interfaces[e] = flowrules_input_subtract(walk->in, own, taken->interfaces[e]);
        part.kinds &= (uint8_t) ~(unsigned)KIND_LOOPBACK;
        if (part.interfaces[e].id != walk->none.id && part.kinds != 0)
            fr_netfilter_add_box(walk, left, &part);
        box->interfaces[e] = flowrules_input_intersect(walk->in, own, taken->interfaces[e]);
    }
}

static bool interfaces_meet(struct netfilter_walk *walk, const struct netfilter_box *a,
                            const struct netfilter_box *b) {
    bool meet = true;
    for (unsigned e = 0; e < 2; e++)
        meet = meet && flowrules_input_intersect(walk->in, a->interfaces[e], b->interfaces[e]).id !=
                           walk->none.id;
    return meet || (a->kinds & b->kinds & KIND_LOOPBACK) != 0;
}

static bool meets(struct netfilter_walk *walk, const struct netfilter_box *a,
                  const struct netfilter_box *b) {
    bool empty;
    const char *doubt = NULL;
    if (!interfaces_meet(walk, a, b))
        return false;
    fr_netfilter_intersect_terms(walk, a->terms, b->terms, &empty, &doubt);
    return (a->families & b->families) && (a->kinds & b->kinds) && !empty &&
           flowrules_input_intersect(walk->in, a->source, b->source).id != walk->none.id &&
           flowrules_input_intersect(walk->in, a->destination, b->destination).id != walk->none.id;
}

/* A box without another one; where that is in doubt, what both have stays, in doubt too. */
static bool cut_box(struct netfilter_walk *walk, struct netfilter_box box,
                    const struct netfilter_box *taken, struct netfilter_boxes *left) {
    if (!meets(walk, &box, taken)) {
        fr_netfilter_add_box(walk, left, &box);
        return true;
    }
    if (box.excepting || taken->excepting || !cut_ends(walk, &box, taken, left))
        return false;
    cut_kinds(walk, &box, taken, left);
    cut_interfaces(walk, &box, taken, left);
    if (taken->terms.count > 0) {
        struct netfilter_box part = box;
        bool empty;
        if (!subtract_terms(walk, box.terms, taken->terms, &part.terms, &empty))
            return false;
        if (!empty)
            fr_netfilter_add_box(walk, left, &part);
        const char *doubt = NULL;
        box.terms = fr_netfilter_intersect_terms(walk, box.terms, taken->terms, &empty, &doubt);
    }
    box.looped = box.looped || taken->looped;
    box.doubt = box.doubt ? box.doubt : taken->doubt;
    if (taken->doubt)
        fr_netfilter_add_box(walk, left, &box);
    return true;
}

struct netfilter_boxes *fr_netfilter_subtract(struct netfilter_walk *walk,
                                              const struct netfilter_boxes *from,
                                              const struct netfilter_boxes *taken) {
    struct netfilter_boxes *boxes = fr_netfilter_take_boxes(walk), *left;
    for (size_t i = 0; boxes && i < from->count; i++)
        fr_netfilter_add_box(walk, boxes, &from->items[i]);
    for (size_t k = 0; boxes && k < taken->count; k++) {
        left = fr_netfilter_take_boxes(walk);
        bool good = left && boxes->count <= BOXES_MAX;
        for (size_t i = 0; good && i < boxes->count; i++)
            good = cut_box(walk, boxes->items[i], &taken->items[k], left);
        fr_netfilter_spare_boxes(walk, boxes);
        boxes = left;
        if (!good) {
            fr_netfilter_spare_boxes(walk, left);
            return NULL;
        }
    }
    return boxes;
}
