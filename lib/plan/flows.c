/*
 * Evaluates the sources and destinations of flows as sets. Networks are evaluated once for each
 * treatment of wildcards.
 */
#include "flows.h"

#include <string.h>

/* No network is evaluated, or walked. */
static bool init_networks(struct fr_view *view) {
    size_t count = view->policy->networks.count;
    bool good = fr_vec_reserve(&view->walked, count);
    for (size_t n = 0; good && n < 2; n++)
        good = fr_vec_reserve(&view->networks[n], count);
    if (!good || count == 0)
        return good;
    memset(view->walked.items, 0, count * sizeof(uint32_t));
    view->walked.count = count;
    for (size_t n = 0; n < 2; n++) {
        view->networks[n].count = count;
        for (size_t i = 0; i < count; i++)
            *fr_vec_at(&view->networks[n], struct fr_end, i) = (struct fr_end){.set = FR_SET_NONE};
    }
    return true;
}

flowrules_status fr_view_init(struct fr_view *view, const flowrules_policy *policy,
                              const struct fr_view_mode *mode) {
    const struct fr_allocator *allocator = &policy->context->allocator;
    memset(view, 0, sizeof *view);
    view->policy = policy;
    view->context = policy->context;
    view->mode = *mode;
    fr_vec_init(&view->atoms, allocator, sizeof(struct flowrules_atom));
    fr_builder_init(&view->builder, allocator);
    for (size_t i = 0; i < 3; i++)
        fr_map_init(&view->atom_of[i], allocator);
    for (size_t i = 0; i < 2; i++)
        fr_vec_init(&view->networks[i], allocator, sizeof(struct fr_end));
    fr_map_init(&view->network_of, allocator);
    fr_map_init(&view->bound_as, allocator);
    fr_map_init(&view->part_of[0], allocator);
    fr_map_init(&view->part_of[1], allocator);
    fr_vec_init(&view->walked, allocator, sizeof(uint32_t));
    bool good = fr_sets_init(&view->sets, allocator) && init_networks(view);
    view->sets.atoms = &view->atoms;
    return good ? FLOWRULES_OK : fr_no_memory(view->context);
}

void fr_view_free(struct fr_view *view) {
    if (view->literal != NULL) {
        fr_view_free(view->literal);
        fr_free(&view->context->allocator, view->literal);
    }
    fr_vec_free(&view->atoms);
    fr_vec_free(&view->walked);
    fr_map_free(&view->network_of);
    fr_map_free(&view->bound_as);
    fr_map_free(&view->part_of[0]);
    fr_map_free(&view->part_of[1]);
    fr_builder_free(&view->builder);
    for (size_t i = 0; i < 3; i++)
        fr_map_free(&view->atom_of[i]);
    for (size_t i = 0; i < 2; i++)
        fr_vec_free(&view->networks[i]);
    fr_sets_free(&view->sets);
}

flowrules_status fr_view_literal(struct fr_view *view, struct fr_view **literal) {
    struct fr_view_mode mode = view->mode;
    mode.platform = mode.bindings_of = NULL;
    mode.every_group = true;
    *literal = view->literal;
    if (view->literal != NULL)
        return FLOWRULES_OK;
    view->literal = fr_malloc(&view->context->allocator, sizeof *view->literal);
    if (view->literal == NULL)
        return fr_no_memory(view->context);
    *literal = view->literal;
    return fr_view_init(view->literal, view->policy, &mode);
}

/* ---- atoms --------------------------------------------------------------------------------- */

static flowrules_status add_atom(struct fr_view *view, struct fr_builder *b,
                                 enum flowrules_atom_kind kind, uint32_t key, const char *name) {
    uint32_t atom;
    if (!fr_map_get(&view->atom_of[kind], key, &atom)) {
        atom = (uint32_t)view->atoms.count;
        struct flowrules_atom *slot = fr_vec_push(&view->atoms);
        if (slot == NULL || !fr_map_put(&view->atom_of[kind], key, atom))
            return fr_no_memory(view->context);
        *slot = (struct flowrules_atom){kind, name};
    }
    fr_builder_atom(b, atom);
    return FLOWRULES_OK;
}

bool flowrules_set_has_all_atoms(struct flowrules_set set) {
    const struct fr_set_head *head = fr_set_head(set.store, set.id);
    return head->all_atoms != 0 && head->atoms == 0;
}

size_t flowrules_set_atom_count(struct flowrules_set set) {
    const struct fr_set_head *head = fr_set_head(set.store, set.id);
    return head->all_atoms != 0 ? 0 : head->atoms;
}

struct flowrules_atom flowrules_set_atom(struct flowrules_set set, size_t index) {
    const struct fr_sets *sets = set.store;
    uint32_t atom = fr_set_atoms(fr_set_head(sets, set.id))[index];
    return *fr_vec_at(sets->atoms, struct flowrules_atom, atom);
}

/* ---- names --------------------------------------------------------------------------------- */

static void add_pins(const struct fr_view *view, struct fr_builder *b,
                     const struct fr_locked_name *entry) {
    for (uint32_t i = 0; i < entry->count; i++) {
        const struct fr_pin *pin =
            fr_vec_at(&view->policy->lock.pins, struct fr_pin, entry->first + i);
        struct flowrules_range range = {pin->family, pin->ip, pin->ip};
        fr_builder_range(b, &range);
    }
}

static flowrules_status add_name(struct fr_view *view, struct fr_builder *b, fr_string string,
                                 unsigned *flags) {
    const char *name = FR_POLICY_TEXT(view->policy, string);
    const struct fr_locked_name *entry = fr_lock_find(&view->policy->lock, name);
    if (view->mode.asking && entry != NULL)
        add_pins(view, b, entry);
    if (view->mode.refuse_names)
        *flags |= FR_END_REFUSED;
    else if (view->mode.names)
        *flags |= FR_END_NATIVE | FR_END_NAMES;
    else if (entry != NULL && entry->count > 0) {
        *flags |= FR_END_PINNED;
        add_pins(view, b, entry);
        return FLOWRULES_OK;
    } else {
        *flags |= FR_END_UNPINNED;
    }
    return add_atom(view, b, FLOWRULES_ATOM_NAME, string, name);
}

/* Names in a question that the policy does not mention get numbers past its strings. */
static uint32_t asked_key(const struct fr_view *view, const char *name) {
    fr_string known = fr_strings_find(&view->policy->strings, name, strlen(name));
    if (known != 0)
        return known;
    bool first = view->mode.asked[0] != NULL && strcmp(view->mode.asked[0], name) == 0;
    return UINT32_MAX - (first ? 0u : 1u);
}

static flowrules_status add_asked(struct fr_view *view, struct fr_builder *b, const char *name) {
    return add_atom(view, b, FLOWRULES_ATOM_NAME, asked_key(view, name), name);
}

fr_set fr_view_name(struct fr_view *view, const char *name) {
    if (add_asked(view, &view->builder, name) != FLOWRULES_OK)
        view->builder.failed = true;
    return fr_builder_finish(&view->builder, &view->sets);
}

fr_set fr_view_other_name(struct fr_view *view, const char *name) {
    if (fr_strings_find(&view->policy->strings, name, strlen(name)) != 0)
        return fr_view_name(view, name);
    uint32_t atom = 0;
    for (; atom < view->atoms.count; atom++) {
        const struct flowrules_atom *a = fr_vec_at(&view->atoms, struct flowrules_atom, atom);
        if (a->kind == FLOWRULES_ATOM_NAME && strcmp(a->name, name) == 0)
            break;
    }
    if (atom == view->atoms.count) {
        struct flowrules_atom *slot = fr_vec_push(&view->atoms);
        if (slot == NULL)
            return FR_SET_NONE;
        *slot = (struct flowrules_atom){FLOWRULES_ATOM_NAME, name};
    }
    fr_builder_atom(&view->builder, atom);
    return fr_builder_finish(&view->builder, &view->sets);
}

/* The names below a domain that the lock file has addresses of: as names, or as addresses. */
static flowrules_status add_known_names(struct fr_view *view, struct fr_builder *b,
                                        const char *domain, bool *known) {
    const struct fr_lock *lock = &view->policy->lock;
    for (uint32_t i = 0; i < lock->names.count; i++) {
        const struct fr_locked_name *entry = fr_vec_at(&lock->names, struct fr_locked_name, i);
        const char *name = fr_strings_text(&lock->strings, entry->name);
        if (entry->count == 0 || !fr_name_is_below(name, domain))
            continue;
        *known = true;
        fr_string own = fr_strings_find(&view->policy->strings, name, strlen(name));
        if (view->mode.names)
            FR_TRY(
                add_atom(view, b, FLOWRULES_ATOM_NAME, own != 0 ? own : UINT32_MAX / 2 + i, name));
        else
            add_pins(view, b, entry);
    }
    return FLOWRULES_OK;
}

static flowrules_status add_wildcard(struct fr_view *view, struct fr_builder *b, fr_string string,
                                     bool narrow, unsigned *flags) {
    const char *domain = FR_POLICY_TEXT(view->policy, string);
    bool known = false;
    for (size_t i = 0; i < 2; i++)
        if (view->mode.asked[i] != NULL && fr_name_is_below(view->mode.asked[i], domain))
            FR_TRY(add_asked(view, b, view->mode.asked[i]));
    if (view->mode.refuse_names) {
        *flags |= FR_END_REFUSED;
    } else if (view->mode.wildcards == FLOWRULES_WILDCARDS_BELOW) {
        *flags |= FR_END_NATIVE | FR_END_NAMES;
    } else if (view->mode.wildcards != FLOWRULES_WILDCARDS_NONE) {
        *flags |= FR_END_OTHER_WILDCARD;
        *flags |= narrow ? FR_END_NARROWED | FR_END_NATIVE | FR_END_NAMES : FR_END_WILDCARD;
    } else if (narrow) {
        FR_TRY(add_known_names(view, b, domain, &known));
        unsigned how = view->mode.names ? FR_END_NATIVE | FR_END_NAMES : FR_END_PINNED;
        *flags |= known ? FR_END_NARROWED | how : FR_END_WILDCARD;
    } else {
        *flags |= FR_END_WILDCARD;
    }
    return known ? FLOWRULES_OK : add_atom(view, b, FLOWRULES_ATOM_WILDCARD, string, domain);
}

/* ---- networks ------------------------------------------------------------------------------ */

/* The binding by which the view's platform knows a network: its own, else the other one's. */
static const struct fr_binding *binding_of(const struct fr_view *view,
                                           const struct fr_network *network) {
    const flowrules_policy *policy = view->policy;
    const char *own = view->mode.platform, *other = view->mode.bindings_of;
    const struct fr_binding *found = NULL;
    for (uint32_t i = 0; own != NULL && i < network->bindings.count; i++) {
        const struct fr_binding *binding =
            fr_vec_at(&policy->bindings, struct fr_binding, network->bindings.first + i);
        const char *platform = FR_POLICY_TEXT(policy, binding->platform);
        if (strcmp(platform, own) == 0)
            return binding;
        if (other != NULL && strcmp(platform, other) == 0)
            found = binding;
    }
    return found;
}

bool fr_view_is_bound(const struct fr_view *view, const struct fr_network *network) {
    return binding_of(view, network) != NULL;
}

static const struct fr_binding_value *value_at(const struct fr_view *view,
                                               const struct fr_binding *binding, uint32_t i) {
    return fr_vec_at(&view->policy->binding_values, struct fr_binding_value,
                     binding->values.first + i);
}

static bool same_values(const struct fr_view *view, const struct fr_binding *a,
                        const struct fr_binding *b) {
    if (a == NULL || b == NULL || a->values.count != b->values.count)
        return false;
    for (uint32_t i = 0; i < a->values.count; i++) {
        const struct fr_binding_value *x = value_at(view, a, i), *y = value_at(view, b, i);
        if (x->key != y->key || x->label != y->label || x->value != y->value)
            return false;
    }
    return true;
}

/* The atom of a bound network; networks of which the platform is told the same are one group. */
static flowrules_status add_group(struct fr_view *view, struct fr_builder *b, uint32_t index,
                                  const char *name) {
    const struct fr_vec *networks = &view->policy->networks;
    const struct fr_binding *own = binding_of(view, fr_vec_at(networks, struct fr_network, index));
    uint32_t hash = 0, first, atom;
    for (uint32_t i = 0; i < own->values.count; i++) {
        const struct fr_binding_value *v = value_at(view, own, i);
        uint32_t words[] = {hash, v->key, v->label, v->value};
        hash = fr_hash(words, sizeof words);
    }
    hash = hash == 0 ? 1 : hash;
    if (!fr_map_get(&view->bound_as, hash, &first)) {
        if (!fr_map_put(&view->bound_as, hash, index))
            return fr_no_memory(view->context);
    } else if (same_values(view, own,
                           binding_of(view, fr_vec_at(networks, struct fr_network, first))) &&
               fr_map_get(&view->atom_of[FLOWRULES_ATOM_GROUP], first + 1, &atom) &&
               !fr_map_put(&view->atom_of[FLOWRULES_ATOM_GROUP], index + 1, atom)) {
        return fr_no_memory(view->context);
    }
    return add_atom(view, b, FLOWRULES_ATOM_GROUP, index + 1, name);
}

static flowrules_status add_span(struct fr_view *view, struct fr_builder *b, struct fr_span span,
                                 bool narrow, unsigned *flags);

/*
 * A group of the platform from which an exception takes addresses: it is out when it loses all of
 * them, and can't be cut when it loses some.
 */
static flowrules_status cut_group(struct fr_view *view, struct fr_builder *b, uint32_t index,
                                  fr_set except, struct fr_end *end) {
    const struct fr_network *network = fr_vec_at(&view->policy->networks, struct fr_network, index);
    struct fr_sets *sets = &view->literal->sets;
    struct fr_end members;
    uint32_t atom;
    if (network->members.count == 0 || !fr_view_is_bound(view, network) ||
        !fr_map_get(&view->atom_of[FLOWRULES_ATOM_GROUP], index + 1, &atom) ||
        !fr_set_has_atom(&view->sets, end->set, atom))
        return FLOWRULES_OK;
    FR_TRY(fr_view_network(view->literal, index, &members));
    if (!fr_set_overlaps(sets, except, members.set))
        return FLOWRULES_OK;
    if (!fr_set_covers(sets, except, members.set)) {
        end->flags |= FR_END_CUT_GROUP;
        return FLOWRULES_OK;
    }
    fr_builder_atom(b, atom);
    end->set = fr_set_subtract(&view->sets, end->set, fr_builder_finish(b, &view->sets));
    return end->set == FR_SET_NONE ? fr_no_memory(view->context) : FLOWRULES_OK;
}

static flowrules_status cut_groups(struct fr_view *view, struct fr_builder *b,
                                   struct fr_span except, struct fr_end *end) {
    struct fr_view *literal;
    struct fr_end gone;
    if (view->mode.platform == NULL || fr_set_head(&view->sets, end->set)->atoms == 0)
        return FLOWRULES_OK;
    FR_TRY(fr_view_literal(view, &literal));
    FR_TRY(fr_view_end(literal, except, false, &gone));
    for (uint32_t i = 0; i < view->policy->networks.count; i++)
        FR_TRY(cut_group(view, b, i, gone.set, end));
    return FLOWRULES_OK;
}

/* What is left of a set behind an exception. Nobody knows which names and groups lie in it. */
static flowrules_status leave_out(struct fr_view *view, fr_set except, struct fr_end *end) {
    struct fr_sets *sets = &view->sets;
    end->set = fr_set_subtract(sets, end->set, except);
    if (fr_set_head(sets, end->set)->all_atoms != 0) {
        end->flags |= FR_END_ANY_BUT;
        end->set = fr_set_union(sets, fr_set_family(sets, end->set, FLOWRULES_IPV4),
                                fr_set_family(sets, end->set, FLOWRULES_IPV6));
    }
    return end->set == FR_SET_NONE ? fr_no_memory(view->context) : FLOWRULES_OK;
}

/* What an exception leaves of the names and groups of a network is a group of its own. */
static flowrules_status cut_atoms(struct fr_view *view, struct fr_builder *b, uint32_t index,
                                  struct fr_end *end) {
    struct fr_sets *sets = &view->sets;
    const struct fr_network *network = fr_vec_at(&view->policy->networks, struct fr_network, index);
    const struct fr_set_head *head = fr_set_head(sets, end->set);
    if (!view->mode.cuts || head->all_atoms != 0 || head->atoms == 0)
        return FLOWRULES_OK;
    FR_TRY(add_atom(view, b, FLOWRULES_ATOM_GROUP, index + 1,
                    FR_POLICY_TEXT(view->policy, network->name)));
    fr_builder_set(b, sets, fr_set_family(sets, end->set, FLOWRULES_IPV4));
    fr_builder_set(b, sets, fr_set_family(sets, end->set, FLOWRULES_IPV6));
    end->set = fr_builder_finish(b, sets);
    return end->set == FR_SET_NONE ? fr_no_memory(view->context) : FLOWRULES_OK;
}

/* Beside any itself, any less something is any. */
static void settle_flags(const struct fr_view *view, struct fr_end *end) {
    if (fr_set_head(&view->sets, end->set)->all_atoms != 0)
        end->flags &= ~(unsigned)(FR_END_ANY_BUT | FR_END_CUT_GROUP);
}

static flowrules_status build_network(struct fr_view *view, struct fr_builder *b, uint32_t index,
                                      bool narrow, struct fr_end *end) {
    const struct fr_network *network = fr_vec_at(&view->policy->networks, struct fr_network, index);
    const char *name = FR_POLICY_TEXT(view->policy, network->name);
    struct fr_end except = {FR_SET_EMPTY, 0};
    end->flags = 0;
    if (fr_view_is_bound(view, network)) {
        end->flags = FR_END_NATIVE;
        FR_TRY(add_group(view, b, index, name));
    } else if (network->members.count == 0) {
        end->flags = view->mode.every_group ? FR_END_NATIVE : FR_END_FOREIGN;
        FR_TRY(add_atom(view, b, FLOWRULES_ATOM_GROUP, index + 1, name));
    } else {
        FR_TRY(add_span(view, b, network->members, narrow, &end->flags));
    }
    end->set = fr_builder_finish(b, &view->sets);
    if (end->set == FR_SET_NONE)
        return fr_no_memory(view->context);
    settle_flags(view, end);
    if (network->except.count == 0)
        return FLOWRULES_OK;
    FR_TRY(add_span(view, b, network->except, narrow, &except.flags));
    except.set = fr_builder_finish(b, &view->sets);
    FR_TRY(leave_out(view, except.set, end));
    FR_TRY(cut_atoms(view, b, index, end));
    return cut_groups(view, b, network->except, end);
}

static flowrules_status network_end(struct fr_view *view, uint32_t index, bool narrow,
                                    const struct fr_end **end) {
    struct fr_end *slot = fr_vec_at(&view->networks[narrow], struct fr_end, index);
    *end = slot;
    if (slot->set != FR_SET_NONE)
        return FLOWRULES_OK;
    struct fr_builder builder;
    fr_builder_init(&builder, &view->context->allocator);
    flowrules_status status = build_network(view, &builder, index, narrow, slot);
    fr_builder_free(&builder);
    view->sets.failed = view->sets.failed || status != FLOWRULES_OK;
    return status;
}

static flowrules_status add_peer(struct fr_view *view, struct fr_builder *b,
                                 const struct fr_peer *peer, bool narrow, unsigned *flags) {
    const struct fr_end *inner;
    struct flowrules_range range;
    switch ((enum fr_peer_kind)peer->kind) {
    case FR_PEER_ANY:
        fr_builder_set(b, &view->sets, FR_SET_ANY);
        return FLOWRULES_OK;
    case FR_PEER_NETWORK:
        FR_TRY(network_end(view, peer->ref, narrow, &inner));
        fr_builder_set(b, &view->sets, inner->set);
        *flags |= inner->flags;
        return FLOWRULES_OK;
    case FR_PEER_ADDRESS4:
        range = (struct flowrules_range){FLOWRULES_IPV4, {0, peer->ref}, {0, peer->ref}};
        fr_builder_range(b, &range);
        return FLOWRULES_OK;
    case FR_PEER_RANGE:
        fr_builder_range(b, fr_vec_at(&view->policy->ranges, struct flowrules_range, peer->ref));
        return FLOWRULES_OK;
    case FR_PEER_NAME:
        return add_name(view, b, peer->ref, flags);
    case FR_PEER_WILDCARD:
        return add_wildcard(view, b, peer->ref, narrow, flags);
    case FR_PEER_ZONE: /* of assertions, which take it apart */
    case FR_PEER_BROKEN:
        return FLOWRULES_OK;
    }
    return FLOWRULES_OK;
}

static flowrules_status add_span(struct fr_view *view, struct fr_builder *b, struct fr_span span,
                                 bool narrow, unsigned *flags) {
    for (uint32_t i = 0; i < span.count; i++)
        FR_TRY(add_peer(view, b, fr_vec_at(&view->policy->peers, struct fr_peer, span.first + i),
                        narrow, flags));
    return FLOWRULES_OK;
}

flowrules_status fr_view_end(struct fr_view *view, struct fr_span span, bool narrow,
                             struct fr_end *end) {
    const struct fr_peer *first = fr_vec_at(&view->policy->peers, struct fr_peer, span.first);
    end->flags = 0;
    if (span.count == 1 && first->kind == FR_PEER_NETWORK) {
        const struct fr_end *known;
        FR_TRY(network_end(view, first->ref, narrow, &known));
        *end = *known;
        return FLOWRULES_OK;
    }
    FR_TRY(add_span(view, &view->builder, span, narrow, &end->flags));
    end->set = fr_builder_finish(&view->builder, &view->sets);
    if (end->set == FR_SET_NONE)
        return fr_no_memory(view->context);
    settle_flags(view, end);
    return FLOWRULES_OK;
}

/* Networks come first come first served, so that a set has one name. */
static void name_networks(struct fr_view *view) {
    for (uint32_t i = 0; i < view->policy->networks.count; i++) {
        const struct fr_end *end;
        uint32_t known;
        if (network_end(view, i, false, &end) != FLOWRULES_OK)
            return; /* which the store remembers */
        if (end->set != FR_SET_EMPTY && !fr_map_get(&view->network_of, end->set, &known) &&
            !fr_map_put(&view->network_of, end->set, i + 1))
            view->sets.failed = true;
    }
}

bool fr_view_network_of(struct fr_view *view, fr_set set, uint32_t *network) {
    if (view->network_of.count == 0)
        name_networks(view);
    if (!fr_map_get(&view->network_of, set, network))
        return false;
    --*network;
    return true;
}

/* Its addresses of a family, its names and groups. */
static fr_set family_part(struct fr_view *view, fr_set set, enum flowrules_family family) {
    fr_builder_set(&view->builder, &view->sets, fr_set_family(&view->sets, set, family));
    const struct fr_set_head *head = fr_set_head(&view->sets, set);
    for (uint32_t i = 0; head->all_atoms == 0 && i < head->atoms; i++)
        fr_builder_atom(&view->builder, fr_set_atoms(head)[i]);
    return fr_builder_finish(&view->builder, &view->sets);
}

static void name_parts(struct fr_view *view, enum flowrules_family family) {
    for (uint32_t i = 0; i < view->policy->networks.count; i++) {
        const struct fr_end *end;
        uint32_t known;
        if (network_end(view, i, false, &end) != FLOWRULES_OK)
            return; /* which the store remembers */
        fr_set part = family_part(view, end->set, family);
        if (part != FR_SET_EMPTY && !fr_map_get(&view->part_of[family], part, &known) &&
            !fr_map_put(&view->part_of[family], part, i + 1))
            view->sets.failed = true;
    }
}

bool fr_view_network_part(struct fr_view *view, fr_set set, enum flowrules_family family,
                          uint32_t *network) {
    if (view->part_of[family].count == 0)
        name_parts(view, family);
    if (!fr_map_get(&view->part_of[family], set, network))
        return false;
    --*network;
    return true;
}

flowrules_status fr_view_cut_network(struct fr_view *view, uint32_t index, bool cut,
                                     struct fr_end *end) {
    const struct fr_end *known;
    FR_TRY(network_end(view, index, cut, &known));
    *end = *known;
    return FLOWRULES_OK;
}

flowrules_status fr_view_network(struct fr_view *view, uint32_t index, struct fr_end *end) {
    return fr_view_cut_network(view, index, false, end);
}

unsigned fr_view_network_flags(const struct fr_view *view, uint32_t index) {
    return fr_vec_at(&view->networks[0], struct fr_end, index)->flags |
           fr_vec_at(&view->networks[1], struct fr_end, index)->flags;
}

static void walk(struct fr_view *view, struct fr_span span, unsigned kinds,
                 void (*visit)(void *user, const struct fr_peer *peer), void *user) {
    const flowrules_policy *policy = view->policy;
    for (uint32_t i = 0; i < span.count; i++) {
        const struct fr_peer *peer = fr_vec_at(&policy->peers, struct fr_peer, span.first + i);
        bool wanted = (kinds >> peer->kind & 1u) != 0;
        if (peer->kind != FR_PEER_NETWORK) {
            if (wanted)
                visit(user, peer);
            continue;
        }
        uint32_t *walked = fr_vec_at(&view->walked, uint32_t, peer->ref);
        if (*walked == view->walk)
            continue; /* networks may share members: visiting twice could double at every level */
        *walked = view->walk;
        if (wanted)
            visit(user, peer);
        walk(view, fr_vec_at(&policy->networks, struct fr_network, peer->ref)->members, kinds,
             visit, user);
    }
}

void fr_view_walk(struct fr_view *view, struct fr_span span, unsigned kinds,
                  void (*visit)(void *user, const struct fr_peer *peer), void *user) {
    view->walk++;
    walk(view, span, kinds, visit, user);
}
