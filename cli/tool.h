/*
 * What the verbs share: the settings of the command line, the context, the policy, how a verb
 * ends. Knows no verb.
 */
#ifndef CLI_TOOL_H
#define CLI_TOOL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cjson/cJSON.h>
#include <flowrules/flowrules.h>

struct text_list {
    const char **items;
    size_t count;
};

enum { FROM_FIRST, FROM_CLUSTER, FROM_EDGE };
enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
enum { DIAGNOSTICS_TEXT, DIAGNOSTICS_JSON };
enum {
    FORMAT_TEXT,
    FORMAT_JSON,
    FORMAT_MARKDOWN,
    FORMAT_SARIF,
    FORMAT_JUNIT,
    FORMAT_GITHUB,
    FORMAT_GITLAB
};

/* What the command line says; texts are those of argv. */
struct settings {
    const char *as_of, *lock, *output, *max_age, *protects;
    const char *mapping, *definitions; /* of import */
    const char *history;               /* of usage */
    const char *timeout, *tries, *deadline, *in_flight, *keep_days, *max_addresses;
    struct text_list targets, networks, servers, plugins, sets, operands, assertions;
    const char *from, *name, *namespace_name, *image, *most; /* of probe */
    const char *of;                                          /* of schema */
    struct text_list flows, hosts, labels;                   /* likewise */
    int format;                                              /* of probe */
    int result_format;                                       /* FORMAT_TEXT ... */
    int start;                                               /* of init */
    int diagnostics, colour;
    bool quiet, json, included, asserting, no_map, no_verify, rules, print, replace, merge, check,
        help, version;
};

struct grammar;
struct results;
struct verb;

struct tool {
    const struct grammar *grammar; /* what the command line may hold */
    struct settings settings;
    const struct verb *verb; /* NULL: none was named */
    flowrules_context *context;
    cJSON *messages;         /* those for --diagnostics=json, told at the end */
    struct results *results; /* what is printed by --format at the end; NULL: the verb prints */
    bool colour_out;         /* is standard output in colour? */
    bool colour_err;         /* is standard error? */
    bool told_an_error;      /* so that no failure stays silent */
};

/* ---- the command line (arguments.c) ------------------------------------------------------ */

/* Reads argv into tool->settings and tool->verb; wrong usage is told. */
flowrules_status read_arguments(struct tool *tool, int argc, char **argv);

/* ---- messages (messages.c) --------------------------------------------------------------- */

/* Tells what has gathered in the context. */
void tell_diagnostics(struct tool *tool);
/* Tells an error of the tool's own. */
void tell_error(struct tool *tool, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Likewise a warning, which --quiet keeps back. */
void tell_warning(struct tool *tool, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Tells wrong usage, and where the right one stands. The result is FLOWRULES_USAGE. */
flowrules_status tell_usage(struct tool *tool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints what --diagnostics=json has gathered. */
void tell_gathered(struct tool *tool);

/* ---- plugins (plugins.c) ----------------------------------------------------------------- */

/* Makes the backends of --plugin known to the context; what is wrong with one is told. */
flowrules_status load_plugins(struct tool *tool);

/* ---- policies (policy.c) ----------------------------------------------------------------- */

/* Sets the date as of which policies are read: --as-of, or today; the library reads no clock. */
flowrules_status set_date(struct tool *tool);
/* Reads the policy at a path, "-" being standard input; messages are told. */
flowrules_status open_policy(flowrules_policy **policy, struct tool *tool, const char *path);
/* Adds the files of --assertions; messages gather in the context. */
flowrules_status add_assertion_files(struct tool *tool, flowrules_assertions *assertions);
/* All of a stream, to be freed; NULL when it can't be read, which is told of the file as shown. */
char *read_stream(struct tool *tool, FILE *stream, const char *shown, size_t *size);
/* All of standard input, to be freed; NULL when it can't be read, which is told. */
char *read_input(struct tool *tool, size_t *size);
/* The number of the flow of that name, or the number of flows. */
size_t find_flow(const flowrules_policy *policy, const char *name);
/* How a policy's path is shown. */
#define INPUT_SHOWN "<stdin>"
const char *policy_shown(const char *path);

/* ---- the ground (memory.c) --------------------------------------------------------------- */

/* The worse of two: what the tool ends with when several things failed. */
flowrules_status worse(flowrules_status one, flowrules_status other);

/* Says so and ends the tool. Nothing may be half written when it is called. */
void out_of_memory(void) __attribute__((noreturn));
void *allocate(size_t count, size_t size); /* zeroed; never NULL */
void *reallocate(void *block, size_t count, size_t size);
/* The text that printf would print, to be freed. */
char *format_text(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
void text_list_add(struct text_list *list, const char *text);

#endif
