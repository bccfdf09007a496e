/*
 * paloalto, what its record names of other files.
 */
#ifndef PALOALTO_H
#define PALOALTO_H

#include "flowrules/backend.h"

void fr_paloalto_read(flowrules_input *in);

#endif
