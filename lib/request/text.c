/*
 * The text of a file in the encodings that programs for sheets write. Knows nothing of its form.
 */
#include <string.h>

#include "table.h"
#include "utf8.h"

/* Windows-1252 above ASCII as far as it is not Latin-1; 0: no character. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/* The bytes of a character of UTF-8 at out. */
static size_t encode(char *out, uint32_t c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((0xF00u >> length & 0xFFu) | c);
    return length;
}

static bool is_utf8(const char *text, size_t size) {
    uint32_t c;
    for (size_t i = 0; i < size;) {
        size_t length = fr_utf8_decode(text + i, size - i, &c);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

/* False where a byte is no character; used: bytes of the result. */
static bool from_windows(const unsigned char *bytes, size_t size, char *out, size_t *used) {
    for (size_t i = 0; i < size; i++) {
        uint32_t c = bytes[i] >= 0x80 && bytes[i] < 0xA0 ? windows_1252[bytes[i] - 0x80] : bytes[i];
        if (c == 0)
            return false;
        *used += encode(out + *used, c);
    }
    return true;
}

static bool from_utf16(const unsigned char *bytes, size_t size, unsigned low, char *out,
                       size_t *used) {
    for (size_t i = 2; i + 1 < size; i += 2) {
        uint32_t c = (uint32_t)bytes[i + low] | (uint32_t)bytes[i + 1 - low] << 8;
        if (c >= 0xD800 && c < 0xDC00 && i + 3 < size) {
            uint32_t second = (uint32_t)bytes[i + 2 + low] | (uint32_t)bytes[i + 3 - low] << 8;
            if (second < 0xDC00 || second > 0xDFFF)
                return false;
            c = 0x10000 + ((c - 0xD800) << 10) + (second - 0xDC00);
            i += 2;
        } else if (c >= 0xD800 && c < 0xE000) {
            return false;
        }
        if (c == 0)
            return false;
        *used += encode(out + *used, c);
    }
    return size % 2 == 0;
}

static flowrules_status refuse(struct fr_sheets *sheets, const struct fr_handed *file) {
    return fr_error(&sheets->context->diagnostics, FR_SHEET_FORM,
                    (struct fr_at){file->number, 0, 0, 0},
                    "save it as CSV (UTF-8), or import it as what it is",
                    "the file is not text: it has bytes that are in no text of UTF-8, UTF-16 or "
                    "Windows-1252");
}

static void tell_windows(struct fr_sheets *sheets, const struct fr_handed *file) {
    struct fr_about about = {.severity = FLOWRULES_NOTE,
                             .id = FR_SHEET_TOLD,
                             .at = {file->number, 0, 0, 0},
                             .hint = "save it as UTF-8 if letters with accents are wrong"};
    fr_report(&sheets->context->diagnostics, &about,
              "the file is not UTF-8: it is read as Windows-1252");
}

/* Each byte becomes three at most. */
static flowrules_status convert(struct fr_sheets *sheets, const struct fr_handed *file,
                                const char **text, size_t *size) {
    const unsigned char *bytes = (const unsigned char *)file->bytes;
    bool little = file->size >= 2 && bytes[0] == 0xFF && bytes[1] == 0xFE;
    bool wide = little || (file->size >= 2 && bytes[0] == 0xFE && bytes[1] == 0xFF);
    char *out =
        file->size < SIZE_MAX / 4 ? fr_arena_alloc(&sheets->arena, 3 * file->size + 1) : NULL;
    size_t used = 0;
    if (out == NULL)
        return fr_no_memory(sheets->context);
    if (wide ? !from_utf16(bytes, file->size, little ? 0 : 1, out, &used)
             : !from_windows(bytes, file->size, out, &used))
        return refuse(sheets, file);
    out[used] = '\0';
    *text = out;
    *size = used;
    fr_diagnostics_retext(&sheets->context->diagnostics, file->number, out, used);
    if (!wide)
        tell_windows(sheets, file);
    return FLOWRULES_OK;
}

flowrules_status fr_handed_text(struct fr_sheets *sheets, const struct fr_handed *file,
                                const char **text, size_t *size) {
    *text = file->bytes;
    *size = file->size;
    if (!is_utf8(file->bytes, file->size))
        return convert(sheets, file, text, size);
    if (file->size > 0 && memchr(file->bytes, '\0', file->size) != NULL)
        return refuse(sheets, file);
    if (*size >= 3 && memcmp(*text, "\xEF\xBB\xBF", 3) == 0) {
        *text += 3;
        *size -= 3;
        fr_diagnostics_retext(&sheets->context->diagnostics, file->number, *text, *size);
    }
    return FLOWRULES_OK;
}
