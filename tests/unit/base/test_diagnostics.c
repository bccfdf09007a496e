/*
 * Diagnostics: safe text, source lines, order, the cap, suggestions, and want of memory.
 */
#include <stdio.h>
#include <string.h>

#include "diagnostics.h"
#include "unit.h"

static const struct fr_diagnostic *at(const struct fr_diagnostics *d, size_t i) {
    return fr_vec_at(&d->list, const struct fr_diagnostic, i);
}

static void note(struct fr_diagnostics *d, uint32_t file, uint32_t line, const char *text) {
    struct fr_about about = {FLOWRULES_NOTE, FR_EXPIRED, {file, line, 1, 0}, NULL, NULL, NULL};
    fr_report(d, &about, "%s", text);
}

static void text_is_made_safe(void) {
    struct fr_diagnostics d;
    fr_diagnostics_init(&d, &fr_default_allocator);
    struct fr_about about = {FLOWRULES_WARNING, FR_EXPIRED, FR_NOWHERE, "fl\now", "t\x1bx", "h\r"};
    fr_report(&d, &about, "%s", "a\x1b[31m\n\tb\x7f \xc2\x9b \xff \xe2\x82 h\xc3\xa9 \xe2\x80\xae");
    CU_ASSERT_STRING_EQUAL(at(&d, 0)->message,
                           "a\\x1B[31m\\x0A\\x09b\\x7F \\xC2\\x9B \\xFF \\xE2\\x82 h\xc3\xa9 "
                           "\\xE2\\x80\\xAE");
    CU_ASSERT_STRING_EQUAL(at(&d, 0)->flow, "fl\\x0Aow");
    CU_ASSERT_STRING_EQUAL(at(&d, 0)->target, "t\\x1Bx");
    CU_ASSERT_STRING_EQUAL(at(&d, 0)->hint, "h\\x0D");
    CU_ASSERT_PTR_NULL(at(&d, 0)->file);
    CU_ASSERT_EQUAL(d.error_count, 0);
    fr_diagnostics_free(&d);
}

static void long_messages_are_cut(void) {
    struct fr_diagnostics d;
    static char text[5001];
    fr_diagnostics_init(&d, &fr_default_allocator);
    for (size_t i = 0; i < 5000; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    for (unsigned shift = 0; shift < 2; shift++) {
        CU_ASSERT_EQUAL(fr_error(&d, FR_ADDRESS, FR_NOWHERE, text, "%s%s", shift ? "x" : "", text),
                        FLOWRULES_INVALID);
        const char *message = at(&d, shift)->message;
        size_t length = strlen(message);
        CU_ASSERT(length > 1000 && length <= 1024);
        CU_ASSERT_STRING_EQUAL(message + length - 3, "...");
        CU_ASSERT_PTR_NULL(strstr(message, "\\x"));
        CU_ASSERT_PTR_NULL(strstr(at(&d, shift)->hint, "\\x"));
    }
    CU_ASSERT_EQUAL(d.error_count, 2);
    fr_diagnostics_free(&d);
}

static const char *line_of(struct fr_diagnostics *d, uint32_t file, uint32_t line,
                           uint32_t column) {
    fr_error(d, FR_ADDRESS, (struct fr_at){file, line, column, 1}, NULL, "x");
    return at(d, d->list.count - 1)->source;
}

static void source_lines_are_found(void) {
    static const char text[] = "one\ntwo\r\nthre\xc3\xa9\rfour\xc2\x85"
                               "five\xe2\x80\xa8six\n\n\te\x1bight";
    struct fr_diagnostics d;
    fr_diagnostics_init(&d, &fr_default_allocator);
    uint32_t file = fr_diagnostics_file(&d, "a\nb.yaml", text, sizeof text - 1);
    CU_ASSERT_EQUAL(file, 1);
    CU_ASSERT_STRING_EQUAL(fr_diagnostics_file_name(&d, file), "a\\x0Ab.yaml");
    CU_ASSERT_PTR_NULL(fr_diagnostics_file_name(&d, 0));
    CU_ASSERT_PTR_NULL(fr_diagnostics_file_name(&d, 2));
    static const char *const lines[] = {"one", "two", "thre\xc3\xa9", "four", "five",
                                        "six", "",    " e\\x1Bight"};
    static const uint32_t order[] = {1, 2, 3, 4, 5, 6, 7, 8, 3, 1, 8, 8};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const char *line = line_of(&d, file, order[i], 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(line);
        CU_ASSERT_STRING_EQUAL(line, lines[order[i] - 1]);
    }
    CU_ASSERT_PTR_NULL(line_of(&d, file, 9, 1));
    CU_ASSERT_PTR_NULL(line_of(&d, file, 0, 0));
    CU_ASSERT_STRING_EQUAL(line_of(&d, file, 2, 1), "two");
    CU_ASSERT_PTR_NULL(line_of(&d, 7, 1, 1));
    fr_diagnostics_forget(&d, file);
    CU_ASSERT_PTR_NULL(line_of(&d, file, 1, 1));
    CU_ASSERT_STRING_EQUAL(at(&d, d.list.count - 1)->file, "a\\x0Ab.yaml");
    fr_diagnostics_clear(&d);
    CU_ASSERT_EQUAL(d.list.count + d.error_count, 0);
    CU_ASSERT_STRING_EQUAL(fr_diagnostics_file_name(&d, file), "a\\x0Ab.yaml");
    fr_diagnostics_free(&d);
}

static void long_lines_are_cut(void) {
    static char text[1001];
    struct fr_diagnostics d;
    fr_diagnostics_init(&d, &fr_default_allocator);
    text[0] = 'x';
    for (size_t i = 1; i < 1000; i += 2)
        memcpy(text + i, "\xc3\xa9", i == 999 ? 1 : 2);
    uint32_t file = fr_diagnostics_file(&d, "f", text, 1000);
    const char *line = line_of(&d, file, 1, 100);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    CU_ASSERT_EQUAL(strlen(line), 239);
    CU_ASSERT_PTR_NOT_NULL(line_of(&d, file, 1, 120));
    CU_ASSERT_PTR_NULL(line_of(&d, file, 1, 121));
    fr_diagnostics_free(&d);
}

static void sorting_is_stable(void) {
    struct fr_diagnostics d;
    uint64_t random = 12;
    fr_diagnostics_init(&d, &fr_default_allocator);
    note(&d, 9, 9, "stays");
    for (unsigned i = 0; i < 900; i++) {
        char text[8];
        snprintf(text, sizeof text, "%04u", i);
        note(&d, unit_random(&random, 3), unit_random(&random, 20), text);
    }
    fr_diagnostics_sort(&d, 1);
    CU_ASSERT_STRING_EQUAL(at(&d, 0)->message, "stays");
    for (size_t i = 2; i < d.list.count; i++) {
        const struct fr_diagnostic *a = at(&d, i - 1), *b = at(&d, i);
        CU_ASSERT(a->at.file < b->at.file ||
                  (a->at.file == b->at.file &&
                   (a->at.line < b->at.line ||
                    (a->at.line == b->at.line && strcmp(a->message, b->message) < 0))));
    }
    fr_diagnostics_sort(&d, 5000);
    fr_diagnostics_free(&d);
}

static void the_cap_says_how_many_more(void) {
    struct fr_diagnostics d;
    fr_diagnostics_init(&d, &fr_default_allocator);
    for (unsigned i = 0; i < FR_DIAGNOSTICS_MAX; i++)
        note(&d, 0, 5000 - i, "note");
    CU_ASSERT_STRING_EQUAL(at(&d, FR_DIAGNOSTICS_MAX - 1)->message, "note");
    note(&d, 0, 1, "note");
    note(&d, 0, 1, "note");
    fr_error(&d, FR_ADDRESS, FR_NOWHERE, NULL, "an error is always told");
    fr_diagnostics_sort(&d, 0);
    CU_ASSERT_EQUAL(d.list.count, FR_DIAGNOSTICS_MAX);
    CU_ASSERT_STRING_EQUAL(at(&d, FR_DIAGNOSTICS_MAX - 1)->message,
                           "4 more messages are not shown");
    CU_ASSERT_EQUAL(at(&d, FR_DIAGNOSTICS_MAX - 1)->severity, FLOWRULES_NOTE);
    CU_ASSERT_STRING_EQUAL(at(&d, 0)->message, "an error is always told");
    for (unsigned i = 0; i < 3000; i++)
        fr_error(&d, FR_ADDRESS, FR_NOWHERE, NULL, "error %u", i);
    CU_ASSERT_EQUAL(d.error_count, 3001);
    CU_ASSERT_EQUAL(d.list.count, FR_DIAGNOSTICS_MAX);
    for (size_t i = 0; i < FR_DIAGNOSTICS_MAX - 1; i++)
        CU_ASSERT_EQUAL(at(&d, i)->severity, FLOWRULES_ERROR);
    CU_ASSERT_STRING_EQUAL(at(&d, FR_DIAGNOSTICS_MAX - 1)->message,
                           "3004 more messages are not shown");
    fr_diagnostics_clear(&d);
    note(&d, 0, 1, "again");
    CU_ASSERT_EQUAL(d.list.count, 1);
    fr_diagnostics_free(&d);
}

static const char *candidate(const void *user, size_t i) {
    return ((const char *const *)user)[i];
}

static void a_slip_is_recognised(void) {
    static const char *const names[] = {"source", "destination", "service", "port", "tags",
                                        "Owner",  "expires",     "x",       NULL};
    static const char *const slips[][2] = {{"souce", "source"},
                                           {"sorce", "source"},
                                           {"soruce", "source"},
                                           {"SOURCE", "source"},
                                           {"owner", "Owner"},
                                           {"prot", "port"},
                                           {"tag", "tags"},
                                           {"servcie", "service"},
                                           {"destinations", "destination"},
                                           {"dstination", "destination"},
                                           {"expire", "expires"}};
    static const char *const others[] = {"", "a", "y", "banana", "protocol", "sauerkraut"};
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        const char *found = fr_nearest(slips[i][0], candidate, names);
        CU_ASSERT_PTR_NOT_NULL_FATAL(found);
        CU_ASSERT_STRING_EQUAL(found, slips[i][1]);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CU_ASSERT_PTR_NULL(fr_nearest(others[i], candidate, names));
    char long_text[200];
    memset(long_text, 'a', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    const char *const long_names[] = {long_text, "abcdef", NULL};
    CU_ASSERT_PTR_NULL(fr_nearest(long_text, candidate, long_names));
    CU_ASSERT_STRING_EQUAL(fr_nearest("abcdeg", candidate, long_names), "abcdef");
}

/* Every error is counted whatever memory there is, and every message has a text. */
static void want_of_memory_is_told(void) {
    for (size_t allowed = 0; allowed < 15; allowed++) {
        struct unit_budget budget = {allowed, 0};
        struct fr_allocator allocator = unit_allocator(&budget);
        struct fr_diagnostics d;
        fr_diagnostics_init(&d, &allocator);
        uint32_t file = fr_diagnostics_file(&d, "name", "line\n", 5);
        for (unsigned i = 0; i < 1200; i++)
            fr_error(&d, FR_ADDRESS, (struct fr_at){file, 1, 1, 1}, "hint", "message %u", i);
        CU_ASSERT_EQUAL(d.error_count, 1200);
        CU_ASSERT(d.out_of_memory);
        for (size_t i = 0; i < d.list.count; i++)
            CU_ASSERT_PTR_NOT_NULL(at(&d, i)->message);
        fr_diagnostics_sort(&d, 0);
        fr_diagnostics_clear(&d);
        fr_diagnostics_free(&d);
        CU_ASSERT_EQUAL(budget.live, 0);
    }
}

UNIT_SUITE(diagnostics) {
    static const struct unit_test tests[] = {
        {"text is made safe", text_is_made_safe},
        {"long messages are cut", long_messages_are_cut},
        {"source lines are found", source_lines_are_found},
        {"long lines are cut", long_lines_are_cut},
        {"sorting is stable", sorting_is_stable},
        {"the cap says how many more", the_cap_says_how_many_more},
        {"a slip is recognised", a_slip_is_recognised},
        {"want of memory is told", want_of_memory_is_told},
        {NULL, NULL}};
    unit_suite("diagnostics", tests);
}
