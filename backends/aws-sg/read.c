/*
 * Reads security groups: the inputs of the AWS CLI that aws_sg.c writes, and what the CLI's
 * describe-security-groups and describe-security-group-rules give out. Scripts and Terraform are
 * read by the files beside, groups and rules of all of them by read_rules.c. Facts without another
 * source: the EC2 model of botocore 1.43.11.
 *
 * All groups of an interface count together, and each rule allows. A new group lets everything out
 * until that rule is revoked, so that an input without the revoke says so too.
 */
#include "read.h"

#include <string.h>

#include "flowrules/kits/terraform.h"

static const char *const peer_lists[] = {"IpRanges", "Ipv6Ranges", "PrefixListIds",
                                         "UserIdGroupPairs"};

static bool equals(const char *a, const char *b) {
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* ---- the CLI's JSON ------------------------------------------------------------------------ */

static const char *text_of(const flowrules_node *node, const char *key) {
    return flowrules_node_text(flowrules_node_get(node, key));
}

/* A key of a mapping that is none of these, which makes its rule one in doubt; or NULL. */
static const char *doubt_of_others(struct fr_aws_sg_reader *r, const flowrules_node *map,
                                   const char *const *known) {
    for (const flowrules_node *n = flowrules_node_first(map); n != NULL;
         n = flowrules_node_next(n)) {
        const char *const *k = known;
        while (*k != NULL && !equals(*k, flowrules_node_key(n)))
            k++;
        if (*k == NULL)
            return flowrules_input_print(
                r->in, "'%.80s' is not known in a rule of a security group",
                flowrules_node_key(n) == NULL ? "..." : flowrules_node_key(n));
    }
    return NULL;
}

/* The id of a peer under a key, which has to be there. */
static const char *peer_id(struct fr_aws_sg_reader *r, const flowrules_node *peer,
                           const char *key) {
    const char *id = text_of(peer, key);
    if (id == NULL)
        flowrules_input_error(r->in, flowrules_node_place(peer), NULL, "a %s is missing here", key);
    return id == NULL ? "" : id;
}

/* A peer of list number kind, into a rule. */
static struct flowrules_set read_peer(struct fr_aws_sg_reader *r, const flowrules_node *peer,
                                      int kind, struct fr_aws_sg_rule *rule) {
    static const char *const known[][8] = {
        {"CidrIp", "Description", NULL},
        {"CidrIpv6", "Description", NULL},
        {"PrefixListId", "Description", NULL},
        {"GroupId", "UserId", "Description", "GroupName", "PeeringStatus", "VpcId",
         "VpcPeeringConnectionId", NULL},
    };
    if (rule->doubt == NULL)
        rule->doubt = doubt_of_others(r, peer, known[kind]);
    if (kind == 3 && text_of(peer, "GroupId") == NULL && text_of(peer, "GroupName") != NULL) {
        rule->doubt =
            flowrules_input_print(r->in, "the group '%.80s' is given by name, but its id is needed",
                                  text_of(peer, "GroupName"));
        return flowrules_input_any(r->in);
    }
    const char *id = peer_id(r, peer, known[kind][0]);
    if (flowrules_input_failed(r->in))
        return flowrules_input_none(r->in);
    if (kind < 2)
        return fr_aws_sg_cidr(r, flowrules_node_place(flowrules_node_get(peer, known[kind][0])), id,
                              kind == 0 ? FLOWRULES_IPV4 : FLOWRULES_IPV6);
    return fr_aws_sg_known(r, kind == 2 ? "prefix-list" : "group", id);
}

/* Reads protocol and ports from a mapping; false after an error. */
static bool read_head(struct fr_aws_sg_reader *r, const flowrules_node *map,
                      struct fr_aws_sg_rule *rule) {
    const flowrules_node *protocol = flowrules_node_get(map, "IpProtocol");
    rule->protocol = flowrules_node_text(protocol);
    rule->service_at = flowrules_node_place(protocol != NULL ? protocol : map);
    return fr_aws_sg_port(r, flowrules_node_get(map, "FromPort"), &rule->has_from, &rule->from) &&
           fr_aws_sg_port(r, flowrules_node_get(map, "ToPort"), &rule->has_to, &rule->to);
}

typedef void on_rule(struct fr_aws_sg_reader *r, struct fr_aws_sg_group *group,
                     const struct fr_aws_sg_rule *rule);

static void allow(struct fr_aws_sg_reader *r, struct fr_aws_sg_group *group,
                  const struct fr_aws_sg_rule *rule) {
    (void)group;
    fr_aws_sg_allow(r, rule);
}

/* An input of revoke-security-group-egress takes the default from a new group. */
static void revoke(struct fr_aws_sg_reader *r, struct fr_aws_sg_group *group,
                   const struct fr_aws_sg_rule *rule) {
    bool all = equals(rule->protocol, "-1");
    for (int f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
        if (all && rule->direction == FLOWRULES_EGRESS &&
            flowrules_set_is_all(rule->peer, (enum flowrules_family)f)) {
            group->revoked[f] = true;
            return;
        }
    flowrules_input_doubt(r->in, rule->at, rule->direction,
                          "it is not known whether this is revoked before it is allowed or after");
}

/* A list of IpPermission: each with a protocol, ports and any number of peers. */
static void read_permissions(struct fr_aws_sg_reader *r, struct fr_aws_sg_group *group,
                             const flowrules_node *list, enum flowrules_direction direction,
                             on_rule *each) {
    static const char *const known[] = {
        "IpProtocol",    "FromPort",         "ToPort",     "IpRanges",
        "PrefixListIds", "UserIdGroupPairs", "Ipv6Ranges", NULL};
    for (const flowrules_node *p = flowrules_node_first(list);
         p != NULL && !flowrules_input_failed(r->in); p = flowrules_node_next(p)) {
        struct fr_aws_sg_rule rule = {.direction = direction};
        const char *unknown = doubt_of_others(r, p, known);
        if (!read_head(r, p, &rule))
            return;
        if (unknown != NULL) { /* it may be a kind of peers */
            rule.at = flowrules_node_place(p);
            rule.peer = flowrules_input_any(r->in);
            rule.doubt = unknown;
            fr_aws_sg_allow(r, &rule);
            continue;
        }
        for (int kind = 0; kind < (int)(sizeof peer_lists / sizeof *peer_lists); kind++) {
            const flowrules_node *peers = flowrules_node_get(p, peer_lists[kind]);
            for (const flowrules_node *n = flowrules_node_first(peers); n != NULL;
                 n = flowrules_node_next(n)) {
                rule.at = flowrules_node_place(n);
                rule.description = text_of(n, "Description");
                rule.doubt = NULL;
                rule.peer = read_peer(r, n, kind, &rule);
                if (flowrules_input_failed(r->in))
                    return;
                each(r, group, &rule);
            }
        }
    }
}

/* One of describe-security-group-rules. */
static void read_security_group_rule(struct fr_aws_sg_reader *r, const flowrules_node *n) {
    static const char *const known[] = {"SecurityGroupRuleId",
                                        "GroupId",
                                        "GroupOwnerId",
                                        "IsEgress",
                                        "IpProtocol",
                                        "FromPort",
                                        "ToPort",
                                        "CidrIpv4",
                                        "CidrIpv6",
                                        "PrefixListId",
                                        "ReferencedGroupInfo",
                                        "Description",
                                        "Tags",
                                        "SecurityGroupRuleArn",
                                        NULL};
    const flowrules_node *other = flowrules_node_get(n, "ReferencedGroupInfo");
    const flowrules_node *v4 = flowrules_node_get(n, "CidrIpv4");
    const flowrules_node *v6 = flowrules_node_get(n, "CidrIpv6");
    bool egress = equals(text_of(n, "IsEgress"), "true");
    struct fr_aws_sg_rule rule = {.direction = egress ? FLOWRULES_EGRESS : FLOWRULES_INGRESS,
                                  .at = flowrules_node_place(n),
                                  .description = text_of(n, "Description")};
    rule.doubt = doubt_of_others(r, n, known);
    if (!egress && !equals(text_of(n, "IsEgress"), "false"))
        flowrules_input_error(r->in, rule.at, NULL, "IsEgress is missing here: true or false");
    if (!read_head(r, n, &rule))
        return;
    if (v4 != NULL || v6 != NULL)
        rule.peer = fr_aws_sg_cidr(r, flowrules_node_place(v4 != NULL ? v4 : v6),
                                   flowrules_node_text(v4 != NULL ? v4 : v6),
                                   v4 != NULL ? FLOWRULES_IPV4 : FLOWRULES_IPV6);
    else if (other != NULL)
        rule.peer = fr_aws_sg_known(r, "group", peer_id(r, other, "GroupId"));
    else if (rule.doubt != NULL && text_of(n, "PrefixListId") == NULL)
        rule.peer = flowrules_input_any(r->in);
    else
        rule.peer = fr_aws_sg_known(r, "prefix-list", peer_id(r, n, "PrefixListId"));
    if (!flowrules_input_failed(r->in))
        fr_aws_sg_allow(r, &rule);
}

/* ---- files --------------------------------------------------------------------------------- */

enum kind {
    KIND_NONE,      /* after an error */
    KIND_MAP,       /* of an artifact: says nothing of its own */
    KIND_SCRIPT,    /* of ours */
    KIND_TERRAFORM, /* .tf.json */
    KIND_INPUT,     /* of authorize-... and revoke-security-group-... */
    KIND_DUMP       /* of describe-security-groups or -rules */
};

struct file {
    enum kind kind;
    const flowrules_node *document; /* not of scripts */
};

/* The list of groups or of rules in a dump; a single one stands for itself. */
static const flowrules_node *dumped(const flowrules_node *document) {
    const flowrules_node *groups = flowrules_node_get(document, "SecurityGroups");
    const flowrules_node *rules = flowrules_node_get(document, "SecurityGroupRules");
    return groups != NULL ? groups : rules != NULL ? rules : document;
}

static bool is_group(const flowrules_node *node) {
    return flowrules_node_get(node, "IpPermissionsEgress") != NULL;
}

static bool is_rule(const flowrules_node *node) {
    return flowrules_node_get(node, "SecurityGroupRuleId") != NULL;
}

static enum kind kind_of(const flowrules_node *document) {
    const flowrules_node *list = dumped(document);
    const flowrules_node *first = flowrules_node_block(list);
    if (flowrules_node_get(document, "rules") != NULL &&
        flowrules_node_get(document, "target") != NULL)
        return KIND_MAP;
    if (flowrules_terraform_is(document))
        return KIND_TERRAFORM;
    if ((list != document && first == NULL) || is_group(first) || is_rule(first))
        return KIND_DUMP;
    return flowrules_node_get(document, "IpPermissions") != NULL ? KIND_INPUT : KIND_NONE;
}

static struct file look_at(struct fr_aws_sg_reader *r, size_t file) {
    struct flowrules_place at = {file, 0, 0};
    size_t size;
    const char *text = flowrules_input_text(r->in, file, &size);
    if (size >= 2 && strncmp(text, "#!", 2) == 0)
        return (struct file){KIND_SCRIPT, NULL};
    if (flowrules_input_tells_steps(r->in, file, 1))
        return (struct file){KIND_MAP, NULL};
    const flowrules_node *documents = flowrules_input_documents(r->in, file);
    const flowrules_node *document = flowrules_node_first(documents);
    enum kind kind = flowrules_node_count(documents) == 1 ? kind_of(document) : KIND_NONE;
    if (kind == KIND_NONE && !flowrules_input_failed(r->in))
        flowrules_input_error(
            r->in, at,
            "use the output of describe-security-groups, inputs of authorize-security-group-..., "
            "Terraform's JSON, or files of flowrules",
            "the file has no rules of security groups");
    return (struct file){kind, document};
}

/* The last part of a file's path. */
static const char *base_name(const struct fr_aws_sg_reader *r, size_t file) {
    const char *path = flowrules_input_file_name(r->in, file);
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* What an input is for: its bytes do not say, its name has to. */
static bool read_verb(struct fr_aws_sg_reader *r, size_t file, const char **verb, bool *revokes,
                      enum flowrules_direction *direction) {
    static const char *const verbs[] = {"authorize-egress", "authorize-ingress", "revoke-egress",
                                        "revoke-ingress"};
    const char *name = base_name(r, file);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        *verb = strstr(name, verbs[i]);
        *revokes = i >= 2;
        *direction = i % 2 == 0 ? FLOWRULES_EGRESS : FLOWRULES_INGRESS;
        if (*verb != NULL)
            return true;
    }
    flowrules_input_error(r->in, (struct flowrules_place){file, 0, 0},
                          "name it ...authorize-egress.json, ...authorize-ingress.json or "
                          "...revoke-egress.json, as 'render -o' does",
                          "this input of the AWS CLI does not say for which call it is");
    return false;
}

/* The group of an input: without an id, what its file's name begins with. */
static struct fr_aws_sg_group *group_of_input(struct fr_aws_sg_reader *r, size_t file,
                                              const flowrules_node *document, const char *verb) {
    const char *id = text_of(document, "GroupId"), *name = base_name(r, file);
    struct flowrules_place at = {file, 0, 0};
    if (id != NULL)
        at = flowrules_node_place(flowrules_node_get(document, "GroupId"));
    else
        id = flowrules_input_copy(r->in, name, (size_t)(verb - name));
    struct fr_aws_sg_group *group = id == NULL ? NULL : fr_aws_sg_group_of(r, id, at);
    if (group != NULL)
        group->rest = FR_AWS_SG_DEFAULT;
    return group;
}

static void read_input(struct fr_aws_sg_reader *r, size_t file, const flowrules_node *document,
                       bool rules) {
    static const char *const known[] = {"GroupId", "IpPermissions", "DryRun", NULL};
    enum flowrules_direction direction;
    const char *verb;
    bool revokes;
    if (!read_verb(r, file, &verb, &revokes, &direction))
        return;
    struct fr_aws_sg_group *group = group_of_input(r, file, document, verb);
    if (group == NULL || !rules || !group->chosen)
        return;
    const char *unknown = doubt_of_others(r, document, known);
    if (unknown != NULL)
        fr_aws_sg_doubt(r, flowrules_node_place(document), direction, "%s", unknown);
    read_permissions(r, group, flowrules_node_get(document, "IpPermissions"), direction,
                     revokes ? revoke : allow);
}

/* A group of describe-security-groups, or the group of a rule. */
static void read_dumped_group(struct fr_aws_sg_reader *r, const flowrules_node *n, bool rules) {
    const char *id = text_of(n, "GroupId");
    struct flowrules_place at = flowrules_node_place(n);
    if (id == NULL) {
        flowrules_input_error(r->in, at, NULL, "a GroupId is missing here");
        return;
    }
    struct fr_aws_sg_group *group = fr_aws_sg_group_of(r, id, at);
    if (group == NULL || (rules && !group->chosen))
        return;
    if (rules && is_rule(n)) {
        read_security_group_rule(r, n);
    } else if (rules) {
        read_permissions(r, group, flowrules_node_get(n, "IpPermissionsEgress"), FLOWRULES_EGRESS,
                         allow);
        read_permissions(r, group, flowrules_node_get(n, "IpPermissions"), FLOWRULES_INGRESS,
                         allow);
    } else if (!is_rule(n)) {
        group->name = text_of(n, "GroupName");
        group->vpc = text_of(n, "VpcId");
        r->dump = true;
    }
    if (!rules && group->name != NULL)
        flowrules_input_label(r->in, fr_aws_sg_known(r, "group", id), group->name,
                              text_of(n, "Description"));
}

static void read_dump(struct fr_aws_sg_reader *r, const flowrules_node *document, bool rules) {
    for (const flowrules_node *n = flowrules_node_block(dumped(document));
         n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next_block(n)) {
        if (is_group(n) || is_rule(n))
            read_dumped_group(r, n, rules);
        else
            flowrules_input_error(r->in, flowrules_node_place(n), NULL,
                                  "this is neither a security group nor one of its rules");
    }
}

/* First round: the groups; second: the rules of those that are chosen. */
static void read_file(struct fr_aws_sg_reader *r, const struct file *f, size_t file, bool rules) {
    switch (f->kind) {
    case KIND_SCRIPT:
        (rules ? fr_aws_sg_script_rules : fr_aws_sg_script_groups)(r, file);
        break;
    case KIND_TERRAFORM:
        (rules ? fr_aws_sg_terraform_rules : fr_aws_sg_terraform_groups)(r, f->document);
        break;
    case KIND_INPUT:
        read_input(r, file, f->document, rules);
        break;
    case KIND_DUMP:
        read_dump(r, f->document, rules);
        break;
    case KIND_MAP:
    case KIND_NONE:
        break;
    }
}

/* What a group lets out besides its rules. */
static void read_rest(struct fr_aws_sg_reader *r, const struct fr_aws_sg_group *group) {
    static const char *const all[] = {"0.0.0.0/0", "::/0"};
    bool of_others = !group->made && group->vpc == NULL;
    if (flowrules_input_permits(r->in) && of_others)
        return; /* a part of its rules, which neither brings the default along nor takes it */
    if (group->rest == FR_AWS_SG_UNKNOWN)
        fr_aws_sg_doubt(r, group->at, FLOWRULES_EGRESS,
                        "the group %.80s is not created here: it is not known whether it still has "
                        "its default egress rule",
                        group->id);
    for (int f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6 && group->rest == FR_AWS_SG_DEFAULT; f++) {
        struct fr_aws_sg_rule rule = {.direction = FLOWRULES_EGRESS,
                                      .at = group->at,
                                      .service_at = group->at,
                                      .protocol = "-1",
                                      .description = "the default egress rule of a new group"};
        rule.peer = fr_aws_sg_cidr(r, group->at, all[f], (enum flowrules_family)f);
        if (!group->revoked[f])
            fr_aws_sg_allow(r, &rule);
    }
}

/* What no rule allows is denied, both ways. */
static void end(struct fr_aws_sg_reader *r) {
    struct flowrules_place at = {0, 0, 0};
    for (const struct fr_aws_sg_group *g = r->first; g != NULL; g = g->next)
        if (g->chosen) {
            read_rest(r, g);
            at = g->at;
        }
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        struct flowrules_set any = flowrules_input_any(r->in);
        struct flowrules_read_rule block = {.direction = (enum flowrules_direction)d,
                                            .verdict = FLOWRULES_BLOCK,
                                            .source = any,
                                            .destination = any,
                                            .at = at};
        flowrules_input_rule(r->in, &block);
    }
}

void fr_aws_sg_read(flowrules_input *in) {
    struct fr_aws_sg_reader r = {.in = in, .handed = true};
    size_t count = flowrules_input_file_count(in);
    struct file *files = flowrules_input_alloc(in, (count + 1) * sizeof *files);
    for (size_t i = 0; i < count && !flowrules_input_failed(in); i++) {
        files[i] = look_at(&r, i);
        r.handed = r.handed && files[i].kind != KIND_DUMP && files[i].kind != KIND_TERRAFORM;
    }
    for (int round = 0; round < 2 && !flowrules_input_failed(in); round++) {
        for (size_t i = 0; i < count && !flowrules_input_failed(in); i++)
            read_file(&r, &files[i], i, round == 1);
        if (round == 0 && !flowrules_input_failed(in))
            fr_aws_sg_choose(&r);
    }
    if (!flowrules_input_failed(in))
        end(&r);
}
