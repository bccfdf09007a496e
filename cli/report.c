/*
 * flowrules report: a page, and the same as Markdown, CSV and JSON, for the people who judge a
 * policy. The library makes the files; here they are written as one set, or JSON is printed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "output.h"
#include "verbs.h"

static flowrules_status check_options(struct tool *tool) {
    const struct settings *settings = &tool->settings;
    if (settings->json && settings->output != NULL)
        return tell_usage(tool, "--json prints what -o writes as report.json; give one of them");
    if (!settings->json && settings->output == NULL)
        return tell_usage(tool, "a report has several files; give a folder with -o DIR, or --json");
    if (settings->replace && settings->output == NULL)
        return tell_usage(tool, "--replace replaces files in a folder, and needs -o DIR");
    return FLOWRULES_OK;
}

/* What is asserted besides: NULL where no file is given. */
static flowrules_status read_assertions(struct tool *tool, const flowrules_policy *policy,
                                        flowrules_assertions **assertions) {
    *assertions = NULL;
    if (tool->settings.assertions.count == 0)
        return FLOWRULES_OK;
    flowrules_status status = flowrules_assertions_new(assertions, tool->context, policy);
    return status == FLOWRULES_OK ? add_assertion_files(tool, *assertions) : status;
}

static struct output output_of(const flowrules_artifact *artifact, size_t file) {
    return (struct output){.target = REPORT_TARGET,
                           .name = flowrules_artifact_file_name(artifact, file),
                           .artifact = artifact,
                           .file = file,
                           .bytes = flowrules_artifact_file_size(artifact, file)};
}

/* The JSON is the last of the files. */
static void print_json(const flowrules_artifact *artifact) {
    struct output json = output_of(artifact, flowrules_artifact_file_count(artifact) - 1);
    print_output(&json);
}

static flowrules_status write_files(struct tool *tool, const flowrules_artifact *artifact) {
    const char *folder = tool->settings.output;
    size_t count = flowrules_artifact_file_count(artifact);
    struct output *outputs = allocate(count, sizeof(*outputs));
    struct names targets = {0};
    struct delivery delivery = {.policy = tool->settings.operands.items[0],
                                .targets = &targets,
                                .replace = tool->settings.replace};
    names_add(&targets, REPORT_TARGET);
    for (size_t i = 0; i < count; i++)
        outputs[i] = output_of(artifact, i);
    flowrules_status status = write_outputs(tool, folder, outputs, count, &delivery);
    for (size_t i = 0; i < count && status == FLOWRULES_OK; i++)
        print_file_line("wrote", folder, outputs[i].name);
    delivery_free(&delivery);
    names_free(&targets);
    free(outputs);
    return status;
}

flowrules_status run_report(struct tool *tool) {
    flowrules_policy *policy = NULL;
    flowrules_assertions *assertions = NULL;
    flowrules_artifact *artifact = NULL;
    flowrules_status status = check_options(tool);
    if (status == FLOWRULES_OK)
        status = open_policy(&policy, tool, tool->settings.operands.items[0]);
    if (status == FLOWRULES_OK)
        status = read_assertions(tool, policy, &assertions);
    if (status == FLOWRULES_OK)
        status = flowrules_overview(&artifact, tool->context, policy, assertions);
    tell_diagnostics(tool);
    if (status == FLOWRULES_OK && tool->settings.json)
        print_json(artifact);
    else if (status == FLOWRULES_OK)
        status = write_files(tool, artifact);
    flowrules_artifact_free(artifact);
    flowrules_assertions_free(assertions);
    flowrules_policy_free(policy);
    return status;
}
