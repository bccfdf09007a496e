/*
 * Memory: arenas, arrays, strings and the map, also where memory runs out.
 */
#include <stdio.h>
#include <string.h>

#include "flowrules/backend.h"
#include "flowrules/kits/hashes.h"
#include "unit.h"

static void arena_blocks_are_aligned_and_apart(void) {
    struct unit_budget budget = {SIZE_MAX, 0};
    struct fr_allocator allocator = unit_allocator(&budget);
    struct fr_arena arena;
    fr_arena_init(&arena, &allocator);
    uint64_t random = 1;
    unsigned char *blocks[400];
    size_t sizes[400];
    for (size_t i = 0; i < 400; i++) {
        sizes[i] = unit_random(&random, i % 50 == 0 ? 70000 : 90) + 1;
        blocks[i] =
            i % 2 == 0 ? fr_arena_alloc(&arena, sizes[i]) : fr_arena_alloc4(&arena, sizes[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(blocks[i]);
        CU_ASSERT_EQUAL((uintptr_t)blocks[i] % (i % 2 == 0 ? _Alignof(max_align_t) : 4), 0);
        memset(blocks[i], (int)(i % 251), sizes[i]);
    }
    for (size_t i = 0; i < 400; i++) {
        CU_ASSERT_EQUAL(blocks[i][0], i % 251);
        CU_ASSERT_EQUAL(blocks[i][sizes[i] - 1], i % 251);
    }
    char *text = fr_arena_printf(&arena, "%s-%d", "flow", 42);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_STRING_EQUAL(text, "flow-42");
    CU_ASSERT_STRING_EQUAL(fr_arena_text(&arena, "abcdef", 3), "abc");
    const unsigned char *zeros = fr_arena_zalloc(&arena, 100);
    CU_ASSERT_EQUAL(zeros[0] | zeros[99], 0);
    CU_ASSERT_PTR_NULL(fr_arena_alloc(&arena, SIZE_MAX));
    CU_ASSERT_PTR_NULL(fr_arena_text(&arena, "", SIZE_MAX));
    fr_arena_free(&arena);
    CU_ASSERT_EQUAL(budget.live, 0);
}

static void arena_wastes_little(void) {
    struct fr_arena arena;
    fr_arena_init(&arena, &fr_default_allocator);
    for (size_t i = 0; i < 100000; i++)
        CU_ASSERT_PTR_NOT_NULL(fr_arena_alloc4(&arena, 24));
    CU_ASSERT(arena.total < 2400000 / 4 * 5 + 4096);
    fr_arena_free(&arena);
}

static void vec_grows_and_shrinks(void) {
    struct unit_budget budget = {SIZE_MAX, 0};
    struct fr_allocator allocator = unit_allocator(&budget);
    struct fr_vec vec;
    fr_vec_init(&vec, &allocator, sizeof(uint32_t));
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t *item = fr_vec_push(&vec);
        CU_ASSERT_PTR_NOT_NULL_FATAL(item);
        CU_ASSERT_EQUAL(*item, 0);
        *item = i;
    }
    fr_vec_shrink(&vec);
    CU_ASSERT_EQUAL(vec.capacity, 1000);
    CU_ASSERT_EQUAL(*fr_vec_at(&vec, uint32_t, 999), 999);
    CU_ASSERT_FALSE(fr_vec_reserve(&vec, SIZE_MAX));
    CU_ASSERT_FALSE(fr_vec_reserve(&vec, SIZE_MAX / 4));
    CU_ASSERT_EQUAL(vec.count, 1000);
    vec.count = 0;
    fr_vec_shrink(&vec);
    CU_ASSERT_EQUAL(budget.live, 0);
    fr_vec_free(&vec);
}

/* The values of FNV-1a's own test suite. */
static void hashes_are_those_of_fnv(void) {
    CU_ASSERT_EQUAL(flowrules_hash_bytes(FLOWRULES_HASH_BEGIN, "", 0), FLOWRULES_HASH_BEGIN);
    CU_ASSERT_EQUAL(flowrules_hash_bytes(FLOWRULES_HASH_BEGIN, "foobar", 6),
                    UINT64_C(0x85944171f73967e8));
    CU_ASSERT_EQUAL(flowrules_hash_number(FLOWRULES_HASH_BEGIN, 0x0000726162006f66),
                    flowrules_hash_bytes(FLOWRULES_HASH_BEGIN, "fo\0bar\0", 8));
    CU_ASSERT_EQUAL(flowrules_hash_spread(1), UINT64_C(0xb456bcfc34c2cb2c));
}

static void strings_are_interned(void) {
    struct fr_strings strings;
    fr_strings_init(&strings, &fr_default_allocator);
    CU_ASSERT_EQUAL(fr_strings_find(&strings, "a", 1), 0);
    CU_ASSERT_PTR_NULL(fr_strings_text(&strings, 0));
    CU_ASSERT_PTR_NULL(fr_strings_text(&strings, 1));
    for (unsigned i = 0; i < 5000; i++) {
        char text[16];
        size_t length = (size_t)snprintf(text, sizeof text, "name-%u", i);
        CU_ASSERT_EQUAL(fr_strings_add(&strings, text, length), i + 1);
    }
    CU_ASSERT_EQUAL(fr_strings_add(&strings, "name-77 and more", 7), 78);
    CU_ASSERT_EQUAL(fr_strings_find(&strings, "name-4999", 9), 5000);
    CU_ASSERT_EQUAL(fr_strings_find(&strings, "name-5000", 9), 0);
    CU_ASSERT_STRING_EQUAL(fr_strings_text(&strings, 78), "name-77");
    CU_ASSERT_EQUAL(fr_strings_length(&strings, 78), 7);
    fr_string empty = fr_strings_add(&strings, NULL, 0), nul = fr_strings_add(&strings, "\0", 1);
    CU_ASSERT_NOT_EQUAL(empty, nul);
    CU_ASSERT_EQUAL(fr_strings_find(&strings, "", 0), empty);
    CU_ASSERT_EQUAL(fr_strings_length(&strings, nul), 1);
    fr_strings_free(&strings);
}

/* The values are part of names in artifacts: they may never change. */
static void hash_is_the_same_everywhere(void) {
    CU_ASSERT_EQUAL(fr_hash("", 0), 0x1cbd62c9);
    CU_ASSERT_EQUAL(fr_hash("a", 1), 0xf2f8c295);
    CU_ASSERT_EQUAL(fr_hash("huggingface.co", 14), 0x9b646daf);
    CU_ASSERT_NOT_EQUAL(fr_hash("\0", 1), fr_hash("\0\0", 2));
}

static void hash_spreads(void) {
    enum { KEYS = 20000, BUCKETS = 4096 };
    static unsigned counts[BUCKETS];
    memset(counts, 0, sizeof counts);
    for (unsigned i = 0; i < KEYS; i++) {
        unsigned char key[4] = {10, 0, (unsigned char)(i >> 8), (unsigned char)i};
        counts[fr_hash(key, 4) % BUCKETS]++;
    }
    unsigned most = 0;
    for (unsigned i = 0; i < BUCKETS; i++)
        most = counts[i] > most ? counts[i] : most;
    CU_ASSERT(most < 20); /* 4.9 on average */
}

static void map_keeps_the_last_value(void) {
    struct fr_map map;
    uint32_t value = 7;
    fr_map_init(&map, &fr_default_allocator);
    CU_ASSERT_FALSE(fr_map_get(&map, 1, &value));
    for (uint32_t key = 1; key <= 3000; key++)
        CU_ASSERT(fr_map_put(&map, key * 64, key));
    CU_ASSERT(fr_map_put(&map, 64, 99));
    CU_ASSERT_EQUAL(map.count, 3000);
    CU_ASSERT(fr_map_get(&map, 64, &value));
    CU_ASSERT_EQUAL(value, 99);
    CU_ASSERT(fr_map_get(&map, 3000 * 64, &value));
    CU_ASSERT_EQUAL(value, 3000);
    CU_ASSERT_FALSE(fr_map_get(&map, 65, &value));
    CU_ASSERT_FALSE(fr_map_get(&map, 0, &value));
    fr_map_free(&map);
}

/* Whatever fails, what was added before is still there, and nothing leaks. */
static void strings_survive_want_of_memory(void) {
    for (size_t allowed = 0; allowed < 40; allowed++) {
        struct unit_budget budget = {allowed, 0};
        struct fr_allocator allocator = unit_allocator(&budget);
        struct fr_strings strings;
        struct fr_map map;
        fr_strings_init(&strings, &allocator);
        fr_map_init(&map, &allocator);
        char text[16];
        unsigned added = 0;
        for (; added < 2000; added++) {
            size_t length = (size_t)snprintf(text, sizeof text, "s%u", added);
            if (fr_strings_add(&strings, text, length) == 0 || !fr_map_put(&map, added + 1, added))
                break;
        }
        CU_ASSERT(added < 2000 || allowed > 15);
        for (unsigned i = 0; i < added; i++) {
            uint32_t value = UINT32_MAX;
            size_t length = (size_t)snprintf(text, sizeof text, "s%u", i);
            CU_ASSERT_EQUAL(fr_strings_find(&strings, text, length), i + 1);
            CU_ASSERT(fr_map_get(&map, i + 1, &value) && value == i);
        }
        fr_strings_free(&strings);
        fr_map_free(&map);
        CU_ASSERT_EQUAL(budget.live, 0);
    }
}

UNIT_SUITE(memory) {
    static const struct unit_test tests[] = {
        {"arena blocks are aligned and apart", arena_blocks_are_aligned_and_apart},
        {"an arena wastes little", arena_wastes_little},
        {"a vec grows and shrinks", vec_grows_and_shrinks},
        {"strings are interned", strings_are_interned},
        {"hashes are those of FNV", hashes_are_those_of_fnv},
        {"the hash is the same everywhere", hash_is_the_same_everywhere},
        {"the hash spreads", hash_spreads},
        {"a map keeps the last value", map_keeps_the_last_value},
        {"strings survive want of memory", strings_survive_want_of_memory},
        {NULL, NULL}};
    unit_suite("memory", tests);
}
