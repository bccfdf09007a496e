/*
 * Reads YAML as values: the events of libyaml, with aliases and merge keys expanded from the
 * recorded events of their anchors. Knows no key of a policy.
 */
#include "yaml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "utf8.h"

/* What an anchor names: the recorded values from first to before end (0 while it is open). */
struct anchor {
    uint32_t first, end;
    unsigned depth; /* of the collection that closes it */
};

/* A stretch of the record that is being read again. */
struct replay {
    uint32_t at, end;
    bool merge; /* for a merge key: what it brings in was recorded where it was written */
};

struct fr_yaml {
    flowrules_context *context;
    uint32_t file;
    FILE *stream;   /* or NULL */
    size_t skipped; /* bytes of a byte order mark */
    bool begun;
    yaml_parser_t parser;
    yaml_event_t event;
    bool have_event;
    unsigned depth;
    unsigned merging;   /* replays for merge keys */
    unsigned recording; /* anchors and merge keys whose values are being recorded */
    uint64_t parsed, expanded;
    struct fr_arena arena;   /* texts of the record */
    struct fr_strings names; /* of anchors */
    struct fr_map anchor_of; /* name -> the index of its latest anchor */
    struct fr_vec record;    /* struct fr_value */
    struct fr_vec anchors;   /* struct anchor */
    struct fr_vec open;      /* uint32_t: the anchors that are open, the innermost last */
    struct fr_vec replays;   /* struct replay */
};

static int read_stream(void *user, unsigned char *buffer, size_t size, size_t *count) {
    struct fr_yaml *y = user;
    *count = fread(buffer, 1, size, y->stream);
    if (!y->begun) {
        y->skipped = fr_bom_size((const char *)buffer, *count);
        *count -= y->skipped;
        memmove(buffer, buffer + y->skipped, *count);
    }
    y->begun = true;
    return !ferror(y->stream);
}

flowrules_status fr_yaml_open(struct fr_yaml **yaml, flowrules_context *context, uint32_t file,
                              const struct fr_input *input) {
    struct fr_yaml *y = fr_malloc(&context->allocator, sizeof *y);
    if (y == NULL)
        return fr_no_memory(context);
    memset(y, 0, sizeof *y);
    y->context = context;
    y->file = file;
    y->stream = input->stream;
    fr_arena_init(&y->arena, &context->allocator);
    fr_vec_init(&y->record, &context->allocator, sizeof(struct fr_value));
    fr_strings_init(&y->names, &context->allocator);
    fr_map_init(&y->anchor_of, &context->allocator);
    fr_vec_init(&y->anchors, &context->allocator, sizeof(struct anchor));
    fr_vec_init(&y->open, &context->allocator, sizeof(uint32_t));
    fr_vec_init(&y->replays, &context->allocator, sizeof(struct replay));
    if (!yaml_parser_initialize(&y->parser)) {
        fr_free(&context->allocator, y);
        return fr_no_memory(context);
    }
    yaml_parser_set_encoding(&y->parser, YAML_UTF8_ENCODING);
    if (input->text != NULL) {
        y->skipped = fr_bom_size(input->text, input->size);
        yaml_parser_set_input_string(&y->parser, (const unsigned char *)input->text + y->skipped,
                                     input->size - y->skipped);
    } else {
        yaml_parser_set_input(&y->parser, read_stream, y);
    }
    *yaml = y;
    return FLOWRULES_OK;
}

void fr_yaml_close(struct fr_yaml *yaml) {
    if (yaml == NULL)
        return;
    if (yaml->have_event)
        yaml_event_delete(&yaml->event);
    yaml_parser_delete(&yaml->parser);
    fr_vec_free(&yaml->record);
    fr_vec_free(&yaml->anchors);
    fr_vec_free(&yaml->open);
    fr_map_free(&yaml->anchor_of);
    fr_strings_free(&yaml->names);
    fr_vec_free(&yaml->replays);
    fr_arena_free(&yaml->arena);
    fr_free(&yaml->context->allocator, yaml);
}

static struct fr_at place(const struct fr_yaml *y, const yaml_mark_t *start,
                          const yaml_mark_t *end) {
    struct fr_at at = {y->file, (uint32_t)start->line + 1, (uint32_t)start->column + 1, 1};
    if (end != NULL && end->line == start->line && end->column > start->column)
        at.length = (uint32_t)(end->column - start->column);
    return at;
}

/* The place of a byte of the text, for errors of the encoding, which libyaml gives by offset. */
static struct fr_at place_of_offset(struct fr_yaml *y, size_t offset) {
    size_t size;
    const char *text = fr_diagnostics_text(&y->context->diagnostics, y->file, &size);
    struct fr_at at = {y->file, 1, 1, 1};
    for (size_t i = y->skipped; text != NULL && i < offset + y->skipped && i < size; i++) {
        if (text[i] == '\n') {
            at.line++;
            at.column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            at.column++;
        }
    }
    return at;
}

static flowrules_status encoding_error(struct fr_yaml *y) {
    struct fr_at at = place_of_offset(y, y->parser.problem_offset);
    const char *problem = y->parser.problem;
    if (strstr(problem, "control characters") != NULL)
        return fr_error(&y->context->diagnostics, FR_YAML_CONTROL, at, "remove it",
                        "a control character (0x%02x) is not allowed in a file",
                        (unsigned)y->parser.problem_value);
    return fr_error(&y->context->diagnostics, FR_NOT_UTF8, at, "save the file as UTF-8",
                    "the file is not valid UTF-8: %s", problem);
}

/* Is the place of a syntax error a tab in a line's indentation, or a token's first character? */
static bool is_tab_at(struct fr_yaml *y, const yaml_mark_t *mark) {
    size_t size, offset = 0;
    const char *text = fr_diagnostics_text(&y->context->diagnostics, y->file, &size);
    if (text == NULL)
        return false;
    for (size_t line = 0; line < mark->line; line++) {
        const char *newline = memchr(text + offset, '\n', size - offset);
        if (newline == NULL)
            return false;
        offset = (size_t)(newline - text) + 1;
    }
    for (size_t i = offset; i < size && (text[i] == ' ' || text[i] == '\t'); i++)
        if (text[i] == '\t' && i - offset <= mark->column)
            return true;
    return false;
}

/* What libyaml says, in its words (of the problem or of what it was doing), and in plain ones. */
static const struct {
    const char *problem, *message, *hint;
} syntax_words[] = {
    {"scanning an alias", "a text that begins with * needs quotes",
     "write \"*.example.com\" or \"*.yaml\" in quotes; for every address write any"},
    {"scanning an anchor", "a text that begins with & needs quotes", "put it in quotes"},
    {"scanning a tag", "a text that begins with ! needs quotes",
     "put it in quotes; an exception is written with 'except' in a network"},
    {"cannot start any token", "a text cannot begin with this character", "put the text in quotes"},
    {"mapping values are not allowed", "there is a ': ' in a value, or on a line below a value",
     "put a text that contains ': ' in quotes, and begin all keys of a mapping in the same column"},
    {"could not find expected ':'", "a line before this is not a pair 'key: value'",
     "put a space after the colon: 'key: value'"},
    {"end of stream while scanning a quoted scalar", "a quote opens here and does not end",
     "close the quote"},
    {"quoted scalar", "a text in quotes is not valid here", "check the quotes and backslashes"},
    {"',' or ']'", "a list in [ ] does not end", "a ',' or the closing ']' is missing"},
    {"',' or '}'", "a mapping in { } does not end", "a ',' or the closing '}' is missing"},
    {"expected node content", "a value is missing here",
     "there is a ',' too many, or the end of the file is missing"},
    {"unexpected ':'", "a ':' is at the end of a text in [ ] or { }",
     "put an IPv6 address in quotes: \"2001:db8::\""},
    {"expected '-'",
     "this line is neither in the column of the list's items nor in that of their keys",
     "items of one list begin in the same column, and so do the keys of one item"},
    {"block mapping", "this line is not in the column of the keys before it",
     "keys of one mapping begin in the same column"},
    {"<document start>", "this line does not belong to a key before it",
     "keys of the policy begin in the first column"},
};

/* A line of the text, from 0; its length is what precedes the line feed. */
static const char *line_of(struct fr_yaml *y, size_t number, size_t *length) {
    size_t size, offset = 0;
    const char *text = fr_diagnostics_text(&y->context->diagnostics, y->file, &size);
    for (size_t line = 0; text != NULL && line < number; line++) {
        const char *newline = memchr(text + offset, '\n', size - offset);
        if (newline == NULL)
            return NULL;
        offset = (size_t)(newline - text) + 1;
    }
    const char *end = text == NULL ? NULL : memchr(text + offset, '\n', size - offset);
    *length = text == NULL ? 0 : (size_t)((end == NULL ? text + size : end) - (text + offset));
    return text == NULL ? NULL : text + offset;
}

/* What a line looks like that a slip of the fingers may be in. */
enum line_slip { LINE_GOOD, LINE_BLANK, LINE_COLON, LINE_DASH };

/* Blanks and quotes that word processors write: no-break space, and those of U+2009 to U+201F. */
static bool has_odd_characters(const char *line, size_t length) {
    for (size_t i = 0; i + 2 < length; i++) {
        unsigned char a = (unsigned char)line[i], b = (unsigned char)line[i + 1],
                      c = (unsigned char)line[i + 2];
        if ((a == 0xC2 && b == 0xA0) || (a == 0xE2 && b == 0x80 && (c == 0xAF || c <= 0x9F)))
            return true;
    }
    return false;
}

static enum line_slip slip_of_line(const char *line, size_t length) {
    size_t at = 0;
    if (has_odd_characters(line, length))
        return LINE_BLANK;
    while (at < length && line[at] == ' ')
        at++;
    if (at + 1 < length && line[at] == '-' && line[at + 1] != ' ' && line[at + 1] != '-')
        return LINE_DASH;
    while (at < length && (line[at] == '-' || line[at] == ' '))
        at++;
    size_t word = at;
    while (at < length && ((line[at] >= 'a' && line[at] <= 'z') || line[at] == '-'))
        at++;
    return at > word && at + 1 < length && line[at] == ':' && line[at + 1] != ' ' &&
                   line[at + 1] != ':' && line[at + 1] != '\r'
               ? LINE_COLON
               : LINE_GOOD;
}

/* Looks at the lines of a problem, the earlier ones first: *number is the line, from 1. */
static enum line_slip find_slip(struct fr_yaml *y, size_t *number) {
    size_t last = y->parser.problem_mark.line, length;
    for (size_t line = last > 2 ? last - 2 : 0; line <= last; line++) {
        const char *text = line_of(y, line, &length);
        enum line_slip slip = text == NULL ? LINE_GOOD : slip_of_line(text, length);
        *number = line + 1;
        if (slip != LINE_GOOD)
            return slip;
    }
    return LINE_GOOD;
}

static size_t indentation(const char *line, size_t length) {
    size_t blanks = 0;
    while (blanks < length && line[blanks] == ' ')
        blanks++;
    return blanks;
}

/* Is the line of the problem deeper than the one before it, whose value it would go on with? */
static bool is_too_deep(struct fr_yaml *y) {
    size_t number = y->parser.problem_mark.line, before, own;
    const char *above = number == 0 ? NULL : line_of(y, number - 1, &before);
    const char *line = line_of(y, number, &own);
    return above != NULL && line != NULL && strstr(y->parser.problem, "mapping values") != NULL &&
           indentation(line, own) > indentation(above, before);
}

static const char *syntax_hint(struct fr_yaml *y, const char *fallback, char hint[120]) {
    size_t number = 0;
    switch (find_slip(y, &number)) {
    case LINE_BLANK:
        snprintf(hint, 120,
                 "line %zu has a space or a quote that is not from the keyboard: type it again",
                 number);
        return hint;
    case LINE_COLON:
        snprintf(hint, 120, "in line %zu, a space is missing after the colon: 'key: value'",
                 number);
        return hint;
    case LINE_DASH:
        snprintf(hint, 120, "in line %zu, a space is missing after the dash: '- name: ...'",
                 number);
        return hint;
    case LINE_GOOD:
        break;
    }
    if (is_too_deep(y))
        return "the line is indented deeper than the line before, which already has a value: begin "
               "both in the same column";
    return fallback;
}

static bool says(const yaml_parser_t *p, const char *words) {
    char both[200];
    snprintf(both, sizeof both, "%s %s", p->problem, p->context == NULL ? "" : p->context);
    return strstr(both, words) != NULL;
}

/*
 * The error in plain words; what opens in an earlier line is named with it. What was wrong with
 * the values before it is not told: a line in the wrong column is a part of them.
 */
static flowrules_status plain_error(struct fr_yaml *y, struct fr_at at) {
    const yaml_parser_t *p = &y->parser;
    const char *message = p->problem,
               *fallback = "texts with : # { [ or a leading * & ! % @ need quotes";
    char hint[120], opened[60] = "";
    for (size_t i = 0; i < sizeof syntax_words / sizeof syntax_words[0]; i++)
        if (says(p, syntax_words[i].problem)) {
            message = syntax_words[i].message;
            fallback = syntax_words[i].hint;
            break;
        }
    if (p->context != NULL && p->context_mark.line + 1 < at.line)
        snprintf(opened, sizeof opened, " (see line %zu)", p->context_mark.line + 1);
    fr_diagnostics_take_back(&y->context->diagnostics, at.file);
    return fr_error(&y->context->diagnostics, FR_YAML_SYNTAX, at, syntax_hint(y, fallback, hint),
                    "this is not YAML: %s%s", message, opened);
}

static flowrules_status syntax_error(struct fr_yaml *y) {
    const yaml_parser_t *p = &y->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return fr_no_memory(y->context);
    if (p->error == YAML_READER_ERROR && y->stream != NULL && ferror(y->stream)) {
        struct fr_at whole = {y->file, 0, 0, 0};
        fr_error(&y->context->diagnostics, FR_FILE_READ, whole, NULL,
                 "the file cannot be read to its end: %s", strerror(errno));
        return FLOWRULES_IO;
    }
    if (p->error == YAML_READER_ERROR)
        return encoding_error(y);
    struct fr_at at = place(y, &p->problem_mark, NULL);
    if (is_tab_at(y, &p->problem_mark))
        return fr_error(&y->context->diagnostics, FR_YAML_TAB, at, "indent with spaces",
                        "a line of YAML is not indented with tabs");
    if (p->context != NULL && strstr(p->context, "quoted scalar") != NULL &&
        p->context_mark.line < p->problem_mark.line)
        at = place(y, &p->context_mark, NULL); /* where it opens, rather than the end of the file */
    return plain_error(y, at);
}

static flowrules_status parse(struct fr_yaml *y) {
    if (y->have_event)
        yaml_event_delete(&y->event);
    y->have_event = false;
    if (!yaml_parser_parse(&y->parser, &y->event))
        return syntax_error(y);
    y->have_event = true;
    y->parsed++;
    return FLOWRULES_OK;
}

/* ---- anchors and aliases ------------------------------------------------------------------- */

static flowrules_status record_value(struct fr_yaml *y, const struct fr_value *value) {
    struct fr_value *slot = fr_vec_push(&y->record);
    if (slot == NULL)
        return fr_no_memory(y->context);
    *slot = *value;
    if (value->kind == FR_SCALAR) {
        slot->text = fr_arena_text(&y->arena, value->text, value->length);
        if (slot->text == NULL)
            return fr_no_memory(y->context);
    }
    return FLOWRULES_OK;
}

static flowrules_status open_anchor(struct fr_yaml *y, const yaml_char_t *text) {
    uint32_t index = (uint32_t)y->anchors.count;
    fr_string name = fr_strings_add(&y->names, (const char *)text, strlen((const char *)text));
    struct anchor *anchor = fr_vec_push(&y->anchors);
    uint32_t *open = fr_vec_push(&y->open);
    if (name == 0 || anchor == NULL || open == NULL || !fr_map_put(&y->anchor_of, name, index))
        return fr_no_memory(y->context);
    *anchor = (struct anchor){.first = (uint32_t)y->record.count, .depth = y->depth};
    *open = index;
    y->recording++;
    return FLOWRULES_OK;
}

/* After a value was recorded: closes the anchors that it completes, which are the innermost. */
static void close_anchors(struct fr_yaml *y) {
    while (y->open.count > 0) {
        uint32_t index = *fr_vec_at(&y->open, uint32_t, y->open.count - 1);
        struct anchor *anchor = fr_vec_at(&y->anchors, struct anchor, index);
        if (anchor->depth != y->depth)
            return;
        anchor->end = (uint32_t)y->record.count;
        y->open.count--;
        y->recording--;
    }
}

static const char *next_anchor(const void *user, size_t i) {
    const struct fr_yaml *y = user;
    return fr_strings_text(&y->names, (fr_string)(i + 1));
}

static flowrules_status unknown_anchor(struct fr_yaml *y, const char *name, struct fr_at at) {
    const char *near = fr_nearest(name, next_anchor, y);
    char hint[160];
    if (near != NULL)
        snprintf(hint, sizeof hint, "did you mean '*%.80s'?", near);
    else
        snprintf(hint, sizeof hint,
                 "define the anchor ('&name') before its alias; put a text that begins with * in "
                 "quotes");
    return fr_error(&y->context->diagnostics, FR_YAML_ALIAS_UNKNOWN, at, hint,
                    "alias '*%s' has no anchor", name);
}

static flowrules_status find_anchor(struct fr_yaml *y, const char *name, struct fr_at at,
                                    const struct anchor **found) {
    uint32_t index;
    fr_string string = fr_strings_find(&y->names, name, strlen(name));
    if (string == 0 || !fr_map_get(&y->anchor_of, string, &index))
        return unknown_anchor(y, name, at);
    *found = fr_vec_at(&y->anchors, struct anchor, index);
    if ((*found)->end != 0)
        return FLOWRULES_OK;
    return fr_error(&y->context->diagnostics, FR_YAML_ALIAS_EXPANDS, at,
                    "remove the alias: it must not be inside the value of its own anchor",
                    "alias '*%s' contains itself", name);
}

static flowrules_status start_replay(struct fr_yaml *y, uint32_t first, uint32_t end, bool merge,
                                     struct fr_at at) {
    /* Honest files stay far below: what their aliases bring in grows with what is written. */
    uint64_t most = FR_YAML_MAX_EXPANSION + FR_YAML_EXPANSION_FACTOR * y->parsed;
    if (end - first > most - y->expanded)
        return fr_error(&y->context->diagnostics, FR_YAML_ALIAS_EXPANDS, at,
                        "define a network or service once and use its name instead",
                        "aliases expand to more than %llu values", (unsigned long long)most);
    y->expanded += end - first;
    struct replay *replay = fr_vec_push(&y->replays);
    if (replay == NULL)
        return fr_no_memory(y->context);
    *replay = (struct replay){first, end, merge};
    y->merging += merge;
    return FLOWRULES_OK;
}

/* ---- values -------------------------------------------------------------------------------- */

static flowrules_status count_depth(struct fr_yaml *y, const struct fr_value *value) {
    if (value->kind == FR_END)
        y->depth--;
    if (value->kind != FR_SEQUENCE && value->kind != FR_MAPPING)
        return FLOWRULES_OK;
    if (++y->depth > FR_YAML_MAX_DEPTH)
        return fr_error(&y->context->diagnostics, FR_YAML_TOO_DEEP, value->at,
                        "a policy needs no more than 6 levels",
                        "values are nested more than %u levels deep", FR_YAML_MAX_DEPTH);
    return FLOWRULES_OK;
}

/* The replay that the next value comes from, or NULL; those that have ended are put away. */
static struct replay *current_replay(struct fr_yaml *y) {
    while (y->replays.count > 0) {
        struct replay *replay = fr_vec_at(&y->replays, struct replay, y->replays.count - 1);
        if (replay->at < replay->end)
            return replay;
        y->merging -= replay->merge;
        y->replays.count--;
    }
    return NULL;
}

/* A value again from the record; *found is false when no replay is under way. */
static flowrules_status next_replayed(struct fr_yaml *y, struct fr_value *value, bool *found) {
    struct replay *replay = current_replay(y);
    *found = replay != NULL;
    if (replay == NULL)
        return FLOWRULES_OK;
    *value = *fr_vec_at(&y->record, struct fr_value, replay->at++);
    return count_depth(y, value);
}

static flowrules_status scalar_value(struct fr_yaml *y, struct fr_value *value) {
    value->kind = FR_SCALAR;
    value->text = (const char *)y->event.data.scalar.value;
    value->length = y->event.data.scalar.length;
    value->quoted = y->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (value->quoted && memchr(value->text, '\0', value->length) != NULL)
        return fr_error(&y->context->diagnostics, FR_YAML_CONTROL, value->at, "remove it",
                        "a text cannot contain a NUL character");
    return FLOWRULES_OK;
}

static const yaml_char_t *event_anchor(const yaml_event_t *event) {
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor;
    default:
        return NULL;
    }
}

/* Turns the event into a value; *alias is set when it was an alias, which the caller reads on. */
static flowrules_status value_of_event(struct fr_yaml *y, struct fr_value *value, bool *alias) {
    const struct anchor *anchor = NULL;
    switch (y->event.type) {
    case YAML_SCALAR_EVENT:
        return scalar_value(y, value);
    case YAML_SEQUENCE_START_EVENT:
        value->kind = FR_SEQUENCE;
        value->at.length = 1;
        return FLOWRULES_OK;
    case YAML_MAPPING_START_EVENT:
        value->kind = FR_MAPPING;
        value->at.length = 1;
        return FLOWRULES_OK;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        value->kind = FR_END;
        return FLOWRULES_OK;
    case YAML_ALIAS_EVENT:
        *alias = true;
        FR_TRY(find_anchor(y, (const char *)y->event.data.alias.anchor, value->at, &anchor));
        return start_replay(y, anchor->first, anchor->end, false, value->at);
    default:
        value->kind = FR_STREAM_END;
        return FLOWRULES_OK;
    }
}

/* A value that anchors, aliases or a record of them are involved in. */
static flowrules_status next_recorded(struct fr_yaml *y, struct fr_value *value, bool parsed) {
    bool done = false, alias = false;
    if (!parsed)
        FR_TRY(next_replayed(y, value, &done));
    if (!done) {
        if (!parsed)
            FR_TRY(parse(y));
        *value = (struct fr_value){.at = place(y, &y->event.start_mark, &y->event.end_mark)};
        const yaml_char_t *anchor = event_anchor(&y->event);
        if (anchor != NULL)
            FR_TRY(open_anchor(y, anchor));
        FR_TRY(value_of_event(y, value, &alias));
        if (alias)
            return next_recorded(y, value, false);
        FR_TRY(count_depth(y, value));
    }
    if (y->recording > 0 && y->merging == 0) {
        FR_TRY(record_value(y, value));
        if (value->kind == FR_SCALAR || value->kind == FR_END)
            close_anchors(y);
    }
    return FLOWRULES_OK;
}

flowrules_status fr_yaml_next(struct fr_yaml *y, struct fr_value *value) {
    if (y->replays.count > 0 || y->recording > 0)
        return next_recorded(y, value, false);
    FR_TRY(parse(y));
    /* Nearly every value of a large policy is a plain scalar: this is its short way. */
    if (y->event.type != YAML_SCALAR_EVENT || y->event.data.scalar.anchor != NULL)
        return next_recorded(y, value, true);
    value->merged = false;
    value->at = place(y, &y->event.start_mark, &y->event.end_mark);
    return scalar_value(y, value);
}

flowrules_status fr_yaml_root(struct fr_yaml *y, struct fr_value *value) {
    do {
        FR_TRY(parse(y));
        if (y->event.type == YAML_STREAM_END_EVENT) {
            *value = (struct fr_value){.kind = FR_STREAM_END, .at = {y->file, 1, 1, 0}};
            return FLOWRULES_OK;
        }
    } while (y->event.type != YAML_DOCUMENT_START_EVENT);
    return fr_yaml_next(y, value);
}

flowrules_status fr_yaml_finish(struct fr_yaml *y) {
    FR_TRY(parse(y)); /* the end of the document */
    FR_TRY(parse(y));
    if (y->event.type == YAML_STREAM_END_EVENT)
        return FLOWRULES_OK;
    return fr_error(&y->context->diagnostics, FR_YAML_DOCUMENTS,
                    place(y, &y->event.start_mark, &y->event.end_mark),
                    "put each policy in a file of its own, or use include",
                    "a second YAML document begins here, but a policy is one document");
}

flowrules_status fr_yaml_skip(struct fr_yaml *y, const struct fr_value *value) {
    if (value->kind != FR_SEQUENCE && value->kind != FR_MAPPING)
        return FLOWRULES_OK;
    struct fr_value inner;
    for (unsigned depth = 1; depth > 0;) {
        FR_TRY(fr_yaml_next(y, &inner));
        if (inner.kind == FR_END)
            depth--;
        else if (inner.kind == FR_SEQUENCE || inner.kind == FR_MAPPING)
            depth++;
    }
    return FLOWRULES_OK;
}

/* ---- mappings and sequences ---------------------------------------------------------------- */

/* Notes that the mapping recorded at first..end is to be merged. */
static flowrules_status add_merge(struct fr_yaml *y, struct fr_merges *merges, uint32_t first,
                                  uint32_t end, struct fr_at at) {
    size_t most = sizeof merges->first / sizeof merges->first[0];
    if (merges->count == most)
        return fr_error(&y->context->diagnostics, FR_YAML_MERGE, at, "join some of them",
                        "more than %zu mappings are merged into one", most);
    /* Merge keys within a merged mapping come before the mappings that are merged after it. */
    unsigned at_front = merges->front++, behind = merges->count++ - at_front;
    memmove(merges->first + at_front + 1, merges->first + at_front, behind * sizeof first);
    memmove(merges->end + at_front + 1, merges->end + at_front, behind * sizeof end);
    merges->first[at_front] = first;
    merges->end[at_front] = end;
    return FLOWRULES_OK;
}

/* The end of the recorded value that begins at first. */
static uint32_t recorded_end(const struct fr_yaml *y, uint32_t first) {
    unsigned depth = 0;
    uint32_t at = first;
    do {
        enum fr_node kind = fr_vec_at(&y->record, struct fr_value, at++)->kind;
        if (kind == FR_SEQUENCE || kind == FR_MAPPING)
            depth++;
        else if (kind == FR_END)
            depth--;
    } while (depth > 0);
    return at;
}

/* Most merge keys name an anchored mapping, which need not be recorded again; *done: so it was. */
static flowrules_status merge_alias(struct fr_yaml *y, struct fr_merges *merges, bool *done) {
    const struct anchor *anchor;
    FR_TRY(parse(y));
    if (y->event.type != YAML_ALIAS_EVENT)
        return FLOWRULES_OK;
    struct fr_at at = place(y, &y->event.start_mark, &y->event.end_mark);
    FR_TRY(find_anchor(y, (const char *)y->event.data.alias.anchor, at, &anchor));
    *done = fr_vec_at(&y->record, struct fr_value, anchor->first)->kind == FR_MAPPING;
    return *done ? add_merge(y, merges, anchor->first, anchor->end, at) : FLOWRULES_OK;
}

/* Reads the value of a merge key, which stands in the record from *first to before *end then. */
static flowrules_status record_merge(struct fr_yaml *y, struct fr_value *value, bool parsed,
                                     uint32_t *first, uint32_t *end) {
    const struct replay *replay = parsed ? NULL : current_replay(y);
    bool recorded = replay != NULL;
    *first = recorded ? replay->at : (uint32_t)y->record.count;
    if (!recorded)
        y->recording++; /* record, whatever comes */
    flowrules_status status = parsed ? next_recorded(y, value, true) : fr_yaml_next(y, value);
    if (status == FLOWRULES_OK)
        status = fr_yaml_skip(y, value);
    if (!recorded)
        y->recording--;
    FR_TRY(status);
    *end = recorded_end(y, *first);
    return FLOWRULES_OK;
}

/* The value of a merge key: a mapping, or a sequence of them; they are recorded for later. */
static flowrules_status read_merge(struct fr_yaml *y, struct fr_merges *merges, struct fr_at at) {
    struct fr_value value;
    uint32_t first, end;
    bool plain = current_replay(y) == NULL && y->recording == 0, done = false;
    if (plain)
        FR_TRY(merge_alias(y, merges, &done));
    if (done)
        return FLOWRULES_OK;
    FR_TRY(record_merge(y, &value, plain, &first, &end));
    if (value.kind == FR_MAPPING)
        return add_merge(y, merges, first, end, at);
    bool good = value.kind == FR_SEQUENCE;
    for (uint32_t i = first + 1, next; good && i + 1 < end; i = next) {
        next = recorded_end(y, i);
        good = fr_vec_at(&y->record, struct fr_value, i)->kind == FR_MAPPING;
        if (good)
            FR_TRY(add_merge(y, merges, i, next, at));
    }
    if (!good)
        fr_error(&y->context->diagnostics, FR_YAML_MERGE, at, "write '<<: *anchor'",
                 "a merge key ('<<') takes a mapping or a list of mappings");
    return FLOWRULES_OK;
}

/* At the end of a mapping's own keys: goes on with the next mapping to be merged. */
static flowrules_status next_merge(struct fr_yaml *y, struct fr_merges *merges,
                                   const struct fr_value *end, bool *more) {
    *more = merges->count > 0;
    if (!*more)
        return FLOWRULES_OK;
    uint32_t first = merges->first[0], last = merges->end[0];
    merges->count--;
    memmove(merges->first, merges->first + 1, merges->count * sizeof merges->first[0]);
    memmove(merges->end, merges->end + 1, merges->count * sizeof merges->end[0]);
    merges->merging = true;
    merges->front = 0;
    y->depth++; /* the replayed stretch ends with the end of its mapping */
    return start_replay(y, first + 1, last, true, end->at);
}

flowrules_status fr_yaml_key(struct fr_yaml *y, struct fr_merges *merges, struct fr_value *key,
                             bool *more) {
    for (*more = true; *more;) {
        FR_TRY(fr_yaml_next(y, key));
        if (key->kind == FR_END) {
            FR_TRY(next_merge(y, merges, key, more));
            continue;
        }
        key->merged = merges->merging;
        if (key->kind == FR_SCALAR && !key->quoted && fr_value_is(key, "<<")) {
            FR_TRY(read_merge(y, merges, key->at));
            continue;
        }
        if (key->kind == FR_SCALAR)
            return FLOWRULES_OK;
        fr_error(&y->context->diagnostics, FR_VALUE_KIND, key->at, "write 'key: value'",
                 "a key must be a word");
        FR_TRY(fr_yaml_skip(y, key));
        struct fr_value value;
        FR_TRY(fr_yaml_next(y, &value));
        FR_TRY(fr_yaml_skip(y, &value));
    }
    return FLOWRULES_OK;
}

flowrules_status fr_yaml_item(struct fr_yaml *y, struct fr_value *item, bool *more) {
    FR_TRY(fr_yaml_next(y, item));
    *more = item->kind != FR_END;
    return FLOWRULES_OK;
}

bool fr_value_is_null(const struct fr_value *value) {
    if (value->kind != FR_SCALAR || value->quoted || value->length > 4)
        return false;
    return value->length == 0 || fr_value_is(value, "~") || fr_value_is(value, "null") ||
           fr_value_is(value, "Null") || fr_value_is(value, "NULL");
}

bool fr_value_is(const struct fr_value *value, const char *text) {
    return value->kind == FR_SCALAR && strncmp(value->text, text, value->length) == 0 &&
           text[value->length] == '\0';
}
