/*
 * Waits until a file changes. What counts is what stat() says of the files and of their folders:
 * editors that write in place, and those that rename another file into its place, are seen alike.
 * inotify only ends the wait earlier; without it, and on file systems of other machines, the files
 * are looked at once a second.
 */
#define _GNU_SOURCE /* ppoll, nanoseconds of stat */
#include "watching.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/inotify.h>
#endif

#include "place.h"

/* Folders that are looked at; more are not. */
#define FOLDERS_MOST 256u
/* Milliseconds: between two looks, and for which files have to stay as they are. */
#define LOOK_EVERY 1000
#define STAYS_FOR  30
/* Looks at files that do not stay as they are; then they are read nevertheless. */
#define LOOKS_MOST 50

/* What stat says; all 0: there is no such file. */
struct stamp {
    dev_t device;
    ino_t number;
    off_t size;
    struct timespec written, changed;
};

struct watched {
    char *path;
    bool folder;
    struct stamp stamp;
};

/* ---- what is watched ----------------------------------------------------------------------- */

static struct stamp stamp_of(const struct watched *item) {
    struct stat facts;
    struct stamp stamp;
    memset(&stamp, 0, sizeof(stamp));
    if (stat(item->path, &facts) != 0)
        return stamp;
    stamp.device = facts.st_dev;
    stamp.number = facts.st_ino;
    stamp.written = facts.st_mtim;
    stamp.changed = facts.st_ctim;
    stamp.size = item->folder ? 0 : facts.st_size;
    return stamp;
}

static bool same_time(struct timespec a, struct timespec b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b) {
    return a->device == b->device && a->number == b->number && a->size == b->size &&
           same_time(a->written, b->written) && same_time(a->changed, b->changed);
}

void watching_free(struct watching *watching) {
    for (size_t i = 0; i < watching->count; i++)
        free(watching->items[i].path);
    free(watching->items);
    watching->items = NULL;
    watching->count = 0;
}

static bool add(struct watching *watching, const char *path, bool folder) {
    size_t folders = 0, size = strlen(path) + 1;
    for (size_t i = 0; i < watching->count; i++) {
        const struct watched *item = &watching->items[i];
        folders += item->folder;
        if (strcmp(item->path, path) == 0)
            return false;
    }
    if (folder && folders >= FOLDERS_MOST)
        return false;
    watching->items = reallocate(watching->items, watching->count + 1, sizeof(*watching->items));
    struct watched *item = &watching->items[watching->count++];
    *item = (struct watched){.path = allocate(size, 1), .folder = folder};
    memcpy(item->path, path, size);
    item->stamp = stamp_of(item);
    return true;
}

bool watch_file(struct watching *watching, const char *path) {
    char *folder = folder_of(path);
    add(watching, folder, true);
    free(folder);
    return add(watching, path, false);
}

static bool is_ignored(const struct watching *watching, const struct stat *folder) {
    struct stat facts;
    return watching->ignored != NULL && stat(watching->ignored, &facts) == 0 &&
           facts.st_dev == folder->st_dev && facts.st_ino == folder->st_ino;
}

void watch_below(struct watching *watching, const char *folder, unsigned depth) {
    DIR *entries = depth == 0 ? NULL : opendir(folder);
    struct stat facts;
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        size_t size = strlen(folder) + strlen(entry->d_name) + 2;
        char *path = allocate(size, 1);
        snprintf(path, size, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode) &&
            !is_ignored(watching, &facts) && add(watching, path, true))
            watch_below(watching, path, depth - 1);
        free(path);
    }
    if (entries != NULL)
        closedir(entries);
}

void watching_note(struct watching *watching) {
    for (size_t i = 0; i < watching->count; i++)
        watching->items[i].stamp = stamp_of(&watching->items[i]);
}

static bool is_as_noted(const struct watching *watching) {
    for (size_t i = 0; i < watching->count; i++) {
        struct stamp now = stamp_of(&watching->items[i]);
        if (!same_stamp(&now, &watching->items[i].stamp))
            return false;
    }
    return true;
}

/* The next file from an index on, or NULL. */
static const struct watched *next_file(const struct watching *watching, size_t *index) {
    while (*index < watching->count && watching->items[*index].folder)
        ++*index;
    return *index < watching->count ? &watching->items[(*index)++] : NULL;
}

bool have_same_files(const struct watching *one, const struct watching *other) {
    size_t i = 0, k = 0;
    for (;;) {
        const struct watched *a = next_file(one, &i), *b = next_file(other, &k);
        if (a == NULL || b == NULL)
            return a == b;
        if (strcmp(a->path, b->path) != 0 || !same_stamp(&a->stamp, &b->stamp))
            return false;
    }
}

/* ---- signals ------------------------------------------------------------------------------- */

static volatile sig_atomic_t ended;
static sigset_t waiting_mask; /* the signals that are blocked during a wait alone */

static void note_end(int signal) {
    (void)signal;
    ended = 1;
}

/* They come during a wait alone, so that nothing is left half done. */
void take_signals(void) {
    static const int signals[] = {SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = note_end};
    sigset_t taken;
    sigemptyset(&action.sa_mask);
    sigemptyset(&taken);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        sigaction(signals[i], &action, NULL);
        sigaddset(&taken, signals[i]);
    }
    sigprocmask(SIG_BLOCK, &taken, &waiting_mask);
    sigdelset(&waiting_mask, SIGINT);
    sigdelset(&waiting_mask, SIGTERM);
}

/* ---- waiting ------------------------------------------------------------------------------- */

/* A descriptor that can be read once something in a folder changes; -1: there is no inotify. */
static int open_notices(const struct watching *watching) {
#ifdef __linux__
    int notices = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    for (size_t i = 0; notices >= 0 && i < watching->count; i++)
        if (watching->items[i].folder)
            (void)inotify_add_watch(notices, watching->items[i].path,
                                    IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE |
                                        IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                                        IN_MOVE_SELF | IN_ATTRIB);
    return notices;
#else
    (void)watching;
    return -1;
#endif
}

/* Waits for notices, a time, or a signal: then false. */
static bool pause_for(int notices, int milliseconds) {
    struct pollfd poll = {.fd = notices, .events = POLLIN};
    struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    char dropped[4096];
    ppoll(&poll, 1, &time, &waiting_mask);
    while (notices >= 0 && read(notices, dropped, sizeof(dropped)) > 0)
        ;
    return !ended;
}

/* Editors write in several steps: waits until two looks see the same. */
static bool settle(const struct watching *watching) {
    struct watching now = *watching;
    now.items = allocate(watching->count + 1, sizeof(*now.items));
    memcpy(now.items, watching->items, watching->count * sizeof(*now.items));
    bool more = true, stays = false;
    for (int looks = 0; more && !stays && looks < LOOKS_MOST; looks++) {
        watching_note(&now);
        more = pause_for(-1, STAYS_FOR);
        stays = is_as_noted(&now);
    }
    free(now.items); /* the paths are the other's */
    return more;
}

bool wait_for_change(const struct watching *watching) {
    int notices = open_notices(watching);
    bool more = !ended;
    while (more && is_as_noted(watching))
        more = pause_for(notices, LOOK_EVERY);
    if (notices >= 0)
        close(notices);
    return more && settle(watching);
}
