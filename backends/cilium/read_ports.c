/*
 * The services of Cilium's rules: toPorts and icmps. Of L7 rules it knows that of DNS which lets
 * every question pass. Facts without another source: cilium pkg/policy/api/l4.go, icmp.go.
 */
#include "read.h"

#include <string.h>

struct services {
    struct flowrules_service *list;
    size_t count, capacity, sure; /* the first of them have no doubt */
    bool doubted;                 /* all that is read now has one */
};

static bool add_service(struct fr_objects *r, struct services *s, int protocol,
                        const struct flowrules_ports *ports, int icmp_type) {
    s->list = flowrules_input_grow(r->in, s->list, &s->capacity, s->count, sizeof *s->list);
    if (s->list == NULL)
        return false;
    s->list[s->count++] = (struct flowrules_service){.protocol = protocol,
                                                     .destination_ports = ports,
                                                     .destination_port_count = ports ? 1 : 0,
                                                     .icmp_type = icmp_type,
                                                     .icmp_code = -1};
    fr_objects_sort_service(s->list, s->count, &s->sure, s->doubted || r->doubt != NULL);
    return true;
}

/* ---- ports --------------------------------------------------------------------------------- */

/* The protocols of a word: ANY, or none, are all that have ports, and so is, in doubt, another. */
static size_t read_protocol(struct fr_objects *r, const flowrules_node *node, int protocols[3]) {
    static const int all[] = {6, 17, 132};
    static const char *const words[] = {"TCP", "UDP", "SCTP"};
    const char *text = flowrules_node_text(node);
    if (text == NULL || strcmp(text, "ANY") == 0) {
        memcpy(protocols, all, sizeof all);
        return 3;
    }
    for (size_t i = 0; i < 3; i++)
        if (strcmp(text, words[i]) == 0) {
            protocols[0] = all[i];
            return 1;
        }
    fr_objects_doubt(
        r, flowrules_node_place(node),
        flowrules_input_print(r->in, "the protocol '%.40s' is not understood in ports", text));
    memcpy(protocols, all, sizeof all);
    return 3;
}

static bool bad_port(struct fr_objects *r, const flowrules_node *node) {
    const char *text = flowrules_node_text(node);
    flowrules_input_error(r->in, flowrules_node_place(node),
                          "a port is a number from 1 to 65535 in quotes, or \"0\" for all; the "
                          "last port of a range is a number without quotes",
                          "'%.40s' is not a valid port", text == NULL ? "..." : text);
    return false;
}

/* *every: it is all ports, or, in doubt, may be any. False after an error. */
static bool read_port(struct fr_objects *r, const flowrules_node *item,
                      struct flowrules_ports *ports, bool *every) {
    const flowrules_node *port = flowrules_node_get(item, "port");
    const flowrules_node *last = flowrules_node_get(item, "endPort");
    const char *text = fr_objects_text(r, port);
    unsigned number;
    long long end;
    if (text == NULL)
        return false;
    if (strpbrk(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL) {
        const char *protocol = flowrules_node_text(flowrules_node_get(item, "protocol"));
        uint16_t named;
        if (protocol != NULL && fr_objects_named_port(r, port, protocol, &named)) {
            *ports = (struct flowrules_ports){named, named};
            return true;
        }
        fr_objects_doubt(
            r, flowrules_node_place(port),
            flowrules_input_print(
                r->in, "the pods define the number of the named port '%.40s': it is not known",
                text));
        *every = true;
        return true;
    }
    if (!flowrules_parse_number(text, strlen(text), 65535, &number))
        return bad_port(r, port);
    *every = number == 0;
    end = number;
    if (flowrules_node_kind(last) != FLOWRULES_NODE_NULL &&
        !flowrules_node_number(last, 0, 65535, &end))
        return bad_port(r, last);
    if (end != 0 && end < number)
        return bad_port(r, last);
    *ports = (struct flowrules_ports){(uint16_t)number, (uint16_t)(end == 0 ? number : end)};
    return true;
}

/* One entry of a list of ports. */
static void read_entry(struct fr_objects *r, const flowrules_node *item, struct services *s) {
    static const char *const known[] = {"port", "endPort", "protocol", NULL};
    struct flowrules_ports *ports = flowrules_input_alloc(r->in, sizeof *ports);
    int protocols[3];
    bool every = false;
    if (ports == NULL || !fr_objects_is_map(r, item, "a mapping with port and protocol"))
        return;
    fr_objects_doubt_others(r, item, known);
    size_t count = read_protocol(r, flowrules_node_get(item, "protocol"), protocols);
    if (!read_port(r, item, ports, &every))
        return;
    for (size_t i = 0; i < count; i++)
        add_service(r, s, protocols[i], every ? NULL : ports, -1);
    if (!every || count == 1 || r->doubt != NULL)
        return;
    fr_objects_doubt(r, flowrules_node_place(item),
                     "it is not known whether every port of ANY means every protocol");
    add_service(r, s, -1, NULL, -1);
}

/* Only rules of DNS that let every name be asked for take nothing from what passes. */
static bool is_every_name(const flowrules_node *rules) {
    const flowrules_node *dns = flowrules_node_get(rules, "dns");
    const flowrules_node *first = flowrules_node_first(dns);
    const flowrules_node *pattern = flowrules_node_get(first, "matchPattern");
    return flowrules_node_count(rules) == 1 && flowrules_node_kind(dns) == FLOWRULES_NODE_LIST &&
           fr_objects_equals(flowrules_node_text(pattern), "*");
}

/* An import says where the DNS listens, so that its questions go through the proxy again. */
static void tell_dns_port(struct fr_objects *r, const flowrules_node *entry) {
    const flowrules_node *first = fr_objects_list(r, entry, "ports");
    const char *port = flowrules_node_text(flowrules_node_get(first, "port"));
    unsigned number;
    if (port != NULL && flowrules_parse_number(port, strlen(port), 65535, &number) && number > 0 &&
        number != 53 && flowrules_input_define(r->in, 0, "dns-port", r))
        flowrules_input_found(r->in, "dns-port", port);
}

/* Calls read for each item of a list: what it adds is sure where it tells no doubt. */
static void read_each(struct fr_objects *r, const flowrules_node *first, struct services *s,
                      void (*read)(struct fr_objects *r, const flowrules_node *item,
                                   struct services *s)) {
    for (const flowrules_node *n = first; n != NULL && !flowrules_input_failed(r->in);
         n = flowrules_node_next(n)) {
        struct fr_held before = fr_objects_hold(r);
        read(r, n, s);
        fr_objects_resume(r, before);
    }
}

static void read_to_ports(struct fr_objects *r, const flowrules_node *entry, struct services *s) {
    static const char *const known[] = {"ports", "rules", NULL};
    const flowrules_node *rules = flowrules_node_get(entry, "rules");
    if (!fr_objects_is_map(r, entry, "a mapping with ports"))
        return;
    fr_objects_doubt_others(r, entry, known);
    if (flowrules_node_kind(rules) != FLOWRULES_NODE_NULL && !is_every_name(rules))
        fr_objects_doubt(
            r, flowrules_node_place(rules),
            "rules for the contents of a connection let less pass: they cannot be compared");
    if (is_every_name(rules))
        tell_dns_port(r, entry);
    const flowrules_node *first = fr_objects_list(r, entry, "ports");
    if (first == NULL) {
        fr_objects_doubt(r, flowrules_node_place(entry), "toPorts without ports");
        add_service(r, s, -1, NULL, -1);
    }
    s->doubted = r->doubt != NULL;
    read_each(r, first, s, read_entry);
    s->doubted = false;
}

/* ---- ICMP ---------------------------------------------------------------------------------- */

/* By its number, or one of the names of the API; -1 where it is not known. */
static int type_of(const flowrules_node *node, bool ipv6) {
    long long number;
    const char *text = flowrules_node_text(node);
    unsigned quoted;
    if (flowrules_node_number(node, 0, 255, &number))
        return (int)number;
    if (text != NULL && flowrules_parse_number(text, strlen(text), 255, &quoted))
        return (int)quoted;
    if (fr_objects_equals(text, "EchoRequest"))
        return ipv6 ? 128 : 8;
    if (fr_objects_equals(text, "EchoReply"))
        return ipv6 ? 129 : 0;
    return -1;
}

static void read_field(struct fr_objects *r, const flowrules_node *field, struct services *s) {
    static const char *const known[] = {"family", "type", NULL};
    if (!fr_objects_is_map(r, field, "a mapping with family and type"))
        return;
    fr_objects_doubt_others(r, field, known);
    const flowrules_node *family = flowrules_node_get(field, "family");
    const char *word = flowrules_node_text(family);
    bool ipv6 = fr_objects_equals(word, "IPv6");
    if (word != NULL && !ipv6 && strcmp(word, "IPv4") != 0) {
        flowrules_input_error(r->in, flowrules_node_place(family), "IPv4 or IPv6",
                              "'%.40s' is not a valid family", word);
        return;
    }
    int type = type_of(flowrules_node_get(field, "type"), ipv6);
    if (type < 0)
        fr_objects_doubt(r, flowrules_node_place(field), "an ICMP type that is not understood");
    add_service(r, s, ipv6 ? 58 : 1, NULL, type);
}

static void read_icmps(struct fr_objects *r, const flowrules_node *entry, struct services *s) {
    static const char *const known[] = {"fields", NULL};
    if (!fr_objects_is_map(r, entry, "a mapping with fields"))
        return;
    fr_objects_doubt_others(r, entry, known);
    s->doubted = r->doubt != NULL;
    read_each(r, fr_objects_list(r, entry, "fields"), s, read_field);
    s->doubted = false;
}

bool fr_cilium_services(struct fr_objects *r, const flowrules_node *rule,
                        struct flowrules_read_rule *pass, size_t *sure) {
    struct services s = {.list = NULL};
    const flowrules_node *ports = fr_objects_list(r, rule, "toPorts");
    const flowrules_node *icmps = fr_objects_list(r, rule, "icmps");
    read_each(r, ports, &s, read_to_ports);
    read_each(r, icmps, &s, read_icmps);
    pass->services = s.list;
    pass->service_count = s.count;
    *sure = s.sure;
    return (s.count > 0 || (ports == NULL && icmps == NULL)) && !flowrules_input_failed(r->in);
}
