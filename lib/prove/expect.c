/*
 * What a target has to let pass: the flows in its scope and its baseline as clauses, straight from
 * the policy. Nothing of how they are lowered or spelled comes in, so that this is what a rendering
 * is held against.
 */
#include "expect.h"

#include <string.h>

#include "crossings.h"
#include "flowrules/kits/pods.h"

struct expecting {
    struct flowrules_input *in;
    const flowrules_plan *plan;
    flowrules_meaning *meaning;
};

/* ---- services ------------------------------------------------------------------------------ */

/* A port of a Service as the pods' own, for pods of a network that say so. */
static void map_port(const struct expecting *e, const char *pods, struct fr_term *term) {
    if (pods == NULL || !fr_protocol_has_ports(term->protocol) ||
        term->destination_first != term->destination_last)
        return;
    term->destination_first = flowrules_pods_port(e->plan, pods, term->destination_first);
    term->destination_last = term->destination_first;
}

/* A flow's service in the terms of the meaning; pods: whose ports they are, or NULL. */
static fr_service expect_service(const struct expecting *e, const struct fr_scoped *part,
                                 const char *pods) {
    const struct fr_service_terms *terms =
        fr_service_get(&e->plan->policy->services, part->service);
    struct fr_service_builder builder;
    fr_service_begin(&builder, &e->plan->context->allocator);
    for (uint32_t i = 0; i < terms->count; i++) {
        struct fr_term term = terms->terms[i];
        if (part->whole_icmp && fr_protocol_is_icmp(term.protocol)) {
            term.source_first = term.destination_first = 0;
            term.source_last = term.destination_last = UINT16_MAX;
        }
        map_port(e, pods, &term);
        fr_service_add(&builder, &term);
    }
    return fr_service_finish(&builder, &e->meaning->services);
}

/* ---- flows --------------------------------------------------------------------------------- */

static flowrules_status add_clause(const struct expecting *e, const struct fr_scoped *part,
                                   fr_set destination, const char *pods) {
    const struct fr_flow *flow = fr_vec_at(&e->plan->policy->flows, struct fr_flow, part->flow);
    struct fr_stage *stage = fr_meaning_stage(e->meaning, part->direction);
    struct fr_clause *clause = stage == NULL ? NULL : fr_vec_push(&stage->clauses);
    if (clause == NULL)
        return fr_no_memory(e->plan->context);
    *clause = (struct fr_clause){.effect = part->deny ? FR_BLOCK : FR_PASS,
                                 .families = FLOWRULES_BOTH_FAMILIES,
                                 .packets = FR_ALL_PACKETS,
                                 .log = flow->log,
                                 .flow = part->flow,
                                 .source = fr_input_translate(e->in, e->plan, part->source).id,
                                 .destination = fr_input_translate(e->in, e->plan, destination).id,
                                 .service = expect_service(e, part, pods)};
    const struct fr_crossing *crossing = fr_crossing_of(e->plan, part);
    if (crossing != NULL) /* packets by the loopback interface are a kind of their own */
        clause->packets = FR_ALL_PACKETS & (uint8_t)~FLOWRULES_LOOPBACK;
    for (size_t i = 0; i < 2 && crossing != NULL; i++)
        if (crossing->interfaces[i] != FR_SET_ANY)
            clause->interfaces[i] = fr_input_translate(e->in, e->plan, crossing->interfaces[i]).id;
    return e->in->failed ? fr_no_memory(e->plan->context) : fr_meaning_memory(e->meaning);
}

/* The part of a flow whose destination is pods with ports of their own, a clause for each group. */
static flowrules_status add_mapped(const struct expecting *e, const struct fr_scoped *part,
                                   fr_set *rest) {
    struct fr_sets *sets = &e->plan->view->sets;
    struct flowrules_set view = {sets, part->destination};
    for (size_t i = 0; i < flowrules_set_atom_count(view); i++) {
        struct flowrules_atom atom = flowrules_set_atom(view, i);
        if (atom.kind != FLOWRULES_ATOM_GROUP || !flowrules_pods_map_ports(e->plan, atom.name))
            continue;
        fr_builder_atom(&e->plan->view->builder,
                        fr_set_atoms(fr_set_head(sets, part->destination))[i]);
        fr_set own = fr_builder_finish(&e->plan->view->builder, sets);
        *rest = fr_set_subtract(sets, *rest, own);
        FR_TRY(add_clause(e, part, own, atom.name));
    }
    return FLOWRULES_OK;
}

static flowrules_status add_flow(const struct expecting *e, const struct fr_scoped *part) {
    fr_set rest = part->destination;
    if (e->plan->can->pod_groups)
        FR_TRY(add_mapped(e, part, &rest));
    return rest == FR_SET_EMPTY ? FLOWRULES_OK : add_clause(e, part, rest, NULL);
}

static flowrules_status add_flows(const struct expecting *e, bool deny, uint32_t phase) {
    for (size_t i = 0; i < e->plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&e->plan->scoped, struct fr_scoped, i);
        if (part->deny == deny && part->phase == phase)
            FR_TRY(add_flow(e, part));
    }
    return FLOWRULES_OK;
}

/*
 * A resolver that knows whole domains fills the set of a name with what is below it, or with the
 * name itself that a wildcard is below: where that loss was accepted, it is not compared.
 */
static fr_set domains_of(const struct expecting *e, fr_set set) {
    struct fr_sets *sets = &e->meaning->sets;
    struct flowrules_set view = {sets, set};
    for (size_t i = 0; i < flowrules_set_atom_count(view); i++) {
        struct flowrules_atom atom = flowrules_set_atom(view, i);
        if (atom.kind == FLOWRULES_ATOM_GROUP)
            continue;
        for (int kind = FLOWRULES_ATOM_NAME; kind <= FLOWRULES_ATOM_WILDCARD; kind++)
            fr_builder_atom(&e->meaning->builder,
                            fr_meaning_name(e->meaning, (enum flowrules_atom_kind)kind, atom.name));
    }
    return fr_builder_finish(&e->meaning->builder, sets);
}

static flowrules_status add_widened_part(const struct expecting *e, const struct fr_scoped *part) {
    fr_set to = fr_input_translate(e->in, e->plan, part->destination).id;
    struct flowrules_set names = {&e->meaning->sets, domains_of(e, to)};
    FR_TRY(add_clause(e, part, part->destination, NULL));
    struct fr_stage *stage = fr_meaning_stage(e->meaning, part->direction);
    if (stage == NULL)
        return fr_no_memory(e->plan->context);
    struct fr_clause *clause =
        fr_vec_at(&stage->clauses, struct fr_clause, stage->clauses.count - 1);
    clause->effect = FR_OUTSIDE;
    clause->destination = names.id;
    return FLOWRULES_OK;
}

/* Of the allows of a phase. */
static flowrules_status add_widened(const struct expecting *e, uint32_t phase) {
    if (!e->plan->can->whole_domains || !e->plan->view->mode.names)
        return FLOWRULES_OK;
    for (size_t i = 0; i < e->plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&e->plan->scoped, struct fr_scoped, i);
        const struct fr_verdict *verdict =
            fr_vec_at(&e->plan->verdicts, struct fr_verdict, part->flow);
        if (verdict->fidelity == FR_WIDENED && !part->deny && part->phase == phase)
            FR_TRY(add_widened_part(e, part));
    }
    return FLOWRULES_OK;
}

/* ---- denies that spare flows --------------------------------------------------------------- */

/* Do the same denies of a direction hold for two allows? */
static bool same_denies(const struct expecting *e, const struct fr_scoped *a,
                        const struct fr_scoped *b) {
    bool same = a->direction == b->direction;
    for (size_t i = 0; i < e->plan->scoped.count && same; i++) {
        const struct fr_scoped *deny = fr_vec_at(&e->plan->scoped, struct fr_scoped, i);
        same = !deny->deny || deny->direction != a->direction ||
               fr_part_is_spared(e->plan, deny, a) == fr_part_is_spared(e->plan, deny, b);
    }
    return same;
}

/* The clauses of a stage from first on lead behind its end. */
static void skip_to_end(struct fr_stage *stage, size_t first, size_t last) {
    for (size_t i = first; i < last; i++) {
        struct fr_clause *clause = fr_vec_at(&stage->clauses, struct fr_clause, i);
        clause->effect = FR_SKIP;
        clause->skip_to = (uint32_t)stage->clauses.count;
    }
}

/* The allows of which one is the first, and around them what the denies for them take. */
static flowrules_status add_alike(const struct expecting *e, size_t from) {
    const struct fr_vec *scoped = &e->plan->scoped;
    const struct fr_scoped first = *fr_vec_at(scoped, struct fr_scoped, from);
    struct fr_stage *stage = fr_meaning_stage(e->meaning, first.direction);
    if (stage == NULL)
        return fr_no_memory(e->plan->context);
    size_t before = stage->clauses.count;
    for (size_t i = 0; i < scoped->count; i++) {
        const struct fr_scoped *deny = fr_vec_at(scoped, struct fr_scoped, i);
        if (deny->deny && deny->direction == first.direction &&
            !fr_part_is_spared(e->plan, deny, &first))
            FR_TRY(add_flow(e, deny));
    }
    size_t denies = stage->clauses.count;
    for (size_t i = from; i < scoped->count; i++) {
        const struct fr_scoped *part = fr_vec_at(scoped, struct fr_scoped, i);
        if (!part->deny && same_denies(e, part, &first))
            FR_TRY(add_flow(e, part));
    }
    skip_to_end(stage, before, denies);
    return FLOWRULES_OK;
}

/* Phase by phase denies, then allows; a baseline that no deny spares stands behind them all. */
static flowrules_status add_ordered(const struct expecting *e, bool baseline_behind) {
    for (uint32_t phase = 0; phase < e->plan->phases; phase++) {
        FR_TRY(add_flows(e, true, phase));
        if (baseline_behind && phase + 1 == e->plan->phases)
            e->plan->backend->baseline(e->plan, e->in);
        FR_TRY(add_flows(e, false, phase));
        FR_TRY(add_widened(e, phase));
    }
    return FLOWRULES_OK;
}

/* Denies that spare crosswise have no order: for each set of denies, the allows that it is for. */
static flowrules_status add_circular(const struct expecting *e, bool baseline_behind) {
    const struct fr_vec *scoped = &e->plan->scoped;
    for (size_t i = 0; i < scoped->count; i++) {
        const struct fr_scoped *part = fr_vec_at(scoped, struct fr_scoped, i);
        bool known = part->deny;
        for (size_t k = 0; k < i && !known; k++) {
            const struct fr_scoped *other = fr_vec_at(scoped, struct fr_scoped, k);
            known = !other->deny && same_denies(e, other, part);
        }
        if (!known)
            FR_TRY(add_alike(e, i));
    }
    for (size_t i = 0; i < scoped->count; i++) { /* what none of the allows got is the denies' */
        const struct fr_scoped *part = fr_vec_at(scoped, struct fr_scoped, i);
        if (part->deny)
            FR_TRY(add_flow(e, part));
    }
    if (baseline_behind)
        e->plan->backend->baseline(e->plan, e->in);
    return FLOWRULES_OK;
}

/* ---- what is around them ------------------------------------------------------------------- */

/* Everything of a direction, or what has a protected end outside of what is protected. */
static void add_rule(const struct expecting *e, enum flowrules_direction direction,
                     enum flowrules_verdict verdict, struct flowrules_set protected_end) {
    bool egress = direction == FLOWRULES_EGRESS;
    struct flowrules_set any = flowrules_input_any(e->in);
    struct flowrules_read_rule rule = {.direction = direction,
                                       .verdict = verdict,
                                       .source = egress ? protected_end : any,
                                       .destination = egress ? any : protected_end};
    flowrules_input_rule(e->in, &rule);
}

/* Is a rule of the target about what it protects alone, so that it has no say over the rest? */
static bool holds_for_protected_alone(const struct expecting *e) {
    const struct flowrules_capabilities *can = e->plan->can;
    struct flowrules_set protects = {&e->plan->view->sets, e->plan->protects.set};
    return !e->plan->transit &&
           (can->implicit_end || can->pod_groups || flowrules_set_atom_count(protects) > 0);
}

/*
 * What is not the machine's, where it has no other addresses than the protected ones. It still gets
 * and sends packets of the addresses that it shares with every host.
 */
static struct flowrules_set outside_machine(const struct expecting *e) {
    struct flowrules_range range;
    struct flowrules_set own = fr_input_translate(e->in, e->plan, e->plan->protects.set);
    struct flowrules_set outside = flowrules_input_subtract(e->in, flowrules_input_any(e->in), own);
    for (size_t i = 0; fr_shared_addresses(i, &range); i++)
        if (flowrules_set_range_count(own, range.family) > 0)
            outside =
                flowrules_input_subtract(e->in, outside, flowrules_input_range(e->in, &range));
    return outside;
}

static flowrules_status add_all(const struct expecting *e) {
    const struct flowrules_backend *backend = e->plan->backend;
    struct flowrules_set outside = flowrules_input_none(e->in);
    if (e->plan->machine != FR_SET_EMPTY)
        outside = outside_machine(e);
    if (holds_for_protected_alone(e))
        outside =
            flowrules_input_subtract(e->in, flowrules_input_any(e->in),
                                     fr_input_translate(e->in, e->plan, e->plan->protects.set));
    for (int d = 0; d < (int)FR_DIRECTIONS; d++)
        if (e->plan->enforces[d])
            add_rule(e, (enum flowrules_direction)d, FLOWRULES_OUTSIDE, outside);
    bool behind = backend->baseline != NULL && e->plan->can->baseline_behind;
    if (backend->baseline != NULL && !behind)
        backend->baseline(e->plan, e->in);
    FR_TRY((e->plan->circular ? add_circular : add_ordered)(e, behind));
    for (int d = 0; d < (int)FR_DIRECTIONS; d++)
        if (e->plan->enforces[d])
            add_rule(e, (enum flowrules_direction)d, FLOWRULES_BLOCK, flowrules_input_any(e->in));
    return fr_input_status(e->in);
}

/* First packets of connections, and the kinds that a listed part of the baseline lets pass. */
static unsigned permitted_packets(const flowrules_plan *plan) {
    static const struct {
        enum flowrules_baseline part;
        enum flowrules_packets packets;
    } kinds[] = {{FLOWRULES_BASELINE_REPLIES, FLOWRULES_REPLY},
                 {FLOWRULES_BASELINE_LOOPBACK, FLOWRULES_LOOPBACK},
                 {FLOWRULES_BASELINE_NEIGHBOUR, FLOWRULES_NEIGHBOUR},
                 {FLOWRULES_BASELINE_LISTENER, FLOWRULES_LISTENER}};
    unsigned packets = FLOWRULES_NEW;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((plan->target->baseline & kinds[i].part) != 0)
            packets |= kinds[i].packets;
    return packets;
}

flowrules_status fr_expect(flowrules_meaning **meaning, const flowrules_plan *plan) {
    struct flowrules_input in;
    flowrules_meaning *m;
    *meaning = NULL;
    FR_TRY(fr_meaning_new(&m, plan->context));
    flowrules_status status = fr_input_init(&in, m);
    in.backend = plan->backend;
    in.plan = plan;
    struct expecting e = {&in, plan, m};
    m->backend = plan->backend;
    m->policy = fr_policy_hold(plan->policy);
    m->permits = plan->permits;
    m->permitted = permitted_packets(plan);
    m->packets = FLOWRULES_NEW | plan->can->packets;
    memcpy(m->enforced, plan->enforces, sizeof m->enforced);
    m->target = fr_arena_text(&m->arena, plan->name, strlen(plan->name));
    if (status == FLOWRULES_OK && m->target == NULL)
        status = fr_no_memory(plan->context);
    if (status == FLOWRULES_OK)
        status = add_all(&e);
    if (status == FLOWRULES_OK)
        status = fr_meaning_memory(m);
    if (status == FLOWRULES_OK)
        status = fr_plan_memory(plan);
    fr_input_free(&in);
    if (status == FLOWRULES_OK)
        *meaning = m;
    else
        flowrules_meaning_free(m);
    return status;
}

flowrules_status flowrules_meaning_of_policy(flowrules_meaning **meaning,
                                             flowrules_context *context,
                                             const flowrules_policy *policy, const char *target) {
    flowrules_plan *plan;
    *meaning = NULL;
    FR_TRY(fr_plan_new(&plan, context, policy, target));
    flowrules_status status = target == NULL ? FLOWRULES_OK : fr_plan_report(plan);
    if (status == FLOWRULES_OK)
        status = fr_expect(meaning, plan);
    fr_plan_free(plan);
    return status;
}
