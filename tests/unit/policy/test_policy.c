/*
 * Policies: dates, options, limits, and what a context outlives.
 */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loading.h"
#include "unit.h"

#define FLOW "flows:\n  - {name: a, source: any, destination: any, service: any}\n"

/* ---- dates
 * ---------------------------------------------------------------------------------------- */

static void dates_are_days(void) {
    static const struct {
        const char *text;
        int32_t days;
    } dates[] = {{"1970-01-01", 0},     {"1970-12-31", 364},    {"1972-02-29", 789},
                 {"2000-02-29", 11016}, {"2000-03-01", 11017},  {"2026-11-23", 20780},
                 {"2100-03-01", 47541}, {"9999-12-31", 2932896}};
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        int32_t days = -1;
        char text[11];
        CU_ASSERT(fr_date_parse(dates[i].text, 10, &days));
        CU_ASSERT_EQUAL(days, dates[i].days);
        fr_date_format(dates[i].days, text);
        CU_ASSERT_STRING_EQUAL(text, dates[i].text);
    }
    static const char *const bad[] = {"1969-12-31", "2026-02-29", "2100-02-29", "2026-00-01",
                                      "2026-13-01", "2026-04-31", "2026-01-00", "2026-01-32",
                                      "2026/01/01", "26-01-01",   "2026-1-01",  "2026-01-1 ",
                                      "+026-01-01", "2026-01-01T"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int32_t days;
        CU_ASSERT_FALSE(fr_date_parse(bad[i], strlen(bad[i]), &days));
    }
}

static void every_day_comes_back(void) {
    char text[11], before[11] = "";
    for (int32_t days = 0; days <= 2932896; days += 1 + days / 40000) {
        int32_t again = -1;
        fr_date_format(days, text);
        CU_ASSERT(fr_date_parse(text, 10, &again) && again == days);
        CU_ASSERT(strcmp(before, text) < 0);
        memcpy(before, text, sizeof before);
    }
}

static void flows_expire_after_their_day(void) {
    static const struct {
        const char *date;
        int expired;
    } cases[] = {{"2026-11-22", 1}, {"2026-11-23", 0}, {"2026-11-24", 0}};
    for (size_t i = 0; i < 3; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "flowrules: 1\nflows:\n  - {name: a, source: any, destination: any, service: any, "
                 "expires: %s}\n",
                 cases[i].date);
        struct unit_policy loaded = unit_load(text);
        CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
        CU_ASSERT_EQUAL(flowrules_flow_expired(loaded.policy, 0), cases[i].expired);
        CU_ASSERT_STRING_EQUAL(flowrules_flow_expires(loaded.policy, 0), cases[i].date);
        CU_ASSERT_EQUAL(flowrules_diagnostic_count(loaded.context), (size_t)cases[i].expired);
        unit_unload(&loaded);
    }
}

/* ---- sizes ---------------------------------------------------------------------------------- */

/* Labels of Kubernetes: a DNS name of up to 253 characters, a slash, and a word of up to 63. */
static void long_labels_are_kept_whole(void) {
    char text[1000], key[300];
    memset(key, 'k', sizeof key);
    for (size_t i = 50; i < 240; i += 50)
        key[i] = '.';
    snprintf(key + 240, sizeof key - 240, "/label");
    snprintf(
        text, sizeof text,
        "flowrules: 1\nnetworks:\n  n: {kubernetes: {namespace: n, pods: {%s: a, %sx: b}}}\n" FLOW,
        key, key);
    struct unit_policy loaded = unit_load(text);
    CU_ASSERT_EQUAL(loaded.status, FLOWRULES_OK);
    size_t found = 0;
    for (size_t i = 0; loaded.policy != NULL && i < loaded.policy->binding_values.count; i++) {
        const char *label = FR_POLICY_TEXT(
            loaded.policy,
            fr_vec_at(&loaded.policy->binding_values, struct fr_binding_value, i)->label);
        found += label != NULL && strcmp(label, key) == 0;
    }
    CU_ASSERT_EQUAL(found, 1);
    unit_unload(&loaded);
}

/* ---- options and limits
 * ----------------------------------------------------------------------------- */

static flowrules_status load_with(const char *key, const char *value, const char *text,
                                  const char *id) {
    flowrules_context *context;
    flowrules_policy *policy;
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    flowrules_status status = flowrules_context_set(context, key, value);
    if (status == FLOWRULES_OK)
        status = flowrules_policy_load_text(&policy, context, "p.yaml", text, strlen(text));
    if (status == FLOWRULES_OK)
        flowrules_policy_free(policy);
    const char *said = flowrules_diagnostic_id(context, 0);
    CU_ASSERT(id == NULL ? said == NULL : said != NULL && strcmp(said, id) == 0);
    flowrules_context_free(context);
    return status;
}

static void options_are_checked(void) {
    static const char text[] = "flowrules: 1\n" FLOW;
    static const char expires[] = "flowrules: 1\nflows:\n  - {name: a, source: any, destination: "
                                  "any, service: any, expires: 2030-01-01}\n";
    CU_ASSERT_EQUAL(load_with("max-size", "1000", text, NULL), FLOWRULES_OK);
    CU_ASSERT_EQUAL(load_with("max-size", "10", text, "FR0104"), FLOWRULES_INVALID);
    CU_ASSERT_EQUAL(load_with("max-size", NULL, text, NULL), FLOWRULES_OK);
    CU_ASSERT_EQUAL(load_with("max-size", "-1", text, "FR0602"), FLOWRULES_USAGE);
    CU_ASSERT_EQUAL(load_with("max-size", "99999999999999999999", text, "FR0602"), FLOWRULES_USAGE);
    CU_ASSERT_EQUAL(load_with("max-flows", "1", text, NULL), FLOWRULES_OK);
    CU_ASSERT_EQUAL(load_with("max-flows", "0", text, "FR0106"), FLOWRULES_INVALID);
    CU_ASSERT_EQUAL(load_with("max-flow", "1", text, "FR0601"), FLOWRULES_USAGE);
    CU_ASSERT_EQUAL(load_with("as-of", "2026-02-30", text, "FR0602"), FLOWRULES_USAGE);
    CU_ASSERT_EQUAL(load_with("as-of", NULL, expires, "FR0319"), FLOWRULES_INVALID);
    CU_ASSERT_EQUAL(load_with("lock", "/nowhere/at/all", text, "FR0701"), FLOWRULES_IO);
    CU_ASSERT_EQUAL(load_with("lock", "none", text, NULL), FLOWRULES_OK);
}

/* Any number of errors ends in a thousand messages, the last of which counts the others. */
static void errors_are_capped(void) {
    enum { FLOWS = 3000 };
    char *text = malloc(100 * FLOWS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    size_t used = (size_t)snprintf(text, 100, "flowrules: 1\nflows:\n");
    for (int i = 0; i < FLOWS; i++)
        used += (size_t)snprintf(text + used, 100,
                                 "  - {name: a%d, source: nobody, destination: any,"
                                 " service: any}\n",
                                 i);
    struct unit_policy loaded = unit_load(text);
    CU_ASSERT_EQUAL(loaded.status, FLOWRULES_INVALID);
    CU_ASSERT_EQUAL(flowrules_diagnostic_count(loaded.context), 1000);
    CU_ASSERT(unit_says(loaded.context, 0, "FR0306", 3, 24));
    CU_ASSERT(unit_says(loaded.context, 998, "FR0306", 1001, 26));
    CU_ASSERT_STRING_EQUAL(flowrules_diagnostic_id(loaded.context, 999), "FR0703");
    CU_ASSERT_STRING_EQUAL(flowrules_diagnostic_message(loaded.context, 999),
                           "2001 more messages are not shown");
    unit_unload(&loaded);
    free(text);
}

/* A chain of networks is bounded whichever end comes first: nothing recurses down it. */
static void deep_networks_are_bounded(void) {
    enum { DEEP = 20000 };
    char *text = malloc(40 * DEEP);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (int backwards = 0; backwards < 2; backwards++) {
        size_t used = (size_t)snprintf(text, 100, "flowrules: 1\nnetworks:\n");
        for (int i = 0; i < DEEP; i++) {
            int n = backwards ? DEEP - 1 - i : i;
            used += (size_t)snprintf(text + used, 100,
                                     n + 1 < DEEP ? "  n%d: [n%d]\n" : "  n%d: any\n", n, n + 1);
        }
        snprintf(text + used, 100,
                 "flows:\n  - {name: a, source: n0, destination: any, service: any}\n");
        struct unit_policy loaded = unit_load(text);
        CU_ASSERT_EQUAL(loaded.status, FLOWRULES_INVALID);
        CU_ASSERT_STRING_EQUAL(flowrules_diagnostic_id(loaded.context, 0), "FR0309");
        unit_unload(&loaded);
    }
    free(text);
}

/* ---- contexts
 * --------------------------------------------------------------------------------------- */

/* A context may load policies for ever: places stay right. */
static void contexts_load_many(void) {
    static const char text[] = "flowrules: 1\nflows:\n  - {name: a, source: nobody, destination: "
                               "any, service: any}\n";
    flowrules_context *context;
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    for (unsigned i = 0; i < 300; i++) {
        flowrules_policy *policy;
        char name[20];
        snprintf(name, sizeof name, "p%u.yaml", i);
        CU_ASSERT_EQUAL(flowrules_policy_load_text(&policy, context, name, text, strlen(text)),
                        FLOWRULES_INVALID);
        CU_ASSERT_PTR_NULL(policy);
        CU_ASSERT(unit_says(context, 0, "FR0306", 3, 23));
        CU_ASSERT_STRING_EQUAL(flowrules_diagnostic_file(context, 0), name);
        CU_ASSERT_PTR_NOT_NULL(flowrules_diagnostic_source(context, 0));
        flowrules_diagnostics_clear(context);
    }
    flowrules_context_free(context);
}

/* ---- bytes
 * ------------------------------------------------------------------------------------------- */

/* A sound policy with bytes of it changed: never a breakdown, and never OK with errors. */
static void damaged_policies_are_survived(void) {
    static const char sound[] =
        "flowrules: 1\nprotects: n\nx-a: &a {tags: [a, b], log: true}\nnetworks:\n  n: {members: "
        "[10.0.0.0/8, m], except: 10.0.0.1}\n  m: [\"2001:db8::/32\", x.example.com]\nservices:\n"
        "  s: [{protocol: tcp, port: [80, 90-99]}, {protocol: icmp, icmp-type: 8}]\nflows:\n"
        "  - {name: a, source: n, destination: any, service: [s, any], <<: *a}\n"
        "  - {name: b, action: deny, source: any, destination: m, protocol: udp, port: 53}\n"
        "targets:\n  t: {backend: nftables, select: {name: /a|b/}, direction: egress}\n";
    static const char spice[] = "{}[]:,-#&*!|>'\"%@`\n\t \\\x01\x7f\xc3\xff<?~0a";
    uint64_t random = 20261123;
    unsigned loaded_well = 0;
    for (unsigned round = 0; round < 4000; round++) {
        char text[sizeof sound];
        flowrules_context *context;
        flowrules_policy *policy;
        memcpy(text, sound, sizeof sound);
        for (unsigned n = unit_random(&random, 3) + 1; n > 0; n--)
            text[unit_random(&random, sizeof sound - 1)] =
                spice[unit_random(&random, sizeof spice - 1)];
        CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
        flowrules_status status =
            flowrules_policy_load_text(&policy, context, "p.yaml", text, sizeof sound - 1);
        CU_ASSERT(status == FLOWRULES_OK || status == FLOWRULES_INVALID);
        CU_ASSERT_EQUAL(status == FLOWRULES_OK, policy != NULL);
        CU_ASSERT(status == FLOWRULES_OK || flowrules_diagnostic_count(context) > 0);
        loaded_well += status == FLOWRULES_OK;
        flowrules_policy_free(policy);
        flowrules_context_free(context);
    }
    CU_ASSERT(loaded_well > 10 && loaded_well < 3000);
}

UNIT_SUITE(policy) {
    static const struct unit_test tests[] = {
        {"dates are days", dates_are_days},
        {"every day comes back", every_day_comes_back},
        {"flows expire after their day", flows_expire_after_their_day},
        {"long labels are kept whole", long_labels_are_kept_whole},
        {"options are checked", options_are_checked},
        {"errors are capped", errors_are_capped},
        {"deep networks are bounded", deep_networks_are_bounded},
        {"contexts load many", contexts_load_many},
        {"damaged policies are survived", damaged_policies_are_survived},
        {NULL, NULL}};
    unit_suite("policy", tests);
}
