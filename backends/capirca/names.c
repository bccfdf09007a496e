/*
 * Tokens: networks and services by name, from .net and .svc files and from YAML. A token may name
 * others; what one is, is found when a term asks for it.
 */
#include <stdlib.h>
#include <string.h>

#include "read.h"
#include "tables.h"

struct item {
    const char *text, *comment;
    struct flowrules_place at;
};

enum state { UNKNOWN, ASKED, KNOWN };

struct token {
    const char *name;
    struct flowrules_place at;
    struct item *items;
    size_t count, capacity;
    enum state state;
    struct flowrules_set set;
    struct fr_capirca_port *ports;
    size_t port_count;
};

/* ---- definitions --------------------------------------------------------------------------- */

static struct token *define(struct fr_capirca *r, unsigned kind, const char *name,
                            struct flowrules_place at) {
    struct token *token = flowrules_input_alloc(r->in, sizeof *token);
    if (token == NULL || name == NULL)
        return NULL;
    *token = (struct token){.name = name, .at = at};
    const struct token *known = flowrules_input_lookup(r->in, kind, name);
    if (known != NULL)
        flowrules_input_error(r->in, at, NULL, "'%.60s' is defined twice, here and in %s:%u", name,
                              flowrules_input_file_name(r->in, known->at.file), known->at.line);
    else
        flowrules_input_define(r->in, kind, name, token);
    return token;
}

static void add_item(struct fr_capirca *r, struct token *token, const char *text,
                     const char *comment, struct flowrules_place at) {
    token->items = flowrules_input_grow(r->in, token->items, &token->capacity, token->count,
                                        sizeof *token->items);
    if (token->items != NULL && text != NULL)
        token->items[token->count++] = (struct item){text, comment, at};
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static const char *copy_trimmed(struct fr_capirca *r, const char *from, const char *to) {
    while (from < to && is_blank(*from))
        from++;
    while (to > from && is_blank(to[-1]))
        to--;
    return from == to ? NULL : flowrules_input_copy(r->in, from, (size_t)(to - from));
}

/* The values of a line, from one byte to another. */
static void add_values(struct fr_capirca *r, struct token *token, const struct flowrules_line *line,
                       const char *from, const char *end, const char *comment) {
    while (from < end) {
        while (from < end && is_blank(*from))
            from++;
        const char *to = from;
        while (to < end && !is_blank(*to))
            to++;
        if (to > from)
            add_item(r, token, flowrules_input_copy(r->in, from, (size_t)(to - from)), comment,
                     (struct flowrules_place){line->file, line->number,
                                              (uint32_t)(from - line->text) + 1});
        from = to;
    }
}

/* "NAME = value value # comment", or more values of the name before it. */
static void read_line(struct fr_capirca *r, const struct flowrules_line *line, unsigned kind,
                      struct token **token) {
    const char *text = line->text, *end = text + line->length;
    const char *hash = memchr(text, '#', line->length);
    const char *stop = hash == NULL ? end : hash;
    const char *equals = memchr(text, '=', (size_t)(stop - text));
    const char *comment = hash == NULL ? NULL : copy_trimmed(r, hash + 1, end);
    const char *name = copy_trimmed(r, text, equals == NULL ? stop : equals);
    struct flowrules_place at = {line->file, line->number, 1};
    if (equals != NULL && name == NULL)
        flowrules_input_error(r->in, at, NULL, "a name is missing before '='");
    else if (equals != NULL)
        *token = define(r, kind, name, at);
    if (name == NULL)
        return;
    if (*token == NULL)
        flowrules_input_error(r->in, at, "begin with NAME = VALUE",
                              "there is no name before the value '%.60s'", name);
    else
        add_values(r, *token, line, equals == NULL ? text : equals + 1, stop, comment);
}

void fr_capirca_read_names(struct fr_capirca *r, size_t file, bool services) {
    struct flowrules_line line = {.file = file};
    struct token *token = NULL;
    while (!flowrules_input_failed(r->in) && flowrules_input_line(r->in, &line))
        read_line(r, &line, services ? FR_CAPIRCA_SERVICES : FR_CAPIRCA_NETWORKS, &token);
}

/* A value of a mapping: its key's, or the first of several keys. */
static const char *text_of(const flowrules_node *node, const char *const *keys) {
    const char *text = NULL;
    for (; *keys != NULL && text == NULL; keys++)
        text = flowrules_node_text(flowrules_node_get(node, *keys));
    return text;
}

static void add_yaml_item(struct fr_capirca *r, struct token *token, const flowrules_node *node) {
    static const char *const values[] = {"address", "ip", "fqdn", "name", NULL};
    static const char *const comments[] = {"comment", NULL};
    const char *port = flowrules_node_text(flowrules_node_get(node, "port"));
    const char *protocol = flowrules_node_text(flowrules_node_get(node, "protocol"));
    const char *text = flowrules_node_text(node);
    if (text == NULL && port != NULL && protocol != NULL)
        text = flowrules_input_print(r->in, "%s/%s", port, protocol);
    if (text == NULL)
        text = text_of(node, values);
    if (text == NULL)
        flowrules_input_error(r->in, flowrules_node_place(node), NULL,
                              "an address, a name, or a protocol and a port is expected here");
    else
        add_item(r, token, text, text_of(node, comments), flowrules_node_place(node));
}

void fr_capirca_read_yaml_names(struct fr_capirca *r, const flowrules_node *root) {
    static const char *const keys[] = {"networks", "services"};
    for (unsigned k = 0; k < 2; k++) {
        const flowrules_node *tokens = flowrules_node_get(root, keys[k]);
        for (const flowrules_node *n = flowrules_node_first(tokens);
             n != NULL && !flowrules_input_failed(r->in); n = flowrules_node_next(n)) {
            const flowrules_node *values = flowrules_node_get(n, "values");
            struct token *token = define(r, k == 0 ? FR_CAPIRCA_NETWORKS : FR_CAPIRCA_SERVICES,
                                         flowrules_node_key(n), flowrules_node_place(n));
            values = values == NULL ? n : values;
            if (flowrules_node_kind(values) != FLOWRULES_NODE_LIST || token == NULL)
                flowrules_input_error(r->in, flowrules_node_place(n), NULL,
                                      "a list of values is expected here");
            for (const flowrules_node *v = flowrules_node_first(values);
                 v != NULL && !flowrules_input_failed(r->in); v = flowrules_node_next(v))
                add_yaml_item(r, token, v);
        }
    }
}

/* ---- what tokens are ----------------------------------------------------------------------- */

/* Finds a token that is asked for, and not within itself; NULL: it is known, or an error. */
static struct token *ask(struct fr_capirca *r, struct token *token, unsigned depth) {
    if (token->state == KNOWN)
        return NULL;
    if (token->state == ASKED)
        flowrules_input_error(r->in, token->at, NULL, "'%.60s' contains itself", token->name);
    else if (depth > FR_CAPIRCA_NESTED_MAX)
        flowrules_input_error(r->in, token->at, NULL, "names are nested more than %u levels deep",
                              FR_CAPIRCA_NESTED_MAX);
    if (flowrules_input_failed(r->in))
        return NULL;
    token->state = ASKED;
    return token;
}

static void undefined(struct fr_capirca *r, const char *text, struct flowrules_place at,
                      bool service) {
    flowrules_input_error(r->in, at,
                          service ? "hand in the .svc file, or the YAML file, that defines it"
                                  : "hand in the .net file, or the YAML file, that defines it",
                          "'%.60s' is not defined", text);
}

static struct flowrules_set network(struct fr_capirca *r, const char *text,
                                    struct flowrules_place at, unsigned depth);

struct flowrules_set fr_capirca_unite(struct fr_capirca *r, const struct flowrules_set *sets,
                                      size_t count, struct flowrules_place at) {
    size_t ranges = 0;
    for (size_t i = 0; i < count; i++)
        ranges += flowrules_set_range_count(sets[i], FLOWRULES_IPV4) +
                  flowrules_set_range_count(sets[i], FLOWRULES_IPV6) +
                  flowrules_set_atom_count(sets[i]);
    if (ranges <= FR_CAPIRCA_RANGES_MAX)
        return flowrules_input_unite(r->in, sets, count);
    flowrules_input_error(r->in, at, NULL, "more than %u addresses are named together",
                          FR_CAPIRCA_RANGES_MAX);
    return flowrules_input_none(r->in);
}

/* A comment that all values share, or that the only one has. */
static const char *comment_of(const struct token *token) {
    for (size_t i = 1; i < token->count; i++)
        if (token->items[i].comment == NULL || token->items[0].comment == NULL ||
            strcmp(token->items[i].comment, token->items[0].comment) != 0)
            return NULL;
    return token->count == 0 ? NULL : token->items[0].comment;
}

static void resolve_network(struct fr_capirca *r, struct token *token, unsigned depth) {
    if (ask(r, token, depth) == NULL)
        return;
    struct flowrules_set *sets = flowrules_input_alloc(r->in, (token->count + 1) * sizeof *sets);
    for (size_t i = 0; sets != NULL && i < token->count && !flowrules_input_failed(r->in); i++)
        sets[i] = network(r, token->items[i].text, token->items[i].at, depth + 1);
    if (sets == NULL || flowrules_input_failed(r->in))
        return;
    token->set = fr_capirca_unite(r, sets, token->count, token->at);
    token->state = KNOWN;
    flowrules_input_label(r->in, token->set, token->name, comment_of(token));
}

/* Is it like a name of the DNS: with a dot, and a letter in its last label? */
static bool is_name(const char *text) {
    const char *dot = strrchr(text, '.');
    return dot != NULL && ((dot[1] >= 'a' && dot[1] <= 'z') || (dot[1] >= 'A' && dot[1] <= 'Z')) &&
           strchr(text, '/') == NULL && strchr(text, ':') == NULL;
}

static struct flowrules_set network(struct fr_capirca *r, const char *text,
                                    struct flowrules_place at, unsigned depth) {
    struct token *token = flowrules_input_lookup(r->in, FR_CAPIRCA_NETWORKS, text);
    struct flowrules_range range;
    if (token != NULL) {
        resolve_network(r, token, depth);
        return token->state == KNOWN ? token->set : flowrules_input_none(r->in);
    }
    if (flowrules_parse_range(text, strlen(text), &range))
        return flowrules_input_range(r->in, &range);
    if (is_name(text))
        return flowrules_input_name(r->in, at, text);
    if (strpbrk(text, "./:") != NULL)
        flowrules_input_error(r->in, at, "write an address, or a prefix as 192.0.2.0/24",
                              "'%.60s' is not an address", text);
    else
        undefined(r, text, at, false);
    return flowrules_input_none(r->in);
}

struct flowrules_set fr_capirca_network(struct fr_capirca *r, const struct fr_capirca_word *word) {
    return network(r, word->text, word->at, 0);
}

static int compare(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct fr_capirca_port));
}

/* Each once: a token that names another many times has no more of it. */
static void sort_ports(struct token *token) {
    size_t kept = 0;
    if (token->port_count > 1)
        qsort(token->ports, token->port_count, sizeof *token->ports, compare);
    for (size_t i = 0; i < token->port_count; i++)
        if (i == 0 || compare(&token->ports[i], &token->ports[kept - 1]) != 0)
            token->ports[kept++] = token->ports[i];
    token->port_count = kept;
}

static void add_port(struct fr_capirca *r, struct token *token, size_t *capacity,
                     struct fr_capirca_port port) {
    token->ports = flowrules_input_grow(r->in, token->ports, capacity, token->port_count,
                                        sizeof *token->ports);
    if (token->ports != NULL)
        token->ports[token->port_count++] = port;
}

static void resolve_service(struct fr_capirca *r, struct token *token, unsigned depth) {
    size_t capacity = 0;
    if (ask(r, token, depth) == NULL)
        return;
    for (size_t i = 0; i < token->count && !flowrules_input_failed(r->in); i++) {
        const struct item *item = &token->items[i];
        const char *slash = strchr(item->text, '/');
        struct token *other = flowrules_input_lookup(r->in, FR_CAPIRCA_SERVICES, item->text);
        struct fr_capirca_port port;
        memset(&port, 0, sizeof port);
        if (other != NULL) {
            resolve_service(r, other, depth + 1);
            for (size_t k = 0; k < other->port_count && !flowrules_input_failed(r->in); k++)
                add_port(r, token, &capacity, other->ports[k]);
        } else if (slash == NULL) {
            undefined(r, item->text, item->at, true);
        } else if ((port.protocol = flowrules_parse_protocol(slash + 1)) < 0 ||
                   !fr_tables_ports(item->text, (size_t)(slash - item->text), &port.ports)) {
            flowrules_input_error(r->in, item->at, "write it as 443/tcp or 8000-8010/tcp",
                                  "'%.60s' is not a port and a protocol", item->text);
        } else {
            add_port(r, token, &capacity, port);
        }
    }
    token->state = flowrules_input_failed(r->in) ? token->state : KNOWN;
    if (token->state == KNOWN)
        sort_ports(token);
}

const struct fr_capirca_port *
fr_capirca_service(struct fr_capirca *r, const struct fr_capirca_word *word, size_t *count) {
    struct token *token = flowrules_input_lookup(r->in, FR_CAPIRCA_SERVICES, word->text);
    struct flowrules_ports ports;
    *count = 0;
    if (token != NULL) {
        resolve_service(r, token, 0);
        *count = token->state == KNOWN ? token->port_count : 0;
        return token->ports;
    }
    if (!fr_tables_ports(word->text, strlen(word->text), &ports)) {
        undefined(r, word->text, word->at, true);
        return NULL;
    }
    struct fr_capirca_port *port = flowrules_input_alloc(r->in, sizeof *port);
    if (port == NULL)
        return NULL;
    *port = (struct fr_capirca_port){-1, ports};
    *count = 1;
    return port;
}
