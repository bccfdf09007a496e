/* What the harnesses share. */
#ifndef FLOWRULES_FUZZ_H
#define FLOWRULES_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include <flowrules/flowrules.h>

/* Breaks down where something that cannot fail has failed. */
void need(flowrules_status status, const char *what);
/* A context of a fixed day. lock: the path of the lock file, or "none". */
flowrules_context *new_context(const char *lock);
/* Every message can be read, and none holds what would leave its line. */
void read_messages(const flowrules_context *context);
/* Was a rendering found to mean something else than its policy? That is a defect of ours. */
void need_proven(const flowrules_context *context);
/* The sum of an artifact's bytes: all of them can be read. */
uint64_t sum_of(const flowrules_artifact *artifact);

/* Harnesses of policies.c. */
void fuzz_layout(const char *argument, const uint8_t *data, size_t size);
void fuzz_edit(const char *argument, const uint8_t *data, size_t size);

#endif
