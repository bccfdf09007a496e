/*
 * The policy of the flows that were asked for: networks that are still to be filled in, services,
 * flows with their origin.
 */
#include <string.h>

#include "flowrules/kits/pods.h"
#include "request.h"
#include "writer.h"

/* A text in quotes on one line; a policy's texts are not longer than this. */
static void write_text(struct fr_taking *t, struct flowrules_writer *w, const char *text) {
    struct flowrules_escape escape = flowrules_yaml_quoted;
    escape.max_bytes = 65535;
    char *line = fr_arena_text(t->arena, text, strlen(text));
    w->failed = w->failed || line == NULL;
    for (size_t i = 0; line != NULL && line[i] != '\0'; i++)
        if (line[i] == '\n' || line[i] == '\r' || line[i] == '\t')
            line[i] = ' ';
    flowrules_write(w, "\"");
    flowrules_write_user(w, &escape, line);
    flowrules_write(w, "\"");
}

static void write_key(struct fr_taking *t, struct flowrules_writer *w, const char *key,
                      const char *text) {
    if (text == NULL)
        return;
    flowrules_writef(w, "    %s: ", key);
    write_text(t, w, text);
    flowrules_write(w, "\n");
}

static void write_comment(struct flowrules_writer *w, const char *text) {
    flowrules_write_user(w, &flowrules_yaml_comment, text);
}

static void write_missing(struct fr_taking *t, struct flowrules_writer *w) {
    flowrules_write(
        w, t->missing.count > 0 ? "\n# To be filled in: what these names are.\nnetworks:\n" : "");
    for (size_t i = 0; i < t->missing.count; i++) {
        const struct fr_missing *m = fr_vec_at(&t->missing, struct fr_missing, i);
        flowrules_writef(w, "  %s: # ", m->word);
        write_comment(w, m->where);
        flowrules_write(w, "\n    description: ");
        write_text(t, w, m->text);
        flowrules_write(w, "\n    members: []\n");
    }
}

/* ---- services ------------------------------------------------------------------------------ */

/* Numbers the services that need a name, as they come first in flows; 0: it needs none. */
static bool number_services(const struct fr_taking *t, struct fr_vec *numbers) {
    uint32_t last = 0;
    if (!fr_vec_reserve(numbers, t->services.list.count))
        return false;
    for (fr_service s = 0; s < t->services.list.count; s++) {
        bool named =
            s != FR_SERVICE_ANY && !fr_policy_is_one_entry(fr_service_get(&t->services, s));
        *(uint32_t *)fr_vec_add(numbers) = named ? ++last : 0;
    }
    return true;
}

static void write_services(const struct fr_taking *t, struct flowrules_writer *w,
                           const uint32_t *numbers) {
    for (fr_service s = 0; s < t->services.list.count; s++) {
        if (numbers[s] == 0)
            continue;
        flowrules_writef(w, numbers[s] == 1 ? "\nservices:\n  service-%u:\n" : "  service-%u:\n",
                         (unsigned)numbers[s]);
        fr_policy_write_service(w, fr_service_get(&t->services, s));
    }
}

static void write_service(const struct fr_taking *t, struct flowrules_writer *w, fr_service service,
                          uint32_t number) {
    const struct fr_service_terms *terms = fr_service_get(&t->services, service);
    flowrules_write(w, "    ");
    if (service == FR_SERVICE_ANY)
        flowrules_write(w, "service: any");
    else if (number > 0)
        flowrules_writef(w, "service: service-%u", (unsigned)number);
    else
        fr_policy_write_entry(w, "\n    ", terms->terms, terms->count);
    flowrules_write(w, "\n");
}

/* ---- flows --------------------------------------------------------------------------------- */

static bool is_word(const char *text) {
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") ==
               strlen(text) &&
           *text != '-' && *text != '\0';
}

static void write_list(struct fr_taking *t, struct flowrules_writer *w, const char *key,
                       const struct fr_vec *items) {
    bool one = items->count == 1;
    flowrules_writef(w, one ? "    %s: " : "    %s: [", key);
    for (size_t i = 0; i < items->count; i++) {
        const char *text = *fr_vec_at(items, const char *, i);
        flowrules_write(w, i > 0 ? ", " : "");
        if (is_word(text))
            flowrules_write_user(w, &flowrules_yaml_quoted, text);
        else
            write_text(t, w, text);
    }
    flowrules_write(w, one ? "\n" : "]\n");
}

static void write_origin(struct fr_taking *t, struct flowrules_writer *w,
                         const struct fr_asked_flow *flow) {
    flowrules_write(w, "    x-origin: {file: ");
    write_text(t, w, fr_diagnostics_file_name(&t->context->diagnostics, flow->sheet->file));
    if (flow->sheet->name != NULL) {
        flowrules_write(w, ", sheet: ");
        write_text(t, w, flow->sheet->name);
    }
    flowrules_writef(w, flow->sheet->document ? ", line: %u}\n" : ", row: %u}\n",
                     (unsigned)flow->row);
}

static void write_tags(struct flowrules_writer *w, const struct fr_vec *tags) {
    for (size_t i = 0; i < tags->count; i++) {
        flowrules_write(w, i == 0 ? "    tags: [" : ", ");
        flowrules_yaml_write(w, *fr_vec_at(tags, const char *, i));
    }
    flowrules_write(w, tags->count > 0 ? "]\n" : "");
}

static void write_flow(struct fr_taking *t, struct flowrules_writer *w,
                       const struct fr_asked_flow *flow, const uint32_t *numbers) {
    static const enum fr_role texts[] = {FR_ROLE_PURPOSE, FR_ROLE_OWNER, FR_ROLE_TICKET,
                                         FR_ROLE_VOLUME, FR_ROLE_FREQUENCY};
    flowrules_write(w, "  - name: ");
    write_text(t, w, flow->title);
    flowrules_write(w, flow->deny ? "\n    action: deny\n" : "\n");
    write_list(t, w, "source", &flow->ends[0]);
    write_list(t, w, "destination", &flow->ends[1]);
    write_service(t, w, flow->service, numbers[flow->service]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        write_key(t, w, fr_role_word(texts[i]), flow->texts[texts[i]]);
    if (flow->texts[FR_ROLE_EXPIRES] != NULL)
        flowrules_writef(w, "    expires: %s\n", flow->texts[FR_ROLE_EXPIRES]);
    flowrules_write(w, flow->log ? "    log: true\n" : "");
    write_tags(w, &flow->tags);
    for (size_t i = 0; i < flow->others.count; i++) {
        const struct fr_other *other = fr_vec_at(&flow->others, struct fr_other, i);
        write_key(t, w, other->key, other->text);
    }
    write_origin(t, w, flow);
}

static void write_head(struct fr_taking *t, struct flowrules_writer *w) {
    const struct fr_vec *files = &t->request->files;
    flowrules_writef(w, "flowrules: 1\ntitle: ");
    const char *title =
        fr_arena_printf(t->arena, "Request of %s%s", fr_vec_at(files, struct fr_handed, 0)->name,
                        files->count > 1 ? " and others" : "");
    w->failed = w->failed || title == NULL;
    write_text(t, w, title == NULL ? "" : title);
    flowrules_write(w, "\n");
    if (t->request->definitions != NULL) {
        flowrules_write(w, "include: [");
        write_text(t, w, t->request->definitions);
        flowrules_write(w, "]\n");
    }
}

static void write_policy(struct fr_taking *t, struct flowrules_writer *w, const uint32_t *numbers) {
    write_head(t, w);
    write_missing(t, w);
    write_services(t, w, numbers);
    flowrules_write(w, "\nflows:\n");
    for (size_t i = 0; i < t->flows.count; i++)
        write_flow(t, w, fr_vec_at(&t->flows, struct fr_asked_flow, i), numbers);
    flowrules_write(w, "\ntargets:\n  listing:\n    backend: plain\n    protects: any\n");
}

flowrules_status fr_request_write(struct fr_taking *t, struct flowrules_writer *w) {
    struct fr_vec numbers;
    fr_vec_init(&numbers, &t->context->allocator, sizeof(uint32_t));
    bool good = number_services(t, &numbers);
    if (good)
        write_policy(t, w, numbers.items);
    fr_vec_free(&numbers);
    return !good || w->failed ? fr_no_memory(t->context) : FLOWRULES_OK;
}
