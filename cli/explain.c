/*
 * flowrules explain: the table of flow and target, and the reasons for all that is not exact.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "verbs.h"

#define FLOW_CELLS_MOST 40 /* of the column of names */
#define GAP             2  /* between columns */
#define FLOWS_INDENT    6  /* of the flows below a reason */
#define KEYED_GAP       1  /* the same, where the columns are headed by numbers */

/* The words of fidelity from worst to best: the order of the reasons. */
static const struct {
    const char *word;
    enum style style;
    flowrules_status status;
} fidelities[] = {
    {"refused", STYLE_RED, FLOWRULES_REFUSED}, {"unresolved", STYLE_RED, FLOWRULES_UNRESOLVED},
    {"widened", STYLE_YELLOW, FLOWRULES_OK},   {"narrowed", STYLE_YELLOW, FLOWRULES_OK},
    {"pinned", STYLE_YELLOW, FLOWRULES_OK},    {"native", STYLE_GREEN, FLOWRULES_OK},
    {"exact", STYLE_GREEN, FLOWRULES_OK},      {"expired", STYLE_DIM, FLOWRULES_OK},
    {"out-of-scope", STYLE_DIM, FLOWRULES_OK},
};
#define FIDELITY_COUNT (sizeof(fidelities) / sizeof(fidelities[0]))

/* A row of a report, classed. */
struct cell {
    const char *flow, *reason; /* the reason is "" where there is none */
    const char *cause;         /* its end, which other flows may share */
    const char *whole;         /* of all targets' reasons: the reason, where that is its cause */
    size_t fidelity, order;
};

/* All that is said of one target. */
struct column {
    const char *target;
    const char *baseline; /* or NULL */
    const char *open;     /* what it leaves to the rules of others; or NULL */
    struct cell *cells;
    size_t count, capacity;
    size_t width;
    size_t number; /* in the key: that of the first column with the same cells; 0: no key */
};

struct matrix {
    struct column *columns;
    size_t count;
    flowrules_report **reports; /* own the texts */
    size_t report_count;
    bool keyed; /* too many targets for one table: equal ones share a numbered column */
};

/* ---- from reports to columns --------------------------------------------------------------- */

static size_t fidelity_of(const char *word) {
    size_t i = 0;
    while (i + 1 < FIDELITY_COUNT && strcmp(fidelities[i].word, word) != 0)
        i++;
    return i;
}

static struct column *column_of(struct matrix *matrix, size_t first, const char *target) {
    for (size_t i = matrix->count; i > first; i--)
        if (strcmp(matrix->columns[i - 1].target, target) == 0)
            return &matrix->columns[i - 1];
    matrix->columns = reallocate(matrix->columns, matrix->count + 1, sizeof(*matrix->columns));
    struct column *column = &matrix->columns[matrix->count++];
    *column = (struct column){.target = target, .width = user_cells(target)};
    return column;
}

/* How the table shows it: what a target has nothing to do with is no word. */
static const char *word_of(size_t fidelity) {
    return fidelity + 1 == FIDELITY_COUNT ? "-" : fidelities[fidelity].word;
}

static void add_cell(struct column *column, const struct cell *cell) {
    if (column->count == column->capacity) {
        column->capacity = column->capacity > 0 ? 2 * column->capacity : 64;
        column->cells = reallocate(column->cells, column->capacity, sizeof(*column->cells));
    }
    size_t width = strlen(word_of(cell->fidelity));
    if (width > column->width)
        column->width = width;
    column->cells[column->count++] = *cell;
}

static void add_report(struct matrix *matrix, const flowrules_report *report) {
    size_t first = matrix->count;
    for (size_t row = 0; row < flowrules_report_row_count(report); row++) {
        const char *reason = flowrules_report_reason(report, row);
        const char *cause = flowrules_report_cause(report, row);
        struct column *column = column_of(matrix, first, flowrules_report_target(report, row));
        struct cell cell = {
            .flow = flowrules_report_flow(report, row),
            .reason = reason != NULL ? reason : "",
            .cause = cause != NULL ? cause : "",
            .fidelity = fidelity_of(flowrules_report_fidelity(report, row)),
            .order = column->count,
        };
        column->baseline = flowrules_report_baseline(report, row);
        column->open = flowrules_report_open(report, row);
        add_cell(column, &cell);
    }
}

static flowrules_status explain_one(struct matrix *matrix, struct tool *tool,
                                    const flowrules_policy *policy, const char *target) {
    flowrules_report *report;
    flowrules_status status = flowrules_explain(&report, tool->context, policy, target);
    tell_diagnostics(tool);
    if (status == FLOWRULES_OK) {
        matrix->reports[matrix->report_count++] = report;
        add_report(matrix, report);
    }
    return status;
}

/* Asks for every -t or, without one, for all targets of the file at once. */
static flowrules_status explain_all(struct matrix *matrix, struct tool *tool,
                                    const flowrules_policy *policy) {
    const struct text_list *targets = &tool->settings.targets;
    flowrules_status status = FLOWRULES_OK;
    matrix->reports = allocate(targets->count + 1, sizeof(flowrules_report *));
    if (targets->count == 0)
        return explain_one(matrix, tool, policy, NULL);
    for (size_t i = 0; i < targets->count; i++)
        status = worse(status, explain_one(matrix, tool, policy, targets->items[i]));
    return status;
}

static void matrix_free(struct matrix *matrix) {
    for (size_t i = 0; i < matrix->count; i++)
        free(matrix->columns[i].cells);
    for (size_t i = 0; i < matrix->report_count; i++)
        flowrules_report_free(matrix->reports[i]);
    free(matrix->columns);
    free(matrix->reports);
}

static flowrules_status status_of(const struct matrix *matrix) {
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < matrix->count; i++)
        for (size_t row = 0; row < matrix->columns[i].count; row++)
            status = worse(status, fidelities[matrix->columns[i].cells[row].fidelity].status);
    return status;
}

/* ---- the table ----------------------------------------------------------------------------- */

static size_t flow_width(const struct matrix *matrix) {
    size_t width = strlen("flow");
    for (size_t row = 0; row < matrix->columns[0].count; row++) {
        size_t cells = user_cells(matrix->columns[0].cells[row].flow);
        if (cells > width)
            width = cells;
    }
    return width < FLOW_CELLS_MOST ? width : FLOW_CELLS_MOST;
}

static size_t gap_of(const struct matrix *matrix) {
    return matrix->keyed ? KEYED_GAP : GAP;
}

/* The first column that does not fit in a block beginning with `first`. */
static size_t block_end(const struct matrix *matrix, size_t first, size_t used, size_t width) {
    size_t end = first, gap = gap_of(matrix);
    do
        used += gap + matrix->columns[end++].width;
    while (end < matrix->count && used + gap + matrix->columns[end].width <= width);
    return end;
}

/* A word in the colour of a fidelity. */
static void print_coloured(const struct tool *tool, size_t fidelity, const char *word) {
    style_begin(stdout, tool->colour_out, fidelities[fidelity].style);
    fputs(word, stdout);
    style_end(stdout, tool->colour_out, fidelities[fidelity].style);
}

static void print_word(const struct tool *tool, const struct column *column, size_t row,
                       bool last) {
    if (row >= column->count) {
        print_spaces(stdout, last ? 0 : column->width);
        return;
    }
    size_t fidelity = column->cells[row].fidelity;
    const char *word = word_of(fidelity);
    print_coloured(tool, fidelity, word);
    print_spaces(stdout, last ? 0 : column->width - strlen(word));
}

static void print_heading(const struct tool *tool, const struct matrix *matrix, size_t first,
                          size_t end, size_t width) {
    style_begin(stdout, tool->colour_out, STYLE_BOLD);
    print_user_in(stdout, "flow", width);
    for (size_t i = first; i < end; i++) {
        const struct column *column = &matrix->columns[i];
        char number[24];
        snprintf(number, sizeof(number), "%zu", column->number);
        const char *heading = matrix->keyed ? number : column->target;
        print_spaces(stdout, gap_of(matrix));
        print_user_in(stdout, heading, i + 1 < end ? column->width : user_cells(heading));
    }
    style_end(stdout, tool->colour_out, STYLE_BOLD);
    putchar('\n');
}

static void print_table(const struct tool *tool, const struct matrix *matrix) {
    size_t width = flow_width(matrix);
    size_t page = terminal_width(stdout);
    for (size_t first = 0, end; first < matrix->count; first = end) {
        end = block_end(matrix, first, width, page);
        if (first > 0)
            putchar('\n');
        print_heading(tool, matrix, first, end, width);
        for (size_t row = 0; row < matrix->columns[first].count; row++) {
            print_user_in(stdout, matrix->columns[first].cells[row].flow, width);
            for (size_t i = first; i < end; i++) {
                print_spaces(stdout, gap_of(matrix));
                print_word(tool, &matrix->columns[i], row, i + 1 == end);
            }
            putchar('\n');
        }
    }
}

/* ---- many targets --------------------------------------------------------------------------- */

static bool same_cells(const struct column *one, const struct column *other) {
    bool same = one->count == other->count;
    for (size_t row = 0; same && row < one->count; row++)
        same = one->cells[row].fidelity == other->cells[row].fidelity &&
               strcmp(one->cells[row].reason, other->cells[row].reason) == 0;
    return same;
}

/* Prints the targets of which a column tells, behind its number. */
static void print_key(const struct matrix *whole, size_t number) {
    char term[24];
    size_t page = terminal_width(stdout), used = 4;
    snprintf(term, sizeof(term), "%zu", number);
    print_user_in(stdout, term, used);
    for (size_t i = 0, listed = 0; i < whole->count; i++) {
        const char *target = whole->columns[i].target;
        if (whole->columns[i].number != number)
            continue;
        size_t cells = user_cells(target) + 1;
        if (listed++ > 0) {
            bool turn = used + 1 + cells > page;
            fputs(turn ? ",\n    " : ", ", stdout);
            used = turn ? 4 : used + 1;
        }
        print_user(stdout, target);
        used += cells;
    }
    putchar('\n');
}

/* Gives equal columns one number, and a matrix of the first of each, whose columns are borrowed. */
static struct matrix number_columns(struct matrix *whole) {
    struct matrix first = {.keyed = true};
    first.columns = allocate(whole->count, sizeof(*first.columns));
    for (size_t i = 0; i < whole->count; i++) {
        struct column *column = &whole->columns[i];
        for (size_t j = 0; column->number == 0 && j < first.count; j++)
            if (same_cells(column, &first.columns[j]))
                column->number = j + 1;
        if (column->number > 0)
            continue;
        column->number = first.count + 1;
        struct column *slot = &first.columns[first.count++];
        *slot = *column;
        slot->width = column->number > 9 ? 2 : 1;
        for (size_t row = 0; row < slot->count; row++)
            if (strlen(word_of(slot->cells[row].fidelity)) > slot->width)
                slot->width = strlen(word_of(slot->cells[row].fidelity));
    }
    return first;
}

/* ---- the reasons --------------------------------------------------------------------------- */

/* Worst first, equal reasons side by side, then in the order of the file. */
static int by_reason(const void *one, const void *other) {
    const struct cell *a = one, *b = other;
    if (a->fidelity != b->fidelity)
        return a->fidelity < b->fidelity ? -1 : 1;
    int order = strcmp(a->reason, b->reason);
    if (order != 0)
        return order;
    return a->order < b->order ? -1 : a->order > b->order;
}

static size_t group_end(const struct column *column, size_t first) {
    const struct cell *cell = &column->cells[first];
    size_t end = first + 1;
    while (end < column->count && column->cells[end].fidelity == cell->fidelity &&
           strcmp(column->cells[end].reason, cell->reason) == 0)
        end++;
    return end;
}

/* The names of a group of flows, in lines of the page's width. */
static void print_flows(const struct column *column, size_t first, size_t end, size_t page) {
    static const size_t indent = FLOWS_INDENT;
    size_t used = indent;
    print_spaces(stdout, indent);
    for (size_t i = first; i < end; i++) {
        const char *comma = i + 1 < end ? "," : "";
        size_t cells = user_cells(column->cells[i].flow) + strlen(comma);
        if (i > first && used + 1 + cells > page) {
            putchar('\n');
            print_spaces(stdout, indent);
            used = indent;
        } else if (i > first) {
            putchar(' ');
            used++;
        }
        print_user(stdout, column->cells[i].flow);
        fputs(comma, stdout);
        used += cells;
    }
    putchar('\n');
}

static void print_group(const struct tool *tool, const struct column *column, size_t first,
                        size_t end, size_t page) {
    const struct cell *cell = &column->cells[first];
    const char *word = fidelities[cell->fidelity].word;
    fputs("  ", stdout);
    print_coloured(tool, cell->fidelity, word);
    fputs(": ", stdout);
    size_t indent = 2 + strlen(word) + 2;
    print_wrapped_rest(stdout, cell->reason, indent, page);
    print_flows(column, first, end, page);
}

static void print_reasons(const struct tool *tool, const struct matrix *matrix) {
    size_t page = terminal_width(stdout);
    for (size_t i = 0; i < matrix->count; i++) {
        struct column *column = &matrix->columns[i];
        bool headed = false;
        qsort(column->cells, column->count, sizeof(*column->cells), by_reason);
        for (size_t first = 0, end; first < column->count; first = end) {
            end = group_end(column, first);
            if (column->cells[first].reason[0] == '\0')
                continue;
            if (!headed) {
                putchar('\n');
                style_begin(stdout, tool->colour_out, STYLE_BOLD);
                print_user(stdout, column->target);
                style_end(stdout, tool->colour_out, STYLE_BOLD);
                putchar('\n');
                headed = true;
            }
            print_group(tool, column, first, end, page);
        }
    }
}

/* ---- as JSON ------------------------------------------------------------------------------- */

static void print_json(const struct matrix *matrix) {
    struct json_answer answer;
    json_answer_begin(&answer);
    fputs(JSON_ANSWER_BEGIN "\"flows\": ", answer.stream);
    struct json_rows rows = json_rows_begin(answer.stream);
    for (size_t i = 0; i < matrix->count; i++)
        for (size_t row = 0; row < matrix->columns[i].count; row++) {
            const struct cell *cell = &matrix->columns[i].cells[row];
            cJSON *item = json_object();
            json_text(item, "flow", cell->flow);
            json_text(item, "target", matrix->columns[i].target);
            json_text(item, "fidelity", fidelities[cell->fidelity].word);
            json_text(item, "reason", cell->reason[0] != '\0' ? cell->reason : NULL);
            json_text(item, "baseline", matrix->columns[i].baseline);
            json_text(item, "open", matrix->columns[i].open);
            json_row(&rows, item);
        }
    json_rows_end(&rows);
    fputs("}\n", answer.stream);
    json_answer_end(&answer);
}

/* The cells of all columns that have a reason, by its cause, each with the number of its column. */
static struct column all_reasons(const struct matrix *keyed) {
    struct column all = {0};
    for (size_t i = 0; i < keyed->count; i++)
        for (size_t row = 0; row < keyed->columns[i].count; row++) {
            struct cell cell = keyed->columns[i].cells[row];
            cell.order = row * keyed->count + i;
            cell.whole = cell.reason;
            cell.reason = cell.cause;
            if (cell.reason[0] != '\0')
                add_cell(&all, &cell);
        }
    return all;
}

/* Which columns a reason holds for: "word 1 3:"; the flows stand side by side in each of them. */
static size_t print_numbers(const struct column *all, size_t first, size_t end, size_t columns) {
    size_t cells = 0;
    for (size_t number = 0; number < columns; number++) {
        bool holds = false;
        for (size_t i = first; !holds && i < end; i++)
            holds = all->cells[i].order % columns == number;
        if (holds)
            cells += (size_t)printf(" %zu", number + 1);
    }
    return cells;
}

/* Takes out the cells of a group that name a flow again, which stand side by side: the new end. */
static size_t drop_repeated(struct column *all, size_t first, size_t end, size_t columns) {
    size_t kept = first;
    for (size_t i = first + 1; i < end; i++)
        if (all->cells[i].order / columns != all->cells[kept].order / columns)
            all->cells[++kept] = all->cells[i];
    return kept + 1;
}

/* Is it all that is out of scope? Then the table's dashes show for which flows it holds. */
static bool is_each_dash(const struct column *all, size_t first, size_t end) {
    size_t fidelity = all->cells[first].fidelity;
    return fidelity + 1 == FIDELITY_COUNT && end == all->count &&
           (first == 0 || all->cells[first - 1].fidelity != fidelity);
}

/* "pinned 1 3", and where it is about one flow, its name: how many cells that took. */
static size_t print_where(const struct tool *tool, struct column *all, size_t first, size_t end,
                          size_t columns, size_t *flows) {
    const struct cell *cell = &all->cells[first];
    size_t used = strlen(fidelities[cell->fidelity].word);
    print_coloured(tool, cell->fidelity, fidelities[cell->fidelity].word);
    if (is_each_dash(all, first, end)) {
        fputs(" (-)", stdout);
        *flows = end;
        return used + 4;
    }
    used += print_numbers(all, first, end, columns);
    *flows = drop_repeated(all, first, end, columns);
    if (*flows == first + 1) {
        fputs(", ", stdout);
        print_user(stdout, cell->flow);
        used += 2 + user_cells(cell->flow);
    }
    return used;
}

/* Each reason once: how truly, in which columns, why, and of which flows. */
static void print_all_reasons(const struct tool *tool, const struct matrix *keyed) {
    struct column all = all_reasons(keyed);
    size_t page = terminal_width(stdout);
    if (all.count > 0)
        qsort(all.cells, all.count, sizeof(*all.cells), by_reason);
    for (size_t first = 0, end; first < all.count; first = end) {
        const struct cell *cell = &all.cells[first];
        if (first == 0)
            putchar('\n');
        end = group_end(&all, first);
        bool dash = is_each_dash(&all, first, end);
        size_t flows, used = print_where(tool, &all, first, end, keyed->count, &flows);
        fputs(": ", stdout);
        print_wrapped_from(stdout, flows == first + 1 ? cell->whole : cell->reason, used + 2,
                           FLOWS_INDENT, page);
        if (flows > first + 1 && !dash)
            print_flows(&all, first, flows, page);
    }
    free(all.cells);
}

/* ---- what holds for whole targets ----------------------------------------------------------- */

/* What is said of a target, or NULL. */
typedef const char *say(const struct column *column);

static const char *baseline_of(const struct column *column) {
    return column->baseline;
}

static const char *open_of(const struct column *column) {
    return column->open;
}

static bool is_same(const struct column *a, const struct column *b, say *of) {
    return of(a) != NULL && of(b) != NULL && strcmp(of(a), of(b)) == 0;
}

/* The next column from i on of which something is said, and the same of none before it. */
static size_t next_said(const struct matrix *matrix, size_t i, say *of) {
    for (; i < matrix->count; i++) {
        bool told = of(&matrix->columns[i]) == NULL;
        for (size_t k = 0; k < i && !told; k++)
            told = is_same(&matrix->columns[k], &matrix->columns[i], of);
        if (!told)
            break;
    }
    return i;
}

/* The targets of which the same is said as of the first of them: how many cells that took. */
static size_t print_targets(const struct matrix *matrix, size_t first, say *of) {
    size_t used = 0;
    for (size_t k = first; k < matrix->count; k++) {
        if (!is_same(&matrix->columns[k], &matrix->columns[first], of))
            continue;
        fputs(k > first ? ", " : "", stdout);
        print_user(stdout, matrix->columns[k].target);
        used += user_cells(matrix->columns[k].target) + (k > first ? 2 : 0);
    }
    return used;
}

static void print_title(const struct tool *tool, const char *title) {
    style_begin(stdout, tool->colour_out, STYLE_BOLD);
    printf("\n%s\n", title);
    style_end(stdout, tool->colour_out, STYLE_BOLD);
}

/* What targets let pass besides their flows: "baseline: replies", and behind it those that do. */
static void print_baselines(const struct tool *tool, const struct matrix *matrix) {
    size_t i = next_said(matrix, 0, baseline_of);
    if (i < matrix->count)
        print_title(tool, "baseline");
    for (; i < matrix->count; i = next_said(matrix, i + 1, baseline_of)) {
        printf("  %s: ", matrix->columns[i].baseline);
        print_targets(matrix, i, baseline_of);
        putchar('\n');
    }
}

/* What targets leave to other rules: each reason once, behind the targets. */
static void print_open(const struct tool *tool, const struct matrix *matrix) {
    size_t i = next_said(matrix, 0, open_of);
    if (i < matrix->count)
        print_title(tool, "left to other rules");
    for (; i < matrix->count; i = next_said(matrix, i + 1, open_of)) {
        fputs("  ", stdout);
        size_t used = 4 + print_targets(matrix, i, open_of);
        fputs(": ", stdout);
        print_wrapped_from(stdout, matrix->columns[i].open, used, 4, terminal_width(stdout));
    }
}

/* The table, and the reasons for what is not exact. */
static void print_fidelity(const struct tool *tool, struct matrix *matrix) {
    if (block_end(matrix, 0, flow_width(matrix), terminal_width(stdout)) == matrix->count) {
        print_table(tool, matrix);
        print_reasons(tool, matrix);
        return;
    }
    struct matrix keyed = number_columns(matrix);
    for (size_t i = 0; i < keyed.count; i++)
        print_key(matrix, i + 1);
    putchar('\n');
    print_table(tool, &keyed);
    print_all_reasons(tool, &keyed);
    free(keyed.columns);
}

static void print_matrix(const struct tool *tool, struct matrix *matrix) {
    if (tool->settings.json) {
        print_json(matrix);
        return;
    }
    if (matrix->count == 0)
        return;
    print_fidelity(tool, matrix);
    print_baselines(tool, matrix);
    print_open(tool, matrix);
}

/* ---- numbers of messages -------------------------------------------------------------------- */

/* "FR0508" or "FL0101": the number of a message or finding; a file that is called so is ./FR0508.
 */
static bool is_number(const char *operand) {
    return strlen(operand) == 6 &&
           (strncmp(operand, "FR", 2) == 0 || strncmp(operand, "FL", 2) == 0) &&
           strspn(operand + 2, "0123456789") == 4;
}

static flowrules_status explain_number(struct tool *tool, const char *id) {
    static const char *const headings[] = {"", "cause", "cure"};
    if (flowrules_message_text(id, FLOWRULES_MEANING) == NULL)
        return tell_usage(tool, "no message has the number %s", id);
    if (tool->settings.json) {
        cJSON *item = json_answer();
        json_text(item, "id", id);
        json_text(item, "meaning", flowrules_message_text(id, FLOWRULES_MEANING));
        json_text(item, "cause", flowrules_message_text(id, FLOWRULES_CAUSE));
        json_text(item, "cure", flowrules_message_text(id, FLOWRULES_CURE));
        json_print(stdout, item);
        putchar('\n');
        return FLOWRULES_OK;
    }
    for (int part = FLOWRULES_MEANING; part <= FLOWRULES_CURE; part++) {
        const char *heading = part == FLOWRULES_MEANING ? id : headings[part];
        print_user_in(stdout, heading, 8);
        print_wrapped_rest(stdout, flowrules_message_text(id, (flowrules_message_part)part), 8,
                           terminal_width(stdout));
    }
    return FLOWRULES_OK;
}

flowrules_status run_explain(struct tool *tool) {
    struct matrix matrix = {0};
    flowrules_policy *policy;
    const char *operand = tool->settings.operands.items[0];
    if (is_number(operand))
        return explain_number(tool, operand);
    flowrules_status status = open_policy(&policy, tool, operand);
    if (status == FLOWRULES_OK && tool->settings.targets.count == 0 &&
        flowrules_target_count(policy) == 0)
        status = tell_usage(tool, "the policy has no targets; name a backend with -t");
    if (status == FLOWRULES_OK)
        status = explain_all(&matrix, tool, policy);
    if (status == FLOWRULES_OK) {
        print_matrix(tool, &matrix);
        status = status_of(&matrix);
        tool->told_an_error = true; /* the table tells it */
    }
    matrix_free(&matrix);
    flowrules_policy_free(policy);
    return status;
}
