/*
 * Runs the unit tests of a room; the last line says how many passed.
 *
 * usage: ROOM [NAME...]     only suites and tests with these names
 *        ROOM --list        what they are
 */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* What the files of the program have added before main. */
static struct {
    const char *name;
    const struct unit_test *tests;
} suites[32];
static size_t suite_count;

static char *const *asked; /* the names that were asked for, up to NULL */

static bool is_asked(const char *name) {
    for (char *const *each = asked; *each != NULL; each++)
        if (strcmp(*each, name) == 0)
            return true;
    return asked[0] == NULL;
}

/* Of the names that were asked for, how many nothing has; each is told. */
static unsigned tell_unknown(void) {
    unsigned unknown = 0;
    for (char *const *each = asked; *each != NULL; each++) {
        bool known = CU_get_suite(*each) != NULL;
        for (CU_pSuite suite = CU_get_registry()->pSuite; suite != NULL && !known;
             suite = suite->pNext)
            known = CU_get_test_by_name(*each, suite) != NULL;
        if (!known)
            printf("FAIL %s: there is no such suite or test\n", *each);
        unknown += !known;
    }
    return unknown;
}

void unit_suite(const char *name, const struct unit_test *tests) {
    if (suite_count == sizeof suites / sizeof *suites)
        abort();
    suites[suite_count].name = name;
    suites[suite_count++].tests = tests;
}

/* Gives a suite to CUnit; a registry that does not take it ends the program. */
static void register_suite(const char *name, const struct unit_test *tests) {
    CU_pSuite suite = CU_add_suite(name, NULL, NULL);
    bool whole = is_asked(name);
    for (; suite != NULL && tests->name != NULL; tests++)
        if ((whole || is_asked(tests->name)) && CU_add_test(suite, tests->name, tests->run) == NULL)
            suite = NULL;
    if (suite == NULL) {
        fprintf(stderr, "%s: %s\n", name, CU_get_error_msg());
        exit(EXIT_FAILURE);
    }
}

static int list(void) {
    for (size_t i = 0; i < suite_count; i++) {
        puts(suites[i].name);
        for (const struct unit_test *test = suites[i].tests; test->name != NULL; test++)
            puts(test->name);
    }
    return EXIT_SUCCESS;
}

bool unit_is_quick(void) {
    const char *part = getenv("PART");
    return part != NULL && strcmp(part, "quick") == 0 && getenv("LONG") == NULL;
}

uint64_t unit_rounds(uint64_t few, uint64_t usual, uint64_t many) {
    const char *rounds = getenv("ROUNDS");
    if (rounds != NULL)
        return strtoull(rounds, NULL, 10);
    return getenv("LONG") != NULL ? many : unit_is_quick() ? few : usual;
}

uint32_t unit_random(uint64_t *state, uint32_t limit) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 32) % limit;
}

static void *resize_within(void *user, void *block, size_t size) {
    struct unit_budget *budget = user;
    if (size == 0) {
        budget->live -= block != NULL;
        free(block);
        return NULL;
    }
    if (budget->left == 0)
        return NULL;
    budget->left--;
    void *moved = realloc(block, size);
    budget->live += block == NULL && moved != NULL;
    return moved;
}

struct fr_allocator unit_allocator(struct unit_budget *budget) {
    return (struct fr_allocator){resize_within, budget};
}

int main(int count, char **words) {
    asked = words + (count > 0 ? 1 : 0);
    if (count == 2 && strcmp(words[1], "--list") == 0)
        return list();
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    for (size_t i = 0; i < suite_count; i++)
        register_suite(suites[i].name, suites[i].tests);
    unsigned unknown = tell_unknown();
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned run = CU_get_number_of_tests_run() + unknown;
    unsigned failed = CU_get_number_of_tests_failed() + unknown;
    CU_cleanup_registry();
    printf("%u passed, %u failed, 0 skipped\n", run - failed, failed);
    return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
