/*
 * Finds flows that lack what people need to know of them, and flows that expire soon.
 */
#include "lint.h"

/* What a flow should say, and the finding where it does not. */
static const struct {
    enum fr_lint_required bit;
    enum fr_finding_id id;
    const char *word, *hint;
} required[] = {
    {FR_REQUIRE_OWNER, FR_NO_OWNER, "owner", "write 'owner: ...', who is responsible"},
    {FR_REQUIRE_PURPOSE, FR_NO_PURPOSE, "purpose", "write 'purpose: ...', what it is for"},
    {FR_REQUIRE_TICKET, FR_NO_TICKET, "ticket", "write 'ticket: ...', who asked for it and when"},
};

static bool says(const struct fr_flow *flow, enum fr_lint_required what) {
    switch (what) {
    case FR_REQUIRE_OWNER:
        return flow->owner != 0;
    case FR_REQUIRE_PURPOSE:
        return flow->purpose != 0;
    case FR_REQUIRE_TICKET:
        return flow->ticket != 0;
    case FR_REQUIRE_EXPIRES:
        return flow->expires != FR_NO_EXPIRY;
    }
    return true;
}

/* What the policy does not require itself is worth a note. */
static flowrules_status check_words(struct fr_linter *l, size_t index, const struct fr_flow *flow) {
    const struct fr_lint_rules *rules = &l->policy->lint;
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        if ((rules->require & required[i].bit) == 0 || says(flow, required[i].bit))
            continue;
        struct fr_finding finding = fr_about_flow(
            l, required[i].id, rules->own_require ? FLOWRULES_WARNING : FLOWRULES_NOTE, index);
        finding.hint = required[i].hint;
        FR_TRY(fr_finding_add(l->findings, &finding, "flow '%s' has no %s", fr_lint_name(l, index),
                              required[i].word));
    }
    return FLOWRULES_OK;
}

/* The tag of the flow for which the policy requires an expiry date; 0: none. */
static fr_string expiry_tag(const flowrules_policy *policy, const struct fr_flow *flow) {
    struct fr_span tags = policy->lint.expiry_tags;
    for (uint32_t i = 0; i < tags.count; i++) {
        fr_string tag = *fr_vec_at(&policy->target_strings, fr_string, tags.first + i);
        if (fr_flow_has_tag(policy, flow, tag))
            return tag;
    }
    return 0;
}

static flowrules_status check_no_expiry(struct fr_linter *l, size_t index,
                                        const struct fr_flow *flow) {
    fr_string tag = expiry_tag(l->policy, flow);
    struct fr_finding finding = fr_about_flow(l, FR_NO_EXPIRY_DATE, FLOWRULES_WARNING, index);
    finding.hint = "write 'expires: YYYY-MM-DD', its last day";
    if (tag != 0)
        return fr_finding_add(l->findings, &finding,
                              "flow '%s' does not expire, and flows with the tag '%s' must",
                              fr_lint_name(l, index), FR_POLICY_TEXT(l->policy, tag));
    if ((l->policy->lint.require & FR_REQUIRE_EXPIRES) != 0)
        return fr_finding_add(l->findings, &finding, "flow '%s' does not expire, and flows must",
                              fr_lint_name(l, index));
    return FLOWRULES_OK;
}

static flowrules_status check_expiry(struct fr_linter *l, size_t index,
                                     const struct fr_flow *flow) {
    uint32_t limit = l->policy->lint.limits[FR_LINT_EXPIRY];
    int64_t days = (int64_t)flow->expires - l->policy->as_of;
    if (flow->expires == FR_NO_EXPIRY)
        return check_no_expiry(l, index, flow);
    if (limit == FR_LINT_NO_LIMIT || days > (int64_t)limit)
        return FLOWRULES_OK;
    struct fr_finding finding = fr_about_flow(l, FR_EXPIRES_SOON, FLOWRULES_WARNING, index);
    finding.hint = "renew it with a later date, or remove it";
    if (days == 0)
        return fr_finding_add(l->findings, &finding, "flow '%s' expires today",
                              fr_lint_name(l, index));
    return fr_finding_add(l->findings, &finding, "flow '%s' expires on %s, in %lld day%s",
                          fr_lint_name(l, index), FR_POLICY_TEXT(l->policy, flow->expires_text),
                          (long long)days, days == 1 ? "" : "s");
}

flowrules_status fr_lint_care(struct fr_linter *l) {
    for (size_t i = 0; i < l->policy->flows.count; i++) {
        const struct fr_flow *flow = fr_lint_flow(l, i);
        if (!fr_lint_counts(flow))
            continue;
        FR_TRY(check_words(l, i, flow));
        FR_TRY(check_expiry(l, i, flow));
    }
    return FLOWRULES_OK;
}
