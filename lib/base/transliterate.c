/*
 * Transliteration: decomposes characters as Unicode says (NFKD, by libunistring) and drops the
 * marks. Tables have letters that do not decompose, quotes and dashes, Cyrillic and Greek. Other
 * scripts are not transliterated.
 */
#include "transliterate.h"

#include <string.h>
#include <unictype.h>
#include <uninorm.h>

#include "utf8.h"

struct spelling {
    uint32_t character;
    const char *ascii;
};

/* What has no decomposition, or not the usual one; sorted. */
static const struct spelling spellings[] = {
    {0x00a1, "!"},  {0x00a3, "GBP"}, {0x00a5, "JPY"}, {0x00a7, "S."},  {0x00a9, "(c)"},
    {0x00ab, "\""}, {0x00ad, ""},    {0x00ae, "(R)"}, {0x00b0, "deg"}, {0x00b1, "+-"},
    {0x00b4, "'"},  {0x00b6, "P."},  {0x00b7, "."},   {0x00bb, "\""},  {0x00bf, "?"},
    {0x00c6, "AE"}, {0x00d0, "D"},   {0x00d7, "x"},   {0x00d8, "O"},   {0x00de, "Th"},
    {0x00df, "ss"}, {0x00e6, "ae"},  {0x00f0, "d"},   {0x00f7, "/"},   {0x00f8, "o"},
    {0x00fe, "th"}, {0x0110, "D"},   {0x0111, "d"},   {0x0126, "H"},   {0x0127, "h"},
    {0x0131, "i"},  {0x0138, "k"},   {0x0141, "L"},   {0x0142, "l"},   {0x014a, "Ng"},
    {0x014b, "ng"}, {0x0152, "OE"},  {0x0153, "oe"},  {0x0166, "T"},   {0x0167, "t"},
    {0x018f, "E"},  {0x0259, "e"},   {0x1e9e, "SS"},  {0x2010, "-"},   {0x2012, "-"},
    {0x2013, "-"},  {0x2014, "-"},   {0x2015, "-"},   {0x2018, "'"},   {0x2019, "'"},
    {0x201a, "'"},  {0x201b, "'"},   {0x201c, "\""},  {0x201d, "\""},  {0x201e, "\""},
    {0x201f, "\""}, {0x2020, "+"},   {0x2022, "*"},   {0x2032, "'"},   {0x2033, "\""},
    {0x2039, "'"},  {0x203a, "'"},   {0x2044, "/"},   {0x20ac, "EUR"}, {0x2190, "<-"},
    {0x2192, "->"}, {0x2194, "<->"}, {0x21d2, "=>"},  {0x2212, "-"},   {0x2215, "/"},
    {0x2260, "!="}, {0x2264, "<="},  {0x2265, ">="},  {0x2500, "-"},   {0x2713, "+"}};

/* U+0400 to U+045F, near to the BGN/PCGN romanizations: the hard and the soft sign have no letter.
 */
static const char *const cyrillic[] = {
    "E", "Yo", "Dj", "G", "Ye", "Dz", "I",  "Yi", "J",  "Lj",   "Nj", "C", "K", "I", "U",  "Dzh",
    "A", "B",  "V",  "G", "D",  "E",  "Zh", "Z",  "I",  "Y",    "K",  "L", "M", "N", "O",  "P",
    "R", "S",  "T",  "U", "F",  "Kh", "Ts", "Ch", "Sh", "Shch", "",   "Y", "",  "E", "Yu", "Ya",
    "a", "b",  "v",  "g", "d",  "e",  "zh", "z",  "i",  "y",    "k",  "l", "m", "n", "o",  "p",
    "r", "s",  "t",  "u", "f",  "kh", "ts", "ch", "sh", "shch", "",   "y", "",  "e", "yu", "ya",
    "e", "yo", "dj", "g", "ye", "dz", "i",  "yi", "j",  "lj",   "nj", "c", "k", "i", "u",  "dzh"};

/* U+0391 to U+03A9 and U+03B1 to U+03C9, as ISO 843 transcribes them letter by letter. */
static const char *const greek[2][25] = {
    {"A", "V", "G", "D", "E", "Z", "I", "Th", "I", "K",  "L",  "M", "N",
     "X", "O", "P", "R", "",  "S", "T", "Y",  "F", "Ch", "Ps", "O"},
    {"a", "v", "g", "d", "e", "z", "i", "th", "i", "k",  "l",  "m", "n",
     "x", "o", "p", "r", "s", "s", "t", "y",  "f", "ch", "ps", "o"}};

/* What a table says of a character, or NULL. */
static const char *spelling_of(uint32_t character) {
    size_t low = 0, high = sizeof spellings / sizeof *spellings;
    if (character >= 0x400 && character < 0x400 + sizeof cyrillic / sizeof *cyrillic)
        return cyrillic[character - 0x400];
    if (character >= 0x391 && character <= 0x3c9 && (character - 0x391) % 32 < 25)
        return greek[(character - 0x391) / 32][(character - 0x391) % 32];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (spellings[middle].character == character)
            return spellings[middle].ascii;
        if (spellings[middle].character < character)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/*
 * One step of a decomposition after the other, so that a table comes before what Unicode says.
 * False where a part has no spelling, or there is no room.
 */
static bool add(uint32_t character, char ascii[FR_TRANSLITERATION_MAX], size_t *length) {
    ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
    int tag;
    const char *spelling = spelling_of(character);
    if (spelling != NULL) {
        size_t size = strlen(spelling);
        if (*length + size > FR_TRANSLITERATION_MAX)
            return false;
        memcpy(ascii + *length, spelling, size);
        *length += size;
        return true;
    }
    if (character < 0x80) {
        if (*length == FR_TRANSLITERATION_MAX)
            return false;
        ascii[(*length)++] = (char)character;
        return true;
    }
    if (uc_combining_class(character) != UC_CCC_NR)
        return true;
    int count = uc_decomposition(character, &tag, parts);
    bool whole = count > 0;
    for (int i = 0; whole && i < count; i++)
        whole = add(parts[i], ascii, length);
    return whole;
}

size_t fr_transliterate(uint32_t character, char ascii[FR_TRANSLITERATION_MAX]) {
    size_t length = 0;
    return add(character, ascii, &length) ? length : FR_NO_TRANSLITERATION;
}

bool fr_transliterate_text(const char *text, char *ascii, size_t size) {
    const char *end = text + strlen(text);
    size_t used = 0;
    bool changed = false, foreign = false;
    while (text < end) {
        char one[FR_TRANSLITERATION_MAX] = {*text};
        uint32_t character = 0;
        size_t bytes = fr_utf8_decode(text, (size_t)(end - text), &character), count = 1;
        if (bytes != 1)
            count = bytes == 0 ? FR_NO_TRANSLITERATION : fr_transliterate(character, one);
        bool known = count != FR_NO_TRANSLITERATION;
        if (!known)
            one[0] = '?';
        count = known ? count : foreign ? 0 : 1;
        changed = changed || bytes != 1;
        foreign = !known || (foreign && count == 0);
        text += bytes > 0 ? bytes : 1;
        if (used + count >= size) {
            changed = true;
            break;
        }
        memcpy(ascii + used, one, count);
        used += count;
    }
    ascii[used] = '\0';
    return changed;
}
