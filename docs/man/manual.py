"""Writes the manual pages into a folder: flowrules(1), a page for each verb, flowrules-policy(5)
and libflowrules(3). What they say comes from where it is kept: the verbs and options from
`flowrules help --json`, the file from docs/POLICY.md, the functions from the public header. What
is in none of these stands beside this file: NAME.md has the sections that the page NAME has
besides the made ones, and a section there takes the place of a made one of the same name.

usage: manual.py --tool FLOWRULES --version VERSION --date YYYY-MM-DD FOLDER
"""
import argparse
import json
import pathlib
import re
import subprocess
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# ---- roff ------------------------------------------------------------------------------------


def text(words):
    """Characters that are special in roff anywhere; ' and - as they are typed, not as ornaments."""
    words = words.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return words.replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")


def line(words):
    """Words as a line of roff: none begins with a control character."""
    escaped = text(words)
    return "\\&" + escaped if escaped[:1] in (".", "'") or escaped[:5] == "\\(aq" else escaped


INLINE = re.compile(r"(`+)(.+?)\1|\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)]+)\)")


def inline(words):
    """Markdown inside a paragraph: `code` and **strong** in bold, links as their text."""
    result, at = "", 0
    for match in INLINE.finditer(words):
        result += text(words[at:match.start()])
        if match[2] or match[3]:
            result += "\\fB" + text((match[2] or match[3]).strip()) + "\\fR"
        elif match[5].startswith("http"):
            result += text(f"{match[4]} ({match[5]})")
        else:
            result += text(match[4])
        at = match.end()
    result += text(words[at:])
    return "\\&" + result if result[:1] in (".", "'") else result


def verbatim(lines):
    return [".PP", ".in +4n", ".EX", *(line(words) for words in lines), ".EE", ".in"]


def heading(words):
    return f".SH {words.upper().replace('`', '')}" if " " not in words else \
        f'.SH "{words.upper().replace("`", "")}"'


# ---- Markdown, as much of it as the documents use --------------------------------------------


def cells(row):
    """The cells of a row of a table; a | inside one is written \\|."""
    parts = re.split(r"(?<!\\)\|", row.strip().strip("|"))
    return [part.strip().replace("\\|", "|") for part in parts]


def table(rows):
    """A list of terms: the first column is the term, the others tell of it under their headings."""
    head = cells(rows[0])
    result = []
    for row in rows[2:]:
        first, *rest = cells(row)
        result += [".TP", inline(first)]
        told = []
        for name, cell in zip(head[1:], rest):
            if not cell or (name == "default" and cell == "none"):
                continue
            told.append(f"{name} {cell}" if name in ("default", "number") else cell)
        result.append(inline("; ".join(told)) if told else "\\&")
    return result


def paragraphs(markdown, deeper=0):
    """The body of a document as lines of roff; headings are sections, those below subsections."""
    result, lines, at = [], markdown.splitlines(), 0
    while at < len(lines):
        words = lines[at]
        at += 1
        if not words.strip():
            continue
        if words.startswith("```"):
            end = next(i for i in range(at, len(lines)) if lines[i].startswith("```"))
            result += verbatim(lines[at:end])
            at = end + 1
        elif match := re.match(r"(#+) (.*)", words):
            if len(match[1]) - deeper <= 2:
                result.append(heading(match[2]))
            else:
                result.append(f'.SS "{text(match[2].replace("`", ""))}"')
        elif words.startswith("|"):
            end = at
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            result += table(lines[at - 1:end])
            at = end
        else:
            bullet = re.match(r"(-|\d+\.) (.*)", words)
            block = [bullet[2] if bullet else words.strip()]
            while at < len(lines) and lines[at].strip() and not re.match(
                    r"(```|#|\||- |\d+\. )", lines[at]):
                block.append(lines[at].strip())
                at += 1
            mark = "\\(bu" if bullet and bullet[1] == "-" else bullet and bullet[1]
            result += [f".IP {mark} 4" if bullet else ".PP", inline(" ".join(block))]
    return result


# ---- a page ----------------------------------------------------------------------------------


def sections(markdown):
    """A hand-written part as {heading: body}, in its order."""
    parts = re.split(r"^# (.*)\n", markdown, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


class Page:
    """A page: its sections in order, made ones and hand-written ones."""

    def __init__(self, name, section, title, about):
        self.name, self.section, self.about = name, section, about
        self.head = (f'.TH {name.upper()} {section} "{{date}}" "flowrules {{version}}" "{title}"')
        self.body = {}
        written = HERE / f"{name}.md"
        self.written = sections(written.read_text()) if written.exists() else {}

    def add(self, name, lines):
        if name in self.written:
            lines = paragraphs(self.written.pop(name), deeper=1)
        self.body[name] = lines

    def write(self, folder, date, version):
        lines = [self.head.format(date=date, version=version), ".nh", ".SH NAME",
                 *tidy([f"{text(self.name)} \\- {text(self.about)}"])]
        late = {name: self.body.pop(name) for name in ("Exit status", "Examples", "See also")
                if name in self.body}
        for name, markdown in self.written.items():
            if name in late:
                late[name] = paragraphs(markdown, deeper=1)
            else:
                self.body[name] = paragraphs(markdown, deeper=1)
        for name, body in {**self.body, **late}.items():
            lines += [heading(name), *tidy(body)]
        path = folder / f"man{self.section}" / f"{self.name}.{self.section}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")


def tidy(lines):
    """Long lines are wrapped, and no paragraph begins where a section has just begun one."""
    result, is_verbatim = [], False
    for words in lines:
        is_verbatim = words == ".EX" or (is_verbatim and words != ".EE")
        if words == ".PP" and (not result or result[-1].startswith((".SH", ".SS", ".PP"))):
            continue
        if is_verbatim or words.startswith("."):
            result.append(words)
            continue
        for row in textwrap.wrap(words, 78, break_long_words=False, break_on_hyphens=False):
            result.append("\\&" + row if row.startswith((".", "'")) else row)
    return result


# ---- flowrules(1) and its verbs --------------------------------------------------------------


def options(items):
    result = []
    for item in items:
        long = f"\\fB\\-\\-{text(item['name'])}\\fR"
        short = f"\\fB\\-{item['letter']}\\fR, " if item["letter"] else ""
        value = f" \\fI{text(item['argument'])}\\fR" if item["argument"] else ""
        result += [".TP", short + long + value, inline(item["help"][0].upper() + item["help"][1:] + ".")]
    return result


def about(words):
    """The help's paragraphs; lines that begin with spaces are a table."""
    result = []
    for paragraph in words.split("\n"):
        if paragraph.startswith("  "):
            term, meaning = re.match(r"\s+(\S+)\s+(.*)", paragraph).groups()
            result += [".TP", f"\\fB{text(term)}\\fR", inline(meaning)]
        else:
            result += [".PP", inline(paragraph)]
    return result


def exits(items, verb=None):
    """The statuses; one that begins with the names of verbs and a colon is theirs alone."""
    of = [re.match(r"([a-z, ]+): (.*)", item["meaning"]) for item in items]
    items = [item for item, names in zip(items, of)
             if not verb or not names or verb in names[1].split(", ")]
    return [words for item in items
            for words in (".TP", f"\\fB{item['status']}\\fR", inline(item["meaning"] + "."))]


def examples(words):
    return [row for example in words.splitlines() for row in verbatim([example])]


def see_also(*pages):
    return [", ".join(f"\\fB{text(name)}\\fR({section})" for name, section in pages)]


def tool_page(told):
    page = Page("flowrules", 1, "User Commands",
                "exact rules of every firewall from one file of allowed flows")
    page.add("Synopsis", ["\\fBflowrules\\fR \\fIVERB\\fR [\\fIOPTION\\fR]... [\\fIOPERAND\\fR]..."])
    page.add("Description", [])
    verbs = []
    for verb in told["verbs"]:
        verbs += [".TP", f"\\fB{text(verb['name'])}\\fR \\fI{text(verb['operands'])}\\fR"
                  if verb["operands"] else f"\\fB{text(verb['name'])}\\fR", inline(verb["summary"])]
    page.add("Verbs", verbs + [".PP", "Each verb has its own page, for example \\fBflowrules\\-render\\fR(1)."])
    page.add("Options", [".PP", "These are options of every verb.", *options(told["options"])])
    page.add("Exit status", exits(told["exits"]))
    page.add("See also", see_also(*((f"flowrules-{verb['name']}", 1) for verb in told["verbs"]),
                                  ("flowrules-policy", 5), ("libflowrules", 3)))
    return page


def verb_page(told, verb):
    page = Page(f"flowrules-{verb['name']}", 1, "User Commands", verb["summary"])
    operands = f" \\fI{text(verb['operands'])}\\fR" if verb["operands"] else ""
    page.add("Synopsis",
             [f"\\fBflowrules {text(verb['name'])}\\fR [\\fIOPTION\\fR]...{operands}"])
    page.add("Description", about(verb["about"]))
    if verb["options"]:
        page.add("Options", options(verb["options"]))
    page.add("Common options", [".PP", "\\fBflowrules\\fR(1) has the options of every verb: " +
                                ", ".join(f"\\fB\\-\\-{text(o['name'])}\\fR" for o in told["options"])
                                + "."])
    page.add("Exit status", exits(told["exits"], verb["name"]))
    page.add("Examples", examples(verb["examples"]))
    page.add("See also", see_also(("flowrules", 1), ("flowrules-policy", 5)))
    return page


# ---- flowrules-policy(5) ---------------------------------------------------------------------


def policy_page():
    page = Page("flowrules-policy", 5, "File Formats", "the policy file of flowrules")
    document = (ROOT / "docs" / "POLICY.md").read_text()
    _, opening, rest = re.match(r"(# [^\n]*\n)(.*?)(^## .*)", document, re.S | re.M).groups()
    page.add("Description", paragraphs(opening))
    for part in re.split(r"^(?=## )", rest, flags=re.M)[1:]:
        title, body = part[3:].split("\n", 1)
        page.add(title.replace("`", ""), paragraphs(body))
    page.add("See also", see_also(("flowrules", 1), ("flowrules-check", 1), ("libflowrules", 3)))
    return page


# ---- libflowrules(3) -------------------------------------------------------------------------

# Comments, and what they tell of: declarations up to the ';' or the end of an enumeration.
TOKEN = re.compile(r"/\*(?P<comment>.*?)\*/|(?P<enum>typedef enum .*?\} \w+;)|(?P<type>typedef [^;]*;)|"
                   r"(?P<function>FLOWRULES_(?:API|CHECK)\s[^;]*;)(?:[ \t]*/\*(?P<behind>[^\n]*?)\*/)?",
                   re.S)


def comment_text(comment):
    """A comment without its stars; a table in it keeps its lines."""
    lines = [re.sub(r"^\s*\* ?", "", words).rstrip() for words in comment.strip().splitlines()]
    return "\n".join(lines).strip()


def comment_lines(comment):
    result, block = [], []

    def flush():
        if block:
            result.extend([".PP", text(" ".join(block))])
            block.clear()

    for words in comment.splitlines():
        entry = re.match(r"  (\S(?:.*?\S)?)   *(\S.*)", words)
        if entry:
            flush()
            result.extend([".TP", f"\\fB{text(entry[1])}\\fR", text(entry[2])])
        elif re.match(r"   +\S", words) and result and not block:
            result.append(text(words.strip()))
        else:
            block.append(words.strip())
    flush()
    return result


def declaration(words, behind):
    """A declaration, broken behind commas alone, and what the header says behind it."""
    words = re.sub(r"/\*.*?\*/", "", words, flags=re.S)
    words = re.sub(r"FLOWRULES_(API|CHECK)\s+", "", words)
    pieces = " ".join(words.split()).split(", ")
    lines = [pieces[0]]
    for piece in pieces[1:]:
        if len(lines[-1]) + len(piece) > 70:
            lines[-1] += ","
            lines.append("    " + piece)
        else:
            lines[-1] += ", " + piece
    return lines + (["    /* " + behind.strip() + " */"] if behind else [])


def library_page():
    page = Page("libflowrules", 3, "Library Functions",
                "use flowrules in a program")
    header = (ROOT / "include" / "flowrules" / "flowrules.h").read_text()
    page.add("Synopsis", verbatim(["#include <flowrules/flowrules.h>", "",
                                   "cc program.c $(pkg-config --cflags --libs flowrules)"]))
    opening = comment_text(re.match(r"/\*(.*?)\*/", header, re.S)[1])
    page.add("Description", comment_lines(opening.split("\n\n", 1)[1]))
    parts = re.split(r"/\* -{4} (.*?) -+ \*/", header)
    first = parts[0][parts[0].index("flowrules_status {") - len("typedef enum "):]
    for title, body in [("Statuses", first), *zip(parts[1::2], parts[2::2])]:
        lines = []
        for match in TOKEN.finditer(body):
            if match["comment"]:
                lines += comment_lines(comment_text(match["comment"]))
            elif match["enum"]:
                rows = [re.sub(r"\s+$", "", row) for row in match["enum"].splitlines()]
                lines += verbatim(rows)
            else:
                lines += verbatim(declaration(match["function"] or match["type"], match["behind"]))
        page.add(title, lines)
    page.add("See also", see_also(("flowrules", 1), ("flowrules-policy", 5)))
    return page


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--date", required=True)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    told = json.loads(subprocess.run([arguments.tool, "help", "--json"], check=True,
                                     stdout=subprocess.PIPE).stdout)
    pages = [tool_page(told), *(verb_page(told, verb) for verb in told["verbs"]), policy_page(),
             library_page()]
    for page in pages:
        page.write(arguments.folder, arguments.date, arguments.version)


main()
