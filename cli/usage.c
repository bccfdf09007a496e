/*
 * flowrules usage: which flows of a target are used, by the counters of what runs; and the file
 * that keeps what they have shown.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "comparison.h"
#include "json.h"
#include "output.h"
#include "place.h"
#include "running.h"
#include "text.h"
#include "verbs.h"

/* The words for what is known of a flow; the order is that of the summary. */
static const struct {
    const char *state, *word;
    enum style style;
} states[] = {
    {"used", "used", STYLE_GREEN},
    {"shared", "shared", STYLE_YELLOW},
    {"unused", "never used", STYLE_RED},
    {"uncounted", "not counted", STYLE_DIM},
};
enum { STATES = sizeof states / sizeof *states };

/* What stands in the columns of the table. */
enum { FLOW, STATE, PACKETS, BYTES, LAST, COLUMNS };
static const char *const headings[COLUMNS] = {"flow", "state", "packets", "bytes", "last packet"};

#define CELL_SIZE 48

struct line {
    const char *flow;
    size_t state;
    char cells[COLUMNS][CELL_SIZE]; /* those behind the flow */
};

/* A text of the file's with what was read. */
struct past {
    struct file_place place;
    char *text; /* NULL: there is no file */
    size_t size;
};

static size_t state_of(const flowrules_usage *usage, size_t row) {
    size_t state = 0;
    while (state + 1 < STATES &&
           strcmp(states[state].state, flowrules_usage_state(usage, row)) != 0)
        state++;
    return state;
}

/* ---- as text ------------------------------------------------------------------------------- */

static void write_count(char *cell, const flowrules_usage *usage, size_t row, uint64_t count) {
    snprintf(cell, CELL_SIZE, "%s%" PRIu64, flowrules_usage_at_least(usage, row) ? ">= " : "",
             count);
}

static struct line line_of(const flowrules_usage *usage, size_t row) {
    struct line line = {flowrules_usage_flow(usage, row), state_of(usage, row), {{0}}};
    const char *last = flowrules_usage_last(usage, row);
    snprintf(line.cells[STATE], CELL_SIZE, "%s", states[line.state].word);
    write_count(line.cells[PACKETS], usage, row, flowrules_usage_packets(usage, row));
    if (flowrules_usage_has_bytes(usage, row) != 0)
        write_count(line.cells[BYTES], usage, row, flowrules_usage_bytes(usage, row));
    else
        strcpy(line.cells[BYTES], "-");
    snprintf(line.cells[LAST], CELL_SIZE, "%s", last != NULL ? last : "-");
    if (strcmp(states[line.state].state, "uncounted") == 0) {
        strcpy(line.cells[PACKETS], "-");
        strcpy(line.cells[BYTES], "-");
    }
    return line;
}

static void print_number(const char *text, size_t width) {
    print_spaces(stdout, width - strlen(text));
    fputs(text, stdout);
}

static void print_line(const struct tool *tool, const struct line *line, const size_t *widths) {
    print_user_in(stdout, line->flow, widths[FLOW]);
    print_spaces(stdout, 2);
    style_begin(stdout, tool->colour_out, states[line->state].style);
    fputs(line->cells[STATE], stdout);
    style_end(stdout, tool->colour_out, states[line->state].style);
    print_spaces(stdout, widths[STATE] - strlen(line->cells[STATE]) + 2);
    print_number(line->cells[PACKETS], widths[PACKETS]);
    print_spaces(stdout, 2);
    print_number(line->cells[BYTES], widths[BYTES]);
    printf("  %s\n", line->cells[LAST]);
}

static void print_table(const struct tool *tool, const struct line *lines, size_t count) {
    size_t widths[COLUMNS];
    for (size_t c = 0; c < COLUMNS; c++)
        widths[c] = strlen(headings[c]);
    for (size_t i = 0; i < count; i++) {
        size_t cells = user_cells(lines[i].flow);
        widths[FLOW] = cells > widths[FLOW] ? cells : widths[FLOW];
        for (size_t c = STATE; c < COLUMNS; c++)
            if (strlen(lines[i].cells[c]) > widths[c])
                widths[c] = strlen(lines[i].cells[c]);
    }
    widths[FLOW] = widths[FLOW] > 48 ? 48 : widths[FLOW];
    style_begin(stdout, tool->colour_out, STYLE_BOLD);
    printf("%-*s  %-*s  %*s  %*s  %s", (int)widths[FLOW], headings[FLOW], (int)widths[STATE],
           headings[STATE], (int)widths[PACKETS], headings[PACKETS], (int)widths[BYTES],
           headings[BYTES], headings[LAST]);
    style_end(stdout, tool->colour_out, STYLE_BOLD);
    putchar('\n');
    for (size_t i = 0; i < count; i++)
        print_line(tool, &lines[i], widths);
}

/* "web: 12 more packets may be its own, or of dns, ntp and 3 more". */
static void print_sharing(const flowrules_usage *usage, size_t row) {
    size_t count = flowrules_usage_other_count(usage, row), shown = 0;
    uint64_t shared = flowrules_usage_shared(usage, row);
    if (count == 0 && shared == 0)
        return;
    fputs("  ", stdout);
    print_user(stdout, flowrules_usage_flow(usage, row));
    if (shared > 0)
        printf(": %" PRIu64 " more packets may be its own", shared);
    fputs(shared == 0 ? ": its counters also count for" : count > 0 ? ", or of" : "", stdout);
    for (const char *other; (other = flowrules_usage_other(usage, row, shown)) != NULL; shown++) {
        fputs(shown > 0 ? ", " : " ", stdout);
        print_user(stdout, other);
    }
    if (shown < count)
        printf(" and %zu more", count - shown);
    putchar('\n');
}

static bool any_sharing(const flowrules_usage *usage) {
    for (size_t i = 0; i < flowrules_usage_row_count(usage); i++)
        if (flowrules_usage_other_count(usage, i) > 0 || flowrules_usage_shared(usage, i) > 0)
            return true;
    return false;
}

/* "target 'node': 4 flows: 2 used, 1 shared, 1 never used since 2026-09-01". */
static void print_summary(const struct tool *tool, const flowrules_usage *usage,
                          const char *target) {
    size_t counts[STATES] = {0}, rows = flowrules_usage_row_count(usage), listed = 0;
    const char *since = NULL;
    for (size_t i = 0; i < rows; i++) {
        const char *day = flowrules_usage_since(usage, i);
        counts[state_of(usage, i)]++;
        if (day != NULL && (since == NULL || strcmp(day, since) < 0))
            since = day;
    }
    fputs("target '", stdout);
    print_user(stdout, target);
    fputs("': ", stdout);
    print_count(rows, "flow", "");
    for (size_t i = 0; i < STATES; i++)
        if (counts[i] > 0)
            printf("%s%zu %s", listed++ == 0 ? ": " : ", ", counts[i], states[i].word);
    if (since != NULL && tool->settings.history != NULL)
        printf("; counted since %s", since);
    putchar('\n');
}

static void print_text(const struct tool *tool, const flowrules_usage *usage, const char *target) {
    size_t count = flowrules_usage_row_count(usage);
    struct line *lines = allocate(count, sizeof *lines);
    for (size_t i = 0; i < count; i++)
        lines[i] = line_of(usage, i);
    if (count > 0)
        print_table(tool, lines, count);
    free(lines);
    if (any_sharing(usage)) {
        puts("\nShared counters");
        for (size_t i = 0; i < count; i++)
            print_sharing(usage, i);
    }
    if (count > 0)
        putchar('\n');
    print_summary(tool, usage, target);
}

/* ---- as JSON ------------------------------------------------------------------------------- */

static cJSON *row_item(const flowrules_usage *usage, size_t row) {
    cJSON *item = json_object(), *others = json_array();
    const char *other;
    for (size_t i = 0; (other = flowrules_usage_other(usage, row, i)) != NULL; i++)
        json_append_text(others, other);
    json_text(item, "flow", flowrules_usage_flow(usage, row));
    json_text(item, "state", flowrules_usage_state(usage, row));
    json_number(item, "packets", (size_t)flowrules_usage_packets(usage, row));
    if (flowrules_usage_has_bytes(usage, row) != 0)
        json_number(item, "bytes", (size_t)flowrules_usage_bytes(usage, row));
    json_number(item, "shared", (size_t)flowrules_usage_shared(usage, row));
    json_bool(item, "at-least", flowrules_usage_at_least(usage, row) != 0);
    json_text(item, "since", flowrules_usage_since(usage, row));
    json_text(item, "last", flowrules_usage_last(usage, row));
    json_text(item, "last-shared", flowrules_usage_last_shared(usage, row));
    json_add(item, "others", others);
    json_number(item, "other-count", flowrules_usage_other_count(usage, row));
    return item;
}

static void make_json(struct json_answer *answer, const flowrules_usage *usage,
                      const char *target) {
    json_answer_begin(answer);
    fputs(JSON_ANSWER_BEGIN "\"target\": ", answer->stream);
    json_print_text(answer->stream, target);
    fprintf(answer->stream, ", \"verdict\": \"%s\", \"flows\": ", flowrules_usage_verdict(usage));
    struct json_rows rows = json_rows_begin(answer->stream);
    for (size_t i = 0; i < flowrules_usage_row_count(usage); i++)
        json_row(&rows, row_item(usage, i));
    json_rows_end(&rows);
    fputs("}\n", answer->stream);
}

/* ---- the history --------------------------------------------------------------------------- */

/* Nobody else writes there until the new record is. */
static flowrules_status read_past(struct past *past, struct tool *tool) {
    const char *path = tool->settings.history;
    if (path == NULL)
        return FLOWRULES_OK;
    flowrules_status status = find_place(&past->place, tool, path, true);
    if (status != FLOWRULES_OK)
        return status;
    FILE *stream = fopen(path, "rb");
    if (stream == NULL && errno == ENOENT)
        return FLOWRULES_OK;
    if (stream != NULL) {
        past->text = read_stream(tool, stream, path, &past->size);
        fclose(stream);
    } else {
        tell_error(tool, "cannot read %s: %s", path, strerror(errno));
    }
    return past->text == NULL ? FLOWRULES_IO : FLOWRULES_OK;
}

/* The file with a further line. */
static flowrules_status write_past(struct tool *tool, const struct past *past,
                                   const flowrules_usage *usage) {
    const char *record = flowrules_usage_record(usage);
    size_t length = strlen(record), used = past->size;
    struct output output = {.target = "usage", .name = past->place.name};
    struct stat found;
    if (tool->settings.history == NULL)
        return FLOWRULES_OK;
    char *text = allocate(past->size + length + 3, 1);
    if (past->size > 0)
        memcpy(text, past->text, past->size);
    if (used > 0 && text[used - 1] != '\n')
        text[used++] = '\n';
    memcpy(text + used, record, length);
    text[used + length] = '\n';
    output.text = text;
    output.bytes = used + length + 1;
    output.mode = stat(tool->settings.history, &found) == 0 ? (unsigned)found.st_mode & 07777u : 0;
    flowrules_status status = write_held(tool, past->place.folder, past->place.held, &output);
    free(text);
    return status;
}

/* ---- the verb ------------------------------------------------------------------------------ */

static flowrules_status conclude(struct tool *tool, const struct past *past,
                                 const flowrules_usage *usage, const char *target) {
    struct json_answer answer = {0};
    if (tool->settings.json)
        make_json(&answer, usage, target);
    flowrules_status status = write_past(tool, past, usage);
    if (tool->settings.json && status == FLOWRULES_OK)
        json_answer_end(&answer);
    else if (tool->settings.json)
        json_answer_drop(&answer);
    else if (status == FLOWRULES_OK)
        print_text(tool, usage, target);
    const char *verdict = flowrules_usage_verdict(usage);
    bool sure = strcmp(verdict, "equal") == 0 || strcmp(verdict, "contains") == 0;
    return status == FLOWRULES_OK && !sure ? FLOWRULES_DIFFERENT : status;
}

static flowrules_status use_policy(struct tool *tool, const flowrules_policy *policy) {
    const struct text_list *operands = &tool->settings.operands;
    flowrules_configuration *configuration = NULL;
    flowrules_usage *usage = NULL;
    struct past past = {.place = {.held = -1}};
    const char *target = choose_target(tool, policy);
    if (target == NULL)
        return FLOWRULES_USAGE;
    flowrules_status status = read_past(&past, tool);
    if (status == FLOWRULES_OK)
        status = open_configuration(&configuration, tool, operands->items + 1, operands->count - 1);
    if (status == FLOWRULES_OK) {
        status = flowrules_usage_new(&usage, tool->context, policy, target, configuration,
                                     tool->settings.history, past.text, past.size);
        tell_diagnostics(tool);
    }
    if (usage != NULL)
        status = conclude(tool, &past, usage, target);
    flowrules_usage_free(usage);
    flowrules_configuration_free(configuration);
    free(past.text);
    leave_place(&past.place);
    return status;
}

flowrules_status run_usage(struct tool *tool) {
    flowrules_policy *policy = NULL;
    flowrules_status status = open_policy(&policy, tool, tool->settings.operands.items[0]);
    if (status == FLOWRULES_OK)
        status = use_policy(tool, policy);
    flowrules_policy_free(policy);
    return status;
}
