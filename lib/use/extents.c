/*
 * IPv4 addresses come first, then IPv6 addresses by their first 62 bits, then atoms; ports,
 * protocol by protocol.
 */
#include "extents.h"

const struct fr_extent fr_no_extent = {{UINT64_MAX, UINT64_MAX, UINT64_MAX}, {0, 0, 0}};

uint64_t fr_extent_of_ip(enum flowrules_family family, struct flowrules_ip ip) {
    return family == FLOWRULES_IPV4 ? ip.lo : UINT64_C(1) << 62 | ip.hi >> 2;
}

uint64_t fr_extent_of_atom(uint32_t atom) {
    return UINT64_C(3) << 62 | atom;
}

uint64_t fr_extent_of_port(unsigned protocol, unsigned port) {
    return (uint64_t)protocol << 16 | port;
}

static void widen(uint64_t *own_first, uint64_t *own_last, uint64_t first, uint64_t last) {
    *own_first = first < *own_first ? first : *own_first;
    *own_last = last > *own_last ? last : *own_last;
}

void fr_extent_widen(struct fr_extent *extent, unsigned dimension, uint64_t first, uint64_t last) {
    widen(&extent->first[dimension], &extent->last[dimension], first, last);
}

void fr_extent_widen_by_term(struct fr_extent *extent, const struct fr_term *term) {
    bool any = term->protocol == FR_PROTOCOL_ANY;
    fr_extent_widen(extent, FR_EXTENT_SERVICE,
                    any ? 0 : fr_extent_of_port(term->protocol, term->destination_first),
                    any ? UINT64_MAX : fr_extent_of_port(term->protocol, term->destination_last));
}

void fr_extent_widen_by_terms(struct fr_extent *extent, const struct fr_service_terms *terms) {
    for (uint32_t i = 0; i < terms->count; i++)
        fr_extent_widen_by_term(extent, &terms->terms[i]);
}

void fr_pieces_add(struct fr_pieces *pieces, uint64_t first, uint64_t last) {
    size_t end = FR_PIECES_MOST - 1;
    if (pieces->count == FR_PIECES_MOST) {
        widen(&pieces->first[end], &pieces->last[end], first, last);
        return;
    }
    pieces->first[pieces->count] = first;
    pieces->last[pieces->count++] = last;
}

void fr_pieces_add_ranges(struct fr_pieces *pieces, const struct fr_sets *sets, fr_set set) {
    struct flowrules_set view = {sets, set};
    for (int f = 0; f < 2; f++) {
        enum flowrules_family family = (enum flowrules_family)f;
        size_t count = flowrules_set_range_count(view, family);
        for (size_t i = 0; i < count; i++) {
            struct flowrules_range range = flowrules_set_range(view, family, i);
            fr_pieces_add(pieces, fr_extent_of_ip(family, range.first),
                          fr_extent_of_ip(family, range.last));
        }
    }
}

struct fr_pieces fr_pieces_of(const struct fr_sets *sets, fr_set set) {
    const struct fr_set_head *head = fr_set_head(sets, set);
    struct fr_pieces pieces = {.count = 0};
    if (head->all_atoms != 0) {
        fr_pieces_add(&pieces, 0, UINT64_MAX);
        return pieces;
    }
    fr_pieces_add_ranges(&pieces, sets, set);
    for (uint32_t i = 0; i < head->atoms; i++) /* which are sorted */
        fr_pieces_add(&pieces, fr_extent_of_atom(fr_set_atoms(head)[i]),
                      fr_extent_of_atom(fr_set_atoms(head)[i]));
    return pieces;
}

void fr_extent_take(struct fr_extent *extent, unsigned dimension, const struct fr_pieces *pieces,
                    size_t piece) {
    extent->first[dimension] = pieces->first[piece];
    extent->last[dimension] = pieces->last[piece];
}
