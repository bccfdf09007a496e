/*
 * What readers of objects and groups share: entries that are read once, when a rule first needs
 * them, and lists of services within bounds.
 */
#ifndef FR_TABLES_H
#define FR_TABLES_H

#include "flowrules/backend.h"
#include "flowrules/reader.h"

enum fr_progress {
    FR_UNREAD,
    FR_READING, /* so that a group that holds itself is found */
    FR_KNOWN,
    FR_UNKNOWN /* an error was reported */
};

/* Begins to read an entry; false where it was read before, or is being read: an error. */
bool fr_tables_begin(flowrules_input *in, enum fr_progress *progress, unsigned *depth,
                     const char *name, struct flowrules_place at);
void fr_tables_end(enum fr_progress *progress, unsigned *depth, bool good);

/* An end of a rule, or a group: what surely is in it, and why there may be more, or NULL. */
struct fr_addresses {
    struct flowrules_set set;
    const char *doubt;
};

/* Sets that are to be united; zero it to begin. */
struct fr_sets {
    struct flowrules_set *sets;
    size_t count, capacity, ranges;
    const char *doubt; /* the first */
};
/* False after an error: too many addresses. */
bool fr_tables_add_set(flowrules_input *in, struct fr_sets *list, struct fr_addresses one,
                       struct flowrules_place at);

struct fr_services {
    struct flowrules_service *services;
    size_t count, capacity;
};
/* False after an error: too many. */
bool fr_tables_add_service(flowrules_input *in, struct fr_services *list,
                           struct flowrules_service service);

/* All of another list; of one protocol alone, where it is not negative. */
bool fr_tables_add_services(flowrules_input *in, struct fr_services *list,
                            const struct fr_services *more, int protocol);

/* Services: none, or all. */
struct fr_whats {
    struct fr_services list;
    bool all;
};

/* What surely is, and what maybe is, in an end of a rule. */
struct fr_territory {
    struct flowrules_set surely, maybe;
};

/* What a rule matches. */
struct fr_matching {
    struct fr_territory ends[2];
    struct fr_whats surely, maybe;
    const char *doubt; /* why it may match less than it says, or NULL; the first one */
    bool never;        /* nothing of it surely matches: somebody's, or at some time */
    bool any_action;   /* what becomes of a packet is not known */
};

bool fr_tables_is_nothing(const struct fr_whats *services);
/* Gives a rule with all but its ends and services: what surely matches, and in doubt the rest. */
void fr_tables_give(flowrules_input *in, const struct fr_matching *matching,
                    struct flowrules_read_rule *rule);
/* The part after "PREFIX-" of a name that flowrules wrote, or NULL. */
const char *fr_tables_own(const flowrules_input *in, const char *name);
/*
 * Labels an object, for an import. Names that flowrules wrote (names.h) say what the object holds:
 * only the label of a group, "PREFIX-g-LABEL-HASH", is used (earlier versions also had
 * "PREFIX-g-HASH").
 */
void fr_tables_label(flowrules_input *in, struct flowrules_set set, const char *name,
                     const char *description, bool group);

/* "443" or "8000-8010"; false where it is neither. */
bool fr_tables_ports(const char *text, size_t length, struct flowrules_ports *ports);

#endif
