/*
 * The index: trees of extents (lint_index.h), each much larger than the next, and a short list of
 * what came last. A full list becomes a tree, together with the trees that are not larger.
 */
#include "edit_index.h"

#include <string.h>

/* Entries that are looked through one by one. */
#define RECENT_MOST 256u

/* Where names and wildcards lie in extents: behind all groups. */
#define NAMES_FROM (UINT64_C(7) << 61)

/* ---- intervals ----------------------------------------------------------------------------- */

/* The last two labels of a name, or NULL if it has but one. */
static const char *last_labels(const char *name) {
    const char *dot = strrchr(name, '.');
    if (dot == NULL)
        return NULL;
    while (dot > name && dot[-1] != '.')
        dot--;
    return dot;
}

/* Names lie by their last two labels, so that they are where the wildcards above them are. */
static void add_atom(struct fr_pieces *pieces, const struct fr_view *view, uint32_t number) {
    const struct flowrules_atom *atom = fr_vec_at(&view->atoms, struct flowrules_atom, number);
    if (atom->kind == FLOWRULES_ATOM_GROUP) {
        fr_pieces_add(pieces, fr_extent_of_atom(number), fr_extent_of_atom(number));
        return;
    }
    const char *labels = last_labels(atom->name);
    uint64_t place = labels == NULL ? 0 : fr_hash(labels, strlen(labels));
    fr_pieces_add(pieces, NAMES_FROM | place, labels == NULL ? UINT64_MAX : NAMES_FROM | place);
}

/* True for a set that holds names and groups which it does not list: all addresses are all names.
 */
static bool is_whole(const struct fr_view *view, fr_set set) {
    struct flowrules_set all = {&view->sets, set};
    return fr_set_head(&view->sets, set)->all_atoms != 0 ||
           flowrules_set_is_all(all, FLOWRULES_IPV4) || flowrules_set_is_all(all, FLOWRULES_IPV6);
}

static bool has_atoms(const struct fr_view *view, fr_set set) {
    return fr_set_head(&view->sets, set)->atoms > 0 || is_whole(view, set);
}

static struct fr_pieces pieces_of(const struct fr_view *view, fr_set set, enum fr_edit_way way) {
    const struct fr_set_head *head = fr_set_head(&view->sets, set);
    struct fr_pieces pieces = {.count = 0};
    if (is_whole(view, set) || (way == FR_LOOSELY && head->atoms > 0)) {
        fr_pieces_add(&pieces, 0, UINT64_MAX);
        return pieces;
    }
    if (way == FR_LOOSELY)
        fr_pieces_add(&pieces, fr_extent_of_atom(0), UINT64_MAX);
    for (uint32_t i = 0; i < head->atoms; i++)
        add_atom(&pieces, view, fr_set_atoms(head)[i]);
    fr_pieces_add_ranges(&pieces, &view->sets, set);
    return pieces;
}

/* Calls visit for the extents that a region falls into; true if a call did. */
static bool each_extent(const struct fr_view *view, const struct fr_services *services,
                        const struct fr_edit_region *region, enum fr_edit_way way,
                        bool (*visit)(void *user, const struct fr_extent *extent), void *user) {
    const struct fr_pieces from = pieces_of(view, region->ends[0], way);
    const struct fr_pieces to = pieces_of(view, region->ends[1], way);
    struct fr_extent extent = fr_no_extent;
    fr_extent_widen_by_terms(&extent, fr_service_get(services, region->service));
    for (size_t i = 0; i < from.count; i++)
        for (size_t k = 0; k < to.count; k++) {
            fr_extent_take(&extent, FR_EXTENT_SOURCE, &from, i);
            fr_extent_take(&extent, FR_EXTENT_DESTINATION, &to, k);
            if (visit(user, &extent))
                return true;
        }
    return false;
}

/* ---- adding -------------------------------------------------------------------------------- */

void fr_edit_index_init(struct fr_edit_index *index, const struct fr_allocator *allocator) {
    index->allocator = allocator;
    fr_vec_init(&index->trees, allocator, sizeof(struct fr_index));
    fr_vec_init(&index->recent, allocator, sizeof(struct fr_index_entry));
}

void fr_edit_index_free(struct fr_edit_index *index) {
    for (size_t i = 0; i < index->trees.count; i++)
        fr_index_free(fr_vec_at(&index->trees, struct fr_index, i));
    fr_vec_free(&index->trees);
    fr_vec_free(&index->recent);
}

struct adding {
    struct fr_edit_index *index;
    uint32_t version;
};

/* True: out of memory. */
static bool add_extent(void *user, const struct fr_extent *extent) {
    const struct adding *a = user;
    struct fr_index_entry *slot = fr_vec_add(&a->index->recent);
    if (slot != NULL)
        *slot = (struct fr_index_entry){*extent, a->version};
    return slot == NULL;
}

bool fr_edit_index_add(struct fr_edit_index *index, const struct fr_view *view,
                       const struct fr_services *services, const struct fr_edit_region *region,
                       uint32_t version) {
    struct adding adding = {index, version};
    size_t before = index->recent.count;
    bool failed = each_extent(view, services, region, FR_BY_POINTS, add_extent, &adding);
    if (failed)
        index->recent.count = before;
    return !failed;
}

/* Which versions stay. */
struct keeping {
    fr_index_fn keep;
    void *user;
};

static bool add_entries(struct fr_index *tree, const struct fr_vec *entries,
                        const struct keeping *keeping) {
    bool good = true;
    for (size_t i = 0; i < entries->count && good; i++) {
        const struct fr_index_entry *entry = fr_vec_at(entries, struct fr_index_entry, i);
        good = !keeping->keep(keeping->user, entry->item) ||
               fr_index_add(tree, &entry->extent, entry->item);
    }
    return good;
}

/* The first of the trees that are joined with what is in none: those that are not much larger. */
static size_t first_joined(const struct fr_edit_index *index) {
    size_t count = index->recent.count, from = index->trees.count;
    for (; from > 0; from--) {
        size_t own = fr_vec_at(&index->trees, struct fr_index, from - 1)->entries.count;
        if (own / 2 >= count)
            break;
        count += own;
    }
    return from;
}

bool fr_edit_index_build(struct fr_edit_index *index, fr_index_fn keep, void *user) {
    const struct keeping keeping = {keep, user};
    size_t from = first_joined(index);
    struct fr_index tree;
    if (index->recent.count == 0)
        return true;
    fr_index_init(&tree, index->allocator);
    bool good = fr_vec_reserve(&index->trees, 1) && add_entries(&tree, &index->recent, &keeping);
    for (size_t i = from; i < index->trees.count && good; i++)
        good = add_entries(&tree, &fr_vec_at(&index->trees, struct fr_index, i)->entries, &keeping);
    if (!good || (tree.entries.count > 0 && !fr_index_build(&tree))) {
        fr_index_free(&tree);
        return false;
    }
    for (size_t i = from; i < index->trees.count; i++)
        fr_index_free(fr_vec_at(&index->trees, struct fr_index, i));
    index->trees.count = from;
    if (tree.entries.count > 0)
        *(struct fr_index *)fr_vec_add(&index->trees) = tree;
    else
        fr_index_free(&tree);
    index->recent.count = 0;
    return true;
}

bool fr_edit_index_settle(struct fr_edit_index *index, fr_index_fn keep, void *user) {
    return index->recent.count < RECENT_MOST || fr_edit_index_build(index, keep, user);
}

/* ---- searching ----------------------------------------------------------------------------- */

struct searching {
    struct fr_edit_index *index;
    fr_index_fn visit;
    void *user;
};

static bool search_extent(void *user, const struct fr_extent *extent) {
    const struct searching *s = user;
    bool ended = false;
    for (size_t i = 0; i < s->index->trees.count && !ended; i++)
        ended = fr_index_search(fr_vec_at(&s->index->trees, struct fr_index, i), FR_INDEX_MEETS,
                                extent, s->visit, s->user);
    for (size_t i = 0; i < s->index->recent.count && !ended; i++) {
        const struct fr_index_entry *entry = fr_vec_at(&s->index->recent, struct fr_index_entry, i);
        ended = fr_index_matches(FR_INDEX_MEETS, &entry->extent, extent) &&
                s->visit(s->user, entry->item);
    }
    return ended;
}

bool fr_edit_index_search(struct fr_edit_index *index, const struct fr_view *view,
                          const struct fr_services *services, const struct fr_edit_region *region,
                          enum fr_edit_way way, fr_index_fn visit, void *user) {
    struct searching searching = {index, visit, user};
    return each_extent(view, services, region, way, search_extent, &searching);
}

static bool ends_meet(const struct fr_view *view, fr_set a, fr_set b, enum fr_edit_way way) {
    bool one = has_atoms(view, a), other = has_atoms(view, b);
    return (one && other) || (way == FR_LOOSELY && (one || other)) ||
           fr_set_overlaps(&view->sets, a, b);
}

bool fr_edit_regions_meet(const struct fr_view *view, const struct fr_services *services,
                          const struct fr_edit_region *a, const struct fr_edit_region *b,
                          enum fr_edit_way way) {
    return ends_meet(view, a->ends[0], b->ends[0], way) &&
           ends_meet(view, a->ends[1], b->ends[1], way) &&
           fr_services_meet(services, a->service, b->service);
}
