/*
 * The manifest of a folder: reading it, writing it as text. Knows JSON and paths; not when files
 * are written.
 */
#include "manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"

#define VERSION 1
/* A manifest has about 150 bytes a file. */
#define LARGEST ((size_t)64 << 20)

/* ---- hashes -------------------------------------------------------------------------------- */

uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Opens a regular file of a folder; -1 with errno otherwise. A pipe would never be read to its end.
 */
static int open_regular(int folder, const char *name) {
    struct stat found;
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file >= 0 && (fstat(file, &found) != 0 || !S_ISREG(found.st_mode))) {
        close(file);
        errno = EINVAL;
        return -1;
    }
    return file;
}

static ssize_t read_some(int file, char *bytes, size_t size) {
    ssize_t got;
    do
        got = read(file, bytes, size);
    while (got < 0 && errno == EINTR);
    return got;
}

bool hash_file(int folder, const char *name, uint64_t *hash) {
    char bytes[1 << 14];
    ssize_t got = -1;
    int file = open_regular(folder, name);
    if (file < 0)
        return false;
    *hash = HASH_BEGIN;
    while ((got = read_some(file, bytes, sizeof(bytes))) > 0)
        *hash = hash_bytes(*hash, bytes, (size_t)got);
    close(file);
    return got == 0;
}

/* ---- entries ------------------------------------------------------------------------------- */

static char *copy_text(const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(allocate(size, 1), text, size);
}

const struct manifest_entry *manifest_find(const struct manifest *manifest, const char *name) {
    size_t place = names_find(&manifest->names, name);
    return place != NO_NAME ? &manifest->entries[place] : NULL;
}

static void free_entry(const struct manifest_entry *entry) {
    free(entry->name);
    free(entry->policy);
    free(entry->target);
}

void manifest_put(struct manifest *manifest, const struct manifest_entry *entry) {
    struct manifest_entry copy = {copy_text(entry->name), copy_text(entry->policy),
                                  copy_text(entry->target), entry->hash, entry->changing};
    size_t place = names_find(&manifest->names, entry->name);
    if (place == NO_NAME) {
        manifest->entries =
            reallocate(manifest->entries, manifest->count + 1, sizeof(*manifest->entries));
        place = manifest->count++;
        names_add(&manifest->names, copy.name);
    } else {
        manifest->names.items[place] = copy.name;
        free_entry(&manifest->entries[place]);
    }
    manifest->entries[place] = copy;
}

void manifest_free(struct manifest *manifest) {
    for (size_t i = 0; i < manifest->count; i++)
        free_entry(&manifest->entries[i]);
    free(manifest->entries);
    names_free(&manifest->names);
    *manifest = (struct manifest){0};
}

/* ---- reading ------------------------------------------------------------------------------- */

static char *read_text(int folder) {
    struct stat found;
    int file = open_regular(folder, MANIFEST_NAME);
    if (file < 0)
        return NULL;
    char *text = NULL;
    errno = EFBIG;
    if (fstat(file, &found) == 0 && (size_t)found.st_size <= LARGEST) {
        size_t size = (size_t)found.st_size, have = 0;
        ssize_t got = 1;
        text = allocate(size + 1, 1);
        while (have < size && (got = read_some(file, text + have, size - have)) > 0)
            have += (size_t)got;
        text[have] = '\0';
    }
    close(file);
    return text;
}

static const char *member(const cJSON *object, const char *name) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static bool read_entry(struct manifest *manifest, const cJSON *item) {
    const char *name = member(item, "name"), *policy = member(item, "policy"),
               *target = member(item, "target"), *hash = member(item, "hash");
    char *end = NULL;
    if (name == NULL || policy == NULL || target == NULL || hash == NULL || name[0] == '\0' ||
        strchr(name, '/') != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    struct manifest_entry entry = {.hash = strtoull(hash, &end, 16)};
    entry.changing = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "changing"));
    entry.name = copy_text(name);
    entry.policy = copy_text(policy);
    entry.target = copy_text(target);
    manifest_put(manifest, &entry);
    free_entry(&entry);
    return end != hash && *end == '\0';
}

static bool read_entries(struct manifest *manifest, const cJSON *root) {
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(root, "flowrules-manifest");
    const cJSON *files = cJSON_GetObjectItemCaseSensitive(root, "files"), *item;
    if (!cJSON_IsNumber(version) || version->valuedouble != VERSION || !cJSON_IsArray(files))
        return false;
    cJSON_ArrayForEach(item, files) {
        if (!read_entry(manifest, item))
            return false;
    }
    return true;
}

bool manifest_read(struct manifest *manifest, struct tool *tool, const char *folder,
                   int descriptor) {
    struct stat found;
    *manifest = (struct manifest){0};
    if (fstatat(descriptor, MANIFEST_NAME, &found, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return true;
    char *text = read_text(descriptor);
    if (text == NULL) {
        tell_error(tool, "cannot read '%s/%s': %s", folder, MANIFEST_NAME, strerror(errno));
        return false;
    }
    errno = 0;
    cJSON *root = cJSON_Parse(text);
    if (root == NULL && errno == ENOMEM)
        out_of_memory();
    bool good = root != NULL && read_entries(manifest, root);
    if (!good)
        tell_error(tool,
                   "'%s/%s', the list of files that flowrules wrote there, cannot be read as "
                   "version %d; nothing is written. Restore it, or move it away and give --replace",
                   folder, MANIFEST_NAME, VERSION);
    cJSON_Delete(root);
    free(text);
    return good;
}

/* ---- writing ------------------------------------------------------------------------------- */

static int by_name(const void *one, const void *other) {
    return strcmp(((const struct manifest_entry *)one)->name,
                  ((const struct manifest_entry *)other)->name);
}

/* A list of the entries by name, to be freed; their texts are those of the manifest. */
static struct manifest_entry *sort_entries(const struct manifest *manifest) {
    struct manifest_entry *sorted = allocate(manifest->count, sizeof(*sorted));
    for (size_t i = 0; i < manifest->count; i++)
        sorted[i] = manifest->entries[i];
    qsort(sorted, manifest->count, sizeof(*sorted), by_name);
    return sorted;
}

char *manifest_text(const struct manifest *manifest) {
    struct json_answer list;
    json_answer_begin(&list);
    struct manifest_entry *sorted = sort_entries(manifest);
    fprintf(list.stream, "{\"flowrules-manifest\": %d, \"files\": ", VERSION);
    struct json_rows rows = json_rows_begin(list.stream);
    for (size_t i = 0; i < manifest->count; i++) {
        const struct manifest_entry *entry = &sorted[i];
        char hash[20];
        cJSON *item = json_object();
        snprintf(hash, sizeof(hash), "%016" PRIx64, entry->hash);
        json_text(item, "name", entry->name);
        json_text(item, "policy", entry->policy);
        json_text(item, "target", entry->target);
        json_text(item, "hash", hash);
        if (entry->changing)
            json_bool(item, "changing", true);
        json_row(&rows, item);
    }
    json_rows_end(&rows);
    free(sorted);
    fputs("}\n", list.stream);
    return json_answer_take(&list);
}

/* ---- policies ------------------------------------------------------------------------------ */

char *manifest_policy(const char *folder, const char *policy) {
    char *from = realpath(folder, NULL), *to = realpath(policy, NULL);
    if (from == NULL || to == NULL || strcmp(policy, "-") == 0) {
        free(from);
        free(to);
        return copy_text(policy);
    }
    size_t same = 0, up = 0;
    for (size_t i = 0; from[i] == to[i] || (from[i] == '\0' && to[i] == '/'); i++) {
        if (to[i] == '/')
            same = i + 1;
        if (from[i] == '\0')
            break;
    }
    for (const char *rest = from + (same <= strlen(from) ? same : strlen(from)); *rest != '\0';
         rest += *rest == '/')
        for (up++; *rest != '\0' && *rest != '/';)
            rest++;
    char *path = allocate(3 * up + strlen(to + same) + 1, 1), *end = path;
    for (; up > 0; up--, end += 3)
        memcpy(end, "../", 3);
    memcpy(end, to + same, strlen(to + same) + 1);
    free(from);
    free(to);
    return path;
}
