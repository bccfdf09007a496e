"""Policies, configurations, and what can be asked of them."""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import ipaddress
import json
import os
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
    Union,
)

from . import _library
from ._records import (
    Address,
    Answer,
    AnswerFlow,
    AnswerRule,
    Artifact,
    Assertion,
    AssertionDevice,
    AssertionFinding,
    Assertions,
    Backend,
    CannotResolve,
    ChangedLine,
    ChangedLines,
    Comparison,
    Diagnostics,
    Difference,
    Doubt,
    Fact,
    File,
    Finding,
    Findings,
    Flow,
    FlowChange,
    FlowUsage,
    IPAddress,
    Imported,
    InvalidConfiguration,
    Message,
    Name,
    OutOfMemory,
    Report,
    ReportRow,
    Requested,
    Resolution,
    Resolved,
    Side,
    Usage,
    Target,
    Unresolved,
)
from ._session import (
    C,
    DIFFERENT,
    OK,
    SEVERITIES,
    UNRESOLVED,
    Kept,
    Option,
    PathText,
    Session,
    encode,
    encode_option,
    encode_path,
    read,
    read_all,
)

Resolver = Callable[[str], Union[Resolved, Iterable[IPAddress]]]
Progress = Callable[[int, int], None]
Source = Union[PathText, File, Artifact]
"""A configuration's file: a path, a file that is in memory, or all files of an artifact."""

FlowText = Union[str, bytes, Mapping[str, Any]]
"""A flow: its text in YAML, as in a policy, or its keys and values."""

Day = Union[None, str, datetime.date]
"""A date, or "YYYY-MM-DD"."""

TOPICS = ("formats", "capabilities", "settings", "bindings", "limits")  # as flowrules_topic
# The options that count when names are resolved; the others did when the policy was read.
RESOLVING = (
    "server",
    "timeout",
    "tries",
    "deadline",
    "in_flight",
    "max_addresses",
    "merge",
    "keep_days",
)


def _encode_optional(text: Optional[str]) -> Optional[bytes]:
    return None if text is None else encode(text)


def _session(
    as_of: Day,
    lock: Union[None, bool, PathText],
    options: Mapping[str, Option],
) -> Session:
    day = datetime.date.today() if as_of is None else as_of
    if isinstance(lock, bool):
        lock = None if lock else "none"
    return Session({"as_of": day, "lock": lock, **options})


def _add_source(
    session: Session,
    handle: Any,
    source: Union[PathText, File],
    add_bytes: Any,
    add_file: Any,
) -> None:
    """Adds a path, or a file that is in memory, with that function of the library."""
    if isinstance(source, File):
        session.check(add_bytes(handle, encode(source.name), source.data, len(source.data)))
    else:
        session.check(add_file(handle, encode_path(source)))


# ---- configurations ------------------------------------------------------------------------------


class Configuration:
    """The files of one configuration: of an artifact, or what a device or cloud gives out.

    backend is "BACKEND[:FORMAT]". settings are those of the backend that the reader has to know
    ("interface" of a Cisco ASA, say) where no target of a policy tells them. The files are read
    when the configuration is compared."""

    def __init__(
        self, backend: str, *files: Source, settings: Optional[Mapping[str, str]] = None
    ) -> None:
        if not files:
            raise TypeError("a configuration has at least one file")
        self.backend = backend
        self.files = files
        self.settings: Dict[str, str] = dict(settings or {})

    def __repr__(self) -> str:
        return f"Configuration({self.backend!r}, {len(self.files)} files)"

    def _open(self, session: Session) -> Any:
        handle = session.make("configuration", C.configuration_new, session.context)
        for key, value in self.settings.items():
            session.check(C.configuration_set(handle, encode(key), encode(value)))
        for source in self.files:
            self._add(session, handle, source)
        return handle

    def _add(self, session: Session, handle: Any, source: Source) -> None:
        if isinstance(source, Artifact):
            for file in source.files:
                self._add(session, handle, file)
        else:
            add_text, add_file = C.configuration_add_text, C.configuration_add_file
            _add_source(session, handle, source, add_text, add_file)

    def _meaning(self, session: Session, backend: str, policy: Any = None) -> Any:
        return session.make(
            "meaning",
            C.meaning_of_configuration,
            session.context,
            encode(backend),
            policy,
            self._open(session),
            invalid=InvalidConfiguration,
        )


class Hop(NamedTuple):
    """A device of a path.

    enters and leaves are the interfaces or zones of this device by which packets come and leave
    ("eth1", "eth*"). hook says which of its rules count, "forward" or "host", where it has both."""

    device: Configuration
    enters: Optional[str] = None
    leaves: Optional[str] = None
    hook: Optional[str] = None


class Path:
    """Devices that stand one behind the other, in the order of the packets: what passes is what
    passes each of them (docs/MODEL.md, "Devices in a row")."""

    def __init__(self, *hops: Union[Hop, Configuration]) -> None:
        if len(hops) < 2:
            raise TypeError("a path has at least two devices")
        self.hops = tuple(hop if isinstance(hop, Hop) else Hop(hop) for hop in hops)

    def __repr__(self) -> str:
        return f"Path({', '.join(hop.device.backend for hop in self.hops)})"

    def _meaning(self, session: Session, policy: Any = None) -> Any:
        devices = (hop.device for hop in self.hops)
        meanings = [device._meaning(session, device.backend, policy) for device in devices]
        return _join(session, self.hops, meanings)


def _join(session: Session, hops: Iterable[Hop], meanings: List[Any]) -> Any:
    """What passes all of some devices, each of which has a meaning."""
    path = session.make("path", C.path_new, session.context)
    for hop, meaning in zip(hops, meanings):
        places = map(_encode_optional, (hop.enters, hop.leaves, hop.hook))
        session.check(C.path_add(path, meaning, *places))
    return session.make("meaning", C.path_meaning, path)


def _compare(session: Session, before: Any, after: Any) -> Comparison:
    comparison = session.make(
        "comparison", C.compare, session.context, before, after, also=(DIFFERENT,)
    )
    return _read_comparison(session, comparison)


def _read_comparison(session: Session, comparison: Any) -> Comparison:
    differences = tuple(
        read(
            Difference,
            "difference",
            comparison,
            index,
            before=read(Side, "difference", comparison, index, 0),
            after=read(Side, "difference", comparison, index, 1),
        )
        for index in range(C.difference_count(comparison))
    )
    doubts = read_all(Doubt, "doubt", comparison)
    verdict = C.comparison_verdict(comparison)
    return Comparison(verdict, differences, doubts, session.diagnostics())


def _meaning_of(session: Session, devices: Union[Configuration, Path]) -> Any:
    if isinstance(devices, Path):
        return devices._meaning(session)
    return devices._meaning(session, devices.backend)


def diff_configs(
    before: Union[Configuration, Path],
    after: Union[Configuration, Path],
    *,
    as_of: Day = None,
    **options: Option,
) -> Comparison:
    """Which packets does after let pass that before does not, and the other way round?

    as_of is the date at which rules with a last day are read, today's where none is given."""
    with _session(as_of, None, options) as session:
        first = _meaning_of(session, before)
        return _compare(session, first, _meaning_of(session, after))


def _sources(files: Union[Source, Iterable[Source]]) -> Tuple[Source, ...]:
    if isinstance(files, (str, os.PathLike, File, Artifact)):
        return (files,)
    return tuple(files)


def import_config(
    backend: str,
    files: Union[Source, Iterable[Source]],
    protects: Union[None, str, Iterable[str]] = None,
    settings: Optional[Mapping[str, str]] = None,
    *,
    as_of: Day = None,
    **options: Option,
) -> Imported:
    """A policy that means exactly what a configuration does.

    protects: the addresses, prefixes or names of groups that it protects, where it does not say
    so itself. as_of: as in diff_configs(). Refused: no policy can mean it."""
    if protects is not None and not isinstance(protects, str):
        protects = ",".join(protects)
    configuration = Configuration(backend, *_sources(files), settings=settings)
    with _session(as_of, None, options) as session:
        artifact = session.make(
            "artifact",
            getattr(C, "import"),
            session.context,
            encode(backend),
            _encode_optional(protects),
            configuration._open(session),
            also=(DIFFERENT,),
            invalid=InvalidConfiguration,
        )
        complete = session.status == OK
        return Imported(_read_files(artifact)[0].text, complete, session.diagnostics())


def import_request(
    kind: str,
    files: Union[PathText, File, Iterable[Union[PathText, File]]],
    mapping: Optional[PathText] = None,
    networks: Optional[PathText] = None,
    *,
    as_of: Day = None,
    **options: Option,
) -> Requested:
    """A policy with a flow for each row of sheets and documents (docs/REQUESTS.md).

    kind: "csv", "xlsx", "markdown" or "commatrix".
    mapping: the file that says which column is what. networks: the file whose networks cells may
    name. InvalidPolicy: no row can be taken."""
    sources = (files,) if isinstance(files, (str, os.PathLike, File)) else tuple(files)
    with _session(as_of, None, options) as session:
        request = session.make("request", C.request_new, session.context, encode(kind))
        if mapping is not None:
            session.check(C.request_map(request, encode_path(mapping)))
        if networks is not None:
            session.check(C.request_define(request, encode_path(networks)))
        for source in sources:
            _add_source(session, request, source, C.request_add_bytes, C.request_add_file)
        artifact = session.make("artifact", C.import_request, request, also=(DIFFERENT,))
        complete = session.status == OK
        made = {file.name: file.text for file in _read_files(artifact)}
        return Requested(made["policy.yaml"], made.get("map.yaml"), complete, session.diagnostics())


# ---- artifacts -----------------------------------------------------------------------------------


def _read_data(artifact: Any, index: int) -> bytes:
    blocks: List[bytes] = []
    size = ctypes.c_size_t()
    while True:
        block = C.artifact_file_block(artifact, index, len(blocks), ctypes.byref(size))
        if not block:
            return b"".join(blocks)
        blocks.append(ctypes.string_at(block, size.value))


def _read_files(artifact: Any) -> Tuple[File, ...]:
    return tuple(
        read(File, "artifact_file", artifact, index, data=_read_data(artifact, index))
        for index in range(C.artifact_file_count(artifact))
    )


def _read_artifact(session: Session, artifact: Any) -> Artifact:
    text = C.artifact_map(artifact)
    if text is None:
        raise OutOfMemory()
    return Artifact(_read_files(artifact), json.loads(text), session.diagnostics(),
                    C.artifact_version(artifact) or "")


# ---- resolvers in Python -------------------------------------------------------------------------


def _put_answer(inquiry: Any, answer: Union[Resolved, Iterable[IPAddress]]) -> None:
    known = answer if isinstance(answer, Resolved) else Resolved(tuple(answer))
    if not 0 <= known.ttl < 2**32:
        raise ValueError(f"a time to live of {known.ttl} seconds")
    for alias in known.aliases:
        if not C.inquiry_alias(inquiry, encode(alias)):
            raise ValueError(f"the alias {alias!r} is not taken: there are too many")
    for address in map(str, known.addresses):
        if "%" in address:
            raise ValueError(f"{address!r} has a zone, which is of one machine")
        known_address = str(ipaddress.ip_address(address))
        # Where it is not taken, there are too many, which is told.
        C.inquiry_address(inquiry, encode(known_address), known.ttl)


def _callbacks(
    resolver: Optional[Resolver], progress: Optional[Progress], raised: List[BaseException]
) -> Tuple[Any, Any]:
    """Both as C calls them. No exception can pass through C: the first is kept in raised."""

    def resolve(_user: Any, name: bytes, inquiry: Any) -> None:
        try:
            if not raised and resolver is not None:
                _put_answer(inquiry, resolver(name.decode("utf-8")))
                return
        except CannotResolve as failure:
            C.inquiry_fail(inquiry, encode(str(failure).replace("\0", " ")))
            return
        except BaseException as error:
            raised.append(error)
        C.inquiry_fail(inquiry, None)

    def tell(_user: Any, done: int, total: int) -> None:
        try:
            if not raised and progress is not None:
                progress(done, total)
        except BaseException as error:
            raised.append(error)

    return (
        _library.RESOLVER(resolve) if resolver is not None else _library.NO_RESOLVER,
        _library.PROGRESS(tell) if progress is not None else _library.NO_PROGRESS,
    )


def _read_name(resolution: Any, index: int) -> Name:
    addresses = tuple(
        Address(
            C.resolution_address(resolution, index, each),
            C.resolution_address_state(resolution, index, each),
        )
        for each in range(C.resolution_address_count(resolution, index))
    )
    aliases = tuple(
        C.resolution_alias(resolution, index, each)
        for each in range(C.resolution_alias_count(resolution, index))
    )
    text = C.resolution_name_text(resolution, index)
    return read(
        Name, "resolution", resolution, index, text=text, addresses=addresses, aliases=aliases
    )


def _read_resolution(session: Session, resolution: Any) -> Resolution:
    size = ctypes.c_size_t()
    lock = C.resolution_lock(resolution, ctypes.byref(size))
    return Resolution(
        tuple(_read_name(resolution, i) for i in range(C.resolution_name_count(resolution))),
        ctypes.string_at(lock, size.value).decode("utf-8"),
        C.resolution_lock_differs(resolution),
        session.diagnostics(),
    )


# ---- policies ------------------------------------------------------------------------------------


@contextlib.contextmanager
def _entered(*sessions: Session) -> Iterator[None]:
    """Enters sessions, each once, in one order: no two threads wait in a ring."""
    with contextlib.ExitStack() as stack:
        for session in sorted(set(sessions), key=id):
            stack.enter_context(session)
        yield


class Policy(Kept):
    """A policy that has been read. Made by Policy.load() and Policy.loads().

    What it says does not change: to see a changed file or lock file, load it again. It may be
    used by several threads, one of which at a time is served. Its memory is freed when nothing
    refers to it any more, by close(), or at the end of a with block.

    Every method raises a FlowrulesError that has the diagnostics; what it warns of is in the
    diagnostics of its result."""

    diagnostics: Diagnostics
    """What reading it told: warnings and notes."""
    title: Optional[str]
    targets: Tuple[Target, ...]
    _called = "policy"

    def __init__(self, session: Session, function: Any, *arguments: Any) -> None:
        with session:
            self._session = session
            self._own = session.make("policy", function, session.context, *arguments)
            self._begin()
            session.keep()

    @classmethod
    def _of_edit(cls, session: Session, edit: Any) -> Policy:
        """One that shares the session of another, which is not closed with it."""
        policy = cls.__new__(cls)
        policy._keep(session, session.make("policy", C.edit_policy, edit))
        policy._begin()
        return policy

    def _begin(self) -> None:
        self.diagnostics = self._session.diagnostics()
        self.title = C.policy_title(self._handle)
        self.targets = read_all(Target, "target", self._handle)
        self._flow_count: int = C.flow_count(self._handle)
        self._flows: Optional[Tuple[Flow, ...]] = None

    @classmethod
    def load(
        cls,
        path: PathText,
        *,
        as_of: Day = None,
        lock: Union[None, bool, PathText] = None,
        **options: Option,
    ) -> Policy:
        """Reads a policy file, what it includes, and its lock file.

        as_of is the date at which it is read, today's where none is given: flows that expired
        before it are left out. lock is the lock file's path, False for none; without it, it is the
        policy's path with ".lock" behind it, where that exists. The other options are those of
        flowrules_context_set(), with _ for -: max_age, max_flows, verify, server ..."""
        return cls(_session(as_of, lock, options), C.policy_load, encode_path(path))

    @classmethod
    def loads(
        cls,
        text: Union[str, bytes],
        name: str = "<string>",
        *,
        as_of: Day = None,
        lock: Union[None, bool, PathText] = None,
        **options: Option,
    ) -> Policy:
        """The same from memory. name stands for the file in messages, and its folder is where
        includes are looked for; there is no lock file unless one is named."""
        data = text.encode("utf-8") if isinstance(text, str) else text
        session = _session(as_of, lock, options)
        return cls(session, C.policy_load_text, encode(name), data, len(data))

    @property
    def flows(self) -> Tuple[Flow, ...]:
        """In the order of the file, expired ones included. Read when they are first asked for:
        of a large policy that takes as long as loading it."""
        if self._flows is None:
            with self._session:
                self._flows = tuple(map(self._read_flow, range(self._flow_count)))
        return self._flows

    def _read_flow(self, index: int) -> Flow:
        date = C.flow_expires(self._handle, index)
        tags = range(C.flow_tag_count(self._handle, index))
        return read(
            Flow,
            "flow",
            self._handle,
            index,
            expires=None if date is None else datetime.date.fromisoformat(date),
            tags=tuple(C.flow_tag(self._handle, index, tag) for tag in tags),
        )

    # ---- its life

    def close(self) -> None:
        """Frees its memory; what was read from it stays. Closing again does nothing. The edits
        of a policy that was loaded are closed with it, and the policies that they made."""
        if self._finalizer is None:
            self._session.close()
        else:
            self._release()

    def __enter__(self) -> Policy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Policy {self.title!r}: {self._flow_count} flows, {len(self.targets)} targets>"

    # ---- what targets make of it

    def render(self, target: str) -> Artifact:
        """The files of a target of the policy or, with default settings, of a backend; with
        ":FORMAT" behind it for another format than its first."""
        with self._session as session:
            context, policy = session.context, self._handle
            artifact = session.make("artifact", C.render, context, policy, encode(target))
            return _read_artifact(session, artifact)

    def explain(self, target: Optional[str] = None) -> Report:
        """How truly each flow can be said by a target or, without one, by every target."""
        with self._session as session:
            context, policy = session.context, self._handle
            handle = session.make(
                "report", C.explain, context, policy, _encode_optional(target)
            )
            rows = range(C.report_row_count(handle))
            report = Report(read(ReportRow, "report", handle, row) for row in rows)
            report.diagnostics = session.diagnostics()
            return report

    def check(self) -> Diagnostics:
        """Could every target be rendered, if all names were pinned? What it warns of; it raises
        InvalidPolicy or Refused where one could not."""
        with self._session as session:
            session.check(C.check(session.context, self._handle))
            return session.diagnostics()

    def query(self, question: str, target: Optional[str] = None) -> Answer:
        """Would a packet that opens a connection pass? "tcp 10.0.16.5 -> huggingface.co:443".

        With the option rules="no", no target is rendered, and the answer is without rules."""
        with self._session as session:
            context, policy = session.context, self._handle
            answer = session.make(
                "answer", C.query, context, policy, _encode_optional(target), encode(question)
            )
            return read(
                Answer,
                "answer",
                answer,
                flows=read_all(AnswerFlow, "answer_flow", answer),
                rules=read_all(AnswerRule, "answer_rule", answer),
                diagnostics=session.diagnostics(),
            )

    def lint(self) -> Findings:
        """What is valid in the policy and should be looked at (docs/LINT.md)."""
        with self._session as session:
            found = session.make("findings", C.lint, session.context, self._handle)
            findings = tuple(
                read(
                    Finding,
                    "finding",
                    found,
                    index,
                    severity=SEVERITIES[C.finding_severity(found, index)],
                )
                for index in range(C.finding_count(found))
            )
            return Findings(findings, session.diagnostics())

    def _open_assertions(self, session: Session, files: Iterable[Union[PathText, File]]) -> Any:
        handle = session.make("assertions", C.assertions_new, session.context, self._handle)
        for file in files:
            _add_source(session, handle, file, C.assertions_add_text, C.assertions_add_file)
        return handle

    def _meaning_of_row(self, session: Session, devices: Iterable[Configuration]) -> Any:
        """What passes one device, or each of several."""
        hops = tuple(map(Hop, devices))
        meanings = [
            hop.device._meaning(session, hop.device.backend, self._handle) for hop in hops
        ]
        return meanings[0] if len(hops) == 1 else _join(session, hops, meanings)

    def assertions(
        self,
        *files: Union[PathText, File],
        running: Union[None, Configuration, Iterable[Configuration]] = None,
    ) -> Assertions:
        """Does the policy keep to its assertions, and to those of files of other owners?

        running: or does what runs? The configuration of a target of the policy, whose name is its
        backend; or several, in the order in which packets pass them."""
        with self._session as session:
            handle = self._open_assertions(session, files)
            if running is None:
                session.check(getattr(C, "assert")(handle), (DIFFERENT,))
            else:
                devices = (running,) if isinstance(running, Configuration) else tuple(running)
                names = [encode(device.backend) for device in devices]
                meaning = self._meaning_of_row(session, devices)
                targets = (ctypes.c_char_p * len(names))(*names)
                session.check(
                    C.assert_running(handle, targets, len(names), meaning), (DIFFERENT,)
                )
            found = tuple(_read_assertion(handle, i) for i in range(C.assertion_count(handle)))
            return Assertions(found, session.diagnostics())

    def report(self, *files: Union[PathText, File]) -> Artifact:
        """A report for the people who judge the policy (docs/REPORT.md): report.html, a page that
        has everything in itself, and the same as report.md, report.csv and report.json.

        The files are assertions of other owners, which it shows besides those of the policy."""
        with self._session as session:
            handle = self._open_assertions(session, files)
            arguments = session.context, self._handle, handle
            return _read_artifact(session, session.make("artifact", C.overview, *arguments))

    def probe(self, **options: Union[Option, Iterable[str]]) -> Artifact:
        """A script that tries the connections of the flows from where it is run.

        The options are those of flowrules_probe_set(): format, from_, target, flow, try_, most,
        name, namespace, label, image; one that is a list takes a list."""
        with self._session as session:
            probe = session.make("probe", C.probe_new, session.context, self._handle)
            for key, given in options.items():
                for value in given if isinstance(given, (list, tuple, set)) else (given,):
                    key_text = encode(key.rstrip("_").replace("_", "-"))
                    session.check(C.probe_set(probe, key_text, encode_option(value)))
            return _read_artifact(session, session.make("artifact", C.probe_write, probe))

    # ---- comparing

    def _meaning(self, session: Session, target: Optional[str]) -> Any:
        context, policy = session.context, self._handle
        name = _encode_optional(target)
        return session.make("meaning", C.meaning_of_policy, context, policy, name)

    def verify(
        self, target: str, *files: Source, settings: Optional[Mapping[str, str]] = None
    ) -> Comparison:
        """Does a configuration let pass exactly what a target of the policy has to?

        Before is the policy, after the configuration. settings replace the target's."""
        configuration = Configuration(target, *files, settings=settings)
        with self._session as session:
            expected = self._meaning(session, target)
            return _compare(
                session, expected, configuration._meaning(session, target, self._handle)
            )

    def usage(
        self,
        target: str,
        *files: Source,
        history: Optional[str] = None,
        settings: Optional[Mapping[str, str]] = None,
    ) -> Usage:
        """Which flows of a target are used, by the counters of what runs?

        history: the records of earlier dumps, a line each. The option as_of of the policy is the
        day on which the counters were read."""
        configuration = Configuration(target, *files, settings=settings)
        text = None if history is None else encode(history)
        with self._session as session:
            usage = session.make(
                "usage",
                C.usage_new,
                session.context,
                self._handle,
                encode(target),
                configuration._open(session),
                b"history",
                text,
                len(text or b""),
                invalid=InvalidConfiguration,
            )
            rows = tuple(
                read(
                    FlowUsage,
                    "usage",
                    usage,
                    row,
                    bytes=C.usage_bytes(usage, row) if C.usage_has_bytes(usage, row) else None,
                    others=tuple(
                        C.usage_other(usage, row, other)
                        for other in range(min(C.usage_other_count(usage, row), 16))
                    ),
                )
                for row in range(C.usage_row_count(usage))
            )
            return Usage(
                C.usage_verdict(usage), rows, C.usage_record(usage), session.diagnostics()
            )

    def verify_path(self, path: Path) -> Comparison:
        """Do devices that stand one behind the other let pass exactly what all of their targets
        have to? The backend of each configuration is the name of a target.

        Before is the policy, after the devices."""
        with self._session as session:
            targets = [self._meaning(session, hop.device.backend) for hop in path.hops]
            expected = _join(session, path.hops, targets)
            return _compare(session, expected, path._meaning(session, self._handle))

    def diff(
        self, other: Union[Policy, Configuration, Path], target: Optional[str] = None
    ) -> Comparison:
        """Which packets does other let pass that this policy does not, and the other way round?

        Before is this policy, after the other. With a target: what that has to let pass; a
        configuration of its backend is read with its settings."""
        others = (other._session,) if isinstance(other, Policy) else ()
        with _entered(self._session, *others):
            before = self._meaning(self._session, target)
            if isinstance(other, Policy):
                after = other._meaning(other._session, target)
            elif isinstance(other, Path):
                after = other._meaning(self._session)
            elif target is not None and self._backend(target) == other.backend.split(":")[0]:
                after = other._meaning(self._session, target, self._handle)
            else:
                after = other._meaning(self._session, other.backend)
            comparison = _compare(self._session, before, after)
        return comparison

    def flow_changes(self, other: Policy) -> Tuple[FlowChange, ...]:
        """Which flows other has that this policy has not, or has renamed or changed, as written.

        Before is this policy, after the other; diff() says what that means for packets."""
        with _entered(self._session, other._session):
            changes = self._session.make(
                "flow_changes",
                C.flow_changes_new,
                self._session.context,
                self._handle,
                other._handle,
            )
            found = tuple(
                read(
                    FlowChange,
                    "flow_change",
                    changes,
                    index,
                    before=C.flow_change_flow(changes, index, 0),
                    after=C.flow_change_flow(changes, index, 1),
                )
                for index in range(C.flow_change_count(changes))
            )
        return found

    def _backend(self, target: str) -> Optional[str]:
        name = target.split(":")[0]
        return next((each.backend for each in self.targets if each.name == name), None)

    # ---- changing

    def edit(self, name: str = "edit") -> Edit:
        """Begins to change flows one by one, in a copy of the policy. name stands for the texts
        of flows in messages."""
        with self._session as session:
            return Edit(session, self._handle, name)

    # ---- resolving

    def resolve(
        self,
        resolver: Optional[Resolver] = None,
        *,
        targets: Iterable[str] = (),
        networks: Iterable[str] = (),
        names: Iterable[str] = (),
        assertions: Iterable[Union[PathText, File]] = (),
        progress: Optional[Progress] = None,
        **options: Option,
    ) -> Resolution:
        """Asks for the addresses of names, and makes the new text of the lock file.

        resolver is asked instead of the DNS: called with a name, it returns addresses or a
        Resolved, or raises CannotResolve; another exception ends it all and is raised here.
        targets, networks and names narrow what is asked for. assertions are files of other owners:
        their names are asked for too. The options are those that
        flowrules_context_set() has for this, for once: server, timeout, tries, deadline,
        in_flight, max_addresses, merge, keep_days.

        Nothing is written. Unresolved: some name has no address and had none before; the
        exception's resolution has the rest."""
        for key in options:
            if key not in RESOLVING:
                raise TypeError(f"no option {key}; there are {', '.join(RESOLVING)}")
        raised: List[BaseException] = []
        narrowed = (
            (C.resolution_target, targets),
            (C.resolution_network, networks),
            (C.resolution_name, names),
        )
        callbacks = _callbacks(resolver, progress, raised)
        with self._session as session, session.options(options):
            handle = session.make("resolution", C.resolution_new, session.context, self._handle)
            if assertions:
                asserted = self._open_assertions(session, assertions)
                session.check(C.resolution_assertions(handle, asserted))
            for function, wanted in narrowed:
                for each in (wanted,) if isinstance(wanted, str) else wanted:
                    session.check(function(handle, encode(each)))
            C.context_set_resolver(session.context, callbacks[0], None)
            C.context_set_progress(session.context, callbacks[1], None)
            try:
                status = C.resolve(handle)
            finally:
                C.context_set_resolver(session.context, _library.NO_RESOLVER, None)
                C.context_set_progress(session.context, _library.NO_PROGRESS, None)
            if raised:
                raise raised[0]
            session.check(status, also=(UNRESOLVED,))
            resolution = _read_resolution(session, handle)
        if status == UNRESOLVED:
            error = Unresolved(resolution.diagnostics)
            error.resolution = resolution
            raise error
        return resolution


# ---- edits ---------------------------------------------------------------------------------------


def _flow_text(flow: FlowText) -> bytes:
    if isinstance(flow, bytes):
        return flow
    return (flow if isinstance(flow, str) else json.dumps(flow, ensure_ascii=False)).encode("utf-8")


class Edit(Kept):
    """A policy that is being changed: made by Policy.edit().

    Each change says which packets newly pass ("allowed") and which no longer pass ("denied"), in
    far less time than comparing two policies takes. A change that raises has changed nothing. Its
    memory is freed by close(), at the end of a with block, with the policy, or when nothing refers
    to it any more."""

    _called = "edit"

    def __init__(self, session: Session, policy: Any, name: str) -> None:
        self._keep(
            session,
            session.make("edit", C.policy_edit, session.context, policy, encode(name)),
        )

    def close(self) -> None:
        """Frees its memory; the policies that it made stay. Closing again does nothing."""
        self._release()

    def __enter__(self) -> Edit:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _change(self, function: Any, *arguments: Any) -> Comparison:
        with self._session as session:
            changes = session.make(
                "comparison", function, self._handle, *arguments, also=(DIFFERENT,)
            )
            return _read_comparison(session, changes)

    def add(self, flow: FlowText) -> Comparison:
        """Adds a flow behind the last one."""
        data = _flow_text(flow)
        return self._change(C.edit_add, data, len(data))

    def replace(self, name: str, flow: FlowText) -> Comparison:
        """Puts a flow in the place of the one with this name."""
        data = _flow_text(flow)
        return self._change(C.edit_replace, encode(name), data, len(data))

    def remove(self, name: str) -> Comparison:
        """Removes the flow with this name."""
        return self._change(C.edit_remove, encode(name))

    def policy(self) -> Policy:
        """The policy as it is now. It does not change with the edit."""
        with self._session as session:
            return Policy._of_edit(session, self._handle)

    def lines(self, target: str) -> ChangedLines:
        """The lines of a target's files that have changed since the last call for the target; at
        first, since the edit began. It renders the target."""
        with self._session as session:
            lines = session.make(
                "lines", C.edit_lines, self._handle, encode(target), also=(DIFFERENT,)
            )
            return ChangedLines(read_all(ChangedLine, "line", lines), session.diagnostics())


# ---- what the library knows ----------------------------------------------------------------------


def _read_facts(session: Session, backend: int, topic: int) -> Tuple[Fact, ...]:
    rows = range(C.backend_row_count(session.context, backend, topic))
    return tuple(read(Fact, "backend_row", session.context, backend, topic, row) for row in rows)


def backends() -> Tuple[Backend, ...]:
    """The kinds of firewalls that policies can be rendered for."""
    with Session({}) as session:
        return tuple(
            read(
                Backend,
                "backend",
                session.context,
                index,
                **{name: _read_facts(session, index, i) for i, name in enumerate(TOPICS)},
            )
            for index in range(C.backend_count(session.context))
        )


def _read_finding(handle: Any, index: int, number: int) -> AssertionFinding:
    devices = tuple(
        read(AssertionDevice, "assertion_finding_device", handle, index, number, device)
        for device in range(C.assertion_finding_device_count(handle, index, number))
    )
    return read(
        AssertionFinding, "assertion_finding", handle, index, number, devices=devices
    )


def _read_assertion(handle: Any, index: int) -> Assertion:
    findings = tuple(
        _read_finding(handle, index, number)
        for number in range(C.assertion_finding_count(handle, index))
    )
    return read(Assertion, "assertion", handle, index, findings=findings)


def lay_out(text: Union[str, bytes], name: str = "policy.yaml") -> str:
    """A policy, or a file that belongs to one, in its usual layout: it says the same as before.

    name stands for the file in messages. InvalidPolicy: it is not YAML that a policy can be.
    Refused: it cannot be laid out without changing what it says."""
    data = text.encode("utf-8") if isinstance(text, str) else text
    with Session({}) as session:
        layout = session.make(
            "layout", C.layout_new, session.context, encode(name), data, len(data)
        )
        size = ctypes.c_size_t()
        made = C.layout_text(layout, ctypes.byref(size))
        return ctypes.string_at(made, size.value).decode("utf-8")


def schema(included: bool = False, assertions: bool = False) -> Dict[str, Any]:
    """The JSON Schema of the policy file, of the files that a policy includes, or of files of
    assertions."""
    with Session({}) as session:
        text = ctypes.c_char_p()
        kind = 2 if assertions else int(included)
        session.check(C.schema(ctypes.byref(text), session.context, kind))
        made: Dict[str, Any] = json.loads(text.value or b"")
        return made


def message(number: str) -> Optional[Message]:
    """What the number of a message (FR0508) or of a finding (FL0101) means; None: nothing has it."""
    parts = [C.message_text(encode(number), part) for part in range(3)]
    return None if parts[0] is None else Message(number, *parts)


def version() -> str:
    """The version of the library."""
    told: str = C.version()
    return told
