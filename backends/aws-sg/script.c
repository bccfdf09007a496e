/*
 * The script around the rules of aws-sg, as a template, and those of older versions, which are read
 * and no longer written.
 */
#include "script.h"

#include <string.h>

const struct flowrules_piece fr_aws_sg_script[] = {
#include "script.sh.inc"
};

const struct flowrules_piece fr_aws_sg_script_1[] = {
#include "script_1.sh.inc"
};

const struct flowrules_piece fr_aws_sg_script_2[] = {
#include "script_2.sh.inc"
};

const struct flowrules_piece fr_aws_sg_script_3[] = {
#include "script_3.sh.inc"
};

const char *const fr_aws_sg_all[] = {"IpRanges=[{CidrIp=0.0.0.0/0}]",
                                     "Ipv6Ranges=[{CidrIpv6=::/0}]"};

static const char *const names[] = {"MADE",  "CLOSES",  "KEEPS", "IPV6", "LIST",
                                    "GROUP", "ACCOUNT", "BARE",  "IPV4"};
enum { PARTS = sizeof names / sizeof *names };

void fr_aws_sg_parts(unsigned parts, struct flowrules_value values[FR_AWS_SG_PARTS + 1]) {
    for (unsigned i = 0; i < FR_AWS_SG_PARTS; i++)
        values[i] = (struct flowrules_value){names[i], parts & 1u << i ? "" : NULL, NULL};
    values[FR_AWS_SG_PARTS] = (struct flowrules_value){NULL, NULL, NULL};
}

bool fr_aws_sg_has(const struct flowrules_piece *piece, unsigned parts) {
    for (unsigned i = 0; piece->when != NULL && i < PARTS; i++)
        if (strcmp(names[i], piece->when) == 0)
            return (parts & 1u << i) != 0;
    return piece->when == NULL;
}
