/*
 * cisco-asa, reading: addresses, ports and types as words say them, and the objects and groups that
 * names stand for. Each is read once, when a rule first needs it.
 *
 * Facts: Cisco ASA Series Firewall CLI Configuration Guide, "Objects for Access Control".
 */
#include "read.h"

#include <stdlib.h>
#include <string.h>

enum {
    GROUPS_DEEP = 64, /* groups in groups; the ASA has no limit of its own that is documented */
    SERVICES_MAX = 100000, /* of one entry: all pairs of what its groups hold */
    RANGES_MAX = 10000000, /* of one group, before they are united */
    TCP = 6,
    UDP = 17,
    SCTP = 132
};

/* ---- addresses ----------------------------------------------------------------------------- */

static void set_pair(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_pair *pair,
                     const struct flowrules_range *range) {
    pair->of[0] = pair->of[1] = flowrules_input_none(c->r->in);
    pair->of[range->family] = flowrules_input_range(c->r->in, range);
}

/* The address that a word is, or that an alias ("name 10.1.1.1 web") stands for. */
static const char *address_word(const struct fr_cisco_asa_cursor *c, const char *word) {
    const char *known = flowrules_input_lookup(c->r->in, FR_CISCO_ASA_ALIASES, word);
    return known != NULL ? known : word;
}

static bool is_host(const char *word, struct flowrules_range *range) {
    return strchr(word, '/') == NULL && strchr(word, '-') == NULL &&
           flowrules_parse_range(word, strlen(word), range);
}

static bool take_host(struct fr_cisco_asa_cursor *c, struct flowrules_range *range) {
    if (!is_host(address_word(c, fr_cisco_asa_peek(c)), range))
        return fr_cisco_asa_expect(c, "an address");
    c->at++;
    return true;
}

/* A.B.C.D MASK, or an IPv6 prefix. */
static bool take_subnet(struct fr_cisco_asa_cursor *c, struct flowrules_range *range) {
    const char *address = address_word(c, fr_cisco_asa_peek(c));
    struct flowrules_range mask;
    size_t length = strlen(address);
    if (strchr(address, ':') != NULL && strchr(address, '/') != NULL &&
        flowrules_parse_range(address, length, range)) {
        c->at++;
        return true;
    }
    if (!is_host(address, range) || range->family != FLOWRULES_IPV4)
        return fr_cisco_asa_expect(c, "an address");
    c->at++;
    const char *word = fr_cisco_asa_peek(c);
    if (!is_host(word, &mask) || mask.family != FLOWRULES_IPV4)
        return fr_cisco_asa_expect(c, "a netmask");
    c->at++;
    struct flowrules_ip first = range->first;
    if (!flowrules_parse_netmask(address, word, range)) {
        fr_cisco_asa_doubt_word(c, "a netmask with gaps,");
        return false;
    }
    if (first.lo == range->first.lo)
        return true;
    flowrules_input_error(c->r->in, fr_cisco_asa_taken(c), "an ASA refuses it",
                          "'%.80s %.80s' has bits set outside the mask", address, word);
    return false;
}

static bool take_range(struct fr_cisco_asa_cursor *c, struct flowrules_range *range) {
    struct flowrules_range last = {.family = FLOWRULES_IPV4};
    if (!take_host(c, range) || !take_host(c, &last))
        return false;
    bool ordered = range->first.hi < last.first.hi ||
                   (range->first.hi == last.first.hi && range->first.lo <= last.first.lo);
    if (range->family != last.family || !ordered) {
        flowrules_input_error(c->r->in, fr_cisco_asa_taken(c), NULL,
                              "a range ends before it begins");
        return false;
    }
    range->last = last.first;
    return true;
}

static bool take_named_end(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_pair *end,
                           enum fr_cisco_asa_kind kind) {
    const struct fr_cisco_asa_object *object = fr_cisco_asa_object_named(c, fr_cisco_asa_take(c));
    if (object == NULL)
        return false;
    if (object->kind != kind) {
        flowrules_input_error(c->r->in, fr_cisco_asa_taken(c), NULL,
                              "'%.80s' is not a group of addresses", object->name);
        return false;
    }
    *end = object->pair;
    return true;
}

/* The two keywords of a family stand for all of it, names that resolve to it too. */
static bool take_keyword(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_pair *end) {
    static const struct {
        const char *word;
        bool of[2];
    } keywords[] = {{"any", {true, true}}, {"any4", {true, false}}, {"any6", {false, true}}};
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (fr_cisco_asa_accept(c, keywords[i].word)) {
            for (int f = 0; f < 2; f++)
                end->of[f] = keywords[i].of[f] ? flowrules_input_any(c->r->in)
                                               : flowrules_input_none(c->r->in);
            return true;
        }
    return false;
}

/* All of a family, however it is said, is what any4 and any6 say. */
static void set_subnet(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_pair *end,
                       const struct flowrules_range *range) {
    set_pair(c, end, range);
    if (flowrules_range_prefix(range) == 0)
        end->of[range->family] = flowrules_input_any(c->r->in);
}

bool fr_cisco_asa_take_end(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_pair *end) {
    struct flowrules_range range = {.family = FLOWRULES_IPV4};
    if (take_keyword(c, end))
        return true;
    if (fr_cisco_asa_accept(c, "object"))
        return take_named_end(c, end, FR_CISCO_ASA_NETWORK);
    if (fr_cisco_asa_accept(c, "object-group"))
        return take_named_end(c, end, FR_CISCO_ASA_NETWORK_GROUP);
    if (fr_cisco_asa_accept(c, "interface")) {
        fr_cisco_asa_take(c);
        fr_cisco_asa_doubt_word(c, "the address of interface");
        return false;
    }
    bool host = fr_cisco_asa_accept(c, "host");
    if (host ? !take_host(c, &range) : !take_subnet(c, &range))
        return false;
    set_subnet(c, end, &range);
    return true;
}

/* ---- ports and types ----------------------------------------------------------------------- */

bool fr_cisco_asa_add_ports(struct fr_cisco_asa_reading *r, struct fr_cisco_asa_port_list *list,
                            unsigned first, unsigned last) {
    list->ports =
        flowrules_input_grow(r->in, list->ports, &list->capacity, list->count, sizeof *list->ports);
    if (list->ports == NULL)
        return false;
    list->ports[list->count++] = (struct flowrules_ports){(uint16_t)first, (uint16_t)last};
    return true;
}

static int take_port(struct fr_cisco_asa_cursor *c, int protocol) {
    const char *word = fr_cisco_asa_peek(c);
    int port = fr_cisco_asa_port(word, protocol != UDP, protocol != TCP);
    if (port < 0 && (*word == '\0' || (*word >= '0' && *word <= '9'))) {
        fr_cisco_asa_expect(c, "a port, 0 to 65535,");
        return -1;
    }
    c->at++;
    if (port < 0)
        fr_cisco_asa_doubt_word(c, "the port");
    return port;
}

/* The ports that an operator leaves; lt 0 and gt 65535 leave none. */
static bool add_operator(struct fr_cisco_asa_cursor *c, const char *operator, unsigned port,
                         struct fr_cisco_asa_port_list *list) {
    bool good = true;
    if (strcmp(operator, "eq") == 0)
        return fr_cisco_asa_add_ports(c->r, list, port, port);
    if ((strcmp(operator, "lt") == 0 || strcmp(operator, "neq") == 0) && port > 0)
        good = fr_cisco_asa_add_ports(c->r, list, 0, port - 1);
    if ((strcmp(operator, "gt") == 0 || strcmp(operator, "neq") == 0) && port < UINT16_MAX)
        good = good && fr_cisco_asa_add_ports(c->r, list, port + 1, UINT16_MAX);
    return good;
}

static bool take_port_range(struct fr_cisco_asa_cursor *c, int protocol,
                            struct fr_cisco_asa_port_list *list) {
    int first = take_port(c, protocol);
    int last = flowrules_input_failed(c->r->in) ? -1 : take_port(c, protocol);
    if (first < 0 || last < 0)
        return false;
    if (first <= last)
        return fr_cisco_asa_add_ports(c->r, list, (unsigned)first, (unsigned)last);
    flowrules_input_error(c->r->in, fr_cisco_asa_taken(c), NULL, "a range ends before it begins");
    return false;
}

bool fr_cisco_asa_take_ports(struct fr_cisco_asa_cursor *c, int protocol, bool *given,
                             struct fr_cisco_asa_port_list *list) {
    static const char *const operators[] = {"eq", "lt", "gt", "neq"};
    *given = fr_cisco_asa_accept(c, "range");
    if (*given)
        return take_port_range(c, protocol, list);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (fr_cisco_asa_accept(c, operators[i])) {
            *given = true;
            int port = take_port(c, protocol);
            return port >= 0 && add_operator(c, operators[i], (unsigned)port, list);
        }
    return true;
}

bool fr_cisco_asa_take_icmp(struct fr_cisco_asa_cursor *c, struct flowrules_service *service) {
    static const char *const others[] = {"", "log", "time-range", "inactive"};
    unsigned code;
    const char *word = fr_cisco_asa_peek(c);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(word, others[i]) == 0)
            return true;
    service->icmp_type = fr_cisco_asa_icmp_type(word, service->protocol);
    if (service->icmp_type < 0 && *word >= '0' && *word <= '9')
        return fr_cisco_asa_expect(c, "a type of ICMP, 0 to 255,");
    c->at++;
    if (service->icmp_type < 0) {
        fr_cisco_asa_doubt_word(c, "the type of ICMP");
        return false;
    }
    word = fr_cisco_asa_peek(c);
    if (*word < '0' || *word > '9')
        return true;
    if (!flowrules_parse_number(word, strlen(word), 255, &code))
        return fr_cisco_asa_expect(c, "a code of ICMP, 0 to 255,");
    service->icmp_code = (int)code;
    c->at++;
    return true;
}

bool fr_cisco_asa_add_service(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_services *list,
                              struct flowrules_service service) {
    flowrules_input *in = c->r->in;
    struct flowrules_place at = {c->line->file, c->line->number, 0};
    if (list->count >= SERVICES_MAX) {
        flowrules_input_error(in, at, NULL, "an entry has more than %d services", SERVICES_MAX);
        return false;
    }
    list->services = flowrules_input_grow(in, list->services, &list->capacity, list->count,
                                          sizeof *list->services);
    if (list->services != NULL)
        list->services[list->count++] = service;
    return list->services != NULL;
}

/* ---- services of objects and groups -------------------------------------------------------- */

/* Adds a protocol with its ports, unless an operator left none. */
static bool add_with_ports(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_services *list,
                           int protocol, const bool given[2],
                           const struct fr_cisco_asa_port_list ports[2]) {
    struct flowrules_service service = {
        protocol, ports[0].ports, ports[1].ports, ports[0].count, ports[1].count, -1, -1};
    if ((given[0] && ports[0].count == 0) || (given[1] && ports[1].count == 0))
        return true;
    return fr_cisco_asa_add_service(c, list, service);
}

/* [source OPERATOR PORT] [destination OPERATOR PORT]; before 8.3 an operator alone. */
static bool take_service_ports(struct fr_cisco_asa_cursor *c, int protocol, bool given[2],
                               struct fr_cisco_asa_port_list ports[2]) {
    static const char *const ends[] = {"source", "destination"};
    for (int end = 0; end < 2; end++) {
        bool word = fr_cisco_asa_accept(c, ends[end]);
        if (!word && end == 0)
            continue;
        if (!fr_cisco_asa_take_ports(c, protocol, &given[end], &ports[end]))
            return false;
        if (word && !given[end])
            return fr_cisco_asa_expect(c, "eq, lt, gt, neq or range");
    }
    return true;
}

static bool has_ports(int protocol) {
    return protocol == TCP || protocol == UDP || protocol == SCTP;
}

/* "tcp destination eq 443", "icmp echo", "47" of an object or a group. */
static bool take_service(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_services *list) {
    struct fr_cisco_asa_port_list ports[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    bool given[2] = {false, false}, any, good;
    if (fr_cisco_asa_accept(c, "tcp-udp"))
        return take_service_ports(c, -1, given, ports) &&
               add_with_ports(c, list, TCP, given, ports) &&
               add_with_ports(c, list, UDP, given, ports);
    struct flowrules_service service = {.icmp_type = -1, .icmp_code = -1};
    service.protocol = fr_cisco_asa_protocol(fr_cisco_asa_take(c), &any);
    if (service.protocol < 0 && !any) {
        c->at--;
        return fr_cisco_asa_expect(c, "a protocol");
    }
    if (has_ports(service.protocol))
        return take_service_ports(c, service.protocol, given, ports) &&
               add_with_ports(c, list, service.protocol, given, ports);
    good = service.protocol != 1 && service.protocol != 58 ? true
                                                           : fr_cisco_asa_take_icmp(c, &service);
    return good && fr_cisco_asa_add_service(c, list, service);
}

static bool join_services(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_services *list,
                          const struct fr_cisco_asa_services *more) {
    for (size_t i = 0; i < more->count; i++)
        if (!fr_cisco_asa_add_service(c, list, more->services[i]))
            return false;
    return true;
}

/* ---- what the lines of an object or a group say -------------------------------------------- */

static bool read_fqdn(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_object *o) {
    bool only[2] = {fr_cisco_asa_accept(c, "v4"), fr_cisco_asa_accept(c, "v6")};
    if (*fr_cisco_asa_peek(c) == '\0')
        return fr_cisco_asa_expect(c, "a name");
    struct flowrules_place at = fr_cisco_asa_place(c);
    struct flowrules_set name = flowrules_input_name(c->r->in, at, fr_cisco_asa_take(c));
    if (fr_cisco_asa_accept(c, "id")) /* which of the ASA's own numbers it has */
        fr_cisco_asa_take(c);
    o->pair.of[0] = only[1] ? flowrules_input_none(c->r->in) : name;
    o->pair.of[1] = only[0] ? flowrules_input_none(c->r->in) : name;
    return !flowrules_input_failed(c->r->in);
}

/* The last value stands: an object holds one. */
static bool read_network(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_object *o,
                         const char *word) {
    struct flowrules_range range = {.family = FLOWRULES_IPV4};
    bool good = strcmp(word, "host") == 0     ? take_host(c, &range)
                : strcmp(word, "subnet") == 0 ? take_subnet(c, &range)
                : strcmp(word, "range") == 0  ? take_range(c, &range)
                                              : false;
    if (strcmp(word, "fqdn") == 0)
        return read_fqdn(c, o);
    if (good)
        set_subnet(c, &o->pair, &range);
    return good;
}

/* The object of a member, of the kind that may stand there. */
static const struct fr_cisco_asa_object *take_member(struct fr_cisco_asa_cursor *c,
                                                     enum fr_cisco_asa_kind kind) {
    const struct fr_cisco_asa_object *member = fr_cisco_asa_object_named(c, fr_cisco_asa_take(c));
    if (member != NULL && member->kind != kind) {
        flowrules_input_error(c->r->in, fr_cisco_asa_taken(c), NULL,
                              "'%.80s' has another kind than this group", member->name);
        return NULL;
    }
    return member;
}

/* A group's parts before they are united. */
struct parts {
    struct flowrules_set *of[2];
    size_t count, capacity[2], ranges;
};

static bool add_part(struct fr_cisco_asa_cursor *c, struct parts *parts,
                     const struct fr_cisco_asa_pair *pair) {
    for (int f = 0; f < 2; f++) {
        parts->of[f] = flowrules_input_grow(c->r->in, parts->of[f], &parts->capacity[f],
                                            parts->count, sizeof *parts->of[f]);
        if (parts->of[f] == NULL)
            return false;
        parts->of[f][parts->count] = pair->of[f];
        parts->ranges += flowrules_set_range_count(pair->of[f], (enum flowrules_family)f);
    }
    parts->count++;
    if (parts->ranges <= RANGES_MAX)
        return true;
    flowrules_input_error(c->r->in, fr_cisco_asa_taken(c), NULL,
                          "a group has more than %d addresses", RANGES_MAX);
    return false;
}

static bool read_network_member(struct fr_cisco_asa_cursor *c, struct parts *parts,
                                const char *word) {
    struct fr_cisco_asa_pair pair;
    if (strcmp(word, "network-object") == 0)
        return fr_cisco_asa_take_end(c, &pair) && add_part(c, parts, &pair);
    const struct fr_cisco_asa_object *group = take_member(c, FR_CISCO_ASA_NETWORK_GROUP);
    return group != NULL && add_part(c, parts, &group->pair);
}

static bool read_service_member(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_object *o,
                                const char *word) {
    const struct fr_cisco_asa_object *member;
    if (strcmp(word, "service-object") == 0 && !fr_cisco_asa_accept(c, "object"))
        return take_service(c, &o->services);
    member = take_member(c, strcmp(word, "group-object") == 0 ? FR_CISCO_ASA_SERVICE_GROUP
                                                              : FR_CISCO_ASA_SERVICE);
    return member != NULL && join_services(c, &o->services, &member->services);
}

static bool read_port_member(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_object *o,
                             const char *word) {
    bool given;
    if (strcmp(word, "port-object") == 0) {
        if (!fr_cisco_asa_take_ports(c, -1, &given, &o->ports))
            return false;
        return given || fr_cisco_asa_expect(c, "eq or range");
    }
    const struct fr_cisco_asa_object *member = take_member(c, FR_CISCO_ASA_PORT_GROUP);
    for (size_t i = 0; member != NULL && i < member->ports.count; i++)
        if (!fr_cisco_asa_add_ports(c->r, &o->ports, member->ports.ports[i].first,
                                    member->ports.ports[i].last))
            return false;
    return member != NULL;
}

static bool read_protocol_member(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_object *o,
                                 const char *word) {
    struct flowrules_service service = {.icmp_type = -1, .icmp_code = -1};
    bool any;
    if (strcmp(word, "group-object") == 0) {
        const struct fr_cisco_asa_object *member = take_member(c, FR_CISCO_ASA_PROTOCOL_GROUP);
        return member != NULL && join_services(c, &o->services, &member->services);
    }
    service.protocol = fr_cisco_asa_protocol(fr_cisco_asa_peek(c), &any);
    if (service.protocol < 0 && !any)
        return fr_cisco_asa_expect(c, "a protocol");
    c->at++;
    return fr_cisco_asa_add_service(c, &o->services, service);
}

/* Types are of ICMP; a rule about icmp6 looks up its own numbers, see the entries. */
static bool read_icmp_member(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_object *o,
                             const char *word) {
    struct flowrules_service service = {.protocol = 1, .icmp_type = -1, .icmp_code = -1};
    if (strcmp(word, "group-object") == 0) {
        const struct fr_cisco_asa_object *member = take_member(c, FR_CISCO_ASA_ICMP_GROUP);
        return member != NULL && join_services(c, &o->services, &member->services);
    }
    if (*fr_cisco_asa_peek(c) == '\0')
        return fr_cisco_asa_expect(c, "a type of ICMP");
    return fr_cisco_asa_take_icmp(c, &service) &&
           fr_cisco_asa_add_service(c, &o->services, service);
}

/* ---- objects ------------------------------------------------------------------------------- */

/* The words that each kind's lines begin with. */
static const char *const members[][5] = {
    [FR_CISCO_ASA_NETWORK] = {"host", "subnet", "range", "fqdn", NULL},
    [FR_CISCO_ASA_SERVICE] = {"service", NULL},
    [FR_CISCO_ASA_NETWORK_GROUP] = {"network-object", "group-object", NULL},
    [FR_CISCO_ASA_SERVICE_GROUP] = {"service-object", "group-object", NULL},
    [FR_CISCO_ASA_PORT_GROUP] = {"port-object", "group-object", NULL},
    [FR_CISCO_ASA_PROTOCOL_GROUP] = {"protocol-object", "group-object", NULL},
    [FR_CISCO_ASA_ICMP_GROUP] = {"icmp-object", "group-object", NULL},
    [FR_CISCO_ASA_OTHER] = {NULL},
};

static bool is_member(enum fr_cisco_asa_kind kind, const char *word) {
    for (size_t i = 0; members[kind][i] != NULL; i++)
        if (strcmp(members[kind][i], word) == 0)
            return true;
    return false;
}

static bool read_member(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_object *o,
                        struct parts *parts, const char *word) {
    switch (o->kind) {
    case FR_CISCO_ASA_NETWORK:
        return read_network(c, o, word);
    case FR_CISCO_ASA_SERVICE:
        o->services.count = 0;
        return take_service(c, &o->services);
    case FR_CISCO_ASA_NETWORK_GROUP:
        return read_network_member(c, parts, word);
    case FR_CISCO_ASA_SERVICE_GROUP:
        return read_service_member(c, o, word);
    case FR_CISCO_ASA_PORT_GROUP:
        return read_port_member(c, o, word);
    case FR_CISCO_ASA_PROTOCOL_GROUP:
        return read_protocol_member(c, o, word);
    case FR_CISCO_ASA_ICMP_GROUP:
        return read_icmp_member(c, o, word);
    case FR_CISCO_ASA_OTHER:
        break;
    }
    return false;
}

/* NAT of an object is about other addresses than those that lists see (since ASA 8.3). */
static bool read_line(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_object *o,
                      struct parts *parts) {
    const char *word = fr_cisco_asa_take(c);
    if (is_member(o->kind, word))
        return read_member(c, o, parts, word) && fr_cisco_asa_ends_here(c);
    if (strcmp(word, "description") == 0 && c->count > 1) {
        const char *from = c->line->text + c->words[1].column - 1;
        o->description =
            flowrules_input_copy(c->r->in, from, (size_t)(c->line->text + c->line->length - from));
        return true;
    }
    if (strcmp(word, "nat") == 0 || *word == '\0')
        return true;
    fr_cisco_asa_doubt_word(c, "in an object,");
    return false;
}

/* What has one label in both families is two objects of ours, and one network. */
static void label_with(struct fr_cisco_asa_reading *r, struct flowrules_set set, const char *name) {
    struct flowrules_set *known = flowrules_input_lookup(r->in, FR_CISCO_ASA_LABELS, name);
    flowrules_input_label(r->in, set, name, NULL);
    if (known != NULL) {
        struct flowrules_set both[] = {*known, set};
        *known = flowrules_input_unite(r->in, both, 2);
        flowrules_input_label(r->in, *known, name, NULL);
    } else if ((known = flowrules_input_alloc(r->in, sizeof *known)) != NULL) {
        *known = set;
        flowrules_input_define(r->in, FR_CISCO_ASA_LABELS, name, known);
    }
}

/* Names of ours are FR_LABEL@CONTENT; range and group are no labels. */
static void label(struct fr_cisco_asa_reading *r, const struct fr_cisco_asa_object *o) {
    struct flowrules_set all = flowrules_input_unite(r->in, o->pair.of, 2);
    const char *name = o->name, *at = strrchr(name, '@');
    if (strncmp(name, "FR_", 3) != 0 || at == NULL) {
        flowrules_input_label(r->in, all, name, o->description);
        return;
    }
    name = flowrules_input_copy(r->in, name + 3, (size_t)(at - name - 3));
    if (name != NULL && strcmp(name, "range") != 0 && strcmp(name, "group") != 0)
        label_with(r, all, name);
}

/* What the lines surely say; where some are not understood, a doubt is noted. */
static void read_lines(struct fr_cisco_asa_reading *r, struct fr_cisco_asa_object *o) {
    struct parts parts = {.count = 0};
    bool value = false;
    o->pair.of[0] = o->pair.of[1] = flowrules_input_none(r->in);
    for (size_t i = 0; i < o->held.count && !flowrules_input_failed(r->in); i++) {
        struct fr_cisco_asa_cursor c;
        fr_cisco_asa_begin(&c, r, &o->held.lines[i]);
        value = value || is_member(o->kind, fr_cisco_asa_peek(&c));
        read_line(&c, o, &parts);
    }
    if (flowrules_input_failed(r->in))
        return;
    if (!value && r->doubt == NULL)
        r->doubt = flowrules_input_print(r->in, "it is empty");
    bool network = o->kind == FR_CISCO_ASA_NETWORK, group = o->kind == FR_CISCO_ASA_NETWORK_GROUP;
    for (int f = 0; f < 2 && group; f++)
        o->pair.of[f] = flowrules_input_unite(r->in, parts.of[f], parts.count);
    if (r->doubt == NULL && (network || group))
        label(r, o);
    for (int f = 0; f < 2 && network && r->doubt != NULL; f++)
        o->pair.of[f] = flowrules_input_none(r->in); /* its last value is not known */
}

static bool is_later(const struct flowrules_place *at, const struct flowrules_line *line) {
    return at->file != line->file ? at->file > line->file : at->line > line->number;
}

struct fr_cisco_asa_object *fr_cisco_asa_object_named(struct fr_cisco_asa_cursor *c,
                                                      const char *name) {
    struct fr_cisco_asa_reading *r = c->r;
    struct flowrules_place at = fr_cisco_asa_taken(c);
    struct fr_cisco_asa_object *o = flowrules_input_lookup(r->in, FR_CISCO_ASA_OBJECT_NAMES, name);
    if (*name == '\0') {
        flowrules_input_error(r->in, at, NULL, "the line ends where a name is expected");
        return NULL;
    }
    if (o == NULL || o->gone) {
        fr_cisco_asa_doubt(c, "'%.80s' is not defined", name);
        return NULL;
    }
    if (!r->forward && is_later(&o->at, c->line)) {
        fr_cisco_asa_doubt(
            c, "an ASA refuses it unless '%.80s' already exists: here it is defined later", name);
        return NULL;
    }
    if (o->progress == FR_CISCO_ASA_READING || r->depth >= GROUPS_DEEP) {
        flowrules_input_error(r->in, at, NULL,
                              o->progress == FR_CISCO_ASA_READING
                                  ? "the group '%.80s' contains itself"
                                  : "groups are nested more than 64 levels deep, at '%.80s'",
                              name);
        return NULL;
    }
    if (o->kind == FR_CISCO_ASA_OTHER) {
        fr_cisco_asa_doubt(c, "'%.80s' is of a kind that is not understood", name);
        return NULL;
    }
    if (o->progress == FR_CISCO_ASA_UNREAD) {
        const char *before = r->doubt;
        r->depth++;
        r->doubt = NULL;
        o->progress = FR_CISCO_ASA_READING;
        read_lines(r, o);
        o->progress = FR_CISCO_ASA_KNOWN;
        o->doubt = r->doubt;
        r->doubt = before;
        r->depth--;
    }
    if (o->doubt != NULL)
        fr_cisco_asa_doubt(c, "'%.80s': %.300s", name, o->doubt);
    return flowrules_input_failed(r->in) ? NULL : o;
}
