/*
 * Tells what changed between two policies beside the packets that pass: as text, as results, as
 * JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "policy_changes.h"
#include "text.h"

#define LINES_MOST 20u /* of a kind, as text; more are counted */

/* ---- as text ------------------------------------------------------------------------------- */

static void print_name(const char *flow) {
    putchar('\'');
    print_user(stdout, flow);
    putchar('\'');
}

/* "is new", "moved" ... */
static const char *kind_words(const char *kind) {
    return strcmp(kind, "added") == 0 ? "is new" : strcmp(kind, "removed") == 0 ? "is gone" : kind;
}

static void print_flow_change(const flowrules_flow_changes *flows, size_t i) {
    const char *kind = flowrules_flow_change_kind(flows, i);
    const char *before = flowrules_flow_change_flow(flows, i, 0);
    const char *after = flowrules_flow_change_flow(flows, i, 1);
    fputs("  ", stdout);
    print_name(before != NULL ? before : after);
    if (strcmp(kind, "renamed") == 0) {
        fputs(" is now called ", stdout);
        print_name(after);
    } else {
        printf(" %s", kind_words(kind));
    }
    fputs(": ", stdout);
    print_user(stdout, flowrules_flow_change_text(flows, i));
    putchar('\n');
}

static void print_rest(size_t count) {
    if (count > LINES_MOST)
        printf("  and %zu more; --json has them all\n", count - LINES_MOST);
}

/* "2 lines of rules are new, 1 gone"; "" where none changed. To be freed. */
static char *rules_text(const struct rule_change *change) {
    char *text = NULL;
    if (change->failed != NULL)
        result_set(&text, change->failed);
    else if (change->added + change->removed == 0)
        result_set(&text, "");
    else
        result_print(&text, "%zu line%s new, %zu gone", change->added,
                     change->added == 1 ? " of rules is" : "s of rules are", change->removed);
    return text;
}

static void print_targets(const struct policy_changes *changes) {
    size_t told = 0;
    for (size_t i = 0; i < changes->rule_count; i++) {
        char *text = rules_text(&changes->rules[i]);
        if (text[0] != '\0') {
            fputs(told++ == 0 ? "targets:\n  " : "  ", stdout);
            print_user(stdout, changes->rules[i].target);
            printf(": %s\n", text);
        }
        free(text);
    }
    for (size_t i = 0; i < changes->fidelity_count && i < LINES_MOST; i++) {
        const struct fidelity_change *change = &changes->fidelities[i];
        fputs(told++ == 0 ? "targets:\n  " : "  ", stdout);
        print_user(stdout, change->target);
        fputs(": ", stdout);
        print_name(change->flow);
        printf(" was %s, is %s", change->was, change->is);
        fputs(change->reason != NULL ? ": " : "", stdout);
        print_user(stdout, change->reason);
        putchar('\n');
    }
    print_rest(changes->fidelity_count);
}

void print_policy_changes(const struct policy_changes *changes) {
    size_t count = flowrules_flow_change_count(changes->flows);
    if (count > 0)
        puts("flows:");
    for (size_t i = 0; i < count && i < LINES_MOST; i++)
        print_flow_change(changes->flows, i);
    print_rest(count);
    print_targets(changes);
}

/* ---- as results ---------------------------------------------------------------------------- */

static void place_named(struct result *result, const flowrules_policy *policy, const char *name) {
    size_t flow = find_flow(policy, name);
    if (flow < flowrules_flow_count(policy))
        result_place(result, flowrules_flow_file(policy, flow), flowrules_flow_line(policy, flow),
                     0, 0);
}

static void add_flow(struct results *results, const struct policy_changes *changes, size_t i) {
    static const struct section section = {
        "Flows", {"flow", "change", "was called", "what", COLUMN_WHERE, NULL}};
    const char *kind = flowrules_flow_change_kind(changes->flows, i);
    const char *before = flowrules_flow_change_flow(changes->flows, i, 0);
    const char *after = flowrules_flow_change_flow(changes->flows, i, 1);
    const char *text = flowrules_flow_change_text(changes->flows, i);
    bool renamed = strcmp(kind, "renamed") == 0;
    struct result *result = results_add(results, "diff-flow", FLOWRULES_NOTE);
    result->section = &section;
    result_set(&result->flow, after != NULL ? after : before);
    result_property(result, "flow", result->flow);
    result_property(result, "change", kind);
    result_property(result, "was called", renamed ? before : NULL);
    result_property(result, "what", text);
    place_named(result, changes->policies[1], after);
    if (renamed)
        result_print(&result->message, "flow '%s' is now called '%s': %s", before, after, text);
    else
        result_print(&result->message, "flow '%s' %s: %s", result->flow, kind_words(kind), text);
}

static void add_fidelity(struct results *results, const struct policy_changes *changes, size_t i) {
    static const struct section section = {
        "Targets", {"target", "flow", "was", "is", "reason", COLUMN_WHERE, NULL}};
    const struct fidelity_change *change = &changes->fidelities[i];
    struct result *result = results_add(results, "diff-fidelity", FLOWRULES_NOTE);
    result->section = &section;
    result_set(&result->flow, change->flow);
    result_set(&result->target, change->target);
    result_property(result, "target", change->target);
    result_property(result, "flow", change->flow);
    result_property(result, "was", change->was);
    result_property(result, "is", change->is);
    result_property(result, "reason", change->reason);
    place_named(result, changes->policies[1], change->flow);
    result_print(&result->message, "target '%s': flow '%s' was %s, is %s%s%s", change->target,
                 change->flow, change->was, change->is, change->reason != NULL ? ": " : "",
                 change->reason != NULL ? change->reason : "");
}

static void add_rules(struct results *results, const struct rule_change *change) {
    static const struct section section = {"Rules", {"target", "rules", NULL}};
    char *text = rules_text(change);
    if (text[0] != '\0') {
        struct result *result = results_add(results, "diff-rules", FLOWRULES_NOTE);
        result->section = &section;
        result_set(&result->target, change->target);
        result_property(result, "target", change->target);
        result_property(result, "rules", text);
        result_print(&result->message, "target '%s': %s", change->target, text);
    }
    free(text);
}

void add_policy_changes(struct results *results, const struct policy_changes *changes) {
    for (size_t i = 0; i < flowrules_flow_change_count(changes->flows); i++)
        add_flow(results, changes, i);
    for (size_t i = 0; i < changes->fidelity_count; i++)
        add_fidelity(results, changes, i);
    for (size_t i = 0; i < changes->rule_count; i++)
        add_rules(results, &changes->rules[i]);
}

/* ---- as JSON ------------------------------------------------------------------------------- */

static cJSON *flow_items(const flowrules_flow_changes *flows) {
    cJSON *items = json_array();
    for (size_t i = 0; i < flowrules_flow_change_count(flows); i++) {
        cJSON *item = json_object();
        json_text(item, "change", flowrules_flow_change_kind(flows, i));
        json_text(item, "before", flowrules_flow_change_flow(flows, i, 0));
        json_text(item, "after", flowrules_flow_change_flow(flows, i, 1));
        json_text(item, "text", flowrules_flow_change_text(flows, i));
        json_append(items, item);
    }
    return items;
}

static cJSON *fidelity_items(const struct policy_changes *changes) {
    cJSON *items = json_array();
    for (size_t i = 0; i < changes->fidelity_count; i++) {
        const struct fidelity_change *change = &changes->fidelities[i];
        cJSON *item = json_object();
        json_text(item, "target", change->target);
        json_text(item, "flow", change->flow);
        json_text(item, "before", change->was);
        json_text(item, "after", change->is);
        json_text(item, "reason", change->reason);
        json_append(items, item);
    }
    return items;
}

static cJSON *rule_items(const struct policy_changes *changes) {
    cJSON *items = json_array();
    for (size_t i = 0; i < changes->rule_count; i++) {
        const struct rule_change *change = &changes->rules[i];
        cJSON *item = json_object();
        json_text(item, "target", change->target);
        json_number(item, "added", change->added);
        json_number(item, "removed", change->removed);
        json_text(item, "failed", change->failed);
        json_append(items, item);
    }
    return items;
}

void json_policy_changes(cJSON *answer, const struct policy_changes *changes) {
    json_add(answer, "flows", flow_items(changes->flows));
    json_add(answer, "fidelity", fidelity_items(changes));
    json_add(answer, "rules", rule_items(changes));
}
