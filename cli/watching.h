/*
 * Waits until one of some files changes: by inotify where there is one, and by looking every now
 * and then. Knows nothing of policies.
 */
#ifndef CLI_WATCHING_H
#define CLI_WATCHING_H

#include "tool.h"

struct watched;

/* Files, and folders in which files may appear, with what they were when they were added. */
struct watching {
    struct watched *items;
    size_t count;
    const char *ignored; /* a folder that does not count, or NULL */
};

void watching_free(struct watching *watching);
/* Adds a file, and its folder; false: it was there already. */
bool watch_file(struct watching *watching, const char *path);
/* Adds the folders below one, so many levels deep. */
void watch_below(struct watching *watching, const char *folder, unsigned depth);
/* Notes what all of them are now. */
void watching_note(struct watching *watching);
/* True if two have the same files, whatever the folders are, and the files were alike when noted.
 */
bool have_same_files(const struct watching *one, const struct watching *other);
/* From now on, SIGINT and SIGTERM end a wait, and nothing else. */
void take_signals(void);
/*
 * Waits until something is not as it was noted, and then until it stays as it is. False: a signal
 * ended it.
 */
bool wait_for_change(const struct watching *watching);

#endif
