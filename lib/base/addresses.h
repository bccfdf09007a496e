/*
 * Addresses and sets of them: IPv4, IPv6, and atoms (names and platform groups, which are equal
 * only to themselves). Sets are canonical (sorted, disjoint, merged) and interned in a store, so
 * that equal sets have equal numbers.
 */
#ifndef FR_ADDRESSES_H
#define FR_ADDRESSES_H

#include "flowrules/backend.h"
#include "memory.h"

struct fr_range4 {
    uint32_t first, last;
};

struct fr_range6 {
    struct flowrules_ip first, last;
};

int fr_ip_compare(struct flowrules_ip a, struct flowrules_ip b);
struct flowrules_ip fr_ip_next(struct flowrules_ip ip);     /* wraps at the end */
struct flowrules_ip fr_ip_previous(struct flowrules_ip ip); /* wraps at the start */
/* The first and last address of ip/length within the family (32 or 128 bits). */
struct flowrules_ip fr_ip_first(enum flowrules_family family, struct flowrules_ip ip,
                                unsigned length);
struct flowrules_ip fr_ip_last(enum flowrules_family family, struct flowrules_ip ip,
                               unsigned length);
struct flowrules_ip fr_ip_max(enum flowrules_family family);

/* Reads one address, strictly (no leading zeros, no zone); false if it is not valid. */
bool fr_ip_parse(const char *text, size_t length, enum flowrules_family *family,
                 struct flowrules_ip *ip);
/* The same of IPv4 alone. */
bool fr_ip4_parse(const char *text, size_t length, uint32_t *ip);
/*
 * The length of the prefix that a mask is: a netmask (255.255.255.0), or what Cisco's access lists
 * have (0.0.0.255); false where the bits have gaps. 0.0.0.0 is 32 here, as in access lists.
 */
bool fr_ip4_mask_length(uint32_t mask, unsigned *length);

enum fr_range_form {
    FR_RANGE_OK,
    FR_RANGE_NOT_ADDRESS, /* it does not look like an address: maybe a name */
    FR_RANGE_BAD_ADDRESS, /* it looks like one and is not valid */
    FR_RANGE_BAD_LENGTH,  /* the prefix length is not a number, or too large */
    FR_RANGE_HOST_BITS,   /* bits set right of the prefix: range holds the masked network */
    FR_RANGE_REVERSED,    /* a-b with a > b */
    FR_RANGE_FAMILIES     /* a-b of two families */
};

/* Reads an address, CIDR (a/len) or range (a-b). */
enum fr_range_form fr_range_parse(const char *text, size_t length, struct flowrules_range *range,
                                  unsigned *prefix_length);

/* The set numbers that exist in every store. */
typedef uint32_t fr_set;
#define FR_SET_EMPTY ((fr_set)0)
#define FR_SET_ANY   ((fr_set)1) /* every IPv4 and IPv6 address and every atom */
#define FR_SET_NONE  UINT32_MAX  /* no set: see struct fr_sets */

/*
 * One set as stored: the ranges of IPv4, then IPv6, then atoms follow the head. With
 * all_atoms, the listed atoms are the ones that are not in it.
 */
struct fr_set_head {
    uint32_t count4, count6, atoms;
    uint32_t all_atoms;
};

/* A small memory of intersections: the same few sets meet very often. */
#define FR_MEETINGS 64u

struct fr_meeting {
    fr_set a, b, result;
};

/*
 * A store remembers that it ran out of memory, as a writer does. What it cannot make is
 * FR_SET_NONE, which reads as the empty set; what is made of FR_SET_NONE is FR_SET_NONE. So a stage
 * checks `failed` once, before anybody uses what it decided, and not after each step.
 */
struct fr_sets {
    struct fr_arena arena;
    struct fr_vec heads; /* const struct fr_set_head * */
    struct fr_set_slot *slots;
    size_t slot_count;
    const struct fr_vec *atoms; /* struct flowrules_atom, for readers; NULL where there are none */
    struct fr_meeting meetings[FR_MEETINGS];
    bool failed;
};

bool fr_sets_init(struct fr_sets *sets, const struct fr_allocator *allocator);
void fr_sets_free(struct fr_sets *sets);

const struct fr_set_head *fr_set_head(const struct fr_sets *sets, fr_set set);
const struct fr_range4 *fr_set_ranges4(const struct fr_set_head *head);
const struct fr_range6 *fr_set_ranges6(const struct fr_set_head *head);
const uint32_t *fr_set_atoms(const struct fr_set_head *head);
/* The families that a set has addresses of, as bits. */
unsigned fr_set_families(const struct fr_sets *sets, fr_set set);

/* A set in the making; reusable after each finish. */
struct fr_builder {
    struct fr_vec ranges4, ranges6, atoms;
    struct fr_vec excluded; /* with all_atoms: the atoms left out, in order */
    bool all_atoms, any, failed;
};

void fr_builder_init(struct fr_builder *b, const struct fr_allocator *allocator);
void fr_builder_free(struct fr_builder *b);
void fr_builder_range(struct fr_builder *b, const struct flowrules_range *range);
void fr_builder_atom(struct fr_builder *b, uint32_t atom);
void fr_builder_set(struct fr_builder *b, const struct fr_sets *sets, fr_set set);
/* The canonical set of all that was put in; the builder is empty again. */
fr_set fr_builder_finish(struct fr_builder *b, struct fr_sets *sets);

/* Exact set algebra; each costs at most the sum of both sizes. */
fr_set fr_set_union(struct fr_sets *sets, fr_set a, fr_set b);
/* Of count sets, the first at first, each stride bytes behind the one before it. */
fr_set fr_sets_union(struct fr_sets *sets, const fr_set *first, size_t count, size_t stride);
fr_set fr_set_intersect(struct fr_sets *sets, fr_set a, fr_set b);
fr_set fr_set_subtract(struct fr_sets *sets, fr_set a, fr_set b);
bool fr_set_covers(const struct fr_sets *sets, fr_set outer, fr_set inner);
bool fr_set_overlaps(const struct fr_sets *sets, fr_set a, fr_set b);
bool fr_set_has_ip(const struct fr_sets *sets, fr_set set, enum flowrules_family family,
                   struct flowrules_ip ip);
bool fr_set_has_range(const struct fr_sets *sets, fr_set set, const struct flowrules_range *range);
bool fr_set_has_atom(const struct fr_sets *sets, fr_set set, uint32_t atom);
/* The part of a set that is of one family (atoms left out). */
fr_set fr_set_family(struct fr_sets *sets, fr_set set, enum flowrules_family family);

#endif
