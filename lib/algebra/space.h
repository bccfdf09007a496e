/*
 * The exact comparison of two meanings: every packet on which they decide otherwise, in regions.
 * Knows sets and ordered clauses, no text.
 */
#ifndef FR_SPACE_H
#define FR_SPACE_H

#include "common.h"

#define FR_NO_ITEM UINT32_MAX
/* The atom of a piece: none (it is addresses), or every atom that the region does not list. */
#define FR_NO_ATOM    UINT32_MAX
#define FR_OTHER_ATOM (UINT32_MAX - 1)
/* The protocol of a region: each one that is not named in it; other is the first of them. */
#define FR_OTHER_PROTOCOLS 256

/* A stretch of addresses of the region's family, or an atom. */
struct fr_piece {
    struct flowrules_ip first, last;
    uint32_t atom; /* or FR_NO_ATOM */
    uint32_t next; /* of the same class, or UINT32_MAX */
};

/* Packets that two meanings decide otherwise, all for the same reasons. */
struct fr_region {
    enum flowrules_direction direction;
    enum flowrules_family family;
    const struct fr_piece *pieces[2]; /* of the source and destination: follow next from first */
    uint32_t first[2];
    const uint32_t *listed[2]; /* the atoms that are distinguished at an end, in order */
    size_t listed_count[2];
    unsigned protocol, other;
    const bool *named;                          /* of 256: the protocols that are distinguished */
    struct flowrules_ports source, destination; /* of ICMP: type and code */
    enum flowrules_packets packets;
    fr_set interfaces[2];  /* by which they come and leave, of the common sets; 0: all */
    bool passes_after;     /* after lets them pass, before does not; or the other way round */
    uint32_t deciders[2];  /* items, or FR_NO_ITEM: what no clause matches */
    const uint32_t *items; /* in order: those that match all of its packets but for their kind */
    size_t item_count;
};

typedef flowrules_status (*fr_region_fn)(void *user, const struct fr_region *region);
/* An item in doubt, on which it depends whether both sides decide some packets alike. */
typedef void (*fr_doubt_fn)(void *user, uint32_t item);

/* The item that decides the packets of a region in a stage, or FR_NO_ITEM; items in doubt do not.
 */
uint32_t fr_region_decider(const struct fr_common *common, const struct fr_region *region,
                           uint32_t stage);

struct fr_space {
    struct fr_common *common;
    fr_region_fn visit; /* called for each region that differs; FLOWRULES_OK goes on */
    fr_doubt_fn doubt;  /* called for items in doubt, also more than once */
    void *user;
    uint64_t most; /* steps that a comparison may take */
    uint64_t steps;
    bool too_much; /* it would have taken more: not all was compared */
};

/* About a minute of work; far more than anything that people write. */
#define FR_SPACE_STEPS ((uint64_t)4000000000)

/* Compares the direction that was chosen in common. */
flowrules_status fr_space_compare(struct fr_space *space, enum flowrules_direction direction);

#endif
