/*
 * Well-known names below which services have names that clients use: shutting what is below such a
 * name breaks them.
 */
#ifndef FR_PARENTS_H
#define FR_PARENTS_H

/* A name of the kind that is in use below a canonical name, or NULL. */
const char *fr_name_below(const char *name);

#endif
