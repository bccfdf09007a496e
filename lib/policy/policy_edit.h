/*
 * A policy whose flows are changed one by one: a flow is read from its text, with the messages that
 * a file with it would have. Flows keep their numbers: one that is removed stays as an expired flow
 * without a name. Does not know which packets a change concerns.
 */
#ifndef FR_POLICY_EDIT_H
#define FR_POLICY_EDIT_H

#include "policy_fork.h"
#include "policy_read.h"
#include "policy_resolve.h"

#define FR_NO_NUMBER UINT32_MAX

/* The ends of lists that only grow: a change that fails takes back what is behind them. */
struct fr_edit_marks {
    size_t peers, ranges, service_refs, spare_lists, spared, silences, flows;
};

struct fr_editor {
    flowrules_policy *policy; /* a fork */
    struct fr_reader reader;
    struct fr_binder binder;
    struct fr_map by_name; /* the number of a flow by its name; FR_NO_NUMBER: none any more */
    struct fr_map
        renewed;         /* by the number of a flow + 1: older lists of services are not its own */
    struct fr_vec terms; /* struct fr_term, for the binder's use */
    uint32_t file;       /* of the texts, in messages */
    size_t live;         /* flows that are not removed */
    /* The change that is under way. */
    struct fr_edit_marks marks;
    uint32_t number;    /* of the flow that changes */
    struct fr_flow was; /* it, before; without a name where it is new */
    fr_string read;     /* the name in the text that was read; 0: none */
};

/* Opens an editor; name: of the texts in messages. It is to be closed whatever the result is. */
flowrules_status fr_editor_open(struct fr_editor *e, const flowrules_policy *policy,
                                const char *name);
void fr_editor_close(struct fr_editor *e);

/* The number of a flow by its name, or FR_NO_NUMBER. */
uint32_t fr_editor_find(const struct fr_editor *e, const char *name);
static inline struct fr_flow *fr_editor_flow(const struct fr_editor *e, uint32_t number) {
    return fr_vec_at(&e->policy->flows, struct fr_flow, number);
}
/* True for a flow that is not removed. */
static inline bool fr_editor_has(const struct fr_editor *e, uint32_t number) {
    return fr_editor_flow(e, number)->name != 0;
}

/*
 * Begin a change: the policy then has the flow of a text instead of the flow of this number
 * (FR_NO_NUMBER: behind the last), or is without the flow. Where the result is not FLOWRULES_OK, it
 * is as before; else fr_editor_keep or fr_editor_undo has to follow.
 */
flowrules_status fr_editor_put(struct fr_editor *e, uint32_t number, const char *text, size_t size);
flowrules_status fr_editor_remove(struct fr_editor *e, uint32_t number);
void fr_editor_keep(struct fr_editor *e);
void fr_editor_undo(struct fr_editor *e);
/* Takes flows with the one that changes as it was; the numbers are as of fr_some_flows_take. */
flowrules_status fr_editor_take_before(struct fr_editor *e, struct fr_some_flows *some,
                                       const struct fr_vec *numbers);
/*
 * Warns of flows that denies cover among those of these numbers, which are denies and what they may
 * cover.
 */
flowrules_status fr_editor_warn_of_shadowed(struct fr_editor *e, const struct fr_vec *numbers);
/* Makes a policy with the flows that there are now. */
flowrules_status fr_editor_policy(struct fr_editor *e, flowrules_policy **policy);

#endif
