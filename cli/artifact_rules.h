/*
 * The rules of rendered files, as lines: which of them two artifacts do not share.
 */
#ifndef CLI_ARTIFACT_RULES_H
#define CLI_ARTIFACT_RULES_H

#include "tool.h"

/*
 * Counts the lines of rules that only the second has, and those that only the first has. The
 * version of an artifact, which names of sets have in them, makes no line another one.
 */
void count_rule_changes(flowrules_artifact *const artifacts[2], size_t *added, size_t *removed);

#endif
