/*
 * A policy from what a team was handed: sheets and documents. Nothing is guessed in silence.
 */
#include <stdio.h>
#include <string.h>

#include "render.h"
#include "request.h"
#include "writer.h"
#include "yaml.h"

static const struct fr_request_kind kinds[] = {
    {"csv", "comma-separated values", fr_csv_read},
    {"xlsx", "a workbook of Excel", fr_xlsx_read},
    {"markdown", "a document in Markdown", fr_markdown_read},
    {"commatrix", "the communication matrix of an OpenShift cluster", fr_commatrix_read},
};

#define KINDS (sizeof kinds / sizeof *kinds)

int flowrules_request_is_kind(const char *kind) {
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, kind) == 0)
            return 1;
    return 0;
}

static const struct fr_request_kind *find_kind(flowrules_context *context, const char *kind) {
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, kind) == 0)
            return &kinds[i];
    fr_error(&context->diagnostics, FR_SHEET_KIND, FR_NOWHERE, "csv, xlsx, markdown or commatrix",
             "'%s' is not a kind of sheets or documents", kind);
    return NULL;
}

flowrules_status flowrules_request_new(flowrules_request **request, flowrules_context *context,
                                       const char *kind) {
    const struct fr_request_kind *found = find_kind(context, kind);
    *request = NULL;
    if (found == NULL)
        return FLOWRULES_USAGE;
    flowrules_request *r = fr_malloc(&context->allocator, sizeof *r);
    if (r == NULL)
        return fr_no_memory(context);
    *r = (struct flowrules_request){.context = context, .kind = found};
    fr_arena_init(&r->arena, &context->allocator);
    fr_vec_init(&r->files, &context->allocator, sizeof(struct fr_handed));
    fr_vec_init(&r->defined, &context->allocator, sizeof(struct fr_defined));
    fr_mapping_init(&r->mapping, &context->allocator);
    *request = r;
    return FLOWRULES_OK;
}

void flowrules_request_free(flowrules_request *r) {
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->files.count; i++) {
        struct fr_handed *file = fr_vec_at(&r->files, struct fr_handed, i);
        fr_diagnostics_forget(&r->context->diagnostics, file->number);
        fr_free(&r->context->allocator, (void *)file->bytes);
    }
    fr_mapping_free(&r->mapping);
    fr_vec_free(&r->defined);
    fr_vec_free(&r->files);
    fr_arena_free(&r->arena);
    fr_free(&r->context->allocator, r);
}

/* Takes over bytes, a block of the allocator. */
static flowrules_status add_file(flowrules_request *r, const char *name, char *bytes, size_t size) {
    struct fr_handed file = {fr_arena_text(&r->arena, name, strlen(name)), bytes, size, 0};
    if (file.name != NULL && fr_vec_reserve(&r->files, 1))
        file.number = fr_diagnostics_file(&r->context->diagnostics, file.name, bytes, size);
    if (file.number == 0) {
        fr_free(&r->context->allocator, bytes);
        return fr_no_memory(r->context);
    }
    *(struct fr_handed *)fr_vec_add(&r->files) = file;
    return FLOWRULES_OK;
}

static flowrules_status copy_bytes(flowrules_request *r, const char *bytes, size_t size,
                                   char **copy) {
    *copy = size < SIZE_MAX ? fr_malloc(&r->context->allocator, size + 1) : NULL;
    if (*copy == NULL)
        return fr_no_memory(r->context);
    if (size > 0)
        memcpy(*copy, bytes, size);
    (*copy)[size] = '\0';
    return FLOWRULES_OK;
}

flowrules_status flowrules_request_add_file(flowrules_request *request, const char *path) {
    char *bytes;
    size_t size;
    FR_TRY(fr_read_file(request->context, path, FR_NOWHERE, &bytes, &size));
    return add_file(request, path, bytes, size);
}

flowrules_status flowrules_request_add_bytes(flowrules_request *request, const char *name,
                                             const char *bytes, size_t size) {
    char *copy;
    FR_TRY(copy_bytes(request, bytes, size, &copy));
    return add_file(request, name, copy, size);
}

/* ---- what is given beside the files -------------------------------------------------------- */

flowrules_status flowrules_request_map(flowrules_request *request, const char *path) {
    struct fr_diagnostics *d = &request->context->diagnostics;
    char *text;
    size_t size;
    FR_TRY(fr_read_file(request->context, path, FR_NOWHERE, &text, &size));
    uint32_t number = fr_diagnostics_file(d, path, text, size);
    flowrules_status status =
        number == 0 ? fr_no_memory(request->context) : fr_mapping_read(request, number, text, size);
    fr_diagnostics_forget(d, number);
    fr_free(&request->context->allocator, text);
    return status;
}

/* The description of a network, of which the other keys are passed over. */
static flowrules_status read_network(flowrules_request *r, struct fr_yaml *yaml,
                                     const struct fr_value *value, struct fr_defined *defined) {
    struct fr_merges merges = {.count = 0};
    struct fr_value key, text;
    bool more = value->kind == FR_MAPPING;
    if (!more)
        return fr_yaml_skip(yaml, value);
    for (;;) {
        FR_TRY(fr_yaml_key(yaml, &merges, &key, &more));
        if (!more)
            return FLOWRULES_OK;
        bool is_description = fr_value_is(&key, "description");
        FR_TRY(fr_yaml_next(yaml, &text));
        if (is_description && text.kind == FR_SCALAR) {
            defined->description = fr_arena_text(&r->arena, text.text, text.length);
            if (defined->description == NULL)
                return fr_no_memory(r->context);
        }
        FR_TRY(fr_yaml_skip(yaml, &text));
    }
}

static flowrules_status read_networks(flowrules_request *r, struct fr_yaml *yaml,
                                      const struct fr_value *value) {
    struct fr_merges merges = {.count = 0};
    struct fr_value key, network;
    bool more;
    if (value->kind != FR_MAPPING)
        return fr_yaml_skip(yaml, value);
    for (;;) {
        struct fr_defined defined = {NULL, NULL};
        FR_TRY(fr_yaml_key(yaml, &merges, &key, &more));
        if (!more)
            return FLOWRULES_OK;
        defined.name = fr_arena_text(&r->arena, key.text, key.length);
        FR_TRY(fr_yaml_next(yaml, &network));
        FR_TRY(read_network(r, yaml, &network, &defined));
        struct fr_defined *slot = defined.name == NULL ? NULL : fr_vec_add(&r->defined);
        if (slot == NULL)
            return fr_no_memory(r->context);
        *slot = defined;
    }
}

static flowrules_status read_definitions(flowrules_request *r, struct fr_yaml *yaml) {
    struct fr_merges merges = {.count = 0};
    struct fr_value key, value;
    bool more;
    FR_TRY(fr_yaml_root(yaml, &value));
    if (value.kind != FR_MAPPING)
        return FLOWRULES_OK;
    for (;;) {
        FR_TRY(fr_yaml_key(yaml, &merges, &key, &more));
        if (!more)
            return FLOWRULES_OK;
        bool networks = fr_value_is(&key, "networks");
        FR_TRY(fr_yaml_next(yaml, &value));
        FR_TRY(networks ? read_networks(r, yaml, &value) : fr_yaml_skip(yaml, &value));
    }
}

flowrules_status flowrules_request_define(flowrules_request *request, const char *path) {
    struct fr_diagnostics *d = &request->context->diagnostics;
    struct fr_yaml *yaml = NULL;
    char *text;
    size_t size;
    FR_TRY(fr_read_file(request->context, path, FR_NOWHERE, &text, &size));
    const struct fr_input input = {text, size, NULL};
    uint32_t number = fr_diagnostics_file(d, path, text, size);
    request->definitions = fr_arena_text(&request->arena, path, strlen(path));
    flowrules_status status = number == 0 || request->definitions == NULL
                                  ? fr_no_memory(request->context)
                                  : fr_yaml_open(&yaml, request->context, number, &input);
    if (status == FLOWRULES_OK)
        status = read_definitions(request, yaml);
    fr_yaml_close(yaml);
    fr_diagnostics_forget(d, number);
    fr_free(&request->context->allocator, text);
    return status;
}

/* ---- the policy ---------------------------------------------------------------------------- */

/* The policy, if there are flows, and the mapping, if it was guessed. */
static flowrules_status make_artifact(flowrules_artifact **artifact, struct fr_taking *t) {
    const struct fr_mapping *mapping = &t->request->mapping;
    bool flows = t->flows.count > 0,
         guessed = !mapping->given && mapping->sheets.count + mapping->columns.count > 0;
    flowrules_artifact *made = fr_artifact_new(t->context, NULL, "policy", "policy", "policy");
    if (made == NULL)
        return fr_no_memory(t->context);
    *artifact = made;
    struct fr_file *policy =
        flows ? fr_file_new(&made->files, &made->arena, "policy", ".yaml", false) : NULL;
    struct fr_file *map =
        guessed ? fr_file_new(&made->files, &made->arena, "map", ".yaml", false) : NULL;
    if ((flows && policy == NULL) || (guessed && map == NULL))
        return fr_no_memory(t->context);
    if (flows)
        FR_TRY(fr_request_write(t, &policy->writer));
    if (guessed)
        fr_mapping_write(&map->writer, t->request);
    return guessed && map->writer.failed ? fr_no_memory(t->context) : FLOWRULES_OK;
}

static flowrules_status read_files(struct fr_taking *t) {
    const flowrules_request *r = t->request;
    for (size_t i = 0; i < r->files.count; i++)
        FR_TRY(r->kind->read(t->sheets, fr_vec_at(&r->files, struct fr_handed, i)));
    for (size_t i = 0; i < t->sheets->list.count; i++) {
        t->sheet = *fr_vec_at(&t->sheets->list, struct fr_sheet *, i);
        FR_TRY(fr_take_sheet(t));
    }
    return FLOWRULES_OK;
}

static flowrules_status tell_none(struct fr_taking *t) {
    const flowrules_request *r = t->request;
    return fr_error(&t->context->diagnostics, FR_SHEET_EMPTY,
                    (struct fr_at){fr_vec_at(&r->files, struct fr_handed, 0)->number, 0, 0, 0},
                    "a flow is a row below headings such as Source, Destination and Service",
                    "no row was taken: there is no policy");
}

static flowrules_status take_all(flowrules_artifact **artifact, struct fr_taking *t) {
    FR_TRY(fr_networks_define(t));
    FR_TRY(fr_name_checker_new(&t->checker, t->context));
    FR_TRY(read_files(t));
    FR_TRY(make_artifact(artifact, t));
    if (t->flows.count == 0)
        return tell_none(t);
    return t->left_out + t->missing.count > 0 ? FLOWRULES_DIFFERENT : FLOWRULES_OK;
}

static void free_taking(struct fr_taking *t) {
    for (size_t i = 0; i < t->flows.count; i++)
        fr_asked_flow_free(fr_vec_at(&t->flows, struct fr_asked_flow, i));
    fr_vec_free(&t->flows);
    fr_vec_free(&t->missing);
    fr_vec_free(&t->columns);
    fr_vec_free(&t->url_ports);
    fr_policy_titles_free(&t->titles);
    fr_strings_free(&t->words);
    fr_strings_free(&t->calls);
    fr_vec_free(&t->called);
    fr_name_checker_free(t->checker);
}

flowrules_status flowrules_import_request(flowrules_artifact **artifact,
                                          flowrules_request *request) {
    flowrules_context *context = request->context;
    const struct fr_allocator *allocator = &context->allocator;
    struct fr_sheets sheets;
    struct fr_taking t = {
        .request = request, .context = context, .arena = &request->arena, .sheets = &sheets};
    *artifact = NULL;
    if (request->files.count == 0)
        return fr_error(&context->diagnostics, FR_SHEET_EMPTY, FR_NOWHERE, NULL,
                        "a request needs a file");
    fr_sheets_init(&sheets, context);
    fr_vec_init(&t.flows, allocator, sizeof(struct fr_asked_flow));
    fr_vec_init(&t.missing, allocator, sizeof(struct fr_missing));
    fr_vec_init(&t.columns, allocator, sizeof(struct fr_column));
    fr_vec_init(&t.url_ports, allocator, sizeof(struct fr_term));
    fr_policy_titles_init(&t.titles, allocator);
    fr_strings_init(&t.words, allocator);
    fr_strings_init(&t.calls, allocator);
    fr_vec_init(&t.called, allocator, sizeof(struct fr_called));
    bool good = fr_services_init(&t.services, allocator);
    flowrules_status status = good ? take_all(artifact, &t) : fr_no_memory(context);
    if (good)
        fr_services_free(&t.services);
    free_taking(&t);
    for (size_t i = 0; i < request->files.count; i++) /* the texts of sheets go */
        fr_diagnostics_forget(&context->diagnostics,
                              fr_vec_at(&request->files, struct fr_handed, i)->number);
    fr_sheets_free(&sheets);
    fr_diagnostics_sort(&context->diagnostics, 0);
    if (!context->diagnostics.out_of_memory && status != FLOWRULES_NO_MEMORY)
        return status;
    flowrules_artifact_free(*artifact);
    *artifact = NULL;
    return FLOWRULES_NO_MEMORY;
}
