/*
 * The reasons why a target refuses a flow. One table has the words of each, and what to do about
 * it. A backend's own reasons (flowrules_backend.refuses) are in its words.
 */
#ifndef FR_REASONS_H
#define FR_REASONS_H

#include <stdbool.h>

#include "memory.h"

enum fr_reason {
    FR_WHY_NOT,              /* it is not refused */
    FR_WHY_TOLD,             /* in words that say what to do, or have a hint of their own */
    FR_WHY_OTHER,            /* in words of a backend */
    FR_WHY_FOREIGN,          /* what; ... have no addresses: groups of another platform */
    FR_WHY_FOREIGN_SEVERAL,  /* what */
    FR_WHY_NAMES_REFUSED,    /* what */
    FR_WHY_NAMES_NOT_NATIVE, /* what */
    FR_WHY_NAME_SOURCE,
    FR_WHY_NAME_DENIED,
    FR_WHY_WILDCARD_WIDENS, /* what, how it is read; a loss by widening */
    FR_WHY_WILDCARD_NARROWS,
    FR_WHY_WILDCARD_OF_ALLOW, /* what, why */
    FR_WHY_WILDCARD_OF_DENY,
    FR_WHY_WILDCARD_NOT_PINNED, /* what */
    FR_WHY_ANY_BUT,             /* what */
    FR_WHY_CUT_GROUP,           /* what */
    FR_WHY_TWOFOLD,             /* what */
    FR_WHY_PROTOCOL,            /* which */
    FR_WHY_SOURCE_PORTS,
    FR_WHY_ICMP_OF_ALLOW,
    FR_WHY_ICMP_OF_DENY,
    FR_WHY_PART_OF_ALLOW,
    FR_WHY_PART_OF_DENY,
    FR_WHY_CIRCLE,        /* the circle */
    FR_WHY_DENY_FIRST,    /* the allow */
    FR_WHY_REST_OF_ALLOW, /* why */
    FR_WHY_REST_OF_DENY,  /* why */
    FR_WHY_ALLOW_IN_PIECES,
    FR_WHY_DENY_IN_PIECES,
    FR_WHY_SOME_INTERFACES,
    FR_WHY_LEAVING_OF_ALLOW, /* addresses do not tell the interface that rules do not match */
    FR_WHY_LEAVING_OF_DENY,
    FR_WHY_ENTERING_OF_ALLOW,
    FR_WHY_ENTERING_OF_DENY,
    FR_WHY_BELOW_TOO, /* what: names below pass too */
    FR_WHY_SELF_TOO   /* what: the name itself passes too */
};

/* Why something cannot be expressed: the kind of the reason, and its words. */
struct fr_why {
    enum fr_reason kind;
    const char *text; /* NULL when out of memory */
    const char *hint; /* of a backend's own words, or NULL */
};

/* A reason with what its words need, all of them texts; in the arena. */
struct fr_why fr_because(struct fr_arena *arena, enum fr_reason kind, ...);
/*
 * A reason in words of a backend, and after a newline what to do about it, which may be absent.
 * NULL: none.
 */
struct fr_why fr_why_told(struct fr_arena *arena, const char *text);
/* What to do about a kind of reason; NULL if nothing is known, "" if its words say so. */
const char *fr_reason_hint(enum fr_reason kind);
/* Words without any %s. */
const char *fr_reason_words(enum fr_reason kind);

static inline struct fr_why fr_why_not(void) {
    return (struct fr_why){FR_WHY_NOT, NULL, NULL};
}

#endif
