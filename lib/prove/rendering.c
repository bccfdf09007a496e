/*
 * Renders a target: plans, spells and proves it before the caller gets it.
 */
#include "needs.h"
#include "proof.h"

/* Is what is rendered read back? */
static bool is_proven(const flowrules_plan *plan) {
    return !plan->context->no_verify && plan->backend->read != NULL;
}

flowrules_status flowrules_render(flowrules_artifact **artifact, flowrules_context *context,
                                  const flowrules_policy *policy, const char *target) {
    flowrules_plan *plan;
    struct fr_rules *rules = NULL;
    flowrules_meaning *expected = NULL;
    *artifact = NULL;
    FR_TRY(fr_plan_new(&plan, context, policy, target));
    flowrules_status status = fr_plan_report(plan);
    if (status == FLOWRULES_OK)
        status = fr_warn_of_needs(plan);
    if (status == FLOWRULES_OK && is_proven(plan))
        status = fr_expect(&expected, plan);
    if (status == FLOWRULES_OK)
        status = fr_rules_make_reported(&rules, plan);
    if (status == FLOWRULES_OK)
        status = fr_render(artifact, rules, NULL);
    if (status == FLOWRULES_OK && expected != NULL)
        status = fr_prove(plan, expected, *artifact);
    /* What was decided while memory ran out, a refusal too, is not to be trusted. */
    if (status == FLOWRULES_OK || status == FLOWRULES_REFUSED)
        status = fr_plan_memory(plan) == FLOWRULES_OK ? status : FLOWRULES_NO_MEMORY;
    if (status != FLOWRULES_OK) {
        flowrules_artifact_free(*artifact);
        *artifact = NULL;
    }
    flowrules_meaning_free(expected);
    fr_plan_free(plan);
    return status;
}
