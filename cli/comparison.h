/*
 * What verify and diff share: the files of a configuration, and telling a comparison.
 */
#ifndef CLI_COMPARISON_H
#define CLI_COMPARISON_H

#include "tool.h"

/* The files at paths ("-": standard input) with the settings of --set; messages are told. */
flowrules_status open_configuration(flowrules_configuration **configuration, struct tool *tool,
                                    const char *const *paths, size_t count);

/* Adds settings, each KEY=VALUE. */
flowrules_status add_settings(flowrules_configuration *configuration, struct tool *tool,
                              const struct text_list *list);

/* The words for the two sides of a comparison. */
struct comparison_words {
    const char *equal, *contains; /* the sentences for these verdicts */
    const char *allowed, *denied; /* headings of the differences */
    const char *no_rule[2];       /* what is said where nothing decides: before, after */
    const char *no_block[2];      /* and where it passes so */
};

/* To standard output, as text or with --json. */
void print_comparison(const struct tool *tool, const flowrules_comparison *comparison,
                      const struct comparison_words *words);

#endif
