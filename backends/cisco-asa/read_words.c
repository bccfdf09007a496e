/*
 * cisco-asa, reading: the ASA's own names of protocols, ports and ICMP types, and lines word by
 * word. Knows no objects and no rules.
 *
 * Facts: Cisco ASA Series General Operations CLI Configuration Guide 9.22, "Addresses, Protocols,
 * and Ports". Several names are not what IANA means by them.
 */
#include "read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- words of a line ----------------------------------------------------------------------- */

void fr_cisco_asa_begin(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_reading *r,
                        const struct flowrules_line *line) {
    *c = (struct fr_cisco_asa_cursor){.r = r, .line = line};
    c->words = flowrules_input_words(r->in, line, NULL, false, &c->count);
}

const char *fr_cisco_asa_peek(const struct fr_cisco_asa_cursor *c) {
    return c->at < c->count ? c->words[c->at].text : "";
}

const char *fr_cisco_asa_take(struct fr_cisco_asa_cursor *c) {
    const char *word = fr_cisco_asa_peek(c);
    c->at++;
    return word;
}

bool fr_cisco_asa_accept(struct fr_cisco_asa_cursor *c, const char *word) {
    bool there = strcmp(fr_cisco_asa_peek(c), word) == 0;
    c->at += there ? 1 : 0;
    return there;
}

bool fr_cisco_asa_is_remark(const struct fr_cisco_asa_cursor *c, size_t *at) {
    *at = 2;
    if (c->count > 3 && strcmp(c->words[2].text, "line") == 0)
        *at = 4;
    bool remark = c->count > *at && strcmp(c->words[*at].text, "remark") == 0;
    ++*at;
    return remark;
}

static struct flowrules_place place_at(const struct fr_cisco_asa_cursor *c, size_t index) {
    uint32_t column = index < c->count ? c->words[index].column : (uint32_t)c->line->length + 1;
    return (struct flowrules_place){c->line->file, c->line->number, column};
}

struct flowrules_place fr_cisco_asa_place(const struct fr_cisco_asa_cursor *c) {
    return place_at(c, c->at);
}

struct flowrules_place fr_cisco_asa_taken(const struct fr_cisco_asa_cursor *c) {
    return place_at(c, c->at > 0 ? c->at - 1 : 0);
}

void fr_cisco_asa_doubt(struct fr_cisco_asa_cursor *c, const char *format, ...) {
    char text[400];
    va_list arguments;
    if (c->r->doubt != NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    c->r->doubt = flowrules_input_copy(c->r->in, text, strlen(text));
}

void fr_cisco_asa_doubt_word(struct fr_cisco_asa_cursor *c, const char *what) {
    const char *word = c->at > 0 && c->at <= c->count ? c->words[c->at - 1].text : "";
    fr_cisco_asa_doubt(c, "%s '%.80s' is not understood", what, word);
}

bool fr_cisco_asa_expect(struct fr_cisco_asa_cursor *c, const char *what) {
    const char *word = fr_cisco_asa_peek(c);
    if (*word == '\0')
        flowrules_input_error(c->r->in, fr_cisco_asa_place(c), NULL,
                              "the line ends where %s is expected", what);
    else
        flowrules_input_error(c->r->in, fr_cisco_asa_place(c), NULL,
                              "'%.80s' is here, but %s is expected", word, what);
    return false;
}

bool fr_cisco_asa_ends_here(struct fr_cisco_asa_cursor *c) {
    if (c->at >= c->count)
        return true;
    fr_cisco_asa_take(c);
    fr_cisco_asa_doubt_word(c, "the word");
    return false;
}

bool fr_cisco_asa_take_place(struct fr_cisco_asa_cursor *c, const char **list, const char **place) {
    *list = fr_cisco_asa_take(c);
    const char *direction = fr_cisco_asa_take(c);
    *place = "global";
    if (strcmp(direction, "global") == 0)
        return true;
    if ((strcmp(direction, "in") != 0 && strcmp(direction, "out") != 0) ||
        !fr_cisco_asa_accept(c, "interface") || *fr_cisco_asa_peek(c) == '\0')
        return false;
    *place = flowrules_input_print(c->r->in, "%s interface %s", direction, fr_cisco_asa_take(c));
    return *place != NULL;
}

/* ---- words of a line that is not taken apart ----------------------------------------------- */

bool fr_cisco_asa_copy_word(const struct flowrules_line *line, size_t index,
                            char word[FR_CISCO_ASA_WORD]) {
    const char *at = line->text, *end = line->text + line->length;
    for (;; index--) {
        while (at < end && (*at == ' ' || *at == '\t'))
            at++;
        const char *from = at;
        while (at < end && *at != ' ' && *at != '\t')
            at++;
        size_t length = (size_t)(at - from);
        if (length == 0 || (index == 0 && length >= FR_CISCO_ASA_WORD))
            return false;
        if (index > 0)
            continue;
        memcpy(word, from, length);
        word[length] = '\0';
        return memchr(word, '\0', length) == NULL;
    }
}

struct flowrules_place fr_cisco_asa_place_of(const struct flowrules_line *line) {
    return (struct flowrules_place){line->file, line->number, 1};
}

/* ---- protocols ----------------------------------------------------------------------------- */

struct number_word {
    const char *word;
    int number;
};

static const struct number_word protocols[] = {
    {"ah", 51},   {"eigrp", 88}, {"esp", 50},  {"gre", 47},   {"icmp", 1},   {"icmp6", 58},
    {"igmp", 2},  {"igrp", 9},   {"ip", 0},    {"ipinip", 4}, {"ipsec", 50}, {"nos", 94},
    {"ospf", 89}, {"pcp", 108},  {"pim", 103}, {"pptp", 47},  {"sctp", 132}, {"snp", 109},
    {"tcp", 6},   {"udp", 17},   {NULL, 0},
};

static int find_word(const struct number_word *words, const char *word) {
    for (; words->word != NULL; words++)
        if (strcmp(words->word, word) == 0)
            return words->number;
    return -1;
}

/* The number 0 is what the ASA calls ip. */
int fr_cisco_asa_protocol(const char *word, bool *any) {
    unsigned number;
    int known = flowrules_parse_number(word, strlen(word), 255, &number)
                    ? (int)number
                    : find_word(protocols, word);
    *any = known == 0;
    return known == 0 ? -1 : known;
}

/* ---- ports --------------------------------------------------------------------------------- */

enum { TCP = 1, UDP = 2, BOTH = TCP | UDP };

struct port_word {
    const char *word;
    uint16_t port;
    unsigned protocols;
};

static const struct port_word port_words[] = {
    {"aol", 5190, TCP},
    {"bgp", 179, TCP},
    {"biff", 512, UDP},
    {"bootpc", 68, UDP},
    {"bootps", 67, UDP},
    {"chargen", 19, TCP},
    {"cifs", 3020, BOTH},
    {"citrix-ica", 1494, TCP},
    {"cmd", 514, TCP},
    {"ctiqbe", 2748, TCP},
    {"daytime", 13, TCP},
    {"discard", 9, BOTH},
    {"dnsix", 195, UDP},
    {"domain", 53, BOTH},
    {"echo", 7, BOTH},
    {"exec", 512, TCP},
    {"finger", 79, TCP},
    {"ftp", 21, TCP},
    {"ftp-data", 20, TCP},
    {"gopher", 70, TCP},
    {"h323", 1720, TCP},
    {"hostname", 101, TCP},
    {"http", 80, BOTH},
    {"https", 443, TCP},
    {"ident", 113, TCP},
    {"imap4", 143, TCP},
    {"irc", 194, TCP},
    {"isakmp", 500, UDP},
    {"kerberos", 750, BOTH},
    {"klogin", 543, TCP},
    {"kshell", 544, TCP},
    {"ldap", 389, TCP},
    {"ldaps", 636, TCP},
    {"login", 513, TCP},
    {"lotusnotes", 1352, TCP},
    {"lpd", 515, TCP},
    {"mobile-ip", 434, UDP},
    {"nameserver", 42, UDP},
    {"netbios-dgm", 138, UDP},
    {"netbios-ns", 137, UDP},
    {"netbios-ssn", 139, TCP},
    {"nfs", 2049, BOTH},
    {"nntp", 119, TCP},
    {"ntp", 123, UDP},
    {"pcanywhere-data", 5631, TCP},
    {"pcanywhere-status", 5632, UDP},
    {"pim-auto-rp", 496, BOTH},
    {"pop2", 109, TCP},
    {"pop3", 110, TCP},
    {"pptp", 1723, TCP},
    {"radius", 1645, UDP},
    {"radius-acct", 1646, UDP},
    {"rip", 520, UDP},
    {"rpc", 111, BOTH},
    {"rsh", 514, TCP},
    {"rtsp", 554, TCP},
    {"secureid-udp", 5510, UDP},
    {"sip", 5060, BOTH},
    {"smtp", 25, TCP},
    {"snmp", 161, UDP},
    {"snmptrap", 162, UDP},
    {"sqlnet", 1521, TCP},
    {"ssh", 22, TCP},
    {"sunrpc", 111, BOTH},
    {"syslog", 514, UDP},
    {"tacacs", 49, BOTH},
    {"talk", 517, BOTH},
    {"telnet", 23, TCP},
    {"tftp", 69, UDP},
    {"time", 37, UDP},
    {"uucp", 540, TCP},
    {"vxlan", 4789, UDP},
    {"who", 513, UDP},
    {"whois", 43, TCP},
    {"www", 80, BOTH},
    {"xdmcp", 177, UDP},
};

int fr_cisco_asa_port(const char *word, bool tcp, bool udp) {
    unsigned number, asked = (tcp ? (unsigned)TCP : 0) | (udp ? (unsigned)UDP : 0);
    if (flowrules_parse_number(word, strlen(word), UINT16_MAX, &number))
        return (int)number;
    for (size_t i = 0; i < sizeof port_words / sizeof *port_words; i++)
        if ((port_words[i].protocols & asked) != 0 && strcmp(port_words[i].word, word) == 0)
            return port_words[i].port;
    return -1;
}

/* ---- types of ICMP ------------------------------------------------------------------------- */

static const struct number_word icmp_types[] = {
    {"alternate-address", 6},
    {"conversion-error", 31},
    {"echo", 8},
    {"echo-reply", 0},
    {"information-reply", 16},
    {"information-request", 15},
    {"mask-reply", 18},
    {"mask-request", 17},
    {"mobile-redirect", 32},
    {"parameter-problem", 12},
    {"redirect", 5},
    {"router-advertisement", 9},
    {"router-solicitation", 10},
    {"source-quench", 4},
    {"time-exceeded", 11},
    {"timestamp-reply", 14},
    {"timestamp-request", 13},
    {"traceroute", 30},
    {"unreachable", 3},
    {NULL, 0},
};

static const struct number_word icmp6_types[] = {
    {"echo", 128},
    {"echo-reply", 129},
    {"membership-query", 130},
    {"membership-reduction", 132},
    {"membership-report", 131},
    {"neighbor-advertisement", 136},
    {"neighbor-redirect", 137},
    {"neighbor-solicitation", 135},
    {"packet-too-big", 2},
    {"parameter-problem", 4},
    {"router-advertisement", 134},
    {"router-renumbering", 138},
    {"router-solicitation", 133},
    {"time-exceeded", 3},
    {"unreachable", 1},
    {NULL, 0},
};

int fr_cisco_asa_icmp_type(const char *word, int protocol) {
    unsigned number;
    if (flowrules_parse_number(word, strlen(word), 255, &number))
        return (int)number;
    return find_word(protocol == 58 ? icmp6_types : icmp_types, word);
}
