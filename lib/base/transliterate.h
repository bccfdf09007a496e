/*
 * Text in another alphabet: what stands for a character where a place takes ASCII alone. Knows
 * nothing of which ASCII characters the place takes.
 */
#ifndef FR_TRANSLITERATE_H
#define FR_TRANSLITERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FR_TRANSLITERATION_MAX 16u
#define FR_NO_TRANSLITERATION  SIZE_MAX

/*
 * Puts what stands for a character that is not ASCII into ascii, and returns its length: 0 for a
 * mark that belongs to the character before it, FR_NO_TRANSLITERATION where nothing is known.
 */
size_t fr_transliterate(uint32_t character, char ascii[FR_TRANSLITERATION_MAX]);

/*
 * A whole text, cut to what has room: control characters and runs of what has no transliteration
 * become a "?". False where the text was ASCII and all of it is there.
 */
bool fr_transliterate_text(const char *text, char *ascii, size_t size);

#endif
