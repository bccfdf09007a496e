/*
 * flowrules diff: what would newly pass and what no longer, between any two of policies and
 * configurations.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "comparison.h"
#include "hops.h"
#include "place.h"
#include "text.h"
#include "verbs.h"

/* One side: a policy's path, or devices: BACKEND[:FORMAT]=FILE[,FILE...], one or several. */
struct side {
    const char *text;
    struct hops hops; /* none: a policy */
    flowrules_policy *policy;
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

static const char *next_backend(const void *user, size_t i) {
    return flowrules_backend_name(user, i);
}

/* Text with "=" behind a word that nearly is a backend's name: no policy is called so. */
static flowrules_status check_misspelt(struct tool *tool, const char *text) {
    size_t length = strcspn(text, ":=");
    if (strchr(text, '=') == NULL)
        return FLOWRULES_OK;
    char *name = allocate(length + 1, 1);
    memcpy(name, text, length);
    const char *meant = nearest(name, next_backend, tool->context);
    flowrules_status status = FLOWRULES_OK;
    if (meant != NULL)
        status = tell_usage(tool, "there is no backend '%s'; did you mean '%s'?", name, meant);
    else if (access(text, R_OK) != 0)
        status = tell_usage(
            tool, "there is no backend '%s', and no policy '%s': write BACKEND=FILE", name, text);
    free(name);
    return status;
}

static flowrules_status check_backends(const struct hops *hops, struct tool *tool) {
    for (size_t i = 0; i < hops->count; i++) {
        const char *name = hops->items[i].name;
        if (is_backend(tool, name, strlen(name)))
            continue;
        const char *meant = nearest(name, next_backend, tool->context);
        return meant == NULL
                   ? tell_usage(tool, "there is no backend '%s'", name)
                   : tell_usage(tool, "there is no backend '%s'; did you mean '%s'?", name, meant);
    }
    return FLOWRULES_OK;
}

/* The path of a policy's lock file, if there is one and no other is named; to be freed. */
static char *lock_beside(const struct tool *tool, const char *path) {
    if (tool->settings.lock != NULL || strcmp(path, "-") == 0)
        return NULL;
    char *lock = lock_path(path, NULL);
    if (access(lock, R_OK) == 0)
        return lock;
    free(lock);
    return NULL;
}

/*
 * Reads a policy from standard input as if it was in the place of another one: what it includes is
 * beside that, and its lock file is the same. So "git show REV:FILE | flowrules diff - FILE" works.
 */
static flowrules_status open_in_place_of(struct side *side, struct tool *tool, const char *path) {
    size_t size, folder = strrchr(path, '/') != NULL ? (size_t)(strrchr(path, '/') - path) + 1 : 0;
    char *lock = lock_beside(tool, path), *text = read_input(tool, &size);
    char *name = allocate(folder + sizeof(INPUT_SHOWN), 1);
    flowrules_status status = text != NULL ? FLOWRULES_OK : FLOWRULES_IO;
    sprintf(name, "%.*s%s", (int)folder, path, INPUT_SHOWN);
    if (status == FLOWRULES_OK && lock != NULL)
        status = flowrules_context_set(tool->context, "lock", lock);
    if (status == FLOWRULES_OK)
        status = flowrules_policy_load_text(&side->policy, tool->context, name, text, size);
    tell_diagnostics(tool);
    if (lock != NULL && flowrules_context_set(tool->context, "lock", NULL) != FLOWRULES_OK)
        status = worse(status, FLOWRULES_NO_MEMORY);
    free(lock);
    free(name);
    free(text);
    return status;
}

static bool is_policy(const struct tool *tool, const struct side *side) {
    size_t length = strcspn(side->text, "=");
    return side->text[length] == '\0' || !is_backend(tool, side->text, length);
}

static flowrules_status open_side(struct side *side, const struct side *other, struct tool *tool) {
    if (is_policy(tool, side)) {
        if (strcmp(side->text, "-") == 0 && is_policy(tool, other))
            return open_in_place_of(side, tool, other->text);
        flowrules_status status = check_misspelt(tool, side->text);
        return status == FLOWRULES_OK ? open_policy(&side->policy, tool, side->text) : status;
    }
    flowrules_status status = read_hops(&side->hops, tool, side->text, true);
    if (status == FLOWRULES_OK)
        status = check_backends(&side->hops, tool);
    return status == FLOWRULES_OK ? open_hops(&side->hops, tool) : status;
}

static void close_side(struct side *side) {
    flowrules_meaning_free(side->meaning);
    free_hops(&side->hops);
    flowrules_policy_free(side->policy);
}

/* A configuration is read with the settings of the other side's target, where it is of its kind. */
static const char *own_target(const struct hop *hop, const flowrules_policy *policy,
                              const char *target) {
    const char *own = target != NULL && policy != NULL ? backend_of(policy, target) : NULL;
    return own != NULL && is_name_of(own, hop->name) ? target : NULL;
}

static flowrules_status meaning_of_devices(struct side *side, const struct side *other,
                                           struct tool *tool, const struct hops *targets) {
    const struct hops *hops = &side->hops;
    flowrules_meaning **meanings = allocate(hops->count, sizeof(flowrules_meaning *));
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < hops->count && status == FLOWRULES_OK; i++) {
        const struct hop *hop = &hops->items[i];
        size_t number = targets->count > 1 ? i : 0;
        const char *target = targets->count == 0 ? NULL : targets->items[number].name;
        target = own_target(hop, other->policy, target);
        status = meaning_of_hop(&meanings[i], tool, hop, target, other->policy);
    }
    if (status == FLOWRULES_OK)
        status = join_hops(&side->meaning, tool, hops, meanings);
    for (size_t i = 0; i < hops->count; i++)
        flowrules_meaning_free(meanings[i]);
    free(meanings);
    return status;
}

static flowrules_status find_meaning(struct side *side, const struct side *other, struct tool *tool,
                                     const struct hops *targets) {
    if (side->hops.count > 0)
        return meaning_of_devices(side, other, tool, targets);
    if (targets->count > 0)
        return meaning_of_targets(&side->meaning, tool, targets, side->policy);
    return flowrules_meaning_of_policy(&side->meaning, tool->context, side->policy, NULL);
}

/* A target for each device; what is named for one is the other's too. */
static flowrules_status match_targets(struct side *side, struct tool *tool, struct hops *targets) {
    size_t devices = side->hops.count;
    if (devices > 0 && targets->count > 1 && devices != targets->count)
        return tell_usage(tool, "there are %zu targets for %zu devices: name a target for each",
                          targets->count, devices);
    share_places(targets, &side->hops);
    share_places(&side->hops, targets);
    return FLOWRULES_OK;
}

/* ---- the verb ------------------------------------------------------------------------------ */

static flowrules_status compare_sides(struct tool *tool, struct side sides[2],
                                      const struct hops *targets,
                                      const struct policy_changes *changes) {
    struct comparison_words words = words_of_versions(sides[0].policy, sides[1].policy);
    words.changes = changes->flows != NULL ? changes : NULL;
    flowrules_comparison *comparison = NULL;
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < 2 && status == FLOWRULES_OK; i++) {
        status = find_meaning(&sides[i], &sides[1 - i], tool, targets);
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

/* "old.yaml -> new.yaml"; what has no place is the new one's. */
static void name_sides(struct results *results, const struct side sides[2]) {
    char *subject = NULL;
    result_print(&subject, "%s -> %s", policy_shown(sides[0].text), policy_shown(sides[1].text));
    results_about(results, subject, policy_shown(sides[1].text));
    free(subject);
}

flowrules_status run_diff(struct tool *tool) {
    struct side sides[2] = {{.text = tool->settings.operands.items[0]},
                            {.text = tool->settings.operands.items[1]}};
    struct hops targets = {0};
    struct policy_changes changes = {0};
    flowrules_status status = FLOWRULES_OK;
    if (tool->results != NULL)
        name_sides(tool->results, sides);
    if (tool->settings.targets.count > 1)
        status = tell_usage(tool, "only one target can be compared at a time");
    else if (tool->settings.targets.count == 1)
        status = read_hops(&targets, tool, tool->settings.targets.items[0], false);
    for (size_t i = 0; i < 2 && status == FLOWRULES_OK; i++)
        status = open_side(&sides[i], &sides[1 - i], tool);
    for (size_t i = 0; i < 4 && status == FLOWRULES_OK; i++)
        status = match_targets(&sides[i % 2], tool, &targets);
    if (status == FLOWRULES_OK && sides[0].policy != NULL && sides[1].policy != NULL &&
        targets.count <= 1)
        status = find_policy_changes(&changes, tool, sides[0].policy, sides[1].policy,
                                     targets.count == 1 ? targets.items[0].name : NULL);
    if (status == FLOWRULES_OK)
        status = compare_sides(tool, sides, &targets, &changes);
    free_policy_changes(&changes);
    for (size_t i = 0; i < 2; i++)
        close_side(&sides[i]);
    free_hops(&targets);
    return status;
}
