/*
 * Sets of interfaces as ranges of numbers, and as texts.
 */
#include "interfaces.h"

#include <string.h>

/* Names and patterns that a text lists. */
#define LISTED_MAX 64u

/* The byte at a place of a name's number. */
static unsigned byte_at(struct flowrules_ip ip, size_t index) {
    uint64_t half = index < 8 ? ip.hi : ip.lo;
    return (unsigned)(half >> (8 * (7 - index % 8))) & 0xffu;
}

bool fr_interface_range(const char *name, bool begins, struct flowrules_range *range) {
    size_t length = strlen(name);
    struct flowrules_ip first = {0, 0};
    if (length > FR_INTERFACE_NAME_MAX || (length == 0 && !begins))
        return false;
    for (size_t i = 0; i < length; i++)
        *(i < 8 ? &first.hi : &first.lo) |= (uint64_t)(unsigned char)name[i] << (8 * (7 - i % 8));
    *range = (struct flowrules_range){FLOWRULES_IPV6, first, first};
    if (begins)
        range->last = fr_ip_last(FLOWRULES_IPV6, first, (unsigned)length * 8);
    return true;
}

bool fr_interface_pattern(const char *text, struct flowrules_range *range) {
    char name[FR_INTERFACE_NAME_MAX + 2];
    size_t length = strlen(text);
    bool begins = length > 0 && (text[length - 1] == '*' || text[length - 1] == '+');
    if (length >= sizeof name)
        return false;
    memcpy(name, text, length + 1);
    if (begins)
        name[length - 1] = '\0';
    return fr_interface_range(name, begins, range);
}

/* The first byte of the number of a name that the context numbers; no text in UTF-8 has it. */
#define NUMBERED 0xffu

/* Names that are too long, and "lo", which is no interface here. */
static bool is_numbered(const char *name) {
    return strlen(name) > FR_INTERFACE_NAME_MAX || strcmp(name, "lo") == 0 ||
           (unsigned char)name[0] == NUMBERED;
}

bool fr_interface_named(flowrules_context *context, const char *name,
                        struct flowrules_range *range) {
    if (name[0] != '\0' && !is_numbered(name))
        return fr_interface_range(name, false, range);
    fr_string string = fr_strings_add(&context->places, name, strlen(name));
    /* No two of these numbers follow each other: sets of them do not become ranges. */
    struct flowrules_ip ip = {(uint64_t)NUMBERED << 56, (uint64_t)string << 8};
    *range = (struct flowrules_range){FLOWRULES_IPV6, ip, ip};
    return string != 0;
}

static fr_set set_of_ranges(struct fr_sets *sets, const struct flowrules_range *ranges,
                            size_t count) {
    struct fr_builder builder;
    fr_builder_init(&builder, sets->arena.allocator);
    for (size_t i = 0; i < count; i++)
        fr_builder_range(&builder, &ranges[i]);
    fr_set set = fr_builder_finish(&builder, sets);
    fr_builder_free(&builder);
    return set;
}

fr_set fr_interfaces_all(struct fr_sets *sets) {
    struct flowrules_range lo, parts[2];
    fr_interface_range("lo", false, &lo);
    fr_interface_range("", true, &parts[0]);
    parts[1] = parts[0];
    parts[0].last = fr_ip_previous(lo.first);
    parts[1].first = fr_ip_next(lo.last);
    return set_of_ranges(sets, parts, 2);
}

bool fr_interfaces_cut(struct fr_sets *sets, struct fr_vec *parts, fr_set by) {
    size_t count = parts->count;
    for (size_t i = 0; i < count; i++) {
        fr_set part = *fr_vec_at(parts, fr_set, i);
        fr_set in = fr_set_intersect(sets, part, by);
        if (in == FR_SET_EMPTY || in == part)
            continue;
        fr_set out = fr_set_subtract(sets, part, in);
        fr_set *slot = sets->failed ? NULL : fr_vec_push(parts);
        if (slot == NULL)
            return false;
        *slot = out;
        *fr_vec_at(parts, fr_set, i) = in;
    }
    return true;
}

/* ---- texts --------------------------------------------------------------------------------- */

/* How many bytes the numbers of a range have in common. */
static size_t common_bytes(const struct fr_range6 *range) {
    size_t i = 0;
    while (i < 16 && byte_at(range->first, i) == byte_at(range->last, i))
        i++;
    return i;
}

/* Is the range a name, or all names that begin alike? */
static bool is_pattern(const struct fr_range6 *range) {
    size_t bytes = common_bytes(range);
    return fr_ip_compare(range->first,
                         fr_ip_first(FLOWRULES_IPV6, range->first, (unsigned)bytes * 8)) == 0 &&
           fr_ip_compare(range->last,
                         fr_ip_last(FLOWRULES_IPV6, range->first, (unsigned)bytes * 8)) == 0;
}

static bool are_patterns(const struct fr_range6 *ranges, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!is_pattern(&ranges[i]))
            return false;
    return count <= LISTED_MAX;
}

/* The name, or its first bytes and '*'; NULL when out of memory. */
static const char *pattern_text(const struct fr_interface_words *words,
                                const struct fr_range6 *range) {
    char name[18];
    size_t bytes = common_bytes(range), length = 0;
    if (bytes == 16 && byte_at(range->first, 0) == NUMBERED) {
        const char *text =
            fr_strings_text(&words->context->places, (fr_string)(range->first.lo >> 8));
        return fr_arena_text(words->arena, text, strlen(text));
    }
    while (length < bytes && byte_at(range->first, length) != 0)
        length++;
    for (size_t i = 0; i < length; i++)
        name[i] = (char)byte_at(range->first, i);
    if (bytes < 16)
        name[length++] = '*';
    return fr_arena_text(words->arena, name, length);
}

/* The patterns as texts; NULL when out of memory. */
static const char **list_patterns(const struct fr_interface_words *words,
                                  const struct fr_range6 *ranges, size_t count) {
    const char **list = fr_arena_alloc(words->arena, (count + 1) * sizeof *list);
    for (size_t i = 0; i < count && list != NULL; i++) {
        list[i] = pattern_text(words, &ranges[i]);
        if (list[i] == NULL)
            return NULL;
    }
    return list;
}

/* What a set lacks of the interfaces within a range. */
static fr_set lacks(struct fr_sets *sets, fr_set set, const struct fr_range6 *whole) {
    struct flowrules_range range = {FLOWRULES_IPV6, whole->first, whole->last};
    fr_set all = fr_interfaces_all(sets);
    fr_set within = common_bytes(whole) == 0 ? all : set_of_ranges(sets, &range, 1);
    return fr_set_subtract(sets, fr_set_intersect(sets, within, all), set);
}

/* All that begins as the ranges do, or all there is, without what the set lacks of it. */
static bool spell_lacking(const struct fr_interface_words *words, fr_set set,
                          struct fr_range6 whole, struct fr_interface_list *list, bool *said) {
    struct fr_sets *sets = words->sets;
    unsigned bits = (unsigned)common_bytes(&whole) * 8;
    whole.first = fr_ip_first(FLOWRULES_IPV6, whole.first, bits);
    whole.last = fr_ip_last(FLOWRULES_IPV6, whole.first, bits);
    fr_set lacking = lacks(sets, set, &whole);
    if (lacking == FR_SET_NONE)
        return false;
    const struct fr_set_head *rest = fr_set_head(sets, lacking);
    *said = are_patterns(fr_set_ranges6(rest), rest->count6);
    if (!*said)
        return true;
    list->except_count = rest->count6;
    list->except = list_patterns(words, fr_set_ranges6(rest), rest->count6);
    list->count = bits == 0 ? 0 : 1;
    list->names = list_patterns(words, &whole, list->count);
    return list->except != NULL && list->names != NULL;
}

bool fr_interfaces_spell(const struct fr_interface_words *words, fr_set set,
                         struct fr_interface_list *list, bool *said) {
    const struct fr_set_head *head = fr_set_head(words->sets, set);
    const struct fr_range6 *ranges = fr_set_ranges6(head);
    size_t count = head->count6;
    *list = (struct fr_interface_list){.count = count};
    *said = count > 0 && are_patterns(ranges, count);
    if (*said) {
        list->names = list_patterns(words, ranges, count);
        return list->names != NULL;
    }
    if (count == 0 || count > LISTED_MAX)
        return true;
    struct fr_range6 whole = {ranges[0].first, ranges[count - 1].last};
    return spell_lacking(words, set, whole, list, said);
}

static const char *join(struct fr_arena *arena, const char *text, const char *const *list,
                        size_t count) {
    for (size_t i = 0; i < count && text != NULL; i++)
        text = fr_arena_printf(arena, "%s%s%s", text, i > 0 ? ", " : "", list[i]);
    return text;
}

const char *fr_interfaces_text(const struct fr_interface_words *words, fr_set set, bool *said) {
    struct fr_arena *arena = words->arena;
    struct fr_interface_list list;
    if (!fr_interfaces_spell(words, set, &list, said) || !*said)
        return NULL;
    const char *text = list.count == 0 ? fr_arena_printf(arena, "any %s", words->word)
                                       : join(arena, "", list.names, list.count);
    if (list.except_count > 0 && text != NULL)
        text = fr_arena_printf(arena, "%s but ", text);
    return join(arena, text, list.except, list.except_count);
}
