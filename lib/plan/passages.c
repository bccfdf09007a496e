/*
 * Names for passages, and their order.
 */
#include "passages.h"

#include <stdio.h>

struct word {
    char text[2 * FR_LABEL_SIZE];
    size_t used;
};

static void add_word(struct word *word, const char *text) {
    size_t room = sizeof word->text - word->used;
    size_t length = (size_t)snprintf(word->text + word->used, room, "%s_", text);
    word->used += length < room ? length : room - 1;
}

/* "from_eth1_to_eth2", "from_all_but_docker0"; what has no room is cut. */
static void passage_word(const struct fr_crossing *crossing, char word[FR_LABEL_SIZE]) {
    static const char *const before[2] = {"from", "to"};
    struct word all = {.used = 0};
    for (size_t side = 0; side < 2; side++) {
        const struct flowrules_interfaces *own = &crossing->spelled[side];
        if (own->count + own->except_count > 0)
            add_word(&all, before[side]);
        if (own->count == 0 && own->except_count > 0)
            add_word(&all, "all");
        for (size_t i = 0; i < own->count; i++)
            add_word(&all, own->names[i]);
        for (size_t i = 0; i < own->except_count; i++) {
            if (i == 0)
                add_word(&all, "but");
            add_word(&all, own->except[i]);
        }
    }
    fr_label_word(all.text, word);
}

static flowrules_status make_passage(struct fr_rules *rules, struct fr_section *section,
                                     enum flowrules_direction direction,
                                     enum flowrules_action action) {
    const struct fr_crossing *crossing =
        fr_vec_at(&rules->plan->crossings, struct fr_crossing, section->crossing - 1);
    struct flowrules_passage *made = fr_arena_alloc(&rules->arena, sizeof *made);
    char word[FR_LABEL_SIZE], before[16];
    snprintf(before, sizeof before, "%s%s", fr_direction_label(direction),
             action == FLOWRULES_DENY ? "deny_" : "");
    passage_word(crossing, word);
    if (made == NULL)
        return fr_no_memory(rules->plan->context);
    *made = (struct flowrules_passage){
        .name = fr_label_unique(&rules->names, &rules->arena, before, word, ""),
        .number = ++rules->passages,
        .direction = direction,
        .enters = crossing->spelled[FLOWRULES_SOURCE],
        .leaves = crossing->spelled[FLOWRULES_DESTINATION],
        .turn = section->turn,
    };
    if (made->name == NULL)
        return fr_no_memory(rules->plan->context);
    if (section->last != NULL)
        section->last->next = made;
    section->made = section->last = made;
    return FLOWRULES_OK;
}

flowrules_status fr_section_passage(struct fr_rules *rules, struct fr_section *section,
                                    enum flowrules_direction direction,
                                    enum flowrules_action action,
                                    const struct flowrules_passage **passage) {
    if (section->crossing != 0 && section->made == NULL)
        FR_TRY(make_passage(rules, section, direction, action));
    *passage = section->made;
    return FLOWRULES_OK;
}

void fr_section_count(const struct fr_section *section, const struct flowrules_group *group) {
    if (section->made == NULL)
        return;
    section->made->rule_count += group->rule_count;
    section->made->dispatched = section->made->dispatched || group->dispatched;
}
