/*
 * cisco-asa, reading: commands that take away what others defined ("no ...", "clear configure
 * ..."). Knows what an ASA refuses to take away, because it is in use; not what the things mean.
 *
 * Facts: Cisco ASA Series Firewall CLI Configuration Guide, "Guidelines for ACLs" (what is
 * referred to can't be deleted) and "clear configure access-list" in the Command Reference (the
 * access-group goes with its list).
 */
#include "read.h"

#include <string.h>

/* Far beyond what a configuration needs, so that a file of nonsense ends soon. */
enum { PASSED_MAX = 300000000 };

/* ---- words ------------------------------------------------------------------------------------
 */

/* A word of a line, in place. */
struct word {
    const char *text;
    size_t length;
};

/* The next word behind *at, which moves on; its length is 0 behind the last. */
static struct word next_word(const char **at, const char *end) {
    while (*at < end && (**at == ' ' || **at == '\t'))
        ++*at;
    struct word word = {*at, 0};
    while (*at < end && **at != ' ' && **at != '\t')
        ++*at;
    word.length = (size_t)(*at - word.text);
    return word;
}

static bool is_word(struct word word, const char *text) {
    return strlen(text) == word.length && memcmp(word.text, text, word.length) == 0;
}

/* The next word that tells an entry from others: not its line number, nor what is so anyway. */
static struct word next_telling(const char **at, const char *end) {
    struct word word = next_word(at, end);
    if (is_word(word, "line")) {
        next_word(at, end);
        word = next_word(at, end);
    }
    return is_word(word, "extended") ? next_word(at, end) : word;
}

/* True if two lines say the same from from[0] and from[1] on. */
static bool same_words(const struct flowrules_line *a, const char *from_a,
                       const struct flowrules_line *b, const char *from_b) {
    struct word x, y;
    do {
        x = next_telling(&from_a, a->text + a->length);
        y = next_telling(&from_b, b->text + b->length);
        if (x.length != y.length || memcmp(x.text, y.text, x.length) != 0)
            return false;
    } while (x.length > 0);
    return true;
}

/* Where a line goes on behind its first words. */
static const char *behind(const struct flowrules_line *line, unsigned words) {
    const char *at = line->text;
    for (; words > 0; words--)
        next_word(&at, line->text + line->length);
    return at;
}

static void remove_line(struct fr_cisco_asa_lines *lines, size_t index) {
    memmove(&lines->lines[index], &lines->lines[index + 1],
            (lines->count - index - 1) * sizeof *lines->lines);
    lines->count--;
}

bool fr_cisco_asa_may_pass(struct fr_cisco_asa_reading *r, const struct flowrules_line *line,
                           size_t lines) {
    r->passed += lines;
    if (r->passed > PASSED_MAX)
        flowrules_input_error(r->in, fr_cisco_asa_place_of(line), NULL,
                              "too many entries are changed or removed by line number");
    return r->passed <= PASSED_MAX;
}

/* ---- what is in use ---------------------------------------------------------------------------
 */

/* True if a line names an object or group: behind object, object-group or group-object. */
static bool names_object(const struct flowrules_line *line, const char *name) {
    static const char *const before[] = {"object", "object-group", "group-object"};
    const char *at = line->text, *end = line->text + line->length;
    bool next = false;
    for (;;) {
        struct word word = next_word(&at, end);
        if (word.length == 0)
            return false;
        if (next && is_word(word, name))
            return true;
        next = false;
        for (size_t i = 0; i < sizeof before / sizeof *before; i++)
            next = next || is_word(word, before[i]);
    }
}

static bool lines_name(struct fr_cisco_asa_reading *r, const struct fr_cisco_asa_lines *lines,
                       const char *name, const struct flowrules_line *line) {
    if (!fr_cisco_asa_may_pass(r, line, lines->count))
        return false;
    for (size_t i = 0; i < lines->count; i++)
        if (names_object(&lines->lines[i], name))
            return true;
    return false;
}

static bool in_use(struct fr_cisco_asa_reading *r, const char *name,
                   const struct flowrules_line *line) {
    for (const struct fr_cisco_asa_list *l = r->lists; l != NULL; l = l->next)
        if (lines_name(r, &l->entries, name, line))
            return true;
    for (const struct fr_cisco_asa_object *o = r->objects; o != NULL; o = o->next)
        if (!o->gone && lines_name(r, &o->held, name, line))
            return true;
    return false;
}

/* ---- lists and where they are bound -----------------------------------------------------------
 */

/* Takes the access-groups of a list away, or of all lists (NULL). */
static void unbind(struct fr_cisco_asa_reading *r, const char *list,
                   const struct flowrules_line *line) {
    for (struct fr_cisco_asa_binding *b = r->bindings; b != NULL; b = b->next)
        if (b->list != NULL && (list == NULL || strcmp(b->list, list) == 0)) {
            b->list = b->refused = NULL;
            b->at = fr_cisco_asa_place_of(line);
        }
}

static void clear_lists(struct fr_cisco_asa_reading *r, const char *name,
                        const struct flowrules_line *line) {
    for (struct fr_cisco_asa_list *l = r->lists; l != NULL; l = l->next)
        if (name == NULL || strcmp(l->name, name) == 0)
            l->entries.count = 0;
    if (!r->forward)
        unbind(r, name, line);
}

static void clear_all(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    clear_lists(r, NULL, line);
    unbind(r, NULL, line);
    r->forward = false;
    for (struct fr_cisco_asa_object *o = r->objects; o != NULL; o = o->next)
        o->gone = true;
}

/* Which of the objects that nothing refers to are left by these is not documented. */
void fr_cisco_asa_clear(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    static const char *const matter[] = {"object", "object-group", "name", "names", "time-range"};
    char what[FR_CISCO_ASA_WORD], name[FR_CISCO_ASA_WORD];
    r->open = NULL;
    if (!fr_cisco_asa_copy_word(line, 1, what) || strcmp(what, "configure") != 0 ||
        !fr_cisco_asa_copy_word(line, 2, what))
        return;
    if (strcmp(what, "access-group") == 0)
        unbind(r, NULL, line);
    else if (strcmp(what, "access-list") == 0)
        clear_lists(r, fr_cisco_asa_copy_word(line, 3, name) ? name : NULL, line);
    else if (strcmp(what, "all") == 0)
        clear_all(r, line);
    for (size_t i = 0; i < sizeof matter / sizeof *matter; i++)
        if (strcmp(what, matter[i]) == 0)
            flowrules_input_doubt(r->in, fr_cisco_asa_place_of(line), FLOWRULES_FORWARD,
                                  "'clear configure %.80s' is not supported", what);
}

/* "no access-group NAME ...": of a list that is not bound there, it is an error without effect. */
static void take_group(struct fr_cisco_asa_reading *r, struct fr_cisco_asa_cursor *c) {
    const char *list, *place;
    struct fr_cisco_asa_binding *b = fr_cisco_asa_take_place(c, &list, &place)
                                         ? flowrules_input_lookup(r->in, FR_CISCO_ASA_PLACES, place)
                                         : NULL;
    if (b == NULL || b->list == NULL || strcmp(b->list, list) != 0)
        return;
    b->list = b->refused = NULL;
    b->at = fr_cisco_asa_place_of(c->line);
}

/* "no access-list NAME ENTRY": the list goes with its last entry, and its access-group with it. */
static void take_entry(struct fr_cisco_asa_reading *r, struct fr_cisco_asa_cursor *c) {
    struct fr_cisco_asa_list *list =
        flowrules_input_lookup(r->in, FR_CISCO_ASA_LIST_NAMES, fr_cisco_asa_take(c));
    if (list == NULL || list->entries.count == 0 ||
        !fr_cisco_asa_may_pass(r, c->line, list->entries.count))
        return;
    for (size_t i = 0; c->at < c->count && i < list->entries.count; i++) {
        const struct flowrules_line *entry = &list->entries.lines[i];
        if (!same_words(entry, behind(entry, 2), c->line, behind(c->line, 3)))
            continue;
        remove_line(&list->entries, i);
        if (list->entries.count == 0)
            clear_lists(r, list->name, c->line);
        return;
    }
    flowrules_input_doubt(r->in, fr_cisco_asa_place_of(c->line), FLOWRULES_FORWARD,
                          "'%.80s' has no such entry", list->name);
}

/* ---- objects ----------------------------------------------------------------------------------
 */

static bool refuses(struct fr_cisco_asa_reading *r, const char *name,
                    const struct flowrules_line *line) {
    if (r->forward || !in_use(r, name, line))
        return false;
    flowrules_input_note(r->in, fr_cisco_asa_place_of(line), "an ASA refuses it: '%.80s' is in use",
                         name);
    return true;
}

/* "no object TYPE NAME", "no object-group [TYPE] NAME [tcp]" */
static void take_object(struct fr_cisco_asa_reading *r, struct fr_cisco_asa_cursor *c) {
    struct fr_cisco_asa_object *o = NULL;
    for (unsigned words = 0; o == NULL && words < 2 && c->at < c->count; words++)
        o = flowrules_input_lookup(r->in, FR_CISCO_ASA_OBJECT_NAMES, fr_cisco_asa_take(c));
    if (o != NULL && !o->gone && !refuses(r, o->name, c->line))
        o->gone = true;
}

/* True if a line of an object is about what it stands for. */
static bool has_meaning(const struct flowrules_line *line) {
    const char *at = line->text;
    struct word word = next_word(&at, line->text + line->length);
    return word.length > 0 && !is_word(word, "description") && !is_word(word, "nat");
}

bool fr_cisco_asa_drop_member(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    const char *at = line->text, *end = line->text + line->length;
    struct fr_cisco_asa_lines *held = r->open;
    size_t found = held->count, meant = 0;
    if (r->open_object == NULL || !is_word(next_word(&at, end), "no"))
        return false;
    const char *rest = at;
    struct word what = next_word(&at, end);
    if (is_word(what, "description") || is_word(what, "nat"))
        return true;
    if (!fr_cisco_asa_may_pass(r, line, held->count))
        return true;
    for (size_t i = 0; i < held->count; i++) {
        meant += has_meaning(&held->lines[i]);
        if (found == held->count && same_words(&held->lines[i], held->lines[i].text, line, rest))
            found = i;
    }
    if (found == held->count)
        return false;
    if (meant > 1 || !refuses(r, r->open_object->name, line))
        remove_line(held, found);
    return true;
}

/* ---- no ---------------------------------------------------------------------------------------
 */

void fr_cisco_asa_take_back(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    static const char *const matter[] = {"name", "time-range"};
    struct fr_cisco_asa_cursor c;
    r->open = NULL;
    fr_cisco_asa_begin(&c, r, line);
    fr_cisco_asa_take(&c);
    if (fr_cisco_asa_accept(&c, "access-group"))
        take_group(r, &c);
    else if (fr_cisco_asa_accept(&c, "access-list"))
        take_entry(r, &c);
    else if (fr_cisco_asa_accept(&c, "object") || fr_cisco_asa_accept(&c, "object-group"))
        take_object(r, &c);
    else if (fr_cisco_asa_accept(&c, "forward-reference"))
        r->forward = false;
    for (size_t i = 0; i < sizeof matter / sizeof *matter; i++)
        if (strcmp(fr_cisco_asa_peek(&c), matter[i]) == 0)
            flowrules_input_doubt(r->in, fr_cisco_asa_place_of(line), FLOWRULES_FORWARD,
                                  "'no %.80s' is not supported", matter[i]);
}
