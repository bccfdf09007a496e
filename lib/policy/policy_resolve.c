/*
 * Binds the names in a policy to what they name, and makes the checks that need the whole file:
 * groups of platforms, sources and destinations without a common family, settings of backends,
 * dates.
 */
#include <stdio.h>
#include <string.h>

#include "interfaces.h"
#include "policy_resolve.h"
#include "registry.h"
#include "requirements.h"
#include "settings.h"

/* ---- bindings ------------------------------------------------------------------------------ */

static void unknown_binding(struct fr_binder *r, const struct fr_binding *binding,
                            const struct flowrules_backend *backend, const char *key) {
    const char *near = fr_nearest(key, fr_binding_candidate, backend);
    char hint[160];
    if (!fr_did_you_mean(hint, sizeof hint, near))
        snprintf(hint, sizeof hint, "'flowrules targets %s' lists its bindings", backend->name);
    fr_error(r->diagnostics, FR_SETTING_UNKNOWN, binding->at, hint,
             "a group of the platform '%s' has no key '%.80s'", backend->name, key);
}

/* One value of a binding against its backend's table; repeated: the key has another before it. */
static void check_binding_value(struct fr_binder *r, const struct fr_binding *binding,
                                const struct flowrules_backend *backend,
                                const struct fr_binding_value *value, bool repeated) {
    const char *key = FR_POLICY_TEXT(r->policy, value->key), *form_hint;
    const struct flowrules_setting *setting = fr_binding_find(backend, key);
    char form[160];
    if (setting == NULL) {
        if (!repeated)
            unknown_binding(r, binding, backend, key);
        return;
    }
    const char *text = FR_POLICY_TEXT(r->policy, value->value);
    const char *label = value->label == 0 ? NULL : FR_POLICY_TEXT(r->policy, value->label);
    bool labels = fr_setting_is_mapping(setting, label != NULL ? "" : text);
    bool good = fr_setting_check(setting, text, form) &&
                (label == NULL || fr_label_check(setting, label, form));
    form_hint = form;
    if (labels != (value->label != 0)) {
        good = false;
        form_hint = labels ? "a mapping of labels" : "a text, not a mapping";
    } else if (repeated && !labels && !fr_setting_is_list(setting)) {
        good = false;
        form_hint = "one value, not a list";
    }
    if (!good)
        fr_error(r->diagnostics, FR_SETTING_VALUE, binding->at, form_hint,
                 "the value of '%s' in the group of '%s' is not valid", key, backend->name);
}

/* Reports labels that no pod or node can have, and more choices of values than a selector has. */
static flowrules_status check_requirements(struct fr_binder *r, const struct fr_binding *binding) {
    struct fr_vec all;
    struct fr_requirement one;
    size_t choices = 1, length;
    const char *value;
    bool good = true, can = true;
    fr_vec_init(&all, &r->context->allocator, sizeof one);
    for (uint32_t i = 0; good && i < binding->values.count; i++) {
        const struct fr_binding_value *v = fr_vec_at(
            &r->policy->binding_values, struct fr_binding_value, binding->values.first + i);
        const char *label = v->label == 0 ? NULL : FR_POLICY_TEXT(r->policy, v->label);
        if (!fr_requirement_of(FR_POLICY_TEXT(r->policy, v->key), label,
                               FR_POLICY_TEXT(r->policy, v->value), &one))
            continue;
        good = fr_requirement_push(&all, &one);
        size_t count = 0;
        while (fr_requirement_value(&one, count, &value, &length))
            count++;
        choices *= one.asks == FLOWRULES_IN && choices <= FR_CHOICES_MAX ? count : 1;
    }
    const struct fr_requirement *list = all.items;
    for (size_t i = 0; can && i < all.count; i++)
        can = fr_requirements_can_hold(list, all.count, &list[i]);
    if (good && !can)
        fr_error(r->diagnostics, FR_NETWORK_EMPTY, binding->at,
                 "two requirements for one label exclude each other",
                 "no pod or node can match the group of '%s'",
                 FR_POLICY_TEXT(r->policy, binding->platform));
    if (good && choices > FR_CHOICES_MAX)
        fr_error(r->diagnostics, FR_SETTING_VALUE, binding->at, "divide it into several networks",
                 "the group of '%s' has more than %u combinations of values",
                 FR_POLICY_TEXT(r->policy, binding->platform), FR_CHOICES_MAX);
    fr_vec_free(&all);
    return good ? FLOWRULES_OK : fr_no_memory(r->context);
}

static void check_binding(struct fr_binder *r, const struct fr_binding *binding) {
    const struct flowrules_backend *backend =
        fr_registry_find(r->context, FR_POLICY_TEXT(r->policy, binding->platform));
    if (backend == NULL || backend->bindings == NULL)
        return;
    fr_string last = 0;
    for (uint32_t i = 0; i < binding->values.count; i++) {
        const struct fr_binding_value *value = fr_vec_at(
            &r->policy->binding_values, struct fr_binding_value, binding->values.first + i);
        check_binding_value(r, binding, backend, value, value->key == last);
        last = value->key;
    }
    for (const struct flowrules_setting *s = backend->bindings; s->key != NULL; s++) {
        bool given = !s->required;
        for (uint32_t i = 0; i < binding->values.count && !given; i++)
            given = strcmp(FR_POLICY_TEXT(r->policy, fr_vec_at(&r->policy->binding_values,
                                                               struct fr_binding_value,
                                                               binding->values.first + i)
                                                         ->key),
                           s->key) == 0;
        if (!given)
            fr_error(r->diagnostics, FR_SETTING_MISSING, binding->at, s->help,
                     "a group of the platform '%s' needs the key '%s'", backend->name, s->key);
    }
}

/* Is this interface one of those that the other key leaves out? */
static bool is_left_out(const flowrules_policy *policy, const struct fr_binding *binding,
                        const char *key, const struct flowrules_range *range) {
    bool out = false;
    for (uint32_t i = 0; i < binding->values.count && !out; i++) {
        const struct fr_binding_value *value =
            fr_vec_at(&policy->binding_values, struct fr_binding_value, binding->values.first + i);
        struct flowrules_range other;
        out = strcmp(FR_POLICY_TEXT(policy, value->key), key) == 0 &&
              fr_interface_pattern(FR_POLICY_TEXT(policy, value->value), &other) &&
              fr_interface_is_within(range, &other);
    }
    return out;
}

/*
 * Reports a network that is at no interface: patterns are within each other or apart, so that
 * nothing is left only where each of them is within one of those that are left out.
 */
static void check_interfaces(struct fr_binder *r, const struct fr_binding *binding) {
    const struct flowrules_backend *backend =
        fr_registry_find(r->context, FR_POLICY_TEXT(r->policy, binding->platform));
    const struct flowrules_capabilities *can = backend == NULL ? NULL : &backend->capabilities;
    size_t given = 0, left = 0;
    if (can == NULL || can->interfaces == NULL || can->other_interfaces == NULL)
        return;
    for (uint32_t i = 0; i < binding->values.count; i++) {
        const struct fr_binding_value *value = fr_vec_at(
            &r->policy->binding_values, struct fr_binding_value, binding->values.first + i);
        struct flowrules_range range;
        if (strcmp(FR_POLICY_TEXT(r->policy, value->key), can->interfaces) != 0 ||
            !fr_interface_pattern(FR_POLICY_TEXT(r->policy, value->value), &range))
            continue;
        given++;
        left += !is_left_out(r->policy, binding, can->other_interfaces, &range);
    }
    if (given > 0 && left == 0)
        fr_error(r->diagnostics, FR_NETWORK_EMPTY, binding->at,
                 "name an interface that stays, or remove one of the two keys",
                 "the group of '%s' is at no interface: '%s' leaves out all that '%s' names",
                 backend->name, can->other_interfaces, can->interfaces);
}

static flowrules_status check_bindings(struct fr_binder *r) {
    for (size_t i = 0; i < r->policy->bindings.count; i++) {
        const struct fr_binding *binding = fr_vec_at(&r->policy->bindings, struct fr_binding, i);
        size_t errors = r->diagnostics->error_count;
        check_binding(r, binding);
        if (r->diagnostics->error_count == errors)
            check_interfaces(r, binding);
        if (r->diagnostics->error_count == errors)
            FR_TRY(check_requirements(r, binding));
    }
    return FLOWRULES_OK;
}

/* ---- flows --------------------------------------------------------------------------------- */

/* The families of one end; most ends are one item, which needs no set. */
static unsigned end_families(const struct fr_binder *r, struct fr_span span) {
    unsigned families = 0;
    for (uint32_t i = 0; i < span.count; i++) {
        const struct fr_peer *peer = fr_peer_in(r->policy, span, i);
        if (peer->kind == FR_PEER_ADDRESS4)
            families |= FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4);
        else if (peer->kind == FR_PEER_RANGE)
            families |= FLOWRULES_FAMILY_BIT(
                fr_vec_at(&r->policy->ranges, struct flowrules_range, peer->ref)->family);
        else if (peer->kind == FR_PEER_NETWORK)
            families |= fr_vec_at(&r->facts, struct fr_facts, peer->ref)->families;
        else
            families |= FLOWRULES_BOTH_FAMILIES;
    }
    return families;
}

static const char *const family_words[] = {"no addresses", "only IPv4", "only IPv6", "both"};

static const char *service_hint(const struct fr_binder *r, fr_service service) {
    const struct fr_service_terms *terms = fr_service_get(&r->policy->services, service);
    for (uint32_t i = 0; i < terms->count; i++)
        if (fr_protocol_is_header6(terms->terms[i].protocol))
            return "0, 43, 44 and 60 are extension headers in IPv6, and never the protocol of a "
                   "packet";
    return "icmp is only for IPv4, icmpv6 only for IPv6";
}

static void check_meeting(struct fr_binder *r, struct fr_flow *flow) {
    if (flow->service == FR_SERVICE_NONE)
        return;
    unsigned source = end_families(r, flow->source);
    unsigned destination = end_families(r, flow->destination);
    unsigned service = fr_service_get(&r->policy->services, flow->service)->families;
    if ((source & destination & service) != 0)
        return;
    if ((source & destination) == 0)
        fr_error(r->diagnostics, FR_CANNOT_MEET, fr_flow_place(r->policy, flow),
                 "give source and destination addresses of the same family",
                 "no packet can match this flow: its source has %s, its destination %s",
                 family_words[source], family_words[destination]);
    else
        fr_error(
            r->diagnostics, FR_CANNOT_MEET, fr_flow_place(r->policy, flow),
            service_hint(r, flow->service),
            "no packet can match this flow: its source and destination have %s, its protocol %s",
            family_words[source & destination], family_words[service]);
    flow->usable = false;
}

static void check_expiry(struct fr_binder *r, struct fr_flow *flow) {
    flowrules_policy *policy = r->policy;
    if (flow->expires == FR_NO_EXPIRY)
        return;
    const char *name = FR_POLICY_TEXT(policy, flow->name);
    if (policy->as_of == FR_NO_DATE) {
        fr_error(r->diagnostics, FR_AS_OF_NEEDED, fr_flow_place(r->policy, flow),
                 "set the option as-of", "flow '%s' expires, but the current date is not known",
                 name == NULL ? "" : name);
        return;
    }
    flow->expired = policy->as_of > flow->expires;
    if (!flow->expired)
        return;
    struct fr_about about = {FLOWRULES_WARNING,
                             FR_EXPIRED,
                             fr_flow_place(policy, flow),
                             name,
                             NULL,
                             "renew it, or remove it from the file"};
    fr_report(r->diagnostics, &about, "flow '%s' expired on %s and is left out",
              name == NULL ? "" : name, FR_POLICY_TEXT(policy, flow->expires_text));
}

flowrules_status fr_bind_flow(struct fr_binder *r, struct fr_flow *flow, struct fr_vec *terms) {
    FR_TRY(fr_bind_service(r, flow, terms));
    if (flow->usable) {
        check_meeting(r, flow);
        check_expiry(r, flow);
    }
    return FLOWRULES_OK;
}

static flowrules_status resolve_flows(struct fr_binder *r) {
    struct fr_vec terms;
    fr_vec_init(&terms, &r->context->allocator, sizeof(struct fr_term));
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; status == FLOWRULES_OK && i < r->policy->flows.count; i++)
        status = fr_bind_flow(r, fr_vec_at(&r->policy->flows, struct fr_flow, i), &terms);
    fr_vec_free(&terms);
    return status;
}

/* ---- targets ------------------------------------------------------------------------------- */

static bool bind_backend(struct fr_binder *r, struct fr_target *target) {
    if (target->backend == 0)
        return false; /* reported */
    const char *name = FR_POLICY_TEXT(r->policy, target->backend);
    target->record = fr_registry_find(r->context, name);
    if (target->record != NULL)
        return true;
    const char *near = fr_nearest(name, fr_registry_candidate, r->context);
    char hint[160];
    if (!fr_did_you_mean(hint, sizeof hint, near))
        snprintf(hint, sizeof hint, "'flowrules targets' lists them");
    fr_error(r->diagnostics, FR_BACKEND_UNKNOWN, target->backend_at, hint,
             "there is no backend '%s'", name);
    return false;
}

static void check_format(struct fr_binder *r, const struct fr_target *target) {
    const char *format = FR_POLICY_TEXT(r->policy, target->format);
    char hint[160];
    if (format == NULL || fr_format_find(target->record, format) != NULL)
        return;
    fr_format_list(target->record, hint);
    fr_error(r->diagnostics, FR_FORMAT_UNKNOWN, target->format_at, hint,
             "the backend '%s' has no format '%s'", target->record->name, format);
}

static void check_setting(struct fr_binder *r, const struct fr_target *target,
                          const struct fr_setting_value *value) {
    const char *key = FR_POLICY_TEXT(r->policy, value->key);
    const struct flowrules_setting *setting = fr_setting_find(target->record, key);
    char hint[200], form[160];
    if (setting == NULL) {
        const char *near = fr_nearest(key, fr_setting_candidate, target->record);
        if (!fr_did_you_mean(hint, sizeof hint, near))
            snprintf(hint, sizeof hint, "'flowrules targets %s' lists its settings",
                     target->record->name);
        fr_error(r->diagnostics, FR_SETTING_UNKNOWN, value->at, hint,
                 "a target of the backend '%s' has no key '%s'", target->record->name, key);
    } else if (!fr_setting_check(setting, FR_POLICY_TEXT(r->policy, value->value), form)) {
        fr_error(r->diagnostics, FR_SETTING_VALUE, value->value_at, form,
                 "'%.80s' is not a valid value for '%s'", FR_POLICY_TEXT(r->policy, value->value),
                 key);
    } else if (fr_setting_is_idle(setting, target->permits)) {
        fr_error(r->diagnostics, FR_SETTING_UNKNOWN, value->at,
                 target->permits ? "leave it out" : "remove it, or write 'mode: permits'",
                 target->permits ? "'%s' has no meaning in a target with 'mode: permits'"
                                 : "'%s' needs a target with 'mode: permits'",
                 key);
    }
}

static void check_settings(struct fr_binder *r, const struct fr_target *target) {
    const struct fr_vec *settings = &r->policy->settings;
    for (uint32_t i = 0; i < target->settings.count; i++)
        check_setting(r, target,
                      fr_vec_at(settings, struct fr_setting_value, target->settings.first + i));
    for (const struct flowrules_setting *s = target->record->settings; s != NULL && s->key != NULL;
         s++) {
        bool given = !s->required || fr_setting_is_idle(s, target->permits);
        for (uint32_t i = 0; i < target->settings.count && !given; i++)
            given = strcmp(FR_POLICY_TEXT(r->policy, fr_vec_at(settings, struct fr_setting_value,
                                                               target->settings.first + i)
                                                         ->key),
                           s->key) == 0;
        if (!given)
            fr_error(r->diagnostics, FR_SETTING_MISSING, target->at, s->help,
                     "target '%s' needs the setting '%s'", FR_POLICY_TEXT(r->policy, target->name),
                     s->key);
    }
}

static void check_baseline(struct fr_binder *r, const struct fr_target *target) {
    unsigned known = target->record->capabilities.baseline, unknown = target->baseline & ~known;
    char parts[160], hint[200];
    if (target->baseline_at.line == 0 || unknown == 0)
        return;
    fr_baseline_list(known, parts, sizeof parts);
    snprintf(hint, sizeof hint, known == 0 ? "remove 'baseline'%s" : "it has: %s", parts);
    fr_baseline_list(unknown, parts, sizeof parts);
    fr_error(r->diagnostics, FR_VALUE_UNKNOWN, target->baseline_at, hint,
             "the baseline of the backend '%s' does not have: %s", target->record->name, parts);
}

/* What a target that only permits can't be, or has no use for. */
static void check_mode(struct fr_binder *r, const struct fr_target *target) {
    const struct flowrules_capabilities *can = &target->record->capabilities;
    if (!target->permits)
        return;
    if (!can->permits)
        fr_error(r->diagnostics, FR_SETTING_VALUE, target->mode_at, "remove 'mode'",
                 "a target of the backend '%s' cannot have 'mode: permits': %s",
                 target->record->name,
                 can->permits_note != NULL ? can->permits_note
                                           : "its rules deny everything else for what they select");
    else if (target->shuts_at.line != 0)
        fr_error(r->diagnostics, FR_SETTING_VALUE, target->shuts_at, "remove 'shuts'",
                 "a target with 'mode: permits' denies nothing");
    else if (target->log == FR_LOG_DENIED || target->log == FR_LOG_ALL)
        fr_error(r->diagnostics, FR_SETTING_VALUE, target->log_at,
                 "'log: flows' logs what flows with 'log: true' let pass",
                 "a target with 'mode: permits' denies nothing, so it cannot log denied packets");
    else if (target->own_baseline && target->baseline_at.line != 0 &&
             (target->baseline & FLOWRULES_BASELINE_INVALID) != 0)
        fr_error(r->diagnostics, FR_SETTING_VALUE, target->baseline_at,
                 "remove 'invalid' from 'baseline'",
                 "'invalid' drops packets, and a target with 'mode: permits' denies nothing");
}

static void bind_losses(struct fr_binder *r, const struct fr_target *target) {
    for (uint32_t i = 0; i < target->losses.count; i++) {
        struct fr_loss_entry *entry =
            fr_vec_at(&r->policy->losses, struct fr_loss_entry, target->losses.first + i);
        if (entry->flow == 0 || fr_policy_find_flow(r->policy, entry->flow, &entry->flow_index))
            continue;
        fr_report_unknown_flow(r, entry->flow, entry->at);
    }
}

/* A part of select that selects nothing is a slip of the pen. */
static void report_unmatched(struct fr_binder *r, const struct fr_target *target, const char *what,
                             fr_string text, struct fr_at at) {
    struct fr_about about = {FLOWRULES_WARNING,
                             FR_SELECT_NOTHING,
                             at,
                             NULL,
                             FR_POLICY_TEXT(r->policy, target->name),
                             "'select' takes tags and names of flows"};
    fr_report(r->diagnostics, &about, "no flow has the %s '%.80s'", what,
              FR_POLICY_TEXT(r->policy, text));
}

static void check_select(struct fr_binder *r, const struct fr_target *target) {
    const flowrules_policy *policy = r->policy;
    for (uint32_t i = 0; i < target->select_tags.count; i++) {
        fr_string tag =
            *fr_vec_at(&policy->target_strings, fr_string, target->select_tags.first + i);
        bool found = false;
        for (size_t f = 0; f < policy->flows.count && !found; f++)
            found = fr_flow_has_tag(policy, fr_vec_at(&policy->flows, struct fr_flow, f), tag);
        if (!found)
            report_unmatched(r, target, "tag", tag, target->at);
    }
    for (uint32_t i = 0; i < target->select_names.count; i++) {
        const struct fr_pattern *pattern =
            fr_vec_at(&policy->patterns, struct fr_pattern, target->select_names.first + i);
        uint32_t flow;
        if (pattern->expression == NULL && !fr_policy_find_flow(policy, pattern->text, &flow))
            report_unmatched(r, target, "name", pattern->text, pattern->at);
    }
}

static void resolve_targets(struct fr_binder *r) {
    for (size_t i = 0; i < r->policy->targets.count; i++) {
        struct fr_target *target = fr_vec_at(&r->policy->targets, struct fr_target, i);
        if (bind_backend(r, target)) {
            check_format(r, target);
            check_settings(r, target);
            check_baseline(r, target);
            check_mode(r, target);
            fr_check_target_places(r, target);
        }
        bind_losses(r, target);
        check_select(r, target);
    }
}

flowrules_status fr_binder_open(struct fr_binder *r, flowrules_policy *policy) {
    flowrules_context *context = policy->context;
    *r = (struct fr_binder){
        .policy = policy, .context = context, .diagnostics = &context->diagnostics};
    fr_vec_init(&r->facts, &context->allocator, sizeof(struct fr_facts));
    return fr_sets_init(&r->sets, &context->allocator) ? FLOWRULES_OK : fr_no_memory(context);
}

void fr_binder_close(struct fr_binder *r) {
    fr_vec_free(&r->facts);
    fr_sets_free(&r->sets);
}

static flowrules_status resolve(struct fr_binder *r) {
    fr_bind_networks(r);
    FR_TRY(check_bindings(r));
    FR_TRY(fr_bind_places(r));
    FR_TRY(fr_evaluate_networks(r));
    FR_TRY(resolve_flows(r));
    FR_TRY(fr_bind_spares(r));
    resolve_targets(r);
    FR_TRY(fr_bind_assertions(r));
    FR_TRY(fr_warn_of_shadowed(r));
    return r->sets.failed || r->policy->services.failed ? fr_no_memory(r->context) : FLOWRULES_OK;
}

flowrules_status fr_policy_resolve(flowrules_policy *policy) {
    struct fr_binder r;
    flowrules_status status = fr_binder_open(&r, policy);
    if (status == FLOWRULES_OK)
        status = resolve(&r);
    fr_binder_close(&r);
    return status;
}
