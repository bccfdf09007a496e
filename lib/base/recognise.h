/*
 * What a file is, told by its first kilobytes: so that one that is not of a platform is not read as
 * if it were, and the message names the command that gives what can be read.
 */
#ifndef FR_RECOGNISE_H
#define FR_RECOGNISE_H

#include <stdbool.h>
#include <stddef.h>

struct fr_file_kind {
    const char *name;     /* "a shell script" */
    const char *backends; /* those that read it, with blanks between; "" for none */
    const char *poor;     /* of these it has the rules, in a form that lacks something; or "" */
    const char *remedy;   /* what to do where no backend's command helps; or NULL */
};

/* What a text is; NULL where nothing tells. */
const struct fr_file_kind *fr_recognise(const char *text, size_t size);

/* Is there nothing but blanks and comments, none of which is by flowrules? */
bool fr_recognise_is_blank(const char *text, size_t size);

bool fr_recognise_is_policy(const struct fr_file_kind *kind);

/* The commands whose output a backend reads; NULL for a backend that is not known here. */
const char *fr_recognise_source(const char *backend);
/* Is a backend's name in one of the lists of a kind? */
bool fr_recognise_has(const char *list, const char *backend);

/*
 * Can a backend not read a file of this kind? With tried, its reader has refused the file: what it
 * might have read is then looked at too.
 */
bool fr_recognise_foreign(const struct fr_file_kind *kind, const char *backend, bool tried);

#endif
