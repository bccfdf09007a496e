/*
 * Of iptables_*.c alone: what the parts of the reader share, which turn lines of iptables-save and
 * of ipset into the chains and sets of netfilter.h.
 */
#ifndef FR_IPTABLES_READ_H
#define FR_IPTABLES_READ_H

#include "netfilter.h"

/* A match by an ipset, which may be created in a file that is read later. */
struct iptables_reference {
    struct netfilter_rule *rule;
    size_t match; /* of the rule */
    struct netfilter_set *set;
    const char *flags; /* "src,dst" */
    unsigned families;
    struct flowrules_place at;
};

struct iptables_reader {
    struct netfilter nf;
    flowrules_input *in;
    struct netfilter_table *sets; /* ipsets are of no table */
    struct iptables_reference *references;
    size_t reference_count, reference_capacity;
    unsigned families; /* of which rules were read: bits */
};

/* The words of one line. */
struct iptables_words {
    const struct flowrules_word *items;
    size_t count, next;
    struct flowrules_line line;
};

/* The words behind "-A CHAIN" as a rule of a chain. */
void fr_iptables_read_rule(struct iptables_reader *reader, struct netfilter_chain *chain,
                           enum flowrules_family family, struct iptables_words *words);
/* A line of ipset: create or add; false when it is none. */
bool fr_iptables_read_set_line(struct iptables_reader *reader, struct iptables_words *words);
/* Looks up what sets the rules refer to, once all is read. */
void fr_iptables_resolve_sets(struct iptables_reader *reader);

struct flowrules_place fr_iptables_place(const struct iptables_words *words, size_t word);

#endif
