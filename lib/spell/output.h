/*
 * The files that a backend writes while it spells a plan.
 */
#ifndef FR_OUTPUT_H
#define FR_OUTPUT_H

#include "view.h"

struct fr_file {
    char *name, *suffix;
    bool executable;
    bool helper; /* the others can be loaded without it */
    bool undo;   /* it takes them out again */
    struct flowrules_writer writer;
};

/* A new file, called name + suffix, at the end of files; NULL when out of memory. */
struct fr_file *fr_file_new(struct fr_vec *files, struct fr_arena *arena, const char *name,
                            const char *suffix, bool executable);

/* Is every byte that was written there? */
bool fr_output_good(const flowrules_output *out);

#endif
