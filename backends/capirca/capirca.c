/*
 * Policies of Capirca and Aerleon: languages that are read and not written. Finds what each file
 * is, collects filters and definitions, and chooses one list of terms. Facts: capirca doc/,
 * policy.py, naming.py; aerleon docs/reference.
 */
#include <string.h>

#include "read.h"

/* ---- files --------------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *end) {
    size_t length = strlen(name), own = strlen(end);
    return length >= own && strcmp(name + length - own, end) == 0;
}

enum content { POL, INCLUDED, NETWORKS, SERVICES, YAML };

/* The first word that is not in a comment; what an include names does not count. */
static const char *first_word(const char *text) {
    for (;;) {
        text += strspn(text, " \t\r\n");
        if (*text != '#')
            return text;
        text += strcspn(text, "\n");
    }
}

/* By the name's end, as Capirca does; else by what it begins with. */
static enum content content_of(const struct fr_capirca *r, size_t file) {
    static const struct {
        const char *end;
        enum content content;
    } ends[] = {{".pol", POL},      {".inc", INCLUDED}, {".net", NETWORKS},
                {".svc", SERVICES}, {".yaml", YAML},    {".yml", YAML}};
    const char *name = flowrules_input_file_name(r->in, file);
    size_t size;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends_with(name, ends[i].end))
            return ends[i].content;
    const char *text = flowrules_input_text(r->in, file, &size);
    const char *word = first_word(text);
    if (strncmp(word, "header", 6) == 0)
        return POL;
    if (strncmp(word, "term ", 5) == 0)
        return INCLUDED;
    size_t line = strcspn(word, "\n");
    if (memchr(word, '=', line) == NULL)
        return YAML;
    return memchr(word, '/', line) != NULL &&
                   (strstr(text, "/tcp") != NULL || strstr(text, "/udp") != NULL)
               ? SERVICES
               : NETWORKS;
}

static void read_file(struct fr_capirca *r, size_t file) {
    switch (content_of(r, file)) {
    case POL:
        fr_capirca_read_pol(r, file);
        break;
    case NETWORKS:
    case SERVICES:
        fr_capirca_read_names(r, file, content_of(r, file) == SERVICES);
        break;
    case YAML:
        fr_capirca_read_yaml(r, file);
        break;
    case INCLUDED:
        r->files[file].part = true;
        break;
    }
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* Terms of one list after the other are one policy each: a target of its own. */
static const struct fr_capirca_list *choose(struct fr_capirca *r,
                                            const struct fr_capirca_lists *lists) {
    const char *chosen = flowrules_input_setting(r->in, "filter");
    struct flowrules_place whole = {0, 0, 0};
    for (size_t i = 0; chosen != NULL && i < lists->count; i++)
        if (strcmp(lists->items[i].list->name, chosen) == 0)
            return lists->items[i].list;
    if (chosen != NULL)
        flowrules_input_error(r->in, whole, "an import without it writes a target for each",
                              "there is no filter '%.100s'", chosen);
    else if (lists->count == 0)
        flowrules_input_error(r->in, whole,
                              "hand in a .pol file, or a YAML file with 'filters', first",
                              "no file has a header with a target");
    else if (lists->count == 1)
        return lists->items[0].list;
    else
        flowrules_input_error(r->in, whole, "choose one with the setting 'filter'",
                              "the files have several filters");
    return NULL;
}

static void read_files(struct fr_capirca *r) {
    size_t count = flowrules_input_file_count(r->in);
    r->files = flowrules_input_alloc(r->in, (count + 1) * sizeof *r->files);
    for (size_t i = 0; i < count && !flowrules_input_failed(r->in); i++)
        read_file(r, i);
}

static void tell_unused(struct fr_capirca *r) {
    for (size_t i = 0; i < flowrules_input_file_count(r->in); i++)
        if (r->files[i].part && !r->files[i].included)
            flowrules_input_note(r->in, (struct flowrules_place){i, 0, 0},
                                 "no policy includes this file: its terms are left out");
}

static void read_all(flowrules_input *in) {
    struct fr_capirca r = {.in = in};
    struct fr_capirca_lists lists = {.items = NULL};
    read_files(&r);
    if (flowrules_input_failed(in))
        return;
    fr_capirca_find_lists(&r, &lists);
    if (flowrules_input_failed(in))
        return;
    for (size_t i = 0; lists.count > 1 && i < lists.count; i++)
        flowrules_input_choice(in, "filter", lists.items[i].list->name, NULL);
    const struct fr_capirca_list *list = choose(&r, &lists);
    if (list == NULL)
        return;
    tell_unused(&r);
    fr_capirca_emit(&r, list);
}

static const struct flowrules_setting settings[] = {
    {.key = "filter", .type = "text", .help = "the filter of one target, as an import names it"},
    {.key = NULL},
};

extern const struct flowrules_backend flowrules_reader_capirca;
const struct flowrules_backend flowrules_reader_capirca = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "capirca",
    .title = "Capirca",
    .description = "Policies of Capirca, with their networks and services",
    .capabilities = {.families = FLOWRULES_BOTH_FAMILIES, .placement = FLOWRULES_TRANSIT},
    .settings = settings,
    .read = read_all,
};

extern const struct flowrules_backend flowrules_reader_aerleon;
const struct flowrules_backend flowrules_reader_aerleon = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "aerleon",
    .title = "Aerleon",
    .description = "Policies of Aerleon, with their networks and services",
    .capabilities = {.families = FLOWRULES_BOTH_FAMILIES, .placement = FLOWRULES_TRANSIT},
    .settings = settings,
    .read = read_all,
};
