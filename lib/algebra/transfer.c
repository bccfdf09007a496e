/*
 * Translates sets and services between the stores of two meanings. Decides nothing of what a name
 * or group holds.
 */
#include "transfer.h"

uint32_t fr_transfer_group(flowrules_meaning *to, const flowrules_meaning *from,
                           const fr_string *terms, size_t count) {
    struct fr_vec keys;
    fr_vec_init(&keys, &to->context->allocator, sizeof(struct flowrules_group_key));
    uint32_t atom = UINT32_MAX;
    if (fr_vec_reserve(&keys, count + 1)) {
        bool good = true;
        for (size_t i = 0; i < count; i++) {
            struct flowrules_group_key key =
                fr_meaning_spelling(to, from->backend, fr_meaning_key(from, terms[i]));
            good = good && key.value != NULL;
            *(struct flowrules_group_key *)fr_vec_add(&keys) = key;
        }
        if (good)
            atom = fr_meaning_group(to, keys.items, keys.count);
    }
    fr_vec_free(&keys);
    return atom;
}

uint32_t fr_transfer_atom(flowrules_meaning *to, const flowrules_meaning *from, uint32_t atom) {
    const struct flowrules_atom *a = fr_vec_at(&from->atoms, struct flowrules_atom, atom);
    const struct fr_group_terms *terms = fr_vec_at(&from->groups, struct fr_group_terms, atom);
    if (a->kind != FLOWRULES_ATOM_GROUP)
        return fr_meaning_name(to, a->kind, a->name);
    return fr_transfer_group(to, from, terms->terms, terms->count);
}

bool fr_transfer_init(struct fr_transfer *t, const flowrules_meaning *from, flowrules_meaning *to) {
    *t = (struct fr_transfer){.from = from, .to = to};
    fr_vec_init(&t->sets, &to->context->allocator, sizeof(fr_set));
    fr_vec_init(&t->services, &to->context->allocator, sizeof(fr_service));
    size_t sets = from->sets.heads.count, services = from->services.list.count;
    if (!fr_vec_reserve(&t->sets, sets) || !fr_vec_reserve(&t->services, services))
        return false;
    for (size_t i = 0; i < sets; i++)
        *(fr_set *)fr_vec_add(&t->sets) = FR_SET_NONE;
    for (size_t i = 0; i < services; i++)
        *(fr_service *)fr_vec_add(&t->services) = FR_SERVICE_NONE;
    return true;
}

void fr_transfer_free(struct fr_transfer *t) {
    fr_vec_free(&t->sets);
    fr_vec_free(&t->services);
}

/* The listed atoms of a set, with what they stand for. */
static fr_set transfer_atoms(struct fr_transfer *t, const struct fr_set_head *head) {
    struct fr_builder *b = &t->to->builder;
    for (uint32_t i = 0; i < head->atoms; i++) {
        uint32_t atom = fr_transfer_atom(t->to, t->from, fr_set_atoms(head)[i]);
        b->failed = b->failed || atom == UINT32_MAX;
        if (b->failed)
            break;
        if (t->add != NULL)
            t->add(t->user, atom);
        else
            fr_builder_atom(b, atom);
    }
    return fr_builder_finish(b, &t->to->sets);
}

static fr_set transfer_set(struct fr_transfer *t, fr_set set) {
    flowrules_meaning *to = t->to;
    const struct fr_set_head *head = fr_set_head(&t->from->sets, set);
    fr_set atoms = transfer_atoms(t, head);
    if (head->all_atoms != 0)
        atoms = fr_set_subtract(&to->sets, fr_meaning_all_atoms(to), atoms);
    struct flowrules_set view = {&t->from->sets, set};
    for (int f = 0; f < 2; f++)
        for (size_t i = 0; i < flowrules_set_range_count(view, (enum flowrules_family)f); i++) {
            struct flowrules_range r = flowrules_set_range(view, (enum flowrules_family)f, i);
            fr_builder_range(&to->builder, &r);
        }
    fr_builder_set(&to->builder, &to->sets, atoms);
    return fr_builder_finish(&to->builder, &to->sets);
}

fr_set fr_transfer_set(struct fr_transfer *t, fr_set set) {
    fr_set *known = fr_vec_at(&t->sets, fr_set, set);
    if (set == FR_SET_ANY || set == FR_SET_EMPTY)
        return set;
    if (*known == FR_SET_NONE)
        *known = transfer_set(t, set);
    return *known;
}

fr_service fr_transfer_service(struct fr_transfer *t, fr_service service) {
    fr_service *known = fr_vec_at(&t->services, fr_service, service);
    if (*known == FR_SERVICE_NONE) {
        const struct fr_service_terms *terms = fr_service_get(&t->from->services, service);
        struct fr_service_builder copy;
        fr_service_begin(&copy, &t->to->context->allocator);
        for (uint32_t i = 0; i < terms->count; i++)
            fr_service_add(&copy, &terms->terms[i]);
        *known = fr_service_finish(&copy, &t->to->services);
    }
    return *known;
}
