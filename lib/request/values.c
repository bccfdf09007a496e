/*
 * What a cell says of a day, in the orders that people write it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

/* Up to three numbers with one mark between them; false: it is not a date of numbers. */
static bool numbers_of(const char *text, unsigned numbers[3], size_t digits[3], char *mark) {
    for (size_t i = 0; i < 3; i++) {
        digits[i] = strspn(text, "0123456789");
        if (digits[i] == 0 || digits[i] > 4)
            return false;
        numbers[i] = (unsigned)strtoul(text, NULL, 10);
        text += digits[i];
        if (i < 2 && (strchr("-./", *text) == NULL || *text == '\0' || (i == 1 && *text != *mark)))
            return false;
        if (i < 2)
            *mark = *text++;
    }
    return *text == '\0' || *text == ' ' || *text == 'T'; /* a time may follow */
}

static flowrules_status unclear(struct fr_taking *t, const char *text) {
    return fr_not_understood(
        t, text, strlen(text),
        "write YYYY-MM-DD, or say it in the mapping: "
        "'dates: day-first' or 'dates: month-first'",
        "may be one day or another: it is not said whether the day or the month "
        "comes first");
}

/* Day and month of "a/b": by what is beyond 12, by the mark, by the mapping. False: unclear. */
static bool order_of(struct fr_taking *t, unsigned numbers[3], char mark) {
    enum fr_dates dates = t->request->mapping.dates;
    bool month_first = numbers[0] <= 12 && numbers[1] > 12;
    if (numbers[0] <= 12 && numbers[1] <= 12 && numbers[0] != numbers[1] && mark != '.') {
        if (dates == FR_DATES_UNKNOWN)
            return false;
        month_first = dates == FR_DATES_MONTH_FIRST;
    }
    if (month_first) {
        unsigned day = numbers[1];
        numbers[1] = numbers[0];
        numbers[0] = day;
    }
    return true;
}

flowrules_status fr_take_date(struct fr_taking *t, const char *text, char date[11], bool *none) {
    unsigned numbers[3];
    size_t digits[3], length = strlen(text);
    char mark = 0;
    int32_t days;
    *none = fr_word_is(text, length, FR_WORD_FOREVER) || fr_word_is(text, length, FR_WORD_NOTHING);
    if (*none)
        return FLOWRULES_OK;
    bool good = numbers_of(text, numbers, digits, &mark);
    if (good && digits[0] != 4 && digits[2] == 4) {
        if (!order_of(t, numbers, mark))
            return unclear(t, text);
        snprintf(date, 11, "%04u-%02u-%02u", numbers[2] % 10000, numbers[1] % 100,
                 numbers[0] % 100);
        good = numbers[0] < 100 && numbers[1] < 100;
    } else if (good) {
        snprintf(date, 11, "%04u-%02u-%02u", numbers[0] % 10000, numbers[1] % 100,
                 numbers[2] % 100);
        good = digits[0] == 4 && digits[1] <= 2 && digits[2] <= 2;
    }
    if (!good || !fr_date_parse(date, 10, &days))
        return fr_not_understood(t, text, length, "write YYYY-MM-DD", "is not a day");
    return FLOWRULES_OK;
}
