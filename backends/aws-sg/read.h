/*
 * What the readers of aws-sg share: the security groups that stand in the files, of which the
 * target's are chosen, and rules on their way into the input. Private to this folder.
 */
#ifndef FR_AWS_SG_READ_H
#define FR_AWS_SG_READ_H

#include "flowrules/backend.h"
#include "flowrules/reader.h"

/* What a group lets out besides the rules that the files give it. */
enum fr_aws_sg_rest {
    FR_AWS_SG_NOTHING, /* all its rules are there */
    FR_AWS_SG_DEFAULT, /* everything, as a new group does, less what is revoked */
    FR_AWS_SG_UNKNOWN
};

/* A security group that a file tells of. */
struct fr_aws_sg_group {
    const char *id;   /* sg-..., or what the file calls it by */
    const char *name; /* or NULL */
    const char *vpc;  /* or NULL */
    bool chosen;      /* the interface has it */
    enum fr_aws_sg_rest rest;
    bool revoked[2]; /* the default egress of a family */
    bool made;       /* by the file, so that it is no other one */
    struct flowrules_place at;
    struct fr_aws_sg_group *next;
};

struct fr_aws_sg_reader {
    flowrules_input *in;
    struct fr_aws_sg_group *first, *last;
    size_t count;
    bool handed; /* all of the files is about the target: no dump of more */
    bool dump;   /* all rules of the groups that it has are in it */
};

/* A rule before it is looked at. */
struct fr_aws_sg_rule {
    enum flowrules_direction direction;
    struct flowrules_place at;         /* of the peer */
    struct flowrules_place service_at; /* of protocol and ports */
    const char *protocol;              /* as it is written, or NULL */
    bool has_from, has_to;             /* FromPort, ToPort */
    long long from, to;                /* -1 to 65535 */
    struct flowrules_set peer;
    const char *description; /* or NULL */
    const char *doubt;       /* why it is not known what it allows of this; or NULL */
};

/* The group of this id; the first time, it begins here. NULL when out of memory. */
struct fr_aws_sg_group *fr_aws_sg_group_of(struct fr_aws_sg_reader *r, const char *id,
                                           struct flowrules_place at);
/* Is this the form of EC2's ids of groups? */
bool fr_aws_sg_is_id(const char *text);
/* Says which groups are the target's; errors are told. */
void fr_aws_sg_choose(struct fr_aws_sg_reader *r);

/* FromPort or ToPort; *has is false where it is absent. False after an error, which was told. */
bool fr_aws_sg_port(struct fr_aws_sg_reader *r, const flowrules_node *node, bool *has,
                    long long *port);
/* A prefix of a family as a set; errors are told. */
struct flowrules_set fr_aws_sg_cidr(struct fr_aws_sg_reader *r, struct flowrules_place at,
                                    const char *text, enum flowrules_family family);
/* The group or prefix list of an id: key is that of the bindings, an account before a / is cut. */
struct flowrules_set fr_aws_sg_known(struct fr_aws_sg_reader *r, const char *key, const char *id);
/* What it may allow in a direction, all or nothing, is not known. */
void fr_aws_sg_doubt(struct fr_aws_sg_reader *r, struct flowrules_place at,
                     enum flowrules_direction direction, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Checks a rule and gives it to the input. */
void fr_aws_sg_allow(struct fr_aws_sg_reader *r, const struct fr_aws_sg_rule *rule);

/* The script of ours in a file, and Terraform's JSON: their groups, then the rules of the chosen.
 */
void fr_aws_sg_script_groups(struct fr_aws_sg_reader *r, size_t file);
void fr_aws_sg_script_rules(struct fr_aws_sg_reader *r, size_t file);
void fr_aws_sg_terraform_groups(struct fr_aws_sg_reader *r, const flowrules_node *document);
void fr_aws_sg_terraform_rules(struct fr_aws_sg_reader *r, const flowrules_node *document);

/* The backend's read. */
void fr_aws_sg_read(flowrules_input *in);

#endif
