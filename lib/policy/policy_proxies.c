/*
 * Reads proxies: where they are, who asks them, and what is asked for without them. Networks are
 * bound with all others; lib/plan/proxies.c finds the flows.
 */
#include <string.h>

#include "policy_read.h"

static const struct fr_key no_keys[] = {{.name = NULL}};

/* ---- HOST:PORT ----------------------------------------------------------------------------- */

static bool is_port(const char *text) {
    size_t length = strspn(text, "0123456789");
    unsigned number = 0;
    for (size_t i = 0; i < length && i < 6; i++)
        number = number * 10 + (unsigned)(text[i] - '0');
    return length > 0 && length < 6 && text[length] == '\0' && number > 0 && number <= 65535;
}

/* A name or an IPv4 address; an IPv6 address stands in brackets (RFC 3986, section 3.2.2). */
static bool is_host(const char *text, size_t length) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    struct flowrules_range range;
    unsigned bits = 0;
    if (length > 2 && text[0] == '[' && text[length - 1] == ']')
        return fr_range_parse(text + 1, length - 2, &range, &bits) == FR_RANGE_OK &&
               range.family == FLOWRULES_IPV6;
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0' ||
            (strchr(letters, text[i]) == NULL && text[i] != '-' && text[i] != '.'))
            return false;
    return length > 0 && length <= 253 && text[0] != '.' && text[0] != '-';
}

static flowrules_status read_address(struct fr_reader *r, const struct fr_value *value,
                                     fr_string *address) {
    bool good;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (!good)
        return FLOWRULES_OK;
    const char *colon = strrchr(value->text, ':');
    if (colon == NULL || !is_port(colon + 1) ||
        !is_host(value->text, (size_t)(colon - value->text))) {
        fr_error(r->diagnostics, FR_VALUE_UNKNOWN, value->at,
                 "write its host and port: proxy.example.com:8080, without http://",
                 "'%.80s' is not the address of a proxy", value->text);
        return FLOWRULES_OK;
    }
    return fr_read_text(r, value, address);
}

static flowrules_status read_http(struct fr_reader *r, const struct fr_value *value, void *object) {
    return read_address(r, value, &((struct fr_proxy *)object)->http);
}

static flowrules_status read_https(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    return read_address(r, value, &((struct fr_proxy *)object)->https);
}

/* ---- who, and what for --------------------------------------------------------------------- */

static flowrules_status read_from(struct fr_reader *r, const struct fr_value *value, void *object) {
    return fr_read_peers(r, value, &((struct fr_proxy *)object)->from);
}

/*
 * One destination, or as lists for NO_PROXY have it: .example.com for *.example.com, and localhost,
 * which no flow between machines is about.
 */
static flowrules_status read_bypassed(struct fr_reader *r, const struct fr_value *value,
                                      void *object) {
    struct fr_proxy *proxy = object;
    struct fr_value wildcard = *value;
    struct fr_span one;
    char *text = NULL;
    if (value->kind == FR_SCALAR && fr_value_is(value, "localhost"))
        return FLOWRULES_OK;
    if (value->kind == FR_SCALAR && value->length > 1 && value->text[0] == '.') {
        text = fr_malloc(&r->context->allocator, value->length + 2);
        if (text == NULL)
            return fr_no_memory(r->context);
        text[0] = '*';
        memcpy(text + 1, value->text, value->length + 1);
        wildcard.text = text;
        wildcard.length = value->length + 1;
    }
    flowrules_status status = fr_read_peers(r, &wildcard, &one);
    fr_free(&r->context->allocator, text);
    if (status == FLOWRULES_OK)
        proxy->bypass.count += one.count;
    return status;
}

static flowrules_status read_bypass(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    struct fr_proxy *proxy = object;
    proxy->bypass = (struct fr_span){(uint32_t)r->policy->peers.count, 0};
    return fr_read_list(r, value, read_bypassed, proxy);
}

const struct fr_key fr_proxy_keys[] = {
    {"http", read_http, NULL, "proxy", "host:port of the proxy for HTTP", NULL},
    {"https", read_https, NULL, "proxy", "host:port of the proxy for HTTPS, by CONNECT", NULL},
    {"from", read_from, "the networks that ask the proxy", "ends", "who asks the proxy", NULL},
    {"bypass", read_bypass, NULL, "ends",
     "what is asked for without it; .example.com is *.example.com", NULL},
    {.name = NULL},
};

static flowrules_status read_proxy(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    struct fr_proxy proxy = {.at = r->key_at};
    struct fr_value key = {
        .kind = FR_SCALAR, .text = r->key, .length = strlen(r->key), .at = r->key_at};
    size_t errors = r->diagnostics->error_count;
    (void)object;
    FR_TRY(fr_read_word(r, &key, false, &proxy.name));
    if (proxy.name == 0)
        return fr_yaml_skip(r->yaml, value);
    FR_TRY(fr_read_mapping(r, value, "a proxy", fr_proxy_keys, NULL, &proxy));
    if (proxy.http == 0 && proxy.https == 0 && r->diagnostics->error_count == errors)
        fr_error(r->diagnostics, FR_KEY_MISSING, proxy.at,
                 "write its host and port: proxy.example.com:8080",
                 "a proxy needs the key 'http' or 'https'");
    struct fr_proxy *slot = fr_vec_push(&r->policy->proxies);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = proxy;
    return FLOWRULES_OK;
}

flowrules_status fr_read_proxies(struct fr_reader *r, const struct fr_value *value, void *object) {
    return fr_read_mapping(r, value, "proxies", no_keys, read_proxy, object);
}
