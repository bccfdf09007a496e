/*
 * Names that are found again by their text, however many there are. Knows nothing of what they
 * name.
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_NAME SIZE_MAX

struct names {
    const char **items; /* texts of others, which live as long; each is there once */
    size_t count;
    size_t *slots; /* open addressing, a power of two of them: a number and 1, or 0 */
    size_t slot_count;
    bool any_case; /* a small letter of ASCII is its capital */
};

/* The number of a name, or NO_NAME. */
size_t names_find(const struct names *names, const char *name);
/* The same, but a name that is not there gets the next number. */
size_t names_add(struct names *names, const char *name);
void names_free(struct names *names);

#endif
