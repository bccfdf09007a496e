/*
 * Finds flows that could be one: they differ only in their services, only in their destinations or
 * only in their sources, and what they say for people is the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lint.h"

#define NAMED_MOST 3u

/* What flows that could be one have in common. The part that may differ is left out. */
struct join_key {
    uint32_t ends[2], service;
    uint32_t purpose, owner, ticket, volume, frequency;
    uint32_t tags, spares, rest;
    int32_t expires;
};

struct join {
    struct join_key key;
    uint32_t flow;
};

enum { DIFFERENT_SERVICES, DIFFERENT_DESTINATIONS, DIFFERENT_SOURCES, DIFFERENCES };

static const char *const parts[DIFFERENCES][2] = {
    {"services", "write one flow with a list of services"},
    {"destinations", "write one flow with a list of destinations"},
    {"sources", "write one flow with a list of sources"},
};

/* Denies may spare flows: what names a flow is not joined. */
static bool *find_named(const struct fr_linter *l) {
    const flowrules_policy *policy = l->policy;
    bool *named = fr_malloc(&l->context->allocator, policy->flows.count + 1);
    if (named == NULL)
        return NULL;
    memset(named, 0, policy->flows.count + 1);
    for (size_t i = 0; i < policy->spared.count; i++)
        named[fr_vec_at(&policy->spared, struct fr_spared, i)->flow] = true;
    for (size_t i = 0; i < policy->losses.count; i++)
        named[fr_vec_at(&policy->losses, struct fr_loss_entry, i)->flow_index] = true;
    return named;
}

static bool may_join(const struct fr_linter *l, const bool *named, uint32_t flow) {
    const struct fr_flow *own = fr_lint_flow(l, flow);
    return fr_lint_counts(own) && !named[flow] && own->spares == 0 &&
           *fr_vec_at(&l->covered, uint8_t, flow) == 0 &&
           *fr_vec_at(&l->placed, uint8_t, flow) == 0;
}

static struct join_key key_of(const struct fr_linter *l, uint32_t index, unsigned difference) {
    const struct fr_flow *flow = fr_lint_flow(l, index);
    const fr_set *ends = fr_sight_ends(&l->sights[0], index);
    struct join_key key;
    memset(&key, 0, sizeof key);
    key.ends[0] = difference == DIFFERENT_SOURCES ? 0 : ends[0];
    key.ends[1] = difference == DIFFERENT_DESTINATIONS ? 0 : ends[1];
    key.service = difference == DIFFERENT_SERVICES ? 0 : flow->service;
    key.purpose = flow->purpose;
    key.owner = flow->owner;
    key.ticket = flow->ticket;
    key.volume = flow->volume;
    key.frequency = flow->frequency;
    key.tags = flow->tags;
    key.rest = (flow->deny ? 1u : 0u) | (flow->log ? 2u : 0u);
    key.expires = flow->expires;
    return key;
}

static int by_key(const void *left, const void *right) {
    const struct join *a = left, *b = right;
    int order = memcmp(&a->key, &b->key, sizeof a->key);
    return order != 0 ? order : (a->flow > b->flow) - (a->flow < b->flow);
}

/* True if each platform sees what is alike alike, and the names select the same targets. */
static bool are_alike(const struct fr_linter *l, unsigned difference, uint32_t a, uint32_t b) {
    for (size_t s = 1; s < l->sight_count; s++) {
        const fr_set *one = fr_sight_ends(&l->sights[s], a);
        const fr_set *other = fr_sight_ends(&l->sights[s], b);
        if ((difference != DIFFERENT_SOURCES && one[0] != other[0]) ||
            (difference != DIFFERENT_DESTINATIONS && one[1] != other[1]))
            return false;
    }
    for (size_t t = 0; t < l->policy->targets.count; t++)
        if (flowrules_target_selects(l->policy, t, a) != flowrules_target_selects(l->policy, t, b))
            return false;
    return true;
}

/* Reports the flows of a group, and marks them as reported. */
static flowrules_status report(struct fr_linter *l, const struct join *joins, size_t count,
                               unsigned difference) {
    char names[500] = "";
    size_t used = 0, named = count <= NAMED_MOST + 1 ? count : NAMED_MOST;
    for (size_t i = 0; i < named && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s'%.100s'",
                                 i == 0          ? ""
                                 : i + 1 < count ? ", "
                                                 : " and ",
                                 fr_lint_name(l, joins[i].flow));
    if (named < count && used < sizeof names)
        snprintf(names + used, sizeof names - used, " and %zu more", count - named);
    struct fr_finding finding =
        fr_about_flow(l, FR_FLOWS_COULD_BE_ONE, FLOWRULES_NOTE, joins[0].flow);
    finding.hint = parts[difference][1];
    return fr_finding_add(l->findings, &finding,
                          "flows %s differ only in their %s: one flow "
                          "could say it",
                          names, parts[difference][0]);
}

/* The flows of one key that are alike come first; those that are not are left out. */
static flowrules_status check_group(struct fr_linter *l, struct join *joins, size_t count,
                                    unsigned difference, bool *taken) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct join join = joins[i];
        if (taken[join.flow] || (kept > 0 && !are_alike(l, difference, joins[0].flow, join.flow)))
            continue;
        joins[i] = joins[kept];
        joins[kept++] = join;
    }
    if (kept < 2)
        return FLOWRULES_OK;
    for (size_t i = 0; i < kept; i++)
        taken[joins[i].flow] = true;
    return report(l, joins, kept, difference);
}

static flowrules_status find_groups(struct fr_linter *l, struct fr_vec *joins, unsigned difference,
                                    bool *taken) {
    for (size_t i = 0; i < joins->count; i++) {
        struct join *join = fr_vec_at(joins, struct join, i);
        join->key = key_of(l, join->flow, difference);
    }
    if (joins->count > 1)
        qsort(joins->items, joins->count, sizeof(struct join), by_key);
    for (size_t first = 0, end; first < joins->count; first = end) {
        struct join *group = fr_vec_at(joins, struct join, first);
        for (end = first + 1; end < joins->count; end++)
            if (memcmp(&group->key, &fr_vec_at(joins, struct join, end)->key, sizeof group->key) !=
                0)
                break;
        FR_TRY(check_group(l, group, end - first, difference, taken));
    }
    return FLOWRULES_OK;
}

static flowrules_status find_all(struct fr_linter *l, struct fr_vec *joins, bool *taken) {
    uint32_t count = (uint32_t)l->policy->flows.count;
    if (!fr_vec_reserve(joins, count))
        return fr_no_memory(l->context);
    for (uint32_t i = 0; i < count; i++)
        if (may_join(l, taken, i))
            ((struct join *)fr_vec_push(joins))->flow = i;
    memset(taken, 0, count);
    for (unsigned d = 0; d < DIFFERENCES; d++)
        FR_TRY(find_groups(l, joins, d, taken));
    return FLOWRULES_OK;
}

flowrules_status fr_lint_joins(struct fr_linter *l) {
    struct fr_vec joins;
    bool *named = find_named(l);
    if (named == NULL)
        return fr_no_memory(l->context);
    fr_vec_init(&joins, &l->context->allocator, sizeof(struct join));
    flowrules_status status = find_all(l, &joins, named);
    fr_vec_free(&joins);
    fr_free(&l->context->allocator, named);
    return status;
}
