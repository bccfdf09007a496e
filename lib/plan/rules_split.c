/*
 * Splits rules that a target cannot express as one: sources and destinations, address families,
 * services, sizes.
 */
#include "drafts.h"
#include "pieces.h"

/* ---- ends ---------------------------------------------------------------------------------- */

/* The names and groups of a set, without its addresses. */
static fr_set atoms_of_kinds(struct fr_drafts *d, fr_set set, unsigned kinds) {
    const struct fr_set_head *head = fr_set_head(&d->plan->view->sets, set);
    struct flowrules_set view = {&d->plan->view->sets, set};
    if (head->all_atoms != 0)
        return FR_SET_EMPTY;
    struct fr_builder builder;
    fr_builder_init(&builder, &d->plan->context->allocator);
    for (uint32_t i = 0; i < head->atoms; i++)
        if ((kinds & 1u << flowrules_set_atom(view, i).kind) != 0)
            fr_builder_atom(&builder, fr_set_atoms(head)[i]);
    fr_set atoms = fr_builder_finish(&builder, &d->plan->view->sets);
    fr_builder_free(&builder);
    return atoms;
}

static fr_set atoms_of(struct fr_drafts *d, fr_set set) {
    return atoms_of_kinds(d, set, ~0u);
}

static fr_set wildcards_of(struct fr_drafts *d, fr_set set) {
    return atoms_of_kinds(d, set, 1u << FLOWRULES_ATOM_WILDCARD);
}

/* The part of a set for rules of some families; any stays any. */
static fr_set for_families(struct fr_drafts *d, fr_set set, unsigned families) {
    if (set == FR_SET_ANY || families == FLOWRULES_BOTH_FAMILIES)
        return set;
    enum flowrules_family family = (families & 1u) != 0 ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
    struct flowrules_set view = {&d->plan->view->sets, set};
    if (flowrules_set_is_all(view, family) &&
        fr_set_head(&d->plan->view->sets, set)->all_atoms != 0)
        return FR_SET_ANY;
    return fr_set_union(&d->plan->view->sets, fr_set_family(&d->plan->view->sets, set, family),
                        atoms_of(d, set));
}

static flowrules_status push_families(struct fr_drafts *d, const struct fr_rule *rule,
                                      unsigned families) {
    struct fr_rule part = *rule;
    families &= fr_plan_families(d->plan, rule->source) &
                fr_plan_families(d->plan, rule->destination) &
                fr_service_get(d->plan->services, rule->service)->families & d->can->families;
    if (families == 0)
        return FLOWRULES_OK;
    part.families = (uint8_t)families;
    part.source = for_families(d, rule->source, families);
    part.destination = for_families(d, rule->destination, families);
    if (part.source == FR_SET_EMPTY || part.destination == FR_SET_EMPTY)
        return FLOWRULES_OK;
    FR_TRY(fr_service_for(d->plan, rule->service, families, d->action == FLOWRULES_DENY,
                          &part.service));
    return part.service == FR_SERVICE_NONE ? FLOWRULES_OK : fr_drafts_push(d, &part);
}

static bool is_symbolic(const struct fr_drafts *d, fr_set set) {
    return set != FR_SET_ANY && fr_set_families(&d->plan->view->sets, set) == 0;
}

/* Does a rule match its far end by names or groups alone, and its own end by no address? */
static bool is_by_atoms(const struct fr_drafts *d, const struct fr_rule *rule) {
    bool egress = d->direction == FLOWRULES_EGRESS;
    fr_set near = egress ? rule->source : rule->destination;
    return is_symbolic(d, egress ? rule->destination : rule->source) &&
           (near == FR_SET_ANY || is_symbolic(d, near));
}

/* Has a service terms that run over one family alone? */
static bool is_of_one(const struct fr_drafts *d, fr_service service) {
    const struct fr_service_terms *terms = fr_service_get(d->plan->services, service);
    for (uint32_t i = 0; i < terms->count; i++)
        if (fr_protocol_families(terms->terms[i].protocol) != FLOWRULES_BOTH_FAMILIES)
            return true;
    return false;
}

flowrules_status fr_split_families(struct fr_drafts *d, const struct fr_rule *rule) {
    bool any = rule->source == FR_SET_ANY && rule->destination == FR_SET_ANY;
    bool symbolic = (is_symbolic(d, rule->source) || rule->source == FR_SET_ANY) &&
                    (is_symbolic(d, rule->destination) || rule->destination == FR_SET_ANY) && !any;
    bool mixed = d->can->mixed_families && !(d->can->icmp_by_family && is_of_one(d, rule->service));
    if (mixed || (any && d->can->any_is_both) || (symbolic && d->can->any_is_both) ||
        (d->can->atoms_are_both && is_by_atoms(d, rule)))
        return push_families(d, rule, FLOWRULES_BOTH_FAMILIES);
    FR_TRY(push_families(d, rule, FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4)));
    return push_families(d, rule, FLOWRULES_FAMILY_BIT(FLOWRULES_IPV6));
}

static flowrules_status push_ends(struct fr_drafts *d, const struct fr_rule *rule, fr_set source,
                                  fr_set destination) {
    struct fr_rule part = *rule;
    part.source = source;
    part.destination = destination;
    if (source == FR_SET_EMPTY || destination == FR_SET_EMPTY)
        return FLOWRULES_OK;
    return fr_drafts_push(d, &part);
}

/* A rule for each of source and destination, and of what part finds in them and the rest. */
static flowrules_status split_ends(struct fr_drafts *d, const struct fr_rule *rule,
                                   fr_set (*part)(struct fr_drafts *d, fr_set set)) {
    fr_set sources[2] = {0, part(d, rule->source)};
    fr_set destinations[2] = {0, part(d, rule->destination)};
    sources[0] = fr_set_subtract(&d->plan->view->sets, rule->source, sources[1]);
    destinations[0] = fr_set_subtract(&d->plan->view->sets, rule->destination, destinations[1]);
    for (size_t s = 0; s < 2; s++)
        for (size_t t = 0; t < 2; t++)
            FR_TRY(push_ends(d, rule, sources[s], destinations[t]));
    return FLOWRULES_OK;
}

flowrules_status fr_split_atoms(struct fr_drafts *d, const struct fr_rule *rule) {
    return d->can->separate_atoms ? split_ends(d, rule, atoms_of) : fr_drafts_push(d, rule);
}

flowrules_status fr_split_wildcards(struct fr_drafts *d, const struct fr_rule *rule) {
    return d->can->separate_wildcards ? split_ends(d, rule, wildcards_of) : fr_drafts_push(d, rule);
}

/* Part i of an end that may hold one group at most: the addresses and names, then each group. */
static fr_set group_part(struct fr_drafts *d, fr_set set, size_t i) {
    struct flowrules_set view = {&d->plan->view->sets, set};
    struct fr_builder builder;
    fr_builder_init(&builder, &d->plan->context->allocator);
    const struct fr_set_head *head = fr_set_head(&d->plan->view->sets, set);
    size_t groups = 0, count = head->all_atoms != 0 ? 0 : head->atoms;
    for (size_t k = 0; k < count; k++) {
        bool group = flowrules_set_atom(view, k).kind == FLOWRULES_ATOM_GROUP;
        groups += group;
        if (group && groups == i)
            fr_builder_atom(&builder, fr_set_atoms(head)[k]);
    }
    fr_set part = fr_builder_finish(&builder, &d->plan->view->sets);
    if (i == 0) {
        part = set;
        for (size_t g = 1; g <= groups; g++)
            part = fr_set_subtract(&d->plan->view->sets, part, group_part(d, set, g));
    }
    fr_builder_free(&builder);
    return part;
}

static size_t group_count(const struct fr_drafts *d, fr_set set) {
    struct flowrules_set view = {&d->plan->view->sets, set};
    size_t groups = 0;
    for (size_t i = 0; i < flowrules_set_atom_count(view); i++)
        groups += flowrules_set_atom(view, i).kind == FLOWRULES_ATOM_GROUP;
    return groups;
}

flowrules_status fr_split_groups(struct fr_drafts *d, const struct fr_rule *rule) {
    bool source = d->can->one_group || (d->can->one_protected && d->direction == FLOWRULES_EGRESS);
    bool destination =
        d->can->one_group || (d->can->one_protected && d->direction == FLOWRULES_INGRESS);
    size_t sources = source ? group_count(d, rule->source) : 0;
    size_t destinations = destination ? group_count(d, rule->destination) : 0;
    if (sources + destinations == 0)
        return fr_drafts_push(d, rule);
    for (size_t s = 0; s <= sources; s++)
        for (size_t t = 0; t <= destinations; t++)
            FR_TRY(push_ends(d, rule, sources > 0 ? group_part(d, rule->source, s) : rule->source,
                             destinations > 0 ? group_part(d, rule->destination, t)
                                              : rule->destination));
    return FLOWRULES_OK;
}

/* ---- services and sizes -------------------------------------------------------------------- */

/* The ports of a service as ports_per_rule counts them. */
static size_t port_weight(const struct fr_service_terms *terms) {
    size_t weight = 0;
    for (uint32_t i = 0; i < terms->count; i++) {
        const struct fr_term *term = &terms->terms[i];
        if (fr_protocol_has_ports(term->protocol) && fr_limits_ports(term))
            weight += term->destination_first == term->destination_last ? 1 : 2;
    }
    return weight;
}

/* The part of a rule whose protocols have ports, or of those that have none. */
static flowrules_status push_ported(struct fr_drafts *d, const struct fr_rule *rule, bool ported) {
    const struct fr_service_terms *terms = fr_service_get(d->plan->services, rule->service);
    struct fr_rule part = *rule;
    struct fr_service_builder kept;
    fr_service_begin(&kept, &d->plan->context->allocator);
    for (uint32_t i = 0; i < terms->count; i++)
        if (fr_protocol_has_ports(terms->terms[i].protocol) == ported)
            fr_service_add(&kept, &terms->terms[i]);
    part.service = fr_service_finish(&kept, d->plan->services);
    return part.service == FR_SERVICE_NONE ? fr_plan_memory(d->plan) : fr_drafts_push(d, &part);
}

flowrules_status fr_split_ported(struct fr_drafts *d, const struct fr_rule *rule) {
    if (!d->can->ports_apart)
        return fr_drafts_push(d, rule);
    FR_TRY(push_ported(d, rule, true));
    return push_ported(d, rule, false);
}

flowrules_status fr_split_services(struct fr_drafts *d, const struct fr_rule *rule) {
    const struct flowrules_capabilities *can = d->can;
    struct fr_rule part = *rule;
    bool whole = !can->one_service && !can->one_port && !can->no_port_ranges;
    if (whole &&
        (can->ports_per_rule == 0 ||
         port_weight(fr_service_get(d->plan->services, rule->service)) <= can->ports_per_rule))
        return fr_drafts_push(d, rule);
    d->pieces.count = 0;
    FR_TRY(fr_service_pieces(d->plan, rule->service, &d->pieces));
    for (size_t i = 0; i < d->pieces.count; i++) {
        part.service = *fr_vec_at(&d->pieces, fr_service, i);
        FR_TRY(fr_drafts_push(d, &part));
    }
    return FLOWRULES_OK;
}

/* A walk over the prefixes (or ranges) of a set, to cut it into sets of so many. */
struct cutting {
    struct flowrules_set set;
    enum flowrules_family family;
    size_t at;
    struct flowrules_range rest;
    bool inside; /* of rest */
};

static bool next_address(const struct fr_drafts *d, struct cutting *c,
                         struct flowrules_range *range) {
    for (;;) {
        if (c->inside && flowrules_range_next_prefix(&c->rest, range))
            return true;
        c->inside = false;
        while (c->at == flowrules_set_range_count(c->set, c->family)) {
            if (c->family == FLOWRULES_IPV6)
                return false;
            c->family = FLOWRULES_IPV6;
            c->at = 0;
        }
        *range = flowrules_set_range(c->set, c->family, c->at++);
        if (!d->can->prefixes)
            return true;
        c->rest = *range;
        c->inside = true;
    }
}

/* The next set of at most addresses_per_end of them; FR_SET_EMPTY at the end. */
static fr_set next_cut(struct fr_drafts *d, struct cutting *c) {
    struct flowrules_range range;
    struct fr_builder builder;
    fr_builder_init(&builder, &d->plan->context->allocator);
    for (unsigned i = 0; i < d->can->addresses_per_end && next_address(d, c, &range); i++)
        fr_builder_range(&builder, &range);
    fr_set set = fr_builder_finish(&builder, &d->plan->view->sets);
    fr_builder_free(&builder);
    return set;
}

static flowrules_status add_cut(struct fr_drafts *d, fr_set part, struct fr_vec *cuts) {
    if (part == FR_SET_EMPTY)
        return FLOWRULES_OK;
    fr_set *slot = fr_vec_add(cuts);
    if (slot == NULL)
        return fr_no_memory(d->plan->context);
    *slot = part;
    return fr_plan_memory(d->plan);
}

/* The names and groups of a set, at most names_per_end at once. */
static flowrules_status cut_atoms(struct fr_drafts *d, fr_set set, struct fr_vec *cuts) {
    const struct fr_set_head *head = fr_set_head(&d->plan->view->sets, set);
    uint32_t most = d->can->names_per_end, count = head->all_atoms != 0 ? 0 : head->atoms;
    if (most == 0 || count <= most)
        return add_cut(d, atoms_of(d, set), cuts);
    struct fr_builder builder;
    flowrules_status status = FLOWRULES_OK;
    fr_builder_init(&builder, &d->plan->context->allocator);
    for (uint32_t first = 0; status == FLOWRULES_OK && first < count; first += most) {
        head = fr_set_head(&d->plan->view->sets, set); /* a new set may have moved it */
        for (uint32_t i = first; i < count && i - first < most; i++)
            fr_builder_atom(&builder, fr_set_atoms(head)[i]);
        status = add_cut(d, fr_builder_finish(&builder, &d->plan->view->sets), cuts);
    }
    fr_builder_free(&builder);
    return status;
}

/* Names beside few enough ranges are not cut off. */
static bool stays_whole(const struct fr_drafts *d, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&d->plan->view->sets, set);
    return !d->can->prefixes && d->can->names_per_end == 0 && head->all_atoms == 0 &&
           (size_t)head->count4 + head->count6 + head->atoms <= d->can->addresses_per_end;
}

/* The sets that an end is cut into: names and groups, then addresses. */
static flowrules_status cut_end(struct fr_drafts *d, fr_set set, struct fr_vec *cuts) {
    struct cutting c = {.set = {&d->plan->view->sets, set}};
    cuts->count = 0;
    if (set == FR_SET_ANY || stays_whole(d, set))
        return add_cut(d, set, cuts);
    FR_TRY(cut_atoms(d, set, cuts));
    for (fr_set part; (part = next_cut(d, &c)) != FR_SET_EMPTY;)
        FR_TRY(add_cut(d, part, cuts));
    return FLOWRULES_OK;
}

flowrules_status fr_split_addresses(struct fr_drafts *d, const struct fr_rule *rule) {
    if (d->can->addresses_per_end == 0)
        return fr_drafts_push(d, rule);
    bool source = !(d->can->implicit_end && d->direction == FLOWRULES_EGRESS);
    bool destination = !(d->can->implicit_end && d->direction == FLOWRULES_INGRESS);
    struct fr_vec sources, destinations;
    fr_vec_init(&sources, &d->plan->context->allocator, sizeof(fr_set));
    fr_vec_init(&destinations, &d->plan->context->allocator, sizeof(fr_set));
    flowrules_status status = FLOWRULES_OK;
    if (source)
        status = cut_end(d, rule->source, &sources);
    if (destination && status == FLOWRULES_OK)
        status = cut_end(d, rule->destination, &destinations);
    for (size_t s = 0; status == FLOWRULES_OK && s < (source ? sources.count : 1); s++)
        for (size_t t = 0; status == FLOWRULES_OK && t < (destination ? destinations.count : 1);
             t++)
            status =
                push_ends(d, rule, source ? *fr_vec_at(&sources, fr_set, s) : rule->source,
                          destination ? *fr_vec_at(&destinations, fr_set, t) : rule->destination);
    fr_vec_free(&sources);
    fr_vec_free(&destinations);
    return status;
}
