/*
 * Readable names for the chains, tables and sets of a target.
 */
#ifndef FR_LABELS_H
#define FR_LABELS_H

#include "addresses.h"

/* Names that are given out, each once. */
struct fr_labels {
    struct fr_strings taken;
    struct fr_map next; /* by the number of a name in taken: the last number behind it */
};

void fr_labels_init(struct fr_labels *labels, const struct fr_allocator *allocator);
void fr_labels_free(struct fr_labels *labels);

/* A word's bytes, with the NUL: a name of a network (FR_WORD_MAX) is never cut. */
#define FR_LABEL_SIZE 65u

/* The letters and digits of a text, with _ for runs of what is neither; never empty. */
void fr_label_word(const char *text, char word[FR_LABEL_SIZE]);
/*
 * A word for a set at one end of a flow: the network that it is, or what the flow says there;
 * where that is several things, the flow's name.
 */
void fr_set_word(const flowrules_plan *plan, fr_set set, unsigned families, uint32_t flow,
                 enum flowrules_end end, char word[FR_LABEL_SIZE]);
/* "out_", "in_" or "fwd_", the prefix of a word. */
const char *fr_direction_label(enum flowrules_direction direction);
/* before, word and after as a name, with a number behind the word where it is taken; a text of the
 * arena, NULL when out of memory. */
const char *fr_label_unique(struct fr_labels *labels, struct fr_arena *arena, const char *before,
                            const char *word, const char *after);

#endif
