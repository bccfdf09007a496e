/*
 * The communication matrix of an OpenShift cluster's nodes, as 'oc commatrix generate' writes it:
 * CSV (github.com/openshift-kni/commatrix, ci-evidence and docs/stable/raw). It has no sources; the
 * destination is the role or group of the nodes.
 */
#include <string.h>

#include "table.h"

/* What the columns are called here, by what they are called there. */
static const char *const headings[][2] = {
    {"direction", "Direction"}, {"protocol", "Protocol"},    {"port", "Port"},
    {"namespace", "Namespace"}, {"service", "Name"},         {"pod", "Pod"},
    {"container", "Container"}, {"noderole", "Destination"}, {"nodegroup", "Destination"},
    {"optional", "Tags"},
};

#define HEADINGS (sizeof headings / sizeof *headings)

/* The number of a column by its heading, without case and blanks; HEADINGS: not known. */
static size_t find_heading(const char *text) {
    for (size_t i = 0; i < HEADINGS; i++) {
        const char *word = headings[i][0], *at = text;
        for (; *at != '\0'; at++) {
            if (*at == ' ')
                continue;
            if ((*at | 0x20) != *word)
                break;
            word++;
        }
        if (*at == '\0' && *word == '\0')
            return i;
    }
    return HEADINGS;
}

/* "true" of what is optional, and "false", as tags. */
static const char *as_tag(const char *text) {
    return strcmp(text, "true") == 0 ? "optional" : strcmp(text, "false") == 0 ? "required" : text;
}

/* Gives the columns of the last sheet their names here. */
static void rename_columns(struct fr_sheet *sheet) {
    uint32_t tags = UINT32_MAX;
    for (size_t i = 0; i < sheet->cells.count && sheet->rows.count > 0; i++) {
        struct fr_cell *cell = fr_vec_at(&sheet->cells, struct fr_cell, i);
        bool head = i < fr_vec_at(&sheet->rows, struct fr_row, 0)->count;
        size_t heading = head ? find_heading(cell->text) : HEADINGS;
        if (heading < HEADINGS)
            cell->text = headings[heading][1];
        if (heading == HEADINGS - 1)
            tags = cell->column;
        else if (cell->column == tags)
            cell->text = as_tag(cell->text);
    }
}

flowrules_status fr_commatrix_read(struct fr_sheets *sheets, const struct fr_handed *file) {
    size_t blank = strspn(file->bytes, " \t\r\n");
    if (blank < file->size && strchr("[{", file->bytes[blank]) != NULL)
        return fr_error(&sheets->context->diagnostics, FR_SHEET_FORM,
                        (struct fr_at){file->number, 0, 0, 0},
                        "write it with: oc commatrix generate --format csv",
                        "the matrix is JSON or YAML, of which CSV alone is read");
    FR_TRY(fr_csv_read(sheets, file));
    rename_columns(*fr_vec_at(&sheets->list, struct fr_sheet *, sheets->list.count - 1));
    return FLOWRULES_OK;
}
