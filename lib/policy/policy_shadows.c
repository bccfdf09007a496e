/*
 * Warns of allows that denies cover, one deny or several together. Does not find denies that cut a
 * range of ports into pieces, or that match by the addresses of a name.
 */
#include "policy_resolve.h"

/* A file with very many denies and allows is not searched to the end: loading is to stay fast. */
#define COMPARISONS_MOST 1000000u

/* A flow that falls into more pieces, or meets more denies, is not searched to the end. */
#define PIECES_MOST 64u

struct shade {
    const struct fr_flow *flow;
    fr_set ends[2];
    bool symbolic;              /* an end has names or groups, or may be at some interfaces alone */
    struct fr_range4 around[2]; /* all IPv4 addresses of an end; first above last: none */
};

/* ---- what is far from each other ----------------------------------------------------------- */

static struct fr_range4 range_around(const struct fr_sets *sets, fr_set set) {
    const struct fr_set_head *head = fr_set_head(sets, set);
    const struct fr_range4 *ranges = fr_set_ranges4(head);
    if (head->count4 == 0)
        return (struct fr_range4){1, 0};
    return (struct fr_range4){ranges[0].first, ranges[head->count4 - 1].last};
}

/* Are all items of an end IPv4 addresses outside of a range? False where it is not easily told. */
static bool is_outside(const flowrules_policy *policy, struct fr_span end,
                       struct fr_range4 around) {
    for (uint32_t i = 0; i < end.count; i++) {
        const struct fr_peer *item = fr_vec_at(&policy->peers, struct fr_peer, end.first + i);
        if (item->kind != FR_PEER_ADDRESS4 ||
            (around.first <= item->ref && item->ref <= around.last))
            return false;
    }
    return end.count > 0;
}

/* True if it is easily told that a deny and a flow have no packet in common. */
static bool is_apart(const struct fr_binder *r, const struct shade *deny,
                     const struct fr_flow *flow) {
    return !deny->symbolic && (is_outside(r->policy, flow->source, deny->around[0]) ||
                               is_outside(r->policy, flow->destination, deny->around[1]));
}

/* ---- is it covered? ------------------------------------------------------------------------ */

/* Is an item of an end all in a set of addresses? Names and groups are in none. */
static bool is_in(const struct fr_binder *r, fr_set set, const struct fr_peer *item) {
    const struct fr_facts *facts;
    switch ((enum fr_peer_kind)item->kind) {
    case FR_PEER_NETWORK:
        facts = fr_vec_at(&r->facts, struct fr_facts, item->ref);
        return !facts->symbolic && fr_set_covers(&r->sets, set, facts->set);
    case FR_PEER_ADDRESS4:
        return fr_set_has_ip(&r->sets, set, FLOWRULES_IPV4, (struct flowrules_ip){0, item->ref});
    case FR_PEER_RANGE:
        return fr_set_has_range(&r->sets, set,
                                fr_vec_at(&r->policy->ranges, struct flowrules_range, item->ref));
    case FR_PEER_ANY:
    case FR_PEER_NAME:
    case FR_PEER_WILDCARD:
    case FR_PEER_ZONE:
    case FR_PEER_BROKEN:
        return false;
    }
    return false;
}

static bool covers_end(const struct fr_binder *r, struct fr_span outer, fr_set set,
                       struct fr_span inner) {
    for (uint32_t i = 0; set != FR_SET_ANY && i < inner.count; i++) {
        const struct fr_peer *item = fr_vec_at(&r->policy->peers, struct fr_peer, inner.first + i);
        if (!is_in(r, set, item) && !fr_policy_lists(r->policy, outer, item))
            return false;
    }
    return true;
}

static bool covers_service(const flowrules_policy *policy, fr_service outer, fr_service inner) {
    const struct fr_service_terms *terms = fr_service_get(&policy->services, inner);
    for (uint32_t i = 0; outer != inner && i < terms->count; i++)
        if (!fr_service_covers(&policy->services, outer, &terms->terms[i]))
            return false;
    return true;
}

static bool covers_flow(const struct fr_binder *r, const struct shade *deny,
                        const struct fr_flow *flow) {
    return covers_end(r, deny->flow->source, deny->ends[0], flow->source) &&
           covers_end(r, deny->flow->destination, deny->ends[1], flow->destination) &&
           covers_service(r->policy, deny->flow->service, flow->service);
}

/* ---- all flows ----------------------------------------------------------------------------- */

size_t fr_shadows_most(size_t flows) {
    return flows == 0 ? 0 : (COMPARISONS_MOST + flows - 1) / flows;
}

static flowrules_status list_denies(struct fr_binder *r, struct fr_vec *denies) {
    size_t flows = r->policy->flows.count, most = fr_shadows_most(flows);
    for (size_t i = 0; i < flows && denies->count < most; i++) {
        const struct fr_flow *flow = fr_vec_at(&r->policy->flows, struct fr_flow, i);
        struct fr_facts ends[2] = {{.set = FR_SET_EMPTY}, {.set = FR_SET_EMPTY}};
        if (!flow->deny || flow->expired || !flow->usable)
            continue;
        FR_TRY(fr_span_facts(r, flow->source, &ends[0]));
        FR_TRY(fr_span_facts(r, flow->destination, &ends[1]));
        struct shade *slot = fr_vec_push(denies);
        if (slot == NULL)
            return fr_no_memory(r->context);
        *slot = (struct shade){
            flow,
            {ends[0].placed ? FR_SET_EMPTY : ends[0].set,
             ends[1].placed ? FR_SET_EMPTY : ends[1].set},
            ends[0].symbolic || ends[1].symbolic || ends[0].placed || ends[1].placed,
            {range_around(&r->sets, ends[0].set), range_around(&r->sets, ends[1].set)}};
    }
    return FLOWRULES_OK;
}

/* How denies cover a flow, and what to do about it. */
struct cover {
    const char *words, *hint;
};

static const struct cover by_one = {
    "covers it", "remove the flow, deny less, or name it in the 'spares' of the deny"};
static const struct cover by_several = {
    "and others together cover it",
    "remove the flow, deny less, or name it in the 'spares' of one of these denies"};

/* deny: the one that covers the flow, or the first of several. */
static void warn(struct fr_binder *r, const struct fr_flow *flow, const struct fr_flow *deny,
                 const struct cover *cover) {
    const char *name = FR_POLICY_TEXT(r->policy, flow->name);
    struct fr_about about = {
        FLOWRULES_WARNING, FR_SHADOWED, fr_flow_place(r->policy, flow), name, NULL, cover->hint};
    fr_report(r->diagnostics, &about, "flow '%s' never passes: deny '%s' (%s:%u) %s", name,
              FR_POLICY_TEXT(r->policy, deny->name),
              fr_diagnostics_file_name(r->diagnostics, r->policy->first_file + deny->file),
              (unsigned)deny->line, cover->words);
}

/* Some target may take the flow and not the deny: there it passes. */
static flowrules_status is_denied_everywhere(const struct fr_binder *r, const struct fr_flow *flow,
                                             const struct fr_flow *deny, bool *everywhere) {
    *everywhere = true;
    for (size_t i = 0; *everywhere && i < r->policy->targets.count; i++) {
        const struct fr_target *target = fr_vec_at(&r->policy->targets, struct fr_target, i);
        bool allows, denies;
        FR_TRY(fr_target_selects(r->policy, target, flow, &allows));
        FR_TRY(fr_target_selects(r->policy, target, deny, &denies));
        *everywhere = denies || !allows;
    }
    return FLOWRULES_OK;
}

/* ---- is it covered by several? ------------------------------------------------------------- */

/* Addresses of a flow that no deny has covered so far: pairs of a source and a destination. */
struct rest {
    struct fr_binder *r;
    fr_set pieces[PIECES_MOST][2];
    size_t count;
    const struct fr_flow *first; /* the first deny that took something */
    size_t more;                 /* others that did */
    bool failed;                 /* there are too many pieces, or memory ran out */
    bool no_memory;
};

static void add_piece(struct rest *rest, fr_set source, fr_set destination) {
    rest->no_memory = rest->no_memory || source == FR_SET_NONE || destination == FR_SET_NONE;
    rest->failed = rest->failed || rest->no_memory || rest->count == PIECES_MOST;
    if (rest->failed || source == FR_SET_EMPTY || destination == FR_SET_EMPTY)
        return;
    rest->pieces[rest->count][0] = source;
    rest->pieces[rest->count++][1] = destination;
}

/* Any is every name and group too: only another any takes all of it. */
static bool can_take(fr_set outer, fr_set inner) {
    return inner != FR_SET_ANY || outer == FR_SET_ANY;
}

/* Cuts a deny out of one piece: what is left replaces it, or is added. True if it took some. */
static bool cut_piece(struct rest *rest, size_t i, const struct shade *deny) {
    struct fr_sets *sets = &rest->r->sets;
    fr_set source = rest->pieces[i][0], destination = rest->pieces[i][1];
    if (!can_take(deny->ends[0], source) || !can_take(deny->ends[1], destination) ||
        !fr_set_overlaps(sets, deny->ends[0], source) ||
        !fr_set_overlaps(sets, deny->ends[1], destination))
        return false;
    size_t last = --rest->count;
    rest->pieces[i][0] = rest->pieces[last][0];
    rest->pieces[i][1] = rest->pieces[last][1];
    add_piece(rest, fr_set_subtract(sets, source, deny->ends[0]), destination);
    add_piece(rest, fr_set_intersect(sets, source, deny->ends[0]),
              fr_set_subtract(sets, destination, deny->ends[1]));
    return true;
}

static void cut_deny(struct rest *rest, const struct shade *deny) {
    bool took = false;
    for (size_t i = rest->count; i-- > 0 && !rest->failed;)
        took = cut_piece(rest, i, deny) || took;
    if (took && rest->first == NULL)
        rest->first = deny->flow;
    else if (took && rest->first != deny->flow)
        rest->more++;
}

/* Do the denies that a target takes (NULL: all) cover each term of the flow's service? */
static flowrules_status find_cover(struct rest *rest, const struct fr_vec *denies,
                                   const struct shade *flow, const struct fr_target *target,
                                   bool *covered) {
    const flowrules_policy *policy = rest->r->policy;
    const struct fr_service_terms *terms = fr_service_get(&policy->services, flow->flow->service);
    *covered = true;
    for (uint32_t t = 0; *covered && t < terms->count; t++) {
        rest->count = 0;
        add_piece(rest, flow->ends[0], flow->ends[1]);
        for (size_t i = 0; i < denies->count && rest->count > 0 && !rest->failed; i++) {
            const struct shade *deny = fr_vec_at(denies, struct shade, i);
            bool taken = true;
            if (deny->symbolic ||
                !fr_service_covers(&policy->services, deny->flow->service, &terms->terms[t]))
                continue;
            if (target != NULL)
                FR_TRY(fr_target_selects(policy, target, deny->flow, &taken));
            if (taken)
                cut_deny(rest, deny);
        }
        *covered = rest->count == 0 && !rest->failed;
    }
    return FLOWRULES_OK;
}

/* On every target that takes the flow; without targets, by all denies. */
static flowrules_status cover_together(struct rest *rest, const struct fr_vec *denies,
                                       const struct shade *flow, bool *everywhere) {
    const flowrules_policy *policy = rest->r->policy;
    *everywhere = policy->targets.count > 0;
    if (!*everywhere)
        return find_cover(rest, denies, flow, NULL, everywhere);
    for (size_t i = 0; *everywhere && i < policy->targets.count; i++) {
        const struct fr_target *target = fr_vec_at(&policy->targets, struct fr_target, i);
        bool allows;
        FR_TRY(fr_target_selects(policy, target, flow->flow, &allows));
        if (allows)
            FR_TRY(find_cover(rest, denies, flow, target, everywhere));
    }
    return FLOWRULES_OK;
}

static flowrules_status check_together(struct fr_binder *r, const struct fr_vec *denies,
                                       struct fr_flow *flow) {
    struct fr_facts ends[2] = {{.set = FR_SET_EMPTY}, {.set = FR_SET_EMPTY}};
    struct rest rest = {.r = r};
    bool everywhere = false;
    if (denies->count < 2 || denies->count > PIECES_MOST)
        return FLOWRULES_OK;
    FR_TRY(fr_span_facts(r, flow->source, &ends[0]));
    FR_TRY(fr_span_facts(r, flow->destination, &ends[1]));
    if (ends[0].symbolic || ends[1].symbolic || ends[0].broken || ends[1].broken)
        return FLOWRULES_OK;
    struct shade whole = {.flow = flow, .ends = {ends[0].set, ends[1].set}};
    FR_TRY(cover_together(&rest, denies, &whole, &everywhere));
    if (rest.no_memory)
        return fr_no_memory(r->context);
    flow->shadowed = everywhere && rest.more > 0;
    if (flow->shadowed)
        warn(r, flow, rest.first, &by_several);
    return FLOWRULES_OK;
}

static flowrules_status check_flow(struct fr_binder *r, const struct fr_vec *denies,
                                   uint32_t number) {
    struct fr_flow *flow = fr_vec_at(&r->policy->flows, struct fr_flow, number);
    bool everywhere = false;
    size_t near = 0;
    if (flow->deny || flow->expired || !flow->usable)
        return FLOWRULES_OK;
    for (size_t i = 0; !everywhere && i < denies->count; i++) {
        const struct shade *deny = fr_vec_at(denies, struct shade, i);
        if (is_apart(r, deny, flow))
            continue;
        near++;
        if (fr_flow_is_spared(r->policy, deny->flow, number) || !covers_flow(r, deny, flow))
            continue;
        FR_TRY(is_denied_everywhere(r, flow, deny->flow, &everywhere));
        if (everywhere)
            warn(r, flow, deny->flow, &by_one);
        flow->shadowed = everywhere;
    }
    return everywhere || near < 2 ? FLOWRULES_OK : check_together(r, denies, flow);
}

flowrules_status fr_warn_of_shadowed(struct fr_binder *r) {
    size_t flows = r->policy->flows.count;
    struct fr_vec denies;
    fr_vec_init(&denies, &r->context->allocator, sizeof(struct shade));
    flowrules_status status = list_denies(r, &denies);
    for (uint32_t i = 0; status == FLOWRULES_OK && denies.count > 0 && i < flows; i++)
        status = check_flow(r, &denies, i);
    fr_vec_free(&denies);
    return status;
}
