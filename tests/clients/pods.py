"""Holds rendered manifests against the schemas of their APIs, against what the API servers refuse
without a schema saying so, and against the policy itself, by deciding connections of sample pods
as the cluster would.
"""
import ipaddress
import json
import os
import re
import shutil
import subprocess
import tempfile

import yaml

import schemas
import yaml_loaders

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
TOOL = os.environ.get("FLOWRULES", os.path.join(ROOT, "build/flowrules"))
AS_OF = os.environ.get("AS_OF", "2026-11-23")
PODS = os.path.join(ROOT, "tests/golden/pods/policy.yaml")
OTHERS_TO_CHECK = {
    "examples/llm-d.yaml": ["network-policy", "cilium-policy", "egress-firewall"],
    "examples/kimi-k2.yaml": ["pods"],
    "tests/golden/hostile-text/policy.yaml": ["kubernetes", "cilium", "openshift"],
    "tests/golden/traps/policy.yaml": ["pods", "cilium-pods", "firewall"],
    "tests/golden/limits/policy.yaml": ["pods-ports", "cilium-ports"],
    "tests/golden/permits-pods/policy.yaml": ["mesh", "in"],
}
MANIFEST_BYTES = 262144 # of an object as JSON, of which kubectl apply keeps a copy

BACKENDS = {"kubernetes", "cilium", "openshift"}
PART = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?$") # of a subdomain, of which only 253 is the limit
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")
EVERY_NAMESPACE = "k8s:io.kubernetes.pod.namespace"
OF_NAMESPACE = "k8s:io.cilium.k8s.namespace.labels."

counts = {"ok": 0, "FAIL": 0, "skip": 0}


def tell(word, name, why=None):
    counts[word] += 1
    print(f"{word} {name}" + (f": {why}" if why else ""))


def verdict(name, errors):
    tell("FAIL" if errors else "ok", name, errors[0] if errors else None)
    for error in errors[1:10]:
        print(f"    {error}")


def render(policy, target, folder):
    """The text of a target's one file, or None."""
    result = subprocess.run([TOOL, "render", policy, "-t", target, "-o", folder, "--as-of", AS_OF],
                            capture_output=True, text=True, check=False)
    if result.returncode != 0:
        tell("FAIL", target, f"render: status {result.returncode}: {result.stderr[:300]}")
        return None
    with open(os.path.join(folder, target + ".yaml"), encoding="utf-8") as file:
        return file.read()


# ---- schemas ---------------------------------------------------------------------------------

def check_schemas(name, manifests):
    verdict(f"{name}-schema", [f"{m['metadata']['name']} {error}" for m in manifests
                               for error in schemas.errors(m["kind"], m)])


# ---- what no schema says ---------------------------------------------------------------------

def metadata_errors(manifests):
    errors, seen = [], set()
    for manifest in manifests:
        meta = manifest["metadata"]
        key = (meta["namespace"], meta["name"])
        if key in seen:
            errors.append(f"{key}: twice")
        seen.add(key)
        if not all(PART.match(part) for part in meta["name"].split(".")) or len(meta["name"]) > 253:
            errors.append(f"{meta['name']}: no DNS-1123 subdomain")
        if not LABEL.match(meta["namespace"]):
            errors.append(f"{meta['namespace']}: no DNS-1123 label")
        errors += [f"{key}: {value}: no label" for value in meta["labels"].values()
                   if not VALUE.match(value)]
        errors += [f"{key}: {value!r}: no text" for value in
                   list(meta["labels"].values()) + list(meta["annotations"].values())
                   if not isinstance(value, str) or "\n" in value]
    return errors


def cidr_errors(text):
    try:
        return [] if str(ipaddress.ip_network(text)) == text else [f"{text}: not canonical"]
    except ValueError as error:
        return [str(error)]


def selector_errors(selector):
    return [f"{value!r}: no text" for value in selector.get("matchLabels", {}).values()
            if not isinstance(value, str)]


def port_errors(port, kind):
    number, last = port.get("port"), port.get("endPort")
    if port["protocol"] not in ("TCP", "UDP", "SCTP", "ANY") or not isinstance(
            number, (int, type(None)) if kind is int else str):
        return [f"{port}: a wrong type"]
    if last is not None and not 1 <= int(number) < last <= 65535:
        return [f"{port}: no range"]
    low = 1 if kind is int else 0
    return [] if number is None or low <= int(number) <= 65535 else [f"{port}: no port"]


def policy_rule_errors(rule, key):
    """pkg/apis/networking/validation: ValidateNetworkPolicySpec."""
    errors = []
    if key in rule and not rule[key]:
        errors.append("no peers: that would be all of them")
    if "ports" in rule and not rule["ports"]:
        errors.append("no ports: that would be all of them")
    for peer in rule.get(key, []):
        block = peer.get("ipBlock")
        if not peer or (block and len(peer) > 1):
            errors.append(f"{peer}: not one kind")
        for text in [block["cidr"]] + block.get("except", []) if block else []:
            errors += cidr_errors(text)
        for text in block.get("except", []) if block else []:
            inner, outer = ipaddress.ip_network(text), ipaddress.ip_network(block["cidr"])
            if inner == outer or not inner.subnet_of(outer):
                errors.append(f"{text}: not strictly in {outer}")
        for selector in ("podSelector", "namespaceSelector"):
            errors += selector_errors(peer.get(selector, {}))
        if "podSelector" in peer and "namespaceSelector" not in peer:
            errors.append(f"{peer}: of the policy's own namespace by silence")
    for port in rule.get("ports", []):
        errors += port_errors(port, int)
    return errors


def kubernetes_errors(manifests):
    errors = []
    for manifest in manifests:
        spec, name = manifest["spec"], manifest["metadata"]["name"]
        if not spec.get("policyTypes"):
            errors.append(f"{name}: no policyTypes, which adds Ingress in silence")
        for section, key in (("egress", "to"), ("ingress", "from")):
            if section in spec and section.title() not in spec["policyTypes"]:
                errors.append(f"{name}: {section} without its type")
            for rule in spec.get(section, []):
                errors += [f"{name}: {error}" for error in policy_rule_errors(rule, key)]
    return errors


def cilium_rule_errors(rule, prefix, section):
    """pkg/policy/api/rule_validation.go: sanitize of rules and ports."""
    errors = []
    kinds = [key for key in rule if key.startswith(prefix) and key != "toPorts"]
    if len(kinds) != 1 or not rule[kinds[0]]:
        errors.append(f"{list(rule)}: not one kind of peers")
    if "toFQDNs" in rule and section != "egress":
        errors.append("names elsewhere than in an egress allow")
    if "icmps" in rule and "toPorts" in rule:
        errors.append("icmps beside toPorts")
    for text in rule.get(prefix + "CIDR", []):
        errors += cidr_errors(text)
    for selector in rule.get(prefix + "Endpoints", []):
        errors += selector_errors(selector)
        keys = list(selector.get("matchLabels", {})) + [
            e["key"] for e in selector.get("matchExpressions", [])]
        if EVERY_NAMESPACE not in keys and not any(k.startswith(OF_NAMESPACE) for k in keys):
            errors.append(f"{selector}: of the policy's own namespace by silence")
    for entry in rule.get("toPorts", []):
        if not entry["ports"] or len(entry["ports"]) > 40:
            errors.append("no ports, or too many in one list")
        for port in entry["ports"]:
            errors += port_errors(port, str)
            if "rules" in entry and ("endPort" in port or port["port"] == "0" or
                                     section != "egress"):
                errors.append(f"{port}: no port for a rule of DNS")
    for entry in rule.get("icmps", []):
        if not entry["fields"] or len(entry["fields"]) > 40:
            errors.append("no ICMP types, or too many in one list")
    return errors


def selects_all_of(wide, narrow):
    return set(wide.get("matchLabels", {}).items()) <= set(narrow.get("matchLabels", {}).items())


def cilium_errors(manifests):
    errors, named, asking = [], [], []
    for manifest in manifests:
        spec, place = manifest["spec"], manifest["metadata"]["namespace"]
        for section, prefix in (("egress", "to"), ("ingress", "from"), ("egressDeny", "to"),
                                ("ingressDeny", "from")):
            for rule in spec.get(section, []):
                errors += [f"{manifest['metadata']['name']}: {error}"
                           for error in cilium_rule_errors(rule, prefix, section)]
                if "toFQDNs" in rule:
                    named.append((place, spec["endpointSelector"]))
                for entry in rule.get("toPorts", []):
                    if "dns" in entry.get("rules", {}) and any(
                            port["protocol"] in ("UDP", "ANY") for port in entry["ports"]):
                        asking.append((place, spec["endpointSelector"]))
    errors += [f"{pods}: reach names and learn none" for place, pods in named
               if not any(place == p and selects_all_of(s, pods) for p, s in asking)]
    return errors


def openshift_errors(manifests):
    errors, rules = [], manifests[0]["spec"]["egress"]
    ends = [{"type": "Deny", "to": {"cidrSelector": cidr}} for cidr in ("0.0.0.0/0", "::/0")]
    if len(manifests) != 1 or manifests[0]["metadata"]["name"] != "default":
        errors.append("not the one EgressFirewall of a namespace")
    if rules[-2:] != ends:
        errors.append("what no rule allows passes")
    for rule in rules:
        to = rule["to"]
        if rule["type"] not in ("Allow", "Deny") or len(to) != 1:
            errors.append(f"{rule}: a wrong type, or not one kind")
        if rule["type"] == "Deny" and "dnsName" in to:
            errors.append(f"{rule}: a deny by name")
        if "cidrSelector" in to:
            errors += cidr_errors(to["cidrSelector"])
        for port in rule.get("ports", []):
            if port["protocol"] not in ("TCP", "UDP", "SCTP") or "endPort" in port:
                errors.append(f"{port}: no port of an EgressFirewall")
    return errors


RULES = {"NetworkPolicy": kubernetes_errors, "CiliumNetworkPolicy": cilium_errors,
         "EgressFirewall": openshift_errors}


def check_kubectl(name, path, manifests):
    """kubectl must read the same from the file as YAML 1.1 says it holds."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        tell("skip", f"{name}-kubectl", "kubectl is not installed")
        return
    result = subprocess.run([kubectl, "label", "--local", "-f", path, "-o", "json", "test=1"],
                            capture_output=True, text=True, check=False)
    read, decoder, text = [], json.JSONDecoder(), result.stdout.strip()
    while text:
        manifest, end = decoder.raw_decode(text)
        read += manifest.get("items", [manifest])
        text = text[end:].strip()
    for manifest in read:
        del manifest["metadata"]["labels"]["test"]
    verdict(f"{name}-kubectl", [result.stderr] if result.returncode else
            [] if read == manifests else ["kubectl reads something else"])


# ---- what connections do ---------------------------------------------------------------------

class End:
    """A sample of a network: a pod, an address, a name, or what Cilium knows by words."""

    def __init__(self, namespace=None, labels=None, namespace_labels=None, address=None, name=None,
                 entities=()):
        self.namespace, self.labels = namespace, labels or {}
        self.namespace_labels = namespace_labels or {}
        self.address = ipaddress.ip_address(address) if address else None
        self.name, self.entities = name, set(entities)


def includes(labels, wanted):
    return all(labels.get(key) == value for key, value in wanted.items())


def np_peer(peer, own_namespace, end):
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        return end.address is not None and end.address in ipaddress.ip_network(block["cidr"]) and \
            not any(end.address in ipaddress.ip_network(text) for text in block.get("except", []))
    if end.namespace is None:
        return False
    labels = dict(end.namespace_labels, **{"kubernetes.io/metadata.name": end.namespace})
    if "namespaceSelector" not in peer:
        return end.namespace == own_namespace
    return includes(labels, peer["namespaceSelector"].get("matchLabels", {})) and \
        includes(end.labels, peer.get("podSelector", {}).get("matchLabels", {}))


def np_port(ports, protocol, number):
    return ports is None or any(
        p["protocol"] == protocol and
        ("port" not in p or p["port"] <= number <= p.get("endPort", p["port"])) for p in ports)


def np_decides(manifests, own, peer, section, protocol, number):
    """Does a pod's side of a connection pass? None where no policy isolates the pod."""
    key, answer = {"egress": "to", "ingress": "from"}[section], None
    for manifest in manifests:
        spec, place = manifest["spec"], manifest["metadata"]["namespace"]
        if own.namespace != place or section.title() not in spec["policyTypes"] or \
                not includes(own.labels, spec["podSelector"].get("matchLabels", {})):
            continue
        answer = bool(answer)
        for rule in spec.get(section, []):
            if (key not in rule or any(np_peer(p, place, peer) for p in rule[key])) and \
                    np_port(rule.get("ports"), protocol, number):
                answer = True
    return answer


def cilium_labels(end):
    labels = {f"k8s:{key}": value for key, value in end.labels.items()}
    labels.update({OF_NAMESPACE + key: value for key, value in end.namespace_labels.items()})
    labels[EVERY_NAMESPACE] = end.namespace
    return labels


def cilium_peer(rule, prefix, end):
    for selector in rule.get(prefix + "Endpoints", []):
        if end.namespace and includes(cilium_labels(end), selector.get("matchLabels", {})) and \
                all(e["key"] in cilium_labels(end) for e in selector.get("matchExpressions", [])):
            return True
    outside = end.namespace is None and not end.entities
    for entity in rule.get(prefix + "Entities", []):
        if entity == "all" or entity in end.entities or (entity == "world" and outside) or \
                (entity == "cluster" and not outside):
            return True
    if end.name in [entry.get("matchName", "") for entry in rule.get("toFQDNs", [])]:
        return True
    return end.address is not None and any(
        end.address in ipaddress.ip_network(text) for text in rule.get(prefix + "CIDR", []))


def cilium_port(rule, protocol, number):
    if "icmps" in rule:
        return False # no connection that is asked for here is ICMP
    return "toPorts" not in rule or any(
        p["protocol"] in ("ANY", protocol) and
        (p["port"] == "0" or int(p["port"]) <= number <= p.get("endPort", int(p["port"])))
        for entry in rule["toPorts"] for p in entry["ports"])


def cilium_decides(manifests, own, peer, section, protocol, number):
    prefix, found = {"egress": "to", "ingress": "from"}[section], {section: None}
    for manifest in manifests:
        spec = manifest["spec"]
        if own.namespace != manifest["metadata"]["namespace"] or not includes(
                cilium_labels(own), spec["endpointSelector"].get("matchLabels", {})):
            continue
        for key in (section, section + "Deny"):
            for rule in spec.get(key, []):
                found[section] = bool(found[section])
                if cilium_peer(rule, prefix, peer) and cilium_port(rule, protocol, number):
                    found[key] = True
    return False if found.get(section + "Deny") else found[section]


# The samples of the golden policy's networks, and what else there is in its world.
SAMPLES = {
    "web": End("shop", {"app": "web"}),
    "Front_End": End("shop", {"tier": "on", "build": "1e3", "example.com/rev": "0x10",
                              "day": "2026-01-01", "none": ""}),
    "shop": End("shop", {"app": "another"}),
    "shop-data": End("data", {"app": "db"}),
    "everyone": End("elsewhere", {"app": "web"}),
    "jobs": End("batch", {"job": "batch"}),
    "teams": End("team-a", {}, {"team": "a"}),
    "dns-pods": End("openshift-dns", {"dns": "default"}),
    "masters": End(address="192.0.2.10", entities=["kube-apiserver", "host"]),
    "office": End(address="198.51.100.1"),
    "cdn": End(address="203.0.113.200", name="cdn.example.com"), # pinned so in the lock file
}
OTHERS = [End(address=text) for text in (
    "198.51.100.2", "198.51.100.4", "198.51.100.15", "198.51.100.16", "203.0.113.6", "203.0.113.7",
    "192.0.2.77", "192.0.2.78", "192.0.2.79", "2001:db8:1::5", "2001:db8:2::5", "10.0.0.1")]
PORTS = [(protocol, number) for protocol in ("TCP", "UDP", "SCTP") for number in (
    1, 9, 22, 53, 80, 123, 443, 5432, 6443, 7000, 7999, 8000, 8005, 8010, 8011, 8443, 9153, 65535)]
TARGET_PORTS = {53: 5353}


def is_member(policy, text, end, cilium):
    """Is an end in what a policy's source or destination says, by its labels or its address?"""
    if isinstance(text, list):
        return any(is_member(policy, item, end, cilium) for item in text)
    if text == "any":
        return True
    network = policy["networks"].get(text)
    if network is None and not re.match(r"[0-9a-f:.]+(/\d+)?$", text):
        return end.name == text
    if network is None:
        return end.address is not None and end.address in ipaddress.ip_network(text) and \
            not (cilium and end.entities)
    if isinstance(network, list):
        return is_member(policy, network, end, cilium)
    if cilium and "cilium" in network:
        return bool(end.entities & set(network["cilium"]["entities"]))
    if "kubernetes" not in network:
        return is_member(policy, network["members"], end, cilium) and not is_member(
            policy, network.get("except", []), end, cilium)
    group = network["kubernetes"]
    namespace = group.get("namespace", None if "namespace-labels" in group else "data")
    pods = group.get("pods", "any")
    return end.namespace is not None and namespace in (None, "any", end.namespace) and \
        includes(end.namespace_labels, group.get("namespace-labels", {})) and \
        (pods == "any" or includes(end.labels, pods))


def has_port(flow, protocol, number):
    if flow.get("service") == "any":
        return True
    protocols = flow["protocol"] if isinstance(flow["protocol"], list) else [flow["protocol"]]
    ports = flow.get("port", "0-65535")
    for text in ports if isinstance(ports, list) else [ports]:
        first, _, last = str(text).partition("-")
        if int(first) <= number <= int(last or first) and protocol.lower() in protocols:
            return True
    return False


def selected(policy, target):
    select = policy["targets"][target].get("select", {})
    return [flow for flow in policy["flows"]
            if set(select.get("tags", flow.get("tags", []))) & set(flow.get("tags", []))
            and flow["name"] in select.get("name", [flow["name"]])]


def holds(policy, flow, source, destination, protocol, number, cilium):
    return has_port(flow, protocol, number) and \
        is_member(policy, flow["source"], source, cilium) and \
        is_member(policy, flow["destination"], destination, cilium)


def names(text, name, end):
    """Does a flow's end speak of this sample itself, not only of pods that it is among?"""
    return text == "any" or name in text or (end.namespace is None and name not in SAMPLES)


class Decider:
    """Asks the manifests of a target about connections, and holds the answers to its flows."""

    def __init__(self, policy, target, manifests, decides):
        self.policy, self.manifests, self.decides = policy, manifests, decides
        self.cilium = decides is cilium_decides
        self.flows = selected(policy, target)
        settings = policy["targets"][target]
        self.protects = settings.get("protects", policy["protects"])
        self.directions = [d for d in ("egress", "ingress")
                           if settings.get("direction", d) == d]
        self.passed = self.stopped = 0

    def side(self, direction, own, peer, protocol, number):
        return self.decides(self.manifests, own, peer, direction, protocol, number)

    def protected(self, end):
        return is_member(self.policy, self.protects, end, self.cilium)

    def isolation_errors(self, name, end):
        nobody = End("nobody")
        return [f"{name}: {direction} is not closed" for direction in self.directions
                if self.protected(end) and
                self.side(direction, end, nobody, "TCP", 9) is None]

    def errors(self, source, destination, protocol, number):
        (from_name, start), (to_name, end) = source, destination
        mapped = TARGET_PORTS.get(number, number) if to_name == "dns-pods" else number
        sides = [self.side("egress", start, end, protocol, mapped),
                 self.side("ingress", end, start, protocol, mapped)]
        if sides == [None, None]:
            return []
        hits = [f for f in self.flows
                if holds(self.policy, f, start, end, protocol, number, self.cilium)]
        allowed = hits and not any(f.get("action") == "deny" for f in hits)
        named = any(names(f["source"], from_name, start) and names(f["destination"], to_name, end)
                    for f in hits)
        text = f"{from_name} -> {to_name} {protocol}/{number}"
        if False in sides:
            self.stopped += 1
            return [f"{text} is stopped, though a flow allows it"] if allowed and named else []
        self.passed += 1
        return [] if allowed else [f"{text} passes, and no flow allows it"]


def decide(policy, target, manifests, decides):
    """Nothing passes that no flow allows; every flow passes between the networks that it names."""
    decider, errors = Decider(policy, target, manifests, decides), []
    ends = list(SAMPLES.items()) + [(str(end.address), end) for end in OTHERS]
    for name, end in ends:
        errors += decider.isolation_errors(name, end)
    for source in ends:
        for destination in ends:
            for protocol, number in PORTS:
                errors += decider.errors(source, destination, protocol, number)
    if not decider.passed or not decider.stopped:
        errors.append(f"{decider.passed} passed and {decider.stopped} stopped: nothing was decided")
    verdict(f"{target}-connections", errors)


# ---- the suite -------------------------------------------------------------------------------

def naming_errors(policy, manifests):
    """What says the flows of each rule says them of as many as there are, unless a flow's name has
    what stands between them."""
    with open(policy, encoding="utf-8") as file:
        flows = yaml.load(file, yaml_loaders.TEXTS)["flows"]
    errors = []
    if any("; " in flow["name"] for flow in flows):
        return errors
    for manifest in manifests:
        named = manifest["metadata"]["annotations"].get("flowrules/rules")
        rules = sum(len(manifest["spec"].get(key, []))
                    for key in ("egressDeny", "egress", "ingressDeny", "ingress"))
        if named is not None and named.count("; ") + 1 != rules:
            errors.append("%s names the flows of %d rules and has %d" % (
                manifest["metadata"]["name"], named.count("; ") + 1, rules))
    return errors


def check_target(policy, target, folder):
    text = render(policy, target, folder)
    if text is None:
        return None
    manifests = list(yaml.load_all(text, yaml_loaders.VALUES))
    check_schemas(target, manifests)
    verdict(f"{target}-rules",
            metadata_errors(manifests) + naming_errors(policy, manifests) +
            RULES[manifests[0]["kind"]](manifests))
    check_kubectl(target, os.path.join(folder, target + ".yaml"), manifests)
    return manifests


# ---- permits, and many flows -----------------------------------------------------------------

def close_nothing(target, manifests):
    """Policies of a target that only permits: all say that they close no direction."""
    errors = [m["metadata"]["name"] + " closes its pods" for m in manifests
              if m["spec"].get("enableDefaultDeny") != {"egress": False, "ingress": False}]
    verdict(target + ": permits close nothing", errors or ([] if manifests else ["no policy"]))


def split_many(folder):
    """So many flows of the same pods that one policy would be too large for kubectl."""
    path = os.path.join(folder, "many.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("flowrules: 1\nprotects: [web]\nnetworks:\n"
                   "  web: {kubernetes: {namespace: shop, pods: {app: web}}}\nflows:\n")
        for i in range(150):
            blocks = ", ".join(f"10.{i}.{j}.0/28" for j in range(0, 250, 2))
            file.write(f"  - {{name: out-{i}, source: web, destination: [{blocks}], "
                       f"protocol: tcp, port: {1000 + i}}}\n"
                       f"  - {{name: in-{i}, source: [{blocks}], destination: web, "
                       f"protocol: tcp, port: {1000 + i}}}\n")
        file.write("targets:\n  many-cilium: {backend: cilium}\n"
                   "  many-kubernetes: {backend: kubernetes}\n")
    for target in ("many-cilium", "many-kubernetes"):
        manifests = check_target(path, target, folder) or []
        sizes = [len(json.dumps(m)) for m in manifests]
        errors = ["an object has %d bytes" % n for n in sizes if n >= MANIFEST_BYTES]
        errors += ["there are %d" % len(sizes)] if len(sizes) < 3 else []
        verdict(target + ": several policies", errors)


def main():
    schemas.hold_own(("NetworkPolicy", "CiliumNetworkPolicy", "EgressFirewall"), verdict, tell)
    with open(PODS, encoding="utf-8") as file:
        policy = yaml.load(file, yaml_loaders.TEXTS)
    with tempfile.TemporaryDirectory() as folder:
        for target, settings in policy["targets"].items():
            if settings["backend"] not in BACKENDS:
                continue
            manifests = check_target(PODS, target, folder)
            if manifests and target in ("policies", "policies-denies", "policies-no-ssh",
                                        "policies-egress"):
                decide(policy, target, manifests, np_decides)
            if manifests and target == "cilium-policies":
                decide(policy, target, manifests, cilium_decides)
        for path, targets in OTHERS_TO_CHECK.items():
            for target in targets:
                manifests = check_target(os.path.join(ROOT, path), target, folder)
                if "permits" in path:
                    close_nothing(target, manifests)
        split_many(folder)
    print("%d passed, %d failed, %d skipped" % (counts["ok"], counts["FAIL"], counts["skip"]))
    raise SystemExit(counts["FAIL"] > 0)


if __name__ == "__main__":
    main()
