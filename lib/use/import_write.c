/*
 * The YAML of an imported policy: networks under the names that the configuration has for them,
 * services, flows in the order of its rules, and targets to render it again.
 */
#include "import_write.h"

#include <stdio.h>
#include <string.h>

#include "interfaces.h"
#include "policy.h"
#include "policy_text.h"
#include "requirements.h"
#include "settings.h"
#include "utf8.h"

/* An end with up to so many items is written where it is used; a larger one becomes a network. */
#define ITEMS_INLINE 4u

struct network {
    fr_set set;
    uint32_t atom; /* a group's; UINT32_MAX: a set */
    const char *name, *description;
    fr_set except; /* of all addresses of its families; empty: it is what it lists */
    const struct flowrules_backend *backend; /* of a group: whose platform knows it */
};

/* A service with a name. */
struct service {
    fr_service service;
    const char *name;
};

/* Networks behind interfaces: a set as an end of flows, and where it is. */
struct placed {
    fr_set set, interfaces;
    const char *name;
    struct fr_interface_list list;
    const struct flowrules_backend *backend; /* whose platform knows the interfaces */
};

/* A flow with a wildcard, where those of the platform are one label. */
struct loss {
    const struct fr_import *import;
    const char *title;
    enum flowrules_direction direction;
};

/* A flow that may be for targets of several choices: it is written once, with all their tags. */
struct shared {
    const struct fr_import_flow *flow; /* the first */
    const char *title, *tags, *last_tag;
};

struct writing {
    const struct fr_imports *imports;
    struct fr_import *import; /* the one that is written now */
    flowrules_meaning *m;
    struct flowrules_writer *w;
    struct fr_arena arena;
    struct fr_strings words; /* names of networks that are taken */
    struct fr_policy_titles titles;
    struct fr_strings targets, choices; /* likewise */
    struct fr_vec networks;             /* struct network */
    struct fr_vec placed;               /* struct placed */
    struct fr_map placed_at;            /* by hash of both sets -> index + 1 */
    struct fr_map network_of;           /* set + 1 -> index + 1 */
    struct fr_map group_of;             /* atom + 1 -> index + 1 */
    struct fr_vec services;             /* struct service: those with a name */
    struct fr_map service_of;           /* service + 1 -> index + 1 */
    struct fr_map service_label_of;     /* service + 1 -> index of labels + 1 */
    struct fr_strings service_words;    /* names of services that are taken */
    struct fr_map label_of;             /* set + 1 -> index of labels + 1 */
    struct fr_vec losses;               /* struct loss */
    struct fr_strings keys;             /* what makes flows of several choices the same */
    struct fr_map shared_of;            /* key -> index + 1 */
    struct fr_vec shared;               /* struct shared */
    size_t first_flow;                  /* of all imports: that of the import that is written now */
    unsigned unnamed;                   /* networks without a name of their own */
};

static flowrules_status no_memory(const struct writing *w) {
    return fr_no_memory(w->m->context);
}

/* ---- names --------------------------------------------------------------------------------- */

/* A word like the text that no network is called yet; NULL when out of memory. */
static const char *take_word(struct writing *w, const char *text) {
    return fr_policy_word(&w->m->arena, &w->words, text);
}

/* What a flow is called: as in the configuration, else by where it stands; each once. */
static const char *take_title(struct writing *w, const struct fr_clause *clause) {
    char title[FR_FLOW_NAME_MAX + 1];
    const char *own = fr_strings_text(&w->m->strings, clause->name);
    bool rest = clause->source == FR_SET_ANY && clause->destination == FR_SET_ANY &&
                clause->service == FR_SERVICE_ANY && clause->effect == FR_PASS &&
                clause->interfaces[0] == 0 && clause->interfaces[1] == 0;
    size_t used = 0;
    for (; own != NULL && own[used] != '\0' && used < FR_FLOW_NAME_MAX - 12; used++)
        title[used] = (unsigned char)own[used] < 0x20 || own[used] == 0x7F ? ' ' : own[used];
    used = fr_utf8_cut(own, used);
    title[used] = '\0';
    if (used == 0)
        used = (size_t)(clause->line > 0 && !rest
                            ? snprintf(title, sizeof title, "line-%u", clause->line)
                            : snprintf(title, sizeof title,
                                       clause->effect == FR_BLOCK ? "nothing" : "everything-else"));
    return fr_policy_title(&w->m->arena, &w->titles, title, used, sizeof title);
}

/* ---- networks ------------------------------------------------------------------------------ */

/* The first name that the configuration has for each set. */
static bool map_labels(struct writing *w) {
    uint32_t known;
    for (uint32_t i = 0; i < w->m->labels.count; i++) {
        fr_set set = fr_vec_at(&w->m->labels, struct fr_label, i)->set;
        if (!fr_map_get(&w->label_of, set + 1, &known) && !fr_map_put(&w->label_of, set + 1, i + 1))
            return false;
    }
    for (uint32_t i = 0; i < w->m->service_labels.count; i++) {
        fr_service own = fr_vec_at(&w->m->service_labels, struct fr_service_label, i)->service;
        if (!fr_map_get(&w->service_label_of, own + 1, &known) &&
            !fr_map_put(&w->service_label_of, own + 1, i + 1))
            return false;
    }
    return true;
}

static const struct fr_label *label_of(const struct writing *w, fr_set set) {
    uint32_t index;
    return fr_map_get(&w->label_of, set + 1, &index)
               ? fr_vec_at(&w->m->labels, struct fr_label, index - 1)
               : NULL;
}

/* The name of a network for a set: the configuration's, or a number. */
static const char *name_set(struct writing *w, const struct fr_label *label) {
    char name[32];
    if (label != NULL)
        return take_word(w, label->name);
    snprintf(name, sizeof name, "network-%u", ++w->unnamed);
    return take_word(w, name);
}

static size_t item_count(const struct writing *w, fr_set set) {
    struct flowrules_set view = {&w->m->sets, set};
    return flowrules_set_range_count(view, FLOWRULES_IPV4) +
           flowrules_set_range_count(view, FLOWRULES_IPV6) + flowrules_set_atom_count(view);
}

/* The name of all but some addresses: by what these are called, where it is one thing. */
static const char *name_rest(struct writing *w, fr_set except) {
    const struct fr_label *label = label_of(w, except);
    struct flowrules_set view = {&w->m->sets, except};
    enum flowrules_family family =
        flowrules_set_range_count(view, FLOWRULES_IPV4) > 0 ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
    char name[FR_WORD_MAX] = "not-";
    if (label != NULL) {
        snprintf(name, sizeof name, "not-%.40s", label->name);
        return take_word(w, name);
    }
    if (item_count(w, except) != 1)
        return name_set(w, NULL);
    struct flowrules_writer text;
    struct flowrules_range range = flowrules_set_range(view, family, 0);
    fr_writer_init(&text, &w->m->context->allocator, false);
    flowrules_write(&text, "not-");
    flowrules_write_range(&text, &range);
    size_t size;
    char *word = fr_writer_text(&text, &size);
    fr_writer_free(&text);
    const char *taken = word == NULL ? NULL : take_word(w, word);
    fr_free(&w->m->context->allocator, word);
    return taken;
}

static uint32_t add_network(struct writing *w, struct fr_map *map, uint32_t key,
                            const struct network *network) {
    uint32_t known;
    if (fr_map_get(map, key + 1, &known))
        return known - 1;
    struct network *slot = fr_vec_push(&w->networks);
    if (slot == NULL || network->name == NULL ||
        !fr_map_put(map, key + 1, (uint32_t)w->networks.count))
        return UINT32_MAX;
    *slot = *network;
    return (uint32_t)w->networks.count - 1;
}

static bool knows(const struct fr_map *map, uint32_t key) {
    uint32_t known;
    return fr_map_get(map, key + 1, &known);
}

/* A label's name without its prefix. */
static const char *short_label(const char *label) {
    const char *slash = strrchr(label, '/');
    return slash == NULL ? label : slash + 1;
}

/* What a requirement says in short: "gpu", "no-gpu", "not-db"; NULL when out of memory. */
static const char *short_requirement(struct writing *w, const struct fr_requirement *r) {
    const char *value = "", *label = fr_arena_text(&w->arena, r->label, r->label_length);
    size_t length;
    if (label == NULL)
        return NULL;
    if (r->asks == FLOWRULES_EXISTS)
        return short_label(label);
    if (r->asks == FLOWRULES_DOES_NOT_EXIST)
        return fr_arena_printf(&w->arena, "no-%s", short_label(label));
    return fr_requirement_value(r, 0, &value, &length) && length > 0
               ? fr_arena_printf(&w->arena, "not-%.*s", (int)length, value)
               : fr_arena_printf(&w->arena, "some-%s", short_label(label));
}

/* What a term says in short: its value, or what its label is called. */
static const char *short_term(struct writing *w, fr_string term) {
    struct flowrules_group_key key = fr_meaning_key(w->m, term);
    struct fr_requirement r;
    if (key.label == NULL && fr_is_requirement_key(key.key) &&
        fr_requirement_of(key.key, NULL, key.value, &r))
        return short_requirement(w, &r);
    return *key.value != '\0' || key.label == NULL ? key.value : short_label(key.label);
}

/* Pods are called by their namespace and the values of their labels, "shop-web"; nodes likewise. */
static const char *title_of_group(struct writing *w, uint32_t atom) {
    const struct fr_group_terms *terms = fr_vec_at(&w->m->groups, struct fr_group_terms, atom);
    const char *title = "";
    if (fr_meaning_selects(w->m, atom) == FR_SELECTS_NOTHING)
        return fr_vec_at(&w->m->atoms, struct flowrules_atom, atom)->name;
    if (terms->count == 0)
        return "all-pods";
    for (uint32_t i = 0; i < terms->count && title != NULL; i++) {
        const char *word = short_term(w, terms->terms[i]);
        title = fr_arena_printf(&w->arena, "%s%s%.63s", title, *title == '\0' ? "" : "-",
                                word == NULL ? "" : word);
    }
    return title == NULL || *title != '\0' ? title : "pods";
}

/* Makes a network of each group that a set lists. */
static bool add_groups(struct writing *w, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&w->m->sets, set);
    for (uint32_t i = 0; i < head->atoms; i++) {
        uint32_t atom = fr_set_atoms(head)[i];
        const struct flowrules_atom *a = fr_vec_at(&w->m->atoms, struct flowrules_atom, atom);
        if (a->kind != FLOWRULES_ATOM_GROUP || knows(&w->group_of, atom))
            continue;
        fr_builder_atom(&w->m->builder, atom);
        fr_set own = fr_builder_finish(&w->m->builder, &w->m->sets);
        const struct fr_label *label = own == FR_SET_NONE ? NULL : label_of(w, own);
        const char *title = label == NULL ? title_of_group(w, atom) : label->name;
        struct network network = {own,
                                  atom,
                                  title == NULL ? NULL : take_word(w, title),
                                  label == NULL ? NULL : label->description,
                                  FR_SET_EMPTY,
                                  w->m->backend};
        if (add_network(w, &w->group_of, atom, &network) == UINT32_MAX)
            return false;
    }
    return true;
}

/* Is the set one group that is a network anyway? */
static bool is_group(const struct writing *w, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&w->m->sets, set);
    return head->all_atoms == 0 && head->count4 == 0 && head->count6 == 0 && head->atoms == 1 &&
           knows(&w->group_of, fr_set_atoms(head)[0]);
}

/* The addresses that a set lacks of its families, where it is easier said by them. */
static fr_set lacking(struct writing *w, fr_set set) {
    struct fr_sets *sets = &w->m->sets;
    const struct fr_set_head *head = fr_set_head(sets, set);
    if (head->atoms > 0 || head->all_atoms != 0)
        return FR_SET_EMPTY;
    unsigned families = fr_set_families(sets, set);
    for (unsigned f = 0; f < 2; f++) {
        struct flowrules_range all = {
            (enum flowrules_family)f, {0, 0}, fr_ip_max((enum flowrules_family)f)};
        if ((families & FLOWRULES_FAMILY_BIT(f)) != 0)
            fr_builder_range(&w->m->builder, &all);
    }
    return fr_set_subtract(sets, fr_builder_finish(&w->m->builder, sets), set);
}

/* Is all but a few addresses what it is? */
static bool is_all_but(struct writing *w, fr_set set, fr_set *except) {
    *except = lacking(w, set);
    if (*except == FR_SET_NONE || *except == FR_SET_EMPTY)
        return false;
    size_t families = fr_set_families(&w->m->sets, set) == FLOWRULES_BOTH_FAMILIES ? 2 : 1;
    return item_count(w, *except) + families <= item_count(w, set);
}

/* Makes a network of a set that has a name, or more items than are written in a flow. */
static flowrules_status note_set(struct writing *w, fr_set set) {
    if (set == FR_SET_ANY)
        return FLOWRULES_OK;
    if (fr_set_head(&w->m->sets, set)->all_atoms != 0 && w->import->atoms_are_pods)
        w->import->cannot = "a rule is for all pods except some, which a policy cannot express";
    if (!add_groups(w, set))
        return no_memory(w);
    const struct fr_label *label = label_of(w, set);
    fr_set except = FR_SET_EMPTY;
    if (is_group(w, set) || knows(&w->network_of, set))
        return FLOWRULES_OK;
    bool all_but = label == NULL && is_all_but(w, set, &except);
    if (except == FR_SET_NONE)
        return no_memory(w);
    if (label == NULL && !all_but && item_count(w, set) <= ITEMS_INLINE)
        return FLOWRULES_OK;
    struct network network = {set,
                              UINT32_MAX,
                              all_but ? name_rest(w, except) : name_set(w, label),
                              label == NULL ? NULL : label->description,
                              all_but ? except : FR_SET_EMPTY,
                              w->m->backend};
    return add_network(w, &w->network_of, set, &network) == UINT32_MAX ? no_memory(w)
                                                                       : FLOWRULES_OK;
}

/* ---- writing ends -------------------------------------------------------------------------- */

static void comma(struct flowrules_writer *w, bool *first) {
    flowrules_write(w, *first ? "" : ", ");
    *first = false;
}

static void write_ranges(struct writing *w, struct flowrules_set set, enum flowrules_family family,
                         bool *first) {
    for (size_t i = 0; i < flowrules_set_range_count(set, family); i++) {
        struct flowrules_range range = flowrules_set_range(set, family, i);
        comma(w->w, first);
        flowrules_write(w->w, family == FLOWRULES_IPV6 ? "\"" : "");
        flowrules_write_range(w->w, &range);
        flowrules_write(w->w, family == FLOWRULES_IPV6 ? "\"" : "");
    }
}

static void write_atom(struct writing *w, uint32_t atom, bool *first) {
    const struct flowrules_atom *a = fr_vec_at(&w->m->atoms, struct flowrules_atom, atom);
    uint32_t network;
    comma(w->w, first);
    if (a->kind == FLOWRULES_ATOM_GROUP && fr_map_get(&w->group_of, atom + 1, &network)) {
        flowrules_write(w->w, fr_vec_at(&w->networks, struct network, network - 1)->name);
        return;
    }
    flowrules_write(w->w, a->kind == FLOWRULES_ATOM_WILDCARD ? "\"*." : "\"");
    flowrules_write_user(w->w, &flowrules_yaml_quoted, a->name);
    flowrules_write(w->w, strchr(a->name, '.') == NULL ? ".\"" : "\"");
}

/* The items of a set, without brackets. What is "every name" beside addresses is left to them. */
static void write_items(struct writing *w, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&w->m->sets, set);
    struct flowrules_set view = {&w->m->sets, set};
    bool first = true;
    for (uint32_t i = 0; head->all_atoms == 0 && i < head->atoms; i++)
        write_atom(w, fr_set_atoms(head)[i], &first);
    write_ranges(w, view, FLOWRULES_IPV4, &first);
    write_ranges(w, view, FLOWRULES_IPV6, &first);
}

static struct placed *find_placed(const struct writing *w, fr_set set, fr_set interfaces);

static void write_end(struct writing *w, fr_set set, fr_set interfaces) {
    uint32_t network;
    const struct placed *placed = interfaces == 0 ? NULL : find_placed(w, set, interfaces);
    if (placed != NULL) {
        flowrules_write(w->w, placed->name);
    } else if (set == FR_SET_ANY) {
        flowrules_write(w->w, "any");
    } else if (fr_map_get(&w->network_of, set + 1, &network)) {
        flowrules_write(w->w, fr_vec_at(&w->networks, struct network, network - 1)->name);
    } else {
        flowrules_write(w->w, "[");
        write_items(w, set);
        flowrules_write(w->w, "]");
    }
}

/* ---- networks behind interfaces ------------------------------------------------------------ */

static struct placed *find_placed(const struct writing *w, fr_set set, fr_set interfaces) {
    uint32_t key[2] = {set, interfaces}, index;
    if (!fr_map_get(&w->placed_at, fr_hash(key, sizeof key) | 1u, &index))
        return NULL;
    for (; index <= w->placed.count; index++) { /* another one may have the same hash */
        struct placed *known = fr_vec_at(&w->placed, struct placed, index - 1);
        if (known->set == set && known->interfaces == interfaces)
            return known;
    }
    return NULL;
}

/* "eth1", "not-docker0": the interfaces in short. */
static const char *short_interfaces(struct writing *w, const struct fr_interface_list *list) {
    const char *text = list->count > 0 ? list->names[0] : "not";
    for (size_t i = 1; i < list->count && text != NULL; i++)
        text = fr_arena_printf(&w->arena, "%s-%s", text, list->names[i]);
    for (size_t i = 0; i < list->except_count && text != NULL; i++)
        text = fr_arena_printf(&w->arena, list->count > 0 && i == 0 ? "%s-not-%s" : "%s-%s", text,
                               list->except[i]);
    return text;
}

/* What is said of the set by itself, in short. */
static const char *short_set(struct writing *w, fr_set set) {
    struct flowrules_set view = {&w->m->sets, set};
    char text[FR_IP_TEXT_SIZE + 8];
    uint32_t network;
    if (fr_map_get(&w->network_of, set + 1, &network))
        return fr_vec_at(&w->networks, struct network, network - 1)->name;
    if (flowrules_set_is_all(view, FLOWRULES_IPV4) || flowrules_set_is_all(view, FLOWRULES_IPV6))
        return flowrules_set_is_all(view, FLOWRULES_IPV4) ? "ipv4" : "ipv6";
    for (int f = 0; f < 2; f++)
        if (flowrules_set_range_count(view, (enum flowrules_family)f) > 0) {
            struct flowrules_range range = flowrules_set_range(view, (enum flowrules_family)f, 0);
            int length = flowrules_range_prefix(&range);
            fr_ip_text(text, (enum flowrules_family)f, range.first);
            return length < 0 || length == (f == 0 ? 32 : 128)
                       ? fr_arena_printf(&w->arena, "%s", text)
                       : fr_arena_printf(&w->arena, "%s-%d", text, length);
        }
    return "names";
}

/* An end of a flow, and the interfaces by which its packets come or go (0: any). */
static flowrules_status note_end(struct writing *w, fr_set set, fr_set interfaces) {
    struct placed placed = {.set = set, .interfaces = interfaces, .backend = w->m->backend};
    uint32_t key[2] = {set, interfaces}, known;
    bool said;
    FR_TRY(note_set(w, set));
    if (interfaces == 0 || find_placed(w, set, interfaces) != NULL)
        return FLOWRULES_OK;
    const struct fr_interface_words words = {w->m->context, &w->m->arena, &w->m->sets, ""};
    if (!fr_interfaces_spell(&words, interfaces, &placed.list, &said))
        return no_memory(w);
    if (!said)
        w->import->cannot = "a rule is for interfaces that no list of names tells";
    const char *where = short_interfaces(w, &placed.list);
    const char *what = set == FR_SET_ANY ? where : short_set(w, set);
    if (where != NULL && what != NULL && set != FR_SET_ANY)
        what = fr_arena_printf(&w->arena, "%.30s-at-%s", what, where);
    placed.name = where == NULL || what == NULL ? NULL : take_word(w, what);
    struct placed *slot = placed.name == NULL ? NULL : fr_vec_push(&w->placed);
    uint32_t hash = fr_hash(key, sizeof key) | 1u;
    if (slot == NULL || (!fr_map_get(&w->placed_at, hash, &known) &&
                         !fr_map_put(&w->placed_at, hash, (uint32_t)w->placed.count)))
        return no_memory(w);
    *slot = placed;
    return FLOWRULES_OK;
}

static void write_names_of(struct writing *w, const char *key, const char *const *names,
                           size_t count) {
    flowrules_writef(w->w, "%s: ", key);
    flowrules_write(w->w, count > 1 ? "[" : "");
    for (size_t i = 0; i < count; i++) {
        flowrules_write(w->w, i > 0 ? ", " : "");
        flowrules_yaml_write(w->w, names[i]);
    }
    flowrules_write(w->w, count > 1 ? "]" : "");
}

static void write_placed(struct writing *w, const struct placed *placed) {
    const struct flowrules_capabilities *can = &placed->backend->capabilities;
    uint32_t network;
    flowrules_writef(w->w, "  %s:\n    members: [", placed->name);
    if (placed->set == FR_SET_ANY)
        flowrules_write(w->w, "any");
    else if (fr_map_get(&w->network_of, placed->set + 1, &network))
        flowrules_write(w->w, fr_vec_at(&w->networks, struct network, network - 1)->name);
    else
        write_items(w, placed->set);
    flowrules_writef(w->w, "]\n    %s: {", placed->backend->name);
    if (placed->list.count > 0)
        write_names_of(w, can->interfaces, placed->list.names, placed->list.count);
    flowrules_write(w->w, placed->list.count > 0 && placed->list.except_count > 0 ? ", " : "");
    if (placed->list.except_count > 0)
        write_names_of(w, can->other_interfaces, placed->list.except, placed->list.except_count);
    flowrules_write(w->w, "}\n");
}

/* Pods of any namespace have to say so: else it would be the target's. */
static bool is_anywhere(const struct writing *w, uint32_t atom) {
    const struct fr_group_terms *terms = fr_vec_at(&w->m->groups, struct fr_group_terms, atom);
    for (uint32_t i = 0; i < terms->count; i++)
        if (strncmp(fr_meaning_key(w->m, terms->terms[i]).key, "namespace", 9) == 0)
            return false;
    return fr_meaning_selects(w->m, atom) == FR_SELECTS_PODS;
}

/* Pods are written for the platform whose bindings others take too. */
static const char *backend_of_binding(const struct writing *w, const struct network *network) {
    const struct flowrules_backend *backend = network->backend;
    uint32_t atom = network->atom;
    return backend->bindings_of != NULL && fr_meaning_selects(w->m, atom) == FR_SELECTS_PODS
               ? backend->bindings_of
               : backend->name;
}

/* The terms come sorted: those of one key that is a mapping, or a list, stand together. */
static void write_binding(struct writing *w, const struct network *network) {
    uint32_t atom = network->atom;
    const struct fr_group_terms *group = fr_vec_at(&w->m->groups, struct fr_group_terms, atom);
    const char *open = NULL, *close = "";
    flowrules_writef(w->w, "    %s: {", backend_of_binding(w, network));
    if (is_anywhere(w, atom))
        flowrules_write(w->w, group->count > 0 ? "namespace: any, " : "namespace: any");
    for (uint32_t i = 0; i < group->count; i++) {
        struct flowrules_group_key key = fr_meaning_key(w->m, group->terms[i]);
        bool list = key.label == NULL && fr_is_requirement_key(key.key);
        bool same = open != NULL && strcmp(open, key.key) == 0;
        if (!same)
            flowrules_write(w->w, close);
        flowrules_write(w->w, i > 0 ? ", " : "");
        if (!same) {
            flowrules_writef(w->w, "%s: %s", key.key, list ? "[" : key.label != NULL ? "{" : "");
            open = list || key.label != NULL ? key.key : NULL;
            close = list ? "]" : key.label != NULL ? "}" : "";
        }
        if (key.label != NULL) {
            flowrules_yaml_write(w->w, key.label);
            flowrules_write(w->w, ": ");
        }
        flowrules_yaml_write(w->w, key.value);
    }
    flowrules_writef(w->w, "%s}\n", close);
}

static void write_network(struct writing *w, const struct network *network) {
    flowrules_writef(w->w, "  %s:\n", network->name);
    if (network->description != NULL) {
        flowrules_write(w->w, "    description: ");
        flowrules_yaml_write(w->w, network->description);
        flowrules_write(w->w, "\n");
    }
    if (network->atom != UINT32_MAX) {
        write_binding(w, network);
        return;
    }
    flowrules_write(w->w, "    members: [");
    if (network->except != FR_SET_EMPTY) {
        unsigned families = fr_set_families(&w->m->sets, network->set);
        flowrules_write(w->w, (families & 1) != 0 ? "0.0.0.0/0" : "");
        flowrules_write(w->w, families == FLOWRULES_BOTH_FAMILIES ? ", " : "");
        flowrules_write(w->w, (families & 2) != 0 ? "\"::/0\"" : "");
        flowrules_write(w->w, "]\n    except: [");
        write_items(w, network->except);
        flowrules_write(w->w, "]\n");
        return;
    }
    write_items(w, network->set);
    flowrules_write(w->w, "]\n");
}

/* ---- services ------------------------------------------------------------------------------ */

/* What the configuration calls a service, or NULL. */
static const char *label_of_service(const struct writing *w, fr_service service) {
    uint32_t index;
    return fr_map_get(&w->service_label_of, service + 1, &index)
               ? fr_vec_at(&w->m->service_labels, struct fr_service_label, index - 1)->name
               : NULL;
}

static flowrules_status note_service(struct writing *w, fr_service service) {
    const struct fr_service_terms *terms = fr_service_get(&w->m->services, service);
    const char *label = label_of_service(w, service);
    if (service == FR_SERVICE_ANY || knows(&w->service_of, service) ||
        (label == NULL && fr_policy_is_one_entry(terms)))
        return FLOWRULES_OK;
    struct service *slot = fr_vec_add(&w->services);
    if (label == NULL)
        label = fr_arena_printf(&w->arena, "service-%zu", w->services.count);
    if (slot != NULL && label != NULL)
        *slot = (struct service){service, fr_policy_word(&w->m->arena, &w->service_words, label)};
    if (slot == NULL || label == NULL || slot->name == NULL ||
        !fr_map_put(&w->service_of, service + 1, (uint32_t)w->services.count))
        return no_memory(w);
    return FLOWRULES_OK;
}

static void write_services(struct writing *w) {
    flowrules_write(w->w, w->services.count > 0 ? "\nservices:\n" : "");
    for (size_t i = 0; i < w->services.count; i++) {
        const struct service *s = fr_vec_at(&w->services, struct service, i);
        flowrules_writef(w->w, "  %s:\n", s->name);
        fr_policy_write_service(w->w, fr_service_get(&w->m->services, s->service));
    }
}

static void write_service(struct writing *w, fr_service service) {
    const struct fr_service_terms *terms = fr_service_get(&w->m->services, service);
    uint32_t number;
    if (service == FR_SERVICE_ANY) {
        flowrules_write(w->w, "service: any");
    } else if (fr_map_get(&w->service_of, service + 1, &number)) {
        flowrules_writef(w->w, "service: %s",
                         fr_vec_at(&w->services, struct service, number - 1)->name);
    } else {
        fr_policy_write_entry(w->w, "\n    ", terms->terms, terms->count);
    }
}

/* ---- flows --------------------------------------------------------------------------------- */

static struct fr_import_target *target_at(const struct fr_import *import, size_t index) {
    return fr_vec_at(&import->targets, struct fr_import_target, index);
}

/* Flows have tags where they are for different targets. */
static bool has_tags(const struct writing *w) {
    size_t busy = 0;
    for (size_t p = 0; p < w->imports->count; p++)
        for (size_t i = 0; i < w->imports->items[p]->targets.count; i++)
            busy += !target_at(w->imports->items[p], i)->idle;
    return busy > 1;
}

static bool has_many_targets(const struct writing *w) {
    return w->imports->count > 1 || w->imports->items[0]->targets.count > 1;
}

static const char *tag_of(enum flowrules_direction direction) {
    static const char *const tags[] = {[FLOWRULES_EGRESS] = "egress",
                                       [FLOWRULES_INGRESS] = "ingress",
                                       [FLOWRULES_FORWARD] = "forward"};
    return tags[direction];
}

/* The tag of the flows of a direction. */
static const char *tag_of_flows(const struct writing *w, enum flowrules_direction direction) {
    for (size_t i = 0; i < w->import->targets.count; i++) {
        const struct fr_import_target *target = target_at(w->import, i);
        if (target->direction == direction || (target->both && direction != FLOWRULES_FORWARD))
            return target->tag;
    }
    return tag_of(direction);
}

/* All that is written of a flow besides its tags; a deny that spares flows is one of its own. */
struct flow_key {
    fr_set ends[2], interfaces[2];
    fr_service service;
    fr_string name, comment, expires;
    uint32_t kind, log, ordered;
};

/* The entry of a flow and all that are the same; NULL when out of memory. */
static struct shared *find_shared(struct writing *w, const struct fr_import_flow *flow) {
    const struct fr_clause *c = flow->clause;
    const struct fr_import_flow *first = w->import->flows.items;
    const struct flow_key key = {
        {flow->ends[0], flow->ends[1]},
        {flow->interfaces[0], flow->interfaces[1]},
        flow->service,
        c->name,
        c->comment,
        c->expires,
        flow->kind,
        c->log,
        flow->ordered ? (uint32_t)(w->first_flow + (size_t)(flow - first) + 1) : 0};
    uint32_t index;
    fr_string text = fr_strings_add(&w->keys, (const char *)&key, sizeof key);
    if (text != 0 && fr_map_get(&w->shared_of, text, &index))
        return fr_vec_at(&w->shared, struct shared, index - 1);
    struct shared *slot = text == 0 ? NULL : fr_vec_push(&w->shared);
    if (slot == NULL || !fr_map_put(&w->shared_of, text, (uint32_t)w->shared.count))
        return NULL;
    slot->flow = flow;
    return slot;
}

/* Collects the tags of flows that stand in several choices. */
static flowrules_status note_shared(struct writing *w) {
    for (size_t i = 0; i < w->import->flows.count && w->imports->count > 1; i++) {
        const struct fr_import_flow *flow = fr_vec_at(&w->import->flows, struct fr_import_flow, i);
        if (!fr_import_is_flow(flow))
            continue;
        struct shared *shared = find_shared(w, flow);
        const char *tag = tag_of_flows(w, flow->direction);
        if (shared == NULL)
            return no_memory(w);
        if (shared->last_tag == tag)
            continue;
        shared->last_tag = tag;
        shared->tags =
            shared->tags == NULL ? tag : fr_arena_printf(&w->arena, "%s, %s", shared->tags, tag);
        if (shared->tags == NULL)
            return no_memory(w);
    }
    return FLOWRULES_OK;
}

static bool has_wildcard(const struct writing *w, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&w->m->sets, set);
    for (uint32_t i = 0; head->all_atoms == 0 && i < head->atoms; i++)
        if (fr_vec_at(&w->m->atoms, struct flowrules_atom, fr_set_atoms(head)[i])->kind ==
            FLOWRULES_ATOM_WILDCARD)
            return true;
    return false;
}

static flowrules_status note_loss(struct writing *w, const struct fr_import_flow *flow,
                                  const char *title) {
    if (w->m->backend->capabilities.wildcards != FLOWRULES_WILDCARDS_ONE_LABEL ||
        (!has_wildcard(w, flow->ends[0]) && !has_wildcard(w, flow->ends[1])))
        return FLOWRULES_OK;
    struct loss *loss = fr_vec_push(&w->losses);
    if (loss == NULL)
        return no_memory(w);
    *loss = (struct loss){w->import, title, flow->direction};
    return FLOWRULES_OK;
}

/* A line of the configuration, without what would end a comment; its start, where it is long. */
static void write_source_line(struct writing *w, const struct fr_clause *c) {
    static const struct flowrules_escape escape = {.keep = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
                                                   .replace = ' ',
                                                   .utf8 = true,
                                                   .max_bytes = 120};
    const struct fr_config_file *file =
        fr_vec_at(&w->import->config->files, struct fr_config_file, c->file);
    const char *line = file->text, *end = file->text + file->size;
    for (uint32_t i = 1; i < c->line && line != NULL && line < end; i++) {
        line = memchr(line, '\n', (size_t)(end - line));
        line = line == NULL ? end : line + 1;
    }
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    const char *stop =
        line == NULL || line >= end ? NULL : memchr(line, '\n', (size_t)(end - line));
    size_t length = line == NULL || line >= end ? 0 : (size_t)((stop == NULL ? end : stop) - line);
    const char *text = fr_arena_text(&w->arena, line == NULL ? "" : line, length);
    w->w->failed = w->w->failed || text == NULL;
    flowrules_write_user(w->w, &escape, text);
}

bool fr_import_is_repeated(const struct fr_import *import, size_t index) {
    const struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, index);
    for (size_t i = 0; i < index; i++) {
        const struct fr_import_flow *f = fr_vec_at(&import->flows, struct fr_import_flow, i);
        if (!fr_import_is_flow(f) && f->kind == flow->kind && f->matters == flow->matters &&
            f->clause->file == flow->clause->file && f->clause->line == flow->clause->line &&
            f->clause->doubt == flow->clause->doubt)
            return true;
    }
    return false;
}

/* What becomes of a rule in doubt stands where the rule would. */
static void write_comment(struct writing *w, const struct fr_import_flow *flow) {
    static const struct flowrules_escape escape = {
        .keep = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", .replace = ' ', .utf8 = true};
    const struct fr_clause *c = flow->clause;
    const char *doubt = fr_strings_text(&w->m->strings, c->doubt);
    const char *what = flow->kind == FR_IMPORT_LEFT_OUT ? "left out"
                       : flow->kind == FR_IMPORT_TAKEN
                           ? "left out, since a rule in doubt before it may decide first"
                       : c->effect == FR_SKIP
                           ? "where rules behind it may not be reached, it denies "
                             "as much as it may"
                           : "kept, and it denies as much as it may";
    if (c->line > 0 && c->file < w->import->config->files.count) {
        flowrules_write(w->w, "  # ");
        flowrules_write_user(
            w->w, &escape,
            fr_vec_at(&w->import->config->files, struct fr_config_file, c->file)->name);
        flowrules_writef(w->w, ":%u: ", c->line);
        write_source_line(w, c);
        flowrules_write(w->w, "\n");
    }
    flowrules_writef(w->w, "  #   %s%s", what, doubt == NULL ? "" : ": ");
    flowrules_write_user(w->w, &escape, doubt == NULL ? "" : doubt);
    flowrules_write(w->w, "\n");
}

static bool spares(const struct fr_import *import, size_t deny, size_t allow) {
    const struct fr_import_flow *d = fr_vec_at(&import->flows, struct fr_import_flow, deny);
    const struct fr_import_flow *a = fr_vec_at(&import->flows, struct fr_import_flow, allow);
    return d->ordered && a->kind == FR_IMPORT_ALLOW && fr_import_is_before(a, d) &&
           fr_import_may_meet(import->m, a, d);
}

static const char *title_of(const struct writing *w, size_t number) {
    return *fr_vec_at(&w->import->titles, const char *, number);
}

/* A list of names is broken where its line would be longer than this. */
#define LINE_LENGTH 92u

/* The names of the flows that a deny spares. */
static void write_spares(struct writing *w, size_t number) {
    static const char key[] = "    spares: [";
    size_t used = sizeof key - 1;
    bool first = true;
    for (size_t i = 0; i < w->import->flows.count; i++) {
        if (!spares(w->import, number, i))
            continue;
        size_t length = strlen(title_of(w, i)) + strlen(", ''");
        bool breaks = !first && used + length > LINE_LENGTH;
        flowrules_write(w->w, first ? key : breaks ? ",\n             " : ", ");
        flowrules_yaml_write(w->w, title_of(w, i));
        used = (breaks ? sizeof key - 1 : used) + length;
        first = false;
    }
    flowrules_write(w->w, first ? "" : "]\n");
}

/* tags: NULL where it needs none. */
static flowrules_status write_flow(struct writing *w, size_t number, const char *tags) {
    const struct fr_import_flow *flow = fr_vec_at(&w->import->flows, struct fr_import_flow, number);
    const struct fr_clause *c = flow->clause;
    const struct fr_strings *strings = &w->m->strings;
    const char *title = title_of(w, number);
    FR_TRY(note_loss(w, flow, title));
    flowrules_write(w->w, "  - name: ");
    flowrules_yaml_write(w->w, title);
    flowrules_write(w->w, flow->kind == FR_IMPORT_DENY ? "\n    action: deny\n    source: "
                                                       : "\n    source: ");
    write_end(w, flow->ends[0], flow->interfaces[0]);
    flowrules_write(w->w, "\n    destination: ");
    write_end(w, flow->ends[1], flow->interfaces[1]);
    flowrules_write(w->w, "\n    ");
    write_service(w, flow->service);
    flowrules_write(w->w, "\n");
    if (flow->ordered)
        write_spares(w, number);
    fr_policy_write_text(w->w, "purpose",
                         c->comment != c->name ? fr_strings_text(strings, c->comment) : NULL);
    if (c->expires != 0)
        flowrules_writef(w->w, "    expires: %s\n", fr_strings_text(strings, c->expires));
    flowrules_write(w->w, c->log ? "    log: true\n" : "");
    if (tags != NULL)
        flowrules_writef(w->w, "    tags: [%s]\n", tags);
    return FLOWRULES_OK;
}

/* ---- targets ------------------------------------------------------------------------------- */

static bool is_bool(const struct writing *w, const char *key) {
    const struct flowrules_setting *s = fr_setting_find(w->m->backend, key);
    return s != NULL && (strcmp(s->type, "boolean") == 0 || strncmp(s->type, "integer", 7) == 0);
}

static void write_setting(struct writing *w, const char *key, const char *value) {
    flowrules_writef(w->w, "    %s: ", key);
    if (is_bool(w, key))
        flowrules_write(w->w, value);
    else
        flowrules_yaml_write(w->w, value);
    flowrules_write(w->w, "\n");
}

/* Settings of the caller's, then those that the configuration itself tells. */
static void write_settings(struct writing *w, const struct fr_import_target *target) {
    bool forward = target->direction == FLOWRULES_FORWARD;
    const struct fr_vec *given = &w->import->config->settings, *found = &w->m->settings;
    const struct fr_choice *choice = w->import->reading->choice;
    bool hook = false;
    if (choice != NULL && fr_setting_find(w->m->backend, choice->key) != NULL)
        write_setting(w, choice->key, choice->value);
    for (size_t i = 0; i < given->count; i++) {
        const struct fr_config_setting *s = fr_vec_at(given, struct fr_config_setting, i);
        if (fr_setting_find(w->m->backend, s->key) == NULL)
            continue; /* of a language that is read and not written */
        write_setting(w, s->key, s->value);
        hook = hook || strcmp(s->key, "hook") == 0;
    }
    for (size_t i = 0; i < found->count; i++) {
        const struct fr_found_setting *s = fr_vec_at(found, struct fr_found_setting, i);
        bool known = (s->directions & (1u << target->direction)) == 0 ||
                     (choice != NULL && strcmp(choice->key, s->key) == 0) ||
                     (strcmp(s->key, "hook") == 0 && forward);
        for (size_t k = 0; k < given->count; k++)
            known =
                known || strcmp(fr_vec_at(given, struct fr_config_setting, k)->key, s->key) == 0;
        if (!known)
            write_setting(w, s->key, s->value);
    }
    if (forward && !hook && fr_setting_find(w->m->backend, "hook") != NULL)
        flowrules_write(w->w, "    hook: forward\n");
}

static void write_protects(struct writing *w, const char *indent, const struct fr_vec *list) {
    flowrules_writef(w->w, "%sprotects: [", indent);
    for (size_t i = 0; i < list->count; i++) {
        fr_set set = *fr_vec_at(list, fr_set, i);
        uint32_t network;
        flowrules_write(w->w, i > 0 ? ", " : "");
        if (fr_map_get(&w->network_of, set + 1, &network))
            flowrules_write(w->w, fr_vec_at(&w->networks, struct network, network - 1)->name);
        else
            write_items(w, set);
    }
    flowrules_write(w->w, "]\n");
}

static const struct fr_vec *protects_of(const struct fr_import *import,
                                        const struct fr_import_target *target) {
    const struct fr_vec *own = &import->protects_of[target->direction];
    return target->both || own->count == 0 ? &import->protects : own;
}

/* A platform whose wildcards are one label says less than a policy does: as much as it did. */
static void write_losses(struct writing *w, const struct fr_import_target *target) {
    bool any = false;
    for (size_t i = 0; i < w->losses.count; i++) {
        const struct loss *loss = fr_vec_at(&w->losses, struct loss, i);
        if (loss->import != w->import || (!target->both && loss->direction != target->direction))
            continue;
        flowrules_write(w->w, any ? ", {flow: " : "    allow-loss: [{flow: ");
        flowrules_yaml_write(w->w, loss->title);
        flowrules_write(w->w, ", loss: narrow}");
        any = true;
    }
    flowrules_write(w->w, any ? "]\n" : "");
}

/* Are there names that a resolver follows for the configuration, on request? */
static bool follows_names(const struct writing *w) {
    if (!w->m->backend->capabilities.names_on_request)
        return false;
    for (size_t i = 0; i < w->m->atoms.count; i++)
        if (fr_vec_at(&w->m->atoms, struct flowrules_atom, i)->kind != FLOWRULES_ATOM_GROUP)
            return true;
    return false;
}

/* What is not the default: none of it but replies, or the parts that there are. */
static void write_baseline(struct writing *w, const struct fr_import_target *target) {
    unsigned known = w->m->backend->capabilities.baseline;
    unsigned usual = known & FR_BASELINE_TRUE;
    char parts[160];
    if (target->direction == FLOWRULES_FORWARD)
        usual &= ~(unsigned)(FLOWRULES_BASELINE_LOOPBACK | FLOWRULES_BASELINE_NEIGHBOUR |
                             FLOWRULES_BASELINE_LISTENER);
    unsigned own = target->baseline & (usual | FLOWRULES_BASELINE_INVALID);
    if (own == usual)
        return;
    fr_baseline_list(own, parts, sizeof parts);
    if (own == (known & FR_BASELINE_FALSE))
        flowrules_write(w->w, "    baseline: false\n");
    else
        flowrules_writef(w->w, own == 0 ? "    baseline: none\n" : "    baseline: [%s]\n", parts);
}

/* Does what is protected stand at the top of the policy? */
static bool stands_at_top(const struct writing *w) {
    return w->imports->count == 1 && w->imports->items[0]->protect_policy;
}

static void write_target(struct writing *w, const struct fr_import_target *target) {
    const struct fr_import *import = w->import;
    bool forward = target->direction == FLOWRULES_FORWARD;
    flowrules_writef(w->w, "  %s:\n    backend: %s\n", target->name, w->m->backend->name);
    if (import->format != NULL)
        flowrules_writef(w->w, "    format: %s\n", import->format);
    if (!forward && !target->both)
        flowrules_writef(w->w, "    direction: %s\n", tag_of(target->direction));
    if (!forward && import->protects.count > 0 && !stands_at_top(w))
        write_protects(w, "    ", protects_of(import, target));
    if (has_many_targets(w) && target->idle)
        flowrules_write(w->w, "    select: none\n");
    else if (has_tags(w))
        flowrules_writef(w->w, "    select: {tags: [%s]}\n", target->tag);
    write_baseline(w, target);
    if (target->mid_stream)
        flowrules_write(w->w, "    mid-stream: true\n");
    if (import->machine && !forward)
        flowrules_write(w->w, "    " FR_MACHINE_SETTING ": true\n");
    flowrules_write(w->w, follows_names(w) ? "    names: native\n" : "");
    write_settings(w, target);
    write_losses(w, target);
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* What a target is called, and the tag of its flows: after the choice where there are several. */
static bool name_target(struct writing *w, const char *choice, struct fr_import_target *target) {
    bool many = w->import->targets.count > 1;
    const char *own = tag_of(target->direction);
    const char *base = choice != NULL ? choice : w->m->backend->name;
    const char *name = many ? fr_arena_printf(&w->arena, "%s-%s", base, own) : base;
    target->name = name == NULL ? NULL : fr_policy_word(&w->m->arena, &w->targets, name);
    target->tag = choice != NULL ? target->name : own;
    return target->name != NULL;
}

static flowrules_status name_targets(struct writing *w) {
    const char *choice = NULL;
    bool good = true;
    if (w->imports->count > 1) {
        choice = fr_policy_word(&w->m->arena, &w->choices, w->import->reading->choice->name);
        good = choice != NULL;
    }
    for (size_t i = 0; i < w->import->targets.count && good; i++)
        good = name_target(w, choice, target_at(w->import, i));
    return good ? FLOWRULES_OK : no_memory(w);
}

/* Calls a function for each import. */
static flowrules_status for_each(struct writing *w, flowrules_status (*work)(struct writing *w)) {
    flowrules_status status = FLOWRULES_OK;
    w->first_flow = 0;
    for (size_t i = 0; i < w->imports->count && status == FLOWRULES_OK; i++) {
        w->import = w->imports->items[i];
        fr_import_open(w->import);
        status = work(w);
        fr_import_close(w->import);
        w->first_flow += w->import->flows.count;
    }
    return status;
}

/* The title of a flow, which is that of the first one where it stands in several choices. */
static const char *title_once(struct writing *w, const struct fr_import_flow *flow) {
    if (w->imports->count == 1)
        return take_title(w, flow->clause);
    struct shared *shared = find_shared(w, flow);
    if (shared != NULL && shared->title == NULL)
        shared->title = take_title(w, flow->clause);
    return shared == NULL ? NULL : shared->title;
}

static flowrules_status note_networks(struct writing *w) {
    w->import->titles.count = 0;
    for (size_t i = 0; i < w->import->protects.count; i++) {
        fr_set set = *fr_vec_at(&w->import->protects, fr_set, i);
        if (!add_groups(w, set))
            return no_memory(w);
        struct network network = {set, UINT32_MAX, NULL, NULL, FR_SET_EMPTY, w->m->backend};
        const struct fr_label *label = label_of(w, set);
        if (is_group(w, set) || knows(&w->network_of, set))
            continue;
        network.name = take_word(w, label == NULL ? "protected" : label->name);
        if (add_network(w, &w->network_of, set, &network) == UINT32_MAX)
            return no_memory(w);
    }
    for (size_t i = 0; i < w->import->flows.count; i++) {
        const struct fr_import_flow *flow = fr_vec_at(&w->import->flows, struct fr_import_flow, i);
        const char **title = fr_vec_push(&w->import->titles);
        if (title == NULL)
            return no_memory(w);
        *title = NULL;
        if (!fr_import_is_flow(flow))
            continue;
        *title = title_once(w, flow);
        if (*title == NULL)
            return no_memory(w);
        FR_TRY(note_end(w, flow->ends[0], flow->interfaces[0]));
        FR_TRY(note_end(w, flow->ends[1], flow->interfaces[1]));
        FR_TRY(note_service(w, flow->service));
    }
    return FLOWRULES_OK;
}

static void write_head(struct writing *w) {
    const char *file = w->m->files.count == 0 ? "" : *fr_vec_at(&w->m->files, const char *, 0);
    flowrules_write(w->w, "flowrules: 1\ntitle: \"");
    flowrules_writef(w->w, "%s", w->m->backend->title);
    flowrules_write(w->w, w->m->files.count == 0 ? "" : ", from ");
    flowrules_write_user(w->w, &flowrules_yaml_quoted, file);
    flowrules_write(w->w, "\"\n");
    if (stands_at_top(w))
        write_protects(w, "", &w->imports->items[0]->protects);
    flowrules_write(w->w, w->networks.count + w->placed.count > 0 ? "\nnetworks:\n" : "");
    for (size_t i = 0; i < w->networks.count; i++)
        write_network(w, fr_vec_at(&w->networks, struct network, i));
    for (size_t i = 0; i < w->placed.count; i++)
        write_placed(w, fr_vec_at(&w->placed, struct placed, i));
}

/* A flow that stands in several choices is written with the first of them. */
static flowrules_status write_once(struct writing *w, size_t number) {
    const struct fr_import_flow *flow = fr_vec_at(&w->import->flows, struct fr_import_flow, number);
    bool tagged = has_tags(w);
    if (w->imports->count == 1)
        return write_flow(w, number, tagged ? tag_of_flows(w, flow->direction) : NULL);
    const struct shared *shared = find_shared(w, flow);
    if (shared == NULL)
        return no_memory(w);
    return shared->flow != flow ? note_loss(w, flow, shared->title)
                                : write_flow(w, number, tagged ? shared->tags : NULL);
}

static flowrules_status write_flows(struct writing *w) {
    for (size_t i = 0; i < w->import->flows.count; i++) {
        const struct fr_import_flow *flow = fr_vec_at(&w->import->flows, struct fr_import_flow, i);
        if (fr_import_is_flow(flow))
            FR_TRY(write_once(w, i));
        else if ((flow->matters || flow->kind == FR_IMPORT_TAKEN) &&
                 !fr_import_is_repeated(w->import, i))
            write_comment(w, flow);
    }
    return FLOWRULES_OK;
}

static flowrules_status write_targets(struct writing *w) {
    for (size_t i = 0; i < w->import->targets.count; i++)
        write_target(w, target_at(w->import, i));
    return FLOWRULES_OK;
}

static flowrules_status write_all(struct writing *w) {
    FR_TRY(for_each(w, name_targets));
    FR_TRY(for_each(w, note_shared));
    FR_TRY(for_each(w, note_networks));
    write_head(w);
    write_services(w);
    flowrules_write(w->w, "\nflows:\n");
    FR_TRY(for_each(w, write_flows));
    flowrules_write(w->w, "\ntargets:\n");
    FR_TRY(for_each(w, write_targets));
    return w->w->failed ? no_memory(w) : FLOWRULES_OK;
}

flowrules_status fr_import_write(const struct fr_imports *imports,
                                 struct flowrules_writer *writer) {
    flowrules_meaning *m = imports->items[0]->m;
    const struct fr_allocator *allocator = &m->context->allocator;
    struct writing w = {.imports = imports, .import = imports->items[0], .m = m, .w = writer};
    fr_arena_init(&w.arena, allocator);
    fr_strings_init(&w.words, allocator);
    fr_policy_titles_init(&w.titles, allocator);
    fr_strings_init(&w.targets, allocator);
    fr_strings_init(&w.choices, allocator);
    fr_vec_init(&w.networks, allocator, sizeof(struct network));
    fr_vec_init(&w.services, allocator, sizeof(struct service));
    fr_vec_init(&w.losses, allocator, sizeof(struct loss));
    fr_vec_init(&w.placed, allocator, sizeof(struct placed));
    fr_map_init(&w.placed_at, allocator);
    fr_map_init(&w.network_of, allocator);
    fr_map_init(&w.group_of, allocator);
    fr_map_init(&w.service_of, allocator);
    fr_map_init(&w.service_label_of, allocator);
    fr_strings_init(&w.service_words, allocator);
    fr_map_init(&w.label_of, allocator);
    fr_strings_init(&w.keys, allocator);
    fr_map_init(&w.shared_of, allocator);
    fr_vec_init(&w.shared, allocator, sizeof(struct shared));
    flowrules_status status = map_labels(&w) ? write_all(&w) : no_memory(&w);
    fr_vec_free(&w.shared);
    fr_map_free(&w.shared_of);
    fr_strings_free(&w.keys);
    fr_map_free(&w.label_of);
    fr_strings_free(&w.service_words);
    fr_map_free(&w.service_label_of);
    fr_map_free(&w.service_of);
    fr_map_free(&w.group_of);
    fr_map_free(&w.network_of);
    fr_map_free(&w.placed_at);
    fr_vec_free(&w.placed);
    fr_vec_free(&w.losses);
    fr_vec_free(&w.services);
    fr_vec_free(&w.networks);
    fr_strings_free(&w.choices);
    fr_strings_free(&w.targets);
    fr_policy_titles_free(&w.titles);
    fr_strings_free(&w.words);
    fr_arena_free(&w.arena);
    return status;
}
