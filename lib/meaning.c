/*
 * The life of meanings, and what their clauses are made of: atoms of names and groups, services.
 */
#include "meaning.h"

#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "registry.h"

flowrules_status fr_meaning_new(flowrules_meaning **meaning, flowrules_context *context) {
    const struct fr_allocator *allocator = &context->allocator;
    flowrules_meaning *m = fr_malloc(allocator, sizeof *m);
    *meaning = NULL;
    if (m == NULL)
        return fr_no_memory(context);
    memset(m, 0, sizeof *m);
    m->context = context;
    m->packets = FLOWRULES_NEW;
    fr_arena_init(&m->arena, allocator);
    fr_strings_init(&m->strings, allocator);
    fr_builder_init(&m->builder, allocator);
    fr_vec_init(&m->atoms, allocator, sizeof(struct flowrules_atom));
    fr_vec_init(&m->groups, allocator, sizeof(struct fr_group_terms));
    fr_map_init(&m->atom_of, allocator);
    fr_map_init(&m->spelling_of, allocator);
    for (size_t i = 0; i < FR_DIRECTIONS; i++)
        fr_vec_init(&m->stages[i], allocator, sizeof(struct fr_stage *));
    fr_vec_init(&m->doubts, allocator, sizeof(struct fr_doubt));
    fr_vec_init(&m->labels, allocator, sizeof(struct fr_label));
    fr_vec_init(&m->settings, allocator, sizeof(struct fr_found_setting));
    fr_vec_init(&m->files, allocator, sizeof(const char *));
    if (fr_sets_init(&m->sets, allocator) && fr_services_init(&m->services, allocator)) {
        m->sets.atoms = &m->atoms;
        *meaning = m;
        return FLOWRULES_OK;
    }
    flowrules_meaning_free(m);
    return fr_no_memory(context);
}

void flowrules_meaning_free(flowrules_meaning *m) {
    if (m == NULL)
        return;
    for (size_t i = 0; i < FR_DIRECTIONS; i++) {
        for (size_t k = 0; k < m->stages[i].count; k++)
            fr_vec_free(&(*fr_vec_at(&m->stages[i], struct fr_stage *, k))->clauses);
        fr_vec_free(&m->stages[i]);
    }
    fr_vec_free(&m->doubts);
    fr_vec_free(&m->labels);
    fr_vec_free(&m->settings);
    fr_vec_free(&m->files);
    fr_vec_free(&m->atoms);
    fr_vec_free(&m->groups);
    fr_map_free(&m->atom_of);
    fr_map_free(&m->spelling_of);
    fr_builder_free(&m->builder);
    if (m->sets.arena.allocator != NULL)
        fr_sets_free(&m->sets);
    if (m->services.arena.allocator != NULL)
        fr_services_free(&m->services);
    fr_strings_free(&m->strings);
    fr_arena_free(&m->arena);
    flowrules_policy_free(m->policy);
    fr_free(&m->context->allocator, m);
}

/* ---- atoms --------------------------------------------------------------------------------- */

/* The atom under an interned key, new or known. */
static uint32_t intern_atom(flowrules_meaning *m, fr_string key, enum flowrules_atom_kind kind,
                            const char *name, struct fr_group_terms terms) {
    uint32_t atom;
    if (key == 0)
        return UINT32_MAX;
    if (fr_map_get(&m->atom_of, key, &atom))
        return atom - 1;
    atom = (uint32_t)m->atoms.count;
    if (name == NULL || !fr_vec_reserve(&m->atoms, 1) || !fr_vec_reserve(&m->groups, 1) ||
        !fr_map_put(&m->atom_of, key, atom + 1))
        return UINT32_MAX;
    *(struct flowrules_atom *)fr_vec_add(&m->atoms) = (struct flowrules_atom){kind, name};
    *(struct fr_group_terms *)fr_vec_add(&m->groups) = terms;
    return atom;
}

uint32_t fr_meaning_name(flowrules_meaning *m, enum flowrules_atom_kind kind, const char *name) {
    const char *mark = kind == FLOWRULES_ATOM_NAME ? "" : "*.";
    char *key = fr_arena_printf(&m->arena, "%s%s", mark, name);
    if (key == NULL)
        return UINT32_MAX;
    return intern_atom(m, fr_strings_add(&m->strings, key, strlen(key)), kind, key + strlen(mark),
                       (struct fr_group_terms){NULL, 0});
}

/* "pods: app=web" for people; label may be NULL. */
static char *term_text(flowrules_meaning *m, const struct flowrules_group_key *key) {
    return key->label == NULL
               ? fr_arena_printf(&m->arena, "%s: %s", key->key, key->value)
               : fr_arena_printf(&m->arena, "%s: %s=%s", key->key, key->label, key->value);
}

/* The interned term of a key: its parts with a NUL between, so that no text can be two of them. */
static fr_string term_of(flowrules_meaning *m, const struct flowrules_group_key *key) {
    const char *label = key->label == NULL ? "" : key->label;
    size_t a = strlen(key->key) + 1, b = strlen(label) + 1, c = strlen(key->value);
    char *text = fr_arena_alloc(&m->arena, a + b + c + 1);
    if (text == NULL)
        return 0;
    memcpy(text, key->key, a);
    memcpy(text + a, label, b);
    memcpy(text + a + b, key->value, c + 1);
    return fr_strings_add(&m->strings, text, a + b + c);
}

struct term {
    fr_string string;
    const char *text;
};

static int compare_terms(const void *a, const void *b) {
    const struct term *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->string > y->string) - (x->string < y->string);
}

/* "any" for these keys is no constraint at all. */
static bool is_no_constraint(const struct flowrules_group_key *key) {
    return strcmp(key->value, "any") == 0 && key->label == NULL &&
           (strcmp(key->key, "namespace") == 0 || strcmp(key->key, "pods") == 0);
}

/* A namespace by its standard label is the namespace by its name (KEP-2161). */
static struct flowrules_group_key plain_key(struct flowrules_group_key key) {
    if (strcmp(key.key, "namespace-labels") == 0 && key.label != NULL &&
        strcmp(key.label, "kubernetes.io/metadata.name") == 0)
        return (struct flowrules_group_key){"namespace", NULL, key.value};
    return key;
}

struct flowrules_group_key fr_meaning_spelling(flowrules_meaning *m,
                                               const struct flowrules_backend *backend,
                                               struct flowrules_group_key key) {
    const struct flowrules_setting *s = fr_binding_find(backend, key.key);
    fr_string spelling;
    if (s == NULL || !s->any_case)
        return key;
    fr_string folded = fr_strings_add_folded(&m->strings, key.value);
    if (!fr_map_get(&m->spelling_of, folded, &spelling)) {
        spelling = fr_strings_add(&m->strings, key.value, strlen(key.value));
        if (folded == 0 || spelling == 0 || !fr_map_put(&m->spelling_of, folded, spelling))
            return (struct flowrules_group_key){key.key, key.label, NULL};
    }
    key.value = fr_strings_text(&m->strings, spelling);
    return key;
}

/* Sorts terms and drops those that stand twice; their number. */
static size_t sort_terms(struct term *terms, size_t count) {
    size_t kept = 0;
    qsort(terms, count, sizeof *terms, compare_terms);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || terms[kept - 1].string != terms[i].string)
            terms[kept++] = terms[i];
    return kept;
}

/* Puts a text at a place that has room for it; the place behind it. */
static char *put_text(char *at, const char *text) {
    size_t length = strlen(text);
    memcpy(at, text, length + 1);
    return at + length;
}

/* Sorted terms as a binding has them: {namespace: shop, pods: app=web}. */
static char *name_of(flowrules_meaning *m, const struct term *terms, size_t count) {
    size_t length = sizeof "all pods";
    for (size_t i = 0; i < count; i++)
        length += strlen(terms[i].text) + 2;
    char *name = fr_arena_alloc(&m->arena, length), *at = name;
    if (name == NULL)
        return NULL;
    at = put_text(at, count == 0 ? "all pods" : count > 1 ? "{" : "");
    for (size_t i = 0; i < count; i++)
        at = put_text(put_text(at, i == 0 ? "" : ", "), terms[i].text);
    put_text(at, count > 1 ? "}" : "");
    return name;
}

/* The group of sorted terms: its key is theirs in a row. */
static uint32_t group_of(flowrules_meaning *m, const struct term *terms, size_t count) {
    char *name = name_of(m, terms, count);
    fr_string *kept = fr_arena_alloc(&m->arena, (count + 1) * sizeof *kept);
    if (name == NULL || kept == NULL)
        return UINT32_MAX;
    for (size_t i = 0; i < count; i++)
        kept[i] = terms[i].string;
    kept[count] = 0; /* so that no group's key is a name's */
    fr_string key = fr_strings_add(&m->strings, (const char *)kept, (count + 1) * sizeof *kept);
    return intern_atom(m, key, FLOWRULES_ATOM_GROUP, name,
                       (struct fr_group_terms){kept, (uint32_t)count});
}

uint32_t fr_meaning_group(flowrules_meaning *m, const struct flowrules_group_key *keys,
                          size_t count) {
    struct term *terms = fr_arena_alloc(&m->arena, (count + 1) * sizeof *terms);
    size_t used = 0;
    if (terms == NULL)
        return UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        struct flowrules_group_key key = fr_meaning_spelling(m, m->backend, plain_key(keys[i]));
        if (key.value == NULL)
            return UINT32_MAX;
        if (is_no_constraint(&key))
            continue;
        terms[used] = (struct term){term_of(m, &key), term_text(m, &key)};
        if (terms[used].string == 0 || terms[used].text == NULL)
            return UINT32_MAX;
        used++;
    }
    return group_of(m, terms, sort_terms(terms, used));
}

struct flowrules_group_key fr_meaning_key(const flowrules_meaning *m, fr_string term) {
    const char *key = fr_strings_text(&m->strings, term);
    const char *label = key + strlen(key) + 1;
    return (struct flowrules_group_key){key, *label == '\0' ? NULL : label,
                                        label + strlen(label) + 1};
}

static bool is_key_of_pods(const char *key) {
    return strcmp(key, "namespace") == 0 || strcmp(key, "namespace-labels") == 0 ||
           strcmp(key, "pods") == 0;
}

enum fr_selects fr_meaning_selects(const flowrules_meaning *m, uint32_t atom) {
    const struct fr_group_terms *terms = fr_vec_at(&m->groups, struct fr_group_terms, atom);
    size_t pods = 0, nodes = 0;
    if (fr_vec_at(&m->atoms, struct flowrules_atom, atom)->kind != FLOWRULES_ATOM_GROUP)
        return FR_SELECTS_NOTHING;
    for (uint32_t i = 0; i < terms->count; i++) {
        const char *key = fr_meaning_key(m, terms->terms[i]).key;
        pods += is_key_of_pods(key) ? 1 : 0;
        nodes += strcmp(key, "nodes") == 0 ? 1 : 0;
    }
    return pods == terms->count    ? FR_SELECTS_PODS
           : nodes == terms->count ? FR_SELECTS_NODES
                                   : FR_SELECTS_NOTHING;
}

/* All nodes are a term of their own; all pods are no term at all. */
static bool is_all_nodes(const flowrules_meaning *m, fr_string term) {
    struct flowrules_group_key key = fr_meaning_key(m, term);
    return strcmp(key.key, "nodes") == 0 && key.label == NULL && strcmp(key.value, "any") == 0;
}

static bool has_term(const struct fr_group_terms *group, fr_string term) {
    for (uint32_t i = 0; i < group->count; i++)
        if (group->terms[i] == term)
            return true;
    return false;
}

bool fr_meaning_group_covers(const flowrules_meaning *m, uint32_t wide, uint32_t narrow) {
    const struct fr_group_terms *outer = fr_vec_at(&m->groups, struct fr_group_terms, wide);
    const struct fr_group_terms *inner = fr_vec_at(&m->groups, struct fr_group_terms, narrow);
    for (uint32_t i = 0; i < outer->count; i++)
        if (!has_term(inner, outer->terms[i]) && !is_all_nodes(m, outer->terms[i]))
            return false;
    return true;
}

static bool texts_differ(const char *a, const char *b) {
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) != 0;
}

bool fr_meaning_groups_exclude(const flowrules_meaning *m, uint32_t a, uint32_t b) {
    const struct fr_group_terms *one = fr_vec_at(&m->groups, struct fr_group_terms, a);
    const struct fr_group_terms *other = fr_vec_at(&m->groups, struct fr_group_terms, b);
    for (uint32_t i = 0; i < one->count; i++)
        for (uint32_t k = 0; k < other->count; k++) {
            struct flowrules_group_key x = fr_meaning_key(m, one->terms[i]);
            struct flowrules_group_key y = fr_meaning_key(m, other->terms[k]);
            if (strcmp(x.key, y.key) == 0 && !texts_differ(x.label, y.label) &&
                strcmp(x.value, y.value) != 0)
                return true;
        }
    return false;
}

fr_set fr_meaning_atom_set(flowrules_meaning *m, uint32_t atom) {
    if (atom == UINT32_MAX)
        return FR_SET_NONE;
    fr_builder_atom(&m->builder, atom);
    return fr_builder_finish(&m->builder, &m->sets);
}

fr_set fr_meaning_all_atoms(flowrules_meaning *m) {
    for (int family = 0; family < 2; family++) {
        struct flowrules_range all = {
            (enum flowrules_family)family, {0, 0}, fr_ip_max((enum flowrules_family)family)};
        fr_builder_range(&m->builder, &all);
    }
    fr_set addresses = fr_builder_finish(&m->builder, &m->sets);
    return fr_set_subtract(&m->sets, FR_SET_ANY, addresses);
}

/* ---- services ------------------------------------------------------------------------------ */

static bool add_term(struct fr_vec *terms, int protocol, struct flowrules_ports source,
                     struct flowrules_ports destination) {
    struct fr_term *term = fr_vec_add(terms);
    if (term != NULL)
        *term = (struct fr_term){(uint16_t)(protocol < 0 ? FR_PROTOCOL_ANY : protocol),
                                 source.first, source.last, destination.first, destination.last};
    return term != NULL;
}

static struct flowrules_ports one_or_all(int number) {
    return number < 0 ? (struct flowrules_ports){0, UINT16_MAX}
                      : (struct flowrules_ports){(uint16_t)number, (uint16_t)number};
}

/* For ICMP the type stands in the source ports' place, the code in the destination ports'. */
static bool add_service(struct fr_vec *terms, const struct flowrules_service *s) {
    static const struct flowrules_ports all = {0, UINT16_MAX};
    if (s->protocol >= 0 && fr_protocol_is_icmp((unsigned)s->protocol))
        return add_term(terms, s->protocol, one_or_all(s->icmp_type), one_or_all(s->icmp_code));
    size_t sources = s->source_port_count, destinations = s->destination_port_count;
    bool good = true;
    for (size_t i = 0; good && i < (sources == 0 ? 1 : sources); i++)
        for (size_t k = 0; good && k < (destinations == 0 ? 1 : destinations); k++)
            good = add_term(terms, s->protocol, sources == 0 ? all : s->source_ports[i],
                            destinations == 0 ? all : s->destination_ports[k]);
    return good;
}

fr_service fr_meaning_service(flowrules_meaning *m, const struct flowrules_service *services,
                              size_t count) {
    struct fr_vec terms;
    if (count == 0)
        return FR_SERVICE_ANY;
    fr_vec_init(&terms, &m->context->allocator, sizeof(struct fr_term));
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = add_service(&terms, &services[i]);
    fr_service service =
        good ? fr_services_add(&m->services, terms.items, terms.count) : FR_SERVICE_NONE;
    fr_vec_free(&terms);
    return service;
}

/* ---- stages -------------------------------------------------------------------------------- */

struct fr_stage *fr_meaning_stage(flowrules_meaning *m, enum flowrules_direction direction) {
    struct fr_vec *stages = &m->stages[direction];
    if (stages->count > 0 && !m->open[direction])
        return *fr_vec_at(stages, struct fr_stage *, stages->count - 1);
    struct fr_stage *stage = fr_arena_zalloc(&m->arena, sizeof *stage);
    struct fr_stage **slot = stage == NULL ? NULL : fr_vec_push(stages);
    if (slot == NULL)
        return NULL;
    *slot = stage;
    fr_vec_init(&stage->clauses, &m->context->allocator, sizeof(struct fr_clause));
    m->open[direction] = false;
    return stage;
}
