"""Keeping the judge whole while a learner's code runs in its process.

A file may replace `numpy.testing.assert_allclose` or `pytest.raises`, seed numpy, or turn warnings into errors. What the
judge relies on is remembered before and put back after, and what was put back is reported. It is no wall against somebody
who wants to deceive their own teacher; it sees to it that nothing they write by accident or out of curiosity counts.
"""

import builtins
import copy  # noqa: F401 — what is watched must be loaded
import ctypes
import io
import os
import sys
import warnings
from operator import attrgetter, is_
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import numpy.testing

WATCHED = ("numpy", "numpy.testing", "numpy.linalg", "numpy.random", "math", "copy", "pytest")
WATCHED_TORCH = ("torch", "torch:Tensor", "torch.nn.functional", "torch.testing", "torch.autograd")
JUDGED_BY = "calling calls compare gradients guard kata results signatures torch_track tracks"
JUDGE = (*(f"dojo.checking.{name}" for name in JUDGED_BY.split()), "dojo.running.judge", "dojo.running.plugin")
# What a run of pytest and a verdict stand on: looked over between tests, where nobody else runs in the process.
MACHINERY = (
    "_pytest.fixtures",
    "_pytest.outcomes",
    "_pytest.python",
    "_pytest.python:Function",
    "_pytest.python:Module",
    "_pytest.raises",
    "_pytest.raises:RaisesExc",
    "_pytest.runner",
    "_pytest.runner:CallInfo",
    "dojo.running.subjects",
    "dojo.running.verdict",
    "dojo.running.worker",
    "json",
    "json.encoder",
    "json.encoder:JSONEncoder",
    "numpy._core._methods",
    "numpy._core.fromnumeric",
    "numpy._core.numeric",
    "os",
    "pluggy._callers",
    "pluggy._hooks",
    "pluggy._manager",
)
HARMLESS = {"__abstractmethods__", "__builtins__", "__dict__", "__doc__", "__warningregistry__", "__weakref__"}
MERSENNE = 625 * 4  # bytes of numpy's global generator: 624 words and a position
RANDOM: Any = np.random  # two of its functions are missing in numpy's own type hints
MISSING = object()
CODE, BODY = attrgetter("__code__"), attrgetter("__code__", "__defaults__", "__kwdefaults__")


class Namespace:
    """The names of a module or class as they were. In our `own`, names that were added go away again."""

    def __init__(self, label: str, item, own: bool):
        self.label, self.item, self.own = label, item, own
        self._now = vars(item)  # a live view
        self._keep()

    def _keep(self) -> None:
        self._saved = dict(self._now)
        self._values = list(self._saved.values())
        self._functions = [value for value in self._values if self.own and isinstance(value, FunctionType)]
        self._codes = list(map(CODE, self._functions))
        self._bodies = list(map(BODY, self._functions))

    def untouched(self) -> bool:
        """Whether every name stands for the same object, or for one that claims to be equal to it; fast."""
        try:
            return list(self._now.values()) == self._values and list(map(CODE, self._functions)) == self._codes
        except Exception:  # an array where none was
            return False

    def identical(self) -> bool:
        """Whether every name stands for the same object."""
        if list(map(BODY, self._functions)) != self._bodies or len(self._now) != len(self._values):
            return False
        return all(map(is_, self._now.values(), self._values))

    def mend(self) -> list[str]:
        """Put back what changed; the dotted names."""
        changed = [key for key, value in self._saved.items() if self._now.get(key, MISSING) is not value]
        changed = [key for key in changed if key not in HARMLESS and self._set(key)]
        for function, body in zip(self._functions, self._bodies, strict=True):
            if BODY(function) != body:
                function.__code__, function.__defaults__, function.__kwdefaults__ = body
                changed.append(function.__name__)
        if self.own:
            added = [key for key in self._now if key not in self._saved and key not in HARMLESS]
            for key in added:
                delattr(self.item, key)
            changed += added
        self._keep()
        return [f"{self.label}.{key}" for key in changed]

    def _set(self, key: str) -> bool:
        try:
            setattr(self.item, key, self._saved[key])
        except (AttributeError, TypeError):
            return False
        return True


class Guard:
    """Remembers at creation; `restore()` puts back what changed and returns its names.

    `alone` says that nothing but the judge runs in this process, so that pytest's and Python's own machinery may be
    watched too. The methods that a call needs are bound here, where replacing them on the class comes too late.
    """

    def __init__(self, *own: object, alone: bool = False):
        self._names: dict = vars(builtins)  # type: ignore[assignment]
        self._builtins = dict(self._names)
        self._spaces: list[Namespace] = []
        self._machinery: list[Namespace] = []
        for name in (*WATCHED, *(WATCHED_TORCH if "torch" in sys.modules else ())):
            self._add(name, _find(name), False)
        for name in [*JUDGE, *sorted(name for name in sys.modules if name.startswith("solutions."))]:
            self._add(name, _find(name), True)
        for item in own:
            self._add(getattr(item, "__name__", "it"), item, True)
        for name in MACHINERY if alone else ():
            self._add(name, _find(name), False, self._machinery)
        self._loaded = dict(sys.modules) if alone else {}
        self._torch: Any = sys.modules.get("torch")
        self._generator = RANDOM.get_bit_generator()
        self._random = self._random_state()
        self.remember()
        self.restore, self.restore_all = self._restore, self._restore_all

    def watch(self, module: ModuleType) -> None:
        """Watch one more module of ours, such as the test module, from now on."""
        if all(space.item is not module for space in self._spaces):
            self._add(module.__name__.rpartition(".")[2], module, True)

    def remember(self) -> None:
        """Take settings that tests may change by right (`np.errstate`, warning filters) as they are now: before a call."""
        self._limit = sys.getrecursionlimit()
        self._trace, self._profile = sys.gettrace(), sys.getprofile()
        self._errors, self._folder = np.geterr(), _folder()
        self._filters = list(warnings.filters)
        if self._torch is not None:
            self._dtype, self._grad = self._torch.get_default_dtype(), self._torch.is_grad_enabled()

    def random_changed(self) -> bool:
        """Whether numpy's global random state moved since this was last asked."""
        if RANDOM.get_bit_generator() is not self._generator:
            RANDOM.set_bit_generator(self._generator)
            return True
        before, self._random = self._random, self._random_state()
        return self._random != before

    def _restore(self) -> list[str]:
        # First what the rest needs in order to run: room on the stack, and the builtins, without calling one of them.
        sys.setrecursionlimit(self._limit)
        changed = self._restore_builtins() + self._restore_settings()
        for space in self._spaces:
            if not space.untouched():
                changed += space.mend()
        return changed

    def _restore_all(self) -> list[str]:
        """Put back names again, looking more closely and in more places, while no code of the learner's runs."""
        changed = self._restore_builtins()
        for space in (*self._spaces, *self._machinery):
            if not space.identical():
                changed += space.mend()
        for name, module in self._loaded.items():
            if sys.modules.get(name) is not module:
                sys.modules[name] = module
                changed.append(f"sys.modules[{name!r}]")
        return changed

    def _restore_builtins(self) -> list[str]:
        if self._names == self._builtins:
            return []
        was = self._names.copy()
        self._names.update(self._builtins)
        return [f"builtins.{key}" for key, value in self._builtins.items() if was.get(key) is not value]

    def _restore_settings(self) -> list[str]:
        changed = []
        if sys.gettrace() is not self._trace or sys.getprofile() is not self._profile:
            sys.settrace(self._trace)
            sys.setprofile(self._profile)
            changed.append("the trace function")
        if np.geterr() != self._errors:
            np.seterr(**self._errors)
            changed.append("numpy's error settings")
        if _folder() != self._folder:
            os.chdir(self._folder)
            changed.append("the working directory")
        torch = self._torch
        if torch is not None and (torch.get_default_dtype(), torch.is_grad_enabled()) != (self._dtype, self._grad):
            torch.set_default_dtype(self._dtype)
            torch.set_grad_enabled(self._grad)
            changed.append("torch's settings")
        if warnings.filters != self._filters:  # not worth a word: importing a library does it too
            warnings.filters[:] = self._filters  # type: ignore[index]
        if len(sys.modules) < len(self._loaded):
            sys.modules.update(self._loaded)
            changed.append("sys.modules")
        return changed

    def _add(self, label: str, item, own: bool, to: list[Namespace] | None = None) -> None:
        if item is None:
            return
        to = self._spaces if to is None else to
        to.append(Namespace(label, item, own))
        if own and isinstance(item, ModuleType):
            mine = [value for value in vars(item).values() if isinstance(value, type)]
            for value in mine:
                if value.__module__ == item.__name__:
                    to.append(Namespace(f"{label}.{value.__name__}", value, True))

    def _random_state(self) -> bytes:
        return ctypes.string_at(self._generator.ctypes.state_address, MERSENNE)


def _find(name: str):
    """A module that is loaded, or a class of one (`torch:Tensor`)."""
    name, _, kind = name.partition(":")
    module = sys.modules.get(name)
    return getattr(module, kind, None) if kind else module


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it is gone
        return ""


class Printed(io.TextIOBase):
    """A stand-in for sys.stdout that keeps the first `limit` characters and counts the rest."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, limit: int = 4000):
        self.limit, self.dropped = limit, 0
        self._parts: list[str] = []
        self._kept = 0

    @property
    def buffer(self) -> "PrintedBytes":
        """Where code that writes bytes writes them."""
        return PrintedBytes(self)

    def write(self, text: str) -> int:
        room = self.limit - self._kept
        if room > 0:
            self._parts.append(text[:room])
            self._kept += len(self._parts[-1])
        self.dropped += max(len(text) - max(room, 0), 0)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def close(self) -> None:
        """Stay open: what closes standard output closes it for itself."""

    def reconfigure(self, **_) -> None:
        """Whatever a program may wish for its standard output."""

    def take(self) -> str:
        """What was kept since the last call, and a note on what was not."""
        text = "".join(self._parts)
        if self.dropped:
            text += f"\n… and {self.dropped:,} more characters"
        self._parts, self._kept, self.dropped = [], 0, 0
        return text


class PrintedBytes(io.RawIOBase):
    """The bytes side of a Printed."""

    def __init__(self, text: Printed):
        self._text = text

    def write(self, data) -> int:
        data = bytes(data)
        self._text.write(data.decode("utf-8", "replace"))
        return len(data)

    def writable(self) -> bool:
        return True
