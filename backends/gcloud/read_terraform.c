/*
 * Reads Google Cloud's firewall from Terraform's JSON: google_compute_firewall, and
 * google_compute_network_firewall_policy_rule with its kin of a region. What Terraform computes is
 * not known here. Source: the documentation of the provider hashicorp/google.
 */
#include "read.h"

#include <string.h>

#include "flowrules/kits/terraform.h"

struct terraform {
    struct fr_gcloud_reader *reader;
    const flowrules_node *document;
};

/* A resource, and the rule that it becomes. */
struct resource {
    struct terraform *t;
    struct fr_gcloud_rule rule;
};

static bool equals(const char *a, const char *b) {
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static const flowrules_node *value_of(struct terraform *t, const flowrules_node *node) {
    return flowrules_terraform_value(t->reader->in, t->document, node);
}

/* The text of an argument; NULL where it is absent or computed. */
static const char *plain_text(struct terraform *t, const flowrules_node *node) {
    return flowrules_terraform_text(t->reader->in, value_of(t, node));
}

/* The same, where the rule is in doubt if it is computed. */
static const char *text_of(struct resource *r, const flowrules_node *node) {
    const char *text = plain_text(r->t, node);
    if (text == NULL && flowrules_node_kind(node) != FLOWRULES_NODE_NULL)
        fr_gcloud_doubt(&r->rule, flowrules_node_place(node),
                        "this is not known before Terraform has run");
    return text;
}

/* ---- arguments ----------------------------------------------------------------------------- */

/* An argument, and what its value is. */
struct argument {
    const char *name;
    void (*take)(struct resource *r, const flowrules_node *node, int field);
    int field;
};

static void take_values(struct resource *r, const flowrules_node *node, int field) {
    const flowrules_node *value = value_of(r->t, node);
    bool list = flowrules_node_kind(value) == FLOWRULES_NODE_LIST;
    for (const flowrules_node *n = flowrules_node_block(list ? value : node);
         n != NULL && !flowrules_input_failed(r->t->reader->in); n = flowrules_node_next_block(n)) {
        const flowrules_node *name = flowrules_node_get(n, "name"); /* of secure tags */
        const char *text = text_of(r, name != NULL ? name : n);
        if (text != NULL)
            fr_gcloud_value(&r->rule, (enum fr_gcloud_field)field, text, flowrules_node_place(n));
    }
}

/* Blocks of a protocol with ports. */
static void take_services(struct resource *r, const flowrules_node *node, int action) {
    if (action >= 0)
        r->rule.action = (enum fr_gcloud_action)action;
    for (const flowrules_node *n = flowrules_node_block(node);
         n != NULL && !flowrules_input_failed(r->t->reader->in); n = flowrules_node_next_block(n)) {
        const flowrules_node *protocol =
            flowrules_node_get(n, r->rule.of_policy ? "ip_protocol" : "protocol");
        const flowrules_node *ports = flowrules_node_get(n, "ports");
        const flowrules_node *value = value_of(r->t, ports);
        bool list = flowrules_node_kind(value) == FLOWRULES_NODE_LIST;
        const char *name = text_of(r, protocol == NULL ? n : protocol);
        ports = flowrules_node_block(list ? value : ports);
        if (name != NULL && ports == NULL)
            fr_gcloud_service(&r->rule, name, NULL, flowrules_node_place(n));
        for (; name != NULL && ports != NULL; ports = flowrules_node_next_block(ports)) {
            const char *text = text_of(r, ports);
            if (text != NULL)
                fr_gcloud_service(&r->rule, name, text, flowrules_node_place(ports));
        }
        if (name == NULL && protocol == NULL)
            fr_gcloud_doubt(&r->rule, flowrules_node_place(n), "this block names no protocol");
    }
}

static void take_action(struct resource *r, const flowrules_node *node, int unused) {
    const char *text = text_of(r, node);
    (void)unused;
    if (text != NULL)
        fr_gcloud_action(&r->rule, text, flowrules_node_place(node));
}

static void take_priority(struct resource *r, const flowrules_node *node, int most) {
    const char *text = plain_text(r->t, node);
    if (text == NULL)
        fr_gcloud_doubt_all(&r->rule, flowrules_node_place(node),
                            "the priority of this rule is not known before Terraform has run");
    else if (!flowrules_node_number(value_of(r->t, node), 0, most, &r->rule.priority))
        flowrules_input_error(r->t->reader->in, flowrules_node_place(node), NULL,
                              "this is not a valid priority");
}

static void take_disabled(struct resource *r, const flowrules_node *node, int unused) {
    (void)unused;
    r->rule.disabled = equals(text_of(r, node), "true");
}

static void take_logging(struct resource *r, const flowrules_node *node, int unused) {
    (void)unused;
    r->rule.log = flowrules_node_kind(node) != FLOWRULES_NODE_TEXT ||
                  equals(flowrules_node_text(node), "true");
}

/* A dynamic block may add to the rule; how often it is made changes nothing of its fields. */
static void take_repeated(struct resource *r, const flowrules_node *node, int dynamic) {
    (dynamic ? fr_gcloud_doubt
             : fr_gcloud_doubt_within)(&r->rule, flowrules_node_place(node),
                                       "count, for_each and dynamic blocks are not computed");
}

static void take_nothing(struct resource *r, const flowrules_node *node, int unused) {
    (void)r;
    (void)node;
    (void)unused;
}

static void take_arguments(struct resource *r, const flowrules_node *block,
                           const struct argument *arguments) {
    for (const flowrules_node *n = flowrules_node_first(block);
         n != NULL && !flowrules_input_failed(r->t->reader->in); n = flowrules_node_next(n)) {
        const struct argument *a = arguments;
        while (a->name != NULL && !equals(a->name, flowrules_node_key(n)))
            a++;
        if (a->name == NULL)
            fr_gcloud_doubt_key(&r->rule, n);
        else if (flowrules_node_kind(n) != FLOWRULES_NODE_NULL)
            a->take(r, n, a->field);
    }
}

#define META                                                                                       \
    {"//", take_nothing, 0}, {"depends_on", take_nothing, 0}, {"lifecycle", take_nothing, 0},      \
        {"provider", take_nothing, 0}, {"timeouts", take_nothing, 0}, {"count", take_repeated, 0}, \
        {"for_each", take_repeated, 0}, {"dynamic", take_repeated, 1},                             \
        {"project", take_nothing, 0}, {"description", take_nothing, 0},                            \
        {"direction", take_nothing, 0}, {"disabled", take_disabled, 0}, {                          \
        "enable_logging", take_logging, 0                                                          \
    }

static const struct argument firewall_arguments[] = {
    META,
    {"name", take_nothing, 0},
    {"network", take_nothing, 0},
    {"allow", take_services, FR_GCLOUD_ALLOW},
    {"deny", take_services, FR_GCLOUD_DENY},
    {"priority", take_priority, 65535},
    {"source_ranges", take_values, FR_GCLOUD_SOURCE_RANGES},
    {"source_tags", take_values, FR_GCLOUD_SOURCE_TAGS},
    {"source_service_accounts", take_values, FR_GCLOUD_SOURCE_ACCOUNTS},
    {"destination_ranges", take_values, FR_GCLOUD_DESTINATION_RANGES},
    {"target_tags", take_values, FR_GCLOUD_TARGET_TAGS},
    {"target_service_accounts", take_values, FR_GCLOUD_TARGET_ACCOUNTS},
    {"log_config", take_logging, 0},
    {"params", take_nothing, 0},
    {NULL, NULL, 0},
};

static const struct argument match_arguments[] = {
    {"//", take_nothing, 0},
    {"layer4_configs", take_services, -1},
    {"src_ip_ranges", take_values, FR_GCLOUD_SOURCE_RANGES},
    {"src_fqdns", take_values, FR_GCLOUD_SOURCE_NAMES},
    {"src_secure_tags", take_values, FR_GCLOUD_SOURCE_SECURE_TAGS},
    {"dest_ip_ranges", take_values, FR_GCLOUD_DESTINATION_RANGES},
    {"dest_fqdns", take_values, FR_GCLOUD_DESTINATION_NAMES},
    {"dynamic", take_repeated, 1},
    {NULL, NULL, 0},
};

static void take_match(struct resource *r, const flowrules_node *node, int unused) {
    (void)unused;
    for (const flowrules_node *n = flowrules_node_block(node); n != NULL;
         n = flowrules_node_next_block(n))
        take_arguments(r, n, match_arguments);
}

static const struct argument policy_arguments[] = {
    META,
    {"rule_name", take_nothing, 0},
    {"firewall_policy", take_nothing, 0},
    {"region", take_nothing, 0},
    {"tls_inspect", take_nothing, 0},
    {"action", take_action, 0},
    {"priority", take_priority, INT32_MAX},
    {"match", take_match, 0},
    {"target_service_accounts", take_values, FR_GCLOUD_TARGET_ACCOUNTS},
    {"target_secure_tags", take_values, FR_GCLOUD_TARGET_SECURE_TAGS},
    {NULL, NULL, 0},
};

/* ---- resources ----------------------------------------------------------------------------- */

/* The name of a network: itself, or that of the resource which an expression names. */
static const char *network_of(struct terraform *t, const flowrules_node *node) {
    static const char resource[] = "google_compute_network.";
    flowrules_input *in = t->reader->in;
    const char *text = flowrules_terraform_text(in, value_of(t, node));
    const char *expression = flowrules_terraform_expression(in, node);
    if (text != NULL || expression == NULL ||
        strncmp(expression, resource, sizeof resource - 1) != 0)
        return text;
    const char *label = expression + sizeof resource - 1;
    const char *key = flowrules_input_copy(in, label, strcspn(label, ".["));
    const flowrules_node *networks =
        flowrules_node_get(flowrules_node_get(t->document, "resource"), "google_compute_network");
    const flowrules_node *block =
        flowrules_node_block(key == NULL ? NULL : flowrules_node_get(networks, key));
    return flowrules_terraform_text(in, value_of(t, flowrules_node_get(block, "name")));
}

/* Is it about the target's network? Where that is computed, it may be: a doubt. */
static bool is_wanted(struct resource *r, const flowrules_node *block) {
    const flowrules_node *node = flowrules_node_get(block, "network");
    const char *network = network_of(r->t, node);
    if (network == NULL && r->t->reader->rules)
        fr_gcloud_doubt_within(
            &r->rule, flowrules_node_place(node == NULL ? block : node),
            "it is not known which network this is for before Terraform has run");
    return network == NULL ? r->t->reader->rules
                           : fr_gcloud_wanted(r->t->reader, network, flowrules_node_place(node));
}

static void take_resource(void *own, const char *type, const char *name,
                          const flowrules_node *block) {
    struct terraform *t = own;
    bool of_policy = equals(type, "google_compute_network_firewall_policy_rule") ||
                     equals(type, "google_compute_region_network_firewall_policy_rule");
    (void)name;
    if ((!of_policy && !equals(type, "google_compute_firewall")) ||
        flowrules_input_failed(t->reader->in))
        return;
    struct resource r = {.t = t,
                         .rule = {.reader = t->reader,
                                  .at = flowrules_node_place(block),
                                  .of_policy = of_policy,
                                  .direction = FLOWRULES_INGRESS,
                                  .priority = 1000}};
    const flowrules_node *direction = flowrules_node_get(block, "direction");
    const char *word = plain_text(t, direction);
    if (word != NULL)
        fr_gcloud_direction(&r.rule, word, flowrules_node_place(direction));
    if ((!of_policy && !is_wanted(&r, block)) || !t->reader->rules)
        return;
    if (word == NULL && flowrules_node_kind(direction) != FLOWRULES_NODE_NULL)
        fr_gcloud_doubt_all(&r.rule, flowrules_node_place(direction),
                            "the direction of this rule is not known before Terraform has run");
    r.rule.name = plain_text(t, flowrules_node_get(block, of_policy ? "rule_name" : "name"));
    r.rule.description = plain_text(t, flowrules_node_get(block, "description"));
    take_arguments(&r, block, of_policy ? policy_arguments : firewall_arguments);
    if (!flowrules_input_failed(t->reader->in))
        fr_gcloud_keep(&r.rule);
}

static void doubt_block(void *own, const char *type, const char *name,
                        const flowrules_node *block) {
    struct terraform *t = own;
    (void)name;
    if (!t->reader->rules || (type != NULL && strstr(type, "_firewall_policy_with_rules") == NULL))
        return;
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++)
        flowrules_input_doubt(t->reader->in, flowrules_node_place(block),
                              (enum flowrules_direction)d, "the rules in it are not read");
}

void fr_gcloud_read_terraform(struct fr_gcloud_reader *r, const flowrules_node *document) {
    struct terraform t = {.reader = r, .document = document};
    flowrules_terraform_each(document, "resource", take_resource, &t);
    flowrules_terraform_each(document, "resource", doubt_block, &t);
    flowrules_terraform_each(document, "module", doubt_block, &t);
}
