/*
 * Finds what a target enforces of the policy: its directions, what it protects, and the parts of
 * flows from or to it.
 */
#include "scope.h"

#include <stdio.h>
#include <string.h>

#include "crossings.h"
#include "flowrules/kits/bindings.h"
#include "flowrules/reader.h"
#include "settled.h"
#include "spoofed.h"
#include "view.h"

static void set_directions(flowrules_plan *plan) {
    plan->transit = fr_target_is_between(plan->policy, plan->target);
    enum fr_direction_mode direction = plan->target->direction;
    plan->enforces[FLOWRULES_FORWARD] = plan->transit;
    plan->enforces[FLOWRULES_EGRESS] = !plan->transit && direction != FR_DIRECTION_INGRESS;
    plan->enforces[FLOWRULES_INGRESS] =
        !plan->transit && direction != FR_DIRECTION_EGRESS && !plan->can->no_ingress;
}

static flowrules_status open_view(flowrules_plan *plan) {
    const struct flowrules_capabilities *can = plan->can;
    enum fr_names_mode names = plan->target->names;
    bool native = can->names_on_request ? names == FR_NAMES_NATIVE : names != FR_NAMES_PINNED;
    const char *exact =
        can->names_exact_by == NULL ? NULL : fr_plan_setting(plan, can->names_exact_by);
    plan->exact_domains = exact != NULL && strcmp(exact, "true") == 0;
    struct fr_view_mode mode = {
        .names = can->names && native,
        .wildcards = native ? can->wildcards : FLOWRULES_WILDCARDS_NONE,
        .refuse_names = names == FR_NAMES_REFUSE || (names == FR_NAMES_NATIVE && !can->names),
        .platform = can->groups ? plan->backend->name : NULL,
        .bindings_of = plan->backend->bindings_of,
        .every_group = can->every_group,
    };
    plan->stores->have_view = true; /* there is something to free even where it fails */
    return fr_view_init(plan->view, plan->policy, &mode);
}

static flowrules_status cut_protects(const flowrules_plan *plan) {
    struct fr_about about = {
        FLOWRULES_ERROR,  FR_LIMIT,
        plan->target->at, NULL,
        plan->name,       "define a network for each part, with its own group"};
    fr_report(&plan->context->diagnostics, &about,
              "target '%s' cannot be rendered: an exception removes a part of a protected group, "
              "and a group cannot be divided",
              plan->name);
    return FLOWRULES_REFUSED;
}

bool fr_shared_addresses(size_t index, struct flowrules_range *range) {
    static const char *const shared[] = {"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3",
                                         "::/127",    "fe80::/10",   "ff00::/8"};
    return index < sizeof shared / sizeof *shared &&
           flowrules_parse_range(shared[index], strlen(shared[index]), range);
}

static flowrules_status refuse_machine(const flowrules_plan *plan, const char *why,
                                       const char *hint) {
    struct fr_about about = {FLOWRULES_ERROR, FR_LIMIT, plan->target->at, NULL, plan->name, hint};
    fr_report(&plan->context->diagnostics, &about, "target '%s' cannot be rendered: %s", plan->name,
              why);
    return FLOWRULES_REFUSED;
}

/*
 * Where the machine has the protected addresses and no other, rules about all of them need not name
 * them: they stand for every address of these families.
 */
static flowrules_status find_machine(flowrules_plan *plan) {
    const char *value = fr_plan_setting(plan, FR_MACHINE_SETTING);
    const struct fr_set_head *head = fr_set_head(&plan->view->sets, plan->protects.set);
    if (value == NULL || strcmp(value, "true") != 0)
        return FLOWRULES_OK;
    if (plan->transit)
        return refuse_machine(
            plan, "it is between networks, and '" FR_MACHINE_SETTING "' has no meaning there",
            "remove the setting, or write 'hook: host'");
    if (head->all_atoms != 0 || head->atoms > 0 || plan->protects.set == FR_SET_EMPTY)
        return refuse_machine(
            plan, "'" FR_MACHINE_SETTING "' needs the addresses of all protected networks",
            "remove the setting, or protect only addresses");
    plan->machine = FR_SET_ANY;
    if (head->count4 == 0 || head->count6 == 0) {
        enum flowrules_family family = head->count4 > 0 ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
        struct flowrules_range all = {family, {0, 0}, fr_ip_max(family)};
        fr_builder_range(&plan->view->builder, &all);
        plan->machine = fr_builder_finish(&plan->view->builder, &plan->view->sets);
    }
    return fr_plan_memory(plan);
}

static flowrules_status find_protects(flowrules_plan *plan) {
    struct fr_span span =
        plan->target->protects.count > 0 ? plan->target->protects : plan->policy->protects;
    plan->protects = (struct fr_end){FR_SET_ANY, 0};
    if (span.count > 0 && !plan->whole) {
        FR_TRY(fr_view_end(plan->view, span, false, &plan->protects));
        if ((plan->protects.flags & FR_END_CUT_GROUP) != 0)
            return cut_protects(plan);
        return plan->can->pod_groups ? fr_protect_pods(plan) : find_machine(plan);
    }
    if (plan->transit)
        return FLOWRULES_OK;
    return fr_error(&plan->context->diagnostics, FR_PROTECTS_MISSING, plan->target->at,
                    "write 'protects: [NETWORK]' in the policy or in the target",
                    "target '%s' is on a machine and does not say which networks it protects",
                    plan->name);
}

/* ---- judging flows ------------------------------------------------------------------------- */

/* A flow whose parts in scope are looked for, and where their packets enter and leave, or NULL. */
struct scoping {
    flowrules_plan *plan;
    uint32_t index;
    const struct fr_flow *flow;
    const struct fr_placed *enters, *leaves;
    /* Where rules match the interface of one end alone: what the addresses of the other one tell.
     */
    bool settled;
    enum flowrules_end far;
    fr_set open;
    bool elsewhere; /* all of them are at other interfaces than the flow's */
};

static flowrules_status scope_part(const struct scoping *s, fr_set source, fr_set destination,
                                   enum flowrules_direction direction) {
    flowrules_plan *plan = s->plan;
    const struct fr_flow *flow = s->flow;
    uint32_t crossing;
    if (source == FR_SET_EMPTY || destination == FR_SET_EMPTY)
        return FLOWRULES_OK;
    unsigned service = fr_service_get(&plan->policy->services, flow->service)->families;
    if ((fr_plan_families(plan, source) & fr_plan_families(plan, destination) & service) == 0)
        return FLOWRULES_OK; /* what is left of the ends in scope has no family in common */
    FR_TRY(fr_crossing_number(plan, s->enters, s->leaves, &crossing));
    enum fr_log_mode log = plan->target->log;
    struct fr_scoped *slot = fr_vec_add(&plan->scoped);
    if (slot == NULL)
        return fr_no_memory(plan->context);
    *slot = (struct fr_scoped){
        .flow = s->index,
        .crossing = crossing,
        .source = source,
        .destination = destination,
        .service = flow->service,
        .direction = (uint8_t)direction,
        .deny = flow->deny,
        .settled = s->settled,
        .open = fr_set_overlaps(&plan->view->sets, s->open,
                                s->far == FLOWRULES_SOURCE ? source : destination),
        .log = plan->can->logging && /* else it tells no rules apart */
               (log == FR_LOG_ALL || (log != FR_LOG_NONE && flow->log))};
    return FLOWRULES_OK;
}

/*
 * What of one end is among the protected networks; what stands in rules for all that is protected
 * stands for it there.
 */
static fr_set protected_part(const flowrules_plan *plan, fr_set end,
                             enum fr_direction_mode other_alone) {
    enum fr_direction_mode mode = plan->target->direction;
    bool none =
        mode == other_alone || (other_alone == FR_DIRECTION_EGRESS && plan->can->no_ingress);
    fr_set part =
        none ? FR_SET_EMPTY : fr_set_intersect(&plan->view->sets, end, plan->protects.set);
    if (plan->machine != FR_SET_EMPTY && part == plan->protects.set)
        part = plan->machine;
    if (plan->can->pod_groups && !none)
        part = fr_scope_pods(plan, end, part);
    return part;
}

/* A transit target keeps the flow whole where one of its ends is all inside. */
static flowrules_status scope_transit(const struct scoping *s, fr_set source, fr_set destination) {
    fr_set from = protected_part(s->plan, source, FR_DIRECTION_INGRESS);
    fr_set to = protected_part(s->plan, destination, FR_DIRECTION_EGRESS);
    if (from == source || to == destination)
        return scope_part(s, source, destination, FLOWRULES_FORWARD);
    FR_TRY(scope_part(s, from, destination, FLOWRULES_FORWARD));
    return scope_part(s, source, to, FLOWRULES_FORWARD);
}

/* By where packets enter and leave. */
static flowrules_status scope_crossings(struct scoping *s, const struct fr_placed_end ends[2]) {
    for (size_t i = 0; i < ends[0].count; i++)
        for (size_t k = 0; k < ends[1].count; k++) {
            s->enters = &ends[0].parts[i];
            s->leaves = &ends[1].parts[k];
            FR_TRY(scope_transit(s, s->enters->set, s->leaves->set));
        }
    return FLOWRULES_OK;
}

/* By where packets enter, or leave, alone: where the other end is, its addresses tell. */
static flowrules_status scope_one_end(struct scoping *s, const struct fr_placed_end ends[2],
                                      enum flowrules_end near) {
    const struct fr_placed_end *own = &ends[near], *other = &ends[1 - near];
    struct fr_settled_part far;
    FR_TRY(fr_settle_end(&s->plan->stores->placing, other, &far));
    s->far = near == FLOWRULES_SOURCE ? FLOWRULES_DESTINATION : FLOWRULES_SOURCE;
    s->settled = other->count > 1 || other->parts[0].interfaces != FR_SET_ANY;
    s->open = far.open;
    s->elsewhere = far.less && far.set == FR_SET_EMPTY;
    for (size_t i = 0; i < own->count; i++) {
        fr_set set = own->parts[i].set;
        s->enters = near == FLOWRULES_SOURCE ? &own->parts[i] : NULL;
        s->leaves = near == FLOWRULES_SOURCE ? NULL : &own->parts[i];
        FR_TRY(near == FLOWRULES_SOURCE ? scope_transit(s, set, far.set)
                                        : scope_transit(s, far.set, set));
    }
    return FLOWRULES_OK;
}

/* Of a machine's own packets only the far end has an interface. */
static flowrules_status scope_placed(struct scoping *s, fr_set source, fr_set destination,
                                     const struct fr_placed_end ends[2]) {
    const bool *matches = s->plan->stores->placing.matches;
    if (s->plan->transit && matches[FLOWRULES_SOURCE] && matches[FLOWRULES_DESTINATION])
        return scope_crossings(s, ends);
    if (s->plan->transit)
        return scope_one_end(s, ends,
                             matches[FLOWRULES_SOURCE] ? FLOWRULES_SOURCE : FLOWRULES_DESTINATION);
    fr_set from = protected_part(s->plan, source, FR_DIRECTION_INGRESS);
    fr_set to = protected_part(s->plan, destination, FR_DIRECTION_EGRESS);
    for (size_t i = 0; i < ends[1].count; i++) {
        s->enters = NULL;
        s->leaves = &ends[1].parts[i];
        FR_TRY(scope_part(s, from, s->leaves->set, FLOWRULES_EGRESS));
    }
    for (size_t i = 0; i < ends[0].count; i++) {
        s->leaves = NULL;
        s->enters = &ends[0].parts[i];
        FR_TRY(scope_part(s, s->enters->set, to, FLOWRULES_INGRESS));
    }
    return FLOWRULES_OK;
}

/*
 * The part of source × destination that the target stands in front of: what has an end among the
 * protected networks.
 */
static flowrules_status scope_flow(flowrules_plan *plan, uint32_t index, const struct fr_flow *flow,
                                   const fr_set sets[2], bool *elsewhere) {
    bool cut = fr_may_cut(plan, index, flow->deny);
    struct scoping s = {.plan = plan, .index = index, .flow = flow, .open = FR_SET_EMPTY};
    struct fr_placed_end ends[2];
    flowrules_status status[2] = {
        fr_place_end(&plan->stores->placing, flow->source, cut, sets[0], &ends[0]),
        fr_place_end(&plan->stores->placing, flow->destination, cut, sets[1], &ends[1]),
    };
    if (status[0] == FLOWRULES_OK && status[1] == FLOWRULES_OK)
        status[0] = scope_placed(&s, sets[0], sets[1], ends);
    fr_placed_end_free(&ends[0]);
    fr_placed_end_free(&ends[1]);
    *elsewhere = s.elsewhere;
    return status[0] != FLOWRULES_OK ? status[0] : status[1];
}

/*
 * Why nothing of a flow is in scope: the ends that count are those of the directions that the
 * target closes. NULL when out of memory.
 */
static const char *scope_reason(const flowrules_plan *plan, fr_set source, fr_set destination) {
    static const char *const outside[] = {
        [FR_DIRECTION_BOTH] = "neither its source nor its destination is in the protected networks",
        [FR_DIRECTION_EGRESS] =
            "its source is not in the protected networks, and this target has direction: egress",
        [FR_DIRECTION_INGRESS] = ("its destination is not in the protected networks, and this "
                                  "target has direction: ingress")};
    enum fr_direction_mode mode = plan->target->direction;
    fr_set inside = plan->protects.set, from = FR_SET_EMPTY, to = FR_SET_EMPTY;
    if (mode != FR_DIRECTION_INGRESS)
        from = fr_set_intersect(&plan->view->sets, source, inside);
    if (mode != FR_DIRECTION_EGRESS && !plan->can->no_ingress)
        to = fr_set_intersect(&plan->view->sets, destination, inside);
    if (from != FR_SET_EMPTY || to != FR_SET_EMPTY)
        return "the parts of its source and destination in scope have no common address family";
    return plan->can->no_ingress ? "its source is not in the protected networks" : outside[mode];
}

/* A deny from, or to, any less some addresses: would it reach what is protected as a group? */
static bool misses_groups(const flowrules_plan *plan, const struct fr_flow *flow,
                          const struct fr_end *source, const struct fr_end *destination) {
    return flow->deny && plan->view->mode.platform != NULL &&
           (((source->flags & FR_END_ANY_BUT) != 0 && plan->enforces[FLOWRULES_EGRESS]) ||
            ((destination->flags & FR_END_ANY_BUT) != 0 && plan->enforces[FLOWRULES_INGRESS]));
}

/* Might an end of a flow be protected, once the lock file has the addresses of its names? */
static bool may_be_protected(const flowrules_plan *plan, const struct fr_end *source,
                             const struct fr_end *destination) {
    enum fr_direction_mode mode = plan->target->direction;
    bool from = mode != FR_DIRECTION_INGRESS && (source->flags & FR_END_UNPINNED) != 0;
    bool to = mode != FR_DIRECTION_EGRESS && !plan->can->no_ingress &&
              (destination->flags & FR_END_UNPINNED) != 0;
    return from || to;
}

/* Has a network one of the keys "a|b" by which it may be the far end? */
static bool has_far_key(const flowrules_plan *plan, const char *network) {
    char key[64];
    for (const char *word = plan->can->far_groups; *word != '\0'; word += *word == '|') {
        size_t length = strcspn(word, "|");
        snprintf(key, sizeof key, "%.*s", (int)length, word);
        if (flowrules_binding_value(plan, network, key, 0) != NULL)
            return true;
        word += length;
    }
    return false;
}

/* The far end of what leaves, without the groups that are not the target's business. */
static fr_set without_far_groups(const flowrules_plan *plan, fr_set far) {
    struct fr_sets *sets = &plan->view->sets;
    struct flowrules_set all = {sets, far};
    if (plan->can->far_groups == NULL || flowrules_set_atom_count(all) == 0)
        return far;
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++)
        if (flowrules_set_atom(all, i).kind == FLOWRULES_ATOM_GROUP &&
            fr_policy_binding_for(plan->policy, flowrules_set_atom(all, i).name, plan->backend) !=
                NULL &&
            !has_far_key(plan, flowrules_set_atom(all, i).name))
            fr_builder_atom(&plan->view->builder, fr_set_atoms(fr_set_head(sets, far))[i]);
    fr_set gone = fr_builder_finish(&plan->view->builder, sets);
    return fr_set_subtract(sets, far, gone);
}

static flowrules_status refuse_flow(flowrules_plan *plan, struct fr_why why,
                                    struct fr_verdict *verdict) {
    plan->refused++;
    *verdict = fr_verdict_refused(plan, why);
    return FLOWRULES_OK;
}

static flowrules_status leave_out(const flowrules_plan *plan, const char *why,
                                  struct fr_verdict *verdict) {
    *verdict = (struct fr_verdict){.fidelity = FR_OUT_OF_SCOPE, .reason = why};
    return why == NULL ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

/* Ends and parts of a flow, without what is out of scope by its far groups; why it is refused. */
static flowrules_status find_ends(const flowrules_plan *plan, uint32_t index,
                                  const struct fr_flow *flow, struct fr_end found[2],
                                  fr_set ends[2], struct fr_why *why) {
    bool cut = fr_may_cut(plan, index, flow->deny);
    FR_TRY(fr_view_end(plan->view, flow->source, cut, &found[0]));
    FR_TRY(fr_view_end(plan->view, flow->destination, cut, &found[1]));
    ends[0] = found[0].set;
    ends[1] = found[1].set;
    FR_TRY(fr_check_twofold(plan, flow, ends, why));
    ends[1] = without_far_groups(plan, found[1].set);
    return fr_plan_memory(plan);
}

/* Notes a flow that is left out though it may be about what is protected; NULL: it is not. */
static flowrules_status note_missed(flowrules_plan *plan, uint32_t index, const char *reason) {
    struct fr_missed *slot = reason == NULL ? NULL : fr_vec_push(&plan->missed);
    if (reason == NULL)
        return FLOWRULES_OK;
    if (slot == NULL)
        return fr_no_memory(plan->context);
    *slot = (struct fr_missed){index, reason};
    return FLOWRULES_OK;
}

/* By which end: rules match where packets leave, or enter. */
static const char *const elsewhere_reasons[2] = {
    "all addresses of its source are in narrower networks at other interfaces",
    "all addresses of its destination are in narrower networks at other interfaces"};

static flowrules_status plan_selected(flowrules_plan *plan, uint32_t index,
                                      const struct fr_flow *flow, struct fr_verdict *verdict) {
    struct fr_end found[2];
    fr_set ends[2];
    struct fr_why why;
    FR_TRY(find_ends(plan, index, flow, found, ends, &why));
    if (why.kind != FR_WHY_NOT)
        return refuse_flow(plan, why, verdict);
    size_t before = plan->scoped.count;
    bool elsewhere;
    FR_TRY(scope_flow(plan, index, flow, ends, &elsewhere));
    const char *missed = fr_pods_missed(plan, flow, ends, before);
    if (missed != NULL && flow->deny)
        return refuse_flow(plan, (struct fr_why){FR_WHY_TOLD, missed, NULL}, verdict);
    if (plan->scoped.count > before || misses_groups(plan, flow, &found[0], &found[1])) {
        FR_TRY(fr_judge(plan, index, found[0].flags | found[1].flags, before, verdict));
        if (ends[1] != found[1].set && verdict->reason == NULL)
            verdict->reason = plan->can->far_groups_note;
        if (verdict->reason == NULL)
            verdict->reason = missed;
        return note_missed(plan, index, missed);
    }
    if (may_be_protected(plan, &found[0], &found[1]))
        return fr_judge_unknown_scope(plan, flow, verdict);
    FR_TRY(note_missed(plan, index, missed));
    bool far = ends[1] == FR_SET_EMPTY && found[1].set != FR_SET_EMPTY;
    const char *reason = scope_reason(plan, found[0].set, found[1].set);
    if (elsewhere)
        reason = elsewhere_reasons[plan->stores->placing.matches[FLOWRULES_SOURCE]];
    if (far || missed != NULL)
        reason = far ? plan->can->far_groups_note : missed;
    return leave_out(plan, reason, verdict);
}

/* What can't be said of a flow that never passes need not be said: it is left out. */
static flowrules_status plan_shadowed(flowrules_plan *plan, uint32_t index,
                                      const struct fr_flow *flow, struct fr_verdict *verdict) {
    uint32_t refused = plan->refused, unresolved = plan->unresolved;
    size_t scoped = plan->scoped.count;
    FR_TRY(plan_selected(plan, index, flow, verdict));
    if (plan->refused == refused && plan->unresolved == unresolved)
        return FLOWRULES_OK;
    plan->refused = refused;
    plan->unresolved = unresolved;
    plan->scoped.count = scoped;
    *verdict = (struct fr_verdict){.fidelity = FR_OUT_OF_SCOPE,
                                   .reason = "it never passes: a deny covers it"};
    return FLOWRULES_OK;
}

static flowrules_status plan_flow(flowrules_plan *plan, uint32_t index,
                                  struct fr_verdict *verdict) {
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, index);
    bool selected;
    if (flow->expired) {
        *verdict = (struct fr_verdict){
            .fidelity = FR_FIDELITY_EXPIRED,
            .reason = fr_arena_printf(plan->arena, "it expired on %s",
                                      FR_POLICY_TEXT(plan->policy, flow->expires_text))};
        return verdict->reason == NULL ? fr_no_memory(plan->context) : FLOWRULES_OK;
    }
    FR_TRY(fr_target_selects(plan->policy, plan->target, flow, &selected));
    if (!selected) {
        *verdict = (struct fr_verdict){.fidelity = FR_OUT_OF_SCOPE,
                                       .reason = "not selected for this target"};
        return FLOWRULES_OK;
    }
    FR_TRY((flow->shadowed ? plan_shadowed : plan_selected)(plan, index, flow, verdict));
    return fr_plan_memory(plan);
}

static flowrules_status plan_flows(flowrules_plan *plan) {
    size_t count = plan->policy->flows.count;
    if (!fr_vec_reserve(&plan->verdicts, count))
        return fr_no_memory(plan->context);
    for (uint32_t i = 0; i < count; i++)
        FR_TRY(plan_flow(plan, i, fr_vec_push(&plan->verdicts)));
    FR_TRY(fr_plan_phases(plan));
    for (size_t i = 0; i < plan->scoped.count; i++)
        plan->denies = plan->denies || fr_vec_at(&plan->scoped, struct fr_scoped, i)->deny;
    return fr_check_domains(plan);
}

flowrules_status fr_scope_flows(flowrules_plan *plan) {
    fr_placing_for(&plan->stores->placing, plan->target, plan->can);
    set_directions(plan);
    FR_TRY(open_view(plan));
    FR_TRY(fr_find_place_names(&plan->stores->placing));
    FR_TRY(find_protects(plan));
    FR_TRY(fr_find_own_sources(plan));
    return plan_flows(plan);
}
