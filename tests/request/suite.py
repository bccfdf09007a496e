"""
What 'flowrules import' makes of sheets and documents, as different people write them, each with its
mistakes: the policy, the mapping and every message, to the letter. The policy loads, except for networks
that are still to be filled in; and with the mapping that was written, the same policy comes again.

  tests/request/NAME/cmd        what stands behind 'import'
  tests/request/NAME/expected   status, policy, mapping and messages
  tests/request/NAME/same-as    a policy by which the same packets pass
  tests/request/NAME/*          the files of the command; FILE.xlsx.json is made into FILE.xlsx

usage: tests/request/run [NAME...]
       tests/request/suite.py --workbooks FOLDER                (write the workbooks of all cases)
       tests/request/run --bless NAME | all                     (make bless-request TARGET=...)
"""
import json
import re
import shlex
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import expected  # noqa: E402

OWN = ("cmd", "expected", "same-as")


# ---- workbooks ------------------------------------------------------------------------------------

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
STYLES = (f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy"/></numFmts>'
          '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>')


def cell_xml(place, value, strings):
    if isinstance(value, dict):
        formula = f"<f>{escape(value['f'])}</f>" if "f" in value else ""
        shown = f"<v>{escape(str(value['v']))}</v>" if "v" in value else ""
        return f'<c r="{place}" t="{value.get("t", "n")}" s="{value.get("s", 0)}">{formula}{shown}</c>'
    if isinstance(value, (int, float)):
        return f'<c r="{place}"><v>{value}</v></c>'
    if value not in strings:
        strings.append(value)
    return f'<c r="{place}" t="s"><v>{strings.index(value)}</v></c>'


def sheet_xml(sheet, strings):
    rows = []
    for row in sheet["rows"]:
        hidden = ' hidden="1"' if row.get("hidden") else ""
        cells = "".join(cell_xml(f"{column}{row['r']}", value, strings) for column, value in row["cells"].items())
        rows.append(f'<row r="{row["r"]}"{hidden}>{cells}</row>')
    merges = "".join(f'<mergeCell ref="{merge}"/>' for merge in sheet.get("merges", []))
    columns = '<cols><col min="1" max="1" hidden="1"/></cols>' if sheet.get("hidden-column") else ""
    return (f'<worksheet xmlns="{MAIN}">{columns}<sheetData>{"".join(rows)}</sheetData>'
            f"<mergeCells>{merges}</mergeCells></worksheet>")


def make_workbook(book, path):
    strings, names, relations, parts = [], [], [], {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, sheet in enumerate(book["sheets"], 1):
            state = f' state="{sheet["state"]}"' if "state" in sheet else ""
            names.append(f'<sheet name={quoteattr(sheet["name"])} sheetId="{i}"{state} r:id="rId{i}"/>')
            relations.append(f'<Relationship Id="rId{i}" Target="worksheets/sheet{i}.xml"/>')
            archive.writestr(f"xl/worksheets/sheet{i}.xml", sheet_xml(sheet, strings))
        parts["xl/workbook.xml"] = (f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
                                    f'{"".join(names)}</sheets></workbook>')
        parts["xl/_rels/workbook.xml.rels"] = (
            f'<Relationships xmlns="{PACKAGE}">{"".join(relations)}</Relationships>')
        parts["xl/styles.xml"] = STYLES
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">' + "".join(
            f"<si><t>{escape(text)}</t></si>" for text in strings) + "</sst>"
        for name, text in {**parts, **book.get("parts", {})}.items():
            archive.writestr(name, text if isinstance(text, str) else "x" * text)


# ---- cases ----------------------------------------------------------------------------------------


def import_once(folder, command):
    status, policy, messages = expected.run(folder, "import", *command)
    return status, policy, messages


def unsound(folder, policy, messages):
    """Why the policy cannot be used, or None."""
    if not policy:
        return None
    Path(folder, "made.yaml").write_text(policy, encoding="utf-8")
    status, _, said = expected.run(folder, "check", "--as-of", expected.AS_OF, "made.yaml")
    wrong = [line for line in said.splitlines() if re.search(": error: ", line)]
    if "[FR0905]" in messages:
        wrong = [line for line in wrong if "'members' is an empty list" not in line]
        return "\n".join(wrong) or None
    return None if status == 0 else said


def again(folder, command, policy):
    """Why the mapping that was written does not give the same policy, or None."""
    status, same, messages = import_once(folder, command)
    if "wrote " in messages:
        return "the mapping is written once more"
    if same != policy or status not in (0, 1, 3):
        return expected.difference(policy, same) or f"status {status}"
    return None


def another(folder, name):
    """What passes by the policy that was made, and not by the one that a case names; or None."""
    same = HERE / name / "same-as"
    if not same.exists():
        return None
    policy = expected.ROOT / same.read_text(encoding="utf-8").strip()
    status, said, messages = expected.run(folder, "diff", "--as-of", expected.AS_OF, "made.yaml", str(policy))
    return None if status == 0 else f"{said}{messages}"


def judge_in(name, hold, folder):
    source = HERE / name
    for file in source.iterdir():
        if file.name.endswith(".xlsx.json"):
            make_workbook(json.loads(file.read_text(encoding="utf-8")), Path(folder, file.name[:-len(".json")]))
        elif file.name not in OWN:
            shutil.copy(file, folder)
    command = shlex.split((source / "cmd").read_text(encoding="utf-8"))
    given = set(Path(folder).iterdir())
    status, policy, messages = import_once(folder, command)
    broken = expected.broke_down(status, messages)
    if broken:
        return [("FAIL", name, broken, messages)]
    made = sorted(set(Path(folder).iterdir()) - given)
    maps = "".join(f"--- {file.name}\n{file.read_text(encoding='utf-8')}" for file in made)
    text = f"status {status}\n--- policy\n{policy}{maps}--- messages\n{messages}"
    verdicts = [hold(name, source / "expected", text, f"bless-request TARGET={name}")]
    wrong = unsound(folder, policy, messages) or another(folder, name) or (again(folder, command, policy) if made else None)
    if wrong:
        verdicts.append(("FAIL", f"{name} is sound", "", wrong))
    return verdicts


def judge(name, hold):
    with tempfile.TemporaryDirectory() as folder:
        return judge_in(name, hold, folder)


def write_workbooks(folder):
    Path(folder).mkdir()
    for file in sorted(HERE.glob("*/*.xlsx.json")):
        if file.parent.name != "workbook-bomb":
            make_workbook(json.loads(file.read_text(encoding="utf-8")), Path(folder, f"{file.parent.name}.xlsx"))
    return 0


def main(arguments):
    if arguments[:1] == ["--workbooks"]:
        return write_workbooks(arguments[1])
    names, blessed = expected.read_arguments(arguments, "NAME or all")
    hold = expected.bless if blessed else expected.hold
    verdicts = expected.Verdicts()
    verdicts.try_all(lambda name: judge(name, hold), names or sorted(file.parent.name for file in HERE.glob("*/cmd")))
    return verdicts.finish("request")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
