/*
 * Shell texts of the aws-sg backend, private to it.
 */
#ifndef FR_AWS_SG_SCRIPT_H
#define FR_AWS_SG_SCRIPT_H

/* TARGET.sh, behind the variables and the function rules: what the steps do, and the steps. */
extern const char fr_aws_sg_shell[];
/* The same in scripts of the first version, which have a line for each address. */
extern const char fr_aws_sg_functions_1[], fr_aws_sg_steps_1[];

#endif
