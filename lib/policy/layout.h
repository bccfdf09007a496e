/*
 * The usual layout of a policy's text: spaces, quotes and the order of keys. Comments, anchors and
 * the style of collections stay as they are written. Knows no value of a policy.
 */
#ifndef FR_LAYOUT_H
#define FR_LAYOUT_H

#include "yaml_tokens.h"

/* May a text stand without quotes? Only texts that no reader of YAML takes for anything else. */
bool fr_layout_is_plain(const char *text, size_t length);

/* A text, its tokens, and its lines; what is made of it is collected in a builder. */
struct fr_layout {
    flowrules_context *context;
    const char *text; /* ends in a line feed, or is empty */
    size_t size;
    struct fr_arena arena;
    struct fr_vec tokens; /* struct fr_token */
    bool whole;           /* it is YAML whose lines can be told */
};

/* The text stays the caller's; to be freed in any case. */
flowrules_status fr_layout_init(struct fr_layout *l, flowrules_context *context, const char *text,
                                size_t size);
void fr_layout_free(struct fr_layout *l);

static inline const struct fr_token *fr_layout_token(const struct fr_layout *l, size_t i) {
    return fr_vec_at(&l->tokens, struct fr_token, i);
}

/* A text in the making: a growing block that is NUL-terminated; failed: out of memory. */
struct fr_layout_text {
    struct fr_vec bytes; /* char */
    bool failed;
};
void fr_layout_text_init(struct fr_layout_text *t, flowrules_context *context);
void fr_layout_text_free(struct fr_layout_text *t);
void fr_layout_text_add(struct fr_layout_text *t, const char *text, size_t length);

/* Indentation, spaces between tokens, quotes, blank lines (layout_spaces.c). */
flowrules_status fr_layout_spaces(const struct fr_layout *l, struct fr_layout_text *made);
/*
 * The keys of mappings in the order of docs/POLICY.md, in one pass of the innermost ones that are
 * not (layout_order.c). *changed is false where all are.
 */
flowrules_status fr_layout_order(const struct fr_layout *l, struct fr_layout_text *made,
                                 bool *changed);

#endif
