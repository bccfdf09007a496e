/*
 * Puts the keys of mappings in their usual order. Only keys that have one change places among
 * themselves; a mapping with anchors, aliases or merge keys, or with comments that stand for
 * themselves, stays as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "layout.h"

/* ---- the order ----------------------------------------------------------------------------- */

/* What a mapping is by its place in the file. */
enum place {
    PLACE_ANY,
    PLACE_ROOT,
    PLACE_NETWORKS, /* of names */
    PLACE_NETWORK,
    PLACE_SERVICES,
    PLACE_SERVICE,
    PLACE_FLOW,
    PLACE_TARGETS,
    PLACE_TARGET,
    PLACE_PROXIES,
    PLACE_PROXY,
    PLACE_SELECT,
    PLACE_LOSS,
    PLACE_ZONES,
    PLACE_ENDS,
    PLACE_ASSERTION,
    PLACE_PACKETS,
    PLACE_EXCEPTION,
    PLACE_COUNT
};

/* As the tables of docs/POLICY.md. */
static const char *const orders[PLACE_COUNT] = {
    [PLACE_ROOT] = ("flowrules title description include protects networks places services flows "
                    "targets proxies lint zones assertions matrix"),
    [PLACE_NETWORK] = "description members except lint",
    [PLACE_SERVICE] = "description protocol port source-port icmp-type icmp-code",
    [PLACE_FLOW] = ("name action source destination service protocol port source-port icmp-type "
                    "icmp-code spares log purpose tags owner ticket volume frequency expires lint"),
    [PLACE_TARGET] = ("backend format protects select mode direction names log baseline shuts "
                      "places optimize allow-loss lint"),
    [PLACE_PROXY] = "http https from bypass",
    [PLACE_SELECT] = "tags name",
    [PLACE_LOSS] = "flow loss",
    [PLACE_ENDS] = "members except",
    [PLACE_ASSERTION] = "name never only must because exception",
    [PLACE_PACKETS] = "source destination service protocol port source-port icmp-type icmp-code",
    [PLACE_EXCEPTION] = "flow until by ticket source destination service",
};

static const struct {
    const char *key; /* NULL: each */
    enum place of, value;
} values[] = {
    {"networks", PLACE_ROOT, PLACE_NETWORKS},  {"services", PLACE_ROOT, PLACE_SERVICES},
    {"flows", PLACE_ROOT, PLACE_FLOW},         {"targets", PLACE_ROOT, PLACE_TARGETS},
    {"zones", PLACE_ROOT, PLACE_ZONES},        {"assertions", PLACE_ROOT, PLACE_ASSERTION},
    {NULL, PLACE_NETWORKS, PLACE_NETWORK},     {NULL, PLACE_SERVICES, PLACE_SERVICE},
    {"proxies", PLACE_ROOT, PLACE_PROXIES},    {NULL, PLACE_PROXIES, PLACE_PROXY},
    {NULL, PLACE_TARGETS, PLACE_TARGET},       {"select", PLACE_TARGET, PLACE_SELECT},
    {"allow-loss", PLACE_TARGET, PLACE_LOSS},  {NULL, PLACE_ZONES, PLACE_ENDS},
    {"never", PLACE_ASSERTION, PLACE_PACKETS}, {"only", PLACE_ASSERTION, PLACE_PACKETS},
    {"must", PLACE_ASSERTION, PLACE_PACKETS},  {"exception", PLACE_ASSERTION, PLACE_EXCEPTION},
    {"source", PLACE_PACKETS, PLACE_ENDS},     {"destination", PLACE_PACKETS, PLACE_ENDS},
    {"source", PLACE_EXCEPTION, PLACE_ENDS},   {"destination", PLACE_EXCEPTION, PLACE_ENDS},
};

static bool is_key(const struct fr_token *t, const char *key, size_t length) {
    return t->length == length && memcmp(t->value, key, length) == 0;
}

/* The number of a key in the order of its mapping; SIZE_MAX: it has none. */
static size_t rank_of(enum place place, const struct fr_token *key) {
    const char *word = orders[place];
    for (size_t rank = 0; word != NULL && *word != '\0'; rank++) {
        size_t length = strcspn(word, " ");
        if (is_key(key, word, length))
            return rank;
        word += length + strspn(word + length, " ");
    }
    return SIZE_MAX;
}

static enum place place_of(enum place of, const struct fr_token *key) {
    for (size_t i = 0; key != NULL && i < sizeof values / sizeof *values; i++)
        if (values[i].of == of &&
            (values[i].key == NULL || is_key(key, values[i].key, strlen(values[i].key))))
            return values[i].value;
    return PLACE_ANY;
}

/* ---- mappings ------------------------------------------------------------------------------ */

struct entry {
    size_t rank;
    size_t key, end;    /* tokens: where it begins, and behind it */
    size_t first, last; /* bytes that change places */
};

struct swap {
    size_t first, last; /* bytes of the slot */
    size_t from, until; /* bytes that go there */
};

struct ordering {
    const struct fr_layout *l;
    size_t at; /* the next token */
    struct fr_vec swaps;
    size_t tied; /* anchors, aliases and merge keys that were passed */
    size_t busy; /* swaps were noted behind this byte: what holds them waits */
    bool failed;
};

static const struct fr_token *token(const struct ordering *o, size_t i) {
    return i < o->l->tokens.count ? fr_layout_token(o->l, i) : NULL;
}

static enum fr_token_kind kind(const struct ordering *o) {
    const struct fr_token *t = token(o, o->at);
    return t == NULL ? FR_TOKEN_OTHER : t->kind;
}

static bool ended(const struct ordering *o) {
    return o->failed || token(o, o->at) == NULL;
}

/* ---- bytes of the entries of a block -------------------------------------------------------- */

static size_t line_start(const struct ordering *o, size_t at) {
    while (at > 0 && o->l->text[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(const struct ordering *o, size_t at) {
    while (at < o->l->size && o->l->text[at] != '\n')
        at++;
    return at;
}

/* What the line before the one that begins at a byte is. */
enum above { ABOVE_BLANK, ABOVE_COMMENT, ABOVE_OTHER };

static enum above look_above(const struct ordering *o, size_t start, size_t *first,
                             size_t *column) {
    if (start == 0)
        return ABOVE_OTHER;
    *first = line_start(o, start - 1);
    *column = strspn(o->l->text + *first, " ");
    char c = o->l->text[*first + *column];
    return c == '\n' ? ABOVE_BLANK : c == '#' ? ABOVE_COMMENT : ABOVE_OTHER;
}

/* Begins an entry with the comments that stand right above it, in its column. */
static void take_comments(const struct ordering *o, struct entry *e, size_t column) {
    size_t start = line_start(o, e->first), above, own;
    while (look_above(o, start, &above, &own) == ABOVE_COMMENT && own == column) {
        e->first = above + own;
        start = above;
    }
}

/* Where an entry ends that something begins behind: before blank lines. */
static size_t end_before(const struct ordering *o, size_t next) {
    size_t start = line_start(o, next), above, column;
    while (look_above(o, start, &above, &column) == ABOVE_BLANK)
        start = above;
    return start == 0 ? 0 : start - 1;
}

/* Is a comment in the column of the keys within an entry? It stands for itself. */
static bool has_own_comment(const struct ordering *o, const struct entry *e, size_t column,
                            bool last) {
    for (size_t at = line_end(o, token(o, e->key)->first); at < e->last; at = line_end(o, at + 1)) {
        size_t own = strspn(o->l->text + at + 1, " ");
        if (o->l->text[at + 1 + own] == '#' && (last ? own <= column : own == column))
            return true;
    }
    return false;
}

/* The bytes of each entry of a block; false where they cannot be told apart. */
static bool find_block_bytes(const struct ordering *o, struct entry *list, size_t count) {
    const struct fr_token *first = token(o, list[0].key);
    size_t column = first->column, start = line_start(o, first->first);
    bool compact = start + column != first->first || strspn(o->l->text + start, " ") != column;
    for (size_t i = 0; i < count; i++) {
        list[i].first = token(o, list[i].key)->first;
        if (token(o, list[i].key)->column != column)
            return false;
        if (i > 0)
            take_comments(o, &list[i], column);
        if (compact && i > 0 && list[i].first != token(o, list[i].key)->first)
            return false;
    }
    size_t above, own;
    if (!compact && look_above(o, start, &above, &own) == ABOVE_COMMENT && own == column &&
        list[0].rank != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct fr_token *next = token(o, list[i].end);
        size_t behind = i + 1 < count ? list[i + 1].first
                        : next == NULL || next->kind == FR_TOKEN_OTHER || next->first >= o->l->size
                            ? o->l->size
                            : line_start(o, next->first);
        list[i].last = end_before(o, behind);
        if (list[i].last <= list[i].first || has_own_comment(o, &list[i], column, i + 1 == count))
            return false;
    }
    return true;
}

/* ---- bytes of the entries of a { } ---------------------------------------------------------- */

/* The last token with bytes of its own before another. */
static const struct fr_token *last_before(const struct ordering *o, size_t from, size_t end) {
    const struct fr_token *last = NULL;
    for (size_t i = from; i < end; i++)
        if (token(o, i)->first < token(o, i)->last)
            last = token(o, i);
    return last;
}

static bool find_flow_bytes(const struct ordering *o, struct entry *list, size_t count) {
    uint32_t line = token(o, list[0].key)->line;
    for (size_t i = 0; i < count; i++) {
        const struct fr_token *last = last_before(o, list[i].key, list[i].end);
        if (last == NULL || last->last_line != line)
            return false;
        list[i].first = token(o, list[i].key)->first;
        list[i].last = last->last;
    }
    return true;
}

/* ---- changing places ------------------------------------------------------------------------ */

static int by_rank(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank)
                              : (x->key > y->key) - (x->key < y->key);
}

static void note_swaps(struct ordering *o, const struct entry *list, const struct entry *sorted,
                       size_t count) {
    size_t next = 0;
    for (size_t i = 0; i < count; i++) {
        if (list[i].rank == SIZE_MAX)
            continue;
        const struct entry *from = &sorted[next++];
        struct swap *slot = fr_vec_add(&o->swaps);
        o->failed = o->failed || slot == NULL;
        if (slot != NULL)
            *slot = (struct swap){list[i].first, list[i].last, from->first, from->last};
    }
    o->busy = list[count - 1].last;
}

static bool is_sorted(const struct entry *list, size_t count) {
    size_t before = 0;
    for (size_t i = 0; i < count; i++) {
        if (list[i].rank != SIZE_MAX && list[i].rank < before)
            return false;
        before = list[i].rank == SIZE_MAX ? before : list[i].rank;
    }
    return true;
}

/* The keys that have an order, in it; swapped where the mapping can be taken apart. */
static void order_entries(struct ordering *o, struct entry *list, size_t count, bool flow) {
    if (count < 2 || is_sorted(list, count) || o->busy > token(o, list[0].key)->first)
        return;
    if (!(flow ? find_flow_bytes : find_block_bytes)(o, list, count))
        return;
    const struct fr_allocator *allocator = &o->l->context->allocator;
    struct entry *sorted = fr_malloc(allocator, count * sizeof *sorted);
    o->failed = o->failed || sorted == NULL;
    if (sorted == NULL)
        return;
    memcpy(sorted, list, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_rank);
    note_swaps(o, list, sorted, count);
    fr_free(allocator, sorted);
}

/* ---- the walk ------------------------------------------------------------------------------- */

static void walk_node(struct ordering *o, enum place place);

/* A key and its value, from KEY or a bare value on. */
static void walk_pair(struct ordering *o, enum place place, struct fr_vec *entries) {
    struct entry e = {.rank = SIZE_MAX, .key = o->at};
    const struct fr_token *key = NULL;
    if (kind(o) == FR_TOKEN_KEY) {
        o->at++;
        key = token(o, o->at);
        key = key != NULL && key->kind == FR_TOKEN_SCALAR ? key : NULL;
        if (key != NULL && is_key(key, "<<", 2))
            o->tied++;
        walk_node(o, PLACE_ANY);
    }
    if (key != NULL)
        e.rank = rank_of(place, key);
    if (kind(o) == FR_TOKEN_COLON) {
        o->at++;
        walk_node(o, place_of(place, key));
    }
    e.end = o->at;
    struct entry *slot = fr_vec_add(entries);
    o->failed = o->failed || slot == NULL;
    if (slot != NULL)
        *slot = e;
}

static void walk_mapping(struct ordering *o, enum place place, enum fr_token_kind end) {
    struct fr_vec entries;
    size_t tied = o->tied;
    bool flow = end == FR_TOKEN_CLOSE_MAPPING;
    fr_vec_init(&entries, &o->l->context->allocator, sizeof(struct entry));
    o->at++;
    while (!ended(o) && kind(o) != end) {
        size_t before = o->at;
        if (kind(o) == FR_TOKEN_COMMA)
            o->at++;
        else
            walk_pair(o, place, &entries);
        if (o->at == before)
            o->at++;
    }
    if (!ended(o) && orders[place] != NULL && o->tied == tied && entries.count > 0)
        order_entries(o, entries.items, entries.count, flow);
    o->at += ended(o) ? 0 : 1;
    fr_vec_free(&entries);
}

/* Items of a list have the place of the list. */
static void walk_sequence(struct ordering *o, enum place place, enum fr_token_kind end) {
    o->at++;
    while (!ended(o) && kind(o) != end) {
        size_t before = o->at;
        if (kind(o) == FR_TOKEN_DASH || kind(o) == FR_TOKEN_COMMA || kind(o) == FR_TOKEN_KEY ||
            kind(o) == FR_TOKEN_COLON)
            o->at++;
        else
            walk_node(o, place);
        if (o->at == before)
            o->at++;
    }
    o->at += ended(o) ? 0 : 1;
}

/* A list in the column of its key has no token of its own. */
static void walk_dashes(struct ordering *o, enum place place) {
    while (!ended(o) && kind(o) == FR_TOKEN_DASH) {
        o->at++;
        walk_node(o, place);
    }
}

static void walk_node(struct ordering *o, enum place place) {
    while (kind(o) == FR_TOKEN_ANCHOR || kind(o) == FR_TOKEN_TAG) {
        o->tied++;
        o->at++;
    }
    switch (kind(o)) {
    case FR_TOKEN_BLOCK_MAPPING:
        walk_mapping(o, place, FR_TOKEN_BLOCK_END);
        break;
    case FR_TOKEN_OPEN_MAPPING:
        walk_mapping(o, place, FR_TOKEN_CLOSE_MAPPING);
        break;
    case FR_TOKEN_BLOCK_SEQUENCE:
        walk_sequence(o, place, FR_TOKEN_BLOCK_END);
        break;
    case FR_TOKEN_OPEN_SEQUENCE:
        walk_sequence(o, place, FR_TOKEN_CLOSE_SEQUENCE);
        break;
    case FR_TOKEN_DASH:
        walk_dashes(o, place);
        break;
    case FR_TOKEN_ALIAS:
        o->tied++;
        o->at++;
        break;
    case FR_TOKEN_SCALAR:
        o->at++;
        break;
    default:
        break;
    }
}

static int by_slot(const void *a, const void *b) {
    const struct swap *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

static void write_swapped(struct ordering *o, struct fr_layout_text *made) {
    size_t at = 0;
    if (o->swaps.count > 0)
        qsort(o->swaps.items, o->swaps.count, sizeof(struct swap), by_slot);
    for (size_t i = 0; i < o->swaps.count; i++) {
        const struct swap *s = fr_vec_at(&o->swaps, struct swap, i);
        fr_layout_text_add(made, o->l->text + at, s->first - at);
        fr_layout_text_add(made, o->l->text + s->from, s->until - s->from);
        at = s->last;
    }
    fr_layout_text_add(made, o->l->text + at, o->l->size - at);
}

flowrules_status fr_layout_order(const struct fr_layout *l, struct fr_layout_text *made,
                                 bool *changed) {
    struct ordering o = {.l = l};
    fr_vec_init(&o.swaps, &l->context->allocator, sizeof(struct swap));
    while (!ended(&o)) {
        size_t before = o.at;
        walk_node(&o, PLACE_ROOT);
        if (o.at == before)
            o.at++;
    }
    *changed = o.swaps.count > 0;
    if (!o.failed)
        write_swapped(&o, made);
    fr_vec_free(&o.swaps);
    return o.failed || made->failed ? fr_no_memory(l->context) : FLOWRULES_OK;
}
