/*
 * Unpacking within bounds: what is unpacked is counted, not what the archive says of itself.
 */
#include "archive.h"

#include <string.h>
#include <zip.h>

struct fr_archive {
    flowrules_context *context;
    uint32_t file;
    zip_t *zip;
    uint64_t used; /* bytes that were unpacked */
};

static flowrules_status broken(struct fr_archive *a, const char *what) {
    return fr_error(&a->context->diagnostics, FR_SHEET_FORM, (struct fr_at){a->file, 0, 0, 0},
                    "save it again as .xlsx", "the workbook is damaged: %s", what);
}

static flowrules_status beyond(struct fr_archive *a, const char *what, unsigned most) {
    return fr_error(&a->context->diagnostics, FR_SHEET_LIMIT, (struct fr_at){a->file, 0, 0, 0},
                    "save the sheet with the request alone", what, most);
}

static flowrules_status failed(struct fr_archive *a, int code, const char *what) {
    return code == ZIP_ER_MEMORY ? fr_no_memory(a->context) : broken(a, what);
}

/* Opens it; the error of libzip, 0 for none. */
static int try_open(struct fr_archive *a, const struct fr_handed *file) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(file->bytes, file->size, 0, &error);
    a->zip = source == NULL ? NULL : zip_open_from_source(source, ZIP_RDONLY, &error);
    int code = a->zip == NULL ? zip_error_code_zip(&error) : 0;
    if (a->zip == NULL && source != NULL)
        zip_source_free(source);
    zip_error_fini(&error);
    return code;
}

/* libzip takes some lack of memory for damage: a second try tells them apart. */
static flowrules_status open_zip(struct fr_archive *a, const struct fr_handed *file) {
    bool looks = file->size > 4 && memcmp(file->bytes, "PK", 2) == 0;
    int code = try_open(a, file);
    if (a->zip == NULL && looks && code != ZIP_ER_MEMORY)
        code = try_open(a, file);
    if (a->zip == NULL)
        return failed(a, code, "it is not a ZIP archive");
    if (zip_get_num_entries(a->zip, 0) > FR_ARCHIVE_ENTRIES_MAX)
        return beyond(a, "the workbook has more than %u parts", FR_ARCHIVE_ENTRIES_MAX);
    return FLOWRULES_OK;
}

flowrules_status fr_archive_open(struct fr_archive **archive, flowrules_context *context,
                                 const struct fr_handed *file) {
    struct fr_archive *a = fr_malloc(&context->allocator, sizeof *a);
    *archive = a;
    if (a == NULL)
        return fr_no_memory(context);
    *a = (struct fr_archive){.context = context, .file = file->number};
    return open_zip(a, file);
}

void fr_archive_free(struct fr_archive *archive) {
    if (archive == NULL)
        return;
    if (archive->zip != NULL)
        zip_discard(archive->zip);
    fr_free(&archive->context->allocator, archive);
}

/* Unpacks in pieces: the block grows with what comes, not with what is announced. */
static flowrules_status unpack(struct fr_archive *a, zip_file_t *part, uint64_t packed,
                               struct fr_vec *bytes) {
    for (;;) {
        if (!fr_vec_reserve(bytes, 65537))
            return fr_no_memory(a->context);
        zip_int64_t count = zip_fread(part, (char *)bytes->items + bytes->count, 65536);
        if (count < 0)
            return failed(a, zip_error_code_zip(zip_file_get_error(part)),
                          "a part of it cannot be unpacked");
        if (count == 0)
            return FLOWRULES_OK;
        bytes->count += (size_t)count;
        a->used += (uint64_t)count;
        if (a->used > FR_ARCHIVE_BYTES_MAX)
            return beyond(a, "the workbook has more than %u bytes", FR_ARCHIVE_BYTES_MAX);
        if (bytes->count > FR_ARCHIVE_RATIO_FROM && bytes->count / FR_ARCHIVE_RATIO_MAX > packed)
            return beyond(a, "a part of the workbook is packed more than %u times",
                          FR_ARCHIVE_RATIO_MAX);
    }
}

static flowrules_status read_part(struct fr_archive *a, zip_uint64_t index, struct fr_vec *bytes) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    bool known = zip_stat_index(a->zip, index, 0, &stat) == 0 && (stat.valid & ZIP_STAT_COMP_SIZE);
    zip_file_t *part = zip_fopen_index(a->zip, index, 0);
    if (part == NULL)
        return failed(a, zip_error_code_zip(zip_get_error(a->zip)), "a part of it cannot be read");
    flowrules_status status = unpack(a, part, known ? stat.comp_size : 0, bytes);
    zip_fclose(part);
    return status;
}

flowrules_status fr_archive_part(struct fr_archive *archive, const char *name, char **text,
                                 size_t *size) {
    struct fr_vec bytes;
    zip_int64_t index = zip_name_locate(archive->zip, name, ZIP_FL_NOCASE);
    *text = NULL;
    if (index < 0)
        return FLOWRULES_OK;
    fr_vec_init(&bytes, &archive->context->allocator, 1);
    flowrules_status status = read_part(archive, (zip_uint64_t)index, &bytes);
    if (status != FLOWRULES_OK) {
        fr_vec_free(&bytes);
        return status;
    }
    ((char *)bytes.items)[bytes.count] = '\0';
    *text = bytes.items;
    *size = bytes.count;
    return FLOWRULES_OK;
}
