"""The package as it is installed, typed and found; and the example."""

import ast
import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import flowrules
import pytest
from conftest import AS_OF, ROOT

PACKAGE = ROOT / "bindings/python"
LIBRARY = os.environ["FLOWRULES_LIBRARY"]


def run(*command, **environment):
    return subprocess.run(
        [str(word) for word in command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def python(code, *, interpreter=sys.executable, **environment):
    return run(interpreter, "-c", code, **environment)


# ---- types


def mypy(path, tmp_path):
    if shutil.which("mypy") is None:
        pytest.skip("mypy is not installed")
    return run("mypy", "--strict", "--no-error-summary", "--cache-dir", tmp_path / "cache", path,
               MYPYPATH=str(PACKAGE))


def test_mypy_strict_on_the_package(tmp_path):
    done = mypy(PACKAGE / "flowrules", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_strict_on_a_program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(
        "import flowrules\n"
        "from typing import List\n"
        "def names(path: str) -> List[str]:\n"
        "    with flowrules.Policy.load(path, max_age=3) as policy:\n"
        "        reveal_type(policy.render('x').files[0].data)\n"
        "        return [row.fidelity for row in policy.explain()]\n"
        "names(1)\n"
    )
    done = mypy(path, tmp_path)
    assert 'Revealed type is "builtins.bytes"' in done.stdout
    errors = [line for line in done.stdout.splitlines() if " error: " in line]
    assert len(errors) == 1 and 'incompatible type "int"' in errors[0]


def test_everything_public_is_exported_and_documented():
    public = {name for name in vars(flowrules) if not name.startswith("_")}
    assert set(flowrules.__all__) == public and sorted(flowrules.__all__) == flowrules.__all__
    aliases = {"Diagnostics", "FlowText", "Progress", "Resolver", "Source"}
    undocumented = [name for name in public - aliases if not getattr(flowrules, name).__doc__]
    methods = [name for name in vars(flowrules.Policy) if not name.startswith("_")]
    undocumented += [
        name for name in methods if not getattr(flowrules.Policy, name).__doc__
    ]
    assert undocumented == [] and len(methods) > 10


# ---- Python's versions


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_it_is_python_3_9(path):
    ast.parse(path.read_text(), feature_version=(3, 9))


def test_it_runs_with_the_other_pythons_here():
    names = [f"python3.{minor}" for minor in range(9, 15) if minor != sys.version_info.minor]
    there = [name for name in names if shutil.which(name) and run(name, "-c", "").returncode == 0]
    if not there:
        pytest.skip("no other Python is installed")
    for name in there:
        done = run(name, "examples/embed.py")
        assert done.returncode == 0 and done.stdout.endswith("\nallowed\n"), name + done.stderr


# ---- where the library is


def test_a_library_that_is_not_there_is_told_with_what_to_do(tmp_path):
    done = python("import flowrules", FLOWRULES_LIBRARY=str(tmp_path / "no.so"), LD_LIBRARY_PATH="")
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: the package flowrules needs libflowrules.so.0")
    assert "set FLOWRULES_LIBRARY" in last and str(tmp_path / "no.so") in last


def test_a_library_that_lacks_a_function_is_told():
    done = python("import flowrules", FLOWRULES_LIBRARY="libc.so.6", LD_LIBRARY_PATH="")
    assert done.returncode != 0 and "libc.so.6: " in done.stderr
    assert "undefined symbol: flowrules_version" in done.stderr


def test_a_library_of_another_version_is_told(tmp_path):
    environment = copy(tmp_path)
    (table,) = tmp_path.glob("flowrules/_library.py")
    version = flowrules.__version__
    table.write_text(table.read_text().replace(f'"{version}"', '"99.0.0"'))
    done = python("import flowrules", **{**environment, "FLOWRULES_LIBRARY": LIBRARY})
    assert f"it is version {version}, and the package 99.0.0" in done.stderr


def copy(tmp_path):
    shutil.copytree(PACKAGE / "flowrules", tmp_path / "flowrules",
                    ignore=shutil.ignore_patterns("__pycache__"))
    return {"PYTHONPATH": str(tmp_path), "FLOWRULES_LIBRARY": ""}


SHOW = "import flowrules; from flowrules._session import C; print(C.path, flowrules.version())"


def test_the_library_beside_the_package_is_taken(tmp_path):
    environment = copy(tmp_path)
    shutil.copy(LIBRARY, tmp_path / "flowrules/libflowrules.so.0")
    done = python(SHOW, **environment)
    expected = f"{tmp_path}/flowrules/libflowrules.so.0 {flowrules.__version__}\n"
    assert done.stdout == expected, done.stderr


def test_the_library_of_the_loader_is_taken(tmp_path):
    done = python(SHOW, LD_LIBRARY_PATH=str(Path(LIBRARY).parent), **copy(tmp_path))
    assert done.stdout == f"libflowrules.so.0 {flowrules.__version__}\n", done.stderr


# ---- installing


def test_pip_installs_it_without_an_index(tmp_path):
    if run(sys.executable, "-m", "pip", "--version").returncode != 0:
        pytest.skip("python3-pip is not installed")
    done = run(
        sys.executable, "-m", "pip", "install", "--target", tmp_path / "site", "./bindings/python",
        PIP_NO_INDEX="1", PIP_ROOT_USER_ACTION="ignore", PIP_DISABLE_PIP_VERSION_CHECK="1",
    )
    assert done.returncode == 0, done.stderr
    code = (
        "import flowrules, importlib.metadata as m;"
        " print(flowrules.__file__, m.version('flowrules'), m.requires('flowrules'),"
        " flowrules.Policy.load('examples/first.yaml').title)"
    )
    done = python(code, PYTHONPATH=str(tmp_path / "site"))
    version = flowrules.__version__
    assert done.stdout == f"{tmp_path}/site/flowrules/__init__.py {version} None A web server\n"
    assert (tmp_path / "site/flowrules/py.typed").exists()


def pack(kind, folder):
    folder.mkdir()
    code = f"import packing, sys; print(packing.build_{kind}(sys.argv[1]))"
    done = run(sys.executable, "-c", code, folder, PYTHONPATH=str(PACKAGE))
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.strip()


def test_the_wheel_has_every_file_and_is_the_same_again(tmp_path):
    wheel = pack("wheel", tmp_path / "one")
    assert wheel.read_bytes() == pack("wheel", tmp_path / "two").read_bytes()
    names = zipfile.ZipFile(wheel).namelist()
    there = [path for path in (PACKAGE / "flowrules").iterdir() if path.is_file()]
    files = {f"flowrules/{path.name}" for path in there}
    assert {name for name in names if name.startswith("flowrules/")} == files
    record = zipfile.ZipFile(wheel).read(names[-1]).decode().splitlines()
    assert [line.split(",")[0] for line in record] == names


def test_the_archive_of_the_sources_makes_the_same_wheel(tmp_path):
    archive = pack("sdist", tmp_path / "sdist")
    shutil.unpack_archive(archive, tmp_path)
    (source,) = tmp_path.glob("flowrules-*")
    code = "import packing, sys; print(packing.build_wheel(sys.argv[1]))"
    done = run(sys.executable, "-c", code, tmp_path, PYTHONPATH=str(source))
    again = tmp_path / done.stdout.strip()
    assert again.read_bytes() == pack("wheel", tmp_path / "wheel").read_bytes()


# ---- the example


def test_the_example_renders_what_the_tool_does(tool, tmp_path):
    done = run(sys.executable, "examples/embed.py")
    assert done.returncode == 0, done.stderr
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        import embed
    finally:
        sys.path.pop(0)
    path = tmp_path / "made.json"
    path.write_text(json.dumps(embed.INVENTORY, indent=1))
    status, rendered = tool("render", str(path), "-t", "web", "--no-map", "--as-of", AS_OF)
    assert status == 0 and rendered.decode() in done.stdout
    assert '{"address": "203.0.113.80", "first-seen": "2026-11-23"' in done.stdout
    assert done.stdout.endswith("\nallowed\n")
    assert "made.json:" in done.stderr and "no address of 'mirror.example.com'" in done.stderr


# ---- speed


def cpu(*command):
    """The least seconds of the processor, of some runs."""
    least = float("inf")
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = run(*command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 0, done.stderr
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        least = min(least, spent)
    return least


def test_it_takes_little_more_than_the_tool_and_python(monkeypatch, tmp_path):
    """Python, the package and rendering, against the tool and what the package imports, as fast as
    those are on this machine: by the processor's time, so that others may be at work."""
    example = "examples/kimi-k2.yaml"
    code = (
        "import flowrules;"
        f" flowrules.Policy.load({example!r}, as_of={AS_OF!r}).render('node-nft')"
    )
    tool = cpu(os.environ["FLOWRULES"], "render", example, "-t", "node-nft", "--as-of", AS_OF)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")  # as it is installed: compiled
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path))
    package = cpu(sys.executable, "-c", code)
    imports = cpu(sys.executable, "-c", "import ctypes, dataclasses, datetime, ipaddress, json")
    words = f"{package:.3f} s, the tool {tool:.3f} s, Python and the imports {imports:.3f} s"
    assert package < 2 * (tool + imports), words
