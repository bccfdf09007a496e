/*
 * Lays a policy's text out, and proves that it still says the same. What cannot be laid out is
 * refused, and nothing is changed.
 */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"
#include "yaml.h"

/* Passes that put the keys of mappings in order: as deep as these nest. */
#define PASSES_MAX FR_YAML_MAX_DEPTH

struct flowrules_layout {
    flowrules_context *context;
    char *text;
    size_t size;
    bool differs;
};

/* ---- steps --------------------------------------------------------------------------------- */

/* Without a byte order mark, with line feeds alone; closed: one at the end. */
static void unify_lines(const char *text, size_t size, bool closed, struct fr_layout_text *made) {
    size_t start = fr_bom_size(text, size);
    for (size_t at = start; at < size;) {
        const char *found = memchr(text + at, '\r', size - at);
        size_t end = found == NULL ? size : (size_t)(found - text);
        bool both = found != NULL && end + 1 < size && text[end + 1] == '\n';
        fr_layout_text_add(made, text + at, end - at + (found != NULL && !both ? 1 : 0));
        at = end + 1;
    }
    if (closed && made->bytes.count > 0 &&
        ((char *)made->bytes.items)[made->bytes.count - 1] != '\n')
        fr_layout_text_add(made, "\n", 1);
    fr_layout_text_add(made, "", 0);
}

static void swap_texts(struct fr_layout_text *a, struct fr_layout_text *b) {
    struct fr_layout_text kept = *a;
    *a = *b;
    *b = kept;
    b->bytes.count = 0;
}

/* One step: made is what comes of text. */
static flowrules_status step(flowrules_context *context, const struct fr_layout_text *text,
                             struct fr_layout_text *made, bool spaces, bool *changed) {
    struct fr_layout l;
    made->bytes.count = 0;
    *changed = false;
    flowrules_status status = fr_layout_init(&l, context, text->bytes.items, text->bytes.count);
    if (status == FLOWRULES_OK && l.whole && spaces)
        status = fr_layout_spaces(&l, made);
    else if (status == FLOWRULES_OK && l.whole)
        status = fr_layout_order(&l, made, changed);
    *changed = *changed || (spaces && l.whole);
    fr_layout_text_add(made, "", 0);
    fr_layout_free(&l);
    return status != FLOWRULES_OK || !made->failed ? status : fr_no_memory(context);
}

/* The same bytes but for spaces and quotes, in any order: so that no comment is lost. */
static bool same_bytes(const struct fr_layout_text *a, const struct fr_layout_text *b) {
    size_t counts[2][256] = {{0}, {0}};
    const struct fr_layout_text *texts[2] = {a, b};
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < texts[t]->bytes.count; i++)
            counts[t][((const unsigned char *)texts[t]->bytes.items)[i]]++;
    for (size_t c = 0; c < 256; c++)
        if (counts[0][c] != counts[1][c] && strchr(" \t\n\"'\\", (int)c) == NULL)
            return false;
    return true;
}

static flowrules_status same_texts(flowrules_context *context, const struct fr_layout_text *one,
                                   const struct fr_layout_text *other, bool *same) {
    return fr_yaml_same(context, one->bytes.items, one->bytes.count, other->bytes.items,
                        other->bytes.count, fr_layout_is_plain, same);
}

/* Is what was made still the same? */
static flowrules_status prove(flowrules_context *context, const struct fr_layout_text *text,
                              const struct fr_layout_text *made, bool *same) {
    *same = false;
    return same_bytes(text, made) ? same_texts(context, text, made, same) : FLOWRULES_OK;
}

/* Takes over a step that says the same as the text; *taken is false where there is none. */
static flowrules_status take_step(flowrules_context *context, struct fr_layout_text *text,
                                  bool spaces, bool *taken) {
    struct fr_layout_text made;
    bool changed, same = false;
    fr_layout_text_init(&made, context);
    flowrules_status status = step(context, text, &made, spaces, &changed);
    if (status == FLOWRULES_OK && changed)
        status = prove(context, text, &made, &same);
    *taken = status == FLOWRULES_OK && changed && same;
    if (*taken)
        swap_texts(text, &made);
    fr_layout_text_free(&made);
    return status;
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* Reports what is wrong with the YAML, or where it is too deep. */
static flowrules_status check(flowrules_context *context, uint32_t file, const char *text,
                              size_t size) {
    const struct fr_input input = {.text = text, .size = size};
    struct fr_yaml *yaml;
    struct fr_value value;
    FR_TRY(fr_yaml_open(&yaml, context, file, &input));
    flowrules_status status = fr_yaml_root(yaml, &value);
    if (status == FLOWRULES_OK && value.kind != FR_STREAM_END)
        status = fr_yaml_skip(yaml, &value);
    if (status == FLOWRULES_OK && value.kind != FR_STREAM_END)
        status = fr_yaml_finish(yaml);
    fr_yaml_close(yaml);
    return status == FLOWRULES_OK && context->diagnostics.error_count > 0 ? FLOWRULES_INVALID
                                                                          : status;
}

static flowrules_status refuse(flowrules_context *context, uint32_t file,
                               const struct fr_layout_text *text) {
    const char *bytes = text->bytes.items;
    size_t odd = fr_yaml_odd_break(bytes, text->bytes.count);
    struct fr_at at = {file, 1, 1, 1};
    for (size_t i = 0; i < odd && odd < text->bytes.count; i++) {
        at.column = bytes[i] == '\n' ? 1 : at.column + (((unsigned char)bytes[i] & 0xC0) != 0x80);
        at.line += bytes[i] == '\n';
    }
    if (odd < text->bytes.count)
        fr_error(&context->diagnostics, FR_LAYOUT, at, "write it as \\r, \\N, \\L or \\P in quotes",
                 "the file cannot be laid out: this is a line break only to some programs");
    else
        fr_error(&context->diagnostics, FR_LAYOUT, (struct fr_at){file, 0, 0, 0},
                 "lay it out by hand, in plain YAML",
                 "the file cannot be laid out without changing what it says");
    return FLOWRULES_REFUSED;
}

/*
 * Does the text without its last line feed say something else? So it is where a text behind | or >
 * ends the file: what had none then keeps none.
 */
static flowrules_status close_end(flowrules_context *context, const struct fr_layout_text *original,
                                  struct fr_layout_text *text, bool *same) {
    FR_TRY(same_texts(context, original, text, same));
    if (*same || text->bytes.count == 0)
        return FLOWRULES_OK;
    ((char *)text->bytes.items)[--text->bytes.count] = '\0';
    return same_texts(context, original, text, same);
}

static flowrules_status lay_out(flowrules_context *context, uint32_t file,
                                const struct fr_layout_text *original,
                                struct fr_layout_text *text) {
    bool taken = false, more = true, same = false;
    FR_TRY(same_texts(context, original, text, &more)); /* else the last entry stays the last */
    FR_TRY(take_step(context, text, true, &taken));
    if (!taken)
        return refuse(context, file, text);
    for (unsigned pass = 0; pass < PASSES_MAX && more; pass++)
        FR_TRY(take_step(context, text, false, &more));
    FR_TRY(take_step(context, text, true, &taken));
    FR_TRY(close_end(context, original, text, &same));
    return same ? FLOWRULES_OK : refuse(context, file, original);
}

flowrules_status flowrules_layout_new(flowrules_layout **layout, flowrules_context *context,
                                      const char *name, const char *text, size_t size) {
    struct fr_layout_text made, original;
    *layout = NULL;
    uint32_t file = fr_diagnostics_file(&context->diagnostics, name, text, size);
    FR_TRY(check(context, file, text, size));
    flowrules_layout *l = fr_malloc(&context->allocator, sizeof *l);
    fr_layout_text_init(&made, context);
    fr_layout_text_init(&original, context);
    unify_lines(text, size, false, &original);
    unify_lines(text, size, true, &made);
    flowrules_status status = l == NULL || made.failed || original.failed
                                  ? fr_no_memory(context)
                                  : lay_out(context, file, &original, &made);
    fr_layout_text_free(&original);
    fr_diagnostics_forget(&context->diagnostics, file);
    if (status != FLOWRULES_OK) {
        fr_layout_text_free(&made);
        fr_free(&context->allocator, l);
        return status;
    }
    *l = (struct flowrules_layout){context, made.bytes.items, made.bytes.count, true};
    l->differs = l->size != size || (size > 0 && memcmp(l->text, text, size) != 0);
    *layout = l;
    return FLOWRULES_OK;
}

flowrules_status flowrules_layout_load(flowrules_layout **layout, flowrules_context *context,
                                       const char *path) {
    char *text;
    size_t size;
    *layout = NULL;
    FR_TRY(fr_read_file(context, path, FR_NOWHERE, &text, &size));
    flowrules_status status = flowrules_layout_new(layout, context, path, text, size);
    fr_free(&context->allocator, text);
    return status;
}

void flowrules_layout_free(flowrules_layout *layout) {
    if (layout == NULL)
        return;
    const struct fr_allocator allocator = layout->context->allocator;
    fr_free(&allocator, layout->text);
    fr_free(&allocator, layout);
}

const char *flowrules_layout_text(const flowrules_layout *layout, size_t *size) {
    *size = layout->size;
    return layout->text;
}

int flowrules_layout_differs(const flowrules_layout *layout) {
    return layout->differs ? 1 : 0;
}
