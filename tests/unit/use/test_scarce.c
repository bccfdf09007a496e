/*
 * Whole operations while memory runs out: a rendering is whole or there is none, a comparison never
 * finds two policies equal that it did not compare, an answer names all its rules.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing.h"
#include "unit.h"

static const char policy_text[] =
    "flowrules: 1\n"
    "protects: [servers]\n"
    "networks:\n"
    "  office: [10.1.0.0/16, 2001:db8:1::/48]\n"
    "  guests: 10.1.200.0/24\n"
    "  servers: {members: [192.0.2.0/28, 2001:db8:2::/64],\n"
    "            paloalto: {zone: servers-of-the-shop}}\n"
    "  partners: [198.51.100.7, 198.51.100.9-198.51.100.20, 203.0.113.0/25]\n"
    "  world: {members: [any], except: [10.0.0.0/8]}\n"
    "services:\n"
    "  web: {protocol: tcp, port: [80, 443]}\n"
    "flows:\n"
    "  - {name: no-guests, action: deny, source: guests, destination: servers, service: web}\n"
    "  - {name: web, source: office, destination: servers, service: web, purpose: The shop}\n"
    "  - {name: api, source: [partners, guests], destination: servers, protocol: tcp,\n"
    "     port: [8000-8010, 9000]}\n"
    "  - {name: ping, source: office, destination: servers, protocol: icmp, icmp-type: 8}\n"
    "  - {name: mail, source: servers, destination: partners, protocol: tcp, port: 25}\n"
    "  - {name: rest, source: world, destination: servers, protocol: udp, port: 443, log: true}\n";

/* The policy with one target. */
static flowrules_policy *load(flowrules_context *context, const char *target,
                              flowrules_status *status) {
    char text[4000];
    flowrules_policy *policy = NULL;
    snprintf(text, sizeof text, "%stargets:\n  t: {%s}\n", policy_text, target);
    *status = flowrules_context_set(context, "as-of", "2026-11-23");
    if (*status == FLOWRULES_OK)
        *status = flowrules_policy_load_text(&policy, context, "policy.yaml", text, strlen(text));
    return policy;
}

static const char *const targets[] = {
    "backend: nftables",
    "backend: nftables, mode: permits, table: filter",
    "backend: iptables",
    "backend: cisco-asa",
    "backend: paloalto, match-zones: true",
    "backend: juniper-srx, policies: global, from-zone: any, to-zone: any",
    "backend: azure-nsg, allow-loss: [{flow: ping, loss: widen}]",
};
enum { TARGETS = sizeof targets / sizeof *targets };

static char *render(flowrules_context *context, const void *about, flowrules_status *status) {
    flowrules_artifact *artifact = NULL;
    flowrules_policy *policy = load(context, about, status);
    char *text = NULL;
    if (*status == FLOWRULES_OK)
        *status = flowrules_render(&artifact, context, policy, "t");
    if (*status == FLOWRULES_OK)
        text = unit_artifact_text(artifact);
    flowrules_artifact_free(artifact);
    flowrules_policy_free(policy);
    return text;
}

static void renderings_are_whole(void) {
    for (size_t i = 0; i < TARGETS; i++) {
        unit_fail_each(render, targets[i], UNIT_SINGLE, 3);
        unit_fail_each(render, targets[i], UNIT_ONWARDS, 7);
    }
}

/* The differences between the policy as a whole and one without its last flow. */
static char *compare(flowrules_context *context, const void *about, flowrules_status *status) {
    flowrules_meaning *meanings[2] = {NULL, NULL};
    flowrules_policy *policies[2] = {NULL, NULL};
    flowrules_comparison *comparison = NULL;
    char *text = NULL;
    *status = FLOWRULES_OK;
    for (int i = 0; i < 2 && *status == FLOWRULES_OK; i++) {
        policies[i] = load(context, i == 0 ? "backend: nftables" : about, status);
        if (*status == FLOWRULES_OK)
            *status = flowrules_meaning_of_policy(&meanings[i], context, policies[i], "t");
    }
    if (*status == FLOWRULES_OK)
        *status = flowrules_compare(&comparison, context, meanings[0], meanings[1]);
    if (*status == FLOWRULES_OK || *status == FLOWRULES_DIFFERENT) {
        text = calloc(1, 20000);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        snprintf(text, 100, "%s", flowrules_comparison_verdict(comparison));
        for (size_t i = 0; i < flowrules_difference_count(comparison); i++)
            snprintf(text + strlen(text), 500, "\n%s: %s -> %s %s",
                     flowrules_difference_change(comparison, i),
                     flowrules_difference_source(comparison, i),
                     flowrules_difference_destination(comparison, i),
                     flowrules_difference_service(comparison, i));
    }
    flowrules_comparison_free(comparison);
    for (int i = 0; i < 2; i++) {
        flowrules_meaning_free(meanings[i]);
        flowrules_policy_free(policies[i]);
    }
    return text;
}

static void comparisons_are_whole(void) {
    static const char *const others[] = {"backend: nftables",
                                         "backend: nftables, direction: ingress",
                                         "backend: nftables, protects: [partners]"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        unit_fail_each(compare, others[i], UNIT_SINGLE, 3);
        unit_fail_each(compare, others[i], UNIT_ONWARDS, 7);
    }
}

/* The verdict of a question, and the rules that decide. */
static char *ask(flowrules_context *context, const void *about, flowrules_status *status) {
    flowrules_answer *answer = NULL;
    flowrules_policy *policy = load(context, "backend: nftables", status);
    char *text = NULL;
    if (*status == FLOWRULES_OK)
        *status = flowrules_query(&answer, context, policy, NULL, about);
    if (*status == FLOWRULES_OK) {
        text = calloc(1, 20000);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        snprintf(text, 100, "%s", flowrules_answer_verdict(answer));
        for (size_t i = 0; i < flowrules_answer_rule_count(answer); i++)
            snprintf(text + strlen(text), 500, "\n%s:%u %s", flowrules_answer_rule_file(answer, i),
                     (unsigned)flowrules_answer_rule_line(answer, i),
                     flowrules_answer_rule_flow(answer, i));
    }
    flowrules_answer_free(answer);
    flowrules_policy_free(policy);
    return text;
}

static void answers_are_whole(void) {
    static const char *const questions[] = {
        "tcp guests -> servers:443", "tcp 10.1.2.3 -> 192.0.2.1:80", "icmp office -> servers"};
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        unit_fail_each(ask, questions[i], UNIT_SINGLE, 3);
        unit_fail_each(ask, questions[i], UNIT_ONWARDS, 7);
    }
}

UNIT_SUITE(scarce) {
    static const struct unit_test tests[] = {
        {"whichever allocation fails, a rendering is whole or there is none", renderings_are_whole},
        {"whichever allocation fails, a comparison is whole or there is none",
         comparisons_are_whole},
        {"whichever allocation fails, an answer is whole or there is none", answers_are_whole},
        {NULL, NULL}};
    unit_suite("scarce memory", tests);
}
