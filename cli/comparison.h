/*
 * What verify, diff and watch share: the files of a configuration, and telling a comparison.
 */
#ifndef CLI_COMPARISON_H
#define CLI_COMPARISON_H

#include "differences.h"

/* The files at paths ("-": standard input) with the settings of --set; messages are told. */
flowrules_status open_configuration(flowrules_configuration **configuration, struct tool *tool,
                                    const char *const *paths, size_t count);

/* Adds settings, each KEY=VALUE. */
flowrules_status add_settings(flowrules_configuration *configuration, struct tool *tool,
                              const struct text_list *list);

/* The words for two versions of the same thing, each a policy, or NULL for a configuration. */
struct comparison_words words_of_versions(const flowrules_policy *before,
                                          const flowrules_policy *after);

/* To standard output, as text or with --json, or into the results of --format. */
void print_comparison(const struct tool *tool, const flowrules_comparison *comparison,
                      const struct comparison_words *words);

#endif
