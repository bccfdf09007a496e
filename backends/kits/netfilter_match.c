/*
 * What a rule's matches leave of the packets that come to it, one match after the other. What a
 * field means netfilter_fields.c knows, what the elements of a set are netfilter_groups.c.
 */
#include "netfilter_walk.h"

/* Keeps the boxes that a key leaves something of. */
static void narrow_each(struct netfilter_walk *walk, struct netfilter_match *match,
                        struct netfilter_boxes *boxes) {
    struct netfilter_values values = {match->set->elements, match->set->count, 0,
                                      match->mask_bits[0], match->negated};
    struct netfilter_boxes *parts = fr_netfilter_take_boxes(walk);
    size_t kept = 0;
    for (size_t i = 0; i < boxes->count; i++) {
        struct netfilter_box box = boxes->items[i];
        walk->parted = false;
        if (fr_netfilter_narrow_key(walk, &box, &match->keys[0], &values, match->set))
            boxes->items[kept++] = box;
        if (walk->parted)
            fr_netfilter_add_box(walk, parts, &walk->partly);
    }
    boxes->count = kept;
    for (size_t i = 0; parts && i < parts->count; i++)
        fr_netfilter_add_box(walk, boxes, &parts->items[i]);
    fr_netfilter_spare_boxes(walk, parts);
}

static void doubt_boxes(struct netfilter_boxes *boxes, const char *text) {
    for (size_t i = 0; i < boxes->count; i++)
        if (!boxes->items[i].doubt)
            boxes->items[i].doubt = text;
}

void fr_netfilter_narrow_by(struct netfilter_walk *walk, struct netfilter_match *match,
                            struct netfilter_boxes *boxes) {
    if (!match->set)
        doubt_boxes(boxes, match->other);
    else if (match->set->doubt)
        doubt_boxes(boxes, match->set->doubt);
    else if (match->key_count == 1 && (match->negated || !match->set->commented))
        narrow_each(walk, match, boxes);
    else if (match->negated)
        doubt_boxes(boxes, "everything except the elements of a set of several parts");
    else
        fr_netfilter_narrow_by_groups(walk, match, boxes);
}

/* Does it look at what other matches of the rule say first: the protocol? */
static bool comes_last(const struct netfilter_match *match) {
    for (unsigned i = 0; i < match->key_count; i++) {
        enum netfilter_field field = match->keys[i].field;
        if (field == NETFILTER_HOP_LIMIT ||
            ((field == NETFILTER_SOURCE_PORT || field == NETFILTER_DESTINATION_PORT) &&
             match->keys[i].protocol < 0))
            return true;
    }
    return false;
}

void fr_netfilter_narrow(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                         struct netfilter_boxes *boxes) {
    for (size_t i = 0; i < rule->match_count; i++)
        if (!comes_last(&rule->matches[i]))
            fr_netfilter_narrow_by(walk, &rule->matches[i], boxes);
    for (size_t i = 0; i < rule->match_count; i++)
        if (comes_last(&rule->matches[i]))
            fr_netfilter_narrow_by(walk, &rule->matches[i], boxes);
}
