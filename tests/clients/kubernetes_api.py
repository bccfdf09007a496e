"""A stand-in for the API server of a cluster, on loopback: discovery, and the objects of the kinds
of policies that flowrules writes, held against the schemas of these kinds when they are stored.
"""
import copy
import http.server
import json
import threading
import urllib.parse

# plural: (group, version, kind)
KINDS = {
    "networkpolicies": ("networking.k8s.io", "v1", "NetworkPolicy"),
    "ciliumnetworkpolicies": ("cilium.io", "v2", "CiliumNetworkPolicy"),
    "egressfirewalls": ("k8s.ovn.org", "v1", "EgressFirewall"),
}
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


class Refusal(Exception):
    """A status other than 200: the code, the reason as Kubernetes calls it, and the message."""


def status(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "code": code, "reason": reason,
            "message": message, "status": "Success" if code < 400 else "Failure"}


def merged(value, patch):
    """RFC 7386; lists of policies are atomic, so that a strategic merge comes to the same."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(value) if isinstance(value, dict) else {}
    for key, item in patch.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), item)
    return result


def selects(selector, labels):
    """A selector of equalities alone, as kubectl -l has it."""
    return all(labels.get(key) == value for key, value in
               (part.split("=", 1) for part in selector.split(",") if part))


class Cluster:
    """The objects by (plural, namespace, name), and what was asked of the server."""

    def __init__(self, errors_of):
        self.objects, self.requests, self.errors_of = {}, [], errors_of
        self.lock, self.version = threading.Lock(), 0

    def stored(self):
        """What manifests say: without what the server and kubectl add."""
        result = []
        for item in copy.deepcopy(list(self.objects.values())):
            for key in ("uid", "resourceVersion", "generation", "managedFields",
                        "creationTimestamp"):
                item["metadata"].pop(key, None)
            item["metadata"].get("annotations", {}).pop(
                "kubectl.kubernetes.io/last-applied-configuration", None)
            if not item["metadata"].get("annotations", True):
                del item["metadata"]["annotations"]
            result.append(item)
        return result

    def put(self, plural, namespace, name, item, dry):
        group, version, kind = KINDS[plural]
        if item.get("apiVersion") != f"{group}/{version}" or item.get("kind") != kind:
            raise Refusal(400, "BadRequest", f"this is no {kind}")
        if item["metadata"].get("name") != name or \
                item["metadata"].setdefault("namespace", namespace) != namespace:
            raise Refusal(400, "BadRequest", "name or namespace is not the request's")
        errors = self.errors_of(item)
        if errors:
            raise Refusal(422, "Invalid", f"{kind} {name} is invalid: {errors[0]}")
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)
        item["metadata"].setdefault("uid", f"00000000-0000-4000-8000-{self.version:012}")
        if not dry:
            self.objects[plural, namespace, name] = item
        return item


def resource_list(plural):
    group, version, kind = KINDS[plural]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{group}/{version}",
            "resources": [{"name": plural, "singularName": kind.lower(), "namespaced": True,
                           "kind": kind, "verbs": VERBS}]}


def groups():
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
        {"name": group, "versions": [{"groupVersion": f"{group}/{version}", "version": version}],
         "preferredVersion": {"groupVersion": f"{group}/{version}", "version": version}}
        for group, version, _kind in KINDS.values()]}


def openapi(plural):
    """As much of a group's description as tells kubectl that the server checks fields itself."""
    group, version, kind = KINDS[plural]
    path = f"/apis/{group}/{version}/namespaces/{{namespace}}/{plural}/{{name}}"
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}}
                  for name in ("dryRun", "fieldManager", "fieldValidation", "force")]
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.32.0"},
            "paths": {path: {"patch": {
                "parameters": parameters, "responses": {},
                "x-kubernetes-action": "patch",
                "x-kubernetes-group-version-kind": {"group": group, "version": version,
                                                    "kind": kind}}}}}


def discovery(path):
    fixed = {
        "/version": {"major": "1", "minor": "32", "gitVersion": "v1.32.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": groups(),
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
            {"name": "namespaces", "singularName": "namespace", "namespaced": False,
             "kind": "Namespace", "verbs": VERBS}]},
        "/openapi/v3": {"paths": {f"apis/{group}/{version}": {
            "serverRelativeURL": f"/openapi/v3/apis/{group}/{version}?hash=1"}
            for group, version, _kind in KINDS.values()}},
    }
    for plural, (group, version, _kind) in KINDS.items():
        fixed[f"/apis/{group}/{version}"] = resource_list(plural)
        fixed[f"/openapi/v3/apis/{group}/{version}"] = openapi(plural)
    return fixed.get(path)


class Handler(http.server.BaseHTTPRequestHandler):
    cluster = None
    wbufsize = 65536  # an answer in one piece: else each waits for an acknowledgement of its head

    def log_message(self, *_arguments):
        pass

    def answer(self, body, code=200):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_request(self):
        url = urllib.parse.urlsplit(self.path)
        query = {k: v[0] for k, v in urllib.parse.parse_qs(url.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        with self.cluster.lock:
            self.cluster.requests.append((self.command, url.path, query))
            try:
                found = discovery(url.path) if self.command == "GET" else None
                self.answer(found or self.serve(url.path, query, body))
            except Refusal as refusal:
                self.answer(status(*refusal.args), refusal.args[0])

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_request

    def serve(self, path, query, body):
        parts = path.strip("/").split("/")
        if parts[:3] == ["api", "v1", "namespaces"] and len(parts) == 4:
            return {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": parts[3]}}
        if parts[0] != "apis" or len(parts) < 4 or not {parts[-1], parts[-2]} & set(KINDS):
            raise Refusal(404, "NotFound", f"there is no {path}")
        plural = parts[-1] if parts[-1] in KINDS else parts[-2]
        if tuple(parts[1:3]) != KINDS[plural][:2]:
            raise Refusal(404, "NotFound", f"there is no {path}")
        namespace = parts[4] if parts[3] == "namespaces" else None
        if parts[-1] in KINDS:
            return self.serve_list(plural, namespace, query, body)
        return self.serve_object(plural, namespace, parts[-1], query, body)

    def serve_list(self, plural, namespace, query, body):
        group, version, kind = KINDS[plural]
        if self.command == "POST":
            item = json.loads(body)
            name = item["metadata"].get("name")
            if (plural, namespace, name) in self.cluster.objects:
                raise Refusal(409, "AlreadyExists", f"{name} is there already")
            return self.cluster.put(plural, namespace, name, item, "dryRun" in query)
        if self.command != "GET":
            raise Refusal(405, "MethodNotAllowed", self.command)
        items = [o for (p, n, _), o in self.cluster.objects.items()
                 if p == plural and namespace in (None, n) and
                 selects(query.get("labelSelector", ""), o["metadata"].get("labels", {}))]
        return {"kind": f"{kind}List", "apiVersion": f"{group}/{version}",
                "metadata": {"resourceVersion": "1"}, "items": items}

    def serve_object(self, plural, namespace, name, query, body):
        key, dry = (plural, namespace, name), "dryRun" in query
        item = self.cluster.objects.get(key)
        kind = self.headers.get("Content-Type", "")
        if self.command == "PATCH" and kind.startswith("application/apply-patch"):
            if "fieldManager" not in query:
                raise Refusal(400, "BadRequest", "fieldManager is required for apply patch")
            return self.cluster.put(plural, namespace, name, merged(item or {}, json_of(body)), dry)
        if item is None:
            raise Refusal(404, "NotFound", f"{plural} \"{name}\" not found")
        if self.command == "PATCH":
            patched = merged(item, json.loads(body))
            return self.cluster.put(plural, namespace, name, patched, dry)
        if self.command == "DELETE":
            if not dry:
                del self.cluster.objects[key]
            return status(200, "", "")
        return item


def json_of(body):
    """kubectl sends an apply patch as YAML, or as JSON, which is YAML too."""
    import yaml  # only here: what stores JSON needs none
    return yaml.safe_load(body)


class Server:
    """with Server(errors_of) as server: the cluster at server.url, its content in server.cluster."""

    def __init__(self, errors_of):
        self.cluster = Cluster(errors_of)
        handler = type("OwnHandler", (Handler,), {"cluster": self.cluster})
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.http.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exception):
        self.http.shutdown()
        self.http.server_close()
