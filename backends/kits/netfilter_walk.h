/*
 * Of netfilter_*.c alone: the packets that reach a point of a chain, as boxes, while its rules are
 * followed one by one.
 */
#ifndef FR_NETFILTER_WALK_H
#define FR_NETFILTER_WALK_H

#include "netfilter.h"

/*
 * The kinds of packets of reader.h, of which conntrack's states divide two: replies, and TCP
 * without a connection that does not begin with a SYN. Of the latter, conntrack takes a bare ACK
 * for new and all else for invalid (net/netfilter/nf_conntrack_proto_tcp.c, the row of sNO).
 */
enum netfilter_kind {
    KIND_NEW = 1,
    KIND_ESTABLISHED = 2,
    KIND_RELATED = 4,
    KIND_LOOPBACK = 8,
    KIND_NEIGHBOUR = 16,
    KIND_LISTENER = 32,
    KIND_MIDSTREAM = 64,
    KIND_STRAY = 128,
    KINDS_REPLY = KIND_ESTABLISHED | KIND_RELATED,
    KINDS_ALL = 255
};
enum { KIND_COUNT = 8 };

/* What conntrack makes of packets of KIND_NEW, by their ICMP type alone. */
enum { CLASS_NEW = 1, CLASS_INVALID = 2, CLASS_UNTRACKED = 4, CLASSES_ALL = 7 };

/* ICMP: the type in the source ports' place, the code in the destination ports'. */
struct netfilter_term {
    uint8_t first_protocol, last_protocol; /* differ only where all else is any */
    uint16_t source_first, source_last, destination_first, destination_last;
};

struct netfilter_terms {
    const struct netfilter_term *items; /* count 0: any */
    size_t count;
};

struct netfilter_box {
    struct flowrules_set source, destination;
    struct flowrules_set interfaces[2]; /* by which they come and leave; not of loopback packets */
    struct netfilter_terms terms;
    uint8_t families, kinds, classes;
    struct flowrules_set except[2]; /* what is left out of the ends, where excepting has the bit */
    uint8_t excepting;
    const char *doubt; /* why it is not known whether what was matched takes the box, or NULL */
    bool looped;       /* replies on the loopback interface were left out */
    const char *comment;
    uint32_t line; /* of an element; 0: the rule's */
};

struct netfilter_boxes {
    struct netfilter_box *items;
    size_t count, capacity;
    struct netfilter_boxes *next; /* free ones */
};

/* Single terms that are found again by a hash. */
enum { NETFILTER_SINGLE_TERMS = 256 };

struct netfilter_walk {
    struct netfilter *nf;
    flowrules_input *in;
    enum flowrules_direction direction;
    unsigned families;
    struct flowrules_set any, none;
    struct netfilter_boxes *spare;
    const struct netfilter_rule *doubted; /* the last that was doubted, and why */
    const char *doubt;
    struct netfilter_box partly; /* where parted: a part of the box that was cut, in doubt */
    bool parted;
    bool either; /* it is known what the rule matches, and not what it does with it */
    /* For each family: the kinds that are not decided for good yet, and how the others were. */
    uint8_t live[2];
    uint8_t blocked[2]; /* of the others */
    /* Replies of one state, part of which was decided before the rest: by verdict. */
    uint8_t pending[2]; /* kinds, by enum flowrules_verdict */
    struct flowrules_place pending_at;
    bool strays_left; /* bare ACKs of some boxes are blocked, strays of theirs not */
    unsigned skipped; /* kinds of packets that left a chain and have not come back */
    size_t given;
    bool too_many;
    struct flowrules_service *services; /* for the rule that is being given */
    struct flowrules_ports *ports;
    size_t service_capacity, port_capacity;
    struct netfilter_scratch *scratch; /* of netfilter_groups.c */
    struct netfilter_room {
        void *bytes;
        size_t size;
    } spans, terms, ranges, name; /* for a while */
    const struct netfilter_term
        *single[NETFILTER_SINGLE_TERMS]; /* terms that are in use, or NULL */
};

/* Room that is used again; NULL: out of memory. */
void *fr_netfilter_scratch(struct netfilter_walk *walk, struct netfilter_room *room, size_t size);

/* Boxes for a while; given back, they are used again. NULL: out of memory. */
struct netfilter_boxes *fr_netfilter_take_boxes(struct netfilter_walk *walk);
void fr_netfilter_spare_boxes(struct netfilter_walk *walk, struct netfilter_boxes *boxes);
/* Room for so many boxes, where there are none yet, if there is memory. */
void fr_netfilter_reserve_boxes(struct netfilter_walk *walk, struct netfilter_boxes *boxes,
                                size_t count);
void fr_netfilter_add_box(struct netfilter_walk *walk, struct netfilter_boxes *boxes,
                          const struct netfilter_box *box);

/* Cuts boxes to the most that the rule's matches may take; those that it may not have a doubt. */
void fr_netfilter_narrow(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                         struct netfilter_boxes *boxes);
/* To what one match takes. */
void fr_netfilter_narrow_by(struct netfilter_walk *walk, struct netfilter_match *match,
                            struct netfilter_boxes *boxes);
/* The same piece of some elements. */
struct netfilter_values {
    const struct netfilter_element *elements;
    size_t count;
    unsigned part;
    unsigned mask_bits; /* as in struct netfilter_match, of the part */
    bool negated;
};

/*
 * Cuts a box by one key to the most that may be left of it; false: that is nothing. Where
 * walk->parted is true behind it, a further part is left, with a doubt.
 */
bool fr_netfilter_narrow_key(struct netfilter_walk *walk, struct netfilter_box *box,
                             const struct netfilter_key *key, const struct netfilter_values *values,
                             struct netfilter_set *set);
/* The addresses of which so many first bits are in the range; false: there is none. */
bool fr_netfilter_unmask(unsigned mask_bits, struct flowrules_range *range);
/* To the elements of a match's set, each part of which is held against a key. */
void fr_netfilter_narrow_by_groups(struct netfilter_walk *walk, struct netfilter_match *match,
                                   struct netfilter_boxes *boxes);
/* Cuts a box to interfaces, by which packets come (0) or leave (1); false: nothing is left. */
bool fr_netfilter_narrow_interfaces(struct netfilter_walk *walk, struct netfilter_box *box,
                                    unsigned end, struct flowrules_set interfaces);
/* Leaves more out of an end of a box. */
void fr_netfilter_leave_out(struct netfilter_walk *walk, struct netfilter_box *box,
                            enum flowrules_end end, struct flowrules_set except);
/* True if the terms can match packets of a protocol; if they match all, of every port and type. */
bool fr_netfilter_terms_meet(const struct netfilter_terms *terms, int protocol, uint16_t first,
                             uint16_t last);
bool fr_netfilter_terms_cover(const struct netfilter_terms *terms, int protocol, uint16_t first,
                              uint16_t last);
/* The terms that both have; count 0 and items NULL is any, *empty: none at all. */
struct netfilter_terms fr_netfilter_intersect_terms(struct netfilter_walk *walk,
                                                    struct netfilter_terms a,
                                                    struct netfilter_terms b, bool *empty,
                                                    const char **doubt);

/*
 * Boxes without what others take of them; where that is in doubt, it stays, in doubt. NULL where
 * that would be too many, or cannot be expressed.
 */
struct netfilter_boxes *fr_netfilter_subtract(struct netfilter_walk *walk,
                                              const struct netfilter_boxes *from,
                                              const struct netfilter_boxes *taken);

/* A rule of the walk's direction, or a skip (its number is returned), of one box. */
void fr_netfilter_emit(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                       enum flowrules_verdict verdict, const struct netfilter_box *box);
struct netfilter_landing {
    uint32_t *skips;
    size_t count, capacity;
};
void fr_netfilter_emit_skip(struct netfilter_walk *walk, struct netfilter_rule *rule,
                            const struct netfilter_box *box, struct netfilter_landing *landing);
/* A doubt about a rule, once for each direction; nothing where what is empty. */
void fr_netfilter_doubt(struct netfilter_walk *walk, struct netfilter_rule *rule, const char *what);

#endif
