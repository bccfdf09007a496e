/*
 * Which lists of rules the filters are: one for each target of each header. Targets of one platform
 * for the same chain, zones or network are one list, in the order of the headers.
 */
#include <string.h>

#include "read.h"

/* How the words behind a platform are read. */
enum style { CHAIN, HOOK, LIST, ZONE_PAIR, VPC, OTHER };

struct platform {
    const char *name, *backend;
    enum style style;
    unsigned families; /* where the header names none */
};

#define V4   FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4)
#define BOTH FLOWRULES_BOTH_FAMILIES

static const struct platform platforms[] = {
    {"ciscoasa", "cisco-asa", LIST, BOTH},
    {"gce", "gcloud", VPC, V4},
    {"gce_vpc_tf", "gcloud", VPC, V4},
    {"ipset", "iptables", CHAIN, V4},
    {"iptables", "iptables", CHAIN, V4},
    {"newnftables", "nftables", HOOK, BOTH},
    {"nftables", "nftables", HOOK, BOTH},
    {"paloalto", "paloalto", ZONE_PAIR, V4},
    {"speedway", "iptables", CHAIN, V4},
    {"srx", "juniper-srx", ZONE_PAIR, BOTH},
    /* Lists for people, until there is a backend. */
    {"cisco", NULL, OTHER, V4},
    {"juniper", NULL, OTHER, V4},
};

static const struct platform *find_platform(const char *name) {
    static const struct platform other = {NULL, NULL, OTHER, BOTH};
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++)
        if (strcmp(platforms[i].name, name) == 0)
            return &platforms[i];
    return &other;
}

/* ---- the words of a header ----------------------------------------------------------------- */

static bool is(const char *word, const char *other) {
    return strcmp(word, other) == 0;
}

static void set(struct fr_capirca_list *list, const char *key, const char *value) {
    for (size_t i = 0; i < 4; i++)
        if (list->settings[i][0] == NULL) {
            list->settings[i][0] = key;
            list->settings[i][1] = value;
            return;
        }
}

/* Words that have the same meaning for all platforms. */
static bool take_common(struct fr_capirca_item *item, const char *word) {
    if (is(word, "inet") || is(word, "inet6"))
        item->families = FLOWRULES_FAMILY_BIT(is(word, "inet") ? FLOWRULES_IPV4 : FLOWRULES_IPV6);
    else if (is(word, "mixed"))
        item->families = BOTH;
    else
        return false;
    return true;
}

/*
 * Does Capirca close a chain that the kernel has, where the header says nothing? For speedway each,
 * for iptables FORWARD (iptables.py).
 */
static bool is_closed(const struct fr_capirca_list *list) {
    return is(list->platform, "speedway") ||
           (is(list->platform, "iptables") && list->direction == FLOWRULES_FORWARD);
}

static bool take_chain(struct fr_capirca_item *item, const char *word) {
    static const char *const names[][2] = {
        {"INPUT", "input"}, {"OUTPUT", "output"}, {"FORWARD", "forward"}};
    static const enum flowrules_direction directions[] = {FLOWRULES_INGRESS, FLOWRULES_EGRESS,
                                                          FLOWRULES_FORWARD};
    for (size_t i = 0; i < 3; i++)
        if (is(word, names[i][0]) || is(word, names[i][1])) {
            item->list->direction = directions[i];
            if (item->silent && is_closed(item->list))
                item->passes = item->silent = false;
            return true;
        }
    if (!is(word, "ACCEPT") && !is(word, "DROP"))
        return false;
    item->passes = is(word, "ACCEPT");
    item->silent = false;
    return true;
}

/* "from-zone A to-zone B": takes the word behind, too. */
static bool take_zone(struct fr_capirca_list *list, const char *word, const char *next) {
    if (next == NULL || (!is(word, "from-zone") && !is(word, "to-zone")))
        return false;
    set(list, word[0] == 'f' ? "from-zone" : "to-zone", next);
    return true;
}

static bool take_vpc(struct fr_capirca_item *item, const char *word) {
    struct fr_capirca_list *list = item->list;
    const char *slash = strrchr(word, '/');
    if (is(word, "INGRESS") || is(word, "EGRESS")) {
        list->direction = is(word, "EGRESS") ? FLOWRULES_EGRESS : FLOWRULES_INGRESS;
        item->passes = is(word, "EGRESS");
    } else if (slash != NULL && slash[1] != '\0') {
        set(list, "network", slash + 1);
    } else {
        return false;
    }
    return true;
}

/* How many words were taken from words[i] on: 0, 1 or 2. */
static size_t take(struct fr_capirca_item *item, enum style style, const struct fr_capirca_field *f,
                   size_t i) {
    const char *word = f->words[i].text;
    const char *next = i + 1 < f->count ? f->words[i + 1].text : NULL;
    if (take_common(item, word))
        return 1;
    if (style == ZONE_PAIR && take_zone(item->list, word, next))
        return 2;
    if ((style == CHAIN || style == HOOK) && take_chain(item, word))
        return 1;
    return style == VPC && take_vpc(item, word);
}

/* What a list is called, and what makes two headers one: the platform and its own words. */
static const char *name_of(struct fr_capirca *r, const struct fr_capirca_list *list,
                           const char *own) {
    static const char *const directions[] = {[FLOWRULES_EGRESS] = "egress",
                                             [FLOWRULES_INGRESS] = "ingress",
                                             [FLOWRULES_FORWARD] = "forward"};
    const char *name = list->platform;
    if (list->direction != FLOWRULES_FORWARD || list->interfaces)
        name = flowrules_input_print(r->in, "%s-%s", name, directions[list->direction]);
    for (size_t i = 0; name != NULL && i < 4 && list->settings[i][0] != NULL; i++)
        name = flowrules_input_print(r->in, "%s-%s", name, list->settings[i][1]);
    if (name != NULL && own != NULL)
        name = flowrules_input_print(r->in, "%s-%s", name, own);
    return name;
}

/* Words of how it is spelled, and limits. */
static bool is_spelling(const char *word) {
    static const char *const words[] = {"abbreviateterms",
                                        "addr-obj",
                                        "address-book-global",
                                        "address-book-shared",
                                        "address-book-zone",
                                        "expressionpath",
                                        "extended",
                                        "global",
                                        "no-addr-obj",
                                        "noprefix",
                                        "noverbose",
                                        "object-group",
                                        "truncatenames",
                                        "truncateterms",
                                        "unique-term-prefixes"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (is(word, words[i]))
            return true;
    return word[0] != '\0' && strspn(word, "0123456789") == strlen(word);
}

/* Of other platforms all words are a name; "from-zone" and "to-zone" say what the next one is. */
static bool is_own_name(enum style style, const char *word, bool first) {
    if (is_spelling(word) || is(word, "nostate") || is(word, "from-zone") || is(word, "to-zone"))
        return false;
    return style == OTHER || (first && (style == LIST || style == CHAIN));
}

/* A word that is no name and has no known meaning. */
static void take_rest(struct fr_capirca *r, struct fr_capirca_item *item, enum style style,
                      const struct fr_capirca_word *word) {
    if (style == CHAIN && is(word->text, "nostate"))
        item->stateless = true;
    else if (style != OTHER && !is_spelling(word->text))
        flowrules_input_note(r->in, word->at, "the word '%.60s' of the target is not known",
                             word->text);
}

static void read_words(struct fr_capirca *r, struct fr_capirca_item *item, enum style style,
                       const struct fr_capirca_field *f) {
    const char *own = NULL;
    for (size_t i = 1, taken; i<f->count; i += taken> 0 ? taken : 1) {
        const char *word = f->words[i].text;
        taken = take(item, style, f, i);
        if (taken == 0 && is_own_name(style, word, style == CHAIN ? i == 1 : own == NULL))
            own = own == NULL ? word : flowrules_input_print(r->in, "%s-%s", own, word);
        else if (taken == 0)
            take_rest(r, item, style, &f->words[i]);
    }
    if (style == LIST && own != NULL)
        set(item->list, "access-list", own);
    item->list->name = name_of(r, item->list, style == LIST ? NULL : own);
}

/* ---- lists --------------------------------------------------------------------------------- */

static void add_filter(struct fr_capirca *r, struct fr_capirca_list *list,
                       const struct fr_capirca_item *item) {
    list->filters = flowrules_input_grow(r->in, list->filters, &list->capacity, list->count,
                                         sizeof *list->filters);
    if (list->filters != NULL)
        list->filters[list->count++] = *item;
}

static void add_list(struct fr_capirca *r, struct fr_capirca_lists *lists,
                     const struct fr_capirca_item *item) {
    lists->items = flowrules_input_grow(r->in, lists->items, &lists->capacity, lists->count,
                                        sizeof *lists->items);
    if (lists->items == NULL)
        return;
    if (lists->count >= FR_CAPIRCA_LISTS_MAX)
        flowrules_input_error(r->in, item->at, "hand in fewer files at once",
                              "the files have more than %u targets", FR_CAPIRCA_LISTS_MAX);
    else
        lists->items[lists->count++] = *item;
}

/* The list of a name in a file; of platforms that nothing is known of, also of a family. */
static void join(struct fr_capirca *r, struct fr_capirca_lists *lists,
                 const struct fr_capirca_item *item, enum style style) {
    const char *name = item->list->name;
    const char *key = name == NULL
                          ? NULL
                          : flowrules_input_print(r->in, "%zu %u %s", item->at.file,
                                                  style == OTHER ? item->families : 0, name);
    if (key == NULL)
        return;
    struct fr_capirca_list *known = flowrules_input_lookup(r->in, FR_CAPIRCA_LISTS, key);
    if (known == NULL) {
        flowrules_input_define(r->in, FR_CAPIRCA_LISTS, key, item->list);
        add_list(r, lists, item);
        known = item->list;
    }
    add_filter(r, known, item);
}

static void read_target(struct fr_capirca *r, struct fr_capirca_lists *lists,
                        const struct fr_capirca_filter *filter, const struct fr_capirca_field *f) {
    if (f->count == 0) {
        flowrules_input_error(r->in, f->at, NULL, "the target has no platform");
        return;
    }
    const struct platform *platform = find_platform(f->words[0].text);
    struct fr_capirca_list *list = flowrules_input_alloc(r->in, sizeof *list);
    if (list == NULL)
        return;
    struct fr_capirca_item item = {.list = list,
                                   .filter = filter,
                                   .families = platform->families,
                                   .passes = platform->style == CHAIN,
                                   .silent = platform->style == CHAIN,
                                   .at = f->at};
    *list = (struct fr_capirca_list){
        .platform = f->words[0].text,
        .backend = platform->backend,
        .direction = platform->style == VPC ? FLOWRULES_INGRESS : FLOWRULES_FORWARD,
        .interfaces = platform->style == CHAIN || platform->style == HOOK,
        .tags = platform->style == VPC,
        .staged = platform->style == HOOK,
        .at = f->at};
    read_words(r, &item, platform->style, f);
    join(r, lists, &item, platform->style);
}

/* Names that lists of several files have in common get the next number behind them. */
static void name_apart(struct fr_capirca *r, struct fr_capirca_lists *lists) {
    for (size_t i = 0; i < lists->count && !flowrules_input_failed(r->in); i++) {
        struct fr_capirca_list *list = lists->items[i].list;
        const char *name = list->name;
        for (unsigned number = 2; !flowrules_input_define(r->in, FR_CAPIRCA_LIST_NAMES, name, list);
             number++) {
            name = flowrules_input_print(r->in, "%s-%u", list->name, number);
            if (name == NULL || flowrules_input_failed(r->in))
                return;
        }
        list->name = name;
    }
}

void fr_capirca_find_lists(struct fr_capirca *r, struct fr_capirca_lists *lists) {
    for (size_t i = 0; i < r->count && !flowrules_input_failed(r->in); i++) {
        const struct fr_capirca_field *f = NULL;
        const struct fr_capirca_filter *filter = &r->filters[i];
        if (filter->count == 0)
            flowrules_input_error(r->in, filter->header.at, NULL, "no term follows this header");
        else if (fr_capirca_field(&filter->header, FR_CAPIRCA_TARGET, NULL) == NULL)
            flowrules_input_error(r->in, filter->header.at, "add target:: and a platform",
                                  "this header has no target");
        while ((f = fr_capirca_field(&filter->header, FR_CAPIRCA_TARGET, f)) != NULL)
            read_target(r, lists, filter, f);
    }
    name_apart(r, lists);
}
