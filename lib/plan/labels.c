/*
 * Readable names for the chains, tables and sets of a target, which say which network or flow they
 * are for. A name is unique in its plan, and the same again for the same policy.
 */
#include "labels.h"

#include <stdio.h>
#include <string.h>

#include "plan.h"
#include "transliterate.h"
#include "writer.h"

void fr_labels_init(struct fr_labels *labels, const struct fr_allocator *allocator) {
    fr_strings_init(&labels->taken, allocator);
    fr_map_init(&labels->next, allocator);
}

void fr_labels_free(struct fr_labels *labels) {
    fr_strings_free(&labels->taken);
    fr_map_free(&labels->next);
}

static bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void fr_label_word(const char *text, char word[FR_LABEL_SIZE]) {
    char ascii[4 * FR_LABEL_SIZE];
    size_t length = 0;
    (void)fr_transliterate_text(text, ascii, sizeof ascii);
    for (text = ascii; *text != '\0' && length + 1 < FR_LABEL_SIZE; text++) {
        if (is_letter_or_digit(*text))
            word[length++] = *text;
        else if (length > 0 && word[length - 1] != '_')
            word[length++] = '_';
    }
    while (length > 0 && word[length - 1] == '_')
        length--;
    word[length] = '\0';
    if (length == 0) /* nothing of it fits */
        memcpy(word, "flow", sizeof "flow");
}

/* "10.0.0.0/8" of a prefix, the first address of another range. */
static void range_word(const struct flowrules_range *range, char word[FR_LABEL_SIZE]) {
    char address[FR_IP_TEXT_SIZE], text[FR_IP_TEXT_SIZE + 12];
    int length = flowrules_range_prefix(range);
    fr_ip_text(address, range->family, range->first);
    if (length < 0 || length == (range->family == FLOWRULES_IPV4 ? 32 : 128))
        snprintf(text, sizeof text, "%s", address);
    else
        snprintf(text, sizeof text, "%s/%d", address, length);
    fr_label_word(text, word);
}

static void peer_word(const flowrules_plan *plan, const struct fr_peer *peer,
                      char word[FR_LABEL_SIZE]) {
    const flowrules_policy *policy = plan->policy;
    struct flowrules_range range = {FLOWRULES_IPV4, {0, peer->ref}, {0, peer->ref}};
    char text[FR_LABEL_SIZE];
    switch ((enum fr_peer_kind)peer->kind) {
    case FR_PEER_NETWORK:
        fr_label_word(FR_POLICY_TEXT(
                          policy, fr_vec_at(&policy->networks, struct fr_network, peer->ref)->name),
                      word);
        return;
    case FR_PEER_RANGE:
        range = *fr_vec_at(&policy->ranges, struct flowrules_range, peer->ref);
        range_word(&range, word);
        return;
    case FR_PEER_ADDRESS4:
        range_word(&range, word);
        return;
    case FR_PEER_NAME:
        fr_label_word(FR_POLICY_TEXT(policy, peer->ref), word);
        return;
    case FR_PEER_WILDCARD:
        snprintf(text, sizeof text, "below %.50s", FR_POLICY_TEXT(policy, peer->ref));
        fr_label_word(text, word);
        return;
    case FR_PEER_ANY:
    case FR_PEER_ZONE:
    case FR_PEER_BROKEN:
        fr_label_word("protected", word); /* of any, what is protected */
        return;
    }
}

/* The network that a set is, or that it is all of in one family; NULL where there is none. */
static const char *network_of(const flowrules_plan *plan, fr_set set, unsigned families) {
    const flowrules_policy *policy = plan->policy;
    uint32_t network;
    bool found = fr_view_network_of(plan->view, set, &network);
    for (enum flowrules_family f = FLOWRULES_IPV4; !found && f <= FLOWRULES_IPV6; f++)
        found = families == FLOWRULES_FAMILY_BIT(f) &&
                fr_view_network_part(plan->view, set, f, &network);
    return found ? FR_POLICY_TEXT(policy,
                                  fr_vec_at(&policy->networks, struct fr_network, network)->name)
                 : NULL;
}

void fr_set_word(const flowrules_plan *plan, fr_set set, unsigned families, uint32_t flow,
                 enum flowrules_end end, char word[FR_LABEL_SIZE]) {
    const flowrules_policy *policy = plan->policy;
    const struct fr_flow *f = fr_vec_at(&policy->flows, struct fr_flow, flow);
    struct fr_span peers = end == FLOWRULES_SOURCE ? f->source : f->destination;
    const char *network = set == FR_SET_ANY ? "any" : network_of(plan, set, families);
    if (network != NULL)
        fr_label_word(network, word);
    else if (peers.count == 1)
        peer_word(plan, fr_vec_at(&policy->peers, struct fr_peer, peers.first), word);
    else
        fr_label_word(FR_POLICY_TEXT(policy, f->name), word);
}

const char *fr_direction_label(enum flowrules_direction direction) {
    static const char *const labels[3] = {
        [FLOWRULES_EGRESS] = "out_", [FLOWRULES_INGRESS] = "in_", [FLOWRULES_FORWARD] = "fwd_"};
    return labels[direction];
}

const char *fr_label_unique(struct fr_labels *labels, struct fr_arena *arena, const char *before,
                            const char *word, const char *after) {
    char text[3 * FR_LABEL_SIZE];
    uint32_t number = 1;
    int length = snprintf(text, sizeof text, "%s%s%s", before, word, after);
    fr_string first = fr_strings_find(&labels->taken, text, (size_t)length);
    if (first != 0 && !fr_map_get(&labels->next, first, &number))
        number = 1;
    while (fr_strings_find(&labels->taken, text, (size_t)length) != 0)
        length = snprintf(text, sizeof text, "%s%s_%u%s", before, word, ++number, after);
    if (fr_strings_add(&labels->taken, text, (size_t)length) == 0 ||
        (first != 0 && !fr_map_put(&labels->next, first, number)))
        return NULL;
    return fr_arena_text(arena, text, (size_t)length);
}
