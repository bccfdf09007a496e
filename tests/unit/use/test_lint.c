/*
 * What lint stands on: the index of extents against a walk over all of them, the table of shared
 * addresses, and the domains below which everybody has names.
 */
#include <string.h>

#include "addresses.h"
#include "lint_index.h"
#include "lint_shared.h"
#include "lint_suffix.h"
#include "unit.h"

#define ITEMS     600u
#define QUESTIONS 400u

static uint64_t next(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Few different values, so that extents touch, nest and are equal. */
static struct fr_extent make_extent(uint64_t *state) {
    struct fr_extent extent = {{0}, {0}};
    for (unsigned d = 0; d < FR_EXTENT_DIMENSIONS; d++) {
        extent.first[d] = next(state) % 40;
        extent.last[d] = extent.first[d] + next(state) % (next(state) % 4 == 0 ? 40 : 4);
        if (next(state) % 50 == 0)
            extent.last[d] = UINT64_MAX;
    }
    return extent;
}

static bool is_match(enum fr_index_search how, const struct fr_extent *own,
                     const struct fr_extent *asked) {
    bool match = true;
    for (unsigned d = 0; d < FR_EXTENT_DIMENSIONS; d++)
        match = match && (how == FR_INDEX_COVERS
                              ? own->first[d] <= asked->first[d] && own->last[d] >= asked->last[d]
                              : own->first[d] <= asked->last[d] && own->last[d] >= asked->first[d]);
    return match;
}

struct seen {
    unsigned count[ITEMS];
    uint32_t stop; /* at this item */
};

static bool see(void *user, uint32_t item) {
    struct seen *seen = user;
    seen->count[item]++;
    return item == seen->stop;
}

static void compare(struct fr_index *index, const struct fr_extent *items, size_t count,
                    uint64_t *state) {
    for (unsigned q = 0; q < QUESTIONS; q++) {
        struct fr_extent asked = make_extent(state);
        enum fr_index_search how = q % 2 == 0 ? FR_INDEX_COVERS : FR_INDEX_MEETS;
        struct seen seen = {.stop = UINT32_MAX};
        unsigned wrong = fr_index_search(index, how, &asked, see, &seen);
        for (size_t i = 0; i < count; i++)
            wrong += seen.count[i] != (is_match(how, &items[i], &asked) ? 1u : 0u);
        CU_ASSERT_EQUAL(wrong, 0);
    }
}

static void the_index_finds_all(void) {
    static const size_t counts[] = {0, 1, 2, 8, 9, 17, 100, ITEMS};
    struct fr_extent items[ITEMS];
    uint64_t state = 1;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct fr_index index;
        fr_index_init(&index, &fr_default_allocator);
        for (size_t i = 0; i < counts[c]; i++) {
            items[i] = i % 7 == 6 ? items[i - 1] : make_extent(&state);
            CU_ASSERT(fr_index_add(&index, &items[i], (uint32_t)i));
        }
        CU_ASSERT(fr_index_build(&index));
        compare(&index, items, counts[c], &state);
        fr_index_free(&index);
    }
}

static void a_search_can_end(void) {
    struct fr_index index;
    struct fr_extent all = {{0, 0, 0}, {9, 9, 9}};
    struct seen seen = {.stop = 5};
    fr_index_init(&index, &fr_default_allocator);
    for (uint32_t i = 0; i < 100; i++)
        CU_ASSERT(fr_index_add(&index, &all, i));
    CU_ASSERT(fr_index_build(&index));
    CU_ASSERT(fr_index_search(&index, FR_INDEX_MEETS, &all, see, &seen));
    CU_ASSERT(!fr_index_is_over(&index));
    index.most = index.steps;
    seen.stop = UINT32_MAX;
    CU_ASSERT(!fr_index_search(&index, FR_INDEX_MEETS, &all, see, &seen));
    CU_ASSERT(fr_index_is_over(&index));
    fr_index_free(&index);
}

static const char *shared_by(const char *text) {
    enum flowrules_family family;
    struct flowrules_ip ip;
    struct fr_vec table;
    CU_ASSERT(fr_shared_init(&table, &fr_default_allocator));
    const char *who =
        fr_ip_parse(text, strlen(text), &family, &ip) ? fr_shared_by(&table, family, ip) : "?";
    fr_vec_free(&table);
    return who;
}

static void shared_addresses(void) {
    CU_ASSERT_STRING_EQUAL(shared_by("104.16.0.0"), "Cloudflare");
    CU_ASSERT_STRING_EQUAL(shared_by("104.27.255.255"), "Cloudflare");
    CU_ASSERT_PTR_NULL(shared_by("104.28.0.0"));
    CU_ASSERT_STRING_EQUAL(shared_by("2606:4700::1"), "Cloudflare");
    CU_ASSERT_STRING_EQUAL(shared_by("151.101.1.1"), "Fastly");
    CU_ASSERT_STRING_EQUAL(shared_by("13.32.9.9"), "Amazon CloudFront");
    CU_ASSERT_STRING_EQUAL(shared_by("2600:9000:1::1"), "Amazon CloudFront");
    CU_ASSERT_STRING_EQUAL(shared_by("205.251.207.255"), "Amazon CloudFront");
    CU_ASSERT_STRING_EQUAL(shared_by("45.60.0.1"), "Imperva");
    CU_ASSERT_STRING_EQUAL(shared_by("2606:50c0:8003::153"), "GitHub Pages");
    CU_ASSERT_PTR_NULL(shared_by("192.0.2.1"));
    CU_ASSERT_PTR_NULL(shared_by("2001:db8::1"));
}

static void suffixes(void) {
    CU_ASSERT(fr_is_public_suffix("com"));
    CU_ASSERT(fr_is_public_suffix("co.uk"));
    CU_ASSERT(fr_is_public_suffix("github.io"));
    CU_ASSERT(fr_is_public_suffix("x.compute.amazonaws.com"));
    CU_ASSERT(fr_is_public_suffix("xn--p1ai"));
    CU_ASSERT(!fr_is_public_suffix("example.com"));
    CU_ASSERT(!fr_is_public_suffix("internal"));
    CU_ASSERT(!fr_is_public_suffix("svc.cluster.local"));
    CU_ASSERT_STRING_EQUAL(fr_hosting_of("amazonaws.com"), "Amazon Web Services");
    CU_ASSERT_PTR_NULL(fr_hosting_of("example.com"));
}

UNIT_SUITE(lint) {
    static const struct unit_test tests[] = {{"the index finds all", the_index_finds_all},
                                             {"a search can end", a_search_can_end},
                                             {"shared addresses", shared_addresses},
                                             {"public suffixes", suffixes},
                                             {NULL, NULL}};
    unit_suite("lint", tests);
}
