/*
 * How interfaces are matched, and the jumps to chains of one passage.
 */
#ifndef FR_NFTABLES_PASSAGES_H
#define FR_NFTABLES_PASSAGES_H

#include "flowrules/kits/lookup.h"

/* In which lines a passage is said, one after the other: patterns don't stand in a list of names.
 */
struct fr_nftables_line {
    size_t enters, leaves;
    bool begun;
};

/* Writes what the next line of a passage matches, between before and a blank; false behind the
 * last. */
bool fr_nftables_passage_match(flowrules_writer *w, const struct flowrules_passage *passage,
                               const char *before, struct fr_nftables_line *line);

/*
 * Writes the matches of all other interfaces than some, in as many lines as they take; false
 * behind the last.
 */
bool fr_nftables_elsewhere(flowrules_writer *w, const struct flowrules_interfaces *own, bool host,
                           size_t line);
/* Has it a chain of its own? Few rules say the interfaces themselves. */
bool fr_nftables_has_chain(const flowrules_plan *plan, const struct flowrules_passage *passage);
/* Writes the jumps to the chains of a passage and those behind it: many are one lookup. */
void fr_nftables_passage_jumps(flowrules_writer *w, const flowrules_plan *plan,
                               const struct flowrules_passage *first);

#endif
