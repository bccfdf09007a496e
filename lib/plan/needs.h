/*
 * The services that every machine or site needs, and those of them that a target denies to
 * everybody.
 */
#ifndef FR_NEEDS_H
#define FR_NEEDS_H

#include "rules.h"

/* Warns, once for a target, of the services that no flow lets in or out. */
flowrules_status fr_warn_of_needs(const flowrules_plan *plan);
/* Notes them in the rules, for the head of the target's artifact. */
flowrules_status fr_note_needs(struct fr_rules *rules);

#endif
