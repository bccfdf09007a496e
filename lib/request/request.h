/*
 * A request in memory: its files, how their columns are taken (the mapping), and the flows that
 * their rows ask for.
 */
#ifndef FR_REQUEST_H
#define FR_REQUEST_H

#include "names.h"
#include "policy_text.h"
#include "services.h"
#include "table.h"
#include "words.h"

/* What the mapping has of one heading. */
struct fr_mapped {
    const char *heading; /* on one line */
    enum fr_role role;
    const char *key; /* of FR_ROLE_OTHER: "x-zone" */
    const char *why; /* of a guess; NULL: the mapping file says it */
};

/* What the mapping has of one sheet. */
struct fr_mapped_sheet {
    const char *file, *name; /* name: NULL for the only one */
    uint32_t row;            /* of the headings; 0: it has none */
    bool skip;
};

/* What a text of a cell is in the policy: addresses, names or networks. */
struct fr_mapped_name {
    const char *text;
    struct fr_vec items; /* const char * */
};

enum fr_dates { FR_DATES_UNKNOWN, FR_DATES_DAY_FIRST, FR_DATES_MONTH_FIRST };

struct fr_mapping {
    bool given;            /* it was read from a file */
    uint32_t file;         /* which, in the diagnostics */
    struct fr_vec columns; /* struct fr_mapped */
    struct fr_vec sheets;  /* struct fr_mapped_sheet */
    struct fr_vec names;   /* struct fr_mapped_name */
    const char *defaults[FR_ROLES];
    enum fr_dates dates;
};

struct flowrules_request {
    flowrules_context *context;
    const struct fr_request_kind *kind;
    struct fr_arena arena;
    struct fr_vec files; /* struct fr_handed */
    struct fr_mapping mapping;
    const char *definitions; /* the file of networks, as the policy is to include it; or NULL */
    struct fr_vec defined;   /* struct fr_defined: what it defines */
};

/* A network of the file of definitions. */
struct fr_defined {
    const char *name, *description; /* description may be NULL */
};

/* A kind of files. */
struct fr_request_kind {
    const char *name, *title;
    flowrules_status (*read)(struct fr_sheets *sheets, const struct fr_handed *file);
};

/* A column of the sheet that is read now. */
struct fr_column {
    enum fr_role role;
    const char *key, *heading; /* key: of FR_ROLE_OTHER */
};

/* The network that is called so; other: a second one that is, too, or NULL. */
struct fr_called {
    const char *name, *other;
};

/* A network that cells name, and nobody defines. */
struct fr_missing {
    const char *text, *word, *where; /* where: "request.csv, C7" */
};

/* A flow that was asked for. */
struct fr_asked_flow {
    const char *title;
    struct fr_vec ends[2]; /* const char *: addresses, names, networks; or "any" */
    fr_service service;
    bool deny, log;
    const char *texts[FR_ROLES]; /* by role; NULL: none */
    struct fr_vec tags;          /* const char * */
    struct fr_vec others;        /* struct fr_other */
    const struct fr_sheet *sheet;
    uint32_t row;
};

struct fr_other {
    const char *key, *text;
};

/* Reading the sheets of a request, row by row. */
struct fr_taking {
    flowrules_request *request;
    flowrules_context *context;
    struct fr_arena *arena; /* of the request */
    struct fr_sheets *sheets;
    struct fr_name_checker *checker;
    struct fr_services services;
    struct fr_policy_titles titles;
    struct fr_strings words; /* names of networks that are taken */
    struct fr_vec missing;   /* struct fr_missing */
    struct fr_strings calls; /* what networks are called (networks.c) */
    struct fr_vec called;    /* struct fr_called: by the number of the string, from 1 */
    struct fr_vec flows;     /* struct fr_asked_flow */
    size_t left_out;         /* rows, and parts of them, that the policy does not have */
    /* The row that is read. */
    struct fr_sheet *sheet;
    const struct fr_row *row;
    const struct fr_cell *cell;      /* that is read; NULL: a default of the mapping */
    const struct fr_row *above;      /* the row before it that was taken, or NULL */
    struct fr_vec columns;           /* struct fr_column */
    enum fr_role role;               /* what is read */
    bool bad;                        /* something of the row is not understood */
    struct fr_service_builder asked; /* terms of the row */
    struct fr_vec url_ports;         /* struct fr_term: those of URLs and of "host:port" */
};

/* ---- messages (told.c) --------------------------------------------------------------------- */

/* A cell is not understood: a warning, and the row is not taken. */
flowrules_status fr_not_understood(struct fr_taking *t, const char *text, size_t length,
                                   const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* A note on how a cell is taken. */
void fr_told(struct fr_taking *t, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "sheet 'Flows', C7 (destination)": where the taking is now, in words; arena's. */
const char *fr_where(struct fr_taking *t);

/* ---- the mapping (mapping.c, map_file.c) --------------------------------------------------- */

void fr_mapping_init(struct fr_mapping *mapping, const struct fr_allocator *allocator);
void fr_mapping_free(struct fr_mapping *mapping);
/*
 * Finds the row of headings of the taking's sheet and what its columns are, by the mapping, else by
 * guess; *headings is the index of the row, SIZE_MAX if the sheet has no flows. What was guessed
 * is added to the mapping.
 */
flowrules_status fr_map_columns(struct fr_taking *t, size_t *headings);
/* Reads a mapping file; errors are reported. */
flowrules_status fr_mapping_read(flowrules_request *request, uint32_t file, const char *text,
                                 size_t size);
/* Writes it. */
void fr_mapping_write(struct flowrules_writer *w, const flowrules_request *request);
/* What the mapping says that a text is, or NULL. */
const struct fr_mapped_name *fr_mapped_name(const struct fr_mapping *mapping, const char *text,
                                            size_t length);

/* ---- cells (ends.c, ports.c, values.c) ----------------------------------------------------- */

/* A part of a cell: up to a comma, semicolon, line break or "and". *at moves behind it. */
size_t fr_next_part(const char **at, const char *end);
/* Adds the addresses and names of a text to an end. */
flowrules_status fr_take_end(struct fr_taking *t, struct fr_vec *items, const char *text);
/* The mask of dots as the length of a prefix; -1: not one. */
int fr_mask_length(const char *text, size_t length);
/* Adds the terms of a text; protocols: those of ports without one, as a text, or NULL. */
flowrules_status fr_take_services(struct fr_taking *t, const char *text, const char *protocols);
/* "443" or "8000-8010" up to 65535; false: it is neither. */
bool fr_port_range(const char *text, size_t length, unsigned *first, unsigned *last);
/* An ISO date in date (11 bytes); *none: it is without an end. */
flowrules_status fr_take_date(struct fr_taking *t, const char *text, char date[11], bool *none);

/* ---- networks (networks.c) ----------------------------------------------------------------- */

/* Takes the networks of the file of definitions. */
flowrules_status fr_networks_define(struct fr_taking *t);
/* The network that a text calls, by its name or its description, or NULL. */
const struct fr_called *fr_network_called(const struct fr_taking *t, const char *text,
                                          size_t length);
/* Adds a network that nobody defines, and says so; *word: its name in the policy. */
flowrules_status fr_network_missing(const char **word, struct fr_taking *t, const char *text,
                                    size_t length);

/* ---- flows (flows.c, write.c) -------------------------------------------------------------- */

void fr_asked_flow_free(struct fr_asked_flow *flow);
/* Reads all rows of the taking's sheet. */
flowrules_status fr_take_sheet(struct fr_taking *t);
/* Writes the policy. */
flowrules_status fr_request_write(struct fr_taking *t, struct flowrules_writer *w);

#endif
