/*
 * Assertions about what runs: the devices of a configuration behind a filter that lets the packets
 * of one assertion pass. Where nothing passes both, the assertion holds.
 */
#ifndef FR_ASSERT_RUNNING_H
#define FR_ASSERT_RUNNING_H

#include "assert.h"
#include "input.h"

/* What stands behind the filter. */
enum fr_running_form {
    FR_RUNNING_PASSES, /* what the devices let pass */
    FR_RUNNING_BLOCKS, /* what they do not */
    FR_RUNNING_ALL,    /* everything */
    FR_RUNNING_FORMS,
    FR_RUNNING_BASELINE = FR_RUNNING_FORMS /* no form: what the targets' baselines let pass */
};

/* What an assertion's set is in the terms of what runs. */
struct fr_running_bounds {
    fr_set sure, maybe, parts;
};

struct fr_running {
    struct fr_asserting *a;
    const flowrules_meaning *devices;
    flowrules_plan **plans; /* of the targets, in their order */
    size_t plan_count;
    bool pods;                 /* groups are pods, which have no addresses here */
    flowrules_meaning *m;      /* a filter, and what stands behind it */
    flowrules_meaning *none;   /* lets nothing pass */
    struct flowrules_input in; /* of m, for the words of the platform */
    struct fr_reading forms[FR_RUNNING_FORMS + 1];
    bool decided[FR_DIRECTIONS];
    struct fr_vec meant; /* fr_set for each atom of m: the addresses that it is; or FR_SET_NONE */
    struct fr_map known; /* set of the policy's view + 1 -> set of m + 1 */
    fr_string unsure;    /* the doubt about names and groups */
};

/* Are the groups of a target pods, so that addresses are never theirs? */
bool fr_running_sees_pods(const flowrules_plan *plan);

/*
 * The devices in the terms of m, once the names and groups of all sources are known. plans: of the
 * targets that they are. It is to be freed in any case.
 */
flowrules_status fr_running_init(struct fr_running *r, struct fr_asserting *a,
                                 const flowrules_meaning *devices, flowrules_plan **plans,
                                 size_t plan_count);
void fr_running_free(struct fr_running *r);
/* Moves the devices, when the bounds of names can be told. */
flowrules_status fr_running_move(struct fr_running *r);
/* A set of the policy's view; without memory the store of m has failed. */
fr_set fr_running_set(struct fr_running *r, fr_set set);
struct fr_running_bounds fr_running_bounds_of(struct fr_running *r, const struct fr_bounds *of);

/* Puts a filter of the boxes of an assertion in front of a form (assert_filter.c). */
flowrules_status fr_running_filter(struct fr_running *r, uint32_t number,
                                   enum fr_running_form form);

/* Decides each assertion (assert_judge.c). */
flowrules_status fr_running_decide(struct fr_running *r);

#endif
