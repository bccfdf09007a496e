/*
 * Finds denies that take nothing away: no flow allows any packet that they deny.
 */
#include "lint_pairs.h"

struct idle {
    struct fr_lint_pairs pairs;
    struct fr_index allows;
    uint32_t deny;
    bool elsewhere; /* a flow that no target selects beside the deny allows what it denies */
};

static bool takes_from(void *user, uint32_t allow) {
    struct idle *idle = user;
    const struct fr_linter *l = idle->pairs.l;
    if (fr_flow_is_spared(l->policy, fr_lint_flow(l, idle->deny), allow) ||
        !fr_lint_pairs_may_meet(&idle->pairs, idle->deny, allow))
        return false;
    bool together = fr_lint_pairs_are_together(&idle->pairs, idle->deny, allow) ||
                    fr_lint_pairs_is_loose(&idle->pairs, idle->deny);
    idle->elsewhere = idle->elsewhere || !together;
    return together;
}

/* A deny that logs says what it denies, and so is of use. */
static bool is_asked(const struct fr_linter *l, uint32_t flow) {
    const struct fr_flow *own = fr_lint_flow(l, flow);
    return fr_lint_counts(own) && own->deny && !own->log &&
           *fr_vec_at(&l->covered, uint8_t, flow) == 0;
}

static flowrules_status check_deny(struct idle *idle, uint32_t deny) {
    struct fr_linter *l = idle->pairs.l;
    struct fr_extent extent = fr_lint_pairs_extent(&idle->pairs, deny, true);
    idle->deny = deny;
    idle->elsewhere = false;
    if (fr_index_search(&idle->allows, FR_INDEX_MEETS, &extent, takes_from, idle))
        return FLOWRULES_OK;
    struct fr_finding finding = fr_about_flow(l, FR_DENY_IDLE, FLOWRULES_WARNING, deny);
    finding.hint = "remove it, or correct its source, destination or service";
    return fr_finding_add(
        l->findings, &finding, "deny '%s' takes nothing away: no flow allows what it denies%s",
        fr_lint_name(l, deny), idle->elsewhere ? ", on the targets that select it" : "");
}

static flowrules_status check_denies(struct idle *idle) {
    struct fr_linter *l = idle->pairs.l;
    uint32_t count = (uint32_t)l->policy->flows.count;
    for (uint32_t i = 0; i < count; i++) {
        const struct fr_flow *flow = fr_lint_flow(l, i);
        if (!fr_lint_counts(flow) || flow->deny)
            continue;
        struct fr_extent extent = fr_lint_pairs_extent(&idle->pairs, i, true);
        if (!fr_index_add(&idle->allows, &extent, i))
            return fr_no_memory(l->context);
    }
    if (!fr_index_build(&idle->allows))
        return fr_no_memory(l->context);
    for (uint32_t i = 0; i < count; i++)
        if (is_asked(l, i))
            FR_TRY(check_deny(idle, i));
    return FLOWRULES_OK;
}

static bool has_denies(const struct fr_linter *l) {
    for (uint32_t i = 0; i < l->policy->flows.count; i++)
        if (is_asked(l, i))
            return true;
    return false;
}

flowrules_status fr_lint_denies(struct fr_linter *l) {
    struct idle idle = {.deny = 0};
    if (!has_denies(l))
        return FLOWRULES_OK;
    flowrules_status status = fr_lint_pairs_open(&idle.pairs, l);
    fr_index_init(&idle.allows, &l->context->allocator);
    if (status == FLOWRULES_OK)
        status = check_denies(&idle);
    fr_index_free(&idle.allows);
    fr_lint_pairs_close(&idle.pairs);
    return status;
}
