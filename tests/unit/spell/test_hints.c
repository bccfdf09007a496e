/*
 * Hints against reasons: for each reason of a refusal a policy that meets it. A loss that the hint
 * offers is accepted in the target, and one that it does not offer is not; pinned names are no
 * longer refused where the hint says so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"
#include "reasons.h"
#include "rules.h"
#include "unit.h"

/* ---- policies -------------------------------------------------------------------------------- */

/* A flow 'f' that is refused for the reason. */
struct refusal {
    enum fr_reason reason;
    const char *backend; /* NULL: a sample that can do this */
    struct flowrules_capabilities can;
    const char *target, *networks, *flows;
};

#define CAN      .families = FLOWRULES_BOTH_FAMILIES, .source_ports = true
#define TO(peer) "  - {name: f, source: inside, destination: " peer ", service: any}\n"
#define DENY(peer)                                                                                 \
    "  - {name: f, action: deny, source: inside, destination: " peer ", service: any}\n"
#define SERVICE(words) "  - {name: f, source: inside, destination: 192.0.2.1, " words "}\n"
#define PART(words)                                                                                \
    "  - {name: f, source: 10.0.0.1, destination: 192.0.2.1, service: any" words "}\n"
#define NARROW ", allow-loss: [{flow: f, loss: narrow}]"
#define PODS                                                                                       \
    "  pods: {kubernetes: {namespace: a}}\n"                                                       \
    "  others: {kubernetes: {namespace: b}}\n"
#define GROUP "  web: {members: [192.0.2.0/24], aws-sg: {group: sg-0aaaaaaaaaaaaaaaa}}\n"
#define SHARED                                                                                     \
    "  dmz: {members: [192.0.2.0/24], cisco-asa: {interface: dmz}}\n"                              \
    "  partner: {members: [192.0.2.0/24], cisco-asa: {interface: partner}}\n"
#define FROM_SHARED(action)                                                                        \
    "  - {name: f, " action "source: dmz, destination: inside, service: any}\n"
#define SHOP                                                                                       \
    "  web: {kubernetes: {namespace: shop, pods: {app: web}}}\n"                                   \
    "  db: {kubernetes: {namespace: data, pods: {app: db}}}\n"                                     \
    "  backups: {kubernetes: {namespace: data, pods: {job: backup}}}\n"

static const uint8_t tcp[] = {6};

static const struct refusal refusals[] = {
    {FR_WHY_TOLD, NULL, {CAN, .no_any_protocol = true}, "", "", TO("192.0.2.1")},
    {FR_WHY_SOME_INTERFACES,
     "nftables",
     {CAN},
     ", mode: permits, table: x",
     "  lan: {members: [192.0.2.0/24], nftables: {interface: eth1}}\n",
     "  - {name: f, source: inside, destination: any, service: any}\n"
     "  - {name: d, action: deny, source: inside, destination: lan, service: any}\n"},
    {FR_WHY_LEAVING_OF_ALLOW, "cisco-asa", {CAN}, ", match-interfaces: true", SHARED, TO("dmz")},
    {FR_WHY_LEAVING_OF_DENY, "cisco-asa", {CAN}, ", match-interfaces: true", SHARED, DENY("dmz")},
    {FR_WHY_ENTERING_OF_ALLOW,
     "cisco-asa",
     {CAN},
     ", match-interfaces: true, access-group: out",
     SHARED,
     FROM_SHARED("")},
    {FR_WHY_ENTERING_OF_DENY,
     "cisco-asa",
     {CAN},
     ", match-interfaces: true, access-group: out",
     SHARED,
     FROM_SHARED("action: deny, ")},
    {FR_WHY_FOREIGN, NULL, {CAN}, "", PODS, TO("pods")},
    {FR_WHY_FOREIGN_SEVERAL, NULL, {CAN}, "", PODS, TO("[pods, others]")},
    {FR_WHY_NAMES_REFUSED, NULL, {CAN}, ", names: refuse", "", TO("a.example")},
    {FR_WHY_NAMES_NOT_NATIVE, NULL, {CAN}, ", names: native", "", TO("a.example")},
    {FR_WHY_NAME_SOURCE,
     NULL,
     {CAN, .names = true},
     "",
     "",
     "  - {name: f, source: a.example, destination: inside, service: any}\n"},
    {FR_WHY_NAME_DENIED, NULL, {CAN, .names = true}, "", "", DENY("a.example")},
    {FR_WHY_WILDCARD_WIDENS,
     NULL,
     {CAN, .names = true, .wildcards = FLOWRULES_WILDCARDS_AND_SELF},
     "",
     "",
     TO("\"*.a.example\"")},
    {FR_WHY_WILDCARD_NARROWS,
     NULL,
     {CAN, .names = true, .wildcards = FLOWRULES_WILDCARDS_ONE_LABEL},
     "",
     "",
     TO("\"*.a.example\"")},
    {FR_WHY_WILDCARD_OF_ALLOW, NULL, {CAN, .names = true}, "", "", TO("\"*.a.example\"")},
    {FR_WHY_WILDCARD_OF_DENY,
     NULL,
     {CAN, .names = true, .deny_names = true},
     "",
     "",
     DENY("\"*.a.example\"")},
    {FR_WHY_WILDCARD_NOT_PINNED, NULL, {CAN}, NARROW, "", TO("\"*.b.example\"")},
    {FR_WHY_ANY_BUT,
     "kubernetes",
     {CAN},
     ", protects: [web]",
     SHOP "  outside: {members: [any], except: [10.0.0.0/8]}\n",
     "  - {name: f, action: deny, source: outside, destination: web, protocol: tcp, port: 22}\n"},
    {FR_WHY_CUT_GROUP,
     "aws-sg",
     {CAN},
     ", group: sg-0bbbbbbbbbbbbbbbb, direction: ingress",
     GROUP "  cut: {members: [web, 198.51.100.0/24], except: [192.0.2.0/25]}\n",
     "  - {name: f, source: cut, destination: inside, protocol: tcp, port: 443}\n"},
    {FR_WHY_TWOFOLD,
     "aws-sg",
     {CAN},
     ", group: sg-0bbbbbbbbbbbbbbbb, direction: ingress",
     GROUP,
     "  - {name: f, action: deny, source: 192.0.2.5, destination: inside, service: any}\n"
     "  - {name: g, source: web, destination: inside, protocol: tcp, port: 443}\n"},
    {FR_WHY_PROTOCOL,
     NULL,
     {CAN, .protocols = tcp, .protocol_count = 1},
     "",
     "",
     SERVICE("protocol: udp, port: 53")},
    {FR_WHY_SOURCE_PORTS,
     NULL,
     {.families = FLOWRULES_BOTH_FAMILIES},
     "",
     "",
     SERVICE("protocol: tcp, source-port: 53, port: 53")},
    {FR_WHY_ICMP_OF_ALLOW, NULL, {CAN}, "", "", SERVICE("protocol: icmp, icmp-type: 8")},
    {FR_WHY_ICMP_OF_DENY,
     NULL,
     {CAN},
     "",
     "",
     SERVICE("protocol: icmp, icmp-type: 8, action: deny")},
    {FR_WHY_PART_OF_ALLOW, NULL, {CAN, .implicit_end = true}, "", "", PART("")},
    {FR_WHY_PART_OF_DENY, NULL, {CAN, .implicit_end = true}, "", "", PART(", action: deny")},
    {FR_WHY_CIRCLE,
     "nftables",
     {CAN},
     "",
     "",
     "  - {name: a, source: 192.0.2.0/24, destination: inside, protocol: tcp, port: 443}\n"
     "  - {name: b, source: 192.0.2.0/24, destination: inside, protocol: tcp, port: 80-500}\n"
     "  - {name: f, action: deny, source: 192.0.2.0/25, destination: inside, service: any, spares: "
     "[a]}\n"
     "  - {name: g, action: deny, source: 192.0.2.1, destination: inside, service: any, spares: "
     "[b]}\n"},
    {FR_WHY_DENY_FIRST,
     NULL,
     {CAN, .names = true, .denies = FLOWRULES_DENIES_FIRST},
     "",
     "",
     "  - {name: a, source: inside, destination: a.example, protocol: tcp, port: 443}\n"
     "  - {name: f, action: deny, source: inside, destination: 0.0.0.0/0, service: any, spares: "
     "[a]}\n"},
    {FR_WHY_REST_OF_ALLOW,
     "kubernetes",
     {CAN},
     ", protects: [web]",
     SHOP,
     "  - {name: f, source: web, destination: db, protocol: tcp, port: 1-100}\n"
     "  - {name: g, action: deny, source: web, destination: backups, protocol: tcp, port: 100}\n"},
    {FR_WHY_OTHER, NULL, {CAN}, "", "", TO("192.0.2.1")},
    {FR_WHY_SELF_TOO, "nftables", {CAN}, ", names: native", "", TO("\"*.a.example\"")},
    {FR_WHY_BELOW_TOO, "nftables", {CAN}, ", names: native", "", TO("a.example")},
};

/* Reasons that need many flows or rules: random policies meet them (test_lowering.c). */
static bool is_rare(enum fr_reason reason) {
    return reason == FR_WHY_REST_OF_DENY || reason == FR_WHY_ALLOW_IN_PIECES ||
           reason == FR_WHY_DENY_IN_PIECES;
}

/* ---- the sample ------------------------------------------------------------------------------ */

static void nothing(flowrules_output *out) {
    (void)out;
}

static void no_rule(flowrules_output *out, const struct flowrules_rule *rule) {
    (void)out;
    (void)rule;
}

static const char *refuse(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    (void)plan;
    (void)flow;
    return "the sample does not like it";
}

static const struct flowrules_format formats[] = {
    {.name = "text", .help = "a text", .begin = nothing, .rule = no_rule, .end = nothing},
    {.name = NULL}};

static flowrules_context *context_with(struct flowrules_backend *sample,
                                       const struct refusal *refusal, const char *lock) {
    flowrules_context *context;
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(flowrules_context_set(context, "as-of", "2026-11-23"), FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(flowrules_context_set(context, "lock", lock), FLOWRULES_OK);
    *sample = (struct flowrules_backend){.abi = FLOWRULES_BACKEND_ABI,
                                         .name = "sample",
                                         .title = "",
                                         .description = "",
                                         .capabilities = refusal->can,
                                         .formats = formats};
    if (refusal->reason == FR_WHY_OTHER)
        sample->refuses = refuse;
    const struct flowrules_backend **slot = fr_vec_push(&context->backends);
    CU_ASSERT_PTR_NOT_NULL_FATAL(slot);
    *slot = sample;
    return context;
}

/* ---- what becomes of the flow ---------------------------------------------------------------- */

struct outcome {
    enum fr_fidelity fidelity;
    enum fr_reason why;
    char words[500], message[1000], hint[1000];
};

static void copy_text(char *to, size_t size, const char *text) {
    snprintf(to, size, "%s", text != NULL ? text : "");
}

/* The message of an error on the flow, and its hint. */
static void copy_message(const flowrules_context *context, struct outcome *outcome) {
    for (size_t i = 0; i < flowrules_diagnostic_count(context); i++) {
        const char *flow = flowrules_diagnostic_flow(context, i);
        if (flow == NULL || strcmp(flow, "f") != 0 ||
            flowrules_diagnostic_severity(context, i) != FLOWRULES_ERROR)
            continue;
        copy_text(outcome->message, sizeof outcome->message,
                  flowrules_diagnostic_message(context, i));
        copy_text(outcome->hint, sizeof outcome->hint, flowrules_diagnostic_hint(context, i));
    }
}

static void judge(flowrules_context *context, const flowrules_policy *policy,
                  struct outcome *outcome) {
    flowrules_plan *plan;
    CU_ASSERT_EQUAL_FATAL(fr_plan_new(&plan, context, policy, "t"), FLOWRULES_OK);
    struct fr_rules *rules = NULL, *none = NULL;
    flowrules_status status = fr_plan_report(plan);
    bool good = status == FLOWRULES_OK; /* then a flow may be refused while rules are made */
    if (good && (status = fr_rules_make(&rules, plan)) == FLOWRULES_REFUSED)
        status = fr_rules_make_reported(&none, plan);
    for (uint32_t i = 0; i < plan->verdicts.count; i++) {
        const struct fr_verdict *verdict =
            good ? fr_rules_verdict(rules, i) : fr_vec_at(&plan->verdicts, struct fr_verdict, i);
        if (strcmp(flowrules_flow_name(policy, i), "f") != 0)
            continue;
        outcome->fidelity = verdict->fidelity;
        outcome->why = verdict->why;
        copy_text(outcome->words, sizeof outcome->words, verdict->reason);
    }
    CU_ASSERT(status == FLOWRULES_OK || status == FLOWRULES_REFUSED ||
              status == FLOWRULES_UNRESOLVED);
    copy_message(context, outcome);
    fr_rules_free(none);
    fr_rules_free(rules);
    fr_plan_free(plan);
}

static const char lock_text[] =
    "{\"flowrules-lock\": 1, \"names\": {\"a.example\": {\"addresses\": [{\"address\": "
    "\"192.0.2.7\"}]}, \"x.a.example\": {\"addresses\": [{\"address\": \"192.0.2.8\"}]}}}";

/* What becomes of the flow with more words in its target. */
static struct outcome outcome_of(const struct refusal *refusal, const char *more) {
    char text[4096], path[] = "/tmp/flowrules-lock-XXXXXX";
    struct outcome outcome = {FR_EXACT, FR_WHY_NOT, "", "", ""};
    struct flowrules_backend sample;
    flowrules_policy *policy;
    int file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0);
    CU_ASSERT_EQUAL(write(file, lock_text, strlen(lock_text)), (ssize_t)strlen(lock_text));
    CU_ASSERT_EQUAL(close(file), 0);
    flowrules_context *context = context_with(&sample, refusal, path);
    snprintf(text, sizeof text,
             "flowrules: 1\nprotects: inside\nnetworks:\n  inside: 10.0.0.0/24\n%sflows:\n%s"
             "targets:\n  t: {backend: %s%s%s}\n",
             refusal->networks, refusal->flows,
             refusal->backend != NULL ? refusal->backend : "sample", refusal->target, more);
    flowrules_status status =
        flowrules_policy_load_text(&policy, context, "policy.yaml", text, strlen(text));
    CU_ASSERT_EQUAL(status, FLOWRULES_OK);
    if (status == FLOWRULES_OK)
        judge(context, policy, &outcome);
    else
        printf("\n    %s\n%s", flowrules_diagnostic_message(context, 0), text);
    flowrules_policy_free(policy);
    flowrules_context_free(context);
    CU_ASSERT_EQUAL(unlink(path), 0);
    return outcome;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void reasons_are_met(void) {
    bool met[FR_WHY_SELF_TOO + 1] = {false};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct outcome outcome = outcome_of(&refusals[i], "");
        bool good = outcome.fidelity == FR_FIDELITY_REFUSED && outcome.why == refusals[i].reason &&
                    outcome.words[0] != '\0' && strstr(outcome.message, outcome.words) != NULL;
        CU_ASSERT(good);
        if (!good)
            printf("\n    reason %d: fidelity %d, reason %d, %s: %s\n", (int)refusals[i].reason,
                   (int)outcome.fidelity, (int)outcome.why, outcome.words, outcome.message);
        met[refusals[i].reason] = true;
    }
    for (unsigned reason = FR_WHY_TOLD; reason <= FR_WHY_SELF_TOO; reason++) {
        CU_ASSERT_PTR_NOT_NULL(fr_reason_words((enum fr_reason)reason));
        CU_ASSERT(met[reason] != is_rare((enum fr_reason)reason));
    }
}

/* True if the hint offers the loss and the target then has it, or neither. */
static bool is_offered_truly(const struct refusal *refusal, const char *hint, const char *loss,
                             enum fr_fidelity accepted) {
    char offer[40], more[80];
    snprintf(offer, sizeof offer, "loss: %s}", loss);
    snprintf(more, sizeof more, ", allow-loss: [{flow: f, loss: %s}]", loss);
    struct outcome outcome = outcome_of(refusal, more);
    bool offered = strstr(hint, offer) != NULL, taken = outcome.fidelity == accepted;
    if (offered != taken)
        printf("\n    reason %d, %s: the hint %s it, and it is %s\n", (int)refusal->reason, loss,
               offered ? "offers" : "does not offer", taken ? "accepted" : outcome.message);
    return offered == taken;
}

static void losses_are_offered_truly(void) {
    size_t offers = 0;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (strstr(refusals[i].target, "allow-loss") != NULL)
            continue; /* of what is refused behind an accepted loss */
        struct outcome outcome = outcome_of(&refusals[i], "");
        CU_ASSERT(is_offered_truly(&refusals[i], outcome.hint, "narrow", FR_NARROWED));
        CU_ASSERT(is_offered_truly(&refusals[i], outcome.hint, "widen", FR_WIDENED));
        offers += strstr(outcome.hint, "allow-loss") != NULL;
    }
    CU_ASSERT(offers >= 8);
}

static void names_are_pinned_instead(void) {
    size_t offers = 0;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct outcome outcome = outcome_of(&refusals[i], "");
        if (strstr(outcome.hint, "'names: pinned'") == NULL)
            continue;
        struct refusal pinned = refusals[i];
        pinned.target = ", names: pinned";
        outcome = outcome_of(&pinned, "");
        CU_ASSERT_EQUAL(outcome.fidelity, FR_PINNED);
        offers++;
    }
    CU_ASSERT(offers >= 4);
}

UNIT_SUITE(hints) {
    static const struct unit_test tests[] = {
        {"hints: each reason is met by a policy", reasons_are_met},
        {"hints: a loss is offered where it is accepted", losses_are_offered_truly},
        {"hints: names are pinned instead", names_are_pinned_instead},
        {NULL, NULL}};
    unit_suite("hints", tests);
}
