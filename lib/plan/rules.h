/*
 * The rules of a plan express its flows, in order and legal for the backend. lower.c makes them,
 * and they do not change afterwards. Spelling, the fingerprint, the map and the artifact use them.
 */
#ifndef FR_RULES_H
#define FR_RULES_H

#include "flow_lists.h"
#include "flowrules/kits/lookup.h"
#include "labels.h"
#include "plan.h"

enum fr_rule_kind { FR_RULE_MATCH, FR_RULE_TABLE };

/* A rule before it is spelled out for a backend. */
struct fr_rule {
    uint8_t kind, families;
    uint32_t flows;
    fr_set source, destination; /* any where the group matches it, or the table does */
    fr_service service;         /* of the plan */
    uint32_t table;             /* of tables */
    const char *name;           /* NULL: the first flow's */
    int32_t expires;            /* the last day, if the platform ends rules */
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
    struct flowrules_table view; /* without its elements */
    enum flowrules_family family;
    enum flowrules_end end;
    struct fr_vec elements; /* struct fr_element4 or fr_element6 */
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
    const struct fr_rules *rules;
    uint32_t after_group;  /* it comes after this group */
    struct fr_vec ranges;  /* struct fr_dispatch_range */
    struct fr_vec classes; /* struct fr_class */
    struct fr_vec members; /* uint32_t: groups */
};

/* A set of names that rules match. */
struct fr_used_names {
    uint32_t set; /* of the plan's domains */
    unsigned families;
};

/* A flow that cannot be expressed, as became clear while rules were made. */
struct fr_refusal {
    uint32_t flow;
    struct fr_verdict verdict;
};

struct fr_rules {
    const flowrules_plan *plan;
    struct fr_arena arena;
    struct fr_flow_lists flows;
    struct fr_vec rules;             /* struct fr_rule */
    struct fr_vec turns;             /* struct fr_turn, where groups do not keep the order */
    struct fr_vec groups;            /* struct fr_group */
    struct fr_vec tables;            /* struct fr_table * */
    struct fr_vec dispatches;        /* struct fr_dispatch * */
    struct fr_labels names;          /* of groups and dispatches */
    struct fr_labels short_names[2]; /* of groups, by family */
    struct fr_vec used_names;        /* struct fr_used_names, in order of first use */
    struct fr_map used_at;           /* by set of the domains + 1: index of used_names */
    struct fr_vec refusals;          /* struct fr_refusal */
    struct fr_map refused_at;        /* by flow + 1: index of refusals */
    unsigned passages;               /* how many were made */
    const char *entrances;           /* by TCP, for scripts that load them (entrances.c) */
    const char *shuts[3];            /* lines for the head of an artifact, or NULL (needs.c) */
    char fingerprint[9];
};

/*
 * Makes the rules of a plan that refuses nothing. FLOWRULES_REFUSED: *rules only says which flows
 * are refused; nothing is reported. *rules is NULL when out of memory.
 */
flowrules_status fr_rules_make(struct fr_rules **rules, const flowrules_plan *plan);
/* The same, and reports what is refused; then *rules is NULL. */
flowrules_status fr_rules_make_reported(struct fr_rules **rules, const flowrules_plan *plan);
/* rules may be NULL. */
void fr_rules_free(struct fr_rules *rules);
/* Frees rules but for their lists of flows, which go to an empty *flows. */
void fr_rules_end(struct fr_rules *rules, struct fr_flow_lists *flows);

/* The plan's verdict on a flow, or the later one that refuses it. */
const struct fr_verdict *fr_rules_verdict(const struct fr_rules *rules, uint32_t flow);
/* Refuses a flow while its rules are made; the first refusal is reported. */
flowrules_status fr_rules_refuse(struct fr_rules *rules, uint32_t flow, struct fr_why why);

/* A new group at the end; NULL when out of memory. */
struct fr_group *fr_rules_group(struct fr_rules *rules, const struct flowrules_group *view);
flowrules_status fr_rules_add(struct fr_rules *rules, const struct fr_rule *rule);
/* The lowering by lookup tables (lookup.c), and rule by rule (rules.c). */
flowrules_status fr_lower_lookup(struct fr_rules *rules);
flowrules_status fr_lower_rules(struct fr_rules *rules);
/* Gives every rule a name that the backend takes, unique among them (rule_names.c). */
flowrules_status fr_name_rules(struct fr_rules *rules);
/* A short text that is the same for the same rules (fingerprint.c). */
void fr_rules_fingerprint(struct fr_rules *rules);

/* A rule is to match a set of names in these families; false when out of memory. */
bool fr_use_names(struct fr_rules *rules, fr_set set, unsigned families);
/* The families in which rules match a set of the plan's domains. */
unsigned fr_used_families(const struct fr_rules *rules, uint32_t set);

/* An element of a table, whether or not it matches the packets of a question. */
struct flowrules_element fr_table_element(const struct fr_table *table, size_t index);

#endif
