/*
 * cisco-asa: an extended access list for ASA 9.x with the objects that it refers to, built beside
 * what is in force and swapped in. Knows the ASA's syntax, names and pasting; knows nothing of how
 * rules came about. guide.c has the words for the engineer who pastes it.
 *
 * Facts: Cisco ASA Series Firewall CLI Configuration Guide, "Objects for Access Control" and
 * "Access Control Lists", 9.2 to 9.22.
 */
#include "cisco_asa.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/flows.h"
#include "flowrules/kits/hashes.h"
#include "flowrules/kits/whole.h"

/* ---- texts --------------------------------------------------------------------------------- */

/* As in guide.c. A remark holds 100 characters (command reference, access-list remark); "- " stands
 * in front of a text. */
static const struct flowrules_escape remark_escape = {
    .keep = " #%&'()*+,-./:;<=>@[]^_{}~",
    .replace = '_',
    .max_bytes = 98,
};

/* ---- names of objects ---------------------------------------------------------------------- */

/*
 * Objects of all kinds share one space of names, of 64 characters each. What an object holds is
 * part of its name, whole or as a hash: under a name that an access list in force uses, nothing
 * ever changes. Networks are FR_LABEL@CONTENT, services have no @.
 */
enum { NAME_MAX_BYTES = 64, CONTENT_MAX = 40, REMARK_MAX = 100 };

struct content {
    char text[NAME_MAX_BYTES + 1];
    size_t length; /* of the whole, also where text is cut */
    uint64_t hash; /* of the whole */
};

static void start_content(struct content *c) {
    *c = (struct content){.hash = FLOWRULES_HASH_BEGIN};
}

static void add_content(struct content *c, const char *text) {
    c->hash = flowrules_hash_bytes(c->hash, text, strlen(text));
    for (; *text != '\0'; text++) {
        if (c->length < NAME_MAX_BYTES)
            c->text[c->length] = *text;
        c->length++;
    }
    c->text[c->length < NAME_MAX_BYTES ? c->length : NAME_MAX_BYTES] = '\0';
}

__attribute__((format(printf, 2, 3))) static void add_contentf(struct content *c,
                                                               const char *format, ...) {
    char text[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add_content(c, text);
}

/* An IPv6 address has _ for : and its last groups left out where they are zero. */
static void add_ip(struct content *c, enum flowrules_family family, struct flowrules_ip ip) {
    if (family == FLOWRULES_IPV4) {
        unsigned a = (unsigned)ip.lo;
        add_contentf(c, "%u.%u.%u.%u", a >> 24, a >> 16 & 255u, a >> 8 & 255u, a & 255u);
        return;
    }
    unsigned groups[8], used = 0;
    for (unsigned i = 0; i < 8; i++) {
        groups[i] = (unsigned)((i < 4 ? ip.hi : ip.lo) >> (48 - 16 * (i % 4)) & 0xffff);
        used = groups[i] != 0 ? i + 1 : used;
    }
    for (unsigned i = 0; i < used; i++)
        add_contentf(c, i > 0 ? "_%x" : "%x", groups[i]);
    if (used < 8)
        add_content(c, "__");
}

static void add_range(struct content *c, const struct flowrules_range *range) {
    int prefix = flowrules_range_prefix(range);
    int host = range->family == FLOWRULES_IPV4 ? 32 : 128;
    add_ip(c, range->family, range->first);
    if (prefix < 0) {
        add_content(c, "-");
        add_ip(c, range->family, range->last);
    } else if (prefix < host) {
        add_contentf(c, "-%d", prefix);
    }
}

/* 40 bits of a hash: what the same label holds differs from version to version, and no more. */
static unsigned long long short_hash(const struct content *content) {
    return flowrules_hash_spread(content->hash) >> 24;
}

/* Letters, digits and . - & _ of a label, as many as fit: what tells objects apart follows it. */
static void name_network(char name[NAME_MAX_BYTES + 1], const char *label,
                         const struct content *content, bool hashed) {
    char tail[CONTENT_MAX + 2];
    if (hashed || content->length > CONTENT_MAX)
        snprintf(tail, sizeof tail, "@%010llx", short_hash(content));
    else
        snprintf(tail, sizeof tail, "@%.*s", CONTENT_MAX, content->text);
    size_t length = (size_t)snprintf(name, NAME_MAX_BYTES + 1, "FR_");
    for (; *label != '\0' && length + strlen(tail) < NAME_MAX_BYTES; label++) {
        bool plain = (*label >= 'a' && *label <= 'z') || (*label >= 'A' && *label <= 'Z') ||
                     (*label >= '0' && *label <= '9') || *label == '.' || *label == '-' ||
                     *label == '&';
        name[length++] = '_';
        if (plain)
            name[length - 1] = *label;
    }
    snprintf(name + length, NAME_MAX_BYTES + 1 - length, "%s", tail);
}

/* ---- network objects ----------------------------------------------------------------------- */

/* A.B.C.D MASK, or an IPv6 prefix: the ASA takes netmasks, neither wildcards nor /24. */
static void write_network(flowrules_writer *w, const struct flowrules_range *range,
                          const char *host_word) {
    int prefix = flowrules_range_prefix(range);
    if (prefix == (range->family == FLOWRULES_IPV4 ? 32 : 128)) {
        flowrules_write(w, host_word);
        flowrules_write_ip(w, range->family, range->first);
    } else if (range->family == FLOWRULES_IPV6) {
        flowrules_write_prefix(w, range);
    } else {
        struct flowrules_ip ones = {0, UINT32_MAX};
        flowrules_write_ip(w, range->family, range->first);
        flowrules_write(w, " ");
        flowrules_write_ip(w, range->family,
                           flowrules_prefix(range->family, ones, (unsigned)prefix).first);
    }
}

static void define_range(flowrules_output *out, const char *label,
                         const struct flowrules_range *range, char name[NAME_MAX_BYTES + 1]) {
    struct content content;
    start_content(&content);
    add_range(&content, range);
    name_network(name, label, &content, false);
    if (!flowrules_output_once(out, name))
        return;
    flowrules_writer *w = flowrules_output_part(out, FR_CISCO_ASA_OBJECTS);
    int prefix = flowrules_range_prefix(range);
    flowrules_writef(w, "object network %s\n ", name);
    if (prefix < 0) {
        flowrules_write(w, "range ");
        flowrules_write_ip(w, range->family, range->first);
        flowrules_write(w, " ");
        flowrules_write_ip(w, range->family, range->last);
    } else {
        if (prefix < (range->family == FLOWRULES_IPV4 ? 32 : 128))
            flowrules_write(w, "subnet ");
        write_network(w, range, "host ");
    }
    flowrules_write(w, "\n");
}

/*
 * One object a name, for A and AAAA records ("fqdn" without v4 or v6): where the other end of a
 * rule has one family, no packet of the other matches it.
 */
static void define_fqdn(flowrules_output *out, const char *fqdn, char name[NAME_MAX_BYTES + 1]) {
    struct fr_cisco_asa *s = flowrules_output_state(out);
    struct content content;
    bool whole = strlen(fqdn) <= NAME_MAX_BYTES - 7; /* FR_ and @dns */
    start_content(&content);
    add_content(&content, "dns");
    if (!whole)
        add_content(&content, fqdn);
    name_network(name, fqdn, &content, !whole);
    s->names = true;
    if (!flowrules_output_once(out, name))
        return;
    flowrules_writer *w = flowrules_output_part(out, FR_CISCO_ASA_OBJECTS);
    flowrules_writef(w, "object network %s\n fqdn ", name);
    flowrules_write_user(w, &fr_cisco_asa_word_escape, fqdn);
    flowrules_write(w, "\n");
}

/*
 * A range of an object is told by two hosts; whether the first or the last address of all may be
 * one is not documented, so a range that reaches there is written as prefixes.
 */
static bool is_at_edge(const struct flowrules_range *range) {
    uint64_t hi = range->family == FLOWRULES_IPV4 ? 0 : UINT64_MAX;
    uint64_t lo = range->family == FLOWRULES_IPV4 ? UINT32_MAX : UINT64_MAX;
    return flowrules_range_prefix(range) < 0 && ((range->first.hi == 0 && range->first.lo == 0) ||
                                                 (range->last.hi == hi && range->last.lo == lo));
}

static void write_prefixes(flowrules_writer *w, struct flowrules_range range) {
    struct flowrules_range prefix;
    while (flowrules_range_next_prefix(&range, &prefix)) {
        flowrules_write(w, " network-object ");
        write_network(w, &prefix, "host ");
        flowrules_write(w, "\n");
    }
}

static void write_family(flowrules_output *out, flowrules_writer *w, struct flowrules_set set,
                         enum flowrules_family family) {
    char name[NAME_MAX_BYTES + 1];
    for (size_t i = 0; i < flowrules_set_range_count(set, family); i++) {
        struct flowrules_range range = flowrules_set_range(set, family, i);
        if (flowrules_range_prefix(&range) >= 0 || is_at_edge(&range)) {
            write_prefixes(w, range);
        } else {
            define_range(out, "range", &range, name);
            flowrules_writef(w, " network-object object %s\n", name);
        }
    }
}

static bool has_family(unsigned families, enum flowrules_family family) {
    return (families & FLOWRULES_FAMILY_BIT(family)) != 0;
}

/* Members may be of both families (objects guide, "IPv6 Guidelines"). */
static void write_members(flowrules_output *out, flowrules_writer *w, struct flowrules_set set,
                          unsigned families) {
    char name[NAME_MAX_BYTES + 1];
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
        if (has_family(families, f))
            write_family(out, w, set, f);
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++) {
        define_fqdn(out, flowrules_set_atom(set, i).name, name);
        flowrules_writef(w, " network-object object %s\n", name);
    }
}

static void define_group(flowrules_output *out, const char *label, struct flowrules_set set,
                         unsigned families, char name[NAME_MAX_BYTES + 1]) {
    struct content content;
    start_content(&content);
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
        for (size_t i = 0; has_family(families, f) && i < flowrules_set_range_count(set, f); i++) {
            struct flowrules_range range = flowrules_set_range(set, f, i);
            add_content(&content, content.length > 0 ? "&" : "");
            add_range(&content, &range);
        }
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++) {
        add_content(&content, "&:"); /* a name may look like a range */
        add_content(&content, flowrules_set_atom(set, i).name);
    }
    name_network(name, label != NULL ? label : flowrules_set_title(out, set, "&"), &content,
                 flowrules_set_atom_count(set) > 0);
    if (!flowrules_output_once(out, name))
        return;
    flowrules_writer *w = flowrules_output_part(out, FR_CISCO_ASA_GROUPS);
    flowrules_writef(w, "object-group network %s\n", name);
    write_members(out, w, set, families);
}

/* ---- ends ---------------------------------------------------------------------------------- */

/* The ranges of a set in these families; *range is the first. */
static size_t ranges_in(struct flowrules_set set, unsigned families,
                        struct flowrules_range *range) {
    size_t count = 0;
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        size_t own = has_family(families, f) ? flowrules_set_range_count(set, f) : 0;
        if (count == 0 && own > 0)
            *range = flowrules_set_range(set, f, 0);
        count += own;
    }
    return count;
}

/* The policy's name of what a set is in these families, or NULL. */
static const char *label_of(const flowrules_plan *plan, struct flowrules_set set,
                            unsigned families) {
    if (families == FLOWRULES_BOTH_FAMILIES)
        return flowrules_set_label(plan, set);
    return flowrules_set_family_label(
        plan, set, has_family(families, FLOWRULES_IPV4) ? FLOWRULES_IPV4 : FLOWRULES_IPV6);
}

/* Defines what an end that is no address by itself refers to; "object NAME" or the like. */
static void define_end(flowrules_output *out, struct fr_cisco_asa_end *end,
                       struct flowrules_set set, unsigned families) {
    const char *label = label_of(flowrules_output_plan(out), set, families);
    struct flowrules_range range = {.family = FLOWRULES_IPV4};
    size_t ranges = ranges_in(set, families, &range), atoms = flowrules_set_atom_count(set);
    char name[NAME_MAX_BYTES + 1];
    bool group = ranges + atoms > 1 || (ranges == 1 && is_at_edge(&range));
    if (group)
        define_group(out, label, set, families, name);
    else if (atoms == 1)
        define_fqdn(out, flowrules_set_atom(set, 0).name, name);
    else
        define_range(out, label != NULL ? label : "range", &range, name);
    snprintf(end->text, sizeof end->text, "%s %s", group ? "object-group" : "object", name);
}

/* An address of its own, without a name in the policy, stands in the rule itself. */
static bool is_inline(const flowrules_plan *plan, struct flowrules_set set, unsigned families,
                      struct flowrules_range *range) {
    return ranges_in(set, families, range) == 1 && flowrules_set_atom_count(set) == 0 &&
           flowrules_range_prefix(range) >= 0 && label_of(plan, set, families) == NULL;
}

/* "any", "any4" or "any6" where a set is all of these families; NULL where it is not. */
static const char *any_word(struct flowrules_set set, unsigned families) {
    bool any = flowrules_set_is_any(set);
    for (enum flowrules_family f = FLOWRULES_IPV4; !any && f <= FLOWRULES_IPV6; f++)
        if (has_family(families, f) && !flowrules_set_is_all(set, f))
            return NULL;
    return families == FLOWRULES_BOTH_FAMILIES    ? "any"
           : has_family(families, FLOWRULES_IPV4) ? "any4"
                                                  : "any6";
}

/* Most rules share their ends with others: what was found for a set is kept for a while. */
static void write_end(flowrules_output *out, flowrules_writer *w, struct flowrules_set set,
                      unsigned families) {
    struct fr_cisco_asa *s = flowrules_output_state(out);
    struct fr_cisco_asa_end *end = &s->ends[set.id % FR_CISCO_ASA_ENDS];
    const char *any = any_word(set, families);
    struct flowrules_range range;
    flowrules_write(w, " ");
    if (any != NULL) {
        flowrules_write(w, any);
        return;
    }
    if (end->text[0] == '\0' || end->set != set.id || end->families != families) {
        if (is_inline(flowrules_output_plan(out), set, families, &range)) {
            write_network(w, &range, "host ");
            return;
        }
        define_end(out, end, set, families);
        end->set = set.id;
        end->families = families;
    }
    flowrules_write(w, end->text);
}

/* ---- services ------------------------------------------------------------------------------ */

/* Ports are always numbers: the ASA's names for them differ from IANA's (radius is 1645). */
static const char *const protocol_words[] = {
    [1] = "icmp", [6] = "tcp", [17] = "udp",   [47] = "gre",
    [50] = "esp", [51] = "ah", [58] = "icmp6", [132] = "sctp"};

static void protocol_word(int protocol, char word[16]) {
    size_t known = sizeof protocol_words / sizeof *protocol_words;
    if (protocol < 0)
        snprintf(word, 16, "ip");
    else if ((size_t)protocol < known && protocol_words[protocol] != NULL)
        snprintf(word, 16, "%s", protocol_words[protocol]);
    else
        snprintf(word, 16, "%d", protocol);
}

static void write_port(flowrules_writer *w, const char *before,
                       const struct flowrules_ports *ports) {
    if (ports == NULL)
        return;
    flowrules_write(w, before);
    flowrules_write(w, ports->first == ports->last ? " eq " : " range ");
    flowrules_write_ports(w, *ports, " ");
}

static void write_icmp(flowrules_writer *w, const struct flowrules_service *service) {
    if (service->icmp_type >= 0)
        flowrules_writef(w, " %d", service->icmp_type);
    if (service->icmp_type >= 0 && service->icmp_code >= 0)
        flowrules_writef(w, " %d", service->icmp_code);
}

static const struct flowrules_ports *port_at(const struct flowrules_ports *ports, size_t count,
                                             size_t index) {
    return index < count ? &ports[index] : NULL;
}

/* Calls once for each pair of a source and a destination port, either of which may be any. */
static void write_service_objects(flowrules_writer *w, const struct flowrules_service *service) {
    char word[16];
    protocol_word(service->protocol, word);
    size_t sources = service->source_port_count, destinations = service->destination_port_count;
    for (size_t i = 0; i == 0 || i < sources; i++)
        for (size_t k = 0; k == 0 || k < destinations; k++) {
            flowrules_writef(w, " service-object %s", word);
            write_port(w, " source", port_at(service->source_ports, sources, i));
            write_port(w, " destination", port_at(service->destination_ports, destinations, k));
            write_icmp(w, service);
            flowrules_write(w, "\n");
        }
}

static void add_ports(struct content *c, const char *before, const struct flowrules_ports *ports,
                      size_t count) {
    add_content(c, count > 0 ? before : "");
    for (size_t i = 0; i < count; i++) {
        add_contentf(c, ".%u", ports[i].first);
        if (ports[i].last != ports[i].first)
            add_contentf(c, "-%u", ports[i].last);
    }
}

static void add_service(struct content *c, const struct flowrules_service *service) {
    char word[16];
    protocol_word(service->protocol, word);
    add_content(c, word);
    add_ports(c, ".from", service->source_ports, service->source_port_count);
    add_ports(c, service->source_port_count > 0 ? ".to" : "", service->destination_ports,
              service->destination_port_count);
    if (service->icmp_type >= 0)
        add_contentf(c, ".%d", service->icmp_type);
    if (service->icmp_type >= 0 && service->icmp_code >= 0)
        add_contentf(c, ".%d", service->icmp_code);
}

/*
 * A group without a type holds any mix of protocols, ports and ICMP types, and stands where the
 * protocol does; groups with a type are never needed beside it.
 */
static void define_services(flowrules_output *out, const struct flowrules_rule *rule,
                            char name[NAME_MAX_BYTES + 1]) {
    struct content content;
    start_content(&content);
    for (size_t i = 0; i < rule->service_count; i++) {
        add_content(&content, i > 0 ? "&" : "");
        add_service(&content, &rule->services[i]);
    }
    if (content.length + 3 <= NAME_MAX_BYTES)
        snprintf(name, NAME_MAX_BYTES + 1, "FR_%.61s", content.text);
    else
        snprintf(name, NAME_MAX_BYTES + 1, "FR_services.%016llx", (unsigned long long)content.hash);
    if (!flowrules_output_once(out, name))
        return;
    flowrules_writer *w = flowrules_output_part(out, FR_CISCO_ASA_GROUPS);
    flowrules_writef(w, "object-group service %s\n", name);
    for (size_t i = 0; i < rule->service_count; i++)
        write_service_objects(w, &rule->services[i]);
}

/* ---- rules --------------------------------------------------------------------------------- */

static void begin_flow_line(flowrules_output *out, flowrules_writer *w, flowrules_flows flows) {
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    fr_cisco_asa_begin_line(out, w);
    if (!s->removing)
        flowrules_writer_origin(w, flows);
}

static void begin_remark(flowrules_output *out, flowrules_writer *w, flowrules_flows flows) {
    begin_flow_line(out, w, flows);
    flowrules_write(w, " remark ");
}

/* "owner X, ticket Y" */
static void write_owner(flowrules_writer *w, const char *owner, const char *ticket) {
    struct flowrules_escape half = remark_escape;
    half.max_bytes = 40; /* "- owner ", ", ticket " and two of these */
    flowrules_write(w, owner != NULL ? "owner " : "");
    flowrules_write_user(w, &half, owner);
    flowrules_write(w, ticket == NULL ? "" : owner != NULL ? ", ticket " : "ticket ");
    flowrules_write_user(w, &half, ticket);
}

/*
 * Who asked for a rule, what for, on one line where it fits: "flow NAME - PURPOSE - owner X". A
 * rule of many flows tells their names alone.
 */
static void write_remarks(flowrules_output *out, flowrules_writer *w, flowrules_flows flows) {
    const char *purpose = flowrules_flows_purpose(out, flows, 0);
    const char *owner = flowrules_flows_owner(out, flows, 0);
    const char *ticket = flowrules_flows_ticket(out, flows, 0);
    bool one = flowrules_flows_count(out, flows) == 1;
    struct flowrules_escape names = remark_escape;
    names.max_bytes = 94; /* "flows " */
    const char *name = flowrules_flows_name(out, flows, 0);
    size_t used = sizeof "flow " - 1 + strlen(name);
    size_t whose = (owner != NULL ? sizeof "owner " - 1 + strlen(owner) : 0) +
                   (ticket != NULL ? sizeof ", ticket " - 1 + strlen(ticket) : 0);
    begin_remark(out, w, flows);
    flowrules_write(w, one ? "flow " : "flows ");
    flowrules_write_flows(w, out, &names, flows);
    if (one && purpose != NULL) {
        bool fits = used + 3 + strlen(purpose) <= REMARK_MAX && strstr(name, " - ") == NULL;
        used = fits ? used + 3 + strlen(purpose) : 2 + strlen(purpose);
        if (!fits) {
            flowrules_write(w, "\n");
            begin_remark(out, w, flows);
        }
        flowrules_write(w, fits ? " - " : "- ");
        flowrules_write_user(w, &remark_escape, purpose);
    }
    if (one && whose > 0) {
        bool fits = used + 3 + whose <= REMARK_MAX && strstr(name, " - ") == NULL;
        if (!fits) {
            flowrules_write(w, "\n");
            begin_remark(out, w, flows);
        }
        flowrules_write(w, fits ? " - " : "- ");
        write_owner(w, owner, ticket);
    }
    flowrules_write(w, "\n");
}

static void write_log(const flowrules_plan *plan, flowrules_writer *w, bool log, bool deny) {
    long long level = flowrules_plan_number(plan, "log-level");
    long long interval = flowrules_plan_number(plan, "log-interval");
    if (!log) /* a deny without this tells of itself in message 106023 */
        flowrules_write(w, deny && flowrules_plan_log_nothing(plan) ? " log disable" : "");
    else if (level == FR_CISCO_ASA_LOG_LEVEL && interval == FR_CISCO_ASA_LOG_INTERVAL)
        flowrules_write(w, " log");
    else
        flowrules_writef(w, " log %lld interval %lld", level, interval);
}

static void write_time_range(flowrules_output *out, flowrules_writer *w, const char *day) {
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    struct fr_cisco_asa *s = flowrules_output_state(out);
    char name[NAME_MAX_BYTES + 1];
    if (day == NULL)
        return;
    s->ends_in_time = true;
    snprintf(name, sizeof name, "FR_until_%.10s", day);
    flowrules_writef(w, " time-range %s", name);
    if (!flowrules_output_once(out, name))
        return;
    int month = (int)strtol(day + 5, NULL, 10);
    flowrules_writef(flowrules_output_part(out, FR_CISCO_ASA_TIMES),
                     "time-range %s\n absolute end 23:59 %d %s %.4s\n", name,
                     (int)strtol(day + 8, NULL, 10),
                     months[month >= 1 && month <= 12 ? month - 1 : 0], day);
}

/* In one entry: one protocol and at most one port or range of ports on each side. */
static bool is_single(const struct flowrules_rule *rule) {
    return rule->service_count == 1 && rule->services[0].source_port_count <= 1 &&
           rule->services[0].destination_port_count <= 1;
}

static void write_entry(flowrules_output *out, flowrules_writer *w,
                        const struct flowrules_rule *rule) {
    const struct flowrules_service *service = &rule->services[0];
    bool single = is_single(rule), deny = rule->action == FLOWRULES_DENY;
    char name[NAME_MAX_BYTES + 1];
    begin_flow_line(out, w, rule->flows);
    flowrules_write(w, deny ? " extended deny " : " extended permit ");
    if (single) {
        protocol_word(service->protocol, name);
        flowrules_write(w, name);
    } else {
        define_services(out, rule, name);
        flowrules_writef(w, "object-group %s", name);
    }
    write_end(out, w, rule->source, rule->families);
    if (single)
        write_port(w, "", port_at(service->source_ports, service->source_port_count, 0));
    write_end(out, w, rule->destination, rule->families);
    if (single) {
        write_port(w, "", port_at(service->destination_ports, service->destination_port_count, 0));
        write_icmp(w, service);
    }
    write_log(flowrules_output_plan(out), w, rule->log, deny);
    write_time_range(out, w, rule->last_day);
    flowrules_write(w, "\n");
}

static void note_services(struct fr_cisco_asa *s, const struct flowrules_rule *rule) {
    for (size_t i = 0; i < rule->service_count; i++) {
        int protocol = rule->services[i].protocol;
        bool icmp = protocol == 1 || protocol == 58 || protocol < 0;
        s->icmp = s->icmp || (icmp && rule->action == FLOWRULES_ALLOW);
        s->sctp = s->sctp || protocol == 132;
    }
}

static flowrules_writer *list_part(flowrules_output *out) {
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    return flowrules_output_part(out, FR_CISCO_ASA_LIST + (unsigned)s->list);
}

static bool has_name(const struct flowrules_interfaces *interfaces, const char *name) {
    for (size_t i = 0; i < interfaces->count; i++)
        if (strcmp(interfaces->names[i], name) == 0)
            return true;
    return interfaces->count == 0;
}

/* Are the rules that come now about packets that a list sees? */
static bool is_in_passage(flowrules_output *out, const struct fr_cisco_asa_written *list) {
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    if (list->interface == NULL || s->passage == NULL)
        return true;
    return has_name(fr_cisco_asa_is_out(flowrules_output_plan(out)) ? &s->passage->leaves
                                                                    : &s->passage->enters,
                    list->interface);
}

/*
 * Is there an equal entry in the list already? An ASA takes it once: with other words for the log
 * it changes the earlier one. So may flows with and without an interface that are alike otherwise.
 */
static bool is_there(flowrules_output *out, const struct flowrules_rule *r) {
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    struct content content;
    char key[40];
    start_content(&content);
    add_contentf(&content, "%zu %d %u %u %u ", s->list, (int)r->action, r->families, r->source.id,
                 r->destination.id);
    for (size_t i = 0; i < r->service_count; i++) {
        add_service(&content, &r->services[i]);
        add_content(&content, "&");
    }
    add_content(&content, r->last_day != NULL ? r->last_day : "");
    snprintf(key, sizeof key, "entry %016llx", (unsigned long long)content.hash);
    return !flowrules_output_once(out, key);
}

static void write_lines(flowrules_output *out, flowrules_writer *w, const struct flowrules_rule *r,
                        bool remarks) {
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    if (remarks)
        write_remarks(out, w, r->flows);
    if (s->lists[s->list].interface == NULL || !is_there(out, r)) {
        write_entry(out, w, r);
        return;
    }
    begin_remark(out, w, r->flows);
    flowrules_write(w, "- by an entry above\n");
}

static void group(flowrules_output *out, const struct flowrules_group *g) {
    struct fr_cisco_asa *s = flowrules_output_state(out);
    s->passage = g->passage;
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    struct fr_cisco_asa *s = flowrules_output_state(out);
    note_services(s, r);
    bool remarks = false;
    for (s->list = 0; s->list < s->list_count; s->list++) {
        struct fr_cisco_asa_written *list = &s->lists[s->list];
        if (!is_in_passage(out, list))
            continue;
        remarks = !list->remarked || !flowrules_flows_are_same(list->remarked_flows, r->flows);
        list->remarked = true;
        list->remarked_flows = r->flows;
        write_lines(out, list_part(out), r, remarks);
    }
    if (!flowrules_plan_permits(flowrules_output_plan(out)))
        return;
    s->removing = true;
    write_lines(out, flowrules_output_part(out, FR_CISCO_ASA_REMOVAL), r, remarks);
    s->removing = false;
}

/* ---- the list ------------------------------------------------------------------------------ */

/* Of the ICMP errors, those that path MTU discovery needs: RFC 1191, 4 and RFC 8201, 4. */
static void write_path_mtu(flowrules_output *out, flowrules_writer *w) {
    static const char *const lines[] = {" remark path MTU discovery\n",
                                        " extended permit icmp any4 any4 3 4\n",
                                        " extended permit icmp6 any6 any6 2\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        fr_cisco_asa_begin_line(out, w);
        flowrules_write(w, lines[i]);
    }
}

/* With anti-spoofing: denies addresses that belong to other interfaces than that of the list. */
static void write_spoofed(flowrules_output *out, flowrules_writer *w, const char *interface) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct flowrules_interfaces own;
    struct flowrules_set set;
    for (size_t i = 0; flowrules_plan_own_source(plan, i, &set, &own); i++) {
        if (has_name(&own, interface))
            continue;
        fr_cisco_asa_begin_line(out, w);
        flowrules_write(w, " remark addresses of other interfaces\n");
        fr_cisco_asa_begin_line(out, w);
        flowrules_write(w, " extended deny ip");
        write_end(out, w, set, FLOWRULES_BOTH_FAMILIES);
        flowrules_write(w, " any");
        write_log(plan, w, flowrules_plan_log_denied(plan), true);
        flowrules_write(w, "\n");
    }
}

static void begin(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct fr_cisco_asa *s = flowrules_output_state(out);
    bool path_mtu = flowrules_plan_has(plan, FLOWRULES_BASELINE_PATH_MTU);
    fr_cisco_asa_find_lists(out);
    fr_cisco_asa_check_settings(out);
    for (s->list = 0; s->list < s->list_count; s->list++) {
        if (path_mtu)
            write_path_mtu(out, list_part(out));
        if (s->lists[s->list].interface != NULL)
            write_spoofed(out, list_part(out), s->lists[s->list].interface);
    }
    s->list = 0;
    s->removing = true;
    if (path_mtu && flowrules_plan_permits(plan))
        write_path_mtu(out, flowrules_output_part(out, FR_CISCO_ASA_REMOVAL));
    s->removing = false;
}

static void write_rest(flowrules_output *out, flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    fr_cisco_asa_begin_line(out, w);
    flowrules_write(w, " remark what no flow allows\n");
    fr_cisco_asa_begin_line(out, w);
    flowrules_write(w, " extended deny ip any any");
    write_log(plan, w, flowrules_plan_log_denied(plan), true);
    flowrules_write(w, "\n");
}

static void end(flowrules_output *out) {
    struct fr_cisco_asa *s = flowrules_output_state(out);
    bool permits = flowrules_plan_permits(flowrules_output_plan(out));
    for (s->list = 0; s->list < s->list_count && !permits; s->list++)
        write_rest(out, list_part(out));
    fr_cisco_asa_write_files(out);
}

/* ---- what an ASA can't say ----------------------------------------------------------------- */

/* Labels of an FQDN object are letters, digits and hyphens (objects guide, "fqdn"). */
static bool has_odd_name(struct flowrules_set set) {
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++)
        if (strchr(flowrules_set_atom(set, i).name, '_') != NULL)
            return true;
    return false;
}

static const char *refuses(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    const char *day = flow->last_day;
    for (size_t i = 0; i < flow->service_count; i++)
        if (flow->services[i].protocol == 0 && flowrules_plan_permits(plan))
            return "the ASA cannot match protocol 0: for it, 0 is ip, any protocol";
        else if (flow->services[i].protocol == 0)
            return flow->action == FLOWRULES_DENY
                       ? "the ASA cannot match protocol 0: for it, 0 is ip, any protocol\n"
                         "leave it out, or deny 'any' and spare the flows that may pass"
                       : "the ASA cannot match protocol 0: for it, 0 is ip, any protocol\n"
                         "leave it out";
    if (has_odd_name(flow->source) || has_odd_name(flow->destination))
        return "an FQDN object of the ASA cannot have a name with '_'";
    if (day != NULL && strncmp(day, "2035", 4) > 0) /* time-range, absolute: 1993-2035 */
        return "a time range of the ASA ends in 2035 at the latest";
    return NULL;
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct flowrules_format formats[] = {
    {.name = "cli",
     .help = "commands to paste in configure terminal, or to copy to running-config",
     .begin = begin,
     .group = group,
     .rule = rule,
     .end = end},
    {.name = NULL},
};

static const struct flowrules_limit limits[] = {
    {"characters of an object's name", NAME_MAX_BYTES, "ASA CLI guide, Objects for Access Control"},
    {"characters of a remark", REMARK_MAX, "ASA command reference, access-list remark"},
    {"characters of an access list's name", FR_CISCO_ASA_LIST_NAME_MAX,
     "ASA command reference, access-list extended"},
    {"interfaces of a target with match-interfaces", FR_CISCO_ASA_LISTS,
     "flowrules: parts of an artifact"},
    {"last year of a time range", 2035, "ASA CLI, time-range, absolute"},
    {.name = NULL},
};

extern const struct flowrules_backend flowrules_backend_cisco_asa;
const struct flowrules_backend flowrules_backend_cisco_asa = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "cisco-asa",
    .title = "Cisco ASA",
    .description =
        "An extended access list of ASA 9.x with its objects, bound to an interface in one step",
    .capabilities = {.placement = FLOWRULES_TRANSIT,
                     .baseline = FLOWRULES_BASELINE_PATH_MTU,
                     .permits = true,
                     .permits_note = "the other entries of the access list",
                     .evaluation = FLOWRULES_FIRST_MATCH,
                     .families = FLOWRULES_BOTH_FAMILIES,
                     .mixed_families = true,
                     .icmp_by_family = true,
                     .names = true,
                     .source_names = true,
                     .source_ports = true,
                     .icmp_types = true,
                     .itself =
                         "what goes to the ASA itself (ssh, http, IKE, routing), or leaves it",
                     .logging = true,
                     .expiry = true,
                     .merge_above = 32,
                     .interfaces = "interface",
                     .interfaces_by = "match-interfaces",
                     .interfaces_end = "access-group"},
    .state_size = sizeof(struct fr_cisco_asa),
    .formats = formats,
    .settings = fr_cisco_asa_settings,
    .bindings = fr_cisco_asa_bindings,
    .limits = limits,
    .refuses = refuses,
    .read = fr_cisco_asa_read,
    .baseline = fr_cisco_asa_baseline,
};
