/*
 * Policies for unit tests: loaded from text, in a context of their own.
 */
#ifndef FR_TESTS_LOADING_H
#define FR_TESTS_LOADING_H

#include "policy.h"

struct unit_policy {
    flowrules_context *context;
    flowrules_policy *policy; /* NULL where it is not valid */
    flowrules_status status;
};

/* Loads a text as of 2026-11-23. */
struct unit_policy unit_load(const char *text);
/* The same with a lock file of this text. */
struct unit_policy unit_load_locked(const char *text, const char *lock);
void unit_unload(struct unit_policy *loaded);

/* Is message index of this id, and at this place? */
bool unit_says(const flowrules_context *context, size_t index, const char *id, uint32_t line,
               uint32_t column);

#endif
