/*
 * Shell texts of the aws-sg backend, private to it.
 */
#ifndef FR_AWS_SG_SCRIPT_H
#define FR_AWS_SG_SCRIPT_H

/* TARGET.sh, behind the variables and the function rules: what the steps do, and the steps. */
extern const char fr_aws_sg_functions[], fr_aws_sg_steps[];

#endif
