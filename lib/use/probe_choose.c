/*
 * Chooses the connections that test the flows of a policy from one place: the options that speak of
 * the policy, and the flows from there.
 */
#include "probe_choose.h"

#include <string.h>

/* ---- denies ------------------------------------------------------------------------------ */

static flowrules_status find_denials(struct fr_choosing *c) {
    for (uint32_t i = 0; i < c->policy->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&c->policy->flows, struct fr_flow, i);
        struct fr_end ends[2];
        if (!flow->deny || flow->expired)
            continue;
        FR_TRY(fr_view_end(&c->view, flow->source, false, &ends[0]));
        FR_TRY(fr_view_end(&c->view, flow->destination, false, &ends[1]));
        struct fr_denial *slot = fr_vec_push(&c->denials);
        if (slot == NULL)
            return fr_no_memory(c->context);
        *slot = (struct fr_denial){i, ends[0].set, ends[1].set};
    }
    return FLOWRULES_OK;
}

/* The deny that says no to this, whatever source of the flow it comes from. */
static const char *denier(struct fr_choosing *c, const struct fr_probe_host *host,
                          unsigned protocol, unsigned port) {
    for (size_t i = 0; i < c->denials.count && !c->deny; i++) {
        const struct fr_denial *d = fr_vec_at(&c->denials, struct fr_denial, i);
        const struct fr_flow *flow = fr_vec_at(&c->policy->flows, struct fr_flow, d->flow);
        if (!fr_set_covers(&c->view.sets, d->source, c->source) ||
            !fr_set_overlaps(&c->view.sets, d->destination, host->set) ||
            !fr_probe_serves(c, flow->service, protocol, port))
            continue;
        const char *text = fr_arena_printf(&c->probe->arena, "the policy denies it: %.100s",
                                           FR_POLICY_TEXT(c->policy, flow->name));
        fr_probe_keep(c, text != NULL);
        return text;
    }
    return NULL;
}

static flowrules_status probe_flow(struct fr_choosing *c, uint32_t index) {
    size_t first = c->probe->steps.count;
    c->deny = c->flow->deny;
    c->against = denier;
    fr_probe_begin(c);
    FR_TRY(fr_probe_terms(c, c->flow->service));
    fr_probe_no_hosts(c);
    fr_probe_tried_hosts(c);
    fr_probe_hosts(c, c->flow->destination);
    FR_TRY(fr_probe_try(c, first));
    return fr_probe_end(
        c, first,
        (struct fr_probed_flow){.flow = index,
                                .name = FR_POLICY_TEXT(c->policy, c->flow->name),
                                .about = FR_POLICY_TEXT(c->policy, c->flow->purpose),
                                .deny = c->deny});
}

/* ---- which flows ----------------------------------------------------------------------------- */

static bool is_named(const struct fr_choosing *c, const struct fr_flow *flow) {
    for (size_t i = 0; i < c->probe->only.count; i++)
        if (strcmp(*fr_vec_at(&c->probe->only, const char *, i),
                   FR_POLICY_TEXT(c->policy, flow->name)) == 0)
            return true;
    return c->probe->only.count == 0;
}

/*
 * Does the flow begin where the test is to run? A deny has to hold for all of that place, and
 * where the place is not known, for every source there is.
 */
static flowrules_status begins_here(struct fr_choosing *c, uint32_t index, bool *here) {
    struct fr_end source;
    const struct fr_flow *flow = c->flow;
    *here = false;
    if (flow->expired || !is_named(c, flow) ||
        (flow->deny && c->plan != NULL && c->plan->permits) || /* others may let it pass */
        (c->leaving.count > 0 && !*fr_vec_at(&c->leaving, bool, index)))
        return FLOWRULES_OK;
    FR_TRY(fr_view_end(&c->view, flow->source, false, &source));
    c->source = fr_set_intersect(&c->view.sets, source.set, c->from);
    if (c->source == FR_SET_NONE)
        return fr_no_memory(c->context);
    *here = c->source != FR_SET_EMPTY;
    bool chosen = c->probe->only.count > 0 || c->leaving.count > 0;
    if (flow->deny && !(chosen && c->from == FR_SET_ANY))
        *here = fr_set_covers(&c->view.sets, source.set, c->from);
    return FLOWRULES_OK;
}

static flowrules_status probe_flows(struct fr_choosing *c) {
    for (uint32_t i = 0; i < c->policy->flows.count; i++) {
        bool here;
        c->flow = fr_vec_at(&c->policy->flows, struct fr_flow, i);
        FR_TRY(begins_here(c, i, &here));
        if (!here)
            continue;
        FR_TRY(fr_view_end(&c->view, c->flow->destination, false, &c->destination));
        FR_TRY(probe_flow(c, i));
    }
    if (c->probe->flows.count > 0)
        return FLOWRULES_OK;
    fr_error(&c->context->diagnostics, FR_PROBE_EMPTY, FR_NOWHERE,
             "'flowrules explain' shows the flows; without from, target and flow, all are tried",
             "no flow is left to probe");
    return FLOWRULES_USAGE;
}

/* ---- options that speak of the policy ---------------------------------------------------------
 */

static const char *next_flow(const void *user, size_t i) {
    const flowrules_policy *policy = user;
    return i < policy->flows.count ? flowrules_flow_name(policy, i) : NULL;
}

/* The hint for a word that is none of the policy's: what is like it, or else what there may be. */
static flowrules_status unknown_word(struct fr_choosing *c, const char *key, const char *word,
                                     const char *near, const char *otherwise) {
    char hint[320];
    bool meant = fr_did_you_mean(hint, sizeof hint, near);
    return fr_probe_no_value(c->context, word, key, meant ? hint : otherwise);
}

static bool find_network(const struct fr_choosing *c, const char *name, size_t length,
                         uint32_t *index) {
    fr_string word = fr_strings_find(&c->policy->strings, name, length);
    return word != 0 && fr_map_get(&c->policy->network_by_name, word, index);
}

static flowrules_status read_from(struct fr_choosing *c) {
    const char *from = c->probe->from;
    struct flowrules_range range;
    unsigned length;
    uint32_t index;
    struct fr_end end;
    c->from = FR_SET_ANY;
    if (from == NULL || strcmp(from, "any") == 0)
        return FLOWRULES_OK;
    if (find_network(c, from, strlen(from), &index)) {
        FR_TRY(fr_view_network(&c->view, index, &end));
        c->from = end.set;
        return FLOWRULES_OK;
    }
    if (fr_range_parse(from, strlen(from), &range, &length) == FR_RANGE_OK) {
        c->from = fr_probe_range_set(&c->view, &range);
        return c->from == FR_SET_NONE ? fr_no_memory(c->context) : FLOWRULES_OK;
    }
    return unknown_word(c, "from", from, fr_nearest(from, fr_network_candidate, c->policy),
                        "a network of the policy, or an address");
}

static flowrules_status read_only(struct fr_choosing *c) {
    for (size_t i = 0; i < c->probe->only.count; i++) {
        const char *name = *fr_vec_at(&c->probe->only, const char *, i);
        uint32_t flow;
        fr_string word = fr_strings_find(&c->policy->strings, name, strlen(name));
        if (!fr_policy_find_flow(c->policy, word, &flow))
            return unknown_word(c, "flow", name, fr_nearest(name, next_flow, c->policy),
                                "the name of a flow of the policy");
    }
    return FLOWRULES_OK;
}

/* A single address, or a name, into an attempt. */
static flowrules_status read_host(struct fr_choosing *c, const char *whole, const char *text,
                                  struct fr_attempt *attempt) {
    static const char form[] = "an address or a name, or NETWORK=HOST: cluster-dns=172.30.0.10";
    struct flowrules_range range;
    unsigned length;
    char name[FR_FQDN_MAX + 3];
    struct fr_name_checker *checker;
    enum fr_range_form how = fr_range_parse(text, strlen(text), &range, &length);
    if (how == FR_RANGE_OK && fr_ip_compare(range.first, range.last) == 0) {
        attempt->text = fr_probe_range_text(c, &range);
        attempt->set = fr_probe_range_set(&c->view, &range);
        attempt->families = FLOWRULES_FAMILY_BIT(range.family);
    } else if (how == FR_RANGE_NOT_ADDRESS) {
        FR_TRY(fr_name_checker_new(&checker, c->context));
        enum fr_name_form is = fr_name_canonical(checker, text, strlen(text), name);
        fr_name_checker_free(checker);
        if (is != FR_NAME_OK)
            return is == FR_NAME_NO_MEMORY ? fr_no_memory(c->context)
                                           : fr_probe_no_value(c->context, whole, "try", form);
        attempt->text = fr_arena_text(&c->probe->arena, name, strlen(name));
        attempt->set =
            attempt->text == NULL ? FR_SET_NONE : fr_view_other_name(&c->view, attempt->text);
        attempt->families = FLOWRULES_BOTH_FAMILIES;
    } else {
        return fr_probe_no_value(c->context, whole, "try", form);
    }
    return attempt->text == NULL || attempt->set == FR_SET_NONE ? fr_no_memory(c->context)
                                                                : FLOWRULES_OK;
}

static flowrules_status read_tries(struct fr_choosing *c) {
    for (size_t i = 0; i < c->probe->tries.count; i++) {
        const char *whole = *fr_vec_at(&c->probe->tries, const char *, i);
        const char *equals = strchr(whole, '=');
        struct fr_attempt *slot = fr_vec_push(&c->attempts);
        if (slot == NULL)
            return fr_no_memory(c->context);
        slot->network = UINT32_MAX;
        if (equals != NULL && !find_network(c, whole, (size_t)(equals - whole), &slot->network))
            return fr_probe_no_value(c->context, whole, "try",
                                     "write a network of the policy before '='");
        FR_TRY(read_host(c, whole, equals != NULL ? equals + 1 : whole, slot));
    }
    return FLOWRULES_OK;
}

/* The flows that leave what a target protects, or that pass through it. */
static flowrules_status read_target(struct fr_choosing *c) {
    if (c->probe->target == NULL)
        return FLOWRULES_OK;
    FR_TRY(fr_plan_new(&c->plan, c->context, c->policy, c->probe->target));
    for (size_t i = 0; i < c->policy->flows.count; i++)
        if (fr_vec_push(&c->leaving) == NULL)
            return fr_no_memory(c->context);
    for (size_t i = 0; i < c->plan->scoped.count; i++) {
        const struct fr_scoped *s = fr_vec_at(&c->plan->scoped, struct fr_scoped, i);
        if (s->direction != FLOWRULES_INGRESS)
            *fr_vec_at(&c->leaving, bool, s->flow) = true;
    }
    return FLOWRULES_OK;
}

static flowrules_status check_used(struct fr_choosing *c) {
    for (size_t i = 0; i < c->attempts.count; i++)
        if (!fr_vec_at(&c->attempts, struct fr_attempt, i)->used)
            return fr_probe_no_value(c->context, *fr_vec_at(&c->probe->tries, const char *, i),
                                     "try", "no selected flow has it in its destination");
    return FLOWRULES_OK;
}

static flowrules_status choose(struct fr_choosing *c) {
    FR_TRY(read_from(c));
    FR_TRY(read_only(c));
    FR_TRY(read_target(c));
    FR_TRY(read_tries(c));
    FR_TRY(find_denials(c));
    FR_TRY((c->probe->asserted ? fr_probe_assertions : probe_flows)(c));
    return check_used(c);
}

flowrules_status fr_probe_choose(struct flowrules_probe *probe) {
    const struct fr_allocator *allocator = &probe->context->allocator;
    struct fr_choosing c = {.probe = probe, .context = probe->context, .policy = probe->policy};
    const struct fr_view_mode mode = {
        .names = true, .wildcards = FLOWRULES_WILDCARDS_BELOW, .every_group = true};
    fr_vec_init(&c.leaving, allocator, sizeof(bool));
    fr_vec_init(&c.attempts, allocator, sizeof(struct fr_attempt));
    fr_vec_init(&c.denials, allocator, sizeof(struct fr_denial));
    fr_vec_init(&c.terms, allocator, sizeof(struct fr_term));
    fr_vec_init(&c.known_terms, allocator, sizeof(struct fr_term));
    fr_vec_init(&c.permits, allocator, sizeof(struct fr_permit));
    fr_vec_init(&c.zone_sets, allocator, sizeof(fr_set));
    fr_vec_init(&c.hosts, allocator, sizeof(struct fr_probe_host));
    fr_vec_init(&c.gaps, allocator, sizeof(struct fr_step));
    fr_map_init(&c.seen, allocator);
    probe->flows.count = probe->steps.count = 0;
    flowrules_status status = fr_view_init(&c.view, probe->policy, &mode);
    if (status == FLOWRULES_OK)
        status = choose(&c);
    fr_plan_free(c.plan);
    fr_view_free(&c.view);
    fr_map_free(&c.seen);
    struct fr_vec *all[] = {&c.leaving, &c.attempts,  &c.denials, &c.terms, &c.known_terms,
                            &c.permits, &c.zone_sets, &c.hosts,   &c.gaps};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        fr_vec_free(all[i]);
    return status;
}

const struct fr_binding *fr_probe_pods(const struct flowrules_probe *probe) {
    return probe->from == NULL ? NULL : fr_policy_binding(probe->policy, probe->from, "kubernetes");
}
