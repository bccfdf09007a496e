/*
 * What a verb found, as a list of findings that every format prints: messages, findings of lint,
 * broken assertions, differences. Knows no format.
 */
#ifndef CLI_RESULTS_H
#define CLI_RESULTS_H

#include <stdint.h>

#include "tool.h"

/* A table of findings of one kind, for formats that have tables. */
#define COLUMNS_MOST 8
struct section {
    const char *heading;
    const char *columns[COLUMNS_MOST + 1]; /* names of properties, or these; ends with NULL */
};
#define COLUMN_SEVERITY "severity"
#define COLUMN_WHERE    "where"
#define COLUMN_FINDING  "finding"
#define COLUMN_PACKETS  "packets" /* of a group: source, destination and service of each */

struct property {
    const char *name; /* a static text */
    char *value;
};

/* Texts hold nothing that controls a terminal or hides itself; only files are as they are named. */
struct result {
    char rule[24]; /* the number of a message or finding, or a name of result_rule_text */
    flowrules_severity severity;
    bool fails; /* the exit status of the verb says so */
    uint32_t line, column, length, also_line;
    char *file, *also_file; /* where it is, and a second place; NULL: none */
    char *also;             /* what stands at the second place */
    char *message, *hint;   /* the message names flow and target too */
    char *flow, *target;
    char *reason;                  /* why the policy accepts it; NULL: it does not */
    char *test;                    /* the test that fails by it; NULL: one of its own */
    const struct section *section; /* NULL: that of messages */
    char *group; /* what belongs together is one row of a table; NULL: it is one alone */
    struct property *properties;
    size_t property_count;
    uint64_t fingerprint; /* the same in another version of a file, where only lines moved */
    size_t occurrence;    /* of that fingerprint, from 0 */
};

struct results {
    const char *verb;
    char *subject; /* what was looked at: a policy, or both sides */
    char *file;    /* the policy itself */
    char *verdict; /* one word or sentence of the verb; NULL: its findings are counted */
    struct result *items;
    size_t count, capacity;
    struct text_list passed; /* names of tests without a finding */
    struct text_list notes;  /* paragraphs behind the tables, for people */
};

struct results *results_new(const char *verb);
/* What is looked at, for people, and the file of what has no place. */
void results_about(struct results *results, const char *subject, const char *file);
void results_free(struct results *results);

/* A copy of a text in which what controls a terminal, or hides itself, is spelled as \xNN. */
char *shown_text(const char *text);

/* The result is valid until the next one is added. */
struct result *results_add(struct results *results, const char *rule, flowrules_severity severity);
/* Sets a text of a result; what could not be seen in it becomes visible. NULL: none. */
void result_set(char **text, const char *value);
/* The same, as printf prints it. */
void result_print(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void result_place(struct result *result, const char *file, uint32_t line, uint32_t column,
                  uint32_t length);
void result_also(struct result *result, const char *file, uint32_t line, const char *what);
void result_property(struct result *result, const char *name, const char *value);
const char *result_value(const struct result *result, const char *name); /* NULL: none */
/* A test without a finding; and a paragraph. Both are copied. */
void results_passed(struct results *results, const char *test);
void results_note(struct results *results, const char *text);

/* To be called once, behind the last result: counts fingerprints. */
void results_finish(struct results *results);

/* Those that the policy does not accept. */
size_t results_open(const struct results *results, flowrules_severity severity);
size_t results_accepted(const struct results *results);

/* What is known of a rule, as of flowrules_message_text, and the document about it; or NULL. */
const char *result_rule_text(const char *rule, flowrules_message_part part);
const char *result_rule_page(const char *rule);
const char *severity_name(flowrules_severity severity);

/*
 * A path as a repository names it, to be freed: relative to the folder that the tool runs in, if it
 * is below it, without "." and "..", where it can be.
 */
char *relative_path(const char *path);

#endif
