/*
 * A table of names by their hash.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tool.h"

static size_t hash_name(const struct names *names, const char *name) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name != '\0'; name++) {
        bool capital = names->any_case && *name >= 'A' && *name <= 'Z';
        hash =
            (hash ^ (unsigned char)(*name + (capital ? 'a' - 'A' : 0))) * UINT64_C(0x100000001b3);
    }
    return (size_t)(hash ^ hash >> 32);
}

static bool is_same(const struct names *names, const char *one, const char *other) {
    return (names->any_case ? strcasecmp(one, other) : strcmp(one, other)) == 0;
}

/* The slot where a name is, or where it belongs. */
static size_t *find_slot(const struct names *names, const char *name) {
    size_t last = names->slot_count - 1, i = hash_name(names, name) & last;
    while (names->slots[i] != 0 && !is_same(names, names->items[names->slots[i] - 1], name))
        i = (i + 1) & last;
    return &names->slots[i];
}

size_t names_find(const struct names *names, const char *name) {
    return names->count > 0 ? *find_slot(names, name) - 1 : NO_NAME; /* 0 - 1 is NO_NAME */
}

/* Half of the slots stay free. */
static void grow(struct names *names) {
    names->slot_count = names->slot_count > 0 ? 2 * names->slot_count : 16;
    free(names->slots);
    names->slots = allocate(names->slot_count, sizeof(*names->slots));
    names->items = reallocate(names->items, names->slot_count / 2, sizeof(*names->items));
    for (size_t i = 0; i < names->count; i++)
        *find_slot(names, names->items[i]) = i + 1;
}

size_t names_add(struct names *names, const char *name) {
    if (names->count == names->slot_count / 2)
        grow(names);
    size_t *slot = find_slot(names, name);
    if (*slot == 0) {
        names->items[names->count++] = name;
        *slot = names->count;
    }
    return *slot - 1;
}

void names_free(struct names *names) {
    free(names->items);
    free(names->slots);
    *names = (struct names){0};
}
