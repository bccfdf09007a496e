/*
 * Workbooks of Excel (ECMA-376, SpreadsheetML): sheets, strings, dates, merged and hidden cells.
 * Formulas are not evaluated: the value that was saved is taken, and reported.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "events.h"

#define MERGES_MAX 65536u

struct sheet_entry {
    const char *name, *id, *target;
    bool hidden;
};

struct merge {
    uint32_t first_row, last_row, first_column, last_column;
};

/* A cell that a merge covers. */
struct covered {
    size_t row; /* index */
    struct fr_cell cell;
};

enum part { PART_WORKBOOK, PART_RELATIONS, PART_STRINGS, PART_STYLES, PART_SHEET };

struct workbook {
    struct fr_sheets *sheets;
    flowrules_context *context;
    const struct fr_handed *file;
    struct fr_archive *archive;
    struct fr_vec entries;      /* struct sheet_entry */
    struct fr_vec strings;      /* const char *: shared ones */
    struct fr_vec date_formats; /* uint32_t: numbers of own formats that are dates */
    struct fr_vec dates;        /* bool: by style */
    bool from_1904;
    enum part part;
    flowrules_status status;
    struct fr_vec text; /* char: of the value that is read */
    bool reads_text, reads_phonetic, in_styles;
    /* The sheet that is read. */
    struct fr_sheet *sheet;
    struct fr_vec merges; /* struct merge */
    uint32_t row, column;
    char type; /* of the cell: s, b, e, n, or t for a text */
    uint32_t style;
    bool formula, hidden;
    size_t formulas, hidden_columns;
    char first_formula[16];
};

static bool fail(struct workbook *w, flowrules_status status) {
    w->status = status;
    return false;
}

static flowrules_status broken(struct workbook *w, const char *part) {
    return fr_error(&w->context->diagnostics, FR_SHEET_FORM,
                    (struct fr_at){w->file->number, 0, 0, 0}, "save it again as .xlsx",
                    "the workbook is damaged: '%.100s' is missing or not XML", part);
}

static bool out_of_memory(struct workbook *w) {
    return fail(w, fr_no_memory(w->context));
}

static const char *keep(struct workbook *w, const char *text) {
    return text == NULL ? "" : fr_arena_text(&w->sheets->arena, text, strlen(text));
}

static bool is_true(const char *value) {
    return value != NULL && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

static uint32_t number_of(const char *text) {
    unsigned long number = text == NULL ? 0 : strtoul(text, NULL, 10);
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* "B7": the row from 1, the column from 0; false: it is not one. */
static bool parse_reference(const char *text, uint32_t *row, uint32_t *column) {
    uint64_t letters = 0;
    for (; text != NULL && *text >= 'A' && *text <= 'Z' && letters < FR_COLUMNS_MAX * 32u; text++)
        letters = letters * 26 + (uint64_t)(*text - 'A' + 1);
    if (letters == 0)
        return false;
    *column = (uint32_t)letters - 1;
    *row = number_of(text);
    return *row > 0;
}

/* ---- the workbook and its relations -------------------------------------------------------- */

static bool workbook_begins(struct workbook *w, const char *name, const char **attributes) {
    if (strcmp(name, "workbookPr") == 0)
        w->from_1904 = is_true(fr_events_attribute(attributes, "date1904"));
    if (strcmp(name, "sheet") != 0)
        return true;
    struct sheet_entry *entry = fr_vec_push(&w->entries);
    const char *state = fr_events_attribute(attributes, "state");
    if (entry == NULL)
        return out_of_memory(w);
    entry->hidden = state != NULL && strcmp(state, "visible") != 0;
    entry->name = keep(w, fr_events_attribute(attributes, "name"));
    for (size_t i = 0; attributes[i] != NULL; i += 2) /* r:id, not sheetId */
        if (strlen(attributes[i]) > 3 &&
            strcmp(attributes[i] + strlen(attributes[i]) - 3, ":id") == 0)
            entry->id = keep(w, attributes[i + 1]);
    return entry->name != NULL || out_of_memory(w);
}

static bool relation_begins(struct workbook *w, const char *name, const char **attributes) {
    const char *id = fr_events_attribute(attributes, "Id");
    const char *target = fr_events_attribute(attributes, "Target");
    if (strcmp(name, "Relationship") != 0 || id == NULL || target == NULL)
        return true;
    for (size_t i = 0; i < w->entries.count; i++) {
        struct sheet_entry *entry = fr_vec_at(&w->entries, struct sheet_entry, i);
        if (!fr_same_text(entry->id, id))
            continue;
        entry->target = fr_arena_printf(&w->sheets->arena, *target == '/' ? "%s" : "xl/%s",
                                        *target == '/' ? target + 1 : target);
        if (entry->target == NULL)
            return out_of_memory(w);
    }
    return true;
}

/* ---- styles -------------------------------------------------------------------------------- */

/* Does a format of numbers show a day? Texts in quotes and brackets do not count. */
static bool shows_day(const char *code) {
    for (; *code != '\0'; code++) {
        if (*code == '"' || *code == '[') {
            code = strchr(code + 1, *code == '"' ? '"' : ']');
            if (code == NULL)
                return false;
        } else if (*code == '\\' && code[1] != '\0') {
            code++;
        } else if (strchr("dDyY", *code) != NULL) {
            return true;
        }
    }
    return false;
}

/* The formats of dates that have no code in the file (ECMA-376, 18.8.30). */
static bool is_date_format(const struct workbook *w, uint32_t format) {
    if ((format >= 14 && format <= 17) || format == 22 || (format >= 27 && format <= 36) ||
        (format >= 50 && format <= 58))
        return true;
    for (size_t i = 0; i < w->date_formats.count; i++)
        if (*fr_vec_at(&w->date_formats, uint32_t, i) == format)
            return true;
    return false;
}

static bool style_begins(struct workbook *w, const char *name, const char **attributes) {
    const char *code = fr_events_attribute(attributes, "formatCode");
    w->in_styles = w->in_styles || strcmp(name, "cellXfs") == 0;
    if (strcmp(name, "numFmt") == 0 && code != NULL && shows_day(code)) {
        uint32_t *slot = fr_vec_add(&w->date_formats);
        if (slot == NULL)
            return out_of_memory(w);
        *slot = number_of(fr_events_attribute(attributes, "numFmtId"));
    }
    if (!w->in_styles || strcmp(name, "xf") != 0)
        return true;
    bool *slot = fr_vec_add(&w->dates);
    if (slot == NULL)
        return out_of_memory(w);
    *slot = is_date_format(w, number_of(fr_events_attribute(attributes, "numFmtId")));
    return true;
}

/* ---- cells --------------------------------------------------------------------------------- */

static bool row_begins(struct workbook *w, const char **attributes) {
    const char *number = fr_events_attribute(attributes, "r");
    w->row = number == NULL ? w->row + 1 : number_of(number);
    w->column = UINT32_MAX;
    struct fr_row *row = fr_row_new(w->sheet, w->row, 0);
    if (row == NULL)
        return out_of_memory(w);
    row->hidden = is_true(fr_events_attribute(attributes, "hidden"));
    return true;
}

static bool cell_begins(struct workbook *w, const char **attributes) {
    const char *type = fr_events_attribute(attributes, "t");
    uint32_t row, column;
    w->column++;
    if (parse_reference(fr_events_attribute(attributes, "r"), &row, &column) &&
        (w->column == UINT32_MAX || column >= w->column))
        w->column = column;
    w->type = type == NULL                     ? 'n'
              : strcmp(type, "inlineStr") == 0 ? 't'
              : strcmp(type, "str") == 0       ? 't'
                                               : type[0];
    w->style = number_of(fr_events_attribute(attributes, "s"));
    w->formula = false;
    w->text.count = 0;
    return true;
}

static bool merge_begins(struct workbook *w, const char **attributes) {
    const char *range = fr_events_attribute(attributes, "ref");
    const char *colon = range == NULL ? NULL : strchr(range, ':');
    struct merge m;
    if (colon == NULL || !parse_reference(range, &m.first_row, &m.first_column) ||
        !parse_reference(colon + 1, &m.last_row, &m.last_column))
        return true;
    if (w->merges.count == MERGES_MAX)
        return fail(w, fr_error(&w->context->diagnostics, FR_SHEET_LIMIT,
                                (struct fr_at){w->file->number, 0, 0, 0},
                                "divide merged cells, or the sheet",
                                "a sheet has more than %u merged cells", MERGES_MAX));
    struct merge *slot = fr_vec_add(&w->merges);
    if (slot == NULL)
        return out_of_memory(w);
    *slot = m;
    return true;
}

static bool sheet_begins(struct workbook *w, const char *name, const char **attributes) {
    if (strcmp(name, "row") == 0)
        return row_begins(w, attributes);
    if (strcmp(name, "c") == 0)
        return w->sheet->rows.count == 0 || cell_begins(w, attributes);
    if (strcmp(name, "mergeCell") == 0)
        return merge_begins(w, attributes);
    if (strcmp(name, "col") == 0)
        w->hidden_columns += is_true(fr_events_attribute(attributes, "hidden"));
    w->formula = w->formula || strcmp(name, "f") == 0;
    w->reads_text = strcmp(name, "v") == 0 || strcmp(name, "t") == 0;
    return true;
}

/* A number of days as a date, where the style shows one (the 29th of February 1900 never was). */
static bool date_of(const struct workbook *w, const char *number, char date[11]) {
    char *end;
    double days = strtod(number, &end);
    bool date_style = w->style < w->dates.count && *fr_vec_at(&w->dates, bool, w->style);
    if (!date_style || *end != '\0' || !(days >= 61 && days < 2958466))
        return false;
    fr_date_format((int32_t)days - (w->from_1904 ? 24107 : 25569), date);
    return true;
}

static bool add_cell(struct workbook *w, const char *text, size_t length) {
    struct fr_cell cell = {.text = text, .column = w->column};
    flowrules_status status = fr_cell_add(w->sheets, w->sheet, &cell, length);
    return status == FLOWRULES_OK || fail(w, status);
}

static bool cell_ends(struct workbook *w) {
    char date[11];
    if (w->formula && w->formulas++ == 0)
        fr_cell_name(w->first_formula, w->row, w->column);
    if (!fr_vec_reserve(&w->text, 1))
        return out_of_memory(w);
    char *text = w->text.items;
    text[w->text.count] = '\0';
    if (w->type == 's') {
        uint32_t index = number_of(text);
        if (index >= w->strings.count && w->text.count > 0)
            return fail(w,
                        fr_error(&w->context->diagnostics, FR_SHEET_FORM,
                                 (struct fr_at){w->file->number, 0, 0, 0}, "save it again as .xlsx",
                                 "the workbook is damaged: it lacks the text of a cell"));
        const char *shared =
            index < w->strings.count ? *fr_vec_at(&w->strings, const char *, index) : "";
        return add_cell(w, shared, strlen(shared));
    }
    if (w->type == 'b')
        return add_cell(w, is_true(text) ? "yes" : "no", is_true(text) ? 3 : 2);
    if (w->type == 'n' && date_of(w, text, date))
        return add_cell(w, date, 10);
    return add_cell(w, text, w->text.count);
}

static bool sheet_ends(struct workbook *w, const char *name) {
    w->reads_text = false;
    if (strcmp(name, "c") == 0 && w->sheet->rows.count > 0)
        return cell_ends(w);
    struct fr_vec *rows = &w->sheet->rows;
    if (strcmp(name, "row") == 0 && rows->count > 0 &&
        fr_vec_at(rows, struct fr_row, rows->count - 1)->count == 0)
        rows->count--;
    return true;
}

/* ---- shared strings ------------------------------------------------------------------------ */

static bool string_begins(struct workbook *w, const char *name) {
    if (strcmp(name, "si") == 0)
        w->text.count = 0;
    w->reads_phonetic = w->reads_phonetic || strcmp(name, "rPh") == 0;
    w->reads_text = strcmp(name, "t") == 0 && !w->reads_phonetic;
    return true;
}

static bool string_ends(struct workbook *w, const char *name) {
    w->reads_text = false;
    if (strcmp(name, "rPh") == 0)
        w->reads_phonetic = false;
    if (strcmp(name, "si") != 0)
        return true;
    const char *text = fr_arena_text(&w->sheets->arena, w->text.items, w->text.count);
    const char **slot = text == NULL ? NULL : fr_vec_add(&w->strings);
    if (slot == NULL)
        return out_of_memory(w);
    *slot = text;
    return true;
}

/* ---- events -------------------------------------------------------------------------------- */

static bool begins(void *user, const char *name, const char **attributes) {
    struct workbook *w = user;
    switch (w->part) {
    case PART_WORKBOOK:
        return workbook_begins(w, name, attributes);
    case PART_RELATIONS:
        return relation_begins(w, name, attributes);
    case PART_STRINGS:
        return string_begins(w, name);
    case PART_STYLES:
        return style_begins(w, name, attributes);
    case PART_SHEET:
        break;
    }
    return sheet_begins(w, name, attributes);
}

static bool ends(void *user, const char *name) {
    struct workbook *w = user;
    if (w->part == PART_STYLES && strcmp(name, "cellXfs") == 0)
        w->in_styles = false;
    if (w->part == PART_STRINGS)
        return string_ends(w, name);
    return w->part != PART_SHEET || sheet_ends(w, name);
}

static bool text_comes(void *user, const char *text, size_t length) {
    struct workbook *w = user;
    if (!w->reads_text || length == 0)
        return true;
    if (!fr_vec_reserve(&w->text, length + 1))
        return out_of_memory(w);
    memcpy((char *)w->text.items + w->text.count, text, length);
    w->text.count += length;
    return true;
}

/* Reads a part; one that is not needed may be missing. */
static flowrules_status read_part(struct workbook *w, enum part part, const char *name,
                                  bool needed) {
    static const struct fr_events events = {begins, ends, text_comes};
    char *text;
    size_t size;
    FR_TRY(fr_archive_part(w->archive, name, &text, &size));
    if (text == NULL)
        return needed ? broken(w, name) : FLOWRULES_OK;
    w->part = part;
    w->status = FLOWRULES_OK;
    w->reads_text = w->reads_phonetic = w->in_styles = false;
    enum fr_events_result result = fr_events_read(&events, w, text, size);
    fr_free(&w->context->allocator, text);
    if (result == FR_EVENTS_NO_MEMORY)
        return fr_no_memory(w->context);
    return result == FR_EVENTS_BROKEN ? broken(w, name) : w->status;
}

/* ---- merged cells -------------------------------------------------------------------------- */

static size_t row_from(const struct fr_sheet *sheet, uint32_t number) {
    size_t low = 0, high = sheet->rows.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fr_vec_at(&sheet->rows, struct fr_row, middle)->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t last_column(const struct fr_sheet *sheet) {
    uint32_t last = 0;
    for (size_t i = 0; i < sheet->cells.count; i++) {
        uint32_t column = fr_vec_at(&sheet->cells, struct fr_cell, i)->column;
        last = column > last ? column : last;
    }
    return last;
}

static flowrules_status cover(struct workbook *w, const struct merge *m, uint32_t last,
                              struct fr_vec *covered) {
    struct fr_sheet *sheet = w->sheet;
    size_t first = row_from(sheet, m->first_row);
    const struct fr_cell *cell = NULL;
    if (first < sheet->rows.count &&
        fr_vec_at(&sheet->rows, struct fr_row, first)->number == m->first_row)
        cell = fr_cell_at(sheet, fr_vec_at(&sheet->rows, struct fr_row, first), m->first_column);
    for (size_t r = first; cell != NULL && r < sheet->rows.count &&
                           fr_vec_at(&sheet->rows, struct fr_row, r)->number <= m->last_row;
         r++)
        for (uint32_t c = m->first_column; c <= m->last_column && c <= last; c++) {
            if (r == first && c == m->first_column)
                continue;
            struct covered *slot = w->sheets->cells++ < FR_CELLS_MAX ? fr_vec_add(covered) : NULL;
            if (slot == NULL && w->sheets->cells > FR_CELLS_MAX)
                return fr_error(&w->context->diagnostics, FR_SHEET_LIMIT,
                                (struct fr_at){sheet->file, 0, 0, 0}, "divide the sheet",
                                "there are more than %u cells", FR_CELLS_MAX);
            if (slot == NULL)
                return fr_no_memory(w->context);
            *slot = (struct covered){r, *cell};
            slot->cell.column = c;
            slot->cell.merged = true;
        }
    return FLOWRULES_OK;
}

static int compare_covered(const void *a, const void *b) {
    const struct covered *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->cell.column < y->cell.column ? -1 : x->cell.column > y->cell.column;
}

/* The cells of all rows once more, with those that are covered in their places. */
static flowrules_status join(struct workbook *w, const struct fr_vec *covered) {
    struct fr_sheet *sheet = w->sheet;
    struct fr_vec cells;
    size_t next = 0;
    fr_vec_init(&cells, &w->context->allocator, sizeof(struct fr_cell));
    if (!fr_vec_reserve(&cells, sheet->cells.count + covered->count + 1))
        return fr_no_memory(w->context);
    for (size_t r = 0; r < sheet->rows.count; r++) {
        struct fr_row *row = fr_vec_at(&sheet->rows, struct fr_row, r);
        uint32_t first = (uint32_t)cells.count;
        for (uint32_t i = 0; i <= row->count; i++) {
            const struct fr_cell *own =
                i < row->count ? fr_vec_at(&sheet->cells, struct fr_cell, row->first + i) : NULL;
            for (; next < covered->count; next++) {
                const struct covered *c = fr_vec_at(covered, struct covered, next);
                if (c->row != r || (own != NULL && c->cell.column > own->column))
                    break;
                if (own == NULL || c->cell.column < own->column)
                    *(struct fr_cell *)fr_vec_add(&cells) = c->cell;
            }
            if (own != NULL)
                *(struct fr_cell *)fr_vec_add(&cells) = *own;
        }
        row->first = first;
        row->count = (uint32_t)cells.count - first;
    }
    fr_vec_free(&sheet->cells);
    sheet->cells = cells;
    return FLOWRULES_OK;
}

static flowrules_status spread_merges(struct workbook *w) {
    struct fr_vec covered;
    uint32_t last = last_column(w->sheet);
    flowrules_status status = FLOWRULES_OK;
    fr_vec_init(&covered, &w->context->allocator, sizeof(struct covered));
    for (size_t i = 0; i < w->merges.count && status == FLOWRULES_OK; i++)
        status = cover(w, fr_vec_at(&w->merges, struct merge, i), last, &covered);
    if (status == FLOWRULES_OK && covered.count > 0) {
        qsort(covered.items, covered.count, sizeof(struct covered), compare_covered);
        status = join(w, &covered);
    }
    fr_vec_free(&covered);
    return status;
}

/* ---- sheets -------------------------------------------------------------------------------- */

static void tell(struct workbook *w, const char *hint, const char *what) {
    struct fr_about about = {.severity = FLOWRULES_NOTE,
                             .id = FR_SHEET_TOLD,
                             .at = {w->file->number, 0, 0, 0},
                             .hint = hint};
    fr_report(&w->context->diagnostics, &about, "sheet '%s': %s", w->sheet->name, what);
}

static void tell_sheet(struct workbook *w) {
    char text[120];
    if (w->sheet->hidden)
        tell(w, "write 'skip: true' at it in the mapping if it is not asked for",
             "it is hidden, and taken");
    if (w->hidden_columns > 0)
        tell(w, NULL, "it has hidden columns, which are taken");
    if (w->formulas == 0)
        return;
    snprintf(text, sizeof text,
             "%zu cells are formulas, the first is %s: the values that were saved are taken",
             w->formulas, w->first_formula);
    tell(w, "open the file and save it if they are old", text);
}

static flowrules_status read_sheet(struct workbook *w, const struct sheet_entry *entry) {
    if (entry->target == NULL)
        return broken(w, entry->name);
    w->sheet = fr_sheet_new(w->sheets, w->file->number, entry->name);
    if (w->sheet == NULL)
        return fr_no_memory(w->context);
    w->sheet->hidden = entry->hidden;
    w->merges.count = 0;
    w->row = 0;
    w->formulas = w->hidden_columns = 0;
    FR_TRY(read_part(w, PART_SHEET, entry->target, true));
    FR_TRY(spread_merges(w));
    if (w->sheet->rows.count > 0)
        tell_sheet(w);
    return FLOWRULES_OK;
}

static flowrules_status read_workbook(struct workbook *w) {
    FR_TRY(fr_archive_open(&w->archive, w->context, w->file));
    FR_TRY(read_part(w, PART_WORKBOOK, "xl/workbook.xml", true));
    FR_TRY(read_part(w, PART_RELATIONS, "xl/_rels/workbook.xml.rels", true));
    FR_TRY(read_part(w, PART_STRINGS, "xl/sharedStrings.xml", false));
    FR_TRY(read_part(w, PART_STYLES, "xl/styles.xml", false));
    for (size_t i = 0; i < w->entries.count; i++)
        FR_TRY(read_sheet(w, fr_vec_at(&w->entries, struct sheet_entry, i)));
    return FLOWRULES_OK;
}

flowrules_status fr_xlsx_read(struct fr_sheets *sheets, const struct fr_handed *file) {
    struct workbook w = {.sheets = sheets, .context = sheets->context, .file = file};
    const struct fr_allocator *allocator = &sheets->context->allocator;
    if (file->size >= 4 && memcmp(file->bytes, "\xD0\xCF\x11\xE0", 4) == 0)
        return fr_error(&w.context->diagnostics, FR_SHEET_FORM,
                        (struct fr_at){file->number, 0, 0, 0},
                        "save it as .xlsx, without a password",
                        "this is a workbook of Excel 97-2003, or one with a password");
    fr_vec_init(&w.entries, allocator, sizeof(struct sheet_entry));
    fr_vec_init(&w.strings, allocator, sizeof(const char *));
    fr_vec_init(&w.date_formats, allocator, sizeof(uint32_t));
    fr_vec_init(&w.dates, allocator, sizeof(bool));
    fr_vec_init(&w.text, allocator, 1);
    fr_vec_init(&w.merges, allocator, sizeof(struct merge));
    flowrules_status status =
        fr_vec_reserve(&w.text, 1) ? read_workbook(&w) : fr_no_memory(w.context);
    fr_archive_free(w.archive);
    fr_vec_free(&w.merges);
    fr_vec_free(&w.text);
    fr_vec_free(&w.dates);
    fr_vec_free(&w.date_formats);
    fr_vec_free(&w.strings);
    fr_vec_free(&w.entries);
    return status;
}
