"""A context of the library with all that is made in it: one lock, and one order of freeing.

Whatever the library makes is read into Python's own objects and freed within the same call; only
a policy, and the context under it, live on."""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import os
import threading
import weakref
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Tuple,
    Type,
    TypeVar,
    Union,
)

from . import _library
from ._records import (
    Diagnostic,
    Diagnostics,
    FlowrulesError,
    InvalidPolicy,
    OutOfMemory,
    Refused,
    Unreadable,
    Unresolved,
    UsageError,
)

C = _library.load()

OK, DIFFERENT, USAGE, INVALID, REFUSED, UNRESOLVED, IO, NO_MEMORY = range(8)
ERRORS: Dict[int, Type[FlowrulesError]] = {
    USAGE: UsageError,
    INVALID: InvalidPolicy,
    REFUSED: Refused,
    UNRESOLVED: Unresolved,
    IO: Unreadable,
    NO_MEMORY: OutOfMemory,
}
SEVERITIES = ("note", "warning", "error")

PathText = Union[str, "os.PathLike[str]"]
Option = Union[None, bool, int, float, str, datetime.date, "os.PathLike[str]"]
Record = TypeVar("Record")


def encode(text: str) -> bytes:
    """For the library, which reads up to the first NUL: a text with one would lose its rest."""
    if "\0" in text:
        raise ValueError(f"a text with a NUL: {text!r}")
    return text.encode("utf-8", "surrogateescape")


def encode_path(path: PathText) -> bytes:
    return encode(os.fspath(path))


def encode_option(value: Option) -> Optional[bytes]:
    if value is None:
        return None
    if isinstance(value, bool):
        return b"yes" if value else b"no"
    if isinstance(value, os.PathLike):
        return encode_path(value)
    return encode(str(value))


def _keys(options: Mapping[str, Option]) -> Dict[str, Option]:
    """As the library has them: no name in Python has a hyphen."""
    return {key.replace("_", "-"): value for key, value in options.items()}


def read(
    record: Callable[..., Record], prefix: str, handle: Any, *index: int, **known: Any
) -> Record:
    """A record, by the getters that are called as its fields; known are those that are not."""
    fields: Tuple[str, ...] = getattr(record, "_fields")
    values = (
        known[field] if field in known else getattr(C, f"{prefix}_{field}")(handle, *index)
        for field in fields
    )
    return record(*values)


def read_all(record: Callable[..., Record], prefix: str, handle: Any) -> Tuple[Record, ...]:
    """Such records, as many as there are."""
    count = getattr(C, f"{prefix}_count")(handle)
    return tuple(read(record, prefix, handle, index) for index in range(count))


def _free(made: List[Tuple[Any, ctypes.c_void_p]], down_to: int = 0) -> None:
    """Frees what was made last first, so that the context is the last."""
    while len(made) > down_to:
        free, handle = made.pop()
        free(handle)


class Session:
    """Entered, it is the caller's alone; left, all is freed that was made but what is kept."""

    def __init__(self, options: Mapping[str, Option]) -> None:
        self._lock = threading.RLock()
        self._busy = False
        self._made: List[Tuple[Any, ctypes.c_void_p]] = []
        self._kept = 0
        self._dropped: List[ctypes.c_void_p] = []
        self._options = _keys(options)
        # Not at exit: threads may still be at it, and the system takes it all back.
        self._finalizer = weakref.finalize(self, _free, self._made)
        self._finalizer.atexit = False
        self.context: Any = None
        self.status = OK  # of the last object that was made
        with self:
            self.context = self.make("context", C.context_new)
            self.keep()
            for key, value in self._options.items():
                self._set(key, value)

    def __enter__(self) -> Session:
        self._lock.acquire()
        try:
            if self._busy:
                raise RuntimeError("the policy is in use: its callbacks cannot use it")
            if not self._finalizer.alive:
                raise ValueError("the policy is closed")
            self._busy = True
            while self._dropped:
                self.release(self._dropped.pop())
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._finalizer.alive:
                _free(self._made, self._kept)
                if self.context is not None:
                    C.diagnostics_clear(self.context)
        finally:
            self._busy = False
            self._lock.release()

    def keep(self) -> None:
        """What has been made lives as long as the session."""
        self._kept = len(self._made)

    def release(self, handle: ctypes.c_void_p) -> None:
        """Frees one object that was kept, in a session that is entered."""
        for index, (free, each) in enumerate(self._made):
            if each is handle:
                del self._made[index]
                self._kept -= 1
                free(handle)
                return

    def drop(self, handle: ctypes.c_void_p) -> None:
        """Has an object freed when the session is next entered: from wherever garbage is
        collected, that may be in the middle of a call."""
        self._dropped.append(handle)

    def close(self) -> None:
        """Frees everything; once is enough."""
        if self._finalizer.alive:
            with self:
                self._finalizer()

    def _set(self, key: str, value: Option) -> None:
        self.check(C.context_set(self.context, encode(key), encode_option(value)))

    @contextlib.contextmanager
    def options(self, options: Mapping[str, Option]) -> Iterator[None]:
        """Other options for a while."""
        others = _keys(options)
        try:
            for key, value in others.items():
                self._set(key, value)
            yield
        finally:
            for key in others:
                with contextlib.suppress(UsageError):  # it was not taken in the first place
                    self._set(key, self._options.get(key))

    def make(
        self,
        kind: str,
        function: Any,
        *arguments: Any,
        also: Tuple[int, ...] = (),
        invalid: Type[FlowrulesError] = InvalidPolicy,
    ) -> ctypes.c_void_p:
        """An object of the library, made by one of its functions."""
        handle = ctypes.c_void_p()
        status = function(ctypes.byref(handle), *arguments)
        if handle:
            self._made.append((getattr(C, f"{kind}_free"), handle))
        self.status = self.check(status, also, invalid)
        return handle

    def check(
        self,
        status: int,
        also: Tuple[int, ...] = (),
        invalid: Type[FlowrulesError] = InvalidPolicy,
    ) -> int:
        """Raises what a status stands for, but for those that are results too."""
        if status != OK and status not in also:
            raise (invalid if status == INVALID else ERRORS[status])(self.diagnostics())
        return status

    def diagnostics(self) -> Diagnostics:
        """What has been told in this call so far, which is not told again."""
        if self.context is None:  # there was no memory for it
            return ()
        told = tuple(
            read(
                Diagnostic,
                "diagnostic",
                self.context,
                index,
                severity=SEVERITIES[C.diagnostic_severity(self.context, index)],
            )
            for index in range(C.diagnostic_count(self.context))
        )
        C.diagnostics_clear(self.context)
        return told


class Kept:
    """One of several objects that are kept in a session, which is not closed with it."""

    _session: Session
    _own: Optional[Any]
    _finalizer: Any = None
    _called: str

    def _keep(self, session: Session, handle: Any) -> None:
        session.keep()
        self._session, self._own = session, handle
        self._finalizer = weakref.finalize(self, session.drop, handle)
        self._finalizer.atexit = False

    @property
    def _handle(self) -> Any:
        if self._own is None:
            raise ValueError(f"the {self._called} is closed")
        return self._own

    def _release(self) -> None:
        if self._finalizer.detach() is not None:
            handle, self._own = self._handle, None
            with contextlib.suppress(ValueError), self._session as session:
                session.release(handle)
