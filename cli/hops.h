/*
 * Devices on the command line, one behind the other: 'NAME=FILE [to PLACE] & NAME=FILE'.
 */
#ifndef CLI_HOPS_H
#define CLI_HOPS_H

#include "tool.h"

/* One device; texts are of the block of its hops. */
struct hop {
    const char *name;       /* a backend, with a format or without, or a target */
    struct text_list paths; /* empty where only a name was asked for */
    const char *places[2];  /* by which packets enter and leave; NULL: not named */
    const char *hook;       /* "forward", "host" or NULL */
    struct text_list sets;  /* KEY=VALUE */
    flowrules_configuration *configuration;
};

struct hops {
    char *block;
    struct hop *items;
    size_t count;
};

/* Are several devices named in a text? */
bool is_hops(const char *text);
/*
 * Reads a text of one device or several, each with files or, where files is false, a name alone.
 * Wrong usage is told, as below. The hops are to be freed in any case.
 */
flowrules_status read_hops(struct hops *hops, struct tool *tool, const char *text, bool files);
void free_hops(struct hops *hops);
/* The files of all devices. */
flowrules_status open_hops(struct hops *hops, struct tool *tool);

/* What is named for a device of the one counts for the same device of the other. */
void share_places(struct hops *hops, const struct hops *others);

/* What a configuration lets pass, as a target of the policy; both NULL: as its backend's. */
flowrules_status meaning_of_hop(flowrules_meaning **meaning, struct tool *tool,
                                const struct hop *hop, const char *target,
                                const flowrules_policy *policy);
/* What all targets must let pass, and all devices do; of one device its own. */
flowrules_status meaning_of_targets(flowrules_meaning **meaning, struct tool *tool,
                                    const struct hops *targets, const flowrules_policy *policy);
flowrules_status join_hops(flowrules_meaning **meaning, struct tool *tool, const struct hops *hops,
                           flowrules_meaning **meanings);

/* True if NAME[:FORMAT] has this name. */
bool is_name_of(const char *name, const char *spec);
/* The backend of a target of a policy, "TARGET[:FORMAT]", or NULL. */
const char *backend_of(const flowrules_policy *policy, const char *target);

#endif
