/* What the two files of the backend share. */
#ifndef JUNIPER_SRX_H
#define JUNIPER_SRX_H

#include <flowrules/backend.h>

/* Reads set commands: our own file, or what "show configuration | display set" prints. */
void juniper_srx_read(flowrules_input *in);

#endif
