/*
 * Diagnostics: messages to the user, with a place in a file, a stable id and a hint.
 * They are collected in the context; nothing is printed here.
 */
#ifndef FR_DIAGNOSTICS_H
#define FR_DIAGNOSTICS_H

#include "memory.h"

/* A place in one of the files of a context. File 0 is "no file"; lines and columns count from 1. */
struct fr_at {
    uint32_t file;
    uint32_t line;
    uint32_t column; /* in characters */
    uint32_t length; /* of what is marked, in characters; 0 = unknown */
};
#define FR_NOWHERE ((struct fr_at){0, 0, 0, 0})

/*
 * The stable numbers of messages (FR0102): hundreds by subject. A number is never used again for
 * something else. docs/DIAGNOSTICS.md lists them all.
 */
enum fr_id {
    /* 01: the file and its YAML */
    FR_YAML_SYNTAX = 101,
    FR_YAML_TAB,
    FR_NOT_UTF8,
    FR_YAML_TOO_LARGE,
    FR_YAML_TOO_DEEP,
    FR_YAML_TOO_MANY,
    FR_YAML_ALIAS_UNKNOWN,
    FR_YAML_ALIAS_EXPANDS,
    FR_YAML_MERGE,
    FR_YAML_DOCUMENTS,
    FR_YAML_EMPTY,
    FR_YAML_CONTROL,
    FR_LAYOUT,
    /* 02: keys and values */
    FR_KEY_UNKNOWN = 201,
    FR_KEY_DUPLICATE,
    FR_KEY_MISSING,
    FR_KEY_CONFLICT,
    FR_VALUE_KIND,
    FR_VALUE_EMPTY,
    FR_VALUE_UNKNOWN,
    FR_VALUE_TOO_LONG = 209,
    FR_VERSION,
    FR_INCLUDE,
    FR_INCLUDE_CONTENT,
    FR_NAME_FORM,
    FR_NAME_DUPLICATE,
    FR_NAME_RESERVED,
    FR_DATE,
    FR_PATTERN,
    /* 03: networks, services, flows and what they mean */
    FR_ADDRESS = 301,
    FR_HOST_BITS,
    FR_RANGE_ORDER,
    FR_FAMILY_MIX,
    FR_FQDN,
    FR_NETWORK_UNKNOWN,
    FR_NETWORK_CYCLE,
    FR_NETWORK_EMPTY,
    FR_NETWORK_DEPTH,
    FR_EXCEPT,
    FR_SERVICE_UNKNOWN,
    FR_PROTOCOL,
    FR_PORT,
    FR_PORT_PROTOCOL,
    FR_ICMP_FORM,
    FR_CANNOT_MEET,
    FR_NO_FLOWS,
    FR_EXPIRED,
    FR_AS_OF_NEEDED,
    FR_SHADOWED,
    FR_SPARES,
    FR_SPARES_ALL,
    FR_PLACE_UNKNOWN,
    FR_PLACE_TWICE,
    FR_PROXY_UNUSED,
    FR_PROXY_FLOWS,
    /* 04: names and the lock file */
    FR_LOCK_FORM = 401,
    FR_NAME_NOT_PINNED,
    FR_RESOLVER,
    FR_NAME_FAILED,
    FR_NAME_KEPT,
    FR_NAME_PARTLY,
    FR_SERVERS_DIFFER,
    FR_ADDRESS_SPECIAL,
    FR_ANSWER_BESIDE,
    FR_PINS_OLD,
    FR_NAME_NOT_IN_POLICY,
    /* 05: targets and what they can say */
    FR_BACKEND_UNKNOWN = 501,
    FR_FORMAT_UNKNOWN,
    FR_TARGET_UNKNOWN,
    FR_SETTING_UNKNOWN,
    FR_SETTING_VALUE,
    FR_SETTING_MISSING,
    FR_PROTECTS_MISSING,
    FR_REFUSED,
    FR_CLOSED_DIRECTION,
    FR_LOSS_ACCEPTED,
    FR_LIMIT,
    FR_SELECT_NOTHING = 514,
    FR_NOBODY_ASKS = 515,
    FR_BASELINE_LACKS = 516,
    FR_UNEXPECTED = 517,
    FR_SHUTS = 518,
    FR_NOT_ENFORCED = 519,
    FR_SHUTS_NOT = 520,
    FR_NAMES_SHUT = 521,
    /* 06: how the library or the tool is used */
    FR_OPTION_UNKNOWN = 601,
    FR_OPTION_VALUE,
    FR_QUERY_FORM,
    FR_PROBE_EMPTY = 610,
    FR_BACKEND_ABI,
    FR_BACKEND_RECORD,
    FR_BACKEND_DUPLICATE,
    /* 07: files and memory */
    FR_FILE_READ = 701,
    FR_MORE_MESSAGES = 703,
    /* 08: configurations that are read back */
    FR_CONFIG_SYNTAX = 801,
    FR_CONFIG_DOUBT,
    FR_CONFIG_NOT_KEPT,
    FR_CONFIG_NO_READER,
    FR_CONFIG_PLACES,
    FR_CONFIG_NOT_EQUAL,
    FR_NOT_PROVEN,
    FR_CONFIG_ASSUMED,
    FR_PATH,
    FR_PATH_PLACE,
    FR_USAGE_DIFFERS,
    FR_USAGE_SET_BACK,
    FR_USAGE_NO_COUNTERS,
    FR_USAGE_HISTORY,
    /* 09: sheets and documents that are imported */
    FR_SHEET_KIND = 901,
    FR_SHEET_FORM,
    FR_SHEET_HEADING,
    FR_SHEET_CELL,
    FR_SHEET_NAME,
    FR_SHEET_TOLD,
    FR_SHEET_MAP,
    FR_SHEET_LIMIT,
    FR_SHEET_EMPTY
};

struct fr_diagnostic {
    enum flowrules_severity severity;
    enum fr_id id;
    char name[8]; /* "FR0102" */
    struct fr_at at;
    const char *file;                    /* its name as shown, or NULL */
    const char *flow, *target;           /* NULL where it is about none */
    const char *message, *hint, *source; /* hint and source line may be NULL */
};

/* In the order of their reports until fr_diagnostics_sort; the arenas own the texts. */
struct fr_diagnostics {
    struct fr_arena arena; /* of the messages */
    struct fr_arena names; /* of the files, which stay when messages are cleared */
    struct fr_vec list;    /* struct fr_diagnostic */
    struct fr_vec files;   /* struct fr_source */
    size_t error_count;    /* all errors, also those past the cap */
    size_t left_out;       /* messages past the cap */
    size_t errors_from;    /* past the cap: all that is kept from here on is errors */
    bool out_of_memory;
};

/* At most this many are kept; the last one then says how many more there were. */
#define FR_DIAGNOSTICS_MAX 1000

void fr_diagnostics_init(struct fr_diagnostics *d, const struct fr_allocator *allocator);
void fr_diagnostics_free(struct fr_diagnostics *d);
void fr_diagnostics_clear(struct fr_diagnostics *d); /* keeps the files */

/*
 * A file that messages can point into: its name as shown and its text, borrowed until
 * fr_diagnostics_forget (after which new messages show lines of it only where it has a path).
 * The result is the file's number, 0 when out of memory.
 */
uint32_t fr_diagnostics_file(struct fr_diagnostics *d, const char *name, const char *text,
                             size_t size);
/*
 * Where the text can be read again, once a message needs a line of it: for files that are not
 * kept in memory. False when out of memory.
 */
bool fr_diagnostics_path(struct fr_diagnostics *d, uint32_t file, const char *path);
const char *fr_diagnostics_file_path(const struct fr_diagnostics *d, uint32_t file);
/* The text of a file, read again if necessary; NULL if it cannot be read. */
const char *fr_diagnostics_text(struct fr_diagnostics *d, uint32_t file, size_t *size);
void fr_diagnostics_forget(struct fr_diagnostics *d, uint32_t file);
/* Gives a file another text, borrowed until fr_diagnostics_forget; messages that are kept stay. */
void fr_diagnostics_retext(struct fr_diagnostics *d, uint32_t file, const char *text, size_t size);
/* The same file, by its name and path, once more as the last one; 0 when out of memory. */
uint32_t fr_diagnostics_file_again(struct fr_diagnostics *d, uint32_t file);
const char *fr_diagnostics_file_name(const struct fr_diagnostics *d, uint32_t file);

/* What a message is about; flow, target and hint may be NULL. */
struct fr_about {
    enum flowrules_severity severity;
    enum fr_id id;
    struct fr_at at;
    const char *flow, *target, *hint;
};

/*
 * Adds a message. Control characters and broken UTF-8 in it are shown as \xNN, so that a
 * hostile file can't write to a terminal. Running out of memory sets out_of_memory.
 */
void fr_report(struct fr_diagnostics *d, const struct fr_about *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An error at a place; hint may be NULL. Returns FLOWRULES_INVALID. */
flowrules_status fr_error(struct fr_diagnostics *d, enum fr_id id, struct fr_at at,
                          const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * A text of the arena as messages show it: control characters and broken UTF-8 as \xNN, too long a
 * text cut. NULL when out of memory, and for NULL.
 */
const char *fr_shown(struct fr_diagnostics *d, struct fr_arena *arena, const char *text);
/* The line at a place, of the arena, as messages show it; NULL if it is not to be had. */
const char *fr_shown_line(struct fr_diagnostics *d, struct fr_arena *arena, struct fr_at at);

/* Removes the messages from index first on. */
void fr_diagnostics_cut(struct fr_diagnostics *d, size_t first);

/* Removes the errors about a file, because a later finding explains them. */
void fr_diagnostics_take_back(struct fr_diagnostics *d, uint32_t file);

/* Sorts the messages from index first on by file, line and column; stable. */
void fr_diagnostics_sort(struct fr_diagnostics *d, size_t first);

/*
 * The candidate that the author probably meant by text: the word for what other tools call so
 * ("src" is a source), or the nearest word (edit distance with transposition, ignoring case); NULL
 * if none is near enough. next(user, i) gives candidate i, NULL at the end.
 */
const char *fr_nearest(const char *text, const char *(*next)(const void *user, size_t i),
                       const void *user);

/* Writes "did you mean 'NEAR'?" to hint; false, without a change of hint, if near is NULL. */
bool fr_did_you_mean(char *hint, size_t size, const char *near);

#endif
