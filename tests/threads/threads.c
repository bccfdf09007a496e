/*
 * Contexts in many threads at once, each of which reads, explains, renders, resolves and asks all
 * that it is given: built with ThreadSanitizer, which tells of everything that two of them share.
 * What they render must be the same in each.
 *
 * usage: threads POLICY...
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flowrules/flowrules.h>

#define THREADS 6
#define ROUNDS  2

struct worker {
    pthread_t thread;
    char **paths;
    int path_count;
    uint64_t hash; /* of all that it was told */
    size_t told;   /* how many texts and files that were */
};

static void take(struct worker *worker, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) /* FNV-1a */
        worker->hash = (worker->hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    worker->told++;
}

static void take_text(struct worker *worker, const char *text) {
    if (text != NULL)
        take(worker, text, strlen(text));
}

static void render(struct worker *worker, flowrules_context *context,
                   const flowrules_policy *policy, const char *target) {
    flowrules_artifact *artifact;
    flowrules_status status = flowrules_render(&artifact, context, policy, target);
    take_text(worker, flowrules_status_name(status));
    if (status != FLOWRULES_OK)
        return;
    for (size_t file = 0; file < flowrules_artifact_file_count(artifact); file++) {
        const char *block;
        size_t size;
        for (size_t i = 0;
             (block = flowrules_artifact_file_block(artifact, file, i, &size)) != NULL; i++)
            take(worker, block, size);
    }
    take_text(worker, flowrules_artifact_map(artifact));
    flowrules_artifact_free(artifact);
}

static void explain(struct worker *worker, flowrules_context *context,
                    const flowrules_policy *policy) {
    flowrules_report *report;
    if (flowrules_explain(&report, context, policy, NULL) != FLOWRULES_OK)
        return;
    for (size_t row = 0; row < flowrules_report_row_count(report); row++) {
        take_text(worker, flowrules_report_fidelity(report, row));
        take_text(worker, flowrules_report_reason(report, row));
    }
    flowrules_report_free(report);
}

static void ask(struct worker *worker, flowrules_context *context, const flowrules_policy *policy) {
    flowrules_answer *answer;
    if (flowrules_query(&answer, context, policy, NULL, "tcp 192.0.2.1 -> 198.51.100.10:443") !=
        FLOWRULES_OK)
        return;
    take_text(worker, flowrules_answer_verdict(answer));
    take_text(worker, flowrules_answer_reason(answer));
    flowrules_answer_free(answer);
}

static void answer(void *user, const char *name, flowrules_inquiry *inquiry) {
    (void)user;
    (void)flowrules_inquiry_alias(inquiry, name);
    (void)flowrules_inquiry_address(inquiry, "192.0.2.80", 60);
    (void)flowrules_inquiry_address(inquiry, "2001:db8::80", 60);
}

/* By a resolver of its own or, where that is NULL, of a port where nobody listens. */
static void resolve(struct worker *worker, flowrules_context *context,
                    const flowrules_policy *policy, flowrules_resolver_fn resolver) {
    flowrules_resolution *resolution;
    size_t size;
    flowrules_context_set_resolver(context, resolver, NULL);
    if (flowrules_context_set(context, "server", "127.0.0.1:9") != FLOWRULES_OK ||
        flowrules_context_set(context, "timeout", "0.01") != FLOWRULES_OK ||
        flowrules_resolution_new(&resolution, context, policy) != FLOWRULES_OK)
        return;
    flowrules_status status = flowrules_resolve(resolution);
    if (resolver != NULL) { /* what fails there may fail in one way or another */
        take_text(worker, flowrules_status_name(status));
        take_text(worker, flowrules_resolution_lock(resolution, &size));
    }
    flowrules_resolution_free(resolution);
}

static void work_on(struct worker *worker, const char *path) {
    flowrules_context *context;
    flowrules_policy *policy;
    if (flowrules_context_new(&context) != FLOWRULES_OK)
        return;
    if (flowrules_context_set(context, "as-of", "2026-11-23") == FLOWRULES_OK &&
        flowrules_policy_load(&policy, context, path) == FLOWRULES_OK) {
        explain(worker, context, policy);
        ask(worker, context, policy);
        for (size_t i = 0; i < flowrules_target_count(policy); i++)
            render(worker, context, policy, flowrules_target_name(policy, i));
        resolve(worker, context, policy, answer);
    } else {
        policy = NULL;
    }
    for (size_t i = 0; i < flowrules_diagnostic_count(context); i++)
        take_text(worker, flowrules_diagnostic_message(context, i));
    if (policy != NULL)
        resolve(worker, context, policy, NULL);
    flowrules_policy_free(policy);
    flowrules_context_free(context);
}

static void *work(void *user) {
    struct worker *worker = user;
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < worker->path_count; i++)
            work_on(worker, worker->paths[i]);
    return NULL;
}

int main(int argc, char **argv) {
    struct worker workers[THREADS] = {0};
    int different = 0;
    for (int i = 0; i < THREADS; i++) {
        workers[i].paths = argv + 1;
        workers[i].path_count = argc - 1;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            return EXIT_FAILURE;
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        different += workers[i].hash != workers[0].hash || workers[i].told != workers[0].told;
    }
    printf("%d threads, %zu texts each, %d different\n", THREADS, workers[0].told, different);
    return different == 0 && workers[0].told > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
