/*
 * Requirements of a selector on one label, as in kubectl's -l: "tier notin (db)", "gpu", "!gpu".
 * Each is a set of values, with or without "the label is absent". So whether one implies or
 * excludes another is decided by trying the values that are mentioned, one other value, and none.
 */
#ifndef FR_REQUIREMENTS_H
#define FR_REQUIREMENTS_H

#include "flowrules/backend.h"
#include "flowrules/kits/pods.h"
#include "memory.h"

/* The label of every namespace that is its name (KEP-2161). */
#define FR_NAMESPACE_LABEL "kubernetes.io/metadata.name"

/* Groups that one selector may become, one for each choice of values. */
#define FR_CHOICES_MAX 1000u

/* The objects that have a label. */
enum fr_labelled { FR_OF_PODS, FR_OF_NAMESPACES, FR_OF_NODES };

struct fr_requirement {
    enum fr_labelled of;
    enum flowrules_operator asks;
    const char *label;
    size_t label_length;
    const char *values; /* with commas between, unless it is a single one */
    size_t values_length;
    bool single;
};

/* The requirement in a term of a group; false if the term has none. */
bool fr_requirement_of(const char *key, const char *label, const char *value,
                       struct fr_requirement *r);
/* Adds one to a list of them; false when out of memory. */
bool fr_requirement_push(struct fr_vec *list, const struct fr_requirement *r);
bool fr_is_requirement_key(const char *key);
/* The key of a binding for requirements, or for labels and values, of what a label is of. */
const char *fr_requirement_key(enum fr_labelled of);
const char *fr_label_key(enum fr_labelled of);
/* The value with this index; false after the last. */
bool fr_requirement_value(const struct fr_requirement *r, size_t index, const char **value,
                          size_t *length);
bool fr_requirement_same_label(const struct fr_requirement *a, const struct fr_requirement *b);
/* True if some value of the label, or its absence, meets all the requirements on it. */
bool fr_requirements_can_hold(const struct fr_requirement *all, size_t count,
                              const struct fr_requirement *label);
/* True if all that meets the requirements, which must be possible, also meets the last one. */
bool fr_requirements_imply(const struct fr_requirement *all, size_t count,
                           const struct fr_requirement *implied);
/*
 * A value of the label that meets all the requirements on it; false if it may be absent, or if no
 * value is found.
 */
bool fr_requirements_example(const struct fr_requirement *all, size_t count,
                             const struct fr_requirement *label, const char **value,
                             size_t *length);
/* The requirement that is met exactly where this one, of one value or none, is not. */
struct fr_requirement fr_requirement_negated(struct fr_requirement r);
/* True if the API server accepts the text as a requirement; otherwise *form says what it accepts.
 */
bool fr_requirement_check(const char *text, char form[160]);

#endif
