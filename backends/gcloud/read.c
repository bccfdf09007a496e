/*
 * Reads Google Cloud's firewall: what "gcloud compute firewall-rules list" and
 * "network-firewall-policies describe" give out as JSON. Scripts of ours and Terraform are read by
 * the files beside. "VPC" and "policies": see gcloud.c.
 *
 * The rule with the lowest priority that matches decides, a deny where an allow has the same one;
 * behind all is the implied allow of what goes out and deny of what comes in. A rule is about the
 * instances of its target; a tag or service account is a group, equal to itself alone.
 */
#include "read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KIND_NETWORK };
enum { PRIORITY_IMPLIED = 65535, PRIORITY_DEFAULT = 1000 };

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
static void choose_network(struct fr_gcloud_reader *r) {
    r->network = flowrules_input_setting(r->in, "network");
    if (is_unchosen(r)) {
        flowrules_input_error(
            r->in, r->network_at, "say with the setting 'network' which of them it is",
            "it has rules of several networks: %.400s", r->networks == NULL ? "" : r->networks);
        return;
    }
    if (r->network_count == 0 || flowrules_input_lookup(r->in, KIND_NETWORK, r->network) != NULL)
        return;
    if (r->network_count == 1 && flowrules_input_target(r->in) == NULL)
        r->network = r->network_names[0];
    else
        flowrules_input_error(r->in, r->network_at, "the setting 'network' is its name",
                              "it has no rules of the network %.80s, but of %.400s", r->network,
                              r->networks == NULL ? "" : r->networks);
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

static void fail(struct fr_gcloud_rule *rule, struct flowrules_place at, const char *hint,
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
        fail(rule, at, "as in 192.0.2.0/24", "'%.80s' is no address or prefix", text);
        return flowrules_input_none(in);
    }
    if (slash != NULL && flowrules_parse_range(text, (size_t)(slash - text), &address) &&
        (address.first.hi != range.first.hi || address.first.lo != range.first.lo))
        fail(rule, at, "Google refuses it: write the prefix's first address",
             "'%.80s' has bits behind its prefix", text);
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
        fail(rule, at, "tcp, udp, icmp, esp, ah, sctp, a number, or all", "'%.40s' is no protocol",
             protocol);
        return;
    }
    struct flowrules_ports *kept =
        ports == NULL ? NULL : flowrules_input_alloc(rule->reader->in, sizeof *kept);
    if (ports == NULL || kept == NULL) {
        add_service(rule, number, NULL);
        return;
    }
    if (number != 6 && number != 17 && number != 132)
        fail(rule, at, "ports go with tcp, udp and sctp", "%.40s has no ports", protocol);
    else if (!read_ports(ports, kept))
        fail(rule, at, "as in 443 or 8000-8080", "'%.40s' is no port or range of them", ports);
    else
        add_service(rule, number, kept);
}

void fr_gcloud_direction(struct fr_gcloud_rule *rule, const char *text, struct flowrules_place at) {
    rule->direction = strcasecmp(text, "EGRESS") == 0 ? FLOWRULES_EGRESS : FLOWRULES_INGRESS;
    if (rule->direction == FLOWRULES_INGRESS && strcasecmp(text, "INGRESS") != 0)
        fail(rule, at, "INGRESS or EGRESS", "'%.40s' is no direction", text);
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
        fail(rule, at, rule->of_policy ? "allow, deny or goto_next" : "ALLOW or DENY",
             "'%.40s' is no action of a rule", text);
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
        fr_gcloud_doubt_within(rule, rule->at,
                               "which addresses its target's instances have is not known, and it "
                               "is about some of them");
    else if (own->count > 0 && !rule->ranges_at[end])
        fr_gcloud_doubt(rule, rule->at, "tags or names can't stand at this end of a rule");
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
        fail(rule, rule->at, NULL, "the rule names no protocol%s", "");
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

/* ---- the CLI's JSON ------------------------------------------------------------------------ */

/* A key of a rule, and what its value is. */
struct key {
    const char *name;
    void (*take)(struct fr_gcloud_rule *rule, const flowrules_node *node, int field);
    int field;
};

static const char *text_of(struct fr_gcloud_rule *rule, const flowrules_node *node) {
    const char *text = flowrules_node_text(node);
    if (text == NULL)
        fail(rule, flowrules_node_place(node), NULL, "a text is expected here%s", "");
    return text == NULL ? "" : text;
}

static void take_values(struct fr_gcloud_rule *rule, const flowrules_node *node, int field) {
    for (const flowrules_node *n = flowrules_node_block(node);
         n != NULL && !flowrules_input_failed(rule->reader->in); n = flowrules_node_next_block(n)) {
        const flowrules_node *name = flowrules_node_get(n, "name"); /* of secure tags */
        fr_gcloud_value(rule, (enum fr_gcloud_field)field, text_of(rule, name != NULL ? name : n),
                        flowrules_node_place(n));
    }
}

/* [{"IPProtocol": "tcp", "ports": ["443"]}]; policies say ipProtocol. */
static void take_services(struct fr_gcloud_rule *rule, const flowrules_node *node, int action) {
    if (action >= 0)
        rule->action = (enum fr_gcloud_action)action;
    for (const flowrules_node *n = flowrules_node_block(node);
         n != NULL && !flowrules_input_failed(rule->reader->in); n = flowrules_node_next_block(n)) {
        const flowrules_node *protocol =
            flowrules_node_get(n, rule->of_policy ? "ipProtocol" : "IPProtocol");
        const flowrules_node *ports = flowrules_node_block(flowrules_node_get(n, "ports"));
        const char *name = text_of(rule, protocol == NULL ? n : protocol);
        if (ports == NULL)
            fr_gcloud_service(rule, name, NULL, flowrules_node_place(n));
        for (; ports != NULL; ports = flowrules_node_next_block(ports))
            fr_gcloud_service(rule, name, text_of(rule, ports), flowrules_node_place(ports));
    }
}

static void take_action(struct fr_gcloud_rule *rule, const flowrules_node *node, int unused) {
    (void)unused;
    fr_gcloud_action(rule, text_of(rule, node), flowrules_node_place(node));
}

static void take_priority(struct fr_gcloud_rule *rule, const flowrules_node *node, int most) {
    if (!flowrules_node_number(node, 0, most, &rule->priority))
        fail(rule, flowrules_node_place(node), NULL, "'%.40s' is no priority",
             flowrules_node_text(node));
}

static void take_disabled(struct fr_gcloud_rule *rule, const flowrules_node *node, int unused) {
    (void)unused;
    rule->disabled = equals(flowrules_node_text(node), "true");
}

static void take_logging(struct fr_gcloud_rule *rule, const flowrules_node *node, int unused) {
    const flowrules_node *enable = flowrules_node_get(node, "enable");
    (void)unused;
    rule->log = equals(flowrules_node_text(enable != NULL ? enable : node), "true");
}

static void take_nothing(struct fr_gcloud_rule *rule, const flowrules_node *node, int unused) {
    (void)rule;
    (void)node;
    (void)unused;
}

static void take_keys(struct fr_gcloud_rule *rule, const flowrules_node *map,
                      const struct key *keys) {
    for (const flowrules_node *n = flowrules_node_first(map);
         n != NULL && !flowrules_input_failed(rule->reader->in); n = flowrules_node_next(n)) {
        const struct key *k = keys;
        while (k->name != NULL && !equals(k->name, flowrules_node_key(n)))
            k++;
        if (k->name == NULL)
            fr_gcloud_doubt_key(rule, n);
        else if (flowrules_node_kind(n) != FLOWRULES_NODE_NULL)
            k->take(rule, n, k->field);
    }
}

static const struct key vpc_keys[] = {
    {"allowed", take_services, FR_GCLOUD_ALLOW},
    {"denied", take_services, FR_GCLOUD_DENY},
    {"priority", take_priority, PRIORITY_IMPLIED},
    {"sourceRanges", take_values, FR_GCLOUD_SOURCE_RANGES},
    {"sourceTags", take_values, FR_GCLOUD_SOURCE_TAGS},
    {"sourceServiceAccounts", take_values, FR_GCLOUD_SOURCE_ACCOUNTS},
    {"destinationRanges", take_values, FR_GCLOUD_DESTINATION_RANGES},
    {"targetTags", take_values, FR_GCLOUD_TARGET_TAGS},
    {"targetServiceAccounts", take_values, FR_GCLOUD_TARGET_ACCOUNTS},
    {"disabled", take_disabled, 0},
    {"logConfig", take_logging, 0},
    {"enableLogging", take_logging, 0},
    {"name", take_nothing, 0},
    {"description", take_nothing, 0},
    {"direction", take_nothing, 0},
    {"network", take_nothing, 0},
    {"creationTimestamp", take_nothing, 0},
    {"id", take_nothing, 0},
    {"kind", take_nothing, 0},
    {"selfLink", take_nothing, 0},
    {"selfLinkWithId", take_nothing, 0},
    {"params", take_nothing, 0},
    {NULL, NULL, 0},
};

static const struct key match_keys[] = {
    {"layer4Configs", take_services, -1},
    {"srcIpRanges", take_values, FR_GCLOUD_SOURCE_RANGES},
    {"srcFqdns", take_values, FR_GCLOUD_SOURCE_NAMES},
    {"srcSecureTags", take_values, FR_GCLOUD_SOURCE_SECURE_TAGS},
    {"destIpRanges", take_values, FR_GCLOUD_DESTINATION_RANGES},
    {"destFqdns", take_values, FR_GCLOUD_DESTINATION_NAMES},
    {NULL, NULL, 0},
};

static void take_match(struct fr_gcloud_rule *rule, const flowrules_node *node, int unused) {
    (void)unused;
    take_keys(rule, node, match_keys);
}

static const struct key policy_keys[] = {
    {"action", take_action, 0},
    {"priority", take_priority, INT32_MAX},
    {"match", take_match, 0},
    {"targetServiceAccounts", take_values, FR_GCLOUD_TARGET_ACCOUNTS},
    {"targetSecureTags", take_values, FR_GCLOUD_TARGET_SECURE_TAGS},
    {"disabled", take_disabled, 0},
    {"enableLogging", take_logging, 0},
    {"direction", take_nothing, 0},
    {"ruleName", take_nothing, 0},
    {"description", take_nothing, 0},
    {"kind", take_nothing, 0},
    {"ruleTupleCount", take_nothing, 0},
    {"tlsInspect", take_nothing, 0},
    {"securityProfileGroup", take_nothing, 0},
    {NULL, NULL, 0},
};

static void read_rule(struct fr_gcloud_reader *r, const flowrules_node *node, bool of_policy) {
    struct fr_gcloud_rule rule = {
        .reader = r,
        .at = flowrules_node_place(node),
        .of_policy = of_policy,
        .direction = FLOWRULES_INGRESS,
        .priority = PRIORITY_DEFAULT,
        .name = flowrules_node_text(flowrules_node_get(node, of_policy ? "ruleName" : "name")),
        .description = flowrules_node_text(flowrules_node_get(node, "description"))};
    const flowrules_node *direction = flowrules_node_get(node, "direction");
    const flowrules_node *network = flowrules_node_get(node, "network");
    if (!of_policy &&
        !fr_gcloud_wanted(r, flowrules_node_text(network), flowrules_node_place(network)))
        return;
    if (!r->rules)
        return;
    if (direction != NULL)
        fr_gcloud_direction(&rule, text_of(&rule, direction), flowrules_node_place(direction));
    take_keys(&rule, node, of_policy ? policy_keys : vpc_keys);
    if (!flowrules_input_failed(r->in))
        fr_gcloud_keep(&rule);
}

static bool is_vpc_rule(const flowrules_node *node) {
    return flowrules_node_get(node, "allowed") != NULL ||
           flowrules_node_get(node, "denied") != NULL;
}

static bool is_policy_rule(const flowrules_node *node) {
    return flowrules_node_get(node, "match") != NULL && flowrules_node_get(node, "action") != NULL;
}

static void doubt_both(struct fr_gcloud_reader *r, const flowrules_node *node, const char *what) {
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS && r->rules; d++)
        flowrules_input_doubt(r->in, flowrules_node_place(node), (enum flowrules_direction)d, "%s",
                              what);
}

/* A list of rules or policies, or one of them. */
static void read_items(struct fr_gcloud_reader *r, const flowrules_node *list) {
    for (const flowrules_node *n = flowrules_node_block(list);
         n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next_block(n)) {
        const flowrules_node *rules = flowrules_node_get(n, "rules");
        if (is_vpc_rule(n) || is_policy_rule(n))
            read_rule(r, n, !is_vpc_rule(n));
        else if (rules != NULL)
            read_items(r, rules);
        else
            flowrules_input_error(r->in, flowrules_node_place(n),
                                  "it is read what gcloud compute firewall-rules list and "
                                  "network-firewall-policies describe give out with --format=json, "
                                  "Terraform's JSON, and flowrules' own files",
                                  "this is neither a rule of a firewall nor a policy");
    }
}

/* ---- the order ----------------------------------------------------------------------------- */

/* VPC's rules, then a policy's; by priority, denies first. */
static int compare_rules(const void *a, const void *b) {
    const struct fr_gcloud_kept *x = a, *y = b;
    if (x->of_policy != y->of_policy)
        return x->of_policy ? 1 : -1;
    if (x->priority != y->priority)
        return x->priority < y->priority ? -1 : 1;
    if (x->read.verdict != y->read.verdict)
        return x->read.verdict == FLOWRULES_BLOCK ? -1 : 1;
    return (x->read.at.line > y->read.at.line) - (x->read.at.line < y->read.at.line);
}

static void add_implied(struct fr_gcloud_reader *r, enum flowrules_direction direction) {
    bool known = r->listed || !flowrules_input_permits(r->in);
    bool passes = direction == FLOWRULES_EGRESS && known;
    struct flowrules_set any = flowrules_input_any(r->in);
    struct flowrules_read_rule implied = {.direction = direction,
                                          .verdict = passes ? FLOWRULES_PASS : FLOWRULES_BLOCK,
                                          .source = any,
                                          .destination = any,
                                          .comment = "implied by Google"};
    flowrules_input_rule(r->in, &implied);
}

/* A policy has each priority once. */
static void check_priorities(struct fr_gcloud_reader *r) {
    for (size_t i = 1; i < r->count; i++) {
        const struct fr_gcloud_kept *before = &r->kept[i - 1], *rule = &r->kept[i];
        if (before->of_policy && before->priority == rule->priority)
            flowrules_input_error(r->in, rule->read.at, "a policy has each once",
                                  "another rule, in line %u, has the priority %lld too",
                                  before->read.at.line, rule->priority);
    }
}

/* Rules, and where to go on behind them: a list of its own is what a policy's goto_next leaves. */
struct skips {
    uint32_t *items;
    size_t count;
};

static void give(struct fr_gcloud_reader *r, const struct fr_gcloud_kept *kept,
                 const struct flowrules_read_rule *read, struct skips *skips) {
    struct flowrules_read_rule other = *read;
    if (kept->next) {
        skips->items[skips->count++] = flowrules_input_skip(r->in, read);
        return;
    }
    if (kept->either) { /* what a profile does not let pass, it denies */
        if (other.doubt == NULL)
            other.doubt = "what a security profile lets pass is not known";
        flowrules_input_rule(r->in, &other);
        other = *read;
        other.verdict = FLOWRULES_BLOCK;
    }
    flowrules_input_rule(r->in, &other);
}

static void give_rule(struct fr_gcloud_reader *r, const struct fr_gcloud_kept *kept,
                      struct skips *skips) {
    static const struct flowrules_service ipip[] = {
        {.protocol = 4, .icmp_type = -1, .icmp_code = -1},
        {.protocol = 94, .icmp_type = -1, .icmp_code = -1}};
    struct flowrules_read_rule read = kept->read;
    if (read.service_count > 0 || !kept->ipip)
        give(r, kept, &read, skips);
    if (!kept->ipip)
        return;
    read.services = ipip;
    read.service_count = 2;
    read.at = kept->ipip_at;
    if (read.doubt == NULL)
        read.doubt = "whether ipip is protocol 4 or 94 is not documented";
    give(r, kept, &read, skips);
}

static void give_rules(struct fr_gcloud_reader *r) {
    struct skips skips = {flowrules_input_alloc(r->in, (2 * r->count + 1) * sizeof *skips.items),
                          0};
    if (r->count > 0)
        qsort(r->kept, r->count, sizeof *r->kept, compare_rules);
    check_priorities(r);
    if (r->has_policy && !r->has_vpc && flowrules_input_format(r->in) == NULL)
        flowrules_input_found(r->in, "format", "policy"); /* VPC rules know no names */
    for (size_t i = 0; i < r->count && skips.items != NULL; i++)
        give_rule(r, &r->kept[i], &skips);
    for (size_t i = 0; i < skips.count; i++)
        flowrules_input_land(r->in, skips.items[i]);
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        struct flowrules_place at = {0, 0, 0};
        if (r->has_policy && r->has_vpc)
            flowrules_input_doubt(r->in, at, (enum flowrules_direction)d,
                                  "whether VPC rules or the policy decide first is a setting of "
                                  "the network");
        add_implied(r, (enum flowrules_direction)d);
    }
}

/* ---- files --------------------------------------------------------------------------------- */

static void read_document(struct fr_gcloud_reader *r, const flowrules_node *document) {
    const flowrules_node *effective = flowrules_node_get(document, "firewalls");
    const flowrules_node *policies = flowrules_node_get(document, "firewallPolicys");
    if (flowrules_node_get(document, "rules") != NULL &&
        flowrules_node_get(document, "target") != NULL)
        return; /* the map of an artifact */
    if (flowrules_terraform_is(document)) {
        fr_gcloud_read_terraform(r, document);
    } else if (effective != NULL || policies != NULL) {
        r->listed = true;
        read_items(r, effective);
        if (policies != NULL)
            doubt_both(r, policies, "the policies that hold for the network too are not read here");
    } else {
        r->listed = true;
        read_items(r, document);
    }
}

/* What a file is, kept from round to round. */
struct file {
    bool script;
    const flowrules_node *document;
};

static struct file look_at(struct fr_gcloud_reader *r, size_t file) {
    size_t size;
    const char *text = flowrules_input_text(r->in, file, &size);
    struct flowrules_place at = {file, 0, 0};
    if (size >= 2 && strncmp(text, "#!", 2) == 0)
        return (struct file){true, NULL};
    const flowrules_node *list = flowrules_input_documents(r->in, file);
    if (flowrules_node_count(list) != 1 && !flowrules_input_failed(r->in))
        flowrules_input_error(
            r->in, at,
            "hand in what gcloud lists with --format=json, or a file that flowrules wrote",
            "it is not one JSON document");
    return (struct file){false, flowrules_node_first(list)};
}

void fr_gcloud_read(flowrules_input *in) {
    struct fr_gcloud_reader r = {.in = in};
    size_t count = flowrules_input_file_count(in);
    struct file *files = flowrules_input_alloc(in, (count + 1) * sizeof *files);
    for (size_t i = 0; i < count && !flowrules_input_failed(in); i++)
        files[i] = look_at(&r, i);
    for (int round = 0; round < 2 && !flowrules_input_failed(in); round++) {
        r.rules = round == 1;
        for (size_t i = 0; i < count && !flowrules_input_failed(in); i++)
            if (files[i].script)
                fr_gcloud_read_script(&r, i);
            else
                read_document(&r, files[i].document);
        if (round == 0 && !flowrules_input_failed(in))
            choose_network(&r);
    }
    if (!flowrules_input_failed(in))
        give_rules(&r);
}

/* A target has no say over instances that it does not protect: each of its rules names them. */
void fr_gcloud_baseline(const flowrules_output *out, flowrules_input *in) {
    struct flowrules_set any = flowrules_input_any(in);
    struct flowrules_set others = flowrules_input_subtract(
        in, any, flowrules_input_own(in, out, flowrules_output_protects(out)));
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        bool egress = d == FLOWRULES_EGRESS;
        struct flowrules_read_rule outside = {.direction = (enum flowrules_direction)d,
                                              .verdict = FLOWRULES_OUTSIDE,
                                              .source = egress ? others : any,
                                              .destination = egress ? any : others};
        if (flowrules_output_enforces(out, (enum flowrules_direction)d))
            flowrules_input_rule(in, &outside);
    }
}
