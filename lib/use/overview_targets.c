/*
 * Gathers what each target makes of each flow: how exactly, why, and with which lines of its files.
 */
#include <stdlib.h>
#include <string.h>

#include "overview.h"
#include "render.h"
#include "utf8.h"

/* Bytes of a line that are kept: enough to know the rule again. */
#define LINE_MOST 600u

/* A target whose rules are looked for. */
struct finding {
    struct fr_overview *o;
    const flowrules_artifact *artifact;
    uint32_t file;       /* of files */
    const char *at;      /* in the text of the file: the line with this number */
    uint32_t line, rule; /* rule: that of the line before, FR_NO_NUMBER: none */
    struct fr_vec pairs; /* struct pair */
    bool failed;
};

/* A flow has a rule. */
struct pair {
    uint32_t flow, rule;
};

/* ---- lines of files ------------------------------------------------------------------------ */

/* The line, without the blanks before it; cut at a whole character. */
static const char *line_text(struct finding *f, uint32_t line) {
    for (; f->line < line && f->at != NULL; f->line++) {
        f->at = strchr(f->at, '\n');
        f->at = f->at == NULL ? NULL : f->at + 1;
    }
    if (f->at == NULL)
        return "";
    const char *start = f->at + strspn(f->at, " \t");
    size_t length = strcspn(start, "\n");
    if (length <= LINE_MOST)
        return fr_arena_text(&f->o->arena, start, length);
    return fr_arena_printf(&f->o->arena, "%.*s ...", (int)fr_utf8_cut(start, LINE_MOST), start);
}

/* The rule of a line, which several origins may share. */
static uint32_t rule_of(struct finding *f, uint32_t line) {
    struct fr_vec *rules = &f->o->rules;
    if (f->rule != FR_NO_NUMBER && fr_vec_at(rules, struct fr_overview_rule, f->rule)->line == line)
        return f->rule;
    struct fr_overview_rule *slot = fr_vec_add(rules);
    if (slot == NULL)
        return FR_NO_NUMBER;
    *slot = (struct fr_overview_rule){line_text(f, line), f->file, line};
    f->rule = (uint32_t)rules->count - 1;
    return slot->text == NULL ? FR_NO_NUMBER : f->rule;
}

static void find_line(void *user, uint32_t line, flowrules_flows flows) {
    struct finding *f = user;
    uint32_t rule = f->failed ? FR_NO_NUMBER : rule_of(f, line);
    f->failed = f->failed || rule == FR_NO_NUMBER;
    for (size_t i = 0; i < fr_artifact_flow_count(f->artifact, flows) && !f->failed; i++) {
        struct pair *slot = fr_vec_add(&f->pairs);
        f->failed = slot == NULL;
        if (slot != NULL)
            *slot = (struct pair){fr_artifact_flow(f->artifact, flows, i), rule};
    }
}

static flowrules_status find_in_file(struct finding *f, const struct fr_file *file,
                                     uint32_t target) {
    size_t size;
    struct fr_overview_file *slot = fr_vec_add(&f->o->files);
    char *text = fr_writer_text(&file->writer, &size);
    if (slot != NULL)
        *slot = (struct fr_overview_file){
            fr_arena_text(&f->o->arena, file->name, strlen(file->name)), target};
    f->file = (uint32_t)f->o->files.count - 1;
    f->at = text;
    f->line = 1;
    f->rule = FR_NO_NUMBER;
    f->failed = text == NULL || slot == NULL || slot->name == NULL;
    if (!f->failed)
        fr_writer_visit(&file->writer, find_line, f);
    fr_free(&f->o->context->allocator, text);
    return f->failed ? fr_no_memory(f->o->context) : FLOWRULES_OK;
}

/* ---- rules of flows ------------------------------------------------------------------------ */

static int by_flow(const void *left, const void *right) {
    const struct pair *a = left, *b = right;
    if (a->flow != b->flow)
        return a->flow < b->flow ? -1 : 1;
    return (a->rule > b->rule) - (a->rule < b->rule);
}

/* Gives each verdict the numbers of its rules. */
static flowrules_status share_out(struct finding *f, size_t first_verdict) {
    const struct pair *last = NULL;
    if (f->pairs.count > 1)
        qsort(f->pairs.items, f->pairs.count, sizeof(struct pair), by_flow);
    for (size_t i = 0; i < f->pairs.count; i++) {
        const struct pair *pair = fr_vec_at(&f->pairs, struct pair, i);
        struct fr_overview_verdict *verdict =
            fr_vec_at(&f->o->verdicts, struct fr_overview_verdict, first_verdict + pair->flow);
        bool again = last != NULL && last->flow == pair->flow && last->rule == pair->rule;
        if (!again && !fr_overview_number(f->o, &verdict->rules, pair->rule))
            return fr_no_memory(f->o->context);
        last = pair;
    }
    return FLOWRULES_OK;
}

static flowrules_status read_artifact(struct fr_overview *o, const flowrules_artifact *artifact,
                                      uint32_t target, size_t first_verdict) {
    struct finding f = {.o = o, .artifact = artifact};
    flowrules_status status = FLOWRULES_OK;
    struct fr_overview_target *slot = fr_vec_at(&o->targets, struct fr_overview_target, target);
    fr_vec_init(&f.pairs, &o->context->allocator, sizeof(struct pair));
    slot->rendered = true;
    slot->format = fr_arena_printf(&o->arena, "%s", artifact->format);
    if (slot->format == NULL)
        status = fr_no_memory(o->context);
    for (size_t i = 0; i < artifact->files.count && status == FLOWRULES_OK; i++)
        status = find_in_file(&f, *fr_vec_at(&artifact->files, struct fr_file *, i), target);
    if (status == FLOWRULES_OK)
        status = share_out(&f, first_verdict);
    fr_vec_free(&f.pairs);
    return status;
}

/* The rules as render makes them; it is render that reads them back before they are written. */
static flowrules_status find_rules(struct fr_overview *o, uint32_t target, size_t first_verdict) {
    const char *name = fr_vec_at(&o->targets, struct fr_overview_target, target)->name;
    flowrules_plan *plan;
    struct fr_rules *rules;
    flowrules_artifact *artifact = NULL;
    FR_TRY(fr_plan_new(&plan, o->context, o->policy, name));
    flowrules_status status = fr_plan_warn(plan);
    if (status == FLOWRULES_OK)
        status = fr_rules_make_reported(&rules, plan);
    if (status == FLOWRULES_OK)
        status = fr_render(&artifact, rules, NULL);
    if (status == FLOWRULES_OK || status == FLOWRULES_REFUSED)
        status = fr_plan_memory(plan) == FLOWRULES_OK ? status : FLOWRULES_NO_MEMORY;
    if (status == FLOWRULES_OK)
        status = read_artifact(o, artifact, target, first_verdict);
    flowrules_artifact_free(artifact);
    fr_plan_free(plan);
    return status;
}

/* ---- verdicts ------------------------------------------------------------------------------ */

static bool keeps_from_rendering(const char *fidelity) {
    return strcmp(fidelity, "refused") == 0 || strcmp(fidelity, "unresolved") == 0;
}

/* The words of fidelity are static; a reason is one of few. */
static flowrules_status add_verdict(struct fr_overview *o, const char *fidelity,
                                    const char *reason) {
    struct fr_overview_verdict *slot = fr_vec_push(&o->verdicts);
    if (slot == NULL)
        return fr_no_memory(o->context);
    slot->fidelity = fidelity;
    if (reason == NULL)
        return FLOWRULES_OK;
    slot->reason = fr_strings_add(&o->reasons, reason, strlen(reason));
    return slot->reason == 0 ? fr_no_memory(o->context) : FLOWRULES_OK;
}

static flowrules_status copy_text(struct fr_overview *o, const char *text, const char **copy) {
    *copy = text == NULL ? NULL : fr_arena_text(&o->arena, text, strlen(text));
    return text != NULL && *copy == NULL ? fr_no_memory(o->context) : FLOWRULES_OK;
}

static flowrules_status take_report(struct fr_overview *o, const flowrules_report *report,
                                    struct fr_overview_target *target, bool *renders) {
    *renders = true;
    FR_TRY(copy_text(o, flowrules_report_baseline(report, 0), &target->baseline));
    FR_TRY(copy_text(o, flowrules_report_open(report, 0), &target->open));
    for (size_t i = 0; i < flowrules_report_row_count(report); i++) {
        const char *fidelity = flowrules_report_fidelity(report, i);
        *renders = *renders && !keeps_from_rendering(fidelity);
        FR_TRY(add_verdict(o, fidelity, flowrules_report_reason(report, i)));
    }
    return FLOWRULES_OK;
}

/* A target that cannot be planned refuses every flow, for the reason that was reported last. */
static flowrules_status take_problem(struct fr_overview *o, struct fr_overview_target *target) {
    const struct fr_vec *list = &o->context->diagnostics.list;
    const char *why = list->count > o->first_message
                          ? fr_vec_at(list, struct fr_diagnostic, list->count - 1)->message
                          : "it is not valid";
    target->problem = fr_arena_printf(&o->arena, "the target cannot be planned: %s", why);
    if (target->problem == NULL)
        return fr_no_memory(o->context);
    for (size_t i = 0; i < o->flows.count; i++)
        FR_TRY(add_verdict(o, fr_fidelity_word(FR_FIDELITY_REFUSED), target->problem));
    return FLOWRULES_OK;
}

static bool is_of_target(flowrules_status status) {
    return status == FLOWRULES_REFUSED || status == FLOWRULES_UNRESOLVED ||
           status == FLOWRULES_INVALID || status == FLOWRULES_USAGE;
}

static flowrules_status add_target(struct fr_overview *o, uint32_t number) {
    struct fr_overview_target *target = fr_vec_at(&o->targets, struct fr_overview_target, number);
    size_t first_verdict = o->verdicts.count;
    flowrules_report *report;
    bool renders;
    flowrules_status status = flowrules_explain(&report, o->context, o->policy, target->name);
    if (is_of_target(status))
        return take_problem(o, target);
    FR_TRY(status);
    status = take_report(o, report, target, &renders);
    flowrules_report_free(report);
    if (status != FLOWRULES_OK || !renders)
        return status;
    size_t before = o->context->diagnostics.list.count;
    status = find_rules(o, number, first_verdict);
    if (!is_of_target(status))
        return status;
    fr_diagnostics_cut(&o->context->diagnostics, before); /* explain has told it */
    return FLOWRULES_OK;
}

flowrules_status fr_overview_targets(struct fr_overview *o) {
    const flowrules_policy *policy = o->policy;
    for (size_t i = 0; i < policy->targets.count; i++) {
        const struct fr_target *target = fr_vec_at(&policy->targets, struct fr_target, i);
        struct fr_overview_target *slot = fr_vec_push(&o->targets);
        if (slot == NULL)
            return fr_no_memory(o->context);
        slot->name = FR_POLICY_TEXT(policy, target->name);
        slot->backend = FR_POLICY_TEXT(policy, target->backend);
        slot->format = target->format != 0 ? FR_POLICY_TEXT(policy, target->format) : NULL;
    }
    for (uint32_t i = 0; i < o->targets.count; i++)
        FR_TRY(add_target(o, i));
    return FLOWRULES_OK;
}
