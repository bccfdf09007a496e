"""The manifests of kubernetes, cilium and openshift, loaded by kubectl into a stand-in for a
cluster with the commands that stand in the files themselves: tried, loaded, loaded again, over an earlier
version, changed, applied by the server, and taken away.
"""
import copy
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile

import yaml

import pods
import schemas
from kubernetes_api import KINDS, Server

PLURALS = {kind: plural for plural, (_group, _version, kind) in KINDS.items()}
LAST = "kubectl.kubernetes.io/last-applied-configuration"
TARGETS = {
    pods.PODS: ["policies", "policies-denies", "cilium-policies", "cilium-names", "firewall",
                "firewall-names"],
    **{os.path.join(pods.ROOT, path): targets for path, targets in pods.OTHERS_TO_CHECK.items()},
}


def errors_of(item):
    """What a server says of an object: by its schema, and of its names."""
    item = copy.deepcopy(item)
    item["metadata"].get("annotations", {}).pop(LAST, None)
    errors = pods.metadata_errors([item])
    for key in ("uid", "resourceVersion"):
        item["metadata"].pop(key, None)
    return errors + schemas.errors(item["kind"], item)


def commands(text):
    """The commands of the head of a file, by the word before them."""
    found = {}
    joined = re.sub(r" \\\n# +", " ", text.split("\n---\n", 1)[0])
    for line in joined.split("\n"):
        match = re.match(r"# (Try|Load|Undo) with: +(?:kubectl|oc) (.*)$", line)
        if match:
            found[match.group(1)] = shlex.split(match.group(2))
    return found


class Client:
    def __init__(self, server, folder):
        self.server, self.folder = server, folder

    def run(self, *arguments):
        return subprocess.run(
            ["kubectl", "--server", self.server.url, "--cache-dir",
             os.path.join(self.folder, "cache"), *arguments],
            capture_output=True, text=True, check=False, cwd=self.folder,
            env={**os.environ, "KUBECONFIG": os.path.join(self.folder, "none"),
                 "HOME": self.folder})


def by_name(manifests):
    return sorted(manifests, key=lambda m: json.dumps(m, sort_keys=True))


def store(server, manifest, last=None):
    """An object that is there already; last: it was put there by kubectl apply."""
    item = copy.deepcopy(manifest)
    if last:
        item["metadata"].setdefault("annotations", {})[LAST] = json.dumps(manifest)
    metadata = item["metadata"]
    plural = PLURALS[item["kind"]]
    server.cluster.objects[plural, metadata["namespace"], metadata["name"]] = item


def strangers(manifests):
    """An object of an earlier version, one of another target, and somebody's own; a namespace has
    no more than one EgressFirewall."""
    if manifests[0]["kind"] == "EgressFirewall":
        return None, []
    old = copy.deepcopy(manifests[0])
    old["metadata"]["name"] = "earlier-version"
    other, own = copy.deepcopy(old), copy.deepcopy(old)
    other["metadata"]["name"] = "of-another-target"
    other["metadata"]["labels"]["app.kubernetes.io/instance"] = "another-target"
    own["metadata"]["name"] = "somebodys-own"
    own["metadata"].pop("labels")
    return old, [other, own]


class Loading:
    """One target against a server of its own."""

    def __init__(self, target, text, server, folder):
        self.target, self.text, self.errors = target, text, []
        self.manifests = list(yaml.safe_load_all(text))
        self.server, self.client = server, Client(server, folder)
        self.commands = commands(text)

    def expect(self, what, held, wanted):
        if by_name(held) != by_name(wanted):
            self.errors.append(f"{what}: the cluster holds something else")

    def run(self, what, arguments, good=(0,)):
        result = self.client.run(*arguments)
        if result.returncode not in good:
            self.errors.append(f"{what}: status {result.returncode}: {result.stderr.strip()[:300]}")
        return result

    def everything(self):
        if set(self.commands) != {"Try", "Load", "Undo"}:
            return [f"the head of the file has commands to {sorted(self.commands)}"]
        old, kept = strangers(self.manifests)
        if old:
            store(self.server, old, last=True)
            store(self.server, kept[0], last=True)
            store(self.server, kept[1])
        before = copy.deepcopy(self.server.cluster.objects)
        self.run("try", self.commands["Try"], good=(1,))  # there are differences
        if self.server.cluster.objects != before:
            self.errors.append("try: it changed something")
        self.run("load", self.commands["Load"])
        self.expect("load", self.server.cluster.stored(), self.manifests + kept)
        again = self.run("load again", self.commands["Load"])
        # Applied by the server, it is never said to be unchanged.
        same = (" unchanged", " serverside-applied")
        changed = [line for line in again.stdout.splitlines() if not line.endswith(same)]
        if changed:
            self.errors.append(f"load again: {changed[0]}")
        self.expect("load again", self.server.cluster.stored(), self.manifests + kept)
        self.change()
        self.run("load a changed version", self.commands["Load"])
        self.expect("load a changed version", self.server.cluster.stored(), self.manifests + kept)
        self.run("undo", self.commands["Undo"])
        self.expect("undo", self.server.cluster.stored(), kept)
        self.run("server-side", ["apply", "--server-side", "-f", self.target + ".yaml"])
        self.expect("server-side", self.server.cluster.stored(), self.manifests + kept)
        return self.errors

    def change(self):
        """The cluster has a version that differs in what it says."""
        for item in self.server.cluster.objects.values():
            last = item["metadata"].get("annotations", {}).get(LAST)
            if last is None or item["metadata"]["name"] == "of-another-target":
                continue
            for version in (item, applied := json.loads(last)):
                version["spec"] = {k: v for k, v in version["spec"].items() if k == "podSelector"}
                version["metadata"]["labels"]["left-over"] = "yes"
            item["metadata"]["annotations"][LAST] = json.dumps(applied)


def refused(folder):
    """The stand-in does refuse what a server would."""
    good = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "a", "namespace": "n", "labels": {}},
            "spec": {"podSelector": {}, "policyTypes": ["Egress"],
                     "egress": [{"ports": [{"port": 80, "protocol": "TCP"}]}]}}
    wrong = copy.deepcopy(good)
    wrong["spec"]["egres"] = wrong["spec"].pop("egress")
    bad_type = copy.deepcopy(good)
    bad_type["spec"]["egress"] = {"ports": []}
    errors = []
    for manifest, status in ((good, 0), (wrong, 1), (bad_type, 1)):
        with Server(errors_of) as server, \
                open(os.path.join(folder, "m.yaml"), "w", encoding="utf-8") as file:
            json.dump(manifest, file)
            file.flush()
            result = Client(server, folder).run("apply", "-f", "m.yaml")
            if result.returncode != status:
                errors.append(f"status {result.returncode}: {result.stderr.strip()[:200]}")
    pods.verdict("wrong manifests are refused", errors)


def main():
    if shutil.which("kubectl") is None:
        pods.tell("skip", "kubectl", "kubectl is not installed")
    else:
        with tempfile.TemporaryDirectory() as folder:
            refused(folder)
            for policy, targets in TARGETS.items():
                for target in targets:
                    text = pods.render(policy, target, folder)
                    if text is None:
                        continue
                    with Server(errors_of) as server:
                        loading = Loading(target, text, server, folder)
                        pods.verdict(target, loading.everything())
    counts = pods.counts
    print("%d passed, %d failed, %d skipped" % (counts["ok"], counts["FAIL"], counts["skip"]))
    raise SystemExit(counts["FAIL"] > 0)


if __name__ == "__main__":
    main()
