/*
 * What runs, as the command line names it behind the policy: FILE... of one target, or
 * 'TARGET=FILE & TARGET=FILE' of several that stand one behind the other.
 */
#ifndef CLI_RUNNING_H
#define CLI_RUNNING_H

#include "hops.h"

/* What devices let pass, and the targets of the policy that they are. */
struct running {
    struct hops hops; /* of several */
    flowrules_configuration *configuration;
    const char **targets;
    size_t count;
    flowrules_meaning *meaning;
};

/* Does an operand name several devices? */
bool names_several(const struct tool *tool);
/* The one target that is meant: -t, or the only one of the policy; NULL, and told, otherwise. */
const char *choose_target(struct tool *tool, const flowrules_policy *policy);
/* Reads the operands of several devices, with their files, into hops; wrong usage is told. */
flowrules_status read_devices(struct hops *hops, struct tool *tool);
/* Reads what is named behind the policy. It is to be freed in any case. */
flowrules_status read_running(struct running *running, struct tool *tool,
                              const flowrules_policy *policy);
void free_running(struct running *running);

#endif
