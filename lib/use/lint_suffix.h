/*
 * Domains below which names are given to everybody: public suffixes, and domains of clouds.
 */
#ifndef FR_LINT_SUFFIX_H
#define FR_LINT_SUFFIX_H

#include <stdbool.h>

/* True if everybody can register names below the domain (com, co.uk, github.io). */
bool fr_is_public_suffix(const char *domain);
/* Whose customers get names somewhere below the domain (amazonaws.com); NULL: nobody's. */
const char *fr_hosting_of(const char *domain);

#endif
