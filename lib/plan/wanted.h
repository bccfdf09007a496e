/*
 * Which names a target needs the addresses of. Asks nobody; it reads plans.
 */
#ifndef FR_WANTED_H
#define FR_WANTED_H

#include "plan.h"

/* Puts the names that a target pins into names, those below its cut wildcards among them. */
flowrules_status fr_wanted_by_plan(struct fr_strings *names, struct fr_plan *plan);
/* The same for a target by its name, or for the policy's: of all, or all names where it has none.
 */
flowrules_status fr_wanted_by_target(struct fr_strings *names, const flowrules_policy *policy,
                                     const char *target);
flowrules_status fr_wanted_by_policy(struct fr_strings *names, const flowrules_policy *policy);
/* The names that are in a network, and those of the lock file below its wildcards. */
flowrules_status fr_names_in_network(struct fr_strings *names, const flowrules_policy *policy,
                                     uint32_t network);

/*
 * Tells the names of a flow that the lock file has no address of, each once for a plan: false where
 * the flow has none. The message is like `about`, at the name's own place.
 */
bool fr_report_unpinned(struct fr_plan *plan, const struct fr_flow *flow,
                        const struct fr_about *about);

/* Warns of names that a plan pins and that were last seen too long ago for the option max-age. */
flowrules_status fr_warn_of_age(struct fr_plan *plan);

#endif
