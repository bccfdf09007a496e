/*
 * Writing files: all of them, each whole, or none.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "tool.h"

/* A file to be written: file number `file` of an artifact or, where that is NULL, a text. */
struct output {
    const char *target; /* that it was made for */
    const char *name;   /* without a folder */
    const flowrules_artifact *artifact;
    size_t file;
    const char *text;
    size_t bytes;
    bool executable;
};

/* The bytes of an output: block 0, 1 ... until NULL. */
const char *output_block(const struct output *output, size_t block, size_t *size);

/*
 * Writes all into a folder, which is made when it is missing. Every file is whole on the disk
 * under another name before the first one is renamed, so that a failure leaves what was there.
 */
flowrules_status write_outputs(struct tool *tool, const char *folder, const struct output *outputs,
                               size_t count);

#endif
