/*
 * Lowering rule by rule: one rule for each flow and direction, denies before allows. And what all
 * lowering shares: a service cut into the pieces that a backend can say at once.
 */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include "boxes.h"

/* ---- services ------------------------------------------------------------------------------ */

static bool limits_source(const struct fr_term *term) {
    return term->source_first != 0 || term->source_last != 65535;
}

static bool limits_destination(const struct fr_term *term) {
    return term->destination_first != 0 || term->destination_last != 65535;
}

/* Can these two terms stand in one service: ports of the same protocol and source? */
static bool same_service(const struct fr_term *a, const struct fr_term *b) {
    return a->protocol == b->protocol && !fr_protocol_is_icmp(a->protocol) &&
           a->source_first == b->source_first && a->source_last == b->source_last &&
           limits_destination(a) && limits_destination(b);
}

/* A term, or one for each port of it where a target has no ranges (the verdict bounds them). */
static bool add_terms(struct fr_vec *terms, const struct fr_term *term, bool single) {
    bool apart = single && fr_protocol_has_ports(term->protocol) && limits_destination(term);
    for (uint32_t port = term->destination_first; port <= term->destination_last; port++) {
        struct fr_term *slot = fr_vec_add(terms);
        if (slot == NULL)
            return false;
        *slot = *term;
        if (!apart)
            return true;
        slot->destination_first = slot->destination_last = (uint16_t)port;
    }
    return true;
}

static flowrules_status add_piece(struct fr_plan *plan, struct fr_vec *pieces,
                                  struct fr_term *terms, size_t count) {
    fr_service *slot = fr_vec_push(pieces);
    if (slot == NULL)
        return fr_no_memory(plan->context);
    *slot = fr_services_add(&plan->services, terms, count);
    return *slot == FR_SERVICE_NONE ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

flowrules_status fr_service_pieces(struct fr_plan *plan, fr_service service,
                                   struct fr_vec *pieces) {
    const struct flowrules_capabilities *can = plan->can;
    unsigned most = can->one_port || can->no_port_ranges ? 1 : can->ports_per_rule;
    const struct fr_service_terms *terms = fr_service_get(&plan->services, service);
    struct fr_vec copy; /* adding services may move nothing, but sorts what it is given */
    fr_vec_init(&copy, &plan->context->allocator, sizeof(struct fr_term));
    for (uint32_t i = 0; i < terms->count; i++)
        if (!add_terms(&copy, &terms->terms[i], can->no_port_ranges)) {
            fr_vec_free(&copy);
            return fr_no_memory(plan->context);
        }
    struct fr_term *list = copy.items;
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0, next; status == FLOWRULES_OK && i < copy.count; i = next) {
        unsigned weight = 0;
        for (next = i; next < copy.count && (next == i || same_service(&list[i], &list[next]));
             next++) {
            weight += list[next].destination_first == list[next].destination_last ? 1 : 2;
            if (most > 0 && weight > most && next > i)
                break;
        }
        status = add_piece(plan, pieces, list + i, next - i);
    }
    fr_vec_free(&copy);
    return status;
}

static bool put_service(struct fr_arena *arena, const struct fr_term *terms, size_t count,
                        struct flowrules_service *service) {
    const struct fr_term *first = &terms[0];
    *service = (struct flowrules_service){.protocol = -1, .icmp_type = -1, .icmp_code = -1};
    if (first->protocol != FR_PROTOCOL_ANY)
        service->protocol = first->protocol;
    if (fr_protocol_is_icmp(first->protocol)) {
        if (limits_source(first))
            service->icmp_type = first->source_first;
        if (limits_destination(first))
            service->icmp_code = first->destination_first;
        return true;
    }
    struct flowrules_ports *ports = fr_arena_alloc(arena, (count + 1) * sizeof *ports);
    if (ports == NULL)
        return false;
    if (limits_source(first)) {
        ports[0] = (struct flowrules_ports){first->source_first, first->source_last};
        service->source_ports = ports;
        service->source_port_count = 1;
    }
    if (!limits_destination(first))
        return true;
    for (size_t i = 0; i < count; i++)
        ports[i + 1] =
            (struct flowrules_ports){terms[i].destination_first, terms[i].destination_last};
    service->destination_ports = ports + 1;
    service->destination_port_count = count;
    return true;
}

const struct flowrules_service *fr_service_spell(const struct fr_plan *plan, struct fr_arena *arena,
                                                 fr_service service, size_t *count) {
    const struct fr_service_terms *terms = fr_service_get(&plan->services, service);
    struct flowrules_service *list = fr_arena_alloc(arena, terms->count * sizeof *list);
    *count = 0;
    for (size_t i = 0, next; list != NULL && i < terms->count; i = next) {
        for (next = i + 1;
             next < terms->count && same_service(&terms->terms[i], &terms->terms[next]); next++)
            continue;
        if (!put_service(arena, &terms->terms[i], next - i, &list[(*count)++]))
            return NULL;
    }
    return list;
}

/* ---- drafts -----------------------------------------------------------------------------------
 */

/* The rules of one direction, action and log, while they are cut and merged. */
struct drafts {
    struct fr_plan *plan;
    const struct flowrules_capabilities *can;
    enum flowrules_direction direction;
    enum flowrules_action action;
    bool log;
    struct fr_vec list, next; /* struct fr_rule */
    struct fr_vec pieces;     /* fr_service */
};

static flowrules_status push(struct drafts *d, const struct fr_rule *rule) {
    struct fr_rule *slot = fr_vec_add(&d->next);
    if (slot == NULL || rule->source == FR_SET_NONE || rule->destination == FR_SET_NONE)
        return fr_no_memory(d->plan->context);
    *slot = *rule;
    return FLOWRULES_OK;
}

/* Replaces every draft by what step makes of it. */
static flowrules_status
each(struct drafts *d, flowrules_status (*step)(struct drafts *d, const struct fr_rule *rule)) {
    d->next.count = 0;
    for (size_t i = 0; i < d->list.count; i++) {
        struct fr_rule rule = *fr_vec_at(&d->list, struct fr_rule, i);
        FR_TRY(step(d, &rule));
    }
    struct fr_vec swap = d->list;
    d->list = d->next;
    d->next = swap;
    return FLOWRULES_OK;
}

/* ---- from flows --------------------------------------------------------------------------------
 */

/* The service of a part, in the plan, without ICMP types where they were given up. */
static flowrules_status part_service(struct drafts *d, const struct fr_scoped *part,
                                     unsigned families, fr_service *service) {
    FR_TRY(fr_plan_service(d->plan, part->service, families, service));
    if (!part->whole_icmp || *service == FR_SERVICE_NONE)
        return FLOWRULES_OK;
    const struct fr_service_terms *terms = fr_service_get(&d->plan->services, *service);
    struct fr_vec whole;
    fr_vec_init(&whole, &d->plan->context->allocator, sizeof(struct fr_term));
    bool good = fr_vec_reserve(&whole, terms->count);
    for (uint32_t i = 0; good && i < terms->count; i++) {
        struct fr_term *term = fr_vec_add(&whole);
        *term = terms->terms[i];
        if (fr_protocol_is_icmp(term->protocol))
            *term = (struct fr_term){term->protocol, 0, 65535, 0, 65535};
    }
    *service =
        good ? fr_services_add(&d->plan->services, whole.items, whole.count) : FR_SERVICE_NONE;
    fr_vec_free(&whole);
    return *service == FR_SERVICE_NONE ? fr_no_memory(d->plan->context) : FLOWRULES_OK;
}

/* A deny that can't be taken out of the allows exactly refuses its flow. */
static flowrules_status refuse_deny(struct drafts *d, const struct fr_scoped *part,
                                    const char *why) {
    const struct fr_flow *flow = fr_vec_at(&d->plan->policy->flows, struct fr_flow, part->flow);
    struct fr_at at = fr_flow_place(d->plan->policy, flow);
    const char *name = FR_POLICY_TEXT(d->plan->policy, flow->name);
    struct fr_about about = {FLOWRULES_ERROR,
                             FR_REFUSED,
                             at,
                             name,
                             d->plan->name,
                             "deny and allow single networks and protocols"};
    fr_report(&d->plan->context->diagnostics, &about, "target '%s' can't say flow '%s': %s",
              d->plan->name, name, why);
    return FLOWRULES_REFUSED;
}

static flowrules_status subtract_denies(struct drafts *d, struct fr_boxes *boxes,
                                        const struct fr_scoped *part) {
    bool touched = false;
    for (size_t i = 0; i < d->plan->scoped.count; i++) {
        const struct fr_scoped *deny = fr_vec_at(&d->plan->scoped, struct fr_scoped, i);
        if (!deny->deny || deny->direction != part->direction)
            continue;
        const struct fr_service_terms *terms =
            fr_service_get(&d->plan->policy->services, deny->service);
        for (uint32_t t = 0; t < terms->count; t++) {
            struct fr_box gone = {{deny->source, deny->destination}, terms->terms[t]};
            FR_TRY(fr_boxes_subtract(boxes, &gone, &touched));
        }
    }
    return boxes->too_many ? refuse_deny(d, part, "the denies cut it into too many pieces")
                           : FLOWRULES_OK;
}

/* Everything but some names or groups: no list of allows can say that. */
static bool leaves_atoms_out(const struct drafts *d, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&d->plan->view.sets, set);
    return head->all_atoms != 0 && head->atoms > 0;
}

static flowrules_status refuse_rest(struct drafts *d, const struct fr_scoped *part,
                                    const char *why) {
    const char *text =
        fr_arena_printf(&d->plan->arena, "what the denies leave of it can't be said: %s", why);
    return text == NULL ? fr_no_memory(d->plan->context) : refuse_deny(d, part, text);
}

/* A stretch of ICMP types or codes as numbers: all stay all, others end at 255. */
static void icmp_stretch(uint16_t *first, uint16_t *last, uint32_t *count) {
    *count = 1;
    if (*first == 0 && *last == 65535)
        return;
    *last = *last > 255 ? 255 : *last;
    *count = *first <= *last ? *last - *first + 1u : 0;
}

/*
 * The service of a box that denies left over. No rule says a stretch of ICMP types or codes: each
 * of them becomes a term.
 */
static fr_service rest_service(struct drafts *d, const struct fr_term *term) {
    struct fr_term box = *term;
    uint32_t types, codes;
    if (!fr_protocol_is_icmp(term->protocol))
        return fr_services_add(&d->plan->services, &box, 1);
    icmp_stretch(&box.source_first, &box.source_last, &types);
    icmp_stretch(&box.destination_first, &box.destination_last, &codes);
    struct fr_vec terms;
    fr_vec_init(&terms, &d->plan->context->allocator, sizeof(struct fr_term));
    bool good = fr_vec_reserve(&terms, (size_t)types * codes);
    for (uint32_t i = 0; good && i < types * codes; i++) {
        struct fr_term *one = fr_vec_add(&terms);
        *one = box;
        if (box.source_last != 65535)
            one->source_first = one->source_last = (uint16_t)(box.source_first + i / codes);
        if (box.destination_last != 65535)
            one->destination_first = one->destination_last =
                (uint16_t)(box.destination_first + i % codes);
    }
    fr_service service =
        good ? fr_services_add(&d->plan->services, terms.items, terms.count) : FR_SERVICE_NONE;
    fr_vec_free(&terms);
    return service;
}

/* An allow, for a target without denies: what the denies leave of it. */
static flowrules_status draft_rest(struct drafts *d, const struct fr_scoped *part,
                                   const struct fr_rule *whole) {
    const struct fr_service_terms *terms = fr_service_get(&d->plan->services, whole->service);
    struct fr_boxes boxes;
    fr_boxes_init(&boxes, d->plan->context, &d->plan->view.sets, 4096);
    flowrules_status status = FLOWRULES_OK;
    for (uint32_t i = 0; status == FLOWRULES_OK && i < terms->count; i++) {
        struct fr_box box = {{whole->source, whole->destination}, terms->terms[i]};
        status = fr_boxes_add(&boxes, &box);
    }
    if (status == FLOWRULES_OK)
        status = subtract_denies(d, &boxes, part);
    for (size_t i = 0; status == FLOWRULES_OK && i < boxes.list.count; i++) {
        struct fr_box box = *fr_vec_at(&boxes.list, struct fr_box, i);
        struct fr_rule rule = *whole;
        if (fr_protocol_is_icmp(box.term.protocol) &&
            (box.term.source_first > 255 || box.term.destination_first > 255))
            continue; /* there are no such types and codes */
        rule.source = box.ends[0];
        rule.destination = box.ends[1];
        rule.service = rest_service(d, &box.term);
        status = rule.service == FR_SERVICE_NONE ? fr_no_memory(d->plan->context) : push(d, &rule);
        const char *why = fr_unsayable_rest(d->plan, &box.term);
        if (leaves_atoms_out(d, rule.source) || leaves_atoms_out(d, rule.destination))
            why = "a group or name can't be taken out of 'any'";
        if (why != NULL && status == FLOWRULES_OK)
            status = refuse_rest(d, part, why);
    }
    fr_boxes_free(&boxes);
    return status;
}

static flowrules_status draft_part(struct drafts *d, const struct fr_scoped *part) {
    unsigned families = fr_plan_families(d->plan, part->source) &
                        fr_plan_families(d->plan, part->destination) & d->can->families;
    struct fr_rule rule = {.kind = FR_RULE_MATCH,
                           .flows = part->flow,
                           .source = part->source,
                           .destination = part->destination,
                           .expires = FR_NO_EXPIRY};
    if (d->can->expiry)
        rule.expires = fr_vec_at(&d->plan->policy->flows, struct fr_flow, part->flow)->expires;
    FR_TRY(part_service(d, part, families, &rule.service));
    if (rule.service == FR_SERVICE_NONE)
        return FLOWRULES_OK;
    if (d->can->evaluation == FLOWRULES_ALLOW_UNION && d->plan->denies)
        return draft_rest(d, part, &rule);
    return push(d, &rule);
}

static flowrules_status draft_flows(struct drafts *d) {
    for (size_t i = 0; i < d->plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&d->plan->scoped, struct fr_scoped, i);
        if (part->direction == d->direction && part->deny == d->action && part->log == d->log)
            FR_TRY(draft_part(d, part));
    }
    struct fr_vec swap = d->list;
    d->list = d->next;
    d->next = swap;
    return FLOWRULES_OK;
}

/* ---- merging ------------------------------------------------------------------------------------
 */

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

static flowrules_status union_of_sets(struct drafts *d, const struct fr_rule *run, size_t count,
                                      bool source, fr_set *set) {
    struct fr_builder builder;
    fr_builder_init(&builder, &d->plan->context->allocator);
    for (size_t i = 0; i < count; i++)
        fr_builder_set(&builder, &d->plan->view.sets, source ? run[i].source : run[i].destination);
    *set = fr_builder_finish(&builder, &d->plan->view.sets);
    fr_builder_free(&builder);
    return *set == FR_SET_NONE ? fr_no_memory(d->plan->context) : FLOWRULES_OK;
}

static flowrules_status union_of_services(struct drafts *d, const struct fr_rule *run, size_t count,
                                          fr_service *service) {
    struct fr_vec terms;
    fr_vec_init(&terms, &d->plan->context->allocator, sizeof(struct fr_term));
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        const struct fr_service_terms *list = fr_service_get(&d->plan->services, run[i].service);
        good = fr_vec_reserve(&terms, list->count);
        for (uint32_t k = 0; good && k < list->count; k++)
            *(struct fr_term *)fr_vec_add(&terms) = list->terms[k];
    }
    *service =
        good ? fr_services_add(&d->plan->services, terms.items, terms.count) : FR_SERVICE_NONE;
    fr_vec_free(&terms);
    return *service == FR_SERVICE_NONE ? fr_no_memory(d->plan->context) : FLOWRULES_OK;
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
static flowrules_status merge_flows(struct drafts *d, const struct fr_rule *run, size_t count,
                                    uint32_t *list) {
    struct fr_vec flows;
    fr_vec_init(&flows, &d->plan->context->allocator, sizeof(uint32_t));
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        size_t more = fr_flows_count(d->plan, run[i].flows);
        good = fr_vec_reserve(&flows, more);
        for (size_t f = 0; good && f < more; f++)
            *(uint32_t *)fr_vec_add(&flows) = fr_flows_at(d->plan, run[i].flows, f);
    }
    if (good)
        sort_flows(&flows);
    *list = good ? fr_flows_list(d->plan, flows.items, flows.count) : UINT32_MAX;
    fr_vec_free(&flows);
    return *list == UINT32_MAX ? fr_no_memory(d->plan->context) : FLOWRULES_OK;
}

static flowrules_status merge_run(struct drafts *d, const struct fr_rule *run, size_t count,
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
static flowrules_status merge(struct drafts *d, enum dimension dimension) {
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

static flowrules_status merge_all(struct drafts *d) {
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

/* ---- ends
 * ----------------------------------------------------------------------------------------- */

/* The names and groups of a set, without its addresses. */
static fr_set atoms_of_kinds(struct drafts *d, fr_set set, unsigned kinds) {
    const struct fr_set_head *head = fr_set_head(&d->plan->view.sets, set);
    struct flowrules_set view = {&d->plan->view.sets, set};
    if (head->all_atoms != 0)
        return FR_SET_EMPTY;
    struct fr_builder builder;
    fr_builder_init(&builder, &d->plan->context->allocator);
    for (uint32_t i = 0; i < head->atoms; i++)
        if ((kinds & 1u << flowrules_set_atom(view, i).kind) != 0)
            fr_builder_atom(&builder, fr_set_atoms(head)[i]);
    fr_set atoms = fr_builder_finish(&builder, &d->plan->view.sets);
    fr_builder_free(&builder);
    return atoms;
}

static fr_set atoms_of(struct drafts *d, fr_set set) {
    return atoms_of_kinds(d, set, ~0u);
}

static fr_set wildcards_of(struct drafts *d, fr_set set) {
    return atoms_of_kinds(d, set, 1u << FLOWRULES_ATOM_WILDCARD);
}

/* What is left of a set without one of its parts. */
static fr_set without(struct drafts *d, fr_set set, fr_set part) {
    if (part == FR_SET_NONE || part == FR_SET_EMPTY)
        return part == FR_SET_EMPTY ? set : FR_SET_NONE;
    return fr_set_subtract(&d->plan->view.sets, set, part);
}

/* The part of a set for rules of some families; any stays any. */
static fr_set for_families(struct drafts *d, fr_set set, unsigned families) {
    if (set == FR_SET_ANY || families == FLOWRULES_BOTH_FAMILIES)
        return set;
    enum flowrules_family family = (families & 1u) != 0 ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
    struct flowrules_set view = {&d->plan->view.sets, set};
    if (flowrules_set_is_all(view, family) && fr_set_head(&d->plan->view.sets, set)->all_atoms != 0)
        return FR_SET_ANY;
    return fr_set_union(&d->plan->view.sets, fr_set_family(&d->plan->view.sets, set, family),
                        atoms_of(d, set));
}

static flowrules_status push_families(struct drafts *d, const struct fr_rule *rule,
                                      unsigned families) {
    struct fr_rule part = *rule;
    families &= fr_plan_families(d->plan, rule->source) &
                fr_plan_families(d->plan, rule->destination) &
                fr_service_get(&d->plan->services, rule->service)->families & d->can->families;
    if (families == 0)
        return FLOWRULES_OK;
    part.families = (uint8_t)families;
    part.source = for_families(d, rule->source, families);
    part.destination = for_families(d, rule->destination, families);
    if (part.source == FR_SET_EMPTY || part.destination == FR_SET_EMPTY)
        return FLOWRULES_OK;
    FR_TRY(fr_service_for(d->plan, rule->service, families, &part.service));
    return part.service == FR_SERVICE_NONE ? FLOWRULES_OK : push(d, &part);
}

static bool is_symbolic(const struct drafts *d, fr_set set) {
    return set != FR_SET_ANY && fr_set_families(&d->plan->view.sets, set) == 0;
}

/* Does a rule match its far end by names or groups alone, and its own end by no address? */
static bool is_by_atoms(const struct drafts *d, const struct fr_rule *rule) {
    bool egress = d->direction == FLOWRULES_EGRESS;
    fr_set near = egress ? rule->source : rule->destination;
    return is_symbolic(d, egress ? rule->destination : rule->source) &&
           (near == FR_SET_ANY || is_symbolic(d, near));
}

static flowrules_status split_families(struct drafts *d, const struct fr_rule *rule) {
    bool any = rule->source == FR_SET_ANY && rule->destination == FR_SET_ANY;
    bool symbolic = (is_symbolic(d, rule->source) || rule->source == FR_SET_ANY) &&
                    (is_symbolic(d, rule->destination) || rule->destination == FR_SET_ANY) && !any;
    if (d->can->mixed_families || (any && d->can->any_is_both) ||
        (symbolic && d->can->any_is_both) || (d->can->atoms_are_both && is_by_atoms(d, rule)))
        return push_families(d, rule, FLOWRULES_BOTH_FAMILIES);
    FR_TRY(push_families(d, rule, FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4)));
    return push_families(d, rule, FLOWRULES_FAMILY_BIT(FLOWRULES_IPV6));
}

static flowrules_status push_ends(struct drafts *d, const struct fr_rule *rule, fr_set source,
                                  fr_set destination) {
    struct fr_rule part = *rule;
    part.source = source;
    part.destination = destination;
    if (source == FR_SET_EMPTY || destination == FR_SET_EMPTY)
        return FLOWRULES_OK;
    return push(d, &part);
}

/* A rule for each of source and destination, and of what part finds in them and the rest. */
static flowrules_status split_ends(struct drafts *d, const struct fr_rule *rule,
                                   fr_set (*part)(struct drafts *d, fr_set set)) {
    fr_set sources[2] = {0, part(d, rule->source)};
    fr_set destinations[2] = {0, part(d, rule->destination)};
    sources[0] = without(d, rule->source, sources[1]);
    destinations[0] = without(d, rule->destination, destinations[1]);
    for (size_t s = 0; s < 2; s++)
        for (size_t t = 0; t < 2; t++)
            FR_TRY(push_ends(d, rule, sources[s], destinations[t]));
    return FLOWRULES_OK;
}

static flowrules_status split_atoms(struct drafts *d, const struct fr_rule *rule) {
    return d->can->separate_atoms ? split_ends(d, rule, atoms_of) : push(d, rule);
}

static flowrules_status split_wildcards(struct drafts *d, const struct fr_rule *rule) {
    return d->can->separate_wildcards ? split_ends(d, rule, wildcards_of) : push(d, rule);
}

/* Part i of an end that may hold one group at most: the addresses and names, then each group. */
static fr_set group_part(struct drafts *d, fr_set set, size_t i) {
    struct flowrules_set view = {&d->plan->view.sets, set};
    struct fr_builder builder;
    fr_builder_init(&builder, &d->plan->context->allocator);
    const struct fr_set_head *head = fr_set_head(&d->plan->view.sets, set);
    size_t groups = 0, count = head->all_atoms != 0 ? 0 : head->atoms;
    for (size_t k = 0; k < count; k++) {
        bool group = flowrules_set_atom(view, k).kind == FLOWRULES_ATOM_GROUP;
        groups += group;
        if (group && groups == i)
            fr_builder_atom(&builder, fr_set_atoms(head)[k]);
    }
    fr_set part = fr_builder_finish(&builder, &d->plan->view.sets);
    if (i == 0 && part != FR_SET_NONE) {
        part = set;
        for (size_t g = 1; g <= groups && part != FR_SET_NONE; g++)
            part = fr_set_subtract(&d->plan->view.sets, part, group_part(d, set, g));
    }
    fr_builder_free(&builder);
    return part;
}

static size_t group_count(const struct drafts *d, fr_set set) {
    struct flowrules_set view = {&d->plan->view.sets, set};
    size_t groups = 0;
    for (size_t i = 0; i < flowrules_set_atom_count(view); i++)
        groups += flowrules_set_atom(view, i).kind == FLOWRULES_ATOM_GROUP;
    return groups;
}

static flowrules_status split_groups(struct drafts *d, const struct fr_rule *rule) {
    bool source = d->can->one_group || (d->can->one_protected && d->direction == FLOWRULES_EGRESS);
    bool destination =
        d->can->one_group || (d->can->one_protected && d->direction == FLOWRULES_INGRESS);
    size_t sources = source ? group_count(d, rule->source) : 0;
    size_t destinations = destination ? group_count(d, rule->destination) : 0;
    if (sources + destinations == 0)
        return push(d, rule);
    for (size_t s = 0; s <= sources; s++)
        for (size_t t = 0; t <= destinations; t++)
            FR_TRY(push_ends(d, rule, sources > 0 ? group_part(d, rule->source, s) : rule->source,
                             destinations > 0 ? group_part(d, rule->destination, t)
                                              : rule->destination));
    return FLOWRULES_OK;
}

/* ---- services and sizes
 * --------------------------------------------------------------------------- */

/* The ports of a service as ports_per_rule counts them. */
static size_t port_weight(const struct fr_service_terms *terms) {
    size_t weight = 0;
    for (uint32_t i = 0; i < terms->count; i++) {
        const struct fr_term *term = &terms->terms[i];
        if (fr_protocol_has_ports(term->protocol) && limits_destination(term))
            weight += term->destination_first == term->destination_last ? 1 : 2;
    }
    return weight;
}

/* The part of a rule whose protocols have ports, or of those that have none. */
static flowrules_status push_ported(struct drafts *d, const struct fr_rule *rule, bool ported) {
    const struct fr_service_terms *terms = fr_service_get(&d->plan->services, rule->service);
    struct fr_rule part = *rule;
    struct fr_vec kept;
    fr_vec_init(&kept, &d->plan->context->allocator, sizeof(struct fr_term));
    bool good = fr_vec_reserve(&kept, terms->count);
    for (uint32_t i = 0; good && i < terms->count; i++)
        if (fr_protocol_has_ports(terms->terms[i].protocol) == ported)
            *(struct fr_term *)fr_vec_add(&kept) = terms->terms[i];
    if (good && kept.count > 0) {
        part.service = fr_services_add(&d->plan->services, kept.items, kept.count);
        good = part.service != FR_SERVICE_NONE;
    }
    bool some = kept.count > 0;
    fr_vec_free(&kept);
    if (!good)
        return fr_no_memory(d->plan->context);
    return some ? push(d, &part) : FLOWRULES_OK;
}

static flowrules_status split_ported(struct drafts *d, const struct fr_rule *rule) {
    if (!d->can->ports_apart)
        return push(d, rule);
    FR_TRY(push_ported(d, rule, true));
    return push_ported(d, rule, false);
}

static flowrules_status split_services(struct drafts *d, const struct fr_rule *rule) {
    const struct flowrules_capabilities *can = d->can;
    struct fr_rule part = *rule;
    bool whole = !can->one_service && !can->one_port && !can->no_port_ranges;
    if (whole &&
        (can->ports_per_rule == 0 ||
         port_weight(fr_service_get(&d->plan->services, rule->service)) <= can->ports_per_rule))
        return push(d, rule);
    d->pieces.count = 0;
    FR_TRY(fr_service_pieces(d->plan, rule->service, &d->pieces));
    for (size_t i = 0; i < d->pieces.count; i++) {
        part.service = *fr_vec_at(&d->pieces, fr_service, i);
        FR_TRY(push(d, &part));
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

static bool next_address(const struct drafts *d, struct cutting *c, struct flowrules_range *range) {
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
static fr_set next_cut(struct drafts *d, struct cutting *c) {
    struct flowrules_range range;
    struct fr_builder builder;
    fr_builder_init(&builder, &d->plan->context->allocator);
    for (unsigned i = 0; i < d->can->addresses_per_end && next_address(d, c, &range); i++)
        fr_builder_range(&builder, &range);
    fr_set set = fr_builder_finish(&builder, &d->plan->view.sets);
    fr_builder_free(&builder);
    return set;
}

static flowrules_status add_cut(struct drafts *d, fr_set part, struct fr_vec *cuts) {
    if (part == FR_SET_EMPTY)
        return FLOWRULES_OK;
    fr_set *slot = part == FR_SET_NONE ? NULL : fr_vec_add(cuts);
    if (slot == NULL)
        return fr_no_memory(d->plan->context);
    *slot = part;
    return FLOWRULES_OK;
}

/* The names and groups of a set, at most names_per_end at once. */
static flowrules_status cut_atoms(struct drafts *d, fr_set set, struct fr_vec *cuts) {
    const struct fr_set_head *head = fr_set_head(&d->plan->view.sets, set);
    uint32_t most = d->can->names_per_end, count = head->all_atoms != 0 ? 0 : head->atoms;
    if (most == 0 || count <= most)
        return add_cut(d, atoms_of(d, set), cuts);
    struct fr_builder builder;
    flowrules_status status = FLOWRULES_OK;
    fr_builder_init(&builder, &d->plan->context->allocator);
    for (uint32_t first = 0; status == FLOWRULES_OK && first < count; first += most) {
        head = fr_set_head(&d->plan->view.sets, set); /* a new set may have moved it */
        for (uint32_t i = first; i < count && i - first < most; i++)
            fr_builder_atom(&builder, fr_set_atoms(head)[i]);
        status = add_cut(d, fr_builder_finish(&builder, &d->plan->view.sets), cuts);
    }
    fr_builder_free(&builder);
    return status;
}

/* Names beside few enough ranges are not cut off. */
static bool stays_whole(const struct drafts *d, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&d->plan->view.sets, set);
    return !d->can->prefixes && d->can->names_per_end == 0 && head->all_atoms == 0 &&
           (size_t)head->count4 + head->count6 + head->atoms <= d->can->addresses_per_end;
}

/* The sets that an end is cut into: names and groups, then addresses. */
static flowrules_status cut_end(struct drafts *d, fr_set set, struct fr_vec *cuts) {
    struct cutting c = {.set = {&d->plan->view.sets, set}};
    cuts->count = 0;
    if (set == FR_SET_ANY || stays_whole(d, set))
        return add_cut(d, set, cuts);
    FR_TRY(cut_atoms(d, set, cuts));
    for (fr_set part; (part = next_cut(d, &c)) != FR_SET_EMPTY;)
        FR_TRY(add_cut(d, part, cuts));
    return FLOWRULES_OK;
}

static flowrules_status split_addresses(struct drafts *d, const struct fr_rule *rule) {
    if (d->can->addresses_per_end == 0)
        return push(d, rule);
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

/* ---- equal rules
 * ------------------------------------------------------------------------------------ */

static bool equal_rules(const struct fr_rule *a, const struct fr_rule *b) {
    return a->source == b->source && a->destination == b->destination && a->service == b->service &&
           a->families == b->families;
}

/* Notes in table of each rule the place of the first that is equal to it; *equal: there are any. */
static flowrules_status find_equal(struct drafts *d, bool *equal) {
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

/* Rules that came out the same stand once, with the flows of all; first come, first kept. */
static flowrules_status drop_equal(struct drafts *d) {
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

/* ---- the plan
 * ----------------------------------------------------------------------------------------- */

static flowrules_status make_drafts(struct drafts *d) {
    FR_TRY(draft_flows(d));
    FR_TRY(merge_all(d)); /* before anything is split, so that no union undoes it */
    FR_TRY(each(d, split_atoms));
    FR_TRY(each(d, split_wildcards));
    FR_TRY(each(d, split_families));
    FR_TRY(each(d, split_groups));
    FR_TRY(each(d, split_ported));
    FR_TRY(each(d, split_services));
    FR_TRY(each(d, split_addresses));
    return d->plan->target->optimize ? drop_equal(d) : FLOWRULES_OK;
}

static const char *const group_names[3][2] = {
    [FLOWRULES_EGRESS] = {"out", "out_deny"},
    [FLOWRULES_INGRESS] = {"in", "in_deny"},
    [FLOWRULES_FORWARD] = {"forward", "forward_deny"},
};

static flowrules_status enter(struct drafts *d) {
    struct fr_plan *plan = d->plan;
    struct flowrules_group view = {.name = group_names[d->direction][d->action],
                                   .action = d->action,
                                   .direction = d->direction,
                                   .families = FLOWRULES_BOTH_FAMILIES,
                                   .match = {&plan->view.sets, FR_SET_ANY},
                                   .rule_count = d->list.count};
    if (d->list.count == 0)
        return FLOWRULES_OK;
    struct fr_group *group = fr_plan_group(plan, &view);
    if (group == NULL || !fr_vec_reserve(&plan->rules, d->list.count))
        return fr_no_memory(plan->context);
    group->log = d->log;
    group->match = FR_SET_ANY;
    for (size_t i = 0; i < d->list.count; i++)
        FR_TRY(fr_plan_rule(plan, fr_vec_at(&d->list, struct fr_rule, i)));
    return FLOWRULES_OK;
}

static flowrules_status lower_group(struct fr_plan *plan, enum flowrules_direction direction,
                                    enum flowrules_action action, bool log) {
    const struct fr_allocator *allocator = &plan->context->allocator;
    struct drafts d = {
        .plan = plan, .can = plan->can, .direction = direction, .action = action, .log = log};
    fr_vec_init(&d.list, allocator, sizeof(struct fr_rule));
    fr_vec_init(&d.next, allocator, sizeof(struct fr_rule));
    fr_vec_init(&d.pieces, allocator, sizeof(fr_service));
    flowrules_status status = make_drafts(&d);
    if (status == FLOWRULES_OK)
        status = enter(&d);
    fr_vec_free(&d.list);
    fr_vec_free(&d.next);
    fr_vec_free(&d.pieces);
    return status;
}

flowrules_status fr_lower_rules(struct fr_plan *plan) {
    bool denies = plan->can->evaluation != FLOWRULES_ALLOW_UNION;
    for (size_t i = 0; i < plan->scoped.count; i++)
        plan->denies = plan->denies || fr_vec_at(&plan->scoped, struct fr_scoped, i)->deny;
    for (int direction = 0; direction < 3; direction++)
        for (int action = denies ? FLOWRULES_DENY : FLOWRULES_ALLOW; action >= FLOWRULES_ALLOW;
             action--)
            for (int log = 1; log >= 0; log--) /* what is to be logged is, first */
                if (plan->enforces[direction])
                    FR_TRY(lower_group(plan, (enum flowrules_direction)direction,
                                       (enum flowrules_action)action, log == 1));
    return fr_name_rules(plan);
}
