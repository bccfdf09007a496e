/*
 * cisco-asa, what its files share: the parts of the artifact, what is kept while writing, and what
 * the record names.
 */
#ifndef FR_CISCO_ASA_H
#define FR_CISCO_ASA_H

#include "flowrules/kits/lookup.h"

/* Parts, in the order in which the ASA must see them: nothing may be named before it is defined. */
enum {
    FR_CISCO_ASA_TIMES,
    FR_CISCO_ASA_OBJECTS,
    FR_CISCO_ASA_GROUPS,
    FR_CISCO_ASA_REMOVAL, /* of a target that only permits: what takes its lines away again */
    FR_CISCO_ASA_LIST     /* the first list; others follow */
};

enum {
    FR_CISCO_ASA_LOG_LEVEL = 6,      /* what "log" alone means: access-list extended, log */
    FR_CISCO_ASA_LOG_INTERVAL = 300, /* likewise, in seconds */
    FR_CISCO_ASA_LIST_NAME_MAX = 241,
    FR_CISCO_ASA_ENDS = 256,
    FR_CISCO_ASA_LISTS = 60 /* parts of an artifact are numbered to 63 */
};

/* How an end of a rule is said that needs an object. */
struct fr_cisco_asa_end {
    char text[80];
    uint32_t set;
    unsigned families;
};

/* A list that is written. */
struct fr_cisco_asa_written {
    const char
        *interface; /* with match-interfaces, else NULL: the setting says where it is bound */
    size_t lines;
    bool remarked;
    flowrules_flows remarked_flows; /* those that the last remarks were about */
};

struct fr_cisco_asa {
    struct fr_cisco_asa_end ends[FR_CISCO_ASA_ENDS];
    struct fr_cisco_asa_written lists[FR_CISCO_ASA_LISTS];
    size_t list_count;
    size_t list;                             /* the one that lines are of */
    const struct flowrules_passage *passage; /* of the rules that come now, or NULL */
    bool removing;                           /* the line is one of the removal */
    bool names, icmp, sctp, ends_in_time;    /* what the rules call for */
};

extern const struct flowrules_escape fr_cisco_asa_word_escape;
extern const struct flowrules_setting fr_cisco_asa_settings[];
extern const struct flowrules_setting fr_cisco_asa_bindings[];

/* Are there lists of all interfaces of the policy, for what enters there, or leaves? */
bool fr_cisco_asa_matches(const flowrules_plan *plan);
bool fr_cisco_asa_is_out(const flowrules_plan *plan);
/* Finds the lists that are to be written. */
void fr_cisco_asa_find_lists(flowrules_output *out);
/* The start of a line of the list, up to its name or its number. */
void fr_cisco_asa_begin_line(flowrules_output *out, flowrules_writer *w);
/* Refuses settings that can't be pasted. */
void fr_cisco_asa_check_settings(flowrules_output *out);
/* Puts the artifact together. */
void fr_cisco_asa_write_files(flowrules_output *out);

void fr_cisco_asa_read(flowrules_input *in);
void fr_cisco_asa_baseline(const flowrules_plan *plan, flowrules_input *in);

#endif
