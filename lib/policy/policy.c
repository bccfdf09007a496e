/*
 * Creates and frees policies, and answers questions about them. Does not know the file format.
 */
#include "policy.h"

#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "settings.h"

static void init_lists(flowrules_policy *p, const struct fr_allocator *a) {
    fr_vec_init(&p->networks, a, sizeof(struct fr_network));
    fr_vec_init(&p->peers, a, sizeof(struct fr_peer));
    fr_vec_init(&p->ranges, a, sizeof(struct flowrules_range));
    fr_vec_init(&p->bindings, a, sizeof(struct fr_binding));
    fr_vec_init(&p->binding_values, a, sizeof(struct fr_binding_value));
    fr_vec_init(&p->places, a, sizeof(struct fr_place_definition));
    fr_vec_init(&p->place_items, a, sizeof(struct fr_place_item));
    fr_vec_init(&p->proxies, a, sizeof(struct fr_proxy));
    fr_vec_init(&p->definitions, a, sizeof(struct fr_service_definition));
    fr_vec_init(&p->service_refs, a, sizeof(struct fr_peer));
    fr_vec_init(&p->flows, a, sizeof(struct fr_flow));
    fr_vec_init(&p->tag_lists, a, sizeof(struct fr_span));
    fr_vec_init(&p->tags, a, sizeof(fr_string));
    fr_vec_init(&p->spare_lists, a, sizeof(struct fr_span));
    fr_vec_init(&p->spared, a, sizeof(struct fr_spared));
    fr_vec_init(&p->targets, a, sizeof(struct fr_target));
    fr_vec_init(&p->settings, a, sizeof(struct fr_setting_value));
    fr_vec_init(&p->target_strings, a, sizeof(fr_string));
    fr_vec_init(&p->patterns, a, sizeof(struct fr_pattern));
    fr_vec_init(&p->losses, a, sizeof(struct fr_loss_entry));
    fr_vec_init(&p->silences, a, sizeof(struct fr_silence));
    fr_vec_init(&p->zones, a, sizeof(struct fr_zone));
    fr_vec_init(&p->assertions, a, sizeof(struct fr_assertion));
    fr_vec_init(&p->packets, a, sizeof(struct fr_packets));
    fr_vec_init(&p->exceptions, a, sizeof(struct fr_exception));
    fr_vec_init(&p->matrix, a, sizeof(struct fr_matrix_cell));
}

flowrules_status fr_policy_new(flowrules_policy **policy, flowrules_context *context) {
    const struct fr_allocator *a = &context->allocator;
    flowrules_policy *p = fr_malloc(a, sizeof *p);
    *policy = p;
    if (p == NULL)
        return fr_no_memory(context);
    memset(p, 0, sizeof *p);
    p->context = context;
    p->references = 1;
    p->as_of = context->as_of;
    p->lint = fr_lint_defaults();
    fr_strings_init(&p->strings, a);
    fr_lock_init(&p->lock, a);
    init_lists(p, a);
    fr_map_init(&p->network_by_name, a);
    fr_map_init(&p->definition_by_name, a);
    fr_map_init(&p->target_by_name, a);
    fr_map_init(&p->place_by_name, a);
    fr_map_init(&p->spelling_of, a);
    if (fr_services_init(&p->services, a))
        return FLOWRULES_OK;
    flowrules_policy_free(p);
    *policy = NULL;
    return fr_no_memory(context);
}

struct fr_vec *fr_policy_list(flowrules_policy *p, size_t index) {
    struct fr_vec *lists[] = {&p->networks, &p->peers,          &p->ranges,      &p->bindings,
                              &p->flows,    &p->binding_values, &p->definitions, &p->tags,
                              &p->targets,  &p->service_refs,   &p->tag_lists,   &p->settings,
                              &p->patterns, &p->target_strings, &p->losses,      &p->spare_lists,
                              &p->spared,   &p->places,         &p->place_items, &p->silences,
                              &p->zones,    &p->packets,        &p->assertions,  &p->exceptions,
                              &p->matrix,   &p->proxies};
    return index < sizeof lists / sizeof lists[0] ? lists[index] : NULL;
}

/* What a fork shares with its base. */
static void free_own(flowrules_policy *p) {
    for (size_t i = 0; i < p->patterns.count; i++)
        pcre2_code_free(fr_vec_at(&p->patterns, struct fr_pattern, i)->expression);
    fr_lock_free(&p->lock);
    fr_free(&p->context->allocator, p->lock_path);
}

void flowrules_policy_free(flowrules_policy *p) {
    if (p == NULL || --p->references > 0)
        return;
    flowrules_policy *base = p->base;
    if (base == NULL)
        free_own(p);
    for (size_t i = 0; fr_policy_list(p, i) != NULL; i++)
        fr_vec_free(fr_policy_list(p, i));
    fr_map_free(&p->network_by_name);
    fr_map_free(&p->definition_by_name);
    fr_map_free(&p->target_by_name);
    fr_map_free(&p->place_by_name);
    fr_map_free(&p->spelling_of);
    fr_services_free(&p->services);
    fr_strings_free(&p->strings);
    fr_free(&p->context->allocator, p);
    flowrules_policy_free(base);
}

struct fr_span fr_flow_spares(const flowrules_policy *policy, const struct fr_flow *deny) {
    return deny->spares == 0 ? (struct fr_span){0, 0}
                             : *fr_vec_at(&policy->spare_lists, struct fr_span, deny->spares - 1);
}

bool fr_flow_is_spared(const flowrules_policy *policy, const struct fr_flow *deny, uint32_t flow) {
    struct fr_span span = fr_flow_spares(policy, deny);
    uint32_t low = 0, high = span.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint32_t own = fr_vec_at(&policy->spared, struct fr_spared, span.first + middle)->flow;
        if (own == flow)
            return true;
        if (own < flow)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

const struct fr_binding *fr_policy_binding(const flowrules_policy *policy, const char *network,
                                           const char *platform) {
    fr_string name = fr_strings_find(&policy->strings, network, strlen(network));
    uint32_t index;
    if (name == 0 || !fr_map_get(&policy->network_by_name, name, &index))
        return NULL;
    const struct fr_network *n = fr_vec_at(&policy->networks, struct fr_network, index);
    for (uint32_t i = 0; i < n->bindings.count; i++) {
        const struct fr_binding *binding =
            fr_vec_at(&policy->bindings, struct fr_binding, n->bindings.first + i);
        if (strcmp(FR_POLICY_TEXT(policy, binding->platform), platform) == 0)
            return binding;
    }
    return NULL;
}

const struct fr_binding *fr_policy_binding_for(const flowrules_policy *policy, const char *network,
                                               const struct flowrules_backend *backend) {
    const struct fr_binding *own = fr_policy_binding(policy, network, backend->name);
    if (own != NULL || backend->bindings_of == NULL)
        return own;
    return fr_policy_binding(policy, network, backend->bindings_of);
}

bool fr_policy_lists(const flowrules_policy *policy, struct fr_span list,
                     const struct fr_peer *item) {
    for (uint32_t i = 0; i < list.count; i++) {
        const struct fr_peer *own = fr_vec_at(&policy->peers, struct fr_peer, list.first + i);
        if (own->kind == item->kind && own->ref == item->ref)
            return true;
    }
    return false;
}

const char *fr_target_setting(const flowrules_policy *policy, const struct fr_target *target,
                              const char *key) {
    for (uint32_t i = 0; i < target->settings.count; i++) {
        const struct fr_setting_value *value =
            fr_vec_at(&policy->settings, struct fr_setting_value, target->settings.first + i);
        if (strcmp(FR_POLICY_TEXT(policy, value->key), key) == 0)
            return FR_POLICY_TEXT(policy, value->value);
    }
    const struct flowrules_setting *setting = fr_setting_find(target->record, key);
    return setting == NULL ? NULL : setting->fallback;
}

const char *fr_target_places_key(const flowrules_policy *policy, const struct fr_target *target,
                                 const struct flowrules_capabilities *can, bool *patterns) {
    const char *by = can->interfaces_by;
    *patterns = false;
    if (can->interfaces == NULL)
        return NULL;
    const char *value = by == NULL ? "true" : fr_target_setting(policy, target, by);
    if (value == NULL || strcmp(value, "true") != 0)
        return NULL;
    const struct flowrules_setting *setting = fr_binding_find(target->record, can->interfaces);
    *patterns = setting != NULL && strcmp(setting->type, "list interface") == 0;
    return can->interfaces;
}

void fr_target_places_ends(const flowrules_policy *policy, const struct fr_target *target,
                           const struct flowrules_capabilities *can, bool matches[2]) {
    const char *end = can->interfaces_end;
    const char *value = end == NULL ? NULL : fr_target_setting(policy, target, end);
    matches[FLOWRULES_SOURCE] = value == NULL || strcmp(value, "out") != 0;
    matches[FLOWRULES_DESTINATION] = value == NULL || strcmp(value, "in") != 0;
}

bool fr_target_is_between(const flowrules_policy *policy, const struct fr_target *target) {
    enum flowrules_placement placement = target->record->capabilities.placement;
    const char *hook = fr_target_setting(policy, target, "hook");
    return placement == FLOWRULES_TRANSIT ||
           (placement == FLOWRULES_BY_HOOK && hook != NULL && strcmp(hook, "forward") == 0);
}

bool fr_flow_has_tag(const flowrules_policy *policy, const struct fr_flow *flow, fr_string tag) {
    if (flow->tags == UINT32_MAX)
        return false;
    struct fr_span span = *fr_vec_at(&policy->tag_lists, struct fr_span, flow->tags);
    for (uint32_t i = 0; i < span.count; i++)
        if (*fr_vec_at(&policy->tags, fr_string, span.first + i) == tag)
            return true;
    return false;
}

bool fr_policy_find_flow(const flowrules_policy *policy, fr_string name, uint32_t *flow) {
    for (uint32_t i = 0; name != 0 && i < policy->flows.count; i++)
        if (fr_vec_at(&policy->flows, struct fr_flow, i)->name == name) {
            *flow = i;
            return true;
        }
    return false;
}

struct fr_at fr_flow_place(const flowrules_policy *policy, const struct fr_flow *flow) {
    struct fr_at at = {policy->first_file + flow->file, flow->line, flow->column, 0};
    const char *name = FR_POLICY_TEXT(policy, flow->name);
    for (; name != NULL && *name != '\0'; name++)
        at.length += ((unsigned char)*name & 0xc0) != 0x80;
    return at;
}

flowrules_policy *fr_policy_hold(const flowrules_policy *policy) {
    flowrules_policy *held = (flowrules_policy *)policy; /* the count is no part of its meaning */
    held->references++;
    return held;
}

/* ---- getters ------------------------------------------------------------------------------- */

const char *flowrules_policy_title(const flowrules_policy *policy) {
    return FR_POLICY_TEXT(policy, policy->title);
}

size_t flowrules_flow_count(const flowrules_policy *policy) {
    return policy->flows.count;
}

static const struct fr_flow *flow_at(const flowrules_policy *policy, size_t flow) {
    return flow < policy->flows.count ? fr_vec_at(&policy->flows, struct fr_flow, flow) : NULL;
}

const char *flowrules_flow_name(const flowrules_policy *policy, size_t flow) {
    const struct fr_flow *f = flow_at(policy, flow);
    return f == NULL ? NULL : FR_POLICY_TEXT(policy, f->name);
}

const char *flowrules_flow_action(const flowrules_policy *policy, size_t flow) {
    const struct fr_flow *f = flow_at(policy, flow);
    return f == NULL ? NULL : f->deny ? "deny" : "allow";
}

const char *flowrules_flow_file(const flowrules_policy *policy, size_t flow) {
    const struct fr_flow *f = flow_at(policy, flow);
    return f == NULL ? NULL
                     : fr_diagnostics_file_name(&policy->context->diagnostics,
                                                policy->first_file + f->file);
}

uint32_t flowrules_flow_line(const flowrules_policy *policy, size_t flow) {
    const struct fr_flow *f = flow_at(policy, flow);
    return f == NULL ? 0 : f->line;
}

const char *flowrules_flow_purpose(const flowrules_policy *policy, size_t flow) {
    const struct fr_flow *f = flow_at(policy, flow);
    return f == NULL ? NULL : FR_POLICY_TEXT(policy, f->purpose);
}

const char *flowrules_flow_owner(const flowrules_policy *policy, size_t flow) {
    const struct fr_flow *f = flow_at(policy, flow);
    return f == NULL ? NULL : FR_POLICY_TEXT(policy, f->owner);
}

const char *flowrules_flow_ticket(const flowrules_policy *policy, size_t flow) {
    const struct fr_flow *f = flow_at(policy, flow);
    return f == NULL ? NULL : FR_POLICY_TEXT(policy, f->ticket);
}

const char *flowrules_flow_volume(const flowrules_policy *policy, size_t flow) {
    const struct fr_flow *f = flow_at(policy, flow);
    return f == NULL ? NULL : FR_POLICY_TEXT(policy, f->volume);
}

const char *flowrules_flow_frequency(const flowrules_policy *policy, size_t flow) {
    const struct fr_flow *f = flow_at(policy, flow);
    return f == NULL ? NULL : FR_POLICY_TEXT(policy, f->frequency);
}

const char *flowrules_flow_expires(const flowrules_policy *policy, size_t flow) {
    const struct fr_flow *f = flow_at(policy, flow);
    return f == NULL ? NULL : FR_POLICY_TEXT(policy, f->expires_text);
}

int flowrules_flow_expired(const flowrules_policy *policy, size_t flow) {
    const struct fr_flow *f = flow_at(policy, flow);
    return f != NULL && f->expired;
}

static struct fr_span tags_of(const flowrules_policy *policy, size_t flow) {
    const struct fr_flow *f = flow_at(policy, flow);
    if (f == NULL || f->tags == UINT32_MAX)
        return (struct fr_span){0, 0};
    return *fr_vec_at(&policy->tag_lists, struct fr_span, f->tags);
}

size_t flowrules_flow_tag_count(const flowrules_policy *policy, size_t flow) {
    return tags_of(policy, flow).count;
}

const char *flowrules_flow_tag(const flowrules_policy *policy, size_t flow, size_t tag) {
    struct fr_span span = tags_of(policy, flow);
    if (tag >= span.count)
        return NULL;
    return FR_POLICY_TEXT(policy, *fr_vec_at(&policy->tags, fr_string, span.first + tag));
}

size_t flowrules_network_count(const flowrules_policy *policy) {
    return policy->networks.count;
}

const char *flowrules_network_name(const flowrules_policy *policy, size_t network) {
    return FR_POLICY_TEXT(policy, fr_vec_at(&policy->networks, struct fr_network, network)->name);
}

const char *fr_network_candidate(const void *user, size_t index) {
    const flowrules_policy *policy = user;
    return index < policy->networks.count ? flowrules_network_name(policy, index) : NULL;
}

const char *fr_place_candidate(const void *user, size_t index) {
    const flowrules_policy *policy = user;
    if (index >= policy->places.count)
        return NULL;
    return FR_POLICY_TEXT(policy,
                          fr_vec_at(&policy->places, struct fr_place_definition, index)->name);
}

const char *flowrules_service_name(const flowrules_policy *policy, size_t service) {
    return FR_POLICY_TEXT(
        policy, fr_vec_at(&policy->definitions, struct fr_service_definition, service)->name);
}

size_t flowrules_service_count(const flowrules_policy *policy) {
    return policy->definitions.count;
}

size_t flowrules_target_count(const flowrules_policy *policy) {
    return policy->targets.count;
}

const char *flowrules_target_name(const flowrules_policy *policy, size_t target) {
    if (target >= policy->targets.count)
        return NULL;
    return FR_POLICY_TEXT(policy, fr_vec_at(&policy->targets, struct fr_target, target)->name);
}

int flowrules_target_permits(const flowrules_policy *policy, size_t target) {
    return target < policy->targets.count &&
           fr_vec_at(&policy->targets, struct fr_target, target)->permits;
}

const char *flowrules_target_backend(const flowrules_policy *policy, size_t target) {
    if (target >= policy->targets.count)
        return NULL;
    return FR_POLICY_TEXT(policy, fr_vec_at(&policy->targets, struct fr_target, target)->backend);
}
