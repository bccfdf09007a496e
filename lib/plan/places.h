/*
 * By which interfaces the packets of a flow enter and leave, as the bindings of the networks at its
 * ends say: for platforms whose rules match interfaces.
 */
#ifndef FR_PLACES_H
#define FR_PLACES_H

#include "flowrules/kits/lookup.h"
#include "flows.h"

/* A part of an end: addresses and names, and the interfaces that they are behind. */
struct fr_placed {
    fr_set interfaces; /* FR_SET_ANY: any */
    fr_set set;
    struct flowrules_interfaces spelled;
};

/* Addresses of all networks, seen from some interfaces (settled.c). */
struct fr_seen {
    fr_set interfaces;
    fr_set elsewhere, open;
};

/* Who asks where networks are: a target of a backend, or all targets of it. */
struct fr_placing {
    const flowrules_policy *policy;
    struct fr_view *view;
    struct fr_arena *arena;
    const struct fr_target *target;
    const struct flowrules_backend *backend;
    const char *key, *other_key; /* of bindings; NULL: rules match no interfaces */
    bool patterns;               /* names are of Linux, and patterns: "eth*" */
    bool matches[2];             /* by enum flowrules_end: rules match the interfaces there */
    struct fr_vec placed;        /* struct fr_vec *, of struct fr_placed */
    struct fr_map placed_at; /* by network, and whether its wildcards are cut: index of placed */
    struct fr_vec spots;     /* struct spot: the target's own interfaces */
    struct fr_map spot_of;   /* by network + 1: its first spot + 1 */
    bool spots_found;
    struct fr_vec seen;  /* struct fr_seen */
    struct fr_vec named; /* fr_string: the names of interfaces that count, each once */
    enum { FR_NOT_ASKED, FR_NOWHERE_SAID, FR_SOMEWHERE_SAID } said;
};

/* All that it points to has to live longer. */
void fr_placing_init(struct fr_placing *placing, const flowrules_policy *policy,
                     struct fr_view *view, struct fr_arena *arena);
/* Asks for a target, which can say this. */
void fr_placing_for(struct fr_placing *placing, const struct fr_target *target,
                    const struct flowrules_capabilities *can);
void fr_placing_free(struct fr_placing *placing);
/* Finds the names of all interfaces that count, for placing->named. */
flowrules_status fr_find_place_names(struct fr_placing *placing);
/* Does any network say where it is? */
bool fr_placing_says(struct fr_placing *placing);

/* An end by its interfaces. */
struct fr_placed_end {
    const struct fr_placed *parts;
    size_t count;
    struct fr_placed whole; /* where no network says an interface */
    struct fr_vec own;      /* struct fr_placed: of an end that is several things */
};

/*
 * Takes the items of an end apart by their interfaces; a network's own binding says where its
 * members are, unless these have one themselves. whole: what the end comes to; cut: as for
 * fr_view_end. To be freed also after a failure.
 */
flowrules_status fr_place_end(struct fr_placing *placing, struct fr_span span, bool cut,
                              fr_set whole, struct fr_placed_end *end);
void fr_placed_end_free(struct fr_placed_end *end);
/* Where a network is by what is said of itself, without its set. */
flowrules_status fr_network_place(struct fr_placing *placing, uint32_t network,
                                  struct fr_placed *placed);
/* The parts of a network, by their interfaces (struct fr_placed); cut: as for fr_view_end. */
flowrules_status fr_network_parts(struct fr_placing *placing, uint32_t network, bool cut,
                                  const struct fr_vec **parts);
/* The interfaces that a place of the policy is to the target; FR_SET_EMPTY: none. */
flowrules_status fr_place_interfaces(struct fr_placing *placing, uint32_t place, fr_set *set);

#endif
