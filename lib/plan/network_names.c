/*
 * Names networks by what they have, not by the number of a set, which each store has for itself.
 */
#include "network_names.h"

#include "flowrules/kits/hashes.h"

/* All addresses of a network, or those of a family. */
struct fr_network_part {
    uint32_t network;
    fr_set set; /* of the view */
};

static uint64_t hash_range(uint64_t hash, const struct flowrules_range *range) {
    const uint64_t numbers[] = {(uint64_t)range->family, range->first.hi, range->first.lo,
                                range->last.hi, range->last.lo};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        hash = flowrules_hash_number(hash, numbers[i]);
    return hash;
}

/* A key of the map; 0: it has no addresses. */
static uint32_t hash_of(struct flowrules_set set) {
    uint64_t hash = 0;
    for (int f = 0; f < 2; f++)
        for (size_t i = 0; i < flowrules_set_range_count(set, (enum flowrules_family)f); i++) {
            struct flowrules_range range = flowrules_set_range(set, (enum flowrules_family)f, i);
            hash = hash_range(hash + 1, &range);
        }
    return hash == 0 ? 0 : (uint32_t)flowrules_hash_spread(hash) | 1u;
}

static bool same_family(struct flowrules_set a, struct flowrules_set b,
                        enum flowrules_family family) {
    size_t count = flowrules_set_range_count(a, family);
    bool same = count == flowrules_set_range_count(b, family);
    for (size_t i = 0; i < count && same; i++) {
        struct flowrules_range x = flowrules_set_range(a, family, i);
        struct flowrules_range y = flowrules_set_range(b, family, i);
        same = fr_ip_compare(x.first, y.first) == 0 && fr_ip_compare(x.last, y.last) == 0;
    }
    return same;
}

/* The part with the addresses of a set, or NULL; *key: where it is, or would be. */
static const struct fr_network_part *find_part(const struct fr_network_names *names,
                                               struct flowrules_set set, uint32_t *key) {
    uint32_t number;
    for (*key = hash_of(set); fr_map_get(&names->by_hash, *key, &number); *key += 2) {
        const struct fr_network_part *part =
            fr_vec_at(&names->parts, struct fr_network_part, number - 1);
        struct flowrules_set own = {&names->view.sets, part->set};
        if (same_family(own, set, FLOWRULES_IPV4) && same_family(own, set, FLOWRULES_IPV6))
            return part;
    }
    return NULL;
}

static flowrules_status add_part(struct fr_network_names *names, uint32_t network, fr_set set) {
    uint32_t key;
    if (set == FR_SET_NONE)
        return fr_no_memory(names->view.context);
    if (find_part(names, (struct flowrules_set){&names->view.sets, set}, &key) != NULL || key == 0)
        return FLOWRULES_OK;
    struct fr_network_part *part = fr_vec_push(&names->parts);
    if (part == NULL || !fr_map_put(&names->by_hash, key, (uint32_t)names->parts.count))
        return fr_no_memory(names->view.context);
    *part = (struct fr_network_part){network, set};
    return FLOWRULES_OK;
}

/* What names and groups hold is shown by these: a network with some has no name here. */
static flowrules_status add_network(struct fr_network_names *names, uint32_t network) {
    struct fr_end end;
    FR_TRY(fr_view_network(&names->view, network, &end));
    struct flowrules_set set = {&names->view.sets, end.set};
    if (end.flags != 0 || end.set == FR_SET_ANY || flowrules_set_atom_count(set) > 0 ||
        flowrules_set_is_all(set, FLOWRULES_IPV4) || flowrules_set_is_all(set, FLOWRULES_IPV6))
        return FLOWRULES_OK;
    FR_TRY(add_part(names, network, end.set));
    FR_TRY(add_part(names, network, fr_set_family(&names->view.sets, end.set, FLOWRULES_IPV4)));
    return add_part(names, network, fr_set_family(&names->view.sets, end.set, FLOWRULES_IPV6));
}

flowrules_status fr_network_names_init(struct fr_network_names *names,
                                       const flowrules_policy *policy) {
    static const struct fr_view_mode mode = {.refuse_names = true};
    fr_vec_init(&names->parts, &policy->context->allocator, sizeof(struct fr_network_part));
    fr_map_init(&names->by_hash, &policy->context->allocator);
    FR_TRY(fr_view_init(&names->view, policy, &mode));
    for (uint32_t i = 0; i < policy->networks.count; i++)
        FR_TRY(add_network(names, i));
    return names->view.sets.failed ? fr_no_memory(policy->context) : FLOWRULES_OK;
}

void fr_network_names_free(struct fr_network_names *names) {
    fr_vec_free(&names->parts);
    fr_map_free(&names->by_hash);
    fr_view_free(&names->view);
}

const char *fr_network_names_find(const struct fr_network_names *names, struct flowrules_set set) {
    const struct fr_set_head *head = fr_set_head(set.store, set.id);
    uint32_t key;
    if (head->atoms > 0 || head->all_atoms != 0)
        return NULL;
    const struct fr_network_part *part = find_part(names, set, &key);
    const flowrules_policy *policy = names->view.policy;
    return part == NULL
               ? NULL
               : FR_POLICY_TEXT(
                     policy, fr_vec_at(&policy->networks, struct fr_network, part->network)->name);
}
