/*
 * Binds the flows that denies spare, and reports those that cannot be spared.
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy_resolve.h"

static int by_flow(const void *left, const void *right) {
    const struct fr_spared *a = left, *b = right;
    if (a->flow != b->flow)
        return a->flow < b->flow ? -1 : 1;
    return (a->at.line > b->at.line) - (a->at.line < b->at.line);
}

/* Why a deny can't spare a flow, or NULL. */
static const char *refusal(const struct fr_flow *deny, const struct fr_flow *flow,
                           const char **hint) {
    *hint = "list only allows that the deny should not block";
    if (flow == deny)
        return "deny '%s' cannot spare itself";
    return flow->deny ? "'%s' is a deny: only an allow can be spared" : NULL;
}

void fr_check_spared(struct fr_binder *r, const struct fr_flow *deny,
                     const struct fr_spared *spared) {
    const char *hint;
    const char *why =
        refusal(deny, fr_vec_at(&r->policy->flows, struct fr_flow, spared->flow), &hint);
    if (why != NULL)
        fr_error(r->diagnostics, FR_SPARES, spared->at, hint, why,
                 FR_POLICY_TEXT(r->policy, spared->name));
}

static void bind_name(struct fr_binder *r, const struct fr_map *flows, const struct fr_flow *deny,
                      struct fr_spared *spared) {
    if (!fr_map_get(flows, spared->name, &spared->flow) || spared->flow == UINT32_MAX)
        fr_report_unknown_flow(r, spared->name, spared->at);
    else
        fr_check_spared(r, deny, spared);
}

static void find_twice(struct fr_binder *r, struct fr_span span) {
    for (uint32_t i = 1; i < span.count; i++) {
        const struct fr_spared *spared =
            fr_vec_at(&r->policy->spared, struct fr_spared, span.first + i);
        if (spared->flow == spared[-1].flow)
            fr_error(r->diagnostics, FR_SPARES, spared->at, "name it once",
                     "'spares' names the flow '%s' twice", FR_POLICY_TEXT(r->policy, spared->name));
    }
}

/* A deny that spares every allow does nothing: someone may have meant to deny. */
static void warn_of_all(struct fr_binder *r, const struct fr_flow *deny) {
    uint32_t spared = 0, allows = 0;
    for (uint32_t i = 0; i < r->policy->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&r->policy->flows, struct fr_flow, i);
        bool counts = !flow->deny && !flow->expired;
        allows += counts;
        spared += counts && fr_flow_is_spared(r->policy, deny, i);
    }
    const char *name = FR_POLICY_TEXT(r->policy, deny->name);
    struct fr_about about = {FLOWRULES_WARNING,
                             FR_SPARES_ALL,
                             fr_flow_place(r->policy, deny),
                             name,
                             NULL,
                             "remove the deny, or spare less"};
    if (allows > 0 && spared == allows)
        fr_report(r->diagnostics, &about, "deny '%s' has no effect: it spares every allow", name);
}

void fr_bind_spares_of(struct fr_binder *r, const struct fr_map *flows,
                       const struct fr_flow *deny) {
    struct fr_span span = fr_flow_spares(r->policy, deny);
    size_t errors = r->diagnostics->error_count;
    if (span.count == 0)
        return; /* reported */
    struct fr_spared *list = fr_vec_at(&r->policy->spared, struct fr_spared, span.first);
    if (!deny->deny) {
        fr_error(r->diagnostics, FR_SPARES, list->at,
                 "write 'action: deny', or remove 'spares': only a deny can spare other flows",
                 "flow '%s' is an allow, but 'spares' needs a deny",
                 FR_POLICY_TEXT(r->policy, deny->name));
        return;
    }
    for (uint32_t i = 0; i < span.count; i++)
        bind_name(r, flows, deny, &list[i]);
    if (r->diagnostics->error_count > errors)
        return;
    qsort(list, span.count, sizeof *list, by_flow);
    find_twice(r, span);
    if (r->diagnostics->error_count == errors)
        warn_of_all(r, deny);
}

flowrules_status fr_bind_spares(struct fr_binder *r) {
    struct fr_map flows;
    bool good = true;
    if (r->policy->spare_lists.count == 0)
        return FLOWRULES_OK;
    fr_map_init(&flows, &r->context->allocator);
    for (uint32_t i = 0; i < r->policy->flows.count && good; i++) {
        fr_string name = fr_vec_at(&r->policy->flows, struct fr_flow, i)->name;
        good = name == 0 || fr_map_put(&flows, name, i);
    }
    for (uint32_t i = 0; i < r->policy->flows.count && good; i++) {
        const struct fr_flow *flow = fr_vec_at(&r->policy->flows, struct fr_flow, i);
        if (flow->spares != 0 && flow->name != 0)
            fr_bind_spares_of(r, &flows, flow);
    }
    fr_map_free(&flows);
    return good ? FLOWRULES_OK : fr_no_memory(r->context);
}
