/*
 * juniper-srx, reading: what the members of policies stand for: addresses and their sets,
 * applications and theirs. Each is read once, when a policy first needs it.
 */
#include <string.h>

#include "juniper_srx.h"

enum { ICMP = 1, ICMPV6 = 58 };

struct object {
    enum fr_progress progress;
    struct fr_addresses addresses;
    struct fr_srx_services services;
};

/* What an entry stands for; NULL, with an error, where there is none. */
static struct object *object_of(struct fr_srx_reading *r, struct fr_node *entry,
                                const struct fr_node *member, const char *what) {
    if (entry == NULL)
        flowrules_input_error(r->in, member->at, "use the whole configuration",
                              "there is no %s '%.80s'", what, member->name);
    else if (entry->meaning == NULL)
        entry->meaning = flowrules_input_alloc(r->in, sizeof(struct object));
    return entry == NULL ? NULL : entry->meaning;
}

static bool holds_nothing(struct fr_srx_reading *r, const struct fr_node *entry) {
    flowrules_input_error(r->in, entry->at, NULL, "'%.80s' holds nothing", entry->name);
    return false;
}

/* ---- addresses ----------------------------------------------------------------------------- */

/* An address of a book, or a set. */
static struct fr_node *entry_in(const struct fr_tree *t, const struct fr_node *book,
                                const char *name) {
    struct fr_node *entry = fr_child(t, fr_child(t, book, "address"), name);
    return entry != NULL ? entry : fr_child(t, fr_child(t, book, "address-set"), name);
}

/* A zone's own book, one that is attached to it, then the global one. */
static struct fr_node *find_address(const struct fr_tree *t, const char *zone, const char *name) {
    const struct fr_node *books = fr_top(t, "security address-book"), *own = NULL;
    struct fr_node *entry = NULL;
    if (zone != NULL)
        own = fr_child(t, fr_top(t, "security zones security-zone"), zone);
    entry = entry_in(t, fr_child(t, own, "address-book"), name);
    for (const struct fr_node *b = fr_first(books); zone && entry == NULL && b; b = fr_next(b))
        if (fr_child(t, fr_get(t, b, "attach zone"), zone) != NULL)
            entry = entry_in(t, b, name);
    return entry != NULL ? entry : entry_in(t, fr_child(t, books, "global"), name);
}

/* One value of an address; false where it is none. A name of one family alone is in doubt. */
static bool read_value(struct fr_srx_reading *r, const struct fr_node *value,
                       struct fr_addresses *a) {
    const struct fr_node *of = fr_first(value);
    const char *text = value->name, *last;
    struct flowrules_range range;
    if (fr_is(text, "dns-name") && of != NULL && fr_first(of) == NULL) {
        a->set = flowrules_input_name(r->in, of->at, of->name);
        return !flowrules_input_failed(r->in);
    }
    if ((fr_is(text, "dns-name") || fr_is(text, "wildcard-address")) && of != NULL) {
        a->doubt = flowrules_input_print(r->in, "the %s '%.80s' is not understood", text, of->name);
        return true;
    }
    if (fr_is(text, "range-address") && of != NULL) {
        last = fr_value(&r->tree, of, "to");
        text = flowrules_input_print(r->in, "%s-%s", of->name, last != NULL ? last : "");
    }
    if (text == NULL || !flowrules_parse_range(text, strlen(text), &range))
        return false;
    a->set = flowrules_input_range(r->in, &range);
    return true;
}

static bool read_address(struct fr_srx_reading *r, const struct fr_node *entry,
                         struct fr_addresses *a) {
    size_t count = 0;
    for (const struct fr_node *v = fr_first(entry); v != NULL; v = fr_next(v)) {
        if (fr_is(v->name, "description"))
            continue;
        if (++count > 1 || !read_value(r, v, a)) {
            flowrules_input_error(r->in, v->at, NULL, "'%.80s' is not a valid address or range",
                                  v->name);
            return false;
        }
    }
    return count == 1 || holds_nothing(r, entry);
}

static bool add_address(struct fr_srx_reading *r, const struct fr_node *member,
                        struct fr_node *entry, struct fr_sets *list);

/* Members of a set are in its own book. */
static bool read_set(struct fr_srx_reading *r, const struct fr_node *entry,
                     struct fr_addresses *a) {
    static const char *const kinds[] = {"address", "address-set"};
    const struct fr_node *book = entry->parent->parent;
    struct fr_sets list = {.count = 0};
    for (size_t k = 0; k < 2; k++) {
        const struct fr_node *m = fr_first(fr_child(&r->tree, entry, kinds[k]));
        for (; m != NULL; m = fr_next(m))
            if (!add_address(r, m, entry_in(&r->tree, book, m->name), &list))
                return false;
    }
    *a = (struct fr_addresses){flowrules_input_unite(r->in, list.sets, list.count), list.doubt};
    return list.count > 0 || holds_nothing(r, entry);
}

static bool add_address(struct fr_srx_reading *r, const struct fr_node *member,
                        struct fr_node *entry, struct fr_sets *list) {
    struct object *o = object_of(r, entry, member, "address or address set");
    if (o != NULL && fr_tables_begin(r->in, &o->progress, &r->depth, entry->name, member->at)) {
        bool set = fr_is(entry->parent->name, "address-set");
        o->addresses.set = flowrules_input_none(r->in);
        bool good = set ? read_set(r, entry, &o->addresses) : read_address(r, entry, &o->addresses);
        fr_tables_end(&o->progress, &r->depth, good);
        if (good && o->addresses.doubt == NULL)
            fr_tables_label(r->in, o->addresses.set, entry->name,
                            fr_value(&r->tree, entry, "description"), set);
    }
    return o != NULL && o->progress == FR_KNOWN &&
           fr_tables_add_set(r->in, list, o->addresses, member->at);
}

bool fr_srx_addresses(struct fr_srx_reading *r, const struct fr_node *members, const char *zone,
                      struct fr_addresses *all) {
    struct fr_sets list = {.count = 0};
    for (const struct fr_node *m = fr_first(members); m != NULL; m = fr_next(m)) {
        struct fr_addresses one = {flowrules_input_any(r->in), NULL};
        if (fr_is_one(m->name, "any-ipv4 any-ipv6"))
            one.set =
                flowrules_input_family(r->in, m->name[7] == '4' ? FLOWRULES_IPV4 : FLOWRULES_IPV6);
        if (fr_is_one(m->name, "any any-ipv4 any-ipv6")
                ? !fr_tables_add_set(r->in, &list, one, m->at)
                : !add_address(r, m, find_address(&r->tree, zone, m->name), &list))
            return false;
    }
    *all = (struct fr_addresses){flowrules_input_unite(r->in, list.sets, list.count), list.doubt};
    return true;
}

/* ---- applications -------------------------------------------------------------------------- */

/*
 * What every SRX has in its group junos-defaults: a protocol, and one destination port.
 * (Predefined Policy Applications; Batfish, JunosApplication.java)
 */
static const struct {
    const char *name;
    int protocol;
    struct flowrules_ports port;
} predefined[] = {
    {"junos-bgp", 6, {179, 179}},    {"junos-dhcp-relay", 17, {67, 67}},
    {"junos-dns-tcp", 6, {53, 53}},  {"junos-dns-udp", 17, {53, 53}},
    {"junos-finger", 6, {79, 79}},   {"junos-ftp", 6, {21, 21}},
    {"junos-gre", 47, {0, 0}},       {"junos-http", 6, {80, 80}},
    {"junos-https", 6, {443, 443}},  {"junos-icmp-all", 1, {0, 0}},
    {"junos-icmp6-all", 58, {0, 0}}, {"junos-imap", 6, {143, 143}},
    {"junos-imaps", 6, {993, 993}},  {"junos-ldap", 6, {389, 389}},
    {"junos-ntp", 17, {123, 123}},   {"junos-ospf", 89, {0, 0}},
    {"junos-pop3", 6, {110, 110}},   {"junos-pptp", 6, {1723, 1723}},
    {"junos-rtsp", 6, {554, 554}},   {"junos-smtp", 6, {25, 25}},
    {"junos-ssh", 6, {22, 22}},      {"junos-syslog", 17, {514, 514}},
    {"junos-telnet", 6, {23, 23}},   {"junos-tftp", 17, {69, 69}},
};

/* An application that the files don't have; true also where it is in doubt. */
static bool add_predefined(struct fr_srx_reading *r, const struct fr_node *member,
                           struct fr_srx_services *services) {
    for (size_t i = 0; i < sizeof predefined / sizeof predefined[0]; i++)
        if (fr_is(member->name, predefined[i].name)) {
            size_t ports = predefined[i].port.first > 0 ? 1 : 0;
            struct flowrules_service service = {
                predefined[i].protocol, NULL, &predefined[i].port, 0, ports, -1, -1};
            return fr_tables_add_service(r->in, &services->whats.list, service);
        }
    if (strncmp(member->name, "junos-", 6) != 0)
        return object_of(r, NULL, member, "application or application set") != NULL;
    services->doubt = flowrules_input_print(
        r->in, "flowrules does not know the Junos application '%.80s'", member->name);
    return true;
}

/* A range of ports, which Junos also takes by name; NULL where it is none. */
static struct flowrules_ports *read_ports(struct fr_srx_reading *r, const char *text,
                                          int protocol) {
    struct flowrules_ports *ports = flowrules_input_alloc(r->in, sizeof *ports);
    int port = flowrules_parse_port(text, protocol);
    if (ports == NULL || fr_tables_ports(text, strlen(text), ports))
        return ports;
    *ports = (struct flowrules_ports){(uint16_t)port, (uint16_t)port};
    return port < 0 ? NULL : ports;
}

/* One attribute and its value; false where it is not understood. */
static bool read_attribute(struct fr_srx_reading *r, struct flowrules_service *s, const char *key,
                           const char *value) {
    bool icmp = s->protocol == ICMP, source = fr_is(key, "source-port");
    bool code = fr_is(key, icmp ? "icmp-code" : "icmp6-code");
    if (code || fr_is(key, icmp ? "icmp-type" : "icmp6-type")) {
        unsigned number = 256;
        bool good = flowrules_parse_number(value, strlen(value), 255, &number);
        *(code ? &s->icmp_code : &s->icmp_type) = (int)number;
        return good && (icmp || s->protocol == ICMPV6);
    }
    if (!source && !fr_is(key, "destination-port"))
        return fr_is_one(key, "alg application-protocol description protocol inactivity-timeout");
    struct flowrules_ports *ports = read_ports(r, value, s->protocol);
    *(source ? &s->source_ports : &s->destination_ports) = ports;
    *(source ? &s->source_port_count : &s->destination_port_count) = 1;
    return ports != NULL;
}

/* A term, or an application without. Junos' "ipip" is 4, and IANA's another one. */
static bool read_term(struct fr_srx_reading *r, const struct fr_node *term,
                      struct fr_srx_services *services) {
    const char *word = fr_value(&r->tree, term, "protocol"), *unclear = NULL;
    struct flowrules_service s = {.protocol = -1, .icmp_type = -1, .icmp_code = -1};
    if (word != NULL && !fr_is(word, "ipip"))
        s.protocol = fr_is(word, "icmp6") ? ICMPV6 : flowrules_parse_protocol(word);
    for (const struct fr_node *key = fr_first(term); key != NULL && !unclear; key = fr_next(key)) {
        const struct fr_node *value = fr_first(key);
        if (value == NULL || !read_attribute(r, &s, key->name, value->name))
            unclear = key->name;
    }
    if (unclear == NULL && s.protocol >= 0 && (s.icmp_code < 0 || s.icmp_type >= 0))
        return fr_tables_add_service(r->in, &services->whats.list, s);
    services->doubt =
        flowrules_input_print(r->in, "'%.40s' of the application '%.80s' is not understood",
                              unclear != NULL ? unclear : "protocol", term->name);
    return true;
}

static bool read_application(struct fr_srx_reading *r, const struct fr_node *entry,
                             struct fr_srx_services *services) {
    const struct fr_tree *t = &r->tree;
    const struct fr_node *term = fr_first(fr_child(t, entry, "term"));
    bool good = true;
    if (fr_is(entry->parent->name, "application-set"))
        good = fr_srx_applications(r, fr_child(t, entry, "application"), services) &&
               fr_srx_applications(r, fr_child(t, entry, "application-set"), services);
    else if (term == NULL)
        good = read_term(r, entry, services);
    for (; good && term != NULL; term = fr_next(term))
        good = read_term(r, term, services);
    return good && (services->doubt != NULL || !fr_tables_is_nothing(&services->whats) ||
                    holds_nothing(r, entry));
}

/* Of the configuration, else of Junos' own group where the files have it. */
static struct fr_node *find_application(const struct fr_tree *t, const char *name) {
    static const char *const places[] = {"applications application", "applications application-set",
                                         "groups junos-defaults applications application",
                                         "groups junos-defaults applications application-set"};
    struct fr_node *found = NULL;
    for (size_t i = 0; i < 4 && found == NULL; i++)
        found = fr_child(t, fr_top(t, places[i]), name);
    return found;
}

static bool add_application(struct fr_srx_reading *r, const struct fr_node *member,
                            struct fr_srx_services *services) {
    struct fr_node *entry = find_application(&r->tree, member->name);
    if (fr_is(member->name, "any"))
        return services->whats.all = true;
    if (entry == NULL)
        return add_predefined(r, member, services);
    struct object *o = object_of(r, entry, member, "");
    if (o != NULL && fr_tables_begin(r->in, &o->progress, &r->depth, entry->name, member->at))
        fr_tables_end(&o->progress, &r->depth, read_application(r, entry, &o->services));
    if (o == NULL || o->progress != FR_KNOWN)
        return false;
    services->doubt = services->doubt == NULL ? o->services.doubt : services->doubt;
    services->whats.all = services->whats.all || o->services.whats.all;
    return fr_tables_add_services(r->in, &services->whats.list, &o->services.whats.list, -1);
}

bool fr_srx_applications(struct fr_srx_reading *r, const struct fr_node *members,
                         struct fr_srx_services *services) {
    for (const struct fr_node *m = fr_first(members); m != NULL; m = fr_next(m))
        if (!add_application(r, m, services))
            return false;
    return true;
}
