/*
 * paloalto: PAN-OS security rules and their objects, for a firewall or for a Panorama device group.
 * Knows both spellings, lines of "set" and a configuration in XML: they are written by the same
 * functions. Knows nothing of how rules came about. An object's name is made of what it holds, so
 * that "set", which adds to a list and never takes away, can't leave old members in one.
 * Facts without another source: the PAN-OS 10.1 to 11.1 administrator's and XML API guides.
 */
#include "flowrules/backend.h"
#include "flowrules/kits/flows.h"
#include "flowrules/kits/lookup.h"
#include "flowrules/kits/whole.h"

#include <stdio.h>
#include <string.h>

#include "paloalto.h"
#include "steps.h"
#include "zones.h"

/* Where the entries of a configuration are; parts of the file, in the order of references. */
enum section {
    SECTION_TAG,
    SECTION_ADDRESS,
    SECTION_GROUP,
    SECTION_SERVICE,
    SECTION_APPLICATION,
    SECTION_CATEGORY,
    SECTION_RULE,
    SECTION_COUNT
};

/*
 * Further parts: the removal of each section, rules deleted before they are set, and moves; and
 * what is put on a line of set once its length is known.
 */
enum {
    PART_REMOVE = SECTION_COUNT,
    PART_DELETE = PART_REMOVE + SECTION_COUNT,
    PART_MOVE,
    PART_ITEM,
    PART_LIST
};

enum {
    NAME_SIZE = FR_NAME_SIZE,    /* of objects, groups, services and rules: 63 bytes */
    PREFIX_MAX = FR_NAME_PREFIX, /* leaves a URL category 31 bytes: prefix, "-u-", 16 digits */
    ZONE_MAX = 31,               /* bytes of a zone's name */
    MEMBERS_MAX = 2500,          /* of an address group */
    LINE_MAX_BYTES = 500,        /* of a line of set; a list of more is several lines */
    RULES_APART = 2000,          /* more than a small firewall holds (product capacities): merged */
    ICMP = 1,
    ECHO = 8,
    ICMPV6 = 58,
    ECHO_V6 = 128,
    SCTP = 132
};

/* Entries of one port list: 80 of at most 12 bytes keep below the 1023 that it may take. */
#define PORTS_PER_OBJECT ((size_t)80)

struct state {
    bool xml;
    const char *prefix, *rulebase;
    const char *place, *place_name; /* "vsys" or "device-group", or NULL where there is one vsys */
    size_t entries[SECTION_COUNT];
    /* The entry that is open: where it is written, its name, and the words that lead to a value. */
    enum section section;
    flowrules_writer *w;
    char name[NAME_SIZE];
    const char *path[4];
    unsigned depth;
    size_t line, listed; /* bytes of the line of set that is open; members of the list */
    flowrules_flows flows;
    bool traced; /* it is a rule of these flows */
    /* Of all rules. */
    char last[NAME_SIZE];
    struct fr_zone_pairs pairs;
    const struct flowrules_passage *passage; /* with match-zones: of the rules that come now */
};

/* What a word of the configuration may hold; checked before, so that nothing is ever replaced. */
static const struct flowrules_escape word_escape = {
    .keep = " ._-", .replace = '_', .max_bytes = 255};
/*
 * A description: one line in double quotes, which set has no escape for, and text of an element.
 * A question mark asks the command line for help, also within quotes.
 */
static const struct flowrules_escape text_escape = {
    .keep = " !()*+,-./:;=@[]^_{}~'", .replace = '_', .max_bytes = 350};
static const struct flowrules_escape short_escape = {
    .keep = " !()*+,-./:;=@[]^_{}~'", .replace = '_', .max_bytes = 80};

/* ---- services ------------------------------------------------------------------------------- */

static const char *port_protocol(int protocol) {
    return protocol == 6 ? "tcp" : protocol == 17 ? "udp" : protocol == 132 ? "sctp" : NULL;
}

/* The ports of a service that one of its objects holds, from first on. */
static size_t ports_at(const struct flowrules_service *service, size_t first) {
    size_t left = service->destination_port_count - first;
    return left < PORTS_PER_OBJECT ? left : PORTS_PER_OBJECT;
}

/* Of all names that are written. */
static const char *prefix_of(flowrules_output *out) {
    const struct state *s = flowrules_output_state(out);
    return s->prefix;
}

static void service_name(const struct state *s, const struct flowrules_service *service,
                         size_t first, char name[NAME_SIZE]) {
    fr_names_ports(s->prefix, port_protocol(service->protocol), service, first,
                   ports_at(service, first), name);
}

/* ---- writing entries ----------------------------------------------------------------------- */

static const char *const section_words[SECTION_COUNT] = {
    [SECTION_TAG] = "tag",
    [SECTION_ADDRESS] = "address",
    [SECTION_GROUP] = "address-group",
    [SECTION_SERVICE] = "service",
    [SECTION_APPLICATION] = "application",
    [SECTION_CATEGORY] = "profiles custom-url-category",
};

/*
 * A name of the user's, quoted where set would take it for two words. Those that flowrules made are
 * legal as they are.
 */
static void write_word(flowrules_writer *w, bool xml, const char *word) {
    const char *quote = !xml && strchr(word, ' ') ? "\"" : "";
    flowrules_write(w, quote);
    flowrules_write_user(w, &word_escape, word);
    flowrules_write(w, quote);
}

/* "VERB [vsys V|device-group D] SECTION " of a command. */
static void write_command(flowrules_output *out, flowrules_writer *w, const char *verb,
                          enum section section) {
    const struct state *s = flowrules_output_state(out);
    flowrules_write(w, verb);
    flowrules_write(w, " ");
    if (s->place) {
        flowrules_write(w, s->place);
        flowrules_write(w, " ");
        write_word(w, false, s->place_name);
        flowrules_write(w, " ");
    }
    flowrules_write(w, section == SECTION_RULE ? s->rulebase : section_words[section]);
    flowrules_write(w, section == SECTION_RULE ? " security rules " : " ");
}

static void indent(const struct state *s, unsigned more) {
    static const char spaces[] = "                                ";
    unsigned deep = s->section == SECTION_RULE ? 16 : s->section == SECTION_CATEGORY ? 14 : 12;
    unsigned count = deep + 2 * (s->depth + more);
    flowrules_write(s->w, spaces + (sizeof spaces - 1 - count));
}

/* ---- lines of set: as much of an entry on one as fits */

static void end_line(struct state *s) {
    if (s->line > 0)
        flowrules_write(s->w, "\n");
    s->line = 0;
}

static void start_line(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    if (s->traced)
        flowrules_writer_origin(s->w, s->flows);
    write_command(out, s->w, "set", s->section);
    flowrules_write(s->w, s->name);
    s->line = strlen("set rulebase security rules ") + strlen(s->name) +
              (s->place ? strlen(s->place) + strlen(s->place_name) : 0);
}

/* Puts what was written aside, a value or a list with all that leads to it, on a line. */
static void put_item(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    flowrules_writer *item = flowrules_output_part(out, PART_ITEM);
    size_t size = flowrules_writer_size(item);
    if (size == 0)
        return;
    if (s->line > 0 && s->line + size >= LINE_MAX_BYTES)
        end_line(s);
    if (s->line == 0)
        start_line(out);
    flowrules_write(s->w, " ");
    flowrules_write_part(s->w, item);
    s->line += size + 1;
}

/* The item that is written aside, with the words that lead to it. */
static flowrules_writer *begin_item(flowrules_output *out) {
    const struct state *s = flowrules_output_state(out);
    flowrules_writer *item = flowrules_output_part(out, PART_ITEM);
    for (unsigned i = 0; i < s->depth; i++)
        flowrules_writef(item, "%s ", s->path[i]);
    return item;
}

static void end_list(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    if (s->listed == 0)
        return;
    flowrules_writer *item = begin_item(out);
    flowrules_write(item, s->listed > 1 ? "[ " : "");
    flowrules_write_part(item, flowrules_output_part(out, PART_LIST));
    flowrules_write(item, s->listed > 1 ? " ]" : "");
    s->listed = 0;
    put_item(out);
}

/* ---- entries */

static void remove_line(flowrules_output *out, unsigned part) {
    struct state *s = flowrules_output_state(out);
    flowrules_writer *w = flowrules_output_part(out, part);
    write_command(out, w, "delete", s->section);
    flowrules_write(w, s->name);
    flowrules_write(w, "\n");
}

/* Opens an entry, and notes how to remove it. */
static void open_entry(flowrules_output *out, enum section section, const char *name) {
    struct state *s = flowrules_output_state(out);
    s->section = section;
    s->w = flowrules_output_part(out, section);
    s->depth = 0;
    s->entries[section]++;
    snprintf(s->name, sizeof s->name, "%s", name);
    remove_line(out, PART_REMOVE + section);
    if (section == SECTION_RULE)
        remove_line(out, PART_DELETE);
    if (!s->xml)
        return;
    indent(s, 0);
    flowrules_write(s->w, "<entry name=\"");
    flowrules_write(s->w, name);
    flowrules_write(s->w, "\">\n");
}

static void close_entry(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    if (s->xml) {
        indent(s, 0);
        flowrules_write(s->w, "</entry>\n");
    }
    end_line(s);
    s->traced = false;
}

static void open_word(flowrules_output *out, const char *word) {
    struct state *s = flowrules_output_state(out);
    if (s->xml) {
        indent(s, 1);
        flowrules_writef(s->w, "<%s>\n", word);
    }
    s->path[s->depth++] = word;
}

static void close_word(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    end_list(out);
    const char *word = s->path[--s->depth];
    if (s->xml) {
        indent(s, 1);
        flowrules_writef(s->w, "</%s>\n", word);
    }
}

/* "word VALUE", where the value is written between begin and end. */
static flowrules_writer *begin_value(flowrules_output *out, const char *word) {
    const struct state *s = flowrules_output_state(out);
    flowrules_writer *w = s->w;
    if (s->xml)
        indent(s, 1);
    else
        w = begin_item(out);
    flowrules_writef(w, s->xml ? "<%s>" : "%s ", word);
    return w;
}

/* Behind a value that words in words lead to, nothing of the entry itself follows on a line. */
static void end_value(flowrules_output *out, const char *word) {
    struct state *s = flowrules_output_state(out);
    if (s->xml)
        flowrules_writef(s->w, "</%s>\n", word);
    else
        put_item(out);
    if (s->depth > 0)
        end_line(s);
}

static void value(flowrules_output *out, const char *word, const char *text) {
    const struct state *s = flowrules_output_state(out);
    write_word(begin_value(out, word), s->xml, text);
    end_value(out, word);
}

/* One more member of the list that the open words lead to, written between begin and end. */
static flowrules_writer *begin_member(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    if (s->xml) {
        indent(s, 1);
        flowrules_write(s->w, "<member>");
        return s->w;
    }
    flowrules_writer *list = flowrules_output_part(out, PART_LIST);
    if (flowrules_writer_size(list) > LINE_MAX_BYTES - NAME_SIZE)
        end_list(out);
    flowrules_write(list, s->listed++ > 0 ? " " : "");
    return list;
}

static void end_member(flowrules_output *out) {
    const struct state *s = flowrules_output_state(out);
    flowrules_write(s->w, s->xml ? "</member>\n" : "");
}

static void member(flowrules_output *out, const char *text) {
    const struct state *s = flowrules_output_state(out);
    write_word(begin_member(out), s->xml, text);
    end_member(out);
}

/* A list of one member. */
static void list_of(flowrules_output *out, const char *word, const char *text) {
    open_word(out, word);
    member(out, text);
    close_word(out);
}

static void tag_entry(flowrules_output *out) {
    list_of(out, "tag", flowrules_plan_setting(flowrules_output_plan(out), "tag"));
}

/* ---- objects ------------------------------------------------------------------------------- */

static void write_address(flowrules_output *out, const char *name, struct flowrules_set set,
                          size_t index) {
    struct flowrules_range range;
    open_entry(out, SECTION_ADDRESS, name);
    const char *fqdn = fr_names_member_at(set, index, &range);
    if (fqdn) {
        value(out, "fqdn", fqdn);
    } else {
        const char *word = flowrules_range_prefix(&range) < 0 ? "ip-range" : "ip-netmask";
        flowrules_write_range(begin_value(out, word), &range);
        end_value(out, word);
    }
    tag_entry(out);
    close_entry(out);
}

/*
 * Each wildcard with a slash behind it: without, PAN-OS before 10.2 matches names that only begin
 * like it. The name itself is not matched by its wildcard, as the policy has it. No tags here.
 */
static void write_category(flowrules_output *out, const char *name, struct flowrules_set set) {
    open_entry(out, SECTION_CATEGORY, name);
    value(out, "type", "URL List");
    open_word(out, "list");
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++) {
        flowrules_writer *w = begin_member(out);
        flowrules_write(w, "*.");
        flowrules_write_user(w, &word_escape, flowrules_set_atom(set, i).name);
        flowrules_write(w, "/");
        end_member(out);
    }
    close_word(out);
    close_entry(out);
}

static void write_group(flowrules_output *out, const char *name, struct flowrules_set set) {
    char one[NAME_SIZE];
    if (fr_names_is_wildcard(set)) {
        write_category(out, name, set);
        return;
    }
    open_entry(out, SECTION_GROUP, name);
    open_word(out, "static");
    for (size_t i = 0; i < fr_names_members(set); i++) {
        fr_names_member(prefix_of(out), set, i, one);
        member(out, one);
    }
    close_word(out);
    tag_entry(out);
    close_entry(out);
}

static const struct fr_names_writer object_writer = {write_address, write_group};

static void write_port_list(flowrules_output *out, const char *word,
                            const struct flowrules_ports *ports, size_t count) {
    flowrules_writer *w = begin_value(out, word);
    for (size_t i = 0; i < count; i++) {
        flowrules_write(w, i > 0 ? "," : "");
        flowrules_write_ports(w, ports[i], "-");
    }
    flowrules_write(w, count == 0 ? "0-65535" : "");
    end_value(out, word);
}

static void write_service(flowrules_output *out, const struct flowrules_service *service,
                          size_t first) {
    const struct state *s = flowrules_output_state(out);
    char name[NAME_SIZE];
    service_name(s, service, first, name);
    if (!flowrules_output_once(out, name))
        return;
    open_entry(out, SECTION_SERVICE, name);
    tag_entry(out);
    open_word(out, "protocol");
    open_word(out, port_protocol(service->protocol));
    write_port_list(out, "port", service->destination_ports + first, ports_at(service, first));
    if (service->source_port_count > 0)
        write_port_list(out, "source-port", service->source_ports, service->source_port_count);
    close_word(out);
    close_word(out);
    close_entry(out);
}

/* ---- applications -------------------------------------------------------------------------- */

/*
 * What has no ports is known by its application. "icmp" is all of ICMP but the echo, which is
 * "ping" (PAN-OS 10.1 Networking Administrator's Guide, "ICMP"). The others by their IP protocol as
 * content release 517-2824 has them (predefined.xml of github.com/cpainchaud/pan-configurator;
 * "gre" as nvgre uses it there); "ospfigp" is known by nothing in it.
 */
static const struct {
    int protocol, type;
    const char *applications[2];
} applications[] = {
    {ICMP, -1, {"icmp", "ping"}}, {ICMP, ECHO, {"ping", NULL}}, {ICMPV6, -1, {"ipv6-icmp", NULL}},
    {2, -1, {"igmp", NULL}},      {47, -1, {"gre", NULL}},      {50, -1, {"ipsec-esp", NULL}},
    {51, -1, {"ipsec-ah", NULL}}, {88, -1, {"eigrp", NULL}},    {89, -1, {"ospf", NULL}},
    {103, -1, {"pim", NULL}},     {112, -1, {"vrrp", NULL}},
};

/* The applications of PAN-OS that are a service, or NULL. */
static const char *const *predefined(const struct flowrules_service *service) {
    for (size_t i = 0; i < sizeof applications / sizeof *applications; i++)
        if (applications[i].protocol == service->protocol &&
            applications[i].type == service->icmp_type && service->icmp_code < 0)
            return applications[i].applications;
    return NULL;
}

/* Is it known by an application of flowrules' own? */
static bool is_custom(const struct flowrules_service *service) {
    return service->protocol >= 0 && !port_protocol(service->protocol) && !predefined(service);
}

static bool is_icmp(const struct flowrules_service *service) {
    return service->protocol == ICMP || service->protocol == ICMPV6;
}

static void number(flowrules_output *out, const char *word, int value_of) {
    flowrules_write_number(begin_value(out, word), (uint64_t)value_of);
    end_value(out, word);
}

/* PAN-OS wants category, subcategory, technology and risk of each. */
static void write_application(flowrules_output *out, const struct flowrules_service *service) {
    char name[NAME_SIZE];
    fr_names_portless(prefix_of(out), service, name);
    if (!is_custom(service) || !flowrules_output_once(out, name))
        return;
    open_entry(out, SECTION_APPLICATION, name);
    value(out, "category", "networking");
    value(out, "subcategory", "ip-protocol");
    value(out, "technology", "network-protocol");
    value(out, "risk", "1");
    open_word(out, "default");
    if (is_icmp(service)) {
        open_word(out, service->protocol == ICMP ? "ident-by-icmp-type" : "ident-by-icmp6-type");
        number(out, "type", service->icmp_type);
        if (service->icmp_code >= 0)
            number(out, "code", service->icmp_code);
        close_word(out);
    } else {
        number(out, "ident-by-ip-protocol", service->protocol);
    }
    close_word(out);
    close_entry(out);
}

/* Is a type with a code, or a type of ICMP, within what another service says? */
static bool is_within(const struct flowrules_service *inner,
                      const struct flowrules_service *outer) {
    return inner->protocol == outer->protocol && inner->icmp_type >= 0 &&
           (outer->icmp_type < 0 || outer->icmp_type == inner->icmp_type) && outer->icmp_code < 0 &&
           (inner->icmp_type != outer->icmp_type || inner->icmp_code != outer->icmp_code);
}

/* A packet has one application: which of two of flowrules' own that hold it is not known. */
static void check_applications(flowrules_output *out) {
    for (size_t i = 0; i < flowrules_output_service_count(out); i++)
        for (size_t k = 0; k < flowrules_output_service_count(out); k++) {
            const struct flowrules_service *inner = flowrules_output_service(out, i);
            const struct flowrules_service *outer = flowrules_output_service(out, k);
            if (is_custom(inner) && is_custom(outer) && is_within(inner, outer))
                flowrules_output_refuse(
                    out,
                    "flows have type %d of %s with code %d and with any code, but in PAN-OS a "
                    "packet has only one application: use codes in all these flows, or in none",
                    inner->icmp_type, inner->protocol == ICMP ? "ICMP" : "ICMPv6",
                    inner->icmp_code);
        }
}

static void write_services(flowrules_output *out, const struct flowrules_service *service) {
    size_t first = 0;
    write_application(out, service);
    if (!port_protocol(service->protocol))
        return;
    do {
        write_service(out, service, first);
        first += PORTS_PER_OBJECT;
    } while (first < service->destination_port_count);
}

/* ---- zones --------------------------------------------------------------------------------- */

static const struct {
    const char *zone, *address, *setting;
} end_words[] = {
    [FLOWRULES_SOURCE] = {"from", "source", "from-zone"},
    [FLOWRULES_DESTINATION] = {"to", "destination", "to-zone"},
};

static bool is_name(const char *text, size_t most) {
    return fr_zones_is_name(text, " ._-", most) && !strchr(" .-", text[0]);
}

static bool is_zone(const char *text) {
    return is_name(text, ZONE_MAX);
}

static const struct fr_zone_words zone_words = {
    .is_name = is_zone,
    .rules = "rules",
    .no_pair = "no rule says between which zones to deny the rest: set 'from-zone' and 'to-zone', "
               "or 'explicit-deny: false'",
    FR_ZONE_WORDS("paloalto", "31 letters, digits, spaces and ._-")};

static void write_zones(flowrules_output *out, struct flowrules_set set, enum flowrules_end end) {
    const struct state *s = flowrules_output_state(out);
    const char *zone;
    open_word(out, end_words[end].zone);
    for (size_t i = 0;
         (zone = fr_zones_told(flowrules_output_plan(out), s->passage, set, end, i)) != NULL; i++)
        member(out, zone);
    close_word(out);
}

/* ---- rules --------------------------------------------------------------------------------- */

static void write_end(flowrules_output *out, struct flowrules_set set, enum flowrules_end end) {
    char name[NAME_SIZE] = "any";
    if (!fr_names_is_wildcard(set))
        fr_names_end(out, prefix_of(out), set, name);
    list_of(out, end_words[end].address, name);
}

/*
 * An application of flowrules' own takes its packets from the one of PAN-OS that has them
 * otherwise: what holds them is written with both.
 */
static void write_applications(flowrules_output *out, const struct flowrules_service *service) {
    const struct state *s = flowrules_output_state(out);
    const char *const *known = predefined(service);
    char name[NAME_SIZE];
    for (size_t k = 0; known && k < 2 && known[k]; k++)
        member(out, known[k]);
    if (!known) {
        fr_names_portless(s->prefix, service, name);
        member(out, name);
    }
    for (size_t i = 0; known && i < flowrules_output_service_count(out); i++) {
        const struct flowrules_service *other = flowrules_output_service(out, i);
        if (!is_custom(other) || !is_within(other, service))
            continue;
        fr_names_portless(s->prefix, other, name);
        member(out, name);
    }
}

static void write_rule_applications(flowrules_output *out, const struct flowrules_rule *rule) {
    open_word(out, "application");
    if (fr_names_is_wildcard(rule->destination)) {
        member(out, "ssl");
        member(out, "web-browsing");
    } else if (rule->services[0].protocol < 0 || port_protocol(rule->services[0].protocol)) {
        member(out, "any");
    } else {
        for (size_t i = 0; i < rule->service_count; i++)
            write_applications(out, &rule->services[i]);
    }
    close_word(out);
}

static void write_rule_services(flowrules_output *out, const struct flowrules_rule *rule) {
    int protocol = rule->services[0].protocol;
    if (!port_protocol(protocol)) {
        list_of(out, "service", protocol < 0 ? "any" : "application-default");
        return;
    }
    open_word(out, "service");
    for (size_t i = 0; i < rule->service_count; i++) {
        const struct flowrules_service *service = &rule->services[i];
        size_t first = 0;
        do {
            char name[NAME_SIZE];
            service_name(flowrules_output_state(out), service, first, name);
            member(out, name);
            first += PORTS_PER_OBJECT;
        } while (first < service->destination_port_count);
    }
    close_word(out);
}

static void write_category_match(flowrules_output *out, struct flowrules_set destination) {
    char name[NAME_SIZE] = "any";
    if (fr_names_is_wildcard(destination))
        fr_names_set(out, prefix_of(out), destination, name);
    list_of(out, "category", name);
}

static void describe(flowrules_writer *w, const char *before, const char *text) {
    if (text) {
        flowrules_write(w, before);
        flowrules_write_user(w, &short_escape, text);
    }
}

/* The flows of a rule; of a single one, what is told of it. At most 1024 bytes may stand here. */
static void write_description(flowrules_output *out, flowrules_flows flows) {
    const struct state *s = flowrules_output_state(out);
    flowrules_writer *w = begin_value(out, "description");
    const char *purpose = flowrules_flows_purpose(out, flows, 0);
    flowrules_write(w, s->xml ? "" : "\"");
    flowrules_write_flows(w, out, &text_escape, flows);
    if (flowrules_flows_count(out, flows) == 1) {
        flowrules_write(w, purpose ? ": " : "");
        flowrules_write_user(w, &text_escape, purpose);
        describe(w, "; owner ", flowrules_flows_owner(out, flows, 0));
        describe(w, "; ticket ", flowrules_flows_ticket(out, flows, 0));
        describe(w, "; until ", flowrules_flows_expires(out, flows, 0));
    }
    flowrules_write(w, s->xml ? "" : "\"");
    end_value(out, "description");
}

/*
 * "drop" tells nobody; "reset-both" resets TCP, and with icmp-unreachable answers the rest
 * ("Security Policy Actions" of the administrator's guide). "deny" would be what App-ID thinks
 * best. Without log-end, PAN-OS would log the end of each session.
 */
static void write_action(flowrules_output *out, enum flowrules_action action, bool log) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *log_setting = flowrules_plan_setting(plan, "log-setting");
    if (action == FLOWRULES_ALLOW)
        value(out, "action", "allow");
    else
        value(out, "action", fr_zones_rejects(plan) ? "reset-both" : "drop");
    if (action == FLOWRULES_DENY && fr_zones_rejects(plan))
        value(out, "icmp-unreachable", "yes");
    value(out, "log-end", log ? "yes" : "no");
    if (log && log_setting)
        value(out, "log-setting", log_setting);
}

/* Puts a rule behind the one before it; the first goes to its place in the rulebase. */
static void write_move(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct state *s = flowrules_output_state(out);
    flowrules_writer *w = flowrules_output_part(out, PART_MOVE);
    const char *before = flowrules_plan_setting(plan, "before");
    const char *after = flowrules_plan_setting(plan, "after");
    write_command(out, w, "move", SECTION_RULE);
    flowrules_write(w, s->name);
    if (s->last[0] != '\0') {
        flowrules_write(w, " after ");
        flowrules_write(w, s->last);
    } else if (before) {
        flowrules_write(w, " before ");
        write_word(w, false, before);
    } else if (after) {
        flowrules_write(w, " after ");
        write_word(w, false, after);
    } else {
        flowrules_write(w, " top");
    }
    flowrules_write(w, "\n");
    snprintf(s->last, sizeof s->last, "%s", s->name);
}

static void group(flowrules_output *out, const struct flowrules_group *g) {
    struct state *s = flowrules_output_state(out);
    s->passage = fr_zones_group(out, g, &zone_words);
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    struct state *s = flowrules_output_state(out);
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s-%s", s->prefix, r->name);
    if (s->xml)
        flowrules_writer_origin(flowrules_output_part(out, SECTION_RULE), r->flows);
    s->flows = r->flows;
    s->traced = true;
    fr_zones_close(flowrules_output_plan(out), &s->pairs, r->source, r->destination);
    open_entry(out, SECTION_RULE, name);
    write_zones(out, r->source, FLOWRULES_SOURCE);
    write_zones(out, r->destination, FLOWRULES_DESTINATION);
    write_end(out, r->source, FLOWRULES_SOURCE);
    write_end(out, r->destination, FLOWRULES_DESTINATION);
    list_of(out, "source-user", "any");
    write_category_match(out, r->destination);
    write_rule_applications(out, r);
    write_rule_services(out, r);
    write_action(out, r->action, r->log);
    write_description(out, r->flows);
    tag_entry(out);
    close_entry(out);
    write_move(out);
}

/* Do two zones deny the same: to the same zones? */
static bool deny_alike(const struct fr_zone_pairs *pairs, size_t a, size_t b) {
    return memcmp(pairs->closed[a], pairs->closed[b], sizeof pairs->closed[a]) == 0;
}

/* From zone first and those that deny the same. */
static void write_denied_sources(flowrules_output *out, size_t first) {
    const struct state *s = flowrules_output_state(out);
    open_word(out, "from");
    for (size_t i = first; i < s->pairs.count; i++)
        if (deny_alike(&s->pairs, first, i))
            member(out, s->pairs.zones[i]);
    close_word(out);
}

static void write_denied_destinations(flowrules_output *out, size_t from) {
    const struct state *s = flowrules_output_state(out);
    bool any = false;
    for (size_t k = 0; k < s->pairs.count; k++)
        any = any || (s->pairs.closed[from][k] && strcmp(s->pairs.zones[k], "any") == 0);
    open_word(out, "to");
    if (any)
        member(out, "any");
    for (size_t k = 0; !any && k < s->pairs.count; k++)
        if (s->pairs.closed[from][k])
            member(out, s->pairs.zones[k]);
    close_word(out);
}

/* No flow's rule has such a name: behind the prefix they all have a hyphen. */
static void open_deny(flowrules_output *out, unsigned number) {
    const struct state *s = flowrules_output_state(out);
    char name[NAME_SIZE];
    snprintf(name, sizeof name, number == 1 ? "%s_deny-rest" : "%s_deny-rest-%u", s->prefix,
             number);
    open_entry(out, SECTION_RULE, name);
}

static void write_deny(flowrules_output *out, size_t from, unsigned number) {
    static const char *const any[] = {"source",   "destination", "source-user",
                                      "category", "application", "service"};
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct state *s = flowrules_output_state(out);
    open_deny(out, number);
    write_denied_sources(out, from);
    write_denied_destinations(out, from);
    for (size_t i = 0; i < sizeof any / sizeof *any; i++)
        list_of(out, any[i], "any");
    write_action(out, FLOWRULES_DENY, !flowrules_plan_log_nothing(plan));
    flowrules_writer *w = begin_value(out, "description");
    flowrules_writef(w, "%swhat no flow allows%s%s", s->xml ? "" : "\"",
                     fr_zones_match(plan) ? "" : " between these zones", s->xml ? "" : "\"");
    end_value(out, "description");
    tag_entry(out);
    close_entry(out);
    write_move(out);
}

/* A zone to which nothing is closed, or like one before. */
static bool is_covered(const struct fr_zone_pairs *pairs, size_t from) {
    bool some = false;
    for (size_t k = 0; k < pairs->count; k++)
        some = some || pairs->closed[from][k];
    for (size_t i = 0; some && i < from; i++)
        some = !deny_alike(pairs, i, from);
    return !some;
}

/*
 * The last rules, a rule for the zones from which the same zones are closed: PAN-OS logs nothing
 * that its own last rules deny, and lets pass what stays within a zone, which is closed where a
 * flow stays in it, or where all are asked for (intrazone).
 */
static void write_last_denies(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    unsigned number = 0;
    fr_zones_deny_rest(out, &s->pairs, &zone_words);
    for (size_t i = 0; i < s->pairs.count; i++)
        if (!is_covered(&s->pairs, i))
            write_deny(out, i, ++number);
}

/* ---- the target as a whole ----------------------------------------------------------------- */

static void check_names(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    static const struct {
        const char *key;
        size_t most;
    } names[] = {
        {"vsys", 63},        {"device-group", 63}, {"before", 63},          {"after", 63},
        {"log-setting", 63}, {"tag", 127},         {"from-zone", ZONE_MAX}, {"to-zone", ZONE_MAX}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = flowrules_plan_setting(plan, names[i].key);
        if (text && !is_name(text, names[i].most))
            flowrules_output_refuse(out,
                                    "'%s' is not a valid name in PAN-OS: use at most %zu letters, "
                                    "digits, spaces and ._-",
                                    names[i].key, names[i].most);
    }
    if (flowrules_plan_setting(plan, "before") && flowrules_plan_setting(plan, "after"))
        flowrules_output_refuse(
            out,
            "the rules can be placed before or after a rule: use only one of 'before' and 'after'");
}

/* Which rulebase: a firewall has its own, a device group has one before and one after that. */
static const char *choose_rulebase(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *rulebase = flowrules_plan_setting(plan, "rulebase");
    bool panorama = flowrules_plan_setting(plan, "device-group") != NULL;
    if (panorama && flowrules_plan_setting(plan, "vsys"))
        flowrules_output_refuse(out, "it is for a vsys of a firewall or for a device-group: use "
                                     "only one of 'vsys' and 'device-group'");
    if (rulebase && panorama != (strcmp(rulebase, "local") != 0))
        flowrules_output_refuse(out, panorama ? "a device-group has rules before and after those "
                                                "of its firewalls: use rulebase pre or post"
                                              : "rulebase pre and post need a device-group");
    if (!panorama)
        return "rulebase";
    return rulebase && strcmp(rulebase, "post") == 0 ? "post-rulebase" : "pre-rulebase";
}

static void begin_all(flowrules_output *out, bool xml) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct state *s = flowrules_output_state(out);
    s->xml = xml;
    check_names(out);
    s->prefix = fr_names_prefix(out);
    fr_zones_check(out, &zone_words);
    s->rulebase = choose_rulebase(out);
    s->place_name = flowrules_plan_setting(plan, "device-group");
    s->place = s->place_name ? "device-group" : "vsys";
    if (!s->place_name)
        s->place_name = flowrules_plan_setting(plan, "vsys");
    if (!s->place_name)
        s->place = NULL;
    open_entry(out, SECTION_TAG, flowrules_plan_setting(plan, "tag"));
    value(out, "color", "color3");
    close_entry(out);
    check_applications(out);
    fr_names_write(out, s->prefix, &object_writer);
    for (size_t i = 0; i < flowrules_output_service_count(out); i++)
        write_services(out, flowrules_output_service(out, i));
}

/* All that this version has: rules before what they refer to. The tag may be others' too. */
static void write_removal(flowrules_output *out) {
    flowrules_writer *w = flowrules_output_file(out, ".remove.set", false);
    for (unsigned section = SECTION_COUNT; section-- > SECTION_TAG + 1;)
        flowrules_write_part(w, flowrules_output_part(out, PART_REMOVE + section));
}

/* Do last rules deny what no flow allows? */
static bool denies_rest(const flowrules_plan *plan) {
    return !flowrules_plan_permits(plan) && flowrules_plan_flag(plan, "explicit-deny");
}

/* Without last rules, what stays within a zone is the firewall's own to decide. */
static void baseline(const flowrules_plan *plan, flowrules_input *in) {
    struct fr_zones zones;
    fr_zones_baseline(plan, in, &zones, denies_rest(plan));
    if (!denies_rest(plan))
        fr_zones_within(in, &zones, NULL, FLOWRULES_OUTSIDE);
}

static void end_all(flowrules_output *out) {
    if (denies_rest(flowrules_output_plan(out)))
        write_last_denies(out);
}

static void write_notes(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct state *s = flowrules_output_state(out);
    struct paloalto_steps steps = {
        .xml = s->xml,
        .rules = s->entries[SECTION_RULE],
        .denies = denies_rest(plan),
        .intrazone = strcmp(flowrules_plan_setting(plan, "intrazone"), "all") == 0,
        .matched = fr_zones_match(plan),
        .wildcards = s->entries[SECTION_CATEGORY] > 0,
        .applications = s->entries[SECTION_APPLICATION] > 0};
    bool echo = false;
    for (size_t i = 0; i < flowrules_output_service_count(out); i++) {
        const struct flowrules_service *service = flowrules_output_service(out, i);
        steps.sctp = steps.sctp || service->protocol == SCTP;
        if (service->protocol == ICMPV6 && service->icmp_code < 0) {
            steps.icmpv6 = steps.icmpv6 || service->icmp_type < 0;
            echo = echo || service->icmp_type == ECHO_V6;
        }
    }
    steps.icmpv6 = steps.icmpv6 && !echo;
    paloalto_write_steps(out, &steps);
}

/* ---- set ----------------------------------------------------------------------------------- */

static void begin_set(flowrules_output *out) {
    flowrules_output_file(out, ".set", false);
    begin_all(out, false);
}

static void end_set(flowrules_output *out) {
    flowrules_writer *w = flowrules_output_file(out, ".set", false);
    end_all(out);
    flowrules_write_part(w, flowrules_output_part(out, PART_DELETE));
    for (unsigned section = 0; section < SECTION_COUNT; section++)
        flowrules_write_part(w, flowrules_output_part(out, section));
    flowrules_write_part(w, flowrules_output_part(out, PART_MOVE));
    write_removal(out);
    write_notes(out);
}

/* ---- xml ----------------------------------------------------------------------------------- */

static void begin_xml(flowrules_output *out) {
    flowrules_output_file(out, ".xml", false);
    begin_all(out, true);
}

/* The elements that lead to a section, below the vsys or device group; all but rules: one or two.
 */
static const char *section_element(const struct state *s, enum section section, unsigned level) {
    static const char *const rules[] = {"security", "rules"};
    static const char *const category[] = {"profiles", "custom-url-category"};
    if (section == SECTION_RULE)
        return level == 0 ? s->rulebase : level < 3 ? rules[level - 1] : NULL;
    if (section == SECTION_CATEGORY)
        return level < 2 ? category[level] : NULL;
    return level == 0 ? section_words[section] : NULL;
}

static void write_section(flowrules_output *out, flowrules_writer *w, enum section section) {
    const struct state *s = flowrules_output_state(out);
    unsigned level = 0;
    if (s->entries[section] == 0)
        return;
    for (const char *e; (e = section_element(s, section, level)); level++)
        flowrules_writef(w, "%*s<%s>\n", (int)(10 + 2 * level), "", e);
    flowrules_write_part(w, flowrules_output_part(out, section));
    while (level-- > 0)
        flowrules_writef(w, "%*s</%s>\n", (int)(10 + 2 * level), "",
                         section_element(s, section, level));
}

/* devices/entry.../vsys/entry[@name='V']/SECTION, as load config partial wants it. */
static void write_xpath(const struct state *s, flowrules_writer *w, enum section section) {
    flowrules_writef(w, "devices/entry[@name='localhost.localdomain']/%s/entry[@name='",
                     s->place ? s->place : "vsys");
    flowrules_write_user(w, &word_escape, s->place ? s->place_name : "vsys1");
    flowrules_write(w, "']");
    const char *e;
    for (unsigned level = 0; (e = section_element(s, section, level)); level++)
        flowrules_writef(w, "/%s", e);
}

/* Quoted where the name of the vsys or device group has a space. */
static void write_load(flowrules_output *out, flowrules_writer *w, enum section section) {
    const struct state *s = flowrules_output_state(out);
    const char *quote = s->place && strchr(s->place_name, ' ') ? "\"" : "";
    if (s->entries[section] == 0)
        return;
    flowrules_writef(w, "load config partial from %s.xml from-xpath %s",
                     flowrules_plan_target(flowrules_output_plan(out)), quote);
    write_xpath(s, w, section);
    flowrules_writef(w, "%s to-xpath %s/config/", quote, quote);
    write_xpath(s, w, section);
    flowrules_writef(w, "%s mode merge\n", quote);
}

static void write_loads(flowrules_output *out) {
    flowrules_writer *w = flowrules_output_file(out, ".load.set", false);
    flowrules_write_part(w, flowrules_output_part(out, PART_DELETE));
    for (unsigned section = 0; section < SECTION_COUNT; section++)
        write_load(out, w, (enum section)section);
    flowrules_write_part(w, flowrules_output_part(out, PART_MOVE));
}

static void end_xml(flowrules_output *out) {
    flowrules_writer *w = flowrules_output_file(out, ".xml", false);
    const struct state *s = flowrules_output_state(out);
    const char *place = s->place ? s->place : "vsys";
    end_all(out);
    flowrules_write(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    paloalto_write_comment(out, w);
    flowrules_writef(w,
                     "<config>\n  <devices>\n    <entry name=\"localhost.localdomain\">\n"
                     "      <%s>\n        <entry name=\"",
                     place);
    flowrules_write_user(w, &word_escape, s->place ? s->place_name : "vsys1");
    flowrules_write(w, "\">\n");
    for (unsigned section = 0; section < SECTION_COUNT; section++)
        write_section(out, w, (enum section)section);
    flowrules_writef(w, "        </entry>\n      </%s>\n    </entry>\n  </devices>\n</config>\n",
                     place);
    write_loads(out);
    write_removal(out);
    write_notes(out);
}

/* ---- what can't be said -------------------------------------------------------------------- */

static bool is_web(const struct flowrules_service *service) {
    if (service->protocol != 6 || service->source_port_count > 0 ||
        service->destination_port_count == 0)
        return false;
    for (size_t i = 0; i < service->destination_port_count; i++) {
        struct flowrules_ports ports = service->destination_ports[i];
        if (ports.first != ports.last || (ports.first != 80 && ports.first != 443))
            return false;
    }
    return true;
}

static bool has_wildcard(struct flowrules_set set) {
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++)
        if (flowrules_set_atom(set, i).kind == FLOWRULES_ATOM_WILDCARD)
            return true;
    return false;
}

static const char *refuses(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    if (has_wildcard(flow->source))
        return "wildcards match the URL that is asked for, and a source has none\nlist its names";
    for (size_t i = 0; has_wildcard(flow->destination) && i < flow->service_count; i++)
        if (!is_web(&flow->services[i]))
            return "wildcards match TLS SNI or HTTP Host, on tcp/80 and tcp/443 alone\nlist the "
                   "names";
    for (size_t i = 0; i < flow->service_count; i++)
        if (flow->services[i].protocol == 0 || flow->services[i].protocol == 255)
            return flow->action == FLOWRULES_DENY
                       ? "an application of PAN-OS can match only the protocols 1 to 254 "
                         "(ident-by-ip-protocol)\n"
                         "leave 0 and 255 out, or deny 'any' and spare the flows that may pass"
                       : "an application of PAN-OS can match only the protocols 1 to 254 "
                         "(ident-by-ip-protocol)\n"
                         "leave 0 and 255 out";
    return fr_zones_refuse(plan, flow, &zone_words);
}

static bool has_service(const struct flowrules_rule *flow, int protocol, int type) {
    for (size_t i = 0; i < flow->service_count; i++)
        if (flow->services[i].protocol == protocol && flow->services[i].icmp_type == type)
            return true;
    return false;
}

/*
 * A content release has all of ICMPv6 in "ipv6-icmp" (517-2824), later ones have a "ping6" too, and
 * whether that is within "ipv6-icmp" is not documented. An application of flowrules' own for the
 * echo ends the question, since it takes those packets.
 */
static const char *warns_of_echo(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    struct flowrules_rule other;
    if (!has_service(flow, ICMPV6, -1))
        return NULL;
    for (size_t i = 0; flowrules_plan_flow(plan, i, &other); i++)
        if (has_service(&other, ICMPV6, ECHO_V6))
            return NULL;
    return "the content release decides whether ICMPv6 echo belongs to 'ipv6-icmp' or to an "
           "application 'ping6': test it, or add a flow for its type (icmp-type: echo-request), "
           "which gets its own application";
}

static const char *warns(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    const char *zones = fr_zones_warn(plan, flow);
    return zones != NULL ? zones : warns_of_echo(plan, flow);
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct flowrules_format formats[] = {
    {.name = "set",
     .help = "commands for configuration mode, and commands that remove them",
     .begin = begin_set,
     .group = group,
     .rule = rule,
     .end = end_set},
    {.name = "xml",
     .help = "a partial configuration, and the commands that load it",
     .begin = begin_xml,
     .group = group,
     .rule = rule,
     .end = end_xml},
    {.name = NULL},
};

static const struct flowrules_setting settings[] = {
    {.key = "vsys", .type = "text", .help = "the virtual system, on a firewall with several"},
    {.key = "device-group",
     .type = "text",
     .help = "the device group, on Panorama instead of a firewall"},
    {.key = "rulebase",
     .type = "choice local|pre|post",
     .help = "local: on a firewall; pre (the default) or post: of a device group"},
    FR_ZONE_SETTINGS,
    {.key = "log-setting", .type = "text", .help = "the log forwarding profile of rules that log"},
    {.key = "tag", .type = "name", .fallback = "flowrules", .help = "on all rules and objects"},
    {.key = "before",
     .type = "text",
     .help = "the rule that follows those of flowrules; without it, they go to the top"},
    {.key = "after",
     .type = "text",
     .later = true,
     .permits_alone = true,
     .help = "mode: permits: the rule that precedes those of flowrules"},
    {.key = "prefix",
     .type = "name",
     .fallback = "fr",
     .help =
         "all names begin with it, at most 10 characters; different for each target of a rulebase"},
    {FR_ZONE_DENY_WITH},
    {.key = "applications",
     .type = "choice exact|ports",
     .fallback = "exact",
     .help = "for reading; ports: an allow of a well-known App-ID counts as an allow of its ports, "
             "and other restrictions of App-ID are lost"},
    {.key = "explicit-deny",
     .whole_alone = true,
     .type = "boolean",
     .fallback = "true",
     .help = "end with rules that deny everything else between the pairs of zones of the flows"},
    {FR_ZONE_INTRAZONE, .later = true},
    {FR_ZONE_MATCH},
    {.key = NULL},
};

static const struct flowrules_limit limits[] = {
    {"characters of an object's or rule's name", NAME_SIZE - 1, "PAN-OS XML schema"},
    {"characters of a zone's, application's or URL category's name", ZONE_MAX, "PAN-OS XML schema"},
    {"characters of a service's ports", 1023, "PAN-OS XML schema"},
    {"characters of a rule's description", 1024, "PAN-OS XML schema"},
    {"members of an address group", MEMBERS_MAX, "PAN-OS product capacities"},
    {.name = NULL},
};

extern const struct flowrules_backend flowrules_backend_paloalto;
const struct flowrules_backend flowrules_backend_paloalto = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "paloalto",
    .title = "Palo Alto Networks",
    .description = "Security rules and objects of a PAN-OS firewall or a Panorama device group",
    .capabilities = {FR_ZONE_CAPABILITIES, .wildcards = FLOWRULES_WILDCARDS_BELOW,
                     .wildcards_note =
                         "matched by the TLS SNI or HTTP Host that the client sends, of the "
                         "applications ssl and web-browsing",
                     .separate_wildcards = true, .addresses_per_end = MEMBERS_MAX,
                     .ports_apart = true, .merge_above = RULES_APART,
                     .permits_note = "the rules behind them and the firewall's defaults",
                     .itself =
                         "what goes to the management port, or leaves it; data ports are decided"},
    .state_size = sizeof(struct state),
    .formats = formats,
    .settings = settings,
    .bindings = fr_zones_bindings,
    .limits = limits,
    .refuses = refuses,
    .warns = warns,
    .read = fr_paloalto_read,
    .baseline = baseline,
};
