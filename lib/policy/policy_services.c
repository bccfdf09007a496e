/*
 * Reads protocols, ports and ICMP as services. The keys of a mapping may come in any order, so they
 * are kept as read and combined at its end.
 */
#include "policy_read.h"
#include "slips.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void fr_draft_init(struct fr_service_draft *draft, const struct fr_allocator *allocator) {
    fr_vec_init(&draft->protocols, allocator, sizeof(struct fr_number_item));
    fr_vec_init(&draft->types, allocator, sizeof(struct fr_number_item));
    fr_vec_init(&draft->codes, allocator, sizeof(struct fr_number_item));
    fr_vec_init(&draft->source_ports, allocator, sizeof(struct fr_port_item));
    fr_vec_init(&draft->ports, allocator, sizeof(struct fr_port_item));
    fr_vec_init(&draft->terms, allocator, sizeof(struct fr_term));
}

void fr_draft_free(struct fr_service_draft *draft) {
    fr_vec_free(&draft->protocols);
    fr_vec_free(&draft->types);
    fr_vec_free(&draft->codes);
    fr_vec_free(&draft->source_ports);
    fr_vec_free(&draft->ports);
    fr_vec_free(&draft->terms);
}

void fr_draft_clear(struct fr_service_draft *draft) {
    draft->protocols.count = draft->types.count = draft->codes.count = 0;
    draft->source_ports.count = draft->ports.count = 0;
}

bool fr_draft_is_empty(const struct fr_service_draft *draft) {
    return draft->protocols.count + draft->types.count + draft->codes.count +
               draft->source_ports.count + draft->ports.count ==
           0;
}

/* ---- values -------------------------------------------------------------------------------- */

static bool number(const char *text, size_t length, unsigned most, unsigned *result) {
    if (length == 0 || length > 5)
        return false;
    unsigned value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *result = value;
    return value <= most && (length == 1 || text[0] != '0');
}

/* Names that are one protocol in IANA's registry and may be meant as another. */
static const struct {
    const char *name, *message, *hint;
} two_meanings[] = {
    {"ipip", "ipip is protocol 94 in IANA's registry",
     "the usual ipip tunnels use protocol 4: write ipencap for them, or 94 for this protocol"},
    {"l2tp", "l2tp is protocol 115, L2TP version 3 over IP",
     "for L2TP over UDP write 'protocol: udp' and 'port: 1701'; for this protocol write 115"},
};

static void warn_of_two_meanings(struct fr_reader *r, const struct fr_value *value) {
    for (size_t i = 0; i < sizeof two_meanings / sizeof two_meanings[0]; i++) {
        struct fr_about about = {.severity = FLOWRULES_WARNING,
                                 .id = FR_PROTOCOL,
                                 .at = value->at,
                                 .hint = two_meanings[i].hint};
        if (strcasecmp(value->text, two_meanings[i].name) == 0)
            fr_report(r->diagnostics, &about, "%s", two_meanings[i].message);
    }
}

static flowrules_status read_protocol_item(struct fr_reader *r, const struct fr_value *value,
                                           void *object) {
    (void)object;
    bool good;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (!good)
        return FLOWRULES_OK;
    int protocol =
        fr_value_is(value, "any") ? FR_PROTOCOL_ANY : fr_protocol_parse(value->text, value->length);
    if (protocol < 0) {
        char hint[FR_SLIP_MAX] = FR_PROTOCOL_FORM;
        fr_slip_protocol(value->text, hint);
        fr_error(r->diagnostics, FR_PROTOCOL, value->at, hint, "'%.80s' is not a valid protocol",
                 value->text);
        return FLOWRULES_OK;
    }
    warn_of_two_meanings(r, value);
    struct fr_number_item *item = fr_vec_add(&r->draft.protocols);
    if (item == NULL)
        return fr_no_memory(r->context);
    *item = (struct fr_number_item){(unsigned)protocol, 0, value->at};
    return FLOWRULES_OK;
}

flowrules_status fr_read_protocol(struct fr_reader *r, const struct fr_value *value, void *object) {
    return fr_read_list(r, value, read_protocol_item, object);
}

/* Does it consist of digits and '-' alone, so that it can't be a port's name? */
static bool is_numeric(const struct fr_value *value) {
    for (size_t i = 0; i < value->length; i++)
        if ((value->text[i] < '0' || value->text[i] > '9') && value->text[i] != '-')
            return false;
    return true;
}

static void report_port(struct fr_reader *r, const struct fr_value *value) {
    char hint[FR_SLIP_MAX] = "a port is 0-65535, a range is written 8000-8010";
    fr_slip_port(value->text, hint);
    fr_error(r->diagnostics, FR_PORT, value->at, hint, "'%.80s' is not a valid port", value->text);
}

/* Can it be the name of a port in IANA's registry? */
static bool is_port_name(const struct fr_value *value) {
    for (size_t i = 0; i < value->length; i++) {
        unsigned char c = (unsigned char)value->text[i];
        if (c >= 0x80 || c <= ' ' || strchr("/:,;<>=!*[]'", c) != NULL)
            return false;
    }
    return value->length > 0 && value->text[strspn(value->text, "0123456789.+-")] != '\0';
}

static flowrules_status numeric_port(struct fr_reader *r, const struct fr_value *value,
                                     struct fr_port_item *item, bool *good) {
    const char *dash = memchr(value->text, '-', value->length);
    size_t left = dash == NULL ? value->length : (size_t)(dash - value->text);
    unsigned first = 0, last = 0;
    *good = number(value->text, left, 65535, &first);
    last = first;
    if (*good && dash != NULL)
        *good = number(dash + 1, value->length - left - 1, 65535, &last);
    if (!*good) {
        report_port(r, value);
        return FLOWRULES_OK;
    }
    if (first > last) {
        char hint[60];
        snprintf(hint, sizeof hint, "write %u-%u", last, first);
        *good = false;
        fr_error(r->diagnostics, FR_RANGE_ORDER, value->at, hint,
                 "the port range %u-%u ends before it begins", first, last);
    }
    item->first = (uint16_t)first;
    item->last = (uint16_t)last;
    return FLOWRULES_OK;
}

static flowrules_status read_port_item(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    struct fr_vec *ports = object;
    struct fr_port_item item = {.at = value->at};
    bool good;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (good && is_numeric(value))
        FR_TRY(numeric_port(r, value, &item, &good));
    else if (good && fr_value_is(value, "any"))
        item.last = 65535;
    else if (good && is_port_name(value))
        item.name = fr_strings_add(&r->policy->strings, value->text, value->length);
    else if (good) {
        report_port(r, value);
        good = false;
    }
    if (!good)
        return FLOWRULES_OK;
    struct fr_port_item *slot = fr_vec_push(ports);
    if (slot == NULL || (!is_numeric(value) && item.last == 0 && item.name == 0))
        return fr_no_memory(r->context);
    *slot = item;
    return FLOWRULES_OK;
}

flowrules_status fr_read_port(struct fr_reader *r, const struct fr_value *value, void *object) {
    (void)object;
    return fr_read_list(r, value, read_port_item, &r->draft.ports);
}

flowrules_status fr_read_source_port(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    (void)object;
    return fr_read_list(r, value, read_port_item, &r->draft.source_ports);
}

/* "8", or "9-18"; false where it is neither. */
static bool icmp_range(const struct fr_value *value, unsigned *first, unsigned *last) {
    const char *dash = memchr(value->text, '-', value->length);
    size_t left = dash == NULL ? value->length : (size_t)(dash - value->text);
    if (!number(value->text, left, 255, first))
        return false;
    *last = *first;
    return dash == NULL || number(dash + 1, value->length - left - 1, 255, last);
}

static flowrules_status push_icmp(struct fr_reader *r, struct fr_vec *items, unsigned number,
                                  fr_string name, struct fr_at at) {
    struct fr_number_item *slot = fr_vec_push(items);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = (struct fr_number_item){number, name, at};
    return FLOWRULES_OK;
}

/* Each number of a range by itself: types and codes are single values, or all of them. */
static flowrules_status push_icmp_range(struct fr_reader *r, struct fr_vec *items,
                                        const struct fr_value *value, unsigned first,
                                        unsigned last) {
    if (first > last) {
        char hint[60];
        snprintf(hint, sizeof hint, "write %u-%u", last, first);
        fr_error(r->diagnostics, FR_RANGE_ORDER, value->at, hint,
                 "the range %u-%u ends before it begins", first, last);
    }
    for (unsigned i = first; i <= last; i++)
        FR_TRY(push_icmp(r, items, i, 0, value->at));
    return FLOWRULES_OK;
}

static flowrules_status read_icmp_item(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    struct fr_vec *items = object;
    unsigned first, last;
    bool good;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (!good)
        return FLOWRULES_OK;
    if (icmp_range(value, &first, &last))
        return push_icmp_range(r, items, value, first, last);
    if (items != &r->draft.types || is_numeric(value)) {
        fr_error(r->diagnostics, FR_ICMP_FORM, value->at,
                 items == &r->draft.types
                     ? "a number 0-255, a range such as 9-18, or a name such as echo-request"
                     : "a number 0-255, or a range such as 0-5",
                 "'%.80s' is not a valid value for '%s'", value->text, r->key);
        return FLOWRULES_OK;
    }
    fr_string name = fr_strings_add(&r->policy->strings, value->text, value->length);
    return name == 0 ? fr_no_memory(r->context) : push_icmp(r, items, 0, name, value->at);
}

flowrules_status fr_read_icmp_type(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    (void)object;
    return fr_read_list(r, value, read_icmp_item, &r->draft.types);
}

flowrules_status fr_read_icmp_code(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    (void)object;
    return fr_read_list(r, value, read_icmp_item, &r->draft.codes);
}

/* ---- putting together ---------------------------------------------------------------------- */

/* Do the keys that are there go together? Every error is reported. */
static bool draft_is_sound(struct fr_reader *r, struct fr_at at) {
    struct fr_service_draft *d = &r->draft;
    bool ports = d->ports.count + d->source_ports.count > 0;
    bool icmp = d->types.count + d->codes.count > 0;
    const struct fr_port_item *port = d->ports.count > 0
                                          ? fr_vec_at(&d->ports, struct fr_port_item, 0)
                                          : fr_vec_at(&d->source_ports, struct fr_port_item, 0);
    if (d->protocols.count == 0) {
        if (ports)
            fr_error(r->diagnostics, FR_PORT_PROTOCOL, port->at,
                     "add 'protocol: tcp' (or udp, sctp)", "a port needs a protocol");
        else
            fr_error(r->diagnostics, FR_KEY_MISSING, at, "tcp, udp, icmp ... or any",
                     "the service needs the key 'protocol'");
        return false;
    }
    bool sound = true;
    for (size_t i = 0; i < d->protocols.count; i++) {
        const struct fr_number_item *item = fr_vec_at(&d->protocols, struct fr_number_item, i);
        if (ports && !fr_protocol_has_ports(item->number)) {
            fr_error(r->diagnostics, FR_PORT_PROTOCOL, port->at,
                     "only tcp, udp and sctp have ports; write other protocols in a service of "
                     "their own",
                     "protocol '%s' has no ports", fr_protocol_name(item->number));
            sound = false;
        } else if (icmp && !fr_protocol_is_icmp(item->number)) {
            fr_error(r->diagnostics, FR_ICMP_FORM, item->at, "only icmp and icmpv6 have ICMP types",
                     "protocol '%s' has no ICMP types", fr_protocol_name(item->number));
            sound = false;
        }
    }
    if (d->codes.count > 0 && d->types.count == 0) {
        fr_error(r->diagnostics, FR_ICMP_FORM, fr_vec_at(&d->codes, struct fr_number_item, 0)->at,
                 "add 'icmp-type'", "an ICMP code needs a type");
        sound = false;
    }
    return sound;
}

/* The number that a name has with another protocol, or -1. */
static int port_of_others(const char *name) {
    static const unsigned protocols[] = {FR_TCP, FR_UDP, FR_SCTP};
    int port = -1;
    for (size_t i = 0; port < 0 && i < sizeof protocols / sizeof protocols[0]; i++)
        port = fr_port_named(name, strlen(name), protocols[i]);
    return port;
}

static void report_port_name(struct fr_reader *r, const struct fr_port_item *item, const char *name,
                             unsigned protocol) {
    char hint[FR_SLIP_MAX] = "write the number";
    int other = port_of_others(name);
    const char *near = other >= 0 ? NULL : fr_nearest(name, fr_port_candidate, NULL);
    if (other >= 0)
        snprintf(hint, sizeof hint,
                 "write %d: in IANA's registry, this name is for another protocol", other);
    else if (!fr_slip_port(name, hint) && near != NULL)
        snprintf(hint, sizeof hint, "did you mean '%s'? You may also write the number", near);
    fr_error(r->diagnostics, FR_PORT, item->at, hint,
             "'%.80s' is not a port of %s in IANA's registry", name, fr_protocol_name(protocol));
}

/* The numbers of a named port; false when the protocol has no such name, which is to be told. */
static bool port_numbers(struct fr_reader *r, const struct fr_port_item *item, unsigned protocol,
                         bool told, struct flowrules_ports *ports) {
    *ports = (struct flowrules_ports){item->first, item->last};
    if (item->name == 0)
        return true;
    const char *name = fr_strings_text(&r->policy->strings, item->name);
    int port = fr_port_named(name, strlen(name), protocol);
    if (port >= 0) {
        *ports = (struct flowrules_ports){(uint16_t)port, (uint16_t)port};
        return true;
    }
    if (told)
        report_port_name(r, item, name, protocol);
    return false;
}

static bool icmp_number(struct fr_reader *r, const struct fr_number_item *item, unsigned protocol,
                        unsigned *type) {
    *type = item->number;
    if (item->name == 0)
        return true;
    const char *name = fr_strings_text(&r->policy->strings, item->name);
    int found = fr_icmp_type_named(name, strlen(name), protocol);
    const char *near = found < 0 ? fr_icmp_type_nearest(name, protocol) : NULL;
    char hint[80] = "write the number, or a name such as echo-request";
    fr_did_you_mean(hint, sizeof hint, near);
    if (found < 0)
        fr_error(r->diagnostics, FR_ICMP_FORM, item->at, hint, "'%.80s' is not a type of %s", name,
                 fr_protocol_name(protocol));
    else
        *type = (unsigned)found;
    return found >= 0;
}

static flowrules_status push_term(struct fr_reader *r, struct fr_term term) {
    struct fr_term *slot = fr_vec_add(&r->draft.terms);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = term;
    return FLOWRULES_OK;
}

static const struct fr_port_item any_port = {.first = 0, .last = 65535};

static flowrules_status port_terms(struct fr_reader *r, unsigned protocol) {
    struct fr_service_draft *d = &r->draft;
    size_t sources = d->source_ports.count > 0 ? d->source_ports.count : 1;
    size_t destinations = d->ports.count > 0 ? d->ports.count : 1;
    for (size_t s = 0; s < sources; s++) {
        struct flowrules_ports from, to;
        const struct fr_port_item *source =
            d->source_ports.count > 0 ? fr_vec_at(&d->source_ports, struct fr_port_item, s)
                                      : &any_port;
        bool known = port_numbers(r, source, protocol, true, &from);
        for (size_t i = 0; i < destinations; i++) {
            const struct fr_port_item *port =
                d->ports.count > 0 ? fr_vec_at(&d->ports, struct fr_port_item, i) : &any_port;
            if (port_numbers(r, port, protocol, s == 0, &to) && known)
                FR_TRY(push_term(r, (struct fr_term){(uint16_t)protocol, from.first, from.last,
                                                     to.first, to.last}));
        }
    }
    return FLOWRULES_OK;
}

static flowrules_status icmp_terms(struct fr_reader *r, unsigned protocol) {
    struct fr_service_draft *d = &r->draft;
    for (size_t t = 0; t < d->types.count; t++) {
        unsigned type;
        if (!icmp_number(r, fr_vec_at(&d->types, struct fr_number_item, t), protocol, &type))
            continue;
        if (d->codes.count == 0)
            FR_TRY(push_term(
                r, (struct fr_term){(uint16_t)protocol, (uint16_t)type, (uint16_t)type, 0, 65535}));
        for (size_t c = 0; c < d->codes.count; c++) {
            uint16_t code = (uint16_t)fr_vec_at(&d->codes, struct fr_number_item, c)->number;
            FR_TRY(push_term(r, (struct fr_term){(uint16_t)protocol, (uint16_t)type, (uint16_t)type,
                                                 code, code}));
        }
    }
    return FLOWRULES_OK;
}

/* The product of the lists, or more than FR_SERVICE_TERMS_MAX where it is too large to be counted.
 */
static size_t draft_product(const struct fr_service_draft *d) {
    size_t counts[] = {d->source_ports.count, d->ports.count, d->types.count, d->codes.count};
    size_t product = d->protocols.count;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0] && product <= FR_SERVICE_TERMS_MAX; i++)
        product *= counts[i] > 0 ? counts[i] : 1;
    return product;
}

flowrules_status fr_draft_terms(struct fr_reader *r, struct fr_at at) {
    struct fr_service_draft *d = &r->draft;
    if (!draft_is_sound(r, at))
        return FLOWRULES_OK;
    if (draft_product(d) > FR_SERVICE_TERMS_MAX - d->terms.count) {
        fr_error(r->diagnostics, FR_YAML_TOO_MANY, at, "use ranges, or fewer keys that are lists",
                 "the service has more than %u combinations of protocols, ports and types",
                 FR_SERVICE_TERMS_MAX);
        return FLOWRULES_OK;
    }
    for (size_t i = 0; i < d->protocols.count; i++) {
        unsigned protocol = fr_vec_at(&d->protocols, struct fr_number_item, i)->number;
        if (d->types.count > 0)
            FR_TRY(icmp_terms(r, protocol));
        else
            FR_TRY(port_terms(r, protocol));
    }
    return FLOWRULES_OK;
}

flowrules_status fr_draft_service(struct fr_reader *r, fr_service *service) {
    struct fr_vec *terms = &r->draft.terms;
    *service = FR_SERVICE_NONE;
    if (terms->count == 0)
        return FLOWRULES_OK; /* reported */
    *service = fr_services_add(&r->policy->services, terms->items, terms->count);
    terms->count = 0;
    return *service == FR_SERVICE_NONE ? fr_no_memory(r->context) : FLOWRULES_OK;
}

/* ---- services: ----------------------------------------------------------------------------- */

static flowrules_status ignore_text(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    (void)object;
    fr_string text;
    return fr_read_text(r, value, &text);
}

const struct fr_key fr_service_keys[] = {
    {"protocol", fr_read_protocol, NULL, "protocols", "tcp, udp, sctp, icmp ..., a number, or any",
     NULL},
    {"port", fr_read_port, NULL, "ports", "443, 8000-8010, or a service's name", NULL},
    {"source-port", fr_read_source_port, NULL, "ports", "the port that the connection comes from",
     NULL},
    {"icmp-type", fr_read_icmp_type, NULL, "icmp-types",
     "a number, a range such as 9-18, or a name such as echo-request", NULL},
    {"icmp-code", fr_read_icmp_code, NULL, "icmp-codes", "needs icmp-type", NULL},
    {"description", ignore_text, NULL, "text", "for people", NULL},
    {.name = NULL},
};

static flowrules_status read_service_mapping(struct fr_reader *r, const struct fr_value *value,
                                             void *object) {
    fr_draft_clear(&r->draft);
    if (value->kind != FR_MAPPING) {
        fr_error(r->diagnostics, FR_VALUE_KIND, value->at, "write {protocol: tcp, port: 443}",
                 "a service must be a mapping, or a list of them");
        return fr_yaml_skip(r->yaml, value);
    }
    struct fr_at at = value->at;
    size_t errors = r->diagnostics->error_count;
    FR_TRY(fr_read_mapping(r, value, "a service", fr_service_keys, NULL, object));
    return r->diagnostics->error_count == errors ? fr_draft_terms(r, at) : FLOWRULES_OK;
}

/* One entry of services: r->key is its name. */
static flowrules_status read_service(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    flowrules_policy *policy = r->policy;
    struct fr_service_definition *definition = object;
    struct fr_at at = r->key_at;
    fr_string name = definition->name;
    r->draft.terms.count = 0;
    if (value->kind == FR_SEQUENCE)
        FR_TRY(fr_read_list(r, value, read_service_mapping, NULL));
    else
        FR_TRY(read_service_mapping(r, value, NULL));
    fr_service service;
    FR_TRY(fr_draft_service(r, &service));
    struct fr_service_definition *slot = fr_vec_push(&policy->definitions);
    if (slot == NULL ||
        !fr_map_put(&policy->definition_by_name, name, (uint32_t)policy->definitions.count - 1))
        return fr_no_memory(r->context);
    *slot = (struct fr_service_definition){name, service, at};
    return FLOWRULES_OK;
}

static flowrules_status read_named_service(struct fr_reader *r, const struct fr_value *value,
                                           void *object) {
    (void)object;
    struct fr_service_definition definition = {.at = r->key_at};
    struct fr_value key = {
        .kind = FR_SCALAR, .text = r->key, .length = strlen(r->key), .at = r->key_at};
    uint32_t earlier;
    if (fr_value_is(&key, "any")) {
        fr_error(r->diagnostics, FR_NAME_RESERVED, r->key_at, "choose another name",
                 "'any' is a reserved name");
        return fr_yaml_skip(r->yaml, value);
    }
    FR_TRY(fr_read_word(r, &key, false, &definition.name));
    if (definition.name == 0)
        return fr_yaml_skip(r->yaml, value);
    if (fr_map_get(&r->policy->definition_by_name, definition.name, &earlier)) {
        const struct fr_service_definition *other =
            fr_vec_at(&r->policy->definitions, struct fr_service_definition, earlier);
        char hint[300];
        snprintf(hint, sizeof hint, "the first definition is in %.200s line %u",
                 fr_diagnostics_file_name(r->diagnostics, other->at.file), other->at.line);
        fr_error(r->diagnostics, FR_NAME_DUPLICATE, r->key_at, hint,
                 "service '%s' is defined twice", r->key);
        return fr_yaml_skip(r->yaml, value);
    }
    return read_service(r, value, &definition);
}

static const struct fr_key no_keys[] = {{.name = NULL}};

flowrules_status fr_read_services(struct fr_reader *r, const struct fr_value *value, void *object) {
    return fr_read_mapping(r, value, "services", no_keys, read_named_service, object);
}
