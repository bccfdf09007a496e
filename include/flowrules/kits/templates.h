/*
 * flowrules: scripts that are files of the source tree, with fields for what a plan fills in.
 *
 * The file is a whole script, so that shellcheck and editors read it as one. The build makes an
 * array of pieces of it, lib/base/templates.awk:
 *
 *   # @text             the script begins behind this line; before it is what people read
 *   # @include FILE     the text of that file is put here; the path is that from the top folder
 *   @TARGET@            a field in a line
 *   # @RULES            a field of whole lines: what is written for it replaces this line;
 *   : # @RULES          so does it, where the shell needs a command
 *   # @if TITLE         the lines up to "# @end" are left out where the value TITLE has no text
 */
#ifndef FLOWRULES_KITS_TEMPLATES_H
#define FLOWRULES_KITS_TEMPLATES_H

#include "../backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A field, or text, which begins where a line does unless a field is before it in its line. The
 * last piece has neither.
 */
struct flowrules_piece {
    const char *when; /* the value that it depends on ("# @if"), or NULL */
    const char *field;
    const char *text;
};

/* What a field says. A value without a name ends a list of them. */
struct flowrules_value {
    const char *name;
    const char *text;                      /* NULL: nothing is written */
    const struct flowrules_escape *escape; /* for user text; NULL: text is the backend's own */
};

/*
 * Writes pieces, and the values of their fields, as far as the field stop, or to the end where that
 * is NULL. What it returns is behind it: the caller writes what the field stop says, and goes on
 * there. A field or condition without a value, a value that no piece asks for and a stop that is
 * not there are mistakes in a program: the writer fails and NULL is returned, as it is for NULL.
 */
FLOWRULES_API const struct flowrules_piece *
flowrules_write_template(flowrules_writer *w, const struct flowrules_piece *from,
                         const struct flowrules_value *values, const char *stop);
/* For readers: the first piece that is this field, or depends on this value; NULL: the last one. */
FLOWRULES_API const struct flowrules_piece *
flowrules_template_find(const struct flowrules_piece *pieces, const char *name);

#ifdef __cplusplus
}
#endif

#endif
