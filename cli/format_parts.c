/*
 * What the formats of findings share: places, verdicts, fingerprints.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"

/* Standard input, also in the place of a file of a folder. */
static bool is_input(const char *file) {
    size_t length = strlen(file), own = strlen(INPUT_SHOWN);
    return length >= own && strcmp(file + length - own, INPUT_SHOWN) == 0 &&
           (length == own || file[length - own - 1] == '/');
}

char *result_path(const struct results *results, const struct result *result) {
    const char *file = result->file != NULL ? result->file : results->file;
    return relative_path(file == NULL || is_input(file) ? "stdin" : file);
}

char *result_where(const struct results *results, const struct result *result) {
    char *path = result_path(results, result), *where = NULL;
    if (result->column > 0)
        result_print(&where, "%s:%u:%u", path, (unsigned)result->line, (unsigned)result->column);
    else if (result->line > 0)
        result_print(&where, "%s:%u", path, (unsigned)result->line);
    else
        result_set(&where, path);
    free(path);
    return where;
}

char *results_verdict(const struct results *results) {
    char *verdict = NULL;
    size_t accepted = results_accepted(results), kinds = 0;
    if (results->verdict != NULL) {
        result_set(&verdict, results->verdict);
        return verdict;
    }
    result_set(&verdict, "");
    for (int s = FLOWRULES_ERROR; s >= FLOWRULES_NOTE; s--) {
        size_t count = results_open(results, (flowrules_severity)s);
        if (count > 0)
            result_print(&verdict, "%s%s%zu %s%s", verdict, kinds++ > 0 ? ", " : "", count,
                         severity_name((flowrules_severity)s), count == 1 ? "" : "s");
    }
    if (kinds == 0)
        result_set(&verdict, "no findings");
    if (accepted > 0)
        result_print(&verdict, "%s, %zu accepted", verdict, accepted);
    return verdict;
}

void print_fingerprint(FILE *stream, const struct result *result) {
    fprintf(stream, "%016" PRIx64, result->fingerprint);
    if (result->occurrence > 0)
        fprintf(stream, "-%zu", result->occurrence + 1);
}
