/*
 * Groups of a configuration that is a tree of words, as in Junos: copies what apply-groups defines
 * to the places that inherit it. (CLI User Guide, "Use Configuration Groups")
 */
#include "tree.h"

#include <string.h>

static void doubt(const struct fr_tree *t, const struct fr_node *at, const char *why) {
    flowrules_input_doubt(t->in, at->at, FLOWRULES_FORWARD, "the inheritance here %s", why);
}

static bool is_value(enum fr_shape shape) {
    return shape == FR_LIST || shape == FR_ONE;
}

static void merge(struct fr_tree *t, struct fr_node *to, const struct fr_node *from);

static void merge_child(struct fr_tree *t, struct fr_node *to, const struct fr_node *child) {
    struct fr_node *made = fr_make(t, to, child->name, child->at);
    if (made != NULL)
        merge(t, made, child);
}

/*
 * What a group has and a place has not is added there, behind what there is. Whether a list that
 * has an order, of policies say, has it so is not documented.
 */
static void merge(struct fr_tree *t, struct fr_node *to, const struct fr_node *from) {
    bool had = fr_first(to) != NULL, added = false;
    for (const struct fr_node *child = fr_first(from); child != NULL; child = fr_next(child)) {
        enum fr_shape shape = t->shape(to, child->name);
        bool old = fr_child(t, to, child->name) != NULL;
        if (!t->matters(to, child->name) || (old && fr_is(child->name, "description")))
            continue;
        added = added || !old;
        if (child->name[0] == '<')
            doubt(t, child, "by a pattern is not supported");
        else if ((old && is_value(shape)) || (had && !old && shape == FR_CHOICE))
            doubt(t, child, "beside an existing value is not supported");
        else if (!flowrules_input_failed(t->in))
            merge_child(t, to, child);
    }
    if (had && added && t->is_ordered(to))
        doubt(t, from, "may precede the existing statements, or follow them");
}

/* The node of a group that is where another one is in the configuration. */
static const struct fr_node *same_place(const struct fr_tree *t, const struct fr_node *group,
                                        const struct fr_node *node) {
    if (node->parent == NULL)
        return group;
    return fr_child(t, same_place(t, group, node->parent), node->name);
}

/* "${node}" is another group on each half of a cluster. */
static void apply(struct fr_tree *t, struct fr_node *node, const struct fr_node *name) {
    const struct fr_node *groups = fr_top(t, "groups"), *group = fr_child(t, groups, name->name);
    if (name->name[0] != '$' && group == NULL) {
        flowrules_input_error(t->in, name->at, "use the whole configuration",
                              "there is no group '%.80s'", name->name);
    } else if (name->name[0] != '$') {
        if ((group = same_place(t, group, node)) != NULL)
            merge(t, node, group);
    } else {
        for (group = fr_first(groups); group != NULL; group = fr_next(group))
            for (const struct fr_node *c = fr_first(group); c != NULL; c = fr_next(c))
                if (strncmp(group->name, "node", 4) == 0 && t->matters(t->root, c->name))
                    doubt(t, c, "by one node of a cluster is not supported");
    }
}

static void inherit(struct fr_tree *t, struct fr_node *node) {
    const struct fr_node *except = fr_child(t, node, "apply-groups-except");
    if (except != NULL)
        doubt(t, except, "with exceptions is not supported");
    for (const struct fr_node *name = fr_first(fr_child(t, node, "apply-groups")); name != NULL;
         name = fr_next(name))
        apply(t, node, name);
    for (struct fr_node *child = fr_first(node); child != NULL; child = fr_next(child))
        if (t->matters(node, child->name))
            inherit(t, child);
}

void fr_tree_inherit(struct fr_tree *t) {
    inherit(t, t->root);
}
