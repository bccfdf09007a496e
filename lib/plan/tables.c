/*
 * Lookup tables: collects elements by protocol and kind of key, sorts them, merges equal ones,
 * drops covered ones, and lays them out so that no two of a table overlap. Every step is n log n.
 * The flows of an element are those that it comes from, and those of the elements that it covers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lookup.h"

/* How many intervals around an element are looked at for one that covers it. */
#define COVERS_SEEN 64u
/* Layers that are looked at for a place: deeper nesting than this is no real policy. */
#define LAYERS_SEEN 64u
/* Layers of intervals that exact elements are looked up in: more only waste time. */
#define COVER_LAYERS 8u
/* Prefix lengths with a table of their own: each is one more lookup for a packet. */
#define MASKS_MOST 8u
/* Up to this many, products stay a rule for each flow, which reads better. */
#define PRODUCTS_APART 16u

struct fr_bucket {
    uint16_t protocol; /* FR_PROTOCOL_ANY: every one */
    bool by_source, by_port;
    struct fr_vec elements;
};

void fr_tables_init(struct fr_tables *tables, struct fr_rules *rules, enum flowrules_family family,
                    const char *group, enum flowrules_end end) {
    const struct fr_allocator *allocator = &rules->plan->context->allocator;
    *tables = (struct fr_tables){
        .plan = rules->plan, .rules = rules, .family = family, .end = end, .group = group};
    fr_vec_init(&tables->buckets, allocator, sizeof(struct fr_bucket));
    fr_vec_init(&tables->products, allocator, sizeof(struct fr_product));
}

void fr_tables_free(struct fr_tables *tables) {
    for (size_t i = 0; i < tables->buckets.count; i++)
        fr_vec_free(&fr_vec_at(&tables->buckets, struct fr_bucket, i)->elements);
    fr_vec_free(&tables->buckets);
    fr_vec_free(&tables->products);
}

/* ---- elements in their packed forms -------------------------------------------------------- */

static size_t element_size(enum flowrules_family family) {
    return family == FLOWRULES_IPV4 ? sizeof(struct fr_element4) : sizeof(struct fr_element6);
}

static struct fr_element6 load(const struct fr_vec *elements, enum flowrules_family family,
                               size_t i) {
    if (family == FLOWRULES_IPV6)
        return *fr_vec_at(elements, struct fr_element6, i);
    const struct fr_element4 *e = fr_vec_at(elements, struct fr_element4, i);
    return (struct fr_element6){{0, e->source}, {0, e->first}, {0, e->last},
                                e->port_first,  e->port_last,  e->flows};
}

static void store(struct fr_vec *elements, enum flowrules_family family, size_t i,
                  const struct fr_element6 *e) {
    if (family == FLOWRULES_IPV6)
        *fr_vec_at(elements, struct fr_element6, i) = *e;
    else
        *fr_vec_at(elements, struct fr_element4, i) = (struct fr_element4){
            (uint32_t)e->source.lo, (uint32_t)e->first.lo, (uint32_t)e->last.lo,
            e->port_first,          e->port_last,          e->flows};
}

static flowrules_status push(const flowrules_plan *plan, struct fr_vec *elements,
                             enum flowrules_family family, const struct fr_element6 *e) {
    if (fr_vec_add(elements) == NULL)
        return fr_no_memory(plan->context);
    store(elements, family, elements->count - 1, e);
    return FLOWRULES_OK;
}

static bool is_exact(const struct fr_element6 *e, bool by_port) {
    return fr_ip_compare(e->first, e->last) == 0 && (!by_port || e->port_first == e->port_last);
}

static int compare_numbers(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

/* Exact elements by source, address and port; ranges after them, wide before narrow. */
static int compare_wide(const struct fr_element6 *a, const struct fr_element6 *b) {
    int order = fr_ip_compare(a->source, b->source);
    if (order == 0)
        order = fr_ip_compare(a->first, b->first);
    if (order == 0)
        order = fr_ip_compare(b->last, a->last);
    if (order == 0)
        order = compare_numbers(a->port_first, b->port_first);
    if (order == 0)
        order = compare_numbers(b->port_last, a->port_last);
    return order != 0 ? order : compare_numbers(a->flows, b->flows);
}

static int compare6(const void *a, const void *b) {
    return compare_wide(a, b);
}

static int compare4(const void *left, const void *right) {
    const struct fr_element4 *a = left, *b = right;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->last != b->last)
        return a->last > b->last ? -1 : 1;
    if (a->port_first != b->port_first)
        return a->port_first < b->port_first ? -1 : 1;
    if (a->port_last != b->port_last)
        return a->port_last > b->port_last ? -1 : 1;
    return compare_numbers(a->flows, b->flows);
}

static void sort_elements(struct fr_vec *elements, enum flowrules_family family) {
    if (elements->count > 1)
        qsort(elements->items, elements->count, elements->item_size,
              family == FLOWRULES_IPV4 ? compare4 : compare6);
}

/* ---- collecting ---------------------------------------------------------------------------- */

static flowrules_status find_bucket(struct fr_tables *t, uint16_t protocol, bool by_source,
                                    bool by_port, struct fr_bucket **bucket) {
    for (size_t i = 0; i < t->buckets.count; i++) {
        size_t at = (t->last_bucket + i) % t->buckets.count;
        *bucket = fr_vec_at(&t->buckets, struct fr_bucket, at);
        if ((*bucket)->protocol == protocol && (*bucket)->by_source == by_source &&
            (*bucket)->by_port == by_port) {
            t->last_bucket = at;
            return FLOWRULES_OK;
        }
    }
    *bucket = fr_vec_push(&t->buckets);
    if (*bucket == NULL)
        return fr_no_memory(t->plan->context);
    (*bucket)->protocol = protocol;
    (*bucket)->by_source = by_source;
    (*bucket)->by_port = by_port;
    fr_vec_init(&(*bucket)->elements, &t->plan->context->allocator, element_size(t->family));
    return FLOWRULES_OK;
}

flowrules_status fr_tables_add(struct fr_tables *t, const struct fr_term *term, bool by_source,
                               struct flowrules_ip source, const struct flowrules_range *range,
                               uint32_t flow) {
    bool by_port = term->destination_first != 0 || term->destination_last != 65535;
    struct fr_bucket *bucket;
    FR_TRY(find_bucket(t, term->protocol, by_source, by_port, &bucket));
    struct fr_element6 e = {source, range->first, range->last, 0, 0, flow};
    if (by_port) {
        e.port_first = term->destination_first;
        e.port_last = term->destination_last;
    }
    return push(t->plan, &bucket->elements, t->family, &e);
}

flowrules_status fr_tables_product(struct fr_tables *t, fr_set other, fr_service service,
                                   uint32_t flow) {
    struct fr_product *slot = fr_vec_push(&t->products);
    if (slot == NULL)
        return fr_no_memory(t->plan->context);
    *slot = (struct fr_product){other, service, flow};
    return FLOWRULES_OK;
}

/* ---- products ------------------------------------------------------------------------------ */

static int by_service(const void *left, const void *right) {
    const struct fr_product *a = left, *b = right;
    int order = compare_numbers(a->service, b->service);
    return order != 0 ? order : compare_numbers(a->flows, b->flows);
}

static int by_other(const void *left, const void *right) {
    const struct fr_product *a = left, *b = right;
    int order = compare_numbers(a->other, b->other);
    return order != 0 ? order : compare_numbers(a->flows, b->flows);
}

static int by_number(const void *left, const void *right) {
    return compare_numbers(*(const uint32_t *)left, *(const uint32_t *)right);
}

/* The number of the flows, each of them once and in order; UINT32_MAX when out of memory. */
static uint32_t list_once(struct fr_flow_lists *lists, struct fr_vec *flows) {
    uint32_t *list = flows->items;
    size_t kept = 0;
    if (flows->count > 1)
        qsort(list, flows->count, sizeof *list, by_number);
    for (size_t i = 0; i < flows->count; i++)
        if (kept == 0 || list[kept - 1] != list[i])
            list[kept++] = list[i];
    return fr_flows_list(lists, list, kept);
}

/* Appends the flows that a number stands for. */
static bool append_flows(const struct fr_flow_lists *lists, struct fr_vec *flows, uint32_t number) {
    size_t count = fr_flows_count(lists, number);
    if (!fr_vec_reserve(flows, count))
        return false;
    for (size_t f = 0; f < count; f++)
        *(uint32_t *)fr_vec_push(flows) = fr_flows_at(lists, number, f);
    return true;
}

/* The flows of count products in a row. */
static uint32_t flows_of(struct fr_tables *t, size_t first, size_t count) {
    struct fr_vec flows;
    fr_vec_init(&flows, &t->plan->context->allocator, sizeof(uint32_t));
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = append_flows(&t->rules->flows, &flows,
                            fr_vec_at(&t->products, struct fr_product, first + i)->flows);
    uint32_t result = good ? list_once(&t->rules->flows, &flows) : UINT32_MAX;
    fr_vec_free(&flows);
    return result;
}

static flowrules_status union_of_others(struct fr_tables *t, const struct fr_product *run,
                                        size_t count, fr_set *other) {
    *other = fr_sets_union(&t->plan->view->sets, &run->other, count, sizeof *run);
    struct flowrules_set view = {&t->plan->view->sets, *other};
    if (flowrules_set_is_all(view, t->family))
        *other = FR_SET_ANY;
    return fr_plan_memory(t->plan);
}

static flowrules_status union_of_services(struct fr_tables *t, const struct fr_product *run,
                                          size_t count, fr_service *service) {
    *service = fr_services_union(t->plan->services, &run->service, count, sizeof *run);
    return fr_plan_memory(t->plan);
}

/* Merges runs of products that are equal in one of their two sides. */
static flowrules_status merge_runs(struct fr_tables *t, bool equal_services) {
    struct fr_product *list = t->products.items;
    size_t kept = 0;
    qsort(list, t->products.count, sizeof *list, equal_services ? by_service : by_other);
    for (size_t i = 0, next; i < t->products.count; i = next) {
        for (next = i + 1; next < t->products.count; next++)
            if (equal_services ? list[next].service != list[i].service
                               : list[next].other != list[i].other)
                break;
        struct fr_product merged = list[i];
        if (next - i > 1) {
            merged.flows = flows_of(t, i, next - i);
            if (merged.flows == UINT32_MAX)
                return fr_no_memory(t->plan->context);
            if (equal_services)
                FR_TRY(union_of_others(t, &list[i], next - i, &merged.other));
            else
                FR_TRY(union_of_services(t, &list[i], next - i, &merged.service));
        }
        list[kept++] = merged;
    }
    t->products.count = kept;
    return FLOWRULES_OK;
}

flowrules_status fr_tables_merge_products(struct fr_tables *t) {
    if (t->products.count <= PRODUCTS_APART)
        return FLOWRULES_OK;
    FR_TRY(merge_runs(t, true));
    return merge_runs(t, false);
}

/* ---- merging equal elements ---------------------------------------------------------------- */

/* That a flow's element was dropped because another covers it. */
struct cover {
    uint32_t element; /* of the bucket, after sorting */
    uint32_t flow;
};

/* What layer_of says of an element that is in no layer: another covers it, or its table is that of
 * its prefix length. */
#define COVERED UINT32_MAX
#define MASKED  0x80000000u /* + the length */

/* The work on one bucket. */
struct work {
    struct fr_tables *tables;
    struct fr_bucket *bucket;
    struct fr_vec exact, wide; /* elements; exact ones in the order of the flows */
    struct fr_vec covers;      /* struct cover, of wide */
    struct fr_vec repeats;     /* struct cover, of exact */
    struct fr_vec layer_of;    /* uint32_t for each of wide; COVERED, or MASKED + a length */
    struct fr_vec layer_end;   /* struct flowrules_ip: the last address in a layer */
    bool masked[129];          /* by prefix length: those of the length have a table */
};

static bool same_key(const struct fr_element6 *a, const struct fr_element6 *b) {
    return fr_ip_compare(a->source, b->source) == 0 && fr_ip_compare(a->first, b->first) == 0 &&
           fr_ip_compare(a->last, b->last) == 0 && a->port_first == b->port_first &&
           a->port_last == b->port_last;
}

/* Makes one of the elements of each key, with the flows of all; they are sorted. */
static flowrules_status merge_equal(struct work *w, struct fr_vec *elements) {
    enum flowrules_family family = w->tables->family;
    struct fr_vec flows;
    fr_vec_init(&flows, &w->tables->plan->context->allocator, sizeof(uint32_t));
    size_t kept = 0;
    bool good = true;
    for (size_t i = 0, next; good && i < elements->count; i = next) {
        struct fr_element6 e = load(elements, family, i), other;
        flows.count = 0;
        for (next = i + 1; good && next < elements->count; next++) {
            other = load(elements, family, next);
            if (!same_key(&e, &other))
                break;
            uint32_t last =
                flows.count == 0 ? e.flows : *fr_vec_at(&flows, uint32_t, flows.count - 1);
            if (flows.count == 0 && (good = fr_vec_reserve(&flows, 2)))
                *(uint32_t *)fr_vec_push(&flows) = e.flows;
            uint32_t *slot = good && other.flows != last ? fr_vec_push(&flows) : NULL;
            good = good && (other.flows == last || slot != NULL);
            if (slot != NULL)
                *slot = other.flows;
        }
        if (flows.count > 1)
            e.flows = fr_flows_list(&w->tables->rules->flows, flows.items, flows.count);
        good = good && e.flows != UINT32_MAX;
        store(elements, family, kept++, &e);
    }
    elements->count = kept;
    fr_vec_free(&flows);
    return good ? FLOWRULES_OK : fr_no_memory(w->tables->plan->context);
}

static flowrules_status add_cover(struct work *w, struct fr_vec *covers, size_t element,
                                  uint32_t flows) {
    for (size_t i = 0; i < fr_flows_count(&w->tables->rules->flows, flows); i++) {
        struct cover *slot = fr_vec_push(covers);
        if (slot == NULL)
            return fr_no_memory(w->tables->plan->context);
        *slot = (struct cover){(uint32_t)element, fr_flows_at(&w->tables->rules->flows, flows, i)};
    }
    return FLOWRULES_OK;
}

/* A table of exact elements by their key, open addressing. */
struct seen {
    uint32_t *slots; /* element + 1 */
    size_t mask;
};

static size_t slot_of(const struct seen *seen, const struct fr_element6 *e) {
    uint64_t key[5] = {e->source.hi, e->source.lo, e->first.hi, e->first.lo, e->port_first};
    uint64_t hash = 0;
    for (size_t i = 0; i < 5; i++)
        hash = (hash ^ key[i]) * 0x9E3779B97F4A7C15u; /* 2^64 / phi */
    return (size_t)(hash >> 32) & seen->mask;
}

/* Keeps the first of the exact elements of each key; the flows of the others go to its name. */
static flowrules_status keep_first(struct work *w, struct seen *seen) {
    enum flowrules_family family = w->tables->family;
    size_t kept = 0;
    for (size_t i = 0; i < w->exact.count; i++) {
        struct fr_element6 e = load(&w->exact, family, i), other;
        size_t slot = slot_of(seen, &e);
        bool known = false;
        for (; seen->slots[slot] != 0 && !known; slot = (slot + 1) & seen->mask) {
            other = load(&w->exact, family, seen->slots[slot] - 1);
            known = same_key(&e, &other);
            if (known)
                FR_TRY(add_cover(w, &w->repeats, seen->slots[slot] - 1, e.flows));
        }
        if (known)
            continue;
        store(&w->exact, family, kept++, &e);
        seen->slots[slot] = (uint32_t)kept;
    }
    w->exact.count = kept;
    return FLOWRULES_OK;
}

static flowrules_status merge_exact(struct work *w) {
    const struct fr_allocator *allocator = &w->tables->plan->context->allocator;
    size_t size = 16;
    while (size < 2 * w->exact.count)
        size *= 2;
    struct seen seen = {fr_malloc(allocator, size * sizeof *seen.slots), size - 1};
    if (seen.slots == NULL)
        return fr_no_memory(w->tables->plan->context);
    memset(seen.slots, 0, size * sizeof *seen.slots);
    flowrules_status status = keep_first(w, &seen);
    fr_free(allocator, seen.slots);
    return status;
}

/* Takes the elements that are no single address and port out of the bucket. */
static flowrules_status split(struct work *w) {
    enum flowrules_family family = w->tables->family;
    struct fr_vec *all = &w->bucket->elements;
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        struct fr_element6 e = load(all, family, i);
        if (is_exact(&e, w->bucket->by_port))
            store(all, family, kept++, &e);
        else
            FR_TRY(push(w->tables->plan, &w->wide, family, &e));
    }
    all->count = kept;
    w->exact = *all;
    fr_vec_init(all, &w->tables->plan->context->allocator, element_size(family));
    return FLOWRULES_OK;
}

/* ---- layers -------------------------------------------------------------------------------- */

static bool covers(const struct fr_element6 *outer, const struct fr_element6 *inner) {
    return fr_ip_compare(outer->first, inner->first) <= 0 &&
           fr_ip_compare(outer->last, inner->last) >= 0 && outer->port_first <= inner->port_first &&
           outer->port_last >= inner->port_last;
}

static uint32_t layer_of(const struct work *w, size_t i) {
    return *fr_vec_at(&w->layer_of, uint32_t, i);
}

/* The element before i that covers it, among the nearest that can; SIZE_MAX: none was found. */
static size_t find_cover(const struct work *w, size_t i, const struct fr_element6 *e) {
    size_t seen = 0;
    for (size_t k = i; k-- > 0 && seen < COVERS_SEEN; seen++) {
        struct fr_element6 outer = load(&w->wide, w->tables->family, k);
        if (layer_of(w, k) != COVERED && covers(&outer, e))
            return k;
    }
    return SIZE_MAX;
}

/* Do the ports of e overlap those of the stretch before it, on the same addresses? */
static bool goes_on(const struct fr_element6 *stretch, const struct fr_element6 *e) {
    return fr_ip_compare(stretch->first, e->first) == 0 &&
           fr_ip_compare(stretch->last, e->last) == 0 && e->port_first <= stretch->port_last;
}

/* Ports that overlap on one range of addresses would clash: they become one stretch of ports. */
static flowrules_status merge_ports(struct work *w) {
    enum flowrules_family family = w->tables->family;
    const flowrules_plan *plan = w->tables->plan;
    struct fr_flow_lists *lists = &w->tables->rules->flows;
    struct fr_vec flows;
    fr_vec_init(&flows, &plan->context->allocator, sizeof(uint32_t));
    size_t kept = 0;
    bool good = true;
    for (size_t i = 0, next; good && i < w->wide.count; i = next) {
        struct fr_element6 stretch = load(&w->wide, family, i), e;
        flows.count = 0;
        for (next = i + 1; good && next < w->wide.count; next++) {
            e = load(&w->wide, family, next);
            if (!goes_on(&stretch, &e))
                break;
            if (e.port_last > stretch.port_last)
                stretch.port_last = e.port_last;
            good = (flows.count > 0 || append_flows(lists, &flows, stretch.flows)) &&
                   append_flows(lists, &flows, e.flows);
        }
        if (good && flows.count > 0)
            stretch.flows = list_once(lists, &flows);
        good = good && stretch.flows != UINT32_MAX;
        store(&w->wide, family, kept++, &stretch);
    }
    w->wide.count = kept;
    fr_vec_free(&flows);
    return good ? FLOWRULES_OK : fr_no_memory(plan->context);
}

/* The length of the prefix that an element is, if a hash table can hold it; -1 if not. */
static int mask_length(const struct work *w, const struct fr_element6 *e) {
    struct flowrules_range range = {w->tables->family, e->first, e->last};
    bool one_port = !w->bucket->by_port || e->port_first == e->port_last;
    return one_port && !w->bucket->by_source ? flowrules_range_prefix(&range) : -1;
}

/* Chooses the lengths of which there are enough prefixes, those with the most first. */
static void choose_masks(struct work *w) {
    const flowrules_plan *plan = w->tables->plan;
    const char *by = plan->can->masked_tables_by;
    size_t counts[129] = {0}, least = by == NULL ? 0 : (size_t)flowrules_plan_number(plan, by);
    for (size_t i = 0; least > 0 && i < w->wide.count; i++) {
        struct fr_element6 e = load(&w->wide, w->tables->family, i);
        int length = mask_length(w, &e);
        if (length > 0)
            counts[length]++;
    }
    for (unsigned chosen = 0; least > 0 && chosen < MASKS_MOST; chosen++) {
        size_t best = 0;
        for (size_t length = 1; length <= 128; length++)
            if (counts[length] > counts[best])
                best = length;
        if (counts[best] < least)
            return;
        w->masked[best] = true;
        counts[best] = 0;
    }
}

/* The layer of an element before i with the same addresses and other ports; COVERED if none is
 * near. */
static uint32_t layer_of_same(const struct work *w, size_t i, const struct fr_element6 *e) {
    for (size_t seen = 0; seen < COVERS_SEEN && i-- > 0; seen++) {
        struct fr_element6 before = load(&w->wide, w->tables->family, i);
        if (fr_ip_compare(before.first, e->first) != 0 || fr_ip_compare(before.last, e->last) != 0)
            break;
        if (layer_of(w, i) < MASKED)
            return layer_of(w, i);
    }
    return COVERED;
}

/*
 * The layer for an element: the first whose addresses have all ended before it (elements come in
 * the order of their first address). Layers are as many as ranges nest deep.
 */
static flowrules_status choose_layer(struct work *w, size_t i, const struct fr_element6 *e) {
    uint32_t layer = layer_of_same(w, i, e);
    for (size_t k = 0; layer == COVERED && k < w->layer_end.count && k < LAYERS_SEEN; k++)
        if (fr_ip_compare(*fr_vec_at(&w->layer_end, struct flowrules_ip, k), e->first) < 0)
            layer = (uint32_t)k;
    if (layer == COVERED) {
        if (fr_vec_push(&w->layer_end) == NULL)
            return fr_no_memory(w->tables->plan->context);
        layer = (uint32_t)w->layer_end.count - 1;
    }
    *fr_vec_at(&w->layer_end, struct flowrules_ip, layer) = e->last;
    *fr_vec_at(&w->layer_of, uint32_t, i) = layer;
    return FLOWRULES_OK;
}

/* An element that no other covers goes to the table of its length, or to a layer. */
static flowrules_status place_element(struct work *w, size_t i, const struct fr_element6 *e) {
    int length = mask_length(w, e);
    if (length <= 0 || !w->masked[length])
        return choose_layer(w, i, e);
    *fr_vec_at(&w->layer_of, uint32_t, i) = MASKED + (uint32_t)length;
    return FLOWRULES_OK;
}

static flowrules_status make_layers(struct work *w) {
    if (!fr_vec_reserve(&w->layer_of, w->wide.count))
        return fr_no_memory(w->tables->plan->context);
    w->layer_of.count = w->wide.count;
    for (size_t i = 0; i < w->wide.count; i++) {
        struct fr_element6 e = load(&w->wide, w->tables->family, i);
        size_t cover = find_cover(w, i, &e);
        *fr_vec_at(&w->layer_of, uint32_t, i) = COVERED;
        if (cover != SIZE_MAX)
            FR_TRY(add_cover(w, &w->covers, cover, e.flows));
        else
            FR_TRY(place_element(w, i, &e));
    }
    return FLOWRULES_OK;
}

/* ---- exact elements that a range covers ---------------------------------------------------- */

/* The indices of a layer's elements, in order. */
static flowrules_status list_layer(struct work *w, uint32_t layer, struct fr_vec *list) {
    list->count = 0;
    for (uint32_t i = 0; i < w->wide.count; i++) {
        if (layer_of(w, i) != layer)
            continue;
        uint32_t *slot = fr_vec_push(list);
        if (slot == NULL)
            return fr_no_memory(w->tables->plan->context);
        *slot = i;
    }
    return FLOWRULES_OK;
}

/* The element of the layer that covers e: its ranges are sorted, and those that differ are apart.
 */
static size_t cover_in_layer(const struct work *w, const struct fr_vec *list,
                             const struct fr_element6 *e) {
    struct fr_element6 outer;
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        outer = load(&w->wide, w->tables->family, *fr_vec_at(list, uint32_t, middle));
        if (fr_ip_compare(outer.last, e->first) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t k = low; k < list->count; k++) {
        outer = load(&w->wide, w->tables->family, *fr_vec_at(list, uint32_t, k));
        if (fr_ip_compare(outer.first, e->first) > 0)
            break;
        if (covers(&outer, e))
            return *fr_vec_at(list, uint32_t, k);
    }
    return SIZE_MAX;
}

/* Drops the exact elements that a layer covers. */
static flowrules_status drop_covered(struct work *w, const struct fr_vec *list) {
    enum flowrules_family family = w->tables->family;
    size_t kept = 0;
    for (size_t i = 0; i < w->exact.count; i++) {
        struct fr_element6 e = load(&w->exact, family, i);
        size_t cover = cover_in_layer(w, list, &e);
        if (cover == SIZE_MAX)
            store(&w->exact, family, kept++, &e);
        else
            FR_TRY(add_cover(w, &w->covers, cover, e.flows));
    }
    w->exact.count = kept;
    return FLOWRULES_OK;
}

static flowrules_status drop_those_of(struct work *w, uint32_t layer, struct fr_vec *list) {
    FR_TRY(list_layer(w, layer, list));
    return drop_covered(w, list);
}

static flowrules_status drop_all_covered(struct work *w) {
    struct fr_vec list;
    fr_vec_init(&list, &w->tables->plan->context->allocator, sizeof(uint32_t));
    flowrules_status status = FLOWRULES_OK;
    for (uint32_t i = 0; status == FLOWRULES_OK && i < w->layer_end.count && i < COVER_LAYERS; i++)
        status = drop_those_of(w, i, &list);
    for (uint32_t length = 1; status == FLOWRULES_OK && length <= 128; length++)
        if (w->masked[length])
            status = drop_those_of(w, MASKED + length, &list);
    fr_vec_free(&list);
    return status;
}

static int by_element(const void *left, const void *right) {
    const struct cover *a = left, *b = right;
    int order = compare_numbers(a->element, b->element);
    return order != 0 ? order : compare_numbers(a->flow, b->flow);
}

/* Gives every covering element the flows of what it covers. */
static flowrules_status name_covered(struct work *w, struct fr_vec *covers,
                                     struct fr_vec *elements) {
    const flowrules_plan *plan = w->tables->plan;
    struct fr_flow_lists *lists = &w->tables->rules->flows;
    struct cover *list = covers->items;
    struct fr_vec flows;
    fr_vec_init(&flows, &plan->context->allocator, sizeof(uint32_t));
    if (covers->count > 1)
        qsort(list, covers->count, sizeof *list, by_element);
    bool good = true;
    for (size_t i = 0, next; good && i < covers->count; i = next) {
        struct fr_element6 e = load(elements, w->tables->family, list[i].element);
        flows.count = 0;
        good = append_flows(lists, &flows, e.flows);
        for (next = i; next < covers->count && list[next].element == list[i].element; next++) {
            uint32_t *slot = good ? fr_vec_push(&flows) : NULL;
            good = slot != NULL;
            if (good)
                *slot = list[next].flow;
        }
        if (good)
            e.flows = list_once(lists, &flows);
        good = good && e.flows != UINT32_MAX;
        store(elements, w->tables->family, list[i].element, &e);
    }
    fr_vec_free(&flows);
    return good ? FLOWRULES_OK : fr_no_memory(plan->context);
}

/* ---- tables into the rules ----------------------------------------------------------------- */

static const char *table_name(struct work *w, const char *kind, unsigned number) {
    struct fr_arena *arena = &w->tables->rules->arena;
    char protocol[16];
    const char *name = fr_protocol_name(w->bucket->protocol);
    /* A group may have two tables of a protocol: of some ports, and of all. */
    const char *all =
        !w->bucket->by_port && fr_protocol_has_ports(w->bucket->protocol) ? "all_" : "";
    snprintf(protocol, sizeof protocol, "%s%s", name[0] >= '0' && name[0] <= '9' ? "p" : "", name);
    if (number > 0)
        return fr_arena_printf(arena, "%s_%s_%s%s%u", w->tables->group, protocol, all, kind,
                               number);
    return fr_arena_printf(arena, "%s_%s_%s%s", w->tables->group, protocol, all, kind);
}

/* Moves elements into a new table and adds its rule; layer: MASKED where they are exact. */
static flowrules_status add_table(struct work *w, struct fr_vec *elements, uint32_t layer,
                                  const char *name) {
    struct fr_rules *rules = w->tables->rules;
    struct fr_term any = {w->bucket->protocol, 0, 65535, 0, 65535};
    struct fr_rule rule = {.kind = FR_RULE_TABLE,
                           .service = fr_services_add(w->tables->plan->services, &any, 1),
                           .families = (uint8_t)FLOWRULES_FAMILY_BIT(w->tables->family),
                           .source = FR_SET_ANY,
                           .destination = FR_SET_ANY,
                           .table = (uint32_t)rules->tables.count};
    struct fr_table *table = fr_arena_zalloc(&rules->arena, sizeof *table);
    struct fr_table **slot = fr_vec_push(&rules->tables);
    if (slot == NULL || table == NULL || name == NULL) {
        rules->tables.count -= slot != NULL;
        return fr_no_memory(rules->plan->context);
    }
    *slot = table;
    table->family = w->tables->family;
    table->end = w->tables->end;
    table->elements = *elements;
    fr_vec_init(elements, &rules->plan->context->allocator, element_size(w->tables->family));
    fr_vec_shrink(&table->elements);
    table->view = (struct flowrules_table){.name = name,
                                           .by_source = w->bucket->by_source,
                                           .by_port = w->bucket->by_port,
                                           .interval = layer < MASKED,
                                           .prefix_length = layer < MASKED ? 0 : layer - MASKED,
                                           .count = table->elements.count};
    rule.flows = load(&table->elements, table->family, 0).flows;
    return fr_rules_add(rules, &rule);
}

static flowrules_status add_layer(struct work *w, uint32_t layer) {
    enum flowrules_family family = w->tables->family;
    struct fr_vec elements;
    fr_vec_init(&elements, &w->tables->plan->context->allocator, element_size(family));
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; status == FLOWRULES_OK && i < w->wide.count; i++) {
        struct fr_element6 e = load(&w->wide, family, i);
        if (layer_of(w, i) == layer)
            status = push(w->tables->plan, &elements, family, &e);
    }
    if (status == FLOWRULES_OK && elements.count > 0) /* else others cover all of a length */
        status = add_table(w, &elements, layer,
                           layer < MASKED ? table_name(w, "nets", layer > 0 ? layer + 1 : 0)
                                          : table_name(w, "slash", layer - MASKED));
    fr_vec_free(&elements);
    return status;
}

/* Sorts the bucket's elements out: equal ones merged, covered ones dropped, ranges in layers. */
static flowrules_status arrange(struct work *w) {
    FR_TRY(split(w));
    FR_TRY(merge_exact(w));
    FR_TRY(name_covered(w, &w->repeats, &w->exact));
    sort_elements(&w->wide, w->tables->family);
    FR_TRY(merge_equal(w, &w->wide));
    FR_TRY(merge_ports(w));
    choose_masks(w);
    FR_TRY(make_layers(w));
    if (!w->bucket->by_source)
        FR_TRY(drop_all_covered(w));
    return name_covered(w, &w->covers, &w->wide);
}

static flowrules_status add_tables(struct work *w) {
    const char *kind = w->bucket->by_source ? "pairs" : "hosts";
    if (w->exact.count > 0)
        FR_TRY(add_table(w, &w->exact, MASKED, table_name(w, kind, 0)));
    for (uint32_t length = 1; length <= 128; length++)
        if (w->masked[length])
            FR_TRY(add_layer(w, MASKED + length));
    for (uint32_t i = 0; i < w->layer_end.count; i++)
        FR_TRY(add_layer(w, i));
    return FLOWRULES_OK;
}

flowrules_status fr_tables_finish(struct fr_tables *tables) {
    const struct fr_allocator *allocator = &tables->plan->context->allocator;
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; status == FLOWRULES_OK && i < tables->buckets.count; i++) {
        struct work w = {.tables = tables,
                         .bucket = fr_vec_at(&tables->buckets, struct fr_bucket, i)};
        fr_vec_init(&w.exact, allocator, element_size(tables->family));
        fr_vec_init(&w.wide, allocator, element_size(tables->family));
        fr_vec_init(&w.covers, allocator, sizeof(struct cover));
        fr_vec_init(&w.repeats, allocator, sizeof(struct cover));
        fr_vec_init(&w.layer_of, allocator, sizeof(uint32_t));
        fr_vec_init(&w.layer_end, allocator, sizeof(struct flowrules_ip));
        status = arrange(&w);
        if (status == FLOWRULES_OK)
            status = add_tables(&w);
        fr_vec_free(&w.exact);
        fr_vec_free(&w.wide);
        fr_vec_free(&w.covers);
        fr_vec_free(&w.repeats);
        fr_vec_free(&w.layer_of);
        fr_vec_free(&w.layer_end);
    }
    return status;
}

/* ---- what is read of them ------------------------------------------------------------------ */

struct flowrules_element fr_table_element(const struct fr_table *table, size_t index) {
    struct fr_element6 e = load(&table->elements, table->family, index);
    return (struct flowrules_element){.source = e.source,
                                      .address = {table->family, e.first, e.last},
                                      .ports = {e.port_first, e.port_last},
                                      .flows = {e.flows, false}};
}
