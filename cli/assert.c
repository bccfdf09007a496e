/*
 * flowrules assert: does the policy, or what runs on a device, keep to what must never pass, what
 * alone may, and what must?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "results.h"
#include "running.h"
#include "text.h"
#include "verbs.h"

/* An assertion, or a finding of it, that is printed. */
struct place {
    const flowrules_assertions *assertions;
    size_t assertion, finding;
};

static bool is_verdict(const struct place *at, const char *verdict) {
    return strcmp(flowrules_assertion_verdict(at->assertions, at->assertion), verdict) == 0;
}

/* Zones and the matrix have no name of their own. */
static bool is_named(const struct place *at) {
    const char *kind = flowrules_assertion_kind(at->assertions, at->assertion);
    return strcmp(kind, "zones") != 0 && strcmp(kind, "matrix") != 0;
}

enum verdict { HOLDS, BROKEN, UNKNOWN, OUTSIDE, VERDICTS };

static enum verdict verdict_at(const struct place *at) {
    static const char *const words[] = {"holds", "broken", "unknown", "outside"};
    size_t verdict = 0;
    while (verdict < VERDICTS && !is_verdict(at, words[verdict]))
        verdict++;
    return (enum verdict)verdict;
}

/* ---- as text ------------------------------------------------------------------------------- */

/* "policy.yaml:12" */
static void print_at(const char *file, uint32_t line) {
    print_user(stdout, file);
    printf(":%u", (unsigned)line);
}

/* The first line: which assertion it is, and what became of it. */
static void print_head(const struct tool *tool, const struct place *at) {
    const flowrules_assertions *a = at->assertions;
    const char *kind = flowrules_assertion_kind(a, at->assertion);
    const char *id = flowrules_assertion_id(a, at->assertion);
    const char *because = flowrules_assertion_because(a, at->assertion);
    bool broken = is_verdict(at, "broken");
    enum style style = broken ? STYLE_RED : STYLE_YELLOW;
    print_at(flowrules_assertion_file(a, at->assertion),
             flowrules_assertion_line(a, at->assertion));
    printf(": %s", kind);
    if (is_named(at)) {
        fputs(" '", stdout);
        print_user(stdout, id);
        putchar('\'');
    }
    putchar(' ');
    style_begin(stdout, tool->colour_out, style);
    fputs(broken ? "is broken" : "is unknown", stdout);
    style_end(stdout, tool->colour_out, style);
    if (because != NULL) {
        fputs(": ", stdout);
        print_user(stdout, because);
    }
    putchar('\n');
}

/* ": 'db-vpn' (policy.yaml:12)" */
static void print_flow(const struct place *at, const char *before) {
    const flowrules_assertions *a = at->assertions;
    const char *flow = flowrules_assertion_finding_flow(a, at->assertion, at->finding);
    if (flow == NULL)
        return;
    printf("%s'", before);
    print_user(stdout, flow);
    fputs("' (", stdout);
    print_at(flowrules_assertion_finding_file(a, at->assertion, at->finding),
             flowrules_assertion_finding_line(a, at->assertion, at->finding));
    putchar(')');
}

/* ": edge.cfg:12", or each device of a path with its rule. */
static void print_rules(const struct place *at) {
    const flowrules_assertions *a = at->assertions;
    size_t devices = flowrules_assertion_finding_device_count(a, at->assertion, at->finding);
    const char *file = flowrules_assertion_finding_file(a, at->assertion, at->finding);
    for (size_t i = 0; i < devices; i++) {
        const char *own = flowrules_assertion_finding_device_file(a, at->assertion, at->finding, i);
        fputs(i == 0 ? ": " : ", ", stdout);
        if (own != NULL)
            print_at(own,
                     flowrules_assertion_finding_device_line(a, at->assertion, at->finding, i));
        else
            print_user(stdout,
                       flowrules_assertion_finding_device_name(a, at->assertion, at->finding, i));
        fputs(own == NULL ? " by no rule" : "", stdout);
    }
    if (devices > 0 || file == NULL)
        return;
    fputs(": ", stdout);
    print_at(file, flowrules_assertion_finding_line(a, at->assertion, at->finding));
}

/* "  (enters eth1)" */
static void print_places(const struct place *at) {
    const flowrules_assertions *a = at->assertions;
    const char *enters = flowrules_assertion_finding_enters(a, at->assertion, at->finding);
    const char *leaves = flowrules_assertion_finding_leaves(a, at->assertion, at->finding);
    if (enters == NULL && leaves == NULL)
        return;
    fputs(enters != NULL ? "  (enters " : "  (", stdout);
    if (enters != NULL)
        print_user(stdout, enters);
    if (leaves != NULL) {
        fputs(enters != NULL ? ", leaves " : "leaves ", stdout);
        print_user(stdout, leaves);
    }
    putchar(')');
}

static void print_finding(const struct place *at) {
    const flowrules_assertions *a = at->assertions;
    const char *witness = flowrules_assertion_finding_witness(a, at->assertion, at->finding);
    const char *zones = flowrules_assertion_finding_zones(a, at->assertion, at->finding);
    const char *names = flowrules_assertion_finding_names(a, at->assertion, at->finding);
    fputs("  ", stdout);
    print_user(stdout, witness != NULL ? witness : zones != NULL ? zones : "some packets");
    if (zones != NULL && witness != NULL) {
        fputs("  (", stdout);
        print_user(stdout, zones);
        putchar(')');
    }
    print_places(at);
    fputs("\n    ", stdout);
    print_user(stdout, flowrules_assertion_finding_reason(a, at->assertion, at->finding));
    if (names != NULL) {
        fputs(": ", stdout);
        print_user(stdout, names);
    }
    if (flowrules_assertion_finding_flow(a, at->assertion, at->finding) != NULL)
        print_flow(at, names != NULL ? "; flow " : ": ");
    else
        print_rules(at);
    putchar('\n');
}

static void print_assertion(const struct tool *tool, struct place at) {
    size_t count = flowrules_assertion_finding_count(at.assertions, at.assertion);
    print_head(tool, &at);
    for (at.finding = 0; at.finding < count; at.finding++)
        print_finding(&at);
    if (flowrules_assertion_has_more(at.assertions, at.assertion))
        puts("  and there may be more");
}

static void print_text(const struct tool *tool, const flowrules_assertions *assertions) {
    size_t counts[VERDICTS] = {0};
    struct place at = {assertions, 0, 0};
    for (; at.assertion < flowrules_assertion_count(assertions); at.assertion++) {
        enum verdict verdict = verdict_at(&at);
        counts[verdict]++;
        if (verdict == BROKEN || verdict == UNKNOWN)
            print_assertion(tool, at);
    }
    printf("%zu hold%s", counts[HOLDS], counts[HOLDS] == 1 ? "s" : "");
    if (counts[BROKEN] + counts[UNKNOWN] > 0)
        printf(", %zu broken, %zu unknown", counts[BROKEN], counts[UNKNOWN]);
    if (counts[OUTSIDE] > 0)
        printf(", %zu outside: about packets that the target has no say over", counts[OUTSIDE]);
    putchar('\n');
}

/* ---- as JSON ------------------------------------------------------------------------------- */

/* What only findings about what runs have. */
static void add_places(cJSON *item, const struct place *at) {
    const flowrules_assertions *a = at->assertions;
    const char *enters = flowrules_assertion_finding_enters(a, at->assertion, at->finding);
    const char *leaves = flowrules_assertion_finding_leaves(a, at->assertion, at->finding);
    size_t count = flowrules_assertion_finding_device_count(a, at->assertion, at->finding);
    cJSON *devices = count == 0 ? NULL : json_array();
    if (enters != NULL)
        json_text(item, "enters", enters);
    if (leaves != NULL)
        json_text(item, "leaves", leaves);
    for (size_t i = 0; i < count; i++) {
        cJSON *device = json_object();
        json_text(device, "name",
                  flowrules_assertion_finding_device_name(a, at->assertion, at->finding, i));
        json_text(device, "file",
                  flowrules_assertion_finding_device_file(a, at->assertion, at->finding, i));
        json_number(device, "line",
                    flowrules_assertion_finding_device_line(a, at->assertion, at->finding, i));
        json_append(devices, device);
    }
    if (devices != NULL)
        json_add(item, "devices", devices);
}

static cJSON *finding_item(const struct place *at) {
    const flowrules_assertions *a = at->assertions;
    cJSON *item = json_object();
    json_text(item, "verdict", flowrules_assertion_finding_verdict(a, at->assertion, at->finding));
    json_text(item, "witness", flowrules_assertion_finding_witness(a, at->assertion, at->finding));
    json_text(item, "reason", flowrules_assertion_finding_reason(a, at->assertion, at->finding));
    json_text(item, "names", flowrules_assertion_finding_names(a, at->assertion, at->finding));
    json_text(item, "zones", flowrules_assertion_finding_zones(a, at->assertion, at->finding));
    json_text(item, "flow", flowrules_assertion_finding_flow(a, at->assertion, at->finding));
    json_text(item, "file", flowrules_assertion_finding_file(a, at->assertion, at->finding));
    json_number(item, "line", flowrules_assertion_finding_line(a, at->assertion, at->finding));
    add_places(item, at);
    return item;
}

static cJSON *assertion_item(struct place at) {
    const flowrules_assertions *a = at.assertions;
    cJSON *item = json_object(), *findings = json_array();
    json_text(item, "id", flowrules_assertion_id(a, at.assertion));
    json_text(item, "kind", flowrules_assertion_kind(a, at.assertion));
    json_text(item, "verdict", flowrules_assertion_verdict(a, at.assertion));
    json_text(item, "because", flowrules_assertion_because(a, at.assertion));
    json_text(item, "file", flowrules_assertion_file(a, at.assertion));
    json_number(item, "line", flowrules_assertion_line(a, at.assertion));
    for (; at.finding < flowrules_assertion_finding_count(a, at.assertion); at.finding++)
        json_append(findings, finding_item(&at));
    json_add(item, "findings", findings);
    json_bool(item, "more", flowrules_assertion_has_more(a, at.assertion) != 0);
    return item;
}

static void print_json(const flowrules_assertions *assertions, bool holds) {
    struct json_answer answer;
    json_answer_begin(&answer);
    fprintf(answer.stream,
            JSON_ANSWER_BEGIN "\"holds\": %s, \"assertions\": ", holds ? "true" : "false");
    struct json_rows rows = json_rows_begin(answer.stream);
    for (size_t i = 0; i < flowrules_assertion_count(assertions); i++)
        json_row(&rows, assertion_item((struct place){assertions, i, 0}));
    json_rows_end(&rows);
    fputs("}\n", answer.stream);
    json_answer_end(&answer);
}

/* ---- for a format -------------------------------------------------------------------------- */

/* "never 'no-internet-db'", or "matrix"; to be freed. */
static char *test_name(const struct place *at) {
    const char *kind = flowrules_assertion_kind(at->assertions, at->assertion);
    char *name = NULL;
    if (is_named(at))
        result_print(&name, "%s '%s'", kind, flowrules_assertion_id(at->assertions, at->assertion));
    else
        result_set(&name, kind);
    return name;
}

/* "never 'no-internet-db' is broken: a flow lets it pass: 'web'; for example tcp ..." */
static void set_message(struct result *result, const struct place *at) {
    const flowrules_assertions *a = at->assertions;
    const char *because = flowrules_assertion_because(a, at->assertion);
    const char *names = flowrules_assertion_finding_names(a, at->assertion, at->finding);
    const char *flow = flowrules_assertion_finding_flow(a, at->assertion, at->finding);
    const char *zones = flowrules_assertion_finding_zones(a, at->assertion, at->finding);
    const char *witness = flowrules_assertion_finding_witness(a, at->assertion, at->finding);
    result_print(&result->message, "%s is %s%s%s%s: %s%s%s%s%s%s", result->test,
                 flowrules_assertion_finding_verdict(a, at->assertion, at->finding),
                 zones != NULL ? " (" : "", zones != NULL ? zones : "", zones != NULL ? ")" : "",
                 flowrules_assertion_finding_reason(a, at->assertion, at->finding),
                 names != NULL ? ": " : "", names != NULL ? names : "", flow != NULL ? ": '" : "",
                 flow != NULL ? flow : "", flow != NULL ? "'" : "");
    if (witness != NULL)
        result_print(&result->message, "%s; for example %s", result->message, witness);
    if (because != NULL)
        result_print(&result->hint, "the assertion is there because: %s", because);
}

static void add_finding(struct results *results, const struct place *at) {
    const flowrules_assertions *a = at->assertions;
    bool broken =
        strcmp(flowrules_assertion_finding_verdict(a, at->assertion, at->finding), "broken") == 0;
    const char *own = flowrules_assertion_file(a, at->assertion);
    const char *file = flowrules_assertion_finding_file(a, at->assertion, at->finding);
    uint32_t own_line = flowrules_assertion_line(a, at->assertion);
    char rule[24];
    snprintf(rule, sizeof(rule), "assert-%s", flowrules_assertion_kind(a, at->assertion));
    struct result *result =
        results_add(results, rule, broken ? FLOWRULES_ERROR : FLOWRULES_WARNING);
    result->fails = true;
    result->test = test_name(at);
    set_message(result, at);
    result_set(&result->flow, flowrules_assertion_finding_flow(a, at->assertion, at->finding));
    if (file != NULL) {
        result_place(result, file, flowrules_assertion_finding_line(a, at->assertion, at->finding),
                     0, 0);
        result_also(result, own, own_line, "the assertion");
    } else {
        result_place(result, own, own_line, 0, 0);
    }
    result_property(result, "assertion", flowrules_assertion_id(a, at->assertion));
    result_property(result, "because", flowrules_assertion_because(a, at->assertion));
    result_property(result, "example",
                    flowrules_assertion_finding_witness(a, at->assertion, at->finding));
    result_property(result, "zones",
                    flowrules_assertion_finding_zones(a, at->assertion, at->finding));
}

static void add_results(struct results *results, const flowrules_assertions *assertions) {
    size_t counts[VERDICTS] = {0};
    for (struct place at = {assertions, 0, 0}; at.assertion < flowrules_assertion_count(assertions);
         at.assertion++) {
        enum verdict verdict = verdict_at(&at);
        char *name = test_name(&at);
        counts[verdict]++;
        if (verdict == HOLDS)
            results_passed(results, name);
        for (at.finding = 0;
             at.finding < flowrules_assertion_finding_count(assertions, at.assertion); at.finding++)
            add_finding(results, &at);
        if (flowrules_assertion_has_more(assertions, at.assertion)) {
            char *note = NULL;
            result_print(&note, "%s: there may be more", name);
            results_note(results, note);
            free(note);
        }
        free(name);
    }
    result_print(&results->verdict, "%zu hold%s, %zu broken, %zu unknown", counts[HOLDS],
                 counts[HOLDS] == 1 ? "s" : "", counts[BROKEN], counts[UNKNOWN]);
    if (counts[OUTSIDE] > 0)
        result_print(&results->verdict, "%s, %zu outside", results->verdict, counts[OUTSIDE]);
}

/* ---- the verb ------------------------------------------------------------------------------ */

/* An answer about nothing would look like a good one. */
static flowrules_status check_count(struct tool *tool, const flowrules_assertions *assertions) {
    struct place at = {assertions, 0, 0};
    if (flowrules_assertion_count(assertions) == 0)
        return tell_usage(tool, "the policy has no assertions, zones or matrix; a file that has "
                                "some is given with --assertions FILE");
    for (; at.assertion < flowrules_assertion_count(assertions); at.assertion++)
        if (verdict_at(&at) != OUTSIDE)
            return FLOWRULES_OK;
    return tell_usage(tool, "no assertion is about packets that the target has a say over; look "
                            "at its 'protects' and 'direction'");
}

/* Decides on the flows or, where files are named, on what runs. */
static flowrules_status decide(struct tool *tool, const flowrules_policy *policy,
                               flowrules_assertions *assertions) {
    struct running running;
    if (tool->settings.operands.count == 1 && tool->settings.targets.count > 0)
        return tell_usage(tool,
                          "-t needs a FILE that runs on the target; leave out -t to judge the "
                          "flows of the policy");
    if (tool->settings.operands.count == 1)
        return flowrules_assert(assertions);
    flowrules_status status = read_running(&running, tool, policy);
    if (status == FLOWRULES_OK)
        status =
            flowrules_assert_running(assertions, running.targets, running.count, running.meaning);
    free_running(&running);
    return status;
}

flowrules_status run_assert(struct tool *tool) {
    flowrules_policy *policy;
    flowrules_assertions *assertions = NULL;
    flowrules_status status = open_policy(&policy, tool, tool->settings.operands.items[0]);
    if (status == FLOWRULES_OK)
        status = flowrules_assertions_new(&assertions, tool->context, policy);
    if (status == FLOWRULES_OK)
        status = add_assertion_files(tool, assertions);
    if (status == FLOWRULES_OK)
        status = decide(tool, policy, assertions);
    bool decided = status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT;
    tell_diagnostics(tool);
    if (status == FLOWRULES_OK)
        status = check_count(tool, assertions);
    if (decided && status != FLOWRULES_USAGE) {
        if (tool->results != NULL)
            add_results(tool->results, assertions);
        else if (tool->settings.json)
            print_json(assertions, status == FLOWRULES_OK);
        else
            print_text(tool, assertions);
    }
    flowrules_assertions_free(assertions);
    flowrules_policy_free(policy);
    return status;
}
