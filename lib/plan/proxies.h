/*
 * Which flows go through the proxies of a policy.
 */
#ifndef FR_PROXIES_H
#define FR_PROXIES_H

#include "policy.h"

/*
 * Warns of proxies that no flow goes through; with flows also notes which flows go through each.
 * Does nothing for a policy without proxies.
 */
flowrules_status fr_proxies_tell(const flowrules_policy *policy, bool flows);

#endif
