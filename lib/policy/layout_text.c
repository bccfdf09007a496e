/*
 * What the steps of a layout share: a text in the making, its tokens, and which texts need quotes.
 */
#include <string.h>
#include <strings.h>

#include "layout.h"

void fr_layout_text_init(struct fr_layout_text *t, flowrules_context *context) {
    t->failed = false;
    fr_vec_init(&t->bytes, &context->allocator, 1);
}

void fr_layout_text_free(struct fr_layout_text *t) {
    fr_vec_free(&t->bytes);
}

void fr_layout_text_add(struct fr_layout_text *t, const char *text, size_t length) {
    t->failed = t->failed || !fr_vec_reserve(&t->bytes, length + 1);
    if (t->failed)
        return;
    if (length > 0)
        memcpy((char *)t->bytes.items + t->bytes.count, text, length);
    t->bytes.count += length;
    ((char *)t->bytes.items)[t->bytes.count] = '\0';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Words that some reader of YAML takes for a boolean or for nothing. */
static bool is_reserved(const char *text, size_t length) {
    static const char *const words[] = {"true", "false", "yes", "no", "on",
                                        "off",  "null",  "y",   "n"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == length && strncasecmp(words[i], text, length) == 0)
            return true;
    return false;
}

bool fr_layout_is_plain(const char *text, size_t length) {
    if (length == 0 || !is_letter(text[0]) || is_reserved(text, length))
        return false;
    for (size_t i = 0; i < length; i++) {
        bool inner = text[i] == ' ' && i + 1 < length && text[i - 1] != ' ';
        if (!is_letter(text[i]) && (text[i] < '0' || text[i] > '9') && !inner &&
            strchr("-_./", text[i]) == NULL)
            return false;
    }
    return true;
}

flowrules_status fr_layout_init(struct fr_layout *l, flowrules_context *context, const char *text,
                                size_t size) {
    *l = (struct fr_layout){.context = context, .text = text, .size = size};
    fr_arena_init(&l->arena, &context->allocator);
    fr_vec_init(&l->tokens, &context->allocator, sizeof(struct fr_token));
    return fr_yaml_tokens(context, &l->arena, text, size, &l->tokens, &l->whole);
}

void fr_layout_free(struct fr_layout *l) {
    fr_vec_free(&l->tokens);
    fr_arena_free(&l->arena);
}
