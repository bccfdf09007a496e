/*
 * The proof of a rendering: the backend's reader reads what the backend wrote, and the result is
 * compared with the flows, so that a defect in lowering or spelling never reaches a firewall.
 */
#include "proof.h"

static void tell_defect(const flowrules_plan *plan, const flowrules_comparison *comparison) {
    struct fr_about about = {FLOWRULES_ERROR,
                             FR_NOT_PROVEN,
                             plan->target->at,
                             NULL,
                             plan->name,
                             "this is a defect of flowrules, please report it; the option verify "
                             "(--no-verify) skips this check"};
    bool more = flowrules_difference_change(comparison, 0)[0] == 'a';
    fr_report(&plan->context->diagnostics, &about,
              "the rules rendered for target '%s' do not mean the same as the policy: '%s' %s (%s)",
              plan->name, flowrules_difference_witness(comparison, 0),
              more ? "passes but should not" : "should pass but does not",
              flowrules_difference_direction(comparison, 0));
}

static void tell_doubt(const flowrules_plan *plan, const flowrules_comparison *comparison) {
    struct fr_about about = {FLOWRULES_WARNING, FR_NOT_PROVEN, plan->target->at, NULL,
                             plan->name,        NULL};
    fr_report(&plan->context->diagnostics, &about,
              "it cannot be determined whether the rules of target '%s' mean the same as the "
              "policy: %s (line %u)",
              plan->name, flowrules_doubt_text(comparison, 0),
              (unsigned)flowrules_doubt_line(comparison, 0));
}

flowrules_status fr_prove(const flowrules_plan *plan, const flowrules_meaning *expected,
                          const flowrules_artifact *artifact) {
    flowrules_context *context = plan->context;
    flowrules_configuration *configuration;
    flowrules_meaning *found = NULL;
    flowrules_comparison *comparison = NULL;
    FR_TRY(flowrules_configuration_new(&configuration, context));
    flowrules_status status = flowrules_configuration_add_artifact(configuration, artifact);
    if (status == FLOWRULES_OK)
        status = fr_read_for(&found, plan, plan->format->name, configuration);
    if (status == FLOWRULES_OK)
        found->permits = plan->permits; /* its permits are those of the policy, no more */
    if (status == FLOWRULES_OK)
        status = flowrules_compare(&comparison, context, expected, found);
    if (comparison != NULL && flowrules_difference_count(comparison) > 0) {
        tell_defect(plan, comparison);
        status = FLOWRULES_REFUSED;
    } else if (comparison != NULL) {
        if (flowrules_doubt_count(comparison) > 0)
            tell_doubt(plan, comparison);
        status = FLOWRULES_OK;
    } else if (status == FLOWRULES_INVALID) {
        status = FLOWRULES_REFUSED; /* the reader has told what it can't read */
    }
    flowrules_comparison_free(comparison);
    flowrules_meaning_free(found);
    flowrules_configuration_free(configuration);
    return status;
}
