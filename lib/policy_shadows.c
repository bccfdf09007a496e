/*
 * Flows that never pass, since one deny covers them. A warning: a flow that several denies cover
 * together, or one by a name's addresses, is not found.
 */
#include "policy_resolve.h"

/* A file with very many denies and allows is not searched to the end: loading is to stay fast. */
#define COMPARISONS_MOST 1000000u

struct shade {
    const struct fr_flow *flow;
    fr_set ends[2];
};

/* ---- is it covered? ------------------------------------------------------------------------ */

static bool has_item(const flowrules_policy *policy, struct fr_span span,
                     const struct fr_peer *item) {
    for (uint32_t i = 0; i < span.count; i++) {
        const struct fr_peer *own = fr_vec_at(&policy->peers, struct fr_peer, span.first + i);
        if (own->kind == item->kind && own->ref == item->ref)
            return true;
    }
    return false;
}

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
    case FR_PEER_BROKEN:
        return false;
    }
    return false;
}

static bool covers_end(const struct fr_binder *r, struct fr_span outer, fr_set set,
                       struct fr_span inner) {
    for (uint32_t i = 0; set != FR_SET_ANY && i < inner.count; i++) {
        const struct fr_peer *item = fr_vec_at(&r->policy->peers, struct fr_peer, inner.first + i);
        if (!is_in(r, set, item) && !has_item(r->policy, outer, item))
            return false;
    }
    return true;
}

static bool covers_term(const struct fr_term *outer, const struct fr_term *inner) {
    return outer->protocol == FR_PROTOCOL_ANY ||
           (outer->protocol == inner->protocol && outer->source_first <= inner->source_first &&
            outer->source_last >= inner->source_last &&
            outer->destination_first <= inner->destination_first &&
            outer->destination_last >= inner->destination_last);
}

static bool covers_service(const flowrules_policy *policy, fr_service outer, fr_service inner) {
    const struct fr_service_terms *wide = fr_service_get(&policy->services, outer);
    const struct fr_service_terms *terms = fr_service_get(&policy->services, inner);
    for (uint32_t i = 0; outer != inner && i < terms->count; i++) {
        bool covered = false;
        for (uint32_t k = 0; !covered && k < wide->count; k++)
            covered = covers_term(&wide->terms[k], &terms->terms[i]);
        if (!covered)
            return false;
    }
    return true;
}

static bool covers_flow(const struct fr_binder *r, const struct shade *deny,
                        const struct fr_flow *flow) {
    return covers_end(r, deny->flow->source, deny->ends[0], flow->source) &&
           covers_end(r, deny->flow->destination, deny->ends[1], flow->destination) &&
           covers_service(r->policy, deny->flow->service, flow->service);
}

/* ---- all flows ----------------------------------------------------------------------------- */

static flowrules_status list_denies(struct fr_binder *r, struct fr_vec *denies) {
    size_t flows = r->policy->flows.count;
    for (size_t i = 0; i < flows && denies->count * flows < COMPARISONS_MOST; i++) {
        const struct fr_flow *flow = fr_vec_at(&r->policy->flows, struct fr_flow, i);
        struct fr_facts ends[2] = {{.set = FR_SET_EMPTY}, {.set = FR_SET_EMPTY}};
        if (!flow->deny || flow->expired || !flow->usable)
            continue;
        FR_TRY(fr_span_facts(r, flow->source, &ends[0]));
        FR_TRY(fr_span_facts(r, flow->destination, &ends[1]));
        struct shade *slot = fr_vec_push(denies);
        if (slot == NULL)
            return fr_no_memory(r->context);
        *slot = (struct shade){flow, {ends[0].set, ends[1].set}};
    }
    return FLOWRULES_OK;
}

static void warn(struct fr_binder *r, const struct fr_flow *flow, const struct fr_flow *deny) {
    const char *name = FR_POLICY_TEXT(r->policy, flow->name);
    struct fr_about about = {FLOWRULES_WARNING,
                             FR_SHADOWED,
                             fr_flow_place(r->policy, flow),
                             name,
                             NULL,
                             "remove the flow, or deny less: a deny beats every allow"};
    fr_report(r->diagnostics, &about, "flow '%s' never passes: deny '%s' (%s:%u) covers it", name,
              FR_POLICY_TEXT(r->policy, deny->name),
              fr_diagnostics_file_name(r->diagnostics, r->policy->first_file + deny->file),
              (unsigned)deny->line);
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

static flowrules_status check_flow(struct fr_binder *r, const struct fr_vec *denies,
                                   struct fr_flow *flow) {
    bool everywhere = false;
    if (flow->deny || flow->expired || !flow->usable)
        return FLOWRULES_OK;
    for (size_t i = 0; !everywhere && i < denies->count; i++) {
        const struct shade *deny = fr_vec_at(denies, struct shade, i);
        if (!covers_flow(r, deny, flow))
            continue;
        FR_TRY(is_denied_everywhere(r, flow, deny->flow, &everywhere));
        if (everywhere)
            warn(r, flow, deny->flow);
        flow->shadowed = everywhere;
    }
    return FLOWRULES_OK;
}

flowrules_status fr_warn_of_shadowed(struct fr_binder *r) {
    size_t flows = r->policy->flows.count;
    struct fr_vec denies;
    fr_vec_init(&denies, &r->context->allocator, sizeof(struct shade));
    flowrules_status status = list_denies(r, &denies);
    for (size_t i = 0; status == FLOWRULES_OK && denies.count > 0 && i < flows; i++)
        status = check_flow(r, &denies, fr_vec_at(&r->policy->flows, struct fr_flow, i));
    fr_vec_free(&denies);
    return status;
}
