/*
 * Configurations that are trees of words; see tree.h.
 */
#include "tree.h"

#include <string.h>

#include "flowrules/kits/hashes.h"

enum { DEPTH_MAX = 64 };

/* ---- the tree ------------------------------------------------------------------------------ */

static struct fr_node *look_up(const struct fr_tree *t, const struct fr_node *node,
                               const char *name) {
    const char *key = node == NULL ? NULL : flowrules_input_print(t->in, "%u\n%s", node->id, name);
    return key == NULL ? NULL : flowrules_input_lookup(t->in, t->kind, key);
}

static struct fr_node *find(const struct fr_tree *t, const struct fr_node *node, const char *name) {
    struct fr_node *child = look_up(t, node, name);
    return child == NULL || child->gone ? NULL : child;
}

/* Puts a node before another one of its parent; NULL: at the end. */
static void link(struct fr_node *node, struct fr_node *next) {
    struct fr_node *parent = node->parent;
    node->next = next;
    node->before = next == NULL ? parent->last : next->before;
    *(node->before == NULL ? &parent->first : &node->before->next) = node;
    *(next == NULL ? &parent->last : &next->before) = node;
}

static void unlink(struct fr_node *node) {
    *(node->before == NULL ? &node->parent->first : &node->before->next) = node->next;
    *(node->next == NULL ? &node->parent->last : &node->next->before) = node->before;
}

static void drop(struct fr_node *node) {
    unlink(node);
    node->gone = true;
}

/* A node that is dropped still knows the next one. */
static void drop_children(struct fr_node *node) {
    for (struct fr_node *child = node->first; child != NULL; child = child->next)
        drop(child);
}

static void drop_siblings(const struct fr_node *kept) {
    for (struct fr_node *child = kept->parent->first; child != NULL; child = child->next)
        if (child != kept)
            drop(child);
}

static void too_deep(flowrules_input *in, struct flowrules_place at) {
    flowrules_input_error(in, at, NULL, "statements are nested more than %d levels deep",
                          DEPTH_MAX);
}

struct fr_node *fr_make(struct fr_tree *t, struct fr_node *node, const char *name,
                        struct flowrules_place at) {
    struct fr_node *child = look_up(t, node, name);
    if (node == NULL || (child != NULL && !child->gone))
        return child;
    if (node->depth >= DEPTH_MAX) {
        too_deep(t->in, at);
        return NULL;
    }
    if (child == NULL) {
        const char *key = flowrules_input_print(t->in, "%u\n%s", node->id, name);
        child = flowrules_input_alloc(t->in, sizeof *child);
        if (child == NULL || key == NULL || !flowrules_input_define(t->in, t->kind, key, child))
            return NULL;
    }
    /* What was below one that is gone has its number, and is not found by a new one. */
    *child = (struct fr_node){
        .name = name, .at = at, .parent = node, .id = ++t->count, .depth = node->depth + 1};
    link(child, NULL);
    return child;
}

static struct fr_node *active(struct fr_node *node) {
    while (node != NULL && node->inactive)
        node = node->next;
    return node;
}

struct fr_node *fr_first(const struct fr_node *node) {
    return node == NULL ? NULL : active(node->first);
}

struct fr_node *fr_next(const struct fr_node *child) {
    return active(child->next);
}

struct fr_node *fr_child(const struct fr_tree *t, const struct fr_node *node, const char *name) {
    struct fr_node *child = find(t, node, name);
    return child == NULL || child->inactive ? NULL : child;
}

struct fr_node *fr_get(const struct fr_tree *t, const struct fr_node *node, const char *words) {
    struct fr_node *found = NULL;
    for (size_t length; *words != '\0'; words += length + (words[length] == ' ' ? 1 : 0)) {
        length = strcspn(words, " ");
        const char *word = flowrules_input_copy(t->in, words, length);
        found = word == NULL ? NULL : fr_child(t, node, word);
        node = found;
    }
    return found;
}

struct fr_node *fr_top(const struct fr_tree *t, const char *words) {
    return fr_get(t, t->root, words);
}

bool fr_tree_is_same(const struct fr_node *a, const struct fr_node *b) {
    for (a = fr_first(a), b = fr_first(b); a != NULL && b != NULL; a = fr_next(a), b = fr_next(b))
        if (strcmp(a->name, b->name) != 0 || !fr_tree_is_same(a, b))
            return false;
    return a == NULL && b == NULL;
}

uint64_t fr_tree_hash(const struct fr_node *node) {
    uint64_t hash = FLOWRULES_HASH_BEGIN;
    for (const struct fr_node *child = fr_first(node); child != NULL; child = fr_next(child)) {
        hash = flowrules_hash_bytes(hash, child->name, strlen(child->name));
        hash = flowrules_hash_number(hash, fr_tree_hash(child));
    }
    return hash;
}

bool fr_is(const char *text, const char *word) {
    return text != NULL && strcmp(text, word) == 0;
}

bool fr_is_one(const char *text, const char *words) {
    for (size_t length; text != NULL && *words != '\0';
         words += length + strspn(words + length, " ")) {
        length = strcspn(words, " ");
        if (strlen(text) == length && memcmp(text, words, length) == 0)
            return true;
    }
    return false;
}

const char *fr_value(const struct fr_tree *t, const struct fr_node *node, const char *key) {
    const char *value = NULL;
    const struct fr_node *child = fr_child(t, node, key);
    for (child = fr_first(child); child != NULL; child = fr_next(child))
        value = child->name;
    return value;
}

/* ---- statements ---------------------------------------------------------------------------- */

struct words {
    const struct flowrules_word *words;
    size_t count, at;
    struct flowrules_place place; /* of the line, or of the first word */
};

static bool word_is(const struct words *w, size_t index, const char *text) {
    return index < w->count && !w->words[index].quoted && strcmp(w->words[index].text, text) == 0;
}

static struct flowrules_place place_of(const struct words *w, size_t index) {
    struct flowrules_place at = w->place;
    if (index < w->count)
        at.column = w->words[index].column;
    return at;
}

/* The next word, or all of the next brackets, below a node; the last of them. */
static struct fr_node *make_next(struct fr_tree *t, struct words *w, struct fr_node *node) {
    struct fr_node *made = NULL;
    bool list = word_is(w, w->at, "[");
    if (list)
        w->at++;
    while (w->at < w->count && !(list && word_is(w, w->at, "]"))) {
        made = fr_make(t, node, w->words[w->at].text, place_of(w, w->at));
        w->at++;
        if (!list || made == NULL)
            return made;
    }
    w->at++;
    return made;
}

/* Makes the nodes of a statement. *last: the one that it is about; returns what braces are in. */
static struct fr_node *set(struct fr_tree *t, struct fr_node *node, struct words *w,
                           struct fr_node **last) {
    while (w->at < w->count && node != NULL) {
        const char *word = w->words[w->at].text;
        enum fr_shape shape = t->shape(node, word);
        struct fr_node *child = make_next(t, w, node);
        *last = child;
        if (child == NULL)
            return child;
        if (shape == FR_CHOICE)
            drop_siblings(child);
        if (shape == FR_ONE && w->at < w->count)
            drop_children(child);
        bool value = shape == FR_ONE || shape == FR_LIST;
        if (value && w->at < w->count)
            make_next(t, w, child);
        else if (value || shape == FR_PATH || shape == FR_CHOICE)
            node = child;
    }
    return node;
}

static struct fr_node *find_path(const struct fr_tree *t, const struct words *w, size_t from,
                                 size_t to) {
    struct fr_node *node = t->root;
    for (size_t i = from; i < to && node != NULL; i++)
        node = find(t, node, w->words[i].text);
    return node == t->root ? NULL : node;
}

/* ---- commands ------------------------------------------------------------------------------ */

static void doubt(struct fr_tree *t, const struct words *w) {
    flowrules_input_doubt(t->in, place_of(w, 0), FLOWRULES_FORWARD, "'%.80s' is not supported here",
                          w->words[0].text);
}

/* insert PATH before|after KEY NAME */
static void insert(struct fr_tree *t, const struct words *w) {
    size_t at = 1;
    while (at < w->count && !word_is(w, at, "before") && !word_is(w, at, "after"))
        at++;
    struct fr_node *node = find_path(t, w, 1, at);
    struct fr_node *beside =
        node == NULL || at >= w->count ? NULL : find(t, node->parent, w->words[w->count - 1].text);
    if (beside == NULL || beside == node) {
        doubt(t, w);
        return;
    }
    unlink(node);
    link(node, word_is(w, at, "before") ? beside : beside->next);
}

/* What changes nothing, beside what a terminal shows around it. */
static bool is_idle(const char *word) {
    return fr_is_one(word, "annotate commit configure exit protect quit unprotect") ||
           strchr("{[", word[0]) != NULL || strchr(word, '@') != NULL;
}

static void read_command(struct fr_tree *t, struct words *w) {
    struct fr_node *last, *node;
    bool off = word_is(w, 0, "deactivate"), on = word_is(w, 0, "activate");
    bool removes = word_is(w, 0, "delete");
    if (word_is(w, 0, "set")) {
        w->at = 1;
        t->known = true;
        set(t, t->root, w, &last);
    } else if ((off || on || removes) && w->count > 1) {
        t->known = true;
        node = find_path(t, w, 1, w->count);
        if (node != NULL && removes)
            drop(node);
        else if (node != NULL)
            node->inactive = off;
    } else if (word_is(w, 0, "insert")) {
        insert(t, w);
    } else if (!is_idle(w->words[0].text)) {
        doubt(t, w);
    }
}

static void read_commands(struct fr_tree *t, size_t file) {
    struct flowrules_line line = {.file = file};
    while (flowrules_input_line(t->in, &line)) {
        struct words w = {.place = {file, line.number, 1}};
        size_t blanks = 0;
        while (blanks < line.length && strchr(" \t", line.text[blanks]) != NULL)
            blanks++;
        if (blanks == line.length || line.text[blanks] == '#')
            continue;
        w.words = flowrules_input_words(t->in, &line, "\"", true, &w.count);
        if (w.count > 0)
            read_command(t, &w);
    }
}

/* ---- braces -------------------------------------------------------------------------------- */

/* Where a file is read: the words of the statement so far, and the node that it is below. */
struct braces {
    struct fr_tree *t;
    const char *text, *end, *line_start;
    struct flowrules_place at;
    struct flowrules_word *words;
    struct words w;
    size_t capacity;
    struct fr_node *node;
    struct fr_node *outside[DEPTH_MAX + 1]; /* the nodes where braces were opened */
    size_t open;
};

static void step(struct braces *b) {
    if (*b->text++ == '\n') {
        b->at.line++;
        b->line_start = b->text;
    }
}

/* Passes over blanks and comments; false at the end of the file. */
static bool skip(struct braces *b) {
    while (b->text < b->end) {
        bool block = b->end - b->text > 1 && b->text[0] == '/' && b->text[1] == '*';
        if (block)
            for (step(b), step(b);
                 b->end - b->text > 1 && !(b->text[0] == '*' && b->text[1] == '/');)
                step(b);
        if (block)
            step(b);
        else if (*b->text == '#')
            while (b->text < b->end && *b->text != '\n')
                step(b);
        else if (strchr(" \t\r\n", *b->text) == NULL || *b->text == '\0')
            return true;
        if (b->text < b->end)
            step(b);
    }
    return false;
}

/* Within quotes a backslash takes the next character as it is. */
static const char *copy_word(flowrules_input *in, const char *text, size_t length, bool quoted) {
    char *copy = flowrules_input_copy(in, text, length), *to = copy;
    for (size_t i = 0; copy != NULL && i < length; i++) {
        i += quoted && copy[i] == '\\' && i + 1 < length ? 1 : 0;
        *to++ = copy[i];
    }
    if (copy != NULL)
        *to = '\0';
    return copy;
}

static void take_word(struct braces *b) {
    const char *start = b->text;
    bool quoted = *start == '"';
    for (step(b); quoted && b->text < b->end && *b->text != '"'; step(b))
        if (*b->text == '\\' && b->text + 1 < b->end)
            step(b);
    while (!quoted && b->text < b->end && strchr(" \t\r\n{};\"", *b->text) == NULL)
        step(b);
    const char *from = start + (quoted ? 1 : 0);
    b->words = flowrules_input_grow(b->t->in, b->words, &b->capacity, b->w.count, sizeof *b->words);
    if (b->words == NULL)
        return;
    b->words[b->w.count++] = (struct flowrules_word){
        copy_word(b->t->in, from, (size_t)(b->text - from), quoted), b->at.column, quoted};
    if (quoted && b->text < b->end)
        step(b);
}

/* "inactive: policy web {": the words before the node are about it. */
static void end_statement(struct braces *b, bool opens) {
    struct fr_node *last = NULL, *node = b->node;
    bool off = false;
    b->w.words = b->words;
    for (b->w.at = 0; b->w.at < b->w.count; b->w.at++) {
        bool inactive = word_is(&b->w, b->w.at, "inactive:");
        off = off || inactive;
        if (!inactive && !word_is(&b->w, b->w.at, "protect:"))
            break;
    }
    b->t->known = true;
    node = set(b->t, node, &b->w, &last);
    if (off && last != NULL)
        last->inactive = true;
    b->w.count = 0;
    if (opens && b->open > DEPTH_MAX)
        too_deep(b->t->in, b->at);
    if (!opens || flowrules_input_failed(b->t->in))
        return;
    b->outside[b->open++] = b->node;
    b->node = node;
}

static void read_braces(struct fr_tree *t, size_t file) {
    size_t size;
    const char *text = flowrules_input_text(t->in, file, &size);
    struct braces b = {.t = t,
                       .text = text,
                       .end = text + size,
                       .line_start = text,
                       .at = {file, 1, 1},
                       .node = t->root};
    while (skip(&b) && !flowrules_input_failed(t->in)) {
        b.at.column = (uint32_t)(b.text - b.line_start) + 1;
        char c = *b.text;
        if (b.w.count == 0)
            b.w.place = b.at;
        if (strchr("{};", c) == NULL || c == '\0') {
            take_word(&b);
            continue;
        }
        b.text++;
        if (b.w.count > 0)
            end_statement(&b, c == '{');
        if (c == '}' && b.open == 0)
            flowrules_input_error(t->in, b.at, NULL, "a brace closes here that was not opened");
        else if (c == '}')
            b.node = b.outside[--b.open];
    }
    if (b.w.count > 0 || b.open > 0)
        flowrules_input_error(t->in, b.at, "use the whole file",
                              "the file ends within a statement");
}

/* ---- files --------------------------------------------------------------------------------- */

/* In braces, or commands: what the first statement is. */
static bool is_in_braces(flowrules_input *in, size_t file) {
    size_t size;
    const char *text = flowrules_input_text(in, file, &size);
    struct braces b = {.text = text, .end = text + size};
    while (skip(&b)) {
        size_t length = strcspn(b.text, "\n");
        const char *last = b.text + length;
        while (last > b.text && strchr(" \t\r", last[-1]) != NULL)
            last--;
        if (strncmp(b.text, "set ", 4) == 0 || strncmp(b.text, "delete ", 7) == 0)
            return false;
        if (last > b.text && strchr("{;}", last[-1]) != NULL && b.text[0] != '{')
            return true;
        b.text += length < (size_t)(b.end - b.text) ? length : (size_t)(b.end - b.text);
    }
    return false;
}

void fr_tree_read(struct fr_tree *t) {
    t->root = flowrules_input_alloc(t->in, sizeof *t->root);
    for (size_t file = 0; t->root != NULL && file < flowrules_input_file_count(t->in) &&
                          !flowrules_input_failed(t->in);
         file++)
        if (is_in_braces(t->in, file))
            read_braces(t, file);
        else
            read_commands(t, file);
}
