/*
 * The parts of a ZIP archive in memory, by libzip, within bounds.
 */
#ifndef FR_ARCHIVE_H
#define FR_ARCHIVE_H

#include "table.h"

/* Entries, and what the parts that are read are together. */
#define FR_ARCHIVE_ENTRIES_MAX 10000
#define FR_ARCHIVE_BYTES_MAX   268435456u
/* Beyond so many bytes, a part is at most so many times what it was packed into. */
#define FR_ARCHIVE_RATIO_FROM 16777216u
#define FR_ARCHIVE_RATIO_MAX  200u

struct fr_archive;

/* Errors are reported. The bytes of the file are borrowed. */
flowrules_status fr_archive_open(struct fr_archive **archive, flowrules_context *context,
                                 const struct fr_handed *file);
void fr_archive_free(struct fr_archive *archive); /* may be NULL */
/*
 * A part by its name, unpacked: a block of the context's allocator, NULL-terminated; *text is NULL,
 * with FLOWRULES_OK, where there is no such part.
 */
flowrules_status fr_archive_part(struct fr_archive *archive, const char *name, char **text,
                                 size_t *size);

#endif
