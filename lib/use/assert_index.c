/*
 * Finds the boxes that a flow may meet: at each end, the addresses are cut where any box begins or
 * ends, and each stretch has a bit for each box that meets it. A tree over the stretches has the
 * bits of many of them together. What is found may be more than what meets, never less.
 */
#include <stdlib.h>
#include <string.h>

#include "assert.h"

static void add_bits(struct fr_box_index_bits *to, const struct fr_box_index_bits *from) {
    for (size_t i = 0; i < FR_INDEX_WORDS; i++)
        to->words[i] |= from->words[i];
}

/* ---- stretches ----------------------------------------------------------------------------- */

static int by_ip(const void *a, const void *b) {
    return fr_ip_compare(*(const struct flowrules_ip *)a, *(const struct flowrules_ip *)b);
}

/* Sorts the beginnings of stretches, and keeps each once. */
static void sort_starts(struct fr_vec *starts) {
    size_t kept = 0;
    qsort(starts->items, starts->count, sizeof(struct flowrules_ip), by_ip);
    for (size_t i = 0; i < starts->count; i++) {
        struct flowrules_ip ip = *fr_vec_at(starts, struct flowrules_ip, i);
        if (kept == 0 || fr_ip_compare(*fr_vec_at(starts, struct flowrules_ip, kept - 1), ip) != 0)
            *fr_vec_at(starts, struct flowrules_ip, kept++) = ip;
    }
    starts->count = kept;
}

static struct fr_vec *starts_of(struct fr_box_index_side *side, enum flowrules_family family) {
    return family == FLOWRULES_IPV4 ? &side->starts4 : &side->starts6;
}

static bool push_start(struct fr_vec *starts, struct flowrules_ip ip) {
    struct flowrules_ip *slot = fr_vec_add(starts);
    if (slot != NULL)
        *slot = ip;
    return slot != NULL;
}

/* Where the ranges of a set begin, and what is behind them; and its atoms. */
static bool add_cuts(struct fr_box_index_side *side, const struct fr_sets *sets, fr_set set) {
    struct flowrules_set view = {sets, set};
    const struct fr_set_head *head = fr_set_head(sets, set);
    bool good = true;
    for (int f = 0; f < 2; f++) {
        enum flowrules_family family = (enum flowrules_family)f;
        struct flowrules_ip most = fr_ip_max(family);
        for (size_t i = 0; i < flowrules_set_range_count(view, family) && good; i++) {
            struct flowrules_range range = flowrules_set_range(view, family, i);
            good = push_start(starts_of(side, family), range.first) &&
                   (fr_ip_compare(range.last, most) == 0 ||
                    push_start(starts_of(side, family), fr_ip_next(range.last)));
        }
    }
    for (uint32_t i = 0; i < head->atoms && good; i++) {
        uint32_t *slot = fr_vec_add(&side->atoms);
        good = slot != NULL;
        if (good)
            *slot = fr_set_atoms(head)[i];
    }
    return good;
}

/* The stretch that an address is in. */
static size_t leaf_of(const struct fr_box_index_side *side, enum flowrules_family family,
                      struct flowrules_ip ip) {
    const struct fr_vec *starts = family == FLOWRULES_IPV4 ? &side->starts4 : &side->starts6;
    size_t low = 0, high = starts->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (fr_ip_compare(*fr_vec_at(starts, struct flowrules_ip, middle), ip) <= 0)
            low = middle;
        else
            high = middle;
    }
    return (family == FLOWRULES_IPV4 ? 0 : side->starts4.count) + low;
}

/* The leaf of an atom: its own, or that of all that no box names. */
static size_t atom_leaf(const struct fr_box_index_side *side, uint32_t atom) {
    const uint32_t *own = fr_vec_search(&side->atoms, &atom, fr_compare_numbers);
    size_t first = side->starts4.count + side->starts6.count;
    return first +
           (own == NULL ? side->atoms.count : (size_t)(own - fr_vec_at(&side->atoms, uint32_t, 0)));
}

/* Calls visit for the stretches that a set meets, from a first to a last one. */
static void each_stretch(const struct fr_box_index_side *side, const struct fr_sets *sets,
                         fr_set set, void (*visit)(void *user, size_t first, size_t last),
                         void *user) {
    struct flowrules_set view = {sets, set};
    const struct fr_set_head *head = fr_set_head(sets, set);
    for (int f = 0; f < 2; f++) {
        enum flowrules_family family = (enum flowrules_family)f;
        for (size_t i = 0; i < flowrules_set_range_count(view, family); i++) {
            struct flowrules_range range = flowrules_set_range(view, family, i);
            visit(user, leaf_of(side, family, range.first), leaf_of(side, family, range.last));
        }
    }
    if (head->all_atoms != 0)
        visit(user, side->starts4.count + side->starts6.count, side->leaves - 1);
    for (uint32_t i = 0; head->all_atoms == 0 && i < head->atoms; i++) {
        size_t leaf = atom_leaf(side, fr_set_atoms(head)[i]);
        visit(user, leaf, leaf);
    }
}

/* ---- building ------------------------------------------------------------------------------ */

/* A box whose bit goes to stretches. */
struct filling {
    struct fr_box_index_side *side;
    size_t bit;
};

static void fill(void *user, size_t first, size_t last) {
    const struct filling *f = user;
    for (size_t i = first; i <= last; i++)
        f->side->tree[f->side->leaves + i].words[f->bit / 64] |= UINT64_C(1) << (f->bit % 64);
}

static bool allocate_side(const struct fr_box_index *index, struct fr_box_index_side *side) {
    const struct fr_allocator *allocator = &index->context->allocator;
    side->leaves = side->starts4.count + side->starts6.count + side->atoms.count + 1;
    side->tree = fr_malloc(allocator, 2 * side->leaves * sizeof *side->tree);
    side->known = fr_malloc(allocator, FR_INDEX_CACHE * sizeof *side->known);
    if (side->tree == NULL || side->known == NULL)
        return false;
    memset(side->tree, 0, 2 * side->leaves * sizeof *side->tree);
    memset(side->known, 0, FR_INDEX_CACHE * sizeof *side->known);
    return true;
}

static bool build_side(const struct fr_box_index *index, const struct fr_bound_box *boxes,
                       size_t count, size_t end, struct fr_box_index_side *side) {
    const struct flowrules_ip zero = {0, 0};
    bool good = push_start(&side->starts4, zero) && push_start(&side->starts6, zero);
    for (size_t i = 0; i < count && good; i++)
        good = add_cuts(side, index->sets, boxes[i].ends[end].maybe);
    if (!good)
        return false;
    sort_starts(&side->starts4);
    sort_starts(&side->starts6);
    fr_sort_unique(&side->atoms);
    if (!allocate_side(index, side))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct filling filling = {side, i};
        each_stretch(side, index->sets, boxes[i].ends[end].maybe, fill, &filling);
    }
    for (size_t i = side->leaves - 1; i > 0; i--) {
        add_bits(&side->tree[i], &side->tree[2 * i]);
        add_bits(&side->tree[i], &side->tree[2 * i + 1]);
    }
    return true;
}

static void init_side(const struct fr_box_index *index, struct fr_box_index_side *side) {
    const struct fr_allocator *allocator = &index->context->allocator;
    fr_vec_init(&side->starts4, allocator, sizeof(struct flowrules_ip));
    fr_vec_init(&side->starts6, allocator, sizeof(struct flowrules_ip));
    fr_vec_init(&side->atoms, allocator, sizeof(uint32_t));
}

void fr_box_index_init(struct fr_box_index *index, flowrules_context *context,
                       const struct fr_sets *sets) {
    *index = (struct fr_box_index){.context = context, .sets = sets};
    fr_vec_init(&index->blocks, &context->allocator, sizeof(struct fr_box_index_block));
}

void fr_box_index_free(struct fr_box_index *index) {
    for (size_t i = 0; i < index->blocks.count; i++)
        for (size_t e = 0; e < 2; e++) {
            struct fr_box_index_side *side =
                &fr_vec_at(&index->blocks, struct fr_box_index_block, i)->sides[e];
            fr_vec_free(&side->starts4);
            fr_vec_free(&side->starts6);
            fr_vec_free(&side->atoms);
            fr_free(&index->context->allocator, side->tree);
            fr_free(&index->context->allocator, side->known);
        }
    fr_vec_free(&index->blocks);
}

static bool build_block(struct fr_box_index *index, const struct fr_vec *boxes, size_t first) {
    struct fr_box_index_block *block = fr_vec_push(&index->blocks);
    bool good = block != NULL;
    if (!good)
        return false;
    block->first = first;
    block->count =
        boxes->count - first < FR_INDEX_BOXES ? boxes->count - first : (size_t)FR_INDEX_BOXES;
    for (size_t i = 0; i < block->count; i++)
        block->open.words[i / 64] |= UINT64_C(1) << (i % 64);
    for (size_t e = 0; e < 2; e++)
        init_side(index, &block->sides[e]);
    for (size_t e = 0; e < 2 && good; e++)
        good = build_side(index, fr_vec_at(boxes, struct fr_bound_box, first), block->count, e,
                          &block->sides[e]);
    return good;
}

flowrules_status fr_box_index_build(struct fr_box_index *index, const struct fr_vec *boxes) {
    for (size_t first = 0; first < boxes->count; first += FR_INDEX_BOXES)
        if (!build_block(index, boxes, first))
            return fr_no_memory(index->context);
    return FLOWRULES_OK;
}

/* ---- finding ------------------------------------------------------------------------------- */

/* The stretches whose bits are gathered. */
struct gathering {
    const struct fr_box_index_side *side;
    struct fr_box_index_bits *bits;
};

static void gather(void *user, size_t first, size_t last) {
    const struct gathering *g = user;
    const struct fr_box_index_bits *tree = g->side->tree;
    size_t low = first + g->side->leaves, high = last + g->side->leaves + 1;
    for (; low < high; low /= 2, high /= 2) {
        if (low % 2 == 1)
            add_bits(g->bits, &tree[low++]);
        if (high % 2 == 1)
            add_bits(g->bits, &tree[--high]);
    }
}

/* The boxes that a set may meet at an end; the same sets come again and again. */
static const struct fr_box_index_bits *find_end(const struct fr_box_index *index,
                                                const struct fr_box_index_side *side, fr_set set) {
    struct fr_box_index_known *known = &side->known[set % FR_INDEX_CACHE];
    struct gathering gathering = {side, &known->bits};
    if (known->set == set)
        return &known->bits;
    known->set = set;
    memset(&known->bits, 0, sizeof known->bits);
    each_stretch(side, index->sets, set, gather, &gathering);
    return &known->bits;
}

bool fr_box_index_next(const struct fr_box_index_bits *bits, size_t *number) {
    while (*number < FR_INDEX_BOXES) {
        uint64_t left = bits->words[*number / 64] >> (*number % 64);
        if ((left & 1) != 0)
            return true;
        *number = left == 0 ? (*number | 63) + 1 : *number + 1;
    }
    return false;
}

bool fr_box_index_find(const struct fr_box_index *index, size_t number, const fr_set ends[2],
                       struct fr_box_index_bits *bits) {
    const struct fr_box_index_block *block =
        fr_vec_at(&index->blocks, struct fr_box_index_block, number);
    uint64_t any = 0;
    if (ends[0] == FR_SET_EMPTY || ends[1] == FR_SET_EMPTY)
        return false;
    const struct fr_box_index_bits *from = find_end(index, &block->sides[0], ends[0]);
    const struct fr_box_index_bits *to = find_end(index, &block->sides[1], ends[1]);
    for (size_t i = 0; i < FR_INDEX_WORDS; i++) {
        bits->words[i] = from->words[i] & to->words[i] & block->open.words[i];
        any |= bits->words[i];
    }
    return any != 0;
}

void fr_box_index_close(struct fr_box_index *index, size_t box) {
    struct fr_box_index_block *block =
        fr_vec_at(&index->blocks, struct fr_box_index_block, box / FR_INDEX_BOXES);
    size_t bit = box % FR_INDEX_BOXES;
    block->open.words[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
}
