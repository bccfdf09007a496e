/*
 * Network security groups and their rules on their way, whatever they are written in: the fields of
 * a rule and what they match. Knows no form of a file, and no order of rules.
 */
#include "read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flowrules/kits/terraform.h"

enum { KIND_GROUP };
enum { PRIORITY_FIRST = 100, PRIORITY_LAST = 4096, PRIORITY_MOST = 65500 };

static bool equals(const char *a, const char *b) {
    return a != NULL && b != NULL && strcasecmp(a, b) == 0;
}

void fr_azure_nsg_doubt(struct fr_azure_nsg_reader *r, const flowrules_node *node,
                        const char *what) {
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS && what != NULL; d++)
        flowrules_input_doubt(r->in, flowrules_node_place(node), (enum flowrules_direction)d, "%s",
                              what);
}

/* ---- groups -------------------------------------------------------------------------------- */

struct fr_azure_nsg_group *fr_azure_nsg_group_of(struct fr_azure_nsg_reader *r, const char *name,
                                                 struct flowrules_place at) {
    char *key = flowrules_input_copy(r->in, name, strlen(name));
    for (char *c = key; c != NULL && *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    struct fr_azure_nsg_group *group =
        key == NULL ? NULL : flowrules_input_lookup(r->in, KIND_GROUP, key);
    if (key == NULL || group != NULL)
        return group;
    group = flowrules_input_alloc(r->in, sizeof *group);
    if (group == NULL || !flowrules_input_define(r->in, KIND_GROUP, key, group))
        return NULL;
    *group = (struct fr_azure_nsg_group){.name = name, .at = at};
    if (r->last == NULL)
        r->first = group;
    else
        r->last->next = group;
    r->last = group;
    r->count++;
    return group;
}

/* ---- fields -------------------------------------------------------------------------------- */

/* The fields of a rule: what each is called in JSON and in Terraform. */
enum field {
    PRIORITY,
    DIRECTION,
    ACCESS,
    PROTOCOL,
    DESCRIPTION,
    NAME,
    ADDRESS, /* from here on of the source, then of the destination */
    ADDRESSES,
    GROUPS,
    PORT,
    PORTS,
    SIDE_FIELDS = 5,
    FIELDS = ADDRESS + 2 * SIDE_FIELDS
};

static const struct {
    const char *json, *terraform;
} fields[FIELDS] = {
    {"priority", "priority"},
    {"direction", "direction"},
    {"access", "access"},
    {"protocol", "protocol"},
    {"description", "description"},
    {"name", "name"},
    {"sourceAddressPrefix", "source_address_prefix"},
    {"sourceAddressPrefixes", "source_address_prefixes"},
    {"sourceApplicationSecurityGroups", "source_application_security_group_ids"},
    {"sourcePortRange", "source_port_range"},
    {"sourcePortRanges", "source_port_ranges"},
    {"destinationAddressPrefix", "destination_address_prefix"},
    {"destinationAddressPrefixes", "destination_address_prefixes"},
    {"destinationApplicationSecurityGroups", "destination_application_security_group_ids"},
    {"destinationPortRange", "destination_port_range"},
    {"destinationPortRanges", "destination_port_ranges"},
};

/* What else may stand in a rule without changing what it matches. */
static bool is_harmless(const char *key) {
    static const char *const known[] = {"id",         "etag",         "type",
                                        "apiVersion", "dependsOn",    "provisioningState",
                                        "properties", "//",           "comments",
                                        "lifecycle",  "depends_on",   "resource_group_name",
                                        "timeouts",   "provider",     "network_security_group_name",
                                        "metadata",   "resourceGroup"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (equals(known[i], key))
            return true;
    return false;
}

/* A rule as it stands in a document. */
struct source {
    struct fr_azure_nsg_reader *r;
    const flowrules_node *node;           /* the rule */
    const flowrules_node *values[FIELDS]; /* its fields, NULL where absent */
    const flowrules_node *condition;      /* on which it is deployed; NULL: always */
    const flowrules_node *unknown;        /* a field that is none of these; or NULL */
    bool understood;
    struct fr_azure_nsg_rule rule;
};

/* What the rule matches is not known; its fields have to hold the most that it may match. */
static void doubt(struct source *s, const flowrules_node *node, const char *what) {
    if (s->rule.doubt != NULL)
        return;
    s->rule.doubt = what;
    s->rule.doubt_at = flowrules_node_place(node);
}

static void fail(struct source *s, const flowrules_node *node, const char *hint, const char *what) {
    const char *text = flowrules_node_text(node);
    s->understood = false;
    flowrules_input_error(s->r->in, flowrules_node_place(node == NULL ? s->node : node), hint, what,
                          text == NULL ? "..." : text);
}

static void find_fields(struct source *s, const flowrules_node *map) {
    bool terraform = s->r->form == FR_AZURE_NSG_TERRAFORM;
    for (const flowrules_node *n = flowrules_node_first(map); n != NULL;
         n = flowrules_node_next(n)) {
        const char *key = flowrules_node_key(n);
        size_t f = 0;
        while (f < FIELDS && !equals(key, terraform ? fields[f].terraform : fields[f].json))
            f++;
        if (f < FIELDS)
            s->values[f] = flowrules_node_kind(n) == FLOWRULES_NODE_NULL ? NULL : n;
        else if (equals(key, "condition"))
            s->condition = equals(flowrules_node_text(n), "true") ? NULL : n;
        else if (!is_harmless(key))
            s->unknown = n;
    }
}

/* The text of a field; NULL where it is absent, or unknown (a doubt is told then). */
static const char *text_of(struct source *s, const flowrules_node *node) {
    const char *text = fr_azure_nsg_text(s->r, node);
    const char *written = flowrules_node_text(node);
    if (text == NULL && node != NULL)
        doubt(s, node,
              flowrules_input_print(s->r->in, "%.80s is not known before it is deployed",
                                    written == NULL ? "this" : written));
    return text;
}

/* ---- one side of a rule -------------------------------------------------------------------- */

/* The sets of a side, to be united. */
struct sets {
    struct flowrules_set *items;
    size_t count, capacity;
};

static void add_set(struct source *s, struct sets *sets, struct flowrules_set set) {
    sets->items = flowrules_input_grow(s->r->in, sets->items, &sets->capacity, sets->count,
                                       sizeof *sets->items);
    if (sets->items != NULL)
        sets->items[sets->count++] = set;
}

static struct flowrules_set group_set(struct fr_azure_nsg_reader *r, const char *key,
                                      const char *value) {
    struct flowrules_group_key part = {key, NULL, value};
    return flowrules_input_group(r->in, &part, 1);
}

/* Tags had other names in Azure's first years, which are taken to this day. */
struct flowrules_set fr_azure_nsg_tag(struct fr_azure_nsg_reader *r, const char *tag) {
    static const char *const old[][2] = {{"VIRTUAL_NETWORK", "VirtualNetwork"},
                                         {"INTERNET", "Internet"},
                                         {"AZURE_LOADBALANCER", "AzureLoadBalancer"},
                                         {"VirtualNetwork", "VirtualNetwork"},
                                         {"AzureLoadBalancer", "AzureLoadBalancer"}};
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        if (equals(tag, old[i][0]))
            tag = old[i][1];
    return group_set(r, "service-tag", tag);
}

/* Is it a word of letters, digits and dots, as tags are? Nobody means one by Any. */
static bool is_tag(const char *text) {
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._";
    return text[0] != '\0' && strspn(text, characters) == strlen(text) &&
           !(text[0] >= '0' && text[0] <= '9') && text[0] != '.' && !equals(text, "any");
}

/* Azure takes no address with bits behind its prefix. */
static bool has_host_bits(const char *text, const struct flowrules_range *range) {
    struct flowrules_range address;
    const char *slash = strchr(text, '/');
    return slash != NULL && flowrules_parse_range(text, (size_t)(slash - text), &address) &&
           (address.first.hi != range->first.hi || address.first.lo != range->first.lo);
}

/* An address, a prefix, a tag or *. */
static void take_address(struct source *s, const flowrules_node *node, struct sets *sets) {
    struct flowrules_range range;
    const char *text = text_of(s, node);
    if (text == NULL)
        return;
    if (strcmp(text, "*") == 0)
        add_set(s, sets, flowrules_input_any(s->r->in));
    else if (strchr(text, '-') == NULL && flowrules_parse_range(text, strlen(text), &range)) {
        if (has_host_bits(text, &range))
            fail(s, node, "Azure refuses it: write the first address of the prefix",
                 "'%.80s' has bits set to the right of its prefix");
        add_set(s, sets, flowrules_input_range(s->r->in, &range));
    } else if (is_tag(text))
        add_set(s, sets, fr_azure_nsg_tag(s->r, text));
    else
        fail(s, node, "as in 192.0.2.0/24, Storage.WestEurope, or * for all",
             "'%.80s' is not a valid address, prefix or service tag");
}

/* The id of an application security group, by itself or as {"id": ...}. */
static void take_group(struct source *s, const flowrules_node *node, struct sets *sets) {
    const flowrules_node *id = flowrules_node_get(node, "id");
    const char *text = text_of(s, id != NULL ? id : node);
    if (text == NULL)
        return;
    struct flowrules_set set = group_set(s->r, "application-security-group", text);
    const char *slash = strrchr(text, '/');
    add_set(s, sets, set);
    flowrules_input_label(s->r->in, set, slash == NULL ? text : slash + 1, NULL);
}

typedef void take_item(struct source *s, const flowrules_node *node, struct sets *sets);

/* Each item of a field, which is one value or a list. */
static void take_items(struct source *s, const flowrules_node *field, take_item *take,
                       struct sets *sets) {
    const flowrules_node *value = fr_azure_nsg_value(s->r, field);
    if (flowrules_node_kind(value) != FLOWRULES_NODE_LIST) {
        const char *text = flowrules_node_text(field);
        if (field != NULL && (text == NULL || *text != '\0')) /* "" stands for nothing */
            take(s, field, sets);
        return;
    }
    for (const flowrules_node *n = flowrules_node_first(value);
         n != NULL && !flowrules_input_failed(s->r->in); n = flowrules_node_next(n))
        take(s, n, sets);
}

static struct flowrules_set read_end(struct source *s, enum flowrules_end end) {
    const flowrules_node *const *side = &s->values[ADDRESS + end * SIDE_FIELDS];
    struct sets sets = {0};
    take_items(s, side[0], take_address, &sets);
    take_items(s, side[ADDRESSES - ADDRESS], take_address, &sets);
    take_items(s, side[GROUPS - ADDRESS], take_group, &sets);
    if (s->rule.doubt != NULL)
        return flowrules_input_any(s->r->in);
    if (sets.count == 0 && s->understood)
        fail(s, NULL, "write * for all addresses",
             end == FLOWRULES_SOURCE ? "the rule has no sources" : "the rule has no destinations");
    return flowrules_input_unite(s->r->in, sets.items, sets.count);
}

/* ---- services ------------------------------------------------------------------------------ */

struct ports {
    struct flowrules_ports *items;
    size_t count, capacity;
    bool all;
};

/* A port, a range, or *. */
static void take_port(struct source *s, const flowrules_node *node, struct ports *ports) {
    const char *text = text_of(s, node);
    unsigned first, last;
    if (text == NULL)
        return;
    const char *dash = strchr(text, '-');
    size_t length = dash == NULL ? strlen(text) : (size_t)(dash - text);
    if (strcmp(text, "*") == 0) {
        ports->all = true;
        return;
    }
    bool good = flowrules_parse_number(text, length, UINT16_MAX, &first);
    last = first;
    if (good && dash != NULL)
        good = flowrules_parse_number(dash + 1, strlen(dash + 1), UINT16_MAX, &last);
    if (!good || first > last) {
        fail(s, node, "as in 443, 8000-8080, or * for all",
             "'%.40s' is not a valid port or range of ports");
        return;
    }
    ports->items = flowrules_input_grow(s->r->in, ports->items, &ports->capacity, ports->count,
                                        sizeof *ports->items);
    if (ports->items != NULL)
        ports->items[ports->count++] = (struct flowrules_ports){(uint16_t)first, (uint16_t)last};
    ports->all = ports->all || (first == 0 && last == UINT16_MAX);
}

static struct ports read_ports(struct source *s, enum flowrules_end end) {
    const flowrules_node *const *side = &s->values[ADDRESS + end * SIDE_FIELDS];
    struct ports ports = {0};
    for (int f = PORT - ADDRESS; f <= PORTS - ADDRESS; f++) {
        const flowrules_node *value = fr_azure_nsg_value(s->r, side[f]);
        bool list = flowrules_node_kind(value) == FLOWRULES_NODE_LIST;
        const char *text = flowrules_node_text(side[f]);
        if (side[f] == NULL || (text != NULL && *text == '\0'))
            continue;
        for (const flowrules_node *n = list ? flowrules_node_first(value) : side[f]; n != NULL;
             n = list ? flowrules_node_next(n) : NULL)
            take_port(s, n, &ports);
    }
    if (s->rule.doubt != NULL)
        ports.all = true;
    if (ports.count == 0 && !ports.all && s->understood)
        fail(s, NULL, "write * for all ports",
             end == FLOWRULES_SOURCE ? "the rule has no source ports"
                                     : "the rule has no destination ports");
    return ports;
}

/* Beside every protocol, ports are those of TCP and UDP; of the others nothing is written. */
static void put_services(struct source *s, int protocol, const struct ports *sources,
                         const struct ports *destinations) {
    static const int with_ports[] = {6, 17};
    bool all = sources->all && destinations->all;
    size_t count = protocol >= 0 || all ? 1 : 2;
    if (protocol < 0 && all)
        return;
    struct flowrules_service *services = flowrules_input_alloc(s->r->in, count * sizeof *services);
    for (size_t i = 0; services != NULL && i < count; i++)
        services[i] = (struct flowrules_service){
            .protocol = protocol < 0 ? with_ports[i] : protocol,
            .icmp_type = -1,
            .icmp_code = -1,
            .source_ports = sources->items,
            .source_port_count = sources->all ? 0 : sources->count,
            .destination_ports = destinations->items,
            .destination_port_count = destinations->all ? 0 : destinations->count};
    s->rule.services = services;
    s->rule.service_count = services == NULL ? 0 : count;
    s->rule.portless = protocol < 0;
    s->rule.portless_at = flowrules_node_place(s->values[PROTOCOL]);
}

/* Ports beside a protocol that has none: it may be that nothing matches. */
static void drop_ports(struct source *s, struct ports *sources, struct ports *destinations) {
    if (!sources->all || !destinations->all)
        doubt(s, s->values[PROTOCOL],
              "it is not documented whether ports count with a protocol without ports");
    sources->all = destinations->all = true;
}

static void read_services(struct source *s) {
    static const struct {
        const char *name;
        int number;
    } known[] = {{"*", -1}, {"Tcp", 6}, {"Udp", 17}, {"Icmp", 1}, {"Esp", 50}, {"Ah", 51}};
    const char *text = text_of(s, s->values[PROTOCOL]);
    struct ports sources = read_ports(s, FLOWRULES_SOURCE);
    struct ports destinations = read_ports(s, FLOWRULES_DESTINATION);
    for (size_t i = 0; text != NULL && i < sizeof known / sizeof *known; i++)
        if (equals(text, known[i].name)) {
            if (known[i].number >= 0 && known[i].number != 6 && known[i].number != 17)
                drop_ports(s, &sources, &destinations);
            put_services(s, known[i].number, &sources, &destinations);
            return;
        }
    if (s->understood && (text != NULL || s->values[PROTOCOL] == NULL))
        fail(s, s->values[PROTOCOL], "Tcp, Udp, Icmp, Esp, Ah or *",
             "'%.40s' is not a valid protocol");
}

/* ---- rules --------------------------------------------------------------------------------- */

/* One of two words, told apart ignoring case. */
static unsigned read_word(struct source *s, enum field field, const char *zero, const char *one,
                          const char *hint, bool *unknown) {
    const char *text = fr_azure_nsg_text(s->r, s->values[field]);
    *unknown = text == NULL && s->values[field] != NULL;
    if (equals(text, one))
        return 1;
    if (!equals(text, zero) && !*unknown && s->understood)
        fail(s, s->values[field], hint, "'%.40s' is not understood here");
    return 0;
}

static unsigned read_priority(struct source *s) {
    const flowrules_node *value = fr_azure_nsg_value(s->r, s->values[PRIORITY]);
    long long number;
    if (s->values[PRIORITY] != NULL && value == NULL) {
        fr_azure_nsg_doubt(s->r, s->values[PRIORITY],
                           "the priority of this rule is not known before it is deployed");
        s->understood = false;
        return 0;
    }
    if (flowrules_node_number(value, PRIORITY_FIRST, PRIORITY_LAST, &number) ||
        flowrules_node_number(value, FR_AZURE_NSG_PRIORITY_OWN, PRIORITY_MOST, &number))
        return (unsigned)number;
    fail(s, s->values[PRIORITY], "a number from 100 to 4096",
         "'%.40s' is not a valid priority of a rule");
    return 0;
}

/* The flows in a description of ours, "Flows a, b; ticket 1"; NULL where it is none. */
static const char *flows_of(struct source *s, const char *description) {
    if (description == NULL ||
        (strncmp(description, "Flow ", 5) != 0 && strncmp(description, "Flows ", 6) != 0))
        return NULL;
    const char *flows = strchr(description, ' ') + 1, *ticket = strstr(flows, "; ticket ");
    return ticket == NULL ? flows : flowrules_input_copy(s->r->in, flows, (size_t)(ticket - flows));
}

/* A field that is not known may leave packets out, and where it is about ends or ports, add some.
 */
static void read_unknown(struct source *s) {
    static const char *const widening[] = {"source", "destination", "address", "port", "protocol"};
    const char *key = flowrules_node_key(s->unknown);
    char *lower = flowrules_input_copy(s->r->in, key, strlen(key));
    for (char *c = lower; c != NULL && *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    doubt(s, s->unknown,
          flowrules_input_print(s->r->in,
                                "'%.80s' is not known in a rule of a network security group", key));
    for (size_t i = 0; lower != NULL && i < sizeof widening / sizeof *widening; i++)
        if (strstr(lower, widening[i]) != NULL) {
            s->rule.ends[0] = s->rule.ends[1] = flowrules_input_any(s->r->in);
            s->rule.service_count = 0;
        }
}

/* Reads both ends and the services; what is not known in one of them does not widen the others. */
static void read_match(struct source *s) {
    const char *first = NULL;
    struct flowrules_place at = {0, 0, 0};
    for (int part = 0; part < 3; part++) {
        s->rule.doubt = NULL;
        if (part < 2)
            s->rule.ends[part] = read_end(s, (enum flowrules_end)part);
        else
            read_services(s);
        if (first == NULL && s->rule.doubt != NULL) {
            first = s->rule.doubt;
            at = s->rule.doubt_at;
        }
    }
    s->rule.doubt = first;
    s->rule.doubt_at = at;
}

static void read_rule(struct source *s) {
    struct fr_azure_nsg_rule *rule = &s->rule;
    rule->at = flowrules_node_place(s->node);
    rule->priority = read_priority(s);
    rule->direction = read_word(s, DIRECTION, "Outbound", "Inbound", "Inbound or Outbound",
                                &rule->any_direction) == 0
                          ? FLOWRULES_EGRESS
                          : FLOWRULES_INGRESS;
    rule->verdict = read_word(s, ACCESS, "Allow", "Deny", "Allow or Deny", &rule->any_access) == 0
                        ? FLOWRULES_PASS
                        : FLOWRULES_BLOCK;
    read_match(s);
    if (s->unknown != NULL && !flowrules_input_failed(s->r->in))
        read_unknown(s);
    if (s->condition != NULL)
        doubt(s, s->condition, "whether this rule is deployed depends on its condition");
    if (rule->any_direction)
        doubt(s, s->values[DIRECTION],
              "the direction of this rule is not known before it is "
              "deployed");
    const char *description = fr_azure_nsg_text(s->r, s->values[DESCRIPTION]);
    const char *flows = flows_of(s, description);
    rule->name = flows != NULL ? flows : rule->name;
    rule->description = flows != NULL || equals(description, "") ? NULL : description;
}

void fr_azure_nsg_take(struct fr_azure_nsg_reader *r, struct fr_azure_nsg_group *group,
                       const flowrules_node *node, const char *name) {
    struct source s = {.r = r, .node = node, .understood = true};
    if (!r->rules || group == NULL || !group->chosen || flowrules_input_failed(r->in))
        return;
    find_fields(&s, flowrules_node_get(node, "properties"));
    find_fields(&s, node);
    s.rule.name = name != NULL ? name : fr_azure_nsg_text(r, s.values[NAME]);
    read_rule(&s);
    if (flowrules_input_failed(r->in) || !s.understood)
        return;
    group->rules = flowrules_input_grow(r->in, group->rules, &group->capacity, group->count,
                                        sizeof *group->rules);
    if (group->rules != NULL)
        group->rules[group->count++] = s.rule;
}

void fr_azure_nsg_take_list(struct fr_azure_nsg_reader *r, struct fr_azure_nsg_group *group,
                            const flowrules_node *list) {
    for (const flowrules_node *n = flowrules_node_block(list); n != NULL;
         n = flowrules_node_next_block(n)) {
        if (flowrules_node_kind(n) == FLOWRULES_NODE_MAP)
            fr_azure_nsg_take(r, group, n, NULL);
        else if (r->rules && group != NULL && group->chosen)
            fr_azure_nsg_doubt(r, n, "a rule is expected here");
    }
}
