/*
 * The writer: keeps bytes in blocks, and spells numbers, addresses and user text.
 * Knows no target's syntax: a flowrules_escape says how user text is written.
 */
#include "writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "flowrules/kits/flows.h"
#include "flowrules/kits/linux.h"
#include "transliterate.h"
#include "utf8.h"

/* The first block is small, so that parts and small files cost little. */
#define FIRST_BLOCK ((size_t)4 * 1024)

void fr_writer_init(struct flowrules_writer *w, const struct fr_allocator *allocator,
                    bool keep_origins) {
    w->allocator = allocator;
    w->first = NULL;
    w->last = NULL;
    fr_vec_init(&w->origins, allocator, sizeof(struct fr_origin));
    w->keep_origins = keep_origins;
    w->failed = false;
}

void fr_writer_free(struct flowrules_writer *w) {
    for (struct fr_block *block = w->first; block != NULL;) {
        struct fr_block *next = block->next;
        fr_free(w->allocator, block);
        block = next;
    }
    w->first = NULL;
    w->last = NULL;
    fr_vec_free(&w->origins);
}

void fr_writer_empty(struct flowrules_writer *w) {
    const struct fr_allocator *allocator = w->allocator;
    bool keep_origins = w->keep_origins;
    fr_writer_free(w);
    fr_writer_init(w, allocator, keep_origins);
}

/* ---- bytes --------------------------------------------------------------------------------- */

static bool add_block(struct flowrules_writer *w) {
    size_t capacity = (w->first == NULL ? FIRST_BLOCK : FR_WRITER_BLOCK) - sizeof(struct fr_block);
    struct fr_block *block = fr_malloc(w->allocator, sizeof *block + capacity);
    if (block == NULL) {
        w->failed = true;
        return false;
    }
    block->next = NULL;
    block->size = 0;
    block->capacity = capacity;
    block->lines = 0;
    if (w->last != NULL)
        w->last->next = block;
    else
        w->first = block;
    w->last = block;
    return true;
}

static inline size_t room(const struct flowrules_writer *w) {
    return w->last != NULL ? w->last->capacity - w->last->size : 0;
}

static uint32_t count_lines(const char *bytes, size_t size) {
    uint32_t lines = 0;
    const char *end = bytes + size;
    while (bytes < end && (bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
        lines++;
        bytes++;
    }
    return lines;
}

/* For bytes that fit into the last block. */
static inline void append(struct fr_block *block, const char *bytes, size_t size) {
    memcpy(block->bytes + block->size, bytes, size);
    block->size += size;
}

void fr_write_bytes(struct flowrules_writer *w, const char *bytes, size_t size) {
    while (size > 0 && !w->failed) {
        size_t part = room(w);
        if (part == 0) {
            add_block(w);
            continue;
        }
        if (part > size)
            part = size;
        append(w->last, bytes, part);
        w->last->lines += count_lines(bytes, part);
        bytes += part;
        size -= part;
    }
}

/* For bytes without a newline. */
static inline void write_word(struct flowrules_writer *w, const char *bytes, size_t size) {
    if (size > 0 && size <= room(w) && !w->failed)
        append(w->last, bytes, size);
    else
        fr_write_bytes(w, bytes, size);
}

void flowrules_write(flowrules_writer *w, const char *text) {
    if (text != NULL)
        fr_write_bytes(w, text, strlen(text));
}

/* Formats straight into the last block; a text that does not fit there takes the detour. */
void flowrules_writef(flowrules_writer *w, const char *format, ...) {
    if (w->failed)
        return;
    size_t free_bytes = room(w);
    char *end = free_bytes > 0 ? w->last->bytes + w->last->size : NULL, *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(end, free_bytes, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < free_bytes) {
        w->last->size += (size_t)length;
        w->last->lines += count_lines(end, (size_t)length);
        return;
    }
    if (length >= 0)
        text = fr_malloc(w->allocator, (size_t)length + 1);
    if (text == NULL) {
        w->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    fr_write_bytes(w, text, (size_t)length);
    fr_free(w->allocator, text);
}

size_t fr_writer_size(const struct flowrules_writer *w) {
    size_t size = 0;
    for (const struct fr_block *block = w->first; block != NULL; block = block->next)
        size += block->size;
    return size;
}

char *fr_writer_text(const struct flowrules_writer *w, size_t *size) {
    if (w->failed)
        return NULL;
    *size = fr_writer_size(w);
    char *text = fr_malloc(w->allocator, *size + 1);
    if (text == NULL)
        return NULL;
    char *end = text;
    for (const struct fr_block *block = w->first; block != NULL; block = block->next) {
        memcpy(end, block->bytes, block->size);
        end += block->size;
    }
    *end = '\0';
    return text;
}

const char *fr_writer_keep(struct flowrules_writer *w, struct fr_arena *arena) {
    size_t size = 0;
    char *text = fr_writer_text(w, &size);
    const char *kept = text == NULL ? NULL : fr_arena_text(arena, text, size);
    fr_free(w->allocator, text);
    fr_writer_free(w);
    return kept;
}

/* ---- numbers and addresses ----------------------------------------------------------------- */

/* The digits of a number at out, which must have room for 20; the number of digits. */
static inline size_t put_number(char *out, uint64_t number) {
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (size_t i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    return count;
}

/* The checksum of POSIX cksum: CRC-32 with the polynomial of Ethernet, the length behind the bytes.
 */
static uint32_t add_to_crc(const uint32_t table[256], uint32_t crc, unsigned char byte) {
    return (crc << 8) ^ table[(crc >> 24) ^ byte];
}

void flowrules_write_cksum(flowrules_writer *w, const flowrules_writer *file) {
    uint32_t table[256], crc = 0;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i << 24;
        for (int bit = 0; bit < 8; bit++)
            table[i] = (table[i] << 1) ^ (table[i] >> 31 ? 0x04C11DB7u : 0);
    }
    for (const struct fr_block *block = file->first; block != NULL; block = block->next)
        for (size_t i = 0; i < block->size; i++)
            crc = add_to_crc(table, crc, (unsigned char)block->bytes[i]);
    for (size_t rest = fr_writer_size(file); rest != 0; rest >>= 8)
        crc = add_to_crc(table, crc, (unsigned char)rest);
    w->failed = w->failed || file->failed;
    flowrules_write_number(w, ~crc);
    flowrules_write(w, " ");
    flowrules_write_number(w, fr_writer_size(file));
}

void flowrules_write_number(flowrules_writer *w, uint64_t number) {
    char text[20];
    write_word(w, text, put_number(text, number));
}

static inline size_t put_octet(char *out, unsigned octet) {
    size_t count = 0;
    if (octet >= 100)
        out[count++] = (char)('0' + octet / 100);
    if (octet >= 10)
        out[count++] = (char)('0' + octet / 10 % 10);
    out[count++] = (char)('0' + octet % 10);
    return count;
}

static inline size_t put_ip4(char *out, uint32_t ip) {
    size_t count = put_octet(out, ip >> 24);
    for (unsigned shift = 24; shift > 0;) {
        shift -= 8;
        out[count++] = '.';
        count += put_octet(out + count, ip >> shift & 255u);
    }
    return count;
}

static size_t put_hex(char *out, unsigned group) {
    size_t count = 0;
    for (unsigned shift = 16; shift > 0;) {
        shift -= 4;
        if (group >> shift != 0 || shift == 0)
            out[count++] = "0123456789abcdef"[group >> shift & 15u];
    }
    return count;
}

/* The first longest run of at least two zero groups (RFC 5952 4.2): its start and length. */
static unsigned zero_run(const unsigned groups[8], unsigned *run_length) {
    unsigned best = 8, best_length = 1;
    for (unsigned i = 0; i < 8;) {
        unsigned end = i;
        while (end < 8 && groups[end] == 0)
            end++;
        if (end - i > best_length) {
            best = i;
            best_length = end - i;
        }
        i = end + 1;
    }
    *run_length = best < 8 ? best_length : 0;
    return best;
}

/* RFC 5952, with the dotted form for IPv4-mapped addresses (its section 5). */
static size_t put_ip6(char *out, struct flowrules_ip ip) {
    if (ip.hi == 0 && ip.lo >> 32 == 0xffff) {
        memcpy(out, "::ffff:", 7);
        return 7 + put_ip4(out + 7, (uint32_t)ip.lo);
    }
    unsigned groups[8], run_length;
    for (unsigned i = 0; i < 8; i++)
        groups[i] = (unsigned)((i < 4 ? ip.hi : ip.lo) >> (48 - 16 * (i % 4)) & 0xffff);
    unsigned run = zero_run(groups, &run_length);
    size_t count = 0;
    for (unsigned i = 0; i < 8;) {
        if (i == run) {
            out[count++] = ':';
            i += run_length;
            if (i == 8)
                out[count++] = ':';
            continue;
        }
        if (i > 0)
            out[count++] = ':';
        count += put_hex(out + count, groups[i++]);
    }
    return count;
}

#define IP_TEXT_MAX 39

static inline size_t put_ip(char *out, enum flowrules_family family, struct flowrules_ip ip) {
    return family == FLOWRULES_IPV4 ? put_ip4(out, (uint32_t)ip.lo) : put_ip6(out, ip);
}

void flowrules_write_ip(flowrules_writer *w, enum flowrules_family family, struct flowrules_ip ip) {
    char text[IP_TEXT_MAX];
    write_word(w, text, put_ip(text, family, ip));
}

void fr_ip_text(char text[FR_IP_TEXT_SIZE], enum flowrules_family family, struct flowrules_ip ip) {
    text[put_ip(text, family, ip)] = '\0';
}

static void write_range(flowrules_writer *w, const struct flowrules_range *range,
                        bool length_always) {
    char text[2 * IP_TEXT_MAX + 1];
    unsigned bits = range->family == FLOWRULES_IPV4 ? 32 : 128;
    int prefix = flowrules_range_prefix(range);
    size_t count = put_ip(text, range->family, range->first);
    if (prefix < 0) {
        text[count++] = '-';
        count += put_ip(text + count, range->family, range->last);
    } else if (length_always || (unsigned)prefix < bits) {
        text[count++] = '/';
        count += put_octet(text + count, (unsigned)prefix);
    }
    write_word(w, text, count);
}

void flowrules_write_range(flowrules_writer *w, const struct flowrules_range *range) {
    write_range(w, range, false);
}

void flowrules_write_prefix(flowrules_writer *w, const struct flowrules_range *range) {
    write_range(w, range, true);
}

void flowrules_write_ports(flowrules_writer *w, struct flowrules_ports ports,
                           const char *separator) {
    flowrules_write_number(w, ports.first);
    if (ports.last != ports.first) {
        flowrules_write(w, separator);
        flowrules_write_number(w, ports.last);
    }
}

/* ---- user text ----------------------------------------------------------------------------- */

struct spelled {
    char bytes[FR_TRANSLITERATION_MAX];
    size_t size;
};

static bool is_plain(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_one_of(const char *characters, char c) {
    return characters != NULL && c != '\0' && strchr(characters, c) != NULL;
}

/* Adds an ASCII character as the place takes it; false where it does not. */
static bool spell_ascii(const struct flowrules_escape *escape, struct spelled *s, char c) {
    bool escaped = escape->before != '\0' && is_one_of(escape->escape, c);
    if ((!escaped && !is_plain((unsigned char)c) && !is_one_of(escape->keep, c)) ||
        s->size + (escaped ? 2 : 1) > sizeof s->bytes)
        return false;
    if (escaped)
        s->bytes[s->size++] = escape->before;
    s->bytes[s->size++] = c;
    return true;
}

static bool is_quote_or_blank(char c) {
    return is_one_of("'\"` ", c);
}

/*
 * Is it a quote of something, and the place one of prose, which takes blanks? Then it goes, as
 * typographic ones do: team's is teams.
 */
static bool is_spare_quote(const struct flowrules_escape *escape, const char *start, const char *at,
                           const char *end) {
    bool quotes =
        (at > start && !is_quote_or_blank(at[-1])) || (at + 1 < end && !is_quote_or_blank(at[1]));
    return quotes && is_one_of("'\"`", *at) && is_one_of(escape->keep, ' ');
}

/* Spells a character in ASCII, without what the place does not take; false where there is no way.
 */
static bool spell_other(const struct flowrules_escape *escape, struct spelled *s,
                        uint32_t character) {
    char ascii[FR_TRANSLITERATION_MAX];
    size_t count = fr_transliterate(character, ascii);
    for (size_t i = 0; count != FR_NO_TRANSLITERATION && i < count; i++)
        spell_ascii(escape, s, ascii[i]);
    return count != FR_NO_TRANSLITERATION;
}

/* Is this a character beyond ASCII that the place does not take, and that has no spelling? */
static bool is_foreign(const struct flowrules_escape *escape, const char *text, size_t left,
                       size_t *bytes) {
    char ascii[FR_TRANSLITERATION_MAX];
    uint32_t character = 0;
    *bytes = fr_utf8_decode(text, left, &character);
    return *bytes > 1 && !escape->utf8 && !fr_utf8_is_control(character) &&
           fr_transliterate(character, ascii) == FR_NO_TRANSLITERATION;
}

/*
 * The next character of a text (from start) as it is spelled, nothing where replace is 0; text
 * moves behind it, or behind a run of foreign ones, which become one.
 */
static struct spelled spell_next(const struct flowrules_escape *escape, const char *start,
                                 const char **text, const char *end) {
    struct spelled s = {.size = 0}, replaced = {{escape->replace}, escape->replace != '\0' ? 1 : 0};
    const char *at = *text;
    uint32_t character = 0;
    size_t bytes = fr_utf8_decode(at, (size_t)(end - at), &character), more;
    *text += bytes > 0 ? bytes : 1;
    if (bytes == 0 || fr_utf8_is_control(character))
        return replaced;
    if (bytes == 1)
        return spell_ascii(escape, &s, *at) || is_spare_quote(escape, start, at, end) ? s
                                                                                      : replaced;
    if (escape->utf8) {
        memcpy(s.bytes, at, bytes);
        s.size = bytes;
        return s;
    }
    if (spell_other(escape, &s, character))
        return s;
    while (is_foreign(escape, *text, (size_t)(end - *text), &more))
        *text += more;
    return replaced;
}

/* How many letters and digits a text begins with: they are spelled as they are, everywhere. */
static size_t plain_run(const char *text, const char *end) {
    const char *at = text;
    while (at < end && is_plain((unsigned char)*at))
        at++;
    return (size_t)(at - text);
}

size_t fr_user_size(const struct flowrules_escape *escape, const char *text) {
    size_t size = 0;
    const char *start = text;
    for (const char *end = text + strlen(text); text < end;) {
        size_t run = plain_run(text, end);
        text += run;
        size += run;
        if (text < end)
            size += spell_next(escape, start, &text, end).size;
    }
    return size;
}

void flowrules_write_user(flowrules_writer *w, const struct flowrules_escape *escape,
                          const char *text) {
    if (text == NULL)
        return;
    const char *start = text, *end = text + strlen(text);
    size_t left = escape->max_bytes > 0 ? escape->max_bytes : SIZE_MAX;
    struct spelled dot = {.size = 0};
    size_t dots = 0;
    if (!spell_ascii(escape, &dot, '.'))
        dot = (struct spelled){{escape->replace}, escape->replace != '\0' ? 1 : 0};
    if (escape->max_bytes > 0 && fr_user_size(escape, text) > left) {
        dots = dot.size * 3 <= left ? 3 : 0;
        left -= dots * dot.size;
    }
    while (text < end) {
        size_t run = plain_run(text, end);
        if (run > 0) {
            run = run < left ? run : left;
            write_word(w, text, run);
            text += run;
            left -= run;
        }
        if (text == end || left == 0)
            break;
        struct spelled s = spell_next(escape, start, &text, end);
        if (s.size > left)
            break;
        write_word(w, s.bytes, s.size);
        left -= s.size;
    }
    for (; dots > 0; dots--)
        write_word(w, dot.bytes, dot.size);
}

/* ---- parts and origins --------------------------------------------------------------------- */

/* Origins of a part come behind those of the file; a copied block is now part of another one. */
static bool move_origins(struct flowrules_writer *w, struct flowrules_writer *part,
                         const struct fr_block *copied_to) {
    if (!fr_vec_reserve(&w->origins, part->origins.count))
        return false;
    for (size_t i = 0; i < part->origins.count; i++) {
        struct fr_origin *origin = fr_vec_add(&w->origins);
        *origin = *fr_vec_at(&part->origins, struct fr_origin, i);
        if (copied_to != NULL) {
            origin->block = copied_to;
            origin->line += copied_to->lines;
        }
    }
    part->origins.count = 0;
    return true;
}

/* A part of one block that fits into the file's last block is copied: its block is used again. */
static bool copy_part(struct flowrules_writer *w, struct flowrules_writer *part) {
    struct fr_block *block = part->first;
    if (block == NULL || w->last == NULL || block->next != NULL || block->size > room(w))
        return false;
    if (!move_origins(w, part, w->last)) {
        w->failed = true;
        return true;
    }
    append(w->last, block->bytes, block->size);
    w->last->lines += block->lines;
    block->size = 0;
    block->lines = 0;
    return true;
}

size_t flowrules_writer_size(const flowrules_writer *w) {
    return fr_writer_size(w);
}

void flowrules_write_part(flowrules_writer *w, flowrules_writer *part) {
    if (part->failed)
        w->failed = true;
    if (w->failed || part->first == NULL || w == part || copy_part(w, part))
        return;
    if (!move_origins(w, part, NULL)) {
        w->failed = true;
        return;
    }
    if (w->last != NULL)
        w->last->next = part->first;
    else
        w->first = part->first;
    w->last = part->last;
    part->first = NULL;
    part->last = NULL;
}

/* Adds the origins of the line of a block that begins or goes on here; *next is the first left. */
static void add_origins(struct flowrules_writer *w, const struct flowrules_writer *part,
                        const struct fr_block *block, uint32_t line, size_t *next) {
    for (; *next < part->origins.count; ++*next) {
        const struct fr_origin *origin = fr_vec_at(&part->origins, struct fr_origin, *next);
        if (origin->block != block || origin->line != line)
            return;
        flowrules_writer_origin(w, origin->flows);
    }
}

/* How many of the bytes stand as they are, up to the end of the line at most. */
static size_t kept_run(const struct flowrules_quote *quote, const char *bytes, size_t size) {
    size_t count = 0;
    while (count < size && bytes[count] != '\n' &&
           (quote->keep != NULL
                ? is_plain((unsigned char)bytes[count]) || is_one_of(quote->keep, bytes[count])
                : !is_one_of(quote->escape, bytes[count])))
        count++;
    return count;
}

static void write_quoted_byte(struct flowrules_writer *w, const struct flowrules_quote *quote,
                              char byte) {
    if (byte == '\n') {
        flowrules_write(w, quote->end);
    } else if (quote->keep != NULL) {
        flowrules_writef(w, "%%%02X", (unsigned)(unsigned char)byte);
    } else {
        flowrules_write(w, quote->with);
        fr_write_bytes(w, &byte, 1);
    }
}

static void write_quoted_block(struct flowrules_writer *w, const struct flowrules_writer *part,
                               const struct fr_block *block, const struct flowrules_quote *quote,
                               bool *begins, size_t *next) {
    uint32_t line = 0;
    add_origins(w, part, block, line, next);
    for (size_t at = 0; at < block->size && !w->failed;) {
        if (*begins && (block->bytes[at] != '\n' || quote->keep != NULL))
            flowrules_write(w, quote->before);
        *begins = false;
        size_t run = kept_run(quote, block->bytes + at, block->size - at);
        fr_write_bytes(w, block->bytes + at, run);
        at += run;
        if (at == block->size)
            break;
        *begins = block->bytes[at] == '\n';
        write_quoted_byte(w, quote, block->bytes[at++]);
        if (*begins)
            add_origins(w, part, block, ++line, next);
    }
}

void flowrules_write_quoted(flowrules_writer *w, flowrules_writer *part,
                            const struct flowrules_quote *quote) {
    bool begins = true;
    size_t next = 0;
    w->failed = w->failed || part->failed;
    for (const struct fr_block *block = part->first; block != NULL; block = block->next)
        write_quoted_block(w, part, block, quote, &begins, &next);
    fr_writer_empty(part);
}

void flowrules_writer_origin(flowrules_writer *w, flowrules_flows flows) {
    if (!w->keep_origins || w->failed || (w->last == NULL && !add_block(w)))
        return;
    struct fr_origin origin = {w->last, w->last->lines, flows};
    if (w->origins.count > 0) {
        const struct fr_origin *before =
            fr_vec_at(&w->origins, struct fr_origin, w->origins.count - 1);
        if (before->block == origin.block && before->line == origin.line &&
            before->flows.number == origin.flows.number &&
            before->flows.elsewhere == origin.flows.elsewhere)
            return;
    }
    struct fr_origin *kept = fr_vec_add(&w->origins);
    if (kept == NULL)
        w->failed = true;
    else
        *kept = origin;
}

void fr_writer_visit(const struct flowrules_writer *w,
                     void (*visit)(void *user, uint32_t line, flowrules_flows flows), void *user) {
    const struct fr_block *block = w->first;
    uint32_t lines_before = 0;
    for (size_t i = 0; i < w->origins.count; i++) {
        const struct fr_origin *origin = fr_vec_at(&w->origins, struct fr_origin, i);
        for (; block != NULL && block != origin->block; block = block->next)
            lines_before += block->lines;
        visit(user, lines_before + origin->line + 1, origin->flows);
    }
}
