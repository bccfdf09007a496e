/*
 * Documents in Markdown, by md4c: tables, and lines of "Destination: ..." in lists, paragraphs and
 * blocks, which become tables of one row. Headings give names and tags. What is only prose is
 * reported as not taken.
 */
#include <md4c.h>
#include <stdio.h>
#include <string.h>

#include "table.h"
#include "words.h"

#define LEVELS      6u
#define LABEL_WORDS 4u
/* Labels of one flow; values of a label. */
#define PAIRS_MAX 32u

struct pair {
    const char *label;
    struct fr_vec value; /* char */
    enum fr_role role;
    uint32_t line;
};

/* What a heading says for all below it. */
struct section {
    char *title;
    const char *source;
    uint32_t source_line;
};

struct document {
    struct fr_sheets *sheets;
    flowrules_context *context;
    const struct fr_handed *file;
    const char *text, *end, *line_at;
    uint32_t line; /* of line_at */
    struct section sections[LEVELS + 1];
    unsigned level;
    struct fr_vec leaf; /* char: the text of the block that is read */
    uint32_t leaf_line;
    bool has_line, in_table, in_code, in_html;
    struct pair pairs[PAIRS_MAX];
    size_t pair_count;
    struct fr_sheet *table;
    uint32_t column, columns; /* of the table */
    flowrules_status status;
};

static int fail(struct document *d, flowrules_status status) {
    d->status = status;
    return status == FLOWRULES_OK ? 0 : 1;
}

static int out_of_memory(struct document *d) {
    return fail(d, fr_no_memory(d->context));
}

/* ---- places -------------------------------------------------------------------------------- */

/* Notes the line of the first text of a block; texts come in order, but for those of links. */
static void note_line(struct document *d, const char *text) {
    if (d->has_line || text < d->text || text >= d->end)
        return;
    if (text < d->line_at) {
        d->line_at = d->text;
        d->line = 1;
    }
    for (; d->line_at < text; d->line_at++)
        d->line += *d->line_at == '\n';
    d->leaf_line = d->line;
    d->has_line = true;
}

static bool add_bytes(struct fr_vec *bytes, const char *text, size_t length) {
    if (!fr_vec_reserve(bytes, length + 1))
        return false;
    memcpy((char *)bytes->items + bytes->count, text, length);
    bytes->count += length;
    ((char *)bytes->items)[bytes->count] = '\0';
    return true;
}

/* ---- headings ------------------------------------------------------------------------------ */

static const struct {
    const char *tag, *words[6];
} tag_words[] = {
    {"required",
     {"required", "mandatory", "erforderlich", "obligatoire", "obligatorio", "pflicht"}},
    {"optional", {"optional", "optionnel", "opcional", "facultatif"}},
    {"inbound", {"inbound", "ingress", "incoming", "eingehend", "entrant", "entrante"}},
    {"outbound", {"outbound", "egress", "outgoing", "ausgehend", "sortant", "saliente"}},
    {"internal", {"internal", "intern", "interne", "interno"}},
};

static bool has_word(const char *text, const char *word) {
    size_t size = strlen(word);
    for (const char *at = text; *at != '\0'; at++) {
        size_t same = 0;
        while (same < size && (at[same] | 0x20) == word[same])
            same++;
        bool begins = at == text || !((at[-1] | 0x20) >= 'a' && (at[-1] | 0x20) <= 'z');
        if (same == size && begins)
            return true;
    }
    return false;
}

static const char *tag_of(const char *title, size_t i) {
    for (size_t w = 0; w < 6 && tag_words[i].words[w] != NULL; w++)
        if (has_word(title, tag_words[i].words[w]))
            return tag_words[i].tag;
    return NULL;
}

/* The innermost heading says it: optional below required is optional. */
static void tag_sheet(const struct document *d, struct fr_sheet *sheet) {
    size_t used = 0;
    bool need = false, way = false;
    for (unsigned level = LEVELS; level > 0; level--)
        for (size_t i = 0; d->sections[level].title != NULL && i < 5; i++) {
            const char *tag = tag_of(d->sections[level].title, i);
            bool *said = i < 2 ? &need : &way;
            if (tag == NULL || *said || used == 3)
                continue;
            *said = true;
            sheet->tags[used++] = tag;
        }
}

/* A title without its number and what is in brackets. */
static const char *short_title(struct document *d) {
    const char *title = d->sections[d->level].title;
    if (title == NULL)
        return NULL;
    size_t skip = strspn(title, "0123456789.) \t");
    title += title[skip] == '\0' ? 0 : skip;
    size_t length = strcspn(title, "(");
    length = length == 0 ? strlen(title) : length;
    while (length > 0 && strchr(" :\t", title[length - 1]) != NULL)
        length--;
    return fr_arena_text(&d->sheets->arena, title, length);
}

static int begin_section(struct document *d, unsigned level) {
    d->level = level;
    for (unsigned i = level; i <= LEVELS; i++)
        d->sections[i] = (struct section){NULL, NULL, 0};
    d->sections[level].title = fr_arena_text(&d->sheets->arena, d->leaf.items, d->leaf.count);
    return d->sections[level].title == NULL ? out_of_memory(d) : 0;
}

/* ---- flows --------------------------------------------------------------------------------- */

static const struct section *source_of_sections(const struct document *d) {
    for (unsigned level = d->level + 1; level-- > 0;)
        if (d->sections[level].source != NULL)
            return &d->sections[level];
    return NULL;
}

static void tell(struct document *d, uint32_t line, const char *what, const char *text) {
    struct fr_about about = {
        .severity = FLOWRULES_NOTE, .id = FR_SHEET_TOLD, .at = {d->file->number, line, 1, 0}};
    fr_report(&d->context->diagnostics, &about, what, text);
}

static bool says(const struct document *d, enum fr_role role) {
    for (size_t i = 0; i < d->pair_count; i++)
        if (d->pairs[i].role == role)
            return true;
    return false;
}

static flowrules_status add_cell(struct document *d, struct fr_sheet *sheet, uint32_t column,
                                 const char *text, uint32_t line) {
    struct fr_cell cell = {.text = text, .column = column, .line = line, .place = 1};
    return fr_cell_add(d->sheets, sheet, &cell, strlen(text));
}

static struct fr_sheet *new_sheet(struct document *d, bool listed) {
    struct fr_sheet *sheet = fr_sheet_new(d->sheets, d->file->number, NULL);
    if (sheet == NULL)
        return NULL;
    sheet->document = true;
    sheet->listed = listed;
    sheet->title = short_title(d);
    tag_sheet(d, sheet);
    return sheet;
}

/* A row of the labels, and one of their values. */
static flowrules_status emit_pairs(struct document *d) {
    const struct section *above = says(d, FR_ROLE_SOURCE) ? NULL : source_of_sections(d);
    struct fr_sheet *sheet = new_sheet(d, true);
    uint32_t line = d->pairs[0].line, count = (uint32_t)d->pair_count;
    if (sheet == NULL || fr_row_new(sheet, line, line) == NULL)
        return fr_no_memory(d->context);
    for (uint32_t i = 0; i < count; i++)
        FR_TRY(add_cell(d, sheet, i, d->pairs[i].label, d->pairs[i].line));
    if (above != NULL)
        FR_TRY(add_cell(d, sheet, count, "Source", above->source_line));
    if (fr_row_new(sheet, line, line) == NULL)
        return fr_no_memory(d->context);
    for (uint32_t i = 0; i < count; i++)
        if (d->pairs[i].value.count > 0)
            FR_TRY(add_cell(d, sheet, i, d->pairs[i].value.items, d->pairs[i].line));
    if (above == NULL)
        return FLOWRULES_OK;
    tell(d, line, "the source is that of the section: '%s'", above->source);
    return add_cell(d, sheet, count, above->source, above->source_line);
}

static flowrules_status keep_source(struct document *d) {
    for (size_t i = 0; i < d->pair_count; i++) {
        if (d->pairs[i].role != FR_ROLE_SOURCE || d->pairs[i].value.count == 0)
            continue;
        struct section *section = &d->sections[d->level];
        section->source =
            fr_arena_text(&d->sheets->arena, d->pairs[i].value.items, d->pairs[i].value.count);
        section->source_line = d->pairs[i].line;
        if (section->source == NULL)
            return fr_no_memory(d->context);
    }
    return FLOWRULES_OK;
}

/* The lines so far are a flow; with a source alone, they are for the flows of the section. */
static flowrules_status flush(struct document *d) {
    flowrules_status status = FLOWRULES_OK;
    bool end = says(d, FR_ROLE_DESTINATION) || says(d, FR_ROLE_DESTINATION_NAME);
    if (end)
        status = emit_pairs(d);
    else if (says(d, FR_ROLE_SOURCE))
        status = keep_source(d);
    for (size_t i = 0; i < d->pair_count; i++) {
        if (!end && d->pairs[i].role != FR_ROLE_SOURCE)
            tell(d, d->pairs[i].line, "'%s' is not taken: no destination stands with it",
                 d->pairs[i].label);
        fr_vec_free(&d->pairs[i].value);
    }
    d->pair_count = 0;
    return status;
}

/* ---- lines --------------------------------------------------------------------------------- */

/* The length of a label before a colon, of a known one or one among others; 0: there is none. */
static size_t label_length(const char *line, size_t length, bool among_others, enum fr_role *role) {
    const char *colon = memchr(line, ':', length), *why;
    char label[80];
    size_t size = colon == NULL ? 0 : (size_t)(colon - line), words = 1;
    for (size_t i = 0; i < size; i++)
        words += line[i] == ' ';
    if (size == 0 || size >= sizeof label || words > LABEL_WORDS ||
        (size + 2 < length && memcmp(colon, "://", 3) == 0))
        return 0;
    snprintf(label, sizeof label, "%.*s", (int)size, line);
    *role = fr_heading_role(label, &why);
    if (*role == FR_ROLE_NONE && among_others)
        *role = FR_ROLE_OTHER;
    return *role == FR_ROLE_NONE ? 0 : size;
}

/* Does prose ask for something, so that leaving it out has to be told? */
static bool asks(const char *line) {
    static const char *const words[] = {"allow",      "permit", "open",    "recommend", "firewall",
                                        "port",       "deny",   "block",   "https",     "erlaub",
                                        "freischalt", "ouvrir", "autoris", "permit",    "abrir"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (has_word(line, words[i]))
            return true;
    for (const char *dot = strchr(line, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        if (dot > line && (dot[-1] | 0x20) >= 'a' && (dot[-1] | 0x20) <= 'z' &&
            (dot[1] | 0x20) >= 'a' && (dot[1] | 0x20) <= 'z')
            return true;
    return false;
}

static flowrules_status add_pair(struct document *d, const char *line, size_t size, size_t length,
                                 enum fr_role role, uint32_t number) {
    if ((role != FR_ROLE_OTHER && says(d, role)) || d->pair_count == PAIRS_MAX)
        FR_TRY(flush(d));
    struct pair *pair = &d->pairs[d->pair_count];
    const char *value = line + size + 1;
    size_t rest = length - size - 1;
    while (rest > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        rest--;
    }
    pair->label = fr_arena_text(&d->sheets->arena, line, size);
    pair->role = role;
    pair->line = number;
    fr_vec_init(&pair->value, &d->context->allocator, 1);
    d->pair_count++;
    return pair->label == NULL || !add_bytes(&pair->value, value, rest) ? fr_no_memory(d->context)
                                                                        : FLOWRULES_OK;
}

static flowrules_status take_line(struct document *d, char *line, size_t length, uint32_t number) {
    enum fr_role role = FR_ROLE_NONE;
    while (length > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        length--;
    }
    size_t size = label_length(line, length, d->pair_count > 0, &role);
    struct pair *last = d->pair_count == 0 ? NULL : &d->pairs[d->pair_count - 1];
    bool value = last != NULL && (d->in_code || last->value.count == 0);
    if (length == 0)
        return d->in_code ? flush(d) : FLOWRULES_OK;
    if (size > 0)
        return add_pair(d, line, size, length, role, number);
    /* Values in a list of their own, or in the next lines of a block. */
    if (value || (last != NULL && !asks(line) && strcspn(line, " ") == length)) {
        if ((last->value.count > 0 && !add_bytes(&last->value, "\n", 1)) ||
            !add_bytes(&last->value, line, length))
            return fr_no_memory(d->context);
        return FLOWRULES_OK;
    }
    char after = line[length];
    line[length] = '\0';
    if (asks(line))
        tell(d, number, "only prose, which is not taken: '%.80s'", line);
    line[length] = after;
    return FLOWRULES_OK;
}

static int begin_leaf(struct document *d) {
    d->leaf.count = 0;
    d->has_line = false;
    return add_bytes(&d->leaf, "", 0) ? 0 : out_of_memory(d);
}

/* What HTML shows: the text without its tags and comments, blanks as one. */
static void strip_tags(char *html) {
    char *to = html;
    for (const char *at = html; *at != '\0'; at++) {
        bool comment = strncmp(at, "<!--", 4) == 0;
        const char *end = *at != '<' ? NULL : comment ? strstr(at, "-->") : strchr(at, '>');
        if (end != NULL)
            at = end + (comment ? 2 : 0);
        char c = end != NULL || strchr("\n\r\t", *at) != NULL ? ' ' : *at;
        if (c != ' ' || (to > html && to[-1] != ' '))
            *to++ = c;
    }
    to -= to > html && to[-1] == ' ';
    *to = '\0';
}

/* Tables and text of HTML are read by no one here: what they show is told. */
static int tell_html(struct document *d) {
    char *html = d->leaf.items;
    strip_tags(html);
    if (*html != '\0')
        tell(d, d->leaf_line, "HTML, which is not taken: '%.80s'", html);
    d->in_html = false;
    return begin_leaf(d);
}

/* GFM drops what stands behind the last column of a table. line_at is in the row that ends. */
static void tell_dropped(struct document *d) {
    const char *row = d->line_at, *end = d->line_at;
    while (row > d->text && row[-1] != '\n')
        row--;
    while (end < d->end && *end != '\n')
        end++;
    while (row < end && strchr(" \t", *row) != NULL)
        row++;
    while (end > row && strchr(" \t\r", end[-1]) != NULL)
        end--;
    uint32_t cells = 1;
    for (const char *at = row; at < end; at++) {
        bool parts = *at == '|' && (at == row || at[-1] != '\\');
        cells += parts && at > row && at + 1 < end; /* not those at the ends of the row */
    }
    if (cells > d->columns)
        tell(d, d->line,
             "the row has more cells than the table has columns: the last are not taken%s", "");
}

static int take_leaf(struct document *d) {
    char *line = d->leaf.items, *end = line + d->leaf.count;
    flowrules_status status = FLOWRULES_OK;
    uint32_t number = d->leaf_line;
    while (line < end && status == FLOWRULES_OK) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop == NULL ? end : stop;
        status = take_line(d, line, (size_t)(stop - line), number++);
        line = stop + (stop < end);
    }
    d->leaf.count = 0;
    d->has_line = false;
    return fail(d, status);
}

/* ---- events -------------------------------------------------------------------------------- */

static int enters(MD_BLOCKTYPE type, void *detail, void *user) {
    struct document *d = user;
    int wrong = d->in_table ? 0 : take_leaf(d);
    if (wrong != 0)
        return wrong;
    if (type == MD_BLOCK_H)
        wrong = fail(d, flush(d));
    if (type == MD_BLOCK_TABLE) {
        wrong = fail(d, flush(d));
        d->table = wrong == 0 ? new_sheet(d, false) : NULL;
        d->in_table = true;
        if (wrong == 0 && d->table == NULL)
            return out_of_memory(d);
    }
    if (type == MD_BLOCK_TABLE)
        d->columns = ((MD_BLOCK_TABLE_DETAIL *)detail)->col_count;
    if (type == MD_BLOCK_CODE)
        wrong = fail(d, flush(d));
    d->in_code = type == MD_BLOCK_CODE;
    d->in_html = type == MD_BLOCK_HTML;
    if (type == MD_BLOCK_TR) {
        d->column = 0;
        if (fr_row_new(d->table, 0, 0) == NULL)
            return out_of_memory(d);
    }
    return wrong != 0 ? wrong : begin_leaf(d);
}

static int end_cell(struct document *d) {
    struct fr_row *row = fr_vec_at(&d->table->rows, struct fr_row, d->table->rows.count - 1);
    if (d->has_line && row->line == 0)
        row->number = row->line = d->leaf_line;
    struct fr_cell cell = {
        .text = d->leaf.items, .column = d->column++, .line = row->line, .place = 1};
    return fail(d, fr_cell_add(d->sheets, d->table, &cell, d->leaf.count));
}

/* A table without a source has that of its section. */
static int end_table(struct document *d) {
    const struct section *above = source_of_sections(d);
    struct fr_sheet *sheet = d->table;
    bool known = above == NULL || sheet->rows.count == 0;
    const struct fr_row *head = known ? NULL : fr_vec_at(&sheet->rows, struct fr_row, 0);
    d->in_table = false;
    for (uint32_t i = 0; !known && i < head->count; i++) {
        const char *why;
        known = fr_heading_role(fr_vec_at(&sheet->cells, struct fr_cell, head->first + i)->text,
                                &why) == FR_ROLE_SOURCE;
    }
    sheet->source = known ? NULL : above->source;
    return 0;
}

static int leaves(MD_BLOCKTYPE type, void *detail, void *user) {
    struct document *d = user;
    if (type == MD_BLOCK_TH || type == MD_BLOCK_TD)
        return end_cell(d);
    if (type == MD_BLOCK_HTML)
        return tell_html(d);
    if (type == MD_BLOCK_TR) {
        const struct fr_row *row =
            fr_vec_at(&d->table->rows, struct fr_row, d->table->rows.count - 1);
        if (row->line > 0 && row->line == d->line)
            tell_dropped(d);
    }
    if (type == MD_BLOCK_H) {
        int wrong = begin_section(d, ((MD_BLOCK_H_DETAIL *)detail)->level);
        return wrong != 0 ? wrong : begin_leaf(d);
    }
    if (type == MD_BLOCK_TABLE)
        return end_table(d) != 0 ? 1 : begin_leaf(d);
    if (d->in_table)
        return 0;
    int wrong = take_leaf(d);
    if (wrong == 0 && (type == MD_BLOCK_CODE || type == MD_BLOCK_DOC))
        wrong = fail(d, flush(d));
    d->in_code = false;
    return wrong;
}

static int passes(MD_SPANTYPE type, void *detail, void *user) {
    (void)type, (void)detail, (void)user;
    return 0;
}

static int text_comes(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *user) {
    struct document *d = user;
    static const char entity[] = "&";
    note_line(d, text);
    if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR)
        return add_bytes(&d->leaf, "\n", 1) ? 0 : out_of_memory(d);
    if (d->in_html)
        return add_bytes(&d->leaf, text, size) ? 0 : out_of_memory(d);
    if (type == MD_TEXT_HTML && (size < 3 || memcmp(text, "<br", 3) != 0))
        return 0;
    if (type == MD_TEXT_HTML)
        return add_bytes(&d->leaf, "\n", 1) ? 0 : out_of_memory(d);
    if (type == MD_TEXT_ENTITY && size == 5 && memcmp(text, "&amp;", 5) == 0)
        return add_bytes(&d->leaf, entity, 1) ? 0 : out_of_memory(d);
    if (type == MD_TEXT_NULLCHAR)
        return 0;
    return add_bytes(&d->leaf, text, size) ? 0 : out_of_memory(d);
}

static flowrules_status parse(struct document *d, size_t size) {
    static const MD_PARSER parser = {.flags = MD_FLAG_TABLES,
                                     .enter_block = enters,
                                     .leave_block = leaves,
                                     .enter_span = passes,
                                     .leave_span = passes,
                                     .text = text_comes};
    if (size > FR_DOCUMENT_MAX)
        return fr_error(&d->context->diagnostics, FR_SHEET_LIMIT,
                        (struct fr_at){d->file->number, 0, 0, 0}, "divide it",
                        "the document has more than %u bytes", FR_DOCUMENT_MAX);
    int result = md_parse(d->text, (MD_SIZE)size, &parser, d);
    return result < 0 && d->status == FLOWRULES_OK ? fr_no_memory(d->context) : d->status;
}

flowrules_status fr_markdown_read(struct fr_sheets *sheets, const struct fr_handed *file) {
    struct document d = {
        .sheets = sheets, .context = sheets->context, .file = file, .line = 1, .leaf_line = 1};
    size_t size;
    FR_TRY(fr_handed_text(sheets, file, &d.text, &size));
    d.end = d.text + size;
    d.line_at = d.text;
    fr_vec_init(&d.leaf, &sheets->context->allocator, 1);
    flowrules_status status = parse(&d, size);
    for (size_t i = 0; i < d.pair_count; i++)
        fr_vec_free(&d.pairs[i].value);
    fr_vec_free(&d.leaf);
    return status;
}
