/*
 * Merges rules that differ in one dimension only, and drops equal ones.
 */
#include <stdlib.h>

#include "drafts.h"

/* ---- merging ------------------------------------------------------------------------------- */

static int compare_numbers(uint32_t a, uint32_t b) {
    return (a > b) - (a < b);
}

static int by_keys(const struct fr_rule *a, const struct fr_rule *b, uint32_t a1, uint32_t b1,
                   uint32_t a2, uint32_t b2) {
    int order = compare_numbers(a1, b1);
    if (order == 0)
        order = compare_numbers(a2, b2);
    if (order == 0)
        order = (a->expires > b->expires) - (a->expires < b->expires);
    return order != 0 ? order : compare_numbers(a->flows, b->flows);
}

static int but_destination(const void *left, const void *right) {
    const struct fr_rule *a = left, *b = right;
    return by_keys(a, b, a->source, b->source, a->service, b->service);
}

static int but_source(const void *left, const void *right) {
    const struct fr_rule *a = left, *b = right;
    return by_keys(a, b, a->destination, b->destination, a->service, b->service);
}

static int but_service(const void *left, const void *right) {
    const struct fr_rule *a = left, *b = right;
    return by_keys(a, b, a->source, b->source, a->destination, b->destination);
}

static int by_first_flow(const void *left, const void *right) {
    const struct fr_rule *a = left, *b = right;
    return compare_numbers(a->table, b->table);
}

/* The dimension in which the rules of a run may differ. */
enum dimension { IN_DESTINATION, IN_SOURCE, IN_SERVICE };

static const struct {
    int (*compare)(const void *left, const void *right);
} dimensions[] = {
    [IN_DESTINATION] = {but_destination},
    [IN_SOURCE] = {but_source},
    [IN_SERVICE] = {but_service},
};

static bool alike(const struct fr_rule *a, const struct fr_rule *b, enum dimension dimension) {
    return (dimension == IN_SOURCE || a->source == b->source) &&
           (dimension == IN_DESTINATION || a->destination == b->destination) &&
           (dimension == IN_SERVICE || a->service == b->service) && a->expires == b->expires;
}

static flowrules_status union_of_sets(struct fr_drafts *d, const struct fr_rule *run, size_t count,
                                      bool source, fr_set *set) {
    *set = fr_sets_union(&d->plan->view->sets, source ? &run->source : &run->destination, count,
                         sizeof *run);
    return fr_plan_memory(d->plan);
}

static flowrules_status union_of_services(struct fr_drafts *d, const struct fr_rule *run,
                                          size_t count, fr_service *service) {
    *service = fr_services_union(d->plan->services, &run->service, count, sizeof *run);
    return fr_plan_memory(d->plan);
}

static int by_number(const void *left, const void *right) {
    const uint32_t *a = left, *b = right;
    return compare_numbers(*a, *b);
}

/* Flows in the order of the file, each once. */
static void sort_flows(struct fr_vec *flows) {
    uint32_t *list = flows->items;
    size_t kept = 0;
    qsort(list, flows->count, sizeof *list, by_number);
    for (size_t i = 0; i < flows->count; i++)
        if (kept == 0 || list[i] != list[kept - 1])
            list[kept++] = list[i];
    flows->count = kept;
}

/* The flows of a run of rules, as those of one. */
static flowrules_status merge_flows(struct fr_drafts *d, const struct fr_rule *run, size_t count,
                                    uint32_t *list) {
    struct fr_vec flows;
    fr_vec_init(&flows, &d->plan->context->allocator, sizeof(uint32_t));
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        size_t more = fr_flows_count(&d->rules->flows, run[i].flows);
        good = fr_vec_reserve(&flows, more);
        for (size_t f = 0; good && f < more; f++)
            *(uint32_t *)fr_vec_add(&flows) = fr_flows_at(&d->rules->flows, run[i].flows, f);
    }
    if (good)
        sort_flows(&flows);
    *list = good ? fr_flows_list(&d->rules->flows, flows.items, flows.count) : UINT32_MAX;
    fr_vec_free(&flows);
    return *list == UINT32_MAX ? fr_no_memory(d->plan->context) : FLOWRULES_OK;
}

static flowrules_status merge_run(struct fr_drafts *d, const struct fr_rule *run, size_t count,
                                  enum dimension dimension, struct fr_rule *merged) {
    *merged = run[0];
    if (count == 1)
        return FLOWRULES_OK;
    for (size_t i = 1; i < count; i++)
        if (run[i].table < merged->table)
            merged->table = run[i].table;
    FR_TRY(merge_flows(d, run, count, &merged->flows));
    if (dimension == IN_SERVICE)
        return union_of_services(d, run, count, &merged->service);
    return union_of_sets(d, run, count, dimension == IN_SOURCE,
                         dimension == IN_SOURCE ? &merged->source : &merged->destination);
}

/* Merges the rules that differ in one dimension only; table keeps the order of the file. */
static flowrules_status merge(struct fr_drafts *d, enum dimension dimension) {
    struct fr_rule *list = d->list.items;
    size_t kept = 0;
    qsort(list, d->list.count, sizeof *list, dimensions[dimension].compare);
    for (size_t i = 0, next; i < d->list.count; i = next) {
        struct fr_rule merged;
        for (next = i + 1; next < d->list.count && alike(&list[i], &list[next], dimension); next++)
            continue;
        FR_TRY(merge_run(d, list + i, next - i, dimension, &merged));
        list[kept++] = merged;
    }
    d->list.count = kept;
    return FLOWRULES_OK;
}

flowrules_status fr_merge_rules(struct fr_drafts *d) {
    unsigned above = d->can->merge_above;
    if (above == 0 || d->list.count <= above || !d->plan->target->optimize)
        return FLOWRULES_OK;
    for (uint32_t i = 0; i < d->list.count; i++)
        fr_vec_at(&d->list, struct fr_rule, i)->table = i;
    FR_TRY(merge(d, IN_DESTINATION));
    FR_TRY(merge(d, IN_SOURCE));
    FR_TRY(merge(d, IN_SERVICE));
    if (d->list.count > 1)
        qsort(d->list.items, d->list.count, sizeof(struct fr_rule), by_first_flow);
    return FLOWRULES_OK;
}

/* ---- equal rules --------------------------------------------------------------------------- */

static bool equal_rules(const struct fr_rule *a, const struct fr_rule *b) {
    return a->source == b->source && a->destination == b->destination && a->service == b->service &&
           a->families == b->families;
}

/* Notes in table of each rule the place of the first that is equal to it; *equal: there are any. */
static flowrules_status find_equal(struct fr_drafts *d, bool *equal) {
    struct fr_map first;
    struct fr_rule *list = d->list.items;
    bool good = true;
    *equal = false;
    fr_map_init(&first, &d->plan->context->allocator);
    for (uint32_t i = 0; good && i < d->list.count; i++) {
        uint32_t key[4] = {list[i].source, list[i].destination, list[i].service, list[i].families};
        uint32_t hash = fr_hash(key, sizeof key) | 1u, known;
        list[i].table = i;
        if (fr_map_get(&first, hash, &known) && equal_rules(&list[known], &list[i])) {
            list[i].table = known;
            *equal = true;
        } else {
            good = fr_map_put(&first, hash, i);
        }
    }
    fr_map_free(&first);
    return good ? FLOWRULES_OK : fr_no_memory(d->plan->context);
}

/* Merges equal rules into the first of them, with the flows of all. */
flowrules_status fr_drop_equal_rules(struct fr_drafts *d) {
    struct fr_rule *list = d->list.items;
    size_t kept = 0;
    bool equal;
    FR_TRY(find_equal(d, &equal));
    if (!equal)
        return FLOWRULES_OK;
    qsort(list, d->list.count, sizeof *list, by_first_flow);
    for (size_t i = 0, next; i < d->list.count; i = next) {
        struct fr_rule rule = list[i];
        for (next = i + 1; next < d->list.count && list[next].table == rule.table; next++)
            if (list[next].expires > rule.expires)
                rule.expires = list[next].expires;
        if (next > i + 1)
            FR_TRY(merge_flows(d, list + i, next - i, &rule.flows));
        list[kept++] = rule;
    }
    d->list.count = kept;
    return FLOWRULES_OK;
}
