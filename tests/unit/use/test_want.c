/*
 * Want of memory: a policy that reaches everything is loaded, rendered, explained and asked about
 * while one allocation after the other fails. Nothing may break down or leak, and what does
 * succeed must be what it always is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/* More points of failure than this are tried in strides. */
#define POINTS_MAX   1500u
#define POINTS_QUICK 200u

static char folder[] = "/tmp/flowrules-unit-XXXXXX";

static const char head[] =
    "flowrules: 1\n"
    "title: Everything\n"
    "include: [shared.yaml]\n"
    "protects: [inside, \"2001:db8::/64\"]\n"
    "x-anchors: &more {tags: [a, b], owner: o\u00e9, log: true}\n"
    "networks:\n"
    "  inside: {members: [10.0.0.0/24, 10.1.0.0-10.1.0.9], except: [10.0.0.7]}\n"
    "  web: [example.com, b\u00fccher.example, office]\n"
    "  pods: {members: [10.0.2.0/24], kubernetes: {namespace: n, pods: {app: web}}}\n"
    "  jobs: {members: [10.0.3.0/24], kubernetes: {namespace: n, pods: {app: job}}}\n"
    "  far: {members: [any], except: [10.0.0.0/8]}\n"
    "  not-jobs: {members: [pods, jobs, 192.0.2.9], except: [10.0.3.0/24]}\n"
    "  west: {members: [172.16.0.0/12], paloalto: {zone: west}}\n"
    "  east: {members: [172.16.0.0/16], paloalto: {zone: east}}\n"
    "services:\n"
    "  web: [{protocol: tcp, port: [80, https]}, {protocol: icmp, icmp-type: echo-request}]\n"
    "flows:\n"
    "  - {name: web, source: inside, destination: web, service: web, <<: *more}\n"
    "  - {name: wild, source: inside, destination: \"*.example.com\", protocol: tcp, port: 1-9}\n"
    "  - {name: shut, action: deny, source: any, destination: pods, service: [web, dns]}\n"
    "  - {name: old, source: any, destination: inside, service: any, expires: 2020-01-01}\n"
    "  - {name: k1, source: not-jobs, destination: pods, protocol: tcp, port: 1-9}\n"
    "  - {name: k2, source: far, destination: pods, protocol: tcp, port: 1-9}\n"
    "  - {name: k3, action: deny, source: 192.0.2.9, destination: pods, protocol: tcp, port: 3}\n"
    "  - {name: k4, source: 192.0.2.9, destination: pods, protocol: tcp, port: 3}\n"
    "  - {name: z1, source: west, destination: 192.0.2.9, protocol: tcp, port: 3}\n"
    "  - {name: z2, source: 192.0.2.9, destination: east, protocol: tcp, port: 3}\n"
    "  - {name: from, source: office, destination: inside, protocol: [tcp, udp], port: [1-3, 9],\n"
    "     source-port: [7, 100-200], purpose: why, ticket: T-1}\n";

static const char shared[] = "networks: {office: [192.0.2.0/25, \"2001:db8:1::/48\"]}\n"
                             "services: {dns: {protocol: udp, port: domain}}\n";

static const char lock[] =
    "{\"flowrules-lock\": 1, \"names\": {\"example.com\": {\"addresses\": [{\"address\": "
    "\"192.0.2.80\", \"last-seen\": \"2026-01-01\"}, {\"address\": \"2001:db8:80::1\"}]}, "
    "\"www.example.com\": {\"addresses\": [{\"address\": \"192.0.2.81\"}]}, "
    "\"xn--bcher-kva.example\": {\"addresses\": [{\"address\": \"192.0.2.82\"}]}}}\n";

static const char targets[] =
    "targets:\n"
    "  nft: {backend: nftables, log: all, allow-loss: [{flow: wild, loss: narrow}]}\n"
    "  k8s: {backend: kubernetes, protects: [pods], direction: ingress, select: {name: /^k/}}\n"
    "  palo: {backend: paloalto, protects: [any], from-zone: a, to-zone: b, select: {name: /^z/}}\n"
    "  ipt: {backend: iptables, select: {tags: [a], name: [web, /^w/]}}\n"
    "  dns: {backend: nftables, names: native, names-exact: true, direction: egress, select: {name:"
    " [web, wild]}, allow-loss: [{flow: web, loss: widen}, {flow: wild, loss: widen}]}\n"
    "  dns-ipt: {backend: iptables, names: native, direction: egress, select: {name: [web, wild]},"
    " allow-loss: [{flow: web, loss: widen}, {flow: wild, loss: widen}]}\n"
    "  aws: {backend: aws-sg, protects: [pods], direction: ingress, select: {name: [k4]}}\n"
    "  nsg: {backend: azure-nsg, direction: egress, select: {name: /^p1/}}\n"
    "  google: {backend: gcloud, direction: egress, select: {name: /^p1/}}\n"
    "  list: {backend: plain, direction: egress, select: {name: '/^(?!wild)/'}}\n";

static void write_file(const char *name, const char *text) {
    char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_FATAL(fputs(text, file) >= 0 && fclose(file) == 0);
}

static void remove_file(const char *name) {
    char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CU_ASSERT_EQUAL(unlink(path), 0);
}

/* Enough flows for tables, pairs, products and dispatches. */
static void write_policy(void) {
    static char text[32768];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", head);
    for (unsigned i = 0; i < 24; i++)
        used += (size_t)snprintf(
            text + used, sizeof text - used,
            "  - {name: p%u, source: 10.0.0.%u, destination: 198.51.100.%u, protocol: tcp, port: "
            "%u}\n"
            "  - {name: s%u, source: 10.0.0.%u/31, destination: [198.51.100.0/%u, 203.0.113.%u], "
            "protocol: tcp, port: [%u, 8000-80%u]}\n",
            i, i + 8, i % 5, i % 3 + 1, i, 2 * i + 64, 24 + i % 5, i, i + 1, i + 10);
    snprintf(text + used, sizeof text - used, "%s", targets);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    write_file("policy.yaml", text);
    write_file("shared.yaml", shared);
    write_file("policy.yaml.lock", lock);
}

static void remove_policy(void) {
    remove_file("policy.yaml");
    remove_file("shared.yaml");
    remove_file("policy.yaml.lock");
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* Fails the allocation number at, or all from there on. */
struct scarcity {
    size_t count, at, live;
    bool forever;
};

static void *scarce_resize(void *user, void *block, size_t size) {
    struct scarcity *s = user;
    if (size == 0) {
        s->live -= block != NULL;
        free(block);
        return NULL;
    }
    s->count++;
    if (s->count == s->at || (s->forever && s->count > s->at))
        return NULL;
    void *moved = realloc(block, size);
    s->live += block == NULL && moved != NULL;
    return moved;
}

static uint64_t mix(uint64_t hash, const char *text) {
    return text == NULL ? hash * 31 + 7 : hash * 31 + fr_hash(text, strlen(text));
}

static flowrules_status render(flowrules_context *context, const flowrules_policy *policy,
                               const char *target, uint64_t *sum) {
    flowrules_artifact *artifact;
    size_t size;
    flowrules_status status = flowrules_render(&artifact, context, policy, target);
    CU_ASSERT_EQUAL(status == FLOWRULES_OK, artifact != NULL);
    if (status != FLOWRULES_OK)
        return status;
    for (size_t f = 0; f < flowrules_artifact_file_count(artifact); f++) {
        const char *bytes;
        *sum = mix(*sum, flowrules_artifact_file_name(artifact, f));
        for (size_t b = 0; (bytes = flowrules_artifact_file_block(artifact, f, b, &size)) != NULL;
             b++)
            *sum = *sum * 31 + fr_hash(bytes, size);
    }
    const char *map = flowrules_artifact_map(artifact);
    *sum = mix(*sum, map);
    flowrules_artifact_free(artifact);
    return map == NULL ? FLOWRULES_NO_MEMORY : FLOWRULES_OK;
}

static flowrules_status explain(flowrules_context *context, const flowrules_policy *policy,
                                uint64_t *sum) {
    flowrules_report *report;
    flowrules_status status = flowrules_explain(&report, context, policy, NULL);
    CU_ASSERT_EQUAL(status == FLOWRULES_OK, report != NULL);
    for (size_t i = 0; status == FLOWRULES_OK && i < flowrules_report_row_count(report); i++) {
        *sum = mix(*sum, flowrules_report_flow(report, i));
        *sum = mix(*sum, flowrules_report_fidelity(report, i));
        *sum = mix(*sum, flowrules_report_reason(report, i));
    }
    flowrules_report_free(report);
    return status;
}

static flowrules_status ask(flowrules_context *context, const flowrules_policy *policy,
                            uint64_t *sum) {
    flowrules_answer *answer;
    flowrules_status status =
        flowrules_query(&answer, context, policy, "nft", "tcp 10.0.0.8 -> www.example.com:https");
    CU_ASSERT_EQUAL(status == FLOWRULES_OK, answer != NULL);
    if (status == FLOWRULES_OK) {
        *sum = mix(*sum, flowrules_answer_verdict(answer));
        for (size_t i = 0; i < flowrules_answer_flow_count(answer); i++)
            *sum = mix(*sum, flowrules_answer_flow_name(answer, i));
        for (size_t i = 0; i < flowrules_answer_rule_count(answer); i++)
            *sum = mix(*sum, flowrules_answer_rule_text(answer, i));
    }
    flowrules_answer_free(answer);
    return status;
}

/* One of its targets is refused, as a whole. */
static flowrules_status check(flowrules_context *context, const flowrules_policy *policy) {
    flowrules_status status = flowrules_check(context, policy);
    return status == FLOWRULES_REFUSED ? FLOWRULES_OK : FLOWRULES_NO_MEMORY;
}

static void answer(void *user, const char *name, flowrules_inquiry *inquiry) {
    (void)user;
    if (strncmp(name, "www.", 4) == 0) {
        (void)flowrules_inquiry_fail(inquiry, "not now");
        return;
    }
    (void)flowrules_inquiry_alias(inquiry, "edge.example");
    (void)flowrules_inquiry_address(inquiry, "2001:db8:80::1", 60);
    (void)flowrules_inquiry_address(inquiry, "10.0.2.80", 60);
}

/* Resolves everything, through a resolver or, where that is NULL, of a server that is not there. */
static flowrules_status resolve(flowrules_context *context, const flowrules_policy *policy,
                                flowrules_resolver_fn resolver, uint64_t *sum) {
    flowrules_resolution *r;
    size_t size;
    flowrules_context_set_resolver(context, resolver, NULL);
    flowrules_status status = flowrules_resolution_new(&r, context, policy);
    CU_ASSERT_EQUAL(status == FLOWRULES_OK, r != NULL);
    if (status == FLOWRULES_OK)
        status = flowrules_resolution_target(r, "nft");
    if (status == FLOWRULES_OK)
        status = flowrules_resolution_target(r, "ipt");
    if (status == FLOWRULES_OK)
        status = flowrules_resolution_name(r, "other.example.com");
    if (status == FLOWRULES_OK)
        status = flowrules_resolve(r);
    CU_ASSERT(status == FLOWRULES_NO_MEMORY || flowrules_resolution_lock(r, &size) != NULL);
    for (size_t i = 0; status != FLOWRULES_NO_MEMORY && i < flowrules_resolution_name_count(r);
         i++) {
        *sum = mix(*sum, flowrules_resolution_name_text(r, i));
        *sum = mix(*sum, flowrules_resolution_status(r, i));
    }
    *sum = status == FLOWRULES_NO_MEMORY ? *sum : mix(*sum, flowrules_resolution_lock(r, &size));
    flowrules_resolution_free(r);
    return status;
}

static flowrules_status resolve_both(flowrules_context *context, const flowrules_policy *policy,
                                     uint64_t *sum) {
    flowrules_status status = resolve(context, policy, answer, sum);
    if (status == FLOWRULES_OK)
        status = flowrules_context_set(context, "server", "127.0.0.1:9,[::1]:9");
    if (status == FLOWRULES_USAGE) /* as for an option that is not known */
        return FLOWRULES_NO_MEMORY;
    if (status == FLOWRULES_OK)
        status = flowrules_context_set(context, "timeout", "0.001");
    if (status == FLOWRULES_OK && resolve(context, policy, NULL, sum) != FLOWRULES_UNRESOLVED)
        status = FLOWRULES_NO_MEMORY;
    return status;
}

/* A policy from what a target is rendered as; it is written, loaded and compared on the way. */
static flowrules_status import(flowrules_context *context, const flowrules_policy *policy,
                               const char *target, const char *backend, uint64_t *sum) {
    flowrules_artifact *artifact, *imported = NULL;
    flowrules_configuration *configuration = NULL;
    size_t size = 0;
    flowrules_status status = flowrules_render(&artifact, context, policy, target);
    if (status == FLOWRULES_OK)
        status = flowrules_configuration_new(&configuration, context);
    if (status == FLOWRULES_OK)
        status = flowrules_configuration_add_artifact(configuration, artifact);
    if (status == FLOWRULES_OK)
        status = flowrules_import(&imported, context, backend, NULL, configuration);
    if (status == FLOWRULES_OK)
        size = flowrules_artifact_file_size(imported, 0);
    *sum = *sum * 31 + size;
    flowrules_artifact_free(imported);
    flowrules_configuration_free(configuration);
    flowrules_artifact_free(artifact);
    return status;
}

static flowrules_status everything(flowrules_context *context, uint64_t *sum) {
    static const char *const names[] = {"nft",     "ipt", "list", "k8s",    "dns",
                                        "dns-ipt", "aws", "nsg",  "google", NULL};
    char path[100];
    flowrules_policy *policy;
    snprintf(path, sizeof path, "%s/policy.yaml", folder);
    flowrules_status status = flowrules_context_set(context, "as-of", "2026-11-23");
    if (status == FLOWRULES_OK)
        status = flowrules_policy_load(&policy, context, path);
    if (status != FLOWRULES_OK)
        return status;
    for (size_t i = 0; names[i] != NULL && status == FLOWRULES_OK; i++)
        status = render(context, policy, names[i], sum);
    if (status == FLOWRULES_OK)
        status = explain(context, policy, sum);
    if (status == FLOWRULES_OK)
        status = ask(context, policy, sum);
    if (status == FLOWRULES_OK)
        status = check(context, policy);
    if (status == FLOWRULES_OK)
        status = resolve_both(context, policy, sum);
    if (status == FLOWRULES_OK)
        status = import(context, policy, "nsg", "azure-nsg:arm", sum);
    /* What is refused lists every flow, and that takes memory too. */
    if (status == FLOWRULES_OK && render(context, policy, "iptables", sum) != FLOWRULES_REFUSED)
        status = FLOWRULES_NO_MEMORY;
    flowrules_policy_free(policy);
    return status;
}

static flowrules_status try_with(struct scarcity *scarcity, uint64_t *sum, bool shown) {
    flowrules_context *context;
    *sum = 1;
    flowrules_status status =
        flowrules_context_new_with_allocator(&context, scarce_resize, scarcity);
    if (status == FLOWRULES_OK)
        status = everything(context, sum);
    shown = shown && status != FLOWRULES_OK;
    for (size_t i = 0; shown && context != NULL && i < flowrules_diagnostic_count(context); i++)
        if (flowrules_diagnostic_severity(context, i) == FLOWRULES_ERROR &&
            flowrules_diagnostic_flow(context, i) == NULL)
            printf("    %s\n", flowrules_diagnostic_message(context, i));
    flowrules_context_free(context);
    return status;
}

static void try_all(size_t count, uint64_t expected, bool forever) {
    size_t stride = count / (unit_is_quick() ? POINTS_QUICK : POINTS_MAX) + 1, wrong = 0;
    for (size_t at = 1; at <= count && wrong < 5; at += stride) {
        struct scarcity scarcity = {0, at, 0, forever};
        uint64_t sum;
        flowrules_status status = try_with(&scarcity, &sum, false);
        bool good = scarcity.live == 0 &&
                    (status == FLOWRULES_NO_MEMORY || (status == FLOWRULES_OK && sum == expected));
        if (!good)
            printf("\n    allocation %zu of %zu%s: %s, %zu blocks left%s\n", at, count,
                   forever ? " and on" : "", flowrules_status_name(status), scarcity.live,
                   status == FLOWRULES_OK && sum != expected ? ", another result" : "");
        wrong += !good;
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void every_allocation_may_fail(void) {
    struct scarcity scarcity = {0, 0, 0, false};
    uint64_t expected;
    write_policy();
    CU_ASSERT_EQUAL(try_with(&scarcity, &expected, true), FLOWRULES_OK);
    CU_ASSERT_EQUAL(scarcity.live, 0);
    CU_ASSERT(scarcity.count > 500);
    try_all(scarcity.count, expected, false);
    try_all(scarcity.count, expected, true);
    remove_policy();
}

UNIT_SUITE(want) {
    static const struct unit_test tests[] = {
        {"every allocation may fail", every_allocation_may_fail}, {NULL, NULL}};
    unit_suite("want of memory", tests);
}
