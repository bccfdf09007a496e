/*
 * Lowering rule by rule: one rule for each flow and direction, denies before allows, and an allow
 * before a deny that spares it.
 */
#include "drafts.h"

#include <string.h>

#include "boxes.h"
#include "crossings.h"
#include "pieces.h"

/* Replaces every draft by what step makes of it. */
static flowrules_status each(struct fr_drafts *d,
                             flowrules_status (*step)(struct fr_drafts *d,
                                                      const struct fr_rule *rule)) {
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

/* ---- from flows ---------------------------------------------------------------------------- */

/* The service of a part, in the plan, without ICMP types where they were given up. */
static flowrules_status part_service(struct fr_drafts *d, const struct fr_scoped *part,
                                     unsigned families, fr_service *service) {
    *service = FR_SERVICE_ANY;
    if (part->but != FR_SERVICE_ANY)
        return part->deny ? fr_service_for(d->plan, part->but, families, true, service)
                          : FLOWRULES_OK;
    FR_TRY(fr_plan_service(d->plan, part->service, families, d->action == FLOWRULES_DENY, service));
    if (!part->whole_icmp)
        return FLOWRULES_OK;
    const struct fr_service_terms *terms = fr_service_get(d->plan->services, *service);
    struct fr_service_builder whole;
    fr_service_begin(&whole, &d->plan->context->allocator);
    for (uint32_t i = 0; i < terms->count; i++) {
        struct fr_term term = terms->terms[i];
        if (fr_protocol_is_icmp(term.protocol))
            term = (struct fr_term){term.protocol, 0, 65535, 0, 65535};
        fr_service_add(&whole, &term);
    }
    *service = fr_service_finish(&whole, d->plan->services);
    return fr_plan_memory(d->plan);
}

/* What can't be taken out of the allows exactly refuses the flow. */
static flowrules_status refuse_rest(struct fr_drafts *d, const struct fr_scoped *part,
                                    struct fr_why why) {
    enum fr_reason kind = part->deny ? FR_WHY_REST_OF_DENY : FR_WHY_REST_OF_ALLOW;
    struct fr_why rest = fr_because(&d->rules->arena, kind, why.text == NULL ? "" : why.text);
    if (why.kind == FR_WHY_TOLD && why.hint != NULL)
        rest = (struct fr_why){FR_WHY_TOLD, rest.text, why.hint};
    return fr_rules_refuse(d->rules, part->flow, rest);
}

/* Something that is asked, term by term, of each part that takes something from another one. */
struct asking {
    struct fr_drafts *d;
    const struct fr_scoped *part;
    const struct fr_rule *whole;
    struct fr_boxes *boxes;
    bool touched;
    bool crosses; /* some part is at a few of the interfaces alone */
    const char *why;
};

/* Is an allow to be told without this deny, or a deny without this allow, which it spares? */
static bool takes(const flowrules_plan *plan, const struct fr_scoped *other,
                  const struct fr_scoped *part) {
    if (other->direction != part->direction || other->deny == part->deny ||
        !fr_crossings_meet(plan, other, part))
        return false;
    return part->deny ? fr_part_is_spared(plan, part, other)
                      : !fr_part_is_spared(plan, other, part);
}

/* Asks of one; a->touched then says of all whether one took something. */
static flowrules_status
ask_taker(struct asking *a, const struct fr_scoped *other, const struct fr_term *term,
          flowrules_status (*step)(struct asking *a, struct fr_box *taker, uint32_t flow)) {
    struct fr_box box = {{other->source, other->destination}, *term};
    bool before = a->touched;
    a->touched = false;
    FR_TRY(step(a, &box, other->flow));
    a->crosses = a->crosses || (a->touched && !fr_crossing_covers(a->d->plan, other, a->part));
    a->touched = a->touched || before;
    return FLOWRULES_OK;
}

static flowrules_status each_taker(struct asking *a,
                                   flowrules_status (*step)(struct asking *a, struct fr_box *taker,
                                                            uint32_t flow)) {
    const flowrules_plan *plan = a->d->plan;
    for (size_t i = 0; i < plan->scoped.count; i++) {
        const struct fr_scoped *other = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        if (!takes(plan, other, a->part))
            continue;
        const struct fr_service_terms *terms =
            fr_service_get(&plan->policy->services, other->service);
        for (uint32_t t = 0; t < terms->count; t++)
            FR_TRY(ask_taker(a, other, &terms->terms[t], step));
    }
    return FLOWRULES_OK;
}

static flowrules_status subtract_one(struct asking *a, struct fr_box *deny, uint32_t flow) {
    struct fr_box allow = {{a->whole->source, a->whole->destination}, deny->term};
    (void)flow;
    if (a->d->can->pod_groups)
        FR_TRY(fr_widen_pods(a->d->plan, &allow, deny));
    return fr_boxes_subtract(a->boxes, deny, &a->touched);
}

/* Is some pod of what is left one that this deny names? */
static flowrules_status weigh_one(struct asking *a, struct fr_box *deny, uint32_t flow) {
    for (size_t i = 0; a->why == NULL && i < a->boxes->list.count; i++)
        a->why =
            fr_pods_escape(a->d->plan, fr_vec_at(&a->boxes->list, struct fr_box, i), deny, flow);
    return FLOWRULES_OK;
}

static flowrules_status subtract_takers(struct fr_drafts *d, struct fr_boxes *boxes,
                                        const struct fr_scoped *part, const struct fr_rule *whole,
                                        bool *touched) {
    struct asking a = {d, part, whole, boxes, false, false, NULL};
    FR_TRY(each_taker(&a, subtract_one));
    if (a.touched && a.crosses)
        return fr_rules_refuse(d->rules, part->flow,
                               fr_because(&d->rules->arena, FR_WHY_SOME_INTERFACES));
    *touched = a.touched;
    if (!boxes->too_many && d->can->pod_groups && !part->deny)
        FR_TRY(each_taker(&a, weigh_one));
    if (a.why != NULL)
        FR_TRY(refuse_rest(d, part, fr_why_told(&d->rules->arena, a.why)));
    if (boxes->too_many)
        return fr_rules_refuse(d->rules, part->flow,
                               fr_because(&d->rules->arena, part->deny ? FR_WHY_DENY_IN_PIECES
                                                                       : FR_WHY_ALLOW_IN_PIECES));
    return FLOWRULES_OK;
}

/* Everything but some names or groups: no list of allows can say that. */
static bool leaves_atoms_out(const struct fr_drafts *d, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&d->plan->view->sets, set);
    return head->all_atoms != 0 && head->atoms > 0;
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
static fr_service rest_service(struct fr_drafts *d, const struct fr_term *term) {
    struct fr_term box = *term;
    uint32_t types, codes;
    if (!fr_protocol_is_icmp(term->protocol))
        return fr_services_add(d->plan->services, &box, 1);
    icmp_stretch(&box.source_first, &box.source_last, &types);
    icmp_stretch(&box.destination_first, &box.destination_last, &codes);
    struct fr_service_builder builder;
    fr_service_begin(&builder, &d->plan->context->allocator);
    for (uint32_t i = 0; i < types * codes; i++) {
        struct fr_term one = box;
        if (box.source_last != 65535)
            one.source_first = one.source_last = (uint16_t)(box.source_first + i / codes);
        if (box.destination_last != 65535)
            one.destination_first = one.destination_last =
                (uint16_t)(box.destination_first + i % codes);
        fr_service_add(&builder, &one);
    }
    return fr_service_finish(&builder, d->plan->services);
}

/*
 * A box that denies left of an allow, without what can't be said of it and is no packet of anybody:
 * ICMP types above 255, and port 0 where the platform has none. False where nothing is left.
 */
static bool trim_box(const struct fr_drafts *d, struct fr_term *term) {
    if (fr_protocol_is_icmp(term->protocol))
        return term->source_first <= 255 && term->destination_first <= 255;
    if (d->can->no_port_zero && term->destination_first == 0 && term->destination_last < 65535) {
        if (term->destination_last == 0)
            return false;
        term->destination_first = 1;
    }
    return true;
}

/* Does an allow reach port 0, which a deny can't say there? Where none does, it need not. */
static bool needs_port_zero(const struct fr_drafts *d, const struct fr_scoped *deny,
                            const struct fr_term *term) {
    const flowrules_plan *plan = d->plan;
    bool needed = false;
    if (!d->can->no_port_zero || !fr_protocol_has_ports(term->protocol) ||
        term->destination_first > 0 || term->destination_last == 65535)
        return false;
    for (size_t i = 0; i < plan->scoped.count && !needed; i++) {
        const struct fr_scoped *allow = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        const struct fr_service_terms *terms =
            fr_service_get(&plan->policy->services, allow->service);
        for (uint32_t t = 0; t < terms->count && !allow->deny; t++)
            needed = needed || (allow->direction == deny->direction &&
                                terms->terms[t].destination_first == 0 &&
                                (terms->terms[t].protocol == term->protocol ||
                                 terms->terms[t].protocol == FR_PROTOCOL_ANY));
    }
    return needed;
}

/* The terms of what is left of a part, where ends are the same; why it can't be said. */
struct rest {
    struct fr_vec terms; /* struct fr_term */
    struct fr_why why;
};

/* Adds a box's terms; what it has of port 0 of a deny, and can't say, refuses the flow. */
static flowrules_status add_rest(struct fr_drafts *d, const struct fr_scoped *part,
                                 const struct fr_box *box, struct rest *rest) {
    struct fr_term term = box->term;
    if (part->deny && needs_port_zero(d, part, &term))
        return refuse_rest(d, part,
                           fr_why_told(&d->rules->arena,
                                       "this platform cannot distinguish port 0 from all ports"));
    if (!trim_box(d, &term))
        return FLOWRULES_OK;
    const struct fr_service_terms *terms =
        fr_service_get(d->plan->services, rest_service(d, &term));
    if (!fr_vec_reserve(&rest->terms, terms->count))
        return fr_no_memory(d->plan->context);
    for (uint32_t i = 0; i < terms->count; i++)
        *(struct fr_term *)fr_vec_add(&rest->terms) = terms->terms[i];
    if (rest->why.kind == FR_WHY_NOT)
        rest->why = fr_unsayable_rest(d->plan, &term);
    return fr_plan_memory(d->plan);
}

/* What is left between the ends of box number first, as one rule; others had them before: none. */
static flowrules_status draft_ends(struct fr_drafts *d, const struct fr_scoped *part,
                                   const struct fr_rule *whole, const struct fr_vec *boxes,
                                   size_t first, struct rest *rest) {
    const struct fr_box *box = fr_vec_at(boxes, struct fr_box, first);
    struct fr_rule rule = *whole;
    rest->terms.count = 0;
    rest->why = fr_why_not();
    for (size_t i = 0; i < boxes->count; i++) {
        const struct fr_box *other = fr_vec_at(boxes, struct fr_box, i);
        if (memcmp(other->ends, box->ends, sizeof box->ends) != 0)
            continue;
        if (i < first)
            return FLOWRULES_OK;
        FR_TRY(add_rest(d, part, other, rest));
    }
    if (rest->terms.count == 0)
        return FLOWRULES_OK;
    rule.source = box->ends[0];
    rule.destination = box->ends[1];
    rule.service = fr_services_add(d->plan->services, rest->terms.items, rest->terms.count);
    FR_TRY(fr_drafts_push(d, &rule));
    if (leaves_atoms_out(d, rule.source) || leaves_atoms_out(d, rule.destination))
        rest->why =
            fr_why_told(&d->rules->arena, "a group or name cannot be subtracted from 'any'");
    struct fr_scoped left = *part;
    left.source = rule.source;
    left.destination = rule.destination;
    if (rest->why.kind == FR_WHY_NOT &&
        d->plan->permits) /* what flows are asked of, denies may yet leave */
        FR_TRY(fr_ask_of_rest(d->plan, &left, rule.service, &rest->why));
    return rest->why.kind != FR_WHY_NOT ? refuse_rest(d, part, rest->why) : FLOWRULES_OK;
}

static flowrules_status draft_boxes(struct fr_drafts *d, const struct fr_scoped *part,
                                    const struct fr_rule *whole, const struct fr_vec *boxes) {
    struct rest rest = {.why = fr_why_not()};
    flowrules_status status = FLOWRULES_OK;
    fr_vec_init(&rest.terms, &d->plan->context->allocator, sizeof(struct fr_term));
    for (size_t i = 0; status == FLOWRULES_OK && i < boxes->count; i++)
        status = draft_ends(d, part, whole, boxes, i, &rest);
    fr_vec_free(&rest.terms);
    return status;
}

/*
 * An allow, for a target without denies: what the denies leave of it. A deny, for a target where it
 * beats every allow: what the flows that it spares leave of it. What nothing touches stays in one
 * piece, with its lists of ports.
 */
static flowrules_status draft_rest(struct fr_drafts *d, const struct fr_scoped *part,
                                   const struct fr_rule *whole) {
    const struct fr_service_terms *terms = fr_service_get(d->plan->services, whole->service);
    struct fr_boxes boxes;
    fr_boxes_init(&boxes, d->plan->context, &d->plan->view->sets, 4096);
    bool touched = false;
    flowrules_status status = FLOWRULES_OK;
    for (uint32_t i = 0; status == FLOWRULES_OK && i < terms->count; i++) {
        struct fr_box box = {{whole->source, whole->destination}, terms->terms[i]};
        status = fr_boxes_add(&boxes, &box);
    }
    if (status == FLOWRULES_OK)
        status = subtract_takers(d, &boxes, part, whole, &touched);
    if (status == FLOWRULES_OK && !touched)
        status = fr_drafts_push(d, whole);
    if (status == FLOWRULES_OK && touched && !boxes.too_many)
        status = draft_boxes(d, part, whole, &boxes.list);
    fr_boxes_free(&boxes);
    return status;
}

/* Is a part told without what other flows take from it? */
static bool is_cut(const struct fr_drafts *d, const struct fr_scoped *part) {
    if (part->deny)
        return d->can->denies == FLOWRULES_DENIES_FIRST &&
               fr_vec_at(&d->plan->policy->flows, struct fr_flow, part->flow)->spares != 0;
    return part->cut || (d->can->evaluation == FLOWRULES_ALLOW_UNION && d->plan->denies);
}

static flowrules_status draft_part(struct fr_drafts *d, const struct fr_scoped *part) {
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
    if (is_cut(d, part))
        return draft_rest(d, part, &rule);
    return fr_drafts_push(d, &rule);
}

static flowrules_status draft_flows(struct fr_drafts *d) {
    for (size_t i = 0; i < d->plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&d->plan->scoped, struct fr_scoped, i);
        if (part->direction == d->direction && part->deny == d->action && part->log == d->log &&
            part->crossing == d->section->crossing && fr_part_phase(d->plan, part) == d->phase)
            FR_TRY(draft_part(d, part));
    }
    for (size_t i = 0; d->action == FLOWRULES_DENY && i < d->plan->others.count; i++) {
        struct fr_scoped part =
            fr_others_part(d->plan, fr_vec_at(&d->plan->others, struct fr_others, i));
        if (part.direction == d->direction && part.log == d->log && part.phase == d->phase &&
            part.crossing == d->section->crossing)
            FR_TRY(draft_part(d, &part));
    }
    struct fr_vec swap = d->list;
    d->list = d->next;
    d->next = swap;
    return FLOWRULES_OK;
}

/* ---- the plan ------------------------------------------------------------------------------ */

/* What takes a rule apart, in this order. */
static flowrules_status (*const splits[])(struct fr_drafts *d, const struct fr_rule *rule) = {
    fr_split_atoms,  fr_split_wildcards, fr_split_families,  fr_split_groups,
    fr_split_ported, fr_split_services,  fr_split_addresses,
};

static flowrules_status make_drafts(struct fr_drafts *d) {
    FR_TRY(draft_flows(d));
    FR_TRY(fr_merge_rules(d)); /* before anything is split, so that no union undoes it */
    for (size_t i = 0; i < sizeof splits / sizeof splits[0]; i++)
        FR_TRY(each(d, splits[i]));
    if (d->plan->target->optimize)
        FR_TRY(fr_drop_equal_rules(d));
    return fr_gather_rules(d);
}

static const char *const group_names[3][2] = {
    [FLOWRULES_EGRESS] = {"out", "out_deny"},
    [FLOWRULES_INGRESS] = {"in", "in_deny"},
    [FLOWRULES_FORWARD] = {"forward", "forward_deny"},
};

static flowrules_status enter(struct fr_drafts *d) {
    const flowrules_plan *plan = d->plan;
    struct flowrules_group view = {.name = group_names[d->direction][d->action],
                                   .action = d->action,
                                   .direction = d->direction,
                                   .families = FLOWRULES_BOTH_FAMILIES,
                                   .match = {&plan->view->sets, FR_SET_ANY},
                                   .rule_count = d->list.count};
    if (d->list.count == 0)
        return FLOWRULES_OK;
    FR_TRY(fr_section_passage(d->rules, d->section, d->direction, d->action, &view.passage));
    struct fr_group *group = fr_rules_group(d->rules, &view);
    if (group == NULL || !fr_vec_reserve(&d->rules->rules, d->list.count))
        return fr_no_memory(plan->context);
    fr_section_count(d->section, &view);
    group->log = d->log;
    group->phase = d->phase;
    group->match = FR_SET_ANY;
    for (size_t i = 0; i < d->list.count; i++)
        FR_TRY(fr_rules_add(d->rules, fr_vec_at(&d->list, struct fr_rule, i)));
    return FLOWRULES_OK;
}

static flowrules_status lower_group(struct fr_rules *rules, const struct fr_phase *phase, bool log,
                                    struct fr_section *section) {
    const flowrules_plan *plan = rules->plan;
    const struct fr_allocator *allocator = &plan->context->allocator;
    struct fr_drafts d = {.plan = plan,
                          .rules = rules,
                          .can = plan->can,
                          .direction = phase->direction,
                          .action = phase->action,
                          .phase = phase->number,
                          .log = log,
                          .section = section};
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

static flowrules_status lower_direction(struct fr_rules *rules, enum flowrules_direction direction,
                                        unsigned *turn) {
    const flowrules_plan *plan = rules->plan;
    bool denies = plan->can->evaluation != FLOWRULES_ALLOW_UNION;
    struct fr_phase phase = fr_first_phase(direction, denies ? FLOWRULES_DENY : FLOWRULES_ALLOW);
    do
        for (int log = 1; log >= 0; log--) { /* what is to be logged is, first */
            struct fr_section section = {.turn = ++*turn};
            for (; section.crossing <= plan->crossings.count; section.crossing++) {
                section.made = NULL;
                FR_TRY(lower_group(rules, &phase, log == 1, &section));
            }
        }
    while (fr_next_phase(plan, &phase));
    return FLOWRULES_OK;
}

flowrules_status fr_lower_rules(struct fr_rules *rules) {
    unsigned turn = 0;
    for (int direction = 0; direction < 3; direction++)
        if (rules->plan->enforces[direction])
            FR_TRY(lower_direction(rules, (enum flowrules_direction)direction, &turn));
    FR_TRY(fr_gather_whole(rules));
    return fr_name_rules(rules);
}
