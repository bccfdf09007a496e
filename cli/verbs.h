/*
 * The verbs of the tool and their options, as data: the command line is read, checked, explained
 * and helped with by these tables alone.
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <stddef.h>

#include "tool.h"

enum option_kind {
    OPTION_FLAG,  /* a bool */
    OPTION_TEXT,  /* a const char *, the last one given */
    OPTION_LIST,  /* a struct text_list of all that were given */
    OPTION_CHOICE /* an int: the index in choices */
};

struct option {
    const char *name, *argument, *help;
    size_t place;               /* where it goes in struct settings */
    const char *const *choices; /* ends with NULL */
    enum option_kind kind;
    char letter; /* 0: none */
};

struct verb {
    const char *name, *operands, *summary;
    const char *about; /* paragraphs, with a newline between them */
    const struct option *options;
    size_t option_count;
    size_t operands_least, operands_most;
    const char *operand_missing; /* what to say when there are too few */
    const char *examples;        /* whole lines */
    flowrules_status (*run)(struct tool *tool);
};

/* All that a command line may hold. */
struct grammar {
    const struct verb *verbs;
    size_t verb_count;
    const struct option *common; /* options of every verb */
    size_t common_count;
};

/* That of the tool. main.c puts it into struct tool, where the files below find it. */
extern const struct grammar tool_grammar;

/* The verb of that name, or NULL; the verb most like it, or NULL. */
const struct verb *find_verb(const struct grammar *grammar, const char *name);
const char *nearest_verb(const struct grammar *grammar, const char *name);

/* What a policy may be started from, in the order of FROM_FIRST ... */
extern const char *const init_choices[];

/* What 'flowrules schema --of' knows: index 0, 1 ... until NULL. */
const char *schema_name(const void *user, size_t index);

flowrules_status run_init(struct tool *tool);
flowrules_status run_check(struct tool *tool);
flowrules_status run_render(struct tool *tool);
flowrules_status run_explain(struct tool *tool);
flowrules_status run_fmt(struct tool *tool);
flowrules_status run_lint(struct tool *tool);
flowrules_status run_query(struct tool *tool);
flowrules_status run_assert(struct tool *tool);
flowrules_status run_report(struct tool *tool);
flowrules_status run_verify(struct tool *tool);
flowrules_status run_usage(struct tool *tool);
flowrules_status run_diff(struct tool *tool);
flowrules_status run_import(struct tool *tool);
flowrules_status run_resolve(struct tool *tool);
flowrules_status run_watch(struct tool *tool);
flowrules_status run_probe(struct tool *tool);
flowrules_status run_targets(struct tool *tool);
flowrules_status run_schema(struct tool *tool);
flowrules_status run_complete(struct tool *tool);
flowrules_status run_help(struct tool *tool);

/*
 * Reads the beginning of a command line, as far as it can be read: into tool->settings and
 * tool->verb. Gives the option that waits for its value, or NULL; *ended: "--" was among them.
 */
const struct option *read_beginning(struct tool *tool, char **words, bool *ended);
/* Option number index of those that may stand behind the verb (none yet: in front), or NULL. */
const struct option *option_at(const struct tool *tool, size_t index);

/* Help on the tool or, where one is named, on its verb, to standard output. */
void print_help(const struct tool *tool);

#endif
