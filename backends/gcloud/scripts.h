/* The constant text of the scripts that gcloud.c writes, and of those that older versions wrote. */
#ifndef GCLOUD_SCRIPTS_H
#define GCLOUD_SCRIPTS_H

/* Behind the variables: a start, then a line for each rule, then an end. */
struct gcloud_script {
    const char *start, *end;
};

extern const struct gcloud_script gcloud_rules_script, gcloud_policy_script;
/* Their first versions, whose rules are on several lines. */
extern const struct gcloud_script gcloud_rules_script_1, gcloud_policy_script_1;

#endif
