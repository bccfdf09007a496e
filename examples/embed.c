/*
 * flowrules inside a program: a policy that the program makes itself, in memory, read, explained
 * and rendered. Nothing here prints but main's own functions: the library only answers.
 *
 *   cc embed.c $(pkg-config --cflags --libs flowrules) -o embed && ./embed
 */
#include <stdio.h>
#include <string.h>

#include <flowrules/flowrules.h>

/*
 * What a program would put together from its own inventory; JSON works too. The target way-out
 * needs addresses of a name, and there is no lock file that has them: one is named by the
 * context's option "lock".
 */
static const char text[] =
    "flowrules: 1\n"
    "title: Made by a program\n"
    "protects: [server]\n"
    "networks:\n"
    "  server: [192.0.2.10]\n"
    "  office: [198.51.100.0/24]\n"
    "  mirror: [mirror.example.com]\n"
    "flows:\n"
    "  - {name: web, source: any, destination: server, protocol: tcp, port: 443}\n"
    "  - {name: ssh, source: office, destination: server, protocol: tcp, port: 22}\n"
    "  - {name: mirror, source: server, destination: mirror, protocol: tcp, port: 443}\n"
    "targets:\n"
    "  web: {backend: nftables, direction: ingress, select: {name: [web, ssh]}}\n"
    "  way-out: {backend: nftables, direction: egress}\n";

/* All that the library has to tell since the last time, in the words of the tool. */
static void print_messages(flowrules_context *context) {
    static const char *const severities[] = {"note", "warning", "error"};
    for (size_t i = 0; i < flowrules_diagnostic_count(context); i++) {
        const char *file = flowrules_diagnostic_file(context, i); /* NULL: about no file */
        const char *hint = flowrules_diagnostic_hint(context, i);
        if (file != NULL)
            fprintf(stderr, "%s:%u:%u: ", file, (unsigned)flowrules_diagnostic_line(context, i),
                    (unsigned)flowrules_diagnostic_column(context, i));
        fprintf(stderr, "%s: %s [%s]\n", severities[flowrules_diagnostic_severity(context, i)],
                flowrules_diagnostic_message(context, i), flowrules_diagnostic_id(context, i));
        if (hint != NULL)
            fprintf(stderr, "    hint: %s\n", hint);
    }
    flowrules_diagnostics_clear(context);
}

/* How truly every target of the policy can say every flow, and why where it can't. */
static flowrules_status explain(flowrules_context *context, const flowrules_policy *policy) {
    flowrules_report *report;
    flowrules_status status = flowrules_explain(&report, context, policy, NULL);
    if (status != FLOWRULES_OK)
        return status;
    for (size_t row = 0; row < flowrules_report_row_count(report); row++) {
        const char *reason = flowrules_report_reason(report, row);
        printf("%-8s %-8s %s%s%s\n", flowrules_report_flow(report, row),
               flowrules_report_target(report, row), flowrules_report_fidelity(report, row),
               reason != NULL ? ": " : "", reason != NULL ? reason : "");
    }
    flowrules_report_free(report);
    return FLOWRULES_OK;
}

/* Renders one target; its files go to standard output. */
static flowrules_status render(flowrules_context *context, const flowrules_policy *policy,
                               const char *target) {
    flowrules_artifact *artifact;
    flowrules_status status = flowrules_render(&artifact, context, policy, target);
    if (status != FLOWRULES_OK) { /* there is no artifact, and the messages say why */
        printf("==> %s: %s\n", target, flowrules_status_name(status));
        return status;
    }
    for (size_t file = 0; file < flowrules_artifact_file_count(artifact); file++) {
        const char *block;
        size_t size;
        printf("==> %s <==\n", flowrules_artifact_file_name(artifact, file));
        for (size_t i = 0;
             (block = flowrules_artifact_file_block(artifact, file, i, &size)) != NULL; i++)
            fwrite(block, 1, size, stdout);
    }
    flowrules_artifact_free(artifact);
    return FLOWRULES_OK;
}

int main(void) {
    flowrules_context *context;
    flowrules_policy *policy = NULL;
    if (flowrules_context_new(&context) != FLOWRULES_OK)
        return FLOWRULES_NO_MEMORY; /* the only call that has nowhere to leave a message */

    /* The date at which flows expire, so that the result is the same on every day. */
    flowrules_status status = flowrules_context_set(context, "as-of", "2026-11-23");
    if (status == FLOWRULES_OK)
        status = flowrules_policy_load_text(&policy, context, "made.yaml", text, strlen(text));
    if (status == FLOWRULES_OK)
        status = explain(context, policy);
    for (size_t i = 0; status == FLOWRULES_OK && i < flowrules_target_count(policy); i++)
        status = render(context, policy, flowrules_target_name(policy, i));
    print_messages(context);

    /* In any order but the context last; each of them may be NULL. */
    flowrules_policy_free(policy);
    flowrules_context_free(context);
    return (int)status;
}
