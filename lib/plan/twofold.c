/*
 * Networks that a platform knows twice: by its own group and by their addresses. To the platform
 * the two have nothing in common; to the policy they are the same. An allow that loses by this is
 * safe, a deny is not: a deny that does not hold for both is refused here. A protected network may
 * be only its group: the rules are attached to it, whatever address a packet has.
 */
#include "plan.h"

/* A set of the literal view's addresses, in the plan's own store. */
static fr_set into_plan(const flowrules_plan *plan, fr_set set) {
    struct fr_builder builder;
    fr_builder_init(&builder, &plan->context->allocator);
    fr_builder_set(&builder, &plan->view->literal->sets, set);
    fr_set copy = fr_builder_finish(&builder, &plan->view->sets);
    fr_builder_free(&builder);
    return copy;
}

/* Does an end that touches the network hold for its group and for its addresses alike? */
static flowrules_status holds_for_both(const flowrules_plan *plan, uint32_t network, fr_set members,
                                       struct fr_span span, fr_set end, bool *both) {
    struct fr_end literal;
    uint32_t atom;
    FR_TRY(fr_view_end(plan->view->literal, span, false, &literal));
    fr_set own = into_plan(plan, members);
    bool group = fr_set_head(&plan->view->sets, end)->all_atoms != 0, home = false;
    if (fr_map_get(&plan->view->atom_of[FLOWRULES_ATOM_GROUP], network + 1, &atom)) {
        group = fr_set_has_atom(&plan->view->sets, end, atom);
        home = fr_set_has_atom(&plan->view->sets, plan->protects.set, atom);
    }
    bool addresses = home || fr_set_covers(&plan->view->sets, end, own);
    bool touches = group || fr_set_overlaps(&plan->view->literal->sets, literal.set, members);
    *both = !touches || (group && addresses);
    return fr_plan_memory(plan);
}

static flowrules_status check_network(const flowrules_plan *plan, uint32_t index,
                                      const struct fr_flow *flow, const fr_set ends[2],
                                      bool *both) {
    const struct fr_network *network = fr_vec_at(&plan->policy->networks, struct fr_network, index);
    struct fr_end members;
    *both = true;
    if (network->members.count == 0 || !fr_view_is_bound(plan->view, network))
        return FLOWRULES_OK;
    FR_TRY(fr_view_network(plan->view->literal, index, &members));
    FR_TRY(holds_for_both(plan, index, members.set, flow->source, ends[0], both));
    if (*both)
        FR_TRY(holds_for_both(plan, index, members.set, flow->destination, ends[1], both));
    return FLOWRULES_OK;
}

flowrules_status fr_check_twofold(const flowrules_plan *plan, const struct fr_flow *flow,
                                  const fr_set ends[2], struct fr_why *why) {
    *why = fr_why_not();
    if (!flow->deny || plan->view->mode.platform == NULL)
        return FLOWRULES_OK;
    struct fr_view *literal;
    FR_TRY(fr_view_literal(plan->view, &literal));
    for (uint32_t i = 0; i < plan->policy->networks.count; i++) {
        const struct fr_network *network = fr_vec_at(&plan->policy->networks, struct fr_network, i);
        bool both;
        FR_TRY(check_network(plan, i, flow, ends, &both));
        if (both)
            continue;
        *why = fr_because(plan->arena, FR_WHY_TWOFOLD, FR_POLICY_TEXT(plan->policy, network->name));
        return FLOWRULES_OK;
    }
    return FLOWRULES_OK;
}
