/*
 * Well-known parent domains, from the documentation of their services: buckets, accounts,
 * registries and pools, whose clients use names below the one that people know.
 */
#include "parents.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A '*' is one label. */
static const struct {
    const char *parent, *below;
} parents[] = {
    {"s3.amazonaws.com", "BUCKET.s3.amazonaws.com"},
    {"s3.*.amazonaws.com", "BUCKET.s3.REGION.amazonaws.com"},
    {"s3.dualstack.*.amazonaws.com", "BUCKET.s3.dualstack.REGION.amazonaws.com"},
    {"amazonaws.com", "s3.amazonaws.com"},
    {"cloudfront.net", "d111111abcdef8.cloudfront.net"},
    {"r2.cloudflarestorage.com", "ACCOUNT.r2.cloudflarestorage.com"},
    {"googleapis.com", "storage.googleapis.com"},
    {"storage.googleapis.com", "BUCKET.storage.googleapis.com"},
    {"gcr.io", "eu.gcr.io"},
    {"pkg.dev", "europe-docker.pkg.dev"},
    {"core.windows.net", "ACCOUNT.blob.core.windows.net"},
    {"blob.core.windows.net", "ACCOUNT.blob.core.windows.net"},
    {"azurecr.io", "REGISTRY.azurecr.io"},
    {"azureedge.net", "ENDPOINT.azureedge.net"},
    {"vault.azure.net", "VAULT.vault.azure.net"},
    {"docker.io", "registry-1.docker.io"},
    {"docker.com", "production.cloudflare.docker.com"},
    {"quay.io", "cdn.quay.io"},
    {"redhat.io", "registry.redhat.io"},
    {"github.com", "codeload.github.com"},
    {"githubusercontent.com", "raw.githubusercontent.com"},
    {"github.io", "USER.github.io"},
    {"huggingface.co", "cdn-lfs.huggingface.co"},
    {"hf.co", "cdn-lfs.hf.co"},
    {"pythonhosted.org", "files.pythonhosted.org"},
    {"debian.org", "deb.debian.org"},
    {"ubuntu.com", "archive.ubuntu.com"},
    {"pool.ntp.org", "2.debian.pool.ntp.org"},
    {"*.pool.ntp.org", "0.VENDOR.pool.ntp.org"},
    {"datadoghq.com", "http-intake.logs.datadoghq.com"},
    {"grafana.net", "logs-prod-eu-west-0.grafana.net"},
};

static bool matches(const char *pattern, const char *name) {
    while (*pattern != '\0' && *name != '\0') {
        if (*pattern == '*') {
            size_t label = strcspn(name, ".");
            if (label == 0)
                return false;
            pattern++;
            name += label;
        } else if (*pattern++ != *name++) {
            return false;
        }
    }
    return *pattern == *name;
}

const char *fr_name_below(const char *name) {
    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++)
        if (matches(parents[i].parent, name))
            return parents[i].below;
    return NULL;
}
