/*
 * The flows of a rule, for backends.
 */
#include <string.h>

#include "flowrules/kits/flows.h"
#include "output.h"

static const struct fr_flow_lists *lists_of(const flowrules_output *out, flowrules_flows flows) {
    return fr_flows_in(&out->rules->flows, out->joined, flows.number);
}

size_t flowrules_flows_count(const flowrules_output *out, flowrules_flows flows) {
    return fr_flows_count(lists_of(out, flows), flows.number);
}

uint32_t fr_output_flow(const flowrules_output *out, flowrules_flows flows, size_t index) {
    return fr_flows_at(lists_of(out, flows), flows.number, index);
}

static const struct fr_flow *flow_of(const flowrules_output *out, flowrules_flows flows,
                                     size_t index) {
    if (index >= flowrules_flows_count(out, flows))
        return NULL;
    return fr_vec_at(&out->plan->policy->flows, struct fr_flow, fr_output_flow(out, flows, index));
}

const char *flowrules_flows_name(const flowrules_output *out, flowrules_flows flows, size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->name);
}

const char *flowrules_flows_purpose(const flowrules_output *out, flowrules_flows flows,
                                    size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->purpose);
}

const char *flowrules_flows_owner(const flowrules_output *out, flowrules_flows flows,
                                  size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->owner);
}

const char *flowrules_flows_ticket(const flowrules_output *out, flowrules_flows flows,
                                   size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->ticket);
}

const char *flowrules_flows_volume(const flowrules_output *out, flowrules_flows flows,
                                   size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->volume);
}

const char *flowrules_flows_frequency(const flowrules_output *out, flowrules_flows flows,
                                      size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->frequency);
}

const char *flowrules_flows_tag(const flowrules_output *out, flowrules_flows flows, size_t index,
                                size_t tag) {
    if (index >= flowrules_flows_count(out, flows))
        return NULL;
    return flowrules_flow_tag(out->plan->policy, fr_output_flow(out, flows, index), tag);
}

const char *flowrules_flows_spares(const flowrules_output *out, flowrules_flows flows, size_t index,
                                   size_t flow) {
    const flowrules_policy *policy = out->plan->policy;
    if (index >= flowrules_flows_count(out, flows))
        return NULL;
    struct fr_span span = fr_flow_spares(
        policy, fr_vec_at(&policy->flows, struct fr_flow, fr_output_flow(out, flows, index)));
    return flow >= span.count
               ? NULL
               : FR_POLICY_TEXT(
                     policy, fr_vec_at(&policy->spared, struct fr_spared, span.first + flow)->name);
}

void flowrules_write_flows(flowrules_writer *w, const flowrules_output *out,
                           const struct flowrules_escape *escape, flowrules_flows flows) {
    size_t count = flowrules_flows_count(out, flows), room = escape->max_bytes;
    if (count == 1) {
        flowrules_write_user(w, escape, flowrules_flows_name(out, flows, 0));
        return;
    }
    for (size_t i = 0, used = 0; i < count; i++) {
        const char *name = flowrules_flows_name(out, flows, i);
        size_t length = strlen(name) + 2;
        /* Room is kept for " +N more", and a name may grow by its escapes. */
        if (room > 0 && i > 0 && used + 2 * length + 16 > room) {
            flowrules_writef(w, " +%zu more", count - i);
            return;
        }
        struct flowrules_escape one = *escape;
        one.max_bytes = room > 16 ? room - 16 : room;
        if (i > 0)
            flowrules_write(w, ", ");
        flowrules_write_user(w, &one, name);
        used += length;
    }
}

const char *flowrules_flows_expires(const flowrules_output *out, flowrules_flows flows,
                                    size_t index) {
    const struct fr_flow *flow = flow_of(out, flows, index);
    return flow == NULL ? NULL : FR_POLICY_TEXT(out->plan->policy, flow->expires_text);
}

flowrules_flows flowrules_flows_join(flowrules_output *out, flowrules_flows a, flowrules_flows b) {
    size_t count = flowrules_flows_count(out, a), more = flowrules_flows_count(out, b);
    bool elsewhere = a.elsewhere && b.elsewhere;
    uint32_t *flows = fr_arena_alloc(out->plan->arena, (count + more) * sizeof *flows), list;
    if (flows == NULL) {
        out->failed = true;
        return a;
    }
    for (size_t i = 0; i < count; i++)
        flows[i] = fr_output_flow(out, a, i);
    for (size_t i = 0; i < more; i++) {
        size_t k = 0;
        uint32_t flow = fr_output_flow(out, b, i);
        while (k < count && flows[k] != flow)
            k++;
        flows[k] = flow;
        count += k == count;
    }
    if (count == flowrules_flows_count(out, a))
        return (flowrules_flows){a.number, elsewhere};
    list = fr_flows_list(out->joined, flows, count);
    out->failed = out->failed || list == UINT32_MAX;
    return list == UINT32_MAX ? a : (flowrules_flows){list, elsewhere};
}
