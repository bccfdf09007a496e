/*
 * Fuzzing, by libFuzzer: whatever the bytes are, nothing breaks down, leaks or runs away. One
 * program with a table of harnesses; the environment's FLOWRULES_FUZZ names the one that runs, and
 * "list" lists them. Knows the public interface alone. tests/fuzz/run feeds it.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <flowrules/flowrules.h>

#define TARGETS_MAX 4u

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- what the harnesses share -------------------------------------------------------------- */

static void need(flowrules_status status, const char *what) {
    if (status == FLOWRULES_OK)
        return;
    fprintf(stderr, "fuzz: %s: %s\n", what, flowrules_status_name(status));
    abort();
}

static flowrules_context *new_context(const char *lock) {
    flowrules_context *context;
    need(flowrules_context_new(&context), "a context");
    need(flowrules_context_set(context, "as-of", "2026-11-23"), "as-of");
    need(flowrules_context_set(context, "lock", lock), "lock");
    need(flowrules_context_set(context, "max-flows", "2000"), "max-flows");
    return context;
}

/* Every message can be read, and none holds what would leave its line. */
static void read_messages(const flowrules_context *context) {
    for (size_t i = 0; i < flowrules_diagnostic_count(context); i++) {
        const char *texts[] = {flowrules_diagnostic_message(context, i),
                               flowrules_diagnostic_hint(context, i),
                               flowrules_diagnostic_source(context, i)};
        for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
            if (texts[t] != NULL && strpbrk(texts[t], "\n\r\x1b") != NULL)
                abort();
    }
}

/* The sum of an artifact's bytes: all of them can be read. */
static uint64_t sum_of(const flowrules_artifact *artifact) {
    uint64_t sum = 0;
    size_t size;
    const char *bytes;
    for (size_t f = 0; f < flowrules_artifact_file_count(artifact); f++)
        for (size_t b = 0; (bytes = flowrules_artifact_file_block(artifact, f, b, &size)); b++)
            for (size_t i = 0; i < size; i++)
                sum = sum * 31 + (unsigned char)bytes[i];
    return sum;
}

/* Renders a target twice: it is a function of the policy. */
static void render(flowrules_context *context, const flowrules_policy *policy, const char *target) {
    uint64_t sums[2];
    for (size_t i = 0; i < 2; i++) {
        flowrules_artifact *artifact;
        if (flowrules_render(&artifact, context, policy, target) != FLOWRULES_OK)
            return;
        sums[i] = sum_of(artifact);
        if (flowrules_artifact_map(artifact) == NULL)
            abort();
        flowrules_artifact_free(artifact);
    }
    if (sums[0] != sums[1])
        abort();
}

static void use_policy(flowrules_context *context, const flowrules_policy *policy) {
    flowrules_report *report;
    if (flowrules_check(context, policy) == FLOWRULES_OK)
        read_messages(context);
    if (flowrules_explain(&report, context, policy, NULL) == FLOWRULES_OK)
        flowrules_report_free(report);
    for (size_t i = 0; i < flowrules_target_count(policy) && i < TARGETS_MAX; i++)
        render(context, policy, flowrules_target_name(policy, i));
}

/* ---- the harnesses ------------------------------------------------------------------------- */

static void fuzz_policy(const char *argument, const uint8_t *data, size_t size) {
    flowrules_context *context = new_context("none");
    flowrules_policy *policy;
    (void)argument;
    if (flowrules_policy_load_text(&policy, context, "fuzz.yaml", (const char *)data, size) ==
        FLOWRULES_OK) {
        use_policy(context, policy);
        flowrules_policy_free(policy);
    }
    read_messages(context);
    flowrules_context_free(context);
}

static const char small_policy[] =
    "flowrules: 1\n"
    "protects: nodes\n"
    "networks: {nodes: [10.0.0.0/24, \"2001:db8::/64\"], far: [a.example, \"*.b.example\"]}\n"
    "flows:\n"
    "  - {name: web, source: nodes, destination: far, protocol: tcp, port: [80, 443]}\n"
    "  - {name: no, action: deny, source: any, destination: 10.0.0.7, service: any}\n"
    "targets:\n"
    "  host: {backend: nftables, allow-loss: [{flow: web, loss: narrow}]}\n"
    "  list: {backend: plain}\n";

/* A lock file is read by its path: that of a file without a name. */
static void fuzz_lock(const char *argument, const uint8_t *data, size_t size) {
    char path[40];
    int file = memfd_create("lock", MFD_CLOEXEC);
    (void)argument;
    if (file < 0 || write(file, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    flowrules_context *context = new_context(path);
    flowrules_policy *policy;
    if (flowrules_policy_load_text(&policy, context, "fuzz.yaml", small_policy,
                                   sizeof small_policy - 1) == FLOWRULES_OK) {
        use_policy(context, policy);
        flowrules_policy_free(policy);
    }
    read_messages(context);
    flowrules_context_free(context);
    close(file);
}

static void fuzz_question(const char *argument, const uint8_t *data, size_t size) {
    flowrules_context *context = new_context("none");
    flowrules_policy *policy;
    flowrules_answer *answer;
    char *question = malloc(size + 1);
    (void)argument;
    if (question == NULL)
        abort();
    memcpy(question, data, size);
    question[size] = '\0';
    need(flowrules_policy_load_text(&policy, context, "fuzz.yaml", small_policy,
                                    sizeof small_policy - 1),
         "the small policy");
    if (flowrules_query(&answer, context, policy, "list", question) == FLOWRULES_OK)
        flowrules_answer_free(answer);
    read_messages(context);
    flowrules_policy_free(policy);
    flowrules_context_free(context);
    free(question);
}

/* What a configuration means, as its backend reads it; it is compared with itself. */
static void fuzz_reader(const char *backend, const uint8_t *data, size_t size) {
    flowrules_context *context = new_context("none");
    flowrules_configuration *configuration;
    flowrules_meaning *meaning;
    flowrules_comparison *comparison;
    need(flowrules_configuration_new(&configuration, context), "a configuration");
    /* What is no text at all, UTF-16 say, is refused here. */
    flowrules_status added =
        flowrules_configuration_add_text(configuration, "fuzz", (const char *)data, size);
    if (added != FLOWRULES_INVALID)
        need(added, "its text");
    if (added == FLOWRULES_OK &&
        flowrules_meaning_of_configuration(&meaning, context, backend, NULL, configuration) ==
            FLOWRULES_OK) {
        flowrules_status status = flowrules_compare(&comparison, context, meaning, meaning);
        if (status != FLOWRULES_OK && status != FLOWRULES_DIFFERENT)
            need(status, "a comparison with itself");
        flowrules_comparison_free(comparison);
        flowrules_meaning_free(meaning);
    }
    read_messages(context);
    flowrules_configuration_free(configuration);
    flowrules_context_free(context);
}

struct harness {
    const char *name; /* "read-" stands for a harness for each backend that reads */
    void (*run)(const char *argument, const uint8_t *data, size_t size);
};

static const struct harness harnesses[] = {
    {"policy", fuzz_policy},
    {"lock", fuzz_lock},
    {"question", fuzz_question},
    {"read-", fuzz_reader},
};
#define HARNESSES (sizeof harnesses / sizeof harnesses[0])

static const struct harness *chosen;
static const char *argument; /* the backend of a reader */

/* ---- choosing ------------------------------------------------------------------------------ */

static int reads(flowrules_context *context, const char *backend) {
    flowrules_configuration *configuration;
    flowrules_meaning *meaning;
    int found = 1;
    need(flowrules_configuration_new(&configuration, context), "a configuration");
    need(flowrules_configuration_add_text(configuration, "none", "", 0), "its text");
    if (flowrules_meaning_of_configuration(&meaning, context, backend, NULL, configuration) ==
        FLOWRULES_OK)
        flowrules_meaning_free(meaning);
    for (size_t i = 0; i < flowrules_diagnostic_count(context); i++)
        found = found && strcmp(flowrules_diagnostic_id(context, i), "FR0804") != 0;
    flowrules_diagnostics_clear(context);
    flowrules_configuration_free(configuration);
    return found;
}

static void list_harnesses(void) {
    flowrules_context *context = new_context("none");
    for (size_t i = 0; i < HARNESSES; i++) {
        if (harnesses[i].run != fuzz_reader) {
            puts(harnesses[i].name);
            continue;
        }
        for (size_t b = 0; b < flowrules_backend_count(context); b++)
            if (reads(context, flowrules_backend_name(context, b)))
                printf("%s%s\n", harnesses[i].name, flowrules_backend_name(context, b));
    }
    flowrules_context_free(context);
    exit(0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    const char *name = getenv("FLOWRULES_FUZZ");
    (void)argc;
    (void)argv;
    if (name != NULL && strcmp(name, "list") == 0)
        list_harnesses();
    for (size_t i = 0; name != NULL && i < HARNESSES && chosen == NULL; i++) {
        size_t length = strlen(harnesses[i].name);
        if (harnesses[i].run == fuzz_reader ? strncmp(name, harnesses[i].name, length) == 0
                                            : strcmp(name, harnesses[i].name) == 0) {
            chosen = &harnesses[i];
            argument = name + length;
        }
    }
    if (chosen == NULL) {
        fputs("fuzz: FLOWRULES_FUZZ names no harness; FLOWRULES_FUZZ=list lists them\n", stderr);
        exit(2);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    chosen->run(argument, data, size);
    return 0;
}
