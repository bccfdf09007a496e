/*
 * Finds networks, services and tags that nothing uses.
 */
#include <string.h>

#include "lint.h"

/* ---- networks ------------------------------------------------------------------------------ */

struct use {
    const flowrules_policy *policy;
    bool *used;  /* of each network */
    bool *inner; /* of each peer: it is in a network */
};

static void use_span(struct use *use, struct fr_span span);

/* A network, and what it contains: they don't contain each other in a loop. */
static void use_network(struct use *use, uint32_t index) {
    if (use->used[index])
        return;
    const struct fr_network *network = fr_vec_at(&use->policy->networks, struct fr_network, index);
    use->used[index] = true;
    use_span(use, network->members);
    use_span(use, network->except);
}

static void use_span(struct use *use, struct fr_span span) {
    for (uint32_t i = 0; i < span.count; i++) {
        const struct fr_peer *peer = fr_vec_at(&use->policy->peers, struct fr_peer, span.first + i);
        if (peer->kind == FR_PEER_NETWORK)
            use_network(use, peer->ref);
    }
}

/* Marks what is in a network: it is used where the network is. */
static void mark_inner(struct use *use, struct fr_span span) {
    for (uint32_t i = 0; i < span.count; i++)
        use->inner[span.first + i] = true;
}

/* Whatever names a network and is in no network uses it: flows, targets, what a policy protects. */
static void use_all(struct use *use) {
    const flowrules_policy *policy = use->policy;
    for (size_t i = 0; i < policy->networks.count; i++) {
        const struct fr_network *network = fr_vec_at(&policy->networks, struct fr_network, i);
        mark_inner(use, network->members);
        mark_inner(use, network->except);
    }
    for (uint32_t i = 0; i < policy->peers.count; i++)
        if (!use->inner[i])
            use_span(use, (struct fr_span){i, 1});
    for (size_t i = 0; i < policy->places.count; i++) {
        struct fr_span networks =
            fr_vec_at(&policy->places, struct fr_place_definition, i)->networks;
        for (uint32_t k = 0; k < networks.count; k++)
            use_network(
                use,
                fr_vec_at(&policy->place_items, struct fr_place_item, networks.first + k)->index);
    }
}

static flowrules_status find_networks(struct fr_linter *l, const bool *used) {
    for (size_t i = 0; i < l->policy->networks.count; i++) {
        struct fr_finding finding = fr_about_network(l, FR_NETWORK_UNUSED, FLOWRULES_WARNING, i);
        finding.hint = "remove it, or use it in a flow";
        if (!used[i])
            FR_TRY(fr_finding_add(l->findings, &finding, "nothing uses the network '%s'",
                                  flowrules_network_name(l->policy, i)));
    }
    return FLOWRULES_OK;
}

static flowrules_status check_networks(struct fr_linter *l) {
    size_t networks = l->policy->networks.count, peers = l->policy->peers.count;
    bool *marks = fr_malloc(&l->context->allocator, networks + peers + 1);
    if (marks == NULL)
        return fr_no_memory(l->context);
    memset(marks, 0, networks + peers + 1);
    struct use use = {l->policy, marks, marks + networks};
    use_all(&use);
    flowrules_status status = find_networks(l, use.used);
    fr_free(&l->context->allocator, marks);
    return status;
}

/* ---- services ------------------------------------------------------------------------------ */

static flowrules_status mark_services(struct fr_linter *l, bool *used) {
    const flowrules_policy *policy = l->policy;
    uint32_t index;
    for (size_t i = 0; i < policy->service_refs.count; i++) {
        fr_string name = fr_vec_at(&policy->service_refs, struct fr_peer, i)->ref;
        if (name != 0 && fr_map_get(&policy->definition_by_name, name, &index))
            used[index] = true;
    }
    for (size_t i = 0; i < policy->definitions.count; i++) {
        struct fr_finding finding = fr_about_service(l, FR_SERVICE_UNUSED, FLOWRULES_WARNING, i);
        finding.hint = "remove it, or use it in a flow";
        if (!used[i])
            FR_TRY(
                fr_finding_add(l->findings, &finding, "no flow uses the service '%s'",
                               FR_POLICY_TEXT(policy, fr_finding_subject(l->findings, &finding))));
    }
    return FLOWRULES_OK;
}

static flowrules_status check_services(struct fr_linter *l) {
    size_t count = l->policy->definitions.count;
    bool *used = fr_malloc(&l->context->allocator, count + 1);
    if (used == NULL)
        return fr_no_memory(l->context);
    memset(used, 0, count + 1);
    flowrules_status status = mark_services(l, used);
    fr_free(&l->context->allocator, used);
    return status;
}

/* ---- tags ---------------------------------------------------------------------------------- */

static bool is_selected(const flowrules_policy *policy, fr_string tag) {
    for (size_t t = 0; t < policy->targets.count; t++) {
        struct fr_span tags = fr_vec_at(&policy->targets, struct fr_target, t)->select_tags;
        for (uint32_t i = 0; i < tags.count; i++)
            if (*fr_vec_at(&policy->target_strings, fr_string, tags.first + i) == tag)
                return true;
    }
    return false;
}

static bool is_expiry_tag(const flowrules_policy *policy, fr_string tag) {
    struct fr_span tags = policy->lint.expiry_tags;
    for (uint32_t i = 0; i < tags.count; i++)
        if (*fr_vec_at(&policy->target_strings, fr_string, tags.first + i) == tag)
            return true;
    return false;
}

/* Reports a tag of a flow that no target selects; once for each tag. */
static flowrules_status check_tag(struct fr_linter *l, struct fr_map *told, size_t flow,
                                  fr_string tag) {
    const flowrules_policy *policy = l->policy;
    struct fr_finding finding = fr_about_flow(l, FR_TAG_UNUSED, FLOWRULES_NOTE, flow);
    uint32_t known;
    finding.subject = FR_ABOUT_NAME;
    finding.index = tag;
    finding.hint = "correct or remove it; a tag for people may be accepted";
    if (fr_map_get(told, tag, &known))
        return FLOWRULES_OK;
    if (!fr_map_put(told, tag, 1))
        return fr_no_memory(l->context);
    if (is_selected(policy, tag) || is_expiry_tag(policy, tag))
        return FLOWRULES_OK;
    return fr_finding_add(l->findings, &finding, "no target selects the tag '%s' of flow '%s'",
                          FR_POLICY_TEXT(policy, tag), fr_lint_name(l, flow));
}

static flowrules_status check_tags(struct fr_linter *l, struct fr_map *told) {
    for (size_t i = 0; i < l->policy->flows.count; i++) {
        const struct fr_flow *flow = fr_lint_flow(l, i);
        struct fr_span tags = {0, 0};
        if (flow->tags != UINT32_MAX)
            tags = *fr_vec_at(&l->policy->tag_lists, struct fr_span, flow->tags);
        for (uint32_t k = 0; k < tags.count; k++)
            FR_TRY(check_tag(l, told, i, *fr_vec_at(&l->policy->tags, fr_string, tags.first + k)));
    }
    return FLOWRULES_OK;
}

/* Where no target selects by tags, they are for people. */
static bool someone_selects(const flowrules_policy *policy) {
    for (size_t t = 0; t < policy->targets.count; t++)
        if (fr_vec_at(&policy->targets, struct fr_target, t)->select_tags.count > 0)
            return true;
    return false;
}

flowrules_status fr_lint_unused(struct fr_linter *l) {
    struct fr_map told;
    FR_TRY(check_networks(l));
    FR_TRY(check_services(l));
    if (!someone_selects(l->policy))
        return FLOWRULES_OK;
    fr_map_init(&told, &l->context->allocator);
    flowrules_status status = check_tags(l, &told);
    fr_map_free(&told);
    return status;
}
