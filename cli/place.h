/*
 * Where a file is that is written in its place: the folder and the name there, links followed.
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

#endif
