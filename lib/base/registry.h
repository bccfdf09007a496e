/*
 * The backends that a context knows.
 */
#ifndef FR_REGISTRY_H
#define FR_REGISTRY_H

#include "context.h"
#include "flowrules/backend.h"

/* A row of a backend's description; its texts belong to the backend or to the context. */
struct fr_description_row {
    flowrules_topic topic;
    const char *name, *value, *help;
};

struct fr_description {
    struct fr_vec rows; /* struct fr_description_row */
};

/* Adds the description of a backend to the context; false when out of memory. */
bool fr_describe(flowrules_context *context, const struct flowrules_backend *backend);

/* Adds a backend and its description; false when out of memory. */
bool fr_registry_add(flowrules_context *context, const struct flowrules_backend *backend);
/* True if a record is consistent and its name is free; reports why not. */
bool fr_registry_check(flowrules_context *context, const struct flowrules_backend *backend);
/* Puts the built-in backends into a new context; false when out of memory. */
bool fr_registry_add_all(flowrules_context *context);
const struct flowrules_backend *fr_registry_find(const flowrules_context *context,
                                                 const char *name);
/*
 * What reads configurations under a name: a backend, or one of the languages that are read and not
 * written (backends/readers.def), whose record has a reader, settings, and nothing of a target.
 */
const struct flowrules_backend *fr_registry_reader(const flowrules_context *context,
                                                   const char *name);
/* The name of backend i, for suggestions; NULL at the end. user is the context. */
const char *fr_registry_candidate(const void *user, size_t i);
/* The same of what reads configurations. */
const char *fr_registry_reader_candidate(const void *user, size_t i);

/* A format of a backend by name (NULL: the first), or NULL. */
const struct flowrules_format *fr_format_find(const struct flowrules_backend *backend,
                                              const char *name);

/* "one of: set, xml" */
void fr_format_list(const struct flowrules_backend *backend, char list[160]);

#endif
