/*
 * Changes a policy flow by flow, and tells which packets that concerns. A packet that neither the
 * old flow nor the new one matches is decided as before; so two policies are compared that have
 * only the flows which may meet these two: once with the old flow, once with the new one.
 */
#include "edit.h"

#include <string.h>

#include "meaning.h"

/* ---- opening ------------------------------------------------------------------------------- */

static const struct fr_services *services_of(const flowrules_edit *edit) {
    return &edit->editor.policy->services;
}

/* What a flow is about, as the view sees it. */
static flowrules_status find_region(flowrules_edit *edit, const struct fr_flow *flow,
                                    struct fr_edit_region *region) {
    const struct fr_span spans[2] = {flow->source, flow->destination};
    for (size_t e = 0; e < 2; e++) {
        struct fr_end end;
        FR_TRY(fr_view_end(&edit->view, spans[e], false, &end));
        region->ends[e] = end.set;
    }
    region->service = flow->service;
    return edit->view.sets.failed ? fr_no_memory(edit->context) : FLOWRULES_OK;
}

static struct fr_edited *edited_at(const flowrules_edit *edit, uint32_t number) {
    return fr_vec_at(&edit->regions, struct fr_edited, number);
}

/* Is it the version of its flow that counts? What is asked of each version in the indexes. */
static bool is_current(void *user, uint32_t version) {
    const flowrules_edit *edit = user;
    uint32_t number = *fr_vec_at(&edit->versions, uint32_t, version);
    return number < edit->regions.count && edited_at(edit, number)->version == version;
}

static bool add_number(struct fr_vec *numbers, uint32_t number) {
    uint32_t *slot = fr_vec_add(numbers);
    if (slot != NULL)
        *slot = number;
    return slot != NULL;
}

/* Adds a flow to the index of its action, as a new version of it. */
static flowrules_status index_flow(flowrules_edit *edit, const struct fr_flow *flow,
                                   uint32_t number, struct fr_edited *edited) {
    if (!add_number(&edit->versions, number))
        return fr_no_memory(edit->context);
    edited->version = (uint32_t)edit->versions.count - 1;
    if (flow->expired)
        return FLOWRULES_OK;
    if (flow->deny && !edited->listed) {
        if (!add_number(&edit->denies, number))
            return fr_no_memory(edit->context);
        edited->listed = true;
    }
    bool good = fr_edit_index_add(&edit->flows[flow->deny], &edit->view, services_of(edit),
                                  &edited->region, edited->version);
    return good ? FLOWRULES_OK : fr_no_memory(edit->context);
}

static flowrules_status index_flows(flowrules_edit *edit) {
    const struct fr_vec *flows = &edit->editor.policy->flows;
    if (!fr_vec_reserve(&edit->regions, flows->count))
        return fr_no_memory(edit->context);
    for (uint32_t i = 0; i < flows->count; i++) {
        const struct fr_flow *flow = fr_vec_at(flows, struct fr_flow, i);
        struct fr_edited *edited = fr_vec_push(&edit->regions);
        FR_TRY(find_region(edit, flow, &edited->region));
        FR_TRY(index_flow(edit, flow, i, edited));
    }
    bool good = fr_edit_index_build(&edit->flows[0], is_current, edit) &&
                fr_edit_index_build(&edit->flows[1], is_current, edit);
    return good ? FLOWRULES_OK : fr_no_memory(edit->context);
}

/* Networks are evaluated once: what fails later has nothing of them undone. */
static flowrules_status open_view(flowrules_edit *edit) {
    static const struct fr_view_mode mode = {
        .names = true, .wildcards = FLOWRULES_WILDCARDS_BELOW, .every_group = true};
    struct fr_end end;
    FR_TRY(fr_view_init(&edit->view, edit->editor.policy, &mode));
    for (uint32_t i = 0; i < edit->editor.policy->networks.count; i++)
        FR_TRY(fr_view_network(&edit->view, i, &end));
    return FLOWRULES_OK;
}

static flowrules_status open_edit(flowrules_edit *edit, const flowrules_policy *policy,
                                  const char *name) {
    flowrules_status status = fr_editor_open(&edit->editor, policy, name == NULL ? "edit" : name);
    if (status == FLOWRULES_OK)
        status = open_view(edit);
    if (status == FLOWRULES_OK)
        status = fr_network_names_init(&edit->names, edit->editor.policy);
    return status == FLOWRULES_OK ? index_flows(edit) : status;
}

flowrules_status flowrules_policy_edit(flowrules_edit **edit, flowrules_context *context,
                                       const flowrules_policy *policy, const char *name) {
    flowrules_edit *e = fr_malloc(&context->allocator, sizeof *e);
    *edit = NULL;
    if (e == NULL)
        return fr_no_memory(context);
    memset(e, 0, sizeof *e);
    e->context = context;
    e->begun = fr_policy_hold(policy);
    fr_vec_init(&e->kept, &context->allocator, sizeof(struct fr_kept_target));
    fr_vec_init(&e->regions, &context->allocator, sizeof(struct fr_edited));
    fr_vec_init(&e->versions, &context->allocator, sizeof(uint32_t));
    fr_vec_init(&e->denies, &context->allocator, sizeof(uint32_t));
    for (size_t i = 0; i < 2; i++)
        fr_edit_index_init(&e->flows[i], &context->allocator);
    flowrules_status status = open_edit(e, policy, name);
    if (status == FLOWRULES_OK)
        *edit = e;
    else
        flowrules_edit_free(e);
    return status;
}

void fr_kept_target_free(struct fr_kept_target *kept) {
    for (size_t i = 0; i < kept->count; i++)
        fr_free(kept->arena.allocator, kept->files[i].text);
    fr_arena_free(&kept->arena);
}

void flowrules_edit_free(flowrules_edit *edit) {
    if (edit == NULL)
        return;
    if (edit->view.context != NULL)
        fr_view_free(&edit->view);
    if (edit->names.view.context != NULL)
        fr_network_names_free(&edit->names);
    for (size_t i = 0; i < 2; i++)
        fr_edit_index_free(&edit->flows[i]);
    fr_vec_free(&edit->regions);
    fr_vec_free(&edit->versions);
    fr_vec_free(&edit->denies);
    fr_editor_close(&edit->editor);
    for (size_t i = 0; i < edit->kept.count; i++)
        fr_kept_target_free(fr_vec_at(&edit->kept, struct fr_kept_target, i));
    fr_vec_free(&edit->kept);
    flowrules_policy_free(edit->begun);
    fr_free(&edit->context->allocator, edit);
}

/* ---- the flows around ---------------------------------------------------------------------- */

/* The flows that may meet a region. */
struct gathering {
    flowrules_edit *edit;
    const struct fr_edit_region *region;
    enum fr_edit_way way;
    bool deny;   /* only denies; or only allows */
    bool spares; /* some deny that was found spares flows */
    bool no_memory;
    struct fr_vec *numbers;
};

static bool gather(void *user, uint32_t version) {
    struct gathering *g = user;
    const struct fr_editor *editor = &g->edit->editor;
    uint32_t number = *fr_vec_at(&g->edit->versions, uint32_t, version);
    if (number == editor->number || !is_current(g->edit, version) || !fr_editor_has(editor, number))
        return false;
    const struct fr_flow *flow = fr_editor_flow(editor, number);
    if (flow->deny != g->deny || flow->expired ||
        !fr_edit_regions_meet(&g->edit->view, services_of(g->edit), g->region,
                              &edited_at(g->edit, number)->region, g->way))
        return false;
    g->no_memory = !add_number(g->numbers, number);
    g->spares = g->spares || flow->spares != 0;
    return g->no_memory;
}

/*
 * Adds the flows that decide about packets of a flow. A deny and an allow may meet by the addresses
 * of a name, which nobody here knows; two allows matter to each other only where they surely meet,
 * unless one may precede a deny.
 */
static flowrules_status gather_around(flowrules_edit *edit, const struct fr_edit_region *region,
                                      bool deny, struct fr_vec *numbers) {
    struct gathering g = {
        .edit = edit, .region = region, .way = FR_LOOSELY, .deny = true, .numbers = numbers};
    fr_edit_index_search(&edit->flows[1], &edit->view, services_of(edit), region, g.way, gather,
                         &g);
    g.deny = false;
    g.way = deny || g.spares ? FR_LOOSELY : FR_BY_POINTS;
    if (!g.no_memory)
        fr_edit_index_search(&edit->flows[0], &edit->view, services_of(edit), region, g.way, gather,
                             &g);
    return g.no_memory ? fr_no_memory(edit->context) : FLOWRULES_OK;
}

/* ---- comparing ----------------------------------------------------------------------------- */

static flowrules_status meaning_of(flowrules_meaning **meaning, flowrules_edit *edit,
                                   const struct fr_some_flows *some, flowrules_policy *shown) {
    fr_some_flows_show(some, edit->editor.policy, shown);
    FR_TRY(flowrules_meaning_of_policy(meaning, edit->context, shown, NULL));
    (*meaning)->names = &edit->names;
    return FLOWRULES_OK;
}

/* Compares the flows of before with those of after. */
static flowrules_status compare_some(flowrules_comparison **changes, flowrules_edit *edit,
                                     const struct fr_some_flows some[2]) {
    flowrules_policy shown[2]; /* the meanings hold them */
    flowrules_meaning *meanings[2] = {NULL, NULL};
    flowrules_status status = meaning_of(&meanings[0], edit, &some[0], &shown[0]);
    if (status == FLOWRULES_OK)
        status = meaning_of(&meanings[1], edit, &some[1], &shown[1]);
    if (status == FLOWRULES_OK)
        status = flowrules_compare(changes, edit->context, meanings[0], meanings[1]);
    flowrules_meaning_free(meanings[0]);
    flowrules_meaning_free(meanings[1]);
    return status;
}

/* The flows around, and the flow itself where it is there. */
static flowrules_status take_some(flowrules_edit *edit, const struct fr_vec *around, bool before,
                                  struct fr_some_flows *some) {
    struct fr_editor *editor = &edit->editor;
    struct fr_vec numbers;
    bool has = before ? editor->was.name != 0 : fr_editor_has(editor, editor->number);
    bool good = fr_vec_copy(&numbers, around) && (!has || add_number(&numbers, editor->number));
    fr_sort_unique(&numbers);
    flowrules_status status = !good    ? fr_no_memory(edit->context)
                              : before ? fr_editor_take_before(editor, some, &numbers)
                                       : fr_some_flows_take(some, editor->policy, &numbers);
    fr_vec_free(&numbers);
    return status;
}

static flowrules_status compare(flowrules_comparison **changes, flowrules_edit *edit,
                                const struct fr_vec *around) {
    struct fr_some_flows some[2];
    for (size_t i = 0; i < 2; i++)
        fr_some_flows_init(&some[i], &edit->context->allocator);
    flowrules_status status = take_some(edit, around, true, &some[0]);
    if (status == FLOWRULES_OK)
        status = take_some(edit, around, false, &some[1]);
    if (status == FLOWRULES_OK)
        status = compare_some(changes, edit, some);
    for (size_t i = 0; i < 2; i++)
        fr_some_flows_free(&some[i]);
    return status;
}

/* ---- warnings ------------------------------------------------------------------------------ */

/* The denies that loading would look at, and what may be covered: the flow, or those around. */
static flowrules_status list_shadowed(const flowrules_edit *edit, const struct fr_vec *around,
                                      struct fr_vec *numbers) {
    const struct fr_editor *editor = &edit->editor;
    bool deny = fr_editor_flow(editor, editor->number)->deny;
    size_t most = fr_shadows_most(editor->live);
    for (size_t i = 0; i < edit->denies.count && numbers->count < most; i++) {
        uint32_t number = *fr_vec_at(&edit->denies, uint32_t, i);
        bool is = number < editor->policy->flows.count && fr_editor_flow(editor, number)->deny;
        if (is && !add_number(numbers, number))
            return fr_no_memory(edit->context);
    }
    if (numbers->count == 0)
        return FLOWRULES_OK;
    bool good = add_number(numbers, editor->number);
    for (size_t i = 0; i < around->count && deny && good; i++) {
        uint32_t number = *fr_vec_at(around, uint32_t, i);
        good = fr_editor_flow(editor, number)->shadowed || add_number(numbers, number);
    }
    fr_sort_unique(numbers);
    return good ? FLOWRULES_OK : fr_no_memory(edit->context);
}

static flowrules_status warn(flowrules_edit *edit, const struct fr_vec *around) {
    struct fr_vec numbers;
    if (!fr_editor_has(&edit->editor, edit->editor.number))
        return FLOWRULES_OK;
    fr_vec_init(&numbers, &edit->context->allocator, sizeof(uint32_t));
    flowrules_status status = list_shadowed(edit, around, &numbers);
    if (status == FLOWRULES_OK && numbers.count > 0)
        status = fr_editor_warn_of_shadowed(&edit->editor, &numbers);
    fr_vec_free(&numbers);
    if (status == FLOWRULES_OK && edit->context->diagnostics.out_of_memory)
        status = fr_no_memory(edit->context);
    return status;
}

/* ---- a change ------------------------------------------------------------------------------ */

/* Puts the flow that there is now into the index; *edited: what it is about. */
static flowrules_status index_change(flowrules_edit *edit, struct fr_edited *edited) {
    const struct fr_editor *editor = &edit->editor;
    const struct fr_flow *flow = fr_editor_flow(editor, editor->number);
    while (edit->regions.count <= editor->number) {
        struct fr_edited *none = fr_vec_push(&edit->regions);
        if (none == NULL)
            return fr_no_memory(edit->context);
        none->version = FR_NO_NUMBER;
    }
    *edited = *edited_at(edit, editor->number);
    edited->version = FR_NO_NUMBER;
    if (!fr_editor_has(editor, editor->number))
        return FLOWRULES_OK;
    FR_TRY(find_region(edit, flow, &edited->region));
    FR_TRY(index_flow(edit, flow, editor->number, edited));
    return FLOWRULES_OK;
}

/* The flows around the old flow, and around the new one. */
static flowrules_status gather_change(flowrules_edit *edit, const struct fr_edited *edited,
                                      struct fr_vec *around) {
    const struct fr_editor *editor = &edit->editor;
    const struct fr_flow *is = fr_editor_flow(editor, editor->number);
    if (editor->was.name != 0 && !editor->was.expired)
        FR_TRY(gather_around(edit, &edited_at(edit, editor->number)->region, editor->was.deny,
                             around));
    if (is->name != 0 && !is->expired)
        FR_TRY(gather_around(edit, &edited->region, is->deny, around));
    fr_sort_unique(around);
    return FLOWRULES_OK;
}

/* The change is kept. That an index does not find memory to be in order is no harm. */
static void keep(flowrules_edit *edit, const struct fr_edited *edited) {
    uint32_t number = edit->editor.number;
    *edited_at(edit, number) = *edited;
    fr_editor_keep(&edit->editor);
    for (size_t i = 0; i < 2; i++)
        (void)fr_edit_index_settle(&edit->flows[i], is_current, edit);
}

/* Compares what a change has begun with what was; the change is kept, or undone. */
static flowrules_status finish(flowrules_comparison **changes, flowrules_edit *edit) {
    struct fr_edited edited;
    struct fr_vec around;
    fr_vec_init(&around, &edit->context->allocator, sizeof(uint32_t));
    flowrules_status compared = FLOWRULES_OK, status = index_change(edit, &edited);
    if (status == FLOWRULES_OK)
        status = gather_change(edit, &edited, &around);
    if (status == FLOWRULES_OK)
        status = compared = compare(changes, edit, &around);
    if (status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT)
        status = warn(edit, &around);
    fr_vec_free(&around);
    if (status == FLOWRULES_OK) {
        keep(edit, &edited);
        return compared;
    }
    flowrules_comparison_free(*changes);
    *changes = NULL;
    fr_editor_undo(&edit->editor);
    edit->view.sets.failed = edit->view.builder.failed = false;
    return status;
}

/* The number of a flow that is to change; FR_NO_NUMBER, with a message: there is none. */
static uint32_t find_flow(flowrules_edit *edit, const char *name) {
    uint32_t number = fr_editor_find(&edit->editor, name);
    if (number == FR_NO_NUMBER)
        fr_report_no_flow(&edit->editor.binder, name);
    return number;
}

flowrules_status flowrules_edit_add(flowrules_comparison **changes, flowrules_edit *edit,
                                    const char *text, size_t size) {
    *changes = NULL;
    FR_TRY(fr_editor_put(&edit->editor, FR_NO_NUMBER, text, size));
    return finish(changes, edit);
}

flowrules_status flowrules_edit_replace(flowrules_comparison **changes, flowrules_edit *edit,
                                        const char *flow, const char *text, size_t size) {
    *changes = NULL;
    uint32_t number = find_flow(edit, flow);
    if (number == FR_NO_NUMBER)
        return FLOWRULES_USAGE;
    FR_TRY(fr_editor_put(&edit->editor, number, text, size));
    return finish(changes, edit);
}

flowrules_status flowrules_edit_remove(flowrules_comparison **changes, flowrules_edit *edit,
                                       const char *flow) {
    *changes = NULL;
    uint32_t number = find_flow(edit, flow);
    if (number == FR_NO_NUMBER)
        return FLOWRULES_USAGE;
    FR_TRY(fr_editor_remove(&edit->editor, number));
    return finish(changes, edit);
}

flowrules_status flowrules_edit_policy(flowrules_policy **policy, flowrules_edit *edit) {
    return fr_editor_policy(&edit->editor, policy);
}
