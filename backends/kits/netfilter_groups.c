/*
 * Elements of several parts, and those with comments, as boxes: what differs in one address alone
 * is put together, so that a large set costs what its distinct ports and comments are.
 */
#include <string.h>

#include "netfilter_walk.h"

/* The elements of a match as boxes; those that differ in one address alone are one. */
struct netfilter_groups {
    struct netfilter_boxes *boxes;
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

/* What it takes to put elements together; kept from one set to the next. */
struct netfilter_scratch {
    size_t room, slots; /* elements; a power of two of slots */
    size_t *table;      /* of slots: an element + 1 */
    size_t *group;      /* of each element: the first one that it goes together with */
    size_t *next;       /* of each element: the next one of its group; SIZE_MAX ends them */
    size_t *last;       /* of the first element of a group: its last one */
    struct flowrules_range *ranges;
};

/* Room for so many elements; NULL: out of memory. */
static struct netfilter_scratch *make_room(struct netfilter_walk *walk, size_t count) {
    struct netfilter_scratch *s = walk->scratch;
    if (!s)
        s = walk->scratch = flowrules_input_alloc(walk->in, sizeof *s);
    if (!s || count < s->room)
        return s;
    s->slots = 16;
    while (s->slots < (count + 1) * 2)
        s->slots *= 2;
    s->room = s->slots / 2;
    s->table = flowrules_input_alloc(walk->in, s->slots * sizeof *s->table);
    s->group = flowrules_input_alloc(walk->in, s->room * sizeof *s->group);
    s->next = flowrules_input_alloc(walk->in, s->room * sizeof *s->next);
    s->last = flowrules_input_alloc(walk->in, s->room * sizeof *s->last);
    s->ranges = flowrules_input_alloc(walk->in, s->room * sizeof *s->ranges);
    if (s->table && s->group && s->next && s->last && s->ranges)
        return s;
    s->room = 0;
    return NULL;
}

/* Finds for each element the first one that it goes together with; how many of those there are. */
static size_t find_groups(struct netfilter_scratch *s, const struct netfilter_match *match,
                          unsigned free_part) {
    const struct netfilter_set *set = match->set;
    size_t slots = 16, groups = 0, *table = s->table;
    while (slots < set->count * 2)
        slots *= 2;
    memset(table, 0, slots * sizeof *table);
    for (size_t i = 0; i < set->count; i++) {
        const struct netfilter_element *e = &set->elements[i];
        size_t slot = (size_t)hash_element(e, match->key_count, free_part) & (slots - 1);
        while (table[slot] &&
               !same_but(&set->elements[table[slot] - 1], e, match->key_count, free_part))
            slot = (slot + 1) & (slots - 1);
        groups += table[slot] == 0;
        if (!table[slot])
            table[slot] = i + 1;
        s->group[i] = table[slot] - 1;
    }
    return groups;
}

/* Strings the elements of each group together. */
static void link_groups(struct netfilter_scratch *s, size_t count) {
    for (size_t i = 0; i < count; i++) {
        s->next[i] = SIZE_MAX;
        if (s->group[i] != i)
            s->next[s->last[s->group[i]]] = i;
        s->last[s->group[i]] = i;
    }
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
        struct netfilter_values values = {element, 1, i, match->mask_bits[i], false};
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
        for (size_t i = first; i != SIZE_MAX; i = next[i]) {
            ranges[count] = elements[i].pieces[free_part].range;
            count += fr_netfilter_unmask(match->mask_bits[free_part], &ranges[count]);
        }
        *(key->field == NETFILTER_SOURCE ? &box.source : &box.destination) =
            flowrules_input_ranges(walk->in, ranges, count);
        box.families &= (uint8_t)key->families;
    }
    if (box.families != 0)
        fr_netfilter_add_box(walk, match->groups->boxes, &box);
}

static void group_elements(struct netfilter_walk *walk, struct netfilter_match *match) {
    unsigned free_part = find_free_part(match);
    size_t count = match->set->count;
    struct netfilter_scratch *s = make_room(walk, count);
    match->groups = s ? flowrules_input_alloc(walk->in, sizeof *match->groups) : NULL;
    if (!match->groups)
        return;
    match->groups->direction = walk->direction;
    match->groups->boxes = fr_netfilter_take_boxes(walk);
    fr_netfilter_reserve_boxes(walk, match->groups->boxes, find_groups(s, match, free_part));
    link_groups(s, count);
    for (size_t i = 0; i < count; i++)
        if (s->group[i] == i)
            add_group(walk, match, i, s->next, free_part, s->ranges);
}

/* Most rules are met once: the groups are kept from the second time on. */
static void leave_groups(struct netfilter_walk *walk, struct netfilter_match *match) {
    if (match->groups && !match->met) {
        fr_netfilter_spare_boxes(walk, match->groups->boxes);
        match->groups = NULL;
    }
    match->met = true;
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
    const struct netfilter_boxes *groups = match->groups ? match->groups->boxes : NULL;
    struct netfilter_boxes *sum = fr_netfilter_take_boxes(walk);
    if (groups && boxes->count == 1) /* most often: nothing was met on the way */
        fr_netfilter_reserve_boxes(walk, sum, groups->count);
    for (size_t i = 0; groups && i < boxes->count; i++) {
        for (size_t k = 0; k < groups->count; k++) {
            struct netfilter_box both;
            if (intersect_boxes(walk, &boxes->items[i], &groups->items[k], &both))
                fr_netfilter_add_box(walk, sum, &both);
        }
    }
    leave_groups(walk, match);
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
