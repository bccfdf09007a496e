/*
 * Where it depends on addresses that nobody here knows which of two lists decides what: a name or a
 * group that one list allows first may have addresses that the other denies first. space.c takes
 * each name and group for a point of its own; this looks at those that may meet.
 */
#ifndef FR_ORDER_H
#define FR_ORDER_H

#include "common.h"

/* An allow that decides first on one side, a deny that decides first on the other. */
struct fr_disorder {
    uint32_t allow, deny; /* items */
    unsigned side;        /* the deny's: 0 before, 1 after */
    uint32_t atom;        /* the name or group, of either, whose addresses are not known */
};

struct fr_order {
    struct fr_common *common;
    void (*found)(void *user, const struct fr_disorder *disorder); /* once for each deny at most */
    void (*doubt)(void *user, uint32_t item); /* an item in doubt that makes a disorder, or not */
    void *user;
    uint64_t most; /* steps that it may take */
    uint64_t steps;
    bool too_much; /* it would have taken more: not all was looked at */
};

/* Some seconds of work. */
#define FR_ORDER_STEPS ((uint64_t)200000000)

/* Looks at the direction that was chosen in common. */
flowrules_status fr_order_compare(struct fr_order *order);

#endif
