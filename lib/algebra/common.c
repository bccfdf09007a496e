/*
 * Translates two meanings into common terms. Decides what a selector of pods or a wildcard covers,
 * by its constraints only.
 */
#include "common.h"

#include <string.h>

#include "names.h"
#include "requirements.h"
#include "transfer.h"

/* ---- atoms --------------------------------------------------------------------------------- */

static const struct flowrules_atom *atom_at(const flowrules_meaning *m, size_t i) {
    return fr_vec_at(&m->atoms, struct flowrules_atom, i);
}

static const struct fr_group_terms *terms_at(const flowrules_meaning *m, size_t i) {
    return fr_vec_at(&m->groups, struct fr_group_terms, i);
}

static flowrules_status add_atoms(struct fr_common *c, const flowrules_meaning *m) {
    for (uint32_t i = 0; i < m->atoms.count; i++)
        if (fr_transfer_atom(c->terms, m, i) == UINT32_MAX)
            return fr_no_memory(c->context);
    return FLOWRULES_OK;
}

/* ---- what holds what ----------------------------------------------------------------------- */

/* Both pods, or both nodes: a selector of pods says nothing of nodes or entities. */
static bool are_alike(const struct fr_common *c, uint32_t a, uint32_t b) {
    enum fr_selects kind = fr_meaning_selects(c->terms, a);
    return kind != FR_SELECTS_NOTHING && kind == fr_meaning_selects(c->terms, b);
}

/* The entity of Cilium that an atom is, or NULL. */
static const char *entity_of(const struct fr_common *c, uint32_t atom) {
    const struct fr_group_terms *terms = terms_at(c->terms, atom);
    if (terms->count != 1)
        return NULL;
    struct flowrules_group_key key = fr_meaning_key(c->terms, terms->terms[0]);
    return strcmp(key.key, "entities") == 0 ? key.value : NULL;
}

/*
 * The cluster is its pods and nodes, and what comes in through it (cilium
 * pkg/policy/api/entity.go). The API server may be elsewhere.
 */
static bool cluster_holds(const struct fr_common *c, uint32_t cluster, uint32_t atom) {
    const char *wide = entity_of(c, cluster), *narrow = entity_of(c, atom);
    if (wide == NULL || strcmp(wide, "cluster") != 0)
        return false;
    if (narrow == NULL)
        return fr_meaning_selects(c->terms, atom) == FR_SELECTS_PODS;
    return strcmp(narrow, "kube-apiserver") != 0;
}

/* Does one atom hold all that the other does? */
static bool holds(const struct fr_common *c, uint32_t wide, uint32_t narrow) {
    const struct flowrules_atom *a = atom_at(c->terms, wide), *b = atom_at(c->terms, narrow);
    if (wide == narrow)
        return true;
    if (a->kind == FLOWRULES_ATOM_WILDCARD)
        return b->kind != FLOWRULES_ATOM_GROUP && fr_name_is_below(b->name, a->name);
    if (a->kind != FLOWRULES_ATOM_GROUP || b->kind != FLOWRULES_ATOM_GROUP)
        return false;
    return cluster_holds(c, wide, narrow) ||
           (are_alike(c, wide, narrow) && fr_meaning_group_covers(c->terms, wide, narrow));
}

/* Adds the pods that two selectors have in common, where neither holds the other. */
static flowrules_status add_meeting(struct fr_common *c, uint32_t i, uint32_t k) {
    const struct fr_group_terms *x = terms_at(c->terms, i), *y = terms_at(c->terms, k);
    if (!are_alike(c, i, k) || holds(c, i, k) || holds(c, k, i) ||
        fr_meaning_groups_exclude(c->terms, i, k))
        return FLOWRULES_OK;
    fr_string *both = fr_arena_alloc(&c->terms->arena, (x->count + y->count) * sizeof *both);
    if (both == NULL)
        return fr_no_memory(c->context);
    memcpy(both, x->terms, x->count * sizeof *both);
    memcpy(both + x->count, y->terms, y->count * sizeof *both);
    return fr_transfer_group(c->terms, c->terms, both, x->count + y->count) == UINT32_MAX
               ? fr_no_memory(c->context)
               : FLOWRULES_OK;
}

/* Pods that two selectors share are an atom of their own: what they share may differ. */
static flowrules_status add_meetings(struct fr_common *c) {
    for (uint32_t i = 1; i < c->terms->atoms.count && !c->too_many; i++)
        for (uint32_t k = 0; k < i && !c->too_many; k++) {
            FR_TRY(add_meeting(c, i, k));
            c->too_many = c->terms->atoms.count > FR_COMMON_ATOMS_MAX;
        }
    return FLOWRULES_OK;
}

static bool has_pods(const flowrules_meaning *m) {
    return m->backend != NULL && m->backend->capabilities.pod_groups;
}

static bool knows_pods(const struct fr_common *c) {
    return has_pods(c->sides[0]) || has_pods(c->sides[1]);
}

/* Without a field for its own pods, a platform matches what it sees of others by address alone. */
static bool sees_pods(const flowrules_meaning *m) {
    return has_pods(m) && !m->backend->capabilities.implicit_end;
}

/* Do some atoms hold others? Where there are only names and groups for themselves, none does. */
static bool may_hold(const struct fr_common *c) {
    for (size_t i = 0; i < c->terms->atoms.count; i++)
        if (atom_at(c->terms, i)->kind == FLOWRULES_ATOM_WILDCARD)
            return true;
    return knows_pods(c);
}

static flowrules_status list_members(struct fr_common *c) {
    bool searching = may_hold(c) && !c->too_many;
    for (uint32_t i = 0; i < c->terms->atoms.count; i++) {
        struct fr_member_span *span = fr_vec_push(&c->spans);
        uint32_t first = (uint32_t)c->members.count;
        bool wide = searching && atom_at(c->terms, i)->kind != FLOWRULES_ATOM_NAME;
        for (uint32_t k = wide ? 0 : i; k < (wide ? c->terms->atoms.count : i + 1); k++) {
            uint32_t *member = holds(c, i, k) ? fr_vec_push(&c->members) : NULL;
            if (member != NULL)
                *member = k;
            else if (holds(c, i, k))
                return fr_no_memory(c->context);
        }
        if (span == NULL)
            return fr_no_memory(c->context);
        *span = (struct fr_member_span){first, (uint32_t)c->members.count - first};
    }
    return FLOWRULES_OK;
}

/* ---- atoms without pods of their own --------------------------------------------------------- */

enum { ESCAPE_STEPS_MAX = 100000 };

/* A search for labels that are of one selector, and of none of those within it. */
struct escape {
    struct fr_common *common;
    uint32_t atom;
    struct fr_vec asked; /* struct fr_requirement: of the labels, until now */
    uint32_t steps;
    bool failed; /* out of memory */
};

static bool requirement_at(const struct fr_common *c, uint32_t atom, uint32_t i,
                           struct fr_requirement *r) {
    const struct fr_group_terms *terms = terms_at(c->terms, atom);
    struct flowrules_group_key key = fr_meaning_key(c->terms, terms->terms[i]);
    return fr_requirement_of(key.key, key.label, key.value, r);
}

/* Is no pod that is as asked of this selector? */
static bool is_out(const struct escape *e, uint32_t atom) {
    struct fr_requirement r;
    for (uint32_t i = 0; i < terms_at(e->common->terms, atom)->count; i++)
        if (requirement_at(e->common, atom, i, &r)) {
            r = fr_requirement_negated(r);
            if (fr_requirements_imply(e->asked.items, e->asked.count, &r))
                return true;
        }
    return false;
}

/* The next selector from k on that is within the one of the search, and may have the pods. */
static uint32_t next_within(const struct escape *e, uint32_t k) {
    const struct fr_common *c = e->common;
    while (k < c->terms->atoms.count &&
           (k == e->atom || !are_alike(c, e->atom, k) || !holds(c, e->atom, k) || is_out(e, k)))
        k++;
    return k;
}

/* Are there labels as asked that are of no selector within, from k on? */
static bool escapes(struct escape *e, uint32_t k) {
    struct fr_requirement r;
    size_t asked = e->asked.count;
    k = next_within(e, k);
    if (k == e->common->terms->atoms.count || e->failed || e->steps++ > ESCAPE_STEPS_MAX)
        return true;
    for (uint32_t i = 0; i < terms_at(e->common->terms, k)->count; i++) {
        if (!requirement_at(e->common, k, i, &r))
            continue;
        r = fr_requirement_negated(r);
        e->failed = e->failed || !fr_requirement_push(&e->asked, &r);
        if (e->failed ||
            (fr_requirements_can_hold(e->asked.items, e->asked.count, &r) && escapes(e, k + 1)))
            return true;
        e->asked.count = asked;
    }
    return false;
}

static bool has_own_pods(struct escape *e) {
    struct fr_requirement r;
    e->asked.count = 0;
    e->steps = 0;
    for (uint32_t i = 0; i < terms_at(e->common->terms, e->atom)->count; i++)
        if (requirement_at(e->common, e->atom, i, &r))
            e->failed = e->failed || !fr_requirement_push(&e->asked, &r);
    return escapes(e, 0);
}

/* Where selectors ask for more than values, those within one may be all of it: "gpu", "!gpu". */
static flowrules_status find_hollow(struct fr_common *c) {
    struct escape e = {.common = c};
    if (!fr_vec_reserve(&c->hollow, c->terms->atoms.count))
        return fr_no_memory(c->context);
    fr_vec_init(&e.asked, &c->context->allocator, sizeof(struct fr_requirement));
    for (e.atom = 0; e.atom < c->terms->atoms.count && !e.failed; e.atom++) {
        bool *hollow = fr_vec_add(&c->hollow);
        *hollow = c->terms->has_requirements && !c->too_many &&
                  fr_meaning_selects(c->terms, e.atom) != FR_SELECTS_NOTHING && !has_own_pods(&e);
        c->hollow_count += *hollow ? 1 : 0;
        c->too_many = c->too_many || e.steps > ESCAPE_STEPS_MAX;
    }
    fr_vec_free(&e.asked);
    return e.failed ? fr_no_memory(c->context) : FLOWRULES_OK;
}

/* ---- life ---------------------------------------------------------------------------------- */

/*
 * Where both sides know pods and neither knows names, all that is no address is pods: all of them
 * are an atom then, and there are no others.
 */
static flowrules_status add_all_pods(struct fr_common *c) {
    bool names = false;
    c->terms->backend = c->sides[has_pods(c->sides[0]) ? 0 : 1]->backend;
    for (size_t i = 0; i < 2; i++)
        names = names || !has_pods(c->sides[i]) || c->sides[i]->backend->capabilities.names;
    if (fr_transfer_group(c->terms, c->terms, NULL, 0) == UINT32_MAX)
        return fr_no_memory(c->context);
    c->has_others = names;
    return FLOWRULES_OK;
}

static void begin_common(struct fr_common *c, flowrules_context *context,
                         const flowrules_meaning *before, const flowrules_meaning *after) {
    memset(c, 0, sizeof *c);
    c->context = context;
    c->sides[0] = before;
    c->sides[1] = after;
    c->packets = before->packets & after->packets;
    c->open[0] = before->permits && !after->permits;
    c->open[1] = after->permits && !before->permits;
    for (unsigned side = 0; side < 2; side++)
        if (c->open[side])
            c->packets &= c->sides[side]->permitted;
    c->asked = c->packets;
    c->atoms_are_addresses =
        !sees_pods(before) && !sees_pods(after) && !before->names_apart && !after->names_apart;
    fr_vec_init(&c->members, &context->allocator, sizeof(uint32_t));
    fr_vec_init(&c->spans, &context->allocator, sizeof(struct fr_member_span));
    fr_vec_init(&c->hollow, &context->allocator, sizeof(bool));
    fr_vec_init(&c->stages, &context->allocator, sizeof(struct fr_common_stage));
    fr_vec_init(&c->items, &context->allocator, sizeof(struct fr_item));
}

flowrules_status fr_common_init(struct fr_common *c, flowrules_context *context,
                                const flowrules_meaning *before, const flowrules_meaning *after) {
    begin_common(c, context, before, after);
    FR_TRY(fr_meaning_memory(before));
    FR_TRY(fr_meaning_memory(after));
    FR_TRY(fr_meaning_new(&c->terms, context));
    FR_TRY(add_atoms(c, before));
    FR_TRY(add_atoms(c, after));
    if (sees_pods(before) || sees_pods(after))
        FR_TRY(add_all_pods(c));
    if (knows_pods(c))
        FR_TRY(add_meetings(c));
    FR_TRY(find_hollow(c));
    return list_members(c);
}

void fr_common_free(struct fr_common *c) {
    fr_vec_free(&c->members);
    fr_vec_free(&c->spans);
    fr_vec_free(&c->hollow);
    fr_vec_free(&c->stages);
    fr_vec_free(&c->items);
    flowrules_meaning_free(c->terms);
}

/* ---- clauses ------------------------------------------------------------------------------- */

/* All that an atom holds. */
static void add_members(void *user, uint32_t atom) {
    struct fr_common *c = user;
    const struct fr_member_span *span = fr_vec_at(&c->spans, struct fr_member_span, atom);
    for (uint32_t k = 0; k < span->count; k++)
        fr_builder_atom(&c->terms->builder, *fr_vec_at(&c->members, uint32_t, span->first + k));
}

/*
 * Where names and groups have addresses, a rule for all but some addresses is for addresses alone:
 * which of them a name has is not known.
 */
static fr_set end_of(struct fr_common *c, struct fr_transfer *t, fr_set set,
                     enum fr_effect effect) {
    struct fr_sets *sets = &c->terms->sets;
    fr_set own = fr_transfer_set(t, set);
    if (own == FR_SET_ANY || effect == FR_OUTSIDE || !c->atoms_are_addresses)
        return own;
    struct flowrules_set view = {sets, own};
    if (fr_set_head(sets, own)->all_atoms == 0 ||
        (flowrules_set_is_all(view, FLOWRULES_IPV4) && flowrules_set_is_all(view, FLOWRULES_IPV6)))
        return own;
    fr_set v4 = fr_set_family(sets, own, FLOWRULES_IPV4);
    return fr_set_union(sets, v4, fr_set_family(sets, own, FLOWRULES_IPV6));
}

static flowrules_status add_items(struct fr_common *c, struct fr_transfer *t,
                                  const struct fr_stage *stage, uint16_t number) {
    bool open = c->open[t->from == c->sides[1]];
    uint32_t base = (uint32_t)c->items.count;
    if (!fr_vec_reserve(&c->items, stage->clauses.count))
        return fr_no_memory(c->context);
    for (uint32_t i = 0; i < stage->clauses.count; i++) {
        const struct fr_clause *clause = fr_vec_at(&stage->clauses, struct fr_clause, i);
        uint8_t effect = open && clause->effect == FR_BLOCK ? FR_OUTSIDE : clause->effect;
        struct fr_item item = {.ends = {end_of(c, t, clause->source, clause->effect),
                                        end_of(c, t, clause->destination, clause->effect)},
                               .service = fr_transfer_service(t, clause->service),
                               .skip_to = base + clause->skip_to,
                               .clause = i,
                               .stage = number,
                               .effect = effect,
                               .families = clause->families,
                               .packets = clause->packets,
                               .asked = clause->packets,
                               .doubt = clause->doubt != 0};
        for (unsigned e = 0; e < 2; e++)
            item.interfaces[e] = fr_transfer_set(t, clause->interfaces[e]);
        *(struct fr_item *)fr_vec_add(&c->items) = item;
    }
    return FLOWRULES_OK;
}

static flowrules_status add_side(struct fr_common *c, unsigned side,
                                 enum flowrules_direction direction) {
    const struct fr_vec *stages = &c->sides[side]->stages[direction];
    struct fr_transfer t;
    bool good = fr_transfer_init(&t, c->sides[side], c->terms);
    flowrules_status status = good ? FLOWRULES_OK : fr_no_memory(c->context);
    t.add = add_members;
    t.user = c;
    if (status == FLOWRULES_OK) {
        c->disjoint[side] = fr_transfer_set(&t, c->sides[side]->disjoint);
        c->unaddressed[side] = fr_transfer_set(&t, c->sides[side]->unaddressed);
    }
    for (size_t i = 0; status == FLOWRULES_OK && i < stages->count; i++) {
        const struct fr_stage *stage = *fr_vec_at(stages, struct fr_stage *, i);
        struct fr_common_stage *slot = fr_vec_push(&c->stages);
        if (slot == NULL) {
            status = fr_no_memory(c->context);
            break;
        }
        *slot = (struct fr_common_stage){stage, side == 1};
        status = add_items(c, &t, stage, (uint16_t)(c->stages.count - 1));
    }
    fr_transfer_free(&t);
    return status == FLOWRULES_OK ? fr_meaning_memory(c->terms) : status;
}

flowrules_status fr_common_choose(struct fr_common *c, enum flowrules_direction direction) {
    c->stages.count = 0;
    c->items.count = 0;
    FR_TRY(add_side(c, 0, direction));
    return add_side(c, 1, direction);
}
