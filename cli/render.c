/*
 * flowrules render: what the targets of a policy need, to standard output or to a folder.
 * Everything is rendered in memory before the first byte is written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "output.h"
#include "render.h"
#include "text.h"
#include "verbs.h"

/* What was asked for, and what came of it. */
struct batch {
    struct text_list specs; /* TARGET or TARGET:FORMAT */
    char **targets;         /* the names in front of the colon */
    struct names rendered;  /* the same */
    char **map_names;       /* of the files that tell where rules came from */
    flowrules_artifact **artifacts;
    struct output *outputs;
    size_t output_count;
    struct delivery delivery;
};

/* ---- what is asked for --------------------------------------------------------------------- */

flowrules_status check_render_options(struct tool *tool) {
    const struct settings *settings = &tool->settings;
    if (settings->print && settings->output != NULL)
        return tell_usage(tool, "--print and -o exclude each other");
    if (settings->replace && settings->output == NULL)
        return tell_usage(tool, "--replace replaces files in a folder, and needs -o DIR");
    if (settings->json && settings->output == NULL)
        return tell_usage(tool, "--json lists the written files, and needs -o DIR");
    return FLOWRULES_OK;
}

static flowrules_status choose_targets(struct batch *batch, struct tool *tool,
                                       const flowrules_policy *policy) {
    const struct settings *settings = &tool->settings;
    for (size_t i = 0; i < settings->targets.count; i++)
        text_list_add(&batch->specs, settings->targets.items[i]);
    for (size_t i = 0; settings->targets.count == 0 && i < flowrules_target_count(policy); i++)
        text_list_add(&batch->specs, flowrules_target_name(policy, i));
    if (batch->specs.count == 0)
        return tell_usage(tool, "the policy has no targets; name a backend with -t");
    if (batch->specs.count > 1 && settings->output == NULL && !settings->print)
        return tell_usage(tool,
                          "%zu targets do not fit on standard output; use -o DIR, --print or -t",
                          batch->specs.count);
    return FLOWRULES_OK;
}

/* ---- rendering ----------------------------------------------------------------------------- */

static char *target_of(const char *spec) {
    size_t length = strcspn(spec, ":");
    char *name = allocate(length + 1, 1);
    memcpy(name, spec, length);
    return name;
}

/* Renders all, also behind one that failed, so that every reason is told at once. */
static flowrules_status render_all(struct batch *batch, struct tool *tool,
                                   const flowrules_policy *policy) {
    flowrules_status status = FLOWRULES_OK;
    size_t failed = 0;
    batch->artifacts = allocate(batch->specs.count, sizeof(flowrules_artifact *));
    batch->targets = allocate(batch->specs.count, sizeof(char *));
    batch->map_names = allocate(batch->specs.count, sizeof(char *));
    for (size_t i = 0; i < batch->specs.count; i++) {
        const char *spec = batch->specs.items[i];
        batch->targets[i] = target_of(spec);
        flowrules_status one = flowrules_render(&batch->artifacts[i], tool->context, policy, spec);
        status = worse(status, one);
        failed += one != FLOWRULES_OK;
    }
    tell_diagnostics(tool);
    if (failed > 0 && batch->specs.count > 1)
        tell_error(tool, "nothing is written: %zu of %zu targets cannot be rendered", failed,
                   batch->specs.count);
    return status;
}

static void list_files(struct batch *batch) {
    size_t total = 0, next = 0;
    for (size_t i = 0; i < batch->specs.count; i++)
        total += flowrules_artifact_file_count(batch->artifacts[i]) + 1;
    batch->outputs = allocate(total, sizeof(*batch->outputs));
    for (size_t i = 0; i < batch->specs.count; i++) {
        const flowrules_artifact *artifact = batch->artifacts[i];
        for (size_t file = 0; file < flowrules_artifact_file_count(artifact); file++)
            batch->outputs[next++] = (struct output){
                .target = batch->targets[i],
                .name = flowrules_artifact_file_name(artifact, file),
                .artifact = artifact,
                .file = file,
                .bytes = flowrules_artifact_file_size(artifact, file),
                .executable = flowrules_artifact_file_executable(artifact, file) != 0,
                .helper = flowrules_artifact_file_helper(artifact, file) != 0,
            };
    }
    batch->output_count = next;
}

/* Adds TARGET.map.json for each target; list_files left the room. */
static void list_maps(struct batch *batch) {
    static const char ending[] = ".map.json";
    for (size_t i = 0; i < batch->specs.count; i++) {
        const char *map = flowrules_artifact_map(batch->artifacts[i]);
        if (map == NULL)
            out_of_memory();
        size_t size = strlen(batch->targets[i]) + sizeof(ending);
        char *name = allocate(size, 1);
        snprintf(name, size, "%s%s", batch->targets[i], ending);
        batch->map_names[i] = name;
        batch->outputs[batch->output_count++] = (struct output){
            .target = batch->targets[i], .name = name, .text = map, .bytes = strlen(map)};
    }
}

static void batch_free(struct batch *batch) {
    for (size_t i = 0; batch->artifacts != NULL && i < batch->specs.count; i++) {
        flowrules_artifact_free(batch->artifacts[i]);
        free(batch->targets[i]);
        free(batch->map_names[i]);
    }
    free(batch->outputs);
    free(batch->artifacts);
    free(batch->targets);
    free(batch->map_names);
    free(batch->specs.items);
    names_free(&batch->rendered);
    delivery_free(&batch->delivery);
}

/* ---- writing ------------------------------------------------------------------------------- */

static flowrules_status print_outputs(const struct batch *batch, struct tool *tool) {
    /* One file with rules goes there without the script that loads it. */
    size_t count = 0;
    for (size_t i = 0; i < batch->output_count; i++)
        count += !batch->outputs[i].helper;
    if (!tool->settings.print && count != 1)
        return tell_usage(
            tool,
            "target '%s' has %zu files, which do not fit on standard output; use -o DIR or --print",
            batch->targets[0], batch->output_count);
    for (size_t i = 0; i < batch->output_count; i++) {
        if (!tool->settings.print && batch->outputs[i].helper)
            continue;
        if (tool->settings.print) {
            fputs("==> ", stdout);
            print_user(stdout, batch->outputs[i].name);
            fputs(" <==\n", stdout);
        }
        print_output(&batch->outputs[i]);
    }
    return FLOWRULES_OK;
}

/* A row of the answer for one file in the folder; of a target, where one has written it. */
static void print_row(const char *folder, const char *name, const struct output *written,
                      bool first) {
    fputs(first ? "\n  {" : ",\n  {", stdout);
    if (written != NULL) {
        fputs("\"target\":\"", stdout);
        json_print_part(stdout, written->target);
        fputs("\",", stdout);
    }
    fputs("\"file\":\"", stdout);
    json_print_part(stdout, folder);
    fputs(folder_separator(folder), stdout);
    json_print_part(stdout, name);
    putchar('"');
    if (written != NULL)
        printf(",\"bytes\":%zu", written->bytes);
    putchar('}');
}

/*
 * Tells what was written and removed. This takes no memory, since all is in place already: it would
 * be told as a failure.
 */
static void tell_written(const struct batch *batch, const struct tool *tool) {
    const char *folder = tool->settings.output;
    const struct text_list *removed = &batch->delivery.removed;
    bool json = tool->settings.json;
    fputs(json ? JSON_ANSWER_BEGIN "\"files\": [" : "", stdout);
    for (size_t i = 0; i < batch->output_count; i++) {
        const struct output *output = &batch->outputs[i];
        if (json)
            print_row(folder, output->name, output, i == 0);
        else
            print_file_line("wrote", folder, output->name);
    }
    if (json)
        fputs(batch->output_count > 0 ? "\n], \"removed\": [" : "], \"removed\": [", stdout);
    for (size_t i = 0; i < removed->count; i++) {
        if (json)
            print_row(folder, removed->items[i], NULL, i == 0);
        else
            print_file_line("removed", folder, removed->items[i]);
    }
    if (json)
        fputs(removed->count > 0 ? "\n]}\n" : "]}\n", stdout);
}

static flowrules_status write_folder(struct batch *batch, struct tool *tool) {
    const struct settings *settings = &tool->settings;
    if (!settings->no_map)
        list_maps(batch);
    for (size_t i = 0; i < batch->specs.count; i++)
        names_add(&batch->rendered, batch->targets[i]);
    batch->delivery.policy = settings->operands.items[0];
    batch->delivery.targets =
        settings->targets.count > 0 || strcmp(batch->delivery.policy, "-") == 0 ? &batch->rendered
                                                                                : NULL;
    batch->delivery.replace = settings->replace;
    return write_outputs(tool, settings->output, batch->outputs, batch->output_count,
                         &batch->delivery);
}

/* Renders what is asked for, and lists its files. */
static flowrules_status make_batch(struct batch *batch, struct tool *tool,
                                   const flowrules_policy *policy) {
    flowrules_status status = choose_targets(batch, tool, policy);
    if (status == FLOWRULES_OK)
        status = render_all(batch, tool, policy);
    if (status == FLOWRULES_OK)
        list_files(batch);
    return status;
}

static flowrules_status write_batch(struct batch *batch, struct tool *tool) {
    if (tool->settings.output == NULL)
        return print_outputs(batch, tool);
    flowrules_status status = write_folder(batch, tool);
    if (status == FLOWRULES_OK)
        tell_written(batch, tool);
    return status;
}

flowrules_status render_into_folder(struct tool *tool, const flowrules_policy *policy,
                                    size_t *written) {
    struct batch batch = {0};
    flowrules_status status = make_batch(&batch, tool, policy);
    if (status == FLOWRULES_OK)
        status = write_folder(&batch, tool);
    *written = batch.output_count;
    batch_free(&batch);
    return status;
}

flowrules_status run_render(struct tool *tool) {
    struct batch batch = {0};
    flowrules_policy *policy = NULL;
    flowrules_status status = check_render_options(tool);
    if (status == FLOWRULES_OK)
        status = open_policy(&policy, tool, tool->settings.operands.items[0]);
    if (status == FLOWRULES_OK)
        status = make_batch(&batch, tool, policy);
    if (status == FLOWRULES_OK)
        status = write_batch(&batch, tool);
    batch_free(&batch);
    flowrules_policy_free(policy);
    return status;
}
