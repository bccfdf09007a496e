/*
 * cisco-asa, what the files of its reader share: what a configuration defines, and a place in a
 * line that is read word by word.
 */
#ifndef FR_CISCO_ASA_READ_H
#define FR_CISCO_ASA_READ_H

#include "flowrules/backend.h"
#include "flowrules/reader.h"

/* What a name stands for. Objects and groups of all kinds share one space of names. */
enum fr_cisco_asa_kind {
    FR_CISCO_ASA_NETWORK,
    FR_CISCO_ASA_SERVICE,
    FR_CISCO_ASA_NETWORK_GROUP,
    FR_CISCO_ASA_SERVICE_GROUP, /* without a type: stands where the protocol does */
    FR_CISCO_ASA_PORT_GROUP,    /* of a type: stands where ports do */
    FR_CISCO_ASA_PROTOCOL_GROUP,
    FR_CISCO_ASA_ICMP_GROUP,
    FR_CISCO_ASA_OTHER /* of users, security groups, applications */
};

/* Kinds of symbols, as flowrules_input_define has them. */
enum {
    FR_CISCO_ASA_OBJECT_NAMES,
    FR_CISCO_ASA_LIST_NAMES,
    FR_CISCO_ASA_TIME_NAMES,
    FR_CISCO_ASA_ALIASES,
    FR_CISCO_ASA_PLACES,
    FR_CISCO_ASA_LABELS,
    FR_CISCO_ASA_COUNTS
};

/* The same end of a rule in IPv4 and in IPv6: an object says one of them, any says both. */
struct fr_cisco_asa_pair {
    struct flowrules_set of[2];
};

struct fr_cisco_asa_lines {
    struct flowrules_line *lines;
    size_t count, capacity;
};

struct fr_cisco_asa_services {
    struct flowrules_service *services;
    size_t count, capacity;
};

struct fr_cisco_asa_port_list {
    struct flowrules_ports *ports;
    size_t count, capacity;
};

enum fr_cisco_asa_progress {
    FR_CISCO_ASA_UNREAD,
    FR_CISCO_ASA_READING, /* so that a group that holds itself is found */
    FR_CISCO_ASA_KNOWN
};

/* An object or group: its lines as they stand, and what they mean once a rule needs it. */
struct fr_cisco_asa_object {
    enum fr_cisco_asa_kind kind;
    const char *name, *description;
    struct flowrules_place at; /* where it was defined first, or again after it was taken away */
    bool gone;                 /* taken away */
    struct fr_cisco_asa_object *next;
    struct fr_cisco_asa_lines held;
    enum fr_cisco_asa_progress progress;
    const char *doubt; /* why it may hold more than what follows, or NULL */
    struct fr_cisco_asa_pair pair;
    struct fr_cisco_asa_services services; /* of protocol and ICMP groups too */
    struct fr_cisco_asa_port_list ports;
};

/* A time-range, as of the day that is read. */
struct fr_cisco_asa_time {
    const char *name;
    struct fr_cisco_asa_lines held;
    enum fr_cisco_asa_progress progress;
    const char *doubt; /* why it is not known whether it is in force, or NULL */
    bool in_force;
    const char *until; /* the last day, or NULL */
};

/* A list exists while it has entries. */
struct fr_cisco_asa_list {
    const char *name;
    struct fr_cisco_asa_lines entries;
    struct fr_cisco_asa_list *next;
};

/* Which list filters where: "in interface inside", "global". */
struct fr_cisco_asa_binding {
    const char *place, *list;  /* list: NULL where none is bound */
    struct flowrules_place at; /* of the command that bound it, failed to, or took it back */
    const char *refused;       /* the list that did not exist when it was to be bound, or NULL */
    bool overridden;           /* per-user-override */
    struct fr_cisco_asa_binding *next;
};

/* An interface, by the mode that it is configured in. */
struct fr_cisco_asa_interface {
    const char *hardware, *name; /* "GigabitEthernet0/0"; its nameif, or NULL */
    struct flowrules_place at;
    struct fr_cisco_asa_lines held;
    unsigned level;
    bool levelled, management;
    bool listed; /* a list is bound to what enters there */
    struct flowrules_set set;
    struct fr_cisco_asa_interface *next;
};

struct fr_cisco_asa_reading {
    flowrules_input *in;
    struct fr_cisco_asa_interface *interfaces;
    struct flowrules_set limits[2];  /* the interfaces of the rules that are given now */
    bool same_level, same_interface; /* same-security-traffic permit inter-, intra-interface */
    struct fr_cisco_asa_binding *bindings, **last_binding;
    size_t places; /* how many of them */
    struct fr_cisco_asa_list *lists, **last_list;
    struct fr_cisco_asa_object *objects;
    struct fr_cisco_asa_lines *open;         /* where lines of a mode go, or NULL */
    struct fr_cisco_asa_object *open_object; /* of which these are, or NULL */
    unsigned depth;                          /* of groups in groups */
    const char *doubt;                       /* of the rule or object that is read, or NULL */
    size_t passed; /* lines that were moved or searched to follow changes, in all */
    bool forward;  /* forward-reference enable: names may be used before they exist */
    bool known;    /* some line was one of an ASA's */
    bool begun;    /* "ASA Version ..." stood */
    struct fr_cisco_asa_counts *counts; /* those of entries, the last one first; or NULL */
};

/* A line, word by word. */
struct fr_cisco_asa_cursor {
    struct fr_cisco_asa_reading *r;
    const struct flowrules_line *line;
    const struct flowrules_word *words;
    size_t count, at;
};

void fr_cisco_asa_begin(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_reading *r,
                        const struct flowrules_line *line);
/* The next word, or "" behind the last; take goes on behind it. */
const char *fr_cisco_asa_peek(const struct fr_cisco_asa_cursor *c);
const char *fr_cisco_asa_take(struct fr_cisco_asa_cursor *c);
/* Is it the next word? Then it is taken. */
bool fr_cisco_asa_accept(struct fr_cisco_asa_cursor *c, const char *word);
/* Is the line a remark of an access list? *at: the word behind "remark", or behind the action. */
bool fr_cisco_asa_is_remark(const struct fr_cisco_asa_cursor *c, size_t *at);
/* The place of the next word, and of the last one taken. */
struct flowrules_place fr_cisco_asa_place(const struct fr_cisco_asa_cursor *c);
struct flowrules_place fr_cisco_asa_taken(const struct fr_cisco_asa_cursor *c);

/* Notes why it is not known what the rule matches that is read; the first reason counts. */
void fr_cisco_asa_doubt(struct fr_cisco_asa_cursor *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A doubt about the word that was taken last; an error at the next one, or behind the last: false.
 */
void fr_cisco_asa_doubt_word(struct fr_cisco_asa_cursor *c, const char *what);
bool fr_cisco_asa_expect(struct fr_cisco_asa_cursor *c, const char *what);
/* Does the line end here? If not, a doubt is told. */
bool fr_cisco_asa_ends_here(struct fr_cisco_asa_cursor *c);

/* Numbers of the ASA's words; -1 when unknown. Protocol 0 is any, -1 of ports without one. */
int fr_cisco_asa_protocol(const char *word, bool *any);
int fr_cisco_asa_port(const char *word, bool tcp, bool udp);
int fr_cisco_asa_icmp_type(const char *word, int protocol);

/*
 * What the words at the cursor surely say. False where an error was told, or a doubt was noted and
 * nothing is sure.
 */
bool fr_cisco_asa_take_end(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_pair *end);
/* eq, lt, gt, neq or range; *given is false where no such word stands there. */
bool fr_cisco_asa_take_ports(struct fr_cisco_asa_cursor *c, int protocol, bool *given,
                             struct fr_cisco_asa_port_list *list);
/* A type and code of ICMP, where the words go on with them. */
bool fr_cisco_asa_take_icmp(struct fr_cisco_asa_cursor *c, struct flowrules_service *service);
bool fr_cisco_asa_add_ports(struct fr_cisco_asa_reading *r, struct fr_cisco_asa_port_list *list,
                            unsigned first, unsigned last);
bool fr_cisco_asa_add_service(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_services *list,
                              struct flowrules_service service);

/* The object of a name, read; NULL where an error was told or a doubt was noted. */
struct fr_cisco_asa_object *fr_cisco_asa_object_named(struct fr_cisco_asa_cursor *c,
                                                      const char *name);
/* The same of a time-range. */
struct fr_cisco_asa_time *fr_cisco_asa_time_named(struct fr_cisco_asa_cursor *c, const char *name);

/* Words of a line that is not taken apart: false where there is none, or it is too long. */
enum { FR_CISCO_ASA_WORD = 256 };
bool fr_cisco_asa_copy_word(const struct flowrules_line *line, size_t index,
                            char word[FR_CISCO_ASA_WORD]);
struct flowrules_place fr_cisco_asa_place_of(const struct flowrules_line *line);
struct fr_cisco_asa_list *fr_cisco_asa_list_named(struct fr_cisco_asa_reading *r, const char *name);
/* NAME {in|out} interface INTERFACE [WORD], or NAME global; false where it is none of them. */
bool fr_cisco_asa_take_place(struct fr_cisco_asa_cursor *c, const char **list, const char **place);

/* Counts lines that are moved or searched; false, with an error told, where they are too many. */
bool fr_cisco_asa_may_pass(struct fr_cisco_asa_reading *r, const struct flowrules_line *line,
                           size_t lines);
/* Follows "clear ..." and "no ...". */
void fr_cisco_asa_clear(struct fr_cisco_asa_reading *r, const struct flowrules_line *line);
void fr_cisco_asa_take_back(struct fr_cisco_asa_reading *r, const struct flowrules_line *line);
/* Follows " no ..." within an object or group; false where it is not understood. */
bool fr_cisco_asa_drop_member(struct fr_cisco_asa_reading *r, const struct flowrules_line *line);

/* The entries of a list as rules, in order. */
/* Reads the list that is bound somewhere; NULL: none is. */
void fr_cisco_asa_read_bound(struct fr_cisco_asa_reading *r, const struct fr_cisco_asa_binding *b);

/* "interface HARDWARE": the lines that follow are of it. */
void fr_cisco_asa_interface(struct fr_cisco_asa_reading *r, const struct flowrules_line *line);
/* How many interfaces have a name. */
size_t fr_cisco_asa_named_interfaces(const struct fr_cisco_asa_reading *r);
/* What passes from an interface without a list; false if the configuration does not have it. */
bool fr_cisco_asa_read_level(struct fr_cisco_asa_reading *r, const char *name);
/* All lists, each for the packets of its interface, and what passes without one. */
void fr_cisco_asa_read_device(struct fr_cisco_asa_reading *r);

void fr_cisco_asa_read_list(struct fr_cisco_asa_reading *r, const struct fr_cisco_asa_list *list);
/* Is a file what 'show access-list' prints? Then its counters are read before the lists. */
bool fr_cisco_asa_is_counts(const flowrules_input *in, size_t file);
void fr_cisco_asa_read_counts(struct fr_cisco_asa_reading *r, size_t file);
/* The counter of an entry by its line in its list, from 1; 0: it has none. */
uint32_t fr_cisco_asa_counter(struct fr_cisco_asa_reading *r, const char *list, size_t line);
/* There are counters, and no configuration beside them. */
void fr_cisco_asa_give_counts(struct fr_cisco_asa_reading *r);
/* Reports counters of lines that the lists do not have, when these were read. */
void fr_cisco_asa_doubt_counts(struct fr_cisco_asa_reading *r);
/* Does its first entry let everything pass? */
bool fr_cisco_asa_passes_all(struct fr_cisco_asa_reading *r, const struct fr_cisco_asa_list *list);

#endif
