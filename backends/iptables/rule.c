/*
 * One rule as iptables-save prints it: its matches and its target. Facts: iptables(8) and
 * iptables-extensions(8) 1.8.9.
 */
#include <stdlib.h>
#include <string.h>

#include "read.h"

enum { ICMP = 1, TCP = 6, UDP = 17, AH = 51, ICMPV6 = 58, SCTP = 132 };

struct rule_reader {
    struct iptables_reader *reader;
    struct netfilter *nf;
    flowrules_input *in;
    struct iptables_words *words;
    struct netfilter_rule *rule;
    const struct netfilter_chain *chain;
    enum flowrules_family family;
    unsigned families; /* its bit */
    int protocol;      /* of -p; -1: none yet */
    bool negated;      /* the option at hand */
};

struct flowrules_place fr_iptables_place(const struct iptables_words *words, size_t word) {
    uint32_t column =
        word < words->count ? words->items[word].column : (uint32_t)words->line.length + 1;
    return (struct flowrules_place){words->line.file, words->line.number, column};
}

/* The next word; "" behind the last, which is told as an error. */
static const char *take(struct rule_reader *r) {
    if (r->words->next < r->words->count)
        return r->words->items[r->words->next++].text;
    flowrules_input_error(r->in, fr_iptables_place(r->words, r->words->next), NULL,
                          "the line ends, but a value is expected");
    return "";
}

static void bad_value(struct rule_reader *r, const char *value) {
    if (flowrules_input_failed(r->in))
        return;
    flowrules_input_error(r->in, fr_iptables_place(r->words, r->words->next - 1), NULL,
                          "'%.100s' is not a valid value here", value);
}

/* A name that is not known here: the rule is doubtful, and no more. */
static void unknown_name(struct rule_reader *r, const char *value) {
    fr_netfilter_other(r->nf, r->rule, flowrules_input_print(r->in, "'%.60s' is not known", value));
}

/* ---- matches ------------------------------------------------------------------------------- */

/* A match of the rule by a key, with a set of its own for the values. */
static struct netfilter_set *add_match(struct rule_reader *r, enum netfilter_field field,
                                       int protocol) {
    struct netfilter_match *match = fr_netfilter_match(r->nf, r->rule);
    struct netfilter_set *set = fr_netfilter_anonymous_set(r->nf, 1, r->rule->at);
    if (!match || !set)
        return NULL;
    match->keys[0] = (struct netfilter_key){field, protocol, r->families};
    match->negated = r->negated;
    match->set = set;
    return set;
}

static struct netfilter_piece *add_value(struct rule_reader *r, struct netfilter_set *set) {
    return set ? fr_netfilter_element(r->nf, set, 0) : NULL;
}

static void add_numbers(struct rule_reader *r, struct netfilter_set *set, unsigned first,
                        unsigned last) {
    struct netfilter_piece *piece = add_value(r, set);
    if (piece) {
        piece->range.first.lo = first;
        piece->range.last.lo = last;
    }
}

static void other(struct rule_reader *r, const char *format, const char *word) {
    fr_netfilter_other(r->nf, r->rule, flowrules_input_print(r->in, format, word));
}

/* "192.0.2.0/24", "192.0.2.0/255.255.255.0", or several with commas. */
static void read_addresses(struct rule_reader *r, enum netfilter_field field) {
    const char *value = take(r);
    struct netfilter_set *set = add_match(r, field, -1);
    for (const char *text = value; *text;) {
        size_t length = strcspn(text, ",");
        struct netfilter_piece *piece = add_value(r, set);
        const char *slash = memchr(text, '/', length);
        bool good = piece && flowrules_parse_range(text, length, &piece->range);
        if (piece && !good && slash && memchr(slash, '.', length - (size_t)(slash - text))) {
            char *address = flowrules_input_copy(r->in, text, (size_t)(slash - text));
            char *mask =
                flowrules_input_copy(r->in, slash + 1, length - (size_t)(slash - text) - 1);
            good = address && mask && flowrules_parse_netmask(address, mask, &piece->range);
        }
        if (piece && !good && slash && memchr(slash, '.', length - (size_t)(slash - text))) {
            r->rule->match_count--;
            other(r, "'%.60s', whose mask has gaps", value);
            return;
        }
        if (piece && (!good || piece->range.family != r->family)) {
            bad_value(r, value);
            return;
        }
        text += length;
        text += *text == ',';
    }
}

static void read_source(struct rule_reader *r) {
    read_addresses(r, NETFILTER_SOURCE);
}

static void read_destination(struct rule_reader *r) {
    read_addresses(r, NETFILTER_DESTINATION);
}

static void read_protocol(struct rule_reader *r) {
    const char *value = take(r);
    if (strcmp(value, "all") == 0 || strcmp(value, "0") == 0)
        return;
    int protocol = strcmp(value, "icmp6") == 0 ? (int)ICMPV6 : fr_netfilter_protocol(value);
    if (protocol < 0) {
        unknown_name(r, value);
        return;
    }
    if (!r->negated)
        r->protocol = protocol;
    /* -p sees AH in IPv6 as an extension header, and never matches it. */
    if (protocol == AH && r->family == FLOWRULES_IPV6)
        other(r, "%s in IPv6, which -p does not match", "AH");
    else
        add_numbers(r, add_match(r, NETFILTER_PROTOCOL, -1), (unsigned)protocol,
                    (unsigned)protocol);
}

static void read_interface(struct rule_reader *r, enum netfilter_field field) {
    const char *value = take(r);
    if (strcmp(value, "+") == 0)
        return;
    struct netfilter_piece *piece = add_value(r, add_match(r, field, -1));
    size_t length = strlen(value);
    bool begins = length > 0 && value[length - 1] == '+';
    if (!piece)
        return;
    piece->text = flowrules_input_copy(r->in, value, begins ? length - 1 : length);
    piece->begins = begins;
}

static void read_input(struct rule_reader *r) {
    read_interface(r, NETFILTER_INPUT_INTERFACE);
}

static void read_output(struct rule_reader *r) {
    read_interface(r, NETFILTER_OUTPUT_INTERFACE);
}

/* ---- ports and types ----------------------------------------------------------------------- */

static bool port_of(const struct rule_reader *r, const char *text, size_t length,
                    unsigned *number) {
    char word[64];
    if (flowrules_parse_number(text, length, UINT16_MAX, number))
        return true;
    if (length == 0 || length >= sizeof word)
        return false;
    memcpy(word, text, length);
    word[length] = '\0';
    int port = flowrules_parse_port(word, r->protocol);
    *number = (unsigned)port;
    return port >= 0;
}

/* "443", "1024:65535", ":1023", "1024:", and several with commas. */
static void read_ports(struct rule_reader *r, enum netfilter_field field) {
    const char *value = take(r);
    if (r->protocol < 0) {
        other(r, "'%s' without a protocol", value);
        return;
    }
    struct netfilter_set *set = add_match(r, field, r->protocol);
    for (const char *text = value; *text;) {
        size_t length = strcspn(text, ",");
        const char *colon = memchr(text, ':', length);
        size_t before = colon ? (size_t)(colon - text) : length;
        unsigned first = 0, last = UINT16_MAX;
        bool good = (colon && before == 0) || port_of(r, text, before, &first);
        if (!colon)
            last = first;
        else if (before + 1 < length)
            good = good && port_of(r, colon + 1, length - before - 1, &last);
        if (!good && (text[0] < '0' || text[0] > '9') && text[0] != ':') {
            r->rule->match_count--;
            unknown_name(r, value);
            return;
        }
        if (!good || last < first) {
            bad_value(r, value);
            return;
        }
        add_numbers(r, set, first, last);
        text += length;
        text += *text == ',';
    }
}

static void read_source_ports(struct rule_reader *r) {
    read_ports(r, NETFILTER_SOURCE_PORT);
}

static void read_destination_ports(struct rule_reader *r) {
    read_ports(r, NETFILTER_DESTINATION_PORT);
}

static void read_either_ports(struct rule_reader *r) {
    other(r, "--ports %s, at either end", take(r));
}

/* extensions/libxt_icmp.h of iptables 1.8.9: names with a code; code -1: any. */
static const struct {
    const char *name;
    int protocol, type, code;
} icmp_names[] = {
    {"pong", 1, 0, -1},
    {"network-unreachable", 1, 3, 0},
    {"host-unreachable", 1, 3, 1},
    {"protocol-unreachable", 1, 3, 2},
    {"port-unreachable", 1, 3, 3},
    {"fragmentation-needed", 1, 3, 4},
    {"source-route-failed", 1, 3, 5},
    {"network-unknown", 1, 3, 6},
    {"host-unknown", 1, 3, 7},
    {"network-prohibited", 1, 3, 9},
    {"host-prohibited", 1, 3, 10},
    {"TOS-network-unreachable", 1, 3, 11},
    {"TOS-host-unreachable", 1, 3, 12},
    {"communication-prohibited", 1, 3, 13},
    {"host-precedence-violation", 1, 3, 14},
    {"precedence-cutoff", 1, 3, 15},
    {"network-redirect", 1, 5, 0},
    {"host-redirect", 1, 5, 1},
    {"TOS-network-redirect", 1, 5, 2},
    {"TOS-host-redirect", 1, 5, 3},
    {"ping", 1, 8, -1},
    {"ttl-exceeded", 1, 11, -1},
    {"ttl-zero-during-transit", 1, 11, 0},
    {"ttl-zero-during-reassembly", 1, 11, 1},
    {"ip-header-bad", 1, 12, 0},
    {"required-option-missing", 1, 12, 1},
    {"no-route", 58, 1, 0},
    {"communication-prohibited", 58, 1, 1},
    {"beyond-scope", 58, 1, 2},
    {"address-unreachable", 58, 1, 3},
    {"port-unreachable", 58, 1, 4},
    {"failed-policy", 58, 1, 5},
    {"reject-route", 58, 1, 6},
    {"ttl-exceeded", 58, 3, -1},
    {"ttl-zero-during-transit", 58, 3, 0},
    {"ttl-zero-during-reassembly", 58, 3, 1},
    {"bad-header", 58, 4, 0},
    {"unknown-header-type", 58, 4, 1},
    {"unknown-option", 58, 4, 2},
    {"ping", 58, 128, -1},
    {"pong", 58, 129, -1},
    {"router-solicitation", 58, 133, -1},
    {"router-advertisement", 58, 134, -1},
    {"neighbour-solicitation", 58, 135, -1},
    {"neighbor-solicitation", 58, 135, -1},
    {"neighbour-advertisement", 58, 136, -1},
    {"neighbor-advertisement", 58, 136, -1},
    {"redirect", 58, 137, -1},
};

/* "8", "3/4" or a name. */
static bool icmp_of(int protocol, const char *text, int *type, int *code) {
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    unsigned number;
    *code = -1;
    if (flowrules_parse_number(text, length, UINT8_MAX, &number)) {
        *type = (int)number;
        if (!slash)
            return true;
        bool good = flowrules_parse_number(slash + 1, strlen(slash + 1), UINT8_MAX, &number);
        *code = (int)number;
        return good;
    }
    for (size_t i = 0; i < sizeof icmp_names / sizeof *icmp_names; i++) {
        if (icmp_names[i].protocol == protocol && strcmp(icmp_names[i].name, text) == 0) {
            *type = icmp_names[i].type;
            *code = icmp_names[i].code;
            return true;
        }
    }
    *type = fr_netfilter_icmp_type(protocol, text);
    return *type >= 0;
}

static void read_icmp(struct rule_reader *r) {
    int protocol = r->family == FLOWRULES_IPV4 ? ICMP : ICMPV6, type, code;
    const char *value = take(r);
    if (strcmp(value, "any") == 0 || (protocol == ICMP && strcmp(value, "255") == 0))
        return; /* matches whatever type: icmp_type_code_match of xt_tcpudp.c */
    if (!icmp_of(protocol, value, &type, &code)) {
        unknown_name(r, value);
        return;
    }
    if (r->negated && code >= 0) {
        other(r, "everything but ICMP type %s", value);
        return;
    }
    add_numbers(r, add_match(r, NETFILTER_ICMP_TYPE, protocol), (unsigned)type, (unsigned)type);
    if (code >= 0)
        add_numbers(r, add_match(r, NETFILTER_ICMP_CODE, protocol), (unsigned)code, (unsigned)code);
}

/* ---- flags, states, sets ------------------------------------------------------------------- */

/* The bits of names with commas; false for a name that is none. */
static bool bits_of(const char *text, unsigned (*bit_of)(const char *name), unsigned *bits) {
    *bits = 0;
    while (*text) {
        char word[24];
        size_t length = strcspn(text, ",");
        if (length == 0 || length >= sizeof word)
            return false;
        memcpy(word, text, length);
        word[length] = '\0';
        unsigned bit = strcmp(word, "ALL") == 0 ? 63 : bit_of(word);
        if (bit == 0 && strcmp(word, "NONE") != 0)
            return false;
        *bits |= bit;
        text += length;
        text += *text == ',';
    }
    return true;
}

static void read_tcp_flags(struct rule_reader *r) {
    const char *mask = take(r), *value = take(r);
    unsigned mask_bits, value_bits;
    if (!bits_of(mask, fr_netfilter_tcp_flag, &mask_bits) ||
        !bits_of(value, fr_netfilter_tcp_flag, &value_bits)) {
        bad_value(r, value);
        return;
    }
    add_numbers(r, add_match(r, NETFILTER_TCP_FLAGS, TCP), mask_bits, value_bits);
}

/* --syn: FIN,SYN,RST,ACK SYN */
static void read_syn(struct rule_reader *r) {
    add_numbers(r, add_match(r, NETFILTER_TCP_FLAGS, TCP), 1 | 2 | 4 | 16, 2);
}

static void read_states(struct rule_reader *r) {
    const char *value = take(r);
    unsigned states;
    if (!bits_of(value, fr_netfilter_state, &states) || states == 0)
        other(r, "connections in state %s", value);
    else
        add_numbers(r, add_match(r, NETFILTER_STATE, -1), states, states);
}

/* "--dst-type LOCAL,BROADCAST" */
static void read_type(struct rule_reader *r, enum netfilter_field field) {
    const char *value = take(r);
    unsigned types;
    if (!bits_of(value, fr_netfilter_address_type, &types) || types == 0)
        other(r, "addresses of type %s", value);
    else
        add_numbers(r, add_match(r, field, -1), types, types);
}

static void read_source_type(struct rule_reader *r) {
    read_type(r, NETFILTER_SOURCE_TYPE);
}

/* Frames to all or to many carry packets to such addresses. */
static void read_destination_type(struct rule_reader *r) {
    read_type(r, NETFILTER_DESTINATION_TYPE);
}

/* -m rpfilter, and what is behind it up to the target. */
static void read_source_check(struct rule_reader *r) {
    fr_netfilter_source_check(r->nf, r->rule);
    while (r->words->next < r->words->count &&
           strcmp(r->words->items[r->words->next].text, "-j") != 0)
        r->words->next++;
}

static void read_match_set(struct rule_reader *r) {
    struct flowrules_place at = fr_iptables_place(r->words, r->words->next);
    struct iptables_reader *reader = r->reader;
    const char *name = take(r), *flags = take(r);
    struct netfilter_match *match = fr_netfilter_match(r->nf, r->rule);
    struct netfilter_set *set = fr_netfilter_set(r->nf, reader->sets, name, at);
    reader->references = fr_netfilter_grow(r->in, reader->references, &reader->reference_capacity,
                                           reader->reference_count, sizeof *reader->references);
    if (!match || !set || !reader->references)
        return;
    match->negated = r->negated;
    reader->references[reader->reference_count++] =
        (struct iptables_reference){r->rule, r->rule->match_count - 1, set, flags, r->families, at};
}

static void read_range(struct rule_reader *r, enum netfilter_field field) {
    const char *value = take(r);
    struct netfilter_piece *piece = add_value(r, add_match(r, field, -1));
    if (piece && (!flowrules_parse_range(value, strlen(value), &piece->range) ||
                  piece->range.family != r->family))
        bad_value(r, value);
}

static void read_source_range(struct rule_reader *r) {
    read_range(r, NETFILTER_SOURCE);
}

static void read_destination_range(struct rule_reader *r) {
    read_range(r, NETFILTER_DESTINATION);
}

static void read_hop_limit(struct rule_reader *r) {
    const char *value = take(r);
    unsigned number;
    if (!flowrules_parse_number(value, strlen(value), UINT8_MAX, &number))
        bad_value(r, value);
    else
        add_numbers(r, add_match(r, NETFILTER_HOP_LIMIT, -1), number, number);
}

/*
 * What follows a pattern at the start of a u32 expression; NULL where that begins otherwise.
 * iptables takes numbers of any base, and iptables-save prints all in hexadecimal digits.
 */
static const char *behind_u32(const char *text, const char *pattern) {
    while (*pattern) {
        if (*pattern >= '0' && *pattern <= '9') {
            char *text_end, *pattern_end;
            if (*text < '0' || *text > '9' ||
                strtoul(text, &text_end, 0) != strtoul(pattern, &pattern_end, 0))
                return NULL;
            text = text_end;
            pattern = pattern_end;
        } else if (*text++ != *pattern++) {
            return NULL;
        }
    }
    return text;
}

/* The three looks into a packet that this backend writes itself. */
static void read_u32(struct rule_reader *r) {
    const char *value = take(r);
    const char *digits = behind_u32(value, "0>>22&0x3c@0>>24=");
    const char *code = behind_u32(value, "0>>22&0x3c@0>>16="),
               *zero = behind_u32(value, "6&0xff=0");
    unsigned number = 0;
    bool by_code = code != NULL;
    if (zero && *zero == '\0') {
        add_numbers(r, add_match(r, NETFILTER_PROTOCOL, -1), 0, 0);
        return;
    }
    digits = by_code ? code : digits;
    if (r->family != FLOWRULES_IPV4 || r->negated || r->protocol != ICMP || !digits) {
        other(r, "--u32 %s", value);
        return;
    }
    /* iptables-save prints hexadecimal digits. */
    bool good = true;
    if (strncmp(digits, "0x", 2) == 0) {
        for (const char *c = digits + 2; good && *c; c++) {
            const char *found = strchr("0123456789abcdef", *c);
            good = found && number <= UINT16_MAX;
            number = found ? number * 16 + (unsigned)(found - &"0123456789abcdef"[0]) : 0;
        }
    } else {
        good = flowrules_parse_number(digits, strlen(digits), UINT16_MAX, &number);
    }
    if (!good || (by_code ? number >> 8 : number) > UINT8_MAX) {
        other(r, "--u32 %s", value);
        return;
    }
    unsigned icmp_type = by_code ? number >> 8 : number;
    add_numbers(r, add_match(r, NETFILTER_ICMP_TYPE, ICMP), icmp_type, icmp_type);
    if (by_code)
        add_numbers(r, add_match(r, NETFILTER_ICMP_CODE, ICMP), number & 255, number & 255);
}

static void read_comment(struct rule_reader *r) {
    r->rule->comment = take(r);
}

/* ---- targets ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum { GOES_ON, LOGS, DECIDES, REWRITES } effect;
    enum netfilter_verdict verdict;
} targets[] = {
    {"ACCEPT", DECIDES, NETFILTER_ACCEPT},
    {"DROP", DECIDES, NETFILTER_DROP},
    {"REJECT", DECIDES, NETFILTER_DROP},
    {"RETURN", DECIDES, NETFILTER_RETURN},
    {"LOG", LOGS, NETFILTER_NONE},
    {"NFLOG", LOGS, NETFILTER_NONE},
    {"ULOG", LOGS, NETFILTER_NONE},
    {"AUDIT", GOES_ON, NETFILTER_NONE},
    {"CHECKSUM", GOES_ON, NETFILTER_NONE},
    {"CLASSIFY", GOES_ON, NETFILTER_NONE},
    {"CONNMARK", GOES_ON, NETFILTER_NONE},
    {"CONNSECMARK", GOES_ON, NETFILTER_NONE},
    {"DSCP", GOES_ON, NETFILTER_NONE},
    {"HL", GOES_ON, NETFILTER_NONE},
    {"MARK", GOES_ON, NETFILTER_NONE},
    {"RATEEST", GOES_ON, NETFILTER_NONE},
    {"SECMARK", GOES_ON, NETFILTER_NONE},
    {"SET", GOES_ON, NETFILTER_NONE},
    {"TCPMSS", GOES_ON, NETFILTER_NONE},
    {"TOS", GOES_ON, NETFILTER_NONE},
    {"TRACE", GOES_ON, NETFILTER_NONE},
    {"TTL", GOES_ON, NETFILTER_NONE},
    {"CT", REWRITES, NETFILTER_NONE},
    {"NOTRACK", REWRITES, NETFILTER_NONE},
    {"DNAT", REWRITES, NETFILTER_ACCEPT},
    {"SNAT", REWRITES, NETFILTER_ACCEPT},
    {"NETMAP", REWRITES, NETFILTER_ACCEPT},
    {"MASQUERADE", REWRITES, NETFILTER_ACCEPT},
    {"REDIRECT", REWRITES, NETFILTER_ACCEPT},
    {"TPROXY", REWRITES, NETFILTER_ACCEPT},
};

/* Where DNAT leads to. */
static void read_translation(struct rule_reader *r) {
    const struct iptables_words *words = r->words;
    for (size_t i = words->next; i + 1 < words->count; i++)
        if (strcmp(words->items[i].text, "--to-destination") == 0)
            fr_netfilter_move(r->nf, r->rule, words->items[i + 1].text);
}

static void read_jump(struct rule_reader *r) {
    const char *name = take(r);
    if (fr_netfilter_find_chain(r->nf, r->chain->table, name)) {
        r->rule->verdict = NETFILTER_JUMP;
        r->rule->target = name;
        return;
    }
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        if (strcmp(targets[i].name, name) != 0)
            continue;
        r->rule->verdict = targets[i].verdict;
        r->rule->rejects = strcmp(name, "REJECT") == 0;
        r->rule->log = targets[i].effect == LOGS;
        if (targets[i].effect == REWRITES)
            r->rule->rewrites = "addresses or ports are changed here, or tracking is";
        if (strcmp(name, "DNAT") == 0)
            read_translation(r);
        /* What follows belongs to the target. */
        if (targets[i].effect != DECIDES)
            r->words->next = r->words->count;
        return;
    }
    r->rule->other = flowrules_input_print(r->in, "the target '%.60s' is not known", name);
    r->words->next = r->words->count;
}

static void read_goto(struct rule_reader *r) {
    r->rule->target = take(r);
    r->rule->verdict = NETFILTER_GOTO;
}

/* A module: what it matches is said by its options, of which some have none. */
static void read_module(struct rule_reader *r) {
    static const char *const known[] = {"tcp",       "udp",      "sctp",      "icmp",  "icmp6",
                                        "comment",   "ah",       "set",       "u32",   "iprange",
                                        "hl",        "udplite",  "conntrack", "state", "ttl",
                                        "multiport", "addrtype", "pkttype"};
    static const struct {
        const char *name, *about;
    } others[] = {{"limit", "a limit of the rate"},
                  {"hashlimit", "a limit of the rate"},
                  {"connlimit", "the number of connections"},
                  {"recent", "earlier packets of the source"},
                  {"time", "the time of day"},
                  {"owner", "who sends it"},
                  {"mark", "a mark"},
                  {"connmark", "a mark"}};
    const char *name = take(r);
    if (strcmp(name, "rpfilter") == 0) {
        read_source_check(r);
        return;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(others[i].name, name) == 0) {
            fr_netfilter_other(r->nf, r->rule, others[i].about);
            return;
        }
    }
    if (strcmp(name, "ah") == 0 && r->family == FLOWRULES_IPV6)
        add_numbers(r, add_match(r, NETFILTER_PROTOCOL, -1), AH, AH);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], name) == 0)
            return;
    other(r, "the match '%.60s' is not known", name);
}

static void skip_one(struct rule_reader *r) {
    take(r);
}

static void skip_none(struct rule_reader *r) {
    (void)r;
}

/* ---- the line ------------------------------------------------------------------------------ */

static const struct {
    const char *option;
    void (*read)(struct rule_reader *r);
} options[] = {
    {"-s", read_source},
    {"--source", read_source},
    {"--src", read_source},
    {"-d", read_destination},
    {"--destination", read_destination},
    {"--dst", read_destination},
    {"-p", read_protocol},
    {"--protocol", read_protocol},
    {"-i", read_input},
    {"--in-interface", read_input},
    {"-o", read_output},
    {"--out-interface", read_output},
    {"-m", read_module},
    {"--match", read_module},
    {"-j", read_jump},
    {"--jump", read_jump},
    {"-g", read_goto},
    {"--goto", read_goto},
    {"--sport", read_source_ports},
    {"--sports", read_source_ports},
    {"--source-port", read_source_ports},
    {"--source-ports", read_source_ports},
    {"--dport", read_destination_ports},
    {"--dports", read_destination_ports},
    {"--destination-port", read_destination_ports},
    {"--destination-ports", read_destination_ports},
    {"--ports", read_either_ports},
    {"--icmp-type", read_icmp},
    {"--icmpv6-type", read_icmp},
    {"--tcp-flags", read_tcp_flags},
    {"--syn", read_syn},
    {"--ctstate", read_states},
    {"--state", read_states},
    {"--match-set", read_match_set},
    {"--src-range", read_source_range},
    {"--dst-range", read_destination_range},
    {"--hl-eq", read_hop_limit},
    {"--ttl-eq", read_hop_limit},
    {"--u32", read_u32},
    {"--comment", read_comment},
    {"--reject-with", skip_one},
    {"--dst-type", read_destination_type},
    {"--src-type", read_source_type},
    {"--pkt-type", read_destination_type},
    {"-w", skip_none},
};

/* An option that is not known, with its values: of a module that is not known, or its own. */
static void skip_option(struct rule_reader *r, const char *option) {
    bool told = false;
    for (size_t i = 0; i < r->rule->match_count; i++)
        told = told || r->rule->matches[i].other;
    if (!told)
        other(r, "the option '%.60s' is not known", option);
    while (r->words->next < r->words->count && r->words->items[r->words->next].text[0] != '-' &&
           strcmp(r->words->items[r->words->next].text, "!") != 0)
        r->words->next++;
}

/* "-d ! 192.0.2.0/24", as iptables before 1.4.3 has it. */
static void take_old_negation(struct rule_reader *r) {
    if (r->words->next >= r->words->count ||
        strcmp(r->words->items[r->words->next].text, "!") != 0 ||
        r->words->items[r->words->next].quoted)
        return;
    r->negated = !r->negated;
    r->words->next++;
}

static void read_option(struct rule_reader *r) {
    const char *word = take(r);
    r->negated = strcmp(word, "!") == 0;
    if (r->negated)
        word = take(r);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(options[i].option, word) == 0) {
            take_old_negation(r);
            options[i].read(r);
            return;
        }
    }
    skip_option(r, word);
}

static bool same_comment(const struct netfilter_rule *a, const struct netfilter_rule *b) {
    return a->comment && b->comment ? strcmp(a->comment, b->comment) == 0
                                    : a->comment == b->comment;
}

/* Does the rule before this one log what this one decides on? For an import alone. */
static bool is_logged_before(const struct netfilter_chain *chain,
                             const struct netfilter_rule *rule) {
    const struct netfilter_rule *before =
        chain->rule_count > 1 ? chain->rules[chain->rule_count - 2] : NULL;
    return before && before->log && before->verdict == NETFILTER_NONE &&
           before->match_count == rule->match_count && same_comment(before, rule);
}

void fr_iptables_read_rule(struct iptables_reader *reader, struct netfilter_chain *chain,
                           enum flowrules_family family, struct iptables_words *words) {
    struct rule_reader r = {.reader = reader,
                            .nf = &reader->nf,
                            .in = reader->in,
                            .words = words,
                            .chain = chain,
                            .family = family,
                            .families = FLOWRULES_FAMILY_BIT(family),
                            .protocol = -1};
    r.rule = fr_netfilter_rule(r.nf, chain, fr_iptables_place(words, 0));
    while (r.rule && words->next < words->count && !flowrules_input_failed(r.in))
        read_option(&r);
    if (r.rule && !flowrules_input_failed(r.in) && r.rule->verdict != NETFILTER_NONE)
        r.rule->log = is_logged_before(chain, r.rule);
}
