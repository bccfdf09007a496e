/*
 * What of the policy a target enforces.
 */
#ifndef FR_SCOPE_H
#define FR_SCOPE_H

#include "plan.h"

/* Finds what the target enforces, and judges every flow of the policy. */
flowrules_status fr_scope_flows(flowrules_plan *plan);

#endif
