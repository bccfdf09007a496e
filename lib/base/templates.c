/*
 * Scripts with fields: writes the pieces of a script and the values of its fields. Knows no script;
 * the build makes the pieces with templates.awk.
 */
#include "flowrules/kits/templates.h"

#include <string.h>

#include "writer.h"

static bool is_end(const struct flowrules_piece *piece) {
    return piece->field == NULL && piece->text == NULL;
}

static bool is_same(const char *name, const char *other) {
    return name != NULL && other != NULL && strcmp(name, other) == 0;
}

const struct flowrules_piece *flowrules_template_find(const struct flowrules_piece *pieces,
                                                      const char *name) {
    const struct flowrules_piece *piece = pieces;
    while (!is_end(piece) && !is_same(piece->field, name) && !is_same(piece->when, name))
        piece++;
    return piece;
}

static const struct flowrules_value *find_value(const struct flowrules_value *values,
                                                const char *name) {
    for (const struct flowrules_value *v = values; v != NULL && v->name != NULL; v++)
        if (strcmp(v->name, name) == 0)
            return v;
    return NULL;
}

/* True if a piece before end asks for each value. */
static bool are_asked_for(const struct flowrules_value *values, const struct flowrules_piece *from,
                          const struct flowrules_piece *end) {
    for (const struct flowrules_value *v = values; v != NULL && v->name != NULL; v++)
        if (flowrules_template_find(from, v->name) >= end)
            return false;
    return true;
}

static bool write_piece(flowrules_writer *w, const struct flowrules_piece *piece,
                        const struct flowrules_value *values) {
    if (piece->when != NULL) {
        const struct flowrules_value *condition = find_value(values, piece->when);
        if (condition == NULL || condition->text == NULL)
            return condition != NULL;
    }
    if (piece->field == NULL) {
        flowrules_write(w, piece->text);
        return true;
    }
    const struct flowrules_value *value = find_value(values, piece->field);
    if (value != NULL && value->text != NULL && value->escape != NULL)
        flowrules_write_user(w, value->escape, value->text);
    else if (value != NULL)
        flowrules_write(w, value->text);
    return value != NULL;
}

const struct flowrules_piece *flowrules_write_template(flowrules_writer *w,
                                                       const struct flowrules_piece *from,
                                                       const struct flowrules_value *values,
                                                       const char *stop) {
    const struct flowrules_piece *end = from;
    while (from != NULL && !is_end(end) && !is_same(end->field, stop))
        end++;
    bool good = from != NULL && is_same(end->field, stop) == (stop != NULL) &&
                are_asked_for(values, from, end);
    for (const struct flowrules_piece *piece = from; good && piece < end; piece++)
        good = write_piece(w, piece, values);
    if (!good) {
        w->failed = true;
        return NULL;
    }
    return stop != NULL ? end + 1 : end;
}
