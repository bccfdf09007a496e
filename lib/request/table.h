/*
 * What a sheet or a document has, whatever its kind: tables of cells, each with its place. Knows no
 * heading and no language. csv.c and others make them.
 */
#ifndef FR_TABLE_H
#define FR_TABLE_H

#include "context.h"

/* A sheet of Excel has as many; its cells, up to so many characters. */
#define FR_ROWS_MAX    1048576u
#define FR_COLUMNS_MAX 16384u
#define FR_CELL_MAX    32767u
/* All cells with a text, of all files together. */
#define FR_CELLS_MAX 4000000u

struct fr_cell {
    const char *text;             /* UTF-8 without blanks around it; never empty */
    uint32_t column;              /* from 0 */
    uint32_t line, place, length; /* in the file's text: line and column; 0: it has none */
    bool merged;                  /* the cell is one with others: the text is that of the first */
};

struct fr_row {
    uint32_t number;       /* as people count them, from 1 */
    uint32_t line;         /* in the file's text; 0: it has none */
    uint32_t first, count; /* of its cells, in the order of columns */
    bool hidden;
};

struct fr_sheet {
    uint32_t file;    /* in the diagnostics */
    const char *name; /* of a sheet; NULL: the file has only one */
    bool hidden;
    bool document;       /* of a document: rows are its lines, and the first one has the headings */
    bool listed;         /* it was lines of "Destination: ..." */
    const char *source;  /* of all rows, as the section says; or NULL */
    const char *title;   /* of a document, the heading above it; or NULL */
    const char *tags[4]; /* what the headings say: required, inbound ...; NULL at the end */
    struct fr_vec cells; /* struct fr_cell */
    struct fr_vec rows;  /* struct fr_row: those with a text */
};

/* All sheets of the files of a request. */
struct fr_sheets {
    flowrules_context *context;
    struct fr_arena arena; /* of all texts */
    struct fr_vec list;    /* struct fr_sheet * */
    size_t cells;
};

void fr_sheets_init(struct fr_sheets *sheets, flowrules_context *context);
void fr_sheets_free(struct fr_sheets *sheets);
/* A new sheet of a file, at the end; name may be NULL. NULL when out of memory. */
struct fr_sheet *fr_sheet_new(struct fr_sheets *sheets, uint32_t file, const char *name);
/* A new row, to which the next cells belong; NULL when out of memory. */
struct fr_row *fr_row_new(struct fr_sheet *sheet, uint32_t number, uint32_t line);
/*
 * Adds a cell to the last row, with a copy of its text without blanks around it; nothing where only
 * blanks are. Reports what is beyond the limits.
 */
flowrules_status fr_cell_add(struct fr_sheets *sheets, struct fr_sheet *sheet,
                             const struct fr_cell *cell, size_t length);
/* The cell of a row in a column, or NULL. */
const struct fr_cell *fr_cell_at(const struct fr_sheet *sheet, const struct fr_row *row,
                                 uint32_t column);
/* The place of a cell for messages; of a row for NULL. */
struct fr_at fr_cell_place(const struct fr_sheet *sheet, const struct fr_row *row,
                           const struct fr_cell *cell);
/* "C7" for a row and a column from 0; text has room for 16 bytes. */
void fr_cell_name(char text[16], uint32_t row, uint32_t column);

/* A file of a request. */
struct fr_handed {
    const char *name, *bytes;
    size_t size;
    uint32_t number; /* in the diagnostics */
};

/*
 * The text of a file as UTF-8, which messages then show: from UTF-8, UTF-16 with a byte order mark,
 * or Windows-1252, which is reported. *text is of the sheets' arena.
 */
flowrules_status fr_handed_text(struct fr_sheets *sheets, const struct fr_handed *file,
                                const char **text, size_t *size);

/* Reads a file of comma-separated values (RFC 4180, and with semicolons, tabs or bars). */
flowrules_status fr_csv_read(struct fr_sheets *sheets, const struct fr_handed *file);

/* Reads a workbook of Excel (.xlsx). */
flowrules_status fr_xlsx_read(struct fr_sheets *sheets, const struct fr_handed *file);

/* Reads a document in Markdown. */
#define FR_DOCUMENT_MAX 16777216u
flowrules_status fr_markdown_read(struct fr_sheets *sheets, const struct fr_handed *file);

/* Reads the communication matrix of an OpenShift cluster. */
flowrules_status fr_commatrix_read(struct fr_sheets *sheets, const struct fr_handed *file);

#endif
