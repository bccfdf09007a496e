/*
 * Who may open a TCP connection to the machine of a target, for scripts that load its rules.
 */
#ifndef FR_ENTRANCES_H
#define FR_ENTRANCES_H

#include "rules.h"

/* Notes them in the rules. */
flowrules_status fr_note_entrances(struct fr_rules *rules);

#endif
