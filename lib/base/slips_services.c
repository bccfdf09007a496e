/*
 * Hints for protocols, ports, services, dates and booleans that are not valid.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "context.h"
#include "services.h"
#include "slips.h"

/* ---- parts of a text ------------------------------------------------------------------------ */

/* The words of "tcp/22", "tcp, udp", "udp and tcp". */
struct words {
    struct {
        const char *text;
        size_t length;
    } list[8];
    size_t count;
};

static bool split(struct words *w, const char *text, const char *marks) {
    w->count = 0;
    for (;;) {
        text += strspn(text, marks);
        size_t length = strcspn(text, marks);
        if (length == 0)
            return w->count > 0;
        bool joins = (length == 3 && strncasecmp(text, "and", 3) == 0) ||
                     (length == 2 && strncasecmp(text, "or", 2) == 0);
        if (w->count == sizeof w->list / sizeof w->list[0])
            return false;
        w->list[w->count].text = text;
        w->list[w->count].length = length;
        w->count += !joins;
        text += length;
    }
}

static int protocol_of(const struct words *w, size_t i) {
    return fr_protocol_parse(w->list[i].text, w->list[i].length);
}

static bool number_of(const char *text, size_t length, unsigned *number) {
    *number = 0;
    for (size_t i = 0; i < length && i < 6; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (unsigned)(text[i] - '0');
    }
    return length > 0 && length < 6 && *number <= UINT16_MAX;
}

/* A protocol that has a port of this name, or -1; the first of tcp, udp and sctp. */
static int protocol_of_port(const char *text, size_t length) {
    static const unsigned protocols[] = {FR_TCP, FR_UDP, FR_SCTP};
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        if (fr_port_named(text, length, protocols[i]) >= 0)
            return (int)protocols[i];
    return -1;
}

static bool is_port(const char *text, size_t length) {
    const char *dash = memchr(text, '-', length);
    unsigned number;
    if (number_of(text, length, &number) || protocol_of_port(text, length) >= 0)
        return true;
    size_t left = dash == NULL ? 0 : (size_t)(dash - text);
    return dash != NULL && number_of(text, left, &number) &&
           number_of(dash + 1, length - left - 1, &number);
}

/* "tcp/22", "22/tcp", "tcp:22": a protocol with ports and a port. */
static bool slip_pair(const char *text, char hint[FR_SLIP_MAX]) {
    struct words w;
    if (!split(&w, text, "/:, ") || w.count != 2)
        return false;
    for (size_t i = 0; i < 2; i++) {
        int protocol = protocol_of(&w, i);
        size_t other = 1 - i;
        bool named = w.list[i].text[0] < '0' || w.list[i].text[0] > '9';
        if (protocol < 0 || !named || !fr_protocol_has_ports((unsigned)protocol) ||
            !is_port(w.list[other].text, w.list[other].length))
            continue;
        snprintf(hint, FR_SLIP_MAX, "write 'protocol: %s' and 'port: %.*s'",
                 fr_protocol_name((unsigned)protocol), (int)w.list[other].length,
                 w.list[other].text);
        return true;
    }
    return false;
}

/* ---- protocols ----------------------------------------------------------------------------- */

static const struct {
    const char *word, *hint;
} protocol_words[] = {
    {"-1", "write any: every protocol"},
    {"ip", "write any: every protocol"},
    {"ip4", "write any: the addresses of the flow decide the address family"},
    {"ipv4", "write any for every protocol of IPv4, or 4 (ipencap) for IPv4 within IP"},
    {"ip6", "write any: the addresses of the flow decide the address family"},
    {"ipv6", "write any for every protocol of IPv6, or 41 for IPv6 within IP"},
    {"ping", "write 'protocol: icmp' and 'icmp-type: echo-request'; for IPv6 icmpv6"},
    {"traceroute", "write 'protocol: udp' and 'port: 33434-33534', or icmp"},
    {"tcpudp", "write a list as [tcp, udp]"},
    {"ipsec", "write esp (or ah), and a flow for its key exchange: udp, ports 500 and 4500"},
    {"ipsec-esp-udp", "write 'protocol: udp' and 'port: 4500'"},
    {"pptp", "write gre, and another service with 'protocol: tcp' and 'port: 1723'"},
    {"l2tpv2", "write 'protocol: udp' and 'port: 1701'"},
    {"wireguard", "write 'protocol: udp' and 'port: 51820'"},
    {"openvpn", "write 'protocol: udp' and 'port: 1194'"},
    {"quic", "write 'protocol: udp' and 'port: 443'"},
    {"http3", "write 'protocol: udp' and 'port: 443'"},
    {"tls", "write 'protocol: tcp' and the port"},
    {"ssl", "write 'protocol: tcp' and the port"},
    {"arp", "ARP is not IP, and a policy is only about IP: remove it"},
    {"bgp", "write 'protocol: tcp' and 'port: bgp'"},
    {"rip", "write 'protocol: udp' and 'port: 520'"},
    {"hsrp", "write 'protocol: udp' and 'port: 1985'"},
    {"glbp", "write 'protocol: udp' and 'port: 3222'"},
    {"mptcp", "write tcp"},
    {"dns", "write 'protocol: [tcp, udp]' and 'port: domain'"},
    {"rdp", "write 'protocol: tcp' and 'port: 3389'"},
    {"smb", "write 'protocol: tcp' and 'port: 445'"},
    {"dhcp", "write 'protocol: udp' and 'port: [67, 68]'"},
};

/* "tcp/udp", "tcp+udp", "tcp, udp" */
static bool slip_protocols(const char *text, char hint[FR_SLIP_MAX]) {
    struct words w;
    if (!split(&w, text, "/+,;&| -_") || w.count < 2)
        return false;
    for (size_t i = 0; i < w.count; i++)
        if (protocol_of(&w, i) < 0 || protocol_of(&w, i) == FR_PROTOCOL_ANY)
            return false;
    size_t used = (size_t)snprintf(hint, FR_SLIP_MAX, "write a list as [");
    for (size_t i = 0; i < w.count; i++)
        used += (size_t)snprintf(hint + used, FR_SLIP_MAX - used, "%s%s", i > 0 ? ", " : "",
                                 fr_protocol_name((unsigned)protocol_of(&w, i)));
    snprintf(hint + used, FR_SLIP_MAX - used, "]");
    return true;
}

bool fr_slip_protocol(const char *text, char hint[FR_SLIP_MAX]) {
    struct fr_slip_text t;
    if (!fr_slip_plain(&t, text))
        return false;
    fr_slip_trim(&t, "");
    if (fr_slip_means_all(t.text)) {
        snprintf(hint, FR_SLIP_MAX, "write any");
        return true;
    }
    for (size_t i = 0; i < sizeof protocol_words / sizeof protocol_words[0]; i++)
        if (strcasecmp(t.text, protocol_words[i].word) == 0) {
            snprintf(hint, FR_SLIP_MAX, "%s", protocol_words[i].hint);
            return true;
        }
    if (slip_pair(t.text, hint) || slip_protocols(t.text, hint))
        return true;
    int protocol = protocol_of_port(t.text, strlen(t.text));
    if (protocol >= 0) {
        snprintf(hint, FR_SLIP_MAX, "'%.40s' is a port: write 'protocol: %s' and 'port: %.40s'",
                 t.text, fr_protocol_name((unsigned)protocol), t.text);
        return true;
    }
    protocol = fr_protocol_parse(t.text, strlen(t.text));
    const char *near = protocol >= 0 ? fr_protocol_name((unsigned)protocol)
                                     : fr_nearest(t.text, fr_protocol_candidate, NULL);
    return fr_did_you_mean(hint, FR_SLIP_MAX, near);
}

/* ---- ports --------------------------------------------------------------------------------- */

/* Words and signs of other tools for a range that is open at one end. */
static const struct {
    const char *word;
    enum { EQUAL, ABOVE, FROM, BELOW, UP_TO, BUT } means;
} comparisons[] = {
    {">=", FROM},  {">", ABOVE},   {"<=", UP_TO},  {"<", BELOW},      {"gt ", ABOVE},
    {"ge ", FROM}, {"lt ", BELOW}, {"le ", UP_TO}, {"eq ", EQUAL},    {"neq ", BUT},
    {"!=", BUT},   {"!", BUT},     {"=", EQUAL},   {"range ", EQUAL}, {"port ", EQUAL},
};

static bool slip_comparison(const char *text, char hint[FR_SLIP_MAX]) {
    for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
        size_t length = strlen(comparisons[i].word);
        unsigned number;
        if (strncasecmp(text, comparisons[i].word, length) != 0)
            continue;
        text += length + strspn(text + length, " ");
        if (!number_of(text, strlen(text), &number))
            return false;
        unsigned first = number, last = number;
        switch (comparisons[i].means) {
        case EQUAL:
            break;
        case ABOVE:
            first++;
            last = UINT16_MAX;
            break;
        case FROM:
            last = UINT16_MAX;
            break;
        case BELOW:
            first = 0;
            last--;
            break;
        case UP_TO:
            first = 0;
            break;
        case BUT:
            snprintf(hint, FR_SLIP_MAX, "write [0-%u, %u-65535]", number > 0 ? number - 1 : 0,
                     number < UINT16_MAX ? number + 1 : UINT16_MAX);
            return true;
        }
        if (first > UINT16_MAX || last > UINT16_MAX)
            return false;
        if (first == last)
            snprintf(hint, FR_SLIP_MAX, "write %u", first);
        else
            snprintf(hint, FR_SLIP_MAX, "write %u-%u", first, last);
        return true;
    }
    return false;
}

/* "range 20 21" */
static bool slip_range_of_cisco(const char *text, char hint[FR_SLIP_MAX]) {
    unsigned first, last;
    int used = 0;
    /* The widths keep each number within an int. NOLINTNEXTLINE(cert-err34-c) */
    if (sscanf(text, "range %5u %5u%n", &first, &last, &used) != 2 || text[used] != '\0' ||
        first > last || last > UINT16_MAX)
        return false;
    snprintf(hint, FR_SLIP_MAX, "write %u-%u", first, last);
    return true;
}

/* "22:25", "22 - 25", "22..25", "22 to 25", "1024-", "-1023", "1024+" */
static bool slip_port_range(const char *text, char hint[FR_SLIP_MAX]) {
    size_t left = strspn(text, "0123456789");
    const char *mark = text + left;
    mark += strspn(mark, " ");
    static const char *const marks[] = {"to ", "..", "-", ":", "+"};
    size_t i = 0, length = 0;
    for (; i < sizeof marks / sizeof marks[0]; i++) {
        length = strlen(marks[i]);
        if (strncasecmp(mark, marks[i], length) == 0)
            break;
    }
    if (i == sizeof marks / sizeof marks[0])
        return false;
    const char *right = mark + length;
    right += strspn(right, " .");
    unsigned first = 0, last = UINT16_MAX;
    if ((left > 0 && !number_of(text, left, &first)) ||
        (*right != '\0' && !number_of(right, strlen(right), &last)) ||
        (left == 0 && *right == '\0') || first > last)
        return false;
    snprintf(hint, FR_SLIP_MAX, "write %u-%u", first, last);
    return true;
}

bool fr_slip_port(const char *text, char hint[FR_SLIP_MAX]) {
    struct fr_slip_text t;
    char list[FR_SLIP_MAX];
    unsigned number;
    if (!fr_slip_plain(&t, text))
        return false;
    fr_slip_trim(&t, "");
    if (fr_slip_means_all(t.text) || strcmp(t.text, "-1") == 0) {
        snprintf(hint, FR_SLIP_MAX, "write any, or remove the key");
        return true;
    }
    if (slip_pair(t.text, hint) || slip_comparison(t.text, hint) ||
        slip_range_of_cisco(t.text, hint) || slip_port_range(t.text, hint))
        return true;
    if (number_of(t.text, strlen(t.text), &number)) {
        snprintf(hint, FR_SLIP_MAX, "write %u", number);
        return true;
    }
    int protocol = fr_protocol_parse(t.text, strlen(t.text));
    if (protocol >= 0 && !number_of(t.text, strlen(t.text), &number)) {
        snprintf(hint, FR_SLIP_MAX, "'%s' is a protocol: write it in the key 'protocol'",
                 fr_protocol_name((unsigned)protocol));
        return true;
    }
    if (t.text[0] >= '0' && t.text[0] <= '9' && fr_slip_list(t.text, list)) {
        snprintf(hint, FR_SLIP_MAX, "write a list as %.200s", list);
        return true;
    }
    if (strpbrk(t.text, ",;") != NULL && fr_slip_list(t.text, list)) {
        snprintf(hint, FR_SLIP_MAX, "write a list as %.200s", list);
        return true;
    }
    return false;
}

/* ---- services ------------------------------------------------------------------------------ */

bool fr_slip_service(const char *text, char hint[FR_SLIP_MAX]) {
    struct fr_slip_text t;
    if (!fr_slip_plain(&t, text))
        return false;
    fr_slip_trim(&t, "");
    size_t length = strlen(t.text);
    if (fr_slip_means_all(t.text)) {
        snprintf(hint, FR_SLIP_MAX, "write any");
        return true;
    }
    char pair[FR_SLIP_MAX];
    if (slip_pair(t.text, pair)) {
        snprintf(hint, FR_SLIP_MAX, "%.200s instead of 'service'", pair);
        return true;
    }
    int protocol = fr_protocol_parse(t.text, length);
    bool digit = t.text[0] >= '0' && t.text[0] <= '9';
    if (protocol >= 0 && !digit) {
        snprintf(hint, FR_SLIP_MAX, "write 'protocol: %s' instead of 'service'",
                 fr_protocol_name((unsigned)protocol));
        return true;
    }
    protocol = protocol_of_port(t.text, length);
    if (protocol < 0 && !(digit && is_port(t.text, length)))
        return false;
    snprintf(hint, FR_SLIP_MAX, "write 'protocol: %s' and 'port: %.40s' instead of 'service'",
             protocol < 0 ? "tcp" : fr_protocol_name((unsigned)protocol), t.text);
    return true;
}

/* ---- dates and booleans ---------------------------------------------------------------------- */

static bool valid_day(unsigned year, unsigned month, unsigned day, char hint[FR_SLIP_MAX]) {
    char date[40];
    int32_t days;
    snprintf(date, sizeof date, "%04u-%02u-%02u", year, month, day);
    if (!fr_date_parse(date, strlen(date), &days))
        return false;
    snprintf(hint, FR_SLIP_MAX, "write %s", date);
    return true;
}

/* 30.06.2027, 2027/6/30, 20270630, 2027-06-30T12:00:00Z; 06/07/2027 may mean two days. */
bool fr_slip_date(const char *text, char hint[FR_SLIP_MAX]) {
    unsigned a, b, c;
    char mark, again;
    int used = 0;
    bool digits = strspn(text, "0123456789") == 8 && text[8] == '\0';
    /* The widths keep each number within an int. NOLINTNEXTLINE(cert-err34-c) */
    if (digits && sscanf(text, "%4u%2u%2u", &a, &b, &c) == 3)
        return valid_day(a, b, c, hint);
    /* NOLINTNEXTLINE(cert-err34-c): likewise */
    if (sscanf(text, "%4u%c%2u%c%4u%n", &a, &mark, &b, &again, &c, &used) != 5 || mark != again ||
        strchr("./-", mark) == NULL)
        return false;
    if (a > 31)
        return (text[used] == '\0' || text[used] == 'T' || text[used] == ' ') &&
               valid_day(a, b, c, hint);
    if (c < 1000 || text[used] != '\0')
        return false;
    if (mark != '.' && a <= 12 && b <= 12 && a != b)
        return false;
    return b <= 12 ? valid_day(c, b, a, hint) : valid_day(c, a, b, hint);
}

bool fr_slip_boolean(const char *text, char hint[FR_SLIP_MAX]) {
    static const char *const words[][2] = {
        {"yes", "true"},   {"on", "true"},        {"1", "true"},        {"y", "true"},
        {"true", "true"},  {"enabled", "true"},   {"enable", "true"},   {"no", "false"},
        {"off", "false"},  {"0", "false"},        {"n", "false"},       {"false", "false"},
        {"none", "false"}, {"disabled", "false"}, {"disable", "false"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(text, words[i][0]) == 0) {
            snprintf(hint, FR_SLIP_MAX, "write %s", words[i][1]);
            return true;
        }
    return false;
}
