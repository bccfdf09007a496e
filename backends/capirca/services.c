/*
 * What a term says of protocols, ports and types of ICMP, as services.
 */
#include <string.h>

#include "read.h"

enum {
    TCP = 6,
    UDP = 17,
    ICMP = 1,
    ICMPV6 = 58,
    SCTP = 132,
    UDPLITE = 136,
    PROTOCOLS = 256,
    NAMED_MOST = 3
};

/* The names of types that Capirca has, with the number in ICMP and in ICMPv6; -1: it has none. */
static const struct {
    const char *name;
    int types[2];
} icmp_types[] = {
    {"alternate-address", {6, -1}},
    {"certification-path-advertisement", {-1, 149}},
    {"certification-path-solicitation", {-1, 148}},
    {"conversion-error", {31, -1}},
    {"destination-unreachable", {-1, 1}},
    {"echo-reply", {0, 129}},
    {"echo-request", {8, 128}},
    {"home-agent-address-discovery-reply", {-1, 145}},
    {"home-agent-address-discovery-request", {-1, 144}},
    {"icmp-node-information-query", {-1, 139}},
    {"icmp-node-information-response", {-1, 140}},
    {"information-reply", {16, -1}},
    {"information-request", {15, -1}},
    {"inverse-neighbor-discovery-advertisement", {-1, 142}},
    {"inverse-neighbor-discovery-solicitation", {-1, 141}},
    {"mask-reply", {18, -1}},
    {"mask-request", {17, -1}},
    {"mobile-prefix-advertisement", {-1, 147}},
    {"mobile-prefix-solicitation", {-1, 146}},
    {"mobile-redirect", {32, -1}},
    {"multicast-listener-done", {-1, 132}},
    {"multicast-listener-query", {-1, 130}},
    {"multicast-listener-report", {-1, 131}},
    {"multicast-router-advertisement", {-1, 151}},
    {"multicast-router-solicitation", {-1, 152}},
    {"multicast-router-termination", {-1, 153}},
    {"neighbor-advertisement", {-1, 136}},
    {"neighbor-solicit", {-1, 135}},
    {"packet-too-big", {-1, 2}},
    {"parameter-problem", {12, 4}},
    {"redirect", {5, -1}},
    {"redirect-message", {-1, 137}},
    {"router-advertisement", {9, 134}},
    {"router-renumbering", {-1, 138}},
    {"router-solicit", {-1, 133}},
    {"router-solicitation", {10, -1}},
    {"source-quench", {4, -1}},
    {"time-exceeded", {11, 3}},
    {"timestamp-reply", {14, -1}},
    {"timestamp-request", {13, -1}},
    {"unreachable", {3, -1}},
    {"version-2-multicast-listener-report", {-1, 143}},
};

/* The names that Capirca has, and IANA spells otherwise. */
static const struct {
    const char *name;
    int protocol;
} protocol_names[] = {{"cbt", 7},   {"fragment", 44}, {"icmp6", ICMPV6}, {"ipip", 4},
                      {"ipv6", 41}, {"ospf", 89},     {"rdp", 27},       {"st", 5}};

/* ---- protocols ----------------------------------------------------------------------------- */

static int protocol_of(struct fr_capirca *r, const struct fr_capirca_word *word) {
    int protocol = flowrules_parse_protocol(word->text);
    for (size_t i = 0; i < sizeof protocol_names / sizeof protocol_names[0]; i++)
        if (strcmp(protocol_names[i].name, word->text) == 0)
            protocol = protocol_names[i].protocol;
    if (protocol < 0)
        flowrules_input_error(r->in, word->at, "write the number of the protocol",
                              "'%.60s' is not a known protocol", word->text);
    return protocol;
}

/* The protocols that fields name; the number of them. */
static size_t mark(struct fr_capirca *r, const struct fr_capirca_block *term,
                   enum fr_capirca_key key, bool marks[PROTOCOLS]) {
    size_t count = 0;
    const struct fr_capirca_field *f = NULL;
    while ((f = fr_capirca_field(term, key, f)) != NULL)
        for (size_t i = 0; i < f->count; i++) {
            int protocol = protocol_of(r, &f->words[i]);
            if (protocol >= 0)
                marks[protocol] = true;
            count++;
        }
    return count;
}

static bool has_ports(int protocol) {
    return protocol == TCP || protocol == UDP || protocol == SCTP || protocol == UDPLITE;
}

static bool has_types(int protocol) {
    return protocol == ICMP || protocol == ICMPV6;
}

/* Is a condition for some protocol of the term? */
static bool some(const bool marks[PROTOCOLS], bool (*has)(int protocol)) {
    for (int p = 0; p < PROTOCOLS; p++)
        if (marks[p] && has(p))
            return true;
    return false;
}

/* ---- ports --------------------------------------------------------------------------------- */

struct ports {
    struct flowrules_ports *items;
    size_t count, capacity;
    bool named; /* the term names some */
};

static bool has_port(const struct fr_capirca_port *list, size_t count, int protocol,
                     struct flowrules_ports ports) {
    for (size_t i = 0; i < count; i++)
        if ((list[i].protocol == protocol || list[i].protocol < 0) &&
            list[i].ports.first == ports.first && list[i].ports.last == ports.last)
            return true;
    return false;
}

/* The ports of a token hold for all protocols of its term: what it lacks of one is told. */
static void tell_widened(struct fr_capirca *r, const struct fr_capirca_block *term,
                         const struct fr_capirca_word *word, const bool marks[PROTOCOLS],
                         const struct fr_capirca_port *list, size_t count) {
    static const int protocols[] = {TCP, UDP, SCTP, UDPLITE};
    static const char *const names[] = {"TCP", "UDP", "SCTP", "UDP-Lite"};
    for (size_t p = 0; p < 4 && !flowrules_input_failed(r->in); p++) {
        bool same = true;
        for (size_t i = 0; i < count && i < FR_CAPIRCA_TOLD_MOST && same; i++)
            same = (list[i].protocol >= 0 && !marks[list[i].protocol]) ||
                   has_port(list, count, protocols[p], list[i].ports);
        if (marks[protocols[p]] && !same)
            flowrules_input_note(r->in, word->at,
                                 "'%.60s' has ports that are not defined for %s: they hold for all "
                                 "protocols of term '%.60s', as Capirca emits them",
                                 word->text, names[p], term->name);
    }
}

/* A token holds for all protocols of its term. */
static void add_token(struct fr_capirca *r, const struct fr_capirca_block *term,
                      const struct fr_capirca_word *word, const bool marks[PROTOCOLS],
                      struct ports *ports) {
    size_t count;
    const struct fr_capirca_port *list = fr_capirca_service(r, word, &count);
    if (ports->count + count > FR_CAPIRCA_PORTS_MAX) {
        flowrules_input_error(r->in, word->at, NULL, "a term has more than %u ports",
                              FR_CAPIRCA_PORTS_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        int protocol = list[i].protocol;
        if (protocol >= 0 && !marks[protocol])
            continue;
        ports->items = flowrules_input_grow(r->in, ports->items, &ports->capacity, ports->count,
                                            sizeof *ports->items);
        if (ports->items == NULL)
            return;
        ports->items[ports->count++] = list[i].ports;
    }
    tell_widened(r, term, word, marks, list, count);
}

static void find_ports(struct fr_capirca *r, const struct fr_capirca_block *term,
                       enum fr_capirca_key key, const bool marks[PROTOCOLS], struct ports *ports) {
    const struct fr_capirca_field *f = NULL;
    *ports = (struct ports){.items = NULL};
    while ((f = fr_capirca_field(term, key, f)) != NULL)
        for (size_t i = 0; i < f->count && !flowrules_input_failed(r->in); i++) {
            ports->named = true;
            add_token(r, term, &f->words[i], marks, ports);
        }
    if (ports->named && (ports->count == 0 || !some(marks, has_ports)) &&
        !flowrules_input_failed(r->in))
        flowrules_input_error(r->in, term->at, "name a protocol that the service is defined for",
                              "term '%.60s' has ports, and no protocol that they are defined for",
                              term->name);
}

/* ---- services ------------------------------------------------------------------------------ */

static void add(struct fr_capirca *r, struct fr_capirca_services *services,
                const struct flowrules_service *service) {
    services->items = flowrules_input_grow(r->in, services->items, &services->capacity,
                                           services->count, sizeof *services->items);
    if (services->items != NULL)
        services->items[services->count++] = *service;
}

/* Ports of either end: those of the source, or those of the destination. */
static void add_with_ports(struct fr_capirca *r, int protocol, const struct ports ports[3],
                           struct fr_capirca_services *services) {
    struct flowrules_service s = {.protocol = protocol,
                                  .source_ports = ports[0].items,
                                  .source_port_count = ports[0].count,
                                  .destination_ports = ports[1].items,
                                  .destination_port_count = ports[1].count,
                                  .icmp_type = -1,
                                  .icmp_code = -1};
    if (!ports[2].named) {
        add(r, services, &s);
        return;
    }
    s.source_ports = ports[2].items;
    s.source_port_count = ports[2].count;
    add(r, services, &s);
    s.source_ports = ports[0].items;
    s.source_port_count = ports[0].count;
    s.destination_ports = ports[2].items;
    s.destination_port_count = ports[2].count;
    add(r, services, &s);
}

/* The number of a type by its name, or as a number; -1: the protocol has none of this name. */
static int type_of(struct fr_capirca *r, const struct fr_capirca_word *word, unsigned which) {
    unsigned number;
    if (flowrules_parse_number(word->text, strlen(word->text), 255, &number))
        return (int)number;
    for (size_t i = 0; i < sizeof icmp_types / sizeof icmp_types[0]; i++)
        if (strcmp(icmp_types[i].name, word->text) == 0)
            return icmp_types[i].types[which];
    flowrules_input_error(r->in, word->at, "docs/CAPIRCA.md says which names are known",
                          "'%.60s' is not a known type of ICMP", word->text);
    return -1;
}

/* A type with each of the codes that the term lists, or with all. */
static void add_type(struct fr_capirca *r, const struct fr_capirca_block *term,
                     struct flowrules_service *s, struct fr_capirca_services *services) {
    const struct fr_capirca_field *f = fr_capirca_field(term, FR_CAPIRCA_ICMP_CODE, NULL);
    if (f == NULL)
        add(r, services, s);
    for (; f != NULL; f = fr_capirca_field(term, FR_CAPIRCA_ICMP_CODE, f))
        for (size_t i = 0; i < f->count; i++) {
            unsigned code;
            if (!flowrules_parse_number(f->words[i].text, strlen(f->words[i].text), 255, &code)) {
                flowrules_input_error(r->in, f->words[i].at, NULL, "'%.60s' is not a code of ICMP",
                                      f->words[i].text);
                return;
            }
            s->icmp_code = (int)code;
            add(r, services, s);
        }
}

static void add_icmp(struct fr_capirca *r, const struct fr_capirca_block *term, int protocol,
                     struct fr_capirca_services *services) {
    const struct fr_capirca_field *f = fr_capirca_field(term, FR_CAPIRCA_ICMP_TYPE, NULL);
    struct flowrules_service s = {.protocol = protocol, .icmp_type = -1, .icmp_code = -1};
    if (f == NULL)
        add(r, services, &s);
    for (; f != NULL; f = fr_capirca_field(term, FR_CAPIRCA_ICMP_TYPE, f))
        for (size_t i = 0; i < f->count && !flowrules_input_failed(r->in); i++) {
            s.icmp_type = type_of(r, &f->words[i], protocol == ICMPV6);
            s.icmp_code = -1;
            if (s.icmp_type >= 0)
                add_type(r, term, &s, services);
            else if (!flowrules_input_failed(r->in))
                flowrules_input_note(r->in, f->words[i].at, "%s has no type '%.60s': left out",
                                     protocol == ICMP ? "ICMP" : "ICMPv6", f->words[i].text);
        }
}

/* Ports, or types, beside protocols that have none: they hold for those that have. */
static void tell_mixed(struct fr_capirca *r, const struct fr_capirca_block *term, const char *what,
                       const bool marks[PROTOCOLS], bool (*has)(int protocol)) {
    for (int p = 0; p < PROTOCOLS; p++)
        if (marks[p] && !has(p)) {
            flowrules_input_note(r->in, term->at,
                                 "term '%.60s' has %s and the protocol %d, which has none: it "
                                 "matches this protocol whole",
                                 term->name, what, p);
            return;
        }
}

/* Types without a protocol that has them, and codes without a type, would be dropped. */
static void check_types(struct fr_capirca *r, const struct fr_capirca_block *term,
                        const bool marks[PROTOCOLS]) {
    const struct fr_capirca_field *type = fr_capirca_field(term, FR_CAPIRCA_ICMP_TYPE, NULL);
    const struct fr_capirca_field *code = fr_capirca_field(term, FR_CAPIRCA_ICMP_CODE, NULL);
    if (type != NULL && !some(marks, has_types))
        flowrules_input_error(r->in, type->at, "add icmp or icmpv6 to its protocols",
                              "term '%.60s' has types of ICMP, and not this protocol", term->name);
    else if (type != NULL)
        tell_mixed(r, term, "types of ICMP", marks, has_types);
    else if (code != NULL)
        flowrules_input_error(r->in, code->at, "name the type of these codes (icmp-type)",
                              "term '%.60s' has codes of ICMP, and no type", term->name);
}

/* Has a token ports of protocols that the term has not? */
static bool has_others(struct fr_capirca *r, const struct fr_capirca_word *word,
                       const bool marks[PROTOCOLS]) {
    size_t count;
    const struct fr_capirca_port *list = fr_capirca_service(r, word, &count);
    for (size_t i = 0; i < count; i++)
        if (list[i].protocol >= 0 && !marks[list[i].protocol])
            return true;
    return false;
}

/* What the ports of a term are called: by their tokens, and by the protocol where these have
 * others. */
static const char *name_of(struct fr_capirca *r, const struct fr_capirca_block *term,
                           const bool marks[PROTOCOLS]) {
    const struct fr_capirca_field *f = NULL;
    const char *name = NULL;
    size_t words = 0, protocols = 0;
    bool literal = false, others = false;
    while ((f = fr_capirca_field(term, FR_CAPIRCA_DESTINATION_PORT, f)) != NULL)
        for (size_t i = 0; i < f->count && words <= NAMED_MOST; i++, words++) {
            literal = literal || (f->words[i].text[0] >= '0' && f->words[i].text[0] <= '9');
            others = others || has_others(r, &f->words[i], marks);
            name = name == NULL ? f->words[i].text
                                : flowrules_input_print(r->in, "%s-%s", name, f->words[i].text);
        }
    for (int p = 0; p < PROTOCOLS; p++)
        protocols += marks[p];
    if (name == NULL || literal || words > NAMED_MOST ||
        fr_capirca_field(term, FR_CAPIRCA_SOURCE_PORT, NULL) != NULL ||
        fr_capirca_field(term, FR_CAPIRCA_PORT, NULL) != NULL)
        return NULL;
    if (!others || protocols > 1 || (!marks[TCP] && !marks[UDP]))
        return name;
    return flowrules_input_print(r->in, "%s-%s", name, marks[TCP] ? "tcp" : "udp");
}

/* ICMP has no IPv6, and ICMPv6 no IPv4: a term for one family lacks what it lists of the other. */
static void leave_other_icmp(struct fr_capirca *r, const struct fr_capirca_block *term,
                             unsigned families, bool listed, bool marks[PROTOCOLS]) {
    static const enum flowrules_family own[] = {FLOWRULES_IPV4, FLOWRULES_IPV6};
    static const int protocols[] = {ICMP, ICMPV6};
    for (size_t i = 0; i < 2; i++) {
        if (!marks[protocols[i]] || (families & FLOWRULES_FAMILY_BIT(own[i])) != 0)
            continue;
        marks[protocols[i]] = false;
        if (listed)
            flowrules_input_note(r->in, term->at,
                                 "term '%.60s' is for IPv%d alone, and %s is not: left out",
                                 term->name, i == 0 ? 6 : 4, i == 0 ? "ICMP" : "ICMPv6");
    }
}

bool fr_capirca_services(struct fr_capirca *r, const struct fr_capirca_block *term,
                         unsigned families, struct fr_capirca_services *services) {
    static const enum fr_capirca_key keys[] = {FR_CAPIRCA_SOURCE_PORT, FR_CAPIRCA_DESTINATION_PORT,
                                               FR_CAPIRCA_PORT};
    bool marks[PROTOCOLS] = {false}, except[PROTOCOLS] = {false};
    bool listed = mark(r, term, FR_CAPIRCA_PROTOCOL, marks) > 0;
    bool excepted = mark(r, term, FR_CAPIRCA_PROTOCOL_EXCEPT, except) > 0;
    bool types = fr_capirca_field(term, FR_CAPIRCA_ICMP_TYPE, NULL) != NULL;
    struct ports ports[3];
    *services = (struct fr_capirca_services){.items = NULL};
    if (!listed && types)
        marks[ICMP] = marks[ICMPV6] = true;
    for (int p = 0; p < PROTOCOLS; p++)
        marks[p] = (marks[p] || (excepted && !listed && !types)) && !except[p];
    for (size_t i = 0; i < 3; i++)
        find_ports(r, term, keys[i], marks, &ports[i]);
    check_types(r, term, marks);
    if (flowrules_input_failed(r->in))
        return false;
    if (ports[0].named || ports[1].named || ports[2].named)
        tell_mixed(r, term, "ports", marks, has_ports);
    if (!listed && !excepted && !types)
        return true; /* any */
    leave_other_icmp(r, term, families, listed, marks);
    for (int p = 0; p < PROTOCOLS; p++) {
        if (!marks[p])
            continue;
        if (has_types(p))
            add_icmp(r, term, p, services);
        else if (has_ports(p))
            add_with_ports(r, p, ports, services);
        else
            add(r, services, &(struct flowrules_service){p, NULL, NULL, 0, 0, -1, -1});
    }
    const char *name = services->count == 0 ? NULL : name_of(r, term, marks);
    if (name != NULL && !flowrules_input_failed(r->in))
        flowrules_input_label_services(r->in, services->items, services->count, name);
    return services->count > 0;
}
