/*
 * A rendering read back and held against its policy, before anybody gets it.
 */
#ifndef FR_PROOF_H
#define FR_PROOF_H

#include "expect.h"
#include "render.h"

/*
 * Reads the artifact of a plan back and compares it with what the plan must let pass.
 * FLOWRULES_REFUSED, with a message, if they differ; a warning if that cannot be determined.
 */
flowrules_status fr_prove(const flowrules_plan *plan, const flowrules_meaning *expected,
                          const flowrules_artifact *artifact);

#endif
