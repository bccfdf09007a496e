/*
 * flowrules: networks that select pods of Kubernetes, and manifests of policies for them.
 */
#ifndef FLOWRULES_KITS_PODS_H
#define FLOWRULES_KITS_PODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- selectors --------------------------------------------------------------------------------
 */

/* The operator of an expression in a selector of Kubernetes. */
enum flowrules_operator {
    FLOWRULES_IN,
    FLOWRULES_NOT_IN,
    FLOWRULES_EXISTS,
    FLOWRULES_DOES_NOT_EXIST
};

/*
 * Networks that select pods of Kubernetes by the keys namespace ("any": all; absent: the target's
 * setting of that name, unless there are namespace-labels or namespace-where), namespace-labels and
 * pods (labels with their values), namespace-where and pods-where (requirements on labels).
 */
FLOWRULES_API const char *flowrules_pods_namespace(const flowrules_plan *plan, const char *network);
/* True if wide selects every pod of narrow; if both select the same; if some pod may be in both. */
FLOWRULES_API bool flowrules_pods_cover(const flowrules_plan *plan, const char *wide,
                                        const char *narrow);
FLOWRULES_API bool flowrules_pods_are_same(const flowrules_plan *plan, const char *a,
                                           const char *b);
FLOWRULES_API bool flowrules_pods_may_meet(const flowrules_plan *plan, const char *a,
                                           const char *b);
/* True if a requirement ("tier notin (db)") allows this value of the label, or its absence (NULL);
 * if it is about this label. */
FLOWRULES_API bool flowrules_requirement_allows(const char *text, const char *label,
                                                const char *value);
FLOWRULES_API bool flowrules_requirement_is_of(const char *text, const char *label);
/* The pods' own port for a port of their Service, by the key target-ports; else the same port. */
FLOWRULES_API uint16_t flowrules_pods_port(const flowrules_plan *plan, const char *network,
                                           uint16_t port);

/* The name of the one namespace that they are in, or NULL. */
FLOWRULES_API const char *flowrules_pods_one_namespace(const flowrules_plan *plan,
                                                       const char *network);
/* True if some port of their Service has another number at the pods. */
FLOWRULES_API bool flowrules_pods_map_ports(const flowrules_plan *plan, const char *network);
/* True if such a port is inside the range, for a group of the destination. */
FLOWRULES_API bool flowrules_pods_hide_port(const flowrules_plan *plan,
                                            struct flowrules_set destination,
                                            struct flowrules_ports ports);
/*
 * Why a network cannot be selected, or protected, as pods; or NULL. The key entities names things
 * that are not pods and can be selected.
 */
FLOWRULES_API const char *flowrules_pods_unselectable(const flowrules_plan *plan,
                                                      const char *network);
FLOWRULES_API const char *flowrules_pods_unprotectable(const flowrules_plan *plan,
                                                       const char *network);

/*
 * The value of a group's key with the type "requirements"; value is NULL if the operator takes
 * none. Lives as long as the input. NULL if no object can have such a label or value.
 */
FLOWRULES_API const char *flowrules_input_requirement(flowrules_input *in,
                                                      enum flowrules_operator asks,
                                                      const char *label, const char *value);

/* ---- pods in rules ----------------------------------------------------------------------------
 */

/* The end of an attached flow or rule that is protected, and the other one. */
FLOWRULES_API struct flowrules_set flowrules_rule_protected(const struct flowrules_rule *rule);
FLOWRULES_API struct flowrules_set flowrules_rule_peers(const struct flowrules_rule *rule);
/*
 * For a backend's refuses: why policies for pods cannot express the source or destination of a
 * flow, or NULL. no_pods is the reason if the protected end is not pods.
 */
FLOWRULES_API const char *flowrules_pods_refuse_ends(const flowrules_plan *plan,
                                                     const struct flowrules_rule *flow,
                                                     const char *no_pods);
/* Refuses the target if something that it protects is not pods. */
FLOWRULES_API void flowrules_pods_check_protected(flowrules_output *out, const char *no_pods);
/* True if a wider protected network, or an equal, earlier one, has the pods of this one. */
FLOWRULES_API bool flowrules_pods_are_repeated(const flowrules_plan *plan, size_t index);

/* ---- YAML, and manifests of policies for pods --------------------------------------------- */

/* For user text inside double quotes, and in a comment. */
FLOWRULES_API extern const struct flowrules_escape flowrules_yaml_quoted;
FLOWRULES_API extern const struct flowrules_escape flowrules_yaml_comment;
/* User text with the quotes around it. */
FLOWRULES_API void flowrules_yaml_write(flowrules_writer *w, const char *user_text);
/* The policy's title as a comment, if it has one. */
FLOWRULES_API void flowrules_yaml_title(flowrules_writer *w, const flowrules_plan *plan);
/* The labels of a binding's key, a line for each; prefix: the backend's, before their names. */
FLOWRULES_API void flowrules_yaml_labels(flowrules_writer *w, const flowrules_plan *plan,
                                         const char *network, const char *key, const char *indent,
                                         const char *prefix);

/* The requirements of a binding's key as items of matchExpressions, likewise. */
FLOWRULES_API void flowrules_yaml_expressions(flowrules_writer *w, const flowrules_plan *plan,
                                              const char *network, const char *key,
                                              const char *indent, const char *prefix);

/* A kind of policy that kubectl loads. Targets have the settings namespace and instance. */
struct flowrules_manifest {
    const char *api;          /* group/version */
    const char *kind;         /* as manifests have it */
    const char *plural;       /* as kubectl delete has it */
    const char *selector;     /* the key of the selector of the protected pods */
    const char *label_prefix; /* before their labels there, or "" */
    const char *proviso;      /* goes on after "is denied" in the head, or "" */
    const char *no_pods;      /* the reason if something protected is not pods */
    const char *permits;      /* a sentence of the head for mode: permits, or NULL */
};

/* The largest object that kubectl apply accepts: larger ones are refused. */
#define FLOWRULES_MANIFEST_BYTES 262144
/* Refuses what cannot be protected; writes the head of the file, comments with the commands. */
FLOWRULES_API void flowrules_manifest_head(flowrules_writer *w, flowrules_output *out,
                                           const struct flowrules_manifest *manifest);
/* The manifest for a rule's flows and protected pods, up to their selector; its rules follow. */
FLOWRULES_API void flowrules_manifest_of_flows(flowrules_writer *w, flowrules_output *out,
                                               const struct flowrules_manifest *manifest,
                                               const struct flowrules_rule *rule);
/* The same for protected network index; word, "-dns." say, is in its name before the network's. */
FLOWRULES_API void flowrules_manifest_of_network(flowrules_writer *w, flowrules_output *out,
                                                 const struct flowrules_manifest *manifest,
                                                 const char *word, size_t index);
/*
 * The same for rules of these pods. names: a part with the flows of each rule, "a; b, c". only:
 * the flows, where all rules are of the same; or NULL.
 */
FLOWRULES_API void flowrules_manifest_of_rules(flowrules_writer *w, flowrules_output *out,
                                               const struct flowrules_manifest *manifest,
                                               const char *word, size_t index,
                                               flowrules_writer *names,
                                               const flowrules_flows *only);
/* Ends the file after the last manifest. */
FLOWRULES_API void flowrules_manifest_end(flowrules_writer *w, flowrules_output *out);
/* The first protected network that selects the same pods; their count if none does. */
FLOWRULES_API size_t flowrules_pods_protected(const flowrules_plan *plan, const char *network);

#ifdef __cplusplus
}
#endif

#endif
