/*
 * Which lines two texts do not have in common, in their order. Knows no syntax.
 */
#ifndef FR_LINE_DIFF_H
#define FR_LINE_DIFF_H

#include "memory.h"

struct fr_line {
    const char *text; /* of the whole text; without its line break */
    size_t length;
    uint32_t hash;
};

/* Splits a text into lines, which are added to a vector of struct fr_line; false: out of memory. */
bool fr_lines_split(struct fr_vec *lines, const char *text, size_t size);

/* Takes a line that only one text has: its number from 0. False ends the comparison. */
typedef bool (*fr_line_fn)(void *user, bool added, size_t line);

/*
 * Calls visit for each line that is removed from before or added in after, as few as there can be,
 * in order. Texts that differ in very many lines are taken as different from the first of these to
 * the last. False when out of memory, and when visit was.
 */
bool fr_lines_compare(const struct fr_vec *before, const struct fr_vec *after, fr_line_fn visit,
                      void *user);

#endif
