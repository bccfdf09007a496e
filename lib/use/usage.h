/*
 * Which flows the counters of a dump count: each counter by what its rules decide (usage_match.c),
 * and what the counters say of flows over time (usage_history.c). Knows no syntax of a platform.
 */
#ifndef FR_USAGE_H
#define FR_USAGE_H

#include "meaning.h"
#include "policy.h"

/* A flow that has some of the packets of a counter. */
struct fr_usage_share {
    uint32_t counter, flow;
    const char *name; /* of the flow */
    uint32_t rules;   /* of the counter, all of whose packets are the flow's */
    bool whole;       /* these are all its rules: it counts packets of the flow alone */
};

/* Counters that count for the same flows; they keep their order. */
struct fr_usage_group {
    struct fr_span shares;   /* of the first of its counters */
    struct fr_span counters; /* of order */
    const char *key;         /* tells it from others: "=name\n" or "~name\n" of each share */
};

/* What a dump says of the flows of a target. */
struct fr_usage_now {
    flowrules_context *context;
    struct fr_arena arena;
    struct fr_vec counters; /* struct fr_counter */
    struct fr_vec last;     /* const char *, for each counter: its last day, or NULL */
    struct fr_vec shares;   /* struct fr_usage_share, by counter, whole ones first, by name */
    struct fr_vec spans;    /* struct fr_span of shares, for each counter */
    struct fr_vec order;    /* uint32_t: counters, group by group */
    struct fr_vec groups;   /* struct fr_usage_group, by their first counter */
    struct fr_vec in_scope; /* bool, for each flow: the target has to decide on it */
    struct fr_vec open;     /* bool, likewise: some rule for it has no counter */
};

/* Puts counters that count for the same flows together. */
flowrules_status fr_usage_group(struct fr_usage_now *now);

void fr_usage_now_init(struct fr_usage_now *now, flowrules_context *context);
void fr_usage_now_free(struct fr_usage_now *now);
/* Matches what was found in a dump with what a target of the policy has to let pass. */
flowrules_status fr_usage_match(struct fr_usage_now *now, const flowrules_policy *policy,
                                const flowrules_meaning *expected, const flowrules_meaning *found);

/* What the dumps until now say of a flow. */
struct fr_usage_row {
    uint32_t flow;
    bool has_bytes;
    bool at_least;           /* counters were set back: more was counted than is known */
    uint64_t packets, bytes; /* of counters that are all the flow's */
    uint64_t shared;         /* packets of counters of which some may be the flow's */
    const char *since;       /* the day of the first dump that counts it */
    const char *last;        /* the day of its last packet, at the latest; NULL: there was none */
    const char *last_shared; /* likewise of counters that it shares */
};

/* A counter when it was last seen. */
struct fr_usage_past {
    uint64_t packets, bytes;
};

/* The counters of a group in the dump that was added last with them. */
struct fr_usage_past_group {
    uint32_t dump;         /* its number, from 1 */
    struct fr_span counts; /* of past */
};

/* Dumps of one target, in the order of time. */
struct fr_usage_history {
    flowrules_context *context;
    const flowrules_policy *policy;
    struct fr_arena arena;
    struct fr_strings keys; /* of groups, and names of flows */
    struct fr_map flow_of;  /* name -> flow + 1 */
    struct fr_map row_of;   /* flow + 1 -> row + 1 */
    struct fr_map group_of; /* key -> past group + 1 */
    struct fr_vec groups;   /* struct fr_usage_past_group */
    struct fr_vec past;     /* struct fr_usage_past */
    struct fr_vec rows;     /* struct fr_usage_row */
    uint32_t dumps;
    const char *date, *before; /* of the last dump, and the one before it; or NULL */
    size_t set_back;           /* counters of the last dump that show less than before */
};

flowrules_status fr_usage_history_init(struct fr_usage_history *history, flowrules_context *context,
                                       const flowrules_policy *policy);
void fr_usage_history_free(struct fr_usage_history *history);
/* Adds the dumps of a target from the lines of a file. Lines of other targets are passed over. */
flowrules_status fr_usage_history_read(struct fr_usage_history *history, const char *target,
                                       const char *name, const char *text, size_t size);
/* Adds a dump of a day. */
flowrules_status fr_usage_history_add(struct fr_usage_history *history,
                                      const struct fr_usage_now *now, const char *date);
/* The row of a flow, or NULL. */
const struct fr_usage_row *fr_usage_row_of(const struct fr_usage_history *history, uint32_t flow);
/* The line of the file for a dump, without its end. */
void fr_usage_record(const struct fr_usage_now *now, struct flowrules_writer *writer,
                     const char *target, const char *date);

#endif
