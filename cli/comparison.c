/*
 * Tells a comparison as a person would: what is newly allowed and what no longer, each with a
 * packet that shows it and the rules that decide.
 */
#include "comparison.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "differences.h"
#include "json.h"
#include "text.h"

struct comparison_words words_of_versions(const flowrules_policy *before,
                                          const flowrules_policy *after) {
    static const struct section sections[2] = {{"Newly allowed", DIFFERENCE_COLUMNS},
                                               {"No longer allowed", DIFFERENCE_COLUMNS}};
    return (struct comparison_words){
        .equal = "the same packets pass",
        .contains = "everything that one side permits passes on the other; what else passes there "
                    "is not compared",
        .allowed = "newly allowed",
        .denied = "no longer allowed",
        .versions = true,
        .no_rule = {"nothing allowed it before", "nothing allows it any more"},
        .no_block = {"nothing blocked it before", "nothing blocks it any more"},
        .rules = {"diff-allowed", "diff-denied"},
        .severity = FLOWRULES_WARNING,
        .sections = sections,
        .policies = {before, after}};
}

/* ---- configurations ------------------------------------------------------------------------ */

flowrules_status add_settings(flowrules_configuration *configuration, struct tool *tool,
                              const struct text_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        const char *text = list->items[i];
        size_t length = strcspn(text, "=");
        if (text[length] == '\0' || length == 0)
            return tell_usage(tool, "%s takes KEY=VALUE, not '%s'",
                              list == &tool->settings.sets ? "--set" : "a setting", text);
        char *key = allocate(length + 1, 1);
        memcpy(key, text, length);
        flowrules_status status =
            flowrules_configuration_set(configuration, key, text + length + 1);
        free(key);
        if (status != FLOWRULES_OK)
            return status;
    }
    return FLOWRULES_OK;
}

static flowrules_status add_file(flowrules_configuration *configuration, struct tool *tool,
                                 const char *path) {
    size_t size;
    if (strcmp(path, "-") != 0)
        return flowrules_configuration_add_file(configuration, path);
    char *text = read_input(tool, &size);
    if (text == NULL)
        return FLOWRULES_IO;
    flowrules_status status =
        flowrules_configuration_add_text(configuration, policy_shown(path), text, size);
    free(text);
    return status;
}

flowrules_status open_configuration(flowrules_configuration **configuration, struct tool *tool,
                                    const char *const *paths, size_t count) {
    flowrules_status status = flowrules_configuration_new(configuration, tool->context);
    if (status == FLOWRULES_OK)
        status = add_settings(*configuration, tool, &tool->settings.sets);
    for (size_t i = 0; i < count && status == FLOWRULES_OK; i++)
        status = add_file(*configuration, tool, paths[i]);
    tell_diagnostics(tool);
    return status;
}

/* ---- as text ------------------------------------------------------------------------------- */

static bool is_change(const flowrules_comparison *comparison, size_t i, const char *change) {
    return strcmp(flowrules_difference_change(comparison, i), change) == 0;
}

/* An end of a difference, with the interface of its packets there. */
static void print_end(const char *addresses, const char *interfaces) {
    print_user(stdout, addresses);
    if (interfaces == NULL)
        return;
    fputs(" by ", stdout);
    print_user(stdout, interfaces);
}

static void print_difference(const struct tool *tool, const flowrules_comparison *comparison,
                             size_t i, const struct comparison_words *words) {
    bool passes_after = is_change(comparison, i, "allowed");
    const char *packets = flowrules_difference_packets(comparison, i);
    const char *direction = flowrules_difference_direction(comparison, i);
    fputs("  ", stdout);
    style_begin(stdout, tool->colour_out, STYLE_BOLD);
    print_end(flowrules_difference_source(comparison, i),
              flowrules_difference_enters(comparison, i));
    fputs(" -> ", stdout);
    print_end(flowrules_difference_destination(comparison, i),
              flowrules_difference_leaves(comparison, i));
    fputs("  ", stdout);
    print_user(stdout, flowrules_difference_service(comparison, i));
    style_end(stdout, tool->colour_out, STYLE_BOLD);
    if (strcmp(direction, "forward") != 0)
        printf("  (%s)", direction);
    putchar('\n');
    if (strcmp(packets, "new connections") != 0)
        printf("    %s\n", packets);
    fputs("    for example ", stdout);
    print_user(stdout, flowrules_difference_witness(comparison, i));
    fputs("\n    ", stdout);
    print_decider(stdout, comparison, i, 1, passes_after, words);
    fputs("; ", stdout);
    print_decider(stdout, comparison, i, 0, !passes_after, words);
    putchar('\n');
}

static void print_differences(const struct tool *tool, const flowrules_comparison *comparison,
                              const char *change, const char *heading,
                              const struct comparison_words *words) {
    bool first = true;
    size_t *order = words->changes != NULL ? order_differences(comparison, words) : NULL;
    for (size_t k = 0; k < flowrules_difference_count(comparison); k++) {
        size_t i = order != NULL ? order[k] : k;
        if (!is_change(comparison, i, change))
            continue;
        if (first)
            printf("%s:\n", heading);
        first = false;
        print_difference(tool, comparison, i, words);
    }
    free(order);
}

static void print_doubts(const flowrules_comparison *comparison) {
    if (flowrules_doubt_count(comparison) > 0)
        puts("the reasons:");
    for (size_t i = 0; i < flowrules_doubt_count(comparison); i++) {
        const char *file = flowrules_doubt_file(comparison, i);
        fputs("  ", stdout);
        if (file != NULL) {
            uint32_t line = flowrules_doubt_line(comparison, i);
            print_user(stdout, file);
            if (line > 0)
                printf(":%u", (unsigned)line);
            fputs(": ", stdout);
        }
        print_user(stdout, flowrules_doubt_text(comparison, i));
        putchar('\n');
    }
}

static void print_text(const struct tool *tool, const flowrules_comparison *comparison,
                       const struct comparison_words *words) {
    const char *verdict = flowrules_comparison_verdict(comparison);
    bool contains = strcmp(verdict, "contains") == 0;
    bool equal = contains || strcmp(verdict, "equal") == 0;
    bool different = strcmp(verdict, "different") == 0;
    enum style style = equal ? STYLE_GREEN : different ? STYLE_RED : STYLE_YELLOW;
    style_begin(stdout, tool->colour_out, style);
    fputs(verdict, stdout);
    style_end(stdout, tool->colour_out, style);
    if (equal) {
        fputs(": ", stdout);
        print_user(stdout, contains ? words->contains : words->equal);
    }
    putchar('\n');
    print_differences(tool, comparison, "allowed", words->allowed, words);
    print_differences(tool, comparison, "denied", words->denied, words);
    print_doubts(comparison);
    if (words->changes != NULL)
        print_policy_changes(words->changes);
}

/* ---- as JSON ------------------------------------------------------------------------------- */

static cJSON *hop_item(const flowrules_comparison *comparison, size_t i, int after, size_t hop) {
    cJSON *item = json_object();
    const char *file = flowrules_difference_hop_file(comparison, i, after, hop);
    json_text(item, "name", flowrules_difference_hop_name(comparison, i, after, hop));
    json_bool(item, "passes", flowrules_difference_hop_passes(comparison, i, after, hop) != 0);
    json_text(item, "flow", flowrules_difference_hop_flow(comparison, i, after, hop));
    json_text(item, "file", file);
    if (file != NULL)
        json_number(item, "line", flowrules_difference_hop_line(comparison, i, after, hop));
    json_bool(item, "baseline", flowrules_difference_hop_baseline(comparison, i, after, hop) != 0);
    return item;
}

static cJSON *decider_item(const flowrules_comparison *comparison, size_t i, int after) {
    cJSON *item = json_object();
    const char *file = flowrules_difference_file(comparison, i, after);
    json_text(item, "flow", flowrules_difference_flow(comparison, i, after));
    json_text(item, "file", file);
    if (file != NULL)
        json_number(item, "line", flowrules_difference_line(comparison, i, after));
    json_bool(item, "baseline", flowrules_difference_baseline(comparison, i, after) != 0);
    size_t hops = flowrules_difference_hop_count(comparison, i, after);
    cJSON *devices = hops == 0 ? NULL : json_array();
    for (size_t hop = 0; hop < hops; hop++)
        json_append(devices, hop_item(comparison, i, after, hop));
    if (devices != NULL)
        json_add(item, "devices", devices);
    return item;
}

static cJSON *difference_item(const flowrules_comparison *comparison, size_t i) {
    cJSON *item = json_object();
    json_text(item, "change", flowrules_difference_change(comparison, i));
    json_text(item, "direction", flowrules_difference_direction(comparison, i));
    json_text(item, "packets", flowrules_difference_packets(comparison, i));
    json_text(item, "source", flowrules_difference_source(comparison, i));
    json_text(item, "destination", flowrules_difference_destination(comparison, i));
    if (flowrules_difference_enters(comparison, i) != NULL)
        json_text(item, "enters", flowrules_difference_enters(comparison, i));
    if (flowrules_difference_leaves(comparison, i) != NULL)
        json_text(item, "leaves", flowrules_difference_leaves(comparison, i));
    json_text(item, "service", flowrules_difference_service(comparison, i));
    json_text(item, "witness", flowrules_difference_witness(comparison, i));
    json_add(item, "before", decider_item(comparison, i, 0));
    json_add(item, "after", decider_item(comparison, i, 1));
    return item;
}

static void print_json(const flowrules_comparison *comparison,
                       const struct comparison_words *words) {
    cJSON *whole = json_answer(), *differences = json_array(), *doubts = json_array();
    for (size_t i = 0; i < flowrules_difference_count(comparison); i++)
        json_append(differences, difference_item(comparison, i));
    for (size_t i = 0; i < flowrules_doubt_count(comparison); i++) {
        cJSON *item = json_object();
        json_text(item, "text", flowrules_doubt_text(comparison, i));
        json_text(item, "side", flowrules_doubt_after(comparison, i) != 0 ? "after" : "before");
        json_text(item, "file", flowrules_doubt_file(comparison, i));
        json_number(item, "line", flowrules_doubt_line(comparison, i));
        json_append(doubts, item);
    }
    json_text(whole, "verdict", flowrules_comparison_verdict(comparison));
    json_add(whole, "differences", differences);
    json_add(whole, "doubts", doubts);
    if (words->changes != NULL)
        json_policy_changes(whole, words->changes);
    json_print(stdout, whole);
    putchar('\n');
}

void print_comparison(const struct tool *tool, const flowrules_comparison *comparison,
                      const struct comparison_words *words) {
    if (tool->results != NULL)
        add_differences(tool->results, comparison, words);
    else if (tool->settings.json)
        print_json(comparison, words);
    else
        print_text(tool, comparison, words);
}
