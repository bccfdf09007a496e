/*
 * Messages to standard error: those of the library, which gather in the context, and the tool's
 * own; as text with the line and a caret, or as JSON at the end.
 */
#include "messages.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "results.h"
#include "text.h"
#include "verbs.h"

#define TAB_STOP     4
#define LINE_CELLS   100 /* of a source line; a longer one is shown around the mark */
#define CELLS_BEFORE 40  /* the mark, in a line that is cut */

#define SAME_MOST 5 /* messages that differ in their place alone; more are counted */
#define ALSO_MOST 3 /* targets that are named behind the first; more are counted */

static const struct {
    const char *name;
    enum style style;
} severities[] = {
    [FLOWRULES_NOTE] = {"note", STYLE_CYAN},
    [FLOWRULES_WARNING] = {"warning", STYLE_YELLOW},
    [FLOWRULES_ERROR] = {"error", STYLE_RED},
};

static struct message message_at(const flowrules_context *context, size_t index) {
    return (struct message){
        .severity = flowrules_diagnostic_severity(context, index),
        .id = flowrules_diagnostic_id(context, index),
        .file = flowrules_diagnostic_file(context, index),
        .flow = flowrules_diagnostic_flow(context, index),
        .target = flowrules_diagnostic_target(context, index),
        .message = flowrules_diagnostic_message(context, index),
        .hint = flowrules_diagnostic_hint(context, index),
        .source = flowrules_diagnostic_source(context, index),
        .line = flowrules_diagnostic_line(context, index),
        .column = flowrules_diagnostic_column(context, index),
        .length = flowrules_diagnostic_length(context, index),
    };
}

/* ---- the source line ----------------------------------------------------------------------- */

/* The character at text, at a column of the screen; a tab reaches to its next stop. */
static struct glyph source_glyph(const char *text, size_t column) {
    struct glyph glyph = next_glyph(text);
    if (*text == '\t')
        glyph.cells = TAB_STOP - column % TAB_STOP;
    return glyph;
}

static size_t print_source_glyph(const struct message_stream *to, const char *text,
                                 const struct glyph *glyph) {
    if (*text == '\t')
        print_spaces(to->stream, glyph->cells);
    else
        print_glyph(to->stream, text, glyph);
    return glyph->cells;
}

/* Where the shown part of a line begins: before the mark, when the line is too long. */
static const char *shown_from(const struct message *message, size_t *skipped) {
    const char *start = message->source;
    size_t characters = message->column > CELLS_BEFORE ? message->column - CELLS_BEFORE : 0;
    *skipped = 0;
    if (user_cells(message->source) <= LINE_CELLS)
        return start;
    for (; *skipped < characters && *start != '\0'; (*skipped)++)
        start += next_glyph(start).bytes;
    return start;
}

/* Prints the line; *before and *marked become the columns of the screen that the mark needs. */
static void print_source(const struct message_stream *to, const struct message *message,
                         size_t *before, size_t *marked) {
    size_t character;
    const char *text = shown_from(message, &character);
    size_t column = 0;
    *before = *marked = 0;
    if (character > 0)
        column += (size_t)fprintf(to->stream, "...");
    size_t first = message->column > 0 ? message->column - 1 : 0;
    size_t last = first + (message->length > 0 ? message->length : 1);
    for (; *text != '\0' && column < LINE_CELLS; character++) {
        struct glyph glyph = source_glyph(text, column);
        if (character == first)
            *before = column;
        if (character >= first && character < last)
            *marked += glyph.cells;
        column += print_source_glyph(to, text, &glyph);
        text += glyph.bytes;
    }
    if (character <= first) /* the mark stands behind the end of the line */
        *before = column;
    if (*text != '\0')
        fputs("...", to->stream);
}

static void print_excerpt(const struct message_stream *to, const struct message *message) {
    size_t before, marked;
    enum style style = severities[message->severity].style;
    fprintf(to->stream, "%5u | ", (unsigned)message->line);
    print_source(to, message, &before, &marked);
    putc('\n', to->stream);
    if (message->column == 0)
        return;
    fputs("      | ", to->stream);
    print_spaces(to->stream, before);
    style_begin(to->stream, to->colour, style);
    putc('^', to->stream);
    for (size_t i = 1; i < marked; i++)
        putc('~', to->stream);
    style_end(to->stream, to->colour, style);
    putc('\n', to->stream);
}

/* ---- a message ----------------------------------------------------------------------------- */

static void print_place(const struct message_stream *to, const struct message *message) {
    style_begin(to->stream, to->colour, STYLE_BOLD);
    print_user(to->stream, message->file != NULL ? message->file : "flowrules");
    if (message->file != NULL && message->line > 0)
        fprintf(to->stream, ":%u", (unsigned)message->line);
    if (message->file != NULL && message->line > 0 && message->column > 0)
        fprintf(to->stream, ":%u", (unsigned)message->column);
    fputs(": ", to->stream);
    style_end(to->stream, to->colour, STYLE_BOLD);
}

/* Does a message name this, in quotes, by itself? */
static bool mentions(const char *message, const char *name) {
    size_t length = strlen(name);
    for (const char *at = strchr(message, '\''); at != NULL; at = strchr(at + 1, '\''))
        if (strncmp(at + 1, name, length) == 0 && at[1 + length] == '\'')
            return true;
    return false;
}

/* The target and the flow that a message is about, where it does not name them itself. */
static void print_about(const struct message_stream *to, const struct message *message) {
    bool target = message->target != NULL && !mentions(message->message, message->target);
    bool flow = message->flow != NULL && !mentions(message->message, message->flow);
    if (target) {
        fputs("target '", to->stream);
        print_user(to->stream, message->target);
        fputs(flow ? "', " : "': ", to->stream);
    }
    if (flow) {
        fputs("flow '", to->stream);
        print_user(to->stream, message->flow);
        fputs("': ", to->stream);
    }
}

/* The other targets of which the same is to be told. */
static void print_also(const struct message_stream *to, const struct message *message) {
    const struct text_list *also = &message->also;
    if (also->count == 0)
        return;
    size_t named = also->count <= ALSO_MOST + 1 ? also->count : ALSO_MOST;
    fprintf(to->stream, "  and target%s ", also->count > 1 ? "s" : "");
    for (size_t i = 0; i < named; i++) {
        fputs(i == 0 ? "'" : ", '", to->stream);
        print_user(to->stream, also->items[i]);
        putc('\'', to->stream);
    }
    if (named < also->count)
        fprintf(to->stream, " and %zu more", also->count - named);
    putc('\n', to->stream);
}

static void print_repeats(const struct message_stream *to, const struct message *message) {
    if (message->repeats == 1)
        fprintf(to->stream, "  and the same in line %" PRIu32 "\n", message->last_line);
    else if (message->repeats > 1)
        fprintf(to->stream,
                "  and the same at %" PRIu32 " more places, the last in line %" PRIu32 "\n",
                message->repeats, message->last_line);
}

void print_message(const struct message_stream *to, const struct message *message) {
    print_place(to, message);
    style_begin(to->stream, to->colour, severities[message->severity].style);
    fprintf(to->stream, "%s:", severities[message->severity].name);
    style_end(to->stream, to->colour, severities[message->severity].style);
    putc(' ', to->stream);
    print_about(to, message);
    print_user(to->stream, message->message);
    if (message->id != NULL)
        fprintf(to->stream, " [%s]", message->id);
    putc('\n', to->stream);
    if (message->source != NULL && message->line > 0)
        print_excerpt(to, message);
    print_also(to, message);
    print_repeats(to, message);
    if (message->hint != NULL && !message->hint_follows) {
        fputs("  hint: ", to->stream);
        print_user(to->stream, message->hint);
        putc('\n', to->stream);
    }
}

static void gather(struct tool *tool, const struct message *message) {
    cJSON *item = json_object();
    json_text(item, "severity", severities[message->severity].name);
    json_text(item, "id", message->id);
    json_text(item, "file", message->file);
    json_number(item, "line", message->line);
    json_number(item, "column", message->column);
    json_number(item, "length", message->length);
    json_text(item, "flow", message->flow);
    json_text(item, "target", message->target);
    json_text(item, "message", message->message);
    json_text(item, "hint", message->hint);
    if (tool->messages == NULL)
        tool->messages = json_array();
    json_append(tool->messages, item);
}

/* ---- as a result ---------------------------------------------------------------------------- */

/* "target 'edge', flow 'web': ", as far as the message does not say it; to be freed. */
static char *about_text(const struct message *message) {
    char *about = NULL;
    bool target = message->target != NULL && !mentions(message->message, message->target);
    bool flow = message->flow != NULL && !mentions(message->message, message->flow);
    result_print(&about, "%s%s%s%s%s%s%s%s", target ? "target '" : "",
                 target ? message->target : "", target ? "'" : "", target && flow ? ", " : "",
                 flow ? "flow '" : "", flow ? message->flow : "", flow ? "'" : "",
                 target || flow ? ": " : "");
    return about;
}

static void add_also(struct result *result, const struct text_list *also) {
    for (size_t i = 0; i < also->count; i++)
        result_print(&result->message, "%s%s'%s'", result->message,
                     i > 0              ? ", "
                     : also->count == 1 ? "; also target "
                                        : "; also targets ",
                     also->items[i]);
}

struct result *add_message(struct results *results, const struct message *message) {
    char *about = about_text(message);
    struct result *result =
        results_add(results, message->id != NULL ? message->id : "tool", message->severity);
    result_place(result, message->file, message->line, message->column, message->length);
    result_print(&result->message, "%s%s", about, message->message);
    add_also(result, &message->also);
    result_set(&result->hint, message->hint);
    result_set(&result->flow, message->flow);
    result_set(&result->target, message->target);
    result->fails = message->severity == FLOWRULES_ERROR;
    free(about);
    return result;
}

static void tell(struct tool *tool, const struct message *message) {
    if (message->severity == FLOWRULES_ERROR)
        tool->told_an_error = true;
    else if (tool->settings.quiet)
        return;
    if (tool->results != NULL)
        add_message(tool->results, message);
    /* The runner takes commands from both streams: there all text goes through the format. */
    if (tool->results != NULL && tool->settings.result_format == FORMAT_GITHUB)
        return;
    if (tool->settings.diagnostics == DIAGNOSTICS_JSON)
        gather(tool, message);
    else
        print_message(&(struct message_stream){stderr, tool->colour_err}, message);
}

/* ---- what the verbs call ------------------------------------------------------------------- */

/* Two texts that are alike, but for what each names between quotes: one or the other target. */
static bool same_but_target(const struct message *a, const struct message *b) {
    const char *one = a->message, *other = b->message;
    size_t one_bytes = strlen(a->target), other_bytes = strlen(b->target);
    while (*one == *other && *one != '\0') {
        one++;
        other++;
        bool quoted = one[-1] == '\'' && strncmp(one, a->target, one_bytes) == 0 &&
                      strncmp(other, b->target, other_bytes) == 0;
        if (quoted && one[one_bytes] == '\'' && other[other_bytes] == '\'') {
            one += one_bytes;
            other += other_bytes;
        }
    }
    return *one == *other;
}

static bool same_text(const char *one, const char *other) {
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

/* Do two messages tell the same of two targets? */
static bool is_same(const struct message *a, const struct message *b) {
    bool placed = a->line == b->line && a->column == b->column;
    bool of_targets = a->flow == NULL && b->flow == NULL && a->target != NULL &&
                      b->target != NULL && mentions(a->message, a->target) &&
                      mentions(b->message, b->target);
    return (placed || of_targets) && a->severity == b->severity && a->target != NULL &&
           b->target != NULL && a->line > 0 && same_text(a->id, b->id) &&
           same_text(a->file, b->file) && same_text(a->flow, b->flow) &&
           same_text(a->hint, b->hint) && same_but_target(a, b);
}

/* The message among the first `count` that tells the same of another target, or NULL. */
static struct message *told_before(struct message *messages, size_t count,
                                   const struct message *message) {
    for (size_t i = 0; i < count; i++)
        if (is_same(&messages[i], message))
            return &messages[i];
    return NULL;
}

/* Do two messages differ in nothing but their place in a file? */
static bool is_same_elsewhere(const struct message *a, const struct message *b) {
    return a->line > 0 && b->line > 0 && a->severity == b->severity && same_text(a->id, b->id) &&
           same_text(a->file, b->file) && same_text(a->target, b->target) &&
           same_text(a->message, b->message) && same_text(a->hint, b->hint);
}

/* The last of those that say the same elsewhere, where so many are that no more are to be told. */
static struct message *told_enough(struct message *messages, size_t count,
                                   const struct message *message) {
    struct message *last = NULL;
    unsigned same = 0;
    for (size_t i = 0; i < count && same < SAME_MOST; i++)
        if (is_same_elsewhere(&messages[i], message)) {
            last = &messages[i];
            same++;
        }
    return same < SAME_MOST ? NULL : last;
}

/* What is the same for many targets is told once; for programs each message stands by itself. */
static size_t gather_messages(const struct tool *tool, struct message *messages, size_t count) {
    size_t kept = 0;
    bool apart = tool->settings.diagnostics == DIAGNOSTICS_JSON;
    bool for_people = !apart && tool->results == NULL;
    for (size_t i = 0; i < count; i++) {
        struct message message = message_at(tool->context, i);
        struct message *before = apart ? NULL : told_before(messages, kept, &message);
        struct message *enough =
            for_people && before == NULL ? told_enough(messages, kept, &message) : NULL;
        if (before != NULL) {
            text_list_add(&before->also, message.target);
        } else if (enough != NULL) {
            enough->repeats++;
            enough->last_line = message.line;
        } else {
            messages[kept++] = message;
        }
    }
    return kept;
}

void tell_diagnostics(struct tool *tool) {
    size_t count = flowrules_diagnostic_count(tool->context);
    struct message *messages = allocate(count, sizeof(*messages));
    count = gather_messages(tool, messages, count);
    for (size_t i = 0; i < count; i++) {
        struct message *message = &messages[i];
        message->hint_follows = i + 1 < count && message->hint != NULL && message->target != NULL &&
                                same_text(message->target, messages[i + 1].target) &&
                                message->severity == messages[i + 1].severity &&
                                same_text(message->id, messages[i + 1].id) &&
                                same_text(message->hint, messages[i + 1].hint);
        tell(tool, message);
        free(message->also.items);
    }
    free(messages);
    flowrules_diagnostics_clear(tool->context);
}

static void tell_own(struct tool *tool, flowrules_severity severity, const char *format,
                     va_list arguments) {
    char *text = format_text(format, arguments);
    struct message message = {.severity = severity, .message = text};
    tell(tool, &message);
    free(text);
}

void tell_error(struct tool *tool, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    tell_own(tool, FLOWRULES_ERROR, format, arguments);
    va_end(arguments);
}

void tell_warning(struct tool *tool, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    tell_own(tool, FLOWRULES_WARNING, format, arguments);
    va_end(arguments);
}

flowrules_status tell_usage(struct tool *tool, const char *format, ...) {
    char try[80];
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    snprintf(try, sizeof(try), "try 'flowrules %s%s--help'",
             tool->verb != NULL ? tool->verb->name : "", tool->verb != NULL ? " " : "");
    if (tool->settings.diagnostics == DIAGNOSTICS_JSON) {
        struct message message = {.severity = FLOWRULES_ERROR, .message = text, .hint = try};
        gather(tool, &message);
    } else {
        fputs("flowrules: ", stderr);
        print_user(stderr, text);
        fprintf(stderr, "\n%s\n", try);
    }
    free(text);
    tool->told_an_error = true;
    return FLOWRULES_USAGE;
}

void tell_gathered(struct tool *tool) {
    if (tool->settings.diagnostics != DIAGNOSTICS_JSON)
        return;
    fputs(JSON_ANSWER_BEGIN "\"messages\": ", stderr);
    struct json_rows rows = json_rows_begin(stderr);
    while (cJSON_GetArraySize(tool->messages) > 0)
        json_row(&rows, cJSON_DetachItemFromArray(tool->messages, 0));
    json_rows_end(&rows);
    fputs("}\n", stderr);
    cJSON_Delete(tool->messages);
    tool->messages = NULL;
}
