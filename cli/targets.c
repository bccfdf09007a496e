/*
 * flowrules targets: what each backend tells of itself.
 */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "verbs.h"

#define NAME_CELLS_MOST 32 /* of a table's first column; a longer name has a line of its own */

static const struct {
    const char *heading, *key;
    flowrules_topic topic;
    bool has_value;
} topics[] = {
    {"Formats", "formats", FLOWRULES_FORMATS, false},
    {"What it can express", "capabilities", FLOWRULES_CAPABILITIES, true},
    {"Settings of a target", "settings", FLOWRULES_SETTINGS, true},
    {"Bindings of a network", "bindings", FLOWRULES_BINDINGS, true},
    {"Limits", "limits", FLOWRULES_LIMITS, true},
};
#define TOPIC_COUNT (sizeof(topics) / sizeof(topics[0]))

static const char *next_backend(const void *user, size_t index) {
    return flowrules_backend_name(user, index);
}

/* ---- all backends -------------------------------------------------------------------------- */

static size_t widest(const flowrules_context *context,
                     const char *(*text)(const flowrules_context *context, size_t backend),
                     const char *heading) {
    size_t width = user_cells(heading);
    for (size_t i = 0; i < flowrules_backend_count(context); i++) {
        size_t cells = user_cells(text(context, i));
        if (cells > width)
            width = cells;
    }
    return width;
}

static void print_list(const struct tool *tool) {
    const flowrules_context *context = tool->context;
    size_t name_width = widest(context, flowrules_backend_name, "backend");
    size_t title_width = widest(context, flowrules_backend_title, "title");
    style_begin(stdout, tool->colour_out, STYLE_BOLD);
    print_user_in(stdout, "backend", name_width + 2);
    print_user_in(stdout, "title", title_width + 2);
    fputs("formats", stdout);
    style_end(stdout, tool->colour_out, STYLE_BOLD);
    putchar('\n');
    for (size_t i = 0; i < flowrules_backend_count(context); i++) {
        size_t count = flowrules_backend_row_count(context, i, FLOWRULES_FORMATS);
        print_user_in(stdout, flowrules_backend_name(context, i), name_width + 2);
        print_user_in(stdout, flowrules_backend_title(context, i), title_width + 2);
        for (size_t row = 0; row < count; row++) {
            fputs(row == 0 ? "" : ", ", stdout);
            print_user(stdout, flowrules_backend_row_name(context, i, FLOWRULES_FORMATS, row));
        }
        putchar('\n');
    }
}

/* ---- one backend --------------------------------------------------------------------------- */

static size_t name_width(const flowrules_context *context, size_t backend, flowrules_topic topic) {
    size_t width = 0;
    for (size_t row = 0; row < flowrules_backend_row_count(context, backend, topic); row++) {
        size_t cells = user_cells(flowrules_backend_row_name(context, backend, topic, row));
        if (cells > width && cells <= NAME_CELLS_MOST)
            width = cells;
    }
    return width;
}

/* A row: its name, then its value, and its help below the value or, without one, in its place. */
static void print_row(const flowrules_context *context, size_t backend, flowrules_topic topic,
                      size_t row, size_t width) {
    const char *name = flowrules_backend_row_name(context, backend, topic, row);
    const char *value = flowrules_backend_row_value(context, backend, topic, row);
    const char *help = flowrules_backend_row_help(context, backend, topic, row);
    size_t page = terminal_width(stdout);
    size_t indent = 2 + width + 2;
    size_t cells = user_cells(name);
    print_spaces(stdout, 2);
    print_user(stdout, name);
    if (cells > width) {
        putchar('\n');
        print_spaces(stdout, indent);
    } else {
        print_spaces(stdout, width - cells + 2);
    }
    print_wrapped_rest(stdout, value != NULL ? value : help != NULL ? help : "", indent, page);
    if (value != NULL && help != NULL && help[0] != '\0')
        print_wrapped(stdout, help, indent, page);
}

static void print_backend(const struct tool *tool, size_t backend) {
    const flowrules_context *context = tool->context;
    const char *description = flowrules_backend_description(context, backend);
    style_begin(stdout, tool->colour_out, STYLE_BOLD);
    print_user(stdout, flowrules_backend_name(context, backend));
    style_end(stdout, tool->colour_out, STYLE_BOLD);
    fputs(": ", stdout);
    print_user(stdout, flowrules_backend_title(context, backend));
    putchar('\n');
    if (description != NULL)
        print_wrapped(stdout, description, 0, terminal_width(stdout));
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        size_t count = flowrules_backend_row_count(context, backend, topics[i].topic);
        size_t width = name_width(context, backend, topics[i].topic);
        if (count == 0)
            continue;
        putchar('\n');
        style_begin(stdout, tool->colour_out, STYLE_BOLD);
        fputs(topics[i].heading, stdout);
        style_end(stdout, tool->colour_out, STYLE_BOLD);
        putchar('\n');
        for (size_t row = 0; row < count; row++)
            print_row(context, backend, topics[i].topic, row, width);
    }
}

/* ---- as JSON ------------------------------------------------------------------------------- */

static cJSON *topic_items(const flowrules_context *context, size_t backend, size_t topic) {
    flowrules_topic kind = topics[topic].topic;
    cJSON *items = json_array();
    for (size_t row = 0; row < flowrules_backend_row_count(context, backend, kind); row++) {
        cJSON *item = json_object();
        json_text(item, "name", flowrules_backend_row_name(context, backend, kind, row));
        if (topics[topic].has_value)
            json_text(item, "value", flowrules_backend_row_value(context, backend, kind, row));
        json_text(item, "help", flowrules_backend_row_help(context, backend, kind, row));
        json_append(items, item);
    }
    return items;
}

static cJSON *backend_item(const flowrules_context *context, size_t backend) {
    cJSON *item = json_object();
    json_text(item, "name", flowrules_backend_name(context, backend));
    json_text(item, "title", flowrules_backend_title(context, backend));
    json_text(item, "description", flowrules_backend_description(context, backend));
    for (size_t i = 0; i < TOPIC_COUNT; i++)
        json_add(item, topics[i].key, topic_items(context, backend, i));
    return item;
}

static void print_json(const flowrules_context *context, size_t first, size_t end) {
    struct json_answer answer;
    json_answer_begin(&answer);
    fputs(JSON_ANSWER_BEGIN "\"backends\": ", answer.stream);
    struct json_rows rows = json_rows_begin(answer.stream);
    for (size_t i = first; i < end; i++)
        json_row(&rows, backend_item(context, i));
    json_rows_end(&rows);
    fputs("}\n", answer.stream);
    json_answer_end(&answer);
}

/* ---- the verb ------------------------------------------------------------------------------ */

static flowrules_status show_backend(struct tool *tool, const char *name) {
    const flowrules_context *context = tool->context;
    for (size_t i = 0; i < flowrules_backend_count(context); i++) {
        if (strcmp(flowrules_backend_name(context, i), name) != 0)
            continue;
        if (tool->settings.json)
            print_json(context, i, i + 1);
        else
            print_backend(tool, i);
        return FLOWRULES_OK;
    }
    const char *meant = nearest(name, next_backend, context);
    if (meant != NULL)
        return tell_usage(tool, "there is no backend '%s'; did you mean '%s'?", name, meant);
    return tell_usage(tool, "there is no backend '%s'; 'flowrules targets' lists them", name);
}

flowrules_status run_targets(struct tool *tool) {
    const struct text_list *operands = &tool->settings.operands;
    if (operands->count > 0)
        return show_backend(tool, operands->items[0]);
    if (tool->settings.json)
        print_json(tool->context, 0, flowrules_backend_count(tool->context));
    else
        print_list(tool);
    return FLOWRULES_OK;
}
