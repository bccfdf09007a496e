/*
 * The index: a balanced tree over the items, which are split in the middle of the dimension in
 * which they are farthest apart, relative to their own size. Each node has the extent of what is
 * below.
 */
#include "lint_index.h"

#define LEAF_MOST  8u /* items below a node without children */
#define VISIT_COST 4u /* steps that take as long as asking about an item */

void fr_index_init(struct fr_index *index, const struct fr_allocator *allocator) {
    *index = (struct fr_index){.most = UINT64_MAX};
    fr_vec_init(&index->entries, allocator, sizeof(struct fr_index_entry));
    fr_vec_init(&index->nodes, allocator, sizeof(struct fr_extent));
}

void fr_index_free(struct fr_index *index) {
    fr_vec_free(&index->entries);
    fr_vec_free(&index->nodes);
}

bool fr_index_add(struct fr_index *index, const struct fr_extent *extent, uint32_t item) {
    struct fr_index_entry *slot = fr_vec_add(&index->entries);
    if (slot != NULL)
        *slot = (struct fr_index_entry){*extent, item};
    return slot != NULL;
}

/* ---- building ------------------------------------------------------------------------------ */

static uint64_t middle(const struct fr_index_entry *entry, unsigned d) {
    return entry->extent.first[d] / 2 + entry->extent.last[d] / 2;
}

/* How far items are apart in a dimension, in units of their own mean size. */
static double spread(const struct fr_index_entry *items, size_t count, unsigned d) {
    uint64_t least = UINT64_MAX, most = 0;
    double size = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t at = middle(&items[i], d);
        least = at < least ? at : least;
        most = at > most ? at : most;
        size += (double)(items[i].extent.last[d] - items[i].extent.first[d]) + 1;
    }
    return (double)(most - least) / (size / (double)count);
}

static unsigned best_dimension(const struct fr_index_entry *items, size_t count) {
    unsigned best = 0;
    double widest = -1;
    for (unsigned d = 0; d < FR_EXTENT_DIMENSIONS; d++) {
        double own = spread(items, count, d);
        best = own > widest ? d : best;
        widest = own > widest ? own : widest;
    }
    return best;
}

static void swap(struct fr_index_entry *a, struct fr_index_entry *b) {
    struct fr_index_entry moved = *a;
    *a = *b;
    *b = moved;
}

/* Puts the items whose middles are the smallest into the first half (Hoare's selection). */
static void halve(struct fr_index_entry *items, size_t count, unsigned d) {
    size_t low = 0, high = count - 1, half = count / 2;
    while (low < high) {
        uint64_t pivot = middle(&items[low + (high - low) / 2], d);
        size_t i = low, k = high;
        for (;;) {
            while (middle(&items[i], d) < pivot)
                i++;
            while (middle(&items[k], d) > pivot)
                k--;
            if (i >= k)
                break;
            swap(&items[i++], &items[k--]);
        }
        if (half <= k)
            high = k;
        else
            low = k + 1;
    }
}

static struct fr_extent extent_of(const struct fr_index_entry *items, size_t count) {
    struct fr_extent all = items[0].extent;
    for (size_t i = 1; i < count; i++)
        for (unsigned d = 0; d < FR_EXTENT_DIMENSIONS; d++)
            fr_extent_widen(&all, d, items[i].extent.first[d], items[i].extent.last[d]);
    return all;
}

static void build(struct fr_index *index, size_t node, size_t first, size_t count) {
    struct fr_index_entry *items = fr_vec_at(&index->entries, struct fr_index_entry, first);
    *fr_vec_at(&index->nodes, struct fr_extent, node) = extent_of(items, count);
    if (count <= LEAF_MOST)
        return;
    halve(items, count, best_dimension(items, count));
    build(index, 2 * node, first, count / 2);
    build(index, 2 * node + 1, first + count / 2, count - count / 2);
}

bool fr_index_build(struct fr_index *index) {
    size_t count = index->entries.count, nodes = 2;
    for (size_t widest = count; widest > LEAF_MOST; widest -= widest / 2)
        nodes *= 2;
    if (!fr_vec_reserve(&index->nodes, nodes))
        return false;
    for (size_t i = 0; i < nodes; i++)
        fr_vec_push(&index->nodes);
    if (count > 0)
        build(index, 1, 0, count);
    return true;
}

/* ---- searching ----------------------------------------------------------------------------- */

struct search {
    struct fr_index *index;
    enum fr_index_search how;
    const struct fr_extent *extent;
    fr_index_fn visit;
    void *user;
};

bool fr_index_matches(enum fr_index_search how, const struct fr_extent *own,
                      const struct fr_extent *extent) {
    bool covers = how == FR_INDEX_COVERS, good = true;
    for (unsigned d = 0; d < FR_EXTENT_DIMENSIONS; d++)
        good = good && own->first[d] <= (covers ? extent->first[d] : extent->last[d]) &&
               own->last[d] >= (covers ? extent->last[d] : extent->first[d]);
    return good;
}

static bool matches(const struct search *s, const struct fr_extent *own) {
    return fr_index_matches(s->how, own, s->extent);
}

static bool look_below(const struct search *s, size_t node, size_t first, size_t count) {
    struct fr_index *index = s->index;
    index->steps++;
    if (fr_index_is_over(index) || !matches(s, fr_vec_at(&index->nodes, struct fr_extent, node)))
        return false;
    if (count > LEAF_MOST)
        return look_below(s, 2 * node, first, count / 2) ||
               look_below(s, 2 * node + 1, first + count / 2, count - count / 2);
    for (size_t i = 0; i < count; i++) {
        const struct fr_index_entry *entry =
            fr_vec_at(&index->entries, struct fr_index_entry, first + i);
        bool asked = matches(s, &entry->extent);
        index->steps += asked ? VISIT_COST : 1;
        if (asked && s->visit(s->user, entry->item))
            return true;
    }
    return false;
}

bool fr_index_search(struct fr_index *index, enum fr_index_search how,
                     const struct fr_extent *extent, fr_index_fn visit, void *user) {
    struct search search = {index, how, extent, visit, user};
    return index->entries.count > 0 && look_below(&search, 1, 0, index->entries.count);
}
