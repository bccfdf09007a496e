/*
 * Ports that policies call by a name: the number that the pods give it, as far as the same files
 * have what makes these pods (Pods, and workloads with a template of them). Kubernetes: a named
 * port is looked up in the containers of each pod that is selected (core/v1 ContainerPort).
 */
#include <string.h>

#include "objects.h"

/* Pods of one kind that the files have. */
struct fr_workload {
    const char *kind, *name, *namespace;
    const flowrules_node *labels, *spec; /* of the pods */
    struct fr_workload *next;
};

/* Where each kind keeps its pods' template: a path below the object. */
static const struct {
    const char *kind;
    const char *path[4];
} kinds[] = {
    {"Pod", {NULL}},
    {"Deployment", {"spec", "template", NULL}},
    {"StatefulSet", {"spec", "template", NULL}},
    {"DaemonSet", {"spec", "template", NULL}},
    {"ReplicaSet", {"spec", "template", NULL}},
    {"ReplicationController", {"spec", "template", NULL}},
    {"Job", {"spec", "template", NULL}},
    {"CronJob", {"spec", "jobTemplate", "spec", "template"}},
};

static void note_workload(struct fr_objects *r, const struct fr_object *object) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const flowrules_node *pods = object->root;
        if (strcmp(object->kind, kinds[i].kind) != 0)
            continue;
        for (size_t k = 0; k < 4 && kinds[i].path[k] != NULL; k++)
            pods = flowrules_node_get(pods, kinds[i].path[k]);
        struct fr_workload *w = flowrules_input_alloc(r->in, sizeof *w);
        if (w == NULL)
            return;
        *w = (struct fr_workload){
            .kind = object->kind,
            .name = object->name == NULL ? "" : object->name,
            .namespace = object->namespace,
            .labels = flowrules_node_get(flowrules_node_get(pods, "metadata"), "labels"),
            .spec = flowrules_node_get(pods, "spec"),
            .next = r->workloads};
        r->workloads = w;
    }
}

void fr_objects_note_workloads(struct fr_objects *r) {
    struct fr_objects notes = {.in = r->in, .visit = note_workload};
    fr_objects_each(&notes);
    r->workloads = notes.workloads;
}

/* ---- selectors ----------------------------------------------------------------------------- */

static bool is_listed(const flowrules_node *values, const char *text) {
    for (const flowrules_node *n = flowrules_node_first(values); n != NULL;
         n = flowrules_node_next(n))
        if (fr_objects_equals(flowrules_node_text(n), text))
            return true;
    return false;
}

static const char namespace_label[] = "io.kubernetes.pod.namespace";

/* A label of Cilium without what says where it is from. */
static const char *plain_label(const char *label) {
    static const char *const sources[] = {"k8s:", "any:"};
    for (size_t i = 0; i < 2; i++)
        if (strncmp(label, sources[i], strlen(sources[i])) == 0)
            return label + strlen(sources[i]);
    return label;
}

/* Is a label as an expression asks? False for what is not understood, too. */
static bool expression_holds(const flowrules_node *expression, const flowrules_node *labels) {
    const char *key = flowrules_node_text(flowrules_node_get(expression, "key"));
    const char *asks = flowrules_node_text(flowrules_node_get(expression, "operator"));
    const flowrules_node *values = flowrules_node_get(expression, "values");
    const char *own =
        key == NULL ? NULL : flowrules_node_text(flowrules_node_get(labels, plain_label(key)));
    if (key == NULL || asks == NULL)
        return false;
    if (strcmp(asks, "In") == 0)
        return own != NULL && is_listed(values, own);
    if (strcmp(asks, "NotIn") == 0)
        return own == NULL || !is_listed(values, own);
    if (strcmp(asks, "Exists") == 0)
        return own != NULL;
    return strcmp(asks, "DoesNotExist") == 0 && own == NULL;
}

static bool selects(const flowrules_node *selector, const flowrules_node *labels) {
    for (const flowrules_node *n =
             flowrules_node_first(flowrules_node_get(selector, "matchLabels"));
         n != NULL; n = flowrules_node_next(n)) {
        const char *key = plain_label(flowrules_node_key(n));
        const char *own = flowrules_node_text(flowrules_node_get(labels, key));
        if (strcmp(key, namespace_label) != 0 &&
            (own == NULL || !fr_objects_equals(flowrules_node_text(n), own)))
            return false;
    }
    for (const flowrules_node *n =
             flowrules_node_first(flowrules_node_get(selector, "matchExpressions"));
         n != NULL; n = flowrules_node_next(n))
        if (!expression_holds(n, labels))
            return false;
    return true;
}

/* A selector of namespaces that asks for one by its name; NULL: it is another one. */
static const char *one_namespace(const flowrules_node *selector) {
    const flowrules_node *labels = flowrules_node_get(selector, "matchLabels");
    return flowrules_node_count(labels) == 1 &&
                   flowrules_node_get(selector, "matchExpressions") == NULL
               ? flowrules_node_text(flowrules_node_get(labels, "kubernetes.io/metadata.name"))
               : NULL;
}

/* The namespace of a peer's pods; NULL: there is not one that is known by its name. */
static const char *namespace_of(const struct fr_port_owners *owners, const flowrules_node *peer) {
    const flowrules_node *spaces = flowrules_node_get(peer, "namespaceSelector");
    const flowrules_node *labels = flowrules_node_get(peer, "matchLabels");
    const char *namespace = owners->namespace;
    for (const flowrules_node *n = flowrules_node_first(labels); n != NULL && owners->cilium;
         n = flowrules_node_next(n))
        if (strcmp(plain_label(flowrules_node_key(n)), namespace_label) == 0)
    namespace = flowrules_node_text(n);
    return flowrules_node_kind(spaces) == FLOWRULES_NODE_NULL ? namespace : one_namespace(spaces);
}

/* ---- ports --------------------------------------------------------------------------------- */

/* The number of a name among a workload's containers; 0: it has none. */
static uint16_t port_of(const struct fr_workload *w, const char *name, const char *protocol) {
    static const char *const lists[] = {"containers", "initContainers"};
    for (size_t l = 0; l < 2; l++)
        for (const flowrules_node *c = flowrules_node_first(flowrules_node_get(w->spec, lists[l]));
             c != NULL; c = flowrules_node_next(c))
            for (const flowrules_node *p = flowrules_node_first(flowrules_node_get(c, "ports"));
                 p != NULL; p = flowrules_node_next(p)) {
                const char *own = flowrules_node_text(flowrules_node_get(p, "protocol"));
                long long number;
                if (fr_objects_equals(flowrules_node_text(flowrules_node_get(p, "name")), name) &&
                    strcmp(own == NULL ? "TCP" : own, protocol) == 0 &&
                    flowrules_node_number(flowrules_node_get(p, "containerPort"), 1, 65535,
                                          &number))
                    return (uint16_t)number;
            }
    return 0;
}

/* What the pods of a selector, which the files have, make of a name. */
struct naming {
    const char *name, *protocol;
    const struct fr_workload *first; /* that has it */
    uint16_t number;                 /* 0: none has it yet */
    bool unclear;                    /* they differ, or some lack it */
};

static void ask_pods(struct fr_objects *r, struct naming *naming, const char *namespace,
                     const flowrules_node *selector) {
    const char *usual = flowrules_input_setting(r->in, "namespace");
    bool any = false;
    for (const struct fr_workload *w = r->workloads; w != NULL; w = w->next) {
        const char *own = w->namespace != NULL ? w->namespace : usual != NULL ? usual : "default";
        if (strcmp(own, namespace) != 0 || !selects(selector, w->labels))
            continue;
        uint16_t number = port_of(w, naming->name, naming->protocol);
        any = true;
        naming->unclear =
            naming->unclear || number == 0 || (naming->number != 0 && naming->number != number);
        naming->first = w; /* they stand in reverse: of equal ones, the first in the files */
        naming->number = number;
    }
    naming->unclear = naming->unclear || !any;
}

bool fr_objects_named_port(struct fr_objects *r, const flowrules_node *port, const char *protocol,
                           uint16_t *number) {
    struct naming naming = {.name = flowrules_node_text(port), .protocol = protocol};
    const struct fr_port_owners *owners = r->port_owners;
    if (owners == NULL)
        return false;
    if (owners->peers == NULL)
        ask_pods(r, &naming, owners->namespace, owners->selector);
    for (const flowrules_node *n = flowrules_node_first(owners->peers);
         n != NULL && !naming.unclear; n = flowrules_node_next(n)) {
        const char *namespace = namespace_of(owners, n);
        naming.unclear = namespace == NULL || flowrules_node_get(n, "ipBlock") != NULL;
        if (!naming.unclear)
            ask_pods(r, &naming, namespace,
                     owners->cilium ? n : flowrules_node_get(n, "podSelector"));
    }
    if (naming.unclear || naming.first == NULL)
        return false;
    *number = naming.number;
    flowrules_input_assume(
        r->in, flowrules_node_place(port),
        "other selected pods, which are not in these files, may define another number, or none",
        "the port '%.40s' is read as %u, as in the %.40s '%.80s'", naming.name, naming.number,
        naming.first->kind, naming.first->name);
    return true;
}
