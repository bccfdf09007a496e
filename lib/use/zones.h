/*
 * The sets of zones, and of the ends of assertions. Where it matters what may be in a set and what
 * surely is, assert_ends.c has bounds of them.
 */
#ifndef FR_ZONES_H
#define FR_ZONES_H

#include "flows.h"

/* What is in a zone; one that is all-else has what no other has. */
flowrules_status fr_zone_set(struct fr_view *view, uint32_t zone, fr_set *set);
/* What is in an end of an assertion, with the zones that are named there. */
flowrules_status fr_asserted_set(struct fr_view *view, const struct fr_asserted *asserted,
                                 fr_set *set);
/* What the items of a span come to, with the zones among them. */
flowrules_status fr_ends_set(struct fr_view *view, struct fr_span span, fr_set *set);

#endif
