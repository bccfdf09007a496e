/*
 * plain: a listing for people, one block for each rule; the smallest whole backend, to copy.
 * Knows how a rule reads in words; knows no firewall, and nothing that it writes can be loaded.
 */
#include "flowrules/backend.h"
#include "flowrules/kits/flows.h"
#include "icmp_types.h"

/* One line of text is all that can be broken out of: no control characters. */
static const struct flowrules_escape text_escape = {
    .keep = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    .replace = '?',
    .utf8 = true,
    .max_bytes = 1024,
};

static void line(flowrules_writer *w, const char *label, const char *user_text) {
    if (user_text) {
        flowrules_writef(w, "  %-12s ", label);
        flowrules_write_user(w, &text_escape, user_text);
        flowrules_write(w, "\n");
    }
}

static void begin(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = flowrules_output_file(out, ".txt", false);
    flowrules_writef(w, "target %s\n", flowrules_plan_target(plan));
    line(w, "title", flowrules_plan_title(plan));
    line(w, "version", flowrules_output_fingerprint(out));
}

static void write_ranges(flowrules_writer *w, struct flowrules_set set,
                         enum flowrules_family family, const char *label) {
    size_t count = flowrules_set_range_count(set, family);
    for (size_t i = 0; i < count; i++) {
        struct flowrules_range range = flowrules_set_range(set, family, i);
        flowrules_writef(w, "  %-12s ", label);
        flowrules_write_range(w, &range);
        flowrules_write(w, "\n");
    }
}

static void write_end(flowrules_writer *w, const struct flowrules_rule *rule,
                      struct flowrules_set set, const char *label) {
    if (flowrules_set_is_any(set)) {
        const char *any = rule->families == FLOWRULES_BOTH_FAMILIES                ? "any"
                          : rule->families == FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4) ? "any IPv4"
                                                                                   : "any IPv6";
        line(w, label, any);
        return;
    }
    write_ranges(w, set, FLOWRULES_IPV4, label);
    write_ranges(w, set, FLOWRULES_IPV6, label);
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++) {
        struct flowrules_atom atom = flowrules_set_atom(set, i);
        flowrules_writef(w, "  %-12s %s", label, atom.kind == FLOWRULES_ATOM_WILDCARD ? "*." : "");
        flowrules_write_user(w, &text_escape, atom.name);
        flowrules_write(w, "\n");
    }
}

static void write_port_list(flowrules_writer *w, const char *label,
                            const struct flowrules_ports *ports, size_t count) {
    for (size_t i = 0; i < count; i++) {
        flowrules_write(w, i == 0 ? label : ", ");
        flowrules_write_ports(w, ports[i], "-");
    }
}

static const char *const protocols[] = {[1] = "icmp", [6] = "tcp", [17] = "udp",    [47] = "gre",
                                        [50] = "esp", [51] = "ah", [58] = "icmpv6", [132] = "sctp"};

/* types: how many services from this one on are types of ICMP, which are one line. */
static void write_service(flowrules_writer *w, const struct flowrules_service *service,
                          size_t types) {
    size_t known = sizeof protocols / sizeof *protocols;
    flowrules_write(w, "  service      ");
    if (service->protocol < 0)
        flowrules_write(w, "any");
    else if ((size_t)service->protocol < known && protocols[service->protocol])
        flowrules_write(w, protocols[service->protocol]);
    else
        flowrules_writef(w, "protocol %d", service->protocol);
    write_port_list(w, " from port ", service->source_ports, service->source_port_count);
    write_port_list(w, " to port ", service->destination_ports, service->destination_port_count);
    if (service->icmp_type >= 0) {
        flowrules_write(w, " type ");
        fr_icmp_types_write(w, service, types);
    }
    if (service->icmp_code >= 0)
        flowrules_writef(w, " code %d", service->icmp_code);
    flowrules_write(w, "\n");
}

/* The tags of a flow in one line: they tell what is required, and what optional. */
static void write_tags(flowrules_writer *w, const flowrules_output *out, flowrules_flows flows,
                       size_t index) {
    const char *tag;
    for (size_t i = 0; (tag = flowrules_flows_tag(out, flows, index, i)); i++) {
        if (i == 0)
            flowrules_writef(w, "  %-12s ", "tags");
        else
            flowrules_write(w, ", ");
        flowrules_write_user(w, &text_escape, tag);
    }
    if (flowrules_flows_tag(out, flows, index, 0))
        flowrules_write(w, "\n");
}

/* The flows that a deny takes nothing from. */
static void write_spared(flowrules_writer *w, const flowrules_output *out, flowrules_flows flows,
                         size_t index) {
    const char *flow;
    for (size_t i = 0; (flow = flowrules_flows_spares(out, flows, index, i)); i++)
        line(w, "spares", flow);
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    flowrules_writer *w = flowrules_output_file(out, ".txt", false);
    flowrules_writef(w, "\n[ ] %s ", r->action == FLOWRULES_ALLOW ? "allow" : "deny");
    flowrules_writer_origin(w, r->flows);
    flowrules_write_user(w, &text_escape, r->name);
    flowrules_write(w, "\n");
    for (size_t i = 0; i < flowrules_flows_count(out, r->flows); i++) {
        line(w, "flow", flowrules_flows_name(out, r->flows, i));
        line(w, "purpose", flowrules_flows_purpose(out, r->flows, i));
        line(w, "owner", flowrules_flows_owner(out, r->flows, i));
        line(w, "ticket", flowrules_flows_ticket(out, r->flows, i));
        line(w, "volume", flowrules_flows_volume(out, r->flows, i));
        line(w, "frequency", flowrules_flows_frequency(out, r->flows, i));
        line(w, "expires", flowrules_flows_expires(out, r->flows, i));
        write_tags(w, out, r->flows, i);
        write_spared(w, out, r->flows, i);
    }
    write_end(w, r, r->source, "source");
    write_end(w, r, r->destination, "destination");
    for (size_t i = 0, types; i < r->service_count; i += types) {
        types = fr_icmp_types_count(&r->services[i], r->service_count - i);
        write_service(w, &r->services[i], types);
    }
    if (r->log)
        line(w, "log", "yes");
}

static void end(flowrules_output *out) {
    flowrules_writer *w = flowrules_output_file(out, ".txt", false);
    flowrules_writef(w, "\n[ ] deny everything else%s\n",
                     flowrules_plan_log_denied(flowrules_output_plan(out)) ? ", and log it" : "");
    flowrules_write(w, "\nchecked by ____________________  on ____________\n");
}

static const struct flowrules_format formats[] = {
    {.name = "txt", .help = "a list for people", .begin = begin, .rule = rule, .end = end},
    {.name = NULL},
};

extern const struct flowrules_backend flowrules_backend_plain;
const struct flowrules_backend flowrules_backend_plain = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "plain",
    .title = "Plain text",
    .description = "A list for people: what would be allowed, flow by flow",
    .capabilities = {.placement = FLOWRULES_TRANSIT,
                     .evaluation = FLOWRULES_FIRST_MATCH,
                     .permits_note = "it only lists the flows and decides nothing",
                     .denies = FLOWRULES_DENIES_SPARE,
                     .families = FLOWRULES_BOTH_FAMILIES,
                     .mixed_families = true,
                     .names = true,
                     .wildcards = FLOWRULES_WILDCARDS_BELOW,
                     .source_names = true,
                     .deny_names = true,
                     .every_group = true,
                     .source_ports = true,
                     .icmp_types = true,
                     .logging = true},
    .formats = formats,
};
