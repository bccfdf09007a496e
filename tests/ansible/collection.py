"""The modules of the collection, in plays on this machine: what they change, return and say; and the program for
Terraform.

usage: tests/ansible/collection.py FOLDER
"""
import json
import os
import shutil
import subprocess
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
FOLDER = os.path.abspath(sys.argv[1])
DAY = "2026-11-23"
POLICY = """\
flowrules: 1
protects: [server]
networks: {server: [192.0.2.10]}
flows:
  - {name: web, source: any, destination: server, protocol: tcp, port: 443}
targets:
  nft: {backend: nftables, direction: ingress, shuts: [ssh]}
"""

counts = {"ok": 0, "FAIL": 0, "skip": 0}


def say(verdict, name, text=""):
    counts[verdict] += 1
    print(f"{verdict} {name}" + (f": {text}" if text else ""))


def expect(name, found, wanted):
    if found == wanted:
        say("ok", name)
    else:
        say("FAIL", name, f"it is {found!r:.300}, not {wanted!r:.300}")


def put(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


# ---- Ansible --------------------------------------------------------------------------------------

def environment():
    return dict(os.environ, HOME=FOLDER, ANSIBLE_HOME=FOLDER, ANSIBLE_COLLECTIONS_PATH=FOLDER,
                ANSIBLE_COLLECTIONS_PATHS=FOLDER, ANSIBLE_LOCAL_TEMP=os.path.join(FOLDER, "local"),
                ANSIBLE_REMOTE_TEMP=os.path.join(FOLDER, "remote"), ANSIBLE_STDOUT_CALLBACK="json",
                ANSIBLE_NOCOLOR="1", ANSIBLE_LOCALHOST_WARNING="False", LC_ALL="C.UTF-8")


def play(module, options, *arguments):
    """Runs a module in a task: what it returned."""
    book = [{"hosts": "localhost", "gather_facts": False,
             "vars": {"ansible_python_interpreter": sys.executable},
             "tasks": [{f"flowrules.flowrules.{module}": options}]}]
    result = subprocess.run(["ansible-playbook", "-i", "localhost,", "-c", "local", *arguments,
                             put("play.yml", json.dumps(book))],
                            capture_output=True, text=True, check=False, cwd=FOLDER, env=environment())
    start = result.stdout.find("{")
    if start < 0:
        return {"failed": True, "msg": result.stdout + result.stderr}
    return json.loads(result.stdout[start:])["plays"][0]["tasks"][0]["hosts"]["localhost"]


def link_collection():
    os.makedirs(os.path.join(FOLDER, "ansible_collections/flowrules"))
    os.symlink(os.path.join(ROOT, "bindings/ansible"), os.path.join(FOLDER, "ansible_collections/flowrules/flowrules"))


def test_render(policy):
    dest = os.path.join(FOLDER, "rules")
    options = {"policy": policy, "target": "nft", "dest": dest, "as_of": DAY}
    files = [os.path.join(dest, name) for name in ("nft.nft", "nft.apply.sh")]
    told = play("render", options, "--check", "--diff")
    expect("render: check mode tells the change", (told.get("changed"), told.get("changed_files")), (True, files))
    expect("render: check mode writes nothing", os.path.exists(dest), False)
    expect("render: diff mode has the new text",
           [("tcp dport 443" in each["after"], each["before"]) for each in told.get("diff", [])][:1], [(True, "")])
    told = play("render", options)
    expect("render: writes", (told.get("changed"), told.get("files")), (True, files))
    expect("render: the files are there, the script executable",
           [os.access(file, os.X_OK) for file in files if os.path.exists(file)], [False, True])
    told = play("render", options)
    expect("render: again, nothing changes", (told.get("changed"), told.get("changed_files")), (False, []))
    with open(files[0], "a", encoding="utf-8") as file:
        file.write("# mine\n")
    told = play("render", options, "--diff")
    expect("render: a file that was edited", (told.get("changed_files"), "# mine" in told["diff"][0]["before"]),
           (files[:1], True))
    told = play("render", dict(options, target="nft:butane"))
    expect("render: another format", told.get("changed_files"), [os.path.join(dest, "nft.bu")])
    told = play("render", dict(options, target="ntf"))
    expect("render: a target that is not there", (told.get("failed"), "did you mean 'nft'?" in told.get("msg", "")),
           (True, True))
    told = play("render", dict(options, policy=put("broken.yaml", POLICY.replace("port: 443", "prt: 443"))))
    expect("render: a policy that is not valid", (told.get("failed"), "broken.yaml:5:" in told.get("msg", "")),
           (True, True))
    told = play("render", dict(options, policy=os.path.join(FOLDER, "none.yaml")))
    expect("render: a policy that is not there", (told.get("failed"), "none.yaml" in told.get("msg", "")),
           (True, True))
    told = play("render", {"policy": policy, "target": "nft"})
    expect("render: without dest", told.get("msg"), "missing required arguments: dest")


def test_verify(policy):
    file = os.path.join(FOLDER, "rules/nft.nft")
    options = {"policy": policy, "target": "nft", "files": [file], "as_of": DAY}
    play("render", {"policy": policy, "target": "nft", "dest": os.path.join(FOLDER, "rules"), "as_of": DAY})
    told = play("verify", options)
    expect("verify: equal", (told.get("failed", False), told.get("verdict"), told.get("differences")),
           (False, "equal", []))
    with open(file, encoding="utf-8") as source:
        other = put("other.nft", source.read().replace("dport 443", "dport 444"))
    told = play("verify", dict(options, files=[other]), "--check")
    expect("verify: different fails", (told.get("failed"), told.get("verdict"), told.get("changed")),
           (True, "different", False))
    expect("verify: which packets", sorted((each["change"], each["service"]) for each in told.get("differences", [])),
           [("allowed", "tcp/444"), ("denied", "tcp/443")])
    told = play("verify", dict(options, files=[other], accept=["equal", "different"]), "--diff")
    expect("verify: accepted, with a diff", (told.get("failed", False), "+ " in told.get("diff", {}).get("prepared", "")),
           (False, True))
    told = play("verify", dict(options, files=[put("bad.nft", "table inet {")]))
    expect("verify: a file that cannot be read", (told.get("failed"), "bad.nft:1:" in told.get("msg", "")), (True, True))


def test_diff(policy):
    other = put("other.yaml", POLICY.replace("port: 443", "port: [443, 8443]"))
    options = {"policy": policy, "other": other, "as_of": DAY}
    told = play("diff", options, "--check", "--diff")
    expect("diff: what newly passes",
           (told.get("differs"), told.get("changed"), [(each["change"], each["service"]) for each in told["differences"]]),
           (True, False, [("allowed", "tcp/8443")]))
    expect("diff: the flows, and the text", ([(each["kind"], each["after"]) for each in told["flows"]],
                                             told["diff"]["prepared"].splitlines()[0]),
           ([("changed", "web")], "different"))
    told = play("diff", dict(options, other=policy, target="nft"))
    expect("diff: equal", (told.get("differs"), told.get("verdict"), told.get("flows")), (False, "equal", []))


def test_documentation():
    for module in ("render", "verify", "diff"):
        result = subprocess.run(["ansible-doc", "-j", f"flowrules.flowrules.{module}"], capture_output=True, text=True,
                                check=False, env=environment())
        try:
            options = json.loads(result.stdout)[f"flowrules.flowrules.{module}"]["doc"]["options"]
        except (ValueError, KeyError):
            options = result.stderr
        expect(f"{module} is documented", "policy" in options, True)


def test_ansible():
    if not shutil.which("ansible-playbook"):
        say("skip", "collection", "ansible-core is not installed")
        return
    link_collection()
    policy = put("policy.yaml", POLICY)
    test_render(policy)
    test_verify(policy)
    test_diff(policy)
    test_documentation()


# ---- Terraform ------------------------------------------------------------------------------------

def ask(query):
    result = subprocess.run([sys.executable, os.path.join(ROOT, "examples/terraform/flowrules_data.py")],
                            input=json.dumps(query), capture_output=True, text=True, check=False)
    return result.returncode, result.stdout, result.stderr


def test_terraform():
    status, output, _ = ask({"policy": os.path.join(ROOT, "examples/first.yaml"), "target": "web-nft", "as_of": DAY})
    answer = json.loads(output) if status == 0 else {}
    expect("terraform: an object of strings", (status, {type(value) for value in answer.values()}), (0, {str}))
    files = json.loads(answer.get("files", "{}"))
    expect("terraform: the files", (sorted(files), "table inet" in files.get("web-nft.nft", "")),
           (["web-nft.apply.sh", "web-nft.nft"], True))
    status, output, told = ask({"policy": os.path.join(ROOT, "examples/first.yaml"), "target": "none"})
    expect("terraform: an error ends the plan", (status, output, "none" in told), (1, "", True))
    status, output, told = ask({"policy": "x"})
    expect("terraform: a query without a target", (status, output, told),
           (1, "", "the query has to have policy and target, and may have as_of\n"))


test_ansible()
test_terraform()
print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
sys.exit(counts["FAIL"] > 0)
