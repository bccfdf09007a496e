/*
 * Well-known parent domains of services: clients use names below them, so denying the names below
 * breaks the service.
 */
#ifndef FR_PARENTS_H
#define FR_PARENTS_H

/* An example of the names that are used below a canonical name, or NULL. */
const char *fr_name_below(const char *name);

#endif
