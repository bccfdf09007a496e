/*
 * What a policy says to a backend: settings of targets, bindings of networks, parts of the
 * baseline.
 */
#ifndef FR_SETTINGS_H
#define FR_SETTINGS_H

#include "flowrules/backend.h"

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

/* Does a key take several values? */
bool fr_setting_is_list(const struct flowrules_setting *setting);
/* Does a binding's key take a mapping; a selector is one unless its text is "any". */
bool fr_setting_is_mapping(const struct flowrules_setting *setting, const char *value);
/* Is label one that a mapping of the setting's type may have? If not, *form says what it takes. */
bool fr_label_check(const struct flowrules_setting *setting, const char *label, char form[160]);

/* The words for the parts of a baseline: word i is bit i; ends with NULL. */
extern const char *const fr_baseline_words[];
/* Parts as a list, "loopback, path-mtu"; it is cut where it does not fit. */
void fr_baseline_list(unsigned parts, char *text, size_t size);

#endif
