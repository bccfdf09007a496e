/*
 * Differences of two sides, one by one: who decides, in words, and as results for a format.
 */
#ifndef CLI_DIFFERENCES_H
#define CLI_DIFFERENCES_H

#include <stdio.h>

#include "policy_changes.h"

/* The words for the two sides of a comparison. */
struct comparison_words {
    const char *equal, *contains;         /* the sentences for these verdicts */
    const char *allowed, *denied;         /* headings of the differences */
    bool versions;                        /* before is an older version: it allowed, it denied */
    const char *no_rule[2];               /* what is said where nothing decides: before, after */
    const char *no_block[2];              /* and where it passes so */
    const char *rules[2];                 /* of results: allowed, denied */
    flowrules_severity severity;          /* of these */
    const struct section *sections;       /* of their tables: two that outlive the results */
    const flowrules_policy *policies[2];  /* whose flows decide; NULL: a configuration */
    const struct policy_changes *changes; /* what else changed between them; NULL: not asked */
};

#define DIFFERENCE_COLUMNS                                                                         \
    { COLUMN_PACKETS, "targets", "flow", "owner", "ticket", "example", COLUMN_WHERE, NULL }

/* Who decides on one side, as the end of a sentence: of a path each device. */
void print_decider(FILE *stream, const flowrules_comparison *comparison, size_t i, int after,
                   bool passes, const struct comparison_words *words);

/*
 * The order in which people read differences: those of the same flows or rules together, and the
 * widest first. To be freed.
 */
size_t *order_differences(const flowrules_comparison *comparison,
                          const struct comparison_words *words);

/* All differences and doubts. */
void add_differences(struct results *results, const flowrules_comparison *comparison,
                     const struct comparison_words *words);

#endif
