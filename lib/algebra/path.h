/*
 * Devices on the path of a packet, one behind the other, as one meaning: a packet passes if each
 * device passes it. path.c chooses which list of each device counts, path_move.c translates it.
 */
#ifndef FR_PATH_H
#define FR_PATH_H

#include "transfer.h"

struct fr_path_hop {
    const flowrules_meaning *meaning;
    const char *places[2]; /* the interfaces by which packets come and leave; NULL: not given */
    const char *hook;      /* "forward", "host" or NULL */
    const char *name;      /* for people */
    enum flowrules_direction direction; /* of its lists that count */
};

struct flowrules_path {
    flowrules_context *context;
    struct fr_arena arena;
    struct fr_vec hops; /* struct fr_path_hop */
};

/* What the lists of a path become. */
struct fr_path_joining {
    const flowrules_path *path;
    flowrules_meaning *result;
    enum flowrules_direction direction;
    bool unsure[2]; /* at this end it matters which addresses the names and groups have */
};

static inline const struct fr_path_hop *fr_path_hop(const flowrules_path *path, size_t i) {
    return fr_vec_at(&path->hops, struct fr_path_hop, i);
}

/* The range of a place: a pattern, or a name of an interface or zone; false: out of memory. */
bool fr_path_place(const flowrules_path *path, const char *place, struct flowrules_range *range);

/* Moves the lists of a hop into the result, behind those that are there. */
flowrules_status fr_path_move(struct fr_path_joining *joining, size_t number);

#endif
