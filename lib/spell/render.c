/*
 * Spelling: passes rules to a backend, group by group, and keeps what it writes.
 */
#include "render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* ---- spelling ------------------------------------------------------------------------------ */

static bool spell_rule(flowrules_output *out, const struct fr_group *group,
                       const struct fr_rule *rule) {
    struct flowrules_rule view;
    if (!fr_output_rule(out, group, rule, &view))
        return false;
    out->plan->format->rule(out, &view);
    return true;
}

static bool spell_group(flowrules_output *out, uint32_t index) {
    const struct fr_rules *rules = out->rules;
    const struct flowrules_format *format = out->plan->format;
    const struct fr_group *group = fr_vec_at(&rules->groups, struct fr_group, index);
    bool good = true;
    if (format->group != NULL)
        format->group(out, &group->view);
    for (uint32_t i = 0; good && out->refusal == NULL && i < group->view.rule_count; i++)
        good =
            spell_rule(out, group, fr_vec_at(&rules->rules, struct fr_rule, group->first_rule + i));
    for (size_t i = 0; good && i < rules->dispatches.count; i++) {
        const struct fr_dispatch *d = *fr_vec_at(&rules->dispatches, struct fr_dispatch *, i);
        if (d->view.name != NULL && d->after_group == index)
            format->dispatch(out, &d->view);
    }
    return good;
}

/* The rules of all groups, where they have an order that is not that of the groups. */
static bool spell_turns(flowrules_output *out) {
    const struct fr_rules *rules = out->rules;
    bool good = true;
    for (size_t i = 0; good && out->refusal == NULL && i < rules->turns.count; i++) {
        const struct fr_turn *turn = fr_vec_at(&rules->turns, struct fr_turn, i);
        good = spell_rule(out, fr_vec_at(&rules->groups, struct fr_group, turn->group),
                          fr_vec_at(&rules->rules, struct fr_rule, turn->rule));
    }
    return good;
}

/* What is refused is thrown away: nothing more of it is written. */
static bool spell(flowrules_output *out) {
    const struct flowrules_format *format = out->plan->format;
    bool good = true;
    format->begin(out);
    if (out->rules->turns.count > 0)
        good = spell_turns(out);
    else
        for (uint32_t i = 0; good && out->refusal == NULL && i < out->rules->groups.count; i++)
            good = spell_group(out, i);
    if (good && out->refusal == NULL)
        format->end(out);
    return good && fr_output_good(out);
}

/* ---- artifacts ----------------------------------------------------------------------------- */

size_t fr_artifact_flow_count(const flowrules_artifact *artifact, flowrules_flows flows) {
    return fr_flows_count(fr_flows_in(&artifact->flows, &artifact->joined, flows.number),
                          flows.number);
}

uint32_t fr_artifact_flow(const flowrules_artifact *artifact, flowrules_flows flows, size_t index) {
    return fr_flows_at(fr_flows_in(&artifact->flows, &artifact->joined, flows.number), flows.number,
                       index);
}

flowrules_artifact *fr_artifact_new(flowrules_context *context, const flowrules_policy *policy,
                                    const char *target, const char *backend, const char *format) {
    const struct fr_allocator *allocator = &context->allocator;
    flowrules_artifact *artifact = fr_malloc(allocator, sizeof *artifact);
    if (artifact == NULL)
        return NULL;
    memset(artifact, 0, sizeof *artifact);
    artifact->allocator = *allocator;
    artifact->policy = policy == NULL ? NULL : fr_policy_hold(policy);
    fr_arena_init(&artifact->arena, &artifact->allocator);
    fr_vec_init(&artifact->files, &artifact->allocator, sizeof(struct fr_file *));
    size_t flows = policy == NULL ? 0 : policy->flows.count;
    fr_flow_lists_init(&artifact->flows, &artifact->allocator, flows);
    fr_flow_lists_init(&artifact->joined, &artifact->allocator, flows);
    artifact->target = fr_arena_printf(&artifact->arena, "%s", target);
    artifact->backend = fr_arena_printf(&artifact->arena, "%s", backend);
    artifact->format = fr_arena_printf(&artifact->arena, "%s", format);
    if (artifact->target != NULL && artifact->backend != NULL && artifact->format != NULL)
        return artifact;
    flowrules_artifact_free(artifact);
    return NULL;
}

flowrules_status fr_artifact_of_text(flowrules_artifact **artifact, flowrules_context *context,
                                     const char *kind, const char *name, const char *text,
                                     size_t size) {
    flowrules_artifact *made = fr_artifact_new(context, NULL, kind, kind, kind);
    struct fr_file *file = made == NULL ? NULL : fr_arena_zalloc(&made->arena, sizeof *file);
    struct fr_file **slot = file == NULL ? NULL : fr_vec_push(&made->files);
    *artifact = NULL;
    if (slot != NULL) {
        *slot = file;
        fr_writer_init(&file->writer, &made->allocator, false);
        fr_write_bytes(&file->writer, text, size);
        file->name = fr_arena_text(&made->arena, name, strlen(name));
        if (file->name != NULL && !file->writer.failed) {
            *artifact = made;
            return FLOWRULES_OK;
        }
    }
    flowrules_artifact_free(made);
    return fr_no_memory(context);
}

void flowrules_artifact_free(flowrules_artifact *artifact) {
    if (artifact == NULL)
        return;
    struct fr_allocator allocator = artifact->allocator;
    for (size_t i = 0; i < artifact->files.count; i++)
        fr_writer_free(&(*fr_vec_at(&artifact->files, struct fr_file *, i))->writer);
    fr_vec_free(&artifact->files);
    fr_flow_lists_free(&artifact->flows);
    fr_flow_lists_free(&artifact->joined);
    flowrules_policy_free(artifact->policy);
    fr_free(&allocator, artifact->map);
    fr_arena_free(&artifact->arena);
    fr_free(&allocator, artifact);
}

/* A backend refused the whole target: that is told like the refusal of a flow. */
static flowrules_status report_refusal(const flowrules_plan *plan, const char *refusal) {
    struct fr_about about = {FLOWRULES_ERROR, FR_LIMIT, plan->target->at, NULL, plan->name, NULL};
    fr_report(&plan->context->diagnostics, &about, "target '%s' cannot be rendered: %s", plan->name,
              refusal);
    return FLOWRULES_REFUSED;
}

/* Spells rules into an artifact; *refusal: why the target as a whole is refused, or NULL. */
static bool spell_into(flowrules_artifact *artifact, const struct fr_rules *rules,
                       const struct fr_asked *asked, const char **refusal) {
    const flowrules_plan *plan = rules->plan;
    flowrules_output *out = fr_malloc(&plan->context->allocator, sizeof *out);
    if (out == NULL)
        return false;
    fr_output_init(out, rules);
    artifact->joined.first = rules->flows.first + (uint32_t)rules->flows.lists.count;
    out->asked = asked;
    out->files = &artifact->files;
    out->files_arena = &artifact->arena;
    out->joined = &artifact->joined;
    out->state = fr_arena_zalloc(plan->arena, plan->backend->state_size + 1);
    bool good = out->state != NULL && spell(out) && fr_plan_memory(plan) == FLOWRULES_OK;
    *refusal = good ? out->refusal : NULL;
    fr_output_free(out);
    fr_free(&plan->context->allocator, out);
    return good;
}

/*
 * An artifact, which holds on to the flow lists of the rules, whose life ends here; or why the
 * target as a whole is refused: a text of the plan's arena.
 */
static flowrules_status make_artifact(flowrules_artifact **artifact, struct fr_rules *rules,
                                      const struct fr_asked *asked, const char **refusal) {
    const flowrules_plan *plan = rules->plan;
    *artifact = NULL;
    *refusal = NULL;
    flowrules_artifact *made = fr_artifact_new(plan->context, plan->policy, plan->name,
                                               plan->backend->name, plan->format->name);
    bool good = made != NULL && spell_into(made, rules, asked, refusal);
    if (!good || *refusal != NULL) {
        fr_rules_free(rules);
        flowrules_artifact_free(made);
        return good ? FLOWRULES_REFUSED : fr_no_memory(plan->context);
    }
    memcpy(made->version, rules->fingerprint, sizeof(made->version));
    fr_rules_end(rules, &made->flows);
    *artifact = made;
    return FLOWRULES_OK;
}

flowrules_status fr_render(flowrules_artifact **artifact, struct fr_rules *rules,
                           const struct fr_asked *asked) {
    const flowrules_plan *plan = rules->plan;
    const char *refusal;
    flowrules_status status = make_artifact(artifact, rules, asked, &refusal);
    return status == FLOWRULES_REFUSED ? report_refusal(plan, refusal) : status;
}

flowrules_status fr_try_rendering(const flowrules_plan *plan, struct fr_rules **refused,
                                  const char **refusal) {
    flowrules_artifact *artifact;
    struct fr_rules *rules;
    *refused = NULL;
    *refusal = NULL;
    if (plan->refused + plan->unresolved > 0)
        return FLOWRULES_OK;
    flowrules_status status = fr_rules_make(&rules, plan);
    if (status == FLOWRULES_OK) {
        status = make_artifact(&artifact, rules, NULL, refusal);
        flowrules_artifact_free(artifact);
    } else {
        *refused = rules;
    }
    return status == FLOWRULES_REFUSED ? FLOWRULES_OK : status;
}

/* ---- getters ------------------------------------------------------------------------------- */

static const struct fr_file *file_at(const flowrules_artifact *artifact, size_t file) {
    return file < artifact->files.count ? *fr_vec_at(&artifact->files, struct fr_file *, file)
                                        : NULL;
}

const char *flowrules_artifact_version(const flowrules_artifact *artifact) {
    return artifact->version;
}

size_t flowrules_artifact_file_count(const flowrules_artifact *artifact) {
    return artifact->files.count;
}

const char *flowrules_artifact_file_name(const flowrules_artifact *artifact, size_t file) {
    const struct fr_file *f = file_at(artifact, file);
    return f == NULL ? NULL : f->name;
}

size_t flowrules_artifact_file_size(const flowrules_artifact *artifact, size_t file) {
    const struct fr_file *f = file_at(artifact, file);
    return f == NULL ? 0 : fr_writer_size(&f->writer);
}

int flowrules_artifact_file_helper(const flowrules_artifact *artifact, size_t file) {
    return (*fr_vec_at(&artifact->files, struct fr_file *, file))->helper;
}

int flowrules_artifact_file_executable(const flowrules_artifact *artifact, size_t file) {
    const struct fr_file *f = file_at(artifact, file);
    return f != NULL && f->executable;
}

const char *flowrules_artifact_file_block(const flowrules_artifact *artifact, size_t file,
                                          size_t block, size_t *size) {
    const struct fr_file *f = file_at(artifact, file);
    const struct fr_block *b = f == NULL ? NULL : f->writer.first;
    for (size_t i = 0; b != NULL && i < block; i++)
        b = b->next;
    *size = b == NULL ? 0 : b->size;
    return b == NULL ? NULL : b->bytes;
}

/* ---- the map ------------------------------------------------------------------------------- */

struct mapping {
    flowrules_artifact *artifact;
    struct flowrules_writer *writer;
    const char *file;
    bool any;
};

static void map_line(void *user, uint32_t line, flowrules_flows flows) {
    struct mapping *m = user;
    const flowrules_artifact *a = m->artifact;
    fr_json *entry = fr_json_object(), *names = fr_json_array();
    for (size_t i = 0; i < fr_artifact_flow_count(a, flows); i++)
        fr_json_add(names, NULL,
                    fr_json_text(flowrules_flow_name(a->policy, fr_artifact_flow(a, flows, i))));
    fr_json_add_string(entry, "file", m->file);
    fr_json_add_number(entry, "line", line);
    fr_json_add(entry, "flows", names);
    flowrules_write(m->writer, m->any ? ",\n  " : "\n  ");
    m->any = true;
    fr_json_write(m->writer, entry);
}

static void write_map(flowrules_artifact *artifact, struct flowrules_writer *w) {
    struct mapping mapping = {.artifact = artifact, .writer = w};
    flowrules_write(w, "{\"target\": ");
    fr_json_write(w, fr_json_text(artifact->target));
    flowrules_write(w, ", \"backend\": ");
    fr_json_write(w, fr_json_text(artifact->backend));
    flowrules_write(w, ", \"format\": ");
    fr_json_write(w, fr_json_text(artifact->format));
    flowrules_write(w, ", \"rules\": [");
    for (size_t i = 0; i < artifact->files.count; i++) {
        const struct fr_file *file = file_at(artifact, i);
        mapping.file = file->name;
        fr_writer_visit(&file->writer, map_line, &mapping);
    }
    flowrules_write(w, mapping.any ? "\n]}\n" : "]}\n");
}

const char *flowrules_artifact_map(flowrules_artifact *artifact) {
    if (artifact->map != NULL)
        return artifact->map;
    struct flowrules_writer w;
    size_t size;
    fr_writer_init(&w, &artifact->allocator, false);
    write_map(artifact, &w);
    artifact->map = fr_writer_text(&w, &size);
    fr_writer_free(&w);
    return artifact->map;
}
