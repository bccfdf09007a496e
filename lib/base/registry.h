/*
 * The backends that a context knows, and the checking of what a policy says to them.
 */
#ifndef FR_REGISTRY_H
#define FR_REGISTRY_H

#include "context.h"
#include "flowrules/backend.h"

/* A row of what a backend tells of itself; texts are the backend's or the context's. */
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
/* Is a record consistent, and its name free? If not, that is reported. */
bool fr_registry_check(flowrules_context *context, const struct flowrules_backend *backend);
/* Puts the built-in backends into a new context; false when out of memory. */
bool fr_registry_add_all(flowrules_context *context);
const struct flowrules_backend *fr_registry_find(const flowrules_context *context,
                                                 const char *name);
/* The name of backend i, for suggestions; NULL at the end. user is the context. */
const char *fr_registry_candidate(const void *user, size_t i);

/* A setting of a backend by key, or NULL. */
const struct flowrules_setting *fr_setting_find(const struct flowrules_backend *backend,
                                                const char *key);
/* Does a setting say nothing to a target that only permits, or to one that does not? */
bool fr_setting_is_idle(const struct flowrules_setting *setting, bool permits);
/* A key of a backend's bindings, or NULL; backend may be NULL. */
const struct flowrules_setting *fr_binding_find(const struct flowrules_backend *backend,
                                                const char *key);
/* Key i of those that every target has, whatever its backend; NULL at the end. */
const char *fr_target_key(size_t i);
/* Is it a type of settings? */
bool fr_setting_type_is_known(const char *type);
/* The key of setting i, for suggestions. user is the backend. */
const char *fr_setting_candidate(const void *user, size_t i);
/* The key of binding i, for suggestions. user is the backend. */
const char *fr_binding_candidate(const void *user, size_t i);
/* Is value of the setting's type? If not, *form says in words what it takes. */
bool fr_setting_check(const struct flowrules_setting *setting, const char *value, char form[160]);

#define FR_LABEL_NAME_MAX 317u /* a prefix of 253 bytes, a slash, a name of 63 */
/* Names and values of labels as the API server of Kubernetes takes them. */
bool fr_is_label_name(const char *text, size_t length);
bool fr_is_label_value(const char *value, size_t length);
/* Does a key take several values? */
bool fr_setting_is_list(const struct flowrules_setting *setting);
/* Does a binding's key take a mapping; a selector is one unless its text is "any". */
bool fr_setting_is_mapping(const struct flowrules_setting *setting, const char *value);
/* Is label one that a mapping of the setting's type may have? If not, *form says what it takes. */
bool fr_label_check(const struct flowrules_setting *setting, const char *label, char form[160]);

/* A format of a backend by name (NULL: the first), or NULL. */
const struct flowrules_format *fr_format_find(const struct flowrules_backend *backend,
                                              const char *name);

/* "one of: set, xml" */
void fr_format_list(const struct flowrules_backend *backend, char list[160]);

/* The words for the parts of a baseline: word i is bit i; ends with NULL. */
extern const char *const fr_baseline_words[];
/* Parts as a list, "loopback, path-mtu"; it is cut where it does not fit. */
void fr_baseline_list(unsigned parts, char *text, size_t size);

#endif
