/*
 * The overview of a policy as the public interface has it: gathers it, and makes the files.
 */
#include "overview.h"

#include "render.h"

/* ---- what is gathered ---------------------------------------------------------------------- */

static void init(struct fr_overview *o, flowrules_context *context,
                 const flowrules_policy *policy) {
    const struct fr_allocator *allocator = &context->allocator;
    *o = (struct fr_overview){.context = context, .policy = policy};
    o->first_message = context->diagnostics.list.count;
    fr_arena_init(&o->arena, allocator);
    fr_strings_init(&o->keys, allocator);
    fr_strings_init(&o->reasons, allocator);
    fr_map_init(&o->end_of, allocator);
    fr_vec_init(&o->numbers, allocator, sizeof(uint32_t));
    fr_vec_init(&o->ends, allocator, sizeof(struct fr_overview_end));
    fr_vec_init(&o->flows, allocator, sizeof(struct fr_overview_flow));
    fr_vec_init(&o->cells, allocator, sizeof(struct fr_overview_cell));
    fr_vec_init(&o->targets, allocator, sizeof(struct fr_overview_target));
    fr_vec_init(&o->verdicts, allocator, sizeof(struct fr_overview_verdict));
    fr_vec_init(&o->files, allocator, sizeof(struct fr_overview_file));
    fr_vec_init(&o->rules, allocator, sizeof(struct fr_overview_rule));
}

static void clear(struct fr_overview *o) {
    struct fr_vec *lists[] = {&o->numbers, &o->ends,     &o->flows, &o->cells,
                              &o->targets, &o->verdicts, &o->files, &o->rules};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        fr_vec_free(lists[i]);
    fr_map_free(&o->end_of);
    fr_strings_free(&o->keys);
    fr_strings_free(&o->reasons);
    flowrules_findings_free(o->findings);
    flowrules_assertions_free(o->own_assertions);
    fr_arena_free(&o->arena);
}

/* Broken assertions are a part of the overview, and no failure of it. */
static flowrules_status judge(struct fr_overview *o, flowrules_assertions *given) {
    if (given == NULL)
        FR_TRY(flowrules_assertions_new(&o->own_assertions, o->context, o->policy));
    o->assertions = given == NULL ? o->own_assertions : given;
    flowrules_status status = flowrules_assert(o->assertions);
    o->zones_of = fr_assertions_zones(o->assertions);
    return status == FLOWRULES_DIFFERENT ? FLOWRULES_OK : status;
}

/* What lint says of targets that cannot be planned has been said of them before. */
static flowrules_status look(struct fr_overview *o) {
    size_t before = o->context->diagnostics.list.count;
    FR_TRY(flowrules_lint(&o->findings, o->context, o->policy));
    fr_diagnostics_cut(&o->context->diagnostics, before);
    return FLOWRULES_OK;
}

static flowrules_status gather(struct fr_overview *o, flowrules_assertions *given) {
    FR_TRY(judge(o, given));
    FR_TRY(fr_overview_ends(o));
    FR_TRY(fr_overview_targets(o));
    return look(o);
}

/* ---- the files ----------------------------------------------------------------------------- */

static struct flowrules_writer *add_file(flowrules_artifact *artifact, const char *suffix) {
    struct fr_file *file = fr_file_new(&artifact->files, &artifact->arena, "report", suffix, false);
    return file == NULL ? NULL : &file->writer;
}

static bool write_files(flowrules_artifact *artifact, const struct fr_overview *o) {
    struct flowrules_writer *page = add_file(artifact, ".html");
    struct flowrules_writer *markdown = add_file(artifact, ".md");
    struct flowrules_writer *csv = add_file(artifact, ".csv");
    struct flowrules_writer *json = add_file(artifact, ".json");
    if (page == NULL || markdown == NULL || csv == NULL || json == NULL)
        return false;
    fr_overview_write_json(json, o);
    fr_overview_write_page(page, json);
    fr_overview_write_markdown(markdown, o);
    fr_overview_write_csv(csv, o);
    return !page->failed && !markdown->failed && !csv->failed && !json->failed;
}

static flowrules_status write(flowrules_artifact **artifact, const struct fr_overview *o) {
    flowrules_artifact *made = fr_artifact_new(o->context, NULL, "report", "report", "report");
    if (made != NULL && write_files(made, o)) {
        *artifact = made;
        return FLOWRULES_OK;
    }
    flowrules_artifact_free(made);
    return fr_no_memory(o->context);
}

flowrules_status flowrules_overview(flowrules_artifact **artifact, flowrules_context *context,
                                    const flowrules_policy *policy,
                                    flowrules_assertions *assertions) {
    struct fr_overview o;
    *artifact = NULL;
    init(&o, context, policy);
    flowrules_status status = gather(&o, assertions);
    if (status == FLOWRULES_OK)
        status = write(artifact, &o);
    clear(&o);
    return status;
}
