/*
 * flowrules: the interface for writers of readers. A reader is the function read of a backend's
 * record.
 *
 * A reader turns a configuration (an artifact of flowrules, or the output of a device or cloud)
 * into rules, in the order in which the platform decides. It never guesses. A rule that it does not
 * understand completely has a doubt (struct flowrules_read_rule). If something might change the
 * meaning of a whole direction, it calls flowrules_input_doubt, and no comparison says "equal".
 * Everything that a reader receives is valid as long as the input. When out of memory, every call
 * does nothing (and pointers are NULL), so a reader need not handle this error.
 */
#ifndef FLOWRULES_READER_H
#define FLOWRULES_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A place: the index of the file, line and column from 1 (0: the whole file). */
struct flowrules_place {
    size_t file;
    uint32_t line, column;
};

FLOWRULES_API size_t flowrules_input_file_count(const flowrules_input *in);
FLOWRULES_API const char *flowrules_input_file_name(const flowrules_input *in, size_t file);
/* The bytes of a file; a NUL follows them. */
FLOWRULES_API const char *flowrules_input_text(const flowrules_input *in, size_t file,
                                               size_t *size);
/*
 * True if one of the first lines is "flowrules target ...", as in a file with steps to load an
 * artifact.
 */
FLOWRULES_API bool flowrules_input_tells_steps(const flowrules_input *in, size_t file,
                                               unsigned lines);
/* The requested format, or NULL: the reader recognises it from the files. */
FLOWRULES_API const char *flowrules_input_format(const flowrules_input *in);
/* A setting of the target, or of the caller; else the backend's default, or NULL. */
FLOWRULES_API const char *flowrules_input_setting(const flowrules_input *in, const char *key);
/* True if the caller gave this setting, besides any target. */
FLOWRULES_API bool flowrules_input_given(const flowrules_input *in, const char *key);
/*
 * True if the target has mode: permits. Its artifact is then a part of a configuration: if the
 * files have only a part of a list, the list ends with a block, since nothing in them permits the
 * rest.
 */
FLOWRULES_API bool flowrules_input_permits(const flowrules_input *in);
/*
 * The target that the configuration is compared with, or NULL: an import, or a comparison of two
 * configurations.
 */
FLOWRULES_API const char *flowrules_input_target(const flowrules_input *in);

/*
 * For a reader of a language whose rules are for several platforms: the rules that follow are for a
 * target of this backend, built in or a plugin. False, and nothing is changed, if there is none.
 */
FLOWRULES_API bool flowrules_input_is_for(flowrules_input *in, const char *backend);

/*
 * Compares a day, YYYY-MM-DD, with the option as-of: -1 before it, 0 the same day, 1 after it. Sets
 * *known to false if the option is not set or day is not a date.
 */
FLOWRULES_API int flowrules_input_day(const flowrules_input *in, const char *day, bool *known);

/* Messages, one line each. */
/* Reports a syntax error: the configuration cannot be read. hint may be NULL. */
FLOWRULES_API void flowrules_input_error(flowrules_input *in, struct flowrules_place at,
                                         const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/*
 * Reports something outside of rules that is not understood and might change what passes in a
 * direction. For a rule, set its doubt instead.
 */
FLOWRULES_API void flowrules_input_doubt(flowrules_input *in, struct flowrules_place at,
                                         enum flowrules_direction direction, const char *format,
                                         ...) __attribute__((format(printf, 4, 5)));
/* Reports something that does not change what passes, but that an import cannot keep. */
FLOWRULES_API void flowrules_input_note(flowrules_input *in, struct flowrules_place at,
                                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Warns that something is missing in the configuration; the text says what is assumed. */
FLOWRULES_API void flowrules_input_assume(flowrules_input *in, struct flowrules_place at,
                                          const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/*
 * True if reading has failed: an error was reported, or out of memory. The reader may then return.
 */
FLOWRULES_API bool flowrules_input_failed(const flowrules_input *in);

/* Zeroed memory that lives as long as the input; NULL when out of memory. */
FLOWRULES_API void *flowrules_input_alloc(flowrules_input *in, size_t size);
FLOWRULES_API char *flowrules_input_copy(flowrules_input *in, const char *text, size_t length);
/* A text made by format. */
FLOWRULES_API char *flowrules_input_print(flowrules_input *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * Makes room for one more item, which is zeroed, in an array of count items, which begins as NULL
 * with *capacity 0.
 * Returns the array, perhaps at another address; NULL when out of memory (the old array stays with
 * the input), and from then on for the same array.
 */
FLOWRULES_API void *flowrules_input_grow(flowrules_input *in, void *items, size_t *capacity,
                                         size_t count, size_t item_size);
/*
 * A table of names for each kind (0-15). define adds a name; it is false if the name exists already
 * (or when out of memory). lookup is NULL if the name does not exist.
 */
FLOWRULES_API bool flowrules_input_define(flowrules_input *in, unsigned kind, const char *name,
                                          void *meaning);
FLOWRULES_API void *flowrules_input_lookup(const flowrules_input *in, unsigned kind,
                                           const char *name);

/* ---- texts of lines and words --------------------------------------------------------------- */

/* A line, without its end. Zero it with the file's index set to begin. */
struct flowrules_line {
    size_t file;
    uint32_t number;
    const char *text; /* not NUL-terminated */
    size_t length;
};

/* Gives the next line; false after the last. A CR before the LF is not part of it. */
FLOWRULES_API bool flowrules_input_line(flowrules_input *in, struct flowrules_line *line);

/* A word of a line: text NUL-terminated and without its quotes, column from 1. */
struct flowrules_word {
    const char *text;
    uint32_t column;
    bool quoted;
};

/*
 * Splits a line into words at blanks. quotes: the quote characters (NULL: none). If escapes is
 * true, a backslash inside quotes takes the next character literally. A quote that does not end is
 * reported as an error. NULL and 0 for a line without words.
 */
FLOWRULES_API const struct flowrules_word *flowrules_input_words(flowrules_input *in,
                                                                 const struct flowrules_line *line,
                                                                 const char *quotes, bool escapes,
                                                                 size_t *count);

/* ---- documents: YAML, JSON and XML ---------------------------------------------------------- */

/*
 * A value of a document. YAML and JSON: a mapping with keys, a list, or a scalar. XML: an element
 * is a mapping with its name, attributes, text and child elements.
 */
typedef struct flowrules_node flowrules_node;
enum flowrules_node_kind {
    FLOWRULES_NODE_NULL, /* nothing, ~, null */
    FLOWRULES_NODE_TEXT, /* a scalar: text, number or boolean */
    FLOWRULES_NODE_LIST,
    FLOWRULES_NODE_MAP
};

/*
 * The documents of a YAML or JSON file, in a list; NULL after an error, which is reported. The same
 * key twice in a mapping is an error.
 */
FLOWRULES_API const flowrules_node *flowrules_input_documents(flowrules_input *in, size_t file);
/* The root element of an XML file; NULL after an error. External entities are never read. */
FLOWRULES_API const flowrules_node *flowrules_input_xml(flowrules_input *in, size_t file);

/* All of these accept NULL as an absent node. */
FLOWRULES_API enum flowrules_node_kind flowrules_node_kind(const flowrules_node *node);
FLOWRULES_API struct flowrules_place flowrules_node_place(const flowrules_node *node);
/* The value of a mapping's key, or an element's first child of a name; NULL when absent. */
FLOWRULES_API const flowrules_node *flowrules_node_get(const flowrules_node *node, const char *key);
/* The items of a list or mapping (child elements), in order: first, then next until NULL. */
FLOWRULES_API const flowrules_node *flowrules_node_first(const flowrules_node *node);
FLOWRULES_API const flowrules_node *flowrules_node_next(const flowrules_node *node);
/* The number of items. */
FLOWRULES_API size_t flowrules_node_count(const flowrules_node *node);
/* The key of a value, or the name of an element; NULL in a list. */
FLOWRULES_API const char *flowrules_node_key(const flowrules_node *node);
/* The text of a scalar, or the own text of an element without surrounding blanks; else NULL. */
FLOWRULES_API const char *flowrules_node_text(const flowrules_node *node);
/* True if a scalar was written in quotes. */
FLOWRULES_API bool flowrules_node_quoted(const flowrules_node *node);
/* An attribute of an XML element, or NULL. */
FLOWRULES_API const char *flowrules_node_attribute(const flowrules_node *node, const char *name);
/* Parses a whole number from low to high; false if it is not one. */
FLOWRULES_API bool flowrules_node_number(const flowrules_node *node, long long low, long long high,
                                         long long *number);

/* ---- words of the field --------------------------------------------------------------------- */

/*
 * Parses an address, a prefix (bits to its right are cleared) or first-last; false if it is none of
 * them.
 */
FLOWRULES_API bool flowrules_parse_range(const char *text, size_t length,
                                         struct flowrules_range *range);
/* Parses an IPv4 address and netmask ("255.255.240.0") as a prefix; false for a mask with gaps. */
FLOWRULES_API bool flowrules_parse_netmask(const char *address, const char *mask,
                                           struct flowrules_range *range);
/* Parses a decimal number from 0 to most with nothing after it; false if it is not one. */
FLOWRULES_API bool flowrules_parse_number(const char *text, size_t length, unsigned most,
                                          unsigned *number);
/* IANA's number of a protocol by name or number, any case; -1 when unknown. */
FLOWRULES_API int flowrules_parse_protocol(const char *text);
/* A port by number or IANA's name for the protocol; -1 when unknown. */
FLOWRULES_API int flowrules_parse_port(const char *text, int protocol);

/* ---- sets and rules that were read ----------------------------------------------------------- */

FLOWRULES_API struct flowrules_set flowrules_input_any(const flowrules_input *in);
FLOWRULES_API struct flowrules_set flowrules_input_none(const flowrules_input *in);
/* Every address of a family, and no name or group. */
FLOWRULES_API struct flowrules_set flowrules_input_family(flowrules_input *in,
                                                          enum flowrules_family family);
FLOWRULES_API struct flowrules_set flowrules_input_range(flowrules_input *in,
                                                         const struct flowrules_range *range);
/* The union of ranges, which may overlap, in one go. */
FLOWRULES_API struct flowrules_set
flowrules_input_ranges(flowrules_input *in, const struct flowrules_range *ranges, size_t count);
/* A name, or with "*." before it every name below it; an invalid name is reported as an error. */
FLOWRULES_API struct flowrules_set
flowrules_input_name(flowrules_input *in, struct flowrules_place at, const char *name);

/*
 * A group in the platform's own terms: the keys, labels and values of a binding, as in the
 * backend's table of bindings (label NULL where the key is no mapping). Of a key that is a list,
 * one value: the network with several is the union of a group for each. Keys that don't say which
 * machines it is (a port mapping, a zone) are left out. The order does not matter.
 */
struct flowrules_group_key {
    const char *key, *label, *value;
};
FLOWRULES_API struct flowrules_set
flowrules_input_group(flowrules_input *in, const struct flowrules_group_key *keys, size_t count);
/* For an import: the configuration says that it protects these groups. */
FLOWRULES_API void flowrules_input_is_of(flowrules_input *in, struct flowrules_set groups);
/* What the target protects, in the terms of the input; "any" without a target. */
FLOWRULES_API struct flowrules_set flowrules_input_protects(flowrules_input *in);
/*
 * True if a pod of a group (keys as in flowrules_input_group) may be among those that the target
 * protects, and without a target.
 */
FLOWRULES_API bool flowrules_input_may_protect(flowrules_input *in,
                                               const struct flowrules_group_key *keys,
                                               size_t count);
/* A set of the target's plan (protected networks, say) in the terms of the input; for baseline. */
FLOWRULES_API struct flowrules_set
flowrules_input_own(flowrules_input *in, const flowrules_plan *plan, struct flowrules_set set);
/*
 * The network interface of this name (1 to 15 bytes, as in Linux), or where begins is true all
 * whose names begin so; none for a longer name. A set of interfaces is for the member interfaces
 * of a rule alone; it is united, intersected and subtracted like others.
 */
FLOWRULES_API struct flowrules_set flowrules_input_interface(flowrules_input *in, const char *name,
                                                             bool begins);
/* The same of a zone, or of an interface that Linux does not name: exactly this name, of any
 * length. */
FLOWRULES_API struct flowrules_set flowrules_input_zone(flowrules_input *in, const char *name);
/* All interfaces but the loopback interface, whose packets are a kind of their own. */
FLOWRULES_API struct flowrules_set flowrules_input_interfaces(flowrules_input *in);
/* The union of sets, in one go. */
FLOWRULES_API struct flowrules_set
flowrules_input_unite(flowrules_input *in, const struct flowrules_set *sets, size_t count);
FLOWRULES_API struct flowrules_set
flowrules_input_intersect(flowrules_input *in, struct flowrules_set a, struct flowrules_set b);
FLOWRULES_API struct flowrules_set
flowrules_input_subtract(flowrules_input *in, struct flowrules_set a, struct flowrules_set b);
/*
 * A value of a binding in the policy's spelling, if only upper and lower case differ; else the
 * value itself. For platforms that ignore case.
 */
FLOWRULES_API const char *flowrules_input_spelling(const flowrules_input *in, const char *key,
                                                   const char *value);
/*
 * What is in the networks of the policy whose binding to this backend has the value for a key (a
 * zone's addresses, say), and not in such networks within these that have another; none where no
 * network has it. *known: there is a policy.
 */
FLOWRULES_API struct flowrules_set flowrules_input_bound(flowrules_input *in, const char *key,
                                                         const char *value, bool *known);
/* The values that these bindings have for a key, each once: index 0, 1 ... until NULL. */
FLOWRULES_API const char *flowrules_input_bound_value(flowrules_input *in, const char *key,
                                                      size_t index);
/* For an import: the name of a set in the configuration. description may be NULL. */
FLOWRULES_API void flowrules_input_label(flowrules_input *in, struct flowrules_set set,
                                         const char *name, const char *description);
/* The same of services, in a rule as it is added. */
FLOWRULES_API void flowrules_input_label_services(flowrules_input *in,
                                                  const struct flowrules_service *services,
                                                  size_t count, const char *name);
/*
 * For an import: the value of a setting in the configuration (for example the interface of an
 * access list, or "format"). A setting of the caller replaces it.
 */
FLOWRULES_API void flowrules_input_found(flowrules_input *in, const char *key, const char *value);
/* The same, only for targets of one direction. */
FLOWRULES_API void flowrules_input_found_in(flowrules_input *in, enum flowrules_direction direction,
                                            const char *key, const char *value);

/*
 * Reports one of several security groups or networks in the configuration, of which a target is for
 * one: the value of the setting key that chooses it, and its name (NULL: the value). A reader
 * reports all of them before the error that one must be chosen; an import then reads once for each.
 * False if one is already chosen: by a target, by the settings of the caller, or by an import.
 */
FLOWRULES_API bool flowrules_input_choice(flowrules_input *in, const char *key, const char *value,
                                          const char *name);
/* True for an import, which reads once for each choice; a comparison reads all at once. */
FLOWRULES_API bool flowrules_input_imports(const flowrules_input *in);

/*
 * The kinds of packets that rules of Linux distinguish. The baseline (docs/MODEL.md) decides all
 * kinds except new ones. Platforms that track connections themselves have only the first kind.
 */
enum flowrules_packets {
    FLOWRULES_NEW = 1,       /* opens a connection, and is none of the below */
    FLOWRULES_REPLY = 2,     /* of a connection that is established, or related to one */
    FLOWRULES_LOOPBACK = 4,  /* comes or goes by the loopback interface */
    FLOWRULES_NEIGHBOUR = 8, /* ICMPv6 133-136 with hop limit 255 */
    FLOWRULES_LISTENER = 16, /* ICMPv6 130-132 and 143 with hop limit 1 */
    FLOWRULES_MIDSTREAM = 32 /* TCP without a connection that does not begin with a SYN */
};

enum flowrules_verdict {
    FLOWRULES_PASS,  /* ends this list: the list allows the packet */
    FLOWRULES_BLOCK, /* ends all lists: denied */
    /* Not compared: packets that the target does not decide, or that cannot exist. */
    FLOWRULES_OUTSIDE
};

/* A rule that was read. A zero in families, packets or service_count means all. */
struct flowrules_read_rule {
    enum flowrules_direction direction;
    enum flowrules_verdict verdict;
    unsigned families; /* bits */
    unsigned packets;  /* bits */
    struct flowrules_set source, destination;
    const struct flowrules_service *services;
    size_t service_count;
    /*
     * The interfaces by which its packets come, and by which they leave; zero means all. Packets
     * of the loopback interface are of the kind for it, and are not in such a rule.
     */
    struct flowrules_set interfaces[2];
    struct flowrules_place at;
    /* For an import: what the configuration calls it, says of it, ...; may be NULL. */
    const char *name, *comment;
    const char *expires; /* its last day, YYYY-MM-DD */
    bool log;
    /*
     * NULL, or the reason why it is not known whether a packet within the fields above matches: one
     * line, for people. The fields are the most that the rule may match, and verdict applies to a
     * packet that matches. For the packets that certainly match, add a rule without a doubt before
     * it. A packet is decided if the result is the same with and without a match; otherwise no
     * comparison says "equal". An import leaves out an allow in doubt and keeps a deny in doubt.
     */
    const char *doubt;
    /*
     * The number of what counts the packets that the rule decides, and no others; rules may share
     * it. 0: nothing does.
     */
    uint32_t counter;
};

/* What a counter of a running configuration shows. */
struct flowrules_counts {
    uint64_t packets, bytes;
    bool has_bytes;   /* it counts bytes, too */
    const char *last; /* the day on which it last counted, YYYY-MM-DD; NULL: not known */
};
/*
 * Adds a counter; its number is for the member counter of rules. 0 when out of memory. Where files
 * have counters of rules and not the rules, a reader adds these and no rule: it is then called
 * again with the files of the target beside them.
 */
FLOWRULES_API uint32_t flowrules_input_counter(flowrules_input *in, struct flowrules_place at,
                                               const struct flowrules_counts *counts);
/* Parses a number without sign that fits 64 bits; false if it is not one. */
FLOWRULES_API bool flowrules_parse_count(const char *text, size_t length, uint64_t *count);

/*
 * Adds a rule to the list of its direction: the first match decides. A packet that matches no rule
 * of a list passes the list, so a reader ends each list with the default of the platform. A
 * direction without rules is not enforced: everything passes. A rule that can match nothing (an
 * empty source or destination, families that differ) is ignored.
 */
FLOWRULES_API void flowrules_input_rule(flowrules_input *in,
                                        const struct flowrules_read_rule *rule);
/* Begins a further list of a direction: a packet must pass all lists. */
FLOWRULES_API void flowrules_input_stage(flowrules_input *in, enum flowrules_direction direction);
/*
 * Makes matching packets continue at a later point of the same list (a return from a chain).
 * flowrules_input_land takes the returned number; that point is before the next rule. With a doubt,
 * the packets may continue there or with the next rule. verdict is ignored.
 */
FLOWRULES_API uint32_t flowrules_input_skip(flowrules_input *in,
                                            const struct flowrules_read_rule *rule);
FLOWRULES_API void flowrules_input_land(flowrules_input *in, uint32_t skip);

/*
 * Declares that no two of these groups have an address in common, as the platform documents.
 * Otherwise the addresses of groups and names are not known: a comparison says "unknown" if a deny
 * precedes an allow on one side only and both may match the same addresses.
 */
FLOWRULES_API void flowrules_input_disjoint(flowrules_input *in, struct flowrules_set groups);
/* Declares that these groups have none of the addresses in rules. */
FLOWRULES_API void flowrules_input_unaddressed(flowrules_input *in, struct flowrules_set groups);

#ifdef __cplusplus
}
#endif

#endif
