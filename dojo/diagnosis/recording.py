"""Watching code run, line by line: which values each statement made or changed. Only frames of one file are looked at."""

import contextlib
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import numpy as np

from dojo.checking.tracks import spell
from dojo.diagnosis.peek import is_array
from dojo.diagnosis.statements import Statement, statements

FIRST = 2  # times that a statement in a loop is shown, before its last
MOST_LINES = 50_000  # lines that are watched; then the code runs on alone
SECONDS = 2.0  # for watching; then the code runs on alone
LARGEST = 2**22  # bytes of an array whose values are kept
MARKED = 2**16  # bytes of an array that are looked over for a change in place
MOST_ITEMS = 8  # of a dict, list or tuple that are told
MOST_MARKED = 50  # of them that are looked over
CO_GENERATOR = 0x20


@dataclass(eq=False)
class Seen:
    """A value at one moment. `kind` is `argument`, `value`, `part` (inside an expression) or `return`; `time` says how often
    its line had run by then, `times` how often it ran in all.

    `value` is a numpy copy of an array, a plain number, or a few words about anything else; None for what is too large.
    """

    kind: str
    function: str
    line: int
    name: str
    value: Any
    order: int
    time: int = 1
    times: int = 1
    shape: tuple[int, ...] | None = None  # None for what is no array
    dtype: str = ""
    requires_grad: bool | None = None  # None for what is no tensor
    grad_fn: str = ""
    output: str = ""  # which of the things that come back it is: `0`, `1`, `0[W1]`
    repeated: bool = False  # it comes back under a name that has been told already


@dataclass(eq=False)
class _Slot:
    """What one name was after one statement: the first times, and the last."""

    first: list[Seen] = field(default_factory=list)
    last: Seen | None = None


class Recorder:
    """Use as a context manager around the call; then `rows()` is what was seen, in order."""

    def __init__(self, file: str, source: str):
        self.file, self.statements = file, statements(source)
        self.lines, self.stopped = 0, False
        self._slots: dict[tuple[CodeType, int, str, str], _Slot] = {}
        self._rounds: dict[tuple[CodeType, int], int] = {}
        self._frames: dict[FrameType, _Watched] = {}
        self._order = 0

    def __enter__(self) -> "Recorder":
        self._until = time.perf_counter() + SECONDS
        self._before = sys.gettrace()
        sys.settrace(self._enter_frame)
        return self

    def __exit__(self, *_) -> None:
        sys.settrace(self._before)
        self._frames.clear()

    def rows(self) -> list[Seen]:
        """Every value in the order in which it came about; of a loop the first rounds and the last."""
        found = []
        for (code, line, _, _), slot in self._slots.items():
            kept = slot.first + ([slot.last] if slot.last is not None else [])
            for seen in kept:
                seen.times = self._rounds[code, line]
            found += kept
        return sorted(found, key=lambda seen: seen.order)

    def note(self, kind: str, frame: FrameType, line: int, name: str, value, items=None, **more) -> None:
        """Enter a value; of a container also those of its items that `items` names (None: the first ones)."""
        if name == "_":
            return
        code = frame.f_code
        self._order += 1
        time = self._rounds.get((code, line), 1)
        seen = describe(Seen(kind, code.co_name, line, name, None, self._order, time, **more), value)
        if seen is None:
            return
        slot = self._slots.setdefault((code, line, name, kind), _Slot())
        if len(slot.first) < FIRST:
            slot.first.append(seen)
        else:
            slot.last = seen
        if type(value) in (dict, list, tuple):
            for key, item in _items(value):
                if is_array(item) and (items is None or key in items):
                    more |= {"output": f"{seen.output}[{key}]"} if seen.output else {}
                    self.note(kind, frame, line, f"{name}[{key}]", item, **more)

    def begin(self, code: CodeType, line: int, more: int = 1) -> int:
        """A line starts to run: how often it has by now."""
        self._rounds[code, line] = self._rounds.get((code, line), 0) + more
        return self._rounds[code, line]

    def spent(self) -> bool:
        """Whether enough has been seen."""
        self.lines += 1
        if not self.stopped and (self.lines > MOST_LINES or time.perf_counter() > self._until):
            self.stopped = True
            sys.settrace(None)
        return self.stopped

    def _enter_frame(self, frame: FrameType, event: str, _) -> Callable | None:
        code = frame.f_code
        if event != "call" or code.co_filename != self.file or code.co_name.startswith("<") or self.stopped:
            return None
        if frame not in self._frames:
            self._frames[frame] = _Watched(self, frame)
        return self._frames[frame].see


class _Watched:
    """One frame of the file, from its first line to its last."""

    def __init__(self, recorder: Recorder, frame: FrameType):
        self.recorder, self.round = recorder, 0
        self.pending: Statement | None = None
        self.raised = False
        self.told: set[str] = set()
        self.marks: dict[str, Any] = {}
        recorder.begin(frame.f_code, frame.f_code.co_firstlineno)
        for name, value in list(frame.f_locals.items()):
            self._note("argument", frame, frame.f_code.co_firstlineno, name, value)

    def see(self, frame: FrameType, event: str, arg) -> Callable | None:
        """What Python calls at each event. Whatever goes wrong here must not be felt by the code that is watched."""
        if self.recorder.stopped:
            return None
        with contextlib.suppress(Exception):
            self._see(frame, event, arg)
        return self.see

    def _see(self, frame: FrameType, event: str, arg) -> None:
        if event == "line":
            here = self.recorder.statements.get(frame.f_lineno)
            if here is not None and here is self.pending and here.end > here.line and here.body is None:
                return  # the next line of the same statement
            if not self.raised:
                self._finish(frame, here)
            if self.recorder.spent():
                return
            self.pending, self.raised = here, False
            self.round = self.recorder.begin(frame.f_code, here.line) if here is not None else 0
            self._look_inside(frame)
        elif event == "exception":
            self.raised = True
        elif event == "return":
            generator = bool(frame.f_code.co_flags & CO_GENERATOR)
            pending = self.pending
            if not self.raised:
                self._finish(frame, None)
            if not self.raised and not (generator and arg is None):
                self._returned(frame, pending, arg, "yield" if generator else "return")

    def _finish(self, frame: FrameType, following: Statement | None) -> None:
        """The statement before this event has run: tell what it bound and changed."""
        done, self.pending = self.pending, None
        if done is None:
            return
        names = frame.f_locals
        over = done.body is not None and (following is None or not done.body[0] <= following.line <= done.body[1])
        if over:  # nothing came out of the iterator any more
            self.recorder.begin(frame.f_code, done.line, -1)
        for name in () if over else done.stores:
            if name in names:
                self._note("value", frame, done.line, name, names[name])
        for name in done.touches:
            if name in names and (is_array(names[name]) or type(names[name]) in (dict, list)):
                before, now = self.marks.get(name), mark(names[name])
                if before is not None and before != now:
                    items = {key for key, item in now[2].items() if before[2].get(key) != item} if now[2] else None
                    self._note("value", frame, done.line, name, names[name], items)

    def _look_inside(self, frame: FrameType) -> None:
        """Compute the parts of the statement that is about to run."""
        here = self.pending
        if here is None or not here.parts or self.round > FIRST:
            return
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for part in here.parts:
                try:
                    value = eval(part.code, frame.f_globals, dict(frame.f_locals))
                except Exception:  # the statement itself is going to raise it
                    break
                if is_array(value) and np.ndim(value):
                    self.recorder.note("part", frame, here.line, part.text, value)

    def _returned(self, frame: FrameType, statement: Statement | None, value, word: str) -> None:
        texts = statement.returns if statement is not None else ()
        line = statement.line if statement is not None else frame.f_lineno
        several = len(texts) > 1 and isinstance(value, tuple) and len(value) == len(texts)
        pairs = zip(texts, value, strict=True) if several else [(", ".join(texts), value)]
        for position, (text, item) in enumerate(pairs):
            repeated = text in self.told and text in frame.f_locals
            name = text if repeated or (several and len(text) <= 24) else word
            more = {"output": str(position), "repeated": repeated}
            self.recorder.note("return", frame, line, name, item, **more)

    def _note(self, kind: str, frame: FrameType, line: int, name: str, value, items=None) -> None:
        self.told.add(name)
        self.marks[name] = mark(value)
        self.recorder.note(kind, frame, line, name, value, items)


def describe(seen: Seen, value) -> Seen | None:
    """`seen` with what can be told of a value; None for what is not worth a line (a function, a module)."""
    if is_array(value):
        tensor = not isinstance(value, np.ndarray)
        seen.shape, seen.dtype = tuple(value.shape), str(value.dtype).removeprefix("torch.")
        if tensor:
            seen.requires_grad = bool(value.requires_grad)
            seen.grad_fn = type(value.grad_fn).__name__.rstrip("0123456789") if value.grad_fn is not None else ""
        seen.value = _copy(value)
    elif isinstance(value, bool | int | float | np.generic):
        seen.value = value.item() if isinstance(value, np.generic) else value
        seen.dtype = type(value).__name__
    elif callable(value) or type(value).__name__ in ("module", "Signature"):
        return None
    else:
        seen.value = words(value)
    return seen


def words(value) -> str:
    """Something that is neither array nor number, in a few words."""
    kind = type(value)
    if kind is dict:
        return f"dict of {len(value)}" + (f": {', '.join(map(str, list(value)[:MOST_ITEMS]))}" if value else "")
    if kind in (list, tuple):
        short = repr(value) if not any(is_array(item) for item in value) and len(value) <= MOST_ITEMS else ""
        return short if short and len(short) <= 40 else f"{kind.__name__} of {len(value)}"
    if value is None or kind is str:
        return repr(value)[:40]
    return spell(value)


def mark(value) -> tuple[int, Any, dict]:
    """Something that changes when the values inside an array, dict or list do; of a container also item by item."""
    if isinstance(value, np.ndarray):
        flat = value if value.nbytes <= MARKED else value.reshape(-1)[:: max(value.nbytes // MARKED, 1)]
        return id(value), hash(flat.tobytes()) if value.dtype != object else 0, {}
    if is_array(value):
        return id(value), value._version, {}
    if type(value) in (dict, list, tuple):
        pairs = list(value.items() if isinstance(value, dict) else enumerate(value))[:MOST_MARKED]
        return id(value), len(value), {key: mark(item)[:2] if is_array(item) else id(item) for key, item in pairs}
    return id(value), None, {}


def _items(value) -> Iterator[tuple[Any, Any]]:
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    return iter(pairs[:MOST_ITEMS])


def _copy(value) -> np.ndarray | None:
    if isinstance(value, np.ndarray):
        return value.copy() if value.nbytes <= LARGEST and value.dtype.kind in "fiub" else None
    if value.is_complex() or value.numel() * value.element_size() > LARGEST:
        return None
    return np.array(value.detach().cpu().numpy())
