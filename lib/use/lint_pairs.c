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

/* IPv4 addresses come first, then IPv6 addresses by their first 62 bits, then atoms. */
uint64_t fr_extent_of_ip(enum flowrules_family family, struct flowrules_ip ip) {
    return family == FLOWRULES_IPV4 ? ip.lo : UINT64_C(1) << 62 | ip.hi >> 2;
}

uint64_t fr_extent_of_atom(uint32_t atom) {
    return UINT64_C(3) << 62 | atom;
}

uint64_t fr_extent_of_port(unsigned protocol, unsigned port) {
    return (uint64_t)protocol << 16 | port;
}

/* Ranges and atoms of a set; very many are one piece that holds them all. */
#define PIECES_MOST 8u

struct pieces {
    uint64_t first[PIECES_MOST], last[PIECES_MOST];
    size_t count;
};

static void add_piece(struct pieces *pieces, uint64_t first, uint64_t last) {
    if (pieces->count == PIECES_MOST) {
        size_t end = PIECES_MOST - 1; /* pieces come in order, and so this one grows */
        pieces->last[end] = last > pieces->last[end] ? last : pieces->last[end];
        return;
    }
    pieces->first[pieces->count] = first;
    pieces->last[pieces->count++] = last;
}

static struct pieces pieces_of(const struct fr_sets *sets, fr_set set) {
    const struct fr_set_head *head = fr_set_head(sets, set);
    struct flowrules_set view = {sets, set};
    struct pieces pieces = {.count = 0};
    if (head->all_atoms != 0) {
        add_piece(&pieces, 0, UINT64_MAX);
        return pieces;
    }
    for (int f = 0; f < 2; f++) {
        enum flowrules_family family = (enum flowrules_family)f;
        size_t count = flowrules_set_range_count(view, family);
        for (size_t i = 0; i < count; i++) {
            struct flowrules_range range = flowrules_set_range(view, family, i);
            add_piece(&pieces, fr_extent_of_ip(family, range.first),
                      fr_extent_of_ip(family, range.last));
        }
    }
    for (uint32_t i = 0; i < head->atoms; i++) /* which are sorted */
        add_piece(&pieces, fr_extent_of_atom(fr_set_atoms(head)[i]),
                  fr_extent_of_atom(fr_set_atoms(head)[i]));
    return pieces;
}

static void set_dimension(struct fr_extent *extent, unsigned d, const struct pieces *pieces,
                          size_t piece) {
    extent->first[d] = pieces->first[piece];
    extent->last[d] = pieces->last[piece];
}

static void widen(struct fr_extent *extent, unsigned d, uint64_t first, uint64_t last) {
    extent->first[d] = first < extent->first[d] ? first : extent->first[d];
    extent->last[d] = last > extent->last[d] ? last : extent->last[d];
}

static void widen_by_term(struct fr_extent *extent, const struct fr_term *t) {
    if (t->protocol == FR_PROTOCOL_ANY)
        widen(extent, FR_EXTENT_SERVICE, 0, UINT64_MAX);
    else
        widen(extent, FR_EXTENT_SERVICE, fr_extent_of_port(t->protocol, t->destination_first),
              fr_extent_of_port(t->protocol, t->destination_last));
}

static const struct fr_extent nothing = {{UINT64_MAX, UINT64_MAX, UINT64_MAX}, {0, 0, 0}};

static const struct fr_service_terms *terms_of(const struct fr_lint_pairs *p, uint32_t flow) {
    return fr_service_get(&p->l->policy->services, fr_lint_flow(p->l, flow)->service);
}

static void find_pieces(const struct fr_lint_pairs *p, uint32_t flow, struct pieces pieces[2]) {
    const struct fr_sight *sight = &p->l->sights[0];
    for (unsigned d = 0; d < 2; d++)
        pieces[d] = pieces_of(&sight->view.sets, fr_sight_ends(sight, flow)[d]);
}

struct fr_extent fr_lint_pairs_extent(const struct fr_lint_pairs *p, uint32_t flow, bool loose) {
    struct fr_extent extent = nothing;
    const struct fr_service_terms *terms = terms_of(p, flow);
    struct pieces pieces[2];
    find_pieces(p, flow, pieces);
    for (unsigned d = 0; d < 2; d++) {
        for (size_t i = 0; i < pieces[d].count; i++)
            widen(&extent, d, pieces[d].first[i], pieces[d].last[i]);
        for (size_t s = 0; s < p->l->sight_count && loose; s++)
            if (fr_lint_has_atoms(&p->l->sights[s], fr_sight_ends(&p->l->sights[s], flow)[d]))
                widen(&extent, d, 0, UINT64_MAX);
    }
    for (uint32_t i = 0; i < terms->count; i++)
        widen_by_term(&extent, &terms->terms[i]);
    return extent;
}

/* A range of a set lies in one range of a set that covers it, since sets are canonical. */
struct fr_extent fr_lint_pairs_part(const struct fr_lint_pairs *p, uint32_t flow) {
    struct fr_extent extent = nothing;
    struct pieces pieces[2];
    find_pieces(p, flow, pieces);
    for (unsigned d = 0; d < 2; d++)
        if (pieces[d].count > 0)
            set_dimension(&extent, d, &pieces[d], 0);
    widen_by_term(&extent, &terms_of(p, flow)->terms[0]);
    return extent;
}

bool fr_lint_pairs_index(const struct fr_lint_pairs *p, struct fr_index *index, uint32_t flow) {
    struct fr_extent extent = fr_lint_pairs_extent(p, flow, false);
    struct pieces pieces[2];
    find_pieces(p, flow, pieces);
    for (size_t i = 0; i < pieces[0].count; i++)
        for (size_t k = 0; k < pieces[1].count; k++) {
            set_dimension(&extent, FR_EXTENT_SOURCE, &pieces[0], i);
            set_dimension(&extent, FR_EXTENT_DESTINATION, &pieces[1], k);
            if (!fr_index_add(index, &extent, flow))
                return false;
        }
    return true;
}
