/*
 * A target's plan: what it enforces of the policy, and how truly it can say each flow.
 */
#include "view.h"

#include <stdio.h>
#include <string.h>

#include "entrances.h"
#include "needs.h"
#include "parents.h"
#include "registry.h"
#include "rules.h"
#include "wanted.h"

static const char *const fidelity_words[] = {
    [FR_EXACT] = "exact",
    [FR_NATIVE] = "native",
    [FR_PINNED] = "pinned",
    [FR_WIDENED] = "widened",
    [FR_NARROWED] = "narrowed",
    [FR_FIDELITY_REFUSED] = "refused",
    [FR_FIDELITY_UNRESOLVED] = "unresolved",
    [FR_FIDELITY_EXPIRED] = "expired",
    [FR_OUT_OF_SCOPE] = "out-of-scope",
};

const char *fr_fidelity_word(enum fr_fidelity fidelity) {
    return fidelity_words[fidelity];
}

/* ---- finding the target -------------------------------------------------------------------- */

static const char *next_target(const void *user, size_t i) {
    const struct fr_plan *plan = user;
    size_t own = plan->policy->targets.count;
    if (i < own)
        return FR_POLICY_TEXT(plan->policy,
                              fr_vec_at(&plan->policy->targets, struct fr_target, i)->name);
    return fr_registry_candidate(plan->context, i - own);
}

static flowrules_status unknown_target(struct fr_plan *plan, const char *name) {
    const char *near = fr_nearest(name, next_target, plan);
    char hint[160];
    if (!fr_did_you_mean(hint, sizeof hint, near))
        snprintf(hint, sizeof hint, "a target of the policy, or a backend ('flowrules targets')");
    fr_error(&plan->context->diagnostics, FR_TARGET_UNKNOWN, FR_NOWHERE, hint,
             "there is no target '%s'", name);
    return FLOWRULES_USAGE;
}

/*
 * A target that only permits has no rule that denies: what denies take is taken out of the allows.
 * Its rules stand among others, where it has no sets, chains or objects for a lookup of its own.
 */
static void only_permit(struct fr_plan *plan) {
    plan->permits = plan->target->permits;
    if (!plan->permits)
        return;
    plan->permitting = *plan->can;
    plan->permitting.evaluation = FLOWRULES_ALLOW_UNION;
    plan->permitting.denies = FLOWRULES_DENIES_IN_ORDER;
    if (plan->permitting.lookup) {
        plan->permitting.lookup = false;
        plan->permitting.names = plan->permitting.whole_domains = false;
        plan->permitting.wildcards = FLOWRULES_WILDCARDS_NONE;
    }
    plan->can = &plan->permitting;
}

static flowrules_status find_format(struct fr_plan *plan, const char *format) {
    if (format == NULL && plan->target->format != 0)
        format = FR_POLICY_TEXT(plan->policy, plan->target->format);
    plan->format = fr_format_find(plan->backend, format);
    if (plan->format == NULL) {
        char hint[160];
        fr_format_list(plan->backend, hint);
        fr_error(&plan->context->diagnostics, FR_FORMAT_UNKNOWN, FR_NOWHERE, hint,
                 "the backend '%s' has no format '%s'", plan->backend->name, format);
        return FLOWRULES_USAGE;
    }
    plan->can = plan->format->capabilities != NULL ? plan->format->capabilities
                                                   : &plan->backend->capabilities;
    only_permit(plan);
    return FLOWRULES_OK;
}

/* The policy by itself: a listing of it, as if one firewall stood between all its networks. */
static flowrules_status take_whole(struct fr_plan *plan) {
    plan->name = "policy";
    plan->whole = true;
    plan->backend = fr_registry_find(plan->context, "plain");
    if (plan->backend == NULL)
        return unknown_target(plan, "plain");
    plan->own_target = (struct fr_target){.baseline = FR_BASELINE_TRUE, .optimize = true};
    plan->target = &plan->own_target;
    return find_format(plan, NULL);
}

static flowrules_status find_target(struct fr_plan *plan, const char *spec) {
    const flowrules_policy *policy = plan->policy;
    if (spec == NULL)
        return take_whole(plan);
    const char *colon = strchr(spec, ':');
    size_t length = colon == NULL ? strlen(spec) : (size_t)(colon - spec);
    char *name = fr_arena_text(&plan->arena, spec, length);
    uint32_t index;
    if (name == NULL)
        return fr_no_memory(plan->context);
    plan->name = name;
    fr_string string = fr_strings_find(&policy->strings, name, length);
    if (string != 0 && fr_map_get(&policy->target_by_name, string, &index)) {
        plan->target = fr_vec_at(&policy->targets, struct fr_target, index);
        plan->backend = plan->target->record;
    } else {
        plan->backend = fr_registry_find(plan->context, name);
        if (plan->backend == NULL)
            return unknown_target(plan, name);
        plan->own_target = (struct fr_target){.baseline = FR_BASELINE_TRUE, .optimize = true};
        plan->own_target.record = plan->backend;
        plan->target = &plan->own_target;
    }
    return find_format(plan, colon == NULL ? NULL : colon + 1);
}

const char *fr_plan_setting(const struct fr_plan *plan, const char *key) {
    const flowrules_policy *policy = plan->policy;
    for (uint32_t i = 0; i < plan->target->settings.count; i++) {
        const struct fr_setting_value *value =
            fr_vec_at(&policy->settings, struct fr_setting_value, plan->target->settings.first + i);
        if (strcmp(FR_POLICY_TEXT(policy, value->key), key) == 0)
            return FR_POLICY_TEXT(policy, value->value);
    }
    const struct flowrules_setting *setting = fr_setting_find(plan->backend, key);
    return setting == NULL ? NULL : setting->fallback;
}

/* Settings that have no default must be there also for a backend that was named alone. */
static flowrules_status check_required(struct fr_plan *plan) {
    for (const struct flowrules_setting *s = plan->backend->settings; s != NULL && s->key != NULL;
         s++) {
        if (!s->required || fr_setting_is_idle(s, plan->permits) ||
            fr_plan_setting(plan, s->key) != NULL)
            continue;
        return fr_error(
            &plan->context->diagnostics, FR_SETTING_MISSING, FR_NOWHERE, s->help,
            "the backend '%s' needs the setting '%s': make a target of it in the policy",
            plan->backend->name, s->key);
    }
    return FLOWRULES_OK;
}

/* ---- what it enforces ---------------------------------------------------------------------- */

static void set_directions(struct fr_plan *plan) {
    enum flowrules_placement placement = plan->can->placement;
    const char *hook = fr_plan_setting(plan, "hook");
    plan->transit =
        placement == FLOWRULES_TRANSIT ||
        (placement == FLOWRULES_BY_HOOK && hook != NULL && strcmp(hook, "forward") == 0);
    enum fr_direction_mode direction = plan->target->direction;
    plan->enforces[FLOWRULES_FORWARD] = plan->transit;
    plan->enforces[FLOWRULES_EGRESS] = !plan->transit && direction != FR_DIRECTION_INGRESS;
    plan->enforces[FLOWRULES_INGRESS] =
        !plan->transit && direction != FR_DIRECTION_EGRESS && !plan->can->no_ingress;
}

static flowrules_status open_view(struct fr_plan *plan) {
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
    plan->have_view = true; /* there is something to free even where it fails */
    return fr_view_init(&plan->view, plan->policy, &mode);
}

struct flowrules_output *fr_plan_asker(struct fr_plan *plan) {
    if (plan->asker == NULL) {
        plan->asker = fr_malloc(&plan->context->allocator, sizeof *plan->asker);
        if (plan->asker != NULL)
            fr_output_init(plan->asker, plan);
    }
    return plan->asker;
}

static flowrules_status cut_protects(struct fr_plan *plan) {
    struct fr_about about = {
        FLOWRULES_ERROR,  FR_LIMIT,
        plan->target->at, NULL,
        plan->name,       "make networks of the parts, each with a group of its own"};
    fr_report(&plan->context->diagnostics, &about,
              "target '%s' can't be rendered: an exception takes a part of a protected group, and "
              "a group can't be cut here",
              plan->name);
    return FLOWRULES_REFUSED;
}

bool fr_shared_addresses(size_t index, struct flowrules_range *range) {
    static const char *const shared[] = {"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3",
                                         "::/127",    "fe80::/10",   "ff00::/8"};
    return index < sizeof shared / sizeof *shared &&
           flowrules_parse_range(shared[index], strlen(shared[index]), range);
}

static flowrules_status refuse_machine(struct fr_plan *plan, const char *why, const char *hint) {
    struct fr_about about = {FLOWRULES_ERROR, FR_LIMIT, plan->target->at, NULL, plan->name, hint};
    fr_report(&plan->context->diagnostics, &about, "target '%s' can't be rendered: %s", plan->name,
              why);
    return FLOWRULES_REFUSED;
}

/*
 * Where the machine has the protected addresses and no other, rules about all of them need not name
 * them: they stand for every address of these families.
 */
static flowrules_status find_machine(struct fr_plan *plan) {
    const char *value = fr_plan_setting(plan, FR_MACHINE_SETTING);
    const struct fr_set_head *head = fr_set_head(&plan->view.sets, plan->protects.set);
    if (value == NULL || strcmp(value, "true") != 0)
        return FLOWRULES_OK;
    if (plan->transit)
        return refuse_machine(
            plan, "it stands between machines, where '" FR_MACHINE_SETTING "' says nothing",
            "leave it out, or 'hook: host'");
    if (head->all_atoms != 0 || head->atoms > 0 || plan->protects.set == FR_SET_EMPTY)
        return refuse_machine(
            plan, "'" FR_MACHINE_SETTING "' needs to know all addresses that are protected",
            "leave it out, or protect addresses alone");
    plan->machine = FR_SET_ANY;
    if (head->count4 == 0 || head->count6 == 0) {
        enum flowrules_family family = head->count4 > 0 ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
        struct flowrules_range all = {family, {0, 0}, fr_ip_max(family)};
        fr_builder_range(&plan->view.builder, &all);
        plan->machine = fr_builder_finish(&plan->view.builder, &plan->view.sets);
    }
    return plan->machine == FR_SET_NONE ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

static flowrules_status find_protects(struct fr_plan *plan) {
    struct fr_span span =
        plan->target->protects.count > 0 ? plan->target->protects : plan->policy->protects;
    plan->protects = (struct fr_end){FR_SET_ANY, 0};
    if (span.count > 0 && !plan->whole) {
        FR_TRY(fr_view_end(&plan->view, span, false, &plan->protects));
        if ((plan->protects.flags & FR_END_CUT_GROUP) != 0)
            return cut_protects(plan);
        return plan->can->pod_groups ? fr_protect_pods(plan) : find_machine(plan);
    }
    if (plan->transit)
        return FLOWRULES_OK;
    return fr_error(&plan->context->diagnostics, FR_PROTECTS_MISSING, plan->target->at,
                    "write 'protects: [NETWORK]' in the policy or in the target",
                    "target '%s' stands on a machine: it must be said which networks it protects",
                    plan->name);
}

/* ---- losses -------------------------------------------------------------------------------- */

bool fr_may_lose(const struct fr_plan *plan, uint32_t flow, enum fr_loss loss) {
    for (uint32_t i = 0; i < plan->target->losses.count; i++) {
        const struct fr_loss_entry *entry =
            fr_vec_at(&plan->policy->losses, struct fr_loss_entry, plan->target->losses.first + i);
        if (entry->flow_index == flow && entry->loss == loss)
            return true;
    }
    return false;
}

bool fr_may_cut(const struct fr_plan *plan, uint32_t flow, bool deny) {
    bool more = plan->can->wildcards == FLOWRULES_WILDCARDS_AND_SELF;
    return fr_may_lose(plan, flow, deny != more ? FR_LOSS_WIDEN : FR_LOSS_NARROW);
}

/* ---- judging flows ------------------------------------------------------------------------- */

unsigned fr_plan_families(const struct fr_plan *plan, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&plan->view.sets, set);
    const struct fr_view_mode *mode = &plan->view.mode;
    /* "Everything but" holds all names: nothing, where the target knows addresses alone. */
    bool atoms = head->all_atoms == 0 ? head->atoms > 0
                                      : mode->names || mode->wildcards || mode->every_group ||
                                            mode->platform != NULL || mode->bindings_of != NULL;
    return atoms ? FLOWRULES_BOTH_FAMILIES : fr_set_families(&plan->view.sets, set);
}

static flowrules_status scope_part(struct fr_plan *plan, uint32_t index, const struct fr_flow *flow,
                                   fr_set source, fr_set destination,
                                   enum flowrules_direction direction) {
    if (source == FR_SET_NONE || destination == FR_SET_NONE)
        return fr_no_memory(plan->context);
    if (source == FR_SET_EMPTY || destination == FR_SET_EMPTY)
        return FLOWRULES_OK;
    unsigned service = fr_service_get(&plan->policy->services, flow->service)->families;
    if ((fr_plan_families(plan, source) & fr_plan_families(plan, destination) & service) == 0)
        return FLOWRULES_OK; /* what is left of the ends in scope has no family in common */
    enum fr_log_mode log = plan->target->log;
    struct fr_scoped *slot = fr_vec_add(&plan->scoped);
    if (slot == NULL)
        return fr_no_memory(plan->context);
    *slot = (struct fr_scoped){.flow = index,
                               .source = source,
                               .destination = destination,
                               .service = flow->service,
                               .direction = (uint8_t)direction,
                               .deny = flow->deny,
                               .log = plan->can->logging && /* else it tells no rules apart */
                                      (log == FR_LOG_ALL || (log != FR_LOG_NONE && flow->log))};
    return FLOWRULES_OK;
}

/*
 * The part of source × destination that the target stands in front of: what has an end among the
 * protected networks. A transit target keeps the flow whole where one of its ends is all inside.
 */
static flowrules_status scope_flow(struct fr_plan *plan, uint32_t index, const struct fr_flow *flow,
                                   fr_set source, fr_set destination) {
    struct fr_sets *sets = &plan->view.sets;
    enum fr_direction_mode mode = plan->target->direction;
    fr_set from = mode == FR_DIRECTION_INGRESS ? FR_SET_EMPTY
                                               : fr_set_intersect(sets, source, plan->protects.set);
    fr_set to = mode == FR_DIRECTION_EGRESS || plan->can->no_ingress
                    ? FR_SET_EMPTY
                    : fr_set_intersect(sets, destination, plan->protects.set);
    if (plan->machine != FR_SET_EMPTY && from == plan->protects.set)
        from = plan->machine;
    if (plan->machine != FR_SET_EMPTY && to == plan->protects.set)
        to = plan->machine;
    if (plan->can->pod_groups && mode != FR_DIRECTION_INGRESS)
        from = fr_scope_pods(plan, source, from);
    if (plan->can->pod_groups && mode != FR_DIRECTION_EGRESS && !plan->can->no_ingress)
        to = fr_scope_pods(plan, destination, to);
    if (!plan->transit) {
        FR_TRY(scope_part(plan, index, flow, from, destination, FLOWRULES_EGRESS));
        return scope_part(plan, index, flow, source, to, FLOWRULES_INGRESS);
    }
    if (from == source || to == destination)
        return scope_part(plan, index, flow, source, destination, FLOWRULES_FORWARD);
    FR_TRY(scope_part(plan, index, flow, from, destination, FLOWRULES_FORWARD));
    return scope_part(plan, index, flow, source, to, FLOWRULES_FORWARD);
}

/*
 * Why nothing of a flow is in scope: the ends that count are those of the directions that the
 * target closes. NULL when out of memory.
 */
static const char *scope_reason(struct fr_plan *plan, fr_set source, fr_set destination) {
    static const char *const outside[] = {
        [FR_DIRECTION_BOTH] = "neither end is among the protected networks",
        [FR_DIRECTION_EGRESS] = "its source is not among the protected networks, and this target "
                                "has direction: egress",
        [FR_DIRECTION_INGRESS] = "its destination is not among the protected networks, and this "
                                 "target has direction: ingress"};
    enum fr_direction_mode mode = plan->target->direction;
    fr_set inside = plan->protects.set, from = FR_SET_EMPTY, to = FR_SET_EMPTY;
    if (mode != FR_DIRECTION_INGRESS)
        from = fr_set_intersect(&plan->view.sets, source, inside);
    if (mode != FR_DIRECTION_EGRESS && !plan->can->no_ingress)
        to = fr_set_intersect(&plan->view.sets, destination, inside);
    if (from == FR_SET_NONE || to == FR_SET_NONE)
        return NULL;
    if (from != FR_SET_EMPTY || to != FR_SET_EMPTY)
        return "what of it is in scope has no address family in common";
    return plan->can->no_ingress ? "its source is not among the protected networks" : outside[mode];
}

/* A deny from, or to, any less some addresses: would it reach what is protected as a group? */
static bool misses_groups(const struct fr_plan *plan, const struct fr_flow *flow,
                          const struct fr_end *source, const struct fr_end *destination) {
    return flow->deny && plan->view.mode.platform != NULL &&
           (((source->flags & FR_END_ANY_BUT) != 0 && plan->enforces[FLOWRULES_EGRESS]) ||
            ((destination->flags & FR_END_ANY_BUT) != 0 && plan->enforces[FLOWRULES_INGRESS]));
}

/* A flow that stands and is selected: what of it is in scope, and how truly it can be said. */
/* Might an end of a flow be protected, once the lock file has the addresses of its names? */
static bool may_be_protected(const struct fr_plan *plan, const struct fr_end *source,
                             const struct fr_end *destination) {
    enum fr_direction_mode mode = plan->target->direction;
    bool from = mode != FR_DIRECTION_INGRESS && (source->flags & FR_END_UNPINNED) != 0;
    bool to = mode != FR_DIRECTION_EGRESS && !plan->can->no_ingress &&
              (destination->flags & FR_END_UNPINNED) != 0;
    return from || to;
}

/* Has a network one of the keys "a|b" by which it may be the far end? */
static bool has_far_key(const struct fr_plan *plan, const char *network) {
    char key[64];
    for (const char *word = plan->can->far_groups; *word != '\0'; word += *word == '|') {
        size_t length = strcspn(word, "|");
        snprintf(key, sizeof key, "%.*s", (int)length, word);
        if (flowrules_binding_value(plan->asker, network, key, 0) != NULL)
            return true;
        word += length;
    }
    return false;
}

/* The far end of what leaves, without the groups that are not the target's business. */
static fr_set without_far_groups(struct fr_plan *plan, fr_set far) {
    struct fr_sets *sets = &plan->view.sets;
    struct flowrules_set all = {sets, far};
    if (plan->can->far_groups == NULL || flowrules_set_atom_count(all) == 0)
        return far;
    if (fr_plan_asker(plan) == NULL)
        return FR_SET_NONE;
    for (size_t i = 0; i < flowrules_set_atom_count(all); i++)
        if (flowrules_set_atom(all, i).kind == FLOWRULES_ATOM_GROUP &&
            fr_policy_binding_for(plan->policy, flowrules_set_atom(all, i).name, plan->backend) !=
                NULL &&
            !has_far_key(plan, flowrules_set_atom(all, i).name))
            fr_builder_atom(&plan->view.builder, fr_set_atoms(fr_set_head(sets, far))[i]);
    fr_set gone = fr_builder_finish(&plan->view.builder, sets);
    return gone == FR_SET_NONE ? gone : fr_set_subtract(sets, far, gone);
}

static flowrules_status refuse_flow(struct fr_plan *plan, const char *why,
                                    struct fr_verdict *verdict) {
    plan->refused++;
    *verdict = fr_verdict_refused(plan, why);
    return FLOWRULES_OK;
}

static flowrules_status leave_out(struct fr_plan *plan, const char *why,
                                  struct fr_verdict *verdict) {
    *verdict = (struct fr_verdict){FR_OUT_OF_SCOPE, why, NULL, 0};
    return why == NULL ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

/* Ends and parts of a flow, without what is out of scope by its far groups; why it is refused. */
static flowrules_status find_ends(struct fr_plan *plan, uint32_t index, const struct fr_flow *flow,
                                  struct fr_end found[2], fr_set ends[2], const char **why) {
    bool cut = fr_may_cut(plan, index, flow->deny);
    FR_TRY(fr_view_end(&plan->view, flow->source, cut, &found[0]));
    FR_TRY(fr_view_end(&plan->view, flow->destination, cut, &found[1]));
    ends[0] = found[0].set;
    ends[1] = found[1].set;
    FR_TRY(fr_check_twofold(plan, flow, ends, why));
    ends[1] = without_far_groups(plan, found[1].set);
    return ends[1] == FR_SET_NONE ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

/* Notes a flow that is left out though it may be about what is protected; NULL: it is not. */
static flowrules_status note_missed(struct fr_plan *plan, uint32_t index, const char *reason) {
    struct fr_missed *slot = reason == NULL ? NULL : fr_vec_push(&plan->missed);
    if (reason == NULL)
        return FLOWRULES_OK;
    if (slot == NULL)
        return fr_no_memory(plan->context);
    *slot = (struct fr_missed){index, reason};
    return FLOWRULES_OK;
}

static flowrules_status plan_selected(struct fr_plan *plan, uint32_t index,
                                      const struct fr_flow *flow, struct fr_verdict *verdict) {
    struct fr_end found[2];
    fr_set ends[2];
    const char *why;
    FR_TRY(find_ends(plan, index, flow, found, ends, &why));
    if (why != NULL)
        return refuse_flow(plan, why, verdict);
    size_t before = plan->scoped.count;
    FR_TRY(scope_flow(plan, index, flow, ends[0], ends[1]));
    const char *missed = fr_pods_missed(plan, flow, ends, before);
    if (missed != NULL && flow->deny)
        return refuse_flow(plan, missed, verdict);
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
    why = far              ? plan->can->far_groups_note
          : missed != NULL ? missed
                           : scope_reason(plan, found[0].set, found[1].set);
    return leave_out(plan, why, verdict);
}

/* What can't be said of a flow that never passes need not be said: it is left out. */
static flowrules_status plan_shadowed(struct fr_plan *plan, uint32_t index,
                                      const struct fr_flow *flow, struct fr_verdict *verdict) {
    uint32_t refused = plan->refused, unresolved = plan->unresolved;
    size_t scoped = plan->scoped.count;
    FR_TRY(plan_selected(plan, index, flow, verdict));
    if (plan->refused == refused && plan->unresolved == unresolved)
        return FLOWRULES_OK;
    plan->refused = refused;
    plan->unresolved = unresolved;
    plan->scoped.count = scoped;
    *verdict = (struct fr_verdict){FR_OUT_OF_SCOPE, "it never passes: a deny covers it", NULL, 0};
    return FLOWRULES_OK;
}

static flowrules_status plan_flow(struct fr_plan *plan, uint32_t index,
                                  struct fr_verdict *verdict) {
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, index);
    bool selected;
    if (flow->expired) {
        *verdict =
            (struct fr_verdict){FR_FIDELITY_EXPIRED,
                                fr_arena_printf(&plan->arena, "it expired on %s",
                                                FR_POLICY_TEXT(plan->policy, flow->expires_text)),
                                NULL, 0};
        return verdict->reason == NULL ? fr_no_memory(plan->context) : FLOWRULES_OK;
    }
    FR_TRY(fr_target_selects(plan->policy, plan->target, flow, &selected));
    if (!selected) {
        *verdict = (struct fr_verdict){FR_OUT_OF_SCOPE, "not selected for this target", NULL, 0};
        return FLOWRULES_OK;
    }
    FR_TRY((flow->shadowed ? plan_shadowed : plan_selected)(plan, index, flow, verdict));
    return plan->context->diagnostics.out_of_memory ? FLOWRULES_NO_MEMORY : FLOWRULES_OK;
}

static flowrules_status plan_flows(struct fr_plan *plan) {
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

/* ---- life ---------------------------------------------------------------------------------- */

static void init_lists(struct fr_plan *plan, const struct fr_allocator *allocator) {
    fr_arena_init(&plan->arena, allocator);
    fr_strings_init(&plan->unpinned, allocator);
    fr_vec_init(&plan->verdicts, allocator, sizeof(struct fr_verdict));
    fr_vec_init(&plan->scoped, allocator, sizeof(struct fr_scoped));
    fr_vec_init(&plan->others, allocator, sizeof(struct fr_others));
    fr_vec_init(&plan->flow_lists, allocator, sizeof(struct fr_span));
    fr_vec_init(&plan->flow_members, allocator, sizeof(uint32_t));
    fr_vec_init(&plan->rules, allocator, sizeof(struct fr_rule));
    fr_vec_init(&plan->groups, allocator, sizeof(struct fr_group));
    fr_vec_init(&plan->tables, allocator, sizeof(struct fr_table *));
    fr_vec_init(&plan->dispatches, allocator, sizeof(struct fr_dispatch *));
    fr_vec_init(&plan->bound, allocator, sizeof(struct fr_bound));
    fr_vec_init(&plan->missed, allocator, sizeof(struct fr_missed));
    fr_vec_init(&plan->pinned.names, allocator, sizeof(const struct fr_locked_name *));
    fr_domains_init(&plan->domains, allocator);
    fr_labels_init(&plan->names, allocator);
    fr_labels_init(&plan->short_names[0], allocator);
    fr_labels_init(&plan->short_names[1], allocator);
}

flowrules_status fr_plan_new(struct fr_plan **plan, flowrules_context *context,
                             const flowrules_policy *policy, const char *spec) {
    const struct fr_allocator *allocator = &context->allocator;
    *plan = NULL;
    struct fr_plan *p = fr_malloc(allocator, sizeof *p);
    if (p == NULL)
        return fr_no_memory(context);
    memset(p, 0, sizeof *p);
    p->context = context;
    p->policy = policy;
    init_lists(p, allocator);
    flowrules_status status =
        fr_services_init(&p->services, allocator) ? FLOWRULES_OK : fr_no_memory(context);
    if (status == FLOWRULES_OK)
        status = find_target(p, spec);
    if (status == FLOWRULES_OK)
        status = check_required(p);
    if (status == FLOWRULES_OK) {
        set_directions(p);
        status = open_view(p);
    }
    if (status == FLOWRULES_OK)
        status = find_protects(p);
    if (status == FLOWRULES_OK)
        status = plan_flows(p);
    if (status != FLOWRULES_OK) {
        fr_plan_free(p);
        return status;
    }
    *plan = p;
    return FLOWRULES_OK;
}

static void free_tables(struct fr_plan *plan) {
    for (size_t i = 0; i < plan->tables.count; i++)
        fr_vec_free(&(*fr_vec_at(&plan->tables, struct fr_table *, i))->elements);
    for (size_t i = 0; i < plan->dispatches.count; i++) {
        struct fr_dispatch *d = *fr_vec_at(&plan->dispatches, struct fr_dispatch *, i);
        fr_vec_free(&d->ranges);
        fr_vec_free(&d->classes);
        fr_vec_free(&d->members);
    }
}

void fr_plan_free(struct fr_plan *plan) {
    if (plan == NULL)
        return;
    struct fr_vec *lists[] = {&plan->verdicts,   &plan->scoped,       &plan->others,
                              &plan->flow_lists, &plan->flow_members, &plan->rules,
                              &plan->groups,     &plan->tables,       &plan->dispatches,
                              &plan->bound,      &plan->missed,       &plan->pinned.names};
    free_tables(plan);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        fr_vec_free(lists[i]);
    fr_domains_free(&plan->domains);
    fr_labels_free(&plan->names);
    fr_labels_free(&plan->short_names[0]);
    fr_labels_free(&plan->short_names[1]);
    if (plan->asker != NULL)
        fr_output_free(plan->asker);
    fr_free(&plan->context->allocator, plan->asker);
    if (plan->have_view)
        fr_view_free(&plan->view);
    fr_services_free(&plan->services);
    fr_strings_free(&plan->unpinned);
    fr_arena_free(&plan->arena);
    fr_free(&plan->context->allocator, plan);
}

/* ---- reporting ----------------------------------------------------------------------------- */

/* Words of reasons; they hold spaces, and so are never a part of a name of the user's. */
static bool speaks_of(const struct fr_verdict *verdict, const char *words) {
    return strstr(verdict->reason, words) != NULL;
}

/* NULL when out of memory: the message goes without. */
static const char *domain_hint(struct fr_plan *plan) {
    static const char accept[] = "accept it with 'allow-loss: [{flow: NAME, loss: widen}]'";
    if (plan->exact_domains)
        return fr_arena_printf(&plan->arena,
                               "another flow asks for these: let this one have both, or %s in the "
                               "target",
                               accept);
    return fr_arena_printf(&plan->arena,
                           "ask for 'NAME' and '*.NAME' both, %s%s%sor %s in the target",
                           plan->can->names_exact_by == NULL ? "" : "set '",
                           plan->can->names_exact_by == NULL ? "" : plan->can->names_exact_by,
                           plan->can->names_exact_by == NULL ? "" : ": true', ", accept);
}

/* Would the flow be said, narrowed as it may be, if the lock file knew a name of it? */
static bool lacks_names(const struct fr_plan *plan, uint32_t index,
                        const struct fr_verdict *verdict) {
    bool deny = fr_vec_at(&plan->policy->flows, struct fr_flow, index)->deny;
    return speaks_of(verdict, "and a wildcard has none") && fr_may_cut(plan, index, deny);
}

/* The command that pins the names; NULL when out of memory, and then there is no hint. */
static const char *resolve_hint(struct fr_plan *plan) {
    const flowrules_policy *policy = plan->policy;
    const char *path = fr_diagnostics_file_name(&plan->context->diagnostics, policy->first_file);
    const char *lock = plan->context->lock;
    bool named = path != NULL && path[0] != '<'; /* "<stdin>" is no path */
    bool chosen = lock != NULL && strcmp(lock, "none") != 0;
    return fr_arena_printf(&plan->arena, "run 'flowrules resolve %s%s%s'%s",
                           named ? path : "POLICY", chosen ? " --lock " : "", chosen ? lock : "",
                           policy->lock.present ? ", or add the addresses to the lock file"
                                                : ", which makes the lock file");
}

/* What to do about a reason for a refusal, where the target's settings don't matter. */
static const struct {
    const char *words, *hint;
} refusal_hints[] = {
    {"no order of rules says", "spare both flows in one of the denies, or deny less"},
    {"can't be taken out of it", "deny less, or leave the deny out with 'select'"},
    {"the flows that it spares", "deny and spare single networks and protocols"},
    {"the denies leave of it", "deny and allow single networks and protocols"},
    {"the denies cut it", "deny and allow single networks and protocols"},
    {"is 'any' less some addresses",
     "deny 'any', or 0.0.0.0/0 and \"::/0\" less the exception for addresses alone"},
    {"takes a part of a group", "make networks of the parts, each with a group of its own"},
    {"of another platform", "give the network 'members' too, or leave the flow out with 'select'"},
    {"labels that exclude each other", NULL}, /* these say so themselves */
    {"what is protected here must be pods", NULL},
    {"its namespace is not known", NULL},
    {"a deny would not hold for both",
     "make two networks of it, one with the group and one with the addresses"},
    {"names are refused",
     "write 'names: pinned' in the target: a name is then its addresses in the lock file"},
    {"does not resolve names",
     "write 'names: pinned' in the target: a name is then its addresses in the lock file"},
    {"a deny by name",
     "write 'names: pinned' in the target: a name is then its addresses in the lock file"},
    {"a name can't be the source",
     "write 'names: pinned' in the target: a name is then its addresses in the lock file"},
};

static const char *refusal_hint(struct fr_plan *plan, uint32_t index,
                                const struct fr_verdict *verdict) {
    bool deny = fr_vec_at(&plan->policy->flows, struct fr_flow, index)->deny;
    if (verdict->fidelity == FR_FIDELITY_UNRESOLVED)
        return resolve_hint(plan);
    if (verdict->hint != NULL)
        return verdict->hint;
    if (lacks_names(plan, index, verdict))
        return "the lock file knows no name below it: list the names, or pin some with "
               "'flowrules resolve POLICY NAME'";
    if (speaks_of(verdict, "a wildcard of this backend"))
        return deny != (plan->can->wildcards == FLOWRULES_WILDCARDS_AND_SELF)
                   ? "list the names, or accept it with "
                     "'allow-loss: [{flow: NAME, loss: widen}]' in the target"
                   : "list the names, or accept it with "
                     "'allow-loss: [{flow: NAME, loss: narrow}]' in the target";
    if (fr_speaks_of_domains(verdict->reason))
        return domain_hint(plan);
    if (speaks_of(verdict, " wildcard"))
        return deny ? "list the names, or accept that only those that the lock file knows are "
                      "denied with 'allow-loss: [{flow: NAME, loss: widen}]' in the target"
                    : "list the names, or accept the names that the lock file knows with "
                      "'allow-loss: [{flow: NAME, loss: narrow}]' in the target";
    if (speaks_of(verdict, "all of the protocol passes") ||
        speaks_of(verdict, "a rule here holds for all of them"))
        return deny ? "accept it with 'allow-loss: [{flow: NAME, loss: narrow}]' in the target"
                    : "accept it with 'allow-loss: [{flow: NAME, loss: widen}]' in the target";
    for (size_t i = 0; i < sizeof refusal_hints / sizeof refusal_hints[0]; i++)
        if (speaks_of(verdict, refusal_hints[i].words))
            return refusal_hints[i].hint;
    return "say it in other words, or leave the flow out with 'select'";
}

static void report_verdict(struct fr_plan *plan, uint32_t index, const struct fr_verdict *verdict) {
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, index);
    const char *name = FR_POLICY_TEXT(plan->policy, flow->name);
    struct fr_about about = {.severity = FLOWRULES_ERROR,
                             .id = FR_REFUSED,
                             .at = fr_flow_place(plan->policy, flow),
                             .flow = name,
                             .target = plan->name};
    if (verdict->fidelity == FR_NARROWED || verdict->fidelity == FR_WIDENED) {
        about.severity = FLOWRULES_NOTE;
        about.id = FR_LOSS_ACCEPTED;
        fr_report(&plan->context->diagnostics, &about, "flow '%s' is %s on target '%s': %s", name,
                  fr_fidelity_word(verdict->fidelity), plan->name, verdict->reason);
        return;
    }
    about.hint = refusal_hint(plan, index, verdict);
    if (verdict->fidelity == FR_FIDELITY_UNRESOLVED)
        about.id = FR_NAME_NOT_PINNED;
    if (about.id == FR_NAME_NOT_PINNED && fr_report_unpinned(plan, flow, &about))
        return;
    fr_report(&plan->context->diagnostics, &about, "target '%s' can't say flow '%s': %s",
              plan->name, name, verdict->reason);
}

static void warn_of_directions(struct fr_plan *plan) {
    bool used[3] = {false, false, false};
    for (size_t i = 0; i < plan->scoped.count; i++) {
        const struct fr_scoped *s = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        used[s->direction] = used[s->direction] || !s->deny;
    }
    static const char *const messages[3] = {
        [FLOWRULES_EGRESS] = "no flow leaves the machine: target '%s' shuts all that goes out",
        [FLOWRULES_INGRESS] = ("no flow enters the machine: target '%s' shuts all that comes in, "
                               "SSH too"),
        [FLOWRULES_FORWARD] = "no flow passes through: target '%s' shuts everything",
    };
    static const char what_was_meant[] = "do 'protects' and 'select' say what was meant?";
    const char *const hints[3] = {
        [FLOWRULES_EGRESS] = plan->can->no_ingress
                                 ? what_was_meant
                                 : "'direction: ingress' leaves what goes out alone",
        [FLOWRULES_INGRESS] = "'direction: egress' leaves what comes in alone",
        [FLOWRULES_FORWARD] = what_was_meant,
    };
    for (int d = 0; d < 3; d++) {
        struct fr_about about = {
            FLOWRULES_WARNING, FR_CLOSED_DIRECTION, plan->target->at, NULL, plan->name, hints[d]};
        if (plan->enforces[d] && !used[d] && !plan->target->select_none)
            fr_report(&plan->context->diagnostics, &about, messages[d], plan->name);
    }
}

/* Does a flow let everything pass, but for denies? */
static bool is_open(const struct fr_plan *plan) {
    for (size_t i = 0; i < plan->scoped.count; i++) {
        const struct fr_scoped *s = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        fr_set far = s->direction == FLOWRULES_EGRESS ? s->destination : s->source;
        if (!s->deny && s->service == FR_SERVICE_ANY && far == FR_SET_ANY)
            return true;
    }
    return false;
}

/* What hosts can't do without: their loopback interface, and replies to what they allow. */
static void warn_of_baseline(struct fr_plan *plan) {
    static const struct {
        unsigned part, packets;
        const char *message, *hint;
    } parts[] = {
        {FLOWRULES_BASELINE_REPLIES, FLOWRULES_REPLY,
         "the baseline of target '%s' is without 'replies': no answer comes back",
         "add 'replies' to its baseline"},
        {FLOWRULES_BASELINE_LOOPBACK, FLOWRULES_LOOPBACK,
         "the baseline of target '%s' is without 'loopback': what programs on the machine say to "
         "each other needs a flow",
         "add 'loopback' to its baseline"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct fr_about about = {FLOWRULES_WARNING, FR_BASELINE_LACKS, plan->target->at, NULL,
                                 plan->name,        parts[i].hint};
        bool needed = !is_open(plan) && (parts[i].packets == FLOWRULES_REPLY || !plan->transit);
        if (needed && (plan->can->packets & parts[i].packets) != 0 &&
            (plan->target->baseline & parts[i].part) == 0)
            fr_report(&plan->context->diagnostics, &about, parts[i].message, plan->name);
    }
}

/* Does a flow let the machine ask other servers: UDP port 53, outwards? */
static bool may_ask(const struct fr_plan *plan) {
    for (size_t i = 0; i < plan->scoped.count; i++) {
        const struct fr_scoped *s = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        const struct fr_service_terms *terms = fr_service_get(&plan->policy->services, s->service);
        for (uint32_t t = 0; s->deny == 0 && s->direction == FLOWRULES_EGRESS && t < terms->count;
             t++) {
            const struct fr_term *term = &terms->terms[t];
            if ((term->protocol == 17 || term->protocol == FR_PROTOCOL_ANY) &&
                term->destination_first <= 53 && term->destination_last >= 53)
                return true;
        }
    }
    return false;
}

/* Names that clients of a service use are below that name, and get no address (names-exact). */
static void warn_of_names_shut(struct fr_plan *plan) {
    const struct fr_domains *domains = &plan->domains;
    for (uint32_t i = 0; plan->exact_domains && i < domains->list.count; i++) {
        const struct fr_domain *domain = fr_vec_at(&domains->list, struct fr_domain, i);
        const char *name = fr_strings_text(&domains->names, i + 1), *below = fr_name_below(name);
        if (below == NULL || !domain->self || domain->below)
            continue;
        struct fr_about about = {FLOWRULES_WARNING,
                                 FR_NAMES_SHUT,
                                 plan->target->at,
                                 NULL,
                                 plan->name,
                                 fr_arena_printf(&plan->arena,
                                                 "ask for '*.%s' too, or for the names that the "
                                                 "clients use",
                                                 name)};
        fr_report(
            &plan->context->diagnostics, &about,
            "target '%s' shuts what is below %s, which clients may be given (%s): names-exact "
            "answers that it does not exist",
            plan->name, name, below);
    }
}

/* A resolver that its own machine's rules shut in fills no set. */
static void warn_of_asking(struct fr_plan *plan) {
    struct fr_about about = {
        FLOWRULES_WARNING,
        FR_NOBODY_ASKS,
        plan->target->at,
        NULL,
        plan->name,
        "add a flow to its DNS servers, unless they run on this machine or use another port"};
    if (plan->domains.sets.count > 0 && plan->enforces[FLOWRULES_EGRESS] && !may_ask(plan))
        fr_report(
            &plan->context->diagnostics, &about,
            "no flow lets dnsmasq ask: target '%s' shuts UDP port 53, and names get no address",
            plan->name);
}

static void warn_of_flow(struct fr_plan *plan, uint32_t index, const char *what) {
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, index);
    const char *name = FR_POLICY_TEXT(plan->policy, flow->name);
    struct fr_about about = {.severity = FLOWRULES_WARNING,
                             .id = FR_UNEXPECTED,
                             .at = fr_flow_place(plan->policy, flow),
                             .flow = name,
                             .target = plan->name};
    fr_report(&plan->context->diagnostics, &about, "flow '%s' on target '%s': %s", name, plan->name,
              what);
}

/* What the backend has to say of flows that it says exactly. */
static void each_remark(struct fr_plan *plan, void *context,
                        void (*call)(void *context, uint32_t index, const char *what)) {
    struct flowrules_rule flow;
    const char *last = NULL;
    uint32_t of = 0;
    if (plan->backend->warns == NULL || fr_plan_asker(plan) == NULL)
        return;
    for (size_t i = 0; flowrules_output_flow(plan->asker, i, &flow); i++) {
        uint32_t index = fr_vec_at(&plan->scoped, struct fr_scoped, i)->flow;
        const char *what = plan->backend->warns(plan->asker, &flow);
        if (what != NULL && (what != last || index != of))
            call(context, index, what);
        last = what;
        of = index;
    }
}

/* The flows of which a backend says the same. */
struct remark {
    const char *what;
    uint32_t flows[3], count;
};

struct remarks {
    struct fr_plan *plan;
    struct remark list[8];
    size_t count;
};

static void gather_remark(void *context, uint32_t index, const char *what) {
    struct remarks *remarks = context;
    size_t i = 0;
    while (i < remarks->count && remarks->list[i].what != what)
        i++;
    if (i == sizeof remarks->list / sizeof *remarks->list) {
        warn_of_flow(remarks->plan, index, what);
        return;
    }
    if (i == remarks->count)
        remarks->list[remarks->count++] = (struct remark){.what = what};
    struct remark *remark = &remarks->list[i];
    if (remark->count < sizeof remark->flows / sizeof *remark->flows)
        remark->flows[remark->count] = index;
    remark->count++;
}

static void warn_of_remark(struct fr_plan *plan, const struct remark *remark) {
    const struct fr_flow *first = fr_vec_at(&plan->policy->flows, struct fr_flow, remark->flows[0]);
    struct fr_about about = {.severity = FLOWRULES_WARNING,
                             .id = FR_UNEXPECTED,
                             .at = fr_flow_place(plan->policy, first),
                             .flow = FR_POLICY_TEXT(plan->policy, first->name),
                             .target = plan->name};
    const char *names[3] = {about.flow, "", ""};
    char more[40] = "";
    for (uint32_t i = 1; i < 3 && i < remark->count; i++)
        names[i] = FR_POLICY_TEXT(
            plan->policy, fr_vec_at(&plan->policy->flows, struct fr_flow, remark->flows[i])->name);
    if (remark->count > 3)
        snprintf(more, sizeof more, " and %u more", (unsigned)remark->count - 3);
    if (remark->count == 1)
        warn_of_flow(plan, remark->flows[0], remark->what);
    else if (remark->count == 2)
        fr_report(&plan->context->diagnostics, &about, "flows '%s' and '%s' on target '%s': %s",
                  names[0], names[1], plan->name, remark->what);
    else
        fr_report(&plan->context->diagnostics, &about,
                  "flows '%s', '%s', '%s'%s on target '%s': %s", names[0], names[1], names[2], more,
                  plan->name, remark->what);
}

/* Also what is out of scope, surprisingly. */
static void warn_of_flows(struct fr_plan *plan) {
    struct remarks remarks = {.plan = plan};
    for (size_t i = 0; i < plan->missed.count; i++) {
        const struct fr_missed *missed = fr_vec_at(&plan->missed, struct fr_missed, i);
        warn_of_flow(plan, missed->flow, missed->reason);
    }
    each_remark(plan, &remarks, gather_remark);
    for (size_t i = 0; i < remarks.count; i++)
        warn_of_remark(plan, &remarks.list[i]);
}

static void keep_remark(void *context, uint32_t index, const char *what) {
    struct fr_plan *plan = context;
    struct fr_verdict *verdict = fr_vec_at(&plan->verdicts, struct fr_verdict, index);
    if (verdict->reason == NULL)
        verdict->reason = what;
}

void fr_plan_remark(struct fr_plan *plan) {
    each_remark(plan, plan, keep_remark);
}

flowrules_status fr_plan_warn(struct fr_plan *plan) {
    if (!plan->permits) {
        warn_of_directions(plan);
        warn_of_asking(plan);
        warn_of_names_shut(plan);
        warn_of_baseline(plan);
    }
    warn_of_flows(plan);
    FR_TRY(fr_warn_of_age(plan));
    return plan->context->diagnostics.out_of_memory ? FLOWRULES_NO_MEMORY : FLOWRULES_OK;
}

flowrules_status fr_plan_report(struct fr_plan *plan) {
    for (uint32_t i = 0; i < plan->verdicts.count; i++) {
        const struct fr_verdict *verdict = fr_vec_at(&plan->verdicts, struct fr_verdict, i);
        switch (verdict->fidelity) {
        case FR_NARROWED:
        case FR_WIDENED:
        case FR_FIDELITY_REFUSED:
        case FR_FIDELITY_UNRESOLVED:
            report_verdict(plan, i, verdict);
            break;
        case FR_EXACT:
        case FR_NATIVE:
        case FR_PINNED:
        case FR_FIDELITY_EXPIRED:
        case FR_OUT_OF_SCOPE:
            break;
        }
    }
    if (plan->refused > 0)
        return FLOWRULES_REFUSED;
    return plan->unresolved > 0 ? FLOWRULES_UNRESOLVED : fr_plan_warn(plan);
}

/* ---- lists of flows ------------------------------------------------------------------------ */

size_t fr_flows_count(const struct fr_plan *plan, uint32_t flows) {
    flows &= ~FR_ELSEWHERE;
    if (flows < plan->policy->flows.count)
        return 1;
    return fr_vec_at(&plan->flow_lists, struct fr_span, flows - plan->policy->flows.count)->count;
}

uint32_t fr_flows_at(const struct fr_plan *plan, uint32_t flows, size_t index) {
    flows &= ~FR_ELSEWHERE;
    if (flows < plan->policy->flows.count)
        return flows;
    struct fr_span span =
        *fr_vec_at(&plan->flow_lists, struct fr_span, flows - plan->policy->flows.count);
    return *fr_vec_at(&plan->flow_members, uint32_t, span.first + index);
}

uint32_t fr_flows_list(struct fr_plan *plan, const uint32_t *flows, size_t count) {
    if (count == 1)
        return flows[0];
    struct fr_span span = {(uint32_t)plan->flow_members.count, (uint32_t)count};
    if (!fr_vec_reserve(&plan->flow_members, count))
        return UINT32_MAX;
    for (size_t i = 0; i < count; i++)
        *(uint32_t *)fr_vec_push(&plan->flow_members) = flows[i];
    struct fr_span *slot = fr_vec_push(&plan->flow_lists);
    if (slot == NULL)
        return UINT32_MAX;
    *slot = span;
    return (uint32_t)(plan->policy->flows.count + plan->flow_lists.count - 1);
}

/* ---- groups, rules, services --------------------------------------------------------------- */

struct fr_group *fr_plan_group(struct fr_plan *plan, const struct flowrules_group *view) {
    struct fr_group *group = fr_vec_push(&plan->groups);
    if (group == NULL)
        return NULL;
    group->view = *view;
    group->first_rule = (uint32_t)plan->rules.count;
    return group;
}

flowrules_status fr_plan_rule(struct fr_plan *plan, const struct fr_rule *rule) {
    struct fr_rule *slot = fr_vec_push(&plan->rules);
    if (slot == NULL || rule->flows == UINT32_MAX)
        return fr_no_memory(plan->context);
    *slot = *rule;
    return FLOWRULES_OK;
}

static bool has_use(const struct fr_term *term, unsigned families, bool deny) {
    return (fr_protocol_families(term->protocol) & families) != 0 ||
           (deny && fr_protocol_is_header6(term->protocol));
}

/* Copies the terms of a service that families have a use for into the plan. */
static flowrules_status copy_service(struct fr_plan *plan, const struct fr_service_terms *terms,
                                     unsigned families, bool deny, fr_service *result) {
    struct fr_vec kept;
    fr_vec_init(&kept, &plan->context->allocator, sizeof(struct fr_term));
    bool good = fr_vec_reserve(&kept, terms->count);
    for (uint32_t i = 0; good && i < terms->count; i++)
        if (has_use(&terms->terms[i], families, deny))
            *(struct fr_term *)fr_vec_add(&kept) = terms->terms[i];
    *result = FR_SERVICE_NONE;
    if (good && kept.count > 0)
        *result = fr_services_add(&plan->services, kept.items, kept.count);
    good = good && (kept.count == 0 || *result != FR_SERVICE_NONE);
    fr_vec_free(&kept);
    return good ? FLOWRULES_OK : fr_no_memory(plan->context);
}

flowrules_status fr_plan_service(struct fr_plan *plan, fr_service service, unsigned families,
                                 bool deny, fr_service *result) {
    return copy_service(plan, fr_service_get(&plan->policy->services, service), families, deny,
                        result);
}

flowrules_status fr_service_for(struct fr_plan *plan, fr_service service, unsigned families,
                                bool deny, fr_service *result) {
    const struct fr_service_terms *terms = fr_service_get(&plan->services, service);
    *result = service;
    bool whole = true;
    for (uint32_t i = 0; i < terms->count; i++)
        whole = whole && has_use(&terms->terms[i], families, deny);
    return whole ? FLOWRULES_OK : copy_service(plan, terms, families, deny, result);
}

/* The rules hold all that spelling needs; a reading of them is weighed against the denies. */
static flowrules_status keep_denies(struct fr_plan *plan) {
    struct fr_vec all = plan->scoped;
    bool good = true;
    fr_vec_init(&plan->scoped, &plan->context->allocator, sizeof(struct fr_scoped));
    for (size_t i = 0; i < all.count && good; i++) {
        const struct fr_scoped *part = fr_vec_at(&all, struct fr_scoped, i);
        struct fr_scoped *slot = part->deny ? fr_vec_push(&plan->scoped) : NULL;
        good = !part->deny || slot != NULL;
        if (slot != NULL)
            *slot = *part;
    }
    fr_vec_free(&all);
    return good ? FLOWRULES_OK : fr_no_memory(plan->context);
}

flowrules_status fr_plan_lower(struct fr_plan *plan) {
    FR_TRY(fr_note_needs(plan));
    FR_TRY(fr_note_entrances(plan));
    flowrules_status status = plan->can->lookup ? fr_lower_lookup(plan) : fr_lower_rules(plan);
    flowrules_status kept = keep_denies(plan);
    status = status == FLOWRULES_OK ? kept : status;
    return status == FLOWRULES_OK && plan->refused > 0 ? FLOWRULES_REFUSED : status;
}

flowrules_status fr_plan_check(struct fr_plan *plan) {
    uint32_t reported = 0;
    for (uint32_t i = 0; reported < plan->refused && i < plan->verdicts.count; i++) {
        const struct fr_verdict *verdict = fr_vec_at(&plan->verdicts, struct fr_verdict, i);
        if (verdict->fidelity != FR_FIDELITY_REFUSED || lacks_names(plan, i, verdict))
            continue;
        report_verdict(plan, i, verdict);
        reported++;
    }
    if (reported > 0)
        return FLOWRULES_REFUSED;
    return plan->refused + plan->unresolved > 0 ? FLOWRULES_UNRESOLVED : FLOWRULES_OK;
}

flowrules_status fr_plan_lower_reported(struct fr_plan *plan) {
    flowrules_status status = fr_plan_lower(plan);
    return status == FLOWRULES_REFUSED ? fr_plan_check(plan) : status;
}

void fr_plan_refuse(struct fr_plan *plan, uint32_t flow, const char *why) {
    struct fr_verdict *verdict = fr_vec_at(&plan->verdicts, struct fr_verdict, flow);
    if (verdict->fidelity == FR_FIDELITY_REFUSED)
        return; /* what was found first is told */
    plan->refused++;
    *verdict = fr_verdict_refused(plan, why);
}
