/*
 * Public suffixes are those of the list that libpsl has in it (https://publicsuffix.org), so that
 * the answer depends on no file of the machine. The list names the suffixes themselves: domains
 * of clouds above them (amazonaws.com, above s3.amazonaws.com) are in a table of our own.
 */
#include "lint_suffix.h"

#include <stddef.h>
#include <string.h>

#include <libpsl.h>

bool fr_is_public_suffix(const char *domain) {
    const psl_ctx_t *list = psl_builtin();
    /* A top level that the list does not have, such as local, is one's own. */
    return list != NULL &&
           psl_is_public_suffix2(list, domain,
                                 PSL_TYPE_ICANN | PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE) != 0;
}

/* Domains that hold names of customers of a cloud, from the vendors' lists of endpoints. */
static const struct {
    const char *domain, *who;
} hosting[] = {
    {"amazonaws.com", "Amazon Web Services"},    /* docs.aws.amazon.com/general/latest/gr */
    {"amazonaws.com.cn", "Amazon Web Services"}, /* likewise */
    {"awsapps.com", "Amazon Web Services"},      /* likewise */
    {"on.aws", "Amazon Web Services"},           /* Lambda function URLs */
    {"azure.com", "Microsoft Azure"},        /* learn.microsoft.com/azure/security/fundamentals */
    {"azure.net", "Microsoft Azure"},        /* /azure-domains */
    {"windows.net", "Microsoft Azure"},      /* likewise */
    {"core.windows.net", "Microsoft Azure"}, /* likewise */
    {"blob.core.windows.net", "Microsoft Azure"}, /* likewise */
    {"azurecr.io", "Microsoft Azure"},            /* likewise */
    {"azureedge.net", "Microsoft Azure"},         /* likewise */
    {"azurefd.net", "Microsoft Azure"},           /* likewise */
    {"trafficmanager.net", "Microsoft Azure"},    /* likewise */
    {"googleusercontent.com", "Google"},          /* cloud.google.com/compute/docs/naming */
    {"pkg.dev", "Google"},                        /* Artifact Registry */
    {"gcr.io", "Google"},                         /* Container Registry */
    {"fastly.net", "Fastly"},                     /* docs.fastly.com */
    {"akamaiedge.net", "Akamai"},                 /* techdocs.akamai.com/edge-hostnames */
    {"akamaized.net", "Akamai"},                  /* likewise */
    {"edgekey.net", "Akamai"},                    /* likewise */
    {"edgesuite.net", "Akamai"},                  /* likewise */
    {"oraclecloud.com", "Oracle Cloud"},          /* docs.oracle.com/iaas/Content/General */
    {"digitaloceanspaces.com", "DigitalOcean"},   /* docs.digitalocean.com/products/spaces */
};

const char *fr_hosting_of(const char *domain) {
    for (size_t i = 0; i < sizeof hosting / sizeof hosting[0]; i++)
        if (strcmp(hosting[i].domain, domain) == 0)
            return hosting[i].who;
    return NULL;
}
