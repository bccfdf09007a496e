/*
 * The packets of one assertion as a list in front of devices: what it is about passes the list, and
 * what a target has no say over is left out. What may be in a set stands behind what surely is, in
 * doubt.
 */
#include "assert_running.h"

struct filter {
    struct fr_running *r;
    const struct fr_judged *judged;
    struct fr_stage *stage;
    uint32_t line; /* of the clauses: the number of their box, from 1 on */
};

/* ---- clauses ------------------------------------------------------------------------------- */

static fr_service service_of(struct fr_running *r, const struct fr_term *term) {
    struct fr_service_builder builder;
    fr_service_begin(&builder, &r->a->context->allocator);
    fr_service_add(&builder, term);
    return fr_service_finish(&builder, &r->m->services);
}

static flowrules_status push(const struct filter *f, enum fr_effect effect, const fr_set ends[2],
                             const struct fr_term *term, bool doubt) {
    if (ends[0] == FR_SET_EMPTY || ends[1] == FR_SET_EMPTY)
        return FLOWRULES_OK;
    struct fr_clause *clause = fr_vec_push(&f->stage->clauses);
    fr_service service = term == NULL ? FR_SERVICE_ANY : service_of(f->r, term);
    if (clause == NULL || service == FR_SERVICE_NONE || f->r->m->sets.failed)
        return fr_no_memory(f->r->a->context);
    *clause = (struct fr_clause){.effect = (uint8_t)effect,
                                 .families = FLOWRULES_BOTH_FAMILIES,
                                 .packets = FR_ALL_PACKETS,
                                 .flow = FR_NO_FLOW,
                                 .line = f->line,
                                 .source = ends[0],
                                 .destination = ends[1],
                                 .service = service,
                                 .doubt = doubt ? f->r->unsure : 0};
    return FLOWRULES_OK;
}

/* What is surely in a box, and in doubt what may be in it. */
static flowrules_status push_box(const struct filter *f, enum fr_effect effect,
                                 const struct fr_bounds ends[2], const struct fr_term *term) {
    fr_set sure[2], maybe[2];
    for (size_t e = 0; e < 2; e++) {
        struct fr_running_bounds bounds = fr_running_bounds_of(f->r, &ends[e]);
        sure[e] = bounds.sure;
        maybe[e] = bounds.maybe;
    }
    FR_TRY(push(f, effect, sure, term, false));
    return sure[0] == maybe[0] && sure[1] == maybe[1] ? FLOWRULES_OK
                                                      : push(f, effect, maybe, term, true);
}

/* The skips from first on lead here. */
static void land(const struct filter *f, size_t first) {
    for (size_t i = first; i < f->stage->clauses.count; i++) {
        struct fr_clause *clause = fr_vec_at(&f->stage->clauses, struct fr_clause, i);
        if (clause->effect == FR_SKIP && clause->skip_to == 0)
            clause->skip_to = (uint32_t)f->stage->clauses.count;
    }
}

/* ---- what the assertion is about ----------------------------------------------------------- */

static flowrules_status push_never(struct filter *f, uint32_t number) {
    struct fr_asserting *a = f->r->a;
    const struct fr_bound_box *box = fr_vec_at(&a->nevers, struct fr_bound_box, number);
    size_t first = f->stage->clauses.count;
    f->line = number + 1;
    for (uint32_t i = 0; i < box->but.count; i++) {
        const struct fr_bound_box *but =
            fr_vec_at(&a->buts, struct fr_bound_box, box->but.first + i);
        FR_TRY(push_box(f, FR_SKIP, but->ends, &but->term));
    }
    FR_TRY(push_box(f, FR_PASS, box->ends, &box->term));
    land(f, first);
    return FLOWRULES_OK;
}

/* What surely must pass, and in doubt the parts that are enough for it. */
static flowrules_status push_must(struct filter *f, uint32_t number) {
    const struct fr_bound_box *box = fr_vec_at(&f->r->a->musts, struct fr_bound_box, number);
    fr_set sure[2], parts[2];
    f->line = number + 1;
    for (size_t e = 0; e < 2; e++) {
        struct fr_running_bounds bounds = fr_running_bounds_of(f->r, &box->ends[e]);
        parts[e] = bounds.parts;
        sure[e] = fr_set_intersect(&f->r->m->sets, bounds.sure, bounds.parts);
    }
    FR_TRY(push(f, FR_PASS, sure, &box->term, false));
    return sure[0] == parts[0] && sure[1] == parts[1] ? FLOWRULES_OK
                                                      : push(f, FR_PASS, parts, &box->term, true);
}

/* ---- exceptions ---------------------------------------------------------------------------- */

/* What denies take of the flow of an exception is not excepted. */
static flowrules_status push_denies(const struct filter *f, uint32_t flow) {
    const struct fr_asserting *a = f->r->a;
    for (size_t i = 0; i < a->denies.count; i++) {
        const struct fr_bound_box *deny = fr_vec_at(&a->denies, struct fr_bound_box, i);
        const struct fr_flow *own = fr_vec_at(&a->policy->flows, struct fr_flow, deny->of);
        if (!fr_flow_is_spared(a->policy, own, flow))
            FR_TRY(push_box(f, FR_SKIP, deny->ends, &deny->term));
    }
    return FLOWRULES_OK;
}

/* The packets of a flow, as far as it is excepted, are none that the assertion is about. */
static flowrules_status push_excepted(struct filter *f, const struct fr_excepted *excepted) {
    struct fr_asserting *a = f->r->a;
    const struct fr_flow *flow = fr_vec_at(&a->policy->flows, struct fr_flow, excepted->flow);
    const struct fr_flow_ends *ends = fr_vec_at(&a->flows, struct fr_flow_ends, excepted->flow);
    const struct fr_service_terms *terms = fr_service_get(&a->policy->services, flow->service);
    size_t first = f->stage->clauses.count;
    struct fr_bounds both[2];
    struct fr_term term;
    if (flow->deny || flow->expired)
        return FLOWRULES_OK;
    for (size_t e = 0; e < 2; e++) {
        both[e] =
            fr_bounds_intersect(a, fr_bounds_of(a, ends->pair.ends[e]), excepted->box.ends[e]);
        if (ends->placed) /* it lets them pass at some interfaces alone */
            both[e].sure = FR_SET_EMPTY;
    }
    FR_TRY(push_denies(f, excepted->flow));
    for (uint32_t i = 0; i < terms->count; i++)
        if (fr_terms_meet(&terms->terms[i], &excepted->box.term, &term))
            FR_TRY(push_box(f, FR_BLOCK, both, &term));
    land(f, first);
    return a->view.sets.failed ? fr_no_memory(a->context) : FLOWRULES_OK;
}

/* ---- what a target has no say over --------------------------------------------------------- */

/* The addresses that a target surely does not protect, of the terms here. */
static flowrules_status find_outside(struct fr_running *r, const flowrules_plan *plan,
                                     fr_set *outside) {
    struct fr_asserting *a = r->a;
    struct fr_span span =
        plan->target->protects.count > 0 ? plan->target->protects : a->policy->protects;
    struct fr_end end = {FR_SET_ANY, 0};
    if (span.count > 0)
        FR_TRY(fr_view_end(&a->view, span, false, &end));
    struct fr_bounds rest =
        fr_bounds_subtract(a, fr_bounds_of(a, FR_SET_ANY), fr_bounds_of(a, end.set));
    *outside = fr_running_set(r, rest.sure);
    return a->view.sets.failed ? fr_no_memory(a->context) : FLOWRULES_OK;
}

/* What goes through a device, which a 'must' asks of it where an end is protected alone. */
static flowrules_status push_through(const struct filter *f, const flowrules_plan *plan,
                                     fr_set outside) {
    enum fr_direction_mode mode = plan->target->direction;
    const fr_set ends[2] = {mode == FR_DIRECTION_INGRESS ? FR_SET_ANY : outside,
                            mode == FR_DIRECTION_EGRESS ? FR_SET_ANY : outside};
    return f->judged->assertion != NULL && f->judged->assertion->kind == FR_ASSERT_MUST
               ? push(f, FR_OUTSIDE, ends, NULL, false)
               : FLOWRULES_OK;
}

/* Of the first device of a path the source is the machine, of the last one the destination. */
static flowrules_status push_outside(const struct filter *f, enum flowrules_direction direction) {
    struct fr_running *r = f->r;
    bool path = fr_meaning_is_path(r->devices);
    for (size_t i = 0; i < r->plan_count; i++) {
        const flowrules_plan *plan = r->plans[i];
        fr_set outside;
        bool source = path ? i == 0 : direction == FLOWRULES_EGRESS;
        FR_TRY(find_outside(r, plan, &outside));
        const fr_set ends[2] = {source ? outside : FR_SET_ANY, source ? FR_SET_ANY : outside};
        FR_TRY(plan->transit ? push_through(f, plan, outside)
                             : push(f, FR_OUTSIDE, ends, NULL, false));
    }
    return FLOWRULES_OK;
}

/* What the baseline of a target lets pass beside the flows is nobody's finding. */
static flowrules_status push_baseline(const struct filter *f, enum flowrules_direction direction) {
    const struct fr_vec *stages = &f->r->forms[FR_RUNNING_BASELINE].stages[direction];
    bool must = f->judged->assertion != NULL && f->judged->assertion->kind == FR_ASSERT_MUST;
    for (size_t s = 0; s < stages->count && !must; s++) {
        const struct fr_stage *stage = *fr_vec_at(stages, struct fr_stage *, s);
        for (size_t i = 0; i < stage->clauses.count; i++) {
            const struct fr_clause *own = fr_vec_at(&stage->clauses, struct fr_clause, i);
            if (own->effect != FR_PASS || (own->packets & FLOWRULES_NEW) == 0)
                continue;
            struct fr_clause *clause = fr_vec_push(&f->stage->clauses);
            if (clause == NULL)
                return fr_no_memory(f->r->a->context);
            *clause = *own;
            clause->effect = FR_BLOCK;
        }
    }
    return FLOWRULES_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static flowrules_status fill(struct filter *f, uint32_t number,
                             enum flowrules_direction direction) {
    const struct fr_asserting *a = f->r->a;
    const fr_set everywhere[2] = {FR_SET_ANY, FR_SET_ANY};
    f->line = 0;
    FR_TRY(push_outside(f, direction));
    FR_TRY(push_baseline(f, direction));
    for (uint32_t i = 0; i < f->judged->excepted.count; i++)
        FR_TRY(push_excepted(
            f, fr_vec_at(&a->excepted, struct fr_excepted, f->judged->excepted.first + i)));
    for (uint32_t i = 0; i < f->judged->boxes.count; i++)
        FR_TRY(push_never(f, f->judged->boxes.first + i));
    for (uint32_t i = 0; i < a->musts.count; i++)
        if (fr_vec_at(&a->musts, struct fr_bound_box, i)->of == number)
            FR_TRY(push_must(f, i));
    f->line = 0;
    return push(f, FR_BLOCK, everywhere, NULL, false);
}

flowrules_status fr_running_filter(struct fr_running *r, uint32_t number,
                                   enum fr_running_form form) {
    struct filter f = {.r = r, .judged = fr_vec_at(&r->a->judged, struct fr_judged, number)};
    fr_reading_swap(&r->forms[form], r->m);
    flowrules_status status = FLOWRULES_OK;
    for (int d = 0; d < (int)FR_DIRECTIONS && status == FLOWRULES_OK; d++) {
        if (!r->decided[d])
            continue;
        f.stage = *fr_vec_at(&r->m->stages[d], struct fr_stage *, 0);
        f.stage->clauses.count = 0;
        status = fill(&f, number, (enum flowrules_direction)d);
    }
    fr_reading_swap(&r->forms[form], r->m);
    return status == FLOWRULES_OK ? fr_meaning_memory(r->m) : status;
}
