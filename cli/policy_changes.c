/*
 * Finds what changed between two policies beside the packets that pass.
 */
#include "policy_changes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "artifact_rules.h"

/* ---- names --------------------------------------------------------------------------------- */

static int by_before(const void *one, const void *other) {
    return strcmp(((const struct rename *)one)->before, ((const struct rename *)other)->before);
}

/* Flows that have another name in the new version, or are gone. */
static void know_renames(struct policy_changes *changes) {
    size_t count = flowrules_flow_change_count(changes->flows);
    changes->renames = allocate(count, sizeof(*changes->renames));
    for (size_t i = 0; i < count; i++) {
        const char *before = flowrules_flow_change_flow(changes->flows, i, 0);
        const char *after = flowrules_flow_change_flow(changes->flows, i, 1);
        if (before != NULL && (after == NULL || strcmp(before, after) != 0))
            changes->renames[changes->rename_count++] = (struct rename){before, after};
    }
    if (changes->rename_count > 1)
        qsort(changes->renames, changes->rename_count, sizeof(*changes->renames), by_before);
}

const char *new_name(const struct policy_changes *changes, const char *flow) {
    const struct rename wanted = {flow, NULL}, *found = NULL;
    if (changes->rename_count > 0)
        found =
            bsearch(&wanted, changes->renames, changes->rename_count, sizeof(wanted), by_before);
    return found != NULL ? found->after : flow;
}

/* ---- fidelity ------------------------------------------------------------------------------ */

static int by_flow_and_target(const void *one, const void *other) {
    const struct fidelity_row *a = one, *b = other;
    int order = strcmp(a->flow, b->flow);
    return order != 0 ? order : strcmp(a->target, b->target);
}

static void sort_rows(struct policy_changes *changes, size_t side) {
    const flowrules_report *report = changes->reports[side];
    size_t count = flowrules_report_row_count(report);
    changes->rows[side] = allocate(count, sizeof(*changes->rows[side]));
    changes->row_counts[side] = count;
    for (size_t i = 0; i < count; i++)
        changes->rows[side][i] = (struct fidelity_row){flowrules_report_flow(report, i),
                                                       flowrules_report_target(report, i), i};
    if (count > 1)
        qsort(changes->rows[side], count, sizeof(*changes->rows[side]), by_flow_and_target);
}

/* The first row that is not before the wanted one. */
static size_t find_row(const struct policy_changes *changes, size_t side,
                       const struct fidelity_row *wanted) {
    size_t first = 0, end = changes->row_counts[side];
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (by_flow_and_target(&changes->rows[side][middle], wanted) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

/* Does a target have to do with a flow? */
static bool is_enforced(const flowrules_report *report, size_t row) {
    const char *fidelity = flowrules_report_fidelity(report, row);
    return strcmp(fidelity, "out-of-scope") != 0 && strcmp(fidelity, "expired") != 0;
}

char *targets_of(const struct policy_changes *changes, int after, const char *flow) {
    const struct fidelity_row wanted = {flow, "", 0}, *rows = changes->rows[after];
    char *targets = NULL;
    size_t i = flow != NULL ? find_row(changes, (size_t)after, &wanted) : SIZE_MAX;
    for (; i < changes->row_counts[after] && strcmp(rows[i].flow, flow) == 0; i++)
        if (is_enforced(changes->reports[after], rows[i].number))
            result_print(&targets, "%s%s%s", targets != NULL ? targets : "",
                         targets != NULL ? ", " : "", rows[i].target);
    return targets;
}

static void compare_row(struct policy_changes *changes, const struct fidelity_row *before) {
    const struct fidelity_row wanted = {new_name(changes, before->flow), before->target, 0};
    size_t found = wanted.flow != NULL ? find_row(changes, 1, &wanted) : SIZE_MAX;
    if (found >= changes->row_counts[1] ||
        by_flow_and_target(&changes->rows[1][found], &wanted) != 0)
        return;
    size_t number = changes->rows[1][found].number;
    const char *was = flowrules_report_fidelity(changes->reports[0], before->number);
    const char *is = flowrules_report_fidelity(changes->reports[1], number);
    if (strcmp(was, is) != 0)
        changes->fidelities[changes->fidelity_count++] =
            (struct fidelity_change){wanted.target, wanted.flow, was, is,
                                     flowrules_report_reason(changes->reports[1], number)};
}

static void compare_fidelities(struct policy_changes *changes) {
    for (size_t side = 0; side < 2; side++)
        sort_rows(changes, side);
    changes->fidelities = allocate(changes->row_counts[0], sizeof(*changes->fidelities));
    for (size_t i = 0; i < changes->row_counts[0]; i++)
        compare_row(changes, &changes->rows[0][i]);
}

/* ---- rules --------------------------------------------------------------------------------- */

static bool has_target(const flowrules_policy *policy, const char *name) {
    for (size_t i = 0; i < flowrules_target_count(policy); i++)
        if (strcmp(flowrules_target_name(policy, i), name) == 0)
            return true;
    return false;
}

static void prove(struct tool *tool, bool wanted) {
    if (flowrules_context_set(tool->context, "verify", wanted ? "yes" : "no") != FLOWRULES_OK)
        out_of_memory();
}

/*
 * Renders a target of both, without proof, since nothing of it is written; why one cannot be
 * rendered, other verbs say.
 */
static void compare_rules(struct policy_changes *changes, struct tool *tool, const char *target) {
    struct rule_change *change = &changes->rules[changes->rule_count++];
    flowrules_artifact *artifacts[2] = {NULL, NULL};
    *change = (struct rule_change){.target = target};
    prove(tool, false);
    for (size_t side = 0; side < 2; side++)
        if (flowrules_render(&artifacts[side], tool->context, changes->policies[side], target) ==
            FLOWRULES_NO_MEMORY)
            out_of_memory();
    prove(tool, true);
    flowrules_diagnostics_clear(tool->context);
    if (artifacts[0] == NULL && artifacts[1] != NULL)
        change->failed = "it can be rendered now, and could not before";
    else if (artifacts[0] != NULL && artifacts[1] == NULL)
        change->failed = "it can no longer be rendered";
    else if (artifacts[0] != NULL)
        count_rule_changes(artifacts, &change->added, &change->removed);
    for (size_t side = 0; side < 2; side++)
        flowrules_artifact_free(artifacts[side]);
}

/* ---- all of it ----------------------------------------------------------------------------- */

flowrules_status find_policy_changes(struct policy_changes *changes, struct tool *tool,
                                     const flowrules_policy *before, const flowrules_policy *after,
                                     const char *target) {
    flowrules_status status =
        flowrules_flow_changes_new(&changes->flows, tool->context, before, after);
    changes->policies[0] = before;
    changes->policies[1] = after;
    for (size_t side = 0; side < 2 && status == FLOWRULES_OK; side++)
        status = flowrules_explain(&changes->reports[side], tool->context, changes->policies[side],
                                   target);
    if (status != FLOWRULES_OK) {
        tell_diagnostics(tool);
        return status;
    }
    flowrules_diagnostics_clear(tool->context); /* warnings are for other verbs */
    know_renames(changes);
    compare_fidelities(changes);
    size_t count = flowrules_target_count(after);
    changes->rules = allocate(count + 1, sizeof(*changes->rules));
    for (size_t i = 0; target == NULL && i < count; i++)
        if (has_target(before, flowrules_target_name(after, i)))
            compare_rules(changes, tool, flowrules_target_name(after, i));
    if (target != NULL)
        compare_rules(changes, tool, target);
    return FLOWRULES_OK;
}

void free_policy_changes(struct policy_changes *changes) {
    flowrules_flow_changes_free(changes->flows);
    for (size_t side = 0; side < 2; side++) {
        flowrules_report_free(changes->reports[side]);
        free(changes->rows[side]);
    }
    free(changes->renames);
    free(changes->fidelities);
    free(changes->rules);
}
