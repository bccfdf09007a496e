/*
 * Fuzzing, by libFuzzer: whatever the bytes are, nothing breaks down, leaks or runs away. One
 * program with a table of harnesses; the environment's FLOWRULES_FUZZ names the one that runs, and
 * "list" lists them. Two know meaning: what is rendered is read back as what it was made from; two
 * more are in policies.c. Knows the public interface, and how a DNS reply is read. tests/fuzz/run
 * feeds it.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <flowrules/flowrules.h>

#include "context.h"
#include "fuzz.h"
#include "resolver_reply.h"

#define TARGETS_MAX 4u

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- what the harnesses share -------------------------------------------------------------- */

void need(flowrules_status status, const char *what) {
    if (status == FLOWRULES_OK)
        return;
    fprintf(stderr, "fuzz: %s: %s\n", what, flowrules_status_name(status));
    abort();
}

flowrules_context *new_context(const char *lock) {
    flowrules_context *context;
    need(flowrules_context_new(&context), "a context");
    need(flowrules_context_set(context, "as-of", "2026-11-23"), "as-of");
    need(flowrules_context_set(context, "lock", lock), "lock");
    need(flowrules_context_set(context, "max-flows", "2000"), "max-flows");
    return context;
}

void read_messages(const flowrules_context *context) {
    for (size_t i = 0; i < flowrules_diagnostic_count(context); i++) {
        const char *texts[] = {flowrules_diagnostic_message(context, i),
                               flowrules_diagnostic_hint(context, i),
                               flowrules_diagnostic_source(context, i)};
        for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
            if (texts[t] != NULL && strpbrk(texts[t], "\n\r\x1b") != NULL)
                abort();
    }
}

void need_proven(const flowrules_context *context) {
    for (size_t i = 0; i < flowrules_diagnostic_count(context); i++)
        if (strcmp(flowrules_diagnostic_id(context, i), "FR0807") == 0 &&
            flowrules_diagnostic_severity(context, i) == FLOWRULES_ERROR) {
            fprintf(stderr, "fuzz: %s\n", flowrules_diagnostic_message(context, i));
            abort();
        }
}

uint64_t sum_of(const flowrules_artifact *artifact) {
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
        flowrules_status status = flowrules_render(&artifact, context, policy, target);
        need_proven(context);
        if (status != FLOWRULES_OK)
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
    flowrules_findings *findings;
    if (flowrules_lint(&findings, context, policy) == FLOWRULES_OK)
        flowrules_findings_free(findings);
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

/* ---- the two that know meaning ----------------------------------------------------------------
 */

/* Bytes as choices: when they are used up, each is the first. */
struct choices {
    const uint8_t *at, *end;
    char text[32768];
    size_t size;
};

static unsigned choose(struct choices *c, unsigned count) {
    return c->at < c->end ? *c->at++ % count : 0;
}

__attribute__((format(printf, 2, 3))) static void put(struct choices *c, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(c->text + c->size, sizeof c->text - c->size, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < sizeof c->text - c->size)
        c->size += (size_t)length;
}

/* Addresses of a small universe, where edges meet. */
static void put_item(struct choices *c) {
    unsigned low = choose(c, 16), kind = choose(c, 6);
    if (kind == 0)
        put(c, "10.0.0.%u", low);
    else if (kind == 1)
        put(c, "10.0.0.%u/%u", low & (0xFFu << (low & 3)), 32 - (low & 3));
    else if (kind == 2)
        put(c, "10.0.0.%u-10.0.0.%u", low, low + choose(c, 16));
    else if (kind == 3)
        put(c, "\"2001:db8::%x\"", low);
    else if (kind == 4)
        put(c, "\"2001:db8::%x-2001:db8::%x\"", low, low + choose(c, 16));
    else
        put(c, "%s", low < 8 ? "0.0.0.0/0" : "\"::/0\"");
}

static void put_end(struct choices *c) {
    unsigned count = choose(c, 5);
    if (count == 0) {
        put(c, "any");
        return;
    }
    put(c, "[");
    for (unsigned i = 0; i < count; i++) {
        put(c, i > 0 ? ", " : "");
        put_item(c);
    }
    put(c, "]");
}

static void put_service(struct choices *c) {
    static const char *const protocols[] = {"tcp", "udp", "sctp", "icmp", "icmpv6", "47", "any"};
    unsigned protocol = choose(c, 7), low;
    put(c, ", protocol: %s", protocols[protocol]);
    if (protocol < 3 && choose(c, 4) > 0) {
        put(c, ", port: [");
        for (unsigned i = choose(c, 4) + 1; i > 0; i--) {
            low = choose(c, 4) > 0 ? choose(c, 16) : 65520 + choose(c, 8);
            put(c, "%u-%u%s", low, low + choose(c, 8), i > 1 ? ", " : "]");
        }
    } else if ((protocol == 3 || protocol == 4) && choose(c, 2) > 0) {
        put(c, ", icmp-type: %u", choose(c, 20));
    }
}

/* One target of each kind of platform, which refuses what it can't say. */
static const char meaning_targets[] =
    "targets:\n"
    "  nft: {backend: nftables}\n"
    "  forward: {backend: nftables, chains: forward}\n"
    "  ipt: {backend: iptables}\n"
    "  asa: {backend: cisco-asa, interface: outside}\n"
    "  pan: {backend: paloalto, direction: ingress, from-zone: a, to-zone: b}\n"
    "  srx: {backend: juniper-srx, direction: ingress, from-zone: a, to-zone: b}\n"
    "  aws: {backend: aws-sg, vpc: vpc-0123456789abcdef0}\n"
    "  azure: {backend: azure-nsg}\n"
    "  google: {backend: gcloud}\n"
    "  pods: {backend: kubernetes}\n"
    "  cil: {backend: cilium}\n"
    "  shift: {backend: openshift, direction: egress}\n";

/* policy -> render -> read -> equal: rendering holds what it reads back against the policy. */
static void fuzz_meaning(const char *argument, const uint8_t *data, size_t size) {
    static struct choices c;
    flowrules_context *context = new_context("none");
    flowrules_policy *policy;
    (void)argument;
    c.at = data;
    c.end = data + size;
    c.size = 0;
    put(&c,
        "flowrules: 1\nprotects: [here]\nnetworks:\n  here:\n    members: [10.0.0.%u/29, "
        "\"2001:db8::/125\"]\n    kubernetes: {namespace: n, pods: any}\nflows:\n",
        8 * choose(&c, 2));
    for (unsigned i = choose(&c, 12) + 1; i > 0; i--) {
        put(&c, "  - {name: f%u, action: %s, source: ", i, choose(&c, 3) > 0 ? "allow" : "deny");
        put_end(&c);
        put(&c, ", destination: ");
        put_end(&c);
        put_service(&c);
        put(&c, "}\n");
    }
    put(&c, "%s", meaning_targets);
    if (flowrules_policy_load_text(&policy, context, "fuzz.yaml", c.text, c.size) == FLOWRULES_OK) {
        for (size_t i = 0; i < flowrules_target_count(policy); i++) {
            flowrules_artifact *artifact;
            if (flowrules_render(&artifact, context, policy, flowrules_target_name(policy, i)) ==
                FLOWRULES_OK)
                flowrules_artifact_free(artifact);
            need_proven(context);
            flowrules_diagnostics_clear(context);
        }
        flowrules_policy_free(policy);
    }
    flowrules_context_free(context);
}

/* Languages that are read and not written, which the list of backends does not have. */
static const char *const languages[] = {"capirca", "aerleon"};
#define LANGUAGES (sizeof languages / sizeof languages[0])

static int is_language(const char *backend) {
    for (size_t i = 0; i < LANGUAGES; i++)
        if (strcmp(languages[i], backend) == 0)
            return 1;
    return 0;
}

/* Adds the text, and to a policy of a language what it may name. */
static flowrules_status add_text(flowrules_configuration *configuration, const char *backend,
                                 const uint8_t *data, size_t size) {
    static const char *const files[][2] = {
        {"policy.net", "DOCUMENTATION = 192.0.2.0/24\nOFFICE = 10.1.0.0/16\nGUESTS = 10.1.99.0/24\n"
                       "STAFF = OFFICE\n 2001:db8:2::/48\nRECORDS = 10.9.0.10\n"
                       "RESOLVERS = 10.9.0.53\nANY = 0.0.0.0/0\n"},
        {"policy.svc", "HTTPS = 443/tcp\nDNS = 53/udp 53/tcp\nLOGS = 514/udp 6514/tcp\n"},
        {"policy.inc", "term nobody { source-address:: DOCUMENTATION action:: deny }\n"}};
    for (size_t i = 0; is_language(backend) && i < sizeof files / sizeof files[0]; i++)
        need(flowrules_configuration_add_text(configuration, files[i][0], files[i][1],
                                              strlen(files[i][1])),
             "what a policy may name");
    return flowrules_configuration_add_text(configuration, "fuzz", (const char *)data, size);
}

/* A language has no target to verify: the two meanings are compared. */
static flowrules_status compare_with(flowrules_comparison **comparison, flowrules_context *context,
                                     const flowrules_policy *policy, const char *backend,
                                     const flowrules_configuration *source) {
    const char *target = flowrules_target_name(policy, 0);
    flowrules_meaning *before, *after;
    if (!is_language(backend))
        return flowrules_verify(comparison, context, policy, target, source);
    need(flowrules_meaning_of_configuration(&before, context, backend, NULL, source), "the source");
    need(flowrules_meaning_of_policy(&after, context, policy, target), "the policy");
    flowrules_status status = flowrules_compare(comparison, context, before, after);
    flowrules_meaning_free(before);
    flowrules_meaning_free(after);
    return status;
}

/* Does a target mean the configuration that it was imported from, and is that rendered? */
static void need_same(flowrules_context *context, const flowrules_policy *policy,
                      const char *backend, const flowrules_configuration *source) {
    const char *target = flowrules_target_name(policy, 0);
    flowrules_artifact *artifact;
    flowrules_comparison *comparison = NULL;
    flowrules_status status = compare_with(&comparison, context, policy, backend, source);
    if (status == FLOWRULES_DIFFERENT &&
        strcmp(flowrules_comparison_verdict(comparison), "different") == 0) {
        fprintf(stderr, "fuzz: the imported policy differs: %s\n",
                flowrules_difference_packets(comparison, 0));
        abort();
    }
    flowrules_comparison_free(comparison);
    status = flowrules_render(&artifact, context, policy, target);
    need_proven(context);
    if (status == FLOWRULES_OK)
        flowrules_artifact_free(artifact);
}

/* configuration -> import -> render -> read: nothing is different from what the configuration
 * means. */
static void fuzz_import(const char *backend, const uint8_t *data, size_t size) {
    flowrules_context *context = new_context("none");
    flowrules_configuration *configuration;
    flowrules_artifact *artifact = NULL;
    flowrules_policy *policy;
    const char *bytes;
    size_t count;
    need(flowrules_configuration_new(&configuration, context), "a configuration");
    if (add_text(configuration, backend, data, size) == FLOWRULES_OK) {
        /* One that has doubts is imported without what is in doubt, and is not compared. */
        if (flowrules_import(&artifact, context, backend, NULL, configuration) == FLOWRULES_OK &&
            (bytes = flowrules_artifact_file_block(artifact, 0, 0, &count)) != NULL &&
            count == flowrules_artifact_file_size(artifact, 0)) {
            flowrules_diagnostics_clear(context);
            if (flowrules_policy_load_text(&policy, context, "import.yaml", bytes, count) !=
                FLOWRULES_OK) {
                read_messages(context);
                fprintf(stderr, "fuzz: the imported policy is not valid: %s\n",
                        flowrules_diagnostic_message(context, 0));
                abort();
            }
            if (flowrules_target_count(policy) == 1)
                need_same(context, policy, backend, configuration);
            flowrules_policy_free(policy);
        }
        flowrules_artifact_free(artifact);
    }
    read_messages(context);
    flowrules_configuration_free(configuration);
    flowrules_context_free(context);
}

/* A reply to the question for a.b, of both families. */
static void fuzz_reply(const char *argument, const uint8_t *data, size_t size) {
    flowrules_context *context = new_context("none");
    (void)argument;
    for (int family = 0; family < 2; family++) {
        struct fr_inquiry inquiry;
        struct fr_reply reply = {.outcome = FR_ANSWERED};
        bool no_memory = false;
        fr_inquiry_init(&inquiry, context);
        enum fr_outcome outcome = fr_reply_read(
            &inquiry, &reply, "a.b", (enum flowrules_family)family, data, size, &no_memory);
        if (no_memory || reply.count > context->max_addresses ||
            reply.alias_count > FR_ALIASES_MAX || (outcome == FR_ANSWERED) != (reply.count > 0))
            abort();
        for (uint32_t i = 0; i < reply.alias_count; i++)
            if (strlen(*fr_vec_at(&inquiry.aliases, const char *, reply.first_alias + i)) >
                4 * FR_FQDN_MAX) /* each byte may be spelled \DDD */
                abort();
        fr_inquiry_free(&inquiry);
    }
    flowrules_context_free(context);
}

/* ---- readers --------------------------------------------------------------------------------- */

/* What a configuration means, as its backend reads it; it is compared with itself. */
static void fuzz_reader(const char *backend, const uint8_t *data, size_t size) {
    flowrules_context *context = new_context("none");
    flowrules_configuration *configuration;
    flowrules_meaning *meaning;
    flowrules_comparison *comparison;
    need(flowrules_configuration_new(&configuration, context), "a configuration");
    /* What is no text at all, UTF-16 say, is refused here. */
    flowrules_status added = add_text(configuration, backend, data, size);
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

/* ---- sheets and documents ------------------------------------------------------------------ */

/* sheet -> policy: with networks that are complete, the policy loads. */
static void fuzz_request(const char *kind, const uint8_t *data, size_t size) {
    flowrules_context *context = new_context("none");
    flowrules_request *request;
    flowrules_artifact *artifact = NULL;
    flowrules_policy *policy;
    const char *bytes;
    size_t count;
    need(flowrules_request_new(&request, context, kind), "a request");
    need(flowrules_request_add_bytes(request, "fuzz", (const char *)data, size), "its file");
    if (flowrules_import_request(&artifact, request) == FLOWRULES_OK &&
        (bytes = flowrules_artifact_file_block(artifact, 0, 0, &count)) != NULL &&
        count == flowrules_artifact_file_size(artifact, 0)) {
        flowrules_diagnostics_clear(context);
        if (flowrules_policy_load_text(&policy, context, "request.yaml", bytes, count) !=
            FLOWRULES_OK) {
            read_messages(context);
            fprintf(stderr, "fuzz: the policy of a request is not valid: %s\n",
                    flowrules_diagnostic_message(context, 0));
            abort();
        }
        flowrules_policy_free(policy);
    }
    flowrules_artifact_free(artifact);
    read_messages(context);
    flowrules_request_free(request);
    flowrules_context_free(context);
}

static void fuzz_csv(const char *argument_of, const uint8_t *data, size_t size) {
    (void)argument_of;
    fuzz_request("csv", data, size);
}

static void fuzz_xlsx(const char *argument_of, const uint8_t *data, size_t size) {
    (void)argument_of;
    fuzz_request("xlsx", data, size);
}

static void fuzz_markdown(const char *argument_of, const uint8_t *data, size_t size) {
    (void)argument_of;
    fuzz_request("markdown", data, size);
}

struct harness {
    const char *name; /* with a '-' at its end, it stands for one for each backend that reads */
    void (*run)(const char *argument, const uint8_t *data, size_t size);
};

static const struct harness harnesses[] = {
    {"policy", fuzz_policy},   {"lock", fuzz_lock},     {"question", fuzz_question},
    {"reply", fuzz_reply},     {"layout", fuzz_layout}, {"edit", fuzz_edit},
    {"meaning", fuzz_meaning}, {"read-", fuzz_reader},  {"import-", fuzz_import},
    {"csv", fuzz_csv},         {"xlsx", fuzz_xlsx},     {"markdown", fuzz_markdown},
};
#define HARNESSES (sizeof harnesses / sizeof harnesses[0])

static int is_of_backends(const struct harness *harness) {
    return harness->name[strlen(harness->name) - 1] == '-';
}

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
        if (!is_of_backends(&harnesses[i])) {
            puts(harnesses[i].name);
            continue;
        }
        for (size_t b = 0; b < flowrules_backend_count(context); b++)
            if (reads(context, flowrules_backend_name(context, b)))
                printf("%s%s\n", harnesses[i].name, flowrules_backend_name(context, b));
        for (size_t b = 0; b < LANGUAGES; b++)
            printf("%s%s\n", harnesses[i].name, languages[b]);
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
        if (is_of_backends(&harnesses[i]) ? strncmp(name, harnesses[i].name, length) == 0
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
