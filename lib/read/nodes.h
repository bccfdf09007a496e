/*
 * A document's tree from within: nodes.c makes it of YAML and JSON, xml.c of XML.
 */
#ifndef FR_NODES_H
#define FR_NODES_H

#include "input.h"

struct fr_attribute {
    const char *name, *value;
    struct fr_attribute *next;
};

struct flowrules_node {
    enum flowrules_node_kind kind;
    bool quoted;
    struct flowrules_place at;
    const char *key, *text;
    struct fr_attribute *attributes;
    struct flowrules_node *first, *last, *next;
    size_t count;
};

/* A new node in the input's arena; NULL when out of memory, which the input then knows. */
flowrules_node *fr_node_new(flowrules_input *in, enum flowrules_node_kind kind,
                            struct flowrules_place at);
/* Makes a node the last one below another. */
void fr_node_append(flowrules_node *parent, flowrules_node *child);

#endif
