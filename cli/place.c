/*
 * Finds folders and lock files by paths; follows the links of a path, and holds the folder that its
 * file is in.
 */
#include "place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

#define LINKS_MAX 40 /* as the kernel follows */

static char *copy_bytes(const char *text, size_t length) {
    return memcpy(allocate(length + 1, 1), text, length);
}

char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return copy_bytes(".", 1);
    return slash == path ? copy_bytes("/", 1) : copy_bytes(path, (size_t)(slash - path));
}

char *lock_path(const char *policy, const char *chosen) {
    if (chosen != NULL)
        return copy_bytes(chosen, strlen(chosen));
    size_t size = strlen(policy) + sizeof(".lock");
    char *path = allocate(size, 1);
    snprintf(path, size, "%s.lock", policy);
    return path;
}

/* Where a link leads to, to be freed; NULL where the path is none. */
static char *read_link(const char *path) {
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof(target) - 1);
    if (length <= 0)
        return NULL;
    target[length] = '\0';
    if (target[0] == '/')
        return copy_bytes(target, (size_t)length);
    char *folder = folder_of(path);
    size_t size = strlen(folder) + (size_t)length + 2;
    char *whole = allocate(size, 1);
    snprintf(whole, size, "%s/%s", folder, target);
    free(folder);
    return whole;
}

flowrules_status find_place(struct file_place *place, struct tool *tool, const char *path,
                            bool hold) {
    char *found = copy_bytes(path, strlen(path)), *next;
    int links = 0;
    *place = (struct file_place){.held = -1};
    for (; links < LINKS_MAX && (next = read_link(found)) != NULL; links++) {
        free(found);
        found = next;
    }
    const char *slash = strrchr(found, '/');
    const char *name = slash != NULL ? slash + 1 : found;
    place->folder = folder_of(found);
    place->name = copy_bytes(name, strlen(name));
    free(found);
    if (links == LINKS_MAX) {
        tell_error(tool, "cannot write '%s': %s", path, strerror(ELOOP));
        return FLOWRULES_IO;
    }
    if (hold)
        place->held = hold_folder(place->folder);
    return FLOWRULES_OK;
}

void leave_place(struct file_place *place) {
    if (place->held >= 0)
        close(place->held);
    free(place->folder);
    free(place->name);
}
