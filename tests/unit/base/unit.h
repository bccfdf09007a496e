/*
 * What the unit tests share: suites, a seeded generator, and an allocator that runs out.
 */
#ifndef FR_TESTS_UNIT_H
#define FR_TESTS_UNIT_H

#include <CUnit/CUnit.h>

#include "memory.h"

struct unit_test {
    const char *name; /* NULL at the end */
    void (*run)(void);
};

/* Adds a suite to the program that the file is linked into: UNIT_SUITE(words) { unit_suite(...); }
 */
#define UNIT_SUITE(words) __attribute__((constructor)) static void add_##words##_suite(void)
void unit_suite(const char *name, const struct unit_test *tests);

/* The next number of a seeded generator (xorshift64*), below limit. */
uint32_t unit_random(uint64_t *state, uint32_t limit);

/* Is only the quick part wanted (PART=quick, see tests/run)? */
bool unit_is_quick(void);

/* How many rounds of what is random: ROUNDS of the environment, or else few where only the quick
 * part is wanted, many where LONG is set, and the usual number otherwise. */
uint64_t unit_rounds(uint64_t few, uint64_t usual, uint64_t many);

/* Grants so many allocations, then none; counts what is not yet freed. */
struct unit_budget {
    size_t left, live;
};
struct fr_allocator unit_allocator(struct unit_budget *budget);

#endif
