/*
 * From a first-match list to a policy. An allow stays whole where no earlier deny or skip touches
 * it; a deny is one of the policy's where no earlier allow touches it, for there a deny beats every
 * allow. A deny behind an allow is cut, or spares it. A rule in doubt takes as much as it may, and
 * gives nothing.
 */
#include "import_flows.h"

#include <string.h>

#include "boxes.h"
#include "interfaces.h"

const struct fr_clause fr_import_block_all = FR_CLAUSE_OF_ALL(FR_BLOCK),
                       fr_import_pass_all = FR_CLAUSE_OF_ALL(FR_PASS);

/* What later clauses lack: a deny behind an allow that it touches, or a skip over them. */
struct cutter {
    fr_set ends[2];
    fr_service service;
    uint32_t until; /* the first clause behind it that is not touched; UINT32_MAX: none */
    bool of_allows, of_denies;
    bool in_doubt;
    size_t behind; /* of a deny: the allows before it are those up to this flow */
    struct fr_reach reach;
};

struct importing {
    flowrules_meaning *m;
    enum flowrules_direction direction;
    struct fr_vec *flows;
    size_t first_flow; /* of this stage */
    unsigned decided;  /* families of which a rule of this stage decided all that was left */
    struct fr_vec cutters;
    struct fr_vec allowed; /* uint32_t: flows that may take from a clause and have not yet */
    bool may_spare;        /* a deny may be one that spares the allows before it */
    bool blocks;           /* a deny of everything is a flow, if clauses follow it */
    uint32_t list;         /* the number of this stage */
    uint32_t place;        /* the number of the clause in it */
    struct fr_import_found *found;
};

/* ---- clauses ------------------------------------------------------------------------------- */

/* An end of a clause, without the families that it is not about, or that are decided already. */
static fr_set end_of(const struct importing *im, const struct fr_clause *clause, unsigned end) {
    fr_set set = end == 0 ? clause->source : clause->destination;
    unsigned families = clause->families & ~im->decided & FLOWRULES_BOTH_FAMILIES;
    if (families == FLOWRULES_BOTH_FAMILIES)
        return set;
    struct fr_sets *sets = &im->m->sets;
    for (unsigned f = 0; f < 2; f++) {
        struct flowrules_range all = {
            (enum flowrules_family)f, {0, 0}, fr_ip_max((enum flowrules_family)f)};
        if ((families & FLOWRULES_FAMILY_BIT(f)) == 0)
            fr_builder_range(&im->m->builder, &all);
    }
    fr_set without = fr_builder_finish(&im->m->builder, sets);
    /* "Any" of one family is its addresses: a name or group of one family can't be written. */
    if (set == FR_SET_ANY)
        without = fr_set_union(sets, without, fr_meaning_all_atoms(im->m));
    return fr_set_subtract(sets, set, without);
}

/* Does it decide all that is left of its families? */
static bool is_total(const struct fr_clause *clause) {
    return clause->source == FR_SET_ANY && clause->destination == FR_SET_ANY &&
           clause->service == FR_SERVICE_ANY && clause->effect != FR_SKIP &&
           clause->effect != FR_OUTSIDE && clause->doubt == 0;
}

/* Of a box, as far as is seen here, the services first: they are told apart faster. */
static bool ends_meet(const struct importing *im, const fr_set a[2], fr_service service,
                      const fr_set b[2], fr_service other) {
    return fr_services_meet(&im->m->services, service, other) &&
           fr_set_overlaps(&im->m->sets, a[0], b[0]) && fr_set_overlaps(&im->m->sets, a[1], b[1]);
}

/* Do rules here name the pods that they are for, and leave those open that none is for? */
static bool names_pods(const flowrules_meaning *m) {
    return m->backend != NULL && m->backend->capabilities.pod_groups &&
           !m->backend->capabilities.implicit_end;
}

/* Can no address, name or pod be of both groups? Then the platform's selectors say so. */
static bool exclude(const flowrules_meaning *m, const struct fr_set_head *x,
                    const struct fr_set_head *y) {
    for (uint32_t i = 0; i < x->atoms; i++)
        for (uint32_t k = 0; k < y->atoms; k++)
            if (!fr_meaning_groups_exclude(m, fr_set_atoms(x)[i], fr_set_atoms(y)[k]))
                return false;
    return true;
}

/* Have they something in common, or may they have: a name or group and what is not known of it? */
static bool sets_may_meet(const flowrules_meaning *m, fr_set a, fr_set b) {
    const struct fr_set_head *x = fr_set_head(&m->sets, a), *y = fr_set_head(&m->sets, b);
    if (fr_set_overlaps(&m->sets, a, b))
        return true;
    if (names_pods(m)) /* addresses are no pods */
        return x->atoms > 0 && y->atoms > 0 && !exclude(m, x, y);
    return x->atoms > 0 || y->atoms > 0;
}

static struct fr_reach reach_of(const flowrules_meaning *m, const fr_set ends[2],
                                fr_service service) {
    return fr_reach_of(&m->sets, ends, fr_service_get(&m->services, service));
}

void fr_import_reach(const flowrules_meaning *m, struct fr_import_flow *flow) {
    flow->reach = reach_of(m, flow->ends, flow->service);
}

/* May packets of both come and go by the same interfaces? */
static bool interfaces_meet(const flowrules_meaning *m, const struct fr_import_flow *a,
                            const struct fr_import_flow *b) {
    return fr_interfaces_meet(&m->sets, a->interfaces[0], b->interfaces[0]) &&
           fr_interfaces_meet(&m->sets, a->interfaces[1], b->interfaces[1]);
}

bool fr_import_sets_may_meet(const flowrules_meaning *m, const struct fr_import_flow *a,
                             const struct fr_import_flow *b) {
    return interfaces_meet(m, a, b) && fr_services_meet(&m->services, a->service, b->service) &&
           sets_may_meet(m, a->ends[0], b->ends[0]) && sets_may_meet(m, a->ends[1], b->ends[1]);
}

/* ---- cutting ------------------------------------------------------------------------------- */

/*
 * Everything but some addresses is addresses alone where names and groups have addresses: a policy
 * says it so.
 */
static fr_set addresses_alone(struct importing *im, fr_set set) {
    bool pods = names_pods(im->m);
    if (set == FR_SET_ANY || pods || fr_set_head(&im->m->sets, set)->all_atoms == 0)
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

/* No packet has ends of two families: such a part of a rule says nothing. */
static bool is_nothing(const struct importing *im, const fr_set ends[2], fr_service service) {
    if (fr_service_get(&im->m->services, service)->count == 0)
        return true;
    return (families_of(im, ends[0]) & families_of(im, ends[1]) &
            fr_service_get(&im->m->services, service)->families) == 0;
}

/* A flow at the next place of this list, or at places of its own, which are borrowed. */
static flowrules_status add_flow_at(struct importing *im, const struct fr_clause *clause,
                                    const fr_set both[2], fr_service service,
                                    enum fr_import_kind kind, const uint32_t *places) {
    const fr_set ends[2] = {addresses_alone(im, both[0]), addresses_alone(im, both[1])};
    FR_TRY(fr_meaning_memory(im->m));
    if (is_nothing(im, ends, service))
        return FLOWRULES_OK;
    if (im->flows->count >= FR_IMPORT_PARTS_MAX) {
        im->found->too_many = clause;
        return FLOWRULES_OK;
    }
    struct fr_import_flow *flow = fr_vec_add(im->flows);
    uint32_t *own = NULL;
    if (places == NULL)
        places = own = fr_arena_zalloc(&im->m->arena, (im->list + 1) * sizeof *own);
    if (flow == NULL || places == NULL)
        return fr_no_memory(im->m->context);
    if (own != NULL)
        own[im->list] = im->place;
    *flow = (struct fr_import_flow){.clause = clause,
                                    .direction = im->direction,
                                    .ends = {ends[0], ends[1]},
                                    .service = service,
                                    .kind = (uint8_t)kind,
                                    .list = im->list,
                                    .places = places};
    fr_import_reach(im->m, flow);
    return FLOWRULES_OK;
}

static flowrules_status add_flow(struct importing *im, const struct fr_clause *clause,
                                 const fr_set both[2], fr_service service,
                                 enum fr_import_kind kind) {
    return add_flow_at(im, clause, both, service, kind, NULL);
}

/* A comment at this place. */
static flowrules_status add_note(struct importing *im, const struct fr_clause *clause,
                                 enum fr_import_kind kind) {
    struct fr_import_flow *flow = fr_vec_add(im->flows);
    if (flow == NULL)
        return fr_no_memory(im->m->context);
    *flow = (struct fr_import_flow){.clause = clause,
                                    .direction = im->direction,
                                    .ends = {clause->source, clause->destination},
                                    .service = clause->service,
                                    .kind = (uint8_t)kind};
    return FLOWRULES_OK;
}

/* Takes source × destination × service away from the boxes, term by term. */
static flowrules_status cut(struct importing *im, struct fr_boxes *boxes, const fr_set ends[2],
                            fr_service service) {
    const struct fr_service_terms *terms = fr_service_get(&im->m->services, service);
    struct fr_box box = {{ends[0], ends[1]}, {0}};
    bool touched = false;
    for (uint32_t i = 0; i < terms->count && !boxes->too_many; i++) {
        box.term = terms->terms[i];
        FR_TRY(fr_boxes_subtract(boxes, &box, &touched));
    }
    return FLOWRULES_OK;
}

/* Types and codes of ICMP end at 255, where ports go on. */
static bool is_no_type(const struct fr_term *t) {
    return fr_protocol_is_icmp(t->protocol) &&
           (t->source_first > 255 || t->destination_first > 255);
}

/* The service of the boxes from *next on that have the ends of the first; *next goes behind. */
static fr_service join_boxes(struct importing *im, const struct fr_boxes *boxes, size_t *next) {
    struct fr_service_builder builder;
    const struct fr_box *first = fr_vec_at(&boxes->list, struct fr_box, *next);
    fr_service_begin(&builder, &im->m->context->allocator);
    for (; *next < boxes->list.count; ++*next) {
        const struct fr_box *box = fr_vec_at(&boxes->list, struct fr_box, *next);
        if (box->ends[0] != first->ends[0] || box->ends[1] != first->ends[1])
            break;
        if (!is_no_type(&box->term))
            fr_service_add(&builder, &box->term);
    }
    return fr_service_finish(&builder, &im->m->services);
}

/* What cutters in force take from a clause. */
typedef bool cuts_fn(const struct cutter *cutter);

static bool cuts_allows(const struct cutter *cutter) {
    return cutter->of_allows;
}

static bool cuts_denies(const struct cutter *cutter) {
    return cutter->of_denies;
}

static bool cuts_surely(const struct cutter *cutter) {
    return cutter->of_allows && !cutter->in_doubt;
}

static bool cuts_skips(const struct cutter *cutter) {
    return cutter->of_allows && cutter->until != UINT32_MAX;
}

/* A skip in doubt, so that what it leads around may hold or not. */
static bool cuts_in_doubt(const struct cutter *cutter) {
    return cutter->in_doubt && cutter->until != UINT32_MAX;
}

/* Lists the flows of this stage that may take from a box. */
static flowrules_status list_allowed(struct importing *im, const fr_set ends[2],
                                     fr_service service) {
    struct fr_reach reach = reach_of(im->m, ends, service);
    im->allowed.count = 0;
    for (size_t i = im->first_flow; i < im->flows->count; i++) {
        const struct fr_import_flow *flow = fr_vec_at(im->flows, struct fr_import_flow, i);
        if (!fr_reaches_meet(&reach, &flow->reach) || flow->kind != FR_IMPORT_ALLOW ||
            !ends_meet(im, flow->ends, flow->service, ends, service))
            continue;
        uint32_t *slot = fr_vec_add(&im->allowed);
        if (slot == NULL)
            return fr_no_memory(im->m->context);
        *slot = (uint32_t)i;
    }
    return FLOWRULES_OK;
}

/* True if nothing can be taken from the boxes any more, or too much is left of them. */
static bool is_done(const struct fr_boxes *boxes) {
    return boxes->list.count == 0 || boxes->too_many;
}

/*
 * Takes away what was allowed before a deny that is a cutter, where the two meet: it need not be
 * allowed again, and what is left is often whole. Each flow takes once, and leaves the list.
 */
static flowrules_status cut_allowed(struct importing *im, struct fr_boxes *boxes,
                                    const struct cutter *cutter) {
    uint32_t *list = im->allowed.items;
    size_t left = 0;
    for (size_t i = 0; i < im->allowed.count && !is_done(boxes); i++) {
        const struct fr_import_flow *flow = fr_vec_at(im->flows, struct fr_import_flow, list[i]);
        if (list[i] < cutter->behind && fr_reaches_meet(&cutter->reach, &flow->reach) &&
            ends_meet(im, flow->ends, flow->service, cutter->ends, cutter->service))
            FR_TRY(cut(im, boxes, flow->ends, flow->service));
        else
            list[left++] = list[i];
    }
    im->allowed.count = left;
    return FLOWRULES_OK;
}

/* A clause whole, as boxes. */
static flowrules_status start_clause(struct importing *im, const struct fr_clause *clause,
                                     struct fr_box *box, struct fr_boxes *boxes) {
    const struct fr_service_terms *terms = fr_service_get(&im->m->services, clause->service);
    *box = (struct fr_box){{end_of(im, clause, 0), end_of(im, clause, 1)}, {0}};
    fr_boxes_init(boxes, im->m->context, &im->m->sets, FR_IMPORT_PARTS_MAX);
    for (uint32_t i = 0; i < terms->count; i++) {
        box->term = terms->terms[i];
        FR_TRY(fr_boxes_add(boxes, box));
    }
    return FLOWRULES_OK;
}

/* A clause without what the cutters take from it, as boxes. */
static flowrules_status cut_clause(struct importing *im, const struct fr_clause *clause,
                                   uint32_t number, cuts_fn *cuts, bool allowed_too,
                                   struct fr_boxes *boxes) {
    struct fr_box box;
    FR_TRY(start_clause(im, clause, &box, boxes));
    if (allowed_too)
        FR_TRY(list_allowed(im, box.ends, clause->service));
    struct fr_reach reach = reach_of(im->m, box.ends, clause->service);
    for (size_t i = 0; i < im->cutters.count && !is_done(boxes); i++) {
        const struct cutter *cutter = fr_vec_at(&im->cutters, struct cutter, i);
        if (number >= cutter->until || !cuts(cutter) || !fr_reaches_meet(&reach, &cutter->reach) ||
            !ends_meet(im, box.ends, clause->service, cutter->ends, cutter->service))
            continue;
        if (allowed_too && cutter->behind > 0)
            FR_TRY(cut_allowed(im, boxes, cutter));
        FR_TRY(cut(im, boxes, cutter->ends, cutter->service));
    }
    return FLOWRULES_OK;
}

static bool is_cut(const struct importing *im, const struct fr_clause *clause, uint32_t number,
                   cuts_fn *cuts) {
    const fr_set ends[2] = {clause->source, clause->destination};
    struct fr_reach reach = reach_of(im->m, ends, clause->service);
    for (size_t i = 0; i < im->cutters.count; i++) {
        const struct cutter *cutter = fr_vec_at(&im->cutters, struct cutter, i);
        if (number < cutter->until && cuts(cutter) && fr_reaches_meet(&reach, &cutter->reach) &&
            ends_meet(im, ends, clause->service, cutter->ends, cutter->service))
            return true;
    }
    return false;
}

/* ---- a list -------------------------------------------------------------------------------- */

/* How long it would be in a policy: a further flow is longer than a further entry of a service. */
static size_t weigh(const struct fr_boxes *boxes) {
    size_t count = 0;
    for (size_t i = 0; i < boxes->list.count; i++) {
        const struct fr_box *box = fr_vec_at(&boxes->list, struct fr_box, i);
        bool same = i > 0 && box->ends[0] == box[-1].ends[0] && box->ends[1] == box[-1].ends[1];
        count += same ? 0 : 16;
    }
    return count + boxes->list.count;
}

static flowrules_status add_boxes(struct importing *im, const struct fr_clause *clause,
                                  const struct fr_boxes *boxes, enum fr_import_kind kind) {
    if (boxes->too_many)
        im->found->too_many = clause;
    for (size_t next = 0; next < boxes->list.count && im->found->too_many == NULL;) {
        const struct fr_box *first = fr_vec_at(&boxes->list, struct fr_box, next);
        const fr_set ends[2] = {first->ends[0], first->ends[1]};
        FR_TRY(add_flow(im, clause, ends, join_boxes(im, boxes, &next), kind));
    }
    return FLOWRULES_OK;
}

/* What denies in doubt took from an allow, all of it, is told. */
static flowrules_status note_taken(struct importing *im, const struct fr_clause *clause,
                                   uint32_t number) {
    struct fr_boxes sure;
    if (!is_cut(im, clause, number, cuts_allows))
        return FLOWRULES_OK;
    flowrules_status status = cut_clause(im, clause, number, cuts_surely, false, &sure);
    if (status == FLOWRULES_OK && sure.list.count > 0)
        status = add_note(im, clause, FR_IMPORT_TAKEN);
    fr_boxes_free(&sure);
    return status;
}

/* An allow that earlier denies cut, in the shorter of two ways. */
static flowrules_status add_cut_allow(struct importing *im, const struct fr_clause *clause,
                                      uint32_t number) {
    struct fr_boxes plain, fewer;
    flowrules_status status = cut_clause(im, clause, number, cuts_allows, true, &fewer);
    bool empty = status == FLOWRULES_OK && fewer.list.count == 0 && !fewer.too_many;
    if (status == FLOWRULES_OK && !empty)
        status = cut_clause(im, clause, number, cuts_allows, false, &plain);
    else
        fr_boxes_init(&plain, im->m->context, &im->m->sets, 1);
    bool shorter = !fewer.too_many && (plain.too_many || weigh(&fewer) < weigh(&plain));
    const struct fr_boxes *best = empty || shorter ? &fewer : &plain;
    if (status == FLOWRULES_OK)
        status = best->list.count == 0 && !best->too_many
                     ? note_taken(im, clause, number)
                     : add_boxes(im, clause, best, FR_IMPORT_ALLOW);
    fr_boxes_free(&plain);
    fr_boxes_free(&fewer);
    return status;
}

static flowrules_status add_allow(struct importing *im, const struct fr_clause *clause,
                                  uint32_t number) {
    if (clause->doubt != 0)
        return add_note(im, clause, FR_IMPORT_LEFT_OUT);
    if (is_cut(im, clause, number, cuts_allows))
        return add_cut_allow(im, clause, number);
    const fr_set ends[2] = {end_of(im, clause, 0), end_of(im, clause, 1)};
    return add_flow(im, clause, ends, clause->service, FR_IMPORT_ALLOW);
}

static flowrules_status add_cutter(struct importing *im, const struct cutter *cutter) {
    FR_TRY(fr_meaning_memory(im->m));
    struct cutter *slot = fr_vec_add(&im->cutters);
    if (slot == NULL)
        return fr_no_memory(im->m->context);
    *slot = *cutter;
    slot->reach = reach_of(im->m, cutter->ends, cutter->service);
    return FLOWRULES_OK;
}

static bool has_atoms(const struct importing *im, const fr_set ends[2]) {
    return fr_set_head(&im->m->sets, ends[0])->atoms > 0 ||
           fr_set_head(&im->m->sets, ends[1])->atoms > 0;
}

/*
 * Does an allow that came before touch the deny? Then it must not be taken back. *unseen: one of
 * a name or group, which nothing can be subtracted from, or NULL.
 */
static bool touches_allow(const struct importing *im, const struct fr_import_flow *deny,
                          const struct fr_clause **unseen) {
    bool touched = false;
    *unseen = NULL;
    for (size_t i = im->first_flow; i < im->flows->count && *unseen == NULL; i++) {
        const struct fr_import_flow *flow = fr_vec_at(im->flows, struct fr_import_flow, i);
        if (flow->kind != FR_IMPORT_ALLOW || !fr_import_may_meet(im->m, flow, deny))
            continue;
        touched = true;
        if (has_atoms(im, flow->ends) || has_atoms(im, deny->ends))
            *unseen = flow->clause;
    }
    return touched;
}

/* How much more of weight (see weigh) a deny may have without what was allowed before it. */
#define DENY_MAY_GROW 48u

/*
 * A deny without what was allowed before it takes the same from what is allowed later, and is a
 * deny of the policy's. *taken is set where that is no longer than it is good.
 */
static flowrules_status shrink_deny(struct importing *im, const struct fr_clause *clause,
                                    const struct cutter *deny, bool *taken) {
    const struct fr_service_terms *terms = fr_service_get(&im->m->services, deny->service);
    struct fr_boxes boxes;
    struct fr_box box = {{deny->ends[0], deny->ends[1]}, {0}};
    flowrules_status status = FLOWRULES_OK;
    fr_boxes_init(&boxes, im->m->context, &im->m->sets, terms->count + DENY_MAY_GROW);
    for (uint32_t i = 0; i < terms->count && status == FLOWRULES_OK; i++) {
        box.term = terms->terms[i];
        status = fr_boxes_add(&boxes, &box);
    }
    size_t whole = weigh(&boxes);
    if (status == FLOWRULES_OK)
        status = list_allowed(im, deny->ends, deny->service);
    if (status == FLOWRULES_OK)
        status = cut_allowed(im, &boxes, deny);
    *taken = !boxes.too_many && weigh(&boxes) <= whole + DENY_MAY_GROW;
    if (status == FLOWRULES_OK && *taken)
        status = add_boxes(im, clause, &boxes, FR_IMPORT_DENY);
    fr_boxes_free(&boxes);
    return status;
}

/* A deny, whole, that spares the allows before it. */
static flowrules_status add_ordered(struct importing *im, const struct fr_clause *clause,
                                    const fr_set ends[2], fr_service service) {
    size_t before = im->flows->count;
    FR_TRY(add_flow(im, clause, ends, service, FR_IMPORT_DENY));
    if (im->flows->count > before)
        fr_vec_at(im->flows, struct fr_import_flow, before)->ordered = true;
    return FLOWRULES_OK;
}

/* One part of a deny: the policy's, or, where an allow was before it, what later allows lack. */
static flowrules_status add_deny_part(struct importing *im, const struct fr_clause *clause,
                                      const fr_set ends[2], fr_service service, bool in_doubt) {
    FR_TRY(fr_meaning_memory(im->m));
    if (is_nothing(im, ends, service))
        return FLOWRULES_OK;
    const struct fr_clause *unseen;
    struct fr_import_flow deny = {.ends = {ends[0], ends[1]}, .service = service};
    fr_import_reach(im->m, &deny);
    if (!touches_allow(im, &deny, &unseen))
        return add_flow(im, clause, ends, service, FR_IMPORT_DENY);
    im->found->orders = true;
    if (im->may_spare)
        return add_ordered(im, clause, ends, service);
    struct cutter cutter = {.ends = {ends[0], ends[1]},
                            .service = service,
                            .until = UINT32_MAX,
                            .of_allows = true,
                            .in_doubt = in_doubt,
                            .behind = im->flows->count,
                            .reach = deny.reach};
    bool taken = false;
    if (unseen != NULL && im->found->allow == NULL) {
        im->found->allow = unseen;
        im->found->deny = clause;
    }
    if (unseen == NULL)
        FR_TRY(shrink_deny(im, clause, &cutter, &taken));
    return taken ? FLOWRULES_OK : add_cutter(im, &cutter);
}

static flowrules_status add_deny(struct importing *im, const struct fr_clause *clause,
                                 uint32_t number) {
    if (clause->doubt != 0)
        FR_TRY(add_note(im, clause, FR_IMPORT_KEPT));
    bool in_doubt = clause->doubt != 0 || is_cut(im, clause, number, cuts_in_doubt);
    const fr_set whole[2] = {end_of(im, clause, 0), end_of(im, clause, 1)};
    if (!is_cut(im, clause, number, cuts_denies))
        return add_deny_part(im, clause, whole, clause->service, in_doubt);
    struct fr_boxes boxes;
    flowrules_status status = cut_clause(im, clause, number, cuts_denies, false, &boxes);
    if (boxes.too_many)
        im->found->too_many = clause;
    for (size_t next = 0; next < boxes.list.count && status == FLOWRULES_OK && !boxes.too_many;) {
        const struct fr_box *first = fr_vec_at(&boxes.list, struct fr_box, next);
        const fr_set ends[2] = {first->ends[0], first->ends[1]};
        status = add_deny_part(im, clause, ends, join_boxes(im, &boxes, &next), in_doubt);
    }
    fr_boxes_free(&boxes);
    return status;
}

/* A cutter for each of the boxes that have ends of their own. */
static flowrules_status add_cutters(struct importing *im, const struct fr_boxes *boxes,
                                    struct cutter *cutter) {
    for (size_t next = 0; next < boxes->list.count;) {
        const struct fr_box *first = fr_vec_at(&boxes->list, struct fr_box, next);
        cutter->ends[0] = first->ends[0];
        cutter->ends[1] = first->ends[1];
        cutter->service = join_boxes(im, boxes, &next);
        FR_TRY(add_cutter(im, cutter));
    }
    return FLOWRULES_OK;
}

/*
 * What a skip leads around. Of the packets that an earlier skip led around this one, those go on
 * where that one lands: what may stand before it takes them all the same.
 */
static flowrules_status add_skip(struct importing *im, const struct fr_clause *clause,
                                 uint32_t number) {
    struct fr_boxes of_allows, of_denies;
    flowrules_status status = cut_clause(im, clause, number, cuts_denies, false, &of_allows);
    if (status == FLOWRULES_OK)
        status = cut_clause(im, clause, number, cuts_skips, false, &of_denies);
    else
        fr_boxes_init(&of_denies, im->m->context, &im->m->sets, 1);
    if (of_allows.too_many || of_denies.too_many)
        im->found->too_many = clause;
    struct cutter cutter = {
        .until = clause->skip_to, .of_allows = true, .in_doubt = clause->doubt != 0};
    if (status == FLOWRULES_OK && im->found->too_many == NULL)
        status = add_cutters(im, &of_allows, &cutter);
    cutter.of_allows = false;
    cutter.of_denies = true;
    if (status == FLOWRULES_OK && im->found->too_many == NULL && clause->doubt == 0)
        status = add_cutters(im, &of_denies, &cutter);
    fr_boxes_free(&of_allows);
    fr_boxes_free(&of_denies);
    if (status == FLOWRULES_OK && clause->doubt != 0)
        status = add_note(im, clause, FR_IMPORT_KEPT);
    return status;
}

static flowrules_status add_clause(struct importing *im, const struct fr_clause *clause,
                                   uint32_t number) {
    im->place = number;
    switch ((enum fr_effect)clause->effect) {
    case FR_PASS:
        return add_allow(im, clause, number);
    case FR_SKIP:
        return add_skip(im, clause, number);
    case FR_BLOCK:
        return add_deny(im, clause, number);
    case FR_OUTSIDE:
        break;
    }
    return FLOWRULES_OK;
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

/* Do skips lead some packets around the clause? */
static bool is_skipped(const struct importing *im, uint32_t number) {
    for (size_t i = 0; i < im->cutters.count; i++) {
        const struct cutter *cutter = fr_vec_at(&im->cutters, struct cutter, i);
        if (cutter->until != UINT32_MAX && number < cutter->until)
            return true;
    }
    return false;
}

/* The pods of the rules from first to before last. */
static fr_set pods_of(struct importing *im, const struct fr_stage *stage, uint32_t first,
                      uint32_t last) {
    fr_set sum = FR_SET_EMPTY;
    for (uint32_t i = first; i < last; i++) {
        const struct fr_clause *c = fr_vec_at(&stage->clauses, struct fr_clause, i);
        if (c->effect == FR_PASS || c->effect == FR_BLOCK)
            sum = fr_set_union(&im->m->sets, sum,
                               im->direction == FLOWRULES_EGRESS ? c->source : c->destination);
    }
    return sum;
}

/* It may not be known which pods the end of a list is for. */
static flowrules_status note_rest(struct importing *im, const struct fr_stage *stage,
                                  uint32_t count) {
    for (uint32_t i = count; i < stage->clauses.count; i++) {
        const struct fr_clause *c = fr_vec_at(&stage->clauses, struct fr_clause, i);
        if (c->doubt != 0)
            FR_TRY(add_note(im, c, FR_IMPORT_KEPT));
    }
    return FLOWRULES_OK;
}

/* Pods that rules are for and that nothing closes: all that no rule denies them passes. */
static flowrules_status allow_open_pods(struct importing *im, const struct fr_stage *stage,
                                        uint32_t count) {
    FR_TRY(note_rest(im, stage, count));
    fr_set named = pods_of(im, stage, 0, count);
    fr_set closed = pods_of(im, stage, count, (uint32_t)stage->clauses.count);
    fr_set open = fr_set_subtract(&im->m->sets, named, closed);
    struct fr_clause *rest = fr_arena_alloc(&im->m->arena, sizeof *rest);
    if (rest == NULL)
        return fr_no_memory(im->m->context);
    FR_TRY(fr_meaning_memory(im->m));
    if (open == FR_SET_EMPTY || fr_set_head(&im->m->sets, open)->all_atoms != 0)
        return FLOWRULES_OK;
    bool egress = im->direction == FLOWRULES_EGRESS;
    *rest = fr_import_pass_all;
    *(egress ? &rest->source : &rest->destination) = open;
    return add_clause(im, rest, count);
}

static flowrules_status import_stage(struct importing *im, const struct fr_stage *stage,
                                     const bool *consumed) {
    uint32_t count = count_rules(im, stage);
    im->first_flow = im->flows->count;
    im->cutters.count = 0;
    im->decided = 0;
    for (uint32_t i = 0; i < count && im->found->too_many == NULL; i++) {
        const struct fr_clause *clause = fr_vec_at(&stage->clauses, struct fr_clause, i);
        bool new = (clause->packets & FLOWRULES_NEW) != 0;
        if (!new && clause->doubt != 0 && clause->effect != FR_OUTSIDE)
            FR_TRY(add_note(im, clause,
                            clause->effect == FR_PASS ? FR_IMPORT_LEFT_OUT : FR_IMPORT_KEPT));
        if (!new || consumed[i] || (clause->families & ~im->decided & FLOWRULES_BOTH_FAMILIES) == 0)
            continue;
        bool total = is_total(clause) && !is_skipped(im, i);
        bool rest = total && clause->effect == FR_BLOCK && !(im->blocks && i + 1 < count);
        if (!rest) /* what nothing allows is denied anyway */
            FR_TRY(add_clause(im, clause, i));
        if (total)
            im->decided |= clause->families;
    }
    if (im->found->too_many == NULL && names_pods(im->m))
        return allow_open_pods(im, stage, count);
    if (im->found->too_many != NULL ||
        (im->decided & FLOWRULES_BOTH_FAMILIES) == FLOWRULES_BOTH_FAMILIES)
        return FLOWRULES_OK;
    /* What no clause matches passes: the list ends with an allow of everything. */
    return add_clause(im, &fr_import_pass_all, count);
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
        uint32_t *places = fr_arena_alloc(&im->m->arena, (im->list + 1) * sizeof *places);
        if (places != NULL) {
            memcpy(places, a->places, im->list * sizeof *places);
            places[im->list] = b->places[im->list];
        }
        status = places == NULL
                     ? fr_no_memory(im->m->context)
                     : add_flow_at(im, own ? b->clause : a->clause, ends,
                                   fr_services_add(&im->m->services, terms.items, terms.count),
                                   FR_IMPORT_ALLOW, places);
    }
    fr_vec_free(&terms);
    return status;
}

/* A flow of one of two lists, which both have to be passed. */
static flowrules_status add_again(struct importing *im, const struct fr_import_flow *own) {
    if (!fr_import_is_flow(own))
        return add_note(im, own->clause, (enum fr_import_kind)own->kind);
    struct fr_import_flow *flow = own->kind == FR_IMPORT_DENY ? fr_vec_add(im->flows) : NULL;
    if (own->kind == FR_IMPORT_DENY && flow == NULL)
        return fr_no_memory(im->m->context);
    if (flow != NULL)
        *flow = *own;
    return FLOWRULES_OK;
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
        status = add_again(im, a);
        for (size_t k = second - first; i < second - first && a->kind == FR_IMPORT_ALLOW &&
                                        k < count && status == FLOWRULES_OK;
             k++) {
            const struct fr_import_flow *b = fr_vec_at(&own, struct fr_import_flow, k);
            if (b->kind == FR_IMPORT_ALLOW)
                status = meet(im, a, b);
        }
    }
    fr_vec_free(&own);
    return status;
}

flowrules_status fr_import_flows(flowrules_meaning *m, enum flowrules_direction direction,
                                 enum fr_import_way way, const bool *consumed, struct fr_vec *flows,
                                 struct fr_import_found *found) {
    struct importing im = {.m = m,
                           .direction = direction,
                           .flows = flows,
                           .may_spare = way != FR_IMPORT_CUTS,
                           .blocks = way == FR_IMPORT_BLOCKS,
                           .found = found};
    size_t first = flows->count;
    flowrules_status status = FLOWRULES_OK;
    fr_vec_init(&im.cutters, &m->context->allocator, sizeof(struct cutter));
    fr_vec_init(&im.allowed, &m->context->allocator, sizeof(uint32_t));
    for (size_t i = 0; i < m->stages[direction].count && status == FLOWRULES_OK; i++) {
        const struct fr_stage *stage = *fr_vec_at(&m->stages[direction], struct fr_stage *, i);
        size_t second = flows->count;
        im.list = (uint32_t)i;
        status = import_stage(&im, stage, consumed);
        consumed += stage->clauses.count;
        if (status == FLOWRULES_OK && i > 0 && found->too_many == NULL)
            status = meet_stages(&im, first, second);
    }
    fr_vec_free(&im.allowed);
    fr_vec_free(&im.cutters);
    return status;
}
