/*
 * What is known of the ends of flows and assertions: addresses, and names and groups whose
 * addresses are not known. What may be is never taken for what is, nor the other way round.
 */
#include <string.h>

#include "assert.h"
#include "registry.h"

/* ---- the view ------------------------------------------------------------------------------ */

static fr_set whole_family(struct fr_asserting *a, enum flowrules_family family) {
    struct flowrules_range range = {family, {0, 0}, fr_ip_max(family)};
    fr_builder_range(&a->view.builder, &range);
    return fr_builder_finish(&a->view.builder, &a->view.sets);
}

static flowrules_status check_memory(const struct fr_asserting *a) {
    return a->view.sets.failed ? fr_no_memory(a->context) : FLOWRULES_OK;
}

const struct fr_view_mode fr_asserting_mode = {.every_group = true, .cuts = true};

flowrules_status fr_asserting_init(struct fr_asserting *a, flowrules_context *context,
                                   const flowrules_policy *policy, struct fr_arena *arena,
                                   const struct fr_view_mode *mode) {
    const struct fr_allocator *allocator = &context->allocator;
    *a = (struct fr_asserting){.context = context, .policy = policy, .arena = arena};
    fr_vec_init(&a->cuts, allocator, sizeof(struct fr_cut));
    fr_vec_init(&a->placed, allocator, sizeof(bool));
    fr_vec_init(&a->flows, allocator, sizeof(struct fr_flow_ends));
    fr_vec_init(&a->excepted, allocator, sizeof(struct fr_excepted));
    fr_vec_init(&a->judged, allocator, sizeof(struct fr_judged));
    struct fr_vec *boxes[] = {&a->nevers, &a->musts, &a->buts, &a->denies};
    for (size_t i = 0; i < sizeof boxes / sizeof boxes[0]; i++)
        fr_vec_init(boxes[i], allocator, sizeof(struct fr_bound_box));
    FR_TRY(fr_view_init(&a->view, policy, mode));
    a->addresses = fr_set_union(&a->view.sets, whole_family(a, FLOWRULES_IPV4),
                                whole_family(a, FLOWRULES_IPV6));
    a->all_atoms = fr_set_subtract(&a->view.sets, FR_SET_ANY, a->addresses);
    a->hollow = FR_SET_EMPTY;
    return check_memory(a);
}

void fr_asserting_free(struct fr_asserting *a) {
    struct fr_vec *lists[] = {&a->cuts,   &a->placed, &a->flows, &a->excepted, &a->judged,
                              &a->nevers, &a->musts,  &a->buts,  &a->denies};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        fr_vec_free(lists[i]);
    fr_view_free(&a->view);
}

/* ---- sets ---------------------------------------------------------------------------------- */

static bool has_atoms(const struct fr_asserting *a, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&a->view.sets, set);
    return head->atoms > 0 || head->all_atoms != 0;
}

/* Does one name or group hold all addresses of another? */
static bool atom_covers(const struct fr_asserting *a, uint32_t wide, uint32_t narrow) {
    const struct flowrules_atom *w = fr_vec_at(&a->view.atoms, struct flowrules_atom, wide);
    const struct flowrules_atom *n = fr_vec_at(&a->view.atoms, struct flowrules_atom, narrow);
    return wide == narrow ||
           (w->kind == FLOWRULES_ATOM_WILDCARD && n->kind != FLOWRULES_ATOM_GROUP &&
            fr_name_is_below(n->name, w->name));
}

/* A set with the names below its wildcards, and the parts of what it has whole. */
static fr_set with_covered(struct fr_asserting *a, fr_set set) {
    struct fr_sets *sets = &a->view.sets;
    const struct fr_set_head *head = fr_set_head(sets, set);
    if (head->atoms == 0 || head->all_atoms != 0)
        return set;
    for (uint32_t i = 0; i < head->atoms; i++)
        for (uint32_t b = 0; b < a->view.atoms.count; b++)
            if (atom_covers(a, fr_set_atoms(head)[i], b))
                fr_builder_atom(&a->view.builder, b);
    fr_set all = fr_set_union(sets, set, fr_builder_finish(&a->view.builder, sets));
    for (size_t i = 0; i < a->cuts.count; i++) { /* one may be a part of another before it */
        const struct fr_cut *cut = fr_vec_at(&a->cuts, struct fr_cut, i);
        if (!fr_set_covers(sets, all, cut->whole))
            continue;
        fr_builder_atom(&a->view.builder, cut->atom);
        all = fr_set_union(sets, all, fr_builder_finish(&a->view.builder, sets));
    }
    return all;
}

/* Whatever the addresses of names and groups are, they are among all addresses. */
static fr_set settle(const struct fr_asserting *a, fr_set set) {
    return set != FR_SET_NONE && fr_set_covers(&a->view.sets, set, a->addresses) ? FR_SET_ANY : set;
}

struct fr_bounds fr_bounds_of(struct fr_asserting *a, fr_set set) {
    fr_set whole = settle(a, set);
    struct fr_bounds bounds = {whole, whole, whole, FR_SET_EMPTY};
    if (!a->uncertain || whole == FR_SET_EMPTY)
        return bounds;
    if (whole == FR_SET_ANY) {
        bounds.parts = a->addresses;
        return bounds;
    }
    bounds.maybe = has_atoms(a, set) ? FR_SET_ANY : fr_set_union(&a->view.sets, set, a->all_atoms);
    if (has_atoms(a, set))
        bounds.names = fr_set_intersect(&a->view.sets, set, a->all_atoms);
    return bounds;
}

struct fr_bounds fr_bounds_subtract(struct fr_asserting *a, struct fr_bounds from,
                                    struct fr_bounds gone) {
    struct fr_sets *sets = &a->view.sets;
    return (struct fr_bounds){
        fr_set_subtract(sets, from.sure, gone.maybe), fr_set_subtract(sets, from.maybe, gone.sure),
        fr_set_subtract(sets, from.parts, gone.sure), fr_set_union(sets, from.names, gone.names)};
}

struct fr_bounds fr_bounds_union(struct fr_asserting *a, struct fr_bounds one,
                                 struct fr_bounds other) {
    struct fr_sets *sets = &a->view.sets;
    return (struct fr_bounds){settle(a, fr_set_union(sets, one.sure, other.sure)),
                              fr_set_union(sets, one.maybe, other.maybe),
                              fr_set_union(sets, one.parts, other.parts),
                              fr_set_union(sets, one.names, other.names)};
}

struct fr_bounds fr_bounds_intersect(struct fr_asserting *a, struct fr_bounds one,
                                     struct fr_bounds other) {
    struct fr_sets *sets = &a->view.sets;
    return (struct fr_bounds){fr_set_intersect(sets, one.sure, other.sure),
                              fr_set_intersect(sets, one.maybe, other.maybe),
                              fr_set_intersect(sets, one.parts, other.parts),
                              fr_set_union(sets, one.names, other.names)};
}

/* What items come to: a wildcard is also the addresses of the names below it that are pinned. */
static flowrules_status span_set(struct fr_view *view, struct fr_span span, fr_set *set) {
    struct fr_end end = {FR_SET_EMPTY, 0}, cut = {FR_SET_EMPTY, 0};
    *set = FR_SET_EMPTY;
    if (span.count == 0)
        return FLOWRULES_OK;
    FR_TRY(fr_view_end(view, span, false, &end));
    if ((end.flags & FR_END_WILDCARD) != 0)
        FR_TRY(fr_view_end(view, span, true, &cut));
    *set = fr_set_union(&view->sets, end.set, cut.set);
    return *set == FR_SET_NONE ? fr_no_memory(view->context) : FLOWRULES_OK;
}

flowrules_status fr_asserting_span(struct fr_asserting *a, struct fr_span span, fr_set *set) {
    FR_TRY(span_set(&a->view, span, set));
    *set = with_covered(a, settle(a, *set));
    return check_memory(a);
}

flowrules_status fr_asserting_network(struct fr_asserting *a, uint32_t network, fr_set *set) {
    struct fr_end end, cut;
    FR_TRY(fr_view_network(&a->view, network, &end));
    FR_TRY(fr_view_cut_network(&a->view, network, true, &cut));
    *set = fr_set_union(&a->view.sets, end.set, cut.set);
    *set = with_covered(a, settle(a, *set));
    return check_memory(a);
}

/* ---- flows --------------------------------------------------------------------------------- */

/* Is a network at some interfaces of a platform? */
static bool has_interfaces(const struct fr_asserting *a, const struct fr_network *network) {
    const flowrules_policy *policy = a->policy;
    bool placed = network->placed;
    for (uint32_t i = 0; i < network->bindings.count && !placed; i++) {
        const struct fr_binding *binding =
            fr_vec_at(&policy->bindings, struct fr_binding, network->bindings.first + i);
        const struct flowrules_backend *backend =
            fr_registry_find(a->context, FR_POLICY_TEXT(policy, binding->platform));
        placed = backend != NULL && backend->capabilities.interfaces != NULL;
    }
    return placed;
}

static bool is_placed(const struct fr_asserting *a, struct fr_span span) {
    bool placed = false;
    for (uint32_t i = 0; i < span.count && !placed && a->placed.count > 0; i++) {
        const struct fr_peer *peer = fr_vec_at(&a->policy->peers, struct fr_peer, span.first + i);
        placed = peer->kind == FR_PEER_NETWORK && *fr_vec_at(&a->placed, bool, peer->ref);
    }
    return placed;
}

/* The networks that are at interfaces, or hold one that is; none: the list stays empty. */
static flowrules_status find_placed(struct fr_asserting *a) {
    const struct fr_vec *networks = &a->policy->networks;
    bool any = false;
    if (!fr_vec_reserve(&a->placed, networks->count))
        return fr_no_memory(a->context);
    for (size_t i = 0; i < networks->count; i++) {
        bool *placed = fr_vec_push(&a->placed);
        *placed = has_interfaces(a, fr_vec_at(networks, struct fr_network, i));
        any = any || *placed;
    }
    for (bool more = any; more;) { /* as deep as networks nest */
        more = false;
        for (size_t i = 0; i < networks->count; i++) {
            bool *placed = fr_vec_at(&a->placed, bool, i);
            const struct fr_network *network = fr_vec_at(networks, struct fr_network, i);
            bool was = *placed;
            *placed = was || is_placed(a, network->members);
            more = more || *placed != was;
        }
    }
    a->placed.count = any ? a->placed.count : 0;
    a->uncertain = a->uncertain || (any && !a->running);
    return FLOWRULES_OK;
}

flowrules_status fr_asserting_flows(struct fr_asserting *a) {
    FR_TRY(find_placed(a));
    if (!fr_vec_reserve(&a->flows, a->policy->flows.count))
        return fr_no_memory(a->context);
    for (size_t i = 0; i < a->policy->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&a->policy->flows, struct fr_flow, i);
        struct fr_flow_ends *ends = fr_vec_push(&a->flows);
        if (flow->expired)
            continue;
        FR_TRY(fr_asserting_span(a, flow->source, &ends->pair.ends[0]));
        FR_TRY(fr_asserting_span(a, flow->destination, &ends->pair.ends[1]));
        ends->placed = is_placed(a, flow->source) || is_placed(a, flow->destination);
    }
    return check_memory(a);
}

/* ---- sources ------------------------------------------------------------------------------- */

flowrules_status fr_assert_source_init(struct fr_assert_source *source, struct fr_asserting *a,
                                       const flowrules_policy *policy) {
    *source = (struct fr_assert_source){.a = a, .policy = policy, .view = &a->view};
    fr_vec_init(&source->zones, &a->context->allocator, sizeof(struct fr_bounds));
    if (policy == a->policy)
        return FLOWRULES_OK;
    source->view = fr_malloc(&a->context->allocator, sizeof *source->view);
    return source->view == NULL ? fr_no_memory(a->context)
                                : fr_view_init(source->view, policy, &a->view.mode);
}

void fr_assert_source_free(struct fr_assert_source *source) {
    fr_vec_free(&source->zones);
    if (source->view == &source->a->view || source->view == NULL)
        return;
    fr_view_free(source->view);
    fr_free(&source->a->context->allocator, source->view);
}

/* Are two networks told to all platforms in the same words? */
static bool same_bindings(const flowrules_policy *p, const struct fr_network *x,
                          const flowrules_policy *q, const struct fr_network *y) {
    bool same = x->bindings.count == y->bindings.count;
    for (uint32_t i = 0; i < x->bindings.count && same; i++) {
        const struct fr_binding *b =
            fr_vec_at(&p->bindings, struct fr_binding, x->bindings.first + i);
        const struct fr_binding *c =
            fr_vec_at(&q->bindings, struct fr_binding, y->bindings.first + i);
        same = b->values.count == c->values.count &&
               strcmp(FR_POLICY_TEXT(p, b->platform), FR_POLICY_TEXT(q, c->platform)) == 0;
        for (uint32_t k = 0; k < b->values.count && same; k++) {
            const struct fr_binding_value *v =
                fr_vec_at(&p->binding_values, struct fr_binding_value, b->values.first + k);
            const struct fr_binding_value *w =
                fr_vec_at(&q->binding_values, struct fr_binding_value, c->values.first + k);
            const char *label = v->label == 0 ? "" : FR_POLICY_TEXT(p, v->label);
            const char *other = w->label == 0 ? "" : FR_POLICY_TEXT(q, w->label);
            same = strcmp(FR_POLICY_TEXT(p, v->key), FR_POLICY_TEXT(q, w->key)) == 0 &&
                   strcmp(label, other) == 0 &&
                   strcmp(FR_POLICY_TEXT(p, v->value), FR_POLICY_TEXT(q, w->value)) == 0;
        }
    }
    return same;
}

/* The policy's own group that a group of a source is, or NULL. */
static const char *own_group(const struct fr_assert_source *source, const char *name) {
    const flowrules_policy *theirs = source->policy, *own = source->a->policy;
    fr_string word = fr_strings_find(&theirs->strings, name, strlen(name));
    uint32_t index;
    if (word == 0 || !fr_map_get(&theirs->network_by_name, word, &index))
        return NULL;
    const struct fr_network *network = fr_vec_at(&theirs->networks, struct fr_network, index);
    for (size_t i = 0; i < own->networks.count; i++) {
        const struct fr_network *other = fr_vec_at(&own->networks, struct fr_network, i);
        if (other->members.count == 0 && same_bindings(theirs, network, own, other))
            return FR_POLICY_TEXT(own, other->name);
    }
    return NULL;
}

/*
 * The atom of a kind and name; a new one where none has it. A foreign one is told by where its name
 * is kept. UINT32_MAX when out of memory.
 */
static uint32_t find_atom(struct fr_asserting *a, enum flowrules_atom_kind kind, const char *name,
                          bool foreign) {
    for (uint32_t i = 0; i < a->view.atoms.count; i++) {
        const struct flowrules_atom *atom = fr_vec_at(&a->view.atoms, struct flowrules_atom, i);
        if (atom->kind == kind && (foreign ? atom->name == name : strcmp(atom->name, name) == 0))
            return i;
    }
    struct flowrules_atom *slot = fr_vec_push(&a->view.atoms);
    if (slot == NULL)
        return UINT32_MAX;
    *slot = (struct flowrules_atom){kind, name};
    return (uint32_t)a->view.atoms.count - 1;
}

static void add_pins(struct fr_asserting *a, const struct fr_locked_name *entry) {
    for (uint32_t i = 0; i < entry->count; i++) {
        const struct fr_pin *pin =
            fr_vec_at(&a->policy->lock.pins, struct fr_pin, entry->first + i);
        struct flowrules_range range = {pin->family, pin->ip, pin->ip};
        fr_builder_range(&a->view.builder, &range);
    }
}

/* The addresses that the policy's lock file has of names below a domain. */
static void add_pins_below(struct fr_asserting *a, const char *domain) {
    const struct fr_lock *lock = &a->policy->lock;
    for (size_t i = 0; i < lock->names.count; i++) {
        const struct fr_locked_name *entry = fr_vec_at(&lock->names, struct fr_locked_name, i);
        if (fr_name_is_below(fr_strings_text(&lock->strings, entry->name), domain))
            add_pins(a, entry);
    }
}

/* A name or group of a source as the policy knows it. False when out of memory. */
static bool add_atom(struct fr_assert_source *source, struct flowrules_atom atom) {
    struct fr_asserting *a = source->a;
    const struct fr_locked_name *entry = NULL;
    bool foreign = false;
    if (atom.kind == FLOWRULES_ATOM_NAME)
        entry = fr_lock_find(&a->policy->lock, atom.name);
    if (entry != NULL && entry->count > 0) {
        add_pins(a, entry);
        return true;
    }
    if (atom.kind == FLOWRULES_ATOM_WILDCARD)
        add_pins_below(a, atom.name);
    if (atom.kind == FLOWRULES_ATOM_GROUP) {
        const char *own = own_group(source, atom.name);
        foreign = own == NULL;
        atom.name = own == NULL ? atom.name : own;
    }
    uint32_t number = find_atom(a, atom.kind, atom.name, foreign);
    if (number != UINT32_MAX)
        fr_builder_atom(&a->view.builder, number);
    return number != UINT32_MAX;
}

/* A set of a source's view by the sets of the policy's. */
static flowrules_status import_set(struct fr_assert_source *source, fr_set *set) {
    struct fr_asserting *a = source->a;
    struct flowrules_set view = {&source->view->sets, *set};
    bool good = true;
    if (source->view == &a->view || *set == FR_SET_ANY || *set == FR_SET_EMPTY)
        return FLOWRULES_OK;
    for (int f = 0; f < 2; f++) {
        enum flowrules_family family = (enum flowrules_family)f;
        for (size_t i = 0; i < flowrules_set_range_count(view, family); i++) {
            struct flowrules_range range = flowrules_set_range(view, family, i);
            fr_builder_range(&a->view.builder, &range);
        }
    }
    for (size_t i = 0; i < flowrules_set_atom_count(view) && good; i++)
        good = add_atom(source, flowrules_set_atom(view, i));
    *set = fr_builder_finish(&a->view.builder, &a->view.sets);
    return good ? check_memory(a) : fr_no_memory(a->context);
}

/* Notes of what a network, whose set is imported, is a part, where exceptions cut its groups. */
static flowrules_status find_cut(struct fr_assert_source *source, uint32_t index, fr_set set) {
    struct fr_asserting *a = source->a;
    const struct fr_network *network =
        fr_vec_at(&source->policy->networks, struct fr_network, index);
    const struct fr_set_head *head = fr_set_head(&a->view.sets, set);
    struct fr_end whole;
    if (network->except.count == 0 || head->all_atoms != 0 || head->atoms != 1)
        return check_memory(a);
    uint32_t atom = fr_set_atoms(head)[0];
    FR_TRY(fr_view_end(source->view, network->members, false, &whole));
    FR_TRY(import_set(source, &whole.set));
    fr_set atoms = fr_set_intersect(&a->view.sets, whole.set, a->all_atoms);
    struct fr_cut *cut = fr_vec_add(&a->cuts);
    if (cut == NULL)
        return fr_no_memory(a->context);
    /* Its addresses are beside the atom: those that the exception takes are in neither. */
    *cut = (struct fr_cut){atom, atoms};
    fr_builder_atom(&a->view.builder, atom);
    a->hollow =
        fr_set_union(&a->view.sets, a->hollow, fr_builder_finish(&a->view.builder, &a->view.sets));
    return check_memory(a);
}

flowrules_status fr_assert_source_names(struct fr_assert_source *source) {
    const flowrules_policy *policy = source->policy;
    for (uint32_t i = 0; i < policy->peers.count; i++) {
        const struct fr_peer *peer = fr_vec_at(&policy->peers, struct fr_peer, i);
        fr_set set;
        if (peer->kind != FR_PEER_NAME && peer->kind != FR_PEER_WILDCARD)
            continue;
        FR_TRY(span_set(source->view, (struct fr_span){i, 1}, &set));
        FR_TRY(import_set(source, &set));
    }
    for (uint32_t i = 0; i < policy->networks.count; i++) {
        struct fr_end end;
        FR_TRY(fr_view_network(source->view, i, &end));
        FR_TRY(import_set(source, &end.set));
        FR_TRY(find_cut(source, i, end.set));
    }
    source->a->uncertain = source->a->uncertain || source->a->view.atoms.count > 0;
    return check_memory(source->a);
}

/* What members or exceptions come to; zones that are not evaluated yet are not named in them. */
static flowrules_status span_bounds(struct fr_assert_source *source, struct fr_span span,
                                    struct fr_bounds *bounds) {
    fr_set set;
    FR_TRY(span_set(source->view, span, &set));
    FR_TRY(import_set(source, &set));
    *bounds = fr_bounds_of(source->a, with_covered(source->a, set));
    for (uint32_t i = 0; i < span.count; i++) {
        const struct fr_peer *peer =
            fr_vec_at(&source->policy->peers, struct fr_peer, span.first + i);
        if (peer->kind == FR_PEER_ZONE)
            *bounds = fr_bounds_union(source->a, *bounds,
                                      *fr_vec_at(&source->zones, struct fr_bounds, peer->ref));
    }
    return check_memory(source->a);
}

flowrules_status fr_asserted_bounds(struct fr_assert_source *source,
                                    const struct fr_asserted *asserted, struct fr_bounds *bounds) {
    struct fr_bounds except;
    FR_TRY(span_bounds(source, asserted->members, bounds));
    FR_TRY(span_bounds(source, asserted->except, &except));
    if (asserted->rest)
        *bounds = fr_bounds_of(source->a, FR_SET_ANY);
    *bounds = fr_bounds_subtract(source->a, *bounds, except);
    return check_memory(source->a);
}

/* What is in no other zone. */
static void fill_rest(struct fr_assert_source *source) {
    const struct fr_vec *zones = &source->policy->zones;
    struct fr_bounds others = fr_bounds_of(source->a, FR_SET_EMPTY);
    const struct fr_bounds all = fr_bounds_of(source->a, FR_SET_ANY);
    for (size_t i = 0; i < zones->count; i++)
        if (!fr_vec_at(zones, struct fr_zone, i)->all_else)
            others =
                fr_bounds_union(source->a, others, *fr_vec_at(&source->zones, struct fr_bounds, i));
    for (size_t i = 0; i < zones->count; i++)
        if (fr_vec_at(zones, struct fr_zone, i)->all_else)
            *fr_vec_at(&source->zones, struct fr_bounds, i) =
                fr_bounds_subtract(source->a, all, others);
}

flowrules_status fr_assert_source_zones(struct fr_assert_source *source) {
    for (size_t i = 0; i < source->policy->zones.count; i++) {
        const struct fr_zone *zone = fr_vec_at(&source->policy->zones, struct fr_zone, i);
        struct fr_bounds bounds;
        FR_TRY(fr_asserted_bounds(source, &zone->asserted, &bounds));
        struct fr_bounds *slot = fr_vec_push(&source->zones);
        if (slot == NULL)
            return fr_no_memory(source->a->context);
        *slot = bounds;
    }
    fill_rest(source);
    return check_memory(source->a);
}
