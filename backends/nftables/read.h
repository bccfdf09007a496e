/*
 * Of this folder alone: what the two forms of nft's rulesets, its own text and JSON, have in
 * common when they are read.
 */
#ifndef FR_NFTABLES_READ_H
#define FR_NFTABLES_READ_H

#include "flowrules/kits/templates.h"
#include "netfilter.h"

void fr_nftables_read(flowrules_input *in);

/* TARGET.apply.sh; its last piece is the same for every target. */
extern const struct flowrules_piece fr_nftables_apply[];
/* The script loads the other file: doubts all where it is not as it was written. */
void fr_nftables_read_script(flowrules_input *in, size_t file);

/* Of the own chains of a target that only permits, by direction. */
extern const char *const fr_nftables_own_suffixes[];

/* nft's text of a file, or its JSON, into nf. Errors are told. */
void fr_nftables_read_text(struct netfilter *nf, size_t file);
void fr_nftables_read_json(struct netfilter *nf, size_t file);

/* "ip saddr": the key of a field of a header, or of meta and ct; false when not known. */
bool fr_nftables_key(const char *header, const char *field, struct netfilter_key *key);
/* The key that has the values of a set's type, "ipv4_addr"; false when not known. */
bool fr_nftables_type(const char *type, struct netfilter_key *key);
/* A value of a key, "443", "1024-65535", "192.0.2.0/24", "echo-request"; false when it is none. */
bool fr_nftables_value(flowrules_input *in, const struct netfilter_key *key, const char *text,
                       size_t length, struct netfilter_piece *piece);
/* "accept", "jump"; *takes_chain: a chain's name follows. False when it is no verdict. */
bool fr_nftables_verdict(const char *word, enum netfilter_verdict *verdict, bool *takes_chain);
/* "filter" or a number; false when it is none. */
bool fr_nftables_priority(const char *text, long long *priority);
/* The hook and type of a base chain. */
void fr_nftables_hook(struct netfilter_chain *chain, const char *type, const char *hook);
/* A value that is none: told as an error. */
void fr_nftables_bad_value(flowrules_input *in, struct flowrules_place at, const char *text,
                           size_t length);
/* Why a value that is none may be a name that is not known here; NULL where it is no name. */
const char *fr_nftables_unknown_name(flowrules_input *in, const char *text, size_t length);
/* reject with something: what that says of the packets. */
void fr_nftables_reject(struct netfilter *nf, struct netfilter_rule *rule, const char *with);
/* A match of one number. */
struct netfilter_match *fr_nftables_single(struct netfilter *nf, struct netfilter_rule *rule,
                                           struct netfilter_key key, uint64_t number);
/* Turns the number of a piece to all that are less, or more. */
enum nftables_operator {
    NFTABLES_EQUAL,
    NFTABLES_UNEQUAL,
    NFTABLES_LESS,
    NFTABLES_MORE,
    NFTABLES_AT_MOST,
    NFTABLES_AT_LEAST
};
/* How many bits a mask leaves of an address; 0 where it is none of a prefix. */
uint8_t fr_nftables_mask_bits(const struct flowrules_range *mask);
/* False where there are none. */
bool fr_nftables_compare(const struct netfilter_key *key, enum nftables_operator op,
                         struct netfilter_piece *piece);

/* What the bits of a key, connection states or TCP flags, are held against. */
struct nftables_bits {
    bool masked;   /* under mask; else whole */
    bool compared; /* by an operator; without one, one of them is enough */
    bool unequal;
    uint64_t mask, bits;
};
void fr_nftables_bits(struct netfilter *nf, struct netfilter_match *match, uint32_t line,
                      const struct nftables_bits *bits);
bool fr_nftables_has_bits(const struct netfilter_match *match);
/* The keys of a set were declared: doubts it where some is not known. */
void fr_nftables_check_set(struct netfilter_set *set);
/* The flags of a set or map say that its elements come and go. */
void fr_nftables_expires(struct netfilter *nf, struct netfilter_set *set, bool map);
/* The set of a name that a rule refers to; NULL after an error. */
struct netfilter_set *fr_nftables_refer(struct netfilter *nf, const struct netfilter_table *table,
                                        const char *name, unsigned parts,
                                        struct flowrules_place at);
/* What is said of statements that change packets. */
extern const char fr_nftables_rewrites[];

#endif
