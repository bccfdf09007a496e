/*
 * Spelling: hands a plan to a backend, group by group, and answers what the backend asks.
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
    struct fr_plan *plan = out->plan;
    const struct fr_group *group = fr_vec_at(&plan->groups, struct fr_group, index);
    bool good = true;
    if (plan->format->group != NULL)
        plan->format->group(out, &group->view);
    for (uint32_t i = 0; good && out->refusal == NULL && i < group->view.rule_count; i++)
        good =
            spell_rule(out, group, fr_vec_at(&plan->rules, struct fr_rule, group->first_rule + i));
    for (size_t i = 0; good && i < plan->dispatches.count; i++) {
        const struct fr_dispatch *d = *fr_vec_at(&plan->dispatches, struct fr_dispatch *, i);
        if (d->view.name != NULL && d->after_group == index)
            plan->format->dispatch(out, &d->view);
    }
    return good;
}

/* The rules of all groups, where they have an order that is not that of the groups. */
static bool spell_turns(flowrules_output *out) {
    const struct fr_plan *plan = out->plan;
    bool good = true;
    for (size_t i = 0; good && out->refusal == NULL && i < plan->turns.count; i++) {
        const struct fr_turn *turn = fr_vec_at(&plan->turns, struct fr_turn, i);
        good = spell_rule(out, fr_vec_at(&plan->groups, struct fr_group, turn->group),
                          fr_vec_at(&plan->rules, struct fr_rule, turn->rule));
    }
    return good;
}

/* What is refused is thrown away: nothing more of it is written. */
static bool spell(flowrules_output *out) {
    const struct flowrules_format *format = out->plan->format;
    bool good = true;
    format->begin(out);
    if (out->plan->turns.count > 0)
        good = spell_turns(out);
    else
        for (uint32_t i = 0; good && out->refusal == NULL && i < out->plan->groups.count; i++)
            good = spell_group(out, i);
    if (good && out->refusal == NULL)
        format->end(out);
    return good && fr_output_good(out);
}

/* ---- the fingerprint ----------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15u; /* Knuth's multiplicative constant, 2^64 / phi */
    return hash ^ (hash >> 29);
}

static uint64_t mix_text(uint64_t hash, const char *text) {
    return mix(hash, text == NULL ? 0 : fr_hash(text, strlen(text)));
}

static uint64_t mix_set(uint64_t hash, struct flowrules_set set) {
    for (int family = 0; family < 2; family++)
        for (size_t i = 0; i < flowrules_set_range_count(set, (enum flowrules_family)family); i++) {
            struct flowrules_range r = flowrules_set_range(set, (enum flowrules_family)family, i);
            hash = mix(mix(mix(mix(hash, r.first.hi), r.first.lo), r.last.hi), r.last.lo);
        }
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++) {
        struct flowrules_atom atom = flowrules_set_atom(set, i);
        hash = mix_text(mix(hash, atom.kind), atom.name);
    }
    return mix(hash, flowrules_set_is_any(set));
}

/* What the platform's groups of a set are to it. */
static uint64_t mix_bindings(uint64_t hash, const struct fr_plan *plan, fr_set set) {
    struct flowrules_set view = {&plan->view.sets, set};
    for (size_t i = 0; i < flowrules_set_atom_count(view); i++) {
        struct flowrules_atom atom = flowrules_set_atom(view, i);
        const struct fr_binding *binding =
            atom.kind == FLOWRULES_ATOM_GROUP
                ? fr_policy_binding_for(plan->policy, atom.name, plan->backend)
                : NULL;
        for (uint32_t v = 0; binding != NULL && v < binding->values.count; v++) {
            const struct fr_binding_value *value = fr_vec_at(
                &plan->policy->binding_values, struct fr_binding_value, binding->values.first + v);
            hash = mix_text(hash, FR_POLICY_TEXT(plan->policy, value->key));
            hash = mix_text(hash, FR_POLICY_TEXT(plan->policy, value->label));
            hash = mix_text(hash, FR_POLICY_TEXT(plan->policy, value->value));
        }
    }
    return hash;
}

static uint64_t mix_table(uint64_t hash, const struct fr_plan *plan, const struct fr_rule *rule) {
    const struct fr_table *table = *fr_vec_at(&plan->tables, struct fr_table *, rule->table);
    struct flowrules_rule view = {.table = &table->view};
    for (size_t i = 0; i < table->view.count; i++) {
        struct flowrules_element e = flowrules_table_element(&view, i);
        hash = mix(mix(hash, e.source.hi), e.source.lo);
        hash = mix(mix(hash, e.address.first.hi), e.address.first.lo);
        hash = mix(mix(hash, e.address.last.hi), e.address.last.lo);
        hash = mix(mix(mix(hash, e.ports.first), e.ports.last), e.flows.number);
    }
    return mix_text(hash, table->view.name);
}

static uint64_t mix_rule(uint64_t hash, const struct fr_plan *plan, const struct fr_rule *rule) {
    const struct fr_service_terms *terms = fr_service_get(&plan->services, rule->service);
    for (uint32_t i = 0; i < terms->count; i++) {
        const struct fr_term *t = &terms->terms[i];
        hash = mix(mix(hash, t->protocol), ((uint64_t)t->source_first << 16) | t->source_last);
        hash = mix(hash, ((uint64_t)t->destination_first << 16) | t->destination_last);
    }
    hash = mix_set(hash, (struct flowrules_set){&plan->view.sets, rule->source});
    hash = mix_set(hash, (struct flowrules_set){&plan->view.sets, rule->destination});
    hash = mix_bindings(mix_bindings(hash, plan, rule->source), plan, rule->destination);
    if (rule->kind == FR_RULE_TABLE)
        hash = mix_table(hash, plan, rule);
    if (plan->backend->capabilities.expiry)
        hash = mix(hash, (uint32_t)rule->expires);
    for (size_t i = 0; i < fr_flows_count(plan, rule->flows); i++)
        hash = mix_text(hash,
                        FR_POLICY_TEXT(plan->policy, fr_vec_at(&plan->policy->flows, struct fr_flow,
                                                               fr_flows_at(plan, rule->flows, i))
                                                         ->name));
    return hash;
}

/* A target of groups closes what it protects by them: that is no part of a rule. */
static uint64_t mix_protects(uint64_t hash, const struct fr_plan *plan) {
    if (plan->backend->bindings == NULL)
        return hash;
    hash = mix(hash, ((uint64_t)plan->enforces[FLOWRULES_EGRESS] << 1) |
                         (uint64_t)plan->enforces[FLOWRULES_INGRESS]);
    hash = mix_set(hash, (struct flowrules_set){&plan->view.sets, plan->protects.set});
    return mix_bindings(hash, plan, plan->protects.set);
}

/* The baseline as a number: 1 and 0 are true and false. */
static uint64_t baseline_mark(unsigned baseline) {
    if (baseline == FR_BASELINE_TRUE)
        return 1;
    return baseline == FR_BASELINE_FALSE ? 0 : (uint64_t)baseline << 1;
}

static void fingerprint(struct fr_plan *plan) {
    uint64_t hash = mix_text(mix_text(1, plan->name), plan->format->name);
    for (const struct flowrules_setting *s = plan->backend->settings; s != NULL && s->key != NULL;
         s++) {
        const char *value = fr_plan_setting(plan, s->key);
        bool usual = value == NULL || s->fallback == NULL ? value == s->fallback
                                                          : strcmp(value, s->fallback) == 0;
        if (!s->later || !usual)
            hash = mix_text(hash, value);
    }
    hash = mix(hash, (baseline_mark(plan->target->baseline) << 8) | (uint64_t)plan->target->log);
    if (plan->permits)
        hash = mix_text(hash, "permits");
    hash = mix_protects(hash, plan);
    for (size_t i = 0; i < plan->groups.count; i++) {
        const struct fr_group *g = fr_vec_at(&plan->groups, struct fr_group, i);
        hash = mix_text(mix_set(hash, g->view.match), g->view.name);
        hash = mix(mix(hash, g->log), g->view.action);
        for (size_t r = 0; r < g->view.rule_count; r++)
            hash = mix_rule(hash, plan, fr_vec_at(&plan->rules, struct fr_rule, g->first_rule + r));
    }
    snprintf(plan->fingerprint, sizeof plan->fingerprint, "%08x", (unsigned)(hash ^ (hash >> 32)));
}

/* ---- artifacts ----------------------------------------------------------------------------- */

/* Takes over the lists of flows, so that the artifact outlives the plan. */
static void keep_flows(flowrules_artifact *artifact, struct fr_plan *plan) {
    artifact->lists = plan->flow_lists;
    artifact->members = plan->flow_members;
    fr_vec_init(&plan->flow_lists, &plan->context->allocator, sizeof(struct fr_span));
    fr_vec_init(&plan->flow_members, &plan->context->allocator, sizeof(uint32_t));
}

size_t fr_artifact_flow_count(const flowrules_artifact *artifact, flowrules_flows flows) {
    size_t own = artifact->policy->flows.count;
    return flows.number < own
               ? 1
               : fr_vec_at(&artifact->lists, struct fr_span, flows.number - own)->count;
}

uint32_t fr_artifact_flow(const flowrules_artifact *artifact, flowrules_flows flows, size_t index) {
    size_t own = artifact->policy->flows.count;
    if (flows.number < own)
        return flows.number;
    uint32_t first = fr_vec_at(&artifact->lists, struct fr_span, flows.number - own)->first;
    return *fr_vec_at(&artifact->members, uint32_t, first + index);
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
    fr_vec_init(&artifact->lists, &artifact->allocator, sizeof(struct fr_span));
    fr_vec_init(&artifact->members, &artifact->allocator, sizeof(uint32_t));
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
    fr_vec_free(&artifact->lists);
    fr_vec_free(&artifact->members);
    flowrules_policy_free(artifact->policy);
    fr_free(&allocator, artifact->map);
    fr_arena_free(&artifact->arena);
    fr_free(&allocator, artifact);
}

/* A backend refused the whole target: that is told like the refusal of a flow. */
static flowrules_status report_refusal(const struct fr_plan *plan, const char *refusal) {
    struct fr_about about = {FLOWRULES_ERROR, FR_LIMIT, plan->target->at, NULL, plan->name, NULL};
    fr_report(&plan->context->diagnostics, &about, "target '%s' cannot be rendered: %s", plan->name,
              refusal);
    return FLOWRULES_REFUSED;
}

/* An artifact, or why the target as a whole is refused: a text of the plan's arena. */
static flowrules_status make_artifact(flowrules_artifact **artifact, struct fr_plan *plan,
                                      const char **refusal) {
    *artifact = NULL;
    *refusal = NULL;
    flowrules_output *out = fr_malloc(&plan->context->allocator, sizeof *out);
    flowrules_artifact *made = fr_artifact_new(plan->context, plan->policy, plan->name,
                                               plan->backend->name, plan->format->name);
    if (out == NULL || made == NULL) {
        fr_free(&plan->context->allocator, out);
        flowrules_artifact_free(made);
        return fr_no_memory(plan->context);
    }
    fr_output_init(out, plan);
    out->files = &made->files;
    out->files_arena = &made->arena;
    out->state = fr_arena_zalloc(&plan->arena, plan->backend->state_size + 1);
    fingerprint(plan);
    bool good = out->state != NULL && spell(out);
    *refusal = good ? out->refusal : NULL;
    fr_output_free(out);
    fr_free(&plan->context->allocator, out);
    if (!good || *refusal != NULL) {
        flowrules_artifact_free(made);
        return good ? FLOWRULES_REFUSED : fr_no_memory(plan->context);
    }
    keep_flows(made, plan);
    *artifact = made;
    return FLOWRULES_OK;
}

flowrules_status fr_render(flowrules_artifact **artifact, struct fr_plan *plan) {
    const char *refusal;
    flowrules_status status = make_artifact(artifact, plan, &refusal);
    return status == FLOWRULES_REFUSED ? report_refusal(plan, refusal) : status;
}

flowrules_status fr_try_rendering(struct fr_plan *plan, const char **refusal) {
    flowrules_artifact *artifact;
    *refusal = NULL;
    if (plan->refused + plan->unresolved > 0)
        return FLOWRULES_OK;
    flowrules_status status = fr_plan_lower(plan);
    if (status == FLOWRULES_OK) {
        status = make_artifact(&artifact, plan, refusal);
        flowrules_artifact_free(artifact);
    }
    return status == FLOWRULES_REFUSED ? FLOWRULES_OK : status;
}

/* ---- getters ------------------------------------------------------------------------------- */

static const struct fr_file *file_at(const flowrules_artifact *artifact, size_t file) {
    return file < artifact->files.count ? *fr_vec_at(&artifact->files, struct fr_file *, file)
                                        : NULL;
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
