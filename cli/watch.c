/*
 * flowrules watch: reads a policy again whenever one of its files is saved, and says what newly
 * passes and what no longer. With -o it renders it, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comparison.h"
#include "place.h"
#include "render.h"
#include "text.h"
#include "verbs.h"
#include "watching.h"

/* Below the policy's folder, where an included file may appear: more where one is missing. */
#define DEPTH        1u
#define DEPTH_BROKEN 8u

struct watch {
    struct tool *tool;
    const char *path;
    struct watching watching;
    flowrules_policy *last; /* the last one that could be read */
    struct watching told;   /* the files of the version that was told last */
    bool again;             /* there is one */
};

/* ---- reading ------------------------------------------------------------------------------- */

/* The lock file, also where there is none yet. */
static void watch_lock(struct watch *watch) {
    const char *chosen = watch->tool->settings.lock;
    if (chosen != NULL && strcmp(chosen, "none") == 0)
        return;
    char *path = lock_path(watch->path, chosen);
    watch_file(&watch->watching, path);
    free(path);
}

/* Adds the files that were read from the first on; true: one is new. */
static bool watch_read(struct watch *watch, size_t first) {
    const flowrules_context *context = watch->tool->context;
    bool found = false;
    for (size_t i = first; i < flowrules_context_file_count(context); i++) {
        const char *path = flowrules_context_file(context, i);
        if (path != NULL)
            found = watch_file(&watch->watching, path) || found;
    }
    return found;
}

static void watch_folders(struct watch *watch, bool sound) {
    char *folder = folder_of(watch->path);
    watch_below(&watch->watching, folder, sound ? DEPTH : DEPTH_BROKEN);
    free(folder);
}

/*
 * Reads the policy. What its files are is noted before they are read: what is saved meanwhile is
 * the next change. A file that was not known until then is read once more.
 */
static flowrules_status read_policy(struct watch *watch, flowrules_policy **policy) {
    flowrules_context *context = watch->tool->context;
    flowrules_status status = FLOWRULES_OK;
    bool found = true;
    watching_free(&watch->watching);
    watch_file(&watch->watching, watch->path);
    watch_lock(watch);
    *policy = NULL;
    for (size_t round = 0; round < 2 && found; round++) {
        size_t first = flowrules_context_file_count(context);
        flowrules_policy_free(*policy);
        flowrules_diagnostics_clear(context);
        watching_note(&watch->watching);
        status = flowrules_policy_load(policy, context, watch->path);
        found = watch_read(watch, first);
    }
    watch_folders(watch, status == FLOWRULES_OK);
    return status;
}

/* ---- telling ------------------------------------------------------------------------------- */

/* "policy.yaml has changed: 2 flows, 1 target" */
static void tell_version(const struct watch *watch, const flowrules_policy *policy) {
    fputs(watch->again ? "" : "watching ", stdout);
    print_user(stdout, watch->path);
    fputs(watch->again ? " has changed: " : ": ", stdout);
    if (policy == NULL) {
        puts("it has errors");
        return;
    }
    print_count(flowrules_flow_count(policy), "flow", ", ");
    print_count(flowrules_target_count(policy), "target", "\n");
}

/* What newly passes, and what no longer, since the last version that could be read. */
static flowrules_status tell_changes(struct watch *watch, const flowrules_policy *policy) {
    flowrules_context *context = watch->tool->context;
    flowrules_meaning *before = NULL, *after = NULL;
    flowrules_comparison *comparison = NULL;
    flowrules_status status = flowrules_meaning_of_policy(&before, context, watch->last, NULL);
    if (status == FLOWRULES_OK)
        status = flowrules_meaning_of_policy(&after, context, policy, NULL);
    if (status == FLOWRULES_OK)
        status = flowrules_compare(&comparison, context, before, after);
    tell_diagnostics(watch->tool);
    const struct comparison_words words = words_of_versions(watch->last, policy);
    if (comparison != NULL)
        print_comparison(watch->tool, comparison, &words);
    flowrules_comparison_free(comparison);
    flowrules_meaning_free(before);
    flowrules_meaning_free(after);
    return status;
}

/* Renders the policy into the folder of -o; without it, checks that this is possible. */
static flowrules_status render(struct watch *watch, const flowrules_policy *policy) {
    struct tool *tool = watch->tool;
    size_t written = 0;
    if (tool->settings.output == NULL) {
        flowrules_status status = flowrules_check(tool->context, policy);
        tell_diagnostics(tool);
        return status;
    }
    flowrules_status status = render_into_folder(tool, policy, &written);
    size_t named = tool->settings.targets.count;
    bool alone = (named > 0 ? named : flowrules_target_count(policy)) == 1;
    if (alone && (status == FLOWRULES_REFUSED || status == FLOWRULES_UNRESOLVED ||
                  status == FLOWRULES_INVALID || status == FLOWRULES_USAGE))
        tell_error(tool, "nothing is written: the target cannot be rendered");
    if (status != FLOWRULES_OK)
        return status;
    fputs("wrote ", stdout);
    print_count(written, "file", " into ");
    print_user(stdout, tool->settings.output);
    putchar('\n');
    return status;
}

/* Tells a version; policy is NULL if it has errors, and else the next one is compared with it. */
static flowrules_status tell_all(struct watch *watch, flowrules_policy *policy) {
    flowrules_status status = FLOWRULES_OK;
    tell_diagnostics(watch->tool);
    tell_version(watch, policy);
    if (policy != NULL && watch->last != NULL)
        status = tell_changes(watch, policy);
    if (policy != NULL && status != FLOWRULES_NO_MEMORY)
        status = render(watch, policy);
    tell_gathered(watch->tool);
    return status;
}

/* The files of what is told now become those of what was told last. */
static void keep_files(struct watch *watch) {
    struct watching old = watch->told;
    watch->told = watch->watching;
    watch->watching = old;
    watching_free(&watch->watching);
}

/*
 * Reads one version, and tells it, unless something else in the folders has changed. Only want of
 * memory, and a reader that is gone, end the tool.
 */
static flowrules_status take_version(struct watch *watch) {
    flowrules_policy *policy;
    flowrules_status status = set_date(watch->tool);
    if (status != FLOWRULES_OK)
        return status;
    bool same = false;
    status = read_policy(watch, &policy);
    if (status != FLOWRULES_NO_MEMORY)
        same = watch->again && have_same_files(&watch->watching, &watch->told);
    keep_files(watch);
    if (same) {
        flowrules_diagnostics_clear(watch->tool->context);
        flowrules_policy_free(policy);
        return FLOWRULES_OK;
    }
    if (status != FLOWRULES_NO_MEMORY)
        status = tell_all(watch, policy);
    if (policy != NULL) {
        flowrules_policy_free(watch->last);
        watch->last = policy;
    }
    watch->again = true;
    if (status == FLOWRULES_NO_MEMORY)
        return status;
    return fflush(stdout) == 0 ? FLOWRULES_OK : FLOWRULES_IO;
}

/* ---- the verb ------------------------------------------------------------------------------ */

static flowrules_status check_options(struct tool *tool) {
    if (strcmp(tool->settings.operands.items[0], "-") == 0)
        return tell_usage(tool, "watch needs a file: standard input does not change");
    if (tool->settings.targets.count > 0 && tool->settings.output == NULL)
        return tell_usage(tool, "-t names the targets to write, and needs -o DIR");
    return check_render_options(tool);
}

/* Is there a file to begin with? What is wrong in it may be put right. */
static flowrules_status check_file(struct tool *tool, const char *path) {
    FILE *file = fopen(path, "rb");
    if (file != NULL) {
        fclose(file);
        return FLOWRULES_OK;
    }
    flowrules_policy *policy;
    flowrules_status status = open_policy(&policy, tool, path); /* which says why not */
    flowrules_policy_free(policy);
    return status;
}

flowrules_status run_watch(struct tool *tool) {
    struct watch watch = {.tool = tool, .path = tool->settings.operands.items[0]};
    watch.watching.ignored = watch.told.ignored = tool->settings.output;
    flowrules_status status = check_options(tool);
    if (status == FLOWRULES_OK)
        status = check_file(tool, watch.path);
    if (status != FLOWRULES_OK)
        return status;
    take_signals();
    do
        status = take_version(&watch);
    while (status == FLOWRULES_OK && wait_for_change(&watch.told));
    flowrules_policy_free(watch.last);
    watching_free(&watch.told);
    return status;
}
