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

fr_set fr_interfaces_all(struct fr_sets *sets) {
    struct fr_builder builder;
    struct flowrules_range lo;
    fr_interface_range("lo", false, &lo);
    fr_builder_init(&builder, sets->arena.allocator);
    struct flowrules_range below = {FLOWRULES_IPV6, {0, 0}, fr_ip_previous(lo.first)};
    struct flowrules_range above = {FLOWRULES_IPV6, fr_ip_next(lo.last), fr_ip_max(FLOWRULES_IPV6)};
    fr_builder_range(&builder, &below);
    fr_builder_range(&builder, &above);
    fr_set all = fr_builder_finish(&builder, sets);
    fr_builder_free(&builder);
    return all;
}

/* ---- texts --------------------------------------------------------------------------------- */

/* Ranges of names in order, each of which is a name or all names that begin alike. */
struct names {
    const struct fr_range6 *items;
    size_t count;
};

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

/* The name, or its first bytes and '*', behind a text. */
static const char *add_pattern(struct fr_arena *arena, const char *text,
                               const struct fr_range6 *range) {
    char name[17];
    size_t bytes = common_bytes(range), length = 0;
    while (length < bytes && byte_at(range->first, length) != 0)
        length++;
    for (size_t i = 0; i < length; i++)
        name[i] = (char)byte_at(range->first, i);
    name[length] = '\0';
    return text == NULL ? NULL
                        : fr_arena_printf(arena, "%s%s%s%s", text, *text == '\0' ? "" : ", ", name,
                                          bytes < 16 ? "*" : "");
}

static const char *list_patterns(struct fr_arena *arena, const struct fr_range6 *ranges,
                                 size_t count) {
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = add_pattern(arena, text, &ranges[i]);
    return text;
}

/* What is between the ranges from the first number to the last: at most one more than they are. */
static size_t gaps_of(const struct fr_range6 *ranges, size_t count, const struct fr_range6 *whole,
                      struct fr_range6 *gaps) {
    struct flowrules_ip from = whole->first;
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (fr_ip_compare(ranges[i].first, from) > 0)
            gaps[found++] = (struct fr_range6){from, fr_ip_previous(ranges[i].first)};
        from = fr_ip_next(ranges[i].last);
    }
    if (fr_ip_compare(ranges[count - 1].last, whole->last) < 0)
        gaps[found++] = (struct fr_range6){from, whole->last};
    return found;
}

static bool is_loopback(const struct fr_range6 *range) {
    struct flowrules_range lo;
    fr_interface_range("lo", false, &lo);
    return fr_ip_compare(range->first, lo.first) == 0 && fr_ip_compare(range->last, lo.last) == 0;
}

const char *fr_interfaces_text(struct fr_arena *arena, const struct fr_sets *sets, fr_set set,
                               bool *said) {
    const struct fr_set_head *head = fr_set_head(sets, set);
    const struct fr_range6 *ranges = fr_set_ranges6(head);
    struct fr_range6 gaps[LISTED_MAX + 2], whole;
    size_t count = head->count6, kept = 0;
    *said = count > 0 && are_patterns(ranges, count);
    if (*said)
        return list_patterns(arena, ranges, count);
    if (count == 0 || count > LISTED_MAX)
        return NULL;
    whole = (struct fr_range6){ranges[0].first, ranges[count - 1].last};
    size_t bytes = common_bytes(&whole);
    whole.first = fr_ip_first(FLOWRULES_IPV6, whole.first, (unsigned)bytes * 8);
    whole.last = fr_ip_last(FLOWRULES_IPV6, whole.first, (unsigned)bytes * 8);
    size_t found = gaps_of(ranges, count, &whole, gaps);
    for (size_t i = 0; i < found; i++)
        if (!is_loopback(&gaps[i])) /* which no packet of these has */
            gaps[kept++] = gaps[i];
    *said = are_patterns(gaps, kept);
    const char *but = *said ? list_patterns(arena, gaps, kept) : NULL;
    const char *most = bytes == 0 ? "any interface" : add_pattern(arena, "", &whole);
    if (but == NULL || most == NULL)
        return NULL;
    return *but == '\0' ? most : fr_arena_printf(arena, "%s but %s", most, but);
}
