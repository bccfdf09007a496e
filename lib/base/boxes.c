/*
 * Differences of boxes: subtracting a box leaves the parts on each side of it.
 */
#include "boxes.h"

void fr_boxes_init(struct fr_boxes *boxes, flowrules_context *context, struct fr_sets *sets,
                   size_t most) {
    *boxes = (struct fr_boxes){.context = context, .sets = sets, .most = most};
    fr_vec_init(&boxes->list, &context->allocator, sizeof(struct fr_box));
    fr_vec_init(&boxes->next, &context->allocator, sizeof(struct fr_box));
}

void fr_boxes_free(struct fr_boxes *boxes) {
    fr_vec_free(&boxes->list);
    fr_vec_free(&boxes->next);
}

static flowrules_status push(struct fr_boxes *boxes, struct fr_vec *to, const struct fr_box *box) {
    if (boxes->sets->failed)
        return fr_no_memory(boxes->context);
    if (box->ends[0] == FR_SET_EMPTY || box->ends[1] == FR_SET_EMPTY)
        return FLOWRULES_OK;
    if (to->count >= boxes->most) {
        boxes->too_many = true;
        return FLOWRULES_OK;
    }
    struct fr_box *slot = fr_vec_add(to);
    if (slot == NULL)
        return fr_no_memory(boxes->context);
    *slot = *box;
    return FLOWRULES_OK;
}

flowrules_status fr_boxes_add(struct fr_boxes *boxes, const struct fr_box *box) {
    return push(boxes, &boxes->list, box);
}

/* "Any protocol" without one: the other 255, each by its number. */
static flowrules_status push_other_protocols(struct fr_boxes *boxes, const struct fr_box *box,
                                             unsigned protocol) {
    struct fr_box rest = *box;
    for (unsigned p = 0; p < 256; p++) {
        rest.term.protocol = (uint16_t)p;
        if (p != protocol)
            FR_TRY(push(boxes, &boxes->next, &rest));
    }
    return FLOWRULES_OK;
}

/* The four sides of the box's ports around the cut. */
static flowrules_status push_other_ports(struct fr_boxes *boxes, const struct fr_box *box,
                                         const struct fr_term *cut) {
    const struct fr_term *t = &box->term;
    struct fr_box rest = *box;
    if (t->protocol != cut->protocol)
        FR_TRY(push_other_protocols(boxes, box, cut->protocol));
    struct fr_term sides[4] = {*t, *t, *t, *t};
    for (size_t i = 0; i < 4; i++) {
        sides[i].protocol = cut->protocol;
        sides[i].source_first = i < 2 ? t->source_first : cut->source_first;
        sides[i].source_last = i < 2 ? t->source_last : cut->source_last;
    }
    sides[0].source_last = (uint16_t)(cut->source_first - 1);
    sides[1].source_first = (uint16_t)(cut->source_last + 1);
    sides[2].destination_last = (uint16_t)(cut->destination_first - 1);
    sides[3].destination_first = (uint16_t)(cut->destination_last + 1);
    const bool there[4] = {
        cut->source_first > t->source_first,
        cut->source_last<t->source_last, cut->destination_first> t->destination_first,
        cut->destination_last < t->destination_last};
    for (size_t i = 0; i < 4; i++) {
        rest.term = sides[i];
        if (there[i])
            FR_TRY(push(boxes, &boxes->next, &rest));
    }
    return FLOWRULES_OK;
}

static flowrules_status cut(struct fr_boxes *boxes, const struct fr_box *box,
                            const struct fr_box *gone, bool *touched) {
    struct fr_term both;
    fr_set in[2];
    /* Most are apart, which is seen without a set of what they have in common. */
    if (!fr_terms_meet(&box->term, &gone->term, &both) ||
        !fr_set_overlaps(boxes->sets, box->ends[0], gone->ends[0]) ||
        !fr_set_overlaps(boxes->sets, box->ends[1], gone->ends[1]))
        return push(boxes, &boxes->next, box);
    for (size_t i = 0; i < 2; i++)
        in[i] = fr_set_intersect(boxes->sets, box->ends[i], gone->ends[i]);
    if (in[0] == FR_SET_EMPTY || in[1] == FR_SET_EMPTY)
        return push(boxes, &boxes->next, box);
    *touched = true;
    struct fr_box rest = *box;
    rest.ends[0] = fr_set_subtract(boxes->sets, box->ends[0], in[0]);
    FR_TRY(push(boxes, &boxes->next, &rest));
    rest.ends[0] = in[0];
    rest.ends[1] = fr_set_subtract(boxes->sets, box->ends[1], in[1]);
    FR_TRY(push(boxes, &boxes->next, &rest));
    rest.ends[1] = in[1];
    return push_other_ports(boxes, &rest, &both);
}

flowrules_status fr_boxes_subtract(struct fr_boxes *boxes, const struct fr_box *gone,
                                   bool *touched) {
    boxes->next.count = 0;
    for (size_t i = 0; i < boxes->list.count; i++) {
        struct fr_box box = *fr_vec_at(&boxes->list, struct fr_box, i);
        FR_TRY(cut(boxes, &box, gone, touched));
    }
    struct fr_vec swap = boxes->list;
    boxes->list = boxes->next;
    boxes->next = swap;
    return FLOWRULES_OK;
}
