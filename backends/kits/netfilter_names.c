/*
 * Sets that dnsmasq fills: what its configuration says of them is what they are, not what they
 * hold at the moment. Knows which domains have which sets, and for which of them answers come, not
 * how lines are written (netfilter_dnsmasq.c). Facts: dnsmasq(8) of 2.90 and its src/forward.c,
 * domain_find_sets: of all domains that a name is or is below, the longest counts, and of several
 * lines for one domain the first.
 */
#include <string.h>

#include "netfilter_names.h"

enum { SYMBOL_DOMAIN = 3 };

/* A set that answers for a domain go to. */
struct filling {
    struct netfilter_set *set;
    struct filling *next;
};

struct netfilter_domain {
    const char *name;
    struct flowrules_place at;
    enum netfilter_answers all, below; /* what lines say of /name/ and of / *.name/ */
    struct flowrules_place filled_by;  /* its line of sets; line 0: none */
    struct filling *sets;
    struct netfilter_domain *next;
};

struct names {
    struct flowrules_set *items; /* one name each */
    size_t count, capacity;
};

/* What is put together of a set's names. */
struct netfilter_naming {
    struct netfilter_set *set;
    struct names in, out;
    struct netfilter_naming *next;
};

struct netfilter_names {
    struct netfilter_domain *domains, **last;
    struct netfilter_naming *namings;
    bool doubted;
};

/* ---- what the lines say -------------------------------------------------------------------- */

bool fr_netfilter_begin_names(struct netfilter *nf) {
    if (!nf->names) {
        nf->names = flowrules_input_alloc(nf->in, sizeof *nf->names);
        if (nf->names)
            nf->names->last = &nf->names->domains;
    }
    return nf->names != NULL;
}

struct netfilter_domain *fr_netfilter_domain(struct netfilter *nf, const char *name,
                                             struct flowrules_place at) {
    struct flowrules_set set = flowrules_input_name(nf->in, at, name);
    if (flowrules_input_failed(nf->in) || flowrules_set_atom_count(set) != 1)
        return NULL;
    name = flowrules_set_atom(set, 0).name;
    struct netfilter_domain *domain = flowrules_input_lookup(nf->in, SYMBOL_DOMAIN, name);
    if (domain)
        return domain;
    domain = flowrules_input_alloc(nf->in, sizeof *domain);
    if (!domain || !flowrules_input_define(nf->in, SYMBOL_DOMAIN, name, domain))
        return NULL;
    domain->name = flowrules_input_copy(nf->in, name, strlen(name));
    domain->at = at;
    *nf->names->last = domain;
    nf->names->last = &domain->next;
    return domain->name ? domain : NULL;
}

bool fr_netfilter_say(struct netfilter_domain *domain, bool below, enum netfilter_answers answers) {
    enum netfilter_answers *said = below ? &domain->below : &domain->all;
    bool contrary = *said != NETFILTER_UNSAID && *said != answers;
    *said = answers;
    return !contrary;
}

void fr_netfilter_doubt_names(struct netfilter *nf) {
    nf->names->doubted = true;
}

bool fr_netfilter_begin_filling(struct netfilter_domain *domain, struct flowrules_place at) {
    bool first = domain->filled_by.line == 0 ||
                 (domain->filled_by.file == at.file && domain->filled_by.line == at.line);
    if (first)
        domain->filled_by = at;
    return first;
}

/* A set of one address in each element can be filled; answers of another family never get in. */
void fr_netfilter_fill(struct netfilter *nf, struct netfilter_domain *domain,
                       struct netfilter_set *set, unsigned families) {
    if (set->parts != 1 || set->types[0].field != NETFILTER_SOURCE) {
        set->doubt = "dnsmasq would fill a set that does not hold addresses";
        return;
    }
    struct filling *filling = flowrules_input_alloc(nf->in, sizeof *filling);
    if (!filling || !(set->types[0].families & families))
        return;
    *filling = (struct filling){set, domain->sets};
    domain->sets = filling;
}

/* ---- what the sets are --------------------------------------------------------------------- */

/* The nearest domain above of which something is said; NULL: none. */
static struct netfilter_domain *above(const struct netfilter *nf,
                                      const struct netfilter_domain *domain) {
    const char *name = domain->name;
    while ((name = strchr(name, '.')) != NULL) {
        struct netfilter_domain *found = flowrules_input_lookup(nf->in, SYMBOL_DOMAIN, ++name);
        if (found)
            return found;
    }
    return NULL;
}

/* Do answers come for what is below a domain, where no longer one has a say? */
static bool below_is_open(const struct netfilter *nf, const struct netfilter_domain *domain) {
    for (; domain; domain = above(nf, domain)) {
        if (domain->below != NETFILTER_UNSAID)
            return domain->below == NETFILTER_ASKED;
        if (domain->all != NETFILTER_UNSAID)
            return domain->all == NETFILTER_ASKED;
    }
    return true;
}

static bool self_is_open(const struct netfilter *nf, const struct netfilter_domain *domain) {
    return domain->all != NETFILTER_UNSAID ? domain->all == NETFILTER_ASKED
                                           : below_is_open(nf, above(nf, domain));
}

/* The domain whose line of sets a domain goes by: its own, or the next one above that has one. */
static const struct netfilter_domain *owner(const struct netfilter *nf,
                                            const struct netfilter_domain *domain) {
    while (domain && domain->filled_by.line == 0)
        domain = above(nf, domain);
    return domain;
}

static bool fills(const struct netfilter_domain *domain, const struct netfilter_set *set) {
    for (const struct filling *f = domain ? domain->sets : NULL; f; f = f->next)
        if (f->set == set)
            return true;
    return false;
}

/* Do the answers for what is below a domain get into a set? */
static bool takes_below(const struct netfilter *nf, const struct netfilter_domain *domain,
                        const struct netfilter_set *set) {
    return domain && fills(owner(nf, domain), set) && below_is_open(nf, domain);
}

static void add_name(struct netfilter *nf, struct names *names,
                     const struct netfilter_domain *domain, bool below) {
    char *name = flowrules_input_print(nf->in, "%s%s", below ? "*." : "", domain->name);
    names->items = flowrules_input_grow(nf->in, names->items, &names->capacity, names->count,
                                        sizeof *names->items);
    if (name && names->items)
        names->items[names->count++] = flowrules_input_name(nf->in, domain->at, name);
    else
        names->count = names->capacity = 0;
}

static struct netfilter_naming *begin_naming(struct netfilter *nf, struct netfilter_set *set) {
    if (set->naming)
        return set->naming;
    set->naming = flowrules_input_alloc(nf->in, sizeof *set->naming);
    if (!set->naming)
        return NULL;
    set->naming->set = set;
    set->naming->next = nf->names->namings;
    nf->names->namings = set->naming;
    return set->naming;
}

/* Its elements at the moment, and what their comments say, are no part of what it is. */
static void end_naming(struct netfilter *nf, const struct netfilter_naming *naming) {
    struct netfilter_set *set = naming->set;
    set->names = flowrules_input_unite(nf->in, naming->in.items, naming->in.count);
    set->except = flowrules_input_unite(nf->in, naming->out.items, naming->out.count);
    set->named = true;
    set->excepting = naming->out.count > 0;
    set->commented = false;
    if (nf->names->doubted && !set->doubt)
        set->doubt = "the names of this set in dnsmasq's configuration are not understood";
}

/* Is it below something that is left out of the set, below something that is in it? */
static bool comes_back(const struct netfilter *nf, const struct netfilter_domain *domain,
                       const struct netfilter_set *set) {
    const struct netfilter_domain *wider = above(nf, domain);
    if (takes_below(nf, wider, set))
        return false;
    for (; wider; wider = above(nf, wider))
        if (takes_below(nf, wider, set))
            return true;
    return false;
}

/*
 * What a domain and the names below it are to a set that its own line, or one above it, fills: in
 * it, or left out of what is in it by a wider domain.
 */
static void judge(struct netfilter *nf, const struct netfilter_domain *domain,
                  struct netfilter_set *set) {
    struct netfilter_naming *naming = begin_naming(nf, set);
    bool filled = fills(owner(nf, domain), set);
    bool self = filled && self_is_open(nf, domain);
    bool below = filled && below_is_open(nf, domain);
    bool wider = takes_below(nf, above(nf, domain), set);
    if (!naming)
        return;
    if ((self || below) && comes_back(nf, domain, set))
        set->doubt = "a set that excludes names below a domain, except some of them";
    if (self || wider)
        add_name(nf, self ? &naming->in : &naming->out, domain, false);
    if (below || wider)
        add_name(nf, below ? &naming->in : &naming->out, domain, true);
}

static void judge_domain(struct netfilter *nf, const struct netfilter_domain *domain) {
    const struct netfilter_domain *own = owner(nf, domain);
    const struct netfilter_domain *wider = owner(nf, above(nf, domain));
    for (const struct filling *f = own ? own->sets : NULL; f; f = f->next)
        judge(nf, domain, f->set);
    for (const struct filling *f = wider && wider != own ? wider->sets : NULL; f; f = f->next)
        if (!fills(own, f->set))
            judge(nf, domain, f->set);
}

/* Was the set written to be filled by dnsmasq, so that nothing else fills it? */
static bool is_for_dnsmasq(const struct netfilter_set *set) {
    return strncmp(set->name, "names_", 6) == 0 || strncmp(set->name, "FR-", 3) == 0;
}

/* Is it one that TARGET.apply.sh makes, for sessions that were open before the rules? */
static bool is_for_open_sessions(const struct netfilter_set *set) {
    size_t length = strlen(set->name);
    return strcmp(set->name, "open_sessions") == 0 ||
           (length > 6 && strncmp(set->name, "FR-", 3) == 0 &&
            (strcmp(set->name + length - 6, ".open4") == 0 ||
             strcmp(set->name + length - 6, ".open6") == 0));
}

static const char *doubt_of(struct netfilter *nf, const struct netfilter_set *set) {
    if (is_for_open_sessions(set))
        return flowrules_input_print(nf->in,
                                     "for a while after the first load, '%.100s' lets TCP sessions "
                                     "pass that were open before; the next load removes it",
                                     set->name);
    return nf->names ? flowrules_input_print(nf->in,
                                             "the elements of the set '%.100s' change, and no line "
                                             "of dnsmasq's configuration fills it",
                                             set->name)
                     : flowrules_input_print(nf->in,
                                             "the elements of the set '%.100s' change; if dnsmasq "
                                             "fills it, also give its configuration",
                                             set->name);
}

/* Are some names of domains that fill sets not asked for, so that an import has to shut them too?
 */
static bool is_exact(const struct netfilter_names *names) {
    for (const struct netfilter_domain *d = names->domains; d; d = d->next)
        if (d->all == NETFILTER_NOT_ASKED || d->below == NETFILTER_NOT_ASKED)
            return true;
    return false;
}

void fr_netfilter_name_sets(struct netfilter *nf) {
    struct netfilter_domain *domain = nf->names ? nf->names->domains : NULL;
    for (; domain && !flowrules_input_failed(nf->in); domain = domain->next)
        judge_domain(nf, domain);
    bool about_these = nf->names && nf->names->namings;
    if (about_these && is_exact(nf->names))
        flowrules_input_found(nf->in, "names-exact", "true");
    for (struct netfilter_set *set = nf->expiring; set; set = set->next_expiring) {
        if (about_these && is_for_dnsmasq(set))
            begin_naming(nf, set);
        if (set->naming || set->doubt)
            continue;
        set->doubt = doubt_of(nf, set);
    }
    for (struct netfilter_naming *n = nf->names ? nf->names->namings : NULL; n; n = n->next)
        end_naming(nf, n);
}
