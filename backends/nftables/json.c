/*
 * nft's JSON, as nft -j list ruleset prints it (libnftables-json(5) of nftables 1.0.6).
 */
#include <string.h>

#include "read.h"

struct reader {
    struct netfilter *nf;
    flowrules_input *in;
    const struct netfilter_table *table; /* of the rule or set at hand */
};

static const char *text_of(const flowrules_node *node, const char *key) {
    return flowrules_node_text(flowrules_node_get(node, key));
}

static void unexpected(struct reader *r, const flowrules_node *node, const char *wanted) {
    flowrules_input_error(r->in, flowrules_node_place(node), NULL, "%s is expected here", wanted);
}

/* The value of an object with one key, as most of nft's JSON is; NULL when it is another one. */
static const flowrules_node *only(const flowrules_node *node, const char *key) {
    return flowrules_node_kind(node) == FLOWRULES_NODE_MAP ? flowrules_node_get(node, key) : NULL;
}

static bool is_object(const flowrules_node *node, const char *key) {
    return flowrules_node_kind(node) == FLOWRULES_NODE_MAP && flowrules_node_get(node, key) != NULL;
}

static bool is_list(const flowrules_node *node) {
    return flowrules_node_kind(node) == FLOWRULES_NODE_LIST;
}

/* ---- values -------------------------------------------------------------------------------- */

/* {"prefix": {"addr": "192.0.2.0", "len": 24}}, {"range": [1024, 65535]} or one value, as text. */
static const char *value_text(struct reader *r, const flowrules_node *node) {
    const flowrules_node *prefix = only(node, "prefix"), *range = only(node, "range");
    const char *first = text_of(prefix, "addr"), *last = text_of(prefix, "len");
    if (first && last)
        return flowrules_input_print(r->in, "%s/%s", first, last);
    const flowrules_node *from = flowrules_node_first(range);
    first = flowrules_node_text(from);
    last = flowrules_node_text(flowrules_node_next(from));
    if (range && first && last)
        return flowrules_input_print(r->in, "%s-%s", first, last);
    return flowrules_node_text(node);
}

/* A name that is not known here makes what it stands in doubtful, and no more. */
static void read_value(struct reader *r, const flowrules_node *node,
                       const struct netfilter_key *key, struct netfilter_piece *piece,
                       const char **doubt) {
    const char *text = value_text(r, node);
    if (!text)
        unexpected(r, node, "a value");
    else if (!fr_nftables_value(r->in, key, text, strlen(text), piece) &&
             !(*doubt = fr_nftables_unknown_name(r->in, text, strlen(text))))
        fr_nftables_bad_value(r->in, flowrules_node_place(node), text, strlen(text));
}

/* Bits that a list, or nested |, puts together. */
static uint64_t read_bits(struct reader *r, const flowrules_node *node,
                          const struct netfilter_key *key, const char **doubt) {
    const flowrules_node *list = is_list(node) ? node : only(node, "|");
    uint64_t bits = 0;
    if (!list) {
        struct netfilter_piece piece = {.protocol = -1};
        const char *text = flowrules_node_text(node);
        if (text && strcmp(text, "0") == 0)
            return 0;
        read_value(r, node, key, &piece, doubt);
        return piece.range.last.lo;
    }
    for (const flowrules_node *n = flowrules_node_first(list); n; n = flowrules_node_next(n))
        bits |= read_bits(r, n, key, doubt);
    return bits;
}

static void read_verdict(struct reader *r, const flowrules_node *node,
                         enum netfilter_verdict *verdict, const char **target) {
    const flowrules_node *statement = flowrules_node_first(node);
    const char *word = flowrules_node_key(statement);
    bool takes_chain;
    if (!word || !fr_nftables_verdict(word, verdict, &takes_chain)) {
        unexpected(r, node, "a verdict");
        return;
    }
    if (takes_chain && !(*target = text_of(statement, "target")))
        unexpected(r, node, "the name of a chain");
}

/* ---- elements ------------------------------------------------------------------------------ */

static void read_element_options(struct reader *r, const flowrules_node *element,
                                 struct netfilter_set *set, struct netfilter_element *into) {
    into->comment = text_of(element, "comment");
    set->commented = set->commented || into->comment;
    if (flowrules_node_get(element, "timeout") || flowrules_node_get(element, "expires")) {
        fr_netfilter_expires(r->nf, set);
        set->count--;
    }
}

/* A value, {"concat": [...]}, {"elem": {"val": ..., "comment": ...}}; of a map [key, verdict]. */
static void read_element(struct reader *r, const flowrules_node *node,
                         const struct netfilter_key *keys, struct netfilter_set *set, bool map) {
    uint32_t line = flowrules_node_place(node).line;
    struct netfilter_piece *pieces = fr_netfilter_element(r->nf, set, line);
    struct netfilter_element *into = pieces ? &set->elements[set->count - 1] : NULL;
    const flowrules_node *key = map ? flowrules_node_first(node) : node;
    if (!into)
        return;
    if (map && (!is_list(node) || flowrules_node_count(node) != 2)) {
        unexpected(r, node, "a key and a verdict");
        return;
    }
    const flowrules_node *element = only(key, "elem");
    const flowrules_node *value = element ? flowrules_node_get(element, "val") : key;
    const flowrules_node *concat = only(value, "concat");
    const flowrules_node *part = concat ? flowrules_node_first(concat) : value;
    if (flowrules_node_count(concat) != (concat ? set->parts : 0) || (!concat && set->parts != 1)) {
        unexpected(r, value, "as many values as the set has parts");
        return;
    }
    for (unsigned i = 0; i < set->parts; i++, part = flowrules_node_next(part)) {
        const char *doubt = NULL;
        read_value(r, part, &keys[i], &pieces[i], &doubt);
        set->doubt = doubt ? doubt : set->doubt;
    }
    if (map)
        read_verdict(r, flowrules_node_next(key), &into->verdict, &into->target);
    if (element)
        read_element_options(r, element, set, into);
}

static void read_elements(struct reader *r, const flowrules_node *list,
                          const struct netfilter_key *keys, struct netfilter_set *set, bool map) {
    if (list && !is_list(list))
        unexpected(r, list, "a list of elements");
    for (const flowrules_node *n = is_list(list) ? flowrules_node_first(list) : NULL;
         n && !flowrules_input_failed(r->in) && !set->doubt; n = flowrules_node_next(n))
        read_element(r, n, keys, set, map);
}

/* ---- keys ---------------------------------------------------------------------------------- */

/* {"payload": {"protocol": "ip", "field": "saddr"}}, {"meta": {"key": "l4proto"}}, ct likewise. */
static bool read_key(const flowrules_node *node, struct netfilter_key *key) {
    const flowrules_node *payload = only(node, "payload"), *meta = only(node, "meta"),
                         *ct = only(node, "ct");
    const char *header = payload ? text_of(payload, "protocol") : meta ? "meta" : "ct";
    const char *field = payload ? text_of(payload, "field") : text_of(meta ? meta : ct, "key");
    *key = (struct netfilter_key){NETFILTER_OTHER, -1, FLOWRULES_BOTH_FAMILIES};
    return header && field && !flowrules_node_get(ct, "dir") && fr_nftables_key(header, field, key);
}

/* The next key, or {"&": [KEY, MASK]} of addresses; false where it is not known. */
static bool read_next_key(struct reader *r, const flowrules_node *node,
                          struct netfilter_match *match) {
    const flowrules_node *masked = only(node, "&"), *left = flowrules_node_first(masked);
    const char *mask = flowrules_node_text(masked ? flowrules_node_next(left) : NULL);
    struct netfilter_piece piece = {.protocol = -1};
    struct netfilter_key *key = &match->keys[match->key_count];
    uint8_t *mask_bits = &match->mask_bits[match->key_count++];
    if (!masked)
        return read_key(node, key);
    if (!left || !mask || !read_key(left, key) ||
        (key->field != NETFILTER_SOURCE && key->field != NETFILTER_DESTINATION) ||
        !fr_nftables_value(r->in, key, mask, strlen(mask), &piece))
        return false;
    *mask_bits = fr_nftables_mask_bits(&piece.range);
    return *mask_bits > 0;
}

/* One key, or those of {"concat": [...]}; false where one is not known. */
static bool read_keys(struct reader *r, const flowrules_node *node, struct netfilter_match *match) {
    const flowrules_node *concat = only(node, "concat");
    match->key_count = 0;
    if (!concat)
        return read_next_key(r, node, match);
    for (const flowrules_node *n = flowrules_node_first(concat); n; n = flowrules_node_next(n))
        if (match->key_count == NETFILTER_KEYS_MAX || !read_next_key(r, n, match))
            return false;
    return match->key_count > 0;
}

/* ---- matches ------------------------------------------------------------------------------- */

static bool read_operator(const char *text, enum nftables_operator *op) {
    static const struct {
        const char *text;
        enum nftables_operator op;
    } operators[] = {{"==", NFTABLES_EQUAL},   {"in", NFTABLES_EQUAL}, {"!=", NFTABLES_UNEQUAL},
                     {"<", NFTABLES_LESS},     {">", NFTABLES_MORE},   {"<=", NFTABLES_AT_MOST},
                     {">=", NFTABLES_AT_LEAST}};
    for (size_t i = 0; text && i < sizeof operators / sizeof *operators; i++) {
        if (strcmp(operators[i].text, text) == 0) {
            *op = operators[i].op;
            return true;
        }
    }
    return false;
}

/* The right side of a match into its set. */
static void read_right(struct reader *r, const flowrules_node *right, enum nftables_operator op,
                       struct netfilter_match *match) {
    const char *text = flowrules_node_text(right);
    if (text && text[0] == '@') {
        match->set = fr_nftables_refer(r->nf, r->table, text + 1, match->key_count,
                                       flowrules_node_place(right));
    } else if (is_object(right, "set")) {
        read_elements(r, only(right, "set"), match->keys, match->set, false);
    } else {
        read_element(r, right, match->keys, match->set, false);
        if (match->set->count > 0 &&
            !fr_nftables_compare(&match->keys[0], op,
                                 (struct netfilter_piece *)match->set->elements[0].pieces))
            match->set->count = 0;
    }
}

static void not_known(struct reader *r, struct netfilter_rule *rule, const char *what) {
    fr_netfilter_other(r->nf, rule, what);
}

/* {"op": "==", "left": ..., "right": ...} */
static void read_match(struct reader *r, const flowrules_node *node, struct netfilter_rule *rule) {
    const flowrules_node *left = flowrules_node_get(node, "left");
    const flowrules_node *right = flowrules_node_get(node, "right");
    const flowrules_node *masked = only(left, "&");
    const char *word = text_of(node, "op");
    struct netfilter_match match = {.key_count = 0};
    enum nftables_operator op;
    if (!left || !right || !read_operator(word, &op)) {
        unexpected(r, node, "a match with op, left and right");
        return;
    }
    bool of_bits = masked && read_keys(r, flowrules_node_first(masked), &match) &&
                   fr_nftables_has_bits(&match);
    if (!of_bits && !read_keys(r, left, &match)) {
        not_known(r, rule, "a part of packets that a policy cannot express");
        return;
    }
    match.negated = op == NFTABLES_UNEQUAL;
    match.set = fr_netfilter_anonymous_set(r->nf, match.key_count, flowrules_node_place(node));
    if (!match.set)
        return;
    const char *reference = flowrules_node_text(right);
    if (fr_nftables_has_bits(&match) && !is_object(right, "set") &&
        !(reference && reference[0] == '@')) {
        struct nftables_bits bits = {.masked = masked != NULL,
                                     .compared = strcmp(word, "in") != 0,
                                     .unequal = op == NFTABLES_UNEQUAL};
        const char *doubt = NULL;
        if (masked)
            bits.mask = read_bits(r, flowrules_node_next(flowrules_node_first(masked)),
                                  &match.keys[0], &doubt);
        bits.bits = read_bits(r, right, &match.keys[0], &doubt);
        fr_nftables_bits(r->nf, &match, flowrules_node_place(node).line, &bits);
        if (doubt) {
            match.set = NULL;
            match.other = doubt;
        }
    } else {
        read_right(r, right, op, &match);
    }
    struct netfilter_match *slot = fr_netfilter_match(r->nf, rule);
    if (slot)
        *slot = match;
}

/* {"key": ..., "data": {"set": [[key, verdict], ...]}} or data "@map" */
static void read_map(struct reader *r, const flowrules_node *node, struct netfilter_rule *rule) {
    const flowrules_node *data = flowrules_node_get(node, "data");
    const char *name = flowrules_node_text(data);
    struct netfilter_match match = {.key_count = 0};
    if (rule->map || !read_keys(r, flowrules_node_get(node, "key"), &match)) {
        rule->other = "a map by something that a policy cannot express";
        return;
    }
    if (name && name[0] == '@') {
        match.set = fr_nftables_refer(r->nf, r->table, name + 1, match.key_count,
                                      flowrules_node_place(data));
    } else {
        match.set = fr_netfilter_anonymous_set(r->nf, match.key_count, flowrules_node_place(node));
        if (match.set)
            read_elements(r, only(data, "set"), match.keys, match.set, true);
    }
    rule->map = flowrules_input_alloc(r->in, sizeof *rule->map);
    if (rule->map)
        *rule->map = match;
}

/* ---- statements ---------------------------------------------------------------------------- */

static void read_nothing(struct reader *r, const flowrules_node *node,
                         struct netfilter_rule *rule) {
    (void)r;
    (void)node;
    (void)rule;
}

/* {"packets": 3, "bytes": 180}; null where it shows nothing; a name is a counter elsewhere. */
static void read_counter(struct reader *r, const flowrules_node *node,
                         struct netfilter_rule *rule) {
    static const char *const keys[] = {"packets", "bytes"};
    struct flowrules_counts counts = {.has_bytes = true};
    uint64_t *numbers[] = {&counts.packets, &counts.bytes};
    if (flowrules_node_kind(node) != FLOWRULES_NODE_MAP)
        return;
    for (size_t i = 0; i < 2; i++) {
        const flowrules_node *number = flowrules_node_get(node, keys[i]);
        const char *text = flowrules_node_text(number);
        if (number && (!text || !flowrules_parse_count(text, strlen(text), numbers[i])))
            unexpected(r, number, "a number of 64 bits");
    }
    fr_netfilter_count(r->nf, rule, &counts);
}

static void read_log(struct reader *r, const flowrules_node *node, struct netfilter_rule *rule) {
    (void)r;
    (void)node;
    rule->log = true;
}

static void read_limit(struct reader *r, const flowrules_node *node, struct netfilter_rule *rule) {
    (void)node;
    not_known(r, rule, "a limit of the rate");
}

static void read_reject(struct reader *r, const flowrules_node *node, struct netfilter_rule *rule) {
    const char *type = text_of(node, "type");
    fr_nftables_reject(r->nf, rule, !type ? "" : strcmp(type, "tcp reset") == 0 ? "tcp" : type);
}

static void read_rewrite(struct reader *r, const flowrules_node *node,
                         struct netfilter_rule *rule) {
    (void)r;
    (void)node;
    rule->rewrites = fr_nftables_rewrites;
}

static void read_dnat(struct reader *r, const flowrules_node *node, struct netfilter_rule *rule) {
    const char *to = text_of(node, "addr");
    if (to != NULL)
        fr_netfilter_move(r->nf, rule, to);
    read_rewrite(r, node, rule);
}

/* Setting a mark, a priority or an option changes nothing that policies know. */
static void read_mangle(struct reader *r, const flowrules_node *node, struct netfilter_rule *rule) {
    struct netfilter_key key;
    if (read_key(flowrules_node_get(node, "key"), &key))
        read_rewrite(r, node, rule);
}

static const struct {
    const char *key;
    void (*read)(struct reader *r, const flowrules_node *node, struct netfilter_rule *rule);
} statements[] = {
    {"match", read_match},      {"vmap", read_map},       {"counter", read_counter},
    {"log", read_log},          {"limit", read_limit},    {"reject", read_reject},
    {"set", read_nothing},      {"mangle", read_mangle},  {"notrack", read_rewrite},
    {"snat", read_rewrite},     {"dnat", read_dnat},      {"masquerade", read_rewrite},
    {"redirect", read_rewrite}, {"tproxy", read_rewrite},
};

static void read_statement(struct reader *r, const flowrules_node *node,
                           struct netfilter_rule *rule) {
    const flowrules_node *statement = flowrules_node_first(node);
    const char *key = flowrules_node_key(statement);
    enum netfilter_verdict verdict;
    bool takes_chain;
    if (!key) {
        unexpected(r, node, "a statement");
        return;
    }
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (strcmp(statements[i].key, key) == 0) {
            statements[i].read(r, statement, rule);
            return;
        }
    }
    if (fr_nftables_verdict(key, &verdict, &takes_chain))
        read_verdict(r, node, &rule->verdict, &rule->target);
    else if (!rule->other)
        rule->other = flowrules_input_print(r->in, "'%.60s' is not understood", key);
}

/* ---- tables, chains, sets and rules -------------------------------------------------------- */

/* The table of an object; NULL after an error. */
static struct netfilter_table *table_of(struct reader *r, const flowrules_node *node,
                                        const char *key) {
    const char *family = text_of(node, "family"), *name = text_of(node, key);
    if (family && name)
        return fr_netfilter_table(r->nf, family, name);
    unexpected(r, node, "the family and name of a table");
    return NULL;
}

static void read_chain(struct reader *r, const flowrules_node *node) {
    struct netfilter_table *table = table_of(r, node, "table");
    const char *name = text_of(node, "name"), *type = text_of(node, "type"),
               *hook = text_of(node, "hook"), *priority = text_of(node, "prio"),
               *policy = text_of(node, "policy");
    struct flowrules_place at = flowrules_node_place(node);
    struct netfilter_chain *chain =
        table && name ? fr_netfilter_chain(r->nf, table, name, at) : NULL;
    if (!name)
        unexpected(r, node, "the name of a chain");
    if (!chain || !hook)
        return;
    fr_nftables_hook(chain, type ? type : "filter", hook);
    if (priority && !fr_nftables_priority(priority, &chain->priority))
        unexpected(r, flowrules_node_get(node, "prio"), "a priority");
    if (policy && strcmp(policy, "drop") == 0)
        chain->policy = NETFILTER_DROP;
}

static void add_type(struct netfilter_set *set, const flowrules_node *node, bool by_key) {
    const char *type = flowrules_node_text(node);
    if (set->parts == NETFILTER_KEYS_MAX) {
        set->doubt = "a set with unknown parts";
        return;
    }
    struct netfilter_key *key = &set->types[set->parts++];
    *key = (struct netfilter_key){NETFILTER_OTHER, -1, FLOWRULES_BOTH_FAMILIES};
    if (by_key)
        read_key(node, key);
    else if (type)
        fr_nftables_type(type, key);
}

/* "ipv4_addr", ["ipv4_addr", "inet_service"], or {"typeof": ...} of newer versions. */
static void read_types(struct netfilter_set *set, const flowrules_node *type) {
    const flowrules_node *keys = only(type, "typeof");
    const flowrules_node *list = keys ? only(keys, "concat") : type;
    if (keys ? list != NULL : is_list(list)) {
        for (const flowrules_node *n = flowrules_node_first(list); n; n = flowrules_node_next(n))
            add_type(set, n, keys != NULL);
    } else {
        add_type(set, keys ? keys : type, keys != NULL);
    }
    fr_nftables_check_set(set);
}

/* "timeout", or a list with it. */
static bool has_flag(const flowrules_node *flags, const char *wanted) {
    const char *one = flowrules_node_text(flags);
    if (one)
        return strcmp(one, wanted) == 0;
    for (const flowrules_node *n = flowrules_node_first(flags); n; n = flowrules_node_next(n)) {
        const char *flag = flowrules_node_text(n);
        if (flag && strcmp(flag, wanted) == 0)
            return true;
    }
    return false;
}

static bool comes_and_goes(const flowrules_node *set) {
    const flowrules_node *flags = flowrules_node_get(set, "flags");
    return flowrules_node_get(set, "timeout") || has_flag(flags, "timeout") ||
           has_flag(flags, "dynamic");
}

static void read_set(struct reader *r, const flowrules_node *node, bool map) {
    struct netfilter_table *table = table_of(r, node, "table");
    const char *name = text_of(node, "name"), *to = text_of(node, "map");
    struct netfilter_set *set =
        table && name ? fr_netfilter_set(r->nf, table, name, flowrules_node_place(node)) : NULL;
    if (!name)
        unexpected(r, node, "the name of a set");
    if (!set || set->parts > 0)
        return;
    read_types(set, flowrules_node_get(node, "type"));
    if (map && (!to || strcmp(to, "verdict") != 0))
        set->doubt = "a map with values other than verdicts";
    if (comes_and_goes(node))
        fr_nftables_expires(r->nf, set, map);
    read_elements(r, flowrules_node_get(node, "elem"), set->types, set, map);
}

static void read_rule(struct reader *r, const flowrules_node *node) {
    struct netfilter_table *table = table_of(r, node, "table");
    const char *name = text_of(node, "chain");
    struct netfilter_chain *chain =
        table && name ? fr_netfilter_find_chain(r->nf, table, name) : NULL;
    struct netfilter_rule *rule =
        chain ? fr_netfilter_rule(r->nf, chain, flowrules_node_place(node)) : NULL;
    if (!chain)
        unexpected(r, node, "a rule of a chain that is in the file");
    if (!rule)
        return;
    r->table = table;
    rule->comment = text_of(node, "comment");
    rule->origin = text_of(node, "handle");
    if (rule->origin) /* all of it stands in one line */
        rule->origin =
            flowrules_input_print(r->in, "chain %.60s, handle %.20s", name, rule->origin);
    for (const flowrules_node *n = flowrules_node_first(flowrules_node_get(node, "expr"));
         n && !flowrules_input_failed(r->in); n = flowrules_node_next(n))
        read_statement(r, n, rule);
}

/* {"family": "inet", "name": "filter", "flags": "dormant"} */
static void read_table(struct reader *r, const flowrules_node *node) {
    struct netfilter_table *table = table_of(r, node, "name");
    if (table && has_flag(flowrules_node_get(node, "flags"), "dormant"))
        table->families = 0; /* none of its chains is on a hook */
}

/* What rules name, and decides nothing by itself. */
static bool is_aside(const char *key) {
    static const char *const keys[] = {"metainfo",       "counter",  "quota",     "limit",
                                       "secmark",        "synproxy", "ct helper", "ct timeout",
                                       "ct expectation", "flowtable"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* One object, where it is of the pass: rules come behind what they refer to. */
static void read_object(struct reader *r, const flowrules_node *object, int pass) {
    const char *key = flowrules_node_key(object);
    bool is_rule = strcmp(key, "rule") == 0;
    if (is_rule != (pass == 1) || is_aside(key))
        return;
    if (is_rule)
        read_rule(r, object);
    else if (strcmp(key, "table") == 0)
        read_table(r, object);
    else if (strcmp(key, "chain") == 0)
        read_chain(r, object);
    else if (strcmp(key, "set") == 0 || strcmp(key, "map") == 0)
        read_set(r, object, strcmp(key, "map") == 0);
    else
        flowrules_input_error(r->in, flowrules_node_place(object),
                              "load it, and use the output of nft -j list ruleset",
                              "nft -j list ruleset does not print '%.60s'", key);
}

static void read_objects(struct reader *r, const flowrules_node *list, int pass) {
    for (const flowrules_node *n = flowrules_node_first(list); n && !flowrules_input_failed(r->in);
         n = flowrules_node_next(n)) {
        const flowrules_node *object = flowrules_node_first(n);
        if (!flowrules_node_key(object))
            unexpected(r, n, "an object");
        else
            read_object(r, object, pass);
    }
}

static void read_document(struct reader *r, const flowrules_node *document) {
    const flowrules_node *list = flowrules_node_get(document, "nftables");
    if (!is_list(list)) {
        struct flowrules_place at = flowrules_node_place(document);
        flowrules_input_error(r->in, (struct flowrules_place){at.file, 1, 1},
                              "use the output of nft -j list ruleset",
                              "this is JSON, but not from nft");
        return;
    }
    read_objects(r, list, 0);
    read_objects(r, list, 1);
}

void fr_nftables_read_json(struct netfilter *nf, size_t file) {
    struct reader r = {.nf = nf, .in = nf->in};
    const flowrules_node *document = flowrules_node_first(flowrules_input_documents(nf->in, file));
    for (; document && !flowrules_input_failed(nf->in); document = flowrules_node_next(document))
        read_document(&r, document);
}
