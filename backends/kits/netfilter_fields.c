/*
 * What values of one field leave of a box of packets. Knows the fields of packets and what
 * conntrack makes of them; nothing of sets of several parts, chains and verdicts.
 */
#include <stdlib.h>
#include <string.h>

#include "netfilter_walk.h"

enum { ICMP = 1, TCP = 6, UDP = 17, ICMPV6 = 58, SCTP = 132 };
enum { TERMS_MAX = 70000 };

/* ---- boxes --------------------------------------------------------------------------------- */

struct netfilter_boxes *fr_netfilter_take_boxes(struct netfilter_walk *walk) {
    struct netfilter_boxes *boxes = walk->spare;
    if (boxes)
        walk->spare = boxes->next;
    else
        boxes = flowrules_input_alloc(walk->in, sizeof *boxes);
    if (boxes)
        boxes->count = 0;
    return boxes;
}

void fr_netfilter_spare_boxes(struct netfilter_walk *walk, struct netfilter_boxes *boxes) {
    if (!boxes)
        return;
    boxes->next = walk->spare;
    walk->spare = boxes;
}

/* Takes the room of spare boxes that have enough of it; false: there are none. */
static bool take_room(struct netfilter_walk *walk, struct netfilter_boxes *boxes, size_t count) {
    struct netfilter_boxes *spare = walk->spare;
    while (spare && spare->capacity < count)
        spare = spare->next;
    if (!spare)
        return false;
    struct netfilter_box *items = boxes->items;
    size_t capacity = boxes->capacity;
    boxes->items = spare->items;
    boxes->capacity = spare->capacity;
    spare->items = items;
    spare->capacity = capacity;
    return true;
}

void fr_netfilter_reserve_boxes(struct netfilter_walk *walk, struct netfilter_boxes *boxes,
                                size_t count) {
    if (!boxes || boxes->count > 0 || count <= boxes->capacity || take_room(walk, boxes, count))
        return;
    size_t room = 1; /* a power of two: it then fits the next ones more often */
    while (room < count)
        room *= 2;
    struct netfilter_box *items = flowrules_input_alloc(walk->in, room * sizeof *items);
    if (!items)
        return; /* the input has failed */
    boxes->items = items;
    boxes->capacity = room;
}

void fr_netfilter_add_box(struct netfilter_walk *walk, struct netfilter_boxes *boxes,
                          const struct netfilter_box *box) {
    if (!boxes)
        return;
    boxes->items = fr_netfilter_grow(walk->in, boxes->items, &boxes->capacity, boxes->count,
                                     sizeof *boxes->items);
    if (boxes->items)
        boxes->items[boxes->count++] = *box;
    else
        boxes->count = boxes->capacity = 0;
}

/* ---- terms --------------------------------------------------------------------------------- */

static const struct netfilter_term any_term = {0, 255, 0, UINT16_MAX, 0, UINT16_MAX};

static struct netfilter_term term_at(const struct netfilter_terms *terms, size_t index) {
    return terms->count == 0 ? any_term : terms->items[index];
}

static size_t term_count(const struct netfilter_terms *terms) {
    return terms->count == 0 ? 1 : terms->count;
}

bool fr_netfilter_terms_meet(const struct netfilter_terms *terms, int protocol, uint16_t first,
                             uint16_t last) {
    for (size_t i = 0; i < term_count(terms); i++) {
        struct netfilter_term t = term_at(terms, i);
        if (t.first_protocol <= protocol && protocol <= t.last_protocol && t.source_first <= last &&
            first <= t.source_last)
            return true;
    }
    return false;
}

bool fr_netfilter_terms_cover(const struct netfilter_terms *terms, int protocol, uint16_t first,
                              uint16_t last) {
    for (size_t i = 0; i < term_count(terms); i++) {
        struct netfilter_term t = term_at(terms, i);
        if (t.first_protocol <= protocol && protocol <= t.last_protocol &&
            t.source_first <= first && last <= t.source_last && t.destination_first == 0 &&
            t.destination_last == UINT16_MAX)
            return true;
    }
    return false;
}

/* Of several things that are not known, the first is told. */
static void set_doubt(const char **doubt, const char *text) {
    if (!*doubt)
        *doubt = text;
}

static uint16_t larger(uint16_t a, uint16_t b) {
    return a > b ? a : b;
}

static uint16_t smaller(uint16_t a, uint16_t b) {
    return a < b ? a : b;
}

static bool meet(struct netfilter_term a, struct netfilter_term b, struct netfilter_term *both) {
    *both = (struct netfilter_term){
        (uint8_t)larger(a.first_protocol, b.first_protocol),
        (uint8_t)smaller(a.last_protocol, b.last_protocol),
        larger(a.source_first, b.source_first),
        smaller(a.source_last, b.source_last),
        larger(a.destination_first, b.destination_first),
        smaller(a.destination_last, b.destination_last),
    };
    return both->first_protocol <= both->last_protocol && both->source_first <= both->source_last &&
           both->destination_first <= both->destination_last;
}

/* A single term, for good; most rules have one of few. NULL: out of memory. */
static const struct netfilter_term *keep_term(struct netfilter_walk *walk,
                                              struct netfilter_term term) {
    unsigned hash = term.first_protocol + 31u * term.destination_first + 1021u * term.source_first;
    const struct netfilter_term **slot = &walk->single[hash % NETFILTER_SINGLE_TERMS];
    const struct netfilter_term *t = *slot;
    if (t && t->first_protocol == term.first_protocol && t->last_protocol == term.last_protocol &&
        t->source_first == term.source_first && t->source_last == term.source_last &&
        t->destination_first == term.destination_first &&
        t->destination_last == term.destination_last)
        return t;
    struct netfilter_term *kept = flowrules_input_alloc(walk->in, sizeof *kept);
    if (kept)
        *kept = term;
    return *slot = kept;
}

static struct netfilter_terms keep_terms(struct netfilter_walk *walk,
                                         const struct netfilter_term *items, size_t count) {
    if (count == 1) {
        const struct netfilter_term *single = keep_term(walk, items[0]);
        return (struct netfilter_terms){single, single ? 1 : 0};
    }
    struct netfilter_term *kept = flowrules_input_alloc(walk->in, count * sizeof *kept);
    if (kept)
        memcpy(kept, items, count * sizeof *kept);
    return (struct netfilter_terms){kept, kept ? count : 0};
}

/* The terms that two single terms have in common. */
static struct netfilter_terms intersect_singles(struct netfilter_walk *walk,
                                                struct netfilter_term a, struct netfilter_term b,
                                                bool *empty) {
    struct netfilter_term both;
    struct netfilter_terms terms = {NULL, 0};
    if (meet(a, b, &both))
        terms = keep_terms(walk, &both, 1);
    *empty = !terms.items;
    return terms;
}

struct netfilter_terms fr_netfilter_intersect_terms(struct netfilter_walk *walk,
                                                    struct netfilter_terms a,
                                                    struct netfilter_terms b, bool *empty,
                                                    const char **doubt) {
    *empty = false;
    if (a.count == 0 || b.count == 0)
        return a.count == 0 ? b : a;
    if (a.items == b.items && a.count == b.count)
        return a;
    if (a.count == 1 && b.count == 1)
        return intersect_singles(walk, a.items[0], b.items[0], empty);
    if (a.count * b.count > TERMS_MAX) {
        set_doubt(doubt, "more protocols and ports together than can be compared");
        return a;
    }
    struct netfilter_term *items = flowrules_input_alloc(
        walk->in, (a.count < b.count ? b.count : a.count) * 2 * sizeof *items);
    size_t count = 0, capacity = items ? (a.count < b.count ? b.count : a.count) * 2 : 0;
    for (size_t i = 0; i < a.count && capacity > 0; i++) {
        for (size_t k = 0; k < b.count; k++) {
            struct netfilter_term both;
            if (!meet(a.items[i], b.items[k], &both))
                continue;
            items = fr_netfilter_grow(walk->in, items, &capacity, count, sizeof *items);
            if (!items) {
                *empty = true;
                return a;
            }
            items[count++] = both;
        }
    }
    *empty = count == 0;
    return (struct netfilter_terms){items, count};
}

/* Cuts a box to terms, which are copied; false: nothing is left. */
static bool cut_terms(struct netfilter_walk *walk, struct netfilter_box *box,
                      const struct netfilter_term *items, size_t count) {
    bool empty = count == 0;
    if (!empty && box->terms.count == 0)
        box->terms = keep_terms(walk, items, count);
    else if (!empty)
        box->terms = fr_netfilter_intersect_terms(
            walk, box->terms, (struct netfilter_terms){items, count}, &empty, &box->doubt);
    return !empty;
}

/* ---- numbers ------------------------------------------------------------------------------- */

static const struct netfilter_piece *value_at(const struct netfilter_values *values, size_t index) {
    return &values->elements[index].pieces[values->part];
}

struct span {
    unsigned first, last;
    int protocol;
};

static int compare_spans(const void *a, const void *b) {
    const struct span *x = a, *y = b;
    if (x->protocol != y->protocol)
        return x->protocol < y->protocol ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

/* What is between the spans from 0 to most, in their place; room for one more is there. */
static size_t complement(struct span *spans, size_t count, unsigned most) {
    unsigned from = 0;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct span taken = spans[i];
        if (taken.first > from)
            spans[kept++] = (struct span){from, taken.first - 1, -1};
        from = taken.last + 1 > from ? taken.last + 1 : from;
    }
    if (from <= most)
        spans[kept++] = (struct span){from, most, -1};
    return kept;
}

/* Memory for a while, until it is asked for again; NULL: out of memory. */
void *fr_netfilter_scratch(struct netfilter_walk *walk, struct netfilter_room *room, size_t size) {
    if (size > room->size) {
        size_t more = size > room->size * 2 ? size : room->size * 2;
        room->bytes = flowrules_input_alloc(walk->in, more);
        room->size = room->bytes ? more : 0;
    }
    return room->bytes;
}

/*
 * The numbers as spans in order, merged; of all that they are not where they are negated. They hold
 * until the next call.
 */
static struct span *spans_of(struct netfilter_walk *walk, const struct netfilter_values *values,
                             unsigned most, size_t *count) {
    /* A complement has a span more, and never writes past what it has read. */
    struct span *spans =
        fr_netfilter_scratch(walk, &walk->spans, (values->count + 1) * sizeof *spans);
    *count = 0;
    for (size_t i = 0; spans && i < values->count; i++) {
        const struct netfilter_piece *piece = value_at(values, i);
        spans[(*count)++] = (struct span){(unsigned)piece->range.first.lo,
                                          (unsigned)piece->range.last.lo, piece->protocol};
    }
    if (!spans)
        return NULL;
    qsort(spans, *count, sizeof *spans, compare_spans);
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (kept > 0 && spans[kept - 1].protocol == spans[i].protocol &&
            spans[i].first <= spans[kept - 1].last + 1) {
            if (spans[i].last > spans[kept - 1].last)
                spans[kept - 1].last = spans[i].last;
        } else {
            spans[kept++] = spans[i];
        }
    }
    *count = values->negated ? complement(spans, kept, most) : kept;
    return spans;
}

/* ---- addresses and families ---------------------------------------------------------------- */

static bool is_same_ip(struct flowrules_ip a, struct flowrules_ip b) {
    return a.hi == b.hi && a.lo == b.lo;
}

bool fr_netfilter_unmask(unsigned mask_bits, struct flowrules_range *range) {
    if (mask_bits == 0)
        return true;
    struct flowrules_range low = flowrules_prefix(range->family, range->first, mask_bits),
                           high = flowrules_prefix(range->family, range->last, mask_bits);
    bool whole = is_same_ip(low.first, range->first);
    if (!whole && is_same_ip(low.first, high.first))
        return false;
    if (!whole) { /* the next prefix */
        low.first.hi = low.last.hi + (low.last.lo == UINT64_MAX);
        low.first.lo = low.last.lo + 1;
    }
    *range = (struct flowrules_range){range->family, low.first, high.last};
    return true;
}

static struct flowrules_set unite_addresses(struct netfilter_walk *walk,
                                            const struct netfilter_values *values) {
    struct flowrules_range *ranges =
        fr_netfilter_scratch(walk, &walk->ranges, (values->count + 1) * sizeof *ranges);
    size_t count = 0;
    for (size_t i = 0; ranges && i < values->count; i++) {
        ranges[count] = value_at(values, i)->range;
        count += fr_netfilter_unmask(values->mask_bits, &ranges[count]);
    }
    return ranges ? flowrules_input_ranges(walk->in, ranges, count) : walk->none;
}

/* All that a set of addresses holds, kept for the next time. */
static struct flowrules_set set_addresses(struct netfilter_walk *walk, struct netfilter_set *set,
                                          const struct netfilter_values *values) {
    if (values->mask_bits > 0)
        return unite_addresses(walk, values);
    if (set->united)
        return set->addresses;
    struct flowrules_set both[] = {unite_addresses(walk, values), set->names};
    set->addresses = set->named ? flowrules_input_unite(walk->in, both, 2) : both[0];
    set->united = true;
    if (set->name)
        flowrules_input_label(walk->in, set->addresses, set->name, NULL);
    return set->addresses;
}

void fr_netfilter_leave_out(struct netfilter_walk *walk, struct netfilter_box *box,
                            enum flowrules_end end, struct flowrules_set except) {
    struct flowrules_set both[] = {except, box->except[end]};
    bool had = box->excepting & (1u << end);
    box->except[end] = had ? flowrules_input_unite(walk->in, both, 2) : except;
    box->excepting |= (uint8_t)(1u << end);
}

static bool narrow_address(struct netfilter_walk *walk, struct netfilter_box *box,
                           const struct netfilter_key *key, const struct netfilter_values *values,
                           struct netfilter_set *set) {
    struct flowrules_set addresses =
        set ? set_addresses(walk, set, values) : unite_addresses(walk, values);
    struct flowrules_set *end = key->field == NETFILTER_SOURCE ? &box->source : &box->destination;
    box->families &= (uint8_t)key->families;
    if (set && set->named && (values->negated || values->mask_bits > 0)) {
        set_doubt(&box->doubt, values->negated ? "everything but the addresses of names"
                                               : "the addresses of names under a mask");
        return box->families != 0;
    }
    if (values->negated) {
        struct flowrules_set all[2];
        size_t count = 0;
        for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
            if (key->families & FLOWRULES_FAMILY_BIT(f))
                all[count++] = flowrules_input_family(walk->in, f);
        addresses = flowrules_input_subtract(walk->in, flowrules_input_unite(walk->in, all, count),
                                             addresses);
    }
    *end = flowrules_input_intersect(walk->in, *end, addresses);
    if (set && set->named && set->excepting)
        fr_netfilter_leave_out(
            walk, box, key->field == NETFILTER_SOURCE ? FLOWRULES_SOURCE : FLOWRULES_DESTINATION,
            set->except);
    return end->id != walk->none.id && box->families != 0;
}

static bool narrow_family(struct netfilter_box *box, const struct netfilter_values *values) {
    unsigned families = 0;
    for (size_t i = 0; i < values->count; i++)
        families |= FLOWRULES_FAMILY_BIT((unsigned)value_at(values, i)->range.first.lo & 1u);
    box->families &= (uint8_t)(values->negated ? ~families : families);
    return box->families != 0;
}

/* ---- protocols, ports and ICMP ------------------------------------------------------------- */

static bool narrow_protocol(struct netfilter_walk *walk, struct netfilter_box *box,
                            const struct netfilter_values *values) {
    size_t count;
    struct span *spans = spans_of(walk, values, UINT8_MAX, &count);
    struct netfilter_term *terms =
        fr_netfilter_scratch(walk, &walk->terms, (count + 1) * sizeof *terms);
    for (size_t i = 0; terms && i < count; i++) {
        terms[i] = any_term;
        terms[i].first_protocol = (uint8_t)spans[i].first;
        terms[i].last_protocol = (uint8_t)spans[i].last;
    }
    return terms && cut_terms(walk, box, terms, count);
}

static bool has_ports(int protocol) {
    return protocol == TCP || protocol == UDP || protocol == SCTP;
}

/* Are the protocols of the box known to have ports? */
static bool has_ports_alone(const struct netfilter_box *box) {
    for (size_t i = 0; i < box->terms.count; i++)
        if (box->terms.items[i].first_protocol != box->terms.items[i].last_protocol ||
            !has_ports(box->terms.items[i].first_protocol))
            return false;
    return box->terms.count > 0;
}

static void add_port_term(struct netfilter_term *terms, size_t *count,
                          const struct netfilter_key *key, int protocol, const struct span *span) {
    struct netfilter_term *term = &terms[(*count)++];
    *term = any_term;
    term->first_protocol = term->last_protocol = (uint8_t)protocol;
    bool source = key->field == NETFILTER_SOURCE_PORT || key->field == NETFILTER_ICMP_TYPE;
    *(source ? &term->source_first : &term->destination_first) = (uint16_t)span->first;
    *(source ? &term->source_last : &term->destination_last) = (uint16_t)span->last;
}

/* Ports, and types and codes of ICMP, which stand in their place. */
static bool narrow_port(struct netfilter_walk *walk, struct netfilter_box *box,
                        const struct netfilter_key *key, const struct netfilter_values *values) {
    static const int port_protocols[] = {TCP, UDP, SCTP};
    bool icmp = key->field == NETFILTER_ICMP_TYPE || key->field == NETFILTER_ICMP_CODE;
    size_t count, used = 0;
    struct span *spans = spans_of(walk, values, icmp ? UINT8_MAX : UINT16_MAX, &count);
    struct netfilter_term *terms =
        fr_netfilter_scratch(walk, &walk->terms, (count * 3 + 1) * sizeof *terms);
    box->families &= (uint8_t)key->families;
    for (size_t i = 0; terms && i < count; i++) {
        int protocol = key->protocol >= 0 ? key->protocol : spans[i].protocol;
        if (icmp || has_ports(protocol)) {
            add_port_term(terms, &used, key, protocol, &spans[i]);
        } else if (protocol >= 0 || !has_ports_alone(box)) {
            set_doubt(&box->doubt, "ports of a protocol other than TCP, UDP and SCTP");
            return box->families != 0;
        } else {
            for (size_t k = 0; k < 3; k++)
                add_port_term(terms, &used, key, port_protocols[k], &spans[i]);
        }
    }
    return terms && box->families != 0 && cut_terms(walk, box, terms, used);
}

/* ---- what connections, flags and interfaces say -------------------------------------------- */

/* Cuts the kinds of a box to those that are surely matched, and those that may be, with a doubt. */
static bool part_kinds(struct netfilter_walk *walk, struct netfilter_box *box, unsigned sure,
                       unsigned unsure, const char *doubt) {
    struct netfilter_box rest = *box;
    rest.kinds &= (uint8_t)unsure;
    box->kinds &= (uint8_t)sure;
    if (rest.kinds == 0)
        return box->kinds != 0;
    set_doubt(&rest.doubt, doubt);
    if (box->kinds == 0 || box->doubt) {
        rest.kinds |= box->kinds;
        *box = rest;
        return true;
    }
    walk->partly = rest;
    walk->parted = true;
    return true;
}

/* The kinds of packets in some states, and the classes of new ones, which go into the box. */
static unsigned kinds_of_states(struct netfilter_box *box, unsigned states) {
    unsigned kinds = 0, classes = 0;
    if (states & NETFILTER_STATE_NEW) {
        kinds |= KIND_LOOPBACK | KIND_MIDSTREAM;
        classes |= CLASS_NEW;
    }
    if (states & NETFILTER_STATE_INVALID) {
        kinds |= KIND_STRAY;
        classes |= CLASS_INVALID;
    }
    if (states & NETFILTER_STATE_UNTRACKED) {
        kinds |= KIND_NEIGHBOUR | KIND_LISTENER;
        classes |= CLASS_UNTRACKED;
    }
    kinds |= states & NETFILTER_STATE_ESTABLISHED ? KIND_ESTABLISHED : 0u;
    kinds |= states & NETFILTER_STATE_RELATED ? KIND_RELATED : 0u;
    box->classes &= (uint8_t)classes;
    return kinds | (box->classes ? KIND_NEW : 0u);
}

/* Where no rule changes destinations, nothing is in the state DNAT beside its own. */
static bool narrow_state(struct netfilter_walk *walk, struct netfilter_box *box,
                         const struct netfilter_values *values) {
    unsigned states = 0;
    for (size_t i = 0; i < values->count; i++)
        states |= (unsigned)value_at(values, i)->range.first.lo;
    bool unsure = (states & NETFILTER_STATE_DNAT) && walk->nf->translates;
    states = (values->negated ? ~states : states) & NETFILTER_STATE_ALL;
    uint8_t classes = box->classes;
    unsigned sure = kinds_of_states(box, states);
    if (!unsure) {
        box->kinds &= (uint8_t)sure;
        return box->kinds != 0;
    }
    bool open = box->classes != classes || values->negated;
    box->classes = classes;
    sure = values->negated ? 0 : sure & ~(open ? (unsigned)KIND_NEW : 0u);
    return part_kinds(walk, box, sure, KINDS_ALL & ~sure, "whether the destination was changed");
}

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };

/* May packets of a kind have these flags (of the lower six)? */
static bool kind_has_flags(enum netfilter_kind kind, unsigned flags) {
    unsigned core = flags & (FIN | SYN | RST | ACK);
    switch (kind) {
    case KIND_NEW:
    case KIND_LOOPBACK:
        return core == SYN;
    case KIND_MIDSTREAM:
        return core == ACK;
    case KIND_STRAY:
        return core != SYN && core != ACK;
    case KIND_ESTABLISHED:
        /* What tcp_valid_flags of nf_conntrack_proto_tcp.c has; all else is invalid. */
        return core == SYN || core == (SYN | ACK) || core == RST || core == (RST | ACK) ||
               core == (FIN | ACK) || core == ACK;
    case KIND_RELATED:
        return core == SYN;
    default:
        return false;
    }
}

/* Cuts the kinds to those of the flags; of some only a part of the packets has them. */
static bool narrow_flags(struct netfilter_walk *walk, struct netfilter_box *box,
                         const struct netfilter_values *values) {
    static const struct netfilter_term tcp = {TCP, TCP, 0, UINT16_MAX, 0, UINT16_MAX};
    unsigned all = 0, none = 0;
    for (unsigned flags = 0; flags < 64; flags++) {
        bool matches = false;
        for (size_t i = 0; i < values->count; i++) {
            const struct netfilter_piece *piece = value_at(values, i);
            matches = matches || (flags & piece->range.first.lo & 63u) == piece->range.last.lo;
        }
        matches = matches != values->negated;
        for (unsigned bit = 0; bit < KIND_COUNT; bit++)
            if (kind_has_flags((enum netfilter_kind)(1u << bit), flags)) {
                all |= matches ? 1u << bit : 0u;
                none |= matches ? 0u : 1u << bit;
            }
    }
    return cut_terms(walk, box, &tcp, 1) &&
           part_kinds(walk, box, all & ~none, all & none,
                      "TCP flags that only some packets of a kind have");
}

static bool names_loopback_alone(const struct netfilter_values *values) {
    const struct netfilter_piece *first = values->count == 1 ? value_at(values, 0) : NULL;
    return first && first->text && !first->begins && strcmp(first->text, "lo") == 0;
}

/* Is the loopback interface one of those that are named, perhaps by the first letters? */
static bool names_loopback(const struct netfilter_values *values) {
    for (size_t i = 0; i < values->count; i++) {
        const struct netfilter_piece *piece = value_at(values, i);
        size_t length = piece->text ? strlen(piece->text) : 0;
        if (length <= 2 && (piece->begins || length == 2) &&
            strncmp("lo", piece->text ? piece->text : "", length) == 0)
            return true;
    }
    return false;
}

/* Packets of the loopback interface, or all others; replies of it are not told apart. */
static bool narrow_loopback(struct netfilter_box *box, bool negated) {
    box->looped = box->looped || (!negated && (box->kinds & KINDS_REPLY));
    box->kinds &= (uint8_t)(negated ? ~(unsigned)KIND_LOOPBACK : KIND_LOOPBACK);
    return box->kinds != 0;
}

bool fr_netfilter_narrow_interfaces(struct netfilter_walk *walk, struct netfilter_box *box,
                                    unsigned end, struct flowrules_set interfaces) {
    box->interfaces[end] = flowrules_input_intersect(walk->in, box->interfaces[end], interfaces);
    if (box->interfaces[end].id == walk->none.id) /* what is left has none of them */
        box->kinds &= KIND_LOOPBACK;
    return box->kinds != 0;
}

/* The interfaces that are named, without the loopback interface; or why one is not known. */
static const char *named_interfaces(struct netfilter_walk *walk,
                                    const struct netfilter_values *values,
                                    struct flowrules_set *named) {
    struct flowrules_set *sets =
        flowrules_input_alloc(walk->in, (values->count + 1) * sizeof *sets);
    for (size_t i = 0; sets && i < values->count; i++) {
        const struct netfilter_piece *piece = value_at(values, i);
        if (!piece->text)
            return "the number of an interface, whose name is not known";
        sets[i] = flowrules_input_interface(walk->in, piece->text, piece->begins);
        if (sets[i].id == walk->none.id)
            return "an interface whose name is longer than the kernel allows";
    }
    if (sets)
        *named = flowrules_input_intersect(walk->in, flowrules_input_interfaces(walk->in),
                                           flowrules_input_unite(walk->in, sets, values->count));
    return NULL;
}

/* Packets come by no interface on the way out of the machine, and leave by none on the way in. */
static bool narrow_interface(struct netfilter_walk *walk, struct netfilter_box *box,
                             const struct netfilter_key *key,
                             const struct netfilter_values *values) {
    bool input = key->field == NETFILTER_INPUT_INTERFACE;
    struct flowrules_set named = walk->none;
    if (walk->direction == FLOWRULES_FORWARD && names_loopback_alone(values))
        return values->negated;
    if (walk->direction == (input ? FLOWRULES_EGRESS : FLOWRULES_INGRESS)) {
        set_doubt(&box->doubt, "an interface that packets do not have here");
        return values->negated;
    }
    if (names_loopback_alone(values))
        return narrow_loopback(box, values->negated);
    const char *unknown = named_interfaces(walk, values, &named);
    if (unknown) {
        set_doubt(&box->doubt, unknown);
        return true;
    }
    if (values->negated)
        named = flowrules_input_subtract(walk->in, flowrules_input_interfaces(walk->in), named);
    if (names_loopback(values) == values->negated)
        box->kinds &= (uint8_t) ~(unsigned)KIND_LOOPBACK;
    return fr_netfilter_narrow_interfaces(walk, box, input ? 0 : 1, named);
}

/* ---- what addresses are to the machine ------------------------------------------------------- */

static struct flowrules_set range_of(struct netfilter_walk *walk, const char *text) {
    struct flowrules_range range;
    return flowrules_parse_range(text, strlen(text), &range)
               ? flowrules_input_range(walk->in, &range)
               : walk->none;
}

/* Multicast (RFC 5771, RFC 4291), and the limited broadcast: no other is known to be one. */
static struct flowrules_set type_addresses(struct netfilter_walk *walk, unsigned types) {
    struct flowrules_set sets[3];
    size_t count = 0;
    if (types & NETFILTER_TYPE_MULTICAST) {
        sets[count++] = range_of(walk, "224.0.0.0/4");
        sets[count++] = range_of(walk, "ff00::/8");
    }
    if (types & NETFILTER_TYPE_BROADCAST)
        sets[count++] = range_of(walk, "255.255.255.255");
    return flowrules_input_unite(walk->in, sets, count);
}

/*
 * The type that routing gives an address. What gets to INPUT is for the machine and what gets to
 * OUTPUT is from it; the other end is its own on the loopback interface alone. What is forwarded is
 * neither.
 */
static bool narrow_type(struct netfilter_walk *walk, struct netfilter_box *box,
                        const struct netfilter_key *key, const struct netfilter_values *values) {
    bool source = key->field == NETFILTER_SOURCE_TYPE;
    enum flowrules_direction own = source ? FLOWRULES_EGRESS : FLOWRULES_INGRESS;
    struct flowrules_set *end = source ? &box->source : &box->destination;
    unsigned types = 0, both = NETFILTER_TYPE_LOCAL | NETFILTER_TYPE_UNICAST;
    for (size_t i = 0; i < values->count; i++)
        types |= (unsigned)value_at(values, i)->range.first.lo;
    types = values->negated ? ~types & NETFILTER_TYPES_ALL : types;
    unsigned others = types & ~both;
    struct flowrules_set special = type_addresses(walk, others);
    bool apart = walk->direction != own && walk->direction != FLOWRULES_FORWARD;
    bool plain = types & (walk->direction == own ? NETFILTER_TYPE_LOCAL : NETFILTER_TYPE_UNICAST);
    box->families &= (uint8_t)key->families;
    if (apart && (types & both) != 0 && (types & both) != both) {
        if (others != 0)
            set_doubt(&box->doubt, "several types of addresses");
        else
            return box->families != 0 && narrow_loopback(box, types & NETFILTER_TYPE_UNICAST);
        return box->families != 0;
    }
    *end = plain ? flowrules_input_subtract(
                       walk->in, *end, type_addresses(walk, NETFILTER_TYPES_ALL & ~(types | both)))
                 : flowrules_input_intersect(walk->in, *end, special);
    return end->id != walk->none.id && box->families != 0;
}

/* ---- hop limits ------------------------------------------------------------------------------ */

static bool is_neighbour(const struct netfilter_term *t) {
    return t->source_first >= 133 && t->source_last <= 136;
}

static bool is_listener(const struct netfilter_term *t) {
    return (t->source_first >= 130 && t->source_last <= 132) ||
           (t->source_first == 143 && t->source_last == 143);
}

/* Is all of the box ICMPv6 of such types? */
static bool is_all(const struct netfilter_box *box,
                   bool (*of_type)(const struct netfilter_term *)) {
    for (size_t i = 0; i < box->terms.count; i++) {
        const struct netfilter_term *t = &box->terms.items[i];
        if (t->first_protocol != ICMPV6 || t->last_protocol != ICMPV6 || !of_type(t))
            return false;
    }
    return box->terms.count > 0;
}

static bool has_number(const struct netfilter_values *values, uint64_t number) {
    bool has = false;
    for (size_t i = 0; i < values->count; i++)
        has = has || (value_at(values, i)->range.first.lo <= number &&
                      number <= value_at(values, i)->range.last.lo);
    return has != values->negated;
}

static bool is_number(const struct netfilter_values *values, uint64_t number) {
    return !values->negated && values->count == 1 &&
           value_at(values, 0)->range.first.lo == number &&
           value_at(values, 0)->range.last.lo == number;
}

/*
 * The hop limits of the baseline's packets are known, and that of ICMPv6 of these types that is
 * none of them; of other packets nothing is.
 */
static bool narrow_hop_limit(struct netfilter_walk *walk, struct netfilter_box *box,
                             const struct netfilter_key *key,
                             const struct netfilter_values *values) {
    unsigned sure = (has_number(values, 255) ? KIND_NEIGHBOUR : 0u) |
                    (has_number(values, 1) ? KIND_LISTENER : 0u);
    bool baseline = (is_number(values, 255) && is_all(box, is_neighbour)) ||
                    (is_number(values, 1) && is_all(box, is_listener));
    box->families &= (uint8_t)key->families;
    unsigned unsure =
        baseline ? 0u : (unsigned)KINDS_ALL & ~(unsigned)(KIND_NEIGHBOUR | KIND_LISTENER);
    return box->families != 0 && part_kinds(walk, box, sure, unsure, "a hop limit (TTL)");
}

/* ---- any of them ---------------------------------------------------------------------------- */

bool fr_netfilter_narrow_key(struct netfilter_walk *walk, struct netfilter_box *box,
                             const struct netfilter_key *key, const struct netfilter_values *values,
                             struct netfilter_set *set) {
    switch (key->field) {
    case NETFILTER_SOURCE:
    case NETFILTER_DESTINATION:
        return narrow_address(walk, box, key, values, set);
    case NETFILTER_FAMILY:
        return narrow_family(box, values);
    case NETFILTER_PROTOCOL:
        box->families &= (uint8_t)key->families;
        return box->families != 0 && narrow_protocol(walk, box, values);
    case NETFILTER_SOURCE_PORT:
    case NETFILTER_DESTINATION_PORT:
    case NETFILTER_ICMP_TYPE:
    case NETFILTER_ICMP_CODE:
        return narrow_port(walk, box, key, values);
    case NETFILTER_STATE:
        return narrow_state(walk, box, values);
    case NETFILTER_TCP_FLAGS:
        return narrow_flags(walk, box, values);
    case NETFILTER_INPUT_INTERFACE:
    case NETFILTER_OUTPUT_INTERFACE:
        return narrow_interface(walk, box, key, values);
    case NETFILTER_HOP_LIMIT:
        return narrow_hop_limit(walk, box, key, values);
    case NETFILTER_SOURCE_TYPE:
    case NETFILTER_DESTINATION_TYPE:
        return narrow_type(walk, box, key, values);
    case NETFILTER_OTHER:
        break;
    }
    set_doubt(&box->doubt, "a part of packets that a policy cannot express");
    return true;
}
