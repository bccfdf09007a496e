/*
 * The target that a plan is of.
 */
#ifndef FR_TARGET_H
#define FR_TARGET_H

#include "plan.h"

/* Finds the target "NAME[:FORMAT]"; spec NULL: the whole policy. */
flowrules_status fr_find_target(flowrules_plan *plan, const char *spec);

#endif
