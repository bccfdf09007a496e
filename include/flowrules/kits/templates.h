/*
 * flowrules: scripts, and other text, that are files of the source tree, with fields for what a
 * plan fills in.
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
 * A field, or a text. A text begins at the beginning of a line unless a field precedes it there.
 * The last piece has neither.
 */
struct flowrules_piece {
    const char *when; /* the value that it depends on ("# @if"), or NULL */
    const char *field;
    const char *text;
};

/* The value of a field. A value without a name ends a list. */
struct flowrules_value {
    const char *name;
    const char *text;                      /* NULL: nothing is written */
    const struct flowrules_escape *escape; /* for user text; NULL: text is the backend's own */
};

/*
 * Writes pieces and the values of their fields up to the field stop, or to the end if stop is NULL.
 * Returns the piece after stop: the caller writes the field itself and continues there. A field or
 * condition without a value, a value without a piece and a missing stop are programming errors: the
 * writer fails and NULL is returned, as for NULL.
 */
FLOWRULES_API const struct flowrules_piece *
flowrules_write_template(flowrules_writer *w, const struct flowrules_piece *from,
                         const struct flowrules_value *values, const char *stop);
/*
 * For readers: the first piece that is this field or depends on this value; name NULL: the last
 * piece.
 */
FLOWRULES_API const struct flowrules_piece *
flowrules_template_find(const struct flowrules_piece *pieces, const char *name);

#ifdef __cplusplus
}
#endif

#endif
