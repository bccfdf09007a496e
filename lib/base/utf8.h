/*
 * UTF-8: one character at a time, strictly (RFC 3629). Knows nothing of where the text goes.
 */
#ifndef FR_UTF8_H
#define FR_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The length in bytes of the character at text, and the character; 0 if the bytes are not valid
 * UTF-8 (an overlong form, a surrogate, past U+10FFFF, cut off).
 */
static inline size_t fr_utf8_decode(const char *text, size_t size, uint32_t *character) {
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)text;
    if (size == 0)
        return 0;
    if (p[0] < 0x80) {
        *character = p[0];
        return 1;
    }
    size_t length = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (length == 0 || length > size)
        return 0;
    uint32_t c = p[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3fu);
    }
    if (c < smallest[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *character = c;
    return length;
}

/* The length, not beyond this one, at which a text can be cut between two characters. */
static inline size_t fr_utf8_cut(const char *text, size_t length) {
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

/* The size of the byte order mark at the start of a file: 3, or 0 without one. */
static inline size_t fr_bom_size(const char *text, size_t size) {
    return size >= 3 && text[0] == '\xef' && text[1] == '\xbb' && text[2] == '\xbf' ? 3 : 0;
}

/*
 * True for a character that must never reach an output as it is: controls (C0, DEL, C1), the
 * Unicode line separators, characters that change the direction of text, which can hide what is
 * written, and invisible ones: operators, marks of annotations, tags (Unicode TR 36). Joiners and
 * the zero-width space are allowed, since words of some scripts need them.
 */
static inline bool fr_utf8_is_control(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

#endif
