/*
 * Protocols, ports and ICMP: names, and canonical services. A service is a union of terms; for ICMP
 * the source ports of a term are the type, and the destination ports are the code.
 */
#ifndef FR_SERVICES_H
#define FR_SERVICES_H

#include "flowrules/backend.h"
#include "memory.h"

#define FR_PROTOCOL_ANY 256

enum {
    FR_ICMP = 1,
    FR_TCP = 6,
    FR_UDP = 17,
    FR_GRE = 47,
    FR_ESP = 50,
    FR_AH = 51,
    FR_ICMPV6 = 58,
    FR_SCTP = 132
};

/* One box of the space protocol × source port × destination port. */
struct fr_term {
    uint16_t protocol;                            /* 0-255 or FR_PROTOCOL_ANY */
    uint16_t source_first, source_last;           /* 0-65535 where not limited */
    uint16_t destination_first, destination_last; /* likewise */
};

bool fr_protocol_has_ports(unsigned protocol); /* tcp, udp, sctp */
bool fr_protocol_is_icmp(unsigned protocol);   /* icmp, icmpv6 */
/* True for an extension header of IPv6, which no packet has as its protocol (RFC 8200, section 4).
 */
bool fr_protocol_is_header6(unsigned protocol);
/* The families that a protocol runs over, as bits: ICMP is IPv4's, ICMPv6 IPv6's. */
unsigned fr_protocol_families(unsigned protocol);
/* IANA's name ("tcp"), or the number where it has none ("249"); "any" for FR_PROTOCOL_ANY. */
const char *fr_protocol_name(unsigned protocol);
/* The number of a protocol by IANA's name, another usual name, or a number 0-255; -1 if not valid.
 */
int fr_protocol_parse(const char *text, size_t length);
/* The valid forms of a protocol, for hints. */
#define FR_PROTOCOL_FORM "a name of IANA's registry (tcp, udp, icmp, vrrp ...), 0-255, or any"
/* Candidate i for suggestions; NULL at the end. user is not used. */
const char *fr_protocol_candidate(const void *user, size_t i);

/* A service name of IANA's registry (fixed table), for one protocol; -1 when unknown. */
int fr_port_named(const char *text, size_t length, unsigned protocol);
const char *fr_port_candidate(const void *user, size_t i);
/* An ICMP type's name (echo-request ...) for icmp or icmpv6; -1 when unknown. */
int fr_icmp_type_named(const char *text, size_t length, unsigned protocol);
/* True if Linux calls a packet of this ICMP type invalid when it belongs to no connection. */
bool fr_icmp_is_invalid(unsigned protocol, unsigned type);
/* The name of a type that was meant, or NULL. */
const char *fr_icmp_type_nearest(const char *text, unsigned protocol);
const char *fr_icmp_type_name(unsigned protocol, unsigned type); /* NULL when it has none */

typedef uint32_t fr_service; /* a number in the store; equal services have equal numbers */
#define FR_SERVICE_ANY  ((fr_service)0)
#define FR_SERVICE_NONE UINT32_MAX /* no service: it reads as one without terms */

struct fr_service_terms {
    uint32_t count;
    uint32_t families; /* that any of its terms runs over */
    struct fr_term terms[];
};

/* A store remembers that it ran out of memory, as one of sets does (addresses.h). */
struct fr_services {
    struct fr_arena arena;
    struct fr_vec list; /* const struct fr_service_terms * */
    struct fr_map by_hash;
    struct fr_vec next; /* uint32_t: the next service of the same hash, or UINT32_MAX */
    bool failed;
};

bool fr_services_init(struct fr_services *services, const struct fr_allocator *allocator);
void fr_services_free(struct fr_services *services);
/*
 * Makes fork hold the same services under the same numbers, without a copy of their terms: base has
 * to live as long. False, with nothing to free, when out of memory.
 */
bool fr_services_fork(struct fr_services *fork, const struct fr_services *base);
const struct fr_service_terms *fr_service_get(const struct fr_services *services,
                                              fr_service service);
/*
 * The canonical service of terms: sorted, duplicates and covered terms dropped, terms that differ
 * in one port range only and touch merged. terms is reordered. FR_SERVICE_NONE when the store
 * failed.
 */
fr_service fr_services_add(struct fr_services *services, struct fr_term *terms, size_t count);
/* Adds the terms of a service to a list (struct fr_term); false when out of memory. */
bool fr_service_list(const struct fr_services *services, fr_service service, struct fr_vec *terms);
/* The union of count services, the first at first, each stride bytes behind the one before it. */
fr_service fr_services_union(struct fr_services *services, const fr_service *first, size_t count,
                             size_t stride);

/* A service in the making, which remembers that it ran out of memory. */
struct fr_service_builder {
    struct fr_vec terms; /* struct fr_term */
    bool failed;
};

void fr_service_begin(struct fr_service_builder *b, const struct fr_allocator *allocator);
void fr_service_add(struct fr_service_builder *b, const struct fr_term *term);
/* The canonical service of all terms; FR_SERVICE_NONE of none. Frees what the builder holds. */
fr_service fr_service_finish(struct fr_service_builder *b, struct fr_services *services);

/* The intersection of two terms; false if it is empty. */
bool fr_terms_meet(const struct fr_term *a, const struct fr_term *b, struct fr_term *both);
/* True if the first term has all of the second one. */
bool fr_term_covers(const struct fr_term *outer, const struct fr_term *inner);
/* True if a service has something in common with a term; with another one. */
bool fr_service_meets(const struct fr_services *services, fr_service service,
                      const struct fr_term *term);
bool fr_services_meet(const struct fr_services *services, fr_service a, fr_service b);
/* True if one term of the service covers this term. */
bool fr_service_covers(const struct fr_services *services, fr_service service,
                       const struct fr_term *term);
bool fr_service_has(const struct fr_services *services, fr_service service, unsigned protocol,
                    unsigned source, unsigned destination);

#endif
