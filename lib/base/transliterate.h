/*
 * Transliteration: the ASCII text that replaces a character of another alphabet. Does not know
 * which ASCII characters the place of the text allows.
 */
#ifndef FR_TRANSLITERATE_H
#define FR_TRANSLITERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FR_TRANSLITERATION_MAX 16u
#define FR_NO_TRANSLITERATION  SIZE_MAX

/*
 * Writes the replacement of a character that is not ASCII to ascii, and returns its length: 0 for a
 * mark that belongs to the character before it, FR_NO_TRANSLITERATION if none is known.
 */
size_t fr_transliterate(uint32_t character, char ascii[FR_TRANSLITERATION_MAX]);

/*
 * Transliterates a text, cut to the size: control characters and runs of characters without a
 * transliteration become a "?". False if the text was ASCII and nothing was cut.
 */
bool fr_transliterate_text(const char *text, char *ascii, size_t size);

#endif
