/*
 * Collects the files of a configuration, and reads them with a backend's reader into a meaning.
 */
#include <stdio.h>
#include <string.h>

#include "input.h"
#include "output.h"
#include "recognise.h"
#include "registry.h"
#include "render.h"
#include "settings.h"

flowrules_status flowrules_configuration_new(flowrules_configuration **configuration,
                                             flowrules_context *context) {
    flowrules_configuration *c = fr_malloc(&context->allocator, sizeof *c);
    *configuration = c;
    if (c == NULL)
        return fr_no_memory(context);
    c->context = context;
    c->own = c->counters = false;
    fr_arena_init(&c->arena, &context->allocator);
    fr_vec_init(&c->files, &context->allocator, sizeof(struct fr_config_file));
    fr_vec_init(&c->settings, &context->allocator, sizeof(struct fr_config_setting));
    return FLOWRULES_OK;
}

void flowrules_configuration_free(flowrules_configuration *c) {
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->files.count; i++) {
        struct fr_config_file *file = fr_vec_at(&c->files, struct fr_config_file, i);
        fr_diagnostics_forget(&c->context->diagnostics, file->number);
        fr_free(&c->context->allocator, (void *)file->text);
    }
    fr_vec_free(&c->files);
    fr_vec_free(&c->settings);
    fr_arena_free(&c->arena);
    fr_free(&c->context->allocator, c);
}

/* The end of what comes before a byte that no text has, as a place of the file. */
static struct fr_at place_behind(const struct fr_config_file *file, size_t length) {
    struct fr_at at = {file->number, 1, 1, 0};
    for (size_t i = 0; i < length; i++) {
        bool newline = file->text[i] == '\n';
        at.line += newline;
        at.column = newline ? 1 : at.column + 1;
    }
    return at;
}

/* Devices write text, but a console of Windows may record it in UTF-16. */
static flowrules_status check_text(flowrules_configuration *c, const struct fr_config_file *file) {
    struct fr_diagnostics *d = &c->context->diagnostics;
    const unsigned char *text = (const unsigned char *)file->text;
    const char *zero = memchr(file->text, '\0', file->size);
    const struct fr_file_kind *kind = zero != NULL ? fr_recognise(file->text, file->size) : NULL;
    bool wide = file->size >= 2 &&
                ((text[0] == 0xFF && text[1] == 0xFE) || (text[0] == 0xFE && text[1] == 0xFF));
    if (wide)
        fr_error(d, FR_NOT_UTF8, (struct fr_at){file->number, 0, 0, 0},
                 "save it as UTF-8: iconv -f UTF-16 -t UTF-8", "the file is in UTF-16");
    else if (zero != NULL && kind != NULL && kind->backends[0] == '\0')
        fr_error(d, FR_YAML_CONTROL, (struct fr_at){file->number, 0, 0, 0},
                 kind->remedy != NULL ? kind->remedy : "use the text that the device prints",
                 "this is %s, not text", kind->name);
    else if (zero != NULL)
        fr_error(d, FR_YAML_CONTROL, place_behind(file, (size_t)(zero - file->text)),
                 "use the text that the device prints, not a file in its own format",
                 "the file has a byte 0 here: it is not text");
    return wide || zero != NULL ? FLOWRULES_INVALID : FLOWRULES_OK;
}

/* Without the mark that some editors put before UTF-8. */
static size_t drop_mark(char *text, size_t size) {
    if (size < 3 || memcmp(text, "\xEF\xBB\xBF", 3) != 0)
        return size;
    memmove(text, text + 3, size - 3 + 1);
    return size - 3;
}

/* Takes over text, a block of the allocator with a NUL behind its size bytes. */
static flowrules_status add_file(flowrules_configuration *c, const char *name, char *text,
                                 size_t size) {
    size = drop_mark(text, size);
    struct fr_config_file file = {fr_arena_text(&c->arena, name, strlen(name)), text, size, 0};
    bool room = file.name != NULL && fr_vec_reserve(&c->files, 1);
    if (room)
        file.number = fr_diagnostics_file(&c->context->diagnostics, file.name, text, size);
    if (file.number == 0) {
        fr_free(&c->context->allocator, text);
        return fr_no_memory(c->context);
    }
    *(struct fr_config_file *)fr_vec_add(&c->files) = file;
    return check_text(c, &file);
}

flowrules_status flowrules_configuration_add_file(flowrules_configuration *configuration,
                                                  const char *path) {
    char *text;
    size_t size;
    FR_TRY(fr_read_file(configuration->context, path, FR_NOWHERE, &text, &size));
    return add_file(configuration, path, text, size);
}

flowrules_status flowrules_configuration_add_text(flowrules_configuration *configuration,
                                                  const char *name, const char *text, size_t size) {
    char *copy = size < SIZE_MAX ? fr_malloc(&configuration->context->allocator, size + 1) : NULL;
    if (copy == NULL)
        return fr_no_memory(configuration->context);
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return add_file(configuration, name, copy, size);
}

flowrules_status flowrules_configuration_add_artifact(flowrules_configuration *configuration,
                                                      const flowrules_artifact *artifact) {
    flowrules_context *context = configuration->context;
    configuration->own = true;
    for (size_t i = 0; i < flowrules_artifact_file_count(artifact); i++) {
        size_t size = flowrules_artifact_file_size(artifact, i), used = 0, part;
        const char *bytes;
        if ((*fr_vec_at(&artifact->files, struct fr_file *, i))->undo)
            continue;
        char *text = fr_malloc(&context->allocator, size + 1);
        if (text == NULL)
            return fr_no_memory(context);
        for (size_t k = 0; (bytes = flowrules_artifact_file_block(artifact, i, k, &part)) != NULL;
             k++) {
            memcpy(text + used, bytes, part);
            used += part;
        }
        text[used] = '\0';
        FR_TRY(add_file(configuration, flowrules_artifact_file_name(artifact, i), text, used));
    }
    return FLOWRULES_OK;
}

flowrules_status flowrules_configuration_set(flowrules_configuration *configuration,
                                             const char *key, const char *value) {
    struct fr_config_setting setting = {fr_arena_text(&configuration->arena, key, strlen(key)),
                                        fr_arena_text(&configuration->arena, value, strlen(value))};
    struct fr_config_setting *slot =
        setting.key == NULL || setting.value == NULL ? NULL : fr_vec_push(&configuration->settings);
    if (slot == NULL)
        return fr_no_memory(configuration->context);
    *slot = setting;
    return FLOWRULES_OK;
}

/* ---- reading ------------------------------------------------------------------------------- */

static flowrules_status check_settings(flowrules_context *context,
                                       const struct flowrules_backend *backend,
                                       const flowrules_configuration *c) {
    for (size_t i = 0; i < c->settings.count; i++) {
        const struct fr_config_setting *s = fr_vec_at(&c->settings, struct fr_config_setting, i);
        const struct flowrules_setting *known = fr_setting_find(backend, s->key);
        char form[160], hint[160];
        if (known == NULL) {
            const char *near = fr_nearest(s->key, fr_setting_candidate, backend);
            if (!fr_did_you_mean(hint, sizeof hint, near))
                snprintf(hint, sizeof hint, "'flowrules targets %s' lists them", backend->name);
            fr_error(&context->diagnostics, FR_SETTING_UNKNOWN, FR_NOWHERE, hint,
                     "the backend '%s' has no setting '%s'", backend->name, s->key);
            return FLOWRULES_USAGE;
        }
        if (!fr_setting_check(known, s->value, form)) {
            fr_error(&context->diagnostics, FR_SETTING_VALUE, FR_NOWHERE, form,
                     "'%s' is not a valid value of the setting '%s'", s->value, s->key);
            return FLOWRULES_USAGE;
        }
    }
    return FLOWRULES_OK;
}

/* The backend of "NAME[:FORMAT]"; *format is NULL or a text of the meaning. */
static flowrules_status find_backend(flowrules_meaning *m, const char *spec, const char **format) {
    flowrules_context *context = m->context;
    const char *colon = strchr(spec, ':');
    size_t length = colon == NULL ? strlen(spec) : (size_t)(colon - spec);
    const char *name = fr_arena_text(&m->arena, spec, length);
    if (name == NULL)
        return fr_no_memory(context);
    m->backend = fr_registry_reader(context, name);
    *format = colon == NULL ? NULL : colon + 1;
    if (m->backend == NULL) {
        const char *near = fr_nearest(name, fr_registry_reader_candidate, context);
        char hint[160];
        if (!fr_did_you_mean(hint, sizeof hint, near))
            snprintf(hint, sizeof hint, "see 'flowrules targets'");
        fr_error(&context->diagnostics, FR_BACKEND_UNKNOWN, FR_NOWHERE, hint,
                 "there is no backend '%s'", name);
        return FLOWRULES_USAGE;
    }
    if (*format != NULL && fr_format_find(m->backend, *format) == NULL) {
        char hint[160];
        fr_format_list(m->backend, hint);
        fr_error(&context->diagnostics, FR_FORMAT_UNKNOWN, FR_NOWHERE, hint,
                 "the backend '%s' has no format '%s'", m->backend->name, *format);
        return FLOWRULES_USAGE;
    }
    return FLOWRULES_OK;
}

static flowrules_status keep_file_names(flowrules_meaning *m, const flowrules_configuration *c) {
    for (size_t i = 0; i < c->files.count; i++) {
        const char *name = fr_vec_at(&c->files, struct fr_config_file, i)->name;
        const char **slot = fr_vec_push(&m->files);
        if (slot == NULL || (*slot = fr_arena_text(&m->arena, name, strlen(name))) == NULL)
            return fr_no_memory(m->context);
    }
    return FLOWRULES_OK;
}

static bool is_map(const char *name) {
    static const char end[] = ".map.json";
    size_t length = strlen(name);
    return length >= sizeof end - 1 && strcmp(name + length - (sizeof end - 1), end) == 0;
}

/* Says what a file is, where it is not what the backend reads, and what can be read. */
static void report_foreign(flowrules_meaning *m, const struct fr_config_file *file,
                           const struct fr_file_kind *kind) {
    char hint[300];
    const char *source = fr_recognise_source(m->backend->name);
    bool other = kind->backends[0] != '\0' && strchr(kind->backends, ' ') == NULL &&
                 !fr_recognise_has(kind->poor, kind->backends);
    if (kind->remedy != NULL)
        snprintf(hint, sizeof hint, "%s", kind->remedy);
    else if (other)
        snprintf(hint, sizeof hint, "the backend '%s' reads it; for '%s' %s", kind->backends,
                 m->backend->name, source);
    else
        snprintf(hint, sizeof hint, "%s", source);
    fr_error(&m->context->diagnostics, FR_CONFIG_SYNTAX, (struct fr_at){file->number, 0, 0, 0},
             hint, "this is %s, and the backend '%s' does not read it", kind->name,
             m->backend->name);
}

/* What a file is, where the backend can't read it; tried: its reader has refused the files. */
static const struct fr_file_kind *foreign_kind(const flowrules_meaning *m,
                                               const struct fr_config_file *file, bool tried) {
    const struct fr_file_kind *kind =
        is_map(file->name) ? NULL : fr_recognise(file->text, file->size);
    return kind != NULL && fr_recognise_foreign(kind, m->backend->name, tried) ? kind : NULL;
}

/* Is one of the files the backend's? What is beside it then belongs to it, a script say. */
static bool has_own_file(const flowrules_meaning *m, const flowrules_configuration *c) {
    for (size_t i = 0; i < c->files.count; i++) {
        const struct fr_config_file *file = fr_vec_at(&c->files, struct fr_config_file, i);
        const struct fr_file_kind *kind = fr_recognise(file->text, file->size);
        if (kind != NULL && fr_recognise_has(kind->backends, m->backend->name))
            return true;
    }
    return false;
}

/*
 * Reports the files that the backend can't read, instead of the messages from index first on; false
 * where there are none.
 */
static bool report_foreign_files(flowrules_meaning *m, const flowrules_configuration *c, bool tried,
                                 size_t first) {
    bool any = false, own = c->own || has_own_file(m, c);
    for (size_t i = 0; i < c->files.count && !own; i++) {
        const struct fr_config_file *file = fr_vec_at(&c->files, struct fr_config_file, i);
        const struct fr_file_kind *kind = foreign_kind(m, file, tried);
        if (kind == NULL)
            continue;
        if (!any)
            fr_diagnostics_cut(&m->context->diagnostics, first);
        report_foreign(m, file, kind);
        any = true;
    }
    return any;
}

/*
 * Reports files that all are empty or have comments alone. What a command prints where nothing is
 * loaded looks the same, but so does what a command that failed has printed.
 */
static bool report_blank_files(flowrules_meaning *m, const flowrules_configuration *c) {
    const struct fr_config_file *first = NULL;
    const char *source = fr_recognise_source(m->backend->name);
    char hint[300];
    for (size_t i = 0; i < c->files.count; i++) {
        const struct fr_config_file *file = fr_vec_at(&c->files, struct fr_config_file, i);
        if (!is_map(file->name) && !fr_recognise_is_blank(file->text, file->size))
            return false;
        first = first == NULL && !is_map(file->name) ? file : first;
    }
    if (c->own || first == NULL || source == NULL)
        return false;
    snprintf(hint, sizeof hint,
             "%s; if the output is empty, the command has failed or no rules are loaded", source);
    fr_error(&m->context->diagnostics, FR_CONFIG_SYNTAX, (struct fr_at){first->number, 0, 0, 0},
             hint, first->size == 0 ? "the file is empty" : "the file has only comments");
    return true;
}

/* What can be told without the reader. */
static flowrules_status check_files(flowrules_meaning *m, const flowrules_configuration *c) {
    if (m->backend->read == NULL) {
        fr_error(&m->context->diagnostics, FR_CONFIG_NO_READER, FR_NOWHERE,
                 "it is for people, or the backend has no reader: use a target of another backend",
                 "files of the backend '%s' cannot be read back", m->backend->name);
        return FLOWRULES_USAGE;
    }
    FR_TRY(check_settings(m->context, m->backend, c));
    FR_TRY(keep_file_names(m, c));
    size_t first = m->context->diagnostics.list.count;
    if ((!c->counters && report_foreign_files(m, c, false, first)) || report_blank_files(m, c))
        return FLOWRULES_INVALID;
    return FLOWRULES_OK;
}

/* The reader's input; plan is NULL where the configuration is held against no target. */
static flowrules_status open_input(struct flowrules_input *in, flowrules_meaning *m,
                                   const flowrules_plan *plan, const char *format,
                                   const flowrules_configuration *c) {
    flowrules_status status = fr_input_init(in, m);
    in->backend = m->backend;
    in->format = format;
    in->config = c;
    in->plan = plan;
    return status;
}

/* Counters of rules without the rules say nothing of what passes. */
static flowrules_status check_rules(flowrules_meaning *m, const struct fr_vec *stages,
                                    const flowrules_configuration *c) {
    for (size_t d = 0; d < FR_DIRECTIONS; d++)
        if (stages[d].count > 0)
            return FLOWRULES_OK;
    if (m->counters.count == 0 || c->counters)
        return FLOWRULES_OK;
    return fr_error(&m->context->diagnostics, FR_CONFIG_SYNTAX, FR_NOWHERE,
                    fr_recognise_source(m->backend->name),
                    "the files have counters of rules, and no rules");
}

/* Calls the reader. */
static flowrules_status read_with(flowrules_meaning *m, const flowrules_plan *plan,
                                  const char *format, const flowrules_configuration *c) {
    struct flowrules_input in;
    size_t first = m->context->diagnostics.list.count;
    FR_TRY(check_files(m, c));
    flowrules_status status = open_input(&in, m, plan, format, c);
    if (status == FLOWRULES_OK) {
        m->backend->read(&in);
        status = fr_input_status(&in);
    }
    fr_input_free(&in);
    if (status == FLOWRULES_OK)
        status = check_rules(m, m->stages, c);
    if (status == FLOWRULES_INVALID && !c->counters)
        report_foreign_files(m, c, true, first);
    return status;
}

flowrules_status fr_read_for(flowrules_meaning **meaning, const flowrules_plan *plan,
                             const char *format, const flowrules_configuration *configuration) {
    flowrules_meaning *m;
    *meaning = NULL;
    FR_TRY(fr_meaning_new(&m, plan->context));
    m->backend = plan->backend;
    m->packets = FLOWRULES_NEW | plan->can->packets;
    flowrules_status status = read_with(m, plan, format, configuration);
    if (status == FLOWRULES_OK)
        *meaning = m;
    else
        flowrules_meaning_free(m);
    return status;
}

/* Without a policy: with the settings of the caller, or the backend's. */
static flowrules_status read_alone(flowrules_meaning **meaning, flowrules_context *context,
                                   const char *spec, const flowrules_configuration *configuration) {
    flowrules_meaning *m;
    const char *format = NULL;
    FR_TRY(fr_meaning_new(&m, context));
    flowrules_status status = find_backend(m, spec, &format);
    if (status == FLOWRULES_OK) {
        m->packets = FLOWRULES_NEW | m->backend->capabilities.packets;
        status = read_with(m, NULL, format, configuration);
    }
    if (status == FLOWRULES_OK)
        *meaning = m;
    else
        flowrules_meaning_free(m);
    return status;
}

/* Drops messages from index first on that stand among those from index from on before it. */
static void drop_repeated(struct fr_diagnostics *d, size_t from, size_t first) {
    struct fr_diagnostic *list = d->list.items;
    size_t kept = first;
    for (size_t i = first; i < d->list.count; i++) {
        bool known = false;
        for (size_t k = from; k < first && !known; k++)
            known = list[k].severity == list[i].severity && list[k].at.file == list[i].at.file &&
                    list[k].at.line == list[i].at.line &&
                    strcmp(list[k].message, list[i].message) == 0;
        if (!known)
            list[kept++] = list[i];
    }
    d->list.count = kept;
}

/* Reads for a choice (NULL: there is none), and adds the reading. */
static flowrules_status add_reading(struct flowrules_input *in, struct fr_vec *readings,
                                    const struct fr_choice *choice) {
    flowrules_meaning *m = in->meaning;
    struct fr_reading *reading = fr_vec_push(readings);
    if (reading == NULL)
        return fr_no_memory(m->context);
    fr_reading_init(reading, m);
    reading->choice = choice;
    in->choice = choice;
    in->backend->read(in);
    fr_reading_swap(reading, m);
    return fr_input_status(in);
}

static flowrules_status read_choices(struct flowrules_input *in, struct fr_vec *readings) {
    flowrules_meaning *m = in->meaning;
    struct fr_diagnostics *d = &m->context->diagnostics;
    size_t from = d->list.count;
    flowrules_status status = add_reading(in, readings, NULL);
    if (status != FLOWRULES_INVALID || m->choices.count < 2)
        return status;
    fr_diagnostics_cut(d, from);
    fr_reading_free(fr_vec_at(readings, struct fr_reading, --readings->count));
    status = FLOWRULES_OK;
    for (size_t i = 0; i < m->choices.count && status == FLOWRULES_OK; i++) {
        size_t first = d->list.count;
        fr_input_again(in);
        status = add_reading(in, readings, fr_vec_at(&m->choices, struct fr_choice, i));
        drop_repeated(d, from, first);
    }
    return status;
}

flowrules_status fr_read_each(flowrules_meaning **meaning, struct fr_vec *readings,
                              flowrules_context *context, const char *backend,
                              const flowrules_configuration *configuration) {
    flowrules_meaning *m;
    struct flowrules_input in;
    const char *format = NULL;
    *meaning = NULL;
    FR_TRY(fr_meaning_new(meaning, context));
    m = *meaning;
    FR_TRY(find_backend(m, backend, &format));
    m->packets = FLOWRULES_NEW | m->backend->capabilities.packets;
    size_t first = context->diagnostics.list.count;
    FR_TRY(check_files(m, configuration));
    flowrules_status status = open_input(&in, m, NULL, format, configuration);
    in.imports = true;
    if (status == FLOWRULES_OK)
        status = read_choices(&in, readings);
    fr_input_free(&in);
    if (status == FLOWRULES_OK)
        status = check_rules(m, fr_vec_at(readings, struct fr_reading, 0)->stages, configuration);
    if (status == FLOWRULES_INVALID)
        report_foreign_files(m, configuration, true, first);
    return status;
}

flowrules_status flowrules_meaning_of_configuration(flowrules_meaning **meaning,
                                                    flowrules_context *context, const char *backend,
                                                    const flowrules_policy *policy,
                                                    const flowrules_configuration *configuration) {
    flowrules_plan *plan;
    *meaning = NULL;
    if (policy == NULL)
        return read_alone(meaning, context, backend, configuration);
    FR_TRY(fr_plan_new(&plan, context, policy, backend));
    const char *format = strchr(backend, ':') == NULL ? NULL : plan->format->name;
    flowrules_status status = fr_read_for(meaning, plan, format, configuration);
    fr_plan_free(plan);
    return status;
}
