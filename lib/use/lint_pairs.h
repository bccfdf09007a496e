/*
 * Pairs of flows: whether one does all that another does, or takes something from it. Exact, for
 * all targets.
 */
#ifndef FR_LINT_PAIRS_H
#define FR_LINT_PAIRS_H

#include "lint.h"
#include "lint_index.h"

struct fr_lint_pairs {
    struct fr_linter *l;
    size_t words;           /* of 64 targets that select, each */
    bool all_select;        /* some target takes every flow, or there is no target */
    struct fr_vec selected; /* uint64_t, words for each flow: the targets that take it */
    struct fr_vec sparing;  /* uint32_t: denies that spare something */
};

flowrules_status fr_lint_pairs_open(struct fr_lint_pairs *p, struct fr_linter *l);
void fr_lint_pairs_close(struct fr_lint_pairs *p);

/* True if target number t of those that select takes the flow. */
bool fr_lint_pairs_takes(const struct fr_lint_pairs *p, size_t t, uint32_t flow);
/* True if some target takes both flows. */
bool fr_lint_pairs_are_together(const struct fr_lint_pairs *p, uint32_t a, uint32_t b);
/* True if no target takes the flow. */
bool fr_lint_pairs_is_loose(const struct fr_lint_pairs *p, uint32_t flow);
/* True if every target that takes inner takes outer. */
bool fr_lint_pairs_are_where(const struct fr_lint_pairs *p, uint32_t outer, uint32_t inner);
/*
 * True if, for the packets that both match, inner is not needed beside outer: the action is the
 * same, outer is valid as long, logs what inner logs, and the same denies take from it.
 */
bool fr_lint_pairs_may_replace(const struct fr_lint_pairs *p, uint32_t outer, uint32_t inner);
/* True if outer matches every packet that inner matches, as each target sees them. */
bool fr_lint_pairs_covers(const struct fr_lint_pairs *p, uint32_t outer, uint32_t inner);
/* True if an end of outer that may be at some interfaces alone holds the same end of inner. */
bool fr_lint_pairs_is_placed_alike(const struct fr_lint_pairs *p, uint32_t outer, uint32_t inner);
/* True if some packet may be matched by both: names and groups may have any address. */
bool fr_lint_pairs_may_meet(const struct fr_lint_pairs *p, uint32_t a, uint32_t b);

/* The extent of all of a flow. loose: names and groups are everywhere. */
struct fr_extent fr_lint_pairs_extent(const struct fr_lint_pairs *p, uint32_t flow, bool loose);
/* The extent of a part of a flow that a flow which covers it covers by one of its own parts. */
struct fr_extent fr_lint_pairs_part(const struct fr_lint_pairs *p, uint32_t flow);
/*
 * Adds a flow to an index, by the ranges of its source and destination where these are few; false
 * when out of memory.
 */
bool fr_lint_pairs_index(const struct fr_lint_pairs *p, struct fr_index *index, uint32_t flow);

#endif
