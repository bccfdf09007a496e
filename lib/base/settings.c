/*
 * Checks the keys that a policy gives to a backend against the tables of the backend's record:
 * settings of targets, bindings of networks, their types, parts of the baseline. Knows no backend
 * by name.
 */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interfaces.h"
#include "label_names.h"
#include "requirements.h"

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
                                         "backend",  "format",   "shuts",     "places"};
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
             "a name of at most 63 letters, digits, '_' and '-' that begins with a letter");
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

static bool check_namespace(const char *range, const char *value, char form[160]) {
    (void)range;
    snprintf(form, 160, "a namespace: lower-case letters, digits and '-', at most 63; or any");
    return fr_is_namespace(value, strlen(value));
}

static bool check_label_value(const char *range, const char *value, char form[160]) {
    (void)range;
    snprintf(
        form, 160,
        "labels of Kubernetes (values: letters, digits, '-', '_' and '.', at most 63), or any");
    return fr_is_label_value(value, strlen(value));
}

static bool check_requirement(const char *range, const char *value, char form[160]) {
    (void)range;
    return fr_requirement_check(value, form);
}

static bool check_port(const char *range, const char *value, char form[160]) {
    (void)range;
    bool good = check_integer("1 65535", value, form);
    snprintf(form, 160, "ports of a Service and of its pods, such as {53: 5353}");
    return good;
}

static bool check_interface(const char *range, const char *value, char form[160]) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@";
    size_t length = strspn(value, allowed);
    bool begins = strcmp(value + length, "*") == 0 || strcmp(value + length, "+") == 0;
    (void)range;
    snprintf(form, 160,
             "a network interface, at most %u letters, digits and ._-@; or the first letters and "
             "'*'; not lo",
             FR_INTERFACE_NAME_MAX);
    return length > 0 && length <= FR_INTERFACE_NAME_MAX && (begins || value[length] == '\0') &&
           strcmp(value, "lo") != 0 && !(begins && strncmp("lo", value, length) == 0);
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
    {"interface", check_interface},
};

bool fr_setting_is_list(const struct flowrules_setting *setting) {
    return strncmp(setting->type, "list ", 5) == 0 || strcmp(setting->type, "requirements") == 0;
}

bool fr_setting_is_mapping(const struct flowrules_setting *setting, const char *value) {
    if (strcmp(setting->type, "selector") == 0)
        return strcmp(value, "any") != 0;
    return strcmp(setting->type, "labels") == 0 || strcmp(setting->type, "ports") == 0;
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
    snprintf(form, 160, "a value of the type '%s', which this version of flowrules does not have",
             setting->type);
    return false;
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
