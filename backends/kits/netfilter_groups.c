/*
 * Elements of several parts, and those with comments, as boxes: what differs in one address alone
 * is put together, so that a large set costs what its distinct ports and comments are.
 */
#include <string.h>

#include "netfilter_walk.h"

/* The elements of a match as boxes; those that differ in one address alone are one. */
struct netfilter_groups {
    struct netfilter_boxes boxes;
    enum flowrules_direction direction; /* for which they were made: interfaces differ */
};

static uint64_t mix(uint64_t hash, uint64_t number) {
    hash = (hash ^ number) * UINT64_C(0xff51afd7ed558ccd);
    return hash ^ (hash >> 32);
}

static uint64_t hash_element(const struct netfilter_element *element, unsigned parts,
                             unsigned free_part) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = element->comment; c && *c; c++)
        hash = mix(hash, (unsigned char)*c);
    for (unsigned i = 0; i < parts; i++) {
        const struct flowrules_range *r = &element->pieces[i].range;
        if (i == free_part)
            continue;
        hash = mix(mix(mix(mix(hash, r->first.hi), r->first.lo), r->last.hi), r->last.lo);
        hash = mix(hash, (uint64_t)element->pieces[i].protocol);
    }
    return hash;
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_ip(struct flowrules_ip a, struct flowrules_ip b) {
    return a.hi == b.hi && a.lo == b.lo;
}

static bool same_but(const struct netfilter_element *a, const struct netfilter_element *b,
                     unsigned parts, unsigned free_part) {
    for (unsigned i = 0; i < parts; i++) {
        const struct netfilter_piece *x = &a->pieces[i], *y = &b->pieces[i];
        if (i != free_part &&
            (!same_ip(x->range.first, y->range.first) || !same_ip(x->range.last, y->range.last) ||
             x->protocol != y->protocol || x->begins != y->begins || !same_text(x->text, y->text)))
            return false;
    }
    return same_text(a->comment, b->comment);
}

/* The part by which elements are put together: the last address; parts where there is none. */
static unsigned find_free_part(const struct netfilter_match *match) {
    unsigned found = match->key_count;
    for (unsigned i = 0; i < match->key_count; i++)
        if (match->keys[i].field == NETFILTER_SOURCE ||
            match->keys[i].field == NETFILTER_DESTINATION)
            found = i;
    return found;
}

/* For each element the first one that it goes together with; NULL: out of memory. */
static size_t *find_groups(struct netfilter_walk *walk, const struct netfilter_match *match,
                           unsigned free_part) {
    const struct netfilter_set *set = match->set;
    size_t slots = 16;
    while (slots < set->count * 2)
        slots *= 2;
    size_t *table = flowrules_input_alloc(walk->in, slots * sizeof *table);
    size_t *group = flowrules_input_alloc(walk->in, (set->count + 1) * sizeof *group);
    for (size_t i = 0; table && group && i < set->count; i++) {
        const struct netfilter_element *e = &set->elements[i];
        size_t slot = (size_t)hash_element(e, match->key_count, free_part) & (slots - 1);
        while (table[slot] &&
               !same_but(&set->elements[table[slot] - 1], e, match->key_count, free_part))
            slot = (slot + 1) & (slots - 1);
        if (!table[slot])
            table[slot] = i + 1;
        group[i] = table[slot] - 1;
    }
    return table ? group : NULL;
}

/* The box of an element alone, its free part aside. */
static bool element_box(struct netfilter_walk *walk, const struct netfilter_match *match,
                        const struct netfilter_element *element, unsigned free_part,
                        struct netfilter_box *box) {
    *box = (struct netfilter_box){.source = walk->any,
                                  .destination = walk->any,
                                  .interfaces = {walk->any, walk->any},
                                  .families = FLOWRULES_BOTH_FAMILIES,
                                  .kinds = KINDS_ALL,
                                  .classes = CLASSES_ALL,
                                  .comment = element->comment,
                                  .line = element->line};
    for (unsigned i = 0; i < match->key_count; i++) {
        struct netfilter_values values = {element, 1, i, false};
        walk->parted = false;
        if (i != free_part && !fr_netfilter_narrow_key(walk, box, &match->keys[i], &values, NULL))
            return false;
        if (walk->parted) { /* an element is one box: all of it is in doubt */
            box->kinds |= walk->partly.kinds;
            box->doubt = walk->partly.doubt;
        }
    }
    return true;
}

/* The elements of a group, from its first, each with the next one's index; SIZE_MAX ends them. */
static void add_group(struct netfilter_walk *walk, struct netfilter_match *match, size_t first,
                      const size_t *next, unsigned free_part, struct flowrules_range *ranges) {
    const struct netfilter_element *elements = match->set->elements;
    struct netfilter_box box;
    if (!element_box(walk, match, &elements[first], free_part, &box))
        return;
    if (free_part < match->key_count) {
        const struct netfilter_key *key = &match->keys[free_part];
        size_t count = 0;
        for (size_t i = first; i != SIZE_MAX; i = next[i])
            ranges[count++] = elements[i].pieces[free_part].range;
        *(key->field == NETFILTER_SOURCE ? &box.source : &box.destination) =
            flowrules_input_ranges(walk->in, ranges, count);
        box.families &= (uint8_t)key->families;
    }
    if (box.families != 0)
        fr_netfilter_add_box(walk, &match->groups->boxes, &box);
}

static void group_elements(struct netfilter_walk *walk, struct netfilter_match *match) {
    unsigned free_part = find_free_part(match);
    size_t count = match->set->count;
    match->groups = flowrules_input_alloc(walk->in, sizeof *match->groups);
    if (match->groups)
        match->groups->direction = walk->direction;
    size_t *group = find_groups(walk, match, free_part);
    size_t *next = flowrules_input_alloc(walk->in, (count + 1) * sizeof *next);
    size_t *last = flowrules_input_alloc(walk->in, (count + 1) * sizeof *last);
    struct flowrules_range *ranges = flowrules_input_alloc(walk->in, (count + 1) * sizeof *ranges);
    if (!match->groups || !group || !next || !last || !ranges)
        return;
    for (size_t i = 0; i < count; i++) {
        next[i] = SIZE_MAX;
        if (group[i] != i)
            next[last[group[i]]] = i;
        last[group[i]] = i;
    }
    for (size_t i = 0; i < count; i++)
        if (group[i] == i)
            add_group(walk, match, i, next, free_part, ranges);
}

static bool intersect_boxes(struct netfilter_walk *walk, const struct netfilter_box *a,
                            const struct netfilter_box *b, struct netfilter_box *both) {
    bool empty;
    *both = *a;
    both->families &= b->families;
    both->kinds &= b->kinds;
    both->classes &= b->classes;
    both->looped = a->looped || b->looped;
    both->doubt = a->doubt ? a->doubt : b->doubt;
    for (enum flowrules_end end = FLOWRULES_SOURCE; end <= FLOWRULES_DESTINATION; end++)
        if (b->excepting & (1u << end))
            fr_netfilter_leave_out(walk, both, end, b->except[end]);
    if (b->line != 0) {
        both->comment = b->comment;
        both->line = b->line;
    }
    for (unsigned e = 0; e < 2; e++)
        fr_netfilter_narrow_interfaces(walk, both, e, b->interfaces[e]);
    if (both->families == 0 || both->kinds == 0)
        return false;
    both->source = flowrules_input_intersect(walk->in, a->source, b->source);
    both->destination = flowrules_input_intersect(walk->in, a->destination, b->destination);
    if (both->source.id == walk->none.id || both->destination.id == walk->none.id)
        return false;
    both->terms = fr_netfilter_intersect_terms(walk, a->terms, b->terms, &empty, &both->doubt);
    return !empty;
}

void fr_netfilter_narrow_by_groups(struct netfilter_walk *walk, struct netfilter_match *match,
                                   struct netfilter_boxes *boxes) {
    if (!match->groups || match->groups->direction != walk->direction)
        group_elements(walk, match);
    struct netfilter_boxes *sum = fr_netfilter_take_boxes(walk);
    for (size_t i = 0; match->groups && i < boxes->count; i++) {
        for (size_t k = 0; k < match->groups->boxes.count; k++) {
            struct netfilter_box both;
            if (intersect_boxes(walk, &boxes->items[i], &match->groups->boxes.items[k], &both))
                fr_netfilter_add_box(walk, sum, &both);
        }
    }
    if (!sum)
        return;
    struct netfilter_boxes swap = *boxes;
    boxes->items = sum->items;
    boxes->count = sum->count;
    boxes->capacity = sum->capacity;
    sum->items = swap.items;
    sum->capacity = swap.capacity;
    fr_netfilter_spare_boxes(walk, sum);
}
