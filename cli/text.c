/*
 * UTF-8 on a terminal: widths, safe printing, wrapping, colour, the nearest word.
 * Knows nothing of locales: the output is the same everywhere.
 */
#define _POSIX_C_SOURCE 200809L
#include "text.h"

#include <ctype.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT  98
#define WIDTH_SMALLEST 40

/* ---- characters ---------------------------------------------------------------------------- */

struct span {
    uint32_t first, last;
};

/* C0, DEL, C1, and what turns the direction of text or hides it (Unicode TR 36, TR 9). */
static const struct span controls[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C},
                                       {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
                                       {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};
/* Marks that join the character before them. */
static const struct span joining[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},
                                      {0x064B, 0x065F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
                                      {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
/* East Asian wide and full-width characters, and emoji (Unicode TR 11). */
static const struct span wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},
                                   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                                   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                                   {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

#define IN(spans, code) in_spans(spans, sizeof(spans) / sizeof((spans)[0]), code)

static bool in_spans(const struct span *spans, size_t count, uint32_t code) {
    for (size_t i = 0; i < count; i++)
        if (code >= spans[i].first && code <= spans[i].last)
            return true;
    return false;
}

/* The bytes of a well-formed UTF-8 character (RFC 3629), or 0. */
static size_t decode(const unsigned char *bytes, uint32_t *code) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = bytes[0] < 0x80             ? 1
                    : (bytes[0] & 0xE0) == 0xC0 ? 2
                    : (bytes[0] & 0xF0) == 0xE0 ? 3
                    : (bytes[0] & 0xF8) == 0xF0 ? 4
                                                : 0;
    if (length == 0)
        return 0;
    uint32_t value = length == 1 ? bytes[0] : bytes[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        value = (value << 6) | (bytes[i] & 0x3Fu);
    }
    bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < smallest[length] || value > 0x10FFFF || surrogate)
        return 0;
    *code = value;
    return length;
}

struct glyph next_glyph(const char *text) {
    struct glyph glyph = {0, 0, 0, false};
    if (*text == '\0')
        return glyph;
    glyph.bytes = decode((const unsigned char *)text, &glyph.code);
    glyph.visible = glyph.bytes > 0 && !IN(controls, glyph.code);
    if (glyph.bytes == 0)
        glyph.bytes = 1;
    if (!glyph.visible)
        glyph.cells = glyph.bytes * strlen("\\xNN");
    else if (IN(joining, glyph.code))
        glyph.cells = 0;
    else
        glyph.cells = IN(wide, glyph.code) ? 2 : 1;
    return glyph;
}

void print_glyph(FILE *stream, const char *text, const struct glyph *glyph) {
    if (glyph->visible) {
        fwrite(text, 1, glyph->bytes, stream);
        return;
    }
    for (size_t i = 0; i < glyph->bytes; i++)
        fprintf(stream, "\\x%02X", (unsigned)(unsigned char)text[i]);
}

/* ---- lines --------------------------------------------------------------------------------- */

void print_user(FILE *stream, const char *text) {
    if (text == NULL)
        return;
    for (struct glyph glyph = next_glyph(text); glyph.bytes > 0; glyph = next_glyph(text)) {
        print_glyph(stream, text, &glyph);
        text += glyph.bytes;
    }
}

size_t user_cells(const char *text) {
    size_t cells = 0;
    for (struct glyph glyph = next_glyph(text); glyph.bytes > 0; glyph = next_glyph(text)) {
        cells += glyph.cells;
        text += glyph.bytes;
    }
    return cells;
}

void print_spaces(FILE *stream, size_t count) {
    for (size_t i = 0; i < count; i++)
        putc(' ', stream);
}

void print_count(size_t count, const char *thing, const char *behind) {
    printf("%zu %s%s%s", count, thing, count == 1 ? "" : "s", behind);
}

void print_user_in(FILE *stream, const char *text, size_t cells) {
    static const char ellipsis[] = "...";
    bool cut = user_cells(text) > cells;
    size_t room = !cut ? cells : cells > strlen(ellipsis) ? cells - strlen(ellipsis) : 0;
    for (struct glyph glyph = next_glyph(text); glyph.bytes > 0 && glyph.cells <= room;
         glyph = next_glyph(text)) {
        print_glyph(stream, text, &glyph);
        room -= glyph.cells;
        text += glyph.bytes;
    }
    if (cut)
        fputs(ellipsis, stream);
    print_spaces(stream, room);
}

static void print_word(FILE *stream, const char *word, size_t bytes) {
    const char *end = word + bytes;
    while (word < end) {
        struct glyph glyph = next_glyph(word);
        print_glyph(stream, word, &glyph);
        word += glyph.bytes;
    }
}

static size_t word_cells(const char *word, size_t bytes) {
    size_t cells = 0;
    const char *end = word + bytes;
    while (word < end) {
        struct glyph glyph = next_glyph(word);
        cells += glyph.cells;
        word += glyph.bytes;
    }
    return cells;
}

void print_wrapped_from(FILE *stream, const char *text, size_t column, size_t indent,
                        size_t width) {
    bool first = true;
    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        size_t bytes = strcspn(text, " ");
        size_t cells = word_cells(text, bytes), space = first ? 0 : 1;
        if (column > indent && column + space + cells > width) {
            putc('\n', stream);
            print_spaces(stream, indent);
            column = indent;
        } else {
            print_spaces(stream, space);
            column += space;
        }
        print_word(stream, text, bytes);
        column += cells;
        text += bytes;
        first = false;
    }
    putc('\n', stream);
}

void print_wrapped_rest(FILE *stream, const char *text, size_t indent, size_t width) {
    print_wrapped_from(stream, text, indent, indent, width);
}

void print_wrapped(FILE *stream, const char *text, size_t indent, size_t width) {
    print_spaces(stream, indent);
    print_wrapped_rest(stream, text, indent, width);
}

/* ---- terminals ----------------------------------------------------------------------------- */

static const char *const style_codes[] = {
    [STYLE_PLAIN] = "",   [STYLE_BOLD] = "1",    [STYLE_DIM] = "2",   [STYLE_RED] = "1;31",
    [STYLE_GREEN] = "32", [STYLE_YELLOW] = "33", [STYLE_CYAN] = "36",
};

void style_begin(FILE *stream, bool colour, enum style style) {
    if (colour && style != STYLE_PLAIN)
        fprintf(stream, "\033[%sm", style_codes[style]);
}

void style_end(FILE *stream, bool colour, enum style style) {
    if (colour && style != STYLE_PLAIN)
        fputs("\033[0m", stream);
}

size_t terminal_width(FILE *stream) {
    struct winsize size;
    int descriptor = fileno(stream);
    if (!isatty(descriptor) || ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_DEFAULT;
    return size.ws_col < WIDTH_SMALLEST ? WIDTH_SMALLEST : size.ws_col;
}

/* ---- the nearest word ---------------------------------------------------------------------- */

#define WORD_LONGEST 40

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static bool same_letter(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Insertions, deletions, replacements and swaps of neighbours that make a into b. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t rows[WORD_LONGEST + 1][WORD_LONGEST + 1];
    for (size_t i = 0; i <= a_length; i++)
        for (size_t j = 0; j <= b_length; j++) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }
            size_t replaced = rows[i - 1][j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
            rows[i][j] = least(replaced, 1 + least(rows[i - 1][j], rows[i][j - 1]));
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                same_letter(a[i - 2], b[j - 1]))
                rows[i][j] = least(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    return rows[a_length][b_length];
}

const char *nearest(const char *word, const char *(*next)(const void *user, size_t index),
                    const void *user) {
    size_t length = strlen(word);
    if (length == 0 || length > WORD_LONGEST)
        return NULL;
    size_t best = 1 + length / 3; /* a third of the letters wrong is no slip any more */
    const char *found = NULL;
    const char *candidate = next(user, 0);
    for (size_t i = 1; candidate != NULL; candidate = next(user, i++)) {
        size_t candidate_length = strlen(candidate);
        if (candidate_length > WORD_LONGEST)
            continue;
        size_t slips = distance(word, length, candidate, candidate_length);
        if (slips < best || (found == NULL && slips == best)) {
            best = slips;
            found = candidate;
        }
    }
    return found;
}
