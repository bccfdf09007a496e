/*
 * Probes of a policy's flows: options, and the file of the result. probe_choose.c decides what is
 * tried, probe_script.c writes it.
 */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

#include "render.h"

/* Of each flow so many probes are made, unless the option most says otherwise. */
#define STEPS_USUAL 16u
#define STEPS_MOST  1000u

/* ---- options --------------------------------------------------------------------------------- */

static bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* 1 to 63 letters and digits, with some other characters between them. */
static bool is_label(const char *text, size_t length, const char *between) {
    for (size_t i = 0; i < length; i++)
        if (!is_alphanumeric(text[i]) &&
            (i == 0 || i + 1 == length || strchr(between, text[i]) == NULL))
            return false;
    return length > 0 && length <= 63;
}

/* A label of RFC 1123, in small letters: what Kubernetes calls pods and namespaces. */
static bool is_object_name(const char *text) {
    for (const char *c = text; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            return false;
    return is_label(text, strlen(text), "-");
}

/* A label of Kubernetes: [PREFIX/]KEY=VALUE, where the value may be empty. */
static bool is_kubernetes_label(const char *text) {
    size_t key = strcspn(text, "="), slash = strcspn(text, "/=");
    const char *name = text[slash] == '/' ? text + slash + 1 : text;
    if (text[key] != '=')
        return false;
    for (size_t i = 0; name != text && i < slash; i++)
        if (!is_alphanumeric(text[i]) && strchr("-.", text[i]) == NULL)
            return false;
    const char *value = text + key + 1;
    return slash != 0 && slash <= FR_FQDN_MAX &&
           is_label(name, (size_t)(text + key - name), "-_.") &&
           (*value == '\0' || is_label(value, strlen(value), "-_."));
}

/* What a container image may be called: no spaces, nothing of a shell's or of YAML's. */
static bool is_image(const char *text) {
    for (const char *c = text; *c != '\0'; c++)
        if (!is_alphanumeric(*c) && strchr("-._:/@+", *c) == NULL)
            return false;
    return is_alphanumeric(text[0]) && strlen(text) <= 255;
}

static bool set_text(struct flowrules_probe *probe, const char **slot, const char *value,
                     const char *fallback) {
    *slot = value == NULL ? fallback : fr_arena_text(&probe->arena, value, strlen(value));
    return value == NULL || *slot != NULL;
}

static bool add_text(struct flowrules_probe *probe, struct fr_vec *list, const char *value) {
    if (value == NULL) {
        list->count = 0;
        return true;
    }
    const char *copy = fr_arena_text(&probe->arena, value, strlen(value));
    const char **slot = copy == NULL ? NULL : fr_vec_push(list);
    if (slot != NULL)
        *slot = copy;
    return slot != NULL;
}

static bool read_most(const char *text, uint32_t *most) {
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    bool good = text[0] >= '1' && text[0] <= '9' && *end == '\0' && number <= STEPS_MOST;
    if (good)
        *most = (uint32_t)number;
    return good;
}

static bool read_format(const char *text, enum fr_probe_format *format) {
    static const char *const names[] = {
        [FR_PROBE_SH] = "sh", [FR_PROBE_KUBERNETES] = "kubernetes", [FR_PROBE_JSON] = "json"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], text) == 0) {
            *format = (enum fr_probe_format)i;
            return true;
        }
    return false;
}

/* How a call of one of the next functions ended. */
enum outcome { TAKEN, NOT_TAKEN, NO_MEMORY };

static enum outcome kept(bool good) {
    return good ? TAKEN : NO_MEMORY;
}

static enum outcome set_from(struct flowrules_probe *p, const char *value) {
    return kept(set_text(p, &p->from, value, NULL));
}

static enum outcome set_target(struct flowrules_probe *p, const char *value) {
    return kept(set_text(p, &p->target, value, NULL));
}

static enum outcome set_flow(struct flowrules_probe *p, const char *value) {
    return kept(add_text(p, &p->only, value));
}

static enum outcome set_try(struct flowrules_probe *p, const char *value) {
    return kept(add_text(p, &p->tries, value));
}

static enum outcome set_most(struct flowrules_probe *p, const char *value) {
    p->most = STEPS_USUAL;
    return value == NULL || read_most(value, &p->most) ? TAKEN : NOT_TAKEN;
}

static enum outcome set_format(struct flowrules_probe *p, const char *value) {
    p->format = FR_PROBE_SH;
    return value == NULL || read_format(value, &p->format) ? TAKEN : NOT_TAKEN;
}

static enum outcome set_name(struct flowrules_probe *p, const char *value) {
    if (value != NULL && !is_object_name(value))
        return NOT_TAKEN;
    return kept(set_text(p, &p->name, value, FR_PROBE_NAME));
}

static enum outcome set_namespace(struct flowrules_probe *p, const char *value) {
    if (value != NULL && !is_object_name(value))
        return NOT_TAKEN;
    return kept(set_text(p, &p->namespace_name, value, NULL));
}

static enum outcome set_label(struct flowrules_probe *p, const char *value) {
    if (value != NULL && !is_kubernetes_label(value))
        return NOT_TAKEN;
    return kept(add_text(p, &p->labels, value));
}

static enum outcome set_image(struct flowrules_probe *p, const char *value) {
    if (value != NULL && !is_image(value))
        return NOT_TAKEN;
    return kept(set_text(p, &p->image, value, FR_PROBE_IMAGE));
}

static enum outcome set_assertions(struct flowrules_probe *p, const char *value) {
    p->asserted = value != NULL && strcmp(value, "yes") == 0;
    return value == NULL || p->asserted || strcmp(value, "no") == 0 ? TAKEN : NOT_TAKEN;
}

static const struct {
    const char *key, *form;
    enum outcome (*set)(struct flowrules_probe *probe, const char *value);
} options[] = {
    {"from", "", set_from},
    {"target", "", set_target},
    {"flow", "", set_flow},
    {"assertions", "yes or no", set_assertions},
    {"try", "", set_try},
    {"most", "a number of probes, 1-1000", set_most},
    {"format", "sh, kubernetes or json", set_format},
    {"name", "lower-case letters, digits and '-' between them, at most 63", set_name},
    {"namespace", "lower-case letters, digits and '-' between them, at most 63", set_namespace},
    {"label", "KEY=VALUE, a label of Kubernetes: app=probe, example.com/role=probe", set_label},
    {"image", "the name of a container image: docker.io/library/python:3-slim", set_image},
};

flowrules_status flowrules_probe_set(flowrules_probe *probe, const char *key, const char *value) {
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(options[i].key, key) != 0)
            continue;
        switch (options[i].set(probe, value)) {
        case TAKEN:
            return FLOWRULES_OK;
        case NOT_TAKEN:
            return fr_probe_no_value(probe->context, value, key, options[i].form);
        case NO_MEMORY:
            return fr_no_memory(probe->context);
        }
    }
    fr_error(&probe->context->diagnostics, FR_OPTION_UNKNOWN, FR_NOWHERE,
             "from, target, flow, assertions, try, most, format, name, namespace, label, image",
             "there is no option '%.255s'", key);
    return FLOWRULES_USAGE;
}

/* ---- the public face ------------------------------------------------------------------------- */

flowrules_status flowrules_probe_new(flowrules_probe **probe, flowrules_context *context,
                                     const flowrules_policy *policy) {
    flowrules_probe *p = fr_malloc(&context->allocator, sizeof *p);
    *probe = p;
    if (p == NULL)
        return fr_no_memory(context);
    memset(p, 0, sizeof *p);
    p->context = context;
    p->policy = fr_policy_hold(policy);
    p->name = FR_PROBE_NAME;
    p->image = FR_PROBE_IMAGE;
    p->most = STEPS_USUAL;
    fr_arena_init(&p->arena, &context->allocator);
    fr_vec_init(&p->only, &context->allocator, sizeof(const char *));
    fr_vec_init(&p->tries, &context->allocator, sizeof(const char *));
    fr_vec_init(&p->labels, &context->allocator, sizeof(const char *));
    fr_vec_init(&p->flows, &context->allocator, sizeof(struct fr_probed_flow));
    fr_vec_init(&p->steps, &context->allocator, sizeof(struct fr_step));
    return FLOWRULES_OK;
}

void flowrules_probe_free(flowrules_probe *probe) {
    if (probe == NULL)
        return;
    struct fr_allocator allocator = probe->context->allocator;
    struct fr_vec *all[] = {&probe->only, &probe->tries, &probe->labels, &probe->flows,
                            &probe->steps};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        fr_vec_free(all[i]);
    flowrules_policy_free(probe->policy);
    fr_arena_free(&probe->arena);
    fr_free(&allocator, probe);
}

static flowrules_status write_to(flowrules_artifact *artifact, const struct flowrules_probe *p) {
    static const char *const endings[] = {
        [FR_PROBE_SH] = ".sh", [FR_PROBE_KUBERNETES] = ".yaml", [FR_PROBE_JSON] = ".json"};
    struct fr_file *file = fr_file_new(&artifact->files, &artifact->arena, p->name,
                                       endings[p->format], p->format == FR_PROBE_SH);
    if (file == NULL)
        return fr_no_memory(p->context);
    if (p->format == FR_PROBE_SH)
        fr_probe_write_script(&file->writer, p);
    else if (p->format == FR_PROBE_JSON)
        fr_probe_write_json(&file->writer, p);
    else
        FR_TRY(fr_probe_write_manifest(&file->writer, p));
    return file->writer.failed ? fr_no_memory(p->context) : FLOWRULES_OK;
}

flowrules_status flowrules_probe_write(flowrules_artifact **artifact, flowrules_probe *probe) {
    *artifact = NULL;
    FR_TRY(fr_probe_choose(probe));
    flowrules_artifact *made =
        fr_artifact_new(probe->context, probe->policy, probe->name, "probe", "");
    if (made == NULL)
        return fr_no_memory(probe->context);
    flowrules_status status = write_to(made, probe);
    if (status == FLOWRULES_OK)
        *artifact = made;
    else
        flowrules_artifact_free(made);
    return status;
}
