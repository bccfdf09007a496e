/*
 * flowrules schema: the JSON Schema of the policy file, as the library makes it.
 */
#include <stdio.h>

#include "verbs.h"

flowrules_status run_schema(struct tool *tool) {
    const char *schema;
    flowrules_status status =
        flowrules_schema(&schema, tool->context, tool->settings.included ? 1 : 0);
    if (status == FLOWRULES_OK)
        fputs(schema, stdout);
    return status;
}
