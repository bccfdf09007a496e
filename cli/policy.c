/*
 * Opens the policy that a verb was given: a file, or standard input; and files of assertions.
 */
#define _POSIX_C_SOURCE 200809L
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Standard input is read no further than this; a file's limit is the library's. */
#define INPUT_LARGEST ((size_t)1 << 30)

const char *policy_shown(const char *path) {
    return strcmp(path, "-") == 0 ? INPUT_SHOWN : path;
}

char *read_stream(struct tool *tool, FILE *stream, const char *shown, size_t *size) {
    size_t capacity = 0, room;
    char *text = NULL;
    bool zero;
    *size = 0;
    do {
        if (*size == capacity) {
            capacity = capacity > 0 ? 2 * capacity : 64 * (size_t)1024;
            if (capacity > INPUT_LARGEST && *size < INPUT_LARGEST)
                capacity = INPUT_LARGEST + 1;
            text = reallocate(text, capacity, 1);
        }
        room = fread(text + *size, 1, capacity - *size, stream);
        zero = memchr(text + *size, '\0', room) != NULL;
        *size += room;
    } while (room > 0 && *size <= INPUT_LARGEST && !zero); /* no text goes on behind a byte 0 */
    if (ferror(stream)) {
        tell_error(tool, "cannot read %s: %s", shown, strerror(errno));
    } else if (*size > INPUT_LARGEST) {
        tell_error(tool, "%s is larger than %zu bytes", shown, INPUT_LARGEST);
    } else {
        return text;
    }
    free(text);
    return NULL;
}

char *read_input(struct tool *tool, size_t *size) {
    return read_stream(tool, stdin, "standard input", size);
}

flowrules_status set_date(struct tool *tool) {
    char today[32];
    const char *as_of = tool->settings.as_of;
    time_t now = time(NULL);
    struct tm date;
    if (as_of == NULL) {
        if (gmtime_r(&now, &date) == NULL ||
            strftime(today, sizeof(today), "%Y-%m-%d", &date) == 0) {
            tell_error(tool, "today's date is not known; give one with --as-of");
            return FLOWRULES_IO;
        }
        as_of = today;
    }
    return flowrules_context_set(tool->context, "as-of", as_of);
}

flowrules_status open_policy(flowrules_policy **policy, struct tool *tool, const char *path) {
    flowrules_status status;
    *policy = NULL;
    if (strcmp(path, "-") == 0) {
        size_t size;
        char *text = read_input(tool, &size);
        if (text == NULL)
            return FLOWRULES_IO;
        status = flowrules_policy_load_text(policy, tool->context, policy_shown(path), text, size);
        free(text);
    } else {
        status = flowrules_policy_load(policy, tool->context, path);
    }
    tell_diagnostics(tool);
    return status;
}

flowrules_status add_assertion_files(struct tool *tool, flowrules_assertions *assertions) {
    const struct text_list *files = &tool->settings.assertions;
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < files->count && status == FLOWRULES_OK; i++) {
        size_t size;
        char *text = NULL;
        if (strcmp(files->items[i], "-") != 0) {
            status = flowrules_assertions_add_file(assertions, files->items[i]);
            continue;
        }
        text = read_input(tool, &size);
        if (text == NULL)
            return FLOWRULES_IO;
        status = flowrules_assertions_add_text(assertions, policy_shown("-"), text, size);
        free(text);
    }
    return status;
}

size_t find_flow(const flowrules_policy *policy, const char *name) {
    size_t count = flowrules_flow_count(policy), flow = 0;
    while (name != NULL && flow < count && strcmp(flowrules_flow_name(policy, flow), name) != 0)
        flow++;
    return name != NULL ? flow : count;
}
