/*
 * Keeps findings, and answers questions about them.
 */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding_table.h"

/* A longer message is cut. */
#define MESSAGE_MAX 2000

flowrules_status fr_findings_new(flowrules_findings **findings, flowrules_context *context,
                                 const flowrules_policy *policy) {
    flowrules_findings *f = fr_malloc(&context->allocator, sizeof *f);
    *findings = f;
    if (f == NULL)
        return fr_no_memory(context);
    *f = (flowrules_findings){.context = context, .policy = fr_policy_hold(policy)};
    fr_arena_init(&f->arena, &context->allocator);
    fr_vec_init(&f->list, &context->allocator, sizeof(struct fr_finding));
    return FLOWRULES_OK;
}

void flowrules_findings_free(flowrules_findings *findings) {
    if (findings == NULL)
        return;
    const struct fr_allocator *allocator = &findings->context->allocator;
    fr_vec_free(&findings->list);
    fr_arena_free(&findings->arena);
    flowrules_policy_free(findings->policy);
    fr_free(allocator, findings);
}

flowrules_status fr_finding_add(flowrules_findings *findings, const struct fr_finding *finding,
                                const char *format, ...) {
    char text[MESSAGE_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct fr_diagnostics *d = &findings->context->diagnostics;
    struct fr_finding *slot = fr_vec_push(&findings->list);
    const char *shown = fr_shown(d, &findings->arena, text);
    if (slot == NULL || shown == NULL)
        return fr_no_memory(findings->context);
    *slot = *finding;
    slot->message = shown;
    return FLOWRULES_OK;
}

/* ---- order --------------------------------------------------------------------------------- */

static int compare(uint32_t a, uint32_t b) {
    return (a > b) - (a < b);
}

/* Messages of one arena come in the order of their making only by chance: their text decides. */
static int by_place(const void *left, const void *right) {
    const struct fr_finding *a = left, *b = right;
    int order = compare(a->at.file, b->at.file);
    if (order == 0)
        order = compare(a->at.line, b->at.line);
    if (order == 0)
        order = compare(a->at.column, b->at.column);
    if (order == 0)
        order = compare(a->id, b->id);
    return order != 0 ? order : strcmp(a->message, b->message);
}

/* Reads the lines once, in their order; findings in one line have one text. */
static flowrules_status read_lines(flowrules_findings *findings) {
    struct fr_diagnostics *d = &findings->context->diagnostics;
    for (size_t i = 0; i < findings->list.count; i++) {
        struct fr_finding *own = fr_vec_at(&findings->list, struct fr_finding, i);
        bool same = i > 0 && own->at.file == own[-1].at.file && own->at.line == own[-1].at.line;
        if (i > 0 && own->at.file != own[-1].at.file)
            fr_diagnostics_forget(d, own[-1].at.file);
        own->source = same ? own[-1].source : fr_shown_line(d, &findings->arena, own->at);
    }
    if (findings->list.count > 0)
        fr_diagnostics_forget(
            d, fr_vec_at(&findings->list, struct fr_finding, findings->list.count - 1)->at.file);
    return d->out_of_memory ? fr_no_memory(findings->context) : FLOWRULES_OK;
}

flowrules_status fr_findings_sort(flowrules_findings *findings) {
    if (findings->list.count > 1)
        qsort(findings->list.items, findings->list.count, sizeof(struct fr_finding), by_place);
    return read_lines(findings);
}

/* ---- questions ----------------------------------------------------------------------------- */

fr_string fr_finding_subject(const flowrules_findings *findings, const struct fr_finding *finding) {
    const flowrules_policy *policy = findings->policy;
    switch ((enum fr_subject_kind)finding->subject) {
    case FR_ABOUT_FLOW:
        return fr_vec_at(&policy->flows, struct fr_flow, finding->index)->name;
    case FR_ABOUT_NETWORK:
        return fr_vec_at(&policy->networks, struct fr_network, finding->index)->name;
    case FR_ABOUT_SERVICE:
        return fr_vec_at(&policy->definitions, struct fr_service_definition, finding->index)->name;
    case FR_ABOUT_TARGET:
        return fr_vec_at(&policy->targets, struct fr_target, finding->index)->name;
    case FR_ABOUT_NAME:
        return finding->index;
    case FR_ABOUT_POLICY:
        return 0;
    }
    return 0;
}

static const struct fr_finding *at(const flowrules_findings *findings, size_t index) {
    return index < findings->list.count ? fr_vec_at(&findings->list, struct fr_finding, index)
                                        : NULL;
}

size_t flowrules_finding_count(const flowrules_findings *findings) {
    return findings->list.count;
}

const char *flowrules_finding_id(const flowrules_findings *findings, size_t index) {
    const struct fr_finding *finding = at(findings, index);
    return finding == NULL ? NULL : fr_finding_name(finding->id);
}

flowrules_severity flowrules_finding_severity(const flowrules_findings *findings, size_t index) {
    const struct fr_finding *finding = at(findings, index);
    return finding == NULL ? FLOWRULES_NOTE : (flowrules_severity)finding->severity;
}

const char *flowrules_finding_message(const flowrules_findings *findings, size_t index) {
    const struct fr_finding *finding = at(findings, index);
    return finding == NULL ? NULL : finding->message;
}

const char *flowrules_finding_hint(const flowrules_findings *findings, size_t index) {
    const struct fr_finding *finding = at(findings, index);
    return finding == NULL ? NULL : finding->hint;
}

const char *flowrules_finding_file(const flowrules_findings *findings, size_t index) {
    const struct fr_finding *finding = at(findings, index);
    return finding == NULL
               ? NULL
               : fr_diagnostics_file_name(&findings->context->diagnostics, finding->at.file);
}

uint32_t flowrules_finding_line(const flowrules_findings *findings, size_t index) {
    const struct fr_finding *finding = at(findings, index);
    return finding == NULL ? 0 : finding->at.line;
}

uint32_t flowrules_finding_column(const flowrules_findings *findings, size_t index) {
    const struct fr_finding *finding = at(findings, index);
    return finding == NULL ? 0 : finding->at.column;
}

uint32_t flowrules_finding_length(const flowrules_findings *findings, size_t index) {
    const struct fr_finding *finding = at(findings, index);
    return finding == NULL ? 0 : finding->at.length;
}

const char *flowrules_finding_source(const flowrules_findings *findings, size_t index) {
    const struct fr_finding *finding = at(findings, index);
    return finding == NULL ? NULL : finding->source;
}

static const char *name_if(const flowrules_findings *findings, size_t index,
                           enum fr_subject_kind kind) {
    const struct fr_finding *finding = at(findings, index);
    if (finding == NULL || finding->subject != kind)
        return NULL;
    return FR_POLICY_TEXT(findings->policy, fr_finding_subject(findings, finding));
}

const char *flowrules_finding_flow(const flowrules_findings *findings, size_t index) {
    return name_if(findings, index, FR_ABOUT_FLOW);
}

const char *flowrules_finding_target(const flowrules_findings *findings, size_t index) {
    return name_if(findings, index, FR_ABOUT_TARGET);
}

const char *flowrules_finding_reason(const flowrules_findings *findings, size_t index) {
    const struct fr_finding *finding = at(findings, index);
    return finding == NULL ? NULL : finding->reason;
}
