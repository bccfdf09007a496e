"""Hostile texts are harmless: renders the golden case hostile-text, and the same policy with tame
texts, in every format of every backend; reads both as the format's client would, with a parser or,
for scripts, by running them with recorders in place of all commands; and compares. The two may
differ in the places for texts alone, and nothing there may mean anything to the reader.
"""
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import urllib.parse
import xml.etree.ElementTree

import yaml

import aws_sg_ec2
import yaml_loaders

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
TOOL = os.environ.get("FLOWRULES", os.path.join(ROOT, "build/flowrules"))
AS_OF = os.environ.get("AS_OF", "2026-11-23")
POLICY = os.path.join(ROOT, "tests/golden/hostile-text/policy.yaml")

# Programs that scripts may use; every client is a recorder, and so is what the texts call.
HELPERS = "sh awk basename cat cksum cut dirname grep mktemp printf rm sed sleep sort tr uniq wc".split()
RECORDED = ("nft iptables ip6tables iptables-restore ip6tables-restore ipset "
            "aws gcloud kubectl oc az terraform reboot id").split()
RECORDER = ""  # see recorder.c
# Keys and options whose values are places for texts.
PLACES = ("description", "Description", "comments", "//", "flows", "--comment", "--log-prefix",
          "flowrules/flows", "flowrules/rules", "flowrules/purpose", "flowrules/owner", "flowrules/ticket")
WORD = re.compile(r"[A-Za-z0-9._/-]+")
# What ends a line somewhere, or shows what follows the other way round.
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")

counts = {"ok": 0, "FAIL": 0, "skip": 0}


def verdict(name, errors):
    counts["FAIL" if errors else "ok"] += 1
    print(f"FAIL {name}: {errors[0]}" if errors else f"ok {name}")
    for error in errors[1:10]:
        print(f"    {error}")


def build_recorder(folder):
    """Makes what stands in place of commands: scripts call hundreds."""
    global RECORDER
    RECORDER = os.path.join(folder, "recorder")
    subprocess.run([*os.environ.get("CC", "cc").split(), "-O1", "-o", RECORDER,
                    os.path.join(ROOT, "tests/clients/recorder.c")], check=True)


def run(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, check=False, **options)


# ---- the two policies ---------------------------------------------------------------------------

def as_long(word, text):
    return word.ljust(len(text), "x")[:len(text)]


def tame(policy):
    """The policy with harmless texts, as long as they were, in place of its title and of each text
    of its flows: where a line ends depends on how long they are."""
    policy["title"] = as_long("A title", policy["title"])
    for number, flow in enumerate(policy["flows"]):
        flow["name"] = f"f{number}".ljust(len(flow["name"]), "x")
        for key in ("purpose", "owner", "ticket", "volume", "frequency"):
            if key in flow:
                flow[key] = as_long(key, flow[key])
    return policy


class Rendering(dict):
    """The texts of a target's files by name, without its versions, and as they were."""

    def __init__(self, written):
        # What the plan as a whole is called is another for another plan.
        self.versions = set(re.findall(r"(?:version |_v|policy=\S+--)([0-9a-f]{8})",
                                       "\n".join(written.values())))
        self.written = written
        super().__init__({name: self.nameless(text) for name, text in written.items()})

    def nameless(self, text):
        for version in self.versions:
            text = text.replace(version, "VERSION")
        return text


def render(policy, target, spelling, folder):
    """A target's files; None where the target is refused."""
    result = run(TOOL, "render", policy, "-t", f"{target}:{spelling}", "-o", folder,
                 "--as-of", AS_OF)
    if result.returncode != 0:
        return None
    texts = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
            texts[name] = file.read().replace(os.path.relpath(policy, folder), "POLICY")
    return Rendering(texts)


# ---- comparing what was read --------------------------------------------------------------------

def unlike(hostile, usual, harmless, place=""):
    """Where two trees of lists, mappings and words differ other than in places for texts."""
    if isinstance(hostile, str) and isinstance(usual, str):
        if hostile == usual or WORD.fullmatch(hostile) and WORD.fullmatch(usual):
            return []
        if place not in PLACES:
            return [f"at '{place}', {hostile[:80]!r} stands for {usual[:80]!r}"]
        if not harmless(hostile):
            return [f"at '{place}', {hostile[:80]!r} may mean something"]
        return []
    if type(hostile) is not type(usual):
        return [f"at '{place}', {hostile!r:.80} stands for {usual!r:.80}"]
    if isinstance(hostile, dict):
        hostile, usual = list(hostile.items()), list(usual.items())
        errors = [error for (one, _), (other, _) in zip(hostile, usual)
                  for error in unlike(str(one), str(other), harmless, "key")]
        places = [str(key) for key, _ in usual]
        hostile, usual = [value for _, value in hostile], [value for _, value in usual]
    elif isinstance(hostile, (list, tuple)):
        # The word behind an option stands in that option's place.
        errors, places = [], [place] + [last if last in PLACES else place for last in
                                        (word if isinstance(word, str) else "" for word in usual)]
    else:
        return [] if hostile == usual else [f"at '{place}', {hostile!r} stands for {usual!r}"]
    if len(hostile) != len(usual):
        return errors + [f"at '{place}' are {len(hostile)} things, not {len(usual)}"]
    for one, other, inner in zip(hostile, usual, places):
        errors += unlike(one, other, harmless, inner)
    return errors


# ---- readers: each returns a tree ---------------------------------------------------------------

def unique(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key stands there twice: {keys}")
    return dict(pairs)


def read_json(text):
    return json.loads(text, object_pairs_hook=unique)


def read_yaml(text):
    return list(yaml.load_all(text, yaml_loaders.VALUES))


def read_machine(text):
    """A file that puts a ruleset onto machines: that is read too."""
    tree = read_yaml(text)
    config = tree[0].get("spec", {}).get("config") or tree[0]
    contents = config["storage"]["files"][0]["contents"]
    ruleset = contents.pop("inline", None) or urllib.parse.unquote(
        contents.pop("source").partition(",")[2], errors="strict")
    return tree + read_lines("#")(ruleset)


def read_nix(text):
    """A module of Nix: what is around its string in two ', and the ruleset in that."""
    before, _, rest = text.partition(" = ''\n")
    end = re.match(r"(?:[^'$]|'(?!')|'''|''\$|''\\.|\$(?!\{))*", rest).end()
    if rest[end:end + 2] != "''":
        raise ValueError(f"the string ends otherwise: {rest[end:end + 20]!r}")
    ruleset = re.sub(r"''(?:\\(.)|(')|(\$))", lambda found: found[1] or found[3] or "''", rest[:end])
    ruleset = re.sub("(?m)^    ", "", ruleset)
    return [read_lines("#")(part) for part in (before, ruleset, rest[end:])]


def read_xml(text):
    # As a firewall would: a mapping of one key for each element, and no entities of its own.
    def tree(element):
        return {element.tag: [dict(element.attrib), (element.text or "").strip(),
                              [tree(child) for child in element]]}
    return tree(xml.etree.ElementTree.fromstring(text))


def read_lines(comment):
    """Lines of words and quoted texts without escapes, as nft, iptables and ipset read them."""
    def read(text):
        lines = []
        for line in text.split("\n"):
            if line.startswith(comment):
                lines.append(["a comment"])
            else:
                words = re.findall(r'"[^"]*"|[^\s"]+|"', line)
                lines.append([word if not word.startswith('"') else {"flows": word}
                              for word in words])
        return lines
    return read


def read_asa(text):
    """An ASA reads line by line; '?' asks for help in the middle of one."""
    lines = []
    for line in text.split("\n"):
        if not line.isascii() or "?" in line or not seen(line):
            raise ValueError(f"a line that is not taken as it is: {line!r:.80}")
        command, remark, rest = line.partition(" remark ")
        if line.startswith("!"):
            lines.append(["!"])
        else:
            lines.append(command.split() + ([{"description": rest}] if remark else []))
    return lines


def read_set(text):
    """PAN-OS's configure mode: words, and texts between double quotes."""
    if "?" in text or not text.isascii():
        raise ValueError("a '?' or a letter beyond ASCII")
    return [shlex.split(line, comments=True) for line in text.split("\n")]


def read_listing(text):
    return [line.split()[:1] for line in text.split("\n")[1:]]


def read_script(name, rendering):
    """What a script calls, each command with its words and its input; its files stand beside it."""
    with tempfile.TemporaryDirectory() as folder:
        for helper in HELPERS:
            os.symlink(shutil.which(helper), os.path.join(folder, helper))
        for command in RECORDED:
            os.symlink(RECORDER, os.path.join(folder, command))
        record = os.path.join(folder, "record")
        for each, text in rendering.written.items():
            with open(os.path.join(folder, each), "w", encoding="utf-8", newline="") as file:
                file.write(text)
        result = run(os.path.join(folder, "sh"), os.path.join(folder, name), cwd=folder, stdin=subprocess.DEVNULL,
                     env={"PATH": folder, "RECORD": record, "SG": "sg-1", "LC_ALL": "C.UTF-8"})
        calls = open(record, encoding="utf-8").read() if os.path.exists(record) else ""
        calls = rendering.nameless(calls).replace(folder, "FOLDER")
        if not calls:
            raise ValueError(f"it calls nothing: {result.stderr.decode()[:200]}")
    # Side by side in a pipe, two programs may be recorded in either order; one's calls keep theirs.
    called = sorted((call.split("\0") for call in calls.split("\0\0")), key=lambda call: call[0])
    return [result.returncode, [[argument(word) for word in call] for call in called]]


def argument(word):
    """A word of a command; one that is itself in a format is read."""
    option, equals, value = word.partition("=")
    if option == "--description" and equals:
        return {"description": value}
    if word.startswith(("[{", "{\"")):
        return read_json(word)
    if word.startswith("IpProtocol="):
        if not aws_sg_ec2.SHORTHAND.fullmatch(word):
            raise ValueError(f"the shorthand {word}")
        return aws_sg_ec2.permissions_of(word)
    if "\n" in word:
        return read_lines("#")(word)
    return word


def seen(text):
    return not UNSEEN.search(text)


def no_terraform(text):
    return seen(text) and not re.search(r"[$%]\{", text.replace("$${", "").replace("%%{", ""))


def no_expression(text):
    return seen(text) and not text.startswith("[")


# By the end of a file's name: its reader, and what no text in it may be.
READERS = [
    (".tf.json", read_json, no_terraform),
    (".arm.json", read_json, no_expression),
    (".rules.json", read_json, no_expression),
    (".map.json", read_json, lambda text: True),  # names to the letter, for programs
    (".json", read_json, seen),
    (".machineconfig.yaml", read_machine, seen),
    (".bu", read_machine, seen),
    (".nix", read_nix, seen),
    (".tasks.yml", read_yaml, seen),
    (".yaml", read_yaml, seen),
    (".xml", read_xml, seen),
    (".nft", read_lines("#"), seen),
    (".rules", read_lines("#"), seen),
    (".ipset", read_lines("#"), seen),
    (".cfg", read_asa, seen),
    (".set", read_set, seen),
    (".sh", read_script, seen),
    (".txt", read_listing, seen),
]


def compare(name, hostile, usual):
    """Errors of a file of the two renderings, each of which is all of its files by name."""
    for suffix, read, harmless in READERS:
        if name.endswith(suffix):
            try:
                trees = [read(name, each) if read is read_script else read(each[name])
                         for each in (hostile, usual)]
            except (ValueError, yaml.YAMLError, xml.etree.ElementTree.ParseError) as error:
                return [f"{name}: {error}"]
            return [f"{name}: {error}" for error in
                    unlike(*trees, harmless)]
    return [f"{name}: no reader for it"]


def check(target, spelling, tame_policy, folder):
    hostile = render(POLICY, target, spelling, os.path.join(folder, "hostile"))
    usual = render(tame_policy, target, spelling, os.path.join(folder, "tame"))
    if hostile is None and usual is None:
        return False  # a setting is refused, which the golden files show
    if hostile is None or usual is None or list(hostile) != list(usual):
        errors = ["not the same files with other texts"]
    else:
        errors = [error for name in hostile for error in compare(name, hostile, usual)]
        for name in hostile:
            if name.endswith(".sh") and shutil.which("shellcheck"):
                result = run("shellcheck", "-s", "sh", "-S", "warning",
                             os.path.join(folder, "hostile", name))
                errors += [f"{name}: {line}" for line in result.stdout.decode().splitlines()]
    verdict(f"{target}.{spelling}", errors)
    return True


def main():
    backends = json.loads(run(TOOL, "targets", "--json").stdout)["backends"]
    formats = {backend["name"]: [row["name"] for row in backend["formats"]] for backend in backends}
    with open(POLICY, encoding="utf-8") as file:
        policy = tame(yaml.load(file, yaml_loaders.VALUES))
    tried = set()
    with tempfile.TemporaryDirectory() as folder:
        build_recorder(folder)
        tame_policy = os.path.join(folder, "policy.yaml")
        with open(tame_policy, "w", encoding="utf-8") as file:
            json.dump(policy, file)
        for target, record in policy["targets"].items():
            for spelling in formats[record["backend"]]:
                with tempfile.TemporaryDirectory() as inner:
                    if check(target, spelling, tame_policy, inner):
                        tried.add((record["backend"], spelling))
    every = {(name, spelling) for name, spellings in formats.items() for spelling in spellings}
    verdict("every format has hostile texts", [" ".join(one) for one in sorted(every - tried)])
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    return counts["FAIL"] > 0


if __name__ == "__main__":
    raise SystemExit(main())
