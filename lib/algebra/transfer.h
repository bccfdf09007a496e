/*
 * The sets and services of one meaning in the terms of another: each is translated once.
 */
#ifndef FR_TRANSFER_H
#define FR_TRANSFER_H

#include "meaning.h"

struct fr_transfer {
    const flowrules_meaning *from;
    flowrules_meaning *to;
    /* Adds to the builder of the other meaning what an atom of it stands for; NULL: the atom. */
    void (*add)(void *user, uint32_t atom);
    void *user;
    struct fr_vec sets;     /* fr_set: FR_SET_NONE where it is not known yet */
    struct fr_vec services; /* fr_service: likewise */
};

/* False when out of memory; it is to be freed in any case. */
bool fr_transfer_init(struct fr_transfer *t, const flowrules_meaning *from, flowrules_meaning *to);
void fr_transfer_free(struct fr_transfer *t);
/* A set or service in the terms of the other meaning; without memory its stores have failed. */
fr_set fr_transfer_set(struct fr_transfer *t, fr_set set);
fr_service fr_transfer_service(struct fr_transfer *t, fr_service service);

/* The group of some terms of a meaning, and an atom of it, there; UINT32_MAX: out of memory. */
uint32_t fr_transfer_group(flowrules_meaning *to, const flowrules_meaning *from,
                           const fr_string *terms, size_t count);
uint32_t fr_transfer_atom(flowrules_meaning *to, const flowrules_meaning *from, uint32_t atom);

#endif
