/*
 * Where the order of rules about groups and rules about addresses might matter. Groups are atoms to
 * the algebra, equal to themselves alone; on the platform they are addresses that nobody told us.
 */
#include "input.h"

/* Pairs of rules that are looked at; a network security group of Azure has a million at most. */
#define PAIRS_MAX 4000000u

struct weighing {
    struct flowrules_input *in;
    enum flowrules_direction direction;
    const struct fr_stage *stage;
    size_t count;         /* clauses up to the first that matches everything */
    fr_set apart;         /* groups of which no two meet */
    fr_set alone;         /* groups that no address of a rule is in */
    struct fr_vec denies; /* struct fr_clause: what the target's flows deny */
    size_t pairs;
};

static const struct fr_clause *clause_at(const struct weighing *w, size_t i) {
    return fr_vec_at(&w->stage->clauses, struct fr_clause, i);
}

static fr_set end_of(const struct fr_clause *clause, int end) {
    return end == FLOWRULES_SOURCE ? clause->source : clause->destination;
}

/* ---- services ------------------------------------------------------------------------------ */

static bool same_protocol(const struct fr_term *a, const struct fr_term *b) {
    return a->protocol == b->protocol || a->protocol == FR_PROTOCOL_ANY ||
           b->protocol == FR_PROTOCOL_ANY;
}

static bool terms_overlap(const struct fr_term *a, const struct fr_term *b) {
    return same_protocol(a, b) && a->source_first <= b->source_last &&
           b->source_first <= a->source_last && a->destination_first <= b->destination_last &&
           b->destination_first <= a->destination_last;
}

static bool services_overlap(const struct weighing *w, fr_service a, fr_service b) {
    const struct fr_services *services = &w->in->meaning->services;
    if (a == FR_SERVICE_ANY || b == FR_SERVICE_ANY || a == b)
        return true;
    const struct fr_service_terms *x = fr_service_get(services, a),
                                  *y = fr_service_get(services, b);
    for (uint32_t i = 0; i < x->count; i++)
        for (uint32_t k = 0; k < y->count; k++)
            if (terms_overlap(&x->terms[i], &y->terms[k]))
                return true;
    return false;
}

static bool term_covers(const struct fr_term *a, const struct fr_term *b) {
    return (a->protocol == FR_PROTOCOL_ANY || a->protocol == b->protocol) &&
           a->source_first <= b->source_first && a->source_last >= b->source_last &&
           a->destination_first <= b->destination_first &&
           a->destination_last >= b->destination_last;
}

static bool service_covers(const struct weighing *w, fr_service wide, fr_service narrow) {
    const struct fr_services *services = &w->in->meaning->services;
    if (wide == FR_SERVICE_ANY || wide == narrow)
        return true;
    const struct fr_service_terms *x = fr_service_get(services, wide);
    const struct fr_service_terms *y = fr_service_get(services, narrow);
    bool all = true;
    for (uint32_t k = 0; k < y->count && all; k++) {
        all = false;
        for (uint32_t i = 0; i < x->count && !all; i++)
            all = term_covers(&x->terms[i], &y->terms[k]);
    }
    return all;
}

/* ---- ends ---------------------------------------------------------------------------------- */

static struct flowrules_set view(const struct weighing *w, fr_set set) {
    return (struct flowrules_set){&w->in->meaning->sets, set};
}

/* Everything of a family, groups included. */
static bool is_whole(const struct weighing *w, fr_set set) {
    return flowrules_set_is_all(view(w, set), FLOWRULES_IPV4) ||
           flowrules_set_is_all(view(w, set), FLOWRULES_IPV6) ||
           fr_set_head(&w->in->meaning->sets, set)->all_atoms != 0;
}

static bool has_groups(const struct weighing *w, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&w->in->meaning->sets, set);
    return head->all_atoms == 0 && head->atoms > 0;
}

static bool has_addresses(const struct weighing *w, fr_set set) {
    return fr_set_families(&w->in->meaning->sets, set) != 0;
}

/* May two ends have something in common that the algebra does not see? */
static bool may_meet_unseen(const struct weighing *w, fr_set a, fr_set b) {
    const struct fr_sets *sets = &w->in->meaning->sets;
    if (is_whole(w, a) || is_whole(w, b) || (!has_groups(w, a) && !has_groups(w, b)))
        return false;
    if (!has_addresses(w, a) && !has_addresses(w, b) &&
        (fr_set_covers(sets, a, b) || fr_set_covers(sets, b, a)))
        return false; /* the same groups, or some of them */
    if ((fr_set_covers(sets, w->alone, a) && !has_groups(w, b)) ||
        (fr_set_covers(sets, w->alone, b) && !has_groups(w, a)))
        return false;
    return !fr_set_covers(sets, w->apart, a) || !fr_set_covers(sets, w->apart, b);
}

/* May they have anything in common? */
static bool may_meet(const struct weighing *w, fr_set a, fr_set b) {
    return is_whole(w, a) || is_whole(w, b) || fr_set_overlaps(&w->in->meaning->sets, a, b) ||
           may_meet_unseen(w, a, b);
}

/* ---- the target's denies ------------------------------------------------------------------- */

static fr_service own_service(struct weighing *w, fr_service of_policy) {
    struct flowrules_input *in = w->in;
    const struct fr_service_terms *terms = fr_service_get(&in->plan->policy->services, of_policy);
    struct fr_vec copy;
    fr_vec_init(&copy, &in->context->allocator, sizeof(struct fr_term));
    fr_service service = FR_SERVICE_NONE;
    if (fr_vec_reserve(&copy, terms->count)) {
        for (uint32_t k = 0; k < terms->count; k++)
            *(struct fr_term *)fr_vec_add(&copy) = terms->terms[k];
        service = fr_services_add(&in->meaning->services, copy.items, copy.count);
    }
    fr_vec_free(&copy);
    return service;
}

static void list_denies(struct weighing *w) {
    struct flowrules_input *in = w->in;
    for (size_t i = 0; in->plan != NULL && i < in->plan->scoped.count && !in->failed; i++) {
        const struct fr_scoped *part = fr_vec_at(&in->plan->scoped, struct fr_scoped, i);
        if (!part->deny || part->direction != w->direction)
            continue;
        struct fr_clause *deny = fr_vec_push(&w->denies);
        if (deny != NULL)
            *deny = (struct fr_clause){.effect = FR_BLOCK,
                                       .families = FLOWRULES_BOTH_FAMILIES,
                                       .source = fr_input_translate(in, in->plan, part->source).id,
                                       .destination =
                                           fr_input_translate(in, in->plan, part->destination).id,
                                       .service = own_service(w, part->service)};
        in->failed = in->failed || deny == NULL || deny->service == FR_SERVICE_NONE;
    }
}

/*
 * Is a rule covered by one of those denies, or by several that differ in one end alone? denies are
 * the first so many of a list.
 */
static bool is_covered(struct weighing *w, const struct fr_clause *rule,
                       const struct fr_vec *denies, size_t count) {
    struct fr_sets *sets = &w->in->meaning->sets;
    for (int joined = FLOWRULES_SOURCE; joined <= FLOWRULES_DESTINATION; joined++) {
        fr_set sum = FR_SET_EMPTY;
        for (size_t i = 0; i < count && sum != FR_SET_NONE; i++) {
            const struct fr_clause *d = fr_vec_at(denies, struct fr_clause, i);
            if (d->effect == FR_BLOCK && service_covers(w, d->service, rule->service) &&
                fr_set_covers(sets, end_of(d, 1 - joined), end_of(rule, 1 - joined)))
                sum = fr_set_union(sets, sum, end_of(d, joined));
        }
        if (sum != FR_SET_NONE && fr_set_covers(sets, sum, end_of(rule, joined)))
            return true;
    }
    return false;
}

/* ---- pairs --------------------------------------------------------------------------------- */

/* Does it depend on addresses that are not known what both of these rules match? */
static bool is_ambiguous(struct weighing *w, const struct fr_clause *a, const struct fr_clause *b) {
    bool unseen = may_meet_unseen(w, a->source, b->source) ||
                  may_meet_unseen(w, a->destination, b->destination);
    w->pairs++;
    return unseen && (a->families & b->families) != 0 && may_meet(w, a->source, b->source) &&
           may_meet(w, a->destination, b->destination) &&
           services_overlap(w, a->service, b->service);
}

/* What a deny might take from an allow: an end of which not all is known stays whole. */
static struct fr_clause taken(struct weighing *w, const struct fr_clause *deny,
                              const struct fr_clause *allow) {
    struct fr_sets *sets = &w->in->meaning->sets;
    struct fr_clause part = *deny;
    if (!may_meet_unseen(w, deny->source, allow->source))
        part.source = fr_set_intersect(sets, deny->source, allow->source);
    if (!may_meet_unseen(w, deny->destination, allow->destination))
        part.destination = fr_set_intersect(sets, deny->destination, allow->destination);
    if (service_covers(w, deny->service, allow->service))
        part.service = allow->service;
    w->in->failed = w->in->failed || part.source == FR_SET_NONE || part.destination == FR_SET_NONE;
    return part;
}

/*
 * The doubt that was just told, of clause i, is none where the same deny is on the other side, if
 * it stands before every allow from which it may take something.
 */
static void mark_of_deny(struct weighing *w, size_t i) {
    struct fr_vec *doubts = &w->in->meaning->doubts;
    const struct fr_clause *deny = clause_at(w, i);
    for (size_t k = 0; k < i; k++)
        if (clause_at(w, k)->effect == FR_PASS && is_ambiguous(w, deny, clause_at(w, k)))
            return;
    if (doubts->count == 0)
        return;
    struct fr_doubt *doubt = fr_vec_at(doubts, struct fr_doubt, doubts->count - 1);
    doubt->of_deny = true;
    doubt->clause = (uint32_t)i;
}

/* A deny that the target's flows do not have may take from what an allow behind it lets pass. */
static void weigh_deny(struct weighing *w, size_t i) {
    const struct fr_clause *deny = clause_at(w, i);
    for (size_t k = i + 1; k < w->count && deny->effect == FR_BLOCK && w->pairs < PAIRS_MAX; k++) {
        const struct fr_clause *allow = clause_at(w, k);
        if (allow->effect != FR_PASS || !is_ambiguous(w, deny, allow))
            continue;
        struct fr_clause part = taken(w, deny, allow);
        w->pairs += w->denies.count;
        if (w->in->failed || is_covered(w, &part, &w->denies, w->denies.count))
            continue;
        struct flowrules_place at = {deny->file, deny->line, 0};
        flowrules_input_doubt(w->in, at, w->direction,
                              "this deny stands before the allow in line %u, and which addresses a "
                              "group has is not known: what it takes away can't be computed",
                              allow->line);
        mark_of_deny(w, i);
        return;
    }
}

/* The parts of an end that rules may have apart: its families, each of its groups. */
struct parts {
    fr_set sets[2];
    const struct fr_set_head *head;
    size_t count;
};

static struct parts parts_of(struct weighing *w, fr_set set) {
    struct fr_sets *sets = &w->in->meaning->sets;
    struct parts parts = {.head = fr_set_head(sets, set)};
    for (int f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
        parts.sets[f] = fr_set_family(sets, set, (enum flowrules_family)f);
    bool listed = parts.head->all_atoms == 0;
    parts.count = 2 + (listed ? parts.head->atoms : 1);
    return parts;
}

static fr_set part_at(struct weighing *w, const struct parts *parts, size_t i) {
    if (i < 2)
        return parts->sets[i];
    if (parts->head->all_atoms != 0) /* all groups: any rule that has them is for everything */
        return fr_meaning_all_atoms(w->in->meaning);
    return fr_meaning_atom_set(w->in->meaning, fr_set_atoms(parts->head)[i - 2]);
}

/* Do the denies before a rule cover all of one of the target's denies? */
static bool is_denied_before(struct weighing *w, const struct fr_clause *deny, size_t before) {
    struct parts sources = parts_of(w, deny->source), to = parts_of(w, deny->destination);
    const struct fr_service_terms *terms = fr_service_get(&w->in->meaning->services, deny->service);
    for (size_t i = 0; i < sources.count; i++)
        for (size_t k = 0; k < to.count; k++)
            for (uint32_t t = 0; t < terms->count; t++) {
                struct fr_term term = terms->terms[t];
                struct fr_clause part = {.source = part_at(w, &sources, i),
                                         .destination = part_at(w, &to, k),
                                         .service =
                                             fr_services_add(&w->in->meaning->services, &term, 1)};
                bool across = i < 2 && k < 2 && i != k; /* of two families */
                w->pairs += before;
                if (part.service == FR_SERVICE_NONE || part.source == FR_SET_NONE ||
                    part.destination == FR_SET_NONE) {
                    w->in->failed = true;
                    return true;
                }
                if (part.source != FR_SET_EMPTY && part.destination != FR_SET_EMPTY && !across &&
                    !is_covered(w, &part, &w->stage->clauses, before))
                    return false;
            }
    return true;
}

/* A deny of the target's flows has to stand before an allow from which it may take something. */
static void weigh_allow(struct weighing *w, size_t i) {
    const struct fr_clause *allow = clause_at(w, i);
    for (size_t k = 0; k < w->denies.count && allow->effect == FR_PASS && w->pairs < PAIRS_MAX;
         k++) {
        const struct fr_clause *deny = fr_vec_at(&w->denies, struct fr_clause, k);
        if (!is_ambiguous(w, deny, allow) || is_denied_before(w, deny, i))
            continue;
        struct flowrules_place at = {allow->file, allow->line, 0};
        flowrules_input_doubt(w->in, at, w->direction,
                              "this allow stands before a deny of the policy's, and which "
                              "addresses a group has is not known: what passes can't be computed");
        return;
    }
}

/* Without groups on either side nothing is unseen. */
static bool is_needed(const struct weighing *w) {
    for (size_t i = 0; i < w->count; i++)
        if (has_groups(w, clause_at(w, i)->source) || has_groups(w, clause_at(w, i)->destination))
            return true;
    for (size_t i = 0; i < w->denies.count; i++) {
        const struct fr_clause *deny = fr_vec_at(&w->denies, struct fr_clause, i);
        if (has_groups(w, deny->source) || has_groups(w, deny->destination))
            return true;
    }
    return false;
}

static bool matches_everything(const struct fr_clause *c) {
    return c->source == FR_SET_ANY && c->destination == FR_SET_ANY &&
           c->service == FR_SERVICE_ANY && c->families == FLOWRULES_BOTH_FAMILIES &&
           c->effect != FR_SKIP;
}

void flowrules_input_weigh_groups(flowrules_input *in, enum flowrules_direction direction,
                                  struct flowrules_set apart, struct flowrules_set alone) {
    struct weighing w = {.in = in,
                         .direction = direction,
                         .stage = fr_meaning_stage(in->meaning, direction),
                         .apart = apart.id,
                         .alone = alone.id};
    struct flowrules_place nowhere = {0, 0, 0};
    if (w.stage == NULL || in->failed) {
        in->failed = true;
        return;
    }
    while (w.count < w.stage->clauses.count && !matches_everything(clause_at(&w, w.count)))
        w.count++;
    fr_vec_init(&w.denies, &in->context->allocator, sizeof(struct fr_clause));
    list_denies(&w);
    bool needed = !in->failed && is_needed(&w);
    for (size_t i = 0; i < w.count && needed && !in->failed; i++) {
        weigh_deny(&w, i);
        weigh_allow(&w, i);
    }
    if (w.pairs >= PAIRS_MAX)
        flowrules_input_doubt(in, nowhere, direction,
                              "there are more than %u pairs of rules: whether their order matters "
                              "was not looked at",
                              PAIRS_MAX);
    fr_vec_free(&w.denies);
}
