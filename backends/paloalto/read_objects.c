/*
 * paloalto, reading: what the members of rules stand for: addresses and their groups, services and
 * theirs, URL categories. Each is read once, when a rule first needs it.
 *
 * Facts: PAN-OS 10.1 Administrator's Guide, "Policy Objects"; its Web Interface Help, "Objects".
 */
#include "read.h"

#include <stdio.h>
#include <string.h>

enum {
    PAIRS_MAX = 1000000, /* of ports of one service */
    TCP = 6,
    UDP = 17,
    SCTP = 132
};

struct fr_paloalto_entry *fr_paloalto_look_up(const struct fr_paloalto_reading *r,
                                              enum fr_paloalto_section section, const char *name,
                                              size_t *chained) {
    for (size_t i = *chained; i < r->chained; i++) {
        struct fr_paloalto_entry *e = fr_paloalto_find(r, section, r->chain[i], name);
        if (e != NULL) {
            *chained = i;
            return e;
        }
    }
    return NULL;
}

bool fr_paloalto_begin_entry(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e,
                             struct flowrules_place at) {
    return fr_tables_begin(r->in, &e->progress, &r->depth, e->name, at);
}

void fr_paloalto_end_entry(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e, bool good) {
    fr_tables_end(&e->progress, &r->depth, good);
}

/* ---- addresses ----------------------------------------------------------------------------- */

static bool read_range(struct fr_paloalto_reading *r, const struct fr_paloalto_attribute *a,
                       struct flowrules_set *set) {
    struct flowrules_range range;
    if (!flowrules_parse_range(a->value, strlen(a->value), &range)) {
        flowrules_input_error(r->in, a->at, NULL, "'%.80s' is not a valid address, prefix or range",
                              a->value);
        return false;
    }
    *set = flowrules_input_range(r->in, &range);
    return true;
}

/* An object holds one value. */
static bool read_address(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e) {
    const struct fr_paloalto_attribute *value = NULL;
    for (size_t i = 0; i < e->count; i++) {
        const struct fr_paloalto_attribute *a = &e->attributes[i];
        if (strcmp(a->key, "ip-netmask") == 0 || strcmp(a->key, "ip-range") == 0 ||
            strcmp(a->key, "fqdn") == 0 || strcmp(a->key, "ip-wildcard") == 0)
            value = a;
    }
    if (value == NULL) {
        flowrules_input_error(r->in, e->at, NULL, "the address '%.80s' is empty", e->name);
        return false;
    }
    if (strcmp(value->key, "ip-wildcard") == 0) {
        e->addresses.set = flowrules_input_none(r->in);
        e->addresses.doubt = flowrules_input_print(
            r->in, "the wildcard mask '%.80s' is not understood", value->value);
        return true;
    }
    if (strcmp(value->key, "fqdn") != 0)
        return read_range(r, value, &e->addresses.set);
    e->addresses.set = flowrules_input_name(r->in, value->at, value->value);
    return !flowrules_input_failed(r->in);
}

/* Members of a group are looked up from where the group stands. */
static bool read_address_group(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e,
                               size_t chained) {
    struct fr_sets members = {.sets = NULL};
    const struct fr_paloalto_attribute *member;
    if (fr_paloalto_value(e, "dynamic/filter") != NULL) {
        e->addresses.set = flowrules_input_none(r->in);
        e->addresses.doubt = flowrules_input_print(
            r->in, "the configuration does not have the members of the dynamic group '%.80s'",
            e->name);
        return true;
    }
    for (size_t i = 0; (member = fr_paloalto_next(e, "static", &i)) != NULL;) {
        struct fr_addresses one;
        if (!fr_paloalto_address(r, member, chained, &one) ||
            !fr_tables_add_set(r->in, &members, one, member->at))
            return false;
    }
    if (members.count == 0) {
        flowrules_input_error(r->in, e->at, NULL, "the group '%.80s' is empty", e->name);
        return false;
    }
    e->addresses.doubt = members.doubt;
    e->addresses.set = flowrules_input_unite(r->in, members.sets, members.count);
    return true;
}

/* Regions are two letters; lists that Palo Alto keeps begin with panw-. */
static bool is_brought_along(const char *name) {
    bool region =
        strlen(name) == 2 && name[0] >= 'A' && name[0] <= 'Z' && name[1] >= 'A' && name[1] <= 'Z';
    return region || strncmp(name, "panw-", 5) == 0;
}

static bool read_unnamed(struct fr_paloalto_reading *r, const struct fr_paloalto_attribute *member,
                         size_t chained, struct fr_addresses *addresses) {
    struct flowrules_range range;
    *addresses = (struct fr_addresses){.doubt = NULL};
    if (flowrules_parse_range(member->value, strlen(member->value), &range)) {
        addresses->set = flowrules_input_range(r->in, &range);
        return true;
    }
    addresses->set = flowrules_input_none(r->in);
    if (is_brought_along(member->value) ||
        fr_paloalto_look_up(r, FR_PALOALTO_LIST, member->value, &chained) != NULL) {
        addresses->doubt = flowrules_input_print(
            r->in, "the configuration does not have the contents of '%.80s'", member->value);
        return true;
    }
    flowrules_input_error(r->in, member->at, "use the whole configuration, what is shared too",
                          "there is no address or address group '%.80s'", member->value);
    return false;
}

bool fr_paloalto_address(struct fr_paloalto_reading *r, const struct fr_paloalto_attribute *member,
                         size_t chained, struct fr_addresses *addresses) {
    size_t at = chained;
    struct fr_paloalto_entry *e = fr_paloalto_look_up(r, FR_PALOALTO_ADDRESS, member->value, &at);
    if (e == NULL) {
        at = chained;
        e = fr_paloalto_look_up(r, FR_PALOALTO_ADDRESS_GROUP, member->value, &at);
    }
    if (e == NULL)
        return read_unnamed(r, member, chained, addresses);
    if (fr_paloalto_begin_entry(r, e, member->at)) {
        bool good =
            e->section == FR_PALOALTO_ADDRESS ? read_address(r, e) : read_address_group(r, e, at);
        fr_paloalto_end_entry(r, e, good);
        if (good && e->addresses.doubt == NULL)
            fr_tables_label(r->in, e->addresses.set, e->name, fr_paloalto_value(e, "description"),
                            e->section == FR_PALOALTO_ADDRESS_GROUP);
    }
    *addresses = e->addresses;
    return e->progress == FR_KNOWN;
}

/* ---- services ------------------------------------------------------------------------------ */

struct ports {
    struct flowrules_ports *ports;
    size_t count, capacity;
};

static bool read_ports(struct fr_paloalto_reading *r, const struct fr_paloalto_attribute *a,
                       struct ports *list) {
    for (const char *at = a->value;; at++) {
        size_t length = strcspn(at, ",");
        list->ports = flowrules_input_grow(r->in, list->ports, &list->capacity, list->count,
                                           sizeof *list->ports);
        if (list->ports == NULL)
            return false;
        if (!fr_tables_ports(at, length, &list->ports[list->count++])) {
            flowrules_input_error(r->in, a->at, NULL,
                                  "'%.*s' is not a valid port or range of ports",
                                  (int)(length < 80 ? length : 80), at);
            return false;
        }
        at += length;
        if (*at == '\0')
            return true;
    }
}

static const struct {
    int protocol;
    const char *port, *source_port;
} port_keys[] = {
    {TCP, "protocol/tcp/port", "protocol/tcp/source-port"},
    {UDP, "protocol/udp/port", "protocol/udp/source-port"},
    {SCTP, "protocol/sctp/port", "protocol/sctp/source-port"},
};
enum { PORT_KEYS = sizeof port_keys / sizeof *port_keys };

static bool read_service(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e) {
    int protocol = -1;
    struct ports ports = {NULL, 0, 0}, sources = {NULL, 0, 0};
    for (size_t i = 0; i < e->count; i++)
        for (size_t k = 0; k < PORT_KEYS; k++) {
            const struct fr_paloalto_attribute *a = &e->attributes[i];
            bool port = strcmp(a->key, port_keys[k].port) == 0;
            if (!port && strcmp(a->key, port_keys[k].source_port) != 0)
                continue;
            struct ports *list = port ? &ports : &sources;
            if (protocol != port_keys[k].protocol) /* a service has one */
                ports.count = sources.count = 0;
            list->count = 0; /* the last value stands */
            protocol = port_keys[k].protocol;
            if (!read_ports(r, a, list))
                return false;
        }
    if (ports.count == 0) {
        flowrules_input_error(r->in, e->at, NULL, "the service '%.80s' has no port", e->name);
        return false;
    }
    if (sources.count * ports.count > PAIRS_MAX) {
        flowrules_input_error(r->in, e->at, NULL,
                              "the service '%.80s' has more than %d pairs of ports", e->name,
                              PAIRS_MAX);
        return false;
    }
    struct flowrules_service service = {
        protocol, sources.ports, ports.ports, sources.count, ports.count, -1, -1};
    return fr_tables_add_service(r->in, &e->services, service);
}

static bool read_service_group(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e,
                               size_t chained) {
    const struct fr_paloalto_attribute *member;
    for (size_t i = 0; (member = fr_paloalto_next(e, "members", &i)) != NULL;)
        if (!fr_paloalto_service(r, member, chained, &e->services))
            return false;
    if (e->services.count == 0)
        flowrules_input_error(r->in, e->at, NULL, "the group '%.80s' is empty", e->name);
    return e->services.count > 0;
}

/* The two services that every PAN-OS has. */
static bool add_predefined(struct fr_paloalto_reading *r, const char *name,
                           struct fr_services *services, bool *found) {
    static const struct flowrules_ports http[] = {{80, 80}, {8080, 8080}}, https[] = {{443, 443}};
    bool plain = strcmp(name, "service-http") == 0;
    *found = plain || strcmp(name, "service-https") == 0;
    struct flowrules_service service = {TCP, NULL, plain ? http : https, 0, plain ? 2 : 1, -1, -1};
    return *found && fr_tables_add_service(r->in, services, service);
}

bool fr_paloalto_service(struct fr_paloalto_reading *r, const struct fr_paloalto_attribute *member,
                         size_t chained, struct fr_services *services) {
    size_t at = chained;
    bool found;
    struct fr_paloalto_entry *e = fr_paloalto_look_up(r, FR_PALOALTO_SERVICE, member->value, &at);
    if (e == NULL) {
        at = chained;
        e = fr_paloalto_look_up(r, FR_PALOALTO_SERVICE_GROUP, member->value, &at);
    }
    if (e == NULL && add_predefined(r, member->value, services, &found))
        return true;
    if (e == NULL) {
        flowrules_input_error(r->in, member->at, "use the whole configuration, what is shared too",
                              "there is no service or service group '%.80s'", member->value);
        return false;
    }
    if (fr_paloalto_begin_entry(r, e, member->at))
        fr_paloalto_end_entry(r, e,
                              e->section == FR_PALOALTO_SERVICE ? read_service(r, e)
                                                                : read_service_group(r, e, at));
    return e->progress == FR_KNOWN && fr_tables_add_services(r->in, services, &e->services, -1);
}

/* ---- URL categories ------------------------------------------------------------------------ */

/*
 * "name/" and "*.name/", of any path. Without the slash PAN-OS before 10.2 matches more; with
 * anything else it is about what is asked for at a name.
 */
static bool read_url(struct fr_paloalto_reading *r, const struct fr_paloalto_attribute *a,
                     struct fr_addresses *names) {
    size_t length = strlen(a->value);
    const char *from = strncmp(a->value, "*.", 2) == 0 ? a->value + 2 : a->value;
    *names = (struct fr_addresses){.set = flowrules_input_none(r->in)};
    if (length < 2 || a->value[length - 1] != '/' || strcspn(from, "/*^") != strlen(from) - 1) {
        names->doubt = flowrules_input_print(r->in, "the URL '%.80s' is not understood", a->value);
        return true;
    }
    const char *name = flowrules_input_copy(r->in, a->value, length - 1);
    if (name == NULL)
        return false;
    names->set = flowrules_input_name(r->in, a->at, name);
    return !flowrules_input_failed(r->in);
}

static bool read_category(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e) {
    struct flowrules_set *sets = NULL;
    size_t count = 0, capacity = 0;
    const struct fr_paloalto_attribute *url;
    const char *type = fr_paloalto_value(e, "type");
    if (type != NULL && strcmp(type, "URL List") != 0)
        e->addresses.doubt = flowrules_input_print(
            r->in, "the category '%.80s' consists of other categories", e->name);
    for (size_t i = 0;
         e->addresses.doubt == NULL && (url = fr_paloalto_next(e, "list", &i)) != NULL; count++) {
        struct fr_addresses one;
        sets = flowrules_input_grow(r->in, sets, &capacity, count, sizeof *sets);
        if (sets == NULL || !read_url(r, url, &one))
            return false;
        sets[count] = one.set;
        e->addresses.doubt = one.doubt;
    }
    e->addresses.set = flowrules_input_unite(r->in, sets, count);
    return true;
}

bool fr_paloalto_category(struct fr_paloalto_reading *r, const struct fr_paloalto_attribute *member,
                          struct fr_addresses *names) {
    size_t at = 0;
    struct fr_paloalto_entry *e = fr_paloalto_look_up(r, FR_PALOALTO_CATEGORY, member->value, &at);
    if (e == NULL) {
        names->set = flowrules_input_none(r->in);
        names->doubt = flowrules_input_print(
            r->in, "the configuration does not have the contents of the category '%.80s'",
            member->value);
        return true;
    }
    if (fr_paloalto_begin_entry(r, e, member->at))
        fr_paloalto_end_entry(r, e, read_category(r, e));
    *names = e->addresses;
    return e->progress == FR_KNOWN;
}
