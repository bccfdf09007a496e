/*
 * Rules of nftables and iptables that differ in their protocol alone, put together: which protocols
 * those are, and the shortest way to say them. Knows no syntax.
 */
#ifndef FR_NETFILTER_PROTOCOLS_H
#define FR_NETFILTER_PROTOCOLS_H

#include "flowrules/backend.h"

struct protocol_run {
    uint8_t first, last;
};

/* Protocols without ports and types; of the rules of several services, those in one place. */
struct protocol_set {
    bool has[256];
    unsigned count;
};

/* A list of protocols, or of all that it is not. */
struct protocol_list {
    struct protocol_run runs[128];
    unsigned count;
    bool negated; /* count 0: every protocol */
};

/* True if a service is all of one protocol. */
bool fr_netfilter_protocols_is_bare(const struct flowrules_service *service);
void fr_netfilter_protocols_add(struct protocol_set *set, int protocol);
/* True if packets of the family can have this protocol number, as netfilter sees it. */
bool fr_netfilter_protocols_exists(enum flowrules_family family, int protocol);
/* What of a set the packets of some families (bits) have. */
void fr_netfilter_protocols_of(const struct protocol_set *set, unsigned families,
                               struct protocol_set *own);
/* The fewest runs; numbers that no packet of the families has may be in any of them. */
void fr_netfilter_protocols_list(const struct protocol_set *set, unsigned families,
                                 struct protocol_list *list);
/* The protocols of the families that are not in the set, one by one. */
void fr_netfilter_protocols_others(const struct protocol_set *set, unsigned families,
                                   struct protocol_set *others);
/* True if two rules can be one, except for their services. */
bool fr_netfilter_protocols_same_rule(const struct flowrules_rule *a,
                                      const struct flowrules_rule *b);

#endif
