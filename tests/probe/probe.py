#!/usr/bin/python3
"""What flowrules probe writes: hostile texts stay texts, the manifest holds the script, the options
choose what they say; then live.py runs scripts against servers in a network namespace.

usage: tests/probe/run
"""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

import suite

EXAMPLES = os.path.join(suite.ROOT, "examples")
KIMI, LLM_D = os.path.join(EXAMPLES, "kimi-k2.yaml"), os.path.join(EXAMPLES, "llm-d.yaml")

# ---- hostile texts ---------------------------------------------------------------------------

HOSTILE = [
    "$(touch INJECTED)", "`touch INJECTED`", "\"; touch INJECTED; \"", "'; touch INJECTED; '",
    "a\ntouch INJECTED\n", "a\r\ntouch INJECTED", "\\", "\\\\\"", "a\\\ntouch INJECTED", "${x:=y}", "!!", "-v",
    "--", "a;touch INJECTED", "*", "~", "# shellcheck disable=all", "END", "\u2028touch INJECTED",
    "\u202etouch", "\u0085touch INJECTED", "%s%n%d", "\x1b[31m", "é漢字😀", "??/", "x" * 255,
]


def hostile_policy():
    # The reader takes no control characters in a name; a purpose may have any.
    def name(text, i):
        return text if text.isprintable() else "".join(c for c in text if c.isprintable()) + str(i)

    flows = [{"name": name(text, i), "source": "any", "destination": "192.0.2.1", "protocol": "tcp", "port": 9200,
              "purpose": text * (10000 // len(text) if i % 2 else 1), "owner": text}
             for i, text in enumerate(HOSTILE)]
    return json.dumps({"flowrules": 1, "title": "$(touch INJECTED)\n`touch INJECTED`", "flows": flows},
                      ensure_ascii=False)


def hostile(scratch, there):
    path = suite.folder_of(os.path.join(scratch, "touch"), ["touch", "ls"])
    status, script, messages = suite.flowrules("-", policy=hostile_policy())
    suite.check("hostile", status == 0, "it is not written", messages)
    controls = [c for c in script if c != "\n" and (ord(c) < 32 or ord(c) in (0x7f, 0x85, 0x2028, 0x202e))]
    suite.check("hostile-characters", not controls, f"it has {controls[:3]}")
    longest = max(map(len, script.splitlines()), default=0)
    suite.check("hostile-length", longest <= 1100, f"a line has {longest} characters")
    for name, shell in there.items():
        folder = os.path.join(scratch, "cwd-" + name)
        os.mkdir(folder)
        status, output = suite.run_script(shell, script, path, folder=folder)
        suite.check(f"hostile-under-{name}", os.listdir(folder) == [] and status == 3 and
                    f"{len(HOSTILE)} flows:" in output, f"status {status}, {os.listdir(folder)}", output)
        for text in ("$(touch INJECTED)", "`touch INJECTED`", "'; touch INJECTED; '", "*", "é漢字😀"):
            suite.check(f"hostile-name-under-{name}: {text}", f"SKIP  {text}: " in output, "it is not told as it is",
                        output)
    return script


def shellcheck(scratch, scripts):
    if not shutil.which("shellcheck"):
        suite.skip("shellcheck", "it is not installed")
        return
    for name, script in scripts.items():
        path = os.path.join(scratch, name + ".sh")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        done = subprocess.run(["shellcheck", path], capture_output=True, text=True, check=False)
        suite.check(f"shellcheck-{name}", done.returncode == 0, "it objects", done.stdout)


# ---- what is chosen --------------------------------------------------------------------------

CHOICES = """
flowrules: 1
protects: [nodes]
networks:
  nodes: [10.0.16.0/24]
  office: [10.9.0.0/16]
  pods: {kubernetes: {namespace: llm, pods: {app: server}}}
  service: {kubernetes: {namespace: llm, service: model, pods: {app: server}}}
  hosts: {members: [192.0.2.1, 192.0.2.2, 192.0.2.3, "2001:db8::3"], except: [192.0.2.2]}
  wide: [192.0.2.0/24, "*.example.com", one.example.org]
flows:
  - {name: hosts, source: nodes, destination: hosts, protocol: tcp, port: 9200}
  - {name: wide, source: nodes, destination: wide, protocol: tcp, port: [443, 8000-8100]}
  - {name: office, source: office, destination: any, protocol: tcp, port: 22}
  - {name: pods, source: nodes, destination: pods, protocol: tcp, port: 8000}
  - {name: service, source: nodes, destination: service, protocol: tcp, port: 8000}
  - {name: bound, source: nodes, destination: 192.0.2.9, protocol: tcp, port: 25, source-port: 1024}
  - {name: other, source: nodes, destination: 192.0.2.9, protocol: [sctp, gre, any]}
  - {name: inward, source: office, destination: nodes, protocol: tcp, port: 22}
  - {name: gone, source: nodes, destination: 192.0.2.9, protocol: tcp, port: 1, expires: 2020-01-01}
  - {name: no-smtp, action: deny, source: any, destination: any, protocol: tcp, port: 25}
  - {name: no-office, action: deny, source: office, destination: 192.0.2.9, protocol: tcp, port: 9}
targets:
  node: {backend: nftables, direction: egress, select: {name: [hosts, wide, no-smtp]}}
"""


def chosen(*options):
    """The probes of each flow, as texts: (kind host port) or (- what)."""
    status, output, messages = suite.flowrules("-", "--json", *options, policy=CHOICES)
    if status != 0:
        return messages
    return {flow["flow"]: [f"{p['probe']} {p['host']} {p.get('port', '')}".strip() if "probe" in p
                           else "- " + p["not-tried"] for p in flow["probes"]]
            for flow in json.loads(output)["flows"]}


ASSERTED = """
flowrules: 1
networks:
  office: [10.9.0.0/16]
  shop: [192.0.2.1, one.example.org, "*.example.com"]
  db: [127.0.0.1, 127.0.0.2]
zones: {office: office, db: db, rest: all-else}
assertions:
  - name: web
    must:
      - {source: office, destination: {members: shop, except: 192.0.2.1}, protocol: tcp, port: 443}
      - {source: office, destination: 192.0.2.53, protocol: udp, port: 53}
    because: "$(touch INJECTED)"
  - {never: {source: any, destination: db, protocol: tcp, port: [1, 7]}, exception: {flow: admin, until: 2027-01-01}}
  - {never: {source: rest, destination: db, protocol: tcp, port: 3}, exception: {flow: old, until: 2020-01-01}}
  - {only: {source: office, destination: db, protocol: tcp, port: 4}}
  - {must: {source: any, destination: {except: db}, protocol: tcp, port: 5}}
flows:
  - {name: admin, source: office, destination: 127.0.0.2, protocol: tcp, port: 7}
  - {name: old, source: any, destination: db, protocol: tcp, port: 3}
  - {name: no-web, action: deny, source: office, destination: shop, service: any}
"""


ZONED = """flowrules: 1
networks: {office: 10.1.0.0/16, shop: 10.2.0.0/24, db: [10.3.0.7, 10.3.0.8, 10.3.0.32/28]}
services:
  https: {protocol: tcp, port: 443}
  postgres: {protocol: tcp, port: 5432}
  ssh: {protocol: tcp, port: 22}
  syslog: {protocol: udp, port: 514}
zones: {office: office, shop: shop, db: db, internet: all-else}
assertions:
  - {name: no-guest, never: {source: internet, destination: db}}
matrix: {internet: {shop: https}, office: {shop: [https, ssh], db: ssh}, shop: {db: postgres}}
flows:
  - {name: web, source: any, destination: 10.2.0.9, service: https}
  - {name: administration, source: 10.1.0.4, destination: 10.3.0.33, service: ssh}
  - {name: mirror, source: shop, destination: 198.51.100.1, service: https}
"""


def asserted(there):
    def expect(name, options, good, policy=ASSERTED):
        status, output, messages = suite.flowrules("-", "--assertions", "--json", *options, policy=policy)
        found = messages if status else {
            flow["flow"]: [flow["assertion"], flow["action"]] +
                          [f"{p['probe']} {p['host']} {p['port']}" if "probe" in p else f"- {p['not-tried']}"
                           for p in flow["probes"]] for flow in json.loads(output)["flows"]}
        suite.check("assertions-" + name, found == good if isinstance(good, dict) else good in found,
                    "something else is chosen", found)

    web = ["must", "allow", "tls one.example.org 443", "dns-udp 192.0.2.53 53", "- *.example.com"]
    first = ["tcp 127.0.0.1 1", "tcp 127.0.0.1 7", "tcp 127.0.0.2 1"]
    last = ["must", "allow", "- any"]

    def only(*ports):
        return ["only", "deny"] + [f"{probe} 127.0.0.{host} {port}" for host in (1, 2) for probe, port in
                                   (("tls", 443), ("dns-udp", 53), *(("tcp", port) for port in ports))]

    expect("anywhere", [], {"web": web, "never-2": ["never", "deny", *first, "- tcp 127.0.0.2 7"],
                            "only-4": only(1, 7, 3, 5), "must-5": last})
    expect("office", ["--from", "office"],
           {"web": web, "never-2": ["never", "deny", *first, "- tcp 127.0.0.2 7"], "only-4": only(1, 7, 3, 5),
            "must-5": last})
    expect("rest", ["--from", "203.0.113.9", "--try", "198.51.100.1"],
           {"never-2": ["never", "deny", *first, "tcp 127.0.0.2 7"],
            "never-3": ["never", "deny", "tcp 127.0.0.1 3", "tcp 127.0.0.2 3"], "only-4": only(1, 7, 3, 4, 5),
            "must-5": ["must", "allow", "tcp 198.51.100.1 5", "- any"]})
    guest = ["--from", "203.0.113.5"]
    db = [f"{probe} 10.3.0.{host} {port}" for host in (7, 8, 33) for probe, port in
          (("tls", 443), ("tcp", 5432), ("tcp", 22))]
    expect("matrix-guest", guest, {
        "no-guest": ["never", "deny", *db, "- 10.3.0.32/28"],
        "matrix/office": ["matrix", "deny", "tls 10.1.0.4 443", "tcp 10.1.0.4 5432", "tcp 10.1.0.4 22", "- 10.1.0.0/16"],
        "matrix/shop": ["matrix", "deny", "tcp 10.2.0.9 5432", "tcp 10.2.0.9 22", "- 10.2.0.0/24"],
        "matrix/db": ["matrix", "deny", *db, "- 10.3.0.32/28"]}, ZONED)
    expect("matrix-office", ["--from", "office"], {
        "matrix/shop": ["matrix", "deny", "tcp 10.2.0.9 5432", "- 10.2.0.0/24"],
        "matrix/db": ["matrix", "deny", *(step for step in db if not step.endswith(" 22")), "- 10.3.0.32/28"],
        "matrix/internet": ["matrix", "deny", "tls 198.51.100.1 443", "tcp 198.51.100.1 5432", "tcp 198.51.100.1 22",
                            "- any"]}, ZONED)
    # A place in several zones: what none of them may send.
    expect("matrix-zones", ["--from", "10.2.0.0/15"], {
        "matrix/office": ["matrix", "deny", "tls 10.1.0.4 443", "tcp 10.1.0.4 5432", "tcp 10.1.0.4 22", "- 10.1.0.0/16"]
    }, ZONED)
    expect("of a flow", ["--flow", "admin"], "assertions are not those of a target or a flow")
    status, _, messages = suite.flowrules("-", "--assertions", policy=CHOICES)
    suite.check("assertions-none", status == 2 and "no assertion is left to probe" in messages, status, messages)
    _, script, _ = suite.flowrules("-", "--assertions", "--from", "203.0.113.9", policy=ASSERTED)
    for name, shell in there.items():
        status, output = suite.run_script(shell, script, os.environ["PATH"], "never-3")
        suite.check(f"assertions-under-{name}", status == 3 and "WARN  never-3: 0 of 2 probes passed" in output and
                    "1 assertions: 0 ok, 1 warned" in output, f"status {status}", output)
    with socket.create_server(("127.0.0.1", 0)) as there_is:
        port = there_is.getsockname()[1]
        policy = f"""flowrules: 1
assertions: [{{name: shut, never: {{source: any, destination: 127.0.0.1, protocol: tcp, port: {port}}}}}]
flows: [{{name: open, source: any, destination: 127.0.0.1, protocol: tcp, port: {port}}}]
"""
        _, forbidden, _ = suite.flowrules("-", "--assertions", policy=policy)
        name, shell = next(iter(there.items()))
        status, output = suite.run_script(shell, forbidden, os.environ["PATH"])
        suite.check(f"assertions-words-{name}", status == 1 and f"127.0.0.1:{port}: connected, and it must never pass" in output,
                    f"status {status}", output)
    return script


def choices():
    def expect(name, options, good):
        found = chosen(*options)
        suite.check("choose-" + name, good(found), "something else is chosen", found)

    expect("default", [], lambda f: list(f) == ["hosts", "wide", "office", "pods", "service", "bound", "other",
                                                "inward", "no-smtp"])
    expect("hosts", ["--flow", "hosts"], lambda f: f == {"hosts": ["tcp 192.0.2.1 9200", "tcp 192.0.2.3 9200"]})
    expect("wide", ["--flow", "wide"], lambda f: f["wide"] == [
        "tls one.example.org 443", "tcp one.example.org 8000", "- tcp 8000-8100", "- 192.0.2.0/24", "- *.example.com"]
        or sorted(f["wide"]) == sorted(["tls one.example.org 443", "tcp one.example.org 8000", "- tcp 8000-8100",
                                        "- 192.0.2.0/24", "- *.example.com"]))
    expect("try", ["--flow", "wide", "--try", "192.0.2.77", "--try", "a.b.example.com"],
           lambda f: "tls 192.0.2.77 443" in f["wide"] and "tcp a.b.example.com 8000" in f["wide"])
    expect("group", ["--flow", "pods"], lambda f: f == {"pods": ["- pods"]})
    expect("try-group", ["--flow", "pods", "--try", "pods=10.128.0.7"],
           lambda f: f == {"pods": ["tcp 10.128.0.7 8000"]})
    expect("other", ["--flow", "other", "--flow", "bound"], lambda f: all(
        p.startswith("- ") for steps in f.values() for p in steps))
    expect("from", ["--from", "nodes"], lambda f: "office" not in f and "inward" not in f and "hosts" in f)
    expect("from-address", ["--from", "10.9.3.4"], lambda f: list(f) == ["office", "inward", "no-smtp", "no-office"])
    expect("target", ["-t", "node"], lambda f: list(f) == ["hosts", "wide", "no-smtp"])
    expect("most", ["--flow", "hosts", "--most", "1"], lambda f: f == {"hosts": ["tcp 192.0.2.1 9200", "- 1 more"]})


def unpinned_families():
    policy = """
flowrules: 1
flows:
  - {name: four, source: 10.0.0.0/8, destination: [192.0.2.1, "2001:db8::1"], protocol: [tcp, icmp], port: 9200}
"""
    policy = policy.replace("protocol: [tcp, icmp], port: 9200", "protocol: tcp, port: 9200")
    _, output, _ = suite.flowrules("-", "--json", policy=policy)
    suite.check("families", "192.0.2.1" in output and "2001:db8" not in output,
                "an IPv6 address is tried from a source that has none", output)


# ---- the manifest ----------------------------------------------------------------------------

def manifest(scratch):
    try:
        import yaml
    except ImportError:
        suite.skip("manifest", "python3-yaml is not installed")
        return
    _, script, _ = suite.flowrules(LLM_D, "--from", "vllm")
    status, text, messages = suite.flowrules(LLM_D, "--from", "vllm", "--format", "kubernetes", "--label", "team=a",
                                             "--label", "app.kubernetes.io/x=", "--image", "quay.io/x/y:1")
    suite.check("manifest", status == 0, "there is none", messages)
    config, pod = yaml.safe_load_all(text)
    suite.check("manifest-script", config["data"]["probe.sh"] == script, "it is another script")
    suite.check("manifest-labels", pod["metadata"]["labels"] == {
        "app.kubernetes.io/name": "qwen2-3b-pattern1", "team": "a", "app.kubernetes.io/x": ""}, "they differ", text)
    suite.check("manifest-namespace", {config["metadata"]["namespace"], pod["metadata"]["namespace"]} ==
                {"llm-d-inference-scheduling"}, "it differs")
    container = pod["spec"]["containers"][0]
    suite.check("manifest-pod", container["image"] == "quay.io/x/y:1" and pod["spec"]["restartPolicy"] == "Never"
                and pod["spec"]["volumes"][0]["configMap"]["name"] == config["metadata"]["name"]
                and container["command"] == ["sh", "/flowrules/probe.sh", "-v"]
                and pod["spec"]["readinessGates"], "it is not as promised", text)
    status, text, _ = suite.flowrules("-", "--format", "kubernetes", policy=hostile_policy())
    config, pod = yaml.safe_load_all(text)
    _, script, _ = suite.flowrules("-", policy=hostile_policy())
    suite.check("manifest-hostile", config["data"]["probe.sh"] == script, "it is another script")
    _, text, _ = suite.flowrules("-", "--format", "kubernetes", "--flow", "service", policy=CHOICES)
    suite.check("manifest-service", "try_tcp model.llm.svc 8000" in text, "the Service is not tried", text)
    kubectl(scratch, text)


def kubectl(scratch, text):
    if not shutil.which("kubectl"):
        suite.skip("kubectl", "it is not installed")
        return
    path = os.path.join(scratch, "probe.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run(["kubectl", "create", "--dry-run=client", "--validate=false", "-o", "name", "-f", path],
                          capture_output=True, text=True, check=False,
                          env={**os.environ, "KUBECONFIG": "/dev/null"})
    if re.search("refused|server|connect", done.stderr):
        suite.skip("kubectl", "it asks a cluster even for a dry run")
    else:
        suite.check("kubectl", done.returncode == 0, "it does not take the manifest", done.stderr)


def large(scratch, there):
    """As many flows as a policy may well have: it runs, one of them is found, a ConfigMap is too small."""
    flows = [{"name": f"flow-{i}", "source": "any", "destination": f"192.0.{i // 256}.{i % 256}", "protocol": "tcp",
              "port": 9200} for i in range(30000)]
    policy = json.dumps({"flowrules": 1, "flows": flows})
    _, script, _ = suite.flowrules("-", policy=policy)
    path = suite.folder_of(os.path.join(scratch, "large"), [])
    for name, shell in there.items():
        status, output = suite.run_script(shell, script, path, "flow-29999")
        suite.check(f"large-under-{name}", status == 3 and output.startswith("SKIP  flow-29999: tcp 192.0.117.47:9200: "),
                    f"status {status}", output)
    status, _, messages = suite.flowrules("-", "--format", "kubernetes", policy=policy)
    suite.check("large-manifest", status == 4 and re.fullmatch(
        r"flowrules: error: the test of 30000 flows has \d+ bytes; a ConfigMap takes 1048576 \[FR0511\]\n"
        r"  hint: choose flows with flow, from or target, or fewer probes with most\n", messages),
        f"status {status}", messages)


# ---- all -------------------------------------------------------------------------------------

def usage(scratch, there, script):
    path = suite.folder_of(os.path.join(scratch, "none"), [])
    for name, shell in there.items():
        for arguments in (["-x"], ["-t", "0"], ["-t", "1.5"], ["-t", ""], ["-t"], ["no such flow"]):
            status, output = suite.run_script(shell, script, path, *arguments)
            suite.check(f"usage-under-{name}: {' '.join(arguments)}", status == 2, f"status {status}", output)
        status, output = suite.run_script(shell, script, path)
        suite.check(f"nothing-there-under-{name}", status == 3 and "lacking here: one of python3, perl" in output and
                    "0 ok" in output, f"status {status}", output)


def live(scratch):
    inside = ["unshare", "-mn", sys.executable, os.path.join(os.path.dirname(__file__), "live.py"), scratch]
    for program in ("unshare", "ip", "nft", "mount", "openssl"):
        if not shutil.which(program):
            suite.skip("live", f"{program} is not installed")
            return
    if subprocess.run(["unshare", "-mn", "true"], check=False, capture_output=True).returncode != 0:
        suite.skip("live", "network namespaces need root")
        return
    done = subprocess.run(inside, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    *lines, last = done.stdout.splitlines()
    print("\n".join(lines), flush=True)
    if done.returncode != 0 or not last.startswith("{"):
        suite.check("live", False, "it broke off", done.stdout)
        return
    for word, count in ast.literal_eval(last).items():
        suite.counts[word] += count


def main():
    """The quick part tries the long script under one shell, the slow one under all of them."""
    part = os.environ.get("PART", "quick")
    with tempfile.TemporaryDirectory(prefix="flowrules-probe.") as scratch:
        there = {name: shell for name, shell in suite.SHELLS.items() if os.path.exists(shell[0])}
        if part != "quick":
            large(scratch, there)
        if part == "slow":
            return suite.finish()
        _, kimi, messages = suite.flowrules(KIMI, "--from", "cluster-nodes")
        suite.check("kimi-k2", kimi, "there is no script", messages)
        suite.check("same-bytes", suite.flowrules(KIMI, "--from", "cluster-nodes")[1] == kimi, "they differ")
        shellcheck(scratch, {"hostile": hostile(scratch, there), "kimi-k2": kimi, "asserted": asserted(there)})
        usage(scratch, there, kimi)
        choices()
        unpinned_families()
        if part == "quick":
            large(scratch, {name: there[name] for name in list(there)[:1]})
        manifest(scratch)
        live(scratch)
    return suite.finish()


sys.exit(main())
