/*
 * Assertions in the making of their verdicts: what is known of sets, the boxes of packets that
 * assertions are about, an index of them, and what is found.
 */
#ifndef FR_ASSERT_H
#define FR_ASSERT_H

#include "boxes.h"
#include "flows.h"

/*
 * What is known of a set of packets' ends. A name or group whose addresses are not known is a point
 * of its own, an atom: the addresses that it has.
 */
struct fr_bounds {
    fr_set sure;  /* what is in the set whatever the addresses of names and groups are */
    fr_set maybe; /* what may be in it */
    fr_set parts; /* addresses and atoms that hold all of it: where these pass, it passes */
    fr_set names; /* the atoms that it depends on */
};

/* Packets that an assertion is about, or that a deny takes. */
struct fr_bound_box {
    struct fr_bounds ends[2];
    struct fr_term term;
    uint32_t of;                           /* the number of the assertion, or of the flow */
    struct fr_span but;                    /* of buts: what the assertion leaves out */
    const struct fr_assert_source *matrix; /* whose row it is; or NULL */
    uint32_t row;                          /* the zone that the packets are from */
    uint32_t column;                       /* of what runs: the zone that they go to */
};

#define FR_INDEX_WORDS 16u
#define FR_INDEX_BOXES (64u * FR_INDEX_WORDS)
#define FR_INDEX_CACHE 128u

/* Of each box of a block, a bit. */
struct fr_box_index_bits {
    uint64_t words[FR_INDEX_WORDS];
};

/* One end of the boxes of a block: stretches of addresses and atoms, and which boxes meet each. */
struct fr_box_index_side {
    struct fr_vec starts4, starts6, atoms; /* where the stretches begin; the atoms that are told */
    size_t leaves;
    struct fr_box_index_bits *tree; /* of 2 * leaves */
    struct fr_box_index_known {
        fr_set set; /* FR_SET_EMPTY: none */
        struct fr_box_index_bits bits;
    } * known; /* FR_INDEX_CACHE of them */
};

struct fr_box_index_block {
    size_t first, count; /* of the boxes */
    struct fr_box_index_side sides[2];
    struct fr_box_index_bits open; /* the boxes that are still looked for */
};

/* Finds the boxes that a flow may meet, without going through all. */
struct fr_box_index {
    flowrules_context *context;
    const struct fr_sets *sets;
    struct fr_vec blocks; /* struct fr_box_index_block */
};

void fr_box_index_init(struct fr_box_index *index, flowrules_context *context,
                       const struct fr_sets *sets);
void fr_box_index_free(struct fr_box_index *index);
/* Of the boxes (struct fr_bound_box) by what may be in them; they stay the caller's. */
flowrules_status fr_box_index_build(struct fr_box_index *index, const struct fr_vec *boxes);
/* The open boxes of a block whose ends may meet these; false: none does. */
bool fr_box_index_find(const struct fr_box_index *index, size_t block, const fr_set ends[2],
                       struct fr_box_index_bits *bits);
/* The next of these boxes of a block, from *number on; false behind the last. */
bool fr_box_index_next(const struct fr_box_index_bits *bits, size_t *number);
/* A box is looked for no more. */
void fr_box_index_close(struct fr_box_index *index, size_t box);

enum fr_judgement { FR_HOLDS, FR_UNKNOWN, FR_BROKEN };

/* Why a finding is one. */
enum fr_breach_reason {
    FR_PASSES,      /* a flow lets it pass */
    FR_NOBODY_LETS, /* no flow lets it pass */
    FR_DENIED,      /* a deny takes it */
    FR_NAMES_OF,    /* it depends on the addresses of names and groups */
    FR_INTERFACES,  /* it depends on the interfaces of networks */
    FR_COMPLICATED, /* there was too much to compare */
    FR_IN_TWO,      /* addresses are in two zones */
    FR_IN_NONE,     /* addresses are in no zone */
    /* of what runs */
    FR_RULE_LETS,      /* a rule lets it pass */
    FR_NO_RULE_BLOCKS, /* no rule blocks it */
    FR_RULE_BLOCKS,    /* a rule blocks it */
    FR_NO_RULE_LETS    /* no rule lets it pass */
};

/* A device that a packet passes, and its rule. */
struct fr_breach_device {
    const char *name, *file; /* file: NULL where no rule decides */
    uint32_t line;
};

/* Packets for which an assertion does not hold, or may not hold. */
struct fr_breach {
    enum fr_judgement judgement;
    enum fr_breach_reason reason;
    const char *witness; /* a packet, or addresses; NULL: none can be told */
    const char *names;   /* of FR_NAMES_OF; of zones, which ones; or NULL */
    const char *cell;
    uint32_t flow; /* that lets it pass or takes it; UINT32_MAX: none */
    /* of what runs */
    const char *text;            /* what is not known, instead of the reason; or NULL */
    const char *enters, *leaves; /* the interfaces of the packet; NULL: any */
    const char *rule_file;       /* of the rule that decides; or NULL */
    uint32_t rule_line;
    const struct fr_breach_device *devices; /* of a path */
    size_t device_count;
};

/* Findings of an assertion that are kept; there may be more. */
#define FR_FINDINGS_MOST 20u

/* An assertion with what was found of it; the zones and the matrix are one each. */
struct fr_judged {
    const flowrules_policy *source; /* of the file that it stands in */
    const char *id, *kind, *because;
    struct fr_at at;
    const struct fr_assertion *assertion; /* NULL: zones or matrix */
    enum fr_judgement judgement;
    struct fr_span boxes;     /* of nevers */
    struct fr_span excepted;  /* of excepted */
    uint32_t broken, unknown; /* findings of each kind that are kept */
    bool more;                /* not all findings are kept */
    bool outside;             /* of what runs: the targets have no say over its packets */
    struct fr_vec findings;   /* struct fr_breach */
};

/* Packets of a flow that an assertion does not hold for. */
struct fr_excepted {
    uint32_t flow;
    struct fr_bound_box box;
};

struct fr_asserting {
    flowrules_context *context;
    const flowrules_policy *policy;
    struct fr_arena *arena;      /* of texts */
    struct fr_view view;         /* of the policy; its sets are those of everything here */
    fr_set addresses, all_atoms; /* each address, each name and group */
    fr_set hollow;               /* the atoms of cuts: there may be no address in them */
    struct fr_vec cuts;          /* struct fr_cut */
    struct fr_vec placed;        /* bool, for each network: is it at some interfaces alone? */
    struct fr_vec flows;         /* struct fr_flow_ends */
    struct fr_vec nevers;        /* struct fr_bound_box: what must not pass */
    struct fr_vec musts;         /* struct fr_bound_box: what must pass */
    struct fr_vec buts;          /* struct fr_bound_box */
    struct fr_vec denies;        /* struct fr_bound_box */
    struct fr_vec excepted;      /* struct fr_excepted */
    struct fr_vec judged;        /* struct fr_judged */
    bool uncertain;              /* there are names, groups or interfaces that it may depend on */
    bool running;                /* it is about what runs, and not about the flows */
};

/* What an exception leaves of the names and groups of a network. */
struct fr_cut {
    uint32_t atom;
    fr_set whole; /* of which it is a part */
};

/* A source and a destination: addresses and atoms. */
struct fr_set_pair {
    fr_set ends[2];
};

struct fr_flow_ends {
    struct fr_set_pair pair;
    bool placed; /* the flow holds at some interfaces alone */
};

/* A file of zones and assertions, seen as the policy sees it. */
struct fr_assert_source {
    struct fr_asserting *a;
    const flowrules_policy *policy;
    struct fr_view *view; /* of this file */
    struct fr_vec zones;  /* struct fr_bounds */
};

/* ---- ends (assert_ends.c) ------------------------------------------------------------------ */

/* How a policy is seen where no platform has words of its own: each group, and what cuts leave. */
extern const struct fr_view_mode fr_asserting_mode;
/* The view of the policy, and all names and groups of it and of the sources as atoms. */
flowrules_status fr_asserting_init(struct fr_asserting *a, flowrules_context *context,
                                   const flowrules_policy *policy, struct fr_arena *arena,
                                   const struct fr_view_mode *mode);
void fr_asserting_free(struct fr_asserting *a);
/* Evaluates the ends of all flows. */
flowrules_status fr_asserting_flows(struct fr_asserting *a);
/* What the items of a span, or a network, come to: addresses, names and groups. */
flowrules_status fr_asserting_span(struct fr_asserting *a, struct fr_span span, fr_set *set);
flowrules_status fr_asserting_network(struct fr_asserting *a, uint32_t network, fr_set *set);
/* What is known of a set. */
struct fr_bounds fr_bounds_of(struct fr_asserting *a, fr_set set);
struct fr_bounds fr_bounds_subtract(struct fr_asserting *a, struct fr_bounds from,
                                    struct fr_bounds gone);
struct fr_bounds fr_bounds_union(struct fr_asserting *a, struct fr_bounds one,
                                 struct fr_bounds other);
struct fr_bounds fr_bounds_intersect(struct fr_asserting *a, struct fr_bounds one,
                                     struct fr_bounds other);

/* A source, whose zones are evaluated; FLOWRULES_NO_MEMORY. It has to be freed in any case. */
flowrules_status fr_assert_source_init(struct fr_assert_source *source, struct fr_asserting *a,
                                       const flowrules_policy *policy);
void fr_assert_source_free(struct fr_assert_source *source);
/* Makes the names and groups of a source known, before anything is evaluated. */
flowrules_status fr_assert_source_names(struct fr_assert_source *source);
flowrules_status fr_assert_source_zones(struct fr_assert_source *source);
flowrules_status fr_asserted_bounds(struct fr_assert_source *source,
                                    const struct fr_asserted *asserted, struct fr_bounds *bounds);

/* The names that assertions and zones are about, those of all files; FLOWRULES_NO_MEMORY. */
flowrules_status fr_assertion_names(struct fr_strings *names,
                                    const flowrules_assertions *assertions);

/* ---- boxes (assert_boxes.c) ---------------------------------------------------------------- */

/* Adds the assertions of a source to those that are judged, and their boxes. */
flowrules_status fr_assert_boxes(struct fr_assert_source *source);
flowrules_status fr_assert_denies(struct fr_asserting *a);

/* ---- zones (assert_zones.c) ---------------------------------------------------------------- */

/* Finds what is in two zones of a source or in none; number: of what is judged. */
flowrules_status fr_assert_zones(struct fr_assert_source *source, uint32_t number);

/* ---- the verdicts (assert_decide.c) -------------------------------------------------------- */

/* Goes through the flows once, and says of each assertion whether it holds. */
flowrules_status fr_assert_decide(struct fr_asserting *a);

/* ---- findings (assert_find.c) -------------------------------------------------------------- */

/* Keeps a finding of an assertion, unless it has enough. */
flowrules_status fr_assert_find(struct fr_asserting *a, uint32_t number,
                                const struct fr_breach *finding);
/* The names and groups of a set, for people; NULL where it has none or memory ran out. */
const char *fr_assert_names(struct fr_asserting *a, fr_set set);

/* The first file that has zones, the policy's own before all others; NULL: none has. */
const flowrules_policy *fr_assertions_zones(const flowrules_assertions *assertions);

#endif
