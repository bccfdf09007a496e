/*
 * Sheets in the making, and where their cells are.
 */
#include "table.h"

#include <stdio.h>
#include <string.h>

void fr_sheets_init(struct fr_sheets *sheets, flowrules_context *context) {
    *sheets = (struct fr_sheets){.context = context};
    fr_arena_init(&sheets->arena, &context->allocator);
    fr_vec_init(&sheets->list, &context->allocator, sizeof(struct fr_sheet *));
}

void fr_sheets_free(struct fr_sheets *sheets) {
    for (size_t i = 0; i < sheets->list.count; i++) {
        struct fr_sheet *sheet = *fr_vec_at(&sheets->list, struct fr_sheet *, i);
        fr_vec_free(&sheet->cells);
        fr_vec_free(&sheet->rows);
    }
    fr_vec_free(&sheets->list);
    fr_arena_free(&sheets->arena);
}

struct fr_sheet *fr_sheet_new(struct fr_sheets *sheets, uint32_t file, const char *name) {
    const struct fr_allocator *allocator = &sheets->context->allocator;
    struct fr_sheet *sheet = fr_arena_zalloc(&sheets->arena, sizeof *sheet);
    struct fr_sheet **slot = sheet == NULL ? NULL : fr_vec_push(&sheets->list);
    if (slot == NULL)
        return NULL;
    sheet->file = file;
    sheet->name = name;
    fr_vec_init(&sheet->cells, allocator, sizeof(struct fr_cell));
    fr_vec_init(&sheet->rows, allocator, sizeof(struct fr_row));
    *slot = sheet;
    return sheet;
}

struct fr_row *fr_row_new(struct fr_sheet *sheet, uint32_t number, uint32_t line) {
    struct fr_row *row = fr_vec_push(&sheet->rows);
    if (row != NULL)
        *row =
            (struct fr_row){.number = number, .line = line, .first = (uint32_t)sheet->cells.count};
    return row;
}

/* ---- cells --------------------------------------------------------------------------------- */

/* The bytes of a blank at text: of ASCII, or a no-break space, or a mark of byte order; else 0. */
static size_t blank_length(const char *text, size_t length) {
    if (length > 0 && (strchr(" \t\r\n\v\f", *text) != NULL && *text != '\0'))
        return 1;
    if (length >= 2 && memcmp(text, "\xC2\xA0", 2) == 0)
        return 2;
    return length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

static void trim(const char **text, size_t *length) {
    size_t blank;
    while ((blank = blank_length(*text, *length)) > 0) {
        *text += blank;
        *length -= blank;
    }
    while (*length > 0 && (blank_length(*text + *length - 1, 1) == 1 ||
                           (*length >= 2 && blank_length(*text + *length - 2, 2) == 2)))
        *length -= blank_length(*text + *length - 1, 1) == 1 ? 1 : 2;
}

static flowrules_status beyond(struct fr_sheets *sheets, const struct fr_sheet *sheet,
                               const struct fr_cell *cell, const char *what, size_t most) {
    struct fr_at at = {sheet->file, cell->line, cell->place, 0};
    return fr_error(&sheets->context->diagnostics, FR_SHEET_LIMIT, at,
                    "divide it, or remove what is not a request", what, most);
}

static flowrules_status check_limits(struct fr_sheets *sheets, const struct fr_sheet *sheet,
                                     const struct fr_cell *cell, size_t length) {
    if (cell->column >= FR_COLUMNS_MAX)
        return beyond(sheets, sheet, cell, "a row has more than %zu columns", FR_COLUMNS_MAX);
    if (sheet->rows.count > FR_ROWS_MAX)
        return beyond(sheets, sheet, cell, "the sheet has more than %zu rows", FR_ROWS_MAX);
    if (length > FR_CELL_MAX)
        return beyond(sheets, sheet, cell, "a cell is longer than %zu bytes", FR_CELL_MAX);
    if (sheets->cells >= FR_CELLS_MAX)
        return beyond(sheets, sheet, cell, "there are more than %zu cells", FR_CELLS_MAX);
    return FLOWRULES_OK;
}

flowrules_status fr_cell_add(struct fr_sheets *sheets, struct fr_sheet *sheet,
                             const struct fr_cell *cell, size_t length) {
    const char *text = cell->text;
    trim(&text, &length);
    if (length == 0)
        return FLOWRULES_OK;
    FR_TRY(check_limits(sheets, sheet, cell, length));
    const char *copy = fr_arena_text(&sheets->arena, text, length);
    struct fr_cell *slot = copy == NULL ? NULL : fr_vec_add(&sheet->cells);
    if (slot == NULL)
        return fr_no_memory(sheets->context);
    *slot = *cell;
    slot->text = copy;
    sheets->cells++;
    fr_vec_at(&sheet->rows, struct fr_row, sheet->rows.count - 1)->count++;
    return FLOWRULES_OK;
}

const struct fr_cell *fr_cell_at(const struct fr_sheet *sheet, const struct fr_row *row,
                                 uint32_t column) {
    const struct fr_cell *cells = fr_vec_at(&sheet->cells, struct fr_cell, row->first);
    for (uint32_t i = 0; i < row->count; i++)
        if (cells[i].column == column)
            return &cells[i];
    return NULL;
}

struct fr_at fr_cell_place(const struct fr_sheet *sheet, const struct fr_row *row,
                           const struct fr_cell *cell) {
    if (cell != NULL && cell->line > 0)
        return (struct fr_at){sheet->file, cell->line, cell->place, cell->length};
    return (struct fr_at){sheet->file, row == NULL ? 0 : row->line, row != NULL && row->line > 0,
                          0};
}

void fr_cell_name(char text[16], uint32_t row, uint32_t column) {
    char letters[8];
    size_t used = sizeof letters - 1;
    letters[used] = '\0';
    for (uint64_t rest = (uint64_t)column + 1; rest > 0 && used > 0; rest = (rest - 1) / 26)
        letters[--used] = (char)('A' + (rest - 1) % 26);
    snprintf(text, 16, "%s%u", letters + used, (unsigned)row);
}
