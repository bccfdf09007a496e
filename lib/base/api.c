/*
 * The public entry points that belong to no module: words for statuses, and the diagnostics.
 */
#include <stdio.h>

#include "context.h"

const char *flowrules_status_name(flowrules_status status) {
    static const char *const names[] = {
        [FLOWRULES_OK] = "ok",
        [FLOWRULES_DIFFERENT] = "different",
        [FLOWRULES_USAGE] = "wrong usage",
        [FLOWRULES_INVALID] = "invalid",
        [FLOWRULES_REFUSED] = "refused",
        [FLOWRULES_UNRESOLVED] = "unresolved",
        [FLOWRULES_IO] = "input or output failed",
        [FLOWRULES_NO_MEMORY] = "out of memory",
    };
    return (size_t)status < sizeof names / sizeof names[0] ? names[status] : "unknown";
}

const char *flowrules_version(void) {
    return FLOWRULES_VERSION;
}

static const struct fr_diagnostic *at(const flowrules_context *context, size_t index) {
    const struct fr_vec *list = &context->diagnostics.list;
    return index < list->count ? fr_vec_at(list, struct fr_diagnostic, index) : NULL;
}

size_t flowrules_diagnostic_count(const flowrules_context *context) {
    return context->diagnostics.list.count;
}

flowrules_severity flowrules_diagnostic_severity(const flowrules_context *context, size_t index) {
    const struct fr_diagnostic *d = at(context, index);
    return d == NULL ? FLOWRULES_NOTE : d->severity;
}

const char *flowrules_diagnostic_id(const flowrules_context *context, size_t index) {
    const struct fr_diagnostic *d = at(context, index);
    return d == NULL ? NULL : d->name;
}

const char *flowrules_diagnostic_message(const flowrules_context *context, size_t index) {
    const struct fr_diagnostic *d = at(context, index);
    return d == NULL ? NULL : d->message;
}

const char *flowrules_diagnostic_hint(const flowrules_context *context, size_t index) {
    const struct fr_diagnostic *d = at(context, index);
    return d == NULL ? NULL : d->hint;
}

const char *flowrules_diagnostic_file(const flowrules_context *context, size_t index) {
    const struct fr_diagnostic *d = at(context, index);
    return d == NULL ? NULL : d->file;
}

uint32_t flowrules_diagnostic_line(const flowrules_context *context, size_t index) {
    const struct fr_diagnostic *d = at(context, index);
    return d == NULL ? 0 : d->at.line;
}

uint32_t flowrules_diagnostic_column(const flowrules_context *context, size_t index) {
    const struct fr_diagnostic *d = at(context, index);
    return d == NULL ? 0 : d->at.column;
}

uint32_t flowrules_diagnostic_length(const flowrules_context *context, size_t index) {
    const struct fr_diagnostic *d = at(context, index);
    return d == NULL ? 0 : d->at.length;
}

const char *flowrules_diagnostic_source(const flowrules_context *context, size_t index) {
    const struct fr_diagnostic *d = at(context, index);
    return d == NULL ? NULL : d->source;
}

const char *flowrules_diagnostic_flow(const flowrules_context *context, size_t index) {
    const struct fr_diagnostic *d = at(context, index);
    return d == NULL ? NULL : d->flow;
}

const char *flowrules_diagnostic_target(const flowrules_context *context, size_t index) {
    const struct fr_diagnostic *d = at(context, index);
    return d == NULL ? NULL : d->target;
}

void flowrules_diagnostics_clear(flowrules_context *context) {
    fr_diagnostics_clear(&context->diagnostics);
}

size_t flowrules_context_file_count(const flowrules_context *context) {
    return context->diagnostics.files.count;
}

const char *flowrules_context_file(const flowrules_context *context, size_t file) {
    return file < context->diagnostics.files.count
               ? fr_diagnostics_file_path(&context->diagnostics, (uint32_t)file + 1)
               : NULL;
}
