/*
 * iptables read back: what iptables-save, ip6tables-save, iptables -S and ipset save print, and
 * the files and scripts of this backend. Knows which file is which and the lines around the rules.
 */
#include <string.h>

#include "read.h"
#include "scripts.h"

void fr_iptables_read(flowrules_input *in);

static const char *const family_word[] = {"ip", "ip6"};
static const char *const family_name[] = {"IPv4", "IPv6"};

/* ---- built-in chains ----------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum netfilter_hook hook;
} hooks[] = {{"INPUT", NETFILTER_INPUT},
             {"OUTPUT", NETFILTER_OUTPUT},
             {"FORWARD", NETFILTER_FORWARD},
             {"PREROUTING", NETFILTER_PREROUTING},
             {"POSTROUTING", NETFILTER_POSTROUTING}};

static enum netfilter_hook hook_of(const char *chain) {
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
        if (strcmp(hooks[i].name, chain) == 0)
            return hooks[i].hook;
    return NETFILTER_NO_HOOK;
}

/* Where a table's chains come on a hook: enum nf_ip_hook_priorities. */
static long long priority_of(const struct netfilter_chain *chain) {
    static const struct {
        const char *table;
        long long priority;
    } tables[] = {{"raw", -300}, {"mangle", -150}, {"nat", -100}, {"security", 50}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcmp(tables[i].table, chain->table->name) == 0)
            return tables[i].priority;
    return 0;
}

/* Puts a chain on a hook. */
static void put_on_hook(struct netfilter_chain *chain, enum netfilter_hook hook) {
    chain->hook = hook;
    chain->priority = priority_of(chain);
    chain->nat = strcmp(chain->table->name, "nat") == 0;
}

/* ---- lines --------------------------------------------------------------------------------- */

/* The table and family that lines are about. */
struct state {
    struct iptables_reader *reader;
    enum flowrules_family family;
    struct netfilter_table *table;
    bool built_in; /* the file has the built-in chains of the table filter */
};

static struct netfilter_table *table_of(struct state *s, const char *name) {
    s->reader->families |= FLOWRULES_FAMILY_BIT(s->family);
    return fr_netfilter_table(&s->reader->nf, family_word[s->family], name);
}

static bool read_policy(const char *word, struct netfilter_chain *chain) {
    bool drop = strcmp(word, "DROP") == 0;
    chain->policy = drop ? NETFILTER_DROP : NETFILTER_ACCEPT;
    return drop || strcmp(word, "ACCEPT") == 0 || strcmp(word, "-") == 0;
}

/* Gives a chain its policy (NULL: none is said), and puts a built-in one on its hook. */
static void set_chain(struct state *s, struct netfilter_chain *chain, const char *policy,
                      struct flowrules_place at) {
    enum netfilter_hook hook = chain ? hook_of(chain->name) : NETFILTER_NO_HOOK;
    if (!chain)
        return;
    chain->policy_at = at;
    if (policy && !read_policy(policy, chain))
        flowrules_input_error(s->reader->in, at, NULL, "'%.60s' is not a valid policy of a chain",
                              policy);
    if (hook != NETFILTER_NO_HOOK) {
        put_on_hook(chain, hook);
        s->built_in = true;
    }
}

static void not_a_line(struct state *s, const struct iptables_words *words) {
    flowrules_input_error(
        s->reader->in, fr_iptables_place(words, 0), "use the output of iptables-save",
        "a line of iptables-save cannot begin with '%.60s'", words->items[0].text);
}

/* The next word of a command; NULL after an error. */
static const char *next_word(struct state *s, struct iptables_words *words, const char *what) {
    if (words->next < words->count)
        return words->items[words->next++].text;
    flowrules_input_error(s->reader->in, fr_iptables_place(words, words->next), NULL,
                          "%s is expected here", what);
    return NULL;
}

/* The chain that a command names; NULL after an error. */
static struct netfilter_chain *next_chain(struct state *s, struct iptables_words *words) {
    struct flowrules_place at = fr_iptables_place(words, words->next);
    const char *name = next_word(s, words, "the name of a chain");
    struct netfilter_chain *chain =
        name ? fr_netfilter_find_chain(&s->reader->nf, s->table, name) : NULL;
    if (name && !chain)
        flowrules_input_error(s->reader->in, at, NULL,
                              "no line before this creates the chain '%.60s'", name);
    return chain;
}

/* "[3:180]" before a rule, as iptables-save -c has it: packets and bytes. */
static void read_counter(struct state *s, const struct iptables_words *words,
                         struct netfilter_rule *rule) {
    const char *text = words->items[0].text + 1;
    size_t length = strlen(text), colon = strcspn(text, ":");
    struct flowrules_counts counts = {.has_bytes = true};
    if (length > colon + 1 && text[length - 1] == ']' &&
        flowrules_parse_count(text, colon, &counts.packets) &&
        flowrules_parse_count(text + colon + 1, length - colon - 2, &counts.bytes))
        fr_netfilter_count(&s->reader->nf, rule, &counts);
    else
        flowrules_input_error(s->reader->in, fr_iptables_place(words, 0), NULL,
                              "'%.80s' is not a counter, [PACKETS:BYTES]", words->items[0].text);
}

/* "-A INPUT ..." */
static void append_rule(struct state *s, struct iptables_words *words) {
    struct netfilter_chain *chain = next_chain(s, words);
    size_t count = chain ? chain->rule_count : 0;
    if (chain)
        fr_iptables_read_rule(s->reader, chain, s->family, words);
    if (chain && chain->rule_count > count && words->items[0].text[0] == '[')
        read_counter(s, words, chain->rules[count]);
}

/* "-I INPUT ..." and "-I INPUT 3 ...": before the first rule, or before that one. */
static void insert_rule(struct state *s, struct iptables_words *words) {
    struct netfilter_chain *chain = next_chain(s, words);
    const char *word = words->next < words->count ? words->items[words->next].text : "";
    unsigned position = 1;
    if (!chain)
        return;
    if (flowrules_parse_number(word, strlen(word), UINT16_MAX, &position))
        words->next++;
    if (position == 0 || position > chain->rule_count + 1) {
        flowrules_input_error(s->reader->in, fr_iptables_place(words, words->next - 1), NULL,
                              "the chain '%.60s' has no position %u for a rule", chain->name,
                              position);
        return;
    }
    fr_iptables_read_rule(s->reader, chain, s->family, words);
    fr_netfilter_move_last_rule(chain, position - 1);
}

/* "-D INPUT 3"; a rule that is spelt out would have to be found among those that are there. */
static void delete_rule(struct state *s, struct iptables_words *words) {
    struct flowrules_place at = fr_iptables_place(words, words->next - 1);
    struct netfilter_chain *chain = next_chain(s, words);
    const char *word = words->next < words->count ? words->items[words->next].text : "";
    unsigned position;
    if (!chain)
        return;
    if (words->count != words->next + 1 ||
        !flowrules_parse_number(word, strlen(word), UINT16_MAX, &position))
        flowrules_input_error(s->reader->in, at, "load it, and use the output of iptables-save",
                              "-D is read with the number of a rule alone");
    else if (position == 0 || position > chain->rule_count)
        flowrules_input_error(s->reader->in, at, NULL, "the chain '%.60s' has no rule %u",
                              chain->name, position);
    else
        fr_netfilter_remove_rule(chain, position - 1);
}

/* "-N chain": a chain that is there already makes iptables fail. */
static void make_chain(struct state *s, struct iptables_words *words) {
    struct flowrules_place at = fr_iptables_place(words, words->next);
    const char *name = next_word(s, words, "the name of a chain");
    if (!name)
        return;
    if (fr_netfilter_find_chain(&s->reader->nf, s->table, name))
        flowrules_input_error(s->reader->in, at, NULL, "the chain '%.60s' exists already", name);
    else
        set_chain(s, fr_netfilter_chain(&s->reader->nf, s->table, name, at), NULL, at);
}

/* "-P INPUT DROP" */
static void set_policy(struct state *s, struct iptables_words *words) {
    struct flowrules_place at = fr_iptables_place(words, words->next);
    const char *name = next_word(s, words, "the name of a chain");
    const char *policy = name ? next_word(s, words, "ACCEPT or DROP") : NULL;
    if (policy)
        set_chain(s, fr_netfilter_chain(&s->reader->nf, s->table, name, at), policy, at);
}

/* "-F chain", and "-F" for all chains of the table. */
static void flush_chains(struct state *s, struct iptables_words *words) {
    if (words->next < words->count) {
        struct netfilter_chain *chain = next_chain(s, words);
        if (chain)
            chain->rule_count = 0;
        return;
    }
    for (struct netfilter_chain *c = s->table->chains; c; c = c->next)
        c->rule_count = 0;
}

/* "-X chain", and "-X" for all chains that are not built in: these have no rules, or it fails. */
static void delete_chains(struct state *s, struct iptables_words *words) {
    struct flowrules_place at = fr_iptables_place(words, words->next);
    struct netfilter_chain *one = words->next < words->count ? next_chain(s, words) : NULL, *next;
    for (struct netfilter_chain *c = s->table->chains; c && !flowrules_input_failed(s->reader->in);
         c = next) {
        next = c->next;
        if (one ? c != one : hook_of(c->name) != NETFILTER_NO_HOOK)
            continue;
        if (c->rule_count > 0 || hook_of(c->name) != NETFILTER_NO_HOOK)
            flowrules_input_error(s->reader->in, at, NULL,
                                  "the chain '%.60s' cannot be deleted: it %s", c->name,
                                  c->rule_count > 0 ? "has rules" : "is built in");
        else
            fr_netfilter_delete_chain(c);
    }
}

static void do_nothing(struct state *s, struct iptables_words *words) {
    (void)s;
    (void)words;
}

static const struct {
    const char *verb, *spelt;
    void (*run)(struct state *s, struct iptables_words *words);
} command_table[] = {
    {"-A", "--append", append_rule}, {"-I", "--insert", insert_rule},
    {"-D", "--delete", delete_rule}, {"-N", "--new-chain", make_chain},
    {"-P", "--policy", set_policy},  {"-F", "--flush", flush_chains},
    {"-Z", "--zero", do_nothing},    {"-X", "--delete-chain", delete_chains},
};

/* A line behind its family and table: "-A ...", "-N ...", "-P ...". */
static void read_command(struct state *s, struct iptables_words *words) {
    const char *verb = words->next < words->count ? words->items[words->next].text : "";
    if (!s->table)
        s->table = table_of(s, "filter");
    if (!s->table)
        return;
    for (size_t i = 0; i < sizeof command_table / sizeof *command_table; i++) {
        if (strcmp(verb, command_table[i].verb) == 0 || strcmp(verb, command_table[i].spelt) == 0) {
            words->next++;
            command_table[i].run(s, words);
            return;
        }
    }
    not_a_line(s, words);
}

/*
 * ":INPUT DROP [0:0]". A chain that is not built in is empty behind such a line, also where it had
 * rules: iptables-restore makes it, and empties it with --noflush.
 */
static void read_declaration(struct state *s, const struct iptables_words *words) {
    struct flowrules_place at = fr_iptables_place(words, 0);
    const char *name = words->items[0].text + 1;
    if (!s->table) {
        not_a_line(s, words);
        return;
    }
    struct netfilter_chain *chain = fr_netfilter_chain(&s->reader->nf, s->table, name, at);
    if (chain && hook_of(name) == NETFILTER_NO_HOOK)
        chain->rule_count = 0;
    set_chain(s, chain, words->count > 1 ? words->items[1].text : NULL, at);
}

/*
 * "*filter". A table that begins once more is emptied by iptables-restore, and not with --noflush:
 * what that means for rules of its built-in chains can't be told.
 */
static void begin_table(struct state *s, const struct iptables_words *words) {
    const char *name = words->items[0].text + 1;
    s->table = table_of(s, name);
    for (const struct netfilter_chain *c = s->table ? s->table->chains : NULL; c; c = c->next)
        if (c->rule_count > 0 && hook_of(c->name) != NETFILTER_NO_HOOK) {
            flowrules_input_error(s->reader->in, fr_iptables_place(words, 0),
                                  "load it, and use the output of iptables-save",
                                  "the table '%.60s' begins a second time: iptables-restore "
                                  "empties its chain '%.60s', but not with --noflush",
                                  name, c->name);
            return;
        }
}

static void read_save_line(struct state *s, struct iptables_words *words) {
    const char *first = words->items[0].text;
    if (first[0] == '*') {
        begin_table(s, words);
    } else if (first[0] == ':') {
        read_declaration(s, words);
    } else if (strcmp(first, "COMMIT") == 0) {
        s->table = NULL;
    } else {
        if (first[0] == '[')
            words->next++; /* of -c, a counter */
        read_command(s, words);
    }
}

/* ---- which family -------------------------------------------------------------------------- */

static bool contains(const char *text, size_t size, const char *what) {
    size_t length = strlen(what);
    for (const char *at = text; size - (size_t)(at - text) >= length; at++) {
        at = memchr(at, what[0], size - (size_t)(at - text) - length + 1);
        if (!at)
            return false;
        if (memcmp(at, what, length) == 0)
            return true;
    }
    return false;
}

/* What a comment says of the family of what follows: "# Generated by ip6tables-save ...". */
static bool family_of_comment(const struct flowrules_line *line, enum flowrules_family *family) {
    if (contains(line->text, line->length, "ip6tables-save") ||
        contains(line->text, line->length, "ip6tables-restore") ||
        contains(line->text, line->length, "ip6tables-nft-save"))
        *family = FLOWRULES_IPV6;
    else if (contains(line->text, line->length, "iptables-save") ||
             contains(line->text, line->length, "iptables-restore") ||
             contains(line->text, line->length, "iptables-nft-save"))
        *family = FLOWRULES_IPV4;
    else
        return false;
    return true;
}

static bool family_of_words(const char *text, size_t size, const char *const words[2][5],
                            enum flowrules_family *family) {
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        for (size_t i = 0; i < 5 && words[f][i]; i++) {
            if (contains(text, size, words[f][i])) {
                *family = f;
                return true;
            }
        }
    }
    return false;
}

/* By what the file is called, else by what only one of the families has. */
static bool guess_family(const flowrules_input *in, size_t file, enum flowrules_family *family) {
    static const char *const by_name[2][5] = {{"v4", "ip4", "rules4"}, {"v6", "ip6", "rules6"}};
    static const char *const by_text[2][5] = {{"--icmp-type", "-p icmp ", "icmp-port-unreachable"},
                                              {"icmpv6", "ipv6-icmp", "icmp6", "::"}};
    const char *name = flowrules_input_file_name(in, file);
    const char *slash = strrchr(name, '/');
    size_t size;
    const char *text = flowrules_input_text(in, file, &size);
    name = slash ? slash + 1 : name;
    if (family_of_words(name, strlen(name), by_name, family) ||
        family_of_words(text, size, by_text, family))
        return true;
    static const char *const options[] = {" -s ", " -d "};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct flowrules_range range;
        const char *at = strstr(text, options[i]);
        if (at && flowrules_parse_range(at + 4, strcspn(at + 4, " \n"), &range)) {
            *family = range.family;
            return true;
        }
    }
    return false;
}

/* ---- files of rules ------------------------------------------------------------------------ */

static bool next_words(struct iptables_reader *reader, struct iptables_words *words,
                       struct flowrules_line *line) {
    *words = (struct iptables_words){.line = *line};
    words->items = flowrules_input_words(reader->in, line, "\"'", true, &words->count);
    return words->items && words->count > 0;
}

static bool is_comment(const struct flowrules_line *line) {
    size_t i = 0;
    while (i < line->length && (line->text[i] == ' ' || line->text[i] == '\t'))
        i++;
    return i < line->length && line->text[i] == '#';
}

static void doubt_all(flowrules_input *in, struct flowrules_place at, const char *what) {
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++)
        flowrules_input_doubt(in, at, d, "it is not known what passes: %s", what);
}

/* iptables-save of one variant tells of rules that the other one has. */
static void read_warning(struct iptables_reader *reader, const struct flowrules_line *line) {
    struct flowrules_place at = {line->file, line->number, 1};
    if (contains(line->text, line->length, "-legacy tables present"))
        doubt_all(reader->in, at, "iptables-legacy has rules too, which are not in this file");
    if (contains(line->text, line->length, "is incompatible"))
        doubt_all(reader->in, at, "nft has rules too, which are not in this file");
}

/* What goes on behind an own chain that only permits is not in the file: nothing lets it pass. */
static void hook_own_chain(const flowrules_input *in, struct netfilter_chain *chain,
                           enum netfilter_hook hook) {
    put_on_hook(chain, hook);
    if (flowrules_input_permits(in)) {
        chain->policy = NETFILTER_DROP;
        chain->policy_at = (struct flowrules_place){0, 0, 0};
    }
}

/* Where a file has own chains alone, they stand for what the built-in chains jump to first. */
static void hook_own_chains(struct state *s) {
    static const struct {
        const char *suffix;
        enum netfilter_hook hook;
    } own[] = {{".OUT", NETFILTER_OUTPUT}, {".IN", NETFILTER_INPUT}, {".FWD", NETFILTER_FORWARD}};
    struct netfilter_table *filter = table_of(s, "filter");
    for (struct netfilter_chain *c = filter ? filter->chains : NULL; c; c = c->next) {
        const char *suffix = strrchr(c->name, '.');
        for (size_t i = 0; i < sizeof own / sizeof *own; i++)
            if (suffix && strncmp(c->name, "FR-", 3) == 0 && strcmp(suffix, own[i].suffix) == 0)
                hook_own_chain(s->reader->in, c, own[i].hook);
    }
}

static void read_rules(struct iptables_reader *reader, size_t file) {
    struct state s = {.reader = reader};
    struct flowrules_line line = {.file = file};
    struct iptables_words words;
    bool known = false, guessed = false;
    while (flowrules_input_line(reader->in, &line) && !flowrules_input_failed(reader->in)) {
        if (is_comment(&line)) {
            known = family_of_comment(&line, &s.family) || known;
            read_warning(reader, &line);
            continue;
        }
        if (!next_words(reader, &words, &line))
            continue;
        if (!guessed && strchr("*:-[C", words.items[0].text[0]) == NULL) {
            not_a_line(&s, &words);
            return;
        }
        if (!known && !guessed && !guess_family(reader->in, file, &s.family)) {
            flowrules_input_error(reader->in, (struct flowrules_place){file, line.number, 1},
                                  "keep the first line of the output of iptables-save, or put v4 "
                                  "or v6 into the name of the file",
                                  "it is not known whether these rules are for IPv4 or IPv6");
            return;
        }
        guessed = true;
        read_save_line(&s, &words);
    }
    if (!s.built_in && guessed && !flowrules_input_failed(reader->in))
        hook_own_chains(&s);
}

static void read_sets(struct iptables_reader *reader, size_t file) {
    struct flowrules_line line = {.file = file};
    struct iptables_words words;
    while (flowrules_input_line(reader->in, &line) && !flowrules_input_failed(reader->in)) {
        if (is_comment(&line) || !next_words(reader, &words, &line))
            continue;
        if (!fr_iptables_read_set_line(reader, &words))
            flowrules_input_error(reader->in, (struct flowrules_place){file, line.number, 1},
                                  "use the output of ipset save",
                                  "a line of ipset save cannot begin with '%.60s'",
                                  words.items[0].text);
    }
}

/* ---- scripts ------------------------------------------------------------------------------- */

static const char *find_text(const char *text, const char *what) {
    return strstr(text, what);
}

/* A script's own lines before its functions: variables that say what is hooked where. */
static void read_head_line(struct state *s, const struct flowrules_line *line) {
    static const char *const known[] = {
        "entrances='", "set -eu",  "own='",  "version='",          "hooks='",       "open_for='",
        "target='",    "script='", "sums='", "folder=$(CDPATH=''", "files=$folder/"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (line->length >= strlen(known[i]) && memcmp(line->text, known[i], strlen(known[i])) == 0)
            return;
    if (line->length > 0 && !is_comment(line))
        doubt_all(s->reader->in, (struct flowrules_place){line->file, line->number, 1},
                  "this line is not as flowrules wrote it");
}

/* What precedes the ipsets in every script, and the chains. */
static const char *script_functions(void) {
    return flowrules_template_find(fr_iptables_script, "SETS")[-1].text;
}

static const char *apply_functions(void) {
    return flowrules_template_find(fr_iptables_apply, "IPSET")[-1].text;
}

/* "iptables -A ..." and "ip6tables -N ...", or a line of ipset between the marks. */
static void read_script_line(struct state *s, struct flowrules_line *line, bool *in_sets) {
    static const char begin[] = "load_sets <<'END_OF_SETS'";
    static const char end[] = "END_OF_SETS";
    struct iptables_words words;
    if (line->length == sizeof begin - 1 && memcmp(line->text, begin, line->length) == 0) {
        *in_sets = true;
        return;
    }
    if (line->length == sizeof end - 1 && memcmp(line->text, end, line->length) == 0) {
        *in_sets = false;
        return;
    }
    if (is_comment(line) || !next_words(s->reader, &words, line))
        return;
    bool v6 = strcmp(words.items[0].text, "ip6tables") == 0;
    if (*in_sets && fr_iptables_read_set_line(s->reader, &words))
        return;
    if (*in_sets || (!v6 && strcmp(words.items[0].text, "iptables") != 0)) {
        not_a_line(s, &words);
        return;
    }
    s->family = v6 ? FLOWRULES_IPV6 : FLOWRULES_IPV4;
    s->table = table_of(s, "filter");
    words.next = 1;
    read_command(s, &words);
}

/* TARGET.sh: the commands between the texts that every script has. */
static void read_script(struct iptables_reader *reader, size_t file, const char *functions) {
    struct state s = {.reader = reader};
    struct flowrules_line line = {.file = file};
    const char *commands = functions + strlen(script_functions());
    const char *last = flowrules_template_find(fr_iptables_script, NULL)[-1].text;
    const char *rest = find_text(commands, last);
    bool in_sets = false;
    if (!rest || rest[strlen(last)] != '\0') {
        doubt_all(reader->in, (struct flowrules_place){file, 1, 1},
                  "the end of this script is not as flowrules wrote it");
        return;
    }
    while (flowrules_input_line(reader->in, &line) && !flowrules_input_failed(reader->in)) {
        if (line.text < functions)
            read_head_line(&s, &line);
        else if (line.text >= commands && line.text < rest)
            read_script_line(&s, &line, &in_sets);
    }
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        s.family = f;
        if (!flowrules_input_failed(reader->in))
            hook_own_chains(&s);
    }
}

/* TARGET.apply.sh loads the other files: it has to be as it was written. */
static void read_apply(struct iptables_reader *reader, size_t file, const char *functions) {
    struct state s = {.reader = reader};
    struct flowrules_line line = {.file = file};
    const char *commands = functions + strlen(apply_functions());
    const char *last = flowrules_template_find(fr_iptables_apply, NULL)[-1].text;
    const char *rest = find_text(commands, last);
    while (flowrules_input_line(reader->in, &line))
        if (line.text < functions)
            read_head_line(&s, &line);
    if (!rest || rest[strlen(last)] != '\0')
        doubt_all(reader->in, (struct flowrules_place){file, 1, 1},
                  "the end of this script is not as flowrules wrote it");
}

/* ---- files --------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The first line that is neither blank nor a comment begins with a word. */
static bool begins_with(flowrules_input *in, size_t file, const char *word) {
    struct flowrules_line line = {.file = file};
    size_t length = strlen(word);
    while (flowrules_input_line(in, &line)) {
        if (line.length == 0 || is_comment(&line))
            continue;
        return line.length >= length && memcmp(line.text, word, length) == 0;
    }
    return false;
}

static void read_file(struct iptables_reader *reader, size_t file) {
    flowrules_input *in = reader->in;
    size_t size;
    const char *text = flowrules_input_text(in, file, &size);
    const char *script = find_text(text, script_functions());
    const char *apply = find_text(text, apply_functions());
    if (ends_with(flowrules_input_file_name(in, file), ".map.json") ||
        fr_netfilter_is_dnsmasq(in, file))
        return;
    if (script)
        read_script(reader, file, script);
    else if (apply)
        read_apply(reader, file, apply);
    else if (size > 2 && memcmp(text, "#!", 2) == 0)
        flowrules_input_error(in, (struct flowrules_place){file, 1, 1},
                              "run it, then use the output of iptables-save and ip6tables-save",
                              "this script was not written by this version of flowrules, and "
                              "flowrules does not run it");
    else if (begins_with(in, file, "iptables ") || begins_with(in, file, "ip6tables "))
        flowrules_input_error(in, (struct flowrules_place){file, 1, 1},
                              "run them, then use the output of iptables-save and ip6tables-save",
                              "these are commands of a script, and flowrules does not run them");
    else if (begins_with(in, file, "create ") || begins_with(in, file, "add "))
        read_sets(reader, file);
    else
        read_rules(reader, file);
}

static const char *const missing_family_hint[] = {"also give the output of iptables-save",
                                                  "also give the output of ip6tables-save"};

/* What a baseline is about is not compared: one baseline is for both families. */
static void leave_out_others(flowrules_input *in, enum netfilter_hook hook,
                             enum flowrules_family family) {
    static const enum flowrules_direction directions[] = {[NETFILTER_INPUT] = FLOWRULES_INGRESS,
                                                          [NETFILTER_OUTPUT] = FLOWRULES_EGRESS,
                                                          [NETFILTER_FORWARD] = FLOWRULES_FORWARD};
    struct flowrules_read_rule rule = {.direction = directions[hook],
                                       .verdict = FLOWRULES_OUTSIDE,
                                       .families = FLOWRULES_FAMILY_BIT(family),
                                       .packets = FLOWRULES_REPLY | FLOWRULES_LOOPBACK |
                                                  FLOWRULES_NEIGHBOUR | FLOWRULES_LISTENER |
                                                  FLOWRULES_MIDSTREAM,
                                       .source = flowrules_input_any(in),
                                       .destination = flowrules_input_any(in)};
    struct flowrules_service path_mtu[] = {{.protocol = 1, .icmp_type = 3, .icmp_code = 4},
                                           {.protocol = 58, .icmp_type = 2, .icmp_code = -1}};
    flowrules_input_rule(in, &rule);
    rule.packets = FLOWRULES_NEW;
    rule.services = &path_mtu[family];
    rule.service_count = 1;
    flowrules_input_rule(in, &rule);
}

/* Closes the hooks of a family at which the other one has rules, or drops. */
static void close_family(struct iptables_reader *reader, enum flowrules_family family) {
    struct netfilter *nf = &reader->nf;
    struct flowrules_place nowhere = {0, 0, 0};
    struct netfilter_table *known =
        fr_netfilter_table(nf, family_word[family == FLOWRULES_IPV4], "filter");
    struct netfilter_table *closed = fr_netfilter_table(nf, family_word[family], "filter");
    bool filtered = false;
    for (struct netfilter_chain *c = known ? known->chains : NULL; c && closed; c = c->next) {
        bool filters = c->hook != NETFILTER_NO_HOOK && fr_netfilter_filters(nf, c);
        struct netfilter_chain *chain =
            filters ? fr_netfilter_chain(nf, closed, c->name, nowhere) : NULL;
        filtered = filtered || filters;
        if (chain) {
            put_on_hook(chain, c->hook);
            chain->policy = NETFILTER_DROP;
            leave_out_others(reader->in, c->hook, family);
        }
    }
    flowrules_input_assume(
        reader->in, nowhere, missing_family_hint[family],
        filtered ? "there are no rules of %s: it is assumed closed where %s is filtered"
                 : "there are no rules of %s: it is assumed open, as %s is",
        family_name[family], family_name[family == FLOWRULES_IPV4]);
}

/* Of a family that nothing is known of, it can't be told whether it is as a target wants it. */
static void check_families(struct iptables_reader *reader) {
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        if (reader->families & FLOWRULES_FAMILY_BIT(f))
            continue;
        if (reader->families == 0)
            flowrules_input_error(reader->in, (struct flowrules_place){0, 0, 0},
                                  missing_family_hint[f], "there are no rules of %s",
                                  family_name[f]);
        else
            close_family(reader, f);
    }
}

void fr_iptables_read(flowrules_input *in) {
    struct iptables_reader reader = {.in = in};
    fr_netfilter_init(&reader.nf, in);
    reader.sets = fr_netfilter_table(&reader.nf, NETFILTER_IPSETS, "");
    for (size_t i = 0; i < flowrules_input_file_count(in) && !flowrules_input_failed(in); i++)
        read_file(&reader, i);
    if (!flowrules_input_failed(in))
        check_families(&reader);
    for (size_t i = 0; i < flowrules_input_file_count(in) && !flowrules_input_failed(in); i++)
        if (fr_netfilter_is_dnsmasq(in, i))
            fr_netfilter_read_dnsmasq(&reader.nf, i, false);
    if (!flowrules_input_failed(in))
        fr_netfilter_name_sets(&reader.nf);
    if (!flowrules_input_failed(in))
        fr_iptables_resolve_sets(&reader);
    if (!flowrules_input_failed(in))
        fr_netfilter_give(&reader.nf);
}
