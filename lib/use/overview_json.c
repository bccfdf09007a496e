/*
 * The overview as JSON: what the page reads, and other programs. Numbers are places in the lists.
 */
#include "json.h"
#include "overview.h"

/* ---- small trees --------------------------------------------------------------------------- */

static fr_json *number_list(const struct fr_overview *o, struct fr_span span) {
    fr_json *list = fr_json_array();
    for (uint32_t i = 0; i < span.count; i++)
        fr_json_add(list, NULL, fr_json_of_number(fr_overview_at(o, span, i)));
    return list;
}

/* Takes no text for a failure of memory: the tree is spoilt, and so the writer. */
static void add_needed(fr_json *list, const char *text) {
    fr_json_add(list, NULL, text == NULL ? NULL : fr_json_text(text));
}

static fr_json *peer_list(struct fr_arena *arena, const flowrules_policy *policy,
                          struct fr_span span) {
    fr_json *list = fr_json_array();
    for (uint32_t i = 0; i < span.count; i++)
        add_needed(list,
                   fr_overview_peer(arena, policy,
                                    fr_vec_at(&policy->peers, struct fr_peer, span.first + i)));
    return list;
}

static void add_days(fr_json *object, const struct fr_overview *o, const char *name, int32_t day) {
    int32_t days;
    if (fr_overview_days(o, day, &days))
        fr_json_add_number(object, name, days);
    else
        fr_json_add_string(object, name, NULL);
}

/* ---- items --------------------------------------------------------------------------------- */

/* What a list is of: its name, how many, and each. */
struct listing {
    const char *name;
    size_t (*count)(const struct fr_overview *o);
    fr_json *(*item)(const struct fr_overview *o, struct fr_arena *arena, size_t index);
};

static fr_json *zone_item(const struct fr_overview *o, struct fr_arena *arena, size_t index) {
    const struct fr_zone *zone = fr_vec_at(&o->zones_of->zones, struct fr_zone, index);
    fr_json *item = fr_json_object();
    fr_json_add_string(item, "name", fr_overview_zone(o, index));
    fr_json_add_bool(item, "rest", zone->all_else);
    fr_json_add(item, "members", peer_list(arena, o->zones_of, zone->asserted.members));
    fr_json_add(item, "except", peer_list(arena, o->zones_of, zone->asserted.except));
    return item;
}

static size_t count_cells(const struct fr_overview *o) {
    return o->cells.count;
}

static fr_json *cell_item(const struct fr_overview *o, struct fr_arena *arena, size_t index) {
    const struct fr_overview_cell *cell = fr_vec_at(&o->cells, struct fr_overview_cell, index);
    size_t zones = fr_overview_zones(o), from = index / zones;
    fr_json *item = fr_json_object();
    (void)arena;
    fr_json_add_number(item, "from", (double)from);
    fr_json_add_number(item, "to", (double)(index - from * zones));
    fr_json_add_string(item, "services", cell->services);
    fr_json_add_number(item, "allows", cell->allows);
    fr_json_add_number(item, "denies", cell->denies);
    return item;
}

static size_t count_ends(const struct fr_overview *o) {
    return o->ends.count;
}

static fr_json *binding_list(const struct fr_overview *o, struct fr_arena *arena,
                             const struct fr_network *network) {
    fr_json *list = fr_json_array();
    for (uint32_t i = 0; network != NULL && i < network->bindings.count; i++)
        add_needed(list, fr_overview_binding(arena, o->policy,
                                             fr_vec_at(&o->policy->bindings, struct fr_binding,
                                                       network->bindings.first + i)));
    return list;
}

static fr_json *end_item(const struct fr_overview *o, struct fr_arena *arena, size_t index) {
    static const char *const kinds[] = {[FR_PEER_ANY] = "any",
                                        [FR_PEER_NETWORK] = "network",
                                        [FR_PEER_RANGE] = "address",
                                        [FR_PEER_NAME] = "name",
                                        [FR_PEER_WILDCARD] = "wildcard"};
    const struct fr_overview_end *end = fr_vec_at(&o->ends, struct fr_overview_end, index);
    const struct fr_network *network = end->network;
    const struct fr_span none = {0, 0};
    fr_json *item = fr_json_object();
    fr_json_add_string(item, "name", end->name);
    fr_json_add_string(item, "kind", kinds[end->kind]);
    fr_json_add_string(item, "description",
                       network == NULL ? NULL : FR_POLICY_TEXT(o->policy, network->description));
    fr_json_add(item, "members",
                peer_list(arena, o->policy, network == NULL ? none : network->members));
    fr_json_add(item, "except",
                peer_list(arena, o->policy, network == NULL ? none : network->except));
    fr_json_add(item, "bindings", binding_list(o, arena, network));
    fr_json_add(item, "zones", number_list(o, end->zones));
    fr_json_add(item, "pins", number_list(o, end->pins));
    if (end->within != FR_NO_NUMBER)
        fr_json_add_number(item, "within", end->within);
    else
        fr_json_add_string(item, "within", NULL);
    fr_json_add_bool(item, "outside", end->outside);
    fr_json_add_bool(item, "unknown", end->unknown);
    return item;
}

static size_t count_targets(const struct fr_overview *o) {
    return o->targets.count;
}

static fr_json *target_item(const struct fr_overview *o, struct fr_arena *arena, size_t index) {
    const struct fr_overview_target *target =
        fr_vec_at(&o->targets, struct fr_overview_target, index);
    fr_json *item = fr_json_object();
    (void)arena;
    fr_json_add_string(item, "name", target->name);
    fr_json_add_string(item, "backend", target->backend);
    fr_json_add_string(item, "format", target->format);
    fr_json_add_string(item, "baseline", target->baseline);
    fr_json_add_string(item, "open", target->open);
    fr_json_add_string(item, "problem", target->problem);
    fr_json_add_bool(item, "rendered", target->rendered);
    return item;
}

static fr_json *verdict_list(const struct fr_overview *o, size_t flow) {
    fr_json *list = fr_json_array();
    for (size_t i = 0; i < o->targets.count; i++) {
        const struct fr_overview_verdict *verdict = fr_overview_verdict(o, flow, i);
        fr_json *item = fr_json_object();
        fr_json_add_string(item, "fidelity", verdict->fidelity);
        if (verdict->reason != 0)
            fr_json_add_number(item, "reason", verdict->reason - 1);
        else
            fr_json_add_string(item, "reason", NULL);
        fr_json_add(item, "rules", number_list(o, verdict->rules));
        fr_json_add(list, NULL, item);
    }
    return list;
}

static size_t count_flows(const struct fr_overview *o) {
    return o->flows.count;
}

static void add_texts(fr_json *item, const flowrules_policy *policy, size_t index) {
    fr_json *tags = fr_json_array();
    fr_json_add_string(item, "purpose", flowrules_flow_purpose(policy, index));
    fr_json_add_string(item, "owner", flowrules_flow_owner(policy, index));
    fr_json_add_string(item, "ticket", flowrules_flow_ticket(policy, index));
    fr_json_add_string(item, "volume", flowrules_flow_volume(policy, index));
    fr_json_add_string(item, "frequency", flowrules_flow_frequency(policy, index));
    for (size_t i = 0; i < flowrules_flow_tag_count(policy, index); i++)
        fr_json_add(tags, NULL, fr_json_text(flowrules_flow_tag(policy, index, i)));
    fr_json_add(item, "tags", tags);
}

static fr_json *flow_item(const struct fr_overview *o, struct fr_arena *arena, size_t index) {
    const struct fr_overview_flow *seen = fr_vec_at(&o->flows, struct fr_overview_flow, index);
    const struct fr_flow *flow = fr_vec_at(&o->policy->flows, struct fr_flow, index);
    struct fr_at at = fr_flow_place(o->policy, flow);
    fr_json *item = fr_json_object();
    (void)arena;
    fr_json_add_string(item, "name", flowrules_flow_name(o->policy, index));
    fr_json_add_string(item, "action", flowrules_flow_action(o->policy, index));
    fr_json_add(item, "source", number_list(o, seen->ends[0]));
    fr_json_add(item, "destination", number_list(o, seen->ends[1]));
    fr_json_add_string(item, "service", seen->service);
    add_texts(item, o->policy, index);
    fr_json_add_string(item, "expires", flowrules_flow_expires(o->policy, index));
    add_days(item, o, "days", flow->expires);
    fr_json_add_bool(item, "expired", flow->expired);
    fr_json_add_bool(item, "log", flow->log);
    fr_json_add_bool(item, "outside", fr_overview_from_outside(o, index));
    fr_json_add_string(item, "file", fr_diagnostics_file_name(&o->context->diagnostics, at.file));
    fr_json_add_number(item, "line", at.line);
    fr_json_add(item, "verdicts", verdict_list(o, index));
    return item;
}

static size_t count_reasons(const struct fr_overview *o) {
    return o->reasons.entries.count;
}

static fr_json *reason_item(const struct fr_overview *o, struct fr_arena *arena, size_t index) {
    (void)arena;
    return fr_json_text(fr_strings_text(&o->reasons, (fr_string)index + 1));
}

static size_t count_files(const struct fr_overview *o) {
    return o->files.count;
}

static fr_json *file_item(const struct fr_overview *o, struct fr_arena *arena, size_t index) {
    const struct fr_overview_file *file = fr_vec_at(&o->files, struct fr_overview_file, index);
    fr_json *item = fr_json_object();
    (void)arena;
    fr_json_add_number(item, "target", file->target);
    fr_json_add_string(item, "name", file->name);
    return item;
}

static size_t count_rules(const struct fr_overview *o) {
    return o->rules.count;
}

static fr_json *rule_item(const struct fr_overview *o, struct fr_arena *arena, size_t index) {
    const struct fr_overview_rule *rule = fr_vec_at(&o->rules, struct fr_overview_rule, index);
    fr_json *item = fr_json_object();
    (void)arena;
    fr_json_add_number(item, "file", rule->file);
    fr_json_add_number(item, "line", rule->line);
    fr_json_add_string(item, "text", rule->text);
    return item;
}

static size_t count_assertions(const struct fr_overview *o) {
    return flowrules_assertion_count(o->assertions);
}

static fr_json *breach_item(const flowrules_assertions *a, size_t index, size_t finding) {
    fr_json *item = fr_json_object();
    fr_json_add_string(item, "verdict", flowrules_assertion_finding_verdict(a, index, finding));
    fr_json_add_string(item, "witness", flowrules_assertion_finding_witness(a, index, finding));
    fr_json_add_string(item, "reason", flowrules_assertion_finding_reason(a, index, finding));
    fr_json_add_string(item, "names", flowrules_assertion_finding_names(a, index, finding));
    fr_json_add_string(item, "zones", flowrules_assertion_finding_zones(a, index, finding));
    fr_json_add_string(item, "flow", flowrules_assertion_finding_flow(a, index, finding));
    fr_json_add_string(item, "file", flowrules_assertion_finding_file(a, index, finding));
    fr_json_add_number(item, "line", flowrules_assertion_finding_line(a, index, finding));
    return item;
}

/* As 'flowrules assert --json' has them. */
static fr_json *assertion_item(const struct fr_overview *o, struct fr_arena *arena, size_t index) {
    const flowrules_assertions *a = o->assertions;
    fr_json *item = fr_json_object(), *findings = fr_json_array();
    (void)arena;
    fr_json_add_string(item, "id", flowrules_assertion_id(a, index));
    fr_json_add_string(item, "kind", flowrules_assertion_kind(a, index));
    fr_json_add_string(item, "verdict", flowrules_assertion_verdict(a, index));
    fr_json_add_string(item, "because", flowrules_assertion_because(a, index));
    fr_json_add_string(item, "file", flowrules_assertion_file(a, index));
    fr_json_add_number(item, "line", flowrules_assertion_line(a, index));
    for (size_t i = 0; i < flowrules_assertion_finding_count(a, index); i++)
        fr_json_add(findings, NULL, breach_item(a, index, i));
    fr_json_add(item, "findings", findings);
    fr_json_add_bool(item, "more", flowrules_assertion_has_more(a, index) != 0);
    return item;
}

static size_t count_findings(const struct fr_overview *o) {
    return flowrules_finding_count(o->findings);
}

/* As 'flowrules lint --json' has them. */
static fr_json *finding_item(const struct fr_overview *o, struct fr_arena *arena, size_t index) {
    const flowrules_findings *f = o->findings;
    fr_json *item = fr_json_object();
    (void)arena;
    fr_json_add_string(item, "id", flowrules_finding_id(f, index));
    fr_json_add_string(item, "severity",
                       fr_overview_severity(flowrules_finding_severity(f, index)));
    fr_json_add_string(item, "file", flowrules_finding_file(f, index));
    fr_json_add_number(item, "line", flowrules_finding_line(f, index));
    fr_json_add_number(item, "column", flowrules_finding_column(f, index));
    fr_json_add_number(item, "length", flowrules_finding_length(f, index));
    fr_json_add_string(item, "flow", flowrules_finding_flow(f, index));
    fr_json_add_string(item, "target", flowrules_finding_target(f, index));
    fr_json_add_string(item, "message", flowrules_finding_message(f, index));
    fr_json_add_string(item, "hint", flowrules_finding_hint(f, index));
    fr_json_add_string(item, "reason", flowrules_finding_reason(f, index));
    return item;
}

static size_t count_messages(const struct fr_overview *o) {
    return o->context->diagnostics.list.count - o->first_message;
}

static fr_json *message_item(const struct fr_overview *o, struct fr_arena *arena, size_t index) {
    size_t number = o->first_message + index;
    fr_json *item = fr_json_object();
    (void)arena;
    fr_json_add_string(item, "severity",
                       fr_overview_severity(flowrules_diagnostic_severity(o->context, number)));
    fr_json_add_string(item, "id", flowrules_diagnostic_id(o->context, number));
    fr_json_add_string(item, "target", flowrules_diagnostic_target(o->context, number));
    fr_json_add_string(item, "flow", flowrules_diagnostic_flow(o->context, number));
    fr_json_add_string(item, "message", flowrules_diagnostic_message(o->context, number));
    fr_json_add_string(item, "hint", flowrules_diagnostic_hint(o->context, number));
    return item;
}

static size_t count_pins(const struct fr_overview *o) {
    return o->policy->lock.names.count;
}

static fr_json *pin_item(const struct fr_overview *o, struct fr_arena *arena, size_t index) {
    const struct fr_lock *lock = &o->policy->lock;
    const struct fr_locked_name *entry = fr_vec_at(&lock->names, struct fr_locked_name, index);
    int32_t seen = fr_lock_last_seen(lock, entry), ago;
    char date[11];
    fr_json *item = fr_json_object();
    (void)arena;
    fr_json_add_string(item, "name", fr_strings_text(&lock->strings, entry->name));
    fr_json_add_number(item, "addresses", entry->count);
    fr_json_add_string(item, "seen", fr_overview_date(seen, date));
    if (fr_overview_days(o, seen, &ago))
        fr_json_add_number(item, "days", -ago);
    else
        fr_json_add_string(item, "days", NULL);
    return item;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static const struct listing listings[] = {
    {"zones", fr_overview_zones, zone_item},
    {"cells", count_cells, cell_item},
    {"ends", count_ends, end_item},
    {"targets", count_targets, target_item},
    {"flows", count_flows, flow_item},
    {"reasons", count_reasons, reason_item},
    {"files", count_files, file_item},
    {"rules", count_rules, rule_item},
    {"assertions", count_assertions, assertion_item},
    {"findings", count_findings, finding_item},
    {"messages", count_messages, message_item},
    {"pins", count_pins, pin_item},
};

static void write_list(struct flowrules_writer *w, const struct fr_overview *o,
                       const struct listing *listing) {
    size_t count = listing->count(o);
    struct fr_arena arena;
    flowrules_writef(w, ",\n\"%s\": [", listing->name);
    for (size_t i = 0; i < count && !w->failed; i++) {
        fr_arena_init(&arena, &o->context->allocator);
        flowrules_write(w, i == 0 ? "\n  " : ",\n  ");
        fr_json_write(w, listing->item(o, &arena, i));
        fr_arena_free(&arena);
    }
    flowrules_write(w, count == 0 ? "]" : "\n]");
}

/* The members that are no lists, without the braces of their tree. */
static void write_member(struct flowrules_writer *w, const char *name, fr_json *value) {
    flowrules_writef(w, ", \"%s\": ", name);
    fr_json_write(w, value);
}

void fr_overview_write_json(struct flowrules_writer *w, const struct fr_overview *o) {
    const flowrules_policy *policy = o->policy;
    const struct fr_diagnostics *d = &o->context->diagnostics;
    char date[11];
    flowrules_write(w, "{\"flowrules-json\": 1");
    write_member(w, "title", fr_json_text(FR_POLICY_TEXT(policy, policy->title)));
    write_member(w, "description", fr_json_text(FR_POLICY_TEXT(policy, policy->description)));
    write_member(w, "file", fr_json_text(fr_diagnostics_file_name(d, policy->first_file)));
    write_member(w, "as-of", fr_json_text(fr_overview_date(policy->as_of, date)));
    flowrules_writef(w, ", \"matrix\": %s, \"lock\": %s, \"example-lock\": %s",
                     o->zones_of != NULL && o->zones_of->matrix_at.line > 0 ? "true" : "false",
                     policy->lock.present ? "true" : "false",
                     policy->lock.example ? "true" : "false");
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++)
        write_list(w, o, &listings[i]);
    flowrules_write(w, "}\n");
}
