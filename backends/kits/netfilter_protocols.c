/*
 * Sets of protocols: which numbers packets have, and the shortest lists of them.
 */
#include <string.h>

#include "flowrules/kits/flows.h"
#include "netfilter_protocols.h"

enum { ICMP = 1, ICMPV6 = 58 };

bool fr_netfilter_protocols_is_bare(const struct flowrules_service *service) {
    return service->protocol >= 0 && service->source_port_count == 0 &&
           service->destination_port_count == 0 && service->icmp_type < 0 && service->icmp_code < 0;
}

void fr_netfilter_protocols_add(struct protocol_set *set, int protocol) {
    set->count += !set->has[protocol];
    set->has[protocol] = true;
}

/*
 * ICMP is IPv4's, ICMPv6 IPv6's. Over IPv6 netfilter goes on behind hop-by-hop options, routing,
 * fragment and destination options headers (ipv6_find_hdr of net/ipv6/exthdrs_core.c), so that
 * these are no packet's protocol.
 */
bool fr_netfilter_protocols_exists(enum flowrules_family family, int protocol) {
    static const uint8_t skipped[] = {0, 43, 44, 60};
    if (family == FLOWRULES_IPV4)
        return protocol != ICMPV6;
    return protocol != ICMP && !memchr(skipped, protocol, sizeof skipped);
}

static bool exists_in(unsigned families, int protocol) {
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
        if ((families & FLOWRULES_FAMILY_BIT(f)) && fr_netfilter_protocols_exists(f, protocol))
            return true;
    return false;
}

void fr_netfilter_protocols_of(const struct protocol_set *set, unsigned families,
                               struct protocol_set *own) {
    *own = (struct protocol_set){.count = 0};
    for (int p = 0; p < 256; p++)
        if (set->has[p] && exists_in(families, p))
            fr_netfilter_protocols_add(own, p);
}

void fr_netfilter_protocols_others(const struct protocol_set *set, unsigned families,
                                   struct protocol_set *others) {
    *others = (struct protocol_set){.count = 0};
    for (int p = 0; p < 256; p++)
        if (!set->has[p] && exists_in(families, p))
            fr_netfilter_protocols_add(others, p);
}

static void list_runs(const struct protocol_set *set, unsigned families,
                      struct protocol_list *list) {
    bool open = false;
    list->count = 0;
    for (int p = 0; p < 256; p++) {
        if (set->has[p] && !open)
            list->runs[list->count++].first = (uint8_t)p;
        if (set->has[p])
            list->runs[list->count - 1].last = (uint8_t)p;
        open = set->has[p] || (open && !exists_in(families, p));
    }
}

void fr_netfilter_protocols_list(const struct protocol_set *set, unsigned families,
                                 struct protocol_list *list) {
    struct protocol_set others;
    struct protocol_list rest = {.negated = true};
    fr_netfilter_protocols_others(set, families, &others);
    list_runs(&others, families, &rest);
    list->negated = false;
    list_runs(set, families, list);
    if (rest.count < list->count)
        *list = rest;
}

bool fr_netfilter_protocols_same_rule(const struct flowrules_rule *a,
                                      const struct flowrules_rule *b) {
    return !a->table && !b->table && a->action == b->action && a->direction == b->direction &&
           a->families == b->families && a->source.id == b->source.id &&
           a->destination.id == b->destination.id && a->log == b->log &&
           flowrules_flows_are_same(a->flows, b->flows);
}
