/*
 * Reports: the reason of each flow's verdict, to the letter.
 */
#include <string.h>

#include "judged.h"
#include "unit.h"

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
    struct unit_policy loaded = unit_load_judged();
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    reason_is(&loaded, "host", "out", "none");
    reason_is(&loaded, "host", "past",
              "neither its source nor its destination is in the protected networks");
    reason_is(&loaded, "host", "mixed",
              "the parts of its source and destination in scope have no common address family");
    reason_is(&loaded, "egress", "in",
              "its source is not in the protected networks, and this target has direction: egress");
    reason_is(
        &loaded, "ingress", "out",
        "its destination is not in the protected networks, and this target has direction: ingress");
    reason_is(&loaded, "tagged", "within", "not selected for this target");
    reason_is(&loaded, "host", "old", "it expired on 2020-01-01");
    reason_is(&loaded, "host", "pinned", "1 address of a.example, seen 2026-11-13 (10 days ago)");
    reason_is(&loaded, "host", "missing", "the lock file has no address of b.example");
    reason_is(&loaded, "host", "empty", "the lock file has no address of c.example");
    reason_is(&loaded, "host", "wild",
              "*.a.example: this backend matches addresses, but a wildcard has none");
    reason_is(&loaded, "lossy", "wild",
              "*.a.example is cut to the names below it that the lock file knows");
    reason_is(&loaded, "host", "pods", "pods has no addresses: it is a group of another platform");
    reason_is(&loaded, "refuse", "pinned", "this target refuses names (names: refuse): a.example");
    reason_is(&loaded, "native", "pinned", "a.example: as dnsmasq looks them up");
    reason_is(&loaded, "native", "missing", "b.example: the names below it would also pass");
    unit_unload(&loaded);
}

UNIT_SUITE(reasons) {
    static const struct unit_test tests[] = {{"reasons are told", reasons_are_told}, {NULL, NULL}};
    unit_suite("reasons", tests);
}
