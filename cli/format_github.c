/*
 * Findings as commands to the runner of GitHub, which shows them in a change, beside their lines
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
 *
 * A step shows 10 of each severity (https://github.com/actions/toolkit, docs/problem-matchers.md):
 * where there are more, the last one says how many, and they are lines of the log.
 */
#include <stdlib.h>
#include <string.h>

#include "formats.h"

#define SHOWN_MOST 10u /* annotations of a severity in a step */

static const char *const commands[] = {
    [FLOWRULES_NOTE] = "notice", [FLOWRULES_WARNING] = "warning", [FLOWRULES_ERROR] = "error"};

/* The runner's own escapes: those of a property are also : and , which end it. */
static void print_data(FILE *stream, const char *text) {
    for (; *text != '\0'; text++)
        if (*text == '%' || *text == '\r' || *text == '\n')
            fprintf(stream, "%%%02X", (unsigned)*text);
        else
            putc(*text, stream);
}

static void print_property(FILE *stream, const char *text) {
    for (; *text != '\0'; text++)
        if (*text == ':' || *text == ',')
            fprintf(stream, "%%%02X", (unsigned)*text);
        else
            print_data(stream, (char[]){*text, '\0'});
}

/* A line of the log: an old form of the commands may begin anywhere in it, with "##[". */
static void print_line(FILE *stream, const char *text) {
    for (; *text != '\0'; text++)
        if (strncmp(text, "##[", 3) == 0)
            fputs("\\x23", stream);
        else
            putc(*text, stream);
}

static void print_annotation(FILE *stream, const struct results *results,
                             const struct result *result) {
    char *path = result_path(results, result);
    fprintf(stream, "::%s file=", commands[result->severity]);
    print_property(stream, path);
    if (result->line > 0)
        fprintf(stream, ",line=%u", (unsigned)result->line);
    if (result->column > 0)
        fprintf(stream, ",col=%u", (unsigned)result->column);
    if (result->length > 0)
        fprintf(stream, ",endColumn=%u", (unsigned)(result->column + result->length));
    fprintf(stream, ",title=%s::", result->rule);
    print_data(stream, result->message);
    if (result->hint != NULL) {
        fputs("%0Ahint: ", stream);
        print_data(stream, result->hint);
    }
    putc('\n', stream);
    free(path);
}

static void print_logged(FILE *stream, const struct results *results, const struct result *result) {
    char *where = result_where(results, result);
    fprintf(stream, "%s: ", severity_name(result->severity));
    print_line(stream, where);
    fputs(": ", stream);
    print_line(stream, result->message);
    fprintf(stream, " [%s]\n", result->rule);
    free(where);
}

/* A severity: its annotations, then what is only in the log. */
static void print_severity(FILE *stream, const struct results *results,
                           flowrules_severity severity) {
    size_t count = results_open(results, severity), number = 0;
    size_t shown = count <= SHOWN_MOST ? count : SHOWN_MOST - 1;
    for (size_t i = 0; i < results->count; i++) {
        const struct result *result = &results->items[i];
        if (result->severity != severity || result->reason != NULL)
            continue;
        if (number == shown)
            fprintf(stream, "::%s title=flowrules::%zu more are in the log of this step\n",
                    commands[severity], count - shown);
        if (number++ < shown)
            print_annotation(stream, results, result);
        else
            print_logged(stream, results, result);
    }
}

void format_github(FILE *stream, const struct results *results, flowrules_status status) {
    (void)status; /* what failed is among the messages */
    char *verdict = results_verdict(results);
    for (int s = FLOWRULES_ERROR; s >= FLOWRULES_NOTE; s--)
        print_severity(stream, results, (flowrules_severity)s);
    fprintf(stream, "flowrules %s: ", results->verb);
    if (results->subject != NULL) {
        print_line(stream, results->subject);
        fputs(": ", stream);
    }
    print_line(stream, verdict);
    putc('\n', stream);
    free(verdict);
}
