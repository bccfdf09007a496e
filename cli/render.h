/*
 * What render and watch share: rendering a policy as the command line asks.
 */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include "tool.h"

/* Checks the options that say where files go; wrong usage is told. */
flowrules_status check_render_options(struct tool *tool);
/* Renders the targets into the folder of -o; messages are told. *written: how many files. */
flowrules_status render_into_folder(struct tool *tool, const flowrules_policy *policy,
                                    size_t *written);

#endif
