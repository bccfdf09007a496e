/*
 * flowrules import: a policy from a configuration, to standard output or into a file's place.
 */
#include <stdio.h>
#include <string.h>

#include "comparison.h"
#include "output.h"
#include "text.h"
#include "verbs.h"

static void print_policy(const flowrules_artifact *artifact) {
    const char *bytes;
    size_t size;
    for (size_t i = 0; (bytes = flowrules_artifact_file_block(artifact, 0, i, &size)) != NULL; i++)
        fwrite(bytes, 1, size, stdout);
}

flowrules_status run_import(struct tool *tool) {
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
    if (artifact != NULL)
        print_policy(artifact);
    flowrules_artifact_free(artifact);
    flowrules_configuration_free(configuration);
    return status;
}
