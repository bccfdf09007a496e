/*
 * Where a file is: its folder, links followed where it is written in its place; and where the lock
 * file of a policy is.
 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include "tool.h"

struct file_place {
    char *folder; /* in which the file is */
    char *name;   /* its name there */
    int held;     /* the folder, so that no other one writes there meanwhile; or -1 */
};

/*
 * Finds the file itself: a link stays, and what it leads to changes, or is made. With hold, then
 * waits until no other flowrules writes in its folder, since what is read now is what the new file
 * is made of. Too many links are told. It is to be left in any case.
 */
flowrules_status find_place(struct file_place *place, struct tool *tool, const char *path,
                            bool hold);
void leave_place(struct file_place *place);

/* The folder of a path, without following links; to be freed. */
char *folder_of(const char *path);
/* The path of a policy's lock file: the chosen one or, for NULL, beside it; to be freed. */
char *lock_path(const char *policy, const char *chosen);

#endif
