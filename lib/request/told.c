/*
 * Messages on cells: each names the sheet, the cell and its text.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

/* As much of a cell as a message shows. */
#define SHOWN_MAX 60

const char *fr_where(struct fr_taking *t) {
    const struct fr_sheet *sheet = t->sheet;
    const char *role = t->role == FR_ROLE_NONE ? "" : fr_role_word(t->role);
    char cell[16] = "";
    if (sheet->document)
        snprintf(cell, sizeof cell, "line %u",
                 (unsigned)fr_cell_place(sheet, t->row, t->cell).line);
    else if (t->cell != NULL)
        fr_cell_name(cell, t->row->number, t->cell->column);
    else if (t->row != NULL)
        snprintf(cell, sizeof cell, "row %u", (unsigned)t->row->number);
    bool named = sheet->name != NULL;
    const char *where =
        fr_arena_printf(t->arena, "%s%s%s%s%s%s", named ? "sheet '" : "", named ? sheet->name : "",
                        named ? "'" : "", named && *cell != '\0' ? ", " : "", cell,
                        role[0] == '\0' ? "" : fr_arena_printf(t->arena, " (%s)", role));
    return where == NULL ? "" : where;
}

/* A text on one line. */
static char *on_one_line(char *text) {
    for (char *at = text; at != NULL && *at != '\0'; at++)
        if (*at == '\n' || *at == '\r' || *at == '\t')
            *at = ' ';
    return text;
}

static void report(struct fr_taking *t, enum flowrules_severity severity, enum fr_id id,
                   const char *hint, const char *message) {
    struct fr_about about = {.severity = severity,
                             .id = id,
                             .at = fr_cell_place(t->sheet, t->row, t->cell),
                             .hint = hint};
    fr_report(&t->context->diagnostics, &about, "%s: %s", fr_where(t), message);
}

flowrules_status fr_not_understood(struct fr_taking *t, const char *text, size_t length,
                                   const char *hint, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *message = on_one_line(fr_arena_vprintf(t->arena, format, arguments));
    va_end(arguments);
    if (message == NULL)
        return fr_no_memory(t->context);
    int shown = length > SHOWN_MAX ? SHOWN_MAX : (int)length;
    const char *whole = on_one_line(fr_arena_printf(t->arena, "'%.*s'%s %s", shown, text,
                                                    length > SHOWN_MAX ? "..." : "", message));
    if (whole == NULL)
        return fr_no_memory(t->context);
    report(t, FLOWRULES_WARNING, FR_SHEET_CELL, hint, text == NULL ? message : whole);
    t->bad = true;
    return FLOWRULES_OK;
}

void fr_told(struct fr_taking *t, const char *hint, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *message = on_one_line(fr_arena_vprintf(t->arena, format, arguments));
    va_end(arguments);
    if (message == NULL)
        fr_no_memory(t->context);
    else
        report(t, FLOWRULES_NOTE, FR_SHEET_TOLD, hint, message);
}
