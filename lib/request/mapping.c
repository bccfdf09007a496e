/*
 * What the columns of a sheet are: by the mapping, else by their headings. Guesses are added to the
 * mapping, each with its reason.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

/* The headings are in one of the first rows that have a text. */
#define ROWS_LOOKED_AT 50u

void fr_mapping_init(struct fr_mapping *mapping, const struct fr_allocator *allocator) {
    *mapping = (struct fr_mapping){.given = false};
    fr_vec_init(&mapping->columns, allocator, sizeof(struct fr_mapped));
    fr_vec_init(&mapping->sheets, allocator, sizeof(struct fr_mapped_sheet));
    fr_vec_init(&mapping->names, allocator, sizeof(struct fr_mapped_name));
}

void fr_mapping_free(struct fr_mapping *mapping) {
    for (size_t i = 0; i < mapping->names.count; i++)
        fr_vec_free(&fr_vec_at(&mapping->names, struct fr_mapped_name, i)->items);
    fr_vec_free(&mapping->columns);
    fr_vec_free(&mapping->sheets);
    fr_vec_free(&mapping->names);
}

static bool same_text(const char *text, size_t length, const char *other) {
    return strlen(other) == length && memcmp(text, other, length) == 0;
}

const struct fr_mapped_name *fr_mapped_name(const struct fr_mapping *mapping, const char *text,
                                            size_t length) {
    for (size_t i = 0; i < mapping->names.count; i++) {
        const struct fr_mapped_name *name = fr_vec_at(&mapping->names, struct fr_mapped_name, i);
        if (same_text(text, length, name->text))
            return name;
    }
    return NULL;
}

static const struct fr_mapped *find_column(const struct fr_mapping *mapping, const char *heading) {
    for (size_t i = 0; i < mapping->columns.count; i++) {
        const struct fr_mapped *column = fr_vec_at(&mapping->columns, struct fr_mapped, i);
        if (strcmp(column->heading, heading) == 0)
            return column;
    }
    return NULL;
}

static const char *file_name(const struct fr_taking *t) {
    return fr_diagnostics_file_name(&t->context->diagnostics, t->sheet->file);
}

static const struct fr_mapped_sheet *find_sheet(const struct fr_taking *t) {
    for (size_t i = 0; i < t->request->mapping.sheets.count; i++) {
        const struct fr_mapped_sheet *sheet =
            fr_vec_at(&t->request->mapping.sheets, struct fr_mapped_sheet, i);
        if (fr_same_text(sheet->file, file_name(t)) && fr_same_text(sheet->name, t->sheet->name))
            return sheet;
    }
    return NULL;
}

/* ---- the row of headings ------------------------------------------------------------------- */

static enum fr_role role_of(const struct fr_taking *t, const char *heading, const char **why) {
    const struct fr_mapped *mapped = find_column(&t->request->mapping, heading);
    *why = "";
    return mapped != NULL && mapped->why == NULL ? mapped->role : fr_heading_role(heading, why);
}

/* How many columns a row of headings would make known; 0 if a flow cannot be read with them. */
static size_t count_known(const struct fr_taking *t, const struct fr_row *row) {
    bool ends = t->sheet->source != NULL, rest = false;
    size_t known = 0;
    for (uint32_t i = 0; i < row->count; i++) {
        const char *why;
        enum fr_role role =
            role_of(t, fr_vec_at(&t->sheet->cells, struct fr_cell, row->first + i)->text, &why);
        bool end = role >= FR_ROLE_SOURCE && role <= FR_ROLE_DESTINATION_NAME;
        known += role > FR_ROLE_OTHER;
        rest = rest || (ends && end) || (role >= FR_ROLE_SERVICE && role <= FR_ROLE_PORT);
        ends = ends || end;
    }
    return ends && rest ? known : 0;
}

static size_t guess_headings(const struct fr_taking *t) {
    size_t best = 0, found = SIZE_MAX;
    for (size_t i = 0; i < t->sheet->rows.count && i < ROWS_LOOKED_AT; i++) {
        size_t known = count_known(t, fr_vec_at(&t->sheet->rows, struct fr_row, i));
        if (known > best) {
            best = known;
            found = i;
        }
    }
    return found;
}

static size_t index_of_row(const struct fr_taking *t, uint32_t number) {
    for (size_t i = 0; i < t->sheet->rows.count; i++)
        if (fr_vec_at(&t->sheet->rows, struct fr_row, i)->number == number)
            return i;
    return SIZE_MAX;
}

static flowrules_status add_sheet(struct fr_taking *t, size_t headings) {
    struct fr_mapped_sheet *slot = fr_vec_push(&t->request->mapping.sheets);
    if (slot == NULL)
        return fr_no_memory(t->context);
    slot->file = file_name(t);
    slot->name = t->sheet->name;
    slot->skip = headings == SIZE_MAX;
    slot->row = slot->skip ? 0 : fr_vec_at(&t->sheet->rows, struct fr_row, headings)->number;
    return FLOWRULES_OK;
}

static void tell_no_headings(struct fr_taking *t) {
    struct fr_about about = {
        .severity = FLOWRULES_WARNING,
        .id = FR_SHEET_HEADING,
        .at = {t->sheet->file, 0, 0, 0},
        .hint =
            "a row needs headings such as Source, Destination and Service; say what others mean "
            "under 'columns' of the mapping"};
    if (t->sheet->rows.count > 0)
        fr_report(
            &t->context->diagnostics, &about,
            "%s%s%sno row has headings of a source or destination and a service: nothing of it "
            "is taken",
            t->sheet->name == NULL ? "" : "sheet '", t->sheet->name == NULL ? "" : t->sheet->name,
            t->sheet->name == NULL ? "" : "': ");
    t->left_out += t->sheet->rows.count > 0;
}

/* A table of a document may be about something else. */
static flowrules_status tell_other_table(struct fr_taking *t) {
    t->row = t->sheet->rows.count > 0 ? fr_vec_at(&t->sheet->rows, struct fr_row, 0) : NULL;
    if (t->row != NULL)
        fr_told(t, "if it is, say under 'columns' of the mapping what its headings mean",
                "the table is not taken: its headings are not those of flows");
    return FLOWRULES_OK;
}

static flowrules_status find_headings(struct fr_taking *t, size_t *headings) {
    const struct fr_mapped_sheet *mapped = t->sheet->document ? NULL : find_sheet(t);
    if (t->sheet->document) {
        *headings = t->sheet->rows.count > 0 &&
                            count_known(t, fr_vec_at(&t->sheet->rows, struct fr_row, 0)) > 0
                        ? 0
                        : SIZE_MAX;
        return *headings == 0 ? FLOWRULES_OK : tell_other_table(t);
    }
    if (mapped != NULL && mapped->skip) {
        *headings = SIZE_MAX;
        return FLOWRULES_OK;
    }
    *headings = mapped != NULL ? index_of_row(t, mapped->row) : guess_headings(t);
    if (*headings == SIZE_MAX)
        tell_no_headings(t);
    return mapped != NULL || t->sheet->rows.count == 0 ? FLOWRULES_OK : add_sheet(t, *headings);
}

/* ---- columns ------------------------------------------------------------------------------- */

/* "x-" and the heading in small letters, "x-source-zone"; with the column where that is taken. */
static const char *key_of(struct fr_taking *t, const char *heading, uint32_t column) {
    char key[FR_FOLDED_MAX + 4] = "x-", folded[FR_FOLDED_MAX], letters[16];
    size_t used = 2;
    for (const char *at = heading; *at != '\0' && used < FR_FOLDED_MAX; at++) {
        size_t one = 1;
        while ((at[one] & 0xC0) == 0x80)
            one++;
        fr_fold(at, one, folded);
        if (folded[0] != '\0')
            used += (size_t)snprintf(key + used, sizeof key - used, "%s", folded);
        else if (key[used - 1] != '-')
            key[used++] = '-';
        used = used > FR_FOLDED_MAX ? FR_FOLDED_MAX : used;
        key[used] = '\0';
        at += one - 1;
    }
    while (used > 2 && key[used - 1] == '-')
        key[--used] = '\0';
    bool taken = used == 2 || strcmp(key, "x-origin") == 0;
    for (size_t i = 0; i < t->columns.count; i++)
        taken = taken || fr_same_text(fr_vec_at(&t->columns, struct fr_column, i)->key, key);
    fr_cell_name(letters, 0, column);
    letters[strlen(letters) - 1] = '\0';
    return taken ? fr_arena_printf(t->arena, "%s%scolumn-%s", key, used == 2 ? "" : "-", letters)
                 : fr_arena_text(t->arena, key, used);
}

static bool has_role(const struct fr_taking *t, enum fr_role role) {
    for (size_t i = 0; i < t->columns.count; i++)
        if (fr_vec_at(&t->columns, struct fr_column, i)->role == role)
            return true;
    return false;
}

/* Does a heading of the row mean this, when it is guessed? */
static bool has_heading_of(const struct fr_taking *t, enum fr_role role) {
    for (uint32_t i = 0; i < t->row->count; i++) {
        const char *why;
        if (fr_heading_role(fr_vec_at(&t->sheet->cells, struct fr_cell, t->row->first + i)->text,
                            &why) == role)
            return true;
    }
    return false;
}

static bool has_heading(const struct fr_taking *t, const char *heading) {
    for (size_t i = 0; i < t->columns.count; i++)
        if (fr_same_text(fr_vec_at(&t->columns, struct fr_column, i)->heading, heading))
            return true;
    return false;
}

/* A heading on one line; with its column where another one has the same. */
static const char *heading_of(struct fr_taking *t, const struct fr_cell *cell) {
    char *text = fr_arena_text(t->arena, cell->text, strlen(cell->text)), letters[16];
    for (size_t i = 0; text != NULL && text[i] != '\0'; i++)
        if (text[i] == '\n' || text[i] == '\r' || text[i] == '\t')
            text[i] = ' ';
    if (text == NULL || !has_heading(t, text))
        return text;
    fr_cell_name(letters, 0, cell->column);
    letters[strlen(letters) - 1] = '\0';
    return fr_arena_printf(t->arena, "%s (%s)", text, letters);
}

/* Guesses a column; a second one for the same is kept as it is. */
static const char *guess_column(struct fr_taking *t, const struct fr_cell *cell,
                                struct fr_column *column) {
    const char *language = "";
    column->role = fr_heading_role(column->heading, &language);
    if (column->role == FR_ROLE_SERVICE && has_heading_of(t, FR_ROLE_PORT) &&
        !has_heading_of(t, FR_ROLE_NAME)) {
        column->role = FR_ROLE_NAME;
        return "a service beside a column of ports is its name";
    }
    /* A name beside the addresses of the same end describes it. */
    bool known = column->role != FR_ROLE_NONE;
    const char *word = fr_role_word(column->role);
    if (known && !has_role(t, column->role))
        return fr_arena_printf(t->arena, "%s", language);
    column->role = FR_ROLE_OTHER;
    column->key = key_of(t, column->heading, cell->column);
    if (column->key == NULL)
        return NULL;
    return known ? fr_arena_printf(t->arena, "a second column for %s, kept as it is", word)
                 : "not known, kept as it is";
}

static flowrules_status remember(struct fr_taking *t, const struct fr_column *column,
                                 const char *why) {
    struct fr_mapped *slot = why == NULL ? NULL : fr_vec_push(&t->request->mapping.columns);
    if (slot == NULL)
        return fr_no_memory(t->context);
    *slot = (struct fr_mapped){column->heading, column->role, column->key, why};
    return FLOWRULES_OK;
}

/* The mapping that was given does not have this heading. */
static void tell_new_heading(struct fr_taking *t, const struct fr_column *column) {
    bool known = column->role != FR_ROLE_OTHER;
    struct fr_about about = {.severity = known ? FLOWRULES_NOTE : FLOWRULES_WARNING,
                             .id = known ? FR_SHEET_TOLD : FR_SHEET_HEADING,
                             .at = fr_cell_place(t->sheet, t->row, t->cell),
                             .hint = "add it under 'columns' of the mapping"};
    t->role = FR_ROLE_NONE;
    fr_report(&t->context->diagnostics, &about,
              "%s: the mapping does not have the heading '%s', which is taken as '%s'", fr_where(t),
              column->heading,
              column->role == FR_ROLE_OTHER ? column->key : fr_role_word(column->role));
}

/* The heading with its sheet, "Service (Flows)", for one that means something else elsewhere. */
static const char *qualified(struct fr_taking *t, const char *heading) {
    return t->sheet->name != NULL
               ? fr_arena_printf(t->arena, "%s (%s)", heading, t->sheet->name)
               : fr_arena_printf(t->arena, "%s (line %u)", heading, (unsigned)t->row->line);
}

/* A heading that the mapping does not have, or has by a guess for another sheet. */
static flowrules_status guess_new(struct fr_taking *t, const struct fr_cell *cell,
                                  const struct fr_mapped *known, struct fr_column *column) {
    const char *why = guess_column(t, cell, column), *heading = column->heading;
    if (why == NULL)
        return fr_no_memory(t->context);
    if (known != NULL && known->role == column->role)
        return FLOWRULES_OK;
    if (known != NULL)
        column->heading = qualified(t, heading);
    if (column->heading == NULL)
        return fr_no_memory(t->context);
    FR_TRY(remember(t, column, why));
    column->heading = heading;
    t->cell = cell;
    if (t->request->mapping.given)
        tell_new_heading(t, column);
    t->cell = NULL;
    return FLOWRULES_OK;
}

static flowrules_status map_column(struct fr_taking *t, const struct fr_cell *cell) {
    struct fr_column column = {.heading = heading_of(t, cell)};
    const char *own = column.heading == NULL ? NULL : qualified(t, column.heading);
    if (own == NULL)
        return fr_no_memory(t->context);
    const struct fr_mapping *mapping = &t->request->mapping;
    const struct fr_mapped *mapped = find_column(mapping, own);
    if (mapped == NULL)
        mapped = find_column(mapping, column.heading);
    if (mapped != NULL && mapped->why == NULL) {
        column.role = mapped->role;
        column.key = mapped->key;
    } else {
        FR_TRY(guess_new(t, cell, mapped, &column));
    }
    while (t->columns.count <= cell->column)
        if (fr_vec_push(&t->columns) == NULL)
            return fr_no_memory(t->context);
    *fr_vec_at(&t->columns, struct fr_column, cell->column) = column;
    return FLOWRULES_OK;
}

flowrules_status fr_map_columns(struct fr_taking *t, size_t *headings) {
    t->columns.count = 0;
    t->cell = NULL;
    t->row = NULL;
    FR_TRY(find_headings(t, headings));
    if (*headings == SIZE_MAX)
        return FLOWRULES_OK;
    const struct fr_row *row = fr_vec_at(&t->sheet->rows, struct fr_row, *headings);
    t->row = row;
    for (uint32_t i = 0; i < row->count; i++)
        FR_TRY(map_column(t, fr_vec_at(&t->sheet->cells, struct fr_cell, row->first + i)));
    return FLOWRULES_OK;
}
