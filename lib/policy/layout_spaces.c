/*
 * Puts the spaces of a text in order: two for each level of indentation, one between tokens, at
 * most one blank line; quotes that are not needed go. What stands within a text of several lines
 * moves with the line that it begins in.
 */
#include <string.h>

#include "layout.h"

#define NO_BLOCK UINT32_MAX
#define STEP     2u

/* A block collection: the column that its entries are in, and are to be in. */
struct block {
    uint32_t column, indent, parent;
    bool sequence, implied; /* implied: a list in the column of the key that it belongs to */
};

enum line_kind {
    LINE_BLANK,
    LINE_COMMENT,
    LINE_ENTRY,   /* it begins with a key or a dash of a block */
    LINE_GOES_ON, /* it belongs to what begins before it */
    LINE_TEXT     /* of a text behind | or >: all of it counts */
};

struct line {
    size_t first, last; /* bytes, without the line feed */
    uint32_t indent;    /* spaces at its beginning */
    enum line_kind kind;
    uint32_t block;     /* that it moves with */
    uint32_t innermost; /* block at its end */
};

struct edit {
    size_t first, last;
    const char *text;
    size_t length;
};

struct spacing {
    const struct fr_layout *l;
    struct fr_layout_text *made;
    struct fr_vec blocks; /* struct block */
    struct fr_vec lines;  /* struct line */
    struct fr_vec edits;  /* struct edit */
    uint32_t top;         /* the innermost open block */
    unsigned flow;        /* collections in [ ] and { } that are open */
    bool failed;
};

static struct line *line_at(const struct spacing *s, size_t i) {
    return fr_vec_at(&s->lines, struct line, i);
}

static struct block *block_at(const struct spacing *s, uint32_t i) {
    return fr_vec_at(&s->blocks, struct block, i);
}

/* ---- lines --------------------------------------------------------------------------------- */

static struct line read_line(const struct fr_layout *l, size_t first) {
    const char *newline = memchr(l->text + first, '\n', l->size - first);
    struct line line = {.first = first, .block = NO_BLOCK, .innermost = NO_BLOCK};
    line.last = newline == NULL ? l->size : (size_t)(newline - l->text);
    while (first + line.indent < line.last && l->text[first + line.indent] == ' ')
        line.indent++;
    size_t at = first + line.indent;
    while (at < line.last && l->text[at] == '\t')
        at++;
    line.kind = at == line.last ? LINE_BLANK : l->text[at] == '#' ? LINE_COMMENT : LINE_GOES_ON;
    return line;
}

static void find_lines(struct spacing *s) {
    for (size_t at = 0; at < s->l->size && !s->failed;) {
        struct line *slot = fr_vec_add(&s->lines);
        s->failed = slot == NULL;
        if (slot == NULL)
            return;
        *slot = read_line(s->l, at);
        at = slot->last + 1;
    }
}

/* ---- blocks -------------------------------------------------------------------------------- */

static void open_block(struct spacing *s, const struct fr_token *t, bool sequence, bool implied) {
    struct block *slot = fr_vec_add(&s->blocks);
    s->failed = s->failed || slot == NULL;
    if (slot == NULL)
        return;
    *slot = (struct block){
        .column = t->column, .parent = s->top, .sequence = sequence, .implied = implied};
    slot->indent = s->top == NO_BLOCK ? 0 : block_at(s, s->top)->indent + STEP;
    s->top = (uint32_t)s->blocks.count - 1;
}

static bool is_implied(const struct spacing *s) {
    return s->top != NO_BLOCK && block_at(s, s->top)->implied;
}

static void close_block(struct spacing *s) {
    if (is_implied(s))
        s->top = block_at(s, s->top)->parent;
    if (s->top != NO_BLOCK)
        s->top = block_at(s, s->top)->parent;
}

/* A dash in the column of the keys is of a list that begins there; a key there ends it. */
static void look_at_entry(struct spacing *s, const struct fr_token *t) {
    if (s->flow > 0)
        return;
    if (t->kind == FR_TOKEN_KEY && is_implied(s) && t->column <= block_at(s, s->top)->column)
        s->top = block_at(s, s->top)->parent;
    if (t->kind == FR_TOKEN_DASH && s->top != NO_BLOCK && !block_at(s, s->top)->sequence)
        open_block(s, t, true, true);
}

static void follow_block(struct spacing *s, const struct fr_token *t) {
    switch (t->kind) {
    case FR_TOKEN_BLOCK_SEQUENCE:
    case FR_TOKEN_BLOCK_MAPPING:
        open_block(s, t, t->kind == FR_TOKEN_BLOCK_SEQUENCE, false);
        break;
    case FR_TOKEN_BLOCK_END:
        close_block(s);
        break;
    case FR_TOKEN_KEY:
    case FR_TOKEN_DASH:
        look_at_entry(s, t);
        break;
    case FR_TOKEN_OPEN_MAPPING:
    case FR_TOKEN_OPEN_SEQUENCE:
        s->flow++;
        break;
    case FR_TOKEN_CLOSE_MAPPING:
    case FR_TOKEN_CLOSE_SEQUENCE:
        s->flow -= s->flow > 0;
        break;
    default:
        break;
    }
}

/* ---- which line moves how ------------------------------------------------------------------ */

static bool is_entry(const struct spacing *s, const struct fr_token *t) {
    return s->flow == 0 && (t->kind == FR_TOKEN_KEY || t->kind == FR_TOKEN_DASH);
}

/* Has the head of a text, "|2+", a sign of a kind? */
static bool has_sign(const struct spacing *s, const struct fr_token *t, const char *signs) {
    size_t at = t->first + 1, length = strspn(s->l->text + at, "+-0123456789");
    return strcspn(s->l->text + at, signs) < length;
}

/*
 * The lines of a text behind | or >: those that are deeper than the block, and blank ones between
 * them, or that have more spaces than it.
 */
static void mark_text(struct spacing *s, const struct fr_token *t) {
    size_t last = t->line;
    bool keeps = has_sign(s, t, "+123456789");
    uint32_t indent = UINT32_MAX;
    for (size_t i = t->line + 1; i < s->lines.count; i++) {
        const struct line *line = line_at(s, i);
        bool deeper = s->top == NO_BLOCK || line->indent > block_at(s, s->top)->column;
        bool blank = line->kind == LINE_BLANK;
        if (!blank && !deeper)
            break;
        indent = !blank && indent == UINT32_MAX ? line->indent : indent;
        last = !blank || keeps || line->indent > indent ? i : last;
    }
    for (size_t i = t->line + 1; i <= last; i++) {
        line_at(s, i)->kind = LINE_TEXT;
        line_at(s, i)->block = line_at(s, i)->innermost = s->top;
    }
}

/* Lines that a token goes on in. */
static void mark_rest(struct spacing *s, const struct fr_token *t) {
    for (size_t i = t->line + 1; i <= t->last_line && i < s->lines.count; i++) {
        line_at(s, i)->kind = LINE_GOES_ON;
        line_at(s, i)->block = line_at(s, i)->innermost = s->top;
    }
}

static void place_token(struct spacing *s, const struct fr_token *t, uint32_t since) {
    struct line *line = t->line < s->lines.count ? line_at(s, t->line) : NULL;
    if (line == NULL || t->kind == FR_TOKEN_BLOCK_END || t->kind == FR_TOKEN_BLOCK_SEQUENCE ||
        t->kind == FR_TOKEN_BLOCK_MAPPING || t->kind == FR_TOKEN_OTHER)
        return;
    for (size_t i = since; i < t->line && s->flow > 0; i++) /* lines between, of [ ] and { } */
        if (line_at(s, i)->kind == LINE_COMMENT || line_at(s, i)->kind == LINE_BLANK)
            line_at(s, i)->block = s->top;
    if (line->block == NO_BLOCK && t->first == line->first + line->indent) {
        line->kind = is_entry(s, t) ? LINE_ENTRY : line->kind;
        line->block = s->top;
    }
    if (line->block == NO_BLOCK)
        line->block = s->top;
    line->innermost = s->top;
    if (t->kind == FR_TOKEN_SCALAR && t->style == FR_STYLE_BLOCK)
        mark_text(s, t);
    else if (t->kind == FR_TOKEN_SCALAR)
        mark_rest(s, t);
}

static void place_tokens(struct spacing *s) {
    uint32_t since = 0;
    for (size_t i = 0; i < s->l->tokens.count && !s->failed; i++) {
        const struct fr_token *t = fr_layout_token(s->l, i);
        bool closes = t->kind == FR_TOKEN_CLOSE_MAPPING || t->kind == FR_TOKEN_CLOSE_SEQUENCE;
        if (closes)
            place_token(s, t, since);
        follow_block(s, t);
        if (!closes && !s->failed)
            place_token(s, t, since);
        since = t->last_line + 1;
    }
}

/* A comment is in the column of what follows, or of a block that is open before it. */
static uint32_t comment_block(const struct spacing *s, size_t number) {
    const struct line *own = line_at(s, number);
    size_t next = number + 1, before = number;
    while (next < s->lines.count && line_at(s, next)->kind != LINE_ENTRY)
        next++;
    uint32_t block = next < s->lines.count ? line_at(s, next)->block : NO_BLOCK;
    if (block != NO_BLOCK && own->indent == block_at(s, block)->column)
        return block;
    while (before > 0 && line_at(s, before - 1)->innermost == NO_BLOCK)
        before--;
    uint32_t open = before > 0 ? line_at(s, before - 1)->innermost : NO_BLOCK;
    while (open != NO_BLOCK && block_at(s, open)->column > own->indent)
        open = block_at(s, open)->parent;
    return open != NO_BLOCK ? open : block;
}

static uint32_t new_indent(const struct spacing *s, size_t number) {
    const struct line *line = line_at(s, number);
    uint32_t block = line->block;
    if (line->kind == LINE_COMMENT && block == NO_BLOCK) {
        block = comment_block(s, number);
        return block == NO_BLOCK ? 0 : block_at(s, block)->indent;
    }
    if (block == NO_BLOCK)
        return line->indent;
    const struct block *b = block_at(s, block);
    if (line->kind == LINE_ENTRY)
        return b->indent;
    return line->indent + b->indent < b->column ? 0 : line->indent + b->indent - b->column;
}

/* ---- within a line ------------------------------------------------------------------------- */

static void add_edit(struct spacing *s, size_t first, size_t last, const char *text,
                     size_t length) {
    struct edit *slot = fr_vec_add(&s->edits);
    s->failed = s->failed || slot == NULL;
    if (slot != NULL)
        *slot = (struct edit){first, last, text, length};
}

static bool opens(const struct fr_token *t) {
    return t->kind == FR_TOKEN_OPEN_MAPPING || t->kind == FR_TOKEN_OPEN_SEQUENCE;
}

static bool closes(const struct fr_token *t) {
    return t->kind == FR_TOKEN_CLOSE_MAPPING || t->kind == FR_TOKEN_CLOSE_SEQUENCE;
}

/* How many spaces are between two tokens of a line; SIZE_MAX: as many as there are. */
static size_t gap_between(const struct fr_token *a, const struct fr_token *b) {
    bool value = a->kind == FR_TOKEN_COLON || a->kind == FR_TOKEN_COMMA ||
                 a->kind == FR_TOKEN_DASH || a->kind == FR_TOKEN_ANCHOR || a->kind == FR_TOKEN_TAG;
    if (a->kind == FR_TOKEN_ALIAS || a->kind == FR_TOKEN_KEY || b->kind == FR_TOKEN_OTHER)
        return SIZE_MAX;
    if (opens(a) || (closes(b) && !value))
        return 0;
    if ((b->kind == FR_TOKEN_COMMA || b->kind == FR_TOKEN_COLON) && !value)
        return 0;
    return value && b->kind != FR_TOKEN_COMMA && !closes(b) ? 1 : SIZE_MAX;
}

static bool is_blank(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (text[i] != ' ' && text[i] != '\t')
            return false;
    return true;
}

static void edit_gap(struct spacing *s, const struct fr_token *a, const struct fr_token *b) {
    size_t wanted = gap_between(a, b), length = b->first - a->last;
    if (a->last_line != b->line || b->first < a->last || wanted == SIZE_MAX || wanted == length ||
        !is_blank(s->l->text + a->last, length))
        return;
    add_edit(s, a->last, b->first, " ", wanted);
}

static void edit_quotes(struct spacing *s, const struct fr_token *t) {
    if (t->kind == FR_TOKEN_SCALAR && t->style == FR_STYLE_QUOTED && t->line == t->last_line &&
        fr_layout_is_plain(t->value, t->length))
        add_edit(s, t->first, t->last, t->value, t->length);
}

static void edit_lines(struct spacing *s) {
    const struct fr_token *before = NULL;
    for (size_t i = 0; i < s->l->tokens.count && !s->failed; i++) {
        const struct fr_token *t = fr_layout_token(s->l, i);
        if (t->first == t->last)
            continue;
        if (before != NULL && before->style != FR_STYLE_BLOCK && before->kind != FR_TOKEN_OTHER)
            edit_gap(s, before, t);
        edit_quotes(s, t);
        before = t;
    }
}

/* ---- writing ------------------------------------------------------------------------------- */

static void write_spaces(struct spacing *s, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        fr_layout_text_add(s->made, " ", 1);
}

/* A line with what is changed in it, from an edit on. */
static void write_edited(struct spacing *s, const struct line *line, size_t *edit) {
    size_t at = line->first + line->indent, last = line->last;
    while (last > at && line->kind != LINE_TEXT && is_blank(s->l->text + last - 1, 1))
        last--;
    while (at < last && line->kind != LINE_TEXT && s->l->text[at] == '\t')
        at++;
    for (; *edit < s->edits.count; ++*edit) {
        const struct edit *e = fr_vec_at(&s->edits, struct edit, *edit);
        if (e->first >= last)
            break;
        if (e->first < at)
            continue;
        fr_layout_text_add(s->made, s->l->text + at, e->first - at);
        fr_layout_text_add(s->made, e->text, e->length);
        at = e->last;
    }
    fr_layout_text_add(s->made, s->l->text + at, last - at);
}

static void write_line(struct spacing *s, size_t number, size_t *edit, bool *blank) {
    const struct line *line = line_at(s, number);
    bool empty = line->kind == LINE_BLANK;
    if (empty) {
        *blank = s->made->bytes.count > 0;
        return;
    }
    if (*blank)
        fr_layout_text_add(s->made, "\n", 1);
    *blank = false;
    if (line->last > line->first + line->indent || line->kind == LINE_TEXT)
        write_spaces(s, line->first + line->indent == line->last && line->indent == 0
                            ? 0
                            : new_indent(s, number));
    write_edited(s, line, edit);
    fr_layout_text_add(s->made, "\n", 1);
}

flowrules_status fr_layout_spaces(const struct fr_layout *l, struct fr_layout_text *made) {
    const struct fr_allocator *allocator = &l->context->allocator;
    struct spacing s = {.l = l, .made = made, .top = NO_BLOCK};
    size_t edit = 0;
    bool blank = false;
    fr_vec_init(&s.blocks, allocator, sizeof(struct block));
    fr_vec_init(&s.lines, allocator, sizeof(struct line));
    fr_vec_init(&s.edits, allocator, sizeof(struct edit));
    find_lines(&s);
    if (!s.failed)
        place_tokens(&s);
    if (!s.failed)
        edit_lines(&s);
    for (size_t i = 0; i < s.lines.count && !s.failed; i++)
        write_line(&s, i, &edit, &blank);
    fr_vec_free(&s.blocks);
    fr_vec_free(&s.lines);
    fr_vec_free(&s.edits);
    return s.failed || made->failed ? fr_no_memory(l->context) : FLOWRULES_OK;
}
