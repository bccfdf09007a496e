/*
 * What the readers of gcloud share: rules on their way, value by value, whatever they are written
 * in. Private to this folder.
 */
#ifndef FR_GCLOUD_READ_H
#define FR_GCLOUD_READ_H

#include "flowrules/backend.h"
#include "flowrules/reader.h"

/* The fields of a rule that are lists of values. */
enum fr_gcloud_field {
    FR_GCLOUD_SOURCE_RANGES,
    FR_GCLOUD_SOURCE_NAMES,
    FR_GCLOUD_SOURCE_TAGS,
    FR_GCLOUD_SOURCE_ACCOUNTS,
    FR_GCLOUD_SOURCE_SECURE_TAGS,
    FR_GCLOUD_DESTINATION_RANGES,
    FR_GCLOUD_DESTINATION_NAMES,
    FR_GCLOUD_TARGET_TAGS,
    FR_GCLOUD_TARGET_ACCOUNTS,
    FR_GCLOUD_TARGET_SECURE_TAGS,
    FR_GCLOUD_FIELDS
};

/* Sets that are united at the end. */
struct fr_gcloud_sets {
    struct flowrules_set *items;
    size_t count, capacity;
};

enum fr_gcloud_action { FR_GCLOUD_ALLOW, FR_GCLOUD_DENY, FR_GCLOUD_NEXT };

struct fr_gcloud_reader;

/* A rule on its way. Zero it, but for the reader, at and the defaults of the place it stands. */
struct fr_gcloud_rule {
    struct fr_gcloud_reader *reader;
    struct flowrules_place at;
    bool of_policy; /* of a network firewall policy, not of VPC */
    bool unknown;   /* an error or a doubt was told: it is left out */
    /* Why it is not known what it matches within its fields, or NULL. */
    const char *doubt;
    struct flowrules_place doubt_at;
    bool wide;   /* it may match more than its fields: all */
    bool either; /* whether it allows or denies is not known */
    bool ipip;   /* it names that protocol, whose number is not known */
    struct flowrules_place ipip_at;
    bool disabled, log;
    enum flowrules_direction direction;
    enum fr_gcloud_action action;
    long long priority;
    const char *name, *description; /* may be NULL */
    struct fr_gcloud_sets ends[2], targets;
    bool ranges_at[2]; /* ranges were given at this end */
    struct flowrules_service *services;
    size_t service_count, service_capacity;
    bool every_service;
};

/* A rule as it is put in order. */
struct fr_gcloud_kept {
    struct flowrules_read_rule read;
    bool of_policy, next, either, ipip;
    struct flowrules_place ipip_at;
    long long priority;
};

struct fr_gcloud_reader {
    flowrules_input *in;
    bool rules;           /* the second round: not just the networks */
    const char *network;  /* whose rules are read, once that is settled */
    const char *networks; /* the names that there are, as a text */
    size_t network_count;
    const char **network_names;
    size_t network_room;
    struct flowrules_place network_at; /* of the latest */
    struct fr_gcloud_kept *kept;
    size_t count, capacity;
    bool has_policy, has_vpc;
    bool listed; /* the files have what the network has, and not some rules for it alone */
};

/*
 * Is the rule of this network one that is read? In the first round no rule is: its network is noted
 * then. NULL: any.
 */
bool fr_gcloud_wanted(struct fr_gcloud_reader *r, const char *network, struct flowrules_place at);
/* Settles the network: the target's; where nobody said one, the only one that there is. */
void fr_gcloud_choose_network(struct fr_gcloud_reader *r);
/* Reports what is wrong with the rule, what having one %s for text; it is left out. */
void fr_gcloud_fail(struct fr_gcloud_rule *rule, struct flowrules_place at, const char *hint,
                    const char *what, const char *text) __attribute__((format(printf, 4, 0)));
/* It is not known what the rule matches: it may be anything. */
void fr_gcloud_doubt(struct fr_gcloud_rule *rule, struct flowrules_place at, const char *what);
/* It is not known whether the rule matches what its fields say; more it does not. */
void fr_gcloud_doubt_within(struct fr_gcloud_rule *rule, struct flowrules_place at,
                            const char *what);
/* A key that is not known: about an end, it may add to that; else it may leave something out. */
void fr_gcloud_doubt_key(struct fr_gcloud_rule *rule, const flowrules_node *node);
/* Where the rule stands is not known: a doubt about all, and the rule is left out. */
void fr_gcloud_doubt_all(struct fr_gcloud_rule *rule, struct flowrules_place at, const char *what);
/* A value of a list. */
void fr_gcloud_value(struct fr_gcloud_rule *rule, enum fr_gcloud_field field, const char *text,
                     struct flowrules_place at);
/* A protocol and, or NULL, a port or range of ports. */
void fr_gcloud_service(struct fr_gcloud_rule *rule, const char *protocol, const char *ports,
                       struct flowrules_place at);
/* "INGRESS" or "EGRESS"; "ALLOW", "DENY" and, in policies, "goto_next": any case of letters. */
void fr_gcloud_direction(struct fr_gcloud_rule *rule, const char *text, struct flowrules_place at);
void fr_gcloud_action(struct fr_gcloud_rule *rule, const char *text, struct flowrules_place at);
/* The rule has all its values: it is kept. */
void fr_gcloud_keep(struct fr_gcloud_rule *rule);

void fr_gcloud_read_script(struct fr_gcloud_reader *r, size_t file);
void fr_gcloud_read_terraform(struct fr_gcloud_reader *r, const flowrules_node *document);

/* The backend's read and baseline. */
void fr_gcloud_read(flowrules_input *in);
void fr_gcloud_baseline(const flowrules_plan *plan, flowrules_input *in);

#endif
