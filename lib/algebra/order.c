/*
 * Finds allows and denies whose order matters, because an address of the one may belong to a name
 * of the other. Two lists differ there only if an allow decides first in one list and a deny in the
 * other. So each deny of one side is compared with the other side from its start: denies there are
 * subtracted from it, and the first allow that may meet the rest is in disorder with it, unless an
 * allow precedes the deny on its own side as well.
 */
#include "order.h"

#include <string.h>

#include "boxes.h"
#include "interfaces.h"

/* Parts that what a deny denies may fall into; pairs of interfaces that are told apart. */
#define PARTS_MAX 1024u

struct ordering {
    struct fr_order *order;
    struct fr_common *common;
    struct fr_sets *sets;
    const struct fr_item *items;
    size_t count;
    enum flowrules_family family;
    bool apart[256];        /* the protocols that rules name, and one for all the others */
    struct fr_vec loose;    /* bool for each atom: its addresses are not known */
    struct fr_vec in;       /* fr_set for each set: without the other family's addresses, or NONE */
    struct fr_vec address;  /* fr_set for each set: its addresses of the family, or NONE */
    struct fr_vec parts[2]; /* fr_set: interfaces at an end that items tell apart; 0 alone: none */
    fr_set interfaces[2];   /* of the deny, or a part of these; 0: all */
    struct fr_boxes left;   /* of a deny */
    struct fr_boxes least;  /* of it, if denies in doubt match; where there was one */
    struct fr_boxes rest;   /* of an allow */
};

/* ---- atoms whose addresses are not known --------------------------------------------------- */

static bool is_loose(const struct ordering *o, uint32_t atom) {
    return *fr_vec_at(&o->loose, bool, atom);
}

/* A selector of pods: what two of them share is exact, and addresses are never pods. */
static bool is_of_cluster(const struct fr_common *c, uint32_t atom) {
    const struct flowrules_atom *a = fr_vec_at(&c->terms->atoms, struct flowrules_atom, atom);
    return a->kind == FLOWRULES_ATOM_GROUP &&
           (!c->atoms_are_addresses || fr_meaning_selects(c->terms, atom) == FR_SELECTS_PODS);
}

static bool find_loose(struct ordering *o, bool *any) {
    size_t count = o->common->terms->atoms.count;
    *any = false;
    if (!fr_vec_reserve(&o->loose, count + 1))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        bool loose = !is_of_cluster(o->common, i);
        *(bool *)fr_vec_add(&o->loose) = loose;
        *any = *any || loose;
    }
    return true;
}

static bool meets_addresses(const struct ordering *o, uint32_t atom) {
    for (size_t side = 0; side < 2; side++)
        if (fr_set_has_atom(o->sets, o->common->unaddressed[side], atom))
            return false;
    return is_loose(o, atom);
}

static bool atoms_may_meet(const struct ordering *o, uint32_t a, uint32_t b) {
    for (size_t side = 0; side < 2; side++)
        if (fr_set_has_atom(o->sets, o->common->disjoint[side], a) &&
            fr_set_has_atom(o->sets, o->common->disjoint[side], b))
            return false;
    return a != b && is_loose(o, a) && is_loose(o, b);
}

/* ---- ends ---------------------------------------------------------------------------------- */

/* Where what was made of a set is kept, FR_SET_NONE until then; NULL when out of memory. */
static fr_set *kept_of(struct ordering *o, struct fr_vec *kept, fr_set set) {
    size_t count = set == FR_SET_NONE ? 0 : (size_t)set + 1;
    if (count > kept->count && !fr_vec_reserve(kept, count - kept->count))
        o->sets->failed = true;
    if (o->sets->failed)
        return NULL;
    while (kept->count < count)
        *(fr_set *)fr_vec_add(kept) = FR_SET_NONE;
    return fr_vec_at(kept, fr_set, set);
}

/* A set's addresses of the family that is looked at. */
static fr_set addresses_of(struct ordering *o, fr_set set) {
    fr_set *known = kept_of(o, &o->address, set);
    if (known != NULL && *known == FR_SET_NONE)
        *known = fr_set_family(o->sets, set, o->family);
    return known == NULL ? FR_SET_NONE : *known;
}

/* All addresses are all names and groups too, where those have addresses. */
static bool is_whole(const struct ordering *o, fr_set set) {
    const struct fr_set_head *head = fr_set_head(o->sets, set);
    struct flowrules_set view = {o->sets, set};
    bool lacks = head->all_atoms != 0 && head->atoms > 0;
    bool names = head->all_atoms != 0 || o->common->atoms_are_addresses;
    return set == FR_SET_ANY || (names && !lacks && flowrules_set_is_all(view, o->family));
}

/*
 * A set without the addresses of the other family; any where it has all of this one, which are all
 * names too.
 */
static fr_set in_family(struct ordering *o, fr_set set) {
    enum flowrules_family other = o->family == FLOWRULES_IPV4 ? FLOWRULES_IPV6 : FLOWRULES_IPV4;
    if (is_whole(o, set))
        return FR_SET_ANY;
    fr_set *known = kept_of(o, &o->in, set);
    if (known != NULL && *known == FR_SET_NONE)
        *known = fr_set_subtract(o->sets, set, fr_set_family(o->sets, set, other));
    return known == NULL ? FR_SET_NONE : *known;
}

/* The next loose atom, from index *from on, that a set lists and another one lacks. */
static bool next_atom(const struct ordering *o, fr_set has, fr_set lacks, uint32_t *from,
                      uint32_t *atom) {
    const struct fr_set_head *head = fr_set_head(o->sets, has);
    for (; head->all_atoms == 0 && *from < head->atoms; ++*from) {
        *atom = fr_set_atoms(head)[*from];
        if (is_loose(o, *atom) && !fr_set_has_atom(o->sets, lacks, *atom))
            return true;
    }
    return false;
}

/* Has a set addresses, of the family, that another lacks? */
static bool has_more(struct ordering *o, fr_set has, fr_set lacks) {
    fr_set own = addresses_of(o, has);
    return own != FR_SET_EMPTY && !fr_set_covers(o->sets, lacks, own);
}

/* May an atom that a has and b lacks have an address, or a member of an atom, that b has alone? */
static bool reaches(struct ordering *o, fr_set a, fr_set b, uint32_t *atom) {
    bool more = has_more(o, b, a);
    uint32_t other;
    for (uint32_t i = 0; next_atom(o, a, b, &i, atom); i++) {
        if (more && meets_addresses(o, *atom))
            return true;
        for (uint32_t k = 0; next_atom(o, b, a, &k, &other); k++)
            if (atoms_may_meet(o, *atom, other))
                return true;
    }
    return false;
}

static bool lists_atoms(const struct ordering *o, fr_set set) {
    const struct fr_set_head *head = fr_set_head(o->sets, set);
    return head->all_atoms == 0 && head->atoms > 0;
}

/* May two ends have something in common that sets of points do not show? */
static bool meet_unseen(struct ordering *o, fr_set a, fr_set b, uint32_t *atom) {
    if (is_whole(o, a) || is_whole(o, b) || (!lists_atoms(o, a) && !lists_atoms(o, b)))
        return false;
    o->order->steps += 4;
    return reaches(o, a, b, atom) || reaches(o, b, a, atom);
}

/* ---- clauses ------------------------------------------------------------------------------- */

/* Is an item about new connections of the family? */
static bool counts(const struct ordering *o, const struct fr_item *item) {
    return (item->packets & FLOWRULES_NEW) != 0 &&
           (item->families & FLOWRULES_FAMILY_BIT(o->family)) != 0;
}

static bool side_of(const struct ordering *o, const struct fr_item *item) {
    return fr_vec_at(&o->common->stages, struct fr_common_stage, item->stage)->after;
}

static const struct fr_service_terms *terms_of(const struct ordering *o,
                                               const struct fr_item *item) {
    return fr_service_get(&o->common->terms->services, item->service);
}

/* ICMP is IPv4's, ICMPv6 is IPv6's: the other way about there are no packets. */
static bool exists(const struct ordering *o, const struct fr_term *term) {
    return term->protocol == FR_PROTOCOL_ANY ||
           (fr_protocol_families(term->protocol) & FLOWRULES_FAMILY_BIT(o->family)) != 0;
}

/* Can an item match a packet of the deny's interfaces? */
static bool interfaces_meet(const struct ordering *o, const struct fr_item *item) {
    return fr_interfaces_meet(o->sets, item->interfaces[0], o->interfaces[0]) &&
           fr_interfaces_meet(o->sets, item->interfaces[1], o->interfaces[1]);
}

/* Which ends of an allow and of a box meet unseen, as bits; 0 where no packet is within both. */
static unsigned unseen_ends(struct ordering *o, const struct fr_item *allow,
                            const struct fr_box *box, uint32_t *atom) {
    const struct fr_service_terms *terms = terms_of(o, allow);
    struct fr_term both;
    bool services = false;
    unsigned unseen = 0;
    o->order->steps += 1 + terms->count;
    for (uint32_t i = 0; i < terms->count && !services; i++)
        services = fr_terms_meet(&terms->terms[i], &box->term, &both) && exists(o, &both);
    for (unsigned e = 0; e < 2 && services; e++) {
        fr_set end = in_family(o, allow->ends[e]);
        if (meet_unseen(o, end, box->ends[e], atom))
            unseen |= 1u << e;
        else if (!fr_set_overlaps(o->sets, end, box->ends[e]))
            return 0;
    }
    return unseen;
}

/* Adds a box; one of any protocol as one of each that is told apart. */
static flowrules_status add_box(struct ordering *o, struct fr_boxes *boxes,
                                const struct fr_box *box) {
    struct fr_box part = *box;
    if (box->term.protocol != FR_PROTOCOL_ANY)
        return exists(o, &box->term) ? fr_boxes_add(boxes, box) : FLOWRULES_OK;
    for (unsigned p = 0; p < 256; p++) {
        part.term.protocol = (uint16_t)p;
        if (o->apart[p] && exists(o, &part.term))
            FR_TRY(fr_boxes_add(boxes, &part));
    }
    return FLOWRULES_OK;
}

static flowrules_status add_terms(struct ordering *o, struct fr_boxes *boxes,
                                  const struct fr_item *item, const fr_set ends[2]) {
    const struct fr_service_terms *terms = terms_of(o, item);
    for (uint32_t i = 0; i < terms->count; i++) {
        struct fr_box box = {{ends[0], ends[1]}, terms->terms[i]};
        FR_TRY(add_box(o, boxes, &box));
    }
    return FLOWRULES_OK;
}

/* Is an item about packets of all the interfaces that the deny is about? */
static bool has_all_interfaces(const struct ordering *o, const struct fr_item *item) {
    for (unsigned e = 0; e < 2; e++)
        if (item->interfaces[e] != 0 &&
            (o->interfaces[e] == 0 ||
             !fr_set_covers(o->sets, item->interfaces[e], o->interfaces[e])))
            return false;
    return true;
}

/* Takes an item away from what is left of the deny. */
static flowrules_status take(struct ordering *o, struct fr_boxes *boxes,
                             const struct fr_item *item) {
    if (!has_all_interfaces(o, item))
        return FLOWRULES_OK;
    const struct fr_service_terms *terms = terms_of(o, item);
    bool touched = false;
    struct fr_box gone = {{in_family(o, item->ends[0]), in_family(o, item->ends[1])}, {0}};
    bool meets = false;
    o->order->steps += boxes->list.count;
    for (size_t i = 0; i < boxes->list.count && !meets; i++) {
        const struct fr_box *box = fr_vec_at(&boxes->list, struct fr_box, i);
        meets = fr_set_overlaps(o->sets, box->ends[0], gone.ends[0]) &&
                fr_set_overlaps(o->sets, box->ends[1], gone.ends[1]);
    }
    for (uint32_t i = 0; i < terms->count && meets && boxes->list.count > 0; i++) {
        gone.term = terms->terms[i];
        FR_TRY(fr_boxes_subtract(boxes, &gone, &touched));
    }
    return FLOWRULES_OK;
}

static void clear(struct fr_boxes *boxes) {
    boxes->list.count = 0;
    boxes->too_many = false;
}

/* ---- an allow and a deny ------------------------------------------------------------------- */

/*
 * What the allow and a part of the deny both match, by one of the two at each end that meets
 * unseen: by the allow where its bit is in by_allow, else by the deny.
 */
static flowrules_status start_both(struct ordering *o, const struct fr_item *allow,
                                   const struct fr_box *box, unsigned unseen, unsigned by_allow) {
    const struct fr_service_terms *terms = terms_of(o, allow);
    struct fr_box part = *box;
    clear(&o->rest);
    for (unsigned e = 0; e < 2; e++) {
        fr_set end = in_family(o, allow->ends[e]);
        if ((unseen & (1u << e)) == 0)
            part.ends[e] = fr_set_intersect(o->sets, end, box->ends[e]);
        else if ((by_allow & (1u << e)) != 0)
            part.ends[e] = end;
    }
    for (uint32_t i = 0; i < terms->count; i++)
        if (fr_terms_meet(&terms->terms[i], &box->term, &part.term))
            FR_TRY(add_box(o, &o->rest, &part));
    return FLOWRULES_OK;
}

/*
 * Do the items of a stage with an effect that precede one of it match all of the rest? What is led
 * around a deny is as good as allowed before it.
 */
static flowrules_status is_taken(struct ordering *o, uint32_t before, enum fr_effect effect,
                                 bool *taken) {
    uint32_t guard = 0;
    for (uint32_t i = 0; i < before && o->rest.list.count > 0; i++) {
        const struct fr_item *item = &o->items[i];
        if (item->stage != o->items[before].stage || !counts(o, item))
            continue;
        o->order->steps++;
        bool around = item->effect == FR_SKIP && item->skip_to > before && effect == FR_PASS;
        if ((item->effect == effect || item->effect == FR_OUTSIDE || around) && !item->doubt &&
            i >= guard)
            FR_TRY(take(o, &o->rest, item));
        if (item->effect == FR_SKIP && item->skip_to > guard)
            guard = item->skip_to;
    }
    *taken = o->rest.list.count == 0 && !o->rest.too_many;
    return FLOWRULES_OK;
}

/* Is what both match denied before the allow, or allowed before the deny, for sure? */
static flowrules_status is_settled(struct ordering *o, uint32_t allow, uint32_t deny,
                                   const struct fr_box *box, unsigned unseen, bool *settled) {
    for (unsigned by_allow = 0; by_allow < 4 && !*settled; by_allow++) {
        if ((by_allow & ~unseen) != 0)
            continue;
        FR_TRY(start_both(o, &o->items[allow], box, unseen, by_allow));
        FR_TRY(is_taken(o, allow, FR_BLOCK, settled));
        if (*settled)
            break;
        FR_TRY(start_both(o, &o->items[allow], box, unseen, by_allow));
        FR_TRY(is_taken(o, deny, FR_PASS, settled));
    }
    return FLOWRULES_OK;
}

/* Is an allow in disorder with some part of what is left of a deny? */
static flowrules_status hold_allow(struct ordering *o, const struct fr_boxes *left, uint32_t allow,
                                   uint32_t deny, bool *found, uint32_t *atom) {
    for (size_t i = 0; i < left->list.count && !*found; i++) {
        const struct fr_box box = *fr_vec_at(&left->list, struct fr_box, i);
        unsigned unseen = unseen_ends(o, &o->items[allow], &box, atom);
        bool settled = false;
        if (unseen == 0)
            continue;
        FR_TRY(is_settled(o, allow, deny, &box, unseen, &settled));
        *found = !settled;
    }
    return FLOWRULES_OK;
}

/* ---- a deny -------------------------------------------------------------------------------- */

enum outcome { STAGE_PASSES, STAGE_DENIES, STAGE_DISORDER };

static bool is_too_much(struct ordering *o) {
    o->order->too_much = o->order->too_much || o->order->steps > o->order->most;
    return o->order->too_much;
}

/* A deny that is held against a stage. */
struct holding {
    struct ordering *o;
    struct fr_disorder *disorder;
    uint32_t doubted; /* a deny in doubt that took from what is least left; UINT32_MAX: none */
    bool found;
};

/* An allow in disorder with the deny, for sure, or if a rule in doubt matches or does not. */
static flowrules_status hold_next_allow(struct holding *h, uint32_t allow) {
    struct fr_order *order = h->o->order;
    uint32_t atom, deny = h->disorder->deny, doubted = UINT32_MAX;
    bool found = false, sure = false;
    FR_TRY(hold_allow(h->o, &h->o->left, allow, deny, &found, &h->disorder->atom));
    if (found && h->doubted != UINT32_MAX)
        FR_TRY(hold_allow(h->o, &h->o->least, allow, deny, &sure, &atom));
    if (found && h->doubted != UINT32_MAX && !sure)
        doubted = h->doubted;
    if (h->o->items[allow].doubt)
        doubted = allow;
    if (h->o->items[deny].doubt)
        doubted = deny;
    h->found = found && doubted == UINT32_MAX;
    h->disorder->allow = allow;
    if (found && !h->found)
        order->doubt(order->user, doubted);
    return FLOWRULES_OK;
}

/* Takes a deny of the other side away from what is left. */
static flowrules_status take_deny(struct holding *h, uint32_t number) {
    struct ordering *o = h->o;
    const struct fr_item *item = &o->items[number];
    if (!item->doubt)
        FR_TRY(take(o, &o->left, item));
    if (item->doubt && h->doubted == UINT32_MAX) {
        clear(&o->least);
        for (size_t i = 0; i < o->left.list.count; i++)
            FR_TRY(fr_boxes_add(&o->least, fr_vec_at(&o->left.list, struct fr_box, i)));
        h->doubted = number;
    }
    return h->doubted == UINT32_MAX ? FLOWRULES_OK : take(o, &o->least, item);
}

/* Holds a deny against the stage of the other side that begins with an item. */
static flowrules_status hold_stage(struct ordering *o, uint32_t first, struct fr_disorder *d,
                                   enum outcome *outcome) {
    const struct fr_item *deny = &o->items[d->deny];
    const fr_set ends[2] = {in_family(o, deny->ends[0]), in_family(o, deny->ends[1])};
    struct holding h = {.o = o, .disorder = d, .doubted = UINT32_MAX};
    uint32_t guard = 0;
    clear(&o->left);
    FR_TRY(add_terms(o, &o->left, deny, ends));
    *outcome = STAGE_PASSES;
    for (uint32_t i = first; i < o->count && o->items[i].stage == o->items[first].stage; i++) {
        const struct fr_item *item = &o->items[i];
        o->order->steps++;
        if (!counts(o, item) || is_too_much(o))
            continue;
        bool allows = item->effect == FR_PASS || item->effect == FR_SKIP;
        if (allows && interfaces_meet(o, item))
            FR_TRY(hold_next_allow(&h, i)); /* a skip may lead around a deny */
        if (item->effect == FR_SKIP)
            guard = item->skip_to > guard ? item->skip_to : guard;
        else if (item->effect != FR_PASS && i >= guard)
            FR_TRY(take_deny(&h, i));
        o->order->too_much = o->order->too_much || o->left.too_many;
        *outcome = h.found ? STAGE_DISORDER : o->left.list.count == 0 ? STAGE_DENIES : STAGE_PASSES;
        if (*outcome != STAGE_PASSES)
            break;
    }
    return FLOWRULES_OK;
}

/* Holds a deny at some interfaces against all of the other side: where one stage denies, all do. */
static flowrules_status hold_part(struct ordering *o, uint32_t number, bool *disorderly) {
    struct fr_disorder d = {.deny = number, .side = side_of(o, &o->items[number])};
    struct fr_disorder found = d;
    bool disorder = false;
    for (uint32_t i = 0; i < o->count && !o->order->too_much; i++) {
        enum outcome outcome = STAGE_PASSES;
        bool begins = i == 0 || o->items[i - 1].stage != o->items[i].stage;
        if (!begins || side_of(o, &o->items[i]) == side_of(o, &o->items[number]))
            continue;
        FR_TRY(hold_stage(o, i, &d, &outcome));
        if (outcome == STAGE_DENIES)
            return FLOWRULES_OK;
        if (outcome == STAGE_DISORDER && !disorder)
            found = d;
        disorder = disorder || outcome == STAGE_DISORDER;
    }
    if (disorder)
        o->order->found(o->order->user, &found);
    *disorderly = disorder;
    return FLOWRULES_OK;
}

/* Holds a deny against the other side, by each pair of its interfaces that are told apart. */
static flowrules_status hold_deny(struct ordering *o, uint32_t number) {
    const struct fr_item *deny = &o->items[number];
    bool disorder = false;
    for (size_t i = 0; i < o->parts[0].count && !disorder; i++)
        for (size_t k = 0; k < o->parts[1].count && !disorder; k++) {
            o->interfaces[0] = *fr_vec_at(&o->parts[0], fr_set, i);
            o->interfaces[1] = *fr_vec_at(&o->parts[1], fr_set, k);
            if (interfaces_meet(o, deny) && !is_too_much(o))
                FR_TRY(hold_part(o, number, &disorder));
        }
    return FLOWRULES_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* Finds the interfaces at an end that items tell apart. */
static bool find_parts(struct ordering *o, unsigned end) {
    struct fr_vec *parts = &o->parts[end];
    fr_set *first = fr_vec_push(parts), last = 0;
    if (first == NULL)
        return false;
    *first = 0;
    for (size_t i = 0; i < o->count; i++) {
        fr_set set = o->items[i].interfaces[end];
        if (set == 0 || set == last)
            continue;
        last = set;
        first = fr_vec_at(parts, fr_set, 0);
        if (*first == 0)
            *first = fr_interfaces_all(o->sets);
        if (!fr_interfaces_cut(o->sets, parts, set))
            return false;
    }
    o->order->too_much = o->order->too_much || parts->count > PARTS_MAX;
    return true;
}

/* Has an end a name or group that is not everything? Without one no two ends meet unseen. */
static bool names_atoms(const struct ordering *o, const struct fr_item *item) {
    for (unsigned e = 0; e < 2; e++) {
        const struct fr_set_head *head = fr_set_head(o->sets, item->ends[e]);
        if (item->ends[e] != FR_SET_ANY && (head->atoms > 0 || head->all_atoms != 0))
            return true;
    }
    return false;
}

static bool is_everything(const struct fr_item *item) {
    return item->ends[0] == FR_SET_ANY && item->ends[1] == FR_SET_ANY;
}

static void name_protocols(struct ordering *o) {
    unsigned other = 2; /* 0 is no packet's protocol in IPv6, 1 is ICMP */
    for (size_t i = 0; i < o->count; i++) {
        const struct fr_service_terms *terms = terms_of(o, &o->items[i]);
        for (uint32_t t = 0; t < terms->count; t++)
            if (terms->terms[t].protocol < 256)
                o->apart[terms->terms[t].protocol] = true;
    }
    while (other < 256 && o->apart[other])
        other++;
    if (other < 256)
        o->apart[other] = true;
}

static flowrules_status order_family(struct ordering *o, enum flowrules_family family) {
    bool needed = false;
    o->family = family;
    o->in.count = o->address.count = 0;
    for (size_t i = 0; i < o->count && !needed; i++)
        needed = counts(o, &o->items[i]) && names_atoms(o, &o->items[i]);
    for (uint32_t i = 0; i < o->count && needed && !is_too_much(o); i++) {
        const struct fr_item *item = &o->items[i];
        if (item->effect == FR_BLOCK && counts(o, item) && !is_everything(item))
            FR_TRY(hold_deny(o, i));
    }
    return FLOWRULES_OK;
}

flowrules_status fr_order_compare(struct fr_order *order) {
    struct fr_common *c = order->common;
    const struct fr_allocator *allocator = &c->context->allocator;
    struct ordering o = {.order = order,
                         .common = c,
                         .sets = &c->terms->sets,
                         .items = c->items.items,
                         .count = c->items.count};
    bool any;
    fr_vec_init(&o.loose, allocator, sizeof(bool));
    fr_vec_init(&o.in, allocator, sizeof(fr_set));
    fr_vec_init(&o.address, allocator, sizeof(fr_set));
    fr_vec_init(&o.parts[0], allocator, sizeof(fr_set));
    fr_vec_init(&o.parts[1], allocator, sizeof(fr_set));
    fr_boxes_init(&o.left, c->context, o.sets, PARTS_MAX);
    fr_boxes_init(&o.least, c->context, o.sets, PARTS_MAX);
    fr_boxes_init(&o.rest, c->context, o.sets, PARTS_MAX);
    bool good = find_loose(&o, &any) && (!any || (find_parts(&o, 0) && find_parts(&o, 1)));
    flowrules_status status = good ? FLOWRULES_OK : fr_no_memory(c->context);
    name_protocols(&o);
    if (status == FLOWRULES_OK && any)
        status = order_family(&o, FLOWRULES_IPV4);
    if (status == FLOWRULES_OK && any)
        status = order_family(&o, FLOWRULES_IPV6);
    if (status == FLOWRULES_OK)
        status = fr_meaning_memory(c->terms);
    fr_vec_free(&o.loose);
    fr_vec_free(&o.in);
    fr_vec_free(&o.address);
    fr_vec_free(&o.parts[0]);
    fr_vec_free(&o.parts[1]);
    fr_boxes_free(&o.left);
    fr_boxes_free(&o.least);
    fr_boxes_free(&o.rest);
    return status;
}
