/*
 * nft's own text: what nft list ruleset prints, and what this backend writes. Knows the syntax
 * alone; commands that add to or take from a ruleset bit by bit are not read.
 */
#include <string.h>

#include "nftables_read.h"

enum token_kind { TOKEN_END, TOKEN_NEWLINE, TOKEN_WORD, TOKEN_STRING, TOKEN_SYMBOL };

/* Symbols of two characters. */
enum { EQUAL = 1, UNEQUAL, AT_LEAST, AT_MOST };

struct token {
    enum token_kind kind;
    int symbol;
    const char *text;
    size_t length;
    uint32_t line, column;
};

struct parser {
    struct netfilter *nf;
    flowrules_input *in;
    size_t file;
    const char *at, *end, *line_start;
    uint32_t line;
    struct token token;
    struct netfilter_table *table;
};

/* ---- tokens -------------------------------------------------------------------------------- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_word(char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '/' || c == '-' || c == '*';
}

/* An IPv6 address that begins here ends there; the same place when there is none. */
static const char *after_ipv6(const struct parser *p, const char *from) {
    const char *c = from;
    unsigned colons = 0;
    while (c < p->end && (is_hex(*c) || *c == ':' || (*c == '.' && colons > 0)))
        colons += *c++ == ':';
    bool ends = c >= p->end || !is_letter(*c);
    return colons >= 2 && ends ? c : from;
}

static const char *after_word(const struct parser *p, const char *from) {
    const char *c = after_ipv6(p, from);
    if (c > from && c + 1 < p->end && *c == '-' && after_ipv6(p, c + 1) > c + 1)
        return after_ipv6(p, c + 1);
    while (c < p->end && is_word(*c))
        c++;
    return c;
}

/* Blanks, comments, and ends of lines that a \ joins. */
static void skip_blanks(struct parser *p) {
    while (p->at < p->end) {
        if (*p->at == ' ' || *p->at == '\t' || *p->at == '\r') {
            p->at++;
        } else if (*p->at == '#') {
            const char *feed = memchr(p->at, '\n', (size_t)(p->end - p->at));
            p->at = feed ? feed : p->end;
        } else if (*p->at == '\\' && p->at + 1 < p->end && p->at[1] == '\n') {
            p->at += 2;
            p->line++;
            p->line_start = p->at;
        } else {
            return;
        }
    }
}

static struct flowrules_place place(const struct parser *p) {
    return (struct flowrules_place){p->file, p->token.line, p->token.column};
}

static void read_string(struct parser *p, struct token *token) {
    const char *text = p->at + 1;
    const char *quote = memchr(text, '"', (size_t)(p->end - text));
    const char *feed = memchr(text, '\n', (size_t)(p->end - text));
    token->kind = TOKEN_STRING;
    token->text = text;
    if (!quote || (feed && feed < quote)) {
        p->token = *token;
        flowrules_input_error(p->in, place(p), NULL, "a quote opens here and does not end");
        token->kind = TOKEN_END;
        p->at = p->end;
        return;
    }
    token->length = (size_t)(quote - text);
    p->at = quote + 1;
}

static void read_symbol(struct parser *p, struct token *token) {
    static const struct {
        char text[3];
        int symbol;
    } pairs[] = {{"==", EQUAL}, {"!=", UNEQUAL}, {">=", AT_LEAST}, {"<=", AT_MOST}};
    token->kind = TOKEN_SYMBOL;
    token->symbol = (unsigned char)*p->at;
    token->length = 1;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (p->at + 1 < p->end && memcmp(p->at, pairs[i].text, 2) == 0) {
            token->symbol = pairs[i].symbol;
            token->length = 2;
        }
    }
    p->at += token->length;
}

static void next(struct parser *p) {
    skip_blanks(p);
    struct token token = {
        .text = p->at, .line = p->line, .column = (uint32_t)(p->at - p->line_start) + 1};
    if (p->at >= p->end || flowrules_input_failed(p->in)) {
        token.kind = TOKEN_END;
    } else if (*p->at == '\n') {
        token.kind = TOKEN_NEWLINE;
        p->line++;
        p->line_start = ++p->at;
    } else if (*p->at == '"') {
        read_string(p, &token);
    } else {
        const char *end = after_word(p, p->at);
        bool lone = end == p->at ||
                    (end == p->at + 1 && !is_letter(*p->at) && !is_digit(*p->at) && *p->at != '*');
        bool minus = *p->at == '-' && !(end > p->at + 1 && is_digit(p->at[1]));
        if (lone || minus) {
            read_symbol(p, &token);
        } else {
            token.kind = TOKEN_WORD;
            token.length = (size_t)(end - p->at);
            p->at = end;
        }
    }
    p->token = token;
}

static bool is(const struct parser *p, const char *word) {
    size_t length = strlen(word);
    return p->token.kind == TOKEN_WORD && p->token.length == length &&
           memcmp(p->token.text, word, length) == 0;
}

static bool is_symbol(const struct parser *p, int symbol) {
    return p->token.kind == TOKEN_SYMBOL && p->token.symbol == symbol;
}

static bool accept(struct parser *p, const char *word) {
    bool found = is(p, word);
    if (found)
        next(p);
    return found;
}

static bool accept_symbol(struct parser *p, int symbol) {
    bool found = is_symbol(p, symbol);
    if (found)
        next(p);
    return found;
}

/* Does a statement or rule end here? */
static bool at_end(const struct parser *p) {
    return p->token.kind == TOKEN_END || p->token.kind == TOKEN_NEWLINE || is_symbol(p, ';') ||
           is_symbol(p, '}');
}

static void skip_separators(struct parser *p) {
    while (p->token.kind == TOKEN_NEWLINE || is_symbol(p, ';'))
        next(p);
}

static void skip_lines(struct parser *p) {
    while (p->token.kind == TOKEN_NEWLINE)
        next(p);
}

static void unexpected(struct parser *p, const char *wanted) {
    if (flowrules_input_failed(p->in))
        return;
    if (p->token.kind == TOKEN_END)
        flowrules_input_error(p->in, place(p), NULL, "the file ends where %s should stand", wanted);
    else if (p->token.kind == TOKEN_NEWLINE)
        flowrules_input_error(p->in, place(p), NULL, "the line ends where %s should stand", wanted);
    else
        flowrules_input_error(p->in, place(p), NULL, "'%.*s' stands where %s should",
                              (int)(p->token.length < 80 ? p->token.length : 80), p->token.text,
                              wanted);
}

static bool expect_symbol(struct parser *p, char symbol) {
    char wanted[] = {'\'', symbol, '\'', '\0'};
    if (accept_symbol(p, symbol))
        return true;
    unexpected(p, wanted);
    return false;
}

/* A word or string as a text of its own, behind which the parser goes on; NULL after an error. */
static char *take_name(struct parser *p, const char *wanted) {
    if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_STRING) {
        unexpected(p, wanted);
        return NULL;
    }
    char *name = flowrules_input_copy(p->in, p->token.text, p->token.length);
    next(p);
    return name;
}

/* Skips to where the statement ends, or a block that begins here does. */
static void skip_statement(struct parser *p) {
    unsigned depth = 0;
    while (p->token.kind != TOKEN_END && (depth > 0 || !at_end(p))) {
        depth += is_symbol(p, '{') ? 1u : 0u;
        depth -= is_symbol(p, '}') ? 1u : 0u;
        next(p);
    }
}

/* ---- values -------------------------------------------------------------------------------- */

static void take_value(struct parser *p, const struct netfilter_key *key,
                       struct netfilter_piece *piece) {
    if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_STRING) {
        unexpected(p, "a value");
        return;
    }
    if (!fr_nftables_value(p->in, key, p->token.text, p->token.length, piece))
        fr_nftables_bad_value(p->in, place(p), p->token.text, p->token.length);
    next(p);
}

/* Words with commas or | between, with or without parentheses: the bits of all. */
static uint64_t take_bits(struct parser *p, const struct netfilter_key *key) {
    bool open = accept_symbol(p, '(');
    uint64_t bits = 0;
    if (is(p, "0x0")) {
        next(p);
        return 0;
    }
    do {
        struct netfilter_piece piece = {.protocol = -1};
        take_value(p, key, &piece);
        bits |= piece.range.last.lo;
    } while ((accept_symbol(p, ',') || accept_symbol(p, '|')) && !flowrules_input_failed(p->in));
    if (open)
        expect_symbol(p, ')');
    return bits;
}

static void take_element_verdict(struct parser *p, struct netfilter_element *element) {
    bool takes_chain = false;
    char *word = take_name(p, "a verdict");
    if (word && !fr_nftables_verdict(word, &element->verdict, &takes_chain))
        flowrules_input_error(p->in, place(p), NULL, "'%.80s' is no verdict of a map", word);
    if (takes_chain)
        element->target = take_name(p, "the name of a chain");
}

/*
 * "comment "..." timeout 1h expires 5m counter packets 1 bytes 2" behind an element's key. False:
 * it goes after some time.
 */
static bool take_element_options(struct parser *p, struct netfilter_set *set,
                                 struct netfilter_element *element) {
    bool stays = true;
    for (;;) {
        if (accept(p, "comment")) {
            element->comment = take_name(p, "a comment");
            set->commented = true;
        } else if (is(p, "timeout") || is(p, "expires") || is(p, "packets") || is(p, "bytes")) {
            stays = stays && !is(p, "timeout") && !is(p, "expires");
            next(p);
            take_name(p, "a value");
        } else if (!accept(p, "counter")) {
            return stays;
        }
    }
}

static void take_element(struct parser *p, const struct netfilter_key *keys,
                         struct netfilter_set *set, bool map) {
    struct netfilter_piece *pieces = fr_netfilter_element(p->nf, set, p->token.line);
    if (!pieces)
        return;
    struct netfilter_element *element = &set->elements[set->count - 1];
    for (unsigned i = 0; i < set->parts; i++) {
        skip_lines(p);
        if (i > 0 && !expect_symbol(p, '.'))
            return;
        skip_lines(p);
        take_value(p, &keys[i], &pieces[i]);
    }
    bool stays = take_element_options(p, set, element);
    if (map && expect_symbol(p, ':'))
        take_element_verdict(p, element);
    if (take_element_options(p, set, element) && stays)
        return;
    fr_netfilter_expires(p->nf, set);
    set->count--;
}

/* The elements between braces. */
static void take_elements(struct parser *p, const struct netfilter_key *keys,
                          struct netfilter_set *set, bool map) {
    if (!expect_symbol(p, '{'))
        return;
    skip_lines(p);
    while (!is_symbol(p, '}') && !flowrules_input_failed(p->in)) {
        take_element(p, keys, set, map);
        skip_lines(p);
        if (!accept_symbol(p, ',') && !is_symbol(p, '}'))
            unexpected(p, "',' or '}'");
        skip_lines(p);
    }
    next(p);
}

/* ---- matches ------------------------------------------------------------------------------- */

static struct netfilter_set *refer(struct parser *p, unsigned parts) {
    struct flowrules_place at = place(p);
    char *name = take_name(p, "the name of a set");
    return name ? fr_nftables_refer(p->nf, p->table, name, parts, at) : NULL;
}

/* The words that begin a key with a second word, and those that are one by themselves. */
static bool begins_key(const struct parser *p) {
    static const char *const words[] = {"ip",  "ip6",     "tcp",    "udp",    "sctp",
                                        "th",  "icmp",    "icmpv6", "meta",   "ct",
                                        "iif", "iifname", "oif",    "oifname"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is(p, words[i]))
            return true;
    return false;
}

/* A key of two words, or of one; what is not known becomes NETFILTER_OTHER. */
static bool take_key(struct parser *p, struct netfilter_key *key) {
    bool lone = is(p, "iif") || is(p, "iifname") || is(p, "oif") || is(p, "oifname");
    char *header = lone ? flowrules_input_copy(p->in, "meta", 4) : take_name(p, "a field");
    char *field = header ? take_name(p, "a field") : NULL;
    if (!field)
        return false;
    if (!fr_nftables_key(header, field, key))
        *key = (struct netfilter_key){NETFILTER_OTHER, -1, FLOWRULES_BOTH_FAMILIES};
    return key->field != NETFILTER_OTHER;
}

/* "tcp flags & (fin | syn) == syn", "tcp flags syn / fin,syn" and "ct state established,related".
 */
static void take_bit_match(struct parser *p, struct netfilter_match *match) {
    struct netfilter_key *key = &match->keys[0];
    uint32_t line = p->token.line;
    struct nftables_bits bits = {.masked = accept_symbol(p, '&')};
    bits.mask = bits.masked ? take_bits(p, key) : 0;
    bits.unequal = is_symbol(p, UNEQUAL);
    bits.compared = accept_symbol(p, UNEQUAL) || accept_symbol(p, EQUAL);
    bits.bits = take_bits(p, key);
    if (!bits.masked && accept_symbol(p, '/')) {
        bits.masked = true;
        bits.mask = take_bits(p, key);
    }
    fr_nftables_bits(p->nf, match, line, &bits);
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
static bool compares_plainly(const struct parser *p) {
    const char *at = p->at;
    while (at < p->end && (*at == ' ' || *at == '\t'))
        at++;
    return at < p->end && *at != '{' && *at != '@';
}

/* What a key is held against: operator and value, set, or reference. */
static void take_comparison(struct parser *p, struct netfilter_match *match) {
    enum nftables_operator op = operator_of(p->token.kind == TOKEN_SYMBOL ? p->token.symbol : 0);
    bool explicit = op != NFTABLES_EQUAL || is_symbol(p, EQUAL);
    match->set = fr_netfilter_anonymous_set(p->nf, match->key_count, place(p));
    if (!match->set)
        return;
    if (fr_nftables_has_bits(match) && (explicit ? compares_plainly(p) : !is_symbol(p, '{'))) {
        if (!is_symbol(p, '@')) {
            take_bit_match(p, match);
            return;
        }
    }
    match->negated = op == NFTABLES_UNEQUAL;
    if (explicit)
        next(p);
    if (is_symbol(p, '{')) {
        take_elements(p, match->keys, match->set, false);
    } else if (accept_symbol(p, '@')) {
        match->set = refer(p, match->key_count);
    } else {
        take_element(p, match->keys, match->set, false);
        if (match->set->count > 0 &&
            !fr_nftables_compare(&match->keys[0], op,
                                 (struct netfilter_piece *)match->set->elements[0].pieces))
            match->set->count = 0;
    }
}

static void not_understood(struct parser *p, struct netfilter_rule *rule, const char *from) {
    size_t length = (size_t)(p->at - from);
    skip_statement(p);
    if (!rule->other)
        rule->other = flowrules_input_print(p->in, "'%.*s...' is not understood",
                                            (int)(length < 60 ? length : 60), from);
}

/* What a field is set to: one value, or another field; the rule goes on behind it. */
static void take_set_value(struct parser *p, struct netfilter_rule *rule, const char *from) {
    struct netfilter_key key;
    if (begins_key(p))
        take_key(p, &key);
    else if (p->token.kind == TOKEN_WORD)
        next(p);
    bool computed = is(p, "and") || is(p, "or") || is(p, "xor") || is(p, "map");
    if (computed || (p->token.kind == TOKEN_SYMBOL && !at_end(p)))
        not_understood(p, rule, from);
}

/* "ip saddr . tcp dport @set", "iifname vmap { ... }". */
static void take_match(struct parser *p, struct netfilter_rule *rule) {
    const char *from = p->token.text;
    struct netfilter_match match = {.key_count = 0};
    bool known = true;
    do {
        if (match.key_count == NETFILTER_KEYS_MAX)
            known = false;
        else
            known = take_key(p, &match.keys[match.key_count++]) && known;
    } while (known && accept_symbol(p, '.'));
    if (accept(p, "set")) {
        take_set_value(p, rule, from);
        if (known) /* a mark, say, is nothing that policies know */
            rule->rewrites = fr_nftables_rewrites;
        return;
    }
    if (!known || (rule->map && is(p, "vmap"))) {
        not_understood(p, rule, from);
        return;
    }
    if (accept(p, "vmap")) {
        rule->map = flowrules_input_alloc(p->in, sizeof *rule->map);
        if (!rule->map)
            return;
        match.set = fr_netfilter_anonymous_set(p->nf, match.key_count, place(p));
        if (accept_symbol(p, '@'))
            match.set = refer(p, match.key_count);
        else if (match.set)
            take_elements(p, match.keys, match.set, true);
        *rule->map = match;
        return;
    }
    take_comparison(p, &match);
    struct netfilter_match *slot = fr_netfilter_match(p->nf, rule);
    if (slot)
        *slot = match;
}

/* ---- statements ---------------------------------------------------------------------------- */

static void take_counter(struct parser *p, struct netfilter_rule *rule) {
    (void)rule;
    if (accept(p, "name"))
        take_name(p, "a name");
    while (accept(p, "packets") || accept(p, "bytes"))
        take_name(p, "a number");
}

static void take_log(struct parser *p, struct netfilter_rule *rule) {
    static const char *const options[] = {"prefix", "level", "group", "snaplen", "queue-threshold"};
    rule->log = true;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (accept(p, options[i])) {
            take_name(p, "a value");
            i = SIZE_MAX; /* from the first again */
        } else if (accept(p, "flags")) {
            take_name(p, "a flag");
            while (is(p, "sequence") || is(p, "options") || is_symbol(p, ','))
                next(p);
            i = SIZE_MAX;
        }
    }
}

static void take_limit(struct parser *p, struct netfilter_rule *rule) {
    if (accept(p, "name")) {
        take_name(p, "a name");
    } else if (accept(p, "rate")) {
        accept(p, "over");
        take_name(p, "a rate");
        if (p->token.kind == TOKEN_WORD && memchr(p->token.text, '/', p->token.length))
            next(p); /* "mbytes/second" */
        if (accept(p, "burst")) {
            take_name(p, "a number");
            take_name(p, "a unit");
        }
    }
    fr_netfilter_other(p->nf, rule, "a limit of the rate");
}

static void take_reject(struct parser *p, struct netfilter_rule *rule) {
    char *with = NULL;
    if (accept(p, "with"))
        with = take_name(p, "a kind of reject");
    while (with && (is(p, "type") || is(p, "reset") || p->token.kind == TOKEN_WORD)) {
        if (is(p, "comment"))
            break;
        next(p);
    }
    fr_nftables_reject(p->nf, rule, with ? with : "");
}

static void take_comment(struct parser *p, struct netfilter_rule *rule) {
    rule->comment = take_name(p, "a comment");
}

/* "tcp option maxseg size set rt mtu" changes nothing that policies know. */
static bool take_tcp_option(struct parser *p) {
    const struct parser before = *p;
    next(p);
    bool option = accept(p, "option");
    while (option && !at_end(p) && !is(p, "set"))
        next(p);
    bool sets = option && accept(p, "set");
    if (sets)
        accept(p, "rt");
    if (sets && p->token.kind == TOKEN_WORD)
        next(p);
    if (!sets)
        *p = before;
    return sets;
}

static void take_rewrite(struct parser *p, struct netfilter_rule *rule) {
    skip_statement(p);
    rule->rewrites = fr_nftables_rewrites;
}

/* add @set { ... }: the set's elements come and go; this packet goes on. */
static void take_update(struct parser *p, struct netfilter_rule *rule) {
    (void)rule;
    while (!at_end(p) && !is_symbol(p, '{'))
        next(p);
    if (is_symbol(p, '{')) {
        unsigned depth = 0;
        do {
            depth += is_symbol(p, '{') ? 1u : 0u;
            depth -= is_symbol(p, '}') ? 1u : 0u;
            next(p);
        } while (depth > 0 && p->token.kind != TOKEN_END);
    }
}

static const struct {
    const char *word;
    void (*take)(struct parser *p, struct netfilter_rule *rule);
} statements[] = {
    {"counter", take_counter},  {"log", take_log},         {"limit", take_limit},
    {"reject", take_reject},    {"comment", take_comment}, {"notrack", take_rewrite},
    {"snat", take_rewrite},     {"dnat", take_rewrite},    {"masquerade", take_rewrite},
    {"redirect", take_rewrite}, {"tproxy", take_rewrite},  {"add", take_update},
    {"update", take_update},    {"delete", take_update},
};

static bool take_verdict(struct parser *p, struct netfilter_rule *rule) {
    char word[16];
    bool takes_chain;
    enum netfilter_verdict verdict;
    if (p->token.kind != TOKEN_WORD || p->token.length >= sizeof word)
        return false;
    memcpy(word, p->token.text, p->token.length);
    word[p->token.length] = '\0';
    if (!fr_nftables_verdict(word, &verdict, &takes_chain))
        return false;
    next(p);
    rule->verdict = verdict;
    if (takes_chain)
        rule->target = take_name(p, "the name of a chain");
    return true;
}

static void take_statement(struct parser *p, struct netfilter_rule *rule) {
    const char *from = p->token.text;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (accept(p, statements[i].word)) {
            statements[i].take(p, rule);
            return;
        }
    }
    if (take_verdict(p, rule) || (is(p, "tcp") && take_tcp_option(p)))
        return;
    if (begins_key(p))
        take_match(p, rule);
    else
        not_understood(p, rule, from);
}

static void take_rule(struct parser *p, struct netfilter_chain *chain) {
    struct netfilter_rule *rule = fr_netfilter_rule(p->nf, chain, place(p));
    while (rule && !at_end(p) && !flowrules_input_failed(p->in))
        take_statement(p, rule);
}

/* ---- chains, sets and tables --------------------------------------------------------------- */

/* The number of "filter + 10" or "-150". */
static void take_priority(struct parser *p, struct netfilter_chain *chain) {
    struct flowrules_place at = place(p);
    char *text = take_name(p, "a priority");
    long long more = 0;
    if (text && !fr_nftables_priority(text, &chain->priority))
        flowrules_input_error(p->in, at, NULL, "'%.80s' is no priority", text);
    int sign = is_symbol(p, '-') ? -1 : is_symbol(p, '+') ? 1 : 0;
    if (sign == 0)
        return;
    next(p);
    text = take_name(p, "a number");
    if (text && fr_nftables_priority(text, &more))
        chain->priority += sign * more;
}

/* "type filter hook input priority filter; policy drop;" */
static void take_hook(struct parser *p, struct netfilter_chain *chain) {
    char *type = take_name(p, "a type");
    char *hook = accept(p, "hook") ? take_name(p, "a hook") : NULL;
    if (type && hook)
        fr_nftables_hook(chain, type, hook);
    while (!at_end(p) && !is(p, "priority"))
        next(p);
    if (accept(p, "priority"))
        take_priority(p, chain);
}

static void take_policy(struct parser *p, struct netfilter_chain *chain) {
    chain->policy_at = place(p);
    if (accept(p, "drop"))
        chain->policy = NETFILTER_DROP;
    else if (!accept(p, "accept"))
        unexpected(p, "accept or drop");
}

static void take_chain(struct parser *p) {
    struct flowrules_place at = place(p);
    char *name = take_name(p, "the name of a chain");
    struct netfilter_chain *chain = name ? fr_netfilter_chain(p->nf, p->table, name, at) : NULL;
    if (!chain || !expect_symbol(p, '{'))
        return;
    for (skip_separators(p); !is_symbol(p, '}') && !flowrules_input_failed(p->in);
         skip_separators(p)) {
        if (p->token.kind == TOKEN_END)
            unexpected(p, "'}'");
        else if (accept(p, "type"))
            take_hook(p, chain);
        else if (accept(p, "policy"))
            take_policy(p, chain);
        else if (is(p, "comment") || is(p, "flags") || is(p, "devices"))
            skip_statement(p);
        else
            take_rule(p, chain);
    }
    next(p);
}

/* "type ipv4_addr . inet_service : verdict", or typeof with keys in place of the types. */
static void take_types(struct parser *p, struct netfilter_set *set, bool by_key) {
    set->parts = 0;
    do {
        struct netfilter_key key;
        if (by_key) {
            take_key(p, &key);
        } else {
            char *type = take_name(p, "a type");
            if (!type)
                return;
            fr_nftables_type(type, &key);
        }
        if (set->parts < NETFILTER_KEYS_MAX)
            set->types[set->parts++] = key;
        else
            set->doubt = "a set with more parts than are known";
    } while (accept_symbol(p, '.') && !flowrules_input_failed(p->in));
    fr_nftables_check_set(set);
}

static void take_set_flags(struct parser *p, struct netfilter_set *set, bool map) {
    while (!at_end(p)) {
        if (is(p, "timeout") || is(p, "dynamic"))
            fr_nftables_expires(p->nf, set, map);
        next(p);
    }
}

static void take_set(struct parser *p, bool map) {
    struct flowrules_place at = place(p);
    char *name = take_name(p, "the name of a set");
    struct netfilter_set *set = name ? fr_netfilter_set(p->nf, p->table, name, at) : NULL;
    if (!set || !expect_symbol(p, '{'))
        return;
    for (skip_separators(p); !is_symbol(p, '}') && !flowrules_input_failed(p->in);
         skip_separators(p)) {
        bool by_key = is(p, "typeof");
        if (p->token.kind == TOKEN_END) {
            unexpected(p, "'}'");
        } else if (accept(p, "type") || accept(p, "typeof")) {
            take_types(p, set, by_key);
            if (map && accept_symbol(p, ':') && !accept(p, "verdict"))
                set->doubt = "a map of something else than verdicts";
            skip_statement(p);
        } else if (accept(p, "flags")) {
            take_set_flags(p, set, map);
        } else if (accept(p, "timeout")) {
            /* nft list leaves the flag out where there is a timeout. */
            fr_nftables_expires(p->nf, set, map);
            skip_statement(p);
        } else if (accept(p, "elements")) {
            expect_symbol(p, '=');
            skip_lines(p);
            if (set->doubt)
                skip_statement(p);
            else
                take_elements(p, set->types, set, map);
        } else {
            skip_statement(p);
        }
    }
    next(p);
}

static void take_table_body(struct parser *p) {
    for (skip_separators(p); !is_symbol(p, '}') && !flowrules_input_failed(p->in);
         skip_separators(p)) {
        if (p->token.kind == TOKEN_END) {
            unexpected(p, "'}'");
        } else if (accept(p, "chain")) {
            take_chain(p);
        } else if (accept(p, "set")) {
            take_set(p, false);
        } else if (accept(p, "map")) {
            take_set(p, true);
        } else if (accept(p, "flags")) {
            if (is(p, "dormant"))
                p->table->families = 0; /* none of its chains is on a hook */
            skip_statement(p);
        } else {
            /* Counters, quotas, helpers: nothing that decides by itself. */
            skip_statement(p);
        }
    }
    next(p);
}

/* The family and name of a table. */
static void take_table_name(struct parser *p, char **family, char **name) {
    static const char *const families[] = {"ip", "ip6", "inet", "arp", "bridge", "netdev"};
    *family = flowrules_input_copy(p->in, "ip", 2);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (is(p, families[i])) {
            *family = take_name(p, "a family");
            break;
        }
    }
    *name = take_name(p, "the name of a table");
}

static void take_table(struct parser *p) {
    char *family, *name;
    take_table_name(p, &family, &name);
    p->table = family && name ? fr_netfilter_table(p->nf, family, name) : NULL;
    if (p->table && accept_symbol(p, '{'))
        take_table_body(p);
}

static void take_command(struct parser *p) {
    struct flowrules_place at = place(p);
    if (accept(p, "table")) {
        take_table(p);
    } else if ((is(p, "add") || is(p, "create") || is(p, "delete") || is(p, "destroy") ||
                is(p, "flush")) &&
               !p->nf->tables) {
        /* What makes room for the tables that follow. */
        bool makes = is(p, "add") || is(p, "create");
        next(p);
        if (!is(p, "table") && (makes || !is(p, "ruleset")))
            flowrules_input_error(p->in, at, "hand in what nft list ruleset prints",
                                  "only whole tables are read, not single commands");
        skip_statement(p);
    } else {
        flowrules_input_error(p->in, at, "hand in what nft list ruleset prints",
                              "'%.*s' is no table of nft's",
                              (int)(p->token.length < 40 ? p->token.length : 40), p->token.text);
    }
}

void fr_nftables_read_text(struct netfilter *nf, size_t file) {
    size_t size;
    const char *text = flowrules_input_text(nf->in, file, &size);
    struct parser p = {.nf = nf,
                       .in = nf->in,
                       .file = file,
                       .at = text,
                       .end = text + size,
                       .line_start = text,
                       .line = 1};
    next(&p);
    for (skip_separators(&p); p.token.kind != TOKEN_END && !flowrules_input_failed(nf->in);
         skip_separators(&p))
        take_command(&p);
}
