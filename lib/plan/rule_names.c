/*
 * Names of rules: the names of flows, made valid for the platform, unique and stable: a name
 * depends on its own flow, and not on the others, wherever possible.
 */
#include <stdio.h>
#include <string.h>

#include "rules.h"
#include "transliterate.h"

/* Bytes of a name in ASCII before it is fitted: more than any platform takes. */
#define FOLDED_MAX 512

struct naming {
    struct fr_rules *rules;
    const flowrules_plan *plan;
    const struct flowrules_capabilities *can;
    struct fr_strings taken; /* in lower case */
};

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_letter_or_digit(char c) {
    return is_letter(c) || (c >= '0' && c <= '9');
}

static bool is_fit(const struct flowrules_capabilities *can, char c) {
    if (c >= 'A' && c <= 'Z')
        return !can->name_lower;
    return is_letter_or_digit(c) ||
           (can->name_extra != NULL && c != '\0' && strchr(can->name_extra, c) != NULL);
}

/* What stands for a character that does not fit: the first extra one, or nothing. */
static char stand_in(const struct flowrules_capabilities *can) {
    return can->name_extra != NULL ? can->name_extra[0] : '\0';
}

/*
 * Fits a flow's name into room bytes; *changed when it is no longer the flow's own. Other letters
 * than ASCII's are transliterated, runs of what does not fit become one character; a letter or
 * digit is at either end.
 */
static void fit(const struct flowrules_capabilities *can, const char *flow, char *fitted,
                size_t room, bool *changed) {
    size_t length = 0;
    char filler = stand_in(can), name[FOLDED_MAX];
    *changed = fr_transliterate_text(flow, name, sizeof name) || *changed;
    if (can->name_letter && !is_letter(name[0]) && room > 2) {
        fitted[length++] = 'r';
        *changed = true;
    }
    for (size_t i = 0; name[i] != '\0'; i++) {
        char c = name[i];
        if (can->name_lower && c >= 'A' && c <= 'Z') {
            c = (char)(c + 32);
            *changed = true;
        }
        if (!is_fit(can, c)) {
            *changed = true;
            c = length > 0 && fitted[length - 1] != filler ? filler : '\0';
        } else if (length == 0 && !is_letter_or_digit(c)) {
            *changed = true;
            c = '\0';
        }
        if (length + 1 >= room) {
            *changed = true;
            break;
        }
        if (c != '\0')
            fitted[length++] = c;
    }
    while (length > 0 && !is_letter_or_digit(fitted[length - 1])) {
        length--;
        *changed = true;
    }
    fitted[length] = '\0';
}

/* Takes a name if no other rule has it, told apart ignoring case; *free_name: it was. */
static flowrules_status take(struct naming *n, const char *name, bool *free_name) {
    char lower[256];
    size_t length = strlen(name);
    for (size_t i = 0; i < length && i < sizeof lower; i++)
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
    if (length > sizeof lower)
        length = sizeof lower;
    *free_name = fr_strings_find(&n->taken, lower, length) == 0;
    if (*free_name && fr_strings_add(&n->taken, lower, length) == 0)
        return fr_no_memory(n->plan->context);
    return FLOWRULES_OK;
}

/* The name of a rule of a flow: the flow's, with a hash where it had to be changed. */
static void base_name(struct naming *n, const char *flow, char *base, size_t room) {
    bool changed = false;
    char separator = stand_in(n->can);
    fit(n->can, flow, base, room, &changed);
    if (!changed)
        return;
    char hash[16];
    snprintf(hash, sizeof hash, "%c%06x", separator != '\0' ? separator : 'x',
             fr_hash(flow, strlen(flow)) & 0xffffffu);
    fit(n->can, flow, base, room - strlen(hash), &changed);
    if (base[0] == '\0') /* nothing of it fits: no separator may come first */
        memcpy(base, "rule", sizeof "rule");
    memcpy(base + strlen(base), hash, strlen(hash) + 1);
}

/* Tries the flow's name, then name-2, name-3 ... until one is free. */
static flowrules_status name_rule(struct naming *n, struct fr_rule *rule, uint32_t *part) {
    const struct fr_flow *flow = fr_vec_at(&n->plan->policy->flows, struct fr_flow,
                                           fr_flows_at(&n->rules->flows, rule->flows, 0));
    const char *own = FR_POLICY_TEXT(n->plan->policy, flow->name);
    char base[256], name[256];
    size_t most = n->can->name_max < 240 ? n->can->name_max : 240;
    bool free_name = false;
    char separator = stand_in(n->can);
    base_name(n, own, base, most + 1);
    for (; !free_name; ++*part) {
        snprintf(name, sizeof name, "%s", base);
        if (*part > 1) {
            char number[16];
            snprintf(number, sizeof number, "%c%u", separator != '\0' ? separator : 'x', *part);
            if (strlen(base) + strlen(number) > most)
                base_name(n, own, base, most + 1 - strlen(number));
            snprintf(name, sizeof name, "%.*s%s", (int)(most - strlen(number)), base, number);
        }
        FR_TRY(take(n, name, &free_name));
    }
    rule->name = fr_arena_text(&n->rules->arena, name, strlen(name));
    return rule->name == NULL ? fr_no_memory(n->plan->context) : FLOWRULES_OK;
}

flowrules_status fr_name_rules(struct fr_rules *rules) {
    const flowrules_plan *plan = rules->plan;
    struct naming n = {.rules = rules, .plan = plan, .can = plan->can};
    if (n.can->name_max == 0)
        return FLOWRULES_OK;
    fr_strings_init(&n.taken, &plan->context->allocator);
    flowrules_status status = FLOWRULES_OK;
    uint32_t last = UINT32_MAX, part = 1;
    for (size_t i = 0; status == FLOWRULES_OK && i < rules->rules.count; i++) {
        struct fr_rule *rule = fr_vec_at(&rules->rules, struct fr_rule, i);
        uint32_t flow = fr_flows_at(&rules->flows, rule->flows, 0);
        part = flow == last ? part : 1; /* parts of a flow mostly stand together */
        last = flow;
        status = name_rule(&n, rule, &part);
    }
    fr_strings_free(&n.taken);
    return status;
}
