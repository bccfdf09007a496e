/*
 * Decides which flows a target selects: those that have one of its tags and one of its names.
 */
#include <string.h>

#include "policy.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* What one expression may take for one name; a usual one takes some hundred steps. */
#define PATTERN_STEPS_MAX  100000u
#define PATTERN_KBYTES_MAX 1024u

static bool selected_by_tag(const flowrules_policy *policy, const struct fr_target *target,
                            const struct fr_flow *flow) {
    struct fr_span tags = target->select_tags;
    for (uint32_t i = 0; i < tags.count; i++)
        if (fr_flow_has_tag(policy, flow,
                            *fr_vec_at(&policy->target_strings, fr_string, tags.first + i)))
            return true;
    return tags.count == 0;
}

/* What PCRE2 says of an expression and a name, within limits, so that no expression can hang. */
static int compare(const pcre2_code *expression, const char *name) {
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    int result = PCRE2_ERROR_NOMEMORY;
    if (data != NULL && limits != NULL) {
        pcre2_set_match_limit(limits, PATTERN_STEPS_MAX);
        pcre2_set_heap_limit(limits, PATTERN_KBYTES_MAX);
        result = pcre2_match(expression, (PCRE2_SPTR)name, strlen(name), 0, 0, data, limits);
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    return result;
}

static flowrules_status matches(const flowrules_policy *policy, const struct fr_pattern *pattern,
                                const struct fr_flow *flow, bool *match) {
    const char *name = FR_POLICY_TEXT(policy, flow->name);
    *match = false;
    if (pattern->expression == NULL) {
        *match = flow->name == pattern->text;
        return FLOWRULES_OK;
    }
    int result = compare(pattern->expression, name);
    if (result == PCRE2_ERROR_NOMEMORY)
        return fr_no_memory(policy->context);
    if (result < 0 && result != PCRE2_ERROR_NOMATCH) /* a limit: the texts are valid */
        return fr_error(&policy->context->diagnostics, FR_PATTERN, pattern->at,
                        "write a simpler expression, without repetitions in repetitions",
                        "the expression needs more than %u steps for '%.80s'", PATTERN_STEPS_MAX,
                        name);
    *match = result >= 0;
    return FLOWRULES_OK;
}

int flowrules_target_selects(const flowrules_policy *policy, size_t target, size_t flow) {
    bool selected = false;
    if (target >= policy->targets.count || flow >= policy->flows.count)
        return false;
    return fr_target_selects(policy, fr_vec_at(&policy->targets, struct fr_target, target),
                             fr_vec_at(&policy->flows, struct fr_flow, flow),
                             &selected) == FLOWRULES_OK &&
           selected;
}

flowrules_status fr_target_selects(const flowrules_policy *policy, const struct fr_target *target,
                                   const struct fr_flow *flow, bool *selected) {
    struct fr_span names = target->select_names;
    *selected = !target->select_none && selected_by_tag(policy, target, flow);
    if (!*selected || names.count == 0)
        return FLOWRULES_OK;
    *selected = false;
    for (uint32_t i = 0; i < names.count && !*selected; i++)
        FR_TRY(matches(policy, fr_vec_at(&policy->patterns, struct fr_pattern, names.first + i),
                       flow, selected));
    return FLOWRULES_OK;
}
