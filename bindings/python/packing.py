"""Packs the package for pip, as PEP 517 has it: a wheel, or an archive of the sources.

It needs Python's own modules alone, so that installing works without an index, and without
setuptools, which Python 3.12 no longer brings. The wheel of the same sources is the same."""

import base64
import hashlib
import io
import re
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = sorted(HERE.glob("flowrules/*.py")) + [HERE / "flowrules" / "py.typed"]
SOURCES = PACKAGE + [HERE / "pyproject.toml", HERE / "packing.py", HERE / "README.md"]
VERSION = re.search(
    r'^__version__ = "(.*)"', (HERE / "flowrules" / "_library.py").read_text("utf-8"), re.M
).group(1)
STEM = f"flowrules-{VERSION}"
METADATA = f"""\
Metadata-Version: 2.1
Name: flowrules
Version: {VERSION}
Summary: Exact rules of every firewall from one file of allowed flows
License: Apache-2.0
Requires-Python: >=3.9
Classifier: Operating System :: POSIX :: Linux
Classifier: Typing :: Typed
Description-Content-Type: text/markdown

{(HERE / "README.md").read_text("utf-8")}"""
WHEEL = "Wheel-Version: 1.0\nGenerator: flowrules\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    files = {f"flowrules/{path.name}": path.read_bytes() for path in PACKAGE}
    files[f"{STEM}.dist-info/METADATA"] = METADATA.encode()
    files[f"{STEM}.dist-info/WHEEL"] = WHEEL.encode()
    record = f"{STEM}.dist-info/RECORD"
    lines = [f"{name},{_digest(data)},{len(data)}\n" for name, data in files.items()]
    files[record] = "".join(lines + [f"{record},,\n"]).encode()
    name = f"{STEM}-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory, name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path)  # of 1980-01-01
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            wheel.writestr(entry, data)
    return name


def build_sdist(sdist_directory, config_settings=None):
    files = {str(path.relative_to(HERE)): path.read_bytes() for path in SOURCES}
    files["PKG-INFO"] = METADATA.encode()
    path = Path(sdist_directory, f"{STEM}.tar.gz")
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"{STEM}/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return f"{STEM}.tar.gz"


def _digest(data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return "sha256=" + digest.rstrip(b"=").decode()
