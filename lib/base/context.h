/*
 * The context: allocator, options, diagnostics and the backends that are known. All of it
 * belongs to one thread at a time.
 */
#ifndef FR_CONTEXT_H
#define FR_CONTEXT_H

#include <stdio.h>

#include "diagnostics.h"

#define FR_NO_DATE INT32_MIN

struct flowrules_context {
    struct fr_allocator allocator;
    struct fr_diagnostics diagnostics;
    struct fr_vec backends;     /* const struct flowrules_backend * */
    struct fr_vec descriptions; /* struct fr_description, one for each backend */
    struct fr_arena texts;      /* of the descriptions */
    struct fr_strings places;   /* names of interfaces and zones that are numbers (interfaces.h) */
    int32_t as_of;              /* days since 1970-01-01, or FR_NO_DATE */
    char *schema;               /* the last one that was asked for, or NULL */
    char *lock;                 /* a path, "none", or NULL for the default */
    uint64_t max_size, max_flows;
    /* How names are resolved. */
    char *servers; /* "ADDR[:PORT],...", checked; NULL: the machine's */
    uint64_t timeout_ms, deadline_ms, tries, in_flight, max_addresses;
    uint64_t keep_days, max_age; /* days; max_age: FR_NO_AGE for no limit */
    bool merge;
    bool no_verify;                 /* renderings are not read back */
    bool no_rules;                  /* answers to questions are without rules */
    flowrules_resolver_fn resolver; /* NULL: the DNS */
    void *resolver_user;
    flowrules_progress_fn progress; /* NULL: no progress is reported */
    void *progress_user;
};

#define FR_NO_AGE UINT64_MAX

/* Reports that memory ran out; returns FLOWRULES_NO_MEMORY. */
flowrules_status fr_no_memory(flowrules_context *context);

/* The input of a reader: a text in memory, or a stream if text is NULL. */
struct fr_input {
    const char *text;
    size_t size;
    FILE *stream;
};

/* Reads a whole file, NUL-terminated, at most max_size bytes; messages point to at. */
flowrules_status fr_read_file(flowrules_context *context, const char *path, struct fr_at at,
                              char **text, size_t *size);

/* Days since 1970-01-01 of YYYY-MM-DD; false if it is not a date between 1970 and 9999. */
bool fr_date_parse(const char *text, size_t length, int32_t *days);
/* Writes days since 1970-01-01 as YYYY-MM-DD; date has room for 11 bytes. */
void fr_date_format(int32_t days, char date[11]);

#define FR_TRY(expression)                                                                         \
    do {                                                                                           \
        flowrules_status fr_status_ = (expression);                                                \
        if (fr_status_ != FLOWRULES_OK)                                                            \
            return fr_status_;                                                                     \
    } while (0)

#endif
