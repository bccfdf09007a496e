/*
 * aws-sg: rules of AWS security groups, as inputs of the AWS CLI, as a script of its calls, and for
 * Terraform. Knows how EC2 counts, compares and describes rules; knows nothing of how they came
 * about. Facts without another source: the EC2 model of botocore 1.43.11.
 *
 * EC2 takes a rule (protocol, ports, one peer) once in a group, whatever its description says, so
 * that equal rules of several flows are one here. Each has a key, which stands in its description
 * behind "flowrules TARGET": by that a later version knows what is its own and still wanted.
 */
#include "flowrules/backend.h"
#include "flowrules/kits/bindings.h"
#include "flowrules/kits/flows.h"
#include "flowrules/kits/hashes.h"
#include "flowrules/kits/whole.h"

#include <stdio.h>
#include <string.h>

#include "read.h"
#include "script.h"

enum {
    DESCRIPTION_MAX = 255, /* bytes of a rule's description */
    GROUPS_MAX = 16,       /* of an interface, "Amazon VPC quotas" */
    QUOTA_PRODUCT = 1000,  /* rules of a group times groups of an interface, the same page */
    ENTRIES_MAX = 4 * QUOTA_PRODUCT, /* two directions, two families */
    LINE_PEERS = 10,                 /* of a line of the script */
    SLOTS = 8192,                    /* a power of two well above ENTRIES_MAX */
};
#define NO_PORTS (-2)

enum peer_kind { PEER_IPV4, PEER_IPV6, PEER_PREFIX_LIST, PEER_GROUP };

/* How each kind of peer is called in the CLI's input and by Terraform. */
static const struct {
    const char *list, *member, *terraform;
} peers[] = {
    [PEER_IPV4] = {"IpRanges", "CidrIp", "cidr_ipv4"},
    [PEER_IPV6] = {"Ipv6Ranges", "CidrIpv6", "cidr_ipv6"},
    [PEER_PREFIX_LIST] = {"PrefixListIds", "PrefixListId", "prefix_list_id"},
    [PEER_GROUP] = {"UserIdGroupPairs", "GroupId", "referenced_security_group_id"},
};

static const char *const direction_word[] = {"egress", "ingress"};

/* One rule of a group: what EC2 counts and compares. */
struct entry {
    uint64_t key; /* 48 bits, of all but flows and group; differs from entry to entry */
    enum flowrules_direction direction;
    int protocol, from, to; /* ports, ICMP type and code, or NO_PORTS */
    enum peer_kind kind;
    struct flowrules_range range; /* of the first two kinds */
    const char *id, *account;     /* of the others; account may be NULL */
    flowrules_flows flows;        /* of all rules of the plan that came out the same */
    const char *notes;            /* what people should know of it; once all are there */
    uint8_t group;                /* from 0 */
    bool written;                 /* by the script, in a line of another */
};

struct state {
    size_t entry_count, group_count; /* group_count: with rules, at least 1 */
    size_t rules_per_group, groups;  /* the limits in force */
    char ids[GROUPS_MAX][24];        /* as far as they are known: id_count */
    size_t id_count;
    uint16_t used[GROUPS_MAX][2][2]; /* rules by direction and family */
    uint16_t slots[SLOTS];           /* entries by key: index + 1, or 0 */
    struct entry entries[ENTRIES_MAX];
};

/*
 * What a description may hold, without "$": "${" begins a template in Terraform. Without quotes and
 * backslash the text needs no further escape in JSON or between single quotes in a shell.
 */
#define DESCRIPTION_CHARACTERS " ._-:/()#,@[]+=&;{}!*"
static const struct flowrules_escape title_escape = {
    .keep = DESCRIPTION_CHARACTERS, .replace = '_', .max_bytes = 200};
static const struct flowrules_escape word_escape = {
    .keep = "._-", .replace = '_', .max_bytes = 255};

/* ---- ids ----------------------------------------------------------------------------------- */

/* Is this PREFIX-hex, as EC2 writes ids (8 or 17 digits today)? */
static bool is_id(const char *prefix, const char *text, size_t length) {
    size_t head = strlen(prefix);
    if (length < head + 8 || length > head + 20 || strncmp(text, prefix, head) != 0)
        return false;
    return strspn(text + head, "0123456789abcdef") >= length - head;
}

static bool is_group_id(const char *text) {
    return is_id("sg-", text, strlen(text));
}

static bool is_account(const char *text) {
    return strlen(text) == 12 && strspn(text, "0123456789") == 12;
}

/* The groups of the setting: ids with spaces or commas between. */
static void read_group_ids(flowrules_output *out, struct state *s, const char *text) {
    for (text += strspn(text, " ,"); *text != '\0'; text += strspn(text, " ,")) {
        size_t length = strcspn(text, " ,");
        if (!is_id("sg-", text, length))
            flowrules_output_refuse(out,
                                    "the setting 'group' takes ids of security groups, sg-...");
        else if (s->id_count == GROUPS_MAX)
            flowrules_output_refuse(out, "an interface can have at most %d security groups",
                                    GROUPS_MAX);
        else
            memcpy(s->ids[s->id_count++], text, length);
        text += length;
    }
}

/* Without the setting: the group of the protected network, if that is all that is protected. */
static void read_protected_group(flowrules_output *out, struct state *s) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct flowrules_set protects = flowrules_plan_protects(plan);
    size_t atoms = flowrules_set_atom_count(protects);
    bool alone = atoms == 1 && flowrules_set_range_count(protects, FLOWRULES_IPV4) == 0 &&
                 flowrules_set_range_count(protects, FLOWRULES_IPV6) == 0;
    for (size_t i = 0; i < atoms; i++) {
        const char *name = flowrules_set_atom(protects, i).name;
        const char *id = flowrules_binding_value(plan, name, "group", 0);
        if (id == NULL)
            continue;
        if (!alone || flowrules_binding_value(plan, name, "group", 1) != NULL)
            flowrules_output_refuse(out,
                                    "it protects more than one security group: write a target for "
                                    "each, or name with 'group' the one that all interfaces have");
        else if (!is_group_id(id))
            flowrules_output_refuse(out, "the group of the protected network is not an id, sg-...");
        else
            memcpy(s->ids[s->id_count++], id, strlen(id));
    }
}

static void begin(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct state *s = flowrules_output_state(out);
    const char *group = flowrules_plan_setting(plan, "group");
    const char *vpc = flowrules_plan_setting(plan, "vpc");
    s->rules_per_group = (size_t)flowrules_plan_number(plan, "rules-per-group");
    s->groups = (size_t)flowrules_plan_number(plan, "groups");
    if (s->groups > QUOTA_PRODUCT / s->rules_per_group)
        s->groups = QUOTA_PRODUCT / s->rules_per_group;
    s->group_count = 1;
    if (vpc != NULL && !is_id("vpc-", vpc, strlen(vpc)))
        flowrules_output_refuse(out, "the setting 'vpc' takes the id of a VPC, vpc-...");
    if (group != NULL)
        read_group_ids(out, s, group);
    else if (vpc == NULL)
        read_protected_group(out, s);
}

/* ---- flows that can't be said -------------------------------------------------------------- */

static const char *refuse_peer(const flowrules_plan *plan, const char *network) {
    const char *id, *account = flowrules_binding_value(plan, network, "account", 0);
    bool any = false;
    for (size_t i = 0; (id = flowrules_binding_value(plan, network, "group", i)) != NULL; i++) {
        any = true;
        if (!is_group_id(id))
            return "a group of a network is the id of a security group, sg-...";
    }
    for (size_t i = 0; (id = flowrules_binding_value(plan, network, "prefix-list", i)) != NULL;
         i++) {
        any = true;
        if (!is_id("pl-", id, strlen(id)))
            return "a prefix-list of a network is the id of a prefix list, pl-...";
    }
    if (account != NULL && !is_account(account))
        return "the account of a network's group is a number of 12 digits";
    return any ? NULL : "its network has neither a group nor a prefix-list on this platform";
}

/* Ports beside any other protocol than these are not looked at, and all of it passes. */
static bool has_ports(int protocol) {
    return protocol == 6 || protocol == 17;
}

static bool is_icmp(int protocol) {
    return protocol == 1 || protocol == 58;
}

static const char *refuses(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    struct flowrules_set peer =
        flow->direction == FLOWRULES_EGRESS ? flow->destination : flow->source;
    for (size_t i = 0; i < flow->service_count; i++) {
        if (flow->services[i].destination_port_count > 0 && !has_ports(flow->services[i].protocol))
            return "a security group matches only TCP and UDP ports: all ports of another protocol "
                   "would pass";
    }
    for (size_t i = 0; i < flowrules_set_atom_count(peer); i++) {
        struct flowrules_atom atom = flowrules_set_atom(peer, i);
        const char *why = atom.kind == FLOWRULES_ATOM_GROUP ? refuse_peer(plan, atom.name) : NULL;
        if (why != NULL)
            return why;
    }
    return NULL;
}

/* AWS counts the most entries that a prefix list may have, which only its owner knows. */
static const char *warns(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    struct flowrules_set peer =
        flow->direction == FLOWRULES_EGRESS ? flow->destination : flow->source;
    for (size_t i = 0; i < flowrules_set_atom_count(peer); i++) {
        const char *network = flowrules_set_atom(peer, i).name;
        if (flowrules_binding_value(plan, network, "prefix-list", 0) != NULL &&
            flowrules_binding_value(plan, network, "entries", 0) == NULL)
            return "its prefix list has no 'entries' and counts as one rule here, but AWS counts "
                   "its MaxEntries (aws ec2 describe-managed-prefix-lists)";
    }
    return NULL;
}

/* ---- entries ------------------------------------------------------------------------------- */

static uint64_t mix_text(uint64_t hash, const char *text) {
    return flowrules_hash_bytes(hash, text, strlen(text));
}

static uint64_t mix_ip(uint64_t hash, struct flowrules_ip ip) {
    return flowrules_hash_number(flowrules_hash_number(hash, ip.hi), ip.lo);
}

static uint64_t key_of(const struct entry *e) {
    uint64_t hash = flowrules_hash_number(FLOWRULES_HASH_BEGIN, e->direction);
    hash = flowrules_hash_number(hash, (uint64_t)(int64_t)e->protocol);
    hash = flowrules_hash_number(hash, (uint64_t)(int64_t)e->from);
    hash = flowrules_hash_number(hash, (uint64_t)(int64_t)e->to);
    hash = flowrules_hash_number(hash, e->kind);
    if (e->id != NULL)
        hash = mix_text(hash, e->id);
    else
        hash = mix_ip(mix_ip(hash, e->range.first), e->range.last);
    return (hash ^ hash >> 48) & 0xffffffffffffu;
}

static bool same_ip(struct flowrules_ip a, struct flowrules_ip b) {
    return a.hi == b.hi && a.lo == b.lo;
}

static bool same_entry(const struct entry *a, const struct entry *b) {
    if (a->direction != b->direction || a->protocol != b->protocol || a->from != b->from ||
        a->to != b->to || a->kind != b->kind)
        return false;
    if (a->id != NULL)
        return strcmp(a->id, b->id) == 0;
    return same_ip(a->range.first, b->range.first) && same_ip(a->range.last, b->range.last);
}

/* What an entry counts in its direction, for each family: "Amazon VPC quotas". */
static void weigh(const flowrules_plan *plan, const struct entry *e, const char *network,
                  size_t weight[2]) {
    const char *entries = flowrules_binding_value(plan, network, "entries", 0);
    size_t list = 0;
    for (; entries != NULL && *entries >= '0' && *entries <= '9'; entries++)
        list = list * 10 + (size_t)(*entries - '0');
    if (list == 0)
        list = 1;
    for (int f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
        weight[f] = e->kind == PEER_PREFIX_LIST ? list
                    : e->kind == PEER_GROUP     ? 1
                                                : (size_t)((int)e->range.family == f);
}

/* The first group with room. */
static bool place(struct state *s, struct entry *e, const size_t weight[2]) {
    for (size_t g = 0; g < s->groups; g++) {
        uint16_t *used = s->used[g][e->direction];
        if (used[0] + weight[0] > s->rules_per_group || used[1] + weight[1] > s->rules_per_group)
            continue;
        used[0] = (uint16_t)(used[0] + weight[0]);
        used[1] = (uint16_t)(used[1] + weight[1]);
        e->group = (uint8_t)g;
        if (g >= s->group_count)
            s->group_count = g + 1;
        return true;
    }
    return false;
}

static void refuse_rules(flowrules_output *out, const struct state *s,
                         enum flowrules_direction direction) {
    flowrules_output_refuse(
        out,
        "its %zu %s rules are more than %zu security group%s of an interface take%s: %zu rules of "
        "a family each",
        flowrules_output_rule_count(out, direction, FLOWRULES_ALLOW), direction_word[direction],
        s->groups, s->groups == 1 ? "" : "s", s->groups == 1 ? "s" : "", s->rules_per_group);
}

/* What has no room in any group, or could have none. */
static void refuse_entry(flowrules_output *out, const struct state *s, const struct entry *e,
                         const char *network, const size_t weight[2]) {
    if (weight[0] <= s->rules_per_group && weight[1] <= s->rules_per_group)
        refuse_rules(out, s, e->direction);
    else
        flowrules_output_refuse(out,
                                "the prefix list of '%s' counts as %zu rules, but a security group "
                                "takes %zu: use a shorter list, or a higher quota",
                                network, weight[0], s->rules_per_group);
}

/* Adds a rule of the plan: to the entry that is the same, or as one. */
static void add(flowrules_output *out, struct entry e, const char *network, flowrules_flows flows) {
    struct state *s = flowrules_output_state(out);
    size_t weight[2];
    e.key = key_of(&e);
    size_t slot = e.key % SLOTS;
    for (; s->slots[slot] != 0; slot = (slot + 1) % SLOTS) {
        struct entry *other = &s->entries[s->slots[slot] - 1];
        if (same_entry(other, &e)) {
            other->flows = flowrules_flows_join(out, other->flows, flows);
            return;
        }
        if (other->key == e.key)
            e.key = (e.key + 1) & 0xffffffffffffu;
    }
    weigh(flowrules_output_plan(out), &e, network, weight);
    if (s->entry_count == ENTRIES_MAX || !place(s, &e, weight)) {
        refuse_entry(out, s, &e, network, weight);
        return;
    }
    e.flows = flows;
    s->entries[s->entry_count++] = e;
    s->slots[slot] = (uint16_t)s->entry_count;
}

/* FromPort and ToPort: ports, or type and code, where -1 is any. */
static void put_ports(struct entry *e, const struct flowrules_service *service) {
    e->protocol = service->protocol;
    e->from = e->to = NO_PORTS;
    if (is_icmp(service->protocol)) {
        e->from = service->icmp_type;
        e->to = service->icmp_type < 0 ? -1 : service->icmp_code;
    } else if (has_ports(service->protocol)) {
        bool some = service->destination_port_count > 0;
        e->from = some ? service->destination_ports[0].first : 0;
        e->to = some ? service->destination_ports[0].last : 65535;
    }
}

static void add_range(flowrules_output *out, struct entry e, struct flowrules_range range,
                      flowrules_flows flows) {
    e.kind = range.family == FLOWRULES_IPV4 ? PEER_IPV4 : PEER_IPV6;
    while (flowrules_range_next_prefix(&range, &e.range))
        add(out, e, "", flows);
}

/* Everything of a family, since the policy says any. */
static void add_all(flowrules_output *out, struct entry e, enum flowrules_family family,
                    flowrules_flows flows) {
    struct flowrules_range all = {family, {0, 0}, {0, 0xffffffffu}};
    if (family == FLOWRULES_IPV6)
        all.last = (struct flowrules_ip){UINT64_MAX, UINT64_MAX};
    add_range(out, e, all, flows);
}

static void add_network(flowrules_output *out, struct entry e, const char *network,
                        flowrules_flows flows) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    e.kind = PEER_GROUP;
    e.account = flowrules_binding_value(plan, network, "account", 0);
    for (size_t i = 0; (e.id = flowrules_binding_value(plan, network, "group", i)) != NULL; i++)
        add(out, e, network, flows);
    e.kind = PEER_PREFIX_LIST;
    e.account = NULL;
    for (size_t i = 0; (e.id = flowrules_binding_value(plan, network, "prefix-list", i)) != NULL;
         i++)
        add(out, e, network, flows);
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    struct flowrules_set peer = r->direction == FLOWRULES_EGRESS ? r->destination : r->source;
    struct entry e = {.direction = r->direction};
    for (size_t i = 0; i < r->service_count; i++) {
        put_ports(&e, &r->services[i]);
        for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
            if (!(r->families & FLOWRULES_FAMILY_BIT(f)))
                continue;
            if (flowrules_set_is_any(peer))
                add_all(out, e, f, r->flows);
            for (size_t k = 0; k < flowrules_set_range_count(peer, f); k++)
                if (!flowrules_set_is_any(peer))
                    add_range(out, e, flowrules_set_range(peer, f, k), r->flows);
        }
        for (size_t k = 0; k < flowrules_set_atom_count(peer); k++)
            add_network(out, e, flowrules_set_atom(peer, k).name, r->flows);
    }
}

/* ---- pieces of every format ---------------------------------------------------------------- */

static void write_protocol(flowrules_writer *w, int protocol) {
    if (protocol == 6 || protocol == 17)
        flowrules_write(w, protocol == 6 ? "tcp" : "udp");
    else if (is_icmp(protocol))
        flowrules_write(w, protocol == 1 ? "icmp" : "icmpv6");
    else
        flowrules_writef(w, "%d", protocol);
}

static void write_key(flowrules_writer *w, const struct entry *e) {
    flowrules_writef(w, "%04x%08x", (unsigned)(e->key >> 32), (unsigned)(e->key & 0xffffffffu));
}

static void write_cidr(flowrules_writer *w, const struct entry *e) {
    flowrules_write_prefix(w, &e->range);
}

/* Makes what people should know of each entry, behind "flowrules TARGET KEY: " in a description. */
static void make_notes(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    size_t head = sizeof "flowrules  0123456789ab: " - 1 +
                  strlen(flowrules_plan_target(flowrules_output_plan(out)));
    struct flowrules_escape escape = {.keep = DESCRIPTION_CHARACTERS, .replace = '_'};
    escape.max_bytes = head + 32 < DESCRIPTION_MAX ? DESCRIPTION_MAX - head : 32;
    for (size_t i = 0; i < s->entry_count; i++) {
        struct entry *e = &s->entries[i];
        e->notes = flowrules_output_notes(out, &escape, FLOWRULES_NOTES, e->flows,
                                          e->id == NULL ? &e->range : NULL);
    }
}

static void write_mark(flowrules_writer *w, const flowrules_plan *plan) {
    flowrules_writef(w, "flowrules %s ", flowrules_plan_target(plan));
}

static void write_description(flowrules_writer *w, const flowrules_plan *plan,
                              const struct entry *e) {
    write_mark(w, plan);
    write_key(w, e);
    flowrules_write(w, ": ");
    flowrules_write(w, e->notes);
}

/*
 * The rules that a group may have before anything is authorized: a new one lets everything out, and
 * the default group of a VPC lets everything in from itself.
 */
enum given { GIVEN_NOT, GIVEN_OUT_IPV4, GIVEN_OUT_IPV6, GIVEN_IN_SELF };

static enum given given_as(const struct state *s, const struct entry *e) {
    if (e->protocol >= 0)
        return GIVEN_NOT;
    if (e->direction == FLOWRULES_INGRESS)
        return e->kind == PEER_GROUP && e->group < s->id_count &&
                       strcmp(e->id, s->ids[e->group]) == 0
                   ? GIVEN_IN_SELF
                   : GIVEN_NOT;
    if (e->id != NULL || flowrules_range_prefix(&e->range) != 0)
        return GIVEN_NOT;
    return e->range.family == FLOWRULES_IPV4 ? GIVEN_OUT_IPV4 : GIVEN_OUT_IPV6;
}

/* The rule of this group that it may have before; or NULL. */
static const struct entry *find_given(const struct state *s, size_t group, enum given given) {
    for (size_t i = 0; i < s->entry_count; i++)
        if (s->entries[i].group == group && given_as(s, &s->entries[i]) == given)
            return &s->entries[i];
    return NULL;
}

/* Is "everything out" of a family a rule of this group, so that the default is not revoked? */
static bool keeps_default(const struct state *s, size_t group, enum flowrules_family family) {
    return find_given(s, group, family == FLOWRULES_IPV4 ? GIVEN_OUT_IPV4 : GIVEN_OUT_IPV6) != NULL;
}

/* Visits the entries of a group and direction; start with *at 0. */
static const struct entry *next_entry(const struct state *s, size_t group,
                                      enum flowrules_direction direction, size_t *at) {
    while (*at < s->entry_count) {
        const struct entry *e = &s->entries[(*at)++];
        if (e->group == group && e->direction == direction)
            return e;
    }
    return NULL;
}

/* ---- json: inputs of the CLI --------------------------------------------------------------- */

/* The parts of the text beside the inputs. */
enum { PART_CALLS };

/* What a call's name says, where the call may fail; or "". */
static const char *may_fail(const char *verb) {
    if (strstr(verb, "-all-") != NULL)
        return "\n     (InvalidPermission.Duplicate is as good: the group has that rule of itself)";
    if (strncmp(verb, "revoke", 6) == 0)
        return strstr(verb, "ipv6") != NULL
                   ? "\n     (InvalidPermission.NotFound is as good: the VPC has no IPv6, or it is "
                     "gone already)"
                   : "\n     (InvalidPermission.NotFound is as good: it is gone already)";
    return "";
}

/* The call that takes an input, for the text beside them. */
static void write_call_of(flowrules_output *out, const struct state *s, size_t group,
                          const char *verb) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = flowrules_output_part(out, PART_CALLS);
    const char *region = flowrules_plan_setting(plan, "region");
    flowrules_writef(w, "   - aws ec2 %s-security-group-%s",
                     strncmp(verb, "revoke", 6) == 0 ? "revoke" : "authorize",
                     strstr(verb, "ingress") != NULL ? "ingress" : "egress");
    flowrules_writef(w, " --cli-input-json file://%s-%zu-%s.json", flowrules_plan_target(plan),
                     group + 1, verb);
    if (group >= s->id_count)
        flowrules_writef(w, " --group-id GROUP-%zu", group + 1);
    if (region != NULL) {
        flowrules_write(w, " --region ");
        flowrules_write_user(w, &word_escape, region);
    }
    flowrules_write(w, may_fail(verb));
    flowrules_write(w, "\n");
}

/* TARGET.txt: how the inputs are loaded, checked and taken back. */
static void write_steps(flowrules_output *out, const struct state *s) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = flowrules_output_file(out, ".txt", false);
    const char *title = flowrules_plan_title(plan), *target = flowrules_plan_target(plan);
    flowrules_writef(w, "flowrules target %s, version %s: rules of AWS security groups\n", target,
                     flowrules_output_fingerprint(out));
    if (title != NULL) {
        flowrules_write_user(w, &title_escape, title);
        flowrules_write(w, "\n");
    }
    flowrules_write_pinned_day(w, plan, "", ".\n");
    if (s->id_count < s->group_count)
        flowrules_write(w, "\nGROUP-1 and so on are the ids of security groups, sg-..., which an "
                           "interface needs all of.\n");
    flowrules_writef(
        w,
        "\nTo load it, in the folder of these files. With --dry-run behind it a call only says "
        "whether\nit may be made (DryRunOperation).\n"
        "  1. Keep what is there, of each group:\n"
        "     aws ec2 describe-security-group-rules --filters Name=group-id,Values=GROUP "
        ">before-%s.json\n"
        "  2. In this order, so that what is new is there before what is old goes. EC2 refuses a "
        "whole\n     call for one rule that is there already (InvalidPermission.Duplicate):\n",
        target);
    flowrules_write_part(w, flowrules_output_part(out, PART_CALLS));
    flowrules_writef(
        w,
        "  3. Rules of an older version stay. List them: those whose key, behind \"flowrules %s\", "
        "is\n     in none of these files are revoked by their id (the format script does that by "
        "itself):\n"
        "     aws ec2 describe-security-group-rules --filters Name=group-id,Values=GROUP --query "
        "\\\n"
        "       \"SecurityGroupRules[?starts_with(not_null(Description, ''), 'flowrules %s ')]."
        "[IsEgress, SecurityGroupRuleId, Description]\" --output text\n"
        "     aws ec2 revoke-security-group-egress --group-id GROUP --security-group-rule-ids "
        "sgr-... "
        "(or -ingress)\n"
        "\nTo check it: aws ec2 describe-security-groups --group-ids GROUP >now.json, then\n"
        "flowrules verify POLICY -t %s now.json\n"
        "\nTo go back: the same with the files of the version before; then revoke what only this "
        "version\nhas, as in 3. To remove it: revoke all that 3 lists.\n",
        target, target, target);
}

static flowrules_writer *open_input(flowrules_output *out, const struct state *s, size_t group,
                                    const char *verb) {
    char suffix[64];
    write_call_of(out, s, group, verb);
    snprintf(suffix, sizeof suffix, "-%zu-%s.json", group + 1, verb);
    flowrules_writer *w = flowrules_output_file(out, suffix, false);
    flowrules_write(w, "{\n");
    if (group < s->id_count)
        flowrules_writef(w, "  \"GroupId\": \"%s\",\n", s->ids[group]);
    flowrules_write(w, "  \"IpPermissions\": [\n");
    return w;
}

static void write_permission(flowrules_writer *w, const flowrules_plan *plan,
                             const struct entry *e) {
    flowrules_write(w, "    {\"IpProtocol\": \"");
    write_protocol(w, e->protocol);
    flowrules_write(w, "\", ");
    if (e->from != NO_PORTS)
        flowrules_writef(w, "\"FromPort\": %d, \"ToPort\": %d, ", e->from, e->to);
    flowrules_writef(w, "\"%s\": [{\"%s\": \"", peers[e->kind].list, peers[e->kind].member);
    if (e->id != NULL)
        flowrules_write_user(w, &word_escape, e->id);
    else
        write_cidr(w, e);
    flowrules_write(w, "\", ");
    if (e->account != NULL) {
        flowrules_write(w, "\"UserId\": \"");
        flowrules_write_user(w, &word_escape, e->account);
        flowrules_write(w, "\", ");
    }
    flowrules_write(w, "\"Description\": \"");
    write_description(w, plan, e);
    flowrules_write(w, "\"}]}");
}

/* The next entry that no group has of itself; start with *at 0. */
static const struct entry *next_new(const struct state *s, size_t group,
                                    enum flowrules_direction direction, size_t *at) {
    const struct entry *e = next_entry(s, group, direction, at);
    while (e != NULL && given_as(s, e) != GIVEN_NOT)
        e = next_entry(s, group, direction, at);
    return e;
}

static void write_inputs(flowrules_output *out, const struct state *s, size_t group,
                         enum flowrules_direction direction) {
    static const char *const verbs[] = {"authorize-egress", "authorize-ingress"};
    size_t at = 0;
    const struct entry *e = next_new(s, group, direction, &at);
    if (e == NULL)
        return; /* EC2 takes no empty list */
    flowrules_writer *w = open_input(out, s, group, verbs[direction]);
    for (const char *before = ""; e != NULL; e = next_new(s, group, direction, &at)) {
        flowrules_write(w, before);
        flowrules_writer_origin(w, e->flows);
        write_permission(w, flowrules_output_plan(out), e);
        before = ",\n";
    }
    flowrules_write(w, "\n  ]\n}\n");
}

/*
 * EC2 refuses a whole call for one rule that is there already (InvalidPermission.Duplicate), so a
 * rule that the group may have of itself is a call of its own, which may fail.
 */
static void write_given(flowrules_output *out, const struct state *s, size_t group) {
    static const char *const verbs[] = {[GIVEN_OUT_IPV4] = "authorize-egress-all-ipv4",
                                        [GIVEN_OUT_IPV6] = "authorize-egress-all-ipv6",
                                        [GIVEN_IN_SELF] = "authorize-ingress-all-self"};
    for (enum given given = GIVEN_OUT_IPV4; given <= GIVEN_IN_SELF; given++) {
        const struct entry *e = find_given(s, group, given);
        if (e == NULL)
            continue;
        flowrules_writer *w = open_input(out, s, group, verbs[given]);
        flowrules_writer_origin(w, e->flows);
        write_permission(w, flowrules_output_plan(out), e);
        flowrules_write(w, "\n  ]\n}\n");
    }
}

/* Are groups of a VPC made here, since none is named? */
static bool makes_groups(const flowrules_plan *plan, const struct state *s) {
    return s->id_count == 0 && flowrules_plan_setting(plan, "vpc") != NULL;
}

/*
 * Does the default egress go? A target that only permits leaves it to a group of others, and never
 * to one that it makes: that would open all on the interfaces of the group.
 */
static bool revokes_default(const flowrules_plan *plan, const struct state *s) {
    return flowrules_plan_permits(plan) ? makes_groups(plan, s)
                                        : flowrules_plan_enforces(plan, FLOWRULES_EGRESS);
}

/* Two calls: that of IPv6 fails where the VPC has none. */
static void write_revokes(flowrules_output *out, const struct state *s, size_t group) {
    if (!keeps_default(s, group, FLOWRULES_IPV4))
        flowrules_write(open_input(out, s, group, "revoke-egress-ipv4"),
                        "    {\"IpProtocol\": \"-1\", \"IpRanges\": [{\"CidrIp\": \"0.0.0.0/0\"}]}"
                        "\n  ]\n}\n");
    if (!keeps_default(s, group, FLOWRULES_IPV6))
        flowrules_write(open_input(out, s, group, "revoke-egress-ipv6"),
                        "    {\"IpProtocol\": \"-1\", \"Ipv6Ranges\": [{\"CidrIpv6\": \"::/0\"}]}"
                        "\n  ]\n}\n");
}

static void end_json(flowrules_output *out) {
    const struct state *s = flowrules_output_state(out);
    make_notes(out);
    for (size_t g = 0; g < s->group_count; g++) {
        write_inputs(out, s, g, FLOWRULES_EGRESS);
        write_inputs(out, s, g, FLOWRULES_INGRESS);
        write_given(out, s, g);
        if (revokes_default(flowrules_output_plan(out), s))
            write_revokes(out, s, g);
    }
    write_steps(out, s);
}

/* ---- script -------------------------------------------------------------------------------- */

/* The head of the script, as far as its variables. */
static const struct flowrules_piece *
begin_template(flowrules_writer *w, const flowrules_output *out, const struct state *s) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct flowrules_value target = {"TARGET", flowrules_plan_target(plan), NULL};
    const struct flowrules_value title[] = {{"TITLE", flowrules_plan_title(plan), &title_escape},
                                            {"VERSION", flowrules_output_fingerprint(out), NULL},
                                            target,
                                            {NULL, NULL, NULL}};
    const struct flowrules_value usage[] = {
        {"WITH_DEFAULT", revokes_default(plan, s) ? ", and with it the default egress" : NULL,
         NULL},
        {"PERMITS", flowrules_plan_permits(plan) ? "" : NULL, NULL},
        target,
        {NULL, NULL, NULL}};
    const struct flowrules_piece *rest =
        flowrules_write_template(w, fr_aws_sg_script, title, "SHUTS");
    flowrules_write_shuts(w, out, "# ", "\n");
    rest = flowrules_write_template(w, rest, usage, "DAY");
    flowrules_write_pinned_day(w, plan, "# ", "\n");
    rest = flowrules_write_template(w, rest, NULL, "MARK");
    write_mark(w, plan);
    return flowrules_write_template(w, rest, NULL, "VARIABLES");
}

static void write_quoted(flowrules_writer *w, const char *name, const char *user_text) {
    flowrules_writef(w, " %s='", name);
    flowrules_write_user(w, &word_escape, user_text);
    flowrules_write(w, "'");
}

/* The name of groups that are made, without their number. */
static const char *group_name(const flowrules_plan *plan, const char **before) {
    const char *name = flowrules_plan_setting(plan, "name");
    *before = name != NULL ? "" : "flowrules-";
    return name != NULL ? name : flowrules_plan_target(plan);
}

/* Of the default egress that is revoked, does a group keep the rule of a family? */
static bool keeps_family(const flowrules_plan *plan, const struct state *s,
                         enum flowrules_family family) {
    bool keeps = false;
    for (size_t g = 0; g < s->group_count && revokes_default(plan, s); g++)
        keeps = keeps || keeps_default(s, g, family);
    return keeps;
}

static bool keeps_some(const flowrules_plan *plan, const struct state *s) {
    return keeps_family(plan, s, FLOWRULES_IPV4) || keeps_family(plan, s, FLOWRULES_IPV6);
}

static void write_keeps(flowrules_writer *w, const struct state *s) {
    static const char *const all[] = {"0.0.0.0/0", "::/0"};
    flowrules_write(w, " keeps='");
    for (size_t g = 0; g < s->group_count; g++)
        for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
            if (keeps_default(s, g, f))
                flowrules_writef(w, " %zu:%s", g + 1, all[f]);
    flowrules_write(w, "'");
}

/* What the shell needs: which groups, how many, whose default egress goes, which others it tells
 * of. */
static void write_variables(flowrules_writer *w, const flowrules_plan *plan,
                            const struct state *s) {
    bool egress = flowrules_plan_enforces(plan, FLOWRULES_EGRESS);
    bool ingress = flowrules_plan_enforces(plan, FLOWRULES_INGRESS);
    const char *before, *name = group_name(plan, &before);
    write_quoted(w, "region", flowrules_plan_setting(plan, "region"));
    if (makes_groups(plan, s)) {
        write_quoted(w, "vpc", flowrules_plan_setting(plan, "vpc"));
        flowrules_writef(w, " name='%s%s'", before, name);
    }
    flowrules_write(w, "\ngroups=${SG-'");
    for (size_t i = 0; i < s->id_count; i++)
        flowrules_writef(w, "%s%s", i > 0 ? " " : "", s->ids[i]);
    flowrules_writef(w, "'} needed=%zu", s->group_count);
    for (size_t g = 0; makes_groups(plan, s) && g < s->groups; g++)
        flowrules_writef(w, "%s%zu", g > 0 ? " " : " numbers='", g + 1);
    flowrules_write(w, makes_groups(plan, s) ? "'" : "");
    if (revokes_default(plan, s))
        flowrules_write(w, " shuts='" FR_AWS_SG_SHUTS "'");
    if (keeps_some(plan, s))
        write_keeps(w, s);
    if (flowrules_plan_permits(plan))
        egress = ingress = false;
    flowrules_writef(w, " tells='%s%s%s'", egress ? "egress" : "", egress && ingress ? " " : "",
                     ingress ? "ingress" : "");
}

/* " KEY>PEER" of an entry, whose kind is seen by its form; no description has a ">". */
static void write_peer(flowrules_writer *w, struct entry *e) {
    flowrules_writer_origin(w, e->flows);
    flowrules_write(w, " ");
    write_key(w, e);
    flowrules_write(w, ">");
    if (e->account != NULL) {
        flowrules_write_user(w, &word_escape, e->account);
        flowrules_write(w, "/");
    }
    if (e->id != NULL)
        flowrules_write_user(w, &word_escape, e->id);
    else
        write_cidr(w, e);
    e->written = true;
}

static bool share_line(const struct entry *a, const struct entry *b) {
    return !b->written && a->group == b->group && a->direction == b->direction &&
           a->protocol == b->protocol && a->from == b->from && a->to == b->to && a->notes != NULL &&
           b->notes != NULL && strcmp(a->notes, b->notes) == 0;
}

/* An entry, with those behind it that differ in the peer alone. */
static void write_row(flowrules_writer *w, struct state *s, size_t index) {
    struct entry *e = &s->entries[index];
    size_t peers_written = 1;
    flowrules_writef(w, "%d %s ", e->group + 1, direction_word[e->direction]);
    write_protocol(w, e->protocol);
    if (e->from == NO_PORTS)
        flowrules_write(w, " - -");
    else
        flowrules_writef(w, " %d %d", e->from, e->to);
    write_peer(w, e);
    for (size_t i = index + 1; i < s->entry_count && peers_written < LINE_PEERS; i++) {
        if (!share_line(e, &s->entries[i]))
            continue;
        write_peer(w, &s->entries[i]);
        peers_written++;
    }
    flowrules_writef(w, " | %s\n", e->notes);
}

/* The rows of a group and direction. */
static void write_rows(flowrules_writer *w, struct state *s, size_t group,
                       enum flowrules_direction direction) {
    for (size_t i = 0; i < s->entry_count; i++)
        if (!s->entries[i].written && s->entries[i].group == group &&
            s->entries[i].direction == direction)
            write_row(w, s, i);
}

/* What the shell has to do, bits of enum fr_aws_sg_part. */
static unsigned shell_parts(const flowrules_plan *plan, const struct state *s) {
    static const unsigned kinds[] = {[PEER_IPV4] = 0,
                                     [PEER_IPV6] = FR_AWS_SG_IPV6,
                                     [PEER_PREFIX_LIST] = FR_AWS_SG_LIST,
                                     [PEER_GROUP] = FR_AWS_SG_GROUP};
    unsigned parts = makes_groups(plan, s) ? FR_AWS_SG_MADE : 0;
    parts |= revokes_default(plan, s) ? FR_AWS_SG_CLOSES : 0;
    parts |= keeps_some(plan, s) ? FR_AWS_SG_KEEPS : 0;
    if (makes_groups(plan, s) && revokes_default(plan, s))
        parts |= fr_aws_sg_opens(keeps_family(plan, s, FLOWRULES_IPV4),
                                 keeps_family(plan, s, FLOWRULES_IPV6));
    for (size_t i = 0; i < s->entry_count; i++) {
        const struct entry *e = &s->entries[i];
        parts |= e->account != NULL ? FR_AWS_SG_ACCOUNT : kinds[e->kind];
        parts |= e->from == NO_PORTS ? FR_AWS_SG_BARE : 0;
    }
    return parts;
}

static void end_script(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct state *s = flowrules_output_state(out);
    flowrules_writer *w = flowrules_output_file(out, ".sh", true);
    struct flowrules_value parts[FR_AWS_SG_PARTS + 1];
    make_notes(out);
    const struct flowrules_piece *rest = begin_template(w, out, s);
    write_variables(w, plan, s);
    rest = flowrules_write_template(w, rest, NULL, "RULES");
    for (size_t g = 0; g < s->group_count; g++)
        for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++)
            write_rows(w, s, g, d);
    fr_aws_sg_parts(shell_parts(plan, s), parts);
    flowrules_write_template(w, rest, parts, NULL);
}

/* ---- terraform ----------------------------------------------------------------------------- */

/* A label of this target: [A-Za-z_][A-Za-z0-9_-]*, told apart where a dot had to go. */
static void write_label(flowrules_writer *w, const flowrules_plan *plan) {
    static const struct flowrules_escape escape = {.keep = "_-", .replace = '_', .max_bytes = 200};
    const char *target = flowrules_plan_target(plan);
    flowrules_write(w, "flowrules_");
    flowrules_write_user(w, &escape, target);
    if (strchr(target, '.') != NULL)
        flowrules_writef(w, "_%04x", (unsigned)(mix_text(FLOWRULES_HASH_BEGIN, target) & 0xffff));
}

static void write_terraform_head(flowrules_writer *w, const flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *title = flowrules_plan_title(plan), *target = flowrules_plan_target(plan);
    const char *region = flowrules_plan_setting(plan, "region");
    flowrules_write(w, "{\n  \"//\": [\n");
    if (title != NULL) {
        flowrules_write(w, "    \"");
        flowrules_write_user(w, &title_escape, title);
        flowrules_write(w, "\",\n");
    }
    flowrules_writef(w, "    \"Target %s, version %s: rules of AWS security groups.\",\n", target,
                     flowrules_output_fingerprint(out));
    if (flowrules_plan_permits(plan))
        flowrules_write(w, "    \"Permits alone: what the rules of others let pass, passes.\",\n");
    flowrules_write_shuts(w, out, "    \"", "\",\n");
    if (region != NULL) {
        flowrules_write(w, "    \"For a provider of the region ");
        flowrules_write_user(w, &word_escape, region);
        flowrules_write(w, ".\",\n");
    }
    flowrules_write_pinned_day(w, plan, "    \"", ".\",\n");
    flowrules_writef(
        w,
        "    \"Put %s.tf.json into a module, then: terraform plan; terraform apply.\",\n"
        "    \"Undo with the file of the version before, or without it.\"\n  ]",
        target);
}

/* Groups of a VPC are made here; the provider revokes their default egress as it makes them. */
static void write_own_groups(flowrules_writer *w, const flowrules_plan *plan,
                             const struct state *s) {
    const char *before, *name = group_name(plan, &before);
    flowrules_write(w, "    \"aws_security_group\": {");
    for (size_t g = 0; g < s->group_count; g++) {
        flowrules_write(w, g > 0 ? ",\n      \"" : "\n      \"");
        write_label(w, plan);
        flowrules_writef(w, "_%zu\": {\"name\": \"%s%s-%zu\", \"description\": \"flowrules %s\", ",
                         g + 1, before, name, g + 1, flowrules_plan_target(plan));
        flowrules_write(w, "\"vpc_id\": \"");
        flowrules_write_user(w, &word_escape, flowrules_plan_setting(plan, "vpc"));
        flowrules_write(w, "\"}");
    }
    flowrules_write(w, "\n    }");
}

/* Groups that are there already, as a variable: with a default where they are known. */
static void write_variable(flowrules_writer *w, const flowrules_plan *plan, const struct state *s) {
    flowrules_write(w, ",\n  \"variable\": {\n    \"");
    write_label(w, plan);
    flowrules_writef(
        w,
        "_groups\": {\n      \"type\": \"list(string)\",\n      \"description\": \"The "
        "ids of %zu security group%s, first to last, all on each interface\",\n",
        s->group_count, s->group_count == 1 ? "" : "s");
    if (s->id_count >= s->group_count) {
        flowrules_write(w, "      \"default\": [");
        for (size_t i = 0; i < s->id_count; i++)
            flowrules_writef(w, "%s\"%s\"", i > 0 ? ", " : "", s->ids[i]);
        flowrules_write(w, "],\n");
    }
    flowrules_write(w, "      \"validation\": {\n        \"condition\": \"${length(var.");
    write_label(w, plan);
    flowrules_writef(
        w,
        "_groups) >= %zu}\",\n        \"error_message\": \"The rules take %zu security "
        "group%s.\"\n      }\n    }\n  }",
        s->group_count, s->group_count, s->group_count == 1 ? "" : "s");
}

/*
 * No resource can take the default egress from a group that is there already: a plan that would
 * leave it fails.
 */
static void write_default_check(flowrules_writer *w, const flowrules_plan *plan) {
    flowrules_write(w, ",\n  \"data\": {\n    \"aws_vpc_security_group_rules\": {\n      \"");
    write_label(w, plan);
    flowrules_write(w, "\": {\"filter\": [{\"name\": \"group-id\", \"values\": \"${var.");
    write_label(w, plan);
    flowrules_write(w, "_groups}\"}]}\n    },\n    \"aws_vpc_security_group_rule\": {\n      \"");
    write_label(w, plan);
    flowrules_write(w, "\": {\n        \"for_each\": \"${toset(data.aws_vpc_security_group_rules.");
    write_label(w, plan);
    flowrules_write(
        w, ".ids)}\",\n        \"security_group_rule_id\": \"${each.value}\",\n"
           "        \"lifecycle\": {\"postcondition\": {\n"
           "          \"condition\": \"${!self.is_egress || self.ip_protocol != \\\"-1\\\" || "
           "(self.cidr_ipv4 != \\\"0.0.0.0/0\\\" && self.cidr_ipv6 != \\\"::/0\\\") || "
           "startswith(coalesce(self.description, \\\"-\\\"), \\\"");
    write_mark(w, plan);
    flowrules_write(w,
                    "\\\")}\",\n"
                    "          \"error_message\": \"The group ${self.security_group_id} still lets "
                    "everything out: aws ec2 revoke-security-group-egress --group-id "
                    "${self.security_group_id} --security-group-rule-ids ${each.value}\"\n"
                    "        }}\n      }\n    }\n  }");
}

static void write_resource(flowrules_writer *w, const flowrules_plan *plan, const struct entry *e,
                           bool own) {
    flowrules_write(w, "      \"");
    flowrules_writer_origin(w, e->flows);
    write_label(w, plan);
    flowrules_write(w, "_");
    write_key(w, e);
    flowrules_write(w, own ? "\": {\"security_group_id\": \"${aws_security_group."
                           : "\": {\"security_group_id\": \"${var.");
    write_label(w, plan);
    flowrules_writef(w, own ? "_%u.id}\", " : "_groups[%u]}\", ", e->group + (own ? 1u : 0u));
    flowrules_write(w, "\"ip_protocol\": \"");
    write_protocol(w, e->protocol);
    flowrules_write(w, "\", ");
    if (e->from != NO_PORTS)
        flowrules_writef(w, "\"from_port\": %d, \"to_port\": %d, ", e->from, e->to);
    flowrules_writef(w, "\"%s\": \"", peers[e->kind].terraform);
    if (e->account != NULL) {
        flowrules_write_user(w, &word_escape, e->account);
        flowrules_write(w, "/");
    }
    if (e->id != NULL)
        flowrules_write_user(w, &word_escape, e->id);
    else
        write_cidr(w, e);
    flowrules_write(w, "\", \"description\": \"");
    write_description(w, plan, e);
    /* A rule that moves to another group is there before it is gone here. */
    flowrules_write(w, "\", \"lifecycle\": {\"create_before_destroy\": true}}");
}

/* All resources; before stands in front of the first kind. */
static void write_resources(flowrules_writer *w, const flowrules_plan *plan, const struct state *s,
                            bool own) {
    const char *kind_before = ",\n  \"resource\": {\n";
    if (own) {
        flowrules_write(w, kind_before);
        write_own_groups(w, plan, s);
        kind_before = ",\n";
    }
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_INGRESS; d++) {
        const char *before = "\n";
        const struct entry *e;
        for (size_t g = 0; g < s->group_count; g++) {
            for (size_t at = 0; (e = next_entry(s, g, d, &at)) != NULL; before = ",\n") {
                if (before[0] == '\n')
                    flowrules_writef(w, "%s    \"aws_vpc_security_group_%s_rule\": {", kind_before,
                                     direction_word[d]);
                flowrules_write(w, before);
                write_resource(w, plan, e, own);
                kind_before = ",\n";
            }
        }
        flowrules_write(w, before[0] == '\n' ? "" : "\n    }");
    }
    flowrules_write(w, kind_before[2] == '\0' ? "\n  }" : ""); /* {} would be an error */
}

static void end_terraform(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct state *s = flowrules_output_state(out);
    make_notes(out);
    flowrules_writer *w = flowrules_output_file(out, ".tf.json", false);
    bool own = makes_groups(plan, s);
    write_terraform_head(w, out);
    if (!own)
        write_variable(w, plan, s);
    if (!own && revokes_default(plan, s))
        write_default_check(w, plan);
    write_resources(w, plan, s, own);
    flowrules_write(w, "\n}\n");
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct flowrules_setting settings[] = {
    {.key = "group",
     .type = "text",
     .help = "id of the security group, sg-...; further ids take the rules that do not fit; "
             "default: the group of the protected network"},
    {.key = "vpc", .type = "text", .help = "without a group: the VPC in which groups are created"},
    {.key = "name",
     .type = "name",
     .help = "names of created groups begin with it, before their number; default flowrules- and "
             "the target's name"},
    {.key = "region",
     .type = "text",
     .help = "region of the script's calls; default: that of the AWS CLI"},
    {.key = "rules-per-group",
     .type = "integer 1 1000",
     .fallback = "60",
     .help = "the quota of rules of a group, for each direction and family"},
    {.key = "groups",
     .type = "integer 1 16",
     .fallback = "5",
     .help = "the quota of groups of an interface"},
    {.key = NULL},
};

static const struct flowrules_setting bindings[] = {
    {.key = "group", .type = "list text", .help = "id of a security group, sg-..."},
    {.key = "account",
     .aside = true,
     .type = "text",
     .help = "the account that the group belongs to, 12 digits"},
    {.key = "prefix-list", .type = "list text", .help = "id of a prefix list, pl-..."},
    {.key = "entries",
     .aside = true,
     .type = "integer 1 1000",
     .help = "how many rules the prefix list counts in the quota: its MaxEntries; default 1"},
    {.key = NULL},
};

static const struct flowrules_limit limits[] = {
    {"rules of a group in a direction, for each family", 60,
     "Amazon VPC quotas: inbound or outbound rules per security group"},
    {"groups of an interface", 5, "Amazon VPC quotas: security groups per network interface"},
    {"rules of a group times groups of an interface", QUOTA_PRODUCT, "Amazon VPC quotas"},
    {"bytes of a rule's description", DESCRIPTION_MAX, "Amazon EC2 API: IpRange"},
    {.name = NULL},
};

static const struct flowrules_format formats[] = {
    {.name = "json",
     .help = "inputs of aws ec2 authorize- and revoke-security-group-egress and -ingress "
             "--cli-input-json; authorize-...-all-... may fail with InvalidPermission.Duplicate if "
             "the group has that rule, and revoke-egress-ipv6 if the VPC has no IPv6",
     .begin = begin,
     .rule = rule,
     .end = end_json},
    {.name = "script",
     .help = "a script that updates the groups with the AWS CLI",
     .begin = begin,
     .rule = rule,
     .end = end_script},
    {.name = "terraform",
     .help = "a .tf.json file, one resource a rule",
     .begin = begin,
     .rule = rule,
     .end = end_terraform},
    {.name = NULL},
};

extern const struct flowrules_backend flowrules_backend_aws_sg;
const struct flowrules_backend flowrules_backend_aws_sg = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "aws-sg",
    .title = "AWS security groups",
    .description = "Rules of security groups on the network interfaces of an AWS VPC",
    .capabilities = {.placement = FLOWRULES_ATTACHED,
                     .evaluation = FLOWRULES_ALLOW_UNION,
                     .families = FLOWRULES_BOTH_FAMILIES,
                     .permits = true,
                     .permits_note =
                         "the other rules of the groups, and other groups of an interface",
                     .implicit_end = true,
                     .groups = true,
                     .addresses_per_end = 1,
                     .prefixes = true,
                     .one_service = true,
                     .one_port = true,
                     .icmp_types = true},
    .state_size = sizeof(struct state),
    .formats = formats,
    .settings = settings,
    .bindings = bindings,
    .limits = limits,
    .refuses = refuses,
    .warns = warns,
    .read = fr_aws_sg_read,
};
