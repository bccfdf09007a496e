/*
 * The description of a backend: rows of text, made from its record once, when it is added to a
 * context.
 */
#include <stdio.h>
#include <string.h>

#include "registry.h"
#include "services.h"
#include "settings.h"

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

/* ---- what it can say ----------------------------------------------------------------------- */

static const char *const placements[] = {
    [FLOWRULES_ATTACHED] = "on the machine",
    [FLOWRULES_TRANSIT] = "between networks",
    [FLOWRULES_BY_HOOK] = "on the machine, or between networks with hook: forward",
};

static const char *const evaluations[] = {
    [FLOWRULES_FIRST_MATCH] = "the first rule that matches",
    [FLOWRULES_ALLOW_UNION] = "only allows, in any order",
};

static const char *const wildcards[] = {
    [FLOWRULES_WILDCARDS_NONE] = "no",
    [FLOWRULES_WILDCARDS_BELOW] = "yes",
    [FLOWRULES_WILDCARDS_ONE_LABEL] = "only one label",
    [FLOWRULES_WILDCARDS_AND_SELF] = "and the name itself",
};

static const char *const families[] = {"none", "IPv4", "IPv6", "IPv4 and IPv6"};

/* Each returns the text of a capability, or NULL when memory has run out. */
typedef const char *telling(struct fr_arena *texts, const struct flowrules_capabilities *can);

static const char *stands(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    (void)texts;
    return placements[can->placement];
}

static const char *closes(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    (void)texts;
    if (can->placement == FLOWRULES_TRANSIT)
        return can->every_group ? "nothing: a listing" : "what is forwarded";
    if (can->placement == FLOWRULES_BY_HOOK)
        return "egress and ingress, or what is forwarded";
    return can->no_ingress ? "only egress" : "egress and ingress";
}

static const char *permits(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    (void)texts;
    return yes_no(can->permits);
}

static const char *decides(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    (void)texts;
    return evaluations[can->evaluation];
}

static const char *protected_end(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    (void)texts;
    return can->implicit_end ? "not matched" : "matched";
}

static const char *told_families(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    (void)texts;
    return families[can->families & FLOWRULES_BOTH_FAMILIES];
}

static const char *names(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    (void)texts;
    if (can->names_on_request)
        return "as destinations, with names: native";
    return can->names && !can->source_names ? "as destinations" : yes_no(can->names);
}

static const char *told_wildcards(struct fr_arena *texts,
                                  const struct flowrules_capabilities *can) {
    (void)texts;
    return wildcards[can->wildcards];
}

static const char *groups(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    (void)texts;
    return can->every_group ? "of every platform" : yes_no(can->groups);
}

static const char *protocols(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    if (can->protocols == NULL)
        return can->no_any_protocol ? "all, one by one" : "all";
    const char *list = "";
    for (size_t i = 0; list != NULL && i < can->protocol_count; i++) {
        const char *name = fr_protocol_name(can->protocols[i]);
        const char *comma = i == 0 ? "" : ", ";
        list = name != NULL ? fr_arena_printf(texts, "%s%s%s", list, comma, name)
                            : fr_arena_printf(texts, "%s%s%u", list, comma, can->protocols[i]);
    }
    return list == NULL || can->no_any_protocol ? list : fr_arena_printf(texts, "%s, any", list);
}

static const char *ports(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    if (can->no_port_ranges)
        return "one by one";
    if (can->one_port)
        return "one range a rule";
    return can->ports_per_rule == 0
               ? "lists of ranges"
               : fr_arena_printf(texts, "lists of ranges, %u ports a rule", can->ports_per_rule);
}

static const char *source_ports(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    (void)texts;
    return yes_no(can->source_ports);
}

static const char *icmp_types(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    const char *list = can->icmp_types ? "yes" : can->icmp_listed_count == 0 ? "no" : "";
    for (size_t i = 0; list != NULL && !can->icmp_types && i < can->icmp_listed_count; i++) {
        const struct flowrules_icmp *icmp = &can->icmp_listed[i];
        const char *name = fr_icmp_type_name(icmp->protocol, icmp->type);
        list = fr_arena_printf(texts, "%s%s%s %s", list, i == 0 ? "" : ", ",
                               fr_protocol_name(icmp->protocol), name != NULL ? name : "?");
    }
    return list;
}

static const char *addresses(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    const char *kind = can->prefixes ? "prefixes" : "prefixes and ranges";
    if (can->addresses_per_end == 1)
        return can->prefixes ? "one prefix for the source or destination of a rule"
                             : "one range for the source or destination of a rule";
    return can->addresses_per_end == 0
               ? fr_arena_printf(texts, "lists of %s", kind)
               : fr_arena_printf(texts, "%u %s for the source or destination of a rule",
                                 can->addresses_per_end, kind);
}

static const char *merging(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    if (can->lookup)
        return "into lookups";
    return can->merge_above == 0 ? "no"
                                 : fr_arena_printf(texts, "more than %u rules", can->merge_above);
}

static const char *logging(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    (void)texts;
    return yes_no(can->logging);
}

static const char *expiry(struct fr_arena *texts, const struct flowrules_capabilities *can) {
    (void)texts;
    return yes_no(can->expiry);
}

static const char *baseline_parts(struct fr_arena *texts,
                                  const struct flowrules_capabilities *can) {
    char list[160];
    fr_baseline_list(can->baseline, list, sizeof list);
    return can->baseline == 0 ? "none" : fr_arena_printf(texts, "%s", list);
}

static const struct {
    const char *name, *help;
    telling *tell;
} capabilities[] = {
    {"stands", "where the rules are enforced", stands},
    {"closes", "where everything is denied that no flow allows", closes},
    {"mode-permits", "has mode: permits, which writes only permits, beside the rules of others",
     permits},
    {"decides", "which rule decides", decides},
    {"protected-end",
     "whether rules match the protected address; if not, a rule applies to all that the target "
     "protects",
     protected_end},
    {"families", "address families", told_families},
    {"addresses", "what the source or destination of a rule takes", addresses},
    {"names", "resolves DNS names itself; otherwise names are pinned", names},
    {"wildcards", "matches names below a name", told_wildcards},
    {"groups", "has its own groups for networks", groups},
    {"protocols", "the protocols that a rule can match", protocols},
    {"ports", "the ports that a rule takes", ports},
    {"source-ports", "matches source ports", source_ports},
    {"icmp-types", "matches ICMP types and codes", icmp_types},
    {"baseline", "the parts that 'baseline' may list; 'invalid' is not among those of 'true'",
     baseline_parts},
    {"logging", "can log, if a flow or the target asks for it", logging},
    {"expiry", "disables a rule itself after the last day of its flow", expiry},
    {"merging", "when rules are merged into fewer rules that permit the same packets", merging},
};

/* The text of a capability, with the formats that differ from the backend in it. */
static const char *tell(struct fr_arena *texts, const struct flowrules_backend *b, telling *of) {
    const char *usual = of(texts, &b->capabilities);
    const char *text = usual;
    for (const struct flowrules_format *f = b->formats; text != NULL && f->name != NULL; f++) {
        const char *own = f->capabilities == NULL ? usual : of(texts, f->capabilities);
        if (own == NULL)
            return NULL;
        if (strcmp(own, usual) != 0)
            text = fr_arena_printf(texts, "%s; %s: %s", text, f->name, own);
    }
    return text;
}

static bool add_capabilities(flowrules_context *context, struct fr_description *d,
                             const struct flowrules_backend *b) {
    bool good = true;
    for (size_t i = 0; good && i < sizeof capabilities / sizeof capabilities[0]; i++) {
        const char *value = tell(&context->texts, b, capabilities[i].tell);
        good = value != NULL && add_row(d, FLOWRULES_CAPABILITIES, capabilities[i].name, value,
                                        capabilities[i].help);
    }
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
    return good && add_capabilities(context, d, b) &&
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
