/*
 * Compares two flows: by their packets, and by what else makes one needed beside the other.
 */
#include "lint_pairs.h"

/* ---- targets that select ------------------------------------------------------------------- */

/* A target that takes only some flows. */
static bool selects(const struct fr_target *target) {
    return target->select_none || target->select_tags.count > 0 || target->select_names.count > 0;
}

static flowrules_status fill_selected(struct fr_lint_pairs *p, const struct fr_target *target,
                                      size_t t) {
    const flowrules_policy *policy = p->l->policy;
    for (size_t i = 0; i < policy->flows.count; i++) {
        bool taken;
        FR_TRY(fr_target_selects(policy, target, fr_lint_flow(p->l, i), &taken));
        uint64_t *word = fr_vec_at(&p->selected, uint64_t, i * p->words + t / 64);
        *word |= (uint64_t)taken << (t % 64);
    }
    return FLOWRULES_OK;
}

static flowrules_status find_selected(struct fr_lint_pairs *p) {
    const struct fr_vec *targets = &p->l->policy->targets;
    size_t count = 0, t = 0;
    for (size_t i = 0; i < targets->count; i++)
        count += selects(fr_vec_at(targets, struct fr_target, i));
    p->words = (count + 63) / 64;
    p->all_select = count < targets->count || targets->count == 0;
    size_t room = p->words * p->l->policy->flows.count;
    if (!fr_vec_reserve(&p->selected, room))
        return fr_no_memory(p->l->context);
    for (size_t i = 0; i < room; i++)
        fr_vec_push(&p->selected);
    for (size_t i = 0; i < targets->count; i++) {
        const struct fr_target *target = fr_vec_at(targets, struct fr_target, i);
        if (selects(target))
            FR_TRY(fill_selected(p, target, t++));
    }
    return FLOWRULES_OK;
}

flowrules_status fr_lint_pairs_open(struct fr_lint_pairs *p, struct fr_linter *l) {
    *p = (struct fr_lint_pairs){.l = l};
    fr_vec_init(&p->selected, &l->context->allocator, sizeof(uint64_t));
    fr_vec_init(&p->sparing, &l->context->allocator, sizeof(uint32_t));
    for (uint32_t i = 0; i < l->policy->flows.count; i++) {
        const struct fr_flow *flow = fr_lint_flow(l, i);
        if (flow->spares == 0 || !fr_lint_counts(flow))
            continue;
        uint32_t *slot = fr_vec_push(&p->sparing);
        if (slot == NULL)
            return fr_no_memory(l->context);
        *slot = i;
    }
    return find_selected(p);
}

void fr_lint_pairs_close(struct fr_lint_pairs *p) {
    fr_vec_free(&p->selected);
    fr_vec_free(&p->sparing);
}

static const uint64_t *words_of(const struct fr_lint_pairs *p, uint32_t flow) {
    return fr_vec_at(&p->selected, uint64_t, flow * p->words);
}

bool fr_lint_pairs_takes(const struct fr_lint_pairs *p, size_t t, uint32_t flow) {
    return (words_of(p, flow)[t / 64] >> (t % 64) & 1) != 0;
}

bool fr_lint_pairs_are_together(const struct fr_lint_pairs *p, uint32_t a, uint32_t b) {
    bool together = p->all_select;
    for (size_t i = 0; i < p->words && !together; i++)
        together = (words_of(p, a)[i] & words_of(p, b)[i]) != 0;
    return together;
}

bool fr_lint_pairs_is_loose(const struct fr_lint_pairs *p, uint32_t flow) {
    bool loose = !p->all_select;
    for (size_t i = 0; i < p->words && loose; i++)
        loose = words_of(p, flow)[i] == 0;
    return loose;
}

bool fr_lint_pairs_are_where(const struct fr_lint_pairs *p, uint32_t outer, uint32_t inner) {
    bool where = true;
    for (size_t i = 0; i < p->words && where; i++)
        where = (words_of(p, inner)[i] & ~words_of(p, outer)[i]) == 0;
    return where;
}

/* ---- what else counts ---------------------------------------------------------------------- */

/* True if each deny that takes from outer takes from inner, too. */
static bool is_spared_alike(const struct fr_lint_pairs *p, uint32_t outer, uint32_t inner) {
    for (size_t i = 0; i < p->sparing.count; i++) {
        const struct fr_flow *deny = fr_lint_flow(p->l, *fr_vec_at(&p->sparing, uint32_t, i));
        if (fr_flow_is_spared(p->l->policy, deny, inner) &&
            !fr_flow_is_spared(p->l->policy, deny, outer))
            return false;
    }
    return true;
}

/* True if a deny spares no flow that another does not spare. */
static bool denies_as_much(const struct fr_lint_pairs *p, uint32_t outer, uint32_t inner) {
    const flowrules_policy *policy = p->l->policy;
    struct fr_span spares = fr_flow_spares(policy, fr_lint_flow(p->l, outer));
    for (uint32_t i = 0; i < spares.count; i++) {
        uint32_t flow = fr_vec_at(&policy->spared, struct fr_spared, spares.first + i)->flow;
        if (!fr_flow_is_spared(policy, fr_lint_flow(p->l, inner), flow))
            return false;
    }
    return true;
}

bool fr_lint_pairs_may_replace(const struct fr_lint_pairs *p, uint32_t outer, uint32_t inner) {
    const struct fr_flow *o = fr_lint_flow(p->l, outer), *i = fr_lint_flow(p->l, inner);
    if (o->deny != i->deny || o->expires < i->expires || (i->log && !o->log))
        return false;
    return o->deny ? denies_as_much(p, outer, inner) : is_spared_alike(p, outer, inner);
}

/* ---- packets ------------------------------------------------------------------------------- */

static bool has_items(const flowrules_policy *policy, struct fr_span outer, struct fr_span inner) {
    for (uint32_t i = 0; i < inner.count; i++)
        if (!fr_policy_lists(policy, outer,
                             fr_vec_at(&policy->peers, struct fr_peer, inner.first + i)))
            return false;
    return true;
}

bool fr_lint_pairs_is_placed_alike(const struct fr_lint_pairs *p, uint32_t outer, uint32_t inner) {
    const struct fr_flow *o = fr_lint_flow(p->l, outer), *i = fr_lint_flow(p->l, inner);
    uint8_t placed = *fr_vec_at(&p->l->placed, uint8_t, outer);
    return ((placed & 1) == 0 || has_items(p->l->policy, o->source, i->source)) &&
           ((placed & 2) == 0 || has_items(p->l->policy, o->destination, i->destination));
}

static bool covers_service(const struct fr_services *services, fr_service outer, fr_service inner) {
    const struct fr_service_terms *terms = fr_service_get(services, inner);
    for (uint32_t i = 0; outer != inner && i < terms->count; i++)
        if (!fr_service_covers(services, outer, &terms->terms[i]))
            return false;
    return true;
}

bool fr_lint_pairs_covers(const struct fr_lint_pairs *p, uint32_t outer, uint32_t inner) {
    if (!fr_lint_pairs_is_placed_alike(p, outer, inner))
        return false;
    for (size_t s = 0; s < p->l->sight_count; s++) {
        const struct fr_sight *sight = &p->l->sights[s];
        const fr_set *o = fr_sight_ends(sight, outer), *i = fr_sight_ends(sight, inner);
        if (!fr_set_covers(&sight->view.sets, o[0], i[0]) ||
            !fr_set_covers(&sight->view.sets, o[1], i[1]))
            return false;
    }
    return covers_service(&p->l->policy->services, fr_lint_flow(p->l, outer)->service,
                          fr_lint_flow(p->l, inner)->service);
}

static bool ends_may_meet(const struct fr_sight *sight, fr_set a, fr_set b) {
    return fr_lint_has_atoms(sight, a) || fr_lint_has_atoms(sight, b) ||
           fr_set_overlaps(&sight->view.sets, a, b);
}

bool fr_lint_pairs_may_meet(const struct fr_lint_pairs *p, uint32_t a, uint32_t b) {
    bool ends = false;
    for (size_t s = 0; s < p->l->sight_count && !ends; s++) {
        const struct fr_sight *sight = &p->l->sights[s];
        const fr_set *one = fr_sight_ends(sight, a), *other = fr_sight_ends(sight, b);
        ends = ends_may_meet(sight, one[0], other[0]) && ends_may_meet(sight, one[1], other[1]);
    }
    return ends && fr_services_meet(&p->l->policy->services, fr_lint_flow(p->l, a)->service,
                                    fr_lint_flow(p->l, b)->service);
}

/* ---- extents ------------------------------------------------------------------------------- */

static const struct fr_service_terms *terms_of(const struct fr_lint_pairs *p, uint32_t flow) {
    return fr_service_get(&p->l->policy->services, fr_lint_flow(p->l, flow)->service);
}

static void find_pieces(const struct fr_lint_pairs *p, uint32_t flow, struct fr_pieces pieces[2]) {
    const struct fr_sight *sight = &p->l->sights[0];
    for (unsigned d = 0; d < 2; d++)
        pieces[d] = fr_pieces_of(&sight->view.sets, fr_sight_ends(sight, flow)[d]);
}

struct fr_extent fr_lint_pairs_extent(const struct fr_lint_pairs *p, uint32_t flow, bool loose) {
    struct fr_extent extent = fr_no_extent;
    struct fr_pieces pieces[2];
    find_pieces(p, flow, pieces);
    for (unsigned d = 0; d < 2; d++) {
        for (size_t i = 0; i < pieces[d].count; i++)
            fr_extent_widen(&extent, d, pieces[d].first[i], pieces[d].last[i]);
        for (size_t s = 0; s < p->l->sight_count && loose; s++)
            if (fr_lint_has_atoms(&p->l->sights[s], fr_sight_ends(&p->l->sights[s], flow)[d]))
                fr_extent_widen(&extent, d, 0, UINT64_MAX);
    }
    fr_extent_widen_by_terms(&extent, terms_of(p, flow));
    return extent;
}

/* A range of a set lies in one range of a set that covers it, since sets are canonical. */
struct fr_extent fr_lint_pairs_part(const struct fr_lint_pairs *p, uint32_t flow) {
    struct fr_extent extent = fr_no_extent;
    struct fr_pieces pieces[2];
    find_pieces(p, flow, pieces);
    for (unsigned d = 0; d < 2; d++)
        if (pieces[d].count > 0)
            fr_extent_take(&extent, d, &pieces[d], 0);
    fr_extent_widen_by_term(&extent, &terms_of(p, flow)->terms[0]);
    return extent;
}

bool fr_lint_pairs_index(const struct fr_lint_pairs *p, struct fr_index *index, uint32_t flow) {
    struct fr_extent extent = fr_lint_pairs_extent(p, flow, false);
    struct fr_pieces pieces[2];
    find_pieces(p, flow, pieces);
    for (size_t i = 0; i < pieces[0].count; i++)
        for (size_t k = 0; k < pieces[1].count; k++) {
            fr_extent_take(&extent, FR_EXTENT_SOURCE, &pieces[0], i);
            fr_extent_take(&extent, FR_EXTENT_DESTINATION, &pieces[1], k);
            if (!fr_index_add(index, &extent, flow))
                return false;
        }
    return true;
}
