/*
 * Goes through the flows once and decides of each assertion whether it holds: what must not pass
 * and passes, and what must pass and is left. Each is decided twice where it depends on names or
 * groups: once with what is sure, once with what may be.
 */
#include <stdlib.h>
#include <string.h>

#include "assert.h"
#include "set_text.h"

/* What falls into more pieces than this is not decided. */
#define PIECES_MAX 4096u

/* What flows let pass of a box that must pass. */
struct taken {
    uint32_t box;
    struct fr_box piece;
};

struct deciding {
    struct fr_asserting *a;
    struct fr_sets *sets;
    struct fr_box_index nevers, musts, denies;
    struct fr_boxes work;
    struct fr_vec taken[2]; /* struct taken: what surely passes, and what may */
};

/* ---- pieces -------------------------------------------------------------------------------- */

static struct fr_box box_of(const struct fr_bound_box *box, bool sure) {
    return (struct fr_box){{sure ? box->ends[0].sure : box->ends[0].maybe,
                            sure ? box->ends[1].sure : box->ends[1].maybe},
                           box->term};
}

/* Does a box cover a piece? Most of what assertions leave out does. */
static bool covers(const struct fr_sets *sets, const struct fr_box *box,
                   const struct fr_box *piece) {
    return fr_term_covers(&box->term, &piece->term) &&
           fr_set_covers(sets, box->ends[0], piece->ends[0]) &&
           fr_set_covers(sets, box->ends[1], piece->ends[1]);
}

static flowrules_status subtract(struct deciding *d, const struct fr_box *gone) {
    bool touched;
    if (d->work.list.count == 0)
        return FLOWRULES_OK;
    if (d->work.list.count == 1 && covers(d->sets, gone, d->work.list.items)) {
        d->work.list.count = 0;
        return FLOWRULES_OK;
    }
    return fr_boxes_subtract(&d->work, gone, &touched);
}

/* The first piece that a packet can be in; NULL: there is none. */
static const struct fr_box *real_piece(const struct deciding *d) {
    for (size_t i = 0; i < d->work.list.count; i++) {
        const struct fr_box *piece = fr_vec_at(&d->work.list, struct fr_box, i);
        if (fr_packet_families(d->sets, piece->ends, &piece->term) != 0)
            return piece;
    }
    return NULL;
}

/* Likewise, without what may have no address. */
static const struct fr_box *sure_piece(const struct deciding *d) {
    for (size_t i = 0; i < d->work.list.count; i++) {
        struct fr_box *piece = fr_vec_at(&d->work.list, struct fr_box, i);
        for (size_t e = 0; e < 2; e++)
            piece->ends[e] = fr_set_subtract(d->sets, piece->ends[e], d->a->hollow);
        if (fr_packet_families(d->sets, piece->ends, &piece->term) != 0)
            return piece;
    }
    return NULL;
}

/* What a flow and a box have in common. */
static flowrules_status begin(struct deciding *d, const struct fr_set_pair *flow,
                              fr_service service, const struct fr_box *box) {
    const struct fr_service_terms *terms = fr_service_get(&d->a->policy->services, service);
    struct fr_box piece;
    d->work.list.count = 0;
    d->work.too_many = false;
    for (size_t e = 0; e < 2; e++)
        piece.ends[e] = fr_set_intersect(d->sets, flow->ends[e], box->ends[e]);
    for (uint32_t i = 0; i < terms->count; i++)
        if (fr_terms_meet(&terms->terms[i], &box->term, &piece.term) &&
            fr_packet_families(d->sets, piece.ends, &piece.term) != 0)
            FR_TRY(fr_boxes_add(&d->work, &piece));
    return d->sets->failed ? fr_no_memory(d->a->context) : FLOWRULES_OK;
}

/* Takes away what the denies take of a flow: surely, or perhaps. */
static flowrules_status subtract_denies(struct deciding *d, const struct fr_set_pair *ends,
                                        uint32_t flow, bool sure) {
    struct fr_box_index_bits bits;
    for (size_t b = 0; b < d->denies.blocks.count && d->work.list.count > 0; b++) {
        if (!fr_box_index_find(&d->denies, b, ends->ends, &bits))
            continue;
        for (size_t i = 0; d->work.list.count > 0 && fr_box_index_next(&bits, &i); i++) {
            const struct fr_bound_box *deny =
                fr_vec_at(&d->a->denies, struct fr_bound_box, b * FR_INDEX_BOXES + i);
            if (fr_flow_is_spared(d->a->policy,
                                  fr_vec_at(&d->a->policy->flows, struct fr_flow, deny->of), flow))
                continue;
            struct fr_box gone = box_of(deny, sure);
            FR_TRY(subtract(d, &gone));
        }
    }
    return FLOWRULES_OK;
}

/* ---- what must not pass -------------------------------------------------------------------- */

/* What is left of a flow in a box, behind all that may stand against it or surely does. */
static flowrules_status leave(struct deciding *d, uint32_t flow, const struct fr_bound_box *box,
                              bool sure) {
    struct fr_asserting *a = d->a;
    const struct fr_judged *judged = fr_vec_at(&a->judged, struct fr_judged, box->of);
    struct fr_set_pair *ends = &fr_vec_at(&a->flows, struct fr_flow_ends, flow)->pair;
    struct fr_box whole = box_of(box, sure);
    FR_TRY(begin(d, ends, fr_vec_at(&a->policy->flows, struct fr_flow, flow)->service, &whole));
    for (uint32_t i = 0; i < box->but.count && d->work.list.count > 0; i++) {
        struct fr_box gone =
            box_of(fr_vec_at(&a->buts, struct fr_bound_box, box->but.first + i), !sure);
        FR_TRY(subtract(d, &gone));
    }
    for (uint32_t i = 0; i < judged->excepted.count; i++) {
        const struct fr_excepted *excepted =
            fr_vec_at(&a->excepted, struct fr_excepted, judged->excepted.first + i);
        struct fr_box gone = box_of(&excepted->box, !sure);
        if (excepted->flow == flow)
            FR_TRY(subtract(d, &gone));
    }
    return subtract_denies(d, ends, flow, !sure);
}

/* The names and groups that it depends on whether a flow meets a box. */
static const char *names_between(struct deciding *d, uint32_t flow,
                                 const struct fr_bound_box *box) {
    struct fr_asserting *a = d->a;
    const struct fr_flow_ends *ends = fr_vec_at(&a->flows, struct fr_flow_ends, flow);
    fr_set names = FR_SET_EMPTY;
    for (size_t e = 0; e < 2; e++) {
        names = fr_set_union(d->sets, names, fr_bounds_of(a, ends->pair.ends[e]).names);
        names = fr_set_union(d->sets, names, box->ends[e].names);
    }
    return fr_assert_names(a, names);
}

/* The zone that a piece goes to: the one that it comes from last, which may be meant too. */
static uint32_t zone_to(const struct deciding *d, const struct fr_bound_box *box,
                        const struct fr_box *piece) {
    uint32_t count = (uint32_t)box->matrix->zones.count;
    for (uint32_t i = 0; i < count; i++)
        if (i != box->row &&
            fr_set_overlaps(d->sets, fr_vec_at(&box->matrix->zones, struct fr_bounds, i)->maybe,
                            piece->ends[1]))
            return i;
    return box->row;
}

/* "internet -> dmz": the cell of the matrix that a piece is in, which is cut to it. */
static const char *cell_of(struct deciding *d, const struct fr_bound_box *box,
                           struct fr_box *piece) {
    const flowrules_policy *policy = box->matrix->policy;
    const uint32_t ends[2] = {box->row, zone_to(d, box, piece)};
    const char *names[2];
    for (size_t e = 0; e < 2; e++)
        names[e] = FR_POLICY_TEXT(policy, fr_vec_at(&policy->zones, struct fr_zone, ends[e])->name);
    piece->ends[1] = fr_set_intersect(
        d->sets, fr_vec_at(&box->matrix->zones, struct fr_bounds, ends[1])->maybe, piece->ends[1]);
    return fr_arena_printf(d->a->arena, "%s -> %s", names[0], names[1]);
}

/* Keeps a finding with a packet of a piece; NULL: there was too much to compare. */
static flowrules_status keep(struct deciding *d, const struct fr_bound_box *box,
                             const struct fr_box *piece, struct fr_breach *finding) {
    struct fr_box own;
    bool none = false;
    if (piece != NULL) {
        own = *piece;
        finding->cell = box->matrix == NULL ? NULL : cell_of(d, box, &own);
        finding->witness = fr_packet_witness(d->a->arena, d->sets, own.ends, &own.term, &none);
        if ((finding->witness == NULL && !none) || d->sets->failed ||
            (box->matrix != NULL && finding->cell == NULL))
            return fr_no_memory(d->a->context);
    }
    return fr_assert_find(d->a, box->of, finding);
}

/* Once an assertion has enough findings, its boxes are looked for no more. */
static void close_boxes(struct deciding *d, uint32_t number) {
    struct fr_judged *judged = fr_vec_at(&d->a->judged, struct fr_judged, number);
    if (judged->broken < FR_FINDINGS_MOST)
        return;
    judged->more = true;
    for (uint32_t i = 0; i < judged->boxes.count; i++)
        fr_box_index_close(&d->nevers, judged->boxes.first + i);
}

/* What may pass of a flow in a box; *may is false where surely nothing does. */
static flowrules_status find_possible(struct deciding *d, uint32_t flow,
                                      const struct fr_bound_box *box, struct fr_box *piece,
                                      struct fr_breach *finding) {
    FR_TRY(leave(d, flow, box, false));
    const struct fr_box *left = real_piece(d);
    finding->judgement = left != NULL || d->work.too_many ? FR_UNKNOWN : FR_HOLDS;
    finding->reason = d->work.too_many ? FR_COMPLICATED : FR_NAMES_OF;
    if (left != NULL)
        *piece = *left;
    if (left != NULL && !d->a->uncertain && !d->work.too_many) {
        finding->judgement = FR_BROKEN;
        finding->reason = FR_PASSES;
    }
    return FLOWRULES_OK;
}

static flowrules_status judge(struct deciding *d, uint32_t flow, const struct fr_bound_box *box) {
    struct fr_breach finding = {.flow = flow};
    struct fr_box piece = {.ends = {FR_SET_EMPTY, FR_SET_EMPTY}};
    FR_TRY(find_possible(d, flow, box, &piece, &finding));
    if (finding.judgement == FR_UNKNOWN) {
        FR_TRY(leave(d, flow, box, true));
        const struct fr_box *left = d->work.too_many ? NULL : sure_piece(d);
        if (left != NULL) {
            finding.judgement = FR_BROKEN;
            finding.reason = FR_PASSES;
            piece = *left;
        } else if (finding.reason == FR_NAMES_OF) {
            finding.names = names_between(d, flow, box);
            if (finding.names == NULL && d->a->placed.count > 0)
                finding.reason = FR_INTERFACES;
        }
    }
    if (finding.judgement == FR_HOLDS)
        return FLOWRULES_OK;
    FR_TRY(keep(d, box, piece.ends[0] == FR_SET_EMPTY ? NULL : &piece, &finding));
    close_boxes(d, box->of);
    return FLOWRULES_OK;
}

/* ---- what must pass ------------------------------------------------------------------------ */

/* Keeps what is left of a flow as something that passes of a box. */
static flowrules_status take(struct deciding *d, uint32_t box, bool sure) {
    for (size_t i = 0; i < d->work.list.count; i++) {
        struct taken *slot = fr_vec_add(&d->taken[sure ? 0 : 1]);
        if (slot == NULL)
            return fr_no_memory(d->a->context);
        *slot = (struct taken){box, *fr_vec_at(&d->work.list, struct fr_box, i)};
    }
    return FLOWRULES_OK;
}

/* What a flow surely lets pass of a box, and what it may let pass of what surely must. */
static flowrules_status pass(struct deciding *d, uint32_t flow, const struct fr_set_pair *maybe,
                             uint32_t number) {
    struct fr_asserting *a = d->a;
    const struct fr_bound_box *box = fr_vec_at(&a->musts, struct fr_bound_box, number);
    struct fr_flow_ends *ends = fr_vec_at(&a->flows, struct fr_flow_ends, flow);
    fr_service service = fr_vec_at(&a->policy->flows, struct fr_flow, flow)->service;
    struct fr_box whole = box_of(box, false), sure = box_of(box, true);
    if (!ends->placed) {
        FR_TRY(begin(d, &ends->pair, service, &whole));
        FR_TRY(subtract_denies(d, &ends->pair, flow, false));
        if (!d->work.too_many)
            FR_TRY(take(d, number, true));
    }
    if (!a->uncertain)
        return FLOWRULES_OK;
    FR_TRY(begin(d, maybe, service, &sure));
    FR_TRY(subtract_denies(d, maybe, flow, true));
    if (d->work.too_many)
        FR_TRY(begin(d, maybe, service, &sure));
    return take(d, number, false);
}

static int by_number(uint32_t a, uint32_t b) {
    return (a > b) - (a < b);
}

static int compare_taken(const struct taken *x, const struct taken *y, unsigned end) {
    int order = by_number(x->box, y->box);
    order = order != 0 ? order : by_number(x->piece.ends[end], y->piece.ends[end]);
    order = order != 0 ? order : memcmp(&x->piece.term, &y->piece.term, sizeof x->piece.term);
    return order != 0 ? order : by_number(x->piece.ends[1 - end], y->piece.ends[1 - end]);
}

static int by_source(const void *a, const void *b) {
    return compare_taken(a, b, 0);
}

static int by_destination(const void *a, const void *b) {
    return compare_taken(a, b, 1);
}

/* Makes one of the pieces that differ in the other end alone. */
static void join_taken(struct deciding *d, struct fr_vec *taken, unsigned end) {
    size_t kept = 0;
    if (taken->count > 0)
        qsort(taken->items, taken->count, sizeof(struct taken),
              end == 0 ? by_source : by_destination);
    for (size_t i = 0, next; i < taken->count; i = next) {
        struct taken *first = fr_vec_at(taken, struct taken, i);
        for (next = i + 1; next < taken->count; next++) {
            const struct taken *other = fr_vec_at(taken, struct taken, next);
            if (other->box != first->box || other->piece.ends[end] != first->piece.ends[end] ||
                memcmp(&other->piece.term, &first->piece.term, sizeof first->piece.term) != 0)
                break;
        }
        first->piece.ends[1 - end] =
            fr_sets_union(d->sets, &first->piece.ends[1 - end], next - i, sizeof(struct taken));
        *fr_vec_at(taken, struct taken, kept++) = *first;
    }
    taken->count = kept;
}

/* What is left of a box behind all that passes; *from goes on behind the pieces of the box. */
static flowrules_status leave_of_must(struct deciding *d, uint32_t number, bool sure,
                                      size_t *from) {
    const struct fr_vec *taken = &d->taken[sure || !d->a->uncertain ? 0 : 1];
    const struct fr_bound_box *box = fr_vec_at(&d->a->musts, struct fr_bound_box, number);
    struct fr_box whole = box_of(box, true);
    for (size_t e = 0; e < 2 && sure; e++)
        whole.ends[e] = box->ends[e].parts;
    d->work.list.count = 0;
    d->work.too_many = false;
    FR_TRY(fr_boxes_add(&d->work, &whole));
    for (; *from < taken->count; ++*from) {
        const struct taken *t = fr_vec_at(taken, struct taken, *from);
        if (t->box != number)
            break;
        if (!d->work.too_many)
            FR_TRY(subtract(d, &t->piece));
    }
    return FLOWRULES_OK;
}

/* The deny that takes a packet of a piece, which is cut to what it takes. */
static flowrules_status find_deny(struct deciding *d, struct fr_box *piece,
                                  struct fr_breach *finding) {
    finding->reason = FR_NOBODY_LETS;
    for (size_t i = 0; i < d->a->denies.count; i++) {
        const struct fr_bound_box *deny = fr_vec_at(&d->a->denies, struct fr_bound_box, i);
        struct fr_box cut;
        for (size_t e = 0; e < 2; e++)
            cut.ends[e] = fr_set_intersect(d->sets, piece->ends[e], deny->ends[e].sure);
        if (d->sets->failed)
            return fr_no_memory(d->a->context);
        if (!fr_terms_meet(&piece->term, &deny->term, &cut.term) ||
            fr_packet_families(d->sets, cut.ends, &cut.term) == 0)
            continue;
        *piece = cut;
        finding->reason = FR_DENIED;
        finding->flow = deny->of;
        break;
    }
    return FLOWRULES_OK;
}

/* Decides of a box that must pass. */
static flowrules_status judge_must(struct deciding *d, uint32_t number, size_t from[2]) {
    const struct fr_bound_box *box = fr_vec_at(&d->a->musts, struct fr_bound_box, number);
    struct fr_breach finding = {.judgement = FR_UNKNOWN, .flow = UINT32_MAX};
    size_t again = from[0];
    FR_TRY(leave_of_must(d, number, true, &from[0]));
    bool complicated = d->work.too_many;
    const struct fr_box *left = real_piece(d);
    struct fr_box piece = left == NULL ? (struct fr_box){.ends = {0, 0}} : *left;
    FR_TRY(leave_of_must(d, number, false, d->a->uncertain ? &from[1] : &again));
    const struct fr_box *sure = d->work.too_many ? NULL : sure_piece(d);
    if (left == NULL && !complicated)
        return FLOWRULES_OK;
    finding.reason = complicated ? FR_COMPLICATED : FR_NAMES_OF;
    if (sure != NULL) {
        piece = *sure;
        finding.judgement = FR_BROKEN;
        FR_TRY(find_deny(d, &piece, &finding));
    } else if (!complicated) {
        finding.names =
            fr_assert_names(d->a, fr_set_union(d->sets, box->ends[0].names, box->ends[1].names));
        finding.reason =
            finding.names == NULL && d->a->placed.count > 0 ? FR_INTERFACES : FR_NAMES_OF;
    }
    return keep(d, box, left == NULL && sure == NULL ? NULL : &piece, &finding);
}

static flowrules_status judge_musts(struct deciding *d) {
    size_t from[2] = {0, 0};
    for (size_t i = 0; i < 2; i++) {
        join_taken(d, &d->taken[i], 0);
        join_taken(d, &d->taken[i], 1);
    }
    for (uint32_t i = 0; i < d->a->musts.count; i++)
        FR_TRY(judge_must(d, i, from));
    return FLOWRULES_OK;
}

/* ---- the pass ------------------------------------------------------------------------------ */

/* Calls visit for the boxes of an index that a flow may meet. */
static flowrules_status each_box(struct deciding *d, const struct fr_box_index *index,
                                 uint32_t flow, const struct fr_set_pair *ends,
                                 flowrules_status (*visit)(struct deciding *d, uint32_t flow,
                                                           const struct fr_set_pair *ends,
                                                           uint32_t box)) {
    struct fr_box_index_bits bits;
    for (size_t b = 0; b < index->blocks.count; b++) {
        if (!fr_box_index_find(index, b, ends->ends, &bits))
            continue;
        for (size_t i = 0; fr_box_index_next(&bits, &i); i++)
            FR_TRY(visit(d, flow, ends, (uint32_t)(b * FR_INDEX_BOXES + i)));
    }
    return FLOWRULES_OK;
}

/* Could a flow and a box have a packet in common, by their services? */
static bool services_meet(const struct deciding *d, uint32_t flow, const struct fr_bound_box *box) {
    const flowrules_policy *policy = d->a->policy;
    return fr_service_meets(&policy->services,
                            fr_vec_at(&policy->flows, struct fr_flow, flow)->service, &box->term);
}

static flowrules_status visit_never(struct deciding *d, uint32_t flow,
                                    const struct fr_set_pair *ends, uint32_t box) {
    const struct fr_bound_box *own = fr_vec_at(&d->a->nevers, struct fr_bound_box, box);
    (void)ends;
    return services_meet(d, flow, own) ? judge(d, flow, own) : FLOWRULES_OK;
}

static flowrules_status visit_must(struct deciding *d, uint32_t flow,
                                   const struct fr_set_pair *ends, uint32_t box) {
    const struct fr_bound_box *own = fr_vec_at(&d->a->musts, struct fr_bound_box, box);
    return services_meet(d, flow, own) ? pass(d, flow, ends, box) : FLOWRULES_OK;
}

static flowrules_status visit_flow(struct deciding *d, uint32_t flow) {
    const struct fr_set_pair *ends = &fr_vec_at(&d->a->flows, struct fr_flow_ends, flow)->pair;
    struct fr_set_pair maybe = *ends;
    FR_TRY(each_box(d, &d->nevers, flow, ends, visit_never));
    if (d->a->musts.count == 0)
        return FLOWRULES_OK;
    for (size_t e = 0; e < 2; e++)
        maybe.ends[e] = fr_bounds_of(d->a, ends->ends[e]).maybe;
    return each_box(d, &d->musts, flow, &maybe, visit_must);
}

static flowrules_status decide(struct deciding *d) {
    FR_TRY(fr_box_index_build(&d->nevers, &d->a->nevers));
    FR_TRY(fr_box_index_build(&d->musts, &d->a->musts));
    FR_TRY(fr_box_index_build(&d->denies, &d->a->denies));
    for (uint32_t i = 0; i < d->a->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&d->a->policy->flows, struct fr_flow, i);
        if (!flow->deny && !flow->expired)
            FR_TRY(visit_flow(d, i));
    }
    FR_TRY(judge_musts(d));
    return d->sets->failed ? fr_no_memory(d->a->context) : FLOWRULES_OK;
}

flowrules_status fr_assert_decide(struct fr_asserting *a) {
    struct deciding d = {.a = a, .sets = &a->view.sets};
    fr_box_index_init(&d.nevers, a->context, d.sets);
    fr_box_index_init(&d.musts, a->context, d.sets);
    fr_box_index_init(&d.denies, a->context, d.sets);
    fr_boxes_init(&d.work, a->context, d.sets, PIECES_MAX);
    for (size_t i = 0; i < 2; i++)
        fr_vec_init(&d.taken[i], &a->context->allocator, sizeof(struct taken));
    flowrules_status status = decide(&d);
    for (size_t i = 0; i < 2; i++)
        fr_vec_free(&d.taken[i]);
    fr_boxes_free(&d.work);
    fr_box_index_free(&d.nevers);
    fr_box_index_free(&d.musts);
    fr_box_index_free(&d.denies);
    return status;
}
