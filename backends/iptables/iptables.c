/*
 * iptables: own chains in the filter table of both families, hooked into the built-in chains by
 * one jump each, and ipsets where lists are long. Knows the syntax of iptables, iptables-restore
 * and ipset, and how to change a running firewall without a gap. Knows nothing of how rules came
 * about. Facts without another source: iptables-extensions(8) 1.8.9 and ipset(8) 7.17.
 */
#include <stdio.h>
#include <string.h>

#include "flowrules/backend.h"
#include "flowrules/kits/bindings.h"
#include "flowrules/kits/dnsmasq.h"
#include "flowrules/kits/flows.h"
#include "flowrules/kits/hashes.h"
#include "flowrules/kits/linux.h"
#include "flowrules/kits/lookup.h"
#include "netfilter_protocols.h"
#include "netfilter_settings.h"
#include "scripts.h"

/* The parts of the files, one of each for each family but the sets. */
enum {
    PART_DECLARATIONS = 0,
    PART_HOOK_CHAINS = 2, /* and twice the direction */
    PART_RULES = 8,
    PART_SETS = 10
};

enum { TCP = 6, AH = 51 };
enum {
    CHAIN_MAX = 28, /* XT_EXTENSION_MAXNAMELEN is 29, <linux/netfilter/x_tables.h> */
    SET_MAX = 31,   /* IPSET_MAXNAMELEN is 32, <linux/netfilter/ipset/ip_set.h> */
    BASE_MAX = 13,  /* so that groups have 9 bytes for their names, sets of names 12 */
    LIST_MAX = 64, /* addresses of a list in one line; iptables-restore reads 10,240 bytes of one */
    GROUPED_MAX = 4096, /* elements of a table that are compared with each other */
    FAN_OUT = 16,
    INLINE_MAX = 2,       /* rules between the same interfaces for which no chain is made */
    NAMED_SET_MAX = 65536 /* addresses of a list of names; ipset's own default */
};

struct state {
    bool script, permits;
    char base[3 + BASE_MAX + 1]; /* FR-... */
    size_t name_room;            /* for a group's part of a chain's name */
    const struct flowrules_group *group;
    const struct flowrules_passage *passage; /* of the group, or NULL */
    unsigned sets, dispatches;
    size_t nodes;                  /* of the dispatch that is being written */
    struct flowrules_rule waiting; /* rules that differ in their protocol alone: the first, */
    struct protocol_set protocols; /* and which these are; none: no rule waits */
    size_t protocol_chains;
};

struct family {
    const char *command, *slot, *suffix, *inet;
    unsigned length;
};
static const struct family families[] = {
    {"iptables", "/$s4", ".v4.rules", "inet", 32},
    {"ip6tables", "/$s6", ".v6.rules", "inet6", 128},
};

static const struct {
    const char *builtin, *own;
} hooks[] = {
    [FLOWRULES_EGRESS] = {"OUTPUT", "OUT"},
    [FLOWRULES_INGRESS] = {"INPUT", "IN"},
    [FLOWRULES_FORWARD] = {"FORWARD", "FWD"},
};

static const char *const short_option[] = {"-s", "-d"};
static const char *const iprange_option[] = {"--src-range", "--dst-range"};
static const char *const set_flag[] = {"src", "dst"};
static const char *const log_word[] = {"FR allow ", "FR deny "};

/*
 * One text for three quotings: the shell's '...', and the "..." of iptables-restore and of ipset
 * restore. None of these characters ends or escapes anything in them.
 */
#define QUOTED_TEXT " !#%&()*+,-./:;<=>?@[]^_{|}~"
static const struct flowrules_escape comment_escape = {
    /* XT_MAX_COMMENT_LEN is 256 with the final zero; IPSET_MAX_COMMENT_SIZE is 255. */
    .keep = QUOTED_TEXT,
    .replace = '_',
    .utf8 = true,
    .max_bytes = 255};
static const struct flowrules_escape log_escape = {
    /* struct xt_log_info keeps 30 bytes with the final zero; "FR allow " and ": " take 11. */
    .keep = QUOTED_TEXT,
    .replace = '_',
    .max_bytes = 18};

/* ---- names --------------------------------------------------------------------------------- */

/* Digits of five bits each. */
static void put_hash(char *to, size_t digits, const char *text) {
    uint64_t h =
        flowrules_hash_spread(flowrules_hash_bytes(FLOWRULES_HASH_BEGIN, text, strlen(text)));
    for (size_t i = 0; i < digits; i++, h >>= 5)
        to[i] = "abcdefghijklmnopqrstuvwxyz234567"[h & 31];
    to[digits] = '\0';
}

static bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* FR- and a word that no other target has: cut or changed ones end in a hash of the whole. */
static void set_base(const flowrules_plan *plan, struct state *s) {
    const char *name = flowrules_plan_setting(plan, "chain");
    if (!name)
        name = flowrules_plan_target(plan);
    else if (strncmp(name, "FR-", 3) == 0)
        name += 3;
    memcpy(s->base, "FR-", 3);
    size_t length = 0;
    bool whole = true;
    for (const char *c = name; *c && whole; c++) {
        whole = length < BASE_MAX && is_name_character(*c);
        if (whole)
            s->base[3 + length++] = *c;
    }
    if (!whole) {
        size_t kept = length < BASE_MAX - 6 ? length : BASE_MAX - 6;
        while (kept > 0 && s->base[3 + kept - 1] == '-')
            kept--;
        s->base[3 + kept] = '-';
        put_hash(s->base + 3 + kept + 1, 5, name);
        length = kept + 6;
    }
    s->base[3 + length] = '\0';
    s->name_room = CHAIN_MAX - (3 + length) - (s->script ? 3 : 1);
}

/*
 * Own chains: BASE.OUT is hooked, BASE/web is a group's, BASE/d1-7 belongs to a dispatch; in a
 * script, BASE/a.OUT, BASE/a/web and BASE/a/d1-7 with the slot's letter. BASE/p-1 is of protocols,
 * BASE/i-eth1-eth2 of what comes by one interface and leaves by the other, BASE/s-1 of sources.
 * Groups have no - in their names, so all differ (a cut one ends in a dot and a number). nft can
 * read these names too, should its list be saved.
 */
enum chain_kind {
    CHAIN_HOOK,
    CHAIN_GROUP,
    CHAIN_NODE,
    CHAIN_CLASS,
    CHAIN_PROTOCOLS,
    CHAIN_SOURCES,
    CHAIN_PASSAGE
};

struct chain {
    enum chain_kind kind;
    const char *name;                    /* of a hook */
    const struct flowrules_group *group; /* of a group */
    size_t number;                       /* of a node or class */
    const struct flowrules_passage *passage;
};

/* Short names have no dot, so that one that is cut is like no other. */
static void write_group_part(flowrules_writer *w, const struct state *s,
                             const struct flowrules_group *group) {
    char number[16];
    if (strlen(group->short_name) <= s->name_room) {
        flowrules_write(w, group->short_name);
        return;
    }
    int digits = snprintf(number, sizeof number, ".%u", group->number);
    flowrules_writef(w, "%.*s%s", (int)s->name_room - digits, group->short_name, number);
}

/* The first interface of a side, with - for what a chain's name can't have. */
static size_t put_interface(char *to, const struct flowrules_interfaces *side) {
    bool but = side->count == 0 && side->except_count > 0;
    const char *name = but ? side->except[0] : side->count > 0 ? side->names[0] : "any";
    size_t used = 0;
    for (const char *c = but ? "not-" : ""; *c; c++)
        to[used++] = *c;
    for (; *name; name++)
        to[used++] = is_name_character(*name) ? *name : '-';
    return used;
}

/* "i-eth1-eth2"; a number stands behind what is cut, or said again for denies or another hook. */
static void write_passage_part(flowrules_writer *w, const struct state *s,
                               const struct flowrules_passage *passage) {
    char word[2 * (4 + 16) + 1], number[16];
    size_t used = 0;
    used += put_interface(word, &passage->enters);
    word[used++] = '-';
    used += put_interface(word + used, &passage->leaves);
    int digits = snprintf(number, sizeof number, ".%u", passage->number);
    size_t room = s->name_room - 2 - (size_t)digits;
    flowrules_writef(w, "i-%.*s%s", (int)(used < room ? used : room), word, number);
}

static void write_chain(flowrules_writer *w, const struct state *s, enum flowrules_family family,
                        const struct chain *chain) {
    flowrules_write(w, s->script ? "\"" : "");
    flowrules_write(w, s->base);
    flowrules_write(w, s->script ? families[family].slot : "");
    switch (chain->kind) {
    case CHAIN_HOOK:
        flowrules_write(w, ".");
        flowrules_write(w, chain->name);
        break;
    case CHAIN_GROUP:
        flowrules_write(w, "/");
        write_group_part(w, s, chain->group);
        break;
    case CHAIN_NODE:
        flowrules_writef(w, "/d%u-%zu", s->dispatches, chain->number);
        break;
    case CHAIN_CLASS:
        flowrules_writef(w, "/d%u-c%zu", s->dispatches, chain->number);
        break;
    case CHAIN_PROTOCOLS:
        flowrules_writef(w, "/p-%zu", chain->number);
        break;
    case CHAIN_SOURCES:
        flowrules_writef(w, "/s-%zu", chain->number);
        break;
    case CHAIN_PASSAGE:
        flowrules_write(w, "/");
        write_passage_part(w, s, chain->passage);
        break;
    }
    flowrules_write(w, s->script ? "\"" : "");
}

static void declare(flowrules_output *out, const struct state *s, enum flowrules_family family,
                    const struct chain *chain) {
    flowrules_writer *w = flowrules_output_part(out, PART_DECLARATIONS + (unsigned)family);
    if (s->script)
        flowrules_writef(w, "%s -N ", families[family].command);
    else
        flowrules_write(w, ":");
    write_chain(w, s, family, chain);
    flowrules_write(w, s->script ? "\n" : " - [0:0]\n");
}

static struct chain hook_chain(enum flowrules_direction direction) {
    return (struct chain){.kind = CHAIN_HOOK, .name = hooks[direction].own};
}

static struct chain group_chain(const struct flowrules_group *group) {
    return (struct chain){.kind = CHAIN_GROUP, .group = group};
}

/* Has it a chain of its own? Jumps to few groups say their interfaces themselves. */
static bool has_own_chain(const struct state *s) {
    const struct flowrules_passage *p = s->passage;
    return p && (s->permits || p->enters.except_count + p->leaves.except_count > 0 ||
                 p->dispatched || p->rule_count > INLINE_MAX);
}

/* The chain from which groups are reached: that of their interfaces, or the hooked one. */
static struct chain calling_chain(const struct state *s, enum flowrules_direction direction) {
    if (has_own_chain(s))
        return (struct chain){.kind = CHAIN_PASSAGE, .passage = s->passage};
    return hook_chain(direction);
}

/* Where the rules of the open group go: a target that only permits has no chains of groups. */
static struct chain open_chain(const flowrules_plan *plan, const struct state *s) {
    return flowrules_plan_permits(plan) ? calling_chain(s, s->group->direction)
                                        : group_chain(s->group);
}

static flowrules_writer *rules_part(flowrules_output *out, enum flowrules_family family) {
    return flowrules_output_part(out, PART_RULES + (unsigned)family);
}

static flowrules_writer *hook_part(flowrules_output *out, enum flowrules_family family,
                                   enum flowrules_direction direction) {
    return flowrules_output_part(out,
                                 PART_HOOK_CHAINS + 2 * (unsigned)direction + (unsigned)family);
}

static flowrules_writer *calling_part(flowrules_output *out, const struct state *s,
                                      enum flowrules_family family,
                                      enum flowrules_direction direction) {
    return has_own_chain(s) ? rules_part(out, family) : hook_part(out, family, direction);
}

static void begin_rule(flowrules_writer *w, const struct state *s, enum flowrules_family family,
                       const struct chain *chain) {
    flowrules_write(w, s->script ? families[family].command : "");
    flowrules_write(w, s->script ? " -A " : "-A ");
    write_chain(w, s, family, chain);
}

static void end_with_jump(flowrules_writer *w, const struct state *s, enum flowrules_family family,
                          const struct chain *target) {
    flowrules_write(w, " -j ");
    write_chain(w, s, family, target);
    flowrules_write(w, "\n");
}

/* ---- ipsets -------------------------------------------------------------------------------- */

/* A set of the plan's own addresses. */
struct own_set {
    unsigned number;   /* 0: none */
    const char *label; /* the network or group that it is of, or NULL */
};

/*
 * Named by the plan's version, so that a new one leaves alone the sets that are in use: as
 * FR-web.1a2b3c4d.1.office, where there is room for what it is.
 */
static void write_set_name(flowrules_writer *w, const flowrules_output *out, const struct state *s,
                           const struct own_set *set) {
    const char *version = flowrules_output_fingerprint(out);
    char number[16];
    size_t digits = (size_t)snprintf(number, sizeof number, "%u", set->number);
    size_t used = strlen(s->base) + 1 + strlen(version) + 1 + digits + 1;
    flowrules_writef(w, "%s.%s.%s", s->base, version, number);
    if (set->label && used + strlen(set->label) <= SET_MAX)
        flowrules_writef(w, ".%s", set->label);
}

/*
 * A set of names goes by their key, whatever the version: dnsmasq goes on filling the one that is
 * there, and a new version finds what it holds.
 */
static void write_named_set(flowrules_writer *w, const struct state *s,
                            const struct flowrules_named_set *named, enum flowrules_family family) {
    size_t room = SET_MAX - strlen(s->base) - 3, hash = strlen(named->hash) + 1;
    flowrules_writef(w, "%s.", s->base);
    if (strlen(named->key) <= room)
        flowrules_write(w, named->key);
    else
        flowrules_writef(w, "%.*s_%s", (int)(room - hash), named->key, named->hash);
    flowrules_write(w, family == FLOWRULES_IPV4 ? ".4" : ".6");
}

static void write_named_sets(flowrules_output *out, const struct state *s) {
    flowrules_writer *w = flowrules_output_part(out, PART_SETS);
    for (size_t i = 0; i < flowrules_output_named_set_count(out); i++) {
        struct flowrules_named_set named = flowrules_output_named_set(out, i);
        flowrules_write(w, "# ");
        flowrules_write_names(w, named.names); /* what little room leaves of them is not enough */
        flowrules_write(w, "\n");
        for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
            if (!(named.families & FLOWRULES_FAMILY_BIT(f)))
                continue;
            flowrules_write(w, "create ");
            write_named_set(w, s, &named, f);
            flowrules_writef(w, " hash:ip family %s hashsize 64 maxelem %d timeout %s\n",
                             families[f].inet, NAMED_SET_MAX,
                             flowrules_plan_setting(flowrules_output_plan(out), "names-timeout"));
        }
    }
}

static void write_dnsmasq_set(flowrules_writer *w, flowrules_output *out,
                              const struct flowrules_named_set *named,
                              enum flowrules_family family) {
    write_named_set(w, flowrules_output_state(out), named, family);
}

static flowrules_writer *create_set(flowrules_output *out, struct state *s,
                                    const struct own_set *set, const char *type,
                                    enum flowrules_family family, size_t count, bool comment) {
    flowrules_writer *w = flowrules_output_part(out, PART_SETS);
    s->sets = set->number;
    size_t hash_size = 64;
    while (hash_size < count && hash_size < (size_t)1 << 24)
        hash_size *= 2;
    if (set->label)
        flowrules_writef(w, "# %s\n", set->label);
    flowrules_write(w, "create ");
    write_set_name(w, out, s, set);
    flowrules_writef(w, " %s family %s hashsize %zu maxelem %zu%s\n", type, families[family].inet,
                     hash_size, count, comment ? " comment" : "");
    return w;
}

static bool next_network(struct flowrules_range *rest, struct flowrules_range *network) {
    if (!flowrules_range_next_prefix(rest, network))
        return false;
    if (flowrules_range_prefix(network) != 0)
        return true;
    /* ipset knows no prefix of length 0: two of length 1 are the same. */
    *rest = *network;
    if (network->family == FLOWRULES_IPV4) {
        network->last.lo = UINT32_MAX >> 1;
        rest->first.lo = network->last.lo + 1;
    } else {
        network->last.hi = UINT64_MAX >> 1;
        rest->first.hi = network->last.hi + 1;
    }
    return true;
}

static size_t count_networks(struct flowrules_range range) {
    struct flowrules_range network;
    size_t count = 0;
    while (next_network(&range, &network))
        count++;
    return count;
}

static struct own_set add_range_set(flowrules_output *out, struct state *s,
                                    struct flowrules_set set, enum flowrules_family family) {
    struct own_set own = {s->sets + 1,
                          flowrules_set_family_label(flowrules_output_plan(out), set, family)};
    size_t ranges = flowrules_set_range_count(set, family), count = 0;
    for (size_t i = 0; i < ranges; i++)
        count += count_networks(flowrules_set_range(set, family, i));
    flowrules_writer *w = create_set(out, s, &own, "hash:net", family, count, false);
    for (size_t i = 0; i < ranges; i++) {
        struct flowrules_range rest = flowrules_set_range(set, family, i), network;
        while (next_network(&rest, &network)) {
            flowrules_write(w, "add ");
            write_set_name(w, out, s, &own);
            flowrules_write(w, " ");
            flowrules_write_range(w, &network);
            flowrules_write(w, "\n");
        }
    }
    return own;
}

/* The protocols of hash:ip,port that can have ports here; NULL for others. */
static const char *port_protocol(int protocol) {
    return protocol == 6 ? "tcp" : protocol == 17 ? "udp" : protocol == 132 ? "sctp" : NULL;
}

static const char *table_set_type(const struct flowrules_table *table) {
    static const char *const by_source[] = {"hash:net,net", "hash:ip,port,ip"};
    static const char *const plain[2][2] = {{"hash:ip", "hash:ip,port"},
                                            {"hash:net", "hash:net,port"}};
    return table->by_source ? by_source[table->by_port] : plain[table->interval][table->by_port];
}

static void write_set_element(flowrules_writer *w, flowrules_output *out,
                              const struct flowrules_rule *rule,
                              const struct flowrules_element *element,
                              const struct flowrules_range *network) {
    if (rule->table->by_source)
        flowrules_write_ip(w, network->family, element->source);
    else
        flowrules_write_range(w, network);
    if (rule->table->by_port) {
        flowrules_write(w, ",");
        flowrules_write(w, port_protocol(rule->services[0].protocol));
        flowrules_write(w, ":");
        flowrules_write_number(w, element->ports.first);
    }
    if (rule->table->by_source) {
        flowrules_write(w, ",");
        flowrules_write_range(w, network);
    }
    flowrules_write(w, " comment \"");
    flowrules_write_notes(w, out, &comment_escape, FLOWRULES_NOTE_FLOWS | FLOWRULES_NOTE_PINS,
                          element->flows, &element->address);
    flowrules_write(w, "\"\n");
}

static struct own_set add_table_set(flowrules_output *out, struct state *s,
                                    const struct flowrules_rule *rule,
                                    enum flowrules_family family) {
    struct own_set own = {s->sets + 1, s->group->short_name};
    const struct flowrules_table *table = rule->table;
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++)
        count += table->interval ? count_networks(flowrules_table_element(rule, i).address) : 1;
    flowrules_writer *w = create_set(out, s, &own, table_set_type(table), family, count, true);
    for (size_t i = 0; i < table->count; i++) {
        struct flowrules_element element = flowrules_table_element(rule, i);
        struct flowrules_range rest = element.address, network;
        while (next_network(&rest, &network)) {
            flowrules_write(w, "add ");
            flowrules_writer_origin(w, element.flows);
            write_set_name(w, out, s, &own);
            flowrules_write(w, " ");
            write_set_element(w, out, rule, &element, &network);
        }
    }
    return own;
}

/* ---- addresses ----------------------------------------------------------------------------- */

/* How one end is matched in one line. */
struct end_match {
    enum { EVERY, LIST, SPAN, SET, NAMES } kind;
    struct flowrules_range ranges[LIST_MAX]; /* LIST: prefixes; SPAN: one, which is no prefix */
    size_t count;
    struct own_set set;
    struct flowrules_named_set named;
    enum flowrules_family family; /* of NAMES */
};

/* All that an end takes: a line for each list and span, or one with a set. */
struct addresses {
    struct flowrules_set set;
    enum flowrules_family family;
    struct end_match one; /* LIST: lists and spans, from set */
};

struct position {
    size_t index;
    struct flowrules_range rest;
    bool splitting, spans, done;
};

static void make_set(flowrules_output *out, struct state *s, struct addresses *a) {
    a->one.kind = SET;
    a->one.set = add_range_set(out, s, a->set, a->family);
}

static bool is_long(const flowrules_plan *plan, size_t count) {
    return count > 1 && count > (size_t)flowrules_plan_number(plan, "set-size");
}

static struct addresses prepare_addresses(flowrules_output *out, struct state *s,
                                          struct flowrules_set set, enum flowrules_family family) {
    struct addresses a = {.set = set, .family = family, .one = {.kind = LIST, .family = family}};
    if (flowrules_set_named(out, set, &a.one.named))
        a.one.kind = NAMES;
    else if (flowrules_set_is_all(set, family))
        a.one.kind = EVERY;
    else if (is_long(flowrules_output_plan(out), flowrules_set_range_count(set, family)))
        make_set(out, s, &a);
    return a;
}

/* Both ends of a rule: what the kernel makes of two lists is a rule for each pair. */
static void prepare_ends(flowrules_output *out, struct state *s, const struct flowrules_rule *rule,
                         enum flowrules_family family, struct addresses ends[2]) {
    size_t counts[2];
    for (enum flowrules_end e = FLOWRULES_SOURCE; e <= FLOWRULES_DESTINATION; e++) {
        struct flowrules_set set = e == FLOWRULES_SOURCE ? rule->source : rule->destination;
        ends[e] = prepare_addresses(out, s, set, family);
        counts[e] = ends[e].one.kind == LIST ? flowrules_set_range_count(set, family) : 1;
    }
    enum flowrules_end longer = counts[FLOWRULES_SOURCE] > counts[FLOWRULES_DESTINATION]
                                    ? FLOWRULES_SOURCE
                                    : FLOWRULES_DESTINATION;
    if (counts[0] > 1 && counts[1] > 1 &&
        is_long(flowrules_output_plan(out), counts[0] * counts[1]))
        make_set(out, s, &ends[longer]);
}

/* A range of two prefixes is written as two, one of more is left to iprange. */
static bool is_listed(const struct flowrules_range *range) {
    struct flowrules_range rest = *range, prefix;
    return flowrules_range_prefix(range) >= 0 ||
           (flowrules_range_next_prefix(&rest, &prefix) && flowrules_range_prefix(&rest) >= 0);
}

/* The next prefix of the ranges that are listed; false behind the last. */
static bool next_listed(const struct addresses *a, struct position *p,
                        struct flowrules_range *prefix) {
    while (!p->splitting || !flowrules_range_next_prefix(&p->rest, prefix)) {
        if (p->index >= flowrules_set_range_count(a->set, a->family))
            return false;
        p->rest = flowrules_set_range(a->set, a->family, p->index++);
        p->splitting = is_listed(&p->rest);
    }
    return true;
}

static bool next_span(const struct addresses *a, struct position *p, struct end_match *match) {
    match->kind = SPAN;
    match->count = 1;
    while (p->index < flowrules_set_range_count(a->set, a->family)) {
        match->ranges[0] = flowrules_set_range(a->set, a->family, p->index++);
        if (!is_listed(&match->ranges[0]))
            return true;
    }
    return false;
}

static bool next_match(const struct addresses *a, struct position *p, struct end_match *match) {
    if (a->one.kind != LIST) {
        bool first = !p->done;
        *match = a->one;
        p->done = true;
        return first;
    }
    match->kind = LIST;
    match->count = 0;
    while (!p->spans && match->count < LIST_MAX && next_listed(a, p, &match->ranges[match->count]))
        match->count++;
    if (match->count > 0)
        return true;
    if (!p->spans)
        *p = (struct position){.spans = true};
    return next_span(a, p, match);
}

/* -s and -d stand before -p, the others behind it, as iptables -S lists them. */
static void write_end_prefix(flowrules_writer *w, const struct end_match *match,
                             enum flowrules_end end) {
    if (match->kind != LIST)
        return;
    flowrules_writef(w, " %s ", short_option[end]);
    for (size_t i = 0; i < match->count; i++) {
        flowrules_write(w, i > 0 ? "," : "");
        flowrules_write_prefix(w, &match->ranges[i]);
    }
}

static void write_end_module(flowrules_writer *w, const flowrules_output *out,
                             const struct state *s, const struct end_match *match,
                             enum flowrules_end end) {
    if (match->kind == SET || match->kind == NAMES) {
        flowrules_write(w, " -m set --match-set ");
        if (match->kind == SET)
            write_set_name(w, out, s, &match->set);
        else
            write_named_set(w, s, &match->named, match->family);
        flowrules_writef(w, " %s", set_flag[end]);
    } else if (match->kind == SPAN) {
        flowrules_writef(w, " -m iprange %s ", iprange_option[end]);
        flowrules_write_ip(w, match->ranges[0].family, match->ranges[0].first);
        flowrules_write(w, "-");
        flowrules_write_ip(w, match->ranges[0].family, match->ranges[0].last);
    }
}

/* ---- services ------------------------------------------------------------------------------ */

/*
 * A protocol by its name where iptables has it built in, so that no /etc/protocols is asked.
 * -p 0 means any, so that protocol 0 itself takes a look into the header. AH in IPv6 is an
 * extension header to iptables (net/ipv6/netfilter/ip6_tables.c, ip6_packet_match), which -p
 * never matches.
 */
static void write_protocol(flowrules_writer *w, int protocol, enum flowrules_family family) {
    static const char *const words[] = {
        [1] = "icmp", [6] = "tcp", [17] = "udp", [50] = "esp", [51] = "ah", [58] = "ipv6-icmp"};
    size_t count = sizeof words / sizeof *words;
    if (protocol < 0)
        return;
    if (protocol == 51 && family == FLOWRULES_IPV6)
        flowrules_write(w, " -m ah");
    else if (protocol == 0)
        flowrules_write(w, " -m u32 --u32 \"6&0xff=0\"");
    else if ((size_t)protocol < count && words[protocol])
        flowrules_writef(w, " -p %s", words[protocol]);
    else
        flowrules_writef(w, " -p %d", protocol);
}

static void write_port_list(flowrules_writer *w, const char *end,
                            const struct flowrules_ports *ports, size_t count) {
    flowrules_writef(w, " -m multiport --%sports ", end);
    for (size_t i = 0; i < count; i++) {
        flowrules_write(w, i > 0 ? "," : "");
        flowrules_write_ports(w, ports[i], ":");
    }
}

static void write_ports(flowrules_writer *w, const struct flowrules_service *service) {
    size_t sources = service->source_port_count, destinations = service->destination_port_count;
    if (sources == 1 || destinations == 1)
        flowrules_writef(w, " -m %s", port_protocol(service->protocol));
    if (sources == 1) {
        flowrules_write(w, " --sport ");
        flowrules_write_ports(w, service->source_ports[0], ":");
    }
    if (destinations == 1) {
        flowrules_write(w, " --dport ");
        flowrules_write_ports(w, service->destination_ports[0], ":");
    }
    if (sources > 1)
        write_port_list(w, "s", service->source_ports, sources);
    if (destinations > 1)
        write_port_list(w, "d", service->destination_ports, destinations);
}

/*
 * --icmp-type 255 means any (net/netfilter/xt_tcpudp.c, icmp_type_code_match), so that this type
 * is looked for in the packet, behind an IPv4 header of whatever length.
 */
static void write_icmp(flowrules_writer *w, const struct flowrules_service *service) {
    int type = service->icmp_type, code = service->icmp_code;
    if (type < 0)
        return;
    if (service->protocol == 58)
        flowrules_writef(w, " -m icmp6 --icmpv6-type %d", type);
    else if (type != 255)
        flowrules_writef(w, " -m icmp --icmp-type %d", type);
    else if (code < 0)
        flowrules_write(w, " -m u32 --u32 \"0>>22&0x3c@0>>24=255\"");
    else
        flowrules_writef(w, " -m u32 --u32 \"0>>22&0x3c@0>>16=%d\"", 255 * 256 + code);
    if (code >= 0 && (type != 255 || service->protocol == 58))
        flowrules_writef(w, "/%d", code);
}

/* ---- rules --------------------------------------------------------------------------------- */

/* What one line matches. */
struct packet_match {
    struct end_match ends[2];
    const struct flowrules_service *service;
    bool negated;          /* all but the protocol of the service */
    struct own_set set;    /* of a table */
    const char *set_flags; /* which part of a packet each part of its elements is */
};

static void write_match(flowrules_writer *w, const flowrules_output *out, const struct state *s,
                        enum flowrules_family family, const struct packet_match *match) {
    write_end_prefix(w, &match->ends[FLOWRULES_SOURCE], FLOWRULES_SOURCE);
    write_end_prefix(w, &match->ends[FLOWRULES_DESTINATION], FLOWRULES_DESTINATION);
    if (match->service && match->negated)
        flowrules_write(w, " !");
    if (match->service)
        write_protocol(w, match->service->protocol, family);
    write_end_module(w, out, s, &match->ends[FLOWRULES_SOURCE], FLOWRULES_SOURCE);
    write_end_module(w, out, s, &match->ends[FLOWRULES_DESTINATION], FLOWRULES_DESTINATION);
    if (match->set.number > 0) {
        flowrules_write(w, " -m set --match-set ");
        write_set_name(w, out, s, &match->set);
        flowrules_writef(w, " %s", match->set_flags);
    }
    if (match->service) {
        write_ports(w, match->service);
        write_icmp(w, match->service);
    }
}

static void write_comment(flowrules_writer *w, flowrules_output *out, const struct state *s,
                          flowrules_flows flows) {
    const char *quote = s->script ? "'" : "\"";
    flowrules_writef(w, " -m comment --comment %s", quote);
    flowrules_write_notes(w, out, &comment_escape, FLOWRULES_NOTES, flows, NULL);
    flowrules_write(w, quote);
}

/* A log goes by the flows; where a set is looked up, whose elements have flows of their own, by the
 * group. */
static void write_log(flowrules_writer *w, const flowrules_output *out, const struct state *s,
                      const struct flowrules_rule *rule, flowrules_flows flows, bool by_set) {
    const char *quote = s->script ? "'" : "\"";
    flowrules_writef(w, " -j LOG --log-prefix %s%s", quote, log_word[rule->action]);
    if (by_set)
        flowrules_write_user(w, &log_escape, s->group->name);
    else
        flowrules_write_flows(w, out, &log_escape, flows);
    flowrules_writef(w, ": %s\n", quote);
}

/* The flows of a line, for a question about a packet: they are elsewhere where its lists are. */
static flowrules_flows flows_of_match(const flowrules_output *out, flowrules_flows flows,
                                      const struct packet_match *match) {
    for (enum flowrules_end end = FLOWRULES_SOURCE; end <= FLOWRULES_DESTINATION; end++) {
        const struct end_match *m = &match->ends[end];
        flowrules_flows found = flows;
        for (size_t i = 0; (m->kind == LIST || m->kind == SPAN) && i < m->count; i++) {
            found = flowrules_flows_at(out, flows, end, &m->ranges[i]);
            if (found.elsewhere == flows.elsewhere)
                break;
        }
        flows = found;
    }
    return flows;
}

/* What becomes of what is denied, for TCP and for all else. */
static const char *deny_target(const flowrules_plan *plan, enum flowrules_family family, bool tcp) {
    static const char *const prohibited[] = {"REJECT --reject-with icmp-admin-prohibited",
                                             "REJECT --reject-with icmp6-adm-prohibited"};
    if (flowrules_plan_setting(plan, "deny-with")[0] == 'd')
        return "DROP";
    return tcp ? "REJECT --reject-with tcp-reset" : prohibited[family];
}

/* The elements of a set say their flows: the rule that looks it up has no comment and no origin. */
static void add_line(flowrules_output *out, const struct state *s, enum flowrules_family family,
                     const struct chain *chain, const struct flowrules_rule *rule,
                     flowrules_flows flows, const struct packet_match *match) {
    flowrules_writer *w = rules_part(out, family);
    bool by_set = match->set.number > 0;
    bool tcp = match->service && match->service->protocol == TCP && !match->negated;
    for (int log = rule->log; log >= 0; log--) {
        begin_rule(w, s, family, chain);
        if (!by_set)
            flowrules_writer_origin(w, flows_of_match(out, flows, match));
        write_match(w, out, s, family, match);
        if (!by_set)
            write_comment(w, out, s, flows);
        if (log)
            write_log(w, out, s, rule, flows, by_set);
        else
            flowrules_writef(w, " -j %s\n",
                             rule->action == FLOWRULES_ALLOW
                                 ? "ACCEPT"
                                 : deny_target(flowrules_output_plan(out), family, tcp));
    }
}

static bool rejects(const flowrules_plan *plan, const struct flowrules_rule *rule) {
    return rule->action == FLOWRULES_DENY && flowrules_plan_setting(plan, "deny-with")[0] == 'r';
}

/* Rejects answer TCP with a reset: a deny of it and of others is a line for it and one for these.
 */
static void add_rule_to(flowrules_output *out, const struct state *s, enum flowrules_family family,
                        const struct chain *chain, const struct flowrules_rule *rule,
                        flowrules_flows flows, const struct packet_match *match) {
    static const struct flowrules_service tcp = {.protocol = TCP, .icmp_type = -1, .icmp_code = -1};
    if (rejects(flowrules_output_plan(out), rule) &&
        (!match->service || match->service->protocol < 0)) {
        struct packet_match of_tcp = *match;
        of_tcp.service = &tcp;
        add_line(out, s, family, chain, rule, flows, &of_tcp);
    }
    add_line(out, s, family, chain, rule, flows, match);
}

static void add_rule(flowrules_output *out, const struct state *s, enum flowrules_family family,
                     const struct flowrules_rule *rule, flowrules_flows flows,
                     const struct packet_match *match) {
    struct chain chain = open_chain(flowrules_output_plan(out), s);
    add_rule_to(out, s, family, &chain, rule, flows, match);
}

static struct end_match range_match(struct flowrules_range range) {
    int length = flowrules_range_prefix(&range);
    return (struct end_match){.kind = length == 0  ? EVERY
                                      : length > 0 ? LIST
                                                   : SPAN,
                              .ranges = {range},
                              .count = 1};
}

/* Do two elements of a table differ in their address alone? */
static bool same_but_address(const struct flowrules_element *a, const struct flowrules_element *b) {
    return flowrules_flows_are_same(a->flows, b->flows) && a->source.hi == b->source.hi &&
           a->source.lo == b->source.lo && a->ports.first == b->ports.first &&
           a->ports.last == b->ports.last;
}

/* Adds to a list what else of the table goes with its first element, at index; false: that went
 * with an earlier one. */
static bool gather(const struct flowrules_rule *rule, size_t index,
                   const struct flowrules_element *first, struct end_match *list) {
    size_t alike = 0, count = rule->table->count;
    if (list->kind != LIST || count > GROUPED_MAX)
        return true;
    for (size_t i = 0; i < count && list->count < LIST_MAX; i++) {
        struct flowrules_element other = flowrules_table_element(rule, i);
        if (!same_but_address(first, &other) || flowrules_range_prefix(&other.address) <= 0)
            continue;
        if (i < index)
            alike++;
        else if (alike % LIST_MAX != 0)
            return false;
        else if (i > index)
            list->ranges[list->count++] = other.address;
    }
    return true;
}

static void add_element_rules(flowrules_output *out, const struct state *s,
                              enum flowrules_family family, const struct flowrules_rule *rule) {
    for (size_t i = 0; i < rule->table->count; i++) {
        struct flowrules_element element = flowrules_table_element(rule, i);
        struct flowrules_service service = rule->services[0];
        struct packet_match match = {.service = &service};
        match.ends[rule->table_end] = range_match(element.address);
        if (!gather(rule, i, &element, &match.ends[rule->table_end]))
            continue;
        if (rule->table->by_source)
            match.ends[FLOWRULES_SOURCE] = range_match((struct flowrules_range){
                .family = family, .first = element.source, .last = element.source});
        if (rule->table->by_port) {
            service.destination_ports = &element.ports;
            service.destination_port_count = 1;
        }
        add_rule(out, s, family, rule, element.flows, &match);
    }
}

static const char *table_set_flags(const struct flowrules_rule *rule) {
    if (rule->table->by_source)
        return rule->table->by_port ? "src,dst,dst" : "src,dst";
    if (rule->table_end == FLOWRULES_SOURCE)
        return rule->table->by_port ? "src,dst" : "src";
    return rule->table->by_port ? "dst,dst" : "dst";
}

static void add_table_rules(flowrules_output *out, struct state *s, enum flowrules_family family,
                            const struct flowrules_rule *rule) {
    const struct flowrules_table *table = rule->table;
    bool sayable = !table->by_port || port_protocol(rule->services[0].protocol);
    if (!sayable ||
        table->count <= (size_t)flowrules_plan_number(flowrules_output_plan(out), "set-size")) {
        add_element_rules(out, s, family, rule);
        return;
    }
    struct own_set set = add_table_set(out, s, rule, family);
    struct flowrules_service service = rule->services[0];
    if (table->by_port)
        service.destination_port_count = 0;
    struct packet_match match = {
        .service = &service, .set = set, .set_flags = table_set_flags(rule)};
    add_rule(out, s, family, rule, rule->flows, &match);
}

static void add_plain_rules(flowrules_output *out, struct state *s, enum flowrules_family family,
                            const struct flowrules_rule *rule) {
    struct addresses ends[2];
    prepare_ends(out, s, rule, family, ends);
    struct packet_match match = {.service = NULL};
    for (size_t i = 0; i < rule->service_count; i++) {
        match.service = &rule->services[i];
        struct position source = {.index = 0};
        while (next_match(&ends[FLOWRULES_SOURCE], &source, &match.ends[FLOWRULES_SOURCE])) {
            struct position destination = {.index = 0};
            while (next_match(&ends[FLOWRULES_DESTINATION], &destination,
                              &match.ends[FLOWRULES_DESTINATION]))
                add_rule(out, s, family, rule, rule->flows, &match);
        }
    }
}

/* ---- several protocols --------------------------------------------------------------------- */

/* -p takes one protocol, or all but one: those that it can say, and -p 0 is any. */
static bool can_be_left_out(enum flowrules_family family, const struct protocol_set *others) {
    return others->count == 1 && !others->has[0] && !(family == FLOWRULES_IPV6 && others->has[AH]);
}

static struct flowrules_service bare(int protocol) {
    return (struct flowrules_service){.protocol = protocol, .icmp_type = -1, .icmp_code = -1};
}

/*
 * ip6tables-legacy looks through AH: -p tcp matches TCP within it (measured: kernel 6.18), so that
 * all but TCP has to say AH apart.
 */
static bool says_ah_apart(enum flowrules_family family, const struct protocol_set *own) {
    return family == FLOWRULES_IPV6 && own->has[AH];
}

/* How the protocols of rules that differ in these alone are said in one family. */
struct saying {
    struct protocol_set own, others;
    bool negated;       /* all but the one of others */
    bool in_chain;      /* a chain from which the others return */
    struct chain chain; /* that one */
};

/* The lines for one pair of what the ends match. */
static void add_protocols(flowrules_output *out, struct state *s, enum flowrules_family family,
                          const struct flowrules_rule *rule, struct packet_match *match,
                          const struct saying *saying) {
    const struct protocol_set *set = saying->negated ? &saying->others : &saying->own;
    if (saying->in_chain) {
        flowrules_writer *w = rules_part(out, family);
        struct chain from = open_chain(flowrules_output_plan(out), s);
        begin_rule(w, s, family, &from);
        write_match(w, out, s, family, match);
        end_with_jump(w, s, family, &saying->chain);
        return;
    }
    if (saying->negated && says_ah_apart(family, &saying->own)) {
        struct flowrules_service ah = bare(AH);
        match->service = &ah;
        match->negated = false;
        add_rule(out, s, family, rule, rule->flows, match);
    }
    for (int p = 0; p < 256; p++) {
        struct flowrules_service service = bare(p);
        match->service = saying->others.count == 0 ? NULL : &service;
        match->negated = saying->negated;
        if (set->has[p] || (saying->others.count == 0 && p == 0))
            add_rule(out, s, family, rule, rule->flows, match);
        if (saying->others.count == 0)
            break;
    }
}

/* The chain of all protocols but some: these return from it, what is left is decided in it. */
static void add_chain_of_protocols(flowrules_output *out, struct state *s,
                                   enum flowrules_family family, const struct flowrules_rule *rule,
                                   struct saying *saying) {
    flowrules_writer *w = rules_part(out, family);
    struct packet_match rest = {.service = NULL};
    saying->chain = (struct chain){.kind = CHAIN_PROTOCOLS, .number = ++s->protocol_chains};
    declare(out, s, family, &saying->chain);
    if (says_ah_apart(family, &saying->own)) {
        struct flowrules_service ah = bare(AH);
        struct packet_match match = {.service = &ah};
        add_line(out, s, family, &saying->chain, rule, rule->flows, &match);
    }
    for (int p = 0; p < 256; p++) {
        if (!saying->others.has[p])
            continue;
        begin_rule(w, s, family, &saying->chain);
        write_protocol(w, p, family);
        flowrules_write(w, " -j RETURN\n");
    }
    add_line(out, s, family, &saying->chain, rule, rule->flows, &rest);
}

/* Writes the rules that wait for more of their kind, in one family. */
static void write_protocols(flowrules_output *out, struct state *s, enum flowrules_family family,
                            const struct flowrules_rule *rule,
                            const struct protocol_set *protocols) {
    struct saying saying = {.negated = false};
    fr_netfilter_protocols_of(protocols, FLOWRULES_FAMILY_BIT(family), &saying.own);
    fr_netfilter_protocols_others(protocols, FLOWRULES_FAMILY_BIT(family), &saying.others);
    if (saying.own.count == 0)
        return;
    saying.negated = saying.own.count > 1 && can_be_left_out(family, &saying.others);
    saying.in_chain =
        !saying.negated && saying.others.count > 0 && saying.others.count + 2 < saying.own.count;
    if (saying.in_chain)
        add_chain_of_protocols(out, s, family, rule, &saying);
    struct addresses ends[2];
    prepare_ends(out, s, rule, family, ends);
    struct packet_match match = {.service = NULL};
    struct position source = {.index = 0};
    while (next_match(&ends[FLOWRULES_SOURCE], &source, &match.ends[FLOWRULES_SOURCE])) {
        struct position destination = {.index = 0};
        while (next_match(&ends[FLOWRULES_DESTINATION], &destination,
                          &match.ends[FLOWRULES_DESTINATION]))
            add_protocols(out, s, family, rule, &match, &saying);
    }
}

static bool has_family(struct flowrules_set set, enum flowrules_family family) {
    return flowrules_set_is_any(set) || flowrules_set_range_count(set, family) > 0 ||
           flowrules_set_atom_count(set) > 0;
}

static bool group_has(const struct flowrules_group *group, enum flowrules_family family) {
    return (group->families & FLOWRULES_FAMILY_BIT(family)) && has_family(group->match, family);
}

/* Has the rule something to say of a family in its group? */
static bool is_of_family(const struct state *s, const struct flowrules_rule *r,
                         enum flowrules_family f) {
    return (r->families & FLOWRULES_FAMILY_BIT(f)) && group_has(s->group, f) &&
           has_family(r->source, f) && has_family(r->destination, f);
}

static void write_waiting(flowrules_output *out, struct state *s) {
    struct flowrules_rule rule = s->waiting;
    if (s->protocols.count == 0)
        return;
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        struct protocol_set protocols = s->protocols;
        struct protocol_set tcp = {.count = 0};
        if (!is_of_family(s, &rule, f))
            continue;
        if (rejects(flowrules_output_plan(out), &rule) && protocols.has[TCP] &&
            protocols.count > 1) {
            fr_netfilter_protocols_add(&tcp, TCP);
            write_protocols(out, s, f, &rule, &tcp);
            protocols.has[TCP] = false;
            protocols.count--;
        }
        write_protocols(out, s, f, &rule, &protocols);
    }
    s->protocols.count = 0;
}

/* Are all services of a rule protocols alone, so that it may wait for more of its kind? */
static bool is_of_protocols(const struct flowrules_rule *r) {
    for (size_t i = 0; i < r->service_count; i++)
        if (r->table || !fr_netfilter_protocols_is_bare(&r->services[i]))
            return false;
    return true;
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    struct state *s = flowrules_output_state(out);
    bool waits = is_of_protocols(r);
    if (!waits || !fr_netfilter_protocols_same_rule(&s->waiting, r))
        write_waiting(out, s);
    if (waits && s->protocols.count == 0)
        s->protocols = (struct protocol_set){.count = 0};
    for (size_t i = 0; waits && i < r->service_count; i++) {
        s->waiting = *r;
        fr_netfilter_protocols_add(&s->protocols, r->services[i].protocol);
    }
    for (enum flowrules_family f = FLOWRULES_IPV4; !waits && f <= FLOWRULES_IPV6; f++) {
        int protocol = r->services[0].protocol;
        if (!(r->families & FLOWRULES_FAMILY_BIT(f)) || !group_has(s->group, f) ||
            (protocol >= 0 && !fr_netfilter_protocols_exists(f, protocol)))
            continue;
        if (r->table)
            add_table_rules(out, s, f, r);
        else if (is_of_family(s, r, f))
            add_plain_rules(out, s, f, r);
    }
}

/* ---- groups and dispatches ----------------------------------------------------------------- */

/* " -i eth1", " -o eth2+". */
static void write_interface(flowrules_writer *w, char option, const char *name) {
    size_t length = strlen(name);
    bool begins = name[length - 1] == '*';
    flowrules_writef(w, " -%c %.*s%s", option, (int)(length - begins), name, begins ? "+" : "");
}

/* One of the lines in which a passage is said: for each pair of names. NULL: one, without any. */
static size_t line_count(const struct flowrules_passage *p) {
    size_t enters = p == NULL ? 0 : p->enters.count, leaves = p == NULL ? 0 : p->leaves.count;
    return (enters > 0 ? enters : 1) * (leaves > 0 ? leaves : 1);
}

static void write_interfaces(flowrules_writer *w, const struct flowrules_passage *p, size_t line) {
    size_t leaves = p == NULL || p->leaves.count == 0 ? 1 : p->leaves.count;
    if (p && p->enters.count > 0)
        write_interface(w, 'i', p->enters.names[line / leaves]);
    if (p && p->leaves.count > 0)
        write_interface(w, 'o', p->leaves.names[line % leaves]);
}

static void add_group_jumps(flowrules_output *out, struct state *s, enum flowrules_family family,
                            const struct flowrules_group *g) {
    flowrules_writer *w = calling_part(out, s, family, g->direction);
    struct chain from = calling_chain(s, g->direction), to = group_chain(g);
    struct addresses addresses = prepare_addresses(out, s, g->match, family);
    struct position position = {.index = 0};
    struct packet_match match = {.service = NULL};
    const struct flowrules_passage *said = has_own_chain(s) ? NULL : s->passage;
    while (next_match(&addresses, &position, &match.ends[g->end]))
        for (size_t line = 0; line < line_count(said); line++) {
            begin_rule(w, s, family, &from);
            write_interfaces(w, said, line);
            write_match(w, out, s, family, &match);
            end_with_jump(w, s, family, &to);
        }
}

/* Interfaces that are left out return from the chain. Of a machine, loopback traffic does too. */
static void add_returns(flowrules_output *out, const struct state *s, enum flowrules_family family,
                        const struct chain *chain) {
    const struct flowrules_passage *passage = chain->passage;
    const struct flowrules_interfaces *sides[2] = {&passage->enters, &passage->leaves};
    flowrules_writer *w = rules_part(out, family);
    for (size_t i = 0; i < 2; i++) {
        size_t count = sides[i]->except_count;
        bool lo = passage->direction != FLOWRULES_FORWARD && count > 0 && sides[i]->count == 0;
        for (size_t k = 0; k < count + lo; k++) {
            begin_rule(w, s, family, chain);
            write_interface(w, i == 0 ? 'i' : 'o', k < count ? sides[i]->except[k] : "lo");
            flowrules_write(w, " -j RETURN\n");
        }
    }
}

/* One jump for each pair of interfaces. */
static void add_passage(flowrules_output *out, const struct state *s, enum flowrules_family family,
                        const struct flowrules_passage *passage) {
    struct chain from = hook_chain(passage->direction);
    struct chain to = {.kind = CHAIN_PASSAGE, .passage = passage};
    flowrules_writer *w = hook_part(out, family, passage->direction);
    declare(out, s, family, &to);
    for (size_t line = 0; line < line_count(passage); line++) {
        begin_rule(w, s, family, &from);
        write_interfaces(w, passage, line);
        end_with_jump(w, s, family, &to);
    }
    add_returns(out, s, family, &to);
}

/* What is matched before the groups that come next. */
static void open_passage(flowrules_output *out, struct state *s,
                         const struct flowrules_passage *passage) {
    bool opens = passage && passage != s->passage;
    s->passage = passage;
    opens = opens && has_own_chain(s);
    for (enum flowrules_family f = FLOWRULES_IPV4; opens && f <= FLOWRULES_IPV6; f++)
        add_passage(out, s, f, passage);
}

static void group(flowrules_output *out, const struct flowrules_group *g) {
    struct state *s = flowrules_output_state(out);
    struct chain chain = group_chain(g);
    write_waiting(out, s);
    open_passage(out, s, g->passage);
    s->group = g;
    if (flowrules_plan_permits(flowrules_output_plan(out)))
        return;
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        if (!group_has(g, f))
            continue;
        declare(out, s, f, &chain);
        if (!g->dispatched)
            add_group_jumps(out, s, f, g);
    }
}

static struct chain class_chain(const struct flowrules_dispatch *d, size_t class_index) {
    if (flowrules_dispatch_group(d, class_index, 1) == NULL)
        return group_chain(flowrules_dispatch_group(d, class_index, 0));
    return (struct chain){.kind = CHAIN_CLASS, .number = class_index};
}

static void add_classes(flowrules_output *out, const struct state *s,
                        const struct flowrules_dispatch *d) {
    flowrules_writer *w = rules_part(out, d->family);
    for (size_t i = 0; i < d->class_count; i++) {
        struct chain chain = class_chain(d, i);
        if (chain.kind != CHAIN_CLASS)
            continue;
        declare(out, s, d->family, &chain);
        const struct flowrules_group *group;
        for (size_t k = 0; (group = flowrules_dispatch_group(d, i, k)) != NULL; k++) {
            struct chain to = group_chain(group);
            begin_rule(w, s, d->family, &chain);
            end_with_jump(w, s, d->family, &to);
        }
    }
}

static void add_branch(flowrules_output *out, const struct state *s,
                       const struct flowrules_dispatch *d, const struct chain *from,
                       struct flowrules_range range, const struct chain *to) {
    flowrules_writer *w = rules_part(out, d->family);
    struct packet_match match = {.service = NULL};
    match.ends[d->end] = range_match(range);
    begin_rule(w, s, d->family, from);
    write_match(w, out, s, d->family, &match);
    end_with_jump(w, s, d->family, to);
}

/*
 * A tree over the ranges first to end-1, so that a packet meets at most FAN_OUT rules a level.
 * Its depth is the logarithm of the number of ranges, and so is the recursion's.
 */
static void add_tree(flowrules_output *out, struct state *s, const struct flowrules_dispatch *d,
                     size_t first, size_t end, size_t node) {
    struct chain from = {.kind = CHAIN_NODE, .number = node};
    size_t step = 1;
    while (step * FAN_OUT < end - first)
        step *= FAN_OUT;
    declare(out, s, d->family, &from);
    size_t children = s->nodes;
    for (size_t i = first; i < end; i += step) {
        size_t last = end - i < step ? end - 1 : i + step - 1;
        struct flowrules_range range = flowrules_dispatch_range(d, i);
        struct chain to = class_chain(d, flowrules_dispatch_class(d, i));
        if (last > i) {
            range.last = flowrules_dispatch_range(d, last).last;
            to = (struct chain){.kind = CHAIN_NODE, .number = s->nodes++};
        }
        add_branch(out, s, d, &from, range, &to);
    }
    for (size_t i = first; i < end && step > 1; i += step) {
        size_t child_end = end - i < step ? end : i + step;
        if (child_end - i > 1)
            add_tree(out, s, d, i, child_end, children++);
    }
}

static void dispatch(flowrules_output *out, const struct flowrules_dispatch *d) {
    struct state *s = flowrules_output_state(out);
    write_waiting(out, s);
    if (d->range_count == 0)
        return;
    s->dispatches++;
    s->nodes = 1;
    struct chain from = calling_chain(s, d->direction), root = {.kind = CHAIN_NODE, .number = 0};
    flowrules_writer *w = calling_part(out, s, d->family, d->direction);
    begin_rule(w, s, d->family, &from);
    end_with_jump(w, s, d->family, &root);
    add_tree(out, s, d, 0, d->range_count, 0);
    add_classes(out, s, d);
}

/* ---- hooked chains ------------------------------------------------------------------------- */

static void add_fixed(flowrules_output *out, const struct state *s, enum flowrules_family family,
                      enum flowrules_direction direction, const char *text) {
    flowrules_writer *w = hook_part(out, family, direction);
    struct chain chain = hook_chain(direction);
    begin_rule(w, s, family, &chain);
    flowrules_write(w, text);
    flowrules_write(w, "\n");
}

/*
 * Neighbour discovery and MLD are never tracked and may never have crossed a router: hop limit
 * 255 (RFC 4861, 6.1 and 7.1) and 1 (RFC 2710, 3 and RFC 3810, 5).
 */
static void add_neighbour_discovery(flowrules_output *out, const struct state *s,
                                    enum flowrules_direction direction) {
    static const struct {
        enum flowrules_baseline part;
        int type, hop_limit;
    } messages[] = {
        {FLOWRULES_BASELINE_NEIGHBOUR, 133, 255}, {FLOWRULES_BASELINE_NEIGHBOUR, 134, 255},
        {FLOWRULES_BASELINE_NEIGHBOUR, 135, 255}, {FLOWRULES_BASELINE_NEIGHBOUR, 136, 255},
        {FLOWRULES_BASELINE_LISTENER, 130, 1},    {FLOWRULES_BASELINE_LISTENER, 131, 1},
        {FLOWRULES_BASELINE_LISTENER, 132, 1},    {FLOWRULES_BASELINE_LISTENER, 143, 1}};
    struct chain chain = hook_chain(direction);
    flowrules_writer *w = hook_part(out, FLOWRULES_IPV6, direction);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        if (!flowrules_plan_has(flowrules_output_plan(out), messages[i].part))
            continue;
        begin_rule(w, s, FLOWRULES_IPV6, &chain);
        flowrules_writef(w, " -p ipv6-icmp -m icmp6 --icmpv6-type %d -m hl --hl-eq %d -j ACCEPT\n",
                         messages[i].type, messages[i].hop_limit);
    }
}

/* A target that only permits has nothing to say of them. */
static void add_no_syn(flowrules_output *out, const struct state *s, enum flowrules_family family,
                       enum flowrules_direction direction) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = hook_part(out, family, direction);
    struct chain chain = hook_chain(direction);
    begin_rule(w, s, family, &chain);
    flowrules_writef(w, " -p tcp%s -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j %s\n",
                     flowrules_plan_has(plan, FLOWRULES_BASELINE_REPLIES)
                         ? ""
                         : " -m conntrack --ctstate NEW,INVALID",
                     flowrules_plan_permits(plan) ? "RETURN" : "DROP");
}

/* What comes from some addresses: dropped but by their own interfaces. */
static void add_own_chain(flowrules_output *out, const struct state *s,
                          enum flowrules_family family, const struct chain *chain,
                          const struct flowrules_interfaces *own, bool host) {
    flowrules_writer *w = rules_part(out, family);
    for (size_t i = 0; i < own->except_count; i++) {
        begin_rule(w, s, family, chain);
        write_interface(w, 'i', own->except[i]);
        flowrules_write(w, " -j DROP\n");
    }
    for (size_t i = 0; i < own->count + host; i++) {
        begin_rule(w, s, family, chain);
        write_interface(w, 'i', i < own->count ? own->names[i] : "lo");
        flowrules_write(w, " -j RETURN\n");
    }
    if (own->count > 0) {
        begin_rule(w, s, family, chain);
        flowrules_write(w, " -m comment --comment \"spoofed source\" -j DROP\n");
    }
}

/* Sources that are elsewhere than they belong. */
static void add_spoofed(flowrules_output *out, struct state *s, enum flowrules_family family,
                        enum flowrules_direction direction) {
    flowrules_writer *w = hook_part(out, family, direction);
    struct chain from = hook_chain(direction);
    struct flowrules_interfaces own;
    struct flowrules_set set;
    for (size_t i = 0; flowrules_plan_own_source(flowrules_output_plan(out), i, &set, &own); i++) {
        struct chain to = {.kind = CHAIN_SOURCES,
                           .number = 2 * i + 1 + (direction == FLOWRULES_FORWARD)};
        struct packet_match match = {.service = NULL};
        struct position position = {.index = 0};
        if (flowrules_set_range_count(set, family) == 0)
            continue;
        struct addresses addresses = prepare_addresses(out, s, set, family);
        declare(out, s, family, &to);
        while (next_match(&addresses, &position, &match.ends[FLOWRULES_SOURCE])) {
            begin_rule(w, s, family, &from);
            write_match(w, out, s, family, &match);
            end_with_jump(w, s, family, &to);
        }
        add_own_chain(out, s, family, &to, &own, direction == FLOWRULES_INGRESS);
    }
}

static void begin_hook_chain(flowrules_output *out, const struct state *s,
                             enum flowrules_family family, enum flowrules_direction direction) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    static const char *const loopback[] = {" -o lo -j ACCEPT", " -i lo -j ACCEPT", NULL};
    /* Path MTU discovery: RFC 1191, 4 and RFC 4890, 4.3.1. */
    static const char *const path_mtu[] = {
        " -p icmp -m icmp --icmp-type 3/4 -j ACCEPT",
        " -p ipv6-icmp -m icmp6 --icmpv6-type 2 -j ACCEPT",
    };
    struct chain chain = hook_chain(direction);
    declare(out, s, family, &chain);
    if (flowrules_plan_has(plan, FLOWRULES_BASELINE_REPLIES))
        add_fixed(out, s, family, direction,
                  " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
    if (loopback[direction] && flowrules_plan_has(plan, FLOWRULES_BASELINE_LOOPBACK))
        add_fixed(out, s, family, direction, loopback[direction]);
    if (family == FLOWRULES_IPV6 && direction != FLOWRULES_FORWARD)
        add_neighbour_discovery(out, s, direction);
    if (flowrules_plan_has(plan, FLOWRULES_BASELINE_PATH_MTU))
        add_fixed(out, s, family, direction, path_mtu[family]);
    if (flowrules_plan_has(plan, FLOWRULES_BASELINE_INVALID))
        add_fixed(out, s, family, direction, " -m conntrack --ctstate INVALID -j DROP");
    /* What is no SYN opens no connection, though conntrack would take it for one. */
    if (!flowrules_plan_flag(plan, "mid-stream"))
        add_no_syn(out, s, family, direction);
    if (direction != FLOWRULES_EGRESS)
        add_spoofed(out, flowrules_output_state(out), family, direction);
}

static void end_hook_chain(flowrules_output *out, const struct state *s,
                           enum flowrules_family family, enum flowrules_direction direction) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    if (flowrules_plan_permits(plan))
        return;
    if (flowrules_plan_log_denied(plan))
        add_fixed(out, s, family, direction,
                  " -m limit --limit 10/second --limit-burst 20 -j LOG "
                  "--log-prefix \"FR denied: \"");
    if (flowrules_plan_setting(plan, "deny-with")[0] == 'd') {
        add_fixed(out, s, family, direction, " -j DROP");
        return;
    }
    add_fixed(out, s, family, direction, " -p tcp -j REJECT --reject-with tcp-reset");
    add_fixed(out, s, family, direction,
              family == FLOWRULES_IPV4 ? " -j REJECT --reject-with icmp-admin-prohibited"
                                       : " -j REJECT --reject-with icmp6-adm-prohibited");
}

static void for_each_hook_chain(flowrules_output *out,
                                void (*visit)(flowrules_output *out, const struct state *s,
                                              enum flowrules_family family,
                                              enum flowrules_direction direction)) {
    const struct state *s = flowrules_output_state(out);
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++) {
        for (enum flowrules_family f = FLOWRULES_IPV4;
             f <= FLOWRULES_IPV6 && flowrules_plan_enforces(flowrules_output_plan(out), d); f++)
            visit(out, s, f, d);
    }
}

static void begin_restore(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    if (flowrules_plan_setting(plan, "into") && flowrules_plan_enforces(plan, FLOWRULES_EGRESS) &&
        flowrules_plan_enforces(plan, FLOWRULES_INGRESS))
        flowrules_output_refuse(out, "'into' names one chain: it needs 'direction: egress' or "
                                     "'direction: ingress'");
    ((struct state *)flowrules_output_state(out))->permits = flowrules_plan_permits(plan);
    set_base(plan, flowrules_output_state(out));
    write_named_sets(out, flowrules_output_state(out));
    for_each_hook_chain(out, begin_hook_chain);
}

static void begin_script(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    s->script = true;
    begin_restore(out);
}

/* ---- the files ----------------------------------------------------------------------------- */

static void write_head(flowrules_output *out, flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *title = flowrules_plan_title(plan);
    if (title) {
        flowrules_write(w, "# ");
        flowrules_write_user(w, &comment_escape, title);
        flowrules_write(w, "\n");
    }
    flowrules_writef(w, "# Target %s, version %s: %s\n", flowrules_plan_target(plan),
                     flowrules_output_fingerprint(out),
                     flowrules_plan_permits(plan)
                         ? "permits alone; all else goes on in the chain\n# that jumps here, "
                           "with the rules that are there."
                         : "what these chains do not accept is dropped.");
    flowrules_write_shuts(w, out, "# ", "\n");
    flowrules_write_pinned_day(w, plan, "# ", ".\n");
    if (flowrules_output_named_set_count(out) > 0)
        flowrules_writef(w,
                         "# Names: dnsmasq fills the sets that end in .4 and .6 as %s.dnsmasq.conf "
                         "tells it;\n#   what they hold stays when this is loaded again.\n",
                         flowrules_plan_target(plan));
}

static bool has_sets(const flowrules_output *out, const struct state *s) {
    return s->sets > 0 || flowrules_output_named_set_count(out) > 0;
}

static void write_dnsmasq_file(flowrules_output *out, const char *loading) {
    const struct flowrules_dnsmasq dnsmasq = {.option = "ipset",
                                              .needs = "ipset in what 'dnsmasq --version' names",
                                              .loading = loading,
                                              .write_set = write_dnsmasq_set};
    flowrules_dnsmasq_write(out, &dnsmasq);
}

/* The chain that jumps to an own one. */
static const char *outer_chain(const flowrules_plan *plan, enum flowrules_direction direction) {
    const char *into = flowrules_plan_setting(plan, "into");
    return into ? into : hooks[direction].builtin;
}

static void write_sum(flowrules_output *out, flowrules_writer *w, const char *blank,
                      const char *suffix) {
    flowrules_writef(w, "%s%s ", blank, suffix);
    flowrules_write_cksum(w, flowrules_output_file(out, suffix, false));
}

static void write_all_parts(flowrules_output *out, flowrules_writer *w,
                            enum flowrules_family family) {
    flowrules_write_part(w, flowrules_output_part(out, PART_DECLARATIONS + (unsigned)family));
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++)
        flowrules_write_part(w, hook_part(out, family, d));
    flowrules_write_part(w, rules_part(out, family));
}

/* The commands that hook the own chains into the built-in ones (-I), or out of them (-D). */
static void write_hook_lines(flowrules_output *out, flowrules_writer *w,
                             enum flowrules_family family, const char *head, const char *verb) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct state *s = flowrules_output_state(out);
    flowrules_write(w, head);
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++) {
        if (flowrules_plan_enforces(plan, d))
            flowrules_writef(w, "#   %s -w %s %s -j %s.%s\n", families[family].command, verb,
                             outer_chain(plan, d), s->base, hooks[d].own);
    }
}

static void write_rules_file(flowrules_output *out, enum flowrules_family family) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct state *s = flowrules_output_state(out);
    const struct family *names = &families[family];
    const char *target = flowrules_plan_target(plan);
    flowrules_writer *w = flowrules_output_file(out, names->suffix, false);
    write_head(out, w);
    flowrules_writef(w,
                     "# %s.apply.sh loads all files of this target, and goes back with "
                     "--confirm. By\n# hand%s:\n",
                     target,
                     flowrules_plan_permits(plan)
                         ? ""
                         : ", which ends the TCP sessions that are open, that of SSH too, where "
                           "connections\n# were not tracked before");
    if (has_sets(out, s))
        flowrules_writef(w, "#   ipset restore -exist <%s.ipset\n", target);
    flowrules_writef(w, "#   %s-restore -w --noflush <%s%s\n", names->command, target,
                     names->suffix);
    write_hook_lines(
        out, w, family,
        flowrules_plan_permits(plan)
            ? "# and once for all versions, at the top, or where you want it (-I CHAIN "
              "NUMBER):\n"
            : "# and once for all versions:\n",
        "-I");
    write_hook_lines(out, w, family, "# Out of force again:\n", "-D");
    flowrules_write(w, "*filter\n");
    write_all_parts(out, w, family);
    flowrules_write(w, "COMMIT\n");
}

/* The way back, at the head of what loads both families. */
static void write_undo(flowrules_output *out, flowrules_writer *w) {
    write_hook_lines(out, w, FLOWRULES_IPV4, "# Out of force again:\n", "-D");
    write_hook_lines(out, w, FLOWRULES_IPV6, "", "-D");
}

/* The head of a script and its variables, as far as those of the files that it loads. */
static const struct flowrules_piece *begin_template(flowrules_output *out, flowrules_writer *w,
                                                    const struct flowrules_piece *pieces) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct state *s = flowrules_output_state(out);
    bool ends_sessions =
        flowrules_plan_has(plan, FLOWRULES_BASELINE_REPLIES) && !flowrules_plan_permits(plan);
    const struct flowrules_value target[] = {{"TARGET", flowrules_plan_target(plan), NULL},
                                             {"OWN", s->base, NULL},
                                             {"VERSION", flowrules_output_fingerprint(out), NULL},
                                             {NULL, NULL, NULL}};
    const struct flowrules_value variables[] = {{"OPEN_FOR", ends_sessions ? "yes" : NULL, NULL},
                                                {"TARGET", flowrules_plan_target(plan), NULL},
                                                {NULL, NULL, NULL}};
    const struct flowrules_piece *rest = flowrules_write_template(w, pieces, NULL, "HEAD");
    write_head(out, w);
    rest = flowrules_write_template(w, rest, NULL, "UNDO");
    write_undo(out, w);
    rest = flowrules_write_template(w, rest, target, "HOOKS");
    const char *space = "";
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++) {
        if (flowrules_plan_enforces(plan, d)) {
            flowrules_writef(w, "%s%s.%s", space, outer_chain(plan, d), hooks[d].own);
            space = " ";
        }
    }
    rest = flowrules_write_template(w, rest, variables, "ENTRANCES");
    flowrules_write(w, flowrules_output_entrances(out));
    return rest;
}

static void write_apply_file(flowrules_output *out) {
    const struct state *s = flowrules_output_state(out);
    flowrules_writer *w = flowrules_output_helper(out, ".apply.sh");
    const struct flowrules_value ends[] = {{"IPSET", has_sets(out, s) ? "" : NULL, NULL},
                                           {NULL, NULL, NULL}};
    const struct flowrules_piece *rest = begin_template(out, w, fr_iptables_apply);
    rest = flowrules_write_template(w, rest, NULL, "SUMS");
    write_sum(out, w, "", families[FLOWRULES_IPV4].suffix);
    write_sum(out, w, " ", families[FLOWRULES_IPV6].suffix);
    if (has_sets(out, s))
        write_sum(out, w, " ", ".ipset");
    flowrules_write_template(w, rest, ends, NULL);
}

static void end_restore(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    write_waiting(out, s);
    for_each_hook_chain(out, end_hook_chain);
    write_rules_file(out, FLOWRULES_IPV4);
    write_rules_file(out, FLOWRULES_IPV6);
    if (has_sets(out, s)) {
        flowrules_writer *w = flowrules_output_file(out, ".ipset", false);
        flowrules_write_part(w, flowrules_output_part(out, PART_SETS));
    }
    write_apply_file(out);
    write_dnsmasq_file(out, ".apply.sh");
}

static void end_script(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    write_waiting(out, s);
    flowrules_writer *w = flowrules_output_file(out, ".sh", true);
    for_each_hook_chain(out, end_hook_chain);
    const struct flowrules_value sets[] = {{"SETS", has_sets(out, s) ? "" : NULL, NULL},
                                           {NULL, NULL, NULL}};
    const struct flowrules_piece *rest = begin_template(out, w, fr_iptables_script);
    if (has_sets(out, s)) {
        rest = flowrules_write_template(w, rest, sets, "SET_LINES");
        flowrules_write_part(w, flowrules_output_part(out, PART_SETS));
    }
    rest = flowrules_write_template(w, rest, sets, "RULES");
    write_all_parts(out, w, FLOWRULES_IPV4);
    flowrules_write(w, "\n");
    write_all_parts(out, w, FLOWRULES_IPV6);
    flowrules_write_template(w, rest, NULL, NULL);
    write_dnsmasq_file(out, ".sh");
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct flowrules_setting settings[] = {
    {.key = "hook",
     .type = "choice host|forward",
     .fallback = "host",
     .help = "host: the machine's own traffic; forward: the traffic that it routes"},
    {.key = "chain",
     .type = "name",
     .help = "name of the target's chains and sets, after FR-; default the target's name"},
    {.key = "into",
     .type = "name",
     .later = true,
     .permits_alone = true,
     .help = "mode: permits: the chain that jumps to the target's chain, for example DOCKER-USER; "
             "default the built-in chain. The script inserts the jump at its top unless it exists"},
    {.key = "deny-with",
     .type = "choice drop|reject",
     .fallback = "drop",
     .later = true,
     .whole_alone = true,
     .help = "reject: answer denied packets, TCP with a reset, others with ICMP admin-prohibited"},
    {.key = "set-size",
     .type = "integer 0 1000000",
     .fallback = "64",
     .help = "up to this many addresses are a list in a rule, and iptables makes one rule of each; "
             "more become an ipset"},
    {FR_NAMES_TIMEOUT},
    {FR_NAMES_EXACT},
    {FR_NO_OTHER_ADDRESSES},
    {FR_MID_STREAM},
    {FR_ANTI_SPOOFING},
    {.key = NULL},
};

static const struct flowrules_setting bindings[] = {FR_NETFILTER_BINDINGS};

static const struct flowrules_limit limits[] = {
    {"bytes of a chain's name", CHAIN_MAX,
     "XT_EXTENSION_MAXNAMELEN is 29, <linux/netfilter/x_tables.h>"},
    {"bytes of an ipset's name", 31, "IPSET_MAXNAMELEN is 32, <linux/netfilter/ipset/ip_set.h>"},
    {"bytes of a comment", 255, "XT_MAX_COMMENT_LEN is 256, <linux/netfilter/xt_comment.h>"},
    {"bytes of a log prefix", 29, "struct xt_log_info, <linux/netfilter/xt_LOG.h>"},
    {"ports of a rule", 15, "XT_MULTI_PORTS, <linux/netfilter/xt_multiport.h>"},
    {.name = NULL},
};

static const struct flowrules_format formats[] = {
    {.name = "restore",
     .help = "files for iptables-restore, ip6tables-restore and ipset restore, and a script that "
             "loads them",
     .begin = begin_restore,
     .group = group,
     .rule = rule,
     .dispatch = dispatch,
     .end = end_restore},
    {.name = "script",
     .help = "one shell script of iptables, ip6tables and ipset commands",
     .begin = begin_script,
     .group = group,
     .rule = rule,
     .dispatch = dispatch,
     .end = end_script},
    {.name = NULL},
};

void fr_iptables_read(flowrules_input *in); /* iptables_read.c */

extern const struct flowrules_backend flowrules_backend_iptables;
const struct flowrules_backend flowrules_backend_iptables = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "iptables",
    .title = "iptables",
    .description = "Chains of the Linux kernel's iptables and ip6tables, with ipsets",
    .capabilities = {FR_NETFILTER_CAPABILITIES, .ports_per_rule = 15,
                     .permits_note =
                         "the rules of the chain that jumps to its own, and the policy of that"},
    .state_size = sizeof(struct state),
    .formats = formats,
    .settings = settings,
    .bindings = bindings,
    .limits = limits,
    .read = fr_iptables_read,
    .baseline = flowrules_linux_baseline,
};
