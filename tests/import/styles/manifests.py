"""
Manifests of the Kubernetes API in the styles in which people have them: files by hand, output of a
template engine with its comments, what kubectl gets, lists of objects, JSON.
"""
import json

NAMESPACES = ["shop", "data", "monitoring"]
LABELS = [{"app": "web"}, {"app": "api"}, {"app": "db"}, {"app.kubernetes.io/name": "queue"},
          {"app": "web", "tier": "front"}]
BLOCKS = ["10.0.0.0/8", "10.20.0.0/16", "192.0.2.10/32", "198.51.100.0/24", "0.0.0.0/0",
          "2001:db8::/32"]
HOLES = {"10.0.0.0/8": "10.66.0.0/16", "198.51.100.0/24": "198.51.100.128/25",
         "0.0.0.0/0": "169.254.169.254/32", "2001:db8::/32": "2001:db8:bad::/48"}


def plain(value):
    """A scalar, in quotes where it would not be the same text without them."""
    if isinstance(value, str):
        bare = value and value[0].isalpha() and all(c.isalnum() or c in "-./_" for c in value)
        return value if bare and value not in ("y", "n", "on", "off", "yes", "no", "true",
                                               "false", "null") else json.dumps(value)
    return json.dumps(value)


def lines_of(value, indent):
    """A mapping or a list as lines of block style."""
    pad = " " * indent
    items = value.items() if isinstance(value, dict) else ((None, v) for v in value)
    for key, inner in items:
        head = f"{pad}- " if key is None else f"{pad}{plain(key)}:"
        if isinstance(inner, (dict, list)) and inner:
            below = list(lines_of(inner, indent + 2))
            if key is None:
                yield head + below[0].lstrip()
                yield from below[1:]
            else:
                yield head
                yield from below
        else:
            yield f"{head}{'' if key is None else ' '}{plain(inner)}"


def as_yaml(value):
    return "\n".join(lines_of(value, 0)) + "\n"


EXPRESSIONS = [{"key": "app", "operator": "In", "values": ["web", "api"]},
               {"key": "app", "operator": "In", "values": ["api", "db"]},
               {"key": "app", "operator": "NotIn", "values": ["web"]},
               {"key": "app", "operator": "NotIn", "values": ["db", "queue"]},
               {"key": "app", "operator": "Exists"},
               {"key": "tier", "operator": "DoesNotExist"},
               {"key": "tier", "operator": "NotIn", "values": ["front"]},
               {"key": "example.com/gpu", "operator": "Exists"},
               {"key": "example.com/gpu", "operator": "DoesNotExist"}]


def selector(rng):
    """A selector by labels: all, some, values to choose from or not to have, labels or none."""
    kind = rng.randrange(8)
    if kind == 0:
        return {}
    own = {"matchLabels": dict(rng.choice(LABELS))} if kind > 2 else {}
    if kind < 4:
        own["matchExpressions"] = [dict(e) for e in rng.sample(EXPRESSIONS, rng.randrange(1, 3))]
    return own


def metadata(rng, name):
    data = {"name": name}
    if rng.random() < 0.9:
        data["namespace"] = rng.choice(NAMESPACES)
    if rng.random() < 0.3:
        data["labels"] = {"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "net-1.2.3"}
    return data


def as_server_has_it(rng, item):
    """What kubectl get -o yaml adds."""
    own = dict(item, metadata=dict(item["metadata"]), status={})
    own["metadata"].update({
        "creationTimestamp": "2026-07-01T08:00:00Z", "generation": rng.randrange(1, 9),
        "resourceVersion": str(rng.randrange(10**6)), "uid": "4b3f0d2e-7d1f-4c6e-9a53-0f1a8f6f2b11",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration":
                        json.dumps(item) + "\n"},
        "managedFields": [{"manager": "kubectl", "operation": "Apply", "apiVersion": item[
            "apiVersion"], "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:podSelector": {}}}}]})
    return own


def written(rng, items):
    """The objects in one of the styles, as files of import."""
    style = rng.choice(["hand", "helm", "get", "json", "files"])
    if style == "files":
        return [(f"{i}-{item['metadata']['name']}.yaml", as_yaml(item))
                for i, item in enumerate(items)]
    if style in ("get", "json"):
        whole = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""},
                 "items": [as_server_has_it(rng, item) for item in items]}
        return [("all.json", json.dumps(whole, indent=4))] if style == "json" else [
            ("all.yaml", as_yaml(whole))]
    before = "---\n# Source: net/templates/policy.yaml\n" if style == "helm" else ""
    between = before if style == "helm" else "---\n"
    extra = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"},
              "data": {"key": "value"}}] if style == "helm" else []
    return [("policies.yaml", before + between.join(as_yaml(i) for i in items + extra))]
