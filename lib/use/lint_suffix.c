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

/*
 * Domains that hold names of customers of a cloud, from the vendors' lists of endpoints, each named
 * above its own. Some are public suffixes in some versions of the list: the finding is the same
 * with all. Last looked at on 2026-12-01.
 */
static const struct {
    const char *domain, *who;
} hosting[] = {
    /* docs.aws.amazon.com/general/latest/gr */
    {"amazonaws.com", "Amazon Web Services"},
    {"amazonaws.com.cn", "Amazon Web Services"},
    {"amazonaws.eu", "Amazon Web Services"},
    {"api.aws", "Amazon Web Services"},
    {"awsapps.com", "Amazon Web Services"},
    {"on.aws", "Amazon Web Services"},
    {"cloudfront.net", "Amazon Web Services"},
    {"elasticbeanstalk.com", "Amazon Web Services"},
    {"awsglobalaccelerator.com", "Amazon Web Services"},
    {"awsapprunner.com", "Amazon Web Services"},
    {"amplifyapp.com", "Amazon Web Services"},
    {"amazoncognito.com", "Amazon Web Services"},
    {"sagemaker.aws", "Amazon Web Services"},
    /* learn.microsoft.com/azure/security/fundamentals/azure-domains */
    {"azure.com", "Microsoft Azure"},
    {"azure.net", "Microsoft Azure"},
    {"windows.net", "Microsoft Azure"},
    {"core.windows.net", "Microsoft Azure"},
    {"blob.core.windows.net", "Microsoft Azure"},
    {"dfs.core.windows.net", "Microsoft Azure"},
    {"file.core.windows.net", "Microsoft Azure"},
    {"queue.core.windows.net", "Microsoft Azure"},
    {"table.core.windows.net", "Microsoft Azure"},
    {"web.core.windows.net", "Microsoft Azure"},
    {"database.windows.net", "Microsoft Azure"},
    {"servicebus.windows.net", "Microsoft Azure"},
    {"search.windows.net", "Microsoft Azure"},
    {"redis.cache.windows.net", "Microsoft Azure"},
    {"vault.azure.net", "Microsoft Azure"},
    {"documents.azure.com", "Microsoft Azure"},
    {"openai.azure.com", "Microsoft Azure"},
    {"cognitiveservices.azure.com", "Microsoft Azure"},
    {"cloudapp.azure.com", "Microsoft Azure"},
    {"cloudapp.net", "Microsoft Azure"},
    {"azurewebsites.net", "Microsoft Azure"},
    {"azurecr.io", "Microsoft Azure"},
    {"azureedge.net", "Microsoft Azure"},
    {"azurefd.net", "Microsoft Azure"},
    {"trafficmanager.net", "Microsoft Azure"},
    {"azure-api.net", "Microsoft Azure"},
    {"azure-devices.net", "Microsoft Azure"},
    {"azurecontainer.io", "Microsoft Azure"},
    {"azurecontainerapps.io", "Microsoft Azure"},
    {"azurestaticapps.net", "Microsoft Azure"},
    {"azurehdinsight.net", "Microsoft Azure"},
    {"azuredatabricks.net", "Microsoft Azure"},
    {"azmk8s.io", "Microsoft Azure"},
    {"usgovcloudapi.net", "Microsoft Azure"},
    {"core.usgovcloudapi.net", "Microsoft Azure"},
    {"chinacloudapi.cn", "Microsoft Azure"},
    {"core.chinacloudapi.cn", "Microsoft Azure"},
    /* cloud.google.com/docs */
    {"googleapis.com", "Google"},
    {"storage.googleapis.com", "Google"},
    {"googleusercontent.com", "Google"},
    {"pkg.dev", "Google"},
    {"gcr.io", "Google"},
    {"run.app", "Google"},
    {"appspot.com", "Google"},
    {"cloudfunctions.net", "Google"},
    {"firebaseapp.com", "Google"},
    {"web.app", "Google"},
    {"firebaseio.com", "Google"},
    /* docs.oracle.com/iaas/Content/General */
    {"oraclecloud.com", "Oracle Cloud"},
    {"oraclecloudapps.com", "Oracle Cloud"},
    {"ocir.io", "Oracle Cloud"},
    /* cloud.ibm.com/docs */
    {"appdomain.cloud", "IBM Cloud"},
    {"codeengine.cloud", "IBM Cloud"},
    /* alibabacloud.com/help */
    {"aliyuncs.com", "Alibaba Cloud"},
    {"alikunlun.com", "Alibaba Cloud"},
    /* cloud.tencent.com/document */
    {"myqcloud.com", "Tencent Cloud"},
    {"tencentcos.cn", "Tencent Cloud"},
    /* developer.huaweicloud.com/endpoint */
    {"myhuaweicloud.com", "Huawei Cloud"},
    /* docs.digitalocean.com/products/spaces */
    {"digitaloceanspaces.com", "DigitalOcean"},
    {"ondigitalocean.app", "DigitalOcean"},
    /* techdocs.akamai.com/cloud-computing */
    {"linodeobjects.com", "Linode"},
    /* docs.vultr.com */
    {"vultrobjects.com", "Vultr"},
    /* scaleway.com/docs */
    {"scw.cloud", "Scaleway"},
    /* help.ovhcloud.com */
    {"cloud.ovh.net", "OVHcloud"},
    /* backblaze.com/docs */
    {"backblazeb2.com", "Backblaze"},
    /* docs.wasabi.com */
    {"wasabisys.com", "Wasabi"},
    /* developers.cloudflare.com */
    {"cloudflarestorage.com", "Cloudflare"},
    {"r2.cloudflarestorage.com", "Cloudflare"},
    {"workers.dev", "Cloudflare"},
    {"pages.dev", "Cloudflare"},
    {"r2.dev", "Cloudflare"},
    {"cdn.cloudflare.net", "Cloudflare"},
    /* fastly.com/documentation */
    {"fastly.net", "Fastly"},
    {"fastlylb.net", "Fastly"},
    {"edgecompute.app", "Fastly"},
    /* techdocs.akamai.com/edge-hostnames */
    {"akamai.net", "Akamai"},
    {"akamaiedge.net", "Akamai"},
    {"akamaihd.net", "Akamai"},
    {"akamaized.net", "Akamai"},
    {"akadns.net", "Akamai"},
    {"edgekey.net", "Akamai"},
    {"edgesuite.net", "Akamai"},
    /* docs.imperva.com */
    {"incapdns.net", "Imperva"},
    /* docs.bunny.net */
    {"b-cdn.net", "Bunny"},
    /* keycdn.com/support */
    {"kxcdn.com", "KeyCDN"},
    /* client.cdn77.com/support */
    {"cdn77.org", "CDN77"},
    /* docs.github.com */
    {"githubusercontent.com", "GitHub"},
    /* devcenter.heroku.com */
    {"herokuapp.com", "Heroku"},
    /* docs.netlify.com */
    {"netlify.app", "Netlify"},
    /* vercel.com/docs */
    {"vercel.app", "Vercel"},
};

const char *fr_hosting_of(const char *domain) {
    for (size_t i = 0; i < sizeof hosting / sizeof hosting[0]; i++)
        if (strcmp(hosting[i].domain, domain) == 0)
            return hosting[i].who;
    return NULL;
}
