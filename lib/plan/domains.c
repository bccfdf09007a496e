/*
 * Names by domain: what a resolver that fills sets must know, and where it would admit too much. A
 * domain that it knows includes all names below it, except those that a longer domain covers.
 */
#include "domains.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flowrules/kits/hashes.h"
#include "labels.h"
#include "plan.h"
#include "settings.h"

/* Bytes of a name that stands in a key as it is. */
#define PLAIN_MAX 40u

void fr_domains_init(struct fr_domains *domains, const struct fr_allocator *allocator) {
    fr_strings_init(&domains->names, allocator);
    fr_vec_init(&domains->list, allocator, sizeof(struct fr_domain));
    fr_vec_init(&domains->marks, allocator, sizeof(struct fr_domain_mark));
    fr_vec_init(&domains->sets, allocator, sizeof(struct fr_named_set));
    fr_vec_init(&domains->parts, allocator, sizeof(struct fr_named_part));
    fr_map_init(&domains->set_of, allocator);
    fr_strings_init(&domains->keys, allocator);
}

void fr_domains_free(struct fr_domains *domains) {
    fr_strings_free(&domains->names);
    fr_vec_free(&domains->list);
    fr_vec_free(&domains->marks);
    fr_vec_free(&domains->sets);
    fr_vec_free(&domains->parts);
    fr_map_free(&domains->set_of);
    fr_strings_free(&domains->keys);
}

/* ---- sets of names ------------------------------------------------------------------------- */

fr_set fr_names_of(const flowrules_plan *plan, fr_set set) {
    struct flowrules_set view = {&plan->view->sets, set};
    const struct fr_set_head *head = fr_set_head(&plan->view->sets, set);
    size_t count = flowrules_set_atom_count(view), names = 0;
    for (size_t i = 0; i < count; i++) {
        if (flowrules_set_atom(view, i).kind == FLOWRULES_ATOM_GROUP)
            continue;
        fr_builder_atom(&plan->view->builder, fr_set_atoms(head)[i]);
        names++;
    }
    return names == 0 ? FR_SET_EMPTY : fr_builder_finish(&plan->view->builder, &plan->view->sets);
}

static uint64_t hash_text(unsigned char kind, const char *text) {
    uint64_t hash = flowrules_hash_bytes(FLOWRULES_HASH_BEGIN, &kind, 1);
    return flowrules_hash_spread(flowrules_hash_bytes(hash, text, strlen(text)));
}

/* The hash of a set: the same for the same names in whatever order. */
static bool make_hash(flowrules_plan *plan, fr_set set, char text[9]) {
    struct flowrules_set view = {&plan->view->sets, set};
    struct fr_domains *d = &plan->domains;
    const char *timeout = fr_plan_setting(plan, "names-timeout");
    uint64_t hash = timeout == NULL ? 0 : hash_text(2, timeout);
    for (size_t i = 0; i < flowrules_set_atom_count(view); i++) {
        struct flowrules_atom atom = flowrules_set_atom(view, i);
        hash += hash_text(atom.kind == FLOWRULES_ATOM_WILDCARD, atom.name);
    }
    do
        snprintf(text, 9, "%08llx", (unsigned long long)(hash++ & UINT64_C(0xffffffff)));
    while (fr_strings_find(&d->keys, text, 8) != 0);
    return fr_strings_add(&d->keys, text, 8) != 0;
}

/* May a name be a key as it is? A _ in keys is what none of them has. */
static bool is_plain(const flowrules_plan *plan, const char *name) {
    const char *timeout = fr_plan_setting(plan, "names-timeout");
    const struct flowrules_setting *setting = fr_setting_find(plan->backend, "names-timeout");
    return strlen(name) <= PLAIN_MAX &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0' &&
           (timeout == NULL || (setting != NULL && strcmp(timeout, setting->fallback) == 0));
}

/*
 * The key of a set: for the same names, and for no other ones, since what is in the set when a new
 * version is loaded is left there. A name alone stands for itself, "below_" and its domain for a
 * wildcard; all else has the network's name, or the flow's, and the hash.
 */
static const char *make_key(const flowrules_plan *plan, fr_set set, uint32_t flow,
                            const char *hash) {
    struct flowrules_set view = {&plan->view->sets, set};
    struct flowrules_atom atom = flowrules_set_atom(view, 0);
    char word[FR_LABEL_SIZE];
    if (flowrules_set_atom_count(view) == 1 && is_plain(plan, atom.name))
        return fr_arena_printf(plan->arena, "%s%s",
                               atom.kind == FLOWRULES_ATOM_WILDCARD ? "below_" : "", atom.name);
    fr_set_word(plan, set, 0, flow, FLOWRULES_DESTINATION, word);
    return fr_arena_printf(plan->arena, "%.24s_%s", word, hash);
}

/* The number of a domain, new or known; false when out of memory. */
static bool list_domain(struct fr_domains *d, const char *name, uint32_t *domain) {
    fr_string string = fr_strings_add(&d->names, name, strlen(name));
    *domain = string - 1;
    return string != 0 && (string <= d->list.count || fr_vec_push(&d->list) != NULL);
}

static flowrules_status add_set(flowrules_plan *plan, fr_set set, uint32_t flow, uint32_t index) {
    struct flowrules_set view = {&plan->view->sets, set};
    struct fr_domains *d = &plan->domains;
    struct fr_named_set *named = fr_vec_push(&d->sets);
    if (named == NULL || !make_hash(plan, set, named->hash) || !fr_map_put(&d->set_of, set, index))
        return fr_no_memory(plan->context);
    named->set = set;
    named->key = make_key(plan, set, flow, named->hash);
    if (named->key == NULL)
        return fr_no_memory(plan->context);
    for (size_t i = 0; i < flowrules_set_atom_count(view); i++) {
        struct flowrules_atom atom = flowrules_set_atom(view, i);
        struct fr_domain_mark *mark = fr_vec_push(&d->marks);
        if (mark == NULL || !list_domain(d, atom.name, &mark->domain))
            return fr_no_memory(plan->context);
        mark->set = index;
        mark->wildcard = atom.kind == FLOWRULES_ATOM_WILDCARD;
    }
    return FLOWRULES_OK;
}

/* The part scoped reaches these names. */
static flowrules_status add_part(flowrules_plan *plan, fr_set names, uint32_t scoped) {
    struct fr_domains *d = &plan->domains;
    uint32_t index, flow = fr_vec_at(&plan->scoped, struct fr_scoped, scoped)->flow;
    if (!fr_map_get(&d->set_of, names, &index)) {
        index = (uint32_t)d->sets.count;
        FR_TRY(add_set(plan, names, flow, index));
    }
    struct fr_named_part *part = fr_vec_push(&d->parts);
    if (part == NULL)
        return fr_no_memory(plan->context);
    *part = (struct fr_named_part){index, scoped, flow};
    return FLOWRULES_OK;
}

uint32_t fr_named_set_index(const struct fr_domains *domains, fr_set set) {
    uint32_t index;
    return set != FR_SET_EMPTY && fr_map_get(&domains->set_of, set, &index) ? index : UINT32_MAX;
}

/* ---- domains ------------------------------------------------------------------------------- */

static int compare_numbers(uint32_t a, uint32_t b) {
    return (a > b) - (a < b);
}

static int by_domain(const void *left, const void *right) {
    const struct fr_domain_mark *a = left, *b = right;
    int order = compare_numbers(a->domain, b->domain);
    if (order == 0)
        order = compare_numbers(a->set, b->set);
    return order != 0 ? order : compare_numbers(a->wildcard, b->wildcard);
}

uint32_t fr_domain_above(const struct fr_domains *domains, uint32_t domain) {
    const char *name = fr_strings_text(&domains->names, domain + 1);
    for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        fr_string above = fr_strings_find(&domains->names, dot + 1, strlen(dot + 1));
        if (above != 0)
            return above - 1;
    }
    return UINT32_MAX;
}

static struct fr_domain *domain_at(const struct fr_domains *d, uint32_t domain) {
    return fr_vec_at(&d->list, struct fr_domain, domain);
}

static const struct fr_domain_mark *mark_at(const struct fr_domains *d, uint32_t index) {
    return fr_vec_at(&d->marks, struct fr_domain_mark, index);
}

/* What a domain is to one set, or to any (UINT32_MAX): named, or what is below it. */
static void look(const struct fr_domains *d, uint32_t domain, uint32_t set, bool *self,
                 bool *below) {
    *self = *below = false;
    for (uint32_t at = domain; at != UINT32_MAX; at = fr_domain_above(d, at)) {
        const struct fr_domain *listed = domain_at(d, at);
        for (uint32_t i = 0; i < listed->marks; i++) {
            const struct fr_domain_mark *mark = mark_at(d, listed->first_mark + i);
            if (set != UINT32_MAX && mark->set != set)
                continue;
            *self = *self || (mark->wildcard != 0) == (at != domain);
            *below = *below || mark->wildcard != 0;
        }
    }
}

static int by_set(const void *left, const void *right) {
    const struct fr_named_part *a = left, *b = right;
    int order = compare_numbers(a->set, b->set);
    return order != 0 ? order : compare_numbers(a->scoped, b->scoped);
}

static void settle_parts(struct fr_domains *d) {
    if (d->parts.count > 1)
        qsort(d->parts.items, d->parts.count, sizeof(struct fr_named_part), by_set);
    for (uint32_t i = 0; i < d->parts.count; i++) {
        uint32_t set = fr_vec_at(&d->parts, struct fr_named_part, i)->set;
        struct fr_named_set *named = fr_vec_at(&d->sets, struct fr_named_set, set);
        if (named->parts++ == 0)
            named->first_part = i;
    }
}

static void settle(struct fr_domains *d) {
    settle_parts(d);
    if (d->marks.count > 1)
        qsort(d->marks.items, d->marks.count, sizeof(struct fr_domain_mark), by_domain);
    for (uint32_t i = 0; i < d->marks.count; i++) {
        struct fr_domain *domain = domain_at(d, mark_at(d, i)->domain);
        if (domain->marks++ == 0)
            domain->first_mark = i;
    }
    for (uint32_t i = 0; i < d->list.count; i++)
        look(d, i, UINT32_MAX, &domain_at(d, i)->self, &domain_at(d, i)->below);
}

bool fr_domain_sets(const struct fr_domains *d, uint32_t domain, struct fr_vec *sets) {
    sets->count = 0;
    for (uint32_t at = domain; at != UINT32_MAX; at = fr_domain_above(d, at)) {
        const struct fr_domain *listed = domain_at(d, at);
        for (uint32_t i = 0; i < listed->marks; i++) {
            const struct fr_domain_mark *mark = mark_at(d, listed->first_mark + i);
            if (at != domain && mark->wildcard == 0)
                continue;
            uint32_t *slot = fr_vec_push(sets);
            if (slot == NULL)
                return false;
            *slot = mark->set;
        }
    }
    fr_sort_unique(sets);
    return true;
}

/* ---- the verdict --------------------------------------------------------------------------- */

/* Too much of a set: the first names of which what is below, or of which they themselves, pass. */
struct excess {
    bool below;
    unsigned count, listed;
    char text[400];
};

static void list_excess(struct excess *e, const char *name, bool below) {
    if (e->count == 0)
        e->below = below;
    else if (e->below != below)
        return; /* the other kind is told once these are gone */
    size_t used = strlen(e->text);
    e->count++;
    if (e->listed == 3 || used + strlen(name) + 8 >= sizeof e->text)
        return;
    snprintf(e->text + used, sizeof e->text - used, "%s%s%s", e->listed > 0 ? ", " : "",
             below ? "" : "*.", name);
    e->listed++;
}

/* Does a part of another flow allow all that this one does, with the names of that set? */
static bool is_allowed_with(const flowrules_plan *plan, const struct fr_scoped *part,
                            uint32_t set) {
    const struct fr_domains *d = &plan->domains;
    const struct fr_named_set *named = fr_vec_at(&d->sets, struct fr_named_set, set);
    for (uint32_t i = 0; i < named->parts; i++) {
        uint32_t index = fr_vec_at(&d->parts, struct fr_named_part, named->first_part + i)->scoped;
        const struct fr_scoped *other = fr_vec_at(&plan->scoped, struct fr_scoped, index);
        if (other->direction == part->direction && other->service == part->service &&
            fr_set_covers(&plan->view->sets, other->source, part->source))
            return true;
    }
    return false;
}

/* Is what comes on top allowed all the same: what is below the domain, or the domain itself? */
static bool is_allowed_anyway(const flowrules_plan *plan, const struct fr_scoped *part,
                              uint32_t domain, bool want_below) {
    const struct fr_domains *d = &plan->domains;
    for (uint32_t at = domain; at != UINT32_MAX; at = fr_domain_above(d, at)) {
        const struct fr_domain *listed = domain_at(d, at);
        for (uint32_t i = 0; i < listed->marks; i++) {
            const struct fr_domain_mark *mark = mark_at(d, listed->first_mark + i);
            bool has =
                mark->wildcard != 0 ? want_below || at != domain : !want_below && at == domain;
            if (has && is_allowed_with(plan, part, mark->set))
                return true;
        }
    }
    return false;
}

/*
 * The resolver takes a domain whole. Where the target has it answer for no name that no flow asks
 * for, only what other flows ask for comes on top; and what they allow as well is no excess.
 */
static void find_excess(const flowrules_plan *plan, const struct fr_scoped *part, uint32_t index,
                        struct excess *e) {
    const struct fr_domains *d = &plan->domains;
    struct flowrules_set view = {&plan->view->sets,
                                 fr_vec_at(&d->sets, struct fr_named_set, index)->set};
    for (size_t i = 0; i < flowrules_set_atom_count(view); i++) {
        const char *name = flowrules_set_atom(view, i).name;
        uint32_t domain = fr_strings_find(&d->names, name, strlen(name)) - 1;
        const struct fr_domain *asked = domain_at(d, domain);
        bool self, below;
        look(d, domain, index, &self, &below);
        if (self == below)
            continue;
        bool answered = !plan->exact_domains || (below ? asked->self : asked->below);
        if (answered && !is_allowed_anyway(plan, part, domain, !below))
            list_excess(e, name, !below);
    }
}

/* Was the loss accepted, or is the flow refused? */
static flowrules_status judge(flowrules_plan *plan, uint32_t flow, const struct excess *e) {
    struct fr_verdict *verdict = fr_vec_at(&plan->verdicts, struct fr_verdict, flow);
    char what[sizeof e->text + 32], more[32] = "";
    if (e->count > e->listed)
        snprintf(more, sizeof more, " and %u more", e->count - e->listed);
    snprintf(what, sizeof what, "%s%s", e->text, more);
    if (!fr_may_lose(plan, flow, FR_LOSS_WIDEN)) {
        plan->refused++;
        *verdict = fr_verdict_refused(
            plan, fr_because(plan->arena, e->below ? FR_WHY_BELOW_TOO : FR_WHY_SELF_TOO, what));
        return FLOWRULES_OK;
    }
    *verdict = (struct fr_verdict){
        .fidelity = FR_WIDENED,
        .reason = fr_arena_printf(
            plan->arena,
            e->below ? "%s: the names below pass too" : "%s: the name itself passes too", what)};
    return verdict->reason == NULL ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

/* The names that a part reaches; empty for what no set is filled for. */
static fr_set part_names(const flowrules_plan *plan, const struct fr_scoped *part) {
    return part->deny != 0 ? FR_SET_EMPTY : fr_names_of(plan, part->destination);
}

flowrules_status fr_check_domains(flowrules_plan *plan) {
    if (!plan->can->whole_domains || !plan->view->mode.names)
        return FLOWRULES_OK;
    for (uint32_t i = 0; i < plan->scoped.count; i++) {
        fr_set names = part_names(plan, fr_vec_at(&plan->scoped, struct fr_scoped, i));
        if (names != FR_SET_EMPTY)
            FR_TRY(add_part(plan, names, i));
    }
    settle(&plan->domains);
    for (size_t i = 0; i < plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        uint32_t named = fr_named_set_index(&plan->domains, part_names(plan, part));
        enum fr_fidelity fidelity =
            fr_vec_at(&plan->verdicts, struct fr_verdict, part->flow)->fidelity;
        struct excess excess = {.count = 0};
        if (named == UINT32_MAX || fidelity == FR_FIDELITY_REFUSED)
            continue;
        find_excess(plan, part, named, &excess);
        if (excess.count > 0)
            FR_TRY(judge(plan, part->flow, &excess));
    }
    return fr_plan_memory(plan);
}
