/*
 * gcloud: Google Cloud's VPC firewall rules, as a script of gcloud commands or as Terraform's JSON,
 * and the same as a network firewall policy, which knows names. Knows the words of all three and
 * Google's limits; knows nothing of how rules came about. A rule holds for the instances of the
 * protected end: those with a tag or service account, with an address, or all of the network.
 * "VPC" below: cloud.google.com/firewall/docs/firewalls; "policies":
 * cloud.google.com/firewall/docs/firewall-policies-rule-details.
 */
#include "read.h"

#include <stdio.h>
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/flows.h"
#include "flowrules/kits/whole.h"
#include "scripts.h"

enum {
    RANGES_MAX = 256,         /* of one end of a VPC rule; VPC quotas */
    POLICY_RANGES_MAX = 5000, /* of one end of a policy's rule; policies */
    POLICY_NAMES_MAX = 100,
    PORTS_MAX = 256,
    POLICY_PRIORITY_MAX = 65535, /* what gcloud's help allows; the service takes more */
    PREFIX_MAX = 20,             /* so that prefix--NAME-12345678 has 63 bytes at most */
    NAME_MAX_BYTES = 32,
    DESCRIPTION_MAX = 2000 /* bytes of it behind "flowrules: " */
};

/* ---- words --------------------------------------------------------------------------------- */

/* The fields of a rule that are lists, in the order in which they are written. */
enum field {
    SOURCE_RANGES,
    SOURCE_TAGS,
    SOURCE_ACCOUNTS,
    SOURCE_SECURE_TAGS,
    DESTINATION_RANGES,
    DESTINATION_NAMES,
    TARGET_TAGS,
    TARGET_ACCOUNTS,
    TARGET_SECURE_TAGS,
    FIELDS
};

/* How a format spells a list: before its name, behind it, between values, at the end. */
struct dialect {
    const char *before, *after, *separator, *close;
    const char *fields[FIELDS]; /* NULL: there is no such field */
};

static const struct dialect rules_dialect = {
    .before = " --",
    .after = "=",
    .separator = ",",
    .close = "",
    .fields = {[SOURCE_RANGES] = "source-ranges",
               [SOURCE_TAGS] = "source-tags",
               [SOURCE_ACCOUNTS] = "source-service-accounts",
               [DESTINATION_RANGES] = "destination-ranges",
               [TARGET_TAGS] = "target-tags",
               [TARGET_ACCOUNTS] = "target-service-accounts"},
};

static const struct dialect policy_dialect = {
    .before = " --",
    .after = "=",
    .separator = ",",
    .close = "",
    .fields = {[SOURCE_RANGES] = "src-ip-ranges",
               [SOURCE_SECURE_TAGS] = "src-secure-tags",
               [DESTINATION_RANGES] = "dest-ip-ranges",
               [DESTINATION_NAMES] = "dest-fqdns",
               [TARGET_ACCOUNTS] = "target-service-accounts",
               [TARGET_SECURE_TAGS] = "target-secure-tags"},
};

static const struct dialect terraform_dialect = {
    .before = ",\n        \"",
    .after = "\": [\"",
    .separator = "\", \"",
    .close = "\"]",
    .fields = {[SOURCE_RANGES] = "source_ranges",
               [SOURCE_TAGS] = "source_tags",
               [SOURCE_ACCOUNTS] = "source_service_accounts",
               [DESTINATION_RANGES] = "destination_ranges",
               [TARGET_TAGS] = "target_tags",
               [TARGET_ACCOUNTS] = "target_service_accounts"},
};

static const struct {
    const char *format;
    const struct dialect *dialect;
} dialects[] = {
    {"script", &rules_dialect}, {"policy", &policy_dialect}, {"terraform", &terraform_dialect}};

static const struct dialect *dialect_of(const flowrules_plan *plan) {
    size_t i = 0;
    while (i + 1 < sizeof dialects / sizeof *dialects &&
           strcmp(flowrules_plan_format(plan), dialects[i].format) != 0)
        i++;
    return dialects[i].dialect;
}

static const char *const direction_word[] = {"EGRESS", "INGRESS"};
static const char *const all_addresses[] = {"0.0.0.0/0", "::/0"};

/* ---- what stands in the target's text ------------------------------------------------------- */

/*
 * Within single quotes of a shell, and in a comment; what would be run in others is left out.
 * Descriptions have 2,048 characters (firewalls.insert, networkFirewallPolicies.addRule), in UTF-8.
 */
static const struct flowrules_escape shell_escape = {
    .keep = " !\"#%&()*+,-./:;<=>?@[\\]^_{|}~",
    .replace = '_',
    .utf8 = true,
    .max_bytes = DESCRIPTION_MAX,
};
/* A JSON string; without { nothing in it is a template of Terraform's ("${", "%{"). */
static const struct flowrules_escape json_escape = {
    .keep = " !#$%&'()*+,-./:;<=>?@[]^_`|}~",
    .escape = "\"\\",
    .before = '\\',
    .replace = '_',
    .utf8 = true,
    .max_bytes = DESCRIPTION_MAX,
};
/* Values of bindings and settings, which were checked for the same characters. */
static const struct flowrules_escape word_escape = {.keep = "-_.:/@", .replace = '_'};

static bool is_made_of(const char *text, const char *allowed) {
    return text[0] != '\0' && text[strspn(text, allowed)] == '\0';
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* [a-z]([-a-z0-9]*[a-z0-9])?, as Google names its things (RFC 1035), of at most so many bytes. */
static bool is_label(const char *text, size_t most) {
    size_t length = strlen(text);
    return length <= most && is_made_of(text, LOWER DIGITS "-") && text[0] >= 'a' &&
           text[length - 1] != '-';
}

/* ---- groups -------------------------------------------------------------------------------- */

static bool is_tag(const char *text) {
    return is_label(text, 63);
}

static bool is_account(const char *text) {
    return strchr(text, '@') != NULL && is_made_of(text, LOWER DIGITS "-.:@");
}

static bool is_secure_tag(const char *text) {
    return is_made_of(text, LOWER UPPER DIGITS "-_./");
}

/* The keys of a binding: the fields that they are, how many a rule takes (VPC, policies). */
struct group_key {
    const char *key;
    enum field source, target;
    size_t sources_max, targets_max;
    bool (*is_value)(const char *text);
};

static const struct group_key group_keys[] = {
    {"tags", SOURCE_TAGS, TARGET_TAGS, 30, 70, is_tag},
    {"service-accounts", SOURCE_ACCOUNTS, TARGET_ACCOUNTS, 10, 10, is_account},
    {"secure-tags", SOURCE_SECURE_TAGS, TARGET_SECURE_TAGS, 256, 256, is_secure_tag},
};
enum { GROUP_KEYS = sizeof group_keys / sizeof *group_keys };

/* The key by which the format knows a network, or NULL where there is none, or more than one. */
static const struct group_key *key_of(const flowrules_plan *plan, const char *network) {
    const struct dialect *dialect = dialect_of(plan);
    const struct group_key *key = NULL;
    for (size_t i = 0; i < GROUP_KEYS; i++) {
        if (dialect->fields[group_keys[i].target] == NULL ||
            flowrules_binding_value(plan, network, group_keys[i].key, 0) == NULL)
            continue;
        if (key != NULL)
            return NULL;
        key = &group_keys[i];
    }
    return key;
}

/* Why a network can't be one end of a rule in this format, or NULL. */
static const char *group_problem(const flowrules_plan *plan, const char *network, bool source) {
    const struct group_key *key = key_of(plan, network);
    if (key == NULL)
        return dialect_of(plan) == &policy_dialect
                   ? "in a firewall policy, a network needs either secure-tags or service-accounts "
                     "(network tags are for VPC rules)"
                   : "in a VPC rule, a network needs either tags or service-accounts (secure-tags "
                     "are for the format policy)";
    if (source && dialect_of(plan)->fields[key->source] == NULL)
        return "a firewall policy cannot match a source by service account: use secure-tags";
    size_t count = 0;
    for (const char *value; (value = flowrules_binding_value(plan, network, key->key, count));
         count++)
        if (!key->is_value(value))
            return "a tag has a-z, 0-9 and -, a service account is an e-mail address, a secure tag "
                   "has letters, digits and -_./";
    if (count > (source ? key->sources_max : key->targets_max))
        return "a rule takes at most 30 source tags, 70 target tags, 10 service accounts or 256 "
               "secure tags (VPC network quotas)";
    return NULL;
}

static size_t group_count(struct flowrules_set set) {
    size_t groups = 0;
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++)
        groups += flowrules_set_atom(set, i).kind == FLOWRULES_ATOM_GROUP;
    return groups;
}

static const char *end_problem(const flowrules_plan *plan, struct flowrules_set set, bool source) {
    const char *why = NULL;
    for (size_t i = 0; why == NULL && i < flowrules_set_atom_count(set); i++)
        if (flowrules_set_atom(set, i).kind == FLOWRULES_ATOM_GROUP)
            why = group_problem(plan, flowrules_set_atom(set, i).name, source);
    return why;
}

/* Tags at one end and service accounts at the other? VPC rules have no such thing. */
static bool mixes_kinds(const flowrules_plan *plan, struct flowrules_set source,
                        struct flowrules_set target) {
    for (size_t i = 0; i < flowrules_set_atom_count(source); i++)
        for (size_t k = 0; k < flowrules_set_atom_count(target); k++)
            if (key_of(plan, flowrules_set_atom(source, i).name) !=
                key_of(plan, flowrules_set_atom(target, k).name))
                return true;
    return false;
}

static const char *refuses(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    bool egress = flow->direction == FLOWRULES_EGRESS;
    struct flowrules_set target = egress ? flow->source : flow->destination;
    const char *why = end_problem(plan, target, false);
    if (egress && group_count(flow->destination) > 0)
        return "an egress rule of Google Cloud cannot have a tag or service account as its "
               "destination\n"
               "use a target with 'direction: ingress', or addresses";
    if (!egress && flowrules_set_atom_count(flow->destination) > group_count(flow->destination))
        return "a rule cannot have a name as its protected side";
    if (why == NULL && !egress)
        why = end_problem(plan, flow->source, true);
    if (why == NULL && !egress && mixes_kinds(plan, flow->source, target))
        return "a rule cannot have tags as source and service accounts as target, or the reverse";
    return why;
}

/* ---- state --------------------------------------------------------------------------------- */

struct state {
    const struct dialect *dialect;
    char prefix[PREFIX_MAX + 1];
    unsigned priority; /* of the last rule of a policy */
    unsigned allows;   /* rules so far, and final denies by direction and family */
    unsigned closing[2][2];
    const char *between;   /* Terraform: what stands before the next resource, */
    const char *last_deny; /* the last deny of a flow, and the first final one */
    char first_closing[NAME_MAX_BYTES + 1];
};

static const char *setting(const flowrules_plan *plan, const char *key) {
    return flowrules_plan_setting(plan, key);
}

static uint32_t hash_bytes(uint32_t hash, const void *bytes, size_t size) {
    for (const unsigned char *b = bytes; size > 0; size--, b++)
        hash = (hash ^ *b) * 16777619u; /* FNV-1a */
    return hash;
}

#define HASH_START 2166136261u

static uint32_t hash_text(uint32_t hash, const char *text) {
    return text == NULL ? hash : hash_bytes(hash, text, strlen(text) + 1);
}

static uint32_t hash_number(uint32_t hash, uint64_t number) {
    unsigned char bytes[8]; /* the same on every machine */
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    return hash_bytes(hash, bytes, sizeof bytes);
}

static void put_hex(char *text, uint32_t number, size_t digits) {
    for (size_t i = digits; i-- > 0; number >>= 4)
        text[i] = "0123456789abcdef"[number & 15u];
}

/* fr- and the target's name, with a hash where that is no name of Google's or too long. */
static void default_prefix(const char *target, char prefix[PREFIX_MAX + 1]) {
    size_t length = 3;
    bool changed = false;
    memcpy(prefix, "fr-", 3);
    for (const char *c = target; *c != '\0' && length < PREFIX_MAX; c++) {
        char lower = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
        bool good = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
        changed = changed || lower != *c || (!good && (*c != '-' || prefix[length - 1] == '-'));
        if (good || prefix[length - 1] != '-')
            prefix[length++] = good ? lower : '-';
    }
    changed = changed || strlen(target) > PREFIX_MAX - 3 || prefix[length - 1] == '-';
    if (changed) {
        length = length > PREFIX_MAX - 7 ? PREFIX_MAX - 7 : length;
        prefix[length] = '-';
        length -= prefix[length - 1] == '-';
        prefix[length++] = '-';
        put_hex(prefix + length, hash_text(HASH_START, target), 6);
        length += 6;
    }
    prefix[length] = '\0';
}

static bool set_prefix(const flowrules_plan *plan, struct state *s) {
    const char *own = setting(plan, "prefix");
    if (own == NULL) {
        default_prefix(flowrules_plan_target(plan), s->prefix);
        return true;
    }
    if (!is_label(own, PREFIX_MAX) || strstr(own, "--") != NULL)
        return false;
    memcpy(s->prefix, own, strlen(own) + 1);
    return true;
}

/* What the types of settings do not tell. */
static void check_settings(flowrules_output *out, struct state *s) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *project = setting(plan, "project"), *region = setting(plan, "region");
    if (!set_prefix(plan, s))
        flowrules_output_refuse(out,
                                "'prefix' must have a-z, 0-9 and single -, begin with a letter and "
                                "have at most %d characters",
                                PREFIX_MAX);
    if (!is_label(setting(plan, "network"), 63))
        flowrules_output_refuse(out, "'network' must be the name of a VPC network: a-z, 0-9 and -");
    if (project != NULL && !is_made_of(project, LOWER DIGITS "-.:"))
        flowrules_output_refuse(out, "'project' must be the id of a project: a-z, 0-9 and -");
    if (region != NULL && !is_label(region, 63))
        flowrules_output_refuse(out, "'region' must be the name of a region, such as europe-west3");
    if (!flowrules_plan_permits(plan) &&
        flowrules_plan_number(plan, "deny-priority") <= flowrules_plan_number(plan, "priority"))
        flowrules_output_refuse(
            out,
            "'deny-priority' must be larger than 'priority': if they are equal, the deny wins");
}

/* The protected networks are closed by their groups too, whether or not a flow has them. */
static void check_protects(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct flowrules_set set = flowrules_plan_protects(plan);
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++) {
        struct flowrules_atom atom = flowrules_set_atom(set, i);
        const char *why = atom.kind == FLOWRULES_ATOM_GROUP
                              ? group_problem(plan, atom.name, false)
                              : "a rule cannot have a name as its protected side";
        if (why != NULL)
            flowrules_output_refuse(out, "the protected network '%s': %s", atom.name, why);
    }
}

static struct state *prepare(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    s->dialect = dialect_of(flowrules_output_plan(out));
    check_settings(out, s);
    check_protects(out);
    return s;
}

/* ---- ends of rules ------------------------------------------------------------------------- */

/* One end of a rule: a set, or some of it. */
struct end {
    struct flowrules_set set;
    bool any;
    size_t first, count; /* of the prefixes of the rule's family, or of the atoms */
    bool atoms;
};

/* A rule as it is written, be it of the plan or one of those that close a direction. */
struct spelling {
    enum flowrules_action action;
    enum flowrules_direction direction;
    enum flowrules_family family; /* of its addresses */
    struct end source, destination;
    const struct flowrules_service *services;
    size_t service_count;
    bool log, closing;
    unsigned phases_behind; /* denies and allows that follow, for flows that denies spare */
    flowrules_flows flows;
    const char *name;
};

static struct end whole_end(struct flowrules_set set) {
    return (struct end){.set = set,
                        .any = flowrules_set_is_any(set),
                        .count = SIZE_MAX,
                        .atoms = flowrules_set_atom_count(set) > 0};
}

static struct spelling spelling_of(const struct flowrules_rule *rule) {
    bool six = rule->families == FLOWRULES_FAMILY_BIT(FLOWRULES_IPV6);
    return (struct spelling){.action = rule->action,
                             .direction = rule->direction,
                             .family = six ? FLOWRULES_IPV6 : FLOWRULES_IPV4,
                             .source = whole_end(rule->source),
                             .destination = whole_end(rule->destination),
                             .services = rule->services,
                             .service_count = rule->service_count,
                             .log = rule->log,
                             .phases_behind = rule->phases_behind,
                             .flows = rule->flows,
                             .name = rule->name};
}

/* What is done with each value of a list: written, or hashed. */
struct values {
    flowrules_writer *w; /* or NULL */
    const char *separator;
    size_t count;
    uint32_t hash;
};

static void put_prefix(struct values *v, const struct flowrules_range *prefix) {
    v->hash = hash_number(hash_number(v->hash, prefix->first.hi), prefix->first.lo);
    v->hash = hash_number(hash_number(v->hash, prefix->last.hi), prefix->last.lo);
    if (v->w != NULL) {
        flowrules_write(v->w, v->count++ > 0 ? v->separator : "");
        flowrules_write_prefix(v->w, prefix);
    }
}

static void put_word(struct values *v, const char *word) {
    v->hash = hash_text(v->hash, word);
    if (v->w != NULL) {
        flowrules_write(v->w, v->count++ > 0 ? v->separator : "");
        flowrules_write_user(v->w, &word_escape, word);
    }
}

static void put_prefixes(struct values *v, const struct end *end, enum flowrules_family family) {
    size_t index = 0;
    for (size_t i = 0; i < flowrules_set_range_count(end->set, family); i++) {
        struct flowrules_range range = flowrules_set_range(end->set, family, i), prefix;
        for (; flowrules_range_next_prefix(&range, &prefix); index++)
            if (index >= end->first && index - end->first < end->count)
                put_prefix(v, &prefix);
    }
}

static void put_atoms(const flowrules_plan *plan, struct values *v, const struct end *end) {
    for (size_t i = 0; i < flowrules_set_atom_count(end->set); i++) {
        struct flowrules_atom atom = flowrules_set_atom(end->set, i);
        if (i < end->first || i - end->first >= end->count)
            continue;
        if (atom.kind != FLOWRULES_ATOM_GROUP) {
            put_word(v, atom.name);
            continue;
        }
        const struct group_key *key = key_of(plan, atom.name);
        const char *value;
        for (size_t k = 0;
             key && (value = flowrules_binding_value(plan, atom.name, key->key, k)) != NULL; k++)
            put_word(v, value);
    }
}

/* The field that an end is, or FIELDS where it is none: all of the protected network. */
static enum field field_of(const flowrules_plan *plan, const struct end *end, bool source,
                           bool protected_end) {
    if (!end->atoms)
        return end->any && protected_end ? FIELDS : source ? SOURCE_RANGES : DESTINATION_RANGES;
    struct flowrules_atom atom = flowrules_set_atom(end->set, end->first);
    const struct group_key *key =
        atom.kind == FLOWRULES_ATOM_GROUP ? key_of(plan, atom.name) : NULL;
    if (key == NULL)
        return DESTINATION_NAMES;
    return protected_end ? key->target : key->source;
}

static void put_end(const flowrules_plan *plan, struct values *v, const struct spelling *s,
                    const struct end *end) {
    if (end->atoms)
        put_atoms(plan, v, end);
    else if (end->any)
        put_word(v, all_addresses[s->family]);
    else
        put_prefixes(v, end, s->family);
}

/*
 * Both ends as fields. A rule that goes out always says where to and one that comes in where from:
 * what is left out there is 0.0.0.0/0 to Google.
 */
static void write_ends(flowrules_output *out, flowrules_writer *w, const struct spelling *s) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct dialect *d = dialect_of(plan);
    for (unsigned i = 0; i < 2; i++) {
        bool source = i == 0;
        const struct end *end = source ? &s->source : &s->destination;
        enum field field =
            field_of(plan, end, source, source == (s->direction == FLOWRULES_EGRESS));
        if (field == FIELDS)
            continue;
        if (d->fields[field] == NULL) { /* refuses() lets no such flow pass */
            flowrules_output_refuse(
                out, "the source or destination of a rule has no field in this format");
            return;
        }
        struct values values = {.w = w, .separator = d->separator};
        flowrules_write(w, d->before);
        flowrules_write(w, d->fields[field]);
        flowrules_write(w, d->after);
        put_end(plan, &values, s, end);
        flowrules_write(w, d->close);
    }
}

/* ---- services ------------------------------------------------------------------------------ */

/*
 * The protocols that the interface takes by name; 58 is ICMPv6, which has none. "ipip" is left a
 * number, since it is not IANA's 94.
 */
static const char *const protocols[] = {
    [1] = "icmp", [6] = "tcp", [17] = "udp", [50] = "esp", [51] = "ah", [132] = "sctp"};

static void write_protocol(flowrules_writer *w, int protocol) {
    if (protocol < 0)
        flowrules_write(w, "all");
    else if ((size_t)protocol < sizeof protocols / sizeof *protocols && protocols[protocol])
        flowrules_write(w, protocols[protocol]);
    else
        flowrules_writef(w, "%d", protocol);
}

/* "tcp:80,tcp:443": gcloud takes "tcp:80,443" for TCP port 80 and the protocol 443. */
static void write_layer4(flowrules_writer *w, const struct spelling *s) {
    const char *separator = "";
    if (s->service_count == 0)
        flowrules_write(w, "all");
    for (size_t i = 0; i < s->service_count; i++) {
        const struct flowrules_service *service = &s->services[i];
        size_t ports = service->destination_port_count;
        for (size_t p = 0; p < (ports > 0 ? ports : 1); p++) {
            flowrules_write(w, separator);
            write_protocol(w, service->protocol);
            separator = ",";
            if (ports == 0)
                continue;
            flowrules_write(w, ":");
            flowrules_write_ports(w, service->destination_ports[p], "-");
        }
    }
}

static void write_blocks(flowrules_writer *w, const struct spelling *s) {
    flowrules_writef(w, ",\n        \"%s\": [", s->action == FLOWRULES_ALLOW ? "allow" : "deny");
    if (s->service_count == 0)
        flowrules_write(w, "{\"protocol\": \"all\"}");
    for (size_t i = 0; i < s->service_count; i++) {
        const struct flowrules_service *service = &s->services[i];
        flowrules_write(w, i > 0 ? ", {\"protocol\": \"" : "{\"protocol\": \"");
        write_protocol(w, service->protocol);
        flowrules_write(w, "\"");
        for (size_t p = 0; p < service->destination_port_count; p++) {
            flowrules_write(w, p > 0 ? ", \"" : ", \"ports\": [\"");
            flowrules_write_ports(w, service->destination_ports[p], "-");
            flowrules_write(w, "\"");
        }
        flowrules_write(w, service->destination_port_count > 0 ? "]}" : "}");
    }
    flowrules_write(w, "]");
}

/* ---- rules --------------------------------------------------------------------------------- */

/* A hash of all that a rule says: a rule of VPC that changed has a new name. */
static uint32_t hash_of(const flowrules_plan *plan, const struct spelling *s) {
    struct values v = {.hash = hash_text(HASH_START, setting(plan, "network"))};
    v.hash = hash_number(v.hash, ((uint64_t)s->action << 8) | s->direction);
    v.hash = hash_number(v.hash, s->log);
    put_end(plan, &v, s, &s->source);
    v.hash = hash_number(v.hash, 1);
    put_end(plan, &v, s, &s->destination);
    for (size_t i = 0; i < s->service_count; i++) {
        const struct flowrules_service *service = &s->services[i];
        v.hash = hash_number(v.hash, (uint64_t)service->protocol);
        for (size_t p = 0; p < service->destination_port_count; p++)
            v.hash = hash_number(v.hash, ((uint64_t)service->destination_ports[p].first << 16) |
                                             service->destination_ports[p].last);
    }
    return v.hash;
}

/*
 * Denies of flows, then allows, then what closes: the deny would win where numbers are equal. What
 * stands before a deny that spares it has smaller numbers. All
 * come before 1000, which is what a rule gets that was made without a number.
 */
static long long vpc_priority(const flowrules_plan *plan, const struct spelling *s) {
    if (s->closing)
        return flowrules_plan_number(plan, "deny-priority");
    return flowrules_plan_number(plan, "priority") - 2 * (long long)s->phases_behind -
           (s->action == FLOWRULES_DENY ? 1 : 0);
}

static void write_description(flowrules_output *out, flowrules_writer *w, const struct spelling *s,
                              const struct flowrules_escape *escape) {
    flowrules_write(w, "flowrules: ");
    if (s->closing)
        flowrules_write(w, "what no flow allows is denied");
    else
        flowrules_write_notes(w, out, escape, FLOWRULES_NOTES, s->flows, NULL);
}

static void write_script_rule(flowrules_output *out, const struct spelling *s) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = flowrules_output_file(out, ".gcloud.sh", true);
    struct state *state = flowrules_output_state(out);
    char hash[9] = "";
    put_hex(hash, hash_of(plan, s), 8);
    if (!s->closing)
        flowrules_writer_origin(w, s->flows);
    flowrules_writef(w, "rule %s--%s-%s %s %s %lld", state->prefix, s->name, hash,
                     direction_word[s->direction], s->action == FLOWRULES_ALLOW ? "ALLOW" : "DENY",
                     vpc_priority(plan, s));
    flowrules_write(w, " --rules=");
    write_layer4(w, s);
    write_ends(out, w, s);
    flowrules_writef(w, " --%senable-logging --description='", s->log ? "" : "no-");
    write_description(out, w, s, &shell_escape);
    flowrules_write(w, "'\n");
}

static void write_policy_rule(flowrules_output *out, const struct spelling *s) {
    flowrules_writer *w = flowrules_output_file(out, ".policy.sh", true);
    struct state *state = flowrules_output_state(out);
    if (++state->priority > POLICY_PRIORITY_MAX)
        flowrules_output_refuse(out, "more rules than a policy has priorities: %d",
                                POLICY_PRIORITY_MAX);
    if (!s->closing)
        flowrules_writer_origin(w, s->flows);
    flowrules_writef(w, "    rule %u %s %s", state->priority, direction_word[s->direction],
                     s->action == FLOWRULES_ALLOW ? "allow" : "deny");
    flowrules_write(w, " --layer4-configs=");
    write_layer4(w, s);
    write_ends(out, w, s);
    flowrules_write(w, s->log ? " --enable-logging --description='" : " --description='");
    write_description(out, w, s, &shell_escape);
    flowrules_write(w, "'\n");
}

/* The part in which the names of the allows grow, for what closes to wait for. */
enum { PART_ALLOWS };

static void write_waiting_for(const struct state *state, flowrules_writer *w, const char *name) {
    flowrules_writef(w, ",\n        \"depends_on\": [\"google_compute_firewall.%s--%s\"]",
                     state->prefix, name);
}

/*
 * Terraform makes many resources at once: denies wait for each other, allows for the last deny,
 * and what closes for all of the allows.
 */
static void write_waiting(flowrules_output *out, flowrules_writer *w, const struct spelling *s) {
    struct state *state = flowrules_output_state(out);
    flowrules_writer *allows = flowrules_output_part(out, PART_ALLOWS);
    if (s->closing) {
        if (state->first_closing[0] != '\0') {
            write_waiting_for(state, w, state->first_closing);
        } else if (state->allows > 0) {
            flowrules_write(w, ",\n        \"depends_on\": [");
            flowrules_write_part(w, allows);
            flowrules_write(w, "\n        ]");
        }
        if (state->first_closing[0] == '\0')
            snprintf(state->first_closing, sizeof state->first_closing, "%s", s->name);
        return;
    }
    if (state->last_deny != NULL)
        write_waiting_for(state, w, state->last_deny);
    if (s->action == FLOWRULES_DENY)
        state->last_deny = s->name;
    else
        flowrules_writef(allows, "%s\n          \"google_compute_firewall.%s--%s\"",
                         state->allows++ > 0 ? "," : "", state->prefix, s->name);
}

static void write_terraform_rule(flowrules_output *out, const struct spelling *s) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = flowrules_output_file(out, ".tf.json", false);
    struct state *state = flowrules_output_state(out);
    const char *project = setting(plan, "project");
    flowrules_write(w, state->between);
    state->between = ",\n";
    if (!s->closing)
        flowrules_writer_origin(w, s->flows);
    flowrules_writef(w, "      \"%s--%s\": {\n", state->prefix, s->name);
    flowrules_writef(w, "        \"name\": \"%s--%s\",\n", state->prefix, s->name);
    flowrules_write(w, "        \"description\": \"");
    write_description(out, w, s, &json_escape);
    flowrules_writef(w, "\",\n        \"network\": \"%s\"", setting(plan, "network"));
    if (project != NULL) {
        flowrules_write(w, ",\n        \"project\": \"");
        flowrules_write_user(w, &word_escape, project);
        flowrules_write(w, "\"");
    }
    flowrules_writef(w, ",\n        \"direction\": \"%s\",\n        \"priority\": %lld",
                     direction_word[s->direction], vpc_priority(plan, s));
    write_blocks(w, s);
    write_ends(out, w, s);
    if (s->log)
        flowrules_write(w, ",\n        \"log_config\": {\"metadata\": \"INCLUDE_ALL_METADATA\"}");
    write_waiting(out, w, s);
    flowrules_write(w, "\n      }");
}

static void write_rule(flowrules_output *out, const struct spelling *s) {
    const struct dialect *d = dialect_of(flowrules_output_plan(out));
    if (d == &rules_dialect)
        write_script_rule(out, s);
    else if (d == &policy_dialect)
        write_policy_rule(out, s);
    else
        write_terraform_rule(out, s);
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct spelling s = spelling_of(r);
    if (dialect_of(plan) != &policy_dialect && vpc_priority(plan, &s) < 0)
        flowrules_output_refuse(
            out, "denies that spare flows need priorities that are too small: increase 'priority'");
    write_rule(out, &s);
}

/* ---- what no flow allows ------------------------------------------------------------------- */

/* The names of the final denies begin with a digit, as no rule's own name does. */
static void close_end(flowrules_output *out, enum flowrules_direction direction,
                      enum flowrules_family family, const struct end *end) {
    static const char *const words[] = {"egress", "ingress"};
    struct state *state = flowrules_output_state(out);
    bool egress = direction == FLOWRULES_EGRESS;
    const struct end any = {.any = true};
    char name[NAME_MAX_BYTES + 1];
    snprintf(name, sizeof name, "0-deny-%s-ipv%d-%u", words[direction],
             family == FLOWRULES_IPV4 ? 4 : 6, ++state->closing[direction][family]);
    struct spelling s = {.action = FLOWRULES_DENY,
                         .direction = direction,
                         .family = family,
                         .source = egress ? *end : any,
                         .destination = egress ? any : *end,
                         .log = flowrules_plan_log_denied(flowrules_output_plan(out)),
                         .closing = true,
                         .name = name};
    write_rule(out, &s);
}

static size_t prefix_count(struct flowrules_set set, enum flowrules_family family) {
    size_t count = 0;
    for (size_t i = 0; i < flowrules_set_range_count(set, family); i++) {
        struct flowrules_range range = flowrules_set_range(set, family, i), prefix;
        while (flowrules_range_next_prefix(&range, &prefix))
            count++;
    }
    return count;
}

/* Both families: the deny of one leaves the implied allow of the other in force. */
static void close_family(flowrules_output *out, enum flowrules_direction direction,
                         enum flowrules_family family) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct end end = whole_end(flowrules_plan_protects(plan));
    size_t most = dialect_of(plan) == &policy_dialect ? POLICY_RANGES_MAX : RANGES_MAX;
    if (end.any) {
        close_end(out, direction, family, &end);
        return;
    }
    for (size_t i = 0; i < flowrules_set_atom_count(end.set); i++) {
        end.first = i;
        end.count = 1;
        end.atoms = true;
        close_end(out, direction, family, &end);
    }
    size_t prefixes = prefix_count(end.set, family);
    for (size_t first = 0; first < prefixes; first += most) {
        end.first = first;
        end.count = most;
        end.atoms = false;
        close_end(out, direction, family, &end);
    }
}

static void close_all(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    if (flowrules_plan_permits(plan))
        return;
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        if (!flowrules_plan_enforces(plan, d))
            continue;
        close_family(out, d, FLOWRULES_IPV4);
        close_family(out, d, FLOWRULES_IPV6);
    }
}

/* ---- files --------------------------------------------------------------------------------- */

/* What is said where the protected addresses are of one family, or NULL. */
static const char *other_family(const flowrules_plan *plan) {
    struct flowrules_set set = flowrules_plan_protects(plan);
    if (flowrules_set_is_any(set) || flowrules_set_atom_count(set) > 0)
        return NULL;
    if (flowrules_set_range_count(set, FLOWRULES_IPV6) == 0)
        return "What it protects has no IPv6 address: IPv6 is left as it is.";
    if (flowrules_set_range_count(set, FLOWRULES_IPV4) == 0)
        return "What it protects has no IPv4 address: IPv4 is left as it is.";
    return NULL;
}

static const char permits_words[] =
    "Permits alone: what no rule here allows is left to the rules behind them.";

/* What a script says of its plan, besides what its template says. */
static void write_notes(const flowrules_output *out, flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *other = other_family(plan);
    if (flowrules_plan_permits(plan))
        flowrules_writef(w, "# %s\n", permits_words);
    else if (other != NULL)
        flowrules_writef(w, "# %s\n", other);
    flowrules_write_shuts(w, out, "# ", "\n");
    flowrules_write_pinned_day(w, plan, "# ", ".\n");
}

static struct flowrules_value project_value(const flowrules_plan *plan) {
    const char *project = setting(plan, "project");
    return project != NULL ? (struct flowrules_value){"PROJECT", project, &word_escape}
                           : (struct flowrules_value){"PROJECT", "''", NULL};
}

/*
 * A script up to the end of its notes; what stands behind them is still to be written. priority: of
 * the last rule, where the script has it, or NULL.
 */
static const struct flowrules_piece *write_head(flowrules_output *out, flowrules_writer *w,
                                                const struct flowrules_piece *script,
                                                const char *priority) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct state *s = flowrules_output_state(out);
    const struct flowrules_piece *rest = flowrules_write_template(
        w, script,
        (const struct flowrules_value[]){{"TITLE", flowrules_plan_title(plan), &shell_escape},
                                         {"TARGET", flowrules_plan_target(plan), NULL},
                                         {"VERSION", flowrules_output_fingerprint(out), NULL},
                                         {"PREFIX", s->prefix, NULL},
                                         {"NETWORK", setting(plan, "network"), NULL},
                                         {priority == NULL ? NULL : "PRIORITY", priority, NULL},
                                         {NULL, NULL, NULL}},
        "NOTES");
    write_notes(out, w);
    return rest;
}

static void begin_script(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct state *s = prepare(out);
    flowrules_writer *w = flowrules_output_file(out, ".gcloud.sh", true);
    char priority[24];
    snprintf(priority, sizeof priority, "%lld", flowrules_plan_number(plan, "priority") - 1);
    flowrules_write_template(
        w, write_head(out, w, gcloud_rules_script, priority),
        (const struct flowrules_value[]){project_value(plan),
                                         {"PREFIX", s->prefix, NULL},
                                         {"NETWORK", setting(plan, "network"), NULL},
                                         {NULL, NULL, NULL}},
        "RULES");
}

static void end_script(flowrules_output *out) {
    close_all(out);
    flowrules_write_template(flowrules_output_file(out, ".gcloud.sh", true),
                             flowrules_template_find(gcloud_rules_script, "RULES") + 1, NULL, NULL);
}

/* What people read of a flow. */
static uint32_t hash_notes(const flowrules_output *out, uint32_t hash, flowrules_flows flows) {
    hash = hash_text(hash, flowrules_flows_ticket(out, flows, 0));
    hash = hash_text(hash, flowrules_flows_expires(out, flows, 0));
    hash = hash_text(hash, flowrules_flows_owner(out, flows, 0));
    return hash_text(hash, flowrules_flows_purpose(out, flows, 0));
}

/*
 * The version of a policy, which is filled once: of what it says and of the descriptions of its
 * denies, so that a new ticket or last day of a deny makes a new one.
 */
static void put_version(const flowrules_output *out, char text[9]) {
    uint32_t hash = hash_text(HASH_START, flowrules_output_fingerprint(out));
    struct flowrules_rule flow;
    for (size_t i = 0; flowrules_plan_flow(flowrules_output_plan(out), i, &flow); i++)
        if (flow.action == FLOWRULES_DENY)
            hash = hash_notes(out, hash, flow.flows);
    put_hex(text, hash, 8);
}

static void begin_policy(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct state *s = prepare(out);
    flowrules_writer *w = flowrules_output_file(out, ".policy.sh", true);
    const char *region = setting(plan, "region");
    char version[9] = "";
    put_version(out, version);
    flowrules_write_template(
        w, write_head(out, w, gcloud_policy_script, NULL),
        (const struct flowrules_value[]){project_value(plan),
                                         {"PREFIX", s->prefix, NULL},
                                         {"NETWORK", setting(plan, "network"), NULL},
                                         {"HASH", version, NULL},
                                         {"REGION", region, NULL},
                                         {"GLOBAL", region == NULL ? "" : NULL, NULL},
                                         {NULL, NULL, NULL}},
        "RULES");
}

static void end_policy(flowrules_output *out) {
    close_all(out);
    if (flowrules_plan_permits(flowrules_output_plan(out)) &&
        flowrules_output_rule_count(out, FLOWRULES_EGRESS, FLOWRULES_ALLOW) +
                flowrules_output_rule_count(out, FLOWRULES_INGRESS, FLOWRULES_ALLOW) ==
            0)
        flowrules_write(flowrules_output_file(out, ".policy.sh", true), "    :\n");
    flowrules_write_template(flowrules_output_file(out, ".policy.sh", true),
                             flowrules_template_find(gcloud_policy_script, "RULES") + 1, NULL,
                             NULL);
}

static void begin_terraform(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct state *s = prepare(out);
    flowrules_writer *w = flowrules_output_file(out, ".tf.json", false);
    const char *title = flowrules_plan_title(plan);
    flowrules_write(w, "{\n  \"//\": [\n");
    if (title != NULL) {
        flowrules_write(w, "    \"");
        flowrules_write_user(w, &json_escape, title);
        flowrules_write(w, "\",\n");
    }
    flowrules_writef(w, "    \"Target %s, version %s: VPC firewall rules of the network %s.\",\n",
                     flowrules_plan_target(plan), flowrules_output_fingerprint(out),
                     setting(plan, "network"));
    flowrules_write_shuts(w, out, "    \"", "\",\n");
    flowrules_write(w, "    \"Apply with: terraform apply, in the folder of this file.\",\n"
                       "    \"Undo with: take the file away, then terraform apply.\"");
    if (flowrules_plan_permits(plan))
        flowrules_writef(w, ",\n    \"%s\"", permits_words);
    else if (other_family(plan) != NULL)
        flowrules_writef(w, ",\n    \"%s\"", other_family(plan));
    flowrules_write_pinned_day(w, plan, ",\n    \"", ".\"");
    flowrules_write(w, "\n  ],\n  \"resource\": {\n    \"google_compute_firewall\": {\n");
    s->between = "";
}

static void end_terraform(flowrules_output *out) {
    close_all(out);
    flowrules_write(flowrules_output_file(out, ".tf.json", false), "\n    }\n  }\n}\n");
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct flowrules_setting settings[] = {
    {.key = "network",
     .type = "name",
     .fallback = "default",
     .help = "the VPC network that the rules are for"},
    {.key = "project",
     .type = "text",
     .help = "the project of the network; default: that of gcloud or of the Terraform provider"},
    {.key = "prefix",
     .type = "name",
     .help = "names of the target's rules begin with it, at most 20 characters; different for each "
             "target of a project; default fr- and the target's name"},
    {.key = "priority",
     .type = "integer 1 65533",
     .fallback = "990",
     .help = "VPC rules: the priority of the allows; denies of flows have one less"},
    {.key = "deny-priority",
     .whole_alone = true,
     .type = "integer 2 65534",
     .fallback = "999",
     .help = "VPC rules: the priority of the deny for everything else; rules with a larger number "
             "have no effect (a rule created without a priority has 1000)"},
    {.key = "region",
     .type = "name",
     .help = "policy: the region of the policy; default: a global policy"},
    {.key = NULL},
};

static const struct flowrules_setting bindings[] = {
    {.key = "tags",
     .type = "list text",
     .formats = "script|terraform",
     .help = "network tags; an instance needs one of them; for VPC rules"},
    {.key = "service-accounts",
     .type = "list text",
     .help = "service accounts; an instance needs one of them"},
    {.key = "secure-tags",
     .type = "list text",
     .formats = "policy",
     .help = "secure tags; an instance needs one of them; for the format policy"},
    {.key = NULL},
};

#define VPC_QUOTAS "cloud.google.com/firewall/quotas"

static const struct flowrules_limit limits[] = {
    {"ranges for the source or destination of a VPC rule", RANGES_MAX, VPC_QUOTAS},
    {"ranges for the source or destination of a policy's rule", POLICY_RANGES_MAX, VPC_QUOTAS},
    {"names in a policy's rule", POLICY_NAMES_MAX, VPC_QUOTAS},
    {"ports of a rule", PORTS_MAX, "cloud.google.com/firewall/docs/firewalls"},
    {"source tags of a VPC rule", 30, VPC_QUOTAS},
    {"target tags of a VPC rule", 70, VPC_QUOTAS},
    {"service accounts of a rule", 10, VPC_QUOTAS},
    {"secure tags of a policy's rule", 256, VPC_QUOTAS},
    {"characters of a rule's name", 63, "cloud.google.com/compute/docs/naming-resources"},
    {"the largest priority of a policy's rule", POLICY_PRIORITY_MAX,
     "gcloud compute network-firewall-policies rules create --help"},
    {.name = NULL},
};

#define VPC_CAPABILITIES                                                                           \
    .placement = FLOWRULES_ATTACHED, .evaluation = FLOWRULES_FIRST_MATCH,                          \
    .families = FLOWRULES_BOTH_FAMILIES, .atoms_are_both = true, .groups = true,                   \
    .separate_atoms = true, .one_group = true, .prefixes = true, .ports_per_rule = PORTS_MAX,      \
    .logging = true, .merge_above = 100, .name_max = NAME_MAX_BYTES, .name_extra = "-",            \
    .name_lower = true, .name_letter = true, .permits = true,                                      \
    .permits_note = "the other rules of the network, and those that Google implies"

static const struct flowrules_capabilities policy_capabilities = {
    VPC_CAPABILITIES,
    .names = true,
    .addresses_per_end = POLICY_RANGES_MAX,
    .names_per_end = POLICY_NAMES_MAX,
};

static const struct flowrules_format formats[] = {
    {.name = "script",
     .help = "VPC firewall rules, as a shell script of gcloud commands",
     .begin = begin_script,
     .rule = rule,
     .end = end_script},
    {.name = "policy",
     .help = "a network firewall policy, which resolves names, as a shell script",
     .begin = begin_policy,
     .rule = rule,
     .end = end_policy,
     .capabilities = &policy_capabilities},
    {.name = "terraform",
     .help = "VPC firewall rules, as Terraform's JSON",
     .begin = begin_terraform,
     .rule = rule,
     .end = end_terraform},
    {.name = NULL},
};

extern const struct flowrules_backend flowrules_backend_gcloud;
const struct flowrules_backend flowrules_backend_gcloud = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "gcloud",
    .title = "Google Cloud firewall",
    .description = "VPC firewall rules or a network firewall policy of Google Cloud",
    .capabilities = {VPC_CAPABILITIES, .addresses_per_end = RANGES_MAX},
    .state_size = sizeof(struct state),
    .formats = formats,
    .settings = settings,
    .bindings = bindings,
    .limits = limits,
    .refuses = refuses,
    .read = fr_gcloud_read,
    .baseline = fr_gcloud_baseline,
};
