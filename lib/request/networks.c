/*
 * The networks that cells call by a name: those of the file of definitions, by their names and
 * descriptions, and those that nobody defines.
 */
#include <string.h>

#include "request.h"

/* Names as they are defined, in one table with folded ones, which have no such mark. */
#define AS_DEFINED "="

static size_t article(const char *text, size_t length) {
    return length > 4 && (text[0] | 0x20) == 't' && memcmp(text + 1, "he ", 3) == 0 ? 4 : 0;
}

static size_t fold(const char *text, size_t length, char folded[FR_FOLDED_MAX]) {
    size_t skip = article(text, length);
    fr_fold(text + skip, length - skip, folded);
    return strlen(folded);
}

/* Notes what a network is called; another network of the same name makes it unclear. */
static flowrules_status call(struct fr_taking *t, const char *key, size_t length,
                             const char *name) {
    if (length == 0)
        return FLOWRULES_OK;
    fr_string number = fr_strings_add(&t->calls, key, length);
    if (number == 0)
        return fr_no_memory(t->context);
    while (t->called.count < number)
        if (fr_vec_push(&t->called) == NULL)
            return fr_no_memory(t->context);
    struct fr_called *called = fr_vec_at(&t->called, struct fr_called, number - 1);
    if (called->name == NULL)
        called->name = name;
    else if (strcmp(called->name, name) != 0 && called->other == NULL)
        called->other = name;
    return FLOWRULES_OK;
}

static flowrules_status define(struct fr_taking *t, const struct fr_defined *defined) {
    char folded[FR_FOLDED_MAX];
    const char *own = fr_arena_printf(t->arena, AS_DEFINED "%s", defined->name);
    if (own == NULL || fr_strings_add(&t->words, defined->name, strlen(defined->name)) == 0)
        return fr_no_memory(t->context);
    FR_TRY(call(t, own, strlen(own), defined->name));
    size_t length = fold(defined->name, strlen(defined->name), folded);
    FR_TRY(call(t, folded, length, defined->name));
    if (defined->description == NULL)
        return FLOWRULES_OK;
    length = fold(defined->description, strlen(defined->description), folded);
    return call(t, folded, length, defined->name);
}

flowrules_status fr_networks_define(struct fr_taking *t) {
    for (size_t i = 0; i < t->request->defined.count; i++)
        FR_TRY(define(t, fr_vec_at(&t->request->defined, struct fr_defined, i)));
    return FLOWRULES_OK;
}

static const struct fr_called *find(const struct fr_taking *t, const char *key, size_t length) {
    fr_string number = length == 0 ? 0 : fr_strings_find(&t->calls, key, length);
    return number == 0 ? NULL : fr_vec_at(&t->called, struct fr_called, number - 1);
}

static const struct fr_called *find_folded(const struct fr_taking *t, const char *text,
                                           size_t length) {
    char folded[FR_FOLDED_MAX];
    return find(t, folded, fold(text, length, folded));
}

const struct fr_called *fr_network_called(const struct fr_taking *t, const char *text,
                                          size_t length) {
    char own[FR_FOLDED_MAX + sizeof AS_DEFINED] = AS_DEFINED;
    if (length >= FR_FOLDED_MAX)
        return find_folded(t, text, length);
    memcpy(own + strlen(AS_DEFINED), text, length);
    const struct fr_called *called = find(t, own, strlen(AS_DEFINED) + length);
    return called != NULL ? called : find_folded(t, text, length);
}

static flowrules_status tell_missing(struct fr_taking *t, const struct fr_missing *missing,
                                     const char *where) {
    struct fr_about about = {
        .severity = FLOWRULES_WARNING,
        .id = FR_SHEET_NAME,
        .at = fr_cell_place(t->sheet, t->row, t->cell),
        .hint = "write its addresses or names there, or what it is under 'names' of the mapping"};
    fr_report(&t->context->diagnostics, &about,
              "%s: '%s' is no address and no DNS name: the policy has a network '%s' without "
              "members",
              where, missing->text, missing->word);
    return FLOWRULES_OK;
}

flowrules_status fr_network_missing(const char **word, struct fr_taking *t, const char *text,
                                    size_t length) {
    char lower[FR_FOLDED_MAX + 1], folded[FR_FOLDED_MAX];
    for (size_t i = 0; i < length; i++)
        lower[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    lower[length] = '\0';
    struct fr_missing *slot = fr_vec_push(&t->missing);
    if (slot == NULL)
        return fr_no_memory(t->context);
    slot->text = fr_arena_text(t->arena, text, length);
    slot->word = fr_policy_word(t->arena, &t->words, lower);
    const char *where = fr_where(t);
    slot->where =
        fr_arena_printf(t->arena, "%s, %s",
                        fr_diagnostics_file_name(&t->context->diagnostics, t->sheet->file), where);
    if (slot->text == NULL || slot->word == NULL || slot->where == NULL)
        return fr_no_memory(t->context);
    *word = slot->word;
    size_t size = fold(text, length, folded);
    FR_TRY(call(t, folded, size, slot->word));
    return tell_missing(t, slot, where);
}
