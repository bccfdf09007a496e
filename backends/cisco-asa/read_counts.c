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
struct fr_cisco_asa_counts {
    const char *list;
    uint64_t line;
    uint64_t own, parts;
    bool has_own;
    uint32_t counter; /* 0: no rule has it yet */
    struct flowrules_place at;
    struct fr_cisco_asa_counts *next;
};

static const char mark[] = "(hitcnt=";

bool fr_cisco_asa_is_counts(const flowrules_input *in, size_t file) {
    size_t size;
    const char *text = flowrules_input_text(in, file, &size);
    return text != NULL && strstr(text, mark) != NULL;
}

static const char *key_of(const struct fr_cisco_asa_reading *r, const char *list, uint64_t line) {
    return flowrules_input_print(r->in, "%s %llu", list, (unsigned long long)line);
}

static struct fr_cisco_asa_counts *counts_of(struct fr_cisco_asa_reading *r, const char *list,
                                             uint64_t line, struct flowrules_place at) {
    const char *key = key_of(r, list, line);
    if (key == NULL)
        return NULL;
    struct fr_cisco_asa_counts *counts = flowrules_input_lookup(r->in, FR_CISCO_ASA_COUNTS, key);
    if (counts != NULL)
        return counts;
    counts = flowrules_input_alloc(r->in, sizeof *counts);
    if (counts == NULL)
        return NULL;
    *counts = (struct fr_cisco_asa_counts){.list = list, .line = line, .at = at, .next = r->counts};
    if (!flowrules_input_define(r->in, FR_CISCO_ASA_COUNTS, key, counts))
        return NULL;
    return r->counts = counts;
}

static uint64_t add(uint64_t a, uint64_t b) {
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

/* "(hitcnt=3)" at the cursor, of a line of its list. */
static void take_count(struct fr_cisco_asa_cursor *c, const char *list, uint64_t line) {
    struct flowrules_place at = fr_cisco_asa_place_of(c->line);
    const char *word = fr_cisco_asa_peek(c) + sizeof mark - 1;
    bool part = c->line->text[0] == ' ' || c->line->text[0] == '\t';
    uint64_t count;
    if (!flowrules_parse_count(word, strcspn(word, ")"), &count)) {
        flowrules_input_error(c->r->in, fr_cisco_asa_place(c), NULL, "'%.80s' is not a count",
                              fr_cisco_asa_peek(c));
        return;
    }
    struct fr_cisco_asa_counts *counts = counts_of(c->r, list, line, at);
    if (counts == NULL)
        return;
    if (counts->at.file != at.file) {
        flowrules_input_error(c->r->in, at, "give the counters of one device, and of one day",
                              "line %llu of the access list '%.80s' is counted twice",
                              (unsigned long long)line, list);
        return;
    }
    uint64_t *sum = part ? &counts->parts : &counts->own;
    *sum = add(*sum, count);
    counts->has_own = counts->has_own || !part;
}

/* "access-list LIST line NUMBER ... (hitcnt=3) 0x1fc7a0d3" */
static void read_count(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    struct fr_cisco_asa_cursor c;
    uint64_t number;
    fr_cisco_asa_begin(&c, r, line);
    if (c.count < 5 || strcmp(c.words[0].text, "access-list") != 0 ||
        strcmp(c.words[2].text, "line") != 0 || strcmp(c.words[4].text, "remark") == 0)
        return;
    const char *text = c.words[3].text;
    c.at = 3;
    if (!flowrules_parse_count(text, strlen(text), &number)) {
        flowrules_input_error(r->in, fr_cisco_asa_place(&c), NULL,
                              "'%.80s' is not the number of a line", text);
        return;
    }
    for (c.at = 4; c.at < c.count; c.at++)
        if (strncmp(fr_cisco_asa_peek(&c), mark, sizeof mark - 1) == 0) {
            take_count(&c, c.words[1].text, number);
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
    const char *key = r->counts != NULL ? key_of(r, list, line) : NULL;
    struct fr_cisco_asa_counts *counts =
        key == NULL ? NULL : flowrules_input_lookup(r->in, FR_CISCO_ASA_COUNTS, key);
    if (counts == NULL)
        return 0;
    struct flowrules_counts shown = {.packets = counts->has_own ? counts->own : counts->parts};
    if (counts->counter == 0) /* a list may be bound at several interfaces */
        counts->counter = flowrules_input_counter(r->in, counts->at, &shown);
    return counts->counter;
}

void fr_cisco_asa_give_counts(struct fr_cisco_asa_reading *r) {
    struct flowrules_counts none = {.packets = 0};
    if (r->counts != NULL)
        flowrules_input_counter(r->in, (struct flowrules_place){0, 0, 0}, &none);
}

/* Is a line of a list, from 1, there and no remark? */
static bool is_entry(struct fr_cisco_asa_reading *r, const struct fr_cisco_asa_list *list,
                     uint64_t line) {
    struct fr_cisco_asa_cursor c;
    size_t at;
    if (line == 0 || line > list->entries.count)
        return false;
    fr_cisco_asa_begin(&c, r, &list->entries.lines[line - 1]);
    return !fr_cisco_asa_is_remark(&c, &at);
}

/* Lists that are not in the files may be those of others. */
void fr_cisco_asa_doubt_counts(struct fr_cisco_asa_reading *r) {
    bool any = r->counts == NULL;
    for (const struct fr_cisco_asa_counts *c = r->counts; c != NULL; c = c->next) {
        const struct fr_cisco_asa_list *list =
            flowrules_input_lookup(r->in, FR_CISCO_ASA_LIST_NAMES, c->list);
        any = any || c->counter != 0;
        if (list != NULL && !is_entry(r, list, c->line))
            flowrules_input_doubt(r->in, c->at, FLOWRULES_FORWARD,
                                  "line %llu of the access list '%.80s' is counted, and is no "
                                  "rule of the files",
                                  (unsigned long long)c->line, c->list);
    }
    if (any)
        return;
    fr_cisco_asa_give_counts(r);
    flowrules_input_doubt(r->in, r->counts->at, FLOWRULES_FORWARD,
                          "the access list '%.80s' is counted, and none that decides here",
                          r->counts->list);
}
