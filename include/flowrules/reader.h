/*
 * flowrules: the interface for those who write a reader, the function read of a backend's record.
 *
 * A reader turns a configuration, our own artifact or what the device or cloud gives out, into
 * rules in the order in which the platform decides. It never guesses: a rule that it does not
 * understand whole has a doubt (struct flowrules_read_rule), and what might change the meaning of a
 * whole direction it tells with flowrules_input_doubt: no comparison then says "equal". All that it
 * is handed or asks for lives as long as the input; once memory has run out every call does nothing
 * (and pointers are NULL), so that a reader has no error plumbing.
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

/* Where something stands: the file by its index, line and column from 1 (0: the whole file). */
struct flowrules_place {
    size_t file;
    uint32_t line, column;
};

FLOWRULES_API size_t flowrules_input_file_count(const flowrules_input *in);
FLOWRULES_API const char *flowrules_input_file_name(const flowrules_input *in, size_t file);
/* The bytes of a file; a NUL follows them. */
FLOWRULES_API const char *flowrules_input_text(const flowrules_input *in, size_t file,
                                               size_t *size);
/* Is one of its first lines that of a file on how an artifact is loaded, "flowrules target ..."? */
FLOWRULES_API bool flowrules_input_tells_steps(const flowrules_input *in, size_t file,
                                               unsigned lines);
/* The format that was asked for, or NULL: the reader looks at the files and decides. */
FLOWRULES_API const char *flowrules_input_format(const flowrules_input *in);
/* A setting of the target, or of the caller; else the backend's default, or NULL. */
FLOWRULES_API const char *flowrules_input_setting(const flowrules_input *in, const char *key);
/* Did the caller give this setting, beside any target? */
FLOWRULES_API bool flowrules_input_given(const flowrules_input *in, const char *key);
/*
 * True where the target has mode: permits. Its artifact is then a part of a configuration: a list
 * that the files don't have whole ends with a block, since nothing in them lets the rest pass.
 */
FLOWRULES_API bool flowrules_input_permits(const flowrules_input *in);
/* The target that the configuration is held against, or NULL: an import, a comparison of two. */
FLOWRULES_API const char *flowrules_input_target(const flowrules_input *in);

/*
 * Where a day, YYYY-MM-DD, lies from the one as of which is read (the option as-of): -1 before it,
 * 0 that day, 1 behind it. *known is false without that option, and where day is no date.
 */
FLOWRULES_API int flowrules_input_day(const flowrules_input *in, const char *day, bool *known);

/* What is to be told. The messages are one line each. */
/* It is not of the syntax: nothing can be said of the configuration. hint may be NULL. */
FLOWRULES_API void flowrules_input_error(flowrules_input *in, struct flowrules_place at,
                                         const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/*
 * It is not understood, and might change what passes in a direction: for what belongs to no rule.
 * A rule of which not everything is known has a doubt of its own.
 */
FLOWRULES_API void flowrules_input_doubt(flowrules_input *in, struct flowrules_place at,
                                         enum flowrules_direction direction, const char *format,
                                         ...) __attribute__((format(printf, 4, 5)));
/* It does not change what passes, but an import can't keep it. */
FLOWRULES_API void flowrules_input_note(flowrules_input *in, struct flowrules_place at,
                                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Something is not in the configuration, and is taken for what the text says: a warning. */
FLOWRULES_API void flowrules_input_assume(flowrules_input *in, struct flowrules_place at,
                                          const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Has reading failed for good: an error told, or memory gone? Then a reader may return at once. */
FLOWRULES_API bool flowrules_input_failed(const flowrules_input *in);

/* Zeroed memory, NULL when there is none. */
FLOWRULES_API void *flowrules_input_alloc(flowrules_input *in, size_t size);
FLOWRULES_API char *flowrules_input_copy(flowrules_input *in, const char *text, size_t length);
/* A text made by format. */
FLOWRULES_API char *flowrules_input_print(flowrules_input *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * Room for one more of the count items of an array that began as NULL with *capacity 0: the array,
 * perhaps at another place; NULL when out of memory (the array is lost with the input).
 */
FLOWRULES_API void *flowrules_input_grow(flowrules_input *in, void *items, size_t *capacity,
                                         size_t count, size_t item_size);
/*
 * Names that stand for something: of each kind (0-15) each name once. define is false where the
 * name stands already (or memory ran out); lookup is NULL where it does not stand.
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

/* The next line; false behind the last. A CR before the LF is not part of it. */
FLOWRULES_API bool flowrules_input_line(flowrules_input *in, struct flowrules_line *line);

/* A word of a line: text NUL-terminated and without its quotes, column from 1. */
struct flowrules_word {
    const char *text;
    uint32_t column;
    bool quoted;
};

/*
 * The words of a line, split at blanks. quotes: the characters that quote (NULL: none); inside
 * them, a backslash takes the next character as it is where escapes is true. A quote that does not
 * end is told as an error. NULL and 0 for a line without words.
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
 * The documents of a YAML or JSON file, in a list; NULL after an error, which was told. A key that
 * stands twice in a mapping is an error.
 */
FLOWRULES_API const flowrules_node *flowrules_input_documents(flowrules_input *in, size_t file);
/* The root element of an XML file; NULL after an error. External entities are never read. */
FLOWRULES_API const flowrules_node *flowrules_input_xml(flowrules_input *in, size_t file);

/* All of these take NULL for a node, as one that is absent. */
FLOWRULES_API enum flowrules_node_kind flowrules_node_kind(const flowrules_node *node);
FLOWRULES_API struct flowrules_place flowrules_node_place(const flowrules_node *node);
/* The value of a mapping's key, or an element's first child of a name; NULL when absent. */
FLOWRULES_API const flowrules_node *flowrules_node_get(const flowrules_node *node, const char *key);
/* The items of a list or mapping (child elements), in order: first, then next until NULL. */
FLOWRULES_API const flowrules_node *flowrules_node_first(const flowrules_node *node);
FLOWRULES_API const flowrules_node *flowrules_node_next(const flowrules_node *node);
/* The number of items. */
FLOWRULES_API size_t flowrules_node_count(const flowrules_node *node);
/* The key under which a value stands, an element's name; NULL in a list. */
FLOWRULES_API const char *flowrules_node_key(const flowrules_node *node);
/* A scalar's text, an element's own text without blanks around it; NULL where it is neither. */
FLOWRULES_API const char *flowrules_node_text(const flowrules_node *node);
/* Was a scalar written in quotes? */
FLOWRULES_API bool flowrules_node_quoted(const flowrules_node *node);
/* An attribute of an XML element, or NULL. */
FLOWRULES_API const char *flowrules_node_attribute(const flowrules_node *node, const char *name);
/* A whole number from low to high; false when it is none. */
FLOWRULES_API bool flowrules_node_number(const flowrules_node *node, long long low, long long high,
                                         long long *number);

/* ---- words of the field --------------------------------------------------------------------- */

/* An address, a prefix (bits behind it are cleared) or first-last; false when it is none. */
FLOWRULES_API bool flowrules_parse_range(const char *text, size_t length,
                                         struct flowrules_range *range);
/* An IPv4 address and netmask ("255.255.240.0") as a prefix; false for a mask with holes. */
FLOWRULES_API bool flowrules_parse_netmask(const char *address, const char *mask,
                                           struct flowrules_range *range);
/* A decimal number from 0 to most with nothing behind it; false when it is none. */
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
/* A name, or with "*." in front every name below one; what is none is told as an error. */
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
/* The configuration says itself whose it is: these groups'. For an import. */
FLOWRULES_API void flowrules_input_is_of(flowrules_input *in, struct flowrules_set groups);
/* What the target protects, in the terms of the input; any where there is no target. */
FLOWRULES_API struct flowrules_set flowrules_input_protects(flowrules_input *in);
/*
 * May some pod of a group (its keys as in flowrules_input_group) be among what the target protects?
 * True where there is no target.
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
 * A value of a binding as the policy spells it, where that differs in the case of letters alone;
 * else the value itself. For platforms that do not tell them apart.
 */
FLOWRULES_API const char *flowrules_input_spelling(const flowrules_input *in, const char *key,
                                                   const char *value);
/*
 * What is in the networks of the policy whose binding to this backend has the value for a key (a
 * zone's addresses, say), and not in such networks within these that have another; none where no
 * network has it. *known: is there a policy at all?
 */
FLOWRULES_API struct flowrules_set flowrules_input_bound(flowrules_input *in, const char *key,
                                                         const char *value, bool *known);
/* The values that these bindings have for a key, each once: index 0, 1 ... until NULL. */
FLOWRULES_API const char *flowrules_input_bound_value(flowrules_input *in, const char *key,
                                                      size_t index);
/* The configuration knows a set by this name; for an import. description may be NULL. */
FLOWRULES_API void flowrules_input_label(flowrules_input *in, struct flowrules_set set,
                                         const char *name, const char *description);
/*
 * The configuration tells this setting of a target (the interface of an access list, say, or
 * "format"), so that an import has it. A setting that the caller gave goes before it.
 */
FLOWRULES_API void flowrules_input_found(flowrules_input *in, const char *key, const char *value);
/* The same for targets of one direction alone. */
FLOWRULES_API void flowrules_input_found_in(flowrules_input *in, enum flowrules_direction direction,
                                            const char *key, const char *value);

/*
 * The configuration has several of what a target is for (security groups, networks), and this is
 * one of them: the value that flowrules_input_setting has for the key where it is chosen, and its
 * name (NULL: the value). A reader tells all of them before the error that says that one has to be
 * chosen; an import then reads once for each. False where one is chosen already: by a target, by
 * the caller's settings, or for an import.
 */
FLOWRULES_API bool flowrules_input_choice(flowrules_input *in, const char *key, const char *value,
                                          const char *name);
/* Does an import read? It reads once for each choice, and a comparison reads all at once. */
FLOWRULES_API bool flowrules_input_imports(const flowrules_input *in);

/*
 * The kinds of packets that rules of Linux tell apart. All but the new ones are decided by what
 * docs/MODEL.md calls the baseline. The platforms that track connections by themselves know the
 * first alone.
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
    FLOWRULES_PASS,  /* ends this list: allowed as far as it goes */
    FLOWRULES_BLOCK, /* ends all lists: denied */
    /* Not compared: what the target has no say over, or no packet can be. */
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
     * NULL, or why it is not known whether a packet that is within the fields above matches: one
     * line, for a person. The fields are the most that the rule may match, and verdict is what
     * becomes of a packet that does match. What a rule surely matches is a rule without a doubt
     * before it. A packet for which every way ends the same is decided; of the others no comparison
     * says "equal". An import leaves out an allow in doubt and keeps a deny in doubt.
     */
    const char *doubt;
};

/*
 * The next rule of its direction's list: the first that matches decides. What no rule of a list
 * matches passes it, so a reader ends each list with what the platform does by default. A
 * direction without any rule is not enforced: all passes. A rule that can match nothing (an end
 * that is empty, families that don't meet) may be given: it is left out.
 */
FLOWRULES_API void flowrules_input_rule(flowrules_input *in,
                                        const struct flowrules_read_rule *rule);
/* A further list of a direction begins: a packet has to pass all of them. */
FLOWRULES_API void flowrules_input_stage(flowrules_input *in, enum flowrules_direction direction);
/*
 * What matches goes on behind a later point of the same list (a return from a chain): the number
 * is for flowrules_input_land, which says where that point is: before the next rule. With a doubt,
 * it may go on there or with the next rule. verdict is not looked at.
 */
FLOWRULES_API uint32_t flowrules_input_skip(flowrules_input *in,
                                            const struct flowrules_read_rule *rule);
FLOWRULES_API void flowrules_input_land(flowrules_input *in, uint32_t skip);

/*
 * Which addresses a group or a name has is not known, so that a comparison says "unknown" where
 * a deny precedes an allow on one side and not on the other, and both may match some of them. Of
 * what the platform documents this is known: no two of these groups have an address in common.
 */
FLOWRULES_API void flowrules_input_disjoint(flowrules_input *in, struct flowrules_set groups);
/* These groups have none of the addresses that rules name. */
FLOWRULES_API void flowrules_input_unaddressed(flowrules_input *in, struct flowrules_set groups);

#ifdef __cplusplus
}
#endif

#endif
