/*
 * flowrules query: would a packet pass, by which flow, and which rules did that flow become? Where
 * nobody asks for rules, nothing is rendered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "verbs.h"

/*
 * An answer for each -t; without one, for each target where they select different flows, and else
 * one for the whole policy.
 */
struct answers {
    flowrules_answer **items;
    const char **targets; /* for each; NULL: the whole policy */
    size_t count;
};

static const struct {
    const char *verdict, *heading;
    enum style style;
} verdicts[] = {
    {"allowed", "allowed", STYLE_GREEN},
    {"denied", "denied", STYLE_RED},
    {"partly", "partly allowed", STYLE_YELLOW},
    {"unknown", "unknown", STYLE_YELLOW},
    {"undecided", "not decided here", STYLE_YELLOW},
};
#define VERDICT_COUNT (sizeof(verdicts) / sizeof(verdicts[0]))

static bool shows_rules(const struct tool *tool) {
    return tool->settings.rules || tool->settings.targets.count > 0;
}

/* ---- asking -------------------------------------------------------------------------------- */

static flowrules_status ask(struct answers *answers, struct tool *tool,
                            const flowrules_policy *policy, const char *target) {
    const char *question = tool->settings.operands.items[1];
    flowrules_answer *answer;
    flowrules_status status = flowrules_query(&answer, tool->context, policy, target, question);
    tell_diagnostics(tool);
    if (answer != NULL) {
        answers->targets[answers->count] = target;
        answers->items[answers->count++] = answer;
    }
    return status;
}

static bool selects_any(const flowrules_policy *policy, size_t target) {
    for (size_t i = 0; i < flowrules_flow_count(policy); i++)
        if (flowrules_target_selects(policy, target, i))
            return true;
    return false;
}

/* Does every target that selects any flow select the same? Else a packet is not one question. */
static bool select_the_same(const flowrules_policy *policy) {
    size_t busy = 0;
    for (size_t t = 0; t < flowrules_target_count(policy); t++) {
        busy += selects_any(policy, t);
        if (flowrules_target_permits(policy, t)) /* what it does not permit, it does not deny */
            return false;
    }
    for (size_t i = 0; i < flowrules_flow_count(policy); i++) {
        size_t selecting = 0;
        for (size_t t = 0; t < flowrules_target_count(policy); t++)
            selecting += flowrules_target_selects(policy, t, i) != 0;
        if (selecting > 0 && selecting < busy)
            return false;
    }
    return true;
}

/* What one target lacks is told; the others answer all the same. */
static flowrules_status ask_each(struct answers *answers, struct tool *tool,
                                 const flowrules_policy *policy) {
    flowrules_status first = FLOWRULES_OK;
    for (size_t t = 0; t < flowrules_target_count(policy); t++) {
        if (!selects_any(policy, t))
            continue;
        flowrules_status status = ask(answers, tool, policy, flowrules_target_name(policy, t));
        if (status != FLOWRULES_OK && status != FLOWRULES_REFUSED && status != FLOWRULES_INVALID)
            return status;
        first = first == FLOWRULES_OK ? status : first;
    }
    return answers->count > 0 ? FLOWRULES_OK : first;
}

static flowrules_status ask_all(struct answers *answers, struct tool *tool,
                                const flowrules_policy *policy) {
    const struct text_list *targets = &tool->settings.targets;
    flowrules_status status = FLOWRULES_OK;
    size_t most = targets->count + flowrules_target_count(policy) + 1;
    answers->items = allocate(most, sizeof(flowrules_answer *));
    answers->targets = allocate(most, sizeof(const char *));
    if (targets->count == 0)
        return select_the_same(policy) ? ask(answers, tool, policy, NULL)
                                       : ask_each(answers, tool, policy);
    for (size_t i = 0; i < targets->count && status == FLOWRULES_OK; i++)
        status = ask(answers, tool, policy, targets->items[i]);
    return status;
}

/* ---- several answers ----------------------------------------------------------------------- */

/* Do two answers have the same verdict, by the same flows? */
static bool are_alike(const flowrules_answer *a, const flowrules_answer *b) {
    size_t count = flowrules_answer_flow_count(a);
    bool same = strcmp(flowrules_answer_verdict(a), flowrules_answer_verdict(b)) == 0 &&
                count == flowrules_answer_flow_count(b);
    for (size_t i = 0; i < count && same; i++)
        same = strcmp(flowrules_answer_flow_name(a, i), flowrules_answer_flow_name(b, i)) == 0;
    return same;
}

static bool all_agree(const struct answers *answers) {
    for (size_t i = 1; i < answers->count; i++)
        if (!are_alike(answers->items[0], answers->items[i]))
            return false;
    return true;
}

/* The verdict that all have, "unknown" where one is, else "partly". */
static const char *common_verdict(const struct answers *answers) {
    const char *verdict = flowrules_answer_verdict(answers->items[0]);
    bool same = true;
    for (size_t i = 0; i < answers->count; i++) {
        const char *own = flowrules_answer_verdict(answers->items[i]);
        if (strcmp(own, "unknown") == 0)
            return own;
        same = same && strcmp(own, verdict) == 0;
    }
    return same ? verdict : "partly";
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
    bool unknown = strcmp(verdict, "unknown") == 0, open = strcmp(verdict, "undecided") == 0;
    bool denied = strcmp(verdict, "denied") == 0 || open;
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
                    open      ? "; denied by "
                    : denied  ? " by "
                    : unknown ? "; may be denied by "
                              : "; denied by ");
    putchar('\n');
    if (flowrules_answer_reason(answer) != NULL)
        print_wrapped(stdout, flowrules_answer_reason(answer), 2, terminal_width(stdout));
}

/*
 * The rules of a target, or of all. One that was asked for and has none must not look agreeing;
 * where it can't be told which flow decides, neither can the rule be.
 */
static void print_rules(const flowrules_answer *answer, const char *target) {
    const char *verdict = flowrules_answer_verdict(answer);
    bool known = strcmp(verdict, "unknown") != 0 && strcmp(verdict, "undecided") != 0;
    if (target != NULL && known && flowrules_answer_flow_count(answer) > 0 &&
        flowrules_answer_rule_count(answer) == 0) {
        print_user(stdout, target);
        puts(": it has no rule for this; 'flowrules explain' shows why");
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

/* The answers of the targets, where they are not one. */
static cJSON *target_items(const struct answers *answers) {
    cJSON *targets = json_array();
    for (size_t i = 0; i < answers->count; i++) {
        cJSON *item = json_object();
        json_text(item, "target", answers->targets[i]);
        json_text(item, "verdict", flowrules_answer_verdict(answers->items[i]));
        json_text(item, "reason", flowrules_answer_reason(answers->items[i]));
        json_add(item, "flows", flow_items(answers->items[i]));
        json_append(targets, item);
    }
    return targets;
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
    cJSON *whole = json_answer();
    cJSON *rules = json_array();
    json_text(whole, "question", question);
    bool agree = all_agree(answers);
    json_text(whole, "verdict",
              agree ? flowrules_answer_verdict(answers->items[0]) : common_verdict(answers));
    json_text(whole, "reason",
              agree ? flowrules_answer_reason(answers->items[0])
                    : "the targets select different flows, so each has its own answer");
    json_add(whole, "flows", agree ? flow_items(answers->items[0]) : json_array());
    if (!agree)
        json_add(whole, "targets", target_items(answers));
    for (size_t i = 0; i < answers->count; i++)
        add_rule_items(rules, answers->items[i]);
    json_add(whole, "rules", rules);
    json_print(stdout, whole);
    putchar('\n');
}

/* ---- the verb ------------------------------------------------------------------------------ */

static void print_answers(const struct tool *tool, const struct answers *answers) {
    bool agree = all_agree(answers);
    if (tool->settings.json) {
        print_json(answers, tool->settings.operands.items[1]);
        return;
    }
    for (size_t i = 0; i < answers->count; i++) {
        if (!agree) {
            print_user(stdout, answers->targets[i]);
            fputs(": ", stdout);
        }
        if (!agree || i == 0)
            print_verdict(tool, answers->items[i]);
        if (!agree && shows_rules(tool))
            print_rules(answers->items[i], answers->targets[i]);
    }
    for (size_t i = 0; i < answers->count && agree && shows_rules(tool); i++)
        print_rules(answers->items[i], answers->targets[i]);
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
    if (status == FLOWRULES_OK && !shows_rules(tool))
        status = flowrules_context_set(tool->context, "rules", "no");
    if (status == FLOWRULES_OK)
        status = ask_all(&answers, tool, policy);
    if (answers.count > 0 && (status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT)) {
        print_answers(tool, &answers);
        status = status_of(&answers);
    }
    for (size_t i = 0; i < answers.count; i++)
        flowrules_answer_free(answers.items[i]);
    free(answers.items);
    free(answers.targets);
    flowrules_policy_free(policy);
    return status;
}
