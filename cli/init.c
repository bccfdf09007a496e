/*
 * flowrules init: a policy to start from, with comments that say what to put in its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"
#include "verbs.h"

static const char first[] =
    "# A policy of flowrules: the connections that may be opened, and the firewalls that enforce "
    "it.\n"
    "#   flowrules check policy.yaml              is it valid, and what would it deny?\n"
    "#   flowrules explain policy.yaml            how exactly can each target express each flow?\n"
    "#   flowrules render policy.yaml -o rules    the files; the head of each says how to load it\n"
    "# All addresses are examples (RFC 5737, RFC 3849): replace them. What no flow allows is "
    "denied.\n"
    "flowrules: 1\n"
    "title: A server\n"
    "\n"
    "# The networks to protect: flows from and to them are enforced.\n"
    "protects: [server]\n"
    "\n"
    "# Addresses, prefixes, ranges, DNS names and other networks, under a name. 'any' is all of "
    "them.\n"
    "networks:\n"
    "  server: [192.0.2.10, \"2001:db8::10\"]\n"
    "  office: [198.51.100.0/24]\n"
    "  resolvers: [192.0.2.53, \"2001:db8::53\"]\n"
    "  time-servers: [192.0.2.123]\n"
    "\n"
    "# A protocol and ports, under a name. Flows may also have 'protocol' and 'port' themselves.\n"
    "services:\n"
    "  web: {protocol: tcp, port: [80, 443]}\n"
    "  dns: {protocol: [tcp, udp], port: 53}\n"
    "\n"
    "# Who may open connections. Replies pass without a flow. 'action: deny' beats every allow.\n"
    "flows:\n"
    "  - name: web\n"
    "    purpose: The site, for everybody\n"
    "    source: any\n"
    "    destination: server\n"
    "    service: web\n"
    "  - name: ssh\n"
    "    purpose: Administration\n"
    "    owner: ops            # purpose, owner, ticket and tags are for people, and appear in the "
    "rules\n"
    "    # expires: 2027-12-31 # the last day on which it is valid\n"
    "    source: office\n"
    "    destination: server\n"
    "    protocol: tcp\n"
    "    port: 22\n"
    "  - {name: dns, source: server, destination: resolvers, service: dns}\n"
    "  - {name: ntp, source: server, destination: time-servers, protocol: udp, port: 123}\n"
    "  - {name: updates, source: server, destination: any, protocol: tcp, port: [80, 443]}\n"
    "  # A server with a dynamic address needs DHCP. Remove these two if its address is fixed.\n"
    "  - {name: dhcp, source: any, destination: any, protocol: udp, source-port: 68, port: 67}\n"
    "  - {name: dhcpv6, source: any, destination: any, protocol: udp, source-port: [546, 547], "
    "port: [546, 547]}\n"
    "  - {name: ping, source: any, destination: server, protocol: icmp, icmp-type: 8}\n"
    "  - {name: ping-ipv6, source: any, destination: server, protocol: icmpv6, icmp-type: 128}\n"
    "\n"
    "# Where the flows are enforced. 'flowrules targets' lists the backends and their settings.\n"
    "targets:\n"
    "  server-nft: {backend: nftables}\n"
    "  # server-iptables: {backend: iptables}\n"
    "  listing: {backend: plain} # to read, and to sign\n";

static const char cluster[] =
    "# A policy of flowrules for a Kubernetes namespace: connections from and to its pods.\n"
    "#   flowrules check policy.yaml              is it valid, and what would it deny?\n"
    "#   flowrules explain policy.yaml            how exactly can each target express each flow?\n"
    "#   flowrules render policy.yaml -o rules    the files; the head of each says how to load it\n"
    "# Replace the namespaces, labels and addresses. What no flow allows is denied, in and out.\n"
    "flowrules: 1\n"
    "title: The namespace shop\n"
    "\n"
    "# All pods of the namespace are denied what no flow allows; flows to and from 'web' and 'api' "
    "are theirs.\n"
    "protects: [namespace, web, api]\n"
    "\n"
    "# Pods by their labels. A target that knows no pods takes a network's 'members', its "
    "addresses.\n"
    "networks:\n"
    "  namespace: {kubernetes: {namespace: shop, pods: any}}\n"
    "  web: {kubernetes: {namespace: shop, pods: {app: web}}}\n"
    "  api: {kubernetes: {namespace: shop, pods: {app: api}}}\n"
    "  ingress-controller: {kubernetes: {namespace: ingress-nginx, pods: {app.kubernetes.io/name: "
    "ingress-nginx}}}\n"
    "  prometheus: {kubernetes: {namespace: monitoring, pods: {app.kubernetes.io/name: "
    "prometheus}}}\n"
    "  cluster-dns: {kubernetes: {namespace: kube-system, pods: {k8s-app: kube-dns}}}\n"
    "  # Nodes and the API server are no pods. To Cilium they are entities, whatever their "
    "addresses are.\n"
    "  nodes: {members: [10.0.0.0/16], cilium: {entities: [host, remote-node]}}\n"
    "  api-server: {members: [192.0.2.10], cilium: {entities: [kube-apiserver]}}\n"
    "  database: [192.0.2.20]\n"
    "\n"
    "services:\n"
    "  dns: {protocol: [tcp, udp], port: 53}\n"
    "\n"
    "# Ports are the pods' own, behind their Services.\n"
    "flows:\n"
    "  - {name: ingress, source: ingress-controller, destination: web, protocol: tcp, port: 8080}\n"
    "  - {name: web-to-api, source: web, destination: api, protocol: tcp, port: 8081}\n"
    "  - {name: probes, source: nodes, destination: [web, api], protocol: tcp, port: [8080, "
    "8081]}\n"
    "  - {name: metrics, source: prometheus, destination: [web, api], protocol: tcp, port: 9090}\n"
    "  - {name: dns, source: namespace, destination: cluster-dns, service: dns}\n"
    "  - name: database\n"
    "    purpose: The orders\n"
    "    owner: shop-team          # purpose, owner, ticket and tags are for people, and appear in "
    "the rules\n"
    "    # expires: 2027-12-31     # the last day on which it is valid\n"
    "    source: api\n"
    "    destination: database\n"
    "    protocol: tcp\n"
    "    port: 5432\n"
    "  - {name: kubernetes-api, source: api, destination: api-server, protocol: tcp, port: 6443}\n"
    "\n"
    "# Keep one of the first two. 'flowrules targets' lists the backends and their settings.\n"
    "targets:\n"
    "  network-policy: {backend: kubernetes}\n"
    "  # cilium-policy: {backend: cilium}\n"
    "  listing: {backend: plain} # to read, and to sign\n";

static const char edge[] =
    "# A policy of flowrules for a firewall between networks.\n"
    "#   flowrules check policy.yaml              is it valid, and what would it deny?\n"
    "#   flowrules explain policy.yaml            how exactly can each target express each flow?\n"
    "#   flowrules render policy.yaml -o rules    the files; the head of each says how to load it\n"
    "# All addresses are examples (RFC 5737, RFC 1918): replace them. What no flow allows is "
    "denied.\n"
    "flowrules: 1\n"
    "title: The firewall of a site\n"
    "\n"
    "# The networks behind the firewall: it enforces flows between them and all other networks.\n"
    "protects: [office, servers]\n"
    "\n"
    "networks:\n"
    "  # A network may have data for a platform: here the zones of PAN-OS.\n"
    "  office: {members: [10.1.0.0/16], paloalto: {zone: office}}\n"
    "  servers: {members: [10.2.0.0/24], paloalto: {zone: servers}}\n"
    "  web-server: [10.2.0.10]\n"
    "  mail-server: [10.2.0.25]\n"
    "  resolvers: {members: [192.0.2.53, 198.51.100.53], paloalto: {zone: internet}}\n"
    "  time-servers: {members: [192.0.2.123], paloalto: {zone: internet}}\n"
    "  partner: {members: [203.0.113.0/24], paloalto: {zone: internet}}\n"
    "  infected: [10.1.99.0/24]\n"
    "\n"
    "services:\n"
    "  web: {protocol: tcp, port: [80, 443]}\n"
    "  dns: {protocol: [tcp, udp], port: 53}\n"
    "  mail: {protocol: tcp, port: [25, 465, 587, 993]}\n"
    "\n"
    "# A deny beats every allow; the order of flows does not matter.\n"
    "flows:\n"
    "  - {name: dns, source: [office, servers], destination: resolvers, service: dns}\n"
    "  - {name: ntp, source: [office, servers], destination: time-servers, protocol: udp, port: "
    "123}\n"
    "  - {name: browsing, source: [office, servers], destination: any, service: web}\n"
    "  - {name: site, source: any, destination: web-server, service: web}\n"
    "  - {name: mail-in, source: any, destination: mail-server, protocol: tcp, port: 25}\n"
    "  - {name: mail-out, source: mail-server, destination: any, protocol: tcp, port: 25}\n"
    "  - {name: mail-clients, source: office, destination: mail-server, service: mail}\n"
    "  - name: partner-orders\n"
    "    purpose: The partner's orders\n"
    "    owner: sales           # purpose, owner, ticket and tags are for people, and appear in "
    "the rules\n"
    "    ticket: NET-1\n"
    "    # expires: 2027-12-31  # the last day on which it is valid\n"
    "    source: partner\n"
    "    destination: web-server\n"
    "    protocol: tcp\n"
    "    port: 8443\n"
    "  - {name: ping, source: [office, servers], destination: any, protocol: icmp, icmp-type: 8}\n"
    "  - {name: quarantine, action: deny, source: infected, destination: any, service: any}\n"
    "\n"
    "# Keep the one for your firewall. 'flowrules targets' lists the backends and their settings.\n"
    "targets:\n"
    "  edge-linux: {backend: nftables, hook: forward}\n"
    "  # edge-asa: {backend: cisco-asa, interface: inside}\n"
    "  # edge-paloalto: {backend: paloalto, from-zone: internet, to-zone: internet}\n"
    "  listing: {backend: plain} # to read, and to sign\n";

static const char *const starts[] = {
    [FROM_FIRST] = first, [FROM_CLUSTER] = cluster, [FROM_EDGE] = edge};

const char *const init_choices[] = {
    [FROM_FIRST] = "first", [FROM_CLUSTER] = "cluster", [FROM_EDGE] = "edge", NULL};

/* Makes a file that was not there; one that is half written is taken away again. */
static flowrules_status write_new(struct tool *tool, const char *path, const char *text) {
    size_t size = strlen(text);
    int made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (made < 0 && errno == EEXIST) {
        tell_error(tool, "'%s' exists already and is not overwritten; name another file", path);
        return FLOWRULES_USAGE;
    }
    FILE *file = made >= 0 ? fdopen(made, "w") : NULL;
    bool written = file != NULL && fwrite(text, 1, size, file) == size;
    int reason = errno;
    if (file != NULL && fclose(file) != 0 && written) {
        written = false;
        reason = errno;
    }
    if (written)
        return FLOWRULES_OK;
    tell_error(tool, "cannot write '%s': %s", path, strerror(reason));
    if (made >= 0)
        unlink(path);
    return FLOWRULES_IO;
}

flowrules_status run_init(struct tool *tool) {
    const struct text_list *operands = &tool->settings.operands;
    const char *path = operands->count > 0 ? operands->items[0] : "policy.yaml";
    const char *text = starts[tool->settings.start];
    if (strcmp(path, "-") == 0) {
        fputs(text, stdout);
        return FLOWRULES_OK;
    }
    flowrules_status status = write_new(tool, path, text);
    if (status == FLOWRULES_OK) {
        fputs("wrote ", stdout);
        print_user(stdout, path);
        putchar('\n');
    }
    return status;
}
