/*
 * Reports the differences of two meanings: regions that the same clauses decide become a few rows,
 * each with a packet as a witness.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "interfaces.h"
#include "network_names.h"
#include "order.h"
#include "set_text.h"
#include "space.h"

/* Regions of one difference that are kept to be put together; more are counted alone. */
#define BOXES_MAX 4096u
/* Rows that one difference may become. */
#define ROWS_MAX 16u
/* Differences that are told apart. */
#define DIFFERENCES_MAX 10000u
/* Denies whose order matters that are told in a direction. */
#define DISORDERS_MAX 100u
/* Stands for the protocols that no service of either side mentions. */
#define PROTOCOL_OTHERS 257u

/* The dimensions of a box: two ends, the interfaces by which packets come and leave, services. */
enum { ENDS = 0, INTERFACES = 2, SERVICE = 4, DIMENSIONS = 5 };

struct box {
    uint32_t dims[DIMENSIONS]; /* sets (interfaces 0: all), and a service */
    unsigned united;           /* the dimension in which boxes are put together now */
};

/* What a device of a path does with packets. */
struct hop {
    uint32_t stage, clause; /* of its side; UINT32_MAX: no clause decides */
    bool passes;
};

/* What is decided otherwise by the same clauses. */
struct difference {
    enum flowrules_direction direction;
    enum flowrules_packets packets;
    bool passes_after;
    uint32_t stages[2], clauses[2]; /* of each side; UINT32_MAX: no clause */
    struct hop *hops[2];            /* of each side that is a path, its devices; else NULL */
    const char *witness;
    struct fr_vec boxes; /* struct box */
    bool cut;            /* there were more */
};

/* Who decides: a flow, or a line of a file, or the baseline. */
struct decider {
    const char *flow, *file;
    uint32_t line;
    bool baseline;
};

/* What a device of a path does, and who decides there. */
struct hop_row {
    const char *name;
    bool passes;
    struct decider decider;
};

struct row {
    const char *change, *direction, *packets, *source, *destination, *service, *witness;
    const char *interfaces[2]; /* by which they come and leave; NULL: any */
    double width;              /* about how many packets */
    struct decider deciders[2];
    struct hop_row *hops[2]; /* of a side that is a path */
    size_t hop_counts[2];
};

struct doubt {
    const char *text, *file;
    uint32_t line;
    bool after;
};

struct flowrules_comparison {
    struct fr_allocator allocator;
    struct fr_arena arena;
    struct fr_vec rows;   /* struct row */
    struct fr_vec doubts; /* struct doubt */
    bool contains;        /* one side only permits: the other has to pass that, and may pass more */
};

struct comparing {
    flowrules_context *context;
    flowrules_comparison *result;
    struct fr_common common;
    struct fr_vec differences; /* struct difference */
    bool named[256];           /* protocols that some service mentions */
    bool cut;                  /* there were more differences than are told apart */
    struct fr_vec doubtful;    /* bool for each item: packets depend on whether it matches */
    struct fr_network_names *networks[2]; /* of each side's policy; NULL: none, or its own */
    size_t disorders;                     /* of a direction, that were found */
    bool no_memory;                       /* while they were told */
    bool other_way; /* connections that are opened the other way matter, on a path */
};

/* ---- collecting ---------------------------------------------------------------------------- */

static void name_protocols(struct comparing *c) {
    memset(c->named, 0, sizeof c->named);
    for (size_t i = 0; i < c->common.items.count; i++) {
        const struct fr_item *item = fr_vec_at(&c->common.items, struct fr_item, i);
        const struct fr_service_terms *terms =
            fr_service_get(&c->common.terms->services, item->service);
        for (uint32_t t = 0; t < terms->count; t++)
            if (terms->terms[t].protocol < 256)
                c->named[terms->terms[t].protocol] = true;
    }
    c->named[FR_TCP] = c->named[FR_UDP] = c->named[FR_SCTP] = true;
    c->named[FR_ICMP] = c->named[FR_ICMPV6] = true;
}

/* The known atoms that a region does not list at an end: there are no others. */
static fr_set unlisted_pods(struct comparing *c, const struct fr_region *region, unsigned end) {
    flowrules_meaning *terms = c->common.terms;
    size_t k = 0;
    for (uint32_t i = 0; i < terms->atoms.count; i++) {
        while (k < region->listed_count[end] && region->listed[end][k] < i)
            k++;
        if ((k == region->listed_count[end] || region->listed[end][k] != i) &&
            !fr_common_is_hollow(&c->common, i))
            fr_builder_atom(&terms->builder, i);
    }
    return fr_builder_finish(&terms->builder, &terms->sets);
}

/* Every atom that a region does not list at an end. */
static fr_set unlisted_atoms(struct comparing *c, const struct fr_region *region, unsigned end) {
    flowrules_meaning *terms = c->common.terms;
    if (!c->common.has_others && !c->common.atoms_are_addresses)
        return unlisted_pods(c, region, end);
    for (size_t i = 0; i < region->listed_count[end]; i++)
        fr_builder_atom(&terms->builder, region->listed[end][i]);
    fr_set listed = fr_builder_finish(&terms->builder, &terms->sets);
    return fr_set_subtract(&terms->sets, fr_meaning_all_atoms(terms), listed);
}

static fr_set set_of_region(struct comparing *c, const struct fr_region *region, unsigned end) {
    flowrules_meaning *terms = c->common.terms;
    fr_set rest = FR_SET_EMPTY;
    for (uint32_t i = region->first[end]; i != UINT32_MAX; i = region->pieces[end][i].next)
        if (region->pieces[end][i].atom == FR_OTHER_ATOM)
            rest = unlisted_atoms(c, region, end);
    for (uint32_t i = region->first[end]; i != UINT32_MAX; i = region->pieces[end][i].next) {
        const struct fr_piece *piece = &region->pieces[end][i];
        struct flowrules_range r = {region->family, piece->first, piece->last};
        if (piece->atom == FR_NO_ATOM)
            fr_builder_range(&terms->builder, &r);
        else if (piece->atom != FR_OTHER_ATOM)
            fr_builder_atom(&terms->builder, piece->atom);
    }
    fr_builder_set(&terms->builder, &terms->sets, rest);
    return fr_builder_finish(&terms->builder, &terms->sets);
}

static void add_term(struct fr_service_builder *b, const struct fr_region *region,
                     unsigned protocol) {
    struct fr_term term = {(uint16_t)protocol, region->source.first, region->source.last,
                           region->destination.first, region->destination.last};
    if (!fr_protocol_has_ports(protocol) && !fr_protocol_is_icmp(protocol))
        term.source_last = term.destination_last = UINT16_MAX;
    fr_service_add(b, &term);
}

/* The others of a region are those of the whole comparison, and some that are named elsewhere. */
static void add_others(struct comparing *c, struct fr_service_builder *b,
                       const struct fr_region *region) {
    add_term(b, region, PROTOCOL_OTHERS);
    for (unsigned p = 0; p < 256; p++)
        if (c->named[p] && !region->named[p])
            add_term(b, region, p);
}

static fr_service service_of_region(struct comparing *c, const struct fr_region *region) {
    struct fr_service_builder builder;
    fr_service_begin(&builder, &c->context->allocator);
    if (region->protocol == FR_OTHER_PROTOCOLS)
        add_others(c, &builder, region);
    else
        add_term(&builder, region, region->protocol);
    return fr_service_finish(&builder, &c->common.terms->services);
}

/* Where the item of a decision stands: its stage among those of its side, and its clause. */
static void place_item(const struct comparing *c, uint32_t number, uint32_t *stage,
                       uint32_t *clause) {
    *stage = *clause = UINT32_MAX;
    if (number == FR_NO_ITEM)
        return;
    const struct fr_item *item = fr_vec_at(&c->common.items, struct fr_item, number);
    const struct fr_common_stage *stages = c->common.stages.items;
    uint32_t first = 0;
    while (stages[first].after != stages[item->stage].after)
        first++;
    *stage = item->stage - first;
    *clause = item->clause;
}

/* The clause that decides; NULL: none. */
static const struct fr_clause *clause_at(const struct comparing *c, const struct difference *d,
                                         unsigned side, uint32_t stage, uint32_t clause) {
    if (clause == UINT32_MAX)
        return NULL;
    const struct fr_vec *stages = &c->common.sides[side]->stages[d->direction];
    const struct fr_stage *list = *fr_vec_at(stages, struct fr_stage *, stage);
    return fr_vec_at(&list->clauses, struct fr_clause, clause);
}

/* Clauses are the same to people if they are; those of a flow are one difference. */
static bool same_clause(const struct fr_clause *a, const struct fr_clause *b) {
    return a == b || (a != NULL && b != NULL && a->flow != FR_NO_FLOW && a->flow == b->flow);
}

static bool same_decider(const struct comparing *c, const struct difference *a,
                         const struct difference *b, unsigned side) {
    const struct hop *x = a->hops[side], *y = b->hops[side];
    bool same = same_clause(clause_at(c, a, side, a->stages[side], a->clauses[side]),
                            clause_at(c, b, side, b->stages[side], b->clauses[side]));
    for (size_t i = 0; same && x != NULL && i < c->common.sides[side]->hops.count; i++)
        same = x[i].passes == y[i].passes &&
               same_clause(clause_at(c, a, side, x[i].stage, x[i].clause),
                           clause_at(c, b, side, y[i].stage, y[i].clause));
    return same;
}

/* What each device of a side, a path, does with the packets of a region; false without memory. */
static bool find_hops(struct comparing *c, const struct fr_region *region, struct difference *d,
                      unsigned side) {
    const flowrules_meaning *m = c->common.sides[side];
    const struct fr_common_stage *stages = c->common.stages.items;
    if (!fr_meaning_is_path(m))
        return true;
    struct hop *hops = fr_arena_alloc(&c->result->arena, m->hops.count * sizeof *hops);
    d->hops[side] = hops;
    for (size_t i = 0; hops != NULL && i < m->hops.count; i++)
        hops[i] = (struct hop){UINT32_MAX, UINT32_MAX, true};
    for (uint32_t s = 0; hops != NULL && s < c->common.stages.count; s++) {
        if (stages[s].after != (side == 1))
            continue;
        struct hop *hop = &hops[stages[s].stage->hop];
        uint32_t item = hop->passes ? fr_region_decider(&c->common, region, s) : FR_NO_ITEM;
        if (item == FR_NO_ITEM)
            continue;
        place_item(c, item, &hop->stage, &hop->clause);
        hop->passes = fr_vec_at(&c->common.items, struct fr_item, item)->effect == FR_PASS;
    }
    return hops != NULL;
}

static bool same_difference(const struct comparing *c, const struct difference *a,
                            const struct difference *b) {
    return a->direction == b->direction && a->packets == b->packets &&
           a->passes_after == b->passes_after && same_decider(c, a, b, 0) &&
           same_decider(c, a, b, 1);
}

/* The difference of this kind, new or known; NULL when out of memory or there are too many. */
static struct difference *find_difference(struct comparing *c, const struct difference *wanted) {
    size_t count = c->differences.count;
    /* The latest are the likeliest: regions come in the order of the rules. */
    for (size_t i = count; i > 0 && i + 64 > count; i--) {
        struct difference *known = fr_vec_at(&c->differences, struct difference, i - 1);
        if (same_difference(c, known, wanted))
            return known;
    }
    for (size_t i = 0; i + 64 <= count && i < 256; i++) {
        struct difference *known = fr_vec_at(&c->differences, struct difference, i);
        if (same_difference(c, known, wanted))
            return known;
    }
    c->cut = c->cut || count >= DIFFERENCES_MAX;
    if (c->cut)
        return NULL;
    struct difference *made = fr_vec_push(&c->differences);
    if (made == NULL)
        return NULL;
    *made = *wanted;
    fr_vec_init(&made->boxes, &c->context->allocator, sizeof(struct box));
    return made;
}

/* ---- replies of no connection -------------------------------------------------------------- */

/* Packets of a connection, one way. */
struct flight {
    enum flowrules_family family;
    fr_set ends[2], interfaces[2];
    struct fr_term term;
    bool others; /* of protocols that no rule names */
};

static bool service_meets(const struct comparing *c, fr_service service, const struct flight *f) {
    const struct fr_service_terms *terms = fr_service_get(&c->common.terms->services, service);
    struct fr_term both;
    for (uint32_t i = 0; i < terms->count; i++)
        if (terms->terms[i].protocol == FR_PROTOCOL_ANY || f->others ||
            fr_terms_meet(&terms->terms[i], &f->term, &both))
            return true;
    return false;
}

/* Names and groups have any addresses. */
static bool end_meets(const struct comparing *c, fr_set own, fr_set other) {
    const struct fr_sets *sets = &c->common.terms->sets;
    return fr_set_overlaps(sets, own, other) || fr_set_head(sets, own)->atoms > 0 ||
           fr_set_head(sets, other)->atoms > 0;
}

static bool item_meets(const struct comparing *c, const struct fr_item *item,
                       const struct flight *f) {
    return (item->families & FLOWRULES_FAMILY_BIT(f->family)) != 0 &&
           (item->packets & FLOWRULES_NEW) != 0 &&
           fr_interfaces_meet(&c->common.terms->sets, item->interfaces[0], f->interfaces[0]) &&
           fr_interfaces_meet(&c->common.terms->sets, item->interfaces[1], f->interfaces[1]) &&
           service_meets(c, item->service, f) && end_meets(c, item->ends[0], f->ends[0]) &&
           end_meets(c, item->ends[1], f->ends[1]);
}

static bool item_covers(const struct comparing *c, const struct fr_item *item,
                        const struct flight *f) {
    const struct fr_sets *sets = &c->common.terms->sets;
    bool covers = !item->doubt && (item->families & FLOWRULES_FAMILY_BIT(f->family)) != 0 &&
                  (item->packets & FLOWRULES_NEW) != 0;
    for (unsigned e = 0; e < 2 && covers; e++)
        covers =
            fr_set_covers(sets, item->ends[e], f->ends[e]) &&
            (item->interfaces[e] == 0 ||
             (f->interfaces[e] != 0 && fr_set_covers(sets, item->interfaces[e], f->interfaces[e])));
    return covers &&
           (item->service == FR_SERVICE_ANY ||
            (!f->others && fr_service_covers(&c->common.terms->services, item->service, &f->term)));
}

/* May a list let some of them pass? Yes, where that is not seen at once. */
static bool list_passes(const struct comparing *c, uint32_t stage, const struct flight *f) {
    uint32_t around = 0; /* items before this one may be led around */
    for (uint32_t i = 0; i < c->common.items.count; i++) {
        const struct fr_item *item = fr_vec_at(&c->common.items, struct fr_item, i);
        if (item->stage != stage || !item_meets(c, item, f))
            continue;
        if (item->effect == FR_PASS)
            return true;
        if (item->effect == FR_SKIP && item->skip_to > around)
            around = item->skip_to;
        if (item->effect == FR_BLOCK && i >= around && item_covers(c, item, f))
            return false;
    }
    return true;
}

static bool passes_some_side(const struct comparing *c, const struct flight *f) {
    bool passes[2] = {true, true};
    for (uint32_t s = 0; s < c->common.stages.count; s++) {
        bool after = fr_vec_at(&c->common.stages, struct fr_common_stage, s)->after;
        passes[after] = passes[after] && list_passes(c, s, f);
    }
    return passes[0] || passes[1];
}

static fr_set all_addresses(struct comparing *c, enum flowrules_family family) {
    struct flowrules_range all = {family, {0, 0}, fr_ip_max(family)};
    fr_builder_range(&c->common.terms->builder, &all);
    return fr_builder_finish(&c->common.terms->builder, &c->common.terms->sets);
}

/*
 * Forwarded packets in the state established, where rules have interfaces: of a connection that
 * neither side lets pass, between these interfaces, there are none. Errors by ICMP may be about any
 * connection between them.
 */
static bool has_no_connection(struct comparing *c, const struct fr_region *region) {
    if (region->direction != FLOWRULES_FORWARD || region->packets != FLOWRULES_REPLY ||
        (region->interfaces[0] == 0 && region->interfaces[1] == 0))
        return false;
    bool icmp = fr_protocol_is_icmp(region->protocol);
    struct flight there = {.family = region->family,
                           .interfaces = {region->interfaces[0], region->interfaces[1]},
                           .term = {(uint16_t)(icmp ? FR_PROTOCOL_ANY : region->protocol),
                                    region->source.first, region->source.last,
                                    region->destination.first, region->destination.last},
                           .others = icmp || region->protocol == FR_OTHER_PROTOCOLS};
    for (unsigned e = 0; e < 2; e++)
        there.ends[e] = icmp ? all_addresses(c, region->family) : set_of_region(c, region, e);
    struct flight back = there;
    for (unsigned e = 0; e < 2; e++) {
        back.ends[e] = there.ends[1 - e];
        back.interfaces[e] = there.interfaces[1 - e];
    }
    back.term.source_first = there.term.destination_first;
    back.term.source_last = there.term.destination_last;
    back.term.destination_first = there.term.source_first;
    back.term.destination_last = there.term.source_last;
    bool passes = passes_some_side(c, &there), path = false;
    for (unsigned side = 0; side < 2; side++)
        path = path || fr_meaning_is_path(c->common.sides[side]);
    c->other_way = c->other_way || (path && !passes);
    return !passes && (path || !passes_some_side(c, &back));
}

static flowrules_status visit_region(void *user, const struct fr_region *region) {
    struct comparing *c = user;
    if (has_no_connection(c, region))
        return FLOWRULES_OK;
    struct difference wanted = {.direction = region->direction,
                                .packets = region->packets,
                                .passes_after = region->passes_after};
    for (unsigned side = 0; side < 2; side++)
        place_item(c, region->deciders[side], &wanted.stages[side], &wanted.clauses[side]);
    if (!find_hops(c, region, &wanted, 0) || !find_hops(c, region, &wanted, 1))
        return fr_no_memory(c->context);
    struct difference *d = find_difference(c, &wanted);
    if (d == NULL)
        return c->cut ? FLOWRULES_OK : fr_no_memory(c->context);
    if (d->witness == NULL)
        d->witness = fr_witness_text(&c->result->arena, &c->common, region);
    d->cut = d->cut || d->boxes.count >= BOXES_MAX;
    if (d->cut)
        return d->witness == NULL ? fr_no_memory(c->context) : FLOWRULES_OK;
    struct box box = {{set_of_region(c, region, 0), set_of_region(c, region, 1),
                       region->interfaces[0], region->interfaces[1], service_of_region(c, region)},
                      0};
    struct box *slot = fr_vec_add(&d->boxes);
    if (slot == NULL || d->witness == NULL)
        return fr_no_memory(c->context);
    *slot = box;
    return fr_meaning_memory(c->common.terms);
}

/* ---- putting boxes together ---------------------------------------------------------------- */

static int compare_others(const void *a, const void *b) {
    const struct box *x = a, *y = b;
    for (unsigned d = 0; d < DIMENSIONS; d++)
        if (d != x->united && x->dims[d] != y->dims[d])
            return x->dims[d] < y->dims[d] ? -1 : 1;
    return 0;
}

/* How sets of interfaces, or zones, are told in the result. */
static struct fr_interface_words words_of(struct comparing *c) {
    struct fr_interface_words words = {c->context, &c->result->arena, &c->common.terms->sets,
                                       "interface"};
    for (unsigned side = 0; side < 2; side++) {
        const struct flowrules_backend *backend = c->common.sides[side]->backend;
        if (backend != NULL && backend->capabilities.interfaces != NULL)
            words.word = backend->capabilities.interfaces;
    }
    return words;
}

/* The union of two interface sets: 0 where it is all; *good is false where no text says it. */
static fr_set unite_interfaces(struct comparing *c, fr_set a, fr_set b, bool *good) {
    struct fr_sets *sets = &c->common.terms->sets;
    if (a == 0 || b == 0)
        return 0;
    fr_set both = fr_set_union(sets, a, b);
    if (both == fr_interfaces_all(sets))
        return 0;
    const struct fr_interface_words words = words_of(c);
    fr_interfaces_text(&words, both, good);
    return both;
}

/* What two boxes have together in the dimension in which they differ. */
static uint32_t unite_dimension(struct comparing *c, const struct box *a, const struct box *b,
                                bool *good) {
    uint32_t one = a->dims[a->united], other = b->dims[b->united];
    *good = true;
    if (a->united == SERVICE)
        return fr_services_union(&c->common.terms->services, (fr_service[]){one, other}, 2,
                                 sizeof(fr_service));
    if (a->united >= INTERFACES)
        return unite_interfaces(c, one, other, good);
    return fr_set_union(&c->common.terms->sets, one, other);
}

/* Boxes that are alike but for one dimension become one. */
static void unite(struct comparing *c, struct fr_vec *boxes, unsigned dimension) {
    struct box *list = boxes->items;
    size_t kept = 0;
    if (boxes->count == 0)
        return;
    for (size_t i = 0; i < boxes->count; i++)
        list[i].united = dimension;
    qsort(list, boxes->count, sizeof *list, compare_others);
    for (size_t i = 1; i < boxes->count; i++) {
        bool good = compare_others(&list[kept], &list[i]) == 0;
        uint32_t both = good ? unite_dimension(c, &list[kept], &list[i], &good) : 0;
        if (good)
            list[kept].dims[dimension] = both;
        else
            list[++kept] = list[i];
    }
    boxes->count = kept + 1;
}

static bool has_interfaces(const struct fr_vec *boxes) {
    for (size_t i = 0; i < boxes->count; i++) {
        const struct box *box = fr_vec_at(boxes, struct box, i);
        if (box->dims[INTERFACES] != 0 || box->dims[INTERFACES + 1] != 0)
            return true;
    }
    return false;
}

static void unite_all(struct comparing *c, struct fr_vec *boxes) {
    static const unsigned order[] = {SERVICE, ENDS, ENDS + 1};
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < 3; i++)
            unite(c, boxes, order[i]);
        for (unsigned d = INTERFACES; d < SERVICE && has_interfaces(boxes); d++)
            unite(c, boxes, d);
    }
}

/* ---- rows ---------------------------------------------------------------------------------- */

static const char *direction_word(enum flowrules_direction direction) {
    static const char *const words[] = {[FLOWRULES_EGRESS] = "egress",
                                        [FLOWRULES_INGRESS] = "ingress",
                                        [FLOWRULES_FORWARD] = "forward"};
    return words[direction];
}

static const char *packets_word(enum flowrules_packets packets) {
    switch (packets) {
    case FLOWRULES_NEW:
        return "new connections";
    case FLOWRULES_REPLY:
        return "packets of existing connections";
    case FLOWRULES_LOOPBACK:
        return "packets on the loopback interface";
    case FLOWRULES_NEIGHBOUR:
        return "IPv6 neighbour discovery";
    case FLOWRULES_LISTENER:
        return "IPv6 multicast listener discovery";
    case FLOWRULES_MIDSTREAM:
        return "TCP without a SYN";
    }
    return NULL;
}

static bool copy_text(struct comparing *c, const char *text, const char **copy) {
    *copy = text == NULL ? NULL : fr_arena_text(&c->result->arena, text, strlen(text));
    return text == NULL || *copy != NULL;
}

/* Who decides: the flow of a policy, or the file and line of a configuration. */
static bool tell_clause(struct comparing *c, const flowrules_meaning *m,
                        const struct fr_clause *clause, struct decider *decider) {
    if (clause == NULL)
        return true;
    if (clause->flow != FR_NO_FLOW)
        return copy_text(c, flowrules_flow_name(m->policy, clause->flow), &decider->flow);
    if (m->target != NULL) /* its last clause, which blocks all kinds of packets, is no rule */
        decider->baseline = clause->effect == FR_PASS || (clause->packets & FLOWRULES_NEW) == 0;
    if (clause->line == 0 || clause->file >= m->files.count) /* what holds by itself */
        return true;
    decider->line = clause->line;
    return copy_text(c, *fr_vec_at(&m->files, const char *, clause->file), &decider->file);
}

/* The devices of a path, each with who decides there. */
static bool tell_hops(struct comparing *c, const struct difference *d, unsigned side,
                      struct row *row) {
    const flowrules_meaning *m = c->common.sides[side];
    const struct hop *hops = d->hops[side];
    if (hops == NULL)
        return true;
    struct hop_row *rows = fr_arena_zalloc(&c->result->arena, m->hops.count * sizeof *rows);
    bool good = rows != NULL;
    row->hops[side] = rows;
    row->hop_counts[side] = m->hops.count;
    for (size_t i = 0; good && i < m->hops.count; i++) {
        rows[i].passes = hops[i].passes;
        good = copy_text(c, *fr_vec_at(&m->hops, const char *, i), &rows[i].name) &&
               tell_clause(c, m, clause_at(c, d, side, hops[i].stage, hops[i].clause),
                           &rows[i].decider);
    }
    return good;
}

static bool tell_decider(struct comparing *c, const struct difference *d, unsigned side,
                         struct row *row) {
    const struct fr_clause *clause = clause_at(c, d, side, d->stages[side], d->clauses[side]);
    return tell_clause(c, c->common.sides[side], clause, &row->deciders[side]) &&
           tell_hops(c, d, side, row);
}

/* ---- names of networks --------------------------------------------------------------------- */

/* The names of the networks of a side's policy: its own, if it brought them. */
static const struct fr_network_names *names_of(const struct comparing *c, unsigned side) {
    const flowrules_meaning *m = c->common.sides[side];
    return m->names != NULL ? m->names : c->networks[side];
}

/* Finds them, unless they are there: only differences have a use for them. */
static flowrules_status know_networks(struct comparing *c) {
    for (unsigned side = 0; side < 2; side++) {
        const flowrules_policy *policy = c->common.sides[side]->policy;
        if (policy == NULL || names_of(c, side) != NULL)
            continue;
        c->networks[side] = fr_malloc(&c->context->allocator, sizeof *c->networks[side]);
        if (c->networks[side] == NULL)
            return fr_no_memory(c->context);
        FR_TRY(fr_network_names_init(c->networks[side], policy));
    }
    return FLOWRULES_OK;
}

static void forget_networks(struct comparing *c) {
    for (unsigned side = 0; side < 2; side++) {
        if (c->networks[side] != NULL)
            fr_network_names_free(c->networks[side]);
        fr_free(&c->context->allocator, c->networks[side]);
    }
}

/* "office (10.1.0.0/16)", by the later policy that has a name for it; or the set alone. */
static const char *end_text(struct comparing *c, fr_set set) {
    struct fr_arena *arena = &c->result->arena;
    const char *text = fr_set_text(arena, c->common.terms, set);
    for (unsigned side = 2; side-- > 0 && text != NULL;) {
        const struct fr_network_names *names = names_of(c, side);
        const char *name =
            names == NULL
                ? NULL
                : fr_network_names_find(names, (struct flowrules_set){&c->common.terms->sets, set});
        if (name != NULL)
            return fr_arena_printf(arena, "%s (%s)", name, text);
    }
    return text;
}

/* The interfaces of a row at one end; false when out of memory. */
static bool tell_interfaces(struct comparing *c, const struct box *box, unsigned end,
                            struct row *row) {
    fr_set set = box->dims[INTERFACES + end];
    bool said;
    if (set == 0)
        return true;
    const struct fr_interface_words words = words_of(c);
    const char *text = fr_interfaces_text(&words, set, &said);
    row->interfaces[end] =
        said ? text : fr_arena_printf(words.arena, "some of the %ss", words.word);
    return row->interfaces[end] != NULL;
}

/* ---- widths -------------------------------------------------------------------------------- */

static double ip_number(struct flowrules_ip ip) {
    return (double)ip.hi * 18446744073709551616.0 + (double)ip.lo;
}

/* How many addresses a set has; a name, and all names together, are one. */
static double count_addresses(const struct fr_sets *sets, fr_set set) {
    const struct fr_set_head *head = fr_set_head(sets, set);
    const struct fr_range4 *ranges4 = fr_set_ranges4(head);
    const struct fr_range6 *ranges6 = fr_set_ranges6(head);
    double count = head->all_atoms != 0 ? 1 : head->atoms;
    for (uint32_t i = 0; i < head->count4; i++)
        count += (double)(ranges4[i].last - ranges4[i].first) + 1;
    for (uint32_t i = 0; i < head->count6; i++)
        count += ip_number(ranges6[i].last) - ip_number(ranges6[i].first) + 1;
    return count;
}

static double count_ports(const struct fr_service_terms *service) {
    double count = 0;
    for (uint32_t i = 0; i < service->count; i++) {
        const struct fr_term *term = &service->terms[i];
        double protocols = term->protocol == FR_PROTOCOL_ANY ? 256 : 1;
        count += protocols * (1 + (double)(term->source_last - term->source_first)) *
                 (1 + (double)(term->destination_last - term->destination_first));
    }
    return count;
}

static double width_of(const struct comparing *c, const struct box *box) {
    const struct fr_sets *sets = &c->common.terms->sets;
    return count_addresses(sets, box->dims[0]) * count_addresses(sets, box->dims[1]) *
           count_ports(fr_service_get(&c->common.terms->services, box->dims[SERVICE]));
}

static bool add_row(struct comparing *c, const struct difference *d, const struct box *box,
                    const char *witness, bool last_of_many) {
    struct row row = {.change = d->passes_after ? "allowed" : "denied",
                      .direction = direction_word(d->direction),
                      .packets = packets_word(d->packets),
                      .witness = witness,
                      .width = width_of(c, box)};
    struct fr_arena *arena = &c->result->arena;
    row.source = end_text(c, box->dims[0]);
    row.destination = end_text(c, box->dims[1]);
    row.service = fr_service_text(arena, c->common.terms, box->dims[SERVICE], c->named);
    if (last_of_many && row.service != NULL)
        row.service = fr_arena_printf(arena, "%s, and more", row.service);
    struct row *slot = fr_vec_push(&c->result->rows);
    if (slot == NULL || row.source == NULL || row.destination == NULL || row.service == NULL ||
        !tell_interfaces(c, box, 0, &row) || !tell_interfaces(c, box, 1, &row) ||
        !tell_decider(c, d, 0, &row) || !tell_decider(c, d, 1, &row))
        return false;
    *slot = row;
    return true;
}

static flowrules_status tell_difference(struct comparing *c, struct difference *d) {
    bool good = true;
    unite_all(c, &d->boxes);
    bool many = d->cut || d->boxes.count > ROWS_MAX;
    size_t count = d->boxes.count > ROWS_MAX ? ROWS_MAX : d->boxes.count;
    for (size_t i = 0; good && i < count; i++) {
        const struct box *box = fr_vec_at(&d->boxes, struct box, i);
        const char *witness = count == 1 ? d->witness
                                         : fr_box_witness(&c->result->arena, c->common.terms,
                                                          box->dims, box->dims[SERVICE], c->named);
        good = witness != NULL && add_row(c, d, box, witness, many && i + 1 == count);
    }
    return good ? FLOWRULES_OK : fr_no_memory(c->context);
}

/* ---- doubts -------------------------------------------------------------------------------- */

static flowrules_status add_doubt(struct comparing *c, const char *text, const char *file,
                                  uint32_t line, bool after) {
    struct doubt *doubt = fr_vec_push(&c->result->doubts);
    if (doubt == NULL || !copy_text(c, text, &doubt->text) || !copy_text(c, file, &doubt->file))
        return fr_no_memory(c->context);
    doubt->line = line;
    doubt->after = after;
    return FLOWRULES_OK;
}

/* An item in doubt matters. */
static void visit_doubt(void *user, uint32_t item) {
    struct comparing *c = user;
    *fr_vec_at(&c->doubtful, bool, item) = true;
}

/* Room to note which items in doubt matter. */
static bool clear_doubtful(struct comparing *c) {
    size_t count = c->common.items.count;
    c->doubtful.count = 0;
    if (!fr_vec_reserve(&c->doubtful, count + 1))
        return false;
    memset(c->doubtful.items, 0, count * sizeof(bool));
    c->doubtful.count = count;
    return true;
}

/* Was it told already? What stands in one line is told in a row. */
static bool is_told(const struct comparing *c, const char *text, const struct fr_clause *clause,
                    const char *file, bool after) {
    size_t count = c->result->doubts.count;
    for (size_t i = count; i > 0 && i + 16 > count; i--) {
        const struct doubt *d = fr_vec_at(&c->result->doubts, struct doubt, i - 1);
        if (fr_same_text(d->file, file) && d->after == after && d->line == clause->line &&
            strcmp(d->text, text) == 0)
            return true;
    }
    return false;
}

/* Tells the doubts of those rules of the direction on which it depended what passes. */
static flowrules_status tell_doubtful(struct comparing *c) {
    for (uint32_t i = 0; i < c->doubtful.count; i++) {
        if (!*fr_vec_at(&c->doubtful, bool, i))
            continue;
        const struct fr_item *item = fr_vec_at(&c->common.items, struct fr_item, i);
        const struct fr_common_stage *stage =
            fr_vec_at(&c->common.stages, struct fr_common_stage, item->stage);
        const struct fr_clause *clause =
            fr_vec_at(&stage->stage->clauses, struct fr_clause, item->clause);
        const flowrules_meaning *m = c->common.sides[stage->after];
        const char *text = fr_strings_text(&m->strings, clause->doubt);
        const char *file = clause->file < m->files.count
                               ? *fr_vec_at(&m->files, const char *, clause->file)
                               : NULL;
        if (!is_told(c, text, clause, file, stage->after))
            FR_TRY(add_doubt(c, text, file, clause->line, stage->after));
    }
    return FLOWRULES_OK;
}

/* ---- order --------------------------------------------------------------------------------- */

/* "flow 'web'", "line 7 of edge.cfg", "the default"; NULL when out of memory. */
static const char *item_text(struct comparing *c, uint32_t number, const struct fr_clause **clause,
                             const char **file) {
    const struct fr_item *item = fr_vec_at(&c->common.items, struct fr_item, number);
    const struct fr_common_stage *stage =
        fr_vec_at(&c->common.stages, struct fr_common_stage, item->stage);
    const flowrules_meaning *m = c->common.sides[stage->after];
    struct fr_arena *arena = &c->result->arena;
    *clause = fr_vec_at(&stage->stage->clauses, struct fr_clause, item->clause);
    *file = NULL;
    if ((*clause)->flow != FR_NO_FLOW)
        return fr_arena_printf(arena, "flow '%s'", flowrules_flow_name(m->policy, (*clause)->flow));
    if ((*clause)->line == 0 || (*clause)->file >= m->files.count)
        return "the default";
    *file = *fr_vec_at(&m->files, const char *, (*clause)->file);
    return fr_arena_printf(arena, "line %u of %s", (unsigned)(*clause)->line, *file);
}

/* What a clause does by which packets may pass where a deny of the other side would take them. */
static const char *passing_words(const struct fr_clause *clause) {
    if (clause->effect != FR_SKIP)
        return "allows them";
    return clause->flow != FR_NO_FLOW ? "keeps them from some flows"
                                      : "leads them past other rules";
}

/* Was it told already that the two decide otherwise, whatever the addresses are? */
static bool is_different(struct comparing *c, const struct fr_disorder *d) {
    uint32_t items[2], stages[2], clauses[2];
    items[d->side] = d->deny;
    items[1 - d->side] = d->allow;
    for (unsigned side = 0; side < 2; side++)
        place_item(c, items[side], &stages[side], &clauses[side]);
    for (size_t i = 0; i < c->differences.count; i++) {
        const struct difference *known = fr_vec_at(&c->differences, struct difference, i);
        if (memcmp(known->stages, stages, sizeof stages) == 0 &&
            memcmp(known->clauses, clauses, sizeof clauses) == 0)
            return true;
    }
    return false;
}

/* An allow decides on one side what a deny decides on the other, if a name has such addresses. */
static void visit_disorder(void *user, const struct fr_disorder *d) {
    struct comparing *c = user;
    const struct fr_clause *allow, *deny;
    const char *allow_file, *deny_file;
    if (c->no_memory || is_different(c, d) || ++c->disorders > DISORDERS_MAX)
        return;
    const char *allow_text = item_text(c, d->allow, &allow, &allow_file);
    const char *deny_text = item_text(c, d->deny, &deny, &deny_file);
    fr_set atom = fr_meaning_atom_set(c->common.terms, d->atom);
    const char *name = fr_set_text(&c->result->arena, c->common.terms, atom);
    const char *text =
        name == NULL || allow_text == NULL || deny_text == NULL
            ? NULL
            : fr_arena_printf(&c->result->arena,
                              "%s may share addresses: %s denies them first, but on the other side "
                              "%s %s first",
                              name, deny_file == NULL ? deny_text : "this rule", allow_text,
                              passing_words(allow));
    c->no_memory =
        text == NULL || add_doubt(c, text, deny_file, deny->line, d->side == 1) != FLOWRULES_OK;
}

/* What is not understood in both directions is told once. */
static bool same_doubt(const struct fr_doubt *a, const struct fr_doubt *b) {
    return a->file == b->file && a->line == b->line && strcmp(a->text, b->text) == 0;
}

static flowrules_status tell_doubts(struct comparing *c, unsigned side, const bool *compared) {
    const flowrules_meaning *m = c->common.sides[side];
    for (size_t i = 0; i < m->doubts.count; i++) {
        const struct fr_doubt *d = fr_vec_at(&m->doubts, struct fr_doubt, i);
        if (!compared[d->direction] || (i > 0 && same_doubt(d, d - 1) && compared[d[-1].direction]))
            continue;
        const char *file =
            d->file < m->files.count ? *fr_vec_at(&m->files, const char *, d->file) : NULL;
        FR_TRY(add_doubt(c, d->text, file, d->line, side == 1));
    }
    return FLOWRULES_OK;
}

static flowrules_status tell_limits(struct comparing *c, bool too_much) {
    if (c->other_way)
        FR_TRY(add_doubt(c,
                         "rules about existing connections differ; whether such connections are "
                         "opened the other way is not compared: name the devices in that order",
                         NULL, 0, true));
    if (too_much)
        FR_TRY(add_doubt(
            c, "the comparison needs more steps than allowed, so a part of it is undecided", NULL,
            0, true));
    if (c->common.too_many)
        FR_TRY(add_doubt(c, "the selectors of pods overlap in too many ways to compare them", NULL,
                         0, true));
    return FLOWRULES_OK;
}

/* Of two policies, one may close what the other leaves to the rules of others. */
static flowrules_status tell_mode(struct comparing *c) {
    const flowrules_meaning *const *sides = c->common.sides;
    if (!c->result->contains || sides[0]->policy == NULL || sides[1]->policy == NULL)
        return FLOWRULES_OK;
    return add_doubt(c,
                     "the target has mode: permits on this side: rules of others may let pass what "
                     "its flows do not allow",
                     NULL, 0, sides[1]->permits);
}

/* ---- comparing ----------------------------------------------------------------------------- */

/* The directions that both are about: those that a target closes, else those with any list. */
static void choose_directions(const flowrules_meaning *before, const flowrules_meaning *after,
                              bool *compared) {
    const flowrules_meaning *sides[2] = {before, after};
    for (size_t d = 0; d < FR_DIRECTIONS; d++) {
        compared[d] = before->stages[d].count > 0 || after->stages[d].count > 0;
        for (size_t s = 0; s < 2; s++)
            if (sides[s]->target != NULL || fr_meaning_is_path(sides[s]))
                compared[d] = compared[d] && sides[s]->enforced[d];
    }
}

/* What passes through and what a machine itself sends and gets can't be held against each other. */
static flowrules_status check_places(flowrules_context *context, const flowrules_meaning *before,
                                     const flowrules_meaning *after) {
    bool through = before->stages[FLOWRULES_FORWARD].count > 0;
    bool other = after->stages[FLOWRULES_FORWARD].count > 0;
    bool own = before->stages[FLOWRULES_EGRESS].count + before->stages[FLOWRULES_INGRESS].count > 0;
    bool also = after->stages[FLOWRULES_EGRESS].count + after->stages[FLOWRULES_INGRESS].count > 0;
    if (!(through && !own && also && !other) && !(other && !also && own && !through))
        return FLOWRULES_OK;
    fr_error(&context->diagnostics, FR_CONFIG_PLACES, FR_NOWHERE,
             "name a target of the policy in the same place with -t",
             "one side filters forwarded traffic, the other the traffic of the machine itself");
    return FLOWRULES_USAGE;
}

/* Looks for denies and allows of names and groups whose order matters. */
static flowrules_status compare_order(struct comparing *c, bool *too_much) {
    struct fr_order order = {.common = &c->common,
                             .found = visit_disorder,
                             .doubt = visit_doubt,
                             .user = c,
                             .most = FR_ORDER_STEPS};
    c->disorders = 0;
    c->no_memory = false;
    FR_TRY(fr_order_compare(&order));
    *too_much = *too_much || order.too_much;
    return c->no_memory ? fr_no_memory(c->context) : FLOWRULES_OK;
}

static flowrules_status compare_direction(struct comparing *c, enum flowrules_direction direction,
                                          bool *too_much) {
    struct fr_space space = {.common = &c->common,
                             .visit = visit_region,
                             .doubt = visit_doubt,
                             .user = c,
                             .most = FR_SPACE_STEPS};
    FR_TRY(fr_common_choose(&c->common, direction));
    if (!clear_doubtful(c))
        return fr_no_memory(c->context);
    name_protocols(c);
    FR_TRY(fr_space_compare(&space, direction));
    if (c->differences.count > 0)
        FR_TRY(know_networks(c));
    *too_much = *too_much || space.too_much;
    for (size_t i = 0; i < c->differences.count; i++)
        FR_TRY(tell_difference(c, fr_vec_at(&c->differences, struct difference, i)));
    for (size_t i = 0; i < c->differences.count; i++)
        fr_vec_free(&fr_vec_at(&c->differences, struct difference, i)->boxes);
    flowrules_status status = tell_doubtful(c);
    if (status == FLOWRULES_OK && !clear_doubtful(c))
        status = fr_no_memory(c->context);
    if (status == FLOWRULES_OK)
        status = compare_order(c, too_much);
    if (status == FLOWRULES_OK)
        status = tell_doubtful(c);
    c->differences.count = 0;
    return status;
}

static flowrules_status compare_all(struct comparing *c, const flowrules_meaning *before,
                                    const flowrules_meaning *after) {
    bool compared[FR_DIRECTIONS], too_much = false;
    FR_TRY(check_places(c->context, before, after));
    FR_TRY(fr_common_init(&c->common, c->context, before, after));
    c->result->contains = before->permits != after->permits;
    choose_directions(before, after, compared);
    for (size_t d = 0; d < FR_DIRECTIONS; d++)
        if (compared[d])
            FR_TRY(compare_direction(c, (enum flowrules_direction)d, &too_much));
    FR_TRY(tell_doubts(c, 0, compared));
    FR_TRY(tell_doubts(c, 1, compared));
    FR_TRY(tell_limits(c, too_much));
    FR_TRY(tell_mode(c));
    FR_TRY(fr_meaning_memory(c->common.terms));
    bool equal = c->result->rows.count == 0 && c->result->doubts.count == 0;
    return equal ? FLOWRULES_OK : FLOWRULES_DIFFERENT;
}

static flowrules_comparison *new_comparison(flowrules_context *context) {
    flowrules_comparison *r = fr_malloc(&context->allocator, sizeof *r);
    if (r == NULL)
        return NULL;
    r->allocator = context->allocator;
    fr_arena_init(&r->arena, &r->allocator);
    fr_vec_init(&r->rows, &r->allocator, sizeof(struct row));
    fr_vec_init(&r->doubts, &r->allocator, sizeof(struct doubt));
    return r;
}

flowrules_status flowrules_compare(flowrules_comparison **comparison, flowrules_context *context,
                                   const flowrules_meaning *before,
                                   const flowrules_meaning *after) {
    struct comparing c = {.context = context, .result = new_comparison(context)};
    *comparison = NULL;
    if (c.result == NULL)
        return fr_no_memory(context);
    fr_vec_init(&c.differences, &context->allocator, sizeof(struct difference));
    fr_vec_init(&c.doubtful, &context->allocator, sizeof(bool));
    flowrules_status status = compare_all(&c, before, after);
    for (size_t i = 0; i < c.differences.count; i++)
        fr_vec_free(&fr_vec_at(&c.differences, struct difference, i)->boxes);
    fr_vec_free(&c.differences);
    fr_vec_free(&c.doubtful);
    forget_networks(&c);
    fr_common_free(&c.common);
    if (status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT)
        *comparison = c.result;
    else
        flowrules_comparison_free(c.result);
    return status;
}

flowrules_status flowrules_verify(flowrules_comparison **comparison, flowrules_context *context,
                                  const flowrules_policy *policy, const char *target,
                                  const flowrules_configuration *configuration) {
    flowrules_meaning *expected = NULL, *found = NULL;
    *comparison = NULL;
    flowrules_status status = flowrules_meaning_of_policy(&expected, context, policy, target);
    if (status == FLOWRULES_OK)
        status = flowrules_meaning_of_configuration(&found, context, target, policy, configuration);
    if (status == FLOWRULES_OK)
        status = flowrules_compare(comparison, context, expected, found);
    flowrules_meaning_free(expected);
    flowrules_meaning_free(found);
    return status;
}

/* ---- getters ------------------------------------------------------------------------------- */

void flowrules_comparison_free(flowrules_comparison *comparison) {
    if (comparison == NULL)
        return;
    struct fr_allocator allocator = comparison->allocator;
    fr_vec_free(&comparison->rows);
    fr_vec_free(&comparison->doubts);
    fr_arena_free(&comparison->arena);
    fr_free(&allocator, comparison);
}

const char *flowrules_comparison_verdict(const flowrules_comparison *comparison) {
    if (comparison->rows.count > 0)
        return "different";
    if (comparison->doubts.count > 0)
        return "unknown";
    return comparison->contains ? "contains" : "equal";
}

size_t flowrules_difference_count(const flowrules_comparison *comparison) {
    return comparison->rows.count;
}

static const struct row *row_at(const flowrules_comparison *comparison, size_t i) {
    static const struct row none;
    return i < comparison->rows.count ? fr_vec_at(&comparison->rows, struct row, i) : &none;
}

const char *flowrules_difference_change(const flowrules_comparison *comparison, size_t difference) {
    return row_at(comparison, difference)->change;
}

const char *flowrules_difference_direction(const flowrules_comparison *comparison,
                                           size_t difference) {
    return row_at(comparison, difference)->direction;
}

const char *flowrules_difference_packets(const flowrules_comparison *comparison,
                                         size_t difference) {
    return row_at(comparison, difference)->packets;
}

const char *flowrules_difference_source(const flowrules_comparison *comparison, size_t difference) {
    return row_at(comparison, difference)->source;
}

const char *flowrules_difference_destination(const flowrules_comparison *comparison,
                                             size_t difference) {
    return row_at(comparison, difference)->destination;
}

const char *flowrules_difference_service(const flowrules_comparison *comparison,
                                         size_t difference) {
    return row_at(comparison, difference)->service;
}

const char *flowrules_difference_enters(const flowrules_comparison *comparison, size_t difference) {
    return row_at(comparison, difference)->interfaces[0];
}

const char *flowrules_difference_leaves(const flowrules_comparison *comparison, size_t difference) {
    return row_at(comparison, difference)->interfaces[1];
}

double flowrules_difference_width(const flowrules_comparison *comparison, size_t difference) {
    return row_at(comparison, difference)->width;
}

const char *flowrules_difference_witness(const flowrules_comparison *comparison,
                                         size_t difference) {
    return row_at(comparison, difference)->witness;
}

const char *flowrules_difference_flow(const flowrules_comparison *comparison, size_t difference,
                                      int after) {
    return row_at(comparison, difference)->deciders[after != 0].flow;
}

const char *flowrules_difference_file(const flowrules_comparison *comparison, size_t difference,
                                      int after) {
    return row_at(comparison, difference)->deciders[after != 0].file;
}

uint32_t flowrules_difference_line(const flowrules_comparison *comparison, size_t difference,
                                   int after) {
    return row_at(comparison, difference)->deciders[after != 0].line;
}

int flowrules_difference_baseline(const flowrules_comparison *comparison, size_t difference,
                                  int after) {
    return row_at(comparison, difference)->deciders[after != 0].baseline;
}

size_t flowrules_difference_hop_count(const flowrules_comparison *comparison, size_t difference,
                                      int after) {
    return row_at(comparison, difference)->hop_counts[after != 0];
}

static const struct hop_row *hop_at(const flowrules_comparison *comparison, size_t difference,
                                    int after, size_t hop) {
    static const struct hop_row none;
    const struct row *row = row_at(comparison, difference);
    return hop < row->hop_counts[after != 0] ? &row->hops[after != 0][hop] : &none;
}

const char *flowrules_difference_hop_name(const flowrules_comparison *comparison, size_t difference,
                                          int after, size_t hop) {
    return hop_at(comparison, difference, after, hop)->name;
}

int flowrules_difference_hop_passes(const flowrules_comparison *comparison, size_t difference,
                                    int after, size_t hop) {
    return hop_at(comparison, difference, after, hop)->passes;
}

const char *flowrules_difference_hop_flow(const flowrules_comparison *comparison, size_t difference,
                                          int after, size_t hop) {
    return hop_at(comparison, difference, after, hop)->decider.flow;
}

const char *flowrules_difference_hop_file(const flowrules_comparison *comparison, size_t difference,
                                          int after, size_t hop) {
    return hop_at(comparison, difference, after, hop)->decider.file;
}

uint32_t flowrules_difference_hop_line(const flowrules_comparison *comparison, size_t difference,
                                       int after, size_t hop) {
    return hop_at(comparison, difference, after, hop)->decider.line;
}

int flowrules_difference_hop_baseline(const flowrules_comparison *comparison, size_t difference,
                                      int after, size_t hop) {
    return hop_at(comparison, difference, after, hop)->decider.baseline;
}

static const struct doubt *doubt_at(const flowrules_comparison *comparison, size_t i) {
    static const struct doubt none;
    return i < comparison->doubts.count ? fr_vec_at(&comparison->doubts, struct doubt, i) : &none;
}

size_t flowrules_doubt_count(const flowrules_comparison *comparison) {
    return comparison->doubts.count;
}

const char *flowrules_doubt_text(const flowrules_comparison *comparison, size_t doubt) {
    return doubt_at(comparison, doubt)->text;
}

int flowrules_doubt_after(const flowrules_comparison *comparison, size_t doubt) {
    return doubt_at(comparison, doubt)->after;
}

const char *flowrules_doubt_file(const flowrules_comparison *comparison, size_t doubt) {
    return doubt_at(comparison, doubt)->file;
}

uint32_t flowrules_doubt_line(const flowrules_comparison *comparison, size_t doubt) {
    return doubt_at(comparison, doubt)->line;
}
