/*
 * From a first-match list to a policy. An allow stays whole where no earlier deny or skip touches
 * it; a deny is one of the policy's where no earlier allow touches it, for there a deny beats every
 * allow. What is in between is cut.
 */
#include "import_flows.h"

#include <string.h>

#include "boxes.h"

/* What later clauses lack: a deny behind an allow that it touches, or a skip over them. */
struct cutter {
    const struct fr_clause *clause;
    uint32_t until; /* the first clause behind it that is not touched; UINT32_MAX: none */
};

struct importing {
    flowrules_meaning *m;
    enum flowrules_direction direction;
    struct fr_vec *flows;
    size_t first_flow; /* of this stage */
    struct fr_vec cutters;
    const struct fr_clause *too_many; /* where it becomes more parts than are told; or NULL */
};

/* ---- clauses ------------------------------------------------------------------------------- */

/* An end of a clause, without the family that the clause is not about. */
static fr_set end_of(struct importing *im, const struct fr_clause *clause, unsigned end) {
    fr_set set = end == 0 ? clause->source : clause->destination;
    if (clause->families == FLOWRULES_BOTH_FAMILIES)
        return set;
    struct fr_sets *sets = &im->m->sets;
    enum flowrules_family other = (clause->families & FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4)) != 0
                                      ? FLOWRULES_IPV6
                                      : FLOWRULES_IPV4;
    struct flowrules_range all = {other, {0, 0}, fr_ip_max(other)};
    fr_builder_range(&im->m->builder, &all);
    fr_set without = fr_builder_finish(&im->m->builder, sets);
    /* "Any" of one family is its addresses: a name or group of one family can't be written. */
    if (set == FR_SET_ANY)
        without = fr_set_union(sets, without, fr_meaning_all_atoms(im->m));
    return fr_set_subtract(sets, set, without);
}

static bool is_total(const struct fr_clause *clause) {
    return clause->source == FR_SET_ANY && clause->destination == FR_SET_ANY &&
           clause->service == FR_SERVICE_ANY && clause->families == FLOWRULES_BOTH_FAMILIES &&
           clause->effect != FR_SKIP;
}

static bool services_meet(const struct importing *im, fr_service a, fr_service b) {
    const struct fr_service_terms *x = fr_service_get(&im->m->services, a);
    const struct fr_service_terms *y = fr_service_get(&im->m->services, b);
    struct fr_term both;
    for (uint32_t i = 0; i < x->count; i++)
        for (uint32_t k = 0; k < y->count; k++)
            if (fr_terms_meet(&x->terms[i], &y->terms[k], &both))
                return true;
    return false;
}

static bool flow_meets(const struct importing *im, const struct fr_import_flow *flow,
                       const struct fr_clause *clause) {
    return (clause->families & FLOWRULES_BOTH_FAMILIES) != 0 &&
           fr_set_overlaps(&im->m->sets, flow->ends[0], clause->source) &&
           fr_set_overlaps(&im->m->sets, flow->ends[1], clause->destination) &&
           services_meet(im, flow->service, clause->service);
}

/* ---- cutting ------------------------------------------------------------------------------- */

/*
 * Everything but some addresses is addresses alone where names and groups have addresses: a policy
 * says it so.
 */
static fr_set addresses_alone(struct importing *im, fr_set set) {
    bool pods = im->m->backend->capabilities.pod_groups;
    if (set == FR_SET_NONE || set == FR_SET_ANY || pods ||
        fr_set_head(&im->m->sets, set)->all_atoms == 0)
        return set;
    return fr_set_union(&im->m->sets, fr_set_family(&im->m->sets, set, FLOWRULES_IPV4),
                        fr_set_family(&im->m->sets, set, FLOWRULES_IPV6));
}

/* The families that an end may have: names and groups have both. */
static unsigned families_of(const struct importing *im, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&im->m->sets, set);
    return head->atoms > 0 || head->all_atoms != 0 ? FLOWRULES_BOTH_FAMILIES
                                                   : fr_set_families(&im->m->sets, set);
}

static flowrules_status add_flow(struct importing *im, const struct fr_clause *clause,
                                 const fr_set both[2], fr_service service, bool deny) {
    const fr_set ends[2] = {addresses_alone(im, both[0]), addresses_alone(im, both[1])};
    if (ends[0] == FR_SET_NONE || ends[1] == FR_SET_NONE || service == FR_SERVICE_NONE)
        return fr_no_memory(im->m->context);
    /* No packet has ends of two families: such a part of a rule says nothing. */
    if ((families_of(im, ends[0]) & families_of(im, ends[1]) &
         fr_service_get(&im->m->services, service)->families) == 0)
        return FLOWRULES_OK;
    if (im->flows->count >= FR_IMPORT_PARTS_MAX) {
        im->too_many = clause;
        return FLOWRULES_OK;
    }
    struct fr_import_flow *flow = fr_vec_add(im->flows);
    if (flow == NULL)
        return fr_no_memory(im->m->context);
    *flow = (struct fr_import_flow){clause, im->direction, {ends[0], ends[1]}, service, deny};
    return FLOWRULES_OK;
}

/* Takes one cutter away from the boxes, term by term. */
static flowrules_status cut(struct importing *im, struct fr_boxes *boxes,
                            const struct fr_clause *gone) {
    const struct fr_service_terms *terms = fr_service_get(&im->m->services, gone->service);
    struct fr_box box = {{end_of(im, gone, 0), end_of(im, gone, 1)}, {0}};
    bool touched = false;
    if (box.ends[0] == FR_SET_NONE || box.ends[1] == FR_SET_NONE)
        return fr_no_memory(im->m->context);
    for (uint32_t i = 0; i < terms->count && !boxes->too_many; i++) {
        box.term = terms->terms[i];
        FR_TRY(fr_boxes_subtract(boxes, &box, &touched));
    }
    return FLOWRULES_OK;
}

/* Boxes with the same ends become one flow. */
static flowrules_status add_boxes(struct importing *im, const struct fr_clause *clause,
                                  const struct fr_boxes *boxes, bool deny) {
    struct fr_vec terms;
    flowrules_status status = FLOWRULES_OK;
    fr_vec_init(&terms, &im->m->context->allocator, sizeof(struct fr_term));
    for (size_t i = 0; i < boxes->list.count && status == FLOWRULES_OK;) {
        const struct fr_box *first = fr_vec_at(&boxes->list, struct fr_box, i);
        terms.count = 0;
        for (; i < boxes->list.count && status == FLOWRULES_OK; i++) {
            const struct fr_box *box = fr_vec_at(&boxes->list, struct fr_box, i);
            if (box->ends[0] != first->ends[0] || box->ends[1] != first->ends[1])
                break;
            struct fr_term *slot = fr_vec_add(&terms);
            if (slot == NULL)
                status = fr_no_memory(im->m->context);
            else
                *slot = box->term;
        }
        if (status == FLOWRULES_OK)
            status = add_flow(im, clause, first->ends,
                              fr_services_add(&im->m->services, terms.items, terms.count), deny);
    }
    fr_vec_free(&terms);
    return status;
}

/* A clause without what the cutters in force take from it. */
static flowrules_status add_cut(struct importing *im, const struct fr_clause *clause,
                                uint32_t number, bool deny) {
    const struct fr_service_terms *terms = fr_service_get(&im->m->services, clause->service);
    struct fr_boxes boxes;
    flowrules_status status = FLOWRULES_OK;
    struct fr_box box = {{end_of(im, clause, 0), end_of(im, clause, 1)}, {0}};
    fr_boxes_init(&boxes, im->m->context, &im->m->sets, FR_IMPORT_PARTS_MAX);
    for (uint32_t i = 0; i < terms->count && status == FLOWRULES_OK; i++) {
        box.term = terms->terms[i];
        status = fr_boxes_add(&boxes, &box);
    }
    for (size_t i = 0; i < im->cutters.count && status == FLOWRULES_OK; i++) {
        const struct cutter *cutter = fr_vec_at(&im->cutters, struct cutter, i);
        if (number < cutter->until)
            status = cut(im, &boxes, cutter->clause);
    }
    if (boxes.too_many)
        im->too_many = clause;
    if (status == FLOWRULES_OK)
        status = add_boxes(im, clause, &boxes, deny);
    fr_boxes_free(&boxes);
    return status;
}

/* Is some cutter in force for the clause, and does it touch it? */
static bool is_touched(const struct importing *im, const struct fr_clause *clause,
                       uint32_t number) {
    const struct fr_import_flow flow = {
        clause, im->direction, {clause->source, clause->destination}, clause->service, false};
    for (size_t i = 0; i < im->cutters.count; i++) {
        const struct cutter *cutter = fr_vec_at(&im->cutters, struct cutter, i);
        if (number < cutter->until && flow_meets(im, &flow, cutter->clause))
            return true;
    }
    return false;
}

static flowrules_status add_part(struct importing *im, const struct fr_clause *clause,
                                 uint32_t number, bool deny) {
    if (is_touched(im, clause, number))
        return add_cut(im, clause, number, deny);
    const fr_set ends[2] = {end_of(im, clause, 0), end_of(im, clause, 1)};
    return add_flow(im, clause, ends, clause->service, deny);
}

/* ---- a list -------------------------------------------------------------------------------- */

static flowrules_status add_cutter(struct importing *im, const struct fr_clause *clause,
                                   uint32_t until) {
    struct cutter *cutter = fr_vec_add(&im->cutters);
    if (cutter == NULL)
        return fr_no_memory(im->m->context);
    *cutter = (struct cutter){clause, until};
    return FLOWRULES_OK;
}

/* Does an allow that came before touch the deny? Then it must not be taken back. */
bool fr_import_is_path_mtu(const flowrules_meaning *m, const struct fr_import_flow *flow) {
    const struct fr_service_terms *terms = fr_service_get(&m->services, flow->service);
    const struct fr_term *t = &terms->terms[0];
    if (terms->count != 1 || flow->deny || flow->clause->name != 0)
        return false;
    return (t->protocol == FR_ICMP && t->source_first == 3 && t->source_last == 3 &&
            t->destination_first == 4 && t->destination_last == 4) ||
           (t->protocol == FR_ICMPV6 && t->source_first == 2 && t->source_last == 2);
}

/* What lets path-MTU discovery pass goes before every deny in a policy too: it is no allow here. */
static bool touches_allow(const struct importing *im, const struct fr_clause *clause) {
    for (size_t i = im->first_flow; i < im->flows->count; i++) {
        const struct fr_import_flow *flow = fr_vec_at(im->flows, struct fr_import_flow, i);
        if (!flow->deny && flow_meets(im, flow, clause) && !fr_import_is_path_mtu(im->m, flow))
            return true;
    }
    return false;
}

static flowrules_status add_clause(struct importing *im, const struct fr_clause *clause,
                                   uint32_t number) {
    switch ((enum fr_effect)clause->effect) {
    case FR_PASS:
        return add_part(im, clause, number, false);
    case FR_SKIP:
        return add_cutter(im, clause, clause->skip_to);
    case FR_BLOCK:
        if (touches_allow(im, clause) || is_touched(im, clause, number))
            return add_cutter(im, clause, UINT32_MAX);
        return add_part(im, clause, number, true);
    case FR_OUTSIDE:
        break;
    }
    return FLOWRULES_OK;
}

/*
 * A deny that a skip leads around in part holds for the rest of it alone: neither a deny of the
 * policy nor one cut says that. Told as too many parts, rather than guessed.
 */
static bool deny_in_skip(const struct importing *im, const struct fr_clause *clause,
                         uint32_t number) {
    const struct fr_import_flow flow = {
        clause, im->direction, {clause->source, clause->destination}, clause->service, true};
    if (clause->effect != FR_BLOCK)
        return false;
    for (size_t i = 0; i < im->cutters.count; i++) {
        const struct cutter *cutter = fr_vec_at(&im->cutters, struct cutter, i);
        if (cutter->until != UINT32_MAX && number < cutter->until &&
            flow_meets(im, &flow, cutter->clause))
            return true;
    }
    return false;
}

/* Do rules here name the pods that they are for, and leave those open that none is for? */
static bool names_pods(const flowrules_meaning *m) {
    return m->backend != NULL && m->backend->capabilities.pod_groups &&
           !m->backend->capabilities.implicit_end;
}

/* Is all denied to some pods? At the end of the list that is what protecting them means. */
static bool is_rest_of_pods(const struct importing *im, const struct fr_clause *clause) {
    fr_set peers = im->direction == FLOWRULES_EGRESS ? clause->destination : clause->source;
    return clause->effect == FR_BLOCK && peers == FR_SET_ANY && clause->service == FR_SERVICE_ANY &&
           clause->families == FLOWRULES_BOTH_FAMILIES;
}

/* The number of clauses before those of the end of a list that protect pods. */
static uint32_t count_rules(const struct importing *im, const struct fr_stage *stage) {
    uint32_t count = (uint32_t)stage->clauses.count;
    while (names_pods(im->m) && count > 0 &&
           is_rest_of_pods(im, fr_vec_at(&stage->clauses, struct fr_clause, count - 1)))
        count--;
    return count;
}

static flowrules_status import_stage(struct importing *im, const struct fr_stage *stage) {
    uint32_t count = count_rules(im, stage);
    im->first_flow = im->flows->count;
    im->cutters.count = 0;
    for (uint32_t i = 0; i < count && im->too_many == NULL; i++) {
        const struct fr_clause *clause = fr_vec_at(&stage->clauses, struct fr_clause, i);
        if ((clause->packets & FLOWRULES_NEW) == 0)
            continue;
        bool total = is_total(clause);
        if (deny_in_skip(im, clause, i)) {
            im->too_many = clause;
            return FLOWRULES_OK;
        }
        if (total && clause->effect == FR_BLOCK)
            return FLOWRULES_OK; /* what nothing allows is denied anyway */
        FR_TRY(add_clause(im, clause, i));
        if (total)
            return FLOWRULES_OK;
    }
    /* What no clause matches passes: the list ends with an allow of everything. */
    static const struct fr_clause rest = {.effect = FR_PASS,
                                          .families = FLOWRULES_BOTH_FAMILIES,
                                          .packets = FR_ALL_PACKETS,
                                          .flow = FR_NO_FLOW,
                                          .source = FR_SET_ANY,
                                          .destination = FR_SET_ANY,
                                          .service = FR_SERVICE_ANY};
    return im->too_many != NULL || names_pods(im->m) ? FLOWRULES_OK : add_clause(im, &rest, count);
}

/* ---- several lists ------------------------------------------------------------------------- */

/* The terms that two services have in common; false when out of memory. */
static bool meet_services(const struct importing *im, fr_service a, fr_service b,
                          struct fr_vec *terms) {
    const struct fr_service_terms *x = fr_service_get(&im->m->services, a);
    const struct fr_service_terms *y = fr_service_get(&im->m->services, b);
    for (uint32_t i = 0; i < x->count; i++)
        for (uint32_t k = 0; k < y->count; k++) {
            struct fr_term both, *slot;
            if (!fr_terms_meet(&x->terms[i], &y->terms[k], &both))
                continue;
            slot = fr_vec_add(terms);
            if (slot == NULL)
                return false;
            *slot = both;
        }
    return true;
}

/* What two allows both let pass; no flow where they have nothing in common. */
static flowrules_status meet(struct importing *im, const struct fr_import_flow *a,
                             const struct fr_import_flow *b) {
    struct fr_vec terms;
    fr_vec_init(&terms, &im->m->context->allocator, sizeof(struct fr_term));
    bool good = meet_services(im, a->service, b->service, &terms);
    flowrules_status status = good ? FLOWRULES_OK : fr_no_memory(im->m->context);
    if (good && terms.count > 0) {
        const fr_set ends[2] = {fr_set_intersect(&im->m->sets, a->ends[0], b->ends[0]),
                                fr_set_intersect(&im->m->sets, a->ends[1], b->ends[1])};
        bool own = b->clause->line > 0; /* the one that stands in the configuration names it */
        status = add_flow(im, own ? b->clause : a->clause, ends,
                          fr_services_add(&im->m->services, terms.items, terms.count), false);
    }
    fr_vec_free(&terms);
    return status;
}

/* Both lists have to be passed: allows meet, denies of either hold. The lists lie one after another
 * in flows, the first from first on, the second from second on. */
static flowrules_status meet_stages(struct importing *im, size_t first, size_t second) {
    struct fr_vec own;
    size_t count = im->flows->count - first;
    fr_vec_init(&own, &im->m->context->allocator, sizeof(struct fr_import_flow));
    if (!fr_vec_reserve(&own, count + 1))
        return fr_no_memory(im->m->context);
    memcpy(own.items, fr_vec_at(im->flows, struct fr_import_flow, first),
           count * sizeof(struct fr_import_flow));
    im->flows->count = first;
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < count && status == FLOWRULES_OK; i++) {
        const struct fr_import_flow *a = fr_vec_at(&own, struct fr_import_flow, i);
        if (a->deny)
            status = add_flow(im, a->clause, a->ends, a->service, true);
        for (size_t k = second - first;
             i < second - first && !a->deny && k < count && status == FLOWRULES_OK; k++) {
            const struct fr_import_flow *b = fr_vec_at(&own, struct fr_import_flow, k);
            if (!b->deny)
                status = meet(im, a, b);
        }
    }
    fr_vec_free(&own);
    return status;
}

flowrules_status fr_import_flows(flowrules_meaning *m, enum flowrules_direction direction,
                                 struct fr_vec *flows, const struct fr_clause **too_many) {
    struct importing im = {.m = m, .direction = direction, .flows = flows};
    size_t first = flows->count;
    flowrules_status status = FLOWRULES_OK;
    fr_vec_init(&im.cutters, &m->context->allocator, sizeof(struct cutter));
    for (size_t i = 0; i < m->stages[direction].count && status == FLOWRULES_OK; i++) {
        size_t second = flows->count;
        status = import_stage(&im, *fr_vec_at(&m->stages[direction], struct fr_stage *, i));
        if (status == FLOWRULES_OK && i > 0 && im.too_many == NULL)
            status = meet_stages(&im, first, second);
    }
    fr_vec_free(&im.cutters);
    if (im.too_many != NULL)
        *too_many = im.too_many;
    return status;
}
