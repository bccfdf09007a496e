/*
 * What the readers of policies for pods share: the objects of the API in their files, selectors of
 * labels as groups, and rules that wait until all files are read. Knows no kind of policy.
 */
#include "objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flowrules/kits/pods.h"

/* Every namespace has it, with its name (KEP-2161). */
#define NAMESPACE_LABEL "kubernetes.io/metadata.name"

enum {
    KIND_REST = 15,     /* of flowrules_input_define: the groups that are denied the rest */
    LISTS_DEEP = 4,     /* lists of objects, one in another */
    CHOICES_MAX = 1000, /* groups that one selector may become */
};

bool fr_objects_equals(const char *a, const char *b) {
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* ---- values -------------------------------------------------------------------------------- */

struct flowrules_place fr_objects_place(const struct fr_objects *r, const flowrules_node *node) {
    return node == NULL ? r->at : flowrules_node_place(node);
}

bool fr_objects_is_map(struct fr_objects *r, const flowrules_node *node, const char *what) {
    if (flowrules_node_kind(node) == FLOWRULES_NODE_MAP)
        return true;
    flowrules_input_error(r->in, fr_objects_place(r, node), NULL,
                          node == NULL ? "%s is missing here" : "this must be %s", what);
    return false;
}

const flowrules_node *fr_objects_list(struct fr_objects *r, const flowrules_node *map,
                                      const char *key) {
    const flowrules_node *list = flowrules_node_get(map, key);
    if (flowrules_node_kind(list) == FLOWRULES_NODE_LIST)
        return flowrules_node_first(list);
    if (flowrules_node_kind(list) != FLOWRULES_NODE_NULL)
        flowrules_input_error(r->in, flowrules_node_place(list), NULL, "'%s' must be a list", key);
    return NULL;
}

/* Would the API's server take this word, which has no quotes, for a number or a boolean? */
static bool is_no_text(const char *text) {
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "y", "n"};
    char *end;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    if (strchr("+-.0123456789", text[0]) == NULL)
        return false;
    strtod(text, &end);
    return *end == '\0';
}

const char *fr_objects_text(struct fr_objects *r, const flowrules_node *node) {
    const char *text = flowrules_node_text(node);
    if (text != NULL && (flowrules_node_quoted(node) || !is_no_text(text)))
        return text;
    if (text == NULL)
        flowrules_input_error(r->in, fr_objects_place(r, node), NULL, "a text is missing here");
    else
        flowrules_input_error(r->in, fr_objects_place(r, node), "put it into quotes",
                              "the API server does not read '%.80s' as a text", text);
    return NULL;
}

struct flowrules_set fr_objects_prefix(struct fr_objects *r, const flowrules_node *node) {
    struct flowrules_range range;
    const char *text = flowrules_node_text(node);
    if (text != NULL && strchr(text, '/') != NULL &&
        flowrules_parse_range(text, strlen(text), &range))
        return flowrules_input_range(r->in, &range);
    flowrules_input_error(r->in, fr_objects_place(r, node),
                          "add a prefix length to the address: 192.0.2.1/32",
                          "'%.80s' is not a valid prefix", text == NULL ? "..." : text);
    return flowrules_input_none(r->in);
}

/* ---- objects ------------------------------------------------------------------------------- */

static const char *text_of(const flowrules_node *map, const char *key) {
    return flowrules_node_text(flowrules_node_get(map, key));
}

/* A file of ours that says which line is of which flow. */
static bool is_map_of_lines(const flowrules_node *root) {
    return flowrules_node_get(root, "rules") != NULL &&
           flowrules_node_get(root, "backend") != NULL &&
           flowrules_node_get(root, "target") != NULL;
}

static bool has_items(const flowrules_node *root, const char *kind) {
    size_t length = strlen(kind);
    return length >= 4 && strcmp(kind + length - 4, "List") == 0 &&
           flowrules_node_kind(flowrules_node_get(root, "items")) == FLOWRULES_NODE_LIST;
}

static void visit_one(struct fr_objects *r, const flowrules_node *root, const char *api,
                      const char *kind) {
    const flowrules_node *metadata = flowrules_node_get(root, "metadata");
    const flowrules_node *notes = flowrules_node_get(metadata, "annotations");
    struct fr_object object = {.root = root,
                               .spec = flowrules_node_get(root, "spec"),
                               .api = api,
                               .kind = kind,
                               .name = text_of(metadata, "name"),
                               .namespace = text_of(metadata, "namespace"),
                               .at = flowrules_node_place(root),
                               .flows = text_of(notes, "flowrules/flows"),
                               .rules = text_of(notes, "flowrules/rules"),
                               .purpose = text_of(notes, "flowrules/purpose"),
                               .expires = text_of(notes, "flowrules/expires"),
                               .network = text_of(notes, "flowrules/network")};
    r->at = object.at;
    r->matters = true;
    r->directions = FR_EGRESS_BIT | FR_INGRESS_BIT;
    r->holds_doubts = false;
    r->doubt = NULL;
    r->visit(r, &object);
}

/*
 * An object, or the objects of a list. Items of typed lists (NetworkPolicyList) may lack their
 * kind, which is then the list's without its end.
 */
static void visit_node(struct fr_objects *r, const flowrules_node *root, const char *list_api,
                       const char *list_kind, int depth) {
    if (!fr_objects_is_map(r, root, "an object with apiVersion, kind and metadata"))
        return;
    const char *api = text_of(root, "apiVersion"), *kind = text_of(root, "kind");
    if (kind == NULL && depth == 0 && is_map_of_lines(root))
        return;
    api = api == NULL ? list_api : api;
    kind = kind == NULL ? list_kind : kind;
    if (api == NULL || kind == NULL || *kind == '\0') {
        flowrules_input_error(r->in, flowrules_node_place(root),
                              "check that it is a complete manifest", "'%s' is missing here",
                              kind == NULL ? "kind" : "apiVersion");
        return;
    }
    if (!has_items(root, kind)) {
        visit_one(r, root, api, kind);
        return;
    }
    if (depth == LISTS_DEEP) {
        flowrules_input_error(r->in, flowrules_node_place(root), NULL,
                              "lists of objects are nested more than %d levels deep", LISTS_DEEP);
        return;
    }
    r->lists = true;
    const char *inner = flowrules_input_copy(r->in, kind, strlen(kind) - 4);
    for (const flowrules_node *n = fr_objects_list(r, root, "items");
         n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next(n))
        visit_node(r, n, api, inner == NULL || *inner == '\0' ? NULL : inner, depth + 1);
}

static bool is_map_file(const char *name) {
    static const char end[] = ".map.json";
    size_t length = name == NULL ? 0 : strlen(name);
    return length >= sizeof end - 1 && strcmp(name + length - (sizeof end - 1), end) == 0;
}

void fr_objects_each(struct fr_objects *r) {
    size_t files = flowrules_input_file_count(r->in);
    for (size_t i = 0; i < files && !flowrules_input_failed(r->in); i++) {
        if (is_map_file(flowrules_input_file_name(r->in, i)))
            continue;
        const flowrules_node *documents = flowrules_input_documents(r->in, i);
        for (const flowrules_node *n = flowrules_node_first(documents);
             n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next(n))
            if (flowrules_node_kind(n) != FLOWRULES_NODE_NULL)
                visit_node(r, n, NULL, NULL, 0);
    }
}

const char *fr_objects_namespace(struct fr_objects *r, const struct fr_object *object) {
    const char *setting = flowrules_input_setting(r->in, "namespace");
    if (object->namespace != NULL || setting != NULL)
        return object->namespace != NULL ? object->namespace : setting;
    flowrules_input_note(
        r->in, object->at,
        "the %.80s '%.80s' names no namespace and is read as one of 'default': the "
        "setting 'namespace' says another",
        object->kind, object->name == NULL ? "" : object->name);
    return "default";
}

/* Kinds of policies, of any API, that decide beside those of the backend. */
void fr_objects_other(struct fr_objects *r, const struct fr_object *object) {
    static const char *const policies[] = {"NetworkPolicy",
                                           "AdminNetworkPolicy",
                                           "BaselineAdminNetworkPolicy",
                                           "ClusterNetworkPolicy",
                                           "GlobalNetworkPolicy",
                                           "StagedNetworkPolicy",
                                           "CiliumNetworkPolicy",
                                           "CiliumClusterwideNetworkPolicy",
                                           "EgressFirewall",
                                           "EgressNetworkPolicy",
                                           "MultiNetworkPolicy"};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
        if (strcmp(object->kind, policies[i]) == 0) {
            fr_objects_doubt(
                r, object->at,
                flowrules_input_print(
                    r->in,
                    "a policy of the kind %.80s of %.80s may also decide, but is not read here",
                    object->kind, object->api));
            return;
        }
    flowrules_input_note(r->in, object->at, "an object of the kind %.80s of %.80s is not a policy",
                         object->kind, object->api);
}

/* ---- doubts -------------------------------------------------------------------------------- */

void fr_objects_doubt(struct fr_objects *r, struct flowrules_place at, const char *text) {
    if (r->holds_doubts) {
        r->doubt_at = r->doubt == NULL ? at : r->doubt_at;
        r->doubt = r->doubt == NULL ? text : r->doubt;
        return;
    }
    for (int d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS && text != NULL; d++)
        if (r->matters && (r->directions & (1u << d)) != 0)
            flowrules_input_doubt(r->in, at, (enum flowrules_direction)d, "%s", text);
}

void fr_objects_doubt_others(struct fr_objects *r, const flowrules_node *map,
                             const char *const *known) {
    for (const flowrules_node *n = flowrules_node_first(map); n != NULL;
         n = flowrules_node_next(n)) {
        const char *const *k = known;
        while (*k != NULL && !fr_objects_equals(*k, flowrules_node_key(n)))
            k++;
        if (*k == NULL && flowrules_node_kind(n) != FLOWRULES_NODE_NULL)
            fr_objects_doubt(
                r, flowrules_node_place(n),
                flowrules_input_print(r->in, "'%.80s' is not understood here",
                                      flowrules_node_key(n) == NULL ? "" : flowrules_node_key(n)));
    }
}

struct fr_held fr_objects_hold(struct fr_objects *r) {
    struct fr_held before = {r->doubt, r->doubt_at};
    r->holds_doubts = true;
    r->doubt = NULL;
    return before;
}

bool fr_objects_resume(struct fr_objects *r, struct fr_held before) {
    bool told = r->doubt != NULL;
    if (before.doubt != NULL) {
        r->doubt = before.doubt;
        r->doubt_at = before.at;
    }
    return told;
}

struct fr_reach fr_objects_reach(struct fr_objects *r, const flowrules_node *map, const char *key,
                                 fr_peer_reader *read, const void *about) {
    const flowrules_node *first = fr_objects_list(r, map, key);
    size_t room = flowrules_node_count(flowrules_node_get(map, key)) + 1, sure = 0, all = 0;
    struct flowrules_set *known = flowrules_input_alloc(r->in, room * sizeof *known);
    struct flowrules_set *every = flowrules_input_alloc(r->in, room * sizeof *every);
    for (const flowrules_node *n = first; n != NULL && !flowrules_input_failed(r->in);
         n = flowrules_node_next(n)) {
        struct fr_held before = fr_objects_hold(r);
        struct flowrules_set set = read(r, about, n);
        if (!fr_objects_resume(r, before))
            known[sure++] = set;
        every[all++] = set;
    }
    return (struct fr_reach){flowrules_input_unite(r->in, known, sure),
                             flowrules_input_unite(r->in, every, all)};
}

/* ---- rules --------------------------------------------------------------------------------- */

void fr_objects_sort_service(struct flowrules_service *services, size_t count, size_t *sure,
                             bool doubted) {
    struct flowrules_service last = services[count - 1];
    if (doubted)
        return;
    services[count - 1] = services[*sure];
    services[(*sure)++] = last;
}

struct flowrules_read_rule fr_objects_between(const struct fr_object *object,
                                              enum flowrules_direction direction,
                                              struct flowrules_set own,
                                              struct flowrules_set peers) {
    bool egress = direction == FLOWRULES_EGRESS;
    return (struct flowrules_read_rule){.direction = direction,
                                        .verdict = FLOWRULES_PASS,
                                        .source = egress ? own : peers,
                                        .destination = egress ? peers : own,
                                        .at = object->at,
                                        .name = object->flows ? object->flows : object->name,
                                        .comment = object->purpose,
                                        .expires = object->expires};
}

const char *fr_objects_flows_of_rule(struct fr_objects *r, const struct fr_object *object,
                                     size_t index, size_t count) {
    const char *begin = object->rules, *end;
    size_t entries = 1;
    for (const char *c = begin; c && (c = strstr(c, "; ")) != NULL; c += 2)
        entries++;
    if (!begin || entries != count)
        return NULL;
    for (; index > 0; index--)
        begin = strstr(begin, "; ") + 2;
    end = strstr(begin, "; ");
    return flowrules_input_copy(r->in, begin, end ? (size_t)(end - begin) : strlen(begin));
}

void fr_objects_rule(struct fr_objects *r, enum fr_phase phase,
                     const struct flowrules_read_rule *rule) {
    struct fr_waiting *w = &r->waiting[phase];
    w->rules = flowrules_input_grow(r->in, w->rules, &w->capacity, w->count, sizeof *w->rules);
    if (w->rules == NULL)
        *w = (struct fr_waiting){NULL, 0, 0};
    else
        w->rules[w->count++] = *rule;
}

static void give_doubted(struct fr_objects *r, enum fr_phase phase,
                         const struct flowrules_read_rule *rule, const struct fr_sureness *sure) {
    struct flowrules_read_rule part = *rule;
    if (part.direction == FLOWRULES_EGRESS)
        part.destination = sure->peers;
    else
        part.source = sure->peers;
    part.service_count = sure->services;
    if (!sure->nothing && sure->policy.doubt == NULL &&
        (rule->service_count == 0 || sure->services > 0))
        fr_objects_rule(r, phase, &part);
    part = *rule;
    part.doubt = r->doubt != NULL ? r->doubt : sure->policy.doubt;
    part.at = r->doubt != NULL ? r->doubt_at : sure->policy.at;
    fr_objects_rule(r, phase, &part);
}

void fr_objects_give(struct fr_objects *r, enum fr_phase phase,
                     const struct flowrules_read_rule *rule, const struct fr_sureness *sure) {
    if (r->doubt == NULL && sure->policy.doubt == NULL)
        fr_objects_rule(r, phase, rule);
    else
        give_doubted(r, phase, rule, sure);
    fr_objects_resume(r, sure->policy);
    if (sure->policy.doubt == NULL)
        r->doubt = NULL; /* the rule's own is told */
}

void fr_objects_rest(struct fr_objects *r, const struct fr_object *object,
                     enum flowrules_direction direction, struct flowrules_set pods,
                     struct flowrules_place at) {
    char key[32];
    struct flowrules_read_rule rule =
        fr_objects_between(object, direction, pods, flowrules_input_any(r->in));
    snprintf(key, sizeof key, "%d %u", (int)direction, (unsigned)pods.id);
    rule.doubt = r->doubt;
    if (rule.doubt == NULL && !flowrules_input_define(r->in, KIND_REST, key, r))
        return;
    rule.verdict = FLOWRULES_BLOCK;
    rule.at = rule.doubt == NULL ? at : r->doubt_at;
    rule.comment = rule.expires = NULL;
    fr_objects_rule(r, FR_PHASE_REST, &rule);
}

void fr_objects_finish(struct fr_objects *r) {
    for (int phase = 0; phase < FR_PHASES; phase++)
        for (size_t i = 0; i < r->waiting[phase].count; i++)
            flowrules_input_rule(r->in, &r->waiting[phase].rules[i]);
}

/* ---- selectors ----------------------------------------------------------------------------- */

static struct fr_constraint *add_constraint(struct fr_objects *r, struct fr_selection *s,
                                            struct fr_constraint constraint) {
    s->all = flowrules_input_grow(r->in, s->all, &s->capacity, s->count, sizeof *s->all);
    if (s->all == NULL) {
        s->count = s->capacity = 0;
        return NULL;
    }
    s->has_namespace = s->has_namespace || strncmp(constraint.key, "namespace", 9) == 0;
    s->all[s->count] = constraint;
    return &s->all[s->count++];
}

static void add_value(struct fr_objects *r, struct fr_constraint *c, const char *value) {
    if (c == NULL || value == NULL)
        return;
    c->values = flowrules_input_grow(r->in, c->values, &c->capacity, c->count, sizeof *c->values);
    if (c->values == NULL)
        c->count = c->capacity = 0;
    else
        c->values[c->count++] = value;
}

void fr_objects_selection_add(struct fr_objects *r, struct fr_selection *s, const char *key,
                              const char *label, const char *value) {
    struct fr_constraint constraint = {.key = key, .label = label};
    add_value(r, add_constraint(r, s, constraint), value);
}

static void set_unclear(struct fr_selection *s, const flowrules_node *node, const char *text) {
    if (s->unclear != NULL || text == NULL)
        return;
    s->unclear = text;
    s->at = flowrules_node_place(node);
}

/* What a label's name stands for; false where that is not known. */
static bool name_label(struct fr_objects *r, struct fr_selection *s, const flowrules_node *at,
                       const char *label, fr_label_namer *name, struct fr_constraint *constraint) {
    *constraint = (struct fr_constraint){.key = NULL};
    name(label, constraint);
    if (constraint->key == NULL)
        set_unclear(s, at,
                    flowrules_input_print(r->in, "the label '%.200s' is not understood", label));
    return constraint->key != NULL;
}

static void read_match_labels(struct fr_objects *r, struct fr_selection *s,
                              const flowrules_node *labels, fr_label_namer *name) {
    struct fr_constraint constraint;
    for (const flowrules_node *n = flowrules_node_first(labels);
         n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next(n)) {
        const char *value = fr_objects_text(r, n);
        const char *label = flowrules_node_key(n);
        if (value != NULL && label != NULL && name_label(r, s, n, label, name, &constraint))
            fr_objects_selection_add(r, s, constraint.key, constraint.label, value);
    }
}

/* The key of requirements on what a label's key is about; NULL label: the namespace's name. */
static const char *requirement_key(const struct fr_constraint *label) {
    return strcmp(label->key, "pods") == 0    ? "pods-where"
           : strcmp(label->key, "nodes") == 0 ? "nodes-where"
                                              : "namespace-where";
}

/* Asks one thing of a label; what no object can have is an error of its manifest. */
static void require(struct fr_objects *r, struct fr_selection *s, const flowrules_node *at,
                    const struct fr_constraint *of, enum flowrules_operator asks,
                    const char *value) {
    const char *label = of->label == NULL ? NAMESPACE_LABEL : of->label;
    const char *text = flowrules_input_requirement(r->in, asks, label, value);
    if (text != NULL)
        fr_objects_selection_add(r, s, requirement_key(of), NULL, text);
    else if (!flowrules_input_failed(r->in))
        flowrules_input_error(
            r->in, flowrules_node_place(at), "letters, digits, '-', '_' and '.', at most 63",
            "'%.80s' is not a valid label or value of a label", value ? value : label);
}

/* In is a choice of values; each value of NotIn is a requirement of its own. */
static void read_values(struct fr_objects *r, struct fr_selection *s,
                        const flowrules_node *expression, const struct fr_constraint *of,
                        enum flowrules_operator asks) {
    struct fr_constraint *own = asks == FLOWRULES_IN ? add_constraint(r, s, *of) : NULL;
    const flowrules_node *first = fr_objects_list(r, expression, "values");
    for (const flowrules_node *n = first; n != NULL && !flowrules_input_failed(r->in);
         n = flowrules_node_next(n)) {
        const char *value = fr_objects_text(r, n);
        if (asks == FLOWRULES_IN)
            add_value(r, own, value);
        else if (value != NULL)
            require(r, s, n, of, asks, value);
    }
    if (first == NULL && !flowrules_input_failed(r->in))
        flowrules_input_error(r->in, flowrules_node_place(expression), NULL,
                              "the operator %s needs values",
                              asks == FLOWRULES_IN ? "In" : "NotIn");
}

static void read_expression(struct fr_objects *r, struct fr_selection *s,
                            const flowrules_node *expression, fr_label_namer *name) {
    static const struct {
        const char *word;
        enum flowrules_operator asks;
    } operators[] = {{"In", FLOWRULES_IN},
                     {"NotIn", FLOWRULES_NOT_IN},
                     {"Exists", FLOWRULES_EXISTS},
                     {"DoesNotExist", FLOWRULES_DOES_NOT_EXIST}};
    struct fr_constraint of;
    if (!fr_objects_is_map(r, expression, "a mapping with key and operator"))
        return;
    const char *label = fr_objects_text(r, flowrules_node_get(expression, "key"));
    const char *word = fr_objects_text(r, flowrules_node_get(expression, "operator"));
    if (label == NULL || word == NULL || !name_label(r, s, expression, label, name, &of))
        return;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        enum flowrules_operator asks = operators[i].asks;
        if (strcmp(operators[i].word, word) != 0)
            continue;
        if (asks == FLOWRULES_IN || asks == FLOWRULES_NOT_IN)
            read_values(r, s, expression, &of, asks);
        else if (flowrules_node_count(flowrules_node_get(expression, "values")) > 0)
            flowrules_input_error(r->in, flowrules_node_place(expression), NULL,
                                  "the operator %s takes no values", word);
        else
            require(r, s, expression, &of, asks, NULL);
        return;
    }
    flowrules_input_error(r->in, flowrules_node_place(expression),
                          "In, NotIn, Exists or DoesNotExist", "'%.40s' is not a valid operator",
                          word);
}

void fr_objects_selection_labels(struct fr_objects *r, struct fr_selection *s,
                                 const flowrules_node *selector, fr_label_namer *name) {
    static const char *const known[] = {"matchLabels", "matchExpressions", NULL};
    const flowrules_node *labels = flowrules_node_get(selector, "matchLabels");
    if (flowrules_node_kind(selector) == FLOWRULES_NODE_NULL ||
        !fr_objects_is_map(r, selector, "a mapping with matchLabels or matchExpressions"))
        return;
    for (const flowrules_node *n = flowrules_node_first(selector); n != NULL;
         n = flowrules_node_next(n))
        if (!fr_objects_equals(flowrules_node_key(n), known[0]) &&
            !fr_objects_equals(flowrules_node_key(n), known[1]))
            set_unclear(s, n,
                        flowrules_input_print(r->in, "'%.80s' is not understood here",
                                              flowrules_node_key(n) ? flowrules_node_key(n) : ""));
    if (flowrules_node_kind(labels) != FLOWRULES_NODE_NULL &&
        fr_objects_is_map(r, labels, "a mapping of labels"))
        read_match_labels(r, s, labels, name);
    for (const flowrules_node *n = fr_objects_list(r, selector, "matchExpressions");
         n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next(n))
        read_expression(r, s, n, name);
}

/* Choice number of a selection; false where it has none, or memory has run out. */
static bool choose(struct fr_objects *r, const struct fr_selection *s, size_t number,
                   struct flowrules_group_key **keys) {
    *keys = flowrules_input_alloc(r->in, (s->count + 1) * sizeof **keys);
    for (size_t i = 0; *keys != NULL && i < s->count; i++) {
        const struct fr_constraint *c = &s->all[i];
        if (c->count == 0)
            return false;
        (*keys)[i] = (struct flowrules_group_key){c->key, c->label, c->values[number % c->count]};
        number /= c->count;
    }
    return *keys != NULL;
}

/* How many choices of values there are; more than the limit is one more. */
static size_t count_choices(const struct fr_selection *s) {
    size_t count = 1;
    for (size_t i = 0; i < s->count && count <= CHOICES_MAX; i++)
        count *= s->all[i].count;
    return count > CHOICES_MAX ? CHOICES_MAX + 1 : count;
}

struct flowrules_set fr_objects_selection_set(struct fr_objects *r, const struct fr_selection *s) {
    size_t count = count_choices(s), used = 0;
    struct flowrules_set *sets = flowrules_input_alloc(r->in, count * sizeof *sets + 1);
    struct flowrules_group_key *keys;
    for (size_t i = 0; i < count && count <= CHOICES_MAX && sets != NULL; i++)
        if (choose(r, s, i, &keys))
            sets[used++] = flowrules_input_group(r->in, keys, s->count);
    return flowrules_input_unite(r->in, sets, used);
}

bool fr_objects_selection_matters(struct fr_objects *r, const struct fr_selection *s) {
    size_t count = count_choices(s);
    struct flowrules_group_key *keys;
    bool matters = count > CHOICES_MAX || flowrules_input_failed(r->in);
    for (size_t i = 0; i < count && !matters; i++)
        matters = choose(r, s, i, &keys) && flowrules_input_may_protect(r->in, keys, s->count);
    return matters;
}

bool fr_objects_selection_is_clear(struct fr_objects *r, const struct fr_selection *s) {
    if (s->unclear != NULL)
        fr_objects_doubt(r, s->at, s->unclear);
    if (count_choices(s) > CHOICES_MAX)
        flowrules_input_error(r->in, s->at, NULL,
                              "a selector with more than %d combinations of values", CHOICES_MAX);
    return (s->unclear == NULL || r->holds_doubts) && !flowrules_input_failed(r->in);
}
