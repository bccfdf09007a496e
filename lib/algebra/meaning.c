/*
 * Creates and frees meanings, and the parts of their clauses: atoms of names and groups, services.
 */
#include "meaning.h"

#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "requirements.h"
#include "settings.h"

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
    fr_vec_init(&m->service_labels, allocator, sizeof(struct fr_service_label));
    fr_vec_init(&m->settings, allocator, sizeof(struct fr_found_setting));
    fr_vec_init(&m->counters, allocator, sizeof(struct fr_counter));
    fr_vec_init(&m->files, allocator, sizeof(const char *));
    fr_vec_init(&m->choices, allocator, sizeof(struct fr_choice));
    fr_vec_init(&m->hops, allocator, sizeof(const char *));
    if (fr_sets_init(&m->sets, allocator) && fr_services_init(&m->services, allocator)) {
        m->sets.atoms = &m->atoms;
        *meaning = m;
        return FLOWRULES_OK;
    }
    flowrules_meaning_free(m);
    return fr_no_memory(context);
}

flowrules_status fr_meaning_memory(const flowrules_meaning *m) {
    return m->sets.failed || m->services.failed ? fr_no_memory(m->context) : FLOWRULES_OK;
}

static void free_stages(struct fr_vec stages[FR_DIRECTIONS]) {
    for (size_t i = 0; i < FR_DIRECTIONS; i++) {
        for (size_t k = 0; k < stages[i].count; k++)
            fr_vec_free(&(*fr_vec_at(&stages[i], struct fr_stage *, k))->clauses);
        fr_vec_free(&stages[i]);
    }
}

void flowrules_meaning_free(flowrules_meaning *m) {
    if (m == NULL)
        return;
    free_stages(m->stages);
    fr_vec_free(&m->doubts);
    fr_vec_free(&m->labels);
    fr_vec_free(&m->service_labels);
    fr_vec_free(&m->settings);
    fr_vec_free(&m->counters);
    fr_vec_free(&m->files);
    fr_vec_free(&m->choices);
    fr_vec_free(&m->hops);
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

/* ---- readings ------------------------------------------------------------------------------ */

void fr_reading_init(struct fr_reading *reading, const flowrules_meaning *m) {
    const struct fr_allocator *allocator = &m->context->allocator;
    memset(reading, 0, sizeof *reading);
    reading->backend = m->backend;
    reading->packets = m->packets;
    for (size_t i = 0; i < FR_DIRECTIONS; i++)
        fr_vec_init(&reading->stages[i], allocator, sizeof(struct fr_stage *));
    fr_vec_init(&reading->doubts, allocator, sizeof(struct fr_doubt));
    fr_vec_init(&reading->settings, allocator, sizeof(struct fr_found_setting));
}

void fr_reading_free(struct fr_reading *reading) {
    free_stages(reading->stages);
    fr_vec_free(&reading->doubts);
    fr_vec_free(&reading->settings);
}

static void swap_vecs(struct fr_vec *a, struct fr_vec *b) {
    struct fr_vec kept = *a;
    *a = *b;
    *b = kept;
}

static void swap_sets(fr_set *a, fr_set *b) {
    fr_set kept = *a;
    *a = *b;
    *b = kept;
}

void fr_reading_swap(struct fr_reading *reading, flowrules_meaning *m) {
    const struct flowrules_backend *backend = m->backend;
    unsigned packets = m->packets;
    m->backend = reading->backend;
    m->packets = reading->packets;
    reading->backend = backend;
    reading->packets = packets;
    for (size_t i = 0; i < FR_DIRECTIONS; i++) {
        bool open = m->open[i];
        m->open[i] = reading->open[i];
        reading->open[i] = open;
        swap_vecs(&reading->stages[i], &m->stages[i]);
    }
    swap_vecs(&reading->doubts, &m->doubts);
    swap_vecs(&reading->settings, &m->settings);
    swap_sets(&reading->own, &m->own);
    swap_sets(&reading->disjoint, &m->disjoint);
    swap_sets(&reading->unaddressed, &m->unaddressed);
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

struct flowrules_group_key fr_meaning_key(const flowrules_meaning *m, fr_string term) {
    const char *key = fr_strings_text(&m->strings, term);
    const char *label = key + strlen(key) + 1;
    return (struct flowrules_group_key){key, *label == '\0' ? NULL : label,
                                        label + strlen(label) + 1};
}

static bool add_key(flowrules_meaning *m, struct fr_vec *terms, struct flowrules_group_key key) {
    key = fr_meaning_spelling(m, m->backend, plain_key(key));
    if (key.value == NULL)
        return false;
    if (is_no_constraint(&key))
        return true;
    struct term *slot = fr_vec_push(terms);
    if (slot == NULL)
        return false;
    *slot = (struct term){term_of(m, &key), term_text(m, &key)};
    return slot->string != 0 && slot->text != NULL;
}

/*
 * A requirement on a label as terms with one value each: "tier notin (a, b)" is two, "tier in (a)"
 * is the label with its value. One "in" with several values can't be one group: it is left out, and
 * the group is wider.
 */
static bool add_requirement(flowrules_meaning *m, struct fr_vec *terms,
                            const struct fr_requirement *r) {
    struct flowrules_group_key key = {fr_requirement_key(r->of), NULL, NULL};
    int label = (int)r->label_length;
    const char *value;
    size_t length;
    if (r->asks == FLOWRULES_EXISTS || r->asks == FLOWRULES_DOES_NOT_EXIST)
        key.value = fr_arena_printf(&m->arena, "%s%.*s", r->asks == FLOWRULES_EXISTS ? "" : "!",
                                    label, r->label);
    if (key.value != NULL || r->asks == FLOWRULES_EXISTS || r->asks == FLOWRULES_DOES_NOT_EXIST)
        return key.value != NULL && add_key(m, terms, key);
    if (r->asks == FLOWRULES_IN && fr_requirement_value(r, 1, &value, &length))
        return true;
    for (size_t i = 0; fr_requirement_value(r, i, &value, &length); i++) {
        if (r->asks == FLOWRULES_IN) {
            key.key = fr_label_key(r->of);
            key.label = fr_arena_text(&m->arena, r->label, r->label_length);
            key.value = fr_arena_text(&m->arena, value, length);
        } else {
            key.value = fr_arena_printf(&m->arena, "%.*s notin (%.*s)", label, r->label,
                                        (int)length, value);
        }
        if (key.value == NULL || !add_key(m, terms, key))
            return false;
    }
    return true;
}

static struct fr_requirement requirement_of(const flowrules_meaning *m, fr_string term,
                                            bool *is_one) {
    struct fr_requirement r;
    struct flowrules_group_key key = fr_meaning_key(m, term);
    *is_one = fr_requirement_of(key.key, key.label, key.value, &r);
    return r;
}

/* Does another term of a group ask for all that this one does, and more? */
static bool is_implied(const flowrules_meaning *m, const struct term *terms, size_t count,
                       size_t index) {
    bool one, other;
    struct fr_requirement own = requirement_of(m, terms[index].string, &one);
    for (size_t i = 0; one && i < count; i++) {
        struct fr_requirement r = requirement_of(m, terms[i].string, &other);
        if (other && terms[i].string != terms[index].string &&
            fr_requirement_same_label(&r, &own) && fr_requirements_imply(&r, 1, &own))
            return true;
    }
    return one && fr_requirements_imply(NULL, 0, &own); /* of every namespace */
}

/* Sorts the terms of a group, and drops those that say nothing more; their number. */
static size_t settle_terms(flowrules_meaning *m, struct term *terms, size_t count) {
    size_t all = sort_terms(terms, count);
    for (size_t i = 0; m->has_requirements && i < all;) {
        if (!is_implied(m, terms, all, i)) {
            i++;
            continue;
        }
        memmove(&terms[i], &terms[i + 1], (all - i - 1) * sizeof *terms);
        all--;
    }
    return all;
}

uint32_t fr_meaning_group(flowrules_meaning *m, const struct flowrules_group_key *keys,
                          size_t count) {
    struct fr_requirement r;
    struct fr_vec terms;
    fr_vec_init(&terms, &m->context->allocator, sizeof(struct term));
    bool good = fr_vec_reserve(&terms, count + 1);
    for (size_t i = 0; good && i < count; i++) {
        bool asks = keys[i].label == NULL && fr_is_requirement_key(keys[i].key) &&
                    fr_requirement_of(keys[i].key, NULL, keys[i].value, &r);
        m->has_requirements = m->has_requirements || asks;
        good = asks ? add_requirement(m, &terms, &r) : add_key(m, &terms, keys[i]);
    }
    uint32_t group =
        good ? group_of(m, terms.items, settle_terms(m, terms.items, terms.count)) : UINT32_MAX;
    fr_vec_free(&terms);
    return group;
}

static bool is_key_of_pods(const char *key) {
    static const char *const keys[] = {"namespace", "namespace-labels", "namespace-where", "pods",
                                       "pods-where"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

enum fr_selects fr_meaning_selects(const flowrules_meaning *m, uint32_t atom) {
    const struct fr_group_terms *terms = fr_vec_at(&m->groups, struct fr_group_terms, atom);
    size_t pods = 0, nodes = 0;
    if (fr_vec_at(&m->atoms, struct flowrules_atom, atom)->kind != FLOWRULES_ATOM_GROUP)
        return FR_SELECTS_NOTHING;
    for (uint32_t i = 0; i < terms->count; i++) {
        const char *key = fr_meaning_key(m, terms->terms[i]).key;
        pods += is_key_of_pods(key) ? 1 : 0;
        nodes += strcmp(key, "nodes") == 0 || strcmp(key, "nodes-where") == 0 ? 1 : 0;
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

/* Does some term of a group ask for all that this one does? */
static bool has_implying_term(const flowrules_meaning *m, const struct fr_group_terms *group,
                              fr_string term) {
    bool one, other;
    struct fr_requirement wanted = requirement_of(m, term, &one);
    for (uint32_t i = 0; m->has_requirements && one && i < group->count; i++) {
        struct fr_requirement r = requirement_of(m, group->terms[i], &other);
        if (other && fr_requirement_same_label(&r, &wanted) &&
            fr_requirements_imply(&r, 1, &wanted))
            return true;
    }
    return false;
}

bool fr_meaning_group_covers(const flowrules_meaning *m, uint32_t wide, uint32_t narrow) {
    const struct fr_group_terms *outer = fr_vec_at(&m->groups, struct fr_group_terms, wide);
    const struct fr_group_terms *inner = fr_vec_at(&m->groups, struct fr_group_terms, narrow);
    for (uint32_t i = 0; i < outer->count; i++)
        if (!has_term(inner, outer->terms[i]) && !is_all_nodes(m, outer->terms[i]) &&
            !has_implying_term(m, inner, outer->terms[i]))
            return false;
    return true;
}

static bool texts_differ(const char *a, const char *b) {
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) != 0;
}

/* Can no label be as both terms ask? */
static bool terms_exclude(const flowrules_meaning *m, fr_string a, fr_string b) {
    bool first, second;
    if (a == b)
        return false;
    struct fr_requirement both[] = {requirement_of(m, a, &first), requirement_of(m, b, &second)};
    return first && second && fr_requirement_same_label(&both[0], &both[1]) &&
           !fr_requirements_can_hold(both, 2, &both[0]);
}

bool fr_meaning_groups_exclude(const flowrules_meaning *m, uint32_t a, uint32_t b) {
    const struct fr_group_terms *one = fr_vec_at(&m->groups, struct fr_group_terms, a);
    const struct fr_group_terms *other = fr_vec_at(&m->groups, struct fr_group_terms, b);
    for (uint32_t i = 0; i < one->count; i++)
        for (uint32_t k = 0; k < other->count; k++) {
            struct flowrules_group_key x = fr_meaning_key(m, one->terms[i]);
            struct flowrules_group_key y = fr_meaning_key(m, other->terms[k]);
            bool values = x.label != NULL || !fr_is_requirement_key(x.key);
            if ((values && strcmp(x.key, y.key) == 0 && !texts_differ(x.label, y.label) &&
                 strcmp(x.value, y.value) != 0) ||
                (m->has_requirements && terms_exclude(m, one->terms[i], other->terms[k])))
                return true;
        }
    return false;
}

fr_set fr_meaning_atom_set(flowrules_meaning *m, uint32_t atom) {
    if (atom != UINT32_MAX)
        fr_builder_atom(&m->builder, atom);
    m->builder.failed = m->builder.failed || atom == UINT32_MAX;
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

static void add_term(struct fr_service_builder *b, int protocol, struct flowrules_ports source,
                     struct flowrules_ports destination) {
    const struct fr_term term = {(uint16_t)(protocol < 0 ? FR_PROTOCOL_ANY : protocol),
                                 source.first, source.last, destination.first, destination.last};
    fr_service_add(b, &term);
}

static struct flowrules_ports one_or_all(int number) {
    return number < 0 ? (struct flowrules_ports){0, UINT16_MAX}
                      : (struct flowrules_ports){(uint16_t)number, (uint16_t)number};
}

/* For ICMP the type stands in the source ports' place, the code in the destination ports'. */
static void add_service(struct fr_service_builder *b, const struct flowrules_service *s) {
    static const struct flowrules_ports all = {0, UINT16_MAX};
    size_t sources = s->source_port_count, destinations = s->destination_port_count;
    if (s->protocol >= 0 && fr_protocol_is_icmp((unsigned)s->protocol)) {
        add_term(b, s->protocol, one_or_all(s->icmp_type), one_or_all(s->icmp_code));
        return;
    }
    for (size_t i = 0; i < (sources == 0 ? 1 : sources); i++)
        for (size_t k = 0; k < (destinations == 0 ? 1 : destinations); k++)
            add_term(b, s->protocol, sources == 0 ? all : s->source_ports[i],
                     destinations == 0 ? all : s->destination_ports[k]);
}

fr_service fr_meaning_service(flowrules_meaning *m, const struct flowrules_service *services,
                              size_t count) {
    struct fr_service_builder builder;
    if (count == 0)
        return FR_SERVICE_ANY;
    fr_service_begin(&builder, &m->context->allocator);
    for (size_t i = 0; i < count && !builder.failed; i++)
        add_service(&builder, &services[i]);
    return fr_service_finish(&builder, &m->services);
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
