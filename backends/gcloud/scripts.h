/* The scripts that gcloud.c writes, and those that older versions wrote. */
#ifndef GCLOUD_SCRIPTS_H
#define GCLOUD_SCRIPTS_H

#include "flowrules/kits/templates.h"

/* A line for each rule is in the place of RULES, between two texts that are always the same. */
extern const struct flowrules_piece gcloud_rules_script[], gcloud_policy_script[];
/* Their first versions, whose rules are on several lines; without what precedes those texts. */
extern const struct flowrules_piece gcloud_rules_script_1[], gcloud_policy_script_1[];

#endif
