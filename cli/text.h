/*
 * Text on a terminal: how wide it is, and how text from a file is printed without its being able
 * to control the terminal. Knows nothing of policies.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One character as it stands in a text. */
struct glyph {
    uint32_t code;
    size_t bytes; /* in the text; 0 at its end */
    size_t cells; /* columns that print_glyph takes */
    bool visible; /* false: a control character or a broken byte, printed as \xNN */
};

struct glyph next_glyph(const char *text);
void print_glyph(FILE *stream, const char *text, const struct glyph *glyph);

/* Text of the user's, with what would control the terminal made visible. NULL prints nothing. */
void print_user(FILE *stream, const char *text);
size_t user_cells(const char *text);
/* The same in exactly so many columns: padded with spaces, or cut and ended by "...". */
void print_user_in(FILE *stream, const char *text, size_t cells);

void print_spaces(FILE *stream, size_t count);
/* "1 flow", "2 flows" on standard output, and what comes behind. */
void print_count(size_t count, const char *thing, const char *behind);

/* Words from text in lines of at most width columns, each behind indent spaces. */
void print_wrapped(FILE *stream, const char *text, size_t indent, size_t width);
/* The same for the rest of a line that has been filled up to the indent already. */
void print_wrapped_rest(FILE *stream, const char *text, size_t indent, size_t width);
/* The same where a line is filled up to a column, and the next ones begin behind the indent. */
void print_wrapped_from(FILE *stream, const char *text, size_t column, size_t indent, size_t width);

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN, STYLE_YELLOW, STYLE_CYAN };

/* Where colour is false these print nothing. */
void style_begin(FILE *stream, bool colour, enum style style);
void style_end(FILE *stream, bool colour, enum style style);

/* The columns of the terminal behind stream, or 100 when it is none. */
size_t terminal_width(FILE *stream);

/* The candidate nearest to a misspelt word, or NULL; next(user, i) gives candidate i, then NULL. */
const char *nearest(const char *word, const char *(*next)(const void *user, size_t index),
                    const void *user);

#endif
