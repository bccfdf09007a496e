/*
 * Findings as Markdown, for a comment on a change: the verdict, and tables. It is cut to fit into
 * one comment (GitHub takes 65,536 characters), and says how much it leaves out.
 *
 * Texts of a policy are code, where no renderer looks for names of people, issues or links; or they
 * are escaped, by a function for each place where a text can stand.
 */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "formats.h"
#include "json.h"

#define PAGE_MOST  ((size_t)65000) /* bytes, so at most as many characters */
#define LINES_MOST 8u              /* of packets in one row; more are counted */
#define TAIL_MOST  ((size_t)600)   /* of what stands behind the tables: counts */

/* A page that is filled: what no longer fits is counted. */
struct page {
    FILE *stream;
    size_t used, left_out;
};

/* ---- texts --------------------------------------------------------------------------------- */

static bool is_word(char byte) {
    return isalnum((unsigned char)byte) != 0 || (byte & 0x80) != 0;
}

/* As code. Signs that end it, or a cell, are spelled as numbers, which code of HTML can have. */
static void print_code(FILE *stream, const char *text, size_t bytes) {
    bool plain = bytes > 0 && text[0] != ' ' && text[bytes - 1] != ' ';
    for (size_t i = 0; i < bytes; i++)
        plain = plain && strchr("`|\\<&", text[i]) == NULL;
    if (plain) {
        fprintf(stream, "`%.*s`", (int)bytes, text);
        return;
    }
    fputs("<code>", stream);
    for (size_t i = 0; i < bytes; i++)
        if (is_word(text[i]) || (text[i] == ' ' && i > 0))
            putc(text[i], stream);
        else
            fprintf(stream, "&#%u;", (unsigned)(unsigned char)text[i]);
    fputs("</code>", stream);
}

/*
 * One character of a sentence. Numbers of characters are never markup; what a forge would read as
 * the name of a person, an issue or a link is parted from what comes behind it.
 */
static void print_character(FILE *stream, const char *at) {
    bool named = strchr("@#!~&%$:", *at) != NULL && is_word(at[1]);
    bool link = strncmp(at, "://", 3) == 0 || strncasecmp(at, "www.", 4) == 0;
    if (strchr("\\`*_{}[]<>#|~&@$", *at) != NULL)
        fprintf(stream, "&#%u;", (unsigned)*at);
    else
        putc(*at, stream);
    if ((named && !(*at == ':' && isdigit((unsigned char)at[1]))) || link)
        fputs("&#8203;", stream);
}

/* The bytes of what stands in quotes at text, or 0: a name, as messages have them. */
static size_t quoted_bytes(const char *text, char before) {
    const char *end;
    if (*text != '\'' || is_word(before))
        return 0;
    for (end = strchr(text + 1, '\''); end != NULL; end = strchr(end + 1, '\''))
        if (!is_word(end[1]))
            return (size_t)(end - text) - 1;
    return 0;
}

/* A sentence of the tool's, with names in quotes, which become code. */
static void print_sentence(FILE *stream, const char *text) {
    char before = ' ';
    while (*text != '\0') {
        size_t bytes = quoted_bytes(text, before);
        if (bytes > 0) {
            print_code(stream, text + 1, bytes);
            text += bytes + 1;
        } else {
            print_character(stream, text);
        }
        before = *text++;
    }
}

/* ---- rows ---------------------------------------------------------------------------------- */

static const struct section *section_of(const struct result *result) {
    static const struct section messages = {NULL,
                                            {COLUMN_SEVERITY, COLUMN_WHERE, COLUMN_FINDING, NULL}};
    return result->section != NULL ? result->section : &messages;
}

static void print_finding(FILE *stream, const struct result *result) {
    print_sentence(stream, result->message);
    fprintf(stream, " (%s)", result->rule);
    if (result->hint != NULL) {
        fputs("<br>hint: ", stream);
        print_sentence(stream, result->hint);
    }
}

static void print_value(FILE *stream, const struct result *result, const char *name) {
    const char *value = result_value(result, name);
    if (value != NULL)
        print_code(stream, value, strlen(value));
}

/* "source -> destination service", a line for each of a group; only of other kinds the kind. */
static void print_packets(FILE *stream, const struct result *group, size_t size) {
    for (size_t i = 0; i < size && i < LINES_MOST; i++) {
        const char *direction = result_value(&group[i], "direction");
        const char *kind = result_value(&group[i], "kind");
        fputs(i > 0 ? "<br>" : "", stream);
        print_value(stream, &group[i], "source");
        fputs(" → ", stream);
        print_value(stream, &group[i], "destination");
        putc(' ', stream);
        print_value(stream, &group[i], "service");
        if (direction != NULL && strcmp(direction, "forward") != 0)
            fprintf(stream, " (%s)", direction);
        if (kind != NULL && strcmp(kind, "new connections") != 0)
            fprintf(stream, " (%s)", kind);
    }
    if (size > LINES_MOST)
        fprintf(stream, "<br>and %zu more", size - LINES_MOST);
}

static void print_cell(FILE *stream, const struct results *results, const struct result *group,
                       size_t size, const char *column) {
    if (strcmp(column, COLUMN_SEVERITY) == 0) {
        fputs(severity_name(group->severity), stream);
    } else if (strcmp(column, COLUMN_FINDING) == 0) {
        print_finding(stream, group);
    } else if (strcmp(column, COLUMN_PACKETS) == 0) {
        print_packets(stream, group, size);
    } else if (strcmp(column, COLUMN_WHERE) == 0) {
        char *where = group->file != NULL ? result_where(results, group) : NULL;
        if (where != NULL)
            print_code(stream, where, strlen(where));
        free(where);
    } else {
        print_value(stream, group, column);
    }
}

static char *row_text(const struct results *results, const struct result *group, size_t size) {
    const struct section *section = section_of(group);
    struct json_answer row;
    json_answer_begin(&row);
    putc('|', row.stream);
    for (size_t i = 0; section->columns[i] != NULL; i++) {
        putc(' ', row.stream);
        print_cell(row.stream, results, group, size, section->columns[i]);
        fputs(" |", row.stream);
    }
    putc('\n', row.stream);
    return json_answer_take(&row);
}

static char *head_text(const struct section *section) {
    struct json_answer head;
    json_answer_begin(&head);
    if (section->heading != NULL)
        fprintf(head.stream, "\n#### %s\n", section->heading);
    fputs("\n|", head.stream);
    for (size_t i = 0; section->columns[i] != NULL; i++)
        fprintf(head.stream, " %s |", section->columns[i]);
    fputs("\n|", head.stream);
    for (size_t i = 0; section->columns[i] != NULL; i++)
        fputs("---|", head.stream);
    putc('\n', head.stream);
    return json_answer_take(&head);
}

/* ---- the page ------------------------------------------------------------------------------ */

/* Puts a text on the page, and frees it; false: it does not fit with what is put behind it. */
static bool put(struct page *page, char *text, size_t behind) {
    size_t bytes = strlen(text);
    bool fits = page->used + bytes + behind + TAIL_MOST <= PAGE_MOST;
    if (fits) {
        fputs(text, page->stream);
        page->used += bytes;
    }
    free(text);
    return fits;
}

/* Has a section been put already, with the results before this one? */
static bool is_known(const struct results *results, size_t number) {
    for (size_t i = 0; i < number; i++)
        if (results->items[i].reason == NULL &&
            section_of(&results->items[i]) == section_of(&results->items[number]))
            return true;
    return false;
}

static void put_row(struct page *page, const struct results *results, const struct result *group,
                    size_t size, bool *headed) {
    char *row = page->left_out == 0 ? row_text(results, group, size) : NULL;
    if (row != NULL && !*headed && !put(page, head_text(section_of(group)), strlen(row))) {
        free(row);
        row = NULL;
    }
    *headed = true;
    if (row == NULL || !put(page, row, 0))
        page->left_out += size;
}

/* Results behind each other that are one row. */
static size_t group_size(const struct results *results, size_t first) {
    const struct result *items = results->items;
    size_t end = first + 1;
    while (items[first].group != NULL && end < results->count && items[end].group != NULL &&
           items[end].section == items[first].section &&
           strcmp(items[first].group, items[end].group) == 0)
        end++;
    return end - first;
}

/* The rows of a section, the worst first. */
static void put_section(struct page *page, const struct results *results,
                        const struct section *section) {
    bool headed = false;
    for (int s = FLOWRULES_ERROR; s >= FLOWRULES_NOTE; s--)
        for (size_t i = 0, size; i < results->count; i += size) {
            const struct result *result = &results->items[i];
            size = group_size(results, i);
            if (result->reason == NULL && (int)result->severity == s &&
                section_of(result) == section)
                put_row(page, results, result, size, &headed);
        }
}

static char *title_text(const struct results *results) {
    struct json_answer title;
    char *verdict = results_verdict(results);
    json_answer_begin(&title);
    fprintf(title.stream, "### flowrules %s", results->verb);
    if (results->subject != NULL) {
        fputs(": ", title.stream);
        print_code(title.stream, results->subject, strlen(results->subject));
    }
    fputs("\n\n", title.stream);
    print_sentence(title.stream, verdict);
    putc('\n', title.stream);
    free(verdict);
    return json_answer_take(&title);
}

static char *note_text(const char *note) {
    struct json_answer text;
    json_answer_begin(&text);
    putc('\n', text.stream);
    print_sentence(text.stream, note);
    putc('\n', text.stream);
    return json_answer_take(&text);
}

void format_markdown(FILE *stream, const struct results *results, flowrules_status status) {
    struct page page = {stream, 0, 0};
    (void)status; /* what failed is among the messages */
    put(&page, title_text(results), 0);
    for (size_t i = 0; i < results->count; i++)
        if (results->items[i].reason == NULL && !is_known(results, i))
            put_section(&page, results, section_of(&results->items[i]));
    if (page.left_out > 0)
        fprintf(stream, "\n%zu more %s left out here: a comment has at most %zu characters.\n",
                page.left_out, page.left_out == 1 ? "finding is" : "findings are", PAGE_MOST);
    for (size_t i = 0; i < results->notes.count; i++)
        put(&page, note_text(results->notes.items[i]), 0);
}
