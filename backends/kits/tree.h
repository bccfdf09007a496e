/*
 * Configurations that are trees of words, as Junos has them: commands (set, delete, deactivate,
 * insert) in their order, or the same in braces, with semicolons. Knows no word's meaning: the
 * backend says which words take a value.
 */
#ifndef FR_TREE_H
#define FR_TREE_H

#include "flowrules/backend.h"
#include "flowrules/reader.h"

/* A word; those that follow it are below. */
struct fr_node {
    const char *name;
    struct flowrules_place at;
    struct fr_node *parent, *first, *last, *before, *next;
    unsigned id, depth;
    bool gone, inactive;
    void *meaning; /* the backend's */
};

/* What follows a word in the same statement. */
enum fr_shape {
    FR_PATH,   /* words below it */
    FR_CHOICE, /* the same, and the words beside it go */
    FR_LIST,   /* one more value, or several in brackets; then words beside it */
    FR_ONE,    /* the same, in place of the value before */
    FR_ALONE   /* words beside it */
};

struct fr_tree {
    flowrules_input *in;
    unsigned kind; /* of symbols that are not used otherwise */
    enum fr_shape (*shape)(const struct fr_node *node, const char *word);
    /* True if the reader needs a word below a node; if the order of what is below it matters. */
    bool (*matters)(const struct fr_node *node, const char *word);
    bool (*is_ordered)(const struct fr_node *node);
    struct fr_node *root;
    unsigned count;
    bool known; /* something was a statement */
};

/* Reads all files into one tree, root; reports what it does not understand as a doubt. */
void fr_tree_read(struct fr_tree *t);
/* Copies what groups define to the places that inherit it; reports the rest as a doubt. */
void fr_tree_inherit(struct fr_tree *t);
/* The child of a name, active or not; made where it is not there. NULL where memory ran out. */
struct fr_node *fr_make(struct fr_tree *t, struct fr_node *node, const char *name,
                        struct flowrules_place at);
/* The first active child, and the next one after a child; NULL if there is none. */
struct fr_node *fr_first(const struct fr_node *node);
struct fr_node *fr_next(const struct fr_node *child);
/* The active node after these words, separated by blanks, below a node; NULL if there is none. */
struct fr_node *fr_get(const struct fr_tree *t, const struct fr_node *node, const char *words);
/* The active child of a name, which may have blanks. */
struct fr_node *fr_child(const struct fr_tree *t, const struct fr_node *node, const char *name);
/* The same from the root. */
struct fr_node *fr_top(const struct fr_tree *t, const char *words);
/* True if what is below two nodes is the same; it then has the same hash. */
bool fr_tree_is_same(const struct fr_node *a, const struct fr_node *b);
uint64_t fr_tree_hash(const struct fr_node *node);
/* True for this word; for one of these words, separated by blanks. */
bool fr_is(const char *text, const char *word);
bool fr_is_one(const char *text, const char *words);
/* The last word after a key, or NULL. */
const char *fr_value(const struct fr_tree *t, const struct fr_node *node, const char *key);

#endif
