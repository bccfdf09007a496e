/*
 * flowrules verify: does an artifact, or a running configuration, mean exactly the policy?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comparison.h"
#include "running.h"
#include "verbs.h"

static void print_verdict(const struct tool *tool, const flowrules_comparison *comparison,
                          const flowrules_policy *policy, const char *target, bool several) {
    static const struct section sections[2] = {{"Passes and should not", DIFFERENCE_COLUMNS},
                                               {"Should pass and does not", DIFFERENCE_COLUMNS}};
    static const char whole[] = "exactly what all of the targets have to let pass";
    static const char forms[2][72] = {
        "exactly what target '%s' has to let pass",
        "all that target '%s' permits passes; what else passes is not compared"};
    size_t size = sizeof forms[0] + strlen(target);
    char *sentences[2] = {allocate(size, 1), allocate(size, 1)};
    snprintf(sentences[0], size, forms[0], target);
    snprintf(sentences[1], size, forms[1], target);
    const struct comparison_words words = {.equal = several ? whole : sentences[0],
                                           .contains = sentences[1],
                                           .allowed = "passes and should not",
                                           .denied = "should pass and does not",
                                           .no_rule = {"no flow allows it", "no rule allows it"},
                                           .no_block = {"nothing blocks it", "nothing blocks it"},
                                           .rules = {"verify-allowed", "verify-denied"},
                                           .severity = FLOWRULES_ERROR,
                                           .sections = sections,
                                           .policies = {policy, NULL}};
    print_comparison(tool, comparison, &words);
    free(sentences[0]);
    free(sentences[1]);
}

/* ---- several targets, one behind the other -------------------------------------------------- */

static flowrules_status compare_path(flowrules_comparison **comparison, struct tool *tool,
                                     const flowrules_policy *policy, const struct hops *hops) {
    flowrules_meaning **meanings = allocate(hops->count, sizeof(flowrules_meaning *));
    flowrules_meaning *expected = NULL, *found = NULL;
    flowrules_status status = meaning_of_targets(&expected, tool, hops, policy);
    for (size_t i = 0; i < hops->count && status == FLOWRULES_OK; i++)
        status = meaning_of_hop(&meanings[i], tool, &hops->items[i], hops->items[i].name, policy);
    if (status == FLOWRULES_OK)
        status = join_hops(&found, tool, hops, meanings);
    if (status == FLOWRULES_OK)
        status = flowrules_compare(comparison, tool->context, expected, found);
    for (size_t i = 0; i < hops->count; i++)
        flowrules_meaning_free(meanings[i]);
    free(meanings);
    flowrules_meaning_free(expected);
    flowrules_meaning_free(found);
    tell_diagnostics(tool);
    return status;
}

static flowrules_status verify_path(struct tool *tool, const flowrules_policy *policy) {
    flowrules_comparison *comparison = NULL;
    struct hops hops = {0};
    flowrules_status status = read_devices(&hops, tool);
    if (status == FLOWRULES_OK)
        status = compare_path(&comparison, tool, policy, &hops);
    if (comparison != NULL)
        print_verdict(tool, comparison, policy, "", true);
    flowrules_comparison_free(comparison);
    free_hops(&hops);
    return status;
}

/* ---- one target ---------------------------------------------------------------------------- */

static flowrules_status verify_target(struct tool *tool, const flowrules_policy *policy) {
    const struct text_list *operands = &tool->settings.operands;
    flowrules_configuration *configuration = NULL;
    flowrules_comparison *comparison = NULL;
    const char *target = choose_target(tool, policy);
    if (target == NULL)
        return FLOWRULES_USAGE;
    flowrules_status status =
        open_configuration(&configuration, tool, operands->items + 1, operands->count - 1);
    if (status == FLOWRULES_OK) {
        status = flowrules_verify(&comparison, tool->context, policy, target, configuration);
        tell_diagnostics(tool);
    }
    if (comparison != NULL)
        print_verdict(tool, comparison, policy, target, false);
    flowrules_comparison_free(comparison);
    flowrules_configuration_free(configuration);
    return status;
}

flowrules_status run_verify(struct tool *tool) {
    const struct text_list *operands = &tool->settings.operands;
    flowrules_policy *policy = NULL;
    flowrules_status status = open_policy(&policy, tool, operands->items[0]);
    if (status == FLOWRULES_OK)
        status = (names_several(tool) ? verify_path : verify_target)(tool, policy);
    flowrules_policy_free(policy);
    return status;
}
