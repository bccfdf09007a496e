/*
 * Renderings: each flow that stands in the way is listed, and the same policy becomes the same
 * bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judged.h"
#include "random_policy.h"
#include "rendering.h"
#include "unit.h"

static void render_ends_in(struct unit_policy *loaded, const char *target, flowrules_status status,
                           size_t errors) {
    flowrules_artifact *artifact;
    size_t found = 0;
    flowrules_diagnostics_clear(loaded->context);
    CU_ASSERT_EQUAL(flowrules_render(&artifact, loaded->context, loaded->policy, target), status);
    CU_ASSERT_EQUAL(status == FLOWRULES_OK, artifact != NULL);
    for (size_t i = 0; i < flowrules_diagnostic_count(loaded->context); i++)
        found += flowrules_diagnostic_severity(loaded->context, i) == FLOWRULES_ERROR;
    CU_ASSERT_EQUAL(found, errors);
    flowrules_artifact_free(artifact);
}

/* Every flow that stands in the way is listed, and then there is no artifact. */
static void refusals_are_listed(void) {
    struct unit_policy loaded = unit_load_judged();
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    render_ends_in(&loaded, "host", FLOWRULES_REFUSED, 4);
    render_ends_in(&loaded, "native", FLOWRULES_REFUSED, 3);
    render_ends_in(&loaded, "tagged", FLOWRULES_OK, 0);
    /* A name without addresses may be of what is protected. */
    render_ends_in(&loaded, "elsewhere", FLOWRULES_UNRESOLVED, 2);
    render_ends_in(&loaded, "nobody", FLOWRULES_USAGE, 1);
    render_ends_in(&loaded, "tagged:xml", FLOWRULES_USAGE, 1);
    render_ends_in(&loaded, "tagged:nft", FLOWRULES_OK, 0);
    render_ends_in(&loaded, "", FLOWRULES_USAGE, 1);
    render_ends_in(&loaded, ":", FLOWRULES_USAGE, 1);
    unit_unload(&loaded);
}

#define TARGET "targets: {t: {backend: plain}}\n"

/* What one text means, another must mean too; their fingerprints are the same. */
static void other_words_mean_the_same(void) {
    static const char *const pairs[][2] = {
        {"flowrules: 1\nflows:\n  - {name: a, source: 10.0.0.1, destination: 10.0.0.2, protocol: "
         "[tcp, udp], port: [80, 443]}\n" TARGET,
         "flowrules: 1\nx-p: &p {protocol: [tcp, udp], port: [443, 80, 80]}\nflows:\n  - {name: a, "
         "<<: *p, source: 10.0.0.1/32, destination: 10.0.0.2-10.0.0.2}\n" TARGET},
        {"flowrules: 1\nflows:\n  - {name: a, source: 10.0.0.0/30, destination: any, service: "
         "any}\n" TARGET,
         "{\"flowrules\": 1, \"networks\": {\"n\": {\"members\": [\"10.0.0.0-10.0.0.2\", "
         "\"10.0.0.3\", \"10.0.0.9\"], \"except\": \"10.0.0.9\"}}, \"flows\": [{\"name\": \"a\", "
         "\"source\": [\"n\", \"10.0.0.1\"], \"destination\": \"any\", \"service\": \"any\"}], "
         "\"targets\": {\"t\": {\"backend\": \"plain\"}}}"},
        {"flowrules: 1\nflows:\n  - {name: a, source: 10.0.0.1, destination: 10.0.0.2, protocol: "
         "icmp, icmp-type: 8}\n" TARGET,
         "\xef\xbb\xbf"
         "flowrules: 1\r\nservices:\r\n  ping: {protocol: 1, icmp-type: echo-request}\r\nflows:\r\n"
         "  - name: a\r\n    source: \"10.0.0.1\"\r\n    destination: 10.0.0.2\r\n    service: "
         "[ping]\r\n" TARGET},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct unit_policy one = unit_load(pairs[i][0]), other = unit_load(pairs[i][1]);
        CU_ASSERT_EQUAL_FATAL(one.status, FLOWRULES_OK);
        CU_ASSERT_EQUAL_FATAL(other.status, FLOWRULES_OK);
        char *first = unit_render(&one, "t"), *second = unit_render(&other, "t");
        CU_ASSERT_PTR_NOT_NULL_FATAL(first);
        CU_ASSERT_PTR_NOT_NULL_FATAL(second);
        CU_ASSERT_STRING_EQUAL(first, second);
        free(first);
        free(second);
        unit_unload(&one);
        unit_unload(&other);
    }
}

/* 64 levels are allowed, and a network that is reached in very many ways costs no more. */
static void wide_networks_are_cheap(void) {
    char text[8192];
    size_t used = (size_t)snprintf(text, sizeof text, "flowrules: 1\nnetworks:\n");
    for (int i = 0; i < 63; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "  n%d: [n%d, n%d, n%d]\n", i,
                                 i + 1, i + 1, i + 1);
    snprintf(text + used, sizeof text - used,
             "  n63: [10.0.0.1, example.com]\nflows:\n  - {name: a, source: n0, destination: n0, "
             "service: any}\n" TARGET);
    struct unit_policy loaded = unit_load(text);
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    char *listing = unit_render(&loaded, "t");
    CU_ASSERT_PTR_NOT_NULL_FATAL(listing);
    CU_ASSERT_PTR_NOT_NULL(strstr(listing, "10.0.0.1"));
    free(listing);
    unit_unload(&loaded);
}

static void rendering_is_a_function(void) {
    static const char *const names[] = {"nftables", "iptables", "plain"};
    struct random_policy *policy = malloc(sizeof *policy);
    CU_ASSERT_PTR_NOT_NULL_FATAL(policy);
    for (uint64_t seed = 0; seed < 30; seed++) {
        char *texts[2];
        random_policy_make(policy, seed, names[seed % 3]);
        for (size_t i = 0; i < 2; i++) {
            struct unit_policy loaded = unit_load(policy->text);
            CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
            texts[i] = unit_render(&loaded, "t");
            CU_ASSERT_PTR_NOT_NULL_FATAL(texts[i]);
            char *again = unit_render(&loaded, "t");
            CU_ASSERT_PTR_NOT_NULL_FATAL(again);
            CU_ASSERT_STRING_EQUAL(texts[i], again);
            free(again);
            unit_unload(&loaded);
        }
        CU_ASSERT_STRING_EQUAL(texts[0], texts[1]);
        free(texts[0]);
        free(texts[1]);
    }
    free(policy);
}

UNIT_SUITE(rendering) {
    static const struct unit_test tests[] = {
        {"refusals are listed", refusals_are_listed},
        {"other words mean the same", other_words_mean_the_same},
        {"wide networks are cheap", wide_networks_are_cheap},
        {"rendering is a function", rendering_is_a_function},
        {NULL, NULL}};
    unit_suite("rendering", tests);
}
