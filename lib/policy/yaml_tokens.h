/*
 * A YAML text as it is written: its tokens with their places, for those who change its layout, and
 * what it says, to compare two texts.
 */
#ifndef FR_YAML_TOKENS_H
#define FR_YAML_TOKENS_H

#include "context.h"

enum fr_token_kind {
    FR_TOKEN_OTHER, /* the stream, documents, directives */
    FR_TOKEN_BLOCK_SEQUENCE,
    FR_TOKEN_BLOCK_MAPPING,
    FR_TOKEN_BLOCK_END,
    FR_TOKEN_OPEN_SEQUENCE, /* [ */
    FR_TOKEN_CLOSE_SEQUENCE,
    FR_TOKEN_OPEN_MAPPING, /* { */
    FR_TOKEN_CLOSE_MAPPING,
    FR_TOKEN_DASH,
    FR_TOKEN_COMMA,
    FR_TOKEN_KEY,
    FR_TOKEN_COLON,
    FR_TOKEN_ALIAS,
    FR_TOKEN_ANCHOR,
    FR_TOKEN_TAG,
    FR_TOKEN_SCALAR
};

enum fr_scalar_style { FR_STYLE_PLAIN, FR_STYLE_QUOTED, FR_STYLE_BLOCK };

/* Lines and columns begin at 0; a token of no width begins and ends in the same place. */
struct fr_token {
    enum fr_token_kind kind;
    enum fr_scalar_style style; /* of a scalar */
    uint32_t line, column;
    uint32_t last_line, last_column; /* behind it */
    size_t first, last;              /* bytes of the text */
    const char *value;               /* of a scalar */
    size_t length;
};

/* The first line break that other tools take for none, or a lone carriage return; size: none. */
size_t fr_yaml_odd_break(const char *text, size_t size);

/*
 * The tokens of a text without a byte order mark, whose lines end in line feeds alone; their values
 * are texts of the arena. *whole is false where the text is not YAML, or has another kind of line
 * break in it.
 */
flowrules_status fr_yaml_tokens(flowrules_context *context, struct fr_arena *arena,
                                const char *text, size_t size, struct fr_vec *tokens, bool *whole);

/*
 * Do two texts say the same: the same values with the same anchors, aliases and tags, in the same
 * order but for the keys of mappings? A text in quotes may stand without them where may_unquote
 * says so.
 */
flowrules_status fr_yaml_same(flowrules_context *context, const char *one, size_t one_size,
                              const char *other, size_t other_size,
                              bool (*may_unquote)(const char *text, size_t length), bool *same);

#endif
