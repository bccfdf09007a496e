/*
 * Plans: which flows a target takes, what is in its scope, and how truly it can say them.
 */
#include "plan.h"

#include <stdio.h>
#include <string.h>

#include "loading.h"
#include "unit.h"

static const char policy_text[] =
    "flowrules: 1\n"
    "protects: inside\n"
    "networks:\n"
    "  inside: 10.0.0.0/24\n"
    "  half: 10.0.0.0/25\n"
    "  pods: {kubernetes: {namespace: n}}\n"
    "  both: {members: [192.0.2.9], kubernetes: {namespace: n}}\n"
    "flows:\n"
    "  - {name: out, source: half, destination: 192.0.2.1, service: any, tags: [web, a.b]}\n"
    "  - {name: in, source: 192.0.2.1, destination: inside, service: any, tags: [web]}\n"
    "  - {name: within, source: inside, destination: inside, service: any}\n"
    "  - {name: past, source: 192.0.2.1, destination: 192.0.2.2, service: any}\n"
    "  - {name: wide, source: any, destination: any, protocol: gre, action: deny}\n"
    "  - {name: old, source: any, destination: any, service: any, expires: 2020-01-01}\n"
    "  - {name: pinned, source: inside, destination: a.example, service: any}\n"
    "  - {name: missing, source: inside, destination: b.example, service: any}\n"
    "  - {name: empty, source: inside, destination: c.example, service: any}\n"
    "  - {name: wild, source: inside, destination: \"*.a.example\", service: any}\n"
    "  - {name: pods, source: inside, destination: pods, service: any}\n"
    "  - {name: both, source: inside, destination: both, service: any}\n"
    "  - {name: mixed, source: \"2001:db8::1\", destination: [10.0.0.1, \"2001:db8::2\"], service: "
    "any}\n"
    "targets:\n"
    "  host: {backend: nftables}\n"
    "  egress: {backend: nftables, direction: egress}\n"
    "  ingress: {backend: nftables, direction: ingress}\n"
    "  router: {backend: nftables, hook: forward}\n"
    "  native: {backend: nftables, names: native}\n"
    "  refuse: {backend: nftables, names: refuse}\n"
    "  lossy: {backend: nftables, allow-loss: [{flow: wild, loss: narrow}, {flow: missing, loss: "
    "narrow}]}\n"
    "  wrong-loss: {backend: nftables, allow-loss: [{flow: wild, loss: widen}]}\n"
    "  tagged: {backend: nftables, select: {tags: [a.b, web]}}\n"
    "  named: {backend: nftables, select: {name: [out, '/^p/']}}\n"
    "  both-ways: {backend: nftables, select: {tags: web, name: '/^i/'}}\n"
    "  elsewhere: {backend: nftables, protects: 192.0.2.1}\n";

static const char lock_text[] =
    "{\"flowrules-lock\": 1, \"names\": {\"a.example\": {\"addresses\": [{\"address\": "
    "\"192.0.2.7\", \"last-seen\": \"2026-11-13\"}]}, \"c.example\": {\"addresses\": []}, "
    "\"x.a.example\": {\"addresses\": [{\"address\": \"192.0.2.8\"}]}}}";

static const char *const flow_names[] = {"out",  "in",     "within",  "past",  "wide",
                                         "old",  "pinned", "missing", "empty", "wild",
                                         "pods", "both",   "mixed"};
#define FLOWS (sizeof flow_names / sizeof flow_names[0])

/* The words of a target's verdicts, one letter for each flow: . out of scope, E exact ... */
static void verdicts(struct unit_policy *loaded, const char *target, const char *expected) {
    static const char letters[] = {[FR_EXACT] = 'E',
                                   [FR_NATIVE] = 'N',
                                   [FR_PINNED] = 'P',
                                   [FR_WIDENED] = 'W',
                                   [FR_NARROWED] = '-',
                                   [FR_FIDELITY_REFUSED] = 'R',
                                   [FR_FIDELITY_UNRESOLVED] = 'U',
                                   [FR_FIDELITY_EXPIRED] = 'X',
                                   [FR_OUT_OF_SCOPE] = '.'};
    struct fr_plan *plan;
    char got[FLOWS + 1] = "";
    CU_ASSERT_EQUAL_FATAL(fr_plan_new(&plan, loaded->context, loaded->policy, target),
                          FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(plan->verdicts.count, FLOWS);
    for (size_t i = 0; i < FLOWS; i++) {
        CU_ASSERT_STRING_EQUAL(flowrules_flow_name(loaded->policy, i), flow_names[i]);
        got[i] = letters[fr_vec_at(&plan->verdicts, struct fr_verdict, i)->fidelity];
    }
    CU_ASSERT_STRING_EQUAL(got, expected);
    if (strcmp(got, expected) != 0)
        printf("\n    %s: %s, not %s\n", target, got, expected);
    fr_plan_free(plan);
}

static void flows_are_judged(void) {
    struct unit_policy loaded = unit_load_locked(policy_text, lock_text);
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(flowrules_flow_count(loaded.policy), FLOWS);
    verdicts(&loaded, "host", "EEE.EXPUURRE.");
    verdicts(&loaded, "egress", "E.E.EXPUURRE.");
    verdicts(&loaded, "router", "EEE.EXPUURRE.");
    verdicts(&loaded, "native", "EEE.EXNRRNRE.");
    verdicts(&loaded, "refuse", "EEE.EXRRRRRE.");
    verdicts(&loaded, "lossy", "EEE.EXPUU-RE.");
    verdicts(&loaded, "wrong-loss", "EEE.EXPUURRE.");
    verdicts(&loaded, "tagged", "EE...X.......");
    verdicts(&loaded, "named", "E....XP...R..");
    verdicts(&loaded, "both-ways", ".E...X.......");
    verdicts(&loaded, "elsewhere", "EE.EEX.UU....");
    verdicts(&loaded, "nftables", "EEE.EXPUURRE.");
    unit_unload(&loaded);
}

/* How often a direction stands in a plan, and over which ends. */
static void scope_is(struct unit_policy *loaded, const char *target, const char *flow,
                     const char *expected) {
    static const char letters[] = {'e', 'i', 'f'};
    struct fr_plan *plan;
    char got[8] = "";
    size_t used = 0;
    CU_ASSERT_EQUAL_FATAL(fr_plan_new(&plan, loaded->context, loaded->policy, target),
                          FLOWRULES_OK);
    for (size_t i = 0; i < plan->scoped.count && used < 6; i++) {
        const struct fr_scoped *s = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        if (strcmp(flowrules_flow_name(loaded->policy, s->flow), flow) == 0)
            got[used++] = letters[s->direction];
    }
    CU_ASSERT_STRING_EQUAL(got, expected);
    fr_plan_free(plan);
}

static void flows_are_scoped(void) {
    struct unit_policy loaded = unit_load_locked(policy_text, lock_text);
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    scope_is(&loaded, "host", "out", "e");
    scope_is(&loaded, "host", "in", "i");
    scope_is(&loaded, "host", "within", "ei");
    scope_is(&loaded, "host", "wide", "ei");
    scope_is(&loaded, "host", "past", "");
    scope_is(&loaded, "host", "mixed", ""); /* what is in scope has no family in common */
    scope_is(&loaded, "egress", "within", "e");
    scope_is(&loaded, "router", "within", "f");
    scope_is(&loaded, "router", "wide", "ff");
    scope_is(&loaded, "router", "past", "");
    unit_unload(&loaded);
}

static void reason_is(struct unit_policy *loaded, const char *target, const char *flow,
                      const char *expected) {
    flowrules_report *report;
    CU_ASSERT_EQUAL_FATAL(flowrules_explain(&report, loaded->context, loaded->policy, target),
                          FLOWRULES_OK);
    for (size_t i = 0; i < flowrules_report_row_count(report); i++) {
        if (strcmp(flowrules_report_flow(report, i), flow) != 0)
            continue;
        const char *reason = flowrules_report_reason(report, i);
        CU_ASSERT_STRING_EQUAL(reason == NULL ? "none" : reason, expected);
        CU_ASSERT_STRING_EQUAL(flowrules_report_target(report, i), target);
    }
    flowrules_report_free(report);
}

static void reasons_are_told(void) {
    struct unit_policy loaded = unit_load_locked(policy_text, lock_text);
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    reason_is(&loaded, "host", "out", "none");
    reason_is(&loaded, "host", "past", "neither end is among the protected networks");
    reason_is(&loaded, "host", "mixed", "what of it is in scope has no address family in common");
    reason_is(&loaded, "egress", "in",
              "its source is not among the protected networks, and this target has direction: "
              "egress");
    reason_is(&loaded, "ingress", "out",
              "its destination is not among the protected networks, and this target has direction: "
              "ingress");
    reason_is(&loaded, "tagged", "within", "not selected for this target");
    reason_is(&loaded, "host", "old", "it expired on 2020-01-01");
    reason_is(&loaded, "host", "pinned", "1 address of a.example, seen 2026-11-13 (10 days ago)");
    reason_is(&loaded, "host", "missing", "no address of b.example in the lock file");
    reason_is(&loaded, "host", "empty", "no address of c.example in the lock file");
    reason_is(&loaded, "host", "wild",
              "*.a.example: this backend matches addresses, and a wildcard has none");
    reason_is(&loaded, "lossy", "wild",
              "*.a.example is cut to the names below it that the lock file knows");
    reason_is(&loaded, "host", "pods", "pods has no addresses: it is a group of another platform");
    reason_is(&loaded, "refuse", "pinned",
              "names are refused on this target (names: refuse): a.example");
    reason_is(&loaded, "native", "pinned", "a.example: as dnsmasq looks them up");
    reason_is(&loaded, "native", "missing", "b.example: the names below would pass too");
    unit_unload(&loaded);
}

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
    struct unit_policy loaded = unit_load_locked(policy_text, lock_text);
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

void fr_test_plan(void) {
    static const struct unit_test tests[] = {{"flows are judged", flows_are_judged},
                                             {"flows are scoped", flows_are_scoped},
                                             {"reasons are told", reasons_are_told},
                                             {"refusals are listed", refusals_are_listed},
                                             {NULL, NULL}};
    unit_suite("plan", tests);
}
