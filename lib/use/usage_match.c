/*
 * Which flows have the packets that a counter counts. A rule of the dump decides what it matches
 * and no rule before it does; these packets are a flow's where the flow matches them. So rules need
 * no names, and it does not matter how the policy was made into rules.
 */
#include <stdlib.h>
#include <string.h>

#include "boxes.h"
#include "common.h"
#include "lint_index.h"
#include "usage.h"

/* Pieces into which what is left of a rule may fall, and rules that are taken from it. */
#define PIECES_MAX  1024u
#define EARLIER_MAX 4096u
/* A rule that more flows meet is shared: whether it is all of one is not asked. */
#define ASKED_MAX 64u
/* Returns from chains of a list: of more, no rule takes from those behind it. */
#define SKIPS_MAX 1024u

struct matching {
    struct fr_usage_now *now;
    const flowrules_policy *policy;
    const flowrules_meaning *found;
    struct fr_common common;
    struct fr_vec of_item;  /* uint32_t, for each item: the flow or counter, or UINT32_MAX */
    struct fr_vec lands;    /* uint32_t, for each item: what is skipped with it ends here */
    struct fr_index flows;  /* the items of flows */
    struct fr_index rules;  /* those of the dump */
    fr_set whole[2];        /* all addresses of a family */
    struct fr_boxes boxes;  /* what is left of what is asked now */
    struct fr_vec near;     /* uint32_t: items that were found */
    struct fr_vec met;      /* uint32_t: items of flows that may have packets of a rule */
    struct fr_vec rules_of; /* uint32_t, for each counter: rules that decide on something */
};

static struct fr_item *item_at(const struct matching *m, uint32_t i) {
    return fr_vec_at(&m->common.items, struct fr_item, i);
}

static const struct fr_clause *clause_of(const struct matching *m, uint32_t i) {
    const struct fr_item *item = item_at(m, i);
    const struct fr_common_stage *stage =
        fr_vec_at(&m->common.stages, struct fr_common_stage, item->stage);
    return fr_vec_at(&stage->stage->clauses, struct fr_clause, item->clause);
}

static bool is_found(const struct matching *m, uint32_t i) {
    return fr_vec_at(&m->common.stages, struct fr_common_stage, item_at(m, i)->stage)->after;
}

/* ---- indexes ------------------------------------------------------------------------------- */

static bool add_extents(const struct matching *m, struct fr_index *index, uint32_t i) {
    const struct fr_item *item = item_at(m, i);
    struct fr_extent extent = fr_no_extent;
    const struct fr_pieces from = fr_pieces_of(&m->common.terms->sets, item->ends[0]);
    const struct fr_pieces to = fr_pieces_of(&m->common.terms->sets, item->ends[1]);
    fr_extent_widen_by_terms(&extent, fr_service_get(&m->common.terms->services, item->service));
    for (size_t f = 0; f < from.count; f++)
        for (size_t t = 0; t < to.count; t++) {
            fr_extent_take(&extent, FR_EXTENT_SOURCE, &from, f);
            fr_extent_take(&extent, FR_EXTENT_DESTINATION, &to, t);
            if (!fr_index_add(index, &extent, i))
                return false;
        }
    return true;
}

static bool collect(void *user, uint32_t i) {
    struct matching *m = user;
    uint32_t *slot = fr_vec_add(&m->near);
    if (slot != NULL)
        *slot = i;
    return slot == NULL;
}

/*
 * The items of an index that may meet ends and the services of an extent, in order, into near;
 * false when out of memory.
 */
static bool find_near(struct matching *m, struct fr_index *index, const fr_set ends[2],
                      struct fr_extent extent) {
    const struct fr_pieces from = fr_pieces_of(&m->common.terms->sets, ends[0]);
    const struct fr_pieces to = fr_pieces_of(&m->common.terms->sets, ends[1]);
    m->near.count = 0;
    for (size_t f = 0; f < from.count; f++)
        for (size_t t = 0; t < to.count; t++) {
            fr_extent_take(&extent, FR_EXTENT_SOURCE, &from, f);
            fr_extent_take(&extent, FR_EXTENT_DESTINATION, &to, t);
            if (fr_index_search(index, FR_INDEX_MEETS, &extent, collect, m))
                return false;
        }
    fr_sort_unique(&m->near);
    return true;
}

/* ---- boxes --------------------------------------------------------------------------------- */

/* An end of an item without the addresses of a family that it does not match. */
static fr_set end_of(struct matching *m, const struct fr_item *item, unsigned end) {
    fr_set set = item->ends[end];
    for (unsigned f = 0; f < 2; f++)
        if ((item->families & FLOWRULES_FAMILY_BIT(f)) == 0)
            set = fr_set_subtract(&m->common.terms->sets, set, m->whole[f]);
    return set;
}

static bool interfaces_meet(const struct matching *m, const struct fr_item *a,
                            const struct fr_item *b) {
    for (unsigned i = 0; i < 2; i++)
        if (a->interfaces[i] != 0 && b->interfaces[i] != 0 &&
            !fr_set_overlaps(&m->common.terms->sets, a->interfaces[i], b->interfaces[i]))
            return false;
    return true;
}

/* Does an item match packets of all the interfaces that another one does? */
static bool interfaces_cover(const struct matching *m, const struct fr_item *outer,
                             const struct fr_item *inner) {
    for (unsigned i = 0; i < 2; i++)
        if (outer->interfaces[i] != 0 &&
            (inner->interfaces[i] == 0 ||
             !fr_set_covers(&m->common.terms->sets, outer->interfaces[i], inner->interfaces[i])))
            return false;
    return true;
}

/* Adds a box for each family, since no packet is of both. */
static flowrules_status add_families(struct matching *m, const struct fr_box *box) {
    struct fr_sets *sets = &m->common.terms->sets;
    struct fr_box one[2] = {*box, *box};
    for (unsigned f = 0; f < 2; f++) {
        for (unsigned e = 0; e < 2; e++)
            one[f].ends[e] = fr_set_subtract(sets, box->ends[e], m->whole[1 - f]);
        bool again = f == 1 && memcmp(one[0].ends, one[1].ends, sizeof one[0].ends) == 0;
        if (!again) /* names and groups alone are of either */
            FR_TRY(fr_boxes_add(&m->boxes, &one[f]));
    }
    return FLOWRULES_OK;
}

/* Adds what two items have in common; where b is NULL, all of a. */
static flowrules_status add_common_boxes(struct matching *m, const struct fr_item *a,
                                         const struct fr_item *b) {
    struct fr_sets *sets = &m->common.terms->sets;
    const struct fr_services *services = &m->common.terms->services;
    const struct fr_service_terms *of_a = fr_service_get(services, a->service);
    const struct fr_service_terms *of_b = fr_service_get(services, (b ? b : a)->service);
    struct fr_box box;
    for (unsigned e = 0; e < 2; e++) {
        box.ends[e] = end_of(m, a, e);
        if (b != NULL)
            box.ends[e] = fr_set_intersect(sets, box.ends[e], end_of(m, b, e));
    }
    for (uint32_t i = 0; i < of_a->count; i++)
        for (uint32_t k = 0; k < (b ? of_b->count : 1); k++) {
            box.term = of_a->terms[i];
            if (b == NULL || fr_terms_meet(&of_a->terms[i], &of_b->terms[k], &box.term))
                FR_TRY(add_families(m, &box));
        }
    return FLOWRULES_OK;
}

static flowrules_status subtract_item(struct matching *m, const struct fr_item *item) {
    const struct fr_service_terms *terms =
        fr_service_get(&m->common.terms->services, item->service);
    struct fr_box gone = {.ends = {end_of(m, item, 0), end_of(m, item, 1)}};
    bool touched;
    for (uint32_t i = 0; i < terms->count && m->boxes.list.count > 0; i++) {
        gone.term = terms->terms[i];
        FR_TRY(fr_boxes_subtract(&m->boxes, &gone, &touched));
    }
    return FLOWRULES_OK;
}

/* Does every packet that an earlier item of the dump matches not come to this one? */
static bool keeps_from(const struct matching *m, uint32_t earlier, uint32_t rule) {
    const struct fr_item *e = item_at(m, earlier), *r = item_at(m, rule);
    return earlier < rule && e->stage == r->stage && !e->doubt &&
           (e->packets & FLOWRULES_NEW) != 0 && interfaces_cover(m, e, r) &&
           (e->effect != FR_SKIP || e->skip_to > rule) &&
           *fr_vec_at(&m->lands, uint32_t, earlier) > rule;
}

/* Rules for any service come first: "any" without one protocol is 255 others. */
static flowrules_status subtract_near(struct matching *m, uint32_t rule, bool any) {
    size_t count = m->near.count < EARLIER_MAX ? m->near.count : EARLIER_MAX;
    for (size_t i = 0; i < count && m->boxes.list.count > 0 && !m->boxes.too_many; i++) {
        uint32_t earlier = *fr_vec_at(&m->near, uint32_t, i);
        if ((item_at(m, earlier)->service == FR_SERVICE_ANY) == any && keeps_from(m, earlier, rule))
            FR_TRY(subtract_item(m, item_at(m, earlier)));
    }
    return FLOWRULES_OK;
}

/* Takes from the boxes what rules before this one decide. What is left may be too much. */
static flowrules_status subtract_earlier(struct matching *m, uint32_t rule) {
    struct fr_extent extent = fr_no_extent;
    fr_set ends[2] = {FR_SET_EMPTY, FR_SET_EMPTY};
    for (size_t i = 0; i < m->boxes.list.count; i++) {
        const struct fr_box *box = fr_vec_at(&m->boxes.list, struct fr_box, i);
        fr_extent_widen_by_term(&extent, &box->term);
        for (unsigned e = 0; e < 2; e++)
            ends[e] = fr_set_union(&m->common.terms->sets, ends[e], box->ends[e]);
    }
    if (!find_near(m, &m->rules, ends, extent))
        return fr_no_memory(m->now->context);
    FR_TRY(subtract_near(m, rule, true));
    return subtract_near(m, rule, false);
}

static void begin_boxes(struct matching *m) {
    m->boxes.list.count = 0;
    m->boxes.too_many = false;
}

/* ---- a rule and flows ---------------------------------------------------------------------- */

/* May some packet that opens a connection be of both? By their terms alone. */
static bool may_meet(const struct matching *m, const struct fr_item *rule,
                     const struct fr_item *flow) {
    const struct fr_sets *sets = &m->common.terms->sets;
    return rule->effect == flow->effect && (rule->families & flow->families) != 0 &&
           (flow->packets & FLOWRULES_NEW) != 0 &&
           fr_services_meet(&m->common.terms->services, rule->service, flow->service) &&
           fr_set_overlaps(sets, rule->ends[0], flow->ends[0]) &&
           fr_set_overlaps(sets, rule->ends[1], flow->ends[1]) && interfaces_meet(m, rule, flow);
}

/* Does a rule decide on packets of the flow that no rule before it decides on? */
static flowrules_status asks_for(struct matching *m, uint32_t rule, uint32_t flow, bool *asks) {
    begin_boxes(m);
    FR_TRY(add_common_boxes(m, item_at(m, rule), item_at(m, flow)));
    if (m->boxes.list.count > 0)
        FR_TRY(subtract_earlier(m, rule));
    *asks = m->boxes.list.count > 0 || m->boxes.too_many;
    return FLOWRULES_OK;
}

/* Are all packets of a rule, which no rule before it decides on, the flow's? */
static flowrules_status is_all_of(struct matching *m, uint32_t rule, uint32_t flow, bool *all) {
    const struct fr_item *r = item_at(m, rule), *f = item_at(m, flow);
    *all = interfaces_cover(m, f, r);
    if (!*all)
        return FLOWRULES_OK;
    begin_boxes(m);
    FR_TRY(add_common_boxes(m, r, NULL));
    FR_TRY(subtract_item(m, f));
    if (m->boxes.list.count > 0 && !m->boxes.too_many)
        FR_TRY(subtract_earlier(m, rule));
    *all = m->boxes.list.count == 0 && !m->boxes.too_many;
    return FLOWRULES_OK;
}

static flowrules_status find_flows(struct matching *m, uint32_t rule) {
    const struct fr_item *item = item_at(m, rule);
    struct fr_extent extent = fr_no_extent;
    m->met.count = 0;
    fr_extent_widen_by_terms(&extent, fr_service_get(&m->common.terms->services, item->service));
    if (!find_near(m, &m->flows, item->ends, extent))
        return fr_no_memory(m->now->context);
    for (size_t i = 0; i < m->near.count; i++) {
        uint32_t near = *fr_vec_at(&m->near, uint32_t, i);
        if (!may_meet(m, item, item_at(m, near)))
            continue;
        uint32_t *slot = fr_vec_add(&m->met);
        if (slot == NULL)
            return fr_no_memory(m->now->context);
        *slot = near;
    }
    return FLOWRULES_OK;
}

/* Is there a packet that a rule decides on? */
static flowrules_status decides_some(struct matching *m, uint32_t rule, bool *some) {
    begin_boxes(m);
    FR_TRY(add_common_boxes(m, item_at(m, rule), NULL));
    FR_TRY(subtract_earlier(m, rule));
    *some = m->boxes.list.count > 0 || m->boxes.too_many;
    return FLOWRULES_OK;
}

static flowrules_status add_share(struct matching *m, uint32_t counter, uint32_t flow, bool whole) {
    struct fr_usage_share *slot = fr_vec_add(&m->now->shares);
    if (slot == NULL)
        return fr_no_memory(m->now->context);
    *slot = (struct fr_usage_share){counter, flow, flowrules_flow_name(m->policy, flow),
                                    whole ? 1 : 0, false};
    return FLOWRULES_OK;
}

/* A flow and a rule that may meet; *asks: they do, and no rule before that one decides. */
static flowrules_status note_flow(struct matching *m, uint32_t rule, uint32_t item, bool *asks) {
    uint32_t counter = *fr_vec_at(&m->of_item, uint32_t, rule);
    uint32_t flow = *fr_vec_at(&m->of_item, uint32_t, item);
    bool whole = false;
    FR_TRY(asks_for(m, rule, item, asks));
    if (!*asks)
        return FLOWRULES_OK;
    if (counter == UINT32_MAX) { /* whether the rule has decided on the flow is not known */
        *fr_vec_at(&m->now->open, bool, flow) = true;
        return FLOWRULES_OK;
    }
    if (m->met.count <= ASKED_MAX)
        FR_TRY(is_all_of(m, rule, item, &whole));
    return add_share(m, counter, flow, whole);
}

static flowrules_status note_rule(struct matching *m, uint32_t rule) {
    uint32_t counter = *fr_vec_at(&m->of_item, uint32_t, rule);
    bool some = false;
    for (size_t i = 0; i < m->met.count; i++) {
        bool asks;
        FR_TRY(note_flow(m, rule, *fr_vec_at(&m->met, uint32_t, i), &asks));
        some = some || asks;
    }
    if (counter == UINT32_MAX)
        return FLOWRULES_OK;
    if (!some)
        FR_TRY(decides_some(m, rule, &some));
    *fr_vec_at(&m->rules_of, uint32_t, counter) += some;
    return FLOWRULES_OK;
}

/* ---- directions ---------------------------------------------------------------------------- */

/* What is between a return from a chain and where it goes on is not come by on the way. */
static flowrules_status find_landings(struct matching *m) {
    size_t skips = 0;
    if (!fr_vec_reserve(&m->lands, m->common.items.count))
        return fr_no_memory(m->now->context);
    m->lands.count = m->common.items.count;
    memset(m->lands.items, 0xFF, m->lands.count * sizeof(uint32_t));
    for (uint32_t i = 0; i < m->lands.count; i++) {
        const struct fr_item *item = item_at(m, i);
        if (item->effect != FR_SKIP)
            continue;
        uint32_t end = ++skips > SKIPS_MAX ? (uint32_t)m->lands.count : item->skip_to;
        for (uint32_t k = i + 1; k < end && skips <= SKIPS_MAX + 1; k++) {
            uint32_t *lands = fr_vec_at(&m->lands, uint32_t, k);
            *lands = skips > SKIPS_MAX ? 0 : end < *lands ? end : *lands;
        }
    }
    return FLOWRULES_OK;
}

static flowrules_status index_items(struct matching *m) {
    for (uint32_t i = 0; i < m->common.items.count; i++) {
        const struct fr_clause *clause = clause_of(m, i);
        bool found = is_found(m, i);
        uint32_t *of = fr_vec_add(&m->of_item);
        if (of == NULL)
            return fr_no_memory(m->now->context);
        *of = found ? clause->counter - 1 : clause->flow;
        if (!found && clause->flow != FR_NO_FLOW)
            *fr_vec_at(&m->now->in_scope, bool, clause->flow) = true;
        if ((found || clause->flow != FR_NO_FLOW) && (clause->packets & FLOWRULES_NEW) != 0 &&
            !add_extents(m, found ? &m->rules : &m->flows, i))
            return fr_no_memory(m->now->context);
    }
    bool good = fr_index_build(&m->rules) && fr_index_build(&m->flows);
    return good ? find_landings(m) : fr_no_memory(m->now->context);
}

static bool decides(const struct fr_item *item) {
    return (item->effect == FR_PASS || item->effect == FR_BLOCK) &&
           (item->packets & FLOWRULES_NEW) != 0;
}

static flowrules_status match_items(struct matching *m) {
    FR_TRY(index_items(m));
    for (uint32_t i = 0; i < m->common.items.count; i++) {
        if (!is_found(m, i) || !decides(item_at(m, i)))
            continue;
        FR_TRY(find_flows(m, i));
        FR_TRY(note_rule(m, i));
    }
    return fr_meaning_memory(m->common.terms);
}

static flowrules_status match_direction(struct matching *m, enum flowrules_direction direction) {
    const struct fr_allocator *allocator = &m->now->context->allocator;
    FR_TRY(fr_common_choose(&m->common, direction));
    fr_index_init(&m->flows, allocator);
    fr_index_init(&m->rules, allocator);
    m->of_item.count = m->lands.count = 0;
    flowrules_status status = match_items(m);
    fr_index_free(&m->flows);
    fr_index_free(&m->rules);
    return status;
}

static flowrules_status find_families(struct matching *m) {
    for (int f = 0; f < 2; f++) {
        enum flowrules_family family = (enum flowrules_family)f;
        struct flowrules_range all = {family, {0, 0}, fr_ip_max(family)};
        fr_builder_range(&m->common.terms->builder, &all);
        m->whole[f] = fr_builder_finish(&m->common.terms->builder, &m->common.terms->sets);
    }
    return fr_meaning_memory(m->common.terms);
}

static flowrules_status match_all(struct matching *m, const flowrules_meaning *expected) {
    flowrules_status status = fr_common_init(&m->common, m->now->context, expected, m->found);
    if (status == FLOWRULES_OK)
        status = find_families(m);
    if (status == FLOWRULES_OK) {
        fr_boxes_init(&m->boxes, m->now->context, &m->common.terms->sets, PIECES_MAX);
        for (unsigned d = 0; d < FR_DIRECTIONS && status == FLOWRULES_OK; d++)
            status = match_direction(m, (enum flowrules_direction)d);
        fr_boxes_free(&m->boxes);
    }
    fr_common_free(&m->common);
    return status;
}

/* ---- shares -------------------------------------------------------------------------------- */

static int by_counter(const void *one, const void *other) {
    const struct fr_usage_share *a = one, *b = other;
    if (a->counter != b->counter)
        return a->counter < b->counter ? -1 : 1;
    return (a->flow > b->flow) - (a->flow < b->flow);
}

static int by_name(const void *one, const void *other) {
    const struct fr_usage_share *a = one, *b = other;
    if (a->counter != b->counter)
        return a->counter < b->counter ? -1 : 1;
    return a->whole != b->whole ? (a->whole ? -1 : 1) : strcmp(a->name, b->name);
}

/* What a counter counts is all a flow's if that is so of each of its rules. */
static void join_shares(struct matching *m) {
    struct fr_usage_share *list = m->now->shares.items;
    size_t count = 0;
    if (m->now->shares.count > 1)
        qsort(list, m->now->shares.count, sizeof *list, by_counter);
    for (size_t i = 0; i < m->now->shares.count; i++) {
        if (count > 0 && by_counter(&list[count - 1], &list[i]) == 0)
            list[count - 1].rules += list[i].rules;
        else
            list[count++] = list[i];
    }
    m->now->shares.count = count;
    for (size_t i = 0; i < count; i++)
        list[i].whole = list[i].rules == *fr_vec_at(&m->rules_of, uint32_t, list[i].counter);
    if (count > 1)
        qsort(list, count, sizeof *list, by_name);
}

static flowrules_status find_spans(struct fr_usage_now *now) {
    const struct fr_usage_share *list = now->shares.items;
    uint32_t at = 0;
    for (uint32_t i = 0; i < now->counters.count; i++) {
        struct fr_span *span = fr_vec_push(&now->spans);
        if (span == NULL)
            return fr_no_memory(now->context);
        span->first = at;
        while (at < now->shares.count && list[at].counter == i)
            at++;
        span->count = at - span->first;
    }
    return FLOWRULES_OK;
}

/* ---- life ---------------------------------------------------------------------------------- */

void fr_usage_now_init(struct fr_usage_now *now, flowrules_context *context) {
    const struct fr_allocator *allocator = &context->allocator;
    *now = (struct fr_usage_now){.context = context};
    fr_arena_init(&now->arena, allocator);
    fr_vec_init(&now->order, allocator, sizeof(uint32_t));
    fr_vec_init(&now->groups, allocator, sizeof(struct fr_usage_group));
    fr_vec_init(&now->counters, allocator, sizeof(struct fr_counter));
    fr_vec_init(&now->last, allocator, sizeof(const char *));
    fr_vec_init(&now->shares, allocator, sizeof(struct fr_usage_share));
    fr_vec_init(&now->spans, allocator, sizeof(struct fr_span));
    fr_vec_init(&now->in_scope, allocator, sizeof(bool));
    fr_vec_init(&now->open, allocator, sizeof(bool));
}

void fr_usage_now_free(struct fr_usage_now *now) {
    fr_arena_free(&now->arena);
    fr_vec_free(&now->order);
    fr_vec_free(&now->groups);
    fr_vec_free(&now->counters);
    fr_vec_free(&now->last);
    fr_vec_free(&now->shares);
    fr_vec_free(&now->spans);
    fr_vec_free(&now->in_scope);
    fr_vec_free(&now->open);
}

/* The day on which a counter last counted. */
static bool keep_day(struct matching *m, const struct fr_counter *counter) {
    const char **slot = fr_vec_push(&m->now->last);
    const char *day = fr_strings_text(&m->found->strings, counter->last);
    if (slot != NULL && day != NULL)
        *slot = fr_arena_text(&m->now->arena, day, strlen(day));
    return slot != NULL && (day == NULL || *slot != NULL);
}

static bool begin(struct matching *m) {
    struct fr_usage_now *now = m->now;
    const flowrules_meaning *found = m->found;
    bool good = fr_vec_copy(&now->counters, &found->counters);
    for (size_t i = 0; i < m->policy->flows.count && good; i++)
        good = fr_vec_push(&now->in_scope) != NULL && fr_vec_push(&now->open) != NULL;
    for (uint32_t i = 0; i < found->counters.count && good; i++) {
        const struct fr_counter *counter = fr_vec_at(&found->counters, struct fr_counter, i);
        good = fr_vec_push(&m->rules_of) != NULL && keep_day(m, counter);
    }
    return good;
}

flowrules_status fr_usage_match(struct fr_usage_now *now, const flowrules_policy *policy,
                                const flowrules_meaning *expected, const flowrules_meaning *found) {
    const struct fr_allocator *allocator = &now->context->allocator;
    struct matching m = {.now = now, .policy = policy, .found = found};
    fr_vec_init(&m.of_item, allocator, sizeof(uint32_t));
    fr_vec_init(&m.lands, allocator, sizeof(uint32_t));
    fr_vec_init(&m.near, allocator, sizeof(uint32_t));
    fr_vec_init(&m.met, allocator, sizeof(uint32_t));
    fr_vec_init(&m.rules_of, allocator, sizeof(uint32_t));
    flowrules_status status = begin(&m) ? FLOWRULES_OK : fr_no_memory(now->context);
    if (status == FLOWRULES_OK)
        status = match_all(&m, expected);
    if (status == FLOWRULES_OK) {
        join_shares(&m);
        status = find_spans(now);
    }
    if (status == FLOWRULES_OK)
        status = fr_usage_group(now);
    fr_vec_free(&m.of_item);
    fr_vec_free(&m.lands);
    fr_vec_free(&m.near);
    fr_vec_free(&m.met);
    fr_vec_free(&m.rules_of);
    return status;
}
