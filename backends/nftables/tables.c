/*
 * Tables, chains and sets in nft's own text: what nft list ruleset prints, what this backend
 * writes, and the commands of a file for nft -f, which are followed in their order.
 */
#include <string.h>

#include "text.h"

/* ---- chains, sets and tables --------------------------------------------------------------- */

/* The number of "filter + 10" or "-150". */
static void take_priority(struct nftables_parser *p, struct netfilter_chain *chain) {
    struct flowrules_place at = p->token.at;
    char *text = fr_nftables_take_name(p, "a priority");
    long long more = 0;
    if (text && !fr_nftables_priority(text, &chain->priority))
        flowrules_input_error(p->in, at, NULL, "'%.80s' is not a valid priority", text);
    int sign = fr_nftables_is_symbol(p, '-') ? -1 : fr_nftables_is_symbol(p, '+') ? 1 : 0;
    if (sign == 0)
        return;
    fr_nftables_next(p);
    text = fr_nftables_take_name(p, "a number");
    if (text && fr_nftables_priority(text, &more))
        chain->priority += sign * more;
}

/* "type filter hook input priority filter; policy drop;" */
static void take_hook(struct nftables_parser *p, struct netfilter_chain *chain) {
    char *type = fr_nftables_take_name(p, "a type");
    char *hook = fr_nftables_accept(p, "hook") ? fr_nftables_take_name(p, "a hook") : NULL;
    if (type && hook)
        fr_nftables_hook(chain, type, hook);
    while (!fr_nftables_at_end(p) && !fr_nftables_is(p, "priority"))
        fr_nftables_next(p);
    if (fr_nftables_accept(p, "priority"))
        take_priority(p, chain);
}

static void take_policy(struct nftables_parser *p, struct netfilter_chain *chain) {
    chain->policy_at = p->token.at;
    if (fr_nftables_accept(p, "drop"))
        chain->policy = NETFILTER_DROP;
    else if (!fr_nftables_accept(p, "accept"))
        fr_nftables_unexpected(p, "accept or drop");
}

static void take_chain(struct nftables_parser *p) {
    struct flowrules_place at = p->token.at;
    char *name = fr_nftables_take_name(p, "the name of a chain");
    struct netfilter_chain *chain = name ? fr_netfilter_chain(p->nf, p->table, name, at) : NULL;
    const struct nftables_definition *known = p->known;
    if (!chain || !fr_nftables_accept_symbol(p, '{'))
        return;
    for (fr_nftables_skip_separators(p);
         !fr_nftables_is_symbol(p, '}') && !flowrules_input_failed(p->in);
         fr_nftables_skip_separators(p)) {
        if (p->token.kind == TOKEN_END)
            fr_nftables_unexpected(p, "'}'");
        else if (fr_nftables_accept(p, "type"))
            take_hook(p, chain);
        else if (fr_nftables_accept(p, "policy"))
            take_policy(p, chain);
        else if (fr_nftables_is(p, "comment") || fr_nftables_is(p, "flags") ||
                 fr_nftables_is(p, "devices"))
            fr_nftables_skip_statement(p);
        else
            fr_nftables_take_rule(p, chain);
    }
    fr_nftables_next(p);
    p->known = known; /* what a block defines is known in it alone */
}

/* "type ipv4_addr . inet_service : verdict", or typeof with keys in place of the types. */
static void take_types(struct nftables_parser *p, struct netfilter_set *set, bool by_key) {
    set->parts = 0;
    do {
        struct netfilter_key key;
        if (by_key) {
            fr_nftables_take_key(p, &key);
        } else {
            char *type = fr_nftables_take_name(p, "a type");
            if (!type)
                return;
            fr_nftables_type(type, &key);
        }
        if (set->parts < NETFILTER_KEYS_MAX)
            set->types[set->parts++] = key;
        else
            set->doubt = "a set with unknown parts";
    } while (fr_nftables_accept_symbol(p, '.') && !flowrules_input_failed(p->in));
    fr_nftables_check_set(set);
}

static void take_set_flags(struct nftables_parser *p, struct netfilter_set *set, bool map) {
    while (!fr_nftables_at_end(p)) {
        if (fr_nftables_is(p, "timeout") || fr_nftables_is(p, "dynamic"))
            fr_nftables_expires(p->nf, set, map);
        fr_nftables_next(p);
    }
}

/* "type ipv4_addr : verdict" */
static void take_set_type(struct nftables_parser *p, struct netfilter_set *set, bool map,
                          bool by_key) {
    take_types(p, set, by_key);
    if (map && fr_nftables_accept_symbol(p, ':') && !fr_nftables_accept(p, "verdict"))
        set->doubt = "a map with values other than verdicts";
    fr_nftables_skip_statement(p);
}

static void take_set_elements(struct nftables_parser *p, struct netfilter_set *set, bool map) {
    fr_nftables_expect(p, '=');
    fr_nftables_skip_lines(p);
    if (set->parts == 0)
        fr_nftables_unexpected(p, "the type of the set, before its elements,");
    else if (set->doubt)
        fr_nftables_skip_statement(p);
    else
        fr_nftables_take_elements(p, set->types, set, map);
}

/* Skips a statement that changes nothing; false where it begins with none of the words. */
static bool skip_one_of(struct nftables_parser *p, const char *const words[]) {
    for (; *words; words++) {
        if (fr_nftables_is(p, *words)) {
            fr_nftables_skip_statement(p);
            return true;
        }
    }
    return false;
}

static void take_set_line(struct nftables_parser *p, struct netfilter_set *set, bool map) {
    static const char *const known[] = {"size",    "policy",  "gc-interval", "auto-merge",
                                        "comment", "counter", "quota",       "limit",
                                        "last",    "ct",      NULL};
    if (fr_nftables_accept(p, "type"))
        take_set_type(p, set, map, false);
    else if (fr_nftables_accept(p, "typeof"))
        take_set_type(p, set, map, true);
    else if (fr_nftables_accept(p, "flags"))
        take_set_flags(p, set, map);
    else if (fr_nftables_accept(p, "elements"))
        take_set_elements(p, set, map);
    else if (fr_nftables_is(p, "timeout")) {
        /* nft list leaves the flag out where there is a timeout. */
        fr_nftables_expires(p->nf, set, map);
        fr_nftables_skip_statement(p);
    } else if (!skip_one_of(p, known)) {
        fr_nftables_unexpected(p, p->token.kind == TOKEN_END ? "'}'" : "a line of a set");
    }
}

static void take_set(struct nftables_parser *p, bool map) {
    struct flowrules_place at = p->token.at;
    char *name = fr_nftables_take_name(p, "the name of a set");
    struct netfilter_set *set = name ? fr_netfilter_set(p->nf, p->table, name, at) : NULL;
    const struct nftables_definition *known = p->known;
    if (set)
        set->is_map = map;
    if (!set || !fr_nftables_expect(p, '{'))
        return;
    for (fr_nftables_skip_separators(p);
         !fr_nftables_is_symbol(p, '}') && !flowrules_input_failed(p->in);
         fr_nftables_skip_separators(p))
        take_set_line(p, set, map);
    fr_nftables_next(p);
    p->known = known;
}

static void take_table_line(struct nftables_parser *p) {
    /* What rules name, and decides nothing by itself. */
    static const char *const known[] = {"counter",  "quota",     "limit",   "ct", "secmark",
                                        "synproxy", "flowtable", "comment", NULL};
    if (fr_nftables_accept(p, "chain")) {
        take_chain(p);
    } else if (fr_nftables_accept(p, "set")) {
        take_set(p, false);
    } else if (fr_nftables_accept(p, "map")) {
        take_set(p, true);
    } else if (fr_nftables_accept(p, "flags")) {
        if (fr_nftables_is(p, "dormant"))
            p->table->families = 0; /* none of its chains is on a hook */
        fr_nftables_skip_statement(p);
    } else if (!skip_one_of(p, known)) {
        fr_nftables_unexpected(p, p->token.kind == TOKEN_END ? "'}'" : "a chain or set");
    }
}

static void take_table_body(struct nftables_parser *p) {
    const struct nftables_definition *known = p->known;
    for (fr_nftables_skip_separators(p);
         !fr_nftables_is_symbol(p, '}') && !flowrules_input_failed(p->in);
         fr_nftables_skip_separators(p))
        take_table_line(p);
    fr_nftables_next(p);
    p->known = known;
}

/* ---- commands ------------------------------------------------------------------------------ */

/* The family and name of a table. */
static void take_table_name(struct nftables_parser *p, char **family, char **name) {
    static const char *const families[] = {"ip", "ip6", "inet", "arp", "bridge", "netdev"};
    *family = flowrules_input_copy(p->in, "ip", 2);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (fr_nftables_is(p, families[i])) {
            *family = fr_nftables_take_name(p, "a family");
            break;
        }
    }
    *name = fr_nftables_take_name(p, "the name of a table");
}

/* The table that a command names, made where there is none; NULL after an error. */
static struct netfilter_table *take_table_of(struct nftables_parser *p) {
    char *family, *name;
    take_table_name(p, &family, &name);
    p->table = family && name ? fr_netfilter_table(p->nf, family, name) : NULL;
    return p->table;
}

static void not_read(struct nftables_parser *p, struct flowrules_place at, const char *what) {
    flowrules_input_error(p->in, at, "load it, and use the output of nft list ruleset", "%s", what);
}

static void command_table(struct nftables_parser *p) {
    if (take_table_of(p))
        fr_netfilter_wake(p->table); /* a table without the flag dormant is none */
    if (p->table && fr_nftables_accept_symbol(p, '{'))
        take_table_body(p);
}

static void command_chain(struct nftables_parser *p) {
    if (take_table_of(p))
        take_chain(p);
}

static void command_set(struct nftables_parser *p) {
    if (take_table_of(p))
        take_set(p, false);
}

static void command_map(struct nftables_parser *p) {
    if (take_table_of(p))
        take_set(p, true);
}

/* Is the type of the set known, so that its elements can be read? */
static bool has_type(struct nftables_parser *p, const struct netfilter_set *set,
                     struct flowrules_place at) {
    if (set && set->parts > 0)
        return true;
    if (set)
        flowrules_input_error(p->in, at, NULL, "there is no set or map '%.100s' in table '%s'",
                              set->name, p->table->name);
    return false;
}

/* "element inet filter hosts { 192.0.2.1 }" */
static void command_element(struct nftables_parser *p) {
    struct netfilter_table *table = take_table_of(p);
    struct flowrules_place at = p->token.at;
    char *name = table ? fr_nftables_take_name(p, "the name of a set") : NULL;
    struct netfilter_set *set = name ? fr_netfilter_set(p->nf, table, name, at) : NULL;
    if (!has_type(p, set, at))
        return;
    if (set->doubt)
        fr_nftables_skip_statement(p);
    else
        fr_nftables_take_elements(p, set->types, set, set->is_map);
}

/* The chain that a command names; NULL after an error. */
static struct netfilter_chain *take_chain_of(struct nftables_parser *p) {
    struct netfilter_table *table = take_table_of(p);
    struct flowrules_place at = p->token.at;
    char *name = table ? fr_nftables_take_name(p, "the name of a chain") : NULL;
    struct netfilter_chain *chain = name ? fr_netfilter_find_chain(p->nf, table, name) : NULL;
    if (name && !chain)
        flowrules_input_error(p->in, at, NULL, "no line before this creates the chain '%.100s'",
                              name);
    return chain;
}

static struct netfilter_chain *take_rule_of(struct nftables_parser *p) {
    struct netfilter_chain *chain = take_chain_of(p);
    if (chain && (fr_nftables_is(p, "handle") || fr_nftables_is(p, "position") ||
                  fr_nftables_is(p, "index"))) {
        not_read(p, p->token.at, "it is not known which rule has this handle or index");
        return NULL;
    }
    if (chain)
        fr_nftables_take_rule(p, chain);
    return chain;
}

static void command_rule(struct nftables_parser *p) {
    take_rule_of(p);
}

/* Counters, limits, helpers: what rules name, and decides nothing by itself. */
static void command_object(struct nftables_parser *p) {
    fr_nftables_skip_statement(p);
}

static const struct {
    const char *word;
    void (*take)(struct nftables_parser *p);
} objects[] = {
    {"table", command_table},      {"chain", command_chain},     {"set", command_set},
    {"map", command_map},          {"element", command_element}, {"rule", command_rule},
    {"counter", command_object},   {"quota", command_object},    {"limit", command_object},
    {"ct", command_object},        {"secmark", command_object},  {"synproxy", command_object},
    {"flowtable", command_object},
};

/* "add ..." and "create ...": a rule where no kind of object is named. */
static void take_add(struct nftables_parser *p) {
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        if (fr_nftables_accept(p, objects[i].word)) {
            objects[i].take(p);
            return;
        }
    }
    command_rule(p);
}

static void take_insert(struct nftables_parser *p) {
    fr_nftables_accept(p, "rule");
    struct netfilter_chain *chain = take_rule_of(p);
    if (chain)
        fr_netfilter_move_last_rule(chain, 0);
}

static void delete_table(struct nftables_parser *p) {
    struct netfilter_table *table = take_table_of(p);
    if (table)
        fr_netfilter_delete_table(p->nf, table);
}

static void delete_chain(struct nftables_parser *p) {
    struct netfilter_chain *chain = take_chain_of(p);
    if (chain)
        fr_netfilter_delete_chain(chain);
}

static struct netfilter_set *take_set_of(struct nftables_parser *p) {
    struct netfilter_table *table = take_table_of(p);
    struct flowrules_place at = p->token.at;
    char *name = table ? fr_nftables_take_name(p, "the name of a set") : NULL;
    struct netfilter_set *set = name ? fr_netfilter_set(p->nf, table, name, at) : NULL;
    return has_type(p, set, at) ? set : NULL;
}

static void delete_set(struct nftables_parser *p) {
    struct netfilter_set *set = take_set_of(p);
    if (set)
        fr_netfilter_delete_set(p->nf, set);
}

/* Which elements it leaves would take a comparison of their values. */
static void delete_element(struct nftables_parser *p) {
    struct netfilter_set *set = take_set_of(p);
    fr_nftables_skip_statement(p);
    if (set)
        set->doubt = "a set of which a command deletes elements";
}

static void delete_rule(struct nftables_parser *p) {
    not_read(p, p->token.at, "it is not known which rule has this handle");
}

static void flush_chain(struct nftables_parser *p) {
    struct netfilter_chain *chain = take_chain_of(p);
    if (chain)
        chain->rule_count = 0;
}

/* The rules of all chains of a table; its sets stay. */
static void flush_table(struct nftables_parser *p) {
    const struct netfilter_table *table = take_table_of(p);
    for (struct netfilter_chain *c = table ? table->chains : NULL; c; c = c->next)
        c->rule_count = 0;
}

static void flush_set(struct nftables_parser *p) {
    struct netfilter_set *set = take_set_of(p);
    if (set)
        set->count = 0;
}

/* "ruleset", or that of one family. */
static void flush_ruleset(struct nftables_parser *p) {
    char *family = p->token.kind == TOKEN_WORD ? fr_nftables_take_name(p, "a family") : NULL;
    for (struct netfilter_table *t = p->nf->tables; t; t = t->next)
        if (!family || strcmp(family, t->family) == 0)
            fr_netfilter_delete_table(p->nf, t);
}

/* What takes something away: by its verb and object. */
static const struct {
    bool flushes;
    const char *word;
    void (*take)(struct nftables_parser *p);
} takers[] = {
    {false, "table", delete_table},
    {false, "chain", delete_chain},
    {false, "set", delete_set},
    {false, "map", delete_set},
    {false, "element", delete_element},
    {false, "rule", delete_rule},
    {false, "counter", command_object},
    {false, "quota", command_object},
    {false, "limit", command_object},
    {false, "ct", command_object},
    {false, "flowtable", command_object},
    {true, "ruleset", flush_ruleset},
    {true, "table", flush_table},
    {true, "chain", flush_chain},
    {true, "set", flush_set},
    {true, "map", flush_set},
};

/* "delete chain ...", "flush ruleset". */
static void take_away(struct nftables_parser *p, bool flushes) {
    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++) {
        if (takers[i].flushes == flushes && fr_nftables_accept(p, takers[i].word)) {
            takers[i].take(p);
            return;
        }
    }
    fr_nftables_unexpected(p, "what to delete");
}

/* Sets that rules refer to may stand behind them, in the same table. */
static void check_references(struct nftables_parser *p) {
    for (size_t i = 0; i < p->reference_count && !flowrules_input_failed(p->in); i++) {
        const struct nftables_reference *r = &p->references[i];
        if (r->set->parts == 0)
            flowrules_input_error(p->in, r->at, NULL,
                                  "there is no set or map '%.100s' in table '%s'", r->set->name,
                                  r->table->name);
        else if (r->set->parts != r->parts)
            flowrules_input_error(p->in, r->at, NULL,
                                  "the elements of '%.100s' have %u parts, not %u", r->set->name,
                                  r->set->parts, r->parts);
    }
    p->reference_count = 0;
}

static void take_command(struct nftables_parser *p) {
    struct flowrules_place at = p->token.at;
    const struct nftables_token token = p->token;
    if (fr_nftables_accept(p, "table"))
        command_table(p);
    else if (fr_nftables_accept(p, "add") || fr_nftables_accept(p, "create"))
        take_add(p);
    else if (fr_nftables_accept(p, "insert"))
        take_insert(p);
    else if (fr_nftables_accept(p, "delete") || fr_nftables_accept(p, "destroy"))
        take_away(p, false);
    else if (fr_nftables_accept(p, "flush"))
        take_away(p, true);
    else
        flowrules_input_error(p->in, at, "use the output of nft list ruleset",
                              "'%.*s' does not begin a supported command of nft",
                              (int)(token.length < 40 ? token.length : 40), token.text);
    if (!fr_nftables_at_end(p))
        fr_nftables_unexpected(p, "the end of the command");
    check_references(p);
}

void fr_nftables_read_source(struct netfilter *nf, const struct nftables_source *source) {
    struct nftables_parser *p = flowrules_input_alloc(nf->in, sizeof *p);
    if (!p)
        return;
    p->nf = nf;
    p->in = nf->in;
    p->source = *source;
    fr_nftables_next(p);
    for (fr_nftables_skip_separators(p);
         p->token.kind != TOKEN_END && !flowrules_input_failed(nf->in);
         fr_nftables_skip_separators(p))
        take_command(p);
}

void fr_nftables_read_text(struct netfilter *nf, size_t file) {
    size_t size;
    const char *text = flowrules_input_text(nf->in, file, &size);
    fr_nftables_read_source(
        nf, &(struct nftables_source){
                .file = file, .at = text, .end = text + size, .line_start = text, .line = 1});
}
