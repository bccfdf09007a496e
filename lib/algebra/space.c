/*
 * Compares two lists of clauses exactly, by cutting. The addresses of one end are cut where a
 * clause begins or ends; stretches with the same clauses are one class. Within a class the other
 * end is cut, then protocols and ports, until every packet of a part is decided alike. A class is
 * identified by its clauses, so that a hundred thousand disjoint rules are as many small cases.
 * Only parts that meet a box in which something may differ (cells.h) are cut: lists whose clauses
 * all overlap have far more classes than boxes.
 */
#include "space.h"

#include "cells.h"
#include "interfaces.h"
#include "pairs.h"

#include <stdlib.h>
#include <string.h>

#define CLASS_NONE UINT32_MAX

/* A set that some items have at the end which is cut. */
struct local {
    fr_set set;
    uint32_t first, count; /* of grouped: its items */
    uint32_t position;     /* in active, or UINT32_MAX */
    uint64_t mark;         /* a number of its own, for hashes of sets of locals */
};

/* Where a local begins, or has ended. */
struct event {
    struct flowrules_ip at;
    uint32_t local;
    bool begins;
};

struct atom_pair {
    uint32_t atom, local;
};

struct class {
    uint64_t hash;
    uint32_t first_active, active_count; /* of actives */
    uint32_t first_piece, last_piece;
};

/* What cutting one end needs; kept from one cut to the next. */
struct cut {
    struct fr_vec locals, grouped, events, pairs, listed, active, classes, actives, pieces, slots;
    struct fr_vec list; /* the items of one class */
    unsigned end;       /* that is cut */
};

/* The terms of items at the level of services. */
struct offer {
    uint32_t item;
    const struct fr_term *term;
};

struct sweep {
    struct fr_space *space;
    const struct fr_sets *sets;
    const struct fr_services *services;
    const struct fr_item *items;
    struct cut cuts[2];
    struct fr_vec local_of; /* uint32_t for each set: its local in this round */
    struct fr_vec round_of; /* uint32_t for each set: the round in which it was seen */
    uint32_t round;
    struct fr_vec offers, chosen, bounds[2], inner; /* of services */
    struct fr_vec ways;     /* unsigned: of each item of a list, the effects that it may lead to */
    bool doubts;            /* some item is in doubt */
    bool interfaces;        /* some item has interfaces */
    fr_set all;             /* of them, where some item has some */
    struct fr_vec parts[2]; /* fr_set: the interfaces of a list, told apart by its items */
    struct fr_vec meant;    /* uint32_t: the items of a list with one part at each end */
    struct fr_vec keys;     /* uint32_t: item lists that are known to be equal */
    struct fr_vec known;    /* struct memory: open addressing */
    size_t known_count;
    struct fr_cells *cells; /* where something may differ */
    struct fr_pairs *pairs; /* what the two sides have in common, while that is searched for */
    struct fr_vec boxes[3]; /* struct fr_cell: those of all, of a class, of a class within it */
    struct fr_vec bits;     /* uint64_t: a bit for each item, to sort by */
    struct fr_vec spans;    /* struct fr_cell_span: where these are at the end that is cut */
    struct fr_region region;
};

/* A list of items that was found to be equal on both sides, whatever the ends are. */
struct memory {
    uint64_t hash;
    uint32_t first, count; /* of keys; count 0: free */
};

static const struct fr_item *item_at(const struct sweep *s, uint32_t i) {
    return &s->items[i];
}

/* ---- deciding one packet ------------------------------------------------------------------- */

struct decision {
    enum fr_effect effect; /* FR_PASS, FR_BLOCK or FR_OUTSIDE */
    uint32_t item;
};

/*
 * Decides a packet that all the listed items of a side match but for its kind: each stage's first
 * item decides, and one stage that blocks is enough. Items in doubt are passed over.
 */
static struct decision decide(const struct sweep *s, const uint32_t *list, size_t count, bool after,
                              unsigned packets) {
    struct decision result = {FR_PASS, FR_NO_ITEM};
    const struct fr_common_stage *stages = s->space->common->stages.items;
    uint32_t go_on = 0, done = UINT32_MAX; /* the item to go on at; the stage that is decided */
    for (size_t i = 0; i < count; i++) {
        const struct fr_item *item = item_at(s, list[i]);
        if (stages[item->stage].after != after || item->stage == done || list[i] < go_on ||
            (item->asked & packets) == 0 || item->doubt)
            continue;
        if (item->effect == FR_SKIP) {
            go_on = item->skip_to;
            continue;
        }
        done = item->stage;
        if (item->effect != FR_PASS)
            return (struct decision){item->effect, list[i]};
        result.item = list[i];
    }
    return result;
}

uint32_t fr_region_decider(const struct fr_common *common, const struct fr_region *region,
                           uint32_t stage) {
    uint32_t go_on = 0;
    for (size_t i = 0; i < region->item_count; i++) {
        const struct fr_item *item = fr_vec_at(&common->items, struct fr_item, region->items[i]);
        if (item->stage != stage || region->items[i] < go_on || item->doubt ||
            (item->packets & (unsigned)region->packets) == 0)
            continue;
        if (item->effect != FR_SKIP)
            return region->items[i];
        go_on = item->skip_to;
    }
    return FR_NO_ITEM;
}

/* Which of the three effects a packet may have: a set of bits. */
#define MAY(effect) (1u << (effect))

/* The position in a list, from low on, of the first item that does not precede a number. */
static size_t position_of(const uint32_t *list, size_t count, size_t low, uint32_t number) {
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (list[middle] < number)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

/*
 * The effects that one stage may have, where each item in doubt matches or not: from the last item
 * to the first, ways[i] is what may become of a packet that gets to the item. Items in doubt on
 * which it depends are reported where tell is true. first to last: where the stage's items are.
 */
static unsigned weigh_stage(const struct sweep *s, const uint32_t *list, size_t first, size_t last,
                            unsigned packets, bool tell) {
    unsigned *ways = s->ways.items;
    ways[last] = MAY(FR_PASS);
    for (size_t i = last; i-- > first;) {
        const struct fr_item *item = item_at(s, list[i]);
        ways[i] = ways[i + 1];
        if ((item->asked & packets) == 0)
            continue;
        unsigned taken = item->effect == FR_SKIP
                             ? ways[position_of(list, last, i + 1, item->skip_to)]
                             : MAY(item->effect);
        ways[i] = item->doubt ? taken | ways[i + 1] : taken;
        if (tell && item->doubt && ways[i] != (ways[i] & (0u - ways[i])))
            s->space->doubt(s->space->user, list[i]);
    }
    return ways[first];
}

/* The effects that the stages of a side may have together: the first that does not pass decides. */
static unsigned weigh_side(const struct sweep *s, const uint32_t *list, size_t count, bool after,
                           unsigned packets, bool tell) {
    const struct fr_common_stage *stages = s->space->common->stages.items;
    unsigned result = MAY(FR_PASS);
    for (size_t i = 0; i < count && (result & MAY(FR_PASS)) != 0;) {
        size_t last = i;
        uint16_t stage = item_at(s, list[i])->stage;
        while (last < count && item_at(s, list[last])->stage == stage)
            last++;
        if (stages[stage].after == after)
            result = (result & ~MAY(FR_PASS)) | weigh_stage(s, list, i, last, packets, tell);
        i = last;
    }
    return result;
}

/* Do both sides decide alike, whichever of these effects each has? What is outside does not count.
 */
static bool surely_agree(unsigned before, unsigned after) {
    unsigned both = (before | after) & ~MAY(FR_OUTSIDE);
    return before == MAY(FR_OUTSIDE) || after == MAY(FR_OUTSIDE) || both == (both & (0u - both));
}

static bool has_doubt(const struct sweep *s, const uint32_t *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (item_at(s, list[i])->doubt)
            return true;
    return false;
}

/*
 * True where items in doubt leave nothing to be told as different: all ways agree, or it depends on
 * them, and they are reported.
 */
static bool settle_doubts(struct sweep *s, const uint32_t *list, size_t count, unsigned packets) {
    unsigned before = weigh_side(s, list, count, false, packets, false);
    unsigned after = weigh_side(s, list, count, true, packets, false);
    s->space->steps += count;
    if (surely_agree(before, after))
        return true;
    if ((before | after) == (MAY(FR_PASS) | MAY(FR_BLOCK)) && (before & after) == 0)
        return false; /* surely different */
    weigh_side(s, list, count, false, packets, true);
    weigh_side(s, list, count, true, packets, true);
    return true;
}

static flowrules_status decide_kind(struct sweep *s, const uint32_t *list, size_t count,
                                    unsigned packets) {
    if (s->doubts && has_doubt(s, list, count)) {
        if (!fr_vec_reserve(&s->ways, count + 1))
            return fr_no_memory(s->space->common->context);
        if (settle_doubts(s, list, count, packets))
            return FLOWRULES_OK;
    }
    struct decision before = decide(s, list, count, false, packets);
    struct decision after = decide(s, list, count, true, packets);
    s->space->steps += count;
    if (before.effect == after.effect || before.effect == FR_OUTSIDE || after.effect == FR_OUTSIDE)
        return FLOWRULES_OK;
    s->region.packets = packets;
    s->region.passes_after = after.effect == FR_PASS;
    s->region.deciders[0] = before.item;
    s->region.deciders[1] = after.item;
    s->region.items = list;
    s->region.item_count = count;
    return s->space->visit(s->space->user, &s->region);
}

/* ---- kinds of packets ---------------------------------------------------------------------- */

/* RFC 4861: router and neighbour solicitation and advertisement, redirect apart. */
static bool is_neighbour(unsigned type) {
    return type >= 133 && type <= 136;
}

/* RFC 2710 and 3810. */
static bool is_listener(unsigned type) {
    return (type >= 130 && type <= 132) || type == 143;
}

/* Can a packet of the region be of a kind? Its ICMP types are all alike in this. */
static bool kind_exists(const struct fr_region *r, unsigned packets) {
    bool forward = r->direction == FLOWRULES_FORWARD, icmpv6 = r->protocol == FR_ICMPV6;
    switch ((enum flowrules_packets)packets) {
    case FLOWRULES_NEW:
    case FLOWRULES_REPLY:
        return true;
    case FLOWRULES_LOOPBACK:
        return !forward; /* never leaves the machine */
    case FLOWRULES_NEIGHBOUR:
        return !forward && icmpv6 && is_neighbour(r->source.first);
    case FLOWRULES_LISTENER:
        return !forward && icmpv6 && is_listener(r->source.first);
    case FLOWRULES_MIDSTREAM:
        return r->protocol == FR_TCP;
    }
    return false;
}

static bool push(struct fr_vec *vec, uint32_t number) {
    uint32_t *slot = fr_vec_add(vec);
    if (slot != NULL)
        *slot = number;
    return slot != NULL;
}

/* The parts of the interfaces at one end that the items of a list tell apart; 0 alone: none. */
static bool find_parts(struct sweep *s, const uint32_t *list, size_t count, unsigned end) {
    struct fr_vec *parts = &s->parts[end];
    fr_set last = 0;
    parts->count = 0;
    for (size_t i = 0; i < count; i++) {
        fr_set set = item_at(s, list[i])->interfaces[end];
        if (set == 0 || set == last)
            continue;
        last = set;
        if ((parts->count == 0 && !push(parts, s->all)) ||
            !fr_interfaces_cut(&s->space->common->terms->sets, parts, set))
            return false;
    }
    return parts->count > 0 || push(parts, 0);
}

/* The items of a list that packets of the region's interfaces are of. */
static bool find_meant(struct sweep *s, const uint32_t *list, size_t count) {
    const struct fr_sets *sets = &s->space->common->terms->sets;
    s->meant.count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct fr_item *item = item_at(s, list[i]);
        bool meant = true;
        for (unsigned e = 0; e < 2 && meant; e++)
            meant = item->interfaces[e] == 0 ||
                    fr_set_covers(sets, item->interfaces[e], s->region.interfaces[e]);
        if (meant && !push(&s->meant, list[i]))
            return false;
    }
    return true;
}

/* A kind of packets by each of the interfaces that are told apart. */
static flowrules_status decide_parts(struct sweep *s, const uint32_t *list, size_t count,
                                     unsigned kind) {
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; status == FLOWRULES_OK && i < s->parts[0].count; i++)
        for (size_t k = 0; status == FLOWRULES_OK && k < s->parts[1].count; k++) {
            s->region.interfaces[0] = *fr_vec_at(&s->parts[0], fr_set, i);
            s->region.interfaces[1] = *fr_vec_at(&s->parts[1], fr_set, k);
            status = find_meant(s, list, count)
                         ? decide_kind(s, s->meant.items, s->meant.count, kind)
                         : fr_no_memory(s->space->common->context);
        }
    s->region.interfaces[0] = s->region.interfaces[1] = 0;
    return status;
}

static flowrules_status decide_kinds(struct sweep *s, const uint32_t *list, size_t count) {
    if (s->interfaces && (!find_parts(s, list, count, 0) || !find_parts(s, list, count, 1)))
        return fr_no_memory(s->space->common->context);
    for (unsigned kind = 1; kind <= FLOWRULES_MIDSTREAM; kind <<= 1) {
        bool apart = s->interfaces && kind != FLOWRULES_LOOPBACK;
        if ((s->space->common->asked & kind) != 0 && kind_exists(&s->region, kind))
            FR_TRY((apart ? decide_parts : decide_kind)(s, list, count, kind));
    }
    return FLOWRULES_OK;
}

/* ---- services ------------------------------------------------------------------------------ */

static struct flowrules_ports field(const struct fr_term *term, bool source) {
    return source ? (struct flowrules_ports){term->source_first, term->source_last}
                  : (struct flowrules_ports){term->destination_first, term->destination_last};
}

/* Where the offers begin and end in one field of ports, within 0 to last. */
static bool find_bounds(struct fr_vec *bounds, const struct offer *offers, size_t count,
                        bool source, uint32_t last) {
    bounds->count = 0;
    bool good = push(bounds, 0) && push(bounds, last + 1);
    for (size_t i = 0; good && i < count; i++) {
        struct flowrules_ports f = field(offers[i].term, source);
        if (f.first > last)
            continue;
        good = push(bounds, f.first) && (f.last >= last || push(bounds, f.last + 1u));
    }
    return good;
}

/* The field that is cut last: the source ports, or the ICMP type. */
static flowrules_status cut_sources(struct sweep *s, const struct offer *offers, size_t count,
                                    uint32_t last) {
    static const uint32_t icmpv6_kinds[] = {130, 133, 137, 143, 144};
    struct fr_vec *bounds = &s->bounds[1];
    bool good = find_bounds(bounds, offers, count, true, last);
    bool kinds = s->region.protocol == FR_ICMPV6 &&
                 (s->space->common->packets & (FLOWRULES_NEIGHBOUR | FLOWRULES_LISTENER)) != 0;
    for (size_t i = 0; good && kinds && i < 5; i++)
        good = push(bounds, icmpv6_kinds[i]);
    if (!good)
        return fr_no_memory(s->space->common->context);
    size_t edges = fr_sort_unique(bounds);
    for (size_t i = 0; i + 1 < edges; i++) {
        uint32_t first = *fr_vec_at(bounds, uint32_t, i);
        s->region.source = (struct flowrules_ports){
            (uint16_t)first, (uint16_t)(*fr_vec_at(bounds, uint32_t, i + 1) - 1)};
        s->inner.count = 0;
        for (size_t k = 0; k < count; k++) {
            const struct fr_term *term = offers[k].term;
            size_t used = s->inner.count;
            bool listed = used > 0 && *fr_vec_at(&s->inner, uint32_t, used - 1) == offers[k].item;
            if (term->source_first <= first && first <= term->source_last && !listed &&
                !push(&s->inner, offers[k].item))
                return fr_no_memory(s->space->common->context);
        }
        s->space->steps += count;
        FR_TRY(decide_kinds(s, s->inner.items, s->inner.count));
    }
    return FLOWRULES_OK;
}

/* May something differ in the class within this span of a side? */
static bool may_differ(const struct sweep *s, enum fr_cell_side side, uint32_t first,
                       uint32_t last) {
    const struct fr_cell *boxes = s->boxes[2].items;
    for (size_t i = 0; i < s->boxes[2].count; i++)
        if (boxes[i].sides[side].first <= last && boxes[i].sides[side].last >= first)
            return true;
    return s->cells->everywhere;
}

/* May something differ in the class in this protocol? */
static bool may_differ_in(const struct sweep *s, uint32_t protocol) {
    uint32_t last = (uint32_t)s->cells->protocol_count - 1;
    for (uint32_t rank = 0; rank < last; rank++)
        if (s->cells->protocols[rank] == protocol)
            return may_differ(s, FR_CELL_PROTOCOL, rank, rank);
    return may_differ(s, FR_CELL_PROTOCOL, last, last);
}

static flowrules_status cut_destinations(struct sweep *s, const struct offer *offers, size_t count,
                                         uint32_t last) {
    struct fr_vec *bounds = &s->bounds[0];
    if (!find_bounds(bounds, offers, count, false, last))
        return fr_no_memory(s->space->common->context);
    size_t edges = fr_sort_unique(bounds);
    for (size_t i = 0; i + 1 < edges; i++) {
        uint32_t first = *fr_vec_at(bounds, uint32_t, i);
        if (!may_differ(s, FR_CELL_DESTINATION_PORT, first,
                        *fr_vec_at(bounds, uint32_t, i + 1) - 1))
            continue;
        s->region.destination = (struct flowrules_ports){
            (uint16_t)first, (uint16_t)(*fr_vec_at(bounds, uint32_t, i + 1) - 1)};
        s->chosen.count = 0;
        for (size_t k = 0; k < count; k++) {
            if (offers[k].term->destination_first > first ||
                first > offers[k].term->destination_last)
                continue;
            struct offer *slot = fr_vec_add(&s->chosen);
            if (slot == NULL)
                return fr_no_memory(s->space->common->context);
            *slot = offers[k];
        }
        s->space->steps += count;
        FR_TRY(cut_sources(s, s->chosen.items, s->chosen.count, last));
        s->space->too_much = s->space->steps > s->space->most;
        if (s->space->too_much)
            return FLOWRULES_OK;
    }
    return FLOWRULES_OK;
}

static bool protocol_exists(enum flowrules_family family, unsigned protocol) {
    return (fr_protocol_families(protocol) & FLOWRULES_FAMILY_BIT(family)) != 0;
}

static flowrules_status cut_protocol(struct sweep *s, const struct fr_vec *all, unsigned protocol,
                                     struct fr_vec *own) {
    own->count = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct offer *offer = fr_vec_at(all, struct offer, i);
        if (offer->term->protocol != protocol && offer->term->protocol != FR_PROTOCOL_ANY)
            continue;
        struct offer *slot = fr_vec_add(own);
        if (slot == NULL)
            return fr_no_memory(s->space->common->context);
        *slot = *offer;
    }
    s->region.protocol = protocol;
    uint32_t last = fr_protocol_is_icmp(protocol)     ? 255
                    : fr_protocol_has_ports(protocol) ? UINT16_MAX
                                                      : 0;
    return cut_destinations(s, own->items, own->count, last);
}

/* The first protocol that no offer names and that is not ICMP: it stands for all such. */
static unsigned other_protocol(const bool *named) {
    unsigned p = 2;
    while (p < 256 && (named[p] || p == FR_ICMPV6 || fr_protocol_has_ports(p)))
        p++;
    return p;
}

static flowrules_status list_offers(struct sweep *s, const uint32_t *list, size_t count,
                                    bool *named) {
    s->offers.count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct fr_service_terms *terms =
            fr_service_get(s->services, item_at(s, list[i])->service);
        for (uint32_t t = 0; t < terms->count; t++) {
            struct offer *slot = fr_vec_add(&s->offers);
            if (slot == NULL)
                return fr_no_memory(s->space->common->context);
            *slot = (struct offer){list[i], &terms->terms[t]};
            if (terms->terms[t].protocol < 256)
                named[terms->terms[t].protocol] = true;
        }
    }
    return FLOWRULES_OK;
}

static flowrules_status cut_services(struct sweep *s, const uint32_t *list, size_t count) {
    bool named[256] = {false};
    struct fr_vec own;
    FR_TRY(list_offers(s, list, count, named));
    /* These have ports or types, or are apart by family: cut also where only "any" speaks of them.
     */
    named[FR_TCP] = named[FR_UDP] = named[FR_SCTP] = named[FR_ICMP] = named[FR_ICMPV6] = true;
    fr_vec_init(&own, &s->space->common->context->allocator, sizeof(struct offer));
    flowrules_status status = FLOWRULES_OK;
    s->region.named = named;
    s->region.other = other_protocol(named);
    for (unsigned p = 0; p < 256 && status == FLOWRULES_OK && !s->space->too_much; p++)
        if (named[p] && protocol_exists(s->region.family, p) && may_differ_in(s, p))
            status = cut_protocol(s, &s->offers, p, &own);
    if (status == FLOWRULES_OK && s->region.other < 256 && !s->space->too_much)
        status = cut_protocol(s, &s->offers, FR_OTHER_PROTOCOLS, &own);
    fr_vec_free(&own);
    return status;
}

/* ---- lists that are known to be equal ------------------------------------------------------ */

/* A list but for its ends, in five numbers an item; skips and doubts are not remembered. */
static bool list_key(struct sweep *s, const uint32_t *list, size_t count, uint64_t *hash) {
    *hash = 1469598103934665603u;
    for (size_t i = 0; i < count; i++) {
        const struct fr_item *item = item_at(s, list[i]);
        uint32_t parts[] = {item->service, item->stage,
                            ((uint32_t)item->effect << 8) | item->packets, item->interfaces[0],
                            item->interfaces[1]};
        if (item->effect == FR_SKIP || item->doubt)
            return false;
        for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
            *hash = (*hash ^ parts[p]) * 0x9E3779B97F4A7C15u;
        *hash ^= *hash >> 29;
    }
    return true;
}

static bool same_key(const struct sweep *s, const uint32_t *a, const uint32_t *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct fr_item *x = item_at(s, a[i]), *y = item_at(s, b[i]);
        if (x->service != y->service || x->stage != y->stage || x->effect != y->effect ||
            x->packets != y->packets || x->interfaces[0] != y->interfaces[0] ||
            x->interfaces[1] != y->interfaces[1])
            return false;
    }
    return true;
}

static struct memory *find_memory(const struct sweep *s, uint64_t hash, const uint32_t *list,
                                  size_t count) {
    struct memory *slots = s->known.items;
    size_t mask = s->known.count - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        struct memory *m = &slots[i];
        if (m->count == 0)
            return m;
        if (m->hash == hash && m->count == count &&
            same_key(s, fr_vec_at(&s->keys, uint32_t, m->first), list, count))
            return m;
    }
}

static bool grow_memory(struct sweep *s) {
    struct fr_vec old = s->known;
    size_t room = old.count == 0 ? 1024 : old.count * 2;
    fr_vec_init(&s->known, old.allocator, sizeof(struct memory));
    if (!fr_vec_reserve(&s->known, room)) {
        s->known = old;
        return false;
    }
    memset(s->known.items, 0, room * sizeof(struct memory));
    s->known.count = room;
    for (size_t i = 0; i < old.count; i++) {
        const struct memory *m = fr_vec_at(&old, struct memory, i);
        if (m->count > 0)
            *find_memory(s, m->hash, fr_vec_at(&s->keys, uint32_t, m->first), m->count) = *m;
    }
    fr_vec_free(&old);
    return true;
}

/*
 * One list where addresses are cut as far as they are. A list that was equal once is so again, if
 * not only the protocols and ports of some boxes were compared.
 */
static flowrules_status compare_services(struct sweep *s, const uint32_t *list, size_t count) {
    uint64_t hash;
    bool plain = s->cells->everywhere && count > 0 && list_key(s, list, count, &hash);
    if (s->known_count * 2 >= s->known.count && !grow_memory(s))
        return fr_no_memory(s->space->common->context);
    s->space->steps += count;
    if (plain && find_memory(s, hash, list, count)->count > 0)
        return FLOWRULES_OK;
    s->region.deciders[0] = s->region.deciders[1] = FR_NO_ITEM;
    s->region.packets = 0; /* set where a difference is found */
    FR_TRY(cut_services(s, list, count));
    if (!plain || s->region.packets != 0 || s->space->too_much)
        return FLOWRULES_OK;
    uint32_t first = (uint32_t)s->keys.count;
    for (size_t i = 0; i < count; i++)
        if (!push(&s->keys, list[i]))
            return fr_no_memory(s->space->common->context);
    *find_memory(s, hash, list, count) = (struct memory){hash, first, (uint32_t)count};
    s->known_count++;
    return FLOWRULES_OK;
}

/* ---- cutting an end: locals and events ----------------------------------------------------- */

static uint64_t mark_of(uint32_t number) {
    uint64_t x = (number + 1) * 0x9E3779B97F4A7C15u; /* splitmix64, Steele and others 2014 */
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* Groups the items by the set that they have at an end. */
static bool group_items(struct sweep *s, struct cut *cut, unsigned end, const uint32_t *list,
                        size_t count) {
    cut->locals.count = 0;
    cut->grouped.count = 0;
    s->round++;
    if (!fr_vec_reserve(&cut->grouped, count) || !fr_vec_reserve(&cut->locals, count))
        return false;
    uint32_t *round = s->round_of.items, *local = s->local_of.items;
    for (size_t i = 0; i < count; i++) {
        fr_set set = item_at(s, list[i])->ends[end];
        if (round[set] != s->round) {
            round[set] = s->round;
            local[set] = (uint32_t)cut->locals.count;
            *(struct local *)fr_vec_add(&cut->locals) =
                (struct local){set, 0, 0, UINT32_MAX, mark_of(local[set])};
        }
        fr_vec_at(&cut->locals, struct local, local[set])->count++;
    }
    uint32_t at = 0;
    for (size_t i = 0; i < cut->locals.count; i++) {
        struct local *l = fr_vec_at(&cut->locals, struct local, i);
        l->first = at;
        at += l->count;
        l->count = 0;
    }
    cut->grouped.count = count;
    for (size_t i = 0; i < count; i++) {
        struct local *l =
            fr_vec_at(&cut->locals, struct local, local[item_at(s, list[i])->ends[end]]);
        *fr_vec_at(&cut->grouped, uint32_t, l->first + l->count++) = list[i];
    }
    return true;
}

/* All addresses are all names and groups too, where those have addresses. */
static bool has_all_atoms(const struct sweep *s, fr_set set) {
    struct flowrules_set view = {s->sets, set};
    return fr_set_head(s->sets, set)->all_atoms != 0 ||
           (s->space->common->atoms_are_addresses && flowrules_set_is_all(view, s->region.family));
}

static bool add_event(struct cut *cut, struct flowrules_ip at, uint32_t local, bool begins) {
    struct event *event = fr_vec_add(&cut->events);
    if (event != NULL)
        *event = (struct event){at, local, begins};
    return event != NULL;
}

static bool add_events(struct sweep *s, struct cut *cut, uint32_t local) {
    fr_set set = fr_vec_at(&cut->locals, struct local, local)->set;
    struct flowrules_set view = {s->sets, set};
    enum flowrules_family family = s->region.family;
    struct flowrules_ip max = fr_ip_max(family);
    bool good = true;
    for (size_t i = 0; good && i < flowrules_set_range_count(view, family); i++) {
        struct flowrules_range r = flowrules_set_range(view, family, i);
        good =
            add_event(cut, r.first, local, true) &&
            (fr_ip_compare(r.last, max) == 0 || add_event(cut, fr_ip_next(r.last), local, false));
    }
    s->space->steps += flowrules_set_range_count(view, family);
    return good;
}

static int compare_events(const void *a, const void *b) {
    const struct event *x = a, *y = b;
    return fr_ip_compare(x->at, y->at);
}

/* ---- cutting an end: the clauses that are active ------------------------------------------- */

static void enter(struct cut *cut, uint64_t *hash, uint32_t local) {
    struct local *l = fr_vec_at(&cut->locals, struct local, local);
    if (l->position != UINT32_MAX)
        return;
    l->position = (uint32_t)cut->active.count;
    *(uint32_t *)fr_vec_add(&cut->active) = local; /* there is room for each local */
    *hash ^= l->mark;
}

static void leave(struct cut *cut, uint64_t *hash, uint32_t local) {
    struct local *l = fr_vec_at(&cut->locals, struct local, local);
    uint32_t *active = cut->active.items;
    if (l->position == UINT32_MAX)
        return;
    uint32_t moved = active[--cut->active.count];
    active[l->position] = moved;
    fr_vec_at(&cut->locals, struct local, moved)->position = l->position;
    l->position = UINT32_MAX;
    *hash ^= l->mark;
}

/* Is the class of exactly the locals that are active? */
static bool is_class(const struct cut *cut, const struct class *class, uint64_t hash) {
    if (class->hash != hash || class->active_count != cut->active.count)
        return false;
    for (uint32_t i = 0; i < class->active_count; i++) {
        uint32_t local = *fr_vec_at(&cut->actives, uint32_t, class->first_active + i);
        if (fr_vec_at(&cut->locals, struct local, local)->position == UINT32_MAX)
            return false;
    }
    return true;
}

static bool grow_slots(struct cut *cut) {
    size_t room = cut->slots.count == 0 ? 64 : cut->slots.count * 2;
    if (!fr_vec_reserve(&cut->slots, room - cut->slots.count))
        return false;
    cut->slots.count = room;
    memset(cut->slots.items, 0xFF, room * sizeof(uint32_t));
    uint32_t *slots = cut->slots.items;
    for (uint32_t c = 0; c < cut->classes.count; c++) {
        size_t i = (size_t)fr_vec_at(&cut->classes, struct class, c)->hash & (room - 1);
        while (slots[i] != CLASS_NONE)
            i = (i + 1) & (room - 1);
        slots[i] = c;
    }
    return true;
}

/* The class of the locals that are active, new or known; NULL when out of memory. */
static struct class *class_of(struct sweep *s, struct cut *cut, uint64_t hash) {
    if (cut->classes.count * 2 >= cut->slots.count && !grow_slots(cut))
        return NULL;
    uint32_t *slots = cut->slots.items;
    size_t i = (size_t)hash & (cut->slots.count - 1);
    for (; slots[i] != CLASS_NONE; i = (i + 1) & (cut->slots.count - 1)) {
        struct class *known = fr_vec_at(&cut->classes, struct class, slots[i]);
        if (is_class(cut, known, hash))
            return known;
    }
    size_t count = cut->active.count;
    struct class *class = fr_vec_add(&cut->classes);
    if (class == NULL || !fr_vec_reserve(&cut->actives, count))
        return NULL;
    slots[i] = (uint32_t)cut->classes.count - 1;
    *class =
        (struct class){hash, (uint32_t)cut->actives.count, (uint32_t)count, UINT32_MAX, UINT32_MAX};
    if (count > 0)
        memcpy(fr_vec_at(&cut->actives, uint32_t, cut->actives.count), cut->active.items,
               count * sizeof(uint32_t));
    cut->actives.count += count;
    s->space->steps += count;
    return class;
}

/* The ranks that a piece has at an end; an atom that is not listed may be any of several. */
static struct fr_cell_span ranks_of(const struct sweep *s, struct flowrules_ip first,
                                    struct flowrules_ip last, uint32_t atom) {
    uint32_t rank;
    if (atom == FR_NO_ATOM)
        return fr_cells_addresses(s->cells, first, last);
    if (atom == FR_OTHER_ATOM)
        return fr_cells_atoms(s->cells);
    rank = fr_cells_atom(s->cells, atom);
    return (struct fr_cell_span){rank, rank};
}

static bool meets_spans(const struct fr_vec *spans, struct fr_cell_span with) {
    const struct fr_cell_span *all = spans->items;
    size_t low = 0, high = spans->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all[middle].last < with.first)
            low = middle + 1;
        else
            high = middle;
    }
    return low < spans->count && all[low].first <= with.last;
}

static int compare_spans(const void *a, const void *b) {
    const struct fr_cell_span *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* Lists where the boxes are at an end: in order, and none meets another. */
static bool list_spans(struct sweep *s, const struct fr_vec *boxes, unsigned end) {
    s->spans.count = 0;
    if (!fr_vec_reserve(&s->spans, boxes->count))
        return false;
    struct fr_cell_span *spans = s->spans.items;
    for (size_t i = 0; i < boxes->count; i++)
        spans[i] = fr_vec_at(boxes, struct fr_cell, i)->sides[end];
    size_t kept = 0;
    if (boxes->count > 1)
        qsort(spans, boxes->count, sizeof *spans, compare_spans);
    for (size_t i = 0; i < boxes->count; i++)
        if (kept == 0 || spans[kept - 1].last < spans[i].first)
            spans[kept++] = spans[i];
        else if (spans[kept - 1].last < spans[i].last)
            spans[kept - 1].last = spans[i].last;
    s->spans.count = kept;
    return true;
}

/*
 * Lists the ranks of a class in order; others is true if it has atoms that are not told apart,
 * which may be among any.
 */
static bool list_ranks(struct sweep *s, const struct cut *cut, const struct class *class,
                       bool *others) {
    *others = false;
    s->spans.count = 0;
    for (uint32_t p = class->first_piece; p != UINT32_MAX && !s->cells->everywhere;) {
        const struct fr_piece *piece = fr_vec_at(&cut->pieces, struct fr_piece, p);
        struct fr_cell_span ranks = ranks_of(s, piece->first, piece->last, piece->atom);
        bool other = ranks.last == fr_cells_ranks(s->cells) - 1;
        struct fr_cell_span *span = other ? NULL : fr_vec_add(&s->spans);
        if (span != NULL)
            *span = ranks;
        else if (!other)
            return false;
        *others = *others || other;
        p = piece->next;
    }
    return true;
}

/* The boxes that have something of a class at an end. */
static bool choose_boxes(struct sweep *s, unsigned depth, const struct cut *cut,
                         const struct class *class) {
    const struct fr_vec *from = &s->boxes[depth];
    struct fr_vec *to = &s->boxes[depth + 1];
    struct fr_cell_span atoms = fr_cells_atoms(s->cells);
    bool others;
    to->count = 0;
    if (!fr_vec_reserve(to, from->count) || !list_ranks(s, cut, class, &others))
        return false;
    for (size_t i = 0; i < from->count; i++) {
        const struct fr_cell *box = fr_vec_at(from, struct fr_cell, i);
        if (meets_spans(&s->spans, box->sides[cut->end]) ||
            (others && box->sides[cut->end].last >= atoms.first))
            *(struct fr_cell *)fr_vec_add(to) = *box;
    }
    return true;
}

static bool add_piece(struct sweep *s, struct cut *cut, uint64_t hash, struct flowrules_ip first,
                      struct flowrules_ip last, uint32_t atom) {
    if (!s->cells->everywhere && !meets_spans(&s->spans, ranks_of(s, first, last, atom)))
        return true;
    uint32_t number = (uint32_t)cut->pieces.count;
    struct class *class = class_of(s, cut, hash);
    struct fr_piece *piece = class == NULL ? NULL : fr_vec_add(&cut->pieces);
    if (piece == NULL)
        return false;
    *piece = (struct fr_piece){first, last, atom, UINT32_MAX};
    if (class->first_piece == UINT32_MAX)
        class->first_piece = number;
    else
        fr_vec_at(&cut->pieces, struct fr_piece, class->last_piece)->next = number;
    class->last_piece = number;
    return true;
}

/* ---- cutting an end: addresses and atoms --------------------------------------------------- */

static bool cut_addresses(struct sweep *s, struct cut *cut) {
    uint64_t hash = 0;
    struct flowrules_ip at = {0, 0}, max = fr_ip_max(s->region.family);
    const struct event *events = cut->events.items;
    for (size_t i = 0; i < cut->events.count || i == 0;) {
        size_t next = i;
        while (next < cut->events.count && fr_ip_compare(events[next].at, at) == 0)
            next++;
        /* What ends goes before what begins: ranges of one set that touch are merged already. */
        for (size_t k = i; k < next; k++)
            if (!events[k].begins)
                leave(cut, &hash, events[k].local);
        for (size_t k = i; k < next; k++)
            if (events[k].begins)
                enter(cut, &hash, events[k].local);
        bool more = next < cut->events.count;
        struct flowrules_ip last = more ? fr_ip_previous(events[next].at) : max;
        if (!add_piece(s, cut, hash, at, last, FR_NO_ATOM))
            return false;
        if (!more)
            break;
        at = events[next].at;
        i = next;
    }
    while (cut->active.count > 0)
        leave(cut, &hash, *fr_vec_at(&cut->active, uint32_t, cut->active.count - 1));
    return true;
}

static int compare_pairs(const void *a, const void *b) {
    const struct atom_pair *x = a, *y = b;
    return (x->atom > y->atom) - (x->atom < y->atom);
}

/* Lists each atom that a set names, with the set: as one that it has, or that it alone lacks. */
static bool list_pairs(struct sweep *s, struct cut *cut) {
    cut->pairs.count = 0;
    for (uint32_t l = 0; l < cut->locals.count; l++) {
        const struct fr_set_head *head =
            fr_set_head(s->sets, fr_vec_at(&cut->locals, struct local, l)->set);
        for (uint32_t i = 0; i < head->atoms; i++) {
            struct atom_pair *pair = fr_vec_add(&cut->pairs);
            if (pair == NULL)
                return false;
            *pair = (struct atom_pair){fr_set_atoms(head)[i], l};
        }
    }
    if (cut->pairs.count > 1)
        qsort(cut->pairs.items, cut->pairs.count, sizeof(struct atom_pair), compare_pairs);
    return true;
}

static bool local_has_all(const struct sweep *s, const struct cut *cut, uint32_t local) {
    return has_all_atoms(s, fr_vec_at(&cut->locals, struct local, local)->set);
}

/* Turns the locals of pairs i to next around: what has them enters, what lacks them leaves. */
static void turn_pairs(struct sweep *s, struct cut *cut, uint64_t *hash, size_t i, size_t next,
                       bool back) {
    const struct atom_pair *pairs = cut->pairs.items;
    for (; i < next; i++) {
        fr_set set = fr_vec_at(&cut->locals, struct local, pairs[i].local)->set;
        bool lacks = fr_set_head(s->sets, set)->all_atoms != 0;
        if (!lacks && local_has_all(s, cut, pairs[i].local))
            continue; /* by its addresses it has them anyway */
        if (lacks == back)
            enter(cut, hash, pairs[i].local);
        else
            leave(cut, hash, pairs[i].local);
    }
}

static bool cut_atoms(struct sweep *s, struct cut *cut) {
    static const struct flowrules_ip zero = {0, 0};
    const struct fr_common *common = s->space->common;
    size_t listed_hollow = 0;
    uint64_t hash = 0;
    cut->listed.count = 0;
    if (!list_pairs(s, cut))
        return false;
    for (uint32_t l = 0; l < cut->locals.count; l++)
        if (local_has_all(s, cut, l))
            enter(cut, &hash, l);
    const struct atom_pair *pairs = cut->pairs.items;
    bool good = true;
    for (size_t i = 0; good && i < cut->pairs.count;) {
        size_t next = i;
        while (next < cut->pairs.count && pairs[next].atom == pairs[i].atom)
            next++;
        bool hollow = fr_common_is_hollow(common, pairs[i].atom);
        turn_pairs(s, cut, &hash, i, next, false);
        good = push(&cut->listed, pairs[i].atom) &&
               (hollow || add_piece(s, cut, hash, zero, zero, pairs[i].atom));
        listed_hollow += hollow ? 1 : 0;
        turn_pairs(s, cut, &hash, i, next, true);
        i = next;
    }
    /* Where names and groups have addresses, the others are compared as those. */
    bool others = common->has_others || (!common->atoms_are_addresses &&
                                         cut->listed.count - listed_hollow <
                                             common->terms->atoms.count - common->hollow_count);
    if (good && others)
        good = add_piece(s, cut, hash, zero, zero, FR_OTHER_ATOM);
    cut->active.count = 0;
    return good;
}

static bool make_classes(struct sweep *s, struct cut *cut, unsigned end, const uint32_t *list,
                         size_t count) {
    cut->events.count = cut->classes.count = cut->actives.count = cut->pieces.count = 0;
    cut->active.count = 0;
    if (cut->slots.count > 0)
        memset(cut->slots.items, 0xFF, cut->slots.count * sizeof(uint32_t));
    bool good = group_items(s, cut, end, list, count) &&
                fr_vec_reserve(&cut->active, cut->locals.count + 1);
    for (uint32_t l = 0; good && l < cut->locals.count; l++)
        good = add_events(s, cut, l);
    if (!good)
        return false;
    if (cut->events.count > 1)
        qsort(cut->events.items, cut->events.count, sizeof(struct event), compare_events);
    return cut_addresses(s, cut) && cut_atoms(s, cut);
}

/* ---- the items of a class ------------------------------------------------------------------ */

/* Does an item decide all that its stage is still asked about, when the ends left are these? */
static bool decides_all(const struct sweep *s, const struct fr_item *item, unsigned ends_left) {
    if (item->effect == FR_SKIP || item->doubt || item->service != FR_SERVICE_ANY ||
        item->packets != FR_ALL_PACKETS || fr_item_has_interfaces(item))
        return false;
    for (unsigned e = 0; e < 2; e++)
        if ((ends_left & (1u << e)) != 0 && item->ends[e] != FR_SET_ANY)
            return false;
    (void)s;
    return true;
}

/* Drops the items that no packet of the class reaches; the list is in order. */
static void prune(const struct sweep *s, struct fr_vec *list, unsigned ends_left) {
    uint32_t *items = list->items, done = UINT32_MAX, reach = 0;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct fr_item *item = item_at(s, items[i]);
        if (item->stage == done && items[i] >= reach)
            continue;
        if (item->effect == FR_SKIP && item->skip_to > reach)
            reach = item->skip_to;
        /* A skip may lead behind this one: then what is there may be reached. */
        if (items[i] >= reach && decides_all(s, item, ends_left))
            done = item->stage;
        items[kept++] = items[i];
    }
    list->count = kept;
}

/* Sorts numbers of items, each of which is there once: many of them by a bit for each item. */
static bool sort_items(struct sweep *s, struct fr_vec *list) {
    enum { BITS = 64, FEW = 64 };
    uint32_t *numbers = list->items;
    size_t words = s->space->common->items.count / BITS + 1, kept = 0;
    if (list->count < FEW) {
        qsort(numbers, list->count, sizeof *numbers, fr_compare_numbers);
        return true;
    }
    s->bits.count = 0;
    if (!fr_vec_reserve(&s->bits, words))
        return false;
    uint64_t *bits = s->bits.items;
    memset(bits, 0, words * sizeof *bits);
    for (size_t i = 0; i < list->count; i++)
        bits[numbers[i] / BITS] |= (uint64_t)1 << numbers[i] % BITS;
    for (size_t w = 0; w < words; w++)
        for (uint64_t left = bits[w]; left != 0; left &= left - 1)
            numbers[kept++] = (uint32_t)(w * BITS + (size_t)__builtin_ctzll(left));
    s->space->steps += words;
    return true;
}

static bool list_class(struct sweep *s, struct cut *cut, const struct class *class,
                       unsigned ends_left) {
    cut->list.count = 0;
    for (uint32_t i = 0; i < class->active_count; i++) {
        uint32_t number = *fr_vec_at(&cut->actives, uint32_t, class->first_active + i);
        const struct local *l = fr_vec_at(&cut->locals, struct local, number);
        if (l->count == 0)
            continue;
        if (!fr_vec_reserve(&cut->list, l->count))
            return false;
        memcpy(fr_vec_at(&cut->list, uint32_t, cut->list.count),
               fr_vec_at(&cut->grouped, uint32_t, l->first), l->count * sizeof(uint32_t));
        cut->list.count += l->count;
    }
    if (class->active_count > 1 && !sort_items(s, &cut->list))
        return false;
    s->space->steps += cut->list.count;
    prune(s, &cut->list, ends_left);
    return true;
}

/* ---- ends ---------------------------------------------------------------------------------- */

/*
 * The end to cut first: where fewer items are about everything; of two alike the one with fewer
 * edges, so that what many share is cut once.
 */
static unsigned choose_end(const struct sweep *s, const uint32_t *list, size_t count) {
    size_t wide[2] = {0, 0}, edges[2] = {0, 0};
    for (unsigned e = 0; e < 2; e++) {
        fr_set last = FR_SET_NONE;
        for (size_t i = 0; i < count; i++) {
            fr_set set = item_at(s, list[i])->ends[e];
            struct flowrules_set view = {s->sets, set};
            wide[e] += set == FR_SET_ANY || flowrules_set_is_all(view, s->region.family);
            if (set != last)
                edges[e] += flowrules_set_range_count(view, s->region.family);
            last = set;
        }
    }
    size_t tenth = count / 10;
    if (wide[0] > wide[1] + tenth)
        return 1;
    if (wide[1] > wide[0] + tenth)
        return 0;
    return edges[1] < edges[0];
}

static flowrules_status cut_end(struct sweep *s, unsigned depth, unsigned ends_left,
                                const uint32_t *list, size_t count) {
    if (ends_left == 0)
        return compare_services(s, list, count);
    unsigned end = ends_left == 3 ? choose_end(s, list, count) : ends_left >> 1;
    struct cut *cut = &s->cuts[depth];
    ends_left &= ~(1u << end);
    cut->end = end;
    if (!list_spans(s, &s->boxes[depth], end) || !make_classes(s, cut, end, list, count))
        return fr_no_memory(s->space->common->context);
    for (size_t i = 0; i < cut->classes.count; i++) {
        const struct class *class = fr_vec_at(&cut->classes, struct class, i);
        if (!list_class(s, cut, class, ends_left))
            return fr_no_memory(s->space->common->context);
        s->space->too_much = s->space->steps > s->space->most;
        if (s->space->too_much)
            return FLOWRULES_OK;
        s->region.pieces[end] = cut->pieces.items;
        s->region.first[end] = class->first_piece;
        s->region.listed[end] = cut->listed.items;
        s->region.listed_count[end] = cut->listed.count;
        if (!choose_boxes(s, depth, cut, class))
            return fr_no_memory(s->space->common->context);
        FR_TRY(cut_end(s, depth + 1, ends_left, cut->list.items, cut->list.count));
    }
    return FLOWRULES_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static struct fr_vec *vecs_of(struct cut *cut, size_t i, size_t *item_size) {
    struct {
        struct fr_vec *vec;
        size_t size;
    } all[] = {{&cut->locals, sizeof(struct local)}, {&cut->grouped, sizeof(uint32_t)},
               {&cut->events, sizeof(struct event)}, {&cut->pairs, sizeof(struct atom_pair)},
               {&cut->active, sizeof(uint32_t)},     {&cut->classes, sizeof(struct class)},
               {&cut->actives, sizeof(uint32_t)},    {&cut->pieces, sizeof(struct fr_piece)},
               {&cut->slots, sizeof(uint32_t)},      {&cut->list, sizeof(uint32_t)},
               {&cut->listed, sizeof(uint32_t)}};
    if (i >= sizeof all / sizeof *all)
        return NULL;
    *item_size = all[i].size;
    return all[i].vec;
}

static void init_sweep(struct sweep *s, struct fr_space *space) {
    const struct fr_allocator *allocator = &space->common->context->allocator;
    struct fr_vec *vec;
    size_t size;
    memset(s, 0, sizeof *s);
    s->space = space;
    s->sets = &space->common->terms->sets;
    s->services = &space->common->terms->services;
    s->items = space->common->items.items;
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; (vec = vecs_of(&s->cuts[c], i, &size)) != NULL; i++)
            fr_vec_init(vec, allocator, size);
    fr_vec_init(&s->local_of, allocator, sizeof(uint32_t));
    fr_vec_init(&s->round_of, allocator, sizeof(uint32_t));
    fr_vec_init(&s->offers, allocator, sizeof(struct offer));
    fr_vec_init(&s->chosen, allocator, sizeof(struct offer));
    fr_vec_init(&s->bounds[0], allocator, sizeof(uint32_t));
    fr_vec_init(&s->bounds[1], allocator, sizeof(uint32_t));
    fr_vec_init(&s->inner, allocator, sizeof(uint32_t));
    fr_vec_init(&s->ways, allocator, sizeof(unsigned));
    fr_vec_init(&s->keys, allocator, sizeof(uint32_t));
    for (size_t i = 0; i < space->common->items.count; i++) {
        s->doubts = s->doubts || s->items[i].doubt;
        s->interfaces = s->interfaces || fr_item_has_interfaces(&s->items[i]);
    }
    fr_vec_init(&s->parts[0], allocator, sizeof(fr_set));
    fr_vec_init(&s->parts[1], allocator, sizeof(fr_set));
    fr_vec_init(&s->meant, allocator, sizeof(uint32_t));
    fr_vec_init(&s->known, allocator, sizeof(struct memory));
    fr_vec_init(&s->bits, allocator, sizeof(uint64_t));
    fr_vec_init(&s->spans, allocator, sizeof(struct fr_cell_span));
    for (size_t i = 0; i < 3; i++)
        fr_vec_init(&s->boxes[i], allocator, sizeof(struct fr_cell));
}

static void free_sweep(struct sweep *s) {
    struct fr_vec *vec,
        *others[] = {&s->local_of,  &s->round_of, &s->offers,   &s->chosen,   &s->bounds[0],
                     &s->bounds[1], &s->inner,    &s->ways,     &s->keys,     &s->known,
                     &s->spans,     &s->bits,     &s->boxes[0], &s->boxes[1], &s->boxes[2],
                     &s->parts[0],  &s->parts[1], &s->meant};
    size_t size;
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; (vec = vecs_of(&s->cuts[c], i, &size)) != NULL; i++)
            fr_vec_free(vec);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        fr_vec_free(others[i]);
}

static bool reserve_sets(struct sweep *s) {
    size_t count = s->sets->heads.count;
    if (!fr_vec_reserve(&s->local_of, count) || !fr_vec_reserve(&s->round_of, count))
        return false;
    memset(s->round_of.items, 0, count * sizeof(uint32_t));
    return true;
}

/* ---- where to look ------------------------------------------------------------------------- */

/* What a search for boxes asks: notes whether something differs. */
struct question {
    struct sweep *sweep;
    bool differs;
};

static flowrules_status note_difference(void *user, const struct fr_region *region) {
    struct question *question = user;
    (void)region;
    question->differs = true;
    return FLOWRULES_OK;
}

static void note_doubt(void *user, uint32_t item) {
    struct question *question = user;
    (void)item;
    question->differs = true;
}

/* Decides the kinds of packets of a protocol; ICMPv6 has types that are of kinds of their own. */
static flowrules_status decide_protocol(struct sweep *s, const uint32_t *items, size_t count,
                                        const struct fr_cell *cell) {
    static const uint32_t types[] = {130, 133, 137, 143, 144};
    struct fr_cell_span from = cell->sides[FR_CELL_SOURCE_PORT];
    s->region.source.first = (uint16_t)from.first;
    FR_TRY(decide_kinds(s, items, count));
    for (size_t i = 0; s->region.protocol == FR_ICMPV6 && i < sizeof types / sizeof *types; i++)
        if (types[i] > from.first && types[i] <= from.last) {
            s->region.source.first = (uint16_t)types[i];
            FR_TRY(decide_kinds(s, items, count));
        }
    return FLOWRULES_OK;
}

/* True if both sides decide alike what all items match, whatever kind of packet it is. */
static bool decides_alike(void *user, const uint32_t *items, size_t count,
                          const struct fr_cell *cell) {
    struct question *question = user;
    struct sweep *s = question->sweep;
    const uint32_t *protocols = s->cells->protocols;
    struct fr_cell_span span = cell->sides[FR_CELL_PROTOCOL];
    bool other = false; /* one of those whose packets are of the same kinds was asked about */
    question->differs = false;
    for (uint32_t p = span.first; p <= span.last && !question->differs; p++) {
        bool own = protocols[p] == FR_TCP || protocols[p] == FR_ICMPV6;
        if (!own && other)
            continue;
        other = other || !own;
        s->region.protocol = protocols[p];
        if (decide_protocol(s, items, count, cell) != FLOWRULES_OK)
            return false;
    }
    return !question->differs;
}

/* The protocols that the items name or that are apart by their packets, and one for all others. */
static size_t list_protocols(const struct sweep *s, const struct fr_vec *list,
                             uint32_t protocols[257]) {
    bool named[256] = {false};
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct fr_service_terms *terms =
            fr_service_get(s->services, item_at(s, *fr_vec_at(list, uint32_t, i))->service);
        for (uint32_t t = 0; t < terms->count; t++)
            if (terms->terms[t].protocol < 256)
                named[terms->terms[t].protocol] = true;
    }
    named[FR_TCP] = named[FR_UDP] = named[FR_SCTP] = named[FR_ICMP] = named[FR_ICMPV6] = true;
    for (unsigned p = 0; p < 256; p++)
        if (named[p] && protocol_exists(s->region.family, p))
            protocols[count++] = p;
    if (other_protocol(named) < 256)
        protocols[count++] = FR_OTHER_PROTOCOLS;
    return count;
}

/*
 * What is searched: the items of all kinds of packets for which they take part, and those that a
 * difference needs.
 */
struct search {
    const struct fr_vec *list; /* uint32_t: the items of the family */
    struct fr_vec items;       /* uint32_t: those that take part */
    struct fr_vec needed;      /* uint32_t: likewise */
};

/* Lets each item take part for the kinds of packets in which it is left over. */
static bool take_left(struct sweep *s, struct search *search) {
    struct fr_item *items = s->space->common->items.items;
    const uint8_t *left = s->pairs->left.items;
    search->items.count = 0;
    s->space->common->asked = s->pairs->all_left;
    for (size_t i = 0; i < search->list->count; i++) {
        uint32_t number = *fr_vec_at(search->list, uint32_t, i);
        items[number].asked = left[number];
        if (left[number] != 0 && !push(&search->items, number))
            return false;
    }
    return true;
}

/* Lets each item take part for the kinds in which some item is left over and early. */
static bool take_early(struct sweep *s, struct search *search) {
    struct fr_item *items = s->space->common->items.items;
    const uint8_t *reached = s->pairs->reached.items, *early = s->pairs->early.items;
    search->items.count = search->needed.count = 0;
    s->space->common->asked = s->pairs->all_early;
    for (size_t i = 0; i < search->list->count; i++) {
        uint32_t number = *fr_vec_at(search->list, uint32_t, i);
        items[number].asked = (uint8_t)(reached[number] & s->pairs->all_early);
        if ((items[number].asked != 0 && !push(&search->items, number)) ||
            (early[number] != 0 && !push(&search->needed, number)))
            return false;
    }
    return true;
}

/* Every item takes part for all of its kinds again. */
static void take_all(struct sweep *s, const struct search *search) {
    struct fr_item *items = s->space->common->items.items;
    s->space->common->asked = s->space->common->packets;
    for (size_t i = 0; i < search->list->count; i++) {
        struct fr_item *item = &items[*fr_vec_at(search->list, uint32_t, i)];
        item->asked = item->packets;
    }
}

/* Ranks all that takes part in either search. */
static bool rank_searched(struct sweep *s, struct search *search) {
    const uint8_t *reached = s->pairs->reached.items, *left = s->pairs->left.items;
    search->items.count = 0;
    for (size_t i = 0; i < search->list->count; i++) {
        uint32_t number = *fr_vec_at(search->list, uint32_t, i);
        if ((left[number] != 0 || (reached[number] & s->pairs->all_early) != 0) &&
            !push(&search->items, number))
            return false;
    }
    s->cells->protocol_count = list_protocols(s, &search->items, s->cells->protocols);
    return fr_cells_rank(s->cells, search->items.items, search->items.count);
}

/* The two searches of pairs.h. */
static bool search_twice(struct sweep *s, struct search *search) {
    struct fr_cells *cells = s->cells;
    if (!rank_searched(s, search) || !take_left(s, search) ||
        !fr_cells_find(cells, search->items.items, search->items.count, NULL))
        return false;
    if (s->pairs->all_early == 0 || cells->everywhere)
        return true;
    return take_early(s, search) && fr_cells_keep_near(cells, &search->items, &search->needed) &&
           fr_cells_find(cells, search->items.items, search->items.count, s->pairs->early.items);
}

/* Pairs what the two sides have in common, and searches the rest. */
static bool search_rest(struct sweep *s, const struct fr_vec *list) {
    const struct fr_allocator *allocator = list->allocator;
    struct search search = {.list = list};
    struct fr_pairs pairs;
    bool good = fr_pairs_init(&pairs, s->space->common);
    fr_vec_init(&search.items, allocator, sizeof(uint32_t));
    fr_vec_init(&search.needed, allocator, sizeof(uint32_t));
    s->pairs = &pairs;
    good = good && fr_pairs_find(&pairs, s->region.family, list->items, list->count);
    if (good && pairs.all_left != 0)
        good = search_twice(s, &search);
    take_all(s, &search);
    fr_vec_free(&search.items);
    fr_vec_free(&search.needed);
    fr_pairs_free(&pairs);
    s->pairs = NULL;
    return good;
}

/* Finds the boxes in which something may differ; false when out of memory. */
static bool find_boxes(struct sweep *s, const struct fr_vec *list) {
    struct question question = {s, false};
    struct fr_space *space = s->space, asked = *space;
    struct fr_cells *cells = s->cells;
    cells->family = s->region.family;
    cells->equal = decides_alike;
    cells->user = &question;
    cells->most = space->most;
    asked.visit = note_difference;
    asked.doubt = note_doubt;
    asked.user = &question;
    s->space = &asked;
    bool good = search_rest(s, list);
    s->space = space;
    cells->user = NULL;
    s->boxes[0].count = 0;
    if (!good || !fr_vec_reserve(&s->boxes[0], cells->found.count))
        return false;
    if (cells->found.count > 0)
        memcpy(s->boxes[0].items, cells->found.items, cells->found.count * sizeof(struct fr_cell));
    s->boxes[0].count = cells->found.count;
    return true;
}

static flowrules_status compare_family(struct sweep *s, enum flowrules_family family) {
    struct fr_vec list;
    fr_vec_init(&list, &s->space->common->context->allocator, sizeof(uint32_t));
    s->region.family = family;
    s->keys.count = 0; /* what is equal in one family says nothing of the other */
    s->known_count = 0;
    if (s->known.count > 0)
        memset(s->known.items, 0, s->known.count * sizeof(struct memory));
    bool good = fr_vec_reserve(&list, s->space->common->items.count);
    for (uint32_t i = 0; good && i < s->space->common->items.count; i++)
        if ((s->items[i].families & FLOWRULES_FAMILY_BIT(family)) != 0)
            good = push(&list, i);
    struct fr_cells cells;
    fr_cells_init(&cells, s->space->common);
    s->cells = &cells;
    good = good && find_boxes(s, &list);
    flowrules_status status = FLOWRULES_OK;
    if (!good)
        status = fr_no_memory(s->space->common->context);
    else if (cells.everywhere || cells.found.count > 0)
        status = cut_end(s, 0, 3, list.items, list.count);
    fr_cells_free(&cells);
    s->cells = NULL;
    fr_vec_free(&list);
    return status;
}

flowrules_status fr_space_compare(struct fr_space *space, enum flowrules_direction direction) {
    struct sweep s;
    init_sweep(&s, space);
    s.region.direction = direction;
    s.all = s.interfaces ? fr_interfaces_all(&space->common->terms->sets) : 0;
    flowrules_status status =
        reserve_sets(&s) ? FLOWRULES_OK : fr_no_memory(space->common->context);
    if (status == FLOWRULES_OK)
        status = compare_family(&s, FLOWRULES_IPV4);
    if (status == FLOWRULES_OK && !space->too_much)
        status = compare_family(&s, FLOWRULES_IPV6);
    free_sweep(&s);
    return status;
}
