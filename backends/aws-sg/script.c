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

static const char *const names[] = {"MADE", "CLOSES", "KEEPS", "OPENS",   "OPENS4", "OPENS6",
                                    "IPV6", "LIST",   "GROUP", "ACCOUNT", "BARE",   "IPV4"};
enum { PARTS = sizeof names / sizeof *names };

unsigned fr_aws_sg_opens(bool keeps_ipv4, bool keeps_ipv6) {
    unsigned opens = (keeps_ipv4 ? 0u : FR_AWS_SG_OPENS4) | (keeps_ipv6 ? 0u : FR_AWS_SG_OPENS6);
    return opens == 0 ? 0 : opens | FR_AWS_SG_OPENS;
}

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
