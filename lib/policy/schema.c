/*
 * Writes the JSON Schema (2020-12) of the policy file from the tables of the reader: keys, choices,
 * settings and bindings of the backends. It is never stricter than the reader: every valid file
 * must pass it. It cannot check what needs the whole file, such as names that are not defined.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "policy_read.h"
#include "registry.h"
#include "settings.h"
#include "writer.h"

/*
 * The forms of values, as JSON with ' for ". A text may be what YAML takes for a number or a
 * boolean: the reader looks at what is written. Patterns hold for texts alone.
 */
static const struct {
    const char *name, *json;
} forms[] = {
    {"version", "{'enum': [1, '1']}"},
    {"text", "{'type': ['string', 'number', 'boolean']}"},
    {"flow-name", "{'type': ['string', 'number', 'boolean'], 'minLength': 1, 'maxLength': 255}"},
    {"proxy", "{'type': 'string', 'pattern': '^[^ ]+:[0-9]{1,5}$'}"},
    {"boolean", "{'type': 'boolean'}"},
    {"date", "{'type': 'string', 'pattern': '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'}"},
    {"word", "{'type': ['string', 'boolean'], 'maxLength': 63,"
             " 'pattern': '^[A-Za-z_][A-Za-z0-9_-]*$'}"},
    {"label", "{'type': ['string', 'number', 'boolean'], 'maxLength': 63,"
              " 'pattern': '^[A-Za-z0-9_][A-Za-z0-9_.-]*$'}"},
    {"end", "{'type': ['string', 'boolean'], 'pattern': '^[^ ]+$'}"},
    {"port", "{'type': ['string', 'integer'], 'minimum': 0, 'maximum': 65535,"
             " 'pattern': '^[^ ]+$'}"},
    {"icmp-type", "{'type': ['string', 'integer'], 'minimum': 0, 'maximum': 255}"},
    {"icmp-code", "{'type': ['string', 'integer'], 'minimum': 0, 'maximum': 255,"
                  " 'pattern': '^[0-9]+(-[0-9]+)?$'}"},
    {"limit", "{'anyOf': [{'const': 'none'}, {'type': 'integer', 'minimum': 0,"
              " 'maximum': 4294967294}]}"},
    {"reason", "{'type': ['string', 'number']}"},
    {"reasons", "{'type': 'object', 'patternProperties': {'^x-': true},"
                " 'additionalProperties': {'$ref': '#/$defs/reason'}}"},
    {"silences", "{'type': 'object', 'patternProperties': {'^x-': true, '^FL[0-9]{4}$':"
                 " {'$ref': '#/$defs/reason'}}, 'additionalProperties': false}"},
    {"flows", "{'type': 'array', 'minItems': 1, 'items': {'$ref': '#/$defs/flow'}}"},
    {"assertions", "{'type': 'array', 'minItems': 1, 'items': {'$ref': '#/$defs/assertion'}}"},
    {"asserted", "{'anyOf': [{'$ref': '#/$defs/ends'}, {'$ref': '#/$defs/asserted-ends'}]}"},
};

/* Lists, of which one value may stand for a list of one. */
static const struct {
    const char *name, *item;
} lists[] = {
    {"texts", "text"},           {"words", "word"},
    {"labels", "label"},         {"ends", "end"},
    {"ports", "port"},           {"protocols", "protocol"},
    {"icmp-types", "icmp-type"}, {"icmp-codes", "icmp-code"},
    {"losses", "loss"},          {"packets", "packet"},
    {"exceptions", "exception"},
};

/* ---- small trees --------------------------------------------------------------------------- */

/* JSON with ' for "; NULL when out of memory, which every call here takes for nothing to do. */
static fr_json *tree(const char *json) {
    char text[400];
    size_t length = strlen(json), where;
    if (length >= sizeof text)
        return NULL;
    for (size_t i = 0; i <= length; i++)
        text[i] = json[i] == '\'' ? '"' : json[i];
    return fr_json_parse(text, length, &where);
}

static fr_json *reference(const char *form) {
    char path[80];
    fr_json *object = fr_json_object();
    snprintf(path, sizeof path, "#/$defs/%s", form);
    fr_json_add_string(object, "$ref", path);
    return object;
}

static fr_json *one_or_list(fr_json *one, fr_json *item) {
    fr_json *object = fr_json_object(), *any = fr_json_array(),
            *list = tree("{'type': 'array', 'minItems': 1}");
    fr_json_add(list, "items", item);
    fr_json_add(any, NULL, one);
    fr_json_add(any, NULL, list);
    fr_json_add(object, "anyOf", any);
    return object;
}

/* An object that has keys of the user's own; NULL as others where memory ran out for it. */
static fr_json *open_mapping(fr_json *properties, fr_json *required, fr_json *others) {
    fr_json *object = tree("{'type': 'object'}");
    fr_json_add(object, "properties", properties);
    fr_json_add(object, "patternProperties", tree("{'^x-': true}"));
    fr_json_add(object, "additionalProperties", others);
    fr_json_add(object, "required", required);
    return object;
}

/* One that has no other keys. */
static fr_json *mapping(fr_json *properties, fr_json *required) {
    return open_mapping(properties, required, tree("false"));
}

/* ---- keys ---------------------------------------------------------------------------------- */

static fr_json *key_value(const struct fr_key *key) {
    fr_json *object;
    if (strcmp(key->form, "choice") == 0) {
        fr_json *words = fr_json_array();
        for (size_t i = 0; key->choices[i] != NULL; i++)
            fr_json_add(words, NULL, fr_json_text(key->choices[i]));
        object = fr_json_object();
        fr_json_add(object, "enum", words);
    } else {
        object = reference(key->form);
    }
    fr_json_add_string(object, "description", key->help);
    return object;
}

static void add_keys(fr_json *properties, fr_json *required, const struct fr_key *keys) {
    for (; keys->name != NULL; keys++) {
        if (keys->form == NULL)
            continue;
        fr_json_add(properties, keys->name, key_value(keys));
        if (keys->required != NULL)
            fr_json_add(required, NULL, fr_json_text(keys->name));
    }
}

static fr_json *keys_mapping(const struct fr_key *keys) {
    fr_json *properties = fr_json_object(), *required = fr_json_array();
    add_keys(properties, required, keys);
    return mapping(properties, required);
}

/* Names of the user's, each with a value of one form. */
static fr_json *names_mapping(const char *name_form, fr_json *value) {
    fr_json *object = tree("{'type': 'object', 'patternProperties': {'^x-': true}}");
    fr_json *names = fr_json_object(), *any = fr_json_array();
    fr_json_add(any, NULL, reference(name_form));
    fr_json_add(any, NULL, tree("{'pattern': '^x-'}"));
    fr_json_add(names, "anyOf", any);
    fr_json_add(object, "propertyNames", names);
    fr_json_add(object, "additionalProperties", value);
    return object;
}

/* A word or a list of words. */
static fr_json *words_value(const char *const *choices) {
    fr_json *words[2] = {fr_json_object(), fr_json_object()};
    for (size_t i = 0; i < 2; i++) {
        fr_json *list = fr_json_array();
        for (size_t k = 0; choices[k] != NULL; k++)
            fr_json_add(list, NULL, fr_json_text(choices[k]));
        fr_json_add(words[i], "enum", list);
    }
    return one_or_list(words[0], words[1]);
}

/* true, false, a part or a list of parts. */
static fr_json *baseline_value(void) {
    fr_json *object = fr_json_object(), *any = fr_json_array();
    fr_json_add(any, NULL, reference("boolean"));
    fr_json_add(any, NULL, tree("{'const': 'none'}"));
    fr_json_add(any, NULL, words_value(fr_baseline_words));
    fr_json_add(object, "anyOf", any);
    return object;
}

static fr_json *select_value(void) {
    fr_json *object = fr_json_object(), *any = fr_json_array();
    fr_json_add(any, NULL, tree("{'const': 'none'}"));
    fr_json_add(any, NULL, keys_mapping(fr_select_keys));
    fr_json_add(object, "anyOf", any);
    return object;
}

static fr_json *words_or_none(const char *const *words) {
    fr_json *object = fr_json_object(), *any = fr_json_array();
    fr_json_add(any, NULL, tree("{'const': 'none'}"));
    fr_json_add(any, NULL, words_value(words));
    fr_json_add(object, "anyOf", any);
    return object;
}

/* What a policy says under lint: its keys, and findings, each with a reason or several. */
static fr_json *lint_value(void) {
    fr_json *properties = fr_json_object(), *object = tree("{'type': 'object'}");
    fr_json *patterns = tree("{'^x-': true, '^FL[0-9]{4}$': {'anyOf': [{'$ref': '#/$defs/reason'},"
                             " {'$ref': '#/$defs/reasons'}]}}");
    add_keys(properties, NULL, fr_lint_keys);
    fr_json_add(object, "properties", properties);
    fr_json_add(object, "patternProperties", patterns);
    fr_json_add(object, "additionalProperties", tree("false"));
    return object;
}

/* ---- settings and bindings ----------------------------------------------------------------- */

static fr_json *choice_value(const char *words) {
    fr_json *object = fr_json_object(), *list = fr_json_array();
    while (*words != '\0') {
        char word[80];
        size_t length = strcspn(words, "|");
        snprintf(word, sizeof word, "%.*s", (int)length, words);
        fr_json_add(list, NULL, fr_json_text(word));
        words += length + (words[length] == '|');
    }
    fr_json_add(object, "enum", list);
    return object;
}

static fr_json *integer_value(const char *range) {
    char *end;
    double low = (double)strtoll(range, &end, 10), high = (double)strtoll(end, NULL, 10);
    fr_json *object = tree("{'type': ['integer', 'string'], 'pattern': '^-?[0-9]+$'}");
    fr_json_add_number(object, "minimum", low);
    fr_json_add_number(object, "maximum", high);
    return object;
}

/* The types of values that have no range: what fr_setting_check takes. */
static const struct {
    const char *type, *json;
} values[] = {
    {"namespace",
     "{'type': ['string', 'number', 'boolean'], 'pattern': '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',"
     " 'maxLength': 63}"},
    {"name",
     "{'type': ['string', 'boolean'], 'pattern': '^[A-Za-z_][A-Za-z0-9_-]*$', 'maxLength': 63}"},
    {"boolean", "{'enum': [true, false, 'true', 'false']}"},
    {"text", "{'type': ['string', 'number', 'boolean'], 'maxLength': 255}"},
    {"labels", "{'type': 'object', 'additionalProperties': {'$ref': '#/$defs/text'}}"},
    {"selector", "{'anyOf': [{'const': 'any'}, {'type': 'object', 'additionalProperties':"
                 " {'$ref': '#/$defs/text'}}]}"},
    {"requirements", "{'$ref': '#/$defs/text'}"},
    {"interface", "{'type': ['string', 'number', 'boolean'], 'pattern':"
                  " '^[A-Za-z0-9._@-]{1,15}[*+]?$'}"},
    {"ports", "{'type': 'object', 'additionalProperties': {'$ref': '#/$defs/port'}}"},
};

static fr_json *type_value(const char *type) {
    if (strncmp(type, "integer ", 8) == 0)
        return integer_value(type + 8);
    if (strncmp(type, "choice ", 7) == 0)
        return choice_value(type + 7);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (strcmp(values[i].type, type) == 0)
            return tree(values[i].json);
    return tree("{}"); /* of a backend from outside, which the reader refuses with its own words */
}

static void add_settings(fr_json *properties, fr_json *required,
                         const struct flowrules_setting *settings) {
    for (; settings != NULL && settings->key != NULL; settings++) {
        const char *type = settings->type + (strncmp(settings->type, "list ", 5) == 0 ? 5 : 0);
        fr_json *value = fr_setting_is_list(settings)
                             ? one_or_list(type_value(type), type_value(type))
                             : type_value(type);
        fr_json_add_string(value, "description", settings->help);
        if (settings->fallback != NULL)
            fr_json_add_string(value, "default", settings->fallback);
        fr_json_add(properties, settings->key, value);
        if (settings->required && !fr_setting_is_idle(settings, true) &&
            !fr_setting_is_idle(settings, false))
            fr_json_add(required, NULL, fr_json_text(settings->key));
    }
}

static const struct flowrules_backend *backend_at(const flowrules_context *context, size_t i) {
    return *fr_vec_at(&context->backends, const struct flowrules_backend *, i);
}

/* A network in a platform's terms: by its bindings, or anything where these are not known. */
static fr_json *group_value(const struct flowrules_backend *backend) {
    if (backend == NULL || backend->bindings == NULL)
        return tree("{'type': 'object'}");
    fr_json *properties = fr_json_object(), *required = fr_json_array();
    add_settings(properties, required, backend->bindings);
    return mapping(properties, required);
}

static void add_group(fr_json *properties, fr_json *any, const char *platform,
                      const struct flowrules_backend *backend) {
    fr_json *needs = fr_json_object(), *names = fr_json_array();
    fr_json_add(properties, platform, group_value(backend));
    fr_json_add(names, NULL, fr_json_text(platform));
    fr_json_add(needs, "required", names);
    fr_json_add(any, NULL, needs);
}

static bool is_platform(const char *name) {
    for (const struct fr_key *platform = fr_platforms; platform->name != NULL; platform++)
        if (strcmp(platform->name, name) == 0)
            return true;
    return false;
}

/* The terms of all platforms. */
static void add_groups(fr_json *properties, fr_json *any, const flowrules_context *context) {
    for (const struct fr_key *platform = fr_platforms; platform->name != NULL; platform++)
        add_group(properties, any, platform->name, fr_registry_find(context, platform->name));
    for (size_t i = 0; i < context->backends.count; i++) {
        const struct flowrules_backend *backend = backend_at(context, i);
        if (backend->bindings != NULL && !is_platform(backend->name))
            add_group(properties, any, backend->name, backend);
    }
}

/* A network as a mapping: it has members, or is a platform's group. */
static fr_json *network_value(const flowrules_context *context) {
    fr_json *properties = fr_json_object(), *any = fr_json_array();
    add_keys(properties, NULL, fr_network_keys);
    fr_json_add(any, NULL, tree("{'required': ['members']}"));
    add_groups(properties, any, context);
    fr_json *object = mapping(properties, fr_json_array());
    fr_json_add(object, "anyOf", any);
    return object;
}

/* A place: what it tells platforms of where its networks are. */
static fr_json *place_value(const flowrules_context *context) {
    fr_json *properties = fr_json_object(), *required = fr_json_array(), *any = fr_json_array();
    add_keys(properties, required, fr_place_keys);
    add_groups(properties, any, context);
    fr_json_free(any);
    return mapping(properties, required);
}

/* ---- targets ------------------------------------------------------------------------------- */

static fr_json *format_value(const struct flowrules_backend *backend) {
    fr_json *object = fr_json_object(), *names = fr_json_array();
    for (const struct flowrules_format *f = backend->formats; f->name != NULL; f++)
        fr_json_add(names, NULL, fr_json_text(f->name));
    fr_json_add(object, "enum", names);
    return object;
}

static void forbid_settings(fr_json *properties, const struct flowrules_backend *backend,
                            bool permits) {
    for (const struct flowrules_setting *s = backend->settings; s != NULL && s->key != NULL; s++)
        if (fr_setting_is_idle(s, permits))
            fr_json_add_bool(properties, s->key, false);
}

/* What a target that only permits has no use for, and what is for it alone. */
static fr_json *mode_case(const struct flowrules_backend *backend) {
    fr_json *object = tree("{'if': {'properties': {'mode': {'const': 'permits'}},"
                           " 'required': ['mode']}}");
    for (int permits = 1; permits >= 0; permits--) {
        fr_json *part = fr_json_object(), *properties = fr_json_object();
        forbid_settings(properties, backend, permits == 1);
        if (permits == 1) {
            fr_json_add_bool(properties, "shuts", false);
            fr_json_add(properties, "log", tree("{'enum': ['flows', 'none']}"));
            fr_json_add(properties, "baseline",
                        tree("{'not': {'anyOf': [{'const': 'invalid'}, {'type': 'array',"
                             " 'contains': {'const': 'invalid'}}]}}"));
        }
        fr_json_add(part, "properties", properties);
        fr_json_add(object, permits == 1 ? "then" : "else", part);
    }
    return object;
}

static fr_json *target_key_value(const struct flowrules_backend *backend, const char *key) {
    if (strcmp(key, "format") == 0)
        return format_value(backend);
    bool whole = strcmp(key, "mode") == 0 && !backend->capabilities.permits;
    return tree(whole ? "{'const': 'whole'}" : "{}");
}

/* What holds for a target of one backend: its formats, its settings, and no other key. */
static fr_json *backend_case(const struct flowrules_backend *backend) {
    fr_json *object = fr_json_object(), *is = fr_json_object(), *of = fr_json_object();
    fr_json *name = fr_json_object(), *properties = fr_json_object(), *required = fr_json_array();
    fr_json_add_string(name, "const", backend->name);
    fr_json_add(of, "backend", name);
    fr_json_add(is, "properties", of);
    fr_json_add(object, "if", is);
    for (const struct fr_key *key = fr_target_keys; key->name != NULL; key++)
        fr_json_add(properties, key->name, target_key_value(backend, key->name));
    add_settings(properties, required, backend->settings);
    fr_json *then = mapping(properties, required);
    if (backend->capabilities.permits) {
        fr_json *modes = fr_json_array();
        fr_json_add(modes, NULL, mode_case(backend));
        fr_json_add(then, "allOf", modes);
    }
    fr_json_add(object, "then", then);
    return object;
}

static fr_json *target_value(const flowrules_context *context) {
    fr_json *properties = fr_json_object(), *required = fr_json_array(), *cases = fr_json_array();
    add_keys(properties, required, fr_target_keys);
    for (size_t i = 0; i < context->backends.count; i++)
        fr_json_add(cases, NULL, backend_case(backend_at(context, i)));
    fr_json *object = open_mapping(properties, required, tree("{}"));
    fr_json_add(object, "allOf", cases);
    return object;
}

static fr_json *backend_names(const flowrules_context *context) {
    fr_json *object = fr_json_object(), *names = fr_json_array();
    for (size_t i = 0; i < context->backends.count; i++)
        fr_json_add(names, NULL, fr_json_text(backend_at(context, i)->name));
    fr_json_add(object, "enum", names);
    return object;
}

/* ---- services and flows -------------------------------------------------------------------- */

/* The longest pattern of all names of protocols: four characters or less for each letter. */
#define PROTOCOL_PATTERN 4096

/* A protocol's name, in capitals too, or its number. */
static fr_json *protocol_value(void) {
    char pattern[PROTOCOL_PATTERN] = "^(?:[0-9]+";
    const char *name;
    for (size_t i = 0; (name = fr_protocol_candidate(NULL, i)) != NULL; i++) {
        size_t used = strlen(pattern);
        pattern[used++] = '|';
        for (; *name != '\0' && used + 8 < sizeof pattern; name++) {
            char capital = (char)(*name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name);
            const char *form = capital != *name ? "[%c%c]" : *name == '.' ? "[%c]" : "%c";
            used += (size_t)snprintf(pattern + used, sizeof pattern - used, form, capital, *name);
        }
        pattern[used] = '\0';
    }
    strncat(pattern, ")$", sizeof pattern - strlen(pattern) - 1);
    fr_json *object = tree("{'type': ['string', 'integer'], 'minimum': 0, 'maximum': 255}");
    fr_json_add_string(object, "pattern", pattern);
    return object;
}

static fr_json *service_value(void) {
    fr_json *object = keys_mapping(fr_service_keys);
    fr_json_add(object, "dependentRequired", tree("{'icmp-code': ['icmp-type']}"));
    fr_json_add(object, "allOf", tree("[{'required': ['protocol']}]"));
    return object;
}

/* A flow names services, or has a protocol and what belongs to it. */
static fr_json *flow_value(void) {
    fr_json *object = keys_mapping(fr_flow_keys);
    fr_json_add(
        object, "dependentRequired",
        tree("{'port': ['protocol'], 'source-port': ['protocol'], 'icmp-type': ['protocol'],"
             " 'icmp-code': ['icmp-type', 'protocol']}"));
    fr_json_add(object, "oneOf", tree("[{'required': ['service']}, {'required': ['protocol']}]"));
    return object;
}

/* ---- assertions ---------------------------------------------------------------------------- */

/* Packets name services, or have a protocol and what belongs to it, or neither. */
static fr_json *packet_value(void) {
    fr_json *object = keys_mapping(fr_packets_keys);
    fr_json_add(
        object, "dependentRequired",
        tree("{'port': ['protocol'], 'source-port': ['protocol'], 'icmp-type': ['protocol'],"
             " 'icmp-code': ['icmp-type', 'protocol']}"));
    fr_json_add(object, "not", tree("{'required': ['service', 'protocol']}"));
    return object;
}

static fr_json *ends_mapping(void) {
    fr_json *object = keys_mapping(fr_asserted_keys);
    fr_json_add(object, "anyOf", tree("[{'required': ['members']}, {'required': ['except']}]"));
    return object;
}

static fr_json *assertion_value(void) {
    fr_json *object = keys_mapping(fr_assertion_keys);
    fr_json_add(object, "oneOf",
                tree("[{'required': ['never']}, {'required': ['only']}, {'required': ['must']}]"));
    return object;
}

static void add_assertions(fr_json *all) {
    fr_json_add(all, "packet", packet_value());
    fr_json_add(all, "asserted-ends", ends_mapping());
    fr_json_add(all, "exception", keys_mapping(fr_exception_keys));
    fr_json_add(all, "assertion", assertion_value());
    fr_json_add(all, "zones", names_mapping("word", reference("asserted")));
    fr_json_add(all, "matrix-row", names_mapping("word", reference("words")));
    fr_json_add(all, "matrix", names_mapping("word", reference("matrix-row")));
}

/* ---- the whole ----------------------------------------------------------------------------- */

static fr_json *definitions(const flowrules_context *context) {
    fr_json *all = fr_json_object();
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        fr_json_add(all, forms[i].name, tree(forms[i].json));
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        fr_json_add(all, lists[i].name,
                    one_or_list(reference(lists[i].item), reference(lists[i].item)));
    fr_json_add(all, "protocol", protocol_value());
    fr_json_add(all, "service", service_value());
    fr_json_add(all, "services",
                names_mapping("word", one_or_list(reference("service"), reference("service"))));
    fr_json_add(all, "network", network_value(context));
    fr_json *network = fr_json_object(), *any = fr_json_array();
    fr_json_add(any, NULL, reference("ends"));
    fr_json_add(any, NULL, reference("network"));
    fr_json_add(network, "anyOf", any);
    fr_json_add(all, "networks", names_mapping("word", network));
    fr_json_add(all, "places", names_mapping("word", place_value(context)));
    fr_json_add(all, "proxies", names_mapping("word", keys_mapping(fr_proxy_keys)));
    fr_json_add(all, "target-places", names_mapping("word", reference("texts")));
    fr_json_add(all, "flow", flow_value());
    fr_json_add(all, "select-or-none", select_value());
    fr_json_add(all, "baseline", baseline_value());
    fr_json_add(all, "shuts", words_value(fr_need_words));
    fr_json_add(all, "loss", keys_mapping(fr_loss_keys));
    fr_json_add(all, "required", words_or_none(fr_required_words));
    fr_json_add(all, "cleartext", words_or_none(fr_cleartext_words));
    fr_json_add(all, "lint", lint_value());
    fr_json_add(all, "backend", backend_names(context));
    fr_json_add(all, "target", target_value(context));
    fr_json_add(all, "targets", names_mapping("label", reference("target")));
    add_assertions(all);
    return all;
}

/* By enum flowrules_schema_kind. */
static const struct {
    const struct fr_key *keys;
    const char *title;
} kinds[] = {{fr_policy_keys, "A policy of flowrules"},
             {fr_included_keys, "A file that a policy of flowrules includes"},
             {fr_assertion_file_keys, "A file of assertions of flowrules"}};

flowrules_status flowrules_schema(const char **schema, flowrules_context *context, int kind) {
    struct flowrules_writer w;
    size_t size;
    size_t known = kind < FLOWRULES_SCHEMA_POLICY || kind > FLOWRULES_SCHEMA_ASSERTIONS
                       ? FLOWRULES_SCHEMA_INCLUDED
                       : (size_t)kind;
    *schema = NULL;
    fr_json *root = keys_mapping(kinds[known].keys);
    if (known == FLOWRULES_SCHEMA_POLICY) /* its flows may all be in included files */
        fr_json_add(root, "anyOf", tree("[{'required': ['flows']}, {'required': ['include']}]"));
    if (known != FLOWRULES_SCHEMA_INCLUDED)
        fr_json_add(root, "dependentRequired", tree("{'matrix': ['zones']}"));
    fr_json_add_string(root, "$schema", "https://json-schema.org/draft/2020-12/schema");
    fr_json_add_string(root, "title", kinds[known].title);
    fr_json_add(root, "$defs", definitions(context));
    fr_writer_init(&w, &context->allocator, false);
    fr_json_write_lines(&w, root);
    fr_free(&context->allocator, context->schema);
    context->schema = fr_writer_text(&w, &size);
    fr_writer_free(&w);
    *schema = context->schema;
    return *schema != NULL ? FLOWRULES_OK : fr_no_memory(context);
}
