/*
 * The plan of a target: which flows of the policy it enforces, and how exactly. fr_plan_new judges
 * it once; its meaning does not change. Rules (rules.h) express its flows.
 */
#ifndef FR_PLAN_H
#define FR_PLAN_H

#include "domains.h"
#include "flows.h"
#include "places.h"
#include "reasons.h"

enum fr_fidelity {
    FR_EXACT,
    FR_NATIVE,
    FR_PINNED,
    FR_WIDENED,
    FR_NARROWED,
    FR_FIDELITY_REFUSED,
    FR_FIDELITY_UNRESOLVED,
    FR_FIDELITY_EXPIRED,
    FR_OUT_OF_SCOPE
};

const char *fr_fidelity_word(enum fr_fidelity fidelity);

/* The verdict on a flow: the word, and why (a text of the plan's arena, or NULL). */
struct fr_verdict {
    enum fr_fidelity fidelity;
    const char *reason;
    const char *hint;   /* of a refusal, from the backend: what to do about it, or NULL */
    size_t cause;       /* the offset in the reason of the part that is not about this flow only */
    enum fr_reason why; /* of a refusal */
};

/* The part of a flow that the target has to pass in one direction. */
struct fr_scoped {
    uint32_t flow;
    fr_set source, destination;
    fr_service service; /* of the policy */
    uint8_t direction;  /* enum flowrules_direction */
    uint8_t deny, log;
    uint8_t whole_icmp; /* ICMP types are left out: accepted as a widening */
    uint8_t cut;        /* of an allow: its rules hold nothing of the denies that it meets */
    uint8_t settled;    /* addresses tell where the end is whose interfaces rules do not match */
    uint8_t open;       /* and some of them do not */
    uint32_t phase;     /* where rules have an order: denies, then allows, phase by phase */
    uint32_t crossing;  /* of the plan's crossings + 1; 0: by any interface */
    /* Of an allow: it is any protocol behind a deny of these, of the plan; 0: it is its service. */
    fr_service but;
};

/* The deny before an allow of all protocols but a few: it takes these from that allow alone. */
struct fr_others {
    uint32_t allow; /* of scoped */
    uint32_t phase;
};

/* A network that is bound to the target's platform with some key, and one of its values. */
struct fr_bound {
    fr_set set;
    fr_set own; /* without the networks inside it that are bound themselves */
    fr_string value;
};

/* A flow that is out of scope, in whole or in part, whose author may not expect that; and why. */
struct fr_missed {
    uint32_t flow;
    const char *reason;
};

/* The networks that are bound with one key. */
struct fr_bound_list {
    const char *key;
    struct fr_vec bound; /* struct fr_bound */
    fr_set all;          /* what they come to together */
};

/*
 * The stores of a plan. They grow while the plan is used, also by callers to whom the plan is
 * const: new sets, services and texts are added. Nothing in them is changed, so the meaning of the
 * plan does not change.
 */
struct fr_stores {
    struct fr_arena arena;
    struct fr_view view;
    bool have_view;
    struct fr_services services;
    struct fr_vec spelled; /* struct fr_spelled, by service (pieces.c) */
    struct fr_vec bound;   /* struct fr_bound_list *: for the keys that were asked for */
    struct fr_placing placing;
};

/* The boolean setting of a machine that has no other addresses than the protected ones. */
#define FR_MACHINE_SETTING "no-other-addresses"

struct flowrules_plan {
    flowrules_context *context;
    const flowrules_policy *policy;
    const struct fr_target *target;
    struct fr_target own_target; /* where only a backend was named */
    const struct flowrules_backend *backend;
    const struct flowrules_format *format;
    const struct flowrules_capabilities *can; /* the format's, or the backend's */
    struct flowrules_capabilities permitting; /* of a target that only permits */
    const char *name;                         /* of the target */
    bool transit;
    bool whole;         /* no target: the whole policy */
    bool exact_domains; /* of whole_domains: what no flow asks for is not resolved */
    bool permits;       /* it only permits, and leaves the rest to what else is there */
    bool denies;        /* some flow in scope is a deny */
    bool circular;      /* denies spare crosswise: no order of flows says it */
    uint32_t phases;    /* 1 where no deny spares an allow that it meets */
    bool enforces[3];
    struct fr_stores *stores;
    struct fr_arena *arena; /* of the stores, as the next two */
    struct fr_view *view;
    struct fr_services *services;
    struct fr_end protects;
    /* The set in rules that replaces all that is protected, if the machine has no other addresses.
     */
    fr_set machine;
    fr_set widest_pods;        /* of pod_groups: the protected groups that are within no other */
    struct fr_vec verdicts;    /* struct fr_verdict, one for each flow */
    struct fr_vec scoped;      /* struct fr_scoped */
    struct fr_vec others;      /* struct fr_others: of each allow that has some */
    struct fr_vec own_sources; /* struct fr_placed: of anti-spoofing */
    struct fr_vec crossings;   /* struct fr_crossing: of parts, in order of first use */
    struct fr_domains domains; /* of whole_domains */
    struct fr_vec missed;      /* struct fr_missed */
    uint32_t refused, unresolved;
};

/*
 * Addresses that every host of a family has, and those of multicast and broadcast: index 0, 1 ...
 * until false.
 */
bool fr_shared_addresses(size_t index, struct flowrules_range *range);

/*
 * Plans a target of the policy, or a backend with default settings; spec is "NAME[:FORMAT]", or
 * NULL for all flows of the policy, whatever is protected. FLOWRULES_OK also where flows are
 * refused.
 */
flowrules_status fr_plan_new(flowrules_plan **plan, flowrules_context *context,
                             const flowrules_policy *policy, const char *spec);
void fr_plan_free(flowrules_plan *plan);
/* Reports that a store of the plan ran out of memory, if one did: FLOWRULES_NO_MEMORY. */
flowrules_status fr_plan_memory(const flowrules_plan *plan);

/* Warns about a target that can be rendered: what it denies that is needed, what is unexpected. */
flowrules_status fr_plan_warn(const flowrules_plan *plan);
/* Calls with the backend's warnings about flows that it expresses exactly. */
void fr_plan_remarks(const flowrules_plan *plan, void *context,
                     void (*call)(void *context, uint32_t flow, const char *what));
/* Reports every refused and unresolved flow; the status is the worse of the two. */
flowrules_status fr_plan_report(const flowrules_plan *plan);
/*
 * Reports every flow that is refused whatever the lock file knows, and nothing else.
 * FLOWRULES_UNRESOLVED: there is none, but names are missing.
 */
flowrules_status fr_plan_check(const flowrules_plan *plan);
/* Reports the verdict that refuses a flow. */
void fr_report_verdict(const flowrules_plan *plan, uint32_t flow, const struct fr_verdict *verdict);
/* The verdict that refuses a flow. */
struct fr_verdict fr_verdict_refused(const flowrules_plan *plan, struct fr_why why);
/* Refuses a flow that was judged before. */
void fr_plan_refuse(flowrules_plan *plan, uint32_t flow, struct fr_why why);

/* Protects the groups of pods that are within a protected one, too (selectors.c). */
flowrules_status fr_protect_pods(flowrules_plan *plan);
/*
 * What of one end of a flow is protected, inside, with the protected groups of pods that are within
 * a group of that end.
 */
fr_set fr_scope_pods(const flowrules_plan *plan, fr_set end, fr_set inside);
/*
 * Why a flow is not enforced, or not whole, since pods of it may be protected under another name;
 * NULL where that is not so, or there is no memory. first: of its parts in scope.
 */
const char *fr_pods_missed(const flowrules_plan *plan, const struct fr_flow *flow,
                           const fr_set ends[2], size_t first);

/* The networks that are bound with a key; NULL when out of memory. */
const struct fr_bound_list *fr_bound_list(const flowrules_plan *plan, const char *key);

/* The value of a setting of the target, or its default; NULL when the backend has no such key. */
const char *fr_plan_setting(const flowrules_plan *plan, const char *key);

/* Why a deny cannot hold for a network that is a group and addresses at once, or NULL (twofold.c).
 */
flowrules_status fr_check_twofold(const flowrules_plan *plan, const struct fr_flow *flow,
                                  const fr_set ends[2], struct fr_why *why);
/* True if the target accepts this loss for the flow. */
bool fr_may_lose(const flowrules_plan *plan, uint32_t flow, enum fr_loss loss);
/*
 * True if the target accepts that wildcards of a flow mean what the platform makes of them, or are
 * cut to the names in the lock file. Less is a narrowing of an allow, and a widening of a deny.
 */
bool fr_may_cut(const flowrules_plan *plan, uint32_t flow, bool deny);
/*
 * Judges how exactly the target expresses a flow in scope: flags of its ends, and its scoped parts
 * from first on. Adapts parts if an accepted loss requires it (verdict.c).
 */
flowrules_status fr_judge(flowrules_plan *plan, uint32_t flow, unsigned flags, size_t first,
                          struct fr_verdict *verdict);

/* Asks the backend whether it can express what is left of a part, with a service of the plan. */
flowrules_status fr_ask_of_rest(const flowrules_plan *plan, const struct fr_scoped *rest,
                                fr_service service, struct fr_why *why);

/* The verdict on a flow whose scope depends on addresses of names that are not known yet. */
flowrules_status fr_judge_unknown_scope(flowrules_plan *plan, const struct fr_flow *flow,
                                        struct fr_verdict *verdict);

/*
 * Puts the parts into phases (phases.c): a deny behind the allows that it spares and meets, other
 * allows that it meets not before it. Refuses denies that the target can't say so.
 */
flowrules_status fr_plan_phases(flowrules_plan *plan);
/* The denies, or the allows, of a direction and phase, in the order of rules. */
struct fr_phase {
    enum flowrules_direction direction;
    enum flowrules_action action;
    uint32_t number;
};
static inline struct fr_phase fr_first_phase(enum flowrules_direction direction,
                                             enum flowrules_action action) {
    return (struct fr_phase){direction, action, 0};
}
/* Moves to the next; false after the last. */
bool fr_next_phase(const flowrules_plan *plan, struct fr_phase *phase);
/* The phase of the rules of a part: 0 if their order does not matter. */
uint32_t fr_part_phase(const flowrules_plan *plan, const struct fr_scoped *part);
/*
 * Finds how parts of an allow, from first on, are said as any protocol but a few, where their
 * service itself cannot (others.c): these few are then in 'but' of each. *why becomes
 * FR_WHY_NOT.
 */
flowrules_status fr_say_others(flowrules_plan *plan, const struct fr_flow *flow, size_t first,
                               struct fr_why *why);
/* Why the target cannot express the two rules of such a part, if so (sayable.c). */
flowrules_status fr_refuse_others(const flowrules_plan *plan, const struct fr_scoped *part,
                                  struct fr_why *why);
/* The part that denies them, as it goes before the part of the allow. */
struct fr_scoped fr_others_part(const flowrules_plan *plan, const struct fr_others *others);
/* True if a deny in scope spares a part of an allow. */
bool fr_part_is_spared(const flowrules_plan *plan, const struct fr_scoped *deny,
                       const struct fr_scoped *allow);
/* The families that a set may have addresses of: names and groups may have both. */
unsigned fr_plan_families(const flowrules_plan *plan, fr_set set);
/* What a rule of some families says of an end: any stays any (bindings.c). */
fr_set fr_end_for(const flowrules_plan *plan, fr_set set, unsigned families);
/*
 * The policy's service without the terms that the families have no use for. deny: but with the
 * extension headers of IPv6, which no packet has for its protocol: should a platform take one for
 * it, more is denied and not less.
 */
flowrules_status fr_plan_service(const flowrules_plan *plan, fr_service service, unsigned families,
                                 bool deny, fr_service *result);

#endif
