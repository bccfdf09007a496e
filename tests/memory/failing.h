/*
 * An allocator below the process's malloc, which fails once; see failing.c.
 */
#ifndef FAILING_H
#define FAILING_H

#include <stddef.h>

/* The blocks that are in use. */
size_t failing_live(void);
/* The bytes that are in use, and the most that were since failing_begin. */
size_t failing_bytes(void);
size_t failing_peak(void);
/* Counts allocations from now on, from 1, and lets number `at` fail (0: none). */
void failing_begin(size_t at);
/* Ends that; how many allocations there were. */
size_t failing_end(void);
/* Was allocation number `number` of the last count the `most`-th or an earlier one of its callers?
 */
int failing_is_new(size_t number, unsigned most);

#endif
