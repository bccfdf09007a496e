/*
 * Help, made from the tables of verbs.h. Knows how a page is laid out; no verb by name.
 */
#include "verbs.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "text.h"

#define PAGE_WIDTH    80
#define VERB_INDENT   28 /* where a verb's summary begins */
#define OPTION_INDENT 30 /* where an option's help begins */

static const struct {
    int status;
    const char *meaning;
} exits[] = {
    {FLOWRULES_OK, "done"},
    {FLOWRULES_DIFFERENT,
     "a difference, a finding, or a packet that does not pass: see the help of "
     "query, verify, diff, lint and resolve"},
    {FLOWRULES_USAGE, "wrong usage"},
    {FLOWRULES_INVALID, "invalid input; the messages say where"},
    {FLOWRULES_REFUSED, "a target cannot express a flow exactly; nothing is written"},
    {FLOWRULES_UNRESOLVED, "a name has no address in the lock file, or could not be resolved"},
    {FLOWRULES_IO, "a file cannot be read or written, or memory ran out"},
};

/* A term, and what it means from column indent on: in the same line where there is room. */
static void print_term(const char *term, const char *meaning, size_t indent) {
    size_t cells = user_cells(term);
    print_spaces(stdout, 2);
    print_user(stdout, term);
    if (2 + cells + 2 > indent) {
        putchar('\n');
        print_spaces(stdout, indent);
    } else {
        print_spaces(stdout, indent - 2 - cells);
    }
    print_wrapped_rest(stdout, meaning, indent, PAGE_WIDTH);
}

static void print_options(const char *heading, const struct option *options, size_t count) {
    if (count == 0)
        return;
    printf("\n%s\n", heading);
    for (size_t i = 0; i < count; i++) {
        const struct option *option = &options[i];
        char term[80];
        char letter[] = {'-', option->letter, ',', ' ', '\0'};
        snprintf(term, sizeof(term), "%s--%s%s%s", option->letter != 0 ? letter : "    ",
                 option->name, option->argument != NULL ? " " : "",
                 option->argument != NULL ? option->argument : "");
        print_term(term, option->help, OPTION_INDENT);
    }
}

/* Paragraphs are wrapped; lines that begin with spaces are tables, and stay as they are. */
static void print_paragraphs(const char *text) {
    bool in_table = false;
    while (*text != '\0') {
        char line[1024];
        size_t bytes = strcspn(text, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)bytes, text);
        bool is_table = line[0] == ' ';
        if (!is_table || !in_table)
            putchar('\n');
        if (is_table)
            puts(line);
        else
            print_wrapped(stdout, line, 0, PAGE_WIDTH);
        in_table = is_table;
        text += bytes;
        if (*text == '\n')
            text++;
    }
}

static void print_examples(const char *text) {
    fputs("\nExamples\n", stdout);
    while (*text != '\0') {
        size_t bytes = strcspn(text, "\n");
        printf("  %.*s\n", (int)bytes, text);
        text += bytes;
        if (*text == '\n')
            text++;
    }
}

static void print_common_options(const struct grammar *grammar) {
    print_options("Options of every verb", grammar->common, grammar->common_count);
}

static void print_verb_help(const struct verb *verb) {
    printf("flowrules %s: %s\n\n", verb->name, verb->summary);
    printf("usage: flowrules %s [OPTION]...%s%s\n", verb->name,
           verb->operands[0] != '\0' ? " " : "", verb->operands);
    print_paragraphs(verb->about);
    print_options("Options", verb->options, verb->option_count);
    puts("\n"
         "'flowrules help options' lists the options of every verb: --as-of, --lock, --quiet ...");
    print_examples(verb->examples);
}

static void print_tool_help(const struct grammar *grammar) {
    puts("flowrules: writes the exact rules of every firewall from one file of allowed flows.\n"
         "\n"
         "usage: flowrules VERB [OPTION]... [OPERAND]...\n"
         "\n"
         "Verbs");
    for (size_t i = 0; i < grammar->verb_count; i++) {
        const struct verb *verb = &grammar->verbs[i];
        char term[80];
        snprintf(term, sizeof(term), "%s %s", verb->name, verb->operands);
        print_term(term, verb->summary, VERB_INDENT);
    }
    puts("\n'flowrules VERB --help' shows the options of a verb. Results go to standard output,\n"
         "messages to standard error.");
    print_common_options(grammar);
    puts("\nExit status");
    for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
        char term[16];
        snprintf(term, sizeof(term), "%d", exits[i].status);
        print_term(term, exits[i].meaning, 5);
    }
    print_examples("flowrules check kimi-k2.yaml\n"
                   "flowrules explain kimi-k2.yaml\n"
                   "flowrules render kimi-k2.yaml -o build/\n"
                   "flowrules query kimi-k2.yaml 'tcp 10.0.16.5 -> huggingface.co:443'\n");
}

void print_help(const struct tool *tool) {
    if (tool->verb != NULL)
        print_verb_help(tool->verb);
    else
        print_tool_help(tool->grammar);
}

/* ---- as JSON, from which the manual pages are made ----------------------------------------- */

static cJSON *option_items(const struct option *options, size_t count) {
    cJSON *items = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct option *option = &options[i];
        cJSON *item = json_object();
        const char letter[] = {option->letter, '\0'};
        json_text(item, "name", option->name);
        json_text(item, "letter", option->letter != 0 ? letter : NULL);
        json_text(item, "argument", option->argument);
        json_text(item, "help", option->help);
        json_bool(item, "many", option->kind == OPTION_LIST);
        json_append(items, item);
    }
    return items;
}

static cJSON *verb_item(const struct verb *verb) {
    cJSON *item = json_object();
    json_text(item, "name", verb->name);
    json_text(item, "operands", verb->operands);
    json_text(item, "summary", verb->summary);
    json_text(item, "about", verb->about);
    json_text(item, "examples", verb->examples);
    json_add(item, "options", option_items(verb->options, verb->option_count));
    return item;
}

static void print_json(const struct grammar *grammar, const struct verb *only) {
    cJSON *whole = json_answer(), *list = json_array(), *statuses = json_array();
    for (size_t i = 0; i < grammar->verb_count; i++)
        if (only == NULL || only == &grammar->verbs[i])
            json_append(list, verb_item(&grammar->verbs[i]));
    for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
        cJSON *item = json_object();
        json_number(item, "status", (size_t)exits[i].status);
        json_text(item, "meaning", exits[i].meaning);
        json_append(statuses, item);
    }
    json_add(whole, "verbs", list);
    json_add(whole, "options", option_items(grammar->common, grammar->common_count));
    json_add(whole, "exits", statuses);
    json_print(stdout, whole);
    putchar('\n');
}

flowrules_status run_help(struct tool *tool) {
    const struct text_list *operands = &tool->settings.operands;
    const char *name = operands->count > 0 ? operands->items[0] : NULL;
    const struct grammar *grammar = tool->grammar;
    const struct verb *verb = name != NULL ? find_verb(grammar, name) : NULL;
    if (name != NULL && strcmp(name, "options") == 0 && !tool->settings.json) {
        print_common_options(grammar);
        return FLOWRULES_OK;
    }
    if (name == NULL || verb != NULL) {
        if (tool->settings.json)
            print_json(grammar, verb);
        else if (verb != NULL)
            print_verb_help(verb);
        else
            print_tool_help(grammar);
        return FLOWRULES_OK;
    }
    const char *meant = nearest_verb(grammar, name);
    if (meant != NULL)
        return tell_usage(tool, "unknown verb '%s'; did you mean '%s'?", name, meant);
    return tell_usage(tool, "unknown verb '%s'", name);
}
