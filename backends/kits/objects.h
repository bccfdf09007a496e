/*
 * What the readers of policies for pods share: the objects of the API in their files, selectors of
 * labels as groups, and rules that wait until all files are read. Private to those readers.
 */
#ifndef FR_OBJECTS_H
#define FR_OBJECTS_H

#include "flowrules/backend.h"
#include "flowrules/reader.h"

#define FR_EGRESS_BIT  (1u << FLOWRULES_EGRESS)
#define FR_INGRESS_BIT (1u << FLOWRULES_INGRESS)

/* An object of the Kubernetes API. */
struct fr_object {
    const flowrules_node *root, *spec;
    const char *api, *kind;
    const char *name, *namespace; /* or NULL */
    struct flowrules_place at;
    /* What our own manifests say in annotations; or NULL. */
    const char *flows, *purpose, *expires, *network;
    const char *rules; /* the flows of each rule, "a; b, c" */
};

/*
 * In which order rules decide, whatever the order of the objects: denies beat allows, and what an
 * object selects is denied besides.
 */
enum fr_phase { FR_PHASE_DENY, FR_PHASE_ALLOW, FR_PHASE_REST, FR_PHASES };

struct fr_waiting {
    struct flowrules_read_rule *rules;
    size_t count, capacity;
};

/* Whose ports a rule is about: pods of a selector in a namespace, or those of peers. */
struct fr_port_owners {
    const char *namespace;          /* of the policy */
    const flowrules_node *selector; /* of labels */
    const flowrules_node *peers;    /* NULL: those of the selector */
    bool cilium;                    /* peers are selectors, labels say where they are from */
};

struct fr_objects {
    flowrules_input *in;
    void (*visit)(struct fr_objects *r, const struct fr_object *object);
    struct fr_waiting waiting[FR_PHASES];
    struct fr_workload *workloads;            /* what makes pods, in reverse; see below */
    const struct fr_port_owners *port_owners; /* of the rule that is read; or NULL: anybody's */
    /* What is being read now can decide for what the target protects, and where. */
    bool matters;
    unsigned directions;       /* bits */
    bool lists;                /* some file is a list of objects */
    struct flowrules_place at; /* where it begins */
    /*
     * While a policy or a rule is read, its first doubt is kept here, and is reported with its
     * rules: what was read is then the most that they may be about.
     */
    bool holds_doubts;
    const char *doubt;
    struct flowrules_place doubt_at;
};

/* What surely is of a rule's end, and the most that may be. */
struct fr_reach {
    struct flowrules_set sure, most;
};

/* Calls visit for every object of every file, and of every list of objects; in order. */
void fr_objects_each(struct fr_objects *r);
/* The object's namespace, else what the setting of that name says; NULL after an error. */
const char *fr_objects_namespace(struct fr_objects *r, const struct fr_object *object);
/* An object that the reader does not know, of any kind. */
void fr_objects_other(struct fr_objects *r, const struct fr_object *object);

/* A doubt in the directions of what is being read, if it matters. text may be NULL: no memory. */
void fr_objects_doubt(struct fr_objects *r, struct flowrules_place at, const char *text);
/* Doubts every key of a mapping that is not in the list, which ends with NULL. */
void fr_objects_doubt_others(struct fr_objects *r, const flowrules_node *map,
                             const char *const *known);
/* A rule of an object between the protected end and its peers. */
struct flowrules_read_rule fr_objects_between(const struct fr_object *object,
                                              enum flowrules_direction direction,
                                              struct flowrules_set own, struct flowrules_set peers);
/*
 * The flows of rule index of count, by the annotation of our own manifests, if it has as many
 * entries; or NULL.
 */
const char *fr_objects_flows_of_rule(struct fr_objects *r, const struct fr_object *object,
                                     size_t index, size_t count);
/* A rule that decides in its phase; its services must live as long as the input. */
void fr_objects_rule(struct fr_objects *r, enum fr_phase phase,
                     const struct flowrules_read_rule *rule);
/* Begins to hold doubts; returns what was held until now, for fr_objects_resume. */
struct fr_held {
    const char *doubt;
    struct flowrules_place at;
};
struct fr_held fr_objects_hold(struct fr_objects *r);
/* True if a doubt was noted since; keeps the first of all. */
bool fr_objects_resume(struct fr_objects *r, struct fr_held before);
/* What was sure of a rule while it was read. */
struct fr_sureness {
    struct fr_held policy;      /* held of the policy, before the rule */
    bool nothing;               /* the rule as a whole is in doubt */
    struct flowrules_set peers; /* those that are sure, with the first so many services */
    size_t services;
};
/* Gives a rule as it is; or, with a doubt, the certain part, and then the whole in doubt. */
void fr_objects_give(struct fr_objects *r, enum fr_phase phase,
                     const struct flowrules_read_rule *rule, const struct fr_sureness *sure);
/* Calls read for each item of a list, and unites what is sure and what may be. */
typedef struct flowrules_set fr_peer_reader(struct fr_objects *r, const void *about,
                                            const flowrules_node *item);
struct fr_reach fr_objects_reach(struct fr_objects *r, const flowrules_node *map, const char *key,
                                 fr_peer_reader *read, const void *about);
/* Moves a service with a doubt after the certain ones; *sure counts these. */
void fr_objects_sort_service(struct flowrules_service *services, size_t count, size_t *sure,
                             bool doubted);
/* Denies in a direction what no rule allows a group of pods; only once for equal groups. */
void fr_objects_rest(struct fr_objects *r, const struct fr_object *object,
                     enum flowrules_direction direction, struct flowrules_set pods,
                     struct flowrules_place at);
/* Gives the rules to the input, phase by phase. */
void fr_objects_finish(struct fr_objects *r);

/* ---- names of ports ------------------------------------------------------------------------- */

/* Looks for pods, and for workloads with a template of them, in all files. */
void fr_objects_note_workloads(struct fr_objects *r);
/*
 * The number of a port's name for the owners of the rule's ports, with a warning that it is taken
 * for that; false where the files do not have these pods, or they differ.
 */
bool fr_objects_named_port(struct fr_objects *r, const flowrules_node *port, const char *protocol,
                           uint16_t *number);

/* ---- selectors ----------------------------------------------------------------------------- */

/* A label, or a namespace, that has one of several values. */
struct fr_constraint {
    const char *key, *label; /* as in flowrules_input_group */
    const char **values;
    size_t count, capacity;
};

/* What pods have to be; zero it to begin. */
struct fr_selection {
    struct fr_constraint *all;
    size_t count, capacity;
    bool has_namespace; /* it says in which namespaces, or that in any */
    /* What was not understood first, if anything: the selection then holds more than it should. */
    const char *unclear;
    struct flowrules_place at;
};

/* Adds a constraint of one value. */
void fr_objects_selection_add(struct fr_objects *r, struct fr_selection *s, const char *key,
                              const char *label, const char *value);
/* What a label of a selector is for the binding: sets key and label; NULL key: it is unknown. */
typedef void fr_label_namer(const char *name, struct fr_constraint *constraint);
/* Adds the constraints of a selector with matchLabels and matchExpressions. */
void fr_objects_selection_labels(struct fr_objects *r, struct fr_selection *s,
                                 const flowrules_node *selector, fr_label_namer *name);
/* The pods of a selection: a group for each choice of values. */
struct flowrules_set fr_objects_selection_set(struct fr_objects *r, const struct fr_selection *s);
/* True if the target may protect some of these pods. */
bool fr_objects_selection_matters(struct fr_objects *r, const struct fr_selection *s);
/* Reports what is unclear, as a doubt; false if nothing of the selection is known. */
bool fr_objects_selection_is_clear(struct fr_objects *r, const struct fr_selection *s);

/* ---- values -------------------------------------------------------------------------------- */

bool fr_objects_equals(const char *a, const char *b);
/* The items of a list, that of a mapping's key; an error where it is another thing. */
const flowrules_node *fr_objects_list(struct fr_objects *r, const flowrules_node *map,
                                      const char *key);
/* The place of a node; for an absent one, that of the object. */
struct flowrules_place fr_objects_place(const struct fr_objects *r, const flowrules_node *node);
/* True for a mapping; otherwise reports an error: what says what it must be. */
bool fr_objects_is_map(struct fr_objects *r, const flowrules_node *node, const char *what);
/* A text that the API takes for one: no number or boolean. NULL after an error. */
const char *fr_objects_text(struct fr_objects *r, const flowrules_node *node);
/* A prefix of either family as a set; reports errors. */
struct flowrules_set fr_objects_prefix(struct fr_objects *r, const flowrules_node *node);

/* ---- the readers, for the records ---------------------------------------------------------- */

void fr_kubernetes_read(flowrules_input *in);
void fr_cilium_read(flowrules_input *in);
void fr_openshift_read(flowrules_input *in);

#endif
