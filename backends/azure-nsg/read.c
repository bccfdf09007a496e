/*
 * Reads network security groups: the list of rules that azure_nsg.c writes, and what "az network
 * nsg show", "list", "rule list" and the REST interface give out. Templates and Terraform are read
 * by the file beside, the rules of all of them by read_rules.c. Sources: "NSG" (see azure_nsg.c),
 * and the schema 2023-11-01/Microsoft.Network.json, SecurityRulePropertiesFormat.
 *
 * In each direction the rule with the lowest priority that matches decides; Azure's own rules are
 * behind all others. Which addresses a service tag or an application security group has is not in
 * the file: it is a group, equal to itself alone.
 */
#include "read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flowrules/kits/terraform.h"

static bool equals(const char *a, const char *b) {
    return a != NULL && b != NULL && strcasecmp(a, b) == 0;
}

/* ---- groups -------------------------------------------------------------------------------- */

/* "a, b and 3 more". */
static const char *list_groups(struct fr_azure_nsg_reader *r) {
    const char *text = "";
    size_t shown = 0;
    for (const struct fr_azure_nsg_group *g = r->first; g != NULL && text != NULL && shown < 5;
         g = g->next, shown++)
        text = flowrules_input_print(r->in, "%s%s%.80s", text, shown > 0 ? ", " : "", g->name);
    if (r->count > shown && text != NULL)
        text = flowrules_input_print(r->in, "%s and %zu more", text, r->count - shown);
    return text == NULL ? "" : text;
}

/* The target's group: by its name, or the only one there is where no name was asked for. */
static struct fr_azure_nsg_group *choose(struct fr_azure_nsg_reader *r) {
    const char *name = flowrules_input_setting(r->in, "nsg");
    const char *target = flowrules_input_target(r->in);
    for (struct fr_azure_nsg_group *g = r->first; g != NULL; g = g->next)
        if (equals(g->name, name != NULL ? name : target))
            return g;
    if (r->first != NULL && r->count == 1 && (name == NULL || *r->first->name == '\0'))
        return r->first;
    if (r->first != NULL && name != NULL)
        flowrules_input_error(
            r->in, r->first->at, "use one of these names in the setting 'nsg'",
            "the network security group %.80s is not in the file, which has %.400s", name,
            list_groups(r));
    for (struct fr_azure_nsg_group *g = r->first; g != NULL && name == NULL; g = g->next)
        if (*g->name != '\0')
            flowrules_input_choice(r->in, "nsg", g->name, NULL);
    if (r->first != NULL && name == NULL)
        flowrules_input_error(
            r->in, r->first->next->at, "choose one of them with the setting 'nsg'",
            "the file has several network security groups: %.400s", list_groups(r));
    return NULL;
}

/* ---- the order ----------------------------------------------------------------------------- */

static int compare_rules(const void *a, const void *b) {
    const struct fr_azure_nsg_rule *x = a, *y = b;
    if (x->priority != y->priority)
        return x->priority < y->priority ? -1 : 1;
    return (x->at.line > y->at.line) - (x->at.line < y->at.line);
}

/* Azure's own rules, behind all others: NSG, default security rules. */
static void add_own(struct fr_azure_nsg_reader *r, enum flowrules_direction direction,
                    unsigned number) {
    struct flowrules_set any = flowrules_input_any(r->in);
    struct flowrules_set network = fr_azure_nsg_tag(r, "VirtualNetwork");
    struct flowrules_read_rule rule = {.direction = direction,
                                       .verdict = FLOWRULES_PASS,
                                       .source = any,
                                       .destination = any,
                                       .comment = "a default rule of Azure's"};
    bool egress = direction == FLOWRULES_EGRESS;
    switch (number) {
    case 0:
        rule.name = egress ? "AllowVnetOutBound" : "AllowVnetInBound";
        rule.source = rule.destination = network;
        break;
    case 1:
        rule.name = egress ? "AllowInternetOutBound" : "AllowAzureLoadBalancerInBound";
        if (egress)
            rule.destination = fr_azure_nsg_tag(r, "Internet");
        else
            rule.source = fr_azure_nsg_tag(r, "AzureLoadBalancer");
        break;
    default:
        rule.name = egress ? "DenyAllOutBound" : "DenyAllInBound";
        rule.verdict = FLOWRULES_BLOCK;
        break;
    }
    flowrules_input_rule(r->in, &rule);
}

static bool is_everything(const struct fr_azure_nsg_rule *rule) {
    return flowrules_set_is_any(rule->ends[0]) && flowrules_set_is_any(rule->ends[1]) &&
           rule->service_count == 0 && rule->doubt == NULL;
}

/* With a doubt about what it does, it may allow what it matches, and denies it if it does not. */
static void give(struct fr_azure_nsg_reader *r, const struct fr_azure_nsg_rule *rule,
                 struct flowrules_read_rule *read) {
    struct flowrules_read_rule allow = *read;
    allow.verdict = FLOWRULES_PASS;
    if (allow.doubt == NULL)
        allow.doubt = "it is not known whether this rule allows or denies before it is deployed";
    if (rule->any_access) {
        flowrules_input_rule(r->in, &allow);
        read->verdict = FLOWRULES_BLOCK;
    }
    flowrules_input_rule(r->in, read);
}

/*
 * Virtual networks carry TCP, UDP, ICMP, ESP and AH, and no other protocol:
 * learn.microsoft.com/azure/virtual-network/virtual-networks-faq
 */
static void give_rule(struct fr_azure_nsg_reader *r, const struct fr_azure_nsg_rule *rule,
                      enum flowrules_direction direction) {
    static const struct flowrules_service portless[] = {
        {.protocol = 1, .icmp_type = -1, .icmp_code = -1},
        {.protocol = 50, .icmp_type = -1, .icmp_code = -1},
        {.protocol = 51, .icmp_type = -1, .icmp_code = -1}};
    struct flowrules_read_rule read = {.direction = direction,
                                       .verdict = rule->verdict,
                                       .source = rule->ends[FLOWRULES_SOURCE],
                                       .destination = rule->ends[FLOWRULES_DESTINATION],
                                       .services = rule->services,
                                       .service_count = rule->service_count,
                                       .at = rule->doubt == NULL ? rule->at : rule->doubt_at,
                                       .name = rule->name,
                                       .comment = rule->description,
                                       .doubt = rule->doubt};
    give(r, rule, &read);
    if (!rule->portless)
        return;
    read.at = rule->portless_at;
    read.services = portless;
    read.service_count = sizeof portless / sizeof *portless;
    if (read.doubt == NULL)
        read.doubt =
            "it is not documented whether a rule with ports matches protocols without ports";
    give(r, rule, &read);
}

/* Is it the same rule, which an exported template has at two places? */
static bool is_same(const struct fr_azure_nsg_rule *a, const struct fr_azure_nsg_rule *b) {
    return a->direction == b->direction && a->verdict == b->verdict && a->priority == b->priority &&
           equals(a->name, b->name) && a->ends[0].id == b->ends[0].id &&
           a->ends[1].id == b->ends[1].id && a->service_count == b->service_count;
}

/* The rules of a direction up to one that matches everything; false where there is none. */
static bool give_rules(struct fr_azure_nsg_reader *r, const struct fr_azure_nsg_group *group,
                       enum flowrules_direction direction, bool *own) {
    const struct fr_azure_nsg_rule *before = NULL;
    for (size_t i = 0; i < group->count && !flowrules_input_failed(r->in); i++) {
        const struct fr_azure_nsg_rule *rule = &group->rules[i];
        if ((rule->direction != direction && !rule->any_direction) ||
            (before != NULL && is_same(before, rule)))
            continue;
        if (before != NULL && before->priority == rule->priority && !before->any_direction &&
            !rule->any_direction) {
            flowrules_input_error(r->in, rule->at, "Azure takes each priority once in a direction",
                                  "another rule, in line %u, also has the priority %u",
                                  before->at.line, rule->priority);
            return true;
        }
        before = rule;
        *own = *own || rule->priority >= FR_AZURE_NSG_PRIORITY_OWN;
        give_rule(r, rule, direction);
        if (is_everything(rule))
            return true;
    }
    return false;
}

static void give_group(struct fr_azure_nsg_reader *r, struct fr_azure_nsg_group *group) {
    /* "Internet" is what is outside of VirtualNetwork: NSG, service tags. */
    const struct flowrules_set both[] = {fr_azure_nsg_tag(r, "VirtualNetwork"),
                                         fr_azure_nsg_tag(r, "Internet")};
    flowrules_input_disjoint(r->in, flowrules_input_unite(r->in, both, 2));
    flowrules_input_unaddressed(r->in,
                                fr_azure_nsg_tag(r, "AzureLoadBalancer")); /* 168.63.129.16 */
    if (group->count > 0)
        qsort(group->rules, group->count, sizeof *group->rules, compare_rules);
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        bool own = false;
        bool closed = give_rules(r, group, (enum flowrules_direction)d, &own);
        own = own || (flowrules_input_permits(r->in) && !group->whole); /* not known, then */
        for (unsigned i = own ? 2 : 0; i < 3 && !closed; i++)
            add_own(r, (enum flowrules_direction)d, i);
    }
}

/* ---- documents ----------------------------------------------------------------------------- */

static bool has_rules(const flowrules_node *node) {
    return flowrules_node_get(node, "securityRules") != NULL ||
           flowrules_node_get(flowrules_node_get(node, "properties"), "securityRules") != NULL;
}

static bool is_rule(const flowrules_node *node) {
    return flowrules_node_get(node, "access") != NULL ||
           flowrules_node_get(flowrules_node_get(node, "properties"), "access") != NULL;
}

/* A group as it is given out: its fields by themselves, or in properties. */
static void take_shown(struct fr_azure_nsg_reader *r, const flowrules_node *node) {
    const flowrules_node *properties = flowrules_node_get(node, "properties");
    const flowrules_node *body = properties != NULL ? properties : node;
    const char *name = flowrules_node_text(flowrules_node_get(node, "name"));
    struct fr_azure_nsg_group *group =
        fr_azure_nsg_group_of(r, name == NULL ? "" : name, flowrules_node_place(node));
    if (group != NULL)
        group->whole = true;
    fr_azure_nsg_take_list(r, group, flowrules_node_get(body, "securityRules"));
    fr_azure_nsg_take_list(r, group, flowrules_node_get(body, "defaultSecurityRules"));
}

/* A list of groups, or of the rules of one; REST has them in "value". */
static void take_plain(struct fr_azure_nsg_reader *r) {
    const flowrules_node *value = flowrules_node_get(r->document, "value");
    for (const flowrules_node *n = flowrules_node_block(value != NULL ? value : r->document);
         n != NULL; n = flowrules_node_next_block(n)) {
        if (has_rules(n))
            take_shown(r, n);
        else if (is_rule(n))
            fr_azure_nsg_take(r, fr_azure_nsg_group_of(r, "", flowrules_node_place(n)), n, NULL);
        else
            flowrules_input_error(r->in, flowrules_node_place(n),
                                  "use the output of az network nsg show, list or rule list, a "
                                  "template, Terraform's JSON, or files of flowrules",
                                  "this is neither a network security group nor one of its rules");
    }
    if (flowrules_node_kind(r->document) == FLOWRULES_NODE_LIST &&
        flowrules_node_first(r->document) == NULL)
        fr_azure_nsg_group_of(r, "", flowrules_node_place(r->document));
}

static void read_document(struct fr_azure_nsg_reader *r, const flowrules_node *document) {
    r->document = document;
    r->form = FR_AZURE_NSG_PLAIN;
    if (flowrules_node_get(document, "rules") != NULL &&
        flowrules_node_get(document, "target") != NULL)
        return; /* the map of an artifact */
    if (flowrules_terraform_is(document)) {
        r->form = FR_AZURE_NSG_TERRAFORM;
        fr_azure_nsg_read_terraform(r);
    } else if (fr_azure_nsg_is_template(document)) {
        r->form = FR_AZURE_NSG_TEMPLATE;
        fr_azure_nsg_read_template(r);
    } else {
        take_plain(r);
    }
}

static void choose_group(struct fr_azure_nsg_reader *r) {
    if (r->first == NULL && r->form != FR_AZURE_NSG_PLAIN && flowrules_input_permits(r->in))
        fr_azure_nsg_group_of(r, "", (struct flowrules_place){0, 0, 0}); /* it permits nothing */
    struct fr_azure_nsg_group *group = choose(r);
    if (group != NULL)
        group->chosen = true;
    else if (r->first == NULL && !flowrules_input_failed(r->in))
        flowrules_input_error(r->in, (struct flowrules_place){0, 0, 0},
                              "use the output of az network nsg show, list or rule list, a "
                              "template, Terraform's JSON, or files of flowrules",
                              "the file has no network security group");
}

void fr_azure_nsg_read(flowrules_input *in) {
    struct fr_azure_nsg_reader r = {.in = in};
    size_t count = flowrules_input_file_count(in);
    struct file {
        const flowrules_node *document;
    } *files = flowrules_input_alloc(in, (count + 1) * sizeof *files);
    for (size_t i = 0; i < count && !flowrules_input_failed(in); i++) {
        if (flowrules_input_tells_steps(in, i, 1))
            continue;
        const flowrules_node *list = flowrules_input_documents(in, i);
        struct flowrules_place at = {i, 0, 0};
        files[i].document = flowrules_node_first(list);
        if (flowrules_node_count(list) != 1 && !flowrules_input_failed(in))
            flowrules_input_error(in, at,
                                  "use the output of az network nsg show, or a file of flowrules",
                                  "the file is not one JSON document");
    }
    for (int round = 0; round < 2 && !flowrules_input_failed(in); round++) {
        r.rules = round == 1;
        for (size_t i = 0; i < count && !flowrules_input_failed(in); i++)
            if (files[i].document != NULL)
                read_document(&r, files[i].document);
        if (round == 0 && !flowrules_input_failed(in))
            choose_group(&r);
    }
    for (struct fr_azure_nsg_group *g = r.first; g != NULL && !flowrules_input_failed(in);
         g = g->next)
        if (g->chosen)
            give_group(&r, g);
}

/* The load balancer's health probes, behind the denies of the flows: see close_direction. */
void fr_azure_nsg_baseline(const flowrules_plan *plan, flowrules_input *in) {
    struct fr_azure_nsg_reader r = {.in = in};
    struct flowrules_service tcp = {.protocol = 6, .icmp_type = -1, .icmp_code = -1};
    struct flowrules_read_rule probes = {.direction = FLOWRULES_INGRESS,
                                         .verdict = FLOWRULES_PASS,
                                         .source = fr_azure_nsg_tag(&r, "AzureLoadBalancer"),
                                         .destination = flowrules_input_any(in),
                                         .services = &tcp,
                                         .service_count = 1};
    if (flowrules_plan_has(plan, FLOWRULES_BASELINE_PROBES) &&
        flowrules_plan_enforces(plan, FLOWRULES_INGRESS))
        flowrules_input_rule(in, &probes);
}
