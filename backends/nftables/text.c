/*
 * Rules, and the elements of sets, in nft's own text. Knows the syntax alone.
 */
#include <string.h>

#include "text.h"

/* ---- values -------------------------------------------------------------------------------- */

/* A name that is not known here makes what it stands in doubtful, and no more. */
static void take_value(struct nftables_parser *p, const struct netfilter_key *key,
                       struct netfilter_piece *piece, const char **doubt) {
    if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_STRING) {
        fr_nftables_unexpected(p, "a value");
        return;
    }
    if (!fr_nftables_value(p->in, key, p->token.text, p->token.length, piece) &&
        !(*doubt = fr_nftables_unknown_name(p->in, p->token.text, p->token.length)))
        fr_nftables_bad_value(p->in, p->token.at, p->token.text, p->token.length);
    fr_nftables_next(p);
}

/* Words with commas or | between, with or without parentheses: the bits of all. */
static uint64_t take_bits(struct nftables_parser *p, const struct netfilter_key *key,
                          const char **doubt) {
    bool open = fr_nftables_accept_symbol(p, '(');
    uint64_t bits = 0;
    if (fr_nftables_is(p, "0x0")) {
        fr_nftables_next(p);
        return 0;
    }
    do {
        struct netfilter_piece piece = {.protocol = -1};
        take_value(p, key, &piece, doubt);
        bits |= piece.range.last.lo;
    } while ((fr_nftables_accept_symbol(p, ',') || fr_nftables_accept_symbol(p, '|')) &&
             !flowrules_input_failed(p->in));
    if (open)
        fr_nftables_expect(p, ')');
    return bits;
}

static void take_element_verdict(struct nftables_parser *p, struct netfilter_element *element) {
    bool takes_chain = false;
    char *word = fr_nftables_take_name(p, "a verdict");
    if (word && !fr_nftables_verdict(word, &element->verdict, &takes_chain))
        flowrules_input_error(p->in, p->token.at, NULL, "'%.80s' is not a valid verdict of a map",
                              word);
    if (takes_chain)
        element->target = fr_nftables_take_name(p, "the name of a chain");
}

/*
 * "comment "..." timeout 1h expires 5m counter packets 1 bytes 2" behind an element's key. False:
 * it goes after some time.
 */
static bool take_element_options(struct nftables_parser *p, struct netfilter_set *set,
                                 struct netfilter_element *element) {
    bool stays = true;
    for (;;) {
        if (fr_nftables_accept(p, "comment")) {
            element->comment = fr_nftables_take_name(p, "a comment");
            set->commented = true;
        } else if (fr_nftables_is(p, "timeout") || fr_nftables_is(p, "expires") ||
                   fr_nftables_is(p, "packets") || fr_nftables_is(p, "bytes")) {
            stays = stays && !fr_nftables_is(p, "timeout") && !fr_nftables_is(p, "expires");
            fr_nftables_next(p);
            fr_nftables_take_name(p, "a value");
        } else if (!fr_nftables_accept(p, "counter")) {
            return stays;
        }
    }
}

/* The parts of an element; NULL after an error. */
static struct netfilter_element *
take_parts(struct nftables_parser *p, const struct netfilter_key *keys, struct netfilter_set *set) {
    struct netfilter_piece *pieces = fr_netfilter_element(p->nf, set, p->token.at.line);
    for (unsigned i = 0; pieces && i < set->parts; i++) {
        fr_nftables_skip_lines(p);
        if (i > 0 && !fr_nftables_expect(p, '.'))
            return NULL;
        fr_nftables_skip_lines(p);
        const char *doubt = NULL;
        take_value(p, &keys[i], &pieces[i], &doubt);
        set->doubt = doubt ? doubt : set->doubt;
    }
    return pieces ? &set->elements[set->count - 1] : NULL;
}

static void take_element(struct nftables_parser *p, const struct netfilter_key *keys,
                         struct netfilter_set *set, bool map) {
    struct netfilter_element *element = take_parts(p, keys, set);
    if (!element)
        return;
    bool stays = take_element_options(p, set, element);
    if (map && fr_nftables_expect(p, ':'))
        take_element_verdict(p, element);
    if (take_element_options(p, set, element) && stays)
        return;
    fr_netfilter_expires(p->nf, set);
    set->count--;
}

/* The elements between braces. */
void fr_nftables_take_elements(struct nftables_parser *p, const struct netfilter_key *keys,
                               struct netfilter_set *set, bool map) {
    if (!fr_nftables_expect(p, '{'))
        return;
    fr_nftables_skip_lines(p);
    while (!fr_nftables_is_symbol(p, '}') && !flowrules_input_failed(p->in)) {
        if (fr_nftables_is_symbol(p, '{')) /* a variable that is a list */
            fr_nftables_take_elements(p, keys, set, map);
        else
            take_element(p, keys, set, map);
        fr_nftables_skip_lines(p);
        if (!fr_nftables_accept_symbol(p, ',') && !fr_nftables_is_symbol(p, '}'))
            fr_nftables_unexpected(p, "',' or '}'");
        fr_nftables_skip_lines(p);
    }
    fr_nftables_next(p);
}

/* ---- matches ------------------------------------------------------------------------------- */

/* A set that may follow the rule: that it is there is checked behind the command. */
static struct netfilter_set *refer(struct nftables_parser *p, unsigned parts) {
    struct flowrules_place at = p->token.at;
    char *name = fr_nftables_take_name(p, "the name of a set");
    struct netfilter_set *set = name ? fr_netfilter_set(p->nf, p->table, name, at) : NULL;
    p->references = fr_netfilter_grow(p->in, p->references, &p->reference_capacity,
                                      p->reference_count, sizeof *p->references);
    if (!set || !p->references)
        return NULL;
    p->references[p->reference_count++] = (struct nftables_reference){set, p->table, parts, at};
    return set;
}

/* The words that begin a key with a second word, and those that are one by themselves. */
static const struct {
    const char *word;
    bool lone; /* of meta, which is left out */
} key_words[] = {{"ip", false},     {"ip6", false},     {"tcp", false},     {"udp", false},
                 {"sctp", false},   {"th", false},      {"icmp", false},    {"icmpv6", false},
                 {"meta", false},   {"ct", false},      {"fib", false},     {"ether", false},
                 {"vlan", false},   {"arp", false},     {"ah", false},      {"esp", false},
                 {"comp", false},   {"udplite", false}, {"dccp", false},    {"igmp", false},
                 {"iif", true},     {"iifname", true},  {"iiftype", true},  {"oif", true},
                 {"oifname", true}, {"oiftype", true},  {"mark", true},     {"l4proto", true},
                 {"skuid", true},   {"skgid", true},    {"iifgroup", true}, {"oifgroup", true},
                 {"pkttype", true}, {"cgroup", true},   {"nftrace", true},  {"rtclassid", true}};

static int key_word_at(const struct nftables_parser *p) {
    for (size_t i = 0; i < sizeof key_words / sizeof *key_words; i++)
        if (fr_nftables_is(p, key_words[i].word))
            return (int)i;
    return -1;
}

static bool begins_key(const struct nftables_parser *p) {
    return key_word_at(p) >= 0;
}

/* "fib daddr type": the rest of a key, behind what it begins with, as one word. */
static char *take_rest_of_fib(struct nftables_parser *p, char *first) {
    char *text = first;
    while (text && fr_nftables_accept_symbol(p, '.')) {
        char *more = fr_nftables_take_name(p, "a field");
        text = more ? flowrules_input_print(p->in, "%s . %s", text, more) : NULL;
    }
    char *what = text ? fr_nftables_take_name(p, "a field") : NULL;
    return what ? flowrules_input_print(p->in, "%s %s", text, what) : NULL;
}

/* A key of two words, or of one; what is not known becomes NETFILTER_OTHER. */
bool fr_nftables_take_key(struct nftables_parser *p, struct netfilter_key *key) {
    int word = key_word_at(p);
    bool lone = word >= 0 && key_words[word].lone;
    char *header =
        lone ? flowrules_input_copy(p->in, "meta", 4) : fr_nftables_take_name(p, "a field");
    char *field = header ? fr_nftables_take_name(p, "a field") : NULL;
    if (field && strcmp(header, "fib") == 0)
        field = take_rest_of_fib(p, field);
    *key = (struct netfilter_key){NETFILTER_OTHER, -1, FLOWRULES_BOTH_FAMILIES};
    return field && fr_nftables_key(header, field, key);
}

/* "tcp flags & (fin | syn) == syn", "tcp flags syn / fin,syn" and "ct state established,related".
 */
static void take_bit_match(struct nftables_parser *p, struct netfilter_match *match) {
    struct netfilter_key *key = &match->keys[0];
    uint32_t line = p->token.at.line;
    struct nftables_bits bits = {.masked = fr_nftables_accept_symbol(p, '&')};
    const char *doubt = NULL;
    bits.mask = bits.masked ? take_bits(p, key, &doubt) : 0;
    bits.unequal = fr_nftables_is_symbol(p, UNEQUAL);
    bits.compared = fr_nftables_accept_symbol(p, UNEQUAL) || fr_nftables_accept_symbol(p, EQUAL);
    bits.bits = take_bits(p, key, &doubt);
    if (!bits.masked && fr_nftables_accept_symbol(p, '/')) {
        bits.masked = true;
        bits.mask = take_bits(p, key, &doubt);
    }
    fr_nftables_bits(p->nf, match, line, &bits);
    if (doubt) {
        match->set = NULL;
        match->other = doubt;
    }
}

static enum nftables_operator operator_of(int symbol) {
    switch (symbol) {
    case '<':
        return NFTABLES_LESS;
    case '>':
        return NFTABLES_MORE;
    case AT_MOST:
        return NFTABLES_AT_MOST;
    case AT_LEAST:
        return NFTABLES_AT_LEAST;
    case UNEQUAL:
        return NFTABLES_UNEQUAL;
    default:
        return NFTABLES_EQUAL;
    }
}

/* Is the next token after an operator a plain value, no set and no reference? */
static bool compares_plainly(const struct nftables_parser *p) {
    struct nftables_parser ahead = *p;
    fr_nftables_next(&ahead);
    return !fr_nftables_is_symbol(&ahead, '{') && !fr_nftables_is_symbol(&ahead, '@');
}

/* What a key is held against: operator and value, set, or reference. */
static void take_comparison(struct nftables_parser *p, struct netfilter_match *match) {
    enum nftables_operator op = operator_of(p->token.kind == TOKEN_SYMBOL ? p->token.symbol : 0);
    bool explicit = op != NFTABLES_EQUAL || fr_nftables_is_symbol(p, EQUAL);
    match->set = fr_netfilter_anonymous_set(p->nf, match->key_count, p->token.at);
    if (!match->set)
        return;
    if (fr_nftables_has_bits(match) &&
        (explicit ? compares_plainly(p) : !fr_nftables_is_symbol(p, '{'))) {
        if (!fr_nftables_is_symbol(p, '@')) {
            take_bit_match(p, match);
            return;
        }
    }
    match->negated = op == NFTABLES_UNEQUAL;
    if (explicit)
        fr_nftables_next(p);
    if (fr_nftables_is_symbol(p, '{')) {
        fr_nftables_take_elements(p, match->keys, match->set, false);
    } else if (fr_nftables_accept_symbol(p, '@')) {
        match->set = refer(p, match->key_count);
    } else {
        take_parts(p, match->keys, match->set);
        if (match->set->count > 0 &&
            !fr_nftables_compare(&match->keys[0], op,
                                 (struct netfilter_piece *)match->set->elements[0].pieces))
            match->set->count = 0;
    }
}

/* The text from a token on, as far as it stands in one line. */
static char *excerpt(struct nftables_parser *p, const struct nftables_token *from) {
    const char *end = p->token.text;
    bool same = end > from->text && end - from->text < 200;
    size_t length = same ? (size_t)(end - from->text) : from->length;
    while (length > 0 && strchr(" \t\n\"", from->text[length - 1]))
        length--;
    return flowrules_input_print(p->in, "'%.*s%s' is not understood",
                                 (int)(length < 60 ? length : 60), from->text,
                                 length > 60 ? "..." : "");
}

/* Does a statement with a word of its own begin here, or a match by a key? */
static bool begins_statement(const struct nftables_parser *p);

/*
 * A match that is not understood: all up to the next statement. The rule goes on behind it, so that
 * what it does where it matches is known.
 */
static void not_understood(struct nftables_parser *p, struct netfilter_rule *rule,
                           const struct nftables_token *from) {
    unsigned braces = 0;
    if (p->token.text == from->text)
        fr_nftables_next(p);
    while (p->token.kind != TOKEN_END &&
           (braces > 0 || (!fr_nftables_at_end(p) && !begins_statement(p)))) {
        braces += fr_nftables_is_symbol(p, '{') ? 1u : 0u;
        braces -= fr_nftables_is_symbol(p, '}') ? 1u : 0u;
        fr_nftables_next(p);
    }
    fr_netfilter_other(p->nf, rule, excerpt(p, from));
}

/* Computed from the packet: "and", "or", "map". */
static bool is_computed(const struct nftables_parser *p) {
    static const char *const words[] = {"and", "or", "xor", "map", "lshift", "rshift"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (fr_nftables_is(p, words[i]))
            return true;
    return p->token.kind == TOKEN_SYMBOL && !fr_nftables_at_end(p);
}

/* What a field is set to, all up to the next statement; where it ends may be hard to say. */
static void take_set_value(struct nftables_parser *p) {
    struct netfilter_key key;
    unsigned braces = 0;
    if (begins_key(p))
        fr_nftables_take_key(p, &key);
    else if (p->token.kind == TOKEN_WORD)
        fr_nftables_next(p);
    while (p->token.kind != TOKEN_END && !fr_nftables_at_end(p) && is_computed(p)) {
        do {
            braces += fr_nftables_is_symbol(p, '{') ? 1u : 0u;
            braces -= fr_nftables_is_symbol(p, '}') ? 1u : 0u;
            fr_nftables_next(p);
        } while (p->token.kind != TOKEN_END &&
                 (braces > 0 || (!fr_nftables_at_end(p) && !begins_statement(p))));
    }
}

/* A map of verdicts; by a key that is not known, its branches are doubted. */
static void take_map(struct nftables_parser *p, struct netfilter_rule *rule,
                     struct netfilter_match match, const struct nftables_token *from, bool known) {
    struct flowrules_place at = p->token.at;
    if (rule->map) {
        not_understood(p, rule, from);
        return;
    }
    rule->map = flowrules_input_alloc(p->in, sizeof *rule->map);
    if (!rule->map)
        return;
    match.set = fr_netfilter_anonymous_set(p->nf, match.key_count, at);
    if (fr_nftables_accept_symbol(p, '@'))
        match.set = refer(p, match.key_count);
    else if (match.set)
        fr_nftables_take_elements(p, match.keys, match.set, true);
    if (!known && match.set && !match.set->doubt)
        match.set->doubt = excerpt(p, from);
    *rule->map = match;
}

/* "fib saddr . iif oif missing": is the source reached where the packet comes from? */
static bool checks_source(const struct nftables_token *from, const struct netfilter_match *match) {
    static const char saddr[] = "fib saddr";
    return match->keys[0].field == NETFILTER_OTHER && from->kind == TOKEN_WORD &&
           strncmp(from->text, saddr, sizeof saddr - 1) == 0;
}

/* "ip daddr & 255.255.255.240": the mask behind a key; false where it is none of a prefix. */
static bool take_mask(struct nftables_parser *p, const struct netfilter_key *key,
                      uint8_t *mask_bits) {
    struct netfilter_piece piece = {.protocol = -1};
    const char *doubt = NULL;
    if ((key->field != NETFILTER_SOURCE && key->field != NETFILTER_DESTINATION) ||
        !fr_nftables_accept_symbol(p, '&'))
        return true;
    take_value(p, key, &piece, &doubt);
    *mask_bits = doubt ? 0 : fr_nftables_mask_bits(&piece.range);
    return *mask_bits > 0;
}

static bool take_next_key(struct nftables_parser *p, struct netfilter_match *match) {
    unsigned i = match->key_count++;
    return fr_nftables_take_key(p, &match->keys[i]) &&
           take_mask(p, &match->keys[i], &match->mask_bits[i]);
}

/* "ip saddr . tcp dport @set", "iifname vmap { ... }". */
static void take_match(struct nftables_parser *p, struct netfilter_rule *rule) {
    const struct nftables_token from = p->token;
    struct netfilter_match match = {.key_count = 0};
    bool known = true;
    do {
        if (match.key_count == NETFILTER_KEYS_MAX)
            known = false;
        else
            known = take_next_key(p, &match) && known;
    } while (fr_nftables_accept_symbol(p, '.'));
    if (fr_nftables_accept(p, "set")) {
        take_set_value(p);
        if (known) /* a mark, say, is nothing that policies know */
            rule->rewrites = fr_nftables_rewrites;
        return;
    }
    if (fr_nftables_accept(p, "vmap")) {
        take_map(p, rule, match, &from, known);
        return;
    }
    if (checks_source(&from, &match)) {
        not_understood(p, rule, &from);
        rule->match_count--;
        fr_netfilter_source_check(p->nf, rule);
        return;
    }
    if (!known) {
        not_understood(p, rule, &from);
        return;
    }
    take_comparison(p, &match);
    struct netfilter_match *slot = fr_netfilter_match(p->nf, rule);
    if (slot)
        *slot = match;
}

/* ---- statements ---------------------------------------------------------------------------- */

static void take_count(struct nftables_parser *p, uint64_t *count) {
    const struct nftables_token token = p->token;
    if (fr_nftables_take_name(p, "a number") &&
        !flowrules_parse_count(token.text, token.length, count))
        flowrules_input_error(p->in, token.at, NULL, "'%.*s' is not a number of 64 bits",
                              token.length < 80 ? (int)token.length : 80, token.text);
}

/* One without numbers, as in files to load, is none that shows something. */
static void take_counter(struct nftables_parser *p, struct netfilter_rule *rule) {
    struct flowrules_counts counts = {.has_bytes = true};
    if (fr_nftables_accept(p, "name")) {
        fr_nftables_take_name(p, "a name");
        return;
    }
    bool shown = false;
    for (;; shown = true) {
        if (fr_nftables_accept(p, "packets"))
            take_count(p, &counts.packets);
        else if (fr_nftables_accept(p, "bytes"))
            take_count(p, &counts.bytes);
        else
            break;
    }
    if (shown)
        fr_netfilter_count(p->nf, rule, &counts);
}

static void take_log(struct nftables_parser *p, struct netfilter_rule *rule) {
    static const char *const options[] = {"prefix", "level", "group", "snaplen", "queue-threshold"};
    rule->log = true;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (fr_nftables_accept(p, options[i])) {
            fr_nftables_take_name(p, "a value");
            i = SIZE_MAX; /* from the first again */
        } else if (fr_nftables_accept(p, "flags")) {
            fr_nftables_take_name(p, "a flag");
            while (fr_nftables_is(p, "sequence") || fr_nftables_is(p, "options") ||
                   fr_nftables_is_symbol(p, ','))
                fr_nftables_next(p);
            i = SIZE_MAX;
        }
    }
}

static void take_limit(struct nftables_parser *p, struct netfilter_rule *rule) {
    if (fr_nftables_accept(p, "name")) {
        fr_nftables_take_name(p, "a name");
    } else if (fr_nftables_accept(p, "rate")) {
        fr_nftables_accept(p, "over");
        fr_nftables_take_name(p, "a rate");
        if (p->token.kind == TOKEN_WORD && memchr(p->token.text, '/', p->token.length))
            fr_nftables_next(p); /* "mbytes/second" */
        if (fr_nftables_accept(p, "burst")) {
            fr_nftables_take_name(p, "a number");
            fr_nftables_take_name(p, "a unit");
        }
    }
    fr_netfilter_other(p->nf, rule, "a limit of the rate");
}

static void take_reject(struct nftables_parser *p, struct netfilter_rule *rule) {
    char *with = NULL;
    if (fr_nftables_accept(p, "with"))
        with = fr_nftables_take_name(p, "a kind of reject");
    while (with && (fr_nftables_is(p, "type") || fr_nftables_is(p, "reset") ||
                    p->token.kind == TOKEN_WORD)) {
        if (fr_nftables_is(p, "comment"))
            break;
        fr_nftables_next(p);
    }
    fr_nftables_reject(p->nf, rule, with ? with : "");
}

/* "quota over 1 gbytes", "quota name "x"": a match that changes with what has passed. */
static void take_quota(struct nftables_parser *p, struct netfilter_rule *rule) {
    if (fr_nftables_accept(p, "name")) {
        fr_nftables_take_name(p, "a name");
    } else {
        if (!fr_nftables_accept(p, "over"))
            fr_nftables_accept(p, "until");
        for (int words = 0; words < 4 && p->token.kind == TOKEN_WORD && !begins_statement(p);
             words++)
            fr_nftables_next(p);
    }
    fr_netfilter_other(p->nf, rule, "a quota");
}

/* "flow add @ft": what is established goes another way; this packet goes on. */
static void take_flow(struct nftables_parser *p, struct netfilter_rule *rule) {
    (void)rule;
    fr_nftables_skip_statement(p);
}

/* What becomes of the packet is decided elsewhere: in user space, on another interface. */
static void take_away(struct nftables_parser *p, struct netfilter_rule *rule) {
    fr_nftables_skip_statement(p);
    rule->other = "something outside the rules decides about packets";
}

static void take_comment(struct nftables_parser *p, struct netfilter_rule *rule) {
    rule->comment = fr_nftables_take_name(p, "a comment");
}

/* "tcp option maxseg size set rt mtu" changes nothing that policies know. */
static bool take_tcp_option(struct nftables_parser *p) {
    const struct nftables_parser before = *p;
    fr_nftables_next(p);
    bool option = fr_nftables_accept(p, "option");
    while (option && !fr_nftables_at_end(p) && !fr_nftables_is(p, "set"))
        fr_nftables_next(p);
    bool sets = option && fr_nftables_accept(p, "set");
    if (sets)
        fr_nftables_accept(p, "rt");
    if (sets && p->token.kind == TOKEN_WORD)
        fr_nftables_next(p);
    if (!sets)
        *p = before;
    return sets;
}

static void take_rewrite(struct nftables_parser *p, struct netfilter_rule *rule) {
    fr_nftables_skip_statement(p);
    rule->rewrites = fr_nftables_rewrites;
}

/* "dnat to 192.0.2.1:80", "dnat ip to ..."; what a map says is not looked up. */
static void take_dnat(struct nftables_parser *p, struct netfilter_rule *rule) {
    if (!fr_nftables_accept(p, "ip"))
        fr_nftables_accept(p, "ip6");
    fr_nftables_accept(p, "to");
    fr_nftables_accept_symbol(p, '[');
    if (p->token.kind == TOKEN_WORD)
        fr_netfilter_move(p->nf, rule, flowrules_input_copy(p->in, p->token.text, p->token.length));
    take_rewrite(p, rule);
}

/* add @set { ... }: the set's elements come and go; this packet goes on. */
static void take_update(struct nftables_parser *p, struct netfilter_rule *rule) {
    (void)rule;
    while (!fr_nftables_at_end(p) && !fr_nftables_is_symbol(p, '{'))
        fr_nftables_next(p);
    if (fr_nftables_is_symbol(p, '{')) {
        unsigned depth = 0;
        do {
            depth += fr_nftables_is_symbol(p, '{') ? 1u : 0u;
            depth -= fr_nftables_is_symbol(p, '}') ? 1u : 0u;
            fr_nftables_next(p);
        } while (depth > 0 && p->token.kind != TOKEN_END);
    }
}

static const struct {
    const char *word;
    void (*take)(struct nftables_parser *p, struct netfilter_rule *rule);
} statements[] = {
    {"counter", take_counter},  {"log", take_log},         {"limit", take_limit},
    {"reject", take_reject},    {"comment", take_comment}, {"notrack", take_rewrite},
    {"snat", take_rewrite},     {"dnat", take_dnat},       {"masquerade", take_rewrite},
    {"redirect", take_rewrite}, {"tproxy", take_rewrite},  {"add", take_update},
    {"update", take_update},    {"delete", take_update},   {"quota", take_quota},
    {"flow", take_flow},        {"queue", take_away},      {"fwd", take_away},
    {"synproxy", take_away},    {"dup", take_flow},
};

static bool verdict_at(const struct nftables_parser *p, enum netfilter_verdict *verdict,
                       bool *takes_chain) {
    char word[16];
    if (p->token.kind != TOKEN_WORD || p->token.length >= sizeof word)
        return false;
    memcpy(word, p->token.text, p->token.length);
    word[p->token.length] = '\0';
    return fr_nftables_verdict(word, verdict, takes_chain);
}

static bool begins_statement(const struct nftables_parser *p) {
    enum netfilter_verdict verdict;
    bool takes_chain;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (fr_nftables_is(p, statements[i].word))
            return true;
    return verdict_at(p, &verdict, &takes_chain);
}

static bool take_verdict(struct nftables_parser *p, struct netfilter_rule *rule) {
    bool takes_chain;
    enum netfilter_verdict verdict;
    if (!verdict_at(p, &verdict, &takes_chain))
        return false;
    fr_nftables_next(p);
    rule->verdict = verdict;
    if (takes_chain)
        rule->target = fr_nftables_take_name(p, "the name of a chain");
    return true;
}

static void take_statement(struct nftables_parser *p, struct netfilter_rule *rule) {
    const struct nftables_token from = p->token;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (fr_nftables_accept(p, statements[i].word)) {
            statements[i].take(p, rule);
            return;
        }
    }
    if (take_verdict(p, rule) || (fr_nftables_is(p, "tcp") && take_tcp_option(p)))
        return;
    if (begins_key(p))
        take_match(p, rule);
    else
        not_understood(p, rule, &from);
}

void fr_nftables_take_rule(struct nftables_parser *p, struct netfilter_chain *chain) {
    struct netfilter_rule *rule = fr_netfilter_rule(p->nf, chain, p->token.at);
    while (rule && !fr_nftables_at_end(p) && !flowrules_input_failed(p->in))
        take_statement(p, rule);
}
