/*
 * Diagnostics: messages with a place and its line of the file, escaped so that they are safe to
 * show. Knows files as names and bytes, not what is wrong in them.
 */
#include "diagnostics.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

/* More of a message, in bytes, is not kept: a hostile name may be as long as its file. */
#define MESSAGE_MAX 1024
/* The longest source line that is shown, in bytes. */
#define SOURCE_MAX 240
/* So much of a file is read again for a line of it, and then twice as much. */
#define FIRST_LOADED 65536u
/* Bytes of a line break. */
#define BREAK_MAX 3u

/* A file, and the place in it that was found last, so that the next search starts there. */
struct fr_source {
    const char *name, *text;
    char *path;   /* where it can be read again, or NULL */
    char *loaded; /* what was read again */
    size_t size;
    bool more; /* of the file, behind what was read again */
    uint32_t line;
    size_t offset;
};

void fr_diagnostics_init(struct fr_diagnostics *d, const struct fr_allocator *allocator) {
    fr_arena_init(&d->arena, allocator);
    fr_arena_init(&d->names, allocator);
    fr_vec_init(&d->list, allocator, sizeof(struct fr_diagnostic));
    fr_vec_init(&d->files, allocator, sizeof(struct fr_source));
    d->error_count = 0;
    d->left_out = 0;
    d->errors_from = FR_DIAGNOSTICS_MAX - 1;
    d->out_of_memory = false;
}

static void drop_text(const struct fr_diagnostics *d, struct fr_source *source) {
    fr_free(d->arena.allocator, source->loaded);
    source->loaded = NULL;
    source->text = NULL;
    source->size = 0;
    source->more = false;
    source->line = 1;
    source->offset = 0;
}

void fr_diagnostics_free(struct fr_diagnostics *d) {
    for (size_t i = 0; i < d->files.count; i++) {
        struct fr_source *source = fr_vec_at(&d->files, struct fr_source, i);
        drop_text(d, source);
        fr_free(d->arena.allocator, source->path);
    }
    fr_vec_free(&d->list);
    fr_vec_free(&d->files);
    fr_arena_free(&d->arena);
    fr_arena_free(&d->names);
}

/* ---- files --------------------------------------------------------------------------------- */

static struct fr_source *source_of(const struct fr_diagnostics *d, uint32_t file) {
    if (file == 0 || file > d->files.count)
        return NULL;
    return fr_vec_at(&d->files, struct fr_source, file - 1);
}

void fr_diagnostics_cut(struct fr_diagnostics *d, size_t first) {
    for (size_t i = first; i < d->list.count; i++)
        if (fr_vec_at(&d->list, struct fr_diagnostic, i)->severity == FLOWRULES_ERROR)
            d->error_count--;
    if (d->list.count > first)
        d->list.count = first;
}

void fr_diagnostics_clear(struct fr_diagnostics *d) {
    fr_arena_free(&d->arena);
    d->list.count = 0;
    d->error_count = 0;
    d->left_out = 0;
    d->errors_from = FR_DIAGNOSTICS_MAX - 1;
    d->out_of_memory = false;
}

void fr_diagnostics_forget(struct fr_diagnostics *d, uint32_t file) {
    struct fr_source *source = source_of(d, file);
    if (source != NULL)
        drop_text(d, source);
}

void fr_diagnostics_retext(struct fr_diagnostics *d, uint32_t file, const char *text, size_t size) {
    struct fr_source *source = source_of(d, file);
    if (source == NULL)
        return;
    drop_text(d, source);
    source->text = text;
    source->size = size;
}

const char *fr_diagnostics_file_name(const struct fr_diagnostics *d, uint32_t file) {
    const struct fr_source *source = source_of(d, file);
    return source != NULL ? source->name : NULL;
}

const char *fr_diagnostics_file_path(const struct fr_diagnostics *d, uint32_t file) {
    const struct fr_source *source = source_of(d, file);
    return source != NULL ? source->path : NULL;
}

/* ---- text that is safe to show ------------------------------------------------------------- */

/*
 * Spells a text at out (NULL: only measures): controls and broken UTF-8 as \xNN. A tab in a
 * source line becomes a space, so that its columns stay. The size without the final NUL.
 */
static size_t spell(char *out, const char *text, size_t length, bool tabs) {
    static const char digits[] = "0123456789ABCDEF";
    size_t size = 0;
    for (size_t i = 0; i < length;) {
        uint32_t character = 0;
        size_t bytes = fr_utf8_decode(text + i, length - i, &character);
        bool tab = tabs && bytes == 1 && character == '\t';
        bool shown = bytes > 0 && (tab || !fr_utf8_is_control(character));
        size_t end = i + (bytes > 0 ? bytes : 1);
        for (; i < end; i++) {
            unsigned char byte = (unsigned char)text[i];
            if (out != NULL && shown)
                out[size] = tab ? ' ' : text[i];
            else if (out != NULL)
                memcpy(out + size, (char[4]){'\\', 'x', digits[byte >> 4], digits[byte & 15]}, 4);
            size += shown ? 1 : 4;
        }
    }
    return size;
}

/* Most text is shown as it is: printable ASCII. */
static bool is_plain(const char *text, size_t length) {
    size_t i = 0;
    while (i < length && text[i] >= ' ' && text[i] <= '~')
        i++;
    return i == length;
}

static const char *shown_in(struct fr_diagnostics *d, struct fr_arena *arena, const char *text,
                            size_t length, bool tabs) {
    bool plain = is_plain(text, length);
    size_t size = plain ? length : spell(NULL, text, length, tabs);
    char *copy = fr_arena_alloc4(arena, size + 1);
    if (copy == NULL) {
        d->out_of_memory = true;
        return NULL;
    }
    if (plain)
        memcpy(copy, text, length);
    else
        spell(copy, text, length, tabs);
    copy[size] = '\0';
    return copy;
}

static const char *shown_text(struct fr_diagnostics *d, const char *text, size_t length,
                              bool tabs) {
    return shown_in(d, &d->arena, text, length, tabs);
}

/* A length cut to at most max bytes, before a character rather than within it. */
static size_t cut_length(const char *text, size_t length, size_t max) {
    if (length <= max)
        return length;
    size_t cut = max;
    while (cut > 0 && max - cut < 3 && ((unsigned char)text[cut] & 0xc0) == 0x80)
        cut--;
    return cut;
}

const char *fr_shown(struct fr_diagnostics *d, struct fr_arena *arena, const char *text) {
    if (text == NULL)
        return NULL;
    return shown_in(d, arena, text, cut_length(text, strlen(text), MESSAGE_MAX), false);
}

/* A message as vsnprintf left it in a buffer of MESSAGE_MAX + 1 bytes, cut where it got too long.
 */
static const char *shown_message(struct fr_diagnostics *d, char *text, int wanted) {
    size_t length = wanted > 0 ? (size_t)wanted : 0;
    if (length > MESSAGE_MAX) {
        length = cut_length(text, length, MESSAGE_MAX - 3);
        memcpy(text + length, "...", 3);
        length += 3;
    }
    return shown_text(d, text, length, false);
}

uint32_t fr_diagnostics_file(struct fr_diagnostics *d, const char *name, const char *text,
                             size_t size) {
    if (name == NULL)
        name = "?";
    const char *shown =
        shown_in(d, &d->names, name, cut_length(name, strlen(name), MESSAGE_MAX), false);
    struct fr_source *source = shown != NULL ? fr_vec_push(&d->files) : NULL;
    if (source == NULL) {
        d->out_of_memory = true;
        return 0;
    }
    *source =
        (struct fr_source){.name = shown, .text = text, .size = text != NULL ? size : 0, .line = 1};
    return (uint32_t)d->files.count;
}

bool fr_diagnostics_path(struct fr_diagnostics *d, uint32_t file, const char *path) {
    struct fr_source *source = source_of(d, file);
    if (source == NULL)
        return false;
    source->path = fr_malloc(d->arena.allocator, strlen(path) + 1);
    if (source->path != NULL)
        memcpy(source->path, path, strlen(path) + 1);
    return source->path != NULL;
}

uint32_t fr_diagnostics_file_again(struct fr_diagnostics *d, uint32_t file) {
    const char *name = fr_diagnostics_file_name(d, file);
    uint32_t again = fr_diagnostics_file(d, name, NULL, 0);
    const struct fr_source *source = source_of(d, file); /* which the new one may have moved */
    bool good = again != 0 && (source == NULL || source->path == NULL ||
                               fr_diagnostics_path(d, again, source->path));
    d->out_of_memory = d->out_of_memory || !good;
    return good ? again : 0;
}

/*
 * Reads a file again, so much of it or all; it may have changed or gone since, and then there is
 * less to show.
 */
static void load_again(struct fr_diagnostics *d, struct fr_source *source, size_t most) {
    FILE *stream = fopen(source->path, "rb");
    d->out_of_memory = d->out_of_memory || (stream == NULL && errno == ENOMEM);
    long length = stream != NULL && fseek(stream, 0, SEEK_END) == 0 ? ftell(stream) : -1;
    size_t whole = length > 0 ? (size_t)length : 0, size = whole < most ? whole : most;
    bool good = size > source->size && fseek(stream, (long)source->size, SEEK_SET) == 0;
    char *loaded = good ? fr_realloc(d->arena.allocator, source->loaded, size) : NULL;
    d->out_of_memory = d->out_of_memory || (good && loaded == NULL);
    if (loaded != NULL) {
        source->text = source->loaded = loaded;
        source->size += fread(loaded + source->size, 1, size - source->size, stream);
    }
    source->more = loaded != NULL && source->size == size && size < whole;
    if (stream != NULL)
        fclose(stream);
}

/* Is the text there, or at least the beginning of it? */
static bool have_beginning(struct fr_diagnostics *d, struct fr_source *source) {
    if (source != NULL && source->text == NULL && source->path != NULL)
        load_again(d, source, FIRST_LOADED);
    return source != NULL && source->text != NULL;
}

const char *fr_diagnostics_text(struct fr_diagnostics *d, uint32_t file, size_t *size) {
    struct fr_source *source = source_of(d, file);
    if (have_beginning(d, source) && source->more)
        load_again(d, source, SIZE_MAX);
    *size = source == NULL ? 0 : source->size;
    return source == NULL ? NULL : source->text;
}

/* ---- source lines -------------------------------------------------------------------------- */

/*
 * The size of the line break at text, 0 when there is none: those that YAML 1.1 counts as one,
 * which libyaml's line numbers follow (CR LF, LF, CR, NEL, LS, PS).
 */
static inline size_t break_size(const char *text, size_t left) {
    unsigned char byte = (unsigned char)text[0];
    if (byte == '\n')
        return 1;
    if (byte == '\r')
        return left > 1 && text[1] == '\n' ? 2 : 1;
    if (byte == 0xc2)
        return left > 1 && (unsigned char)text[1] == 0x85 ? 2 : 0;
    if (byte == 0xe2 && left > 2 && (unsigned char)text[1] == 0x80 &&
        ((unsigned char)text[2] == 0xa8 || (unsigned char)text[2] == 0xa9))
        return 3;
    return 0;
}

static size_t line_end(const struct fr_source *source, size_t offset, size_t *break_bytes) {
    *break_bytes = 0;
    for (; offset < source->size; offset++) {
        unsigned char byte = (unsigned char)source->text[offset];
        if (byte >= 0x20 && byte < 0x80) /* most are: no break begins with these */
            continue;
        *break_bytes = break_size(source->text + offset, source->size - offset);
        if (*break_bytes > 0)
            break;
    }
    return offset;
}

/* The same, and reads on where the end, or the rest of the break, is not read yet. */
static size_t loaded_line_end(struct fr_diagnostics *d, struct fr_source *source, size_t offset,
                              size_t *break_bytes) {
    size_t end = line_end(source, offset, break_bytes);
    while (source->more && source->size - end < BREAK_MAX) {
        load_again(d, source, 2 * source->size);
        end = line_end(source, end - offset < BREAK_MAX ? offset : end - BREAK_MAX, break_bytes);
    }
    return end;
}

/* Moves the remembered place to the start of a line; false when the file has no such line. */
static bool find_line(struct fr_diagnostics *d, struct fr_source *source, uint32_t line) {
    if (line < source->line) {
        source->line = 1;
        source->offset = 0;
    }
    while (source->line < line) {
        size_t break_bytes, end = loaded_line_end(d, source, source->offset, &break_bytes);
        if (break_bytes == 0)
            return false;
        source->offset = end + break_bytes;
        source->line++;
    }
    return true;
}

static bool shows_column(const char *text, size_t length, uint32_t column) {
    uint32_t characters = 0;
    for (size_t i = 0; i < length && characters < column; i++)
        characters += ((unsigned char)text[i] & 0xc0) != 0x80;
    return characters >= column;
}

/* The line that a message is about; NULL when it is not to be had, or cut before the column. */
const char *fr_shown_line(struct fr_diagnostics *d, struct fr_arena *arena, struct fr_at at) {
    struct fr_source *source = source_of(d, at.file);
    size_t break_bytes;
    if (at.line == 0 || !have_beginning(d, source) || !find_line(d, source, at.line))
        return NULL;
    size_t end = loaded_line_end(d, source, source->offset, &break_bytes); /* the text may move */
    size_t mark = source->offset == 0 ? fr_bom_size(source->text, source->size) : 0;
    const char *text = source->text + source->offset + mark;
    size_t length = end - source->offset - mark;
    size_t cut = cut_length(text, length, SOURCE_MAX);
    if (cut < length && !shows_column(text, cut, at.column))
        return NULL;
    return shown_in(d, arena, text, cut, true);
}

/* ---- messages ------------------------------------------------------------------------------ */

/* Says in the last message how many there were beyond it. */
static void count_left_out(struct fr_diagnostics *d, size_t more) {
    static const size_t room = 64;
    struct fr_diagnostic *last = fr_vec_at(&d->list, struct fr_diagnostic, FR_DIAGNOSTICS_MAX - 1);
    char *text =
        d->left_out > 0 ? (char *)(uintptr_t)last->message : fr_arena_alloc4(&d->arena, room);
    if (text == NULL) {
        d->out_of_memory = true;
        return;
    }
    d->left_out += more;
    *last = (struct fr_diagnostic){.severity = FLOWRULES_NOTE, .id = FR_MORE_MESSAGES};
    snprintf(last->name, sizeof last->name, "FR%04u", (unsigned)last->id % 10000);
    last->message = text;
    snprintf(text, room, "%zu more messages are not shown", d->left_out);
}

/*
 * The place of a message beyond the cap, or NULL when it is left out: an error takes the place of
 * the last message that is none, so that what made a file invalid is always told.
 */
static struct fr_diagnostic *place_past_cap(struct fr_diagnostics *d, flowrules_severity severity) {
    count_left_out(d, d->left_out == 0 ? 2 : 1);
    if (severity != FLOWRULES_ERROR)
        return NULL;
    while (d->errors_from > 0) {
        struct fr_diagnostic *kept = fr_vec_at(&d->list, struct fr_diagnostic, --d->errors_from);
        if (kept->severity != FLOWRULES_ERROR)
            return kept;
    }
    return NULL;
}

static struct fr_diagnostic *new_place(struct fr_diagnostics *d, flowrules_severity severity) {
    if (d->list.count >= FR_DIAGNOSTICS_MAX)
        return place_past_cap(d, severity);
    struct fr_diagnostic *place = fr_vec_push(&d->list);
    if (place == NULL)
        d->out_of_memory = true;
    return place;
}

static void report(struct fr_diagnostics *d, const struct fr_about *about, char *text, int wanted) {
    if (about->severity == FLOWRULES_ERROR)
        d->error_count++;
    struct fr_diagnostic *place = new_place(d, about->severity);
    if (place == NULL)
        return;
    struct fr_diagnostic told = {.severity = about->severity, .id = about->id, .at = about->at};
    snprintf(told.name, sizeof told.name, "FR%04u", (unsigned)told.id % 10000);
    told.file = fr_diagnostics_file_name(d, about->at.file);
    told.message = shown_message(d, text, wanted);
    told.hint = fr_shown(d, &d->arena, about->hint);
    told.flow = fr_shown(d, &d->arena, about->flow);
    told.target = fr_shown(d, &d->arena, about->target);
    told.source = fr_shown_line(d, &d->arena, about->at);
    if (told.message == NULL)
        told.message = "out of memory";
    *place = told;
}

void fr_report(struct fr_diagnostics *d, const struct fr_about *about, const char *format, ...) {
    char text[MESSAGE_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report(d, about, text, wanted);
}

flowrules_status fr_error(struct fr_diagnostics *d, enum fr_id id, struct fr_at at,
                          const char *hint, const char *format, ...) {
    struct fr_about about = {FLOWRULES_ERROR, id, at, NULL, NULL, hint};
    char text[MESSAGE_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report(d, &about, text, wanted);
    return FLOWRULES_INVALID;
}

void fr_diagnostics_take_back(struct fr_diagnostics *d, uint32_t file) {
    size_t kept = 0;
    if (d->left_out > 0)
        return; /* which of them are left out is no longer known */
    for (size_t i = 0; i < d->list.count; i++) {
        struct fr_diagnostic *told = fr_vec_at(&d->list, struct fr_diagnostic, i);
        bool goes = told->severity == FLOWRULES_ERROR && told->at.file == file;
        d->error_count -= goes ? 1 : 0;
        if (!goes)
            *fr_vec_at(&d->list, struct fr_diagnostic, kept++) = *told;
    }
    d->list.count = kept;
}

static int compare_numbers(uint32_t a, uint32_t b) {
    return (a > b) - (a < b);
}

static int compare_places(const struct fr_at *a, const struct fr_at *b) {
    int order = compare_numbers(a->file, b->file);
    if (order == 0)
        order = compare_numbers(a->line, b->line);
    return order != 0 ? order : compare_numbers(a->column, b->column);
}

/* Merges two sorted neighbours; the moves are few, since messages come nearly in order. */
static void merge_neighbours(struct fr_diagnostic *items, size_t middle, size_t count) {
    size_t low = 0;
    for (; middle < count; middle++) {
        while (low < middle && compare_places(&items[low].at, &items[middle].at) <= 0)
            low++;
        if (low == middle)
            return;
        struct fr_diagnostic moved = items[middle];
        memmove(&items[low + 1], &items[low], (middle - low) * sizeof *items);
        items[low++] = moved;
    }
}

/* In place, so that it can't run out of memory; the cap keeps the moves cheap. */
static void sort_stable(struct fr_diagnostic *items, size_t count) {
    if (count < 2)
        return;
    sort_stable(items, count / 2);
    sort_stable(items + count / 2, count - count / 2);
    merge_neighbours(items, count / 2, count);
}

void fr_diagnostics_sort(struct fr_diagnostics *d, size_t first) {
    /* The note of what was left out stays last. */
    size_t end = d->left_out > 0 ? d->list.count - 1 : d->list.count;
    if (first < end)
        sort_stable(fr_vec_at(&d->list, struct fr_diagnostic, first), end - first);
    d->errors_from = FR_DIAGNOSTICS_MAX - 1;
}
