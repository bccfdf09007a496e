/*
 * Which golden cases depend on which capability of which backend. Each member of the record of
 * capabilities is given other values, one at a time; a case exercises it where what render writes
 * or says, or explain, then differs.
 *
 * usage: matrix                  COLUMN MEMBER VALUE of each column and member, tabs between
 *        matrix COLUMN...        COLUMN MEMBER CASE of each case of standard input that exercises
 * it
 *
 * A column is a backend, or BACKEND:FORMAT for a format with a record of its own. Standard input
 * has lines COLUMN CASE POLICY TARGET:FORMAT, tabs between, the lines of a case one after the
 * other.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "context.h"
#include "flowrules/kits/hashes.h"
#include "registry.h"

enum { COLUMNS_MAX = 64, FORMATS_MAX = 8, LINES_MAX = 4096, SECONDS_MOST = 60 };

/* ---- records that can be changed ------------------------------------------------------------- */

struct column {
    char name[64];
    struct flowrules_capabilities *can;
};

static struct {
    struct flowrules_backend backends[COLUMNS_MAX];
    struct flowrules_format formats[COLUMNS_MAX][FORMATS_MAX];
    struct flowrules_capabilities own[COLUMNS_MAX]; /* of formats */
    struct column columns[COLUMNS_MAX];
    size_t backend_count, column_count;
} records;

static void add_column(const char *backend, const char *format,
                       struct flowrules_capabilities *can) {
    struct column *column = &records.columns[records.column_count++];
    snprintf(column->name, sizeof column->name, "%s%s%s", backend, format ? ":" : "",
             format ? format : "");
    column->can = can;
}

static void copy_backend(const struct flowrules_backend *from) {
    size_t b = records.backend_count++;
    struct flowrules_backend *to = &records.backends[b];
    *to = *from;
    to->formats = records.formats[b];
    add_column(to->name, NULL, &to->capabilities);
    for (size_t f = 0; from->formats[f].name != NULL && f + 1 < FORMATS_MAX; f++) {
        struct flowrules_format *format = &records.formats[b][f];
        *format = from->formats[f];
        if (format->capabilities == NULL)
            continue;
        struct flowrules_capabilities *own = &records.own[records.column_count];
        *own = *format->capabilities;
        format->capabilities = own;
        add_column(to->name, format->name, own);
    }
}

/* A context whose backends are those that can be changed. */
static flowrules_context *new_context(void) {
    flowrules_context *context;
    if (flowrules_context_new(&context) != FLOWRULES_OK ||
        flowrules_context_set(context, "as-of", "2026-11-23") != FLOWRULES_OK)
        exit(EXIT_FAILURE);
    for (size_t i = 0; i < context->backends.count; i++) {
        const struct flowrules_backend **slot =
            fr_vec_at(&context->backends, const struct flowrules_backend *, i);
        if (records.backend_count <= i)
            copy_backend(*slot);
        *slot = &records.backends[i];
    }
    return context;
}

/* ---- members --------------------------------------------------------------------------------- */

enum kind { TRUTH, NUMBER, BITS, CHOICE, TEXT, LIST, COUNT };

/* Of the header's struct, by matrix.py: MEMBER(name, kind, the most that a choice is). */
static const struct member {
    const char *name;
    size_t offset;
    enum kind kind;
    unsigned most;
} members[] = {
#define MEMBER(name, kind, most) {#name, offsetof(struct flowrules_capabilities, name), kind, most},
#include "members.inc"
#undef MEMBER
};
enum { MEMBERS = sizeof members / sizeof members[0] };

static void *at(struct flowrules_capabilities *can, const struct member *m) {
    return (char *)can + m->offset;
}

static void write_value(struct flowrules_capabilities *can, const struct member *m) {
    void *place = at(can, m);
    const char *text = m->kind == TEXT ? *(const char **)place : NULL;
    if (m->kind == TRUTH)
        printf("%s", *(bool *)place ? "yes" : "-");
    else if (m->kind == TEXT)
        printf("%s", text == NULL ? "-" : strchr(text, ' ') != NULL ? "a text" : text);
    else if (m->kind == LIST)
        printf("%s", *(void **)place == NULL ? "-" : "a list");
    else if (m->kind == COUNT)
        printf("%zu", *(size_t *)place);
    else
        printf(m->kind == BITS ? "%#x" : "%u", *(unsigned *)place);
}

static bool set_unsigned(unsigned *place, unsigned value) {
    bool other = *place != value;
    *place = value;
    return other;
}

static bool change_number(unsigned *place, unsigned number) {
    static const unsigned from_none[] = {1, 4, 20};
    unsigned other[] = {0, *place / 2, *place + 1};
    return number < 3 && set_unsigned(place, *place == 0 ? from_none[number] : other[number]);
}

static bool change_text(const char **place, unsigned number) {
    if (number > 0)
        return false;
    *place = *place != NULL ? NULL : "x";
    return true;
}

/* Gives a member its change of this number, from 0; false where there is none, or it is none. */
static bool change(struct flowrules_capabilities *can, const struct member *m, unsigned number) {
    static const uint8_t tcp_and_udp[] = {6, 17};
    static const struct flowrules_icmp echo[] = {{1, 8}, {58, 128}};
    void *place = at(can, m);
    switch (m->kind) {
    case TRUTH:
        *(bool *)place = !*(bool *)place;
        return number == 0;
    case NUMBER:
        return change_number(place, number);
    case BITS:
        *(unsigned *)place ^= 1u << number;
        return number < 8;
    case CHOICE:
        return number <= m->most && set_unsigned(place, number);
    case TEXT:
        return change_text(place, number);
    case LIST: /* with its count, which is the next member */
        if (can->protocols == NULL && place == &can->protocols) {
            can->protocols = tcp_and_udp;
            can->protocol_count = 2;
            return number == 0;
        }
        if (can->icmp_listed == NULL && place == &can->icmp_listed) {
            can->icmp_listed = echo;
            can->icmp_listed_count = 2;
            return number == 0;
        }
        *(size_t *)at(can, m + 1) = 0;
        *(void **)place = NULL;
        return number == 0;
    case COUNT:
        return number == 0 && *(size_t *)place > 1 && --*(size_t *)place > 0;
    }
    return false;
}

/* ---- what is rendered ------------------------------------------------------------------------ */

struct line {
    char column[64], name[64], spec[128];
    char *path;
    uint64_t expected;
};

static struct line lines[LINES_MAX];
static size_t line_count;

static void read_lines(void) {
    char text[4096];
    while (fgets(text, sizeof text, stdin) != NULL && line_count < LINES_MAX) {
        struct line *line = &lines[line_count++];
        char path[2048];
        if (sscanf(text, "%63s\t%63s\t%2047s\t%127s", line->column, line->name, path, line->spec) !=
            4)
            exit(EXIT_FAILURE);
        line->path = strdup(path);
        if (line->path == NULL)
            exit(EXIT_FAILURE);
    }
}

/* The policy of the case that was asked for last. */
static struct {
    const char *name;
    flowrules_context *context;
    flowrules_policy *policy;
} loaded;

static void forget_case(void) {
    flowrules_policy_free(loaded.policy);
    flowrules_context_free(loaded.context);
    loaded.name = NULL;
    loaded.policy = NULL;
    loaded.context = NULL;
}

static void load_case(const struct line *line) {
    if (loaded.name != NULL && strcmp(loaded.name, line->name) == 0)
        return;
    forget_case();
    loaded.name = line->name;
    loaded.context = new_context();
    if (flowrules_policy_load(&loaded.policy, loaded.context, line->path) != FLOWRULES_OK)
        loaded.policy = NULL; /* its messages say why */
}

static uint64_t hash_text(uint64_t hash, const char *text) {
    return text != NULL ? flowrules_hash_bytes(hash, text, strlen(text) + 1) : hash;
}

static uint64_t hash_messages(uint64_t hash) {
    for (size_t i = 0; i < flowrules_diagnostic_count(loaded.context); i++) {
        hash = hash_text(hash, flowrules_diagnostic_message(loaded.context, i));
        hash = hash_text(hash, flowrules_diagnostic_hint(loaded.context, i));
    }
    flowrules_diagnostics_clear(loaded.context);
    return hash;
}

static uint64_t hash_artifact(uint64_t hash, const char *spec) {
    flowrules_artifact *artifact = NULL;
    flowrules_status status = flowrules_render(&artifact, loaded.context, loaded.policy, spec);
    hash = flowrules_hash_number(hash, (uint64_t)status);
    for (size_t f = 0; artifact != NULL && f < flowrules_artifact_file_count(artifact); f++) {
        const char *bytes;
        size_t size;
        for (size_t b = 0; (bytes = flowrules_artifact_file_block(artifact, f, b, &size)); b++)
            hash = flowrules_hash_bytes(hash, bytes, size);
    }
    flowrules_artifact_free(artifact);
    return hash;
}

static uint64_t hash_report(uint64_t hash, const char *spec) {
    flowrules_report *report = NULL;
    flowrules_status status = flowrules_explain(&report, loaded.context, loaded.policy, spec);
    hash = flowrules_hash_number(hash, (uint64_t)status);
    for (size_t i = 0; report != NULL && i < flowrules_report_row_count(report); i++) {
        hash = hash_text(hash, flowrules_report_fidelity(report, i));
        hash = hash_text(hash, flowrules_report_reason(report, i));
        hash = hash_text(hash, flowrules_report_baseline(report, i));
        hash = hash_text(hash, flowrules_report_open(report, i));
    }
    flowrules_report_free(report);
    return hash;
}

/* All that is written and said of a line's target. */
static uint64_t look(const struct line *line) {
    load_case(line);
    uint64_t hash = hash_messages(FLOWRULES_HASH_BEGIN);
    if (loaded.policy != NULL)
        hash = hash_messages(hash_report(hash_artifact(hash, line->spec), line->spec));
    return hash;
}

/* ---- tries ----------------------------------------------------------------------------------- */

/* Looks at the column's lines from first on in a process of their own, since a record that is wrong
 * may break it; each result is a number and a hash in the pipe. */
static void look_at_changed(const struct column *column, size_t first, int to) {
    alarm(SECONDS_MOST);
    forget_case();
    for (size_t i = first; i < line_count; i++) {
        if (strcmp(lines[i].column, column->name) != 0)
            continue;
        uint64_t result[2] = {i, 0};
        (void)!write(to, result, sizeof result[0]);
        result[1] = look(&lines[i]);
        (void)!write(to, &result[1], sizeof result[1]);
    }
    _exit(0);
}

/* Marks the lines that a change makes different; false where there is no such change. */
static bool try_change(const struct column *column, const struct member *m, unsigned number,
                       bool *differs) {
    struct flowrules_capabilities before = *column->can;
    bool changes = change(column->can, m, number);
    for (size_t first = 0; changes && first < line_count;) {
        int ends[2];
        uint64_t line, hash;
        if (pipe(ends) != 0)
            exit(EXIT_FAILURE);
        pid_t child = fork();
        if (child == 0)
            look_at_changed(column, first, ends[1]);
        close(ends[1]);
        first = line_count;
        while (read(ends[0], &line, sizeof line) == sizeof line) {
            bool whole = read(ends[0], &hash, sizeof hash) == sizeof hash;
            differs[line] = differs[line] || !whole || hash != lines[line].expected;
            first = whole ? line_count : line + 1;
        }
        close(ends[0]);
        waitpid(child, NULL, 0);
    }
    *column->can = before;
    return changes;
}

static void try_member(const struct column *column, const struct member *m) {
    static bool differs[LINES_MAX];
    memset(differs, 0, sizeof differs);
    for (unsigned number = 0; number < 8; number++)
        (void)try_change(column, m, number, differs);
    const char *told = "";
    for (size_t i = 0; i < line_count; i++) {
        if (differs[i] && strcmp(lines[i].name, told) != 0)
            printf("%s\t%s\t%s\n", column->name, m->name, told = lines[i].name);
    }
    fflush(stdout);
}

int main(int count, char **words) {
    flowrules_context_free(new_context());
    if (count > 1)
        read_lines();
    for (int w = 1; w < count; w++)
        for (size_t i = 0; i < line_count; i++)
            if (strcmp(lines[i].column, words[w]) == 0)
                lines[i].expected = look(&lines[i]);
    for (size_t c = 0; c < records.column_count; c++) {
        for (size_t m = 0; m < MEMBERS; m++) {
            if (count == 1) {
                printf("%s\t%s\t", records.columns[c].name, members[m].name);
                write_value(records.columns[c].can, &members[m]);
                puts("");
            }
            for (int w = 1; w < count; w++)
                if (strcmp(words[w], records.columns[c].name) == 0)
                    try_member(&records.columns[c], &members[m]);
        }
    }
    return EXIT_SUCCESS;
}
