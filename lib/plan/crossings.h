/*
 * Pairs of interfaces: by which one packets enter, and by which they leave.
 */
#ifndef FR_CROSSINGS_H
#define FR_CROSSINGS_H

#include "plan.h"

struct fr_crossing {
    fr_set interfaces[2]; /* by enum flowrules_end; FR_SET_ANY: any */
    struct flowrules_interfaces spelled[2];
};

/* The crossing of a part; NULL: by any interfaces. */
const struct fr_crossing *fr_crossing_of(const flowrules_plan *plan, const struct fr_scoped *part);
/* The number of a crossing, new or known, for struct fr_scoped; either side may be NULL: any. */
flowrules_status fr_crossing_number(flowrules_plan *plan, const struct fr_placed *enters,
                                    const struct fr_placed *leaves, uint32_t *number);
/* May one packet be at both? */
bool fr_crossings_meet(const flowrules_plan *plan, const struct fr_scoped *a,
                       const struct fr_scoped *b);
/* Is all of the inner part's crossing within the outer's? */
bool fr_crossing_covers(const flowrules_plan *plan, const struct fr_scoped *outer,
                        const struct fr_scoped *inner);

#endif
