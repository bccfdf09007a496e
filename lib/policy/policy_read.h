/*
 * The reader of a policy file: the forms that its files share (policy_forms.c), and the parts that
 * they read. A handler reads one value whole, reports what is wrong with it and goes on; only
 * syntax and memory errors end a reading.
 */
#ifndef FR_POLICY_READ_H
#define FR_POLICY_READ_H

#include "policy.h"
#include "yaml.h"

/* A port as written: numbers, or a name that waits for its protocol. */
struct fr_port_item {
    uint16_t first, last;
    fr_string name;
    struct fr_at at;
};

struct fr_number_item {
    unsigned number;
    fr_string name;
    struct fr_at at;
};

/* protocol:, port: ... of a service or a flow, before they are put together. */
struct fr_service_draft {
    struct fr_vec protocols, types, codes; /* struct fr_number_item */
    struct fr_vec source_ports, ports;     /* struct fr_port_item */
    struct fr_vec terms;                   /* struct fr_term, of all mappings of a list */
};

struct fr_reader {
    flowrules_policy *policy;
    flowrules_context *context;
    struct fr_diagnostics *diagnostics;
    struct fr_yaml *yaml;
    struct fr_name_checker *checker;
    struct fr_service_draft draft;
    struct fr_vec flow_names; /* uint8_t: a bit for each string that names a flow */
    struct fr_map tag_lists;  /* joined text -> index + 1 */
    struct fr_vec included;   /* char *: real paths */
    const char *path;
    const char *key; /* of the value being read */
    struct fr_at key_at;
    uint32_t file;
    unsigned include_depth;
    bool flows_given; /* some file has the key, or a misspelt one that was reported */
};

/* Opens a reader without a file; it is to be closed whatever the result is. */
flowrules_status fr_reader_open(struct fr_reader *r, flowrules_policy *policy);
void fr_reader_close(struct fr_reader *r);

typedef flowrules_status (*fr_read_fn)(struct fr_reader *r, const struct fr_value *value,
                                       void *object);

/* A key of a mapping: how its value is read, and what the JSON Schema says of it. */
struct fr_key {
    const char *name;
    fr_read_fn read;
    const char *required; /* NULL: it may be left out; else the hint where it is missing */
    const char *form; /* of its value, by a name that schema.c knows; NULL: it is not valid here */
    const char *help;
    const char *const *choices; /* of the form "choice"; ends with NULL */
};

/* The tables of keys of every mapping whose keys are fixed. */
extern const struct fr_key fr_policy_keys[], fr_included_keys[], fr_network_keys[], fr_place_keys[],
    fr_proxy_keys[], fr_service_keys[], fr_flow_keys[], fr_target_keys[], fr_select_keys[],
    fr_loss_keys[], fr_lint_keys[], fr_asserted_keys[], fr_packets_keys[], fr_exception_keys[],
    fr_assertion_keys[], fr_assertion_file_keys[];
/* The platforms in whose terms a network may be given though their backend is not known. */
extern const struct fr_key fr_platforms[];

/*
 * Reads a mapping by a table of keys that ends with a NULL name. other reads keys that are not
 * in it (r->key is the key); NULL: they are errors, with a suggestion.
 */
flowrules_status fr_read_mapping(struct fr_reader *r, const struct fr_value *start,
                                 const char *what, const struct fr_key *keys, fr_read_fn other,
                                 void *object);
/* Calls read for a scalar, or for each scalar of a sequence. */
flowrules_status fr_read_list(struct fr_reader *r, const struct fr_value *value, fr_read_fn read,
                              void *object);
/* A text without limits on its characters; the result is 0 where it was reported as wrong. */
flowrules_status fr_read_text(struct fr_reader *r, const struct fr_value *value, fr_string *text);
/* A word [A-Za-z_][A-Za-z0-9_-]*, with dots where dots is true. */
flowrules_status fr_read_word(struct fr_reader *r, const struct fr_value *value, bool dots,
                              fr_string *word);
/* True if the value can be a name that the policy defines. */
bool fr_is_word(const struct fr_value *value, bool dots);
/*
 * Reports a key that a mapping does not have; hint where nothing near it is known. The key that was
 * meant, or NULL.
 */
const char *fr_report_unknown_key(struct fr_reader *r, const char *what, const char *key,
                                  struct fr_at at, const char *(*next)(const void *user, size_t i),
                                  const void *user, const char *hint);
flowrules_status fr_read_boolean(struct fr_reader *r, const struct fr_value *value, bool *boolean);
/* One of words (ends with NULL): *index. */
flowrules_status fr_read_choice(struct fr_reader *r, const struct fr_value *value,
                                const char *const *words, size_t *index);
/* *good: the value is a scalar that is not null; otherwise it is reported and skipped. */
flowrules_status fr_want_scalar(struct fr_reader *r, const struct fr_value *value, bool *good);

flowrules_status fr_read_peers(struct fr_reader *r, const struct fr_value *value,
                               struct fr_span *span);
/* Is it a platform in whose terms a network may be given? */
bool fr_is_platform(const struct fr_reader *r, const char *name);
/* Reads what a platform, r->key, is told, as one more binding of a span that ends here. */
flowrules_status fr_read_binding(struct fr_reader *r, const struct fr_value *value,
                                 struct fr_span *bindings);
/* The proxies, and who asks them for what (policy_proxies.c). */
flowrules_status fr_read_proxies(struct fr_reader *r, const struct fr_value *value, void *object);
flowrules_status fr_read_places(struct fr_reader *r, const struct fr_value *value, void *object);
/* The places of a target, with their interfaces. */
flowrules_status fr_read_target_places(struct fr_reader *r, const struct fr_value *value,
                                       void *object);
flowrules_status fr_read_networks(struct fr_reader *r, const struct fr_value *value, void *object);
flowrules_status fr_read_services(struct fr_reader *r, const struct fr_value *value, void *object);
flowrules_status fr_read_flows(struct fr_reader *r, const struct fr_value *value, void *object);
/* Has lists of tags that a policy has already kept once; false when out of memory. */
bool fr_know_tag_lists(struct fr_reader *r);
/* Reads one flow. flow->usable: nothing was wrong with it, but its names are not bound. */
flowrules_status fr_read_flow(struct fr_reader *r, const struct fr_value *value,
                              struct fr_flow *flow);
/*
 * Notes whose list of services begins with a reference: the one without a name that ends it has the
 * number of the flow + 1 as its line, and 0 in lists of what is no flow.
 */
void fr_own_services(flowrules_policy *policy, uint32_t first, uint32_t flow);
/* An error if a policy with so many flows cannot have one more. */
flowrules_status fr_check_flow_count(struct fr_reader *r, size_t count, struct fr_at at);
/*
 * Mark a string as the name of a flow (*taken: it was already; false when out of memory), and as
 * that of none.
 */
bool fr_take_flow_name(struct fr_reader *r, fr_string name, bool *taken);
void fr_release_flow_name(struct fr_reader *r, fr_string name);
flowrules_status fr_read_targets(struct fr_reader *r, const struct fr_value *value, void *object);

/* Reads what lint looks for, and the findings that the policy accepts. */
flowrules_status fr_read_lint(struct fr_reader *r, const struct fr_value *value, void *object);
/* Reads the reason of a silence, and adds it; an error is reported where there is none. */
flowrules_status fr_read_silence(struct fr_reader *r, const struct fr_value *value,
                                 struct fr_silence *silence);
/* Read the findings that are accepted of the flow, network or target that is being read. */
flowrules_status fr_read_flow_silences(struct fr_reader *r, const struct fr_value *value,
                                       void *object);
flowrules_status fr_read_network_silences(struct fr_reader *r, const struct fr_value *value,
                                          void *object);
flowrules_status fr_read_target_silences(struct fr_reader *r, const struct fr_value *value,
                                         void *object);

flowrules_status fr_read_zones(struct fr_reader *r, const struct fr_value *value, void *object);
/* A list of ends, where what is a network elsewhere may be a zone. */
flowrules_status fr_read_asserted_ends(struct fr_reader *r, const struct fr_value *value,
                                       struct fr_span *span);
flowrules_status fr_read_assertions(struct fr_reader *r, const struct fr_value *value,
                                    void *object);
flowrules_status fr_read_matrix(struct fr_reader *r, const struct fr_value *value, void *object);

/* The names of services of a flow; they are bound once all services are read. */
flowrules_status fr_read_service_names(struct fr_reader *r, const struct fr_value *value,
                                       void *flow);
/*
 * The service that was read of a flow, by names or drafted. what: in messages. FR_SERVICE_NONE
 * where it has none, without a message, or where an error was reported.
 */
flowrules_status fr_finish_service(struct fr_reader *r, struct fr_flow *flow, struct fr_at at,
                                   const char *what);
/* Reads a day; what it stands for is for the hint. FR_NO_EXPIRY where it was reported as wrong. */
flowrules_status fr_read_day(struct fr_reader *r, const struct fr_value *value, const char *what,
                             int32_t *days, fr_string *text);

void fr_draft_init(struct fr_service_draft *draft, const struct fr_allocator *allocator);
void fr_draft_free(struct fr_service_draft *draft);
/* Empties what is read of one mapping. */
void fr_draft_clear(struct fr_service_draft *draft);
/* The handlers of protocol, port, source-port, icmp-type and icmp-code. */
flowrules_status fr_read_protocol(struct fr_reader *r, const struct fr_value *value, void *object);
flowrules_status fr_read_port(struct fr_reader *r, const struct fr_value *value, void *object);
flowrules_status fr_read_source_port(struct fr_reader *r, const struct fr_value *value,
                                     void *object);
flowrules_status fr_read_icmp_type(struct fr_reader *r, const struct fr_value *value, void *object);
flowrules_status fr_read_icmp_code(struct fr_reader *r, const struct fr_value *value, void *object);
/* Puts the draft's mapping together and adds its terms; at is the mapping's place. */
flowrules_status fr_draft_terms(struct fr_reader *r, struct fr_at at);
/* The service of all the draft's terms; *service is FR_SERVICE_NONE where an error was reported. */
flowrules_status fr_draft_service(struct fr_reader *r, fr_service *service);
bool fr_draft_is_empty(const struct fr_service_draft *draft);

#endif
