/*
 * Reads devices that stand one behind the other from a text of the command line, and takes what
 * they let pass together.
 */
#include "hops.h"

#include <stdlib.h>
#include <string.h>

#include "comparison.h"

/* ---- reading a text ------------------------------------------------------------------------ */

static const char between[] = " & ";

bool is_hops(const char *text) {
    return strchr(text, '=') != NULL && strstr(text, between) != NULL;
}

static char *trim(char *text) {
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    text[length] = '\0';
    return text;
}

/* The text behind the first word, if that is the word; else NULL. */
static char *behind(char *text, const char *word) {
    size_t length = strlen(word);
    bool same = strncmp(text, word, length) == 0 && text[length] == ' ';
    return same ? trim(text + length) : NULL;
}

/* One of the words in brackets. */
static flowrules_status read_word(struct hop *hop, struct tool *tool, char *word) {
    char *from = behind(word, "from"), *to = behind(word, "to");
    if (from != NULL && *from != '\0')
        hop->places[0] = from;
    else if (to != NULL && *to != '\0')
        hop->places[1] = to;
    else if (strcmp(word, "forward") == 0 || strcmp(word, "host") == 0)
        hop->hook = word;
    else if (strchr(word, '=') != NULL)
        text_list_add(&hop->sets, word);
    else
        return tell_usage(tool,
                          "in brackets stand 'from PLACE', 'to PLACE', 'forward', 'host' "
                          "and KEY=VALUE, with commas between them, not '%s'",
                          word);
    return FLOWRULES_OK;
}

/* Reads the brackets at the end of a device, and cuts them off. */
static flowrules_status read_brackets(struct hop *hop, struct tool *tool, char *text) {
    size_t length = strlen(text);
    char *open = strstr(text, " [");
    flowrules_status status = FLOWRULES_OK;
    if (open == NULL || text[length - 1] != ']')
        return FLOWRULES_OK;
    text[length - 1] = '\0';
    *open = '\0';
    for (char *next = open + 2; next != NULL && status == FLOWRULES_OK;) {
        char *word = next;
        next = strchr(next, ',');
        if (next != NULL)
            *next++ = '\0';
        status = read_word(hop, tool, trim(word));
    }
    return status;
}

static void split_paths(struct hop *hop, char *list) {
    for (char *next = list; next != NULL;) {
        char *path = next;
        next = strchr(next, ',');
        if (next != NULL)
            *next++ = '\0';
        text_list_add(&hop->paths, path);
    }
}

static flowrules_status read_hop(struct hop *hop, struct tool *tool, char *text, bool files) {
    text = trim(text);
    hop->name = text;
    flowrules_status status = read_brackets(hop, tool, text);
    char *equals = strchr(trim(text), '=');
    if (status != FLOWRULES_OK)
        return status;
    if (*text == '\0')
        return tell_usage(tool, "a device is missing before or behind '&'");
    if (!files)
        return equals == NULL ? FLOWRULES_OK
                              : tell_usage(tool, "'%s' is no name of a target", text);
    if (equals == NULL)
        return tell_usage(tool, "'%s' is no device: write NAME=FILE", text);
    *equals = '\0';
    if (*trim(equals + 1) == '\0')
        return tell_usage(tool, "a FILE is needed after '%s='", text);
    split_paths(hop, trim(equals + 1));
    return FLOWRULES_OK;
}

/* Words in brackets that say where a device stands need a device beside it. */
static flowrules_status check_alone(const struct hops *hops, struct tool *tool) {
    const struct hop *hop = hops->items;
    if (hops->count > 1 || (hop->places[0] == NULL && hop->places[1] == NULL && hop->hook == NULL))
        return FLOWRULES_OK;
    return tell_usage(tool, "'from', 'to', 'forward' and 'host' are for several devices: A & B");
}

flowrules_status read_hops(struct hops *hops, struct tool *tool, const char *text, bool files) {
    size_t size = strlen(text) + 1;
    flowrules_status status = FLOWRULES_OK;
    hops->block = allocate(size, 1);
    memcpy(hops->block, text, size);
    for (char *next = hops->block; next != NULL && status == FLOWRULES_OK;) {
        char *own = next;
        next = strstr(next, between);
        if (next != NULL) {
            *next = '\0';
            next += sizeof between - 1;
        }
        hops->items = reallocate(hops->items, hops->count + 1, sizeof *hops->items);
        hops->items[hops->count] = (struct hop){0};
        status = read_hop(&hops->items[hops->count++], tool, own, files);
    }
    return status == FLOWRULES_OK ? check_alone(hops, tool) : status;
}

void free_hops(struct hops *hops) {
    for (size_t i = 0; i < hops->count; i++) {
        flowrules_configuration_free(hops->items[i].configuration);
        free(hops->items[i].paths.items);
        free(hops->items[i].sets.items);
    }
    free(hops->items);
    free(hops->block);
}

void share_places(struct hops *hops, const struct hops *others) {
    for (size_t i = 0; i < hops->count && hops->count == others->count; i++) {
        struct hop *own = &hops->items[i];
        const struct hop *other = &others->items[i];
        for (unsigned e = 0; e < 2; e++)
            if (own->places[e] == NULL)
                own->places[e] = other->places[e];
        if (own->hook == NULL)
            own->hook = other->hook;
    }
}

/* ---- configurations ------------------------------------------------------------------------ */

flowrules_status open_hops(struct hops *hops, struct tool *tool) {
    flowrules_status status = FLOWRULES_OK;
    if (hops->count > 1 && tool->settings.sets.count > 0)
        return tell_usage(tool,
                          "of several devices, write the settings of each in brackets behind "
                          "its files: [%s]",
                          tool->settings.sets.items[0]);
    for (size_t i = 0; i < hops->count && status == FLOWRULES_OK; i++) {
        struct hop *hop = &hops->items[i];
        status = open_configuration(&hop->configuration, tool, hop->paths.items, hop->paths.count);
        if (status == FLOWRULES_OK)
            status = add_settings(hop->configuration, tool, &hop->sets);
    }
    return status;
}

bool is_name_of(const char *name, const char *spec) {
    size_t length = strcspn(spec, ":");
    return strlen(name) == length && strncmp(name, spec, length) == 0;
}

const char *backend_of(const flowrules_policy *policy, const char *target) {
    for (size_t i = 0; i < flowrules_target_count(policy); i++)
        if (is_name_of(flowrules_target_name(policy, i), target))
            return flowrules_target_backend(policy, i);
    return NULL;
}

static bool has_setting(const struct tool *tool, const char *spec, const char *key) {
    const flowrules_context *context = tool->context;
    for (size_t i = 0; i < flowrules_backend_count(context); i++) {
        if (!is_name_of(flowrules_backend_name(context, i), spec))
            continue;
        for (size_t k = 0; k < flowrules_backend_row_count(context, i, FLOWRULES_SETTINGS); k++)
            if (strcmp(flowrules_backend_row_name(context, i, FLOWRULES_SETTINGS, k), key) == 0)
                return true;
    }
    return false;
}

/* Where zones are no part of what is read, a setting says which two they are. */
static flowrules_status set_zones(struct tool *tool, const struct hop *hop) {
    static const char *const keys[] = {"from-zone", "to-zone"};
    flowrules_status status = FLOWRULES_OK;
    for (unsigned e = 0; e < 2 && status == FLOWRULES_OK; e++)
        if (hop->places[e] != NULL && has_setting(tool, hop->name, keys[e]) &&
            !has_setting(tool, hop->name, "match-zones"))
            status = flowrules_configuration_set(hop->configuration, keys[e], hop->places[e]);
    return status;
}

flowrules_status meaning_of_hop(flowrules_meaning **meaning, struct tool *tool,
                                const struct hop *hop, const char *target,
                                const flowrules_policy *policy) {
    flowrules_status status = target == NULL ? set_zones(tool, hop) : FLOWRULES_OK;
    if (status != FLOWRULES_OK)
        return status;
    return flowrules_meaning_of_configuration(meaning, tool->context,
                                              target == NULL ? hop->name : target,
                                              target == NULL ? NULL : policy, hop->configuration);
}

/* ---- together ------------------------------------------------------------------------------ */

flowrules_status join_hops(flowrules_meaning **meaning, struct tool *tool, const struct hops *hops,
                           flowrules_meaning **meanings) {
    flowrules_path *path = NULL;
    *meaning = NULL;
    if (hops->count == 1) {
        *meaning = meanings[0];
        meanings[0] = NULL;
        return FLOWRULES_OK;
    }
    flowrules_status status = flowrules_path_new(&path, tool->context);
    for (size_t i = 0; i < hops->count && status == FLOWRULES_OK; i++) {
        const struct hop *hop = &hops->items[i];
        status = flowrules_path_add(path, meanings[i], hop->places[0], hop->places[1], hop->hook);
    }
    if (status == FLOWRULES_OK)
        status = flowrules_path_meaning(meaning, path);
    flowrules_path_free(path);
    return status;
}

flowrules_status meaning_of_targets(flowrules_meaning **meaning, struct tool *tool,
                                    const struct hops *targets, const flowrules_policy *policy) {
    flowrules_meaning **meanings = allocate(targets->count, sizeof(flowrules_meaning *));
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < targets->count && status == FLOWRULES_OK; i++)
        status = flowrules_meaning_of_policy(&meanings[i], tool->context, policy,
                                             targets->items[i].name);
    if (status == FLOWRULES_OK)
        status = join_hops(meaning, tool, targets, meanings);
    for (size_t i = 0; i < targets->count; i++)
        flowrules_meaning_free(meanings[i]);
    free(meanings);
    return status;
}
