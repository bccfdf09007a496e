/*
 * What a cell says of a source or a destination: addresses, prefixes, ranges, masks, names, URLs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "writer.h"

/* A text that names a network has as many words at most: a longer one is a sentence. */
#define WORDS_OF_NAME 6u

/* ---- parts --------------------------------------------------------------------------------- */

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim(const char **text, size_t *length) {
    for (; *length > 0 && is_blank(**text); (*length)--)
        (*text)++;
    while (*length > 0 && is_blank((*text)[*length - 1]))
        (*length)--;
}

size_t fr_next_part(const char **at, const char *end) {
    const char *text = *at;
    size_t depth = 0, joint = 0;
    for (; *at < end; (*at)++) {
        depth += **at == '(';
        depth -= **at == ')' && depth > 0;
        joint = depth > 0 ? 0 : fr_joint_length(*at, (size_t)(end - *at));
        if (joint > 0 || (depth == 0 && strchr(",;\n\r", **at) != NULL))
            break;
    }
    size_t length = (size_t)(*at - text);
    *at += *at == end ? 0 : joint > 0 ? joint : 1;
    return length;
}

static flowrules_status add_text(struct fr_taking *t, struct fr_vec *items, const char *text) {
    for (size_t i = 0; i < items->count; i++)
        if (strcmp(*fr_vec_at(items, const char *, i), text) == 0)
            return FLOWRULES_OK;
    const char **slot = fr_vec_add(items);
    if (slot == NULL)
        return fr_no_memory(t->context);
    *slot = text;
    return FLOWRULES_OK;
}

static flowrules_status add_copy(struct fr_taking *t, struct fr_vec *items, const char *text,
                                 size_t length) {
    const char *copy = fr_arena_text(t->arena, text, length);
    return copy == NULL ? fr_no_memory(t->context) : add_text(t, items, copy);
}

/* ---- addresses ----------------------------------------------------------------------------- */

static flowrules_status add_range(struct fr_taking *t, struct fr_vec *items,
                                  const struct flowrules_range *range) {
    struct flowrules_writer w;
    fr_writer_init(&w, &t->context->allocator, false);
    flowrules_write_range(&w, range);
    const char *text = fr_writer_keep(&w, t->arena);
    return text == NULL ? fr_no_memory(t->context) : add_text(t, items, text);
}

int fr_mask_length(const char *text, size_t length) {
    uint32_t mask;
    unsigned bits;
    if (!fr_ip4_parse(text, length, &mask) || !fr_ip4_mask_length(mask, &bits))
        return -1;
    return mask == 0 ? 0 : (int)bits; /* a netmask: sheets have these */
}

/* "10.0.0.0 255.255.255.0", "10.0.0.0/0.0.0.255" as a prefix; false: it is not this form. */
static bool with_mask(const char *text, size_t length, char out[64]) {
    size_t address = 0;
    while (address < length && !is_blank(text[address]) && text[address] != '/')
        address++;
    size_t mask = address;
    while (mask < length && (is_blank(text[mask]) || text[mask] == '/'))
        mask++;
    int bits = mask < length ? fr_mask_length(text + mask, length - mask) : -1;
    if (bits < 0 || address > 15)
        return false;
    snprintf(out, 64, "%.*s/%d", (int)address, text, bits);
    return true;
}

/* "10.0.0.1-9", "10.0.0.1 - 10.0.0.9", with a dash of a typesetter: without its blanks, whole. */
static bool with_dash(const char *text, size_t length, char out[96]) {
    size_t used = 0, dash = 0;
    for (size_t i = 0; i < length && used < 80; i++) {
        bool dashes = length - i >= 3 && (memcmp(text + i, "\xE2\x80\x93", 3) == 0 ||
                                          memcmp(text + i, "\xE2\x80\x94", 3) == 0);
        if (dashes || text[i] == '-') {
            dash = used;
            out[used++] = '-';
            i += dashes ? 2 : 0;
        } else if (!is_blank(text[i])) {
            out[used++] = text[i];
        } else if (used > 0 && out[used - 1] != '-' && i + 1 < length && !is_blank(text[i + 1]) &&
                   text[i + 1] != '-' && (unsigned char)text[i + 1] != 0xE2) {
            return false;
        }
    }
    out[used] = '\0';
    if (dash == 0 || used >= 80 || strspn(out + dash + 1, "0123456789") != used - dash - 1)
        return dash > 0 && used < 80;
    char last[16];
    size_t prefix = dash;
    while (prefix > 0 && out[prefix - 1] != '.')
        prefix--;
    snprintf(last, sizeof last, "%.10s", out + dash + 1);
    snprintf(out + dash + 1, 96 - dash - 1, "%.*s%s", (int)prefix, text, last);
    return true;
}

/* "10.0.x.x", "10.0.*" as a prefix. */
static bool with_stars(const char *text, size_t length, char out[64]) {
    size_t parts = 0, used = 0, fixed = 0;
    bool open = false;
    for (size_t i = 0; i <= length && used < 40; i++) {
        size_t one = strcspn(text + i, ".");
        one = one > length - i ? length - i : one;
        bool star = one == 1 && strchr("xX*", text[i]) != NULL;
        bool number = one > 0 && strspn(text + i, "0123456789") >= one;
        if ((!star && !number) || (open && number))
            return false;
        open = open || star;
        fixed += !open;
        used += (size_t)snprintf(out + used, 64 - used, "%s%.*s", parts > 0 ? "." : "",
                                 open ? 1 : (int)(one < 4 ? one : 4), open ? "0" : text + i);
        parts++;
        i += one;
    }
    if (!open || parts > 4 || fixed == 0)
        return false;
    for (; parts < 4; parts++)
        used += (size_t)snprintf(out + used, 64 - used, ".0");
    snprintf(out + used, 64 - used, "/%zu", 8 * fixed);
    return true;
}

static bool has_letter(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
            (unsigned char)text[i] >= 0x80)
            return true;
    return false;
}

/* What was done with a text. */
enum done { NOT_THIS, TAKEN, REFUSED };

static enum done refuse(struct fr_taking *t, flowrules_status *status, const char *text,
                        size_t length, const char *hint, const char *what) {
    *status = fr_not_understood(t, text, length, hint, "%s", what);
    return REFUSED;
}

static enum done take_address(struct fr_taking *t, struct fr_vec *items, const char *text,
                              size_t length, flowrules_status *status) {
    struct flowrules_range range;
    unsigned bits;
    char hint[96], network[FR_IP_TEXT_SIZE];
    switch (fr_range_parse(text, length, &range, &bits)) {
    case FR_RANGE_OK:
        *status = add_range(t, items, &range);
        return TAKEN;
    case FR_RANGE_HOST_BITS:
        fr_ip_text(network, range.family, range.first);
        snprintf(hint, sizeof hint, "write the address alone, or the network %s/%u", network, bits);
        return refuse(t, status, text, length, hint, "has bits set to the right of its prefix");
    case FR_RANGE_REVERSED:
        return refuse(t, status, text, length, "write the lower address first",
                      "is a range that ends before it begins");
    case FR_RANGE_BAD_LENGTH:
        return refuse(t, status, text, length, "0-32 for IPv4, 0-128 for IPv6",
                      "has a prefix length that is not valid");
    case FR_RANGE_FAMILIES:
        return refuse(t, status, text, length, "write two ranges",
                      "is a range from one family of addresses to the other");
    case FR_RANGE_BAD_ADDRESS:
        if (!has_letter(text, length) || strspn(text, "0123456789abcdefABCDEF:./") >= length)
            return refuse(t, status, text, length,
                          "four numbers from 0 to 255 without leading zeros",
                          "is not a valid address");
        return NOT_THIS;
    case FR_RANGE_NOT_ADDRESS:
        break;
    }
    return NOT_THIS;
}

/* Networks as people write them and policies do not. */
static enum done take_written(struct fr_taking *t, struct fr_vec *items, const char *text,
                              size_t length, flowrules_status *status) {
    char out[96];
    if (!with_mask(text, length, out) && !with_stars(text, length, out))
        return NOT_THIS;
    fr_told(t, NULL, "'%.*s' is taken as %s", (int)length, text, out);
    return take_address(t, items, out, strlen(out), status);
}

static enum done take_dashed(struct fr_taking *t, struct fr_vec *items, const char *text,
                             size_t length, flowrules_status *status) {
    char out[96];
    bool digits = length > 0 && ((text[0] >= '0' && text[0] <= '9') || memchr(text, ':', length));
    return digits && with_dash(text, length, out) ? take_address(t, items, out, strlen(out), status)
                                                  : NOT_THIS;
}

/* ---- names --------------------------------------------------------------------------------- */

static enum done take_name(struct fr_taking *t, struct fr_vec *items, const char *text,
                           size_t length, flowrules_status *status) {
    char name[FR_FQDN_MAX + 3], whole[FR_FQDN_MAX + 8];
    if (memchr(text, '.', length) == NULL || !has_letter(text, length) ||
        memchr(text, ' ', length) != NULL)
        return NOT_THIS;
    enum fr_name_form form = fr_name_canonical(t->checker, text, length, name);
    if (form == FR_NAME_NO_MEMORY)
        *status = fr_no_memory(t->context);
    if (form == FR_NAME_NO_MEMORY)
        return REFUSED;
    if (form != FR_NAME_OK && form != FR_NAME_WILDCARD)
        return NOT_THIS;
    snprintf(whole, sizeof whole, "%s%s", form == FR_NAME_WILDCARD ? "*." : "", name);
    *status = add_copy(t, items, whole, strlen(whole));
    return TAKEN;
}

static flowrules_status add_url_port(struct fr_taking *t, unsigned port) {
    struct fr_term *term = fr_vec_add(&t->url_ports);
    if (term == NULL)
        return fr_no_memory(t->context);
    *term = (struct fr_term){FR_TCP, 0, UINT16_MAX, (uint16_t)port, (uint16_t)port};
    return FLOWRULES_OK;
}

/* The port behind the last colon of "host:port", or -1; *length is then that of the host. */
static int cut_port(const char *text, size_t *length) {
    size_t digits = 0;
    while (digits < *length && text[*length - 1 - digits] >= '0' &&
           text[*length - 1 - digits] <= '9')
        digits++;
    if (digits == 0 || digits > 5 || digits == *length || text[*length - 1 - digits] != ':')
        return -1;
    int port = (int)strtol(text + *length - digits, NULL, 10);
    size_t host = *length - digits - 1;
    bool bracketed = host > 2 && text[0] == '[' && text[host - 1] == ']';
    if (port > UINT16_MAX || (memchr(text, ':', host) != NULL && !bracketed))
        return -1;
    *length = host;
    return port;
}

static enum done take_plain(struct fr_taking *t, struct fr_vec *items, const char *text,
                            size_t length, flowrules_status *status) {
    enum done done = take_written(t, items, text, length, status);
    if (done == NOT_THIS)
        done = take_name(t, items, text, length, status);
    if (done == NOT_THIS)
        done = take_dashed(t, items, text, length, status);
    return done == NOT_THIS ? take_address(t, items, text, length, status) : done;
}

/* A host and its port, of which both are taken. */
static enum done take_host_port(struct fr_taking *t, struct fr_vec *items, const char *text,
                                size_t length, flowrules_status *status) {
    size_t host = length;
    int port = cut_port(text, &host);
    if (port < 0)
        return NOT_THIS;
    bool bracketed = host > 2 && text[0] == '[';
    enum done done = take_plain(t, items, text + bracketed, host - 2 * (size_t)bracketed, status);
    if (done != TAKEN || *status != FLOWRULES_OK)
        return done;
    *status = add_url_port(t, (unsigned)port);
    return TAKEN;
}

/* A URL: its host and port, or that of its scheme. */
static enum done take_url(struct fr_taking *t, struct fr_vec *items, const char *text,
                          size_t length, flowrules_status *status) {
    size_t scheme = 0;
    while (scheme + 3 <= length && memcmp(text + scheme, "://", 3) != 0)
        scheme++;
    if (scheme == 0 || scheme + 3 >= length)
        return NOT_THIS;
    const char *host = text + scheme + 3;
    size_t size = strcspn(host, "/?#"), left = length - scheme - 3;
    size = size > left ? left : size;
    const char *user = memchr(host, '@', size);
    size -= user == NULL ? 0 : (size_t)(user + 1 - host);
    host = user == NULL ? host : user + 1;
    enum done done = take_host_port(t, items, host, size, status);
    if (done == NOT_THIS) {
        int port = fr_port_named(text, scheme, FR_TCP);
        done = take_plain(t, items, host, size, status);
        if (done == TAKEN && *status == FLOWRULES_OK && port >= 0)
            *status = add_url_port(t, (unsigned)port);
    }
    if (done == TAKEN)
        fr_told(t, NULL, "of the URL '%.*s', the host and port are taken", (int)length, text);
    return done == NOT_THIS ? refuse(t, status, text, length, "write the name of the host alone",
                                     "is a URL without a valid host")
                            : done;
}

/* ---- networks ------------------------------------------------------------------------------ */

/* The mapping's items are what a policy has. */
static flowrules_status take_mapped(struct fr_taking *t, struct fr_vec *items,
                                    const struct fr_mapped_name *mapped) {
    for (size_t i = 0; i < mapped->items.count; i++)
        FR_TRY(add_text(t, items, *fr_vec_at(&mapped->items, const char *, i)));
    return FLOWRULES_OK;
}

/* Could the text be what somebody calls a network? Not a sentence, and no address gone wrong. */
static bool is_title(const char *text, size_t length) {
    static const char *const open[] = {" or ", " oder ", " ou ", " o ", "..."};
    size_t words = 1;
    for (size_t i = 0; i < length; i++) {
        words += is_blank(text[i]);
        for (size_t k = 0; k < sizeof open / sizeof *open; k++)
            if (length - i >= strlen(open[k]) && memcmp(text + i, open[k], strlen(open[k])) == 0)
                return false;
        if (strchr("/\\:<>|{}[]=\"?!*", text[i]) != NULL)
            return false;
    }
    if (words == 1 && memchr(text, '.', length) != NULL)
        return false; /* a DNS name gone wrong */
    return words <= WORDS_OF_NAME && length <= FR_FOLDED_MAX && has_letter(text, length);
}

static flowrules_status take_known(struct fr_taking *t, struct fr_vec *items,
                                   const struct fr_called *called, const char *text,
                                   size_t length) {
    if (called->other == NULL)
        return add_text(t, items, called->name);
    return fr_not_understood(t, text, length, "write the name of the network as it is defined",
                             "may be the network '%s' or '%s'", called->name, called->other);
}

static flowrules_status add_missing(struct fr_taking *t, struct fr_vec *items, const char *text,
                                    size_t length) {
    const char *word;
    FR_TRY(fr_network_missing(&word, t, text, length));
    return add_text(t, items, word);
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* The next text between blanks; its length, 0 at the end. */
static size_t next_token(const char **at, const char *end) {
    size_t length = 0;
    while (*at < end && is_blank(**at))
        (*at)++;
    while (*at + length < end && !is_blank((*at)[length]))
        length++;
    return length;
}

static bool may_be_end(const char *text, size_t length) {
    struct flowrules_range range;
    unsigned bits;
    return fr_range_parse(text, length, &range, &bits) == FR_RANGE_OK ||
           (memchr(text, '.', length) != NULL && text[length - 1] != '.');
}

/* Addresses and names with nothing but blanks between them. */
static enum done take_tokens(struct fr_taking *t, struct fr_vec *items, const char *text,
                             size_t length, flowrules_status *status) {
    const char *end = text + length, *at = text;
    size_t one, count = 0;
    for (; (one = next_token(&at, end)) > 0; at += one, count++)
        if (!may_be_end(at, one))
            return NOT_THIS;
    if (count < 2)
        return NOT_THIS;
    for (at = text; (one = next_token(&at, end)) > 0 && *status == FLOWRULES_OK && !t->bad;
         at += one)
        if (take_plain(t, items, at, one, status) == NOT_THIS)
            return refuse(t, status, at, one, "write addresses or DNS names",
                          "is no address and no DNS name");
    return TAKEN;
}

/* A remark in brackets behind a value is not a part of it. */
static void drop_remark(struct fr_taking *t, const char *text, size_t *length) {
    if (*length < 3 || text[*length - 1] != ')')
        return;
    const char *open = memchr(text, '(', *length);
    if (open == NULL || open == text)
        return;
    fr_told(t, NULL, "the remark '%.*s' is not taken", (int)(text + *length - open), open);
    *length = (size_t)(open - text);
    while (*length > 0 && is_blank(text[*length - 1]))
        (*length)--;
}

static flowrules_status take_part(struct fr_taking *t, struct fr_vec *items, const char *text,
                                  size_t length) {
    flowrules_status status = FLOWRULES_OK;
    trim(&text, &length);
    const struct fr_mapped_name *mapped = fr_mapped_name(&t->request->mapping, text, length);
    const struct fr_called *called = fr_network_called(t, text, length);
    if (length == 0)
        return FLOWRULES_OK;
    if (mapped != NULL)
        return take_mapped(t, items, mapped);
    if (called != NULL)
        return take_known(t, items, called, text, length);
    if (fr_word_is(text, length, FR_WORD_ANY))
        return add_text(t, items, "any");
    drop_remark(t, text, &length);
    enum done done = take_url(t, items, text, length, &status);
    if (done == NOT_THIS)
        done = take_host_port(t, items, text, length, &status);
    if (done == NOT_THIS)
        done = take_plain(t, items, text, length, &status);
    if (done == NOT_THIS)
        done = take_tokens(t, items, text, length, &status);
    if (done != NOT_THIS)
        return status;
    mapped = fr_mapped_name(&t->request->mapping, text, length);
    called = fr_network_called(t, text, length);
    if (mapped != NULL || called != NULL)
        return mapped != NULL ? take_mapped(t, items, mapped)
                              : take_known(t, items, called, text, length);
    if (is_title(text, length))
        return add_missing(t, items, text, length);
    return fr_not_understood(t, text, length,
                             "write addresses, prefixes, ranges or DNS names, or what it is under "
                             "'names' of the mapping",
                             "is no address, DNS name or name of a network");
}

flowrules_status fr_take_end(struct fr_taking *t, struct fr_vec *items, const char *text) {
    const struct fr_mapped_name *mapped = fr_mapped_name(&t->request->mapping, text, strlen(text));
    const char *at = text, *end = text + strlen(text);
    if (mapped != NULL)
        return take_mapped(t, items, mapped);
    while (at < end) {
        const char *part = at;
        size_t length = fr_next_part(&at, end);
        FR_TRY(take_part(t, items, part, length));
    }
    for (size_t i = 0; i < items->count && items->count > 1; i++)
        if (strcmp(*fr_vec_at(items, const char *, i), "any") == 0)
            return fr_not_understood(t, text, strlen(text), "write one or the other",
                                     "has 'any' beside something else");
    return FLOWRULES_OK;
}
