/*
 * Writes the probes of a policy: the script lib/use/probe.sh with the flows, the Pod that runs it,
 * the list as JSON. Knows no sets of a policy.
 */
#include <stdio.h>
#include <string.h>

#include "flowrules/kits/flows.h"
#include "flowrules/kits/templates.h"
#include "json.h"
#include "label_names.h"
#include "probe.h"
#include "requirements.h"

static const struct flowrules_piece script[] = {
#include "probe.sh.inc"
};

/* A ConfigMap holds at most 1 MiB (kubernetes.io/docs/concepts/configuration/configmap). */
#define CONFIGMAP_MOST ((size_t)1024 * 1024)

/*
 * Shells walk the commands of a function recursively: dash 0.5.12 overflows its stack where there
 * are some ten thousands of them.
 */
#define FUNCTION_MOST 5000u

/* Inside double quotes, these four are special to a shell (POSIX.1-2017, XCU 2.2.3). */
static const struct flowrules_escape shell_quoted = {
    .keep = " !#%&'()*+,-./:;<=>?@[]^_{|}~",
    .escape = "\"$`\\",
    .before = '\\',
    .replace = '?',
    .utf8 = true,
    .max_bytes = 1024,
};

static const struct flowrules_escape comment = {
    .keep = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    .replace = '?',
    .utf8 = true,
    .max_bytes = 200,
};

/* ---- the script ------------------------------------------------------------------------------ */

/* Is it a word that no shell takes for anything else? */
static bool is_plain_word(const char *text) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "._:/-";
    return text[0] != '\0' && text[strspn(text, plain)] == '\0';
}

static void write_word(struct flowrules_writer *w, const char *text) {
    if (is_plain_word(text)) {
        flowrules_write(w, text);
        return;
    }
    flowrules_write(w, "\"");
    flowrules_write_user(w, &shell_quoted, text);
    flowrules_write(w, "\"");
}

static void write_step(struct flowrules_writer *w, const struct fr_step *step) {
    static const char *const words[] = {
        [FR_STEP_TCP] = "try_tcp ",         [FR_STEP_TLS] = "try_tls ",
        [FR_STEP_DNS_UDP] = "try_dns udp ", [FR_STEP_DNS_TCP] = "try_dns tcp ",
        [FR_STEP_NTP] = "try_ntp ",         [FR_STEP_PING4] = "try_ping 4 ",
        [FR_STEP_PING6] = "try_ping 6 ",    [FR_STEP_NONE] = "not_tried ",
    };
    flowrules_writef(w, "    %s", words[step->kind]);
    write_word(w, step->what);
    if (step->kind == FR_STEP_NONE) {
        flowrules_write(w, " ");
        write_word(w, step->why);
    } else if (step->kind != FR_STEP_PING4 && step->kind != FR_STEP_PING6) {
        flowrules_writef(w, " %u", step->port);
    }
    flowrules_write(w, "\n");
}

static const struct fr_step *step_at(const struct flowrules_probe *probe,
                                     const struct fr_probed_flow *flow, uint32_t index) {
    return fr_vec_at(&probe->steps, struct fr_step, flow->steps.first + index);
}

/* What a flow is for, in a comment; its name where it is called. */
static void write_flow(struct flowrules_writer *w, const struct flowrules_probe *probe,
                       const struct fr_probed_flow *probed) {
    if (probed->about != NULL) {
        flowrules_write(w, "    # ");
        flowrules_write_user(w, &comment, probed->about);
        flowrules_write(w, "\n");
    }
    if (probed->kind == NULL)
        flowrules_writer_origin(w, (flowrules_flows){probed->flow, false});
    flowrules_write(w, probed->deny ? "    denied_flow " : "    flow ");
    write_word(w, probed->name);
    flowrules_write(w, "\n");
    for (uint32_t i = 0; i < probed->steps.count; i++)
        write_step(w, step_at(probe, probed, i));
}

/* What the test is of. */
static void write_head(struct flowrules_writer *w, const struct flowrules_probe *probe) {
    const char *title = FR_POLICY_TEXT(probe->policy, probe->policy->title);
    flowrules_write(w, probe->asserted
                           ? "# Does what can be reached from here keep to the assertions of this "
                             "policy?  "
                           : "# Can the flows of this policy be used from here?  ");
    flowrules_write_user(w, &comment, title != NULL ? title : "(it has no title)");
    flowrules_writef(w, "\n# It tries %zu ", probe->flows.count);
    if (probe->asserted)
        flowrules_write(w, "assertions (of a matrix, each zone is one)");
    else
        flowrules_writef(w, "of the %zu flows", probe->policy->flows.count);
    if (probe->from != NULL) {
        flowrules_write(w, ", those from ");
        flowrules_write_user(w, &comment, probe->from);
    }
    if (probe->target != NULL) {
        flowrules_write(w, ", those that the target ");
        flowrules_write_user(w, &comment, probe->target);
        flowrules_write(w, " lets out");
    }
    flowrules_write(w, ".\n");
}

/* All flows, or assertions, as the body of a function that calls the next one where there are very
 * many. */
static void write_flows(struct flowrules_writer *w, const struct flowrules_probe *probe) {
    size_t functions = 1, steps = 0;
    if (probe->asserted)
        flowrules_write(w, "    counted=assertions\n");
    for (size_t f = 0; f < probe->flows.count; f++) {
        const struct fr_probed_flow *flow = fr_vec_at(&probe->flows, struct fr_probed_flow, f);
        steps += flow->steps.count + 1;
        if (f > 0)
            flowrules_write(w, "\n");
        if (steps > FUNCTION_MOST) {
            functions++;
            steps = flow->steps.count + 1;
            flowrules_writef(w, "    flows_%zu\n}\n\nflows_%zu() {\n", functions, functions);
        }
        write_flow(w, probe, flow);
    }
}

void fr_probe_write_script(struct flowrules_writer *w, const struct flowrules_probe *probe) {
    const struct flowrules_piece *rest = flowrules_write_template(w, script, NULL, "HEAD");
    write_head(w, probe);
    rest = flowrules_write_template(w, rest, NULL, "FLOWS");
    write_flows(w, probe);
    flowrules_write_template(w, rest, NULL, NULL);
}

/* ---- the manifest ---------------------------------------------------------------------------- */

/* The value of a key of the network's binding, or NULL. */
static const char *binding_text(const struct flowrules_probe *probe, const char *key) {
    const struct fr_binding *binding = fr_probe_pods(probe);
    for (uint32_t i = 0; binding != NULL && i < binding->values.count; i++) {
        const struct fr_binding_value *v = fr_vec_at(
            &probe->policy->binding_values, struct fr_binding_value, binding->values.first + i);
        if (strcmp(FR_POLICY_TEXT(probe->policy, v->key), key) == 0)
            return FR_POLICY_TEXT(probe->policy, v->value);
    }
    return NULL;
}

static const char *namespace_of(const struct flowrules_probe *probe) {
    const char *bound = binding_text(probe, "namespace");
    if (probe->namespace_name != NULL)
        return probe->namespace_name;
    return bound != NULL && strcmp(bound, "any") != 0 ? bound : NULL;
}

static void write_label(struct flowrules_writer *w, const char *key, const char *value) {
    flowrules_write(w, "    ");
    flowrules_yaml_write(w, key);
    flowrules_write(w, ": ");
    flowrules_yaml_write(w, value);
    flowrules_write(w, "\n");
}

static bool is_overridden(const struct flowrules_probe *probe, const char *key) {
    size_t length = strlen(key);
    for (size_t i = 0; i < probe->labels.count; i++) {
        const char *own = *fr_vec_at(&probe->labels, const char *, i);
        if (strncmp(own, key, length) == 0 && own[length] == '=')
            return true;
    }
    return false;
}

/* What the network asks of its pods' labels. */
static flowrules_status list_requirements(const struct flowrules_probe *probe,
                                          struct fr_vec *list) {
    const struct fr_binding *binding = fr_probe_pods(probe);
    struct fr_requirement r;
    fr_vec_init(list, &probe->context->allocator, sizeof r);
    for (uint32_t i = 0; binding != NULL && i < binding->values.count; i++) {
        const struct fr_binding_value *v = fr_vec_at(
            &probe->policy->binding_values, struct fr_binding_value, binding->values.first + i);
        const char *label = v->label == 0 ? NULL : FR_POLICY_TEXT(probe->policy, v->label);
        if (fr_requirement_of(FR_POLICY_TEXT(probe->policy, v->key), label,
                              FR_POLICY_TEXT(probe->policy, v->value), &r) &&
            r.of == FR_OF_PODS && !fr_requirement_push(list, &r))
            return fr_no_memory(probe->context);
    }
    return FLOWRULES_OK;
}

static bool is_first_of_label(const struct fr_requirement *all, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (fr_requirement_same_label(&all[k], &all[i]))
            return false;
    return true;
}

static void open_labels(struct flowrules_writer *w, bool *opened) {
    flowrules_write(w, *opened ? "" : "  labels:\n");
    *opened = true;
}

/* The labels by which policies select the pods of the network. */
static flowrules_status write_own_labels(struct flowrules_writer *w,
                                         const struct flowrules_probe *probe, bool *opened) {
    char label[FR_LABEL_NAME_MAX + 1], text[FR_LABEL_NAME_MAX + 1];
    struct fr_vec list;
    const char *value;
    size_t length;
    flowrules_status status = list_requirements(probe, &list);
    const struct fr_requirement *all = list.items;
    for (size_t i = 0; status == FLOWRULES_OK && i < list.count; i++) {
        if (!is_first_of_label(all, i) ||
            !fr_requirements_example(all, list.count, &all[i], &value, &length))
            continue;
        snprintf(label, sizeof label, "%.*s", (int)all[i].label_length, all[i].label);
        snprintf(text, sizeof text, "%.*s", (int)length, value);
        if (is_overridden(probe, label))
            continue;
        open_labels(w, opened);
        write_label(w, label, text);
    }
    fr_vec_free(&list);
    return status;
}

/* Those, then the labels that were given. */
static flowrules_status write_labels(struct flowrules_writer *w,
                                     const struct flowrules_probe *probe) {
    bool opened = false;
    FR_TRY(write_own_labels(w, probe, &opened));
    for (size_t i = 0; i < probe->labels.count; i++) {
        const char *own = *fr_vec_at(&probe->labels, const char *, i);
        size_t key = strcspn(own, "=");
        char *copy = fr_malloc(&probe->context->allocator, key + 1);
        if (copy == NULL)
            return fr_no_memory(probe->context);
        memcpy(copy, own, key);
        copy[key] = '\0';
        open_labels(w, &opened);
        write_label(w, copy, own + key + 1);
        fr_free(&probe->context->allocator, copy);
    }
    return FLOWRULES_OK;
}

static void write_metadata(struct flowrules_writer *w, const struct flowrules_probe *probe) {
    flowrules_writef(w, "metadata:\n  name: \"%s\"\n", probe->name);
    if (namespace_of(probe) != NULL) {
        flowrules_write(w, "  namespace: ");
        flowrules_yaml_write(w, namespace_of(probe));
        flowrules_write(w, "\n");
    }
}

/* The commands, and what to know before. */
static void write_manifest_head(struct flowrules_writer *w, const struct flowrules_probe *probe) {
    const char *namespace_name = namespace_of(probe);
    char place[80] = "";
    if (namespace_name != NULL)
        snprintf(place, sizeof place, " -n %.63s", namespace_name);
    write_head(w, probe);
    flowrules_writef(w, "#\n# Run with:  kubectl apply -f %s.yaml\n", probe->name);
    flowrules_writef(w, "# Read with: kubectl logs%s %s\n", place, probe->name);
    flowrules_writef(w, "# Status:    kubectl get pod%s %s -o \\\n", place, probe->name);
    flowrules_write(w, "#   jsonpath='{.status.containerStatuses[0].state.terminated.exitCode}'\n");
    flowrules_writef(w, "# Undo with: kubectl delete -f %s.yaml (also before it is run again)\n",
                     probe->name);
    flowrules_write(w, "#\n# The pod is under the NetworkPolicies that select its labels. It never "
                       "becomes ready (the\n# readiness gate), so that no Service that selects "
                       "them sends it anything.\n");
}

static const char pod_spec[] = "spec:\n"
                               "  restartPolicy: Never\n"
                               "  automountServiceAccountToken: false\n"
                               "  readinessGates:\n"
                               "    - conditionType: flowrules/never-ready\n"
                               "  securityContext:\n"
                               "    seccompProfile:\n"
                               "      type: RuntimeDefault\n"
                               "  containers:\n"
                               "    - name: probe\n"
                               "      command: [\"sh\", \"/flowrules/probe.sh\", \"-v\"]\n"
                               "      resources:\n"
                               "        requests: {cpu: 10m, memory: 32Mi}\n"
                               "        limits: {memory: 128Mi}\n"
                               "      securityContext:\n"
                               "        allowPrivilegeEscalation: false\n"
                               "        readOnlyRootFilesystem: true\n"
                               "        capabilities:\n"
                               "          drop: [\"ALL\"]\n"
                               "      volumeMounts:\n"
                               "        - {name: script, mountPath: /flowrules, readOnly: true}\n";

/* The script as a block scalar: its lines have no control characters, and begin in column 1. */
static flowrules_status write_indented(struct flowrules_writer *w,
                                       const struct flowrules_probe *probe) {
    struct flowrules_writer own;
    size_t size;
    fr_writer_init(&own, &probe->context->allocator, false);
    fr_probe_write_script(&own, probe);
    char *text = fr_writer_text(&own, &size);
    fr_writer_free(&own);
    if (text == NULL)
        return fr_no_memory(probe->context);
    flowrules_status status = FLOWRULES_OK;
    if (size > CONFIGMAP_MOST) {
        fr_error(&probe->context->diagnostics, FR_LIMIT, FR_NOWHERE,
                 "choose flows with flow, from or target, or fewer probes with most",
                 "the test of %zu flows has %zu bytes; a ConfigMap takes %zu", probe->flows.count,
                 size, CONFIGMAP_MOST);
        status = FLOWRULES_REFUSED;
    }
    for (const char *line = text; status == FLOWRULES_OK && *line != '\0';) {
        size_t length = strcspn(line, "\n") + 1; /* every line ends in a newline */
        if (length > 1)
            flowrules_write(w, "    ");
        fr_write_bytes(w, line, length);
        line += length;
    }
    fr_free(&probe->context->allocator, text);
    return status;
}

flowrules_status fr_probe_write_manifest(struct flowrules_writer *w,
                                         const struct flowrules_probe *probe) {
    write_manifest_head(w, probe);
    flowrules_write(w, "apiVersion: v1\nkind: ConfigMap\n");
    write_metadata(w, probe);
    flowrules_write(w, "data:\n  probe.sh: |\n");
    FR_TRY(write_indented(w, probe));
    flowrules_write(w, "---\napiVersion: v1\nkind: Pod\n");
    write_metadata(w, probe);
    FR_TRY(write_labels(w, probe));
    flowrules_write(w, pod_spec);
    flowrules_writef(w, "      image: \"%s\"\n", probe->image);
    flowrules_writef(w, "  volumes:\n    - name: script\n      configMap: {name: \"%s\"}\n",
                     probe->name);
    return FLOWRULES_OK;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static fr_json *step_json(const struct fr_step *step) {
    static const char *const words[] = {
        [FR_STEP_TCP] = "tcp",         [FR_STEP_TLS] = "tls", [FR_STEP_DNS_UDP] = "dns-udp",
        [FR_STEP_DNS_TCP] = "dns-tcp", [FR_STEP_NTP] = "ntp", [FR_STEP_PING4] = "ping4",
        [FR_STEP_PING6] = "ping6",     [FR_STEP_NONE] = NULL,
    };
    fr_json *json = fr_json_object();
    if (step->kind == FR_STEP_NONE) {
        fr_json_add_string(json, "not-tried", step->what);
        fr_json_add_string(json, "why", step->why);
        return json;
    }
    fr_json_add_string(json, "probe", words[step->kind]);
    fr_json_add_string(json, "host", step->what);
    if (step->kind != FR_STEP_PING4 && step->kind != FR_STEP_PING6)
        fr_json_add_number(json, "port", step->port);
    return json;
}

void fr_probe_write_json(struct flowrules_writer *w, const struct flowrules_probe *probe) {
    flowrules_write(w, "[");
    for (size_t f = 0; f < probe->flows.count; f++) {
        const struct fr_probed_flow *flow = fr_vec_at(&probe->flows, struct fr_probed_flow, f);
        fr_json *json = fr_json_object(), *steps = fr_json_array();
        for (uint32_t i = 0; i < flow->steps.count; i++)
            fr_json_add(steps, NULL, step_json(step_at(probe, flow, i)));
        fr_json_add_string(json, "flow", flow->name);
        fr_json_add_string(json, "action", flow->deny ? "deny" : "allow");
        if (flow->kind != NULL)
            fr_json_add_string(json, "assertion", flow->kind);
        fr_json_add(json, "probes", steps);
        flowrules_write(w, f == 0 ? "\n  " : ",\n  ");
        fr_json_write(w, json);
    }
    flowrules_write(w, probe->flows.count > 0 ? "\n]\n" : "]\n");
}
