/*
 * What a backend tells of itself, turned from its record into rows of text once, when a context
 * gets to know it.
 */
#include <stdio.h>
#include <string.h>

#include "registry.h"

static bool add_row(struct fr_description *d, flowrules_topic topic, const char *name,
                    const char *value, const char *help) {
    struct fr_description_row *row = fr_vec_push(&d->rows);
    if (row == NULL)
        return false;
    *row = (struct fr_description_row){topic, name, value, help};
    return true;
}

static const char *yes_no(bool value) {
    return value ? "yes" : "no";
}

static const char *const placements[] = {
    [FLOWRULES_ATTACHED] = "on the machine",
    [FLOWRULES_TRANSIT] = "between networks",
    [FLOWRULES_BY_HOOK] = "on the machine, or between networks with hook: forward",
};

static const char *const evaluations[] = {
    [FLOWRULES_FIRST_MATCH] = "the first rule that matches",
    [FLOWRULES_ALLOW_UNION] = "allows alone, in any order",
};

static const char *const wildcards[] = {
    [FLOWRULES_WILDCARDS_NONE] = "no",
    [FLOWRULES_WILDCARDS_BELOW] = "yes",
    [FLOWRULES_WILDCARDS_ONE_LABEL] = "one label alone",
    [FLOWRULES_WILDCARDS_AND_SELF] = "and the name itself",
};

static const char *const families[] = {"none", "IPv4", "IPv6", "IPv4 and IPv6"};

static bool add_capabilities(struct fr_description *d, const struct flowrules_backend *b) {
    const struct flowrules_capabilities *c = &b->capabilities;
    const struct {
        const char *name, *value, *help;
    } rows[] = {
        {"stands", placements[c->placement], "where the rules are enforced"},
        {"decides", evaluations[c->evaluation], "which rule decides"},
        {"families", families[c->families & FLOWRULES_BOTH_FAMILIES], "address families"},
        {"names", yes_no(c->names), "resolves DNS names itself; without it they are pinned"},
        {"wildcards", wildcards[c->wildcards], "matches names below a name"},
        {"groups", c->every_group ? "of every platform" : yes_no(c->groups),
         "knows networks by a group of its own"},
        {"source-ports", yes_no(c->source_ports), "matches source ports"},
        {"icmp-types", yes_no(c->icmp_types), "matches ICMP types and codes"},
        {"logging", yes_no(c->logging), "logs where a flow or the target asks for it"},
    };
    bool good = true;
    for (size_t i = 0; good && i < sizeof rows / sizeof rows[0]; i++)
        good = add_row(d, FLOWRULES_CAPABILITIES, rows[i].name, rows[i].value, rows[i].help);
    return good;
}

static bool add_settings(flowrules_context *context, struct fr_description *d,
                         flowrules_topic topic, const struct flowrules_setting *settings) {
    bool good = true;
    for (const struct flowrules_setting *s = settings; good && s != NULL && s->key != NULL; s++) {
        const char *value = s->type;
        if (s->fallback != NULL)
            value = fr_arena_printf(&context->texts, "%s, default %s", s->type, s->fallback);
        else if (s->required)
            value = fr_arena_printf(&context->texts, "%s, required", s->type);
        good = value != NULL && add_row(d, topic, s->key, value, s->help);
    }
    return good;
}

static bool add_limits(flowrules_context *context, struct fr_description *d,
                       const struct flowrules_backend *b) {
    bool good = true;
    for (const struct flowrules_limit *l = b->limits; good && l != NULL && l->name != NULL; l++) {
        const char *value = fr_arena_printf(&context->texts, "%llu", l->value);
        good = value != NULL && add_row(d, FLOWRULES_LIMITS, l->name, value, l->source);
    }
    return good;
}

bool fr_describe(flowrules_context *context, const struct flowrules_backend *b) {
    struct fr_description *d = fr_vec_push(&context->descriptions);
    bool good = d != NULL;
    if (!good)
        return false;
    fr_vec_init(&d->rows, &context->allocator, sizeof(struct fr_description_row));
    for (const struct flowrules_format *f = b->formats; good && f->name != NULL; f++)
        good = add_row(d, FLOWRULES_FORMATS, f->name, NULL, f->help);
    return good && add_capabilities(d, b) &&
           add_settings(context, d, FLOWRULES_SETTINGS, b->settings) &&
           add_settings(context, d, FLOWRULES_BINDINGS, b->bindings) && add_limits(context, d, b);
}

/* ---- getters ------------------------------------------------------------------------------- */

static const struct fr_description_row *row_at(const flowrules_context *context, size_t backend,
                                               flowrules_topic topic, size_t row) {
    if (backend >= context->descriptions.count)
        return NULL;
    const struct fr_vec *rows =
        &fr_vec_at(&context->descriptions, struct fr_description, backend)->rows;
    for (size_t i = 0, seen = 0; i < rows->count; i++) {
        const struct fr_description_row *r = fr_vec_at(rows, struct fr_description_row, i);
        if (r->topic == topic && seen++ == row)
            return r;
    }
    return NULL;
}

size_t flowrules_backend_row_count(const flowrules_context *context, size_t backend,
                                   flowrules_topic topic) {
    size_t count = 0;
    while (row_at(context, backend, topic, count) != NULL)
        count++;
    return count;
}

const char *flowrules_backend_row_name(const flowrules_context *context, size_t backend,
                                       flowrules_topic topic, size_t row) {
    const struct fr_description_row *r = row_at(context, backend, topic, row);
    return r == NULL ? NULL : r->name;
}

const char *flowrules_backend_row_value(const flowrules_context *context, size_t backend,
                                        flowrules_topic topic, size_t row) {
    const struct fr_description_row *r = row_at(context, backend, topic, row);
    return r == NULL ? NULL : r->value;
}

const char *flowrules_backend_row_help(const flowrules_context *context, size_t backend,
                                       flowrules_topic topic, size_t row) {
    const struct fr_description_row *r = row_at(context, backend, topic, row);
    return r == NULL ? NULL : r->help;
}
