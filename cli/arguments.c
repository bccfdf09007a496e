/*
 * Reads the command line by the tables of verbs.h: options before, between or behind the operands,
 * "--opt=value" or "--opt value", "-o value" or "-ovalue", "--" to end them.
 */
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "verbs.h"

struct reading {
    struct tool *tool;
    char **next;                  /* the argument to be read; NULL ends them */
    bool ended;                   /* "--" was seen */
    bool stop;                    /* the verb is unknown, and so is what the rest means */
    const struct option *waiting; /* whose value should have come */
    char *problem;                /* the first one; reading goes on, for a --help behind it */
};

__attribute__((format(printf, 2, 3))) static void object(struct reading *reading,
                                                         const char *format, ...) {
    va_list arguments;
    if (reading->problem != NULL)
        return;
    va_start(arguments, format);
    reading->problem = format_text(format, arguments);
    va_end(arguments);
}

/* ---- looking verbs and options up ---------------------------------------------------------- */

const struct verb *find_verb(const struct grammar *grammar, const char *name) {
    for (size_t i = 0; i < grammar->verb_count; i++)
        if (strcmp(grammar->verbs[i].name, name) == 0)
            return &grammar->verbs[i];
    return NULL;
}

static const char *verb_name(const void *user, size_t index) {
    const struct grammar *grammar = user;
    return index < grammar->verb_count ? grammar->verbs[index].name : NULL;
}

const char *nearest_verb(const struct grammar *grammar, const char *name) {
    return nearest(name, verb_name, grammar);
}

/* The verb's own, then the common ones. */
const struct option *option_at(const struct tool *tool, size_t index) {
    const struct grammar *grammar = tool->grammar;
    size_t own = tool->verb != NULL ? tool->verb->option_count : 0;
    if (index < own)
        return &tool->verb->options[index];
    return index - own < grammar->common_count ? &grammar->common[index - own] : NULL;
}

static const char *option_name(const void *user, size_t index) {
    const struct option *option = option_at(user, index);
    return option != NULL ? option->name : NULL;
}

static const struct option *find_among(const struct option *options, size_t count, const char *name,
                                       size_t length) {
    for (size_t i = 0; i < count; i++)
        if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0)
            return &options[i];
    return NULL;
}

static const struct option *find_own(const struct verb *verb, const char *name, size_t length) {
    return find_among(verb->options, verb->option_count, name, length);
}

static const struct option *find_option(const struct tool *tool, const char *name, size_t length) {
    const struct grammar *grammar = tool->grammar;
    const struct option *own = tool->verb != NULL ? find_own(tool->verb, name, length) : NULL;
    return own != NULL ? own : find_among(grammar->common, grammar->common_count, name, length);
}

static const struct option *find_letter(const struct tool *tool, char letter) {
    const struct option *option;
    for (size_t i = 0; (option = option_at(tool, i)) != NULL; i++)
        if (option->letter == letter)
            return option;
    return NULL;
}

/* An unknown option: perhaps it stands in front of the verb that has it, perhaps it is a slip. */
static void object_to_option(struct reading *reading, const char *name, size_t length) {
    char word[64];
    const struct tool *tool = reading->tool;
    const struct grammar *grammar = tool->grammar;
    snprintf(word, sizeof(word), "%.*s", (int)length, name);
    for (size_t i = 0; tool->verb == NULL && i < grammar->verb_count; i++)
        if (find_own(&grammar->verbs[i], name, length) != NULL) {
            object(reading, "write option '--%s' after the verb", word);
            return;
        }
    const char *meant = nearest(word, option_name, tool);
    if (meant != NULL)
        object(reading, "unknown option '--%s'; did you mean '--%s'?", word, meant);
    else
        object(reading, "unknown option '--%s'", word);
}

/* ---- taking values ------------------------------------------------------------------------- */

static void take_choice(struct reading *reading, const struct option *option, int *place,
                        const char *value) {
    char known[64] = "";
    for (int i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(option->choices[i], value) == 0) {
            *place = i;
            return;
        }
        size_t length = strlen(known);
        snprintf(known + length, sizeof(known) - length, "%s%s", i == 0 ? "" : ", ",
                 option->choices[i]);
    }
    object(reading, "option '--%s' must be one of %s, not '%s'", option->name, known, value);
}

static void take(struct reading *reading, const struct option *option, const char *value) {
    void *place = (char *)&reading->tool->settings + option->place;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)place = true;
        return;
    case OPTION_TEXT:
        *(const char **)place = value;
        return;
    case OPTION_LIST:
        text_list_add(place, value);
        return;
    case OPTION_CHOICE:
        take_choice(reading, option, place, value);
        return;
    }
}

/* Takes the next argument as an option's value. */
static void take_next(struct reading *reading, const struct option *option) {
    if (*reading->next != NULL) {
        take(reading, option, *reading->next++);
        return;
    }
    reading->waiting = option;
    object(reading, "option '--%s' needs a value: %s", option->name, option->argument);
}

static void read_long(struct reading *reading, const char *text) {
    size_t length = strcspn(text, "=");
    const char *value = text[length] == '=' ? text + length + 1 : NULL;
    const struct option *option = find_option(reading->tool, text, length);
    if (option == NULL)
        object_to_option(reading, text, length);
    else if (option->kind == OPTION_FLAG && value != NULL)
        object(reading, "option '--%s' takes no value", option->name);
    else if (option->kind == OPTION_FLAG || value != NULL)
        take(reading, option, value);
    else
        take_next(reading, option);
}

static void read_letters(struct reading *reading, const char *letters) {
    for (; *letters != '\0'; letters++) {
        const struct option *option = find_letter(reading->tool, *letters);
        if (option == NULL) {
            object(reading, "unknown option '-%c'", *letters);
            return;
        }
        if (option->kind == OPTION_FLAG) {
            take(reading, option, NULL);
            continue;
        }
        if (letters[1] != '\0')
            take(reading, option, letters + 1);
        else
            take_next(reading, option);
        return;
    }
}

static void read_operand(struct reading *reading, const char *text) {
    struct tool *tool = reading->tool;
    if (tool->verb != NULL) {
        text_list_add(&tool->settings.operands, text);
        return;
    }
    tool->verb = find_verb(tool->grammar, text);
    if (tool->verb != NULL)
        return;
    const char *meant = nearest_verb(tool->grammar, text);
    if (meant != NULL)
        object(reading, "unknown verb '%s'; did you mean '%s'?", text, meant);
    else
        object(reading, "unknown verb '%s'", text);
    reading->stop = true;
}

/* ---- the whole line ------------------------------------------------------------------------ */

static void read_one(struct reading *reading) {
    const char *text = *reading->next++;
    if (reading->ended || text[0] != '-' || text[1] == '\0')
        read_operand(reading, text);
    else if (strcmp(text, "--") == 0)
        reading->ended = true;
    else if (text[1] == '-')
        read_long(reading, text + 2);
    else
        read_letters(reading, text + 1);
}

/* Is the operand standard input, or a side of diff that ends with it ("nftables=-")? */
static bool is_input(const char *operand) {
    size_t length = strlen(operand);
    return length > 0 && operand[length - 1] == '-' &&
           (length == 1 || operand[length - 2] == '=' || operand[length - 2] == ',');
}

/* It would be empty the second time, which may well mean something. */
static void count_inputs(struct reading *reading) {
    const struct text_list *operands = &reading->tool->settings.operands;
    size_t count = 0;
    for (size_t i = 0; i < operands->count; i++)
        count += is_input(operands->items[i]);
    if (count > 1)
        object(reading, "standard input can be read only once: '-' is given %zu times", count);
}

static void count_operands(struct reading *reading) {
    const struct verb *verb = reading->tool->verb;
    const struct text_list *operands = &reading->tool->settings.operands;
    if (verb == NULL)
        object(reading, "a verb is needed");
    else if (operands->count < verb->operands_least)
        object(reading, "%s", verb->operand_missing);
    else if (operands->count > verb->operands_most)
        object(reading, "one operand too many: '%s'", operands->items[verb->operands_most]);
}

flowrules_status read_arguments(struct tool *tool, int argc, char **argv) {
    struct reading reading = {.tool = tool, .next = argv + (argc > 0 ? 1 : 0)};
    while (*reading.next != NULL && !reading.stop)
        read_one(&reading);
    flowrules_status status = FLOWRULES_OK;
    if (!tool->settings.help && !tool->settings.version) {
        count_operands(&reading);
        count_inputs(&reading);
    }
    if (reading.problem != NULL && !(tool->settings.help && !reading.stop))
        status = tell_usage(tool, "%s", reading.problem);
    free(reading.problem);
    return status;
}

const struct option *read_beginning(struct tool *tool, char **words, bool *ended) {
    struct reading reading = {.tool = tool, .next = words};
    while (*reading.next != NULL && !reading.stop)
        read_one(&reading);
    free(reading.problem);
    *ended = reading.ended;
    return reading.waiting;
}
