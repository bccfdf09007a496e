/*
 * Addresses at which very many sites are served: those of content delivery networks.
 */
#ifndef FR_LINT_SHARED_H
#define FR_LINT_SHARED_H

#include "addresses.h"

/* Who serves others' sites at this address; NULL: nobody that is known. */
const char *fr_shared_by(enum flowrules_family family, struct flowrules_ip ip);

#endif
