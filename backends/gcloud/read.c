/*
 * Reads Google Cloud's firewall: what "gcloud compute firewall-rules list" and
 * "network-firewall-policies describe" give out as JSON. Scripts of ours and Terraform are read by
 * the files beside, values and rules of all of them by read_rules.c. "VPC" and "policies": see
 * gcloud.c.
 *
 * The rule with the lowest priority that matches decides, a deny where an allow has the same one;
 * behind all is the implied allow of what goes out and deny of what comes in. A rule is about the
 * instances of its target; a tag or service account is a group, equal to itself alone.
 */
#include "read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flowrules/kits/terraform.h"

enum { PRIORITY_IMPLIED = 65535, PRIORITY_DEFAULT = 1000 };

static bool equals(const char *a, const char *b) {
    return a != NULL && b != NULL && strcmp(a, b) == 0;
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
        fr_gcloud_fail(rule, flowrules_node_place(node), NULL, "a text is expected here%s", "");
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
        fr_gcloud_fail(rule, flowrules_node_place(node), NULL, "'%.40s' is not a valid priority",
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
            flowrules_input_error(
                r->in, flowrules_node_place(n),
                "use the output of gcloud compute firewall-rules list or network-firewall-policies "
                "describe with --format=json, Terraform's JSON, or files of flowrules",
                "this is neither a firewall rule nor a firewall policy");
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
            flowrules_input_error(r->in, rule->read.at, "a policy has each priority once",
                                  "another rule, in line %u, also has the priority %lld",
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
            other.doubt = "it is not known what a security profile lets pass";
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
        read.doubt = "it is not documented whether ipip is protocol 4 or 94";
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
            flowrules_input_doubt(
                r->in, at, (enum flowrules_direction)d,
                "a setting of the network says whether VPC rules or the policy decide first");
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
            doubt_both(r, policies, "other policies of the network are not read here");
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
        flowrules_input_error(r->in, at,
                              "use the output of gcloud with --format=json, or a file of flowrules",
                              "the file is not one JSON document");
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
            fr_gcloud_choose_network(&r);
    }
    if (!flowrules_input_failed(in))
        give_rules(&r);
}

/* A target has no say over instances that it does not protect: each of its rules names them. */
void fr_gcloud_baseline(const flowrules_plan *plan, flowrules_input *in) {
    struct flowrules_set any = flowrules_input_any(in);
    struct flowrules_set others = flowrules_input_subtract(
        in, any, flowrules_input_own(in, plan, flowrules_plan_protects(plan)));
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        bool egress = d == FLOWRULES_EGRESS;
        struct flowrules_read_rule outside = {.direction = (enum flowrules_direction)d,
                                              .verdict = FLOWRULES_OUTSIDE,
                                              .source = egress ? others : any,
                                              .destination = egress ? any : others};
        if (flowrules_plan_enforces(plan, (enum flowrules_direction)d))
            flowrules_input_rule(in, &outside);
    }
}
