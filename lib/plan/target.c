/*
 * Finds the target of a plan: one of the policy, or a backend with its defaults; its format, and
 * the capabilities of the format.
 */
#include "target.h"

#include <stdio.h>
#include <string.h>

#include "registry.h"
#include "settings.h"

static const char *next_target(const void *user, size_t i) {
    const flowrules_plan *plan = user;
    size_t own = plan->policy->targets.count;
    if (i < own)
        return FR_POLICY_TEXT(plan->policy,
                              fr_vec_at(&plan->policy->targets, struct fr_target, i)->name);
    return fr_registry_candidate(plan->context, i - own);
}

static flowrules_status unknown_target(flowrules_plan *plan, const char *name) {
    const char *near = fr_nearest(name, next_target, plan);
    char hint[160];
    if (!fr_did_you_mean(hint, sizeof hint, near))
        snprintf(hint, sizeof hint, "a target of the policy, or a backend ('flowrules targets')");
    fr_error(&plan->context->diagnostics, FR_TARGET_UNKNOWN, FR_NOWHERE, hint,
             "there is no target '%s'", name);
    return FLOWRULES_USAGE;
}

/*
 * A target that only permits has no rule that denies: what denies take is taken out of the allows.
 * Its rules stand among others, where it has no sets, chains or objects for a lookup of its own.
 */
static void only_permit(flowrules_plan *plan) {
    plan->permits = plan->target->permits;
    if (!plan->permits)
        return;
    plan->permitting = *plan->can;
    plan->permitting.evaluation = FLOWRULES_ALLOW_UNION;
    plan->permitting.denies = FLOWRULES_DENIES_IN_ORDER;
    if (plan->permitting.lookup) {
        plan->permitting.lookup = false;
        plan->permitting.names = plan->permitting.whole_domains = false;
        plan->permitting.wildcards = FLOWRULES_WILDCARDS_NONE;
    }
    plan->can = &plan->permitting;
}

static flowrules_status find_format(flowrules_plan *plan, const char *format) {
    if (format == NULL && plan->target->format != 0)
        format = FR_POLICY_TEXT(plan->policy, plan->target->format);
    plan->format = fr_format_find(plan->backend, format);
    if (plan->format == NULL) {
        char hint[160];
        fr_format_list(plan->backend, hint);
        fr_error(&plan->context->diagnostics, FR_FORMAT_UNKNOWN, FR_NOWHERE, hint,
                 "the backend '%s' has no format '%s'", plan->backend->name, format);
        return FLOWRULES_USAGE;
    }
    plan->can = plan->format->capabilities != NULL ? plan->format->capabilities
                                                   : &plan->backend->capabilities;
    only_permit(plan);
    return FLOWRULES_OK;
}

/* A target that the policy does not have, of a backend alone. */
static void name_backend(flowrules_plan *plan) {
    plan->own_target =
        (struct fr_target){.baseline = FR_BASELINE_TRUE, .optimize = true, .record = plan->backend};
    plan->target = &plan->own_target;
}

/* The policy by itself: a listing of it, as if one firewall stood between all its networks. */
static flowrules_status take_whole(flowrules_plan *plan) {
    plan->name = "policy";
    plan->whole = true;
    plan->backend = fr_registry_find(plan->context, "plain");
    if (plan->backend == NULL)
        return unknown_target(plan, "plain");
    name_backend(plan);
    return find_format(plan, NULL);
}

static flowrules_status choose(flowrules_plan *plan, const char *spec) {
    const flowrules_policy *policy = plan->policy;
    if (spec == NULL)
        return take_whole(plan);
    const char *colon = strchr(spec, ':');
    size_t length = colon == NULL ? strlen(spec) : (size_t)(colon - spec);
    char *name = fr_arena_text(plan->arena, spec, length);
    uint32_t index;
    if (name == NULL)
        return fr_no_memory(plan->context);
    plan->name = name;
    fr_string string = fr_strings_find(&policy->strings, name, length);
    if (string != 0 && fr_map_get(&policy->target_by_name, string, &index)) {
        plan->target = fr_vec_at(&policy->targets, struct fr_target, index);
        plan->backend = plan->target->record;
    } else {
        plan->backend = fr_registry_find(plan->context, name);
        if (plan->backend == NULL)
            return unknown_target(plan, name);
        name_backend(plan);
    }
    return find_format(plan, colon == NULL ? NULL : colon + 1);
}

/* Settings that have no default must be there also for a backend that was named alone. */
static flowrules_status check_required(const flowrules_plan *plan) {
    for (const struct flowrules_setting *s = plan->backend->settings; s != NULL && s->key != NULL;
         s++) {
        if (!s->required || fr_setting_is_idle(s, plan->permits) ||
            fr_plan_setting(plan, s->key) != NULL)
            continue;
        return fr_error(
            &plan->context->diagnostics, FR_SETTING_MISSING, FR_NOWHERE, s->help,
            "the backend '%s' needs the setting '%s': add a target with it to the policy",
            plan->backend->name, s->key);
    }
    return FLOWRULES_OK;
}

flowrules_status fr_find_target(flowrules_plan *plan, const char *spec) {
    FR_TRY(choose(plan, spec));
    return check_required(plan);
}
