/*
 * Which names a target needs the addresses of. Asks nobody; it reads plans.
 */
#ifndef FR_WANTED_H
#define FR_WANTED_H

#include "pins.h"

/* Puts the names that a target pins into names, by the name of the target, or for the policy's: of
 * all, or all names where it has none.
 */
flowrules_status fr_wanted_by_target(struct fr_strings *names, const flowrules_policy *policy,
                                     const char *target);
flowrules_status fr_wanted_by_policy(struct fr_strings *names, const flowrules_policy *policy);
/* The names that are in a network, and those of the lock file below its wildcards. */
flowrules_status fr_names_in_network(struct fr_strings *names, const flowrules_policy *policy,
                                     uint32_t network);

#endif
