/*
 * Reads security groups from Terraform's JSON: those that aws_sg.c writes and others, of the AWS
 * provider's resources aws_vpc_security_group_egress_rule and _ingress_rule,
 * aws_security_group_rule, aws_security_group and aws_default_security_group. What Terraform
 * computes is not known here. Source: the documentation of the provider hashicorp/aws 5 and 6.
 */
#include "read.h"

#include <string.h>

#include "flowrules/kits/terraform.h"

/* A document on its way. */
struct terraform {
    struct fr_aws_sg_reader *reader;
    const flowrules_node *document;
    bool rules;   /* the second round: not just the groups */
    bool guarded; /* a plan that leaves the default egress fails */
};

static bool equals(const char *a, const char *b) {
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static const char *text_of(struct terraform *t, const flowrules_node *block, const char *key) {
    return flowrules_terraform_text(t->reader->in, flowrules_node_get(block, key));
}

/* What may be allowed in a direction besides is not known. */
static void doubt(struct terraform *t, const flowrules_node *node,
                  enum flowrules_direction direction, const char *what) {
    fr_aws_sg_doubt(t->reader, flowrules_node_place(node), direction, "%s", what);
}

/* The rule that is being read is one in doubt, and its fields the most that it may allow. */
static void doubt_rule(struct fr_aws_sg_rule *rule, const flowrules_node *node, const char *what) {
    if (rule->doubt != NULL)
        return;
    rule->doubt = what;
    rule->at = flowrules_node_place(node);
}

static void doubt_both(struct terraform *t, const flowrules_node *node, const char *what) {
    doubt(t, node, FLOWRULES_EGRESS, what);
    doubt(t, node, FLOWRULES_INGRESS, what);
}

/* Arguments that every resource may have and that do not change what it is. */
static bool is_meta(const char *key) {
    static const char *const meta[] = {"//",     "lifecycle", "depends_on", "provider",   "tags",
                                       "region", "timeouts",  "tags_all",   "description"};
    for (size_t i = 0; i < sizeof meta / sizeof *meta; i++)
        if (equals(meta[i], key))
            return true;
    return false;
}

/* Doubts a rule with what is none of these arguments, a list that ends with NULL. */
static void doubt_others(struct terraform *t, const flowrules_node *block,
                         struct fr_aws_sg_rule *rule, const char *const *known) {
    for (const flowrules_node *n = flowrules_node_first(block); n != NULL;
         n = flowrules_node_next(n)) {
        const char *key = flowrules_node_key(n);
        const char *const *k = known;
        while (*k != NULL && !equals(*k, key))
            k++;
        if (*k == NULL && !is_meta(key))
            doubt_rule(rule, n,
                       flowrules_input_print(t->reader->in, "'%.80s' is not understood here",
                                             key == NULL ? "..." : key));
    }
}

/* ---- groups -------------------------------------------------------------------------------- */

/* The id of the group that an argument holds: sg-..., or what Terraform has for it; or NULL. */
static const char *group_id(struct terraform *t, const flowrules_node *node) {
    flowrules_input *in = t->reader->in;
    const flowrules_node *value = flowrules_terraform_value(in, t->document, node);
    const char *expression = flowrules_terraform_expression(in, node);
    if (value != NULL || expression == NULL)
        return flowrules_terraform_text(in, value);
    size_t length = strlen(expression);
    if (strncmp(expression, "var.", 4) == 0) /* the interface's groups, of which none is known */
        return flowrules_input_copy(in, expression, strcspn(expression, "["));
    if (length > 3 && strcmp(expression + length - 3, ".id") == 0)
        return flowrules_input_copy(in, expression, length - 3);
    return expression;
}

/* The group that a rule names; in the second round NULL where it is not the target's. */
static struct fr_aws_sg_group *group_of_rule(struct terraform *t, const flowrules_node *block) {
    const flowrules_node *node = flowrules_node_get(block, "security_group_id");
    const char *id = group_id(t, node);
    if (id == NULL || *id == '\0') {
        flowrules_input_error(t->reader->in, flowrules_node_place(node == NULL ? block : node),
                              "an id or a reference, as in ${aws_security_group.web.id}",
                              "it is not known which group security_group_id means");
        return NULL;
    }
    struct fr_aws_sg_group *group = flowrules_input_lookup(t->reader->in, 0, id);
    if (group == NULL) {
        group = fr_aws_sg_group_of(t->reader, id, flowrules_node_place(node));
        if (group != NULL) /* it is not made here */
            group->rest = t->guarded ? FR_AWS_SG_NOTHING : FR_AWS_SG_UNKNOWN;
    }
    if (group == NULL || !t->rules || group->chosen)
        return group;
    if (!group->made && !fr_aws_sg_is_id(id))
        doubt_both(t, node, "it is not known which group this is before Terraform has run");
    return NULL;
}

/* ---- peers --------------------------------------------------------------------------------- */

/* A group that stands as a peer: known by its id alone. */
static struct flowrules_set peer_group(struct terraform *t, const flowrules_node *node,
                                       struct fr_aws_sg_rule *rule) {
    const char *id = group_id(t, node), *slash = id == NULL ? NULL : strrchr(id, '/');
    if (id != NULL && fr_aws_sg_is_id(slash == NULL ? id : slash + 1))
        return fr_aws_sg_known(t->reader, "group", id);
    doubt_rule(rule, node, "the id of this group is not known before Terraform has run");
    return flowrules_input_any(t->reader->in);
}

static struct flowrules_set peer_list(struct terraform *t, const flowrules_node *node,
                                      struct fr_aws_sg_rule *rule) {
    const char *id = group_id(t, node);
    if (id != NULL && strncmp(id, "pl-", 3) == 0)
        return fr_aws_sg_known(t->reader, "prefix-list", id);
    doubt_rule(rule, node, "the id of this prefix list is not known before Terraform has run");
    return flowrules_input_any(t->reader->in);
}

static struct flowrules_set peer_cidr(struct terraform *t, const flowrules_node *node,
                                      struct fr_aws_sg_rule *rule, enum flowrules_family family) {
    const flowrules_node *value = flowrules_terraform_value(t->reader->in, t->document, node);
    const char *text = flowrules_terraform_text(t->reader->in, value);
    if (text != NULL)
        return fr_aws_sg_cidr(t->reader, flowrules_node_place(node), text, family);
    doubt_rule(rule, node, "this address is not known before Terraform has run");
    return flowrules_input_family(t->reader->in, family);
}

/* How arguments name the peers of a rule; each may be a list. */
enum peer { CIDR_IPV4, CIDR_IPV6, PREFIX_LIST, GROUP };
struct argument {
    const char *key;
    enum peer peer;
};

static struct flowrules_set read_peer(struct terraform *t, const flowrules_node *node,
                                      enum peer peer, struct fr_aws_sg_rule *rule) {
    switch (peer) {
    case CIDR_IPV4:
        return peer_cidr(t, node, rule, FLOWRULES_IPV4);
    case CIDR_IPV6:
        return peer_cidr(t, node, rule, FLOWRULES_IPV6);
    case PREFIX_LIST:
        return peer_list(t, node, rule);
    case GROUP:
        break;
    }
    return peer_group(t, node, rule);
}

/* ---- rules --------------------------------------------------------------------------------- */

/* Protocol and ports of a block; false after an error. Where one is not known they are all. */
static bool read_head(struct terraform *t, const flowrules_node *block, const char *protocol,
                      struct fr_aws_sg_rule *rule) {
    const char *const keys[] = {protocol, "from_port", "to_port"};
    const flowrules_node *values[3], *unknown = NULL;
    for (size_t i = 0; i < 3; i++) {
        const flowrules_node *node = flowrules_node_get(block, keys[i]);
        values[i] = flowrules_terraform_value(t->reader->in, t->document, node);
        if (values[i] == NULL && flowrules_node_kind(node) != FLOWRULES_NODE_NULL)
            unknown = node;
    }
    rule->service_at = flowrules_node_place(block);
    if (rule->doubt == NULL)
        rule->at = rule->service_at;
    rule->protocol = flowrules_node_text(values[0]);
    rule->description = text_of(t, block, "description");
    if (unknown != NULL) {
        doubt_rule(rule, unknown,
                   flowrules_input_print(t->reader->in,
                                         "its %.20s is not known before Terraform has run",
                                         flowrules_node_key(unknown)));
        rule->protocol = "-1";
        return true;
    }
    return fr_aws_sg_port(t->reader, values[1], &rule->has_from, &rule->from) &&
           fr_aws_sg_port(t->reader, values[2], &rule->has_to, &rule->to);
}

/* A resource that Terraform makes any number of times. */
static bool is_repeated(const flowrules_node *block) {
    return flowrules_node_get(block, "count") != NULL ||
           flowrules_node_get(block, "for_each") != NULL;
}

/* The first value of an argument that is one or a list of them, perhaps in a variable. */
static const flowrules_node *first_peer(struct terraform *t, const flowrules_node *block,
                                        const char *key) {
    const flowrules_node *node = flowrules_node_get(block, key);
    const flowrules_node *value = flowrules_terraform_value(t->reader->in, t->document, node);
    return flowrules_node_block(flowrules_node_kind(value) == FLOWRULES_NODE_LIST ? value : node);
}

/*
 * The rule of a block for each of its peers; arguments end with a NULL key. known: all arguments
 * that are understood.
 */
static void read_rule(struct terraform *t, const flowrules_node *block, const char *protocol,
                      enum flowrules_direction direction, const struct argument *arguments,
                      const char *const *known, struct fr_aws_sg_group *group) {
    struct fr_aws_sg_rule rule = {.direction = direction};
    if (is_repeated(block))
        doubt_rule(&rule, block, "count, for_each and dynamic blocks are not computed");
    doubt_others(t, block, &rule, known);
    if (!read_head(t, block, protocol, &rule))
        return;
    const struct fr_aws_sg_rule head = rule;
    for (; arguments->key != NULL; arguments++)
        for (const flowrules_node *n = first_peer(t, block, arguments->key);
             n != NULL && !flowrules_input_failed(t->reader->in);
             n = flowrules_node_next_block(n)) {
            rule = head;
            rule.peer = read_peer(t, n, arguments->peer, &rule);
            fr_aws_sg_allow(t->reader, &rule);
        }
    if (!equals(text_of(t, block, "self"), "true"))
        return;
    bool own = fr_aws_sg_is_id(group->id);
    rule = head;
    if (!own)
        doubt_rule(&rule, flowrules_node_get(block, "self"),
                   "the group's own id is not known before Terraform has run");
    rule.peer =
        own ? fr_aws_sg_known(t->reader, "group", group->id) : flowrules_input_any(t->reader->in);
    fr_aws_sg_allow(t->reader, &rule);
}

/* aws_vpc_security_group_egress_rule and _ingress_rule: one peer. */
static void take_single(struct terraform *t, const flowrules_node *block,
                        enum flowrules_direction direction) {
    static const struct argument peers[] = {{"cidr_ipv4", CIDR_IPV4},
                                            {"cidr_ipv6", CIDR_IPV6},
                                            {"prefix_list_id", PREFIX_LIST},
                                            {"referenced_security_group_id", GROUP},
                                            {NULL, GROUP}};
    static const char *const known[] = {"security_group_id",
                                        "ip_protocol",
                                        "from_port",
                                        "to_port",
                                        "cidr_ipv4",
                                        "cidr_ipv6",
                                        "prefix_list_id",
                                        "referenced_security_group_id",
                                        "count",
                                        "for_each",
                                        NULL};
    struct fr_aws_sg_group *group = group_of_rule(t, block);
    if (group == NULL || !t->rules)
        return;
    read_rule(t, block, "ip_protocol", direction, peers, known, group);
}

static const struct argument many_peers[] = {
    {"cidr_blocks", CIDR_IPV4},       {"ipv6_cidr_blocks", CIDR_IPV6},
    {"prefix_list_ids", PREFIX_LIST}, {"source_security_group_id", GROUP},
    {"security_groups", GROUP},       {NULL, GROUP}};

/* aws_security_group_rule: its type says the direction. */
static void take_older(struct terraform *t, const flowrules_node *block) {
    static const char *const known[] = {"security_group_id",
                                        "type",
                                        "protocol",
                                        "from_port",
                                        "to_port",
                                        "cidr_blocks",
                                        "ipv6_cidr_blocks",
                                        "prefix_list_ids",
                                        "source_security_group_id",
                                        "self",
                                        "count",
                                        "for_each",
                                        NULL};
    struct fr_aws_sg_group *group = group_of_rule(t, block);
    const char *type = text_of(t, block, "type");
    bool egress = equals(type, "egress");
    if (group == NULL || !t->rules)
        return;
    if (!egress && !equals(type, "ingress")) {
        flowrules_input_error(t->reader->in, flowrules_node_place(block), NULL,
                              "the type of aws_security_group_rule is egress or ingress");
        return;
    }
    enum flowrules_direction direction = egress ? FLOWRULES_EGRESS : FLOWRULES_INGRESS;
    read_rule(t, block, "protocol", direction, many_peers, known, group);
}

/* The rules inside a group. */
static void take_inline(struct terraform *t, const flowrules_node *block, const char *key,
                        enum flowrules_direction direction, struct fr_aws_sg_group *group) {
    static const char *const known[] = {
        "protocol",        "from_port",       "to_port", "cidr_blocks", "ipv6_cidr_blocks",
        "prefix_list_ids", "security_groups", "self",    NULL};
    for (const flowrules_node *n = flowrules_node_block(flowrules_node_get(block, key));
         n != NULL && !flowrules_input_failed(t->reader->in); n = flowrules_node_next_block(n)) {
        if (flowrules_node_kind(n) != FLOWRULES_NODE_MAP) {
            doubt(t, n, direction, "these rules are not known before Terraform has run");
            continue;
        }
        read_rule(t, n, "protocol", direction, many_peers, known, group);
    }
}

/* aws_security_group: a new one, from which the provider takes the default egress. */
static void take_group(struct terraform *t, const char *type, const char *name,
                       const flowrules_node *block) {
    struct fr_aws_sg_reader *r = t->reader;
    const char *id = flowrules_input_print(r->in, "%s.%s", type, name);
    struct fr_aws_sg_group *group =
        id == NULL ? NULL : fr_aws_sg_group_of(r, id, flowrules_node_place(block));
    if (group == NULL)
        return;
    group->made = true;
    group->name = text_of(t, block, "name");
    group->vpc = text_of(t, block, "vpc_id");
    if (!t->rules || !group->chosen)
        return;
    if (is_repeated(block) || flowrules_node_get(block, "dynamic") != NULL)
        doubt_both(t, block, "count, for_each and dynamic blocks are not computed");
    take_inline(t, block, "egress", FLOWRULES_EGRESS, group);
    take_inline(t, block, "ingress", FLOWRULES_INGRESS, group);
}

static void take_resource(void *own, const char *type, const char *name,
                          const flowrules_node *block) {
    struct terraform *t = own;
    (void)name;
    if (flowrules_input_failed(t->reader->in))
        return;
    if (equals(type, "aws_vpc_security_group_egress_rule"))
        take_single(t, block, FLOWRULES_EGRESS);
    else if (equals(type, "aws_vpc_security_group_ingress_rule"))
        take_single(t, block, FLOWRULES_INGRESS);
    else if (equals(type, "aws_security_group_rule"))
        take_older(t, block);
}

static void take_resource_group(void *own, const char *type, const char *name,
                                const flowrules_node *block) {
    struct terraform *t = own;
    if (!flowrules_input_failed(t->reader->in) &&
        (equals(type, "aws_security_group") || equals(type, "aws_default_security_group")))
        take_group(t, type, name, block);
}

static void take_module(void *own, const char *type, const char *name,
                        const flowrules_node *block) {
    (void)type;
    (void)name;
    doubt_both(own, block, "the contents of this module are not read");
}

/* ---- the guard ----------------------------------------------------------------------------- */

/* Our own check that no rule of somebody else lets everything out of the groups of a variable. */
static void take_guard(void *own, const char *type, const char *name, const flowrules_node *block) {
    static const char condition[] =
        "${!self.is_egress || self.ip_protocol != \"-1\" || (self.cidr_ipv4 != \"0.0.0.0/0\" && "
        "self.cidr_ipv6 != \"::/0\") || startswith(coalesce(self.description, \"-\"), "
        "\"flowrules ";
    struct terraform *t = own;
    flowrules_input *in = t->reader->in;
    if (!equals(type, "aws_vpc_security_group_rule"))
        return;
    const flowrules_node *all = flowrules_node_get(
        flowrules_node_get(flowrules_node_get(t->document, "data"), "aws_vpc_security_group_rules"),
        name);
    const flowrules_node *filter = flowrules_node_block(flowrules_node_get(all, "filter"));
    const char *each =
        flowrules_input_print(in, "${toset(data.aws_vpc_security_group_rules.%s.ids)}", name);
    const char *groups = flowrules_input_print(in, "${var.%s_groups}", name);
    const char *check = flowrules_node_text(flowrules_node_get(
        flowrules_node_get(flowrules_node_get(block, "lifecycle"), "postcondition"), "condition"));
    if (equals(flowrules_node_text(flowrules_node_get(filter, "name")), "group-id") &&
        equals(flowrules_node_text(flowrules_node_get(filter, "values")), groups) &&
        equals(flowrules_node_text(flowrules_node_get(block, "for_each")), each) && check != NULL &&
        strncmp(check, condition, sizeof condition - 1) == 0)
        t->guarded = true;
}

static void read_document(struct fr_aws_sg_reader *r, const flowrules_node *document, bool rules) {
    struct terraform t = {.reader = r, .document = document, .rules = rules};
    flowrules_terraform_each(document, "data", take_guard, &t);
    flowrules_terraform_each(document, "resource", take_resource_group, &t);
    flowrules_terraform_each(document, "resource", take_resource, &t);
    if (rules)
        flowrules_terraform_each(document, "module", take_module, &t);
}

void fr_aws_sg_terraform_groups(struct fr_aws_sg_reader *r, const flowrules_node *document) {
    read_document(r, document, false);
}

void fr_aws_sg_terraform_rules(struct fr_aws_sg_reader *r, const flowrules_node *document) {
    read_document(r, document, true);
}
