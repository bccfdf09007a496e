/*
 * Writing the lock file anew: what a name is pinned to now, beside all that the old file says.
 * Knows nothing of how addresses were found.
 */
#ifndef FR_LOCK_H
#define FR_LOCK_H

#include "json.h"
#include "names.h"

/* An existing lock file; root is NULL if there is none. */
struct fr_lock_document {
    flowrules_context *context;
    char *text;
    size_t size;
    fr_json *root;
    struct fr_vec names; /* const fr_json *: its entries, sorted by name */
    bool example;        /* it says that its addresses are made up */
};

/* Reads an existing lock file; path NULL: there is none. */
flowrules_status fr_lock_document_read(struct fr_lock_document *document,
                                       flowrules_context *context, const char *path);
void fr_lock_document_free(struct fr_lock_document *document);
/* The entry of a name, or NULL. */
const fr_json *fr_lock_document_find(const struct fr_lock_document *document, const char *name);

enum fr_pin_state { FR_PIN_NEW, FR_PIN_SAME, FR_PIN_KEPT, FR_PIN_GONE };

/* An address of a name, as it was and as it is to be. */
struct fr_pinned {
    enum flowrules_family family;
    struct flowrules_ip ip;
    int32_t first_seen, last_seen; /* days, or FR_NO_DATE */
    enum fr_pin_state state;
    unsigned servers;   /* a bit for each that gave it; 0: none in this run */
    const fr_json *old; /* its old entry, or NULL */
    char text[46];
};

/* What a name is pinned to; names are sorted, and so are their addresses. */
struct fr_pinning {
    const char *name;
    const fr_json *old;
    uint32_t first, count;             /* of addresses */
    uint32_t first_alias, alias_count; /* of aliases */
    uint32_t ttl;
    unsigned servers; /* a bit for each that answered */
    bool leave;       /* the old entry stays as it is; without one, nothing is written */
};

struct fr_pinnings {
    const struct fr_vec *names;     /* struct fr_pinning */
    const struct fr_vec *addresses; /* struct fr_pinned */
    const struct fr_vec *aliases;   /* const char * */
    const struct fr_vec *servers;   /* const char *; empty where it is not known who answered */
};

/* The addresses of an old entry, behind those that are there. */
flowrules_status fr_lock_old_pins(flowrules_context *context, const fr_json *entry,
                                  struct fr_vec *pins);
/* The old entry's "ttl", or 0. */
uint32_t fr_lock_old_ttl(const fr_json *entry);

/* The whole new file. Where memory runs out the writer has failed. */
void fr_lock_write(struct flowrules_writer *writer, const struct fr_lock_document *old,
                   const struct fr_pinnings *pinnings);

#endif
