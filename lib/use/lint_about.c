/*
 * What findings are about: places, names and sets, for all checks.
 */
#include "lint.h"

struct fr_finding fr_about_flow(const struct fr_linter *l, enum fr_finding_id id,
                                flowrules_severity severity, size_t flow) {
    return (struct fr_finding){.id = (uint16_t)id,
                               .severity = (uint8_t)severity,
                               .subject = FR_ABOUT_FLOW,
                               .index = (uint32_t)flow,
                               .at = fr_flow_place(l->policy, fr_lint_flow(l, flow))};
}

struct fr_finding fr_about_network(const struct fr_linter *l, enum fr_finding_id id,
                                   flowrules_severity severity, size_t network) {
    return (struct fr_finding){.id = (uint16_t)id,
                               .severity = (uint8_t)severity,
                               .subject = FR_ABOUT_NETWORK,
                               .index = (uint32_t)network,
                               .at =
                                   fr_vec_at(&l->policy->networks, struct fr_network, network)->at};
}

struct fr_finding fr_about_service(const struct fr_linter *l, enum fr_finding_id id,
                                   flowrules_severity severity, size_t service) {
    return (struct fr_finding){
        .id = (uint16_t)id,
        .severity = (uint8_t)severity,
        .subject = FR_ABOUT_SERVICE,
        .index = (uint32_t)service,
        .at = fr_vec_at(&l->policy->definitions, struct fr_service_definition, service)->at};
}

struct fr_finding fr_about_target(const struct fr_linter *l, enum fr_finding_id id,
                                  flowrules_severity severity, size_t target) {
    return (struct fr_finding){.id = (uint16_t)id,
                               .severity = (uint8_t)severity,
                               .subject = FR_ABOUT_TARGET,
                               .index = (uint32_t)target,
                               .at = fr_vec_at(&l->policy->targets, struct fr_target, target)->at};
}

const char *fr_lint_name(const struct fr_linter *l, size_t flow) {
    return FR_POLICY_TEXT(l->policy, fr_lint_flow(l, flow)->name);
}

const char *fr_lint_file(const struct fr_linter *l, struct fr_at at) {
    const char *name = fr_diagnostics_file_name(&l->context->diagnostics, at.file);
    return name == NULL ? "?" : name;
}

bool fr_lint_has_atoms(const struct fr_sight *sight, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&sight->view.sets, set);
    return head->atoms > 0 || head->all_atoms != 0;
}
