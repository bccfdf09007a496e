/*
 * Makes a policy that can be changed without a change of the one that it comes from, and a policy
 * of some of its flows. Does not know why.
 */
#include "policy_fork.h"

#include <string.h>

/* ---- a fork -------------------------------------------------------------------------------- */

static bool copy_lists(flowrules_policy *fork, const flowrules_policy *base) {
    bool good = true;
    for (size_t i = 0; fr_policy_list(fork, i) != NULL; i++) {
        /* The list is only read. */
        const struct fr_vec *list = fr_policy_list((flowrules_policy *)base, i);
        good = fr_vec_copy(fr_policy_list(fork, i), list) && good;
    }
    return good;
}

static bool copy_maps(flowrules_policy *fork, const flowrules_policy *base) {
    bool good = fr_map_copy(&fork->network_by_name, &base->network_by_name);
    good = fr_map_copy(&fork->definition_by_name, &base->definition_by_name) && good;
    good = fr_map_copy(&fork->target_by_name, &base->target_by_name) && good;
    good = fr_map_copy(&fork->place_by_name, &base->place_by_name) && good;
    return fr_map_copy(&fork->spelling_of, &base->spelling_of) && good;
}

flowrules_status fr_policy_fork(flowrules_policy **fork, const flowrules_policy *base) {
    flowrules_policy *p = fr_malloc(&base->context->allocator, sizeof *p);
    *fork = NULL;
    if (p == NULL)
        return fr_no_memory(base->context);
    memcpy(p, base, sizeof *p);
    p->references = 1;
    p->base = fr_policy_hold(base);
    bool good = copy_lists(p, base);
    good = copy_maps(p, base) && good;
    good = fr_strings_fork(&p->strings, &base->strings) && good;
    good = fr_services_fork(&p->services, &base->services) && good;
    if (!good) {
        flowrules_policy_free(p);
        return fr_no_memory(base->context);
    }
    *fork = p;
    return FLOWRULES_OK;
}

/* ---- some of the flows --------------------------------------------------------------------- */

void fr_some_flows_init(struct fr_some_flows *some, const struct fr_allocator *allocator) {
    fr_vec_init(&some->flows, allocator, sizeof(struct fr_flow));
    fr_vec_init(&some->spare_lists, allocator, sizeof(struct fr_span));
    fr_vec_init(&some->spared, allocator, sizeof(struct fr_spared));
}

void fr_some_flows_free(struct fr_some_flows *some) {
    fr_vec_free(&some->flows);
    fr_vec_free(&some->spare_lists);
    fr_vec_free(&some->spared);
}

/* Where a flow is among the chosen ones, which are in order; false: it is not. */
static bool place_of(const struct fr_vec *numbers, uint32_t flow, uint32_t *place) {
    const uint32_t *own = fr_vec_search(numbers, &flow, fr_compare_numbers);
    if (own != NULL)
        *place = (uint32_t)(own - fr_vec_at(numbers, uint32_t, 0));
    return own != NULL;
}

/* The flows among the chosen ones that a deny spares. */
static bool take_spares(struct fr_some_flows *some, const flowrules_policy *policy,
                        const struct fr_vec *numbers, struct fr_flow *deny) {
    struct fr_span span = fr_flow_spares(policy, deny);
    struct fr_span own = {(uint32_t)some->spared.count, 0};
    deny->spares = 0;
    for (uint32_t i = 0; i < span.count; i++) {
        struct fr_spared spared = *fr_vec_at(&policy->spared, struct fr_spared, span.first + i);
        if (!place_of(numbers, spared.flow, &spared.flow))
            continue;
        struct fr_spared *slot = fr_vec_push(&some->spared);
        if (slot == NULL)
            return false;
        *slot = spared;
        own.count++;
    }
    struct fr_span *list = own.count == 0 ? NULL : fr_vec_push(&some->spare_lists);
    if (list != NULL) {
        *list = own;
        deny->spares = (uint32_t)some->spare_lists.count;
    }
    return own.count == 0 || list != NULL;
}

flowrules_status fr_some_flows_take(struct fr_some_flows *some, const flowrules_policy *policy,
                                    const struct fr_vec *numbers) {
    bool good = fr_vec_reserve(&some->flows, numbers->count);
    for (size_t i = 0; i < numbers->count && good; i++) {
        struct fr_flow *flow = fr_vec_add(&some->flows);
        *flow = *fr_vec_at(&policy->flows, struct fr_flow, *fr_vec_at(numbers, uint32_t, i));
        good = flow->spares == 0 || take_spares(some, policy, numbers, flow);
    }
    return good ? FLOWRULES_OK : fr_no_memory(policy->context);
}

void fr_some_flows_show(const struct fr_some_flows *some, const flowrules_policy *policy,
                        flowrules_policy *shown) {
    *shown = *policy;
    shown->references = 1;
    shown->flows = some->flows;
    shown->spare_lists = some->spare_lists;
    shown->spared = some->spared;
}

/* ---- a fork of them ------------------------------------------------------------------------ */

static void swap_lists(struct fr_vec *a, struct fr_vec *b) {
    struct fr_vec moved = *a;
    *a = *b;
    *b = moved;
}

/* What is accepted of flows that are not among them goes; the others have new numbers. */
static void renumber_silences(flowrules_policy *policy, const struct fr_vec *numbers) {
    size_t kept = 0;
    for (size_t i = 0; i < policy->silences.count; i++) {
        struct fr_silence silence = *fr_vec_at(&policy->silences, struct fr_silence, i);
        if (silence.of == FR_SILENCE_OF_FLOW && !place_of(numbers, silence.index, &silence.index))
            continue;
        *fr_vec_at(&policy->silences, struct fr_silence, kept++) = silence;
    }
    policy->silences.count = kept;
}

static void renumber_losses(flowrules_policy *policy, const struct fr_vec *numbers) {
    for (size_t i = 0; i < policy->losses.count; i++) {
        struct fr_loss_entry *entry = fr_vec_at(&policy->losses, struct fr_loss_entry, i);
        place_of(numbers, entry->flow_index, &entry->flow_index);
    }
}

/* Likewise the lists of services that flows name (fr_own_services). */
static void renumber_services(flowrules_policy *policy, const struct fr_vec *numbers) {
    struct fr_peer *refs = policy->service_refs.items;
    size_t kept = 0, first = 0;
    for (size_t i = 0; i < policy->service_refs.count; i++) {
        uint32_t place = 0, owner = refs[i].line;
        if (refs[i].ref != 0)
            continue;
        bool keeps = owner == 0 || place_of(numbers, owner - 1, &place);
        refs[i].line = owner == 0 ? 0 : place + 1;
        for (; first <= i && keeps; first++)
            refs[kept++] = refs[first];
        first = i + 1;
    }
    policy->service_refs.count = kept;
}

flowrules_status fr_policy_fork_of(flowrules_policy **fork, const flowrules_policy *base,
                                   const struct fr_vec *numbers) {
    struct fr_some_flows some;
    *fork = NULL;
    fr_some_flows_init(&some, &base->context->allocator);
    flowrules_status status = fr_some_flows_take(&some, base, numbers);
    if (status == FLOWRULES_OK)
        status = fr_policy_fork(fork, base);
    if (status == FLOWRULES_OK) {
        swap_lists(&(*fork)->flows, &some.flows);
        swap_lists(&(*fork)->spare_lists, &some.spare_lists);
        swap_lists(&(*fork)->spared, &some.spared);
        renumber_silences(*fork, numbers);
        renumber_losses(*fork, numbers);
        renumber_services(*fork, numbers);
    }
    fr_some_flows_free(&some);
    return status;
}
