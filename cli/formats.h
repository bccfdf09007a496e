/*
 * The formats of what a verb found: each has one renderer over one list, in a file of its own.
 */
#ifndef CLI_FORMATS_H
#define CLI_FORMATS_H

#include <stdio.h>

#include "results.h"

/* Reads --format and --json into the settings; what excludes each other is told. */
flowrules_status choose_format(struct tool *tool);
/* Is this a format that has a renderer? Those of text and JSON belong to the verbs. */
bool is_rendered(const struct tool *tool);
/* Prints what a verb found to standard output, whole or not at all; status is how the verb ended.
 */
void print_results(const struct tool *tool, struct results *results, flowrules_status status);

/* The renderers. */
void format_markdown(FILE *stream, const struct results *results, flowrules_status status);
void format_sarif(FILE *stream, const struct results *results, flowrules_status status);
void format_junit(FILE *stream, const struct results *results, flowrules_status status);
void format_github(FILE *stream, const struct results *results, flowrules_status status);
void format_gitlab(FILE *stream, const struct results *results, flowrules_status status);

/* ---- what renderers share (format_parts.c) -------------------------------------------------- */

/* The path of a result, or of what was looked at, as a repository names it; to be freed. */
char *result_path(const struct results *results, const struct result *result);
/* "policy.yaml:12:3", to be freed; nothing in it controls a terminal. */
char *result_where(const struct results *results, const struct result *result);
/* "different", or "2 errors, 1 note", to be freed. */
char *results_verdict(const struct results *results);
/* A text that is the same in another version of a file, and of this result alone. */
void print_fingerprint(FILE *stream, const struct result *result);

#endif
