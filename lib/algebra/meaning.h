/*
 * What a policy's target or a configuration lets pass, as ordered lists of clauses for each
 * direction: the common form in which the two are compared. Knows no syntax and no algebra.
 */
#ifndef FR_MEANING_H
#define FR_MEANING_H

#include "addresses.h"
#include "context.h"
#include "flowrules/reader.h"
#include "services.h"

#define FR_ALL_PACKETS 63u /* every enum flowrules_packets */
#define FR_NO_FLOW     UINT32_MAX
#define FR_DIRECTIONS  3u

enum fr_effect { FR_PASS, FR_BLOCK, FR_OUTSIDE, FR_SKIP };

/* A rule in the form that is compared. */
struct fr_clause {
    uint8_t effect; /* enum fr_effect */
    uint8_t families, packets;
    bool log;
    uint32_t skip_to;    /* of FR_SKIP: the index where it goes on */
    uint32_t flow;       /* of a policy, or FR_NO_FLOW */
    uint32_t file, line; /* of the configuration; line 0: an implicit rule, without a line */
    fr_set source, destination;
    fr_set interfaces[2]; /* of packets as they come and leave (interfaces.h); 0: all */
    fr_service service;
    fr_string name, comment, expires;
    fr_string doubt;  /* why it is not known whether a packet within it matches; 0: it does */
    uint32_t counter; /* of counters, from 1; 0: nothing counts its packets alone */
};

/* What counts the packets of clauses, in a dump of what runs. */
struct fr_counter {
    uint64_t packets, bytes;
    bool has_bytes;
    uint32_t file, line;
    fr_string last; /* the day on which it last counted; 0: not known */
};

/* A clause, as an initializer, that matches every packet and is of no flow and no line. */
#define FR_CLAUSE_OF_ALL(what)                                                                     \
    {                                                                                              \
        .effect = (what), .families = FLOWRULES_BOTH_FAMILIES, .packets = FR_ALL_PACKETS,          \
        .flow = FR_NO_FLOW, .source = FR_SET_ANY, .destination = FR_SET_ANY,                       \
        .service = FR_SERVICE_ANY                                                                  \
    }

/* One list that a packet has to pass; what no clause matches passes. */
struct fr_stage {
    struct fr_vec clauses; /* struct fr_clause */
    uint32_t hop;          /* of a path: the device that it is of */
};

/* A constraint of a group: "key\0label\0value" as an interned string. */
struct fr_group_terms {
    fr_string *terms; /* sorted */
    uint32_t count;
};

/* What a reader did not understand, besides the rules that have a doubt of their own. */
struct fr_doubt {
    enum flowrules_direction direction;
    uint32_t file, line;
    const char *text;
};

/* A name that the configuration has for a set. */
struct fr_label {
    fr_set set;
    const char *name, *description;
};

/* The same of services. */
struct fr_service_label {
    fr_service service;
    const char *name;
};

/* A setting of a target that follows from the configuration. */
struct fr_found_setting {
    const char *key, *value;
    unsigned directions; /* of targets that have it, bits */
};

/* One of several things in a configuration that a target may be for. */
struct fr_choice {
    const char *key, *value; /* of the setting that chooses it */
    const char *name;
};

struct flowrules_meaning {
    flowrules_context *context;
    /* NULL: a policy without a target; of common terms, the one that knows pods. */
    const struct flowrules_backend *backend;
    const char *target; /* NULL: none */
    struct fr_arena arena;
    struct fr_strings strings;
    struct fr_sets sets;
    struct fr_services services;
    struct fr_builder builder;
    struct fr_vec atoms;                 /* struct flowrules_atom */
    struct fr_vec groups;                /* struct fr_group_terms, for each atom; empty for names */
    bool has_requirements;               /* some group asks more of a label than a value */
    struct fr_map atom_of;               /* string of kind and key -> the atom + 1 */
    struct fr_map spelling_of;           /* value in lower case -> as it was spelled first */
    struct fr_vec stages[FR_DIRECTIONS]; /* struct fr_stage * */
    bool enforced[FR_DIRECTIONS];        /* of a policy's target: it decides this direction */
    bool open[FR_DIRECTIONS];            /* a further stage begins with the next clause */
    bool permits;       /* what it blocks is not passed by it, and may pass by what is beside it */
    unsigned permitted; /* of one that permits: the kinds of packets that it has permits of */
    unsigned packets;   /* kinds of packets that are decided */
    struct fr_vec doubts;                 /* struct fr_doubt */
    struct fr_vec labels;                 /* struct fr_label */
    struct fr_vec service_labels;         /* struct fr_service_label */
    struct fr_vec settings;               /* struct fr_found_setting */
    struct fr_vec counters;               /* struct fr_counter */
    struct fr_vec files;                  /* const char *: names of the configuration's files */
    struct flowrules_policy *policy;      /* held, where flows are named; or NULL */
    const struct fr_network_names *names; /* of its networks, if the caller knows them: borrowed */
    fr_set own;                           /* groups that the configuration is of; or empty */
    fr_set disjoint;                      /* groups of which no two have an address in common */
    fr_set unaddressed;                   /* groups without the addresses that rules name */
    bool names_apart;                     /* all addresses of one family are not all names */
    struct fr_vec choices;                /* struct fr_choice: of which the reader wants one */
    struct fr_vec hops;                   /* const char *: of a path, the names of its devices */
};

/*
 * What a meaning says, apart from the terms that it says it in: where a configuration is read
 * several times, each reading has its own, and the terms are those of one meaning.
 */
struct fr_reading {
    const struct fr_choice *choice; /* NULL: the only reading */
    /* Of the target that it is for, and the kinds of packets that this decides. */
    const struct flowrules_backend *backend;
    unsigned packets;
    struct fr_vec stages[FR_DIRECTIONS], doubts, settings;
    bool open[FR_DIRECTIONS];
    fr_set own, disjoint, unaddressed;
};

flowrules_status fr_meaning_new(flowrules_meaning **meaning, flowrules_context *context);
/* True of devices that stand one behind the other: it is about the direction enforced alone. */
static inline bool fr_meaning_is_path(const flowrules_meaning *m) {
    return m->hops.count > 0;
}

/* Reports that a store of the meaning ran out of memory, if one did: FLOWRULES_NO_MEMORY. */
flowrules_status fr_meaning_memory(const flowrules_meaning *m);

/* An empty reading; the meaning then says what the reading says, and the other way round. */
void fr_reading_init(struct fr_reading *reading, const flowrules_meaning *m);
void fr_reading_swap(struct fr_reading *reading, flowrules_meaning *m);
void fr_reading_free(struct fr_reading *reading);

/* The atom of a name or wildcard; UINT32_MAX when out of memory. */
uint32_t fr_meaning_name(flowrules_meaning *m, enum flowrules_atom_kind kind, const char *name);
/* The atom of a group by its keys (see flowrules_input_group); UINT32_MAX when out of memory. */
uint32_t fr_meaning_group(flowrules_meaning *m, const struct flowrules_group_key *keys,
                          size_t count);
/*
 * A group's key as it was spelled first, where the backend's platform compares its values ignoring
 * case; else the key itself. The value is NULL when out of memory.
 */
struct flowrules_group_key fr_meaning_spelling(flowrules_meaning *m,
                                               const struct flowrules_backend *backend,
                                               struct flowrules_group_key key);
/* The parts of a group's term; they live as long as the meaning. */
struct flowrules_group_key fr_meaning_key(const flowrules_meaning *m, fr_string term);
/* True if a group holds every pod (or node) of another: its terms are among the other's. */
bool fr_meaning_group_covers(const flowrules_meaning *m, uint32_t wide, uint32_t narrow);
/* What a group selects by labels, so that it may hold, or share, what others select. */
enum fr_selects { FR_SELECTS_NOTHING, FR_SELECTS_PODS, FR_SELECTS_NODES };
enum fr_selects fr_meaning_selects(const flowrules_meaning *m, uint32_t atom);
/* True if no pod can be in both groups: their labels or namespaces exclude each other. */
bool fr_meaning_groups_exclude(const flowrules_meaning *m, uint32_t a, uint32_t b);
/* The set that is one atom; FR_SET_NONE for UINT32_MAX: out of memory. */
fr_set fr_meaning_atom_set(flowrules_meaning *m, uint32_t atom);
/* Every name and group, and no address. */
fr_set fr_meaning_all_atoms(flowrules_meaning *m);
/* What the platform's words for the services are, each with its ports. */
fr_service fr_meaning_service(flowrules_meaning *m, const struct flowrules_service *services,
                              size_t count);
/* The list of a direction to which clauses are added now; NULL when out of memory. */
struct fr_stage *fr_meaning_stage(flowrules_meaning *m, enum flowrules_direction direction);

#endif
