/*
 * flowrules import: a policy from a configuration, or from sheets and documents, to standard
 * output.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "comparison.h"
#include "output.h"
#include "place.h"
#include "text.h"
#include "verbs.h"

/* One file of what was made; false if there is none of this name. */
static bool find_made(struct output *output, const flowrules_artifact *artifact, const char *name) {
    *output = (struct output){.target = "import", .artifact = artifact};
    for (; output->file < flowrules_artifact_file_count(artifact); output->file++)
        if (strcmp(flowrules_artifact_file_name(artifact, output->file), name) == 0)
            return true;
    return false;
}

static void print_policy(const flowrules_artifact *artifact) {
    struct output policy;
    if (artifact != NULL && find_made(&policy, artifact, "policy.yaml"))
        print_output(&policy);
}

/* ---- sheets and documents ------------------------------------------------------------------ */

/* The path of the mapping; NULL: there is none for standard input. To be freed. */
static char *mapping_path(const struct tool *tool) {
    const char *first = tool->settings.operands.items[1], *given = tool->settings.mapping;
    if (given == NULL && strcmp(first, "-") == 0)
        return NULL;
    size_t size = strlen(given == NULL ? first : given) + sizeof ".map.yaml";
    char *path = allocate(size, 1);
    snprintf(path, size, given == NULL ? "%s.map.yaml" : "%s", given == NULL ? first : given);
    return path;
}

static flowrules_status add_handed(flowrules_request *request, struct tool *tool,
                                   const char *path) {
    if (strcmp(path, "-") != 0)
        return flowrules_request_add_file(request, path);
    size_t size;
    char *text = read_input(tool, &size);
    if (text == NULL)
        return FLOWRULES_IO;
    flowrules_status status = flowrules_request_add_bytes(request, policy_shown(path), text, size);
    free(text);
    return status;
}

/* Writes the mapping where none was, and says so. */
static flowrules_status write_mapping(struct tool *tool, const flowrules_artifact *artifact,
                                      const char *path) {
    struct output output;
    struct file_place place;
    if (path == NULL || !find_made(&output, artifact, "map.yaml"))
        return FLOWRULES_OK;
    flowrules_status status = find_place(&place, tool, path, true);
    output.name = place.name;
    if (status == FLOWRULES_OK)
        status = write_held(tool, place.folder, place.held, &output);
    leave_place(&place);
    if (status == FLOWRULES_OK && !tool->settings.quiet) {
        fputs("wrote ", stderr);
        print_user(stderr, path);
        fputs(": what each column was taken for; check it, it is used from now on\n", stderr);
    }
    return status;
}

static flowrules_status fill_request(flowrules_request *request, struct tool *tool,
                                     const char *mapping) {
    const struct text_list *operands = &tool->settings.operands;
    flowrules_status status = FLOWRULES_OK;
    if (mapping != NULL && access(mapping, F_OK) == 0)
        status = flowrules_request_map(request, mapping);
    if (status == FLOWRULES_OK && tool->settings.definitions != NULL)
        status = flowrules_request_define(request, tool->settings.definitions);
    for (size_t i = 1; i < operands->count && status == FLOWRULES_OK; i++)
        status = add_handed(request, tool, operands->items[i]);
    return status;
}

static flowrules_status import_request(struct tool *tool) {
    flowrules_request *request = NULL;
    flowrules_artifact *artifact = NULL;
    char *mapping = mapping_path(tool);
    flowrules_status status =
        flowrules_request_new(&request, tool->context, tool->settings.operands.items[0]);
    if (status == FLOWRULES_OK)
        status = fill_request(request, tool, mapping);
    if (status == FLOWRULES_OK)
        status = flowrules_import_request(&artifact, request);
    tell_diagnostics(tool);
    if (artifact != NULL)
        status = worse(status, write_mapping(tool, artifact, mapping));
    print_policy(artifact);
    flowrules_artifact_free(artifact);
    flowrules_request_free(request);
    free(mapping);
    return status;
}

/* ---- configurations ------------------------------------------------------------------------ */

static flowrules_status import_configuration(struct tool *tool) {
    const struct text_list *operands = &tool->settings.operands;
    flowrules_configuration *configuration = NULL;
    flowrules_artifact *artifact = NULL;
    flowrules_status status =
        open_configuration(&configuration, tool, operands->items + 1, operands->count - 1);
    if (status == FLOWRULES_OK) {
        status = flowrules_import(&artifact, tool->context, operands->items[0],
                                  tool->settings.protects, configuration);
        tell_diagnostics(tool);
    }
    print_policy(artifact);
    flowrules_artifact_free(artifact);
    flowrules_configuration_free(configuration);
    return status;
}

/* An option of the other kind of files would change nothing. */
static flowrules_status check_options(struct tool *tool, bool request) {
    const struct settings *s = &tool->settings;
    const char *configuration = s->protects != NULL ? "--protects"
                                : s->sets.count > 0 ? "--set"
                                                    : NULL;
    const char *sheet = s->mapping != NULL ? "--map" : s->definitions != NULL ? "--networks" : NULL;
    if (request && configuration != NULL)
        return tell_usage(tool,
                          "%s is for configurations; the policy of a request says this itself",
                          configuration);
    if (!request && sheet != NULL)
        return tell_usage(tool, "%s is for sheets and documents, not for a configuration", sheet);
    return FLOWRULES_OK;
}

flowrules_status run_import(struct tool *tool) {
    bool request = flowrules_request_is_kind(tool->settings.operands.items[0]) != 0;
    flowrules_status status = check_options(tool, request);
    if (status != FLOWRULES_OK)
        return status;
    return request ? import_request(tool) : import_configuration(tool);
}
