/*
 * Protocols, port names and ICMP types, and the store of canonical services.
 * Knows the header fields of packets, not their addresses.
 */
#include "services.h"

#include <stdlib.h>
#include <string.h>

#include "diagnostics.h"

/* ---- names --------------------------------------------------------------------------------- */

#define NAME_MAX_LENGTH 31

struct lower_name {
    char text[NAME_MAX_LENGTH + 1];
};

static bool lower(struct lower_name *name, const char *text, size_t length) {
    if (length == 0 || length > NAME_MAX_LENGTH)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\0')
            return false;
        bool upper = text[i] >= 'A' && text[i] <= 'Z';
        name->text[i] = (char)(upper ? text[i] - 'A' + 'a' : text[i]);
    }
    name->text[length] = '\0';
    return true;
}

struct protocol_name {
    const char *name;
    uint16_t protocol;
    bool alias; /* read, never written */
};

static const struct protocol_name protocol_names[] = {
#include "iana_protocols.inc"
};

#define PROTOCOL_NAMES (sizeof protocol_names / sizeof *protocol_names)

#define TEN(tens)                                                                                  \
    tens "0", tens "1", tens "2", tens "3", tens "4", tens "5", tens "6", tens "7", tens "8",      \
        tens "9"

static const char protocol_numbers[][4] = {
    TEN(""),   TEN("1"),  TEN("2"),  TEN("3"),  TEN("4"),  TEN("5"),  TEN("6"),  TEN("7"),
    TEN("8"),  TEN("9"),  TEN("10"), TEN("11"), TEN("12"), TEN("13"), TEN("14"), TEN("15"),
    TEN("16"), TEN("17"), TEN("18"), TEN("19"), TEN("20"), TEN("21"), TEN("22"), TEN("23"),
    TEN("24"), "250",     "251",     "252",     "253",     "254",     "255"};

bool fr_protocol_has_ports(unsigned protocol) {
    return protocol == FR_TCP || protocol == FR_UDP || protocol == FR_SCTP;
}

bool fr_protocol_is_icmp(unsigned protocol) {
    return protocol == FR_ICMP || protocol == FR_ICMPV6;
}

bool fr_protocol_is_header6(unsigned protocol) {
    static const uint8_t headers[] = {0, 43, 44, 60};
    return protocol < 256 && memchr(headers, (int)protocol, sizeof headers) != NULL;
}

unsigned fr_protocol_families(unsigned protocol) {
    if (protocol == FR_ICMP || fr_protocol_is_header6(protocol))
        return FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4);
    return protocol == FR_ICMPV6 ? FLOWRULES_FAMILY_BIT(FLOWRULES_IPV6) : FLOWRULES_BOTH_FAMILIES;
}

const char *fr_protocol_name(unsigned protocol) {
    for (size_t i = 0; i < PROTOCOL_NAMES; i++)
        if (protocol_names[i].protocol == protocol && !protocol_names[i].alias)
            return protocol_names[i].name;
    return protocol <= 255 ? protocol_numbers[protocol] : NULL;
}

int fr_protocol_parse(const char *text, size_t length) {
    struct lower_name name;
    if (!lower(&name, text, length))
        return -1;
    bool number_only = name.text[0] >= '0' && name.text[0] <= '9';
    for (size_t i = 0; i < PROTOCOL_NAMES && !number_only; i++)
        if (strcmp(protocol_names[i].name, name.text) == 0)
            return protocol_names[i].protocol;
    for (int number = 0; number <= 255; number++)
        if (strcmp(protocol_numbers[number], name.text) == 0)
            return number;
    return -1;
}

const char *fr_protocol_candidate(const void *user, size_t i) {
    (void)user;
    return i < PROTOCOL_NAMES ? protocol_names[i].name : NULL;
}

enum { TCP = 1, UDP = 2, SCTP = 4 };

struct port_name {
    const char *name;
    uint8_t protocols;
    uint16_t port;
};

static const struct port_name port_names[] = {
#include "iana_ports.inc"
};

#define PORT_NAMES (sizeof port_names / sizeof *port_names)

int fr_port_named(const char *text, size_t length, unsigned protocol) {
    struct lower_name name;
    int bit = protocol == FR_TCP ? TCP : protocol == FR_UDP ? UDP : protocol == FR_SCTP ? SCTP : 0;
    if (!lower(&name, text, length))
        return -1;
    size_t low = 0, high = PORT_NAMES;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(port_names[middle].name, name.text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    /* A name may stand there once more, for another protocol. */
    for (; low < PORT_NAMES && strcmp(port_names[low].name, name.text) == 0; low++)
        if ((port_names[low].protocols & bit) != 0)
            return port_names[low].port;
    return -1;
}

const char *fr_port_candidate(const void *user, size_t i) {
    (void)user;
    return i < PORT_NAMES ? port_names[i].name : NULL;
}

struct icmp_name {
    uint8_t protocol, type;
    const char *name;
};

/* IANA: Internet Control Message Protocol (ICMP) Parameters, and the same for ICMPv6. */
static const struct icmp_name icmp_names[] = {{FR_ICMP, 0, "echo-reply"},
                                              {FR_ICMP, 3, "destination-unreachable"},
                                              {FR_ICMP, 4, "source-quench"},
                                              {FR_ICMP, 5, "redirect"},
                                              {FR_ICMP, 8, "echo-request"},
                                              {FR_ICMP, 9, "router-advertisement"},
                                              {FR_ICMP, 10, "router-solicitation"},
                                              {FR_ICMP, 11, "time-exceeded"},
                                              {FR_ICMP, 12, "parameter-problem"},
                                              {FR_ICMP, 13, "timestamp-request"},
                                              {FR_ICMP, 14, "timestamp-reply"},
                                              {FR_ICMP, 15, "information-request"},
                                              {FR_ICMP, 16, "information-reply"},
                                              {FR_ICMP, 17, "address-mask-request"},
                                              {FR_ICMP, 18, "address-mask-reply"},
                                              {FR_ICMP, 42, "extended-echo-request"},
                                              {FR_ICMP, 43, "extended-echo-reply"},
                                              {FR_ICMPV6, 1, "destination-unreachable"},
                                              {FR_ICMPV6, 2, "packet-too-big"},
                                              {FR_ICMPV6, 3, "time-exceeded"},
                                              {FR_ICMPV6, 4, "parameter-problem"},
                                              {FR_ICMPV6, 128, "echo-request"},
                                              {FR_ICMPV6, 129, "echo-reply"},
                                              {FR_ICMPV6, 130, "multicast-listener-query"},
                                              {FR_ICMPV6, 131, "multicast-listener-report"},
                                              {FR_ICMPV6, 132, "multicast-listener-done"},
                                              {FR_ICMPV6, 133, "router-solicitation"},
                                              {FR_ICMPV6, 134, "router-advertisement"},
                                              {FR_ICMPV6, 135, "neighbor-solicitation"},
                                              {FR_ICMPV6, 136, "neighbor-advertisement"},
                                              {FR_ICMPV6, 137, "redirect"},
                                              {FR_ICMPV6, 138, "router-renumbering"},
                                              {FR_ICMPV6, 143, "multicast-listener-report-v2"},
                                              {FR_ICMPV6, 160, "extended-echo-request"},
                                              {FR_ICMPV6, 161, "extended-echo-reply"}};

#define ICMP_NAMES (sizeof icmp_names / sizeof *icmp_names)

int fr_icmp_type_named(const char *text, size_t length, unsigned protocol) {
    struct lower_name name;
    if (!lower(&name, text, length))
        return -1;
    for (size_t i = 0; i < ICMP_NAMES; i++)
        if (icmp_names[i].protocol == protocol && strcmp(icmp_names[i].name, name.text) == 0)
            return icmp_names[i].type;
    return -1;
}

static const char *next_icmp_name(const void *user, size_t i) {
    const unsigned *protocol = user;
    for (size_t k = 0; k < ICMP_NAMES; k++)
        if (icmp_names[k].protocol == *protocol && i-- == 0)
            return icmp_names[k].name;
    return NULL;
}

const char *fr_icmp_type_nearest(const char *text, unsigned protocol) {
    return fr_nearest(text, next_icmp_name, &protocol);
}

const char *fr_icmp_type_name(unsigned protocol, unsigned type) {
    for (size_t i = 0; i < ICMP_NAMES; i++)
        if (icmp_names[i].protocol == protocol && icmp_names[i].type == type)
            return icmp_names[i].name;
    return NULL;
}

/*
 * As net/netfilter/nf_conntrack_proto_icmp.c and nf_conntrack_proto_icmpv6.c have it: neither a
 * type that opens a connection nor one that is not tracked.
 */
bool fr_icmp_is_invalid(unsigned protocol, unsigned type) {
    if (protocol == FR_ICMP)
        return type != 8 && type != 13 && type != 15 && type != 17;
    bool untracked = (type >= 130 && type <= 136) || type == 143 || type == 151 || type == 152;
    return type != 128 && type != 139 && !untracked;
}

/* ---- canonical terms ----------------------------------------------------------------------- */

/* The two port fields of a term, so that one code serves both. */
enum field { SOURCE, DESTINATION };

struct span {
    uint16_t first, last;
};

static inline struct span span_of(const struct fr_term *t, enum field field) {
    return field == SOURCE ? (struct span){t->source_first, t->source_last}
                           : (struct span){t->destination_first, t->destination_last};
}

static inline bool same_span(struct span a, struct span b) {
    return a.first == b.first && a.last == b.last;
}

static inline bool span_covers(struct span outer, struct span inner) {
    return outer.first <= inner.first && inner.last <= outer.last;
}

static int compare_spans(struct span a, struct span b) {
    if (a.first != b.first)
        return a.first < b.first ? -1 : 1;
    return (a.last > b.last) - (a.last < b.last);
}

static int compare_terms(const struct fr_term *a, const struct fr_term *b, enum field outer) {
    enum field inner = outer == SOURCE ? DESTINATION : SOURCE;
    if (a->protocol != b->protocol)
        return a->protocol < b->protocol ? -1 : 1;
    int order = compare_spans(span_of(a, outer), span_of(b, outer));
    return order != 0 ? order : compare_spans(span_of(a, inner), span_of(b, inner));
}

static int by_source(const void *a, const void *b) {
    return compare_terms(a, b, SOURCE);
}

static int by_destination(const void *a, const void *b) {
    return compare_terms(a, b, DESTINATION);
}

/*
 * Terms that are the same but for one field, and meet or touch in it, become one. ICMP types and
 * codes are single values or all of them, so there only what overlaps is joined.
 */
static size_t join_along(struct fr_term *terms, size_t count, enum field field) {
    enum field other = field == SOURCE ? DESTINATION : SOURCE;
    if (count < 2)
        return count;
    qsort(terms, count, sizeof *terms, other == SOURCE ? by_source : by_destination);
    size_t kept = 0;
    for (size_t i = 1; i < count; i++) {
        struct fr_term *last = &terms[kept];
        const struct fr_term *t = &terms[i];
        struct span a = span_of(last, field), b = span_of(t, field);
        uint32_t reach = (uint32_t)a.last + (fr_protocol_is_icmp(t->protocol) ? 0 : 1);
        if (last->protocol != t->protocol || b.first > reach ||
            !same_span(span_of(last, other), span_of(t, other))) {
            terms[++kept] = *t;
        } else if (b.last > a.last && field == SOURCE) {
            last->source_last = b.last;
        } else if (b.last > a.last) {
            last->destination_last = b.last;
        }
    }
    return kept + 1;
}

/* Terms of equal protocol and source ports: a run, disjoint and in order in its destinations. */
static size_t run_end(const struct fr_term *terms, size_t count, size_t start) {
    size_t end = start + 1;
    while (end < count && terms[end].protocol == terms[start].protocol &&
           same_span(span_of(&terms[end], SOURCE), span_of(&terms[start], SOURCE)))
        end++;
    return end;
}

static bool run_covers(const struct fr_term *terms, size_t start, size_t end, struct span wanted) {
    while (start < end) {
        size_t middle = start + (end - start) / 2;
        struct span s = span_of(&terms[middle], DESTINATION);
        if (span_covers(s, wanted))
            return true;
        if (s.last < wanted.first)
            start = middle + 1;
        else
            end = middle;
    }
    return false;
}

/* Marks the terms of other runs that a run covers: their sources begin within its sources. */
static void mark_covered(const struct fr_term *terms, size_t count, size_t start, size_t end,
                         bool *covered) {
    const struct fr_term *run = &terms[start];
    struct span source = span_of(run, SOURCE);
    size_t i = start;
    while (i > 0 && terms[i - 1].protocol == run->protocol &&
           terms[i - 1].source_first == source.first)
        i--;
    for (; i < count && terms[i].protocol == run->protocol && terms[i].source_first <= source.last;
         i++) {
        bool own = i >= start && i < end;
        if (!own && span_covers(source, span_of(&terms[i], SOURCE)) &&
            run_covers(terms, start, end, span_of(&terms[i], DESTINATION)))
            covered[i] = true;
    }
}

/* Drops what another term covers. terms are in the order of by_source; false: out of memory. */
static bool drop_covered(const struct fr_allocator *allocator, struct fr_term *terms,
                         size_t *count) {
    bool one_run_each = true;
    for (size_t i = 1; i < *count && one_run_each; i++)
        one_run_each = terms[i].protocol != terms[i - 1].protocol ||
                       same_span(span_of(&terms[i], SOURCE), span_of(&terms[i - 1], SOURCE));
    if (one_run_each)
        return true;
    bool *covered = fr_malloc(allocator, *count * sizeof *covered);
    if (covered == NULL)
        return false;
    memset(covered, 0, *count * sizeof *covered);
    for (size_t start = 0, end; start < *count; start = end) {
        end = run_end(terms, *count, start);
        mark_covered(terms, *count, start, end, covered);
    }
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++)
        if (!covered[i])
            terms[kept++] = terms[i];
    *count = kept;
    fr_free(allocator, covered);
    return true;
}

static bool is_everything(const struct fr_term *t) {
    const struct span all = {0, UINT16_MAX};
    return t->protocol == FR_PROTOCOL_ANY && same_span(span_of(t, SOURCE), all) &&
           same_span(span_of(t, DESTINATION), all);
}

/* The terms in their canonical form, in place; false when out of memory. */
static bool canonical(const struct fr_allocator *allocator, struct fr_term *terms, size_t *count) {
    for (size_t i = 0; i < *count; i++) {
        if (is_everything(&terms[i])) {
            terms[0] = terms[i];
            *count = 1;
            return true;
        }
    }
    size_t before;
    do {
        before = *count;
        *count = join_along(terms, *count, SOURCE);
        *count = join_along(terms, *count, DESTINATION);
    } while (*count < before);
    return drop_covered(allocator, terms, count);
}

/* ---- the store ----------------------------------------------------------------------------- */

#define NO_NEXT UINT32_MAX

static uint32_t hash_terms(const struct fr_term *terms, size_t count) {
    uint32_t hash = count > 0 ? fr_hash(terms, count * sizeof *terms) : 1;
    return hash != 0 ? hash : 1; /* a map has no key 0 */
}

const struct fr_service_terms *fr_service_get(const struct fr_services *services,
                                              fr_service service) {
    static const struct fr_service_terms none = {0, 0};
    if (service == FR_SERVICE_NONE)
        return &none;
    return *fr_vec_at(&services->list, const struct fr_service_terms *, service);
}

static fr_service find_terms(const struct fr_services *services, uint32_t hash,
                             const struct fr_term *terms, size_t count) {
    uint32_t service;
    if (!fr_map_get(&services->by_hash, hash, &service))
        return FR_SERVICE_NONE;
    for (; service != NO_NEXT; service = *fr_vec_at(&services->next, uint32_t, service)) {
        const struct fr_service_terms *known = fr_service_get(services, service);
        if (known->count == count &&
            (count == 0 || memcmp(known->terms, terms, count * sizeof *terms) == 0))
            return service;
    }
    return FR_SERVICE_NONE;
}

/* Out of memory, or of numbers. */
static fr_service fail(struct fr_services *services) {
    services->failed = true;
    return FR_SERVICE_NONE;
}

static fr_service store_terms(struct fr_services *services, uint32_t hash,
                              const struct fr_term *terms, size_t count) {
    if (services->list.count >= FR_SERVICE_NONE - 1 || count > UINT32_MAX / sizeof *terms ||
        !fr_vec_reserve(&services->list, 1) || !fr_vec_reserve(&services->next, 1))
        return fail(services);
    struct fr_service_terms *record =
        fr_arena_alloc4(&services->arena, sizeof *record + count * sizeof *terms);
    uint32_t service = (uint32_t)services->list.count, next = NO_NEXT;
    fr_map_get(&services->by_hash, hash, &next);
    if (record == NULL || !fr_map_put(&services->by_hash, hash, service))
        return fail(services);
    record->count = (uint32_t)count;
    record->families = 0;
    for (size_t i = 0; i < count; i++) {
        record->terms[i] = terms[i];
        record->families |= fr_protocol_families(terms[i].protocol);
    }
    *(const struct fr_service_terms **)fr_vec_push(&services->list) = record;
    *(uint32_t *)fr_vec_push(&services->next) = next;
    return service;
}

fr_service fr_services_add(struct fr_services *services, struct fr_term *terms, size_t count) {
    if (!canonical(services->arena.allocator, terms, &count))
        return fail(services);
    uint32_t hash = hash_terms(terms, count);
    fr_service service = find_terms(services, hash, terms, count);
    return service != FR_SERVICE_NONE ? service : store_terms(services, hash, terms, count);
}

bool fr_services_init(struct fr_services *services, const struct fr_allocator *allocator) {
    struct fr_term any = {FR_PROTOCOL_ANY, 0, UINT16_MAX, 0, UINT16_MAX};
    fr_arena_init(&services->arena, allocator);
    fr_vec_init(&services->list, allocator, sizeof(const struct fr_service_terms *));
    fr_map_init(&services->by_hash, allocator);
    fr_vec_init(&services->next, allocator, sizeof(uint32_t));
    services->failed = false;
    if (fr_services_add(services, &any, 1) == FR_SERVICE_ANY)
        return true;
    fr_services_free(services);
    return false;
}

void fr_services_free(struct fr_services *services) {
    fr_vec_free(&services->list);
    fr_map_free(&services->by_hash);
    fr_vec_free(&services->next);
    fr_arena_free(&services->arena);
}

bool fr_services_fork(struct fr_services *fork, const struct fr_services *base) {
    fr_arena_init(&fork->arena, base->arena.allocator);
    bool good = fr_vec_copy(&fork->list, &base->list);
    good = fr_vec_copy(&fork->next, &base->next) && good;
    good = fr_map_copy(&fork->by_hash, &base->by_hash) && good;
    fork->failed = false;
    if (!good)
        fr_services_free(fork);
    return good;
}

bool fr_service_list(const struct fr_services *services, fr_service service, struct fr_vec *terms) {
    const struct fr_service_terms *list = fr_service_get(services, service);
    if (!fr_vec_reserve(terms, list->count))
        return false;
    for (uint32_t i = 0; i < list->count; i++)
        *(struct fr_term *)fr_vec_push(terms) = list->terms[i];
    return true;
}

fr_service fr_services_union(struct fr_services *services, const fr_service *first, size_t count,
                             size_t stride) {
    struct fr_vec terms;
    fr_vec_init(&terms, services->arena.allocator, sizeof(struct fr_term));
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = fr_service_list(
            services, *(const fr_service *)(const void *)((const char *)first + i * stride),
            &terms);
    fr_service result = good ? fr_services_add(services, terms.items, terms.count) : fail(services);
    fr_vec_free(&terms);
    return result;
}

/* ---- building ------------------------------------------------------------------------------ */

void fr_service_begin(struct fr_service_builder *b, const struct fr_allocator *allocator) {
    fr_vec_init(&b->terms, allocator, sizeof(struct fr_term));
    b->failed = false;
}

void fr_service_add(struct fr_service_builder *b, const struct fr_term *term) {
    struct fr_term *slot = fr_vec_add(&b->terms);
    if (slot != NULL)
        *slot = *term;
    b->failed = b->failed || slot == NULL;
}

fr_service fr_service_finish(struct fr_service_builder *b, struct fr_services *services) {
    fr_service result = FR_SERVICE_NONE;
    services->failed = services->failed || b->failed;
    if (!b->failed && b->terms.count > 0)
        result = fr_services_add(services, b->terms.items, b->terms.count);
    fr_vec_free(&b->terms);
    return result;
}

/* ---- terms --------------------------------------------------------------------------------- */

static struct span meet_spans(struct span a, struct span b) {
    return (struct span){a.first > b.first ? a.first : b.first, a.last < b.last ? a.last : b.last};
}

bool fr_terms_meet(const struct fr_term *a, const struct fr_term *b, struct fr_term *both) {
    bool any = a->protocol == FR_PROTOCOL_ANY || b->protocol == FR_PROTOCOL_ANY;
    if (a->protocol != b->protocol && !any)
        return false;
    struct span source = meet_spans(span_of(a, SOURCE), span_of(b, SOURCE));
    struct span destination = meet_spans(span_of(a, DESTINATION), span_of(b, DESTINATION));
    *both = (struct fr_term){a->protocol == FR_PROTOCOL_ANY ? b->protocol : a->protocol,
                             source.first, source.last, destination.first, destination.last};
    return source.first <= source.last && destination.first <= destination.last;
}

bool fr_term_covers(const struct fr_term *outer, const struct fr_term *inner) {
    return outer->protocol == FR_PROTOCOL_ANY ||
           (outer->protocol == inner->protocol &&
            span_covers(span_of(outer, SOURCE), span_of(inner, SOURCE)) &&
            span_covers(span_of(outer, DESTINATION), span_of(inner, DESTINATION)));
}

bool fr_service_meets(const struct fr_services *services, fr_service service,
                      const struct fr_term *term) {
    const struct fr_service_terms *own = fr_service_get(services, service);
    struct fr_term both;
    for (uint32_t i = 0; i < own->count; i++)
        if (fr_terms_meet(&own->terms[i], term, &both))
            return true;
    return false;
}

bool fr_services_meet(const struct fr_services *services, fr_service a, fr_service b) {
    if (a == FR_SERVICE_ANY || b == FR_SERVICE_ANY)
        return a != FR_SERVICE_NONE && b != FR_SERVICE_NONE;
    const struct fr_service_terms *own = fr_service_get(services, a);
    bool meet = false;
    for (uint32_t i = 0; i < own->count && !meet; i++)
        meet = fr_service_meets(services, b, &own->terms[i]);
    return meet;
}

bool fr_service_covers(const struct fr_services *services, fr_service service,
                       const struct fr_term *term) {
    const struct fr_service_terms *wide = fr_service_get(services, service);
    for (uint32_t i = 0; i < wide->count; i++)
        if (fr_term_covers(&wide->terms[i], term))
            return true;
    return false;
}

bool fr_service_has(const struct fr_services *services, fr_service service, unsigned protocol,
                    unsigned source, unsigned destination) {
    const struct fr_service_terms *terms = fr_service_get(services, service);
    for (uint32_t i = 0; i < terms->count; i++) {
        const struct fr_term *t = &terms->terms[i];
        if ((t->protocol == protocol || t->protocol == FR_PROTOCOL_ANY) &&
            t->source_first <= source && source <= t->source_last &&
            t->destination_first <= destination && destination <= t->destination_last)
            return true;
    }
    return false;
}
