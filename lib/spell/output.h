/*
 * What a backend writes while it spells rules: files and parts; and how it sees the rules.
 */
#ifndef FR_OUTPUT_H
#define FR_OUTPUT_H

#include "rules.h"
#include "writer.h"

struct fr_file {
    char *name, *suffix;
    bool executable;
    bool helper; /* the others can be loaded without it */
    bool undo;   /* it takes them out again */
    struct flowrules_writer writer;
};

/* A new file, called name + suffix, at the end of files; NULL when out of memory. */
struct fr_file *fr_file_new(struct fr_vec *files, struct fr_arena *arena, const char *name,
                            const char *suffix, bool executable);

/* The packets of a question, by the plan's sets. */
struct fr_asked {
    fr_set ends[2];
    struct fr_term term;
};

/* A table as the backend reads it. */
struct fr_seen_table {
    struct flowrules_table view; /* its elements: this */
    const struct fr_table *table;
    const flowrules_output *out;
    bool elsewhere; /* its rule matches no packet of the question */
};

#define FR_PARTS 64u

/* The names that some flows are said by the addresses of (notes.c). */
struct fr_pinned_names {
    uint32_t flows;
    bool known;          /* they were asked for, and are those of flows */
    bool failed;         /* once memory ran out for them: what was written lacks some */
    struct fr_vec names; /* const struct fr_locked_name * */
};

struct flowrules_output {
    const flowrules_plan *plan;
    const struct fr_rules *rules;
    const struct fr_asked *asked; /* the question that is answered, or NULL */
    struct fr_arena *files_arena; /* of the artifact */
    struct fr_vec *files;         /* struct fr_file *, of the artifact */
    struct fr_flow_lists *joined; /* of the artifact: those that rules had not */
    struct fr_seen_table *tables; /* as rules have them, once one is seen */
    struct fr_arena scratch;      /* what one rule needs */
    struct flowrules_writer parts[FR_PARTS];
    struct fr_vec sets;     /* fr_set: those of rules, once they were asked for */
    struct fr_vec services; /* const struct flowrules_service * */
    bool listed;
    struct fr_strings once; /* the texts that were asked for */
    struct fr_map uses;     /* set + 1 -> 2 * its first rule + the end, once it was asked for */
    bool used;              /* uses is filled */
    struct fr_pinned_names pinned; /* those that were asked for last */
    void *state;
    char *refusal; /* why the whole target is refused, or NULL */
    bool failed;
    struct { /* the manifest that is open: where it begins, and what it is called */
        size_t start;
        const char *name;
    } manifest;
    struct flowrules_writer sink; /* where writing goes once memory has run out */
};

/* The files, their arena and the lists of joined flows are still to be given. */
void fr_output_init(flowrules_output *out, const struct fr_rules *rules);
void fr_output_free(flowrules_output *out);

/* A flow of those behind a rule. */
uint32_t fr_output_flow(const flowrules_output *out, flowrules_flows flows, size_t index);

/* A rule of a group as the backend reads it; false when out of memory. */
bool fr_output_rule(flowrules_output *out, const struct fr_group *group, const struct fr_rule *rule,
                    struct flowrules_rule *view);

/* True if no write failed. */
bool fr_output_good(const flowrules_output *out);

#endif
