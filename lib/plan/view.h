/*
 * What a backend holds while it spells or judges: the plan behind it, the files that it writes.
 */
#ifndef FR_VIEW_H
#define FR_VIEW_H

#include "plan.h"
#include "writer.h"

#define FR_PARTS 64u

struct flowrules_output {
    struct fr_plan *plan;
    struct fr_arena *files_arena; /* of the artifact */
    struct fr_vec *files;         /* struct fr_file *, of the artifact */
    struct fr_arena scratch;      /* what one rule needs */
    struct flowrules_writer parts[FR_PARTS];
    struct fr_vec sets;     /* fr_set: those of rules, once they were asked for */
    struct fr_vec services; /* const struct flowrules_service * */
    bool listed;
    struct fr_strings once; /* the texts that were asked for */
    struct fr_map uses;     /* set + 1 -> 2 * its first rule + the end, once it was asked for */
    bool used;              /* uses is filled */
    void *state;
    char *refusal; /* why the whole target is refused, or NULL */
    bool failed;
    struct { /* the manifest that is open: where it begins, and what it is called */
        size_t start;
        const char *name;
    } manifest;
    struct flowrules_writer sink; /* where writing goes once memory has run out */
};

void fr_output_init(flowrules_output *out, struct fr_plan *plan);
void fr_output_free(flowrules_output *out);

/* A rule of a group as the backend reads it; false when out of memory. */
bool fr_output_rule(flowrules_output *out, const struct fr_group *group, const struct fr_rule *rule,
                    struct flowrules_rule *view);

/* Are the pods of group index of a set among those of group i: a wider one, or an equal, earlier?
 */
bool fr_pods_precede(const flowrules_output *out, struct flowrules_set set, size_t i, size_t index);

/*
 * Lists the networks that are bound with a key in plan->bound; kept until another key is asked for.
 * False when out of memory.
 */
bool fr_bound_list(struct fr_plan *plan, const char *key);

/* What flowrules_pods_unselectable says of pods in a namespace that is not known (selectors.c). */
#define FR_NO_NAMESPACE "its namespace is not known: give the network, or the target, a 'namespace'"
extern const char fr_no_namespace[sizeof FR_NO_NAMESPACE];

#endif
