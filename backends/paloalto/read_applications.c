/*
 * paloalto, reading: what the applications of rules are: protocols without ports and types of ICMP,
 * by PAN-OS's own applications or the configuration's, and App-IDs by the ports that they are
 * usually found at. Knows no rule.
 *
 * Facts: PAN-OS 10.1 Web Interface Help, "Defining Applications"; its Networking Administrator's
 * Guide, "ICMP"; for protocols and default ports the predefined applications of content release
 * 517-2824, as github.com/cpainchaud/pan-configurator has them (predefined.xml).
 */
#include "read.h"

#include <string.h>

enum { ICMP = 1, ECHO = 8, TCP = 6, UDP = 17, ICMPV6 = 58, TYPES = 256, TEXT = 80 };

/* ---- what is known ----------------------------------------------------------------------------
 */

/* PAN-OS's own applications of what has no ports. */
static const struct {
    const char *name;
    int protocol;
} protocols[] = {
    {"igmp", 2},   {"gre", 47},  {"ipsec-esp", 50}, {"ipsec-ah", 51},
    {"eigrp", 88}, {"ospf", 89}, {"pim", 103},      {"vrrp", 112},
};

/*
 * Well-known App-IDs with their default ports. "snmp" is a container of those below it. No source
 * was found for the default ports of those without any here: of them the protocols are known.
 */
static const struct {
    const char *name;
    uint16_t tcp[2], udp[2];
    bool by_tcp, by_udp;
} well_known[] = {
    {"dns", {53}, {53, 5353}, true, true},
    {"ike", {500}, {500}, true, true},
    {"imap", {143}, {0}, true, false},
    {"ms-rdp", {3389}, {3389}, true, true},
    {"ntp", {123}, {123}, true, true},
    {"smtp", {25, 587}, {0}, true, false},
    {"snmp", {161}, {161}, true, true},
    {"snmp-base", {161}, {161}, true, true},
    {"snmp-trap", {162}, {162}, true, true},
    {"snmpv1", {161}, {161}, true, true},
    {"snmpv2", {161}, {161}, true, true},
    {"snmpv3", {161}, {161}, true, true},
    {"ssh", {22}, {0}, true, false},
    {"ssl", {443}, {0}, true, false},
    {"web-browsing", {80}, {0}, true, false},
    {"bgp", {0}, {0}, true, false},
    {"dhcp", {0}, {0}, false, true},
    {"dns-base", {0}, {0}, true, true},
    {"ftp", {0}, {0}, true, false},
    {"kerberos", {0}, {0}, true, true},
    {"ldap", {0}, {0}, true, true},
    {"mongodb", {0}, {0}, true, false},
    {"ms-ds-smb", {0}, {0}, true, true},
    {"mssql-db", {0}, {0}, true, false},
    {"mysql", {0}, {0}, true, false},
    {"ntp-base", {0}, {0}, true, true},
    {"oracle", {0}, {0}, true, false},
    {"pop3", {0}, {0}, true, false},
    {"postgres", {0}, {0}, true, false},
    {"radius", {0}, {0}, true, true},
    {"redis", {0}, {0}, true, false},
    {"rsync", {0}, {0}, true, false},
    {"sip", {0}, {0}, true, true},
    {"smtp-base", {0}, {0}, true, false},
    {"syslog", {0}, {0}, true, true},
    {"tacacs-plus", {0}, {0}, true, true},
    {"telnet", {0}, {0}, true, false},
    {"tftp", {0}, {0}, false, true},
};

/* The ports of a protocol, zeros left out. */
static bool add_ports(struct fr_paloalto_reading *r, struct fr_services *list, int protocol,
                      const uint16_t numbers[2]) {
    struct flowrules_ports *ports = flowrules_input_alloc(r->in, 2 * sizeof *ports);
    struct flowrules_service service = {
        .protocol = protocol, .destination_ports = ports, .icmp_type = -1, .icmp_code = -1};
    for (size_t i = 0; ports != NULL && i < 2; i++)
        if (numbers[i] != 0)
            ports[service.destination_port_count++] =
                (struct flowrules_ports){numbers[i], numbers[i]};
    return ports != NULL &&
           (service.destination_port_count == 0 || fr_tables_add_service(r->in, list, service));
}

/* ---- the configuration's own -------------------------------------------------------------------
 */

static bool has_prefix(const char *key, const char *prefix) {
    size_t length = strlen(prefix);
    return strncmp(key, prefix, length) == 0 && (key[length] == '\0' || key[length] == '/');
}

/* A number of an attribute, up to 255; false where it is none. */
static bool number_of(const struct fr_paloalto_attribute *a, int *number) {
    unsigned value;
    if (!flowrules_parse_number(a->value, strlen(a->value), 255, &value))
        return false;
    *number = (int)value;
    return true;
}

static const struct {
    const char *key;
    int protocol; /* 0: the value is it */
    bool code;
} identities[] = {
    {"default/ident-by-ip-protocol", 0, false},
    {"default/ident-by-icmp-type", ICMP, false},
    {"default/ident-by-icmp-type/type", ICMP, false},
    {"default/ident-by-icmp-type/code", ICMP, true},
    {"default/ident-by-icmp6-type", ICMPV6, false},
    {"default/ident-by-icmp6-type/type", ICMPV6, false},
    {"default/ident-by-icmp6-type/code", ICMPV6, true},
};

static bool identify_by(const struct fr_paloalto_attribute *a, struct flowrules_service *service) {
    for (size_t i = 0; i < sizeof identities / sizeof *identities; i++) {
        int number;
        if (strcmp(a->key, identities[i].key) != 0)
            continue;
        if (!number_of(a, &number))
            return false;
        if (identities[i].protocol == 0)
            service->protocol = number;
        else
            service->protocol = identities[i].protocol;
        if (identities[i].code)
            service->icmp_code = number;
        else if (identities[i].protocol != 0)
            service->icmp_type = number;
        return true;
    }
    return !has_prefix(a->key, "default") && !has_prefix(a->key, "signature") &&
           !has_prefix(a->key, "parent-app");
}

static bool find_identity(const struct fr_paloalto_entry *e, struct flowrules_service *service) {
    for (size_t i = 0; i < e->count; i++)
        if (!identify_by(&e->attributes[i], service))
            return false;
    return service->protocol >= 0 && (service->icmp_code < 0 || service->icmp_type >= 0);
}

/* Is an application known by its protocol, or its type of ICMP, and by nothing else? */
static bool identify(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e,
                     struct flowrules_service *service) {
    *service = (struct flowrules_service){.protocol = -1, .icmp_type = -1, .icmp_code = -1};
    if (e->progress == FR_UNREAD) {
        e->progress = FR_UNKNOWN;
        if (find_identity(e, service) && fr_tables_add_service(r->in, &e->services, *service))
            e->progress = FR_KNOWN;
    }
    if (e->progress == FR_KNOWN)
        *service = e->services.services[0];
    return e->progress == FR_KNOWN;
}

/* ---- what PAN-OS's own leave to them ------------------------------------------------------------
 */

struct taking {
    struct fr_paloalto_reading *r;
    const struct fr_paloalto_entry *rule;
    size_t chained;
    struct fr_paloalto_applications *all;
    size_t pass;
};

static bool is_in_reach(const struct taking *t, const struct fr_paloalto_entry *e) {
    for (size_t i = 0; i < t->r->chained; i++)
        if (e->present && strcmp(t->r->chain[i], e->scope) == 0)
            return true;
    return false;
}

/*
 * An application of the configuration's own takes these packets. Whether one of PAN-OS's still has
 * them is not known, and does not matter where the rule names both.
 */
static void note_taken(const struct taking *t, const struct fr_paloalto_entry *e,
                       const char *name) {
    if (e->named_by != t->rule && t->all->doubt == NULL)
        t->all->doubt = flowrules_input_print(
            t->r->in, "it is not known whether packets of '%.*s' are still '%.*s'", TEXT, e->name,
            TEXT, name);
}

/* Adds a type, or a whole protocol (type -1), less what own applications take of it. */
static bool add_left(const struct taking *t, const char *name, int protocol, int type) {
    struct flowrules_service service = {.protocol = protocol, .icmp_type = type, .icmp_code = -1};
    bool codes[TYPES] = {false}, some = false;
    for (struct fr_paloalto_entry *e = t->r->applications; e != NULL; e = e->next_application) {
        struct flowrules_service own;
        if (!is_in_reach(t, e) || !identify(t->r, e, &own) || own.protocol != protocol ||
            (own.icmp_type >= 0 && own.icmp_type != type))
            continue;
        note_taken(t, e, name);
        if (own.icmp_code < 0)
            return true;
        codes[own.icmp_code] = some = true;
    }
    if (!some)
        return fr_tables_add_service(t->r->in, &t->all->exact, service);
    for (service.icmp_code = 0; service.icmp_code < TYPES; service.icmp_code++)
        if (!codes[service.icmp_code] && !fr_tables_add_service(t->r->in, &t->all->exact, service))
            return false;
    return true;
}

/* Is there an own application of a protocol, by its types? */
static bool has_own_types(const struct taking *t, int protocol) {
    for (struct fr_paloalto_entry *e = t->r->applications; e != NULL; e = e->next_application) {
        struct flowrules_service own;
        if (is_in_reach(t, e) && identify(t->r, e, &own) && own.protocol == protocol)
            return true;
    }
    return false;
}

/* "icmp" is every type but the echo, which is "ping". */
static bool add_types(const struct taking *t, const char *name, int protocol, int but) {
    if (but < 0 && !has_own_types(t, protocol))
        return add_left(t, name, protocol, -1);
    for (int type = 0; type < TYPES; type++)
        if (type != but && !add_left(t, name, protocol, type))
            return false;
    return true;
}

/* ---- the applications of a rule
 * ------------------------------------------------------------------ */

static bool add_well_known(const struct taking *t, size_t index) {
    struct fr_paloalto_applications *all = t->all;
    all->well_known = well_known[index].name;
    all->by_tcp = all->by_tcp || well_known[index].by_tcp;
    all->by_udp = all->by_udp || well_known[index].by_udp;
    if (well_known[index].tcp[0] == 0 && well_known[index].udp[0] == 0)
        all->portless = well_known[index].name;
    return add_ports(t->r, &all->ports, TCP, well_known[index].tcp) &&
           add_ports(t->r, &all->ports, UDP, well_known[index].udp);
}

static bool add_predefined(const struct taking *t, const char *name, bool *found) {
    *found = true;
    if (strcmp(name, "icmp") == 0)
        return add_types(t, name, ICMP, ECHO);
    if (strcmp(name, "ping") == 0)
        return add_left(t, name, ICMP, ECHO);
    if (strcmp(name, "ipv6-icmp") == 0)
        return add_types(t, name, ICMPV6, -1);
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (strcmp(protocols[i].name, name) == 0)
            return add_left(t, name, protocols[i].protocol, -1);
    for (size_t i = 0; i < sizeof well_known / sizeof *well_known; i++)
        if (strcmp(well_known[i].name, name) == 0)
            return add_well_known(t, i);
    *found = false;
    return true;
}

static struct fr_paloalto_entry *find(const struct taking *t, const char *name, size_t *at) {
    static const enum fr_paloalto_section sections[] = {
        FR_PALOALTO_APPLICATION_GROUP, FR_PALOALTO_APPLICATION, FR_PALOALTO_FILTER};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        *at = t->chained;
        struct fr_paloalto_entry *e = fr_paloalto_look_up(t->r, sections[i], name, at);
        if (e != NULL)
            return e;
    }
    return NULL;
}

typedef bool visit(struct taking *t, struct fr_paloalto_entry *e, const char *name);

static bool each_application(struct taking *t, const struct fr_paloalto_entry *list,
                             const char *key, visit *call);

/* Once through a group, whatever groups it is in. */
static bool each_of_group(struct taking *t, struct fr_paloalto_entry *e, size_t at,
                          struct flowrules_place place, visit *call) {
    struct taking inner = *t;
    inner.chained = at;
    if (e->progress != FR_READING && e->pass == t->pass)
        return true;
    e->pass = t->pass;
    if (!fr_paloalto_begin_entry(t->r, e, place))
        return false;
    bool good = each_application(&inner, e, "members", call);
    fr_paloalto_end_entry(t->r, e, good);
    e->progress = FR_UNREAD;
    return good;
}

static bool each_application(struct taking *t, const struct fr_paloalto_entry *list,
                             const char *key, visit *call) {
    const struct fr_paloalto_attribute *a;
    for (size_t i = 0; (a = fr_paloalto_next(list, key, &i)) != NULL;) {
        size_t at;
        struct fr_paloalto_entry *e = find(t, a->value, &at);
        bool group = e != NULL && e->section == FR_PALOALTO_APPLICATION_GROUP;
        if (group ? !each_of_group(t, e, at, a->at, call) : !call(t, e, a->value))
            return false;
    }
    return true;
}

static bool mark(struct taking *t, struct fr_paloalto_entry *e, const char *name) {
    (void)name;
    if (e != NULL)
        e->named_by = t->rule;
    return true;
}

static bool take(struct taking *t, struct fr_paloalto_entry *e, const char *name) {
    struct flowrules_service service;
    bool found = false;
    if (e != NULL && e->section == FR_PALOALTO_APPLICATION && identify(t->r, e, &service))
        return fr_tables_add_service(t->r->in, &t->all->exact, service);
    if (e == NULL && !add_predefined(t, name, &found))
        return false;
    if (!found && t->all->doubt == NULL)
        t->all->doubt = flowrules_input_print(
            t->r->in, "it is not understood how PAN-OS recognises the application '%.*s'", TEXT,
            name);
    return true;
}

bool fr_paloalto_take_applications(struct fr_paloalto_reading *r,
                                   const struct fr_paloalto_entry *rule, size_t chained,
                                   struct fr_paloalto_applications *applications) {
    *applications = (struct fr_paloalto_applications){.doubt = NULL};
    struct taking t = {r, rule, chained, applications, ++r->passes};
    if (!each_application(&t, rule, "application", mark))
        return false;
    t.pass = ++r->passes;
    return each_application(&t, rule, "application", take);
}
