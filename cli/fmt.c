/*
 * flowrules fmt: a policy in its usual layout, in its place, or from standard input to standard
 * output.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "output.h"
#include "place.h"
#include "text.h"
#include "verbs.h"

static void tell_file(const char *path) {
    print_user(stdout, path);
    putchar('\n');
}

/* Says that a file would change, or writes it in its place. */
static flowrules_status deliver(struct tool *tool, const struct file_place *place, const char *path,
                                const flowrules_layout *layout) {
    struct output output = {.target = "fmt", .name = place->name};
    struct stat found;
    if (flowrules_layout_differs(layout) == 0)
        return FLOWRULES_OK;
    if (tool->settings.check) {
        tell_file(path);
        return FLOWRULES_DIFFERENT;
    }
    output.mode = stat(path, &found) == 0 ? (unsigned)found.st_mode & 07777u : 0;
    output.text = flowrules_layout_text(layout, &output.bytes);
    flowrules_status status = write_held(tool, place->folder, place->held, &output);
    if (status == FLOWRULES_OK && !tool->settings.quiet)
        tell_file(path);
    return status;
}

static flowrules_status format_file(struct tool *tool, const char *path) {
    flowrules_layout *layout = NULL;
    struct file_place place;
    flowrules_status status = find_place(&place, tool, path, !tool->settings.check);
    if (status == FLOWRULES_OK)
        status = flowrules_layout_load(&layout, tool->context, path);
    tell_diagnostics(tool);
    if (status == FLOWRULES_OK)
        status = deliver(tool, &place, path, layout);
    flowrules_layout_free(layout);
    leave_place(&place);
    return status;
}

/* From standard input to standard output, which has the policy also where it is as it was. */
static flowrules_status filter(struct tool *tool) {
    flowrules_layout *layout = NULL;
    size_t size;
    char *text = read_input(tool, &size);
    if (text == NULL)
        return FLOWRULES_IO;
    flowrules_status status =
        flowrules_layout_new(&layout, tool->context, policy_shown("-"), text, size);
    tell_diagnostics(tool);
    bool differs = layout != NULL && flowrules_layout_differs(layout) != 0;
    if (tool->settings.check && differs) {
        tell_file(policy_shown("-"));
        status = FLOWRULES_DIFFERENT;
    } else if (layout != NULL && !tool->settings.check) {
        const char *made = flowrules_layout_text(layout, &size);
        fwrite(made, 1, size, stdout);
    }
    flowrules_layout_free(layout);
    free(text);
    return status;
}

/* Each file, also where another one is wrong. */
flowrules_status run_fmt(struct tool *tool) {
    const struct text_list *paths = &tool->settings.operands;
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < paths->count; i++) {
        bool input = strcmp(paths->items[i], "-") == 0;
        status = worse(status, input ? filter(tool) : format_file(tool, paths->items[i]));
    }
    return status;
}
