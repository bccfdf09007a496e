/*
 * paloalto, what the files of its reader share: a configuration as entries with attributes, of
 * lines of "set" and of XML alike.
 */
#ifndef FR_PALOALTO_READ_H
#define FR_PALOALTO_READ_H

#include "tables.h"

/* What an entry is; the kinds of symbols too. */
enum fr_paloalto_section {
    FR_PALOALTO_TAG,
    FR_PALOALTO_ADDRESS,
    FR_PALOALTO_ADDRESS_GROUP,
    FR_PALOALTO_SERVICE,
    FR_PALOALTO_SERVICE_GROUP,
    FR_PALOALTO_CATEGORY,
    FR_PALOALTO_LIST, /* an external dynamic list */
    FR_PALOALTO_APPLICATION_GROUP,
    FR_PALOALTO_APPLICATION, /* of the configuration's own */
    FR_PALOALTO_FILTER,      /* of applications */
    FR_PALOALTO_ZONE,
    FR_PALOALTO_RULE,
    FR_PALOALTO_DEFAULT_RULE,
    FR_PALOALTO_SECTIONS, /* further kinds of symbols */
    FR_PALOALTO_RULEBASES = FR_PALOALTO_SECTIONS,
    FR_PALOALTO_SCOPES,
    FR_PALOALTO_TERRITORIES
};

/* The text of an element or member; key is the path of elements with slashes between. */
struct fr_paloalto_attribute {
    const char *key, *value;
    struct flowrules_place at;
};

struct fr_paloalto_entry {
    enum fr_paloalto_section section;
    const char *scope, *name;
    struct flowrules_place at;
    struct fr_paloalto_attribute *attributes;
    size_t count, capacity;
    bool present; /* not deleted, or not yet */
    /* Of rules: the one before and the next of the rulebase. */
    struct fr_paloalto_rulebase *rulebase;
    struct fr_paloalto_entry *before, *next;
    /* What it means, once a rule needs it. */
    enum fr_progress progress;
    struct fr_addresses addresses;
    struct fr_services services;
    /* Of applications: the next one, and the rule that named this one last. */
    struct fr_paloalto_entry *next_application; /* or of zones: the next one */
    const struct fr_paloalto_entry *named_by;
    size_t pass; /* the last one through a group */
};

struct fr_paloalto_rulebase {
    struct fr_paloalto_entry *first, *last;
};

/* A vsys, "vsys vsys1" where there is one alone, a device group, "shared". */
struct fr_paloalto_scope {
    const char *name, *parent; /* parent: of a device group, or NULL */
    bool has_rules;
    struct fr_paloalto_scope *next;
};

enum { FR_PALOALTO_CHAIN = 16 }; /* device groups nest four deep */

/* A counter of a security rule. */
struct fr_paloalto_count {
    const char *name;
    struct flowrules_place at;
    uint32_t counter;
    bool used; /* there is such a rule */
    struct fr_paloalto_count *next;
};

struct fr_paloalto_reading {
    flowrules_input *in;
    struct fr_paloalto_scope *scopes, **last_scope;
    bool known;                             /* something was a command, or XML */
    struct fr_paloalto_entry *applications; /* of all scopes */
    struct fr_paloalto_entry *zones;        /* the same */
    bool parents_known, loaded, profiles_told;
    /* Where names are looked up: the own scope, those above it, "shared". */
    const char *chain[FR_PALOALTO_CHAIN];
    size_t chained;
    unsigned depth;
    size_t passes;                    /* through the applications of rules */
    size_t dropped;                   /* attributes that were looked at, to delete some */
    struct fr_paloalto_count *counts; /* of security rules */
};

/* ---- paloalto_read_config.c: what stands in the files -------------------------------------------
 */

void fr_paloalto_read_files(struct fr_paloalto_reading *r);
/* The entry of a name; NULL where it is not there. Rules: name is "RULEBASE\nNAME". */
struct fr_paloalto_entry *fr_paloalto_find(const struct fr_paloalto_reading *r,
                                           enum fr_paloalto_section section, const char *scope,
                                           const char *name);
/* Attribute index of a key from *index on, which then is behind it; NULL behind the last. */
const struct fr_paloalto_attribute *fr_paloalto_next(const struct fr_paloalto_entry *e,
                                                     const char *key, size_t *index);
/* The last value of a key, or NULL. */
const char *fr_paloalto_value(const struct fr_paloalto_entry *e, const char *key);
/* The rules of a rulebase, first to last; NULL where there are none. */
const struct fr_paloalto_entry *fr_paloalto_rules(const struct fr_paloalto_reading *r,
                                                  const char *scope, const char *rulebase);

/* ---- paloalto_read_objects.c: what names stand for ----------------------------------------------
 */

/* What a member of a source or destination is; false after an error. */
bool fr_paloalto_address(struct fr_paloalto_reading *r, const struct fr_paloalto_attribute *member,
                         size_t chained, struct fr_addresses *addresses);
/* Adds what a member of a service is: an object, a group, or one that PAN-OS brings along. */
bool fr_paloalto_service(struct fr_paloalto_reading *r, const struct fr_paloalto_attribute *member,
                         size_t chained, struct fr_services *services);
/* The names of a URL category; false after an error. */
bool fr_paloalto_category(struct fr_paloalto_reading *r, const struct fr_paloalto_attribute *member,
                          struct fr_addresses *names);
/* The entry of a name in the scopes from *chained on, which then is where it was; or NULL. */
struct fr_paloalto_entry *fr_paloalto_look_up(const struct fr_paloalto_reading *r,
                                              enum fr_paloalto_section section, const char *name,
                                              size_t *chained);
/* Begins to read an entry; false where it was read before, or is being read: an error. */
bool fr_paloalto_begin_entry(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e,
                             struct flowrules_place at);
void fr_paloalto_end_entry(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e, bool good);

/* ---- paloalto_read_applications.c: what applications are
 * -----------------------------------------
 */

/* The applications of a rule. */
struct fr_paloalto_applications {
    struct fr_services exact; /* protocols without ports, and types of ICMP */
    struct fr_services ports; /* the default ports of well-known ones */
    bool by_tcp, by_udp;      /* the protocols of these */
    const char *well_known;   /* one of these, or NULL */
    const char *portless;     /* one whose default ports are not known, or NULL */
    const char *doubt;        /* why there may be more, or NULL */
};

/* Takes all applications of a rule that does not name any; false after an error. */
bool fr_paloalto_take_applications(struct fr_paloalto_reading *r,
                                   const struct fr_paloalto_entry *rule, size_t chained,
                                   struct fr_paloalto_applications *applications);

/* The counter of a rule, or NULL. */
struct fr_paloalto_count *fr_paloalto_count_of(const struct fr_paloalto_reading *r,
                                               const char *name);

#endif
