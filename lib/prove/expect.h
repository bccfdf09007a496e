/*
 * What a target has to let pass, as a meaning.
 */
#ifndef FR_EXPECT_H
#define FR_EXPECT_H

#include "input.h"

/* The meaning of a plan's flows and baseline; before it is lowered, without refusals. */
flowrules_status fr_expect(flowrules_meaning **meaning, const flowrules_plan *plan);

#endif
