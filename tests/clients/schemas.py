"""What platforms take: schemas, in this project's own words, of the part of each resource that
flowrules writes. What is not listed is not written, and is an error.

With SCHEMAS=DIR the schemas that the vendors publish, as files of that folder, are asked too, and
say whether the ones here know more than they do:

    networking_v1_definitions.json  definitions of networking.k8s.io/v1 and meta/v1 (Kubernetes)
    ciliumnetworkpolicy_v2.json     of the CRD of Cilium
    _egressfirewalls.yaml           the CRD of OVN-Kubernetes
    arm_network_VERSION.json, arm_common_definitions.json    of Azure's resource manager
    tf_azurerm.json, tf_google.json    fields of Terraform's providers, by resource
"""
import json
import os

from json_schema import Schema, property_paths

SCHEMAS = os.environ.get("SCHEMAS")
COMMON = "https://schema.management.azure.com/schemas/common/definitions.json"

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
LABELS = {"type": "object", "additionalProperties": TEXT}


def texts(least=1):
    return array(TEXT, least)


def array(items, least=1):
    return {"type": "array", "items": items, "minItems": least}


def word(*words):
    return {"type": "string", "enum": list(words)}


def record(required="", **properties):
    """required: names, with blanks between them."""
    return {"type": "object", "required": required.split(), "properties": properties}


# ---- Kubernetes ------------------------------------------------------------------------------

def kind(name, version, spec):
    return record("apiVersion kind metadata spec", apiVersion=word(version), kind=word(name), spec=spec,
                  metadata=record("name", name=TEXT, namespace=TEXT, labels=LABELS,
                                  annotations=LABELS))


PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
SELECTOR = record(matchLabels=LABELS)
PEERS = array(record(ipBlock=record("cidr", **{"cidr": TEXT, "except": texts()}),
                     namespaceSelector=SELECTOR, podSelector=SELECTOR))
PORTS = array(record("protocol", port=PORT, endPort=PORT, protocol=word("TCP", "UDP", "SCTP")))
NETWORK_POLICY = kind("NetworkPolicy", "networking.k8s.io/v1", record(
    "podSelector policyTypes", podSelector=SELECTOR,
    policyTypes=array(word("Ingress", "Egress")),
    ingress=array(record(**{"from": PEERS, "ports": PORTS}), 0),
    egress=array(record(to=PEERS, ports=PORTS), 0)))

# Cilium's lists may be empty, and then match nothing; its ports are texts.
CILIUM_SELECTOR = record(matchLabels=LABELS, matchExpressions=array(record(
    "key operator", key=TEXT, operator=word("Exists", "DoesNotExist", "In", "NotIn"),
    values=texts())))
CILIUM_PORT = record("port", port={"type": "string", "pattern": "^[0-9]+$"}, endPort=PORT,
                     protocol=word("TCP", "UDP", "SCTP", "ANY"))
DNS_RULES = record("dns", dns=array(record(matchPattern=TEXT)))
ICMPS = array(record("fields", fields=array(record("type", family=word("IPv4", "IPv6"), type={
    "type": "integer", "minimum": 0, "maximum": 255}))))


def cilium_rules(way, allows):
    more = {"rules": DNS_RULES} if allows else {}
    ends = {way + "CIDR": texts(), way + "Entities": texts(),
            way + "Endpoints": array(CILIUM_SELECTOR)}
    if allows and way == "to":
        ends["toFQDNs"] = array(record(matchName=TEXT, matchPattern=TEXT))
    ports = array(record("ports", ports=array(CILIUM_PORT), **more))
    return array(record(toPorts=ports, icmps=ICMPS, **ends), 0)


CILIUM_POLICY = kind("CiliumNetworkPolicy", "cilium.io/v2", record(
    "endpointSelector", endpointSelector=SELECTOR,
    enableDefaultDeny=record(egress={"type": "boolean"}, ingress={"type": "boolean"}),
    ingress=cilium_rules("from", True), ingressDeny=cilium_rules("from", False),
    egress=cilium_rules("to", True), egressDeny=cilium_rules("to", False)))

EGRESS_FIREWALL = kind("EgressFirewall", "k8s.ovn.org/v1", record("egress", egress=array(record(
    "type to", type=word("Allow", "Deny"),
    to={**record(cidrSelector=TEXT, dnsName=TEXT, nodeSelector=SELECTOR),
        "minProperties": 1, "maxProperties": 1},
    ports=array(record("port protocol", port=PORT, protocol=word("TCP", "UDP", "SCTP")))))))

# ---- clouds ----------------------------------------------------------------------------------

GROUPS = array(record("id", id=TEXT))
AZURE_SIDE = {"AddressPrefix": TEXT, "AddressPrefixes": texts(), "PortRange": TEXT,
              "PortRanges": texts(), "ApplicationSecurityGroups": GROUPS}
AZURE_GROUP = record(
    "apiVersion type name location properties", apiVersion=TEXT, name=TEXT, location=TEXT,
    type=word("Microsoft.Network/networkSecurityGroups"),
    properties=record("securityRules", securityRules=array(record(
        "name properties", name=TEXT, properties=record(
            "access direction priority protocol", access=word("Allow", "Deny"),
            direction=word("Inbound", "Outbound"), description=TEXT,
            priority={"type": "integer", "minimum": 100, "maximum": 4096},
            protocol=word("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"),
            **{side + name: of for side in ("source", "destination")
               for name, of in AZURE_SIDE.items()})), 0)))

# The provider takes this list as an attribute: each field is there, empty where it says nothing.
AZURERM_RULE = {
    **{name: TEXT for name in ("access", "description", "direction", "name", "protocol")},
    "priority": {"type": "number"},
    **{side + name: of for side in ("source", "destination") for name, of in (
        ("_address_prefix", TEXT), ("_address_prefixes", texts(0)), ("_port_range", TEXT),
        ("_port_ranges", texts(0)), ("_application_security_group_ids", texts(0)))}}
AZURERM_GROUP = record("location name resource_group_name", location=TEXT, name=TEXT,
                       resource_group_name=TEXT,
                       security_rule=array(record(" ".join(AZURERM_RULE), **AZURERM_RULE), 0))

PROTOCOLS = array(record("protocol", protocol=TEXT, ports=texts()))
GOOGLE_FIREWALL = record(
    "name network", name=TEXT, network=TEXT, project=TEXT, description=TEXT,
    direction=word("INGRESS", "EGRESS"),
    priority={"type": "number", "minimum": 0, "maximum": 65535}, allow=PROTOCOLS, deny=PROTOCOLS,
    log_config=record("metadata", metadata=TEXT), depends_on=texts(),
    **{name: texts() for name in ("source_ranges", "destination_ranges", "source_tags",
                                  "source_service_accounts", "target_tags",
                                  "target_service_accounts")})

OWN = {
    "NetworkPolicy": NETWORK_POLICY, "CiliumNetworkPolicy": CILIUM_POLICY,
    "EgressFirewall": EGRESS_FIREWALL, "networkSecurityGroups": AZURE_GROUP,
    "azurerm_network_security_group": AZURERM_GROUP, "google_compute_firewall": GOOGLE_FIREWALL}


# ---- the vendors' ----------------------------------------------------------------------------

def load(name):
    path = os.path.join(SCHEMAS, name)
    with open(path, encoding="utf-8") as file:
        if name.endswith(".json"):
            return json.load(file)
        import yaml  # of the vendors' alone
        return yaml.safe_load(file)


def plain(schema):
    """A schema without the extensions of Kubernetes, which all begin with x-."""
    if isinstance(schema, dict):
        if schema.get("format") == "int-or-string":
            return {"type": ["integer", "string"]}
        return {key: plain(value) for key, value in schema.items()
                if not key.startswith("x-kubernetes-")}
    return [plain(item) for item in schema] if isinstance(schema, list) else schema


def of_terraform(fields):
    """Fields of a resource or a block as a schema; what every resource may have is among them."""
    def of(kind_of):
        if isinstance(kind_of, str):
            return {"type": kind_of}
        ((word_of, inner),) = kind_of.items()
        if word_of == "block":
            return of_terraform(inner)
        return {"type": "array", "items": of(inner)} if word_of == "array" else \
            {"type": "object", "additionalProperties": of(inner)}
    return {"type": "object", "required": [k for k, v in fields.items() if v["required"]],
            "properties": {**{k: of(v["type"]) for k, v in fields.items()},
                           "depends_on": {"type": "array", "items": TEXT}}}


def vendors(name, value=None):
    """(documents, schema, strict) of the vendor."""
    if name == "NetworkPolicy":
        document = {"definitions": plain(load("networking_v1_definitions.json"))}
        return {"": document}, document["definitions"]["io.k8s.api.networking.v1.NetworkPolicy"], True
    if name == "CiliumNetworkPolicy":
        # It says itself that there are no other properties; its alternatives list only some.
        document = plain(load("ciliumnetworkpolicy_v2.json"))
        return {"": document}, document, False
    if name == "EgressFirewall":
        crd = load("_egressfirewalls.yaml")
        document = plain(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
        document["properties"]["metadata"] = {"type": "object"}
        return {"": document}, document, True
    if name == "networkSecurityGroups":
        version = (value or {}).get("apiVersion", "2025-07-01")
        document = load(f"arm_network_{version}.json")
        return ({"": document, COMMON: load("arm_common_definitions.json")},
                document["resourceDefinitions"][name], True)
    fields = load("tf_azurerm.json" if name.startswith("azurerm") else "tf_google.json")
    schema = of_terraform(fields["resources"][name])
    return {"": schema}, schema, True


def errors(name, value):
    """What is wrong with a resource: by the schema here, and by the vendor's where it is given."""
    found = Schema({"": OWN[name]}, strict=True).errors(value, OWN[name], "")
    if SCHEMAS:
        documents, schema, strict = vendors(name, value)
        found += Schema(documents, strict).errors(value, schema, "")
    return found


def errors_of_own(name):
    """What the schema here has and the vendor's has not."""
    documents, schema, _ = vendors(name)
    known = property_paths(Schema(documents), schema)
    own = property_paths(Schema({"": OWN[name]}), OWN[name])
    # An object of which the vendor lists nothing may have anything: the metadata in a CRD.
    parents = {path.rpartition(".")[0].removesuffix("[]") for path in known}
    return [f"the vendor has no {path}" for path in sorted(own - known)
            if path.rpartition(".")[0].removesuffix("[]") in parents]


def hold_own(names, verdict, tell):
    if not SCHEMAS:
        tell("skip", "the vendors' schemas", "SCHEMAS=DIR says where they are")
    for name in names if SCHEMAS else ():
        verdict(f"the schema of {name} here, and the vendor's", errors_of_own(name))
