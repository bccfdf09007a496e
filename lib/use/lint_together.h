/*
 * Whether several flows together match all packets of another one: exactly, by subtraction.
 */
#ifndef FR_LINT_TOGETHER_H
#define FR_LINT_TOGETHER_H

#include "lint_pairs.h"

enum fr_together_verdict { FR_TOGETHER_OPEN, FR_TOGETHER_COVERED, FR_TOGETHER_NOT_SEARCHED };

struct fr_together {
    const struct fr_lint_pairs *pairs;
    struct fr_index *index;   /* of flows with the same action */
    struct fr_vec candidates; /* uint32_t, in order: flows that may cover a part */
    struct fr_vec by;         /* uint32_t, in order: those that do, once it is covered */
    uint32_t flow;
    size_t steps;
    bool failed; /* memory ran out while candidates were gathered */
    enum fr_together_verdict verdict;
};

void fr_together_init(struct fr_together *t, const struct fr_lint_pairs *pairs,
                      struct fr_index *index);
void fr_together_free(struct fr_together *t);
/* Decides for one flow. Flows that others cover already are not among those that cover it. */
flowrules_status fr_together_covers(struct fr_together *t, uint32_t flow);

#endif
