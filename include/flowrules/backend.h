/*
 * flowrules: the interface for those who write a backend.
 *
 * A backend is one const struct flowrules_backend: what a platform can say, as data, and a few
 * functions that spell a plan. The core lowers a policy to that data first (subtracts, splits,
 * merges, names, counts), so all that a backend is given is legal for it, and it only writes.
 * User text reaches a file through flowrules_write_user alone, with an escape that belongs to the
 * place in the target's syntax. backends/plain/plain.c is the smallest whole example.
 *
 * One outside the tree is a shared object that exports its record as flowrules_plugin, and links
 * with nothing: whoever loads it has the library (flowrules --plugin FILE, or a program that calls
 * flowrules_backend_register). examples/plugin is a whole one.
 *
 * A writer remembers its first failure (out of memory); write on, the core checks once at the end.
 * All that a backend is handed lives until its end function has returned.
 */
#ifndef FLOWRULES_BACKEND_H
#define FLOWRULES_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowrules.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOWRULES_BACKEND_ABI 3u

/* ---- addresses, ports, sets -------------------------------------------------------------- */

enum flowrules_family { FLOWRULES_IPV4 = 0, FLOWRULES_IPV6 = 1 };
#define FLOWRULES_FAMILY_BIT(family) (1u << (family))
#define FLOWRULES_BOTH_FAMILIES      3u

/* An address: 128 bits, an IPv4 address in the low 32. */
struct flowrules_ip {
    uint64_t hi, lo;
};

struct flowrules_range {
    enum flowrules_family family;
    struct flowrules_ip first, last;
};

struct flowrules_ports {
    uint16_t first, last;
};

/* A set of addresses, names and platform groups, in order, disjoint and merged. */
struct flowrules_set {
    const void *store;
    uint32_t id;
};

enum flowrules_atom_kind { FLOWRULES_ATOM_NAME, FLOWRULES_ATOM_WILDCARD, FLOWRULES_ATOM_GROUP };

struct flowrules_atom {
    enum flowrules_atom_kind kind;
    const char *name; /* the FQDN, for a wildcard the part below "*.", or the network's name */
};

FLOWRULES_API bool flowrules_set_is_any(struct flowrules_set set);
FLOWRULES_API size_t flowrules_set_range_count(struct flowrules_set set,
                                               enum flowrules_family family);
FLOWRULES_API struct flowrules_range
flowrules_set_range(struct flowrules_set set, enum flowrules_family family, size_t index);
/* The names and platform groups of a set; none in a set that is any. */
FLOWRULES_API size_t flowrules_set_atom_count(struct flowrules_set set);
FLOWRULES_API struct flowrules_atom flowrules_set_atom(struct flowrules_set set, size_t index);
/* Does it hold every name and group, as any does, whatever addresses it lacks? */
FLOWRULES_API bool flowrules_set_has_all_atoms(struct flowrules_set set);
/* Does it hold every address of the family? */
FLOWRULES_API bool flowrules_set_is_all(struct flowrules_set set, enum flowrules_family family);

/* What a set lacks of a family, as ranges: index 0, 1 ... until false. */
FLOWRULES_API bool flowrules_set_gap(struct flowrules_set set, enum flowrules_family family,
                                     size_t index, struct flowrules_range *gap);

/* The length of the prefix that is exactly this range, or -1 when it is none. */
FLOWRULES_API int flowrules_range_prefix(const struct flowrules_range *range);
/*
 * Takes the largest prefix off the front of a range: it goes to *prefix, the rest stays in *range.
 * False when nothing was left. for (; flowrules_range_next_prefix(&r, &p);) visits all.
 */
FLOWRULES_API bool flowrules_range_next_prefix(struct flowrules_range *range,
                                               struct flowrules_range *prefix);

/* ---- writing ----------------------------------------------------------------------------- */

typedef struct flowrules_writer flowrules_writer;

FLOWRULES_API void flowrules_write(flowrules_writer *w, const char *text);
/* For numbers and a backend's own words; never for user text. */
FLOWRULES_API void flowrules_writef(flowrules_writer *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
FLOWRULES_API void flowrules_write_number(flowrules_writer *w, uint64_t number);
/* What cksum(1) says of a file as it is now: its checksum, a blank and its bytes. */
FLOWRULES_API void flowrules_write_cksum(flowrules_writer *w, const flowrules_writer *file);
FLOWRULES_API void flowrules_write_ip(flowrules_writer *w, enum flowrules_family family,
                                      struct flowrules_ip ip);
/* a.b.c.d for one address, a.b.c.d/len for a prefix, first-last for what is neither. */
FLOWRULES_API void flowrules_write_range(flowrules_writer *w, const struct flowrules_range *range);
/* The same with "/len" for a single address too. */
FLOWRULES_API void flowrules_write_prefix(flowrules_writer *w, const struct flowrules_range *range);
/* 443, or 8000 and 8010 with the separator between. */
FLOWRULES_API void flowrules_write_ports(flowrules_writer *w, struct flowrules_ports ports,
                                         const char *separator);

/*
 * What user text may become at one place of a syntax. Letters, digits and the characters of keep
 * stand for themselves; those of escape get before in front; everything else (control characters
 * always) becomes replace, but for quotes (' " and `) in a place that keeps blanks: those that
 * stand at a word are left out. At most max_bytes are written; a longer text is cut at a whole
 * character and ends in "...". With utf8, whole non-ASCII characters are kept; without, they are
 * transliterated, as far as keep and escape have the result: Zürich is Zurich, a run of characters
 * of a script without a transliteration becomes one replace.
 */
struct flowrules_escape {
    const char *keep;
    const char *escape;
    char before;
    char replace;
    bool utf8;
    size_t max_bytes;
};

FLOWRULES_API void flowrules_write_user(flowrules_writer *w, const struct flowrules_escape *escape,
                                        const char *text);

/* ---- the plan ---------------------------------------------------------------------------- */

enum flowrules_action { FLOWRULES_ALLOW = 0, FLOWRULES_DENY = 1 };
enum flowrules_direction { FLOWRULES_EGRESS = 0, FLOWRULES_INGRESS = 1, FLOWRULES_FORWARD = 2 };
enum flowrules_end { FLOWRULES_SOURCE = 0, FLOWRULES_DESTINATION = 1 };

/* What an expression of a selector of Kubernetes asks of a label. */
enum flowrules_operator {
    FLOWRULES_IN,
    FLOWRULES_NOT_IN,
    FLOWRULES_EXISTS,
    FLOWRULES_DOES_NOT_EXIST
};

/*
 * The flows that a rule comes from, for flowrules_flows_... While a question about a packet is
 * answered, elsewhere says that the rule holds no such packet: flows with and without it are the
 * same.
 */
typedef struct flowrules_flows {
    uint32_t number;
    bool elsewhere;
} flowrules_flows;

/* Are these the same flows? */
static inline bool flowrules_flows_are_same(flowrules_flows a, flowrules_flows b) {
    return a.number == b.number;
}

/* One protocol with its ports or ICMP types; what is not limited is absent or -1. */
struct flowrules_service {
    int protocol; /* IANA number, -1 = any */
    const struct flowrules_ports *source_ports, *destination_ports;
    size_t source_port_count, destination_port_count; /* 0 = any */
    int icmp_type, icmp_code;                         /* -1 = any */
};

/* A pair of a lookup table: (source host,) address range and port range. */
struct flowrules_element {
    struct flowrules_ip source; /* in tables with by_source alone */
    struct flowrules_range address;
    struct flowrules_ports ports; /* in tables with by_port alone */
    flowrules_flows flows;
};

/*
 * A lookup table: any of its elements matching is a match. Exact tables hold single addresses and
 * single ports (a hash set); interval tables hold ranges, none of which overlap.
 */
struct flowrules_table {
    const char *name; /* of the kind of a group's, unique in the plan */
    bool by_source;   /* the source too is part of the key (exact tables of single hosts) */
    bool by_port;
    bool interval;
    size_t count;
    const void *elements; /* read by flowrules_table_element */
};

/*
 * A rule. In a group, the end that the group matches is not repeated: it is "any" here.
 * With a table, the table says address (at the other end than the group's) and port, and services
 * holds one entry that says the protocol.
 */
struct flowrules_rule {
    enum flowrules_action action;
    enum flowrules_direction direction;
    unsigned families; /* bits; both only where the ends are any */
    struct flowrules_set source, destination;
    const struct flowrules_service *services;
    size_t service_count;
    const struct flowrules_table *table; /* or NULL */
    enum flowrules_end table_end;        /* the end that the table's address is */
    bool log;
    flowrules_flows flows;
    const char *name; /* fit for the backend's limits, unique in the plan */
    /* Where denies spare flows: how often denies, and then allows, follow in the order of rules. */
    unsigned phases_behind;
};

/*
 * Rules that share an end, so that it is matched once. Targets without lookup get one group for
 * each direction, which matches nothing.
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
    bool dispatched; /* reached through a dispatch, not one by one */
};

/*
 * Many groups at once: disjoint ranges of one end, each leading to the groups that hold it.
 * Range i leads to class flowrules_dispatch_class(d, i).
 */
struct flowrules_dispatch {
    const char *name;
    enum flowrules_action action;
    enum flowrules_direction direction;
    enum flowrules_family family;
    enum flowrules_end end;
    size_t range_count, class_count;
    const void *ranges, *classes;
};

typedef struct flowrules_output flowrules_output;

FLOWRULES_API struct flowrules_element flowrules_table_element(const struct flowrules_rule *rule,
                                                               size_t index);
FLOWRULES_API struct flowrules_range flowrules_dispatch_range(const struct flowrules_dispatch *d,
                                                              size_t index);
FLOWRULES_API size_t flowrules_dispatch_class(const struct flowrules_dispatch *d, size_t range);
/* The groups of a class, in order: index 0, 1 ... until NULL. */
FLOWRULES_API const struct flowrules_group *
flowrules_dispatch_group(const struct flowrules_dispatch *d, size_t class_index, size_t index);

/* ---- what a spelling function can ask and do ---------------------------------------------- */

/* Names from the policy; user text is marked so. */
FLOWRULES_API const char *flowrules_output_target(const flowrules_output *out); /* [A-Za-z0-9._-] */
FLOWRULES_API const char *
flowrules_output_title(const flowrules_output *out); /* user text or NULL */
/* Is this direction in force, so that what no rule allows is denied? */
FLOWRULES_API bool flowrules_output_enforces(const flowrules_output *out,
                                             enum flowrules_direction direction);
/*
 * True for a target with mode: permits. What no rule allows is then left to what else there is: no
 * rule of the artifact denies, and none of its rules is a deny.
 */
FLOWRULES_API bool flowrules_output_permits(const flowrules_output *out);
/* Parts of a baseline (docs/MODEL.md). */
enum flowrules_baseline {
    FLOWRULES_BASELINE_REPLIES = 1,
    FLOWRULES_BASELINE_LOOPBACK = 2,
    FLOWRULES_BASELINE_NEIGHBOUR = 4, /* IPv6 neighbour discovery */
    FLOWRULES_BASELINE_LISTENER = 8,  /* IPv6 multicast listener discovery */
    FLOWRULES_BASELINE_PATH_MTU = 16,
    FLOWRULES_BASELINE_INVALID = 32, /* drops what conntrack calls invalid; where it is listed */
    FLOWRULES_BASELINE_PROBES = 64,  /* health probes of the platform's load balancer */
    FLOWRULES_BASELINE_DNS = 128     /* to the platform's resolvers */
};
/* Has the target any of it but the replies? */
FLOWRULES_API bool flowrules_output_baseline(const flowrules_output *out);
/* Has the target this part of the baseline? */
FLOWRULES_API bool flowrules_output_has(const flowrules_output *out, enum flowrules_baseline part);
/* The name of the format that is spelled, or asked for. */
FLOWRULES_API const char *flowrules_output_format(const flowrules_output *out);
FLOWRULES_API bool flowrules_output_log_denied(const flowrules_output *out);
/* Is nothing to be logged at all? For platforms that log without being told to. */
FLOWRULES_API bool flowrules_output_log_nothing(const flowrules_output *out);
/*
 * For the head of an artifact: what the target shuts of that which a machine, pods or a site can't
 * do without, what of it is accepted, and what its rules don't decide. Each line has before in
 * front of it and after behind it; none where there is nothing to tell. Lines are plain ASCII
 * without quotes but ', and without "--".
 */
FLOWRULES_API void flowrules_write_shuts(flowrules_writer *w, const flowrules_output *out,
                                         const char *before, const char *after);
/*
 * Who may open a TCP connection to the machine that a target of Linux stands on: entries "V SOURCE
 * SOURCE DESTINATION DESTINATION PORT PORT", with "; " between them, of each the first and the
 * last, addresses in hexadecimal (8 digits, or 32). The first entry that holds a connection
 * decides: V is a (it may open), d (it may not) or u (that is not known); it may not where none
 * holds it. "none" where the target decides nothing of it, "unknown" where no such list can be
 * made.
 */
FLOWRULES_API const char *flowrules_output_entrances(const flowrules_output *out);
/* A setting of the target, or its default; checked against the backend's table. */
FLOWRULES_API const char *flowrules_output_setting(const flowrules_output *out, const char *key);
FLOWRULES_API long long flowrules_output_number(const flowrules_output *out, const char *key);
FLOWRULES_API bool flowrules_output_flag(const flowrules_output *out, const char *key);
/* Zeroed memory for the backend, of the size that it declared as state_size. */
FLOWRULES_API void *flowrules_output_state(flowrules_output *out);
/* A short text that stands for the whole plan: 8 hex digits, the same for the same plan. */
FLOWRULES_API const char *flowrules_output_fingerprint(const flowrules_output *out);

FLOWRULES_API size_t flowrules_flows_count(const flowrules_output *out, flowrules_flows flows);
/* User text. */
FLOWRULES_API const char *flowrules_flows_name(const flowrules_output *out, flowrules_flows flows,
                                               size_t index);
FLOWRULES_API const char *flowrules_flows_purpose(const flowrules_output *out,
                                                  flowrules_flows flows, size_t index);
FLOWRULES_API const char *flowrules_flows_owner(const flowrules_output *out, flowrules_flows flows,
                                                size_t index);
FLOWRULES_API const char *flowrules_flows_ticket(const flowrules_output *out, flowrules_flows flows,
                                                 size_t index);
FLOWRULES_API const char *flowrules_flows_volume(const flowrules_output *out, flowrules_flows flows,
                                                 size_t index);
FLOWRULES_API const char *flowrules_flows_frequency(const flowrules_output *out,
                                                    flowrules_flows flows, size_t index);
/* A flow's tags: tag 0, 1 ... until NULL. */
FLOWRULES_API const char *flowrules_flows_tag(const flowrules_output *out, flowrules_flows flows,
                                              size_t index, size_t tag);
/* The names of the flows that a deny spares: flow 0, 1 ... until NULL. User text. */
FLOWRULES_API const char *flowrules_flows_spares(const flowrules_output *out, flowrules_flows flows,
                                                 size_t index, size_t flow);
/* The names of the flows with ", " between; cut to escape's max_bytes as "a, b +3 more". */
FLOWRULES_API void flowrules_write_flows(flowrules_writer *w, const flowrules_output *out,
                                         const struct flowrules_escape *escape,
                                         flowrules_flows flows);

/* What flowrules_write_notes says of a rule; what comes first here has room first. */
enum flowrules_note {
    FLOWRULES_NOTE_FLOWS = 1,    /* the flows: "a (T-1, until 2027-01-31), b +3 more" */
    FLOWRULES_NOTE_PINS = 2,     /* names behind addresses: "pinned 2026-11-02: a.example" */
    FLOWRULES_NOTE_LOSSES = 4,   /* "narrowed: WHY", "widened: WHY", "not logged: WHY" */
    FLOWRULES_NOTE_OWNER = 8,    /* "owner NAME" */
    FLOWRULES_NOTE_PURPOSE = 16, /* as the policy has it */
    FLOWRULES_NOTES = 31         /* all */
};

/*
 * What people should know of a rule of these flows, on one line, with "; " between: for a comment,
 * or a description that the platform keeps. Of at most escape's max_bytes, in which the less
 * important is left out, or cut at a whole character. at: the only range of addresses that the line
 * is about, so that only names with an address in it are told; NULL: all names of the flows. The
 * day of a pin is the one on which the newest of these addresses was first seen: it changes when
 * they do, and not with each resolve. False where there was nothing to write.
 */
FLOWRULES_API bool flowrules_write_notes(flowrules_writer *w, const flowrules_output *out,
                                         const struct flowrules_escape *escape, unsigned notes,
                                         flowrules_flows flows, const struct flowrules_range *at);
/* The same as a text, "" where there is nothing to say; it lives as long as the plan. */
FLOWRULES_API const char *flowrules_output_notes(flowrules_output *out,
                                                 const struct flowrules_escape *escape,
                                                 unsigned notes, flowrules_flows flows,
                                                 const struct flowrules_range *at);
/* The flows of two rules that a platform takes for one. */
FLOWRULES_API flowrules_flows flowrules_flows_join(flowrules_output *out, flowrules_flows a,
                                                   flowrules_flows b);
/*
 * For the head of a file: the day on which the names that the target pins were last seen with their
 * addresses (of several days the oldest), as a sentence without its dot, with before in front of it
 * and after behind it; nothing where no name is pinned.
 */
FLOWRULES_API void flowrules_write_pinned_day(flowrules_writer *w, const flowrules_output *out,
                                              const char *before, const char *after);

/* The last day of a flow, YYYY-MM-DD, or NULL. */
FLOWRULES_API const char *flowrules_flows_expires(const flowrules_output *out,
                                                  flowrules_flows flows, size_t index);

/* The name of the policy's network that is exactly this set, or NULL. */
FLOWRULES_API const char *flowrules_set_label(const flowrules_output *out,
                                              struct flowrules_set set);
/* The network of which this is exactly what it has of one family, with its names; or NULL. */
FLOWRULES_API const char *flowrules_set_family_label(const flowrules_output *out,
                                                     struct flowrules_set set,
                                                     enum flowrules_family family);
/* The protected networks, as the platform knows them. */
FLOWRULES_API struct flowrules_set flowrules_output_protects(const flowrules_output *out);
/*
 * The binding of a network (by name) to this platform: value index of a key, or NULL. Values of a
 * key that is a mapping have labels. User text.
 */
FLOWRULES_API const char *flowrules_binding_value(const flowrules_output *out, const char *network,
                                                  const char *key, size_t index);
FLOWRULES_API const char *flowrules_binding_label(const flowrules_output *out, const char *network,
                                                  const char *key, size_t index);
/*
 * Where a set is, as the bindings of networks tell: value index of a key, each value once, of the
 * networks bound with it that share something with the set; an address in several of them, one
 * inside the other, is in the innermost. NULL behind the last. flowrules_set_bound: is all of the
 * set in such networks? User text. flowrules_output_binds: is some network bound with it?
 */
FLOWRULES_API const char *flowrules_set_binding(const flowrules_output *out,
                                                struct flowrules_set set, const char *key,
                                                size_t index);
FLOWRULES_API bool flowrules_output_binds(const flowrules_output *out, const char *key);
FLOWRULES_API bool flowrules_set_bound(const flowrules_output *out, struct flowrules_set set,
                                       const char *key);
/*
 * An address, range or name that is a source of some allow and a destination of some, and in no
 * network bound with the key: its first as text, NULL where there is none. Any, and what holds more
 * than half of the addresses of a family, does not count. To be asked once there are rules.
 */
FLOWRULES_API const char *flowrules_output_unbound_meeting(flowrules_output *out, const char *key);
/*
 * A flow's part in one direction, as a rule before anything is split or merged: index 0, 1 ...
 * until false. It holds until the next one is asked for.
 */
FLOWRULES_API bool flowrules_output_flow(const flowrules_output *out, size_t index,
                                         struct flowrules_rule *flow);
/* The rules that are written, before the first one is: index 0, 1 ... until false. Likewise. */
FLOWRULES_API bool flowrules_output_rule(flowrules_output *out, size_t index,
                                         struct flowrules_rule *rule);
/* All that the target's flows have at an end, denies too, of the families that both ends have. */
FLOWRULES_API struct flowrules_set flowrules_output_ends(const flowrules_output *out,
                                                         enum flowrules_end end);

/*
 * Networks that select pods of Kubernetes by the keys namespace ("any": all; absent: the target's
 * setting of that name, unless there are namespace-labels or namespace-where), namespace-labels and
 * pods (labels with their values), namespace-where and pods-where (requirements on labels).
 */
FLOWRULES_API const char *flowrules_pods_namespace(const flowrules_output *out,
                                                   const char *network);
/* Does wide select every pod that narrow does; do both the same; may some pod be of both? */
FLOWRULES_API bool flowrules_pods_cover(const flowrules_output *out, const char *wide,
                                        const char *narrow);
FLOWRULES_API bool flowrules_pods_are_same(const flowrules_output *out, const char *a,
                                           const char *b);
FLOWRULES_API bool flowrules_pods_may_meet(const flowrules_output *out, const char *a,
                                           const char *b);
/* Does a requirement on labels ("tier notin (db)") allow this label its value, or none (NULL)? Is
 * it about this label? */
FLOWRULES_API bool flowrules_requirement_allows(const char *text, const char *label,
                                                const char *value);
FLOWRULES_API bool flowrules_requirement_is_of(const char *text, const char *label);
/* The pods' own port behind a port of their Service, by the key target-ports; else the same. */
FLOWRULES_API uint16_t flowrules_pods_port(const flowrules_output *out, const char *network,
                                           uint16_t port);

/* The name of the one namespace that they are in, or NULL. */
FLOWRULES_API const char *flowrules_pods_one_namespace(const flowrules_output *out,
                                                       const char *network);
/* Does some port of their Service have another number at the pods? */
FLOWRULES_API bool flowrules_pods_map_ports(const flowrules_output *out, const char *network);
/* Is such a port inside a range, for a group of the destination? */
FLOWRULES_API bool flowrules_pods_hide_port(const flowrules_output *out,
                                            struct flowrules_set destination,
                                            struct flowrules_ports ports);
/*
 * Why a network can't be selected, or protected, as pods; or NULL. The key entities says what is no
 * pods and can be selected.
 */
FLOWRULES_API const char *flowrules_pods_unselectable(const flowrules_output *out,
                                                      const char *network);
FLOWRULES_API const char *flowrules_pods_unprotectable(const flowrules_output *out,
                                                       const char *network);
/* The end of an attached flow or rule that is protected, and the other one. */
FLOWRULES_API struct flowrules_set flowrules_rule_protected(const struct flowrules_rule *rule);
FLOWRULES_API struct flowrules_set flowrules_rule_peers(const struct flowrules_rule *rule);
/*
 * For a backend's refuses: why policies for pods can't say the ends of a flow, or NULL. no_pods is
 * told where the protected end is no pods.
 */
FLOWRULES_API const char *flowrules_pods_refuse_ends(const flowrules_output *out,
                                                     const struct flowrules_rule *flow,
                                                     const char *no_pods);
/* Refuses the target where something that it protects is no pods. */
FLOWRULES_API void flowrules_pods_check_protected(flowrules_output *out, const char *no_pods);
/* Are the pods of protected network index among a wider one's, or an equal, earlier one's? */
FLOWRULES_API bool flowrules_pods_are_repeated(const flowrules_output *out, size_t index);

/*
 * Every set that a rule's source or destination is, each once, in the order of first use (any
 * left out); and every service of one protocol. For the objects that rules refer to.
 */
FLOWRULES_API size_t flowrules_output_set_count(flowrules_output *out);
FLOWRULES_API struct flowrules_set flowrules_output_set(flowrules_output *out, size_t index);
FLOWRULES_API size_t flowrules_output_service_count(flowrules_output *out);
FLOWRULES_API const struct flowrules_service *flowrules_output_service(flowrules_output *out,
                                                                       size_t index);
/*
 * True the first time that it is asked with this text, false from then on: for objects that are
 * written where a rule first needs them.
 */
FLOWRULES_API bool flowrules_output_once(flowrules_output *out, const char *text);
/* The number of rules of a direction (and action), to be held against limits. */
FLOWRULES_API size_t flowrules_output_rule_count(const flowrules_output *out,
                                                 enum flowrules_direction direction,
                                                 enum flowrules_action action);
/*
 * Refuses the whole target: more rules than the platform takes, say. The message is one line;
 * nothing of the artifact is kept. What was refused first is told.
 */
FLOWRULES_API void flowrules_output_refuse(flowrules_output *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * A file of the artifact, named TARGET + suffix; the same suffix gives the same file. executable:
 * meant to be run. Files come in the order in which they were first asked for.
 */
FLOWRULES_API flowrules_writer *flowrules_output_file(flowrules_output *out, const char *suffix,
                                                      bool executable);
/* Likewise a script that loads the other files, which can be loaded without it. */
FLOWRULES_API flowrules_writer *flowrules_output_helper(flowrules_output *out, const char *suffix);
/* Likewise a file that takes out what the others put there: it is not read back with them. */
FLOWRULES_API flowrules_writer *flowrules_output_undo(flowrules_output *out, const char *suffix,
                                                      bool executable);
/* A part of a file, written aside and put where flowrules_write_part says; number 0-63. */
FLOWRULES_API flowrules_writer *flowrules_output_part(flowrules_output *out, unsigned number);
/* Moves a part to the end of a file and leaves the part empty. */
FLOWRULES_API void flowrules_write_part(flowrules_writer *w, flowrules_writer *part);
/* The bytes that a file or part has so far. */
FLOWRULES_API size_t flowrules_writer_size(const flowrules_writer *w);
/* Says that the line being written now comes from these flows; for the map of the artifact. */
FLOWRULES_API void flowrules_writer_origin(flowrules_writer *w, flowrules_flows flows);
/*
 * The flows of a line that says no more of an end of their rule than one range, for
 * flowrules_writer_origin: so that a question about a packet finds the right one of such lines.
 */
FLOWRULES_API flowrules_flows flowrules_flows_at(const flowrules_output *out, flowrules_flows flows,
                                                 enum flowrules_end end,
                                                 const struct flowrules_range *range);

/* ---- names that dnsmasq follows ------------------------------------------------------------ */

/*
 * A set of names that rules match, with capabilities.whole_domains: an end of a rule, or a group's
 * match, that has names has nothing else, and the target keeps a set of addresses for it.
 */
struct flowrules_named_set {
    struct flowrules_set names;
    unsigned families; /* bits: those in which a rule needs it */
    /*
     * The same for the same names and names-timeout, and for no other: "huggingface.co",
     * "below_huggingface.co" of a wildcard, else a word and the hash: "docker_hub_1a2b3c4d". What
     * is cut of it has to end in the hash: 8 hex digits, unique in the plan.
     */
    const char *key, *hash;
};

FLOWRULES_API size_t flowrules_output_named_set_count(const flowrules_output *out);
FLOWRULES_API struct flowrules_named_set flowrules_output_named_set(const flowrules_output *out,
                                                                    size_t index);
/* The named set that is the names of an end; false where it has none. */
FLOWRULES_API bool flowrules_set_named(const flowrules_output *out, struct flowrules_set set,
                                       struct flowrules_named_set *named);
/* Some of its names, for a comment: "a.example, *.b.example and 7 more". */
FLOWRULES_API void flowrules_write_names(flowrules_writer *w, struct flowrules_set set);

/* How dnsmasq is told to fill a target's sets. */
struct flowrules_dnsmasq {
    const char *option;  /* "nftset" or "ipset" */
    const char *needs;   /* what dnsmasq and the machine must have */
    const char *loading; /* what has to be loaded first, behind the target's name */
    void (*write_set)(flowrules_writer *w, flowrules_output *out,
                      const struct flowrules_named_set *named, enum flowrules_family family);
};

/* The file TARGET.dnsmasq.conf, where the target has named sets. */
FLOWRULES_API void flowrules_dnsmasq_write(flowrules_output *out,
                                           const struct flowrules_dnsmasq *dnsmasq);

/* ---- hashes -------------------------------------------------------------------------------- */

/* For names and keys that have to be the same on every machine: FNV-1a with 64 bits. */
#define FLOWRULES_HASH_BEGIN UINT64_C(0xcbf29ce484222325)
FLOWRULES_API uint64_t flowrules_hash_bytes(uint64_t hash, const void *bytes, size_t size);
/* A number as eight bytes, the lowest first. */
FLOWRULES_API uint64_t flowrules_hash_number(uint64_t hash, uint64_t number);
/* Mixes the bits of a hash once more, where a part of them is used (MurmurHash3's finalizer). */
FLOWRULES_API uint64_t flowrules_hash_spread(uint64_t hash);

/* ---- YAML, and manifests of policies for pods --------------------------------------------- */

/* For user text inside double quotes, and in a comment. */
FLOWRULES_API extern const struct flowrules_escape flowrules_yaml_quoted;
FLOWRULES_API extern const struct flowrules_escape flowrules_yaml_comment;
/* User text with the quotes around it. */
FLOWRULES_API void flowrules_yaml_write(flowrules_writer *w, const char *user_text);
/* The policy's title as a comment, if it has one. */
FLOWRULES_API void flowrules_yaml_title(flowrules_writer *w, const flowrules_output *out);
/* The labels of a binding's key, a line for each; prefix: the backend's, before their names. */
FLOWRULES_API void flowrules_yaml_labels(flowrules_writer *w, const flowrules_output *out,
                                         const char *network, const char *key, const char *indent,
                                         const char *prefix);

/* The requirements of a binding's key as items of matchExpressions, likewise. */
FLOWRULES_API void flowrules_yaml_expressions(flowrules_writer *w, const flowrules_output *out,
                                              const char *network, const char *key,
                                              const char *indent, const char *prefix);

/* A kind of policy that kubectl loads. Targets have the settings namespace and instance. */
struct flowrules_manifest {
    const char *api;          /* group/version */
    const char *kind;         /* as manifests have it */
    const char *plural;       /* as kubectl delete has it */
    const char *selector;     /* the key of the selector of the protected pods */
    const char *label_prefix; /* before their labels there, or "" */
    const char *proviso;      /* goes on after "is denied" in the head, or "" */
    const char *no_pods;      /* told where something protected is no pods */
    const char *permits;      /* what the head says of a target that only permits, or NULL */
};

/* What kubectl apply takes of an object: more of one is refused. */
#define FLOWRULES_MANIFEST_BYTES 262144
/* Refuses what can't be protected; the comments at the head of the file, with the commands. */
FLOWRULES_API void flowrules_manifest_head(flowrules_writer *w, flowrules_output *out,
                                           const struct flowrules_manifest *manifest);
/* The manifest for a rule's flows and protected pods, up to their selector; its rules follow. */
FLOWRULES_API void flowrules_manifest_of_flows(flowrules_writer *w, flowrules_output *out,
                                               const struct flowrules_manifest *manifest,
                                               const struct flowrules_rule *rule);
/* The same for protected network index; word, "-dns." say, is in its name before the network's. */
FLOWRULES_API void flowrules_manifest_of_network(flowrules_writer *w, flowrules_output *out,
                                                 const struct flowrules_manifest *manifest,
                                                 const char *word, size_t index);
/*
 * The same for rules of these pods. names: a part with the flows of each rule, "a; b, c". only:
 * the flows, where all rules are of the same; or NULL.
 */
FLOWRULES_API void flowrules_manifest_of_rules(flowrules_writer *w, flowrules_output *out,
                                               const struct flowrules_manifest *manifest,
                                               const char *word, size_t index,
                                               flowrules_writer *names,
                                               const flowrules_flows *only);
/* Behind the last manifest. */
FLOWRULES_API void flowrules_manifest_end(flowrules_writer *w, flowrules_output *out);
/* The first protected network that selects the same pods; their count where none does. */
FLOWRULES_API size_t flowrules_pods_protected(const flowrules_output *out, const char *network);

/* ---- reading ------------------------------------------------------------------------------ */

/*
 * A reader turns a configuration, our own artifact or what the device or cloud gives out, into
 * rules in the order in which the platform decides. It never guesses: a rule that it does not
 * understand whole has a doubt (struct flowrules_read_rule), and what might change the meaning of a
 * whole direction it tells with flowrules_input_doubt: no comparison then says "equal". All that it
 * is handed or asks for lives as long as the input; once memory has run out every call does nothing
 * (and pointers are NULL), so that a reader has no error plumbing.
 */
typedef struct flowrules_input flowrules_input;

/* Where something stands: the file by its index, line and column from 1 (0: the whole file). */
struct flowrules_place {
    size_t file;
    uint32_t line, column;
};

FLOWRULES_API size_t flowrules_input_file_count(const flowrules_input *in);
FLOWRULES_API const char *flowrules_input_file_name(const flowrules_input *in, size_t file);
/* The bytes of a file; a NUL follows them. */
FLOWRULES_API const char *flowrules_input_text(const flowrules_input *in, size_t file,
                                               size_t *size);
/* Is one of its first lines that of a file on how an artifact is loaded, "flowrules target ..."? */
FLOWRULES_API bool flowrules_input_tells_steps(const flowrules_input *in, size_t file,
                                               unsigned lines);
/* The format that was asked for, or NULL: the reader looks at the files and decides. */
FLOWRULES_API const char *flowrules_input_format(const flowrules_input *in);
/* A setting of the target, or of the caller; else the backend's default, or NULL. */
FLOWRULES_API const char *flowrules_input_setting(const flowrules_input *in, const char *key);
/*
 * True where the target has mode: permits. Its artifact is then a part of a configuration: a list
 * that the files don't have whole ends with a block, since nothing in them lets the rest pass.
 */
FLOWRULES_API bool flowrules_input_permits(const flowrules_input *in);
/* The target that the configuration is held against, or NULL: an import, a comparison of two. */
FLOWRULES_API const char *flowrules_input_target(const flowrules_input *in);

/*
 * Where a day, YYYY-MM-DD, lies from the one as of which is read (the option as-of): -1 before it,
 * 0 that day, 1 behind it. *known is false without that option, and where day is no date.
 */
FLOWRULES_API int flowrules_input_day(const flowrules_input *in, const char *day, bool *known);

/* What is to be told. The messages are one line each. */
/* It is not of the syntax: nothing can be said of the configuration. hint may be NULL. */
FLOWRULES_API void flowrules_input_error(flowrules_input *in, struct flowrules_place at,
                                         const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/*
 * It is not understood, and might change what passes in a direction: for what belongs to no rule.
 * A rule of which not everything is known has a doubt of its own.
 */
FLOWRULES_API void flowrules_input_doubt(flowrules_input *in, struct flowrules_place at,
                                         enum flowrules_direction direction, const char *format,
                                         ...) __attribute__((format(printf, 4, 5)));
/* It does not change what passes, but an import can't keep it. */
FLOWRULES_API void flowrules_input_note(flowrules_input *in, struct flowrules_place at,
                                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Something is not in the configuration, and is taken for what the text says: a warning. */
FLOWRULES_API void flowrules_input_assume(flowrules_input *in, struct flowrules_place at,
                                          const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Has reading failed for good: an error told, or memory gone? Then a reader may return at once. */
FLOWRULES_API bool flowrules_input_failed(const flowrules_input *in);

/* Zeroed memory, NULL when there is none. */
FLOWRULES_API void *flowrules_input_alloc(flowrules_input *in, size_t size);
FLOWRULES_API char *flowrules_input_copy(flowrules_input *in, const char *text, size_t length);
/* A text made by format. */
FLOWRULES_API char *flowrules_input_print(flowrules_input *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * Room for one more of the count items of an array that began as NULL with *capacity 0: the array,
 * perhaps at another place; NULL when out of memory (the array is lost with the input).
 */
FLOWRULES_API void *flowrules_input_grow(flowrules_input *in, void *items, size_t *capacity,
                                         size_t count, size_t item_size);
/*
 * Names that stand for something: of each kind (0-15) each name once. define is false where the
 * name stands already (or memory ran out); lookup is NULL where it does not stand.
 */
FLOWRULES_API bool flowrules_input_define(flowrules_input *in, unsigned kind, const char *name,
                                          void *meaning);
FLOWRULES_API void *flowrules_input_lookup(const flowrules_input *in, unsigned kind,
                                           const char *name);

/* ---- texts of lines and words --------------------------------------------------------------- */

/* A line, without its end. Zero it with the file's index set to begin. */
struct flowrules_line {
    size_t file;
    uint32_t number;
    const char *text; /* not NUL-terminated */
    size_t length;
};

/* The next line; false behind the last. A CR before the LF is not part of it. */
FLOWRULES_API bool flowrules_input_line(flowrules_input *in, struct flowrules_line *line);

/* A word of a line: text NUL-terminated and without its quotes, column from 1. */
struct flowrules_word {
    const char *text;
    uint32_t column;
    bool quoted;
};

/*
 * The words of a line, split at blanks. quotes: the characters that quote (NULL: none); inside
 * them, a backslash takes the next character as it is where escapes is true. A quote that does not
 * end is told as an error. NULL and 0 for a line without words.
 */
FLOWRULES_API const struct flowrules_word *flowrules_input_words(flowrules_input *in,
                                                                 const struct flowrules_line *line,
                                                                 const char *quotes, bool escapes,
                                                                 size_t *count);

/* ---- documents: YAML, JSON and XML ---------------------------------------------------------- */

/*
 * A value of a document. YAML and JSON: a mapping with keys, a list, or a scalar. XML: an element
 * is a mapping with its name, attributes, text and child elements.
 */
typedef struct flowrules_node flowrules_node;
enum flowrules_node_kind {
    FLOWRULES_NODE_NULL, /* nothing, ~, null */
    FLOWRULES_NODE_TEXT, /* a scalar: text, number or boolean */
    FLOWRULES_NODE_LIST,
    FLOWRULES_NODE_MAP
};

/*
 * The documents of a YAML or JSON file, in a list; NULL after an error, which was told. A key that
 * stands twice in a mapping is an error.
 */
FLOWRULES_API const flowrules_node *flowrules_input_documents(flowrules_input *in, size_t file);
/* The root element of an XML file; NULL after an error. External entities are never read. */
FLOWRULES_API const flowrules_node *flowrules_input_xml(flowrules_input *in, size_t file);

/* All of these take NULL for a node, as one that is absent. */
FLOWRULES_API enum flowrules_node_kind flowrules_node_kind(const flowrules_node *node);
FLOWRULES_API struct flowrules_place flowrules_node_place(const flowrules_node *node);
/* The value of a mapping's key, or an element's first child of a name; NULL when absent. */
FLOWRULES_API const flowrules_node *flowrules_node_get(const flowrules_node *node, const char *key);
/* The items of a list or mapping (child elements), in order: first, then next until NULL. */
FLOWRULES_API const flowrules_node *flowrules_node_first(const flowrules_node *node);
FLOWRULES_API const flowrules_node *flowrules_node_next(const flowrules_node *node);
/* The number of items. */
FLOWRULES_API size_t flowrules_node_count(const flowrules_node *node);
/* The key under which a value stands, an element's name; NULL in a list. */
FLOWRULES_API const char *flowrules_node_key(const flowrules_node *node);
/* A scalar's text, an element's own text without blanks around it; NULL where it is neither. */
FLOWRULES_API const char *flowrules_node_text(const flowrules_node *node);
/* Was a scalar written in quotes? */
FLOWRULES_API bool flowrules_node_quoted(const flowrules_node *node);
/* An attribute of an XML element, or NULL. */
FLOWRULES_API const char *flowrules_node_attribute(const flowrules_node *node, const char *name);
/* A whole number from low to high; false when it is none. */
FLOWRULES_API bool flowrules_node_number(const flowrules_node *node, long long low, long long high,
                                         long long *number);

/*
 * A nested block of Terraform, or whatever else is one mapping or a list of them: the first, then
 * the next one until NULL.
 */
FLOWRULES_API const flowrules_node *flowrules_node_block(const flowrules_node *node);
FLOWRULES_API const flowrules_node *flowrules_node_next_block(const flowrules_node *block);

/* Is a document Terraform's JSON: a mapping with resource, variable ... at its top? */
FLOWRULES_API bool flowrules_terraform_is(const flowrules_node *document);
/*
 * Calls each with own for every block of a section ("resource", "data", "variable", ...), in order:
 * type is NULL where the section has names alone, name too where it has none.
 */
typedef void flowrules_terraform_visit(void *own, const char *type, const char *name,
                                       const flowrules_node *block);
FLOWRULES_API void flowrules_terraform_each(const flowrules_node *document, const char *section,
                                            flowrules_terraform_visit *each, void *own);
/* A scalar's text with "$${" as "${"; NULL where Terraform computes a part of it. */
FLOWRULES_API const char *flowrules_terraform_text(flowrules_input *in, const flowrules_node *node);
/* "var.x" of "${var.x}": what stands in a template that is nothing else; or NULL. */
FLOWRULES_API const char *flowrules_terraform_expression(flowrules_input *in,
                                                         const flowrules_node *node);

/*
 * The value of an argument: itself, or the default of the variable that it is ("${var.x}",
 * "${var.x[0]}"); NULL where it is null or Terraform computes it.
 */
FLOWRULES_API const flowrules_node *flowrules_terraform_value(flowrules_input *in,
                                                              const flowrules_node *document,
                                                              const flowrules_node *node);

/* ---- words of the field --------------------------------------------------------------------- */

/* An address, a prefix (bits behind it are cleared) or first-last; false when it is none. */
FLOWRULES_API bool flowrules_parse_range(const char *text, size_t length,
                                         struct flowrules_range *range);
/* An IPv4 address and netmask ("255.255.240.0") as a prefix; false for a mask with holes. */
FLOWRULES_API bool flowrules_parse_netmask(const char *address, const char *mask,
                                           struct flowrules_range *range);
/* A decimal number from 0 to most with nothing behind it; false when it is none. */
FLOWRULES_API bool flowrules_parse_number(const char *text, size_t length, unsigned most,
                                          unsigned *number);
/* IANA's number of a protocol by name or number, any case; -1 when unknown. */
FLOWRULES_API int flowrules_parse_protocol(const char *text);
/* A port by number or IANA's name for the protocol; -1 when unknown. */
FLOWRULES_API int flowrules_parse_port(const char *text, int protocol);

/* ---- sets and rules that were read ----------------------------------------------------------- */

FLOWRULES_API struct flowrules_set flowrules_input_any(const flowrules_input *in);
FLOWRULES_API struct flowrules_set flowrules_input_none(const flowrules_input *in);
/* Every address of a family, and no name or group. */
FLOWRULES_API struct flowrules_set flowrules_input_family(flowrules_input *in,
                                                          enum flowrules_family family);
FLOWRULES_API struct flowrules_set flowrules_input_range(flowrules_input *in,
                                                         const struct flowrules_range *range);
/* The union of ranges, which may overlap, in one go. */
FLOWRULES_API struct flowrules_set
flowrules_input_ranges(flowrules_input *in, const struct flowrules_range *ranges, size_t count);
/* A name, or with "*." in front every name below one; what is none is told as an error. */
FLOWRULES_API struct flowrules_set
flowrules_input_name(flowrules_input *in, struct flowrules_place at, const char *name);

/*
 * A group in the platform's own terms: the keys, labels and values of a binding, as in the
 * backend's table of bindings (label NULL where the key is no mapping). Of a key that is a list,
 * one value: the network with several is the union of a group for each. Keys that don't say which
 * machines it is (a port mapping, a zone) are left out. The order does not matter.
 */
struct flowrules_group_key {
    const char *key, *label, *value;
};
FLOWRULES_API struct flowrules_set
flowrules_input_group(flowrules_input *in, const struct flowrules_group_key *keys, size_t count);
/*
 * The value of a group's key that is of the type "requirements"; value is NULL where the operator
 * takes none. Lives as long as the input. NULL where no object can have such a label or value.
 */
FLOWRULES_API const char *flowrules_input_requirement(flowrules_input *in,
                                                      enum flowrules_operator asks,
                                                      const char *label, const char *value);

/* The configuration says itself whose it is: these groups'. For an import. */
FLOWRULES_API void flowrules_input_is_of(flowrules_input *in, struct flowrules_set groups);
/* What the target protects, in the terms of the input; any where there is no target. */
FLOWRULES_API struct flowrules_set flowrules_input_protects(flowrules_input *in);
/*
 * May some pod of a group (its keys as in flowrules_input_group) be among what the target protects?
 * True where there is no target.
 */
FLOWRULES_API bool flowrules_input_may_protect(flowrules_input *in,
                                               const struct flowrules_group_key *keys,
                                               size_t count);
/* A set of the target's plan (protected networks, say) in the terms of the input; for baseline. */
FLOWRULES_API struct flowrules_set
flowrules_input_own(flowrules_input *in, const flowrules_output *out, struct flowrules_set set);
/* The union of sets, in one go. */
FLOWRULES_API struct flowrules_set
flowrules_input_unite(flowrules_input *in, const struct flowrules_set *sets, size_t count);
FLOWRULES_API struct flowrules_set
flowrules_input_intersect(flowrules_input *in, struct flowrules_set a, struct flowrules_set b);
FLOWRULES_API struct flowrules_set
flowrules_input_subtract(flowrules_input *in, struct flowrules_set a, struct flowrules_set b);
/*
 * A value of a binding as the policy spells it, where that differs in the case of letters alone;
 * else the value itself. For platforms that do not tell them apart.
 */
FLOWRULES_API const char *flowrules_input_spelling(const flowrules_input *in, const char *key,
                                                   const char *value);
/*
 * What is in the networks of the policy whose binding to this backend has the value for a key (a
 * zone's addresses, say), and not in such networks within these that have another; none where no
 * network has it. *known: is there a policy at all?
 */
FLOWRULES_API struct flowrules_set flowrules_input_bound(flowrules_input *in, const char *key,
                                                         const char *value, bool *known);
/* The values that these bindings have for a key, each once: index 0, 1 ... until NULL. */
FLOWRULES_API const char *flowrules_input_bound_value(flowrules_input *in, const char *key,
                                                      size_t index);
/* The configuration knows a set by this name; for an import. description may be NULL. */
FLOWRULES_API void flowrules_input_label(flowrules_input *in, struct flowrules_set set,
                                         const char *name, const char *description);
/*
 * The configuration tells this setting of a target (the interface of an access list, say, or
 * "format"), so that an import has it. A setting that the caller gave goes before it.
 */
FLOWRULES_API void flowrules_input_found(flowrules_input *in, const char *key, const char *value);
/* The same for targets of one direction alone. */
FLOWRULES_API void flowrules_input_found_in(flowrules_input *in, enum flowrules_direction direction,
                                            const char *key, const char *value);

/*
 * The configuration has several of what a target is for (security groups, networks), and this is
 * one of them: the value that flowrules_input_setting has for the key where it is chosen, and its
 * name (NULL: the value). A reader tells all of them before the error that says that one has to be
 * chosen; an import then reads once for each. False where one is chosen already: by a target, by
 * the caller's settings, or for an import.
 */
FLOWRULES_API bool flowrules_input_choice(flowrules_input *in, const char *key, const char *value,
                                          const char *name);

/*
 * The kinds of packets that rules of Linux tell apart. All but the new ones are decided by what
 * docs/MODEL.md calls the baseline. The platforms that track connections by themselves know the
 * first alone.
 */
enum flowrules_packets {
    FLOWRULES_NEW = 1,       /* opens a connection, and is none of the below */
    FLOWRULES_REPLY = 2,     /* of a connection that is established, or related to one */
    FLOWRULES_LOOPBACK = 4,  /* comes or goes by the loopback interface */
    FLOWRULES_NEIGHBOUR = 8, /* ICMPv6 133-136 with hop limit 255 */
    FLOWRULES_LISTENER = 16, /* ICMPv6 130-132 and 143 with hop limit 1 */
    FLOWRULES_MIDSTREAM = 32 /* TCP without a connection that does not begin with a SYN */
};

enum flowrules_verdict {
    FLOWRULES_PASS,  /* ends this list: allowed as far as it goes */
    FLOWRULES_BLOCK, /* ends all lists: denied */
    /* Not compared: what the target has no say over, or no packet can be. */
    FLOWRULES_OUTSIDE
};

/* A rule that was read. A zero in families, packets or service_count means all. */
struct flowrules_read_rule {
    enum flowrules_direction direction;
    enum flowrules_verdict verdict;
    unsigned families; /* bits */
    unsigned packets;  /* bits */
    struct flowrules_set source, destination;
    const struct flowrules_service *services;
    size_t service_count;
    struct flowrules_place at;
    /* For an import: what the configuration calls it, says of it, ...; may be NULL. */
    const char *name, *comment;
    const char *expires; /* its last day, YYYY-MM-DD */
    bool log;
    /*
     * NULL, or why it is not known whether a packet that is within the fields above matches: one
     * line, for a person. The fields are the most that the rule may match, and verdict is what
     * becomes of a packet that does match. What a rule surely matches is a rule without a doubt
     * before it. A packet for which every way ends the same is decided; of the others no comparison
     * says "equal". An import leaves out an allow in doubt and keeps a deny in doubt.
     */
    const char *doubt;
};

/*
 * The next rule of its direction's list: the first that matches decides. What no rule of a list
 * matches passes it, so a reader ends each list with what the platform does by default. A
 * direction without any rule is not enforced: all passes. A rule that can match nothing (an end
 * that is empty, families that don't meet) may be given: it is left out.
 */
FLOWRULES_API void flowrules_input_rule(flowrules_input *in,
                                        const struct flowrules_read_rule *rule);
/* A further list of a direction begins: a packet has to pass all of them. */
FLOWRULES_API void flowrules_input_stage(flowrules_input *in, enum flowrules_direction direction);
/*
 * What matches goes on behind a later point of the same list (a return from a chain): the number
 * is for flowrules_input_land, which says where that point is: before the next rule. With a doubt,
 * it may go on there or with the next rule. verdict is not looked at.
 */
FLOWRULES_API uint32_t flowrules_input_skip(flowrules_input *in,
                                            const struct flowrules_read_rule *rule);
FLOWRULES_API void flowrules_input_land(flowrules_input *in, uint32_t skip);

/*
 * Which addresses a group or a name has is not known, so that a comparison says "can't tell" where
 * a deny precedes an allow on one side and not on the other, and both may match some of them. Of
 * what the platform documents this is known: no two of these groups have an address in common.
 */
FLOWRULES_API void flowrules_input_disjoint(flowrules_input *in, struct flowrules_set groups);
/* These groups have none of the addresses that rules name. */
FLOWRULES_API void flowrules_input_unaddressed(flowrules_input *in, struct flowrules_set groups);

/* The baseline of docs/MODEL.md for Linux, for records of nftables and iptables. */
FLOWRULES_API void flowrules_linux_baseline(const flowrules_output *out, flowrules_input *in);

/* ---- the record of a backend ------------------------------------------------------------- */

enum flowrules_placement {
    FLOWRULES_ATTACHED, /* on the protected machine: egress and ingress */
    FLOWRULES_TRANSIT,  /* between networks: forward */
    FLOWRULES_BY_HOOK   /* attached with the setting hook: host, transit with hook: forward */
};

/* What a deny means where it stands behind an allow that it meets. */
enum flowrules_denies {
    FLOWRULES_DENIES_IN_ORDER, /* what the order says */
    FLOWRULES_DENIES_FIRST,    /* it beats every allow, wherever it stands */
    FLOWRULES_DENIES_SPARE     /* a listing: it says itself which flows it spares */
};

enum flowrules_evaluation {
    FLOWRULES_FIRST_MATCH, /* the first rule that matches decides */
    FLOWRULES_ALLOW_UNION  /* there are only allows */
};

/* What a platform's own wildcard means, against the policy's "any name below, at any depth". */
enum flowrules_wildcards {
    FLOWRULES_WILDCARDS_NONE,
    FLOWRULES_WILDCARDS_BELOW,     /* the same */
    FLOWRULES_WILDCARDS_ONE_LABEL, /* names one label below: less */
    FLOWRULES_WILDCARDS_AND_SELF   /* the name itself too: more */
};

/* A type of ICMP or ICMPv6 with any code, by the protocol's number. */
struct flowrules_icmp {
    uint8_t protocol, type;
};

/*
 * What a platform can say. The core refuses what it can't, and splits and merges for it; a zero
 * means the usual: no limit, nothing missing, nothing extra.
 */
struct flowrules_capabilities {
    enum flowrules_placement placement;
    enum flowrules_evaluation evaluation;
    enum flowrules_denies denies; /* of first-match */
    unsigned families;            /* bits */
    bool mixed_families;          /* IPv4 and IPv6 in one rule */
    bool icmp_by_family;          /* but not where it says ICMP, or ICMPv6 */
    bool no_ingress;              /* attached: what comes in is not its business */
    bool implicit_end; /* attached: no field for the protected end, a rule holds for all of it */
    /* ends */
    bool names;            /* resolves FQDNs itself */
    bool names_on_request; /* only where the target says names: native */
    bool source_names;     /* also as the source of a flow */
    bool deny_names;       /* also in a deny */
    /*
     * lookup: each set of names is filled by a resolver that knows whole domains, a name and all
     * below it. A name, or a wildcard, alone is exact under the setting names_exact_by.
     */
    bool whole_domains;
    enum flowrules_wildcards wildcards; /* and names below one */
    const char *names_exact_by;         /* the key of a boolean setting, or NULL */
    const char *names_note;     /* how names are resolved, where explain is to say it, or NULL */
    const char *wildcards_note; /* how one is matched, where explain is to say it, or NULL */
    /* Attached: groups without one of these keys "A|B" of the binding are out of scope as the far
     * end; and why. */
    const char *far_groups, *far_groups_note;
    bool groups;         /* knows networks by a binding of its own */
    bool pod_groups;     /* groups select pods: those within a protected one are protected too */
    bool every_group;    /* a listing: shows any platform's group by its network's name */
    bool separate_atoms; /* names and groups not beside addresses in one end of a rule */
    bool separate_wildcards;    /* wildcards not beside anything else in one end of a rule */
    bool one_group;             /* one group an end, and nothing beside it */
    bool one_protected;         /* one group at the protected end: a rule for each */
    bool protected_together;    /* then: rules of the same pods follow each other */
    bool protected_whole;       /* then: those of both directions and actions, too */
    bool any_is_both;           /* any to any says both families, though others are apart */
    bool atoms_are_both;        /* attached: so does a far end of names or groups alone */
    bool prefixes;              /* no ranges first-last: addresses_per_end counts prefixes */
    unsigned addresses_per_end; /* prefixes or ranges in one end of a rule; 0 = no limit */
    unsigned names_per_end;     /* names in one end of a rule; 0 = no limit */
    /* services */
    bool one_service;         /* a rule says one protocol */
    bool one_port;            /* a rule says one port, or one range of ports */
    bool no_port_ranges;      /* ports one by one, a rule for each */
    const uint8_t *protocols; /* the protocols that can be said; NULL: all */
    size_t protocol_count;
    bool no_any_protocol; /* "any protocol" can't be said */
    bool no_port_zero;    /* no destination port 0: what denies leave of it is left out */
    bool source_ports;
    bool icmp_types;
    const struct flowrules_icmp
        *icmp_listed; /* where icmp_types is false: those that can be said */
    size_t icmp_listed_count;
    bool ports_apart;        /* protocols with ports not beside others in one rule */
    unsigned ports_per_rule; /* 0 = no limit; a range counts two */
    /* the rest */
    unsigned packets;     /* kinds of packets beside the new ones that its rules decide: bits */
    unsigned baseline;    /* the parts that its baseline may have: bits */
    bool baseline_behind; /* the record's baseline goes behind the denies of the flows */
    /*
     * A target with mode: permits writes permits alone, into a configuration that others share.
     * permits_note: where it can, what decides the rest there, for explain; else why it can't.
     */
    bool permits;
    const char *permits_note;
    const char *itself; /* what of packets to and from the firewall it does not decide, or NULL */
    bool logging;
    bool expiry;            /* ends a rule by itself, on the last of its flows' last days */
    bool lookup;            /* wants groups, tables and dispatches */
    bool table_port_ranges; /* tables may hold ranges of ports */
    unsigned rule_flows;    /* lookup: up to this many flows of a group stay a rule each */
    unsigned merge_above;   /* no lookup: more rules than this are merged; 0 = never */
    unsigned name_max;      /* bytes of a rule's name; 0: it is the flow's, user text */
    const char *name_extra; /* characters in names besides a-z and 0-9 */
    bool name_lower;        /* no capitals in names; else A-Z too, told apart ignoring case */
    bool name_letter;       /* names begin with a letter */
};

struct flowrules_setting {
    const char *key;
    /*
     * "text", "name", "integer MIN MAX", "boolean", "choice A|B"; in bindings also "list TYPE",
     * "labels", and of Kubernetes "namespace", "selector" (labels, or any), "requirements" (all of
     * a list of texts as in kubectl's -l), "ports" (port: port).
     */
    const char *type;
    const char *fallback; /* the default, or NULL */
    bool required;
    bool later;          /* newer than artifacts in use: at its default their version stays */
    bool aside;          /* of a binding: it does not say which machines the network is */
    bool any_case;       /* of a binding: the platform compares its values ignoring case */
    bool whole_alone;    /* it says nothing to a target with mode: permits, which refuses it */
    bool permits_alone;  /* it says nothing to one without */
    const char *formats; /* of a binding: "A|B", the formats that know it; NULL: all */
    const char *help;
};

struct flowrules_limit {
    const char *name;
    unsigned long long value;
    const char *source; /* the vendor's page, RFC or kernel header */
};

struct flowrules_format {
    const char *name;
    const char *help;
    /* In this order: begin; for each group, group and its rules; dispatch where a direction's
     * groups need one; end. group and dispatch may be NULL where lookup is false. */
    void (*begin)(flowrules_output *out);
    void (*group)(flowrules_output *out, const struct flowrules_group *group);
    void (*rule)(flowrules_output *out, const struct flowrules_rule *rule);
    void (*dispatch)(flowrules_output *out, const struct flowrules_dispatch *dispatch);
    void (*end)(flowrules_output *out);
    /* What this format can say, where that is not what the backend's others can; or NULL. */
    const struct flowrules_capabilities *capabilities;
};

struct flowrules_backend {
    uint32_t abi; /* FLOWRULES_BACKEND_ABI */
    const char *name, *title, *description;
    struct flowrules_capabilities capabilities;
    size_t state_size;
    const struct flowrules_format *formats;   /* the first is the default; ends with a NULL name */
    const struct flowrules_setting *settings; /* end with a NULL key; may be NULL */
    const struct flowrules_setting *bindings; /* likewise */
    /* Networks without a binding to this backend are known by theirs to this one; or NULL. */
    const char *bindings_of;
    const struct flowrules_limit *limits; /* end with a NULL name; may be NULL */
    /*
     * Can the platform say this flow, beyond what the capabilities tell? NULL, or why not: a text
     * that lives as long as the backend. Behind a newline it may say what to do about it, which
     * is the hint of the message. May itself be NULL.
     */
    const char *(*refuses)(const flowrules_output *out, const struct flowrules_rule *flow);
    /*
     * What does the user have to know of a flow that can be said, in the light of the others? NULL,
     * or a text for a warning, that lives as long as the backend. May itself be NULL.
     */
    const char *(*warns)(const flowrules_output *out, const struct flowrules_rule *flow);
    /* Reads configurations: any format of ours, and what the platform gives out. NULL: it can't. */
    void (*read)(flowrules_input *in);
    /*
     * What a target of this backend lets pass or blocks besides its flows, as rules that go before
     * those of the flows (or behind their denies: baseline_behind); what it has no say over, as
     * FLOWRULES_OUTSIDE. NULL: nothing.
     */
    void (*baseline)(const flowrules_output *out, flowrules_input *in);
};

#ifdef __cplusplus
}
#endif

#endif
