/*
 * Checks the records of backends, so that the core can rely on them: the rules that tests enforce
 * for the built-in backends are checked here for plugins.
 */
#include <stdio.h>
#include <string.h>

#include "registry.h"
#include "settings.h"

/* A check reports what is wrong and returns false; then the rest is not looked at. */
struct check {
    flowrules_context *context;
    const struct flowrules_backend *backend;
};

static bool object(const struct check *check, const char *part, const char *name, const char *wrong,
                   const char *hint) {
    fr_error(&check->context->diagnostics, FR_BACKEND_RECORD, FR_NOWHERE, hint,
             "backend '%.63s': %s%s%.63s%s %s", check->backend->name, part,
             name != NULL ? " '" : "", name != NULL ? name : "", name != NULL ? "'" : "", wrong);
    return false;
}

static const char *const word_hint = "lower-case letters, digits and '-'; begin with a letter";

/* [a-z][a-z0-9-]*, at most 63: what a policy can say, and what is no option on a command line. */
static bool is_word(const char *text) {
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return text[0] >= 'a' && text[0] <= 'z' && text[length] == '\0' && length <= 63;
}

static bool has_text(const char *text) {
    return text != NULL && text[0] != '\0';
}

/* ---- identity ------------------------------------------------------------------------------ */

static bool check_identity(const struct check *check) {
    static const char *const taken[] = {"any", "none", "description", "members", "except"};
    struct fr_diagnostics *diagnostics = &check->context->diagnostics;
    const struct flowrules_backend *b = check->backend;
    if (b->name == NULL || !is_word(b->name)) {
        fr_error(diagnostics, FR_BACKEND_RECORD, FR_NOWHERE, word_hint,
                 "'%.63s' is not a valid name for a backend", b->name != NULL ? b->name : "");
        return false;
    }
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strcmp(taken[i], b->name) == 0)
            return object(check, "its name", NULL, "means something else in a policy",
                          "choose another name");
    if (fr_registry_find(check->context, b->name) != NULL) {
        fr_error(diagnostics, FR_BACKEND_DUPLICATE, FR_NOWHERE, "choose another name",
                 "there is a backend '%.63s' already", b->name);
        return false;
    }
    if (!has_text(b->title) || !has_text(b->description))
        return object(check, "it", NULL, "has no title, or no description",
                      "give one line for each; 'flowrules targets' prints them");
    if (b->bindings_of != NULL && !is_word(b->bindings_of))
        return object(check, "bindings_of", b->bindings_of, "is not a valid name for a backend",
                      word_hint);
    return true;
}

/* ---- capabilities -------------------------------------------------------------------------- */

/* Pairs of which the first makes no sense without the second. */
static bool check_needs(const struct check *check, const struct flowrules_capabilities *can) {
    const struct {
        bool has, needs;
        const char *what, *wrong;
    } pairs[] = {
        {can->mixed_families, can->families == FLOWRULES_BOTH_FAMILIES, "mixed_families",
         "needs both families"},
        {can->source_names, can->names, "source_names", "needs names"},
        {can->deny_names, can->names, "deny_names", "needs names"},
        {can->wildcards != FLOWRULES_WILDCARDS_NONE, can->names, "wildcards", "needs names"},
        {can->pod_groups, can->groups, "pod_groups", "needs groups"},
        {can->one_group, can->groups, "one_group", "needs groups"},
        {can->protocol_count > 0, can->protocols != NULL, "protocol_count", "needs protocols"},
        {can->protocols != NULL, can->protocol_count > 0, "protocols", "needs protocol_count"},
        {can->icmp_listed_count > 0, can->icmp_listed != NULL, "icmp_listed_count",
         "needs icmp_listed"},
        {can->groups, check->backend->bindings != NULL || check->backend->bindings_of != NULL,
         "groups", "needs bindings, so that networks can name their groups"},
        {can->interfaces_end != NULL, can->interfaces != NULL, "interfaces_end",
         "needs interfaces"},
        {can->placement == FLOWRULES_BY_HOOK, fr_setting_find(check->backend, "hook") != NULL,
         "FLOWRULES_BY_HOOK", "needs the setting hook, a choice host|forward"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i].has && !pairs[i].needs)
            return object(check, "the capability", pairs[i].what, pairs[i].wrong, NULL);
    return true;
}

static bool check_capabilities(const struct check *check,
                               const struct flowrules_capabilities *can) {
    if (can->families == 0 || (can->families & ~FLOWRULES_BOTH_FAMILIES) != 0)
        return object(check, "the capability", "families", "is not a set of families",
                      "use FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4) or FLOWRULES_BOTH_FAMILIES");
    if ((unsigned)can->placement > FLOWRULES_BY_HOOK)
        return object(check, "the capability", "placement", "is not a value of its enumeration",
                      NULL);
    if ((unsigned)can->evaluation > FLOWRULES_ALLOW_UNION)
        return object(check, "the capability", "evaluation", "is not a value of its enumeration",
                      NULL);
    if ((unsigned)can->wildcards > FLOWRULES_WILDCARDS_AND_SELF)
        return object(check, "the capability", "wildcards", "is not a value of its enumeration",
                      NULL);
    return check_needs(check, can);
}

/* ---- formats ------------------------------------------------------------------------------- */

static bool check_format(const struct check *check, const struct flowrules_format *format) {
    const struct flowrules_capabilities *can =
        format->capabilities != NULL ? format->capabilities : &check->backend->capabilities;
    if (!is_word(format->name))
        return object(check, "format", format->name, "has an invalid name", word_hint);
    if (fr_format_find(check->backend, format->name) != format)
        return object(check, "format", format->name, "is there twice", "keep one of them");
    if (!has_text(format->help))
        return object(check, "format", format->name, "has no help",
                      "a line for 'flowrules targets'");
    if (format->begin == NULL || format->rule == NULL || format->end == NULL)
        return object(check, "format", format->name, "lacks a function",
                      "it needs begin, rule and end");
    if (can->lookup && (format->group == NULL || format->dispatch == NULL))
        return object(check, "format", format->name, "lacks a function",
                      "with the capability lookup it needs group and dispatch too");
    return check_capabilities(check, can);
}

static bool check_formats(const struct check *check) {
    const struct flowrules_format *formats = check->backend->formats;
    if (formats == NULL || formats[0].name == NULL)
        return object(check, "it", NULL, "has no format", "one at least; the first is the default");
    for (const struct flowrules_format *f = formats; f->name != NULL; f++)
        if (!check_format(check, f))
            return false;
    return true;
}

/* ---- settings, bindings, limits ------------------------------------------------------------ */

static bool is_common_key(const char *key) {
    const char *common;
    for (size_t i = 0; (common = fr_target_key(i)) != NULL; i++)
        if (strcmp(common, key) == 0)
            return true;
    return false;
}

static bool check_setting(const struct check *check, const char *part,
                          const struct flowrules_setting *table,
                          const struct flowrules_setting *setting) {
    char form[160];
    for (const struct flowrules_setting *s = table; s != setting; s++)
        if (strcmp(s->key, setting->key) == 0)
            return object(check, part, setting->key, "is there twice", "keep one of them");
    if (!is_word(setting->key))
        return object(check, part, setting->key, "has an invalid name", word_hint);
    if (table == check->backend->settings && is_common_key(setting->key))
        return object(check, part, setting->key, "is a key that every target has",
                      "choose another name");
    if (!has_text(setting->help))
        return object(check, part, setting->key, "has no help", "a line for 'flowrules targets'");
    if (setting->type == NULL || !fr_setting_type_is_known(setting->type))
        return object(check, part, setting->key, "has an unknown type",
                      "text, name, integer MIN MAX, boolean, choice A|B; in bindings also list "
                      "TYPE, labels, namespace, selector, requirements, ports, interface");
    if (setting->fallback != NULL && !fr_setting_check(setting, setting->fallback, form))
        return object(check, part, setting->key, "does not take its own default", form);
    return true;
}

static bool check_settings(const struct check *check, const char *part,
                           const struct flowrules_setting *table) {
    for (const struct flowrules_setting *s = table; s != NULL && s->key != NULL; s++)
        if (!check_setting(check, part, table, s))
            return false;
    return true;
}

static bool check_limits(const struct check *check) {
    for (const struct flowrules_limit *l = check->backend->limits; l != NULL && l->name != NULL;
         l++)
        if (!has_text(l->source))
            return object(check, "limit", l->name, "has no source",
                          "name where the vendor documents it: a page, an RFC, a header");
    return true;
}

/* ---- the whole ----------------------------------------------------------------------------- */

bool fr_registry_check(flowrules_context *context, const struct flowrules_backend *backend) {
    const struct check check = {context, backend};
    if (backend->abi != FLOWRULES_BACKEND_ABI) { /* nothing behind it can be trusted to be there */
        char hint[80];
        snprintf(hint, sizeof hint, "build it with the headers of flowrules %s", FLOWRULES_VERSION);
        fr_error(&context->diagnostics, FR_BACKEND_ABI, FR_NOWHERE, hint,
                 "the backend was built for version %u of the interface, but this library has "
                 "version %u",
                 backend->abi, FLOWRULES_BACKEND_ABI);
        return false;
    }
    return check_identity(&check) && check_capabilities(&check, &backend->capabilities) &&
           check_formats(&check) && check_settings(&check, "setting", backend->settings) &&
           check_settings(&check, "binding", backend->bindings) && check_limits(&check);
}

flowrules_status flowrules_backend_register(flowrules_context *context,
                                            const struct flowrules_backend *backend) {
    if (backend == NULL) {
        fr_error(&context->diagnostics, FR_BACKEND_RECORD, FR_NOWHERE, NULL,
                 "the record of the backend is missing");
        return FLOWRULES_USAGE;
    }
    if (!fr_registry_check(context, backend))
        return context->diagnostics.out_of_memory ? FLOWRULES_NO_MEMORY : FLOWRULES_USAGE;
    return fr_registry_add(context, backend) ? FLOWRULES_OK : fr_no_memory(context);
}
