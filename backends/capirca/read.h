/*
 * Policies of Capirca and Aerleon: what their files have in common. A policy is a list of filters;
 * a filter has a header with its targets, and terms of which the first match decides.
 */
#ifndef FR_CAPIRCA_READ_H
#define FR_CAPIRCA_READ_H

#include "flowrules/reader.h"

/* What a keyword of a header or term is. */
enum fr_capirca_key {
    FR_CAPIRCA_ONCE,  /* does not change what passes: told once */
    FR_CAPIRCA_DOUBT, /* a condition that no policy has: told for each term */
    FR_CAPIRCA_ROUTE, /* sends packets elsewhere */
    FR_CAPIRCA_TARGET,
    FR_CAPIRCA_COMMENT,
    FR_CAPIRCA_ACTION,
    FR_CAPIRCA_ADDRESS,
    FR_CAPIRCA_SOURCE,
    FR_CAPIRCA_DESTINATION,
    FR_CAPIRCA_ADDRESS_EXCEPT,
    FR_CAPIRCA_SOURCE_EXCEPT,
    FR_CAPIRCA_DESTINATION_EXCEPT,
    FR_CAPIRCA_SOURCE_NAMES,
    FR_CAPIRCA_DESTINATION_NAMES,
    FR_CAPIRCA_PORT,
    FR_CAPIRCA_SOURCE_PORT,
    FR_CAPIRCA_DESTINATION_PORT,
    FR_CAPIRCA_PROTOCOL,
    FR_CAPIRCA_PROTOCOL_EXCEPT,
    FR_CAPIRCA_ICMP_TYPE,
    FR_CAPIRCA_ICMP_CODE,
    FR_CAPIRCA_FAMILY,
    FR_CAPIRCA_OPTION,
    FR_CAPIRCA_EXPIRATION,
    FR_CAPIRCA_LOGGING,
    FR_CAPIRCA_OWNER,
    FR_CAPIRCA_PLATFORM,
    FR_CAPIRCA_PLATFORM_EXCEPT,
    FR_CAPIRCA_PRIORITY,
    FR_CAPIRCA_SOURCE_TAG,
    FR_CAPIRCA_DESTINATION_TAG,
    FR_CAPIRCA_SOURCE_ACCOUNTS,
    FR_CAPIRCA_TARGET_ACCOUNTS,
    FR_CAPIRCA_SOURCE_ZONE,
    FR_CAPIRCA_DESTINATION_ZONE,
    FR_CAPIRCA_SOURCE_INTERFACE,
    FR_CAPIRCA_DESTINATION_INTERFACE,
    FR_CAPIRCA_VERBATIM
};

struct fr_capirca_keyword {
    const char *name;
    enum fr_capirca_key key;
    bool header, term; /* where it may stand */
};

struct fr_capirca_word {
    const char *text;
    struct flowrules_place at;
};

/* "destination-port:: HTTP HTTPS" */
struct fr_capirca_field {
    const struct fr_capirca_keyword *keyword;
    struct flowrules_place at;
    struct fr_capirca_word *words;
    size_t count, capacity;
};

/* A header, or a term, which has a name. */
struct fr_capirca_block {
    const char *name;
    struct flowrules_place at;
    struct fr_capirca_field *fields;
    size_t count, capacity;
};

struct fr_capirca_filter {
    struct fr_capirca_block header;
    struct fr_capirca_block *terms;
    size_t count, capacity;
};

/* What is known of a file: it has terms for others to include, and one does. */
struct fr_capirca_file {
    bool part, included;
};

struct fr_capirca {
    flowrules_input *in;
    struct fr_capirca_file *files;
    struct fr_capirca_filter *filters;
    size_t count, capacity, included;
};

/* Names of flowrules_input_define. */
enum {
    FR_CAPIRCA_NETWORKS,
    FR_CAPIRCA_SERVICES,
    FR_CAPIRCA_TOLD,
    FR_CAPIRCA_LISTS,
    FR_CAPIRCA_LIST_NAMES
};

/* Includes in includes, and included files of a policy; tokens in tokens; lists of rules. */
#define FR_CAPIRCA_DEPTH_MAX    5u
#define FR_CAPIRCA_INCLUDES_MAX 1000u
#define FR_CAPIRCA_NESTED_MAX   64u
#define FR_CAPIRCA_LISTS_MAX    256u
/* Ranges of addresses that words bring together, and ports. */
#define FR_CAPIRCA_RANGES_MAX 10000000u
#define FR_CAPIRCA_PORTS_MAX  100000u
/* Ports of a token that are looked at to tell that they widen a term. */
#define FR_CAPIRCA_TOLD_MOST 1000u

/* The ports of one protocol. */
struct fr_capirca_port {
    int protocol;
    struct flowrules_ports ports;
};

/* ---- blocks (blocks.c) ---- */

/* The keyword of a name where it may stand; NULL after an error, which names the place. */
const struct fr_capirca_keyword *fr_capirca_keyword(struct fr_capirca *r, const char *name,
                                                    struct flowrules_place at, bool header);
struct fr_capirca_filter *fr_capirca_add_filter(struct fr_capirca *r, struct flowrules_place at);
/* A term of the last filter; NULL, and an error, where there is none. */
struct fr_capirca_block *fr_capirca_add_term(struct fr_capirca *r, const char *name,
                                             struct flowrules_place at);
struct fr_capirca_field *fr_capirca_add_field(struct fr_capirca *r, struct fr_capirca_block *block,
                                              const struct fr_capirca_keyword *keyword,
                                              struct flowrules_place at);
void fr_capirca_add_word(struct fr_capirca *r, struct fr_capirca_field *field, const char *text,
                         struct flowrules_place at);
/* Reports what a term may not have: a keyword without a value, or twice where one value counts. */
void fr_capirca_check_term(struct fr_capirca *r, const struct fr_capirca_block *term);
/*
 * The file that a policy includes, among those that were handed in: the one with this path at its
 * end, else with this name. SIZE_MAX after an error. depth: of the including file, from 0.
 */
size_t fr_capirca_include(struct fr_capirca *r, const char *path, struct flowrules_place at,
                          unsigned depth);
/* The field of a block with this key: the first, or the next behind one; NULL: there is none. */
const struct fr_capirca_field *fr_capirca_field(const struct fr_capirca_block *block,
                                                enum fr_capirca_key key,
                                                const struct fr_capirca_field *behind);

/* ---- files ---- */

void fr_capirca_read_pol(struct fr_capirca *r, size_t file);
void fr_capirca_read_yaml(struct fr_capirca *r, size_t file);
void fr_capirca_read_names(struct fr_capirca *r, size_t file, bool services);
void fr_capirca_read_yaml_names(struct fr_capirca *r, const flowrules_node *root);

/* ---- names (names.c) ---- */

/* The addresses and names of a token, or of an address itself; none after an error. */
struct flowrules_set fr_capirca_network(struct fr_capirca *r, const struct fr_capirca_word *word);
/* The union of what the words of a field are; none after an error. */
struct flowrules_set fr_capirca_unite(struct fr_capirca *r, const struct flowrules_set *sets,
                                      size_t count, struct flowrules_place at);
/* The ports of a token; a number, or two with "-", is of every protocol (-1). */
const struct fr_capirca_port *fr_capirca_service(struct fr_capirca *r,
                                                 const struct fr_capirca_word *word, size_t *count);

/* ---- lists (lists.c) ---- */

struct fr_capirca_item;

/* The filters of one target, which decide in their order. */
struct fr_capirca_list {
    const char *name;
    const char *platform, *backend;
    enum flowrules_direction direction;
    bool interfaces; /* its terms may name some */
    bool tags;
    bool staged; /* a packet must pass each filter, where others are one after the other */
    const char *settings[4][2];
    struct fr_capirca_item *filters;
    size_t count, capacity;
    struct flowrules_place at;
};

/* A filter, as a target of its header has it. */
struct fr_capirca_item {
    struct fr_capirca_list *list; /* that it begins, or is a part of */
    const struct fr_capirca_filter *filter;
    unsigned families;
    bool passes, silent; /* what no term matches passes; the header does not say */
    bool stateless;      /* it tracks no connections */
    struct flowrules_place at;
};

struct fr_capirca_lists {
    struct fr_capirca_item *items;
    size_t count, capacity;
};

/* The lists of all targets of all filters. */
void fr_capirca_find_lists(struct fr_capirca *r, struct fr_capirca_lists *lists);

/* ---- terms (terms.c, services.c) ---- */

struct fr_capirca_services {
    struct flowrules_service *items;
    size_t count, capacity;
};

/* What a term for some families says of protocols, ports and ICMP; false where it can match
 * nothing. */
bool fr_capirca_services(struct fr_capirca *r, const struct fr_capirca_block *term,
                         unsigned families, struct fr_capirca_services *services);
void fr_capirca_emit(struct fr_capirca *r, const struct fr_capirca_list *list);

#endif
