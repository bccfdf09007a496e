/*
 * Boxes of the packet space (source set × destination set × protocol and ports), and what is left
 * of a list of them when others are taken away. Exact; a list that falls into too many pieces says
 * so instead of guessing.
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
/* Takes source × destination × term away from every box; *touched is set where any was. */
flowrules_status fr_boxes_subtract(struct fr_boxes *boxes, const struct fr_box *gone,
                                   bool *touched);

#endif
