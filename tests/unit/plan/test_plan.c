/*
 * Plans: which flows a target takes, what is in its scope, and how truly it can say them.
 */
#include "plan.h"

#include <stdio.h>
#include <string.h>

#include "judged.h"
#include "loading.h"
#include "unit.h"

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
    flowrules_plan *plan;
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
    struct unit_policy loaded = unit_load_judged();
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
    flowrules_plan *plan;
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
    struct unit_policy loaded = unit_load_judged();
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

UNIT_SUITE(plan) {
    static const struct unit_test tests[] = {{"flows are judged", flows_are_judged},
                                             {"flows are scoped", flows_are_scoped},
                                             {NULL, NULL}};
    unit_suite("plan", tests);
}
