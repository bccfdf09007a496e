/*
 * The backends of a context: those that are built in, and plugins. describe.c has their
 * descriptions, settings.c their settings.
 */
#include "registry.h"

#include <string.h>

#define FLOWRULES_BACKEND(symbol) extern const struct flowrules_backend flowrules_backend_##symbol;
#include "../../backends/backends.def"
#undef FLOWRULES_BACKEND

static const struct flowrules_backend *const built_in[] = {
#define FLOWRULES_BACKEND(symbol) &flowrules_backend_##symbol,
#include "../../backends/backends.def"
#undef FLOWRULES_BACKEND
};

#define FLOWRULES_READER(symbol) extern const struct flowrules_backend flowrules_reader_##symbol;
#include "../../backends/readers.def"
#undef FLOWRULES_READER

static const struct flowrules_backend *const readers[] = {
#define FLOWRULES_READER(symbol) &flowrules_reader_##symbol,
#include "../../backends/readers.def"
#undef FLOWRULES_READER
};

bool fr_registry_add(flowrules_context *context, const struct flowrules_backend *backend) {
    const struct flowrules_backend **slot = fr_vec_push(&context->backends);
    if (slot == NULL)
        return false;
    *slot = backend;
    if (fr_describe(context, backend))
        return true;
    context->backends.count--;
    return false;
}

bool fr_registry_add_all(flowrules_context *context) {
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++)
        if (!fr_registry_add(context, built_in[i]))
            return false;
    return true;
}

static const struct flowrules_backend *backend_at(const flowrules_context *context, size_t i) {
    if (i >= context->backends.count)
        return NULL;
    return *fr_vec_at(&context->backends, const struct flowrules_backend *, i);
}

const struct flowrules_backend *fr_registry_find(const flowrules_context *context,
                                                 const char *name) {
    for (size_t i = 0; i < context->backends.count; i++)
        if (strcmp(backend_at(context, i)->name, name) == 0)
            return backend_at(context, i);
    return NULL;
}

const struct flowrules_backend *fr_registry_reader(const flowrules_context *context,
                                                   const char *name) {
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (strcmp(readers[i]->name, name) == 0)
            return readers[i];
    return fr_registry_find(context, name);
}

const char *fr_registry_candidate(const void *user, size_t i) {
    const struct flowrules_backend *backend = backend_at(user, i);
    return backend == NULL ? NULL : backend->name;
}

const char *fr_registry_reader_candidate(const void *user, size_t i) {
    const size_t count = sizeof readers / sizeof readers[0];
    return i < count ? readers[i]->name : fr_registry_candidate(user, i - count);
}

const struct flowrules_format *fr_format_find(const struct flowrules_backend *backend,
                                              const char *name) {
    for (const struct flowrules_format *f = backend->formats; f != NULL && f->name != NULL; f++)
        if (name == NULL || strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

void fr_format_list(const struct flowrules_backend *backend, char list[160]) {
    list[0] = '\0';
    for (const struct flowrules_format *f = backend->formats; f != NULL && f->name != NULL; f++) {
        strncat(list, list[0] == '\0' ? "one of: " : ", ", 159 - strlen(list));
        strncat(list, f->name, 159 - strlen(list));
    }
}

/* ---- what a backend tells of itself -------------------------------------------------------- */

size_t flowrules_backend_count(const flowrules_context *context) {
    return context->backends.count;
}

const char *flowrules_backend_name(const flowrules_context *context, size_t backend) {
    const struct flowrules_backend *b = backend_at(context, backend);
    return b == NULL ? NULL : b->name;
}

const char *flowrules_backend_title(const flowrules_context *context, size_t backend) {
    const struct flowrules_backend *b = backend_at(context, backend);
    return b == NULL ? NULL : b->title;
}

const char *flowrules_backend_description(const flowrules_context *context, size_t backend) {
    const struct flowrules_backend *b = backend_at(context, backend);
    return b == NULL ? NULL : b->description;
}
