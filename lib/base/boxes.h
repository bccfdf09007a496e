/*
 * Boxes of the packet space (source set × destination set × protocol and ports), and the exact
 * difference of a list of boxes and others. too_many is set if the result has too many pieces.
 */
#ifndef FR_BOXES_H
#define FR_BOXES_H

#include "addresses.h"
#include "context.h"
#include "services.h"

struct fr_box {
    fr_set ends[2];
    struct fr_term term;
};

struct fr_boxes {
    flowrules_context *context;
    struct fr_sets *sets;
    struct fr_vec list; /* struct fr_box */
    struct fr_vec next; /* the list in the making */
    size_t most;        /* pieces that the list may fall into */
    bool too_many;      /* it would have been more: the list is not complete */
};

void fr_boxes_init(struct fr_boxes *boxes, flowrules_context *context, struct fr_sets *sets,
                   size_t most);
void fr_boxes_free(struct fr_boxes *boxes);
flowrules_status fr_boxes_add(struct fr_boxes *boxes, const struct fr_box *box);
/* Subtracts a box from every box of the list; sets *touched if any of them met it. */
flowrules_status fr_boxes_subtract(struct fr_boxes *boxes, const struct fr_box *gone,
                                   bool *touched);

#endif
