/*
 * Memory: allocator, arenas, growing arrays, interned strings and a small map.
 * Knows nothing of what is kept in them.
 */
#include "memory.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flowrules/backend.h"
#include "flowrules/kits/hashes.h"

#define CHUNK_SMALLEST ((size_t)4 * 1024)
#define CHUNK_LARGEST  ((size_t)1024 * 1024)

static void *default_resize(void *user, void *block, size_t size) {
    (void)user;
    if (size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, size);
}

const struct fr_allocator fr_default_allocator = {default_resize, NULL};

void *fr_malloc(const struct fr_allocator *allocator, size_t size) {
    return allocator->resize(allocator->user, NULL, size > 0 ? size : 1);
}

void *fr_realloc(const struct fr_allocator *allocator, void *block, size_t size) {
    return allocator->resize(allocator->user, block, size > 0 ? size : 1);
}

void fr_free(const struct fr_allocator *allocator, void *block) {
    if (block != NULL)
        allocator->resize(allocator->user, block, 0);
}

/* ---- arenas -------------------------------------------------------------------------------- */

struct fr_chunk {
    struct fr_chunk *older;
    size_t used, capacity; /* of bytes */
    alignas(max_align_t) unsigned char bytes[];
};

void fr_arena_init(struct fr_arena *arena, const struct fr_allocator *allocator) {
    arena->allocator = allocator;
    arena->chunk = NULL;
    arena->total = 0;
}

void fr_arena_free(struct fr_arena *arena) {
    struct fr_chunk *chunk = arena->chunk;
    while (chunk != NULL) {
        struct fr_chunk *older = chunk->older;
        fr_free(arena->allocator, chunk);
        chunk = older;
    }
    arena->chunk = NULL;
    arena->total = 0;
}

static struct fr_chunk *new_chunk(struct fr_arena *arena, size_t total) {
    struct fr_chunk *chunk = fr_malloc(arena->allocator, total);
    if (chunk == NULL)
        return NULL;
    chunk->older = NULL;
    chunk->used = 0;
    chunk->capacity = total - offsetof(struct fr_chunk, bytes);
    arena->total += total;
    return chunk;
}

/* A block in a chunk of its own, kept behind the newest chunk, which stays in use. */
static void *large_block(struct fr_arena *arena, size_t size) {
    if (size > SIZE_MAX - sizeof(struct fr_chunk))
        return NULL;
    struct fr_chunk *chunk = new_chunk(arena, sizeof(struct fr_chunk) + size);
    if (chunk == NULL)
        return NULL;
    chunk->used = chunk->capacity;
    if (arena->chunk == NULL) {
        arena->chunk = chunk;
    } else {
        chunk->older = arena->chunk->older;
        arena->chunk->older = chunk;
    }
    return chunk->bytes;
}

/* The next chunk is at most a quarter of what there is, so that little is left over at the end. */
static void *block_in_new_chunk(struct fr_arena *arena, size_t size) {
    size_t total = CHUNK_SMALLEST;
    while (total <= arena->total / 8 && total < CHUNK_LARGEST)
        total *= 2;
    if (size > total / 4)
        return large_block(arena, size);
    struct fr_chunk *chunk = new_chunk(arena, total);
    if (chunk == NULL)
        return NULL;
    chunk->older = arena->chunk;
    chunk->used = size;
    arena->chunk = chunk;
    return chunk->bytes;
}

static inline void *aligned_block(struct fr_arena *arena, size_t size, size_t alignment) {
    struct fr_chunk *chunk = arena->chunk;
    if (chunk != NULL) {
        size_t start = (chunk->used + alignment - 1) & ~(alignment - 1);
        if (start <= chunk->capacity && size <= chunk->capacity - start) {
            chunk->used = start + size;
            return chunk->bytes + start;
        }
    }
    return block_in_new_chunk(arena, size);
}

void *fr_arena_alloc(struct fr_arena *arena, size_t size) {
    return aligned_block(arena, size, alignof(max_align_t));
}

void *fr_arena_zalloc(struct fr_arena *arena, size_t size) {
    void *block = fr_arena_alloc(arena, size);
    if (block != NULL)
        memset(block, 0, size);
    return block;
}

void *fr_arena_alloc4(struct fr_arena *arena, size_t size) {
    return aligned_block(arena, size, 4);
}

char *fr_arena_text(struct fr_arena *arena, const char *text, size_t length) {
    if (length == SIZE_MAX)
        return NULL;
    char *copy = aligned_block(arena, length + 1, 1);
    if (copy == NULL)
        return NULL;
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *fr_arena_vprintf(struct fr_arena *arena, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    char *text = NULL;
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0)
        text = aligned_block(arena, (size_t)length + 1, 1);
    if (text != NULL)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *fr_arena_printf(struct fr_arena *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = fr_arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

/* ---- growing arrays ------------------------------------------------------------------------ */

void fr_vec_init(struct fr_vec *vec, const struct fr_allocator *allocator, size_t item_size) {
    vec->allocator = allocator;
    vec->items = NULL;
    vec->count = 0;
    vec->capacity = 0;
    vec->item_size = item_size;
}

void fr_vec_free(struct fr_vec *vec) {
    fr_free(vec->allocator, vec->items);
    vec->items = NULL;
    vec->count = 0;
    vec->capacity = 0;
}

static bool set_capacity(struct fr_vec *vec, size_t capacity) {
    if (capacity > SIZE_MAX / vec->item_size)
        return false;
    void *items = fr_realloc(vec->allocator, vec->items, capacity * vec->item_size);
    if (items == NULL)
        return false;
    vec->items = items;
    vec->capacity = capacity;
    return true;
}

bool fr_vec_reserve(struct fr_vec *vec, size_t count) {
    if (count <= vec->capacity - vec->count)
        return true;
    if (count > SIZE_MAX - vec->count)
        return false;
    size_t needed = vec->count + count;
    size_t doubled = vec->capacity > 0 && vec->capacity <= SIZE_MAX / 2 ? vec->capacity * 2 : 8;
    return set_capacity(vec, doubled > needed ? doubled : needed);
}

void *fr_vec_add(struct fr_vec *vec) {
    if (vec->count == vec->capacity && !fr_vec_reserve(vec, 1))
        return NULL;
    return (char *)vec->items + vec->count++ * vec->item_size;
}

void *fr_vec_push(struct fr_vec *vec) {
    void *item = fr_vec_add(vec);
    if (item != NULL)
        memset(item, 0, vec->item_size);
    return item;
}

int fr_compare_numbers(const void *a, const void *b) {
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

size_t fr_sort_unique(struct fr_vec *vec) {
    uint32_t *numbers = vec->items;
    size_t kept = 0;
    if (vec->count > 1)
        qsort(numbers, vec->count, sizeof *numbers, fr_compare_numbers);
    for (size_t i = 0; i < vec->count; i++)
        if (kept == 0 || numbers[kept - 1] != numbers[i])
            numbers[kept++] = numbers[i];
    return vec->count = kept;
}

void *fr_vec_search(const struct fr_vec *vec, const void *key,
                    int (*compare)(const void *key, const void *item)) {
    return vec->count == 0 ? NULL : bsearch(key, vec->items, vec->count, vec->item_size, compare);
}

void fr_vec_shrink(struct fr_vec *vec) {
    if (vec->count == 0)
        fr_vec_free(vec);
    else if (vec->count < vec->capacity)
        set_capacity(vec, vec->count); /* without memory for it, it stays as it is */
}

bool fr_vec_copy(struct fr_vec *copy, const struct fr_vec *vec) {
    fr_vec_init(copy, vec->allocator, vec->item_size);
    if (vec->count == 0)
        return true;
    if (!fr_vec_reserve(copy, vec->count))
        return false;
    memcpy(copy->items, vec->items, vec->count * vec->item_size);
    copy->count = vec->count;
    return true;
}

/* ---- hashing ------------------------------------------------------------------------------- */

/* Little-endian on every machine: the hash is part of names in artifacts. */
static inline uint64_t load64(const unsigned char *p) {
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

static inline uint64_t mix64(uint64_t h) {
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    return h;
}

bool fr_same_text(const char *one, const char *other) {
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

uint32_t fr_hash(const void *bytes, size_t length) {
    const unsigned char *p = bytes;
    uint64_t h = (uint64_t)length * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x51afd7ed558ccd6d);
    for (; length >= 8; p += 8, length -= 8)
        h = mix64(h ^ load64(p)) * UINT64_C(0x9fb21c651e98df25);
    uint64_t tail = 0;
    for (size_t i = 0; i < length; i++)
        tail |= (uint64_t)p[i] << (8 * i);
    h = mix64(mix64(h ^ tail) * UINT64_C(0x9fb21c651e98df25));
    return (uint32_t)(h ^ h >> 32);
}

uint64_t flowrules_hash_bytes(uint64_t hash, const void *bytes, size_t size) {
    const unsigned char *p = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t flowrules_hash_number(uint64_t hash, uint64_t number) {
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    return flowrules_hash_bytes(hash, bytes, sizeof bytes);
}

uint64_t flowrules_hash_spread(uint64_t hash) {
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ (hash >> 33);
}

/* ---- interned strings ---------------------------------------------------------------------- */

struct fr_string_entry {
    const char *text;
    uint32_t length;
};

#define SLOTS_SMALLEST ((size_t)64)

void fr_strings_init(struct fr_strings *strings, const struct fr_allocator *allocator) {
    fr_arena_init(&strings->arena, allocator);
    fr_vec_init(&strings->entries, allocator, sizeof(struct fr_string_entry));
    strings->slots = NULL;
    strings->slot_count = 0;
}

void fr_strings_free(struct fr_strings *strings) {
    fr_free(strings->arena.allocator, strings->slots);
    strings->slots = NULL;
    strings->slot_count = 0;
    fr_vec_free(&strings->entries);
    fr_arena_free(&strings->arena);
}

/* The slot that holds the string, or the free one where it would go. */
static struct fr_string_slot *string_slot(const struct fr_strings *strings, const char *text,
                                          size_t length, uint32_t hash) {
    size_t mask = strings->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct fr_string_slot *slot = &strings->slots[i];
        if (slot->string == 0)
            return slot;
        if (slot->hash != hash)
            continue;
        const struct fr_string_entry *entry =
            fr_vec_at(&strings->entries, struct fr_string_entry, slot->string - 1);
        if (entry->length == length && memcmp(entry->text, text, length) == 0)
            return slot;
    }
}

static bool grow_string_slots(struct fr_strings *strings) {
    size_t count = strings->slot_count > 0 ? strings->slot_count * 2 : SLOTS_SMALLEST;
    if (count > SIZE_MAX / sizeof *strings->slots)
        return false;
    struct fr_string_slot *slots = fr_malloc(strings->arena.allocator, count * sizeof *slots);
    if (slots == NULL)
        return false;
    memset(slots, 0, count * sizeof *slots);
    for (size_t n = 0; n < strings->slot_count; n++) {
        const struct fr_string_slot *old = &strings->slots[n];
        size_t i = old->hash & (count - 1);
        while (old->string != 0 && slots[i].string != 0)
            i = (i + 1) & (count - 1);
        if (old->string != 0)
            slots[i] = *old;
    }
    fr_free(strings->arena.allocator, strings->slots);
    strings->slots = slots;
    strings->slot_count = count;
    return true;
}

bool fr_strings_fork(struct fr_strings *fork, const struct fr_strings *base) {
    size_t size = base->slot_count * sizeof *base->slots;
    fr_strings_init(fork, base->arena.allocator);
    if (size == 0)
        return true;
    fork->slots = fr_malloc(base->arena.allocator, size);
    if (fork->slots == NULL || !fr_vec_copy(&fork->entries, &base->entries)) {
        fr_strings_free(fork);
        return false;
    }
    memcpy(fork->slots, base->slots, size);
    fork->slot_count = base->slot_count;
    return true;
}

fr_string fr_strings_add(struct fr_strings *strings, const char *text, size_t length) {
    if (length >= UINT32_MAX || strings->entries.count >= UINT32_MAX - 1)
        return 0;
    if (strings->entries.count >= strings->slot_count / 4 * 3 && !grow_string_slots(strings))
        return 0;
    if (length == 0)
        text = "";
    uint32_t hash = fr_hash(text, length);
    struct fr_string_slot *slot = string_slot(strings, text, length, hash);
    if (slot->string != 0)
        return slot->string;
    if (!fr_vec_reserve(&strings->entries, 1))
        return 0;
    const char *copy = fr_arena_text(&strings->arena, text, length);
    if (copy == NULL)
        return 0;
    struct fr_string_entry *entry = fr_vec_add(&strings->entries);
    *entry = (struct fr_string_entry){copy, (uint32_t)length};
    *slot = (struct fr_string_slot){hash, (uint32_t)strings->entries.count};
    return slot->string;
}

fr_string fr_strings_add_folded(struct fr_strings *strings, const char *text) {
    size_t length = strlen(text);
    char *lower = fr_malloc(strings->arena.allocator, length + 1);
    if (lower == NULL)
        return 0;
    for (size_t i = 0; i <= length; i++)
        lower[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
    fr_string string = fr_strings_add(strings, lower, length);
    fr_free(strings->arena.allocator, lower);
    return string;
}

fr_string fr_strings_find(const struct fr_strings *strings, const char *text, size_t length) {
    if (strings->slot_count == 0 || length >= UINT32_MAX)
        return 0;
    if (length == 0)
        text = "";
    return string_slot(strings, text, length, fr_hash(text, length))->string;
}

static const struct fr_string_entry *entry_of(const struct fr_strings *strings, fr_string string) {
    if (string == 0 || string > strings->entries.count)
        return NULL;
    return fr_vec_at(&strings->entries, struct fr_string_entry, string - 1);
}

const char *fr_strings_text(const struct fr_strings *strings, fr_string string) {
    const struct fr_string_entry *entry = entry_of(strings, string);
    return entry != NULL ? entry->text : NULL;
}

size_t fr_strings_length(const struct fr_strings *strings, fr_string string) {
    const struct fr_string_entry *entry = entry_of(strings, string);
    return entry != NULL ? entry->length : 0;
}

/* ---- the map ------------------------------------------------------------------------------- */

void fr_map_init(struct fr_map *map, const struct fr_allocator *allocator) {
    map->allocator = allocator;
    map->slots = NULL;
    map->count = 0;
    map->slot_count = 0;
}

void fr_map_free(struct fr_map *map) {
    fr_free(map->allocator, map->slots);
    fr_map_init(map, map->allocator);
}

/* The pair of the key, or the free one where it would go. */
static uint32_t *map_pair(uint32_t *slots, size_t slot_count, uint32_t key) {
    size_t mask = slot_count - 1;
    size_t i = (size_t)mix64((uint64_t)key * UINT64_C(0x9e3779b97f4a7c15)) & mask;
    while (slots[2 * i] != 0 && slots[2 * i] != key)
        i = (i + 1) & mask;
    return &slots[2 * i];
}

bool fr_map_get(const struct fr_map *map, uint32_t key, uint32_t *value) {
    if (map->slot_count == 0 || key == 0)
        return false;
    const uint32_t *pair = map_pair(map->slots, map->slot_count, key);
    if (pair[0] == 0)
        return false;
    *value = pair[1];
    return true;
}

static bool grow_map(struct fr_map *map) {
    size_t count = map->slot_count > 0 ? map->slot_count * 2 : 16;
    if (count > SIZE_MAX / (2 * sizeof(uint32_t)))
        return false;
    uint32_t *slots = fr_malloc(map->allocator, count * 2 * sizeof *slots);
    if (slots == NULL)
        return false;
    memset(slots, 0, count * 2 * sizeof *slots);
    for (size_t i = 0; i < map->slot_count; i++) {
        const uint32_t *old = &map->slots[2 * i];
        if (old[0] != 0)
            memcpy(map_pair(slots, count, old[0]), old, 2 * sizeof *old);
    }
    fr_free(map->allocator, map->slots);
    map->slots = slots;
    map->slot_count = count;
    return true;
}

bool fr_map_put(struct fr_map *map, uint32_t key, uint32_t value) {
    uint32_t *pair = map->slot_count == 0 ? NULL : map_pair(map->slots, map->slot_count, key);
    if (pair == NULL || pair[0] == 0) {
        if (map->count >= map->slot_count / 4 * 3) {
            if (!grow_map(map))
                return false;
            pair = map_pair(map->slots, map->slot_count, key);
        }
        map->count++;
    }
    pair[0] = key;
    pair[1] = value;
    return true;
}

bool fr_map_copy(struct fr_map *copy, const struct fr_map *map) {
    size_t size = map->slot_count * 2 * sizeof *map->slots;
    fr_map_init(copy, map->allocator);
    copy->slots = size == 0 ? NULL : fr_malloc(map->allocator, size);
    if (copy->slots == NULL)
        return size == 0;
    memcpy(copy->slots, map->slots, size);
    copy->count = map->count;
    copy->slot_count = map->slot_count;
    return true;
}
