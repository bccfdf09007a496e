"""Every public function as the header declares it, against the table that ctypes goes by."""

import re
from ctypes import POINTER, c_char, c_char_p, c_double, c_int, c_size_t, c_uint32, c_uint64, c_void_p

from conftest import ROOT
from flowrules import _library, _policy, _session

HEADER = (ROOT / "include/flowrules/flowrules.h").read_text("utf-8")
CODE = re.sub(r"/\*.*?\*/", " ", HEADER, flags=re.S)
DECLARATION = re.compile(r"FLOWRULES_(?:API|CHECK)\s+([a-z_0-9 \n]+?[ \n*]+)(\w+)\(([^;]*)\);")
SCALARS = {
    "void": None,
    "int": c_int,
    "double": c_double,
    "size_t": c_size_t,
    "uint32_t": c_uint32,
    "uint64_t": c_uint64,
    "char *": c_char_p,
    "char **": POINTER(c_char_p),
    "size_t *": POINTER(c_size_t),
    "void *": c_void_p,
    "flowrules_resize_fn": _library.RESIZE,
    "flowrules_resolver_fn": _library.RESOLVER,
    "flowrules_progress_fn": _library.PROGRESS,
}
ENUMS = set(re.findall(r"typedef enum (\w+)", CODE))
STRUCTS = set(re.findall(r"typedef struct (\w+)", CODE)) | {"flowrules_backend"}


def ctype(text):
    """A C type, without the name of a parameter, as ctypes has it."""
    words = " ".join(re.sub(r"\b(const|struct)\b", "", text).replace("*", " * ").split())
    words = words.replace("* *", "**")
    base, _, stars = words.partition(" ")
    if words in SCALARS:
        return SCALARS[words]
    if base in ENUMS and not stars:
        return c_int
    if base in STRUCTS and stars:
        return {"*": c_void_p, "**": POINTER(c_void_p)}[stars]
    raise AssertionError(f"what is {text!r} to ctypes?")


def parameters(text):
    if text.strip() == "void":
        return ()
    return tuple(ctype(re.sub(r"\w+\s*$", "", part)) for part in text.split(","))


def declared():
    functions = {}
    for result, name, arguments in DECLARATION.findall(CODE):
        restype, argtypes = ctype(result), parameters(arguments)
        # A text that comes with its size may hold NULs, or not end with one.
        if restype is c_char_p and POINTER(c_size_t) in argtypes:
            restype = POINTER(c_char)
        functions[name] = (restype, argtypes)
    return functions


def in_table():
    return {
        f"flowrules_{name}": (result.restype, argtypes)
        for result, argtypes, names in _library.FUNCTIONS
        for name in names.split()
    }


def test_the_header_is_understood():
    names = set(re.findall(r"\b(flowrules_\w+)\s*\(", CODE))
    assert set(declared()) == names and len(names) > 100
    assert declared()["flowrules_render"] == (
        c_int,
        (POINTER(c_void_p), c_void_p, c_void_p, c_char_p),
    )


def test_every_function_has_its_types():
    header, table = declared(), in_table()
    assert sorted(header) == sorted(table)
    assert [name for name in header if header[name] != table[name]] == []


def test_no_function_is_in_the_table_twice():
    names = " ".join(names for _, _, names in _library.FUNCTIONS).split()
    assert len(names) == len(set(names))


def test_every_function_that_is_used_is_in_the_table():
    folder = ROOT / "bindings/python/flowrules"
    used = {
        name for path in folder.glob("*.py") for name in re.findall(r"\bC\.(\w+)", path.read_text())
    }
    assert used and used <= {name[len("flowrules_") :] for name in in_table()}


def test_result_conversions():
    """Text of the library becomes str, what is 1 or 0 becomes bool, a status stays a number."""
    for result, _, _ in _library.FUNCTIONS:
        assert (result.convert is _library.decode) == (result.restype is c_char_p)
    flags = re.findall(r"FLOWRULES_API int (\w+)\(", CODE)
    told = {
        f"flowrules_{name}"
        for result, _, names in _library.FUNCTIONS
        if result.convert is bool
        for name in names.split()
    }
    assert told == set(flags)


def enumeration(name):
    body = re.search(r"typedef enum %s \{(.*?)\}" % name, CODE, re.S).group(1)
    return dict((key, int(value)) for key, value in re.findall(r"FLOWRULES_(\w+) = (\d+)", body))


def test_statuses_severities_and_topics_are_those_of_the_header():
    statuses = enumeration("flowrules_status")
    assert {name: getattr(_session, name) for name in statuses} == statuses
    severities = enumeration("flowrules_severity")
    assert {name: _session.SEVERITIES.index(name.lower()) for name in severities} == severities
    topics = enumeration("flowrules_topic")
    assert {name: _policy.TOPICS.index(name.lower()) for name in topics} == topics


def test_the_version_is_that_of_the_header():
    import flowrules

    version = re.search(r'define FLOWRULES_VERSION "(.*)"', HEADER).group(1)
    assert flowrules.__version__ == flowrules.version() == version
