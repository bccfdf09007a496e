/*
 * A message as text, with its line and a caret: of the library, of the tool, or a finding.
 */
#ifndef CLI_MESSAGES_H
#define CLI_MESSAGES_H

#include <stdio.h>

#include "tool.h"

struct message {
    flowrules_severity severity;
    const char *id, *file, *flow, *target, *message, *hint, *source;
    uint32_t line, column, length;
    struct text_list also;       /* other targets of which the same is to be told */
    uint32_t repeats, last_line; /* how often the same is to be told behind it, to which line */
    bool hint_follows;           /* the next message, of the same target, ends with the same hint */
};

struct message_stream {
    FILE *stream;
    bool colour;
};

void print_message(const struct message_stream *to, const struct message *message);
/* Adds it to what a format prints; the result is valid until the next one is added. */
struct result *add_message(struct results *results, const struct message *message);

#endif
