/*
 * What a selector asks of one label, as kubectl's -l has it: "tier notin (db)", "gpu", "!gpu". Each
 * is a set of values, with or without "the label is absent", so that what holds or excludes what
 * is decided by trying the values that are mentioned, one other value, and none.
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

/* What a label is of. */
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

/* What a term of a group asks of a label; false where it asks nothing of one. */
bool fr_requirement_of(const char *key, const char *label, const char *value,
                       struct fr_requirement *r);
/* Adds one to a list of them; false when out of memory. */
bool fr_requirement_push(struct fr_vec *list, const struct fr_requirement *r);
bool fr_is_requirement_key(const char *key);
/* The key of a binding for requirements, or for labels and values, of what a label is of. */
const char *fr_requirement_key(enum fr_labelled of);
const char *fr_label_key(enum fr_labelled of);
/* Value number index; false behind the last. */
bool fr_requirement_value(const struct fr_requirement *r, size_t index, const char **value,
                          size_t *length);
bool fr_requirement_same_label(const struct fr_requirement *a, const struct fr_requirement *b);
/* True if some value, or the label's absence, is of all the requirements on the label of one. */
bool fr_requirements_can_hold(const struct fr_requirement *all, size_t count,
                              const struct fr_requirement *label);
/* True if whatever is of all the requirements, which can hold, is of the last one too. */
bool fr_requirements_imply(const struct fr_requirement *all, size_t count,
                           const struct fr_requirement *implied);
/*
 * A value with which the label of one is as all the requirements on it ask; false where it may be
 * absent, or nothing is found.
 */
bool fr_requirements_example(const struct fr_requirement *all, size_t count,
                             const struct fr_requirement *label, const char **value,
                             size_t *length);
/* The requirement of one value, or none, that holds exactly where this one does not. */
struct fr_requirement fr_requirement_negated(struct fr_requirement r);
/* Is a text a requirement that the API server takes? If not, *form says what is. */
bool fr_requirement_check(const char *text, char form[160]);

#endif
