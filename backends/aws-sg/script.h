/*
 * Shell texts of the aws-sg backend, private to it.
 */
#ifndef FR_AWS_SG_SCRIPT_H
#define FR_AWS_SG_SCRIPT_H

/* What a script is about, bits: it has only the text that it needs. */
enum fr_aws_sg_part {
    FR_AWS_SG_MADE = 1,   /* it makes groups */
    FR_AWS_SG_CLOSES = 2, /* it revokes the default egress, */
    FR_AWS_SG_KEEPS = 4,  /* but not all of it */
    /* It has peers of these kinds. */
    FR_AWS_SG_IPV4 = 8,
    FR_AWS_SG_IPV6 = 16,
    FR_AWS_SG_LIST = 32,
    FR_AWS_SG_GROUP = 64,
    FR_AWS_SG_ACCOUNT = 128, /* groups of other accounts */
};

/* A piece of text that the scripts with these parts have; needs 0: all of them. */
struct fr_aws_sg_piece {
    unsigned needs;
    const char *text; /* NULL ends the pieces */
};

/* TARGET.sh, behind the variables and the rules: what the steps do, and the steps. */
extern const struct fr_aws_sg_piece fr_aws_sg_shell[];
/* The same in scripts of the second version, whose rules are calls. */
extern const char fr_aws_sg_shell_2[];
/* And of the first, which have a line for each address. */
extern const char fr_aws_sg_functions_1[], fr_aws_sg_steps_1[];

#endif
