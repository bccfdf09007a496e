/*
 * Flows that were read from a configuration, written as a policy file.
 */
#ifndef FR_IMPORT_WRITE_H
#define FR_IMPORT_WRITE_H

#include "import_flows.h"
#include "input.h"
#include "writer.h"

/* A target of the policy that is written. */
struct fr_import_target {
    enum flowrules_direction direction;
    bool both;         /* egress and ingress in one */
    bool idle;         /* no flow is for it: it only closes its directions */
    unsigned baseline; /* enum flowrules_baseline, bits */
    bool mid_stream;
};

struct fr_import {
    flowrules_meaning *m;
    const struct flowrules_configuration *config;
    const char *format;     /* that was asked for, or NULL */
    struct fr_vec flows;    /* struct fr_import_flow */
    struct fr_vec targets;  /* struct fr_import_target */
    struct fr_vec protects; /* fr_set: those of networks, for attached targets; may be empty */
    struct fr_vec
        protects_of[FR_DIRECTIONS]; /* fr_set: of pods, those that a direction is shut for */
    bool protect_policy;            /* whose firewall it is was given: it stands at the top */
    bool atoms_are_pods;
    bool there[FR_DIRECTIONS]; /* directions that are enforced */
    struct fr_import_baseline found[FR_DIRECTIONS];
    enum fr_import_way way;
    struct fr_import_found came_across;
    bool closes;        /* some direction is not open */
    const char *cannot; /* why no policy can say it, or NULL */
};

/* Is a comment one that is there before, about the same line? */
bool fr_import_is_repeated(const struct fr_import *import, size_t index);
/* Writes the policy; *cannot is set where a part of it can't be said. */
flowrules_status fr_import_write(struct fr_import *import, struct flowrules_writer *w);

#endif
