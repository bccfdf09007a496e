/*
 * Chooses the format of what a verb found. Knows all formats by name, and what they share.
 */
#include "formats.h"

#include "json.h"

static void (*const renderers[])(FILE *stream, const struct results *results,
                                 flowrules_status status) = {
    [FORMAT_MARKDOWN] = format_markdown, [FORMAT_SARIF] = format_sarif,
    [FORMAT_JUNIT] = format_junit,       [FORMAT_GITHUB] = format_github,
    [FORMAT_GITLAB] = format_gitlab,
};

flowrules_status choose_format(struct tool *tool) {
    int format = tool->settings.result_format;
    if (tool->settings.json && format != FORMAT_TEXT && format != FORMAT_JSON)
        return tell_usage(tool, "--json and --format exclude each other");
    tool->settings.json = tool->settings.json || format == FORMAT_JSON;
    return FLOWRULES_OK;
}

bool is_rendered(const struct tool *tool) {
    return renderers[tool->settings.result_format] != NULL;
}

void print_results(const struct tool *tool, struct results *results, flowrules_status status) {
    struct json_answer answer;
    results_finish(results);
    json_answer_begin(&answer);
    renderers[tool->settings.result_format](answer.stream, results, status);
    json_answer_end(&answer);
}
