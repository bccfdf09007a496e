/*
 * The script of the aws-sg backend, private to it.
 */
#ifndef FR_AWS_SG_SCRIPT_H
#define FR_AWS_SG_SCRIPT_H

#include "flowrules/kits/templates.h"

/* What a script is about, bits: it has only the text that it needs. */
enum fr_aws_sg_part {
    FR_AWS_SG_MADE = 1,   /* it makes groups */
    FR_AWS_SG_CLOSES = 2, /* it revokes the default egress, */
    FR_AWS_SG_KEEPS = 4,  /* but not all of it */
    /* A group that it makes lets everything of a family out, which no group is to do. */
    FR_AWS_SG_OPENS = 8, /* of any */
    FR_AWS_SG_OPENS4 = 16,
    FR_AWS_SG_OPENS6 = 32,
    /* It has peers of these kinds besides prefixes of IPv4. */
    FR_AWS_SG_IPV6 = 64,
    FR_AWS_SG_LIST = 128,
    FR_AWS_SG_GROUP = 256,
    FR_AWS_SG_ACCOUNT = 512, /* groups of other accounts */
    FR_AWS_SG_BARE = 1024,   /* it has rules without ports */
    FR_AWS_SG_IPV4 = 2048,   /* only in the third version */
};
enum { FR_AWS_SG_PARTS = 11 }; /* of those that are written */

/* TARGET.sh; behind RULES it differs in its parts alone. */
extern const struct flowrules_piece fr_aws_sg_script[];
/* What is behind the rules in older versions. */
extern const struct flowrules_piece fr_aws_sg_script_1[], fr_aws_sg_script_2[],
    fr_aws_sg_script_3[];

/* The variable "shuts": the default egress, of both families. */
#define FR_AWS_SG_SHUTS "0.0.0.0/0 ::/0"

/* FR_AWS_SG_OPENS... of a script that makes groups, by the families that a group keeps. */
unsigned fr_aws_sg_opens(bool keeps_ipv4, bool keeps_ipv6);
/* The parts as values of the template. */
void fr_aws_sg_parts(unsigned parts, struct flowrules_value values[FR_AWS_SG_PARTS + 1]);
/* True if a script with these parts has the piece. */
bool fr_aws_sg_has(const struct flowrules_piece *piece, unsigned parts);

#endif
