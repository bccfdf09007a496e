/*
 * Writes sets, services and packets for people: short, and exact where they name a packet.
 */
#include "set_text.h"

#include <string.h>

#include "writer.h"

/* Parts of a set, or of a service, that are shown before "+N more". */
#define PARTS_SHOWN 8u
#define OTHERS      257u

/* ---- sets ---------------------------------------------------------------------------------- */

struct parts {
    struct flowrules_writer *w;
    size_t shown, total;
};

/* Begins a part: false where it is only counted. */
static bool begin_part(struct parts *p) {
    p->total++;
    if (p->shown == PARTS_SHOWN)
        return false;
    flowrules_write(p->w, p->shown++ > 0 ? ", " : "");
    return true;
}

static void write_atom(struct flowrules_writer *w, const struct flowrules_atom *atom) {
    flowrules_write(w, atom->kind == FLOWRULES_ATOM_WILDCARD ? "*." : "");
    fr_write_bytes(w, atom->name, strlen(atom->name));
}

/* What is two or three prefixes reads better so than as a range. */
static bool write_prefixes(struct parts *p, struct flowrules_range range) {
    struct flowrules_range rest = range, prefix;
    size_t count = 0;
    if (flowrules_range_prefix(&range) >= 0 || p->shown == PARTS_SHOWN)
        return false;
    while (count < 4 && flowrules_range_next_prefix(&rest, &prefix))
        count++;
    if (count == 4)
        return false;
    while (flowrules_range_next_prefix(&range, &prefix))
        if (begin_part(p))
            flowrules_write_range(p->w, &prefix);
    return true;
}

static void write_range(struct parts *p, struct flowrules_range range) {
    if (!write_prefixes(p, range) && begin_part(p))
        flowrules_write_range(p->w, &range);
}

static void end_holes(const struct parts *holes) {
    if (holes->total > holes->shown)
        flowrules_writef(holes->w, " +%zu more", holes->total - holes->shown);
    flowrules_write(holes->w, ")");
}

/* Has a set the first and the last address of a family, so that what it lacks is less to say? */
static bool is_all_but(struct flowrules_set set, enum flowrules_family family) {
    size_t count = flowrules_set_range_count(set, family);
    if (count < 2)
        return false;
    struct flowrules_ip first = flowrules_set_range(set, family, 0).first;
    struct flowrules_ip last = flowrules_set_range(set, family, count - 1).last;
    return first.hi == 0 && first.lo == 0 && fr_ip_compare(last, fr_ip_max(family)) == 0;
}

/* "any IPv4 (not 10.1.0.0/16)" */
static void write_all_but_ranges(struct parts *p, struct flowrules_set set,
                                 enum flowrules_family family) {
    struct parts holes = {p->w, 0, 0};
    if (!begin_part(p))
        return;
    flowrules_write(p->w, family == FLOWRULES_IPV4 ? "any IPv4 (not " : "any IPv6 (not ");
    for (size_t i = 1; i < flowrules_set_range_count(set, family); i++) {
        struct flowrules_range hole = {family,
                                       fr_ip_next(flowrules_set_range(set, family, i - 1).last),
                                       fr_ip_previous(flowrules_set_range(set, family, i).first)};
        write_range(&holes, hole);
    }
    end_holes(&holes);
}

static void write_ranges(struct parts *p, struct flowrules_set set, enum flowrules_family family) {
    if (flowrules_set_is_all(set, family)) {
        if (begin_part(p))
            flowrules_write(p->w, family == FLOWRULES_IPV4 ? "any IPv4" : "any IPv6");
        return;
    }
    if (is_all_but(set, family)) {
        write_all_but_ranges(p, set, family);
        return;
    }
    for (size_t i = 0; i < flowrules_set_range_count(set, family); i++)
        write_range(p, flowrules_set_range(set, family, i));
}

static bool knows_pods(const flowrules_meaning *terms) {
    return terms->backend != NULL && terms->backend->capabilities.pod_groups;
}

/* Sets of more are listed as they are, and so where more selectors are known. */
#define PODS_SHORTENED 64u

static bool is_held(const flowrules_meaning *terms, uint32_t wide, uint32_t narrow) {
    return wide != narrow && fr_meaning_selects(terms, wide) == FR_SELECTS_PODS &&
           fr_meaning_selects(terms, narrow) == FR_SELECTS_PODS &&
           fr_meaning_group_covers(terms, wide, narrow);
}

static bool lists(const struct fr_set_head *head, uint32_t atom) {
    for (uint32_t i = 0; i < head->atoms; i++)
        if (fr_set_atoms(head)[i] == atom)
            return true;
    return false;
}

/* Does the set lack pods that are among some of its own, and have others among those? */
static bool lacks_between(const flowrules_meaning *terms, const struct fr_set_head *head,
                          uint32_t wide, uint32_t narrow) {
    for (uint32_t a = 0; a < terms->atoms.count; a++)
        if (is_held(terms, wide, a) && is_held(terms, a, narrow) && !lists(head, a))
            return true;
    return false;
}

/* Is an atom among wider pods of the set, so that they say it? */
static bool is_said(const flowrules_meaning *terms, const struct fr_set_head *head, uint32_t atom) {
    for (uint32_t i = 0; i < head->atoms; i++)
        if (is_held(terms, fr_set_atoms(head)[i], atom) &&
            !lacks_between(terms, head, fr_set_atoms(head)[i], atom))
            return true;
    return false;
}

/* "namespace: shop (not {namespace: shop, pods: app=web})": what a set has of some pods. */
static void write_pods(struct parts *p, const flowrules_meaning *terms,
                       const struct fr_set_head *head, uint32_t wide) {
    size_t holes = 0;
    write_atom(p->w, fr_vec_at(&terms->atoms, struct flowrules_atom, wide));
    for (uint32_t a = 0; a < terms->atoms.count; a++) {
        if (!is_held(terms, wide, a) || lists(head, a) || lacks_between(terms, head, wide, a))
            continue;
        if (holes < PARTS_SHOWN) {
            flowrules_write(p->w, holes == 0 ? " (not " : ", ");
            write_atom(p->w, fr_vec_at(&terms->atoms, struct flowrules_atom, a));
        }
        holes++;
    }
    if (holes > PARTS_SHOWN)
        flowrules_writef(p->w, " +%zu more", holes - PARTS_SHOWN);
    flowrules_write(p->w, holes > 0 ? ")" : "");
}

static void write_listed(struct parts *p, const flowrules_meaning *terms,
                         const struct fr_set_head *head) {
    bool shorter =
        knows_pods(terms) && head->atoms <= PODS_SHORTENED && terms->atoms.count <= PODS_SHORTENED;
    for (uint32_t i = 0; i < head->atoms; i++) {
        uint32_t atom = fr_set_atoms(head)[i];
        if ((shorter && is_said(terms, head, atom)) || !begin_part(p))
            continue;
        if (shorter)
            write_pods(p, terms, head, atom);
        else
            write_atom(p->w, fr_vec_at(&terms->atoms, struct flowrules_atom, atom));
    }
}

/* "every name and group (not namespace: shop)": of pods, what a set lacks is mostly less. */
static void write_all_but(struct parts *p, const flowrules_meaning *terms,
                          const struct fr_set_head *head) {
    if (!begin_part(p))
        return;
    flowrules_write(p->w, "every name and group");
    for (uint32_t i = 0; i < head->atoms; i++) {
        flowrules_write(p->w, i == 0 ? " (not " : ", ");
        write_atom(p->w, fr_vec_at(&terms->atoms, struct flowrules_atom, fr_set_atoms(head)[i]));
    }
    flowrules_write(p->w, head->atoms > 0 ? ")" : "");
}

static void write_atoms(struct parts *p, const flowrules_meaning *terms, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&terms->sets, set);
    if (head->all_atoms == 0)
        write_listed(p, terms, head);
    if (head->all_atoms == 0)
        return;
    if (knows_pods(terms) && head->atoms <= PARTS_SHOWN) {
        write_all_but(p, terms, head);
        return;
    }
    for (uint32_t a = 0, k = 0; a < terms->atoms.count; a++) {
        while (k < head->atoms && fr_set_atoms(head)[k] < a)
            k++;
        bool lacks = k < head->atoms && fr_set_atoms(head)[k] == a;
        if (!lacks && begin_part(p))
            write_atom(p->w, fr_vec_at(&terms->atoms, struct flowrules_atom, a));
    }
    if (begin_part(p))
        flowrules_write(p->w, "every other name or group");
}

const char *fr_set_text(struct fr_arena *arena, const flowrules_meaning *terms, fr_set set) {
    struct flowrules_set view = {&terms->sets, set};
    struct flowrules_writer w;
    struct parts p = {&w, 0, 0};
    fr_writer_init(&w, arena->allocator, false);
    if (set == FR_SET_ANY || (!knows_pods(terms) && flowrules_set_is_all(view, FLOWRULES_IPV4) &&
                              flowrules_set_is_all(view, FLOWRULES_IPV6))) {
        flowrules_write(&w, "any");
        return fr_writer_keep(&w, arena);
    }
    write_atoms(&p, terms, set);
    write_ranges(&p, view, FLOWRULES_IPV4);
    write_ranges(&p, view, FLOWRULES_IPV6);
    if (p.total > p.shown)
        flowrules_writef(&w, " +%zu more", p.total - p.shown);
    return fr_writer_keep(&w, arena);
}

/* ---- services ------------------------------------------------------------------------------ */

static bool is_whole(const struct fr_term *term, uint16_t last) {
    return term->source_first == 0 && term->source_last >= last && term->destination_first == 0 &&
           term->destination_last >= last;
}

/* Do the terms have all of a protocol in one of them? */
static bool has_whole(const struct fr_service_terms *terms, unsigned protocol) {
    for (uint32_t i = 0; i < terms->count; i++)
        if ((terms->terms[i].protocol == protocol || terms->terms[i].protocol == FR_PROTOCOL_ANY) &&
            is_whole(&terms->terms[i], fr_protocol_is_icmp(protocol) ? 255 : UINT16_MAX))
            return true;
    return false;
}

/* Is it every protocol that is told apart, and all the others? One of the ICMPs will do. */
static bool is_any(const struct fr_service_terms *terms, const bool *named) {
    for (unsigned p = 0; p < 256; p++)
        if (named[p] && !fr_protocol_is_icmp(p) && !has_whole(terms, p))
            return false;
    return has_whole(terms, OTHERS) && (has_whole(terms, FR_ICMP) || has_whole(terms, FR_ICMPV6));
}

/* "type 3 code 4"; nothing for all of it. */
static void write_icmp(struct flowrules_writer *w, const struct fr_term *term) {
    struct flowrules_ports types = {term->source_first, term->source_last};
    struct flowrules_ports codes = {term->destination_first, term->destination_last};
    bool limited = codes.first > 0 || codes.last < 255;
    if (types.first > 0 || types.last < 255 || limited) {
        flowrules_write(w, "type ");
        flowrules_write_ports(w, types, "-");
    }
    if (limited) {
        flowrules_write(w, " code ");
        flowrules_write_ports(w, codes, "-");
    }
}

static void write_term(struct flowrules_writer *w, const struct fr_term *term) {
    struct flowrules_ports source = {term->source_first, term->source_last};
    struct flowrules_ports destination = {term->destination_first, term->destination_last};
    if (term->protocol == OTHERS) {
        flowrules_write(w, "every other protocol");
        return;
    }
    flowrules_write(w, fr_protocol_name(term->protocol));
    if (fr_protocol_is_icmp(term->protocol)) {
        flowrules_write(w, is_whole(term, 255) ? "" : " ");
        write_icmp(w, term);
        return;
    }
    if (destination.first > 0 || destination.last < UINT16_MAX) {
        flowrules_write(w, "/");
        flowrules_write_ports(w, destination, "-");
    }
    if (source.first > 0 || source.last < UINT16_MAX) {
        flowrules_write(w, " from port ");
        flowrules_write_ports(w, source, "-");
    }
}

/* The types and codes of ICMP that a service has, or lacks. */
struct icmp_grid {
    bool has[256][256];
};

static void fill_grid(struct icmp_grid *grid, const struct fr_term *terms, uint32_t count) {
    memset(grid, 0, sizeof *grid);
    for (uint32_t i = 0; i < count; i++)
        for (unsigned type = terms[i].source_first; type <= terms[i].source_last && type < 256;
             type++)
            for (unsigned code = terms[i].destination_first;
                 code <= terms[i].destination_last && code < 256; code++)
                grid->has[type][code] = true;
}

/* Types in a row with the same codes, these in runs: how many, and as parts where p is given. */
static size_t write_grid(struct parts *p, const struct icmp_grid *grid, bool wanted,
                         const char *before) {
    size_t count = 0;
    for (unsigned type = 0, next; type < 256; type = next) {
        for (next = type + 1; next < 256; next++)
            if (memcmp(grid->has[type], grid->has[next], sizeof grid->has[type]) != 0)
                break;
        for (unsigned code = 0, end; code < 256; code = end) {
            for (end = code + 1; end < 256 && grid->has[type][code] == grid->has[type][end];)
                end++;
            if (grid->has[type][code] != wanted)
                continue;
            struct fr_term term = {FR_ICMP, (uint16_t)type, (uint16_t)(next - 1), (uint16_t)code,
                                   (uint16_t)(end - 1)};
            count++;
            if (p == NULL || !begin_part(p))
                continue;
            flowrules_write(p->w, before);
            write_icmp(p->w, &term);
        }
    }
    return count;
}

/* "icmp type 8", "icmp (not type 3 code 4)": whichever is less. */
static void write_icmps(struct parts *p, const struct fr_term *terms, uint32_t count) {
    struct parts holes = {p->w, 0, 0};
    struct icmp_grid grid;
    const char *name = fr_protocol_name(terms->protocol);
    fill_grid(&grid, terms, count);
    size_t lacking = write_grid(NULL, &grid, false, "");
    if (lacking >= write_grid(NULL, &grid, true, "")) {
        write_grid(p, &grid, true, terms->protocol == FR_ICMP ? "icmp " : "icmpv6 ");
    } else if (begin_part(p)) {
        flowrules_write(p->w, name);
        flowrules_write(p->w, lacking > 0 ? " (not " : "");
        write_grid(&holes, &grid, false, "");
        if (lacking > 0)
            end_holes(&holes);
    }
}

/* Are the terms all ports of a protocol but some between, from any port? */
static bool is_all_but_ports(const struct fr_term *terms, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (terms[i].source_first > 0 || terms[i].source_last < UINT16_MAX ||
            (i > 0 && terms[i].destination_first <= terms[i - 1].destination_last + 1))
            return false;
    return count > 1 && fr_protocol_has_ports(terms->protocol) && terms->destination_first == 0 &&
           terms[count - 1].destination_last == UINT16_MAX;
}

/* "tcp (not 80, 443)" */
static void write_all_but_ports(struct parts *p, const struct fr_term *terms, uint32_t count) {
    struct parts holes = {p->w, 0, 0};
    if (!begin_part(p))
        return;
    flowrules_writef(p->w, "%s (not ", fr_protocol_name(terms->protocol));
    for (uint32_t i = 1; i < count; i++)
        if (begin_part(&holes)) {
            struct flowrules_ports hole = {(uint16_t)(terms[i - 1].destination_last + 1),
                                           (uint16_t)(terms[i].destination_first - 1)};
            flowrules_write_ports(p->w, hole, "-");
        }
    end_holes(&holes);
}

/* The terms of one protocol. */
static void write_terms(struct parts *p, const struct fr_term *terms, uint32_t count) {
    if (count > 1 && fr_protocol_is_icmp(terms->protocol)) {
        write_icmps(p, terms, count);
        return;
    }
    if (is_all_but_ports(terms, count)) {
        write_all_but_ports(p, terms, count);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        if (begin_part(p))
            write_term(p->w, &terms[i]);
}

const char *fr_service_text(struct fr_arena *arena, const flowrules_meaning *terms,
                            fr_service service, const bool *named) {
    const struct fr_service_terms *list = fr_service_get(&terms->services, service);
    struct flowrules_writer w;
    struct parts p = {&w, 0, 0};
    fr_writer_init(&w, arena->allocator, false);
    if (is_any(list, named)) {
        flowrules_write(&w, "any protocol");
        return fr_writer_keep(&w, arena);
    }
    for (uint32_t i = 0, next; i < list->count; i = next) {
        for (next = i + 1; next < list->count; next++)
            if (list->terms[next].protocol != list->terms[i].protocol)
                break;
        write_terms(&p, &list->terms[i], next - i);
    }
    if (p.total > p.shown)
        flowrules_writef(&w, " +%zu more", p.total - p.shown);
    return fr_writer_keep(&w, arena);
}

/* ---- witnesses ----------------------------------------------------------------------------- */

/* One end of a packet: an address of a family, or an atom. */
struct point {
    const struct flowrules_atom *atom; /* or NULL */
    bool other;                        /* a name or group that nobody mentions */
    enum flowrules_family family;
    struct flowrules_ip ip;
};

static bool contains(const struct flowrules_range *range, struct flowrules_ip ip) {
    return fr_ip_compare(range->first, ip) <= 0 && fr_ip_compare(ip, range->last) <= 0;
}

/* An address of a range that people will take for one: of documentation's (RFC 5737, RFC 3849). */
static struct flowrules_ip likely_ip(const struct flowrules_range *range) {
    const struct flowrules_ip v4 = {0, 0xC0000201}, v6 = {0x20010DB800000000u, 1};
    struct flowrules_ip example = range->family == FLOWRULES_IPV4 ? v4 : v6;
    if (contains(range, example))
        return example;
    bool zero = range->first.hi == 0 && range->first.lo == 0;
    struct flowrules_ip next = fr_ip_next(range->first);
    return zero && contains(range, next) ? next : range->first;
}

static void write_point(struct flowrules_writer *w, const struct point *p, int port) {
    bool brackets = p->atom == NULL && !p->other && p->family == FLOWRULES_IPV6 && port >= 0;
    flowrules_write(w, brackets ? "[" : "");
    if (p->atom != NULL)
        write_atom(w, p->atom);
    else if (p->other)
        flowrules_write(w, "any-other");
    else
        flowrules_write_ip(w, p->family, p->ip);
    flowrules_write(w, brackets ? "]" : "");
    if (port >= 0)
        flowrules_writef(w, ":%d", port);
}

/* The port that a packet shows: none where all will do, 0 only where it must be. */
static int port_of(struct flowrules_ports ports, bool may_be_absent) {
    if (may_be_absent && ports.first == 0 && ports.last == UINT16_MAX)
        return -1;
    if (ports.first <= 443 && 443 <= ports.last)
        return 443;
    return ports.first == 0 && ports.last > 0 ? 1 : ports.first;
}

static void write_packet(struct flowrules_writer *w, unsigned protocol, const struct point ends[2],
                         struct flowrules_ports source, struct flowrules_ports destination) {
    int from = -1, to = -1;
    if (fr_protocol_has_ports(protocol)) {
        from = port_of(source, true);
        to = port_of(destination, false);
    } else if (fr_protocol_is_icmp(protocol)) {
        to = source.first;
    }
    flowrules_write(w, fr_protocol_name(protocol));
    flowrules_write(w, " ");
    write_point(w, &ends[0], from);
    flowrules_write(w, " -> ");
    write_point(w, &ends[1], to);
    if (fr_protocol_is_icmp(protocol) && destination.first > 0)
        flowrules_writef(w, "/%u", (unsigned)destination.first);
}

/* The first atom that a region does not list at an end. */
static uint32_t first_unlisted(const struct fr_common *common, const struct fr_region *region,
                               unsigned end) {
    uint32_t atom = 0;
    while (atom < region->listed_count[end] && region->listed[end][atom] == atom)
        atom++;
    return atom < common->terms->atoms.count ? atom : FR_OTHER_ATOM;
}

static struct point point_of_piece(const struct fr_common *common, const struct fr_region *region,
                                   unsigned end) {
    struct point p = {.family = region->family};
    const struct fr_piece *best = &region->pieces[end][region->first[end]];
    for (uint32_t i = region->first[end]; i != UINT32_MAX; i = region->pieces[end][i].next) {
        const struct fr_piece *piece = &region->pieces[end][i];
        struct flowrules_range range = {region->family, piece->first, piece->last};
        if (piece->atom != FR_NO_ATOM)
            continue;
        p.ip = likely_ip(&range);
        bool likely = p.ip.lo == 0xC0000201 || p.ip.hi == 0x20010DB800000000u;
        if (best->atom != FR_NO_ATOM || likely)
            best = piece;
        if (likely)
            break;
    }
    struct flowrules_range range = {region->family, best->first, best->last};
    p.ip = likely_ip(&range);
    uint32_t atom = best->atom;
    if (atom == FR_OTHER_ATOM && !common->has_others)
        atom = first_unlisted(common, region, end);
    p.other = atom == FR_OTHER_ATOM;
    if (atom != FR_NO_ATOM && !p.other)
        p.atom = fr_vec_at(&common->terms->atoms, struct flowrules_atom, atom);
    return p;
}

const char *fr_witness_text(struct fr_arena *arena, const struct fr_common *common,
                            const struct fr_region *region) {
    struct flowrules_writer w;
    struct point ends[2];
    for (unsigned e = 0; e < 2; e++)
        ends[e] = point_of_piece(common, region, e);
    fr_writer_init(&w, arena->allocator, false);
    write_packet(&w, region->protocol == FR_OTHER_PROTOCOLS ? region->other : region->protocol,
                 ends, region->source, region->destination);
    return fr_writer_keep(&w, arena);
}

/* A point of a set in a family; false when it has none there. Names have both. */
static bool point_of_set(const struct fr_sets *sets, const struct fr_vec *atoms, fr_set set,
                         enum flowrules_family family, struct point *p) {
    struct flowrules_set view = {sets, set};
    const struct fr_set_head *head = fr_set_head(sets, set);
    *p = (struct point){.family = family};
    if (flowrules_set_range_count(view, family) > 0) {
        struct flowrules_range range = flowrules_set_range(view, family, 0);
        p->ip = likely_ip(&range);
        return true;
    }
    p->other = head->all_atoms != 0;
    if (!p->other && head->atoms > 0)
        p->atom = fr_vec_at(atoms, struct flowrules_atom, fr_set_atoms(head)[0]);
    return p->other || p->atom != NULL;
}

const char *fr_box_witness(struct fr_arena *arena, const flowrules_meaning *terms,
                           const fr_set ends[2], fr_service service, const bool *named) {
    const struct fr_service_terms *list = fr_service_get(&terms->services, service);
    struct point points[2];
    for (uint32_t i = 0; i < list->count; i++)
        for (int f = 0; f < 2; f++) {
            const struct fr_term *term = &list->terms[i];
            enum flowrules_family family = (enum flowrules_family)f;
            unsigned protocol = term->protocol;
            if (protocol == OTHERS) /* the first that is not told apart */
                for (protocol = 2; protocol < 255 && (named[protocol] || protocol == FR_ICMPV6);)
                    protocol++;
            if ((fr_protocol_families(protocol) & FLOWRULES_FAMILY_BIT(family)) == 0 ||
                !point_of_set(&terms->sets, &terms->atoms, ends[0], family, &points[0]) ||
                !point_of_set(&terms->sets, &terms->atoms, ends[1], family, &points[1]))
                continue;
            struct flowrules_writer w;
            fr_writer_init(&w, arena->allocator, false);
            write_packet(&w, protocol, points,
                         (struct flowrules_ports){term->source_first, term->source_last},
                         (struct flowrules_ports){term->destination_first, term->destination_last});
            return fr_writer_keep(&w, arena);
        }
    return "";
}

/* The families in which a packet can have this protocol, type and code. */
static unsigned term_families(const struct fr_term *term) {
    if (fr_protocol_is_icmp(term->protocol) &&
        (term->source_first > UINT8_MAX || term->destination_first > UINT8_MAX))
        return 0;
    if (fr_protocol_is_header6(term->protocol))
        return FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4);
    return fr_protocol_families(term->protocol);
}

unsigned fr_packet_families(const struct fr_sets *sets, const fr_set ends[2],
                            const struct fr_term *term) {
    unsigned families = term_families(term);
    for (size_t e = 0; e < 2; e++) {
        const struct fr_set_head *head = fr_set_head(sets, ends[e]);
        if (head->atoms == 0 && head->all_atoms == 0)
            families &= fr_set_families(sets, ends[e]);
    }
    return families;
}

const char *fr_packet_witness(struct fr_arena *arena, const struct fr_sets *sets,
                              const fr_set ends[2], const struct fr_term *term, bool *none) {
    unsigned families = fr_packet_families(sets, ends, term);
    bool first = (families & FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4)) != 0;
    enum flowrules_family family = first ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
    struct fr_term packet = *term;
    struct point points[2];
    struct flowrules_writer w;
    *none = families == 0 || !point_of_set(sets, sets->atoms, ends[0], family, &points[0]) ||
            !point_of_set(sets, sets->atoms, ends[1], family, &points[1]);
    if (*none)
        return NULL;
    if (packet.protocol == FR_PROTOCOL_ANY)
        packet.protocol = FR_TCP;
    fr_writer_init(&w, arena->allocator, false);
    write_packet(&w, packet.protocol, points,
                 (struct flowrules_ports){packet.source_first, packet.source_last},
                 (struct flowrules_ports){packet.destination_first, packet.destination_last});
    return fr_writer_keep(&w, arena);
}
