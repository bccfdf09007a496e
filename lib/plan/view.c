/*
 * What a backend may ask of a plan: settings, the flows of a rule, networks and their bindings, a
 * rule as it reads it. Writes nothing.
 */
#include "view.h"

#include <stdlib.h>
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/flows.h"
#include "rules.h"
#include "transliterate.h"

void fr_output_init(flowrules_output *out, struct fr_plan *plan) {
    const struct fr_allocator *allocator = &plan->context->allocator;
    memset(out, 0, sizeof *out);
    out->plan = plan;
    fr_arena_init(&out->scratch, allocator);
    fr_vec_init(&out->sets, allocator, sizeof(fr_set));
    fr_vec_init(&out->services, allocator, sizeof(const struct flowrules_service *));
    fr_strings_init(&out->once, allocator);
    fr_map_init(&out->uses, allocator);
    fr_writer_init(&out->sink, allocator, false);
    for (size_t i = 0; i < FR_PARTS; i++)
        fr_writer_init(&out->parts[i], allocator, true);
}

void fr_output_free(flowrules_output *out) {
    for (size_t i = 0; i < FR_PARTS; i++)
        fr_writer_free(&out->parts[i]);
    fr_writer_free(&out->sink);
    fr_strings_free(&out->once);
    fr_map_free(&out->uses);
    fr_vec_free(&out->sets);
    fr_vec_free(&out->services);
    fr_arena_free(&out->scratch);
}

struct flowrules_output *fr_plan_asker(struct fr_plan *plan) {
    if (plan->asker == NULL) {
        plan->asker = fr_malloc(&plan->context->allocator, sizeof *plan->asker);
        if (plan->asker != NULL)
            fr_output_init(plan->asker, plan);
    }
    return plan->asker;
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
    if (index >= fr_flows_count(out->plan, flows.number))
        return NULL;
    return fr_vec_at(&out->plan->policy->flows, struct fr_flow,
                     fr_flows_at(out->plan, flows.number, index));
}

size_t flowrules_flows_count(const flowrules_output *out, flowrules_flows flows) {
    return fr_flows_count(out->plan, flows.number);
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
    if (index >= fr_flows_count(out->plan, flows.number))
        return NULL;
    return flowrules_flow_tag(out->plan->policy, fr_flows_at(out->plan, flows.number, index), tag);
}

const char *flowrules_flows_spares(const flowrules_output *out, flowrules_flows flows, size_t index,
                                   size_t flow) {
    const flowrules_policy *policy = out->plan->policy;
    if (index >= fr_flows_count(out->plan, flows.number))
        return NULL;
    struct fr_span span =
        fr_flow_spares(policy, fr_vec_at(&policy->flows, struct fr_flow,
                                         fr_flows_at(out->plan, flows.number, index)));
    return flow >= span.count
               ? NULL
               : FR_POLICY_TEXT(
                     policy, fr_vec_at(&policy->spared, struct fr_spared, span.first + flow)->name);
}

void flowrules_write_flows(flowrules_writer *w, const flowrules_output *out,
                           const struct flowrules_escape *escape, flowrules_flows flows) {
    size_t count = fr_flows_count(out->plan, flows.number), room = escape->max_bytes;
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

/* ---- networks and their bindings ------------------------------------------------------------ */

const char *flowrules_flows_expires(const flowrules_output *out, flowrules_flows flows,
                                    size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->expires_text);
}

const char *flowrules_flows_last_day(const flowrules_output *out, flowrules_flows flows) {
    const char *last = NULL;
    for (size_t i = 0; i < flowrules_flows_count(out, flows); i++) {
        const char *day = flowrules_flows_expires(out, flows, i);
        if (day == NULL)
            return NULL;
        last = last == NULL || strcmp(day, last) > 0 ? day : last;
    }
    return last;
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

/* Notes where each set is first used: rule by rule, its source before its destination. */
static void list_uses(flowrules_output *out) {
    uint32_t known;
    out->used = true;
    for (uint32_t i = 0; i < out->plan->rules.count; i++) {
        const struct fr_rule *rule = fr_vec_at(&out->plan->rules, struct fr_rule, i);
        const fr_set sets[2] = {rule->source, rule->destination};
        for (uint32_t end = 0; end < 2; end++)
            if (!fr_map_get(&out->uses, sets[end] + 1, &known) &&
                !fr_map_put(&out->uses, sets[end] + 1, 2 * i + end))
                out->failed = true;
    }
}

enum { TITLE_MAX = 60, TITLE_NETWORKS = 16 };

/* Networks, whose names are put together. */
struct title {
    uint32_t networks[TITLE_NETWORKS];
    fr_set sets[TITLE_NETWORKS];
    size_t count;
};

/* The network at an end of a flow; false where it is none, or there are too many. */
static bool add_to_title(struct fr_plan *plan, struct title *title, const struct fr_peer *peer) {
    struct fr_end end;
    for (size_t i = 0; i < title->count; i++)
        if (peer->kind == FR_PEER_NETWORK && title->networks[i] == peer->ref)
            return true;
    if (peer->kind != FR_PEER_NETWORK || title->count == TITLE_NETWORKS ||
        fr_view_network(&plan->view, peer->ref, &end) != FLOWRULES_OK)
        return false;
    title->networks[title->count] = peer->ref;
    title->sets[title->count++] = end.set;
    return true;
}

/* Is the set at an end of these flows nothing but whole networks, as they name them? */
static bool find_title(struct fr_plan *plan, struct title *title, fr_set set, uint32_t flows,
                       bool destination) {
    const flowrules_policy *policy = plan->policy;
    for (size_t i = 0; i < fr_flows_count(plan, flows); i++) {
        const struct fr_flow *flow =
            fr_vec_at(&policy->flows, struct fr_flow, fr_flows_at(plan, flows, i));
        struct fr_span peers = destination ? flow->destination : flow->source;
        for (uint32_t k = 0; k < peers.count; k++)
            if (!add_to_title(plan, title,
                              fr_vec_at(&policy->peers, struct fr_peer, peers.first + k)))
                return false;
    }
    return title->count > 0 &&
           fr_sets_union(&plan->view.sets, title->sets, title->count, sizeof *title->sets) == set;
}

/* The names with between among them; NULL where they are too long together. */
static const char *join_title(flowrules_output *out, const struct title *title,
                              const char *between) {
    const flowrules_policy *policy = out->plan->policy;
    const char *text = "";
    for (size_t i = 0; i < title->count && text != NULL; i++) {
        const struct fr_network *network =
            fr_vec_at(&policy->networks, struct fr_network, title->networks[i]);
        text = fr_arena_printf(&out->scratch, "%s%s%s", text, i > 0 ? between : "",
                               FR_POLICY_TEXT(policy, network->name));
        text = text != NULL && strlen(text) > TITLE_MAX ? NULL : text;
    }
    return text;
}

/* A flow's name in letters, digits and "._-", as far as it has some. */
static const char *title_of_flow(flowrules_output *out, const struct fr_flow *flow,
                                 bool destination) {
    char name[256];
    size_t length = 0;
    (void)fr_transliterate_text(FR_POLICY_TEXT(out->plan->policy, flow->name), name, sizeof name);
    for (size_t i = 0; name[i] != '\0'; i++) {
        bool plain = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
                     (name[i] >= '0' && name[i] <= '9') || name[i] == '.' || name[i] == '_';
        if (plain || (length > 0 && name[length - 1] != '-'))
            name[length++] = plain ? name[i] : '-';
    }
    while (length > 0 && name[length - 1] == '-')
        length--;
    name[length] = '\0';
    return fr_arena_printf(&out->scratch, "%s%s", length > 0 ? name : "flow",
                           destination ? "-to" : "-from");
}

const char *flowrules_set_title(flowrules_output *out, struct flowrules_set set,
                                const char *between) {
    struct fr_plan *plan = out->plan;
    struct title title = {.count = 0};
    uint32_t use;
    if (!out->used)
        list_uses(out);
    if (!fr_map_get(&out->uses, set.id + 1, &use))
        return "group";
    const struct fr_rule *rule = fr_vec_at(&plan->rules, struct fr_rule, use / 2);
    bool destination = use % 2 == 1;
    const char *text = find_title(plan, &title, set.id, rule->flows, destination)
                           ? join_title(out, &title, between)
                           : NULL;
    if (text == NULL)
        text = title_of_flow(
            out, fr_vec_at(&plan->policy->flows, struct fr_flow, fr_flows_at(plan, rule->flows, 0)),
            destination);
    out->failed = out->failed || text == NULL;
    return text == NULL ? "" : text;
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
        .flows = {rule->flows, false},
        .phases_behind = plan->phases > group->phase + 1 ? plan->phases - group->phase - 1 : 0};
    fr_arena_free(&out->scratch);
    fr_arena_init(&out->scratch, &plan->context->allocator);
    view->name = rule->name != NULL ? rule->name : flowrules_flows_name(out, view->flows, 0);
    view->services = fr_service_spell(plan, &out->scratch, rule->service, &view->service_count);
    bool elsewhere = plan->asked != NULL && !fr_rule_is_asked(plan, group, rule);
    view->flows.elsewhere = elsewhere;
    if (view->services != NULL && rule->kind == FR_RULE_TABLE) {
        struct fr_table *table = *fr_vec_at(&plan->tables, struct fr_table *, rule->table);
        table->plan = plan->asked != NULL ? plan : NULL;
        table->elsewhere = elsewhere;
        view->table = &table->view;
        view->table_end = table->end;
    }
    return view->services != NULL;
}
