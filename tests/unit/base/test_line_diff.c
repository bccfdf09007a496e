/*
 * Lines that two texts do not have in common, against the longest common part by its definition.
 */
#include <stdio.h>
#include <string.h>

#include "line_diff.h"
#include "unit.h"

#define LINES 30u

struct told {
    char lines[2][2 * LINES + 2]; /* removed, added: a character for each */
    size_t numbers[2][LINES];
    size_t counts[2];
    const char *texts[2];
};

/* Texts have lines of one character. */
static bool tell(void *user, bool added, size_t line) {
    struct told *told = user;
    if (told->counts[added] == LINES)
        return false;
    told->numbers[added][told->counts[added]] = line;
    told->lines[added][told->counts[added]++] = told->texts[added][2 * line];
    return true;
}

static size_t common_lines(const char *a, const char *b) {
    size_t best[LINES + 1][LINES + 1] = {{0}};
    size_t rows = strlen(a) / 2, columns = strlen(b) / 2;
    for (size_t i = 1; i <= rows; i++)
        for (size_t k = 1; k <= columns; k++) {
            size_t one = best[i - 1][k], other = best[i][k - 1];
            best[i][k] = one > other ? one : other;
            if (a[2 * i - 2] == b[2 * k - 2])
                best[i][k] = best[i - 1][k - 1] + 1;
        }
    return best[rows][columns];
}

/* What is left of a text without the lines that were told of it. */
static void leave(const struct told *told, bool side, char *left) {
    size_t next = 0, used = 0;
    for (size_t i = 0; told->texts[side][2 * i] != '\0'; i++) {
        if (next < told->counts[side] && told->numbers[side][next] == i)
            next++;
        else
            left[used++] = told->texts[side][2 * i];
    }
    left[used] = '\0';
}

static bool compare(const char *a, const char *b, struct told *told) {
    struct fr_vec lines[2];
    memset(told, 0, sizeof *told);
    told->texts[0] = a;
    told->texts[1] = b;
    bool good = true;
    for (size_t i = 0; i < 2; i++) {
        fr_vec_init(&lines[i], &fr_default_allocator, sizeof(struct fr_line));
        good = fr_lines_split(&lines[i], told->texts[i], strlen(told->texts[i])) && good;
    }
    good = good && fr_lines_compare(&lines[0], &lines[1], tell, told);
    fr_vec_free(&lines[0]);
    fr_vec_free(&lines[1]);
    return good;
}

static void random_text(uint64_t *random, char *text, unsigned letters) {
    size_t count = unit_random(random, LINES + 1);
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = (char)('a' + unit_random(random, letters));
        text[2 * i + 1] = '\n';
    }
    text[2 * count] = '\0';
}

static void fewest_lines(void) {
    char a[2 * LINES + 1], b[2 * LINES + 1], left[2][2 * LINES + 1];
    uint64_t random = 4711;
    bool right = true;
    for (unsigned i = 0; i < 3000 && right; i++) {
        struct told told;
        random_text(&random, a, 1 + i % 5);
        random_text(&random, b, 1 + i % 5);
        right = compare(a, b, &told);
        leave(&told, false, left[0]);
        leave(&told, true, left[1]);
        right = right && strcmp(left[0], left[1]) == 0 && strlen(left[0]) == common_lines(a, b);
        if (!right)
            printf("\n    '%s' and '%s': '%s', '%s'\n", a, b, left[0], left[1]);
    }
    CU_ASSERT(right);
}

static void ends_of_lines(void) {
    struct told told;
    CU_ASSERT(compare("a\nb\n", "a\nb", &told));
    CU_ASSERT_EQUAL(told.counts[0] + told.counts[1], 0);
    CU_ASSERT(compare("", "a\n", &told));
    CU_ASSERT_STRING_EQUAL(told.lines[1], "a");
    CU_ASSERT(compare("a\nb\nc\n", "a\nc\n", &told));
    CU_ASSERT_STRING_EQUAL(told.lines[0], "b");
    CU_ASSERT_EQUAL(told.counts[1], 0);
}

static const struct unit_test tests[] = {
    {"line_diff_fewest", fewest_lines}, {"line_diff_ends", ends_of_lines}, {NULL, NULL}};

UNIT_SUITE(line_diff) {
    unit_suite("line_diff", tests);
}
