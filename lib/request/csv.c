/*
 * Comma-separated values: RFC 4180, and what Excel makes of it (semicolons, tabs, "sep=;").
 */
#include <stdio.h>
#include <string.h>

#include "table.h"

/* Rows that are looked at to find what separates cells. */
#define ROWS_TRIED 64u

struct scan {
    const char *text, *end, *at;
    char separator;
    uint32_t line, column; /* of at, from 1 */
    bool broken;           /* a quote is not closed */
};

static void step(struct scan *s) {
    if (*s->at == '\n') {
        s->line++;
        s->column = 1;
    } else if (((unsigned char)*s->at & 0xC0) != 0x80) {
        s->column++;
    }
    s->at++;
}

static bool ends_row(const struct scan *s) {
    return s->at == s->end || *s->at == '\n' || *s->at == '\r';
}

/* A cell in quotes, its doubled quotes as one, to out; its length. */
static size_t read_quoted(struct scan *s, char *out) {
    size_t used = 0;
    for (step(s); s->at < s->end; step(s)) {
        if (*s->at == '"' && (s->at + 1 == s->end || s->at[1] != '"')) {
            step(s);
            return used;
        }
        if (*s->at == '"')
            step(s);
        out[used++] = *s->at;
    }
    s->broken = true;
    return used;
}

/* A cell up to what separates it; what stands behind a closing quote belongs to it. */
static size_t read_cell(struct scan *s, char *out) {
    size_t used = s->at < s->end && *s->at == '"' ? read_quoted(s, out) : 0;
    for (; !ends_row(s) && *s->at != s->separator; step(s))
        out[used++] = *s->at;
    return used;
}

static void end_row(struct scan *s) {
    if (s->at < s->end && *s->at == '\r')
        s->at++;
    if (s->at < s->end && *s->at == '\n') {
        step(s);
    } else {
        s->line++;
        s->column = 1;
    }
}

/* ---- what separates cells ------------------------------------------------------------------ */

/* In how many of the first rows there are as many cells as in most of them, and more than one. */
static unsigned regularity(struct scan s, char *scratch) {
    unsigned counts[ROWS_TRIED], rows = 0, best = 0;
    while (s.at < s.end && rows < ROWS_TRIED) {
        unsigned cells = 1;
        for (read_cell(&s, scratch); !ends_row(&s); read_cell(&s, scratch)) {
            step(&s);
            cells++;
        }
        end_row(&s);
        counts[rows++] = cells;
    }
    for (unsigned i = 0; i < rows; i++) {
        unsigned same = 0;
        for (unsigned k = 0; k < rows; k++)
            same += counts[k] == counts[i] && counts[i] > 1;
        unsigned score = 64 * same + (counts[i] < 64 ? counts[i] : 63);
        best = same > 0 && score > best ? score : best;
    }
    return s.broken ? 0 : best;
}

/* Excel's first line "sep=;" says it; false where there is none. */
static bool says_separator(struct scan *s) {
    if (s->end - s->at < 5 || memcmp(s->at, "sep=", 4) != 0 || strchr(",;\t|", s->at[4]) == NULL)
        return false;
    s->separator = s->at[4];
    while (!ends_row(s))
        step(s);
    end_row(s);
    return true;
}

static void find_separator(struct scan *s, char *scratch) {
    static const char candidates[] = ",;\t|";
    unsigned best = 0;
    if (says_separator(s))
        return;
    s->separator = ',';
    for (size_t i = 0; candidates[i] != '\0'; i++) {
        struct scan tried = *s;
        tried.separator = candidates[i];
        unsigned score = regularity(tried, scratch);
        if (score <= best)
            continue;
        best = score;
        s->separator = candidates[i];
    }
}

/* ---- the whole ----------------------------------------------------------------------------- */

static flowrules_status read_row(struct fr_sheets *sheets, struct fr_sheet *sheet, struct scan *s,
                                 char *scratch) {
    for (uint32_t column = 0;; column++) {
        struct fr_cell cell = {
            .text = scratch, .column = column, .line = s->line, .place = s->column};
        const struct scan begin = *s;
        size_t length = read_cell(s, scratch);
        cell.length = s->line == begin.line ? s->column - begin.column : 0;
        if (s->broken)
            return fr_error(&sheets->context->diagnostics, FR_SHEET_FORM,
                            (struct fr_at){sheet->file, begin.line, begin.column, 1},
                            "write a quote inside of a cell twice, or close the cell",
                            "the quote that begins a cell here is not closed");
        FR_TRY(fr_cell_add(sheets, sheet, &cell, length));
        if (ends_row(s))
            return FLOWRULES_OK;
        step(s);
    }
}

flowrules_status fr_csv_read(struct fr_sheets *sheets, const struct fr_handed *file) {
    struct scan s = {.line = 1, .column = 1};
    size_t size;
    FR_TRY(fr_handed_text(sheets, file, &s.text, &size));
    struct fr_sheet *sheet = fr_sheet_new(sheets, file->number, NULL);
    char *scratch = fr_malloc(&sheets->context->allocator, size + 1);
    flowrules_status status =
        sheet == NULL || scratch == NULL ? fr_no_memory(sheets->context) : FLOWRULES_OK;
    s.at = s.text;
    s.end = s.text + size;
    if (status == FLOWRULES_OK)
        find_separator(&s, scratch);
    for (uint32_t number = 1; s.at < s.end && status == FLOWRULES_OK; number++) {
        status = fr_row_new(sheet, number, s.line) == NULL ? fr_no_memory(sheets->context)
                                                           : read_row(sheets, sheet, &s, scratch);
        end_row(&s);
        if (status == FLOWRULES_OK &&
            fr_vec_at(&sheet->rows, struct fr_row, sheet->rows.count - 1)->count == 0)
            sheet->rows.count--;
    }
    fr_free(&sheets->context->allocator, scratch);
    return status;
}
