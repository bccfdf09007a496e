/*
 * Assertions as the public interface has them: which files they are of, and what was found.
 */
#include <string.h>

#include "assert_running.h"
#include "pins.h"

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

/* What is decided: on the flows, where running is NULL. */
struct deciding {
    struct fr_asserting *work;
    struct fr_running *running;
    const flowrules_meaning *devices;
    flowrules_plan **plans;
    size_t plan_count;
};

/* Each in the order of the files, once all names and groups are known. */
static flowrules_status prepare(const struct deciding *d, struct fr_assert_source *sources,
                                size_t count) {
    struct fr_asserting *work = d->work;
    for (size_t i = 0; i < count; i++)
        FR_TRY(fr_assert_source_names(&sources[i]));
    if (d->running != NULL)
        FR_TRY(fr_running_init(d->running, work, d->devices, d->plans, d->plan_count));
    if (d->running != NULL)
        FR_TRY(fr_running_move(d->running));
    FR_TRY(fr_asserting_flows(work));
    FR_TRY(fr_assert_denies(work));
    for (size_t i = 0; i < count; i++)
        FR_TRY(fr_assert_source_zones(&sources[i]));
    for (size_t i = 0; i < count; i++)
        FR_TRY(fr_assert_boxes(&sources[i]));
    return FLOWRULES_OK;
}

static flowrules_status decide(flowrules_assertions *a, const struct deciding *d) {
    size_t count = a->sources.count, ready = 0;
    struct fr_assert_source *sources = fr_malloc(&a->context->allocator, count * sizeof *sources);
    flowrules_status status = sources == NULL ? fr_no_memory(a->context) : FLOWRULES_OK;
    while (status == FLOWRULES_OK && ready < count) {
        status = fr_assert_source_init(&sources[ready], d->work, policy_of(a, ready));
        ready++;
    }
    if (status == FLOWRULES_OK)
        status = prepare(d, sources, count);
    if (status == FLOWRULES_OK)
        status = d->running == NULL ? fr_assert_decide(d->work) : fr_running_decide(d->running);
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

/* Decides in a view of the policy, and takes over what was found. */
static flowrules_status decide_all(flowrules_assertions *a, struct deciding d,
                                   const struct fr_view_mode *mode) {
    struct fr_asserting work;
    struct fr_running running = {.a = NULL};
    forget_judged(a);
    flowrules_status status =
        fr_asserting_init(&work, a->context, policy_of(a, 0), &a->arena, mode);
    d.work = &work;
    d.running = d.devices == NULL ? NULL : &running;
    work.running = d.devices != NULL;
    if (status == FLOWRULES_OK)
        status = decide(a, &d);
    struct fr_vec judged = work.judged;
    work.judged = a->judged;
    a->judged = judged;
    if (status != FLOWRULES_OK)
        forget_judged(a);
    if (running.a != NULL)
        fr_running_free(&running);
    fr_asserting_free(&work);
    return status == FLOWRULES_OK ? verdict_of_all(a) : status;
}

flowrules_status flowrules_assert(flowrules_assertions *a) {
    const struct deciding d = {.work = NULL};
    return decide_all(a, d, &fr_asserting_mode);
}

/* Pods have no addresses: their networks are what the platform calls them. */
static struct fr_view_mode mode_for(const flowrules_plan *plan) {
    struct fr_view_mode mode = fr_asserting_mode;
    if (fr_running_sees_pods(plan)) {
        mode.platform = plan->view->mode.platform;
        mode.bindings_of = plan->view->mode.bindings_of;
    }
    return mode;
}

flowrules_status flowrules_assert_running(flowrules_assertions *a, const char *const *targets,
                                          size_t count, const flowrules_meaning *running) {
    const struct fr_allocator *allocator = &a->context->allocator;
    flowrules_plan **plans = fr_malloc(allocator, (count + 1) * sizeof(flowrules_plan *));
    flowrules_status status = plans == NULL ? fr_no_memory(a->context) : FLOWRULES_OK;
    size_t ready = 0;
    for (; ready < count && status == FLOWRULES_OK; ready++)
        status = fr_plan_new(&plans[ready], a->context, policy_of(a, 0), targets[ready]);
    if (status == FLOWRULES_OK) {
        const struct deciding d = {.devices = running, .plans = plans, .plan_count = count};
        const struct fr_view_mode mode = mode_for(plans[0]);
        status = decide_all(a, d, &mode);
    }
    while (ready > 0)
        fr_plan_free(plans[--ready]);
    fr_free(allocator, plans);
    return status;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* The names in an end, and in the networks that it has. */
static flowrules_status add_names_of(struct fr_strings *names, struct fr_view *view,
                                     const struct fr_asserted *asserted) {
    return fr_gather_names(names, view, asserted->members, true) &&
                   fr_gather_names(names, view, asserted->except, true)
               ? FLOWRULES_OK
               : fr_no_memory(view->context);
}

static flowrules_status add_names_in(struct fr_strings *names, const flowrules_policy *source) {
    const struct fr_view_mode mode = {.names = false};
    struct fr_view view;
    flowrules_status status = fr_view_init(&view, source, &mode);
    for (size_t i = 0; i < source->zones.count && status == FLOWRULES_OK; i++)
        status =
            add_names_of(names, &view, &fr_vec_at(&source->zones, struct fr_zone, i)->asserted);
    for (size_t i = 0; i < source->packets.count * 2 && status == FLOWRULES_OK; i++)
        status = add_names_of(names, &view,
                              &fr_vec_at(&source->packets, struct fr_packets, i / 2)->ends[i % 2]);
    fr_view_free(&view);
    return status;
}

flowrules_status fr_assertion_names(struct fr_strings *names,
                                    const flowrules_assertions *assertions) {
    for (size_t i = 0; i < assertions->sources.count; i++)
        FR_TRY(add_names_in(names, policy_of(assertions, i)));
    return FLOWRULES_OK;
}

/* ---- what was found ------------------------------------------------------------------------ */

static const char *const judgement_words[] = {"holds", "unknown", "broken"};

/* What stands for an assertion, and for a finding, that there is not: nothing is known of it. */
static const struct fr_judged no_assertion;
static const struct fr_breach no_finding = {.flow = UINT32_MAX};

static const struct fr_judged *judged_at(const flowrules_assertions *a, size_t assertion) {
    return assertion < a->judged.count ? fr_vec_at(&a->judged, struct fr_judged, assertion)
                                       : &no_assertion;
}

size_t flowrules_assertion_count(const flowrules_assertions *assertions) {
    return assertions->judged.count;
}

const char *flowrules_assertion_id(const flowrules_assertions *assertions, size_t assertion) {
    return judged_at(assertions, assertion)->id;
}

const char *flowrules_assertion_kind(const flowrules_assertions *assertions, size_t assertion) {
    return judged_at(assertions, assertion)->kind;
}

const char *flowrules_assertion_verdict(const flowrules_assertions *assertions, size_t assertion) {
    const struct fr_judged *judged = judged_at(assertions, assertion);
    return judged == &no_assertion ? NULL
           : judged->outside       ? "outside"
                                   : judgement_words[judged->judgement];
}

const char *flowrules_assertion_because(const flowrules_assertions *assertions, size_t assertion) {
    return judged_at(assertions, assertion)->because;
}

const char *flowrules_assertion_file(const flowrules_assertions *assertions, size_t assertion) {
    const struct fr_judged *judged = judged_at(assertions, assertion);
    return judged == &no_assertion
               ? NULL
               : fr_diagnostics_file_name(&assertions->context->diagnostics, judged->at.file);
}

uint32_t flowrules_assertion_line(const flowrules_assertions *assertions, size_t assertion) {
    return judged_at(assertions, assertion)->at.line;
}

int flowrules_assertion_has_more(const flowrules_assertions *assertions, size_t assertion) {
    return judged_at(assertions, assertion)->more ? 1 : 0;
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
    [FR_RULE_LETS] = "a rule lets it pass",
    [FR_NO_RULE_BLOCKS] = "no rule blocks it",
    [FR_RULE_BLOCKS] = "a rule blocks it",
    [FR_NO_RULE_LETS] = "no rule lets it pass",
};

size_t flowrules_assertion_finding_count(const flowrules_assertions *assertions, size_t assertion) {
    return judged_at(assertions, assertion)->findings.count;
}

static const struct fr_breach *finding_at(const flowrules_assertions *a, size_t assertion,
                                          size_t finding) {
    return finding < flowrules_assertion_finding_count(a, assertion)
               ? fr_vec_at(&judged_at(a, assertion)->findings, struct fr_breach, finding)
               : &no_finding;
}

const char *flowrules_assertion_finding_verdict(const flowrules_assertions *assertions,
                                                size_t assertion, size_t finding) {
    const struct fr_breach *f = finding_at(assertions, assertion, finding);
    return f == &no_finding ? NULL : judgement_words[f->judgement];
}

const char *flowrules_assertion_finding_witness(const flowrules_assertions *assertions,
                                                size_t assertion, size_t finding) {
    return finding_at(assertions, assertion, finding)->witness;
}

const char *flowrules_assertion_finding_reason(const flowrules_assertions *assertions,
                                               size_t assertion, size_t finding) {
    const struct fr_breach *f = finding_at(assertions, assertion, finding);
    return f == &no_finding ? NULL : f->text != NULL ? f->text : reason_words[f->reason];
}

const char *flowrules_assertion_finding_names(const flowrules_assertions *assertions,
                                              size_t assertion, size_t finding) {
    return finding_at(assertions, assertion, finding)->names;
}

const char *flowrules_assertion_finding_zones(const flowrules_assertions *assertions,
                                              size_t assertion, size_t finding) {
    return finding_at(assertions, assertion, finding)->cell;
}

const char *flowrules_assertion_finding_flow(const flowrules_assertions *assertions,
                                             size_t assertion, size_t finding) {
    return flowrules_flow_name(policy_of(assertions, 0),
                               finding_at(assertions, assertion, finding)->flow);
}

const char *flowrules_assertion_finding_file(const flowrules_assertions *assertions,
                                             size_t assertion, size_t finding) {
    const struct fr_breach *f = finding_at(assertions, assertion, finding);
    return f->flow == UINT32_MAX ? f->rule_file
                                 : flowrules_flow_file(policy_of(assertions, 0), f->flow);
}

uint32_t flowrules_assertion_finding_line(const flowrules_assertions *assertions, size_t assertion,
                                          size_t finding) {
    const struct fr_breach *f = finding_at(assertions, assertion, finding);
    return f->flow == UINT32_MAX ? f->rule_line
                                 : flowrules_flow_line(policy_of(assertions, 0), f->flow);
}

const char *flowrules_assertion_finding_enters(const flowrules_assertions *assertions,
                                               size_t assertion, size_t finding) {
    return finding_at(assertions, assertion, finding)->enters;
}

const char *flowrules_assertion_finding_leaves(const flowrules_assertions *assertions,
                                               size_t assertion, size_t finding) {
    return finding_at(assertions, assertion, finding)->leaves;
}

size_t flowrules_assertion_finding_device_count(const flowrules_assertions *assertions,
                                                size_t assertion, size_t finding) {
    return finding_at(assertions, assertion, finding)->device_count;
}

static const struct fr_breach_device *device_at(const flowrules_assertions *a, size_t assertion,
                                                size_t finding, size_t device) {
    static const struct fr_breach_device none;
    const struct fr_breach *f = finding_at(a, assertion, finding);
    return device < f->device_count ? &f->devices[device] : &none;
}

const char *flowrules_assertion_finding_device_name(const flowrules_assertions *assertions,
                                                    size_t assertion, size_t finding,
                                                    size_t device) {
    return device_at(assertions, assertion, finding, device)->name;
}

const char *flowrules_assertion_finding_device_file(const flowrules_assertions *assertions,
                                                    size_t assertion, size_t finding,
                                                    size_t device) {
    return device_at(assertions, assertion, finding, device)->file;
}

uint32_t flowrules_assertion_finding_device_line(const flowrules_assertions *assertions,
                                                 size_t assertion, size_t finding, size_t device) {
    return device_at(assertions, assertion, finding, device)->line;
}
