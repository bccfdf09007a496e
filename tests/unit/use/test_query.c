/*
 * Questions: what is answered, by which flows, and compared with flows read one by one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loading.h"
#include "random_policy.h"
#include "unit.h"

static const char policy_text[] =
    "flowrules: 1\n"
    "protects: office\n"
    "networks:\n"
    "  office: [10.0.0.0/24, \"2001:db8::/64\"]\n"
    "  sites: [www.example.com, \"*.example.org\"]\n"
    "services:\n"
    "  web: {protocol: tcp, port: [80, 443]}\n"
    "flows:\n"
    "  - {name: web, source: office, destination: sites, service: web}\n"
    "  - {name: low, source: office, destination: 192.0.2.0/24, protocol: tcp, port: 1-100}\n"
    "  - {name: high, source: office, destination: 192.0.2.0/24, protocol: tcp, port: 101-65535}\n"
    "  - {name: ping, source: any, destination: office, protocol: icmp, icmp-type: 8}\n"
    "  - {name: from, source: office, destination: 192.0.2.9, protocol: udp, source-port: 53}\n"
    "  - {name: no-9, action: deny, source: any, destination: 192.0.2.9, service: any}\n"
    "  - {name: old, source: any, destination: any, service: any, expires: 2020-01-01}\n"
    "targets:\n"
    "  t: {backend: plain, select: {name: [low, high, no-9]}}\n";

static const char lock_text[] = "{\"flowrules-lock\": 1, \"names\": {\"www.example.com\": "
                                "{\"addresses\": [{\"address\": \"198.51.100.1\"}]}}}";

/* The verdict, then the flows that it names. target: NULL, or the one that is asked. */
static void answers_of(struct unit_policy *loaded, const char *target, const char *question,
                       const char *expected) {
    flowrules_answer *answer;
    char got[400];
    size_t used;
    flowrules_diagnostics_clear(loaded->context);
    flowrules_status status =
        flowrules_query(&answer, loaded->context, loaded->policy, target, question);
    if (status != FLOWRULES_OK)
        used = (size_t)snprintf(got, sizeof got, "%s", flowrules_status_name(status));
    else
        used = (size_t)snprintf(got, sizeof got, "%s", flowrules_answer_verdict(answer));
    for (size_t i = 0; status == FLOWRULES_OK && i < flowrules_answer_flow_count(answer); i++)
        used += (size_t)snprintf(got + used, sizeof got - used, " %s",
                                 flowrules_answer_flow_name(answer, i));
    CU_ASSERT_STRING_EQUAL(got, expected);
    if (strcmp(got, expected) != 0)
        printf("\n    %s: %s, not %s\n", question, got, expected);
    flowrules_answer_free(answer);
}

static void answers(struct unit_policy *loaded, const char *question, const char *expected) {
    answers_of(loaded, NULL, question, expected);
}

/* A target passes the flows that it selects; who is in a group, only its platform knows. */
static void targets_and_groups_answer(void) {
    static const char text[] =
        "flowrules: 1\n"
        "protects: here\n"
        "networks:\n"
        "  here: [10.0.0.0/24]\n"
        "  vnet: {azure-nsg: {service-tag: VirtualNetwork}}\n"
        "flows:\n"
        "  - {name: out, source: here, destination: any, service: any, tags: [egress]}\n"
        "  - {name: vnet-in, source: vnet, destination: here, service: any, tags: [ingress]}\n"
        "  - {name: ssh, source: any, destination: here, protocol: tcp, port: 22, tags: "
        "[ingress]}\n"
        "targets:\n"
        "  leaves: {backend: azure-nsg, direction: egress, select: {tags: [egress]}}\n"
        "  enters: {backend: azure-nsg, direction: ingress, select: {tags: [ingress]}}\n"
        "  shut: {backend: plain, select: none}\n";
    struct unit_policy loaded = unit_load(text);
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    answers_of(&loaded, "leaves", "tcp 10.0.0.1 -> 10.0.0.2:80", "allowed out");
    answers_of(&loaded, "enters", "tcp 10.0.0.1 -> 10.0.0.2:22", "allowed ssh");
    answers_of(&loaded, "enters", "tcp 10.0.0.1 -> 10.0.0.2:80", "unknown vnet-in");
    answers_of(&loaded, "shut", "tcp 10.0.0.1 -> 10.0.0.2:22", "denied");
    answers(&loaded, "tcp 192.0.2.1 -> 10.0.0.2:80", "unknown vnet-in");
    answers(&loaded, "tcp 192.0.2.1 -> 192.0.2.2:80", "denied");
    unit_unload(&loaded);
}

static void questions_are_answered(void) {
    struct unit_policy loaded = unit_load_locked(policy_text, lock_text);
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    answers(&loaded, "tcp 10.0.0.1 -> 192.0.2.1:80", "allowed low");
    answers(&loaded, "tcp 10.0.0.1 -> 192.0.2.1:http", "allowed low");
    answers(&loaded, "  tcp\t10.0.0.1   ->  192.0.2.1:100 ", "allowed low");
    answers(&loaded, "tcp 10.0.0.1:4000 -> 192.0.2.1:101", "allowed high");
    answers(&loaded, "tcp 10.0.0.1 -> 192.0.2.1:0", "denied");
    answers(&loaded, "tcp 10.0.1.1 -> 192.0.2.1:80", "denied");
    answers(&loaded, "udp 10.0.0.1 -> 192.0.2.1:80", "denied");
    answers(&loaded, "tcp 10.0.0.1 -> 192.0.2.9:80", "denied no-9");
    answers(&loaded, "tcp 10.0.0.1 -> 192.0.2.1", "partly low high");
    answers(&loaded, "tcp office -> 192.0.2.0/28:80", "partly no-9 low");
    answers(&loaded, "tcp 10.0.0.0/30 -> 192.0.2.0-192.0.2.8:80", "allowed low");
    answers(&loaded, "tcp office -> www.example.com:443", "allowed web");
    answers(&loaded, "tcp office -> WWW.Example.COM.:443", "allowed web");
    answers(&loaded, "tcp office -> 198.51.100.1:443", "allowed web");
    answers(&loaded, "tcp office -> deep.er.example.org:80", "allowed web");
    answers(&loaded, "tcp office -> example.org:80", "denied");
    answers(&loaded, "tcp office -> www.example.com:22", "denied");
    answers(&loaded, "icmp any -> 10.0.0.1:8", "allowed ping");
    answers(&loaded, "icmp any -> 10.0.0.1:8/7", "allowed ping");
    answers(&loaded, "icmp any -> 10.0.0.1:9", "denied");
    answers(&loaded, "icmp any -> 10.0.0.1", "partly ping");
    answers(&loaded, "tcp [2001:db8::1]:99 -> [2001:db8::2]:80", "denied");
    answers(&loaded, "tcp 2001:db8::1 -> www.example.com:80", "allowed web");
    answers(&loaded, "any any -> any", "partly no-9 web low high ping");
    unit_unload(&loaded);
}

static void questions_are_checked(void) {
    static const char *const bad[] = {"",
                                      "tcp",
                                      "tcp a -> ",
                                      "tcp 10.0.0.1 -> 10.0.0.2:80 more",
                                      "tcp 10.0.0.1 -> 10.0.0.2:",
                                      "tcp 10.0.0.1 -> :80",
                                      "tcp [] -> 10.0.0.2:80",
                                      "tcp [10.0.0.1 -> 10.0.0.2",
                                      "tcp 10.0.0.1 -> 10.0.0.2:65536",
                                      "tcp 10.0.0.1 -> 10.0.0.2:80x",
                                      "icmp 10.0.0.1 -> 10.0.0.2:8/",
                                      "icmp 10.0.0.1 -> 10.0.0.2:8/256",
                                      "gre 10.0.0.1 -> 10.0.0.2:1",
                                      "256 10.0.0.1 -> 10.0.0.2",
                                      "tcp 10.0.0.1/8 -> 10.0.0.2",
                                      "tcp nobody -> 10.0.0.2",
                                      "tcp *.example.org -> 10.0.0.2"};
    struct unit_policy loaded = unit_load_locked(policy_text, lock_text);
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        answers(&loaded, bad[i], "wrong usage");
        CU_ASSERT_STRING_EQUAL(flowrules_diagnostic_id(loaded.context, 0), "FR0603");
        CU_ASSERT_PTR_NOT_NULL(flowrules_diagnostic_hint(loaded.context, 0));
    }
    char text[2000] = "tcp ";
    memset(text + 4, 'a', 1500);
    snprintf(text + 1504, 8, " -> any");
    answers(&loaded, text, "wrong usage");
    unit_unload(&loaded);
}

static void rules_are_shown(void) {
    struct unit_policy loaded = unit_load(policy_text);
    flowrules_answer *answer;
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(flowrules_query(&answer, loaded.context, loaded.policy, "t",
                                          "tcp 10.0.0.1 -> 192.0.2.1:80"),
                          FLOWRULES_OK);
    CU_ASSERT_EQUAL(flowrules_answer_flow_line(answer, 0), 10);
    CU_ASSERT_STRING_EQUAL(flowrules_answer_flow_file(answer, 0), "policy.yaml");
    CU_ASSERT_STRING_EQUAL(flowrules_answer_flow_action(answer, 0), "allow");
    CU_ASSERT_EQUAL_FATAL(flowrules_answer_rule_count(answer), 1);
    CU_ASSERT_STRING_EQUAL(flowrules_answer_rule_flow(answer, 0), "low");
    CU_ASSERT_STRING_EQUAL(flowrules_answer_rule_file(answer, 0), "t.txt");
    CU_ASSERT(flowrules_answer_rule_line(answer, 0) > 0);
    CU_ASSERT_PTR_NULL(flowrules_answer_rule_text(answer, 1));
    CU_ASSERT_PTR_NULL(flowrules_answer_flow_name(answer, 1));
    flowrules_answer_free(answer);
    CU_ASSERT_EQUAL(flowrules_query(&answer, loaded.context, loaded.policy, "nobody",
                                    "tcp 10.0.0.1 -> 192.0.2.1:80"),
                    FLOWRULES_USAGE);
    CU_ASSERT_PTR_NULL(answer);
    unit_unload(&loaded);
}

/* ---- random questions about random policies
 * --------------------------------------------------------- */

static void ip_text(char *text, size_t room, enum flowrules_family family, struct flowrules_ip ip) {
    if (family == FLOWRULES_IPV4)
        snprintf(text, room, "%u.%u.%u.%u", (unsigned)(ip.lo >> 24 & 255),
                 (unsigned)(ip.lo >> 16 & 255), (unsigned)(ip.lo >> 8 & 255),
                 (unsigned)(ip.lo & 255));
    else
        snprintf(text, room, "[%x:%x:%x:%x:%x:%x:%x:%x]", (unsigned)(ip.hi >> 48 & 0xffff),
                 (unsigned)(ip.hi >> 32 & 0xffff), (unsigned)(ip.hi >> 16 & 0xffff),
                 (unsigned)(ip.hi & 0xffff), (unsigned)(ip.lo >> 48 & 0xffff),
                 (unsigned)(ip.lo >> 32 & 0xffff), (unsigned)(ip.lo >> 16 & 0xffff),
                 (unsigned)(ip.lo & 0xffff));
}

static void question_of(char *text, size_t room, const struct random_packet *p) {
    char from[50], to[50], ports[2][20] = {"", ""};
    ip_text(from, sizeof from, p->family, p->source);
    ip_text(to, sizeof to, p->family, p->destination);
    if (p->protocol == 1 || p->protocol == 58) {
        snprintf(ports[1], sizeof ports[1], ":%u/%u", p->source_port, p->destination_port);
    } else if (p->protocol == 6 || p->protocol == 17 || p->protocol == 132) {
        snprintf(ports[0], sizeof ports[0], ":%u", p->source_port);
        snprintf(ports[1], sizeof ports[1], ":%u", p->destination_port);
    }
    snprintf(text, room, "%u %s%s -> %s%s", p->protocol, from, ports[0], to, ports[1]);
}

static bool any_flow_has(const struct random_policy *policy, bool deny,
                         const struct random_packet *p) {
    for (unsigned i = 0; i < policy->flow_count; i++)
        if (policy->flows[i].deny == deny && random_flow_has(&policy->flows[i], p))
            return true;
    return false;
}

static const char scattered_text[] =
    "flowrules: 1\n"
    "protects: lab\n"
    "networks:\n"
    "  lab: {members: [10.1.0.0/16], aws-sg: {group: sg-0a1b2c3d4e5f60718}}\n"
    "  hub: [one.example, two.example]\n"
    "flows:\n"
    "  - {name: out, source: lab, destination: [192.0.2.1, 192.0.2.3, 192.0.2.5, 192.0.2.7,\n"
    "     192.0.2.9, 192.0.2.11], protocol: tcp, port: [80, 443]}\n"
    "  - {name: hub, source: lab, destination: hub, protocol: tcp, port: 443}\n"
    "targets:\n"
    "  ipt: {backend: iptables, direction: egress}\n"
    "  aws: {backend: aws-sg, direction: egress}\n";

static const char scattered_lock[] =
    "{\"flowrules-lock\": 1, \"names\": {\"one.example\": {\"addresses\": [{\"address\": "
    "\"198.51.100.1\"}]}, \"two.example\": {\"addresses\": [{\"address\": \"198.51.100.2\"}]}}}";

/* Of the many lines that a flow became, the ones that the packet meets. */
static void the_packets_lines_are_shown(void) {
    static const struct {
        const char *target, *question, *line;
    } cases[] = {{"ipt", "tcp 10.1.0.1 -> 192.0.2.1:80", "-d 192.0.2.1/32,192.0.2.3/32"},
                 {"ipt", "tcp 10.1.0.1 -> 192.0.2.11:443", ",192.0.2.11/32 -p tcp"},
                 {"ipt", "tcp 10.1.0.1 -> two.example:443", "-d 198.51.100.1/32,198.51.100.2/32"},
                 {"aws", "tcp 10.1.0.1 -> 192.0.2.9:443", "\"CidrIp\": \"192.0.2.9/32\""},
                 {"aws", "tcp 10.1.0.1 -> 192.0.2.9:80", "\"FromPort\": 80"},
                 {"aws", "tcp lab -> one.example:443", "\"CidrIp\": \"198.51.100.1/32\""}};
    struct unit_policy loaded = unit_load_locked(scattered_text, scattered_lock);
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        flowrules_answer *answer;
        CU_ASSERT_EQUAL_FATAL(flowrules_query(&answer, loaded.context, loaded.policy,
                                              cases[i].target, cases[i].question),
                              FLOWRULES_OK);
        CU_ASSERT_EQUAL_FATAL(flowrules_answer_rule_count(answer), 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(flowrules_answer_rule_text(answer, 0), cases[i].line));
        flowrules_answer_free(answer);
    }
    unit_unload(&loaded);
}

static void packets_get_their_answer(void) {
    struct random_policy *policy = malloc(sizeof *policy);
    CU_ASSERT_PTR_NOT_NULL_FATAL(policy);
    uint64_t random = 7;
    unsigned wrong = 0, allowed = 0;
    for (uint64_t seed = 5000; seed < 5060; seed++) {
        random_policy_make(policy, seed, "plain");
        policy->text[policy->size] = '\0';
        struct unit_policy loaded = unit_load(policy->text);
        CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
        for (unsigned i = 0; i < 60 && wrong < 5; i++) {
            struct random_packet packet;
            char question[200];
            flowrules_answer *answer;
            random_packet_make(&packet, &random);
            question_of(question, sizeof question, &packet);
            CU_ASSERT_EQUAL_FATAL(
                flowrules_query(&answer, loaded.context, loaded.policy, "plain", question),
                FLOWRULES_OK);
            bool passes =
                !any_flow_has(policy, true, &packet) && any_flow_has(policy, false, &packet);
            bool good =
                strcmp(flowrules_answer_verdict(answer), passes ? "allowed" : "denied") == 0;
            if (!good)
                printf("\n    seed %llu: %s is %s\n", (unsigned long long)seed, question,
                       flowrules_answer_verdict(answer));
            wrong += !good;
            allowed += passes;
            flowrules_answer_free(answer);
        }
        unit_unload(&loaded);
    }
    free(policy);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(allowed > 50);
}

UNIT_SUITE(query) {
    static const struct unit_test tests[] = {
        {"questions are answered", questions_are_answered},
        {"targets and groups answer", targets_and_groups_answer},
        {"questions are checked", questions_are_checked},
        {"rules are shown", rules_are_shown},
        {"the packet's lines are shown", the_packets_lines_are_shown},
        {"packets get their answer", packets_get_their_answer},
        {NULL, NULL}};
    unit_suite("query", tests);
}
