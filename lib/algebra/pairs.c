/*
 * Pairs the clauses that two lists have in common: first those that are alike, then those that
 * together match the same packets, one side of them united at a time. Knows sets, services and the
 * order of clauses; decides nothing about packets.
 */
#include "pairs.h"

#include <string.h>

#define PAIRED UINT32_MAX

/* Services of more terms are not united: it takes the square of their number. */
enum { TERMS_MAX = 64 };

/* A term of an item, of one kind of packets. */
struct fr_pair_entry {
    uint32_t item, term; /* the number within the item's service */
    fr_set ends[2];      /* of the family */
    uint32_t run;        /* of its stage */
    uint32_t group;      /* or PAIRED */
};

struct fr_pair_group {
    uint32_t first, count; /* the first entry; later: of members */
    unsigned sides;        /* bits: the meanings that have entries of it */
};

/* What the entries of a group differ in, and are united by. */
enum side { NOTHING = -1, SOURCE, DESTINATION, SERVICE };

static const struct fr_item *item_at(const struct fr_pairs *p, uint32_t item) {
    return fr_vec_at(&p->common->items, struct fr_item, item);
}

static struct fr_pair_entry *entry_at(const struct fr_pairs *p, size_t i) {
    return fr_vec_at(&p->entries, struct fr_pair_entry, i);
}

static uint8_t *kinds_at(const struct fr_vec *kinds, uint32_t item) {
    return fr_vec_at(kinds, uint8_t, item);
}

static const struct fr_term *term_of(const struct fr_pairs *p, const struct fr_pair_entry *e) {
    return &fr_service_get(&p->common->terms->services, item_at(p, e->item)->service)
                ->terms[e->term];
}

static bool is_after(const struct fr_pairs *p, uint32_t item) {
    return fr_vec_at(&p->common->stages, struct fr_common_stage, item_at(p, item)->stage)->after;
}

/* ---- sets of one family -------------------------------------------------------------------- */

/* Of a number of a set: it is in the store of the pairs, and not in the common one. */
#define OWN (UINT32_C(1) << 31)

static struct flowrules_set view_of(const struct fr_pairs *p, fr_set set) {
    bool own = (set & OWN) != 0;
    return (struct flowrules_set){own ? &p->sets : &p->common->terms->sets, set & ~OWN};
}

static size_t ranges_of(const struct fr_set_head *head, enum flowrules_family family) {
    return family == FLOWRULES_IPV4 ? head->count4 : head->count6;
}

static enum flowrules_family other_family(const struct fr_pairs *p) {
    return p->family == FLOWRULES_IPV4 ? FLOWRULES_IPV6 : FLOWRULES_IPV4;
}

/* All addresses of the family, and all names and groups. */
static bool is_whole(const struct fr_pairs *p, fr_set set) {
    struct flowrules_set view = view_of(p, set);
    const struct fr_set_head *head = fr_set_head(view.store, view.id);
    return flowrules_set_is_all(view, p->family) &&
           (head->all_atoms != 0 ? head->atoms == 0 : p->common->atoms_are_addresses);
}

/* The number of a set of the own store; FR_SET_NONE when out of memory. */
static fr_set own_set(const struct fr_pairs *p, fr_set set) {
    if (set == FR_SET_NONE || set == FR_SET_EMPTY)
        return set;
    return set == FR_SET_ANY || is_whole(p, set | OWN) ? FR_SET_ANY : set | OWN;
}

/* A set of the common store without the other family. */
static fr_set cut_family(struct fr_pairs *p, fr_set set) {
    fr_builder_set(&p->builder, &p->common->terms->sets, set);
    fr_set copy = fr_builder_finish(&p->builder, &p->sets);
    return fr_set_subtract(&p->sets, copy, fr_set_family(&p->sets, FR_SET_ANY, other_family(p)));
}

/*
 * What a set has of the family: sets that match the same packets of it are the same number. A set
 * of all is FR_SET_ANY; FR_SET_NONE when out of memory.
 */
static fr_set part_of(struct fr_pairs *p, fr_set set) {
    uint32_t part;
    if (set == FR_SET_ANY || is_whole(p, set))
        return FR_SET_ANY;
    if (ranges_of(fr_set_head(&p->common->terms->sets, set), other_family(p)) == 0)
        return set;
    if (fr_map_get(&p->parts_of_family, set + 1, &part))
        return part;
    part = own_set(p, cut_family(p, set));
    return fr_map_put(&p->parts_of_family, set + 1, part) ? part : FR_SET_NONE;
}

/* ---- what packets get to ------------------------------------------------------------------- */

/* What is decided of a stage, as its items are taken up in order. */
struct progress {
    uint32_t stage;    /* or UINT32_MAX */
    uint32_t reach;    /* skips lead up to this item */
    unsigned decided;  /* the kinds of packets that some item decides whatever they are */
    unsigned apart[8]; /* for each kind: those of which some item has one of the two only */
};

/* Does an item match every packet of its kinds? */
static bool matches_all(const struct fr_item *item, const fr_set ends[2]) {
    return ends[0] == FR_SET_ANY && ends[1] == FR_SET_ANY && item->service == FR_SERVICE_ANY &&
           !item->doubt && !fr_item_has_interfaces(item);
}

static void note_apart(struct progress *w, unsigned kinds) {
    for (unsigned k = 0; k < 8; k++)
        w->apart[k] |= (kinds >> k & 1) != 0 ? ~kinds : kinds;
}

/* The kinds of packets that may get to an item and match it. */
static bool reach_item(struct fr_pairs *p, struct progress *w, uint32_t number) {
    const struct fr_item *item = item_at(p, number);
    fr_set ends[2] = {part_of(p, item->ends[0]), part_of(p, item->ends[1])};
    if (ends[0] == FR_SET_NONE || ends[1] == FR_SET_NONE)
        return false;
    if (item->stage != w->stage) {
        w->stage = item->stage;
        w->reach = 0;
        w->decided = 0;
    }
    unsigned kinds = item->packets & p->common->packets;
    const struct fr_service_terms *terms =
        fr_service_get(&p->common->terms->services, item->service);
    if (ends[0] == FR_SET_EMPTY || ends[1] == FR_SET_EMPTY ||
        (terms->families & FLOWRULES_FAMILY_BIT(p->family)) == 0)
        kinds = 0;
    if (number >= w->reach)
        kinds &= ~w->decided;
    *kinds_at(&p->reached, number) = (uint8_t)kinds;
    note_apart(w, kinds);
    if (kinds != 0 && item->effect == FR_SKIP)
        w->reach = item->skip_to > w->reach ? item->skip_to : w->reach;
    else if (number >= w->reach && matches_all(item, ends))
        w->decided |= kinds;
    return true;
}

static bool clear_kinds(struct fr_pairs *p) {
    struct fr_vec *all[] = {&p->reached, &p->left, &p->early};
    size_t count = p->common->items.count;
    for (size_t i = 0; i < 3; i++) {
        all[i]->count = 0;
        if (!fr_vec_reserve(all[i], count))
            return false;
        if (count > 0)
            memset(all[i]->items, 0, count);
        all[i]->count = count;
    }
    p->all_left = p->all_early = 0;
    return true;
}

/* ---- entries ------------------------------------------------------------------------------- */

/* The run in which the next item is; all of them of one stage. */
struct runs {
    uint32_t stage, run;
    uint8_t effect;
};

static void leave_over(struct fr_pairs *p, uint32_t item, unsigned kind) {
    *kinds_at(&p->left, item) |= (uint8_t)kind;
    p->all_left |= kind;
}

static bool add_entries(struct fr_pairs *p, uint32_t number, uint32_t run) {
    const struct fr_item *item = item_at(p, number);
    const struct fr_service_terms *terms =
        fr_service_get(&p->common->terms->services, item->service);
    fr_set source = part_of(p, item->ends[0]), destination = part_of(p, item->ends[1]);
    if (source == FR_SET_NONE || destination == FR_SET_NONE)
        return false;
    for (uint32_t t = 0; t < terms->count; t++) {
        if ((fr_protocol_families(terms->terms[t].protocol) & FLOWRULES_FAMILY_BIT(p->family)) == 0)
            continue;
        struct fr_pair_entry *entry = fr_vec_add(&p->entries);
        if (entry == NULL)
            return false;
        *entry = (struct fr_pair_entry){number, t, {source, destination}, run, 0};
    }
    return true;
}

/* Lists the items of a kind; a skip, and what is in doubt, has no pair. */
static bool list_entries(struct fr_pairs *p, const uint32_t *items, size_t count, unsigned kind) {
    struct runs at = {UINT32_MAX, 0, 0};
    p->entries.count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct fr_item *item = item_at(p, items[i]);
        if ((*kinds_at(&p->reached, items[i]) & kind) == 0)
            continue;
        if (item->effect == FR_SKIP || item->doubt) {
            leave_over(p, items[i], kind);
            continue;
        }
        if (item->stage != at.stage)
            at = (struct runs){item->stage, 0, item->effect};
        else if (item->effect != at.effect)
            at = (struct runs){item->stage, at.run + 1, item->effect};
        if (!add_entries(p, items[i], at.run))
            return false;
    }
    return true;
}

/* ---- groups -------------------------------------------------------------------------------- */

/* The number of an item's stage on its own side. */
static uint32_t place_of(const struct fr_pairs *p, uint32_t item) {
    const struct fr_common_stage *stages = p->common->stages.items;
    uint32_t stage = item_at(p, item)->stage, first = stage;
    while (first > 0 && stages[first - 1].after == stages[stage].after)
        first--;
    return stage - first;
}

/* What the entries of a group have in common, in numbers; the side without is not among it. */
enum { KEY = 9 };

static void key_of(const struct fr_pairs *p, const struct fr_pair_entry *e, enum side without,
                   uint32_t key[KEY]) {
    const struct fr_item *item = item_at(p, e->item);
    const struct fr_term *term = term_of(p, e);
    bool all = without != SERVICE;
    key[0] = e->run << 2 | item->effect;
    key[1] = place_of(p, e->item);
    key[2] = item->interfaces[0];
    key[3] = item->interfaces[1];
    key[4] = without == SOURCE ? 0 : e->ends[0];
    key[5] = without == DESTINATION ? 0 : e->ends[1];
    key[6] = all ? term->protocol : 0;
    key[7] = all ? (uint32_t)term->source_first << 16 | term->source_last : 0;
    key[8] = all ? (uint32_t)term->destination_first << 16 | term->destination_last : 0;
}

/* The slot of a key: of its group, or a free one. */
static uint32_t *slot_of(const struct fr_pairs *p, const uint32_t key[KEY], enum side without) {
    uint32_t *slots = p->slots.items, other[KEY];
    size_t mask = p->slots.count - 1;
    for (size_t i = fr_hash(key, KEY * sizeof *key) & mask;; i = (i + 1) & mask) {
        if (slots[i] == 0)
            return &slots[i];
        const struct fr_pair_group *group =
            fr_vec_at(&p->groups, struct fr_pair_group, slots[i] - 1);
        key_of(p, entry_at(p, group->first), without, other);
        if (memcmp(key, other, sizeof other) == 0)
            return &slots[i];
    }
}

/* No group, and free slots for as many groups as there are entries. */
static bool clear_groups(struct fr_pairs *p) {
    size_t count = 64;
    while (count < 2 * p->entries.count)
        count *= 2;
    p->groups.count = p->slots.count = 0;
    if (!fr_vec_reserve(&p->slots, count))
        return false;
    memset(p->slots.items, 0, count * sizeof(uint32_t));
    p->slots.count = count;
    return true;
}

static bool group_entries(struct fr_pairs *p, enum side without) {
    uint32_t key[KEY];
    if (!clear_groups(p))
        return false;
    for (uint32_t i = 0; i < p->entries.count; i++) {
        struct fr_pair_entry *e = entry_at(p, i);
        key_of(p, e, without, key);
        uint32_t *slot = slot_of(p, key, without);
        if (*slot == 0) {
            struct fr_pair_group *group = fr_vec_add(&p->groups);
            if (group == NULL)
                return false;
            *group = (struct fr_pair_group){i, 0, 0};
            *slot = (uint32_t)p->groups.count;
        }
        e->group = *slot - 1;
        struct fr_pair_group *group = fr_vec_at(&p->groups, struct fr_pair_group, e->group);
        group->count++;
        group->sides |= is_after(p, e->item) ? 2 : 1;
    }
    return true;
}

/* Lists the entries of each group, one group after the other. */
static bool list_members(struct fr_pairs *p) {
    uint32_t at = 0;
    p->members.count = 0;
    if (!fr_vec_reserve(&p->members, p->entries.count))
        return false;
    for (size_t g = 0; g < p->groups.count; g++) {
        struct fr_pair_group *group = fr_vec_at(&p->groups, struct fr_pair_group, g);
        group->first = at;
        at += group->count;
        group->count = 0;
    }
    p->members.count = at;
    for (uint32_t i = 0; i < p->entries.count; i++) {
        struct fr_pair_group *group =
            fr_vec_at(&p->groups, struct fr_pair_group, entry_at(p, i)->group);
        *fr_vec_at(&p->members, uint32_t, group->first + group->count++) = i;
    }
    return true;
}

/* ---- what the entries of a group have together --------------------------------------------- */

/* The union of the ends that a group has on one meaning's side; FR_SET_NONE: out of memory. */
static fr_set union_of_ends(struct fr_pairs *p, const struct fr_pair_group *group, bool after,
                            unsigned end) {
    for (uint32_t i = 0; i < group->count; i++) {
        const struct fr_pair_entry *e =
            entry_at(p, *fr_vec_at(&p->members, uint32_t, group->first + i));
        struct flowrules_set view = view_of(p, e->ends[end]);
        if (is_after(p, e->item) == after)
            fr_builder_set(&p->builder, view.store, view.id);
    }
    return own_set(p, fr_builder_finish(&p->builder, &p->sets));
}

static fr_service union_of_terms(struct fr_pairs *p, const struct fr_pair_group *group,
                                 bool after) {
    struct fr_service_builder b;
    fr_service_begin(&b, &p->common->context->allocator);
    for (uint32_t i = 0; i < group->count; i++) {
        const struct fr_pair_entry *e =
            entry_at(p, *fr_vec_at(&p->members, uint32_t, group->first + i));
        if (is_after(p, e->item) == after)
            fr_service_add(&b, term_of(p, e));
    }
    return fr_service_finish(&b, &p->services);
}

/* Do both sides of a group match the same? False, too, where that takes too long to tell. */
static bool same_union(struct fr_pairs *p, const struct fr_pair_group *group, enum side by,
                       bool *failed) {
    if (by == SERVICE && group->count > TERMS_MAX)
        return false;
    uint32_t before = by == SERVICE ? union_of_terms(p, group, false)
                                    : union_of_ends(p, group, false, (unsigned)by);
    uint32_t after = by == SERVICE ? union_of_terms(p, group, true)
                                   : union_of_ends(p, group, true, (unsigned)by);
    *failed = *failed || p->sets.failed || p->services.failed;
    return before == after && !*failed;
}

/* ---- pairing ------------------------------------------------------------------------------- */

/* The last item of each side that has a pair, and how many stages of each have items. */
struct paired {
    uint32_t last[2];
    uint32_t stages[2];
};

static void drop_paired(struct fr_pairs *p, struct paired *paired) {
    size_t kept = 0;
    for (size_t i = 0; i < p->entries.count; i++) {
        struct fr_pair_entry *e = entry_at(p, i);
        uint32_t *last = &paired->last[is_after(p, e->item)];
        if (e->group != PAIRED)
            *entry_at(p, kept++) = *e;
        else if (e->item + 1 > *last)
            *last = e->item + 1;
    }
    p->entries.count = kept;
}

/* Entries that are alike on both sides. */
static bool pair_alike(struct fr_pairs *p, struct paired *paired) {
    if (!group_entries(p, NOTHING))
        return false;
    for (size_t i = 0; i < p->entries.count; i++) {
        struct fr_pair_entry *e = entry_at(p, i);
        if (fr_vec_at(&p->groups, struct fr_pair_group, e->group)->sides == 3)
            e->group = PAIRED;
    }
    drop_paired(p, paired);
    return true;
}

/* Entries that are alike but for one side, which the two meanings have the same of in all. */
static bool pair_united(struct fr_pairs *p, enum side by, struct paired *paired) {
    bool failed = false;
    if (p->entries.count == 0)
        return true;
    if (!group_entries(p, by) || !list_members(p))
        return false;
    for (size_t g = 0; g < p->groups.count && !failed; g++) {
        const struct fr_pair_group *group = fr_vec_at(&p->groups, struct fr_pair_group, g);
        if (group->sides != 3 || !same_union(p, group, by, &failed))
            continue;
        for (uint32_t i = 0; i < group->count; i++)
            entry_at(p, *fr_vec_at(&p->members, uint32_t, group->first + i))->group = PAIRED;
    }
    drop_paired(p, paired);
    return !failed;
}

static void count_stages(const struct fr_pairs *p, const uint32_t *items, size_t count,
                         unsigned kind, struct paired *paired) {
    uint32_t last = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        if ((*kinds_at(&p->reached, items[i]) & kind) == 0 || item_at(p, items[i])->stage == last)
            continue;
        last = item_at(p, items[i])->stage;
        paired->stages[is_after(p, items[i])]++;
    }
}

/*
 * Tells those that are left over and not behind all that is paired; where there are several stages,
 * all of them. Where nothing is paired, there is nothing to be in front of.
 */
static void mark_early(struct fr_pairs *p, const uint32_t *items, size_t count, unsigned kind,
                       const struct paired *paired) {
    bool several = paired->stages[0] > 1 || paired->stages[1] > 1;
    for (size_t i = 0; i < count && (paired->last[0] != 0 || paired->last[1] != 0); i++) {
        if ((*kinds_at(&p->left, items[i]) & kind) == 0 ||
            (!several && items[i] >= paired->last[is_after(p, items[i])]))
            continue;
        *kinds_at(&p->early, items[i]) |= (uint8_t)kind;
        p->all_early |= kind;
    }
}

static bool pair_kind(struct fr_pairs *p, const uint32_t *items, size_t count, unsigned kind) {
    struct paired paired = {{0, 0}, {0, 0}};
    if (!list_entries(p, items, count, kind) || !pair_alike(p, &paired) ||
        !pair_united(p, DESTINATION, &paired) || !pair_united(p, SOURCE, &paired) ||
        !pair_united(p, SERVICE, &paired))
        return false;
    for (size_t i = 0; i < p->entries.count; i++)
        leave_over(p, entry_at(p, i)->item, kind);
    count_stages(p, items, count, kind, &paired);
    mark_early(p, items, count, kind, &paired);
    return true;
}

/* A kind of which each item has what it has of another: with the same result. */
static void copy_kind(struct fr_pairs *p, unsigned from, unsigned to) {
    struct fr_vec *all[] = {&p->left, &p->early};
    unsigned *sums[] = {&p->all_left, &p->all_early};
    for (unsigned v = 0; v < 2; v++) {
        uint8_t *kinds = all[v]->items;
        for (size_t i = 0; (*sums[v] & from) != 0 && i < all[v]->count; i++)
            kinds[i] |= (kinds[i] & from) != 0 ? (uint8_t)to : 0;
        *sums[v] |= (*sums[v] & from) != 0 ? to : 0;
    }
}

bool fr_pairs_find(struct fr_pairs *p, enum flowrules_family family, const uint32_t *items,
                   size_t count) {
    struct progress w = {UINT32_MAX, 0, 0, {0}};
    p->family = family;
    fr_map_free(&p->parts_of_family);
    bool good = clear_kinds(p);
    for (size_t i = 0; good && i < count; i++)
        good = reach_item(p, &w, items[i]);
    unsigned done = 0;
    for (unsigned k = 0; good && k < 8; k++) {
        unsigned kind = 1u << k, alike = done & ~w.apart[k];
        if ((p->common->packets & kind) == 0)
            continue;
        if (alike != 0)
            copy_kind(p, alike & (0u - alike), kind);
        else
            good = pair_kind(p, items, count, kind);
        done |= kind;
    }
    return good && !p->sets.failed && !p->services.failed;
}

/* ---- memory -------------------------------------------------------------------------------- */

bool fr_pairs_init(struct fr_pairs *p, struct fr_common *common) {
    const struct fr_allocator *allocator = &common->context->allocator;
    memset(p, 0, sizeof *p);
    p->common = common;
    fr_vec_init(&p->reached, allocator, sizeof(uint8_t));
    fr_vec_init(&p->left, allocator, sizeof(uint8_t));
    fr_vec_init(&p->early, allocator, sizeof(uint8_t));
    fr_vec_init(&p->entries, allocator, sizeof(struct fr_pair_entry));
    fr_vec_init(&p->groups, allocator, sizeof(struct fr_pair_group));
    fr_vec_init(&p->slots, allocator, sizeof(uint32_t));
    fr_vec_init(&p->members, allocator, sizeof(uint32_t));
    fr_map_init(&p->parts_of_family, allocator);
    fr_builder_init(&p->builder, allocator);
    bool sets = fr_sets_init(&p->sets, allocator);
    return fr_services_init(&p->services, allocator) && sets;
}

void fr_pairs_free(struct fr_pairs *p) {
    struct fr_vec *all[] = {&p->reached, &p->left,  &p->early,  &p->entries,
                            &p->groups,  &p->slots, &p->members};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        fr_vec_free(all[i]);
    fr_map_free(&p->parts_of_family);
    fr_builder_free(&p->builder);
    fr_sets_free(&p->sets);
    fr_services_free(&p->services);
}
