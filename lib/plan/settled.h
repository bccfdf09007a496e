/*
 * Where addresses are, for platforms whose rules match the interface of one end alone: the
 * narrowest network at interfaces that has an address says where it is, as routes do.
 */
#ifndef FR_SETTLED_H
#define FR_SETTLED_H

#include "places.h"

/* A part of an end, as far as its addresses tell where it is. */
struct fr_settled_part {
    fr_set set;  /* without addresses that are at other interfaces */
    fr_set open; /* of these: addresses that may be at its interfaces and at others */
    bool less;   /* some addresses are at other interfaces */
};

flowrules_status fr_settle(struct fr_placing *placing, const struct fr_placed *part,
                           struct fr_settled_part *settled);
/* The same for all parts of an end together. */
flowrules_status fr_settle_end(struct fr_placing *placing, const struct fr_placed_end *end,
                               struct fr_settled_part *settled);

#endif
