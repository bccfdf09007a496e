/*
 * What devices let pass, in the terms that assertions are decided in: names have the addresses of
 * the lock file, groups those that the policy says, and what is left is in doubt where it matters.
 */
#include "assert_running.h"

#include <string.h>

#include "transfer.h"

/* ---- life ---------------------------------------------------------------------------------- */

bool fr_running_sees_pods(const flowrules_plan *plan) {
    const struct flowrules_capabilities *can = &plan->backend->capabilities;
    return can->pod_groups && !can->implicit_end;
}

flowrules_status fr_running_init(struct fr_running *r, struct fr_asserting *a,
                                 const flowrules_meaning *devices, flowrules_plan **plans,
                                 size_t plan_count) {
    const struct fr_allocator *allocator = &a->context->allocator;
    *r = (struct fr_running){.a = a,
                             .devices = devices,
                             .plans = plans,
                             .plan_count = plan_count,
                             .pods = fr_running_sees_pods(plans[0])};
    fr_vec_init(&r->meant, allocator, sizeof(fr_set));
    fr_map_init(&r->known, allocator);
    for (size_t d = 0; d < FR_DIRECTIONS; d++)
        r->decided[d] = fr_meaning_is_path(devices) ? devices->enforced[d] : plans[0]->enforces[d];
    FR_TRY(fr_meaning_new(&r->m, a->context));
    for (size_t i = 0; i <= FR_RUNNING_FORMS; i++)
        fr_reading_init(&r->forms[i], r->m);
    FR_TRY(fr_meaning_new(&r->none, a->context));
    r->m->backend = r->none->backend = devices->backend;
    r->m->names_apart = !r->pods; /* a name may have addresses of the other family alone */
    FR_TRY(fr_input_init(&r->in, r->m));
    r->in.backend = plans[0]->backend;
    r->in.plan = plans[0];
    return FLOWRULES_OK;
}

void fr_running_free(struct fr_running *r) {
    if (r->in.meaning != NULL)
        fr_input_free(&r->in);
    for (size_t i = 0; r->m != NULL && i <= FR_RUNNING_FORMS; i++)
        fr_reading_free(&r->forms[i]);
    fr_vec_free(&r->meant);
    fr_map_free(&r->known);
    flowrules_meaning_free(r->m);
    flowrules_meaning_free(r->none);
}

/* ---- sets of the policy -------------------------------------------------------------------- */

/* The network of the policy that an atom is; false: it is of a file of another owner. */
static bool network_of(const struct fr_running *r, uint32_t atom, uint32_t *network) {
    const struct fr_view *view = &r->a->view;
    const char *name = fr_vec_at(&view->atoms, struct flowrules_atom, atom)->name;
    fr_string word = fr_strings_find(&view->policy->strings, name, strlen(name));
    uint32_t own;
    return word != 0 && !fr_set_has_atom(&view->sets, r->a->hollow, atom) &&
           fr_map_get(&view->policy->network_by_name, word, network) &&
           fr_map_get(&view->atom_of[FLOWRULES_ATOM_GROUP], *network + 1, &own) && own == atom;
}

/* A network in the words of the first target whose platform has some for it; else of none. */
static const flowrules_plan *plan_for(const struct fr_running *r, uint32_t network) {
    const struct fr_network *n = fr_vec_at(&r->a->policy->networks, struct fr_network, network);
    for (size_t i = 0; i < r->plan_count; i++)
        if (fr_view_is_bound(r->plans[i]->view, n))
            return r->plans[i];
    return NULL;
}

static fr_set group_of(struct fr_running *r, uint32_t atom) {
    const char *name = fr_vec_at(&r->a->view.atoms, struct flowrules_atom, atom)->name;
    uint32_t network;
    struct fr_end end = {FR_SET_NONE, 0};
    if (network_of(r, atom, &network)) {
        const flowrules_plan *plan = plan_for(r, network);
        plan = plan == NULL ? r->plans[0] : plan;
        if (fr_view_network(plan->view, network, &end) != FLOWRULES_OK)
            return FR_SET_NONE;
        return fr_input_translate(&r->in, plan, end.set).id;
    }
    const char *value = fr_arena_printf(&r->m->arena, "%u %s", (unsigned)atom, name);
    const struct flowrules_group_key key = {"group", NULL, value};
    return value == NULL ? FR_SET_NONE : fr_meaning_atom_set(r->m, fr_meaning_group(r->m, &key, 1));
}

/* The listed names and groups of a set. */
static fr_set atoms_of(struct fr_running *r, const struct fr_set_head *head) {
    fr_set sum = FR_SET_EMPTY;
    for (uint32_t i = 0; i < head->atoms; i++) {
        uint32_t number = fr_set_atoms(head)[i];
        const struct flowrules_atom *atom =
            fr_vec_at(&r->a->view.atoms, struct flowrules_atom, number);
        fr_set own = atom->kind == FLOWRULES_ATOM_GROUP
                         ? group_of(r, number)
                         : fr_meaning_atom_set(r->m, fr_meaning_name(r->m, atom->kind, atom->name));
        r->m->sets.failed = r->m->sets.failed || own == FR_SET_NONE;
        if (r->m->sets.failed)
            return FR_SET_NONE;
        sum = fr_set_union(&r->m->sets, sum, own);
    }
    return sum;
}

/* All names and groups that there are here, but some. */
static fr_set all_atoms_but(struct fr_running *r, fr_set but) {
    struct fr_sets *sets = &r->m->sets;
    if (r->pods)
        return fr_set_subtract(sets, fr_meaning_all_atoms(r->m), but);
    for (uint32_t i = 0; i < r->m->atoms.count; i++)
        fr_builder_atom(&r->m->builder, i);
    return fr_set_subtract(sets, fr_builder_finish(&r->m->builder, sets), but);
}

static fr_set translate(struct fr_running *r, fr_set set) {
    struct fr_sets *sets = &r->m->sets;
    const struct fr_set_head *head = fr_set_head(&r->a->view.sets, set);
    fr_set atoms = atoms_of(r, head);
    struct flowrules_set view = {&r->a->view.sets, set};
    if (sets->failed)
        return FR_SET_NONE;
    if (head->all_atoms != 0)
        atoms = all_atoms_but(r, atoms);
    for (int f = 0; f < 2; f++)
        for (size_t i = 0; i < flowrules_set_range_count(view, (enum flowrules_family)f); i++) {
            struct flowrules_range range = flowrules_set_range(view, (enum flowrules_family)f, i);
            fr_builder_range(&r->m->builder, &range);
        }
    return fr_set_union(sets, atoms, fr_builder_finish(&r->m->builder, sets));
}

fr_set fr_running_set(struct fr_running *r, fr_set set) {
    uint32_t known;
    if (set == FR_SET_ANY || set == FR_SET_EMPTY || r->m->sets.failed || set == FR_SET_NONE)
        return set;
    if (fr_map_get(&r->known, set + 1, &known))
        return known - 1;
    fr_set own = translate(r, set);
    r->m->sets.failed = r->m->sets.failed || r->in.failed || own == FR_SET_NONE ||
                        !fr_map_put(&r->known, set + 1, own + 1);
    return own;
}

struct fr_running_bounds fr_running_bounds_of(struct fr_running *r, const struct fr_bounds *of) {
    fr_set sure = fr_set_subtract(&r->a->view.sets, of->sure, r->a->hollow);
    r->m->sets.failed = r->m->sets.failed || sure == FR_SET_NONE;
    return (struct fr_running_bounds){fr_running_set(r, sure), fr_running_set(r, of->maybe),
                                      fr_running_set(r, of->parts)};
}

/* ---- what names and groups of the devices are ---------------------------------------------- */

/* Is a set exactly one name or group? */
static bool is_atom(const struct fr_running *r, fr_set set, uint32_t *atom) {
    const struct fr_set_head *head = fr_set_head(&r->m->sets, set);
    bool one = set != FR_SET_ANY && head->all_atoms == 0 && head->atoms == 1 && head->count4 == 0 &&
               head->count6 == 0;
    if (one)
        *atom = fr_set_atoms(head)[0];
    return one;
}

/* A network that is a group of the platform, and addresses: the group has these. */
static flowrules_status mean_network(struct fr_running *r, const flowrules_plan *plan,
                                     uint32_t network) {
    struct fr_end group, members;
    uint32_t atom;
    FR_TRY(fr_view_network(plan->view, network, &group));
    fr_set own = fr_input_translate(&r->in, plan, group.set).id;
    FR_TRY(fr_view_network(&r->a->view, network, &members));
    if (r->in.failed || r->m->sets.failed)
        return fr_no_memory(r->a->context);
    if (!is_atom(r, own, &atom))
        return FLOWRULES_OK;
    fr_set addresses = fr_running_set(r, members.set);
    size_t missing = atom < r->meant.count ? 0 : atom + 1 - r->meant.count;
    if (!fr_vec_reserve(&r->meant, missing))
        return fr_no_memory(r->a->context);
    while (r->meant.count <= atom)
        *(fr_set *)fr_vec_add(&r->meant) = FR_SET_NONE;
    fr_set *slot = fr_vec_at(&r->meant, fr_set, atom);
    *slot = *slot == FR_SET_NONE ? addresses : fr_set_union(&r->m->sets, *slot, addresses);
    return fr_meaning_memory(r->m);
}

static flowrules_status mean_networks(struct fr_running *r) {
    const struct fr_vec *networks = &r->a->policy->networks;
    for (size_t p = 0; p < r->plan_count && !r->pods; p++)
        for (uint32_t i = 0; i < networks->count; i++) {
            const struct fr_network *network = fr_vec_at(networks, struct fr_network, i);
            if (network->members.count > 0 && fr_view_is_bound(r->plans[p]->view, network))
                FR_TRY(mean_network(r, r->plans[p], i));
        }
    return FLOWRULES_OK;
}

static void add_pins(struct fr_running *r, const struct fr_locked_name *entry) {
    for (uint32_t i = 0; entry != NULL && i < entry->count; i++) {
        const struct fr_pin *pin =
            fr_vec_at(&r->a->policy->lock.pins, struct fr_pin, entry->first + i);
        struct flowrules_range range = {pin->family, pin->ip, pin->ip};
        fr_builder_range(&r->m->builder, &range);
    }
}

/* Adds what a name or group of a device is: as flows of the policy are read. */
static void settle(void *user, uint32_t number) {
    struct fr_running *r = user;
    const struct flowrules_atom *atom = fr_vec_at(&r->m->atoms, struct flowrules_atom, number);
    const struct fr_lock *lock = &r->a->policy->lock;
    const struct fr_locked_name *entry =
        atom->kind == FLOWRULES_ATOM_NAME ? fr_lock_find(lock, atom->name) : NULL;
    fr_set meant = number < r->meant.count ? *fr_vec_at(&r->meant, fr_set, number) : FR_SET_NONE;
    if (entry != NULL && entry->count > 0) {
        add_pins(r, entry);
        return;
    }
    for (size_t i = 0; atom->kind == FLOWRULES_ATOM_WILDCARD && i < lock->names.count; i++) {
        const struct fr_locked_name *below = fr_vec_at(&lock->names, struct fr_locked_name, i);
        if (fr_name_is_below(fr_strings_text(&lock->strings, below->name), atom->name))
            add_pins(r, below);
    }
    if (meant != FR_SET_NONE)
        fr_builder_set(&r->m->builder, &r->m->sets, meant);
    else
        fr_builder_atom(&r->m->builder, number);
}

/* ---- moving -------------------------------------------------------------------------------- */

struct moving {
    struct fr_running *r;
    struct fr_transfer transfer;
    struct fr_vec moved; /* uint32_t: where each clause of a list is now, and the end of it */
    bool blocks;         /* what the devices block is to pass */
};

/* A set with the parts of what it has whole: one may be a part of another before it. */
static fr_set with_cuts(struct fr_running *r, fr_set own) {
    for (size_t i = 0; own != FR_SET_ANY && i < r->a->cuts.count; i++) {
        const struct fr_cut *cut = fr_vec_at(&r->a->cuts, struct fr_cut, i);
        fr_set whole = fr_running_set(r, cut->whole);
        fr_builder_atom(&r->a->view.builder, cut->atom);
        fr_set part = fr_builder_finish(&r->a->view.builder, &r->a->view.sets);
        if (!r->m->sets.failed && fr_set_covers(&r->m->sets, own, whole))
            own = fr_set_union(&r->m->sets, own, fr_running_set(r, part));
    }
    return own;
}

/* A set of the devices; what all but a name is lacks the addresses of the name. */
static fr_set move_set(struct moving *v, fr_set set) {
    struct fr_running *r = v->r;
    const struct fr_set_head *head = fr_set_head(&v->transfer.from->sets, set);
    fr_set own = fr_transfer_set(&v->transfer, set);
    if (set == FR_SET_ANY || own == FR_SET_NONE || head->all_atoms == 0 || head->atoms == 0)
        return own == FR_SET_NONE ? own : with_cuts(r, own);
    for (uint32_t i = 0; i < head->atoms; i++) {
        uint32_t atom = fr_transfer_atom(r->m, v->transfer.from, fr_set_atoms(head)[i]);
        if (atom == UINT32_MAX)
            return FR_SET_NONE;
        settle(r, atom);
    }
    return fr_set_subtract(&r->m->sets, own, fr_builder_finish(&r->m->builder, &r->m->sets));
}

static bool has_atoms(const struct fr_running *r, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&r->m->sets, set);
    return head->atoms > 0 || head->all_atoms != 0;
}

/* A set with all that it may have beside what is known. */
static fr_set widest(struct fr_running *r, fr_set own) {
    if (own == FR_SET_NONE || has_atoms(r, own))
        return own == FR_SET_NONE ? own : FR_SET_ANY;
    return fr_set_union(&r->m->sets, own, all_atoms_but(r, FR_SET_EMPTY));
}

static fr_string keep_doubt(struct moving *v, fr_string doubt) {
    const struct fr_strings *from = &v->transfer.from->strings;
    return doubt == 0 ? 0
                      : fr_strings_add(&v->r->m->strings, fr_strings_text(from, doubt),
                                       fr_strings_length(from, doubt));
}

static bool push_clause(struct fr_stage *stage, const struct fr_clause *clause) {
    struct fr_clause *slot = fr_vec_push(&stage->clauses);
    if (slot != NULL)
        *slot = *clause;
    return slot != NULL;
}

/* Has a set addresses of a family alone? */
static bool is_of_family(const struct fr_running *r, fr_set set, enum flowrules_family family) {
    const struct fr_set_head *head = fr_set_head(&r->m->sets, set);
    return set != FR_SET_NONE && head->all_atoms == 0 && head->atoms == 0 &&
           (family == FLOWRULES_IPV4 ? head->count6 : head->count4) == 0;
}

/* Whatever the addresses of names are, they are among all addresses, but not among one family's. */
static void settle_ends(const struct moving *v, struct fr_clause *clause) {
    struct fr_running *r = v->r;
    fr_set *ends[2] = {&clause->source, &clause->destination};
    enum flowrules_family family = (clause->families & FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4)) != 0
                                       ? FLOWRULES_IPV4
                                       : FLOWRULES_IPV6;
    bool both = clause->families == FLOWRULES_BOTH_FAMILIES ||
                is_of_family(r, clause->source, family) ||
                is_of_family(r, clause->destination, family);
    for (unsigned e = 0; e < 2 && r->a->uncertain && !r->pods; e++) {
        struct flowrules_set view = {&r->m->sets, *ends[e]};
        if (*ends[e] == FR_SET_NONE)
            return;
        if (!both)
            *ends[e] = fr_set_family(&r->m->sets, *ends[e], family);
        else if (flowrules_set_is_all(view, FLOWRULES_IPV4) &&
                 flowrules_set_is_all(view, FLOWRULES_IPV6))
            *ends[e] = FR_SET_ANY;
    }
}

/* Adds a clause, and as one in doubt what it may match beside it. */
static flowrules_status move_clause(struct moving *v, const struct fr_clause *from,
                                    struct fr_stage *stage) {
    struct fr_running *r = v->r;
    struct fr_clause clause = *from;
    clause.file++; /* behind that of the filter */
    clause.source = move_set(v, from->source);
    clause.destination = move_set(v, from->destination);
    for (unsigned e = 0; e < 2; e++)
        clause.interfaces[e] = fr_transfer_set(&v->transfer, from->interfaces[e]);
    clause.service = fr_transfer_service(&v->transfer, from->service);
    clause.name = clause.comment = clause.expires = 0;
    clause.flow = FR_NO_FLOW;
    clause.doubt = keep_doubt(v, from->doubt);
    settle_ends(v, &clause);
    if (r->m->sets.failed || (from->doubt != 0 && clause.doubt == 0) ||
        !push_clause(stage, &clause))
        return fr_no_memory(r->a->context);
    struct fr_clause twin = clause;
    twin.source = widest(r, clause.source);
    twin.destination = widest(r, clause.destination);
    twin.doubt = clause.doubt == 0 ? r->unsure : clause.doubt;
    if (clause.doubt == 0 && !has_atoms(r, clause.source) && !has_atoms(r, clause.destination)) {
        twin.file = UINT32_MAX; /* any rule about addresses is as much in doubt */
        twin.line = 0;
    }
    if (!r->a->uncertain || clause.effect == FR_OUTSIDE ||
        (twin.source == clause.source && twin.destination == clause.destination))
        return fr_meaning_memory(r->m);
    return push_clause(stage, &twin) ? fr_meaning_memory(r->m) : fr_no_memory(r->a->context);
}

/* Of what is to pass where the devices block: each list leads to the next, the last one blocks. */
static void turn(const struct moving *v, struct fr_clause *clause, bool last, uint32_t next) {
    if (!v->blocks)
        return;
    if (clause->effect == FR_BLOCK) {
        clause->effect = FR_PASS;
    } else if (clause->effect == FR_PASS) {
        clause->effect = last ? FR_BLOCK : FR_SKIP;
        clause->skip_to = next;
    }
}

static flowrules_status move_stage(struct moving *v, const struct fr_stage *from,
                                   struct fr_stage *stage, bool last) {
    uint32_t first = (uint32_t)stage->clauses.count;
    size_t count = from->clauses.count;
    v->moved.count = 0;
    if (!fr_vec_reserve(&v->moved, count + 1))
        return fr_no_memory(v->r->a->context);
    for (size_t i = 0; i < count; i++) {
        const struct fr_clause *clause = fr_vec_at(&from->clauses, struct fr_clause, i);
        *(uint32_t *)fr_vec_add(&v->moved) = (uint32_t)stage->clauses.count;
        if ((clause->packets & FLOWRULES_NEW) != 0)
            FR_TRY(move_clause(v, clause, stage));
    }
    uint32_t end = (uint32_t)stage->clauses.count;
    *(uint32_t *)fr_vec_add(&v->moved) = end;
    for (uint32_t i = first; i < end; i++) {
        struct fr_clause *clause = fr_vec_at(&stage->clauses, struct fr_clause, i);
        if (clause->effect == FR_SKIP)
            clause->skip_to = *fr_vec_at(&v->moved, uint32_t, clause->skip_to);
        else
            turn(v, clause, last, end);
    }
    return FLOWRULES_OK;
}

static struct fr_stage *begin_stage(flowrules_meaning *m, enum flowrules_direction direction,
                                    uint32_t hop) {
    m->open[direction] = true;
    struct fr_stage *stage = fr_meaning_stage(m, direction);
    if (stage != NULL)
        stage->hop = hop;
    return stage;
}

/* Everything is blocked that comes here. */
static bool block_rest(struct fr_stage *stage) {
    const struct fr_clause all = FR_CLAUSE_OF_ALL(FR_BLOCK);
    return stage != NULL && push_clause(stage, &all);
}

static flowrules_status move_direction(struct moving *v, enum flowrules_direction direction) {
    flowrules_meaning *m = v->r->m;
    const struct fr_vec *stages = &v->r->devices->stages[direction];
    bool path = fr_meaning_is_path(v->r->devices);
    struct fr_stage *stage = v->blocks ? begin_stage(m, direction, 1) : NULL;
    for (size_t i = 0; i < stages->count; i++) {
        const struct fr_stage *from = *fr_vec_at(stages, struct fr_stage *, i);
        if (!v->blocks)
            stage = begin_stage(m, direction, 1 + (path ? from->hop : 0));
        if (stage == NULL)
            return fr_no_memory(m->context);
        FR_TRY(move_stage(v, from, stage, i + 1 == stages->count));
    }
    return v->blocks && !block_rest(stage) ? fr_no_memory(m->context) : FLOWRULES_OK;
}

static flowrules_status move_doubts(struct moving *v) {
    const struct fr_vec *doubts = &v->r->devices->doubts;
    flowrules_meaning *m = v->r->m;
    for (size_t i = 0; i < doubts->count; i++) {
        struct fr_doubt doubt = *fr_vec_at(doubts, struct fr_doubt, i);
        struct fr_doubt *slot = fr_vec_push(&m->doubts);
        if (slot == NULL)
            return fr_no_memory(m->context);
        doubt.file++;
        *slot = doubt;
    }
    return FLOWRULES_OK;
}

static flowrules_status move_form(struct moving *v, enum fr_running_form form) {
    flowrules_meaning *m = v->r->m;
    flowrules_status status = FLOWRULES_OK;
    v->blocks = form == FR_RUNNING_BLOCKS;
    for (int d = 0; d < (int)FR_DIRECTIONS && status == FLOWRULES_OK; d++) {
        if (!v->r->decided[d])
            continue;
        if (begin_stage(m, (enum flowrules_direction)d, 0) == NULL)
            status = fr_no_memory(m->context);
        else if (form != FR_RUNNING_ALL)
            status = move_direction(v, (enum flowrules_direction)d);
    }
    if (status == FLOWRULES_OK && form != FR_RUNNING_ALL)
        status = move_doubts(v);
    fr_reading_swap(&v->r->forms[form], m);
    return status;
}

static bool push_text(struct fr_vec *list, const char *text) {
    const char **slot = fr_vec_push(list);
    if (slot != NULL)
        *slot = text;
    return slot != NULL;
}

/* The filter is the first device, with a file of its own. */
static flowrules_status name_devices(struct fr_running *r) {
    const flowrules_meaning *devices = r->devices;
    bool good = push_text(&r->m->files, "") && push_text(&r->m->hops, "");
    for (size_t i = 0; i < devices->files.count; i++)
        good = good && push_text(&r->m->files, *fr_vec_at(&devices->files, const char *, i));
    for (size_t i = 0; i < devices->hops.count; i++)
        good = good && push_text(&r->m->hops, *fr_vec_at(&devices->hops, const char *, i));
    if (!fr_meaning_is_path(devices))
        good = good && push_text(&r->m->hops, r->plans[0]->name);
    for (int d = 0; d < (int)FR_DIRECTIONS; d++) {
        r->m->enforced[d] = r->decided[d];
        if (r->decided[d])
            good = good && block_rest(begin_stage(r->none, (enum flowrules_direction)d, 0));
    }
    return good ? FLOWRULES_OK : fr_no_memory(r->a->context);
}

/* Is there a name, or a group that is not known to be apart from addresses? */
static bool is_uncertain(const struct fr_running *r) {
    bool uncertain = false;
    uint32_t network;
    for (size_t i = 0; i < r->m->atoms.count; i++) {
        const struct flowrules_atom *atom = fr_vec_at(&r->m->atoms, struct flowrules_atom, i);
        uncertain = uncertain || !r->pods || atom->kind != FLOWRULES_ATOM_GROUP;
    }
    for (uint32_t i = 0; i < r->a->view.atoms.count; i++) {
        const struct flowrules_atom *atom = fr_vec_at(&r->a->view.atoms, struct flowrules_atom, i);
        uncertain = uncertain || !r->pods || atom->kind != FLOWRULES_ATOM_GROUP ||
                    !network_of(r, i, &network) || plan_for(r, network) == NULL;
    }
    return uncertain;
}

/* All names and groups are there before any set is told that has "all" of them. */
static flowrules_status know_atoms(struct fr_running *r) {
    const flowrules_meaning *devices = r->devices;
    for (uint32_t i = 0; i < devices->atoms.count; i++)
        if (fr_transfer_atom(r->m, devices, i) == UINT32_MAX)
            return fr_no_memory(r->a->context);
    for (uint32_t i = 0; i < r->a->view.atoms.count; i++) {
        fr_builder_atom(&r->a->view.builder, i);
        fr_running_set(r, fr_builder_finish(&r->a->view.builder, &r->a->view.sets));
    }
    FR_TRY(mean_networks(r));
    return r->in.failed ? fr_no_memory(r->a->context) : fr_meaning_memory(r->m);
}

/* What the targets let pass beside their flows. */
static flowrules_status read_baselines(struct fr_running *r) {
    for (size_t i = 0; i < r->plan_count; i++) {
        r->in.backend = r->plans[i]->backend;
        r->in.plan = r->plans[i];
        if (r->in.backend->baseline != NULL)
            r->in.backend->baseline(r->plans[i], &r->in);
    }
    r->in.backend = r->plans[0]->backend;
    r->in.plan = r->plans[0];
    fr_reading_swap(&r->forms[FR_RUNNING_BASELINE], r->m);
    return r->in.failed ? fr_no_memory(r->a->context) : fr_meaning_memory(r->m);
}

flowrules_status fr_running_move(struct fr_running *r) {
    static const char text[] = "it depends on the addresses of names or groups";
    struct moving v = {.r = r};
    FR_TRY(read_baselines(r));
    FR_TRY(know_atoms(r));
    r->a->uncertain = is_uncertain(r);
    r->unsure = fr_strings_add(&r->m->strings, text, sizeof text - 1);
    if (r->unsure == 0)
        return fr_no_memory(r->a->context);
    FR_TRY(name_devices(r));
    fr_vec_init(&v.moved, &r->a->context->allocator, sizeof(uint32_t));
    bool good = fr_transfer_init(&v.transfer, r->devices, r->m);
    v.transfer.add = settle;
    v.transfer.user = r;
    flowrules_status status = good ? FLOWRULES_OK : fr_no_memory(r->a->context);
    for (unsigned form = 0; form < FR_RUNNING_FORMS && status == FLOWRULES_OK; form++)
        status = move_form(&v, (enum fr_running_form)form);
    fr_transfer_free(&v.transfer);
    fr_vec_free(&v.moved);
    return status;
}
