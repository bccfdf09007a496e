/*
 * Addresses, prefixes and the store of address sets with their exact algebra.
 * Knows what an address is, not what a name or a group (an atom) stands for.
 */
#include "addresses.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "flowrules/reader.h"

/* ---- single addresses ---------------------------------------------------------------------- */

static inline struct flowrules_ip ip_of(uint64_t hi, uint64_t lo) {
    return (struct flowrules_ip){hi, lo};
}

int fr_ip_compare(struct flowrules_ip a, struct flowrules_ip b) {
    if (a.hi != b.hi)
        return a.hi < b.hi ? -1 : 1;
    return (a.lo > b.lo) - (a.lo < b.lo);
}

struct flowrules_ip fr_ip_next(struct flowrules_ip ip) {
    ip.lo++;
    ip.hi += ip.lo == 0;
    return ip;
}

struct flowrules_ip fr_ip_previous(struct flowrules_ip ip) {
    ip.hi -= ip.lo == 0;
    ip.lo--;
    return ip;
}

static inline unsigned bits_of(enum flowrules_family family) {
    return family == FLOWRULES_IPV4 ? 32 : 128;
}

/* The lowest bits of an address set, count of them from 0 to 128. */
static inline struct flowrules_ip low_bits(unsigned count) {
    if (count >= 128)
        return ip_of(UINT64_MAX, UINT64_MAX);
    if (count >= 64)
        return ip_of((UINT64_C(1) << (count - 64)) - 1, UINT64_MAX);
    return ip_of(0, (UINT64_C(1) << count) - 1);
}

struct flowrules_ip fr_ip_first(enum flowrules_family family, struct flowrules_ip ip,
                                unsigned length) {
    unsigned bits = bits_of(family);
    struct flowrules_ip mask = low_bits(length < bits ? bits - length : 0);
    return ip_of(ip.hi & ~mask.hi, ip.lo & ~mask.lo);
}

struct flowrules_ip fr_ip_last(enum flowrules_family family, struct flowrules_ip ip,
                               unsigned length) {
    unsigned bits = bits_of(family);
    struct flowrules_ip mask = low_bits(length < bits ? bits - length : 0);
    return ip_of(ip.hi | mask.hi, ip.lo | mask.lo);
}

struct flowrules_ip fr_ip_max(enum flowrules_family family) {
    return low_bits(bits_of(family));
}

/* ---- prefixes ------------------------------------------------------------------------------ */

static unsigned trailing_zeros(struct flowrules_ip ip) {
    if (ip.lo != 0)
        return (unsigned)__builtin_ctzll(ip.lo);
    return ip.hi != 0 ? 64 + (unsigned)__builtin_ctzll(ip.hi) : 128;
}

/* The largest n so that 2^n addresses are no more than span + 1. */
static unsigned whole_bits(struct flowrules_ip span) {
    struct flowrules_ip count = fr_ip_next(span);
    if (count.hi != 0)
        return 127 - (unsigned)__builtin_clzll(count.hi);
    return count.lo != 0 ? 63 - (unsigned)__builtin_clzll(count.lo) : 128;
}

struct flowrules_range flowrules_prefix(enum flowrules_family family, struct flowrules_ip ip,
                                        unsigned length) {
    return (struct flowrules_range){family, fr_ip_first(family, ip, length),
                                    fr_ip_last(family, ip, length)};
}

int flowrules_range_prefix(const struct flowrules_range *range) {
    struct flowrules_ip differ =
        ip_of(range->first.hi ^ range->last.hi, range->first.lo ^ range->last.lo);
    bool low = differ.hi == 0 ? (differ.lo & (differ.lo + 1)) == 0
                              : differ.lo == UINT64_MAX && (differ.hi & (differ.hi + 1)) == 0;
    if (!low || (range->first.hi & differ.hi) != 0 || (range->first.lo & differ.lo) != 0)
        return -1;
    unsigned host_bits = whole_bits(differ);
    return (int)(bits_of(range->family) - host_bits);
}

bool flowrules_range_next_prefix(struct flowrules_range *range, struct flowrules_range *prefix) {
    struct flowrules_ip first = range->first, last = range->last;
    if (fr_ip_compare(first, last) > 0)
        return false;
    uint64_t borrow = last.lo < first.lo;
    unsigned fit = whole_bits(ip_of(last.hi - first.hi - borrow, last.lo - first.lo));
    unsigned aligned = trailing_zeros(first);
    unsigned host_bits = aligned < fit ? aligned : fit;
    struct flowrules_ip mask = low_bits(host_bits);
    *prefix = (struct flowrules_range){range->family, first,
                                       ip_of(first.hi | mask.hi, first.lo | mask.lo)};
    if (fr_ip_compare(prefix->last, last) == 0) {
        range->first = ip_of(0, 1); /* nothing is left: first is behind last */
        range->last = ip_of(0, 0);
    } else {
        range->first = fr_ip_next(prefix->last);
    }
    return true;
}

/* ---- reading ------------------------------------------------------------------------------- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* A decimal number without leading zeros, up to max; the count of its digits, or 0. */
static size_t read_decimal(const char *text, size_t length, unsigned max, unsigned *number) {
    size_t count = 0;
    unsigned value = 0;
    while (count < length && count < 4 && is_digit(text[count]))
        value = value * 10 + (unsigned)(text[count++] - '0');
    if (count == 0 || count > 3 || value > max || (count > 1 && text[0] == '0'))
        return 0;
    *number = value;
    return count;
}

static bool parse_ip4(const char *text, size_t length, struct flowrules_ip *ip) {
    uint32_t value = 0;
    size_t at = 0;
    for (unsigned i = 0; i < 4; i++) {
        unsigned octet;
        if (i > 0 && (at >= length || text[at++] != '.'))
            return false;
        size_t digits = read_decimal(text + at, length - at, 255, &octet);
        if (digits == 0)
            return false;
        at += digits;
        value = value << 8 | octet;
    }
    *ip = ip_of(0, value);
    return at == length;
}

static bool parse_ip6(const char *text, size_t length, struct flowrules_ip *ip) {
    char copy[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    if (length >= sizeof copy || memchr(text, '\0', length) != NULL)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (inet_pton(AF_INET6, copy, bytes) != 1)
        return false;
    *ip = ip_of(0, 0);
    for (unsigned i = 0; i < 8; i++) {
        ip->hi = ip->hi << 8 | bytes[i];
        ip->lo = ip->lo << 8 | bytes[i + 8];
    }
    return true;
}

bool fr_ip_parse(const char *text, size_t length, enum flowrules_family *family,
                 struct flowrules_ip *ip) {
    if (length == 0)
        return false;
    if (memchr(text, ':', length) != NULL) {
        *family = FLOWRULES_IPV6;
        return parse_ip6(text, length, ip);
    }
    *family = FLOWRULES_IPV4;
    return parse_ip4(text, length, ip);
}

bool fr_ip4_parse(const char *text, size_t length, uint32_t *ip) {
    enum flowrules_family family;
    struct flowrules_ip parsed;
    if (!fr_ip_parse(text, length, &family, &parsed) || family != FLOWRULES_IPV4)
        return false;
    *ip = (uint32_t)parsed.lo;
    return true;
}

bool fr_ip4_mask_length(uint32_t mask, unsigned *length) {
    uint32_t host = (mask & 1u) != 0 || mask == 0 ? mask : ~mask;
    if (mask == UINT32_MAX)
        host = 0;
    if ((host & (host + 1)) != 0)
        return false;
    for (*length = 32; host != 0; host >>= 1)
        --*length;
    return true;
}

/* Can it only have been meant as an address: with a colon, or of digits and dots (and dashes)? */
static bool looks_like_address(const char *text, size_t length, bool dashes) {
    if (length == 0)
        return false;
    if (memchr(text, ':', length) != NULL)
        return true;
    for (size_t i = 0; i < length; i++)
        if (!is_digit(text[i]) && text[i] != '.' && !(dashes && text[i] == '-'))
            return false;
    return is_digit(text[0]) || text[0] == '.';
}

static enum fr_range_form parse_cidr(const char *text, size_t length, size_t slash,
                                     struct flowrules_range *range, unsigned *prefix_length) {
    struct flowrules_ip ip;
    if (!fr_ip_parse(text, slash, &range->family, &ip))
        return looks_like_address(text, slash, false) ? FR_RANGE_BAD_ADDRESS : FR_RANGE_NOT_ADDRESS;
    const char *digits = text + slash + 1;
    size_t count = length - slash - 1;
    unsigned number;
    if (count == 0 || read_decimal(digits, count, bits_of(range->family), &number) != count)
        return FR_RANGE_BAD_LENGTH;
    *prefix_length = number;
    range->first = fr_ip_first(range->family, ip, number);
    range->last = fr_ip_last(range->family, ip, number);
    return fr_ip_compare(range->first, ip) == 0 ? FR_RANGE_OK : FR_RANGE_HOST_BITS;
}

/* An FQDN too may hold a dash: it is a range when what stands left of it is an address. */
static enum fr_range_form parse_from_to(const char *text, size_t length, size_t dash,
                                        struct flowrules_range *range, unsigned *prefix_length) {
    enum flowrules_family family;
    if (!fr_ip_parse(text, dash, &range->family, &range->first))
        return looks_like_address(text, length, true) ? FR_RANGE_BAD_ADDRESS : FR_RANGE_NOT_ADDRESS;
    if (!fr_ip_parse(text + dash + 1, length - dash - 1, &family, &range->last))
        return FR_RANGE_BAD_ADDRESS;
    *prefix_length = bits_of(range->family);
    if (family != range->family)
        return FR_RANGE_FAMILIES;
    return fr_ip_compare(range->first, range->last) > 0 ? FR_RANGE_REVERSED : FR_RANGE_OK;
}

enum fr_range_form fr_range_parse(const char *text, size_t length, struct flowrules_range *range,
                                  unsigned *prefix_length) {
    const char *mark = length > 0 ? memchr(text, '/', length) : NULL;
    if (mark != NULL)
        return parse_cidr(text, length, (size_t)(mark - text), range, prefix_length);
    mark = length > 0 ? memchr(text, '-', length) : NULL;
    if (mark != NULL)
        return parse_from_to(text, length, (size_t)(mark - text), range, prefix_length);
    if (!fr_ip_parse(text, length, &range->family, &range->first))
        return looks_like_address(text, length, false) ? FR_RANGE_BAD_ADDRESS
                                                       : FR_RANGE_NOT_ADDRESS;
    range->last = range->first;
    *prefix_length = bits_of(range->family);
    return FR_RANGE_OK;
}

/* ---- the store ----------------------------------------------------------------------------- */

/* A canonical set, its parts anywhere in memory. */
struct shape {
    struct fr_set_head head;
    const struct fr_range4 *ranges4;
    const struct fr_range6 *ranges6;
    const uint32_t *atoms;
};

const struct fr_set_head *fr_set_head(const struct fr_sets *sets, fr_set set) {
    if (set == FR_SET_NONE)
        set = FR_SET_EMPTY;
    return *fr_vec_at(&sets->heads, const struct fr_set_head *, set);
}

const struct fr_range4 *fr_set_ranges4(const struct fr_set_head *head) {
    return (const void *)(head + 1);
}

const struct fr_range6 *fr_set_ranges6(const struct fr_set_head *head) {
    return (const void *)(fr_set_ranges4(head) + head->count4);
}

const uint32_t *fr_set_atoms(const struct fr_set_head *head) {
    return (const void *)((const char *)(head + 1) + head->count4 * sizeof(struct fr_range4) +
                          head->count6 * sizeof(struct fr_range6));
}

static inline uint32_t hash_more(uint32_t hash, const void *items, size_t size) {
    return size > 0 ? hash * 0x9e3779b1u ^ fr_hash(items, size) : hash;
}

static uint32_t hash_shape(const struct shape *s) {
    uint32_t hash = s->head.all_atoms != 0 ? 0x85ebca6bu : 1;
    hash = hash_more(hash, s->ranges4, s->head.count4 * sizeof *s->ranges4);
    hash = hash_more(hash, s->ranges6, s->head.count6 * sizeof *s->ranges6);
    hash = hash_more(hash, s->atoms, s->head.atoms * sizeof *s->atoms);
    return hash ^ hash >> 15;
}

static bool same_items(const void *a, const void *b, size_t size) {
    return size == 0 || memcmp(a, b, size) == 0;
}

static bool shape_is(const struct shape *s, const struct fr_set_head *head) {
    return memcmp(&s->head, head, sizeof *head) == 0 &&
           same_items(s->ranges4, fr_set_ranges4(head), head->count4 * sizeof *s->ranges4) &&
           (head->count6 == 0 ||
            same_items(s->ranges6, fr_set_ranges6(head), head->count6 * sizeof *s->ranges6)) &&
           same_items(s->atoms, fr_set_atoms(head), head->atoms * sizeof *s->atoms);
}

/* A slot of the table of all sets; set is one more than the set's number, 0 where it is free. */
struct fr_set_slot {
    uint32_t hash, set;
};

static bool grow_slots(struct fr_sets *sets) {
    size_t count = sets->slot_count > 0 ? sets->slot_count * 2 : 64;
    if (count > SIZE_MAX / sizeof(struct fr_set_slot))
        return false;
    struct fr_set_slot *slots = fr_malloc(sets->arena.allocator, count * sizeof *slots);
    if (slots == NULL)
        return false;
    memset(slots, 0, count * sizeof *slots);
    for (size_t old = 0; old < sets->slot_count; old++) {
        if (sets->slots[old].set == 0)
            continue;
        size_t i = sets->slots[old].hash & (count - 1);
        while (slots[i].set != 0)
            i = (i + 1) & (count - 1);
        slots[i] = sets->slots[old];
    }
    fr_free(sets->arena.allocator, sets->slots);
    sets->slots = slots;
    sets->slot_count = count;
    return true;
}

/* The record of a shape. Only IPv6 ranges need more than the alignment of 32-bit fields. */
static struct fr_set_head *store_record(struct fr_sets *sets, const struct shape *s) {
    size_t size4 = s->head.count4 * sizeof *s->ranges4, size6 = s->head.count6 * sizeof *s->ranges6;
    size_t atoms_size = s->head.atoms * sizeof *s->atoms;
    size_t size = sizeof s->head + size4 + size6 + atoms_size;
    char *record = s->head.count6 > 0 ? fr_arena_alloc(&sets->arena, size)
                                      : fr_arena_alloc4(&sets->arena, size);
    if (record == NULL)
        return NULL;
    char *end = record;
    memcpy(end, &s->head, sizeof s->head);
    end += sizeof s->head;
    if (size4 > 0)
        memcpy(end, s->ranges4, size4);
    end += size4;
    if (size6 > 0)
        memcpy(end, s->ranges6, size6);
    end += size6;
    if (atoms_size > 0)
        memcpy(end, s->atoms, atoms_size);
    return (void *)record;
}

/* Out of memory, or of numbers. */
static fr_set fail(struct fr_sets *sets) {
    sets->failed = true;
    return FR_SET_NONE;
}

static fr_set intern(struct fr_sets *sets, const struct shape *s) {
    if (sets->heads.count >= sets->slot_count / 4 * 3 && !grow_slots(sets))
        return fail(sets);
    uint32_t hash = hash_shape(s);
    size_t mask = sets->slot_count - 1, i = hash & mask;
    for (; sets->slots[i].set != 0; i = (i + 1) & mask) {
        fr_set known = sets->slots[i].set - 1;
        if (sets->slots[i].hash == hash && shape_is(s, fr_set_head(sets, known)))
            return known;
    }
    if (sets->heads.count >= FR_SET_NONE - 1 || !fr_vec_reserve(&sets->heads, 1))
        return fail(sets);
    const struct fr_set_head *record = store_record(sets, s);
    if (record == NULL)
        return fail(sets);
    *(const struct fr_set_head **)fr_vec_add(&sets->heads) = record;
    sets->slots[i] = (struct fr_set_slot){hash, (uint32_t)sets->heads.count};
    return (fr_set)(sets->heads.count - 1);
}

bool fr_sets_init(struct fr_sets *sets, const struct fr_allocator *allocator) {
    static const struct fr_range4 all4 = {0, UINT32_MAX};
    static const struct fr_range6 all6 = {{0, 0}, {UINT64_MAX, UINT64_MAX}};
    const struct shape empty = {{0, 0, 0, 0}, NULL, NULL, NULL};
    const struct shape any = {{1, 1, 0, 1}, &all4, &all6, NULL};
    fr_arena_init(&sets->arena, allocator);
    fr_vec_init(&sets->heads, allocator, sizeof(const struct fr_set_head *));
    sets->slots = NULL;
    sets->slot_count = 0;
    sets->failed = false;
    memset(sets->meetings, 0, sizeof sets->meetings);
    if (intern(sets, &empty) == FR_SET_EMPTY && intern(sets, &any) == FR_SET_ANY)
        return true;
    fr_sets_free(sets);
    return false;
}

void fr_sets_free(struct fr_sets *sets) {
    fr_free(sets->arena.allocator, sets->slots);
    sets->slots = NULL;
    sets->slot_count = 0;
    fr_vec_free(&sets->heads);
    fr_arena_free(&sets->arena);
}

/* ---- looking into sets --------------------------------------------------------------------- */

static inline size_t range_count(const struct fr_set_head *head, enum flowrules_family family) {
    return family == FLOWRULES_IPV4 ? head->count4 : head->count6;
}

static inline struct flowrules_range range_at(const struct fr_set_head *head,
                                              enum flowrules_family family, size_t index) {
    if (family == FLOWRULES_IPV4) {
        struct fr_range4 r = fr_set_ranges4(head)[index];
        return (struct flowrules_range){family, ip_of(0, r.first), ip_of(0, r.last)};
    }
    struct fr_range6 r = fr_set_ranges6(head)[index];
    return (struct flowrules_range){family, r.first, r.last};
}

/* The first range that does not end before ip; the count of ranges when all do. */
static size_t range_from(const struct fr_set_head *head, enum flowrules_family family,
                         struct flowrules_ip ip) {
    size_t low = 0, high = range_count(head, family);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fr_ip_compare(range_at(head, family, middle).last, ip) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has_listed(const struct fr_set_head *head, uint32_t atom) {
    const uint32_t *atoms = fr_set_atoms(head);
    size_t low = 0, high = head->atoms;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (atoms[middle] < atom)
            low = middle + 1;
        else
            high = middle;
    }
    return low < head->atoms && atoms[low] == atom;
}

unsigned fr_set_families(const struct fr_sets *sets, fr_set set) {
    const struct fr_set_head *head = fr_set_head(sets, set);
    return (head->count4 > 0 ? FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4) : 0) |
           (head->count6 > 0 ? FLOWRULES_FAMILY_BIT(FLOWRULES_IPV6) : 0);
}

bool fr_set_has_ip(const struct fr_sets *sets, fr_set set, enum flowrules_family family,
                   struct flowrules_ip ip) {
    const struct fr_set_head *head = fr_set_head(sets, set);
    size_t i = range_from(head, family, ip);
    return i < range_count(head, family) && fr_ip_compare(range_at(head, family, i).first, ip) <= 0;
}

bool fr_set_has_range(const struct fr_sets *sets, fr_set set, const struct flowrules_range *range) {
    const struct fr_set_head *head = fr_set_head(sets, set);
    size_t i = range_from(head, range->family, range->last);
    return i < range_count(head, range->family) &&
           fr_ip_compare(range_at(head, range->family, i).first, range->first) <= 0;
}

bool fr_set_has_atom(const struct fr_sets *sets, fr_set set, uint32_t atom) {
    const struct fr_set_head *head = fr_set_head(sets, set);
    return has_listed(head, atom) != (head->all_atoms != 0);
}

bool flowrules_set_is_any(struct flowrules_set set) {
    return set.id == FR_SET_ANY;
}

size_t flowrules_set_range_count(struct flowrules_set set, enum flowrules_family family) {
    return range_count(fr_set_head(set.store, set.id), family);
}

struct flowrules_range flowrules_set_range(struct flowrules_set set, enum flowrules_family family,
                                           size_t index) {
    const struct fr_set_head *head = fr_set_head(set.store, set.id);
    if (index >= range_count(head, family))
        return (struct flowrules_range){family, {0, 0}, {0, 0}};
    return range_at(head, family, index);
}

bool flowrules_set_is_all(struct flowrules_set set, enum flowrules_family family) {
    const struct fr_set_head *head = fr_set_head(set.store, set.id);
    if (range_count(head, family) != 1)
        return false;
    struct flowrules_range range = range_at(head, family, 0);
    return fr_ip_compare(range.first, ip_of(0, 0)) == 0 &&
           fr_ip_compare(range.last, fr_ip_max(family)) == 0;
}

/* Slot k lies between range k - 1 and range k; the first and the last may be empty. */
bool flowrules_set_gap(struct flowrules_set set, enum flowrules_family family, size_t index,
                       struct flowrules_range *gap) {
    const struct fr_set_head *head = fr_set_head(set.store, set.id);
    size_t count = range_count(head, family);
    bool leads = count == 0 || fr_ip_compare(range_at(head, family, 0).first, ip_of(0, 0)) != 0;
    size_t slot = index + (leads ? 0 : 1);
    *gap = (struct flowrules_range){family, ip_of(0, 0), fr_ip_max(family)};
    if (slot > count)
        return false;
    if (slot > 0) {
        struct flowrules_ip last = range_at(head, family, slot - 1).last;
        if (fr_ip_compare(last, fr_ip_max(family)) == 0)
            return false;
        gap->first = fr_ip_next(last);
    }
    if (slot < count)
        gap->last = fr_ip_previous(range_at(head, family, slot).first);
    return true;
}

/* ---- building ------------------------------------------------------------------------------ */

void fr_builder_init(struct fr_builder *b, const struct fr_allocator *allocator) {
    fr_vec_init(&b->ranges4, allocator, sizeof(struct fr_range4));
    fr_vec_init(&b->ranges6, allocator, sizeof(struct fr_range6));
    fr_vec_init(&b->atoms, allocator, sizeof(uint32_t));
    fr_vec_init(&b->excluded, allocator, sizeof(uint32_t));
    b->all_atoms = false;
    b->any = false;
    b->failed = false;
}

void fr_builder_free(struct fr_builder *b) {
    fr_vec_free(&b->ranges4);
    fr_vec_free(&b->ranges6);
    fr_vec_free(&b->atoms);
    fr_vec_free(&b->excluded);
}

static void empty_builder(struct fr_builder *b) {
    b->ranges4.count = 0;
    b->ranges6.count = 0;
    b->atoms.count = 0;
    b->excluded.count = 0;
    b->all_atoms = false;
    b->any = false;
    b->failed = false;
}

/* Room for a new item that the caller fills; unlike fr_vec_push it is not zeroed. */
static inline void *push_unset(struct fr_builder *b, struct fr_vec *vec) {
    if (vec->count == vec->capacity && !fr_vec_reserve(vec, 1)) {
        b->failed = true;
        return NULL;
    }
    return (char *)vec->items + vec->count++ * vec->item_size;
}

void fr_builder_range(struct fr_builder *b, const struct flowrules_range *range) {
    if (range->family == FLOWRULES_IPV4) {
        struct fr_range4 *r = push_unset(b, &b->ranges4);
        if (r != NULL)
            *r = (struct fr_range4){(uint32_t)range->first.lo, (uint32_t)range->last.lo};
    } else {
        struct fr_range6 *r = push_unset(b, &b->ranges6);
        if (r != NULL)
            *r = (struct fr_range6){range->first, range->last};
    }
}

void fr_builder_atom(struct fr_builder *b, uint32_t atom) {
    uint32_t *kept = push_unset(b, &b->atoms);
    if (kept != NULL)
        *kept = atom;
}

static void add_items(struct fr_builder *b, struct fr_vec *vec, const void *items, size_t count) {
    if (count == 0)
        return;
    if (!fr_vec_reserve(vec, count)) {
        b->failed = true;
        return;
    }
    memcpy((char *)vec->items + vec->count * vec->item_size, items, count * vec->item_size);
    vec->count += count;
}

/* Keeps of the items of a those that are, or are not, in b; both sorted. The count kept. */
static size_t keep_atoms(uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count,
                         bool in_b) {
    size_t kept = 0, at = 0;
    for (size_t i = 0; i < a_count; i++) {
        while (at < b_count && b[at] < a[i])
            at++;
        if ((at < b_count && b[at] == a[i]) == in_b)
            a[kept++] = a[i];
    }
    return kept;
}

static void add_all_atoms_but(struct fr_builder *b, const uint32_t *atoms, size_t count) {
    if (b->all_atoms)
        b->excluded.count = keep_atoms(b->excluded.items, b->excluded.count, atoms, count, true);
    else
        add_items(b, &b->excluded, atoms, count);
    b->all_atoms = true;
}

void fr_builder_set(struct fr_builder *b, const struct fr_sets *sets, fr_set set) {
    if (set == FR_SET_NONE) {
        b->failed = true;
        return;
    }
    if (set == FR_SET_ANY)
        b->any = true;
    if (b->any)
        return;
    const struct fr_set_head *head = fr_set_head(sets, set);
    add_items(b, &b->ranges4, fr_set_ranges4(head), head->count4);
    if (head->count6 > 0)
        add_items(b, &b->ranges6, fr_set_ranges6(head), head->count6);
    if (head->all_atoms != 0)
        add_all_atoms_but(b, fr_set_atoms(head), head->atoms);
    else
        add_items(b, &b->atoms, fr_set_atoms(head), head->atoms);
}

static int compare4(const void *a, const void *b) {
    const struct fr_range4 *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

static int compare6(const void *a, const void *b) {
    const struct fr_range6 *x = a, *y = b;
    return fr_ip_compare(x->first, y->first);
}

static int compare_atoms(const void *a, const void *b) {
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* What is often sorted already is not sorted again. */
static void sort_items(struct fr_vec *vec, int (*compare)(const void *, const void *)) {
    for (size_t i = 1; i < vec->count; i++) {
        const char *item = (const char *)vec->items + i * vec->item_size;
        if (compare(item - vec->item_size, item) > 0) {
            qsort(vec->items, vec->count, vec->item_size, compare);
            return;
        }
    }
}

/* Ranges that overlap or touch become one. */
static void merge_ranges4(struct fr_vec *vec) {
    sort_items(vec, compare4);
    struct fr_range4 *ranges = vec->items;
    size_t kept = 0;
    for (size_t i = 1; i < vec->count; i++) {
        struct fr_range4 *last = &ranges[kept];
        if (last->last == UINT32_MAX || ranges[i].first <= last->last + 1) {
            if (ranges[i].last > last->last)
                last->last = ranges[i].last;
        } else {
            ranges[++kept] = ranges[i];
        }
    }
    vec->count = kept + 1;
}

static void merge_ranges6(struct fr_vec *vec) {
    const struct flowrules_ip end = fr_ip_max(FLOWRULES_IPV6);
    sort_items(vec, compare6);
    struct fr_range6 *ranges = vec->items;
    size_t kept = 0;
    for (size_t i = 1; i < vec->count; i++) {
        struct fr_range6 *last = &ranges[kept];
        if (fr_ip_compare(last->last, end) == 0 ||
            fr_ip_compare(ranges[i].first, fr_ip_next(last->last)) <= 0) {
            if (fr_ip_compare(ranges[i].last, last->last) > 0)
                last->last = ranges[i].last;
        } else {
            ranges[++kept] = ranges[i];
        }
    }
    vec->count = kept + 1;
}

static void merge_atoms(struct fr_vec *vec) {
    sort_items(vec, compare_atoms);
    uint32_t *atoms = vec->items;
    size_t kept = 0;
    for (size_t i = 1; i < vec->count; i++)
        if (atoms[i] != atoms[kept])
            atoms[++kept] = atoms[i];
    vec->count = kept + 1;
}

fr_set fr_builder_finish(struct fr_builder *b, struct fr_sets *sets) {
    fr_set result = FR_SET_NONE;
    if (!b->failed && b->any) {
        result = FR_SET_ANY;
    } else if (!b->failed) {
        if (b->ranges4.count > 1)
            merge_ranges4(&b->ranges4);
        if (b->ranges6.count > 1)
            merge_ranges6(&b->ranges6);
        if (b->atoms.count > 1)
            merge_atoms(&b->atoms);
        if (b->all_atoms)
            b->excluded.count = keep_atoms(b->excluded.items, b->excluded.count, b->atoms.items,
                                           b->atoms.count, false);
        const struct fr_vec *atoms = b->all_atoms ? &b->excluded : &b->atoms;
        const size_t most = UINT32_MAX;
        if (b->ranges4.count <= most && b->ranges6.count <= most && atoms->count <= most) {
            struct shape s = {{(uint32_t)b->ranges4.count, (uint32_t)b->ranges6.count,
                               (uint32_t)atoms->count, b->all_atoms},
                              b->ranges4.items,
                              b->ranges6.items,
                              atoms->items};
            result = intern(sets, &s);
        }
    }
    empty_builder(b);
    return result == FR_SET_NONE ? fail(sets) : result;
}

/* ---- algebra ------------------------------------------------------------------------------- */

/* Whether a point is in the result, by whether it is in the first and in the second set. */
typedef bool (*combine_fn)(bool in_a, bool in_b);

static bool either(bool in_a, bool in_b) {
    return in_a || in_b;
}

static bool both(bool in_a, bool in_b) {
    return in_a && in_b;
}

static bool only_first(bool in_a, bool in_b) {
    return in_a && !in_b;
}

/* What is left to visit of a set's ranges of one family. */
struct walk {
    const struct fr_set_head *head;
    enum flowrules_family family;
    size_t index, count;
    struct flowrules_range range; /* the rest of range index */
};

static inline bool walk_done(const struct walk *w) {
    return w->index >= w->count;
}

static struct walk walk_from(const struct fr_set_head *head, enum flowrules_family family,
                             size_t index) {
    struct walk w = {head, family, index, range_count(head, family), {family, {0, 0}, {0, 0}}};
    if (!walk_done(&w))
        w.range = range_at(head, family, index);
    return w;
}

/* Cuts off what is not behind the address; the walk's range starts at or before it. */
static inline void walk_past(struct walk *w, struct flowrules_ip ip) {
    if (fr_ip_compare(w->range.last, ip) > 0)
        w->range.first = fr_ip_next(ip);
    else
        *w = walk_from(w->head, w->family, w->index + 1);
}

/* The last address up to which nothing changes in this walk, from an address that it has or not. */
static inline struct flowrules_ip walk_until(const struct walk *w, bool inside) {
    if (walk_done(w))
        return fr_ip_max(w->family);
    return inside ? w->range.last : fr_ip_previous(w->range.first);
}

/* One sweep over the edges of both sets; each stretch between two edges is all in or all out. */
static void sweep(struct fr_builder *out, struct walk a, struct walk b, combine_fn in_result) {
    for (;;) {
        bool more_a = !walk_done(&a), more_b = !walk_done(&b);
        if (!in_result(more_a, more_b) && !in_result(more_a, false) && !in_result(false, more_b))
            return;
        bool a_first = more_a && (!more_b || fr_ip_compare(a.range.first, b.range.first) <= 0);
        struct flowrules_range r = a_first ? a.range : b.range;
        bool in_a = a_first;
        bool in_b = more_b && (!a_first || fr_ip_compare(a.range.first, b.range.first) == 0);
        struct flowrules_ip until_a = walk_until(&a, in_a), until_b = walk_until(&b, in_b);
        r.last = fr_ip_compare(until_a, until_b) < 0 ? until_a : until_b;
        if (in_result(in_a, in_b))
            fr_builder_range(out, &r);
        if (in_a)
            walk_past(&a, r.last);
        if (in_b)
            walk_past(&b, r.last);
    }
}

/* Sweeps one family; what can't be in the result at the start is skipped, not visited. */
static void combine_ranges(struct fr_builder *out, const struct fr_set_head *a,
                           const struct fr_set_head *b, enum flowrules_family family,
                           combine_fn in_result) {
    size_t from_a = 0, from_b = 0;
    size_t count_a = range_count(a, family), count_b = range_count(b, family);
    if (!in_result(false, true) && count_a > 0)
        from_b = range_from(b, family, range_at(a, family, 0).first);
    if (!in_result(true, false) && count_b > 0)
        from_a = range_from(a, family, range_at(b, family, 0).first);
    sweep(out, walk_from(a, family, from_a), walk_from(b, family, from_b), in_result);
}

/* Listed atoms are those that differ from what a set says of all others. */
static void combine_atoms(struct fr_builder *out, const struct fr_set_head *a,
                          const struct fr_set_head *b, combine_fn in_result) {
    const uint32_t *x = fr_set_atoms(a), *y = fr_set_atoms(b);
    bool others_a = a->all_atoms != 0, others_b = b->all_atoms != 0;
    out->all_atoms = in_result(others_a, others_b);
    struct fr_vec *list = out->all_atoms ? &out->excluded : &out->atoms;
    for (size_t i = 0, j = 0; i < a->atoms || j < b->atoms;) {
        bool listed_a = i < a->atoms && (j >= b->atoms || x[i] <= y[j]);
        bool listed_b = j < b->atoms && (i >= a->atoms || y[j] <= x[i]);
        uint32_t atom = listed_a ? x[i] : y[j];
        if (in_result(listed_a != others_a, listed_b != others_b) != out->all_atoms) {
            uint32_t *kept = push_unset(out, list);
            if (kept != NULL)
                *kept = atom;
        }
        i += listed_a;
        j += listed_b;
    }
}

static fr_set combine(struct fr_sets *sets, fr_set a, fr_set b, combine_fn in_result) {
    if (a == FR_SET_NONE || b == FR_SET_NONE)
        return FR_SET_NONE;
    const struct fr_set_head *x = fr_set_head(sets, a), *y = fr_set_head(sets, b);
    struct fr_builder out;
    fr_builder_init(&out, sets->arena.allocator);
    combine_ranges(&out, x, y, FLOWRULES_IPV4, in_result);
    combine_ranges(&out, x, y, FLOWRULES_IPV6, in_result);
    combine_atoms(&out, x, y, in_result);
    fr_set result = fr_builder_finish(&out, sets);
    fr_builder_free(&out);
    return result;
}

fr_set fr_set_union(struct fr_sets *sets, fr_set a, fr_set b) {
    if (a == b || b == FR_SET_EMPTY || a == FR_SET_ANY)
        return b == FR_SET_NONE ? b : a;
    if (a == FR_SET_EMPTY || b == FR_SET_ANY)
        return a == FR_SET_NONE ? a : b;
    return combine(sets, a, b, either);
}

fr_set fr_sets_union(struct fr_sets *sets, const fr_set *first, size_t count, size_t stride) {
    struct fr_builder builder;
    fr_builder_init(&builder, sets->arena.allocator);
    for (size_t i = 0; i < count; i++)
        fr_builder_set(&builder, sets,
                       *(const fr_set *)(const void *)((const char *)first + i * stride));
    fr_set result = fr_builder_finish(&builder, sets);
    fr_builder_free(&builder);
    return result;
}

/* Does one of two sets end in a family before the other begins, or has it nothing of the family? */
static bool apart_in4(const struct fr_set_head *a, const struct fr_set_head *b) {
    const struct fr_range4 *x = fr_set_ranges4(a), *y = fr_set_ranges4(b);
    return a->count4 == 0 || b->count4 == 0 || x[a->count4 - 1].last < y[0].first ||
           y[b->count4 - 1].last < x[0].first;
}

static bool apart_in6(const struct fr_set_head *a, const struct fr_set_head *b) {
    if (a->count6 == 0 || b->count6 == 0)
        return true;
    const struct fr_range6 *x = fr_set_ranges6(a), *y = fr_set_ranges6(b);
    return fr_ip_compare(x[a->count6 - 1].last, y[0].first) < 0 ||
           fr_ip_compare(y[b->count6 - 1].last, x[0].first) < 0;
}

/* True if it is told at once that two sets have nothing in common. */
static bool are_apart(const struct fr_sets *sets, fr_set a, fr_set b) {
    const struct fr_set_head *x = fr_set_head(sets, a), *y = fr_set_head(sets, b);
    bool atoms = (x->atoms > 0 || x->all_atoms != 0) && (y->atoms > 0 || y->all_atoms != 0);
    return a != FR_SET_NONE && b != FR_SET_NONE && !atoms && apart_in4(x, y) && apart_in6(x, y);
}

fr_set fr_set_intersect(struct fr_sets *sets, fr_set a, fr_set b) {
    if (a == b || a == FR_SET_EMPTY || b == FR_SET_ANY)
        return b == FR_SET_NONE ? b : a;
    if (b == FR_SET_EMPTY || a == FR_SET_ANY)
        return a == FR_SET_NONE ? a : b;
    if (are_apart(sets, a, b))
        return FR_SET_EMPTY;
    struct fr_meeting *known = &sets->meetings[(a * 31u + b) % FR_MEETINGS];
    if (known->a != a || known->b != b) /* a and b are not empty here, as a fresh entry is */
        *known = (struct fr_meeting){a, b, combine(sets, a, b, both)};
    if (known->result == FR_SET_NONE)
        known->a = FR_SET_EMPTY;
    return known->result;
}

fr_set fr_set_subtract(struct fr_sets *sets, fr_set a, fr_set b) {
    if (a == FR_SET_NONE || b == FR_SET_NONE)
        return FR_SET_NONE;
    if (a == b || a == FR_SET_EMPTY || b == FR_SET_ANY)
        return FR_SET_EMPTY;
    return b == FR_SET_EMPTY || are_apart(sets, a, b) ? a : combine(sets, a, b, only_first);
}

static bool covers_ranges(const struct fr_set_head *outer, const struct fr_set_head *inner,
                          enum flowrules_family family) {
    for (size_t i = 0; i < range_count(inner, family); i++) {
        struct flowrules_range r = range_at(inner, family, i);
        size_t at = range_from(outer, family, r.last);
        if (at >= range_count(outer, family) ||
            fr_ip_compare(range_at(outer, family, at).first, r.first) > 0)
            return false;
    }
    return true;
}

static bool covers_atoms(const struct fr_set_head *outer, const struct fr_set_head *inner) {
    bool all_outer = outer->all_atoms != 0, all_inner = inner->all_atoms != 0;
    if (all_inner && !all_outer)
        return false;
    if (all_inner) {
        /* What outer leaves out, inner must leave out too. */
        for (size_t i = 0; i < outer->atoms; i++)
            if (!has_listed(inner, fr_set_atoms(outer)[i]))
                return false;
        return true;
    }
    for (size_t i = 0; i < inner->atoms; i++)
        if (has_listed(outer, fr_set_atoms(inner)[i]) == all_outer)
            return false;
    return true;
}

bool fr_set_covers(const struct fr_sets *sets, fr_set outer, fr_set inner) {
    if (outer == inner || outer == FR_SET_ANY || inner == FR_SET_EMPTY)
        return true;
    const struct fr_set_head *x = fr_set_head(sets, outer), *y = fr_set_head(sets, inner);
    return covers_ranges(x, y, FLOWRULES_IPV4) && covers_ranges(x, y, FLOWRULES_IPV6) &&
           covers_atoms(x, y);
}

/* Each range of the smaller set is looked up in the larger one. */
static bool overlaps_ranges(const struct fr_set_head *a, const struct fr_set_head *b,
                            enum flowrules_family family) {
    bool a_smaller = range_count(a, family) <= range_count(b, family);
    const struct fr_set_head *small = a_smaller ? a : b, *large = a_smaller ? b : a;
    for (size_t i = 0; i < range_count(small, family); i++) {
        struct flowrules_range r = range_at(small, family, i);
        size_t at = range_from(large, family, r.first);
        if (at < range_count(large, family) &&
            fr_ip_compare(range_at(large, family, at).first, r.last) <= 0)
            return true;
    }
    return false;
}

/* There are always more atoms than a set lists, so two sets of nearly all atoms meet. */
static bool overlaps_atoms(const struct fr_set_head *a, const struct fr_set_head *b) {
    if (a->all_atoms != 0 && b->all_atoms != 0)
        return true;
    bool list_a = b->all_atoms != 0 || (a->all_atoms == 0 && a->atoms <= b->atoms);
    const struct fr_set_head *listed = list_a ? a : b, *other = list_a ? b : a;
    for (size_t i = 0; i < listed->atoms; i++)
        if (has_listed(other, fr_set_atoms(listed)[i]) != (other->all_atoms != 0))
            return true;
    return false;
}

bool fr_set_overlaps(const struct fr_sets *sets, fr_set a, fr_set b) {
    const struct fr_set_head *x = fr_set_head(sets, a), *y = fr_set_head(sets, b);
    return overlaps_ranges(x, y, FLOWRULES_IPV4) || overlaps_ranges(x, y, FLOWRULES_IPV6) ||
           overlaps_atoms(x, y);
}

fr_set fr_set_family(struct fr_sets *sets, fr_set set, enum flowrules_family family) {
    if (set == FR_SET_NONE)
        return FR_SET_NONE;
    const struct fr_set_head *head = fr_set_head(sets, set);
    struct shape s = {{0, 0, 0, 0}, NULL, NULL, NULL};
    if (family == FLOWRULES_IPV4) {
        s.head.count4 = head->count4;
        s.ranges4 = fr_set_ranges4(head);
    } else if (head->count6 > 0) {
        s.head.count6 = head->count6;
        s.ranges6 = fr_set_ranges6(head);
    }
    return intern(sets, &s);
}

bool flowrules_parse_range(const char *text, size_t length, struct flowrules_range *range) {
    unsigned bits;
    enum fr_range_form form = fr_range_parse(text, length, range, &bits);
    return form == FR_RANGE_OK || form == FR_RANGE_HOST_BITS;
}
