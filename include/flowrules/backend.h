/*
 * flowrules: the interface for those who write a backend.
 *
 * A backend is one const struct flowrules_backend: the capabilities of a platform, as data, and a
 * few functions that spell a plan. The core lowers a policy to these capabilities first (subtracts,
 * splits, merges, names, counts), so all that a backend gets is legal for it, and it only writes.
 * User text reaches a file only through flowrules_write_user, with an escape for the place in the
 * target's syntax. backends/plain/plain.c is the smallest complete example.
 *
 * A backend outside the tree is a shared object that exports its record as flowrules_plugin, and
 * links with nothing: the program that loads it has the library (flowrules --plugin FILE, or a
 * program that calls flowrules_backend_register). examples/plugin is a complete one.
 *
 * reader.h is the interface for readers of configurations. kits/ has what platforms share:
 * bindings.h, dnsmasq.h, flows.h, hashes.h, linux.h, lookup.h, pods.h, templates.h, terraform.h and
 * whole.h. A writer remembers its first failure (out of memory): continue, the core checks once at
 * the end. All that a backend gets lives until its end function has returned.
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

#define FLOWRULES_BACKEND_ABI 5u

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
/* The names and platform groups of a set; a set that is any has none. */
FLOWRULES_API size_t flowrules_set_atom_count(struct flowrules_set set);
FLOWRULES_API struct flowrules_atom flowrules_set_atom(struct flowrules_set set, size_t index);
/* True if it has every name and group, as any does, whatever addresses it lacks. */
FLOWRULES_API bool flowrules_set_has_all_atoms(struct flowrules_set set);
/* True if it has every address of the family. */
FLOWRULES_API bool flowrules_set_is_all(struct flowrules_set set, enum flowrules_family family);
/* What a set lacks of a family, as ranges: index 0, 1 ... until false. */
FLOWRULES_API bool flowrules_set_gap(struct flowrules_set set, enum flowrules_family family,
                                     size_t index, struct flowrules_range *gap);
/* The prefix of a length that an address is in. */
FLOWRULES_API struct flowrules_range flowrules_prefix(enum flowrules_family family,
                                                      struct flowrules_ip ip, unsigned length);
/* The length of the prefix that is exactly this range, or -1 if there is none. */
FLOWRULES_API int flowrules_range_prefix(const struct flowrules_range *range);
/*
 * Moves the largest prefix at the start of a range to *prefix; the rest stays in *range. False if
 * the range is empty. for (; flowrules_range_next_prefix(&r, &p);) visits all.
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
FLOWRULES_API void flowrules_write_ip(flowrules_writer *w, enum flowrules_family family,
                                      struct flowrules_ip ip);
/* a.b.c.d for one address, a.b.c.d/len for a prefix, else first-last. */
FLOWRULES_API void flowrules_write_range(flowrules_writer *w, const struct flowrules_range *range);
/* The same with "/len" for a single address too. */
FLOWRULES_API void flowrules_write_prefix(flowrules_writer *w, const struct flowrules_range *range);
/* 443, or 8000 and 8010 with the separator between. */
FLOWRULES_API void flowrules_write_ports(flowrules_writer *w, struct flowrules_ports ports,
                                         const char *separator);

/*
 * How user text is written at one place of a syntax. Letters, digits and the characters of keep are
 * written as they are; those of escape get before in front; everything else (control characters
 * always) becomes replace, except that quotes (' " and `) next to a word are left out in a place
 * that keeps blanks. At most max_bytes are written; a longer text is cut at a whole character and
 * ends in
 * "...". With utf8, whole non-ASCII characters are kept; without, they are transliterated if keep
 * and escape have the result: Zürich is Zurich, a run of characters of a script without a
 * transliteration becomes one replace.
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

/*
 * How the lines of a file stand within a text of another syntax, each in a line of its own: before
 * goes in front, end replaces the newline. If keep is not NULL, only letters, digits and its
 * characters stay, and other bytes become %XX (RFC 3986, section 2.1). Otherwise characters of
 * escape get with in front of them, and empty lines stay empty.
 */
struct flowrules_quote {
    const char *before, *end;
    const char *escape, *with;
    const char *keep;
};

/* ---- the plan ---------------------------------------------------------------------------- */

enum flowrules_action { FLOWRULES_ALLOW = 0, FLOWRULES_DENY = 1 };
enum flowrules_direction { FLOWRULES_EGRESS = 0, FLOWRULES_INGRESS = 1, FLOWRULES_FORWARD = 2 };
enum flowrules_end { FLOWRULES_SOURCE = 0, FLOWRULES_DESTINATION = 1 };

/*
 * The flows that a rule comes from, for flowrules_flows_... elsewhere: in an answer to a question
 * about a packet, the rule does not match it. It does not count when flows are compared.
 */
typedef struct flowrules_flows {
    uint32_t number;
    bool elsewhere;
} flowrules_flows;

/* One protocol with its ports or ICMP types; absent or -1: any. */
struct flowrules_service {
    int protocol; /* IANA number, -1 = any */
    const struct flowrules_ports *source_ports, *destination_ports;
    size_t source_port_count, destination_port_count; /* 0 = any */
    int icmp_type, icmp_code;                         /* -1 = any */
};

/*
 * A rule. In a group, the source or destination that the group matches is "any" here.
 * A table has the addresses (of the other end than the group's) and ports; services then has one
 * entry, the protocol.
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
    const char *name;     /* fit for the backend's limits, unique in the plan */
    const char *last_day; /* with capabilities.expiry: the last of its flows', if all have one */
    /* Where denies spare flows: how many groups of denies, and then allows, follow this rule. */
    unsigned phases_behind;
};

typedef struct flowrules_plan flowrules_plan;     /* what a target enforces */
typedef struct flowrules_output flowrules_output; /* what is written for it */
typedef struct flowrules_input flowrules_input;   /* reader.h */
struct flowrules_group;                           /* kits/lookup.h */
struct flowrules_dispatch;

/* ---- what may be asked of a plan ---------------------------------------------------------- */

/* Names from the policy; user text is marked so. */
FLOWRULES_API const char *flowrules_plan_target(const flowrules_plan *plan); /* [A-Za-z0-9._-] */
FLOWRULES_API const char *flowrules_plan_title(const flowrules_plan *plan);  /* user text or NULL */
/* True if the target decides this direction: what no rule allows is denied. */
FLOWRULES_API bool flowrules_plan_enforces(const flowrules_plan *plan,
                                           enum flowrules_direction direction);
/* True with mode: permits: no rule denies, and other rules decide what no rule allows. */
FLOWRULES_API bool flowrules_plan_permits(const flowrules_plan *plan);
/* The protected networks, as the platform knows them. */
FLOWRULES_API struct flowrules_set flowrules_plan_protects(const flowrules_plan *plan);
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
/* True if the target has a part of it besides the replies; if it has this part. */
FLOWRULES_API bool flowrules_plan_baseline(const flowrules_plan *plan);
FLOWRULES_API bool flowrules_plan_has(const flowrules_plan *plan, enum flowrules_baseline part);
/* The name of the format that is spelled, or asked for. */
FLOWRULES_API const char *flowrules_plan_format(const flowrules_plan *plan);
FLOWRULES_API bool flowrules_plan_log_denied(const flowrules_plan *plan);
/* True if nothing may be logged, for platforms that log by default. */
FLOWRULES_API bool flowrules_plan_log_nothing(const flowrules_plan *plan);
/* A setting of the target, or its default; checked against the backend's table. */
FLOWRULES_API const char *flowrules_plan_setting(const flowrules_plan *plan, const char *key);
FLOWRULES_API long long flowrules_plan_number(const flowrules_plan *plan, const char *key);
FLOWRULES_API bool flowrules_plan_flag(const flowrules_plan *plan, const char *key);

/* ---- what a spelling function writes ------------------------------------------------------ */

/* The plan whose rules are spelled. */
FLOWRULES_API const flowrules_plan *flowrules_output_plan(const flowrules_output *out);
/* Zeroed memory for the backend, of the size that it declared as state_size. */
FLOWRULES_API void *flowrules_output_state(flowrules_output *out);
/* A hash of all rules: 8 hex digits, the same for the same rules. */
FLOWRULES_API const char *flowrules_output_fingerprint(const flowrules_output *out);
/*
 * For the head of an artifact: which services that a machine, pods or a site needs the target
 * denies, which of them were accepted, and what its rules do not decide. Each line begins with
 * before and ends with after. Lines are plain ASCII without quotes but ', and without "--".
 */
FLOWRULES_API void flowrules_write_shuts(flowrules_writer *w, const flowrules_output *out,
                                         const char *before, const char *after);
/*
 * Refuses the whole target, for example if it has more rules than the platform allows. The message
 * is one line; nothing of the artifact is kept. The first refusal is reported.
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
/* Likewise a file that removes what the others add: it is not read back with them. */
FLOWRULES_API flowrules_writer *flowrules_output_undo(flowrules_output *out, const char *suffix,
                                                      bool executable);
/* A part of a file, written aside and put where flowrules_write_part says; number 0-63. */
FLOWRULES_API flowrules_writer *flowrules_output_part(flowrules_output *out, unsigned number);
/* Moves a part to the end of a file and leaves the part empty. */
FLOWRULES_API void flowrules_write_part(flowrules_writer *w, flowrules_writer *part);
/* Likewise, as a text within the file; the flows of each line are known there too. */
FLOWRULES_API void flowrules_write_quoted(flowrules_writer *w, flowrules_writer *part,
                                          const struct flowrules_quote *quote);
/* The bytes that a file or part has so far. */
FLOWRULES_API size_t flowrules_writer_size(const flowrules_writer *w);

/* ---- the record of a backend ------------------------------------------------------------- */

enum flowrules_placement {
    FLOWRULES_ATTACHED, /* on the protected machine: egress and ingress */
    FLOWRULES_TRANSIT,  /* between networks: forward */
    FLOWRULES_BY_HOOK   /* attached with the setting hook: host, transit with hook: forward */
};

/* What a deny means after an allow that it overlaps. */
enum flowrules_denies {
    FLOWRULES_DENIES_IN_ORDER, /* the order decides */
    FLOWRULES_DENIES_FIRST,    /* it beats every allow, in any order */
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
 * What a platform can express. The core refuses what it cannot, and splits and merges for it; a
 * zero is the usual: no limit, nothing missing, nothing extra.
 */
struct flowrules_capabilities {
    enum flowrules_placement placement;
    enum flowrules_evaluation evaluation;
    enum flowrules_denies denies; /* of first-match */
    unsigned families;            /* bits */
    bool mixed_families;          /* IPv4 and IPv6 in one rule */
    bool icmp_by_family;          /* but not where it says ICMP, or ICMPv6 */
    bool no_ingress;              /* attached: it does not decide ingress */
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
    const char *names_note;             /* how names are resolved, for explain, or NULL */
    const char *wildcards_note;         /* how wildcards are matched, for explain, or NULL */
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
    bool icmp_type_lists;     /* then: and may list types of ICMP, each with all its codes */
    bool one_port;            /* a rule says one port, or one range of ports */
    bool no_port_ranges;      /* ports one by one, a rule for each */
    const uint8_t *protocols; /* the protocols that can be said; NULL: all */
    size_t protocol_count;
    bool no_any_protocol; /* no rule can match any protocol */
    bool no_port_zero;    /* no destination port 0: what denies leave of it is left out */
    bool source_ports;
    bool icmp_types;
    const struct flowrules_icmp *icmp_listed; /* the types that it has without icmp_types */
    size_t icmp_listed_count;
    bool ports_apart;        /* protocols with ports not beside others in one rule */
    unsigned ports_per_rule; /* 0 = no limit; a range counts two */
    /* the rest */
    unsigned packets;     /* kinds beside the new ones (reader.h) that its rules decide: bits */
    unsigned baseline;    /* the parts that its baseline may have: bits */
    bool baseline_behind; /* the record's baseline follows the denies of the flows */
    /*
     * It supports mode: permits: a target writes only permits, into a shared configuration.
     * permits_note: if so, what decides the rest there, for explain; otherwise why it does not.
     */
    bool permits;
    const char *permits_note;
    const char *itself; /* what of packets to and from the firewall it does not decide, or NULL */
    bool logging;
    bool expiry; /* the platform ends a rule, on the last of its flows' last days */
    bool lookup; /* wants groups, tables and dispatches */
    /*
     * Keys of bindings with the interfaces, or zones, of a network's packets, and with those that
     * are left out; or NULL. interfaces_by: the boolean setting under which they count, or NULL.
     * interfaces_end: the setting of which "in" means that only entering packets match them, and
     * "out" leaving ones; or NULL: both. Then addresses tell where the other end is.
     */
    const char *interfaces, *other_interfaces, *interfaces_by, *interfaces_end;
    /* The integer setting that says from how many prefixes of a length on these have a table of
     * their own (0: never), or NULL. */
    const char *masked_tables_by;
    bool table_port_ranges; /* tables may hold ranges of ports */
    unsigned rule_flows;    /* lookup: up to this many flows of a group stay a rule each */
    unsigned merge_above;   /* no lookup: more rules than this are merged; 0 = never */
    unsigned name_max;      /* bytes of a rule's name; 0: it is the flow's, user text */
    const char *name_extra; /* characters in names besides a-z and 0-9 */
    bool name_lower;        /* no capitals in names; else A-Z too, unique ignoring case */
    bool name_letter;       /* names begin with a letter */
};

struct flowrules_setting {
    const char *key;
    /*
     * "text", "name", "integer MIN MAX", "boolean", "choice A|B"; in bindings also "list TYPE",
     * "interface", "labels", and of Kubernetes "namespace", "selector" (labels, or any),
     * "requirements" (all of a list of texts as in kubectl's -l), "ports" (port: port).
     */
    const char *type;
    const char *fallback; /* the default, or NULL */
    bool required;
    bool later;          /* newer than artifacts in use: at its default their version stays */
    bool aside;          /* of a binding: it does not say which machines the network is */
    bool any_case;       /* of a binding: the platform compares its values ignoring case */
    bool whole_alone;    /* without effect on a target with mode: permits, which refuses it */
    bool permits_alone;  /* without effect on other targets */
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
    /* The capabilities of this format, if they differ from the backend's; or NULL. */
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
    /* Networks without a binding to this backend use theirs to this one; or NULL. */
    const char *bindings_of;
    const struct flowrules_limit *limits; /* end with a NULL name; may be NULL */
    /*
     * Why the platform cannot express this flow, beyond the capabilities: NULL, or a text that
     * lives as long as the backend. After a newline it may say what to do, which becomes the hint
     * of the message. May itself be NULL.
     */
    const char *(*refuses)(const flowrules_plan *plan, const struct flowrules_rule *flow);
    /*
     * What the user must know of a flow that can be expressed, given the others: NULL, or a text
     * for a warning that lives as long as the backend. May itself be NULL.
     */
    const char *(*warns)(const flowrules_plan *plan, const struct flowrules_rule *flow);
    /* Reads configurations: all formats of flowrules, and the platform's output. May be NULL. */
    void (*read)(flowrules_input *in);
    /*
     * What a target of this backend passes or blocks besides its flows, as rules that precede those
     * of the flows (or follow their denies: baseline_behind); what it does not decide, as
     * FLOWRULES_OUTSIDE. NULL: nothing.
     */
    void (*baseline)(const flowrules_plan *plan, flowrules_input *in);
};

#ifdef __cplusplus
}
#endif

#endif
