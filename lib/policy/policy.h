/*
 * A policy: what one YAML file and its includes say, checked and immutable. Networks and flows
 * still speak in names here; flows.h turns them into sets.
 */
#ifndef FR_POLICY_H
#define FR_POLICY_H

#include "context.h"
#include "names.h"
#include "services.h"

#define FR_INCLUDE_DEPTH_MAX 8u
#define FR_NETWORK_DEPTH_MAX 64u
#define FR_FLOW_NAME_MAX     255u
#define FR_SERVICE_TERMS_MAX 65536u /* combinations of protocols and ports in one service */
#define FR_WORD_MAX          63u    /* names of networks, services, targets */
#define FR_NO_EXPIRY         INT32_MAX

enum fr_peer_kind {
    FR_PEER_ANY,
    FR_PEER_NETWORK,  /* ref: a string while loading, then an index into networks */
    FR_PEER_ADDRESS4, /* ref: the address */
    FR_PEER_RANGE,    /* ref: an index into ranges */
    FR_PEER_NAME,     /* ref: a string, canonical */
    FR_PEER_WILDCARD, /* ref: a string, canonical, without "*." */
    FR_PEER_ZONE,     /* of assertions alone. ref: a string while loading, then of zones */
    FR_PEER_BROKEN    /* reported; never in a policy that loaded */
};

/* One item of a source, a destination, or a network's members. */
struct fr_peer {
    uint32_t ref;
    uint32_t line;
    uint16_t column;
    uint8_t file, kind; /* file: beyond the policy's first */
};

struct fr_span {
    uint32_t first, count;
};

struct fr_flow {
    fr_string name, purpose, owner, ticket, volume, frequency, expires_text;
    struct fr_span source, destination; /* of peers */
    uint32_t service; /* a fr_service; while loading with by_name: of service_refs */
    uint32_t tags;    /* an index into tag_lists */
    int32_t expires;  /* days since 1970-01-01, the last day; FR_NO_EXPIRY */
    uint32_t line;
    uint16_t column;
    uint8_t file; /* beyond the policy's first */
    uint8_t deny : 1, log : 1, expired : 1, by_name : 1, usable : 1;
    uint8_t shadowed : 1; /* denies cover it, wherever it is enforced */
    uint32_t spares;      /* of a deny: 0, or 1 + an index into spare_lists */
};

/* A flow that a deny takes nothing from. */
struct fr_spared {
    fr_string name;
    uint32_t flow;
    struct fr_at at;
};

/* A value of a binding: key, or key and label; in the order of the file. */
struct fr_binding_value {
    fr_string key, label, value;
};

/* A network in a platform's own terms. */
struct fr_binding {
    fr_string platform;
    struct fr_span values;
    struct fr_at at;
};

struct fr_network {
    fr_string name, description;
    struct fr_span members, except; /* of peers */
    struct fr_span bindings;
    struct fr_at at;
    uint8_t visit; /* 0 new, 1 under way, 2 done: for cycles */
    uint8_t depth; /* how deep networks nest in it, itself included */
    bool used;
    bool placed; /* it is at a place */
};

/* Networks that are behind the same interfaces or in the same zones. */
struct fr_place_definition {
    fr_string name;
    struct fr_span networks; /* of place_items */
    struct fr_span bindings;
    struct fr_at at;
};

/* A network of a place; or a place of a target, and one of the interfaces that it has there. */
struct fr_place_item {
    fr_string name, value;
    uint32_t index; /* of networks, or of places: once it is bound */
    struct fr_at at, value_at;
};

/* A proxy, who asks it, and what they ask for without it. */
struct fr_proxy {
    fr_string name, http, https; /* HOST:PORT; 0: none */
    struct fr_span from, bypass; /* of peers */
    struct fr_at at;
};

struct fr_service_definition {
    fr_string name;
    fr_service service;
    struct fr_at at;
};

struct fr_setting_value {
    fr_string key, value;
    struct fr_at at, value_at;
};

/* A pattern of select.name: a plain name, or a compiled expression. */
struct fr_pattern {
    fr_string text;
    void *expression; /* pcre2_code *, NULL for a plain name */
    struct fr_at at;
};

enum fr_names_mode { FR_NAMES_DEFAULT, FR_NAMES_NATIVE, FR_NAMES_PINNED, FR_NAMES_REFUSE };
enum fr_log_mode { FR_LOG_FLOWS, FR_LOG_DENIED, FR_LOG_ALL, FR_LOG_NONE };
enum fr_direction_mode { FR_DIRECTION_BOTH, FR_DIRECTION_EGRESS, FR_DIRECTION_INGRESS };
enum fr_loss { FR_LOSS_WIDEN = 1, FR_LOSS_NARROW = 2 };

struct fr_loss_entry {
    fr_string flow;
    uint32_t flow_index;
    enum fr_loss loss;
    struct fr_at at;
};

/* The words true and false of baseline:. Parts that are not in the first must be listed. */
#define FR_BASELINE_TRUE  (~(unsigned)FLOWRULES_BASELINE_INVALID)
#define FR_BASELINE_FALSE ((unsigned)FLOWRULES_BASELINE_REPLIES)

/* The words for services that a target may shut on purpose: word i is bit i; ends with NULL. */
#define FR_NEEDS 11u
extern const char *const fr_need_words[FR_NEEDS + 1];

struct fr_target {
    fr_string name, backend, format;        /* format: 0 = the backend's first */
    const struct flowrules_backend *record; /* NULL while it is not known */
    struct fr_span protects;                /* of peers; count 0: the policy's */
    struct fr_span settings;
    struct fr_span select_tags;  /* of target_strings */
    struct fr_span select_names; /* of patterns */
    struct fr_span losses;
    struct fr_span places; /* of place_items */
    enum fr_names_mode names;
    enum fr_log_mode log;
    enum fr_direction_mode direction;
    unsigned baseline; /* enum flowrules_baseline, bits */
    bool own_baseline; /* 'baseline' is there */
    unsigned shuts;    /* of fr_need_words: bits */
    bool select_none;  /* select: none */
    bool permits;      /* mode: permits */
    bool own_places;   /* 'places' is there: bindings of networks to interfaces are others' */
    bool optimize;
    struct fr_at at, backend_at, format_at;
    struct fr_at baseline_at; /* of a list of parts; else line 0 */
    struct fr_at shuts_at, mode_at, log_at, places_at;
};

/* A finding of lint that is accepted, and why. */
enum fr_silence_of {
    FR_SILENCE_OF_POLICY,
    FR_SILENCE_OF_FLOW,
    FR_SILENCE_OF_NETWORK,
    FR_SILENCE_OF_TARGET
};

struct fr_silence {
    uint16_t finding; /* enum fr_finding_id */
    uint8_t of;       /* enum fr_silence_of */
    uint32_t index;   /* of flows, networks or targets */
    fr_string thing;  /* of the policy's: the name that it is about; 0: whatever it is about */
    fr_string reason;
    struct fr_at at;
};

/* The thresholds of lint. */
enum fr_lint_limit {
    FR_LINT_PORTS,
    FR_LINT_SOURCES,
    FR_LINT_DESTINATIONS,
    FR_LINT_EXPIRY,
    FR_LINT_PIN_AGE,
    FR_LINT_LIMITS
};
#define FR_LINT_NO_LIMIT UINT32_MAX

/* What a flow should say: word i is bit i. */
enum fr_lint_required {
    FR_REQUIRE_OWNER = 1,
    FR_REQUIRE_PURPOSE = 2,
    FR_REQUIRE_TICKET = 4,
    FR_REQUIRE_EXPIRES = 8
};

/* Protocols that do not encrypt: word i is bit i of 'cleartext'; ends with NULL. */
extern const char *const fr_cleartext_words[];
extern const char *const fr_required_words[];

/* What lint looks for, as the policy says it (policy_lint.c). */
struct fr_lint_rules {
    uint32_t limits[FR_LINT_LIMITS];
    unsigned require; /* enum fr_lint_required, bits */
    bool own_require; /* 'require' is there */
    unsigned cleartext;
    struct fr_span cleartext_in; /* of peers; none: everywhere */
    struct fr_span expiry_tags;  /* of target_strings */
};

/* An end of an assertion, or a zone: what is in members (rest: everything) and not in except. */
struct fr_asserted {
    struct fr_span members, except; /* of peers */
    bool rest;
};

/* A part of the addresses; its name is one that assertions know. */
struct fr_zone {
    fr_string name;
    struct fr_asserted asserted;
    bool all_else; /* what is in no other zone */
    struct fr_at at;
};

/* Packets that an assertion is about. The service, and the place, are those of 'flow'. */
struct fr_packets {
    struct fr_flow flow; /* of which source and destination are empty */
    struct fr_asserted ends[2];
};

/* What an assertion leaves to a flow until a day. */
struct fr_exception {
    fr_string flow, by, ticket, until_text;
    int32_t until;          /* the last day; FR_NO_EXPIRY while it is not known */
    struct fr_span packets; /* of packets: none, or one beyond which it does not hold */
    struct fr_at at, flow_at;
};

enum fr_assertion_kind { FR_ASSERT_NEVER, FR_ASSERT_ONLY, FR_ASSERT_MUST, FR_ASSERT_KINDS };

struct fr_assertion {
    fr_string name, because;
    enum fr_assertion_kind kind;
    struct fr_span packets, exceptions;
    struct fr_at at;
};

/* What may pass from one zone to another. */
struct fr_matrix_cell {
    fr_string names[2];
    uint32_t zones[2];
    struct fr_flow flow; /* its service, and the place */
    struct fr_at row_at; /* of the zone that it is from */
};

struct flowrules_policy {
    flowrules_context *context;
    uint32_t first_file;    /* of the policy's files; a context may have read others before */
    unsigned references;    /* its owner, and the artifacts and reports that read it */
    flowrules_policy *base; /* of a fork: it owns the texts, services and pins that both read */
    struct fr_strings strings;
    fr_string title, description;
    struct fr_services services;
    struct fr_lock lock;
    struct fr_vec networks, peers, ranges, bindings, binding_values;
    struct fr_vec places, place_items; /* struct fr_place_definition, struct fr_place_item */
    struct fr_vec proxies;             /* struct fr_proxy */
    struct fr_vec definitions;
    struct fr_vec service_refs; /* struct fr_peer: lists; fr_own_services says what ends one */
    struct fr_vec flows, tag_lists, tags;
    struct fr_vec spare_lists; /* struct fr_span of spared, those of each in order of the flows */
    struct fr_vec spared;      /* struct fr_spared */
    struct fr_vec targets, settings, target_strings, patterns, losses;
    struct fr_vec silences; /* struct fr_silence */
    struct fr_lint_rules lint;
    struct fr_vec zones, assertions, packets, exceptions, matrix; /* as named above */
    struct fr_at matrix_at;                                       /* line 0: there is none */
    bool of_owner; /* a file of assertions: it has no flows, and judges those of another */
    struct fr_span protects;
    struct fr_map network_by_name, definition_by_name, target_by_name, place_by_name;
    /* Values of bindings that their platform compares ignoring case: in lower case -> as first. */
    struct fr_map spelling_of;
    int32_t as_of;
    char *lock_path;
};

#define FR_POLICY_TEXT(policy, string) fr_strings_text(&(policy)->strings, (string))

bool fr_flow_has_tag(const flowrules_policy *policy, const struct fr_flow *flow, fr_string tag);
/* The flows that a deny spares: none where it is an allow. */
struct fr_span fr_flow_spares(const flowrules_policy *policy, const struct fr_flow *deny);
/* True if a deny spares the flow with this number. */
bool fr_flow_is_spared(const flowrules_policy *policy, const struct fr_flow *deny, uint32_t flow);
/* The flow of a name; a walk over all of them, for the few that are asked for by name. */
bool fr_policy_find_flow(const flowrules_policy *policy, fr_string name, uint32_t *flow);
/* The binding of a network to a platform, or NULL. */
const struct fr_binding *fr_policy_binding(const flowrules_policy *policy, const char *network,
                                           const char *platform);
/* The binding by which a backend knows a network, or NULL. */
const struct fr_binding *fr_policy_binding_for(const flowrules_policy *policy, const char *network,
                                               const struct flowrules_backend *backend);
/* True if a list of ends has the same item. */
bool fr_policy_lists(const flowrules_policy *policy, struct fr_span list,
                     const struct fr_peer *item);
/* A target's setting: what it says, else the default of its backend, else NULL. */
const char *fr_target_setting(const flowrules_policy *policy, const struct fr_target *target,
                              const char *key);
/*
 * The key of bindings with the interfaces, or zones, that the target's rules match, and whether
 * these are patterns of names; NULL: its rules match none.
 */
const char *fr_target_places_key(const flowrules_policy *policy, const struct fr_target *target,
                                 const struct flowrules_capabilities *can, bool *patterns);
/* By enum flowrules_end: do the target's rules match the interfaces of packets there? */
void fr_target_places_ends(const flowrules_policy *policy, const struct fr_target *target,
                           const struct flowrules_capabilities *can, bool matches[2]);
/* True if a target stands between networks, not on what it protects. */
bool fr_target_is_between(const flowrules_policy *policy, const struct fr_target *target);
/* Keeps a policy alive until a flowrules_policy_free more. */
flowrules_policy *fr_policy_hold(const flowrules_policy *policy);

/* Network, or place, number index of the policy as a word to suggest; NULL behind the last. */
const char *fr_network_candidate(const void *policy, size_t index);
const char *fr_place_candidate(const void *policy, size_t index);

flowrules_status fr_policy_new(flowrules_policy **policy, flowrules_context *context);
/*
 * Makes a policy that says the same as base and can be changed. Texts, terms of services and the
 * lock are base's, which is kept alive (policy_fork.c).
 */
flowrules_status fr_policy_fork(flowrules_policy **fork, const flowrules_policy *base);
/* The lists of a policy, 0, 1 ... until NULL: all of its vectors. */
struct fr_vec *fr_policy_list(flowrules_policy *policy, size_t index);

/* The rules of lint where the policy says nothing (policy_lint.c). */
struct fr_lint_rules fr_lint_defaults(void);
/*
 * Read a file of assertions, which belongs to another owner than the policy: it has zones,
 * assertions, and the networks and services that they name, and no flows.
 */
flowrules_status fr_assertion_file_load(flowrules_policy **policy, flowrules_context *context,
                                        const char *path);
flowrules_status fr_assertion_file_load_text(flowrules_policy **policy, flowrules_context *context,
                                             const char *name, const char *text, size_t size);

/* The word for a kind of assertion, as a policy writes it. */
extern const char *const fr_assertion_words[FR_ASSERT_KINDS];
/*
 * What an assertion of a policy or file is called: its name, else its kind and number in the file,
 * in the arena. NULL when out of memory.
 */
const char *fr_assertion_id(struct fr_arena *arena, const flowrules_policy *policy, size_t number);

/* Reads a file into the policy (rank 2a): keys, values, forms. Errors are reported. */
flowrules_status fr_policy_read(flowrules_policy *policy, uint32_t file, const char *path,
                                const struct fr_input *input);
/* The place of a flow's name, with its length. */
struct fr_at fr_flow_place(const flowrules_policy *policy, const struct fr_flow *flow);
/* Binds names to what they name and checks the whole (rank 2b). */
flowrules_status fr_policy_resolve(flowrules_policy *policy);

/* *selected: a target's select takes the flow (policy_select.c). */
flowrules_status fr_target_selects(const flowrules_policy *policy, const struct fr_target *target,
                                   const struct fr_flow *flow, bool *selected);

static inline struct fr_at fr_peer_at(const flowrules_policy *policy, const struct fr_peer *peer) {
    return (struct fr_at){policy->first_file + peer->file, peer->line, peer->column, 0};
}

/* A column as flows and peers keep it: 0, the whole line, where it does not fit. */
static inline uint16_t fr_short_column(const struct fr_at *at) {
    return (uint16_t)(at->column <= UINT16_MAX ? at->column : 0);
}

#endif
