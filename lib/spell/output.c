/*
 * What a backend can ask and do while it spells: settings, flows, sets, files.
 */
#include "output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

void fr_output_init(flowrules_output *out, struct fr_plan *plan) {
    const struct fr_allocator *allocator = &plan->context->allocator;
    memset(out, 0, sizeof *out);
    out->plan = plan;
    fr_arena_init(&out->scratch, allocator);
    fr_vec_init(&out->sets, allocator, sizeof(fr_set));
    fr_vec_init(&out->services, allocator, sizeof(const struct flowrules_service *));
    fr_strings_init(&out->once, allocator);
    fr_writer_init(&out->sink, allocator, false);
    for (size_t i = 0; i < FR_PARTS; i++)
        fr_writer_init(&out->parts[i], allocator, true);
}

void fr_output_free(flowrules_output *out) {
    for (size_t i = 0; i < FR_PARTS; i++)
        fr_writer_free(&out->parts[i]);
    fr_writer_free(&out->sink);
    fr_strings_free(&out->once);
    fr_vec_free(&out->sets);
    fr_vec_free(&out->services);
    fr_arena_free(&out->scratch);
}

bool fr_output_good(const flowrules_output *out) {
    bool good = !out->failed && !out->sink.failed;
    for (size_t i = 0; i < FR_PARTS; i++)
        good = good && !out->parts[i].failed;
    for (size_t i = 0; out->files != NULL && i < out->files->count; i++)
        good = good && !(*fr_vec_at(out->files, struct fr_file *, i))->writer.failed;
    return good;
}

/* ---- what a backend asks ------------------------------------------------------------------- */

const char *flowrules_output_target(const flowrules_output *out) {
    return out->plan->name;
}

const char *flowrules_output_title(const flowrules_output *out) {
    return FR_POLICY_TEXT(out->plan->policy, out->plan->policy->title);
}

bool flowrules_output_enforces(const flowrules_output *out, enum flowrules_direction direction) {
    return out->plan->enforces[direction];
}

bool flowrules_output_permits(const flowrules_output *out) {
    return out->plan->permits;
}

bool flowrules_output_baseline(const flowrules_output *out) {
    return (out->plan->target->baseline & ~FR_BASELINE_FALSE) != 0;
}

bool flowrules_output_has(const flowrules_output *out, enum flowrules_baseline part) {
    return (out->plan->target->baseline & part) != 0;
}

const char *flowrules_output_format(const flowrules_output *out) {
    return out->plan->format->name;
}

bool flowrules_output_log_denied(const flowrules_output *out) {
    enum fr_log_mode log = out->plan->target->log;
    return log == FR_LOG_DENIED || log == FR_LOG_ALL;
}

bool flowrules_output_log_nothing(const flowrules_output *out) {
    return out->plan->target->log == FR_LOG_NONE;
}

const char *flowrules_output_setting(const flowrules_output *out, const char *key) {
    return fr_plan_setting(out->plan, key);
}

long long flowrules_output_number(const flowrules_output *out, const char *key) {
    const char *value = fr_plan_setting(out->plan, key);
    return value == NULL ? 0 : strtoll(value, NULL, 10);
}

bool flowrules_output_flag(const flowrules_output *out, const char *key) {
    const char *value = fr_plan_setting(out->plan, key);
    return value != NULL && strcmp(value, "true") == 0;
}

void *flowrules_output_state(flowrules_output *out) {
    return out->state;
}

const char *flowrules_output_fingerprint(const flowrules_output *out) {
    return out->plan->fingerprint;
}

static const struct fr_flow *flow_of(const flowrules_output *out, flowrules_flows flows,
                                     size_t index) {
    if (index >= fr_flows_count(out->plan, flows))
        return NULL;
    return fr_vec_at(&out->plan->policy->flows, struct fr_flow,
                     fr_flows_at(out->plan, flows, index));
}

size_t flowrules_flows_count(const flowrules_output *out, flowrules_flows flows) {
    return fr_flows_count(out->plan, flows);
}

const char *flowrules_flows_name(const flowrules_output *out, flowrules_flows flows, size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->name);
}

const char *flowrules_flows_purpose(const flowrules_output *out, flowrules_flows flows,
                                    size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->purpose);
}

const char *flowrules_flows_owner(const flowrules_output *out, flowrules_flows flows,
                                  size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->owner);
}

const char *flowrules_flows_ticket(const flowrules_output *out, flowrules_flows flows,
                                   size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->ticket);
}

const char *flowrules_flows_volume(const flowrules_output *out, flowrules_flows flows,
                                   size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->volume);
}

const char *flowrules_flows_frequency(const flowrules_output *out, flowrules_flows flows,
                                      size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->frequency);
}

const char *flowrules_flows_tag(const flowrules_output *out, flowrules_flows flows, size_t index,
                                size_t tag) {
    if (index >= fr_flows_count(out->plan, flows))
        return NULL;
    return flowrules_flow_tag(out->plan->policy, fr_flows_at(out->plan, flows, index), tag);
}

const char *flowrules_flows_spares(const flowrules_output *out, flowrules_flows flows, size_t index,
                                   size_t flow) {
    const flowrules_policy *policy = out->plan->policy;
    if (index >= fr_flows_count(out->plan, flows))
        return NULL;
    struct fr_span span = fr_flow_spares(
        policy, fr_vec_at(&policy->flows, struct fr_flow, fr_flows_at(out->plan, flows, index)));
    return flow >= span.count
               ? NULL
               : FR_POLICY_TEXT(
                     policy, fr_vec_at(&policy->spared, struct fr_spared, span.first + flow)->name);
}

void flowrules_write_flows(flowrules_writer *w, const flowrules_output *out,
                           const struct flowrules_escape *escape, flowrules_flows flows) {
    size_t count = fr_flows_count(out->plan, flows), room = escape->max_bytes;
    if (count == 1) {
        flowrules_write_user(w, escape, flowrules_flows_name(out, flows, 0));
        return;
    }
    for (size_t i = 0, used = 0; i < count; i++) {
        const char *name = flowrules_flows_name(out, flows, i);
        size_t length = strlen(name) + 2;
        /* Room is kept for " +N more", and a name may grow by its escapes. */
        if (room > 0 && i > 0 && used + 2 * length + 16 > room) {
            flowrules_writef(w, " +%zu more", count - i);
            return;
        }
        struct flowrules_escape one = *escape;
        one.max_bytes = room > 16 ? room - 16 : room;
        if (i > 0)
            flowrules_write(w, ", ");
        flowrules_write_user(w, &one, name);
        used += length;
    }
}

/* ---- files --------------------------------------------------------------------------------- */

struct fr_file *fr_file_new(struct fr_vec *files, struct fr_arena *arena, const char *name,
                            const char *suffix, bool executable) {
    struct fr_file *file = fr_arena_zalloc(arena, sizeof *file);
    struct fr_file **slot = file == NULL ? NULL : fr_vec_push(files);
    if (slot == NULL)
        return NULL;
    *slot = file;
    fr_writer_init(&file->writer, arena->allocator, true);
    file->executable = executable;
    file->suffix = fr_arena_printf(arena, "%s", suffix);
    file->name = fr_arena_printf(arena, "%s%s", name, suffix);
    return file->name == NULL || file->suffix == NULL ? NULL : file;
}

flowrules_writer *flowrules_output_file(flowrules_output *out, const char *suffix,
                                        bool executable) {
    for (size_t i = 0; i < out->files->count; i++) {
        struct fr_file *file = *fr_vec_at(out->files, struct fr_file *, i);
        if (file->suffix != NULL && strcmp(file->suffix, suffix) == 0)
            return &file->writer;
    }
    struct fr_file *file =
        fr_file_new(out->files, out->files_arena, out->plan->name, suffix, executable);
    out->failed = out->failed || file == NULL;
    return file == NULL ? &out->sink : &file->writer;
}

flowrules_writer *flowrules_output_helper(flowrules_output *out, const char *suffix) {
    flowrules_writer *w = flowrules_output_file(out, suffix, true);
    for (size_t i = 0; i < out->files->count; i++) {
        struct fr_file *file = *fr_vec_at(out->files, struct fr_file *, i);
        file->helper = file->helper || &file->writer == w;
    }
    return w;
}

flowrules_writer *flowrules_output_undo(flowrules_output *out, const char *suffix,
                                        bool executable) {
    flowrules_writer *w = flowrules_output_helper(out, suffix);
    for (size_t i = 0; i < out->files->count; i++) {
        struct fr_file *file = *fr_vec_at(out->files, struct fr_file *, i);
        if (&file->writer != w)
            continue;
        file->undo = true;
        file->executable = executable;
    }
    return w;
}

flowrules_writer *flowrules_output_part(flowrules_output *out, unsigned number) {
    return number < FR_PARTS ? &out->parts[number] : &out->sink;
}

/* ---- expiry, bindings, protects ------------------------------------------------------------ */

const char *flowrules_flows_expires(const flowrules_output *out, flowrules_flows flows,
                                    size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->expires_text);
}

struct flowrules_set flowrules_output_protects(const flowrules_output *out) {
    return (struct flowrules_set){&out->plan->view.sets, out->plan->protects.set};
}

const char *flowrules_set_label(const flowrules_output *out, struct flowrules_set set) {
    uint32_t network;
    if (!fr_view_network_of(&out->plan->view, set.id, &network))
        return NULL;
    const flowrules_policy *policy = out->plan->policy;
    return FR_POLICY_TEXT(policy, fr_vec_at(&policy->networks, struct fr_network, network)->name);
}

const char *flowrules_set_family_label(const flowrules_output *out, struct flowrules_set set,
                                       enum flowrules_family family) {
    uint32_t network;
    if (!fr_view_network_part(&out->plan->view, set.id, family, &network))
        return NULL;
    const flowrules_policy *policy = out->plan->policy;
    return FR_POLICY_TEXT(policy, fr_vec_at(&policy->networks, struct fr_network, network)->name);
}

/* Value index of a key of a network's binding to the backend's platform, or to its other one. */
static const struct fr_binding_value *
binding_value(const flowrules_output *out, const char *network, const char *key, size_t index) {
    const flowrules_policy *policy = out->plan->policy;
    const struct fr_binding *binding = fr_policy_binding_for(policy, network, out->plan->backend);
    for (uint32_t i = 0; binding != NULL && i < binding->values.count; i++) {
        const struct fr_binding_value *value =
            fr_vec_at(&policy->binding_values, struct fr_binding_value, binding->values.first + i);
        if (strcmp(FR_POLICY_TEXT(policy, value->key), key) == 0 && index-- == 0)
            return value;
    }
    return NULL;
}

const char *flowrules_binding_value(const flowrules_output *out, const char *network,
                                    const char *key, size_t index) {
    const struct fr_binding_value *value = binding_value(out, network, key, index);
    return value == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, value->value);
}

const char *flowrules_binding_label(const flowrules_output *out, const char *network,
                                    const char *key, size_t index) {
    const struct fr_binding_value *value = binding_value(out, network, key, index);
    return value == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, value->label);
}

/* ---- the objects of rules ------------------------------------------------------------------ */

static bool note_set(flowrules_output *out, struct fr_map *seen, fr_set set) {
    uint32_t known;
    if (set == FR_SET_ANY || fr_map_get(seen, set, &known))
        return true;
    fr_set *slot = fr_map_put(seen, set, 1) ? fr_vec_add(&out->sets) : NULL;
    if (slot == NULL)
        return false;
    *slot = set;
    return true;
}

static bool note_services(flowrules_output *out, struct fr_map *seen, fr_service service) {
    uint32_t known;
    size_t count;
    if (fr_map_get(seen, service + 1, &known))
        return true;
    const struct flowrules_service *list =
        fr_service_spell(out->plan, &out->plan->arena, service, &count);
    if (list == NULL || !fr_map_put(seen, service + 1, 1))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct flowrules_service **slot = fr_vec_add(&out->services);
        if (slot == NULL)
            return false;
        *slot = &list[i];
    }
    return true;
}

/* Lists the sets and services of all rules, the first time that one is asked for. */
static void list_objects(flowrules_output *out) {
    struct fr_map sets, services;
    if (out->listed)
        return;
    out->listed = true;
    fr_map_init(&sets, &out->plan->context->allocator);
    fr_map_init(&services, &out->plan->context->allocator);
    bool good = true;
    for (size_t i = 0; good && i < out->plan->rules.count; i++) {
        const struct fr_rule *rule = fr_vec_at(&out->plan->rules, struct fr_rule, i);
        good = note_set(out, &sets, rule->source) && note_set(out, &sets, rule->destination) &&
               note_services(out, &services, rule->service);
    }
    fr_map_free(&sets);
    fr_map_free(&services);
    out->failed = out->failed || !good;
}

size_t flowrules_output_set_count(flowrules_output *out) {
    list_objects(out);
    return out->sets.count;
}

struct flowrules_set flowrules_output_set(flowrules_output *out, size_t index) {
    list_objects(out);
    return (struct flowrules_set){&out->plan->view.sets, *fr_vec_at(&out->sets, fr_set, index)};
}

size_t flowrules_output_service_count(flowrules_output *out) {
    list_objects(out);
    return out->services.count;
}

const struct flowrules_service *flowrules_output_service(flowrules_output *out, size_t index) {
    list_objects(out);
    return *fr_vec_at(&out->services, const struct flowrules_service *, index);
}

bool flowrules_output_once(flowrules_output *out, const char *text) {
    size_t length = strlen(text);
    if (fr_strings_find(&out->once, text, length) != 0)
        return false;
    out->failed = fr_strings_add(&out->once, text, length) == 0 || out->failed;
    return true;
}

size_t flowrules_output_rule_count(const flowrules_output *out, enum flowrules_direction direction,
                                   enum flowrules_action action) {
    size_t count = 0;
    for (size_t i = 0; i < out->plan->groups.count; i++) {
        const struct flowrules_group *group =
            &fr_vec_at(&out->plan->groups, struct fr_group, i)->view;
        if (group->direction == direction && group->action == action)
            count += group->rule_count;
    }
    return count;
}

void flowrules_output_refuse(flowrules_output *out, const char *format, ...) {
    char text[512];
    va_list arguments;
    if (out->refusal != NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    out->refusal = fr_arena_printf(&out->plan->arena, "%s", text);
    out->failed = out->failed || out->refusal == NULL;
}

/* ---- rules -------------------------------------------------------------------------------- */

bool fr_output_rule(flowrules_output *out, const struct fr_group *group, const struct fr_rule *rule,
                    struct flowrules_rule *view) {
    struct fr_plan *plan = out->plan;
    const struct fr_sets *sets = &plan->view.sets;
    *view = (struct flowrules_rule){
        .action = group->view.action,
        .direction = group->view.direction,
        .families = rule->families,
        .source = {sets, rule->source},
        .destination = {sets, rule->destination},
        .log = group->log,
        .flows = rule->flows,
        .phases_behind = plan->phases > group->phase + 1 ? plan->phases - group->phase - 1 : 0};
    fr_arena_free(&out->scratch);
    fr_arena_init(&out->scratch, &plan->context->allocator);
    view->name = rule->name != NULL ? rule->name : flowrules_flows_name(out, rule->flows, 0);
    view->services = fr_service_spell(plan, &out->scratch, rule->service, &view->service_count);
    bool elsewhere = plan->asked != NULL && !fr_rule_is_asked(plan, group, rule);
    if (elsewhere)
        view->flows |= FR_ELSEWHERE;
    if (view->services != NULL && rule->kind == FR_RULE_TABLE) {
        struct fr_table *table = *fr_vec_at(&plan->tables, struct fr_table *, rule->table);
        table->plan = plan->asked != NULL ? plan : NULL;
        table->elsewhere = elsewhere;
        view->table = &table->view;
        view->table_end = table->end;
    }
    return view->services != NULL;
}
