/*
 * Drafts of rules, for targets with a list of rules: rules.c drafts them from flows, rules_merge.c
 * merges them, rules_split.c splits them for the target.
 */
#ifndef FR_DRAFTS_H
#define FR_DRAFTS_H

#include "boxes.h"
#include "passages.h"

/* The rules of one direction, action, log and crossing, while they are cut and merged. */
struct fr_drafts {
    const flowrules_plan *plan;
    struct fr_rules *rules; /* where they go */
    const struct flowrules_capabilities *can;
    enum flowrules_direction direction;
    enum flowrules_action action;
    uint32_t phase;
    bool log;
    struct fr_section *section;
    struct fr_vec list, next; /* struct fr_rule */
    struct fr_vec pieces;     /* fr_service */
};

/* Adds a rule to the next list. */
flowrules_status fr_drafts_push(struct fr_drafts *d, const struct fr_rule *rule);

/* Merges rules that differ in one dimension only, if there are more than merge_above. */
flowrules_status fr_merge_rules(struct fr_drafts *d);
/* Merges equal rules into the first of them, with the flows of all. */
flowrules_status fr_drop_equal_rules(struct fr_drafts *d);
/* Puts the rules of the same protected pods together (rules_gather.c). */
flowrules_status fr_gather_rules(struct fr_drafts *d);
/* In which order such rules of all groups are written: the turns. */
flowrules_status fr_gather_whole(struct fr_rules *rules);

/* Steps that push what a rule is cut into: names and groups apart from addresses, wildcards apart.
 */
flowrules_status fr_split_atoms(struct fr_drafts *d, const struct fr_rule *rule);
flowrules_status fr_split_wildcards(struct fr_drafts *d, const struct fr_rule *rule);
/* The address families apart; one group an end; protocols with ports apart; services; sizes. */
flowrules_status fr_split_families(struct fr_drafts *d, const struct fr_rule *rule);
flowrules_status fr_split_groups(struct fr_drafts *d, const struct fr_rule *rule);
flowrules_status fr_split_ported(struct fr_drafts *d, const struct fr_rule *rule);
flowrules_status fr_split_services(struct fr_drafts *d, const struct fr_rule *rule);
flowrules_status fr_split_addresses(struct fr_drafts *d, const struct fr_rule *rule);

/*
 * Denies of pods (pod_denies.c): adds to a deny the groups of an allow that its own groups contain,
 * so that it denies these too; and says why a pod of the rest of an allow may be one that a deny
 * names, or NULL: no such pod, or no memory.
 */
flowrules_status fr_widen_pods(const flowrules_plan *plan, const struct fr_box *allow,
                               struct fr_box *deny);
const char *fr_pods_escape(const flowrules_plan *plan, const struct fr_box *left,
                           const struct fr_box *deny, uint32_t flow);

#endif
