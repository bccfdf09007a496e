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
    const char *name, *tag; /* given where it is written */
    enum flowrules_direction direction;
    bool both;         /* egress and ingress in one */
    bool idle;         /* no flow is for it: it only closes its directions */
    unsigned baseline; /* enum flowrules_baseline, bits */
    bool mid_stream;
};

/* What is imported for one reading of the configuration. */
struct fr_import {
    flowrules_meaning *m;       /* says what the reading does while this one is worked on */
    struct fr_reading *reading; /* with the choice, where there are several */
    const struct flowrules_configuration *config;
    const char *format;     /* that was asked for, or NULL */
    struct fr_vec flows;    /* struct fr_import_flow */
    struct fr_vec titles;   /* const char *: of the flows as written; NULL: a comment */
    struct fr_vec targets;  /* struct fr_import_target */
    struct fr_vec protects; /* fr_set: those of networks, for attached targets; may be empty */
    struct fr_vec
        protects_of[FR_DIRECTIONS]; /* fr_set: of pods, those that a direction is shut for */
    bool protect_policy;            /* whose firewall it is was given: it stands at the top */
    bool atoms_are_pods;
    bool has_addresses;        /* of a machine: they were given */
    bool machine;              /* the addresses that were given are all that the machine has */
    bool there[FR_DIRECTIONS]; /* directions that are enforced */
    bool closes;               /* some of them keeps something from passing */
    struct fr_import_baseline found[FR_DIRECTIONS];
    enum fr_import_way way;
    struct fr_import_found came_across;
    const char *cannot; /* why no policy can say it, or NULL */
};

/* One import, or one for each choice, that are one policy. */
struct fr_imports {
    struct fr_import *const *items;
    size_t count;
};

/* Is a comment one that is there before, about the same line? */
bool fr_import_is_repeated(const struct fr_import *import, size_t index);
/* Makes the meaning say what an import's reading does, and no longer. */
static inline void fr_import_open(struct fr_import *import) {
    fr_reading_swap(import->reading, import->m);
}

static inline void fr_import_close(struct fr_import *import) {
    fr_reading_swap(import->reading, import->m);
}

/*
 * Writes the policy, with the names of its targets; an import's cannot is set where a part of it
 * can't be said.
 */
flowrules_status fr_import_write(const struct fr_imports *imports, struct flowrules_writer *w);

#endif
