/*
 * Finds boxes in which two lists may differ, by halving. A box keeps the clauses that meet it, in
 * order. The first clause of a list that covers the box hides those after it. If both sides can
 * only decide alike, or have the same clauses left, the box is done. Otherwise it is cut where most
 * clauses are on one side only. So the work grows with the visible parts of the clauses, not with
 * their number squared.
 */
#include "cells.h"

#include <stdlib.h>
#include <string.h>

enum {
    FOUND_MAX = 1 << 12, /* boxes that are told apart */
    SAMPLE = 64,         /* clauses that are looked at to choose a cut */
    FIRST = 16,          /* of them, those in front: they decide most */
    ALL_SIDES = (1 << FR_CELL_SIDES) - 1,
    SIDE_BITS = FR_CELL_SIDES
};

/* The intervals of ranks that a set has. */
struct fr_cell_set {
    uint32_t first, count;
    bool known;
};

/* An item with one of its terms. */
struct fr_cell_offer {
    uint32_t item;
    fr_set ends[2];
    struct fr_cell_span spans[FR_CELL_SIDES]; /* from protocols on */
};

/* A box that is still to be looked at. */
struct node {
    struct fr_cell cell;
    uint32_t first, count; /* of entries */
};

/* An offer in a box: its number, and a bit for each side on which it holds for all of the box. */
static uint32_t entry_of(uint32_t offer, unsigned whole) {
    return offer << SIDE_BITS | whole;
}

static const struct fr_cell_offer *offer_at(const struct fr_cells *cells, uint32_t entry) {
    return fr_vec_at(&cells->offers, struct fr_cell_offer, entry >> SIDE_BITS);
}

static const struct fr_item *item_at(const struct fr_cells *cells, uint32_t entry) {
    return fr_vec_at(&cells->common->items, struct fr_item, offer_at(cells, entry)->item);
}

static bool push(struct fr_vec *vec, uint32_t number) {
    uint32_t *slot = fr_vec_add(vec);
    if (slot != NULL)
        *slot = number;
    return slot != NULL;
}

/* ---- ranks --------------------------------------------------------------------------------- */

static int compare_ips(const void *a, const void *b) {
    const struct flowrules_ip *x = a, *y = b;
    return fr_ip_compare(*x, *y);
}

/* The rank of the stretch in which an address lies. */
static uint32_t rank_of(const struct fr_cells *cells, struct flowrules_ip ip) {
    const struct flowrules_ip *edges = cells->edges.items;
    size_t low = 0, high = cells->edges.count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (fr_ip_compare(edges[middle], ip) <= 0)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)low;
}

uint32_t fr_cells_ranks(const struct fr_cells *cells) {
    return (uint32_t)(cells->edges.count + cells->atoms.count + 1);
}

struct fr_cell_span fr_cells_addresses(const struct fr_cells *cells, struct flowrules_ip first,
                                       struct flowrules_ip last) {
    return (struct fr_cell_span){rank_of(cells, first), rank_of(cells, last)};
}

struct fr_cell_span fr_cells_atoms(const struct fr_cells *cells) {
    return (struct fr_cell_span){(uint32_t)cells->edges.count, fr_cells_ranks(cells) - 1};
}

uint32_t fr_cells_atom(const struct fr_cells *cells, uint32_t atom) {
    const uint32_t *found = fr_vec_search(&cells->atoms, &atom, fr_compare_numbers);
    return found == NULL ? fr_cells_ranks(cells) - 1
                         : (uint32_t)(cells->edges.count +
                                      (size_t)(found - fr_vec_at(&cells->atoms, uint32_t, 0)));
}

static size_t sort_unique_ips(struct fr_vec *vec) {
    struct flowrules_ip *ips = vec->items;
    size_t kept = 0;
    qsort(ips, vec->count, sizeof *ips, compare_ips);
    for (size_t i = 0; i < vec->count; i++)
        if (kept == 0 || fr_ip_compare(ips[kept - 1], ips[i]) != 0)
            ips[kept++] = ips[i];
    return vec->count = kept;
}

/* Lists where a set begins and ends, and the atoms that it names. */
static bool list_edges(struct fr_cells *cells, fr_set set) {
    const struct fr_sets *sets = &cells->common->terms->sets;
    struct flowrules_set view = {sets, set};
    const struct fr_set_head *head = fr_set_head(sets, set);
    struct flowrules_ip max = fr_ip_max(cells->family);
    size_t count = flowrules_set_range_count(view, cells->family);
    if (!fr_vec_reserve(&cells->edges, 2 * count) || !fr_vec_reserve(&cells->atoms, head->atoms))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct flowrules_range r = flowrules_set_range(view, cells->family, i);
        *(struct flowrules_ip *)fr_vec_add(&cells->edges) = r.first;
        if (fr_ip_compare(r.last, max) != 0)
            *(struct flowrules_ip *)fr_vec_add(&cells->edges) = fr_ip_next(r.last);
    }
    for (uint32_t i = 0; i < head->atoms; i++)
        push(&cells->atoms, fr_set_atoms(head)[i]);
    cells->steps += count + head->atoms;
    return true;
}

/* An interval of a set; one that touches the last is joined with it. */
static bool add_interval(struct fr_cells *cells, struct fr_cell_set *known, uint32_t first,
                         uint32_t last) {
    struct fr_cell_span *before =
        known->count == 0
            ? NULL
            : fr_vec_at(&cells->intervals, struct fr_cell_span, known->first + known->count - 1);
    if (before != NULL && before->last + 1 >= first) {
        before->last = last;
        return true;
    }
    struct fr_cell_span *span = fr_vec_add(&cells->intervals);
    if (span == NULL)
        return false;
    *span = (struct fr_cell_span){first, last};
    known->count++;
    return true;
}

/* The atoms of a set, as ranks. A set that has all of them may name those that it lacks. */
static bool add_atoms(struct fr_cells *cells, struct fr_cell_set *known, fr_set set) {
    const struct fr_sets *sets = &cells->common->terms->sets;
    const struct fr_set_head *head = fr_set_head(sets, set);
    struct fr_cell_span all = fr_cells_atoms(cells);
    struct flowrules_set view = {sets, set};
    bool lacks = head->all_atoms != 0;
    if (!lacks && cells->common->atoms_are_addresses && flowrules_set_is_all(view, cells->family))
        return add_interval(cells, known, all.first, all.last);
    bool good = true;
    for (uint32_t i = 0; good && i < head->atoms; i++) {
        uint32_t rank = fr_cells_atom(cells, fr_set_atoms(head)[i]);
        if (!lacks)
            good = add_interval(cells, known, rank, rank);
        else if (rank > all.first)
            good = add_interval(cells, known, all.first, rank - 1);
        all.first = lacks ? rank + 1 : all.first;
    }
    return good && (!lacks || add_interval(cells, known, all.first, all.last));
}

static bool rank_set(struct fr_cells *cells, fr_set set) {
    struct flowrules_set view = {&cells->common->terms->sets, set};
    struct fr_cell_set *known = fr_vec_at(&cells->sets, struct fr_cell_set, set);
    size_t count = flowrules_set_range_count(view, cells->family);
    if (known->known)
        return true;
    *known = (struct fr_cell_set){(uint32_t)cells->intervals.count, 0, true};
    for (size_t i = 0; i < count; i++) {
        struct flowrules_range r = flowrules_set_range(view, cells->family, i);
        if (!add_interval(cells, known, rank_of(cells, r.first), rank_of(cells, r.last)))
            return false;
    }
    cells->steps += count;
    return add_atoms(cells, known, set);
}

bool fr_cells_rank(struct fr_cells *cells, const uint32_t *items, size_t count) {
    size_t sets = cells->common->terms->sets.heads.count;
    struct flowrules_ip *zero = fr_vec_add(&cells->edges);
    if (zero == NULL || !fr_vec_reserve(&cells->sets, sets))
        return false;
    *zero = (struct flowrules_ip){0, 0};
    memset(cells->sets.items, 0, sets * sizeof(struct fr_cell_set));
    struct fr_cell_set *known = cells->sets.items;
    for (size_t i = 0; i < count; i++)
        for (unsigned end = 0; end < 2; end++) {
            fr_set set = fr_vec_at(&cells->common->items, struct fr_item, items[i])->ends[end];
            if (!known[set].known && !list_edges(cells, set))
                return false;
            known[set].known = true;
        }
    sort_unique_ips(&cells->edges);
    fr_sort_unique(&cells->atoms);
    memset(cells->sets.items, 0, sets * sizeof(struct fr_cell_set));
    for (size_t i = 0; i < count; i++)
        for (unsigned end = 0; end < 2; end++)
            if (!rank_set(cells,
                          fr_vec_at(&cells->common->items, struct fr_item, items[i])->ends[end]))
                return false;
    return true;
}

/* ---- offers -------------------------------------------------------------------------------- */

/* What is not limited on a side of a term's protocol is all of it. */
static struct fr_cell_span ports_of(const struct fr_term *term, unsigned first, unsigned last) {
    bool icmp = fr_protocol_is_icmp(term->protocol);
    bool none =
        term->protocol != FR_PROTOCOL_ANY && !icmp && !fr_protocol_has_ports(term->protocol);
    return (struct fr_cell_span){first, (icmp && last >= 255) || none ? UINT16_MAX : last};
}

/* The ranks of a term's protocol; false where no packet of the family has it. */
static bool protocol_span(const struct fr_cells *cells, const struct fr_term *term,
                          struct fr_cell_span *span) {
    *span = (struct fr_cell_span){0, (uint32_t)cells->protocol_count - 1};
    if (term->protocol == FR_PROTOCOL_ANY)
        return cells->protocol_count > 0;
    for (uint32_t i = 0; i < cells->protocol_count; i++)
        if (cells->protocols[i] == term->protocol) {
            span->first = span->last = i;
            return true;
        }
    return false;
}

static unsigned whole_ends(const struct fr_cells *cells, const struct fr_cell_offer *offer) {
    unsigned whole = 0;
    for (unsigned end = 0; end < 2; end++) {
        const struct fr_cell_set *set =
            fr_vec_at(&cells->sets, struct fr_cell_set, offer->ends[end]);
        const struct fr_cell_span *span =
            fr_vec_at(&cells->intervals, struct fr_cell_span, set->first);
        if (set->count == 1 && span->first == 0 && span->last == fr_cells_ranks(cells) - 1)
            whole |= 1u << end;
    }
    return whole;
}

static const struct fr_cell_set *set_of_item(const struct fr_cells *cells, uint32_t item,
                                             unsigned end) {
    return fr_vec_at(&cells->sets, struct fr_cell_set,
                     fr_vec_at(&cells->common->items, struct fr_item, item)->ends[end]);
}

static bool is_empty(const struct fr_cells *cells, fr_set set) {
    return fr_vec_at(&cells->sets, struct fr_cell_set, set)->count == 0;
}

static bool list_offers(struct fr_cells *cells, const uint32_t *items, size_t count,
                        const struct fr_cell *all) {
    for (size_t i = 0; i < count; i++) {
        const struct fr_item *item = fr_vec_at(&cells->common->items, struct fr_item, items[i]);
        const struct fr_service_terms *terms =
            fr_service_get(&cells->common->terms->services, item->service);
        for (uint32_t t = 0; t < terms->count; t++) {
            const struct fr_term *term = &terms->terms[t];
            struct fr_cell_offer offer = {items[i], {item->ends[0], item->ends[1]}, {{0, 0}}};
            if (!protocol_span(cells, term, &offer.spans[FR_CELL_PROTOCOL]) ||
                is_empty(cells, item->ends[0]) || is_empty(cells, item->ends[1]))
                continue;
            offer.spans[FR_CELL_DESTINATION_PORT] =
                ports_of(term, term->destination_first, term->destination_last);
            offer.spans[FR_CELL_SOURCE_PORT] =
                ports_of(term, term->source_first, term->source_last);
            unsigned whole = whole_ends(cells, &offer);
            for (unsigned side = FR_CELL_PROTOCOL; side < FR_CELL_SIDES; side++)
                if (offer.spans[side].first == 0 && offer.spans[side].last >= all->sides[side].last)
                    whole |= 1u << side;
            struct fr_cell_offer *slot = fr_vec_add(&cells->offers);
            if (slot == NULL ||
                !push(&cells->kept, entry_of((uint32_t)cells->offers.count - 1, whole)))
                return false;
            *slot = offer;
        }
    }
    cells->everywhere = cells->offers.count >= (1u << (32 - SIDE_BITS));
    return true;
}

/* ---- an offer and a box -------------------------------------------------------------------- */

/* The first interval of a set that ends at a rank or behind it; count when there is none. */
static uint32_t find_interval(const struct fr_cell_span *spans, uint32_t count, uint32_t rank) {
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (spans[middle].last < rank)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct fr_cell_span *spans_of(const struct fr_cells *cells,
                                           const struct fr_cell_offer *offer, unsigned side,
                                           uint32_t *count) {
    *count = 1;
    if (side != FR_CELL_SOURCE && side != FR_CELL_DESTINATION)
        return &offer->spans[side];
    const struct fr_cell_set *set = fr_vec_at(&cells->sets, struct fr_cell_set, offer->ends[side]);
    *count = set->count;
    return fr_vec_at(&cells->intervals, struct fr_cell_span, set->first);
}

enum meets { APART, PARTLY, WHOLLY };

static enum meets meet(const struct fr_cells *cells, const struct fr_cell_offer *offer,
                       unsigned side, struct fr_cell_span in) {
    uint32_t count;
    const struct fr_cell_span *spans = spans_of(cells, offer, side, &count);
    uint32_t i = find_interval(spans, count, in.first);
    if (i == count || spans[i].first > in.last)
        return APART;
    return spans[i].first <= in.first && spans[i].last >= in.last ? WHOLLY : PARTLY;
}

/* An edge of an offer within a span, near its middle: where the right half would begin. */
static uint32_t edge_within(const struct fr_cells *cells, const struct fr_cell_offer *offer,
                            unsigned side, struct fr_cell_span in) {
    uint32_t count, middle = in.first + (in.last - in.first) / 2;
    const struct fr_cell_span *spans = spans_of(cells, offer, side, &count);
    uint32_t low = find_interval(spans, count, in.first),
             high = find_interval(spans, count, in.last),
             near = find_interval(spans, count, middle);
    near = near < low ? low : near;
    for (uint32_t i = near; i < count && i <= high; i++) {
        if (spans[i].first > in.first && spans[i].first <= in.last)
            return spans[i].first;
        if (spans[i].last < in.last && spans[i].last >= in.first)
            return spans[i].last + 1;
    }
    return spans[near - 1].last + 1; /* it is partly in, so that this one ends within */
}

/* ---- what a box's clauses can do ----------------------------------------------------------- */

/* What is left of a stage, as its clauses are taken up in order. */
struct progress {
    uint32_t stage;   /* or UINT32_MAX */
    uint32_t reach;   /* skips lead up to this item */
    unsigned decided; /* the kinds of packets that some clause decides for certain */
    bool can[2];      /* pass, block */
    bool sides[2][2]; /* for both meanings: can pass (a stage can't: false), can block */
    bool doubtful;
};

static void end_stage(const struct fr_cells *cells, struct progress *p) {
    if (p->stage == UINT32_MAX)
        return;
    bool after = fr_vec_at(&cells->common->stages, struct fr_common_stage, p->stage)->after;
    bool open = (p->decided & cells->common->asked) != cells->common->asked;
    p->sides[after][0] = p->sides[after][0] && (p->can[0] || open);
    p->sides[after][1] = p->sides[after][1] || p->can[1];
}

static void begin_stage(const struct fr_cells *cells, struct progress *p, uint32_t stage) {
    end_stage(cells, p);
    p->stage = stage;
    p->reach = 0;
    p->decided = 0;
    p->can[0] = p->can[1] = false;
}

/* True if a clause can be reached; then what it can do is noted. */
static bool take_up(const struct fr_cells *cells, struct progress *p, uint32_t entry) {
    const struct fr_item *item = item_at(cells, entry);
    uint32_t number = offer_at(cells, entry)->item;
    if (item->stage != p->stage)
        begin_stage(cells, p, item->stage);
    unsigned asked = item->asked & cells->common->asked;
    if (asked == 0 || (number >= p->reach && (asked & ~p->decided) == 0))
        return false;
    if (item->effect == FR_SKIP) {
        p->reach = item->skip_to > p->reach ? item->skip_to : p->reach;
        p->doubtful = true;
        return true;
    }
    p->doubtful = p->doubtful || item->doubt;
    p->can[0] = p->can[0] || item->effect == FR_PASS;
    p->can[1] = p->can[1] || item->effect == FR_BLOCK;
    if ((entry & ALL_SIDES) == ALL_SIDES && number >= p->reach && !item->doubt &&
        !fr_item_has_interfaces(item))
        p->decided |= asked;
    return true;
}

/* Is this one of the items that a difference needs? */
static bool is_needed(const struct fr_cells *cells, uint32_t entry) {
    return cells->needed == NULL || cells->needed[offer_at(cells, entry)->item] != 0;
}

/* Keeps the entries that are reached; false where no packet of the box can be decided otherwise. */
static bool prune(struct fr_cells *cells, struct fr_vec *list, bool *doubtful) {
    struct progress p = {.stage = UINT32_MAX, .sides = {{true, false}, {true, false}}};
    uint32_t *entries = list->items;
    bool needed = cells->needed == NULL;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (take_up(cells, &p, entries[i])) {
            needed = needed || is_needed(cells, entries[i]);
            entries[kept++] = entries[i];
        }
    end_stage(cells, &p);
    cells->steps += list->count + SAMPLE;
    list->count = kept;
    *doubtful = p.doubtful;
    return needed && ((p.sides[0][0] && p.sides[1][1]) || (p.sides[0][1] && p.sides[1][0]));
}

static bool same_offer(const struct fr_cells *cells, uint32_t a, uint32_t b) {
    const struct fr_cell_offer *x = offer_at(cells, a), *y = offer_at(cells, b);
    const struct fr_item *i = item_at(cells, a), *k = item_at(cells, b);
    return (a & ALL_SIDES) == (b & ALL_SIDES) && i->effect == k->effect && i->asked == k->asked &&
           i->interfaces[0] == k->interfaces[0] && i->interfaces[1] == k->interfaces[1] &&
           x->ends[0] == y->ends[0] && x->ends[1] == y->ends[1] &&
           memcmp(x->spans, y->spans, sizeof x->spans) == 0;
}

/* True if both sides have the same clauses left, of the same stages. */
static bool same_sides(const struct fr_cells *cells, const struct fr_vec *list) {
    const struct fr_common_stage *stages = cells->common->stages.items;
    const uint32_t *entries = list->items;
    size_t half = list->count / 2;
    if (list->count % 2 != 0 ||
        (half > 0 && (stages[item_at(cells, entries[half - 1])->stage].after ||
                      !stages[item_at(cells, entries[half])->stage].after)))
        return false;
    for (size_t i = 0; i < half; i++) {
        uint32_t a = entries[i], b = entries[half + i];
        bool first = i == 0 || item_at(cells, entries[i - 1])->stage != item_at(cells, a)->stage;
        bool other =
            i == 0 || item_at(cells, entries[half + i - 1])->stage != item_at(cells, b)->stage;
        if (first != other || !same_offer(cells, a, b))
            return false;
    }
    return true;
}

/* ---- cuts ---------------------------------------------------------------------------------- */

struct cut {
    unsigned side;
    uint32_t at; /* where the right half begins */
};

/* The entries of a sample: those in front, and some of all that follow. */
static size_t sample(const struct fr_vec *list, uint32_t picked[SAMPLE]) {
    const uint32_t *entries = list->items;
    size_t count = 0, front = list->count < FIRST ? list->count : FIRST;
    for (; count < front; count++)
        picked[count] = entries[count];
    size_t rest = list->count - front, more = rest < SAMPLE - FIRST ? rest : SAMPLE - FIRST;
    for (size_t i = 0; i < more; i++)
        picked[count++] = entries[front + i * rest / more];
    return count;
}

/* The middle one of the edges that a sample has on a side, or 0. */
static uint32_t middle_edge(const struct fr_cells *cells, const struct fr_cell *cell, unsigned side,
                            const uint32_t *picked, size_t count) {
    uint32_t edges[SAMPLE];
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if ((picked[i] & (1u << side)) == 0)
            edges[found++] =
                edge_within(cells, offer_at(cells, picked[i]), side, cell->sides[side]);
    if (found > 1)
        qsort(edges, found, sizeof *edges, fr_compare_numbers);
    return found == 0 ? 0 : edges[found / 2];
}

/* How much simpler a sample becomes: what falls away on one side counts twice. */
static size_t weigh(const struct fr_cells *cells, const struct fr_cell *cell, struct cut cut,
                    const uint32_t *picked, size_t count) {
    struct fr_cell_span left = cell->sides[cut.side], right = left;
    size_t gain = 0;
    left.last = cut.at - 1;
    right.first = cut.at;
    for (size_t i = 0; i < count; i++) {
        if ((picked[i] & (1u << cut.side)) != 0)
            continue;
        const struct fr_cell_offer *offer = offer_at(cells, picked[i]);
        enum meets halves[] = {meet(cells, offer, cut.side, left),
                               meet(cells, offer, cut.side, right)};
        for (unsigned h = 0; h < 2; h++)
            gain += halves[h] == APART ? 2 : halves[h] == WHOLLY;
    }
    return gain;
}

/* The best cut; false where each entry holds for all of the box. */
static bool choose(const struct fr_cells *cells, const struct fr_cell *cell,
                   const struct fr_vec *list, struct cut *best) {
    uint32_t picked[SAMPLE];
    size_t count = sample(list, picked), most = 0;
    bool found = false;
    for (unsigned side = 0; side < FR_CELL_SIDES; side++) {
        struct cut cut = {side, middle_edge(cells, cell, side, picked, count)};
        size_t gain = cut.at == 0 ? 0 : weigh(cells, cell, cut, picked, count);
        if (cut.at != 0 && (!found || gain > most)) {
            most = gain;
            *best = cut;
            found = true;
        }
    }
    for (size_t i = 0; !found && i < list->count; i++) {
        uint32_t entry = *fr_vec_at(list, uint32_t, i);
        for (unsigned side = 0; side < FR_CELL_SIDES; side++)
            if ((entry & (1u << side)) == 0) {
                *best = (struct cut){
                    side, edge_within(cells, offer_at(cells, entry), side, cell->sides[side])};
                return true;
            }
    }
    return found;
}

/* What is left of a list in one half of a box. */
static bool keep_half(const struct fr_cells *cells, const struct fr_vec *list, unsigned side,
                      struct fr_cell_span half, struct fr_vec *out) {
    out->count = 0;
    if (!fr_vec_reserve(out, list->count))
        return false;
    uint32_t *kept = out->items;
    for (size_t i = 0; i < list->count; i++) {
        uint32_t entry = *fr_vec_at(list, uint32_t, i);
        if ((entry & (1u << side)) == 0) {
            enum meets how = meet(cells, offer_at(cells, entry), side, half);
            if (how == APART)
                continue;
            entry |= how == WHOLLY ? 1u << side : 0;
        }
        kept[out->count++] = entry;
    }
    return true;
}

/* ---- the search ---------------------------------------------------------------------------- */

static bool add_node(struct fr_cells *cells, const struct fr_cell *cell,
                     const struct fr_vec *list) {
    struct node *node = fr_vec_add(&cells->nodes);
    if (node == NULL || !fr_vec_reserve(&cells->entries, list->count))
        return false;
    *node = (struct node){*cell, (uint32_t)cells->entries.count, (uint32_t)list->count};
    if (list->count > 0)
        memcpy(fr_vec_at(&cells->entries, uint32_t, cells->entries.count), list->items,
               list->count * sizeof(uint32_t));
    cells->entries.count += list->count;
    return true;
}

/* Takes the last node off, with its list in kept. */
static bool take_node(struct fr_cells *cells, struct fr_cell *cell) {
    const struct node *node = fr_vec_at(&cells->nodes, struct node, cells->nodes.count - 1);
    *cell = node->cell;
    cells->kept.count = 0;
    if (!fr_vec_reserve(&cells->kept, node->count))
        return false;
    if (node->count > 0)
        memcpy(cells->kept.items, fr_vec_at(&cells->entries, uint32_t, node->first),
               node->count * sizeof(uint32_t));
    cells->kept.count = node->count;
    cells->entries.count = node->first;
    cells->nodes.count--;
    return true;
}

/* Makes room: two boxes that were found one after the other become the box around both. */
static void join_found(struct fr_cells *cells) {
    struct fr_cell *found = cells->found.items;
    size_t kept = 0;
    for (size_t i = 0; i < cells->found.count; i += 2) {
        struct fr_cell box = found[i];
        for (unsigned side = 0; i + 1 < cells->found.count && side < FR_CELL_SIDES; side++) {
            struct fr_cell_span *a = &box.sides[side], b = found[i + 1].sides[side];
            a->first = b.first < a->first ? b.first : a->first;
            a->last = b.last > a->last ? b.last : a->last;
        }
        found[kept++] = box;
    }
    cells->found.count = kept;
}

/* A box that all entries hold for is decided as one packet is, but for the kinds. */
static bool decide(struct fr_cells *cells, const struct fr_cell *cell) {
    cells->items.count = 0;
    for (size_t i = 0; i < cells->kept.count; i++) {
        uint32_t item = offer_at(cells, *fr_vec_at(&cells->kept, uint32_t, i))->item;
        size_t used = cells->items.count;
        bool listed = used > 0 && *fr_vec_at(&cells->items, uint32_t, used - 1) == item;
        if (!listed && !push(&cells->items, item))
            return false;
    }
    if (cells->equal(cells->user, cells->items.items, cells->items.count, cell))
        return true;
    if (cells->found.count >= FOUND_MAX)
        join_found(cells);
    struct fr_cell *found = fr_vec_add(&cells->found);
    if (found != NULL)
        *found = *cell;
    return found != NULL;
}

static bool look_at(struct fr_cells *cells, const struct fr_cell *cell) {
    struct cut cut;
    bool doubtful;
    if (!prune(cells, &cells->kept, &doubtful) || (!doubtful && same_sides(cells, &cells->kept)))
        return true;
    if (!choose(cells, cell, &cells->kept, &cut))
        return decide(cells, cell);
    struct fr_cell halves[] = {*cell, *cell};
    halves[0].sides[cut.side].last = cut.at - 1;
    halves[1].sides[cut.side].first = cut.at;
    return keep_half(cells, &cells->kept, cut.side, halves[0].sides[cut.side], &cells->left) &&
           keep_half(cells, &cells->kept, cut.side, halves[1].sides[cut.side], &cells->right) &&
           add_node(cells, &halves[1], &cells->right) && add_node(cells, &halves[0], &cells->left);
}

bool fr_cells_find(struct fr_cells *cells, const uint32_t *items, size_t count,
                   const uint8_t *needed) {
    struct fr_cell cell;
    for (unsigned side = 0; side < FR_CELL_SIDES; side++)
        cell.sides[side] = (struct fr_cell_span){0, UINT16_MAX};
    cell.sides[FR_CELL_SOURCE].last = cell.sides[FR_CELL_DESTINATION].last =
        fr_cells_ranks(cells) - 1;
    cell.sides[FR_CELL_PROTOCOL].last = (uint32_t)cells->protocol_count - 1;
    cells->needed = needed;
    cells->offers.count = cells->kept.count = 0;
    if (!list_offers(cells, items, count, &cell) || !add_node(cells, &cell, &cells->kept))
        return false;
    while (cells->nodes.count > 0 && !cells->everywhere) {
        if (!take_node(cells, &cell) || !look_at(cells, &cell))
            return false;
        cells->everywhere = cells->everywhere || cells->steps > cells->most;
    }
    return true;
}

/* ---- items that meet ------------------------------------------------------------------------ */

/* Counts, for each rank of an end, the ranks up to it that some of these items have. */
static bool count_touched(struct fr_cells *cells, const struct fr_vec *by, unsigned end) {
    size_t ranks = fr_cells_ranks(cells);
    struct fr_vec *touched = &cells->touched[end];
    touched->count = 0;
    if (!fr_vec_reserve(touched, ranks + 1))
        return false;
    uint32_t *counts = touched->items, open = 0;
    memset(counts, 0, (ranks + 1) * sizeof *counts);
    for (size_t i = 0; i < by->count; i++) {
        const struct fr_cell_set *set = set_of_item(cells, *fr_vec_at(by, uint32_t, i), end);
        for (uint32_t k = 0; k < set->count; k++) {
            struct fr_cell_span span =
                *fr_vec_at(&cells->intervals, struct fr_cell_span, set->first + k);
            counts[span.first]++;
            counts[span.last + 1]--; /* wraps, and back when it is added */
        }
    }
    for (size_t rank = 0; rank < ranks; rank++) {
        open += counts[rank];
        counts[rank] = (rank == 0 ? 0 : counts[rank - 1]) + (open > 0 ? 1 : 0);
    }
    return true;
}

static bool is_touched(const struct fr_cells *cells, uint32_t item, unsigned end) {
    const uint32_t *counts = cells->touched[end].items;
    const struct fr_cell_set *set = set_of_item(cells, item, end);
    for (uint32_t k = 0; k < set->count; k++) {
        struct fr_cell_span span =
            *fr_vec_at(&cells->intervals, struct fr_cell_span, set->first + k);
        if (counts[span.last] > (span.first == 0 ? 0 : counts[span.first - 1]))
            return true;
    }
    return false;
}

bool fr_cells_keep_near(struct fr_cells *cells, struct fr_vec *items, const struct fr_vec *by) {
    uint32_t *numbers = items->items;
    size_t kept = 0;
    if (!count_touched(cells, by, 0) || !count_touched(cells, by, 1))
        return false;
    for (size_t i = 0; i < items->count; i++)
        if (is_touched(cells, numbers[i], 0) && is_touched(cells, numbers[i], 1))
            numbers[kept++] = numbers[i];
    items->count = kept;
    cells->steps += items->count + by->count;
    return true;
}

/* ---- memory -------------------------------------------------------------------------------- */

static struct fr_vec *vec_at(struct fr_cells *cells, size_t i, size_t *size) {
    struct {
        struct fr_vec *vec;
        size_t size;
    } all[] = {{&cells->found, sizeof(struct fr_cell)},
               {&cells->edges, sizeof(struct flowrules_ip)},
               {&cells->atoms, sizeof(uint32_t)},
               {&cells->intervals, sizeof(struct fr_cell_span)},
               {&cells->sets, sizeof(struct fr_cell_set)},
               {&cells->offers, sizeof(struct fr_cell_offer)},
               {&cells->nodes, sizeof(struct node)},
               {&cells->entries, sizeof(uint32_t)},
               {&cells->kept, sizeof(uint32_t)},
               {&cells->left, sizeof(uint32_t)},
               {&cells->right, sizeof(uint32_t)},
               {&cells->items, sizeof(uint32_t)},
               {&cells->touched[0], sizeof(uint32_t)},
               {&cells->touched[1], sizeof(uint32_t)}};
    if (i >= sizeof all / sizeof *all)
        return NULL;
    *size = all[i].size;
    return all[i].vec;
}

void fr_cells_init(struct fr_cells *cells, const struct fr_common *common) {
    struct fr_vec *vec;
    size_t size;
    memset(cells, 0, sizeof *cells);
    cells->common = common;
    for (size_t i = 0; (vec = vec_at(cells, i, &size)) != NULL; i++)
        fr_vec_init(vec, &common->context->allocator, size);
}

void fr_cells_free(struct fr_cells *cells) {
    struct fr_vec *vec;
    size_t size;
    for (size_t i = 0; (vec = vec_at(cells, i, &size)) != NULL; i++)
        fr_vec_free(vec);
}
