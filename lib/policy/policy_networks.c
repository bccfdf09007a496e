/*
 * Reads networks, and the items of sources and destinations: addresses, ranges, names, networks.
 */
#include "policy_read.h"
#include "registry.h"
#include "settings.h"
#include "slips.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* ---- items --------------------------------------------------------------------------------- */

/* An address as text, for hints; text has room for INET6_ADDRSTRLEN bytes. */
static void ip_text(enum flowrules_family family, struct flowrules_ip ip, char *text) {
    unsigned char bytes[16];
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(ip.hi >> (56 - 8 * i));
        bytes[8 + i] = (unsigned char)(ip.lo >> (56 - 8 * i));
    }
    inet_ntop(family == FLOWRULES_IPV4 ? AF_INET : AF_INET6,
              family == FLOWRULES_IPV4 ? bytes + 12 : bytes, text, INET6_ADDRSTRLEN);
}

static void report_host_bits(struct fr_reader *r, const struct fr_value *value,
                             const struct flowrules_range *network, unsigned length) {
    char first[INET6_ADDRSTRLEN], hint[160];
    ip_text(network->family, network->first, first);
    const char *slash = memchr(value->text, '/', value->length);
    int address = slash == NULL ? 0 : (int)(slash - value->text);
    snprintf(hint, sizeof hint, "write %s/%u for the network, or %.*s for the single address",
             first, length, address, value->text);
    fr_error(r->diagnostics, FR_HOST_BITS, value->at, hint,
             "%.60s has bits set to the right of its prefix", value->text);
}

/* Reports a text that was meant as an address, or as a name where kind says so. */
static void report_end(struct fr_reader *r, const struct fr_value *value, enum fr_slip kind,
                       const char *hint) {
    if (kind == FR_SLIP_NAME)
        fr_error(r->diagnostics, FR_FQDN, value->at, hint, "'%.80s' is not a valid DNS name",
                 value->text);
    else
        fr_error(r->diagnostics, FR_ADDRESS, value->at, hint, "'%.80s' is not a valid address",
                 value->text);
}

/* Reports what is a known slip; false: it is none. */
static bool report_slip(struct fr_reader *r, const struct fr_value *value) {
    char hint[FR_SLIP_MAX];
    enum fr_slip kind = fr_slip_end(value->text, hint);
    if (kind != FR_SLIP_NONE)
        report_end(r, value, kind, hint);
    return kind != FR_SLIP_NONE;
}

static void report_range(struct fr_reader *r, const struct fr_value *value, enum fr_range_form form,
                         const struct flowrules_range *range, unsigned length) {
    struct fr_diagnostics *d = r->diagnostics;
    char hint[FR_SLIP_MAX] = "0-32 for IPv4, 0-128 for IPv6";
    switch (form) {
    case FR_RANGE_HOST_BITS:
        report_host_bits(r, value, range, length);
        break;
    case FR_RANGE_BAD_LENGTH:
        fr_slip_end(value->text, hint);
        fr_error(d, FR_ADDRESS, value->at, hint, "'%.80s' has no valid prefix length", value->text);
        break;
    case FR_RANGE_REVERSED:
        fr_error(d, FR_RANGE_ORDER, value->at, "write the lower address first",
                 "the range %.100s ends before it begins", value->text);
        break;
    case FR_RANGE_FAMILIES:
        fr_error(d, FR_FAMILY_MIX, value->at, "write two ranges",
                 "the range %.100s goes from one address family to the other", value->text);
        break;
    case FR_RANGE_BAD_ADDRESS:
    case FR_RANGE_NOT_ADDRESS:
    case FR_RANGE_OK:
        if (!report_slip(r, value))
            report_end(r, value, FR_SLIP_ADDRESS,
                       "192.0.2.1, 192.0.2.0/24, 192.0.2.1-192.0.2.9, 2001:db8::/32 ...");
        break;
    }
}

static const struct {
    enum fr_name_form form;
    const char *message, *hint;
} name_errors[] = {
    {FR_NAME_TOO_LONG, "the name is longer than 253 characters", "RFC 1035 allows no more"},
    {FR_NAME_LABEL_TOO_LONG, "a label of the name is longer than 63 characters",
     "RFC 1035 allows no more between two dots"},
    {FR_NAME_BAD_WILDCARD, "a wildcard must be '*.' followed by a name",
     "*.example.com means every name below example.com"},
    {FR_NAME_BAD_IDNA, "the name cannot be converted to a DNS name (IDNA)", NULL},
    {FR_NAME_EMPTY_LABEL, "a label of the name is empty",
     "remove the dot at the beginning, or one of two dots in a row"},
    {FR_NAME_HYPHEN, "a label of the name begins or ends with '-'",
     "RFC 1123 requires a letter or a digit there"},
    {FR_NAME_ALL_DIGITS, "the last label of the name is all digits",
     "such a name is read as an address, but it is not a valid address"},
    {FR_NAME_BAD, "this is not a valid DNS name",
     "a name has labels of letters, digits, '-' and '_', separated by dots; no URL, no path, no "
     "port"},
};

static flowrules_status name_peer(struct fr_reader *r, const struct fr_value *value,
                                  struct fr_peer *peer) {
    char name[FR_FQDN_MAX + 3];
    enum fr_name_form form = fr_name_canonical(r->checker, value->text, value->length, name);
    if (form == FR_NAME_NO_MEMORY)
        return fr_no_memory(r->context);
    if (form == FR_NAME_OK || form == FR_NAME_WILDCARD) {
        peer->kind = form == FR_NAME_OK ? FR_PEER_NAME : FR_PEER_WILDCARD;
        peer->ref = fr_strings_add(&r->policy->strings, name, strlen(name));
        return peer->ref != 0 ? FLOWRULES_OK : fr_no_memory(r->context);
    }
    peer->kind = FR_PEER_BROKEN;
    if (report_slip(r, value))
        return FLOWRULES_OK;
    for (size_t i = 0; i < sizeof name_errors / sizeof name_errors[0]; i++)
        if (name_errors[i].form == form)
            fr_error(r->diagnostics, FR_FQDN, value->at,
                     form == FR_NAME_BAD_IDNA ? fr_name_idna_words(r->checker)
                                              : name_errors[i].hint,
                     "'%.80s': %s", value->text, name_errors[i].message);
    return FLOWRULES_OK;
}

static flowrules_status range_peer(struct fr_reader *r, const struct flowrules_range *range,
                                   struct fr_peer *peer) {
    if (range->family == FLOWRULES_IPV4 && range->first.lo == range->last.lo) {
        peer->kind = FR_PEER_ADDRESS4;
        peer->ref = (uint32_t)range->first.lo;
        return FLOWRULES_OK;
    }
    struct flowrules_range *slot = fr_vec_push(&r->policy->ranges);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = *range;
    peer->kind = FR_PEER_RANGE;
    peer->ref = (uint32_t)r->policy->ranges.count - 1;
    return FLOWRULES_OK;
}

/* Does a text that is no address mean a DNS name rather than a network of the policy? */
static bool is_dns_name(const struct fr_value *value) {
    for (size_t i = 0; i < value->length; i++)
        if (value->text[i] == '.' || value->text[i] == '*' || (unsigned char)value->text[i] >= 0x80)
            return true;
    return false;
}

static flowrules_status word_peer(struct fr_reader *r, const struct fr_value *value,
                                  struct fr_peer *peer) {
    if (fr_value_is(value, "any")) {
        peer->kind = FR_PEER_ANY;
        return FLOWRULES_OK;
    }
    fr_string name = 0;
    if (fr_is_word(value, false) || !report_slip(r, value))
        FR_TRY(fr_read_word(r, value, false, &name));
    peer->kind = name != 0 ? FR_PEER_NETWORK : FR_PEER_BROKEN;
    peer->ref = name;
    return FLOWRULES_OK;
}

static flowrules_status push_peer(struct fr_reader *r, const struct fr_peer *peer,
                                  struct fr_span *span) {
    struct fr_peer *slot = fr_vec_add(&r->policy->peers);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = *peer;
    span->count++;
    return FLOWRULES_OK;
}

static flowrules_status read_peer(struct fr_reader *r, const struct fr_value *value, void *object) {
    bool good;
    struct fr_peer peer = {.kind = FR_PEER_BROKEN,
                           .line = value->at.line,
                           .column = fr_short_column(&value->at),
                           .file = (uint8_t)(r->file - r->policy->first_file)};
    struct flowrules_range range;
    unsigned length = 0;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (!good)
        return push_peer(r, &peer, object);
    enum fr_range_form form = fr_range_parse(value->text, value->length, &range, &length);
    if (form == FR_RANGE_OK)
        FR_TRY(range_peer(r, &range, &peer));
    else if (form != FR_RANGE_NOT_ADDRESS)
        report_range(r, value, form, &range, length);
    else if (is_dns_name(value))
        FR_TRY(name_peer(r, value, &peer));
    else
        FR_TRY(word_peer(r, value, &peer));
    return push_peer(r, &peer, object);
}

flowrules_status fr_read_peers(struct fr_reader *r, const struct fr_value *value,
                               struct fr_span *span) {
    *span = (struct fr_span){(uint32_t)r->policy->peers.count, 0};
    return fr_read_list(r, value, read_peer, span);
}

flowrules_status fr_read_asserted_ends(struct fr_reader *r, const struct fr_value *value,
                                       struct fr_span *span) {
    FR_TRY(fr_read_peers(r, value, span));
    for (uint32_t i = 0; i < span->count; i++) {
        struct fr_peer *peer = fr_vec_at(&r->policy->peers, struct fr_peer, span->first + i);
        if (peer->kind == FR_PEER_NETWORK)
            peer->kind = FR_PEER_ZONE;
    }
    return FLOWRULES_OK;
}

/* ---- bindings ------------------------------------------------------------------------------ */

struct binding_draft {
    const struct flowrules_backend *backend; /* NULL: not built in */
    size_t first;                            /* of the binding's values */
    fr_string key, label;
};

/* The value as the policy spells it first, where its platform compares it ignoring case. */
static flowrules_status settle_spelling(struct fr_reader *r, const struct binding_draft *draft,
                                        fr_string *value) {
    flowrules_policy *p = r->policy;
    const struct flowrules_setting *s =
        fr_binding_find(draft->backend, FR_POLICY_TEXT(p, draft->key));
    fr_string earlier;
    if (s == NULL || !s->any_case)
        return FLOWRULES_OK;
    fr_string folded = fr_strings_add_folded(&p->strings, FR_POLICY_TEXT(p, *value));
    if (folded == 0)
        return fr_no_memory(r->context);
    if (fr_map_get(&p->spelling_of, folded, &earlier))
        *value = earlier;
    else if (!fr_map_put(&p->spelling_of, folded, *value))
        return fr_no_memory(r->context);
    return FLOWRULES_OK;
}

/* Has the list of the key this value already? */
static bool is_listed(const struct fr_reader *r, const struct binding_draft *draft,
                      fr_string value) {
    const struct fr_vec *values = &r->policy->binding_values;
    for (size_t i = draft->first; i < values->count && draft->label == 0; i++) {
        const struct fr_binding_value *v = fr_vec_at(values, struct fr_binding_value, i);
        if (v->key == draft->key && v->label == 0 && v->value == value)
            return true;
    }
    return false;
}

static flowrules_status push_binding_value(struct fr_reader *r, const struct binding_draft *draft,
                                           fr_string value) {
    FR_TRY(settle_spelling(r, draft, &value));
    if (is_listed(r, draft, value))
        return FLOWRULES_OK;
    struct fr_binding_value *slot = fr_vec_push(&r->policy->binding_values);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = (struct fr_binding_value){draft->key, draft->label, value};
    return FLOWRULES_OK;
}

static flowrules_status read_binding_scalar(struct fr_reader *r, const struct fr_value *value,
                                            void *object) {
    fr_string text;
    FR_TRY(fr_read_text(r, value, &text));
    return text == 0 ? FLOWRULES_OK : push_binding_value(r, object, text);
}

static flowrules_status read_binding_label(struct fr_reader *r, const struct fr_value *value,
                                           void *object) {
    struct binding_draft draft = *(const struct binding_draft *)object;
    draft.label = fr_strings_add(&r->policy->strings, r->key, strlen(r->key));
    if (draft.label == 0)
        return fr_no_memory(r->context);
    return read_binding_scalar(r, value, &draft);
}

static const struct fr_key no_keys[] = {{.name = NULL}};

/* A key of a binding: a text, a list of texts, or a mapping of labels. */
static flowrules_status read_binding_key(struct fr_reader *r, const struct fr_value *value,
                                         void *object) {
    struct binding_draft draft = *(const struct binding_draft *)object;
    draft.key = fr_strings_add(&r->policy->strings, r->key, strlen(r->key));
    if (draft.key == 0)
        return fr_no_memory(r->context);
    if (value->kind == FR_MAPPING)
        return fr_read_mapping(r, value, "a set of labels", no_keys, read_binding_label, &draft);
    return fr_read_list(r, value, read_binding_scalar, &draft);
}

/* ---- networks: ----------------------------------------------------------------------------- */

/*
 * The platforms whose terms a network may be given in, whether or not their backend is built in:
 * a policy stays readable for a tool that lacks one.
 */
const struct fr_key fr_platforms[] = {
    {.name = "aws-sg"},   {.name = "azure-nsg"}, {.name = "cilium"},      {.name = "cisco-asa"},
    {.name = "gcloud"},   {.name = "iptables"},  {.name = "juniper-srx"}, {.name = "kubernetes"},
    {.name = "nftables"}, {.name = "openshift"}, {.name = "paloalto"},    {.name = NULL},
};

bool fr_is_platform(const struct fr_reader *r, const char *name) {
    for (size_t i = 0; fr_platforms[i].name != NULL; i++)
        if (strcmp(fr_platforms[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < r->context->backends.count; i++) {
        const struct flowrules_backend *b =
            *fr_vec_at(&r->context->backends, const struct flowrules_backend *, i);
        if (b->bindings != NULL && strcmp(b->name, name) == 0)
            return true;
    }
    return false;
}

/* Candidates for a misspelt key of a network: its own keys, then the platforms. */
static const char *next_network_key(const void *user, size_t i) {
    static const char *const own[] = {"description", "members", "except", "lint"};
    (void)user;
    if (i < 4)
        return own[i];
    return fr_platforms[i - 4].name;
}

static flowrules_status read_members(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    return fr_read_peers(r, value, &((struct fr_network *)object)->members);
}

static flowrules_status read_except(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    return fr_read_peers(r, value, &((struct fr_network *)object)->except);
}

static flowrules_status read_network_text(struct fr_reader *r, const struct fr_value *value,
                                          void *object) {
    return fr_read_text(r, value, &((struct fr_network *)object)->description);
}

const struct fr_key fr_network_keys[] = {
    {"description", read_network_text, NULL, "text", "for people", NULL},
    {"members", read_members, NULL, "ends", "what it contains", NULL},
    {"except", read_except, NULL, "ends", "what it does not contain; only addresses", NULL},
    {"lint", fr_read_network_silences, NULL, "silences",
     "findings of lint that are accepted, each with its reason", NULL},
    {.name = NULL},
};

flowrules_status fr_read_binding(struct fr_reader *r, const struct fr_value *value,
                                 struct fr_span *bindings) {
    struct fr_binding binding = {.at = r->key_at};
    binding.platform = fr_strings_add(&r->policy->strings, r->key, strlen(r->key));
    binding.values.first = (uint32_t)r->policy->binding_values.count;
    struct binding_draft draft = {.backend = fr_registry_find(r->context, r->key),
                                  .first = binding.values.first};
    if (binding.platform == 0)
        return fr_no_memory(r->context);
    FR_TRY(fr_read_mapping(r, value, "a platform's group", no_keys, read_binding_key, &draft));
    binding.values.count = (uint32_t)r->policy->binding_values.count - binding.values.first;
    struct fr_binding *slot = fr_vec_push(&r->policy->bindings);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = binding;
    bindings->count++;
    return FLOWRULES_OK;
}

static flowrules_status read_binding(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    if (fr_is_platform(r, r->key))
        return fr_read_binding(r, value, &((struct fr_network *)object)->bindings);
    fr_report_unknown_key(r, "a network", r->key, r->key_at, next_network_key, NULL,
                          "your own keys must begin with 'x-'");
    return fr_yaml_skip(r->yaml, value);
}

static flowrules_status store_network(struct fr_reader *r, const struct fr_network *network) {
    struct fr_network *slot = fr_vec_push(&r->policy->networks);
    if (slot == NULL || !fr_map_put(&r->policy->network_by_name, network->name,
                                    (uint32_t)r->policy->networks.count - 1))
        return fr_no_memory(r->context);
    *slot = *network;
    return FLOWRULES_OK;
}

/* Reports a name that can't be given; true when it may. */
static bool is_free_name(struct fr_reader *r, fr_string name) {
    uint32_t earlier;
    if (strcmp(r->key, "any") == 0) {
        fr_error(r->diagnostics, FR_NAME_RESERVED, r->key_at, "choose another name",
                 "'any' is a reserved name");
        return false;
    }
    if (!fr_map_get(&r->policy->network_by_name, name, &earlier))
        return true;
    const struct fr_network *other = fr_vec_at(&r->policy->networks, struct fr_network, earlier);
    char hint[300];
    snprintf(hint, sizeof hint, "the first definition is in %.200s line %u",
             fr_diagnostics_file_name(r->diagnostics, other->at.file), other->at.line);
    fr_error(r->diagnostics, FR_NAME_DUPLICATE, r->key_at, hint, "network '%s' is defined twice",
             r->key);
    return false;
}

static flowrules_status read_network(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    (void)object;
    struct fr_network network = {.at = r->key_at};
    struct fr_value key = {
        .kind = FR_SCALAR, .text = r->key, .length = strlen(r->key), .at = r->key_at};
    FR_TRY(fr_read_word(r, &key, false, &network.name));
    if (network.name == 0 || !is_free_name(r, network.name))
        return fr_yaml_skip(r->yaml, value);
    network.bindings.first = (uint32_t)r->policy->bindings.count;
    size_t errors = r->diagnostics->error_count;
    if (value->kind == FR_MAPPING)
        FR_TRY(fr_read_mapping(r, value, "a network", fr_network_keys, read_binding, &network));
    else
        FR_TRY(fr_read_peers(r, value, &network.members));
    if (network.members.count == 0 && r->diagnostics->error_count > errors) {
        /* What its members are can't be known: that it has none is no second error. */
        struct fr_peer broken = {.kind = FR_PEER_BROKEN};
        network.members = (struct fr_span){(uint32_t)r->policy->peers.count, 0};
        FR_TRY(push_peer(r, &broken, &network.members));
    }
    return store_network(r, &network);
}

flowrules_status fr_read_networks(struct fr_reader *r, const struct fr_value *value, void *object) {
    return fr_read_mapping(r, value, "networks", no_keys, read_network, object);
}
