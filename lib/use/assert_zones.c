/*
 * Is every address in exactly one zone? Finds what two zones have in common, and ends of flows that
 * are in no zone.
 */
#include "assert.h"
#include "writer.h"

/* Addresses in a message; there may be more. */
#define RANGES_SHOWN 3u

/* The first addresses of a set, or its names; NULL when out of memory. */
static const char *set_text(struct fr_asserting *a, fr_set set) {
    struct flowrules_set view = {&a->view.sets, set};
    struct flowrules_writer w;
    size_t all = 0;
    fr_writer_init(&w, &a->context->allocator, false);
    for (int f = 0; f < 2; f++) {
        enum flowrules_family family = (enum flowrules_family)f;
        for (size_t i = 0; i < flowrules_set_range_count(view, family); i++, all++) {
            struct flowrules_range range = flowrules_set_range(view, family, i);
            if (all >= RANGES_SHOWN)
                continue;
            flowrules_write(&w, all > 0 ? ", " : "");
            flowrules_write_range(&w, &range);
        }
    }
    if (all > RANGES_SHOWN)
        flowrules_writef(&w, " +%zu more", all - RANGES_SHOWN);
    const char *kept = fr_writer_keep(&w, a->arena);
    return kept != NULL && all == 0 ? fr_assert_names(a, set) : kept;
}

static const char *zone_name(const struct fr_assert_source *source, size_t zone) {
    return FR_POLICY_TEXT(source->policy,
                          fr_vec_at(&source->policy->zones, struct fr_zone, zone)->name);
}

/* What two zones have in common. */
static flowrules_status find_common(struct fr_assert_source *source, uint32_t number, size_t one,
                                    size_t other) {
    struct fr_asserting *a = source->a;
    struct fr_sets *sets = &a->view.sets;
    const struct fr_bounds *x = fr_vec_at(&source->zones, struct fr_bounds, one);
    const struct fr_bounds *y = fr_vec_at(&source->zones, struct fr_bounds, other);
    fr_set both = fr_set_intersect(sets, x->sure, y->sure);
    bool sure = fr_set_subtract(sets, both, source->a->hollow) != FR_SET_EMPTY;
    fr_set names = fr_set_union(sets, x->names, y->names);
    if (!sure && (names == FR_SET_EMPTY || !fr_set_overlaps(sets, x->maybe, y->maybe)))
        return FLOWRULES_OK;
    struct fr_breach finding = {.judgement = sure ? FR_BROKEN : FR_UNKNOWN,
                                .reason = sure ? FR_IN_TWO : FR_NAMES_OF,
                                .names = sure ? NULL : fr_assert_names(a, names),
                                .cell =
                                    fr_arena_printf(a->arena, "%s and %s", zone_name(source, one),
                                                    zone_name(source, other)),
                                .flow = UINT32_MAX};
    if (sure)
        finding.witness = set_text(a, both);
    if (sets->failed || finding.cell == NULL || (sure && finding.witness == NULL))
        return fr_no_memory(a->context);
    return fr_assert_find(a, number, &finding);
}

static flowrules_status find_overlaps(struct fr_assert_source *source, uint32_t number) {
    const struct fr_vec *zones = &source->policy->zones;
    for (size_t i = 0; i < zones->count; i++)
        for (size_t k = i + 1; k < zones->count; k++)
            if (!fr_vec_at(zones, struct fr_zone, i)->all_else &&
                !fr_vec_at(zones, struct fr_zone, k)->all_else)
                FR_TRY(find_common(source, number, i, k));
    return FLOWRULES_OK;
}

/* An end of a flow that is in no zone, or may be in none. */
static flowrules_status find_outside(struct fr_asserting *a, uint32_t number, fr_set end,
                                     const struct fr_bounds *all, uint32_t flow) {
    struct fr_sets *sets = &a->view.sets;
    fr_set out = fr_set_subtract(sets, fr_set_subtract(sets, end, all->maybe), a->hollow),
           names = FR_SET_EMPTY;
    bool sure = out != FR_SET_EMPTY;
    if (!sure && fr_set_subtract(sets, end, all->sure) == FR_SET_EMPTY)
        return FLOWRULES_OK;
    if (!sure)
        names = fr_set_union(sets, all->names, fr_bounds_of(a, end).names);
    struct fr_breach finding = {.judgement = sure ? FR_BROKEN : FR_UNKNOWN,
                                .reason = sure ? FR_IN_NONE : FR_NAMES_OF,
                                .names = sure ? NULL : fr_assert_names(a, names),
                                .witness = set_text(a, sure ? out : end),
                                .flow = flow};
    if (sets->failed || finding.witness == NULL)
        return fr_no_memory(a->context);
    return fr_assert_find(a, number, &finding);
}

static flowrules_status find_gaps(struct fr_assert_source *source, uint32_t number,
                                  const struct fr_bounds *all, struct fr_map *seen) {
    struct fr_asserting *a = source->a;
    uint32_t known;
    for (uint32_t i = 0; i < a->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&a->policy->flows, struct fr_flow, i);
        const struct fr_flow_ends *ends = fr_vec_at(&a->flows, struct fr_flow_ends, i);
        for (size_t e = 0; e < 2 && !flow->deny && !flow->expired; e++) {
            if (ends->pair.ends[e] == FR_SET_EMPTY || fr_map_get(seen, ends->pair.ends[e], &known))
                continue;
            if (!fr_map_put(seen, ends->pair.ends[e], i))
                return fr_no_memory(a->context);
            FR_TRY(find_outside(a, number, ends->pair.ends[e], all, i));
        }
    }
    return FLOWRULES_OK;
}

/* Of what runs, whatever comes from no zone or goes to none must not pass. */
static flowrules_status push_gaps(struct fr_asserting *a, uint32_t number,
                                  const struct fr_bounds *all) {
    const struct fr_bounds any = fr_bounds_of(a, FR_SET_ANY);
    const struct fr_bounds gap = fr_bounds_subtract(a, any, *all);
    for (size_t e = 0; e < 2; e++) {
        struct fr_bound_box *box = fr_vec_add(&a->nevers);
        if (box == NULL)
            return fr_no_memory(a->context);
        *box = (struct fr_bound_box){.term = {FR_PROTOCOL_ANY, 0, UINT16_MAX, 0, UINT16_MAX},
                                     .of = number};
        box->ends[e] = gap;
        box->ends[1 - e] = any;
    }
    return a->view.sets.failed ? fr_no_memory(a->context) : FLOWRULES_OK;
}

flowrules_status fr_assert_zones(struct fr_assert_source *source, uint32_t number) {
    struct fr_bounds all = fr_bounds_of(source->a, FR_SET_EMPTY);
    bool rest = false;
    struct fr_map seen;
    FR_TRY(find_overlaps(source, number));
    for (size_t i = 0; i < source->zones.count; i++) {
        all = fr_bounds_union(source->a, all, *fr_vec_at(&source->zones, struct fr_bounds, i));
        rest = rest || fr_vec_at(&source->policy->zones, struct fr_zone, i)->all_else;
    }
    if (rest)
        return FLOWRULES_OK;
    if (source->a->running)
        return push_gaps(source->a, number, &all);
    fr_map_init(&seen, &source->a->context->allocator);
    flowrules_status status = find_gaps(source, number, &all, &seen);
    fr_map_free(&seen);
    return status;
}
