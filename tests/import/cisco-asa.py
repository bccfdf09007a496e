"""
Running configurations of an ASA as people grow them: interfaces, names, objects and nested groups,
remarks, entries that are inactive or log, wide denies behind narrow permits, lists for the inside,
the outside and for what is no filter at all.
"""

HOSTS = ["10.1.2.3", "10.1.7.20", "192.0.2.10", "192.0.2.25", "198.51.100.7", "203.0.113.80"]
NETS = ["10.1.0.0 255.255.0.0", "10.1.4.0 255.255.252.0", "10.0.0.0 255.0.0.0",
        "192.0.2.0 255.255.255.0", "198.51.100.0 255.255.255.128", "203.0.113.0 255.255.255.0"]
NAMES = ["hub.example.com", "mirror.example.net"]
HOSTS6 = ["2001:db8:1::10", "2001:db8:2::20"]
NETS6 = ["2001:db8:1::/64", "2001:db8:2::/64", "2001:db8::/32"]
TCP = ["eq https", "eq www", "eq ssh", "eq 8443", "range 8000 8010", "eq 3389", "gt 1023",
       "eq ldaps", "lt 1024", "neq 25", "eq sqlnet"]
UDP = ["eq domain", "eq ntp", "eq syslog", "range 33434 33523", "eq snmp"]
MEMBERS = ["tcp destination eq https", "tcp destination eq www", "udp destination eq domain",
           "tcp destination range 5000 5010", "icmp echo", "icmp unreachable", "esp",
           "udp destination eq isakmp", "tcp source gt 1023 destination eq 1521", "tcp-udp destination eq sip"]
REMARKS = ["Clients to the web servers", "CHG0012345 requested by J. Smith", "=== monitoring ===",
           "temporary, remove after migration", "do not touch!"]


class Device:
    """What a configuration has so far, so that entries refer to what is there."""

    def __init__(self, rng):
        self.rng = rng
        self.lines = []
        self.networks, self.groups = ["anything"], []
        self.names = []  # objects of names: no policy denies one
        self.services, self.mixes, self.ports, self.protocols, self.types = [], [], [], [], []
        self.aliases = []
        self.odd = self.maybe(0.2)  # some entries are about users, an interface or nights

    def add(self, *lines):
        self.lines += lines

    def maybe(self, chance):
        return self.rng.random() < chance


def define_networks(d):
    d.add("object network anything", " subnet 0.0.0.0 0.0.0.0")
    for number in range(d.rng.randrange(1, 6)):
        name = d.rng.choice(["WEB", "obj", "DB_prod", "srv-", "x"]) + str(number)
        value = d.rng.choice(["host " + d.rng.choice(HOSTS), "subnet " + d.rng.choice(NETS),
                              "range 10.1.9.10 10.1.9.20", "subnet " + d.rng.choice(NETS6),
                              "fqdn v4 " + d.rng.choice(NAMES)])
        d.add("object network " + name, " " + value)
        if d.maybe(0.3):
            d.add(" description " + d.rng.choice(REMARKS))
        (d.names if value.startswith("fqdn") else d.networks).append(name)


def end_of_group(d):
    ways = ["host " + d.rng.choice(d.aliases + HOSTS), d.rng.choice(NETS),
            "object " + d.rng.choice(d.networks), "host " + d.rng.choice(HOSTS6),
            d.rng.choice(NETS6)]
    return d.rng.choice(ways)


def define_groups(d):
    for number in range(d.rng.randrange(1, 5)):
        name = d.rng.choice(["GRP-", "DM_INLINE_NETWORK_", "Servers_"]) + str(number)
        d.add("object-group network " + name)
        for _ in range(d.rng.randrange(1, 5)):
            d.add(" network-object " + end_of_group(d))
        if d.groups and d.maybe(0.4):
            d.add(" group-object " + d.rng.choice(d.groups))
        d.groups.append(name)


def define_services(d):
    if d.maybe(0.5):
        d.add("object service app", " service tcp destination eq 9443")
        d.services.append("app")
    for number in range(d.rng.randrange(0, 3)):
        name = f"DM_INLINE_SERVICE_{number}"
        d.add("object-group service " + name)
        d.add(*(" service-object " + m for m in d.rng.sample(MEMBERS, d.rng.randrange(1, 5))))
        if d.services and d.maybe(0.5):
            d.add(" service-object object app")
        if d.mixes and d.maybe(0.3):
            d.add(" group-object " + d.mixes[-1])
        d.mixes.append(name)
    for number in range(d.rng.randrange(0, 3)):
        name = f"ports-{number}"
        d.add(f"object-group service {name} tcp")
        d.add(*(" port-object " + p for p in d.rng.sample(TCP[:6], d.rng.randrange(1, 4))))
        d.ports.append(name)
    if d.maybe(0.4):
        d.add("object-group protocol TCPUDP", " protocol-object udp", " protocol-object tcp")
        d.protocols.append("TCPUDP")
    if d.maybe(0.4):
        d.add("object-group icmp-type pings", " icmp-object echo", " icmp-object echo-reply",
              " icmp-object time-exceeded")
        d.types.append("pings")


def end(d, names=()):
    ways = ["any"] * 3 + ["any4", "host " + d.rng.choice(HOSTS + d.aliases), d.rng.choice(NETS),
                          "object " + d.rng.choice(d.networks),
                          "object-group " + d.rng.choice(d.groups), d.rng.choice(NETS6)]
    ways += ["object " + name for name in names]
    return d.rng.choice(ways)


def entry(d, name):
    action = d.rng.choices(["permit", "deny"], [4, 1])[0]
    source, destination = end(d), end(d, d.names if action == "permit" else ())
    kinds = ["tcp"] * 5 + ["udp"] * 2 + ["ip", "icmp", "esp"]
    kinds += ["mix"] * bool(d.mixes) + ["object"] * bool(d.services) + ["group"] * bool(d.protocols)
    kind = d.rng.choice(kinds)
    ports, protocol = "", kind
    if kind == "tcp" and d.ports and d.maybe(0.3):
        ports = " object-group " + d.rng.choice(d.ports)
    elif kind in ("tcp", "udp") and d.maybe(0.9):
        ports = " " + d.rng.choice(TCP if kind == "tcp" else UDP)
    elif kind == "icmp" and d.types and d.maybe(0.5):
        ports = " object-group pings"
    elif kind == "icmp" and d.maybe(0.6):
        ports = " " + d.rng.choice(["echo", "echo-reply", "unreachable", "3 4", "time-exceeded"])
    elif kind == "mix":
        protocol = "object-group " + d.rng.choice(d.mixes)
    elif kind == "object":
        protocol = "object app"
    elif kind == "group":
        protocol, ports = "object-group TCPUDP", " eq domain"
    if d.odd and d.maybe(0.15):  # what no policy can say
        source = d.rng.choice(["interface outside", "user EXAMPLE\\anna any",
                               "object-group-security staff any"])
    tail = d.rng.choices(["", " log", " log disable", " log notifications interval 60",
                          " inactive", " time-range office", " time-range over",
                          " time-range nights" if d.odd else ""],
                         [12, 2, 1, 1, 1, 1, 1, 1])[0]
    return f"access-list {name} extended {action} {protocol} {source} {destination}{ports}{tail}"


def define_list(d, name):
    d.add(f"access-list {name} extended deny tcp any any eq telnet")  # so that no list passes all
    for _ in range(d.rng.randrange(1, 12)):
        if d.maybe(0.3):
            d.add(f"access-list {name} remark " + d.rng.choice(REMARKS))
        d.add(entry(d, name))
    closing = d.rng.random()
    if closing < 0.3:
        d.add(f"access-list {name} extended deny ip any any log")
    elif closing < 0.45:
        d.add(f"access-list {name} extended deny ip any 10.0.0.0 255.0.0.0",
              f"access-list {name} extended permit ip any any")


def head(d):
    d.add(": Saved", ":", "ASA Version 9.16(4) ", "!", "hostname fw01", "enable password *****",
          "no mac-address auto", "names")
    if d.maybe(0.3):
        d.add("name 10.1.2.99 old-printer description second floor")
        d.aliases.append("old-printer")
    d.add("!", "interface GigabitEthernet0/0", " nameif outside", " security-level 0",
          " ip address 203.0.113.1 255.255.255.0 ", "!", "interface GigabitEthernet0/1",
          " nameif inside", " security-level 100", " ip address 10.1.0.1 255.255.0.0 ", "!",
          "time-range office", " absolute end 18:00 31 December 2030", "!",
          "time-range over", " absolute end 18:00 31 December 2020", "!",
          "time-range nights", " periodic weekdays 20:00 to 23:59", "!",
          "banner motd access-list outside_in extended permit ip any any",
          "ftp mode passive", "dns server-group DefaultDNS", " domain-name example.com")


def tail(d):
    d.add("pager lines 24", "logging enable", "mtu outside 1500", "no failover",
          "access-group inside_in in interface inside",
          "nat (inside,outside) source dynamic any interface",
          "route outside 0.0.0.0 0.0.0.0 203.0.113.254 1 ", "timeout xlate 3:00:00",
          "snmp-server group v3 v3 priv", "crypto map outside_map 1 match address vpn",
          "ssh 10.1.0.0 255.255.0.0 inside", "threat-detection basic-threat",
          "class-map inspection_default", " match default-inspection-traffic", "!",
          "policy-map global_policy", " class inspection_default", "  inspect icmp ", "!",
          "service-policy global_policy global", "Cryptochecksum:0123456789abcdef",
          ": end")


def generate(rng):
    d = Device(rng)
    head(d)
    define_networks(d)
    define_groups(d)
    define_services(d)
    define_list(d, "inside_in")
    d.add("access-list vpn extended permit ip 10.1.0.0 255.255.0.0 192.0.2.0 255.255.255.0",
          "access-list split standard permit 10.1.0.0 255.255.0.0")
    options = []
    if d.maybe(0.4):
        define_list(d, "outside_in")
        tail(d)
        d.add("access-group outside_in in interface outside")
        options = ["--set", "interface=" + rng.choice(["inside", "outside"])]
    else:
        tail(d)
    return [("running.cfg", "\n".join(d.lines) + "\n")], options


def count_rules(files):
    return sum(line.startswith("access-list ") and " extended " in line
               for _, text in files for line in text.splitlines())
