/*
 * The names that a plan pins, those without an address, and how old the addresses are.
 */
#ifndef FR_PINS_H
#define FR_PINS_H

#include "plan.h"

/* Puts the names of a span into names, and with wildcards those that the lock file knows below its
 * wildcards; false when out of memory. */
bool fr_gather_names(struct fr_strings *names, struct fr_view *view, struct fr_span span,
                     bool wildcards);
bool fr_gather_names_of_flow(struct fr_strings *names, struct fr_view *view,
                             const struct fr_flow *flow, bool wildcards);
/* Puts the names that a target pins into names, those below its cut wildcards among them. */
flowrules_status fr_wanted_by_plan(struct fr_strings *names, const flowrules_plan *plan);

/*
 * Reports the names of a flow without an address in the lock file, except those in told, and adds
 * them to it: false if the flow has none. The message is like `about`, at the name's own place.
 */
bool fr_report_unpinned(const flowrules_plan *plan, const struct fr_flow *flow,
                        const struct fr_about *about, struct fr_strings *told);

/* Warns of names that a plan pins and that were last seen too long ago for the option max-age. */
flowrules_status fr_warn_of_age(const flowrules_plan *plan);

#endif
