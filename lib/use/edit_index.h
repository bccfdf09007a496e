/*
 * An index of flows that change: which of very many may match a packet of a region. It has a
 * version of a flow from when it is added until it is no longer kept and trees are joined: what is
 * found has to be compared with what there is now.
 */
#ifndef FR_EDIT_INDEX_H
#define FR_EDIT_INDEX_H

#include "flows.h"
#include "lint_index.h"

/* Packets: of a source, a destination (sets of a view) and a service. */
struct fr_edit_region {
    fr_set ends[2];
    fr_service service;
};

/* How names and groups are taken. */
enum fr_edit_way {
    FR_BY_POINTS, /* each for itself: only the same, and wildcards above a name, meet it */
    FR_LOOSELY    /* any of them may have any address */
};

struct fr_edit_index {
    const struct fr_allocator *allocator;
    struct fr_vec trees;  /* struct fr_index: each has at least twice as many entries as the next */
    struct fr_vec recent; /* struct fr_index_entry: in no tree yet */
};

void fr_edit_index_init(struct fr_edit_index *index, const struct fr_allocator *allocator);
void fr_edit_index_free(struct fr_edit_index *index);
/* Adds a version of a flow; false when out of memory, and then nothing is added. */
bool fr_edit_index_add(struct fr_edit_index *index, const struct fr_view *view,
                       const struct fr_services *services, const struct fr_edit_region *region,
                       uint32_t version);
/*
 * Puts what is in no tree yet into one, if it is much, without the versions that keep leaves out;
 * false when out of memory.
 */
bool fr_edit_index_settle(struct fr_edit_index *index, fr_index_fn keep, void *user);
/* The same, however little it is. */
bool fr_edit_index_build(struct fr_edit_index *index, fr_index_fn keep, void *user);
/* Calls visit for each version that may meet a region; several times, too. True if a call did. */
bool fr_edit_index_search(struct fr_edit_index *index, const struct fr_view *view,
                          const struct fr_services *services, const struct fr_edit_region *region,
                          enum fr_edit_way way, fr_index_fn visit, void *user);

/* True if two regions may have a packet in common; more than do, never less. */
bool fr_edit_regions_meet(const struct fr_view *view, const struct fr_services *services,
                          const struct fr_edit_region *a, const struct fr_edit_region *b,
                          enum fr_edit_way way);

#endif
