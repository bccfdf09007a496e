/*
 * The prefixes of content delivery networks, as they publish them. The table is not complete: a CDN
 * that publishes no list, such as Akamai, is not in it, and prefixes are added over time.
 *   Cloudflare         https://www.cloudflare.com/ips/
 *   Fastly             https://api.fastly.com/public-ip-list
 *   Amazon CloudFront  https://ip-ranges.amazonaws.com/ip-ranges.json, service CLOUDFRONT; those
 *                      of 2^13 addresses or more
 */
#include "lint_shared.h"

#include <string.h>

static const struct {
    const char *who;
    const char *const prefixes[48]; /* ends with NULL */
} shared[] = {
    {"Cloudflare",
     {"103.21.244.0/22",
      "103.22.200.0/22",
      "103.31.4.0/22",
      "104.16.0.0/13",
      "104.24.0.0/14",
      "108.162.192.0/18",
      "131.0.72.0/22",
      "141.101.64.0/18",
      "162.158.0.0/15",
      "172.64.0.0/13",
      "173.245.48.0/20",
      "188.114.96.0/20",
      "190.93.240.0/20",
      "197.234.240.0/22",
      "198.41.128.0/17",
      "2400:cb00::/32",
      "2405:8100::/32",
      "2405:b500::/32",
      "2606:4700::/32",
      "2803:f800::/32",
      "2a06:98c0::/29",
      "2c0f:f248::/32",
      NULL}},
    {"Fastly", {"23.235.32.0/20",   "43.249.72.0/22",
                "103.244.50.0/24",  "103.245.222.0/23",
                "103.245.224.0/24", "104.156.80.0/20",
                "140.248.64.0/18",  "140.248.128.0/17",
                "146.75.0.0/17",    "151.101.0.0/16",
                "157.52.64.0/18",   "167.82.0.0/17",
                "167.82.128.0/20",  "167.82.160.0/20",
                "167.82.224.0/20",  "172.111.64.0/18",
                "185.31.16.0/22",   "199.27.72.0/21",
                "199.232.0.0/16",   "2a04:4e40::/32",
                "2a04:4e42::/32",   NULL}},
    {"Amazon CloudFront",
     {"3.160.0.0/14",    "3.168.0.0/14",    "13.32.0.0/15",    "13.35.0.0/16",    "13.224.0.0/14",
      "13.249.0.0/16",   "18.64.0.0/14",    "18.154.0.0/15",   "18.160.0.0/15",   "18.164.0.0/15",
      "18.172.0.0/15",   "18.238.0.0/15",   "18.244.0.0/15",   "52.84.0.0/15",    "52.222.128.0/17",
      "54.182.0.0/16",   "54.192.0.0/16",   "54.230.0.0/17",   "54.230.128.0/18", "54.230.224.0/19",
      "54.239.128.0/18", "54.239.192.0/19", "54.240.128.0/18", "64.252.64.0/18",  "64.252.128.0/18",
      "65.8.0.0/16",     "65.9.0.0/17",     "65.9.128.0/18",   "70.132.0.0/18",   "71.152.0.0/17",
      "99.84.0.0/16",    "99.86.0.0/16",    "108.138.0.0/15",  "108.156.0.0/14",  "130.176.0.0/17",
      "143.204.0.0/16",  "144.220.0.0/16",  "216.137.32.0/19", "2600:9000::/28",  NULL}},
};

static bool is_in(const char *prefix, enum flowrules_family family, struct flowrules_ip ip) {
    struct flowrules_range range;
    unsigned length;
    return fr_range_parse(prefix, strlen(prefix), &range, &length) == FR_RANGE_OK &&
           range.family == family && fr_ip_compare(range.first, ip) <= 0 &&
           fr_ip_compare(ip, range.last) <= 0;
}

const char *fr_shared_by(enum flowrules_family family, struct flowrules_ip ip) {
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
        for (size_t k = 0; shared[i].prefixes[k] != NULL; k++)
            if (is_in(shared[i].prefixes[k], family, ip))
                return shared[i].who;
    return NULL;
}
