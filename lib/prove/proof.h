/*
 * A rendering read back and held against its policy, before anybody gets it.
 */
#ifndef FR_PROOF_H
#define FR_PROOF_H

#include "expect.h"
#include "render.h"

/*
 * Does the artifact of a plan mean what was expected of it before it was lowered?
 * FLOWRULES_REFUSED, with a message, where it does not; a warning where it can't be told.
 */
flowrules_status fr_prove(const flowrules_plan *plan, const flowrules_meaning *expected,
                          const flowrules_artifact *artifact);

#endif
