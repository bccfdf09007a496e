/* What the two files of the backend share. */
#ifndef MIKROTIK_H
#define MIKROTIK_H

#include <flowrules/backend.h>

/* Reads commands: our own file, or what /export prints. */
void mikrotik_read(flowrules_input *in);
/* The replies: what a target lets pass besides its flows. */
void mikrotik_baseline(const flowrules_plan *plan, flowrules_input *in);

#endif
