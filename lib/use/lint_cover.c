/*
 * Finds flows that are not needed because another flow, or several together, match all their
 * packets. What is found can be removed all at once: a flow that is found is never among those that
 * cover another one, or what covers it does so, too.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lint_together.h"

/* Steps of the searches for each flow, on average, and some more for few flows. */
#define STEPS_EACH 1000u
#define STEPS_BASE 10000000u
#define NAMED_MOST 3u /* flows that a message names */
#define NO_FLOW    UINT32_MAX
#define HINT_ALLOW "remove it, or make the other flow narrower"
#define HINT_SOME  "remove it, or make one of the others narrower"

struct covers {
    struct fr_lint_pairs pairs;
    struct fr_index index;
    struct fr_vec by; /* uint32_t, for each flow: the one that covers it, or NO_FLOW */
    bool deny;
    size_t not_searched;
    uint32_t first_not_searched;
};

/* ---- by one -------------------------------------------------------------------------------- */

struct one {
    struct covers *covers;
    uint32_t inner, outer;
};

static bool replaces(const struct fr_lint_pairs *p, uint32_t outer, uint32_t inner) {
    return fr_lint_pairs_may_replace(p, outer, inner) && fr_lint_pairs_are_where(p, outer, inner) &&
           fr_lint_pairs_covers(p, outer, inner);
}

static void cover(struct covers *c, uint32_t inner, uint32_t outer) {
    *fr_vec_at(&c->by, uint32_t, inner) = outer;
    *fr_vec_at(&c->pairs.l->covered, uint8_t, inner) = 1;
}

/*
 * Of two flows that replace each other the first stays: the other one is known at once, so that
 * very many equal flows are not compared with each other. What covers a covered flow covers what
 * this one would cover.
 */
static bool try_outer(void *user, uint32_t outer) {
    struct one *one = user;
    const struct fr_lint_pairs *pairs = &one->covers->pairs;
    if (outer == one->inner || *fr_vec_at(&one->covers->by, uint32_t, outer) != NO_FLOW ||
        !replaces(pairs, outer, one->inner))
        return false;
    if (outer > one->inner && replaces(pairs, one->inner, outer)) {
        cover(one->covers, outer, one->inner);
        return false;
    }
    one->outer = outer;
    return true;
}

static void find_by_one(struct covers *c, uint32_t flow) {
    struct fr_extent extent = fr_lint_pairs_part(&c->pairs, flow);
    struct one one = {c, flow, NO_FLOW};
    fr_index_search(&c->index, FR_INDEX_COVERS, &extent, try_outer, &one);
    if (one.outer != NO_FLOW)
        cover(c, flow, one.outer);
}

/* The last one of those that cover each other: nothing covers it. */
static uint32_t last_of(const struct covers *c, uint32_t flow) {
    uint32_t by = *fr_vec_at(&c->by, uint32_t, flow);
    while (by != NO_FLOW && *fr_vec_at(&c->by, uint32_t, by) != NO_FLOW)
        by = *fr_vec_at(&c->by, uint32_t, by);
    return by;
}

static flowrules_status report_one(struct covers *c, uint32_t flow, uint32_t by) {
    struct fr_linter *l = c->pairs.l;
    struct fr_at at = fr_flow_place(l->policy, fr_lint_flow(l, by));
    struct fr_finding finding =
        fr_about_flow(l, c->deny ? FR_DENY_COVERED : FR_FLOW_COVERED, FLOWRULES_WARNING, flow);
    finding.hint = HINT_ALLOW;
    return fr_finding_add(l->findings, &finding,
                          c->deny ? "deny '%s' (%s:%u) already denies all that deny '%s' denies"
                                  : "flow '%s' (%s:%u) already allows all that flow '%s' allows",
                          fr_lint_name(l, by), fr_lint_file(l, at), (unsigned)at.line,
                          fr_lint_name(l, flow));
}

/* ---- by several ---------------------------------------------------------------------------- */

/* "'a' (policy.yaml:3), 'b' (policy.yaml:9) and 2 more". */
static void name_several(const struct fr_linter *l, const struct fr_vec *by, char *text,
                         size_t size) {
    size_t used = 0, named = by->count <= NAMED_MOST + 1 ? by->count : NAMED_MOST;
    for (size_t i = 0; i < named && used < size; i++) {
        uint32_t flow = *fr_vec_at(by, uint32_t, i);
        struct fr_at at = fr_flow_place(l->policy, fr_lint_flow(l, flow));
        const char *before = i == 0 ? "" : i + 1 < by->count ? ", " : " and ";
        used += (size_t)snprintf(text + used, size - used, "%s'%.100s' (%.100s:%u)", before,
                                 fr_lint_name(l, flow), fr_lint_file(l, at), (unsigned)at.line);
    }
    if (named < by->count && used < size)
        snprintf(text + used, size - used, " and %zu more", by->count - named);
}

static flowrules_status report_several(struct covers *c, uint32_t flow, const struct fr_vec *by) {
    struct fr_linter *l = c->pairs.l;
    char names[1000] = "";
    struct fr_finding finding = fr_about_flow(
        l, c->deny ? FR_DENY_COVERED : FR_FLOW_COVERED_TOGETHER, FLOWRULES_WARNING, flow);
    finding.hint = HINT_SOME;
    name_several(l, by, names, sizeof names);
    return fr_finding_add(l->findings, &finding,
                          c->deny ? "the denies %s together already deny all that deny '%s' denies"
                                  : "the flows %s together already allow all that flow '%s' allows",
                          names, fr_lint_name(l, flow));
}

static flowrules_status find_by_several(struct covers *c, uint32_t flow) {
    struct fr_together together;
    fr_together_init(&together, &c->pairs, &c->index);
    flowrules_status status = fr_together_covers(&together, flow);
    if (status == FLOWRULES_OK && together.verdict == FR_TOGETHER_COVERED) {
        *fr_vec_at(&c->pairs.l->covered, uint8_t, flow) = 1;
        status = report_several(c, flow, &together.by);
    } else if (together.verdict == FR_TOGETHER_NOT_SEARCHED && c->not_searched++ == 0) {
        c->first_not_searched = flow;
    }
    fr_together_free(&together);
    return status;
}

/* ---- all flows of an action ---------------------------------------------------------------- */

static bool is_asked(const struct covers *c, uint32_t flow) {
    const struct fr_flow *own = fr_lint_flow(c->pairs.l, flow);
    return fr_lint_counts(own) && (own->deny != 0) == c->deny;
}

static flowrules_status fill_index(struct covers *c) {
    uint32_t count = (uint32_t)c->pairs.l->policy->flows.count;
    bool good = fr_vec_reserve(&c->by, count);
    for (uint32_t i = 0; i < count && good; i++) {
        *(uint32_t *)fr_vec_push(&c->by) = NO_FLOW;
        good = !is_asked(c, i) || fr_lint_pairs_index(&c->pairs, &c->index, i);
    }
    c->index.most = STEPS_BASE + (uint64_t)STEPS_EACH * count;
    return good && fr_index_build(&c->index) ? FLOWRULES_OK : fr_no_memory(c->pairs.l->context);
}

static flowrules_status report_rest(struct covers *c) {
    struct fr_linter *l = c->pairs.l;
    if (c->not_searched == 0)
        return FLOWRULES_OK;
    struct fr_finding finding =
        fr_about_flow(l, FR_FLOWS_NOT_SEARCHED, FLOWRULES_NOTE, c->first_not_searched);
    finding.hint = "correct what is found on other flows first, or divide the policy";
    return fr_finding_add(l->findings, &finding,
                          "%s '%s' and %zu more were not compared with all others: too many "
                          "overlap",
                          c->deny ? "deny" : "flow", fr_lint_name(l, c->first_not_searched),
                          c->not_searched - 1);
}

static flowrules_status find_all(struct covers *c) {
    uint32_t count = (uint32_t)c->pairs.l->policy->flows.count;
    FR_TRY(fill_index(c));
    for (uint32_t i = 0; i < count; i++)
        if (is_asked(c, i) && *fr_vec_at(&c->by, uint32_t, i) == NO_FLOW)
            find_by_one(c, i);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t by = last_of(c, i);
        if (by != NO_FLOW)
            FR_TRY(report_one(c, i, by));
    }
    /* From the last on: what was written later is what is not needed. */
    for (uint32_t i = count; i-- > 0;)
        if (is_asked(c, i) && *fr_vec_at(&c->by, uint32_t, i) == NO_FLOW)
            FR_TRY(find_by_several(c, i));
    return report_rest(c);
}

static flowrules_status find_of(struct fr_linter *l, bool deny) {
    struct covers covers = {.deny = deny};
    flowrules_status status = fr_lint_pairs_open(&covers.pairs, l);
    fr_index_init(&covers.index, &l->context->allocator);
    fr_vec_init(&covers.by, &l->context->allocator, sizeof(uint32_t));
    if (status == FLOWRULES_OK)
        status = find_all(&covers);
    fr_vec_free(&covers.by);
    fr_index_free(&covers.index);
    fr_lint_pairs_close(&covers.pairs);
    return status;
}

flowrules_status fr_lint_covers(struct fr_linter *l) {
    FR_TRY(find_of(l, false));
    return find_of(l, true);
}
