/*
 * Who may open a TCP connection to the machine that a target stands on, for scripts that load its
 * rules.
 */
#ifndef FR_ENTRANCES_H
#define FR_ENTRANCES_H

#include "view.h"

/* Notes them in the plan, where its flows can still be asked. */
flowrules_status fr_note_entrances(struct fr_plan *plan);

#endif
