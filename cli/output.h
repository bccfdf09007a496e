/*
 * Writing files: all of them, each whole, or none.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "names.h"
#include "tool.h"

/* A file to be written: file number `file` of an artifact or, where that is NULL, a text. */
struct output {
    const char *target; /* that it was made for */
    const char *name;   /* without a folder */
    const flowrules_artifact *artifact;
    size_t file;
    const char *text;
    size_t bytes;
    bool executable, helper;
    unsigned mode; /* of the file; 0: as the umask has it */
};

/* The bytes of an output: block 0, 1 ... until NULL. */
const char *output_block(const struct output *output, size_t block, size_t *size);

/* Writes the bytes of an output to standard output. */
void print_output(const struct output *output);
/* Prints "wrote DIR/NAME" or the like, in a line; takes no memory. */
void print_file_line(const char *verb, const char *folder, const char *name);
/* What stands between a folder and a name: "/", or nothing. */
const char *folder_separator(const char *folder);

/* What files of a report are known by, which are of no target. */
#define REPORT_TARGET "(report)"

/* Files that belong together, and take the place of those that an earlier delivery wrote. */
struct delivery {
    const char *policy; /* its path; "-" for standard input */
    /* Whose files they are; NULL: of all targets that the policy has. */
    const struct names *targets;
    bool replace;             /* also files that were not written by a delivery */
    struct text_list removed; /* what is no longer made and was removed; to be freed */
};

/*
 * Writes all into a folder, which is made when it is missing. Every file is whole on the disk
 * under another name before the first one is renamed; a failure puts back what was there. With a
 * delivery (NULL: single files), the folder's manifest says what was written, and a file that it
 * does not know is never touched. docs/FILES.md says what a kill on the way leaves.
 */
flowrules_status write_outputs(struct tool *tool, const char *folder, const struct output *outputs,
                               size_t count, struct delivery *delivery);

/*
 * A folder in which nobody else writes until its descriptor is closed: what is read from there is
 * still so when it is written. -1: there is no such folder, or its file system has no locks.
 */
int hold_folder(const char *folder);
/* Writes one file into a folder; held is hold_folder's, and may be -1. */
flowrules_status write_held(struct tool *tool, const char *folder, int held,
                            const struct output *output);
/* Frees the list of what was removed. */
void delivery_free(struct delivery *delivery);

#endif
