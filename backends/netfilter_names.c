/*
 * Sets that dnsmasq fills: what its configuration says of them is what they are, not what they
 * hold at the moment. Facts: dnsmasq(8) of 2.90; of all domains that a name is or is below, the
 * longest counts.
 */
#include <string.h>

#include "netfilter.h"

/* Of what answers come, for a name itself and for all below it. */
enum source { UNSAID, OPEN, SHUT };

struct domain {
    const char *name;
    struct flowrules_place at;
    enum source all, below; /* by local=/name/, and by the same of a wildcard */
    struct filling *sets;
    bool wide; /* something is said of a domain below it */
    struct domain *next;
};

/* A set that answers for a domain go to. */
struct filling {
    struct netfilter_set *set;
    struct filling *next;
};

enum { SYMBOL_DOMAIN = 3, NAME_MAX_BYTES = 300 };

struct netfilter_names {
    struct domain *domains, **last;
};

static struct domain *domain_of(struct netfilter *nf, const char *name, size_t length,
                                struct flowrules_place at) {
    char key[NAME_MAX_BYTES];
    if (length == 0 || length >= sizeof key)
        return NULL;
    memcpy(key, name, length);
    key[length] = '\0';
    struct domain *domain = flowrules_input_lookup(nf->in, SYMBOL_DOMAIN, key);
    if (domain)
        return domain;
    if (!nf->names) {
        nf->names = flowrules_input_alloc(nf->in, sizeof *nf->names);
        if (!nf->names)
            return NULL;
        nf->names->last = &nf->names->domains;
    }
    domain = flowrules_input_alloc(nf->in, sizeof *domain);
    if (!domain || !flowrules_input_define(nf->in, SYMBOL_DOMAIN, key, domain))
        return NULL;
    domain->name = flowrules_input_copy(nf->in, key, length);
    domain->at = at;
    *nf->names->last = domain;
    nf->names->last = &domain->next;
    return domain->name ? domain : NULL;
}

/* ---- the lines ----------------------------------------------------------------------------- */

/* "/a.example/b.example/": calls each with what stands behind them. */
static void
each_domain(struct netfilter *nf, const char *text, const char *end, struct flowrules_place at,
            void (*each)(struct netfilter *nf, const char *name, size_t length, const char *value,
                         const char *end, struct flowrules_place at)) {
    const char *value = end;
    while (value > text && value[-1] != '/')
        value--;
    while (text < value && *text == '/' && text + 1 < value) {
        const char *slash = memchr(text + 1, '/', (size_t)(value - text - 1));
        if (!slash)
            return;
        each(nf, text + 1, (size_t)(slash - text - 1), value, end, at);
        text = slash;
    }
}

/* "/server/": local answers are shut, "#" and addresses of servers are open. */
static void read_server(struct netfilter *nf, const char *name, size_t length, const char *value,
                        const char *end, struct flowrules_place at) {
    bool below = length > 2 && name[0] == '*' && name[1] == '.';
    struct domain *domain = domain_of(nf, below ? name + 2 : name, below ? length - 2 : length, at);
    if (domain)
        *(below ? &domain->below : &domain->all) = value < end ? OPEN : SHUT;
}

static void read_address(struct netfilter *nf, const char *name, size_t length, const char *value,
                         const char *end, struct flowrules_place at) {
    (void)value;
    read_server(nf, name, length, end, end, at);
}

static void fill(struct netfilter *nf, struct domain *domain, struct netfilter_set *set) {
    struct filling *filling = flowrules_input_alloc(nf->in, sizeof *filling);
    if (!filling)
        return;
    *filling = (struct filling){set, domain->sets};
    domain->sets = filling;
}

/* "4#inet#flowrules_web#names.4" */
static void read_nft_set(struct netfilter *nf, struct domain *domain, const char *text,
                         size_t length, struct flowrules_place at) {
    char spec[600], *part[4];
    size_t parts = 0;
    if (length >= sizeof spec)
        return;
    memcpy(spec, text, length);
    spec[length] = '\0';
    for (char *at_part = spec; at_part && parts < 4; parts++) {
        part[parts] = at_part;
        at_part = strchr(at_part, '#');
        if (at_part)
            *at_part++ = '\0';
    }
    bool family = parts == 4 && (strcmp(part[0], "4") == 0 || strcmp(part[0], "6") == 0);
    if (!family && parts != 3) {
        flowrules_input_error(nf->in, at, NULL, "'%.*s' names no set of nftables",
                              (int)(length < 100 ? length : 100), text);
        return;
    }
    char **name = family ? part + 1 : part;
    struct netfilter_table *table = fr_netfilter_table(nf, name[0], name[1]);
    struct netfilter_set *set = table ? fr_netfilter_set(nf, table, name[2], at) : NULL;
    if (set)
        fill(nf, domain, set);
}

static void read_nft_sets(struct netfilter *nf, const char *name, size_t length, const char *value,
                          const char *end, struct flowrules_place at) {
    struct domain *domain = domain_of(nf, name, length, at);
    while (domain && value < end) {
        const char *comma = memchr(value, ',', (size_t)(end - value));
        size_t part = (size_t)((comma ? comma : end) - value);
        read_nft_set(nf, domain, value, part, at);
        value += part + (comma != NULL);
    }
}

static void read_ipsets(struct netfilter *nf, const char *name, size_t length, const char *value,
                        const char *end, struct flowrules_place at) {
    struct domain *domain = domain_of(nf, name, length, at);
    struct netfilter_table *table = fr_netfilter_table(nf, NETFILTER_IPSETS, "");
    while (domain && table && value < end) {
        const char *comma = memchr(value, ',', (size_t)(end - value));
        size_t part = (size_t)((comma ? comma : end) - value);
        char *text = flowrules_input_copy(nf->in, value, part);
        struct netfilter_set *set = text ? fr_netfilter_set(nf, table, text, at) : NULL;
        if (set)
            fill(nf, domain, set);
        value += part + (comma != NULL);
    }
}

static const struct {
    const char *option;
    void (*read)(struct netfilter *nf, const char *name, size_t length, const char *value,
                 const char *end, struct flowrules_place at);
} options[] = {{"nftset=", read_nft_sets},
               {"ipset=", read_ipsets},
               {"local=", read_server},
               {"server=", read_server},
               {"address=", read_address}};

bool fr_netfilter_is_dnsmasq(flowrules_input *in, size_t file) {
    struct flowrules_line line = {.file = file};
    while (flowrules_input_line(in, &line)) {
        if (line.length == 0 || line.text[0] == '#')
            continue;
        for (size_t i = 0; i < sizeof options / sizeof *options; i++)
            if (line.length > strlen(options[i].option) &&
                memcmp(line.text, options[i].option, strlen(options[i].option)) == 0)
                return true;
        return false;
    }
    return false;
}

/* Other lines of a configuration have no say over which answers go where. */
void fr_netfilter_read_dnsmasq(struct netfilter *nf, size_t file) {
    struct flowrules_line line = {.file = file};
    while (flowrules_input_line(nf->in, &line) && !flowrules_input_failed(nf->in)) {
        struct flowrules_place at = {file, line.number, 1};
        for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
            size_t length = strlen(options[i].option);
            if (line.length > length && memcmp(line.text, options[i].option, length) == 0)
                each_domain(nf, line.text + length, line.text + line.length, at, options[i].read);
        }
    }
}

/* ---- what the sets are --------------------------------------------------------------------- */

/* The nearest domain above that has something said of it; NULL: none. */
static struct domain *above(const struct netfilter *nf, const struct domain *domain) {
    const char *name = domain->name;
    while ((name = strchr(name, '.')) != NULL) {
        struct domain *found = flowrules_input_lookup(nf->in, SYMBOL_DOMAIN, ++name);
        if (found)
            return found;
    }
    return NULL;
}

/* Do answers come for what is strictly below a domain, where nothing else is said of it? */
static bool below_is_open(const struct netfilter *nf, const struct domain *domain) {
    for (; domain; domain = above(nf, domain)) {
        if (domain->below != UNSAID)
            return domain->below == OPEN;
        if (domain->all != UNSAID)
            return domain->all == OPEN;
    }
    return true;
}

static bool self_is_open(const struct netfilter *nf, const struct domain *domain) {
    return domain->all != UNSAID ? domain->all == OPEN : below_is_open(nf, above(nf, domain));
}

static bool fills(const struct domain *domain, const struct netfilter_set *set) {
    for (const struct filling *f = domain->sets; f; f = f->next)
        if (f->set == set)
            return true;
    return false;
}

/* Leaves a name, and what is below it, out of a set that the domain above fills. */
static void leave_out(struct netfilter *nf, struct netfilter_set *set, const struct domain *domain,
                      bool self, bool below) {
    struct flowrules_set sets[3];
    size_t count = 0;
    char *wildcard = flowrules_input_print(nf->in, "*.%s", domain->name);
    if (domain->wide) {
        set->doubt = "a set of names below a domain, but for some of them and not others";
        return;
    }
    if (set->excepting)
        sets[count++] = set->except;
    if (self)
        sets[count++] = flowrules_input_name(nf->in, domain->at, domain->name);
    if (below && wildcard)
        sets[count++] = flowrules_input_name(nf->in, domain->at, wildcard);
    set->except = flowrules_input_unite(nf->in, sets, count);
    set->excepting = true;
}

/* A domain is an exception to what is said above it, where its answers go elsewhere or nowhere. */
static void leave_out_exceptions(struct netfilter *nf, const struct domain *domain) {
    struct domain *wider = above(nf, domain);
    while (wider && !wider->sets)
        wider = above(nf, wider);
    if (!wider || !below_is_open(nf, wider))
        return;
    for (const struct filling *f = wider->sets; f; f = f->next) {
        bool reaches = !domain->sets || fills(domain, f->set);
        bool self = !reaches || !self_is_open(nf, domain);
        bool below = !reaches || !below_is_open(nf, domain);
        if (self || below)
            leave_out(nf, f->set, domain, self, below);
    }
}

static void name_set(struct netfilter *nf, struct netfilter_set *set, const struct domain *domain) {
    struct flowrules_set both[3];
    size_t count = 0;
    if (set->named)
        both[count++] = set->names;
    if (self_is_open(nf, domain))
        both[count++] = flowrules_input_name(nf->in, domain->at, domain->name);
    if (below_is_open(nf, domain)) {
        char *wildcard = flowrules_input_print(nf->in, "*.%s", domain->name);
        if (wildcard)
            both[count++] = flowrules_input_name(nf->in, domain->at, wildcard);
    }
    set->names = flowrules_input_unite(nf->in, both, count);
    set->named = true;
    set->count = 0;
    set->doubt = NULL;
    set->united = set->commented = false;
}

void fr_netfilter_name_sets(struct netfilter *nf) {
    struct domain *first = nf->names ? nf->names->domains : NULL;
    for (struct domain *d = first; d; d = d->next)
        for (struct filling *f = d->sets; f && !flowrules_input_failed(nf->in); f = f->next)
            name_set(nf, f->set, d);
    for (struct domain *d = first; d; d = d->next)
        for (struct domain *wider = above(nf, d); wider; wider = above(nf, wider))
            wider->wide = true;
    for (struct domain *d = first; d && !flowrules_input_failed(nf->in); d = d->next)
        leave_out_exceptions(nf, d);
}
