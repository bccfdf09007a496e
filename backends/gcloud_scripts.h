/* The constant text of the scripts that gcloud.c writes. */
#ifndef GCLOUD_SCRIPTS_H
#define GCLOUD_SCRIPTS_H

/* VPC firewall rules: behind prefix=, network= and firewall_rules(); then the rules; the end. */
extern const char gcloud_rules_start[], gcloud_rules_end[];
/* A network firewall policy: behind the settings and policies(); then the rules; the end. */
extern const char gcloud_policy_start[], gcloud_policy_end[];

#endif
