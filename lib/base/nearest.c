/*
 * Finds which of the words that are valid in a place was meant: by the word that other tools have
 * for it, or by a typing error. Knows the words of the field, not where they are valid.
 */
#include <stdio.h>
#include <string.h>

#include "diagnostics.h"

#define NEAREST_MAX 64

static char lower(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* ---- other words for the same thing -------------------------------------------------------- */

/*
 * What other tools, devices and people call it, then what it is called here; the candidates
 * decide where it fits. '_' is written '-' here.
 */
static const char *const synonyms[][2] = {
    /* the ends and the service of a flow */
    {"src", "source"},
    {"from", "source"},
    {"sources", "source"},
    {"srcs", "source"},
    {"source-address", "source"},
    {"src-address", "source"},
    {"source-ip", "source"},
    {"src-ip", "source"},
    {"saddr", "source"},
    {"client", "source"},
    {"clients", "source"},
    {"dst", "destination"},
    {"dest", "destination"},
    {"to", "destination"},
    {"destinations", "destination"},
    {"dests", "destination"},
    {"dsts", "destination"},
    {"destination-address", "destination"},
    {"dst-address", "destination"},
    {"destination-ip", "destination"},
    {"dst-ip", "destination"},
    {"daddr", "destination"},
    {"server", "destination"},
    {"servers", "destination"},
    {"target", "destination"},
    {"proto", "protocol"},
    {"protocols", "protocol"},
    {"l4proto", "protocol"},
    {"ip-protocol", "protocol"},
    {"dport", "port"},
    {"dports", "port"},
    {"ports", "port"},
    {"to-port", "port"},
    {"to-ports", "port"},
    {"dst-port", "port"},
    {"dest-port", "port"},
    {"destination-port", "port"},
    {"destination-ports", "port"},
    {"port-range", "port"},
    {"sport", "source-port"},
    {"sports", "source-port"},
    {"src-port", "source-port"},
    {"from-port", "source-port"},
    {"source-ports", "source-port"},
    {"type", "icmp-type"},
    {"code", "icmp-code"},
    {"services", "service"},
    {"application", "service"},
    {"applications", "service"},
    {"app", "service"},
    /* the rest of a flow */
    {"id", "name"},
    {"rule", "name"},
    {"rule-name", "name"},
    {"title", "name"},
    {"verdict", "action"},
    {"policy", "action"},
    {"effect", "action"},
    {"access", "action"},
    {"then", "action"},
    {"comment", "purpose"},
    {"comments", "purpose"},
    {"remark", "purpose"},
    {"reason", "purpose"},
    {"note", "purpose"},
    {"notes", "purpose"},
    {"description", "purpose"},
    {"comment", "description"},
    {"comments", "description"},
    {"remark", "description"},
    {"note", "description"},
    {"logging", "log"},
    {"logged", "log"},
    {"until", "expires"},
    {"expiry", "expires"},
    {"expiration", "expires"},
    {"expire", "expires"},
    {"valid-until", "expires"},
    {"end-date", "expires"},
    {"label", "tags"},
    {"labels", "tags"},
    {"change", "ticket"},
    {"issue", "ticket"},
    {"contact", "owner"},
    {"team", "owner"},
    {"responsible", "owner"},
    /* its values */
    {"accept", "allow"},
    {"permit", "allow"},
    {"pass", "allow"},
    {"allowed", "allow"},
    {"drop", "deny"},
    {"block", "deny"},
    {"reject", "deny"},
    {"discard", "deny"},
    {"denied", "deny"},
    /* networks */
    {"addresses", "members"},
    {"address", "members"},
    {"ips", "members"},
    {"ip", "members"},
    {"cidr", "members"},
    {"cidrs", "members"},
    {"prefix", "members"},
    {"prefixes", "members"},
    {"hosts", "members"},
    {"subnets", "members"},
    {"ranges", "members"},
    {"names", "members"},
    {"fqdn", "members"},
    {"fqdns", "members"},
    {"networks", "members"},
    {"exclude", "except"},
    {"excludes", "except"},
    {"excluding", "except"},
    {"exception", "except"},
    {"exceptions", "except"},
    {"without", "except"},
    {"not", "except"},
    /* the top level */
    {"version", "flowrules"},
    {"includes", "include"},
    {"import", "include"},
    {"imports", "include"},
    {"files", "include"},
    {"rules", "flows"},
    {"policies", "flows"},
    {"policy", "flows"},
    {"acl", "flows"},
    {"hosts", "networks"},
    {"objects", "networks"},
    {"groups", "networks"},
    {"addresses", "networks"},
    {"aliases", "networks"},
    {"definitions", "networks"},
    {"zones", "networks"},
    {"ports", "services"},
    {"applications", "services"},
    {"protocols", "services"},
    {"firewalls", "targets"},
    {"firewall", "targets"},
    {"devices", "targets"},
    {"backends", "targets"},
    {"outputs", "targets"},
    {"platforms", "targets"},
    {"protected", "protects"},
    {"protect", "protects"},
    /* targets */
    {"platform", "backend"},
    {"type", "backend"},
    {"kind", "backend"},
    {"vendor", "backend"},
    {"driver", "backend"},
    {"output", "format"},
    {"flows", "select"},
    {"filter", "select"},
    {"nft", "nftables"},
    {"netfilter", "nftables"},
    {"ip6tables", "iptables"},
    {"iptables-save", "iptables"},
    {"asa", "cisco-asa"},
    {"cisco", "cisco-asa"},
    {"srx", "juniper-srx"},
    {"juniper", "juniper-srx"},
    {"junos", "juniper-srx"},
    {"pan", "paloalto"},
    {"panos", "paloalto"},
    {"pan-os", "paloalto"},
    {"panorama", "paloalto"},
    {"palo-alto", "paloalto"},
    {"aws", "aws-sg"},
    {"security-group", "aws-sg"},
    {"azure", "azure-nsg"},
    {"nsg", "azure-nsg"},
    {"gcp", "gcloud"},
    {"google", "gcloud"},
    {"k8s", "kubernetes"},
    {"networkpolicy", "kubernetes"},
    {"ocp", "openshift"},
    {"markdown", "plain"},
    {"out", "egress"},
    {"output", "egress"},
    {"outbound", "egress"},
    {"outgoing", "egress"},
    {"in", "ingress"},
    {"input", "ingress"},
    {"inbound", "ingress"},
    {"incoming", "ingress"},
    {"in-out", "both"},
    /* ports, as IANA calls them */
    {"dns", "domain"},
    {"www", "http"},
    {"web", "http"},
    {"rdp", "ms-wbt-server"},
    {"smb", "microsoft-ds"},
    {"cifs", "microsoft-ds"},
    {"mssql", "ms-sql-s"},
    {"postgres", "postgresql"},
    {"ike", "isakmp"},
    {"nat-t", "ipsec-nat-t"},
    {"smtps", "submissions"},
    {"snmp-trap", "snmptrap"},
    {"dhcp", "bootps"},
    {"netbios", "netbios-ssn"},
    /* protocols */
    {"icmp6", "icmpv6"},
    {"icmp-v6", "icmpv6"},
    {"icmpv4", "icmp"},
    {"icmp4", "icmp"},
    {"icmp-v4", "icmp"},
    /* types of ICMP */
    {"echo", "echo-request"},
    {"ping", "echo-request"},
    {"pong", "echo-reply"},
    {"unreachable", "destination-unreachable"},
    {"ttl-exceeded", "time-exceeded"},
};

/* Are they the same but for case, and '_' or a blank for '-'? */
static bool is_word(const char *text, const char *word) {
    for (; *text != '\0' && *word != '\0'; text++, word++) {
        char c = *text == '_' || *text == ' ' ? '-' : lower(*text);
        if (c != lower(*word))
            return false;
    }
    return *text == '\0' && *word == '\0';
}

static const char *find_word(const char *word, const char *(*next)(const void *user, size_t i),
                             const void *user) {
    const char *candidate;
    for (size_t i = 0; (candidate = next(user, i)) != NULL; i++)
        if (is_word(word, candidate))
            return candidate;
    return NULL;
}

/* The candidate that is another word for text, or NULL. */
static const char *synonym(const char *text, const char *(*next)(const void *user, size_t i),
                           const void *user) {
    const char *found = find_word(text, next, user);
    for (size_t i = 0; found == NULL && i < sizeof synonyms / sizeof synonyms[0]; i++)
        if (is_word(text, synonyms[i][0]))
            found = find_word(synonyms[i][1], next, user);
    return found;
}

/* ---- slips --------------------------------------------------------------------------------- */

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/*
 * The edit distance with transposition of neighbours (optimal string alignment), or limit + 1 as
 * soon as it is beyond limit. Only cells near the diagonal can stay within it.
 */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length,
                       size_t limit) {
    size_t rows[3][NEAREST_MAX + 2];
    if ((a_length > b_length ? a_length - b_length : b_length - a_length) > limit)
        return limit + 1;
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        size_t from = i > limit + 1 ? i - limit : 1, to = smaller(b_length, i + limit);
        size_t least = row[from - 1] = from == 1 ? i : limit + 1;
        for (size_t j = from; j <= to; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            size_t up = j == i + limit ? limit + 1 : above[j];
            size_t best = smaller(above[j - 1] + (same ? 0 : 1), smaller(up, row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                best = smaller(best, two_above[j - 2] + 1);
            row[j] = best;
            least = smaller(least, best);
        }
        if (least > limit)
            return limit + 1;
    }
    return rows[a_length % 3][b_length];
}

const char *fr_nearest(const char *text, const char *(*next)(const void *user, size_t i),
                       const void *user) {
    size_t length = strlen(text);
    if (length == 0 || length > NEAREST_MAX)
        return NULL;
    const char *meant = synonym(text, next, user);
    if (meant != NULL)
        return meant;
    size_t limit = length / 3 > 1 ? length / 3 : 1;
    size_t nearest = limit + 1;
    const char *best = NULL, *candidate;
    for (size_t i = 0; (candidate = next(user, i)) != NULL; i++) {
        size_t candidate_length = strnlen(candidate, NEAREST_MAX + 1);
        if (candidate_length > NEAREST_MAX)
            continue;
        /* A slip leaves something of the text: b is not a misspelt a. */
        size_t edits = distance(text, length, candidate, candidate_length, limit);
        if (edits > limit || edits >= smaller(length, candidate_length))
            continue;
        /* Of those as near, one that begins as the text does is the likelier. */
        bool alike = lower(candidate[0]) == lower(text[0]);
        if (best != NULL && edits == nearest && !alike)
            continue;
        best = candidate;
        nearest = edits;
        if (edits == 0)
            return best;
        limit = alike ? edits - 1 : edits;
    }
    return best;
}

bool fr_did_you_mean(char *hint, size_t size, const char *near) {
    if (near != NULL)
        snprintf(hint, size, "did you mean '%s'?", near);
    return near != NULL;
}
