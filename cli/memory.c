/*
 * What every other file of the tool may need: memory that is there, lists of texts, the worse of
 * two statuses. Knows no verb and no option.
 */
#include "tool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void out_of_memory(void) {
    fputs("flowrules: out of memory\n", stderr);
    _Exit(FLOWRULES_IO);
}

void *allocate(size_t count, size_t size) {
    void *block = calloc(count > 0 ? count : 1, size);
    if (block == NULL)
        out_of_memory();
    return block;
}

void *reallocate(void *block, size_t count, size_t size) {
    void *larger = count <= SIZE_MAX / size ? realloc(block, count * size) : NULL;
    if (larger == NULL)
        out_of_memory();
    return larger;
}

char *format_text(const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    size_t size = length >= 0 ? (size_t)length + 1 : 1;
    char *text = allocate(size, 1);
    vsnprintf(text, size, format, arguments);
    return text;
}

void text_list_add(struct text_list *list, const char *text) {
    list->items = reallocate(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = text;
}

flowrules_status worse(flowrules_status one, flowrules_status other) {
    /* From good to bad; what is refused stays so even when the names are pinned. */
    static const int badness[] = {
        [FLOWRULES_OK] = 0,      [FLOWRULES_DIFFERENT] = 1, [FLOWRULES_UNRESOLVED] = 2,
        [FLOWRULES_REFUSED] = 3, [FLOWRULES_INVALID] = 4,   [FLOWRULES_USAGE] = 5,
        [FLOWRULES_IO] = 6,      [FLOWRULES_NO_MEMORY] = 7,
    };
    return badness[other] > badness[one] ? other : one;
}
