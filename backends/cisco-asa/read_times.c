/*
 * cisco-asa, reading: time ranges, held against the day as of which is read.
 *
 * Facts: Cisco ASA Series Command Reference, time-range, absolute and periodic.
 */
#include "read.h"

#include <string.h>

static int month_number(const char *word) {
    static const char *const months[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};
    char lower[16] = "";
    size_t length = strlen(word);
    for (size_t i = 0; i < length && i < sizeof lower - 1; i++)
        lower[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] + ('a' - 'A') : word[i]);
    for (int i = 0; length >= 3 && i < 12; i++)
        if (strncmp(months[i], lower, length) == 0)
            return i + 1;
    return 0;
}

/* "23:59 30 June 2027" as 2027-06-30; the hours do not count (docs/MODEL.md, Time). */
static const char *take_day(struct fr_cisco_asa_cursor *c) {
    unsigned day, year;
    const char *clock = fr_cisco_asa_take(c), *number = fr_cisco_asa_take(c);
    int month = month_number(fr_cisco_asa_take(c));
    const char *last = fr_cisco_asa_peek(c);
    if (strchr(clock, ':') == NULL || !flowrules_parse_number(number, strlen(number), 31, &day) ||
        day == 0 || month == 0 || !flowrules_parse_number(last, strlen(last), 9999, &year)) {
        c->at = c->at >= 3 ? c->at - 3 : 0;
        fr_cisco_asa_expect(c, "a time such as 23:59 30 June 2027");
        return NULL;
    }
    c->at++;
    return flowrules_input_print(c->r->in, "%04u-%02d-%02u", year, month, day);
}

/* -1, 0, 1: the day lies before, on, behind the one that is read of; a doubt without one. */
static bool compare_day(struct fr_cisco_asa_cursor *c, const char *day, int *order) {
    bool known;
    *order = flowrules_input_day(c->r->in, day, &known);
    if (!known)
        fr_cisco_asa_doubt(c, "'%s' cannot be compared with the current date", day);
    return known;
}

static bool read_absolute(struct fr_cisco_asa_cursor *c, struct fr_cisco_asa_time *t) {
    int order;
    const char *day;
    if (fr_cisco_asa_accept(c, "start")) {
        if ((day = take_day(c)) == NULL || !compare_day(c, day, &order))
            return false;
        t->in_force = t->in_force && order <= 0;
    }
    if (fr_cisco_asa_accept(c, "end")) {
        if ((t->until = take_day(c)) == NULL || !compare_day(c, t->until, &order))
            return false;
        t->in_force = t->in_force && order >= 0;
    }
    return fr_cisco_asa_ends_here(c);
}

static bool read_time(struct fr_cisco_asa_reading *r, struct fr_cisco_asa_time *t) {
    struct fr_cisco_asa_cursor c;
    t->in_force = true;
    for (size_t i = 0; i < t->held.count; i++) {
        fr_cisco_asa_begin(&c, r, &t->held.lines[i]);
        if (c.count == 0)
            continue;
        if (!fr_cisco_asa_accept(&c, "absolute")) {
            fr_cisco_asa_take(&c);
            fr_cisco_asa_doubt_word(&c, "a time range that is not absolute,");
            return false;
        }
        if (!read_absolute(&c, t))
            return false;
    }
    return true;
}

struct fr_cisco_asa_time *fr_cisco_asa_time_named(struct fr_cisco_asa_cursor *c, const char *name) {
    struct fr_cisco_asa_reading *r = c->r;
    struct fr_cisco_asa_time *t = flowrules_input_lookup(r->in, FR_CISCO_ASA_TIME_NAMES, name);
    if (t == NULL || t->held.count == 0) {
        fr_cisco_asa_doubt(c,
                           t == NULL ? "the time range '%.80s' is not defined"
                                     : "the time range '%.80s' is empty",
                           name);
        return NULL;
    }
    if (t->progress == FR_CISCO_ASA_UNREAD) {
        const char *before = r->doubt;
        r->doubt = NULL;
        read_time(r, t);
        t->progress = FR_CISCO_ASA_KNOWN;
        t->doubt = r->doubt;
        r->doubt = before;
    }
    if (t->doubt != NULL)
        fr_cisco_asa_doubt(c, "time range '%.80s': %.200s", name, t->doubt);
    return t->doubt == NULL ? t : NULL;
}
