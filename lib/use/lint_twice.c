/*
 * Finds networks, services and tags that are there twice.
 */
#include <stdlib.h>
#include <string.h>

#include "lint.h"

/* A definition by what it comes to. */
struct twin {
    uint32_t what, more; /* equal of two that are the same */
    uint32_t index;
};

static int by_what(const void *left, const void *right) {
    const struct twin *a = left, *b = right;
    if (a->what != b->what)
        return a->what < b->what ? -1 : 1;
    if (a->more != b->more)
        return a->more < b->more ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static void sort(struct fr_vec *twins) {
    if (twins->count > 1)
        qsort(twins->items, twins->count, sizeof(struct twin), by_what);
}

static flowrules_status push(struct fr_linter *l, struct fr_vec *twins, struct twin twin) {
    struct twin *slot = fr_vec_push(twins);
    if (slot == NULL)
        return fr_no_memory(l->context);
    *slot = twin;
    return FLOWRULES_OK;
}

/* ---- networks ------------------------------------------------------------------------------ */

static uint32_t hash_of(const flowrules_policy *policy, const struct fr_network *network) {
    uint32_t hash = network->placed;
    for (uint32_t i = 0; i < network->bindings.count; i++) {
        const struct fr_binding *b =
            fr_vec_at(&policy->bindings, struct fr_binding, network->bindings.first + i);
        uint32_t words[] = {hash, b->platform, b->values.count};
        hash = fr_hash(words, sizeof words);
        for (uint32_t k = 0; k < b->values.count; k++) {
            const struct fr_binding_value *v =
                fr_vec_at(&policy->binding_values, struct fr_binding_value, b->values.first + k);
            uint32_t value[] = {hash, v->key, v->label, v->value};
            hash = fr_hash(value, sizeof value);
        }
    }
    return hash;
}

static bool same_values(const flowrules_policy *policy, struct fr_span a, struct fr_span b) {
    const struct fr_binding_value *values = policy->binding_values.items;
    for (uint32_t i = 0; a.count == b.count && i < a.count; i++) {
        const struct fr_binding_value *x = &values[a.first + i], *y = &values[b.first + i];
        if (x->key != y->key || x->label != y->label || x->value != y->value)
            return false;
    }
    return a.count == b.count;
}

static bool same_bindings(const flowrules_policy *policy, const struct fr_network *a,
                          const struct fr_network *b) {
    const struct fr_binding *all = policy->bindings.items;
    bool same = a->bindings.count == b->bindings.count && a->placed == b->placed;
    for (uint32_t i = 0; same && i < a->bindings.count; i++) {
        const struct fr_binding *x = &all[a->bindings.first + i], *y = &all[b->bindings.first + i];
        same = x->platform == y->platform && same_values(policy, x->values, y->values);
    }
    return same;
}

/* One that is another by its name, on purpose. */
static bool is_alias(const flowrules_policy *policy, const struct fr_network *network) {
    return network->members.count == 1 && network->except.count == 0 &&
           fr_vec_at(&policy->peers, struct fr_peer, network->members.first)->kind ==
               FR_PEER_NETWORK;
}

static flowrules_status report_network(struct fr_linter *l, uint32_t first, uint32_t second) {
    struct fr_finding finding = fr_about_network(l, FR_NETWORK_TWICE, FLOWRULES_NOTE, second);
    const struct fr_network *other = fr_vec_at(&l->policy->networks, struct fr_network, first);
    finding.hint = "keep one, or define one by the name of the other";
    return fr_finding_add(l->findings, &finding, "network '%s' is the same as network '%s' (%s:%u)",
                          flowrules_network_name(l->policy, second),
                          flowrules_network_name(l->policy, first), fr_lint_file(l, other->at),
                          (unsigned)other->at.line);
}

static flowrules_status find_networks(struct fr_linter *l, struct fr_vec *twins) {
    const struct fr_network *networks = l->policy->networks.items;
    for (uint32_t i = 0; i < l->policy->networks.count; i++) {
        struct fr_end end;
        if (is_alias(l->policy, &networks[i]) || networks[i].members.count == 0)
            continue; /* nothing else is known of a group than its own name */
        FR_TRY(fr_view_network(&l->sights[0].view, i, &end));
        FR_TRY(push(l, twins, (struct twin){end.set, hash_of(l->policy, &networks[i]), i}));
    }
    sort(twins);
    for (size_t i = 1; i < twins->count; i++) {
        const struct twin *own = fr_vec_at(twins, struct twin, i);
        if (own->what == own[-1].what && own->more == own[-1].more &&
            same_bindings(l->policy, &networks[own->index], &networks[own[-1].index]))
            FR_TRY(report_network(l, own[-1].index, own->index));
    }
    return FLOWRULES_OK;
}

/* ---- services ------------------------------------------------------------------------------ */

static flowrules_status find_services(struct fr_linter *l, struct fr_vec *twins) {
    const struct fr_service_definition *services = l->policy->definitions.items;
    twins->count = 0;
    for (uint32_t i = 0; i < l->policy->definitions.count; i++)
        FR_TRY(push(l, twins, (struct twin){services[i].service, 0, i}));
    sort(twins);
    for (size_t i = 1; i < twins->count; i++) {
        const struct twin *own = fr_vec_at(twins, struct twin, i);
        const struct fr_service_definition *first = &services[own[-1].index];
        const struct fr_service_definition *second = &services[own->index];
        struct fr_finding finding =
            fr_about_service(l, FR_SERVICE_TWICE, FLOWRULES_NOTE, own->index);
        finding.hint = "keep one of them";
        if (own->what == own[-1].what)
            FR_TRY(fr_finding_add(
                l->findings, &finding, "service '%s' is the same as service '%s' (%s:%u)",
                FR_POLICY_TEXT(l->policy, second->name), FR_POLICY_TEXT(l->policy, first->name),
                fr_lint_file(l, first->at), (unsigned)first->at.line));
    }
    return FLOWRULES_OK;
}

/* ---- tags ---------------------------------------------------------------------------------- */

/* A tag: the flows that have it, as a count and a hash of their numbers, and the first of them. */
struct tag {
    fr_string name;
    uint32_t first, count, hash;
    char plain[FR_WORD_MAX + 1]; /* in small letters, without '-', '_' and '.' */
};

static void make_plain(struct tag *tag, const char *name) {
    size_t length = 0;
    for (; *name != '\0' && length < FR_WORD_MAX; name++)
        if (strchr("-_.", *name) == NULL)
            tag->plain[length++] = (char)(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
    tag->plain[length] = '\0';
}

static flowrules_status note_tag(struct fr_linter *l, struct fr_vec *tags, struct fr_map *known,
                                 fr_string name, uint32_t flow) {
    uint32_t index;
    if (!fr_map_get(known, name, &index)) {
        index = (uint32_t)tags->count;
        struct tag *slot = fr_vec_push(tags);
        if (slot == NULL || !fr_map_put(known, name, index))
            return fr_no_memory(l->context);
        *slot = (struct tag){.name = name, .first = flow};
        make_plain(slot, FR_POLICY_TEXT(l->policy, name));
    }
    struct tag *tag = fr_vec_at(tags, struct tag, index);
    uint32_t words[] = {tag->hash, flow + 1};
    tag->hash = fr_hash(words, sizeof words);
    tag->count++;
    return FLOWRULES_OK;
}

static struct fr_span tags_of(const flowrules_policy *policy, const struct fr_flow *flow) {
    return flow->tags == UINT32_MAX ? (struct fr_span){0, 0}
                                    : *fr_vec_at(&policy->tag_lists, struct fr_span, flow->tags);
}

/* A tag that a flow names twice counts once. */
static bool is_repeated(const flowrules_policy *policy, struct fr_span tags, uint32_t at) {
    const fr_string *names = fr_vec_at(&policy->tags, fr_string, tags.first);
    for (uint32_t i = 0; i < at; i++)
        if (names[i] == names[at])
            return true;
    return false;
}

static flowrules_status gather_tags(struct fr_linter *l, struct fr_vec *tags,
                                    struct fr_map *known) {
    const flowrules_policy *policy = l->policy;
    for (uint32_t i = 0; i < policy->flows.count; i++) {
        struct fr_span list = tags_of(policy, fr_lint_flow(l, i));
        for (uint32_t k = 0; k < list.count; k++)
            if (!is_repeated(policy, list, k))
                FR_TRY(note_tag(l, tags, known,
                                *fr_vec_at(&policy->tags, fr_string, list.first + k), i));
    }
    return FLOWRULES_OK;
}

static int by_spelling(const void *left, const void *right) {
    const struct tag *a = left, *b = right;
    int order = strcmp(a->plain, b->plain);
    return order != 0 ? order : (a->name > b->name) - (a->name < b->name);
}

static int by_flows(const void *left, const void *right) {
    const struct tag *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    return (a->name > b->name) - (a->name < b->name);
}

/* A hash of the flows is no proof: compares them. */
static bool on_same_flows(const struct fr_linter *l, fr_string a, fr_string b) {
    for (size_t i = 0; i < l->policy->flows.count; i++)
        if (fr_flow_has_tag(l->policy, fr_lint_flow(l, i), a) !=
            fr_flow_has_tag(l->policy, fr_lint_flow(l, i), b))
            return false;
    return true;
}

static flowrules_status report_tag(struct fr_linter *l, enum fr_finding_id id,
                                   const struct tag *tag, const struct tag *other) {
    bool spelling = id == FR_TAG_SPELLED_TWICE;
    struct fr_finding finding =
        fr_about_flow(l, id, spelling ? FLOWRULES_WARNING : FLOWRULES_NOTE, tag->first);
    finding.subject = FR_ABOUT_NAME;
    finding.index = tag->name;
    finding.hint = spelling ? "spell it alike everywhere" : "keep one of them";
    return fr_finding_add(l->findings, &finding,
                          spelling ? "the tag '%s' differs from the tag '%s' of flow '%s' only in "
                                     "its spelling"
                                   : "the tag '%s' is on the same flows as the tag '%s' (first on "
                                     "flow '%s')",
                          FR_POLICY_TEXT(l->policy, tag->name),
                          FR_POLICY_TEXT(l->policy, other->name), fr_lint_name(l, other->first));
}

static flowrules_status compare_tags(struct fr_linter *l, struct fr_vec *tags) {
    struct tag *list = tags->items;
    if (tags->count < 2)
        return FLOWRULES_OK;
    qsort(list, tags->count, sizeof *list, by_spelling);
    for (size_t i = 1; i < tags->count; i++)
        if (strcmp(list[i - 1].plain, list[i].plain) == 0)
            FR_TRY(report_tag(l, FR_TAG_SPELLED_TWICE, &list[i], &list[i - 1]));
    qsort(list, tags->count, sizeof *list, by_flows);
    for (size_t i = 1; i < tags->count; i++)
        if (list[i].count > 1 && list[i - 1].hash == list[i].hash &&
            list[i - 1].count == list[i].count && on_same_flows(l, list[i - 1].name, list[i].name))
            FR_TRY(report_tag(l, FR_TAG_TWICE, &list[i], &list[i - 1]));
    return FLOWRULES_OK;
}

static flowrules_status find_tags(struct fr_linter *l) {
    struct fr_vec tags;
    struct fr_map known;
    fr_vec_init(&tags, &l->context->allocator, sizeof(struct tag));
    fr_map_init(&known, &l->context->allocator);
    flowrules_status status = gather_tags(l, &tags, &known);
    if (status == FLOWRULES_OK)
        status = compare_tags(l, &tags);
    fr_map_free(&known);
    fr_vec_free(&tags);
    return status;
}

flowrules_status fr_lint_twice(struct fr_linter *l) {
    struct fr_vec twins;
    fr_vec_init(&twins, &l->context->allocator, sizeof(struct twin));
    flowrules_status status = find_networks(l, &twins);
    if (status == FLOWRULES_OK)
        status = find_services(l, &twins);
    fr_vec_free(&twins);
    return status == FLOWRULES_OK ? find_tags(l) : status;
}
