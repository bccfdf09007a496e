/*
 * Takes devices that stand one behind the other together: chooses the list of each that counts, and
 * says what can't be answered. A packet passes the path if each device passes it.
 */
#include "path.h"

#include <stdio.h>
#include <string.h>

#include "interfaces.h"
#include "policy.h"
#include "settings.h"

/* ---- collecting ---------------------------------------------------------------------------- */

flowrules_status flowrules_path_new(flowrules_path **path, flowrules_context *context) {
    flowrules_path *p = fr_malloc(&context->allocator, sizeof *p);
    *path = p;
    if (p == NULL)
        return fr_no_memory(context);
    p->context = context;
    fr_arena_init(&p->arena, &context->allocator);
    fr_vec_init(&p->hops, &context->allocator, sizeof(struct fr_path_hop));
    return FLOWRULES_OK;
}

void flowrules_path_free(flowrules_path *path) {
    if (path == NULL)
        return;
    const struct fr_allocator allocator = path->context->allocator;
    fr_vec_free(&path->hops);
    fr_arena_free(&path->arena);
    fr_free(&allocator, path);
}

/* A text of the path's own; *good is false when out of memory. */
static const char *keep(flowrules_path *path, const char *text, bool *good) {
    const char *kept = text == NULL ? NULL : fr_arena_text(&path->arena, text, strlen(text));
    *good = *good && (text == NULL || kept != NULL);
    return kept;
}

/* "target 'front'", "edge.set", "device 2". */
static const char *name_hop(flowrules_path *path, const flowrules_meaning *m) {
    if (m->target != NULL)
        return fr_arena_printf(&path->arena, "target '%s'", m->target);
    if (m->files.count > 0)
        return fr_arena_printf(&path->arena, "%s", *fr_vec_at(&m->files, const char *, 0));
    return fr_arena_printf(&path->arena, "device %zu", path->hops.count + 1);
}

flowrules_status flowrules_path_add(flowrules_path *path, const flowrules_meaning *device,
                                    const char *enters, const char *leaves, const char *hook) {
    bool good = true;
    struct fr_path_hop hop = {.meaning = device,
                              .places = {keep(path, enters, &good), keep(path, leaves, &good)},
                              .hook = keep(path, hook, &good),
                              .name = name_hop(path, device)};
    if (hook != NULL && strcmp(hook, "forward") != 0 && strcmp(hook, "host") != 0) {
        fr_error(&path->context->diagnostics, FR_PATH, FR_NOWHERE, "write 'forward' or 'host'",
                 "'%.80s' is not a hook of a device", hook);
        return FLOWRULES_USAGE;
    }
    struct fr_path_hop *slot = good && hop.name != NULL ? fr_vec_push(&path->hops) : NULL;
    if (slot == NULL)
        return fr_no_memory(path->context);
    *slot = hop;
    return FLOWRULES_OK;
}

/* ---- which lists count --------------------------------------------------------------------- */

static flowrules_status refuse(const flowrules_path *path, const char *hint, const char *text) {
    fr_error(&path->context->diagnostics, FR_PATH, FR_NOWHERE, hint, "%s", text);
    return FLOWRULES_USAGE;
}

static bool decides(const flowrules_meaning *m, enum flowrules_direction direction) {
    return m->stages[direction].count > 0 || (m->target != NULL && m->enforced[direction]);
}

static bool is_host(const flowrules_meaning *m) {
    return decides(m, FLOWRULES_EGRESS) || decides(m, FLOWRULES_INGRESS);
}

/* What forwards has an interface behind the path too. */
static bool is_forwarding(const struct fr_path_hop *hop, bool first) {
    return hop->hook != NULL ? hop->hook[0] == 'f' : hop->places[first ? 0 : 1] != NULL;
}

/* The list of a device that counts, where it may be a machine at an end of the path. */
static enum flowrules_direction direction_of(const struct fr_path_hop *hop, bool first) {
    enum flowrules_direction own = first ? FLOWRULES_EGRESS : FLOWRULES_INGRESS;
    if (hop->hook != NULL || is_forwarding(hop, first))
        return is_forwarding(hop, first) ? FLOWRULES_FORWARD : own;
    return decides(hop->meaning, FLOWRULES_FORWARD) || !is_host(hop->meaning) ? FLOWRULES_FORWARD
                                                                              : own;
}

static flowrules_status check_direction(const flowrules_path *path, const struct fr_path_hop *hop,
                                        bool inner, enum flowrules_direction own) {
    const flowrules_meaning *m = hop->meaning;
    char text[400];
    snprintf(text, sizeof text,
             "%.200s does not forward packets, but other devices stand before "
             "and behind it",
             hop->name);
    if (inner && (hop->direction != FLOWRULES_FORWARD ||
                  (hop->hook == NULL && is_host(m) && !decides(m, FLOWRULES_FORWARD))))
        return refuse(path, "only the first and the last device can be machines", text);
    snprintf(text, sizeof text, "%.200s has rules for forwarded packets and for its own",
             hop->name);
    if (!inner && hop->hook == NULL && !is_forwarding(hop, own == FLOWRULES_EGRESS) &&
        decides(m, FLOWRULES_FORWARD) && decides(m, own))
        return refuse(path, "write [forward] or [host] behind it: these rules then count", text);
    snprintf(text, sizeof text, "%.200s decides nothing that goes this way", hop->name);
    if (m->target != NULL && !m->enforced[hop->direction])
        return refuse(path, "look at its hook and direction, and at the order of the devices",
                      text);
    return FLOWRULES_OK;
}

static flowrules_status check_kind(const flowrules_path *path, const struct fr_path_hop *hop) {
    char text[400];
    snprintf(text, sizeof text, "%.200s only permits: what passes beside it is not known",
             hop->name);
    if (hop->meaning->permits)
        return refuse(path, "a path needs targets with mode: whole", text);
    snprintf(text, sizeof text,
             "the rules of %.200s are about pods, which other devices see by "
             "their addresses",
             hop->name);
    if (hop->meaning->backend != NULL && hop->meaning->backend->capabilities.pod_groups)
        return refuse(path, "compare it alone", text);
    return FLOWRULES_OK;
}

static flowrules_status choose_directions(const flowrules_path *path) {
    size_t count = path->hops.count;
    if (count < 2)
        return refuse(path, "add them in the order in which packets pass them",
                      "a path needs two devices or more");
    for (size_t i = 0; i < count; i++) {
        struct fr_path_hop *hop = fr_vec_at(&path->hops, struct fr_path_hop, i);
        bool inner = i > 0 && i + 1 < count;
        hop->direction = direction_of(hop, i == 0);
        if (inner && hop->hook == NULL)
            hop->direction = FLOWRULES_FORWARD;
        FR_TRY(check_kind(path, hop));
        FR_TRY(check_direction(path, hop, inner, i == 0 ? FLOWRULES_EGRESS : FLOWRULES_INGRESS));
    }
    return FLOWRULES_OK;
}

/* Where the packets of a path come from and go to, as for one device. */
static enum flowrules_direction whole_direction(const flowrules_path *path) {
    enum flowrules_direction first = fr_path_hop(path, 0)->direction;
    enum flowrules_direction last = fr_path_hop(path, path->hops.count - 1)->direction;
    if (last == FLOWRULES_FORWARD)
        return first;
    return first == FLOWRULES_FORWARD ? last : FLOWRULES_FORWARD;
}

/* ---- interfaces that no rule names ---------------------------------------------------------- */

/* The names in the rules of a device, so that a misspelt one is found. */
struct spelling {
    flowrules_path *path;
    struct flowrules_range place;
    bool some, named;    /* some rule names interfaces; one of them this */
    struct fr_vec names; /* const char * */
    struct fr_sets sets;
};

static bool spell_names(struct spelling *s, const char **names, size_t count) {
    struct flowrules_range range;
    for (size_t i = 0; i < count; i++) {
        const char **slot = fr_vec_push(&s->names);
        if (slot == NULL)
            return false;
        *slot = names[i];
        s->named = s->named || (fr_path_place(s->path, names[i], &range) &&
                                fr_interface_is_within(&s->place, &range));
    }
    return true;
}

/* A set of a meaning as one of the store here, so that its complement can be spelled. */
static bool spell_set(struct spelling *s, const flowrules_meaning *m, fr_set set) {
    struct fr_interface_list list;
    struct fr_builder builder;
    bool said;
    struct flowrules_set view = {&m->sets, set};
    fr_builder_init(&builder, &s->path->context->allocator);
    for (size_t i = 0; i < flowrules_set_range_count(view, FLOWRULES_IPV6); i++) {
        struct flowrules_range range = flowrules_set_range(view, FLOWRULES_IPV6, i);
        fr_builder_range(&builder, &range);
    }
    fr_set own = fr_builder_finish(&builder, &s->sets);
    fr_builder_free(&builder);
    s->some = true;
    const struct fr_interface_words words = {s->path->context, &s->path->arena, &s->sets,
                                             "interface"};
    if (s->sets.failed || !fr_interfaces_spell(&words, own, &list, &said))
        return false;
    s->named = s->named || !said; /* too many to look at */
    return !said || (spell_names(s, list.names, list.count) &&
                     spell_names(s, list.except, list.except_count));
}

static bool spell_all(struct spelling *s, const flowrules_meaning *m) {
    fr_set last = 0;
    for (size_t d = 0; d < FR_DIRECTIONS; d++)
        for (size_t i = 0; i < m->stages[d].count; i++) {
            const struct fr_stage *stage = *fr_vec_at(&m->stages[d], struct fr_stage *, i);
            for (size_t k = 0; k < stage->clauses.count * 2 && !s->named; k++) {
                fr_set set = fr_vec_at(&stage->clauses, struct fr_clause, k / 2)->interfaces[k % 2];
                if (set != 0 && set != last && !spell_set(s, m, set))
                    return false;
                last = set;
            }
        }
    return true;
}

static const char *next_name(const void *user, size_t i) {
    const struct fr_vec *names = user;
    return i < names->count ? *fr_vec_at(names, const char *, i) : NULL;
}

static void warn_of_place(const struct spelling *s, const struct fr_path_hop *hop,
                          const char *place) {
    char hint[160];
    const struct flowrules_backend *backend = hop->meaning->backend;
    const char *word = backend == NULL ? NULL : backend->capabilities.interfaces;
    bool near = fr_did_you_mean(hint, sizeof hint, fr_nearest(place, next_name, &s->names));
    struct fr_about about = {FLOWRULES_WARNING, FR_PATH_PLACE, FR_NOWHERE, NULL, NULL,
                             near ? hint : NULL};
    fr_report(&s->path->context->diagnostics, &about, "no rule of %.200s names the %s '%.80s'",
              hop->name, word == NULL ? "interface" : word, place);
}

/* Are the zones of a target what its networks say, and no part of its rules? */
static bool has_own_zones(const flowrules_meaning *m) {
    return m->target != NULL && fr_setting_find(m->backend, "from-zone") != NULL;
}

static flowrules_status check_place(flowrules_path *path, const struct fr_path_hop *hop,
                                    const char *place) {
    char text[400];
    struct spelling s = {.path = path};
    fr_vec_init(&s.names, &path->context->allocator, sizeof(const char *));
    bool good = fr_path_place(path, place, &s.place) &&
                fr_sets_init(&s.sets, &path->context->allocator) && spell_all(&s, hop->meaning);
    if (good && s.some && !s.named)
        warn_of_place(&s, hop, place);
    if (s.sets.arena.allocator != NULL)
        fr_sets_free(&s.sets);
    fr_vec_free(&s.names);
    if (!good)
        return fr_no_memory(path->context);
    snprintf(text, sizeof text, "the networks of the policy say which zones %.200s is between",
             hop->name);
    return s.some || !has_own_zones(hop->meaning)
               ? FLOWRULES_OK
               : refuse(path, "leave out 'from' and 'to' of it, or set 'match-zones' in it", text);
}

static flowrules_status check_places(flowrules_path *path) {
    for (size_t i = 0; i < path->hops.count; i++)
        for (unsigned e = 0; e < 2; e++) {
            const struct fr_path_hop *hop = fr_path_hop(path, i);
            if (hop->places[e] != NULL)
                FR_TRY(check_place(path, hop, hop->places[e]));
        }
    return FLOWRULES_OK;
}

/* ---- names and groups ----------------------------------------------------------------------- */

/* Are some packets of an end told apart by a set, whatever their family? */
static bool is_narrow(const struct fr_sets *sets, fr_set set) {
    struct flowrules_set view = {sets, set};
    if (set == FR_SET_ANY)
        return false;
    for (int f = 0; f < 2; f++)
        if (flowrules_set_range_count(view, (enum flowrules_family)f) > 0 &&
            !flowrules_set_is_all(view, (enum flowrules_family)f))
            return true;
    return fr_set_head(sets, set)->atoms > 0;
}

/* Has a device rules about some of an end, or of it names and groups? */
static void look_at_end(const struct fr_path_hop *hop, unsigned end, bool *narrow, bool *names) {
    const struct fr_vec *stages = &hop->meaning->stages[hop->direction];
    const struct fr_sets *sets = &hop->meaning->sets;
    for (size_t i = 0; i < stages->count; i++) {
        const struct fr_vec *list = &(*fr_vec_at(stages, struct fr_stage *, i))->clauses;
        for (size_t k = 0; k < list->count; k++) {
            const struct fr_clause *clause = fr_vec_at(list, struct fr_clause, k);
            fr_set set = end == 0 ? clause->source : clause->destination;
            *narrow = *narrow || is_narrow(sets, set);
            *names = *names || fr_set_head(sets, set)->atoms > 0;
        }
    }
}

/* Names have addresses that nobody here knows: what one device says of both, another may undo. */
static void look_at_names(struct fr_path_joining *j) {
    for (unsigned e = 0; e < 2; e++) {
        size_t narrow = 0;
        bool names = false;
        for (size_t i = 0; i < j->path->hops.count; i++) {
            bool own = false;
            look_at_end(fr_path_hop(j->path, i), e, &own, &names);
            narrow += own;
        }
        j->unsure[e] = names && narrow > 1;
    }
}

/* ---- joining ------------------------------------------------------------------------------- */

/* Only what crosses from device to device: no packets of a link or of a machine alone. */
static unsigned whole_packets(const flowrules_path *path) {
    unsigned some = 0, all = FR_ALL_PACKETS;
    for (size_t i = 0; i < path->hops.count; i++) {
        some |= fr_path_hop(path, i)->meaning->packets;
        all &= fr_path_hop(path, i)->meaning->packets;
    }
    return FLOWRULES_NEW | (some & FLOWRULES_REPLY) | (all & FLOWRULES_MIDSTREAM);
}

static const struct flowrules_backend *common_backend(const flowrules_path *path) {
    const struct flowrules_backend *backend = fr_path_hop(path, 0)->meaning->backend;
    for (size_t i = 1; i < path->hops.count; i++)
        if (fr_path_hop(path, i)->meaning->backend != backend)
            return NULL;
    return backend;
}

/* The policy of which all devices are targets, or NULL. */
static const flowrules_policy *common_policy(const flowrules_path *path) {
    const flowrules_policy *policy = fr_path_hop(path, 0)->meaning->policy;
    for (size_t i = 0; i < path->hops.count; i++) {
        const flowrules_meaning *m = fr_path_hop(path, i)->meaning;
        if (m->target == NULL || m->policy != policy)
            return NULL;
    }
    return policy;
}

static flowrules_status describe(struct fr_path_joining *j) {
    const flowrules_path *path = j->path;
    const flowrules_policy *policy = common_policy(path);
    flowrules_meaning *m = j->result;
    m->backend = common_backend(path);
    m->packets = whole_packets(path);
    m->enforced[j->direction] = true;
    for (size_t i = 0; i < path->hops.count; i++) {
        const struct fr_path_hop *hop = fr_path_hop(path, i);
        const char **slot = fr_vec_push(&m->hops);
        if (slot == NULL || (*slot = fr_arena_printf(&m->arena, "%s", hop->name)) == NULL)
            return fr_no_memory(m->context);
        for (uint32_t a = 0; a < hop->meaning->atoms.count; a++)
            if (fr_transfer_atom(m, hop->meaning, a) == UINT32_MAX)
                return fr_no_memory(m->context);
    }
    if (policy == NULL)
        return FLOWRULES_OK;
    m->policy = fr_policy_hold(policy);
    m->target = fr_arena_printf(&m->arena, "%s", fr_path_hop(path, 0)->meaning->target);
    return m->target == NULL ? fr_no_memory(m->context) : FLOWRULES_OK;
}

static flowrules_status join(struct fr_path_joining *j) {
    FR_TRY(describe(j));
    look_at_names(j);
    if (fr_meaning_stage(j->result, j->direction) == NULL) /* for what is not compared */
        return fr_no_memory(j->result->context);
    for (size_t i = 0; i < j->path->hops.count; i++)
        FR_TRY(fr_path_move(j, i));
    return fr_meaning_memory(j->result);
}

flowrules_status flowrules_path_meaning(flowrules_meaning **meaning, flowrules_path *path) {
    struct fr_path_joining j = {.path = path};
    *meaning = NULL;
    FR_TRY(choose_directions(path));
    FR_TRY(check_places(path));
    FR_TRY(fr_meaning_new(&j.result, path->context));
    j.direction = whole_direction(path);
    flowrules_status status = join(&j);
    if (status == FLOWRULES_OK)
        *meaning = j.result;
    else
        flowrules_meaning_free(j.result);
    return status;
}
