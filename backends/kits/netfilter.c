/*
 * Tables, chains, sets and rules of netfilter as they are read: making and finding them, and the
 * words that nftables and iptables share.
 */
#include <stdio.h>
#include <string.h>

#include "netfilter.h"

/* What names stand for, for flowrules_input_define. */
enum { SYMBOL_TABLE, SYMBOL_CHAIN, SYMBOL_SET };

void fr_netfilter_init(struct netfilter *nf, flowrules_input *in) {
    *nf = (struct netfilter){.in = in};
    nf->last_table = &nf->tables;
}

/* ---- tables, chains and sets --------------------------------------------------------------- */

enum { KEY_MAX = 600 };

static unsigned families_of(const char *family) {
    if (strcmp(family, "inet") == 0 || strcmp(family, "netdev") == 0)
        return FLOWRULES_BOTH_FAMILIES;
    if (strcmp(family, "ip") == 0)
        return FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4);
    return strcmp(family, "ip6") == 0 ? FLOWRULES_FAMILY_BIT(FLOWRULES_IPV6) : 0;
}

struct netfilter_table *fr_netfilter_table(struct netfilter *nf, const char *family,
                                           const char *name) {
    char key[KEY_MAX];
    snprintf(key, sizeof key, "%.40s %.500s", family, name);
    struct netfilter_table *table = flowrules_input_lookup(nf->in, SYMBOL_TABLE, key);
    if (table)
        return table;
    table = flowrules_input_alloc(nf->in, sizeof *table);
    if (!table || !flowrules_input_define(nf->in, SYMBOL_TABLE, key, table))
        return NULL;
    table->family = flowrules_input_copy(nf->in, family, strlen(family));
    table->name = flowrules_input_copy(nf->in, name, strlen(name));
    table->families = families_of(family);
    table->number = nf->table_count++;
    table->last_chain = &table->chains;
    *nf->last_table = table;
    nf->last_table = &table->next;
    return table->family && table->name ? table : NULL;
}

/* A name within a table as one text. */
static const char *key_of(char key[KEY_MAX], const struct netfilter_table *table,
                          const char *name) {
    snprintf(key, KEY_MAX, "%zu %.500s", table->number, name);
    return key;
}

struct netfilter_chain *fr_netfilter_find_chain(const struct netfilter *nf,
                                                const struct netfilter_table *table,
                                                const char *name) {
    char key[KEY_MAX];
    struct netfilter_chain *chain =
        flowrules_input_lookup(nf->in, SYMBOL_CHAIN, key_of(key, table, name));
    return chain && !chain->gone ? chain : NULL;
}

struct netfilter_set *fr_netfilter_find_set(const struct netfilter *nf,
                                            const struct netfilter_table *table, const char *name) {
    char key[KEY_MAX];
    struct netfilter_set *set =
        flowrules_input_lookup(nf->in, SYMBOL_SET, key_of(key, table, name));
    return set && !set->gone ? set : NULL;
}

/* What stands for a name, with nothing in it: made anew, or again where it is gone. */
static void *fresh(struct netfilter *nf, unsigned kind, const char *key, size_t size) {
    void *item = flowrules_input_lookup(nf->in, kind, key);
    if (item) {
        memset(item, 0, size);
        return item;
    }
    item = flowrules_input_alloc(nf->in, size);
    return item && flowrules_input_define(nf->in, kind, key, item) ? item : NULL;
}

struct netfilter_chain *fr_netfilter_chain(struct netfilter *nf, struct netfilter_table *table,
                                           const char *name, struct flowrules_place at) {
    char key[KEY_MAX];
    struct netfilter_chain *chain = fr_netfilter_find_chain(nf, table, name);
    if (chain)
        return chain;
    chain = fresh(nf, SYMBOL_CHAIN, key_of(key, table, name), sizeof *chain);
    if (!chain)
        return NULL;
    chain->name = flowrules_input_copy(nf->in, name, strlen(name));
    chain->table = table;
    chain->at = chain->policy_at = at;
    chain->policy = NETFILTER_ACCEPT;
    *table->last_chain = chain;
    table->last_chain = &chain->next;
    return chain->name ? chain : NULL;
}

struct netfilter_set *fr_netfilter_set(struct netfilter *nf, struct netfilter_table *table,
                                       const char *name, struct flowrules_place at) {
    char key[KEY_MAX];
    struct netfilter_set *set = fr_netfilter_find_set(nf, table, name);
    if (set)
        return set;
    set = fresh(nf, SYMBOL_SET, key_of(key, table, name), sizeof *set);
    if (!set)
        return NULL;
    set->at = at;
    set->table = table;
    set->name = flowrules_input_copy(nf->in, name, strlen(name));
    set->types = flowrules_input_alloc(nf->in, NETFILTER_KEYS_MAX * sizeof *set->types);
    return set->name && set->types ? set : NULL;
}

/* ---- taking away --------------------------------------------------------------------------- */

void fr_netfilter_delete_chain(struct netfilter_chain *chain) {
    struct netfilter_chain **at = &chain->table->chains;
    while (*at != chain)
        at = &(*at)->next;
    *at = chain->next;
    if (!chain->next)
        chain->table->last_chain = at;
    chain->gone = true;
}

/* Nothing fills a set that is gone; of one that is made again, nothing is kept. */
static void forget_expiring(struct netfilter *nf, const struct netfilter_table *table,
                            const struct netfilter_set *set) {
    struct netfilter_set **at = &nf->expiring;
    while (*at) {
        if (*at == set || (*at)->table == table)
            *at = (*at)->next_expiring;
        else
            at = &(*at)->next_expiring;
    }
}

void fr_netfilter_delete_set(struct netfilter *nf, struct netfilter_set *set) {
    forget_expiring(nf, NULL, set);
    set->gone = true;
}

void fr_netfilter_wake(struct netfilter_table *table) {
    table->families = families_of(table->family);
}

/* Names are looked up by the number of their table: with another one, none of them is known. */
void fr_netfilter_delete_table(struct netfilter *nf, struct netfilter_table *table) {
    forget_expiring(nf, table, NULL);
    table->number = nf->table_count++;
    fr_netfilter_wake(table);
    table->chains = NULL;
    table->last_chain = &table->chains;
}

struct netfilter_set *fr_netfilter_anonymous_set(struct netfilter *nf, unsigned parts,
                                                 struct flowrules_place at) {
    struct netfilter_set *set = flowrules_input_alloc(nf->in, sizeof *set);
    if (set) {
        set->parts = parts;
        set->at = at;
    }
    return set;
}

void fr_netfilter_expires(struct netfilter *nf, struct netfilter_set *set) {
    if (set->expiring || !set->name)
        return;
    set->expiring = true;
    set->next_expiring = nf->expiring;
    nf->expiring = set;
}

/* ---- rules --------------------------------------------------------------------------------- */

void *fr_netfilter_grow(flowrules_input *in, void *items, size_t *capacity, size_t count,
                        size_t size) {
    if (flowrules_input_failed(in))
        return NULL;
    if (count < *capacity || *capacity >= 8)
        return flowrules_input_grow(in, items, capacity, count, size);
    size_t room = *capacity == 0 ? 1 : *capacity * 2;
    void *grown = flowrules_input_alloc(in, room * size);
    if (grown && count > 0)
        memcpy(grown, items, count * size);
    *capacity = grown ? room : 0;
    return grown;
}

struct netfilter_rule *fr_netfilter_rule(struct netfilter *nf, struct netfilter_chain *chain,
                                         struct flowrules_place at) {
    struct netfilter_rule *rule = flowrules_input_alloc(nf->in, sizeof *rule);
    chain->rules = fr_netfilter_grow(nf->in, chain->rules, &chain->rule_capacity, chain->rule_count,
                                     sizeof(struct netfilter_rule *));
    if (!rule || !chain->rules)
        return NULL;
    rule->at = at;
    chain->rules[chain->rule_count++] = rule;
    return rule;
}

void fr_netfilter_move_last_rule(struct netfilter_chain *chain, size_t before) {
    if (chain->rule_count == 0 || before >= chain->rule_count)
        return;
    struct netfilter_rule *last = chain->rules[chain->rule_count - 1];
    memmove(&chain->rules[before + 1], &chain->rules[before],
            (chain->rule_count - 1 - before) * sizeof(struct netfilter_rule *));
    chain->rules[before] = last;
}

void fr_netfilter_remove_rule(struct netfilter_chain *chain, size_t rule) {
    chain->rule_count--;
    memmove(&chain->rules[rule], &chain->rules[rule + 1],
            (chain->rule_count - rule) * sizeof(struct netfilter_rule *));
}

/* Most rules look at both addresses, the protocol and a port. */
enum { MATCHES_USUAL = 4 };

struct netfilter_match *fr_netfilter_match(struct netfilter *nf, struct netfilter_rule *rule) {
    if (!rule->matches) {
        rule->matches = flowrules_input_alloc(nf->in, MATCHES_USUAL * sizeof *rule->matches);
        rule->match_capacity = rule->matches ? MATCHES_USUAL : 0;
    }
    rule->matches = fr_netfilter_grow(nf->in, rule->matches, &rule->match_capacity,
                                      rule->match_count, sizeof *rule->matches);
    if (!rule->matches)
        return NULL;
    struct netfilter_match *match = &rule->matches[rule->match_count++];
    *match = (struct netfilter_match){.key_count = 1};
    return match;
}

struct netfilter_piece *fr_netfilter_element(struct netfilter *nf, struct netfilter_set *set,
                                             uint32_t line) {
    set->elements =
        fr_netfilter_grow(nf->in, set->elements, &set->capacity, set->count, sizeof *set->elements);
    struct netfilter_piece *pieces =
        flowrules_input_alloc(nf->in, (set->parts == 0 ? 1 : set->parts) * sizeof *pieces);
    if (!set->elements || !pieces)
        return NULL;
    for (unsigned i = 0; i < set->parts; i++)
        pieces[i].protocol = -1;
    set->elements[set->count++] = (struct netfilter_element){.pieces = pieces, .line = line};
    return pieces;
}

void fr_netfilter_move(struct netfilter *nf, struct netfilter_rule *rule, const char *to) {
    struct flowrules_range *range = flowrules_input_alloc(nf->in, sizeof *range);
    if (to == NULL || range == NULL)
        return;
    bool bracket = *to == '[';
    const char *address = bracket ? to + 1 : to, *colon = strchr(to, ':');
    size_t length = strcspn(address, "]");
    if (!bracket && colon != NULL && strchr(colon + 1, ':') == NULL)
        length = (size_t)(colon - to);
    rule->moved = flowrules_parse_range(address, length, range) ? range : NULL;
}

void fr_netfilter_other(struct netfilter *nf, struct netfilter_rule *rule, const char *what) {
    struct netfilter_match *match = fr_netfilter_match(nf, rule);
    if (match)
        match->other = what;
}

void fr_netfilter_count(struct netfilter *nf, struct netfilter_rule *rule,
                        const struct flowrules_counts *counts) {
    rule->counter = flowrules_input_counter(nf->in, rule->at, counts);
    rule->counted = rule->match_count;
}

void fr_netfilter_source_check(struct netfilter *nf, struct netfilter_rule *rule) {
    struct netfilter_match *match = fr_netfilter_match(nf, rule);
    if (!match)
        return;
    match->keys[0] = (struct netfilter_key){NETFILTER_FAMILY, -1, FLOWRULES_BOTH_FAMILIES};
    match->set = fr_netfilter_anonymous_set(nf, 1, rule->at); /* no family at all */
    if (!nf->noted_source_check)
        flowrules_input_note(nf->in, rule->at,
                             "packets that arrive at the wrong interface for their source are not "
                             "compared: a policy cannot express them");
    nf->noted_source_check = true;
}

/* ---- words --------------------------------------------------------------------------------- */

struct word {
    const char *name;
    int number;
};

static int find_word(const struct word *words, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i].name, name) == 0)
            return words[i].number;
    return -1;
}
#define FIND(words, name) find_word(words, sizeof(words) / sizeof *(words), name)

/* nftables 1.0.6, src/proto.c: icmp_type_tbl, icmp6_type_tbl, icmp_code_tbl, icmpv6_code_tbl. */
static const struct word icmp_types[] = {
    {"echo-reply", 0},           {"destination-unreachable", 3},
    {"source-quench", 4},        {"redirect", 5},
    {"echo-request", 8},         {"router-advertisement", 9},
    {"router-solicitation", 10}, {"time-exceeded", 11},
    {"parameter-problem", 12},   {"timestamp-request", 13},
    {"timestamp-reply", 14},     {"info-request", 15},
    {"info-reply", 16},          {"address-mask-request", 17},
    {"address-mask-reply", 18},
};
static const struct word icmpv6_types[] = {
    {"destination-unreachable", 1},  {"packet-too-big", 2},         {"time-exceeded", 3},
    {"parameter-problem", 4},        {"echo-request", 128},         {"echo-reply", 129},
    {"mld-listener-query", 130},     {"mld-listener-report", 131},  {"mld-listener-done", 132},
    {"mld-listener-reduction", 132}, {"nd-router-solicit", 133},    {"nd-router-advert", 134},
    {"nd-neighbor-solicit", 135},    {"nd-neighbor-advert", 136},   {"nd-redirect", 137},
    {"router-renumbering", 138},     {"ind-neighbor-solicit", 141}, {"ind-neighbor-advert", 142},
    {"mld2-listener-report", 143},
};
static const struct word icmp_codes[] = {
    {"net-unreachable", 0},  {"host-unreachable", 1},  {"prot-unreachable", 2},
    {"port-unreachable", 3}, {"frag-needed", 4},       {"net-prohibited", 9},
    {"host-prohibited", 10}, {"admin-prohibited", 13},
};
static const struct word icmpv6_codes[] = {
    {"no-route", 0},         {"admin-prohibited", 1}, {"addr-unreachable", 3},
    {"port-unreachable", 4}, {"policy-fail", 5},      {"reject-route", 6},
};

int fr_netfilter_icmp_type(int protocol, const char *name) {
    return protocol == 58 ? FIND(icmpv6_types, name) : FIND(icmp_types, name);
}

int fr_netfilter_icmp_code(int protocol, const char *name) {
    return protocol == 58 ? FIND(icmpv6_codes, name) : FIND(icmp_codes, name);
}

/* Names that libc finds are what both tools print: /etc/protocols of Debian's netbase 6.4. */
int fr_netfilter_protocol(const char *name) {
    static const struct word protocols[] = {
        {"ip", 0},        {"hopopt", 0},       {"icmp", 1},        {"igmp", 2},
        {"ggp", 3},       {"ipencap", 4},      {"st", 5},          {"tcp", 6},
        {"egp", 8},       {"igp", 9},          {"pup", 12},        {"udp", 17},
        {"hmp", 20},      {"xns-idp", 22},     {"rdp", 27},        {"iso-tp4", 29},
        {"dccp", 33},     {"xtp", 36},         {"ddp", 37},        {"idpr-cmtp", 38},
        {"ipv6", 41},     {"ipv6-route", 43},  {"ipv6-frag", 44},  {"idrp", 45},
        {"rsvp", 46},     {"gre", 47},         {"esp", 50},        {"ah", 51},
        {"skip", 57},     {"ipv6-icmp", 58},   {"ipv6-nonxt", 59}, {"ipv6-opts", 60},
        {"rspf", 73},     {"vmtp", 81},        {"eigrp", 88},      {"ospf", 89},
        {"ax.25", 93},    {"ipip", 94},        {"etherip", 97},    {"encap", 98},
        {"pim", 103},     {"ipcomp", 108},     {"vrrp", 112},      {"l2tp", 115},
        {"isis", 124},    {"sctp", 132},       {"fc", 133},        {"mobility-header", 135},
        {"udplite", 136}, {"mpls-in-ip", 137}, {"manet", 138},     {"hip", 139},
        {"shim6", 140},   {"wesp", 141},       {"rohc", 142},      {"ethernet", 143}};
    int protocol = FIND(protocols, name);
    return protocol >= 0 ? protocol : flowrules_parse_protocol(name);
}

/* The name in lower case; an empty text for one that is too long. */
static const char *lower(char text[24], const char *name) {
    size_t length = strlen(name);
    for (size_t i = 0; i <= length && length < 24; i++)
        text[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + ('a' - 'A') : name[i]);
    return length < 24 ? text : "";
}

unsigned fr_netfilter_state(const char *name) {
    static const struct word states[] = {{"new", NETFILTER_STATE_NEW},
                                         {"established", NETFILTER_STATE_ESTABLISHED},
                                         {"related", NETFILTER_STATE_RELATED},
                                         {"invalid", NETFILTER_STATE_INVALID},
                                         {"untracked", NETFILTER_STATE_UNTRACKED},
                                         {"dnat", NETFILTER_STATE_DNAT}};
    char text[24];
    int state = FIND(states, lower(text, name));
    return state < 0 ? 0 : (unsigned)state;
}

unsigned fr_netfilter_address_type(const char *name) {
    static const struct word types[] = {{"unicast", NETFILTER_TYPE_UNICAST},
                                        {"local", NETFILTER_TYPE_LOCAL},
                                        {"broadcast", NETFILTER_TYPE_BROADCAST},
                                        {"multicast", NETFILTER_TYPE_MULTICAST}};
    char text[24];
    int type = FIND(types, lower(text, name));
    return type < 0 ? 0 : (unsigned)type;
}

unsigned fr_netfilter_tcp_flag(const char *name) {
    static const struct word flags[] = {{"fin", 1},  {"syn", 2},  {"rst", 4},  {"psh", 8},
                                        {"ack", 16}, {"urg", 32}, {"ecn", 64}, {"cwr", 128}};
    char text[24];
    int flag = FIND(flags, lower(text, name));
    return flag < 0 ? 0 : (unsigned)flag;
}
