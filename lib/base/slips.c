/*
 * Hints for addresses and names that are not valid: corrects the text step by step, and suggests
 * the first result that is valid.
 */
#include "slips.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "addresses.h"

/* ---- characters ---------------------------------------------------------------------------- */

/* What word processors, web pages and chats make of the characters of a keyboard. */
static const struct {
    const char *bytes, *plain;
} characters[] = {
    {"\xC2\xA0", " "},     /* no-break space */
    {"\xE2\x80\xAF", " "}, /* narrow no-break space */
    {"\xE2\x80\x89", " "}, /* thin space */
    {"\xE2\x80\x8B", ""},  /* zero width space */
    {"\xEF\xBB\xBF", ""},  /* byte order mark */
    {"\xE2\x80\x90", "-"}, /* hyphen */
    {"\xE2\x80\x91", "-"}, /* no-break hyphen */
    {"\xE2\x80\x92", "-"}, /* figure dash */
    {"\xE2\x80\x93", "-"}, /* en dash */
    {"\xE2\x80\x94", "-"}, /* em dash */
    {"\xE2\x88\x92", "-"}, /* minus */
    {"\xE2\x80\x9C", ""},  /* quotes, in pairs or alone */
    {"\xE2\x80\x9D", ""},
    {"\xE2\x80\x9E", ""},
    {"\xE2\x80\x98", ""},
    {"\xE2\x80\x99", ""},
    {"\xE2\x80\x9A", ""},
    {"\xC2\xAB", ""},
    {"\xC2\xBB", ""},
    {"\xE2\x80\xA6", ".."},
    {"\xEF\xBC\x8E", "."}, /* full width full stop */
    {"\"", ""},
    {"'", ""},
    {"`", ""},
    {"\t", " "},
};

/* What a text begins with, in plain characters; *size is the number of its bytes. */
static const char *plain_character(const char *text, size_t *size) {
    for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++) {
        *size = strlen(characters[i].bytes);
        if (strncmp(text, characters[i].bytes, *size) == 0)
            return characters[i].plain;
    }
    *size = 1;
    return NULL;
}

bool fr_slip_plain(struct fr_slip_text *plain, const char *text) {
    size_t used = 0, size;
    for (; *text != '\0'; text += size) {
        const char *instead = plain_character(text, &size);
        size_t length = instead == NULL ? 1 : strlen(instead);
        if (used + length + 1 >= sizeof plain->text)
            return false;
        memcpy(plain->text + used, instead == NULL ? text : instead, length);
        used += length;
    }
    plain->text[used] = '\0';
    return true;
}

static bool is_blank(char c) {
    return c == ' ';
}

void fr_slip_trim(struct fr_slip_text *t, const char *marks) {
    size_t used = 0;
    for (const char *from = t->text; *from != '\0'; from++) {
        const char *next = from + strspn(from, " ");
        bool behind = used == 0 || strchr(marks, t->text[used - 1]) != NULL;
        bool before = *next == '\0' || strchr(marks, *next) != NULL;
        if (!is_blank(*from) || (!behind && !before))
            t->text[used++] = *from;
    }
    t->text[used] = '\0';
}

static void replace(struct fr_slip_text *t, const char *text) {
    size_t length = strnlen(text, sizeof t->text - 1);
    memmove(t->text, text, length); /* it may be a part of the text */
    t->text[length] = '\0';
}

bool fr_slip_means_all(const char *text) {
    static const char *const words[] = {"all",      "*",     "everything", "everywhere", "anything",
                                        "anywhere", "every", "world",      "any-any",    "any"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

bool fr_slip_list(const char *text, char list[FR_SLIP_MAX]) {
    size_t used = 0, count = 0;
    list[used++] = '[';
    while (*text != '\0') {
        text += strspn(text, " ,;");
        size_t length = strcspn(text, " ,;");
        if (length == 0)
            break;
        bool quote = memchr(text, ':', length) != NULL || text[0] == '*';
        if (count == 4 || used + length + 16 >= FR_SLIP_MAX) {
            count++;
            used += (size_t)snprintf(list + used, FR_SLIP_MAX - used, ", ...");
            break;
        }
        used +=
            (size_t)snprintf(list + used, FR_SLIP_MAX - used, "%s%s%.*s%s", count > 0 ? ", " : "",
                             quote ? "\"" : "", (int)length, text, quote ? "\"" : "");
        text += length;
        count++;
    }
    snprintf(list + used, FR_SLIP_MAX - used, "]");
    return count > 1;
}

/* ---- addresses ----------------------------------------------------------------------------- */

/* "- 10.0.0.1" without its blank. */
static bool mend_item(struct fr_slip_text *t) {
    if (t->text[0] != '-')
        return false;
    replace(t, t->text + 1);
    return true;
}

/* Words that Cisco and others put in front. */
static bool mend_word(struct fr_slip_text *t) {
    static const char *const words[] = {"host ", "net ",     "network ", "subnet ",
                                        "ip ",   "address ", "range ",   "fqdn "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strncasecmp(t->text, words[i], strlen(words[i])) == 0) {
            replace(t, t->text + strlen(words[i]));
            return true;
        }
    return false;
}

/* "a to b", "a..b", "a:b" of IPv4. */
static bool mend_to(struct fr_slip_text *t) {
    static const char *const words[] = {" to ", " - ", "..."};
    char copy[sizeof t->text];
    const char *found = NULL;
    size_t size = 0;
    for (size_t i = 0; found == NULL && i < sizeof words / sizeof words[0]; i++) {
        found = strstr(t->text, words[i]);
        size = strlen(words[i]);
    }
    if (found == NULL && (found = strstr(t->text, "..")) != NULL)
        size = 2;
    if (found == NULL)
        return false;
    snprintf(copy, sizeof copy, "%.*s-%s", (int)(found - t->text), t->text, found + size);
    replace(t, copy);
    return true;
}

/* "10.0.0.0 255.0.0.0" */
static bool mend_mask_behind(struct fr_slip_text *t) {
    char *blank = strchr(t->text, ' ');
    uint32_t ip;
    if (blank == NULL || !fr_ip4_parse(t->text, (size_t)(blank - t->text), &ip) ||
        !fr_ip4_parse(blank + 1, strlen(blank + 1), &ip))
        return false;
    *blank = '/';
    return true;
}

static bool mend_blanks(struct fr_slip_text *t) {
    size_t before = strlen(t->text);
    fr_slip_trim(t, "/-");
    return strlen(t->text) < before;
}

/* "[2001:db8::1]" with or without a port behind. */
static bool mend_brackets(struct fr_slip_text *t) {
    char *end = strchr(t->text, ']');
    if (t->text[0] != '[' || end == NULL || strchr(t->text, ':') == NULL)
        return false;
    char rest[sizeof t->text];
    snprintf(rest, sizeof rest, "%s", end[1] == '/' ? end + 1 : "");
    *end = '\0';
    char copy[2 * sizeof t->text];
    snprintf(copy, sizeof copy, "%s%s", t->text + 1, rest);
    replace(t, copy);
    return true;
}

/* "fe80::1%eth0" */
static bool mend_zone(struct fr_slip_text *t) {
    char *percent = strchr(t->text, '%');
    if (percent == NULL || strchr(t->text, ':') == NULL)
        return false;
    memmove(percent, percent + strcspn(percent, "/"), strlen(percent + strcspn(percent, "/")) + 1);
    return true;
}

/* "010.0.0.1": a number of an IPv4 address, or the length of a prefix, with zeros in front. */
static bool mend_zeros(struct fr_slip_text *t) {
    size_t used = 0;
    bool mended = false, numbers = strchr(t->text, ':') == NULL;
    for (const char *c = t->text; *c != '\0'; c++) {
        bool first = used == 0 || strchr(".-/", t->text[used - 1]) != NULL;
        bool here = numbers || (used > 0 && t->text[used - 1] == '/');
        if (first && here && c[0] == '0' && c[1] >= '0' && c[1] <= '9')
            mended = true;
        else
            t->text[used++] = *c;
    }
    t->text[used] = '\0';
    return mended;
}

/* "10.0.0.0/255.0.0.0", "10.0.0.0/0.255.255.255" */
static bool mend_mask(struct fr_slip_text *t) {
    char *slash = strchr(t->text, '/');
    uint32_t mask;
    unsigned length;
    if (slash == NULL || !fr_ip4_parse(slash + 1, strlen(slash + 1), &mask) ||
        !fr_ip4_mask_length(mask, &length))
        return false;
    bool nothing = (mask == 0 || mask == UINT32_MAX) && strncmp(t->text, "0.0.0.0/", 8) == 0;
    snprintf(slash + 1, sizeof t->text - (size_t)(slash + 1 - t->text), "%u", nothing ? 0 : length);
    return true;
}

/* "10/8", "10.1/16": what is left out is zeros. */
static bool mend_short_prefix(struct fr_slip_text *t) {
    char *slash = strchr(t->text, '/'), copy[sizeof t->text + 16];
    unsigned dots = 0;
    if (slash == NULL || t->text[strspn(t->text, "0123456789.")] != '/')
        return false;
    for (const char *c = t->text; c < slash; c++)
        dots += *c == '.';
    if (dots >= 3 || slash == t->text || slash[-1] == '.')
        return false;
    static const char *const rest[] = {".0.0.0", ".0.0", ".0"};
    snprintf(copy, sizeof copy, "%.*s%s%s", (int)(slash - t->text), t->text, rest[dots], slash);
    replace(t, copy);
    return true;
}

/* "192.0.2.5-10": the last numbers alone. */
static bool mend_short_range(struct fr_slip_text *t) {
    char *dash = strchr(t->text, '-'), copy[2 * sizeof t->text];
    uint32_t ip;
    unsigned dots = 0;
    if (dash == NULL || !fr_ip4_parse(t->text, (size_t)(dash - t->text), &ip) ||
        dash[1 + strspn(dash + 1, "0123456789.")] != '\0' || dash[1] == '\0')
        return false;
    for (const char *c = dash; *c != '\0'; c++)
        dots += *c == '.';
    const char *keep = dash;
    for (unsigned numbers = 0; keep > t->text && numbers <= dots; numbers += *keep == '.')
        keep--;
    if (dots >= 3 || *keep != '.')
        return false;
    snprintf(copy, sizeof copy, "%.*s-%.*s%s", (int)(dash - t->text), t->text,
             (int)(keep + 1 - t->text), t->text, dash + 1);
    replace(t, copy);
    return true;
}

/* "10.1.*.*", "10.1.x.x", "10.1.*" */
static bool mend_stars(struct fr_slip_text *t) {
    char copy[64] = "";
    const char *at = t->text;
    unsigned count = 0, numbers = 0;
    if (strlen(t->text) > 20)
        return false;
    for (; *at != '\0'; count++) {
        size_t length = strcspn(at, ".");
        bool star = length == 1 && (*at == '*' || *at == 'x' || *at == 'X');
        if (count == 4 ||
            (!star && (numbers < count || length == 0 || strspn(at, "0123456789") != length)))
            return false;
        size_t used = strlen(copy);
        snprintf(copy + used, sizeof copy - used, "%s%.*s", count > 0 ? "." : "",
                 star ? 1 : (int)length, star ? "0" : at);
        numbers += !star;
        at += length + (at[length] == '.');
    }
    if (numbers == 0 || numbers == count || numbers > 3)
        return false;
    for (; count < 4; count++)
        strncat(copy, ".0", sizeof copy - strlen(copy) - 1);
    size_t used = strlen(copy);
    snprintf(copy + used, sizeof copy - used, "/%u", 8 * numbers);
    replace(t, copy);
    return true;
}

/* "192.0.2.1:443" */
static bool mend_port(struct fr_slip_text *t) {
    char *colon = strchr(t->text, ':');
    uint32_t ip;
    if (colon == NULL || !fr_ip4_parse(t->text, (size_t)(colon - t->text), &ip))
        return false;
    *colon = '\0';
    return true;
}

/* In this order; a note says what was wrong where what is right does not show it. */
static const struct {
    bool (*mend)(struct fr_slip_text *t);
    const char *note;
} mends[] = {
    {mend_item, "a space must follow the dash of a list"},
    {mend_word, NULL},
    {mend_mask_behind, NULL},
    {mend_to, NULL},
    {mend_blanks, NULL},
    {mend_brackets, NULL},
    {mend_zone, "an address must not have an interface"},
    {mend_zeros, "some programs read a number with a leading zero as octal"},
    {mend_mask, NULL},
    {mend_short_prefix, NULL},
    {mend_short_range, NULL},
    {mend_stars, NULL},
    {mend_port, "the port has its own key, 'port'"},
};

static void write_ip(char text[INET6_ADDRSTRLEN], const struct flowrules_range *range) {
    unsigned char bytes[16];
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(range->first.hi >> (56 - 8 * i));
        bytes[8 + i] = (unsigned char)(range->first.lo >> (56 - 8 * i));
    }
    bool four = range->family == FLOWRULES_IPV4;
    inet_ntop(four ? AF_INET : AF_INET6, four ? bytes + 12 : bytes, text, INET6_ADDRSTRLEN);
}

/* Says what to write where a mended text is valid. */
static bool is_mended(const struct fr_slip_text *t, const char *note, char hint[FR_SLIP_MAX]) {
    struct flowrules_range range;
    unsigned length = 0;
    const char *quote = strchr(t->text, ':') != NULL ? "\"" : "";
    enum fr_range_form form = fr_range_parse(t->text, strlen(t->text), &range, &length);
    if (form == FR_RANGE_HOST_BITS) {
        char network[INET6_ADDRSTRLEN];
        write_ip(network, &range);
        snprintf(hint, FR_SLIP_MAX,
                 "write %s%s/%u%s for the network, or %s%.*s%s for the single address", quote,
                 network, length, quote, quote, (int)strcspn(t->text, "/"), t->text, quote);
        return true;
    }
    if (form != FR_RANGE_OK)
        return false;
    snprintf(hint, FR_SLIP_MAX, "write %s%s%s%s%s", quote, t->text, quote, note != NULL ? ": " : "",
             note != NULL ? note : "");
    return true;
}

static bool slip_address(const char *text, const char *plain, char hint[FR_SLIP_MAX]) {
    struct fr_slip_text t;
    const char *note =
        strcmp(text, plain) != 0 ? "with the quotes, spaces and hyphens of the keyboard" : NULL;
    replace(&t, plain);
    if (note != NULL && is_mended(&t, note, hint))
        return true;
    for (size_t i = 0; i < sizeof mends / sizeof mends[0]; i++) {
        if (!mends[i].mend(&t))
            continue;
        if (note == NULL)
            note = mends[i].note;
        if (is_mended(&t, note, hint))
            return true;
    }
    return false;
}

/* ---- names and words ------------------------------------------------------------------------ */

/* Can these bytes be a name with a dot? */
static bool is_name(const char *text, size_t length) {
    bool dot = false, letter = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool rest = (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
                    (unsigned char)c >= 0x80 || (c == '*' && i == 0);
        if (!alpha && !rest)
            return false;
        letter = letter || alpha;
        dot = dot || (c == '.' && i > 0 && i + 1 < length);
    }
    return dot && letter;
}

/* "https://www.example.com:8443/x", "user@example.com": the name in it. */
static bool slip_url(const char *text, char hint[FR_SLIP_MAX]) {
    const char *scheme = strstr(text, "://");
    const char *host = scheme == NULL ? text : scheme + 3;
    const char *at = strchr(host, '@');
    if (at != NULL && strcspn(host, "/") > (size_t)(at - host))
        host = at + 1;
    size_t length = strcspn(host, ":/?#");
    uint32_t ip;
    bool address = fr_ip4_parse(host, length, &ip);
    if ((host == text && host[length] == '\0') || (!address && !is_name(host, length)) ||
        (address && scheme == NULL))
        return false;
    const char *rest = host + length, *port = rest[0] == ':' ? rest + 1 : NULL;
    size_t digits = port == NULL ? 0 : strspn(port, "0123456789");
    const char *quote = host[0] == '*' ? "\"" : "";
    if (digits > 0)
        snprintf(hint, FR_SLIP_MAX, "write %s%.*s%s, and 'port: %.*s' as a key of its own", quote,
                 (int)length, host, quote, (int)digits, port);
    else
        snprintf(hint, FR_SLIP_MAX, "write %s%.*s%s: %s", quote, (int)length, host, quote,
                 address          ? "it must be only the address, not a URL"
                 : scheme != NULL ? "it must be only the name, not a URL"
                 : rest[0] == '/' && rest[1] != '\0' &&
                         rest[1 + strspn(rest + 1, "0123456789")] == '\0'
                     ? "a name has no prefix length"
                     : "it must be only the name");
    return true;
}

static const struct {
    const char *word, *hint;
} end_words[] = {
    {"any4", "write 0.0.0.0/0, every IPv4 address"},
    {"any-ipv4", "write 0.0.0.0/0, every IPv4 address"},
    {"any-v4", "write 0.0.0.0/0, every IPv4 address"},
    {"ipv4", "write 0.0.0.0/0, every IPv4 address"},
    {"ip4", "write 0.0.0.0/0, every IPv4 address"},
    {"any6", "write \"::/0\", every IPv6 address"},
    {"any-ipv6", "write \"::/0\", every IPv6 address"},
    {"any-v6", "write \"::/0\", every IPv6 address"},
    {"ipv6", "write \"::/0\", every IPv6 address"},
    {"ip6", "write \"::/0\", every IPv6 address"},
    {"default", "write any, or 0.0.0.0/0 for every IPv4 address"},
    {"localhost", "write 127.0.0.1 or \"::1\"; the DNS name is 'localhost.', with a dot"},
    {"internet", "write any, or define a network: {members: [0.0.0.0/0], except: [...]}"},
    {"none", "remove the flow: no packet can match an empty source or destination"},
};

/* "!10.0.0.1", "not 10.0.0.1" */
static bool is_negated(const char *text) {
    return text[0] == '!' || text[0] == '^' || text[0] == '~' || strncasecmp(text, "not ", 4) == 0;
}

/* "10.0.0.0/255.0.255.0": a mask that is no prefix. */
static bool has_holes(const char *text) {
    const char *slash = strchr(text, '/');
    uint32_t ip;
    return slash != NULL && fr_ip4_parse(text, (size_t)(slash - text), &ip) &&
           fr_ip4_parse(slash + 1, strlen(slash + 1), &ip);
}

enum fr_slip fr_slip_end(const char *text, char hint[FR_SLIP_MAX]) {
    struct fr_slip_text t;
    char list[FR_SLIP_MAX];
    if (!fr_slip_plain(&t, text))
        return FR_SLIP_NONE;
    fr_slip_trim(&t, "");
    if (fr_slip_means_all(t.text)) {
        snprintf(hint, FR_SLIP_MAX, "write any");
        return FR_SLIP_WORD;
    }
    for (size_t i = 0; i < sizeof end_words / sizeof end_words[0]; i++)
        if (strcasecmp(t.text, end_words[i].word) == 0) {
            snprintf(hint, FR_SLIP_MAX, "%s", end_words[i].hint);
            return FR_SLIP_WORD;
        }
    if (is_negated(t.text)) {
        snprintf(hint, FR_SLIP_MAX,
                 "define a network with 'except', or write a flow with 'action: deny'");
        return FR_SLIP_WORD;
    }
    if (t.text[0] == '-' && strstr(t.text, " -") != NULL) {
        snprintf(hint, FR_SLIP_MAX, "write '- %.*s': a space must follow the dash of a list",
                 (int)strcspn(t.text, " ") - 1, t.text + 1);
        return FR_SLIP_ADDRESS;
    }
    if (slip_address(text, t.text, hint))
        return FR_SLIP_ADDRESS;
    if (slip_url(t.text, hint))
        return FR_SLIP_NAME;
    if (strcmp(text, t.text) != 0 && is_name(t.text, strlen(t.text))) {
        snprintf(hint, FR_SLIP_MAX, "write %s, with the quotes, spaces and hyphens of the keyboard",
                 t.text);
        return FR_SLIP_NAME;
    }
    if (has_holes(t.text)) {
        snprintf(hint, FR_SLIP_MAX, "a netmask with gaps is not a prefix: list the prefixes");
        return FR_SLIP_ADDRESS;
    }
    if (fr_slip_list(t.text, list)) {
        snprintf(hint, FR_SLIP_MAX, "write a list as %.200s", list);
        return FR_SLIP_ADDRESS;
    }
    return FR_SLIP_NONE;
}
