/*
 * The policy of judged.h, with its lock file.
 */
#include "judged.h"

static const char policy_text[] =
    "flowrules: 1\n"
    "protects: inside\n"
    "networks:\n"
    "  inside: 10.0.0.0/24\n"
    "  half: 10.0.0.0/25\n"
    "  pods: {kubernetes: {namespace: n}}\n"
    "  both: {members: [192.0.2.9], kubernetes: {namespace: n}}\n"
    "flows:\n"
    "  - {name: out, source: half, destination: 192.0.2.1, service: any, tags: [web, a.b]}\n"
    "  - {name: in, source: 192.0.2.1, destination: inside, service: any, tags: [web]}\n"
    "  - {name: within, source: inside, destination: inside, service: any}\n"
    "  - {name: past, source: 192.0.2.1, destination: 192.0.2.2, service: any}\n"
    "  - {name: wide, source: any, destination: any, protocol: gre, action: deny}\n"
    "  - {name: old, source: any, destination: any, service: any, expires: 2020-01-01}\n"
    "  - {name: pinned, source: inside, destination: a.example, service: any}\n"
    "  - {name: missing, source: inside, destination: b.example, service: any}\n"
    "  - {name: empty, source: inside, destination: c.example, service: any}\n"
    "  - {name: wild, source: inside, destination: \"*.a.example\", service: any}\n"
    "  - {name: pods, source: inside, destination: pods, service: any}\n"
    "  - {name: both, source: inside, destination: both, service: any}\n"
    "  - {name: mixed, source: \"2001:db8::1\", destination: [10.0.0.1, \"2001:db8::2\"], service: "
    "any}\n"
    "targets:\n"
    "  host: {backend: nftables}\n"
    "  egress: {backend: nftables, direction: egress}\n"
    "  ingress: {backend: nftables, direction: ingress}\n"
    "  router: {backend: nftables, hook: forward}\n"
    "  native: {backend: nftables, names: native}\n"
    "  refuse: {backend: nftables, names: refuse}\n"
    "  lossy: {backend: nftables, allow-loss: [{flow: wild, loss: narrow}, {flow: missing, loss: "
    "narrow}]}\n"
    "  wrong-loss: {backend: nftables, allow-loss: [{flow: wild, loss: widen}]}\n"
    "  tagged: {backend: nftables, select: {tags: [a.b, web]}}\n"
    "  named: {backend: nftables, select: {name: [out, '/^p/']}}\n"
    "  both-ways: {backend: nftables, select: {tags: web, name: '/^i/'}}\n"
    "  elsewhere: {backend: nftables, protects: 192.0.2.1}\n";

static const char lock_text[] =
    "{\"flowrules-lock\": 1, \"names\": {\"a.example\": {\"addresses\": [{\"address\": "
    "\"192.0.2.7\", \"last-seen\": \"2026-11-13\"}]}, \"c.example\": {\"addresses\": []}, "
    "\"x.a.example\": {\"addresses\": [{\"address\": \"192.0.2.8\"}]}}}";

struct unit_policy unit_load_judged(void) {
    return unit_load_locked(policy_text, lock_text);
}
