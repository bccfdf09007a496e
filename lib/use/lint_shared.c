/*
 * The prefixes of networks that serve the sites of very many customers, as these publish them. The
 * table was last compared with copies of the lists on 2026-12-01; a copy may have been older. It is
 * not complete: prefixes are added over time, and some, such as Akamai, publish no list.
 *   Cloudflare         https://www.cloudflare.com/ips/
 *   Fastly             https://api.fastly.com/public-ip-list
 *   Amazon CloudFront  https://ip-ranges.amazonaws.com/ip-ranges.json, service CLOUDFRONT, region
 *                      GLOBAL: what names resolve to, and not its caches between these and origins
 *   Imperva            https://my.imperva.com/api/integration/v1/ips
 *   Azure Front Door   its service tag AzureFrontDoor.Frontend; only the two prefixes of its usual
 *                      addresses
 *   GitHub Pages       https://api.github.com/meta, pages
 */
#include "lint_shared.h"

#include <string.h>

static const struct {
    const char *prefix, *who;
} shared[] = {
    {"103.21.244.0/22", "Cloudflare"},
    {"103.22.200.0/22", "Cloudflare"},
    {"103.31.4.0/22", "Cloudflare"},
    {"104.16.0.0/13", "Cloudflare"},
    {"104.24.0.0/14", "Cloudflare"},
    {"108.162.192.0/18", "Cloudflare"},
    {"131.0.72.0/22", "Cloudflare"},
    {"141.101.64.0/18", "Cloudflare"},
    {"162.158.0.0/15", "Cloudflare"},
    {"172.64.0.0/13", "Cloudflare"},
    {"173.245.48.0/20", "Cloudflare"},
    {"188.114.96.0/20", "Cloudflare"},
    {"190.93.240.0/20", "Cloudflare"},
    {"197.234.240.0/22", "Cloudflare"},
    {"198.41.128.0/17", "Cloudflare"},
    {"2400:cb00::/32", "Cloudflare"},
    {"2405:8100::/32", "Cloudflare"},
    {"2405:b500::/32", "Cloudflare"},
    {"2606:4700::/32", "Cloudflare"},
    {"2803:f800::/32", "Cloudflare"},
    {"2a06:98c0::/29", "Cloudflare"},
    {"2c0f:f248::/32", "Cloudflare"},
    {"23.235.32.0/20", "Fastly"},
    {"43.249.72.0/22", "Fastly"},
    {"103.244.50.0/24", "Fastly"},
    {"103.245.222.0/23", "Fastly"},
    {"103.245.224.0/24", "Fastly"},
    {"104.156.80.0/20", "Fastly"},
    {"140.248.64.0/18", "Fastly"},
    {"140.248.128.0/17", "Fastly"},
    {"146.75.0.0/17", "Fastly"},
    {"151.101.0.0/16", "Fastly"},
    {"157.52.64.0/18", "Fastly"},
    {"167.82.0.0/17", "Fastly"},
    {"167.82.128.0/20", "Fastly"},
    {"167.82.160.0/20", "Fastly"},
    {"167.82.224.0/20", "Fastly"},
    {"172.111.64.0/18", "Fastly"},
    {"185.31.16.0/22", "Fastly"},
    {"199.27.72.0/21", "Fastly"},
    {"199.232.0.0/16", "Fastly"},
    {"2a04:4e40::/32", "Fastly"},
    {"2a04:4e42::/32", "Fastly"},
    {"3.160.0.0/13", "Amazon CloudFront"},
    {"3.168.0.0/14", "Amazon CloudFront"},
    {"3.172.0.0/18", "Amazon CloudFront"},
    {"13.32.0.0/15", "Amazon CloudFront"},
    {"13.35.0.0/16", "Amazon CloudFront"},
    {"13.224.0.0/14", "Amazon CloudFront"},
    {"13.249.0.0/16", "Amazon CloudFront"},
    {"15.158.0.0/16", "Amazon CloudFront"},
    {"18.64.0.0/14", "Amazon CloudFront"},
    {"18.68.0.0/16", "Amazon CloudFront"},
    {"18.154.0.0/15", "Amazon CloudFront"},
    {"18.160.0.0/15", "Amazon CloudFront"},
    {"18.164.0.0/15", "Amazon CloudFront"},
    {"18.172.0.0/15", "Amazon CloudFront"},
    {"18.238.0.0/15", "Amazon CloudFront"},
    {"18.244.0.0/15", "Amazon CloudFront"},
    {"36.103.232.0/25", "Amazon CloudFront"},
    {"36.103.232.128/26", "Amazon CloudFront"},
    {"52.46.0.0/18", "Amazon CloudFront"},
    {"52.82.128.0/19", "Amazon CloudFront"},
    {"52.84.0.0/15", "Amazon CloudFront"},
    {"52.124.128.0/17", "Amazon CloudFront"},
    {"52.222.128.0/17", "Amazon CloudFront"},
    {"54.182.0.0/16", "Amazon CloudFront"},
    {"54.192.0.0/16", "Amazon CloudFront"},
    {"54.230.0.0/17", "Amazon CloudFront"},
    {"54.230.128.0/18", "Amazon CloudFront"},
    {"54.230.200.0/21", "Amazon CloudFront"},
    {"54.230.208.0/20", "Amazon CloudFront"},
    {"54.230.224.0/19", "Amazon CloudFront"},
    {"54.239.128.0/18", "Amazon CloudFront"},
    {"54.239.192.0/19", "Amazon CloudFront"},
    {"54.240.128.0/18", "Amazon CloudFront"},
    {"58.254.138.0/25", "Amazon CloudFront"},
    {"58.254.138.128/26", "Amazon CloudFront"},
    {"64.252.64.0/18", "Amazon CloudFront"},
    {"64.252.128.0/18", "Amazon CloudFront"},
    {"65.8.0.0/16", "Amazon CloudFront"},
    {"65.9.0.0/17", "Amazon CloudFront"},
    {"65.9.128.0/18", "Amazon CloudFront"},
    {"70.132.0.0/18", "Amazon CloudFront"},
    {"71.152.0.0/17", "Amazon CloudFront"},
    {"99.84.0.0/16", "Amazon CloudFront"},
    {"99.86.0.0/16", "Amazon CloudFront"},
    {"108.138.0.0/15", "Amazon CloudFront"},
    {"108.156.0.0/14", "Amazon CloudFront"},
    {"111.13.171.128/25", "Amazon CloudFront"},
    {"111.13.185.32/27", "Amazon CloudFront"},
    {"111.13.185.64/27", "Amazon CloudFront"},
    {"116.129.226.0/25", "Amazon CloudFront"},
    {"116.129.226.128/26", "Amazon CloudFront"},
    {"118.193.97.64/26", "Amazon CloudFront"},
    {"118.193.97.128/25", "Amazon CloudFront"},
    {"119.147.182.0/25", "Amazon CloudFront"},
    {"119.147.182.128/26", "Amazon CloudFront"},
    {"120.52.12.64/26", "Amazon CloudFront"},
    {"120.52.22.96/27", "Amazon CloudFront"},
    {"120.52.39.128/27", "Amazon CloudFront"},
    {"120.52.153.192/26", "Amazon CloudFront"},
    {"120.232.236.0/25", "Amazon CloudFront"},
    {"120.232.236.128/26", "Amazon CloudFront"},
    {"120.253.240.192/26", "Amazon CloudFront"},
    {"120.253.241.160/27", "Amazon CloudFront"},
    {"120.253.245.128/26", "Amazon CloudFront"},
    {"120.253.245.192/27", "Amazon CloudFront"},
    {"130.176.0.0/17", "Amazon CloudFront"},
    {"130.176.128.0/18", "Amazon CloudFront"},
    {"130.176.192.0/19", "Amazon CloudFront"},
    {"130.176.224.0/20", "Amazon CloudFront"},
    {"143.204.0.0/16", "Amazon CloudFront"},
    {"144.220.0.0/16", "Amazon CloudFront"},
    {"180.163.57.0/25", "Amazon CloudFront"},
    {"180.163.57.128/26", "Amazon CloudFront"},
    {"204.246.164.0/22", "Amazon CloudFront"},
    {"204.246.168.0/21", "Amazon CloudFront"},
    {"204.246.176.0/20", "Amazon CloudFront"},
    {"205.251.200.0/21", "Amazon CloudFront"},
    {"205.251.208.0/20", "Amazon CloudFront"},
    {"205.251.249.0/24", "Amazon CloudFront"},
    {"205.251.250.0/23", "Amazon CloudFront"},
    {"205.251.252.0/23", "Amazon CloudFront"},
    {"205.251.254.0/24", "Amazon CloudFront"},
    {"216.137.32.0/19", "Amazon CloudFront"},
    {"2600:9000::/28", "Amazon CloudFront"},
    {"45.60.0.0/16", "Imperva"},
    {"45.64.64.0/22", "Imperva"},
    {"45.223.0.0/16", "Imperva"},
    {"103.28.248.0/22", "Imperva"},
    {"107.154.0.0/16", "Imperva"},
    {"131.125.128.0/17", "Imperva"},
    {"149.126.72.0/21", "Imperva"},
    {"185.11.124.0/22", "Imperva"},
    {"192.230.64.0/18", "Imperva"},
    {"198.143.32.0/19", "Imperva"},
    {"199.83.128.0/21", "Imperva"},
    {"2a02:e980::/29", "Imperva"},
    {"13.107.213.0/24", "Azure Front Door"},
    {"13.107.246.0/24", "Azure Front Door"},
    {"185.199.108.0/22", "GitHub Pages"},
    {"2606:50c0:8000::/46", "GitHub Pages"},
};

bool fr_shared_init(struct fr_vec *table, const struct fr_allocator *allocator) {
    fr_vec_init(table, allocator, sizeof(struct fr_shared));
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        struct fr_shared *slot = fr_vec_push(table);
        unsigned length;
        if (slot == NULL)
            return false;
        slot->who = shared[i].who;
        fr_range_parse(shared[i].prefix, strlen(shared[i].prefix), &slot->range, &length);
    }
    return true;
}

const char *fr_shared_by(const struct fr_vec *table, enum flowrules_family family,
                         struct flowrules_ip ip) {
    for (size_t i = 0; i < table->count; i++) {
        const struct fr_shared *s = fr_vec_at(table, struct fr_shared, i);
        if (s->range.family == family && fr_ip_compare(s->range.first, ip) <= 0 &&
            fr_ip_compare(ip, s->range.last) <= 0)
            return s->who;
    }
    return NULL;
}
