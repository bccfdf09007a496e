/*
 * All that a program does with the library, once for each allocation, which fails: it ends as
 * without a failure or with FLOWRULES_NO_MEMORY, and nothing stays allocated. Linked with
 * failing.c.
 *
 * usage: library MOST policy FILE
 *        library MOST read BACKEND FILE...
 *        library 0 budget BACKEND FILE
 *
 * Of allocations with the same callers, the first MOST fail (0: each). "budget" prints the most
 * bytes that reading the file takes, and the number of allocations.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flowrules/flowrules.h>

#include "failing.h"

struct run {
    int policy; /* or a configuration */
    const char *backend;
    char **files;
    int file_count;
    uint64_t hash; /* of all that was told */
    int no_memory; /* was it said of any step? */
    int undecided; /* a status that no step has without a failure is seen by its hash */
};

static void take(struct run *run, const char *text) {
    for (; text != NULL && *text != '\0'; text++) /* FNV-1a */
        run->hash = (run->hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
}

/* Is this step done? Else it is noted why. */
static int done(struct run *run, flowrules_status status) {
    run->no_memory = run->no_memory || status == FLOWRULES_NO_MEMORY;
    take(run, flowrules_status_name(status));
    return status == FLOWRULES_OK;
}

static void take_artifact(struct run *run, flowrules_artifact *artifact) {
    const char *block;
    size_t size;
    for (size_t file = 0; file < flowrules_artifact_file_count(artifact); file++)
        for (size_t i = 0;
             (block = flowrules_artifact_file_block(artifact, file, i, &size)) != NULL; i++)
            for (size_t k = 0; k < size; k++)
                run->hash = (run->hash ^ (unsigned char)block[k]) * UINT64_C(0x100000001b3);
    const char *map = flowrules_artifact_map(artifact);
    run->no_memory = run->no_memory || map == NULL;
    take(run, map);
}

static void take_comparison(struct run *run, const flowrules_comparison *comparison) {
    take(run, flowrules_comparison_verdict(comparison));
    for (size_t i = 0; i < flowrules_difference_count(comparison); i++) {
        take(run, flowrules_difference_packets(comparison, i));
        take(run, flowrules_difference_witness(comparison, i));
    }
    for (size_t i = 0; i < flowrules_doubt_count(comparison); i++)
        take(run, flowrules_doubt_text(comparison, i));
}

static void compare(struct run *run, flowrules_context *context, const flowrules_meaning *before,
                    const flowrules_meaning *after) {
    flowrules_comparison *comparison;
    flowrules_status status = flowrules_compare(&comparison, context, before, after);
    done(run, status);
    if (status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT)
        take_comparison(run, comparison);
    flowrules_comparison_free(comparison);
}

/* Renders a target, and holds what it says against the policy. */
static void render(struct run *run, flowrules_context *context, const flowrules_policy *policy,
                   const char *target) {
    flowrules_artifact *artifact;
    flowrules_configuration *configuration;
    if (!done(run, flowrules_render(&artifact, context, policy, target)))
        return;
    take_artifact(run, artifact);
    if (done(run, flowrules_configuration_new(&configuration, context))) {
        flowrules_comparison *comparison = NULL;
        if (done(run, flowrules_configuration_add_artifact(configuration, artifact))) {
            flowrules_status status =
                flowrules_verify(&comparison, context, policy, target, configuration);
            done(run, status);
            if (status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT)
                take_comparison(run, comparison);
            flowrules_comparison_free(comparison);
        }
        flowrules_configuration_free(configuration);
    }
    flowrules_artifact_free(artifact);
}

static const char history[] =
    "{\"target\":\"plain\",\"date\":\"2026-09-01\",\"counters\":[]}\n"
    "{\"target\":\"host\",\"date\":\"2026-09-01\",\"counters\":[{\"flows\":[\"web\",\"gone\"],"
    "\"shared\":[\"hub\"],\"packets\":[7],\"bytes\":[9],\"last\":\"2026-08-31\"}]}\n";

/* The artifact of a target as a dump, in which its rules have counted. */
static char *dump_of(const flowrules_artifact *artifact, size_t *size) {
    static const char mark[] = " counter ", counted[] = " counter packets 3 bytes 180 ";
    size_t bytes;
    const char *text = flowrules_artifact_file_block(artifact, 0, 0, &bytes), *at = text;
    char *dump = malloc(bytes * 4 + 1);
    *size = 0;
    while (dump != NULL && at < text + bytes) {
        bool here = (size_t)(text + bytes - at) >= sizeof mark - 1 &&
                    memcmp(at, mark, sizeof mark - 1) == 0;
        memcpy(dump + *size, here ? counted : at, here ? sizeof counted - 1 : 1);
        *size += here ? sizeof counted - 1 : 1;
        at += here ? sizeof mark - 1 : 1;
    }
    return dump;
}

static void use(struct run *run, flowrules_context *context, const flowrules_policy *policy,
                const char *target) {
    flowrules_artifact *artifact;
    flowrules_configuration *configuration;
    flowrules_usage *usage;
    size_t size;
    if (!done(run, flowrules_render(&artifact, context, policy, target)))
        return;
    char *dump = dump_of(artifact, &size);
    if (dump != NULL && done(run, flowrules_configuration_new(&configuration, context))) {
        if (done(run, flowrules_configuration_add_text(configuration, "dump", dump, size)) &&
            done(run, flowrules_usage_new(&usage, context, policy, target, configuration, "history",
                                          history, strlen(history)))) {
            take(run, flowrules_usage_verdict(usage));
            take(run, flowrules_usage_record(usage));
            for (size_t i = 0; i < flowrules_usage_row_count(usage); i++) {
                take(run, flowrules_usage_state(usage, i));
                take(run, flowrules_usage_last(usage, i));
                take(run, flowrules_usage_other(usage, i, 0));
            }
            flowrules_usage_free(usage);
        }
        flowrules_configuration_free(configuration);
    }
    free(dump);
    flowrules_artifact_free(artifact);
}

static void explain(struct run *run, flowrules_context *context, const flowrules_policy *policy) {
    flowrules_report *report;
    if (!done(run, flowrules_explain(&report, context, policy, NULL)))
        return;
    for (size_t row = 0; row < flowrules_report_row_count(report); row++)
        take(run, flowrules_report_reason(report, row));
    flowrules_report_free(report);
}

static void ask(struct run *run, flowrules_context *context, const flowrules_policy *policy) {
    flowrules_answer *answer;
    if (!done(run, flowrules_query(&answer, context, policy, NULL,
                                   "tcp 192.0.2.1 -> 198.51.100.10:443")))
        return;
    take(run, flowrules_answer_verdict(answer));
    for (size_t i = 0; i < flowrules_answer_rule_count(answer); i++)
        take(run, flowrules_answer_rule_text(answer, i));
    flowrules_answer_free(answer);
}

static void lint(struct run *run, flowrules_context *context, const flowrules_policy *policy) {
    flowrules_findings *findings;
    if (!done(run, flowrules_lint(&findings, context, policy)))
        return;
    for (size_t i = 0; i < flowrules_finding_count(findings); i++) {
        take(run, flowrules_finding_message(findings, i));
        take(run, flowrules_finding_source(findings, i));
        take(run, flowrules_finding_reason(findings, i));
    }
    flowrules_findings_free(findings);
}

static void take_change(struct run *run, flowrules_status status, flowrules_comparison *changes) {
    done(run, status);
    if (changes != NULL)
        take_comparison(run, changes);
    flowrules_comparison_free(changes);
}

/* Changes the policy, and what a target makes of it. */
static void edit(struct run *run, flowrules_context *context, const flowrules_policy *policy) {
    static const char text[] =
        "- {name: new, source: [192.0.2.0/28, new.example.org], destination: "
        "any, protocol: tcp, port: 8443, tags: [new]}";
    flowrules_edit *edit;
    flowrules_comparison *changes;
    flowrules_policy *now;
    flowrules_lines *lines;
    if (!done(run, flowrules_policy_edit(&edit, context, policy, NULL)))
        return;
    flowrules_status status = flowrules_edit_add(&changes, edit, text, strlen(text));
    take_change(run, status, changes);
    status = flowrules_edit_replace(&changes, edit, "new", text, strlen(text));
    take_change(run, status, changes);
    done(run, flowrules_edit_lines(&lines, edit, "plain"));
    for (size_t i = 0; lines != NULL && i < flowrules_line_count(lines); i++)
        take(run, flowrules_line_text(lines, i));
    flowrules_lines_free(lines);
    status = flowrules_edit_remove(&changes, edit, "new");
    take_change(run, status, changes);
    if (done(run, flowrules_edit_policy(&now, edit)))
        take(run, flowrules_flow_name(now, flowrules_flow_count(now) - 1));
    flowrules_edit_free(edit);
    flowrules_policy_free(now);
}

static const char asserted[] =
    "flowrules: 1\n"
    "networks: {here: 192.0.2.0/24, cdn: [cdn.example.net, '*.example.org']}\n"
    "zones: {here: here, outside: all-else}\n"
    "matrix: {outside: {here: any}}\n"
    "assertions:\n"
    "  - {only: {source: cdn, destination: here, protocol: tcp, port: 443}}\n"
    "  - {must: {source: any, destination: here}}\n";

static void take_finding(struct run *run, const flowrules_assertions *assertions, size_t assertion,
                         size_t finding) {
    take(run, flowrules_assertion_finding_verdict(assertions, assertion, finding));
    take(run, flowrules_assertion_finding_witness(assertions, assertion, finding));
    take(run, flowrules_assertion_finding_names(assertions, assertion, finding));
    take(run, flowrules_assertion_finding_zones(assertions, assertion, finding));
    take(run, flowrules_assertion_finding_flow(assertions, assertion, finding));
}

static void take_findings(struct run *run, const flowrules_assertions *assertions) {
    for (size_t i = 0; i < flowrules_assertion_count(assertions); i++) {
        take(run, flowrules_assertion_id(assertions, i));
        take(run, flowrules_assertion_verdict(assertions, i));
        for (size_t k = 0; k < flowrules_assertion_finding_count(assertions, i); k++)
            take_finding(run, assertions, i, k);
    }
}

/* What each target renders, as what runs there. */
static void assert_running(struct run *run, flowrules_context *context,
                           const flowrules_policy *policy, flowrules_assertions *assertions,
                           const char *target) {
    flowrules_artifact *artifact;
    flowrules_configuration *configuration;
    flowrules_meaning *meaning;
    if (!done(run, flowrules_render(&artifact, context, policy, target)))
        return;
    if (done(run, flowrules_configuration_new(&configuration, context))) {
        if (done(run, flowrules_configuration_add_artifact(configuration, artifact)) &&
            done(run, flowrules_meaning_of_configuration(&meaning, context, target, policy,
                                                         configuration))) {
            done(run, flowrules_assert_running(assertions, &target, 1, meaning));
            take_findings(run, assertions);
            flowrules_meaning_free(meaning);
        }
        flowrules_configuration_free(configuration);
    }
    flowrules_artifact_free(artifact);
}

/* The policy's own assertions, and those of a file of another owner. */
static void assert_all(struct run *run, flowrules_context *context,
                       const flowrules_policy *policy) {
    flowrules_assertions *assertions;
    if (!done(run, flowrules_assertions_new(&assertions, context, policy)))
        return;
    if (done(run, flowrules_assertions_add_text(assertions, "security.yaml", asserted,
                                                sizeof asserted - 1))) {
        flowrules_status status = flowrules_assert(assertions);
        done(run, status);
        take_findings(run, assertions);
        for (size_t i = 0; i < flowrules_target_count(policy); i++)
            if (strstr("asa aws pods", flowrules_target_name(policy, i)) != NULL)
                assert_running(run, context, policy, assertions, flowrules_target_name(policy, i));
    }
    flowrules_assertions_free(assertions);
}

static void overview(struct run *run, flowrules_context *context, const flowrules_policy *policy) {
    flowrules_artifact *artifact;
    if (done(run, flowrules_overview(&artifact, context, policy, NULL)))
        take_artifact(run, artifact);
    flowrules_artifact_free(artifact);
}

static void probe(struct run *run, flowrules_context *context, const flowrules_policy *policy) {
    flowrules_probe *made;
    flowrules_artifact *artifact;
    if (!done(run, flowrules_probe_new(&made, context, policy)))
        return;
    if (done(run, flowrules_probe_write(&artifact, made))) {
        take_artifact(run, artifact);
        flowrules_artifact_free(artifact);
    }
    flowrules_probe_free(made);
}

/* A sheet whose columns are guessed, in another encoding. */
static void ask_for_flows(struct run *run, flowrules_context *context) {
    static const char sheet[] = "Form\n\nQuelle;Ziel;Dienst;Zone;Bidirektional;Name\n"
                                "10.0.0.1;*.example.org, B\xFCro;tcp/443, 53 udp;x;ja;a\n"
                                "dito;10.0.x.x;ping;x;;a\n10.0.0.300;any;tcp;;;\n";
    flowrules_request *request;
    flowrules_artifact *artifact = NULL;
    if (!done(run, flowrules_request_new(&request, context, "csv")))
        return;
    if (done(run, flowrules_request_add_bytes(request, "a.csv", sheet, sizeof sheet - 1)))
        done(run, flowrules_import_request(&artifact, request));
    if (artifact != NULL)
        take_artifact(run, artifact);
    flowrules_artifact_free(artifact);
    flowrules_request_free(request);
}

static void answer(void *user, const char *name, flowrules_inquiry *inquiry) {
    (void)user;
    (void)flowrules_inquiry_alias(inquiry, name);
    (void)flowrules_inquiry_address(inquiry, "192.0.2.80", 60);
    (void)flowrules_inquiry_address(inquiry, "2001:db8::80", 60);
}

static void resolve(struct run *run, flowrules_context *context, const flowrules_policy *policy) {
    flowrules_resolution *resolution;
    size_t size;
    flowrules_context_set_resolver(context, answer, NULL);
    if (!done(run, flowrules_resolution_new(&resolution, context, policy)))
        return;
    if (done(run, flowrules_resolve(resolution))) {
        const char *lock = flowrules_resolution_lock(resolution, &size);
        run->no_memory = run->no_memory || lock == NULL;
        take(run, lock);
    }
    flowrules_resolution_free(resolution);
}

static void use_policy(struct run *run, flowrules_context *context) {
    flowrules_policy *policy;
    if (!done(run, flowrules_policy_load(&policy, context, run->files[0])))
        return;
    done(run, flowrules_check(context, policy));
    explain(run, context, policy);
    ask(run, context, policy);
    lint(run, context, policy);
    edit(run, context, policy);
    assert_all(run, context, policy);
    overview(run, context, policy);
    probe(run, context, policy);
    for (size_t i = 0; i < flowrules_target_count(policy); i++)
        render(run, context, policy, flowrules_target_name(policy, i));
    use(run, context, policy, "host");
    resolve(run, context, policy);
    ask_for_flows(run, context);
    flowrules_policy_free(policy);
}

static void use_configuration(struct run *run, flowrules_context *context) {
    flowrules_configuration *configuration;
    flowrules_meaning *meaning;
    flowrules_artifact *artifact;
    int good = 1;
    if (!done(run, flowrules_configuration_new(&configuration, context)))
        return;
    for (int i = 0; i < run->file_count; i++)
        good = done(run, flowrules_configuration_add_file(configuration, run->files[i])) && good;
    if (good && done(run, flowrules_meaning_of_configuration(&meaning, context, run->backend, NULL,
                                                             configuration))) {
        compare(run, context, meaning, meaning);
        flowrules_meaning_free(meaning);
    }
    if (good) {
        done(run, flowrules_import(&artifact, context, run->backend, NULL, configuration));
        if (artifact != NULL)
            take_artifact(run, artifact);
        flowrules_artifact_free(artifact);
    }
    flowrules_configuration_free(configuration);
}

static void run_all(struct run *run) {
    flowrules_context *context;
    run->hash = UINT64_C(0xcbf29ce484222325);
    run->no_memory = 0;
    if (!done(run, flowrules_context_new(&context)))
        return;
    if (done(run, flowrules_context_set(context, "as-of", "2026-11-23"))) {
        if (run->policy)
            use_policy(run, context);
        else
            use_configuration(run, context);
    }
    for (size_t i = 0; i < flowrules_diagnostic_count(context); i++)
        take(run, flowrules_diagnostic_message(context, i));
    flowrules_context_free(context);
}

/* What reading alone takes. */
static int tell_budget(const char *backend, const char *path) {
    flowrules_context *context;
    flowrules_configuration *configuration;
    flowrules_meaning *meaning;
    struct run run = {0};
    size_t before = failing_bytes();
    failing_begin(0);
    if (!done(&run, flowrules_context_new(&context)) ||
        !done(&run, flowrules_configuration_new(&configuration, context)))
        return 1;
    if (done(&run, flowrules_configuration_add_file(configuration, path)) &&
        done(&run,
             flowrules_meaning_of_configuration(&meaning, context, backend, NULL, configuration)))
        flowrules_meaning_free(meaning);
    size_t count = failing_end();
    printf("%zu %zu\n", failing_peak() - before, count);
    flowrules_configuration_free(configuration);
    flowrules_context_free(context);
    return 0;
}

/* Allocations of all runs together, beyond which no more of them fail: a file may take very many.
 */
#define ALLOCATIONS_MOST 6000000u

int main(int argc, char **argv) {
    struct run run = {0};
    unsigned most = argc > 3 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    size_t tried = 0, silent = 0, leaks = 0, needless = 0;
    if (argc < 4)
        return 2;
    if (strcmp(argv[2], "budget") == 0)
        return argc == 5 ? tell_budget(argv[3], argv[4]) : 2;
    run.policy = strcmp(argv[2], "policy") == 0;
    run.backend = run.policy ? NULL : argv[3];
    run.files = argv + (run.policy ? 3 : 4);
    run.file_count = argc - (run.policy ? 3 : 4);
    setvbuf(stdout, NULL, _IONBF, 0);
    run_all(&run); /* what the C library makes once is made */
    failing_begin(0);
    run_all(&run);
    size_t count = failing_end();
    uint64_t whole = run.hash;
    int every = getenv("LONG") != NULL;
    for (size_t at = 1; at <= count && (every || tried * count < ALLOCATIONS_MOST); at++) {
        if (most > 0 && !failing_is_new(at, most))
            continue;
        fprintf(stderr, "\r%zu", at); /* the last one before a crash */
        size_t before = failing_live();
        failing_begin(at);
        run_all(&run);
        failing_end();
        tried++;
        needless += run.hash == whole;
        if (run.hash != whole && !run.no_memory && silent++ < 5)
            printf("allocation %zu fails, and nothing says so\n", at);
        if (failing_live() != before && leaks++ < 5)
            printf("allocation %zu fails, and %zd blocks stay\n", at,
                   (ssize_t)(failing_live() - before));
    }
    printf("%zu of %zu allocations failed, %zu without need: %zu silent, %zu leaks\n", tried, count,
           needless, silent, leaks);
    return silent + leaks > 0 || tried == 0;
}
