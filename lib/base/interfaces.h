/*
 * Names of network interfaces, and of zones, as numbers, so that sets of them are sets of ranges.
 * The bytes of a name, the first one highest, with zeros after them, are its number: all names with
 * the same beginning are one range. The context numbers names that are too long for that.
 */
#ifndef FR_INTERFACES_H
#define FR_INTERFACES_H

#include "addresses.h"
#include "context.h"

/* Linux: IFNAMSIZ in include/uapi/linux/if.h is 16 with the final NUL. */
#define FR_INTERFACE_NAME_MAX 15u

/*
 * The range of a name, or of all names with this beginning; false if the name is too long, or empty
 * and not a beginning. Its family is IPv6, which has as many numbers.
 */
bool fr_interface_range(const char *name, bool begins, struct flowrules_range *range);
/* The same of a pattern: "eth1", or "eth*" for all that begin so; iptables' "eth+" is the same. */
bool fr_interface_pattern(const char *text, struct flowrules_range *range);
/*
 * The range of a name of any length that is no pattern and no interface of Linux: a zone. False
 * when out of memory.
 */
bool fr_interface_named(flowrules_context *context, const char *name,
                        struct flowrules_range *range);
/* Are all numbers of inner in outer? */
static inline bool fr_interface_is_within(const struct flowrules_range *inner,
                                          const struct flowrules_range *outer) {
    return fr_ip_compare(outer->first, inner->first) <= 0 &&
           fr_ip_compare(inner->last, outer->last) <= 0;
}

/* May a packet be at both, where 0 is all interfaces? */
static inline bool fr_interfaces_meet(const struct fr_sets *sets, fr_set own, fr_set other) {
    return own == 0 || other == 0 || fr_set_overlaps(sets, own, other);
}

/* The set of all interfaces but the loopback interface. */
fr_set fr_interfaces_all(struct fr_sets *sets);
/*
 * Cuts each set of parts (fr_set) in two where it has something of a set and something else. False
 * when out of memory.
 */
bool fr_interfaces_cut(struct fr_sets *sets, struct fr_vec *parts, fr_set by);

/* A set as names and patterns, without those of except; no names: all interfaces. */
struct fr_interface_list {
    const char **names, **except; /* "eth1", "wlan*": of the arena */
    size_t count, except_count;
};

/* Where texts are made: the context has the names that are too long for a number. */
struct fr_interface_words {
    const flowrules_context *context;
    struct fr_arena *arena;
    struct fr_sets *sets;
    const char *word; /* "interface", "zone" */
};

/* False when out of memory; *said is false where words would be too many. */
bool fr_interfaces_spell(const struct fr_interface_words *words, fr_set set,
                         struct fr_interface_list *list, bool *said);
/*
 * Writes a set as "eth1, wlan*", "any interface but eth1" or "eth* but eth1, eth2". NULL when out
 * of memory, or if the list would be too long: *said is then false.
 */
const char *fr_interfaces_text(const struct fr_interface_words *words, fr_set set, bool *said);

#endif
