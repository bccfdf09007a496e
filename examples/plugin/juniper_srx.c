/*
 * juniper-srx: a backend outside the tree, as an example: security policies of Juniper's SRX as set
 * commands. Knows Junos' global policies, address book and applications; knows no NAT, no users.
 *
 *   make && flowrules render srx.yaml --plugin ./juniper_srx.so
 *
 * All of it stands in one configuration group, which flowrules owns: it is deleted and made anew,
 * so that the policies, addresses and applications of an earlier version go with it.
 * Facts without another source: Juniper, Junos OS, Security Policies User Guide.
 */
#include <stdio.h>
#include <string.h>

#include "juniper_srx.h"
#include <flowrules/kits/flows.h>
#include <flowrules/kits/whole.h>

enum {
    NAME_SIZE = 64, /* of policies, addresses and applications, with the final zero: 63 bytes */
    PREFIX_MAX = 8  /* our own: what all names here begin with */
};

/* A comment's line, and a text in double quotes; a '?' would ask the command line for help. */
static const struct flowrules_escape comment_escape = {
    .keep = " !#$%&'()*+,-./:;<=>@[]^_`{|}~", .replace = '_', .max_bytes = 512};
static const struct flowrules_escape quoted_escape = {
    .keep = " !#$%&'()*+,-./:;<=>@[]^_`{|}~", .replace = '_', .max_bytes = 200};
/* A DNS name as a word: nothing else is in an A-label. */
static const struct flowrules_escape name_escape = {
    .keep = "-._", .replace = '_', .max_bytes = 253};

static flowrules_writer *file(flowrules_output *out) {
    return flowrules_output_file(out, ".set", false);
}

static const char *prefix(const flowrules_output *out) {
    return flowrules_output_setting(out, "prefix");
}

/* Begins a command inside the group. */
static void set(flowrules_writer *w, const flowrules_output *out, const char *path) {
    flowrules_writef(w, "set groups %s %s ", prefix(out), path);
}

/* Begins a command about a policy. */
static void set_policy(flowrules_writer *w, const flowrules_output *out, const char *name) {
    flowrules_writef(w, "set groups %s security policies global policy %s ", prefix(out), name);
}

/* ---- addresses ----------------------------------------------------------------------------- */

static const char *const family_word[] = {"ipv4", "ipv6"};

/* An object's name says what it holds; without ':' and '/', which not every release takes in one.
 */
static void name_prefix(const flowrules_output *out, const struct flowrules_range *range,
                        char name[NAME_SIZE]) {
    struct flowrules_ip ip = range->first;
    int length = flowrules_range_prefix(range);
    if (range->family == FLOWRULES_IPV4)
        snprintf(name, NAME_SIZE, "%s_%u.%u.%u.%u_%d", prefix(out), (unsigned)(ip.lo >> 24),
                 (unsigned)(ip.lo >> 16 & 255), (unsigned)(ip.lo >> 8 & 255),
                 (unsigned)(ip.lo & 255), length);
    else
        snprintf(name, NAME_SIZE, "%s_%x_%x_%x_%x_%x_%x_%x_%x_%d", prefix(out),
                 (unsigned)(ip.hi >> 48), (unsigned)(ip.hi >> 32 & 0xffff),
                 (unsigned)(ip.hi >> 16 & 0xffff), (unsigned)(ip.hi & 0xffff),
                 (unsigned)(ip.lo >> 48), (unsigned)(ip.lo >> 32 & 0xffff),
                 (unsigned)(ip.lo >> 16 & 0xffff), (unsigned)(ip.lo & 0xffff), length);
}

/* Defines an address where it is new, and matches it. */
static void match_prefix(flowrules_output *out, const char *policy, const char *end,
                         const struct flowrules_range *range) {
    flowrules_writer *w = file(out);
    char name[NAME_SIZE];
    name_prefix(out, range, name);
    if (flowrules_output_once(out, name)) {
        set(w, out, "security address-book global address");
        flowrules_writef(w, "%s ", name);
        flowrules_write_prefix(w, range);
        flowrules_write(w, "\n");
    }
    set_policy(w, out, policy);
    flowrules_writef(w, "match %s %s\n", end, name);
}

static void match_name(flowrules_output *out, const char *policy, const char *end,
                       const char *dns_name, enum flowrules_family family) {
    flowrules_writer *w = file(out);
    char name[NAME_SIZE]; /* refuses has seen to it that it fits */
    snprintf(name, sizeof name, "%s_%s_%.53s", prefix(out), family == FLOWRULES_IPV4 ? "v4" : "v6",
             dns_name);
    if (flowrules_output_once(out, name)) {
        set(w, out, "security address-book global address");
        flowrules_write_user(w, &name_escape, name);
        flowrules_write(w, " dns-name ");
        flowrules_write_user(w, &name_escape, dns_name);
        flowrules_writef(w, " %s-only\n", family_word[family]);
    }
    set_policy(w, out, policy);
    flowrules_writef(w, "match %s ", end);
    flowrules_write_user(w, &name_escape, name);
    flowrules_write(w, "\n");
}

static void match_end(flowrules_output *out, const char *policy, const char *end,
                      struct flowrules_set addresses, enum flowrules_family family) {
    flowrules_writer *w = file(out);
    if (flowrules_set_is_any(addresses)) {
        set_policy(w, out, policy);
        flowrules_writef(w, "match %s any-%s\n", end, family_word[family]);
        return;
    }
    for (size_t i = 0; i < flowrules_set_range_count(addresses, family); i++) {
        struct flowrules_range range = flowrules_set_range(addresses, family, i), part;
        while (flowrules_range_next_prefix(&range, &part))
            match_prefix(out, policy, end, &part);
    }
    for (size_t i = 0; i < flowrules_set_atom_count(addresses); i++)
        match_name(out, policy, end, flowrules_set_atom(addresses, i).name, family);
}

/* ---- applications -------------------------------------------------------------------------- */

/* A port, a range as Junos has it, or nothing for any. */
static void port_text(const struct flowrules_ports *ports, char text[16]) {
    text[0] = '\0';
    if (ports == NULL)
        return;
    if (ports->first == ports->last)
        snprintf(text, 16, "%u", ports->first);
    else
        snprintf(text, 16, "%u-%u", ports->first, ports->last);
}

static const char *protocol_word(int protocol, char text[8]) {
    static const struct {
        int number;
        const char *word;
    } words[] = {{1, "icmp"}, {6, "tcp"}, {17, "udp"}, {58, "icmp6"}, {132, "sctp"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].number == protocol)
            return words[i].word;
    snprintf(text, 8, "%d", protocol);
    return text;
}

/* Defines an application where it is new, and matches it: "words" are what it is made of. */
static void match_application(flowrules_output *out, const char *policy, const char *name,
                              const char *words) {
    flowrules_writer *w = file(out);
    if (flowrules_output_once(out, name)) {
        set(w, out, "applications application");
        flowrules_writef(w, "%s %s\n", name, words);
    }
    set_policy(w, out, policy);
    flowrules_writef(w, "match application %s\n", name);
}

static void match_ports(flowrules_output *out, const char *policy, int protocol,
                        const struct flowrules_ports *source,
                        const struct flowrules_ports *destination) {
    char number[8], from[16], to[16], name[NAME_SIZE], words[120];
    const char *word = protocol_word(protocol, number);
    port_text(source, from);
    port_text(destination, to);
    snprintf(name, sizeof name, "%s_%s%s%s%s%s", prefix(out), word, from[0] ? "_from_" : "", from,
             to[0] ? "_" : "", to);
    snprintf(words, sizeof words, "protocol %s%s%s%s%s", word, from[0] ? " source-port " : "", from,
             to[0] ? " destination-port " : "", to);
    match_application(out, policy, name, words);
}

static void match_icmp(flowrules_output *out, const char *policy,
                       const struct flowrules_service *service) {
    char number[8], name[NAME_SIZE], words[120], code[32] = "", code_name[16] = "";
    const char *word = protocol_word(service->protocol, number);
    if (service->icmp_code >= 0) {
        snprintf(code, sizeof code, " %s-code %d", word, service->icmp_code);
        snprintf(code_name, sizeof code_name, "_%d", service->icmp_code);
    }
    snprintf(name, sizeof name, "%s_%s_type_%d%s", prefix(out), word, service->icmp_type,
             code_name);
    snprintf(words, sizeof words, "protocol %s %s-type %d%s", word, word, service->icmp_type, code);
    match_application(out, policy, name, words);
}

static void match_service(flowrules_output *out, const char *policy,
                          const struct flowrules_service *service) {
    if (service->protocol < 0) {
        set_policy(file(out), out, policy);
        flowrules_write(file(out), "match application any\n");
        return;
    }
    if (service->icmp_type >= 0) {
        match_icmp(out, policy, service);
        return;
    }
    /* A list of no ports means any: it is gone through once, with none. */
    size_t sources = service->source_port_count, destinations = service->destination_port_count;
    for (size_t i = 0; i < (sources > 0 ? sources : 1); i++)
        for (size_t j = 0; j < (destinations > 0 ? destinations : 1); j++)
            match_ports(out, policy, service->protocol,
                        sources > 0 ? &service->source_ports[i] : NULL,
                        destinations > 0 ? &service->destination_ports[j] : NULL);
}

/* ---- policies ------------------------------------------------------------------------------ */

static void match_zones(flowrules_output *out, const char *policy) {
    static const char *const keys[] = {"from-zone", "to-zone"};
    for (size_t i = 0; i < 2; i++) {
        const char *zone = flowrules_output_setting(out, keys[i]);
        if (zone == NULL)
            continue;
        set_policy(file(out), out, policy);
        flowrules_writef(file(out), "match %s %s\n", keys[i], zone);
    }
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    flowrules_writer *w = file(out);
    enum flowrules_family family =
        r->families == FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4) ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
    char policy[NAME_SIZE];
    snprintf(policy, sizeof policy, "%s-%s", prefix(out), r->name);
    flowrules_write(w, "\n");
    set_policy(w, out, policy);
    flowrules_writer_origin(w, r->flows);
    flowrules_write(w, "description \"");
    flowrules_write_flows(w, out, &quoted_escape, r->flows);
    flowrules_write(w, "\"\n");
    match_zones(out, policy);
    match_end(out, policy, "source-address", r->source, family);
    match_end(out, policy, "destination-address", r->destination, family);
    for (size_t i = 0; i < r->service_count; i++)
        match_service(out, policy, &r->services[i]);
    set_policy(w, out, policy);
    flowrules_write(w, r->action == FLOWRULES_ALLOW ? "then permit\n" : "then deny\n");
    if (r->log) { /* what is denied has no session whose end could be logged */
        set_policy(w, out, policy);
        flowrules_write(w, r->action == FLOWRULES_ALLOW ? "then log session-close\n"
                                                        : "then log session-init\n");
    }
}

/* ---- the file ------------------------------------------------------------------------------ */

static void begin(flowrules_output *out) {
    flowrules_writer *w = file(out);
    const char *group = prefix(out);
    if (strlen(group) > PREFIX_MAX)
        flowrules_output_refuse(out, "the prefix '%s' is longer than %d characters", group,
                                PREFIX_MAX);
    if (flowrules_output_title(out) != NULL) {
        flowrules_write(w, "# ");
        flowrules_write_user(w, &comment_escape, flowrules_output_title(out));
        flowrules_write(w, "\n");
    }
    flowrules_writef(w, "# Target %s, version %s: what these policies do not permit is denied.\n",
                     flowrules_output_target(out), flowrules_output_fingerprint(out));
    flowrules_writef(
        w,
        "# In configuration mode:\n"
        "#   load set %s.set     (a warning that the group is not there is no error)\n"
        "#   commit check\n"
        "#   commit confirmed 5   and, when all is well, commit\n"
        "# Undo with: delete apply-groups %s, delete groups %s, commit\n"
        "# Policies that are set outside this group are looked at before these, those\n"
        "# of a pair of zones before all global ones.\n\n",
        flowrules_output_target(out), group, group);
    flowrules_writef(w, "delete groups %s\n", group);
}

/* Session state lets replies and the ICMP errors about a session pass: there is no baseline. */
static void end(flowrules_output *out) {
    flowrules_writer *w = file(out);
    char policy[NAME_SIZE];
    snprintf(policy, sizeof policy, "%s_deny_the_rest",
             prefix(out)); /* no rule's: those have '-' */
    if (flowrules_output_enforces(out, FLOWRULES_FORWARD)) {
        static const char *const ends[] = {"source-address", "destination-address", "application"};
        flowrules_write(w, "\n");
        match_zones(out, policy);
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
            set_policy(w, out, policy);
            flowrules_writef(w, "match %s any\n", ends[i]);
        }
        set_policy(w, out, policy);
        flowrules_write(w, "then deny\n");
        if (flowrules_output_log_denied(out)) {
            set_policy(w, out, policy);
            flowrules_write(w, "then log session-init\n");
        }
    }
    flowrules_writef(w, "\nset apply-groups %s\n", prefix(out));
}

/* ---- what it can't say --------------------------------------------------------------------- */

static bool has_long_name(struct flowrules_set set, size_t longest) {
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++)
        if (strlen(flowrules_set_atom(set, i).name) > longest)
            return true;
    return false;
}

static const char *refuses(const flowrules_output *out, const struct flowrules_rule *flow) {
    size_t longest = NAME_SIZE - 1 - strlen("_v4_") - strlen(prefix(out));
    if (has_long_name(flow->source, longest) || has_long_name(flow->destination, longest))
        return "a name is too long for the name of an address, which has 63 characters";
    for (size_t i = 0; i < flow->service_count; i++)
        if (flow->services[i].protocol == 0)
            return "an application can't have the protocol 0";
    return NULL;
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct flowrules_format formats[] = {
    {.name = "set", .help = "set commands, for load set", .begin = begin, .rule = rule, .end = end},
    {.name = NULL},
};

static const struct flowrules_setting settings[] = {
    {.key = "from-zone",
     .type = "name",
     .help = "the zone that packets come from; else every zone"},
    {.key = "to-zone", .type = "name", .help = "the zone that packets go to; else every zone"},
    {.key = "prefix",
     .type = "name",
     .fallback = "FR",
     .help = "the group's name, and what all names in it begin with, at most 8 characters; each "
             "target of one device needs its own"},
    {.key = NULL},
};

static const struct flowrules_limit limits[] = {
    {.name = "characters of a name",
     .value = NAME_SIZE - 1,
     .source = "Juniper, Junos CLI Reference, policy (Security), address (Address Book)"},
    {.name = NULL},
};

FLOWRULES_API extern const struct flowrules_backend flowrules_plugin;
const struct flowrules_backend flowrules_plugin = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "juniper-srx-example",
    .title = "Juniper SRX",
    .description = "Global security policies of an SRX with their addresses and applications",
    .capabilities = {.placement = FLOWRULES_TRANSIT,
                     .evaluation = FLOWRULES_FIRST_MATCH,
                     .families = FLOWRULES_BOTH_FAMILIES,
                     .names = true,
                     .source_names = true,
                     .prefixes = true,
                     .source_ports = true,
                     .icmp_types = true,
                     .logging = true,
                     .name_max = NAME_SIZE - 1 - PREFIX_MAX - 1,
                     .name_extra = "-_"},
    .formats = formats,
    .settings = settings,
    .limits = limits,
    .refuses = refuses,
    .read = juniper_srx_read,
};
