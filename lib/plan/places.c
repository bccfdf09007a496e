/*
 * Places: the parts of an end by interface, and the pairs of interfaces that flows have.
 */
#include "places.h"

#include <string.h>

#include "interfaces.h"

/* An interface of the target, at a place of this network. */
struct spot {
    fr_string name;
    uint32_t next; /* of the network: its number + 1, or 0 */
};

void fr_placing_init(struct fr_placing *placing, const flowrules_policy *policy,
                     struct fr_view *view, struct fr_arena *arena) {
    memset(placing, 0, sizeof *placing);
    placing->policy = policy;
    placing->view = view;
    placing->arena = arena;
    fr_vec_init(&placing->placed, &policy->context->allocator, sizeof(struct fr_vec *));
    fr_map_init(&placing->placed_at, &policy->context->allocator);
    fr_vec_init(&placing->spots, &policy->context->allocator, sizeof(struct spot));
    fr_map_init(&placing->spot_of, &policy->context->allocator);
    fr_vec_init(&placing->seen, &policy->context->allocator, sizeof(struct fr_seen));
    fr_vec_init(&placing->named, &policy->context->allocator, sizeof(fr_string));
}

void fr_placing_for(struct fr_placing *placing, const struct fr_target *target,
                    const struct flowrules_capabilities *can) {
    placing->target = target;
    placing->backend = target->record;
    placing->key = fr_target_places_key(placing->policy, target, can, &placing->patterns);
    placing->other_key = can->other_interfaces;
    fr_target_places_ends(placing->policy, target, can, placing->matches);
}

void fr_placing_free(struct fr_placing *placing) {
    for (size_t i = 0; i < placing->placed.count; i++)
        fr_vec_free(*fr_vec_at(&placing->placed, struct fr_vec *, i));
    fr_vec_free(&placing->placed);
    fr_map_free(&placing->placed_at);
    fr_vec_free(&placing->spots);
    fr_map_free(&placing->spot_of);
    fr_vec_free(&placing->seen);
    fr_vec_free(&placing->named);
}

/* ---- what a network's binding says --------------------------------------------------------- */

/* Where the names of interfaces come from: a network's binding, or the places of the target. */
struct names {
    struct fr_placing *p;
    const struct fr_binding *binding; /* or NULL */
    const char *key;
    uint32_t network;
};

static flowrules_status add_spot(struct fr_placing *p, uint32_t network, fr_string name) {
    uint32_t next = 0;
    fr_map_get(&p->spot_of, network + 1, &next);
    struct spot *spot = fr_vec_push(&p->spots);
    if (spot == NULL || !fr_map_put(&p->spot_of, network + 1, (uint32_t)p->spots.count))
        return fr_no_memory(p->policy->context);
    *spot = (struct spot){name, next};
    return FLOWRULES_OK;
}

/* Finds the target's interfaces of each network, from the last to the first. */
static flowrules_status find_spots(struct fr_placing *p) {
    const struct fr_vec *items = &p->policy->place_items;
    struct fr_span places = p->target->places;
    p->spots_found = true;
    for (uint32_t i = places.count; i-- > 0;) {
        const struct fr_place_item *item = fr_vec_at(items, struct fr_place_item, places.first + i);
        struct fr_span networks =
            fr_vec_at(&p->policy->places, struct fr_place_definition, item->index)->networks;
        for (uint32_t k = 0; k < networks.count; k++)
            FR_TRY(add_spot(p, fr_vec_at(items, struct fr_place_item, networks.first + k)->index,
                            item->value));
    }
    return FLOWRULES_OK;
}

/* Name number index; NULL behind the last. */
static const char *name_at(const struct names *names, size_t index) {
    const flowrules_policy *policy = names->p->policy;
    uint32_t at = 0;
    if (names->binding == NULL)
        fr_map_get(&names->p->spot_of, names->network + 1, &at);
    while (at != 0) {
        const struct spot *spot = fr_vec_at(&names->p->spots, struct spot, at - 1);
        if (index-- == 0)
            return FR_POLICY_TEXT(policy, spot->name);
        at = spot->next;
    }
    for (uint32_t i = 0; names->binding != NULL && i < names->binding->values.count; i++) {
        const struct fr_binding_value *value = fr_vec_at(
            &policy->binding_values, struct fr_binding_value, names->binding->values.first + i);
        if (strcmp(FR_POLICY_TEXT(policy, value->key), names->key) == 0 && index-- == 0)
            return FR_POLICY_TEXT(policy, value->value);
    }
    return NULL;
}

/* What a name stands for; an empty range for what is no name. False when out of memory. */
static bool range_name(const struct fr_placing *p, const char *text,
                       struct flowrules_range *range) {
    if (!p->patterns)
        return fr_interface_named(p->policy->context, text, range);
    if (!fr_interface_pattern(text, range))
        *range = (struct flowrules_range){FLOWRULES_IPV6, {1, 0}, {0, 0}};
    return true;
}

/* The ranges of all names; *count: how many are there. NULL when out of memory. */
static struct flowrules_range *range_names(const struct names *names, size_t *count) {
    const struct fr_placing *p = names->p;
    size_t all = 0;
    while (name_at(names, all) != NULL)
        all++;
    struct flowrules_range *ranges = fr_arena_alloc(p->arena, (all + 1) * sizeof *ranges);
    for (*count = 0; ranges != NULL && *count < all; ++*count)
        if (!range_name(p, name_at(names, *count), &ranges[*count]))
            return NULL;
    return ranges;
}

/* Is one of the names every zone? */
static bool has_any(const struct names *names) {
    const char *text;
    for (size_t i = 0; !names->p->patterns && (text = name_at(names, i)) != NULL; i++)
        if (strcmp(text, "any") == 0)
            return true;
    return false;
}

/* Does another name hold this one too? The first of two equal ones stays. */
static bool is_within_other(const struct flowrules_range *ranges, size_t count, size_t index) {
    for (size_t i = 0; i < count; i++)
        if (i != index && fr_interface_is_within(&ranges[index], &ranges[i]) &&
            (i < index || !fr_interface_is_within(&ranges[i], &ranges[index])))
            return true;
    return false;
}

/* A name as a backend gets it: a pattern ends in '*'. */
static const char *spell(struct fr_placing *p, const char *text) {
    size_t length = strlen(text);
    if (length == 0 || text[length - 1] != '+')
        return text;
    return fr_arena_printf(p->arena, "%.*s*", (int)(length - 1), text);
}

/* The names as a backend gets them, and the set of them. */
static flowrules_status read_names(const struct names *from, const char *const **list,
                                   size_t *count, fr_set *set) {
    struct fr_placing *p = from->p;
    size_t all, used = 0;
    const struct flowrules_range *ranges = range_names(from, &all);
    const char **names = fr_arena_alloc(p->arena, (all + 1) * sizeof *names);
    if (ranges == NULL || names == NULL)
        return fr_no_memory(p->policy->context);
    for (size_t i = 0; i < all; i++) {
        const char *text = name_at(from, i);
        if (fr_ip_compare(ranges[i].first, ranges[i].last) > 0 || is_within_other(ranges, all, i))
            continue;
        fr_builder_range(&p->view->builder, &ranges[i]);
        names[used] = p->patterns ? spell(p, text) : text;
        if (names[used++] == NULL)
            return fr_no_memory(p->policy->context);
    }
    *list = names;
    *count = used;
    *set = fr_builder_finish(&p->view->builder, &p->view->sets);
    return *set == FR_SET_NONE ? fr_no_memory(p->policy->context) : FLOWRULES_OK;
}

/* Without the interfaces that the other key names. */
static flowrules_status leave_out(const struct names *from, struct fr_placed *placed) {
    struct fr_sets *sets = &from->p->view->sets;
    fr_set gone = FR_SET_EMPTY, all = placed->interfaces;
    if (all == FR_SET_ANY)
        all = fr_interfaces_all(sets);
    FR_TRY(read_names(from, &placed->spelled.except, &placed->spelled.except_count, &gone));
    placed->interfaces = all == FR_SET_NONE ? all : fr_set_subtract(sets, all, gone);
    return placed->interfaces == FR_SET_NONE ? fr_no_memory(from->p->policy->context)
                                             : FLOWRULES_OK;
}

/* Where a network is by what is said of itself: at any interface where nothing is. */
flowrules_status fr_network_place(struct fr_placing *p, uint32_t index, struct fr_placed *placed) {
    const flowrules_policy *policy = p->policy;
    const struct fr_network *network = fr_vec_at(&policy->networks, struct fr_network, index);
    struct names names = {.p = p, .key = p->key, .network = index};
    *placed = (struct fr_placed){.interfaces = FR_SET_ANY};
    if (p->target->own_places && !p->spots_found)
        FR_TRY(find_spots(p));
    if (!p->target->own_places) {
        names.binding =
            fr_policy_binding(policy, FR_POLICY_TEXT(policy, network->name), p->backend->name);
        if (names.binding == NULL)
            return FLOWRULES_OK;
    }
    if (name_at(&names, 0) != NULL && !has_any(&names))
        FR_TRY(read_names(&names, &placed->spelled.names, &placed->spelled.count,
                          &placed->interfaces));
    names.key = p->other_key;
    bool but = names.binding != NULL && names.key != NULL && name_at(&names, 0) != NULL;
    return but ? leave_out(&names, placed) : FLOWRULES_OK;
}

/* ---- parts of an end ----------------------------------------------------------------------- */

/* Adds a part, or makes the part of the same interfaces wider. */
static flowrules_status add_part(struct fr_placing *p, struct fr_vec *parts,
                                 const struct fr_placed *part) {
    struct fr_placed *own = NULL;
    if (part->set == FR_SET_EMPTY)
        return FLOWRULES_OK;
    for (size_t i = 0; i < parts->count && own == NULL; i++) {
        struct fr_placed *known = fr_vec_at(parts, struct fr_placed, i);
        own = known->interfaces == part->interfaces ? known : NULL;
    }
    if (own == NULL) {
        own = fr_vec_push(parts);
        if (own == NULL)
            return fr_no_memory(p->policy->context);
        *own = *part;
        return FLOWRULES_OK;
    }
    own->set = fr_set_union(&p->view->sets, own->set, part->set);
    return own->set == FR_SET_NONE ? fr_no_memory(p->policy->context) : FLOWRULES_OK;
}

static flowrules_status add_all(struct fr_placing *p, const struct fr_vec *more,
                                struct fr_vec *parts) {
    for (size_t i = 0; i < more->count; i++)
        FR_TRY(add_part(p, parts, fr_vec_at(more, struct fr_placed, i)));
    return FLOWRULES_OK;
}

static flowrules_status add_span(struct fr_placing *p, struct fr_span span, bool cut,
                                 struct fr_vec *parts) {
    for (uint32_t i = 0; i < span.count; i++) {
        const struct fr_peer *peer = fr_vec_at(&p->policy->peers, struct fr_peer, span.first + i);
        struct fr_placed part = {.interfaces = FR_SET_ANY};
        const struct fr_vec *inner = NULL;
        struct fr_end end;
        if (peer->kind == FR_PEER_NETWORK) {
            FR_TRY(fr_network_parts(p, peer->ref, cut, &inner));
            FR_TRY(add_all(p, inner, parts));
            continue;
        }
        FR_TRY(fr_view_end(p->view, (struct fr_span){span.first + i, 1}, cut, &end));
        part.set = end.set;
        FR_TRY(add_part(p, parts, &part));
    }
    return FLOWRULES_OK;
}

/* The parts of a network: those of its members, without what it excepts. */
static flowrules_status add_network(struct fr_placing *p, uint32_t index,
                                    const struct fr_vec *members, fr_set whole,
                                    struct fr_vec *parts) {
    struct fr_placed own;
    FR_TRY(fr_network_place(p, index, &own));
    for (size_t i = 0; i < members->count; i++) {
        struct fr_placed part = *fr_vec_at(members, struct fr_placed, i);
        if (part.interfaces == FR_SET_ANY) {
            part.interfaces = own.interfaces;
            part.spelled = own.spelled;
        }
        part.set = fr_set_intersect(&p->view->sets, part.set, whole);
        if (part.set == FR_SET_NONE)
            return fr_no_memory(p->policy->context);
        FR_TRY(add_part(p, parts, &part));
    }
    return FLOWRULES_OK;
}

static flowrules_status find_parts(struct fr_placing *p, uint32_t index, bool cut,
                                   struct fr_vec *parts) {
    const struct fr_network *network = fr_vec_at(&p->policy->networks, struct fr_network, index);
    struct fr_vec members;
    struct fr_end whole;
    fr_vec_init(&members, &p->policy->context->allocator, sizeof(struct fr_placed));
    flowrules_status status = fr_view_cut_network(p->view, index, cut, &whole);
    if (status == FLOWRULES_OK)
        status = add_span(p, network->members, cut, &members);
    if (status == FLOWRULES_OK)
        status = add_network(p, index, &members, whole.set, parts);
    fr_vec_free(&members);
    return status;
}

flowrules_status fr_network_parts(struct fr_placing *p, uint32_t index, bool cut,
                                  const struct fr_vec **parts) {
    uint32_t key = index * 2 + cut + 1, at;
    if (!fr_map_get(&p->placed_at, key, &at)) {
        struct fr_vec *made = fr_arena_alloc(p->arena, sizeof *made), **slot;
        if (made == NULL)
            return fr_no_memory(p->policy->context);
        fr_vec_init(made, &p->policy->context->allocator, sizeof(struct fr_placed));
        flowrules_status status = find_parts(p, index, cut, made);
        slot = status == FLOWRULES_OK ? fr_vec_push(&p->placed) : NULL;
        at = (uint32_t)p->placed.count - 1;
        if (slot == NULL || !fr_map_put(&p->placed_at, key, at)) {
            p->placed.count -= slot != NULL;
            fr_vec_free(made);
            return status == FLOWRULES_OK ? fr_no_memory(p->policy->context) : status;
        }
        *slot = made;
    }
    *parts = *fr_vec_at(&p->placed, struct fr_vec *, at);
    return FLOWRULES_OK;
}

/* ---- names --------------------------------------------------------------------------------- */

static flowrules_status add_named(struct fr_placing *p, struct fr_map *known, fr_string name) {
    uint32_t at;
    if (name == 0 || fr_map_get(known, name, &at) ||
        (!p->patterns && strcmp(FR_POLICY_TEXT(p->policy, name), "any") == 0))
        return FLOWRULES_OK;
    fr_string *slot = fr_vec_push(&p->named);
    if (slot == NULL || !fr_map_put(known, name, (uint32_t)p->named.count - 1))
        return fr_no_memory(p->policy->context);
    *slot = name;
    return FLOWRULES_OK;
}

static flowrules_status add_bound(struct fr_placing *p, struct fr_map *known,
                                  const struct fr_binding *binding) {
    const flowrules_policy *policy = p->policy;
    if (strcmp(FR_POLICY_TEXT(policy, binding->platform), p->backend->name) != 0)
        return FLOWRULES_OK;
    for (uint32_t i = 0; i < binding->values.count; i++) {
        const struct fr_binding_value *value =
            fr_vec_at(&policy->binding_values, struct fr_binding_value, binding->values.first + i);
        if (strcmp(FR_POLICY_TEXT(policy, value->key), p->key) == 0)
            FR_TRY(add_named(p, known, value->value));
    }
    return FLOWRULES_OK;
}

static flowrules_status find_names(struct fr_placing *p, struct fr_map *known) {
    struct fr_span places = p->target->places;
    for (uint32_t i = 0; p->target->own_places && i < places.count; i++)
        FR_TRY(add_named(
            p, known,
            fr_vec_at(&p->policy->place_items, struct fr_place_item, places.first + i)->value));
    for (size_t i = 0; !p->target->own_places && i < p->policy->bindings.count; i++)
        FR_TRY(add_bound(p, known, fr_vec_at(&p->policy->bindings, struct fr_binding, i)));
    return FLOWRULES_OK;
}

flowrules_status fr_find_place_names(struct fr_placing *p) {
    struct fr_map known;
    if (p->key == NULL)
        return FLOWRULES_OK;
    fr_map_init(&known, &p->policy->context->allocator);
    flowrules_status status = find_names(p, &known);
    fr_map_free(&known);
    return status;
}

bool fr_placing_says(struct fr_placing *p) {
    const flowrules_policy *policy = p->policy;
    if (p->said != FR_NOT_ASKED || p->key == NULL)
        return p->said == FR_SOMEWHERE_SAID;
    bool said = p->target->own_places && p->target->places.count > 0;
    for (size_t i = 0; !p->target->own_places && !said && i < policy->bindings.count; i++) {
        const struct fr_binding *binding = fr_vec_at(&policy->bindings, struct fr_binding, i);
        said = strcmp(FR_POLICY_TEXT(policy, binding->platform), p->backend->name) == 0;
    }
    p->said = said ? FR_SOMEWHERE_SAID : FR_NOWHERE_SAID;
    return said;
}

static flowrules_status place_items(struct fr_placing *p, struct fr_span span, bool cut,
                                    struct fr_placed_end *end) {
    const struct fr_peer *first = fr_vec_at(&p->policy->peers, struct fr_peer, span.first);
    const struct fr_vec *parts = &end->own;
    if (span.count == 1 && first->kind == FR_PEER_NETWORK)
        FR_TRY(fr_network_parts(p, first->ref, cut, &parts));
    else
        FR_TRY(add_span(p, span, cut, &end->own));
    end->parts = parts->items;
    end->count = parts->count;
    return FLOWRULES_OK;
}

flowrules_status fr_place_end(struct fr_placing *p, struct fr_span span, bool cut, fr_set whole,
                              struct fr_placed_end *end) {
    fr_vec_init(&end->own, &p->policy->context->allocator, sizeof(struct fr_placed));
    end->whole = (struct fr_placed){.interfaces = FR_SET_ANY, .set = whole};
    end->parts = &end->whole;
    end->count = 1;
    return fr_placing_says(p) && span.count > 0 ? place_items(p, span, cut, end) : FLOWRULES_OK;
}

void fr_placed_end_free(struct fr_placed_end *end) {
    fr_vec_free(&end->own);
}

/* ---- a place of the policy ----------------------------------------------------------------- */

flowrules_status fr_place_interfaces(struct fr_placing *p, uint32_t place, fr_set *set) {
    const struct fr_place_definition *definition =
        fr_vec_at(&p->policy->places, struct fr_place_definition, place);
    *set = FR_SET_EMPTY;
    for (uint32_t i = 0; i < definition->networks.count; i++) {
        const struct fr_place_item *item = fr_vec_at(&p->policy->place_items, struct fr_place_item,
                                                     definition->networks.first + i);
        struct fr_placed own;
        FR_TRY(fr_network_place(p, item->index, &own));
        if (own.interfaces == FR_SET_ANY)
            continue;
        *set = fr_set_union(&p->view->sets, *set, own.interfaces);
        if (*set == FR_SET_NONE)
            return fr_no_memory(p->policy->context);
    }
    return FLOWRULES_OK;
}
