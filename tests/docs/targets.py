"""Writes docs/TARGETS.md to standard output from the output of `flowrules targets --json` on standard
input. `make docs` runs it, and tests/docs/run fails if the page is out of date.
"""
import json
import re
import sys

HEAD = """\
# What each target can express

`make docs` writes this page from the records of the backends. `flowrules targets BACKEND` prints the
same. MODEL.md explains the terms, POLICY.md has the other keys of a target.

If a platform cannot express a flow, the flow is refused with the reason, unless `allow-loss` of the
target accepts the loss. If the platform does not resolve DNS names itself, they are pinned to the
addresses of the lock file. If the formats of a backend differ, the first value is for the formats
that are not named.
"""

# The comparison: a table for each heading, with these capabilities as its columns.
COMPARISONS = [
    ("Where rules are enforced", ["stands", "closes", "mode-permits", "decides", "protected-end",
                               "families"]),
    ("What the source or destination of a rule can be", ["addresses", "names", "wildcards", "groups"]),
    ("What a service of a rule can be", ["protocols", "ports", "source-ports", "icmp-types"]),
    ("Other properties", ["baseline", "logging", "expiry", "merging"]),
]

# What the type of a setting or binding is called; the first pattern that fits.
TYPES = [
    (r"list (.*)", lambda m: "list of " + type_of(m[1])),
    (r"choice (.*)", lambda m: ", ".join("`%s`" % word for word in m[1].split("|"))),
    (r"integer (\S+) (\S+)", lambda m: "%s to %s" % (m[1], m[2])),
    (r"labels", lambda m: "mapping of labels"),
    (r"selector", lambda m: "mapping of labels, or `any`"),
    (r"ports", lambda m: "mapping of ports"),
    (r"(.*)", lambda m: m[1]),
]


def type_of(text):
    return next(say(m) for pattern, say in TYPES if (m := re.fullmatch(pattern, text)))


def code(text):
    return "`%s`" % text


def cell(text):
    """Plain text in a table: nothing in it is Markdown."""
    return re.sub(r"([\\|*_<>\[\]`])", r"\\\1", text)


def table(heads, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [heads] + rows]
    lines.insert(1, "|" + "---|" * len(heads))
    return [line.replace("|  |", "| |") for line in lines] + [""]


def value_row(row):
    """A row "NAME: TYPE[, default WORD | , required]" of the settings or bindings."""
    kind, comma, default = re.fullmatch(r"(.*?)(, default |, required|$)(.*)", row["value"]).groups()
    default = "required" if comma == ", required" else code(default) if default else ""
    return [code(row["name"]), type_of(kind), default, cell(row["help"])]


def limit_row(row):
    return [cell(row["name"]), row["value"], cell(row["help"])]


def comparison(backends):
    lines = []
    for heading, columns in COMPARISONS:
        rows = []
        for backend in backends:
            told = {row["name"]: row["value"] for row in backend["capabilities"]}
            rows.append([code(backend["name"])] + [cell(told[name]) for name in columns])
        lines += ["## " + heading, ""] + table(["backend"] + columns, rows)
        helps = {row["name"]: row["help"] for row in backends[0]["capabilities"]}
        lines += ["- *%s*: %s" % (name, helps[name]) for name in columns] + [""]
    return lines


def section(backend):
    lines = ["## `%s`" % backend["name"], "", backend["description"] + ".", ""]
    lines += table(["format", ""], [[code(f["name"]), cell(f["help"])] for f in backend["formats"]])
    for key, heading in (("settings", "setting of a target"), ("bindings", "binding of a network")):
        if backend[key]:
            rows = [value_row(row) for row in backend[key]]
            lines += table([heading, "type", "default", ""], rows)
    if backend["limits"]:
        lines += table(["limit", "", "source"], [limit_row(row) for row in backend["limits"]])
    return lines


def check_columns(backends):
    """No capability may be missing from the comparison."""
    shown = {name for _, columns in COMPARISONS for name in columns}
    told = {row["name"] for backend in backends for row in backend["capabilities"]}
    if shown != told:
        sys.exit("targets.py: COMPARISONS and the tool differ in: " + ", ".join(shown ^ told))


def main():
    backends = json.load(sys.stdin)["backends"]
    check_columns(backends)
    lines = [HEAD] + comparison(backends)
    for backend in backends:
        lines += section(backend)
    print("\n".join(lines).rstrip("\n"))


if __name__ == "__main__":
    main()
