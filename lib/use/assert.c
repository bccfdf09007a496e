/*
 * Assertions as the public interface has them: which files they are of, and what was found.
 */
#include "assert.h"

#include <string.h>

struct flowrules_assertions {
    flowrules_context *context;
    struct fr_arena arena;
    struct fr_vec sources; /* flowrules_policy *: the policy, and files of assertions; held */
    struct fr_vec judged;  /* struct fr_judged */
};

/* ---- files --------------------------------------------------------------------------------- */

static flowrules_policy *policy_of(const flowrules_assertions *assertions, size_t source) {
    return *fr_vec_at(&assertions->sources, flowrules_policy *, source);
}

/* Takes over a policy or a file of assertions. */
static flowrules_status push_source(flowrules_assertions *assertions, flowrules_policy *source) {
    flowrules_policy **slot = fr_vec_add(&assertions->sources);
    if (slot != NULL) {
        *slot = source;
        return FLOWRULES_OK;
    }
    flowrules_policy_free(source);
    return fr_no_memory(assertions->context);
}

flowrules_status flowrules_assertions_new(flowrules_assertions **assertions,
                                          flowrules_context *context,
                                          const flowrules_policy *policy) {
    flowrules_assertions *a = fr_malloc(&context->allocator, sizeof *a);
    *assertions = NULL;
    if (a == NULL)
        return fr_no_memory(context);
    a->context = context;
    fr_arena_init(&a->arena, &context->allocator);
    fr_vec_init(&a->sources, &context->allocator, sizeof(flowrules_policy *));
    fr_vec_init(&a->judged, &context->allocator, sizeof(struct fr_judged));
    flowrules_status status = push_source(a, fr_policy_hold(policy));
    if (status == FLOWRULES_OK)
        *assertions = a;
    else
        flowrules_assertions_free(a);
    return status;
}

static void forget_judged(flowrules_assertions *a) {
    for (size_t i = 0; i < a->judged.count; i++)
        fr_vec_free(&fr_vec_at(&a->judged, struct fr_judged, i)->findings);
    a->judged.count = 0;
}

void flowrules_assertions_free(flowrules_assertions *a) {
    if (a == NULL)
        return;
    forget_judged(a);
    for (size_t i = 0; i < a->sources.count; i++)
        flowrules_policy_free(policy_of(a, i));
    fr_vec_free(&a->sources);
    fr_vec_free(&a->judged);
    fr_arena_free(&a->arena);
    fr_free(&a->context->allocator, a);
}

flowrules_status flowrules_assertions_add_file(flowrules_assertions *assertions, const char *path) {
    flowrules_policy *file;
    FR_TRY(fr_assertion_file_load(&file, assertions->context, path));
    return push_source(assertions, file);
}

flowrules_status flowrules_assertions_add_text(flowrules_assertions *assertions, const char *name,
                                               const char *text, size_t size) {
    flowrules_policy *file;
    FR_TRY(fr_assertion_file_load_text(&file, assertions->context, name, text, size));
    return push_source(assertions, file);
}

const flowrules_policy *fr_assertions_zones(const flowrules_assertions *assertions) {
    for (size_t i = 0; i < assertions->sources.count; i++)
        if (policy_of(assertions, i)->zones.count > 0)
            return policy_of(assertions, i);
    return NULL;
}

/* ---- deciding ------------------------------------------------------------------------------ */

/* Each in the order of the files, once all names and groups are known. */
static flowrules_status prepare(struct fr_asserting *work, struct fr_assert_source *sources,
                                size_t count) {
    for (size_t i = 0; i < count; i++)
        FR_TRY(fr_assert_source_names(&sources[i]));
    FR_TRY(fr_asserting_flows(work));
    FR_TRY(fr_assert_denies(work));
    for (size_t i = 0; i < count; i++)
        FR_TRY(fr_assert_source_zones(&sources[i]));
    for (size_t i = 0; i < count; i++)
        FR_TRY(fr_assert_boxes(&sources[i]));
    return FLOWRULES_OK;
}

static flowrules_status decide(flowrules_assertions *a, struct fr_asserting *work) {
    size_t count = a->sources.count, ready = 0;
    struct fr_assert_source *sources = fr_malloc(&a->context->allocator, count * sizeof *sources);
    flowrules_status status = sources == NULL ? fr_no_memory(a->context) : FLOWRULES_OK;
    while (status == FLOWRULES_OK && ready < count) {
        status = fr_assert_source_init(&sources[ready], work, policy_of(a, ready));
        ready++;
    }
    if (status == FLOWRULES_OK)
        status = prepare(work, sources, count);
    if (status == FLOWRULES_OK)
        status = fr_assert_decide(work);
    for (size_t i = 0; i < ready; i++)
        fr_assert_source_free(&sources[i]);
    fr_free(&a->context->allocator, sources);
    return status;
}

/* FLOWRULES_DIFFERENT, unless all hold. */
static flowrules_status verdict_of_all(const flowrules_assertions *a) {
    for (size_t i = 0; i < a->judged.count; i++)
        if (fr_vec_at(&a->judged, struct fr_judged, i)->judgement != FR_HOLDS)
            return FLOWRULES_DIFFERENT;
    return FLOWRULES_OK;
}

flowrules_status flowrules_assert(flowrules_assertions *a) {
    struct fr_asserting work;
    forget_judged(a);
    flowrules_status status = fr_asserting_init(&work, a->context, policy_of(a, 0), &a->arena);
    if (status == FLOWRULES_OK)
        status = decide(a, &work);
    struct fr_vec judged = work.judged;
    work.judged = a->judged;
    a->judged = judged;
    if (status != FLOWRULES_OK)
        forget_judged(a);
    fr_asserting_free(&work);
    return status == FLOWRULES_OK ? verdict_of_all(a) : status;
}

/* ---- what was found ------------------------------------------------------------------------ */

static const char *const judgement_words[] = {"holds", "unknown", "broken"};

static const struct fr_judged *judged_at(const flowrules_assertions *a, size_t assertion) {
    return assertion < a->judged.count ? fr_vec_at(&a->judged, struct fr_judged, assertion) : NULL;
}

size_t flowrules_assertion_count(const flowrules_assertions *assertions) {
    return assertions->judged.count;
}

const char *flowrules_assertion_id(const flowrules_assertions *assertions, size_t assertion) {
    const struct fr_judged *judged = judged_at(assertions, assertion);
    return judged == NULL ? NULL : judged->id;
}

const char *flowrules_assertion_kind(const flowrules_assertions *assertions, size_t assertion) {
    const struct fr_judged *judged = judged_at(assertions, assertion);
    return judged == NULL ? NULL : judged->kind;
}

const char *flowrules_assertion_verdict(const flowrules_assertions *assertions, size_t assertion) {
    const struct fr_judged *judged = judged_at(assertions, assertion);
    return judged == NULL ? NULL : judgement_words[judged->judgement];
}

const char *flowrules_assertion_because(const flowrules_assertions *assertions, size_t assertion) {
    const struct fr_judged *judged = judged_at(assertions, assertion);
    return judged == NULL ? NULL : judged->because;
}

const char *flowrules_assertion_file(const flowrules_assertions *assertions, size_t assertion) {
    const struct fr_judged *judged = judged_at(assertions, assertion);
    return judged == NULL
               ? NULL
               : fr_diagnostics_file_name(&assertions->context->diagnostics, judged->at.file);
}

uint32_t flowrules_assertion_line(const flowrules_assertions *assertions, size_t assertion) {
    const struct fr_judged *judged = judged_at(assertions, assertion);
    return judged == NULL ? 0 : judged->at.line;
}

int flowrules_assertion_has_more(const flowrules_assertions *assertions, size_t assertion) {
    const struct fr_judged *judged = judged_at(assertions, assertion);
    return judged != NULL && judged->more ? 1 : 0;
}

/* ---- findings ------------------------------------------------------------------------------ */

static const char *const reason_words[] = {
    [FR_PASSES] = "a flow lets it pass",
    [FR_NOBODY_LETS] = "no flow lets it pass",
    [FR_DENIED] = "a deny takes it",
    [FR_NAMES_OF] = "it depends on the addresses of names or groups",
    [FR_INTERFACES] = "it depends on the interfaces of networks",
    [FR_COMPLICATED] = "it is too complicated to decide",
    [FR_IN_TWO] = "two zones have it in common",
    [FR_IN_NONE] = "an end of a flow is in no zone",
};

size_t flowrules_assertion_finding_count(const flowrules_assertions *assertions, size_t assertion) {
    const struct fr_judged *judged = judged_at(assertions, assertion);
    return judged == NULL ? 0 : judged->findings.count;
}

static const struct fr_breach *finding_at(const flowrules_assertions *a, size_t assertion,
                                          size_t finding) {
    return finding < flowrules_assertion_finding_count(a, assertion)
               ? fr_vec_at(&judged_at(a, assertion)->findings, struct fr_breach, finding)
               : NULL;
}

const char *flowrules_assertion_finding_verdict(const flowrules_assertions *assertions,
                                                size_t assertion, size_t finding) {
    const struct fr_breach *f = finding_at(assertions, assertion, finding);
    return f == NULL ? NULL : judgement_words[f->judgement];
}

const char *flowrules_assertion_finding_witness(const flowrules_assertions *assertions,
                                                size_t assertion, size_t finding) {
    const struct fr_breach *f = finding_at(assertions, assertion, finding);
    return f == NULL ? NULL : f->witness;
}

const char *flowrules_assertion_finding_reason(const flowrules_assertions *assertions,
                                               size_t assertion, size_t finding) {
    const struct fr_breach *f = finding_at(assertions, assertion, finding);
    return f == NULL ? NULL : reason_words[f->reason];
}

const char *flowrules_assertion_finding_names(const flowrules_assertions *assertions,
                                              size_t assertion, size_t finding) {
    const struct fr_breach *f = finding_at(assertions, assertion, finding);
    return f == NULL ? NULL : f->names;
}

const char *flowrules_assertion_finding_zones(const flowrules_assertions *assertions,
                                              size_t assertion, size_t finding) {
    const struct fr_breach *f = finding_at(assertions, assertion, finding);
    return f == NULL ? NULL : f->cell;
}

static const struct fr_flow *flow_of(const flowrules_assertions *a, size_t assertion,
                                     size_t finding) {
    const struct fr_breach *f = finding_at(a, assertion, finding);
    return f == NULL || f->flow == UINT32_MAX
               ? NULL
               : fr_vec_at(&policy_of(a, 0)->flows, struct fr_flow, f->flow);
}

const char *flowrules_assertion_finding_flow(const flowrules_assertions *assertions,
                                             size_t assertion, size_t finding) {
    const struct fr_flow *flow = flow_of(assertions, assertion, finding);
    return flow == NULL ? NULL : FR_POLICY_TEXT(policy_of(assertions, 0), flow->name);
}

const char *flowrules_assertion_finding_file(const flowrules_assertions *assertions,
                                             size_t assertion, size_t finding) {
    const struct fr_flow *flow = flow_of(assertions, assertion, finding);
    return flow == NULL
               ? NULL
               : fr_diagnostics_file_name(&assertions->context->diagnostics,
                                          policy_of(assertions, 0)->first_file + flow->file);
}

uint32_t flowrules_assertion_finding_line(const flowrules_assertions *assertions, size_t assertion,
                                          size_t finding) {
    const struct fr_flow *flow = flow_of(assertions, assertion, finding);
    return flow == NULL ? 0 : flow->line;
}
