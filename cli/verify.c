/*
 * flowrules verify: does an artifact, or a running configuration, mean exactly the policy?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comparison.h"
#include "verbs.h"

/* The one target that is meant: -t, or the only one of the policy; NULL, and told, otherwise. */
static const char *choose_target(struct tool *tool, const flowrules_policy *policy) {
    const struct text_list *targets = &tool->settings.targets;
    if (targets->count == 1)
        return targets->items[0];
    if (targets->count == 0 && flowrules_target_count(policy) == 1)
        return flowrules_target_name(policy, 0);
    tell_usage(tool, targets->count > 1 ? "one target is verified at a time"
                                        : "name the target that the files are of, with -t");
    return NULL;
}

static void print_verdict(const struct tool *tool, const flowrules_comparison *comparison,
                          const char *target) {
    static const char forms[2][72] = {
        "exactly what target '%s' has to let pass",
        "all that target '%s' permits passes; what else passes is not compared"};
    size_t size = sizeof forms[0] + strlen(target);
    char *sentences[2] = {allocate(size, 1), allocate(size, 1)};
    snprintf(sentences[0], size, forms[0], target);
    snprintf(sentences[1], size, forms[1], target);
    const struct comparison_words words = {.equal = sentences[0],
                                           .contains = sentences[1],
                                           .allowed = "passes and should not",
                                           .denied = "should pass and does not",
                                           .no_rule = {"no flow allows it", "no rule allows it"},
                                           .no_block = {"nothing blocks it", "nothing blocks it"}};
    print_comparison(tool, comparison, &words);
    free(sentences[0]);
    free(sentences[1]);
}

flowrules_status run_verify(struct tool *tool) {
    const struct text_list *operands = &tool->settings.operands;
    flowrules_policy *policy = NULL;
    flowrules_configuration *configuration = NULL;
    flowrules_comparison *comparison = NULL;
    flowrules_status status = open_policy(&policy, tool, operands->items[0]);
    const char *target = status == FLOWRULES_OK ? choose_target(tool, policy) : NULL;
    if (status == FLOWRULES_OK && target == NULL)
        status = FLOWRULES_USAGE;
    if (status == FLOWRULES_OK)
        status = open_configuration(&configuration, tool, operands->items + 1, operands->count - 1);
    if (status == FLOWRULES_OK) {
        status = flowrules_verify(&comparison, tool->context, policy, target, configuration);
        tell_diagnostics(tool);
    }
    if (comparison != NULL)
        print_verdict(tool, comparison, target);
    flowrules_comparison_free(comparison);
    flowrules_configuration_free(configuration);
    flowrules_policy_free(policy);
    return status;
}
