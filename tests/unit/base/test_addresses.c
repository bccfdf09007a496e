/*
 * Addresses: reading, prefixes, and the algebra of sets against brute force.
 */
#include <string.h>

#include "addresses.h"
#include "unit.h"

/* ---- reading ------------------------------------------------------------------------------ */

struct reading {
    const char *text;
    enum fr_range_form form;
};

static void ranges_are_read_strictly(void) {
    static const struct reading readings[] = {{"10.0.0.1", FR_RANGE_OK},
                                              {"0.0.0.0/0", FR_RANGE_OK},
                                              {"255.255.255.255/32", FR_RANGE_OK},
                                              {"::/0", FR_RANGE_OK},
                                              {"2001:db8::/32", FR_RANGE_OK},
                                              {"::ffff:192.0.2.1", FR_RANGE_OK},
                                              {"10.0.0.1-10.0.0.9", FR_RANGE_OK},
                                              {"::1-::9", FR_RANGE_OK},
                                              {"huggingface.co", FR_RANGE_NOT_ADDRESS},
                                              {"foo", FR_RANGE_NOT_ADDRESS},
                                              {"", FR_RANGE_NOT_ADDRESS},
                                              {"a-b", FR_RANGE_NOT_ADDRESS},
                                              {"cdn-lfs.huggingface.co", FR_RANGE_NOT_ADDRESS},
                                              {"10-0-0-1.example.com", FR_RANGE_NOT_ADDRESS},
                                              {"foo/24", FR_RANGE_NOT_ADDRESS},
                                              {"10.0.0.256", FR_RANGE_BAD_ADDRESS},
                                              {"10.0.0.1234", FR_RANGE_BAD_ADDRESS},
                                              {"1.2.3", FR_RANGE_BAD_ADDRESS},
                                              {"1.2.3.4.5", FR_RANGE_BAD_ADDRESS},
                                              {"1..2.3", FR_RANGE_BAD_ADDRESS},
                                              {"010.1.1.1", FR_RANGE_BAD_ADDRESS},
                                              {"1.2.3.4.", FR_RANGE_BAD_ADDRESS},
                                              {"2001:::1", FR_RANGE_BAD_ADDRESS},
                                              {"2001:::1/64", FR_RANGE_BAD_ADDRESS},
                                              {"fe80::1%eth0", FR_RANGE_BAD_ADDRESS},
                                              {"1:2:3:4:5:6:7:8:9", FR_RANGE_BAD_ADDRESS},
                                              {"12345::", FR_RANGE_BAD_ADDRESS},
                                              {"10.0.0.1-", FR_RANGE_BAD_ADDRESS},
                                              {"10.0.0.1-foo", FR_RANGE_BAD_ADDRESS},
                                              {"10.0.0-10.0.1", FR_RANGE_BAD_ADDRESS},
                                              {"10.0.0.0/33", FR_RANGE_BAD_LENGTH},
                                              {"10.0.0.0/", FR_RANGE_BAD_LENGTH},
                                              {"10.0.0.0/08", FR_RANGE_BAD_LENGTH},
                                              {"10.0.0.0/8x", FR_RANGE_BAD_LENGTH},
                                              {"10.0.0.0/-1", FR_RANGE_BAD_LENGTH},
                                              {"::/129", FR_RANGE_BAD_LENGTH},
                                              {"10.1.2.3/8", FR_RANGE_HOST_BITS},
                                              {"::1/0", FR_RANGE_HOST_BITS},
                                              {"10.0.0.9-10.0.0.1", FR_RANGE_REVERSED},
                                              {"10.0.0.1-::1", FR_RANGE_FAMILIES}};
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        struct flowrules_range range;
        unsigned length;
        enum fr_range_form form =
            fr_range_parse(readings[i].text, strlen(readings[i].text), &range, &length);
        if (form != readings[i].form)
            CU_FAIL_FATAL(readings[i].text);
    }
    struct flowrules_range nul;
    unsigned length;
    CU_ASSERT_EQUAL(fr_range_parse("::1\0:2", 6, &nul, &length), FR_RANGE_BAD_ADDRESS);
    CU_ASSERT_EQUAL(fr_range_parse("10.0.0.1\0", 9, &nul, &length), FR_RANGE_NOT_ADDRESS);
}

static void host_bits_are_masked(void) {
    struct flowrules_range range;
    unsigned length = 0;
    CU_ASSERT_EQUAL(fr_range_parse("10.1.2.3/8", 10, &range, &length), FR_RANGE_HOST_BITS);
    CU_ASSERT_EQUAL(length, 8);
    CU_ASSERT_EQUAL(range.first.lo, 0x0a000000);
    CU_ASSERT_EQUAL(range.last.lo, 0x0affffff);
    CU_ASSERT_EQUAL(fr_range_parse("2001:db8::1/65", 14, &range, &length), FR_RANGE_HOST_BITS);
    CU_ASSERT_EQUAL(range.first.hi, UINT64_C(0x20010db800000000));
    CU_ASSERT_EQUAL(range.last.hi, range.first.hi);
    CU_ASSERT_EQUAL(range.first.lo, 0);
    CU_ASSERT_EQUAL(range.last.lo, UINT64_MAX >> 1);
}

/* ---- prefixes ------------------------------------------------------------------------------ */

static struct flowrules_range range_of(const char *text) {
    struct flowrules_range range;
    unsigned length;
    CU_ASSERT_EQUAL_FATAL(fr_range_parse(text, strlen(text), &range, &length), FR_RANGE_OK);
    return range;
}

static unsigned count_prefixes(const char *text) {
    struct flowrules_range rest = range_of(text), whole = rest, prefix;
    struct flowrules_ip expected = whole.first, last = {0, 0};
    unsigned count = 0;
    while (flowrules_range_next_prefix(&rest, &prefix)) {
        CU_ASSERT_EQUAL(fr_ip_compare(prefix.first, expected), 0);
        CU_ASSERT(flowrules_range_prefix(&prefix) >= 0);
        last = prefix.last;
        expected = fr_ip_next(last);
        count++;
    }
    CU_ASSERT_EQUAL(fr_ip_compare(last, whole.last), 0);
    CU_ASSERT_FALSE(flowrules_range_next_prefix(&rest, &prefix));
    return count;
}

static void prefixes_at_the_edges(void) {
    CU_ASSERT_EQUAL(count_prefixes("0.0.0.0/0"), 1);
    CU_ASSERT_EQUAL(count_prefixes("::/0"), 1);
    CU_ASSERT_EQUAL(count_prefixes("255.255.255.255"), 1);
    CU_ASSERT_EQUAL(count_prefixes("0.0.0.0"), 1);
    CU_ASSERT_EQUAL(count_prefixes("::"), 1);
    CU_ASSERT_EQUAL(count_prefixes("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 1);
    CU_ASSERT_EQUAL(count_prefixes("0.0.0.1-255.255.255.255"), 32);
    CU_ASSERT_EQUAL(count_prefixes("0.0.0.0-255.255.255.254"), 32);
    CU_ASSERT_EQUAL(count_prefixes("0.0.0.1-255.255.255.254"), 62);
    CU_ASSERT_EQUAL(count_prefixes("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"), 254);
    CU_ASSERT_EQUAL(count_prefixes("0:0:0:1::-0:0:0:2:ffff:ffff:ffff:ffff"), 2);
    CU_ASSERT_EQUAL(count_prefixes("10.0.0.5-10.0.0.5"), 1);
}

static void prefix_lengths(void) {
    struct flowrules_range range = range_of("0.0.0.0/0");
    CU_ASSERT_EQUAL(flowrules_range_prefix(&range), 0);
    range = range_of("::/0");
    CU_ASSERT_EQUAL(flowrules_range_prefix(&range), 0);
    range = range_of("::1");
    CU_ASSERT_EQUAL(flowrules_range_prefix(&range), 128);
    range = range_of("2001:db8::/32");
    CU_ASSERT_EQUAL(flowrules_range_prefix(&range), 32);
    range = range_of("2001:db8::/64");
    CU_ASSERT_EQUAL(flowrules_range_prefix(&range), 64);
    range = range_of("10.0.0.1-10.0.0.2");
    CU_ASSERT_EQUAL(flowrules_range_prefix(&range), -1);
    range = range_of("10.0.0.2-10.0.0.5");
    CU_ASSERT_EQUAL(flowrules_range_prefix(&range), -1);
    range = range_of("::-0:0:0:1::");
    CU_ASSERT_EQUAL(flowrules_range_prefix(&range), -1);
}

/* ---- algebra against brute force ------------------------------------------------------------ */

/*
 * The universe: addresses at the start and end of each family, some atoms, and one atom that is
 * never listed, which stands for all others. A set is a bit for each.
 */
enum { SIDE = 10, ATOMS = 6, POINTS = 4 * SIDE + ATOMS + 1 };

typedef uint64_t points;

static enum flowrules_family family_of(unsigned point) {
    return point < 2 * SIDE ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
}

static struct flowrules_ip ip_of(unsigned point) {
    struct flowrules_ip ip = {0, point % SIDE};
    struct flowrules_ip max = fr_ip_max(family_of(point));
    bool at_end = point / SIDE % 2 == 1;
    return at_end ? (struct flowrules_ip){max.hi, max.lo - (SIDE - 1 - point % SIDE)} : ip;
}

static bool has_point(const struct fr_sets *sets, fr_set set, unsigned point) {
    if (point >= 4 * SIDE)
        return fr_set_has_atom(sets, set, (point - 4 * SIDE + 1) * 3);
    return fr_set_has_ip(sets, set, family_of(point), ip_of(point));
}

static points points_of(const struct fr_sets *sets, fr_set set) {
    points p = 0;
    for (unsigned i = 0; i < POINTS; i++)
        p |= (points)has_point(sets, set, i) << i;
    return p;
}

static void put_point(struct fr_builder *b, unsigned point) {
    if (point >= 4 * SIDE) {
        fr_builder_atom(b, (point - 4 * SIDE + 1) * 3);
        return;
    }
    struct flowrules_range range = {family_of(point), ip_of(point), ip_of(point)};
    fr_builder_range(b, &range);
}

static void put_random_range(struct fr_builder *b, uint64_t *random) {
    unsigned side = unit_random(random, 4) * SIDE;
    unsigned x = side + unit_random(random, SIDE), y = side + unit_random(random, SIDE);
    struct flowrules_range range = {family_of(side), ip_of(x < y ? x : y), ip_of(x < y ? y : x)};
    fr_builder_range(b, &range);
}

/* A set of some ranges and atoms; every third is taken away from everything: co-finite. */
static fr_set random_set(struct fr_sets *sets, struct fr_builder *b, uint64_t *random) {
    for (unsigned i = unit_random(random, 6); i > 0; i--)
        put_random_range(b, random);
    for (unsigned i = unit_random(random, 5); i > 0; i--)
        put_point(b, 4 * SIDE + unit_random(random, ATOMS));
    fr_set set = fr_builder_finish(b, sets);
    return unit_random(random, 3) == 0 ? fr_set_subtract(sets, FR_SET_ANY, set) : set;
}

static bool is_canonical(const struct fr_sets *sets, fr_set set) {
    struct flowrules_set s = {sets, set};
    for (unsigned f = 0; f < 2; f++) {
        enum flowrules_family family = f == 0 ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
        for (size_t i = 0; i < flowrules_set_range_count(s, family); i++) {
            struct flowrules_range r = flowrules_set_range(s, family, i);
            if (fr_ip_compare(r.first, r.last) > 0)
                return false;
            if (i == 0)
                continue;
            struct flowrules_range before = flowrules_set_range(s, family, i - 1);
            if (fr_ip_compare(fr_ip_next(before.last), r.first) >= 0)
                return false;
        }
    }
    return true;
}

static void check_pair(struct fr_sets *sets, struct fr_builder *b, fr_set x, fr_set y) {
    points p = points_of(sets, x), q = points_of(sets, y);
    fr_set both = fr_set_intersect(sets, x, y), either = fr_set_union(sets, x, y);
    fr_set less = fr_set_subtract(sets, x, y);
    CU_ASSERT_EQUAL(points_of(sets, both), (p & q));
    CU_ASSERT_EQUAL(points_of(sets, either), (p | q));
    CU_ASSERT_EQUAL(points_of(sets, less), (p & ~q));
    CU_ASSERT(is_canonical(sets, both) && is_canonical(sets, either) && is_canonical(sets, less));
    fr_builder_set(b, sets, y);
    fr_builder_set(b, sets, x);
    CU_ASSERT_EQUAL(fr_builder_finish(b, sets), either);
    /* Equal sets have equal numbers, by whatever way they were made. */
    CU_ASSERT_EQUAL(fr_set_union(sets, less, both), x);
    CU_ASSERT_EQUAL(fr_set_intersect(sets, y, x), both);
    CU_ASSERT_EQUAL(fr_set_subtract(sets, x, less), both);
    /* Between the two ends of a family there are addresses too: the sets themselves tell. */
    CU_ASSERT_EQUAL(fr_set_overlaps(sets, x, y), both != FR_SET_EMPTY);
    CU_ASSERT_EQUAL(fr_set_covers(sets, x, y), fr_set_subtract(sets, y, x) == FR_SET_EMPTY);
    CU_ASSERT_EQUAL(fr_set_covers(sets, x, y), either == x);
}

static void algebra_is_exact(void) {
    struct fr_sets sets;
    struct fr_builder b;
    uint64_t random = 4711;
    CU_ASSERT_FATAL(fr_sets_init(&sets, &fr_default_allocator));
    fr_builder_init(&b, &fr_default_allocator);
    for (unsigned i = 0; i < 10000; i++) {
        fr_set x = random_set(&sets, &b, &random), y = random_set(&sets, &b, &random);
        if (i % 16 == 0)
            y = fr_set_intersect(&sets, x, y);
        check_pair(&sets, &b, x, y);
    }
    fr_builder_free(&b);
    fr_sets_free(&sets);
}

/* What was put in is what is in it, and the same points give the same number in any order. */
static void builder_is_canonical(void) {
    struct fr_sets sets;
    struct fr_builder b;
    uint64_t random = 99;
    CU_ASSERT_FATAL(fr_sets_init(&sets, &fr_default_allocator));
    fr_builder_init(&b, &fr_default_allocator);
    for (unsigned i = 0; i < 5000; i++) {
        points p = 0;
        for (unsigned n = unit_random(&random, 60); n > 0; n--) {
            unsigned point = unit_random(&random, POINTS - 1);
            p |= (points)1 << point;
            put_point(&b, point);
        }
        fr_set set = fr_builder_finish(&b, &sets);
        CU_ASSERT_EQUAL(points_of(&sets, set), p);
        for (unsigned point = POINTS - 1; point-- > 0;)
            if ((p >> point & 1) != 0)
                put_point(&b, point);
        CU_ASSERT_EQUAL(fr_builder_finish(&b, &sets), set);
    }
    fr_builder_free(&b);
    fr_sets_free(&sets);
}

static void any_and_families(void) {
    struct fr_sets sets;
    struct fr_builder b;
    CU_ASSERT_FATAL(fr_sets_init(&sets, &fr_default_allocator));
    fr_builder_init(&b, &fr_default_allocator);
    struct flowrules_set any = {&sets, FR_SET_ANY};
    CU_ASSERT(flowrules_set_is_any(any));
    CU_ASSERT(flowrules_set_is_all(any, FLOWRULES_IPV4));
    CU_ASSERT(flowrules_set_is_all(any, FLOWRULES_IPV6));
    CU_ASSERT_EQUAL(fr_set_families(&sets, FR_SET_ANY), FLOWRULES_BOTH_FAMILIES);
    CU_ASSERT_EQUAL(fr_set_families(&sets, FR_SET_EMPTY), 0);
    struct flowrules_range low = range_of("0.0.0.0/1"), high = range_of("128.0.0.0/1");
    fr_builder_range(&b, &high);
    fr_builder_range(&b, &low);
    fr_builder_atom(&b, 5);
    fr_set set = fr_builder_finish(&b, &sets);
    CU_ASSERT(flowrules_set_is_all((struct flowrules_set){&sets, set}, FLOWRULES_IPV4));
    CU_ASSERT_FALSE(flowrules_set_is_all((struct flowrules_set){&sets, set}, FLOWRULES_IPV6));
    fr_set four = fr_set_family(&sets, set, FLOWRULES_IPV4);
    CU_ASSERT_FALSE(fr_set_has_atom(&sets, four, 5));
    CU_ASSERT_EQUAL(four, fr_set_family(&sets, FR_SET_ANY, FLOWRULES_IPV4));
    CU_ASSERT_EQUAL(fr_set_family(&sets, set, FLOWRULES_IPV6), FR_SET_EMPTY);
    fr_builder_set(&b, &sets, FR_SET_ANY);
    fr_builder_set(&b, &sets, set);
    CU_ASSERT_EQUAL(fr_builder_finish(&b, &sets), FR_SET_ANY);
    CU_ASSERT_EQUAL(fr_builder_finish(&b, &sets), FR_SET_EMPTY);
    fr_builder_free(&b);
    fr_sets_free(&sets);
}

static void single_hosts_are_lean(void) {
    struct fr_sets sets;
    struct fr_builder b;
    CU_ASSERT_FATAL(fr_sets_init(&sets, &fr_default_allocator));
    fr_builder_init(&b, &fr_default_allocator);
    for (uint32_t i = 0; i < 100000; i++) {
        struct flowrules_range range = {FLOWRULES_IPV4, {0, i * 3}, {0, i * 3}};
        fr_builder_range(&b, &range);
        CU_ASSERT_EQUAL(fr_builder_finish(&b, &sets), i + 2);
    }
    /* 24 bytes of record, 8 of head, about 21 of slots, and what the arena has not used yet. */
    size_t bytes = sets.arena.total + sets.heads.count * 8 + sets.slot_count * 4;
    CU_ASSERT(bytes < 100000 * 64);
    fr_builder_free(&b);
    fr_sets_free(&sets);
}

/* Whichever allocation fails: FR_SET_NONE or the right set, nothing leaked, and it goes on. */
static void want_of_memory_is_clean(void) {
    for (size_t allowed = 0; allowed < 300; allowed++) {
        struct unit_budget budget = {allowed, 0};
        struct fr_allocator allocator = unit_allocator(&budget);
        struct fr_sets sets;
        struct fr_builder b;
        if (!fr_sets_init(&sets, &allocator)) {
            CU_ASSERT_EQUAL(budget.live, 0);
            continue;
        }
        fr_builder_init(&b, &allocator);
        uint64_t random = 7;
        bool failed = false;
        for (unsigned i = 0; i < 200; i++) {
            fr_set x = random_set(&sets, &b, &random), y = random_set(&sets, &b, &random);
            fr_set both = fr_set_intersect(&sets, x, y), either = fr_set_union(&sets, x, y);
            failed = failed || x == FR_SET_NONE || y == FR_SET_NONE || both == FR_SET_NONE ||
                     either == FR_SET_NONE;
            if (x != FR_SET_NONE && y != FR_SET_NONE && both != FR_SET_NONE)
                CU_ASSERT_EQUAL(points_of(&sets, both),
                                (points_of(&sets, x) & points_of(&sets, y)));
        }
        fr_builder_set(&b, &sets, FR_SET_NONE);
        CU_ASSERT_EQUAL(fr_builder_finish(&b, &sets), FR_SET_NONE);
        CU_ASSERT(failed); /* 200 rounds need more than 300 allocations */
        CU_ASSERT(sets.failed);
        CU_ASSERT_EQUAL(points_of(&sets, FR_SET_NONE), points_of(&sets, FR_SET_EMPTY));
        fr_builder_free(&b);
        fr_sets_free(&sets);
        CU_ASSERT_EQUAL(budget.live, 0);
    }
}

/* The gaps of a set, family by family, are what it lacks of all addresses. */
static void gaps_are_the_rest(void) {
    struct fr_sets sets;
    struct fr_builder b;
    CU_ASSERT_FATAL(fr_sets_init(&sets, &fr_default_allocator));
    fr_builder_init(&b, &fr_default_allocator);
    uint64_t random = 11;
    const points addresses = ((points)1 << (4 * SIDE)) - 1;
    for (unsigned i = 0; i < 500; i++) {
        fr_set set = i == 0 ? FR_SET_EMPTY : i == 1 ? FR_SET_ANY : random_set(&sets, &b, &random);
        struct flowrules_range gap;
        for (unsigned f = 0; f < 2; f++)
            for (size_t k = 0; flowrules_set_gap((struct flowrules_set){&sets, set},
                                                 (enum flowrules_family)f, k, &gap);
                 k++) {
                CU_ASSERT(fr_ip_compare(gap.first, gap.last) <= 0);
                fr_builder_range(&b, &gap);
            }
        fr_set rest = fr_builder_finish(&b, &sets);
        CU_ASSERT_EQUAL(points_of(&sets, rest), ~points_of(&sets, set) & addresses);
        CU_ASSERT_EQUAL(fr_set_intersect(&sets, set, rest), FR_SET_EMPTY);
    }
    fr_builder_free(&b);
    fr_sets_free(&sets);
}

UNIT_SUITE(addresses) {
    static const struct unit_test tests[] = {{"ranges are read strictly", ranges_are_read_strictly},
                                             {"host bits are masked", host_bits_are_masked},
                                             {"prefixes at the edges", prefixes_at_the_edges},
                                             {"prefix lengths", prefix_lengths},
                                             {"the algebra is exact", algebra_is_exact},
                                             {"the builder is canonical", builder_is_canonical},
                                             {"any and the families", any_and_families},
                                             {"gaps are the rest", gaps_are_the_rest},
                                             {"single hosts are lean", single_hosts_are_lean},
                                             {"want of memory is clean", want_of_memory_is_clean},
                                             {NULL, NULL}};
    unit_suite("addresses", tests);
}
