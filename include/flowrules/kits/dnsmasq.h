/*
 * flowrules: names that dnsmasq follows, for which it fills sets.
 */
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
/* The named set that is the names of an end; false where it has none. */
FLOWRULES_API bool flowrules_set_named(const flowrules_output *out, struct flowrules_set set,
                                       struct flowrules_named_set *named);
/* Some of its names, for a comment: "a.example, *.b.example and 7 more". */
FLOWRULES_API void flowrules_write_names(flowrules_writer *w, struct flowrules_set set);

/* How dnsmasq is told to fill a target's sets. */
struct flowrules_dnsmasq {
    const char *option;  /* "nftset" or "ipset" */
    const char *needs;   /* what dnsmasq and the machine must have */
    const char *loading; /* what has to be loaded first, behind the target's name */
    void (*write_set)(flowrules_writer *w, flowrules_output *out,
                      const struct flowrules_named_set *named, enum flowrules_family family);
};

/* The file TARGET.dnsmasq.conf, where the target has named sets. */
FLOWRULES_API void flowrules_dnsmasq_write(flowrules_output *out,
                                           const struct flowrules_dnsmasq *dnsmasq);

#ifdef __cplusplus
}
#endif

#endif
