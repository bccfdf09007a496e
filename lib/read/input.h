/*
 * What a reader is handed: the files of a configuration, a place to put rules, and the words of
 * the field. Knows no platform's syntax; documents are nodes.c's.
 */
#ifndef FR_INPUT_H
#define FR_INPUT_H

#include "meaning.h"
#include "names.h"
#include "plan.h"

#define FR_SYMBOL_KINDS 16u

/* A file of a configuration. */
struct fr_config_file {
    const char *name, *text;
    size_t size;
    uint32_t number; /* in the diagnostics */
};

struct fr_config_setting {
    const char *key, *value;
};

struct flowrules_configuration {
    flowrules_context *context;
    struct fr_arena arena;
    struct fr_vec files;    /* struct fr_config_file */
    struct fr_vec settings; /* struct fr_config_setting */
    bool own;               /* it was rendered here: what its files are is known */
    bool counters;          /* counters of rules are enough: the rules are known */
};

/* The meanings of the names of one kind. */
struct fr_symbols {
    struct fr_map of;       /* string -> index into meanings + 1 */
    struct fr_vec meanings; /* void * */
};

struct flowrules_input {
    flowrules_context *context;
    const struct flowrules_backend *backend;
    const char *format;                           /* or NULL */
    const struct flowrules_configuration *config; /* NULL: rules without files */
    const flowrules_plan *plan;                   /* or NULL */
    const struct fr_choice *choice;               /* or NULL: nobody has chosen yet */
    bool imports;                                 /* it is read once for each choice */
    flowrules_meaning *meaning;
    const struct flowrules_node **documents; /* of each file that was asked for them; or NULL */
    struct fr_arena arena;
    struct fr_outgrown *outgrown; /* memory of the arena that can be used again */
    struct fr_large *large;       /* arrays that are too large for the arena */
    struct fr_strings names;
    struct fr_symbols symbols[FR_SYMBOL_KINDS];
    struct fr_vec skips; /* struct fr_skip: where those are that have not landed */
    struct fr_vec words; /* struct flowrules_word: of the line that is split now */
    struct fr_name_checker *checker;
    bool failed;  /* memory has run out */
    bool invalid; /* an error was reported */
};

/* Reads a configuration as a target's, with its plan. */
flowrules_status fr_read_for(flowrules_meaning **meaning, const flowrules_plan *plan,
                             const char *format, const flowrules_configuration *configuration);

/*
 * Reads for an import: once or, where the reader has choices and the caller made none, once for
 * each. The readings (struct fr_reading, with the choice) are in terms of the meaning, which is
 * empty itself. Both are to be freed whatever the status is.
 */
flowrules_status fr_read_each(flowrules_meaning **meaning, struct fr_vec *readings,
                              flowrules_context *context, const char *backend,
                              const flowrules_configuration *configuration);

flowrules_status fr_input_init(struct flowrules_input *in, flowrules_meaning *meaning);
void fr_input_free(struct flowrules_input *in);
/* Before a reader reads the same files once more. */
void fr_input_again(struct flowrules_input *in);
/* How reading went, after the reader returned. */
flowrules_status fr_input_status(const struct flowrules_input *in);

/* A set of a plan in the terms of the input: groups by what their bindings say. */
struct flowrules_set fr_input_translate(struct flowrules_input *in, const flowrules_plan *plan,
                                        fr_set set);

#endif
