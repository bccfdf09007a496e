/*
 * The output of a backend: files and parts; and the objects of all its rules.
 */
#include "output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "flowrules/kits/linux.h"
#include "flowrules/kits/whole.h"
#include "pieces.h"

void fr_output_init(flowrules_output *out, const struct fr_rules *rules) {
    const struct fr_allocator *allocator = &rules->plan->context->allocator;
    memset(out, 0, sizeof *out);
    out->plan = rules->plan;
    out->rules = rules;
    fr_arena_init(&out->scratch, allocator);
    fr_vec_init(&out->sets, allocator, sizeof(fr_set));
    fr_vec_init(&out->services, allocator, sizeof(const struct flowrules_service *));
    fr_strings_init(&out->once, allocator);
    fr_map_init(&out->uses, allocator);
    fr_vec_init(&out->pinned.names, allocator, sizeof(const struct fr_locked_name *));
    fr_writer_init(&out->sink, allocator, false);
    for (size_t i = 0; i < FR_PARTS; i++)
        fr_writer_init(&out->parts[i], allocator, true);
}

void fr_output_free(flowrules_output *out) {
    for (size_t i = 0; i < FR_PARTS; i++)
        fr_writer_free(&out->parts[i]);
    fr_writer_free(&out->sink);
    fr_strings_free(&out->once);
    fr_map_free(&out->uses);
    fr_vec_free(&out->pinned.names);
    fr_vec_free(&out->sets);
    fr_vec_free(&out->services);
    fr_arena_free(&out->scratch);
}

bool fr_output_good(const flowrules_output *out) {
    bool good = !out->failed && !out->sink.failed;
    for (size_t i = 0; i < FR_PARTS; i++)
        good = good && !out->parts[i].failed;
    for (size_t i = 0; out->files != NULL && i < out->files->count; i++)
        good = good && !(*fr_vec_at(out->files, struct fr_file *, i))->writer.failed;
    return good;
}

/* ---- the rules as a whole -------------------------------------------------------------------- */

const flowrules_plan *flowrules_output_plan(const flowrules_output *out) {
    return out->plan;
}

void *flowrules_output_state(flowrules_output *out) {
    return out->state;
}

const char *flowrules_output_fingerprint(const flowrules_output *out) {
    return out->rules->fingerprint;
}

void flowrules_write_shuts(flowrules_writer *w, const flowrules_output *out, const char *before,
                           const char *after) {
    for (size_t i = 0; i < sizeof out->rules->shuts / sizeof *out->rules->shuts; i++)
        if (out->rules->shuts[i] != NULL)
            flowrules_writef(w, "%s%s%s", before, out->rules->shuts[i], after);
}

const char *flowrules_output_entrances(const flowrules_output *out) {
    return out->rules->entrances;
}

/* ---- files --------------------------------------------------------------------------------- */

struct fr_file *fr_file_new(struct fr_vec *files, struct fr_arena *arena, const char *name,
                            const char *suffix, bool executable) {
    struct fr_file *file = fr_arena_zalloc(arena, sizeof *file);
    struct fr_file **slot = file == NULL ? NULL : fr_vec_push(files);
    if (slot == NULL)
        return NULL;
    *slot = file;
    fr_writer_init(&file->writer, arena->allocator, true);
    file->executable = executable;
    file->suffix = fr_arena_printf(arena, "%s", suffix);
    file->name = fr_arena_printf(arena, "%s%s", name, suffix);
    return file->name == NULL || file->suffix == NULL ? NULL : file;
}

flowrules_writer *flowrules_output_file(flowrules_output *out, const char *suffix,
                                        bool executable) {
    for (size_t i = 0; i < out->files->count; i++) {
        struct fr_file *file = *fr_vec_at(out->files, struct fr_file *, i);
        if (file->suffix != NULL && strcmp(file->suffix, suffix) == 0)
            return &file->writer;
    }
    struct fr_file *file =
        fr_file_new(out->files, out->files_arena, out->plan->name, suffix, executable);
    out->failed = out->failed || file == NULL;
    return file == NULL ? &out->sink : &file->writer;
}

flowrules_writer *flowrules_output_helper(flowrules_output *out, const char *suffix) {
    flowrules_writer *w = flowrules_output_file(out, suffix, true);
    for (size_t i = 0; i < out->files->count; i++) {
        struct fr_file *file = *fr_vec_at(out->files, struct fr_file *, i);
        file->helper = file->helper || &file->writer == w;
    }
    return w;
}

flowrules_writer *flowrules_output_undo(flowrules_output *out, const char *suffix,
                                        bool executable) {
    flowrules_writer *w = flowrules_output_helper(out, suffix);
    for (size_t i = 0; i < out->files->count; i++) {
        struct fr_file *file = *fr_vec_at(out->files, struct fr_file *, i);
        if (&file->writer != w)
            continue;
        file->undo = true;
        file->executable = executable;
    }
    return w;
}

flowrules_writer *flowrules_output_part(flowrules_output *out, unsigned number) {
    return number < FR_PARTS ? &out->parts[number] : &out->sink;
}

/* ---- the objects of rules ------------------------------------------------------------------ */

static bool note_set(flowrules_output *out, struct fr_map *seen, fr_set set) {
    uint32_t known;
    if (set == FR_SET_ANY || fr_map_get(seen, set, &known))
        return true;
    fr_set *slot = fr_map_put(seen, set, 1) ? fr_vec_add(&out->sets) : NULL;
    if (slot == NULL)
        return false;
    *slot = set;
    return true;
}

static bool note_services(flowrules_output *out, struct fr_map *seen, fr_service service) {
    uint32_t known;
    size_t count;
    if (fr_map_get(seen, service + 1, &known))
        return true;
    const struct flowrules_service *list = fr_service_spell(out->plan, service, &count);
    if (list == NULL || !fr_map_put(seen, service + 1, 1))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct flowrules_service **slot = fr_vec_add(&out->services);
        if (slot == NULL)
            return false;
        *slot = &list[i];
    }
    return true;
}

/* Lists the sets and services of all rules, the first time that one is asked for. */
static void list_objects(flowrules_output *out) {
    struct fr_map sets, services;
    if (out->listed)
        return;
    out->listed = true;
    fr_map_init(&sets, &out->plan->context->allocator);
    fr_map_init(&services, &out->plan->context->allocator);
    bool good = true;
    for (size_t i = 0; good && i < out->rules->rules.count; i++) {
        const struct fr_rule *rule = fr_vec_at(&out->rules->rules, struct fr_rule, i);
        good = note_set(out, &sets, rule->source) && note_set(out, &sets, rule->destination) &&
               note_services(out, &services, rule->service);
    }
    fr_map_free(&sets);
    fr_map_free(&services);
    out->failed = out->failed || !good;
}

size_t flowrules_output_set_count(flowrules_output *out) {
    list_objects(out);
    return out->sets.count;
}

struct flowrules_set flowrules_output_set(flowrules_output *out, size_t index) {
    list_objects(out);
    return (struct flowrules_set){&out->plan->view->sets, *fr_vec_at(&out->sets, fr_set, index)};
}

size_t flowrules_output_service_count(flowrules_output *out) {
    list_objects(out);
    return out->services.count;
}

const struct flowrules_service *flowrules_output_service(flowrules_output *out, size_t index) {
    list_objects(out);
    return *fr_vec_at(&out->services, const struct flowrules_service *, index);
}

bool flowrules_output_rule(flowrules_output *out, size_t index, struct flowrules_rule *rule) {
    const struct fr_rules *rules = out->rules;
    for (size_t i = 0; i < rules->groups.count; i++) {
        const struct fr_group *group = fr_vec_at(&rules->groups, struct fr_group, i);
        if (index >= group->first_rule && index - group->first_rule < group->view.rule_count)
            return fr_output_rule(out, group, fr_vec_at(&rules->rules, struct fr_rule, index),
                                  rule);
    }
    return false;
}

bool flowrules_output_once(flowrules_output *out, const char *text) {
    size_t length = strlen(text);
    if (fr_strings_find(&out->once, text, length) != 0)
        return false;
    out->failed = fr_strings_add(&out->once, text, length) == 0 || out->failed;
    return true;
}

size_t flowrules_output_rule_count(const flowrules_output *out, enum flowrules_direction direction,
                                   enum flowrules_action action) {
    size_t count = 0;
    for (size_t i = 0; i < out->rules->groups.count; i++) {
        const struct flowrules_group *group =
            &fr_vec_at(&out->rules->groups, struct fr_group, i)->view;
        if (group->direction == direction && group->action == action)
            count += group->rule_count;
    }
    return count;
}

void flowrules_output_refuse(flowrules_output *out, const char *format, ...) {
    char text[512];
    va_list arguments;
    if (out->refusal != NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    out->refusal = fr_arena_printf(out->plan->arena, "%s", text);
    out->failed = out->failed || out->refusal == NULL;
}
