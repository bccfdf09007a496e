/*
 * Findings as JUnit's XML, as continuous integrations read it: what does not fail the verb is a
 * test that passes, and what the policy accepts one that is skipped
 * (https://docs.gitlab.com/ci/testing/unit_test_reports/; tests of one class and name are one test
 * to it, so that names differ).
 */
#include <stdlib.h>
#include <string.h>

#include "formats.h"

/* How many tests have which end. */
struct tests {
    size_t all, failures, errors, skipped;
};

/* Text holds no control characters; U+FFFE and U+FFFF, which XML does not have, are spelled. */
static void print_xml(FILE *stream, const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (strchr("&<>\"'", byte) != NULL)
            fprintf(stream, "&#%u;", (unsigned)byte);
        else if (strncmp(text, "\xEF\xBF\xBE", 3) == 0 || strncmp(text, "\xEF\xBF\xBF", 3) == 0)
            fprintf(stream, "\\x%02X\\x%02X\\x%02X", (unsigned)byte,
                    (unsigned)(unsigned char)text[1], (unsigned)(unsigned char)text[2]);
        else
            putc(byte, stream);
        if (byte == 0xEF && (unsigned char)text[1] == 0xBF && (unsigned char)text[2] >= 0xBE)
            text += 2;
    }
}

static void print_attribute(FILE *stream, const char *name, const char *value) {
    fprintf(stream, " %s=\"", name);
    print_xml(stream, value);
    putc('"', stream);
}

/* ---- tests --------------------------------------------------------------------------------- */

/* The name of a result's test: its group's, or its own text. */
static bool same_test(const struct result *a, const struct result *b) {
    return a->test != NULL && b->test != NULL && strcmp(a->test, b->test) == 0;
}

/* The number of results, from the first, that are of one test. */
static size_t group_size(const struct results *results, size_t first) {
    size_t end = first + 1;
    while (end < results->count && same_test(&results->items[first], &results->items[end]))
        end++;
    return end - first;
}

static bool group_fails(const struct result *group, size_t size) {
    bool fails = false;
    for (size_t i = 0; i < size; i++)
        fails = fails || (group[i].fails && group[i].reason == NULL);
    return fails;
}

static bool is_broken_off(const struct result *group) {
    return strcmp(group->rule, "tool") == 0;
}

static struct tests count_tests(const struct results *results) {
    struct tests tests = {.all = results->passed.count};
    for (size_t i = 0; i < results->count; i += group_size(results, i)) {
        const struct result *group = &results->items[i];
        bool fails = group_fails(group, group_size(results, i));
        tests.all++;
        tests.failures += fails && !is_broken_off(group);
        tests.errors += fails && is_broken_off(group);
        tests.skipped += !fails && group->reason != NULL;
    }
    if (tests.all == 0)
        tests.all = 1;
    return tests;
}

static void print_counts(FILE *stream, const struct tests *tests) {
    fprintf(stream, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"0\"",
            tests->all, tests->failures, tests->errors, tests->skipped);
}

static void print_line(FILE *stream, const struct results *results, const struct result *result) {
    char *where = result_where(results, result);
    print_xml(stream, where);
    fprintf(stream, ": %s: ", severity_name(result->severity));
    print_xml(stream, result->message);
    fprintf(stream, " [%s]\n", result->rule);
    if (result->hint != NULL) {
        fputs("  hint: ", stream);
        print_xml(stream, result->hint);
        putc('\n', stream);
    }
    free(where);
}

static void print_lines(FILE *stream, const struct results *results, const struct result *group,
                        size_t size) {
    for (size_t i = 0; i < size; i++)
        print_line(stream, results, &group[i]);
}

static void print_end(FILE *stream, const struct results *results, const struct result *group,
                      size_t size) {
    bool fails = group_fails(group, size);
    const char *element = is_broken_off(group) ? "error" : "failure";
    if (fails) {
        fprintf(stream, "      <%s type=\"%s\"", element, group->rule);
        print_attribute(stream, "message", group->message);
        putc('>', stream);
        print_lines(stream, results, group, size);
        fprintf(stream, "</%s>\n", element);
    } else if (group->reason != NULL) {
        fputs("      <skipped", stream);
        print_attribute(stream, "message", group->reason);
        fputs("/>\n", stream);
    } else {
        fputs("      <system-out>", stream);
        print_lines(stream, results, group, size);
        fputs("</system-out>\n", stream);
    }
}

static void print_test(FILE *stream, const struct results *results, const struct result *group,
                       size_t size) {
    char *path = result_path(results, group), *shown = shown_text(path), *name = NULL;
    if (group->test != NULL)
        result_set(&name, group->test);
    else
        result_print(&name, "%s: %s: %s", group->rule, path, group->message);
    if (group->occurrence > 0)
        result_print(&name, "%s (%zu)", name, group->occurrence + 1);
    fprintf(stream, "    <testcase classname=\"flowrules.%s\"", results->verb);
    print_attribute(stream, "name", name);
    print_attribute(stream, "file", shown);
    if (group->line > 0)
        fprintf(stream, " line=\"%u\"", (unsigned)group->line);
    fputs(" time=\"0\">\n", stream);
    print_end(stream, results, group, size);
    fputs("    </testcase>\n", stream);
    free(path);
    free(shown);
    free(name);
}

static void print_passed(FILE *stream, const struct results *results, const char *name) {
    fprintf(stream, "    <testcase classname=\"flowrules.%s\"", results->verb);
    print_attribute(stream, "name", name);
    fputs(" time=\"0\"/>\n", stream);
}

void format_junit(FILE *stream, const struct results *results, flowrules_status status) {
    (void)status; /* what failed is among the messages */
    struct tests tests = count_tests(results);
    char *name = NULL;
    result_print(&name, "flowrules %s%s%s", results->verb, results->subject != NULL ? " " : "",
                 results->subject != NULL ? results->subject : "");
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"flowrules\"", stream);
    print_counts(stream, &tests);
    fputs(">\n  <testsuite", stream);
    print_attribute(stream, "name", name);
    print_counts(stream, &tests);
    fputs(">\n", stream);
    for (size_t i = 0; i < results->passed.count; i++)
        print_passed(stream, results, results->passed.items[i]);
    for (size_t i = 0; i < results->count; i += group_size(results, i))
        print_test(stream, results, &results->items[i], group_size(results, i));
    if (results->passed.count + results->count == 0)
        print_passed(stream, results, name);
    fputs("  </testsuite>\n</testsuites>\n", stream);
    free(name);
}
