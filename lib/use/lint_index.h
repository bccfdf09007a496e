/*
 * An index of flows by the extents of their sources, destinations and services: which of very many
 * may cover, or meet, an extent. What is found has to be compared exactly.
 */
#ifndef FR_LINT_INDEX_H
#define FR_LINT_INDEX_H

#include "extents.h"

struct fr_index_entry {
    struct fr_extent extent;
    uint32_t item;
};

struct fr_index {
    struct fr_vec entries; /* struct fr_index_entry; ordered by fr_index_build */
    struct fr_vec nodes;   /* struct fr_extent: of 2n and 2n + 1 lies in that of n, from 1 */
    uint64_t steps, most;  /* steps of all searches, and what they may take */
};

void fr_index_init(struct fr_index *index, const struct fr_allocator *allocator);
void fr_index_free(struct fr_index *index);
/* Adds an item; false when out of memory. */
bool fr_index_add(struct fr_index *index, const struct fr_extent *extent, uint32_t item);
/* Makes it ready to be searched, after the last item; false when out of memory. */
bool fr_index_build(struct fr_index *index);

/* What is asked of each item that may match; true ends the search. */
typedef bool (*fr_index_fn)(void *user, uint32_t item);

enum fr_index_search { FR_INDEX_COVERS, FR_INDEX_MEETS };

/* True if an extent covers, or meets, the one that is searched for. */
bool fr_index_matches(enum fr_index_search how, const struct fr_extent *own,
                      const struct fr_extent *extent);

/*
 * Calls visit for each item whose extent covers, or meets, the given one; true if a call did. A
 * search that takes too many steps ends early: fr_index_is_over.
 */
bool fr_index_search(struct fr_index *index, enum fr_index_search how,
                     const struct fr_extent *extent, fr_index_fn visit, void *user);
/* True if a search ended early; from then on all do. */
static inline bool fr_index_is_over(const struct fr_index *index) {
    return index->steps > index->most;
}

#endif
