/*
 * The assertions of a file, and the denies of the policy, as boxes of packets.
 */
#include <string.h>

#include "assert.h"

static const struct fr_bounds anywhere = {FR_SET_ANY, FR_SET_ANY, FR_SET_ANY, FR_SET_EMPTY};
static const struct fr_bounds nowhere = {FR_SET_EMPTY, FR_SET_EMPTY, FR_SET_EMPTY, FR_SET_EMPTY};
static const struct fr_term any_term = {FR_PROTOCOL_ANY, 0, UINT16_MAX, 0, UINT16_MAX};

static flowrules_status push_box(struct fr_asserting *a, struct fr_vec *boxes,
                                 const struct fr_bound_box *box) {
    struct fr_bound_box *slot = fr_vec_add(boxes);
    if (slot == NULL || a->view.sets.failed)
        return fr_no_memory(a->context);
    *slot = *box;
    return FLOWRULES_OK;
}

/* A box for each term of a service. */
static flowrules_status push_terms(const struct fr_assert_source *source, struct fr_vec *boxes,
                                   struct fr_bound_box box, fr_service service) {
    const struct fr_service_terms *terms = fr_service_get(&source->policy->services, service);
    for (uint32_t i = 0; i < terms->count; i++) {
        box.term = terms->terms[i];
        FR_TRY(push_box(source->a, boxes, &box));
    }
    return FLOWRULES_OK;
}

/* The packets of an assertion. */
static flowrules_status push_packets(struct fr_assert_source *source, struct fr_vec *boxes,
                                     const struct fr_packets *packets, uint32_t number) {
    struct fr_bound_box box = {.of = number};
    for (size_t e = 0; e < 2; e++)
        FR_TRY(fr_asserted_bounds(source, &packets->ends[e], &box.ends[e]));
    return push_terms(source, boxes, box, packets->flow.service);
}

/* Everything that goes to the destinations of an 'only', but what it lists. */
static flowrules_status push_only(struct fr_assert_source *source, struct fr_span packets,
                                  uint32_t number) {
    struct fr_asserting *a = source->a;
    struct fr_bound_box box = {.ends = {anywhere, nowhere}, .term = any_term, .of = number};
    box.but.first = (uint32_t)a->buts.count;
    for (uint32_t i = 0; i < packets.count; i++) {
        const struct fr_packets *p =
            fr_vec_at(&source->policy->packets, struct fr_packets, packets.first + i);
        struct fr_bounds to;
        FR_TRY(fr_asserted_bounds(source, &p->ends[1], &to));
        box.ends[1] = fr_bounds_union(a, box.ends[1], to);
        FR_TRY(push_packets(source, &a->buts, p, number));
    }
    box.but.count = (uint32_t)a->buts.count - box.but.first;
    return push_box(a, &a->nevers, &box);
}

static flowrules_status push_assertion(struct fr_assert_source *source,
                                       const struct fr_assertion *assertion, uint32_t number) {
    struct fr_asserting *a = source->a;
    struct fr_vec *boxes = assertion->kind == FR_ASSERT_MUST ? &a->musts : &a->nevers;
    if (assertion->kind == FR_ASSERT_ONLY)
        return push_only(source, assertion->packets, number);
    for (uint32_t i = 0; i < assertion->packets.count; i++)
        FR_TRY(push_packets(
            source, boxes,
            fr_vec_at(&source->policy->packets, struct fr_packets, assertion->packets.first + i),
            number));
    return FLOWRULES_OK;
}

/* ---- exceptions ---------------------------------------------------------------------------- */

static void warn(const struct fr_asserting *a, enum fr_id id, struct fr_at at, const char *hint,
                 const char *flow, const char *format, const char *date) {
    struct fr_about about = {FLOWRULES_WARNING, id, at, flow, NULL, hint};
    fr_report(&a->context->diagnostics, &about, format, flow, date);
}

/* Does an exception hold today, for a flow that there is? */
static flowrules_status find_excepted(const struct fr_assert_source *source,
                                      const struct fr_exception *exception, uint32_t *flow,
                                      bool *holds) {
    const struct fr_asserting *a = source->a;
    const char *name = FR_POLICY_TEXT(source->policy, exception->flow);
    fr_string own = fr_strings_find(&a->policy->strings, name, strlen(name));
    *holds = false;
    if (a->policy->as_of == FR_NO_DATE)
        return fr_error(
            &a->context->diagnostics, FR_AS_OF_NEEDED, exception->at, "set the option as-of",
            "the exception for flow '%s' ends, but the current date is not known", name);
    if (a->policy->as_of > exception->until)
        warn(a, FR_EXPIRED, exception->at, "renew it, or remove it from the file", name,
             "the exception for flow '%s' ended on %s",
             FR_POLICY_TEXT(source->policy, exception->until_text));
    else if (own == 0 || !fr_policy_find_flow(a->policy, own, flow))
        warn(a, FR_VALUE_UNKNOWN, exception->flow_at, "remove the exception", name,
             "the policy has no flow '%s'%s", "");
    else
        *holds = true;
    return FLOWRULES_OK;
}

static flowrules_status push_excepted(struct fr_assert_source *source, uint32_t flow,
                                      const struct fr_packets *packets) {
    struct fr_excepted excepted = {.flow = flow, .box = {.ends = {anywhere, anywhere}}};
    fr_service service = packets == NULL ? FR_SERVICE_ANY : packets->flow.service;
    const struct fr_service_terms *terms = fr_service_get(&source->policy->services, service);
    for (size_t e = 0; e < 2 && packets != NULL; e++)
        FR_TRY(fr_asserted_bounds(source, &packets->ends[e], &excepted.box.ends[e]));
    for (uint32_t i = 0; i < terms->count; i++) {
        struct fr_excepted *slot = fr_vec_add(&source->a->excepted);
        if (slot == NULL)
            return fr_no_memory(source->a->context);
        excepted.box.term = terms->terms[i];
        *slot = excepted;
    }
    return FLOWRULES_OK;
}

static flowrules_status push_exceptions(struct fr_assert_source *source, struct fr_span span) {
    for (uint32_t i = 0; i < span.count; i++) {
        const struct fr_exception *exception =
            fr_vec_at(&source->policy->exceptions, struct fr_exception, span.first + i);
        uint32_t flow;
        bool holds;
        FR_TRY(find_excepted(source, exception, &flow, &holds));
        if (holds)
            FR_TRY(push_excepted(source, flow,
                                 exception->packets.count == 0
                                     ? NULL
                                     : fr_vec_at(&source->policy->packets, struct fr_packets,
                                                 exception->packets.first)));
    }
    return FLOWRULES_OK;
}

/* ---- the matrix ---------------------------------------------------------------------------- */

/* What the cells of a row let pass; *inner: also within the zone, which is then looked at. */
static flowrules_status push_cells(struct fr_assert_source *source, uint32_t zone, bool *inner) {
    struct fr_asserting *a = source->a;
    *inner = false;
    for (size_t i = 0; i < source->policy->matrix.count; i++) {
        const struct fr_matrix_cell *cell =
            fr_vec_at(&source->policy->matrix, struct fr_matrix_cell, i);
        if (cell->zones[0] != zone)
            continue;
        struct fr_bound_box box = {.of = UINT32_MAX};
        for (size_t e = 0; e < 2; e++)
            box.ends[e] = *fr_vec_at(&source->zones, struct fr_bounds, cell->zones[e]);
        *inner = *inner || cell->zones[1] == zone;
        FR_TRY(push_terms(source, &a->buts, box, cell->flow.service));
    }
    return FLOWRULES_OK;
}

/* A row as a box for each zone that the packets go to: its own is the last one that is meant. */
static flowrules_status push_columns(struct fr_assert_source *source, struct fr_bound_box *box,
                                     bool inner) {
    uint32_t count = (uint32_t)source->zones.count;
    for (uint32_t i = 0; i < count + 1; i++) {
        box->column = i < count ? i : box->row;
        box->ends[1] = *fr_vec_at(&source->zones, struct fr_bounds, box->column);
        if (i < count ? i != box->row : inner)
            FR_TRY(push_box(source->a, &source->a->nevers, box));
    }
    return FLOWRULES_OK;
}

/* What must not pass from a zone to others. */
static flowrules_status push_row(struct fr_assert_source *source, uint32_t zone, uint32_t number) {
    struct fr_asserting *a = source->a;
    struct fr_bound_box box = {
        .ends = {*fr_vec_at(&source->zones, struct fr_bounds, zone), nowhere},
        .term = any_term,
        .of = number,
        .but = {(uint32_t)a->buts.count, 0},
        .matrix = source,
        .row = zone};
    bool inner;
    FR_TRY(push_cells(source, zone, &inner));
    box.but.count = (uint32_t)a->buts.count - box.but.first;
    if (a->running)
        return push_columns(source, &box, inner);
    for (uint32_t i = 0; i < source->zones.count; i++)
        if (i != zone || inner)
            box.ends[1] =
                fr_bounds_union(a, box.ends[1], *fr_vec_at(&source->zones, struct fr_bounds, i));
    return push_box(a, &a->nevers, &box);
}

/* ---- what is judged ------------------------------------------------------------------------ */

static struct fr_judged *push_judged(struct fr_assert_source *source, const char *kind,
                                     struct fr_at at) {
    struct fr_asserting *a = source->a;
    struct fr_judged *judged = fr_vec_push(&a->judged);
    if (judged == NULL)
        return NULL;
    judged->source = source->policy;
    judged->id = judged->kind = kind;
    judged->at = at;
    judged->boxes.first = (uint32_t)a->nevers.count;
    judged->excepted.first = (uint32_t)a->excepted.count;
    fr_vec_init(&judged->findings, &a->context->allocator, sizeof(struct fr_breach));
    return judged;
}

static flowrules_status add_assertion(struct fr_assert_source *source, size_t i) {
    struct fr_asserting *a = source->a;
    const struct fr_assertion *assertion =
        fr_vec_at(&source->policy->assertions, struct fr_assertion, i);
    uint32_t number = (uint32_t)a->judged.count;
    struct fr_judged *judged =
        push_judged(source, fr_assertion_words[assertion->kind], assertion->at);
    if (judged == NULL || (judged->id = fr_assertion_id(a->arena, source->policy, i)) == NULL)
        return fr_no_memory(a->context);
    judged->because = FR_POLICY_TEXT(source->policy, assertion->because);
    judged->assertion = assertion;
    FR_TRY(push_exceptions(source, assertion->exceptions));
    judged->excepted.count = (uint32_t)a->excepted.count - judged->excepted.first;
    FR_TRY(push_assertion(source, assertion, number));
    judged->boxes.count = (uint32_t)a->nevers.count - judged->boxes.first;
    return FLOWRULES_OK;
}

static flowrules_status add_matrix(struct fr_assert_source *source) {
    struct fr_asserting *a = source->a;
    uint32_t number = (uint32_t)a->judged.count;
    if (source->policy->matrix_at.line == 0)
        return FLOWRULES_OK;
    struct fr_judged *judged = push_judged(source, "matrix", source->policy->matrix_at);
    if (judged == NULL)
        return fr_no_memory(a->context);
    for (uint32_t zone = 0; zone < source->zones.count; zone++)
        FR_TRY(push_row(source, zone, number));
    judged->boxes.count = (uint32_t)a->nevers.count - judged->boxes.first;
    return FLOWRULES_OK;
}

static flowrules_status add_zones(struct fr_assert_source *source) {
    struct fr_asserting *a = source->a;
    uint32_t number = (uint32_t)a->judged.count;
    if (source->policy->zones.count == 0)
        return FLOWRULES_OK;
    struct fr_judged *judged =
        push_judged(source, "zones", fr_vec_at(&source->policy->zones, struct fr_zone, 0)->at);
    if (judged == NULL)
        return fr_no_memory(a->context);
    FR_TRY(fr_assert_zones(source, number));
    judged->boxes.count = (uint32_t)a->nevers.count - judged->boxes.first;
    return FLOWRULES_OK;
}

flowrules_status fr_assert_boxes(struct fr_assert_source *source) {
    for (size_t i = 0; i < source->policy->assertions.count; i++)
        FR_TRY(add_assertion(source, i));
    FR_TRY(add_zones(source));
    return add_matrix(source);
}

flowrules_status fr_assert_denies(struct fr_asserting *a) {
    for (uint32_t i = 0; i < a->policy->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&a->policy->flows, struct fr_flow, i);
        const struct fr_flow_ends *ends = fr_vec_at(&a->flows, struct fr_flow_ends, i);
        const struct fr_service_terms *terms = fr_service_get(&a->policy->services, flow->service);
        struct fr_bound_box box = {.of = i};
        if (!flow->deny || flow->expired)
            continue;
        for (size_t e = 0; e < 2; e++) {
            box.ends[e] = fr_bounds_of(a, ends->pair.ends[e]);
            if (ends->placed)
                box.ends[e].sure = FR_SET_EMPTY;
        }
        for (uint32_t t = 0; t < terms->count; t++) {
            box.term = terms->terms[t];
            FR_TRY(push_box(a, &a->denies, &box));
        }
    }
    return FLOWRULES_OK;
}
