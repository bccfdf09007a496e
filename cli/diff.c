/*
 * flowrules diff: what would newly pass and what no longer, between any two of policies and
 * configurations.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comparison.h"
#include "text.h"
#include "verbs.h"

/* One side: a policy's path, or BACKEND[:FORMAT]=FILE[,FILE...]. */
struct side {
    const char *text;
    char *backend; /* NULL: a policy */
    char **paths;  /* parts of one block at paths[0] */
    size_t path_count;
    flowrules_policy *policy;
    flowrules_configuration *configuration;
    flowrules_meaning *meaning;
};

/* ---- the sides ----------------------------------------------------------------------------- */

static bool is_backend(const struct tool *tool, const char *text, size_t length) {
    size_t name = 0;
    while (name < length && text[name] != ':')
        name++;
    for (size_t i = 0; i < flowrules_backend_count(tool->context); i++) {
        const char *known = flowrules_backend_name(tool->context, i);
        if (strlen(known) == name && strncmp(known, text, name) == 0)
            return true;
    }
    return false;
}

static char *copy_part(const char *text, size_t length) {
    char *copy = allocate(length + 1, 1);
    memcpy(copy, text, length);
    return copy;
}

static void split_paths(struct side *side, const char *list) {
    char *block = copy_part(list, strlen(list));
    side->paths = allocate(strlen(list) + 1, sizeof *side->paths);
    for (char *next = block; next != NULL;) {
        side->paths[side->path_count++] = next;
        next = strchr(next, ',');
        if (next != NULL)
            *next++ = '\0';
    }
}

static const char *next_backend(const void *user, size_t i) {
    return flowrules_backend_name(user, i);
}

/* Text with "=" behind a word that nearly is a backend's name: no policy is called so. */
static flowrules_status check_misspelt(struct tool *tool, const char *text) {
    size_t length = strcspn(text, ":=");
    if (strchr(text, '=') == NULL)
        return FLOWRULES_OK;
    char *name = copy_part(text, length);
    const char *meant = nearest(name, next_backend, tool->context);
    flowrules_status status =
        meant == NULL
            ? FLOWRULES_OK
            : tell_usage(tool, "there is no backend '%s'; did you mean '%s'?", name, meant);
    free(name);
    return status;
}

static flowrules_status open_side(struct side *side, struct tool *tool) {
    size_t length = strcspn(side->text, "=");
    if (side->text[length] == '\0' || !is_backend(tool, side->text, length)) {
        flowrules_status status = check_misspelt(tool, side->text);
        return status == FLOWRULES_OK ? open_policy(&side->policy, tool, side->text) : status;
    }
    if (side->text[length + 1] == '\0')
        return tell_usage(tool, "a FILE is needed after '%s'", side->text);
    side->backend = copy_part(side->text, length);
    split_paths(side, side->text + length + 1);
    return open_configuration(&side->configuration, tool, (const char *const *)side->paths,
                              side->path_count);
}

static void close_side(struct side *side) {
    flowrules_meaning_free(side->meaning);
    flowrules_configuration_free(side->configuration);
    flowrules_policy_free(side->policy);
    if (side->paths != NULL)
        free(side->paths[0]);
    free(side->paths);
    free(side->backend);
}

/* The backend of a target of a policy, or NULL. */
static const char *backend_of(const flowrules_policy *policy, const char *target) {
    size_t length = strcspn(target, ":");
    for (size_t i = 0; i < flowrules_target_count(policy); i++) {
        const char *name = flowrules_target_name(policy, i);
        if (strlen(name) == length && strncmp(name, target, length) == 0)
            return flowrules_target_backend(policy, i);
    }
    return NULL;
}

/* A configuration is read with the settings of the other side's target, where it is of its kind. */
static flowrules_status find_meaning(struct side *side, const struct side *other, struct tool *tool,
                                     const char *target) {
    if (side->backend == NULL)
        return flowrules_meaning_of_policy(&side->meaning, tool->context, side->policy, target);
    size_t length = strcspn(side->backend, ":");
    const char *own =
        target != NULL && other->policy != NULL ? backend_of(other->policy, target) : NULL;
    bool kind = own != NULL && strlen(own) == length && strncmp(own, side->backend, length) == 0;
    return flowrules_meaning_of_configuration(&side->meaning, tool->context,
                                              kind ? target : side->backend,
                                              kind ? other->policy : NULL, side->configuration);
}

/* ---- the verb ------------------------------------------------------------------------------ */

static flowrules_status compare_sides(struct tool *tool, struct side sides[2]) {
    static const struct comparison_words words = {
        .equal = "the same packets pass",
        .contains = "everything that one side permits passes on the other; what else passes there "
                    "is not compared",
        .allowed = "newly allowed",
        .denied = "no longer allowed",
        .no_rule = {"nothing allowed it before", "nothing allows it any more"},
        .no_block = {"nothing blocked it before", "nothing blocks it any more"}};
    const struct text_list *targets = &tool->settings.targets;
    const char *target = targets->count > 0 ? targets->items[0] : NULL;
    flowrules_comparison *comparison = NULL;
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < 2 && status == FLOWRULES_OK; i++) {
        status = find_meaning(&sides[i], &sides[1 - i], tool, target);
        tell_diagnostics(tool);
    }
    if (status == FLOWRULES_OK) {
        status = flowrules_compare(&comparison, tool->context, sides[0].meaning, sides[1].meaning);
        tell_diagnostics(tool);
    }
    if (comparison != NULL)
        print_comparison(tool, comparison, &words);
    flowrules_comparison_free(comparison);
    return status;
}

flowrules_status run_diff(struct tool *tool) {
    struct side sides[2] = {{.text = tool->settings.operands.items[0]},
                            {.text = tool->settings.operands.items[1]}};
    flowrules_status status = FLOWRULES_OK;
    if (tool->settings.targets.count > 1)
        status = tell_usage(tool, "only one target can be compared at a time");
    for (size_t i = 0; i < 2 && status == FLOWRULES_OK; i++)
        status = open_side(&sides[i], tool);
    if (status == FLOWRULES_OK)
        status = compare_sides(tool, sides);
    for (size_t i = 0; i < 2; i++)
        close_side(&sides[i]);
    return status;
}
