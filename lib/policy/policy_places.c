/*
 * Places: networks that are behind the same interfaces or in the same zones. What a place tells a
 * platform becomes a binding of its networks; a target may have interfaces of its own at places.
 */
#include <stdio.h>
#include <string.h>

#include "policy_read.h"
#include "policy_resolve.h"
#include "registry.h"
#include "settings.h"

/* ---- reading ------------------------------------------------------------------------------- */

static const struct fr_key no_keys[] = {{.name = NULL}};

static flowrules_status push_item(struct fr_reader *r, const struct fr_place_item *item,
                                  struct fr_span *span) {
    struct fr_place_item *slot = fr_vec_push(&r->policy->place_items);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = *item;
    span->count++;
    return FLOWRULES_OK;
}

static flowrules_status read_item(struct fr_reader *r, const struct fr_value *value, void *object) {
    struct fr_place_item item = {.at = value->at};
    FR_TRY(fr_read_word(r, value, false, &item.name));
    return item.name == 0 ? FLOWRULES_OK : push_item(r, &item, object);
}

static flowrules_status read_place_networks(struct fr_reader *r, const struct fr_value *value,
                                            void *object) {
    struct fr_place_definition *place = object;
    place->networks = (struct fr_span){(uint32_t)r->policy->place_items.count, 0};
    return fr_read_list(r, value, read_item, &place->networks);
}

const struct fr_key fr_place_keys[] = {
    {"networks", read_place_networks, "the names of the networks that are there", "words",
     "the networks that are there", NULL},
    {.name = NULL},
};

/* Candidates for a misspelt key of a place: its own key, then the platforms. */
static const char *next_place_key(const void *user, size_t i) {
    (void)user;
    return i == 0 ? fr_place_keys[0].name : fr_platforms[i - 1].name;
}

static flowrules_status read_place_binding(struct fr_reader *r, const struct fr_value *value,
                                           void *object) {
    if (fr_is_platform(r, r->key))
        return fr_read_binding(r, value, &((struct fr_place_definition *)object)->bindings);
    fr_report_unknown_key(r, "a place", r->key, r->key_at, next_place_key, NULL,
                          "your own keys must begin with 'x-'");
    return fr_yaml_skip(r->yaml, value);
}

static flowrules_status read_place(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    struct fr_place_definition place = {.at = r->key_at};
    struct fr_value key = {
        .kind = FR_SCALAR, .text = r->key, .length = strlen(r->key), .at = r->key_at};
    (void)object;
    FR_TRY(fr_read_word(r, &key, false, &place.name));
    if (place.name == 0)
        return fr_yaml_skip(r->yaml, value);
    place.bindings.first = (uint32_t)r->policy->bindings.count;
    FR_TRY(fr_read_mapping(r, value, "a place", fr_place_keys, read_place_binding, &place));
    struct fr_place_definition *slot = fr_vec_push(&r->policy->places);
    if (slot == NULL ||
        !fr_map_put(&r->policy->place_by_name, place.name, (uint32_t)r->policy->places.count - 1))
        return fr_no_memory(r->context);
    *slot = place;
    return FLOWRULES_OK;
}

flowrules_status fr_read_places(struct fr_reader *r, const struct fr_value *value, void *object) {
    return fr_read_mapping(r, value, "places", no_keys, read_place, object);
}

/* ---- of a target --------------------------------------------------------------------------- */

struct target_place {
    struct fr_target *target;
    struct fr_place_item item;
};

static flowrules_status read_interface(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    struct target_place *place = object;
    place->item.value_at = value->at;
    FR_TRY(fr_read_text(r, value, &place->item.value));
    return place->item.value == 0 ? FLOWRULES_OK
                                  : push_item(r, &place->item, &place->target->places);
}

static flowrules_status read_target_place(struct fr_reader *r, const struct fr_value *value,
                                          void *object) {
    struct target_place place = {.target = object, .item = {.at = r->key_at}};
    place.item.name = fr_strings_add(&r->policy->strings, r->key, strlen(r->key));
    if (place.item.name == 0)
        return fr_no_memory(r->context);
    return fr_read_list(r, value, read_interface, &place);
}

flowrules_status fr_read_target_places(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    struct fr_target *target = object;
    target->places_at = r->key_at;
    target->own_places = true;
    target->places = (struct fr_span){(uint32_t)r->policy->place_items.count, 0};
    return fr_read_mapping(r, value, "'places' of a target", no_keys, read_target_place, target);
}

/* ---- binding ------------------------------------------------------------------------------- */

static struct fr_place_item *item_at(const flowrules_policy *policy, struct fr_span span,
                                     uint32_t i) {
    return fr_vec_at(&policy->place_items, struct fr_place_item, span.first + i);
}

/* A place says where networks are; which machines they are is said by the networks. */
static bool says_where(struct fr_binder *r, const struct fr_binding *binding) {
    const struct flowrules_backend *backend =
        fr_registry_find(r->context, FR_POLICY_TEXT(r->policy, binding->platform));
    for (uint32_t i = 0; i < binding->values.count; i++) {
        const struct fr_binding_value *value = fr_vec_at(
            &r->policy->binding_values, struct fr_binding_value, binding->values.first + i);
        const char *key = FR_POLICY_TEXT(r->policy, value->key);
        const struct flowrules_setting *setting = fr_binding_find(backend, key);
        if (setting == NULL || setting->aside)
            continue;
        fr_error(r->diagnostics, FR_SETTING_UNKNOWN, binding->at, "write it in the network",
                 "'%.80s' of '%s' says which machines a network has, not where they are", key,
                 backend->name);
        return false;
    }
    return true;
}

/* Has the network a binding to this platform already? */
static bool has_binding(struct fr_binder *r, const struct fr_network *network,
                        const struct fr_binding *binding, struct fr_at at) {
    const char *platform = FR_POLICY_TEXT(r->policy, binding->platform);
    for (uint32_t i = 0; i < network->bindings.count; i++) {
        const struct fr_binding *own =
            fr_vec_at(&r->policy->bindings, struct fr_binding, network->bindings.first + i);
        char hint[300];
        if (own->platform != binding->platform)
            continue;
        snprintf(hint, sizeof hint, "the other is in %.200s line %u; keep one of them",
                 fr_diagnostics_file_name(r->diagnostics, own->at.file), own->at.line);
        fr_error(r->diagnostics, FR_PLACE_TWICE, at, hint,
                 "'%s' of network '%s' is given twice, by the network or by another place",
                 platform, FR_POLICY_TEXT(r->policy, network->name));
        return true;
    }
    return false;
}

/* Puts a place's bindings behind the network's own, which move to the end of all. */
static flowrules_status give_bindings(struct fr_binder *r, struct fr_network *network,
                                      const struct fr_place_definition *place) {
    struct fr_vec *bindings = &r->policy->bindings;
    struct fr_span sources[2] = {network->bindings, place->bindings};
    uint32_t first = (uint32_t)bindings->count;
    for (size_t s = 0; s < 2; s++)
        for (uint32_t i = 0; i < sources[s].count; i++) {
            struct fr_binding copy = *fr_vec_at(bindings, struct fr_binding, sources[s].first + i);
            struct fr_binding *slot = fr_vec_push(bindings);
            if (slot == NULL)
                return fr_no_memory(r->context);
            *slot = copy;
        }
    network->bindings = (struct fr_span){first, (uint32_t)bindings->count - first};
    return FLOWRULES_OK;
}

static flowrules_status bind_network(struct fr_binder *r, struct fr_place_item *item,
                                     const struct fr_place_definition *place) {
    const char *name = FR_POLICY_TEXT(r->policy, item->name);
    if (!fr_map_get(&r->policy->network_by_name, item->name, &item->index)) {
        const char *near = fr_suggestion(r, name, fr_network_candidate);
        char hint[160] = "define it under networks";
        fr_did_you_mean(hint, sizeof hint, near);
        fr_error(r->diagnostics, FR_NETWORK_UNKNOWN, item->at, hint, "there is no network '%s'",
                 name);
        return FLOWRULES_OK;
    }
    struct fr_network *network = fr_vec_at(&r->policy->networks, struct fr_network, item->index);
    network->placed = true;
    for (uint32_t i = 0; i < place->bindings.count; i++)
        if (has_binding(
                r, network,
                fr_vec_at(&r->policy->bindings, struct fr_binding, place->bindings.first + i),
                item->at))
            return FLOWRULES_OK;
    return give_bindings(r, network, place);
}

static flowrules_status bind_place(struct fr_binder *r, const struct fr_place_definition *place) {
    for (uint32_t i = 0; i < place->bindings.count; i++)
        if (!says_where(
                r, fr_vec_at(&r->policy->bindings, struct fr_binding, place->bindings.first + i)))
            return FLOWRULES_OK;
    for (uint32_t i = 0; i < place->networks.count; i++)
        FR_TRY(bind_network(r, item_at(r->policy, place->networks, i), place));
    return FLOWRULES_OK;
}

static void bind_target(struct fr_binder *r, const struct fr_target *target) {
    for (uint32_t i = 0; i < target->places.count; i++) {
        struct fr_place_item *item = item_at(r->policy, target->places, i);
        const char *name = FR_POLICY_TEXT(r->policy, item->name);
        char hint[160] = "define it under places, with its networks";
        if (fr_map_get(&r->policy->place_by_name, item->name, &item->index))
            continue;
        fr_did_you_mean(hint, sizeof hint, fr_suggestion(r, name, fr_place_candidate));
        fr_error(r->diagnostics, FR_PLACE_UNKNOWN, item->at, hint, "there is no place '%.80s'",
                 name);
    }
}

flowrules_status fr_bind_places(struct fr_binder *r) {
    for (size_t i = 0; i < r->policy->places.count; i++)
        FR_TRY(bind_place(r, fr_vec_at(&r->policy->places, struct fr_place_definition, i)));
    for (size_t i = 0; i < r->policy->targets.count; i++)
        bind_target(r, fr_vec_at(&r->policy->targets, struct fr_target, i));
    return FLOWRULES_OK;
}

static void report_no_places(struct fr_binder *r, const struct fr_target *target) {
    const struct flowrules_capabilities *can = &target->record->capabilities;
    const char *name = target->record->name;
    char hint[120];
    if (can->interfaces == NULL) {
        fr_error(r->diagnostics, FR_SETTING_UNKNOWN, target->places_at,
                 "bind the places instead, in 'places' of the policy",
                 "the rules of the backend '%s' do not match interfaces", name);
        return;
    }
    snprintf(hint, sizeof hint, "set '%s: true', or bind the places in 'places' of the policy",
             can->interfaces_by);
    fr_error(r->diagnostics, FR_SETTING_UNKNOWN, target->places_at, hint,
             "a target of the backend '%s' has %s %s of its own at places only with '%s'", name,
             strchr("aeiou", can->interfaces[0]) != NULL ? "an" : "a", can->interfaces,
             can->interfaces_by);
}

void fr_check_target_places(struct fr_binder *r, const struct fr_target *target) {
    bool patterns;
    if (!target->own_places)
        return;
    const char *key =
        fr_target_places_key(r->policy, target, &target->record->capabilities, &patterns);
    if (key == NULL) {
        report_no_places(r, target);
        return;
    }
    const struct flowrules_setting *setting = fr_binding_find(target->record, key);
    for (uint32_t i = 0; i < target->places.count; i++) {
        const struct fr_place_item *item = item_at(r->policy, target->places, i);
        const char *value = FR_POLICY_TEXT(r->policy, item->value);
        char form[160];
        if (!fr_setting_check(setting, value, form))
            fr_error(r->diagnostics, FR_SETTING_VALUE, item->value_at, form,
                     "'%.80s' is not a valid interface", value);
    }
}
