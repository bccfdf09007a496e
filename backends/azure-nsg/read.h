/*
 * What the readers of azure-nsg share: groups and their rules, and what the values of a document
 * mean that is a template. Private to this folder.
 */
#ifndef FR_AZURE_NSG_READ_H
#define FR_AZURE_NSG_READ_H

#include "flowrules/backend.h"
#include "flowrules/reader.h"

/* Azure's own rules have this priority, and those behind it. */
enum { FR_AZURE_NSG_PRIORITY_OWN = 65000 };

/* A rule before it is put in order. */
struct fr_azure_nsg_rule {
    enum flowrules_direction direction;
    enum flowrules_verdict verdict;
    unsigned priority;
    struct flowrules_set ends[2]; /* source, destination */
    struct flowrules_service *services;
    size_t service_count; /* 0: any */
    struct flowrules_place at;
    const char *name, *description; /* may be NULL */
    const char *doubt; /* why it is not known what it matches within its fields; or NULL */
    struct flowrules_place doubt_at;
    bool any_direction, any_access; /* which one is not known, direction and verdict say nothing */
    /* "*" with ports: whether it is about protocols without ports too is not known. */
    bool portless;
    struct flowrules_place portless_at;
};

/* A network security group; rules that stand for themselves are in one without a name. */
struct fr_azure_nsg_group {
    const char *name;
    struct flowrules_place at;
    bool chosen;
    bool whole; /* the files have the group itself, and not some of its rules alone */
    struct fr_azure_nsg_rule *rules;
    size_t count, capacity;
    struct fr_azure_nsg_group *next;
};

/* How the document that is being read has its values. */
enum fr_azure_nsg_form { FR_AZURE_NSG_PLAIN, FR_AZURE_NSG_TEMPLATE, FR_AZURE_NSG_TERRAFORM };

struct fr_azure_nsg_reader {
    flowrules_input *in;
    struct fr_azure_nsg_group *first, *last;
    size_t count;
    bool rules;                     /* the second round: not just the groups */
    enum fr_azure_nsg_form form;    /* of this document */
    const flowrules_node *document; /* where its variables and parameters are */
};

/*
 * What a node says: itself, or what it refers to; NULL where it is null or can't be known before it
 * is deployed.
 */
const flowrules_node *fr_azure_nsg_value(struct fr_azure_nsg_reader *r, const flowrules_node *node);
/* The text of such a value, NULL where there is none. */
const char *fr_azure_nsg_text(struct fr_azure_nsg_reader *r, const flowrules_node *node);

/* The group of a name (in any case of letters); the first time, it begins here. NULL: no memory. */
struct fr_azure_nsg_group *fr_azure_nsg_group_of(struct fr_azure_nsg_reader *r, const char *name,
                                                 struct flowrules_place at);
/* In the second round, reads a rule into a chosen group; name NULL: its own. */
void fr_azure_nsg_take(struct fr_azure_nsg_reader *r, struct fr_azure_nsg_group *group,
                       const flowrules_node *rule, const char *name);
/* The same for each of a list. */
void fr_azure_nsg_take_list(struct fr_azure_nsg_reader *r, struct fr_azure_nsg_group *group,
                            const flowrules_node *list);
/* The addresses of a service tag. */
struct flowrules_set fr_azure_nsg_tag(struct fr_azure_nsg_reader *r, const char *tag);
/* A doubt about both directions. */
void fr_azure_nsg_doubt(struct fr_azure_nsg_reader *r, const flowrules_node *node,
                        const char *what);

/* Groups and rules of a template, and of Terraform's JSON. */
bool fr_azure_nsg_is_template(const flowrules_node *document);
void fr_azure_nsg_read_template(struct fr_azure_nsg_reader *r);
void fr_azure_nsg_read_terraform(struct fr_azure_nsg_reader *r);

/* The backend's read and baseline. */
void fr_azure_nsg_read(flowrules_input *in);
void fr_azure_nsg_baseline(const flowrules_plan *plan, flowrules_input *in);

#endif
