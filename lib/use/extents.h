/*
 * Where flows lie in the dimensions of an index (lint_index.h): an interval of numbers for each of
 * source, destination and service.
 */
#ifndef FR_EXTENTS_H
#define FR_EXTENTS_H

#include "addresses.h"
#include "services.h"

enum { FR_EXTENT_SOURCE, FR_EXTENT_DESTINATION, FR_EXTENT_SERVICE, FR_EXTENT_DIMENSIONS };

/* The least interval in each dimension that holds a flow. */
struct fr_extent {
    uint64_t first[FR_EXTENT_DIMENSIONS], last[FR_EXTENT_DIMENSIONS];
};

/* What has nothing in any dimension: it is widened. */
extern const struct fr_extent fr_no_extent;

/* Where an address, a name or group (an atom), or a protocol and port lie in extents. */
uint64_t fr_extent_of_ip(enum flowrules_family family, struct flowrules_ip ip);
uint64_t fr_extent_of_atom(uint32_t atom);
uint64_t fr_extent_of_port(unsigned protocol, unsigned port);

/* Widens an extent in a dimension, so that it holds an interval, or the ports of services. */
void fr_extent_widen(struct fr_extent *extent, unsigned dimension, uint64_t first, uint64_t last);
void fr_extent_widen_by_term(struct fr_extent *extent, const struct fr_term *term);
void fr_extent_widen_by_terms(struct fr_extent *extent, const struct fr_service_terms *terms);

/* The intervals of a source or destination; of more than these, the last one holds the rest. */
#define FR_PIECES_MOST 8u

struct fr_pieces {
    uint64_t first[FR_PIECES_MOST], last[FR_PIECES_MOST];
    size_t count;
};

void fr_pieces_add(struct fr_pieces *pieces, uint64_t first, uint64_t last);
/* Adds the ranges of a set. */
void fr_pieces_add_ranges(struct fr_pieces *pieces, const struct fr_sets *sets, fr_set set);
/* Ranges and atoms of a set; very many are one piece that holds them all. */
struct fr_pieces fr_pieces_of(const struct fr_sets *sets, fr_set set);
/* Makes a piece the interval of an extent in a dimension. */
void fr_extent_take(struct fr_extent *extent, unsigned dimension, const struct fr_pieces *pieces,
                    size_t piece);

#endif
