/*
 * nft's words for the fields of packets and their values, the same in its text and its JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "read.h"

const char fr_nftables_rewrites[] = "addresses or ports are changed here, or tracking is";

enum { IPV4 = 1, IPV6 = 2, BOTH = 3 };
enum { STATUS = 1 }; /* as the protocol of a state: a bit of ct status */

static const struct {
    const char *header, *field;
    struct netfilter_key key;
} keys[] = {
    {"ip", "saddr", {NETFILTER_SOURCE, -1, IPV4}},
    {"ip", "daddr", {NETFILTER_DESTINATION, -1, IPV4}},
    {"ip", "protocol", {NETFILTER_PROTOCOL, -1, IPV4}},
    {"ip6", "saddr", {NETFILTER_SOURCE, -1, IPV6}},
    {"ip6", "daddr", {NETFILTER_DESTINATION, -1, IPV6}},
    {"ip6", "nexthdr", {NETFILTER_PROTOCOL, -1, IPV6}},
    {"ip6", "hoplimit", {NETFILTER_HOP_LIMIT, -1, IPV6}},
    {"tcp", "sport", {NETFILTER_SOURCE_PORT, 6, BOTH}},
    {"tcp", "dport", {NETFILTER_DESTINATION_PORT, 6, BOTH}},
    {"tcp", "flags", {NETFILTER_TCP_FLAGS, 6, BOTH}},
    {"udp", "sport", {NETFILTER_SOURCE_PORT, 17, BOTH}},
    {"udp", "dport", {NETFILTER_DESTINATION_PORT, 17, BOTH}},
    {"sctp", "sport", {NETFILTER_SOURCE_PORT, 132, BOTH}},
    {"sctp", "dport", {NETFILTER_DESTINATION_PORT, 132, BOTH}},
    {"th", "sport", {NETFILTER_SOURCE_PORT, -1, BOTH}},
    {"th", "dport", {NETFILTER_DESTINATION_PORT, -1, BOTH}},
    {"icmp", "type", {NETFILTER_ICMP_TYPE, 1, IPV4}},
    {"icmp", "code", {NETFILTER_ICMP_CODE, 1, IPV4}},
    {"icmpv6", "type", {NETFILTER_ICMP_TYPE, 58, IPV6}},
    {"icmpv6", "code", {NETFILTER_ICMP_CODE, 58, IPV6}},
    {"meta", "l4proto", {NETFILTER_PROTOCOL, -1, BOTH}},
    {"meta", "nfproto", {NETFILTER_FAMILY, -1, BOTH}},
    {"meta", "protocol", {NETFILTER_FAMILY, -1, BOTH}},
    {"meta", "iif", {NETFILTER_INPUT_INTERFACE, -1, BOTH}},
    {"meta", "iifname", {NETFILTER_INPUT_INTERFACE, -1, BOTH}},
    {"meta", "oif", {NETFILTER_OUTPUT_INTERFACE, -1, BOTH}},
    {"meta", "oifname", {NETFILTER_OUTPUT_INTERFACE, -1, BOTH}},
    {"meta", "pkttype", {NETFILTER_DESTINATION_TYPE, -1, BOTH}},
    {"fib", "saddr type", {NETFILTER_SOURCE_TYPE, -1, BOTH}},
    {"fib", "daddr type", {NETFILTER_DESTINATION_TYPE, -1, BOTH}},
    {"ct", "state", {NETFILTER_STATE, -1, BOTH}},
    {"ct", "status", {NETFILTER_STATE, STATUS, BOTH}},
};

bool fr_nftables_key(const char *header, const char *field, struct netfilter_key *key) {
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i].header, header) == 0 && strcmp(keys[i].field, field) == 0) {
            *key = keys[i].key;
            return true;
        }
    }
    return false;
}

static const struct {
    const char *type;
    struct netfilter_key key;
} types[] = {
    {"ipv4_addr", {NETFILTER_SOURCE, -1, IPV4}},
    {"ipv6_addr", {NETFILTER_SOURCE, -1, IPV6}},
    {"inet_proto", {NETFILTER_PROTOCOL, -1, BOTH}},
    {"inet_service", {NETFILTER_DESTINATION_PORT, -1, BOTH}},
    {"icmp_type", {NETFILTER_ICMP_TYPE, 1, IPV4}},
    {"icmp_code", {NETFILTER_ICMP_CODE, 1, IPV4}},
    {"icmpv6_type", {NETFILTER_ICMP_TYPE, 58, IPV6}},
    {"icmpv6_code", {NETFILTER_ICMP_CODE, 58, IPV6}},
    {"nf_proto", {NETFILTER_FAMILY, -1, BOTH}},
    {"ether_type", {NETFILTER_FAMILY, -1, BOTH}},
    {"ifname", {NETFILTER_INPUT_INTERFACE, -1, BOTH}},
    {"iface_index", {NETFILTER_INPUT_INTERFACE, -1, BOTH}},
    {"ct_state", {NETFILTER_STATE, -1, BOTH}},
};

bool fr_nftables_type(const char *type, struct netfilter_key *key) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].type, type) == 0) {
            *key = types[i].key;
            return true;
        }
    }
    *key = (struct netfilter_key){NETFILTER_OTHER, -1, BOTH};
    return false;
}

/* ---- values -------------------------------------------------------------------------------- */

enum { WORD_MAX = 64 };

/* "0x12", as nft -nn prints bits; -1 when it is none. */
static int hexadecimal(const char *word) {
    int number = 0;
    if (strncmp(word, "0x", 2) != 0 || strlen(word) > 6 || word[2] == '\0')
        return -1;
    for (const char *c = word + 2; *c; c++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = strchr(digits, *c);
        if (!digit)
            return -1;
        number = number * 16 + (int)(digit - digits);
    }
    return number;
}

/* NF_CT_STATE_BIT of <linux/netfilter/nf_conntrack_common.h> */
static int state_of_bit(const char *word) {
    switch (hexadecimal(word)) {
    case 0x1:
        return NETFILTER_STATE_INVALID;
    case 0x2:
        return NETFILTER_STATE_ESTABLISHED;
    case 0x4:
        return NETFILTER_STATE_RELATED;
    case 0x8:
        return NETFILTER_STATE_NEW;
    case 0x40:
        return NETFILTER_STATE_UNTRACKED;
    default:
        return -1;
    }
}

/* The number of a word for a key, or -1. */
static int named_number(const struct netfilter_key *key, const char *word) {
    switch (key->field) {
    case NETFILTER_PROTOCOL:
        return fr_netfilter_protocol(word);
    case NETFILTER_SOURCE_PORT:
    case NETFILTER_DESTINATION_PORT: {
        int port = flowrules_parse_port(word, key->protocol < 0 ? 6 : key->protocol);
        return port >= 0 ? port : flowrules_parse_port(word, 17);
    }
    case NETFILTER_ICMP_TYPE:
        return fr_netfilter_icmp_type(key->protocol, word);
    case NETFILTER_ICMP_CODE:
        return fr_netfilter_icmp_code(key->protocol, word);
    case NETFILTER_FAMILY:
        if (strcmp(word, "ipv4") == 0 || strcmp(word, "ip") == 0 || strcmp(word, "2") == 0)
            return FLOWRULES_IPV4;
        if (strcmp(word, "ipv6") == 0 || strcmp(word, "ip6") == 0 || strcmp(word, "10") == 0)
            return FLOWRULES_IPV6;
        return -1;
    case NETFILTER_STATE: {
        if (key->protocol == STATUS) /* IPS_DST_NAT */
            return strcmp(word, "dnat") == 0 || hexadecimal(word) == 0x20 ? NETFILTER_STATE_DNAT
                                                                          : -1;
        unsigned state = fr_netfilter_state(word);
        return state == 0 ? state_of_bit(word) : (int)state;
    }
    case NETFILTER_SOURCE_TYPE:
    case NETFILTER_DESTINATION_TYPE: {
        unsigned type = fr_netfilter_address_type(word);
        return type == 0 ? -1 : (int)type;
    }
    case NETFILTER_TCP_FLAGS: {
        unsigned flag = fr_netfilter_tcp_flag(word);
        return flag == 0 ? hexadecimal(word) : (int)flag;
    }
    default:
        return -1;
    }
}

static unsigned most_of(const struct netfilter_key *key) {
    bool port = key->field == NETFILTER_SOURCE_PORT || key->field == NETFILTER_DESTINATION_PORT;
    return port ? UINT16_MAX : UINT8_MAX;
}

/* A number by digits or by name. */
static bool number_of(const struct netfilter_key *key, const char *text, size_t length,
                      unsigned *number) {
    char word[WORD_MAX];
    bool by_name = key->field == NETFILTER_FAMILY || key->field == NETFILTER_STATE ||
                   key->field == NETFILTER_SOURCE_TYPE || key->field == NETFILTER_DESTINATION_TYPE;
    if (!by_name && flowrules_parse_number(text, length, most_of(key), number))
        return true;
    if (length == 0 || length >= sizeof word)
        return false;
    memcpy(word, text, length);
    word[length] = '\0';
    int named = named_number(key, word);
    *number = (unsigned)named;
    return named >= 0;
}

/* "1024-65535", "echo-reply-7": names have hyphens of their own. */
static bool split_range(const struct netfilter_key *key, const char *text, size_t length,
                        unsigned *first, unsigned *last) {
    for (size_t i = 1; i + 1 < length; i++)
        if (text[i] == '-' && number_of(key, text, i, first) &&
            number_of(key, text + i + 1, length - i - 1, last))
            return *first <= *last;
    return false;
}

static bool number_range(const struct netfilter_key *key, const char *text, size_t length,
                         struct netfilter_piece *piece) {
    unsigned first, last;
    if (number_of(key, text, length, &first))
        last = first;
    else if (!split_range(key, text, length, &first, &last))
        return false;
    piece->range.first.lo = first;
    piece->range.last.lo = last;
    return true;
}

/* A name, or with '*' all that begin so; a number stands for an interface that is not there. */
static void read_interface(flowrules_input *in, const char *text, size_t length,
                           struct netfilter_piece *piece) {
    bool escaped = memchr(text, '\\', length) != NULL;
    piece->begins = length > 0 && text[length - 1] == '*' && !escaped;
    piece->text = flowrules_input_copy(in, text, piece->begins ? length - 1 : length);
    if (escaped || strspn(text, "0123456789") >= length)
        piece->text = NULL;
}

bool fr_nftables_value(flowrules_input *in, const struct netfilter_key *key, const char *text,
                       size_t length, struct netfilter_piece *piece) {
    switch (key->field) {
    case NETFILTER_SOURCE:
    case NETFILTER_DESTINATION:
        return flowrules_parse_range(text, length, &piece->range) &&
               (FLOWRULES_FAMILY_BIT(piece->range.family) & key->families);
    case NETFILTER_INPUT_INTERFACE:
    case NETFILTER_OUTPUT_INTERFACE:
        read_interface(in, text, length, piece);
        return true;
    case NETFILTER_OTHER:
        return true;
    case NETFILTER_TCP_FLAGS:
        if (!number_range(key, text, length, piece))
            return false;
        piece->range.first.lo = UINT8_MAX; /* the mask: these flags and no other */
        return true;
    default:
        return number_range(key, text, length, piece);
    }
}

void fr_nftables_bad_value(flowrules_input *in, struct flowrules_place at, const char *text,
                           size_t length) {
    bool is_name = length > 0 && (text[0] < '0' || text[0] > '9') && text[0] != ':';
    flowrules_input_error(
        in, at, is_name ? "use numbers instead of names: nft -nn list ruleset" : NULL,
        "'%.*s' is not a valid value here", (int)(length < 100 ? length : 100), text);
}

const char *fr_nftables_unknown_name(flowrules_input *in, const char *text, size_t length) {
    bool is_name =
        (length > 2 && memcmp(text, "0x", 2) == 0) ||
        (length > 0 && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z')));
    for (size_t i = 0; i < length; i++)
        is_name = is_name && text[i] != ':';
    return is_name ? flowrules_input_print(in, "'%.*s' is not known",
                                           (int)(length < 60 ? length : 60), text)
                   : NULL;
}

/* ---- verdicts and hooks -------------------------------------------------------------------- */

bool fr_nftables_verdict(const char *word, enum netfilter_verdict *verdict, bool *takes_chain) {
    static const struct {
        const char *word;
        enum netfilter_verdict verdict;
    } verdicts[] = {
        {"accept", NETFILTER_ACCEPT}, {"drop", NETFILTER_DROP},     {"jump", NETFILTER_JUMP},
        {"goto", NETFILTER_GOTO},     {"return", NETFILTER_RETURN}, {"continue", NETFILTER_NONE},
    };
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        if (strcmp(verdicts[i].word, word) == 0) {
            *verdict = verdicts[i].verdict;
            *takes_chain = *verdict == NETFILTER_JUMP || *verdict == NETFILTER_GOTO;
            return true;
        }
    }
    return false;
}

bool fr_nftables_priority(const char *text, long long *priority) {
    static const struct {
        const char *name;
        long long number;
    } names[] = {{"raw", -300}, {"mangle", -150}, {"dstnat", -100},
                 {"filter", 0}, {"security", 50}, {"srcnat", 100}};
    unsigned number;
    bool negative = text[0] == '-';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i].name, text) == 0) {
            *priority = names[i].number;
            return true;
        }
    }
    if (!flowrules_parse_number(text + negative, strlen(text + negative), INT32_MAX, &number))
        return false;
    *priority = negative ? -(long long)number : (long long)number;
    return true;
}

void fr_nftables_hook(struct netfilter_chain *chain, const char *type, const char *hook) {
    static const struct {
        const char *name;
        enum netfilter_hook hook;
    } hooks[] = {{"input", NETFILTER_INPUT},
                 {"output", NETFILTER_OUTPUT},
                 {"forward", NETFILTER_FORWARD},
                 {"prerouting", NETFILTER_PREROUTING},
                 {"postrouting", NETFILTER_POSTROUTING},
                 {"ingress", NETFILTER_DEVICE_INGRESS},
                 {"egress", NETFILTER_DEVICE_EGRESS}};
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
        if (strcmp(hooks[i].name, hook) == 0)
            chain->hook = hooks[i].hook;
    chain->nat = strcmp(type, "nat") == 0;
}

/* ---- statements ---------------------------------------------------------------------------- */

struct netfilter_match *fr_nftables_single(struct netfilter *nf, struct netfilter_rule *rule,
                                           struct netfilter_key key, uint64_t number) {
    struct netfilter_match *match = fr_netfilter_match(nf, rule);
    struct netfilter_set *set = fr_netfilter_anonymous_set(nf, 1, rule->at);
    struct netfilter_piece *piece = set ? fr_netfilter_element(nf, set, 0) : NULL;
    if (!match || !piece)
        return NULL;
    piece->range.first.lo = piece->range.last.lo = number;
    match->keys[0] = key;
    match->set = set;
    return match;
}

bool fr_nftables_compare(const struct netfilter_key *key, enum nftables_operator op,
                         struct netfilter_piece *piece) {
    uint64_t number = piece->range.first.lo, most = most_of(key);
    switch (op) {
    case NFTABLES_EQUAL:
    case NFTABLES_UNEQUAL:
        return true;
    case NFTABLES_LESS:
    case NFTABLES_AT_MOST:
        if (op == NFTABLES_LESS && number == 0)
            return false;
        piece->range.first.lo = 0;
        piece->range.last.lo = op == NFTABLES_LESS ? number - 1 : number;
        return true;
    case NFTABLES_MORE:
    case NFTABLES_AT_LEAST:
        if (op == NFTABLES_MORE && number == most)
            return false;
        piece->range.first.lo = op == NFTABLES_MORE ? number + 1 : number;
        piece->range.last.lo = most;
        return true;
    }
    return true;
}

uint8_t fr_nftables_mask_bits(const struct flowrules_range *mask) {
    uint64_t low = mask->family == FLOWRULES_IPV4 ? UINT32_MAX : UINT64_MAX;
    uint64_t high = mask->family == FLOWRULES_IPV4 ? 0 : UINT64_MAX;
    struct flowrules_range hosts = {
        mask->family, {0, 0}, {mask->last.hi ^ high, mask->last.lo ^ low}};
    bool one = mask->first.hi == mask->last.hi && mask->first.lo == mask->last.lo;
    int bits = one ? flowrules_range_prefix(&hosts) : 0; /* as long as the prefix of the zeros */
    return bits > 0 ? (uint8_t)bits : 0;
}

bool fr_nftables_has_bits(const struct netfilter_match *match) {
    return match->key_count == 1 &&
           (match->keys[0].field == NETFILTER_STATE || match->keys[0].field == NETFILTER_TCP_FLAGS);
}

void fr_nftables_bits(struct netfilter *nf, struct netfilter_match *match, uint32_t line,
                      const struct nftables_bits *bits) {
    struct netfilter_piece *piece = fr_netfilter_element(nf, match->set, line);
    match->negated = bits->unequal;
    if (!piece)
        return;
    if (match->keys[0].field == NETFILTER_STATE) {
        piece->range.first.lo = piece->range.last.lo = bits->bits;
        match->other = bits->masked ? "a mask of connection states" : NULL;
        match->set = bits->masked ? NULL : match->set;
    } else if (bits->masked || bits->compared) {
        piece->range.first.lo = bits->masked ? bits->mask : UINT8_MAX;
        piece->range.last.lo = bits->bits;
    } else {
        /* One of these flags: all but where none is set. */
        piece->range.first.lo = bits->bits;
        match->negated = !match->negated;
    }
}

void fr_nftables_check_set(struct netfilter_set *set) {
    for (unsigned i = 0; i < set->parts; i++)
        if (set->types[i].field == NETFILTER_OTHER)
            set->doubt = "a set of something that a policy cannot express";
}

void fr_nftables_expires(struct netfilter *nf, struct netfilter_set *set, bool map) {
    if (map)
        set->doubt = "a map whose elements change";
    else
        fr_netfilter_expires(nf, set);
}

struct netfilter_set *fr_nftables_refer(struct netfilter *nf, const struct netfilter_table *table,
                                        const char *name, unsigned parts,
                                        struct flowrules_place at) {
    struct netfilter_set *set = fr_netfilter_find_set(nf, table, name);
    if (!set)
        flowrules_input_error(nf->in, at, NULL, "there is no set or map '%.100s' in table '%s'",
                              name, table->name);
    else if (set->parts != parts)
        flowrules_input_error(nf->in, at, NULL, "the elements of '%.100s' have %u parts, not %u",
                              name, set->parts, parts);
    return set && set->parts == parts ? set : NULL;
}

/* nft's text leaves out the matches that a kind of reject implies. */
void fr_nftables_reject(struct netfilter *nf, struct netfilter_rule *rule, const char *with) {
    static const struct netfilter_key protocol = {NETFILTER_PROTOCOL, -1, BOTH},
                                      family = {NETFILTER_FAMILY, -1, BOTH};
    if (strcmp(with, "tcp") == 0)
        fr_nftables_single(nf, rule, protocol, 6);
    else if (strcmp(with, "icmp") == 0)
        fr_nftables_single(nf, rule, family, FLOWRULES_IPV4);
    else if (strcmp(with, "icmpv6") == 0)
        fr_nftables_single(nf, rule, family, FLOWRULES_IPV6);
    rule->verdict = NETFILTER_DROP;
    rule->rejects = true;
}
