/*
 * The mapping as a file: read and written. Knows the keys of the file, not what sheets have.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flowrules/kits/pods.h"
#include "request.h"
#include "writer.h"
#include "yaml.h"

struct map_reader {
    flowrules_request *request;
    struct fr_yaml *yaml;
    bool bad;
};

static flowrules_status wrong(struct map_reader *r, const struct fr_value *value, const char *hint,
                              const char *what) {
    r->bad = true;
    fr_error(&r->request->context->diagnostics, FR_SHEET_MAP, value->at, hint, "%s", what);
    return fr_yaml_skip(r->yaml, value);
}

static char *keep(struct map_reader *r, const struct fr_value *value) {
    char *text = fr_arena_text(&r->request->arena, value->text, value->length);
    if (text == NULL)
        fr_no_memory(r->request->context);
    return text;
}

/* Calls a function for each key of a mapping, with its value. */
typedef flowrules_status (*pair_fn)(struct map_reader *r, const char *key, struct fr_value *value);

static flowrules_status read_pairs(struct map_reader *r, const struct fr_value *mapping,
                                   pair_fn pair) {
    struct fr_merges merges = {.count = 0};
    struct fr_value key, value;
    bool more;
    if (mapping->kind != FR_MAPPING)
        return wrong(r, mapping, NULL, "this must be a mapping");
    for (;;) {
        FR_TRY(fr_yaml_key(r->yaml, &merges, &key, &more));
        if (!more)
            return FLOWRULES_OK;
        const char *text = keep(r, &key);
        if (text == NULL)
            return FLOWRULES_NO_MEMORY;
        FR_TRY(fr_yaml_next(r->yaml, &value));
        FR_TRY(pair(r, text, &value));
    }
}

static flowrules_status read_column(struct map_reader *r, const char *key, struct fr_value *value) {
    struct fr_mapped mapped = {.heading = key};
    char hint[160] = "one of: ignore, x-KEY, source, destination, service, protocol, port, action, "
                     "purpose ...";
    if (value->kind != FR_SCALAR)
        return wrong(r, value, NULL, "what a column is must be one word");
    const char *word = keep(r, value);
    if (word == NULL)
        return FLOWRULES_NO_MEMORY;
    if (!fr_role_parse(word, &mapped.role)) {
        fr_did_you_mean(hint, sizeof hint, fr_nearest(word, fr_role_candidate, NULL));
        return wrong(r, value, hint, "this is nothing that a column can be");
    }
    mapped.key = mapped.role == FR_ROLE_OTHER ? word : NULL;
    struct fr_mapped *slot = fr_vec_add(&r->request->mapping.columns);
    if (slot == NULL)
        return fr_no_memory(r->request->context);
    *slot = mapped;
    return FLOWRULES_OK;
}

static struct fr_mapped_sheet *last_sheet(struct map_reader *r) {
    struct fr_vec *sheets = &r->request->mapping.sheets;
    return fr_vec_at(sheets, struct fr_mapped_sheet, sheets->count - 1);
}

static flowrules_status read_sheet_key(struct map_reader *r, const char *key,
                                       struct fr_value *value) {
    char *end;
    if (value->kind != FR_SCALAR)
        return wrong(r, value, NULL, "this must be one value");
    if (strcmp(key, "headings") == 0) {
        unsigned long row = strtoul(value->text, &end, 10);
        if (*end != '\0' || row == 0 || row > FR_ROWS_MAX)
            return wrong(r, value, "the number of the row, from 1", "this is not a row");
        last_sheet(r)->row = (uint32_t)row;
        return FLOWRULES_OK;
    }
    if (strcmp(key, "skip") == 0) {
        last_sheet(r)->skip = fr_value_is(value, "true");
        return FLOWRULES_OK;
    }
    const char *text = keep(r, value);
    if (text == NULL)
        return FLOWRULES_NO_MEMORY;
    if (strcmp(key, "file") == 0)
        last_sheet(r)->file = text;
    else if (strcmp(key, "sheet") == 0)
        last_sheet(r)->name = text;
    else
        return wrong(r, value, "file, sheet, headings or skip", "a sheet does not have this key");
    return FLOWRULES_OK;
}

static flowrules_status read_sheets(struct map_reader *r, const struct fr_value *value) {
    struct fr_value item;
    bool more;
    if (value->kind != FR_SEQUENCE)
        return wrong(r, value, NULL, "'sheets' must be a list");
    for (;;) {
        FR_TRY(fr_yaml_item(r->yaml, &item, &more));
        if (!more)
            return FLOWRULES_OK;
        if (fr_vec_push(&r->request->mapping.sheets) == NULL)
            return fr_no_memory(r->request->context);
        FR_TRY(read_pairs(r, &item, read_sheet_key));
    }
}

static flowrules_status read_default(struct map_reader *r, const char *key,
                                     struct fr_value *value) {
    enum fr_role role;
    if (value->kind != FR_SCALAR || !fr_role_parse(key, &role) || role <= FR_ROLE_OTHER)
        return wrong(r, value, "source, destination, service, protocol, port, action, owner ...",
                     "this is nothing that every row can have");
    char *text = keep(r, value);
    r->request->mapping.defaults[role] = text;
    return text == NULL ? FLOWRULES_NO_MEMORY : FLOWRULES_OK;
}

static flowrules_status add_name_item(struct map_reader *r, struct fr_mapped_name *name,
                                      const struct fr_value *value) {
    if (value->kind != FR_SCALAR)
        return wrong(r, value, NULL, "a name is a text or a list of texts");
    const char *text = keep(r, value), **slot = text == NULL ? NULL : fr_vec_add(&name->items);
    if (slot == NULL)
        return fr_no_memory(r->request->context);
    *slot = text;
    return FLOWRULES_OK;
}

static flowrules_status read_name(struct map_reader *r, const char *key, struct fr_value *value) {
    struct fr_mapped_name *name = fr_vec_push(&r->request->mapping.names);
    struct fr_value item;
    bool more = true;
    if (name == NULL)
        return fr_no_memory(r->request->context);
    name->text = key;
    fr_vec_init(&name->items, &r->request->context->allocator, sizeof(const char *));
    if (value->kind != FR_SEQUENCE)
        return add_name_item(r, name, value);
    for (;;) {
        FR_TRY(fr_yaml_item(r->yaml, &item, &more));
        if (!more)
            return FLOWRULES_OK;
        FR_TRY(add_name_item(r, name, &item));
    }
}

static flowrules_status read_key(struct map_reader *r, const char *key, struct fr_value *value) {
    struct fr_mapping *mapping = &r->request->mapping;
    if (strcmp(key, "columns") == 0)
        return read_pairs(r, value, read_column);
    if (strcmp(key, "sheets") == 0)
        return read_sheets(r, value);
    if (strcmp(key, "defaults") == 0)
        return read_pairs(r, value, read_default);
    if (strcmp(key, "names") == 0)
        return read_pairs(r, value, read_name);
    if (strcmp(key, "flowrules-map") == 0)
        return fr_value_is(value, "1") ? FLOWRULES_OK
                                       : wrong(r, value, "write 1", "this version is not known");
    if (strcmp(key, "dates") != 0)
        return wrong(r, value, "flowrules-map, sheets, columns, defaults, names or dates",
                     "a mapping does not have this key");
    mapping->dates = fr_value_is(value, "day-first")     ? FR_DATES_DAY_FIRST
                     : fr_value_is(value, "month-first") ? FR_DATES_MONTH_FIRST
                                                         : FR_DATES_UNKNOWN;
    return mapping->dates != FR_DATES_UNKNOWN
               ? FLOWRULES_OK
               : wrong(r, value, "day-first or month-first", "this is no order of dates");
}

flowrules_status fr_mapping_read(flowrules_request *request, uint32_t file, const char *text,
                                 size_t size) {
    struct map_reader r = {.request = request};
    const struct fr_input input = {text, size, NULL};
    struct fr_value root;
    request->mapping.given = true;
    request->mapping.file = file;
    FR_TRY(fr_yaml_open(&r.yaml, request->context, file, &input));
    flowrules_status status = fr_yaml_root(r.yaml, &root);
    if (status == FLOWRULES_OK)
        status = read_pairs(&r, &root, read_key);
    if (status == FLOWRULES_OK)
        status = fr_yaml_finish(r.yaml);
    fr_yaml_close(r.yaml);
    return status == FLOWRULES_OK && r.bad ? FLOWRULES_INVALID : status;
}

/* ---- writing ------------------------------------------------------------------------------- */

static void write_columns(struct flowrules_writer *w, const struct fr_mapping *mapping) {
    flowrules_write(w, mapping->columns.count > 0 ? "columns:\n" : "columns: {}\n");
    for (size_t i = 0; i < mapping->columns.count; i++) {
        const struct fr_mapped *column = fr_vec_at(&mapping->columns, struct fr_mapped, i);
        flowrules_write(w, "  ");
        flowrules_yaml_write(w, column->heading);
        flowrules_writef(w, ": %s # %s\n",
                         column->role == FR_ROLE_OTHER ? column->key : fr_role_word(column->role),
                         column->why == NULL ? "" : column->why);
    }
}

void fr_mapping_write(struct flowrules_writer *w, const flowrules_request *request) {
    flowrules_write(w, "# How 'flowrules import' takes the columns. It was guessed from the "
                       "headings: check it and\n"
                       "# change what is wrong. From now on it is used as it is. A column is "
                       "ignore, x-KEY (kept as\n"
                       "# it is) or: ");
    for (size_t i = 1, used = 16; fr_role_candidate(NULL, i) != NULL; i++) {
        const char *word = fr_role_candidate(NULL, i);
        bool breaks = used + strlen(word) > 90;
        flowrules_writef(w, "%s%s", i == 1 ? "" : breaks ? ",\n# " : ", ", word);
        used = breaks ? strlen(word) + 2 : used + strlen(word) + 2;
    }
    flowrules_write(w, ".\nflowrules-map: 1\n\n");
    if (request->mapping.sheets.count > 0)
        flowrules_write(w, "sheets:\n");
    for (size_t i = 0; i < request->mapping.sheets.count; i++) {
        const struct fr_mapped_sheet *sheet =
            fr_vec_at(&request->mapping.sheets, struct fr_mapped_sheet, i);
        flowrules_write(w, "  - {file: ");
        flowrules_yaml_write(w, sheet->file);
        if (sheet->name != NULL) {
            flowrules_write(w, ", sheet: ");
            flowrules_yaml_write(w, sheet->name);
        }
        if (sheet->skip)
            flowrules_write(w, ", skip: true} # no row has headings of flows\n");
        else
            flowrules_writef(w, ", headings: %u} # the row with most headings that are known\n",
                             (unsigned)sheet->row);
    }
    flowrules_write(w, request->mapping.sheets.count > 0 ? "\n" : "");
    write_columns(w, &request->mapping);
    flowrules_write(
        w, "\n# What every row has that no column says: source, action ...\ndefaults: {}\n\n"
           "# What texts of cells are, as in a policy: {Head office: [192.0.2.0/24]}\n"
           "names: {}\n");
}
