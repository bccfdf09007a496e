/*
 * Reads CiliumNetworkPolicies and clusterwide ones: our manifests, and what kubectl gets. Knows the
 * API cilium.io/v2: a deny beats every allow, and an endpoint that some policy selects in a
 * direction is denied the rest of it. Facts without another source: cilium pkg/policy/api/rule.go,
 * entity.go, and pkg/k8s/apis/cilium.io/utils.
 */
#include "read.h"

#include <string.h>

#define NAMESPACE_LABEL   "io.kubernetes.pod.namespace"
#define NAMESPACES_LABELS "io.cilium.k8s.namespace.labels."

/* What is read of one policy. */
struct policy {
    const struct fr_object *object;
    const char *namespace; /* NULL: it is clusterwide */
    struct flowrules_set own;
    size_t rules, next; /* of its lists, and which one is read next */
};

static const char *const allows_key[] = {"egress", "ingress"};
static const char *const denies_key[] = {"egressDeny", "ingressDeny"};

/* ---- selectors ----------------------------------------------------------------------------- */

/* Labels have a source before them, "k8s:app"; without one, or with "any:", it is any source. */
static void name_label(const char *name, struct fr_constraint *constraint) {
    const char *colon = strchr(name, ':');
    size_t length = colon == NULL ? 0 : (size_t)(colon - name);
    if (colon != NULL &&
        !(length == 3 && (strncmp(name, "k8s", 3) == 0 || strncmp(name, "any", 3) == 0)))
        return;
    const char *label = colon == NULL ? name : colon + 1;
    constraint->key = "pods";
    constraint->label = label;
    if (strcmp(label, NAMESPACE_LABEL) == 0) {
        constraint->key = "namespace";
        constraint->label = NULL;
    } else if (strncmp(label, NAMESPACES_LABELS, sizeof NAMESPACES_LABELS - 1) == 0) {
        constraint->key = "namespace-labels";
        constraint->label = label + sizeof NAMESPACES_LABELS - 1;
        if (strcmp(constraint->label, "kubernetes.io/metadata.name") == 0) {
            constraint->key = "namespace";
            constraint->label = NULL;
        }
    }
}

/* Does a selector ask for something that only a pod's namespace has? */
static bool wants_namespace(const struct fr_selection *s) {
    for (size_t i = 0; i < s->count; i++) {
        const struct fr_constraint *c = &s->all[i];
        if (strncmp(c->key, "namespace", 9) == 0 &&
            (strcmp(c->key, "namespace-where") != 0 ||
             (c->count > 0 && c->values[0][0] != '!' && strstr(c->values[0], " notin ") == NULL)))
            return true;
    }
    return false;
}

static struct flowrules_set read_endpoints(struct fr_objects *r, const void *about,
                                           const flowrules_node *selector) {
    const struct policy *p = about;
    struct fr_selection s = {.all = NULL};
    fr_objects_selection_labels(r, &s, selector, name_label);
    if (p->namespace != NULL && !s.has_namespace)
        fr_objects_selection_add(r, &s, "namespace", NULL, p->namespace);
    if (s.has_namespace && !wants_namespace(&s)) {
        fr_objects_doubt(r, flowrules_node_place(selector),
                         "a selector that only excludes namespaces also selects what is not a pod");
        return flowrules_input_any(r->in);
    }
    return fr_objects_selection_is_clear(r, &s) ? fr_objects_selection_set(r, &s)
                                                : flowrules_input_none(r->in);
}

/* ---- entities ------------------------------------------------------------------------------ */

static struct flowrules_set both_families(struct fr_objects *r) {
    struct flowrules_set families[] = {flowrules_input_family(r->in, FLOWRULES_IPV4),
                                       flowrules_input_family(r->in, FLOWRULES_IPV6)};
    return flowrules_input_unite(r->in, families, 2);
}

/* The world is what has an address and is no pod or node; all is all. */
static struct flowrules_set read_entity(struct fr_objects *r, const void *p,
                                        const flowrules_node *node) {
    static const char *const known[] = {"cluster",        "host",   "remote-node", "ingress",
                                        "kube-apiserver", "health", "init",        "unmanaged"};
    const char *word = fr_objects_text(r, node);
    (void)p;
    if (word == NULL || strcmp(word, "none") == 0)
        return flowrules_input_none(r->in);
    if (strcmp(word, "all") == 0)
        return flowrules_input_any(r->in);
    if (strcmp(word, "world") == 0)
        return both_families(r);
    if (strcmp(word, "world-ipv4") == 0 || strcmp(word, "world-ipv6") == 0)
        return flowrules_input_family(r->in, word[9] == '4' ? FLOWRULES_IPV4 : FLOWRULES_IPV6);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(word, known[i]) == 0)
            return flowrules_input_group(
                r->in, &(struct flowrules_group_key){"entities", NULL, known[i]}, 1);
    fr_objects_doubt(r, flowrules_node_place(node),
                     flowrules_input_print(r->in, "'%.40s' is not a known entity", word));
    return flowrules_input_any(r->in);
}

/* ---- addresses and names ------------------------------------------------------------------- */

static struct flowrules_set read_cidr(struct fr_objects *r, const void *p,
                                      const flowrules_node *node) {
    struct flowrules_range range;
    const char *text = flowrules_node_text(node);
    (void)p;
    if (text != NULL && strchr(text, '-') == NULL &&
        flowrules_parse_range(text, strlen(text), &range))
        return flowrules_input_range(r->in, &range);
    return fr_objects_prefix(r, node); /* which tells what is wrong */
}

static struct flowrules_set read_cidr_set(struct fr_objects *r, const void *p,
                                          const flowrules_node *node) {
    static const char *const known[] = {"cidr", "except", NULL};
    if (!fr_objects_is_map(r, node, "a mapping with cidr"))
        return flowrules_input_none(r->in);
    fr_objects_doubt_others(r, node, known);
    const flowrules_node *cidr = flowrules_node_get(node, "cidr");
    struct flowrules_set set = flowrules_node_kind(cidr) == FLOWRULES_NODE_NULL
                                   ? flowrules_input_none(r->in)
                                   : read_cidr(r, p, cidr);
    for (const flowrules_node *n = fr_objects_list(r, node, "except");
         n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next(n))
        set = flowrules_input_subtract(r->in, set, read_cidr(r, p, n));
    return set;
}

/* "*.example.com" is one label below here, and any number in a policy, where it is narrowed. */
static struct flowrules_set read_name(struct fr_objects *r, const void *p,
                                      const flowrules_node *node) {
    static const char *const known[] = {"matchName", "matchPattern", NULL};
    struct flowrules_place at = flowrules_node_place(node);
    (void)p;
    if (!fr_objects_is_map(r, node, "a mapping with matchName or matchPattern"))
        return flowrules_input_none(r->in);
    fr_objects_doubt_others(r, node, known);
    const char *name = flowrules_node_text(flowrules_node_get(node, "matchName"));
    const char *pattern = flowrules_node_text(flowrules_node_get(node, "matchPattern"));
    if (name != NULL && pattern == NULL)
        return flowrules_input_name(r->in, at, name);
    if (pattern == NULL || name != NULL) {
        flowrules_input_error(r->in, at, NULL, "a name needs matchName or matchPattern");
        return flowrules_input_none(r->in);
    }
    if (strchr(pattern, '*') == NULL)
        return flowrules_input_name(r->in, at, pattern);
    if (strncmp(pattern, "*.", 2) == 0 && strchr(pattern + 1, '*') == NULL) {
        flowrules_input_note(
            r->in, at, "'%.260s' matches one label here, but any number of labels in a policy",
            pattern);
        return flowrules_input_name(r->in, at, pattern);
    }
    fr_objects_doubt(
        r, at, flowrules_input_print(r->in, "the pattern '%.260s' cannot be compared", pattern));
    return flowrules_input_any(r->in);
}

/* ---- peers --------------------------------------------------------------------------------- */

struct peer_kind {
    const char *keys[2]; /* by direction */
    fr_peer_reader *read;
};

static const struct peer_kind peer_kinds[] = {
    {{"toEndpoints", "fromEndpoints"}, read_endpoints},
    {{"toEntities", "fromEntities"}, read_entity},
    {{"toCIDR", "fromCIDR"}, read_cidr},
    {{"toCIDRSet", "fromCIDRSet"}, read_cidr_set},
    {{"toFQDNs", "fromFQDNs"}, read_name},
};
enum { PEER_KINDS = sizeof peer_kinds / sizeof *peer_kinds };

/* The peers of a rule; *limited is false where it has none of any kind. */
static struct fr_reach read_peers(struct fr_objects *r, const struct policy *p,
                                  const flowrules_node *rule, enum flowrules_direction direction,
                                  bool *limited) {
    struct flowrules_set sure[PEER_KINDS], most[PEER_KINDS];
    size_t count = 0;
    *limited = false;
    for (size_t i = 0; i < PEER_KINDS; i++) {
        const char *key = peer_kinds[i].keys[direction];
        if (flowrules_node_kind(flowrules_node_get(rule, key)) == FLOWRULES_NODE_NULL)
            continue;
        *limited = true;
        struct fr_reach kind = fr_objects_reach(r, rule, key, peer_kinds[i].read, p);
        sure[count] = kind.sure;
        most[count++] = kind.most;
    }
    return (struct fr_reach){flowrules_input_unite(r->in, sure, count),
                             flowrules_input_unite(r->in, most, count)};
}

/* ---- rules --------------------------------------------------------------------------------- */

/* *peers: some key that is not known says peers (toServices, fromGroups ...). */
static void doubt_keys(struct fr_objects *r, const flowrules_node *rule,
                       enum flowrules_direction direction, bool *peers) {
    static const char *const prefix[] = {"to", "from"};
    size_t length = strlen(prefix[direction]);
    const char *known[PEER_KINDS + 3] = {"toPorts", "icmps"};
    for (size_t i = 0; i < PEER_KINDS; i++)
        known[i + 2] = peer_kinds[i].keys[direction];
    fr_objects_doubt_others(r, rule, known);
    *peers = false;
    for (const flowrules_node *n = flowrules_node_first(rule); n != NULL;
         n = flowrules_node_next(n)) {
        const char *key = flowrules_node_key(n) == NULL ? "" : flowrules_node_key(n);
        bool own = strcmp(key, "toPorts") == 0;
        for (size_t i = 0; i < PEER_KINDS; i++)
            own = own || strcmp(key, peer_kinds[i].keys[direction]) == 0;
        *peers = *peers || (!own && strncmp(key, prefix[direction], length) == 0);
    }
}

/* Whose ports the rule is about; false where they are not pods alone, or not known by name. */
static bool find_port_owners(const struct policy *p, const flowrules_node *rule,
                             enum flowrules_direction direction, struct fr_port_owners *owners) {
    static const char *const about_ports[] = {"toPorts", "icmps"};
    size_t keys = 1;
    *owners = (struct fr_port_owners){.namespace = p->namespace, .cilium = true};
    owners->selector = flowrules_node_get(p->object->spec, "endpointSelector");
    if (direction == FLOWRULES_INGRESS)
        return p->namespace != NULL && owners->selector != NULL;
    owners->peers = flowrules_node_get(rule, "toEndpoints");
    for (size_t i = 0; i < 2; i++)
        keys += flowrules_node_get(rule, about_ports[i]) != NULL ? 1 : 0;
    return p->namespace != NULL && flowrules_node_count(owners->peers) > 0 &&
           flowrules_node_count(rule) == keys;
}

/* A rule without peers is about all, but one that says nothing at all allows nothing. */
static void read_rule(struct fr_objects *r, const struct policy *p, const flowrules_node *rule,
                      const char *name, enum flowrules_direction direction, enum fr_phase phase) {
    bool limited, others;
    if (!fr_objects_is_map(r, rule, "a mapping with peers and ports"))
        return;
    struct fr_sureness sure = {.policy = fr_objects_hold(r)};
    doubt_keys(r, rule, direction, &others);
    sure.nothing = r->doubt != NULL;
    struct fr_reach peers = read_peers(r, p, rule, direction, &limited);
    bool ports =
        fr_objects_list(r, rule, "toPorts") != NULL || fr_objects_list(r, rule, "icmps") != NULL;
    if (others)
        peers.most = flowrules_input_any(r->in);
    else if (!limited && ports)
        peers.sure = peers.most = flowrules_input_any(r->in);
    struct flowrules_read_rule pass = fr_objects_between(p->object, direction, p->own, peers.most);
    pass.at = flowrules_node_place(rule);
    pass.name = name != NULL ? name : pass.name;
    pass.verdict = phase == FR_PHASE_DENY ? FLOWRULES_BLOCK : FLOWRULES_PASS;
    sure.peers = peers.sure;
    struct fr_port_owners owners;
    if (phase == FR_PHASE_ALLOW && find_port_owners(p, rule, direction, &owners))
        r->port_owners = &owners; /* what a deny may deny is not left to what is assumed */
    if (fr_cilium_services(r, rule, &pass, &sure.services))
        fr_objects_give(r, phase, &pass, &sure);
    r->port_owners = NULL;
}

static void read_rules(struct fr_objects *r, struct policy *p, const char *key,
                       enum flowrules_direction direction, enum fr_phase phase) {
    for (const flowrules_node *n = fr_objects_list(r, p->object->spec, key);
         n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next(n))
        read_rule(r, p, n, fr_objects_flows_of_rule(r, p->object, p->next++, p->rules), direction,
                  phase);
}

/* ---- policies ------------------------------------------------------------------------------ */

static size_t count_rules(const flowrules_node *spec, enum flowrules_direction direction) {
    return flowrules_node_count(flowrules_node_get(spec, allows_key[direction])) +
           flowrules_node_count(flowrules_node_get(spec, denies_key[direction]));
}

/* A direction with any rule is denied besides, unless enableDefaultDeny says otherwise. */
static bool denies_rest(struct fr_objects *r, const flowrules_node *spec,
                        enum flowrules_direction direction) {
    const flowrules_node *node =
        flowrules_node_get(flowrules_node_get(spec, "enableDefaultDeny"), allows_key[direction]);
    const char *word = flowrules_node_text(node);
    if (word == NULL)
        return count_rules(spec, direction) > 0;
    if (strcmp(word, "true") != 0 && strcmp(word, "false") != 0)
        flowrules_input_error(r->in, flowrules_node_place(node), NULL, "true or false is needed");
    return strcmp(word, "true") == 0;
}

static struct flowrules_place place_of_rest(const flowrules_node *spec,
                                            enum flowrules_direction direction) {
    const flowrules_node *rules = flowrules_node_get(spec, allows_key[direction]);
    return flowrules_node_place(rules != NULL ? rules : spec);
}

/* Rules are counted in this order, whatever that of the keys is. */
static void read_directions(struct fr_objects *r, struct policy *p) {
    p->next = 0;
    p->rules = count_rules(p->object->spec, FLOWRULES_EGRESS) +
               count_rules(p->object->spec, FLOWRULES_INGRESS);
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        r->directions = 1u << d;
        read_rules(r, p, denies_key[d], d, FR_PHASE_DENY);
        read_rules(r, p, allows_key[d], d, FR_PHASE_ALLOW);
        if (!flowrules_input_failed(r->in) && denies_rest(r, p->object->spec, d))
            fr_objects_rest(r, p->object, d, p->own, place_of_rest(p->object->spec, d));
    }
}

static void read_spec(struct fr_objects *r, const struct fr_object *object, bool clusterwide) {
    static const char *const known[] = {
        "endpointSelector", "nodeSelector", "ingress", "ingressDeny",       "egress",
        "egressDeny",       "description",  "labels",  "enableDefaultDeny", NULL};
    struct fr_selection s = {.all = NULL};
    struct policy p = {.object = object};
    if (!fr_objects_is_map(r, object->spec, "a rule with endpointSelector"))
        return;
    const flowrules_node *selector = flowrules_node_get(object->spec, "endpointSelector");
    if (flowrules_node_get(object->spec, "nodeSelector") != NULL) {
        flowrules_input_note(r->in, object->at, "a policy for nodes does not apply to pods");
        return;
    }
    if (flowrules_node_kind(selector) == FLOWRULES_NODE_NULL) {
        flowrules_input_error(r->in, flowrules_node_place(object->spec), NULL,
                              "endpointSelector is missing here");
        return;
    }
    if (!clusterwide && (p.namespace = fr_objects_namespace(r, object)) == NULL)
        return;
    if (p.namespace != NULL)
        fr_objects_selection_add(r, &s, "namespace", NULL, p.namespace);
    fr_objects_selection_labels(r, &s, selector, name_label);
    r->matters = fr_objects_selection_matters(r, &s);
    r->directions = FR_EGRESS_BIT | FR_INGRESS_BIT;
    r->doubt = NULL;
    fr_objects_hold(r);
    fr_objects_doubt_others(r, object->spec, known);
    if (!fr_objects_selection_is_clear(r, &s))
        return;
    p.own = fr_objects_selection_set(r, &s);
    if (object->network != NULL)
        flowrules_input_label(r->in, p.own, object->network, NULL);
    read_directions(r, &p);
}

/*
 * Permits are a part of the cluster's policies: what nothing in them lets pass does not pass by
 * them. A list, as kubectl gets it, has all policies: pods that none of them closes are open.
 */
static void block_rest(struct fr_objects *r) {
    struct flowrules_read_rule rule = {.verdict = FLOWRULES_BLOCK,
                                       .source = flowrules_input_any(r->in),
                                       .destination = flowrules_input_any(r->in)};
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        rule.direction = (enum flowrules_direction)d;
        fr_objects_rule(r, FR_PHASE_REST, &rule);
    }
}

/* spec, or specs with several. */
static void visit(struct fr_objects *r, const struct fr_object *object) {
    bool clusterwide = strcmp(object->kind, "CiliumClusterwideNetworkPolicy") == 0;
    if ((!clusterwide && strcmp(object->kind, "CiliumNetworkPolicy") != 0) ||
        strcmp(object->api, "cilium.io/v2") != 0) {
        fr_objects_other(r, object);
        return;
    }
    const flowrules_node *specs = fr_objects_list(r, object->root, "specs");
    if (object->spec != NULL || specs == NULL)
        read_spec(r, object, clusterwide);
    for (; specs != NULL && !flowrules_input_failed(r->in); specs = flowrules_node_next(specs)) {
        struct fr_object *one = flowrules_input_alloc(r->in, sizeof *one);
        if (one == NULL)
            return;
        *one = *object;
        one->spec = specs;
        read_spec(r, one, clusterwide);
    }
}

void fr_cilium_read(flowrules_input *in) {
    struct fr_objects r = {.in = in, .visit = visit};
    fr_objects_note_workloads(&r);
    if (!flowrules_input_failed(in))
        fr_objects_each(&r);
    if (flowrules_input_permits(in) && !r.lists)
        block_rest(&r);
    if (!flowrules_input_failed(in))
        fr_objects_finish(&r);
}
