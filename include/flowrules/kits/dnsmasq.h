/* flowrules: names that dnsmasq resolves, and the sets that it fills for them. */
#ifndef FLOWRULES_KITS_DNSMASQ_H
#define FLOWRULES_KITS_DNSMASQ_H

#include <stdbool.h>
#include <stddef.h>

#include "../backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A set of names that rules match, with capabilities.whole_domains: an end of a rule, or a group's
 * match, that has names has nothing else, and the target keeps a set of addresses for it.
 */
struct flowrules_named_set {
    struct flowrules_set names;
    unsigned families; /* bits: those in which a rule needs it */
    /*
     * The same for the same names and names-timeout, and for no other: "huggingface.co",
     * "below_huggingface.co" of a wildcard, else a word and the hash: "docker_hub_1a2b3c4d". What
     * is cut of it has to end in the hash: 8 hex digits, unique in the plan.
     */
    const char *key, *hash;
};

FLOWRULES_API size_t flowrules_output_named_set_count(const flowrules_output *out);
FLOWRULES_API struct flowrules_named_set flowrules_output_named_set(const flowrules_output *out,
                                                                    size_t index);
/* Gives the named set for the names of a source or destination; false if it has none. */
FLOWRULES_API bool flowrules_set_named(const flowrules_output *out, struct flowrules_set set,
                                       struct flowrules_named_set *named);
/* Writes some of its names, for a comment: "a.example, *.b.example and 7 more". */
FLOWRULES_API void flowrules_write_names(flowrules_writer *w, struct flowrules_set set);

/* How the configuration of dnsmasq names the sets of a target. */
struct flowrules_dnsmasq {
    const char *option;  /* "nftset" or "ipset" */
    const char *needs;   /* what dnsmasq and the machine must have */
    const char *loading; /* what has to be loaded first, behind the target's name */
    void (*write_set)(flowrules_writer *w, flowrules_output *out,
                      const struct flowrules_named_set *named, enum flowrules_family family);
};

/* Writes the file TARGET.dnsmasq.conf, if the target has named sets. */
FLOWRULES_API void flowrules_dnsmasq_write(flowrules_output *out,
                                           const struct flowrules_dnsmasq *dnsmasq);

#ifdef __cplusplus
}
#endif

#endif
