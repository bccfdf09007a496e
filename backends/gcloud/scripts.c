/*
 * The scripts around gcloud's rules, as templates. Those of older versions are read and no longer
 * written.
 */
#include "scripts.h"

const struct flowrules_piece gcloud_rules_script[] = {
#include "rules.sh.inc"
};

const struct flowrules_piece gcloud_policy_script[] = {
#include "policy.sh.inc"
};

const struct flowrules_piece gcloud_rules_script_1[] = {
#include "rules_1.sh.inc"
};

const struct flowrules_piece gcloud_policy_script_1[] = {
#include "policy_1.sh.inc"
};
