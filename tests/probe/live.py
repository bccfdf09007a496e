"""Scripts run against the servers of world.py, in its namespace, with every tool in turn."""

import concurrent.futures
import os
import re
import subprocess
import sys

import suite
import world

POLICY = """
flowrules: 1
protects: [here]
networks:
  here: [198.51.100.0/24, "2001:db8:f::/64"]
services:
  dns: [{protocol: udp, port: 53}, {protocol: tcp, port: 53}]
flows:
  - {name: open, source: here, destination: good.example.com, protocol: tcp, port: 9200}
  - {name: open6, source: here, destination: "2001:db8::10", protocol: tcp, port: 9200}
  - {name: closed, source: here, destination: 192.0.2.10, protocol: tcp, port: 9300}
  - {name: filtered, source: here, destination: 192.0.2.10, protocol: tcp, port: 81}
  - {name: rejected, source: here, destination: 192.0.2.10, protocol: tcp, port: 82}
  - {name: nameless, source: here, destination: missing.example.com, protocol: tcp, port: 9200}
  - {name: routeless, source: here, destination: 203.0.113.1, protocol: tcp, port: 9200}
  - {name: routeless6, source: here, destination: "2001:db8:99::1", protocol: tcp, port: 9200}
  - {name: tls, source: here, destination: good.example.com, protocol: tcp, port: 443}
  - {name: tls-address, source: here, destination: 192.0.2.10, protocol: tcp, port: 443}
  - {name: tls-self, source: here, destination: good.example.com, protocol: tcp, port: 8443}
  - {name: tls-wrong, source: here, destination: wrong.example.com, protocol: tcp, port: 443}
  - {name: tls-closed, source: here, destination: good.example.com, protocol: tcp, port: 993}
  - {name: tls-mute, source: here, destination: good.example.com, protocol: tcp, port: 636}
  - {name: dns, source: here, destination: 192.0.2.10, service: dns}
  - {name: dns6, source: here, destination: "2001:db8::10", service: dns}
  - {name: dns-silent, source: here, destination: 192.0.2.11, protocol: udp, port: 53}
  - {name: dns-none, source: here, destination: 192.0.2.12, protocol: tcp, port: 53}
  - {name: ntp, source: here, destination: good.example.com, protocol: udp, port: 123}
  - {name: ntp-other, source: here, destination: 192.0.2.11, protocol: udp, port: 123}
  - {name: ping, source: here, destination: 192.0.2.10, protocol: icmp}
  - {name: ping-silent, source: here, destination: 192.0.2.11, protocol: icmp}
  - {name: syslog, source: here, destination: 192.0.2.10, protocol: udp, port: 514}
  - {name: two, source: here, destination: 192.0.2.10, protocol: tcp, port: [9200, 9300]}
  - {name: no-open, action: deny, source: any, destination: 192.0.2.10, protocol: tcp, port: 443}
  - {name: no-filtered, action: deny, source: any, destination: "2001:db8::10", protocol: tcp, port: 81}
  - {name: no-closed, action: deny, source: any, destination: 192.0.2.10, protocol: tcp, port: 9201}
"""

# How long an answer is waited for: where one that is due does not come, the machine may be slow, and
# the second time is tried.
WAITS = ("3", "60")
SILENT = f"no answer within ({'|'.join(WAITS)}) s: filtered on the way, or the host is down"
REFUSED = "refused"
# Of each flow: the verdict, and what its line says of the reason (a pattern).
EXPECTED = {
    "open": ("ok", "connected$"),
    "open6": ("ok", "connected$"),
    "closed": ("FAIL", REFUSED),
    "filtered": ("FAIL", SILENT),
    # A rejection while the SYN is on its way is heard by some and waited over by others.
    "rejected": ("FAIL", f"unreachable|{SILENT}"),
    "nameless": ("FAIL", "the name does not resolve here$"),
    "routeless": ("FAIL", "there is no route to it from here$|unreachable"),
    "routeless6": ("SKIP", "there is no route to it from here$"),
    "tls": ("ok", "connected, TLS verified$"),
    "tls-self": ("WARN", "connected, but the certificate is not trusted: .*self-signed"),
    "tls-wrong": ("WARN", "connected, but the certificate is not trusted: .*([Hh]ost *name|target host)"),
    "tls-closed": ("WARN", "connected, but TLS failed: the other end hung up$"),
    "tls-mute": ("WARN", "connected, but TLS failed: no answer to the handshake$"),
    "dns": ("ok", "2 of 2 probes passed$"),
    "dns6": ("ok", "2 of 2 probes passed$"),
    "dns-silent": ("FAIL", SILENT),
    "dns-none": ("FAIL", f"{REFUSED}|{SILENT}"),
    "ntp": ("ok", "answered$"),
    "ntp-other": ("FAIL", "what answers is no NTP server$"),
    "ping": ("ok", "answered$"),
    "ping-silent": ("FAIL", SILENT),
    "syslog": ("none", "udp 514: cannot be tested"),
    "two": ("FAIL", "1 of 2 probes passed$"),
    # The policy denies what tls-address allows: it is not tried as if it were allowed.
    "tls-address": ("none", "the policy denies it: no-open$"),
    "no-open": ("FAIL", "connected, and the policy denies it$"),
    "no-filtered": ("ok", f"denied: {SILENT}"),
    "no-closed": ("WARN", "refused: by a firewall that rejects it, or by the host itself$"),
}
TLS = [name for name in EXPECTED if name.startswith("tls") and name != "tls-address"]
QUESTIONS = ["dns", "dns6", "dns-silent", "dns-none", "ntp", "ntp-other"]
PINGS = ["ping", "ping-silent"]
NO_TLS = {name: ("WARN", "TLS was not tried: it takes one of openssl, python3, curl$") for name in TLS}
NO_NTP = {name: ("SKIP", "it takes od, and one of") for name in ("ntp", "ntp-other")}
NO_QUESTIONS = {**NO_NTP, **{name: ("SKIP", "it takes od, and|0 of 2") for name in QUESTIONS[:4]}}
NO_PING = {name: ("SKIP", "it takes ping$") for name in PINGS}
NO_IPV6 = {"open6": ("SKIP", "knows no IPv6"), "routeless6": ("SKIP", "knows no IPv6"),
           "dns6": ("SKIP", "0 of 2"), "no-filtered": ("SKIP", "knows no IPv6")}
COARSE = {"closed": ("FAIL", "refused or unreachable: curl"), "rejected": ("FAIL", "curl|no answer"),
          "routeless": ("FAIL", "curl"), "routeless6": ("FAIL", "curl"),
          "no-closed": ("WARN", "refused")}

BASE = ["timeout", "od", "sleep", "cat", "head", "sh"]
BUSYBOX = "/usr/bin/busybox"
APPLETS = [(name, BUSYBOX) for name in ("nc", "nslookup", "timeout", "ping", "sleep", "sh")]
PYTHON = ("python3", "/usr/bin/python3")
# What there is, what is expected otherwise, and which flows are tried: those that a tool is slow
# with are tried by it alone.
SETS = {
    "python3": ([PYTHON, "ping", *BASE], {}, None),
    "python3-alone": ([PYTHON, "sleep", "od"], NO_PING, None),
    "perl": (["perl", *BASE], {**NO_TLS, **NO_PING}, None),
    "bash": (["bash", *BASE], {**NO_TLS, **NO_PING}, None),
    "bash-without-timeout": (["bash", "od", "sleep", "cat", "head"], {**NO_TLS, **NO_PING}, None),
    "bash-openssl": (["bash", "openssl", *BASE], NO_PING, TLS),
    "bash-curl": (["bash", "curl", *BASE], NO_PING, TLS),
    "bash-dig": (["bash", "dig", "timeout", "sh"], NO_NTP, QUESTIONS),
    "socat": (["socat", *BASE], {}, ["open", "open6", "closed", "filtered", "nameless", *QUESTIONS]),
    "nc.openbsd": ([("nc", "/usr/bin/nc.openbsd"), *BASE], {},
                   ["open", "open6", "closed", "filtered", "nameless", *QUESTIONS[:5]]),
    "nc.traditional": ([("nc", "/usr/bin/nc.traditional"), *BASE], NO_IPV6,
                       ["open", "open6", "closed", "filtered", "nameless", "dns", "ntp"]),
    "ncat": ([("nc", "/usr/bin/ncat"), *BASE], {},
             ["open", "open6", "closed", "filtered", "nameless", "dns", "ntp", "ntp-other"]),
    "nc.busybox": (APPLETS, {**NO_NTP, "dns": ("SKIP", "1 of 2"), "dns-none": ("SKIP", "it takes od")},
                   ["open", "open6", "closed", "filtered", "nameless", "dns", "dns-silent", "ntp", *PINGS]),
    "curl": (["curl", *BASE], {**COARSE, **NO_QUESTIONS, **NO_PING},
             ["open", "closed", "filtered", "nameless", "tls", "dns", "no-closed"]),
}


def wrong_lines(output, expected):
    lines = suite.flow_lines(output)
    for name, (verdict, pattern) in expected.items():
        said, rest = lines.get(name, ("no line", ""))
        if said != verdict or not re.search(pattern, rest):
            yield f"{name}: expected {verdict} /{pattern}/, got {said} {rest}"


def wrong_of(status, output, expected):
    wrong = list(wrong_lines(output, expected))
    verdicts = {verdict for verdict, _ in expected.values()}
    due = 1 if "FAIL" in verdicts else 3 if verdicts & {"WARN", "SKIP"} else 0
    if status != due:
        wrong.append(f"status {status} instead of {due}")
    if not re.search(rf"^{len(expected)} flows: ", output, re.M):
        wrong.append("the summary has another number of flows")
    return wrong


def try_set(name, shell_name, shell, script, scratch, environment):
    programs, otherwise, flows = SETS[name]
    missing = [p for p in programs if not (os.path.exists(p[1]) if isinstance(p, tuple)
                                           else suite.shutil.which(p))]
    if missing:
        return name, shell_name, None, f"{missing[0]} is not installed", ""
    path = suite.folder_of(os.path.join(scratch, f"{name}-{shell_name}"), programs)
    expected = {flow: otherwise.get(flow, EXPECTED[flow]) for flow in (flows or EXPECTED)}
    for wait in WAITS:
        status, output = suite.run_script(shell, script, path, "-t", wait, *(flows or []),
                                          environment=environment)
        wrong = wrong_of(status, output, expected)
        if not wrong:
            break
    return name, shell_name, wrong, "", output


def statuses(shell, script, scratch, environment):
    """What the exit status says of chosen flows, with all tools there are."""
    path = suite.folder_of(os.path.join(scratch, "status"), [PYTHON, "ping", *BASE])
    for flows, due in ((["open", "tls", "syslog"], 0), (["open", "closed"], 1), (["closed", "tls-self"], 1),
                       (["open", "tls-self"], 3), (["routeless6"], 3), (["nothing-such"], 2)):
        status, output = suite.run_script(shell, script, path, "-t", "3", *flows, environment=environment)
        suite.check("status-of-" + "-".join(flows), status == due, f"{status} instead of {due}", output)
    _, output = suite.run_script(shell, script, path, "-q", "-t", "3", "open", "closed",
                                 environment=environment)
    suite.check("quiet", re.fullmatch(r"FAIL  closed: .*\n2 flows: .*\n", output), "it says more", output)
    _, output = suite.run_script(shell, script, path, "-v", "-t", "3", "two", environment=environment)
    suite.check("verbose", re.search(r"\n +ok  tcp 192.0.2.10:9200: connected\n", output), "", output)


def main(scratch):
    world.enter(scratch)
    authority = world.certificates(scratch)
    world.populate(scratch)
    environment = {"SSL_CERT_FILE": authority, "CURL_CA_BUNDLE": authority}
    status, script, messages = suite.flowrules("-", policy=POLICY)
    suite.check("live-script", status == 0, "there is none", messages)
    there = suite.shells()
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        # Every set of tools under one shell, in turn; one of them under all.
        names = list(there)
        jobs = [(name, names[i % len(names)]) for i, name in enumerate(SETS)]
        jobs += [("bash-without-timeout", shell) for shell in names]
        results = [pool.submit(try_set, name, shell, there[shell], script, scratch, environment)
                   for name, shell in dict.fromkeys(jobs)]
        for result in results:
            name, shell, wrong, reason, output = result.result()
            if wrong is None:
                suite.skip(f"{name}-under-{shell}", reason)
            else:
                suite.check(f"{name}-under-{shell}", not wrong, "; ".join(wrong), output)
    statuses(there[names[0]], script, scratch, environment)
    print(suite.counts)


if __name__ == "__main__":
    main(sys.argv[1])
