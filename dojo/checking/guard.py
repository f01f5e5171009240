"""Keeping the judge whole while a learner's code runs in its process.

A file may replace `numpy.testing.assert_allclose` or `pytest.raises`, seed numpy, or turn warnings into errors. What the
judge relies on is remembered before and put back after, and what was put back is reported.
"""

import builtins
import math
import sys
import warnings

import numpy as np

WATCHED = ("numpy", "numpy.testing", "numpy.linalg", "numpy.random", "math", "builtins", "copy", "inspect", "pytest")
WATCHED_TORCH = ("torch", "torch.nn.functional", "torch.testing", "torch.Tensor", "torch.autograd")
JUDGE = tuple(f"dojo.checking.{name}" for name in ("calling", "compare", "gradients", "kata", "results", "tracks"))


class Guard:
    """Remembers at creation; `restore()` puts back what changed and returns its names."""

    def __init__(self, *more: object):
        names = (*WATCHED, *JUDGE, *(WATCHED_TORCH if "torch" in sys.modules else ()))
        found = [(name, _find(name)) for name in names]
        objects = [(name, item) for name, item in found if item is not None]
        objects += [(f"{item.__module__}.{item.__qualname__}", item) for item in more]  # type: ignore[attr-defined]
        self._saved = [(name, item, dict(vars(item))) for name, item in objects]
        self._warnings = list(warnings.filters)
        self._errors = np.geterr()
        self._random = np.random.get_state()

    def restore(self) -> list[str]:
        """Put everything back; the dotted names of what had been replaced."""
        changed = []
        for name, item, saved in self._saved:
            now = vars(item)
            for key, value in saved.items():
                if now.get(key) is not value and not (key.startswith("__") and key != "__import__"):
                    setattr(item, key, value)
                    changed.append(f"{name}.{key}")
        if np.geterr() != self._errors:
            np.seterr(**self._errors)
        warnings.filters[:] = self._warnings
        return changed

    def random_changed(self) -> bool:
        """Whether numpy's global random state moved since this was last asked."""
        state = np.random.get_state()
        moved = state[2] != self._random[2] or not np.array_equal(state[1], self._random[1])
        self._random = state
        return bool(moved)


def _find(name: str):
    if name == "torch.Tensor":
        return getattr(sys.modules.get("torch"), "Tensor", None)
    return {"math": math, "builtins": builtins}.get(name) or sys.modules.get(name)


class Printed:
    """A stand-in for sys.stdout that keeps the first `limit` characters and counts the rest."""

    encoding = "utf-8"

    def __init__(self, limit: int = 4000):
        self.limit, self.dropped = limit, 0
        self._parts: list[str] = []
        self._kept = 0

    def write(self, text: str) -> int:
        room = self.limit - self._kept
        if room > 0:
            self._parts.append(text[:room])
            self._kept += len(self._parts[-1])
        self.dropped += max(len(text) - max(room, 0), 0)
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def take(self) -> str:
        """What was kept since the last call, and a note on what was not."""
        text = "".join(self._parts)
        if self.dropped:
            text += f"\n… and {self.dropped:,} more characters"
        self._parts, self._kept, self.dropped = [], 0, 0
        return text
