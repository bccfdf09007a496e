/*
 * flowrules probe: a test of the flows, to be run where they begin. The library writes it; here
 * the options are handed on, and the one file goes to standard output or to a folder.
 */
#include <stdio.h>

#include "json.h"
#include "output.h"
#include "verbs.h"

static flowrules_status check_options(struct tool *tool) {
    const struct settings *settings = &tool->settings;
    if (settings->targets.count > 1)
        return tell_usage(tool, "a test runs in one place: give only one -t TARGET");
    if (settings->json && settings->output != NULL)
        return tell_usage(tool, "--json and -o exclude each other");
    return FLOWRULES_OK;
}

static flowrules_status set_list(flowrules_probe *probe, const char *key,
                                 const struct text_list *list) {
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < list->count && status == FLOWRULES_OK; i++)
        status = flowrules_probe_set(probe, key, list->items[i]);
    return status;
}

static flowrules_status set_options(flowrules_probe *probe, const struct settings *settings) {
    static const char *const formats[] = {"sh", "kubernetes"};
    const struct {
        const char *key, *value;
    } texts[] = {
        {"from", settings->from},
        {"most", settings->most},
        {"assertions", settings->asserting ? "yes" : NULL},
        {"name", settings->name},
        {"namespace", settings->namespace_name},
        {"image", settings->image},
        {"format", settings->json ? "json" : formats[settings->format]},
    };
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && status == FLOWRULES_OK; i++)
        if (texts[i].value != NULL)
            status = flowrules_probe_set(probe, texts[i].key, texts[i].value);
    if (status == FLOWRULES_OK)
        status = set_list(probe, "target", &settings->targets);
    if (status == FLOWRULES_OK)
        status = set_list(probe, "flow", &settings->flows);
    if (status == FLOWRULES_OK)
        status = set_list(probe, "try", &settings->hosts);
    return status == FLOWRULES_OK ? set_list(probe, "label", &settings->labels) : status;
}

static flowrules_status deliver(struct tool *tool, const flowrules_artifact *artifact) {
    struct output file = {
        .target = "probe",
        .name = flowrules_artifact_file_name(artifact, 0),
        .artifact = artifact,
        .bytes = flowrules_artifact_file_size(artifact, 0),
        .executable = flowrules_artifact_file_executable(artifact, 0) != 0,
    };
    const char *folder = tool->settings.output;
    if (folder == NULL) {
        fputs(tool->settings.json ? JSON_ANSWER_BEGIN "\"flows\": " : "", stdout);
        print_output(&file);
        fputs(tool->settings.json ? "}\n" : "", stdout);
        return FLOWRULES_OK;
    }
    flowrules_status status = write_outputs(tool, folder, &file, 1, NULL);
    if (status == FLOWRULES_OK)
        print_file_line("wrote", folder, file.name);
    return status;
}

flowrules_status run_probe(struct tool *tool) {
    flowrules_policy *policy = NULL;
    flowrules_probe *probe = NULL;
    flowrules_artifact *artifact = NULL;
    flowrules_status status = check_options(tool);
    if (status == FLOWRULES_OK)
        status = open_policy(&policy, tool, tool->settings.operands.items[0]);
    if (status == FLOWRULES_OK)
        status = flowrules_probe_new(&probe, tool->context, policy);
    if (status == FLOWRULES_OK)
        status = set_options(probe, &tool->settings);
    if (status == FLOWRULES_OK)
        status = flowrules_probe_write(&artifact, probe);
    tell_diagnostics(tool);
    if (status == FLOWRULES_OK)
        status = deliver(tool, artifact);
    flowrules_artifact_free(artifact);
    flowrules_probe_free(probe);
    flowrules_policy_free(policy);
    return status;
}
