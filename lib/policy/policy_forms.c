/*
 * Reads the forms that all parts of a policy share: texts, words, choices, lists, and mappings by
 * tables of keys, with hints for errors in each. Knows no key.
 */
#include "policy_read.h"
#include "slips.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A purpose or description may be long, not endless. */
#define TEXT_MAX 65535u

/* ---- forms --------------------------------------------------------------------------------- */

/* The character at a place, or NUL; and whether an IPv6 address that ends with a ':' is there. */
static char character_at(struct fr_reader *r, const struct fr_at *at, bool *ip6) {
    size_t size, offset = 0;
    const char *text = fr_diagnostics_text(r->diagnostics, at->file, &size);
    *ip6 = false;
    for (uint32_t line = 1; text != NULL && line < at->line; line++) {
        const char *newline = memchr(text + offset, '\n', size - offset);
        if (newline == NULL)
            return '\0';
        offset = (size_t)(newline - text) + 1;
    }
    offset += at->column - 1;
    if (text == NULL || offset >= size)
        return '\0';
    size_t length = 0, colons = 0;
    for (; offset + length < size; length++) {
        char c = text[offset + length];
        colons += c == ':';
        if (c == '\0' || strchr("0123456789abcdefABCDEF:", c) == NULL)
            break;
    }
    *ip6 = colons >= 2 && text[offset + length - 1] == ':';
    return text[offset];
}

/* What to do about a mapping or nothing where a text is taken. */
static const char *scalar_hint(struct fr_reader *r, const struct fr_value *value,
                               const char *fallback) {
    bool ip6;
    char first = character_at(r, &value->at, &ip6);
    if (ip6)
        return "put an IPv6 address in quotes: \"2001:db8::\"";
    if (first == '!')
        return "put a text that begins with ! in quotes; an exception is written with 'except' in "
               "a network";
    return first == '&' ? "put a text that begins with & in quotes" : fallback;
}

flowrules_status fr_want_scalar(struct fr_reader *r, const struct fr_value *value, bool *good) {
    *good = value->kind == FR_SCALAR && !fr_value_is_null(value);
    if (*good)
        return FLOWRULES_OK;
    if (value->kind == FR_SCALAR)
        fr_error(r->diagnostics, FR_VALUE_EMPTY, value->at,
                 scalar_hint(r, value, "write a value, or remove the key if it is optional"),
                 "'%s' has no value", r->key);
    else if (value->kind == FR_MAPPING)
        fr_error(r->diagnostics, FR_VALUE_KIND, value->at,
                 scalar_hint(r, value, "write the value itself, not 'key: value' pairs"),
                 "'%s' takes a text here, not a mapping", r->key);
    else
        fr_error(r->diagnostics, FR_VALUE_KIND, value->at,
                 "write the value itself, without '[ ]' or '- '",
                 "'%s' takes a text here, not a list", r->key);
    return fr_yaml_skip(r->yaml, value);
}

flowrules_status fr_read_text(struct fr_reader *r, const struct fr_value *value, fr_string *text) {
    bool good;
    *text = 0;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (!good)
        return FLOWRULES_OK;
    if (value->length > TEXT_MAX) {
        fr_error(r->diagnostics, FR_VALUE_TOO_LONG, value->at, "shorten it",
                 "'%s' is longer than %u bytes", r->key, TEXT_MAX);
        return FLOWRULES_OK;
    }
    *text = fr_strings_add(&r->policy->strings, value->text, value->length);
    return *text != 0 ? FLOWRULES_OK : fr_no_memory(r->context);
}

bool fr_is_word(const struct fr_value *value, bool dots) {
    if (value->length == 0)
        return false;
    for (size_t i = 0; i < value->length; i++) {
        unsigned char c = (unsigned char)value->text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool digit = c >= '0' && c <= '9';
        if (!letter && !(digit && (i > 0 || dots)) && !(i > 0 && c == '-') &&
            !(i > 0 && dots && c == '.'))
            return false;
    }
    return true;
}

flowrules_status fr_read_word(struct fr_reader *r, const struct fr_value *value, bool dots,
                              fr_string *word) {
    bool good;
    *word = 0;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (!good)
        return FLOWRULES_OK;
    if (!fr_is_word(value, dots)) {
        fr_error(r->diagnostics, FR_NAME_FORM, value->at,
                 dots ? "letters, digits, '_', '-' and '.'; begin with a letter or digit"
                      : "letters, digits, '_' and '-'; begin with a letter",
                 "'%.80s' is not a valid name here", value->text);
        return FLOWRULES_OK;
    }
    if (value->length > FR_WORD_MAX) {
        fr_error(r->diagnostics, FR_VALUE_TOO_LONG, value->at, "shorten it",
                 "the name is longer than %u characters", FR_WORD_MAX);
        return FLOWRULES_OK;
    }
    *word = fr_strings_add(&r->policy->strings, value->text, value->length);
    return *word != 0 ? FLOWRULES_OK : fr_no_memory(r->context);
}

static const char *next_word(const void *user, size_t i) {
    return ((const char *const *)user)[i];
}

flowrules_status fr_read_choice(struct fr_reader *r, const struct fr_value *value,
                                const char *const *words, size_t *index) {
    bool good;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (!good)
        return FLOWRULES_OK;
    char all[200] = "";
    for (size_t i = 0; words[i] != NULL; i++) {
        if (fr_value_is(value, words[i])) {
            *index = i;
            return FLOWRULES_OK;
        }
        strncat(all, i > 0 ? ", " : "", sizeof all - strlen(all) - 1);
        strncat(all, words[i], sizeof all - strlen(all) - 1);
    }
    const char *near = fr_nearest(value->text, next_word, words);
    char hint[260];
    if (!fr_did_you_mean(hint, sizeof hint, near))
        snprintf(hint, sizeof hint, "one of: %s", all);
    fr_error(r->diagnostics, FR_VALUE_UNKNOWN, value->at, hint, "'%.80s' is not a value of '%s'",
             value->text, r->key);
    return FLOWRULES_OK;
}

flowrules_status fr_read_boolean(struct fr_reader *r, const struct fr_value *value, bool *boolean) {
    bool good;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (!good)
        return FLOWRULES_OK;
    if (!value->quoted && (fr_value_is(value, "true") || fr_value_is(value, "false"))) {
        *boolean = fr_value_is(value, "true");
        return FLOWRULES_OK;
    }
    char hint[FR_SLIP_MAX] = "write true or false";
    if (fr_slip_boolean(value->text, hint) && value->quoted)
        strncat(hint, ", without quotes", sizeof hint - strlen(hint) - 1);
    fr_error(r->diagnostics, FR_VALUE_KIND, value->at, hint, "'%.80s' is not a value of '%s'",
             value->text, r->key);
    return FLOWRULES_OK;
}

flowrules_status fr_read_list(struct fr_reader *r, const struct fr_value *value, fr_read_fn read,
                              void *object) {
    if (value->kind != FR_SEQUENCE)
        return read(r, value, object);
    struct fr_value item;
    bool more, any = false;
    for (;;) {
        FR_TRY(fr_yaml_item(r->yaml, &item, &more));
        if (!more)
            break;
        any = true;
        FR_TRY(read(r, &item, object));
    }
    if (!any)
        fr_error(r->diagnostics, FR_VALUE_EMPTY, value->at, "write at least one value",
                 "'%s' is an empty list", r->key);
    return FLOWRULES_OK;
}

/* ---- mappings ------------------------------------------------------------------------------ */

static const char *next_key(const void *user, size_t i) {
    return ((const struct fr_key *)user)[i].name;
}

/* Keys that other tools have and a policy has no need of, and what there is instead. */
static const struct {
    const char *what, *key, *hint;
} needless_keys[] = {
    {"a flow", "priority", "the order of flows never matters: a deny beats every allow"},
    {"a flow", "order", "the order of flows never matters: a deny beats every allow"},
    {"a flow", "sequence", "the order of flows never matters: a deny beats every allow"},
    {"a flow", "position", "the order of flows never matters: a deny beats every allow"},
    {"a flow", "enabled", "put '#' in front of the flow's lines, or use 'expires'"},
    {"a flow", "disabled", "put '#' in front of the flow's lines, or use 'expires'"},
    {"a flow", "disable", "put '#' in front of the flow's lines, or use 'expires'"},
    {"a flow", "active", "put '#' in front of the flow's lines, or use 'expires'"},
    {"a flow", "direction", "the source opens the connection to the destination; replies pass"},
    {"a flow", "bidirectional",
     "replies pass without a flow; write a second flow for connections that the other side opens"},
    {"a flow", "stateful", "replies pass without a flow"},
    {"a flow", "state", "replies pass without a flow"},
    {"a flow", "established", "replies pass without a flow"},
    {"a flow", "except", "define a network with 'except', or write a flow with 'action: deny'"},
    {"a flow", "exclude", "define a network with 'except', or write a flow with 'action: deny'"},
    {"a flow", "targets",
     "give the flow tags, and select it in the target: 'select: {tags: [...]}'"},
    {"a flow", "permit", "a flow allows unless it says 'action: deny'"},
    {"a flow", "allow", "a flow allows unless it says 'action: deny'"},
    {"a flow", "deny", "write 'action: deny'"},
    {"a flow", "drop", "write 'action: deny'"},
    {"a flow", "block", "write 'action: deny'"},
    {"a flow", "zone", "zones are bindings of networks: 'paloalto: {zone: NAME}'"},
    {"a flow", "interface", "interfaces are settings of targets"},
    {"a network", "zone", "write it as a binding of a platform: 'paloalto: {zone: NAME}'"},
    {"a network", "tags", "write them as a binding of a platform, such as 'gcloud: {tags: [...]}'"},
    {"a network", "labels", "write them as 'kubernetes: {pods: {LABEL: VALUE}}'"},
    {"a policy", "default", "what no flow allows is denied"},
    {"a policy", "defaults",
     "remove it: what no flow allows is denied; anchors and '<<' share keys"},
};

/* What to do about a key that is no word: a blank is missing, or one is too much. */
static bool key_slip(const char *key, const char *(*next)(const void *user, size_t i),
                     const void *user, char hint[FR_SLIP_MAX]) {
    struct fr_slip_text plain;
    const char *colon = strchr(key, ':'), *name;
    if (key[0] == '-' && key[1] != '\0') {
        snprintf(hint, FR_SLIP_MAX, "write '- %.80s': a space must follow the dash of a list",
                 key + 1);
        return true;
    }
    for (size_t i = 0; colon != NULL && (name = next(user, i)) != NULL; i++)
        if (strlen(name) == (size_t)(colon - key) && strncmp(name, key, strlen(name)) == 0) {
            snprintf(hint, FR_SLIP_MAX, "write '%s: %.80s', with a space after the colon", name,
                     colon + 1 + strspn(colon + 1, " "));
            return true;
        }
    if (!fr_slip_plain(&plain, key) || strcmp(plain.text, key) == 0)
        return false;
    fr_slip_trim(&plain, "");
    name = fr_nearest(plain.text, next, user);
    if (name != NULL)
        snprintf(hint, FR_SLIP_MAX, "write %s, with the quotes, spaces and hyphens of the keyboard",
                 name);
    return name != NULL;
}

const char *fr_report_unknown_key(struct fr_reader *r, const char *what, const char *key,
                                  struct fr_at at, const char *(*next)(const void *user, size_t i),
                                  const void *user, const char *hint) {
    char better[FR_SLIP_MAX];
    const char *near = fr_nearest(key, next, user);
    bool slip = near == NULL && key_slip(key, next, user, better);
    fr_did_you_mean(better, sizeof better, near);
    for (size_t i = 0; near == NULL && i < sizeof needless_keys / sizeof needless_keys[0]; i++)
        if (strcmp(needless_keys[i].what, what) == 0 && strcasecmp(needless_keys[i].key, key) == 0)
            hint = needless_keys[i].hint;
    fr_error(r->diagnostics, FR_KEY_UNKNOWN, at, near != NULL || slip ? better : hint,
             "%s has no key '%.80s'", what, key);
    return near;
}

/* A key that was meant and misspelt need not be told to be missing too. */
static void unknown_key(struct fr_reader *r, const char *what, const struct fr_value *key,
                        const struct fr_key *keys, uint32_t *meant) {
    char hint[240] = "one of: ";
    size_t used = strlen(hint);
    for (size_t i = 0; keys[i].name != NULL && used < sizeof hint; i++)
        used += (size_t)snprintf(hint + used, sizeof hint - used, "%s%s", i > 0 ? ", " : "",
                                 keys[i].name);
    if (used >= sizeof hint)
        snprintf(hint, sizeof hint, "your own keys must begin with 'x-'");
    const char *near = fr_report_unknown_key(r, what, key->text, key->at, next_key, keys, hint);
    for (size_t i = 0; near != NULL && keys[i].name != NULL; i++)
        if (strcmp(keys[i].name, near) == 0)
            *meant |= (uint32_t)1 << i;
    r->flows_given = r->flows_given || (near != NULL && strcmp(near, "flows") == 0);
}

/* Is it this key? Short names are compared faster here than by a call. */
static bool is_key(const struct fr_value *key, const char *name) {
    const char *text = key->text;
    while (*name != '\0' && *name == *text) {
        name++;
        text++;
    }
    return *name == *text;
}

/* The index of a key, looked for from hint on: keys mostly come in the order of the table. */
static size_t find_key(const struct fr_key *keys, const struct fr_value *key, size_t hint) {
    for (size_t i = hint; keys[i].name != NULL; i++)
        if (is_key(key, keys[i].name))
            return i;
    size_t i = 0;
    while (keys[i].name != NULL && !is_key(key, keys[i].name))
        i++;
    return i;
}

static flowrules_status skip_value(struct fr_reader *r) {
    struct fr_value value;
    FR_TRY(fr_yaml_next(r->yaml, &value));
    return fr_yaml_skip(r->yaml, &value);
}

static flowrules_status read_known(struct fr_reader *r, const struct fr_key *key, uint32_t bit,
                                   const struct fr_value *name, uint32_t *seen, void *object) {
    if ((*seen & bit) != 0) {
        if (!name->merged)
            fr_error(r->diagnostics, FR_KEY_DUPLICATE, name->at, "keep one of them",
                     "'%s' is given twice", key->name);
        return skip_value(r);
    }
    *seen |= bit;
    r->key = key->name;
    r->key_at = name->at;
    struct fr_value value;
    FR_TRY(fr_yaml_next(r->yaml, &value));
    return key->read(r, &value, object);
}

/* A key that is in no table; others: the lines of those that were read, by string. */
static flowrules_status read_other(struct fr_reader *r, const struct fr_value *name,
                                   struct fr_map *others, fr_read_fn other, void *object) {
    struct fr_value value;
    uint32_t line;
    fr_string key = fr_strings_add(&r->policy->strings, name->text, name->length);
    if (key == 0)
        return fr_no_memory(r->context);
    if (fr_map_get(others, key, &line)) {
        char hint[60];
        snprintf(hint, sizeof hint, "keep one of them; the first is in line %u", line);
        if (!name->merged)
            fr_error(r->diagnostics, FR_KEY_DUPLICATE, name->at, hint, "'%.80s' is given twice",
                     name->text);
        return skip_value(r);
    }
    if (!fr_map_put(others, key, name->at.line))
        return fr_no_memory(r->context);
    r->key = FR_POLICY_TEXT(r->policy, key);
    r->key_at = name->at;
    FR_TRY(fr_yaml_next(r->yaml, &value));
    flowrules_status status = other(r, &value, object);
    r->key = "";
    return status;
}

/* What is read of one mapping, and where it begins. */
struct mapping {
    const char *what;
    const struct fr_key *keys;
    fr_read_fn other;
    void *object;
    struct fr_at at;
};

static void report_missing(struct fr_reader *r, const struct mapping *m, uint32_t seen) {
    const struct fr_key *keys = m->keys;
    for (size_t i = 0; keys[i].name != NULL; i++)
        if (keys[i].required != NULL && (seen & ((uint32_t)1 << i)) == 0)
            fr_error(r->diagnostics, FR_KEY_MISSING, m->at, keys[i].required,
                     "%s needs the key '%s'", m->what, keys[i].name);
}

static flowrules_status read_keys(struct fr_reader *r, const struct mapping *m,
                                  struct fr_map *others) {
    struct fr_merges merges = {.count = 0};
    const struct fr_key *keys = m->keys;
    struct fr_value key;
    uint32_t seen = 0, meant = 0;
    size_t hint = 0;
    for (bool more = true;;) {
        FR_TRY(fr_yaml_key(r->yaml, &merges, &key, &more));
        if (!more)
            break;
        size_t i = find_key(keys, &key, hint);
        hint = keys[i].name != NULL ? i + 1 : 0;
        if (keys[i].name != NULL)
            FR_TRY(read_known(r, &keys[i], (uint32_t)1 << i, &key, &seen, m->object));
        else if (key.length >= 2 && memcmp(key.text, "x-", 2) == 0)
            FR_TRY(skip_value(r));
        else if (m->other != NULL)
            FR_TRY(read_other(r, &key, others, m->other, m->object));
        else {
            unknown_key(r, m->what, &key, keys, &meant);
            FR_TRY(skip_value(r));
        }
    }
    report_missing(r, m, seen | meant);
    return FLOWRULES_OK;
}

flowrules_status fr_read_mapping(struct fr_reader *r, const struct fr_value *start,
                                 const char *what, const struct fr_key *keys, fr_read_fn other,
                                 void *object) {
    if (fr_value_is_null(start)) {
        fr_error(r->diagnostics, FR_VALUE_EMPTY, start->at, "write 'key: value' pairs",
                 "%s must not be empty", what);
        return FLOWRULES_OK;
    }
    if (start->kind != FR_MAPPING) {
        fr_error(r->diagnostics, FR_VALUE_KIND, start->at, "write 'key: value' pairs",
                 "%s must be a mapping", what);
        return fr_yaml_skip(r->yaml, start);
    }
    struct mapping mapping = {what, keys, other, object, start->at};
    struct fr_map others;
    fr_map_init(&others, &r->context->allocator);
    flowrules_status status = read_keys(r, &mapping, &others);
    fr_map_free(&others);
    return status;
}
