/*
 * What nftables and iptables have in common when they are read back: tables of chains of rules,
 * and which packets these let pass. The readers build this form, each from its syntax;
 * netfilter_*.c knows none, but what the kernel's netfilter does with a packet.
 */
#ifndef FR_NETFILTER_H
#define FR_NETFILTER_H

#include "flowrules/backend.h"
#include "flowrules/reader.h"

/* ---- what rules look at -------------------------------------------------------------------- */

enum netfilter_field {
    NETFILTER_OTHER, /* something that the meaning of a policy does not know */
    NETFILTER_SOURCE,
    NETFILTER_DESTINATION,
    NETFILTER_FAMILY,
    NETFILTER_PROTOCOL,
    NETFILTER_SOURCE_PORT,
    NETFILTER_DESTINATION_PORT,
    NETFILTER_ICMP_TYPE,
    NETFILTER_ICMP_CODE,
    NETFILTER_STATE,
    NETFILTER_TCP_FLAGS,
    NETFILTER_INPUT_INTERFACE,
    NETFILTER_OUTPUT_INTERFACE,
    NETFILTER_HOP_LIMIT,
    NETFILTER_SOURCE_TYPE,
    NETFILTER_DESTINATION_TYPE
};

/* A part of a packet, in a header of one protocol (-1: whatever it is) and family (bits). */
struct netfilter_key {
    enum netfilter_field field;
    int protocol;
    unsigned families;
};

enum netfilter_state {
    NETFILTER_STATE_NEW = 1,
    NETFILTER_STATE_ESTABLISHED = 2,
    NETFILTER_STATE_RELATED = 4,
    NETFILTER_STATE_INVALID = 8,
    NETFILTER_STATE_UNTRACKED = 16,
    NETFILTER_STATE_ALL = 31,
    NETFILTER_STATE_DNAT = 32 /* the destination was changed: beside one of the others */
};

/* What routing says that an address is, as bits. */
enum {
    NETFILTER_TYPE_UNICAST = 1,
    NETFILTER_TYPE_LOCAL = 2,
    NETFILTER_TYPE_BROADCAST = 4,
    NETFILTER_TYPE_MULTICAST = 8,
    NETFILTER_TYPES_ALL = 15
};

/*
 * What one key may be. Numbers are in first.lo to last.lo: families as enum flowrules_family,
 * states as bits (both the same), TCP flags as a mask (first.lo) and what is left under it.
 * protocol: of ports in ipsets, -1 elsewhere. text: of interfaces, NULL where it is not known; with
 * begins, all whose names begin so.
 */
struct netfilter_piece {
    struct flowrules_range range;
    int protocol;
    const char *text;
    bool begins;
};

enum netfilter_verdict {
    NETFILTER_NONE, /* continues with the next rule */
    NETFILTER_ACCEPT,
    NETFILTER_DROP,
    NETFILTER_JUMP,
    NETFILTER_GOTO,
    NETFILTER_RETURN
};

struct netfilter_element {
    const struct netfilter_piece *pieces; /* one for each key */
    const char *comment;
    const char *target; /* a map's: the chain of a jump or goto */
    enum netfilter_verdict verdict;
    uint32_t line;
};

#define NETFILTER_KEYS_MAX 5u

struct netfilter_set {
    const char *name;                    /* NULL: written in the rule */
    const struct netfilter_table *table; /* of a named one */
    struct flowrules_place at;
    struct netfilter_key *types; /* of a named set: NETFILTER_KEYS_MAX, of its pieces */
    struct netfilter_element *elements;
    size_t count, capacity;
    const char *doubt;              /* why its elements are not what it holds, or NULL */
    unsigned parts;                 /* pieces of an element */
    struct flowrules_set addresses; /* where united: the union of the first pieces */
    struct flowrules_set names;     /* where named: those of which dnsmasq fills it, */
    struct flowrules_set except;    /* and where excepting, these below them not */
    struct netfilter_naming *naming;
    struct netfilter_set *next_expiring;
    bool expiring; /* what comes and goes is not among the elements */
    bool is_map;
    bool commented; /* some element has a comment */
    bool named, excepting, united;
    bool gone;
};

struct netfilter_match {
    struct netfilter_key keys[NETFILTER_KEYS_MAX];
    uint8_t mask_bits[NETFILTER_KEYS_MAX]; /* of addresses: so many first bits; 0: the whole */
    unsigned key_count;
    bool negated;
    struct netfilter_set *set;
    const char *other; /* of NETFILTER_OTHER: what it is about */
    struct netfilter_groups *groups;
    bool met; /* packets came to it before */
};

struct netfilter_rule {
    struct flowrules_place at;
    const char *comment;
    const char *origin; /* where it is, if that is not a line; or NULL */
    struct netfilter_match *matches;
    size_t match_count, match_capacity;
    enum netfilter_verdict verdict;
    const char *target;
    struct netfilter_match *map; /* its elements have the verdicts; or NULL */
    struct netfilter_branches *branches;
    const char *other;    /* a statement that is not understood, and decides; or NULL */
    const char *rewrites; /* it changes addresses or ports of the packet: how; or NULL */
    const struct flowrules_range *moved; /* where to, if it changes the destination alone */
    bool log;
    bool rejects;     /* a drop that is answered */
    unsigned doubted; /* directions (bits) with a reported doubt */
    uint32_t counter; /* of the packets that its first matches took, or 0 */
    size_t counted;   /* how many matches these are */
};

enum netfilter_hook {
    NETFILTER_NO_HOOK,
    NETFILTER_INPUT,
    NETFILTER_OUTPUT,
    NETFILTER_FORWARD,
    NETFILTER_PREROUTING,
    NETFILTER_POSTROUTING,
    NETFILTER_DEVICE_INGRESS,
    NETFILTER_DEVICE_EGRESS
};

struct netfilter_chain {
    const char *name;
    struct netfilter_table *table;
    struct netfilter_chain *next; /* of the table */
    struct flowrules_place at;
    struct netfilter_rule **rules;
    size_t rule_count, rule_capacity;
    enum netfilter_hook hook;
    bool gone;
    bool nat; /* decides on addresses, not on what passes */
    long long priority;
    enum netfilter_verdict policy;
    struct flowrules_place policy_at;
    /* Of the walk: */
    unsigned effects; /* what its rules and those below may do: bits, once known */
    enum { NETFILTER_FRESH, NETFILTER_OPEN, NETFILTER_DONE } visit, order;
    struct netfilter_boxes *arriving;
    struct branch *branch; /* of the map of rule branch_of, to this chain */
    const struct netfilter_rule *branch_of;
};

struct netfilter_table {
    const char *family, *name; /* as the configuration has them */
    unsigned families;         /* bits; 0: its packets are none of a policy's */
    size_t number;
    struct netfilter_table *next;
    struct netfilter_chain *chains, **last_chain;
};

/* All that was read. */
struct netfilter {
    flowrules_input *in;
    struct netfilter_table *tables, **last_table;
    size_t table_count;
    struct netfilter_set *expiring;
    bool translates; /* some rule changes destinations before filters see them */
    bool open;       /* no chain of a filter keeps anything from passing */
    bool noted_source_check;
    struct netfilter_names *names; /* what dnsmasq's configuration says; or NULL */
};

/* ---- building ------------------------------------------------------------------------------ */

void fr_netfilter_init(struct netfilter *nf, flowrules_input *in);
/* The table, chain or set of this name, created if there is none; NULL: out of memory. */
struct netfilter_table *fr_netfilter_table(struct netfilter *nf, const char *family,
                                           const char *name);
struct netfilter_chain *fr_netfilter_chain(struct netfilter *nf, struct netfilter_table *table,
                                           const char *name, struct flowrules_place at);
struct netfilter_set *fr_netfilter_set(struct netfilter *nf, struct netfilter_table *table,
                                       const char *name, struct flowrules_place at);
/* The same, NULL if there is none. */
struct netfilter_chain *fr_netfilter_find_chain(const struct netfilter *nf,
                                                const struct netfilter_table *table,
                                                const char *name);
struct netfilter_set *fr_netfilter_find_set(const struct netfilter *nf,
                                            const struct netfilter_table *table, const char *name);
/*
 * As flowrules_input_grow, from one item on, since most rules and sets have few. NULL for good once
 * memory has run out: nothing is then written to what was lost.
 */
void *fr_netfilter_grow(flowrules_input *in, void *items, size_t *capacity, size_t count,
                        size_t size);
/* A set without a name. */
struct netfilter_set *fr_netfilter_anonymous_set(struct netfilter *nf, unsigned parts,
                                                 struct flowrules_place at);
struct netfilter_rule *fr_netfilter_rule(struct netfilter *nf, struct netfilter_chain *chain,
                                         struct flowrules_place at);
/* A further match of a rule; set is NULL for NETFILTER_OTHER. */
struct netfilter_match *fr_netfilter_match(struct netfilter *nf, struct netfilter_rule *rule);
/* A further element, with room for the set's parts; the pieces are returned, to be filled. */
struct netfilter_piece *fr_netfilter_element(struct netfilter *nf, struct netfilter_set *set,
                                             uint32_t line);
/* Puts a chain's last rule before another one, and takes a rule out; counted from 0. */
void fr_netfilter_move_last_rule(struct netfilter_chain *chain, size_t before);
void fr_netfilter_remove_rule(struct netfilter_chain *chain, size_t rule);
/* Takes a chain, a set, or a table with all that is in it away: what is made later is new. */
void fr_netfilter_delete_chain(struct netfilter_chain *chain);
void fr_netfilter_delete_set(struct netfilter *nf, struct netfilter_set *set);
void fr_netfilter_delete_table(struct netfilter *nf, struct netfilter_table *table);
/* The chains of a table are on their hooks, whatever was said before. */
void fr_netfilter_wake(struct netfilter_table *table);
/* Notes that part of the rule is not understood: reported if a packet can reach the rule. */
void fr_netfilter_other(struct netfilter *nf, struct netfilter_rule *rule, const char *what);
/* The rule changes destinations to "192.0.2.1:80", "[2001:db8::1]:80", "192.0.2.1-192.0.2.9", or to
 * what is not known. */
void fr_netfilter_move(struct netfilter *nf, struct netfilter_rule *rule, const char *to);
/*
 * The rule looks at whether the source is reached where the packet came from (rpfilter, fib). Of
 * the packets of a policy it is: it matches none of them.
 */
void fr_netfilter_source_check(struct netfilter *nf, struct netfilter_rule *rule);

/* A counter of the rule, behind the matches that it has until now. */
void fr_netfilter_count(struct netfilter *nf, struct netfilter_rule *rule,
                        const struct flowrules_counts *counts);

/* ---- names that dnsmasq follows ------------------------------------------------------------ */

/* The family under which ipsets, which are of no table, are kept in one. */
#define NETFILTER_IPSETS "ipset"

/* A set whose elements come and go; it is doubted where no configuration says what fills it. */
void fr_netfilter_expires(struct netfilter *nf, struct netfilter_set *set);
/* True for a configuration of dnsmasq, by its options. */
bool fr_netfilter_is_dnsmasq(flowrules_input *in, size_t file);
/* Reads it, its lines for sets of nftables or for ipsets; the sets are known by then. */
void fr_netfilter_read_dnsmasq(struct netfilter *nf, size_t file, bool nft);
/* Once all is read: the sets that dnsmasq fills are the names. */
void fr_netfilter_name_sets(struct netfilter *nf);

/* ---- what it means ------------------------------------------------------------------------- */

/* True if a chain of a hook blocks something, or may block it. */
bool fr_netfilter_filters(struct netfilter *nf, struct netfilter_chain *chain);
/* Gives the input the rules of all chains on hooks that a packet passes. */
void fr_netfilter_give(struct netfilter *nf);

/* ---- words --------------------------------------------------------------------------------- */

/* The number of a name of both tools, or of nft or iptables alone; -1 when unknown. */
int fr_netfilter_icmp_type(int protocol, const char *name);
int fr_netfilter_icmp_code(int protocol, const char *name);
/* A protocol by number, or by its name in /etc/protocols, as the tools print it; -1. */
int fr_netfilter_protocol(const char *name);
/* A connection's state, any case; 0 when unknown. */
unsigned fr_netfilter_state(const char *name);
/* NETFILTER_TYPE_... of a word of both tools, any case; 0 when unknown. */
unsigned fr_netfilter_address_type(const char *name);
/* A TCP flag's bit, any case; 0 when unknown. */
unsigned fr_netfilter_tcp_flag(const char *name);

#endif
