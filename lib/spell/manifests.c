/*
 * Writes texts in YAML, and the parts that the manifests of all policies for pods share: a head
 * with the commands, metadata, the selector of the pods. Does not know the rules of an API.
 */
#include <stdio.h>
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/flows.h"
#include "label_names.h"
#include "output.h"
#include "requirements.h"

/* Inside double quotes, YAML 1.2 (7.3.1) knows \ and " alone as special. */
const struct flowrules_escape flowrules_yaml_quoted = {
    .keep = " !#$%&'()*+,-./:;<=>?@[]^_`{|}~",
    .escape = "\"\\",
    .before = '\\',
    .replace = '?',
    .utf8 = true,
    .max_bytes = 1024,
};
const struct flowrules_escape flowrules_yaml_comment = {
    .keep = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    .replace = '?',
    .utf8 = true,
    .max_bytes = 1024,
};

void flowrules_yaml_write(flowrules_writer *w, const char *user_text) {
    flowrules_write(w, "\"");
    flowrules_write_user(w, &flowrules_yaml_quoted, user_text);
    flowrules_write(w, "\"");
}

void flowrules_yaml_title(flowrules_writer *w, const flowrules_plan *plan) {
    const char *title = flowrules_plan_title(plan);
    if (title == NULL)
        return;
    flowrules_write(w, "# ");
    flowrules_write_user(w, &flowrules_yaml_comment, title);
    flowrules_write(w, "\n");
}

void flowrules_yaml_labels(flowrules_writer *w, const flowrules_plan *plan, const char *network,
                           const char *key, const char *indent, const char *prefix) {
    const char *label;
    for (size_t i = 0; (label = flowrules_binding_label(plan, network, key, i)) != NULL; i++) {
        flowrules_writef(w, "%s\"%s", indent, prefix);
        flowrules_write_user(w, &flowrules_yaml_quoted, label);
        flowrules_write(w, "\": ");
        flowrules_yaml_write(w, flowrules_binding_value(plan, network, key, i));
        flowrules_write(w, "\n");
    }
}

/* A part of a requirement: a label's name at most, in letters that the policy checked. */
static void write_part(flowrules_writer *w, const char *text, size_t length) {
    char part[FR_LABEL_NAME_MAX + 1];
    snprintf(part, sizeof part, "%.*s", (int)length, text);
    flowrules_write_user(w, &flowrules_yaml_quoted, part);
}

static void write_values(flowrules_writer *w, const struct fr_requirement *r) {
    const char *value;
    size_t length;
    flowrules_write(w, ", values: [");
    for (size_t i = 0; fr_requirement_value(r, i, &value, &length); i++) {
        flowrules_write(w, i > 0 ? ", \"" : "\"");
        write_part(w, value, length);
        flowrules_write(w, "\"");
    }
    flowrules_write(w, "]");
}

void flowrules_yaml_expressions(flowrules_writer *w, const flowrules_plan *plan,
                                const char *network, const char *key, const char *indent,
                                const char *prefix) {
    static const char *const words[] = {
        [FLOWRULES_IN] = "In",
        [FLOWRULES_NOT_IN] = "NotIn",
        [FLOWRULES_EXISTS] = "Exists",
        [FLOWRULES_DOES_NOT_EXIST] = "DoesNotExist",
    };
    struct fr_requirement r;
    const char *text;
    for (size_t i = 0; (text = flowrules_binding_value(plan, network, key, i)) != NULL; i++) {
        if (!fr_requirement_of(key, NULL, text, &r))
            continue; /* the policy would have been refused */
        flowrules_writef(w, "%s- {key: \"%s", indent, prefix);
        write_part(w, r.label, r.label_length);
        flowrules_writef(w, "\", operator: %s", words[r.asks]);
        if (r.asks == FLOWRULES_IN || r.asks == FLOWRULES_NOT_IN)
            write_values(w, &r);
        flowrules_write(w, "}\n");
    }
}

/* ---- the head ------------------------------------------------------------------------------ */

static const char *instance(const flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *setting = flowrules_plan_setting(plan, "instance");
    return setting != NULL ? setting : flowrules_plan_target(plan);
}

/* A label of RFC 1123, as which names of networks mostly stand. */
static bool is_label(const char *text) {
    size_t length = strlen(text);
    size_t fit = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && length <= 63 && fit == length && text[0] != '-' && text[length - 1] != '-';
}

static void write_own_labels(flowrules_writer *w, const flowrules_output *out) {
    flowrules_write(w, "#     -l app.kubernetes.io/managed-by=flowrules,"
                       "app.kubernetes.io/instance=");
    flowrules_write_user(w, &flowrules_yaml_comment, instance(out));
}

void flowrules_manifest_head(flowrules_writer *w, flowrules_output *out,
                             const struct flowrules_manifest *manifest) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *target = flowrules_plan_target(plan);
    if (!is_label(instance(out)))
        flowrules_output_refuse(
            out,
            "'%s' cannot be part of a name: set 'instance' to lower-case letters, digits and '-'",
            instance(out));
    flowrules_pods_check_protected(out, manifest->no_pods);
    flowrules_yaml_title(w, plan);
    flowrules_write_pinned_day(w, plan, "# ", ".\n");
    flowrules_writef(w, "# Target %s, version %s: ", target, flowrules_output_fingerprint(out));
    if (flowrules_plan_permits(plan))
        flowrules_writef(w, "%s.\n", manifest->permits);
    else
        flowrules_writef(w, "what no policy allows the protected pods is denied%s.\n",
                         manifest->proviso);
    flowrules_write_shuts(w, out, "# ", "\n");
    flowrules_writef(w,
                     "# Try with:  kubectl diff -f %s.yaml\n"
                     "# Load with: kubectl apply -f %s.yaml --prune \\\n",
                     target, target);
    write_own_labels(w, out);
    flowrules_writef(w,
                     " \\\n#     --prune-allowlist=%s/%s\n"
                     "#   It replaces what an earlier version left in these namespaces, and can "
                     "be repeated.\n"
                     "# Undo with: kubectl delete %s --all-namespaces \\\n",
                     manifest->api, manifest->kind, manifest->plural);
    write_own_labels(w, out);
    flowrules_write(w, "\n# Ports are the pods' own: a Service's are translated before policies "
                       "see them.\n");
}

/* ---- metadata ------------------------------------------------------------------------------ */

/*
 * kubectl apply keeps a copy of each object, as JSON, in an annotation of it: all annotations have
 * 262,144 bytes at most. The JSON has less than three quarters of our bytes.
 */
static void weigh_last(flowrules_output *out, const flowrules_writer *w) {
    size_t size = (fr_writer_size(w) - out->manifest.start) / 4 * 3;
    if (out->manifest.name != NULL && size > FLOWRULES_MANIFEST_BYTES)
        flowrules_output_refuse(
            out,
            "the manifest of '%s' would have about %zu bytes, but kubectl apply takes at most %d "
            "for an object: use larger prefixes, or several flows",
            out->manifest.name, size, FLOWRULES_MANIFEST_BYTES);
}

/* word: what stands between the instance and the name. */
static void open_manifest(flowrules_writer *w, flowrules_output *out,
                          const struct flowrules_manifest *manifest, const char *word,
                          const char *name, const char *network) {
    weigh_last(out, w);
    out->manifest.start = fr_writer_size(w);
    out->manifest.name = name;
    flowrules_writef(w, "---\napiVersion: %s\nkind: %s\nmetadata:\n  name: \"", manifest->api,
                     manifest->kind);
    flowrules_write_user(w, &flowrules_yaml_quoted, instance(out));
    flowrules_write(w, word);
    flowrules_write_user(w, &flowrules_yaml_quoted, name);
    flowrules_write(w, "\"\n  namespace: ");
    flowrules_yaml_write(w, flowrules_pods_namespace(flowrules_output_plan(out), network));
    flowrules_write(w, "\n  labels:\n    app.kubernetes.io/managed-by: flowrules\n"
                       "    app.kubernetes.io/instance: ");
    flowrules_yaml_write(w, instance(out));
    flowrules_write(w, "\n  annotations:\n");
}

static void annotate(flowrules_writer *w, const char *key, const char *user_text) {
    if (user_text == NULL)
        return;
    flowrules_writef(w, "    flowrules/%s: ", key);
    flowrules_yaml_write(w, user_text);
    flowrules_write(w, "\n");
}

static void annotate_flows(flowrules_writer *w, const flowrules_output *out,
                           flowrules_flows flows) {
    flowrules_write(w, "    flowrules/flows: \"");
    flowrules_writer_origin(w, flows);
    flowrules_write_flows(w, out, &flowrules_yaml_quoted, flows);
    flowrules_write(w, "\"\n");
    if (flowrules_flows_count(out, flows) > 1)
        return;
    annotate(w, "purpose", flowrules_flows_purpose(out, flows, 0));
    annotate(w, "owner", flowrules_flows_owner(out, flows, 0));
    annotate(w, "ticket", flowrules_flows_ticket(out, flows, 0));
    annotate(w, "expires", flowrules_flows_expires(out, flows, 0));
}

static void write_selector(flowrules_writer *w, const flowrules_plan *plan,
                           const struct flowrules_manifest *manifest, const char *network) {
    bool labels = flowrules_binding_label(plan, network, "pods", 0) != NULL;
    bool expressions = flowrules_binding_value(plan, network, "pods-where", 0) != NULL;
    flowrules_writef(w, "spec:\n  %s:%s", manifest->selector,
                     labels || expressions ? "\n" : " {} # every pod of the namespace\n");
    if (labels)
        flowrules_write(w, "    matchLabels:\n");
    flowrules_yaml_labels(w, plan, network, "pods", "      ", manifest->label_prefix);
    if (expressions)
        flowrules_write(w, "    matchExpressions:\n");
    flowrules_yaml_expressions(w, plan, network, "pods-where", "      ", manifest->label_prefix);
}

/* The names of flows' policies have no dot; those of networks have one. */
void flowrules_manifest_of_flows(flowrules_writer *w, flowrules_output *out,
                                 const struct flowrules_manifest *manifest,
                                 const struct flowrules_rule *rule) {
    const char *network = flowrules_set_atom(flowrules_rule_protected(rule), 0).name;
    open_manifest(w, out, manifest, "-", rule->name, network);
    annotate_flows(w, out, rule->flows);
    write_selector(w, flowrules_output_plan(out), manifest, network);
}

/* Up to its annotations. A network whose name is no label goes by its place: networks begin with a
 * letter. */
static void open_of_network(flowrules_writer *w, flowrules_output *out,
                            const struct flowrules_manifest *manifest, const char *word,
                            size_t index) {
    const char *network =
        flowrules_set_atom(flowrules_plan_protects(flowrules_output_plan(out)), index).name;
    char place[24], *digit = place + sizeof place - 1;
    *digit = '\0';
    for (size_t n = index + 1; n > 0; n /= 10)
        *--digit = (char)('0' + n % 10);
    open_manifest(w, out, manifest, word, is_label(network) ? network : digit, network);
    out->manifest.name = network;
    annotate(w, "network", network);
    annotate(w, "version", flowrules_output_fingerprint(out));
}

void flowrules_manifest_of_network(flowrules_writer *w, flowrules_output *out,
                                   const struct flowrules_manifest *manifest, const char *word,
                                   size_t index) {
    open_of_network(w, out, manifest, word, index);
    write_selector(w, flowrules_output_plan(out), manifest, out->manifest.name);
}

void flowrules_manifest_of_rules(flowrules_writer *w, flowrules_output *out,
                                 const struct flowrules_manifest *manifest, const char *word,
                                 size_t index, flowrules_writer *names,
                                 const flowrules_flows *only) {
    open_of_network(w, out, manifest, word, index);
    if (only != NULL) {
        annotate_flows(w, out, *only);
        fr_writer_empty(names); /* the next manifest's are not behind them */
    } else {
        flowrules_write(w, "    flowrules/rules: \"");
        flowrules_write_part(w, names);
        flowrules_write(w, "\"\n");
    }
    write_selector(w, flowrules_output_plan(out), manifest, out->manifest.name);
    if (only != NULL) /* which one to make smaller */
        out->manifest.name = flowrules_flows_name(out, *only, 0);
}

void flowrules_manifest_end(flowrules_writer *w, flowrules_output *out) {
    weigh_last(out, w);
    out->manifest.name = NULL;
}
