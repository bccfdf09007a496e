"""
What 'flowrules fmt' makes of policies: that they say the same, by a second reader of YAML, that no
comment is lost, that a second time changes nothing; and how files are written.

  tests/fmt/NAME/before.yaml   a policy in some layout
  tests/fmt/NAME/after.yaml    in the usual one

usage: tests/fmt/run [NAME...]
       tests/fmt/run --bless NAME | all                         (make bless-fmt TARGET=...)
"""
import os
import random
import re
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))
import expected  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None

FLOWRULES = os.environ.get("FLOWRULES") or str(ROOT / "build" / "flowrules")


def fmt(*arguments, text=None, folder=None):
    done = subprocess.run([FLOWRULES, "fmt", *arguments], input=text, capture_output=True, cwd=folder, check=False)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


# ---- the same, by another reader ------------------------------------------------------------------


def tree(node, seen):
    """What a node says; the keys of mappings in any order, anchors by where they lead."""
    if id(node) in seen:
        return ("again", seen[id(node)])
    seen[id(node)] = len(seen)
    if isinstance(node, yaml.MappingNode):
        pairs = [(tree(key, {}), value) for key, value in node.value]
        return (node.tag, sorted((key, tree(value, {})) for key, value in pairs))
    if isinstance(node, yaml.SequenceNode):
        return (node.tag, [tree(each, {}) for each in node.value])
    return (node.tag, node.value)


def said(data):
    return [tree(node, {}) for node in yaml.compose_all(data.decode("utf-8-sig"), Loader=yaml.SafeLoader)]


def same(before, after):
    try:
        return yaml is None or said(before) == said(after)
    except yaml.YAMLError:
        return None  # this reader takes less


def bare(data):
    """All characters but spaces and quotes, in any order: comments are among them."""
    return sorted(re.sub(rb"[\s\"'\\]|\xef\xbb\xbf", b"", data))


def problem(before):
    """What is wrong with the layout of a text; None where nothing is, or it is refused."""
    status, after, messages = fmt("-", text=before)
    if status not in (0, 3, 4):
        return f"status {status}: {messages}"
    if status != 0:
        return None if messages and not after else "it is refused without a message"
    if same(before, after) is False:
        return "it says something else"
    if bare(before) != bare(after):
        return "something is lost"
    if fmt("-", text=after)[1] != after:
        return "a second time changes more"
    if fmt("--check", "-", text=after)[0] != 0:
        return "--check does not hold"
    return None


# ---- cases ----------------------------------------------------------------------------------------


def layout(name, hold):
    before = (HERE / name / "before.yaml").read_bytes()
    status, after, messages = fmt("-", text=before)
    if status != 0:
        return [("FAIL", name, f"status {status}", messages)]
    wrong = problem(before)
    verdict = ("FAIL", f"{name} says the same", wrong, after.decode()) if wrong else ("ok", f"{name} says the same", "", "")
    return [hold(name, HERE / name / "after.yaml", after.decode(), f"bless-fmt TARGET={name}"), verdict]


def check(name, good, why=""):
    return [("ok", name, "", "") if good else ("FAIL", name, str(why)[:300], "")]


def examples():
    files = sorted([*ROOT.glob("examples/*.yaml"), *ROOT.glob("examples/assertions/*.yaml")])
    status, printed, messages = fmt("--check", *map(str, files))
    return check("the examples are in the usual layout", status == 0 and not printed, (printed, messages))


def policies():
    """Every policy of the tests and examples."""
    wrong, count = [], 0
    for file in sorted(ROOT.glob("tests/*/**/*.yaml")):
        if file.stat().st_size < 300000:
            count += 1
            found = problem(file.read_bytes())
            wrong += [f"{file.relative_to(ROOT)}: {found}"] if found else []
    return check(f"the {'policies' if count > 100 else 'few policies'} of the tests say the same", not wrong and count > 100, wrong)


def rendered(policy, folder):
    subprocess.run([FLOWRULES, "render", str(policy), "--as-of", expected.AS_OF, "--no-map", "-o", folder, "-q"],
                   capture_output=True, check=False)
    return {file.name: file.read_bytes() for file in Path(folder).glob("*") if not file.name.startswith(".")}


def renderings():
    """What targets make of a policy does not depend on its layout."""
    wrong, count = [], 0
    for policy in sorted(ROOT.glob("tests/golden/*/policy.yaml")):
        if policy.stat().st_size > 30000:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            before = rendered(policy, os.path.join(scratch, "before"))
            status, text, _ = fmt("-", text=policy.read_bytes())
            laid = policy.with_name(".laid-out.yaml")
            laid.write_bytes(text)
            lock = policy.with_name("policy.yaml.lock")
            own = laid.with_name(laid.name + ".lock")
            try:
                if lock.exists():
                    own.write_bytes(lock.read_bytes())
                after = rendered(laid, os.path.join(scratch, "after"))
            finally:
                laid.unlink()
                own.unlink(missing_ok=True)
        count += len(before)
        wrong += [f"{policy.parent.name}/{name}" for name in before if before[name] != after.get(name)]
    return check("renderings stay the same", not wrong and count > 20, (count, wrong))


# ---- random layouts -------------------------------------------------------------------------------

KEYS = ["name", "source", "destination", "protocol", "port", "purpose", "tags", "owner", "members", "except",
        "description", "x-y", "never", "must", "because", "backend", "select", "never"]
WORDS = ["web", '"web"', "'a b'", "10.0.0.0/8", '"2001:db8::1"', '"yes"', "443", "[]", "{}", "any", '"*.x.org"',
         "a-b", '"a: b"', "'it''s'", "é", "~", '"\\u00e9"', "*anchor"]


class Writer:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.anchored = False

    def spaces(self, least=0):
        return " " * self.random.choice([least, least, least, least + 1, least + 3])

    def comment(self):
        return self.random.choice(["", "", "", "", f"{self.spaces(1)}# c{self.random.randrange(1000)}: {{[\"'"])

    def scalar(self):
        word = self.random.choice(WORDS)
        return word if word != "*anchor" or self.anchored else "web"

    def flow(self, depth):
        if depth > 2 or self.random.random() < 0.5:
            return self.scalar()
        gap = self.spaces
        if self.random.random() < 0.5:
            items = [self.flow(depth + 1) for _ in range(self.random.randrange(4))]
            return "[" + gap() + f"{gap()},{gap()}".join(items) + gap() + " ]"
        keys = self.random.sample(sorted(set(KEYS)), self.random.randrange(4))
        return "{" + gap() + f"{gap()},{gap()}".join(f"{key}:{gap(1)}{self.flow(depth + 1)}" for key in keys) + gap() + " }"

    def between(self, indent):
        for _ in range(self.random.choice([0, 0, 0, 1, 3])):
            self.lines.append(self.random.choice(["", "", "   ", " " * indent + f"# own {self.random.randrange(1000)}",
                                                  " " * self.random.randrange(indent + 3) + "# elsewhere"]))

    def value(self, indent, depth):
        """What follows a key or a dash in its line, and lines below."""
        choice = self.random.random()
        deeper = indent + self.random.choice([1, 2, 2, 4, 7])
        if choice < 0.45 or depth > 3:
            return self.spaces(1) + self.flow(0) + self.comment(), []
        if choice < 0.55:
            head = self.random.choice(["|", ">", "|-", ">+", "|+"])
            body = self.random.choice([["text", "  more  ", "", "# no comment"], ["one"], ["a: b", "", "", "c"]])
            return f" {head}", [" " * deeper + line if line else "" for line in body]
        if choice < 0.6:
            return f'{self.spaces(1)}"two', [" " * deeper + "lines", "", " " * deeper + 'long"']
        if choice < 0.65 and not self.anchored:
            self.anchored = True
            return f"{self.spaces(1)}&anchor{self.spaces(1)}web", []
        inner = Writer(self.random.random())
        inner.anchored = self.anchored
        (inner.mapping if choice < 0.85 else inner.sequence)(deeper, depth + 1)
        self.anchored = inner.anchored
        return self.comment(), inner.lines

    def put(self, head, indent, depth, dash):
        rest, below = self.value(indent + (0 if not dash else 0), depth)
        self.lines.append(" " * indent + head + rest)
        self.lines += below

    def mapping(self, indent, depth):
        for key in self.random.sample(sorted(set(KEYS)), 1 + self.random.randrange(5)):
            self.between(indent)
            self.put(f"{key}:", indent, depth, False)

    def sequence(self, indent, depth):
        for _ in range(1 + self.random.randrange(4)):
            self.between(indent)
            self.put("-", indent, depth, True)

    def root(self):
        for key in self.random.sample(["flowrules", "title", "networks", "services", "flows", "targets", "zones",
                                       "assertions", "x-own"], 6):
            self.between(0)
            self.put(f"{key}:", 0, 0, False)
        return ("\n".join(self.lines) + self.random.choice(["\n", "", "\n\n\n"])).encode()


def layouts():
    """Random texts; most of them are YAML."""
    wrong, good, changed = [], 0, 0
    rounds = int(os.environ.get("ROUNDS") or (250 if os.environ.get("PART", "quick") == "quick" else 2000))
    for seed in range(rounds):
        text = Writer(seed).root()
        if seed % 7 == 0:
            text = b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")
        status, after, messages = fmt("-", text=text)
        good += status == 0
        changed += status == 0 and after != text
        found = problem(text)
        if status == 4 and "cannot be laid out" in messages:
            found = "it is refused"
        if found:
            wrong.append(f"seed {seed}: {found}")
    return check("random layouts say the same", not wrong and good > rounds * 0.6 and changed > rounds * 0.5,
                 (good, changed, wrong[:5]))


# ---- files ----------------------------------------------------------------------------------------

MESSY = b"flowrules:   1\nflows:\n- {source: any, name: a, destination: 10.0.0.1, service: any}\n"
NEAT = b"flowrules: 1\nflows:\n  - {name: a, source: any, destination: 10.0.0.1, service: any}\n"


def files():
    verdicts = []
    with tempfile.TemporaryDirectory() as scratch:
        def write(name, data, mode=0o640):
            path = os.path.join(scratch, name)
            Path(path).write_bytes(data)
            os.chmod(path, mode)
            return path

        def read(name):
            return Path(scratch, name).read_bytes()

        messy, neat = write("messy.yaml", MESSY), write("neat.yaml", NEAT)
        wrong, odd = write("wrong.yaml", b"flows: [\n"), write("odd.yaml", b'title: "a\xe2\x80\xa8 b"\n')
        os.symlink("messy.yaml", os.path.join(scratch, "link.yaml"))
        before = os.stat(neat).st_mtime_ns
        status, printed, _ = fmt("--check", messy, neat)
        verdicts += check("--check names what would change", (status, printed) == (1, messy.encode() + b"\n") and
                          read("messy.yaml") == MESSY, (status, printed))
        status, printed, messages = fmt("link.yaml", "neat.yaml", folder=scratch)
        verdicts += check("a file is written in its place", (status, printed) == (0, b"link.yaml\n") and
                          read("messy.yaml") == NEAT, (status, printed, messages))
        verdicts += check("a link stays", os.path.islink(os.path.join(scratch, "link.yaml")))
        verdicts += check("the mode stays", stat.S_IMODE(os.stat(messy).st_mode) == 0o640)
        verdicts += check("what is neat is not written", os.stat(neat).st_mtime_ns == before)
        verdicts += check("nothing is left", sorted(os.listdir(scratch)) ==
                          ["link.yaml", "messy.yaml", "neat.yaml", "odd.yaml", "wrong.yaml"], os.listdir(scratch))
        write("messy.yaml", MESSY)
        status, _, messages = fmt(wrong, odd, messy)
        verdicts += check("a file that is wrong stays, and the others are written",
                          status == 3 and read("wrong.yaml") == b"flows: [\n" and read("messy.yaml") == NEAT and
                          "wrong.yaml:2:1: error: " in messages and "odd.yaml:1:10: error: " in messages,
                          (status, messages))
        status, printed, messages = fmt("-", text=b"flows: [\n")
        verdicts += check("a filter prints nothing that is wrong", (status, printed) == (3, b"") and
                          "<stdin>:2:1: error: " in messages, (status, printed, messages))
        status, printed, messages = fmt("absent.yaml", folder=scratch)
        verdicts += check("a file that is not there", (status, printed) == (6, b"") and "absent.yaml" in messages,
                          (status, messages))
        verdicts += check("an empty file stays empty", fmt("-", text=b"")[:2] in ((0, b""), (3, b"")))
    return verdicts


CHECKS = [examples, policies, renderings, layouts, files]


def main(arguments):
    names, blessed = expected.read_arguments(arguments, "NAME or all")
    hold = expected.bless if blessed else expected.hold
    verdicts = expected.Verdicts()
    verdicts.try_all(lambda name: layout(name, hold),
                     names or sorted(file.parent.name for file in HERE.glob("*/before.yaml")))
    if not names and not blessed:
        verdicts.try_all(lambda run: run(), CHECKS)
    return verdicts.finish("fmt")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
