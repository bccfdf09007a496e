/*
 * Addresses at which very many sites are served: those of content delivery networks.
 */
#ifndef FR_LINT_SHARED_H
#define FR_LINT_SHARED_H

#include "addresses.h"
#include "memory.h"

/* Addresses that someone serves the sites of others at. */
struct fr_shared {
    struct flowrules_range range;
    const char *who;
};

/* The table that is known (struct fr_shared), to be freed (fr_vec_free) in any case; false when out
 * of memory. */
bool fr_shared_init(struct fr_vec *table, const struct fr_allocator *allocator);
/* Who serves others' sites at this address; NULL: nobody that is known. */
const char *fr_shared_by(const struct fr_vec *table, enum flowrules_family family,
                         struct flowrules_ip ip);

#endif
