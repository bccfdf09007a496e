/*
 * Changes one flow of a policy: reads it, binds its names, and checks what names it elsewhere. A
 * change that fails leaves the policy as it was, apart from interned texts, services and tags.
 */
#include "policy_edit.h"

#include <string.h>

/* ---- opening ------------------------------------------------------------------------------- */

/* The files of the policy once more, in a row with that of the texts: flows count from the first.
 */
static flowrules_status number_files(struct fr_editor *e, const char *name) {
    flowrules_policy *policy = e->policy;
    struct fr_diagnostics *d = &policy->context->diagnostics;
    uint32_t first = policy->first_file, last = 0, again = 1;
    for (size_t i = 0; i < policy->flows.count; i++) {
        uint32_t file = fr_vec_at(&policy->flows, struct fr_flow, i)->file;
        last = file > last ? file : last;
    }
    for (size_t i = 0; i < policy->peers.count; i++) {
        uint32_t file = fr_vec_at(&policy->peers, struct fr_peer, i)->file;
        last = file > last ? file : last;
    }
    for (uint32_t i = 0; i <= last && again != 0; i++) {
        again = fr_diagnostics_file_again(d, first + i);
        if (i == 0)
            policy->first_file = again;
    }
    e->file = again == 0 ? 0 : fr_diagnostics_file(d, name, NULL, 0);
    return e->file == 0 ? fr_no_memory(policy->context) : FLOWRULES_OK;
}

static flowrules_status name_flows(struct fr_editor *e) {
    bool taken;
    if (!fr_know_tag_lists(&e->reader))
        return fr_no_memory(e->policy->context);
    for (uint32_t i = 0; i < e->policy->flows.count; i++) {
        fr_string name = fr_editor_flow(e, i)->name;
        if (!fr_map_put(&e->by_name, name, i) || !fr_take_flow_name(&e->reader, name, &taken))
            return fr_no_memory(e->policy->context);
    }
    e->live = e->policy->flows.count;
    return FLOWRULES_OK;
}

flowrules_status fr_editor_open(struct fr_editor *e, const flowrules_policy *policy,
                                const char *name) {
    const struct fr_allocator *allocator = &policy->context->allocator;
    memset(e, 0, sizeof *e);
    fr_map_init(&e->by_name, allocator);
    fr_map_init(&e->renewed, allocator);
    fr_vec_init(&e->terms, allocator, sizeof(struct fr_term));
    FR_TRY(fr_policy_fork(&e->policy, policy));
    flowrules_status status = fr_reader_open(&e->reader, e->policy);
    flowrules_status other = fr_binder_open(&e->binder, e->policy);
    status = status == FLOWRULES_OK ? other : status;
    if (status == FLOWRULES_OK)
        status = fr_evaluate_networks(&e->binder);
    if (status == FLOWRULES_OK)
        status = number_files(e, name);
    if (status == FLOWRULES_OK)
        status = name_flows(e);
    if (status == FLOWRULES_OK && e->binder.sets.failed)
        status = fr_no_memory(policy->context);
    e->reader.path = "";
    e->reader.file = e->file;
    return status;
}

void fr_editor_close(struct fr_editor *e) {
    fr_map_free(&e->by_name);
    fr_map_free(&e->renewed);
    fr_vec_free(&e->terms);
    if (e->policy == NULL)
        return;
    fr_reader_close(&e->reader);
    fr_binder_close(&e->binder);
    flowrules_policy_free(e->policy);
}

uint32_t fr_editor_find(const struct fr_editor *e, const char *name) {
    fr_string string = fr_strings_find(&e->policy->strings, name, strlen(name));
    uint32_t number;
    return string != 0 && fr_map_get(&e->by_name, string, &number) ? number : FR_NO_NUMBER;
}

/* ---- a change ------------------------------------------------------------------------------ */

/* Makes room for what keeping a change notes of the flow. */
static flowrules_status reserve_renewed(struct fr_editor *e) {
    uint32_t mark = 0;
    (void)fr_map_get(&e->renewed, e->number + 1, &mark);
    if (e->was.name != 0 && !fr_map_put(&e->renewed, e->number + 1, mark))
        return fr_no_memory(e->policy->context);
    return FLOWRULES_OK;
}

static void set_marks(struct fr_editor *e, uint32_t number) {
    const flowrules_policy *p = e->policy;
    e->marks = (struct fr_edit_marks){p->peers.count,       p->ranges.count, p->service_refs.count,
                                      p->spare_lists.count, p->spared.count, p->silences.count,
                                      p->flows.count};
    e->number = number;
    e->read = 0;
    e->was = (struct fr_flow){.name = 0};
    if (number < p->flows.count)
        e->was = *fr_editor_flow(e, number);
    if (e->was.name != 0)
        fr_release_flow_name(&e->reader, e->was.name);
}

/* No flow has this name any more. */
static void release(struct fr_editor *e, fr_string name) {
    uint32_t known;
    fr_release_flow_name(&e->reader, name);
    if (fr_map_get(&e->by_name, name, &known))
        (void)fr_map_put(&e->by_name, name, FR_NO_NUMBER);
}

/* A flow has its old name again: there is room for it. */
static void take_again(struct fr_editor *e, fr_string name, uint32_t number) {
    bool taken;
    (void)fr_map_put(&e->by_name, name, number);
    (void)fr_take_flow_name(&e->reader, name, &taken);
}

void fr_editor_undo(struct fr_editor *e) {
    flowrules_policy *p = e->policy;
    if (e->read != 0)
        release(e, e->read);
    if (e->number < e->marks.flows)
        *fr_editor_flow(e, e->number) = e->was;
    if (e->was.name != 0)
        take_again(e, e->was.name, e->number);
    p->flows.count = e->marks.flows;
    p->peers.count = e->marks.peers;
    p->ranges.count = e->marks.ranges;
    p->service_refs.count = e->marks.service_refs;
    p->spare_lists.count = e->marks.spare_lists;
    p->spared.count = e->marks.spared;
    p->silences.count = e->marks.silences;
    p->services.failed = e->binder.sets.failed = false;
}

/* Items that are not of any flow name nothing. */
static void drop_items(flowrules_policy *policy, struct fr_span span) {
    for (uint32_t i = 0; i < span.count; i++)
        fr_vec_at(&policy->peers, struct fr_peer, span.first + i)->kind = FR_PEER_ANY;
}

void fr_editor_keep(struct fr_editor *e) {
    flowrules_policy *p = e->policy;
    bool is = fr_editor_has(e, e->number);
    if (e->was.name != 0) {
        drop_items(p, e->was.source);
        drop_items(p, e->was.destination);
    }
    for (size_t i = 0; i < e->marks.silences; i++) {
        struct fr_silence *silence = fr_vec_at(&p->silences, struct fr_silence, i);
        if (silence->of == FR_SILENCE_OF_FLOW && silence->index == e->number)
            silence->index = FR_NO_NUMBER;
    }
    if (e->was.name != 0) /* there is room for it */
        (void)fr_map_put(&e->renewed, e->number + 1, (uint32_t)e->marks.service_refs);
    e->live = e->live + (is ? 1 : 0) - (e->was.name != 0 ? 1 : 0);
}

/* ---- what names the flow ------------------------------------------------------------------- */

/* Does some deny, perhaps one that is removed, spare the flow? */
static bool may_be_spared(const struct fr_editor *e) {
    const struct fr_vec *spared = &e->policy->spared;
    for (size_t i = 0; i < e->marks.spared; i++)
        if (fr_vec_at(spared, struct fr_spared, i)->flow == e->number)
            return true;
    return false;
}

/* A deny spares the flow: by its name, and as an allow. */
static void check_deny(struct fr_editor *e, const struct fr_flow *deny) {
    const flowrules_policy *p = e->policy;
    struct fr_span span = fr_flow_spares(p, deny);
    for (uint32_t i = 0; i < span.count; i++) {
        const struct fr_spared *spared = fr_vec_at(&p->spared, struct fr_spared, span.first + i);
        if (spared->flow != e->number)
            continue;
        if (spared->name != fr_editor_flow(e, e->number)->name)
            fr_report_unknown_flow(&e->binder, spared->name, spared->at);
        else
            fr_check_spared(&e->binder, deny, spared);
    }
}

static void check_denies(struct fr_editor *e) {
    if (e->was.name == 0 || !may_be_spared(e))
        return;
    for (uint32_t i = 0; i < e->policy->flows.count; i++) {
        const struct fr_flow *deny = fr_editor_flow(e, i);
        if (deny->spares != 0 && i != e->number)
            check_deny(e, deny);
    }
}

/* What else has the flow by a name that it no longer has. */
static void check_names(struct fr_editor *e) {
    const flowrules_policy *p = e->policy;
    if (e->was.name == 0 || fr_editor_flow(e, e->number)->name == e->was.name)
        return;
    for (size_t i = 0; i < p->losses.count; i++) {
        const struct fr_loss_entry *entry = fr_vec_at(&p->losses, struct fr_loss_entry, i);
        if (entry->flow == e->was.name)
            fr_report_unknown_flow(&e->binder, entry->flow, entry->at);
    }
    for (size_t i = 0; i < p->exceptions.count; i++) {
        const struct fr_exception *exception = fr_vec_at(&p->exceptions, struct fr_exception, i);
        if (exception->flow == e->was.name)
            fr_report_unknown_flow(&e->binder, exception->flow, exception->flow_at);
    }
}

/* ---- reading ------------------------------------------------------------------------------- */

static flowrules_status not_one(struct fr_editor *e, struct fr_at at) {
    return fr_error(e->reader.diagnostics, FR_VALUE_KIND, at,
                    "write one flow: 'name: ...' and its other keys",
                    "the text must have one flow, as a mapping or a list with one item");
}

/* A flow, or a list that has it alone, as in a file. */
static flowrules_status read_item(struct fr_editor *e, const struct fr_value *root,
                                  struct fr_flow *flow) {
    struct fr_value item;
    bool more;
    if (root->kind != FR_SEQUENCE)
        return fr_read_flow(&e->reader, root, flow);
    FR_TRY(fr_yaml_item(e->reader.yaml, &item, &more));
    if (!more)
        return not_one(e, root->at);
    FR_TRY(fr_read_flow(&e->reader, &item, flow));
    FR_TRY(fr_yaml_item(e->reader.yaml, &item, &more));
    return more ? not_one(e, item.at) : FLOWRULES_OK;
}

static flowrules_status read_root(struct fr_editor *e, struct fr_flow *flow) {
    struct fr_value root;
    FR_TRY(fr_yaml_root(e->reader.yaml, &root));
    if (root.kind == FR_STREAM_END)
        return fr_error(e->reader.diagnostics, FR_YAML_EMPTY, root.at,
                        "write one flow: 'name: ...' and its other keys", "the text is empty");
    FR_TRY(read_item(e, &root, flow));
    return fr_yaml_finish(e->reader.yaml);
}

static flowrules_status read_text(struct fr_editor *e, const char *text, size_t size,
                                  struct fr_flow *flow) {
    const struct fr_input input = {text, size, NULL};
    FR_TRY(fr_yaml_open(&e->reader.yaml, e->reader.context, e->file, &input));
    flowrules_status status = read_root(e, flow);
    fr_yaml_close(e->reader.yaml);
    e->reader.yaml = NULL;
    return status;
}

/* Stores what was read; what the reader says of it by number is of its own number. */
static flowrules_status store(struct fr_editor *e, const struct fr_flow *flow) {
    flowrules_policy *p = e->policy;
    struct fr_flow *slot = e->number < p->flows.count ? fr_editor_flow(e, e->number) : NULL;
    if (slot == NULL) {
        FR_TRY(fr_check_flow_count(&e->reader, e->live, fr_flow_place(p, flow)));
        slot = fr_vec_add(&p->flows);
    }
    if (slot == NULL)
        return fr_no_memory(p->context);
    *slot = *flow;
    if (flow->by_name)
        fr_own_services(p, flow->service, e->number);
    for (size_t i = e->marks.silences; i < p->silences.count; i++)
        fr_vec_at(&p->silences, struct fr_silence, i)->index = e->number;
    if (e->was.name != 0 && e->was.name != flow->name)
        release(e, e->was.name);
    if (flow->name != 0 && !fr_map_put(&e->by_name, flow->name, e->number))
        return fr_no_memory(p->context);
    return FLOWRULES_OK;
}

/* Binds the flow and checks what names it; errors are only counted. */
static flowrules_status bind(struct fr_editor *e) {
    fr_bind_peers(&e->binder, e->marks.peers);
    FR_TRY(fr_bind_flow(&e->binder, fr_editor_flow(e, e->number), &e->terms));
    const struct fr_flow *flow = fr_editor_flow(e, e->number);
    if (flow->spares != 0 && flow->name != 0)
        fr_bind_spares_of(&e->binder, &e->by_name, flow);
    check_denies(e);
    check_names(e);
    return FLOWRULES_OK;
}

static flowrules_status put(struct fr_editor *e, const char *text, size_t size) {
    struct fr_flow flow = {.name = 0};
    FR_TRY(reserve_renewed(e));
    flowrules_status status = read_text(e, text, size, &flow);
    e->read = flow.name;
    FR_TRY(status);
    FR_TRY(store(e, &flow));
    return bind(e);
}

/* Ends what began a change: its errors are in order, and undo it. */
static flowrules_status settle(struct fr_editor *e, flowrules_status status, size_t errors,
                               size_t first) {
    struct fr_diagnostics *d = e->reader.diagnostics;
    fr_diagnostics_sort(d, first);
    if (status == FLOWRULES_OK && d->error_count > errors)
        status = FLOWRULES_INVALID;
    if (d->out_of_memory || e->policy->services.failed || e->binder.sets.failed)
        status = fr_no_memory(e->policy->context);
    if (status != FLOWRULES_OK)
        fr_editor_undo(e);
    return status;
}

flowrules_status fr_editor_put(struct fr_editor *e, uint32_t number, const char *text,
                               size_t size) {
    struct fr_diagnostics *d = e->reader.diagnostics;
    size_t errors = d->error_count, first = d->list.count;
    set_marks(e, number == FR_NO_NUMBER ? (uint32_t)e->policy->flows.count : number);
    fr_diagnostics_retext(d, e->file, text, size);
    flowrules_status status = put(e, text, size);
    status = settle(e, status, errors, first);
    fr_diagnostics_forget(d, e->file);
    return status;
}

flowrules_status fr_editor_remove(struct fr_editor *e, uint32_t number) {
    struct fr_diagnostics *d = e->reader.diagnostics;
    size_t errors = d->error_count, first = d->list.count;
    set_marks(e, number);
    *fr_editor_flow(e, number) = (struct fr_flow){.expires = FR_NO_EXPIRY,
                                                  .service = FR_SERVICE_NONE,
                                                  .tags = UINT32_MAX,
                                                  .usable = 1,
                                                  .expired = 1};
    release(e, e->was.name);
    if (e->live == 1)
        fr_error(d, FR_NO_FLOWS, fr_flow_place(e->policy, &e->was), "put another flow in its place",
                 "without the flow '%s' the list of flows is empty",
                 FR_POLICY_TEXT(e->policy, e->was.name));
    check_denies(e);
    check_names(e);
    return settle(e, reserve_renewed(e), errors, first);
}

/* ---- views --------------------------------------------------------------------------------- */

flowrules_status fr_editor_take_before(struct fr_editor *e, struct fr_some_flows *some,
                                       const struct fr_vec *numbers) {
    struct fr_flow is = *fr_editor_flow(e, e->number);
    *fr_editor_flow(e, e->number) = e->was;
    flowrules_status status = fr_some_flows_take(some, e->policy, numbers);
    *fr_editor_flow(e, e->number) = is;
    return status;
}

/* Finds what denies cover in a policy that has the editor's networks and services. */
static flowrules_status look_for_shadowed(struct fr_editor *e, flowrules_policy *policy) {
    e->binder.policy = policy;
    flowrules_status status = fr_warn_of_shadowed(&e->binder);
    e->binder.policy = e->policy;
    return status;
}

flowrules_status fr_editor_warn_of_shadowed(struct fr_editor *e, const struct fr_vec *numbers) {
    struct fr_some_flows some;
    flowrules_policy shown;
    fr_some_flows_init(&some, &e->policy->context->allocator);
    flowrules_status status = fr_some_flows_take(&some, e->policy, numbers);
    if (status == FLOWRULES_OK) {
        fr_some_flows_show(&some, e->policy, &shown);
        status = look_for_shadowed(e, &shown);
    }
    for (size_t i = 0; i < some.flows.count && status == FLOWRULES_OK; i++)
        fr_editor_flow(e, *fr_vec_at(numbers, uint32_t, i))->shadowed =
            fr_vec_at(&some.flows, struct fr_flow, i)->shadowed;
    fr_some_flows_free(&some);
    return status;
}

/* Lists of services of what flows were before are nobody's. */
static void drop_services(struct fr_editor *e) {
    uint32_t mark;
    for (size_t i = 0; i < e->policy->service_refs.count; i++) {
        struct fr_peer *ref = fr_vec_at(&e->policy->service_refs, struct fr_peer, i);
        if (ref->ref == 0 && ref->line != 0 && fr_map_get(&e->renewed, ref->line, &mark) &&
            i < mark)
            ref->line = FR_NO_NUMBER;
    }
}

/* Which flows denies cover is found out again, without a word: it was told when they changed. */
static flowrules_status find_shadowed(struct fr_editor *e, flowrules_policy *policy) {
    struct fr_diagnostics *d = &policy->context->diagnostics;
    size_t first = d->list.count;
    for (size_t i = 0; i < policy->flows.count; i++)
        fr_vec_at(&policy->flows, struct fr_flow, i)->shadowed = 0;
    flowrules_status status = look_for_shadowed(e, policy);
    if (status == FLOWRULES_OK)
        fr_diagnostics_cut(d, first);
    if (status == FLOWRULES_OK && (e->binder.sets.failed || d->out_of_memory))
        status = fr_no_memory(policy->context);
    e->binder.sets.failed = false;
    return status;
}

flowrules_status fr_editor_policy(struct fr_editor *e, flowrules_policy **policy) {
    struct fr_vec numbers;
    *policy = NULL;
    drop_services(e);
    fr_vec_init(&numbers, &e->policy->context->allocator, sizeof(uint32_t));
    bool good = fr_vec_reserve(&numbers, e->live);
    for (uint32_t i = 0; i < e->policy->flows.count && good; i++)
        if (fr_editor_has(e, i))
            *(uint32_t *)fr_vec_add(&numbers) = i;
    flowrules_status status =
        good ? fr_policy_fork_of(policy, e->policy, &numbers) : fr_no_memory(e->policy->context);
    fr_vec_free(&numbers);
    if (status == FLOWRULES_OK)
        status = find_shadowed(e, *policy);
    if (status != FLOWRULES_OK) {
        flowrules_policy_free(*policy);
        *policy = NULL;
    }
    return status;
}
