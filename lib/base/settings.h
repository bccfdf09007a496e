/*
 * The keys that a policy gives to a backend: settings of targets, bindings of networks, parts of
 * the baseline.
 */
#ifndef FR_SETTINGS_H
#define FR_SETTINGS_H

#include "flowrules/backend.h"

/* A setting of a backend by key, or NULL. */
const struct flowrules_setting *fr_setting_find(const struct flowrules_backend *backend,
                                                const char *key);
/* True if a setting has no effect on a target with mode: permits, or on one without. */
bool fr_setting_is_idle(const struct flowrules_setting *setting, bool permits);
/* A key of a backend's bindings, or NULL; backend may be NULL. */
const struct flowrules_setting *fr_binding_find(const struct flowrules_backend *backend,
                                                const char *key);
/* Key i of those that targets of all backends have; NULL at the end. */
const char *fr_target_key(size_t i);
/* True if settings can have this type. */
bool fr_setting_type_is_known(const char *type);
/* The key of setting i, for suggestions. user is the backend. */
const char *fr_setting_candidate(const void *user, size_t i);
/* The key of binding i, for suggestions. user is the backend. */
const char *fr_binding_candidate(const void *user, size_t i);
/* True if value has the setting's type; otherwise *form says what is valid. */
bool fr_setting_check(const struct flowrules_setting *setting, const char *value, char form[160]);

/* True if a key takes several values. */
bool fr_setting_is_list(const struct flowrules_setting *setting);
/* True if a binding's key takes a mapping. A selector is one unless its text is "any". */
bool fr_setting_is_mapping(const struct flowrules_setting *setting, const char *value);
/* True if a mapping of the setting's type may have the label; otherwise *form says what is valid.
 */
bool fr_label_check(const struct flowrules_setting *setting, const char *label, char form[160]);

/* The words for the parts of a baseline: word i is bit i; ends with NULL. */
extern const char *const fr_baseline_words[];
/* Parts as a list, "loopback, path-mtu"; it is cut where it does not fit. */
void fr_baseline_list(unsigned parts, char *text, size_t size);

#endif
