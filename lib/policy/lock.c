/*
 * Writes the lock file: names and addresses are sorted, one on each line, so that a diff shows what
 * changed. Unknown keys stay in their places.
 */
#include "lock.h"

#include <stdlib.h>
#include <string.h>

#include "writer.h"

/* ---- the old file -------------------------------------------------------------------------- */

static int compare_names(const void *left, const void *right) {
    return strcmp(fr_json_name(*(const fr_json *const *)left),
                  fr_json_name(*(const fr_json *const *)right));
}

static flowrules_status index_names(struct fr_lock_document *document) {
    const fr_json *names = fr_json_member(document->root, "names");
    for (const fr_json *item = fr_json_first(names); item != NULL; item = fr_json_next(item)) {
        const fr_json **slot = fr_vec_push(&document->names);
        if (slot == NULL)
            return fr_no_memory(document->context);
        *slot = item;
    }
    if (document->names.count > 1)
        qsort(document->names.items, document->names.count, sizeof(const fr_json *), compare_names);
    document->example = fr_json_string(fr_json_member(document->root, "example")) != NULL;
    return FLOWRULES_OK;
}

flowrules_status fr_lock_document_read(struct fr_lock_document *document,
                                       flowrules_context *context, const char *path) {
    size_t offset = 0;
    memset(document, 0, sizeof *document);
    document->context = context;
    fr_vec_init(&document->names, &context->allocator, sizeof(const fr_json *));
    if (path == NULL)
        return FLOWRULES_OK;
    FR_TRY(fr_read_file(context, path, FR_NOWHERE, &document->text, &document->size));
    document->root = fr_json_parse(document->text, document->size, &offset);
    if (document->root == NULL && offset == SIZE_MAX)
        return fr_no_memory(context);
    /* It was valid when the policy was loaded. */
    if (!fr_json_is_object(fr_json_member(document->root, "names")))
        return fr_error(&context->diagnostics, FR_LOCK_FORM, FR_NOWHERE, NULL,
                        "%s was changed while it was read", path);
    return index_names(document);
}

void fr_lock_document_free(struct fr_lock_document *document) {
    if (document->context == NULL)
        return;
    fr_vec_free(&document->names);
    fr_json_free(document->root);
    fr_free(&document->context->allocator, document->text);
}

const fr_json *fr_lock_document_find(const struct fr_lock_document *document, const char *name) {
    size_t low = 0, high = document->names.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const fr_json *entry = *fr_vec_at(&document->names, const fr_json *, middle);
        int order = strcmp(name, fr_json_name(entry));
        if (order == 0)
            return entry;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static int32_t date_of(const fr_json *entry, const char *key) {
    const char *text = fr_json_string(fr_json_member(entry, key));
    int32_t days;
    return text != NULL && fr_date_parse(text, strlen(text), &days) ? days : FR_NO_DATE;
}

flowrules_status fr_lock_old_pins(flowrules_context *context, const fr_json *entry,
                                  struct fr_vec *pins) {
    const fr_json *list = fr_json_member(entry, "addresses");
    for (const fr_json *item = fr_json_first(list); item != NULL; item = fr_json_next(item)) {
        const char *text = fr_json_string(fr_json_member(item, "address"));
        struct fr_pinned pin = {.state = FR_PIN_GONE, .old = item};
        if (text == NULL || !fr_ip_parse(text, strlen(text), &pin.family, &pin.ip))
            continue;
        pin.first_seen = date_of(item, "first-seen");
        pin.last_seen = date_of(item, "last-seen");
        fr_ip_text(pin.text, pin.family, pin.ip);
        struct fr_pinned *slot = fr_vec_push(pins);
        if (slot == NULL)
            return fr_no_memory(context);
        *slot = pin;
    }
    return FLOWRULES_OK;
}

uint32_t fr_lock_old_ttl(const fr_json *entry) {
    double ttl = 0;
    bool known = fr_json_number(fr_json_member(entry, "ttl"), &ttl);
    return known && ttl >= 0 && ttl <= INT32_MAX ? (uint32_t)ttl : 0;
}

/* ---- the new one --------------------------------------------------------------------------- */

struct writing {
    struct flowrules_writer *writer;
    const struct fr_pinnings *pinnings;
    bool any; /* a member was written: a comma goes before the next */
};

static void write_text(struct flowrules_writer *w, const char *text) {
    fr_json_write(w, fr_json_text(text));
}

static bool is_one_of(const char *name, const char *const *names) {
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* Members of an object that are not in known, as they are, each behind before. */
static void write_others(struct flowrules_writer *w, const fr_json *object,
                         const char *const *known, const char *before) {
    for (const fr_json *item = fr_json_first(object); item != NULL; item = fr_json_next(item)) {
        if (fr_json_name(item) == NULL || is_one_of(fr_json_name(item), known))
            continue;
        flowrules_write(w, before);
        write_text(w, fr_json_name(item));
        flowrules_write(w, ": ");
        fr_json_print(w, item);
    }
}

static void write_servers(struct writing *writing, unsigned servers) {
    const struct fr_vec *shown = writing->pinnings->servers;
    const char *comma = "";
    flowrules_write(writing->writer, "[");
    for (size_t i = 0; i < shown->count; i++) {
        if ((servers & 1u << i) == 0)
            continue;
        flowrules_write(writing->writer, comma);
        write_text(writing->writer, *fr_vec_at(shown, const char *, i));
        comma = ", ";
    }
    flowrules_write(writing->writer, "]");
}

static void write_date(struct flowrules_writer *w, const char *key, int32_t days) {
    char date[11];
    if (days == FR_NO_DATE)
        return;
    fr_date_format(days, date);
    flowrules_writef(w, ", \"%s\": \"%s\"", key, date);
}

static void write_pin(struct writing *writing, const struct fr_pinned *pin, unsigned servers) {
    static const char *const known[] = {"address", "first-seen", "last-seen", "resolvers", NULL};
    struct flowrules_writer *w = writing->writer;
    flowrules_writef(w, "        {\"address\": \"%s\"", pin->text);
    write_date(w, "first-seen", pin->first_seen);
    write_date(w, "last-seen", pin->last_seen);
    if (pin->servers != 0 && pin->servers != servers) { /* the others did not give it */
        flowrules_write(w, ", \"resolvers\": ");
        write_servers(writing, pin->servers);
    }
    write_others(w, pin->old, known, ", ");
    flowrules_write(w, "}");
}

static void write_aliases(struct writing *writing, const struct fr_pinning *name) {
    struct flowrules_writer *w = writing->writer;
    if (name->alias_count == 0)
        return;
    flowrules_write(w, ",\n      \"cnames\": [");
    for (uint32_t i = 0; i < name->alias_count; i++) {
        flowrules_write(w, i > 0 ? ", " : "");
        write_text(w, *fr_vec_at(writing->pinnings->aliases, const char *, name->first_alias + i));
    }
    flowrules_write(w, "]");
}

static void begin_name(struct writing *writing, const char *name) {
    flowrules_write(writing->writer, writing->any ? ",\n    " : "\n    ");
    write_text(writing->writer, name);
    flowrules_write(writing->writer, ": {\n      \"addresses\": [");
    writing->any = true;
}

static void write_pinning(struct writing *writing, const struct fr_pinning *name) {
    static const char *const known[] = {"addresses", "cnames", "resolvers", "ttl", NULL};
    struct flowrules_writer *w = writing->writer;
    const char *before = "\n";
    begin_name(writing, name->name);
    for (uint32_t i = 0; i < name->count; i++) {
        const struct fr_pinned *pin =
            fr_vec_at(writing->pinnings->addresses, struct fr_pinned, name->first + i);
        if (pin->state == FR_PIN_GONE)
            continue;
        flowrules_write(w, before);
        write_pin(writing, pin, name->servers);
        before = ",\n";
    }
    flowrules_write(w, "\n      ]");
    write_aliases(writing, name);
    if (writing->pinnings->servers->count > 0) {
        flowrules_write(w, ",\n      \"resolvers\": ");
        write_servers(writing, name->servers);
    }
    flowrules_writef(w, ",\n      \"ttl\": %u", (unsigned)name->ttl);
    write_others(w, name->old, known, ",\n      ");
    flowrules_write(w, "\n    }");
}

/* An entry of the old file in the same shape. */
static void write_old(struct writing *writing, const fr_json *entry) {
    static const char *const known[] = {"addresses", NULL}, *const keys[] = {"address", NULL};
    struct flowrules_writer *w = writing->writer;
    const fr_json *list = fr_json_member(entry, "addresses");
    begin_name(writing, fr_json_name(entry));
    for (const fr_json *item = fr_json_first(list); item != NULL; item = fr_json_next(item)) {
        flowrules_write(w, item == fr_json_first(list) ? "\n        {\"address\": "
                                                       : ",\n        {\"address\": ");
        fr_json_print(w, fr_json_member(item, "address"));
        write_others(w, item, keys, ", ");
        flowrules_write(w, "}");
    }
    flowrules_write(w, fr_json_first(list) == NULL ? "]" : "\n      ]");
    write_others(w, entry, known, ",\n      ");
    flowrules_write(w, "\n    }");
}

/* Are all names of the old file resolved now, so that none of its addresses is left? */
static bool all_are_new(const struct fr_lock_document *old, const struct fr_pinnings *pinnings) {
    size_t count = 0;
    for (size_t i = 0; i < pinnings->names->count; i++) {
        const struct fr_pinning *name = fr_vec_at(pinnings->names, struct fr_pinning, i);
        count += name->old != NULL && !name->leave;
    }
    return count == old->names.count;
}

/* Both lists are sorted: a merge. */
static void write_names(struct writing *writing, const struct fr_lock_document *old) {
    const struct fr_vec *names = writing->pinnings->names;
    for (size_t i = 0, j = 0; i < names->count || j < old->names.count;) {
        const struct fr_pinning *name =
            i < names->count ? fr_vec_at(names, struct fr_pinning, i) : NULL;
        const fr_json *entry =
            j < old->names.count ? *fr_vec_at(&old->names, const fr_json *, j) : NULL;
        int order = name == NULL ? 1 : entry == NULL ? -1 : strcmp(name->name, fr_json_name(entry));
        if (order > 0 || (order == 0 && name->leave))
            write_old(writing, entry);
        else if (!name->leave)
            write_pinning(writing, name);
        i += order <= 0;
        j += order >= 0;
    }
}

void fr_lock_write(struct flowrules_writer *writer, const struct fr_lock_document *old,
                   const struct fr_pinnings *pinnings) {
    static const char *const known[] = {"flowrules-lock", "names", NULL};
    static const char *const unless[] = {"flowrules-lock", "names", "example", NULL};
    struct writing writing = {writer, pinnings, false};
    flowrules_write(writer, "{\n  \"flowrules-lock\": 1");
    write_others(writer, old->root, all_are_new(old, pinnings) ? unless : known, ",\n  ");
    flowrules_write(writer, ",\n  \"names\": {");
    write_names(&writing, old);
    flowrules_write(writer, writing.any ? "\n  }\n}\n" : "}\n}\n");
}
