/*
 * Where two meanings may differ: boxes of the space of packets. A box is halved at an edge of some
 * clause until each clause that is left holds for all of it or can't matter. Knows no regions and
 * no messages; what it finds may be more than what differs, never less.
 */
#ifndef FR_CELLS_H
#define FR_CELLS_H

#include "common.h"

enum fr_cell_side {
    FR_CELL_SOURCE,
    FR_CELL_DESTINATION,
    FR_CELL_PROTOCOL,
    FR_CELL_DESTINATION_PORT, /* or the code of ICMP */
    FR_CELL_SOURCE_PORT,      /* or the type of ICMP */
    FR_CELL_SIDES
};

/* A box: ranks of addresses and atoms, of protocols, and ports. */
struct fr_cell {
    struct fr_cell_span {
        uint32_t first, last;
    } sides[FR_CELL_SIDES];
};

/* True if both meanings decide alike each packet of a box that all the items match. */
typedef bool (*fr_cell_fn)(void *user, const uint32_t *items, size_t count,
                           const struct fr_cell *cell);

struct fr_cells {
    const struct fr_common *common;
    enum flowrules_family family;
    uint32_t protocols[257]; /* the number of each rank; the last is all others */
    size_t protocol_count;
    fr_cell_fn equal;
    void *user;
    uint64_t steps, most;
    /* what is found */
    struct fr_vec found; /* struct fr_cell: where the meanings may differ */
    bool everywhere;     /* there was too much to do */
    /* the ranks */
    struct fr_vec edges;     /* struct flowrules_ip: where addresses are cut, in order, 0 first */
    struct fr_vec atoms;     /* uint32_t: the atoms that clauses distinguish, in order */
    struct fr_vec intervals; /* struct fr_cell_span: those of each set */
    struct fr_vec sets;      /* struct fr_cell_set, for each set of the store */
    /* the search */
    struct fr_vec offers; /* struct fr_cell_offer: the terms of the items */
    struct fr_vec nodes, entries, kept, left, right, items;
    struct fr_vec touched[2]; /* uint32_t for each rank of an end, see fr_cells_keep_near */
    const uint8_t *needed;    /* for each item: a box without any such is done; NULL: no need */
};

void fr_cells_init(struct fr_cells *cells, const struct fr_common *common);
void fr_cells_free(struct fr_cells *cells);
/* Ranks what the items of a family tell apart: once, before all else; false when out of memory. */
bool fr_cells_rank(struct fr_cells *cells, const uint32_t *items, size_t count);
/* Keeps the items that have addresses or atoms, at both ends, which some of others have. */
bool fr_cells_keep_near(struct fr_cells *cells, struct fr_vec *items, const struct fr_vec *by);
/*
 * Finds where items that were ranked may be decided otherwise, and adds it to what is found; needed
 * is as in the struct. False when out of memory.
 */
bool fr_cells_find(struct fr_cells *cells, const uint32_t *items, size_t count,
                   const uint8_t *needed);

/* The ranks of addresses from first to last, and of an atom; of all other atoms: the last rank. */
struct fr_cell_span fr_cells_addresses(const struct fr_cells *cells, struct flowrules_ip first,
                                       struct flowrules_ip last);
struct fr_cell_span fr_cells_atoms(const struct fr_cells *cells);
uint32_t fr_cells_atom(const struct fr_cells *cells, uint32_t atom);
/* How many ranks there are at an end. */
uint32_t fr_cells_ranks(const struct fr_cells *cells);

#endif
