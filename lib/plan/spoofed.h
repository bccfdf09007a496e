/*
 * Sources that are where they belong: with anti-spoofing, addresses of a network may come by its
 * own interfaces alone.
 */
#ifndef FR_SPOOFED_H
#define FR_SPOOFED_H

#include "plan.h"

/* The boolean setting of a target whose rules match interfaces. */
#define FR_SPOOFING_SETTING "anti-spoofing"

/* Finds the addresses and their interfaces, where the target has the setting. */
flowrules_status fr_find_own_sources(flowrules_plan *plan);

#endif
