/* flowrules: groups, lookup tables and dispatches, for platforms with capabilities.lookup. */
#ifndef FLOWRULES_KITS_LOOKUP_H
#define FLOWRULES_KITS_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "../backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Network interfaces: those of names, without those of except; no names: any. A name that ends in
 * '*' stands for all that begin so.
 */
struct flowrules_interfaces {
    const char *const *names;
    size_t count;
    const char *const *except;
    size_t except_count;
};

/*
 * The interfaces by which the packets of some groups enter, and by which they leave. Groups of one
 * place, action and phase follow each other; those of one turn may stand in any order of places.
 */
struct flowrules_passage {
    const char *name; /* as of a group: "fwd_from_eth1_to_eth2" */
    unsigned number;  /* from 1, unique in the plan */
    enum flowrules_direction direction;
    struct flowrules_interfaces enters, leaves;
    unsigned turn;
    size_t rule_count;                    /* of all its groups */
    bool dispatched;                      /* some of them are */
    const struct flowrules_passage *next; /* of the same turn, or NULL */
};

/*
 * Rules with the same source or the same destination, which is matched once. Targets without lookup
 * get one group for each direction, without a match.
 */
struct flowrules_group {
    /*
     * "out_web_servers_v4": direction, the network that it matches, and the family. Letters, digits
     * and _, a letter first and a _ in it: no keyword of any target. Unique in the plan, with
     * tables and dispatches.
     */
    const char *name;
    const char *short_name; /* "web_servers": unique among the groups of its families */
    unsigned number;        /* from 1, unique in the plan: where a short name has to be cut */
    enum flowrules_action action;
    enum flowrules_direction direction;
    unsigned families;
    enum flowrules_end end;
    struct flowrules_set match; /* any: no match */
    size_t rule_count;
    bool dispatched;                         /* reached through a dispatch, not one by one */
    const struct flowrules_passage *passage; /* matched before all else; NULL: by any interface */
};

/* An element of a lookup table: (source host,) address range and port range. */
struct flowrules_element {
    struct flowrules_ip source; /* in tables with by_source alone */
    struct flowrules_range address;
    struct flowrules_ports ports; /* in tables with by_port alone */
    flowrules_flows flows;
};

/*
 * A lookup table: a packet matches if it matches one of its elements. Exact tables have single
 * addresses and single ports (a hash set). Interval tables have ranges that do not overlap. Tables
 * of a prefix length have prefixes of that length and single ports: a hash set of what a mask
 * leaves of the address.
 */
struct flowrules_table {
    const char *name; /* of the kind of a group's, unique in the plan */
    bool by_source;   /* the source too is part of the key (exact tables of single hosts) */
    bool by_port;
    bool interval;
    unsigned prefix_length; /* 0: none; where capabilities.masked_tables_by is set alone */
    size_t count;
    const void *elements; /* read by flowrules_table_element */
};

/*
 * Many groups in one lookup: disjoint ranges of the source or destination, each with the groups
 * that contain it. Range i leads to class flowrules_dispatch_class(d, i).
 */
struct flowrules_dispatch {
    const char *name;
    enum flowrules_action action;
    enum flowrules_direction direction;
    enum flowrules_family family;
    enum flowrules_end end;
    size_t range_count, class_count;
    const void *ranges, *classes;
    const struct flowrules_passage *passage; /* of all its groups */
};

/*
 * With the setting anti-spoofing: addresses that may enter by these interfaces alone; index 0, 1
 * ... until false. An address is in one of these sets at most.
 */
FLOWRULES_API bool flowrules_plan_own_source(const flowrules_plan *plan, size_t index,
                                             struct flowrules_set *set,
                                             struct flowrules_interfaces *interfaces);
/*
 * The names of all interfaces, or zones, that the target's networks are at: index 0, 1 ... until
 * NULL.
 */
FLOWRULES_API const char *flowrules_plan_interface(const flowrules_plan *plan, size_t index);
FLOWRULES_API struct flowrules_element flowrules_table_element(const struct flowrules_rule *rule,
                                                               size_t index);
FLOWRULES_API struct flowrules_range flowrules_dispatch_range(const struct flowrules_dispatch *d,
                                                              size_t index);
FLOWRULES_API size_t flowrules_dispatch_class(const struct flowrules_dispatch *d, size_t range);
/* The groups of a class, in order: index 0, 1 ... until NULL. */
FLOWRULES_API const struct flowrules_group *
flowrules_dispatch_group(const struct flowrules_dispatch *d, size_t class_index, size_t index);

#ifdef __cplusplus
}
#endif

#endif
