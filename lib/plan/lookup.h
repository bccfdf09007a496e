/*
 * Lookup tables in the making, and dispatches; lookup.c decides what goes into them.
 */
#ifndef FR_LOOKUP_H
#define FR_LOOKUP_H

#include "rules.h"

/* A set of other ends × a service that no table can say; merged where only one of the two differs.
 */
struct fr_product {
    fr_set other;
    fr_service service; /* of the plan */
    uint32_t flows;
};

/* The tables of one group: a bucket of elements for each protocol and kind of key. */
struct fr_tables {
    const flowrules_plan *plan;
    struct fr_rules *rules;
    enum flowrules_family family;
    enum flowrules_end end; /* what the elements' address is */
    const char *group;
    struct fr_vec buckets;  /* struct fr_bucket (tables.c) */
    struct fr_vec products; /* struct fr_product */
    size_t last_bucket;
};

void fr_tables_init(struct fr_tables *tables, struct fr_rules *rules, enum flowrules_family family,
                    const char *group, enum flowrules_end end);
void fr_tables_free(struct fr_tables *tables);

/* Adds the element (source,) range × the term's destination ports. */
flowrules_status fr_tables_add(struct fr_tables *tables, const struct fr_term *term, bool by_source,
                               struct flowrules_ip source, const struct flowrules_range *range,
                               uint32_t flow);
flowrules_status fr_tables_product(struct fr_tables *tables, fr_set other, fr_service service,
                                   uint32_t flow);
/* Merges products that have the same service, or the same other end, when there are many. */
flowrules_status fr_tables_merge_products(struct fr_tables *tables);
/* Sorts, merges and layers the elements, and adds a rule for each table. */
flowrules_status fr_tables_finish(struct fr_tables *tables);

/*
 * A dispatch over the groups first .. first + count that are marked dispatched; where
 * it would grow out of proportion, it unmarks them, and they are reached one by one.
 */
flowrules_status fr_dispatch_make(struct fr_rules *rules, enum flowrules_family family,
                                  size_t first, size_t count);

#endif
