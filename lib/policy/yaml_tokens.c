/*
 * The tokens and events of libyaml, with the bytes of the text that they are.
 */
#include "yaml_tokens.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* ---- places -------------------------------------------------------------------------------- */

/* Where each line of a text begins. */
static bool find_lines(const char *text, size_t size, struct fr_vec *lines) {
    for (size_t i = 0; i <= size; i++) {
        if (i > 0 && text[i - 1] != '\n')
            continue;
        size_t *slot = fr_vec_add(lines);
        if (slot == NULL)
            return false;
        *slot = i;
    }
    return true;
}

/* libyaml counts them as lines. */
size_t fr_yaml_odd_break(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char a = (unsigned char)text[i];
        unsigned char b = i + 1 < size ? (unsigned char)text[i + 1] : 0;
        unsigned char c = i + 2 < size ? (unsigned char)text[i + 2] : 0;
        if (a == '\r' || (a == 0xC2 && b == 0x85) ||
            (a == 0xE2 && b == 0x80 && (c == 0xA8 || c == 0xA9)))
            return i;
    }
    return size;
}

/* The byte of a mark, which counts characters. */
static size_t byte_of(const struct fr_vec *lines, const char *text, size_t size,
                      const yaml_mark_t *mark) {
    if (mark->line >= lines->count)
        return size;
    size_t at = *fr_vec_at(lines, size_t, mark->line);
    for (size_t column = 0; column < mark->column && at < size; column++)
        do
            at++;
        while (at < size && ((unsigned char)text[at] & 0xC0) == 0x80);
    return at;
}

/* ---- tokens -------------------------------------------------------------------------------- */

static enum fr_token_kind kind_of(yaml_token_type_t type) {
    static const struct {
        yaml_token_type_t type;
        enum fr_token_kind kind;
    } kinds[] = {
        {YAML_BLOCK_SEQUENCE_START_TOKEN, FR_TOKEN_BLOCK_SEQUENCE},
        {YAML_BLOCK_MAPPING_START_TOKEN, FR_TOKEN_BLOCK_MAPPING},
        {YAML_BLOCK_END_TOKEN, FR_TOKEN_BLOCK_END},
        {YAML_FLOW_SEQUENCE_START_TOKEN, FR_TOKEN_OPEN_SEQUENCE},
        {YAML_FLOW_SEQUENCE_END_TOKEN, FR_TOKEN_CLOSE_SEQUENCE},
        {YAML_FLOW_MAPPING_START_TOKEN, FR_TOKEN_OPEN_MAPPING},
        {YAML_FLOW_MAPPING_END_TOKEN, FR_TOKEN_CLOSE_MAPPING},
        {YAML_BLOCK_ENTRY_TOKEN, FR_TOKEN_DASH},
        {YAML_FLOW_ENTRY_TOKEN, FR_TOKEN_COMMA},
        {YAML_KEY_TOKEN, FR_TOKEN_KEY},
        {YAML_VALUE_TOKEN, FR_TOKEN_COLON},
        {YAML_ALIAS_TOKEN, FR_TOKEN_ALIAS},
        {YAML_ANCHOR_TOKEN, FR_TOKEN_ANCHOR},
        {YAML_TAG_TOKEN, FR_TOKEN_TAG},
        {YAML_SCALAR_TOKEN, FR_TOKEN_SCALAR},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].type == type)
            return kinds[i].kind;
    return FR_TOKEN_OTHER;
}

static enum fr_scalar_style style_of(yaml_scalar_style_t style) {
    if (style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE)
        return FR_STYLE_QUOTED;
    return style == YAML_PLAIN_SCALAR_STYLE ? FR_STYLE_PLAIN : FR_STYLE_BLOCK;
}

struct scan {
    struct fr_arena *arena;
    const char *text;
    size_t size;
    struct fr_vec lines; /* size_t */
    struct fr_vec *tokens;
};

static bool keep_token(struct scan *s, const yaml_token_t *from) {
    struct fr_token token = {.kind = kind_of(from->type),
                             .line = (uint32_t)from->start_mark.line,
                             .column = (uint32_t)from->start_mark.column,
                             .last_line = (uint32_t)from->end_mark.line,
                             .last_column = (uint32_t)from->end_mark.column,
                             .first = byte_of(&s->lines, s->text, s->size, &from->start_mark),
                             .last = byte_of(&s->lines, s->text, s->size, &from->end_mark)};
    if (token.kind == FR_TOKEN_SCALAR) {
        token.style = style_of(from->data.scalar.style);
        token.length = from->data.scalar.length;
        token.value = fr_arena_text(s->arena, (const char *)from->data.scalar.value, token.length);
    }
    struct fr_token *slot = fr_vec_add(s->tokens);
    if (slot == NULL || (token.kind == FR_TOKEN_SCALAR && token.value == NULL))
        return false;
    *slot = token;
    return true;
}

/* False when out of memory. */
static bool scan_all(struct scan *s, bool *whole) {
    yaml_parser_t parser;
    yaml_token_t token;
    bool good = yaml_parser_initialize(&parser) != 0, ended = false;
    if (!good)
        return false;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)s->text, s->size);
    while (good && !ended && yaml_parser_scan(&parser, &token) != 0) {
        ended = token.type == YAML_STREAM_END_TOKEN;
        good = token.type == YAML_NO_TOKEN || keep_token(s, &token);
        yaml_token_delete(&token);
    }
    good = good && parser.error != YAML_MEMORY_ERROR;
    yaml_parser_delete(&parser);
    *whole = ended;
    return good;
}

flowrules_status fr_yaml_tokens(flowrules_context *context, struct fr_arena *arena,
                                const char *text, size_t size, struct fr_vec *tokens, bool *whole) {
    struct scan s = {.arena = arena, .text = text, .size = size, .tokens = tokens};
    tokens->count = 0;
    *whole = false;
    if (fr_yaml_odd_break(text, size) < size)
        return FLOWRULES_OK;
    fr_vec_init(&s.lines, &context->allocator, sizeof(size_t));
    bool good = find_lines(text, size, &s.lines) && scan_all(&s, whole);
    fr_vec_free(&s.lines);
    return good ? FLOWRULES_OK : fr_no_memory(context);
}

/* ---- what a text says ---------------------------------------------------------------------- */

/* A value, or the beginning of a collection that ends before number end. */
struct said {
    yaml_event_type_t type;
    const char *anchor, *tag, *value;
    size_t length;
    bool quoted;
    uint32_t end;
};

struct saying {
    flowrules_context *context;
    struct fr_arena arena;
    struct fr_vec list; /* struct said */
    struct fr_vec open; /* uint32_t */
    bool whole, failed;
};

static const char *copy(struct saying *s, const void *text, size_t length) {
    const char *kept = text == NULL ? NULL : fr_arena_text(&s->arena, text, length);
    s->failed = s->failed || (text != NULL && kept == NULL);
    return kept;
}

static const char *copy_text(struct saying *s, const yaml_char_t *text) {
    return copy(s, text, text == NULL ? 0 : strlen((const char *)text));
}

static struct said said_of(struct saying *s, const yaml_event_t *e) {
    struct said said = {.type = e->type};
    switch (e->type) {
    case YAML_ALIAS_EVENT:
        said.anchor = copy_text(s, e->data.alias.anchor);
        break;
    case YAML_SCALAR_EVENT:
        said.anchor = copy_text(s, e->data.scalar.anchor);
        said.tag = copy_text(s, e->data.scalar.tag);
        said.value = copy(s, e->data.scalar.value, e->data.scalar.length);
        said.length = e->data.scalar.length;
        said.quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        break;
    case YAML_SEQUENCE_START_EVENT:
        said.anchor = copy_text(s, e->data.sequence_start.anchor);
        said.tag = copy_text(s, e->data.sequence_start.tag);
        break;
    case YAML_MAPPING_START_EVENT:
        said.anchor = copy_text(s, e->data.mapping_start.anchor);
        said.tag = copy_text(s, e->data.mapping_start.tag);
        break;
    default:
        break;
    }
    return said;
}

static void take_event(struct saying *s, const yaml_event_t *e) {
    bool opens = e->type == YAML_SEQUENCE_START_EVENT || e->type == YAML_MAPPING_START_EVENT ||
                 e->type == YAML_DOCUMENT_START_EVENT;
    bool closes = e->type == YAML_SEQUENCE_END_EVENT || e->type == YAML_MAPPING_END_EVENT ||
                  e->type == YAML_DOCUMENT_END_EVENT;
    struct said *slot = fr_vec_add(&s->list);
    uint32_t *open = opens ? fr_vec_add(&s->open) : NULL;
    s->failed = s->failed || slot == NULL || (opens && open == NULL);
    if (s->failed)
        return;
    *slot = said_of(s, e);
    slot->end = (uint32_t)s->list.count;
    if (opens)
        *open = (uint32_t)s->list.count - 1;
    if (closes && s->open.count > 0) {
        uint32_t first = *fr_vec_at(&s->open, uint32_t, --s->open.count);
        fr_vec_at(&s->list, struct said, first)->end = (uint32_t)s->list.count;
    }
}

static void say(struct saying *s, flowrules_context *context, const char *text, size_t size) {
    yaml_parser_t parser;
    yaml_event_t event;
    bool ended = false;
    *s = (struct saying){.context = context};
    fr_arena_init(&s->arena, &context->allocator);
    fr_vec_init(&s->list, &context->allocator, sizeof(struct said));
    fr_vec_init(&s->open, &context->allocator, sizeof(uint32_t));
    s->failed = yaml_parser_initialize(&parser) == 0;
    if (s->failed)
        return;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    while (!s->failed && !ended && yaml_parser_parse(&parser, &event) != 0) {
        take_event(s, &event);
        ended = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    s->failed = s->failed || parser.error == YAML_MEMORY_ERROR;
    s->whole = ended;
    yaml_parser_delete(&parser);
}

static void unsay(struct saying *s) {
    fr_vec_free(&s->list);
    fr_vec_free(&s->open);
    fr_arena_free(&s->arena);
}

struct comparing {
    const struct saying *sides[2];
    bool (*may_unquote)(const char *text, size_t length);
    bool failed;
};

static const struct said *at(const struct comparing *c, unsigned side, uint32_t number) {
    return fr_vec_at(&c->sides[side]->list, struct said, number);
}

static bool same_value(const struct comparing *c, const struct said *a, const struct said *b) {
    bool quotes = a->quoted == b->quoted || (a->quoted && c->may_unquote(a->value, a->length));
    return a->type == b->type && fr_same_text(a->anchor, b->anchor) &&
           fr_same_text(a->tag, b->tag) && a->length == b->length &&
           (a->length == 0 || memcmp(a->value, b->value, a->length) == 0) && quotes;
}

/* Pairs of a mapping: where each key begins. */
static uint32_t *list_pairs(struct comparing *c, unsigned side, uint32_t mapping, size_t *count) {
    uint32_t end = at(c, side, mapping)->end - 1;
    const struct fr_allocator *allocator = &c->sides[side]->context->allocator;
    uint32_t *pairs = fr_malloc(allocator, (end - mapping + 1) * sizeof *pairs);
    *count = 0;
    c->failed = c->failed || pairs == NULL;
    for (uint32_t i = mapping + 1; pairs != NULL && i < end;) {
        pairs[(*count)++] = i;
        i = at(c, side, i)->end;
        i = i < end ? at(c, side, i)->end : i;
    }
    return pairs;
}

/* By the text of the keys; those of the same text keep their order. */
static void sort_pairs(const struct comparing *c, unsigned side, uint32_t *pairs, size_t count) {
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0; k--) {
            const char *x = at(c, side, pairs[k - 1])->value, *y = at(c, side, pairs[k])->value;
            if (strcmp(x == NULL ? "" : x, y == NULL ? "" : y) <= 0)
                break;
            uint32_t kept = pairs[k];
            pairs[k] = pairs[k - 1];
            pairs[k - 1] = kept;
        }
}

static bool same_node(struct comparing *c, uint32_t one, uint32_t other);

/* Mappings of many keys are those of names, which stay in their order: they are not sorted. */
#define SORTED_MOST 64u

static bool same_mapping(struct comparing *c, uint32_t one, uint32_t other) {
    size_t counts[2];
    uint32_t *pairs[2] = {list_pairs(c, 0, one, &counts[0]), list_pairs(c, 1, other, &counts[1])};
    bool same = !c->failed && counts[0] == counts[1];
    for (unsigned side = 0; side < 2 && same; side++)
        if (counts[side] <= SORTED_MOST)
            sort_pairs(c, side, pairs[side], counts[side]);
    for (size_t i = 0; i < counts[0] && same; i++)
        same = same_node(c, pairs[0][i], pairs[1][i]) &&
               same_node(c, at(c, 0, pairs[0][i])->end, at(c, 1, pairs[1][i])->end);
    for (unsigned side = 0; side < 2; side++)
        fr_free(&c->sides[side]->context->allocator, pairs[side]);
    return same;
}

static bool same_node(struct comparing *c, uint32_t one, uint32_t other) {
    const struct said *a = at(c, 0, one), *b = at(c, 1, other);
    if (!same_value(c, a, b))
        return false;
    if (a->type == YAML_MAPPING_START_EVENT)
        return same_mapping(c, one, other);
    if (a->type != YAML_SEQUENCE_START_EVENT && a->type != YAML_DOCUMENT_START_EVENT)
        return true;
    uint32_t i = one + 1, k = other + 1;
    while (i < a->end - 1 && k < b->end - 1) {
        if (!same_node(c, i, k))
            return false;
        i = at(c, 0, i)->end;
        k = at(c, 1, k)->end;
    }
    return i == a->end - 1 && k == b->end - 1;
}

/* All documents of the two. */
static bool same_streams(struct comparing *c) {
    uint32_t i = 0, k = 0;
    while (i < c->sides[0]->list.count && k < c->sides[1]->list.count) {
        if (!same_node(c, i, k))
            return false;
        i = at(c, 0, i)->end;
        k = at(c, 1, k)->end;
    }
    return i == c->sides[0]->list.count && k == c->sides[1]->list.count;
}

flowrules_status fr_yaml_same(flowrules_context *context, const char *one, size_t one_size,
                              const char *other, size_t other_size,
                              bool (*may_unquote)(const char *text, size_t length), bool *same) {
    struct saying said[2];
    say(&said[0], context, one, one_size);
    say(&said[1], context, other, other_size);
    struct comparing c = {.sides = {&said[0], &said[1]},
                          .may_unquote = may_unquote,
                          .failed = said[0].failed || said[1].failed};
    *same = !c.failed && said[0].whole && said[1].whole && same_streams(&c);
    unsay(&said[0]);
    unsay(&said[1]);
    return c.failed ? fr_no_memory(context) : FLOWRULES_OK;
}
