/*
 * The lines of dnsmasq's configuration that say which answers go to which sets, and for which
 * names there are answers. Facts: dnsmasq(8) of 2.90 and its src/option.c.
 */
#include <string.h>

#include "netfilter_names.h"

enum { LINE_MAX_BYTES = 1023 }; /* MAXDNAME, 1025, less a newline and a NUL */

/* A line, "option=value": NUL-terminated, without comment and blanks around. */
struct option_line {
    struct netfilter *nf;
    struct flowrules_place at; /* of what is looked at */
    const char *option;
    char *value, *begin; /* begin: of the line, where column 1 is */
};

static struct flowrules_place place_of(const struct option_line *line, const char *text) {
    return (struct flowrules_place){line->at.file, line->at.line,
                                    (uint32_t)(text - line->begin) + 1};
}

/* Not understood: of no set it can be told what is in it. */
static void doubt(struct netfilter *nf, struct flowrules_place at, const char *option,
                  const char *why) {
    fr_netfilter_doubt_names(nf);
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++)
        flowrules_input_doubt(nf->in, at, d, "it is not known which names fill the sets: %.40s= %s",
                              option, why);
}

/* ---- domains ------------------------------------------------------------------------------- */

/* Behind the last slash: what is said of the domains before it. */
static char *said_of(char *value) {
    char *slash = strrchr(value, '/');
    return slash + 1;
}

/*
 * The next domain of "/a.example/b.example/...", NUL-terminated; *rest moves on behind it. NULL:
 * no more. Dots in front mean nothing, as dnsmasq has it.
 */
static char *next_domain(char **rest, const char *end) {
    char *name = *rest;
    if (name >= end)
        return NULL;
    *rest = strchr(name, '/');
    *(*rest)++ = '\0';
    while (*name == '.')
        name++;
    return name;
}

/* "#" and nothing are every name, "*x" is x with whatever is in front. */
static bool is_pattern(const char *name) {
    return *name == '\0' || strchr(name, '#') || strchr(name, '*');
}

static void not_domains(struct option_line *line, const char *what) {
    flowrules_input_error(
        line->nf->in, place_of(line, line->value),
        flowrules_input_print(line->nf->in, "as in '%s=/example.com/%s'", line->option, what),
        "domains are expected here, each between slashes");
}

/* ---- local=, server=, address= ------------------------------------------------------------- */

static void read_answers(struct option_line *line, enum netfilter_answers answers) {
    char *end = said_of(line->value), *rest = line->value + 1, *name;
    while ((name = next_domain(&rest, end)) != NULL) {
        struct flowrules_place at = place_of(line, name);
        bool below = name[0] == '*' && name[1] == '.';
        name += below ? 2 : 0;
        if (is_pattern(name)) {
            doubt(line->nf, at, line->option, "matches more names than one domain");
            continue;
        }
        struct netfilter_domain *domain = fr_netfilter_domain(line->nf, name, at);
        if (domain && !fr_netfilter_say(domain, below, answers))
            doubt(line->nf, at, line->option, "contradicts a line before it");
    }
}

/* Without a server behind the domains, nobody else is asked; "#" is who is asked anyway. */
static void read_server(struct option_line *line) {
    if (line->value[0] == '/' && strchr(line->value + 1, '/'))
        read_answers(line, *said_of(line->value) ? NETFILTER_ASKED : NETFILTER_NOT_ASKED);
    else if (line->value[0] == '/')
        not_domains(line, "");
}

static void read_address(struct option_line *line) {
    if (line->value[0] == '/' && strchr(line->value + 1, '/'))
        read_answers(line, NETFILTER_NOT_ASKED);
    else
        not_domains(line, "192.0.2.1");
}

/* ---- nftset=, ipset= ----------------------------------------------------------------------- */

static void no_such_set(struct option_line *line, const char *text) {
    flowrules_input_note(line->nf->in, place_of(line, text), "this fills no set of the ruleset");
}

/* "4#inet#flowrules_web#names.4", or without a family: the words of "nft add element". */
static struct netfilter_set *find_nft_set(struct option_line *line, char *text,
                                          unsigned *families) {
    struct flowrules_place at = place_of(line, text);
    char *part[3] = {text, NULL, NULL};
    size_t parts = 1;
    bool one = (text[0] == '4' || text[0] == '6') && text[1] == '#';
    *families = one ? FLOWRULES_FAMILY_BIT(text[0] == '4' ? FLOWRULES_IPV4 : FLOWRULES_IPV6)
                    : FLOWRULES_BOTH_FAMILIES;
    part[0] += one ? 2 : 0;
    const char *whole = flowrules_input_copy(line->nf->in, text, strlen(text));
    for (char *hash = strchr(part[0], '#'); hash; hash = strchr(hash, '#')) {
        *hash++ = '\0';
        if (parts < 3)
            part[parts] = hash;
        parts++;
    }
    if (!whole)
        return NULL;
    if (parts != 3 || !*part[0] || !*part[1] || !*part[2]) {
        flowrules_input_error(line->nf->in, at, "as in '4#inet#TABLE#SET' or '6#inet#TABLE#SET'",
                              "'%.100s' is not a set of nftables", whole);
        return NULL;
    }
    struct netfilter_table *table = fr_netfilter_table(line->nf, part[0], part[1]);
    return table ? fr_netfilter_find_set(line->nf, table, part[2]) : NULL;
}

static struct netfilter_set *find_ipset(struct option_line *line, char *text, unsigned *families) {
    struct netfilter_table *table = fr_netfilter_table(line->nf, NETFILTER_IPSETS, "");
    *families = FLOWRULES_BOTH_FAMILIES;
    return table ? fr_netfilter_find_set(line->nf, table, text) : NULL;
}

/* The sets behind the domains, "a,b": what is not in the ruleset is filled all the same. */
struct filled {
    struct netfilter_set *set;
    unsigned families;
};

static struct filled *find_sets(struct option_line *line, bool nft, size_t *count) {
    struct filled *sets = NULL;
    size_t capacity = 0;
    char *text = said_of(line->value), *comma;
    *count = 0;
    do {
        struct filled filled;
        comma = strchr(text, ',');
        if (comma)
            *comma = '\0';
        filled.set = nft ? find_nft_set(line, text, &filled.families)
                         : find_ipset(line, text, &filled.families);
        sets = filled.set
                   ? flowrules_input_grow(line->nf->in, sets, &capacity, *count, sizeof *sets)
                   : sets;
        if (filled.set && sets)
            sets[(*count)++] = filled;
        else
            no_such_set(line, text);
        text = comma + 1;
    } while (comma && !flowrules_input_failed(line->nf->in));
    return sets;
}

static void fill_domain(struct option_line *line, char *name, const struct filled *sets,
                        size_t count) {
    struct flowrules_place at = place_of(line, name);
    if (is_pattern(name)) {
        doubt(line->nf, at, line->option, "matches more names than one domain");
        return;
    }
    struct netfilter_domain *domain = fr_netfilter_domain(line->nf, name, at);
    if (!domain)
        return;
    if (!fr_netfilter_begin_filling(domain, at)) {
        flowrules_input_note(line->nf->in, at,
                             "an earlier line already says which sets '%.255s' fills", name);
        return;
    }
    for (size_t i = 0; i < count; i++)
        fr_netfilter_fill(line->nf, domain, sets[i].set, sets[i].families);
}

static void read_sets(struct option_line *line, bool nft) {
    char *rest = line->value + 1, *name, *end;
    const char *example = nft ? "4#inet#TABLE#SET" : "SET";
    if (line->value[0] != '/' || !strchr(line->value + 1, '/')) {
        not_domains(line, example);
        return;
    }
    end = said_of(line->value);
    if (!*end) {
        flowrules_input_error(line->nf->in, place_of(line, end),
                              flowrules_input_print(line->nf->in, "as in '%s=/example.com/%s'",
                                                    line->option, example),
                              "the sets for the answers are expected here");
        return;
    }
    size_t count;
    const struct filled *sets = find_sets(line, nft, &count);
    while (!flowrules_input_failed(line->nf->in) && (name = next_domain(&rest, end)) != NULL)
        fill_domain(line, name, sets, count);
}

/* ---- lines --------------------------------------------------------------------------------- */

enum kind { NFTSET, IPSET, SERVER, ADDRESS };

static const struct {
    const char *option;
    enum kind kind;
} options[] = {{"nftset", NFTSET},
               {"ipset", IPSET},
               {"local", SERVER},
               {"server", SERVER},
               {"address", ADDRESS}};

/* They change neither which names are asked for elsewhere nor where the answers go. */
static const char *const harmless[] = {
    "all-servers",     "bind-dynamic",  "bind-interfaces", "bogus-priv",      "cache-size",
    "dns-forward-max", "dnssec",        "domain-needed",   "edns-packet-max", "except-interface",
    "group",           "interface",     "listen-address",  "local-service",   "local-ttl",
    "log-async",       "log-facility",  "log-queries",     "max-cache-ttl",   "max-port",
    "max-ttl",         "min-cache-ttl", "min-port",        "neg-ttl",         "no-hosts",
    "no-negcache",     "no-poll",       "no-resolv",       "pid-file",        "port",
    "query-port",      "resolv-file",   "rev-server",      "stop-dns-rebind", "strict-order",
    "trust-anchor",    "user",
};

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts a line at its comment, a "#" with a blank before it, and at the blanks around "=". */
static bool split_line(struct option_line *line) {
    char *c = line->begin, *equals;
    for (bool blank = true; *c && !(*c == '#' && blank); c++)
        blank = is_blank(*c);
    while (c > line->begin && is_blank(c[-1]))
        c--;
    *c = '\0';
    char *option = line->begin;
    while (is_blank(*option))
        option++;
    equals = strchr(option, '=');
    line->option = option;
    line->value = c;
    if (!equals)
        return *option != '\0';
    line->value = equals + 1;
    while (is_blank(*line->value))
        line->value++;
    while (equals > option && is_blank(equals[-1]))
        equals--;
    *equals = '\0';
    return true;
}

static bool is_harmless(const char *option) {
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(harmless[i], option) == 0)
            return true;
    return false;
}

static void read_line(struct option_line *line, bool nft) {
    line->at.column = place_of(line, line->option).column;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(options[i].option, line->option) != 0)
            continue;
        if (options[i].kind == SERVER)
            read_server(line);
        else if (options[i].kind == ADDRESS)
            read_address(line);
        else if ((options[i].kind == NFTSET) == nft)
            read_sets(line, nft);
        return;
    }
    if (!is_harmless(line->option))
        doubt(line->nf, line->at, line->option, "is not understood");
}

/* read_file of dnsmasq takes the rest of a longer line for another one. */
static bool is_too_long(struct netfilter *nf, const struct flowrules_line *line) {
    if (line->length <= LINE_MAX_BYTES)
        return false;
    flowrules_input_error(nf->in, (struct flowrules_place){line->file, line->number, 1},
                          "divide it into several lines, each for other domains",
                          "a line has %zu bytes, but dnsmasq reads at most %d", line->length,
                          LINE_MAX_BYTES);
    return true;
}

bool fr_netfilter_is_dnsmasq(flowrules_input *in, size_t file) {
    struct flowrules_line line = {.file = file};
    while (flowrules_input_line(in, &line)) {
        size_t from = 0;
        while (from < line.length && is_blank(line.text[from]))
            from++;
        for (size_t i = 0; i < sizeof options / sizeof *options && from < line.length; i++) {
            if (line.text[from] != options[i].option[0])
                continue;
            size_t at = from + strlen(options[i].option);
            if (at >= line.length || memcmp(line.text + from, options[i].option, at - from) != 0)
                continue;
            while (at < line.length && is_blank(line.text[at]))
                at++;
            if (at < line.length && line.text[at] == '=')
                return true;
        }
    }
    return false;
}

void fr_netfilter_read_dnsmasq(struct netfilter *nf, size_t file, bool nft) {
    struct flowrules_line text = {.file = file};
    if (!fr_netfilter_begin_names(nf))
        return;
    while (flowrules_input_line(nf->in, &text) && !is_too_long(nf, &text)) {
        struct option_line line = {.nf = nf,
                                   .at = {file, text.number, 1},
                                   .begin = flowrules_input_copy(nf->in, text.text, text.length)};
        if (line.begin && split_line(&line))
            read_line(&line, nft);
    }
}
