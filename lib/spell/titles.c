/*
 * Finds a title for the source or destination of a rule that is not a network.
 */
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "output.h"
#include "transliterate.h"

/* Notes where each set is first used: rule by rule, its source before its destination. */
static void list_uses(flowrules_output *out) {
    uint32_t known;
    out->used = true;
    for (uint32_t i = 0; i < out->rules->rules.count; i++) {
        const struct fr_rule *rule = fr_vec_at(&out->rules->rules, struct fr_rule, i);
        const fr_set sets[2] = {rule->source, rule->destination};
        for (uint32_t end = 0; end < 2; end++)
            if (!fr_map_get(&out->uses, sets[end] + 1, &known) &&
                !fr_map_put(&out->uses, sets[end] + 1, 2 * i + end))
                out->failed = true;
    }
}

enum { TITLE_MAX = 60, TITLE_NETWORKS = 16 };

/* Networks, whose names are put together. */
struct title {
    uint32_t networks[TITLE_NETWORKS];
    fr_set sets[TITLE_NETWORKS];
    size_t count;
};

/* The network at an end of a flow; false where it is none, or there are too many. */
static bool add_to_title(const flowrules_plan *plan, struct title *title,
                         const struct fr_peer *peer) {
    struct fr_end end;
    for (size_t i = 0; i < title->count; i++)
        if (peer->kind == FR_PEER_NETWORK && title->networks[i] == peer->ref)
            return true;
    if (peer->kind != FR_PEER_NETWORK || title->count == TITLE_NETWORKS ||
        fr_view_network(plan->view, peer->ref, &end) != FLOWRULES_OK)
        return false;
    title->networks[title->count] = peer->ref;
    title->sets[title->count++] = end.set;
    return true;
}

/* Is the set at an end of these flows nothing but whole networks, as they name them? */
static bool find_title(const struct fr_rules *rules, struct title *title, fr_set set,
                       uint32_t flows, bool destination) {
    const flowrules_plan *plan = rules->plan;
    const flowrules_policy *policy = plan->policy;
    for (size_t i = 0; i < fr_flows_count(&rules->flows, flows); i++) {
        const struct fr_flow *flow =
            fr_vec_at(&policy->flows, struct fr_flow, fr_flows_at(&rules->flows, flows, i));
        struct fr_span peers = destination ? flow->destination : flow->source;
        for (uint32_t k = 0; k < peers.count; k++)
            if (!add_to_title(plan, title,
                              fr_vec_at(&policy->peers, struct fr_peer, peers.first + k)))
                return false;
    }
    return title->count > 0 &&
           fr_sets_union(&plan->view->sets, title->sets, title->count, sizeof *title->sets) == set;
}

/* The names with between among them; NULL where they are too long together. */
static const char *join_title(flowrules_output *out, const struct title *title,
                              const char *between) {
    const flowrules_policy *policy = out->plan->policy;
    const char *text = "";
    for (size_t i = 0; i < title->count && text != NULL; i++) {
        const struct fr_network *network =
            fr_vec_at(&policy->networks, struct fr_network, title->networks[i]);
        text = fr_arena_printf(&out->scratch, "%s%s%s", text, i > 0 ? between : "",
                               FR_POLICY_TEXT(policy, network->name));
        out->failed = out->failed || text == NULL;
        text = text != NULL && strlen(text) > TITLE_MAX ? NULL : text;
    }
    return text;
}

/* A flow's name in letters, digits and "._-", as far as it has some. */
static const char *title_of_flow(flowrules_output *out, const struct fr_flow *flow,
                                 bool destination) {
    char name[256];
    size_t length = 0;
    (void)fr_transliterate_text(FR_POLICY_TEXT(out->plan->policy, flow->name), name, sizeof name);
    for (size_t i = 0; name[i] != '\0'; i++) {
        bool plain = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
                     (name[i] >= '0' && name[i] <= '9') || name[i] == '.' || name[i] == '_';
        if (plain || (length > 0 && name[length - 1] != '-'))
            name[length++] = plain ? name[i] : '-';
    }
    while (length > 0 && name[length - 1] == '-')
        length--;
    name[length] = '\0';
    return fr_arena_printf(&out->scratch, "%s%s", length > 0 ? name : "flow",
                           destination ? "-to" : "-from");
}

const char *flowrules_set_title(flowrules_output *out, struct flowrules_set set,
                                const char *between) {
    const struct fr_rules *rules = out->rules;
    struct title title = {.count = 0};
    uint32_t use;
    if (!out->used)
        list_uses(out);
    if (!fr_map_get(&out->uses, set.id + 1, &use))
        return "group";
    const struct fr_rule *rule = fr_vec_at(&rules->rules, struct fr_rule, use / 2);
    bool destination = use % 2 == 1;
    const char *text = find_title(rules, &title, set.id, rule->flows, destination)
                           ? join_title(out, &title, between)
                           : NULL;
    if (text == NULL)
        text = title_of_flow(out,
                             fr_vec_at(&out->plan->policy->flows, struct fr_flow,
                                       fr_flows_at(&rules->flows, rule->flows, 0)),
                             destination);
    out->failed = out->failed || text == NULL;
    return text == NULL ? "" : text;
}
