/*
 * What flowrules wrote into a folder: a file of it, by which the next writing knows its own files
 * from others', and says which of them may be of two versions. Knows no files but this one.
 */
#ifndef CLI_MANIFEST_H
#define CLI_MANIFEST_H

#include <stdint.h>

#include "names.h"
#include "tool.h"

#define MANIFEST_NAME ".flowrules-manifest.json"

struct manifest_entry {
    char *name;   /* of the file, in the folder */
    char *policy; /* its path, relative to the folder; "-" for standard input */
    char *target;
    uint64_t hash; /* of the file's bytes */
    bool changing; /* the writing of it, or its removal, was not finished */
};

struct manifest {
    struct manifest_entry *entries;
    struct names names; /* of the entries, by their numbers */
    size_t count;
};

/* FNV-1a with 64 bits: begins with HASH_BEGIN, and tells an edited file from one as written. */
#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t size);
/* Of a regular file of the folder; false when it can't be read as one. */
bool hash_file(int folder, const char *name, uint64_t *hash);

/* Reads that of a folder; none is no error. What is wrong is told with the folder's name. */
bool manifest_read(struct manifest *manifest, struct tool *tool, const char *folder,
                   int descriptor);
/* Takes copies; an entry of the same name is replaced. */
void manifest_put(struct manifest *manifest, const struct manifest_entry *entry);
/* NULL: there is none. */
const struct manifest_entry *manifest_find(const struct manifest *manifest, const char *name);
/* Its text, sorted by name, to be freed. */
char *manifest_text(const struct manifest *manifest);
void manifest_free(struct manifest *manifest);

/* How a policy is known to a folder: its path as seen from there, to be freed. */
char *manifest_policy(const char *folder, const char *policy);

#endif
