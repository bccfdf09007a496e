/*
 * The order of rules if denies spare flows. Denies precede allows; but a deny that spares an allow
 * follows it if the two overlap, and every other allow that overlaps the deny follows the deny.
 * Each part of a flow gets the first possible phase; without spares all have the same.
 */
#include <string.h>

#include "boxes.h"
#include "crossings.h"
#include "flowrules/kits/bindings.h"
#include "flowrules/kits/pods.h"
#include "reach.h"
#include "view.h"

bool fr_part_is_spared(const flowrules_plan *plan, const struct fr_scoped *deny,
                       const struct fr_scoped *allow) {
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, deny->flow);
    return fr_flow_is_spared(plan->policy, flow, allow->flow);
}

/* Does the order of rules say which of them a deny takes from? */
static bool has_order(const flowrules_plan *plan) {
    return plan->can->evaluation == FLOWRULES_FIRST_MATCH &&
           plan->can->denies == FLOWRULES_DENIES_IN_ORDER;
}

uint32_t fr_part_phase(const flowrules_plan *plan, const struct fr_scoped *part) {
    return has_order(plan) ? part->phase : 0;
}

bool fr_next_phase(const flowrules_plan *plan, struct fr_phase *phase) {
    if (phase->action == FLOWRULES_DENY) {
        phase->action = FLOWRULES_ALLOW;
        return true;
    }
    phase->action = FLOWRULES_DENY;
    return has_order(plan) && ++phase->number < plan->phases;
}

/* ---- what may meet ------------------------------------------------------------------------- */

/* A selector of pods: what two of them share is told by their labels, and no address is a pod's. */
static bool is_pods(const flowrules_plan *plan, uint32_t atom) {
    static const char *const keys[] = {"namespace", "namespace-labels", "pods"};
    const struct flowrules_atom *a = fr_vec_at(&plan->view->atoms, struct flowrules_atom, atom);
    if (!plan->can->pod_groups || a->kind != FLOWRULES_ATOM_GROUP)
        return false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (flowrules_binding_value(plan, a->name, keys[i], 0) != NULL)
            return true;
    return false;
}

static bool atoms_may_meet(const flowrules_plan *plan, uint32_t a, uint32_t b) {
    bool pods = is_pods(plan, a), both = pods && is_pods(plan, b);
    const struct flowrules_atom *list = plan->view->atoms.items;
    if (both)
        return flowrules_pods_may_meet(plan, list[a].name, list[b].name);
    return !pods && !is_pods(plan, b);
}

static bool has_addresses(const flowrules_plan *plan, fr_set set) {
    return fr_set_families(&plan->view->sets, set) != 0;
}

/* May a name or group that a lists and b lacks have something in common with what b has? */
static bool reaches(const flowrules_plan *plan, fr_set a, fr_set b) {
    const struct fr_sets *sets = &plan->view->sets;
    const struct fr_set_head *own = fr_set_head(sets, a), *other = fr_set_head(sets, b);
    for (uint32_t i = 0; own->all_atoms == 0 && i < own->atoms; i++) {
        uint32_t atom = fr_set_atoms(own)[i];
        if (fr_set_has_atom(sets, b, atom))
            continue;
        if (other->all_atoms != 0 || (has_addresses(plan, b) && !is_pods(plan, atom)))
            return true;
        for (uint32_t k = 0; k < other->atoms; k++)
            if (atoms_may_meet(plan, atom, fr_set_atoms(other)[k]))
                return true;
    }
    return false;
}

static bool meet_unseen(const flowrules_plan *plan, fr_set a, fr_set b) {
    return a != b && a != FR_SET_ANY && b != FR_SET_ANY &&
           (reaches(plan, a, b) || reaches(plan, b, a));
}

static bool terms_meet(const struct fr_term *a, const struct fr_term *b, bool whole_icmp) {
    struct fr_term both;
    return fr_terms_meet(a, b, &both) ||
           (whole_icmp && a->protocol == b->protocol && fr_protocol_is_icmp(a->protocol));
}

/* The service of a part; of a deny of others, in the plan. */
static const struct fr_service_terms *terms_of(const flowrules_plan *plan,
                                               const struct fr_scoped *part) {
    bool others = part->deny != 0 && part->but != FR_SERVICE_ANY;
    return others ? fr_service_get(plan->services, part->but)
                  : fr_service_get(&plan->policy->services, part->service);
}

static bool services_meet(const flowrules_plan *plan, const struct fr_scoped *a,
                          const struct fr_scoped *b) {
    const struct fr_service_terms *x = terms_of(plan, a), *y = terms_of(plan, b);
    bool whole_icmp = a->whole_icmp != 0 || b->whole_icmp != 0;
    for (uint32_t i = 0; i < x->count; i++)
        for (uint32_t k = 0; k < y->count; k++)
            if (terms_meet(&x->terms[i], &y->terms[k], whole_icmp))
                return true;
    return false;
}

/* Where a part lies; ICMP of which a rule says no type lies everywhere in it. */
static struct fr_reach reach_of(const flowrules_plan *plan, const struct fr_scoped *part) {
    const fr_set ends[2] = {part->source, part->destination};
    struct fr_reach reach = fr_reach_of(&plan->view->sets, ends, terms_of(plan, part));
    if (part->whole_icmp != 0) {
        reach.port_first = 0;
        reach.port_last = UINT16_MAX;
    }
    return reach;
}

static bool parts_may_meet(const flowrules_plan *plan, const struct fr_scoped *a,
                           const struct fr_scoped *b) {
    const fr_set ends[2][2] = {{a->source, b->source}, {a->destination, b->destination}};
    if (a->direction != b->direction || !fr_crossings_meet(plan, a, b) ||
        !services_meet(plan, a, b))
        return false;
    for (unsigned e = 0; e < 2; e++)
        if (!fr_set_overlaps(&plan->view->sets, ends[e][0], ends[e][1]) &&
            !meet_unseen(plan, ends[e][0], ends[e][1]))
            return false;
    return true;
}

/*
 * Is an end less another one what rules say of it? Any less addresses is addresses alone there, and
 * so are all addresses of a family less some, which are all names and groups too.
 */
static bool can_be_less(const flowrules_plan *plan, fr_set end, fr_set gone) {
    const struct fr_view_mode *mode = &plan->view->mode;
    bool atoms = mode->names || mode->platform != NULL;
    struct flowrules_set view = {&plan->view->sets, end};
    bool all = fr_set_head(&plan->view->sets, end)->all_atoms != 0 ||
               flowrules_set_is_all(view, FLOWRULES_IPV4) ||
               flowrules_set_is_all(view, FLOWRULES_IPV6);
    return !meet_unseen(plan, end, gone) && (!atoms || !all || gone == FR_SET_ANY);
}

/* Can rules say a part without what it has in common with another one? */
static bool can_be_without(const flowrules_plan *plan, const struct fr_scoped *part,
                           const struct fr_scoped *gone) {
    return !parts_may_meet(plan, part, gone) ||
           (can_be_less(plan, part->source, gone->source) &&
            can_be_less(plan, part->destination, gone->destination));
}

/* ---- phases -------------------------------------------------------------------------------- */

/* What raised the phase of a part: another part, by number. */
struct raising {
    flowrules_plan *plan;
    struct fr_scoped *parts; /* those in scope, then the denies of others */
    size_t count, scoped;
    struct fr_reach *reaches; /* of each part */
    uint32_t *by;             /* for each part; UINT32_MAX: nothing */
    uint32_t limit;           /* the denies: no way without a circle is longer */
    uint32_t circle;          /* a part on a circle, or behind one; UINT32_MAX: there is none */
};

static bool is_others(const struct raising *r, uint32_t part) {
    return part >= r->scoped;
}

static bool has_spares(const struct raising *r, uint32_t part) {
    const struct fr_scoped *p = &r->parts[part];
    if (is_others(r, part))
        return true;
    return p->deny != 0 && fr_vec_at(&r->plan->policy->flows, struct fr_flow, p->flow)->spares != 0;
}

/* What a deny is to an allow: it goes before it, behind it, or anywhere. */
enum relation { APART, TAKES, SPARES };

static bool spares(const struct raising *r, uint32_t deny, uint32_t allow) {
    return is_others(r, deny) || fr_part_is_spared(r->plan, &r->parts[deny], &r->parts[allow]);
}

/* Others are told by an allow that holds them too: their deny takes them from it, and no more. */
static enum relation relation(const struct raising *r, uint32_t deny, uint32_t allow) {
    if (is_others(r, deny) &&
        fr_vec_at(&r->plan->others, struct fr_others, deny - r->scoped)->allow == allow)
        return TAKES;
    if (!parts_may_meet(r->plan, &r->parts[deny], &r->parts[allow]))
        return APART;
    return spares(r, deny, allow) ? SPARES : TAKES;
}

static bool raise(struct raising *r, uint32_t part, uint32_t phase, uint32_t by) {
    if (r->parts[part].phase >= phase)
        return false;
    r->parts[part].phase = phase;
    r->by[part] = by;
    if (phase > r->limit)
        r->circle = part;
    return true;
}

/* Holds a deny against every allow: behind those that it spares, not behind the others. */
static bool settle(struct raising *r, uint32_t deny) {
    bool changed = false, some = has_spares(r, deny);
    for (uint32_t i = 0; some && i < r->count; i++)
        if (!r->parts[i].deny && r->parts[i].phase + 1 > r->parts[deny].phase &&
            relation(r, deny, i) == SPARES)
            changed = raise(r, deny, r->parts[i].phase + 1, i) || changed;
    for (uint32_t i = 0; i < r->count; i++)
        if (!r->parts[i].deny && !r->parts[i].cut && r->parts[i].phase < r->parts[deny].phase &&
            relation(r, deny, i) == TAKES)
            changed = raise(r, i, r->parts[deny].phase, deny) || changed;
    return changed;
}

static void find_phases(struct raising *r) {
    bool changed = true;
    r->circle = UINT32_MAX;
    for (uint32_t i = 0; i < r->count; i++) {
        r->parts[i].phase = 0;
        r->by[i] = UINT32_MAX;
    }
    while (changed && r->circle == UINT32_MAX) {
        changed = false;
        for (uint32_t i = 0; i < r->count && r->circle == UINT32_MAX; i++)
            if (r->parts[i].deny)
                changed = settle(r, i) || changed;
    }
}

/*
 * The same without a circle, from the parts that a part stands behind to itself: each pair is
 * looked at once or twice, where the above goes over all of them until nothing changes.
 */
struct visiting {
    struct raising *r;
    uint8_t *state;  /* of each part */
    uint32_t *next;  /* of each part: the next one of the list to look at */
    uint32_t *stack; /* of parts */
    size_t depth;
    uint32_t *denies, *allows; /* those with spares, and all */
    size_t deny_count, allow_count;
};

enum { NEW, OPEN, DONE };

/* Does a part stand behind another, a deny with spares or an allow, if they may meet? */
static bool follows(const struct raising *r, uint32_t part, uint32_t other) {
    uint32_t deny = r->parts[part].deny ? part : other, allow = deny == part ? other : part;
    if (!is_others(r, deny) && !fr_reaches_meet(&r->reaches[deny], &r->reaches[allow]))
        return false;
    return relation(r, deny, allow) == (deny == part ? SPARES : TAKES);
}

/* Goes on with the part on top of the stack; false where that leads in a circle. */
static bool visit_next(struct visiting *v) {
    struct raising *r = v->r;
    uint32_t part = v->stack[v->depth - 1];
    bool deny = r->parts[part].deny;
    const uint32_t *list = deny ? v->allows : v->denies;
    size_t count = deny ? v->allow_count : v->deny_count;
    for (uint32_t *i = &v->next[part]; *i < count; ++*i) {
        uint32_t other = list[*i];
        if (v->state[other] == DONE && r->parts[other].phase + deny <= r->parts[part].phase)
            continue;
        if (!follows(r, part, other))
            continue;
        if (v->state[other] == OPEN)
            return false;
        if (v->state[other] == NEW) {
            v->state[other] = OPEN;
            v->stack[v->depth++] = other;
            return true;
        }
        r->parts[part].phase = r->parts[other].phase + deny;
    }
    v->state[part] = DONE;
    v->depth--;
    return true;
}

static bool visit_all(struct visiting *v) {
    struct raising *r = v->r;
    for (uint32_t i = 0; i < r->count; i++) {
        r->reaches[i] = reach_of(r->plan, &r->parts[i]);
        r->parts[i].phase = 0;
        v->state[i] = r->parts[i].cut ? DONE : NEW;
        v->next[i] = 0;
        if (!r->parts[i].deny)
            v->allows[v->allow_count++] = i;
        else if (has_spares(r, i))
            v->denies[v->deny_count++] = i;
        else
            v->state[i] = DONE;
    }
    for (uint32_t i = 0; i < r->count; i++) {
        if (v->state[i] != NEW)
            continue;
        v->state[i] = OPEN;
        v->stack[v->depth++] = i;
        while (v->depth > 0)
            if (!visit_next(v))
                return false;
    }
    return true;
}

/* Finds the phases, or a circle. */
static flowrules_status find_order(struct raising *r) {
    const struct fr_allocator *allocator = &r->plan->context->allocator;
    uint32_t *numbers = fr_malloc(allocator, 4 * r->count * sizeof *numbers);
    struct visiting v = {.r = r, .state = fr_malloc(allocator, r->count)};
    bool good = numbers != NULL && v.state != NULL, found = false;
    if (good) {
        v.next = numbers;
        v.stack = numbers + r->count;
        v.denies = numbers + 2 * r->count;
        v.allows = numbers + 3 * r->count;
        found = visit_all(&v);
    }
    fr_free(allocator, numbers);
    fr_free(allocator, v.state);
    r->circle = UINT32_MAX;
    if (good && !found)
        find_phases(r);
    return good ? FLOWRULES_OK : fr_no_memory(r->plan->context);
}

/* ---- circles ------------------------------------------------------------------------------- */

/* A part that is on the circle: going back from one behind it long enough ends there. */
static uint32_t enter_circle(const struct raising *r) {
    uint32_t part = r->circle;
    for (size_t i = 0; i < r->count; i++)
        part = r->by[part];
    return r->parts[part].deny ? part : r->by[part];
}

static const char *name_of(const struct raising *r, uint32_t part) {
    return FR_POLICY_TEXT(
        r->plan->policy,
        fr_vec_at(&r->plan->policy->flows, struct fr_flow, r->parts[part].flow)->name);
}

/* "'a' spares 'b', which 'c' denies, and 'c' spares 'd', which 'a' denies"; NULL: no memory. */
static const char *describe_circle(const struct raising *r, uint32_t first) {
    const char *text = "";
    uint32_t deny = first;
    do {
        uint32_t allow = r->by[deny], next = r->by[allow];
        text = fr_arena_printf(r->plan->arena, "%s%s'%s' spares '%s', which '%s' denies", text,
                               deny == first ? "" : ", and ", name_of(r, deny), name_of(r, allow),
                               name_of(r, next));
        deny = next;
    } while (text != NULL && deny != first);
    return text;
}

/* Can an allow be told without the denies that it meets, as addresses? */
static bool can_be_cut(const struct raising *r, uint32_t allow) {
    if (r->plan->can->lookup || r->parts[allow].but != FR_SERVICE_ANY)
        return false;
    for (uint32_t i = 0; i < r->scoped; i++)
        if (r->parts[i].deny && !fr_part_is_spared(r->plan, &r->parts[i], &r->parts[allow]) &&
            !can_be_without(r->plan, &r->parts[allow], &r->parts[i]))
            return false;
    return true;
}

/* Cuts an allow of the circle: its rules then hold none of what is denied. */
static bool cut_circle(const struct raising *r, uint32_t first) {
    uint32_t deny = first;
    do {
        uint32_t allow = r->by[deny];
        if (can_be_cut(r, allow)) {
            r->parts[allow].cut = 1;
            return true;
        }
        deny = r->by[allow];
    } while (deny != first);
    return false;
}

/* The deny of others that is on a circle, or UINT32_MAX. */
static uint32_t others_on_circle(const struct raising *r, uint32_t first) {
    uint32_t deny = first;
    do {
        if (is_others(r, deny))
            return deny;
        deny = r->by[r->by[deny]];
    } while (deny != first);
    return UINT32_MAX;
}

static flowrules_status refuse_others(const struct raising *r, uint32_t deny) {
    const char *why = fr_arena_printf(
        r->plan->arena,
        "it has all protocols except a few, which needs a deny of these before a permit of any; no "
        "order of rules is correct for both this flow and '%s'\n"
        "exclude the same protocols in both flows, or give them no common addresses",
        name_of(r, r->by[deny]));
    if (why == NULL)
        return fr_no_memory(r->plan->context);
    fr_plan_refuse(r->plan, r->parts[deny].flow, fr_why_told(r->plan->arena, why));
    return FLOWRULES_OK;
}

static flowrules_status refuse_circle(const struct raising *r, uint32_t deny) {
    if (others_on_circle(r, deny) != UINT32_MAX)
        return refuse_others(r, others_on_circle(r, deny));
    const char *circle = describe_circle(r, deny);
    if (circle == NULL)
        return fr_no_memory(r->plan->context);
    fr_plan_refuse(r->plan, r->parts[deny].flow, fr_because(r->plan->arena, FR_WHY_CIRCLE, circle));
    return FLOWRULES_OK;
}

static flowrules_status order_parts(struct raising *r) {
    FR_TRY(find_order(r));
    while (r->circle != UINT32_MAX) {
        uint32_t deny = enter_circle(r);
        r->plan->circular = true;
        if (!has_order(r->plan))
            return FLOWRULES_OK;
        if (!cut_circle(r, deny))
            return refuse_circle(r, deny);
        FR_TRY(find_order(r));
    }
    return FLOWRULES_OK;
}

/* ---- where a deny beats every allow -------------------------------------------------------- */

/* There a deny is told without what it spares, which names and groups can't be. */
static flowrules_status check_first(struct raising *r) {
    for (uint32_t d = 0; d < r->scoped; d++)
        for (uint32_t a = 0; has_spares(r, d) && a < r->count; a++) {
            if (r->parts[a].deny || !fr_part_is_spared(r->plan, &r->parts[d], &r->parts[a]) ||
                can_be_without(r->plan, &r->parts[d], &r->parts[a]))
                continue;
            fr_plan_refuse(r->plan, r->parts[d].flow,
                           fr_because(r->plan->arena, FR_WHY_DENY_FIRST, name_of(r, a)));
        }
    return FLOWRULES_OK;
}

/* ---- all parts ----------------------------------------------------------------------------- */

static flowrules_status order_plan(struct raising *r) {
    FR_TRY(order_parts(r));
    if (r->plan->can->denies == FLOWRULES_DENIES_FIRST)
        FR_TRY(check_first(r));
    for (uint32_t i = 0; i < r->count && r->circle == UINT32_MAX; i++)
        if (r->parts[i].phase >= r->plan->phases)
            r->plan->phases = r->parts[i].phase + 1;
    return FLOWRULES_OK;
}

/* Lists the denies of others, which are parts behind those in scope. */
static flowrules_status list_others(flowrules_plan *plan) {
    for (uint32_t i = 0; i < plan->scoped.count; i++) {
        struct fr_others *slot = NULL;
        if (fr_vec_at(&plan->scoped, struct fr_scoped, i)->but == FR_SERVICE_ANY)
            continue;
        slot = fr_vec_push(&plan->others);
        if (slot == NULL)
            return fr_no_memory(plan->context);
        *slot = (struct fr_others){i, 0};
    }
    return FLOWRULES_OK;
}

/* The parts in scope have their phases in place, the others get theirs. */
static void keep_phases(struct raising *r) {
    flowrules_plan *plan = r->plan;
    for (size_t i = 0; i < r->scoped; i++)
        *fr_vec_at(&plan->scoped, struct fr_scoped, i) = r->parts[i];
    for (size_t i = 0; i < plan->others.count; i++)
        fr_vec_at(&plan->others, struct fr_others, i)->phase = r->parts[r->scoped + i].phase;
}

static bool start_raising(struct raising *r) {
    flowrules_plan *plan = r->plan;
    const struct fr_allocator *allocator = &plan->context->allocator;
    r->scoped = plan->scoped.count;
    r->count = r->scoped + plan->others.count;
    r->parts = fr_malloc(allocator, (r->count + 1) * sizeof *r->parts);
    r->by = fr_malloc(allocator, (r->count + 1) * sizeof *r->by);
    r->reaches = fr_malloc(allocator, (r->count + 1) * sizeof *r->reaches);
    if (r->parts == NULL || r->by == NULL || r->reaches == NULL)
        return false;
    for (size_t i = 0; i < r->count; i++) {
        r->parts[i] =
            i < r->scoped
                ? *fr_vec_at(&plan->scoped, struct fr_scoped, i)
                : fr_others_part(plan, fr_vec_at(&plan->others, struct fr_others, i - r->scoped));
        r->limit += r->parts[i].deny;
    }
    return true;
}

static void end_raising(struct raising *r) {
    const struct fr_allocator *allocator = &r->plan->context->allocator;
    fr_free(allocator, r->parts);
    fr_free(allocator, r->by);
    fr_free(allocator, r->reaches);
}

flowrules_status fr_plan_phases(flowrules_plan *plan) {
    struct raising r = {.plan = plan};
    bool spare = false;
    plan->phases = 1;
    FR_TRY(list_others(plan));
    for (uint32_t i = 0; i < plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        spare = spare || (part->deny != 0 &&
                          fr_vec_at(&plan->policy->flows, struct fr_flow, part->flow)->spares != 0);
    }
    if (!spare && plan->others.count == 0)
        return FLOWRULES_OK;
    flowrules_status status = start_raising(&r) ? order_plan(&r) : fr_no_memory(plan->context);
    if (status == FLOWRULES_OK)
        keep_phases(&r);
    end_raising(&r);
    return status;
}
