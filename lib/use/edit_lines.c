/*
 * Which lines of a target's files a change has changed: renders the target, and compares the files
 * with those that it rendered before.
 */
#include <string.h>

#include "edit.h"
#include "line_diff.h"
#include "output.h"
#include "render.h"

struct changed_line {
    bool added;
    const char *file, *text;
    size_t number;
};

struct flowrules_lines {
    struct fr_allocator allocator;
    struct fr_arena arena;
    struct fr_vec list; /* struct changed_line */
};

/* ---- files that are kept ------------------------------------------------------------------- */

static struct fr_kept_target no_files(const flowrules_edit *edit) {
    struct fr_kept_target kept = {.name = NULL};
    fr_arena_init(&kept.arena, &edit->context->allocator);
    return kept;
}

static bool keep_file(struct fr_kept_target *kept, const struct fr_file *file) {
    struct fr_kept_file *own = &kept->files[kept->count++];
    own->name = fr_arena_text(&kept->arena, file->name, strlen(file->name));
    own->text = fr_writer_text(&file->writer, &own->size);
    return own->name != NULL && own->text != NULL;
}

static bool keep_files(struct fr_kept_target *kept, const flowrules_artifact *artifact,
                       const char *target) {
    size_t count = artifact->files.count;
    kept->name = fr_arena_text(&kept->arena, target, strlen(target));
    kept->files = fr_arena_alloc(&kept->arena, count * sizeof *kept->files);
    bool good = kept->name != NULL && kept->files != NULL;
    for (size_t i = 0; i < count && good; i++)
        good = keep_file(kept, *fr_vec_at(&artifact->files, struct fr_file *, i));
    return good;
}

/* Renders a target of a policy, and keeps its files; to be freed also where that fails. */
static flowrules_status render(const flowrules_edit *edit, const flowrules_policy *policy,
                               const char *target, struct fr_kept_target *kept) {
    flowrules_artifact *artifact;
    FR_TRY(flowrules_render(&artifact, edit->context, policy, target));
    bool good = keep_files(kept, artifact, target);
    flowrules_artifact_free(artifact);
    return good ? FLOWRULES_OK : fr_no_memory(edit->context);
}

/* The files of the policy that there is now. */
static flowrules_status render_now(flowrules_edit *edit, const char *target,
                                   struct fr_kept_target *kept) {
    flowrules_policy *policy;
    FR_TRY(flowrules_edit_policy(&policy, edit));
    flowrules_status status = render(edit, policy, target, kept);
    flowrules_policy_free(policy);
    return status;
}

/* The files that were rendered last; at first, those of the policy as it was at the beginning. */
static flowrules_status find_kept(flowrules_edit *edit, const char *target,
                                  struct fr_kept_target **found) {
    for (size_t i = 0; i < edit->kept.count; i++) {
        *found = fr_vec_at(&edit->kept, struct fr_kept_target, i);
        if (strcmp((*found)->name, target) == 0)
            return FLOWRULES_OK;
    }
    struct fr_kept_target first = no_files(edit);
    flowrules_status status = render(edit, edit->begun, target, &first);
    *found = status == FLOWRULES_OK ? fr_vec_push(&edit->kept) : NULL;
    if (*found != NULL)
        **found = first;
    else
        fr_kept_target_free(&first);
    return status == FLOWRULES_OK && *found == NULL ? fr_no_memory(edit->context) : status;
}

/* ---- comparing ----------------------------------------------------------------------------- */

/* Two files of a name; one may be missing. */
struct comparing {
    flowrules_lines *lines;
    const struct fr_vec *sides; /* struct fr_line */
    const char *file;
};

static bool tell_line(void *user, bool added, size_t number) {
    const struct comparing *c = user;
    const struct fr_line *line = fr_vec_at(&c->sides[added], struct fr_line, number);
    struct changed_line *slot = fr_vec_push(&c->lines->list);
    if (slot == NULL)
        return false;
    *slot = (struct changed_line){
        added, c->file, fr_arena_text(&c->lines->arena, line->text, line->length), number + 1};
    return slot->text != NULL;
}

static bool compare_files(flowrules_lines *lines, const char *name,
                          const struct fr_kept_file *const files[2]) {
    struct fr_vec sides[2];
    struct comparing c = {lines, sides, fr_arena_text(&lines->arena, name, strlen(name))};
    bool good = c.file != NULL;
    for (size_t i = 0; i < 2; i++) {
        fr_vec_init(&sides[i], &lines->allocator, sizeof(struct fr_line));
        if (files[i] != NULL)
            good = fr_lines_split(&sides[i], files[i]->text, files[i]->size) && good;
    }
    good = good && fr_lines_compare(&sides[0], &sides[1], tell_line, &c);
    for (size_t i = 0; i < 2; i++)
        fr_vec_free(&sides[i]);
    return good;
}

static const struct fr_kept_file *file_of(const struct fr_kept_target *kept, const char *name) {
    for (size_t i = 0; i < kept->count; i++)
        if (strcmp(kept->files[i].name, name) == 0)
            return &kept->files[i];
    return NULL;
}

/* Compares the files that are there now, then those that are no longer there. */
static bool compare_all(flowrules_lines *lines, const struct fr_kept_target *before,
                        const struct fr_kept_target *after) {
    bool good = true;
    for (size_t i = 0; i < after->count && good; i++) {
        const char *name = after->files[i].name;
        const struct fr_kept_file *const files[2] = {file_of(before, name), &after->files[i]};
        good = compare_files(lines, name, files);
    }
    for (size_t i = 0; i < before->count && good; i++) {
        const struct fr_kept_file *const files[2] = {&before->files[i], NULL};
        if (file_of(after, before->files[i].name) == NULL)
            good = compare_files(lines, before->files[i].name, files);
    }
    return good;
}

static flowrules_lines *new_lines(flowrules_context *context) {
    flowrules_lines *lines = fr_malloc(&context->allocator, sizeof *lines);
    if (lines == NULL)
        return NULL;
    lines->allocator = context->allocator;
    fr_arena_init(&lines->arena, &lines->allocator);
    fr_vec_init(&lines->list, &lines->allocator, sizeof(struct changed_line));
    return lines;
}

flowrules_status flowrules_edit_lines(flowrules_lines **lines, flowrules_edit *edit,
                                      const char *target) {
    struct fr_kept_target *kept, now = no_files(edit);
    *lines = NULL;
    FR_TRY(find_kept(edit, target, &kept));
    flowrules_status status = render_now(edit, target, &now);
    flowrules_lines *found = status == FLOWRULES_OK ? new_lines(edit->context) : NULL;
    if (status == FLOWRULES_OK && (found == NULL || !compare_all(found, kept, &now)))
        status = fr_no_memory(edit->context);
    if (status != FLOWRULES_OK) {
        fr_kept_target_free(&now);
        flowrules_lines_free(found);
        return status;
    }
    fr_kept_target_free(kept);
    *kept = now;
    *lines = found;
    return found->list.count == 0 ? FLOWRULES_OK : FLOWRULES_DIFFERENT;
}

/* ---- getters ------------------------------------------------------------------------------- */

void flowrules_lines_free(flowrules_lines *lines) {
    if (lines == NULL)
        return;
    struct fr_allocator allocator = lines->allocator;
    fr_vec_free(&lines->list);
    fr_arena_free(&lines->arena);
    fr_free(&allocator, lines);
}

size_t flowrules_line_count(const flowrules_lines *lines) {
    return lines->list.count;
}

static const struct changed_line *line_at(const flowrules_lines *lines, size_t line) {
    return line < lines->list.count ? fr_vec_at(&lines->list, struct changed_line, line) : NULL;
}

const char *flowrules_line_change(const flowrules_lines *lines, size_t line) {
    const struct changed_line *own = line_at(lines, line);
    return own == NULL ? NULL : own->added ? "added" : "removed";
}

const char *flowrules_line_file(const flowrules_lines *lines, size_t line) {
    const struct changed_line *own = line_at(lines, line);
    return own == NULL ? NULL : own->file;
}

size_t flowrules_line_number(const flowrules_lines *lines, size_t line) {
    const struct changed_line *own = line_at(lines, line);
    return own == NULL ? 0 : own->number;
}

const char *flowrules_line_text(const flowrules_lines *lines, size_t line) {
    const struct changed_line *own = line_at(lines, line);
    return own == NULL ? NULL : own->text;
}
