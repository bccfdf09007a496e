/*
 * Security groups, of which the target's are chosen, and rules on their way into the input,
 * whatever they are written in: what ports, types and addresses of a rule mean. Knows no form of a
 * file.
 */
#include "read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { KIND_GROUP };

static bool equals(const char *a, const char *b) {
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* ---- groups -------------------------------------------------------------------------------- */

bool fr_aws_sg_is_id(const char *text) {
    size_t length = strlen(text);
    return length >= 11 && length <= 23 && strncmp(text, "sg-", 3) == 0 &&
           strspn(text + 3, "0123456789abcdef") == length - 3;
}

struct fr_aws_sg_group *fr_aws_sg_group_of(struct fr_aws_sg_reader *r, const char *id,
                                           struct flowrules_place at) {
    struct fr_aws_sg_group *group = flowrules_input_lookup(r->in, KIND_GROUP, id);
    if (group != NULL)
        return group;
    group = flowrules_input_alloc(r->in, sizeof *group);
    if (group == NULL || !flowrules_input_define(r->in, KIND_GROUP, id, group))
        return NULL;
    *group = (struct fr_aws_sg_group){.id = id, .at = at};
    if (r->last == NULL)
        r->first = group;
    else
        r->last->next = group;
    r->last = group;
    r->count++;
    return group;
}

struct flowrules_set fr_aws_sg_known(struct fr_aws_sg_reader *r, const char *key, const char *id) {
    const char *slash = strrchr(id, '/');
    struct flowrules_group_key part = {key, NULL, slash == NULL ? id : slash + 1};
    return flowrules_input_group(r->in, &part, 1);
}

/* Is the text one of those in a list with spaces or commas between? */
static bool is_listed(const char *list, const char *text) {
    size_t length = text == NULL ? 0 : strlen(text);
    for (list += strspn(list, " ,"); *list != '\0' && length > 0; list += strspn(list, " ,")) {
        size_t word = strcspn(list, " ,");
        if (word == length && strncmp(list, text, word) == 0)
            return true;
        list += word;
    }
    return false;
}

/* Is this how the target names the groups that are made for it: NAME-1, NAME-2 ...? */
static bool is_made_name(const struct fr_aws_sg_reader *r, const char *name) {
    const char *own = flowrules_input_setting(r->in, "name");
    const char *target = flowrules_input_target(r->in);
    if (name == NULL || (own == NULL && target == NULL))
        return false;
    if (own == NULL && strncmp(name, "flowrules-", 10) != 0)
        return false;
    const char *rest = own == NULL ? name + 10 : name;
    size_t length = strlen(own == NULL ? target : own);
    return strncmp(rest, own == NULL ? target : own, length) == 0 && rest[length] == '-' &&
           rest[length + 1] != '\0' &&
           strspn(rest + length + 1, "0123456789") == strlen(rest + length + 1);
}

/* What says which groups are the target's: in this order. */
enum choice { BY_SETTING, BY_NAME, BY_PROTECTED, BY_NOTHING };

static enum choice how_to_choose(struct fr_aws_sg_reader *r) {
    if (flowrules_input_setting(r->in, "group") != NULL)
        return BY_SETTING;
    if (flowrules_input_setting(r->in, "vpc") != NULL)
        return BY_NAME;
    if (flowrules_input_target(r->in) == NULL)
        return BY_NOTHING;
    struct flowrules_set protects = flowrules_input_protects(r->in);
    return !flowrules_set_is_any(protects) && flowrules_set_atom_count(protects) > 0 ? BY_PROTECTED
                                                                                     : BY_NOTHING;
}

static bool is_targets(struct fr_aws_sg_reader *r, enum choice choice,
                       const struct fr_aws_sg_group *group) {
    const char *ids = flowrules_input_setting(r->in, "group");
    const char *vpc = flowrules_input_setting(r->in, "vpc");
    struct flowrules_set own, protects;
    if (r->handed && !fr_aws_sg_is_id(group->id))
        return true; /* it gets its id when it is made */
    switch (choice) {
    case BY_SETTING:
        return is_listed(ids, group->id) || is_listed(ids, group->name);
    case BY_NAME:
        return is_made_name(r, group->name) && (group->vpc == NULL || equals(group->vpc, vpc));
    case BY_PROTECTED:
        own = fr_aws_sg_known(r, "group", group->id);
        protects = flowrules_input_protects(r->in);
        return flowrules_set_atom_count(flowrules_input_intersect(r->in, own, protects)) > 0;
    case BY_NOTHING:
        return r->handed || r->count == 1;
    }
    return false;
}

/* "sg-1 (web), sg-2 (db) and 3 more". */
static const char *list_groups(struct fr_aws_sg_reader *r) {
    const char *text = "";
    size_t shown = 0;
    for (const struct fr_aws_sg_group *g = r->first; g != NULL && shown < 5; g = g->next, shown++)
        text = flowrules_input_print(r->in, "%s%s%.80s%s%.80s%s", text == NULL ? "" : text,
                                     shown > 0 ? ", " : "", g->id, g->name != NULL ? " (" : "",
                                     g->name != NULL ? g->name : "", g->name != NULL ? ")" : "");
    if (r->count > shown)
        text = flowrules_input_print(r->in, "%s and %zu more", text == NULL ? "" : text,
                                     r->count - shown);
    return text == NULL ? "" : text;
}

/* A group of the setting that no dump has may allow anything. */
static void doubt_missing(struct fr_aws_sg_reader *r) {
    const char *list = flowrules_input_setting(r->in, "group");
    struct flowrules_place at = r->first->at;
    for (list += strspn(list, " ,"); *list != '\0'; list += strspn(list, " ,")) {
        size_t length = strcspn(list, " ,");
        bool found = false;
        for (const struct fr_aws_sg_group *g = r->first; g != NULL; g = g->next) {
            found = found || (strlen(g->id) == length && strncmp(g->id, list, length) == 0) ||
                    (g->name != NULL && strlen(g->name) == length &&
                     strncmp(g->name, list, length) == 0);
        }
        for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS && !found; d++)
            fr_aws_sg_doubt(
                r, at, (enum flowrules_direction)d,
                "the security group %.*s is not in the file: what it allows is not known",
                (int)length, list);
        list += length;
    }
}

/* What a target for it is called: Terraform's name, where it has none. */
static const char *name_of_group(const struct fr_aws_sg_group *group) {
    const char *dot = strrchr(group->id, '.');
    return group->name != NULL ? group->name : dot != NULL ? dot + 1 : group->id;
}

static void tell_unchosen(struct fr_aws_sg_reader *r, enum choice choice) {
    for (const struct fr_aws_sg_group *g = r->first; g != NULL && choice == BY_NOTHING; g = g->next)
        flowrules_input_choice(r->in, "group", g->id, name_of_group(g));
    if (choice == BY_NOTHING)
        flowrules_input_error(r->in, r->first->next->at,
                              "choose those of the interface with the setting 'group'",
                              "the file has several security groups: %.400s", list_groups(r));
    else
        flowrules_input_error(r->in, r->first->at,
                              "the setting 'group' or 'vpc', or the group of the protected "
                              "network, says which groups belong to the target",
                              "no security group in the file belongs to the target: %.400s",
                              list_groups(r));
}

void fr_aws_sg_choose(struct fr_aws_sg_reader *r) {
    enum choice choice = how_to_choose(r);
    size_t chosen = 0;
    for (struct fr_aws_sg_group *g = r->first; g != NULL; g = g->next) {
        g->chosen = is_targets(r, choice, g);
        chosen += g->chosen ? 1 : 0;
    }
    if (chosen == 0 && r->count == 1 && !fr_aws_sg_is_id(r->first->id)) {
        r->first->chosen = true; /* it has no id yet, and there is no other */
        chosen = 1;
    }
    if (chosen == 0 && r->count > 0)
        tell_unchosen(r, choice);
    else if (chosen < r->count && r->handed)
        flowrules_input_error(
            r->in, r->first->at, "remove the rules of other groups",
            "some security groups in the file do not belong to the target: %.400s", list_groups(r));
    else if (choice == BY_SETTING && r->dump && r->count > 0)
        doubt_missing(r);
    for (struct fr_aws_sg_group *g = r->first; g != NULL && chosen == 1; g = g->next)
        if (g->chosen && fr_aws_sg_is_id(g->id))
            flowrules_input_is_of(r->in, fr_aws_sg_known(r, "group", g->id));
}

/* ---- rules --------------------------------------------------------------------------------- */

bool fr_aws_sg_port(struct fr_aws_sg_reader *r, const flowrules_node *node, bool *has,
                    long long *port) {
    *has = flowrules_node_kind(node) != FLOWRULES_NODE_NULL;
    if (!*has || flowrules_node_number(node, -1, 65535, port))
        return true;
    flowrules_input_error(r->in, flowrules_node_place(node), "a port, a type, or -1 for any",
                          "'%.40s' is not a number from -1 to 65535",
                          flowrules_node_text(node) == NULL ? "..." : flowrules_node_text(node));
    return false;
}

struct flowrules_set fr_aws_sg_cidr(struct fr_aws_sg_reader *r, struct flowrules_place at,
                                    const char *text, enum flowrules_family family) {
    struct flowrules_range range;
    if (text != NULL && strchr(text, '/') != NULL &&
        flowrules_parse_range(text, strlen(text), &range) && range.family == family)
        return flowrules_input_range(r->in, &range);
    bool four = family == FLOWRULES_IPV4;
    flowrules_input_error(r->in, at,
                          four ? "with a length, as in 192.0.2.0/24 or 192.0.2.1/32"
                               : "with a length, as in 2001:db8::/32 or 2001:db8::1/128",
                          "'%.80s' is not a valid prefix of %s", text == NULL ? "..." : text,
                          four ? "IPv4" : "IPv6");
    return flowrules_input_none(r->in);
}

static bool bad_rule(struct fr_aws_sg_reader *r, const struct fr_aws_sg_rule *rule,
                     const char *what) {
    flowrules_input_error(r->in, rule->service_at, NULL, "%s", what);
    return false;
}

static bool take_ports(struct fr_aws_sg_reader *r, const struct fr_aws_sg_rule *rule,
                       struct flowrules_service *service, struct flowrules_ports *ports) {
    if (!rule->has_from || !rule->has_to || rule->from < 0 || rule->to < 0)
        return bad_rule(r, rule, "TCP and UDP need two ports; 0 and 65535 mean all ports");
    if (rule->from > rule->to)
        return bad_rule(r, rule, "the first port is greater than the last");
    *ports = (struct flowrules_ports){(uint16_t)rule->from, (uint16_t)rule->to};
    service->destination_ports = ports;
    service->destination_port_count = ports->first == 0 && ports->last == 65535 ? 0 : 1;
    return true;
}

/* Ports of ICMP are a type and a code; -1 is any. */
static bool take_type(struct fr_aws_sg_reader *r, const struct fr_aws_sg_rule *rule,
                      struct flowrules_service *service) {
    long long type = rule->has_from ? rule->from : -1, code = rule->has_to ? rule->to : -1;
    if (type > 255 || code > 255)
        return bad_rule(r, rule, "ICMP types and codes are numbers up to 255");
    if (type < 0 && code >= 0)
        return bad_rule(r, rule, "a code of ICMP needs a type");
    service->icmp_type = (int)type;
    service->icmp_code = (int)code;
    return true;
}

/* False after an error. Without ports, beside TCP, UDP and ICMP, EC2 lets all ports pass. */
static bool take_service(struct fr_aws_sg_reader *r, const struct fr_aws_sg_rule *rule,
                         struct flowrules_service *service, struct flowrules_ports *ports) {
    const char *text = rule->protocol == NULL ? "" : rule->protocol;
    *service = (struct flowrules_service){.protocol = -1, .icmp_type = -1, .icmp_code = -1};
    if (strcmp(text, "-1") == 0 || strcmp(text, "all") == 0)
        return true;
    service->protocol = flowrules_parse_protocol(text);
    if (service->protocol < 0) {
        flowrules_input_error(r->in, rule->service_at,
                              "tcp, udp, icmp, icmpv6, a number, or -1 for all",
                              "'%.40s' is not a valid protocol", text);
        return false;
    }
    if (service->protocol == 6 || service->protocol == 17)
        return take_ports(r, rule, service, ports);
    return service->protocol == 1 || service->protocol == 58 ? take_type(r, rule, service) : true;
}

/* The flows in a description of ours, "flowrules TARGET KEY: FLOWS"; or NULL. */
static const char *flows_of(const char *description) {
    if (description == NULL || strncmp(description, "flowrules ", 10) != 0)
        return NULL;
    const char *key = strchr(description + 10, ' ');
    if (key == NULL || strspn(key + 1, "0123456789abcdef") != 12 || strncmp(key + 13, ": ", 2) != 0)
        return NULL;
    return key + 15;
}

void fr_aws_sg_allow(struct fr_aws_sg_reader *r, const struct fr_aws_sg_rule *rule) {
    struct flowrules_service service;
    struct flowrules_ports ports;
    bool egress = rule->direction == FLOWRULES_EGRESS;
    struct flowrules_set any = flowrules_input_any(r->in);
    if (!take_service(r, rule, &service, &ports))
        return;
    const char *flows = flows_of(rule->description);
    const char *text = equals(rule->description, "") ? NULL : rule->description;
    struct flowrules_read_rule pass = {
        .direction = rule->direction,
        .verdict = FLOWRULES_PASS,
        .source = egress ? any : rule->peer,
        .destination = egress ? rule->peer : any,
        .services = &service,
        .service_count = service.protocol < 0 ? 0 : 1,
        .at = rule->at,
        .name = flows != NULL ? flows : text,
        .doubt = rule->doubt,
    };
    flowrules_input_rule(r->in, &pass);
}

void fr_aws_sg_doubt(struct fr_aws_sg_reader *r, struct flowrules_place at,
                     enum flowrules_direction direction, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct fr_aws_sg_rule all = {.direction = direction,
                                 .at = at,
                                 .service_at = at,
                                 .protocol = "-1",
                                 .peer = flowrules_input_any(r->in),
                                 .doubt = flowrules_input_print(r->in, "%s", text)};
    fr_aws_sg_allow(r, &all);
}
