"""The shared library by ctypes: where it is found, and the table of its functions.

It knows how each function is called, and nothing of what they are for. tests/python holds the
table against the header."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from ctypes import CFUNCTYPE, POINTER, c_char, c_char_p, c_double, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Any, Callable, Iterator, List, NamedTuple, Optional, Tuple

__version__ = "0.1.0"
SONAME = "libflowrules.so.0"

RESIZE = CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t)
RESOLVER = CFUNCTYPE(None, c_void_p, c_char_p, c_void_p)
PROGRESS = CFUNCTYPE(None, c_void_p, c_size_t, c_size_t)
NO_RESOLVER, NO_PROGRESS = RESOLVER(0), PROGRESS(0)


def decode(text: Optional[bytes]) -> Optional[str]:
    """A text of the library: UTF-8, but for the bytes of odd file names."""
    return None if text is None else text.decode("utf-8", "surrogateescape")


class Result(NamedTuple):
    """What a function returns: as ctypes sees it, and what is made of that."""

    restype: Any
    convert: Optional[Callable[[Any], Any]] = None


STATUS = Result(c_int)
FLAG = Result(c_int, bool)
TEXT = Result(c_char_p, decode)
BYTES = Result(POINTER(c_char))  # not ended by NUL: its size comes back through a parameter
COUNT = Result(c_size_t)
NUMBER = Result(c_uint32)
LONG = Result(c_uint64)
REAL = Result(c_double)
NOTHING = Result(None)

Handle, New, Text, Size = c_void_p, POINTER(c_void_p), c_char_p, c_size_t
Enum = c_int

# What is returned, what is taken, and the functions for which that holds, without "flowrules_".
FUNCTIONS: Tuple[Tuple[Result, Tuple[Any, ...], str], ...] = (
    (TEXT, (), "version"),
    (TEXT, (Enum,), "status_name"),
    (TEXT, (Text, Enum), "message_text"),
    # Objects: made, freed
    (STATUS, (New,), "context_new"),
    (STATUS, (New, RESIZE, Handle), "context_new_with_allocator"),
    (STATUS, (New, Handle), "configuration_new path_new path_meaning"),
    (STATUS, (New, Handle), "probe_write edit_policy import_request"),
    (STATUS, (New, Handle, Text), "policy_load edit_remove edit_lines layout_load request_new"),
    (STATUS, (New, Handle, Text, Size), "edit_add"),
    (STATUS, (New, Handle, Text, Text, Size), "policy_load_text edit_replace layout_new"),
    (STATUS, (New, Handle, Handle), "resolution_new probe_new assertions_new"),
    (STATUS, (New, Handle, Handle, Text), "render explain meaning_of_policy policy_edit"),
    (STATUS, (New, Handle, Handle, Text, Text), "query"),
    (STATUS, (New, Handle, Handle), "lint"),
    (STATUS, (New, Handle, Text, Handle, Handle), "meaning_of_configuration"),
    (STATUS, (New, Handle, Handle, Handle), "compare overview flow_changes_new"),
    (STATUS, (New, Handle, Handle, Text, Handle), "verify"),
    (STATUS, (New, Handle, Text, Text, Handle), "import"),
    (STATUS, (New, Handle, Handle, Text, Handle, Text, Text, Size), "usage_new"),
    (
        NOTHING,
        (Handle,),
        "context_free policy_free resolution_free artifact_free probe_free report_free answer_free"
        " findings_free edit_free lines_free"
        " configuration_free meaning_free comparison_free path_free assertions_free layout_free"
        " flow_changes_free request_free usage_free"
        " diagnostics_clear",
    ),
    # What is told to an object, or asked of it
    (STATUS, (Handle, Text, Text), "context_set probe_set configuration_set"),
    (STATUS, (Handle, Text), "resolution_target resolution_network resolution_name"),
    (
        STATUS,
        (Handle, Text),
        "configuration_add_file assertions_add_file request_add_file request_map request_define",
    ),
    (
        STATUS,
        (Handle, Text, Text, Size),
        "configuration_add_text assertions_add_text request_add_bytes",
    ),
    (
        STATUS,
        (Handle, Handle),
        "configuration_add_artifact check backend_register resolution_assertions",
    ),
    (STATUS, (Handle, Handle, Text, Text, Text), "path_add"),
    (STATUS, (Handle,), "resolve assert"),
    (STATUS, (Handle, POINTER(Text), Size, Handle), "assert_running"),
    (STATUS, (POINTER(Text), Handle, c_int), "schema"),
    (NOTHING, (Handle, RESOLVER, Handle), "context_set_resolver"),
    (NOTHING, (Handle, PROGRESS, Handle), "context_set_progress"),
    (FLAG, (Handle, Text, c_uint32), "inquiry_address"),
    (FLAG, (Handle, Text), "inquiry_alias inquiry_fail"),
    (FLAG, (Text,), "request_is_kind"),
    # Of an object
    (TEXT, (Handle,), "policy_title artifact_map artifact_version answer_verdict answer_reason comparison_verdict"),
    (TEXT, (Handle,), "usage_verdict usage_record"),
    (FLAG, (Handle,), "resolution_lock_differs layout_differs"),
    (BYTES, (Handle, POINTER(Size)), "resolution_lock layout_text"),
    (
        COUNT,
        (Handle,),
        "diagnostic_count flow_count network_count service_count target_count"
        " resolution_name_count artifact_file_count report_row_count answer_flow_count"
        " answer_rule_count finding_count difference_count doubt_count backend_count assertion_count"
        " line_count flow_change_count context_file_count usage_row_count",
    ),
    # Of the part of an object that has a number
    (Result(Enum), (Handle, Size), "diagnostic_severity finding_severity"),
    (
        TEXT,
        (Handle, Size),
        "diagnostic_id diagnostic_message diagnostic_hint diagnostic_file diagnostic_source"
        " diagnostic_flow diagnostic_target"
        " flow_name flow_action flow_purpose flow_owner flow_ticket flow_volume flow_frequency"
        " flow_expires flow_file network_name service_name target_name target_backend"
        " resolution_name_text resolution_status resolution_reason artifact_file_name"
        " report_flow report_target report_fidelity report_reason report_cause report_baseline"
        " report_open"
        " answer_flow_name answer_flow_action answer_flow_file"
        " answer_rule_target answer_rule_flow answer_rule_file answer_rule_text"
        " finding_id finding_message finding_hint finding_file finding_source finding_flow"
        " finding_target finding_reason"
        " difference_change difference_direction difference_packets difference_source"
        " difference_destination difference_service difference_witness difference_enters"
        " difference_leaves doubt_text doubt_file flow_change_kind flow_change_text"
        " backend_name backend_title backend_description"
        " line_change line_file line_text context_file"
        " usage_flow usage_state usage_since usage_last usage_last_shared"
        " assertion_id assertion_kind assertion_verdict assertion_because assertion_file",
    ),
    (
        NUMBER,
        (Handle, Size),
        "diagnostic_line diagnostic_column diagnostic_length resolution_ttl flow_line answer_flow_line"
        " answer_rule_line finding_line finding_column finding_length doubt_line assertion_line",
    ),
    (
        FLAG,
        (Handle, Size),
        "flow_expired artifact_file_executable artifact_file_helper doubt_after target_permits"
        " assertion_has_more usage_at_least usage_has_bytes",
    ),
    (FLAG, (Handle, Size, Size), "target_selects"),
    (
        COUNT,
        (Handle, Size),
        "flow_tag_count resolution_address_count resolution_alias_count artifact_file_size"
        " assertion_finding_count line_number usage_other_count",
    ),
    (LONG, (Handle, Size), "usage_packets usage_bytes usage_shared"),
    # Of a part of a part
    (
        TEXT,
        (Handle, Size, Size),
        "flow_tag resolution_address resolution_address_state resolution_alias usage_other"
        " assertion_finding_verdict assertion_finding_witness assertion_finding_reason"
        " assertion_finding_names assertion_finding_zones assertion_finding_flow"
        " assertion_finding_file assertion_finding_enters assertion_finding_leaves",
    ),
    (NUMBER, (Handle, Size, Size), "assertion_finding_line"),
    (COUNT, (Handle, Size, Size), "assertion_finding_device_count"),
    (
        TEXT,
        (Handle, Size, Size, Size),
        "assertion_finding_device_name assertion_finding_device_file",
    ),
    (NUMBER, (Handle, Size, Size, Size), "assertion_finding_device_line"),
    (BYTES, (Handle, Size, Size, POINTER(Size)), "artifact_file_block"),
    (REAL, (Handle, Size), "difference_width"),
    (TEXT, (Handle, Size, c_int), "difference_flow difference_file flow_change_flow"),
    (NUMBER, (Handle, Size, c_int), "difference_line"),
    (FLAG, (Handle, Size, c_int), "difference_baseline"),
    (COUNT, (Handle, Size, c_int), "difference_hop_count"),
    (
        TEXT,
        (Handle, Size, c_int, Size),
        "difference_hop_name difference_hop_flow difference_hop_file",
    ),
    (NUMBER, (Handle, Size, c_int, Size), "difference_hop_line"),
    (FLAG, (Handle, Size, c_int, Size), "difference_hop_passes difference_hop_baseline"),
    (COUNT, (Handle, Size, Enum), "backend_row_count"),
    (TEXT, (Handle, Size, Enum, Size), "backend_row_name backend_row_value backend_row_help"),
)


class Library:
    """The functions of the library as attributes, without "flowrules_"."""

    def __init__(self, path: str) -> None:
        self.path = path
        library = ctypes.CDLL(path)
        for result, argtypes, names in FUNCTIONS:
            for name in names.split():
                setattr(self, name, _function(library, name, result, argtypes))
        if _series(self.version()) != _series(__version__):
            raise OSError(f"it is version {self.version()}, and the package {__version__}")

    def __getattr__(self, name: str) -> Any:  # of what the table does not have
        raise AttributeError(f"libflowrules has no function flowrules_{name}")


def _series(version: str) -> List[str]:
    """Versions with the same of these have the same functions: 0.1.0 and 0.1.7."""
    return version.split(".")[:2]


def _function(library: ctypes.CDLL, name: str, result: Result, argtypes: Tuple[Any, ...]) -> Any:
    function = getattr(library, f"flowrules_{name}")
    function.restype, function.argtypes = result.restype, argtypes
    convert = result.convert
    if convert is not None:
        function.errcheck = lambda value, _function, _arguments: convert(value)
    return function


def _places() -> Iterator[str]:
    told = os.environ.get("FLOWRULES_LIBRARY")
    if told:
        yield told
        return
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), SONAME)
    if os.path.exists(beside):
        yield beside
    yield SONAME  # wherever the loader looks
    found = ctypes.util.find_library("flowrules")
    if found:
        yield found


def load() -> Library:
    """The library: $FLOWRULES_LIBRARY; or beside this file; or where the loader finds it."""
    failures: List[str] = []
    for place in _places():
        try:
            return Library(place)
        except (OSError, AttributeError) as error:  # no such file, or another; a function lacks
            failures.append(f"{place}: {error}")
    raise ImportError(
        f"the package flowrules needs {SONAME}, of the same version: install it (the package"
        " libflowrules0, or make install and ldconfig), or set FLOWRULES_LIBRARY to its path ("
        + "; ".join(failures)
        + ")"
    )
