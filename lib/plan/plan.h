/*
 * The plan of a target: which flows it enforces and how truly, and the rules that say them, in
 * order and legal for the backend. plan.c scopes and judges; lookup.c and rules.c lower.
 */
#ifndef FR_PLAN_H
#define FR_PLAN_H

#include "domains.h"
#include "flowrules/kits/lookup.h"
#include "flows.h"
#include "labels.h"
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

/* How one flow fares: the word, and why (a text of the plan's arena, or NULL). */
struct fr_verdict {
    enum fr_fidelity fidelity;
    const char *reason;
    const char *hint;   /* of a refusal, from the backend: what to do about it, or NULL */
    size_t cause;       /* where in the reason stands what is no word about this flow alone */
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
    uint32_t phase;     /* where rules have an order: denies, then allows, phase by phase */
    /* Of an allow: it is any protocol behind a deny of these, of the plan; 0: it is its service. */
    fr_service but;
};

/* The deny before an allow of all protocols but a few: it takes these from that allow alone. */
struct fr_others {
    uint32_t allow; /* of scoped */
    uint32_t phase;
};

enum fr_rule_kind { FR_RULE_MATCH, FR_RULE_TABLE };

/* A rule before it is spelled out for a backend. */
struct fr_rule {
    uint8_t kind, families;
    uint32_t flows;
    fr_set source, destination; /* any where the group matches it, or the table does */
    fr_service service;         /* of the plan */
    uint32_t table;             /* of tables */
    const char *name;           /* of the plan's arena, or NULL: the first flow's */
    int32_t expires;            /* the last day, where the backend ends rules by itself */
};

/* The rule that is written next, and its group. */
struct fr_turn {
    uint32_t group, rule;
};

/* Elements of tables: IPv4 in 20 bytes, since there may be very many. */
struct fr_element4 {
    uint32_t source, first, last;
    uint16_t port_first, port_last;
    uint32_t flows;
};

struct fr_element6 {
    struct flowrules_ip source, first, last;
    uint16_t port_first, port_last;
    uint32_t flows;
};

struct fr_table {
    struct flowrules_table view; /* view.elements points to the next field */
    enum flowrules_family family;
    enum flowrules_end end;
    struct fr_vec elements;     /* struct fr_element4 or fr_element6 */
    const struct fr_plan *plan; /* while a question is answered, else NULL */
    bool elsewhere;             /* then: its rule matches no packet of the question */
};

struct fr_group {
    struct flowrules_group view;
    bool log;
    fr_set match;
    uint32_t first_rule;
    uint32_t phase;
};

struct fr_class {
    uint32_t first, count; /* of class_groups */
};

struct fr_dispatch_range {
    struct flowrules_range range;
    uint32_t class_index;
};

struct fr_dispatch {
    struct flowrules_dispatch view;
    const struct fr_plan *plan;
    uint32_t after_group;  /* it comes after this group */
    struct fr_vec ranges;  /* struct fr_dispatch_range */
    struct fr_vec classes; /* struct fr_class */
    struct fr_vec members; /* uint32_t: groups of the plan */
};

/* A network that is bound to the target's platform with some key, and one of its values. */
struct fr_bound {
    fr_set set;
    fr_set own; /* without the networks inside it that are bound themselves */
    fr_string value;
};

/* The packets of a question, by the plan's sets. */
struct fr_asked {
    fr_set ends[2];
    struct fr_term term;
};

/* A flow that is out of scope, in whole or in part, whose author may not expect that; and why. */
struct fr_missed {
    uint32_t flow;
    const char *reason;
};

/* The names that some flows are said by the addresses of (notes.c). */
struct fr_pinned_names {
    uint32_t flows;
    bool known;          /* they were asked for, and are those of flows */
    bool failed;         /* once memory ran out for them: what was written lacks some */
    struct fr_vec names; /* const struct fr_locked_name * */
};

/* The boolean setting of a machine that has no other addresses than the protected ones. */
#define FR_MACHINE_SETTING "no-other-addresses"

struct fr_plan {
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
    bool whole;         /* no target: the policy by itself */
    bool exact_domains; /* of whole_domains: what no flow asks for is not resolved */
    bool permits;       /* it only permits, and leaves the rest to what else is there */
    bool denies;        /* some flow in scope is a deny */
    bool circular;      /* denies spare crosswise: no order of flows says it */
    uint32_t phases;    /* 1 where no deny spares an allow that it meets */
    bool enforces[3];
    struct fr_arena arena;
    struct fr_view view;
    bool have_view;
    struct fr_end protects;
    /* What stands in rules for all that is protected, where the machine has no other addresses. */
    fr_set machine;
    fr_set widest_pods;     /* of pod_groups: the protected groups that are within no other */
    struct fr_vec verdicts; /* struct fr_verdict, one for each flow */
    struct fr_vec scoped;   /* struct fr_scoped */
    struct fr_vec others;   /* struct fr_others: of each allow that has some */
    struct fr_services services;
    struct fr_vec flow_lists;        /* struct fr_span of flow_members; number + flow count */
    struct fr_vec flow_members;      /* uint32_t */
    struct fr_vec rules;             /* struct fr_rule */
    struct fr_vec turns;             /* struct fr_turn, where groups do not keep the order */
    struct fr_vec groups;            /* struct fr_group */
    struct fr_vec tables;            /* struct fr_table * */
    struct fr_vec dispatches;        /* struct fr_dispatch * */
    struct fr_domains domains;       /* of whole_domains */
    struct fr_labels names;          /* of groups and dispatches */
    struct fr_labels short_names[2]; /* of groups, by family */
    struct fr_vec bound;             /* struct fr_bound: for the key that was asked for last */
    fr_set bound_all;                /* what they come to together */
    const char *bound_key;           /* NULL: none yet */
    struct fr_vec missed;            /* struct fr_missed */
    struct fr_pinned_names pinned;   /* those that were asked for last */
    struct flowrules_output *asker;  /* for questions to the backend, once there was one */
    const char *entrances;           /* by TCP, for scripts that load it (entrances.c) */
    const char *shuts[3];            /* lines for the head of its artifact, or NULL (needs.c) */
    uint32_t refused, unresolved;
    struct fr_strings unpinned;   /* names that were told to have no address */
    const struct fr_asked *asked; /* or NULL */
    char fingerprint[9];
};

/*
 * Addresses that every host of a family has, and those of multicast and broadcast: index 0, 1 ...
 * until false.
 */
bool fr_shared_addresses(size_t index, struct flowrules_range *range);

/*
 * Plans a target of the policy, or a backend with default settings; spec is "NAME[:FORMAT]", or
 * NULL for all flows of the policy, whatever is protected.
 * The verdicts are complete when it returns FLOWRULES_OK, also where flows are refused; the rules
 * only once fr_plan_lower was called.
 */
flowrules_status fr_plan_new(struct fr_plan **plan, flowrules_context *context,
                             const flowrules_policy *policy, const char *spec);
void fr_plan_free(struct fr_plan *plan);

/* What is to be told of a target that can be rendered: what it shuts, what is unexpected. */
flowrules_status fr_plan_warn(struct fr_plan *plan);
/* Has what the backend says of flows beside their verdicts, where these have no reason yet. */
void fr_plan_remark(struct fr_plan *plan);
/* Reports every refused and unresolved flow; the status is the worse of the two. */
flowrules_status fr_plan_report(struct fr_plan *plan);
/*
 * Reports every flow that is refused whatever the lock file knows, and nothing else.
 * FLOWRULES_UNRESOLVED: there is none, but names are missing.
 */
flowrules_status fr_plan_check(struct fr_plan *plan);
/*
 * Makes the rules; only for a plan without refusals. FLOWRULES_REFUSED: there are verdicts now that
 * refuse a flow; nothing is reported.
 */
flowrules_status fr_plan_lower(struct fr_plan *plan);
/* The same, and reports what is refused. */
flowrules_status fr_plan_lower_reported(struct fr_plan *plan);
/* The verdict that refuses a flow. */
struct fr_verdict fr_verdict_refused(struct fr_plan *plan, struct fr_why why);
/* Refuses a flow for what was found while its rules were made. */
void fr_plan_refuse(struct fr_plan *plan, uint32_t flow, struct fr_why why);

/* What answers a backend's questions before there are rules; NULL when out of memory. */
struct flowrules_output *fr_plan_asker(struct fr_plan *plan);
/* Protects the groups of pods that are within a protected one, too (selectors.c). */
flowrules_status fr_protect_pods(struct fr_plan *plan);
/*
 * What of one end of a flow is protected, inside, with the protected groups of pods that are within
 * a group of that end; FR_SET_NONE: no memory.
 */
fr_set fr_scope_pods(struct fr_plan *plan, fr_set end, fr_set inside);
/*
 * Why a flow is not enforced, or not whole, since pods of it may be protected under another name;
 * NULL where that is not so, or there is no memory. first: of its parts in scope.
 */
const char *fr_pods_missed(struct fr_plan *plan, const struct fr_flow *flow, const fr_set ends[2],
                           size_t first);

/* The value of a setting of the target, or its default; NULL when the backend has no such key. */
const char *fr_plan_setting(const struct fr_plan *plan, const char *key);

/* Why a deny can't hold for a network that is a group and addresses at once, or NULL (twofold.c).
 */
flowrules_status fr_check_twofold(struct fr_plan *plan, const struct fr_flow *flow,
                                  const fr_set ends[2], struct fr_why *why);
/* May the flow be said with this loss on this target? */
bool fr_may_lose(const struct fr_plan *plan, uint32_t flow, enum fr_loss loss);
/*
 * May the wildcards of a flow be read as the target reads them, or cut to the names that the lock
 * file knows? Less is a loss by narrowing in an allow, by widening in a deny.
 */
bool fr_may_cut(const struct fr_plan *plan, uint32_t flow, bool deny);
/*
 * How truly the target says a flow that is in scope: flags of its ends, and its scoped parts from
 * first on. Parts are adapted where an accepted loss asks for it (verdict.c).
 */
flowrules_status fr_judge(struct fr_plan *plan, uint32_t flow, unsigned flags, size_t first,
                          struct fr_verdict *verdict);

/* Asks the backend whether it can say what is left of a part, as a rule of the plan. */
flowrules_status fr_ask_of_rest(struct fr_plan *plan, const struct fr_scoped *part,
                                const struct fr_rule *rule, struct fr_why *why);

/* The verdict on a flow that is in scope or not, as a name's addresses will have it. */
flowrules_status fr_judge_unknown_scope(struct fr_plan *plan, const struct fr_flow *flow,
                                        struct fr_verdict *verdict);

/*
 * Puts the parts into phases (phases.c): a deny behind the allows that it spares and meets, other
 * allows that it meets not before it. Refuses denies that the target can't say so.
 */
flowrules_status fr_plan_phases(struct fr_plan *plan);
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
/* Goes on to what stands behind it; false where nothing does. */
bool fr_next_phase(const struct fr_plan *plan, struct fr_phase *phase);
/* The phase that a part's rules stand in: 0 where their order says nothing. */
uint32_t fr_part_phase(const struct fr_plan *plan, const struct fr_scoped *part);
/*
 * Finds how parts of an allow, from first on, are said as any protocol but a few, where their
 * service itself can't be (others.c): these few then stand in 'but' of each. *why becomes
 * FR_WHY_NOT.
 */
flowrules_status fr_say_others(struct fr_plan *plan, const struct fr_flow *flow, size_t first,
                               struct fr_why *why);
/* Why the target can't say the two rules of such a part, if it can't (sayable.c). */
flowrules_status fr_refuse_others(struct fr_plan *plan, const struct fr_scoped *part,
                                  struct fr_why *why);
/* The part that denies them, as it goes before the part of the allow. */
struct fr_scoped fr_others_part(const struct fr_plan *plan, const struct fr_others *others);
/* Does a deny in scope spare a part of an allow? */
bool fr_part_is_spared(const struct fr_plan *plan, const struct fr_scoped *deny,
                       const struct fr_scoped *allow);
/* The number of a list of flows: the flow itself, or a list of at least two. UINT32_MAX: no memory.
 */
uint32_t fr_flows_list(struct fr_plan *plan, const uint32_t *flows, size_t count);
size_t fr_flows_count(const struct fr_plan *plan, uint32_t flows);
uint32_t fr_flows_at(const struct fr_plan *plan, uint32_t flows, size_t index);

/* The lowering by lookup tables (lookup.c), and rule by rule (rules.c). */
flowrules_status fr_lower_lookup(struct fr_plan *plan);
flowrules_status fr_lower_rules(struct fr_plan *plan);
/* The families that a set may have addresses of: names and groups may have both. */
unsigned fr_plan_families(const struct fr_plan *plan, fr_set set);
/* Does a rule, or an element of its table, match a packet of the question (asked.c)? */
bool fr_rule_is_asked(const struct fr_plan *plan, const struct fr_group *group,
                      const struct fr_rule *rule);
bool fr_element_is_asked(const struct fr_table *table, const struct flowrules_element *element);
/* A new group at the end of the plan; NULL when out of memory. */
struct fr_group *fr_plan_group(struct fr_plan *plan, const struct flowrules_group *view);
flowrules_status fr_plan_rule(struct fr_plan *plan, const struct fr_rule *rule);
/* What a rule of some families says of an end: any stays any (bindings.c). */
fr_set fr_end_for(struct fr_plan *plan, fr_set set, unsigned families);
/*
 * The policy's service without the terms that the families have no use for. deny: but with the
 * extension headers of IPv6, which no packet has for its protocol: should a platform take one for
 * it, more is denied and not less.
 */
flowrules_status fr_plan_service(struct fr_plan *plan, fr_service service, unsigned families,
                                 bool deny, fr_service *result);

#endif
