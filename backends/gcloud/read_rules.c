/*
 * Rules of Google Cloud's firewall on their way, value by value, whatever they are written in: what
 * the values mean, and what is kept of a rule that has all of them. Knows no form of a file, and no
 * order of rules.
 */
#include "read.h"

#include <string.h>
#include <strings.h>

enum { KIND_NETWORK };

static bool equals(const char *a, const char *b) {
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* ---- networks ------------------------------------------------------------------------------ */

bool fr_gcloud_wanted(struct fr_gcloud_reader *r, const char *network, struct flowrules_place at) {
    const char *slash = network == NULL ? NULL : strrchr(network, '/');
    const char *name = slash == NULL ? network : slash + 1;
    if (r->rules)
        return name == NULL || equals(name, r->network);
    if (name == NULL || !flowrules_input_define(r->in, KIND_NETWORK, name, r))
        return false;
    r->network_names = flowrules_input_grow(r->in, r->network_names, &r->network_room,
                                            r->network_count, sizeof *r->network_names);
    if (r->network_names == NULL)
        return false;
    r->network_names[r->network_count++] = name;
    r->network_at = at;
    if (r->network_count <= 5)
        r->networks =
            flowrules_input_print(r->in, "%s%s%.80s", r->networks == NULL ? "" : r->networks,
                                  r->networks == NULL ? "" : ", ", name);
    return false;
}

/* Are there several networks, of which nobody has chosen one? */
static bool is_unchosen(struct fr_gcloud_reader *r) {
    bool unchosen = false;
    for (size_t i = 0; i < r->network_count && r->network_count > 1; i++)
        unchosen = flowrules_input_choice(r->in, "network", r->network_names[i], NULL);
    return unchosen;
}

/* The target's network; where nobody said one, the only one that there is. */
void fr_gcloud_choose_network(struct fr_gcloud_reader *r) {
    r->network = flowrules_input_setting(r->in, "network");
    if (is_unchosen(r)) {
        flowrules_input_error(r->in, r->network_at, "choose one of them with the setting 'network'",
                              "the file has rules of several networks: %.400s",
                              r->networks == NULL ? "" : r->networks);
        return;
    }
    if (r->network_count == 0 || flowrules_input_lookup(r->in, KIND_NETWORK, r->network) != NULL)
        return;
    if (r->network_count == 1 && flowrules_input_target(r->in) == NULL)
        r->network = r->network_names[0];
    else
        flowrules_input_error(r->in, r->network_at,
                              "use one of these names in the setting 'network'",
                              "the file has no rules of the network %.80s, but of %.400s",
                              r->network, r->networks == NULL ? "" : r->networks);
}

/* ---- values -------------------------------------------------------------------------------- */

void fr_gcloud_doubt_within(struct fr_gcloud_rule *rule, struct flowrules_place at,
                            const char *what) {
    if (rule->doubt != NULL)
        return;
    rule->doubt = what;
    rule->doubt_at = at;
}

void fr_gcloud_doubt(struct fr_gcloud_rule *rule, struct flowrules_place at, const char *what) {
    fr_gcloud_doubt_within(rule, at, what);
    rule->wide = true;
}

void fr_gcloud_doubt_key(struct fr_gcloud_rule *rule, const flowrules_node *node) {
    const char *key = flowrules_node_key(node) == NULL ? "..." : flowrules_node_key(node);
    fr_gcloud_doubt(rule, flowrules_node_place(node),
                    flowrules_input_print(rule->reader->in,
                                          "'%.80s' is not known in a rule of a firewall", key));
}

void fr_gcloud_doubt_all(struct fr_gcloud_rule *rule, struct flowrules_place at, const char *what) {
    rule->unknown = true;
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++)
        flowrules_input_doubt(rule->reader->in, at, (enum flowrules_direction)d, "%s", what);
}

void fr_gcloud_fail(struct fr_gcloud_rule *rule, struct flowrules_place at, const char *hint,
                    const char *what, const char *text) {
    rule->unknown = true;
    flowrules_input_error(rule->reader->in, at, hint, what, text == NULL ? "..." : text);
}

/* How each field's values are read: as ranges, as names, or as groups by a key of the bindings. */
enum kind { RANGES, NAMES, GROUPS };
static const struct {
    enum kind kind;
    enum flowrules_end end;
    bool target;
    const char *key;
} fields[FR_GCLOUD_FIELDS] = {
    [FR_GCLOUD_SOURCE_RANGES] = {RANGES, FLOWRULES_SOURCE, false, NULL},
    [FR_GCLOUD_SOURCE_NAMES] = {NAMES, FLOWRULES_SOURCE, false, NULL},
    [FR_GCLOUD_SOURCE_TAGS] = {GROUPS, FLOWRULES_SOURCE, false, "tags"},
    [FR_GCLOUD_SOURCE_ACCOUNTS] = {GROUPS, FLOWRULES_SOURCE, false, "service-accounts"},
    [FR_GCLOUD_SOURCE_SECURE_TAGS] = {GROUPS, FLOWRULES_SOURCE, false, "secure-tags"},
    [FR_GCLOUD_DESTINATION_RANGES] = {RANGES, FLOWRULES_DESTINATION, false, NULL},
    [FR_GCLOUD_DESTINATION_NAMES] = {NAMES, FLOWRULES_DESTINATION, false, NULL},
    [FR_GCLOUD_TARGET_TAGS] = {GROUPS, FLOWRULES_SOURCE, true, "tags"},
    [FR_GCLOUD_TARGET_ACCOUNTS] = {GROUPS, FLOWRULES_SOURCE, true, "service-accounts"},
    [FR_GCLOUD_TARGET_SECURE_TAGS] = {GROUPS, FLOWRULES_SOURCE, true, "secure-tags"},
};

static struct flowrules_set range_of(struct fr_gcloud_rule *rule, const char *text,
                                     struct flowrules_place at) {
    struct flowrules_range range, address;
    flowrules_input *in = rule->reader->in;
    const char *slash = strchr(text, '/');
    if (strchr(text, '-') != NULL || !flowrules_parse_range(text, strlen(text), &range)) {
        fr_gcloud_fail(rule, at, "as in 192.0.2.0/24", "'%.80s' is not a valid address or prefix",
                       text);
        return flowrules_input_none(in);
    }
    if (slash != NULL && flowrules_parse_range(text, (size_t)(slash - text), &address) &&
        (address.first.hi != range.first.hi || address.first.lo != range.first.lo))
        fr_gcloud_fail(rule, at, "Google refuses it: write the first address of the prefix",
                       "'%.80s' has bits set to the right of its prefix", text);
    return flowrules_input_range(in, &range);
}

static struct flowrules_set group_of(flowrules_input *in, const char *key, const char *value) {
    struct flowrules_group_key part = {key, NULL, value};
    return flowrules_input_group(in, &part, 1);
}

void fr_gcloud_value(struct fr_gcloud_rule *rule, enum fr_gcloud_field field, const char *text,
                     struct flowrules_place at) {
    flowrules_input *in = rule->reader->in;
    struct fr_gcloud_sets *sets =
        fields[field].target ? &rule->targets : &rule->ends[fields[field].end];
    struct flowrules_set set;
    switch (fields[field].kind) {
    case RANGES:
        set = range_of(rule, text, at);
        rule->ranges_at[fields[field].end] = true;
        break;
    case NAMES:
        set = flowrules_input_name(in, at, text);
        break;
    case GROUPS:
    default:
        set = group_of(in, fields[field].key, text);
        break;
    }
    sets->items =
        flowrules_input_grow(in, sets->items, &sets->capacity, sets->count, sizeof *sets->items);
    if (sets->items != NULL)
        sets->items[sets->count++] = set;
}

/* One port or a range; false where it is neither. */
static bool read_ports(const char *text, struct flowrules_ports *ports) {
    const char *dash = strchr(text, '-');
    size_t length = dash == NULL ? strlen(text) : (size_t)(dash - text);
    unsigned first, last;
    if (!flowrules_parse_number(text, length, UINT16_MAX, &first))
        return false;
    last = first;
    if (dash != NULL && !flowrules_parse_number(dash + 1, strlen(dash + 1), UINT16_MAX, &last))
        return false;
    *ports = (struct flowrules_ports){(uint16_t)first, (uint16_t)last};
    return first <= last;
}

static void add_service(struct fr_gcloud_rule *rule, int protocol,
                        const struct flowrules_ports *ports) {
    rule->services = flowrules_input_grow(rule->reader->in, rule->services, &rule->service_capacity,
                                          rule->service_count, sizeof *rule->services);
    if (rule->services != NULL)
        rule->services[rule->service_count++] =
            (struct flowrules_service){.protocol = protocol,
                                       .icmp_type = -1,
                                       .icmp_code = -1,
                                       .destination_ports = ports,
                                       .destination_port_count = ports == NULL ? 0 : 1};
}

void fr_gcloud_service(struct fr_gcloud_rule *rule, const char *protocol, const char *ports,
                       struct flowrules_place at) {
    if (strcasecmp(protocol, "all") == 0 && ports == NULL) {
        rule->every_service = true;
        return;
    }
    if (strcasecmp(protocol, "ipip") == 0) {
        rule->ipip = true;
        rule->ipip_at = at;
        return;
    }
    int number = flowrules_parse_protocol(protocol);
    if (number < 0) {
        fr_gcloud_fail(rule, at, "tcp, udp, icmp, esp, ah, sctp, a number, or all",
                       "'%.40s' is not a valid protocol", protocol);
        return;
    }
    struct flowrules_ports *kept =
        ports == NULL ? NULL : flowrules_input_alloc(rule->reader->in, sizeof *kept);
    if (ports == NULL || kept == NULL) {
        add_service(rule, number, NULL);
        return;
    }
    if (number != 6 && number != 17 && number != 132)
        fr_gcloud_fail(rule, at, "only tcp, udp and sctp have ports", "%.40s has no ports",
                       protocol);
    else if (!read_ports(ports, kept))
        fr_gcloud_fail(rule, at, "as in 443 or 8000-8080",
                       "'%.40s' is not a valid port or range of ports", ports);
    else
        add_service(rule, number, kept);
}

void fr_gcloud_direction(struct fr_gcloud_rule *rule, const char *text, struct flowrules_place at) {
    rule->direction = strcasecmp(text, "EGRESS") == 0 ? FLOWRULES_EGRESS : FLOWRULES_INGRESS;
    if (rule->direction == FLOWRULES_INGRESS && strcasecmp(text, "INGRESS") != 0)
        fr_gcloud_fail(rule, at, "INGRESS or EGRESS", "'%.40s' is not a valid direction", text);
}

void fr_gcloud_action(struct fr_gcloud_rule *rule, const char *text, struct flowrules_place at) {
    if (strcasecmp(text, "ALLOW") == 0)
        rule->action = FR_GCLOUD_ALLOW;
    else if (strcasecmp(text, "DENY") == 0)
        rule->action = FR_GCLOUD_DENY;
    else if (rule->of_policy && strcasecmp(text, "goto_next") == 0)
        rule->action = FR_GCLOUD_NEXT;
    else if (rule->of_policy && strcasecmp(text, "apply_security_profile_group") == 0)
        rule->either = true;
    else
        fr_gcloud_fail(rule, at, rule->of_policy ? "allow, deny or goto_next" : "ALLOW or DENY",
                       "'%.40s' is not a valid action of a rule", text);
}

/* ---- rules --------------------------------------------------------------------------------- */

/* What a rule says of the other end; nothing is everything: to VPC, of IPv4 alone. */
static struct flowrules_set other_end(struct fr_gcloud_rule *rule, enum flowrules_end end) {
    flowrules_input *in = rule->reader->in;
    const struct fr_gcloud_sets *sets = &rule->ends[end];
    if (sets->count > 0)
        return flowrules_input_unite(in, sets->items, sets->count);
    return rule->of_policy ? flowrules_input_any(in) : flowrules_input_family(in, FLOWRULES_IPV4);
}

/* The instances that a rule is about. */
static struct flowrules_set protected_end(struct fr_gcloud_rule *rule, enum flowrules_end end) {
    flowrules_input *in = rule->reader->in;
    const struct fr_gcloud_sets *own = &rule->ends[end], *targets = &rule->targets;
    if (targets->count > 0 && own->count > 0)
        fr_gcloud_doubt_within(
            rule, rule->at,
            "it is for some addresses of its target's instances, and these are not known");
    else if (own->count > 0 && !rule->ranges_at[end])
        fr_gcloud_doubt(rule, rule->at, "this side of a rule cannot have tags or names");
    const struct fr_gcloud_sets *sets = targets->count > 0 ? targets : own;
    return sets->count == 0 ? flowrules_input_any(in)
                            : flowrules_input_unite(in, sets->items, sets->count);
}

/* The flows in a description of ours, "flowrules: a, b"; NULL where it is none. */
static const char *flows_of(const char *description) {
    static const char mark[] = "flowrules: ";
    return description != NULL && strncmp(description, mark, sizeof mark - 1) == 0
               ? description + sizeof mark - 1
               : NULL;
}

void fr_gcloud_keep(struct fr_gcloud_rule *rule) {
    struct fr_gcloud_reader *r = rule->reader;
    bool egress = rule->direction == FLOWRULES_EGRESS;
    enum flowrules_end own = egress ? FLOWRULES_SOURCE : FLOWRULES_DESTINATION;
    enum flowrules_end other = egress ? FLOWRULES_DESTINATION : FLOWRULES_SOURCE;
    struct flowrules_set ends[2];
    ends[own] = protected_end(rule, own);
    ends[other] = other_end(rule, other);
    if (rule->service_count == 0 && !rule->every_service && !rule->ipip && rule->doubt == NULL)
        fr_gcloud_fail(rule, rule->at, NULL, "the rule names no protocol%s", "");
    if (rule->disabled)
        flowrules_input_note(r->in, rule->at, "the rule %.80s is disabled: it is left out",
                             rule->name == NULL ? "" : rule->name);
    if (rule->disabled || rule->unknown || flowrules_input_failed(r->in))
        return;
    if (rule->wide)
        ends[0] = ends[1] = flowrules_input_any(r->in);
    bool all = rule->every_service || rule->wide;
    r->kept = flowrules_input_grow(r->in, r->kept, &r->capacity, r->count, sizeof *r->kept);
    if (r->kept == NULL)
        return;
    const char *flows = flows_of(rule->description);
    r->has_policy = r->has_policy || rule->of_policy;
    r->has_vpc = r->has_vpc || !rule->of_policy;
    r->kept[r->count++] = (struct fr_gcloud_kept){
        .of_policy = rule->of_policy,
        .next = rule->action == FR_GCLOUD_NEXT,
        .either = rule->either,
        .ipip = rule->ipip && !all,
        .ipip_at = rule->ipip_at,
        .priority = rule->priority,
        .read = {.direction = rule->direction,
                 .verdict = rule->action == FR_GCLOUD_DENY ? FLOWRULES_BLOCK : FLOWRULES_PASS,
                 .source = ends[FLOWRULES_SOURCE],
                 .destination = ends[FLOWRULES_DESTINATION],
                 .services = rule->services,
                 .service_count = all ? 0 : rule->service_count,
                 .at = rule->doubt == NULL ? rule->at : rule->doubt_at,
                 .doubt = rule->doubt,
                 .name = flows != NULL ? flows : rule->name,
                 .comment =
                     flows != NULL || equals(rule->description, "") ? NULL : rule->description,
                 .log = rule->log}};
}
