/*
 * Findings as GitLab reads a report of code quality: a list of objects with description,
 * check_name, fingerprint, severity and location
 * (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format).
 */
#include <stdlib.h>

#include "formats.h"
#include "json.h"

static const char *const severities[] = {
    [FLOWRULES_NOTE] = "info", [FLOWRULES_WARNING] = "minor", [FLOWRULES_ERROR] = "critical"};

static char *fingerprint_text(const struct result *result) {
    struct json_answer text;
    json_answer_begin(&text);
    print_fingerprint(text.stream, result);
    return json_answer_take(&text);
}

static cJSON *location_item(const struct results *results, const struct result *result) {
    cJSON *location = json_object(), *lines = json_object();
    char *path = result_path(results, result);
    json_text(location, "path", path);
    json_number(lines, "begin", result->line > 0 ? result->line : 1);
    json_add(location, "lines", lines);
    free(path);
    return location;
}

static cJSON *issue_item(const struct results *results, const struct result *result) {
    cJSON *item = json_object();
    char *description = NULL, *fingerprint = fingerprint_text(result);
    if (result->hint != NULL)
        result_print(&description, "%s (%s)", result->message, result->hint);
    json_text(item, "description", description != NULL ? description : result->message);
    json_text(item, "check_name", result->rule);
    json_text(item, "fingerprint", fingerprint);
    json_text(item, "severity", severities[result->severity]);
    json_add(item, "location", location_item(results, result));
    free(description);
    free(fingerprint);
    return item;
}

void format_gitlab(FILE *stream, const struct results *results, flowrules_status status) {
    (void)status; /* what failed is among the messages */
    struct json_rows rows = json_rows_begin(stream);
    for (size_t i = 0; i < results->count; i++)
        if (results->items[i].reason == NULL)
            json_row(&rows, issue_item(results, &results->items[i]));
    json_rows_end(&rows);
    putc('\n', stream);
}
