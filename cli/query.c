/*
 * flowrules query: would a packet pass, by which flow, and which rules did that flow become?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "verbs.h"

/* An answer for each -t, or one for all targets of the file. What they say of the policy agrees. */
struct answers {
    flowrules_answer **items;
    size_t count;
};

static const struct {
    const char *verdict, *heading;
    enum style style;
} verdicts[] = {
    {"allowed", "allowed", STYLE_GREEN},
    {"denied", "denied", STYLE_RED},
    {"partly", "partly allowed", STYLE_YELLOW},
    {"unknown", "can't tell", STYLE_YELLOW},
};
#define VERDICT_COUNT (sizeof(verdicts) / sizeof(verdicts[0]))

/* ---- asking -------------------------------------------------------------------------------- */

static flowrules_status ask(struct answers *answers, struct tool *tool,
                            const flowrules_policy *policy, const char *target) {
    const char *question = tool->settings.operands.items[1];
    flowrules_answer *answer;
    flowrules_status status = flowrules_query(&answer, tool->context, policy, target, question);
    tell_diagnostics(tool);
    if (answer != NULL)
        answers->items[answers->count++] = answer;
    return status;
}

static flowrules_status ask_all(struct answers *answers, struct tool *tool,
                                const flowrules_policy *policy) {
    const struct text_list *targets = &tool->settings.targets;
    flowrules_status status = FLOWRULES_OK;
    answers->items = allocate(targets->count + 1, sizeof(flowrules_answer *));
    if (targets->count == 0)
        return ask(answers, tool, policy, NULL);
    for (size_t i = 0; i < targets->count && status == FLOWRULES_OK; i++)
        status = ask(answers, tool, policy, targets->items[i]);
    return status;
}

/* ---- for a person -------------------------------------------------------------------------- */

/* The flows of one action, behind a word: "by a (policy.yaml:3), b (policy.yaml:9)". */
static size_t print_flows(const flowrules_answer *answer, const char *action, const char *word) {
    size_t printed = 0;
    for (size_t i = 0; i < flowrules_answer_flow_count(answer); i++) {
        if (strcmp(flowrules_answer_flow_action(answer, i), action) != 0)
            continue;
        fputs(printed++ == 0 ? word : ", ", stdout);
        print_user(stdout, flowrules_answer_flow_name(answer, i));
        fputs(" (", stdout);
        print_user(stdout, flowrules_answer_flow_file(answer, i));
        printf(":%u)", (unsigned)flowrules_answer_flow_line(answer, i));
    }
    return printed;
}

static void print_verdict(const struct tool *tool, const flowrules_answer *answer) {
    const char *verdict = flowrules_answer_verdict(answer);
    bool denied = strcmp(verdict, "denied") == 0, unknown = strcmp(verdict, "unknown") == 0;
    for (size_t i = 0; i < VERDICT_COUNT; i++) {
        if (strcmp(verdicts[i].verdict, verdict) != 0)
            continue;
        style_begin(stdout, tool->colour_out, verdicts[i].style);
        fputs(verdicts[i].heading, stdout);
        style_end(stdout, tool->colour_out, verdicts[i].style);
    }
    if (!denied)
        print_flows(answer, "allow", unknown ? "; may be allowed by " : " by ");
    if (strcmp(verdict, "allowed") != 0)
        print_flows(answer, "deny",
                    denied    ? " by "
                    : unknown ? "; may be denied by "
                              : "; denied by ");
    putchar('\n');
    if (flowrules_answer_reason(answer) != NULL)
        print_wrapped(stdout, flowrules_answer_reason(answer), 2, terminal_width(stdout));
}

/* The rules of a target, or of all. One that was asked for and has none must not look agreeing. */
static void print_rules(const flowrules_answer *answer, const char *target) {
    if (target != NULL && flowrules_answer_flow_count(answer) > 0 &&
        flowrules_answer_rule_count(answer) == 0) {
        print_user(stdout, target);
        puts(": no rule of it says so; 'flowrules explain' tells why");
    }
    for (size_t i = 0; i < flowrules_answer_rule_count(answer); i++) {
        print_user(stdout, flowrules_answer_rule_target(answer, i));
        fputs(": ", stdout);
        print_user(stdout, flowrules_answer_rule_file(answer, i));
        printf(":%u: ", (unsigned)flowrules_answer_rule_line(answer, i));
        print_user(stdout, flowrules_answer_rule_text(answer, i));
        putchar('\n');
    }
}

/* ---- as JSON ------------------------------------------------------------------------------- */

static cJSON *flow_items(const flowrules_answer *answer) {
    cJSON *flows = json_array();
    for (size_t i = 0; i < flowrules_answer_flow_count(answer); i++) {
        cJSON *item = json_object();
        json_text(item, "name", flowrules_answer_flow_name(answer, i));
        json_text(item, "action", flowrules_answer_flow_action(answer, i));
        json_text(item, "file", flowrules_answer_flow_file(answer, i));
        json_number(item, "line", flowrules_answer_flow_line(answer, i));
        json_append(flows, item);
    }
    return flows;
}

static void add_rule_items(cJSON *rules, const flowrules_answer *answer) {
    for (size_t i = 0; i < flowrules_answer_rule_count(answer); i++) {
        cJSON *item = json_object();
        json_text(item, "target", flowrules_answer_rule_target(answer, i));
        json_text(item, "flow", flowrules_answer_rule_flow(answer, i));
        json_text(item, "file", flowrules_answer_rule_file(answer, i));
        json_number(item, "line", flowrules_answer_rule_line(answer, i));
        json_text(item, "text", flowrules_answer_rule_text(answer, i));
        json_append(rules, item);
    }
}

static void print_json(const struct answers *answers, const char *question) {
    cJSON *whole = json_object();
    cJSON *rules = json_array();
    json_text(whole, "question", question);
    json_text(whole, "verdict", flowrules_answer_verdict(answers->items[0]));
    json_text(whole, "reason", flowrules_answer_reason(answers->items[0]));
    json_add(whole, "flows", flow_items(answers->items[0]));
    for (size_t i = 0; i < answers->count; i++)
        add_rule_items(rules, answers->items[i]);
    json_add(whole, "rules", rules);
    json_print(stdout, whole);
    putchar('\n');
}

/* ---- the verb ------------------------------------------------------------------------------ */

static void print_answers(const struct tool *tool, const struct answers *answers) {
    const struct text_list *targets = &tool->settings.targets;
    if (tool->settings.json) {
        print_json(answers, tool->settings.operands.items[1]);
        return;
    }
    print_verdict(tool, answers->items[0]);
    for (size_t i = 0; i < answers->count; i++)
        print_rules(answers->items[i], i < targets->count ? targets->items[i] : NULL);
}

static flowrules_status status_of(const struct answers *answers) {
    for (size_t i = 0; i < answers->count; i++)
        if (strcmp(flowrules_answer_verdict(answers->items[i]), "allowed") != 0)
            return FLOWRULES_DIFFERENT;
    return FLOWRULES_OK;
}

flowrules_status run_query(struct tool *tool) {
    struct answers answers = {0};
    flowrules_policy *policy;
    flowrules_status status = open_policy(&policy, tool, tool->settings.operands.items[0]);
    if (status == FLOWRULES_OK)
        status = ask_all(&answers, tool, policy);
    if (answers.count > 0 && (status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT)) {
        print_answers(tool, &answers);
        status = status_of(&answers);
    }
    for (size_t i = 0; i < answers.count; i++)
        flowrules_answer_free(answers.items[i]);
    free(answers.items);
    flowrules_policy_free(policy);
    return status;
}
