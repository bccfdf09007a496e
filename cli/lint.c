/*
 * flowrules lint: what is valid in a policy, and should be looked at. The library finds it; here is
 * how it is printed.
 */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "messages.h"
#include "results.h"
#include "text.h"
#include "verbs.h"

/* Findings, and notes, of one kind that are printed; more are counted, and --json has them all. */
#define PRINTED_MOST 20u
#define NOTES_MOST   5u

/* How many there are that the policy does not accept, by severity; and how many it accepts. */
struct counts {
    size_t of[3], accepted;
};

static struct counts count(const flowrules_findings *findings) {
    struct counts counts = {{0}, 0};
    for (size_t i = 0; i < flowrules_finding_count(findings); i++)
        if (flowrules_finding_reason(findings, i) != NULL)
            counts.accepted++;
        else
            counts.of[flowrules_finding_severity(findings, i)]++;
    return counts;
}

/* ---- for a person -------------------------------------------------------------------------- */

static struct message message_of(const flowrules_findings *findings, size_t i) {
    return (struct message){
        .severity = flowrules_finding_severity(findings, i),
        .id = flowrules_finding_id(findings, i),
        .file = flowrules_finding_file(findings, i),
        .flow = flowrules_finding_flow(findings, i),
        .target = flowrules_finding_target(findings, i),
        .message = flowrules_finding_message(findings, i),
        .hint = flowrules_finding_hint(findings, i),
        .source = flowrules_finding_source(findings, i),
        .line = flowrules_finding_line(findings, i),
        .column = flowrules_finding_column(findings, i),
        .length = flowrules_finding_length(findings, i),
    };
}

static void print_finding(const struct tool *tool, const flowrules_findings *findings, size_t i) {
    struct message_stream to = {stdout, tool->colour_out};
    struct message message = message_of(findings, i);
    print_message(&to, &message);
}

/* A kind of finding, and how many of it there are. */
struct kind {
    char id[8];
    size_t count, most;
};

/* The entry of a kind, which is made where there is none. */
static struct kind *kind_of(struct kind *kinds, size_t *known, const flowrules_findings *findings,
                            size_t finding) {
    const char *id = flowrules_finding_id(findings, finding);
    bool note = flowrules_finding_severity(findings, finding) == FLOWRULES_NOTE;
    for (size_t i = 0; i < *known; i++)
        if (strcmp(kinds[i].id, id) == 0)
            return &kinds[i];
    snprintf(kinds[*known].id, sizeof(kinds->id), "%s", id);
    kinds[*known].most = note ? NOTES_MOST : PRINTED_MOST;
    return &kinds[(*known)++];
}

static void print_summary(const char *path, const struct counts *counts) {
    size_t open = counts->of[0] + counts->of[1] + counts->of[2], printed = 0;
    print_user(stdout, policy_shown(path));
    fputs(": ", stdout);
    for (size_t s = 3; s-- > 0;) {
        if (counts->of[s] == 0)
            continue;
        fputs(printed++ > 0 ? ", " : "", stdout);
        print_count(counts->of[s], severity_name((flowrules_severity)s), "");
    }
    fputs(open == 0 ? "no findings" : "", stdout);
    if (counts->accepted > 0)
        printf(", %zu accepted", counts->accepted);
    putchar('\n');
}

static void print_text(const struct tool *tool, const flowrules_findings *findings,
                       const struct counts *counts) {
    size_t all = flowrules_finding_count(findings), known = 0;
    struct kind *kinds = allocate(all, sizeof(*kinds));
    for (size_t i = 0; i < all; i++) {
        if (flowrules_finding_reason(findings, i) != NULL)
            continue;
        struct kind *kind = kind_of(kinds, &known, findings, i);
        if (kind->count++ < kind->most)
            print_finding(tool, findings, i);
    }
    for (size_t i = 0; i < known; i++)
        if (kinds[i].count > kinds[i].most)
            printf("%zu more of %s are not shown; --json has them all\n",
                   kinds[i].count - kinds[i].most, kinds[i].id);
    print_summary(tool->settings.operands.items[0], counts);
    free(kinds);
}

/* ---- as JSON ------------------------------------------------------------------------------- */

static cJSON *finding_item(const flowrules_findings *findings, size_t i) {
    cJSON *item = json_object();
    json_text(item, "id", flowrules_finding_id(findings, i));
    json_text(item, "severity", severity_name(flowrules_finding_severity(findings, i)));
    json_text(item, "file", flowrules_finding_file(findings, i));
    json_number(item, "line", flowrules_finding_line(findings, i));
    json_number(item, "column", flowrules_finding_column(findings, i));
    json_number(item, "length", flowrules_finding_length(findings, i));
    json_text(item, "flow", flowrules_finding_flow(findings, i));
    json_text(item, "target", flowrules_finding_target(findings, i));
    json_text(item, "message", flowrules_finding_message(findings, i));
    json_text(item, "hint", flowrules_finding_hint(findings, i));
    json_text(item, "reason", flowrules_finding_reason(findings, i));
    return item;
}

static void print_json(const flowrules_findings *findings, const struct counts *counts) {
    struct json_answer answer;
    json_answer_begin(&answer);
    fprintf(answer.stream,
            JSON_ANSWER_BEGIN "\"errors\": %zu, \"warnings\": %zu, \"notes\": %zu, "
                              "\"accepted\": %zu, \"findings\": ",
            counts->of[FLOWRULES_ERROR], counts->of[FLOWRULES_WARNING], counts->of[FLOWRULES_NOTE],
            counts->accepted);
    struct json_rows rows = json_rows_begin(answer.stream);
    for (size_t i = 0; i < flowrules_finding_count(findings); i++)
        json_row(&rows, finding_item(findings, i));
    json_rows_end(&rows);
    fputs("}\n", answer.stream);
    json_answer_end(&answer);
}

/* ---- for a format -------------------------------------------------------------------------- */

static void add_results(struct results *results, const flowrules_findings *findings) {
    for (size_t i = 0; i < flowrules_finding_count(findings); i++) {
        struct message message = message_of(findings, i);
        struct result *result = add_message(results, &message);
        result_set(&result->reason, flowrules_finding_reason(findings, i));
        result->fails = message.severity > FLOWRULES_NOTE;
    }
}

/* ---- the verb ------------------------------------------------------------------------------ */

flowrules_status run_lint(struct tool *tool) {
    flowrules_policy *policy;
    flowrules_findings *findings = NULL;
    flowrules_status status = open_policy(&policy, tool, tool->settings.operands.items[0]);
    if (status == FLOWRULES_OK)
        status = flowrules_lint(&findings, tool->context, policy);
    tell_diagnostics(tool);
    if (status == FLOWRULES_OK) {
        struct counts counts = count(findings);
        if (tool->results != NULL)
            add_results(tool->results, findings);
        else if (tool->settings.json)
            print_json(findings, &counts);
        else
            print_text(tool, findings, &counts);
        if (counts.of[FLOWRULES_WARNING] + counts.of[FLOWRULES_ERROR] > 0)
            status = FLOWRULES_DIFFERENT;
    }
    flowrules_findings_free(findings);
    flowrules_policy_free(policy);
    return status;
}
