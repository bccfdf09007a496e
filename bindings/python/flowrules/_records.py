"""What the library answers with, as immutable records, and the exceptions.

A record's fields are called as the library's getters are: _policy.read() fills them by name."""

from __future__ import annotations

import datetime
import os
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, NoReturn, Optional, Tuple, Union

IPAddress = Union[str, IPv4Address, IPv6Address]


class Diagnostic(NamedTuple):
    """One message: what is wrong, where, and what to do about it."""

    severity: str
    """"note", "warning" or "error"."""
    id: str
    """The kind of message, "FR0102": docs/DIAGNOSTICS.md lists them."""
    message: str
    hint: Optional[str]
    file: Optional[str]
    line: int
    """From 1; 0: the whole file. Likewise the column, in characters."""
    column: int
    length: int
    source: Optional[str]
    """The text of the line."""
    flow: Optional[str]
    target: Optional[str]

    def __str__(self) -> str:
        place = self.file + ":" if self.file is not None else ""
        if self.line > 0:
            place += f"{self.line}:{self.column}:"
        text = f"{place}{' ' if place else ''}{self.severity}: {self.message} [{self.id}]"
        return text if self.hint is None else f"{text}\n    hint: {self.hint}"


Diagnostics = Tuple[Diagnostic, ...]


# ---- exceptions ----------------------------------------------------------------------------------


class FlowrulesError(Exception):
    """A call did not end well. diagnostics has all that the library told, notes among them."""

    def __init__(self, diagnostics: Diagnostics = ()) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        errors = [each for each in self.diagnostics if each.severity == "error"]
        return "\n".join(map(str, errors or self.diagnostics)) or type(self).__doc__ or ""


class UsageError(FlowrulesError, ValueError):
    """An option, target, backend or format that does not exist."""


class InvalidPolicy(FlowrulesError, ValueError):
    """The policy is not valid; the diagnostics say where."""


class InvalidConfiguration(FlowrulesError, ValueError):
    """A configuration is not of the syntax of its backend."""


class Refused(FlowrulesError):
    """A target cannot express a flow exactly; the diagnostics list each one."""


class Unresolved(FlowrulesError):
    """A name has no address in the lock file or, when resolving, could not be resolved."""

    resolution: Optional[Resolution] = None
    """Of Policy.resolve(): what was found all the same."""


class Unreadable(FlowrulesError, OSError):
    """A file cannot be read, or the DNS cannot be asked."""


class OutOfMemory(FlowrulesError, MemoryError):
    """Memory ran out."""


class CannotResolve(Exception):
    """For a resolver to raise: the name cannot be resolved; the argument says why."""


class Undecided:
    """Of a result that is more than yes or no: asking whether it is true is a mistake."""

    __slots__ = ()

    def __bool__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is neither true nor false: look at its verdict")


# ---- the parts of a policy -----------------------------------------------------------------------


class Flow(NamedTuple):
    """A flow of the file."""

    name: str
    action: str
    """"allow" or "deny"."""
    purpose: Optional[str]
    owner: Optional[str]
    ticket: Optional[str]
    volume: Optional[str]
    frequency: Optional[str]
    expired: bool
    expires: Optional[datetime.date]
    tags: Tuple[str, ...]
    file: str
    line: int
    """Where it begins."""


class Target(NamedTuple):
    """A target of the file."""

    name: str
    backend: str


class ReportRow(NamedTuple):
    """How truly a target can say a flow."""

    flow: str
    target: str
    fidelity: str
    """"exact", "native", "pinned", "widened", "narrowed", "refused", "unresolved", "expired" or
    "out-of-scope"."""
    reason: Optional[str]
    baseline: Optional[str]
    """What the target lets pass besides its flows: "replies, loopback", say, or "none"."""
    open: Optional[str]
    """Of a target that only permits (mode: permits), what it leaves to the rules of others."""


class Report(Tuple[ReportRow, ...]):
    """A row for each flow and target, and what else there is to tell."""

    diagnostics: Diagnostics = ()


# ---- artifacts -----------------------------------------------------------------------------------


class File(NamedTuple):
    """A file of an artifact."""

    name: str
    data: bytes
    executable: bool

    @property
    def text(self) -> str:
        return self.data.decode("utf-8")


class Artifact(NamedTuple):
    """What a target was rendered to."""

    files: Tuple[File, ...]
    map: Dict[str, Any]
    """Where each rule came from: {"target", "backend", "format", "rules": [{"file", "line",
    "flows"}]}."""
    diagnostics: Diagnostics
    version: str = ""
    """The version that the files name: the same for the same rules."""

    def file(self, name: str) -> File:
        """The file of a name; KeyError where there is none."""
        for each in self.files:
            if each.name == name:
                return each
        raise KeyError(name)

    def write(self, directory: Union[str, os.PathLike[str]]) -> List[Path]:
        """Writes the files into a folder, which is made where there is none."""
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        for file in self.files:
            (folder / file.name).write_bytes(file.data)
            (folder / file.name).chmod(0o755 if file.executable else 0o644)
        return [folder / file.name for file in self.files]


# ---- answers -------------------------------------------------------------------------------------


class AnswerFlow(NamedTuple):
    """A flow that speaks of the packet, and where it stands."""

    name: str
    action: str
    file: str
    line: int


class AnswerRule(NamedTuple):
    """A rule that such a flow became."""

    target: str
    flow: str
    file: str
    line: int
    text: str


class _Answer(NamedTuple):
    verdict: str
    reason: str
    flows: Tuple[AnswerFlow, ...]
    rules: Tuple[AnswerRule, ...]
    diagnostics: Diagnostics


class Answer(Undecided, _Answer):
    """Would a packet pass? The verdict is "allowed", "denied", "partly", "unknown" or
    "undecided"."""

    __slots__ = ()


class Finding(NamedTuple):
    """What lint found: something valid that should be looked at."""

    id: str
    """The kind of finding, "FL0101": docs/LINT.md has a section on each."""
    severity: str
    """"note", "warning" or "error"."""
    message: str
    hint: Optional[str]
    file: Optional[str]
    line: int
    """From 1; 0: the whole file. Likewise the column, in characters."""
    column: int
    length: int
    source: Optional[str]
    """The text of the line."""
    flow: Optional[str]
    target: Optional[str]
    reason: Optional[str]
    """Why the policy accepts it; None: it does not."""


class Findings(NamedTuple):
    """What lint found, in the order of the file; and what else was told."""

    findings: Tuple[Finding, ...]
    diagnostics: Diagnostics

    @property
    def open(self) -> Tuple[Finding, ...]:
        """Those that the policy does not accept."""
        return tuple(finding for finding in self.findings if finding.reason is None)


class AssertionDevice(NamedTuple):
    """A device of a row that a packet passes, and its rule."""

    name: str
    file: Optional[str]
    line: int


class AssertionFinding(NamedTuple):
    """What breaks an assertion, or may break it."""

    verdict: str
    """"broken" or "unknown"."""
    witness: Optional[str]
    reason: str
    names: Optional[str]
    """The names and groups that it depends on."""
    zones: Optional[str]
    flow: Optional[str]
    file: Optional[str]
    """Where the flow is or, of what runs, the rule."""
    line: int
    enters: Optional[str]
    """The interfaces by which the packet comes to a device and leaves it."""
    leaves: Optional[str]
    devices: Tuple[AssertionDevice, ...]
    """Of devices in a row: each that the packet passes."""


class Assertion(NamedTuple):
    """An assertion, and whether the policy, or what runs, keeps to it: the verdict is "holds",
    "broken", "unknown" or, of what runs, "outside"."""

    id: str
    kind: str
    verdict: str
    because: Optional[str]
    file: str
    line: int
    has_more: bool
    """May there be more findings than these?"""
    findings: Tuple[AssertionFinding, ...]


class _Assertions(NamedTuple):
    assertions: Tuple[Assertion, ...]
    diagnostics: Diagnostics


class Assertions(Undecided, _Assertions):
    """The assertions of a policy and of files of other owners."""

    __slots__ = ()

    @property
    def verdict(self) -> str:
        """The worst of them: "broken", "unknown", or "holds"; "outside" where all are."""
        verdicts = {each.verdict for each in self.assertions}
        order = ("broken", "unknown", "holds", "outside")
        return next((each for each in order if each in verdicts), "holds")


class Side(NamedTuple):
    """What decides on one side: the flow of a policy, or the rule of a configuration."""

    flow: Optional[str]
    file: Optional[str]
    line: int
    baseline: bool
    """Is it the baseline of a policy's target that decides?"""


class Difference(NamedTuple):
    """Packets that pass on one side alone."""

    change: str
    """"allowed": they pass after, and not before. "denied": the other way round."""
    direction: str
    packets: str
    source: str
    destination: str
    service: str
    enters: Optional[str]
    """The interfaces by which they enter: "eth1, wlan*"; None: any, or the packets have none."""
    leaves: Optional[str]
    """The interfaces by which they leave."""
    witness: str
    """One packet of them, in the form of a question."""
    width: float
    """About how many packets: addresses times addresses times ports."""
    before: Side
    after: Side


class Doubt(NamedTuple):
    """Why it cannot be determined whether there are more differences."""

    text: str
    after: bool
    """Is it about the side after?"""
    file: Optional[str]
    line: int


class FlowChange(NamedTuple):
    """What happened to a flow between two versions of a policy, as it is written."""

    kind: str
    """"added", "removed", "renamed", "moved" (another source or destination) or "changed"."""
    before: Optional[str]
    """Its name before; None: it is added."""
    after: Optional[str]
    """Its name after; None: it is removed."""
    text: str
    """What changed: "destination: server -> db"; else what the flow says."""


class FlowUsage(NamedTuple):
    """What counters say of a flow."""

    flow: str
    state: str
    """"used", "shared" (only counters that others share have counted), "unused" or "uncounted"
    (not all its rules have counters)."""
    packets: int
    bytes: Optional[int]
    """None: bytes are not counted."""
    shared: int
    """Packets of counters that it shares, some of which may be its own."""
    at_least: bool
    """More may have been counted: counters were set back, or a count reached 2^53."""
    since: Optional[str]
    """The day of the first dump that counts it."""
    last: Optional[str]
    """The day of its last packet, at the latest; None: there was none."""
    last_shared: Optional[str]
    others: Tuple[str, ...]
    """Flows that its counters also count, the first 16 of them."""
    other_count: int


class Usage(NamedTuple):
    """What the counters of a dump, and of those before it, say of the flows of a target."""

    verdict: str
    """"equal": the dump lets pass exactly what the target has to. "contains" of a target with
    mode: permits: at least that. "different", "unknown"."""
    flows: Tuple[FlowUsage, ...]
    record: str
    """The line for the history, without its end."""
    diagnostics: Diagnostics


class Message(NamedTuple):
    """What is known of the number of a message or of a finding of lint."""

    id: str
    meaning: str
    cause: str
    cure: str


class _Comparison(NamedTuple):
    verdict: str
    differences: Tuple[Difference, ...]
    doubts: Tuple[Doubt, ...]
    diagnostics: Diagnostics


class Comparison(Undecided, _Comparison):
    """Two meanings, compared. The verdict is "equal", "contains", "different" or "unknown"."""

    __slots__ = ()

    @property
    def equal(self) -> bool:
        return self.verdict == "equal"


class ChangedLine(NamedTuple):
    """A line of a target's files that a change has added or removed."""

    change: str
    """added or removed"""
    file: str
    number: int
    """From 1: of an added line in the new file, of a removed one in the old file."""
    text: str


class ChangedLines(NamedTuple):
    """What has changed in the files of a target."""

    lines: Tuple[ChangedLine, ...]
    diagnostics: Diagnostics


class Imported(NamedTuple):
    """A policy that means what a configuration does."""

    text: str
    complete: bool
    """False: something was not understood, and the policy does not have it; see the diagnostics."""
    diagnostics: Diagnostics


class Requested(NamedTuple):
    """A policy from sheets or documents that ask for flows."""

    text: str
    mapping: Optional[str]
    """What each column was taken for, if it was guessed; to be checked, and given from then on."""
    complete: bool
    """False: a row was not understood, or a name has no addresses; see the diagnostics."""
    diagnostics: Diagnostics


# ---- resolving -----------------------------------------------------------------------------------


class Address(NamedTuple):
    """An address of a name, and its state: "new", "same", "kept" or "gone"."""

    text: str
    state: str


class Name(NamedTuple):
    """A name that was asked for."""

    text: str
    status: str
    """"new", "changed", "same", "kept" or "failed"."""
    reason: Optional[str]
    ttl: int
    addresses: Tuple[Address, ...]
    aliases: Tuple[str, ...]


class Resolution(NamedTuple):
    """What resolving found. Nothing was written: lock is the new text of the lock file."""

    names: Tuple[Name, ...]
    lock: str
    changed: bool
    """Is lock another text than the old one?"""
    diagnostics: Diagnostics


class Resolved(NamedTuple):
    """What a resolver may return, where it knows more than addresses."""

    addresses: Tuple[IPAddress, ...]
    aliases: Tuple[str, ...] = ()
    """The chain of aliases (CNAME) from the name to that which has the addresses."""
    ttl: int = 0
    """The seconds for which it holds."""


# ---- backends ------------------------------------------------------------------------------------


class Fact(NamedTuple):
    """Something that a backend tells of itself."""

    name: str
    value: Optional[str]
    help: Optional[str]


class Backend(NamedTuple):
    """A kind of firewall: its formats, what it can say, its settings and limits."""

    name: str
    title: str
    description: str
    formats: Tuple[Fact, ...]
    capabilities: Tuple[Fact, ...]
    settings: Tuple[Fact, ...]
    bindings: Tuple[Fact, ...]
    limits: Tuple[Fact, ...]
