/*
 * The plan for backends: the target, its settings, networks and their bindings.
 */
#include "view.h"

#include <stdlib.h>
#include <string.h>

#include "flowrules/kits/bindings.h"

/* ---- the target ---------------------------------------------------------------------------- */

const char *flowrules_plan_target(const flowrules_plan *plan) {
    return plan->name;
}

const char *flowrules_plan_title(const flowrules_plan *plan) {
    return FR_POLICY_TEXT(plan->policy, plan->policy->title);
}

bool flowrules_plan_enforces(const flowrules_plan *plan, enum flowrules_direction direction) {
    return plan->enforces[direction];
}

bool flowrules_plan_permits(const flowrules_plan *plan) {
    return plan->permits;
}

bool flowrules_plan_baseline(const flowrules_plan *plan) {
    return (plan->target->baseline & ~FR_BASELINE_FALSE) != 0;
}

bool flowrules_plan_has(const flowrules_plan *plan, enum flowrules_baseline part) {
    return (plan->target->baseline & part) != 0;
}

const char *flowrules_plan_format(const flowrules_plan *plan) {
    return plan->format->name;
}

bool flowrules_plan_log_denied(const flowrules_plan *plan) {
    enum fr_log_mode log = plan->target->log;
    return log == FR_LOG_DENIED || log == FR_LOG_ALL;
}

bool flowrules_plan_log_nothing(const flowrules_plan *plan) {
    return plan->target->log == FR_LOG_NONE;
}

const char *flowrules_plan_setting(const flowrules_plan *plan, const char *key) {
    return fr_plan_setting(plan, key);
}

long long flowrules_plan_number(const flowrules_plan *plan, const char *key) {
    const char *value = fr_plan_setting(plan, key);
    return value == NULL ? 0 : strtoll(value, NULL, 10);
}

bool flowrules_plan_flag(const flowrules_plan *plan, const char *key) {
    const char *value = fr_plan_setting(plan, key);
    return value != NULL && strcmp(value, "true") == 0;
}

/* ---- networks and their bindings ------------------------------------------------------------ */

struct flowrules_set flowrules_plan_protects(const flowrules_plan *plan) {
    return (struct flowrules_set){&plan->view->sets, plan->protects.set};
}

const char *flowrules_set_label(const flowrules_plan *plan, struct flowrules_set set) {
    uint32_t network;
    if (!fr_view_network_of(plan->view, set.id, &network))
        return NULL;
    const flowrules_policy *policy = plan->policy;
    return FR_POLICY_TEXT(policy, fr_vec_at(&policy->networks, struct fr_network, network)->name);
}

const char *flowrules_set_family_label(const flowrules_plan *plan, struct flowrules_set set,
                                       enum flowrules_family family) {
    uint32_t network;
    if (!fr_view_network_part(plan->view, set.id, family, &network))
        return NULL;
    const flowrules_policy *policy = plan->policy;
    return FR_POLICY_TEXT(policy, fr_vec_at(&policy->networks, struct fr_network, network)->name);
}

/* Value index of a key of a network's binding to the backend's platform, or to its other one. */
static const struct fr_binding_value *binding_value(const flowrules_plan *plan, const char *network,
                                                    const char *key, size_t index) {
    const flowrules_policy *policy = plan->policy;
    const struct fr_binding *binding = fr_policy_binding_for(policy, network, plan->backend);
    for (uint32_t i = 0; binding != NULL && i < binding->values.count; i++) {
        const struct fr_binding_value *value =
            fr_vec_at(&policy->binding_values, struct fr_binding_value, binding->values.first + i);
        if (strcmp(FR_POLICY_TEXT(policy, value->key), key) == 0 && index-- == 0)
            return value;
    }
    return NULL;
}

const char *flowrules_binding_value(const flowrules_plan *plan, const char *network,
                                    const char *key, size_t index) {
    const struct fr_binding_value *value = binding_value(plan, network, key, index);
    return value == NULL ? NULL : FR_POLICY_TEXT(plan->policy, value->value);
}

const char *flowrules_binding_label(const flowrules_plan *plan, const char *network,
                                    const char *key, size_t index) {
    const struct fr_binding_value *value = binding_value(plan, network, key, index);
    return value == NULL ? NULL : FR_POLICY_TEXT(plan->policy, value->label);
}
