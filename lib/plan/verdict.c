/*
 * The verdict on a flow in a target's scope: how exactly the target can express it, and why.
 */
#include <stdio.h>
#include <string.h>

#include "rules.h"
#include "sayable.h"
#include "special.h"
#include "view.h"

/* ---- reasons ------------------------------------------------------------------------------- */

/* The first names of a flow that a reason speaks of, as text. */
struct mention {
    const flowrules_plan *plan;
    unsigned want; /* FR_END_... flags: which peers to list */
    unsigned listed, total;
    size_t addresses;
    size_t earlier; /* of them: not in the newest answer, and kept */
    size_t inner;   /* of them: private, loopback and the like */
    int32_t oldest; /* the newest day of the name that was seen longest ago */
    char text[400];
};

static void list_name(struct mention *m, const char *before, const char *name) {
    m->total++;
    size_t used = strlen(m->text);
    if (m->listed == 3 || used + strlen(name) + 8 >= sizeof m->text)
        return;
    snprintf(m->text + used, sizeof m->text - used, "%s%s%s", m->listed > 0 ? ", " : "", before,
             name);
    m->listed++;
}

static void count_pins(struct mention *m, const struct fr_locked_name *entry) {
    const struct fr_lock *lock = &m->plan->policy->lock;
    int32_t newest = fr_lock_last_seen(lock, entry);
    m->addresses += entry->count;
    if (newest != FR_NO_DATE && (m->oldest == FR_NO_DATE || newest < m->oldest))
        m->oldest = newest;
    for (uint32_t i = 0; i < entry->count; i++) {
        const struct fr_pin *pin = fr_vec_at(&lock->pins, struct fr_pin, entry->first + i);
        const char *words;
        m->earlier += pin->last_seen != FR_NO_DATE && pin->last_seen < newest;
        m->inner += fr_special_use(pin->family, pin->ip, &words) != FR_SPECIAL_NONE &&
                    strcmp(words, "for documentation") != 0;
    }
}

static void mention_peer(void *user, const struct fr_peer *peer) {
    struct mention *m = user;
    const flowrules_policy *policy = m->plan->policy;
    if (peer->kind == FR_PEER_NETWORK) {
        const struct fr_network *network =
            fr_vec_at(&policy->networks, struct fr_network, peer->ref);
        const char *own = FR_POLICY_TEXT(policy, network->name);
        bool bound =
            m->plan->can->groups && fr_policy_binding_for(policy, own, m->plan->backend) != NULL;
        if ((m->want & FR_END_FOREIGN) != 0 && network->members.count == 0 && !bound)
            list_name(m, "", own);
        unsigned flags = fr_view_network_flags(m->plan->view, peer->ref);
        if ((m->want & flags & (FR_END_ANY_BUT | FR_END_CUT_GROUP)) != 0 &&
            network->except.count > 0)
            list_name(m, "", own);
        return;
    }
    const char *name = FR_POLICY_TEXT(policy, peer->ref);
    if (peer->kind == FR_PEER_WILDCARD) {
        if ((m->want & (FR_END_WILDCARD | FR_END_NARROWED | FR_END_REFUSED | FR_END_NATIVE)) != 0)
            list_name(m, "*.", name);
        return;
    }
    const struct fr_locked_name *entry = fr_lock_find(&policy->lock, name);
    bool pinned = entry != NULL && entry->count > 0;
    if ((m->want & FR_END_UNPINNED) != 0 && !pinned)
        list_name(m, "", name);
    if ((m->want & (FR_END_REFUSED | FR_END_NATIVE)) != 0)
        list_name(m, "", name);
    if ((m->want & FR_END_PINNED) != 0 && pinned) {
        list_name(m, "", name);
        count_pins(m, entry);
    }
}

static void mention(struct mention *m, const flowrules_plan *plan, const struct fr_flow *flow,
                    unsigned want) {
    *m = (struct mention){.plan = plan, .want = want, .oldest = FR_NO_DATE};
    fr_view_walk(plan->view, flow->source, FR_WALK_NAMES, mention_peer, m);
    fr_view_walk(plan->view, flow->destination, FR_WALK_NAMES, mention_peer, m);
    if (m->total > m->listed) {
        size_t used = strlen(m->text);
        snprintf(m->text + used, sizeof m->text - used, " and %u more", m->total - m->listed);
    }
}

/* Where a target reads a wildcard its own way: by enum flowrules_wildcards. */
static const struct {
    const char *refused, *accepted;
} wildcard_words[] = {
    [FLOWRULES_WILDCARDS_ONE_LABEL] = {"matches one label, not any depth",
                                       "%s is matched one label deep"},
    [FLOWRULES_WILDCARDS_AND_SELF] = {"also matches the name itself",
                                      "%s also matches the name itself"},
};

static const char *pinned_reason(const flowrules_plan *plan, const struct fr_flow *flow,
                                 size_t *cause) {
    struct mention m;
    char seen[64] = "", kept[64] = "", inner[80] = "";
    mention(&m, plan, flow, FR_END_PINNED);
    if (m.oldest != FR_NO_DATE) {
        char date[11];
        fr_date_format(m.oldest, date);
        if (plan->policy->as_of != FR_NO_DATE)
            snprintf(seen, sizeof seen, ", seen %s (%d days ago)", date,
                     plan->policy->as_of - m.oldest);
        else
            snprintf(seen, sizeof seen, ", seen %s", date);
    }
    if (m.earlier > 0)
        snprintf(kept, sizeof kept, ", %zu of them kept from before", m.earlier);
    if (m.inner > 0)
        snprintf(inner, sizeof inner, ", %zu of them not of the Internet (private, loopback ...)",
                 m.inner);
    char head[sizeof m.text + 40];
    int size = snprintf(head, sizeof head, "%zu address%s of %s", m.addresses,
                        m.addresses == 1 ? "" : "es", m.text);
    bool more = seen[0] != '\0' && kept[0] == '\0' && inner[0] == '\0';
    *cause = more && size > 0 ? (size_t)size + 2 : 0;
    return fr_arena_printf(plan->arena, "%s%s%s%s%s", head, seen, kept, inner,
                           plan->policy->lock.example ? ", invented for the example" : "");
}

static const char *cut_reason(const flowrules_plan *plan, const struct fr_flow *flow,
                              unsigned flags) {
    struct mention m;
    mention(&m, plan, flow, FR_END_NARROWED);
    if ((flags & FR_END_OTHER_WILDCARD) != 0)
        return fr_arena_printf(plan->arena, wildcard_words[plan->view->mode.wildcards].accepted,
                               m.text);
    return fr_arena_printf(plan->arena, "%s is cut to the names below it that the lock file knows",
                           m.text);
}

/* Why a wildcard can't be said; the kind tells by which loss, or what else, it could. */
static struct fr_why wildcard_reason(const flowrules_plan *plan, uint32_t index,
                                     bool other_reading) {
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, index);
    enum flowrules_wildcards reading = plan->view->mode.wildcards;
    struct mention m;
    mention(&m, plan, flow, FR_END_WILDCARD);
    if (other_reading)
        return fr_because(plan->arena,
                          flow->deny != (reading == FLOWRULES_WILDCARDS_AND_SELF)
                              ? FR_WHY_WILDCARD_WIDENS
                              : FR_WHY_WILDCARD_NARROWS,
                          m.text, wildcard_words[reading].refused);
    if (!plan->view->mode.names && fr_may_cut(plan, index, flow->deny))
        return fr_because(plan->arena, FR_WHY_WILDCARD_NOT_PINNED, m.text);
    return fr_because(plan->arena, flow->deny ? FR_WHY_WILDCARD_OF_DENY : FR_WHY_WILDCARD_OF_ALLOW,
                      m.text,
                      plan->view->mode.names ? "matches only whole names, not wildcards"
                                             : "matches addresses, but a wildcard has none");
}

static struct fr_why refused_reason(const flowrules_plan *plan, uint32_t index, unsigned flags) {
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, index);
    struct mention m;
    if ((flags & FR_END_FOREIGN) != 0) {
        mention(&m, plan, flow, FR_END_FOREIGN);
        return fr_because(plan->arena, m.total == 1 ? FR_WHY_FOREIGN : FR_WHY_FOREIGN_SEVERAL,
                          m.text);
    }
    if ((flags & FR_END_REFUSED) != 0) {
        mention(&m, plan, flow, FR_END_REFUSED);
        return fr_because(plan->arena,
                          plan->target->names == FR_NAMES_REFUSE ? FR_WHY_NAMES_REFUSED
                                                                 : FR_WHY_NAMES_NOT_NATIVE,
                          m.text);
    }
    return wildcard_reason(plan, index, (flags & FR_END_OTHER_WILDCARD) != 0);
}

static struct fr_why exception_reason(const flowrules_plan *plan, const struct fr_flow *flow,
                                      unsigned flag) {
    struct mention m;
    mention(&m, plan, flow, flag);
    return fr_because(plan->arena, flag == FR_END_ANY_BUT ? FR_WHY_ANY_BUT : FR_WHY_CUT_GROUP,
                      m.text);
}

static const char *unresolved_reason(const flowrules_plan *plan, const struct fr_flow *flow) {
    struct mention m;
    mention(&m, plan, flow, FR_END_UNPINNED);
    return fr_arena_printf(plan->arena, "the lock file has no address of %s", m.text);
}

/* The only family in which a part has packets, which is true of it; false where it has both. */
static bool one_family(const flowrules_plan *plan, const struct fr_scoped *part,
                       enum flowrules_family *family) {
    unsigned families =
        fr_plan_families(plan, part->source) & fr_plan_families(plan, part->destination) &
        fr_service_get(&plan->policy->services, part->service)->families & plan->can->families;
    *family = families == FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4) ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
    return families != FLOWRULES_BOTH_FAMILIES;
}

static bool holds_widest_pods(const flowrules_plan *plan, fr_set set) {
    return plan->can->pod_groups && plan->widest_pods != FR_SET_EMPTY &&
           fr_set_intersect(&plan->view->sets, set, plan->widest_pods) == plan->widest_pods;
}

/*
 * Does a part cover only some of what the target's rules hold for? To be the same in the part's
 * own family is enough: no rule that comes of it speaks of the other one.
 */
static fr_set *uncovered_end(const flowrules_plan *plan, struct fr_scoped *part) {
    if (!plan->can->implicit_end)
        return NULL;
    fr_set *end = part->direction == FLOWRULES_EGRESS ? &part->source : &part->destination;
    fr_set whole = plan->protects.set;
    struct fr_sets *sets = &plan->view->sets;
    const struct fr_set_head *own = fr_set_head(sets, *end), *all = fr_set_head(sets, whole);
    bool atoms = own->all_atoms == all->all_atoms && own->atoms == all->atoms;
    enum flowrules_family family;
    if (*end == whole || holds_widest_pods(plan, *end))
        return NULL;
    if (!atoms || !one_family(plan, part, &family))
        return end;
    fr_set part_of = fr_set_family(sets, *end, family);
    return part_of == fr_set_family(sets, whole, family) ? NULL : end;
}

/* ---- the verdict --------------------------------------------------------------------------- */

/* The families of the packets that the parts of a flow, from first on, can be. */
static unsigned families_of_parts(const flowrules_plan *plan, size_t first) {
    unsigned families = 0;
    for (size_t i = first; i < plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        families |=
            fr_plan_families(plan, part->source) & fr_plan_families(plan, part->destination);
    }
    return families;
}

/* What is wrong with the flow as a whole, if something is. */
static struct fr_why refusal(const flowrules_plan *plan, uint32_t index, unsigned flags) {
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, index);
    if ((flags & FR_END_CUT_GROUP) != 0)
        return exception_reason(plan, flow, FR_END_CUT_GROUP);
    if ((flags & FR_END_ANY_BUT) != 0 && flow->deny && plan->view->mode.platform != NULL)
        return exception_reason(plan, flow, FR_END_ANY_BUT);
    if ((flags & (FR_END_FOREIGN | FR_END_REFUSED | FR_END_WILDCARD)) != 0)
        return refused_reason(plan, index, flags);
    return fr_why_not();
}

/* What is wrong with its service, or with a part of it, if something is. */
static flowrules_status refuse_parts(flowrules_plan *plan, const struct fr_flow *flow, size_t first,
                                     struct fr_why *why) {
    *why = fr_unsayable_service(plan, flow, plan->can->families & families_of_parts(plan, first));
    for (size_t i = first; why->kind == FR_WHY_NOT && i < plan->scoped.count; i++)
        FR_TRY(fr_refuse_part(plan, fr_vec_at(&plan->scoped, struct fr_scoped, i), why));
    return why->kind == FR_WHY_NOT || flow->deny ? FLOWRULES_OK
                                                 : fr_say_others(plan, flow, first, why);
}

/* Addresses of the end whose interfaces rules do not match may be elsewhere, too. */
static enum fr_reason open_reason(const flowrules_plan *plan, bool deny) {
    if (plan->stores->placing.matches[FLOWRULES_SOURCE])
        return deny ? FR_WHY_LEAVING_OF_DENY : FR_WHY_LEAVING_OF_ALLOW;
    return deny ? FR_WHY_ENTERING_OF_DENY : FR_WHY_ENTERING_OF_ALLOW;
}

/* The widenings that the flow needs; *why is the last of them. Accepted ones are carried out. */
static bool widens(flowrules_plan *plan, uint32_t index, size_t first, enum fr_reason *why) {
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, index);
    bool accepted = fr_may_lose(plan, index, flow->deny ? FR_LOSS_NARROW : FR_LOSS_WIDEN);
    bool types = fr_gives_up_icmp_types(plan, flow, families_of_parts(plan, first));
    *why = FR_WHY_NOT;
    if (types)
        *why = flow->deny ? FR_WHY_ICMP_OF_DENY : FR_WHY_ICMP_OF_ALLOW;
    for (size_t i = first; i < plan->scoped.count; i++) {
        struct fr_scoped *part = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        fr_set *end = uncovered_end(plan, part);
        part->whole_icmp = types;
        if (part->open)
            *why = open_reason(plan, flow->deny);
        if (end == NULL)
            continue;
        *why = flow->deny ? FR_WHY_PART_OF_DENY : FR_WHY_PART_OF_ALLOW;
        if (accepted)
            *end = plan->protects.set;
    }
    return accepted;
}

/* How the names or wildcards of a flow are matched, where the target has something to say. */
static const char *names_reason(const flowrules_plan *plan, const struct fr_flow *flow,
                                size_t *cause) {
    const struct flowrules_capabilities *can = plan->can;
    const char *note = can->names_note != NULL ? can->names_note : can->wildcards_note;
    struct mention m;
    if (note == NULL || !plan->view->mode.names)
        return NULL;
    mention(&m, plan, flow, can->names_note != NULL ? FR_END_NATIVE : FR_END_NARROWED);
    if (m.total == 0)
        return NULL;
    *cause = strlen(m.text) + 2;
    return fr_arena_printf(plan->arena, "%s: %s", m.text, note);
}

static struct fr_verdict plain_verdict(const flowrules_plan *plan, const struct fr_flow *flow,
                                       unsigned flags) {
    if ((flags & FR_END_NARROWED) != 0) {
        bool more = plan->view->mode.wildcards == FLOWRULES_WILDCARDS_AND_SELF;
        return (struct fr_verdict){.fidelity = flow->deny != more ? FR_WIDENED : FR_NARROWED,
                                   .reason = cut_reason(plan, flow, flags)};
    }
    size_t cause = 0;
    const char *reason = NULL;
    if ((flags & FR_END_PINNED) != 0)
        reason = pinned_reason(plan, flow, &cause);
    else if ((flags & FR_END_NATIVE) != 0)
        reason = names_reason(plan, flow, &cause);
    if ((flags & (FR_END_PINNED | FR_END_NATIVE)) != 0)
        return (struct fr_verdict){.fidelity = (flags & FR_END_PINNED) != 0 ? FR_PINNED : FR_NATIVE,
                                   .reason = reason,
                                   .cause = cause};
    return (struct fr_verdict){.fidelity = FR_EXACT};
}

/* What is said of a flow that loses nothing of its meaning. */
static const char *remark(const flowrules_plan *plan, const struct fr_flow *flow, size_t first) {
    const struct flowrules_capabilities *can = plan->can;
    if (flow->log && !can->logging)
        return "not logged: this platform has no logging for a rule";
    if (flow->deny && plan->permits)
        return "subtracted from what the other flows allow, and not denied: the target only "
               "permits";
    if (flow->deny && can->evaluation == FLOWRULES_ALLOW_UNION)
        return "subtracted from what the other flows allow";
    if (first < plan->scoped.count &&
        fr_vec_at(&plan->scoped, struct fr_scoped, first)->but != FR_SERVICE_ANY)
        return "any protocol, behind a deny of those that it leaves out";
    if (first < plan->scoped.count && fr_vec_at(&plan->scoped, struct fr_scoped, first)->settled)
        return plan->stores->placing.matches[FLOWRULES_SOURCE]
                   ? "the addresses of its destination tell where packets leave"
                   : "the addresses of its source tell where packets enter";
    return NULL;
}

/* What is said of a flow, and which flows it spares. */
static const char *with_spares(const flowrules_plan *plan, const struct fr_flow *flow,
                               const char *reason) {
    struct fr_span span = fr_flow_spares(plan->policy, flow);
    struct mention m = {.plan = plan};
    char more[32] = "";
    for (uint32_t i = 0; i < span.count; i++)
        list_name(&m, "",
                  FR_POLICY_TEXT(
                      plan->policy,
                      fr_vec_at(&plan->policy->spared, struct fr_spared, span.first + i)->name));
    if (m.total > m.listed)
        snprintf(more, sizeof more, " and %u more", m.total - m.listed);
    return fr_arena_printf(plan->arena, "%s%sit spares %s%s", reason == NULL ? "" : reason,
                           reason == NULL ? "" : "; ", m.text, more);
}

flowrules_status fr_judge_unknown_scope(flowrules_plan *plan, const struct fr_flow *flow,
                                        struct fr_verdict *verdict) {
    const char *why = unresolved_reason(plan, flow);
    plan->unresolved++;
    *verdict = (struct fr_verdict){
        .fidelity = FR_FIDELITY_UNRESOLVED,
        .reason =
            why == NULL
                ? NULL
                : fr_arena_printf(
                      plan->arena,
                      "%s; so it is not known whether the flow concerns the protected networks",
                      why)};
    return verdict->reason == NULL ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

flowrules_status fr_judge(flowrules_plan *plan, uint32_t index, unsigned flags, size_t first,
                          struct fr_verdict *verdict) {
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, index);
    struct fr_why why = refusal(plan, index, flags);
    enum fr_reason wide = FR_WHY_NOT;
    if (why.kind == FR_WHY_NOT)
        FR_TRY(refuse_parts(plan, flow, first, &why));
    bool accepted = why.kind == FR_WHY_NOT && widens(plan, index, first, &wide);
    if (why.kind == FR_WHY_NOT && wide != FR_WHY_NOT && !accepted)
        why = (struct fr_why){wide, fr_reason_words(wide), NULL};
    if (why.kind != FR_WHY_NOT) {
        plan->refused++;
        *verdict = fr_verdict_refused(plan, why);
    } else if ((flags & FR_END_UNPINNED) != 0) {
        plan->unresolved++;
        *verdict = (struct fr_verdict){.fidelity = FR_FIDELITY_UNRESOLVED,
                                       .reason = unresolved_reason(plan, flow)};
    } else if (wide != FR_WHY_NOT) {
        *verdict = (struct fr_verdict){.fidelity = flow->deny ? FR_NARROWED : FR_WIDENED,
                                       .reason = fr_reason_words(wide)};
    } else {
        *verdict = plain_verdict(plan, flow, flags);
        if (verdict->reason == NULL)
            verdict->reason = remark(plan, flow, first);
        if (flow->deny && flow->spares != 0)
            verdict->reason = with_spares(plan, flow, verdict->reason);
        if (flow->deny && flow->spares != 0 && verdict->reason == NULL)
            return fr_no_memory(plan->context);
    }
    return fr_plan_memory(plan);
}
