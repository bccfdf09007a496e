/*
 * The names of a target that a resolver such as dnsmasq follows: sets of names, and the addresses
 * that the resolver must add to each. A resolver knows only domains, a name with all names below
 * it.
 */
#ifndef FR_DOMAINS_H
#define FR_DOMAINS_H

#include "addresses.h"

/* A set of names that rules match, to be filled by the resolver. */
struct fr_named_set {
    fr_set set;
    const char *key; /* identifies its names */
    char hash[9];    /* of them, unique in the plan */
    uint32_t first_part, parts;
};

/* A part of a flow that reaches the names of a set. */
struct fr_named_part {
    uint32_t set, scoped, flow;
};

/* A name or wildcard of a set. */
struct fr_domain_mark {
    uint32_t domain, set;
    uint32_t wildcard; /* *.domain: what is below it */
};

/* A domain that is the name, or below whose name there are names, in some set. */
struct fr_domain {
    bool self, below;
    uint32_t first_mark, marks;
};

struct fr_domains {
    struct fr_strings names; /* of the domains: string n is domain n - 1 */
    struct fr_vec list;      /* struct fr_domain */
    struct fr_vec marks;     /* struct fr_domain_mark, by domain once they are settled */
    struct fr_vec sets;      /* struct fr_named_set */
    struct fr_vec parts;     /* struct fr_named_part, by set once they are settled */
    struct fr_map set_of;    /* by fr_set: index of sets */
    struct fr_strings keys;  /* those that are taken */
};

void fr_domains_init(struct fr_domains *domains, const struct fr_allocator *allocator);
void fr_domains_free(struct fr_domains *domains);

/* The names and wildcards of a set, as a set. */
fr_set fr_names_of(const flowrules_plan *plan, fr_set set);

/*
 * For a target whose resolver follows domains: refuses or widens the flows for which the resolver
 * would admit too much.
 */
flowrules_status fr_check_domains(flowrules_plan *plan);

/* The index of the named set with these names; UINT32_MAX: none. */
uint32_t fr_named_set_index(const struct fr_domains *domains, fr_set set);

/*
 * The sets, as indices of sets in order, that take the addresses of a domain and of all below it,
 * into sets (uint32_t); false when out of memory.
 */
bool fr_domain_sets(const struct fr_domains *domains, uint32_t domain, struct fr_vec *sets);
/* The listed domain that is next above one, or UINT32_MAX. */
uint32_t fr_domain_above(const struct fr_domains *domains, uint32_t domain);

#endif
