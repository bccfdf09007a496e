/*
 * The backends: the built-in list, and the checking of settings against their tables.
 */
#include "registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "requirements.h"

#define FLOWRULES_BACKEND(symbol) extern const struct flowrules_backend flowrules_backend_##symbol;
#include "../../backends/backends.def"
#undef FLOWRULES_BACKEND

static const struct flowrules_backend *const built_in[] = {
#define FLOWRULES_BACKEND(symbol) &flowrules_backend_##symbol,
#include "../../backends/backends.def"
#undef FLOWRULES_BACKEND
};

bool fr_registry_add(flowrules_context *context, const struct flowrules_backend *backend) {
    const struct flowrules_backend **slot = fr_vec_push(&context->backends);
    if (slot == NULL)
        return false;
    *slot = backend;
    if (fr_describe(context, backend))
        return true;
    context->backends.count--;
    return false;
}

bool fr_registry_add_all(flowrules_context *context) {
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++)
        if (!fr_registry_add(context, built_in[i]))
            return false;
    return true;
}

static const struct flowrules_backend *backend_at(const flowrules_context *context, size_t i) {
    if (i >= context->backends.count)
        return NULL;
    return *fr_vec_at(&context->backends, const struct flowrules_backend *, i);
}

const struct flowrules_backend *fr_registry_find(const flowrules_context *context,
                                                 const char *name) {
    for (size_t i = 0; i < context->backends.count; i++)
        if (strcmp(backend_at(context, i)->name, name) == 0)
            return backend_at(context, i);
    return NULL;
}

const char *fr_registry_candidate(const void *user, size_t i) {
    const struct flowrules_backend *backend = backend_at(user, i);
    return backend == NULL ? NULL : backend->name;
}

const struct flowrules_format *fr_format_find(const struct flowrules_backend *backend,
                                              const char *name) {
    for (const struct flowrules_format *f = backend->formats; f->name != NULL; f++)
        if (name == NULL || strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

void fr_format_list(const struct flowrules_backend *backend, char list[160]) {
    list[0] = '\0';
    for (const struct flowrules_format *f = backend->formats; f->name != NULL; f++) {
        strncat(list, list[0] == '\0' ? "one of: " : ", ", 159 - strlen(list));
        strncat(list, f->name, 159 - strlen(list));
    }
}

/* ---- settings ------------------------------------------------------------------------------ */

static const struct flowrules_setting *find(const struct flowrules_setting *list, const char *key) {
    for (const struct flowrules_setting *s = list; s != NULL && s->key != NULL; s++)
        if (strcmp(s->key, key) == 0)
            return s;
    return NULL;
}

const struct flowrules_setting *fr_setting_find(const struct flowrules_backend *backend,
                                                const char *key) {
    return find(backend->settings, key);
}

bool fr_setting_is_idle(const struct flowrules_setting *setting, bool permits) {
    return permits ? setting->whole_alone : setting->permits_alone;
}

const struct flowrules_setting *fr_binding_find(const struct flowrules_backend *backend,
                                                const char *key) {
    return backend == NULL ? NULL : find(backend->bindings, key);
}

const char *fr_target_key(size_t i) {
    static const char *const common[] = {"protects", "select",   "direction", "names",
                                         "log",      "baseline", "optimize",  "allow-loss",
                                         "backend",  "format",   "shuts"};
    return i < sizeof common / sizeof common[0] ? common[i] : NULL;
}

const char *fr_setting_candidate(const void *user, size_t i) {
    const struct flowrules_backend *backend = user;
    size_t count = 0;
    while (fr_target_key(count) != NULL)
        count++;
    if (i < count)
        return fr_target_key(i);
    return backend->settings == NULL ? NULL : backend->settings[i - count].key;
}

const char *fr_binding_candidate(const void *user, size_t i) {
    const struct flowrules_backend *backend = user;
    return backend->bindings[i].key;
}

static bool check_integer(const char *range, const char *value, char form[160]) {
    char *end;
    long long low = strtoll(range, &end, 10), high = strtoll(end, NULL, 10);
    snprintf(form, 160, "a number from %lld to %lld", low, high);
    errno = 0;
    long long number = strtoll(value, &end, 10);
    bool digits = (value[0] >= '0' && value[0] <= '9') || value[0] == '-';
    return errno == 0 && digits && *end == '\0' && number >= low && number <= high;
}

static bool check_choice(const char *words, const char *value, char form[160]) {
    size_t length = strlen(value);
    size_t used = (size_t)snprintf(form, 160, "one of: ");
    for (const char *at = words; *at != '\0' && used < 158; at++) {
        form[used++] = *at == '|' ? ',' : *at;
        if (*at == '|')
            form[used++] = ' ';
    }
    form[used] = '\0';
    for (const char *word = words; *word != '\0'; word += *word == '|') {
        size_t end = strcspn(word, "|");
        if (end == length && memcmp(word, value, end) == 0)
            return true;
        word += end;
    }
    return false;
}

static bool check_name(const char *range, const char *value, char form[160]) {
    (void)range;
    snprintf(form, 160,
             "a name of letters, digits, '_', '-' that begins with a letter, "
             "of at most 63");
    bool first = (value[0] >= 'a' && value[0] <= 'z') || (value[0] >= 'A' && value[0] <= 'Z') ||
                 value[0] == '_';
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return first && strlen(value) <= 63 && value[strspn(value, allowed)] == '\0';
}

static bool check_boolean(const char *range, const char *value, char form[160]) {
    (void)range;
    snprintf(form, 160, "true or false");
    return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
}

static bool check_text(const char *range, const char *value, char form[160]) {
    (void)range;
    snprintf(form, 160, "a text of one line, at most 255 bytes");
    for (const char *c = value; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return strlen(value) <= 255;
}

static bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters, digits and some others between them: labels of Kubernetes and parts of names. */
static bool is_label(const char *text, size_t length, const char *between) {
    if (length == 0 || length > 63 || !is_letter_or_digit(text[0]) ||
        !is_letter_or_digit(text[length - 1]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_letter_or_digit(text[i]) && strchr(between, text[i]) == NULL)
            return false;
    return true;
}

static bool has_capitals(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            return true;
    return false;
}

/* RFC 1123, as the API server checks it: apimachinery pkg/util/validation, IsDNS1123Label. */
static bool check_namespace(const char *range, const char *value, char form[160]) {
    (void)range;
    size_t length = strlen(value);
    snprintf(form, 160, "a namespace: lower-case letters, digits and '-', at most 63; or any");
    return is_label(value, length, "-") && !has_capitals(value, length);
}

/* The same, IsValidLabelValue. */
static bool check_label_value(const char *range, const char *value, char form[160]) {
    (void)range;
    snprintf(
        form, 160,
        "labels of Kubernetes (values: letters, digits, '-', '_' and '.', at most 63), or any");
    return fr_is_label_value(value, strlen(value));
}

bool fr_is_label_value(const char *value, size_t length) {
    return length == 0 || is_label(value, length, "-_.");
}

static bool check_requirement(const char *range, const char *value, char form[160]) {
    (void)range;
    return fr_requirement_check(value, form);
}

static bool check_port(const char *range, const char *value, char form[160]) {
    (void)range;
    bool good = check_integer("1 65535", value, form);
    snprintf(form, 160, "ports of a Service with the pods' own, such as {53: 5353}");
    return good;
}

static const struct {
    const char *type;
    bool (*check)(const char *range, const char *value, char form[160]);
} types[] = {
    {"integer ", check_integer},    {"choice ", check_choice},
    {"namespace", check_namespace}, {"name", check_name},
    {"boolean", check_boolean},     {"text", check_text},
    {"labels", check_text},         {"selector", check_label_value},
    {"ports", check_port},          {"requirements", check_requirement},
};

bool fr_setting_is_list(const struct flowrules_setting *setting) {
    return strncmp(setting->type, "list ", 5) == 0 || strcmp(setting->type, "requirements") == 0;
}

bool fr_setting_is_mapping(const struct flowrules_setting *setting, const char *value) {
    if (strcmp(setting->type, "selector") == 0)
        return strcmp(value, "any") != 0;
    return strcmp(setting->type, "labels") == 0 || strcmp(setting->type, "ports") == 0;
}

/* A prefix that is a DNS name and a '/', both optional, and a name: IsQualifiedName. */
bool fr_is_label_name(const char *text, size_t length) {
    const char *slash = memchr(text, '/', length);
    const char *name = slash == NULL ? text : slash + 1;
    for (const char *part = text; slash != NULL && part <= slash;) {
        size_t size = strcspn(part, "./");
        if (!is_label(part, size, "-") || has_capitals(part, size))
            return false;
        part += size + 1;
    }
    return (slash == NULL || slash - text <= 253) &&
           is_label(name, length - (size_t)(name - text), "-_.");
}

bool fr_label_check(const struct flowrules_setting *setting, const char *label, char form[160]) {
    if (strcmp(setting->type, "ports") == 0)
        return check_port(NULL, label, form);
    snprintf(form, 160, "labels of Kubernetes, such as app.kubernetes.io/name: web");
    return strcmp(setting->type, "selector") != 0 || fr_is_label_name(label, strlen(label));
}

/* The rest of a type behind the word that type number i begins with, or NULL. */
static const char *type_rest(const char *type, size_t i) {
    size_t length = strlen(types[i].type);
    return strncmp(type, types[i].type, length) == 0 ? type + length : NULL;
}

static const char *type_of_items(const char *type) {
    static const char list[] = "list ";
    return strncmp(type, list, sizeof list - 1) == 0 ? type + sizeof list - 1 : type;
}

/* "MIN MAX" of an integer's type. */
static bool is_span(const char *text) {
    char *middle, *end;
    long long low = strtoll(text, &middle, 10), high = strtoll(middle, &end, 10);
    return middle != text && end != middle && *end == '\0' && low <= high;
}

bool fr_setting_type_is_known(const char *type) {
    type = type_of_items(type);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const char *rest = type_rest(type, i);
        if (rest == NULL)
            continue;
        if (types[i].check == check_integer)
            return is_span(rest);
        return types[i].check == check_choice ? rest[0] != '\0' : rest[0] == '\0';
    }
    return false;
}

bool fr_setting_check(const struct flowrules_setting *setting, const char *value, char form[160]) {
    const char *type = type_of_items(setting->type);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const char *rest = type_rest(type, i);
        if (rest != NULL)
            return types[i].check(rest, value, form);
    }
    snprintf(form, 160, "a value of the type '%s', which this version does not know",
             setting->type);
    return false;
}

/* ---- what a backend tells of itself -------------------------------------------------------- */

size_t flowrules_backend_count(const flowrules_context *context) {
    return context->backends.count;
}

const char *flowrules_backend_name(const flowrules_context *context, size_t backend) {
    const struct flowrules_backend *b = backend_at(context, backend);
    return b == NULL ? NULL : b->name;
}

const char *flowrules_backend_title(const flowrules_context *context, size_t backend) {
    const struct flowrules_backend *b = backend_at(context, backend);
    return b == NULL ? NULL : b->title;
}

const char *flowrules_backend_description(const flowrules_context *context, size_t backend) {
    const struct flowrules_backend *b = backend_at(context, backend);
    return b == NULL ? NULL : b->description;
}

/* ---- the parts of a baseline --------------------------------------------------------------- */

const char *const fr_baseline_words[] = {"replies", "loopback", "neighbour", "listener", "path-mtu",
                                         "invalid", "probes",   "dns",       NULL};

void fr_baseline_list(unsigned parts, char *text, size_t size) {
    text[0] = '\0';
    for (size_t i = 0; fr_baseline_words[i] != NULL; i++) {
        size_t used = strlen(text);
        if ((parts & (1u << i)) != 0)
            snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", fr_baseline_words[i]);
    }
}
