"""Policies of so many flows that every way of lowering them to lookups is taken.

A crowd is a policy and, for each of its targets, what must be found in the artifact: a crowd
whose flows no longer lead to a table, a dispatch or pairs would prove nothing of them.
"""

HERE = ["10.1.0.0/16", "2001:db8:1::/48"]
NODE = ["10.1.0.0/24", "2001:db8:1::/64"]


def host(number):
    return ["10.2.%d.%d" % (number // 256, number % 256), "2001:db8:2::%x" % number]


def node(number):
    return ["10.1.0.%d" % number, "2001:db8:1::%x" % number]


def net(number):
    return ["10.64.%d.0/24" % number, "2001:db8:64:%x::/64" % number]


def nest(depth):
    """Prefixes that hold each other, the widest first."""
    return ["10.128.0.0/%d" % (9 + depth), "2001:db8:8000::/%d" % (34 + 9 * depth)]


def far(number):
    return ["10.128.%d.0/22" % (4 * number), "2001:db8:80%02x::/48" % number]


def inner(number):
    return ["10.128.%d.0/24" % (4 * number + 1), "2001:db8:80%02x:8000::/49" % number]


def stretch(number):
    """Ranges that are no prefixes and overlap the next one."""
    return ["10.96.%d.200-10.96.%d.9" % (number, number + 2),
            "2001:db8:96::%x:ff00-2001:db8:96::%x:9" % (number, number + 2)]


class Crowd:
    def __init__(self, protects, targets, marks, scripts=False):
        self.document = {"flowrules": 1, "protects": protects, "flows": [], "targets": targets}
        self.marks = marks
        self.scripts = scripts  # also in a short run, though they load a rule at a time

    def add(self, name, source, destination, **service):
        self.document["flows"].append(dict(service, name=name, source=source,
                                           destination=destination))

    def both_ways(self, name, near, far, **service):
        self.add(name + "-out", near, far, **service)
        self.add(name + "-in", far, near, **service)


def _services(add, prefix, **more):
    """Flows to far ends of all kinds, so many that they become tables, layers and products."""
    for i in range(36):
        add("%s-host%d" % (prefix, i), host(i * 3), protocol="tcp", port=[443, 8000 + i], **more)
    for i in range(20):
        add("%s-net%d" % (prefix, i), net(2 * i) + net(2 * i + 1), protocol="udp", port=9000, **more)
        add("%s-within%d" % (prefix, i), ["10.64.%d.7" % i, "2001:db8:64:%x::7" % i],
            protocol="udp", port=[9000, 9003], **more)
    for i in range(9):
        add("%s-nest%d" % (prefix, i), nest(i), protocol="tcp", port=[7000 + i, 7443], **more)
        add("%s-nested-range%d" % (prefix, i), nest(i), protocol="sctp",
            port="%d-%d" % (6000 + 5 * i, 6008 + 5 * i), **more)
        add("%s-stretch%d" % (prefix, i), stretch(i), protocol="tcp",
            port=[9100 + i, "9200-%d" % (9210 + i)], **more)
    for i, protocol in enumerate(("esp", "ah", "gre", 89, "tcp", "udp", "sctp", "any")):
        add("%s-whole-%s" % (prefix, protocol), host(300 + i) + net(60 + i), protocol=protocol,
            **more)
    for i in range(18):
        add("%s-from-port%d" % (prefix, i), host(400 + i // 3), protocol="udp",
            **dict(more, **{"source-port": 1000 + i // 2, "port": 500 + i % 3}))
    add(prefix + "-hosts", [a for i in range(70) for a in host(500 + 2 * i)], protocol="tcp", port=5000,
        **more)
    add(prefix + "-ports", [a for i in range(14) for a in host(700 + 2 * i)], protocol="tcp",
        port=[5000, 5002, 5004, 5006, "5008-5010"], **more)
    add(prefix + "-ping", net(80), protocol="icmp", **dict(more, **{"icmp-type": 8}))
    add(prefix + "-ping6", net(80), protocol="icmpv6", **dict(more, **{"icmp-type": [128, 1]}))


def tables():
    """One group of each direction with flows of every kind, and a deny inside many of them."""
    crowd = Crowd(NODE, {
        "node-nft": {"backend": "nftables"},
        "masked-nft": {"backend": "nftables", "masked-sets": 2},
        "node-ipt": {"backend": "iptables", "set-size": 4},
        "router-nft": {"backend": "nftables", "hook": "forward"},
        "plain-ipt": {"backend": "iptables", "hook": "forward", "optimize": False},
    }, {"masked-nft": [r"ip daddr & 255.255.254.0 \. udp dport @out_node_v4_udp_slash23",
                       r"ip6 daddr & ffff:ffff:ffff:fffe:: \. udp dport @out_node_v6_udp_slash63",
                       r"ip6 saddr & ffff:\S+:8000:0 \. tcp dport @in_node_v6_tcp_slash97",
                       r"set out_node_v4_tcp_nets "],
        "node-nft": [r"out_node_v4_tcp_nets3", r"out_node_v6_tcp_nets3", r"in_node_v6_udp_hosts",
                     r"in_deny_node_v4_tcp_nets", r"out_deny_node_v6_tcp_hosts", r"set out_node_v4_gre_nets",
                     r"2001:db8:8000::/\d+ \. 60\d\d-60\d\d", r"set out_node_v4\.\d"],
        "node-ipt": [r"create \S+ hash:ip,port family inet ", r"create \S+ hash:ip,port family inet6 ",
                     r"create \S+ hash:net,port family inet6 ", r"create \S+ hash:net family inet6 ",
                     r"create \S+ hash:ip family inet ", r"--dports 5000"],
        "router-nft": [r"fwd_node_v6_tcp_nets2"], "plain-ipt": [r"-m multiport --dports 443"]})
    _services(lambda name, far, **service: crowd.both_ways(name, "node", far, **service), "go")
    crowd.document["networks"] = {"node": NODE}
    for i in range(0, 36, 3):
        crowd.both_ways("no-host%d" % i, "node", host(i * 3), protocol="tcp", port=443,
                        action="deny")
        crowd.both_ways("no-part%d" % i, "node", ["10.64.%d.0/26" % i, "2001:db8:64:%x::/66" % i],
                        protocol="udp", port="8999-9000", action="deny")
    for i in range(0, 9, 2):
        crowd.both_ways("no-nest%d" % i, "node", nest(i + 1), protocol="tcp",
                        port=["6990-%d" % (7000 + i)], action="deny")
        crowd.both_ways("no-port%d" % i, "node", nest(i), protocol=["tcp", "udp"],
                        **{"source-port": 20 + i, "action": "deny"})
        crowd.both_ways("no-whole%d" % i, "node", host(300 + i), protocol=["esp", "gre", "tcp"],
                        action="deny")
    crowd.both_ways("no-one", "node", host(307), service="any", action="deny")
    return crowd


def pairs():
    """Many machines with peers of their own, host to host, some of them forbidden again."""
    crowd = Crowd(HERE, {
        "node-nft": {"backend": "nftables"},
        "node-ipt": {"backend": "iptables", "set-size": 6},
        "router-nft": {"backend": "nftables", "hook": "forward"},
        "router-ipt": {"backend": "iptables", "hook": "forward"},
        "plain-nft": {"backend": "nftables", "optimize": False},
    }, {"node-nft": [r"ip saddr \. ip daddr \. tcp dport @out_pairs", r"@in_pairs",
                     r"@out_deny_pairs", r"@in_deny_pairs"],
        "node-ipt": [r"create \S+ hash:ip,port,ip family inet ", r"create \S+ hash:ip,port,ip family inet6 ", r"-m set --match-set \S+ src,dst,dst "],
        "router-nft": [r"@fwd_pairs"], "router-ipt": [r"hash:ip,port,ip family inet6 "]}, scripts=True)
    for i in range(40):
        crowd.both_ways("peer%d" % i, node(i), host(i) + host(i + 2), protocol="tcp",
                        port=[443, 9000 + i])
        crowd.both_ways("query%d" % i, node(i), host(i), protocol=["udp", "sctp"], port=53)
        if i % 2 == 0:
            crowd.both_ways("no-peer%d" % i, node(i), host(i), protocol="tcp", port=443,
                            action="deny")
    for i in range(5):
        crowd.both_ways("many%d" % i, node(100 + i) + node(110 + i) + node(120 + i), host(200 + i),
                        protocol="tcp", port=8443)
        crowd.both_ways("area%d" % i, ["10.1.0.%d/29" % (i * 8), "2001:db8:1::%x/125" % (i * 8)],
                        net(i), protocol="tcp", port="1000-2000")
    return crowd


def tunnels():
    """Pairs of machines without ports, which are tables of their own."""
    crowd = Crowd(HERE, {"node-nft": {"backend": "nftables"},
                         "node-ipt": {"backend": "iptables", "set-size": 4}},
                  {"node-nft": [r"meta l4proto esp ip saddr \. ip daddr @out_pairs",
                                r"\tip6 saddr \. ip6 daddr @in_pairs", r"@in_deny_pairs"],
                   "node-ipt": [r"hash:net,net family inet ", r"--match-set \S+ src,dst -j"]}, scripts=True)
    for i in range(20):
        crowd.both_ways("tunnel%d" % i, node(i), host(i), protocol=("esp", "any", "ah", 89)[i % 4])
        crowd.both_ways("stream%d" % i, node(i), host(i + 1), protocol="tcp")
        crowd.both_ways("no-tunnel%d" % i, node(i), host(i), protocol=["esp", 89], action="deny")
    return crowd


def dispatch():
    """Many groups whose prefixes nest and overlap, so that a packet belongs to several."""
    crowd = Crowd(HERE, {
        "node-nft": {"backend": "nftables"},
        "masked-nft": {"backend": "nftables", "hook": "forward", "masked-sets": 1},
        "node-ipt": {"backend": "iptables"},
        "router-nft": {"backend": "nftables", "hook": "forward"},
        "router-ipt": {"backend": "iptables", "hook": "forward"},
        "plain-nft": {"backend": "nftables", "hook": "forward", "optimize": False},
    }, {"masked-nft": [r"@fwd_area\d+_out_v4_\S+_slash"], "node-nft": [r"ip saddr vmap @out_by_source_v4", r"ip6 daddr vmap @in_by_destination_v6",
                     r"ip saddr vmap @out_by_source_2_v4",
                     r"ip6 daddr vmap @in_by_destination_2_v6", r"@out_area\d+_out_v4_tcp_nets2"],
        "node-ipt": [r"/d1-0", r"/d1-1", r"/d1-c\d"],
        "router-nft": [r"ip saddr vmap @fwd_by_source_v4", r"ip6 daddr vmap @fwd_by_dest"],
        "router-ipt": [r"/d1-0", r"/d2-0"], "plain-nft": [r"jump fwd_area\d+_in_v6\b"]})
    areas = [["10.1.0.0/%d" % (16 + i), "2001:db8:1::/%d" % (48 + 5 * i)] for i in range(0, 16, 3)]
    areas += [["10.1.%d.200-10.1.%d.9" % (i, i + 3), "2001:db8:1:%x::7-2001:db8:1:%x::9" % (i, i + 3)]
              for i in range(0, 14, 2)]
    areas += [["10.1.%d.0/24" % i, "10.1.%d.0/25" % (i + 40), "2001:db8:1:%x::/64" % i]
              for i in range(0, 18, 3)]
    for i, area in enumerate(areas):
        crowd.both_ways("area%d" % i, area, far(i), protocol="tcp", port=["1000-1015", 443])
        crowd.both_ways("no-area%d" % i, area, inner(i), protocol="tcp", port="1005-1030",
                        action="deny")
        if i % 3 == 0:
            crowd.both_ways("log-area%d" % i, area, far(i + 1), protocol="udp", port=53, log=True)
            crowd.both_ways("no-more%d" % i, area, inner(i + 1), protocol="any", action="deny")
    for i in range(20):  # a table, or several, behind the dispatch
        crowd.both_ways("deep%d" % i, areas[3], nest(i % 9), protocol="tcp", port=[2000 + i, 2443])
        crowd.both_ways("back%d" % i, areas[i % 19], net(i % 19), protocol="udp", port=2000 + i)
    for i in range(17):
        crowd.add("from%d" % i, areas[i] + areas[i + 1], net(30 + i), protocol="tcp", port=3000)
        crowd.add("from-more%d" % i, areas[i + 1] + areas[i + 2], net(30 + i), protocol="tcp", port=3001)
    crowd.both_ways("anybody", HERE, "any", protocol="tcp", port=4443)
    crowd.add("from-anybody", "any", areas[1], protocol="udp", port=4443)
    return crowd


def logged():
    """More logged flows than have a rule each, beside others that are not logged."""
    crowd = Crowd(NODE, {
        "node-nft": {"backend": "nftables"},
        "node-ipt": {"backend": "iptables", "log": "all"},
    }, {"node-nft": [r"@out_node_v4_tcp_hosts \S*.*log prefix", r"@in_node_v6_tcp_hosts .*log prefix"],
        "node-ipt": [r"--match-set \S+ dst,dst .*-j LOG", r"FR denied: "]})
    _services(lambda name, far, **service: crowd.both_ways(name, "node", far, **service), "log", log=True)
    crowd.document["networks"] = {"node": NODE}
    for i in range(20):
        crowd.both_ways("quiet%d" % i, "node", host(i * 3), protocol=["tcp", "udp"], port=8000 + i)
        crowd.both_ways("no%d" % i, "node", host(i * 3 + i % 2), protocol="tcp", port=8000 + i,
                        action="deny", log=i % 2 == 0)
    return crowd


CROWDS = {"tables": tables, "pairs": pairs, "tunnels": tunnels, "dispatch": dispatch, "logged": logged}
