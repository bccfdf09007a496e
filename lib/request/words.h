/*
 * The words of requests in English, German, French and Spanish: headings, any, and, actions ...
 * Compared without case, accents, blanks and punctuation. Knows no sheet.
 */
#ifndef FR_REQUEST_WORDS_H
#define FR_REQUEST_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* What a column is. */
enum fr_role {
    FR_ROLE_NONE, /* not known */
    FR_ROLE_IGNORE,
    FR_ROLE_OTHER, /* kept under a key of its own: x-... */
    FR_ROLE_SOURCE,
    FR_ROLE_SOURCE_MASK,
    FR_ROLE_SOURCE_NAME, /* of the same; the source where that is empty */
    FR_ROLE_SOURCE_PORT,
    FR_ROLE_DESTINATION,
    FR_ROLE_DESTINATION_MASK,
    FR_ROLE_DESTINATION_NAME,
    FR_ROLE_SERVICE,
    FR_ROLE_PROTOCOL,
    FR_ROLE_PORT,
    FR_ROLE_ACTION,
    FR_ROLE_DIRECTION,
    FR_ROLE_BOTH_WAYS,
    FR_ROLE_NAME,
    FR_ROLE_PURPOSE,
    FR_ROLE_OWNER,
    FR_ROLE_TICKET,
    FR_ROLE_EXPIRES,
    FR_ROLE_TAGS,
    FR_ROLE_VOLUME,
    FR_ROLE_FREQUENCY,
    FR_ROLE_LOG,
    FR_ROLES
};

/* The word of a role in a mapping ("source-port"); and the role of a word. */
const char *fr_role_word(enum fr_role role);
bool fr_role_parse(const char *word, enum fr_role *role);
/* Candidate i for suggestions; NULL at the end. */
const char *fr_role_candidate(const void *user, size_t i);

/* A text as words are compared: small letters of ASCII and digits alone. */
#define FR_FOLDED_MAX 64u
void fr_fold(const char *text, size_t length, char folded[FR_FOLDED_MAX]);

/* What a heading means; *why is the reason, "German for source". */
enum fr_role fr_heading_role(const char *heading, const char **why);

enum fr_word {
    FR_WORD_NONE,
    FR_WORD_ANY,
    FR_WORD_NOTHING, /* -, n/a, none */
    FR_WORD_DITTO,   /* as in the row above */
    FR_WORD_ALLOW,
    FR_WORD_DENY,
    FR_WORD_REMOVE,
    FR_WORD_IN,
    FR_WORD_OUT,
    FR_WORD_BOTH_WAYS,
    FR_WORD_ONE_WAY,
    FR_WORD_YES,
    FR_WORD_NO,
    FR_WORD_FOREVER
};

/* Is the text one of the words of a kind? */
bool fr_word_is(const char *text, size_t length, enum fr_word kind);

/* The bytes at text of a word that joins two values, with its blanks (" and "); or 0. */
size_t fr_joint_length(const char *text, size_t length);

#endif
