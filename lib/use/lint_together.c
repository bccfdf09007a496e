/*
 * First some packets of the flow are tried, at the edges of its sets: most flows have one that no
 * other flow matches. Only where all of them are matched, the others are subtracted from the flow,
 * as each target sees them, and for the targets that take different flows one by one.
 */
#include "lint_together.h"

#include <stdlib.h>

#include "boxes.h"

/* A flow that so many others meet, or that falls into more pieces, is not searched to the end. */
#define CANDIDATES_MOST 4096u
#define PIECES_MOST     4096u
/* Pieces that may be looked at for one flow. */
#define STEPS_MOST 200000u
/* Steps of a search in the index that take as long as one of these. */
#define STEP_COST 8u
/* Of the points of a source, a destination and a service that are tried. */
#define POINTS_MOST 6u
/* An atom that no set has but by all atoms, and a protocol that no flow names. */
#define OTHER_ATOM     (UINT32_MAX - 1)
#define OTHER_PROTOCOL 253u

void fr_together_init(struct fr_together *t, const struct fr_lint_pairs *pairs,
                      struct fr_index *index) {
    const struct fr_allocator *allocator = &pairs->l->context->allocator;
    *t = (struct fr_together){.pairs = pairs, .index = index};
    fr_vec_init(&t->candidates, allocator, sizeof(uint32_t));
    fr_vec_init(&t->by, allocator, sizeof(uint32_t));
}

void fr_together_free(struct fr_together *t) {
    fr_vec_free(&t->candidates);
    fr_vec_free(&t->by);
}

/* True if a flow may take a part of the flow's packets, so that the flow is not needed for it. */
static bool is_candidate(const struct fr_together *t, uint32_t other) {
    return other != t->flow && *fr_vec_at(&t->pairs->l->covered, uint8_t, other) == 0 &&
           fr_lint_pairs_may_replace(t->pairs, other, t->flow) &&
           fr_lint_pairs_is_placed_alike(t->pairs, other, t->flow);
}

/* ---- points -------------------------------------------------------------------------------- */

/* An address or an atom; or a protocol with its ports. */
struct point {
    uint64_t extent;
    enum flowrules_family family;
    struct flowrules_ip ip;
    uint32_t atom;
    bool is_atom;
    uint16_t protocol, source, destination;
};

struct points {
    struct point list[POINTS_MOST];
    size_t count;
};

static void add_point(struct points *points, struct point point) {
    if (points->count < POINTS_MOST)
        points->list[points->count++] = point;
}

static void add_ip(struct points *points, enum flowrules_family family, struct flowrules_ip ip) {
    add_point(points,
              (struct point){.extent = fr_extent_of_ip(family, ip), .family = family, .ip = ip});
}

/* The first and last address of each family, and a name or group. */
static void points_of_set(struct points *points, const struct fr_sets *sets, fr_set set) {
    const struct fr_set_head *head = fr_set_head(sets, set);
    struct flowrules_set view = {sets, set};
    points->count = 0;
    for (int f = 0; f < 2; f++) {
        enum flowrules_family family = (enum flowrules_family)f;
        size_t count = flowrules_set_range_count(view, family);
        if (count == 0)
            continue;
        add_ip(points, family, flowrules_set_range(view, family, 0).first);
        add_ip(points, family, flowrules_set_range(view, family, count - 1).last);
    }
    uint32_t atom = head->all_atoms != 0 ? OTHER_ATOM
                    : head->atoms > 0    ? fr_set_atoms(head)[0]
                                         : UINT32_MAX;
    if (atom != UINT32_MAX)
        add_point(points, (struct point){.extent = head->all_atoms != 0 ? UINT64_MAX
                                                                        : fr_extent_of_atom(atom),
                                         .atom = atom,
                                         .is_atom = true});
}

static void add_port(struct points *points, const struct fr_term *term, bool last) {
    bool any = term->protocol == FR_PROTOCOL_ANY;
    struct point point = {.protocol = any ? OTHER_PROTOCOL : term->protocol,
                          .source = last ? term->source_last : term->source_first,
                          .destination = last ? term->destination_last : term->destination_first};
    point.extent = fr_extent_of_port(point.protocol, point.destination);
    add_point(points, point);
}

static void points_of_service(struct points *points, const struct fr_service_terms *terms) {
    points->count = 0;
    for (uint32_t i = 0; i < terms->count; i++) {
        add_port(points, &terms->terms[i], false);
        add_port(points, &terms->terms[i], true);
    }
}

/* A packet, and whether some candidate matches it. */
struct packet {
    const struct fr_together *t;
    const struct point *at[3];
};

static bool has_point(const struct fr_sets *sets, fr_set set, const struct point *point) {
    return point->is_atom ? fr_set_has_atom(sets, set, point->atom)
                          : fr_set_has_ip(sets, set, point->family, point->ip);
}

static bool matches_packet(void *user, uint32_t other) {
    const struct packet *packet = user;
    const struct fr_linter *l = packet->t->pairs->l;
    const struct fr_sets *sets = &l->sights[0].view.sets;
    const fr_set *ends = fr_sight_ends(&l->sights[0], other);
    const struct point *service = packet->at[2];
    return has_point(sets, ends[0], packet->at[0]) && has_point(sets, ends[1], packet->at[1]) &&
           fr_service_has(&l->policy->services, fr_lint_flow(l, other)->service, service->protocol,
                          service->source, service->destination) &&
           is_candidate(packet->t, other);
}

static bool is_matched(const struct fr_together *t, const struct point *source,
                       const struct point *destination, const struct point *service) {
    struct packet packet = {t, {source, destination, service}};
    struct fr_extent extent = {{source->extent, destination->extent, service->extent},
                               {source->extent, destination->extent, service->extent}};
    return fr_index_search(t->index, FR_INDEX_COVERS, &extent, matches_packet, &packet);
}

/* True if a packet of the flow was found that no candidate matches. */
static bool has_own_packet(const struct fr_together *t) {
    const struct fr_linter *l = t->pairs->l;
    const fr_set *ends = fr_sight_ends(&l->sights[0], t->flow);
    struct points points[3];
    for (unsigned e = 0; e < 2; e++)
        points_of_set(&points[e], &l->sights[0].view.sets, ends[e]);
    points_of_service(&points[2],
                      fr_service_get(&l->policy->services, fr_lint_flow(l, t->flow)->service));
    for (size_t s = 0; s < points[0].count; s++)
        for (size_t d = 0; d < points[1].count; d++)
            for (size_t p = 0; p < points[2].count; p++)
                if (!is_matched(t, &points[0].list[s], &points[1].list[d], &points[2].list[p]))
                    return true;
    return false;
}

/* ---- subtraction --------------------------------------------------------------------------- */

static bool gather(void *user, uint32_t other) {
    struct fr_together *t = user;
    if (!is_candidate(t, other))
        return false;
    uint32_t *slot = fr_vec_push(&t->candidates);
    t->failed = t->failed || slot == NULL;
    if (slot != NULL)
        *slot = other;
    return t->failed || t->candidates.count > CANDIDATES_MOST;
}

/* Notes that a flow covers a part. */
static flowrules_status note(struct fr_together *t, uint32_t other) {
    uint32_t *slot = fr_vec_push(&t->by);
    if (slot == NULL)
        return fr_no_memory(t->pairs->l->context);
    *slot = other;
    return FLOWRULES_OK;
}

/* Subtracts one flow from the boxes. */
static flowrules_status subtract(struct fr_together *t, struct fr_boxes *boxes, size_t sight,
                                 uint32_t other) {
    const struct fr_linter *l = t->pairs->l;
    const fr_set *ends = fr_sight_ends(&l->sights[sight], other);
    const struct fr_service_terms *terms =
        fr_service_get(&l->policy->services, fr_lint_flow(l, other)->service);
    bool touched = false;
    for (uint32_t i = 0; i < terms->count; i++) {
        struct fr_box box = {{ends[0], ends[1]}, terms->terms[i]};
        t->steps += boxes->list.count;
        t->index->steps += STEP_COST * boxes->list.count;
        FR_TRY(fr_boxes_subtract(boxes, &box, &touched));
    }
    return touched ? note(t, other) : FLOWRULES_OK;
}

static flowrules_status fill_boxes(struct fr_together *t, struct fr_boxes *boxes, size_t sight) {
    const struct fr_linter *l = t->pairs->l;
    const fr_set *ends = fr_sight_ends(&l->sights[sight], t->flow);
    const struct fr_service_terms *terms =
        fr_service_get(&l->policy->services, fr_lint_flow(l, t->flow)->service);
    for (uint32_t i = 0; i < terms->count; i++) {
        struct fr_box box = {{ends[0], ends[1]}, terms->terms[i]};
        FR_TRY(fr_boxes_add(boxes, &box));
    }
    return FLOWRULES_OK;
}

/* No target: the policy itself, or a target that takes every flow. */
#define NO_TARGET SIZE_MAX

/* Decides as one target sees the flows, and for what it takes of them. */
static flowrules_status decide_for(struct fr_together *t, size_t sight, size_t target) {
    struct fr_boxes boxes;
    struct fr_sight *seen = &t->pairs->l->sights[sight];
    fr_boxes_init(&boxes, t->pairs->l->context, &seen->view.sets, PIECES_MOST);
    flowrules_status status = fill_boxes(t, &boxes, sight);
    for (size_t i = 0; i < t->candidates.count && status == FLOWRULES_OK; i++) {
        uint32_t other = *fr_vec_at(&t->candidates, uint32_t, i);
        if (boxes.list.count == 0 || boxes.too_many || t->steps > STEPS_MOST)
            break;
        if (target == NO_TARGET || fr_lint_pairs_takes(t->pairs, target, other))
            status = subtract(t, &boxes, sight, other);
    }
    if (boxes.too_many || (boxes.list.count > 0 && t->steps > STEPS_MOST))
        t->verdict = FR_TOGETHER_NOT_SEARCHED;
    else if (boxes.list.count > 0)
        t->verdict = FR_TOGETHER_OPEN;
    fr_boxes_free(&boxes);
    return status;
}

/* On every target that takes the flow, or as if there was one; and as each platform sees it. */
static flowrules_status decide(struct fr_together *t) {
    t->verdict = FR_TOGETHER_COVERED;
    bool all = t->pairs->all_select || !fr_lint_pairs_are_together(t->pairs, t->flow, t->flow);
    for (size_t s = 0; s < t->pairs->l->sight_count; s++) {
        if (all && t->verdict == FR_TOGETHER_COVERED)
            FR_TRY(decide_for(t, s, NO_TARGET));
        for (size_t i = 0; i < 64 * t->pairs->words && t->verdict == FR_TOGETHER_COVERED; i++)
            if (fr_lint_pairs_takes(t->pairs, i, t->flow))
                FR_TRY(decide_for(t, s, i));
    }
    fr_sort_unique(&t->by);
    return FLOWRULES_OK;
}

flowrules_status fr_together_covers(struct fr_together *t, uint32_t flow) {
    struct fr_extent extent = fr_lint_pairs_extent(t->pairs, flow, false);
    t->flow = flow;
    t->verdict = FR_TOGETHER_OPEN;
    if (has_own_packet(t) && !fr_index_is_over(t->index))
        return FLOWRULES_OK;
    fr_index_search(t->index, FR_INDEX_MEETS, &extent, gather, t);
    if (t->failed)
        return fr_no_memory(t->pairs->l->context);
    t->verdict = FR_TOGETHER_NOT_SEARCHED;
    if (fr_index_is_over(t->index) || t->candidates.count > CANDIDATES_MOST)
        return FLOWRULES_OK;
    fr_sort_unique(&t->candidates);
    return decide(t);
}
