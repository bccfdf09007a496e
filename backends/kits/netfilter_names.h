/*
 * Of netfilter_*.c alone: domains as dnsmasq's configuration speaks of them, from the reader of its
 * lines to what makes names of the sets.
 */
#ifndef FR_NETFILTER_NAMES_H
#define FR_NETFILTER_NAMES_H

#include "netfilter.h"

/* True if dnsmasq forwards queries for a name, so that answers get into sets. */
enum netfilter_answers { NETFILTER_UNSAID, NETFILTER_ASKED, NETFILTER_NOT_ASKED };

struct netfilter_domain;

/* There is a configuration of dnsmasq; false when out of memory. */
bool fr_netfilter_begin_names(struct netfilter *nf);
/* The domain of a name, created if there is none; NULL after an error. */
struct netfilter_domain *fr_netfilter_domain(struct netfilter *nf, const char *name,
                                             struct flowrules_place at);
/* For the domain with all below it, or for what is below it alone; false: it was said otherwise. */
bool fr_netfilter_say(struct netfilter_domain *domain, bool below, enum netfilter_answers answers);
/* Notes that something was not understood and reported: the sets are unknown. */
void fr_netfilter_doubt_names(struct netfilter *nf);
/* A line of sets for a domain; false where it counts for nothing, since it is not the first. */
bool fr_netfilter_begin_filling(struct netfilter_domain *domain, struct flowrules_place at);
/* Answers of these families for a domain go to a set. */
void fr_netfilter_fill(struct netfilter *nf, struct netfilter_domain *domain,
                       struct netfilter_set *set, unsigned families);

#endif
