/*
 * What the entries of access lists have counted, as 'show access-list' prints it beside a
 * configuration: each entry has a line number, and "(hitcnt=3)". An entry with objects is printed
 * again for each of their members, indented; where it has no count of its own, theirs are added up.
 *
 * Facts: Cisco ASA Series Command Reference, show access-list; an entry counts connections, and no
 * more packets of them.
 */
#include "read.h"

#include <string.h>

/* The counts of an entry. */
struct entry_counts {
    uint64_t own, parts;
    bool has_own;
    struct flowrules_place at;
};

static const char mark[] = "(hitcnt=";

bool fr_cisco_asa_is_counts(const flowrules_input *in, size_t file) {
    size_t size;
    const char *text = flowrules_input_text(in, file, &size);
    return text != NULL && strstr(text, mark) != NULL;
}

static struct entry_counts *counts_of(struct fr_cisco_asa_reading *r, const char *list,
                                      const char *line) {
    const char *key = flowrules_input_print(r->in, "%s %s", list, line);
    if (key == NULL)
        return NULL;
    struct entry_counts *counts = flowrules_input_lookup(r->in, FR_CISCO_ASA_COUNTS, key);
    if (counts != NULL)
        return counts;
    counts = flowrules_input_alloc(r->in, sizeof *counts);
    if (counts != NULL)
        flowrules_input_define(r->in, FR_CISCO_ASA_COUNTS, key, counts);
    return counts;
}

static uint64_t add(uint64_t a, uint64_t b) {
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

/* "access-list LIST line NUMBER ... (hitcnt=3) 0x1fc7a0d3" */
static void read_count(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    struct fr_cisco_asa_cursor c;
    uint64_t count;
    fr_cisco_asa_begin(&c, r, line);
    if (c.count < 5 || strcmp(c.words[0].text, "access-list") != 0 ||
        strcmp(c.words[2].text, "line") != 0 || strcmp(c.words[4].text, "remark") == 0)
        return;
    struct entry_counts *counts = NULL;
    for (size_t i = 4; i < c.count; i++) {
        const char *word = c.words[i].text;
        if (strncmp(word, mark, sizeof mark - 1) != 0)
            continue;
        word += sizeof mark - 1;
        c.at = i;
        if (!flowrules_parse_count(word, strcspn(word, ")"), &count)) {
            flowrules_input_error(r->in, fr_cisco_asa_place(&c), NULL, "'%.80s' is not a count",
                                  c.words[i].text);
            return;
        }
        counts = counts_of(r, c.words[1].text, c.words[3].text);
        if (counts == NULL)
            return;
        bool part = line->text[0] == ' ' || line->text[0] == '\t';
        uint64_t *sum = part ? &counts->parts : &counts->own;
        *sum = add(*sum, count);
        counts->has_own = counts->has_own || !part;
        counts->at = fr_cisco_asa_place_of(line);
        r->counts = true;
        return;
    }
}

void fr_cisco_asa_read_counts(struct fr_cisco_asa_reading *r, size_t file) {
    struct flowrules_line line = {.file = file};
    while (!flowrules_input_failed(r->in) && flowrules_input_line(r->in, &line))
        if (line.length > 0)
            read_count(r, &line);
}

uint32_t fr_cisco_asa_counter(struct fr_cisco_asa_reading *r, const char *list, size_t line) {
    const char *key = r->counts ? flowrules_input_print(r->in, "%s %zu", list, line) : NULL;
    const struct entry_counts *counts =
        key == NULL ? NULL : flowrules_input_lookup(r->in, FR_CISCO_ASA_COUNTS, key);
    if (counts == NULL)
        return 0;
    struct flowrules_counts shown = {.packets = counts->has_own ? counts->own : counts->parts};
    return flowrules_input_counter(r->in, counts->at, &shown);
}

void fr_cisco_asa_give_counts(struct fr_cisco_asa_reading *r) {
    struct flowrules_counts none = {.packets = 0};
    if (r->counts)
        flowrules_input_counter(r->in, (struct flowrules_place){0, 0, 0}, &none);
}
