/*
 * Why a target cannot express a flow, or a part of it.
 */
#ifndef FR_SAYABLE_H
#define FR_SAYABLE_H

#include "plan.h"

/* Why the target can't say a protocol or ports that a flow has in some of the families, if it
 * can't. */
struct fr_why fr_unsayable_service(const flowrules_plan *plan, const struct fr_flow *flow,
                                   unsigned families);
/* True if a flow has, in these families, ICMP types that the target cannot distinguish. */
bool fr_gives_up_icmp_types(const flowrules_plan *plan, const struct fr_flow *flow,
                            unsigned families);
/* *why becomes why the target, or its backend, cannot express a part, if so. */
flowrules_status fr_refuse_part(const flowrules_plan *plan, const struct fr_scoped *part,
                                struct fr_why *why);

#endif
