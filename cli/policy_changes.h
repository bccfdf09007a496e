/*
 * What else changed between two policies, beside the packets that pass: flows by their names, and
 * for each target how exactly it expresses them, and its rules.
 */
#ifndef CLI_POLICY_CHANGES_H
#define CLI_POLICY_CHANGES_H

#include "results.h"

/* A flow that a target expresses otherwise than before. */
struct fidelity_change {
    const char *target, *flow; /* the flow's new name */
    const char *was, *is, *reason;
};

/* Another name of a flow, or none any more. */
struct rename {
    const char *before, *after;
};

/* A row of a report. */
struct fidelity_row {
    const char *flow, *target;
    size_t number;
};

/* The rules of a target in both versions: lines of its files. */
struct rule_change {
    const char *target;
    size_t added, removed;
    const char *failed; /* what to say where only one version can be rendered; or NULL */
};

struct policy_changes {
    const flowrules_policy *policies[2];
    flowrules_flow_changes *flows;
    struct rename *renames; /* sorted */
    size_t rename_count;
    flowrules_report *reports[2]; /* own the texts of fidelities */
    struct fidelity_row *rows[2]; /* of each, sorted */
    size_t row_counts[2];
    struct fidelity_change *fidelities;
    size_t fidelity_count;
    struct rule_change *rules;
    size_t rule_count;
};

/* target: of both; NULL: all that both policies have. Frees nothing of the policies. */
flowrules_status find_policy_changes(struct policy_changes *changes, struct tool *tool,
                                     const flowrules_policy *before, const flowrules_policy *after,
                                     const char *target);
void free_policy_changes(struct policy_changes *changes);

/* "web-nft, web-asa": those that enforce a flow of a side; NULL: none. To be freed. */
char *targets_of(const struct policy_changes *changes, int after, const char *flow);
/* The new name of a flow of the old side; NULL: it is gone. */
const char *new_name(const struct policy_changes *changes, const char *flow);

/* To standard output; into results; as keys of an answer (policy_changes_told.c). */
void print_policy_changes(const struct policy_changes *changes);
void add_policy_changes(struct results *results, const struct policy_changes *changes);
void json_policy_changes(cJSON *answer, const struct policy_changes *changes);

#endif
