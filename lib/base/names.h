/*
 * Names: the form of FQDNs, and the lock file that holds their addresses. Nothing here asks DNS.
 */
#ifndef FR_NAMES_H
#define FR_NAMES_H

#include "addresses.h"
#include "context.h"

/* RFC 1035 section 2.3.4: a name of at most 253 characters in text, labels of at most 63. */
#define FR_FQDN_MAX  253u
#define FR_LABEL_MAX 63u

/* Checks names by pattern (PCRE2); one for a load. */
struct fr_name_checker;

flowrules_status fr_name_checker_new(struct fr_name_checker **checker, flowrules_context *context);
void fr_name_checker_free(struct fr_name_checker *checker);

enum fr_name_form {
    FR_NAME_OK,
    FR_NAME_WILDCARD, /* "*." in front; the name is what is below it */
    FR_NAME_TOO_LONG,
    FR_NAME_LABEL_TOO_LONG,
    FR_NAME_BAD_WILDCARD, /* a * that is not the whole first label */
    FR_NAME_BAD_IDNA,
    FR_NAME_EMPTY_LABEL,
    FR_NAME_HYPHEN,     /* at an end of a label */
    FR_NAME_ALL_DIGITS, /* the last label */
    FR_NAME_BAD,        /* a character that no name has */
    FR_NAME_NO_MEMORY
};

/* The canonical form of a name (lower case, A-labels, no final dot), put into name. */
enum fr_name_form fr_name_canonical(struct fr_name_checker *checker, const char *text,
                                    size_t length, char name[FR_FQDN_MAX + 3]);

/* What was wrong with the last name that had FR_NAME_BAD_IDNA, in words. */
const char *fr_name_idna_words(const struct fr_name_checker *checker);

/* One pinned address. */
struct fr_pin {
    struct flowrules_ip ip;
    enum flowrules_family family;
    int32_t first_seen, last_seen; /* days since 1970-01-01, or FR_NO_DATE */
};

struct fr_locked_name {
    fr_string name;
    uint32_t first, count; /* of its pins */
};

struct fr_lock {
    struct fr_strings strings;
    struct fr_vec names; /* struct fr_locked_name, sorted by name */
    struct fr_vec pins;  /* struct fr_pin */
    struct fr_map by_name;
    bool example; /* it says that its addresses are made up */
    bool present;
};

void fr_lock_init(struct fr_lock *lock, const struct fr_allocator *allocator);
void fr_lock_free(struct fr_lock *lock);
/* Reads a lock file's text; every error in it is reported. */
flowrules_status fr_lock_read(struct fr_lock *lock, flowrules_context *context, uint32_t file,
                              const char *text, size_t size);
/* The entry of a canonical name, or NULL. */
const struct fr_locked_name *fr_lock_find(const struct fr_lock *lock, const char *name);
/* The newest day on which one of its addresses was seen, or FR_NO_DATE. */
int32_t fr_lock_last_seen(const struct fr_lock *lock, const struct fr_locked_name *entry);
/* True if name is strictly below the domain: "a.b.c" is below "b.c" and "c". */
bool fr_name_is_below(const char *name, const char *domain);

#endif
