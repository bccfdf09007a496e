/*
 * Memory: the allocator, arenas, growing arrays and interned strings.
 * Knows nothing of policies. Every function that can run out of memory says so by its result.
 */
#ifndef FR_MEMORY_H
#define FR_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowrules/flowrules.h"

/* Where all of a context's memory comes from; resize is never NULL. */
struct fr_allocator {
    flowrules_resize_fn resize;
    void *user;
};

/* The C library's realloc and free. */
extern const struct fr_allocator fr_default_allocator;

void *fr_malloc(const struct fr_allocator *allocator, size_t size); /* NULL when out of memory */
void *fr_realloc(const struct fr_allocator *allocator, void *block, size_t size);
void fr_free(const struct fr_allocator *allocator, void *block); /* block may be NULL */

/* An arena: many small blocks that are freed together. Chunks grow from 4 KiB to 1 MiB. */
struct fr_arena {
    const struct fr_allocator *allocator;
    struct fr_chunk *chunk; /* the newest one */
    size_t total;           /* bytes taken from the allocator */
};

void fr_arena_init(struct fr_arena *arena, const struct fr_allocator *allocator);
void fr_arena_free(struct fr_arena *arena);
/* A block of size bytes, aligned for any object; NULL when out of memory. */
void *fr_arena_alloc(struct fr_arena *arena, size_t size);
void *fr_arena_zalloc(struct fr_arena *arena, size_t size);
/* A block aligned to 4 bytes only: for the many small records of 32-bit fields. */
void *fr_arena_alloc4(struct fr_arena *arena, size_t size);
/* A copy of length bytes with a final NUL; NULL when out of memory. */
char *fr_arena_text(struct fr_arena *arena, const char *text, size_t length);
/* A formatted string; NULL when out of memory. */
char *fr_arena_printf(struct fr_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *fr_arena_vprintf(struct fr_arena *arena, const char *format, va_list arguments);

/* A growing array of items of one size. Items move when it grows: keep indices, not pointers. */
struct fr_vec {
    const struct fr_allocator *allocator;
    void *items;
    size_t count, capacity, item_size;
};

void fr_vec_init(struct fr_vec *vec, const struct fr_allocator *allocator, size_t item_size);
void fr_vec_free(struct fr_vec *vec);
/* The address of a new zeroed last item, or NULL when out of memory. */
void *fr_vec_push(struct fr_vec *vec);
/* The same without zeroing: for items that are assigned whole at once. */
void *fr_vec_add(struct fr_vec *vec);
/* Orders uint32_t, for qsort and bsearch. */
int fr_compare_numbers(const void *a, const void *b);
/* Sorts the uint32_t of a vector and keeps each once; how many are left. */
size_t fr_sort_unique(struct fr_vec *vec);
/* bsearch over a sorted vector, which may be empty; NULL: not there */
void *fr_vec_search(const struct fr_vec *vec, const void *key,
                    int (*compare)(const void *key, const void *item));
/* Room for count more items without growing; false when out of memory. */
bool fr_vec_reserve(struct fr_vec *vec, size_t count);
/* Gives back the memory that is reserved and not used. */
void fr_vec_shrink(struct fr_vec *vec);
/* Makes copy a vector with the same items; false, with an empty one, when out of memory. */
bool fr_vec_copy(struct fr_vec *copy, const struct fr_vec *vec);
#define fr_vec_at(vec, type, index) ((type *)(vec)->items + (index))

/*
 * Interned byte strings: each different string once, under a small number. Number 0 is "no
 * string" and reads as NULL. Texts are NUL-terminated, and may hold NULs before that.
 */
typedef uint32_t fr_string;

/* The hash beside the number: a probe that misses reads nothing else. */
struct fr_string_slot {
    uint32_t hash;
    fr_string string;
};

struct fr_strings {
    struct fr_arena arena;
    struct fr_vec entries;        /* struct fr_string_entry */
    struct fr_string_slot *slots; /* open addressing, a power of two of them, 0 = free */
    size_t slot_count;
};

void fr_strings_init(struct fr_strings *strings, const struct fr_allocator *allocator);
void fr_strings_free(struct fr_strings *strings);
/* The number of a string, new or known; 0 when out of memory. */
fr_string fr_strings_add(struct fr_strings *strings, const char *text, size_t length);
/* The same of the text in lower case (ASCII). */
fr_string fr_strings_add_folded(struct fr_strings *strings, const char *text);
/* The number of a known string, or 0. */
fr_string fr_strings_find(const struct fr_strings *strings, const char *text, size_t length);
/*
 * Makes fork hold the same strings under the same numbers, without a copy of their texts: base has
 * to live as long. False, with an empty fork, when out of memory.
 */
bool fr_strings_fork(struct fr_strings *fork, const struct fr_strings *base);
const char *fr_strings_text(const struct fr_strings *strings, fr_string string);
size_t fr_strings_length(const struct fr_strings *strings, fr_string string);

/* Are two texts the same, or both NULL? */
bool fr_same_text(const char *one, const char *other);
/* A good 32-bit hash of bytes (for tables, and for the stable suffixes of names). */
uint32_t fr_hash(const void *bytes, size_t length);

/* A map from 32-bit keys (not 0) to 32-bit values; used for strings and sets. */
struct fr_map {
    const struct fr_allocator *allocator;
    uint32_t *slots; /* pairs of key and value */
    size_t count, slot_count;
};

void fr_map_init(struct fr_map *map, const struct fr_allocator *allocator);
void fr_map_free(struct fr_map *map);
bool fr_map_get(const struct fr_map *map, uint32_t key, uint32_t *value);
/* False when out of memory. An older value of the key is replaced, which takes no memory. */
bool fr_map_put(struct fr_map *map, uint32_t key, uint32_t value);
/* Makes copy a map with the same pairs; false, with an empty one, when out of memory. */
bool fr_map_copy(struct fr_map *copy, const struct fr_map *map);

#endif
