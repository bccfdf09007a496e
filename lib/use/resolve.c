/*
 * Resolves: chooses the names, asks for them, and writes the text of the new lock file.
 * resolve_judge.c judges the replies.
 */
#include "resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assert.h"

/* ---- life ---------------------------------------------------------------------------------- */

flowrules_status flowrules_resolution_new(flowrules_resolution **resolution,
                                          flowrules_context *context,
                                          const flowrules_policy *policy) {
    const struct fr_allocator *allocator = &context->allocator;
    flowrules_resolution *r = fr_malloc(allocator, sizeof *r);
    *resolution = r;
    if (r == NULL)
        return fr_no_memory(context);
    memset(r, 0, sizeof *r);
    r->context = context;
    r->policy = fr_policy_hold(policy);
    fr_arena_init(&r->arena, allocator);
    fr_strings_init(&r->by_targets, allocator);
    fr_strings_init(&r->in_networks, allocator);
    fr_strings_init(&r->given, allocator);
    fr_strings_init(&r->asserted, allocator);
    fr_vec_init(&r->names, allocator, sizeof(const char *));
    fr_vec_init(&r->resolved, allocator, sizeof(struct fr_resolved));
    fr_vec_init(&r->pinnings, allocator, sizeof(struct fr_pinning));
    fr_vec_init(&r->pinned, allocator, sizeof(struct fr_pinned));
    fr_inquiry_init(&r->inquiry, context);
    return FLOWRULES_OK;
}

void flowrules_resolution_free(flowrules_resolution *r) {
    if (r == NULL)
        return;
    struct fr_allocator allocator = r->context->allocator;
    fr_inquiry_free(&r->inquiry);
    fr_lock_document_free(&r->old);
    fr_vec_free(&r->names);
    fr_vec_free(&r->resolved);
    fr_vec_free(&r->pinnings);
    fr_vec_free(&r->pinned);
    fr_strings_free(&r->by_targets);
    fr_strings_free(&r->in_networks);
    fr_strings_free(&r->given);
    fr_strings_free(&r->asserted);
    fr_arena_free(&r->arena);
    flowrules_policy_free(r->policy);
    fr_free(&allocator, r->text);
    fr_free(&allocator, r);
}

/* ---- choosing names ------------------------------------------------------------------------ */

flowrules_status flowrules_resolution_target(flowrules_resolution *r, const char *target) {
    r->chose_targets = true;
    return fr_wanted_by_target(&r->by_targets, r->policy, target);
}

flowrules_status flowrules_resolution_network(flowrules_resolution *r, const char *network) {
    fr_string name = fr_strings_find(&r->policy->strings, network, strlen(network));
    uint32_t index;
    r->chose_networks = true;
    if (name != 0 && fr_map_get(&r->policy->network_by_name, name, &index))
        return fr_names_in_network(&r->in_networks, r->policy, index);
    const char *near = fr_nearest(network, fr_network_candidate, r->policy);
    char hint[160] = "a network of the policy";
    fr_did_you_mean(hint, sizeof hint, near);
    fr_error(&r->context->diagnostics, FR_NETWORK_UNKNOWN, FR_NOWHERE, hint,
             "there is no network '%s'", network);
    return FLOWRULES_USAGE;
}

flowrules_status flowrules_resolution_assertions(flowrules_resolution *r,
                                                 const flowrules_assertions *assertions) {
    return fr_assertion_names(&r->asserted, assertions);
}

/* Where the policy mentions a name, or a wildcard that it is below; NULL: nowhere. */
static const struct fr_peer *mention_of(const flowrules_policy *policy, const char *name) {
    const struct fr_peer *above = NULL;
    for (size_t i = 0; i < policy->peers.count; i++) {
        const struct fr_peer *peer = fr_vec_at(&policy->peers, struct fr_peer, i);
        if (peer->kind == FR_PEER_NAME && strcmp(FR_POLICY_TEXT(policy, peer->ref), name) == 0)
            return peer;
        if (peer->kind == FR_PEER_WILDCARD &&
            fr_name_is_below(name, FR_POLICY_TEXT(policy, peer->ref)))
            above = peer;
    }
    return above;
}

static const char *next_name(const void *user, size_t i) {
    const flowrules_policy *policy = user;
    if (i >= policy->peers.count)
        return NULL;
    const struct fr_peer *peer = fr_vec_at(&policy->peers, struct fr_peer, i);
    return peer->kind == FR_PEER_NAME ? FR_POLICY_TEXT(policy, peer->ref) : "";
}

static flowrules_status unknown_name(const flowrules_resolution *r, const char *text,
                                     enum fr_name_form form) {
    const char *near = fr_nearest(text, next_name, r->policy);
    char hint[300] = "give a name of the policy, or a name below one of its wildcards";
    fr_did_you_mean(hint, sizeof hint, near);
    fr_error(&r->context->diagnostics, FR_NAME_NOT_IN_POLICY, FR_NOWHERE, hint,
             form == FR_NAME_OK         ? "the policy has no name '%.260s'"
             : form == FR_NAME_WILDCARD ? "'%.260s' is a wildcard: only whole names can be resolved"
                                        : "'%.260s' is not a valid DNS name",
             text);
    return FLOWRULES_USAGE;
}

flowrules_status flowrules_resolution_name(flowrules_resolution *r, const char *text) {
    struct fr_name_checker *checker;
    char name[FR_FQDN_MAX + 3];
    FR_TRY(fr_name_checker_new(&checker, r->context));
    enum fr_name_form form = fr_name_canonical(checker, text, strlen(text), name);
    fr_name_checker_free(checker);
    if (form == FR_NAME_NO_MEMORY)
        return fr_no_memory(r->context);
    if (form != FR_NAME_OK || (mention_of(r->policy, name) == NULL &&
                               fr_strings_find(&r->asserted, name, strlen(name)) == 0))
        return unknown_name(r, text, form);
    return fr_strings_add(&r->given, name, strlen(name)) == 0 ? fr_no_memory(r->context)
                                                              : FLOWRULES_OK;
}

static int compare_texts(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static flowrules_status add_names(flowrules_resolution *r, const struct fr_strings *from,
                                  const struct fr_strings *within,
                                  const struct fr_strings *without) {
    for (fr_string i = 1; i <= from->entries.count; i++) {
        const char *name = fr_strings_text(from, i);
        size_t length = strlen(name);
        if ((within != NULL && fr_strings_find(within, name, length) == 0) ||
            (without != NULL && fr_strings_find(without, name, length) != 0))
            continue;
        const char **slot = fr_vec_push(&r->names);
        if (slot == NULL)
            return fr_no_memory(r->context);
        *slot = name;
    }
    return FLOWRULES_OK;
}

static flowrules_status choose_names(flowrules_resolution *r) {
    bool only_given = r->given.entries.count > 0 && !r->chose_targets && !r->chose_networks;
    if (!r->chose_targets && !only_given)
        FR_TRY(fr_wanted_by_policy(&r->by_targets, r->policy));
    for (fr_string i = 1; i <= r->asserted.entries.count; i++) {
        const char *name = fr_strings_text(&r->asserted, i);
        if (fr_strings_add(&r->by_targets, name, strlen(name)) == 0)
            return fr_no_memory(r->context);
    }
    FR_TRY(add_names(r, &r->given, NULL, NULL));
    if (!only_given)
        FR_TRY(add_names(r, &r->by_targets, r->chose_networks ? &r->in_networks : NULL, &r->given));
    if (r->names.count > 1)
        qsort(r->names.items, r->names.count, sizeof(const char *), compare_texts);
    return FLOWRULES_OK;
}

/* ---- running ------------------------------------------------------------------------------- */

/* Where each name of the policy stands first, by its string. */
static flowrules_status find_places(const flowrules_resolution *r, struct fr_map *places) {
    const flowrules_policy *policy = r->policy;
    for (uint32_t i = 0; i < policy->peers.count; i++) {
        const struct fr_peer *peer = fr_vec_at(&policy->peers, struct fr_peer, i);
        uint32_t known;
        if (peer->kind == FR_PEER_NAME && !fr_map_get(places, peer->ref, &known) &&
            !fr_map_put(places, peer->ref, i))
            return fr_no_memory(r->context);
    }
    return FLOWRULES_OK;
}

static flowrules_status prepare_names(flowrules_resolution *r, const struct fr_map *places) {
    const flowrules_policy *policy = r->policy;
    if (!fr_vec_reserve(&r->resolved, r->names.count) ||
        !fr_vec_reserve(&r->pinnings, r->names.count))
        return fr_no_memory(r->context);
    for (size_t i = 0; i < r->names.count; i++) {
        struct fr_resolved *resolved = fr_vec_push(&r->resolved);
        uint32_t peer;
        resolved->name = *fr_vec_at(&r->names, const char *, i);
        fr_string string =
            fr_strings_find(&policy->strings, resolved->name, strlen(resolved->name));
        if (string != 0 && fr_map_get(places, string, &peer))
            resolved->at = fr_peer_at(policy, fr_vec_at(&policy->peers, struct fr_peer, peer));
        fr_vec_push(&r->pinnings);
    }
    return FLOWRULES_OK;
}

static flowrules_status prepare(flowrules_resolution *r) {
    struct fr_map places;
    FR_TRY(choose_names(r));
    /* A lock file that was not there when the policy was loaded is not there. */
    FR_TRY(fr_lock_document_read(&r->old, r->context,
                                 r->policy->lock.present ? r->policy->lock_path : NULL));
    fr_map_init(&places, &r->context->allocator);
    flowrules_status status = find_places(r, &places);
    if (status == FLOWRULES_OK)
        status = prepare_names(r, &places);
    fr_map_free(&places);
    return status;
}

static flowrules_status judge_all(flowrules_resolution *r) {
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < r->resolved.count; i++) {
        FR_TRY(fr_resolution_judge(r, i));
        if (fr_vec_at(&r->resolved, struct fr_resolved, i)->status == FR_STATUS_FAILED)
            status = FLOWRULES_UNRESOLVED;
    }
    return status;
}

static flowrules_status write_lock(flowrules_resolution *r) {
    struct fr_pinnings pinnings = {&r->pinnings, &r->pinned, &r->inquiry.aliases,
                                   &r->inquiry.servers};
    struct flowrules_writer writer;
    fr_writer_init(&writer, &r->context->allocator, false);
    fr_lock_write(&writer, &r->old, &pinnings);
    r->text = fr_writer_text(&writer, &r->size);
    fr_writer_free(&writer);
    return r->text == NULL ? fr_no_memory(r->context) : FLOWRULES_OK;
}

flowrules_status flowrules_resolve(flowrules_resolution *r) {
    if (r->policy->as_of == FR_NO_DATE) {
        fr_error(&r->context->diagnostics, FR_AS_OF_NEEDED, FR_NOWHERE,
                 "set the option as-of before the policy is loaded",
                 "names cannot be resolved, since the current date is not known");
        return FLOWRULES_USAGE;
    }
    if (r->ran)
        return FLOWRULES_USAGE;
    r->ran = true;
    FR_TRY(prepare(r));
    r->inquiry.names = r->names.items;
    r->inquiry.name_count = r->names.count;
    FR_TRY(fr_inquiry_run(&r->inquiry));
    flowrules_status status = judge_all(r);
    if (status != FLOWRULES_OK && status != FLOWRULES_UNRESOLVED)
        return status;
    FR_TRY(write_lock(r));
    return status;
}

/* ---- getters ------------------------------------------------------------------------------- */

static const struct fr_resolved *resolved_at(const flowrules_resolution *r, size_t name) {
    return name < r->resolved.count ? fr_vec_at(&r->resolved, struct fr_resolved, name) : NULL;
}

static const struct fr_pinning *pinning_at(const flowrules_resolution *r, size_t name) {
    return name < r->pinnings.count ? fr_vec_at(&r->pinnings, struct fr_pinning, name) : NULL;
}

static const struct fr_pinned *pinned_at(const flowrules_resolution *r, size_t name,
                                         size_t address) {
    const struct fr_pinning *p = pinning_at(r, name);
    if (p == NULL || address >= p->count)
        return NULL;
    return fr_vec_at(&r->pinned, struct fr_pinned, p->first + address);
}

size_t flowrules_resolution_name_count(const flowrules_resolution *r) {
    return r->text == NULL ? 0 : r->resolved.count;
}

const char *flowrules_resolution_name_text(const flowrules_resolution *r, size_t name) {
    const struct fr_resolved *resolved = resolved_at(r, name);
    return resolved == NULL ? NULL : resolved->name;
}

const char *flowrules_resolution_status(const flowrules_resolution *r, size_t name) {
    static const char *const words[] = {[FR_STATUS_NEW] = "new",
                                        [FR_STATUS_CHANGED] = "changed",
                                        [FR_STATUS_SAME] = "same",
                                        [FR_STATUS_KEPT] = "kept",
                                        [FR_STATUS_FAILED] = "failed"};
    const struct fr_resolved *resolved = resolved_at(r, name);
    return resolved == NULL ? NULL : words[resolved->status];
}

const char *flowrules_resolution_reason(const flowrules_resolution *r, size_t name) {
    const struct fr_resolved *resolved = resolved_at(r, name);
    return resolved == NULL ? NULL : resolved->reason;
}

uint32_t flowrules_resolution_ttl(const flowrules_resolution *r, size_t name) {
    const struct fr_pinning *p = pinning_at(r, name);
    return p == NULL || p->leave ? 0 : p->ttl;
}

size_t flowrules_resolution_address_count(const flowrules_resolution *r, size_t name) {
    const struct fr_pinning *p = pinning_at(r, name);
    return p == NULL ? 0 : p->count;
}

const char *flowrules_resolution_address(const flowrules_resolution *r, size_t name,
                                         size_t address) {
    const struct fr_pinned *pinned = pinned_at(r, name, address);
    return pinned == NULL ? NULL : pinned->text;
}

const char *flowrules_resolution_address_state(const flowrules_resolution *r, size_t name,
                                               size_t address) {
    static const char *const words[] = {[FR_PIN_NEW] = "new",
                                        [FR_PIN_SAME] = "same",
                                        [FR_PIN_KEPT] = "kept",
                                        [FR_PIN_GONE] = "gone"};
    const struct fr_pinned *pinned = pinned_at(r, name, address);
    return pinned == NULL ? NULL : words[pinned->state];
}

size_t flowrules_resolution_alias_count(const flowrules_resolution *r, size_t name) {
    const struct fr_pinning *p = pinning_at(r, name);
    return p == NULL ? 0 : p->alias_count;
}

const char *flowrules_resolution_alias(const flowrules_resolution *r, size_t name, size_t alias) {
    const struct fr_pinning *p = pinning_at(r, name);
    if (p == NULL || alias >= p->alias_count)
        return NULL;
    return *fr_vec_at(&r->inquiry.aliases, const char *, p->first_alias + alias);
}

const char *flowrules_resolution_lock(const flowrules_resolution *r, size_t *size) {
    *size = r->text == NULL ? 0 : r->size;
    return r->text;
}

int flowrules_resolution_lock_differs(const flowrules_resolution *r) {
    if (r->text == NULL)
        return 0;
    if (r->old.text == NULL) { /* without a file before, one without names is none either */
        for (size_t i = 0; i < r->pinnings.count; i++)
            if (!pinning_at(r, i)->leave)
                return 1;
        return 0;
    }
    return r->size != r->old.size || memcmp(r->text, r->old.text, r->size) != 0;
}
