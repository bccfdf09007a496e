/*
 * What a cell says of services: "tcp/443, 8443-8450", "443 TCP", "HTTPS", "DNS (53 tcp/udp)", any.
 */
#include <string.h>

#include "flowrules/reader.h"
#include "request.h"

#define PROTOCOLS_MOST 8
#define PORTS_MOST     64

#define QUOTED(text)  #text
#define TEXT_OF(name) QUOTED(name)

struct port_range {
    unsigned first, last;
};

/* One part of a cell, with what it says. */
struct item {
    unsigned protocols[PROTOCOLS_MOST];
    size_t protocol_count;
    struct port_range ports[PORTS_MOST];
    size_t port_count;
    const char *name; /* of a service */
    size_t name_length;
    int icmp_type; /* -1: any */
    bool any;
    const char *trouble; /* why the part cannot be taken as it is, or NULL */
};

/* ---- services that everybody calls by name ------------------------------------------------- */

enum { TCP_BIT = 1, UDP_BIT = 2, BOTH_BITS = 3 };

/* Of IANA's names, those that are in use with one protocol alone; and what people say instead. */
static const struct known {
    const char *name;
    unsigned protocols;
    uint16_t port;
} known[] = {
    {"http", TCP_BIT, 80},
    {"https", TCP_BIT, 443},
    {"ssl", TCP_BIT, 443},
    {"tls", TCP_BIT, 443},
    {"ssh", TCP_BIT, 22},
    {"sftp", TCP_BIT, 22},
    {"scp", TCP_BIT, 22},
    {"telnet", TCP_BIT, 23},
    {"ftp", TCP_BIT, 21},
    {"smtp", TCP_BIT, 25},
    {"smtps", TCP_BIT, 465},
    {"imap", TCP_BIT, 143},
    {"imaps", TCP_BIT, 993},
    {"pop3", TCP_BIT, 110},
    {"pop3s", TCP_BIT, 995},
    {"dns", BOTH_BITS, 53},
    {"domain", BOTH_BITS, 53},
    {"ntp", UDP_BIT, 123},
    {"snmp", UDP_BIT, 161},
    {"snmptrap", UDP_BIT, 162},
    {"syslog", UDP_BIT, 514},
    {"tftp", UDP_BIT, 69},
    {"ldap", TCP_BIT, 389},
    {"ldaps", TCP_BIT, 636},
    {"kerberos", BOTH_BITS, 88},
    {"smb", TCP_BIT, 445},
    {"cifs", TCP_BIT, 445},
    {"rdp", TCP_BIT, 3389},
    {"winrm", TCP_BIT, 5985},
    {"mysql", TCP_BIT, 3306},
    {"mssql", TCP_BIT, 1433},
    {"postgres", TCP_BIT, 5432},
    {"postgresql", TCP_BIT, 5432},
    {"oracle", TCP_BIT, 1521},
    {"mongodb", TCP_BIT, 27017},
    {"redis", TCP_BIT, 6379},
    {"kafka", TCP_BIT, 9092},
    {"amqp", TCP_BIT, 5672},
    {"vnc", TCP_BIT, 5900},
    {"bgp", TCP_BIT, 179},
    {"elasticsearch", TCP_BIT, 9200},
};

static bool same_word(const char *text, size_t length, const char *word) {
    for (size_t i = 0; i < length; i++)
        if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]) != word[i] ||
            word[i] == '\0')
            return false;
    return word[length] == '\0';
}

/* What everybody calls so, or NULL. */
static const struct known *find_known(const char *text, size_t length) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (same_word(text, length, known[i].name))
            return &known[i];
    return NULL;
}

/* The protocols and the port of a service's name; 0: it is none. Several: it is not clear which. */
static unsigned find_service(const char *text, size_t length, uint16_t *port) {
    const struct known *service = find_known(text, length);
    if (service != NULL) {
        *port = service->port;
        return service->protocols;
    }
    int tcp = fr_port_named(text, length, FR_TCP), udp = fr_port_named(text, length, FR_UDP);
    if (tcp < 0 && udp < 0)
        return 0;
    *port = (uint16_t)(tcp >= 0 ? tcp : udp);
    return (tcp >= 0 ? (unsigned)TCP_BIT : 0) | (udp >= 0 ? (unsigned)UDP_BIT : 0);
}

/* ---- tokens -------------------------------------------------------------------------------- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool parse_port(const char *text, size_t length, unsigned *port) {
    return length <= 5 && flowrules_parse_number(text, length, UINT16_MAX, port);
}

bool fr_port_range(const char *text, size_t length, unsigned *first, unsigned *last) {
    const char *dash = memchr(text, '-', length);
    size_t head = dash == NULL ? length : (size_t)(dash - text);
    if (!parse_port(text, head, first))
        return false;
    *last = *first;
    return dash == NULL || parse_port(dash + 1, length - head - 1, last);
}

static bool parse_ports(const char *text, size_t length, struct port_range *range) {
    return fr_port_range(text, length, &range->first, &range->last);
}

static bool is_filler(const char *text, size_t length) {
    static const char *const words[] = {"port",  "ports",    "puerto",      "puertos",
                                        "dst",   "dport",    "destination", "service",
                                        "range", "protocol", "and"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (same_word(text, length, words[i]))
            return true;
    return false;
}

static bool has_protocol(const struct item *item, unsigned protocol) {
    for (size_t i = 0; i < item->protocol_count; i++)
        if (item->protocols[i] == protocol)
            return true;
    return false;
}

static void add_protocol(struct item *item, unsigned protocol) {
    if (has_protocol(item, protocol))
        return;
    if (item->protocol_count == PROTOCOLS_MOST)
        item->trouble = "has more than " TEXT_OF(PROTOCOLS_MOST) " protocols";
    else
        item->protocols[item->protocol_count++] = protocol;
}

static void add_protocols(struct item *item, unsigned bits) {
    if ((bits & TCP_BIT) != 0)
        add_protocol(item, FR_TCP);
    if ((bits & UDP_BIT) != 0)
        add_protocol(item, FR_UDP);
}

static const char *protocol_words(unsigned bits) {
    return bits == BOTH_BITS ? "tcp and udp" : (bits & TCP_BIT) != 0 ? "tcp" : "udp";
}

static void add_ports(struct item *item, const struct port_range *range) {
    if (item->port_count == PORTS_MOST)
        item->trouble = "has more than " TEXT_OF(PORTS_MOST) " ports";
    else
        item->ports[item->port_count++] = *range;
}

/* "tcp443", "TCP-8443", "udp53": a protocol with its port. */
static bool take_joined(struct item *item, const char *text, size_t length) {
    size_t letters = 0;
    while (letters < length && !is_digit(text[letters]) && text[letters] != '-')
        letters++;
    int protocol = letters > 0 ? fr_protocol_parse(text, letters) : -1;
    size_t rest = letters + (letters < length && text[letters] == '-');
    struct port_range range;
    if (protocol < 0 || !parse_ports(text + rest, length - rest, &range))
        return false;
    add_protocol(item, (unsigned)protocol);
    add_ports(item, &range);
    return true;
}

static bool take_icmp(struct item *item, const char *text, size_t length) {
    bool ping = same_word(text, length, "ping");
    if (ping)
        add_protocol(item, FR_ICMP);
    int type = fr_icmp_type_named(ping ? "echo-request" : text, ping ? 12 : length, FR_ICMP);
    if (type < 0 || item->protocol_count == 0 || item->protocols[0] != FR_ICMP)
        return false;
    if (item->icmp_type >= 0 && item->icmp_type != type)
        item->trouble = "has several types of ICMP";
    item->icmp_type = type;
    return true;
}

static bool take_token(struct item *item, const char *text, size_t length) {
    struct port_range range;
    uint16_t port;
    if (parse_ports(text, length, &range)) {
        add_ports(item, &range);
        return true;
    }
    if (fr_word_is(text, length, FR_WORD_ANY) || same_word(text, length, "ip")) {
        item->any = true;
        return true;
    }
    int protocol = fr_protocol_parse(text, length);
    if (protocol >= 0) {
        add_protocol(item, (unsigned)protocol);
        return true;
    }
    if (is_filler(text, length) || take_icmp(item, text, length) || take_joined(item, text, length))
        return true;
    if (item->name == NULL && find_service(text, length, &port) != 0) {
        item->name = text;
        item->name_length = length;
        return true;
    }
    return false;
}

static bool parts_tokens(char c) {
    return c == ' ' || c == '\t' || c == '/' || c == ':' || c == '(' || c == ')' || c == '+' ||
           c == '&' || c == '=' || c == '|' || c == '[' || c == ']';
}

/* Reads a part; *wrong is the token that is not understood. */
static bool read_item(struct item *item, const char *text, size_t length, const char **wrong,
                      size_t *wrong_length) {
    *item = (struct item){.icmp_type = -1};
    for (size_t i = 0, one; i < length; i += one) {
        one = 0;
        if (parts_tokens(text[i])) {
            one = 1;
            continue;
        }
        while (i + one < length && !parts_tokens(text[i + one]))
            one++;
        if (!take_token(item, text + i, one)) {
            *wrong = text + i;
            *wrong_length = one;
            return false;
        }
    }
    if (item->any && (item->port_count > 0 || item->name != NULL) &&
        (item->protocol_count > 0 || item->name != NULL))
        item->trouble = "has 'any' beside something else";
    return true;
}

/* ---- terms --------------------------------------------------------------------------------- */

static void add_term(struct fr_taking *t, unsigned protocol, unsigned first, unsigned last) {
    struct fr_term term = {(uint16_t)protocol, 0, UINT16_MAX, (uint16_t)first, (uint16_t)last};
    fr_service_add(&t->asked, &term);
}

/* The protocols of a name: those beside it, else its own where there is no doubt. */
static flowrules_status name_protocols(struct fr_taking *t, struct item *item) {
    uint16_t port;
    unsigned bits = find_service(item->name, item->name_length, &port);
    if (item->port_count == 0)
        item->ports[item->port_count++] = (struct port_range){port, port};
    if (item->protocol_count > 0)
        return FLOWRULES_OK;
    if (bits == BOTH_BITS && find_known(item->name, item->name_length) == NULL)
        return fr_not_understood(
            t, item->name, item->name_length, "write tcp or udp beside it",
            "is a service of tcp and of udp: it is not said which is asked for");
    add_protocols(item, bits);
    fr_told(t, NULL, "'%.*s' is taken as %s/%u", (int)item->name_length, item->name,
            protocol_words(bits), item->ports[0].first);
    return FLOWRULES_OK;
}

static flowrules_status add_protocol_terms(struct fr_taking *t, const struct item *item,
                                           unsigned protocol, const char *text, size_t length) {
    if (item->port_count > 0 && !fr_protocol_has_ports(protocol))
        return fr_not_understood(t, text, length, "only tcp, udp and sctp have ports",
                                 "has ports beside the protocol %s", fr_protocol_name(protocol));
    for (size_t i = 0; i < item->port_count; i++) {
        if (item->ports[i].first > item->ports[i].last)
            return fr_not_understood(t, text, length, "write the lower port first",
                                     "has a range that ends before it begins");
        add_term(t, protocol, item->ports[i].first, item->ports[i].last);
    }
    if (item->port_count > 0)
        return FLOWRULES_OK;
    struct fr_term term = {(uint16_t)protocol, 0, UINT16_MAX, 0, UINT16_MAX};
    if (protocol == FR_ICMP && item->icmp_type >= 0)
        term.source_first = term.source_last = (uint16_t)item->icmp_type;
    fr_service_add(&t->asked, &term);
    return FLOWRULES_OK;
}

static flowrules_status add_item(struct fr_taking *t, const struct item *item, const char *text,
                                 size_t length) {
    if (item->protocol_count == 0 && item->port_count == 0 && item->any) {
        add_term(t, FR_PROTOCOL_ANY, 0, UINT16_MAX);
        return FLOWRULES_OK;
    }
    if (item->protocol_count == 0)
        return fr_not_understood(t, text, length, "write tcp/ or udp/ before it",
                                 "is a port without a protocol");
    for (size_t i = 0; i < item->protocol_count && !t->bad; i++)
        FR_TRY(add_protocol_terms(t, item, item->protocols[i], text, length));
    return FLOWRULES_OK;
}

/* ---- the cell ------------------------------------------------------------------------------ */

/* The parts of a cell. */
#define ITEMS_MOST 256u

struct cell_items {
    struct item list[ITEMS_MOST];
    struct {
        const char *text;
        size_t length;
    } at[ITEMS_MOST];
    size_t count;
};

/* Dashes of typesetters, and "8000 to 8010", as "8000-8010"; a copy. */
static char *with_dashes(struct fr_taking *t, const char *text) {
    static const char *const dashes[] = {"\xE2\x80\x93", "\xE2\x80\x94", " to ", " bis ",
                                         " - ",          "- ",           " -",   "..",
                                         " a ",          "\xE2\x86\x92"};
    size_t length = strlen(text), used = 0;
    char *copy = fr_arena_alloc(t->arena, length + 1);
    for (size_t i = 0; copy != NULL && i < length;) {
        size_t one = 0;
        for (size_t k = 0; k < sizeof dashes / sizeof *dashes && one == 0; k++) {
            size_t size = strlen(dashes[k]);
            if (size < length - i && memcmp(text + i, dashes[k], size) == 0 && used > 0 &&
                is_digit(copy[used - 1]) && is_digit(text[i + size]))
                one = size;
        }
        copy[used++] = one > 0 ? '-' : text[i];
        i += one > 0 ? one : 1;
    }
    if (copy == NULL)
        fr_no_memory(t->context);
    else
        copy[used] = '\0';
    return copy;
}

static bool same_protocols(const struct item *a, const struct item *b) {
    for (size_t i = 0; i < a->protocol_count; i++)
        if (!has_protocol(b, a->protocols[i]))
            return false;
    return a->protocol_count == b->protocol_count;
}

/* Of the parts behind one: that with protocols, if all that have some have the same; or NULL. */
static const struct item *protocols_behind(const struct cell_items *items, size_t i) {
    const struct item *found = NULL;
    for (i++; i < items->count; i++) {
        const struct item *item = &items->list[i];
        if (item->protocol_count == 0)
            continue;
        if (found != NULL && !same_protocols(found, item))
            return NULL;
        found = item;
    }
    return found;
}

/*
 * A part without protocol has that of the column, else of the part before it, else that of all
 * parts behind it.
 */
static void share_protocols(struct cell_items *items, const struct item *column) {
    for (size_t i = 0; i < items->count; i++) {
        struct item *item = &items->list[i];
        const struct item *from = column != NULL && column->protocol_count > 0 ? column : NULL;
        if (item->protocol_count > 0 || item->name != NULL || item->port_count == 0)
            continue;
        for (size_t k = i; k > 0 && from == NULL; k--)
            from = items->list[k - 1].protocol_count > 0 ? &items->list[k - 1] : NULL;
        if (from == NULL)
            from = protocols_behind(items, i);
        if (from == NULL)
            continue;
        memcpy(item->protocols, from->protocols, sizeof item->protocols);
        item->protocol_count = from->protocol_count;
    }
}

/* The protocols of a part have to be those of the column beside it. */
static bool fits_column(const struct item *item, const struct item *column) {
    for (size_t i = 0; column->protocol_count > 0 && i < item->protocol_count; i++)
        if (!has_protocol(column, item->protocols[i]))
            return false;
    return true;
}

static flowrules_status read_items(struct fr_taking *t, struct cell_items *items,
                                   const char *text) {
    const char *at = text, *end = text + strlen(text), *wrong;
    size_t wrong_length;
    while (at < end) {
        const char *part = at;
        size_t length = fr_next_part(&at, end);
        if (strspn(part, " \t\r\n") >= length)
            continue;
        if (items->count == ITEMS_MOST)
            return fr_not_understood(t, text, strlen(text), "divide it into several rows",
                                     "has more than %u values", ITEMS_MOST);
        items->at[items->count].text = part;
        items->at[items->count].length = length;
        struct item *item = &items->list[items->count++];
        bool understood = read_item(item, part, length, &wrong, &wrong_length);
        if (understood && item->trouble != NULL)
            return fr_not_understood(t, part, length, "write one value, and commas between several",
                                     "%s", item->trouble);
        if (!understood)
            return fr_not_understood(
                t, wrong, wrong_length,
                "write a protocol and its ports (tcp/443), a range (8000-8010), "
                "a service of IANA's registry, or any",
                "is no protocol, port or service");
    }
    return FLOWRULES_OK;
}

/* The protocols of the column beside the ports, as one part. */
static flowrules_status read_column(struct fr_taking *t, struct item *column, const char *protocols,
                                    struct cell_items *scratch) {
    FR_TRY(read_items(t, scratch, protocols));
    *column = (struct item){.icmp_type = -1};
    for (size_t i = 0; i < scratch->count && !t->bad; i++) {
        const struct item *one = &scratch->list[i];
        for (size_t k = 0; k < one->protocol_count; k++)
            add_protocol(column, one->protocols[k]);
        column->any = column->any || one->any;
        const struct known *service =
            one->name == NULL ? NULL : find_known(one->name, one->name_length);
        if (service != NULL && one->protocol_count == 0) {
            add_protocols(column, service->protocols);
            fr_told(t, NULL, "the protocol '%.*s' is taken as %s", (int)one->name_length, one->name,
                    protocol_words(service->protocols));
        }
        if (one->port_count > 0 || (one->name != NULL && service == NULL))
            return fr_not_understood(t, protocols, strlen(protocols),
                                     "write the protocol alone, and the ports in their column",
                                     "has a port where a protocol belongs");
    }
    scratch->count = 0;
    if (column->trouble != NULL && !t->bad)
        return fr_not_understood(t, protocols, strlen(protocols), "divide it into several rows",
                                 "%s", column->trouble);
    return FLOWRULES_OK;
}

static flowrules_status add_items(struct fr_taking *t, struct cell_items *items,
                                  const struct item *column) {
    share_protocols(items, column);
    for (size_t i = 0; i < items->count && !t->bad; i++) {
        struct item *item = &items->list[i];
        if (item->any && item->protocol_count == 0 && items->count > 1)
            return fr_not_understood(t, items->at[i].text, items->at[i].length,
                                     "write one or the other", "stands beside something else");
        if (column != NULL && !fits_column(item, column))
            return fr_not_understood(t, items->at[i].text, items->at[i].length,
                                     "write the protocol in one place",
                                     "has a protocol that the column of protocols does not have");
        if (column != NULL && item->protocol_count == 0) {
            memcpy(item->protocols, column->protocols, sizeof item->protocols);
            item->protocol_count = column->protocol_count;
        }
        if (item->name != NULL)
            FR_TRY(name_protocols(t, item));
        if (!t->bad)
            FR_TRY(add_item(t, item, items->at[i].text, items->at[i].length));
    }
    return FLOWRULES_OK;
}

flowrules_status fr_take_services(struct fr_taking *t, const char *text, const char *protocols) {
    struct cell_items *items = fr_malloc(&t->context->allocator, sizeof *items);
    char *copy = with_dashes(t, text);
    struct item column;
    if (items == NULL || copy == NULL) {
        fr_free(&t->context->allocator, items);
        return fr_no_memory(t->context);
    }
    items->count = 0;
    flowrules_status status =
        protocols == NULL ? FLOWRULES_OK : read_column(t, &column, protocols, items);
    if (status == FLOWRULES_OK && !t->bad)
        status = read_items(t, items, copy);
    if (status == FLOWRULES_OK && !t->bad)
        status = add_items(t, items, protocols == NULL ? NULL : &column);
    fr_free(&t->context->allocator, items);
    return status;
}
