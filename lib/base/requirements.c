/*
 * Requirements on labels: reads kubectl's form of them, and decides which imply or exclude each
 * other. Uses the syntax of labels in label_names.c; knows no binding of a network.
 */
#include "requirements.h"

#include <stdio.h>
#include <string.h>

#include "label_names.h"

/* ---- reading ------------------------------------------------------------------------------- */

static const struct {
    const char *labels, *where;
} keys[] = {
    [FR_OF_PODS] = {"pods", "pods-where"},
    [FR_OF_NAMESPACES] = {"namespace-labels", "namespace-where"},
    [FR_OF_NODES] = {"nodes", "nodes-where"},
};
enum { KEYS = sizeof keys / sizeof keys[0] };

bool fr_is_requirement_key(const char *key) {
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(key, keys[i].where) == 0)
            return true;
    return false;
}

const char *fr_requirement_key(enum fr_labelled of) {
    return keys[of].where;
}

const char *fr_label_key(enum fr_labelled of) {
    return keys[of].labels;
}

static const char *skip_spaces(const char *at) {
    return at + strspn(at, " ");
}

/* "in (a, b)" and "notin (a, b)" from the operator's word on. */
static bool parse_list(const char *at, struct fr_requirement *r) {
    r->asks = strncmp(at, "notin", 5) == 0 ? FLOWRULES_NOT_IN : FLOWRULES_IN;
    if (r->asks == FLOWRULES_IN && strncmp(at, "in", 2) != 0)
        return false;
    at = skip_spaces(at + (r->asks == FLOWRULES_IN ? 2 : 5));
    size_t length = strlen(at);
    if (length < 2 || *at != '(' || at[length - 1] != ')')
        return false;
    r->values = at + 1;
    r->values_length = length - 2;
    return true;
}

/* "=", "==" and "!=" with one value. */
static bool parse_value(const char *at, struct fr_requirement *r) {
    r->asks = *at == '!' ? FLOWRULES_NOT_IN : FLOWRULES_IN;
    at += *at == '!' || at[1] == '=' ? 1 : 0;
    if (*at != '=')
        return false;
    r->values = skip_spaces(at + 1);
    r->values_length = strlen(r->values);
    r->single = true;
    return true;
}

static bool parse(const char *text, struct fr_requirement *r) {
    bool absent = *text == '!';
    r->asks = absent ? FLOWRULES_DOES_NOT_EXIST : FLOWRULES_EXISTS;
    r->label = skip_spaces(absent ? text + 1 : text);
    r->label_length = strcspn(r->label, " =!(),");
    const char *rest = skip_spaces(r->label + r->label_length);
    if (*rest == '\0')
        return r->label_length > 0;
    return !absent && r->label_length > 0 &&
           (*rest == '=' || *rest == '!' ? parse_value(rest, r) : parse_list(rest, r));
}

bool fr_requirement_of(const char *key, const char *label, const char *value,
                       struct fr_requirement *r) {
    *r = (struct fr_requirement){.values = value, .values_length = strlen(value), .single = true};
    if (label == NULL && strcmp(key, "namespace") == 0 && strcmp(value, "any") != 0) {
        r->of = FR_OF_NAMESPACES;
        r->label = FR_NAMESPACE_LABEL;
        r->label_length = strlen(r->label);
        return true;
    }
    for (size_t i = 0; i < KEYS; i++) {
        r->of = (enum fr_labelled)i;
        if (label != NULL && strcmp(key, keys[i].labels) == 0) {
            r->label = label;
            r->label_length = strlen(label);
            return true;
        }
        if (label == NULL && strcmp(key, keys[i].where) == 0) {
            *r = (struct fr_requirement){.of = (enum fr_labelled)i};
            return parse(value, r);
        }
    }
    return false;
}

bool fr_requirement_push(struct fr_vec *list, const struct fr_requirement *r) {
    struct fr_requirement *slot = fr_vec_push(list);
    if (slot != NULL)
        *slot = *r;
    return slot != NULL;
}

bool fr_requirement_value(const struct fr_requirement *r, size_t index, const char **value,
                          size_t *length) {
    const char *at = r->values, *end = r->values + r->values_length;
    if (r->asks != FLOWRULES_IN && r->asks != FLOWRULES_NOT_IN)
        return false;
    *value = at;
    *length = r->values_length;
    if (r->single)
        return index == 0;
    for (;; at++) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *last = comma == NULL ? end : comma;
        if (index-- == 0) {
            for (; at < last && *at == ' '; at++) {
            }
            for (; last > at && last[-1] == ' '; last--) {
            }
            *value = at;
            *length = (size_t)(last - at);
            return true;
        }
        if (comma == NULL)
            return false;
        at = comma;
    }
}

bool fr_requirement_check(const char *text, char form[160]) {
    struct fr_requirement r = {.of = FR_OF_PODS};
    const char *value;
    size_t length;
    snprintf(form, 160,
             "requirements for labels, in the syntax of kubectl -l: tier, \"!tier\", tier in (web, "
             "api), tier notin (db)");
    if (!parse(text, &r) || !fr_is_label_name(r.label, r.label_length))
        return false;
    for (size_t i = 0; fr_requirement_value(&r, i, &value, &length); i++)
        if (!fr_is_label_value(value, length))
            return false;
    return true;
}

/* ---- which hold ---------------------------------------------------------------------------- */

/* What a pod may have: a value, which NULL and a length of 1 make one that nobody mentions; or no
 * label at all. */
struct having {
    const char *value;
    size_t length;
    bool absent;
};

static const struct having absent = {NULL, 0, true}, other = {NULL, 1, false};

static bool lists(const struct fr_requirement *r, const struct having *h) {
    const char *value;
    size_t length;
    for (size_t i = 0; h->value != NULL && fr_requirement_value(r, i, &value, &length); i++)
        if (length == h->length && memcmp(value, h->value, length) == 0)
            return true;
    return false;
}

static bool holds(const struct fr_requirement *r, const struct having *h) {
    switch (r->asks) {
    case FLOWRULES_IN:
        return !h->absent && lists(r, h);
    case FLOWRULES_NOT_IN:
        return h->absent || !lists(r, h);
    case FLOWRULES_EXISTS:
        return !h->absent;
    case FLOWRULES_DOES_NOT_EXIST:
        return h->absent;
    }
    return false;
}

bool fr_requirement_same_label(const struct fr_requirement *a, const struct fr_requirement *b) {
    return a->of == b->of && a->label_length == b->label_length &&
           memcmp(a->label, b->label, a->label_length) == 0;
}

/* Namespaces without their name's label are none. */
static bool can_be(const struct fr_requirement *label, const struct having *h) {
    return !h->absent || label->of != FR_OF_NAMESPACES ||
           label->label_length != strlen(FR_NAMESPACE_LABEL) ||
           memcmp(label->label, FR_NAMESPACE_LABEL, label->label_length) != 0;
}

static bool all_hold(const struct fr_requirement *all, size_t count,
                     const struct fr_requirement *label, const struct having *h) {
    for (size_t i = 0; i < count; i++)
        if (fr_requirement_same_label(&all[i], label) && !holds(&all[i], h))
            return false;
    return can_be(label, h);
}

bool fr_requirements_can_hold(const struct fr_requirement *all, size_t count,
                              const struct fr_requirement *label) {
    struct having h = {NULL, 0, false};
    if (all_hold(all, count, label, &absent) || all_hold(all, count, label, &other))
        return true;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; fr_requirement_same_label(&all[i], label) &&
                           fr_requirement_value(&all[i], k, &h.value, &h.length);
             k++)
            if (all_hold(all, count, label, &h))
                return true;
    return false;
}

bool fr_requirements_example(const struct fr_requirement *all, size_t count,
                             const struct fr_requirement *label, const char **value,
                             size_t *length) {
    static const char *const words[] = {"", "probe", "other"};
    struct having h = {NULL, 0, false};
    bool found = false;
    if (all_hold(all, count, label, &absent))
        return false;
    for (size_t i = 0; i < count && !found; i++)
        for (size_t k = 0;
             !found && all[i].asks == FLOWRULES_IN && fr_requirement_same_label(&all[i], label) &&
             fr_requirement_value(&all[i], k, &h.value, &h.length);
             k++)
            found = all_hold(all, count, label, &h);
    for (size_t i = 0; i < sizeof words / sizeof words[0] && !found; i++) {
        h = (struct having){words[i], strlen(words[i]), false};
        found = all_hold(all, count, label, &h);
    }
    *value = h.value;
    *length = h.length;
    return found;
}

static bool fails(const struct fr_requirement *all, size_t count,
                  const struct fr_requirement *implied, const struct having *h) {
    return all_hold(all, count, implied, h) && !holds(implied, h);
}

bool fr_requirements_imply(const struct fr_requirement *all, size_t count,
                           const struct fr_requirement *implied) {
    struct having h = {NULL, 0, false};
    if (fails(all, count, implied, &absent) || fails(all, count, implied, &other))
        return false;
    for (size_t k = 0; fr_requirement_value(implied, k, &h.value, &h.length); k++)
        if (fails(all, count, implied, &h))
            return false;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; fr_requirement_same_label(&all[i], implied) &&
                           fr_requirement_value(&all[i], k, &h.value, &h.length);
             k++)
            if (fails(all, count, implied, &h))
                return false;
    return true;
}

struct fr_requirement fr_requirement_negated(struct fr_requirement r) {
    static const enum flowrules_operator opposite[] = {
        [FLOWRULES_IN] = FLOWRULES_NOT_IN,
        [FLOWRULES_NOT_IN] = FLOWRULES_IN,
        [FLOWRULES_EXISTS] = FLOWRULES_DOES_NOT_EXIST,
        [FLOWRULES_DOES_NOT_EXIST] = FLOWRULES_EXISTS,
    };
    r.asks = opposite[r.asks];
    return r;
}

/* ---- for backends -------------------------------------------------------------------------- */

static bool parse_of(const char *text, const char *label, struct fr_requirement *r) {
    *r = (struct fr_requirement){.of = FR_OF_PODS};
    return parse(text, r) && r->label_length == strlen(label) &&
           memcmp(r->label, label, r->label_length) == 0;
}

bool flowrules_requirement_is_of(const char *text, const char *label) {
    struct fr_requirement r;
    return parse_of(text, label, &r);
}

bool flowrules_requirement_allows(const char *text, const char *label, const char *value) {
    struct fr_requirement r;
    struct having h = {value, value == NULL ? 0 : strlen(value), value == NULL};
    return !parse_of(text, label, &r) || holds(&r, &h);
}
