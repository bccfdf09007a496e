/*
 * Recognises the kind of a file by its first kilobytes, so that a backend does not read the file of
 * another platform, and the message names the command whose output it reads.
 */
#ifndef FR_RECOGNISE_H
#define FR_RECOGNISE_H

#include <stdbool.h>
#include <stddef.h>

struct fr_file_kind {
    const char *name;     /* "a shell script" */
    const char *backends; /* those that read it, with blanks between; "" for none */
    const char *poor;     /* the kind has their rules, but not all that they need; or "" */
    const char *remedy;   /* what to do if no backend's command helps; or NULL */
};

/* The kind of a text; NULL if it is not known. */
const struct fr_file_kind *fr_recognise(const char *text, size_t size);

/* True if the text has nothing but blanks and comments, and flowrules wrote none of them. */
bool fr_recognise_is_blank(const char *text, size_t size);

bool fr_recognise_is_policy(const struct fr_file_kind *kind);

/* The commands whose output a backend reads; NULL for a backend that is not known here. */
const char *fr_recognise_source(const char *backend);
/* True if a backend's name is in one of the lists of a kind. */
bool fr_recognise_has(const char *list, const char *backend);

/*
 * True if a backend cannot read a file of this kind. tried: its reader has refused the file, so a
 * kind that it might have read counts too.
 */
bool fr_recognise_foreign(const struct fr_file_kind *kind, const char *backend, bool tried);

#endif
