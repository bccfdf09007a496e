/*
 * A policy as one target sees it: the sets of addresses and atoms that the ends of its flows are.
 * Names become the addresses of the lock file, or atoms; networks become groups of the target's
 * platform where they are bound to one.
 */
#ifndef FR_FLOWS_H
#define FR_FLOWS_H

#include <limits.h>

#include "addresses.h"
#include "policy.h"

/* What a set contains besides addresses of the policy. */
enum fr_end_flags {
    FR_END_PINNED = 1,           /* addresses from the lock file */
    FR_END_NATIVE = 2,           /* names or groups that the target resolves itself */
    FR_END_UNPINNED = 4,         /* names that the lock file has no address of */
    FR_END_WILDCARD = 8,         /* wildcards that the target can't say */
    FR_END_NARROWED = 16,        /* wildcards cut to the names of the lock file below them */
    FR_END_FOREIGN = 32,         /* groups of another platform without addresses */
    FR_END_REFUSED = 64,         /* names, where the target refuses names */
    FR_END_NAMES = 128,          /* names that a rule has as names */
    FR_END_OTHER_WILDCARD = 256, /* wildcards that the target reads its own way */
    FR_END_ANY_BUT = 512,        /* any less some addresses: names and groups are left out too */
    FR_END_CUT_GROUP = 1024      /* a group of which an exception takes a part */
};

struct fr_end {
    fr_set set;
    unsigned flags;
};

struct fr_view_mode {
    bool names;                         /* the target resolves them itself */
    enum flowrules_wildcards wildcards; /* and what a wildcard means to it */
    bool refuse_names;
    bool asking;             /* for a question: names are atoms and what the lock file says */
    const char *asked[2];    /* the names that the question is about, or NULL */
    const char *platform;    /* whose bindings it understands, or NULL */
    const char *bindings_of; /* and another one's, or NULL */
    bool every_group;        /* groups of any platform are known by the network's name */
    bool cuts; /* what an exception leaves of names and groups is known by the network's name */
};

struct fr_view {
    const flowrules_policy *policy;
    flowrules_context *context;
    struct fr_view_mode mode;
    struct fr_sets sets;
    struct fr_vec atoms;       /* struct flowrules_atom */
    struct fr_map atom_of[3];  /* by kind: string or network + 1 -> atom */
    struct fr_vec networks[2]; /* struct fr_end for each network; [1]: wildcards narrowed */
    struct fr_map bound_as;    /* by hash of a binding's values: the first network with it */
    struct fr_map network_of;  /* by set: network + 1; filled when it is first asked for */
    struct fr_map part_of[2];  /* by set of one family: likewise */
    struct fr_vec walked;      /* uint32_t for each network: the walk that saw it last */
    uint32_t walk;
    struct fr_builder builder;
    struct fr_view *literal; /* of fr_view_literal; NULL until one asks */
};

flowrules_status fr_view_init(struct fr_view *view, const flowrules_policy *policy,
                              const struct fr_view_mode *mode);
void fr_view_free(struct fr_view *view);

/* The same without the platform's groups: networks are their members. The view keeps it. */
flowrules_status fr_view_literal(struct fr_view *view, struct fr_view **literal);

/* What the items of a span come to; narrow: wildcards may be cut to what the lock file knows. */
flowrules_status fr_view_end(struct fr_view *view, struct fr_span span, bool narrow,
                             struct fr_end *end);

/* True if the view sees a network as a group of its platform. */
bool fr_view_is_bound(const struct fr_view *view, const struct fr_network *network);
/* Evaluates one network. */
flowrules_status fr_view_network(struct fr_view *view, uint32_t index, struct fr_end *end);
/* The same; cut: wildcards may be cut to what the lock file knows. */
flowrules_status fr_view_cut_network(struct fr_view *view, uint32_t index, bool cut,
                                     struct fr_end *end);
/* The flags of a network that was evaluated; 0 for one that was not. */
unsigned fr_view_network_flags(const struct fr_view *view, uint32_t index);
/* The network that comes to exactly this set: the first that does. */
bool fr_view_network_of(struct fr_view *view, fr_set set, uint32_t *network);
/* The network of which the set is exactly what it has of a family, with its names. */
bool fr_view_network_part(struct fr_view *view, fr_set set, enum flowrules_family family,
                          uint32_t *network);
/* The set of one name as an atom. */
fr_set fr_view_name(struct fr_view *view, const char *name);
/* The same for a name of which the policy may know nothing; it has to live as long as the view. */
fr_set fr_view_other_name(struct fr_view *view, const char *name);

/* Which items a walk visits, as bits of their kinds. */
#define FR_WALK_NAMES (1u << FR_PEER_NAME | 1u << FR_PEER_WILDCARD | 1u << FR_PEER_NETWORK)
#define FR_WALK_ALL   UINT_MAX

/*
 * Calls visit for every item of these kinds that is reached from the items of a span, in the order
 * of the file; what is in a network once, however often the network is reached.
 */
void fr_view_walk(struct fr_view *view, struct fr_span span, unsigned kinds,
                  void (*visit)(void *user, const struct fr_peer *peer), void *user);

#endif
