/*
 * Lint: opens the policy as its targets see it, calls the checks, and marks what the policy
 * accepts.
 */
#include "lint.h"

#include <stdlib.h>
#include <string.h>

/* ---- the flows as sets --------------------------------------------------------------------- */

static flowrules_status fill_sight(struct fr_sight *sight, const flowrules_policy *policy) {
    size_t count = policy->flows.count;
    if (!fr_vec_reserve(&sight->ends, 2 * count))
        return fr_no_memory(policy->context);
    for (size_t i = 0; i < count; i++) {
        const struct fr_flow *flow = fr_vec_at(&policy->flows, struct fr_flow, i);
        const struct fr_span spans[2] = {flow->source, flow->destination};
        for (unsigned e = 0; e < 2; e++) {
            struct fr_end end;
            FR_TRY(fr_view_end(&sight->view, spans[e], false, &end));
            *(fr_set *)fr_vec_push(&sight->ends) = end.set;
        }
    }
    return FLOWRULES_OK;
}

static flowrules_status add_sight(struct fr_linter *l, const struct flowrules_backend *platform) {
    struct fr_view_mode mode = {
        .names = true,
        .wildcards = FLOWRULES_WILDCARDS_BELOW,
        .every_group = true,
        .platform = platform != NULL ? platform->name : NULL,
        .bindings_of = platform != NULL ? platform->bindings_of : NULL,
    };
    struct fr_sight *sight = &l->sights[l->sight_count++];
    fr_vec_init(&sight->ends, &l->context->allocator, sizeof(fr_set));
    FR_TRY(fr_view_init(&sight->view, l->policy, &mode));
    return fill_sight(sight, l->policy);
}

/* True if some network is a group of the platform. */
static bool has_groups_of(const flowrules_policy *policy, const struct flowrules_backend *backend) {
    for (size_t i = 0; i < policy->bindings.count; i++) {
        const struct fr_binding *binding = fr_vec_at(&policy->bindings, struct fr_binding, i);
        const char *platform = FR_POLICY_TEXT(policy, binding->platform);
        if (strcmp(platform, backend->name) == 0 ||
            (backend->bindings_of != NULL && strcmp(platform, backend->bindings_of) == 0))
            return true;
    }
    return false;
}

/* True if a target before this one is of the same backend. */
static bool seen_before(const flowrules_policy *policy, size_t target) {
    const struct fr_target *targets = policy->targets.items;
    for (size_t i = 0; i < target; i++)
        if (targets[i].record == targets[target].record)
            return true;
    return false;
}

static flowrules_status open_sights(struct fr_linter *l) {
    size_t targets = l->policy->targets.count;
    l->sights = fr_malloc(&l->context->allocator, (targets + 1) * sizeof *l->sights);
    if (l->sights == NULL)
        return fr_no_memory(l->context);
    memset(l->sights, 0, (targets + 1) * sizeof *l->sights);
    FR_TRY(add_sight(l, NULL));
    for (size_t t = 0; t < targets; t++) {
        const struct flowrules_backend *backend =
            fr_vec_at(&l->policy->targets, struct fr_target, t)->record;
        if (backend->capabilities.groups && has_groups_of(l->policy, backend) &&
            !seen_before(l->policy, t))
            FR_TRY(add_sight(l, backend));
    }
    return FLOWRULES_OK;
}

/* ---- interfaces ---------------------------------------------------------------------------- */

/* True if a network says by which interfaces its packets come, for a backend that is known. */
static bool is_placed(const struct fr_linter *l, const struct fr_network *network) {
    bool placed = network->placed;
    for (uint32_t i = 0; i < network->bindings.count && !placed; i++) {
        const struct fr_binding *binding =
            fr_vec_at(&l->policy->bindings, struct fr_binding, network->bindings.first + i);
        const char *platform = FR_POLICY_TEXT(l->policy, binding->platform);
        for (size_t t = 0; t < l->policy->targets.count && !placed; t++) {
            const struct flowrules_backend *b =
                fr_vec_at(&l->policy->targets, struct fr_target, t)->record;
            placed = b->capabilities.interfaces != NULL && strcmp(platform, b->name) == 0;
        }
    }
    return placed;
}

static bool span_placed(const struct fr_linter *l, const bool *placed, struct fr_span span) {
    for (uint32_t i = 0; i < span.count; i++) {
        const struct fr_peer *peer = fr_vec_at(&l->policy->peers, struct fr_peer, span.first + i);
        if (peer->kind == FR_PEER_NETWORK && placed[peer->ref])
            return true;
    }
    return false;
}

/* Networks that are placed, or hold one that is; loops are errors that did not load. */
static void spread(const struct fr_linter *l, bool *placed) {
    const struct fr_vec *networks = &l->policy->networks;
    for (size_t i = 0; i < networks->count; i++)
        placed[i] = is_placed(l, fr_vec_at(networks, struct fr_network, i));
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < networks->count; i++) {
            struct fr_span members = fr_vec_at(networks, struct fr_network, i)->members;
            if (placed[i] || !span_placed(l, placed, members))
                continue;
            placed[i] = changed = true;
        }
    }
}

static flowrules_status find_placed(struct fr_linter *l) {
    size_t flows = l->policy->flows.count;
    bool *placed = fr_malloc(&l->context->allocator, l->policy->networks.count + 1);
    if (placed == NULL || !fr_vec_reserve(&l->placed, flows) ||
        !fr_vec_reserve(&l->covered, flows)) {
        fr_free(&l->context->allocator, placed);
        return fr_no_memory(l->context);
    }
    spread(l, placed);
    for (size_t i = 0; i < flows; i++) {
        const struct fr_flow *flow = fr_lint_flow(l, i);
        uint8_t *bits = fr_vec_push(&l->placed);
        fr_vec_push(&l->covered);
        *bits = (uint8_t)(span_placed(l, placed, flow->source) ? 1 : 0);
        *bits |= (uint8_t)(span_placed(l, placed, flow->destination) ? 2 : 0);
    }
    fr_free(&l->context->allocator, placed);
    return FLOWRULES_OK;
}

/* ---- what the policy accepts --------------------------------------------------------------- */

/* What a silence is of, and what a finding is about: sorted and looked for by this. */
struct key {
    uint32_t finding, of, index;
};

static enum fr_silence_of owner_of(const struct fr_finding *finding) {
    switch ((enum fr_subject_kind)finding->subject) {
    case FR_ABOUT_FLOW:
        return FR_SILENCE_OF_FLOW;
    case FR_ABOUT_NETWORK:
        return FR_SILENCE_OF_NETWORK;
    case FR_ABOUT_TARGET:
        return FR_SILENCE_OF_TARGET;
    case FR_ABOUT_SERVICE:
    case FR_ABOUT_NAME:
    case FR_ABOUT_POLICY:
        return FR_SILENCE_OF_POLICY;
    }
    return FR_SILENCE_OF_POLICY;
}

static int compare(uint32_t a, uint32_t b) {
    return (a > b) - (a < b);
}

static int by_key(const void *left, const void *right) {
    const struct key *a = left, *b = right;
    int order = compare(a->finding, b->finding);
    if (order == 0)
        order = compare(a->of, b->of);
    return order != 0 ? order : compare(a->index, b->index);
}

/* A silence under its key; number: of the policy's silences. */
struct silenced {
    struct key key;
    uint32_t number;
    bool used;
};

static struct key key_of(const struct fr_silence *silence) {
    bool own = silence->of == FR_SILENCE_OF_POLICY;
    return (struct key){silence->finding, silence->of, own ? silence->thing : silence->index};
}

/* Marks what one key silences. */
static void apply(const struct fr_linter *l, struct fr_finding *finding, struct fr_vec *silences,
                  struct key key) {
    struct silenced *found = fr_vec_search(silences, &key, by_key);
    if (found == NULL)
        return;
    found->used = true;
    const struct fr_silence *silence =
        fr_vec_at(&l->policy->silences, struct fr_silence, found->number);
    if (finding->reason == NULL)
        finding->reason = fr_shown(&l->context->diagnostics, &l->findings->arena,
                                   FR_POLICY_TEXT(l->policy, silence->reason));
}

static void silence(const struct fr_linter *l, struct fr_finding *finding,
                    struct fr_vec *silences) {
    enum fr_silence_of owner = owner_of(finding);
    fr_string name = fr_finding_subject(l->findings, finding);
    if (owner != FR_SILENCE_OF_POLICY)
        apply(l, finding, silences, (struct key){finding->id, owner, finding->index});
    if (name != 0)
        apply(l, finding, silences, (struct key){finding->id, FR_SILENCE_OF_POLICY, name});
    apply(l, finding, silences, (struct key){finding->id, FR_SILENCE_OF_POLICY, 0});
}

/* An expired flow has no findings: what is accepted of it may be needed again. */
static bool is_of_expired(const flowrules_policy *policy, const struct fr_silence *silence) {
    return silence->of == FR_SILENCE_OF_FLOW &&
           !fr_lint_counts(fr_vec_at(&policy->flows, struct fr_flow, silence->index));
}

/* Reports what silences nothing. */
static flowrules_status report_idle(struct fr_linter *l, const struct fr_vec *silences) {
    for (size_t i = 0; i < silences->count; i++) {
        const struct silenced *own = fr_vec_at(silences, struct silenced, i);
        const struct fr_silence *silence =
            fr_vec_at(&l->policy->silences, struct fr_silence, own->number);
        struct fr_finding finding = {.id = FR_SILENCE_IDLE,
                                     .severity = FLOWRULES_WARNING,
                                     .subject = FR_ABOUT_POLICY,
                                     .at = silence->at,
                                     .hint = "remove it"};
        if (own->used || is_of_expired(l->policy, silence))
            continue;
        FR_TRY(silence->thing == 0
                   ? fr_finding_add(l->findings, &finding,
                                    "%s accepts nothing: there is no such finding here",
                                    fr_finding_name(silence->finding))
                   : fr_finding_add(l->findings, &finding,
                                    "%s accepts nothing: there is no such finding on '%s'",
                                    fr_finding_name(silence->finding),
                                    FR_POLICY_TEXT(l->policy, silence->thing)));
    }
    return FLOWRULES_OK;
}

static flowrules_status apply_silences(struct fr_linter *l) {
    struct fr_vec silences;
    size_t count = l->policy->silences.count;
    fr_vec_init(&silences, &l->context->allocator, sizeof(struct silenced));
    bool good = fr_vec_reserve(&silences, count);
    for (size_t i = 0; good && i < count; i++) {
        struct silenced *slot = fr_vec_push(&silences);
        slot->key = key_of(fr_vec_at(&l->policy->silences, struct fr_silence, i));
        slot->number = (uint32_t)i;
    }
    if (count > 1 && good)
        qsort(silences.items, count, sizeof(struct silenced), by_key);
    for (size_t i = 0; good && count > 0 && i < l->findings->list.count; i++)
        silence(l, fr_vec_at(&l->findings->list, struct fr_finding, i), &silences);
    flowrules_status status = good ? report_idle(l, &silences) : fr_no_memory(l->context);
    fr_vec_free(&silences);
    return status;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static flowrules_status run_checks(struct fr_linter *l) {
    static flowrules_status (*const checks[])(struct fr_linter *) = {
        fr_lint_covers, fr_lint_denies, fr_lint_joins,   fr_lint_unused, fr_lint_twice,
        fr_lint_wide,   fr_lint_care,   fr_lint_targets, fr_lint_names};
    FR_TRY(open_sights(l));
    FR_TRY(find_placed(l));
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        FR_TRY(checks[i](l));
    FR_TRY(apply_silences(l));
    return fr_findings_sort(l->findings);
}

static void close(struct fr_linter *l) {
    for (size_t i = 0; i < l->sight_count; i++) {
        fr_view_free(&l->sights[i].view);
        fr_vec_free(&l->sights[i].ends);
    }
    fr_free(&l->context->allocator, l->sights);
    fr_vec_free(&l->placed);
    fr_vec_free(&l->covered);
    fr_strings_free(&l->wanted);
}

/* True if a store ran out of memory, and what was decided is worth nothing. */
static bool ran_out(const struct fr_linter *l) {
    bool failed = l->context->diagnostics.out_of_memory;
    for (size_t i = 0; i < l->sight_count; i++)
        failed = failed || l->sights[i].view.sets.failed;
    return failed;
}

flowrules_status flowrules_lint(flowrules_findings **findings, flowrules_context *context,
                                const flowrules_policy *policy) {
    struct fr_linter linter = {.context = context, .policy = policy};
    fr_vec_init(&linter.placed, &context->allocator, sizeof(uint8_t));
    fr_vec_init(&linter.covered, &context->allocator, sizeof(uint8_t));
    fr_strings_init(&linter.wanted, &context->allocator);
    FR_TRY(fr_findings_new(findings, context, policy));
    linter.findings = *findings;
    flowrules_status status = run_checks(&linter);
    if (status == FLOWRULES_OK && ran_out(&linter))
        status = fr_no_memory(context);
    close(&linter);
    if (status == FLOWRULES_OK)
        return status;
    flowrules_findings_free(*findings);
    *findings = NULL;
    return status;
}
