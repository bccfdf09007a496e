/*
 * The flows of a configuration that say together what one flow says, and those that say nothing.
 */
#include "import_join.h"

bool fr_import_is_of_family(const flowrules_meaning *m, fr_set set, enum flowrules_family family) {
    const struct fr_set_head *head = fr_set_head(&m->sets, set);
    return head->all_atoms == 0 && head->atoms == 0 &&
           (family == FLOWRULES_IPV4 ? head->count6 : head->count4) == 0;
}

/* Is one flow all IPv4 and the other all IPv6? No packet has an end in each. */
static bool are_apart(const flowrules_meaning *m, const struct fr_import_flow *a,
                      const struct fr_import_flow *b) {
    for (int f = 0; f < 2; f++) {
        enum flowrules_family own = (enum flowrules_family)f;
        enum flowrules_family other = f == 0 ? FLOWRULES_IPV6 : FLOWRULES_IPV4;
        if (fr_import_is_of_family(m, a->ends[0], own) &&
            fr_import_is_of_family(m, a->ends[1], own) &&
            fr_import_is_of_family(m, b->ends[0], other) &&
            fr_import_is_of_family(m, b->ends[1], other))
            return true;
    }
    return false;
}

/* What two flows of one name would be together: one, where they differ in one field alone. */
static bool join(flowrules_meaning *m, struct fr_import_flow *a, const struct fr_import_flow *b) {
    bool source = a->ends[0] == b->ends[0], destination = a->ends[1] == b->ends[1];
    bool service = a->service == b->service;
    if (a->kind != b->kind || a->direction != b->direction ||
        a->interfaces[0] != b->interfaces[0] || a->interfaces[1] != b->interfaces[1] ||
        (source + destination + service < 2 && !(service && are_apart(m, a, b))))
        return false;
    if (!source)
        a->ends[0] = fr_set_union(&m->sets, a->ends[0], b->ends[0]);
    if (!destination)
        a->ends[1] = fr_set_union(&m->sets, a->ends[1], b->ends[1]);
    if (!service)
        a->service = fr_services_union(&m->services, (fr_service[]){a->service, b->service}, 2,
                                       sizeof(fr_service));
    return true;
}

static bool is_whole_family(const flowrules_meaning *m, fr_set set) {
    struct flowrules_set view = {&m->sets, set};
    return flowrules_set_is_all(view, FLOWRULES_IPV4) || flowrules_set_is_all(view, FLOWRULES_IPV6);
}

/* Have they one end in common, and is the other all of a family in each? */
static bool share_an_end(const flowrules_meaning *m, const struct fr_import_flow *a,
                         const struct fr_import_flow *b) {
    for (size_t e = 0; e < 2; e++)
        if (a->ends[1 - e] == b->ends[1 - e] && a->ends[e] != FR_SET_ANY &&
            b->ends[e] != FR_SET_ANY && is_whole_family(m, a->ends[e]) &&
            is_whole_family(m, b->ends[e]))
            return true;
    return false;
}

/*
 * Rules without a name that say the same, or one of each family that say the same of it: each end
 * is all of the family, or one is and they share the other, or a comment says that they belong
 * together.
 */
static bool are_twins(const flowrules_meaning *m, const struct fr_import_flow *a,
                      const struct fr_import_flow *b) {
    if (a->clause->name != 0 || b->clause->name != 0 || a->clause->comment != b->clause->comment)
        return false;
    if (share_an_end(m, a, b) || (a->ends[0] == b->ends[0] && a->ends[1] == b->ends[1]))
        return true;
    if (!are_apart(m, a, b))
        return false;
    bool whole = true;
    for (size_t e = 0; e < 2; e++)
        whole = whole && is_whole_family(m, a->ends[e]) && is_whole_family(m, b->ends[e]);
    return whole || a->clause->comment != 0;
}

/* What flows that may be one have in common, as a key: their name, their rule, or their service. */
struct join_keys {
    struct fr_map names;    /* name -> the flow that has it */
    struct fr_map services; /* service + 1 -> the last flow without a name that has it */
};

/* The flow that this one may be joined to; NULL: none. */
static struct fr_import_flow *find_partner(struct fr_import *import, const struct join_keys *keys,
                                           struct fr_import_flow *flows, size_t kept,
                                           const struct fr_import_flow *flow) {
    uint32_t known;
    if (flow->clause->name != 0)
        return fr_map_get(&keys->names, flow->clause->name, &known) ? &flows[known] : NULL;
    if (kept > 0 && flows[kept - 1].clause == flow->clause && flow->clause->line > 0)
        return &flows[kept - 1];
    if (fr_map_get(&keys->services, flow->service + 1, &known) &&
        are_twins(import->m, &flows[known], flow))
        return &flows[known];
    return NULL;
}

/* Does a deny spare an allow, if it is one that spares what is before it? */
static bool would_spare(const struct fr_import_flow *deny, const struct fr_import_flow *allow,
                        bool ordered) {
    return ordered && fr_import_is_before(allow, deny);
}

/*
 * May a flow be told at the place of an earlier one? It has to be on the same side of each flow of
 * the other kind that it may meet and whose order with it counts.
 */
static bool can_move(const struct fr_import *import, const struct fr_import_flow *to,
                     const struct fr_import_flow *flow) {
    bool deny = flow->kind == FR_IMPORT_DENY, ordered = to->ordered || flow->ordered;
    const struct fr_import_flow *flows = import->flows.items;
    if (to->direction != flow->direction || to->kind != flow->kind || (deny && !ordered))
        return true;
    for (size_t i = 0; i < import->flows.count; i++) {
        const struct fr_import_flow *other = &flows[i];
        if (other->direction != flow->direction ||
            other->kind != (deny ? FR_IMPORT_ALLOW : FR_IMPORT_DENY))
            continue;
        bool now = deny ? would_spare(flow, other, flow->ordered)
                        : would_spare(other, flow, other->ordered);
        bool then = deny ? would_spare(to, other, ordered) : would_spare(other, to, other->ordered);
        if (now != then && fr_import_may_meet(import->m, other, flow))
            return false;
    }
    return true;
}

static bool has_ordered(const struct fr_import *import) {
    for (size_t i = 0; i < import->flows.count; i++)
        if (fr_vec_at(&import->flows, struct fr_import_flow, i)->ordered)
            return true;
    return false;
}

static bool is_sound(const struct fr_import_flow *flow) {
    return flow->ends[0] != FR_SET_NONE && flow->ends[1] != FR_SET_NONE &&
           flow->service != FR_SERVICE_NONE;
}

/* Joins two flows where that changes nothing; partner may be NULL. */
static bool try_join(struct fr_import *import, bool ordered, struct fr_import_flow *partner,
                     const struct fr_import_flow *flow) {
    if (partner == NULL || !fr_import_is_flow(partner) ||
        (ordered && !can_move(import, partner, flow)))
        return false;
    bool spares = partner->ordered || flow->ordered;
    if (!join(import->m, partner, flow))
        return false;
    partner->ordered = spares;
    if (is_sound(partner))
        fr_import_reach(import->m, partner);
    return true;
}

flowrules_status fr_import_join(struct fr_import *import) {
    struct fr_import_flow *flows = import->flows.items;
    struct join_keys keys;
    bool ordered = has_ordered(import);
    size_t kept = 0;
    fr_map_init(&keys.names, &import->m->context->allocator);
    fr_map_init(&keys.services, &import->m->context->allocator);
    bool good = true;
    for (size_t i = 0; good && i < import->flows.count; i++) {
        struct fr_import_flow *partner = fr_import_is_flow(&flows[i])
                                             ? find_partner(import, &keys, flows, kept, &flows[i])
                                             : NULL;
        if (try_join(import, ordered, partner, &flows[i])) {
            good = is_sound(partner);
            continue;
        }
        flows[kept] = flows[i];
        if (fr_import_is_flow(&flows[kept]))
            good = flows[kept].clause->name != 0
                       ? fr_map_put(&keys.names, flows[kept].clause->name, (uint32_t)kept)
                       : fr_map_put(&keys.services, flows[kept].service + 1, (uint32_t)kept);
        kept++;
    }
    import->flows.count = kept;
    fr_map_free(&keys.names);
    fr_map_free(&keys.services);
    return good ? FLOWRULES_OK : fr_no_memory(import->m->context);
}

/* ---- denies that take nothing -------------------------------------------------------------- */

/* Is there an allow that a deny takes from? */
static bool takes_something(const struct fr_import *import, const struct fr_import_flow *deny) {
    for (size_t i = 0; i < import->flows.count; i++) {
        const struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, i);
        if (flow->kind == FR_IMPORT_ALLOW && flow->direction == deny->direction &&
            !would_spare(deny, flow, deny->ordered) && fr_import_may_meet(import->m, flow, deny))
            return true;
    }
    return false;
}

void fr_import_drop_idle(struct fr_import *import) {
    struct fr_import_flow *flows = import->flows.items;
    size_t kept = 0;
    for (size_t i = 0; i < import->flows.count; i++)
        flows[i].idle = flows[i].kind == FR_IMPORT_DENY && !takes_something(import, &flows[i]);
    for (size_t i = 0; i < import->flows.count; i++)
        if (!flows[i].idle)
            flows[kept++] = flows[i];
    import->flows.count = kept;
}
