/*
 * azure-nsg: the rules of one network security group, as a template (ARM), as the list of rules
 * alone, and as Terraform's JSON. Knows the words of both and Azure's limits; knows nothing of how
 * rules came about. Every format says the whole list, so that it replaces what was there before.
 * "NSG" below: learn.microsoft.com/azure/virtual-network/network-security-groups-overview.
 */
#include "read.h"

#include <stdio.h>
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/flows.h"
#include "flowrules/kits/lookup.h"
#include "flowrules/kits/whole.h"

/* Azure's numbers; the record's table of limits names their sources. */
enum {
    RULES_MAX = 1000,
    ADDRESSES_MAX = 4000,
    GROUPS_MAX = 100,
    GROUPS_PER_SIDE = 10,
    NAME_MAX_BYTES = 80,
    PRIORITY_DENY = 4096,  /* the last one: what no rule above allows */
    PRIORITY_PROBES = 4095 /* inbound, with the baseline */
};

/* ---- words --------------------------------------------------------------------------------- */

/* How a dialect calls the fields of one side, and the fields of a rule. */
struct side_words {
    const char *address, *addresses, *groups, *port, *ports;
};

struct dialect {
    const char *open, *body, *close; /* of a rule: before its name, behind it, at its end */
    const char *indent;              /* of a field */
    bool every_field;                /* also those that say nothing */
    bool group_objects;              /* an application security group is an object with an id */
    bool resources;                  /* each rule is a resource, in a group that is there */
    const struct side_words *sides;
};

static const struct side_words arm_sides[] = {
    {"sourceAddressPrefix", "sourceAddressPrefixes", "sourceApplicationSecurityGroups",
     "sourcePortRange", "sourcePortRanges"},
    {"destinationAddressPrefix", "destinationAddressPrefixes",
     "destinationApplicationSecurityGroups", "destinationPortRange", "destinationPortRanges"},
};

static const struct side_words terraform_sides[] = {
    {"source_address_prefix", "source_address_prefixes", "source_application_security_group_ids",
     "source_port_range", "source_port_ranges"},
    {"destination_address_prefix", "destination_address_prefixes",
     "destination_application_security_group_ids", "destination_port_range",
     "destination_port_ranges"},
};

static const struct dialect arm_dialect = {
    .open = "\n          {",
    .body = ", \"properties\": {",
    .close = "}}",
    .indent = "\n            ",
    .group_objects = true,
    .sides = arm_sides,
};

static const struct dialect list_dialect = {
    .open = "\n  {",
    .body = ", \"properties\": {",
    .close = "}}",
    .indent = "\n    ",
    .group_objects = true,
    .sides = arm_sides,
};

/* security_rule is an attribute, a set of objects, of which Terraform wants every field. */
static const struct dialect terraform_dialect = {
    .open = "\n          {",
    .body = ",",
    .close = "}",
    .indent = "\n            ",
    .every_field = true,
    .sides = terraform_sides,
};

/* Permits alone: rules as resources of their own, since a group replaces all of its rules. */
static const struct dialect arm_permits_dialect = {
    .open = "\n    {",
    .body = ", \"properties\": {",
    .close = "}}",
    .indent = "\n      ",
    .group_objects = true,
    .resources = true,
    .sides = arm_sides,
};

static const struct dialect terraform_permits_dialect = {
    .open = "\n      ",
    .body = ",",
    .close = "\n      }",
    .indent = "\n        ",
    .resources = true,
    .sides = terraform_sides,
};

static const char *const direction_word[] = {"Outbound", "Inbound"};
static const char *const access_word[] = {"Allow", "Deny"};
static const char *const every_address[] = {"0.0.0.0/0", "::/0"};

/* What a rule's protocol can be; a number that is not here must never become "*". */
static const uint8_t protocols[] = {1, 6, 17, 50, 51};
static const char *const protocol_words[] = {
    [1] = "Icmp", [6] = "Tcp", [17] = "Udp", [50] = "Esp", [51] = "Ah"};

/*
 * Text within a JSON string: no control characters, a backslash before what ends or escapes.
 * No braces, since ${ and %{ begin a template in Terraform; and each of our strings begins with a
 * word of our own, since [ begins an expression in a template of ARM.
 */
static const struct flowrules_escape text_escape = {
    .keep = " !#$%&'()*+,-./:;<=>?@[]^_`|~",
    .escape = "\"\\",
    .before = '\\',
    .replace = '_',
    .utf8 = true,
    .max_bytes = 1024,
};
/* A description has 140 characters, of which "Flows " is six. */
static const struct flowrules_escape notes_escape = {
    .keep = " !#$%&'()*+,-./:;<=>?@[]^_`|~",
    .escape = "\"\\",
    .before = '\\',
    .replace = '_',
    .utf8 = true,
    .max_bytes = 134,
};
/* What was checked letter by letter already; the escape says so once more. */
static const struct flowrules_escape checked_escape = {
    .keep = " _-./()", .replace = '_', .max_bytes = 1024};
static const struct flowrules_escape address_escape = {
    .keep = "*./:", .replace = '_', .max_bytes = 128};
static const struct flowrules_escape target_escape = {
    .keep = "_-.", .replace = '_', .max_bytes = 60};
/* A label of Terraform's, or a variable's name: letters, digits, _ and -. */
static const struct flowrules_escape label_escape = {.keep = "_-", .replace = '_'};

/* ---- state --------------------------------------------------------------------------------- */

struct state {
    const struct dialect *dialect;
    flowrules_writer *w;
    const struct flowrules_rule *rule; /* being written; NULL for a rule of our own */
    bool refused;
    size_t rules;          /* written */
    long long priority[2]; /* the next of a direction */
    bool closed[2];        /* the rules of our own are written */
    size_t addresses[2];   /* at the sources and at the destinations of all rules */
};

/* ---- checked words ------------------------------------------------------------------------- */

static const char letters_digits[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static bool is_alphanumeric(char c) {
    return c != '\0' && strchr(letters_digits, c) != NULL;
}

/* Letters, digits and some more, at most so many; a letter or digit first. */
static bool is_word(const char *text, const char *more, size_t most) {
    if (!is_alphanumeric(text[0]) || strlen(text) > most)
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (!is_alphanumeric(*c) && strchr(more, *c) == NULL)
            return false;
    }
    return true;
}

/* learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
static bool is_group_name(const char *text) {
    return is_word(text, "._-", NAME_MAX_BYTES) &&
           (is_alphanumeric(text[strlen(text) - 1]) || text[strlen(text) - 1] == '_');
}

static bool is_resource_group(const char *text) {
    size_t length = strlen(text);
    bool good = length > 0 && length <= 90 && text[length - 1] != '.';
    for (const char *c = text; good && *c != '\0'; c++)
        good = is_alphanumeric(*c) || strchr("._-()", *c) != NULL;
    return good;
}

static bool is_location(const char *text) {
    return is_word(text, " ", 60);
}

/* 2023-11-01, or with -preview behind it. */
static bool is_api_version(const char *text) {
    static const char form[] = "dddd-dd-dd";
    size_t length = sizeof form - 1;
    for (size_t i = 0; i < length; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !digit : text[i] != form[i])
            return false;
    }
    return text[length] == '\0' || strcmp(text + length, "-preview") == 0;
}

static bool equal_ignoring_case(const char *a, const char *b, size_t length) {
    for (size_t i = 0; i < length; i++) {
        char x = a[i] >= 'A' && a[i] <= 'Z' ? (char)(a[i] + 32) : a[i];
        char y = b[i] >= 'A' && b[i] <= 'Z' ? (char)(b[i] + 32) : b[i];
        if (x != y || x == '\0')
            return x == y;
    }
    return true;
}

/* Some tools take the word Any for "*", and no one means that by a tag. */
static bool is_service_tag(const char *text) {
    return is_word(text, ".", 100) && !(text[0] >= '0' && text[0] <= '9') &&
           !equal_ignoring_case(text, "any", 4);
}

/*
 * /subscriptions/S/resourceGroups/G/providers/Microsoft.Network/applicationSecurityGroups/NAME,
 * in any case of letters; S, G and NAME are words, and nothing else is.
 */
static bool is_application_group(const char *text) {
    static const char *const parts[] = {"/subscriptions/", "/resourceGroups/",
                                        "/providers/Microsoft.Network/applicationSecurityGroups/"};
    for (size_t i = 0; i < 3; i++) {
        size_t length = strlen(parts[i]);
        if (!equal_ignoring_case(text, parts[i], length))
            return false;
        text += length;
        size_t word = 0;
        while (is_alphanumeric(text[word]) || (text[word] != '\0' && strchr("._-()", text[word])))
            word++;
        if (word == 0 || word > 90)
            return false;
        text += word;
    }
    return *text == '\0';
}

/* ---- groups -------------------------------------------------------------------------------- */

static const char *service_tag(const flowrules_plan *plan, const char *network) {
    return flowrules_binding_value(plan, network, "service-tag", 0);
}

static const char *application_group(const flowrules_plan *plan, const char *network,
                                     size_t index) {
    return flowrules_binding_value(plan, network, "application-security-group", index);
}

static size_t count_groups(const flowrules_plan *plan, const char *network) {
    size_t count = 0;
    while (application_group(plan, network, count) != NULL)
        count++;
    return count;
}

/* Why a network can't be said as it is bound, or NULL. */
static const char *refuse_binding(const flowrules_plan *plan, const char *network) {
    const char *tag = service_tag(plan, network);
    size_t groups = count_groups(plan, network);
    if (tag == NULL && groups == 0)
        return "the azure-nsg binding of its network has neither service-tag nor "
               "application-security-group";
    if (tag != NULL && groups > 0)
        return "the source or destination of a rule takes a service tag or application security "
               "groups, not both";
    if (tag != NULL && !is_service_tag(tag))
        return "a service tag has letters, digits and dots, for example Storage.WestEurope";
    if (groups > GROUPS_PER_SIDE)
        return "the source or destination of a rule takes at most 10 application security groups";
    for (size_t i = 0; i < groups; i++) {
        if (!is_application_group(application_group(plan, network, i)))
            return "an application security group needs its full id, "
                   "/subscriptions/.../resourceGroups/.../providers/Microsoft.Network/"
                   "applicationSecurityGroups/NAME";
    }
    return NULL;
}

static const char *refuse_end(const flowrules_plan *plan, struct flowrules_set set) {
    const char *why = NULL;
    for (size_t i = 0; why == NULL && i < flowrules_set_atom_count(set); i++) {
        struct flowrules_atom atom = flowrules_set_atom(set, i);
        if (atom.kind == FLOWRULES_ATOM_GROUP)
            why = refuse_binding(plan, atom.name);
    }
    return why;
}

static const char *refuses(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    const char *why = refuse_end(plan, flow->source);
    return why != NULL ? why : refuse_end(plan, flow->destination);
}

/* ---- fields -------------------------------------------------------------------------------- */

/* Begins a line of the rule that is being written. */
static void begin_line(struct state *s, const char *before) {
    flowrules_write(s->w, before);
    if (s->rule)
        flowrules_writer_origin(s->w, s->rule->flows);
}

static void begin_field(struct state *s, const char *name) {
    begin_line(s, s->dialect->indent);
    flowrules_writef(s->w, "\"%s\": ", name);
}

/* A field on the line of the one before. */
static void go_on(struct state *s, const char *name) {
    flowrules_writef(s->w, " \"%s\": ", name);
}

static void text_field(struct state *s, const char *name, const char *text) {
    begin_field(s, name);
    flowrules_writef(s->w, "\"%s\",", text);
}

/* A field that says nothing, where a dialect wants it all the same. */
static void absent(struct state *s, const char *name, const char *value) {
    if (s->dialect->every_field) {
        go_on(s, name);
        flowrules_writef(s->w, "%s,", value);
    }
}

/* Begins item i of a list: four stand on a line. */
static void begin_item(struct state *s, size_t i) {
    flowrules_write(s->w, i > 0 ? "," : "");
    if (i > 0 && i % 4 == 0) {
        begin_line(s, s->dialect->indent);
        flowrules_write(s->w, "  ");
    } else if (i > 0) {
        flowrules_write(s->w, " ");
    }
}

/* ---- one side of a rule -------------------------------------------------------------------- */

static size_t count_prefixes(struct flowrules_set set) {
    size_t count = 0;
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        for (size_t i = 0; i < flowrules_set_range_count(set, f); i++) {
            struct flowrules_range rest = flowrules_set_range(set, f, i), prefix;
            while (flowrules_range_next_prefix(&rest, &prefix))
                count++;
        }
    }
    return count;
}

/* The prefixes of a set as strings; of one family, as the core cuts them. */
static void write_prefixes(struct state *s, struct flowrules_set set) {
    size_t done = 0;
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        for (size_t i = 0; i < flowrules_set_range_count(set, f); i++) {
            struct flowrules_range rest = flowrules_set_range(set, f, i), prefix;
            while (flowrules_range_next_prefix(&rest, &prefix)) {
                begin_item(s, done++);
                flowrules_write(s->w, "\"");
                flowrules_write_range(s->w, &prefix);
                flowrules_write(s->w, "\"");
            }
        }
    }
}

static bool has_addresses(struct flowrules_set set) {
    return !flowrules_set_is_any(set) && (flowrules_set_range_count(set, FLOWRULES_IPV4) > 0 ||
                                          flowrules_set_range_count(set, FLOWRULES_IPV6) > 0);
}

/* "*" is both families: in a rule for one, addresses at the other side must say which. */
static const char *any_word(const struct flowrules_rule *rule, struct flowrules_set other) {
    if (rule->families == FLOWRULES_BOTH_FAMILIES || has_addresses(other))
        return "*";
    return every_address[rule->families == FLOWRULES_FAMILY_BIT(FLOWRULES_IPV6)];
}

/* "*", a prefix or a tag. */
static void write_address_text(struct state *s, const struct side_words *words, const char *text) {
    begin_field(s, words->address);
    flowrules_write(s->w, "\"");
    flowrules_write_user(s->w, &address_escape, text);
    flowrules_write(s->w, "\",");
    absent(s, words->addresses, "[]");
    absent(s, words->groups, "[]");
}

static void write_addresses(struct state *s, enum flowrules_end end, struct flowrules_set set) {
    const struct side_words *words = &s->dialect->sides[end];
    size_t count = count_prefixes(set);
    s->addresses[end] += count;
    if (count == 1) {
        begin_field(s, words->address);
        write_prefixes(s, set);
        flowrules_write(s->w, ",");
        absent(s, words->addresses, "[]");
    } else {
        begin_field(s, words->addresses);
        flowrules_write(s->w, "[");
        write_prefixes(s, set);
        flowrules_write(s->w, "],");
        absent(s, words->address, "\"\"");
    }
    absent(s, words->groups, "[]");
}

static void write_groups(const flowrules_plan *plan, struct state *s,
                         const struct side_words *words, const char *network) {
    size_t count = count_groups(plan, network);
    begin_field(s, words->groups);
    flowrules_write(s->w, "[");
    for (size_t i = 0; i < count; i++) {
        begin_item(s, i);
        flowrules_write(s->w, s->dialect->group_objects ? "{\"id\": \"" : "\"");
        flowrules_write_user(s->w, &checked_escape, application_group(plan, network, i));
        flowrules_write(s->w, s->dialect->group_objects ? "\"}" : "\"");
    }
    flowrules_write(s->w, "],");
    absent(s, words->address, "\"\"");
    absent(s, words->addresses, "[]");
}

/* An end is any, or addresses of one family, or one group: so the core cuts it. */
static void write_side(const flowrules_plan *plan, struct state *s, enum flowrules_end end,
                       struct flowrules_set set, struct flowrules_set other) {
    const struct side_words *words = &s->dialect->sides[end];
    if (flowrules_set_is_any(set)) {
        write_address_text(s, words, any_word(s->rule, other));
    } else if (flowrules_set_atom_count(set) == 0) {
        write_addresses(s, end, set);
    } else {
        const char *network = flowrules_set_atom(set, 0).name;
        const char *tag = service_tag(plan, network);
        if (tag != NULL)
            write_address_text(s, words, tag);
        else
            write_groups(plan, s, words, network);
    }
}

static void write_ports(struct state *s, enum flowrules_end end,
                        const struct flowrules_ports *ports, size_t count) {
    const struct side_words *words = &s->dialect->sides[end];
    go_on(s, count > 1 ? words->ports : words->port);
    flowrules_write(s->w, count == 0 ? "\"*\"" : count > 1 ? "[" : "");
    for (size_t i = 0; i < count; i++) {
        begin_item(s, i);
        flowrules_write(s->w, "\"");
        flowrules_write_ports(s->w, ports[i], "-");
        flowrules_write(s->w, "\"");
    }
    if (count > 1) {
        flowrules_write(s->w, "],");
        absent(s, words->port, "\"\"");
    } else {
        flowrules_write(s->w, ",");
        absent(s, words->ports, "[]");
    }
}

/* ---- rules --------------------------------------------------------------------------------- */

static void write_checked(flowrules_writer *w, const char *text) {
    flowrules_write_user(w, &checked_escape, text);
}

static const char *group_name(const flowrules_plan *plan) {
    const char *name = flowrules_plan_setting(plan, "nsg");
    return name != NULL ? name : flowrules_plan_target(plan);
}

static void write_label(const flowrules_plan *plan, flowrules_writer *w) {
    flowrules_write(w, "flowrules_");
    flowrules_write_user(w, &label_escape, flowrules_plan_target(plan));
}

static void write_terraform_resource_group(const flowrules_plan *plan, flowrules_writer *w) {
    const char *resource_group = flowrules_plan_setting(plan, "resource-group");
    flowrules_write(w, "\"");
    if (resource_group != NULL) {
        write_checked(w, resource_group);
    } else {
        flowrules_write(w, "${var.");
        write_label(plan, w);
        flowrules_write(w, "_resource_group}");
    }
    flowrules_write(w, "\"");
}

/* Labels take no dot: such a name is told apart by its priority. */
static void write_rule_label(const flowrules_plan *plan, struct state *s, const char *name,
                             long long priority) {
    flowrules_write(s->w, "\"");
    write_label(plan, s->w);
    flowrules_write(s->w, "_");
    flowrules_write_user(s->w, &label_escape, name);
    if (strchr(name, '.') != NULL)
        flowrules_writef(s->w, "_%lld", priority);
    flowrules_write(s->w, "\": {");
}

/* In a group of others a rule's name begins with the target's. */
static void write_rule_name(flowrules_output *out, struct state *s, const char *name) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *target = flowrules_plan_target(plan);
    flowrules_write(s->w, "\"name\": \"");
    if (s->dialect == &arm_permits_dialect) {
        write_checked(s->w, group_name(plan));
        flowrules_write(s->w, "/");
    }
    if (flowrules_plan_permits(plan)) {
        write_checked(s->w, target);
        flowrules_write(s->w, "-");
        if (strlen(target) + 1 + strlen(name) > NAME_MAX_BYTES)
            flowrules_output_refuse(out,
                                    "the rule %s-%s: the name of a rule has at most %d characters "
                                    "and begins with the name of the target",
                                    target, name, NAME_MAX_BYTES);
    }
    flowrules_writef(s->w, "%s\"%s", name, s->dialect->body);
}

static void open_rule(flowrules_output *out, struct state *s, const char *name,
                      long long priority) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_write(s->w, s->rules++ > 0 ? "," : "");
    begin_line(s, s->dialect->open);
    if (s->dialect == &terraform_permits_dialect)
        write_rule_label(plan, s, name, priority);
    if (s->dialect == &arm_permits_dialect) {
        flowrules_write(s->w,
                        "\"type\": \"Microsoft.Network/networkSecurityGroups/securityRules\", "
                        "\"apiVersion\": \"");
        write_checked(s->w, flowrules_plan_setting(plan, "api-version"));
        flowrules_write(s->w, "\",\n     ");
    }
    write_rule_name(out, s, name);
    if (s->dialect == &terraform_permits_dialect) {
        flowrules_write(s->w, "\n        \"resource_group_name\": ");
        write_terraform_resource_group(plan, s->w);
        flowrules_write(s->w, ",\n        \"network_security_group_name\": \"");
        write_checked(s->w, group_name(plan));
        flowrules_write(s->w, "\",");
    }
}

/* The last fields, so that every one before them ends in a comma. */
static void close_rule(struct state *s, enum flowrules_direction direction,
                       enum flowrules_action action, long long priority) {
    begin_field(s, "access");
    flowrules_writef(s->w, "\"%s\", \"direction\": \"%s\", \"priority\": %lld%s",
                     access_word[action], direction_word[direction], priority, s->dialect->close);
}

static void write_description(flowrules_output *out, struct state *s) {
    flowrules_flows flows = s->rule->flows;
    begin_field(s, "description");
    flowrules_write(s->w, flowrules_flows_count(out, flows) == 1 ? "\"Flow " : "\"Flows ");
    flowrules_write_notes(s->w, out, &notes_escape, FLOWRULES_NOTES, flows, NULL);
    flowrules_write(s->w, "\",");
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct state *s = flowrules_output_state(out);
    const struct flowrules_service *service = &r->services[0];
    if (s->refused)
        return;
    s->rule = r;
    open_rule(out, s, r->name, s->priority[r->direction]);
    write_description(out, s);
    text_field(s, "protocol", service->protocol < 0 ? "*" : protocol_words[service->protocol]);
    write_side(plan, s, FLOWRULES_SOURCE, r->source, r->destination);
    write_ports(s, FLOWRULES_SOURCE, service->source_ports, service->source_port_count);
    write_side(plan, s, FLOWRULES_DESTINATION, r->destination, r->source);
    write_ports(s, FLOWRULES_DESTINATION, service->destination_ports,
                service->destination_port_count);
    close_rule(s, r->direction, r->action, s->priority[r->direction]);
    s->priority[r->direction] += flowrules_plan_number(plan, "priority-step");
    s->rule = NULL;
}

/* ---- rules of our own ---------------------------------------------------------------------- */

/* Names that end in _ are ours: those of the plan end in a letter or digit. */
struct own_rule {
    const char *name, *description, *protocol, *source;
    enum flowrules_action action;
    long long priority;
};

static const struct own_rule probes = {
    .name = "flowrules-load-balancer-probes_",
    .description = "Health probes of the load balancer",
    .protocol = "Tcp",
    .source = "AzureLoadBalancer",
    .action = FLOWRULES_ALLOW,
    .priority = PRIORITY_PROBES,
};

static const struct own_rule closing[] = {
    {"flowrules-deny-out_", "All that no rule above allows", "*", "*", FLOWRULES_DENY,
     PRIORITY_DENY},
    {"flowrules-deny-in_", "All that no rule above allows", "*", "*", FLOWRULES_DENY,
     PRIORITY_DENY},
};

static void write_own(flowrules_output *out, struct state *s, const struct own_rule *own,
                      enum flowrules_direction direction) {
    open_rule(out, s, own->name, own->priority);
    begin_field(s, "description");
    flowrules_writef(s->w, "\"%s; flowrules, target ", own->description);
    flowrules_write_user(s->w, &target_escape, flowrules_plan_target(flowrules_output_plan(out)));
    flowrules_writef(s->w, ", version %s\",", flowrules_output_fingerprint(out));
    text_field(s, "protocol", own->protocol);
    write_address_text(s, &s->dialect->sides[FLOWRULES_SOURCE], own->source);
    write_ports(s, FLOWRULES_SOURCE, NULL, 0);
    write_address_text(s, &s->dialect->sides[FLOWRULES_DESTINATION], "*");
    write_ports(s, FLOWRULES_DESTINATION, NULL, 0);
    close_rule(s, direction, own->action, own->priority);
}

/*
 * Azure's own rules behind ours, at 65000 and above, let in and out what is in VirtualNetwork and
 * let out what goes to the Internet: NSG, default security rules. A deny closes them. It closes
 * the health probes of a load balancer too, which come from 168.63.129.16 over TCP; DHCP, DNS and
 * metadata of the platform are not filtered: NSG, Azure platform considerations.
 */
static void close_direction(flowrules_output *out, struct state *s,
                            enum flowrules_direction direction) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    if (s->refused || s->closed[direction] || !flowrules_plan_enforces(plan, direction))
        return;
    s->closed[direction] = true;
    if (direction == FLOWRULES_INGRESS && flowrules_plan_has(plan, FLOWRULES_BASELINE_PROBES))
        write_own(out, s, &probes, direction);
    if (!flowrules_plan_permits(plan))
        write_own(out, s, &closing[direction], direction);
}

static void group(flowrules_output *out, const struct flowrules_group *g) {
    struct state *s = flowrules_output_state(out);
    if (g->direction == FLOWRULES_INGRESS)
        close_direction(out, s, FLOWRULES_EGRESS);
}

/* ---- limits -------------------------------------------------------------------------------- */

static size_t count_rules(const flowrules_output *out, enum flowrules_direction direction) {
    return flowrules_output_rule_count(out, direction, FLOWRULES_ALLOW) +
           flowrules_output_rule_count(out, direction, FLOWRULES_DENY);
}

static unsigned count_own(const flowrules_plan *plan, enum flowrules_direction direction) {
    if (!flowrules_plan_enforces(plan, direction))
        return 0;
    bool has_probes =
        direction == FLOWRULES_INGRESS && flowrules_plan_has(plan, FLOWRULES_BASELINE_PROBES);
    return (has_probes ? 1u : 0u) + (flowrules_plan_permits(plan) ? 0u : 1u);
}

static void check_rules(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    size_t rules = 0;
    long long step = flowrules_plan_number(plan, "priority-step");
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++)
        rules += count_rules(out, d) + count_own(plan, d);
    if (rules > RULES_MAX) {
        flowrules_output_refuse(out,
                                "%zu rules, but Azure takes %d in a network security group: "
                                "combine flows, or 'select' fewer of them",
                                rules, RULES_MAX);
        return;
    }
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        size_t count = count_rules(out, d);
        long long first = flowrules_plan_number(plan, "first-priority");
        long long last = PRIORITY_DENY - (long long)count_own(plan, d);
        if (count > 0 && first + ((long long)count - 1) * step > last)
            flowrules_output_refuse(out,
                                    "%zu rules %s from priority %lld in steps of %lld exceed "
                                    "priority %lld: reduce first-priority or priority-step",
                                    count, d == FLOWRULES_EGRESS ? "outbound" : "inbound", first,
                                    step, last);
    }
}

/* Every group is a set of its own, since an end holds one at most. */
static void check_groups(flowrules_output *out) {
    size_t groups = 0;
    for (size_t i = 0; i < flowrules_output_set_count(out); i++) {
        struct flowrules_set set = flowrules_output_set(out, i);
        if (flowrules_set_atom_count(set) > 0)
            groups += count_groups(flowrules_output_plan(out), flowrules_set_atom(set, 0).name);
    }
    if (groups > GROUPS_MAX)
        flowrules_output_refuse(out,
                                "%zu application security groups, but Azure takes %d in the rules "
                                "of a network security group",
                                groups, GROUPS_MAX);
}

static void check_addresses(flowrules_output *out, const struct state *s) {
    static const char *const side[] = {"sources", "destinations"};
    for (size_t end = 0; end < 2; end++) {
        if (s->addresses[end] > ADDRESSES_MAX)
            flowrules_output_refuse(out,
                                    "%zu addresses and prefixes as %s of the rules, but Azure "
                                    "takes %d: use larger prefixes, or 'select' fewer flows",
                                    s->addresses[end], side[end], ADDRESSES_MAX);
    }
}

/* ---- settings ------------------------------------------------------------------------------ */

static const struct {
    const char *key, *form;
    bool (*good)(const char *text);
} checks[] = {
    {"nsg",
     "letters, digits, '_', '.' and '-', at most 80, a letter or digit first and a letter, digit "
     "or '_' last",
     is_group_name},
    {"location", "a region's name, as in westeurope", is_location},
    {"resource-group", "letters, digits and '._-()', at most 90", is_resource_group},
    {"api-version", "a date, as in 2023-11-01", is_api_version},
};

static void check_settings(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const char *value = flowrules_plan_setting(plan, checks[i].key);
        if (value != NULL && !checks[i].good(value))
            flowrules_output_refuse(out, "%s is %s", checks[i].key, checks[i].form);
    }
    if (flowrules_plan_permits(plan) && flowrules_plan_setting(plan, "nsg") == NULL)
        flowrules_output_refuse(out, "with 'mode: permits' it needs the setting nsg, the name of "
                                     "the group that gets the permits");
    if (!is_group_name(group_name(plan)))
        flowrules_output_refuse(out, "the name of the target is not valid for a network security "
                                     "group: add the setting nsg");
}

/* Prepares the state; the rest of what a format begins with is its own. */
static struct state *begin_rules(flowrules_output *out, const struct dialect *dialect,
                                 const char *suffix) {
    struct state *s = flowrules_output_state(out);
    long long first = flowrules_plan_number(flowrules_output_plan(out), "first-priority");
    *s = (struct state){.dialect = dialect,
                        .w = flowrules_output_file(out, suffix, false),
                        .priority = {first, first}};
    check_settings(out);
    check_rules(out);
    check_groups(out);
    return s;
}

static struct state *end_rules(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    close_direction(out, s, FLOWRULES_EGRESS);
    close_direction(out, s, FLOWRULES_INGRESS);
    check_addresses(out, s);
    return s;
}

/* ---- heads --------------------------------------------------------------------------------- */

/* The lines of a head, as strings of a JSON list. */
static void write_title(flowrules_output *out, flowrules_writer *w, const char *indent) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *title = flowrules_plan_title(plan);
    flowrules_writef(w, "%s\"Rules of a network security group", indent);
    if (title != NULL) {
        flowrules_write(w, ": ");
        flowrules_write_user(w, &text_escape, title);
    }
    flowrules_writef(w, "\",%s\"Target ", indent);
    write_checked(w, flowrules_plan_target(plan));
    flowrules_writef(w, ", version %s: %s.\",", flowrules_output_fingerprint(out),
                     flowrules_plan_permits(plan) ? "permits alone, beside the rules of others"
                                                  : "what these rules do not allow is denied");
    char before[32];
    snprintf(before, sizeof before, "%s\"", indent);
    flowrules_write_shuts(w, out, before, "\",");
    flowrules_write_pinned_day(w, plan, before, ".\",");
}

static void write_resource_group(const flowrules_plan *plan, flowrules_writer *w) {
    const char *resource_group = flowrules_plan_setting(plan, "resource-group");
    if (resource_group == NULL) {
        flowrules_write(w, "RESOURCE-GROUP");
        return;
    }
    flowrules_write(w, "'"); /* it may hold parentheses */
    write_checked(w, resource_group);
    flowrules_write(w, "'");
}

static const char replaces_whole[] =
    "It replaces all rules of the group, and can be repeated. Rules hold where the group is "
    "associated with a network interface or a subnet.";

/* A line of a head: az, with the resource group, and what comes behind it. */
static void write_az(const flowrules_plan *plan, flowrules_writer *w, const char *before,
                     const char *option, const char *value, const char *after) {
    flowrules_writef(w, "\n      \"%s --resource-group ", before);
    write_resource_group(plan, w);
    flowrules_writef(w, " %s ", option);
    write_checked(w, value);
    flowrules_writef(w, "%s\",", after);
}

static const char stays_beside[] =
    "It changes the rules below alone, and can be repeated. Their priorities must be free, and "
    "before those of the denies that they are to precede.";

static void write_arm_head(flowrules_output *out, flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *target = flowrules_plan_target(plan);
    bool permits = flowrules_plan_permits(plan);
    write_title(out, w, "\n      ");
    write_az(plan, w, "Keep what is there: az network nsg show", "--name", group_name(plan), "");
    write_az(plan, w, "Try with:   az deployment group what-if", "--template-file", target,
             ".arm.json");
    write_az(plan, w, "Apply with: az deployment group create", "--template-file", target,
             ".arm.json");
    flowrules_writef(
        w, "\n      \"%s\",\n      \"Undo with:  ", permits ? stays_beside : replaces_whole);
    flowrules_write(w, permits
                           ? "az network nsg rule delete, with the names below; so with what an "
                             "earlier version has and this one has not.\""
                           : "the same command and the former version of this file.\"");
}

static void begin_arm(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    bool permits = flowrules_plan_permits(plan);
    struct state *s = begin_rules(out, permits ? &arm_permits_dialect : &arm_dialect, ".arm.json");
    const char *location = flowrules_plan_setting(plan, "location");
    flowrules_writer *w = s->w;
    flowrules_write(w, "{\n  \"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/"
                       "deploymentTemplate.json#\",\n  \"contentVersion\": \"1.0.0.0\",\n"
                       "  \"metadata\": {\n    \"comments\": [");
    write_arm_head(out, w);
    flowrules_write(w, "\n    ]\n  },\n  \"resources\": [");
    if (permits)
        return;
    flowrules_write(w, "\n    {\n"
                       "      \"type\": \"Microsoft.Network/networkSecurityGroups\",\n"
                       "      \"apiVersion\": \"");
    write_checked(w, flowrules_plan_setting(plan, "api-version"));
    flowrules_write(w, "\",\n      \"name\": \"");
    write_checked(w, group_name(plan));
    flowrules_write(w, "\",\n      \"location\": \"");
    if (location != NULL)
        write_checked(w, location);
    else
        flowrules_write(w, "[resourceGroup().location]");
    flowrules_write(w, "\",\n      \"properties\": {\n        \"securityRules\": [");
}

static void end_arm(flowrules_output *out) {
    flowrules_write(end_rules(out)->w, flowrules_plan_permits(flowrules_output_plan(out))
                                           ? "\n  ]\n}\n"
                                           : "\n        ]\n      }\n    }\n  ]\n}\n");
}

/* ---- the list of rules --------------------------------------------------------------------- */

static void begin_list(flowrules_output *out) {
    flowrules_write(begin_rules(out, &list_dialect, ".rules.json")->w, "[");
}

/* A command of az on a line of its own, with the resource group. */
static void write_step(const flowrules_plan *plan, flowrules_writer *w, const char *command,
                       const char *rest) {
    flowrules_writef(w, "     %s --resource-group ", command);
    write_resource_group(plan, w);
    flowrules_writef(w, " %s", rest);
}

/* TARGET.txt: how the rules get into a template, are checked and taken back. */
static void write_steps(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = flowrules_output_file(out, ".txt", false);
    const char *title = flowrules_plan_title(plan), *target = flowrules_plan_target(plan);
    flowrules_writef(w,
                     "flowrules target %s, version %s: rules of an Azure network security group\n",
                     target, flowrules_output_fingerprint(out)); /* the reader knows it by this */
    flowrules_write_pinned_day(w, plan, "", ".\n");
    if (title != NULL) {
        flowrules_write_user(w, &text_escape, title);
        flowrules_write(w, "\n");
    }
    flowrules_writef(w, "\nTo load it:\n  1. Put the list of %s.rules.json %s\n", target,
                     flowrules_plan_permits(plan)
                         ? "behind the securityRules that your own\n     template has for the "
                           "group: what is not in it goes.\n  2. Keep what is there:"
                         : "into your own template, as the securityRules of\n     the group's "
                           "properties. They replace all rules that the group has.\n  2. Keep what "
                           "is there:");
    write_step(plan, w, "az network nsg show", "--name ");
    write_checked(w, group_name(plan));
    flowrules_writef(w, " >before-%s.json\n  3. Look at what would change, then change it:\n",
                     target);
    write_step(plan, w, "az deployment group what-if", "--template-file TEMPLATE\n");
    write_step(plan, w, "az deployment group create", "--template-file TEMPLATE\n");
    flowrules_write(w, "\nTo check it:\n");
    write_step(plan, w, "az network nsg show", "--name ");
    write_checked(w, group_name(plan));
    flowrules_writef(
        w,
        " >now.json\n     flowrules verify POLICY -t %s now.json\n"
        "\nTo go back: put in the list of the version before, or what step 2 kept, and "
        "do step 3 again.\n",
        target);
}

static void end_rule_list(flowrules_output *out) {
    flowrules_write(end_rules(out)->w, "\n]\n");
    write_steps(out);
}

/* ---- Terraform ----------------------------------------------------------------------------- */

static void write_terraform_head(flowrules_output *out, flowrules_writer *w) {
    static const char indent[] = "\n    ";
    flowrules_write(w, "{\n  \"//\": [");
    write_title(out, w, indent);
    flowrules_writef(w, "%s\"Try with:   terraform plan\",%s\"Apply with: terraform apply\",",
                     indent, indent);
    flowrules_writef(
        w,
        "%s\"%s\",%s\"Undo with:  terraform apply, with the former version of this "
        "file.\"\n  ],\n",
        indent, flowrules_plan_permits(flowrules_output_plan(out)) ? stays_beside : replaces_whole,
        indent);
}

/* The resource group: as set, or a variable; the region: as set, or the resource group's own. */
static void write_terraform_inputs(const flowrules_plan *plan, flowrules_writer *w) {
    if (flowrules_plan_setting(plan, "resource-group") == NULL) {
        flowrules_write(w, "  \"variable\": {\n    \"");
        write_label(plan, w);
        flowrules_write(w,
                        "_resource_group\": {\n      \"type\": \"string\",\n      \"description\": "
                        "\"The resource group of the network security group\"\n    }\n  },\n");
    }
    if (flowrules_plan_setting(plan, "location") == NULL && !flowrules_plan_permits(plan)) {
        flowrules_write(w, "  \"data\": {\n    \"azurerm_resource_group\": {\n      \"");
        write_label(plan, w);
        flowrules_write(w, "\": {\n        \"name\": ");
        write_terraform_resource_group(plan, w);
        flowrules_write(w, "\n      }\n    }\n  },\n");
    }
}

static void write_terraform_location(const flowrules_plan *plan, flowrules_writer *w) {
    const char *location = flowrules_plan_setting(plan, "location");
    flowrules_write(w, "\"");
    if (location != NULL) {
        write_checked(w, location);
    } else {
        flowrules_write(w, "${data.azurerm_resource_group.");
        write_label(plan, w);
        flowrules_write(w, ".location}");
    }
    flowrules_write(w, "\"");
}

static void begin_terraform(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    bool permits = flowrules_plan_permits(plan);
    flowrules_writer *w =
        begin_rules(out, permits ? &terraform_permits_dialect : &terraform_dialect, ".tf.json")->w;
    write_terraform_head(out, w);
    write_terraform_inputs(plan, w);
    if (permits) {
        flowrules_write(w, "  \"resource\": {\n    \"azurerm_network_security_rule\": {");
        return;
    }
    flowrules_write(w, "  \"resource\": {\n    \"azurerm_network_security_group\": {\n      \"");
    write_label(plan, w);
    flowrules_write(w, "\": {\n        \"name\": \"");
    write_checked(w, group_name(plan));
    flowrules_write(w, "\",\n        \"resource_group_name\": ");
    write_terraform_resource_group(plan, w);
    flowrules_write(w, ",\n        \"location\": ");
    write_terraform_location(plan, w);
    flowrules_write(w, ",\n        \"security_rule\": [");
}

static void end_terraform(flowrules_output *out) {
    flowrules_write(end_rules(out)->w, flowrules_plan_permits(flowrules_output_plan(out))
                                           ? "\n    }\n  }\n}\n"
                                           : "\n        ]\n      }\n    }\n  }\n}\n");
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct flowrules_setting settings[] = {
    {.key = "nsg",
     .type = "text",
     .help = "the network security group's name; default the target's name"},
    {.key = "location",
     .type = "text",
     .whole_alone = true,
     .help = "the region, as in westeurope; default the resource group's"},
    {.key = "resource-group",
     .type = "text",
     .help = "the resource group; without it, Terraform uses a variable"},
    {.key = "first-priority",
     .type = "integer 100 4094",
     .fallback = "100",
     .help = "priority of the first rule of each direction"},
    {.key = "priority-step",
     .type = "integer 1 1000",
     .fallback = "1",
     .help = "difference between the priorities of two rules"},
    {.key = "api-version",
     .type = "text",
     .fallback = "2023-11-01",
     .help = "API version of Microsoft.Network/networkSecurityGroups in a template"},
    {.key = NULL},
};

static const struct flowrules_setting bindings[] = {
    {.key = "service-tag",
     .any_case = true,
     .type = "text",
     .help = "a service tag of Azure, for example Storage.WestEurope"},
    {.key = "application-security-group",
     .any_case = true,
     .type = "list text",
     .help = "up to 10 ids, /subscriptions/.../applicationSecurityGroups/NAME"},
    {.key = NULL},
};

#define AZURE_LIMITS                                                                               \
    "learn.microsoft.com/azure/azure-resource-manager/management/"                                 \
    "azure-subscription-service-limits, networking limits"

static const struct flowrules_limit limits[] = {
    {"rules of a group", RULES_MAX, AZURE_LIMITS},
    {"addresses and prefixes as sources, and as destinations, in the rules of a group",
     ADDRESSES_MAX, AZURE_LIMITS},
    {"application security groups in a group's rules", GROUPS_MAX, AZURE_LIMITS},
    {"application security groups as source or as destination of a rule", GROUPS_PER_SIDE,
     AZURE_LIMITS},
    {"the last priority of a direction", PRIORITY_DENY,
     "Azure's schema 2023-11-01/Microsoft.Network.json, SecurityRulePropertiesFormat"},
    {"characters of a description", 140,
     "Azure's schema 2023-11-01/Microsoft.Network.json, SecurityRulePropertiesFormat"},
    {"characters of a rule's name", NAME_MAX_BYTES,
     "learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"},
    {.name = NULL},
};

static const struct flowrules_format formats[] = {
    {.name = "arm",
     .help = "a template for az deployment group create",
     .begin = begin_arm,
     .group = group,
     .rule = rule,
     .end = end_arm},
    {.name = "json",
     .help = "only the rules, as the securityRules of your own template",
     .begin = begin_list,
     .group = group,
     .rule = rule,
     .end = end_rule_list},
    {.name = "terraform",
     .help = "an azurerm_network_security_group in Terraform's JSON",
     .begin = begin_terraform,
     .group = group,
     .rule = rule,
     .end = end_terraform},
    {.name = NULL},
};

extern const struct flowrules_backend flowrules_backend_azure_nsg;
const struct flowrules_backend flowrules_backend_azure_nsg = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "azure-nsg",
    .title = "Azure network security group",
    .description = "The rules of a network security group on a network interface or subnet",
    .capabilities = {.placement = FLOWRULES_ATTACHED,
                     .evaluation = FLOWRULES_FIRST_MATCH,
                     .families = FLOWRULES_BOTH_FAMILIES,
                     .groups = true,
                     .separate_atoms = true,
                     .one_group = true,
                     .any_is_both = true,
                     .prefixes = true,
                     .one_service = true,
                     .protocols = protocols,
                     .protocol_count = sizeof protocols,
                     .source_ports = true,
                     .merge_above = RULES_MAX / 4,
                     .name_max = NAME_MAX_BYTES,
                     .name_extra = "-_.",
                     .permits = true,
                     .permits_note = "the other rules of the group, and Azure's own behind them",
                     .baseline = FLOWRULES_BASELINE_PROBES,
                     .baseline_behind = true},
    .state_size = sizeof(struct state),
    .formats = formats,
    .settings = settings,
    .bindings = bindings,
    .limits = limits,
    .refuses = refuses,
    .read = fr_azure_nsg_read,
    .baseline = fr_azure_nsg_baseline,
};
