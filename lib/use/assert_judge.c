/*
 * Decides assertions about what runs: what passes the filter of one, and what stands behind it, is
 * compared with nothing.
 */
#include <string.h>

#include "assert_running.h"

struct judging {
    struct fr_running *r;
    uint32_t number;
    struct fr_judged *judged;
    flowrules_comparison *found;
    bool must;
};

static const char *keep(const struct judging *j, const char *text, bool *good) {
    const char *kept = text == NULL ? NULL : fr_arena_text(j->r->a->arena, text, strlen(text));
    *good = *good && (text == NULL || kept != NULL);
    return kept;
}

/* Compares a form behind the filter of the assertion with nothing. */
static flowrules_status search(struct judging *j, enum fr_running_form form) {
    struct fr_running *r = j->r;
    FR_TRY(fr_running_filter(r, j->number, form));
    fr_reading_swap(&r->forms[form], r->m);
    flowrules_status status = flowrules_compare(&j->found, r->a->context, r->m, r->none);
    fr_reading_swap(&r->forms[form], r->m);
    return status == FLOWRULES_DIFFERENT ? FLOWRULES_OK : status;
}

static bool is_empty(const struct judging *j) {
    return flowrules_difference_count(j->found) == 0 && flowrules_doubt_count(j->found) == 0;
}

/* ---- what passes --------------------------------------------------------------------------- */

/* The box that a difference, or a doubt in a line of the filter, is about; NULL: none. */
static const struct fr_bound_box *box_of(const struct judging *j, uint32_t line) {
    const struct fr_vec *boxes = j->must ? &j->r->a->musts : &j->r->a->nevers;
    return line == 0 || line > boxes->count ? NULL
                                            : fr_vec_at(boxes, struct fr_bound_box, line - 1);
}

/* "internet -> dmz": the cell of the matrix that a box is; false when out of memory. */
static bool name_cell(const struct judging *j, const struct fr_bound_box *box,
                      struct fr_breach *finding) {
    if (box == NULL || box->matrix == NULL)
        return true;
    const flowrules_policy *policy = box->matrix->policy;
    const uint32_t ends[2] = {box->row, box->column};
    const char *names[2];
    for (size_t e = 0; e < 2; e++)
        names[e] = FR_POLICY_TEXT(policy, fr_vec_at(&policy->zones, struct fr_zone, ends[e])->name);
    finding->cell = fr_arena_printf(j->r->a->arena, "%s -> %s", names[0], names[1]);
    return finding->cell != NULL;
}

/* The devices of a path that the packet passes, each with its rule; false when out of memory. */
static bool name_devices(const struct judging *j, size_t i, struct fr_breach *finding) {
    size_t count = flowrules_difference_hop_count(j->found, i, 0) - 1;
    bool good = true;
    if (j->must || !fr_meaning_is_path(j->r->devices))
        return true;
    struct fr_breach_device *devices = fr_arena_zalloc(j->r->a->arena, count * sizeof *devices);
    for (size_t k = 0; devices != NULL && k < count; k++)
        devices[k] = (struct fr_breach_device){
            keep(j, flowrules_difference_hop_name(j->found, i, 0, k + 1), &good),
            keep(j, flowrules_difference_hop_file(j->found, i, 0, k + 1), &good),
            flowrules_difference_hop_line(j->found, i, 0, k + 1)};
    finding->devices = devices;
    finding->device_count = count;
    return good && devices != NULL;
}

/* Why it is one: a rule decides, or none does. */
static enum fr_breach_reason reason_of(const struct judging *j, const struct fr_breach *finding) {
    if (strcmp(j->judged->kind, "zones") == 0)
        return FR_IN_NONE;
    if (finding->judgement == FR_UNKNOWN)
        return FR_INTERFACES;
    if (j->must)
        return finding->rule_file == NULL ? FR_NO_RULE_LETS : FR_RULE_BLOCKS;
    return finding->rule_file == NULL ? FR_NO_RULE_BLOCKS : FR_RULE_LETS;
}

/* Is the rule of a finding told already, for these zones? */
static bool is_told(const struct judging *j, const struct fr_breach *finding) {
    for (size_t i = 0; i < j->judged->findings.count; i++) {
        const struct fr_breach *known = fr_vec_at(&j->judged->findings, struct fr_breach, i);
        if (known->rule_line == finding->rule_line && fr_same_text(known->cell, finding->cell) &&
            fr_same_text(known->rule_file, finding->rule_file))
            return known->judgement >= finding->judgement;
    }
    return false;
}

static flowrules_status find_difference(const struct judging *j, size_t i) {
    /* Of a 'must' all devices are one list behind the filter, else the last one decides. */
    size_t hop = j->must ? 1 : flowrules_difference_hop_count(j->found, i, 0) - 1;
    bool good = true, somewhere = flowrules_difference_enters(j->found, i) != NULL ||
                                  flowrules_difference_leaves(j->found, i) != NULL;
    struct fr_breach finding = {
        .judgement = j->must && somewhere ? FR_UNKNOWN : FR_BROKEN,
        .flow = UINT32_MAX,
        .witness = keep(j, flowrules_difference_witness(j->found, i), &good),
        .enters = keep(j, flowrules_difference_enters(j->found, i), &good),
        .leaves = keep(j, flowrules_difference_leaves(j->found, i), &good),
        .rule_file = keep(j, flowrules_difference_hop_file(j->found, i, 0, hop), &good),
        .rule_line = flowrules_difference_hop_line(j->found, i, 0, hop)};
    finding.reason = reason_of(j, &finding);
    if (finding.reason == FR_INTERFACES)
        finding.text = "it depends on the interfaces of the packet";
    const struct fr_bound_box *box = box_of(j, flowrules_difference_hop_line(j->found, i, 0, 0));
    if (!good || !name_cell(j, box, &finding) || !name_devices(j, i, &finding))
        return fr_no_memory(j->r->a->context);
    return is_told(j, &finding) ? FLOWRULES_OK : fr_assert_find(j->r->a, j->number, &finding);
}

/* ---- what is not known --------------------------------------------------------------------- */

/* Is a text told already? */
static bool is_said(const struct judging *j, const char *text) {
    for (size_t i = 0; i < j->judged->findings.count; i++) {
        const struct fr_breach *known = fr_vec_at(&j->judged->findings, struct fr_breach, i);
        if (known->text != NULL && strcmp(known->text, text) == 0)
            return true;
    }
    return false;
}

/* Those that tell names or a rule come first; the bare ones say nothing more than they do. */
static flowrules_status find_doubt(const struct judging *j, size_t i, bool bare) {
    bool good = true;
    struct fr_asserting *a = j->r->a;
    const char *text = flowrules_doubt_text(j->found, i), *file = flowrules_doubt_file(j->found, i);
    uint32_t line = flowrules_doubt_line(j->found, i);
    bool filter = file != NULL && file[0] == '\0';
    const struct fr_bound_box *box = filter ? box_of(j, line) : NULL;
    struct fr_breach finding = {.judgement = FR_UNKNOWN,
                                .reason = FR_NAMES_OF,
                                .flow = UINT32_MAX,
                                .text = keep(j, text, &good),
                                .rule_file = filter ? NULL : keep(j, file, &good),
                                .rule_line = filter ? 0 : line};
    if (box != NULL)
        finding.names =
            fr_assert_names(a, fr_set_union(&a->view.sets, box->ends[0].names, box->ends[1].names));
    if (!good || a->view.sets.failed)
        return fr_no_memory(a->context);
    bool own = finding.names != NULL || finding.rule_file != NULL;
    if (own == bare || (bare && is_said(j, text)))
        return FLOWRULES_OK;
    return fr_assert_find(a, j->number, &finding);
}

/* What a target that only permits blocks may pass by the rules of others. */
static flowrules_status find_others(const struct judging *j) {
    static const char text[] = "the target has mode: permits: rules of others may let it pass";
    const struct fr_breach finding = {
        .judgement = FR_UNKNOWN, .reason = FR_NAMES_OF, .flow = UINT32_MAX, .text = text};
    bool permits = false;
    for (size_t i = 0; i < j->r->plan_count; i++)
        permits = permits || j->r->plans[i]->permits;
    return permits && !j->must ? fr_assert_find(j->r->a, j->number, &finding) : FLOWRULES_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static flowrules_status tell(const struct judging *j) {
    for (size_t i = 0; i < flowrules_difference_count(j->found); i++)
        FR_TRY(find_difference(j, i));
    size_t doubts = j->judged->broken == 0 ? flowrules_doubt_count(j->found) : 0;
    for (size_t i = 0; i < doubts * 2; i++)
        FR_TRY(find_doubt(j, i % doubts, i >= doubts));
    return FLOWRULES_OK;
}

/* Where nothing of an assertion is what the targets have a say over, it was not decided. */
static flowrules_status look_outside(struct judging *j) {
    FR_TRY(search(j, FR_RUNNING_ALL));
    j->judged->outside = is_empty(j);
    flowrules_comparison_free(j->found);
    return j->judged->outside ? FLOWRULES_OK : find_others(j);
}

static flowrules_status judge(struct judging *j) {
    j->must = j->judged->assertion != NULL && j->judged->assertion->kind == FR_ASSERT_MUST;
    if (j->judged->boxes.count == 0 && !j->must)
        return FLOWRULES_OK; /* zones of which one has all that no other has */
    FR_TRY(search(j, j->must ? FR_RUNNING_BLOCKS : FR_RUNNING_PASSES));
    flowrules_status status = tell(j);
    flowrules_comparison_free(j->found);
    return status == FLOWRULES_OK && j->judged->judgement == FR_HOLDS ? look_outside(j) : status;
}

flowrules_status fr_running_decide(struct fr_running *r) {
    for (uint32_t i = 0; i < r->a->judged.count; i++) {
        struct judging j = {
            .r = r, .number = i, .judged = fr_vec_at(&r->a->judged, struct fr_judged, i)};
        FR_TRY(judge(&j));
    }
    return FLOWRULES_OK;
}
