/*
 * Recognises the kind of a file by signs: texts at the start of the file or of a line. A kind may
 * need two. Comments count as lines too: they often say what wrote the file.
 */
#include "recognise.h"

#include <string.h>
#include <strings.h>

/* So much of a file is looked at. */
#define LOOKED_AT 65536u

/* ---- commands ------------------------------------------------------------------------------ */

static const struct {
    const char *backend, *source;
} sources[] = {
    {"nftables", "use the output of 'nft list ruleset'"},
    {"iptables", "use the output of 'iptables-save' and 'ip6tables-save'"},
    {"aws-sg", "use the output of 'aws ec2 describe-security-groups'"},
    {"azure-nsg", "use the output of 'az network nsg show'"},
    {"gcloud", "use the output of 'gcloud compute firewall-rules list --format=json'"},
    {"cisco-asa", "use the output of 'show running-config'"},
    {"juniper-srx", "use the output of 'show configuration | display set'"},
    {"paloalto",
     "use the output of 'show' in configuration mode, after 'set cli config-output-format set'"},
    {"kubernetes", "use the output of 'kubectl get networkpolicies -A -o yaml'"},
    {"cilium", "use the output of 'kubectl get ciliumnetworkpolicies -A -o yaml'"},
    {"openshift", "use the output of 'oc get egressfirewalls,networkpolicies -A -o yaml'"},
};

const char *fr_recognise_source(const char *backend) {
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (strcmp(sources[i].backend, backend) == 0)
            return sources[i].source;
    return NULL;
}

/* ---- kinds --------------------------------------------------------------------------------- */

enum kind {
    POLICY,
    LOCK,
    GZIP,
    ZIP,
    XZ,
    BZIP2,
    PDF,
    ELF,
    HTML,
    NFT,
    NFT_JSON,
    IGNITION,
    BUTANE,
    MACHINE_CONFIG,
    NIXOS,
    ANSIBLE,
    IPTABLES_SAVE,
    IPTABLES_LIST,
    IPTABLES_RULES,
    IPSET,
    UFW,
    FIREWALLD,
    PF,
    FIREWALL,
    SHELL,
    ASA,
    ASA_LIST,
    IOS,
    PAN_SET,
    PAN_XML,
    PAN_BRACES,
    JUNOS,
    JUNOS_SET,
    JUNOS_XML,
    FORTIGATE,
    AWS_JSON,
    CLOUDFORMATION,
    ARM,
    AZURE_JSON,
    TERRAFORM_JSON,
    TERRAFORM_STATE,
    TERRAFORM,
    GCLOUD_JSON,
    GCLOUD_YAML,
    GCLOUD_TABLE,
    MANIFEST,
    KUBECTL_TABLE,
    KINDS
};

static const struct fr_file_kind kinds[KINDS] = {
    [POLICY] = {"a policy of flowrules", "", "", NULL},
    [LOCK] = {"a lock file of flowrules", "", "", NULL},
    [GZIP] = {"a compressed file (gzip)", "", "", "unpack it first, with gunzip"},
    [ZIP] = {"an archive (zip)", "", "", "unpack it first, with unzip"},
    [XZ] = {"a compressed file (xz)", "", "", "unpack it first, with unxz"},
    [BZIP2] = {"a compressed file (bzip2)", "", "", "unpack it first, with bunzip2"},
    [PDF] = {"a PDF document", "", "", NULL},
    [ELF] = {"a program", "", "", NULL},
    [HTML] = {"a web page (HTML)", "", "", NULL},
    [NFT] = {"a ruleset of nft", "nftables", "", NULL},
    [NFT_JSON] = {"a ruleset of nft in JSON", "nftables", "", NULL},
    [IGNITION] = {"a configuration of Ignition", "nftables", "", NULL},
    [BUTANE] = {"a configuration of Butane", "nftables", "", NULL},
    [MACHINE_CONFIG] = {"a MachineConfig of OpenShift", "nftables", "", NULL},
    [NIXOS] = {"a module of NixOS", "nftables", "", NULL},
    [ANSIBLE] = {"tasks of Ansible", "nftables", "", NULL},
    [IPTABLES_SAVE] = {"what iptables-save prints", "iptables", "", NULL},
    [IPTABLES_LIST] = {"what 'iptables -L' prints", "", "iptables", NULL},
    [IPTABLES_RULES] = {"what 'iptables -S' prints", "", "iptables", NULL},
    [IPSET] = {"what 'ipset save' prints", "iptables", "", NULL},
    [UFW] = {"what 'ufw status' prints", "", "iptables nftables", NULL},
    [FIREWALLD] = {"what 'firewall-cmd' prints", "", "iptables nftables", NULL},
    [PF] = {"a configuration of pf", "", "", NULL},
    [FIREWALL] = {"a script of firewall commands", "iptables", "iptables", NULL},
    [SHELL] = {"a shell script", "aws-sg gcloud iptables", "", NULL},
    [ASA] = {"a configuration of a Cisco ASA", "cisco-asa", "", NULL},
    [ASA_LIST] = {"what 'show access-list' of a Cisco ASA prints", "", "cisco-asa", NULL},
    [IOS] = {"a configuration of Cisco IOS", "", "cisco-asa", NULL},
    [PAN_SET] = {"a configuration of PAN-OS (set commands)", "paloalto", "", NULL},
    [PAN_XML] = {"a configuration of PAN-OS in XML", "paloalto", "", NULL},
    [PAN_BRACES] = {"a configuration of PAN-OS in braces", "", "paloalto", NULL},
    [JUNOS] = {"a configuration of Junos", "juniper-srx", "", NULL},
    [JUNOS_SET] = {"a configuration of Junos", "juniper-srx", "", NULL},
    [JUNOS_XML] = {"a configuration of Junos in XML", "", "juniper-srx", NULL},
    [FORTIGATE] = {"a configuration of FortiGate", "", "", NULL},
    [AWS_JSON] = {"what the aws tool prints", "aws-sg", "", NULL},
    [CLOUDFORMATION] = {"a template of CloudFormation", "", "aws-sg", NULL},
    [ARM] = {"a template of Azure", "azure-nsg", "", NULL},
    [AZURE_JSON] = {"what the az tool prints", "azure-nsg", "", NULL},
    [TERRAFORM_JSON] = {"a configuration of Terraform in JSON", "aws-sg azure-nsg gcloud", "",
                        NULL},
    [TERRAFORM_STATE] = {"a plan or state of Terraform", "", "aws-sg azure-nsg gcloud", NULL},
    [TERRAFORM] = {"a configuration of Terraform (HCL)", "", "aws-sg azure-nsg gcloud", NULL},
    [GCLOUD_JSON] = {"what gcloud prints", "gcloud", "", NULL},
    [GCLOUD_YAML] = {"what gcloud prints in YAML", "", "gcloud", NULL},
    [GCLOUD_TABLE] = {"the table that gcloud prints", "", "gcloud", NULL},
    [MANIFEST] = {"a manifest of Kubernetes", "kubernetes cilium openshift", "", NULL},
    [KUBECTL_TABLE] = {"the table that kubectl prints", "", "kubernetes cilium openshift", NULL},
};

/* ---- signs --------------------------------------------------------------------------------- */

enum where {
    START, /* of the file, behind blanks */
    LINE,  /* a line begins so, behind blanks */
    FIRST, /* in the first line */
    WITHIN /* anywhere in what is looked at */
};

/* In this order: the first whose signs are all there. Letters in START and LINE match in any case.
 */
static const struct {
    enum kind kind;
    enum where where;
    const char *sign;
    enum where also_where;
    const char *also; /* or NULL */
} signs[] = {
    {GZIP, START, "\x1f\x8b", 0, NULL},
    {ZIP, START, "PK\x03\x04", 0, NULL},
    {XZ, START,
     "\xFD"
     "7zXZ",
     0, NULL},
    {BZIP2, START, "BZh", WITHIN, "1AY&SY"},
    {PDF, START, "%PDF-", 0, NULL},
    {ELF, START,
     "\x7f"
     "ELF",
     0, NULL},
    {HTML, START, "<!doctype html", 0, NULL},
    {HTML, START, "<html", 0, NULL},
    {JUNOS_XML, START, "<rpc-reply", 0, NULL},
    {JUNOS_XML, START, "<configuration", WITHIN, "junos"},
    {PAN_XML, START, "<", WITHIN, "<config "},
    {PAN_XML, START, "<", WITHIN, "<config>"},
    {PAN_XML, START, "<response", 0, NULL},
    {POLICY, LINE, "flowrules: 1", LINE, "flows:"},
    {POLICY, LINE, "flowrules: 1", LINE, "include:"},
    {NFT, START, "#!", FIRST, "nft"},
    {IPTABLES_SAVE, START, "#!", FIRST, "tables-restore"},
    {FIREWALL, START, "#!", LINE, "iptables -"},
    {FIREWALL, START, "#!", LINE, "ip6tables -"},
    {FIREWALL, START, "#!", LINE, "sudo iptables -"},
    {FIREWALL, START, "#!", LINE, "/sbin/iptables -"},
    {FIREWALL, START, "#!", LINE, "/usr/sbin/iptables -"},
    {FIREWALL, START, "#!", LINE, "$IPTABLES -"},
    {FIREWALL, START, "#!", LINE, "$IPT -"},
    {FIREWALL, START, "#!", LINE, "nft add "},
    {FIREWALL, START, "#!", LINE, "ufw allow "},
    {FIREWALL, START, "#!", LINE, "firewall-cmd --"},
    {SHELL, START, "#!", FIRST, "sh"},
    /* JSON */
    {LOCK, START, "{", WITHIN, "\"flowrules-lock\""},
    {POLICY, START, "{", WITHIN, "\"flowrules\": 1"},
    {POLICY, START, "{", WITHIN, "\"flowrules\":1"},
    {NFT_JSON, START, "{", WITHIN, "\"nftables\": ["},
    {NFT_JSON, START, "{", WITHIN, "\"nftables\":["},
    {IGNITION, START, "{", WITHIN, "\"ignition\":"},
    {TERRAFORM_STATE, START, "{", WITHIN, "\"terraform_version\""},
    {CLOUDFORMATION, START, "{", WITHIN, "\"AWSTemplateFormatVersion\""},
    {CLOUDFORMATION, START, "{", WITHIN, "\"AWS::EC2::SecurityGroup"},
    {ARM, START, "{", WITHIN, "eploymentTemplate.json"},
    {TERRAFORM_JSON, START, "{", WITHIN, "\"aws_security_group"},
    {TERRAFORM_JSON, START, "{", WITHIN, "\"azurerm_network_security"},
    {TERRAFORM_JSON, START, "{", WITHIN, "\"google_compute_firewall"},
    {TERRAFORM_JSON, START, "{", WITHIN, "\"google_compute_network_firewall"},
    {AWS_JSON, START, "{", WITHIN, "\"SecurityGroups\""},
    {AWS_JSON, START, "{", WITHIN, "\"SecurityGroupRules\""},
    {GCLOUD_JSON, START, "[", WITHIN, "compute#firewall"},
    {GCLOUD_JSON, START, "{", WITHIN, "compute#firewall"},
    {AZURE_JSON, START, "{", WITHIN, "Microsoft.Network/networkSecurityGroups"},
    {AZURE_JSON, START, "[", WITHIN, "Microsoft.Network/networkSecurityGroups"},
    {MACHINE_CONFIG, START, "{", WITHIN, "\"kind\": \"MachineConfig\""},
    {MANIFEST, START, "{", WITHIN, "\"apiVersion\": \""},
    /* YAML */
    {CLOUDFORMATION, LINE, "AWSTemplateFormatVersion:", 0, NULL},
    {MACHINE_CONFIG, LINE, "kind: MachineConfig\n", 0, NULL},
    {MACHINE_CONFIG, LINE, "kind: MachineConfig\r", 0, NULL},
    {BUTANE, LINE, "variant: ", LINE, "version: "},
    {ANSIBLE, LINE, "ansible.builtin.", 0, NULL},
    {MANIFEST, LINE, "apiVersion: ", LINE, "kind: "},
    {GCLOUD_YAML, LINE, "kind: compute#firewall", 0, NULL},
    /* tables for people */
    {GCLOUD_TABLE, START, "NAME", WITHIN, "DIRECTION  PRIORITY"},
    {KUBECTL_TABLE, START, "NAME", WITHIN, "POD-SELECTOR"},
    {IPTABLES_LIST, LINE, "Chain ", LINE, "target     prot opt"},
    {IPTABLES_LIST, LINE, "Chain ", WITHIN, "prot opt in     out"},
    {UFW, START, "Status: active", 0, NULL},
    {UFW, START, "Status: inactive", 0, NULL},
    {FIREWALLD, LINE, "icmp-block-inversion:", LINE, "masquerade:"},
    {ASA_LIST, LINE, "access-list ", WITHIN, "(hitcnt="},
    /* devices */
    {ASA, LINE, "ASA Version ", 0, NULL},
    {ASA, LINE, "access-list ", WITHIN, " extended "},
    {FORTIGATE, LINE, "#config-version=FG", 0, NULL},
    {FORTIGATE, LINE, "config firewall policy", 0, NULL},
    {IOS, LINE, "ip access-list extended ", 0, NULL},
    {IOS, LINE, "ip access-list standard ", 0, NULL},
    {IOS, LINE, "interface GigabitEthernet", LINE, "ip address "},
    {PAN_SET, LINE, "set rulebase ", 0, NULL},
    {PAN_SET, LINE, "set deviceconfig ", 0, NULL},
    {PAN_SET, LINE, "set device-group ", 0, NULL},
    {PAN_SET, LINE, "set vsys ", 0, NULL},
    {PAN_BRACES, LINE, "rulebase {", 0, NULL},
    {PAN_BRACES, LINE, "deviceconfig {", 0, NULL},
    {PAN_BRACES, LINE, "mgt-config {", 0, NULL},
    {JUNOS_SET, LINE, "set system host-name ", 0, NULL},
    {JUNOS_SET, LINE, "set security policies ", 0, NULL},
    {JUNOS_SET, LINE, "set firewall family ", 0, NULL},
    {JUNOS_SET, LINE, "set security zones ", 0, NULL},
    {JUNOS_SET, LINE, "set groups ", LINE, "set apply-groups "},
    {JUNOS, START, "## Last c", 0, NULL},
    {JUNOS, LINE, "host-name ", LINE, "system {"},
    {JUNOS, LINE, "security {", 0, NULL},
    /* hosts */
    {IPTABLES_SAVE, LINE, "*filter", LINE, "COMMIT"},
    {IPTABLES_SAVE, LINE, "# Generated by ip", WITHIN, "tables-save"},
    {NIXOS, LINE, "environment.etc.\"flowrules/", 0, NULL},
    {NFT, LINE, "table inet ", 0, NULL},
    {NFT, LINE, "table ip ", 0, NULL},
    {NFT, LINE, "table ip6 ", 0, NULL},
    {NFT, LINE, "flush ruleset", 0, NULL},
    {NFT, LINE, "add table ", 0, NULL},
    {IPSET, LINE, "create ", WITHIN, " hash:"},
    {TERRAFORM, LINE, "resource \"", WITHIN, "\" {"},
    {TERRAFORM, LINE, "terraform {", 0, NULL},
    {PF, LINE, "pass in ", LINE, "block "},
    {PF, LINE, "pass out ", LINE, "block "},
    {IPTABLES_RULES, LINE, "-P INPUT ", LINE, "-P OUTPUT "},
    {FIREWALL, LINE, "iptables -", 0, NULL},
    {FIREWALL, LINE, "ip6tables -", 0, NULL},
    {FIREWALL, LINE, "sudo iptables -", 0, NULL},
    {FIREWALL, LINE, "sudo ip6tables -", 0, NULL},
    {FIREWALL, LINE, "nft add ", 0, NULL},
    {FIREWALL, LINE, "sudo nft ", 0, NULL},
    {FIREWALL, LINE, "ufw allow ", 0, NULL},
    {FIREWALL, LINE, "firewall-cmd --", 0, NULL},
};

static bool begins(const char *text, const char *end, const char *sign) {
    size_t length = strlen(sign);
    return (size_t)(end - text) >= length && strncasecmp(text, sign, length) == 0;
}

static const char *skip_blanks(const char *text, const char *end) {
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    return text;
}

static bool has_line(const char *text, const char *end, const char *sign) {
    while (text < end) {
        if (begins(skip_blanks(text, end), end, sign))
            return true;
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        text = feed == NULL ? end : feed + 1;
    }
    return false;
}

static bool is_within(const char *text, const char *end, const char *sign) {
    size_t length = strlen(sign);
    while ((size_t)(end - text) >= length) {
        const char *first = memchr(text, sign[0], (size_t)(end - text) - length + 1);
        if (first == NULL)
            return false;
        if (memcmp(first, sign, length) == 0)
            return true;
        text = first + 1;
    }
    return false;
}

static bool is_there(const char *text, const char *end, enum where where, const char *sign) {
    switch (where) {
    case START:
        while (text < end && strchr(" \t\r\n", *text) != NULL && *text != '\0')
            text++;
        return begins(text, end, sign);
    case LINE:
        return has_line(text, end, sign);
    case FIRST: {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        return is_within(text, feed == NULL ? end : feed, sign);
    }
    case WITHIN:
        return is_within(text, end, sign);
    }
    return false;
}

const struct fr_file_kind *fr_recognise(const char *text, size_t size) {
    const char *end = text + (size < LOOKED_AT ? size : LOOKED_AT);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (is_there(text, end, signs[i].where, signs[i].sign) &&
            (signs[i].also == NULL || is_there(text, end, signs[i].also_where, signs[i].also)))
            return &kinds[signs[i].kind];
    return NULL;
}

bool fr_recognise_is_blank(const char *text, size_t size) {
    const char *end = text + size;
    while (text < end) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        const char *next = feed == NULL ? end : feed + 1;
        text = skip_blanks(text, next);
        bool comment = text < next && (*text == '#' || *text == '!');
        bool blank = text == next || *text == '\r' || *text == '\n';
        if (!blank && (!comment || begins(text, next, "#!") || is_within(text, next, "flowrules")))
            return false;
        text = next;
    }
    return true;
}

bool fr_recognise_is_policy(const struct fr_file_kind *kind) {
    return kind == &kinds[POLICY];
}

bool fr_recognise_has(const char *list, const char *backend) {
    size_t length = strlen(backend);
    for (const char *at = list; (at = strstr(at, backend)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

bool fr_recognise_foreign(const struct fr_file_kind *kind, const char *backend, bool tried) {
    if (fr_recognise_source(backend) == NULL || fr_recognise_has(kind->backends, backend))
        return false;
    return tried || !fr_recognise_has(kind->poor, backend);
}
