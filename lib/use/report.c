/*
 * Explains: the verdict on every flow for every target, as rows.
 */
#include "needs.h"
#include "proxies.h"
#include "render.h"
#include "settings.h"

#include <string.h>

struct row {
    uint32_t flow;
    uint8_t fidelity;
    const char *target, *baseline, *open, *reason;
    size_t cause;
};

struct flowrules_report {
    struct fr_allocator allocator;
    struct fr_arena arena;
    struct fr_strings strings; /* reasons repeat over very many flows */
    struct fr_vec rows;
    flowrules_policy *policy;
};

static flowrules_status add_row(flowrules_report *report, flowrules_context *context,
                                struct row row) {
    struct row *slot = fr_vec_push(&report->rows);
    fr_string reason = 0;
    if (row.reason != NULL)
        reason = fr_strings_add(&report->strings, row.reason, strlen(row.reason));
    if (slot == NULL || (row.reason != NULL && reason == 0))
        return fr_no_memory(context);
    row.reason = fr_strings_text(&report->strings, reason);
    *slot = row;
    return FLOWRULES_OK;
}

/* The parts of a target's baseline; *text is NULL where the backend's has none. */
static flowrules_status list_baseline(flowrules_report *report, const flowrules_plan *plan,
                                      const char **text) {
    const unsigned on_machines =
        FLOWRULES_BASELINE_LOOPBACK | FLOWRULES_BASELINE_NEIGHBOUR | FLOWRULES_BASELINE_LISTENER;
    unsigned parts = plan->target->baseline & plan->can->baseline;
    char list[160];
    *text = NULL;
    if (plan->can->baseline == 0)
        return FLOWRULES_OK;
    fr_baseline_list(plan->transit ? parts & ~on_machines : parts, list, sizeof list);
    *text = fr_arena_printf(&report->arena, "%s", list[0] == '\0' ? "none" : list);
    return *text == NULL ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

/* What is at interfaces that no network of the target is at, where only these count. */
static const char *tell_others(flowrules_report *report, const flowrules_plan *plan) {
    bool enters = plan->stores->placing.matches[FLOWRULES_SOURCE];
    const char *text = fr_arena_printf(&report->arena, "what %s by other interfaces than",
                                       enters ? "enters" : "leaves");
    const char *name = flowrules_plan_interface(plan, 0), *next;
    for (size_t i = 1; name != NULL && text != NULL; name = next, i++) {
        next = flowrules_plan_interface(plan, i);
        text = fr_arena_printf(&report->arena, "%s %s%s", text, name, next != NULL ? "," : "");
    }
    return text == NULL ? NULL
                        : fr_arena_printf(&report->arena, "%s is decided by their own rules", text);
}

/* What a target leaves to the rules of others: if it only permits, or is for some interfaces. */
static flowrules_status tell_open(flowrules_report *report, const flowrules_plan *plan,
                                  const char **text) {
    *text = NULL;
    if (plan->can->interfaces_end != NULL && flowrules_plan_interface(plan, 0) != NULL) {
        *text = tell_others(report, plan);
        return *text == NULL ? fr_no_memory(plan->context) : FLOWRULES_OK;
    }
    if (!plan->permits)
        return FLOWRULES_OK;
    const char *rest = plan->can->permits_note;
    *text = fr_arena_printf(&report->arena, "what no flow allows is decided by %s%s",
                            rest != NULL ? rest : "the rules beside it",
                            plan->denies ? "; what a deny blocks is not permitted, and not denied"
                                         : "");
    return *text == NULL ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

/* What is said of a flow first, for those of which something is. */
static void keep_remark(void *context, uint32_t flow, const char *what) {
    const char **remarks = context;
    if (remarks[flow] == NULL)
        remarks[flow] = what;
}

/*
 * A target that is refused as a whole refuses each flow, whatever there would be to say of it.
 * refused: rules that couldn't be made, or NULL. Remarks stand where a verdict has no reason.
 */
static flowrules_status add_rows(flowrules_report *report, const flowrules_plan *plan,
                                 const struct fr_rules *refused, const char *refusal,
                                 const char *const *remarks) {
    const char *target = fr_arena_printf(&report->arena, "%s", plan->name);
    const char *whole = NULL, *baseline, *open;
    FR_TRY(list_baseline(report, plan, &baseline));
    FR_TRY(tell_open(report, plan, &open));
    if (refusal != NULL)
        whole = fr_arena_printf(plan->arena, "the target cannot be rendered: %s", refusal);
    if (target == NULL || (refusal != NULL && whole == NULL))
        return fr_no_memory(plan->context);
    for (uint32_t i = 0; i < plan->verdicts.count; i++) {
        struct fr_verdict verdict = refused != NULL
                                        ? *fr_rules_verdict(refused, i)
                                        : *fr_vec_at(&plan->verdicts, struct fr_verdict, i);
        if (verdict.reason == NULL)
            verdict.reason = remarks[i];
        if (whole != NULL)
            verdict = (struct fr_verdict){
                .fidelity = FR_FIDELITY_REFUSED, .reason = whole, .why = FR_WHY_OTHER};
        if (verdict.hint != NULL)
            verdict.reason = fr_arena_printf(plan->arena, "%s: %s", verdict.reason, verdict.hint);
        if (verdict.hint != NULL && verdict.reason == NULL)
            return fr_no_memory(plan->context);
        struct row row = {
            i, (uint8_t)verdict.fidelity, target, baseline, open, verdict.reason, verdict.cause};
        FR_TRY(add_row(report, plan->context, row));
    }
    return FLOWRULES_OK;
}

static flowrules_status add_target(flowrules_report *report, flowrules_context *context,
                                   const char *spec) {
    flowrules_plan *plan;
    struct fr_rules *refused = NULL;
    const char *refusal;
    FR_TRY(fr_plan_new(&plan, context, report->policy, spec));
    const char **remarks =
        fr_arena_zalloc(plan->arena, (plan->verdicts.count + 1) * sizeof *remarks);
    flowrules_status status = remarks == NULL ? fr_no_memory(context) : FLOWRULES_OK;
    if (status == FLOWRULES_OK) {
        fr_plan_remarks(plan, remarks, keep_remark);
        status = fr_warn_of_needs(plan);
    }
    if (status == FLOWRULES_OK)
        status = fr_try_rendering(plan, &refused, &refusal);
    if (status == FLOWRULES_OK)
        status = add_rows(report, plan, refused, refusal, remarks);
    fr_rules_free(refused);
    fr_plan_free(plan);
    return status;
}

static flowrules_status add_targets(flowrules_report *report, flowrules_context *context,
                                    const char *target) {
    if (target != NULL)
        return add_target(report, context, target);
    for (size_t i = 0; i < flowrules_target_count(report->policy); i++)
        FR_TRY(add_target(report, context, flowrules_target_name(report->policy, i)));
    return FLOWRULES_OK;
}

flowrules_status flowrules_explain(flowrules_report **report, flowrules_context *context,
                                   const flowrules_policy *policy, const char *target) {
    *report = NULL;
    flowrules_report *r = fr_malloc(&context->allocator, sizeof *r);
    if (r == NULL)
        return fr_no_memory(context);
    r->allocator = context->allocator;
    r->policy = fr_policy_hold(policy);
    fr_arena_init(&r->arena, &r->allocator);
    fr_strings_init(&r->strings, &r->allocator);
    fr_vec_init(&r->rows, &r->allocator, sizeof(struct row));
    flowrules_status status = add_targets(r, context, target);
    if (status == FLOWRULES_OK && target == NULL)
        status = fr_proxies_tell(policy, true);
    if (status == FLOWRULES_OK)
        *report = r;
    else
        flowrules_report_free(r);
    return status;
}

void flowrules_report_free(flowrules_report *report) {
    if (report == NULL)
        return;
    struct fr_allocator allocator = report->allocator;
    flowrules_policy_free(report->policy);
    fr_vec_free(&report->rows);
    fr_strings_free(&report->strings);
    fr_arena_free(&report->arena);
    fr_free(&allocator, report);
}

static const struct row *row_at(const flowrules_report *report, size_t row) {
    return row < report->rows.count ? fr_vec_at(&report->rows, struct row, row) : NULL;
}

size_t flowrules_report_row_count(const flowrules_report *report) {
    return report->rows.count;
}

const char *flowrules_report_flow(const flowrules_report *report, size_t row) {
    const struct row *r = row_at(report, row);
    return r == NULL ? NULL : flowrules_flow_name(report->policy, r->flow);
}

const char *flowrules_report_target(const flowrules_report *report, size_t row) {
    const struct row *r = row_at(report, row);
    return r == NULL ? NULL : r->target;
}

const char *flowrules_report_fidelity(const flowrules_report *report, size_t row) {
    const struct row *r = row_at(report, row);
    return r == NULL ? NULL : fr_fidelity_word((enum fr_fidelity)r->fidelity);
}

const char *flowrules_report_reason(const flowrules_report *report, size_t row) {
    const struct row *r = row_at(report, row);
    return r == NULL ? NULL : r->reason;
}

const char *flowrules_report_cause(const flowrules_report *report, size_t row) {
    const struct row *r = row_at(report, row);
    return r == NULL || r->reason == NULL ? NULL : r->reason + r->cause;
}

const char *flowrules_report_baseline(const flowrules_report *report, size_t row) {
    const struct row *r = row_at(report, row);
    return r == NULL ? NULL : r->baseline;
}

const char *flowrules_report_open(const flowrules_report *report, size_t row) {
    const struct row *r = row_at(report, row);
    return r == NULL ? NULL : r->open;
}
