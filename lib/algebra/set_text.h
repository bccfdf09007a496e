/*
 * Sets, services and packets as texts for people, in the terms of a meaning.
 */
#ifndef FR_SET_TEXT_H
#define FR_SET_TEXT_H

#include "space.h"

/* Each returns a text of the arena, or NULL when out of memory. */

/* "10.0.0.0/8, 192.0.2.1, example.org +3 more", "any IPv4 (not 10.0.0.0/8)"; "any". */
const char *fr_set_text(struct fr_arena *arena, const flowrules_meaning *terms, fr_set set);
/*
 * "tcp/443, udp (not 53)"; "any protocol". named: of 256, the protocols that are distinguished; a
 * term of the protocol 257 is all the others.
 */
const char *fr_service_text(struct fr_arena *arena, const flowrules_meaning *terms,
                            fr_service service, const bool *named);
/* A packet of a region, or of a box, in the form of a question. */
const char *fr_witness_text(struct fr_arena *arena, const struct fr_common *common,
                            const struct fr_region *region);
const char *fr_box_witness(struct fr_arena *arena, const flowrules_meaning *terms,
                           const fr_set ends[2], fr_service service, const bool *named);
/*
 * A packet of a box of these sets, whose atoms are the store's; NULL where there is none in a
 * family that both ends and the protocol have. *none tells that from memory that ran out.
 */
const char *fr_packet_witness(struct fr_arena *arena, const struct fr_sets *sets,
                              const fr_set ends[2], const struct fr_term *term, bool *none);
/* The families of the packets of a box, as bits; names and groups may have both. */
unsigned fr_packet_families(const struct fr_sets *sets, const fr_set ends[2],
                            const struct fr_term *term);

#endif
